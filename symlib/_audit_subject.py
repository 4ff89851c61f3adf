"""An array as the checks see it: as a matrix of units, with what one walk over it found.

What its numbers look like decides which checks have anything to say: a table, few values, or a
constant with a little noise follow no law of random entries.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy.typing as npt

from symlib._audit_names import is_table_by_name
from symlib._audit_sweep import Sweep

__all__ = [
    "ALL",
    "LAYOUTS",
    "Evidence",
    "Subject",
    "as_matrix",
    "has_few_values",
    "is_beyond",
    "is_nearly_constant",
    "looks_designed",
    "slice_axes",
    "without_leading_ones",
]

_Numbers = npt.NDArray[Any]

LAYOUTS: Final = ("torch", "keras", "flax")
ALL: Final = 2**31  # as many as there are

_GARBAGE: Final = (1e-20, 1e6)  # set by hand: no start draws numbers beyond
_FEW: Final = 2e-3  # repetitions: fewer than 500 values that are equally frequent
_FEW_OF_LOW_PRECISION: Final = 0.05  # fewer than 20: a binade of bfloat16 has 128 values
_SMOOTH: Final = 0.5  # correlation of neighbors, which random entries of 64 pass with chance 6e-5
_NEARLY: Final = 0.2  # of the largest entry: what lies closer together is a constant and noise
_CHANNELS: Final = 7  # a kernel has no more taps; a stack of matrices has longer axes


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


class Subject(NamedTuple):
    """An array under examination."""

    name: str
    matrix: _Numbers
    found: Sweep
    is_soft: bool
    is_looked_up: bool
    thorough: bool


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
    return is_table_by_name(name) or found.smoothness > _SMOOTH or has_few_values(found)


def is_beyond(found: Sweep) -> bool:
    """Tell whether the largest entry is one that no start draws."""
    largest = max(-found.lowest, found.highest)
    return largest > 0.0 and not _GARBAGE[0] < largest < _GARBAGE[1]


def is_nearly_constant(found: Sweep) -> bool:
    """Tell whether all entries lie close together beside their size.

    Their differences are then what rounding has left of them, and no law of random entries is
    asked.
    """
    return found.highest - found.lowest <= _NEARLY * max(-found.lowest, found.highest)


def has_few_values(found: Sweep) -> bool:
    """Tell whether values come back more often than the precision alone makes them."""
    is_low = found.precision in ("bfloat16", "float16")
    return found.repetition > (_FEW_OF_LOW_PRECISION if is_low else _FEW)


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
