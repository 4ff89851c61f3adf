"""One sentence for each wrong argument.

Every public function passes its arguments through one of these checks, so that bad input is
answered at the door by ``<argument> must be <wanted>, got <what came>`` and never by a wrong
number or by a traceback from deep inside.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

__all__ = [
    "Array",
    "Rng",
    "choice",
    "flag",
    "generator",
    "has_entries",
    "labels",
    "matrix_shape",
    "number",
    "numbers",
    "phrase",
    "plain_array",
    "real_array",
    "real_numbers",
    "room",
    "shown",
    "weight_shape",
    "whole",
]

Array = npt.NDArray[np.floating[Any]]
Rng = np.random.Generator | int | None

_ENTRIES = 2**40  # more than any computer holds: what is larger is a mistake


def has_entries(value: object) -> TypeGuard[Iterable[Any]]:
    """Tell whether a value can be gone through; an array without axes claims that it can."""
    return isinstance(value, Iterable) and getattr(value, "ndim", 1) != 0


def real_array(
    name: str, value: npt.ArrayLike, axes: Sequence[str | int], *, leading: str | None = None
) -> Array:
    """Return ``value`` as a finite floating-point array with the named axes.

    ``axes`` names each axis, or gives the length it must have. With ``leading`` the array may
    have one further axis in front, which the message calls by that name. ``float32`` and
    ``float64`` are kept as they come, ``bfloat16`` becomes ``float32``, and all other real numbers
    become ``float64``. A tensor is read as the array that it holds.
    """
    wanted = f"an array of shape {_written(axes, leading)}"
    array = real_numbers(name, value, wanted)
    extra = array.ndim - len(axes)
    if extra not in ((0, 1) if leading else (0,)) or not _has_lengths(array.shape[extra:], axes):
        raise ValueError(
            f"{name} must be {wanted}, got shape {array.shape}{_cure(array, axes, leading)}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must be {wanted} with no empty axis, got shape {array.shape}")
    return _finite(name, array)


def numbers(name: str, value: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return ``value``, a finite real number or an array of any shape, in double precision."""
    array = real_numbers(name, value, "an array")
    if array.size == 0:
        raise ValueError(f"{name} must be an array with no empty axis, got shape {array.shape}")
    return _finite(name, array).astype(np.float64, copy=False)


def labels(
    name: str, value: npt.ArrayLike, axes: Sequence[str | int], *, classes: int
) -> npt.NDArray[np.intp]:
    """Return ``value`` as an array of whole numbers from 0 up to ``classes`` (exclusive)."""
    wanted = f"an array of shape {_written(axes, None)} of whole numbers from 0 to {classes - 1}"
    array = plain_array(name, value, wanted)
    if array.dtype.kind not in "ui":
        raise TypeError(f"{name} must be {wanted}, got dtype {array.dtype}")
    if array.ndim != len(axes) or not _has_lengths(array.shape, axes):
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
    bounds = []
    if above is not None:
        bounds.append(f"above {above:g}")
    if least is not None:
        bounds.append(f"of at least {least:g}")
    if below is not None:
        bounds.append(f"below {below:g}")
    wanted = f"a finite number {' and '.join(bounds)}".rstrip()
    try:
        # Not all that float() takes is meant: texts are not, and complex numbers lose a part.
        known = isinstance(value, Real) or hasattr(value, "detach")
        if value is np.ma.masked or not (known or np.asarray(value).dtype.kind in "buif"):
            raise TypeError
        scalar = _without_gradient(value)
        if np.ndim(scalar) != 0:
            raise TypeError
        result = float(scalar)
    except OverflowError:
        raise ValueError(f"{name} must be {wanted}, got {shown(value)}") from None
    except Exception:  # whatever a library of tensors says when it cannot
        raise TypeError(f"{name} must be {wanted}, got {shown(value)}") from None
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
        raise TypeError(f"{name} must be {wanted}, got {shown(value)}") from None
    if most is None and result > _ENTRIES:
        raise ValueError(f"{name} must be {wanted} and at most {_ENTRIES}, got {shown(result)}")
    if result < least or (most is not None and result > most):
        raise ValueError(f"{name} must be {wanted}, got {shown(result)}")
    return result


