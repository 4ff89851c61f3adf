"""What the singular values of one array show: a part that all rows have, and rows that are sums."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from symlib import _audit_laws as laws
from symlib._audit_subject import ALL, Evidence, Subject
from symlib._audit_sweep import Sweep
from symlib._rank import rounding_unit

__all__ = ["of_spectrum"]

_Numbers = npt.NDArray[Any]
_Singles = npt.NDArray[np.float32]

_HEAVY: Final = 6.0  # kurtosis above which laws of Gaussian entries say nothing
_EDGE: Final = 1024  # rows and columns of which the largest singular value is found
_STEPS: Final = 8  # of the power method
_PIVOTS: Final = 256  # rows whose rank is found
_SPARE: Final = 32  # columns more than these, so that the last pivots are not small by chance
_CLEARLY: Final = 0.1  # distance of a row, its entries of variance 1, that is far above rounding
_ROUNDINGS: Final = 32.0  # units of rounding that a sum of rows and its decomposition make


def of_spectrum(subject: Subject) -> Iterator[Evidence]:
    """Yield what the largest singular value tells, and how many rows depend on others."""
    found = subject.found
    part = _part(subject.matrix, found, _EDGE if not subject.thorough else ALL)
    if min(part.shape) < 2:
        return
    part = (part - np.float32(found.mean)) * np.float32(1.0 / found.deviation)
    rows, columns = part.shape
    if found.kurtosis < _HEAVY:
        largest = _largest_singular_value(part)
        chance = laws.edge_chance(largest, rows, columns)
        edge = math.sqrt(rows) + math.sqrt(columns)
        why = (
            f"the largest singular value is {largest / edge:.3g} times that of independent "
            f"entries, {rows} by {columns} of them"
        )
        yield Evidence("correlated rows", chance, largest, edge, why)
    wide: _Singles = part if rows <= columns else part.T
    most = _PIVOTS if not subject.thorough else ALL
    count = min(wide.shape[0], most)
    if count < wide.shape[0]:
        chosen = np.linspace(0, wide.shape[0] - 1, count).astype(np.intp)
        wide = wide[chosen]
    wide = wide[:, : count + _SPARE]
    pivots = _pivots(wide) ** 2
    chances = laws.pivot_chances(pivots, wide.shape[1])
    # what the rounding of numbers of variance 1 leaves of a row that is a sum of others
    rounding = (_ROUNDINGS * rounding_unit(found.precision)) ** 2 * wide.shape[1]
    lost = int((pivots < rounding).sum())
    chance = float(chances.min()) if lost else 1.0
    why = f"of {count} rows or columns {lost} are sums of others, as far as the precision tells"
    yield Evidence("lost rank", chance, float(count - lost), float(count), why)


def _part(matrix: _Numbers, found: Sweep, most: int) -> _Singles:
    """Return some rows and columns of a matrix, without those that are 0."""
    part = matrix
    for side in found.sides:
        axis = 0 if side.word == "row" else 1
        kept = np.flatnonzero(side.squares > 0.0)
        if kept.size < side.squares.size:
            part = np.take(part, kept, axis=axis)
    for axis in (0, 1):
        length = part.shape[axis]
        if length > most:
            chosen = np.linspace(0, length - 1, most).astype(np.intp)
            part = np.take(part, chosen, axis=axis)
    return np.asarray(part, dtype=np.float32)


def _largest_singular_value(matrix: _Singles) -> float:
    """Return a lower bound, near the value where that stands out, by the power method."""
    rng = np.random.default_rng(0)
    direction = np.asarray(rng.standard_normal((matrix.shape[1], 1)), dtype=np.float32)
    length = 0.0
    for _ in range(_STEPS):
        direction = direction / np.linalg.norm(direction)
        image = matrix @ direction
        length = float(np.linalg.norm(image))
        direction = matrix.T @ image
        if not direction.any():
            return length
    return length


def _pivots(matrix: _Singles) -> npt.NDArray[np.float64]:
    """Return how far each row is from the span of those before it.

    Where no row is near that span, Cholesky's decomposition of the products of rows tells it, in
    two calls of the linear algebra library. A decomposition of the rows themselves makes hundreds,
    and each of them waits for all threads, which takes long on a machine that is busy.
    """
    try:
        pivots = np.diag(np.linalg.cholesky(matrix @ matrix.T))
    except np.linalg.LinAlgError:
        pivots = np.zeros(1)
    if pivots.min() > _CLEARLY:
        return np.asarray(pivots, dtype=np.float64)
    from scipy.linalg import qr  # here, as its import takes its time

    (triangle,) = qr(matrix.T, mode="r", check_finite=False, overwrite_a=True)
    return np.asarray(np.diag(triangle), dtype=np.float64)
