"""How the time of the main functions grows with the size of the work, over three decades.

``python growth.py`` prints one line of JSON. Sizes take turns, each size has the median of five
laps, and a lap is repeated until it takes some milliseconds.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from symlib.network import Layer, Network
from symlib.nullspace import null_basis
from symlib.spectrum import hermite_eigenvalues, marchenko_pastur
from symlib.symmetry import unit_classes
from symlib.tangent import wide_kernels
from symlib.training import descend

LAPS, LAP, POINTS = 5, 0.005, 10


class Curve(NamedTuple):
    """One function, at all sizes.

    Attributes
    ----------
    says : str
        What the size is.
    law : str
        What the time should be a power of: n, or n log n.
    power : float
        The power that theory gives.
    sizes : pair of int
        The smallest and the largest size.
    prepare : callable
        Returns the work of a size.
    """

    says: str
    law: str
    power: float
    sizes: tuple[int, int]
    prepare: Callable[[int], Callable[[], Any]]


def copies(n: int) -> Callable[[], Any]:
    """Return the search for equal units among n, every fifth of them a copy."""
    rng = np.random.default_rng(0)
    incoming = rng.standard_normal((n, 16), dtype=np.float32)
    incoming[::5] = incoming[: len(incoming[::5])]
    outgoing = np.ones((1, n), dtype=np.float32)
    return lambda: unit_classes(Layer(incoming), Layer(outgoing))


def spectrum(n: int) -> Callable[[], Any]:
    """Return the draw of n eigenvalues."""
    rng = np.random.default_rng(0)
    return lambda: hermite_eigenvalues(n, beta=1, rng=rng)


def kernel(n: int) -> Callable[[], Any]:
    """Return the tangent kernel of n inputs with n others."""
    one, other = np.random.default_rng(0).standard_normal((2, n, 10))
    return lambda: wide_kernels(one, other, depth=2, activation="relu", weight_variance=2.0)


def network(replicas: tuple[int, ...]) -> tuple[Network, np.ndarray, np.ndarray]:
    """Return the start of some networks 4-16-1, and what they learn."""
    rng = np.random.default_rng(0)
    layers = [
        Layer(rng.normal(size=(*replicas, 16, 4)), np.zeros((*replicas, 16))),
        Layer(rng.normal(size=(*replicas, 1, 16)) / 4, np.zeros((*replicas, 1))),
    ]
    return Network(layers, "tanh"), rng.normal(size=(50, 4)), rng.normal(size=(50, 1))


def together(n: int) -> Callable[[], Any]:
    """Return the training of n networks at once."""
    start, x, y = network((n,))
    return lambda: descend(start, x, y, steps=20, rate=0.01)


def one_by_one(n: int) -> Callable[[], Any]:
    """Return the training of n networks, one after the other."""
    start, x, y = network(())

    def call() -> None:
        for _ in range(n):
            descend(start, x, y, steps=20, rate=0.01)

    return call


def null_space(n: int) -> Callable[[], Any]:
    """Return the search for the null space of a matrix of n rows and 2 n columns."""
    matrix = np.random.default_rng(0).normal(size=(n, 2 * n))
    return lambda: null_basis(matrix)


def law(n: int) -> Callable[[], Any]:
    """Return the evaluation of a distribution function at n points."""
    x, pepper = np.linspace(0, 3, n), marchenko_pastur(0.5)
    return lambda: pepper.cdf(x)


CURVES: dict[str, Curve] = {
    "marchenko_pastur(...).cdf": Curve("points", "n", 1, (1000, 1_000_000), law),
    "unit_classes": Curve("units of 17 weights", "n log n", 1, (1000, 1_000_000), copies),
    "descend, replicas at once": Curve("networks 4-16-1", "n", 1, (1, 1000), together),
    "descend, one after another": Curve("networks 4-16-1", "n", 1, (1, 1000), one_by_one),
    "hermite_eigenvalues": Curve("eigenvalues", "n", 2, (10, 10_000), spectrum),
    "tangent_kernel": Curve("inputs, with as many others", "n", 2, (4, 4000), kernel),
    "null_basis": Curve("rows, with twice the columns", "n", 3, (2, 2000), null_space),
}


def seconds(call: Callable[[], Any], times: int) -> float:
    """Return what one call takes, as the mean of some."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def measure(curve: Curve, *, laps: int = LAPS, points: int = POINTS) -> dict[str, Any]:
    """Return the median time at each size."""
    low, high = curve.sizes
    sizes = sorted({round(n) for n in np.geomspace(low, high, points)})
    calls = [curve.prepare(n) for n in sizes]
    times = [max(1, round(LAP / max(min(seconds(call, 1) for _ in "ab"), 1e-9))) for call in calls]
    taken: list[list[float]] = [[] for _ in sizes]
    for _ in range(laps):
        for at, call in enumerate(calls):
            taken[at].append(seconds(call, times[at]))
    medians = [float(f"{statistics.median(one):.4g}") for one in taken]
    return {
        "says": curve.says,
        "law": curve.law,
        "power": curve.power,
        "sizes": sizes,
        "seconds": medians,
    }


if __name__ == "__main__":
    print(json.dumps({name: measure(curve) for name, curve in CURVES.items()}))