def flag(name: str, value: object) -> bool:
    """Return ``value`` when it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def room(name: str, *lengths: int) -> None:
    """Refuse an argument that asks for an array that no computer holds."""
    if math.prod(lengths) > _ENTRIES:
        asked = " times ".join(map(shown, lengths))
        raise ValueError(f"{name} must ask for at most {_ENTRIES} numbers, got {asked}")


def matrix_shape(name: str, value: object) -> tuple[int, int]:
    """Return ``value`` as the shape (fan_out, fan_in) of a matrix."""
    wanted = "(fan_out, fan_in) in positive whole numbers"
    lengths = _lengths(name, value, wanted)
    if len(lengths) != 2:
        raise ValueError(f"{name} must be {wanted}, got {lengths}")
    fan_out, fan_in = lengths
    return fan_out, fan_in


def weight_shape(
    name: str, value: object, *, replicas: object, kernel: object
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the replica axis, ``()`` or ``(replicas,)``, and the shape of one weight.

    A weight is a matrix (fan_out, fan_in) or the kernel of a convolution, which has one further
    axis for each axis of space. Three axes could be a stack of matrices or a kernel of one
    dimension, so that they need a word.
    """
    wanted = "(fan_out, fan_in) or that of a kernel, in positive whole numbers"
    lengths = _lengths(name, value, wanted)
    is_kernel = flag("kernel", kernel)
    if len(lengths) == 3 and not is_kernel:
        count, *matrix = lengths
        raise ValueError(
            f"{name} must say what its three axes are: {tuple(matrix)} with replicas={count}, or "
            f"kernel=True for the kernel of a one-dimensional convolution, got {lengths}"
        )
    if len(lengths) < 2 or (is_kernel and len(lengths) == 2):
        wanted = "(fan_out, fan_in, taps, ...) with kernel=True" if is_kernel else wanted
        raise ValueError(f"{name} must be {wanted}, got {lengths}")
    if replicas is None:
        return (), lengths
    stack = (whole("replicas", replicas),)
    room(name, *stack, *lengths)
    return stack, lengths


def choice(name: str, value: object, options: Iterable[str]) -> str:
    """Return ``value`` when it is one of the ``options``."""
    known = tuple(options)
    if not isinstance(value, str) or value not in known:
        listed = ", ".join(repr(option) for option in known)
        raise ValueError(f"{name} must be one of {listed}, got {shown(value)}")
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
            f"rng must be None, a seed of at least 0 or a numpy.random.Generator, got {shown(rng)}"
        ) from None


def shown(value: object) -> str:
    """Return what came as a message shows it: in one line, and not all of it."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def plain_array(name: str, value: npt.ArrayLike, wanted: str) -> npt.NDArray[Any]:
    """Return ``value`` as an array, whatever its numbers are."""
    if value is None:
        raise TypeError(f"{name} must be {wanted}, got None")
    if hasattr(value, "_fields"):  # a record such as a Layer, of which one array is wanted
        raise TypeError(f"{name} must be {wanted}, got a {type(value).__name__}")
    if np.ma.is_masked(value):  # the numbers under the mask would be taken
        raise TypeError(f"{name} must be {wanted} without a mask, got a masked array")
    try:
        array = np.asarray(_without_gradient(value))
    except ValueError:
        raise ValueError(f"{name} must be {wanted}, got rows of unequal length") from None
    except Exception as error:  # whatever a library of tensors says when it cannot
        raise TypeError(
            f"{name} must be {wanted}, got {type(value).__name__} that NumPy cannot read: {error}"
        ) from None
    if array.dtype.kind == "V" and array.dtype.name == "bfloat16":  # which JAX hands out
        array = array.astype(np.float32)
    return array


def _without_gradient(value: Any) -> Any:
    """Return what NumPy can read of a tensor of PyTorch; other values as they are."""
    if not hasattr(value, "detach"):
        return value
    tensor = value.detach().cpu()
    return tensor.float() if "bfloat16" in str(tensor.dtype) else tensor


def real_numbers(name: str, value: npt.ArrayLike, wanted: str) -> Array:
    """Return ``value`` as an array of real numbers in single or double precision."""
    array = plain_array(name, value, wanted)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must be {wanted} of real numbers, got dtype {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # a long double may become infinite, which is told below
            array = array.astype(np.float64)
    return array


def _finite(name: str, array: Array) -> Array:
    """Return the array once all of it is known to be finite."""
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at index {where}")
    return array


def _has_lengths(shape: tuple[int, ...], axes: Sequence[str | int]) -> bool:
    """Tell whether each axis that is given by its length has that length."""
    return all(
        not isinstance(axis, int) or axis == length
        for axis, length in zip(axes, shape, strict=True)
    )


def _cure(array: Array, axes: Sequence[str | int], leading: str | None) -> str:
    """Return what to do with the kernel of a convolution where a matrix is wanted."""
    if len(axes) != 2 or axes[0] == "samples" or isinstance(axes[0], int) or array.ndim < 4:
        return ""
    cure = "; reshape a kernel (out, in, height, width) to (out, in * height * width)"
    if leading is not None:
        cure += f", and a stack with several axes to one axis of {leading}"
    return cure


def _lengths(name: str, value: object, wanted: str) -> tuple[int, ...]:
    """Return the lengths of the axes that ``value`` gives, all of them at least 1."""
    try:
        lengths = tuple(operator.index(n) for n in value)  # type: ignore[attr-defined]
    except TypeError:
        raise TypeError(f"{name} must be {wanted}, got {shown(value)}") from None
    if min(lengths, default=0) < 1:
        raise ValueError(f"{name} must be {wanted}, got {lengths}")
    room(name, *lengths)
    return lengths


def _written(axes: Sequence[str | int], leading: str | None) -> str:
    names = [str(axis) for axis in axes]
    if leading is not None:
        names.insert(0, f"[{leading}]")
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"
