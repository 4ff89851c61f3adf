"""What two snapshots of the same arrays prove: what is still equal, still 0, or never moved.

Nothing here is a matter of chance, and no number is compared within a tolerance: what training
treats alike stays equal to the bit, and what has no gradient stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._audit_across import Among
from symlib._audit_copies import copy_labels, likely_pairs, read_side
from symlib._audit_names import is_shared_by_name, is_table_by_name
from symlib._audit_sources import Entry
from symlib._audit_subject import (
    Evidence,
    as_matrix,
    is_beyond,
    slice_axes,
    without_leading_ones,
)
from symlib._audit_sweep import Side, Sweep, blocks, sweep
from symlib._linkage import Indices, chain_labels

__all__ = ["Moved", "compare_entry", "still_equal_arrays"]

_Numbers = npt.NDArray[Any]


class Moved(NamedTuple):
    """An array that training moved, by what it was and what it is."""

    name: str
    shape: tuple[int, ...]
    before: tuple[int, float]
    after: tuple[int, float]


def compare_entry(before: Entry, after: Entry) -> tuple[Moved | None, list[Among]]:
    """Return what became of one array, and what it is, for comparison with others, if it moved."""
    name = before.name
    first = without_leading_ones(before.array)
    second = without_leading_ones(after.array)
    matrix, words = as_matrix(first, before.layout)
    later, _ = as_matrix(second, before.layout)
    found = sweep(first, matrix, words)
    found_later = sweep(second, later, words)
    is_soft = not before.is_trained or is_table_by_name(name)
    if not (np.isfinite(found_later.lowest) and np.isfinite(found_later.highest)):
        why = "not all entries are finite any more"
        return None, [((name,), Evidence("not finite", 0.0, 1.0, 0.0, why, is_soft))]
    if is_beyond(found) or is_beyond(found_later):
        why = "the largest entry is one that no start draws, before or after"
        return None, [((name,), Evidence("garbage", 0.0, found_later.highest, 1.0, why, is_soft))]
    moves = _moved_rows(matrix, later)
    if not moves.any():
        return None, [((name,), _unmoved(before, found, is_soft))]
    evidence = list(_still_equal(matrix, later, found.sides, is_soft, ""))
    for axis in slice_axes(first, before.layout):
        count = first.shape[axis]
        slices = np.moveaxis(first, axis, 0).reshape(count, -1)
        slices_later = np.moveaxis(second, axis, 0).reshape(count, -1)
        sides = sweep(first, slices, ("row",)).sides
        evidence += _still_equal(slices, slices_later, sides, is_soft, f" along axis {axis}")
    was_constant = found.lowest == found.highest
    is_constant = found_later.lowest == found_later.highest
    if was_constant and is_constant and 1 < found.entries == max(first.shape):
        why = f"all {found.entries} entries were equal, moved, and are still equal"
        evidence.append(Evidence("still equal", 0.0, 1.0, float(found.entries), why, is_soft))
    if words[0] == "row" and not moves.all() and not before.is_looked_up:
        count = int(np.count_nonzero(~moves))
        why = f"{count} of {moves.size} rows never moved, the first of them {int(np.argmin(moves))}"
        evidence.append(Evidence("rows never moved", 0.0, float(count), 0.0, why))
    moved = Moved(name, before.array.shape, _mark(found), _mark(found_later))
    return moved, [((name,), one) for one in evidence]


def still_equal_arrays(moved: Sequence[Moved]) -> Iterator[Among]:
    """Yield the groups of arrays that were equal, moved, and are equal."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for one in moved:
        if max(one.shape, default=1) > 1:
            groups.setdefault((one.shape, one.before, one.after), []).append(one.name)
    for (shape, *_), names in groups.items():
        if len(names) < 2:
            continue
        listed = ", ".join(names[:4]) + (" and others" if len(names) > 4 else "")
        why = (
            f"{len(names)} arrays of shape {shape} were equal, moved, and still are (unless they "
            f"are one, stored several times): {listed}"
        )
        kind = "shared" if is_shared_by_name(names) else "still equal"
        yield tuple(names), Evidence(kind, 0.0, 1.0, float(len(names)), why)


def _mark(found: Sweep) -> tuple[int, float]:
    """Return what equal arrays have in common, and others do not."""
    return found.checksum, found.squares


def _moved_rows(before: _Numbers, after: _Numbers) -> npt.NDArray[np.bool_]:
    """Return which rows of a matrix changed in any entry; NaN is a change."""
    moves = np.zeros(len(before), dtype=np.bool_)
    for across, down, block in blocks(before):
        moves[across] |= (block != after[across, down]).any(axis=1)
    return moves


def _unmoved(before: Entry, found: Sweep, is_soft: bool) -> Evidence:
    """Return what it means that no entry changed.

    Some vectors need no gradient, and a file does not say what is trained.
    """
    if found.squares == 0.0:
        why = f"all {found.entries} entries were 0 and still are"
        return Evidence("still zero", 0.0, 0.0, 0.0, why, is_soft)
    why = f"none of {found.entries} entries changed"
    is_vector = before.array.ndim == 1
    if is_vector:
        why += ", which is right for a bias of keys, or before a batch normalization"
    elif not before.is_of_model:
        why += ", which is right for an array that is not trained"
    is_soft = is_soft or is_vector or not before.is_of_model
    return Evidence("never moved", 0.0, 0.0, 1.0, why, is_soft)


def _still_equal(
    before: _Numbers, after: _Numbers, sides: Sequence[Side], is_soft: bool, where: str
) -> Iterator[Evidence]:
    """Yield which rows, columns or slices were copies, up to the sign, moved, and still are."""
    for side in sides:
        if side.squares.size < 2:
            continue
        chosen, labels = copy_labels(before, side, likely_pairs(side))
        if chosen.size < 2:
            continue
        later_rows = read_side(after, side, chosen)
        later = _labels_of(later_rows)
        both = labels * chosen.size + later
        _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
        tied = chosen[counts[place] > 1]
        moved = (read_side(before, side, tied) != read_side(after, side, tied)).any()
        if tied.size and moved:
            first, second = _two_of(chosen, both)
            left = side.squares.size - tied.size + int((counts > 1).sum())
            word = "slice" if where else side.word
            count = float(side.squares.size)
            why = (
                f"{left} of {side.squares.size} {word}s{where} are distinct, before and after: "
                f"{word}s {first} and {second} were equal, moved, and still are"
            )
            yield Evidence("still equal", 0.0, float(left), count, why, is_soft)


def _labels_of(rows: npt.NDArray[np.float64]) -> Indices:
    """Return the classes of rows that are equal up to the sign."""
    return chain_labels([rows], 0.0, "sign")


def _two_of(chosen: Indices, labels: Indices) -> tuple[int, int]:
    """Return the first two rows that share a label."""
    values, counts = np.unique(labels, return_counts=True)
    members = chosen[labels == values[counts > 1][0]]
    return int(members[0]), int(members[1])
