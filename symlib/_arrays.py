"""One sentence for each wrong argument.

Every public function passes its arguments through one of these checks, so that bad input is
answered at the door by ``<argument> must be <wanted>, got <what came>`` and never by a wrong
number or by a traceback from deep inside.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Array",
    "choice",
    "flag",
    "generator",
    "labels",
    "number",
    "phrase",
    "real_array",
    "room",
    "shape",
    "whole",
]

Array = npt.NDArray[np.floating[Any]]

_ENTRIES = 2**40  # more than any computer holds: what is larger is a mistake


def real_array(
    name: str, value: npt.ArrayLike, axes: Sequence[str | int], *, leading: str | None = None
) -> Array:
    """Return ``value`` as a finite floating-point array with the named axes.

    ``axes`` names each axis, or gives the length it must have. With ``leading`` the array may
    have further axes in front, which the message calls by that name. ``float32`` and ``float64``
    are kept as they come; whole numbers and booleans become ``float64``.
    """
    wanted = f"an array of shape {_written(axes, leading)}"
    array = _array(name, value, wanted)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must be {wanted} of real numbers, got dtype {array.dtype}")
    extra = array.ndim - len(axes)
    fits = extra == 0 or (extra > 0 and leading is not None)
    lengths = array.shape[max(extra, 0) :]
    if not fits or any(
        isinstance(axis, int) and axis != length
        for axis, length in zip(axes, lengths, strict=False)
    ):
        raise ValueError(f"{name} must be {wanted}, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must be {wanted} with no empty axis, got shape {array.shape}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at index {where}")
    return array


def labels(
    name: str, value: npt.ArrayLike, axes: Sequence[str | int], *, classes: int
) -> npt.NDArray[np.intp]:
    """Return ``value`` as an array of whole numbers from 0 up to ``classes`` (exclusive)."""
    wanted = f"an array of shape {_written(axes, None)} of whole numbers from 0 to {classes - 1}"
    array = _array(name, value, wanted)
    if array.dtype.kind not in "ui":
        raise TypeError(f"{name} must be {wanted}, got dtype {array.dtype}")
    if array.ndim != len(axes) or any(
        isinstance(axis, int) and axis != length
        for axis, length in zip(axes, array.shape, strict=False)
    ):
        raise ValueError(f"{name} must be {wanted}, got shape {array.shape}")
    if array.size and (array.min() < 0 or array.max() >= classes):
        worst = array.min() if array.min() < 0 else array.max()
        raise ValueError(f"{name} must be {wanted}, got {worst}")
    return array.astype(np.intp)


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
) -> float:
    """Return ``value`` as a finite float above, at least, or below the given bounds."""
    wanted = "a finite number"
    if above is not None:
        wanted += f" above {above:g}"
    if least is not None:
        wanted += f" of at least {least:g}"
    if below is not None:
        wanted += (
            f" and below {below:g}"
            if above is not None or least is not None
            else (f" below {below:g}")
        )
    try:
        if isinstance(value, str | bytes) or value is np.ma.masked:
            raise TypeError
        if np.ndim(value) != 0:  # type: ignore[arg-type]
            raise TypeError
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {wanted}, got {_short(value)}") from None
    except OverflowError:
        raise ValueError(f"{name} must be {wanted}, got {_short(value)}") from None
    if (
        not math.isfinite(result)
        or (above is not None and result <= above)
        or (least is not None and result < least)
        or (below is not None and result >= below)
    ):
        raise ValueError(f"{name} must be {wanted}, got {result:g}")
    return result


def whole(name: str, value: object, *, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` as an ``int`` of at least ``least`` and at most ``most``."""
    wanted = f"a whole number of at least {least}"
    if most is not None:
        wanted = f"a whole number from {least} to {most}"
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        result = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be {wanted}, got {_short(value)}") from None
    if most is None and result > _ENTRIES:
        raise ValueError(f"{name} must be {wanted} and at most {_ENTRIES}, got {_short(result)}")
    if result < least or (most is not None and result > most):
        raise ValueError(f"{name} must be {wanted}, got {_short(result)}")
    return result


def flag(name: str, value: object) -> bool:
    """Return ``value`` when it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {_short(value)}")
    return bool(value)


def room(name: str, *lengths: int) -> None:
    """Refuse an argument that asks for an array that no computer holds."""
    if math.prod(lengths) > _ENTRIES:
        asked = " times ".join(map(_short, lengths))
        raise ValueError(f"{name} must ask for at most {_ENTRIES} numbers, got {asked}")


def shape(name: str, value: object) -> tuple[int, ...]:
    """Return ``value`` as the shape of one weight matrix or of a stack of them."""
    wanted = "(fan_out, fan_in) or (replicas, fan_out, fan_in) in positive whole numbers"
    try:
        lengths = tuple(operator.index(n) for n in value)  # type: ignore[attr-defined]
    except TypeError:
        raise TypeError(f"{name} must be {wanted}, got {_short(value)}") from None
    if len(lengths) < 2 or min(lengths) < 1:
        raise ValueError(f"{name} must be {wanted}, got {lengths}")
    room(name, *lengths)
    return lengths


def choice(name: str, value: object, options: Iterable[str]) -> str:
    """Return ``value`` when it is one of the ``options``."""
    known = tuple(options)
    if not isinstance(value, str) or value not in known:
        listed = ", ".join(repr(option) for option in known)
        raise ValueError(f"{name} must be one of {listed}, got {_short(value)}")
    return value


def phrase(name: str, value: object, *, most: int) -> str:
    """Return ``value`` when it is a text that is not blank and has at most ``most`` characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ValueError(f"{name} must be a phrase of at most {most} characters, got {value!r}")
    return value


def generator(rng: object) -> np.random.Generator:
    """Return the generator that ``rng`` names: itself, one from a seed, or a fresh one."""
    try:
        return np.random.default_rng(rng)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"rng must be None, a seed or a numpy.random.Generator, got {_short(rng)}"
        ) from None


def _array(name: str, value: npt.ArrayLike, wanted: str) -> npt.NDArray[Any]:
    if isinstance(value, np.ma.MaskedArray):  # whose numbers under the mask would be taken
        raise TypeError(f"{name} must be {wanted} without a mask, got a masked array")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be {wanted}, got rows of unequal length") from None


def _written(axes: Sequence[str | int], leading: str | None) -> str:
    names = [str(axis) for axis in axes]
    if leading is not None:
        names.insert(0, f"[{leading}]")
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
