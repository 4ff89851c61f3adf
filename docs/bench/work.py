"""What is timed: the rows and their contenders, the curves, the sweep, and the builds of the site.

A row is one piece of work, and a function that takes the name of a contender, imports what that one
needs, makes the data from seeds, and returns its `Work`. Contenders run in processes and
environments of their own, so that this file imports nothing but NumPy at the top.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).parents[2]
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
ONE_THREAD = dict.fromkeys(THREADS, "1")


class Work(NamedTuple):
    """What a contender does, and what comes out."""

    call: Callable[[], Any]  # what is timed
    answer: Callable[[], Any] = tuple  # numbers to compare; none where each call draws others


class Row(NamedTuple):
    """One piece of work; its function says in its docstring what it is, and what takes the time."""

    prepare: Callable[..., Work]
    peers: dict[str, str]  # outside software, or the usual way with it: the environment of each
    options: Mapping[str, str] = MappingProxyType({})  # of the function


# Random matrices


def extreme_value_law(who: str) -> Work:
    """Tracy-Widom distribution function, 10,000 values.

    TracyWidom interpolates a table of few digits; symlib reads piecewise polynomials.
    """
    values = np.sort(np.random.default_rng(0).uniform(-6, 4, 10_000))
    if who == "symlib":
        from symlib import spectrum

        law = spectrum.tracy_widom(2)
    else:
        from TracyWidom import TracyWidom

        law = TracyWidom(beta=2)
    return Work(lambda: law.cdf(values), lambda: law.cdf(values[::100]))


def gaussian_ensemble(who: str, n: int = 2000) -> Work:
    """Eigenvalues of one matrix of the Gaussian orthogonal ensemble, n = 2000.

    LAPACK solves the tridiagonal problem, and takes nearly all of the time: what is left to save is
    the drawing and the building of arrays.
    """
    rng = np.random.default_rng(0)
    if who == "symlib":
        from symlib.spectrum import hermite_eigenvalues

        return Work(lambda: hermite_eigenvalues(n, beta=1, rng=rng))
    from skrmt.ensemble import GaussianEnsemble

    return Work(lambda: GaussianEnsemble(beta=1, n=n, tridiagonal_form=True).eigvals())


# Kernels


def wide_kernels(who: str, dtype: str) -> Work:
    """Covariance and tangent kernel of ReLU networks, 2 hidden layers, 1000 × 1000 {dtype} inputs.

    An arc cosine and a root for each pair and layer. symlib is not compiled; it works in blocks
    that stay in the cache, shared among the cores.
    """
    rng = np.random.default_rng(0)
    x1, x2 = (rng.normal(size=(1000, 50)).astype(dtype) for _ in range(2))
    if who == "symlib":
        from symlib import tangent

        def kernels() -> Any:
            return tangent.wide_kernels(x1, x2, depth=2, activation="relu", weight_variance=2.0)

        return Work(kernels, lambda: kernels().tangent[::50, ::50])
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
    from neural_tangents import stax

    layers = [stax.Dense(1, W_std=1.0, b_std=None)]
    for _ in range(2):
        layers += [stax.Relu(), stax.Dense(1, W_std=math.sqrt(2), b_std=None)]
    compiled = jax.jit(partial(stax.serial(*layers)[2], get=("nngp", "ntk")))
    on_device = [jax.numpy.asarray(x) for x in (x1, x2)]
    return Work(
        lambda: jax.block_until_ready(tuple(compiled(*on_device))),
        lambda: compiled(*on_device).ntk[::50, ::50],
    )


# Training

REPLICAS, SAMPLES, FEATURES, UNITS, STEPS, RATE = 100, 200, 10, 64, 500, 0.05


def replicas(who: str) -> Work:
    """Training of 100 networks 10-64-1 with tanh on 200 samples, 500 steps, single precision.

    The products of such narrow layers and tanh take most of the time. NumPy goes over the values
    once for each operation; jax makes one loop of all that is done to a value.
    """
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, FEATURES))
    y = np.sin(2 * x[:, :1]) + 0.1 * x[:, 1:2]
    w1 = rng.normal(size=(REPLICAS, FEATURES, UNITS)) / math.sqrt(FEATURES)
    w2 = rng.normal(size=(REPLICAS, UNITS, 1)) / math.sqrt(UNITS)
    b1, b2 = np.zeros((REPLICAS, 1, UNITS)), np.zeros((REPLICAS, 1, 1))
    data = [array.astype(np.float32) for array in (x, y, w1, b1, w2, b2)]
    ways = {"symlib": trained_in_symlib, "jax, vmap, compiled": trained_in_jax}
    call = ways.get(who, trained_in_torch)(*data)
    return Work(call, call)


def trained_in_symlib(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Callable[[], Any]:
    """Return the training of all replicas in one call; it returns the last losses."""
    from symlib.network import Layer, Network
    from symlib.training import descend

    hidden = Layer(np.ascontiguousarray(w1.mT), b1[:, 0])
    output = Layer(np.ascontiguousarray(w2.mT), b2[:, 0])
    start = Network([hidden, output], "tanh")
    return lambda: descend(start, x, y, steps=STEPS, rate=RATE).losses[-1]


def trained_in_jax(x, y, *start):
    """Return the training of all replicas in one compiled loop."""
    import jax

    def loss(p):
        return ((jax.numpy.tanh(x @ p[0] + p[1]) @ p[2] + p[3] - y) ** 2).mean()

    def step(p, _):
        losses, slopes = jax.vmap(jax.value_and_grad(loss))(p)
        return [a - RATE * slope for a, slope in zip(p, slopes, strict=True)], losses

    run = jax.jit(lambda p: jax.lax.scan(step, p, None, length=STEPS)[1][-1])
    return lambda: run(list(start)).block_until_ready()


def trained_in_torch(*arrays: Any) -> Callable[[], Any]:
    """Return the training of all replicas by products of stacks of matrices."""
    import torch

    x, y, *start = map(torch.from_numpy, arrays)
    stack = x.expand(REPLICAS, *x.shape)

    def call() -> Any:
        parameters = [p.clone().requires_grad_() for p in start]
        w1, b1, w2, b2 = parameters
        for _ in range(STEPS):
            hidden = torch.tanh(torch.baddbmm(b1, stack, w1))
            losses = ((torch.baddbmm(b2, hidden, w2) - y) ** 2).mean((1, 2))
            slopes = torch.autograd.grad(losses.sum(), parameters)
            with torch.no_grad():
                for p, slope in zip(parameters, slopes, strict=True):
                    p.sub_(slope, alpha=RATE)
        return losses.detach().numpy()

    return call


# Null spaces, orthogonal matrices, copies


def null_space(who: str, rows: int = 1000, rank: int = 900) -> Work:
    """Null space of a 1000 × 2000 matrix of rank 900.

    One singular value decomposition, here as there.
    """
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, 2 * rows))
    if who == "symlib":
        from symlib.nullspace import null_basis as basis
    else:
        from scipy.linalg import null_space as basis

    return Work(lambda: basis(matrix), lambda: [basis(matrix).shape[1]])


def orthogonal_matrix(who: str, n: int = 1000) -> Work:
    """Random orthogonal matrix, n = 1000, double precision.

    All decompose a Gaussian matrix by the same routine of LAPACK.
    """
    rng = np.random.default_rng(0)
    if who == "symlib":
        from symlib.weights import orthogonal

        return Work(lambda: orthogonal((n, n), rng=rng))
    if who == "torch":
        import torch

        weight = torch.empty(n, n, dtype=torch.float64)
        return Work(lambda: torch.nn.init.orthogonal_(weight))
    import jax

    jax.config.update("jax_enable_x64", True)
    start = jax.nn.initializers.orthogonal()
    draw = jax.jit(lambda key: start(key, (n, n), jax.numpy.float64))
    return Work(lambda: draw(jax.random.key(rng.integers(2**31))).block_until_ready())


def equal_units(who: str, count: int = 100_000) -> Work:
    """Classes of equal units among 100,000 units of 512 weights, single precision.

    symlib projects each unit on a random direction, sorts the projections, and compares in full the
    units that are as near as rounding allows.
    """
    rng = np.random.default_rng(0)
    units = rng.standard_normal((count, 512), dtype=np.float32)
    groups = rng.permutation(count)[: count // 40].reshape(-1, 5)
    units[groups[:, 1:]] = units[groups[:, :1]]
    if who == "symlib":
        from symlib.network import Layer
        from symlib.symmetry import unit_classes

        layer, after = Layer(np.ascontiguousarray(units[:, :-1])), Layer(units[:, -1:].T.copy())
        call = partial(unit_classes, layer, after)
    else:
        in_bytes = units.view(np.dtype((np.void, units.itemsize * units.shape[1]))).ravel()

        def call() -> Any:
            return np.unique(in_bytes, return_inverse=True)[1]

    def first_alike() -> Any:
        _, first, inverse = np.unique(call(), return_index=True, return_inverse=True)
        return first[inverse.ravel()]

    return Work(call, first_alike)


def audited(who: str, width: int = 768, count: int = 12) -> Work:
    """Audit of the initial weights of 12 layers of 768 × 768, single precision.

    WeightWatcher finds all singular values of a layer and fits a power law to them; symlib walks
    over the entries a few times. They ask different questions.
    """
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((width, width), dtype=np.float32) for _ in range(count)]
    if who == "symlib":
        from symlib.audit import audit

        arrays = {f"layers.{k}.weight": weight for k, weight in enumerate(weights)}
        return Work(lambda: audit(arrays))
    import torch
    import weightwatcher

    layers = [torch.nn.Linear(width, width, bias=False) for _ in weights]
    with torch.no_grad():
        for layer, weight in zip(layers, weights, strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
    watcher = weightwatcher.WeightWatcher(model=torch.nn.Sequential(*layers))
    return Work(watcher.analyze)


COMPILED = {"neural-tangents, compiled": "neural-tangents"}
ROWS = {
    "tracy-widom": Row(extreme_value_law, {"TracyWidom": "scikit-rmt"}),
    "GOE": Row(gaussian_ensemble, {"scikit-rmt, tridiagonal": "scikit-rmt"}),
    "kernels, single": Row(wide_kernels, COMPILED, {"dtype": "float32"}),
    "kernels, double": Row(wide_kernels, COMPILED, {"dtype": "float64"}),
    "replicas": Row(
        replicas, {"jax, vmap, compiled": "torch-jax", "torch, batched products": "torch-jax"}
    ),
    "null space, rank 900": Row(null_space, {"SciPy": "own"}),
    "Haar": Row(orthogonal_matrix, {"torch": "torch-jax", "jax": "torch-jax"}),
    "audit": Row(audited, {"WeightWatcher": "weightwatcher"}),
    "copies": Row(equal_units, {"NumPy, unique on bytes": "own"}),
}


# How the time grows


class Curve(NamedTuple):
    """One function at all sizes: its time should grow like a power of the law."""

    says: str  # what the size is
    law: str  # n, or n log n
    power: float
    sizes: tuple[int, int]


CURVES = {
    "unit_classes": Curve("units of 17 weights", "n log n", 1, (1000, 1_000_000)),
    "descend, replicas at once": Curve("networks 4-16-1", "n", 1, (1, 1000)),
    "descend, one after another": Curve("networks 4-16-1", "n", 1, (1, 1000)),
    "hermite_eigenvalues": Curve("eigenvalues", "n", 2, (10, 10_000)),
    "tangent_kernel": Curve("inputs, with as many others", "n", 2, (4, 4000)),
    "null_basis": Curve("rows, with twice the columns", "n", 3, (2, 2000)),
}


def at_size(name: str, n: int) -> Callable[[], Any]:
    """Return the work of a curve at one size."""
    from symlib import nullspace, spectrum, symmetry, tangent, training
    from symlib.network import Layer, Network

    rng = np.random.default_rng(0)
    if name == "unit_classes":  # every fifth unit is a copy
        incoming = rng.standard_normal((n, 16), dtype=np.float32)
        incoming[::5] = incoming[: len(incoming[::5])]
        outgoing = np.ones((1, n), dtype=np.float32)
        return partial(symmetry.unit_classes, Layer(incoming), Layer(outgoing))
    if name == "hermite_eigenvalues":
        return partial(spectrum.hermite_eigenvalues, n, beta=1, rng=rng)
    if name == "tangent_kernel":
        kernels = partial(tangent.wide_kernels, depth=2, activation="relu", weight_variance=2.0)
        return partial(kernels, *rng.standard_normal((2, n, 10)))
    if name == "null_basis":
        return partial(nullspace.null_basis, rng.normal(size=(n, 2 * n)))
    at_once = name == "descend, replicas at once"
    axis = (n,) if at_once else ()
    hidden = Layer(rng.normal(size=(*axis, 16, 4)), np.zeros((*axis, 16)))
    output = Layer(rng.normal(size=(*axis, 1, 16)) / 4, np.zeros((*axis, 1)))
    start = Network([hidden, output], "tanh")
    descend = partial(training.descend, x=rng.normal(size=(50, 4)), y=rng.normal(size=(50, 1)))
    return lambda: [descend(start, steps=20, rate=0.01) for _ in range(1 if at_once else n)]


def seconds_of(call: Callable[[], Any], times: int = 1) -> float:
    """Return the seconds of one call, as the mean of some."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def growth(name: str, laps: int = 5) -> dict[str, Any]:
    """Return the median time at each size; sizes take turns, a lap takes some milliseconds."""
    sizes = sorted({round(n) for n in np.geomspace(*CURVES[name].sizes, 10)})
    calls = [at_size(name, n) for n in sizes]
    quickest = [min(seconds_of(call), seconds_of(call)) for call in calls]
    times = [max(1, round(0.005 / seconds)) for seconds in quickest]
    taken = [list(map(seconds_of, calls, times)) for _ in range(laps)]
    return {"sizes": sizes, "seconds": np.median(taken, axis=0).tolist()}


