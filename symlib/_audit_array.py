"""What one array shows by itself.

Each check gives one piece of `Evidence`, whether it is surprising or not, so that whoever collects
them knows how many there were: the chance of each is that of seeing as much somewhere in this array
if its entries were drawn independently of each other, and what a model shows is worth that chance
times the number of checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from symlib import _audit_laws as laws
from symlib._audit_copies import (
    Copies,
    copies,
    likely_pairs,
    nearest_pair,
    read_side,
    widest_cosines,
)
from symlib._audit_names import is_bias, is_packed_attention, is_table_by_name
from symlib._audit_spectrum import of_spectrum
from symlib._audit_subject import (
    ALL,
    Evidence,
    Subject,
    as_matrix,
    has_few_values,
    is_beyond,
    is_nearly_constant,
    looks_designed,
    slice_axes,
    without_leading_ones,
)
from symlib._audit_sweep import Side, Sweep, sweep
from symlib._linkage import Indices
from symlib._rank import rounding_unit

__all__ = ["examine"]

_Numbers = npt.NDArray[Any]

_SPIKE: Final = 50.0  # standard deviations (set by hand: one of 100 is measured as 99)
_SMALLEST: Final = 16  # entries of a matrix that laws say something about
_COMPARED: Final = 48  # rows that are compared with all others


def examine(
    name: str,
    array: _Numbers,
    *,
    layout: str,
    is_trained: bool = True,
    is_looked_up: bool = False,
    thorough: bool = False,
) -> tuple[Sweep | None, list[Evidence]]:
    """Return what a walk over an array gathers, and the evidence of all checks within it.

    The walk is None where the array is not fit to be compared with others.
    """
    array = without_leading_ones(array)
    matrix, words = as_matrix(array, layout)
    found = sweep(array, matrix, words)
    if not math.isfinite(found.lowest) or not math.isfinite(found.highest):
        return None, [_not_finite(array, name)]
    is_soft = looks_designed(name, found)
    subject = Subject(name, matrix, found, is_soft, is_looked_up, thorough)
    if is_beyond(found):
        largest = max(-found.lowest, found.highest)
        why = f"the largest entry is {largest:.3g}, which no start draws: memory nobody wrote to?"
        return None, [Evidence("garbage", 0.0, largest, 1.0, why, subject.is_soft)]
    is_vector = max(array.shape, default=1) == array.size
    if is_vector:
        return found, []
    if found.lowest == found.highest:
        return found, [] if is_bias(name) else [_constant(found)]  # 0 is how a bias starts
    if is_soft and not is_trained:
        return found, []  # a table that stays: a formula has written it, and chance has no part
    evidence = list(_of_rows(subject))
    if is_nearly_constant(found):
        evidence.append(_constant(found))
    elif not has_few_values(found) and found.zeros < 0.5 and found.entries >= _SMALLEST:
        evidence += _of_entries(subject)
        evidence += _of_norms(subject)
        evidence += of_spectrum(subject)
    evidence += _of_slices(subject, array, layout)
    return found, evidence


# The whole array


def _not_finite(array: _Numbers, name: str) -> Evidence:
    """Return how much of an array is not finite."""
    nan = 0
    infinite = 0
    for start in range(0, array.size, 2**20):
        part = np.asarray(array.flat[start : start + 2**20])
        nan += int(np.isnan(part).sum())
        infinite += int(np.isinf(part).sum())
    share = (nan + infinite) / array.size
    why = f"{nan} entries are NaN and {infinite} infinite, of {array.size}"
    head = np.asarray(array.flat[: 2**12], dtype=np.float64)
    values = np.unique(head[np.isfinite(head)])
    is_mask = nan == 0 and values.size <= 2
    return Evidence("not finite", 0.0, share, 0.0, why, is_mask or is_table_by_name(name))


def _constant(found: Sweep) -> Evidence:
    value = found.lowest
    if value == 0.0:
        return Evidence("zero", 0.0, 0.0, 0.0, f"all {found.entries} entries are 0")
    if value < found.highest:
        width = found.highest - value
        why = f"all {found.entries} entries are {value:.6g}, to within {width:.1g}"
        return Evidence("constant", 0.0, value, 0.0, why)
    why = f"all {found.entries} entries are {value:.6g}"
    return Evidence("constant", 0.0, value, 0.0, why)


def _of_entries(subject: Subject) -> Iterator[Evidence]:
    """Yield what the mean and the largest entry tell."""
    found = subject.found
    mean = found.mean
    deviation = found.deviation
    chance = laws.mean_chance(mean, deviation, found.entries)
    share = mean / deviation if deviation > 0.0 else math.inf
    error = 1.0 / math.sqrt(found.entries)
    why = f"the mean is {share:.3g} standard deviations, {abs(share) / error:.0f} standard errors"
    yield Evidence("shared mean", chance, share, 0.0, why)
    furthest = max(mean - found.lowest, found.highest - mean)
    rest = found.squares - found.entries * mean**2 - furthest**2
    spread = math.sqrt(max(rest, 0.0) / (found.entries - 1))
    for side in found.sides:  # an entry of a long row is no outlier there
        spread = max(spread, _spread_beside(side, mean))
    sigmas = furthest / spread if spread > 0.0 else math.inf
    chance = laws.entry_chance(sigmas, found.entries)
    typical = math.sqrt(2.0 * math.log(found.entries))
    entry = found.lowest if mean - found.lowest == furthest else found.highest
    why = f"the entry {entry:.4g} is {sigmas:.3g} standard deviations away"
    soft = subject.is_soft or sigmas < _SPIKE
    yield Evidence("single entries", chance, sigmas, typical, why, soft)


def _spread_beside(side: Side, mean: float) -> float:
    """Return the standard deviation of the other entries in the row of the furthest one."""
    if side.length < 2:
        return 0.0
    far = np.maximum(mean - side.lowest, side.highest - mean)
    place = int(np.argmax(far))
    centered = side.squares[place] - 2.0 * mean * side.sums[place] + side.length * mean**2
    rest = max(float(centered - far[place] ** 2), 0.0)
    return math.sqrt(rest / (side.length - 1))


# Rows and columns


def _of_rows(subject: Subject) -> Iterator[Evidence]:
    """Yield what the copies among rows and columns tell, and those that are 0."""
    found = subject.found
    wide = [side for side in found.sides if side.length >= 2 and side.squares.size >= 2]
    most = ALL if subject.thorough else _COMPARED
    widest = {}
    is_varied = found.zeros < 0.5 and not has_few_values(found) and not is_nearly_constant(found)
    if is_varied:
        compared = wide if subject.thorough else wide[:1]
        widest = widest_cosines(subject.matrix, tuple(compared), most)
    for side in wide:
        yield from _zeros(subject, side)
        near = likely_pairs(side)
        same = copies(subject.matrix, side, near, found.precision)
        yield _copied(subject, side, same, f"equal {side.word}s")
        if same is None and is_varied:
            left, right, _ = near
            if side.word in widest:
                left = np.concatenate([left, widest[side.word][0]])
                right = np.concatenate([right, widest[side.word][1]])
            yield from _similar(subject, side, left, right)
        elif same is None and is_nearly_constant(found):
            yield from _low_precision(subject, side)
        yield _one_signed(subject, side)
        if same is not None and same.is_one:
            return  # all rows are multiples of one, and so are the columns


def _zeros(subject: Subject, side: Side) -> Iterator[Evidence]:
    zero = np.flatnonzero(side.squares == 0.0)
    if not zero.size:
        return
    count = side.squares.size
    why = f"{zero.size} of {count} {side.word}s are 0, the first of them {side.word} {zero[0]}"
    is_padding = zero.size == 1 and side.word == "row" and subject.is_looked_up
    kind = "padding" if is_padding else "zero rows"
    yield Evidence(kind, 0.0, float(zero.size), 0.0, why)


def _copied(subject: Subject, side: Side, same: Copies | None, kind: str) -> Evidence:
    """Return the evidence of copies, or that there are none."""
    count = float(side.squares.size)
    pairs = count * (count - 1.0) / 2.0
    if same is None:
        return Evidence(kind, 1.0, count, count, "")
    found = subject.found
    chance = laws.coincidence_chance(found.collision, side.length, 2.0 * pairs)
    if same.how == "equal up to a factor":
        unit = rounding_unit(found.precision)
        chance = laws.cosine_chance(unit**2, side.length, pairs)
    word = side.word
    at_most = "at most " if same.is_cut else ""
    why = (
        f"{at_most}{same.different} of {same.total} {word}s are distinct: "
        f"{word}s {same.first} and {same.second} are {same.how}"
    )
    if same.offset:
        why += f", and so are whole runs of {word}s, {same.offset} apart"
        is_third = same.total in (3 * same.offset, 3 * same.offset / 2)
        if is_third and is_packed_attention(subject.name):
            why += ", which by the name are two of query, key and value"
        kind = "equal slices"
    soft = subject.is_soft or same.repeated
    if same.repeated:
        why += ", and each stands beside its copies, as pixel shuffles have it"
    return Evidence(kind, chance, float(same.different), count, why, soft)


def _similar(subject: Subject, side: Side, left: Indices, right: Indices) -> Iterator[Evidence]:
    """Yield how nearly parallel two rows are."""
    pair = nearest_pair(subject.matrix, side, left, right)
    if pair is None:
        return
    count = side.squares.size
    pairs = count * (count - 1.0) / 2.0
    chance = laws.cosine_chance(pair.squared_sine, side.length, pairs)
    typical = math.sqrt(min(1.0, 2.0 * math.log(max(pairs, 2.0)) / side.length))
    why = (
        f"{side.word}s {pair.first} and {pair.second} have the cosine {pair.cosine:.6f} in "
        f"{side.length} dimensions"
    )
    yield Evidence("similar rows", chance, abs(pair.cosine), typical, why)
    if chance < 1e-6:
        yield from _low_precision(subject, side)


def _low_precision(subject: Subject, side: Side) -> Iterator[Evidence]:
    """Yield which rows become equal when a model is cast to bfloat16 or float16."""
    if subject.found.precision in ("bfloat16", "float16"):
        return
    count = min(side.squares.size, max(2, 2**22 // side.length))
    rows = np.asarray(read_side(subject.matrix, side, np.arange(count)), dtype=np.float32)
    different = {"float16": 0, "bfloat16": 0}
    with np.errstate(over="ignore"):
        different["float16"] = len(np.unique(rows.astype(np.float16), axis=0))
    bits = rows.view(np.uint32)
    nearest_even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    different["bfloat16"] = len(np.unique((bits + nearest_even) >> np.uint32(16), axis=0))
    for precision, left in different.items():
        if left < count:
            why = (
                f"{left} of {count} {side.word}s are distinct once they are rounded to {precision}"
            )
            yield Evidence("low-precision ties", 0.0, float(left), float(count), why)


def _one_signed(subject: Subject, side: Side) -> Evidence:
    """Return how surprising it is that a row has entries of one sign only."""
    kind = "one-signed rows"
    filled = side.squares > 0.0
    one = np.flatnonzero(((side.lowest >= 0.0) | (side.highest <= 0.0)) & filled)
    if not one.size:
        return Evidence(kind, 1.0, 0.0, 0.0, "")
    some = one[: max(1, 2**20 // side.length)]
    entries = np.count_nonzero(read_side(subject.matrix, side, some), axis=1)
    longest = int(entries.max())
    positive = subject.found.positive / max(1.0 - subject.found.zeros, 1e-9)
    chance = laws.one_sign_chance(min(positive, 1.0), longest, side.squares.size)
    expected = side.squares.size * 2.0 ** (1 - longest)
    why = (
        f"{one.size} of {side.squares.size} {side.word}s have entries of one sign only, "
        f"{side.word} {some[int(entries.argmax())]} all its {longest}"
    )
    return Evidence(kind, chance, float(one.size), expected, why, subject.is_soft)


def _of_norms(subject: Subject) -> Iterator[Evidence]:
    """Yield how far the longest and the shortest row are from what chance gives."""
    found = subject.found
    if abs(found.mean) > found.deviation:
        return  # the kurtosis is about 0, and says nothing of entries about another mean
    for side in found.sides:
        centered = side.squares - 2.0 * found.mean * side.sums + side.length * found.mean**2
        filled = side.squares > 0.0
        norms = centered[filled]
        if norms.size < 4 or side.length < 2:
            continue
        places = np.flatnonzero(filled)
        typical = float(np.median(norms))
        for which, word in (
            (int(np.argmax(norms)), "longest"),
            (int(np.argmin(norms)), "shortest"),
        ):
            square = float(norms[which])
            others = (float(norms.sum()) - square) / (norms.size - 1)
            above, below = laws.row_norm_chance(
                square, others, norms.size, side.length, found.kurtosis
            )
            ratio = math.sqrt(max(square, 0.0) / typical) if typical > 0.0 else math.inf
            why = f"the {word} {side.word}, {places[which]}, has {ratio:.3g} times the typical norm"
            chance = above if word == "longest" else below
            yield Evidence("row norms", chance, ratio, 1.0, why)


# Slices of arrays of three axes and more


def _of_slices(subject: Subject, array: _Numbers, layout: str) -> Iterator[Evidence]:
    """Yield which heads, experts, members or channels are copies of each other."""
    for axis in slice_axes(array, layout):
        moved = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
        (side,) = sweep(array, moved, ("row",)).sides
        same = copies(moved, side, likely_pairs(side), subject.found.precision)
        if same is None:
            continue
        found = _copied(subject, side, same, "equal slices")
        why = found.why.replace("rows", f"slices along axis {axis}", 1)
        yield found._replace(why=why.replace("rows", "slices"), kind="equal slices")
