"""Single linkage: rows that a chain of near rows joins have one label.

Two rows are near when they differ by at most a tolerance in every entry. Comparing every pair of
100,000 rows would take hours, so rows meet by sorting. What is near in every entry is near along
any direction; where two neighbors in the order along a direction are further apart than that
allows, no row before the gap is near a row after it. Such gaps cut the rows into *cells*, and only
neighbors in a cell are compared entry by entry. So every label rests on comparisons, and none on
the chance of a direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array

__all__ = ["Indices", "Rows", "chain_labels", "joined_in_cells"]

Indices = npt.NDArray[np.intp]
Rows = npt.NDArray[np.float64]
_Truths = npt.NDArray[np.bool_]

# How many numbers are worked on at a time, so that they stay in a processor's cache.
_CACHE: Final = 2**16


def chain_labels(parts: Sequence[Array], tolerance: float, up_to: str) -> Indices:
    """Label rows so that those of one replica that a chain of near rows joins share a label.

    The parts, each of shape ([replicas], rows, entries), stand side by side. With
    ``up_to="sign"`` two rows are near also when one is near the negative of the other. Labels
    count from 0 in each replica, in the order of first appearance.
    """
    shape = parts[0].shape[:-1]
    flat = [part.reshape(-1, part.shape[-1]) for part in parts]
    component = np.arange(len(flat[0]))
    replica = component // shape[-1]
    rng = np.random.default_rng(0)
    along, reach = _projection(flat, tolerance, rng)
    if up_to == "sign":
        # ||p| - |q|| is at most |p - q| and |p + q|: what is near up to the sign stays in reach.
        along = np.abs(along)
    # In most layers few units have a neighbor at all. Only those are copied, in double precision.
    crowd = _crowd(along, reach, replica)
    if crowd.size:
        rows = np.concatenate([part[crowd] for part in flat], axis=1, dtype=np.float64)
        cell = replica[crowd]
        if up_to == "sign":
            joined = _components_up_to_sign(rows, cell, tolerance, rng)
        else:
            joined = joined_in_cells(rows, cell, tolerance, rng)
        component[crowd] = component.size + joined
    return _numbered(component.reshape(shape))


def _crowd(along: Rows, reach: float, replica: Indices) -> Indices:
    """Return the rows that are within reach of another one of their replica."""
    order = np.lexsort((along, replica))
    close = ~_gaps(along, reach, replica, order)
    has_near = np.zeros(order.size, dtype=np.bool_)
    has_near[1:] |= close
    has_near[:-1] |= close
    return order[has_near]


def joined_in_cells(
    rows: Rows, cell: Indices, tolerance: float, rng: np.random.Generator
) -> Indices:
    """Return a number for each row, the same for those of a cell that a chain of near rows joins.

    A cell whose rows are all joined is settled. The first direction settles ordinary data, and
    without a tolerance the entries settle the rest.
    """
    component = np.arange(len(rows))
    unsettled = component
    cell = cell.copy()
    for coordinate, reach in _coordinates(rows, tolerance, rng):
        order = np.lexsort((coordinate[unsettled], cell[unsettled]))
        unsettled = unsettled[order]
        gaps = _gaps(coordinate, reach, cell, unsettled)
        # Cells are numbered anew: each gap opens one.
        cell[unsettled[0]] = 0
        cell[unsettled[1:]] = np.cumsum(gaps)
        left = unsettled[:-1][~gaps]
        right = unsettled[1:][~gaps]
        component = _joined_if_near(component, rows, left, right, tolerance)
        # Neighbors of one cell in different components: that cell needs another direction. Settled
        # rows keep old cell numbers, which are never read again.
        apart = component[left] != component[right]
        unsettled = unsettled[np.isin(cell[unsettled], cell[left[apart]])]
        if not unsettled.size:
            return component
    # With a tolerance, rows may interlock in every entry: each is compared with all of its cell.
    largest_cell = int(np.bincount(cell[unsettled]).max())
    for shift in range(1, largest_cell):
        left = unsettled[:-shift]
        right = unsettled[shift:]
        together = cell[left] == cell[right]
        component = _joined_if_near(component, rows, left[together], right[together], tolerance)
    return component


def _components_up_to_sign(
    rows: Rows, cell: Indices, tolerance: float, rng: np.random.Generator
) -> Indices:
    """Return what `joined_in_cells` does, where a row and its negative count as one.

    Each row is turned so that its projection is positive. Where that is within reach of 0 the
    sign of the projection tells nothing, and the row takes part with both signs.
    """
    along, reach = _projection([rows], tolerance, rng)
    doubtful = np.flatnonzero(np.abs(along) <= reach)
    sign = np.where(along < 0, -1.0, 1.0)
    turned = rows * sign[:, np.newaxis]
    both = np.concatenate([turned, -turned[doubtful]])
    cells = np.append(cell, cell[doubtful])
    component = joined_in_cells(both, cells, tolerance, rng)
    negatives = np.arange(len(rows), len(both))
    return _joined(component, doubtful, negatives)[: len(rows)]


def _coordinates(
    rows: Rows, tolerance: float, rng: np.random.Generator
) -> Iterator[tuple[Rows, float]]:
    """Yield coordinates of the rows, each with its reach: how far apart near rows may be there."""
    for _ in range(4):
        yield _projection([rows], tolerance, rng)
    for entry in rows.T:
        yield entry, tolerance


def _projection(
    parts: Sequence[Array], tolerance: float, rng: np.random.Generator
) -> tuple[Rows, float]:
    """Return the rows along a random direction, and how far apart near rows may be there.

    Along a direction v, near rows differ by at most ``tolerance * sum |v|`` and the rounding of
    two products.
    """
    width = sum(part.shape[1] for part in parts)
    direction = rng.uniform(-1.0, 1.0, width) / width  # so that no product overflows
    along = np.zeros(len(parts[0]))
    largest = 0.0
    start = 0
    for part in parts:
        end = start + part.shape[1]
        for chosen in _slices(*part.shape):
            block = part[chosen].astype(np.float64, copy=False)
            along[chosen] += block @ direction[start:end]
            largest = max(largest, float(np.abs(block).max()))
        start = end
    finfo = np.finfo(np.float64)
    rounding = 4.0 * width * float(finfo.eps) * largest + float(finfo.tiny)
    length = float(np.abs(direction).sum())
    return along, (tolerance + rounding) * length


def _slices(count: int, width: int) -> Iterator[slice]:
    """Yield slices of rows, as many at a time as stay in the cache."""
    length = 1 + _CACHE // width
    for start in range(0, count, length):
        yield slice(start, start + length)


def _gaps(coordinate: Rows, reach: float, cell: Indices, order: Indices) -> _Truths:
    """Tell between which neighbors in the order there is a gap: out of reach, or another cell."""
    left = order[:-1]
    right = order[1:]
    with np.errstate(over="ignore"):  # a difference too large for a float is out of reach
        gap = coordinate[right] - coordinate[left] > reach
    gap |= cell[left] != cell[right]
    return np.asarray(gap)


def _joined_if_near(
    component: Indices, rows: Rows, left: Indices, right: Indices, tolerance: float
) -> Indices:
    """Return the components once those pairs of rows that are near are joined as well."""
    apart = component[left] != component[right]
    left = left[apart]
    right = right[apart]
    near = np.empty(left.size, dtype=np.bool_)
    for pairs in _slices(left.size, rows.shape[1]):
        with np.errstate(over="ignore"):
            difference = np.abs(rows[left[pairs]] - rows[right[pairs]])
        near[pairs] = (difference <= tolerance).all(axis=1)
    return _joined(component, left[near], right[near])


def _joined(component: Indices, left: Indices, right: Indices) -> Indices:
    """Return the components once each pair of rows is joined."""
    if not left.size:
        return component
    from scipy.sparse import coo_array  # here, as its import takes its time
    from scipy.sparse.csgraph import connected_components

    size = component.size
    ones = np.ones(left.size)
    ends = (component[left], component[right])
    graph = coo_array((ones, ends), shape=(size, size))
    _, merged = connected_components(graph, directed=False)
    return merged.astype(np.intp)[component]


def _numbered(component: Indices) -> Indices:
    """Return labels that count from 0 in each replica, in the order of first appearance."""
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    opening = first[inverse.ravel()]  # where the component of each row appears first
    opens = opening == np.arange(opening.size)
    count = np.cumsum(opens.reshape(component.shape), axis=-1, dtype=np.intp)
    label = count.ravel()[opening] - 1
    return label.reshape(component.shape)
