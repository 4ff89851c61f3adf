"""Make neural_tangents.json: the kernels of neural-tangents for a few inputs.

Run it as ``python -P neural_tangents.py``, in which -P keeps this file from hiding the package of
its name, with Python 3.11 and ``neural-tangents==0.6.5 jax==0.5.3 tf2jax==0.3.7``. A network has
``depth`` hidden layers. Its first layer is ``Dense(m, W_std=1, b_std=√b)`` and every other one
``Dense(m, W_std=√v, b_std=√b)``, with v and b the variances of weights and biases.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np


def kernels(x1, x2, depth, activation, weight_variance, bias_variance):
    """Return the NNGP kernel and the tangent kernel."""
    from neural_tangents import stax

    biases = np.sqrt(bias_variance) if bias_variance else None
    layers = [stax.Dense(1, W_std=1.0, b_std=biases)]
    for _ in range(depth):
        layers.append({"relu": stax.Relu, "erf": stax.Erf}[activation]())
        layers.append(stax.Dense(1, W_std=np.sqrt(weight_variance), b_std=biases))
    both = stax.serial(*layers)[2](x1, x2, ("nngp", "ntk"))
    return {"nngp": np.asarray(both.nngp).tolist(), "ntk": np.asarray(both.ntk).tolist()}


def main():
    """Write the file next to this one."""
    import jax

    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(2019)
    x1, x2 = rng.normal(size=(4, 5)).round(3), rng.normal(size=(3, 5)).round(3)
    cases = []
    for activation in ("relu", "erf"):
        for depth in (1, 2, 3, 5):
            for weight_variance, bias_variance in ((2.0, 0.0), (1.5, 0.3)):
                case = {
                    "activation": activation,
                    "depth": depth,
                    "weight_variance": weight_variance,
                    "bias_variance": bias_variance,
                }
                cases.append({**case, **kernels(x1, x2, **case)})
    names = ("neural-tangents", "jax", "tf2jax", "numpy")
    written = {
        "versions": {name: version(name) for name in names},
        "x1": x1.tolist(),
        "x2": x2.tolist(),
        "cases": cases,
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
