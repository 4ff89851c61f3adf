"""Lengths and angles of rows, at each scale of numbers.

The cosine of a small angle does not hold it: at 1e-8 it is 1 in double precision. What is kept here
is the *haversine* sin²(θ/2) = (1 - cos θ)/2, which for almost parallel rows is a quarter of their
squared distance on the unit sphere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array

__all__ = ["line_haversines", "row_lengths", "scaled_rows", "true_indices", "unit_rows"]


def scaled_rows(rows: Array) -> tuple[Array, npt.NDArray[np.intc]]:
    """Return each row over a power of two, and a column of the exponents.

    The largest entry of a row is then about 1, so that squares and products neither overflow nor
    vanish. Nothing is rounded.
    """
    largest = np.abs(rows).max(axis=-1, keepdims=True, initial=0.0)
    _, exponents = np.frexp(largest)
    scaled = np.ldexp(rows, -exponents)
    return scaled, exponents


def unit_rows(rows: Array) -> Array:
    """Return the rows brought to length 1; rows of zeros stay."""
    scaled, _ = scaled_rows(rows)
    lengths = np.linalg.norm(scaled, axis=-1, keepdims=True)
    divisors = np.where(lengths > 0, lengths, 1)
    return np.asarray(scaled / divisors)


def row_lengths(rows: Array) -> Array:
    """Return the length of each row, which may be infinite."""
    scaled, exponents = scaled_rows(rows)
    lengths = np.linalg.norm(scaled, axis=-1)
    with np.errstate(over="ignore"):
        lengths = np.ldexp(lengths, exponents[..., 0])
    return np.asarray(lengths)


def line_haversines(cosine: Array, u: Array, v: Array) -> Array:
    """Return the haversine of the angle of two lines, from 0 to 1/2.

    The lines are those through the unit rows u and v, and ``cosine`` has their inner products:
    where it is negative, the angle is that of u and -v. Of equal and of opposite rows the
    haversine is 0 to the bit. The result has the precision of ``cosine``, and for small angles that
    of the rows.
    """
    haversine = np.abs(cosine)
    # Up to .99 the difference 1 - cos θ costs at most two digits.
    rows, columns = true_indices(haversine > 0.99)
    haversine *= -0.5
    haversine += 0.5
    np.maximum(haversine, 0, out=haversine)
    # Rounding may leave the unit rows of two parallel inputs so far apart.
    rounding = 8 * np.finfo(u.dtype).eps
    step = max(1, 2**16 // u.shape[1])
    # Above, the cosine has lost what the distance of the two rows still tells, or of u and -v.
    for start in range(0, len(rows), step):
        i = rows[start : start + step]
        j = columns[start : start + step]
        sign = np.sign(cosine[i, j])
        gap = u[i] - sign[:, None] * v[j]
        square = np.einsum("ij,ij->i", gap, gap)
        square[square <= rounding**2] = 0
        haversine[i, j] = square / 4
    return haversine


def true_indices(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], ...]:
    """Return the indices at which a mask is true; `np.nonzero` is many times slower."""
    flat = np.flatnonzero(mask)
    return np.unravel_index(flat, mask.shape)
