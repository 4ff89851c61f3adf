"""Which rows of a matrix, or columns, are copies of each other or nearly so.

Comparing all pairs of 50,000 rows would take hours. `likely_pairs` finds those whose projections
agree, at all rows, and so all copies and whatever differs from a copy by a few per cent.
`widest_cosines` compares a sample of rows with all others in full, for likeness that is weaker.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._audit_sweep import PROJECTIONS, Side, blocks
from symlib._linkage import Indices, chain_labels
from symlib._rank import rounding_unit

__all__ = [
    "Copies",
    "Pair",
    "copies",
    "likely_pairs",
    "nearest_pair",
    "read_side",
    "widest_cosines",
]

_Doubles = npt.NDArray[np.float64]
_Numbers = npt.NDArray[Any]

_NEAR: Final = 0.15  # distance of the projections of directions that are looked at again
_SAME: Final = 1e-9  # distance along an axis that hardly any two of 10^5 points have by chance
_DIGITS: Final = 6  # decimals that rounding leaves equal
_MOST_COMPARED: Final = 2**22  # numbers in the rows that are compared entry by entry
_LARGEST_TABLE: Final = 2**23  # cosines that are kept at a time
_FEWEST_IN_A_RUN: Final = 4  # rows in a row that make a slice


class Copies(NamedTuple):
    """Rows, or columns, that are copies of others.

    Attributes
    ----------
    how : str
        "equal", "equal up to the sign", or "equal up to a factor".
    total, different : int
        How many there are, and how many of them differ, at most.
    is_cut : bool
        Whether there were too many to compare all.
    is_one : bool
        Whether most are copies of one.
    first, second : int
        Two that are copies.
    offset : int
        Where whole runs are copies: how far apart they begin; 0 where there are none.
    repeated : bool
        Whether each stands beside its copies, all of them as often, as pixel shuffles have it.
    """

    how: str
    total: int
    different: int
    is_cut: bool
    is_one: bool
    first: int
    second: int
    offset: int
    repeated: bool


class Pair(NamedTuple):
    """The two rows, or columns, that are the most nearly parallel of those compared."""

    first: int
    second: int
    cosine: float
    squared_sine: float


def read_side(matrix: _Numbers, side: Side, chosen: Indices) -> _Doubles:
    """Return the chosen rows, or columns, of a matrix, in double precision."""
    if side.word == "row":
        return np.asarray(matrix[chosen], dtype=np.float64)
    return np.asarray(matrix[:, chosen].T, dtype=np.float64)


def likely_pairs(side: Side) -> tuple[Indices, Indices, _Doubles]:
    """Return pairs whose directions have projections near each other, and how near.

    Directions of rows count up to the sign: each is turned so that its first projection is
    positive.
    """
    from scipy.spatial import cKDTree  # here, as its import takes its time

    nothing = np.zeros(0, dtype=np.intp)
    filled = np.flatnonzero(side.squares > 0.0)
    if filled.size < 2:
        return nothing, nothing, np.zeros(0)
    lengths = np.sqrt(side.squares[filled])
    turned = np.where(side.projections[filled, 0] < 0.0, -1.0, 1.0)
    points = side.projections[filled] * (turned / lengths)[:, np.newaxis]
    own = np.arange(filled.size)
    left, right, kept = _crowds(points)
    tree = cKDTree(points[kept])
    found_apart, found_nearest = tree.query(points[kept], k=2, distance_upper_bound=_NEAR)
    apart = np.asarray(found_apart)
    nearest = np.asarray(found_nearest)
    # of several copies, a point may find another one before itself
    each = own[: kept.size]
    column = np.where(nearest[:, 0] == each, 1, 0)
    partner = nearest[each, column]
    distance = apart[each, column]
    is_found = partner < kept.size
    left = np.concatenate([left, kept[is_found]])
    right = np.concatenate([right, kept[partner[is_found]]])
    between = np.concatenate([np.zeros(left.size - int(is_found.sum())), distance[is_found]])
    return filled[left], filled[right], between


def _crowds(points: _Doubles) -> tuple[Indices, Indices, Indices]:
    """Return pairs of points that are equal up to rounding, and one point of each such crowd.

    A tree of points is slow where many are in one place. That is seen along the first axis.
    """
    along = np.sort(points[:, 0])
    nothing = np.zeros(0, dtype=np.intp)
    if np.mean(np.diff(along) < _SAME) < 0.25:
        return nothing, nothing, np.arange(len(points))
    rounded = np.round(points, _DIGITS)
    _, first, inverse = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    opening = first[inverse.ravel()]
    others = np.flatnonzero(opening != np.arange(len(points)))
    return opening[others], others, np.sort(first)


def copies(
    matrix: _Numbers, side: Side, pairs: tuple[Indices, Indices, _Doubles], precision: str
) -> Copies | None:
    """Return the copies among likely pairs, at the precision of the numbers, or None."""
    unit = rounding_unit(precision)
    chosen = _chosen(side, pairs, 1e-5 + 8.0 * unit * np.sqrt(PROJECTIONS))
    if chosen.size < 2:
        return None
    rows = read_side(matrix, side, chosen)
    for how, up_to in (("equal", "equality"), ("equal up to the sign", "sign")):
        labels = chain_labels([rows], 0.0, up_to)
        if labels.max() + 1 < chosen.size:
            return _described(how, side, chosen, labels)
    rows /= np.sqrt(side.squares[chosen])[:, np.newaxis]
    labels = chain_labels([rows], 2.0 * unit * float(np.abs(rows).max()), "sign")
    if labels.max() + 1 < chosen.size:
        return _described("equal up to a factor", side, chosen, labels)
    return None


def copy_labels(
    matrix: _Numbers, side: Side, pairs: tuple[Indices, Indices, _Doubles]
) -> tuple[Indices, Indices]:
    """Return the rows that may have copies, and their classes: equal to the bit up to the sign."""
    chosen = _chosen(side, pairs, 1e-5)
    if chosen.size < 2:
        return chosen, chosen
    return chosen, chain_labels([read_side(matrix, side, chosen)], 0.0, "sign")


def _chosen(side: Side, pairs: tuple[Indices, Indices, _Doubles], reach: float) -> Indices:
    """Return the rows of the pairs within reach, as many as are compared entry by entry."""
    left, right, distance = pairs
    close = distance <= reach
    chosen = np.unique(np.concatenate([left[close], right[close]]))
    return chosen[: _most_rows(side)]


def _most_rows(side: Side) -> int:
    """Return how many rows are compared entry by entry, so that they fit the memory."""
    return max(2, _MOST_COMPARED // side.length)


def _described(how: str, side: Side, chosen: Indices, labels: Indices) -> Copies:
    """Return what the classes of the chosen rows have in common."""
    order = np.lexsort((chosen, labels))
    ordered = chosen[order]
    together = labels[order][1:] == labels[order][:-1]
    starts = ordered[:-1][together]
    offsets = ordered[1:][together] - starts
    counts = np.bincount(labels)
    count = side.squares.size
    different = count - chosen.size + counts.size
    values, frequent = np.unique(offsets, return_counts=True)
    offset = int(values[np.argmax(frequent)])
    if offset == 1 or _longest_run(np.sort(starts[offsets == offset])) < _FEWEST_IN_A_RUN:
        offset = 0
    all_as_often = chosen.size == count and counts.min() == counts.max() and counts.size > 1
    repeated = bool(all_as_often and (offsets == 1).all())
    is_cut = chosen.size >= _most_rows(side) and chosen.size < count
    return Copies(
        how=how,
        total=count,
        different=different,
        is_cut=is_cut,
        is_one=counts.size == 1 and 2 * chosen.size > count,
        first=int(starts[0]),
        second=int(starts[0] + offsets[0]),
        offset=offset,
        repeated=repeated,
    )


def _longest_run(indices: Indices) -> int:
    """Return how many of the ascending indices follow each other without a gap."""
    breaks = np.flatnonzero(np.diff(indices) != 1)
    ends = np.concatenate([[-1], breaks, [indices.size - 1]])
    return int(np.diff(ends).max())


def nearest_pair(matrix: _Numbers, side: Side, left: Indices, right: Indices) -> Pair | None:
    """Return the most nearly parallel of some pairs, by their entries."""
    best: Pair | None = None
    step = max(1, _MOST_COMPARED // side.length // 16)
    for start in range(0, left.size, step):
        part = slice(start, start + step)
        first = _directions(matrix, side, left[part])
        second = _directions(matrix, side, right[part])
        cosine = np.einsum("ij,ij->i", first, second)
        apart = first - np.where(cosine < 0.0, -1.0, 1.0)[:, np.newaxis] * second
        gap = np.einsum("ij,ij->i", apart, apart)  # 2 - 2 |cosine|, without cancellation
        squared_sine = gap - gap**2 / 4.0
        place = int(np.argmin(squared_sine))
        if best is None or squared_sine[place] < best.squared_sine:
            chosen = (int(left[part][place]), int(right[part][place]))
            best = Pair(*chosen, float(cosine[place]), float(squared_sine[place]))
    return best


def _directions(matrix: _Numbers, side: Side, chosen: Indices) -> _Doubles:
    """Return the chosen rows divided by their lengths."""
    rows = read_side(matrix, side, chosen)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows / np.where(lengths > 0.0, lengths, 1.0)[:, np.newaxis])


def widest_cosines(
    matrix: _Numbers, sides: tuple[Side, ...], most: int
) -> dict[str, tuple[Indices, Indices]]:
    """Return, for each side, a pair with the largest cosine among ``most`` and all others."""
    samples = {}
    picked = {}
    tables = {}
    for side in sides:
        filled = np.flatnonzero(side.squares > 0.0)
        if filled.size < 2:
            continue
        count = min(filled.size, most, max(2, _LARGEST_TABLE // side.squares.size))
        chosen = filled[np.linspace(0, filled.size - 1, count).astype(np.intp)]
        samples[side.word] = chosen
        picked[side.word] = _directions(matrix, side, chosen).astype(np.float32)
        tables[side.word] = np.zeros((count, side.squares.size), dtype=np.float32)
    for across, down, block in blocks(matrix):
        singles = np.asarray(block, dtype=np.float32)
        if "row" in picked:
            tables["row"][:, across] += picked["row"][:, down] @ singles.T
        if "column" in picked:
            tables["column"][:, down] += picked["column"][:, across] @ singles
    found = {}
    for side in sides:
        if side.word not in picked:
            continue
        chosen = samples[side.word]
        lengths = np.sqrt(side.squares)
        cosines = np.abs(tables[side.word], out=tables[side.word])
        cosines /= np.where(lengths > 0.0, lengths, np.inf).astype(np.float32)
        cosines[np.arange(chosen.size), chosen] = 0.0
        first, second = np.unravel_index(int(cosines.argmax()), cosines.shape)
        found[side.word] = (chosen[[first]], np.array([second], dtype=np.intp))
    return found