def imports(laps: int = 5) -> dict[str, list[float]]:
    """Return what each import takes in a fresh interpreter, above that of an empty program."""
    modules = ("numpy", "scipy.special", "scipy.stats", "symlib", "symlib.training")
    programs = {"": "pass"} | {module: f"import {module}" for module in modules}
    taken: dict[str, list[float]] = {module: [] for module in programs}
    for _ in range(laps + 1):
        for module, text in programs.items():
            start = partial(subprocess.run, [sys.executable, "-c", text], check=True)
            taken[module].append(seconds_of(start))
    bare = np.median(taken.pop(""))
    # the first lap fills the caches
    return {module: (np.array(laps[1:]) - bare).tolist() for module, laps in taken.items()}


# The sweep of a how-to page, with longer tasks, in one process and on a cluster of two


def sweep_code() -> tuple[str, str]:
    """Return the code that the page executes in its build, and the code for a cluster."""
    text = (ROOT / "docs" / "how_to" / "scale_out_a_sweep.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```\{code-cell\} python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (cluster,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(cells), cluster


def sweep(laps: int = 5, steps: int = 2500) -> dict[str, Any]:
    """Return the times of one process and of two, which take turns, and whether tables agree."""
    from distributed import Client, LocalCluster
    from joblib import parallel_config

    names: dict[str, Any] = {"__name__": "__main__"}  # so that functions travel by value
    cells, _ = sweep_code()
    exec(cells.partition("\nalone = ")[0], names)
    table, tables, one, two = names["sweep"], set(), [], []
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(host="127.0.0.1", **options) as cluster, Client(cluster):
        with parallel_config(backend="dask"):
            table(steps=1)  # the workers import what they need
        for _ in range(laps):
            one.append(seconds_of(lambda: tables.add(table(steps=steps))))
            with parallel_config(backend="dask"):
                two.append(seconds_of(lambda: tables.add(table(steps=steps))))
    return {"one": one, "two": two, "same": len(tables) == 1}


# The builds of the site, in a copy of the tree

CHANGED = {  # the slowest page of each kind
    "one script": "gallery/symmetry/plot_who_breaks_the_tie.py",
    "one notebook": "docs/study/comparison.md",
}


def program(folder: Path, *command: str) -> str:
    """Return what a program of Python prints in a copy of the tree; a failure is a fault."""
    options = {"cwd": folder, "capture_output": True, "text": True, "check": False}
    surroundings = os.environ | ONE_THREAD | {"PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, *command], env=surroundings, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def live_build(folder: Path, changed: str = "") -> None:
    """Build as `nox -s live` does after a page was changed."""
    if changed:
        mark = "# One more line." if changed.endswith(".py") else "One more line."
        with (folder / changed).open("a", encoding="utf-8") as page:
            page.write(f"\n{mark}\n")
    options = ("-t", "live", "--nitpicky", "--jobs", "auto", "--quiet", "-d", "live/doctrees")
    program(folder, "-m", "sphinx", *options, "docs", "live/html")


def site() -> dict[str, Any]:
    """Return the seconds of each build, of each page, and the memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "copy")
        made = shutil.ignore_patterns(".*", "__pycache__", "_build", "sg_execution_times.rst")
        shutil.copytree(ROOT, folder, ignore=made)
        cold_build = partial(program, folder, "docs/build.py", "site")
        cold = [seconds_of(cold_build) for _ in range(3)]
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        pages = json.loads((folder / "site" / "seconds.json").read_text(encoding="utf-8"))
        live_build(folder)
        unchanged = [seconds_of(lambda: live_build(folder)) for _ in range(5)]
        seconds = {"whole site, cold": cold, "rebuild, nothing changed": unchanged}
        for says, page in CHANGED.items():
            changed = partial(live_build, folder, page)
            seconds[f"rebuild, {says} changed"] = [seconds_of(changed) for _ in range(5)]
    return {"seconds": seconds, "pages": pages["seconds"], "memory": memory}


if __name__ == "__main__":
    print(json.dumps(sweep()))
