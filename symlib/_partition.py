"""The coarsest balanced partition of units that matrices connect, by refinement.

There are *groups* of units and *arrows*, each a matrix from one group to another, or to the same.
A partition of every group is *balanced* if units of one class agree in their biases, and for every
arrow in the sums of what they read over each class of its source, and of what they send over each
class of its target. All units of a group start in one class. Classes whose units disagree are
split, until none is left. A balanced partition is never cut on the way: units of one of its classes
have equal sums over the larger classes, too. So the coarsest one is what remains.

Most classes are split by *probes*: each class is given a random number, and one product with these
numbers tells units apart whose sums differ. Probes can miss a difference. So at the end the sums
themselves are compared, of units that are not alone in their class, and if that splits a class the
probes begin again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from symlib._linkage import Indices, Rows, joined_in_cells

__all__ = ["Arrow", "Group", "balanced_partition", "partition_defect"]

_EPS: Final = float(np.finfo(np.float64).eps)
_PROBES: Final = 2  # for each end of each arrow, in each round


class Group(NamedTuple):
    """Units that share a partition, and the biases of each, a row of them for each unit."""

    units: int
    biases: Rows


class Arrow(NamedTuple):
    """A matrix from the units of one group to those of another.

    ``source`` or ``target`` is None for the inputs and outputs of a network, where each unit is a
    class of its own. ``rounding`` is the machine epsilon of the numbers as they were given.
    """

    source: int | None
    target: int | None
    weight: Rows
    rounding: float


def balanced_partition(
    groups: Sequence[Group], arrows: Sequence[Arrow], tolerance: float | None
) -> list[Indices]:
    """Return the class of each unit of each group, numbered in the order of first appearance.

    Sums that differ by at most the tolerance count as equal, and so do those that a chain of such
    differences joins; None allows for rounding.
    """
    rng = np.random.default_rng(0)
    sides = _sides(groups, arrows)
    partition = [np.zeros(group.units, dtype=np.intp) for group in groups]
    while True:
        before = _class_counts(partition)
        for k, own in enumerate(sides):
            partition[k] = _split_by_probes(partition, k, own, tolerance, rng)
        if _class_counts(partition) > before:
            continue
        for k, own in enumerate(sides):
            partition[k] = _split_by_sums(partition, k, own, groups[k].biases, tolerance, rng)
        if _class_counts(partition) == before:
            return [_in_order_of_appearance(labels) for labels in partition]


def partition_defect(
    groups: Sequence[Group], arrows: Sequence[Arrow], partition: Sequence[Indices]
) -> float:
    """Return the largest difference of two sums or biases that the partition takes for equal."""
    defect = 0.0
    for k, own in enumerate(_sides(groups, arrows)):
        shared = _shared(partition[k])
        order, starts = _by_class(partition[k][shared])
        for sums, _ in _evidence(partition, shared, own, groups[k].biases):
            if sums.size:
                ordered = sums[order]
                largest = np.maximum.reduceat(ordered, starts, axis=0)
                smallest = np.minimum.reduceat(ordered, starts, axis=0)
                defect = max(defect, float(np.max(largest - smallest)))
    return defect


class _Side(NamedTuple):
    """One end of an arrow: what units of a group read, or send. Each row belongs to a unit."""

    weight: Rows
    other: int | None
    rounding: float  # of an entry, over its size
    is_exact: bool  # whether each sum of entries is whole, and not rounded
    reach: float  # the sum of the largest sizes in each column


def _sides(groups: Sequence[Group], arrows: Sequence[Arrow]) -> list[list[_Side]]:
    """Return for each group all ends of arrows at its units."""
    sides: list[list[_Side]] = [[] for _ in groups]
    for arrow in arrows:
        is_exact = _has_exact_sums(arrow.weight)
        reads = (arrow.target, arrow.source, arrow.weight)
        sends = (arrow.source, arrow.target, arrow.weight.T)
        for own, other, weight in (reads, sends):
            if own is not None:
                reach = float(np.abs(weight).max(axis=0, initial=0.0).sum())
                sides[own].append(_Side(weight, other, arrow.rounding, is_exact, reach))
    return sides


def _split_by_probes(
    partition: Sequence[Indices],
    group: int,
    sides: Sequence[_Side],
    tolerance: float | None,
    rng: np.random.Generator,
) -> Indices:
    """Return the classes of a group, cut where random multiples of sums show a difference."""
    labels = partition[group]
    for side in sides:
        units, entries = side.weight.shape
        classes = _labels_of(side, partition)
        for _ in range(_PROBES):
            number = rng.uniform(-1.0, 1.0, int(classes.max()) + 1)
            along = side.weight @ number[classes]
            # The numbers are at most 1, so this is at least what units of a class may differ by.
            differ = (4.0 * side.rounding + 4.0 * entries * _EPS) * side.reach
            if tolerance is not None:
                differ = tolerance * float(np.abs(number).sum()) + 4.0 * entries * _EPS * side.reach
            order = np.lexsort((along, labels))
            opens = np.diff(along[order]) > differ
            opens |= np.diff(labels[order]) > 0
            labels = np.empty(units, dtype=np.intp)
            labels[order] = np.concatenate([[0], np.cumsum(opens)])
    return labels


def _split_by_sums(
    partition: Sequence[Indices],
    group: int,
    sides: Sequence[_Side],
    biases: Rows,
    tolerance: float | None,
    rng: np.random.Generator,
) -> Indices:
    """Return the classes of a group, each split into units that agree in all biases and sums."""
    labels = partition[group]
    shared = _shared(labels)
    if not shared.size:
        return labels
    # The sums are divided by what each may differ by, so that a difference of 1 is allowed.
    parts = []
    for sums, rounding in _evidence(partition, shared, sides, biases):
        if tolerance == 0:
            parts.append(sums)
        else:
            parts.append(sums / (rounding if tolerance is None else tolerance))
    rows = np.concatenate(parts, axis=1)
    joined = joined_in_cells(rows, labels[shared], 0.0 if tolerance == 0 else 1.0, rng)
    labels = labels.copy()
    labels[shared] = len(labels) + joined
    return _in_order_of_appearance(labels)


def _evidence(
    partition: Sequence[Indices], units: Indices, sides: Sequence[_Side], biases: Rows
) -> list[tuple[Rows, Rows]]:
    """Return what tells some units of a group apart, a row for each: biases, and sums over classes.

    Beside each column stands the most by which rounding can have changed it in two units.
    """
    own = biases[units]
    found = [(own, _least(_EPS * np.abs(own).max(axis=0, initial=0.0)))]
    for side in sides:
        weight = side.weight[units]
        sums, sizes, counts = _class_sums(weight, _labels_of(side, partition))
        if side.is_exact:
            allowed = np.full_like(sizes, 0.5)
        else:
            # An entry was rounded when it was stored. A sum of n terms is off by about sqrt(n) eps
            # times their sizes. Two sums are compared, and their entries may be differences.
            allowed = 4.0 * (side.rounding + np.sqrt(counts) * _EPS) * sizes
        found.append((sums, _least(allowed)))
    return found


def _class_sums(weight: Rows, labels: Indices) -> tuple[Rows, Rows, Indices]:
    """Return the sums of the columns of each class, the largest sum of sizes, and the counts."""
    order, starts = _by_class(labels)
    ordered = weight[:, order]
    counts = np.diff(np.append(starts, len(order)))
    if len(starts) < len(order):
        sums = np.add.reduceat(ordered, starts, axis=1)
        sizes = np.add.reduceat(np.abs(ordered), starts, axis=1).max(axis=0, initial=0.0)
    else:
        sums = ordered
        sizes = np.abs(ordered).max(axis=0, initial=0.0)
    return sums, sizes, counts


def _has_exact_sums(weight: Rows) -> bool:
    """Tell whether each sum of entries is exact: they are whole, and not too large."""
    return bool(np.abs(weight).sum() < 2.0**53 and np.array_equal(weight, np.rint(weight)))


def _labels_of(side: _Side, partition: Sequence[Indices]) -> Indices:
    """Return the classes at the other end; inputs and outputs are classes of their own."""
    if side.other is None:
        return np.arange(side.weight.shape[1])
    return partition[side.other]


def _shared(labels: Indices) -> Indices:
    """Return the units that are not alone in their class."""
    return np.flatnonzero(np.bincount(labels)[labels] > 1)


def _by_class(labels: Indices) -> tuple[Indices, Indices]:
    """Return the order that puts the units of a class side by side, and where each class starts."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    return order, starts


def _in_order_of_appearance(labels: Indices) -> Indices:
    """Return labels that count from 0 in the order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _least(allowed: Rows) -> Rows:
    """Return what can be divided by: the smallest normal number in the place of less."""
    return np.maximum(allowed, np.finfo(np.float64).tiny)


def _class_counts(partition: Sequence[Indices]) -> list[int]:
    return [len(np.unique(labels)) for labels in partition]
