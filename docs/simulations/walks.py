"""What three interactive figures show: data as JSON, made when the page is read.

`nullspace` has two digits, `chaos` what the library says about two signals in a deep network, with
the means of simulated ones. Both are short, and the same in every build on a machine.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symlib.propagation import correlation_map, critical_weight_variance, fixed_point

_Real = npt.NDArray[np.float64]

SCRIPTS = Path(__file__).parents[1] / "_static" / "figures"
SAMPLES = (389, 264)  # a 3 and an 8 with the same sum of pixels
SIGMAS = np.round(np.arange(0.6, 3.401, 0.1), 1)
BIAS_VARIANCE = 0.05
STARTS = (0.2, 0.99)
DEPTH = 20
WIDTH, NETWORKS, BLOCK = 4000, 100, 10
GRID = 1 - np.linspace(1, 0, 17) ** 1.5  # closer near 1, where the map bends


def nullspace() -> str:
    """Return two digits of 64 pixels from 0 to 16, and which samples of scikit-learn they are."""
    from sklearn.datasets import load_digits  # here, as its import takes its time

    images = load_digits().data[list(SAMPLES)].astype(int)
    return json.dumps({"samples": SAMPLES, "images": images.tolist()}, separators=(",", ":"))


def chaos() -> str:
    """Return maps, paths and simulated paths of the correlation for each weight scale.

    All correlations are whole numbers of ten-thousandths, in the order of the scales, and
    `packed`. The paths of simulated networks are those of every second layer, less the theory.
    """
    network = {
        "weight_variance": SIGMAS**2,
        "bias_variance": BIAS_VARIANCE,
        "activation": "tanh",
    }
    ends = fixed_point(**network)
    maps = correlation_map(GRID[:, None], ends.length, **network)
    layers = [np.broadcast_to(np.array(STARTS)[:, None], (len(STARTS), len(SIGMAS)))]
    for _ in range(DEPTH):
        layers.append(correlation_map(layers[-1], ends.length, **network))
    theory = np.stack(layers, axis=1)
    found = simulate(ends.length)
    error = found.std(axis=-1).max() / np.sqrt(NETWORKS)
    border = critical_weight_variance(BIAS_VARIANCE, activation="tanh")
    data = {
        "sigma": SIGMAS.tolist(),
        "border": round(float(np.sqrt(border)), 3),
        "bias": BIAS_VARIANCE,
        "width": WIDTH,
        "networks": NETWORKS,
        "error": round(float(error), 4),
        "start": STARTS,
        "grid": _whole(GRID).tolist(),
        "slope": packed(ends.slope),
        "end": packed(ends.correlation),
        "map": packed(maps),
        "theory": packed(theory),
        "off": packed((found.mean(axis=-1) - theory)[:, 2::2]),
    }
    return json.dumps(data, separators=(",", ":"))


def simulate(lengths: _Real) -> _Real:
    """Return correlations in networks of these lengths, by start, layer, scale and network.

    The networks are drawn layer by layer: given the layer before, the sums of two inputs at a unit
    are normal, with covariances that are known. All starts and scales share their random numbers.
    """
    rng = np.random.default_rng(2016)
    shape = (len(STARTS), len(SIGMAS), BLOCK)
    variances = (SIGMAS**2)[:, None]
    blocks = []
    for _ in range(NETWORKS // BLOCK):
        one = np.broadcast_to(lengths[:, None], shape[1:])  # the first input is that of each pair
        other = np.broadcast_to(one, shape)
        c = np.broadcast_to(np.array(STARTS)[:, None, None], shape)
        layers = [c]
        for _ in range(DEPTH):
            z, rest = rng.standard_normal((2, BLOCK, WIDTH), dtype=np.float32)
            squares, others, products = np.empty(shape[1:]), np.empty(shape), np.empty(shape)
            for k in range(len(SIGMAS)):
                g = np.tanh(_column(np.sqrt(one[k])) * z)
                squares[k] = (g * g).mean(axis=-1)
                for at in ((start, k) for start in range(len(STARTS))):
                    root = np.sqrt(other[at])
                    along, beside = _column(root * c[at]), _column(root * np.sqrt(1 - c[at] ** 2))
                    h = np.tanh(along * z + beside * rest)
                    others[at], products[at] = (h * h).mean(axis=-1), (g * h).mean(axis=-1)
            one, other, both = (
                variances * mean + BIAS_VARIANCE for mean in (squares, others, products)
            )
            c = np.minimum(both / np.sqrt(one * other), 1.0)
            layers.append(c)
        blocks.append(np.stack(layers, axis=1))
    return np.concatenate(blocks, axis=-1)


def _column(values: _Real) -> npt.NDArray[np.float32]:
    """Return numbers as a column of single precision, which is enough for means."""
    return values.astype(np.float32)[:, None]


def packed(values: _Real) -> list[object]:
    """Return whole numbers of ten-thousandths as differences of differences along the last axis.

    Where values change slowly these are small, and take a third of the space; two running sums
    give the whole numbers back.
    """
    whole = _whole(values)
    for _ in range(2):
        whole = np.diff(whole, prepend=0)
    return whole.tolist()


def _whole(values: _Real) -> npt.NDArray[np.int64]:
    return np.rint(1e4 * values).astype(np.int64)
