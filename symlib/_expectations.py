"""Expectations of activations at normal numbers.

With z₁, z₂ standard normal with correlation c, `MOMENTS` has the expectations of φ(√q z), its
square, φ'(√q z)² and the like as functions of q, `product` has that of φ(√q z₁) φ(√q₂ z₂), and
`equal_lengths` what becomes of 1 - c, without the digits that the difference of two products would
lose.

Piecewise linear activations and erf have closed forms. The others come by Gauss quadrature in one
variable, and by sums over Hermite polynomials in two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._activations import ACTIVATIONS, Activation

__all__ = ["MOMENTS", "TINY", "Moments", "equal_lengths", "product", "shrinkage"]

_Real = npt.NDArray[np.float64]
_Index = npt.NDArray[np.intp]
_Map = Callable[[_Real], _Real]
_OfPairs = Callable[[_Real, _Index], _Real]

TINY: Final = 1e-200  # stands for the length 0, where a correlation is a limit
_HUGE: Final = 1e150  # stands for the length inf
_DEGREE: Final = 512


class Moments(NamedTuple):
    """Five expectations of an activation, as functions of an array of lengths q.

    Attributes
    ----------
    mean, square, slope, quartic : callable
        E φ, E φ², E φ'², E φ'⁴, each at √q z.
    growth : callable
        E[z φ φ'] / √q, the slope of E φ² in q, for a q of 0 if φ(0) is 0. Where φ has no kinks it
        is E[φ'² + φ φ''], whose two parts cancel for large q.
    """

    mean: _Map
    square: _Map
    slope: _Map
    quartic: _Map
    growth: _Map


# --- one variable: quadrature -------------------------------------------------------------------

_TAIL: Final = 9.5  # beyond it the normal density is below 1e-20
_ROOT: Final = math.sqrt(2 * math.pi)
_FLAT: Final = 40.0  # beyond it an activation is the straight line it tends to


class _Line(NamedTuple):
    """A straight line, in the place of an activation."""

    offset: float
    rise: float

    def value(self, x: _Real) -> _Real:
        return self.offset + self.rise * x

    def slope(self, x: _Real, _: _Real) -> _Real:
        return np.full_like(x, self.rise)


@cache
def _rule(nodes: int, end: float, power: int) -> tuple[_Real, _Real]:
    """Return a Gauss-Legendre rule on (0, end), with nodes that crowd at 0 like a power."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    t = (points + 1) / 2
    stretch = end * power * t ** (power - 1)
    return end * t**power, weights / 2 * stretch


@cache
def _normal_rule() -> tuple[_Real, _Real]:
    """Return a rule on (0, 1) that has E 1 = 1 to the last digit, stretched to the tail."""
    share, weights = _rule(96, 1.0, 3)
    half = _TAIL * (weights @ _density(_TAIL * share))
    return share, weights / (2 * half)


def _density(z: _Real) -> _Real:
    exponent = -z * z / 2
    return np.exp(exponent) / _ROOT


def _expected(name: str, what: str, q: _Real) -> _Real:
    """Return an expectation by quadrature over z > 0, of both signs together.

    For a large q all that is not a straight line happens in a small part of the normal density.
    Then the two lines have their expectations in closed form, and the rule sees what is left, over
    the interval in which there is something left.
    """
    scale = np.sqrt(np.clip(q, 0.0, _HUGE))[..., np.newaxis]
    scale = np.maximum(scale, 1e-170)  # its square is 0, and yet it has two signs
    long = scale > _FLAT / _TAIL
    share, weights = _normal_rule()
    if not long.any():
        z = _TAIL * share
        return _TAIL * (_both_signs(name, what, z, scale) @ (weights * _density(z)))
    end = np.where(long, _FLAT / np.maximum(scale, 1.0), _TAIL)
    z = end * share
    left, right = _asymptotes(name)
    lines = _integrand(what, right, z, scale) + _integrand(what, left, -z, scale)
    halves = _mean_over_half(what, right, scale) + _mean_over_half(what, left, -scale)
    rest = _both_signs(name, what, z, scale) - np.where(long, lines, 0.0)
    inside = (rest * _density(z)) @ weights
    return end[..., 0] * inside + np.where(long, halves, 0.0)[..., 0]


def _both_signs(name: str, what: str, z: _Real, scale: _Real) -> _Real:
    """Return the sum of an integrand at z and -z."""
    phi = ACTIVATIONS[name]
    here = _integrand(what, phi, z, scale)
    if phi.odd:  # half of the work
        return np.zeros_like(here) if what == "mean" else 2 * here
    return here + _integrand(what, phi, -z, scale)


def _integrand(what: str, phi: Activation | _Line, z: _Real, scale: _Real) -> _Real:
    """Return one of the five functions whose expectations `Moments` has, at x = scale z."""
    x = scale * z
    value = np.asarray(phi.value(x), dtype=np.float64)
    if what == "mean":
        return value
    if what == "square":
        return value * value
    slope = np.asarray(phi.slope(x, value), dtype=np.float64)
    if what == "slope":
        return slope**2
    if what == "quartic":
        return slope**4
    return value / scale * slope * z


def _mean_over_half(what: str, line: _Line, scale: _Real) -> _Real:
    """Return the part of a line's expectation where scale times z has the sign of the scale."""
    offset, rise = line
    if what == "mean":
        return offset / 2 + rise * scale / _ROOT
    if what == "square":
        mixed = 2 * offset * rise * scale / _ROOT
        return offset**2 / 2 + mixed + (rise * scale) ** 2 / 2
    if what == "growth":
        return rise**2 / 2 + offset * rise / scale / _ROOT
    power = 4 if what == "quartic" else 2
    return np.full_like(scale, rise**power / 2)


@cache
def _asymptotes(name: str) -> tuple[_Line, _Line]:
    """Return the lines that an activation tends to on the left and on the right."""
    far = np.array([-1e3, 1e3])
    phi = ACTIVATIONS[name]
    value = phi.value(far)
    rises = phi.slope(far, value)
    offsets = value - rises * far
    left, right = map(_Line, offsets.tolist(), rises.tolist())
    return left, right


def _by_quadrature(name: str) -> Moments:
    return Moments(*(partial(_expected, name, what) for what in Moments._fields))


# --- one variable: closed forms -----------------------------------------------------------------


def _sides(name: str) -> tuple[float, float]:
    """Return the slopes on the left and on the right of 0."""
    points = np.array([-TINY, TINY])
    phi = ACTIVATIONS[name]
    left, right = phi.slope(points, phi.value(points))
    return float(left), float(right)


def _of_homogeneous(name: str) -> Moments:
    """Return the moments of an activation that is linear on each side of 0."""
    left, right = _sides(name)
    square = (left**2 + right**2) / 2
    quartic = (left**4 + right**4) / 2
    return Moments(
        mean=lambda q: (right - left) * np.sqrt(q / (2 * np.pi)),
        square=lambda q: square * q,
        slope=lambda q: np.full_like(q, square),
        quartic=lambda q: np.full_like(q, quartic),
        growth=lambda q: np.full_like(q, square),
    )


def _of_erf() -> Moments:
    """Return the moments of erf, whose slope is 2/√π exp(-x²)."""
    return Moments(
        mean=np.zeros_like,
        square=lambda q: _arcsine(1.0, q, q),
        slope=lambda q: 4 / np.pi * _narrow(2, q),
        quartic=lambda q: 16 / np.pi**2 * _narrow(4, q),
        growth=lambda q: 4 / np.pi * _narrow(2, q) * _narrow(1, q) ** 2,
    )


def _narrow(a: float, q: _Real) -> _Real:
    """Return E exp(-a q z²) = 1 / √(1 + 2 a q)."""
    return np.asarray(1 / np.sqrt(1 + 2 * a * np.minimum(q, _HUGE)))


def _arcsine(c: _Real | float, q: _Real, q2: _Real) -> _Real:
    """Return (2/π) arcsin(2 c √(q q₂) / √((1 + 2q) (1 + 2q₂))) with its digits near c = ±1.

    It is the arctangent of a quotient whose denominator is made of parts above 0.
    """
    q = np.minimum(q, _HUGE)
    q2 = np.minimum(q2, _HUGE)
    scale = 2 * np.sqrt(q) * np.sqrt(q2)
    unlike = (1 - c) * (1 + c)
    rest = 1 + 2 * (q + q2) + scale * scale * unlike
    angle = np.arctan(c * scale / np.sqrt(rest))
    return np.asarray(2 / np.pi * angle)


def _of_hardtanh() -> Moments:
    """Return the moments of hardtanh, by the laws of z and z² between its kinks."""
    return Moments(
        mean=np.zeros_like,
        square=lambda q: np.minimum(q, _HUGE) * _inner_square(q) + _outside(q),
        slope=_inside,
        quartic=_inside,
        growth=_inner_square,
    )


def _inside(q: _Real) -> _Real:
    """Return the probability that √q |z| is below 1."""
    from scipy.special import erf  # here, as its import takes its time

    return np.asarray(erf(np.sqrt(_half_square_of_kink(q))))


def _outside(q: _Real) -> _Real:
    """Return the probability that √q |z| is above 1."""
    from scipy.special import erfc  # here, as its import takes its time

    return np.asarray(erfc(np.sqrt(_half_square_of_kink(q))))


def _inner_square(q: _Real) -> _Real:
    """Return the expectation of z² where √q |z| is below 1, which is a law of χ² with 3 degrees."""
    from scipy.special import gammainc  # here, as its import takes its time

    return np.asarray(gammainc(1.5, _half_square_of_kink(q)))


def _half_square_of_kink(q: _Real) -> _Real:
    return 0.5 / np.clip(q, TINY, _HUGE)


def _moments(name: str) -> Moments:
    if ACTIVATIONS[name].homogeneous:
        return _of_homogeneous(name)
    closed = {"erf": _of_erf, "hardtanh": _of_hardtanh}
    return closed[name]() if name in closed else _by_quadrature(name)


MOMENTS: Final[dict[str, Moments]] = {name: _moments(name) for name in ACTIVATIONS}


# --- two variables ------------------------------------------------------------------------------


def product(name: str, c: _Real, q: _Real, q2: _Real) -> _Real:
    """Return E φ(√q z₁) φ(√q₂ z₂) for flat arrays."""
    scale = np.sqrt(q) * np.sqrt(q2)
    if ACTIVATIONS[name].homogeneous:
        left, right = _sides(name)
        return scale * (left * right * c + (right - left) ** 2 * _relu_product(c))
    if name == "erf":
        return _arcsine(c, q, q2)
    if name == "hardtanh":
        return _hardtanh_product(c, q, q2)
    # lengths that come again, as on a curve of correlations, share their coefficients
    pairs, where = np.unique(np.stack([q, q2]), axis=1, return_inverse=True)
    terms = _series(name, *pairs)[:, where.ravel()]
    return _jump(name) ** 2 * scale * _relu_product(c) + _polynomial(terms, c)


def equal_lengths(name: str, q: _Real) -> tuple[_OfPairs, _OfPairs]:
    """Return two functions of a correlation c from 0 to 1 and the index of a length in ``q``.

    With K(c) = E φ(√q z₁) φ(√q z₂) they are (K(1) - K(c)) / (q (1 - c)), which increases with c as
    all powers of c in K have coefficients of at least 0, and K'(c) / q = E φ'(√q z₁) φ'(√q z₂).
    """
    q = np.clip(q, TINY, _HUGE)
    if name == "erf":
        return _erf_pairs(q)
    if name == "hardtanh":
        return _hardtanh_pairs(q)
    return _series_pairs(name, q)


def _erf_pairs(q: _Real) -> tuple[_OfPairs, _OfPairs]:
    # K(c) = (2/π) arcsin(a c)
    rest = 1 / (1 + 2 * q)
    a = 2 * q * rest
    scale = 2 / np.pi / q

    def cosine(c: _Real | float, at: _Index) -> _Real:
        """Return the cosine of arcsin(a c), where 1 - a c is a sum of parts above 0."""
        first = rest[at] + a[at] * (1 - c)
        second = 1 + a[at] * c
        return np.asarray(np.sqrt(first * second))

    def quotient(c: _Real, at: _Index) -> _Real:
        # the sine of the difference of two arcsines, divided by 1 - c
        both = cosine(c, at) + c * cosine(1.0, at)
        sine = a[at] * (1 + c) / both
        gap = np.minimum(sine * (1 - c), 1.0)
        curved = np.where(gap > 0, np.arcsin(gap) / np.maximum(gap, TINY), 1.0)
        return np.asarray(scale[at] * sine * curved)

    def slope(c: _Real, at: _Index) -> _Real:
        return np.asarray(scale[at] * a[at] / cosine(c, at))

    return quotient, slope


# --- two variables: hardtanh --------------------------------------------------------------------
# Where φ is piecewise linear, the second derivative of K(c) is the normal density of (z₁, z₂) at
# pairs of kinks. So K is an integral over the angle between the inputs, of what `_bend` returns.


def _hardtanh_product(c: _Real, q: _Real, q2: _Real) -> _Real:
    share, weights = _rule(96, 1.0, 3)
    size = np.abs(c)
    low = _angle(size)
    width = np.pi / 2 - low
    angle = low + width * share
    bent = _gap(low, angle) * _bend(angle, q[:, np.newaxis], q2[:, np.newaxis])
    straight = np.sqrt(q) * np.sqrt(q2) * _inside(q) * _inside(q2)
    whole = straight * size + width[:, 0] * (bent @ weights)
    return np.asarray(np.sign(c) * whole)


def _hardtanh_pairs(q: _Real) -> tuple[_OfPairs, _OfPairs]:
    share, weights = _rule(96, 1.0, 3)
    straight = _inside(q)

    def per_length(high: _Real, at: _Index) -> _Real:
        """Return K'' at the angles of the rule from 0 to ``high``, divided by q."""
        lengths = q[at][:, np.newaxis]
        return _bend(high * share, lengths, lengths) / lengths

    def quotient(c: _Real, at: _Index) -> _Real:
        high = _angle(c)
        rest = _gap(high * share, high) / (2 * np.sin(high / 2) ** 2)
        bent = (rest * per_length(high, at)) @ weights
        return np.asarray(straight[at] - high[:, 0] * bent)

    def slope(c: _Real, at: _Index) -> _Real:
        high = _angle(c)
        bent = per_length(high, at) @ weights
        return np.asarray(straight[at] - high[:, 0] * bent)

    return quotient, slope


def _gap(low: _Real, high: _Real) -> _Real:
    """Return cos(low) - cos(high)."""
    product_of_sines = np.sin((high + low) / 2) * np.sin((high - low) / 2)
    return np.asarray(2 * product_of_sines)


def _angle(c: _Real) -> _Real:
    """Return the angle between two inputs as a column, above 0 so that one may divide by it."""
    angle = np.maximum(np.arccos(c), 1e-100)
    return angle[:, np.newaxis]


def _bend(angle: _Real, q: _Real, q2: _Real) -> _Real:
    """Return the second derivative of K in c = cos(angle), times sin(angle)."""
    u = 1 / np.sqrt(q)
    v = 1 / np.sqrt(q2)
    apart = ((u - v) / np.sin(angle)) ** 2 / 2
    same_side = u * v / (2 * np.cos(angle / 2) ** 2)
    other_side = u * v / (2 * np.sin(angle / 2) ** 2)
    density = np.exp(-apart - same_side) - np.exp(-apart - other_side)
    return np.asarray(density / (np.pi * u * v))


# --- two variables: sums over Hermite polynomials -----------------------------------------------


@cache
def _hermite() -> tuple[_Real, _Real, _Real]:
    """Return nodes z > 0, weights for both signs of z, and he_k(z), degree by degree.

    The orthonormal he_k come times √(density), and the weights without it, so that none overflows.
    """
    nodes, weights = _rule(256, 12.5, 2)
    rows = np.zeros((_DEGREE, len(nodes)))
    rows[0] = np.sqrt(_density(nodes))
    rows[1] = nodes * rows[0]
    for k in range(2, _DEGREE):
        rise = nodes * rows[k - 1]
        rows[k] = (rise - np.sqrt(k - 1) * rows[k - 2]) / np.sqrt(k)
    weights = weights * rows[0]
    return nodes, weights / (weights @ rows[0]), rows


def _even_and_odd(name: str, q: _Real) -> tuple[_Real, _Real]:
    """Return the even and the odd part of φ(√q z) at the nodes of `_hermite`."""
    nodes, _, _ = _hermite()
    z = np.sqrt(q)[:, np.newaxis] * nodes
    phi = ACTIVATIONS[name]
    right = np.asarray(phi.value(z))
    left = np.asarray(phi.value(-z))
    return (right + left) / 2, (right - left) / 2


def _jump(name: str) -> float:
    """Return the jump of φ' at 0."""
    left, right = _sides(name)
    return right - left


def _series(name: str, q: _Real, q2: _Real) -> _Real:
    """Return the coefficients in c of E φφ, less that of relu with the same kink.

    The first axis is the degree. The last two coefficients, of an even and an odd degree, have all
    that is left at c = 1 and c = -1.
    """
    _, weights, rows = _hermite()
    # the relu of length √(q q₂) in both places has the same kink, and less to evaluate
    scale = _jump(name) ** 2 * np.sqrt(q) * np.sqrt(q2)
    first = _even_and_odd(name, q)
    second = _even_and_odd(name, q2)
    relu = _even_and_odd("relu", np.ones(1))
    terms = np.empty((_DEGREE, len(q)))
    totals = []
    for parity in (0, 1):
        basis = weights * rows[parity::2]
        products = (basis @ first[parity].T) * (basis @ second[parity].T)
        terms[parity::2] = products - scale * (basis @ relu[parity].T) ** 2
        total = first[parity] * second[parity] - scale[:, np.newaxis] * relu[parity] ** 2
        totals.append(total @ (weights * rows[0]))
    size = np.abs(terms).max(axis=1)
    last = int(np.flatnonzero(size > 1e-17 * size.max())[-1])
    kept = 2 + 2 * (last // 2)
    terms = terms[:kept]
    for parity, total in enumerate(totals):
        terms[kept - 2 + parity] += total - terms[parity::2].sum(axis=0)
    return terms


def _series_pairs(name: str, q: _Real) -> tuple[_OfPairs, _OfPairs]:
    terms = _series(name, q, q) / q
    # (1 - cᵏ) / (1 - c) = 1 + c + ... + cᵏ⁻¹, so that a power has the sum of all terms after it
    tails = np.cumsum(terms[:0:-1], axis=0)[::-1]
    degrees = np.arange(1, len(terms))
    rises = degrees[:, np.newaxis] * terms[1:]
    kink = _jump(name) ** 2 / 2

    def quotient(c: _Real, at: _Index) -> _Real:
        bent = kink * shrinkage(np.arccos(c))
        return _polynomial(tails[:, at], c) + bent

    def slope(c: _Real, at: _Index) -> _Real:
        bent = kink * (1 - np.arccos(c) / np.pi)
        return _polynomial(rises[:, at], c) + bent

    return quotient, slope


def _polynomial(terms: _Real, c: _Real) -> _Real:
    """Return Σ terms[k] cᵏ, column by column."""
    value = np.polynomial.polynomial.polyval(c, terms, tensor=False)
    return np.asarray(value)


# --- relu ---------------------------------------------------------------------------------------


def _relu_product(c: _Real) -> _Real:
    """Return E relu(z₁) relu(z₂) = (c + (sin θ - θ cos θ) / π) / 2 without cancellation."""
    theta = np.arccos(c)
    gain = theta * theta * _bessel(theta) / np.pi
    return (c + gain) / 2


def shrinkage(theta: _Real) -> _Real:
    """Return 1 - h / (1 - cos θ), where 1 - cos θ = θ² s² / 2 with s = sin(θ/2) / (θ/2)."""
    s = np.sinc(theta / (2 * np.pi))
    return 1 - 2 / np.pi * _bessel(theta) / (s * s)


def _bessel(theta: _Real) -> _Real:
    """Return j₁(θ) = (sin θ - θ cos θ) / θ², which is θ/3 - ... for small angles."""
    from scipy.special import spherical_jn  # here, as its import takes its time

    return np.asarray(spherical_jn(1, np.maximum(theta, 1e-300)))
