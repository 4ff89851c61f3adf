"""What one array shows by itself.

Each check gives one piece of `Evidence`, whether it is surprising or not, so that whoever collects
them knows how many there were: the chance of each is that of seeing as much somewhere in this array
if its entries were drawn independently of each other, and what a model shows is worth that chance
times the number of checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

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
from symlib._audit_names import is_table_by_name
from symlib._audit_sweep import Side, Sweep, sweep
from symlib._linkage import Indices
from symlib._rank import rounding_unit

__all__ = [
    "LAYOUTS",
    "Evidence",
    "as_matrix",
    "examine",
    "looks_designed",
    "slice_axes",
    "without_leading_ones",
]

_Numbers = npt.NDArray[Any]

LAYOUTS: Final = ("torch", "keras", "flax")

_ALL: Final = 2**31

_GARBAGE: Final = (1e-20, 1e6)  # set by hand: no start draws numbers beyond
_SPIKE: Final = 50.0  # standard deviations (set by hand: one of 100 is measured as 99)
_FEW: Final = 2e-3  # repetitions: fewer than 500 values that are equally frequent
_FEW_OF_LOW_PRECISION: Final = 0.05  # fewer than 20: a binade of bfloat16 has 128 values
_SMOOTH: Final = 0.5  # correlation of neighbors, which random entries of 64 pass with chance 6e-5
_HEAVY: Final = 6.0  # kurtosis above which laws of Gaussian entries say nothing
_NEARLY: Final = 0.2  # of the largest entry: what lies closer together is a constant and noise
_SMALLEST: Final = 16  # entries of a matrix that laws say something about
_CHANNELS: Final = 7  # a kernel has no more taps; a stack of matrices has longer axes
_EDGE: Final = 1024  # rows and columns of which the largest singular value is found
_STEPS: Final = 8  # of the power method
_PIVOTS: Final = 256  # rows whose rank is found
_SPARE: Final = 32  # columns more than these, so that the last pivots are not small by chance
_ROUNDINGS: Final = 32.0  # units of rounding that a sum of rows and its decomposition make
_COMPARED: Final = 48  # rows that are compared with all others


class Evidence(NamedTuple):
    """What one check found.

    Attributes
    ----------
    kind : str
    chance : float
        How probable this, or more, is in an array of independent entries; 0 where it is not the
        outcome of chance at all.
    measured, expected : float
        What was found, and what such an array has, in the same terms.
    why : str
    is_soft : bool
        Whether the array looks as if this was meant: a table, few values, whole repetitions.
    """

    kind: str
    chance: float
    measured: float
    expected: float
    why: str
    is_soft: bool = False


class _Subject(NamedTuple):
    """An array under examination."""

    name: str
    matrix: _Numbers
    found: Sweep
    is_soft: bool
    is_looked_up: bool
    thorough: bool


def examine(
    name: str, array: _Numbers, *, layout: str, is_looked_up: bool = False, thorough: bool = False
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
    subject = _Subject(name, matrix, found, is_soft, is_looked_up, thorough)
    if is_beyond(found):
        largest = max(-found.lowest, found.highest)
        why = f"the largest entry is {largest:.3g}, which no start draws: memory nobody wrote to?"
        return None, [Evidence("garbage", 0.0, largest, 1.0, why, subject.is_soft)]
    is_vector = max(array.shape, default=1) == array.size
    if is_vector:
        return found, []
    if found.lowest == found.highest:
        return found, [_constant(found)]
    evidence = list(_of_rows(subject))
    if _is_nearly_constant(found):
        evidence.append(_constant(found))
    elif not _has_few_values(found) and found.zeros < 0.5 and found.entries >= _SMALLEST:
        evidence += _of_entries(subject)
        evidence += _of_norms(subject)
        evidence += _of_spectrum(subject)
    evidence += _of_slices(subject, array, layout)
    return found, evidence


def without_leading_ones(array: _Numbers) -> _Numbers:
    """Return an array without the axes in front that have the length 1, as positions have them."""
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    return array


def as_matrix(array: _Numbers, layout: str) -> tuple[_Numbers, tuple[str, ...]]:
    """Return an array as a matrix, and which of its sides to look at, that of the units first."""
    if array.ndim < 2:
        return array.reshape(1, -1), ("row",)
    if array.ndim == 2:
        return array, ("row", "column") if layout == "torch" else ("column", "row")
    if layout == "torch":
        if _is_stack(array):
            return array.reshape(-1, array.shape[-1]), ("row",)
        return array.reshape(array.shape[0], -1), ("row",)
    if array.shape[-1] == 1:  # depthwise: (height, width, channels, 1)
        return array.reshape(-1, array.shape[-2]), ("column",)
    return array.reshape(-1, array.shape[-1]), ("column",)


def _is_stack(array: _Numbers) -> bool:
    """Tell whether three axes are a stack of matrices and not the kernel of a convolution."""
    return array.ndim == 3 and min(array.shape[1:]) > _CHANNELS


def looks_designed(name: str, found: Sweep) -> bool:
    """Tell whether an array looks like a table, or holds few values."""
    return is_table_by_name(name) or found.smoothness > _SMOOTH or _has_few_values(found)


def is_beyond(found: Sweep) -> bool:
    """Tell whether the largest entry is one that no start draws."""
    largest = max(-found.lowest, found.highest)
    return largest > 0.0 and not _GARBAGE[0] < largest < _GARBAGE[1]


def _is_nearly_constant(found: Sweep) -> bool:
    """Tell whether all entries lie close together beside their size.

    Their differences are then what rounding has left of them, and no law of random entries is
    asked.
    """
    return found.highest - found.lowest <= _NEARLY * max(-found.lowest, found.highest)


def _has_few_values(found: Sweep) -> bool:
    """Tell whether values come back more often than the precision alone makes them."""
    is_low = found.precision in ("bfloat16", "float16")
    return found.repetition > (_FEW_OF_LOW_PRECISION if is_low else _FEW)


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
        why = f"all {found.entries} entries lie between {value:.6g} and {found.highest:.6g}"
        return Evidence("constant", 0.0, value, 0.0, why)
    why = f"all {found.entries} entries are {value:.6g}"
    return Evidence("constant", 0.0, value, 0.0, why)


def _of_entries(subject: _Subject) -> Iterator[Evidence]:
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


def _of_rows(subject: _Subject) -> Iterator[Evidence]:
    """Yield what the copies among rows and columns tell, and those that are 0."""
    found = subject.found
    wide = [side for side in found.sides if side.length >= 2 and side.squares.size >= 2]
    most = _ALL if subject.thorough else _COMPARED
    widest = {}
    is_varied = found.zeros < 0.5 and not _has_few_values(found) and not _is_nearly_constant(found)
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
        elif same is None and _is_nearly_constant(found):
            yield from _low_precision(subject, side)
        yield _one_signed(subject, side)
        if same is not None and same.is_one:
            return  # all rows are multiples of one, and so are the columns


def _zeros(subject: _Subject, side: Side) -> Iterator[Evidence]:
    zero = np.flatnonzero(side.squares == 0.0)
    if not zero.size:
        return
    count = side.squares.size
    why = f"{zero.size} of {count} {side.word}s are 0, the first of them {side.word} {zero[0]}"
    is_padding = zero.size == 1 and side.word == "row" and subject.is_looked_up
    kind = "padding" if is_padding else "zero rows"
    yield Evidence(kind, 0.0, float(zero.size), 0.0, why)


def _copied(subject: _Subject, side: Side, same: Copies | None, kind: str) -> Evidence:
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
        kind = "equal slices"
    soft = subject.is_soft or same.repeated
    if same.repeated:
        why += ", and each stands beside its copies, as pixel shuffles have it"
    return Evidence(kind, chance, float(same.different), count, why, soft)


def _similar(subject: _Subject, side: Side, left: Indices, right: Indices) -> Iterator[Evidence]:
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


def _low_precision(subject: _Subject, side: Side) -> Iterator[Evidence]:
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


def _one_signed(subject: _Subject, side: Side) -> Evidence:
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


def _of_norms(subject: _Subject) -> Iterator[Evidence]:
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


# Singular values


def _of_spectrum(subject: _Subject) -> Iterator[Evidence]:
    """Yield what the largest singular value tells, and how many rows depend on others."""
    found = subject.found
    part = _part(subject.matrix, found, _EDGE if not subject.thorough else _ALL)
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
    wide: npt.NDArray[np.float32] = part if rows <= columns else part.T
    most = _PIVOTS if not subject.thorough else _ALL
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


def _part(matrix: _Numbers, found: Sweep, most: int) -> npt.NDArray[np.float32]:
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


def _largest_singular_value(matrix: npt.NDArray[np.float32]) -> float:
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


def _pivots(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return how far each row is from the span of those before it."""
    from scipy.linalg import qr  # here, as its import takes its time

    (triangle,) = qr(matrix.T, mode="r", check_finite=False, overwrite_a=True)
    return np.asarray(np.diag(triangle), dtype=np.float64)


# Slices of arrays of three axes and more


def slice_axes(array: _Numbers, layout: str) -> list[int]:
    """Return the axes along which slices may be heads, experts, members or channels."""
    if array.ndim < 3 or max(array.shape) == array.size:
        return []
    if _is_stack(array):
        axes = [0, 1, 2] if layout == "torch" else [0, 1]
    elif layout == "torch":
        axes = [1]
    else:
        axes = [0, 1] if array.ndim == 3 else [array.ndim - 2]
    return [axis for axis in axes if 2 <= array.shape[axis] < array.size]


def _of_slices(subject: _Subject, array: _Numbers, layout: str) -> Iterator[Evidence]:
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
