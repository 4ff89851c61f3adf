"""Expectations of activations at normal numbers.

With z₁, z₂ standard normal with correlation c, `LAWS` has the expectations of φ(√q z)², φ'(√q z)²
and the like as functions of q, `product` has that of φ(√q z₁) φ(√q₂ z₂), and `series` its
coefficients as a power series in c. Those of relu, erf and identity have closed forms. The others
come by Gauss quadrature on each side of 0, where a kink does no harm, with nodes that crowd at 0,
where for large q everything happens.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._activations import ACTIVATIONS

__all__ = ["LAWS", "TINY", "Law", "kink", "polynomial", "product", "series", "shrinkage"]

_Real = npt.NDArray[np.float64]
_Map = Callable[[_Real], _Real]


class Law(NamedTuple):
    """Four expectations of an activation as functions of the length, and a bound of the first.

    Attributes
    ----------
    square, slope, quartic, growth
        E φ² / q, E φ'², E φ'⁴ and E[φ'² + φ φ''], the slope of E φ² in q.
    bound
        Numbers A, B with E φ² <= A + B q, which is E φ² for A = 0 and tight for large q.
    """

    square: _Map
    slope: _Map
    quartic: _Map
    growth: _Map
    bound: tuple[float, float]


TINY: Final = 1e-200  # stands for the length 0, where E φ² / q is a limit
_HUGE: Final = 1e200  # stands for the length inf
_LONG: Final = 1e3  # the length from where on nothing but the ends of tanh is far from 0
_DEGREE: Final = 512


@cache
def _rule(nodes: int, end: float, power: int) -> tuple[_Real, _Real]:
    """Return a Gauss-Legendre rule on (0, end), with nodes that crowd at 0 like a power."""
    t, weights = np.polynomial.legendre.leggauss(nodes)
    t, weights = (t + 1) / 2, weights / 2
    return end * t**power, weights * end * power * t ** (power - 1)


def _expected(name: str, what: str, power: int, q: _Real) -> _Real:
    """Return the expectation of a power of φ(√q z), φ'(√q z) or the product of φ and φ''."""
    nodes, weights = _rule(96, 9.5, 3)
    weights = weights * np.exp(-nodes * nodes / 2)
    weights /= 2 * weights.sum()  # so that E 1 = 1 and E z² = 1 to the last digit
    scale = np.sqrt(np.clip(q, TINY, _HUGE))
    z = scale[..., np.newaxis] * np.concatenate([-nodes, nodes])
    result = _powers(name, what, power, z) @ np.concatenate([weights, weights])
    if name == "tanh" and (q > _LONG).any():
        return np.where(q > _LONG, _long(name, what, power, np.maximum(scale, 1.0)), result)
    return np.asarray(result)


def _long(name: str, what: str, power: int, scale: _Real) -> _Real:
    """Return the expectation for large q: the mean of both ends, and what differs near 0."""
    nodes, weights = _rule(96, 40.0, 2)
    left, right = (_powers(name, what, power, side * nodes) for side in (-1, 1))
    ends = left[-1] + right[-1]
    density = np.exp(-0.5 * (nodes / scale[..., np.newaxis]) ** 2) / np.sqrt(2 * np.pi)
    return np.asarray(ends / 2 + density @ (weights * (left + right - ends)) / scale)


def _powers(name: str, what: str, power: int, z: _Real) -> _Real:
    phi = ACTIVATIONS[name]
    result = value = phi.value(z)
    if what == "slope":
        result = phi.slope(z, value)
    elif what == "bend":
        result = value * phi.curvature(z, value)
    return np.asarray(result**power)


def _constant(value: float) -> _Map:
    return lambda q: np.full_like(q, value)


def _linear(share: float) -> Law:
    """Return the law of an activation that is linear on each side of 0, where E φ² = share q."""
    same = _constant(share)
    return Law(same, same, same, same, (0.0, share))


def _by_quadrature(name: str) -> Law:
    """Return the law of an activation that is linear or bounded on each side of 0."""
    phi, far = ACTIVATIONS[name], np.array([-1e3, 1e3])
    value = phi.value(far)
    slope = phi.slope(far, value)
    return Law(
        lambda q: _expected(name, "value", 2, q) / np.clip(q, TINY, _HUGE),
        lambda q: _expected(name, "slope", 2, q),
        lambda q: _expected(name, "slope", 4, q),
        lambda q: _expected(name, "slope", 2, q) + _expected(name, "bend", 1, q),
        (float(((slope == 0) * value**2).mean()), float((slope**2).mean())),
    )


def _arcsine_ratio(q: _Real) -> _Real:
    """Return (2/π) arcsin(2q / (1 + 2q)) / q."""
    q = np.maximum(q, TINY)
    return 2 / np.pi * np.asarray(np.arcsin(2 * q / (1 + 2 * q)) / q)


LAWS: Final[dict[str, Law]] = {
    "identity": _linear(1.0),
    "relu": _linear(0.5),
    "tanh": _by_quadrature("tanh"),
    "erf": Law(
        _arcsine_ratio,
        lambda q: 4 / np.pi / np.sqrt(1 + 4 * q),
        lambda q: 16 / np.pi**2 / np.sqrt(1 + 8 * q),
        lambda q: 4 / np.pi / np.sqrt(1 + 4 * q) / (1 + 2 * q),
        (1.0, 0.0),
    ),
    "selu": _by_quadrature("selu"),
}


@cache
def _hermite() -> tuple[_Real, _Real, _Real]:
    """Return nodes z > 0, weights for both signs of z, and he_k(z), degree by degree.

    The orthonormal he_k come times √(density), and the weights without it, so that none overflows.
    """
    nodes, weights = _rule(256, 12.5, 2)
    rows = np.zeros((_DEGREE, len(nodes)))
    rows[0] = np.exp(-nodes * nodes / 4) / np.sqrt(np.sqrt(2 * np.pi))
    rows[1] = nodes * rows[0]
    for k in range(2, _DEGREE):
        rows[k] = (nodes * rows[k - 1] - np.sqrt(k - 1) * rows[k - 2]) / np.sqrt(k)
    weights = weights * rows[0]
    return nodes, weights / (weights @ rows[0]), rows


def _parts(name: str, q: _Real) -> _Real:
    """Return the even and the odd part of φ(√q z) at the nodes of `_hermite`."""
    phi, z = ACTIVATIONS[name].value, np.sqrt(q)[:, np.newaxis] * _hermite()[0]
    right, left = phi(z), phi(-z)
    return np.stack([right + left, right - left]) / 2


def kink(name: str) -> float:
    """Return the jump of φ' at 0."""
    phi, sides = ACTIVATIONS[name], np.array([-TINY, TINY])
    left, right = phi.slope(sides, phi.value(sides))
    return float(right - left)


def series(name: str, q: _Real, q2: _Real | None = None) -> _Real:
    """Return the coefficients in c of E φφ, less that of relu with the same kink.

    The first axis is the degree. The last two coefficients, of an even and an odd degree, have all
    that is left at c = 1 and c = -1. Without ``q2`` both lengths are ``q``.
    """
    _, weights, rows = _hermite()
    first = _parts(name, q)
    second = first if q2 is None else _parts(name, q2)
    relu = kink(name) * _parts("relu", np.ones(1))
    scale = np.sqrt(q) * np.sqrt(q if q2 is None else q2)
    terms, whole = np.empty((_DEGREE, len(q))), []
    for parity in (0, 1):
        basis = weights * rows[parity::2]
        squares = (basis @ first[parity].T) ** 2
        if q2 is not None:
            squares = (basis @ first[parity].T) * (basis @ second[parity].T)
        terms[parity::2] = squares - scale * (basis @ relu[parity].T) ** 2
        products = first[parity] * second[parity] - scale[:, np.newaxis] * relu[parity] ** 2
        whole.append(products @ (weights * rows[0]))
    size = np.abs(terms).max(axis=1)
    kept = 2 + 2 * (int(np.flatnonzero(size > 1e-17 * size.max())[-1]) // 2)
    terms = terms[:kept]
    for parity in (0, 1):
        terms[kept - 2 + parity] += whole[parity] - terms[parity::2].sum(axis=0)
    return terms


def product(name: str, c: _Real, q: _Real, q2: _Real) -> _Real:
    """Return E φ(√q z₁) φ(√q₂ z₂) for flat arrays."""
    scale = np.sqrt(q) * np.sqrt(q2)
    if name == "identity":
        return scale * c
    if name == "relu":
        return scale / 2 * (c + _psi(np.arccos(c)))
    if name == "erf":
        inner = 2 * c * scale / np.sqrt(1 + 2 * q) / np.sqrt(1 + 2 * q2)
        return np.asarray(2 / np.pi * np.arcsin(inner))
    (one, two), where = np.unique(np.stack([q, q2]), axis=1, return_inverse=True)
    terms = series(name, one, None if (one == two).all() else two)
    terms = terms if len(one) == 1 else terms[:, where.ravel()]
    jump = kink(name)
    rest = jump**2 * product("relu", c, q, q2) if jump else 0.0
    return rest + polynomial(terms, c)


def polynomial(terms: _Real, c: _Real) -> _Real:
    """Return Σ terms[k] cᵏ, column by column."""
    return np.asarray(np.polynomial.polynomial.polyval(c, terms, tensor=False))


def _psi(theta: _Real) -> _Real:
    """Return (sin θ - θ cos θ) / π without cancellation."""
    return np.asarray(theta * theta * _bessel(theta) / np.pi)


def shrinkage(theta: _Real) -> _Real:
    """Return 1 - ψ / (1 - cos θ), where 1 - cos θ = θ² s² / 2 with s = sin(θ/2) / (θ/2)."""
    sinc = np.sinc(theta / (2 * np.pi))
    return np.asarray(1 - 2 / np.pi * _bessel(theta) / (sinc * sinc))


def _bessel(theta: _Real) -> _Real:
    """Return j₁(θ) = (sin θ - θ cos θ) / θ², which is θ/3 - ... for small angles."""
    from scipy.special import spherical_jn  # here, as its import takes its time

    return np.asarray(spherical_jn(1, np.maximum(theta, 1e-300)))
