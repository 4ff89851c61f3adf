"""How many singular values of rounded numbers are more than rounding.

Numbers that were rounded have errors, and the matrix of the errors has a norm: by Weyl's
inequality no singular value is off by more. What is decided here, on float64 arithmetic, is which
singular values may be nothing but that. The notes of ``nullspace.null_basis`` give the rule with
its reasons, and say how it differs from the usual one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._arrays import Array

__all__ = [
    "ABOVE_NOISE",
    "negligible_share",
    "precision_of",
    "ranks",
    "rounded_multiples",
    "rounding_unit",
    "scaled",
]

_Doubles = npt.NDArray[np.float64]
_Exponents = npt.NDArray[np.int32]


class _Format(NamedTuple):
    """The significant bits of a format, and the exponent of its smallest positive power of two."""

    bits: int
    least: int


_FORMATS: Final = {  # the coarsest first
    "bfloat16": _Format(bits=8, least=-133),
    "float16": _Format(bits=11, least=-24),
    "float32": _Format(bits=24, least=-149),
    "float64": _Format(bits=53, least=-1074),
}

# In equal ratios, so that each number is rounded at five places of its binade, where the spacing
# differs by up to 2; and below 1, so that no product overflows.
_FACTORS: Final = (2**-0.9, 2**-0.7, 2**-0.5, 2**-0.3, 2**-0.1)

# The geometric mean of the noise and ten times the noise. In matrices of known rank, what
# rounding left was at most 2.6 times the noise as estimated here (circulants of 8 numbers), and
# what stood ten times above the true noise was at least 4.5 times the estimate.
ABOVE_NOISE: Final = math.sqrt(10)

_STEPS: Final = 10  # of the power method: it then finds 96 % of the norm of Gaussian matrices


def ranks(
    matrices: Array,
    came_as: Sequence[object],
    *,
    tolerance: float | None = None,
    precision: str | None = None,
    noise: Array | float = 0.0,
) -> npt.NDArray[np.intp]:
    """Return the rank of each matrix of a stack; most arguments are those of `negligible_share`.

    ``noise`` is the norm of errors that the matrices have besides, as products of rounded ones.
    """
    share = negligible_share(matrices, came_as, tolerance=tolerance, precision=precision)
    in_range, exponent = scaled(matrices)
    values = np.linalg.svdvals(in_range)
    floor = ABOVE_NOISE * np.ldexp(noise, -exponent[..., 0, 0])
    threshold = np.maximum(share * values[..., 0], floor)
    is_kept = values > threshold[..., np.newaxis]
    return np.asarray(is_kept.sum(axis=-1), dtype=np.intp)


def negligible_share(
    matrices: Array,
    came_as: Sequence[object],
    *,
    tolerance: float | None = None,
    precision: str | None = None,
) -> _Doubles:
    """Return, for each matrix, up to which share of its largest singular value another is 0.

    ``came_as`` holds what the caller handed in and the matrices were made of, before it was read
    as float32 or float64: its coarsest precision decides, or else ``precision``. With
    ``tolerance``, that is the share.
    """
    named = precision_of(came_as, precision)
    stack = matrices.shape[:-2]
    if tolerance is not None:
        if precision is not None:
            raise ValueError(f"precision must be None beside a tolerance, got {precision!r}")
        asked = _arrays.number("tolerance", tolerance, least=0.0, below=1.0)
        return np.full(stack, asked)
    # The worst case of the decomposition. Ties come near to it, as sums of equal numbers round
    # alike: a fifth of it was seen in matrices of one number.
    share = np.full(stack, max(matrices.shape[-2:]) * float(np.finfo(np.float64).eps))
    if named != "float64":
        share += ABOVE_NOISE * _noise_share(matrices, named)
    return np.asarray(np.minimum(share, 0.5))  # so that what is not 0 has a rank of at least 1


def precision_of(came_as: Sequence[object], precision: object = None) -> str:
    """Return the precision that is named, or else the coarsest in which the values came.

    They may be lists, arrays in any byte order, or tensors. Whole numbers and formats wider than
    float64 count as float64, which they are turned into.
    """
    if precision is not None:
        return _arrays.choice("precision", precision, _FORMATS)
    found = {_dtype_name(value) for value in came_as}
    coarsest_first = [name for name in _FORMATS if name in found]
    return coarsest_first[0] if coarsest_first else "float64"


def rounding_unit(precision: str) -> float:
    """Return the distance from 1 to the next number of a precision."""
    return 2.0 ** (1 - _FORMATS[precision].bits)


def rounded_multiples(matrix: Array, precision: str) -> list[_Doubles]:
    """Return what rounding makes of some multiples of a matrix, divided by the factors again.

    They differ from the matrix as a rounded matrix does from the one before it was rounded, with
    equal errors where entries are equal.
    """
    unit, exponent = scaled(matrix)
    numbers = _FORMATS[precision]
    multiples = []
    for factor in _FACTORS:
        rounded = _rounded(factor * unit, numbers.bits, numbers.least - exponent)
        multiples.append(np.ldexp(rounded / factor, exponent))
    return multiples


def scaled(matrices: Array) -> tuple[_Doubles, _Exponents]:
    """Return each matrix divided by a power of two, its entries below 1, and the exponents."""
    doubles = matrices.astype(np.float64)
    largest = np.abs(doubles).max(axis=(-2, -1), keepdims=True)
    _, exponent = np.frexp(largest)
    return np.ldexp(doubles, -exponent), exponent


def _dtype_name(value: object) -> str:
    dtype: Any = getattr(value, "dtype", None)
    if dtype is None:
        dtype = np.asarray(value).dtype
    name: str = getattr(dtype, "name", str(dtype))  # torch.float16 has no name, only a text
    return name.removeprefix("torch.")


def _noise_share(matrices: Array, precision: str) -> _Doubles:
    """Return the norm of the rounding errors as a share of the largest singular value.

    The errors themselves are not known, and equal entries have equal errors, so that their norm
    depends on the ties of the matrix. A multiple of the matrix has the same ties: what rounding
    does to it is known, and of that size.
    """
    unit, exponent = scaled(matrices)
    squares = []
    for multiple in rounded_multiples(matrices, precision):
        errors = np.ldexp(multiple, -exponent) - unit
        squares.append(_spectral_norm(errors) ** 2)
    noise = np.sqrt(np.mean(squares, axis=0))
    largest = _spectral_norm(unit)
    return np.asarray(noise / np.where(largest > 0, largest, 1.0))


def _rounded(values: _Doubles, bits: int, least: _Exponents) -> _Doubles:
    """Return the nearest numbers of so many bits that are multiples of 2 to the power ``least``."""
    _, exponent = np.frexp(values)
    spacing = np.maximum(exponent - bits, least)
    steps = np.rint(np.ldexp(values, -spacing))
    return np.asarray(np.ldexp(steps, spacing))


def _spectral_norm(matrices: _Doubles) -> _Doubles:
    """Return the largest singular value of each matrix by the power method."""
    columns = matrices.shape[-1]
    direction = np.random.default_rng(0).standard_normal((columns, 1))
    for _ in range(_STEPS):
        image = matrices @ direction
        direction = matrices.mT @ image
        length = np.linalg.norm(direction, axis=-2, keepdims=True)
        direction /= np.where(length > 0, length, 1.0)
    image = matrices @ direction
    return np.asarray(np.linalg.norm(image, axis=(-2, -1)))
