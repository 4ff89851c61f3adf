"""What arrays show beside each other.

Of each array that was walked over, a few thousand numbers are kept; the arrays themselves are gone
by then, as they may come one at a time from a file that is larger than the memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _audit_laws as laws
from symlib._audit_names import (
    bias_name,
    has_parallel_copies,
    is_bias,
    is_shared_by_name,
    partner_words,
    pattern_of,
    query_key_value,
)
from symlib._audit_subject import Evidence
from symlib._linkage import chain_labels

__all__ = ["Among", "Kept", "compare_arrays"]

_Doubles = npt.NDArray[np.float64]

_PREFIX: Final = 24  # numbers by which two streams are told apart
_AGREE: Final = 2e-3  # difference of entries of prefixes of norm 1, which bfloat16 stays within
_MOST_MULTIPLIED: Final = 2e9  # products for the correlations of arrays of one size
_MOST_PAIRS: Final = 50
_FEWEST: Final = 64  # numbers whose correlation is looked at
_SAME_SCALE: Final = 0.05  # difference of scales, as a share, that nobody asks about


class Kept(NamedTuple):
    """What is kept of an array.

    Attributes
    ----------
    name : str
    shape : tuple of int
    checksum : int
    entries : int
    mean_square, kurtosis : float
    head, down : arrays
        The first numbers, and the first ones of the transposed matrix.
    norms : tuple of arrays
        The norms of the rows and of the columns, those of the units first.
    values : array or None
        All of it, for a bias.
    is_zero, is_constant, is_soft, is_trained : bool
    """

    name: str
    shape: tuple[int, ...]
    checksum: int
    entries: int
    mean_square: float
    kurtosis: float
    head: npt.NDArray[np.float32]
    down: npt.NDArray[np.float32]
    norms: tuple[_Doubles, ...]
    values: _Doubles | None
    is_zero: bool
    is_constant: bool
    is_soft: bool
    is_trained: bool


Among = tuple[tuple[str, ...], Evidence]


def compare_arrays(kept: Sequence[Kept]) -> list[Among]:
    """Return the evidence of all checks across arrays, each with the names it is about."""
    varied = [one for one in kept if not one.is_constant]
    groups = _equal_groups(varied)
    found = [_equal(group) for group in groups]
    copies = {one.name for group in groups for one in group[1:]}
    single = [one for one in varied if one.name not in copies and not one.is_soft]
    streams, stream_of = _same_streams(single)
    found += streams
    found += _similar(single, stream_of)
    found += _zero_paths(kept)
    found += _dead_biases(kept)
    found += _scales([one for one in varied if not one.is_soft])
    return found


def _equal_groups(arrays: Sequence[Kept]) -> list[list[Kept]]:
    """Return the groups of arrays that are equal: same shape, checksum and first numbers."""
    groups: dict[tuple[Any, ...], list[Kept]] = {}
    for one in arrays:
        if one.entries < 2:
            continue
        key = (one.shape, one.checksum, one.mean_square, one.head.tobytes())
        groups.setdefault(key, []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def _equal(group: Sequence[Kept]) -> Among:
    """Return what a group of equal arrays is."""
    names = [one.name for one in group]
    listed = ", ".join(names[:4]) + (" and others" if len(names) > 4 else "")
    why = f"{len(names)} arrays of shape {group[0].shape} are equal: {listed}"
    is_soft = any(one.is_soft or not one.is_trained for one in group)
    if is_shared_by_name(names):
        kind = "shared"
    elif all(one.is_soft for one in group):
        kind = "equal tables"
    elif query_key_value(names):
        kind = "query = key"
    elif has_parallel_copies(names):
        kind = "equal slices"
    else:
        kind = "equal arrays"
    return tuple(names), Evidence(kind, 0.0, 1.0, float(len(names)), why, is_soft)


def _same_streams(arrays: Sequence[Kept]) -> tuple[list[Among], dict[str, int]]:
    """Return which arrays begin with the same numbers, up to a factor and a shift.

    Two independent beginnings agree as nearly with a chance far below 1e-40: the law of the
    correlation of 24 numbers.
    """
    names = []
    points = []
    for one in arrays:
        for numbers in (one.head, one.down):
            prefix = numbers[:_PREFIX].astype(np.float64)
            point = _centered(prefix)
            if point is not None and np.unique(prefix).size > _PREFIX // 2:
                names.append(one.name)
                points.append(point)
    if len(points) < 2:
        return [], {}
    labels = chain_labels([np.stack(points)], _AGREE, "sign")
    found: dict[tuple[str, ...], Evidence] = {}
    stream_of: dict[str, int] = {}
    counts = np.bincount(labels)
    pairs = len(points) * (len(points) - 1) / 2.0
    chance = laws.cosine_chance(_PREFIX * _AGREE**2, _PREFIX - 1, pairs)
    for label in np.flatnonzero(counts > 1):
        members = list(dict.fromkeys(names[k] for k in np.flatnonzero(labels == label)))
        if len(members) < 2:
            continue
        for name in members:
            stream_of[name] = int(label)
        listed = ", ".join(members[:4]) + (" and others" if len(members) > 4 else "")
        why = f"{len(members)} arrays begin with the same numbers up to a factor: {listed}"
        evidence = Evidence("same stream", chance, float(len(members)), 1.0, why)
        found[tuple(members)] = evidence  # once, where beginnings agree both ways
    return list(found.items()), stream_of


def _centered(numbers: _Doubles) -> _Doubles | None:
    """Return numbers less their mean, at norm 1, or None where they are too few or all equal."""
    if numbers.size < _PREFIX:
        return None
    centered = numbers - numbers.mean()
    length = float(np.linalg.norm(centered))
    return np.asarray(centered / length) if length > 0.0 else None


def _similar(arrays: Sequence[Kept], stream_of: dict[str, int]) -> Iterator[Among]:
    """Yield how correlated arrays of one size are, entry by entry, those of one stream aside."""
    sizes: dict[int, list[Kept]] = {}
    for one in arrays:
        if one.entries >= _FEWEST and len(one.shape) > 1:
            sizes.setdefault(one.entries, []).append(one)
    for group in sizes.values():
        if len(group) > 1:
            yield from _correlated(group, stream_of)


def _correlated(group: Sequence[Kept], stream_of: dict[str, int]) -> Iterator[Among]:
    count = len(group)
    length = min(group[0].head.size, max(_FEWEST, int(_MOST_MULTIPLIED / count**2)))
    rows = np.stack([one.head[:length] for one in group]).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(norms > 0.0, norms, 1.0)
    table = np.abs(np.triu(rows @ rows.T, 1))
    pairs = count * (count - 1) / 2.0
    order = np.argsort(table, axis=None)[::-1]
    for place in order[:_MOST_PAIRS]:
        first, second = (group[int(k)] for k in np.unravel_index(place, table.shape))
        correlation = float(table.flat[place])
        one_stream = stream_of.get(first.name, -1) == stream_of.get(second.name, -2)
        if one_stream:
            continue
        chance = laws.correlation_chance(correlation, length, pairs)
        typical = math.sqrt(2.0 * math.log(max(pairs, 2.0)) / length)
        why = f"{first.name} and {second.name} have the correlation {correlation:.3f}"
        evidence = Evidence("similar arrays", chance, correlation, typical, why)
        yield (first.name, second.name), evidence
        if chance > 1e-6:
            return


def _zero_paths(kept: Sequence[Kept]) -> Iterator[Among]:
    """Yield the pairs of arrays that are both 0 and, by their names, factors of one path."""
    matrices = (one for one in kept if len(one.shape) > 1 and not is_bias(one.name))
    zero = {one.name for one in matrices if one.is_zero}
    for name in sorted(zero):
        for other in partner_words(name):
            if other in zero:
                why = f"{name} and {other} are both 0: each may be a factor of the other's gradient"
                yield (name, other), Evidence("zero path", 0.0, 0.0, 0.0, why)


def _dead_biases(kept: Sequence[Kept]) -> Iterator[Among]:
    """Yield the biases that are large beside the norms of the rows they belong to.

    With inputs of variance 1 the sum of a unit has the norm of its row as its standard deviation.
    """
    biases = {one.name: one for one in kept if one.values is not None and not one.is_zero}
    for one in kept:
        bias = biases.get(bias_name(one.name) or "")
        if bias is None or bias.values is None:
            continue
        fitting = [norms for norms in one.norms if norms.size == bias.values.size]
        if not fitting or not np.any(fitting[0] > 0.0):
            continue
        norms = np.where(fitting[0] > 0.0, fitting[0], np.inf)
        ratio = np.abs(bias.values) / norms
        unit = int(np.argmax(ratio))
        worst = float(ratio[unit])
        chance = laws.bias_chance(worst, one.entries // ratio.size, ratio.size)
        why = (
            f"the bias of unit {unit} is {worst:.3g} times the norm of its weights, so that few "
            "inputs of variance 1 turn it on or off"
        )
        yield (bias.name, one.name), Evidence("dead biases", chance, worst, 1.0, why)


def _scales(arrays: Sequence[Kept]) -> Iterator[Among]:
    """Yield how the scale of an array differs from that of others of its name and shape."""
    groups: dict[tuple[str, tuple[int, ...]], list[Kept]] = {}
    for one in arrays:
        if len(one.shape) > 1:
            groups.setdefault((pattern_of(one.name), one.shape), []).append(one)
    for group in groups.values():
        if len(group) < 3:
            continue
        squares = np.array([one.mean_square for one in group])
        typical = float(np.median(squares))
        place = int(np.argmax(np.abs(np.log(squares / typical))))
        one = group[place]
        ratio = float(squares[place]) / typical
        scale = math.sqrt(ratio)
        if abs(scale - 1.0) < _SAME_SCALE:
            continue
        others = one.entries * (len(group) - 1)
        chance = min(1.0, len(group) * laws.scale_chance(ratio, one.entries, others, one.kurtosis))
        why = (
            f"the scale is {scale:.3g} times that of {len(group) - 1} others of its name and shape"
        )
        yield (one.name,), Evidence("scale", chance, scale, 1.0, why)
