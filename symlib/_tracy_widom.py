"""The Tracy-Widom laws, to nearly all digits of double precision.

To the right of 0, where the tail is asked for, the laws come from the Fredholm determinants of
Ferrari and Spohn by Gauss quadrature, as Bornemann showed: with V(x, y) = Ai((x + y) / 2 + s) / 2
on the half-line,

    F1 = det(1 - V),   F2 = det(1 - V) det(1 + V),   F4 = (det(1 - V) + det(1 + V)) / 2,

here with the argument of F4 not scaled. Written through the eigenvalues of V, 1 - F keeps its
relative accuracy however small it is. To the left of 0, determinants lose theirs with 1 - λ;
there, the Painlevé transcendent q of Hastings and McLeod, q'' = s q + 2 q³, is solved for between
its value at 0, which the determinants give, and its known growth far on the left. Then

    (log F2)' = q'² - s q² - q⁴,   (log F1)' = ((log F2)' + q) / 2

are summed from 0 to the left. From all this, log F on the left, log(1 - F) on the right and the
logarithms of the densities are kept as polynomials on small cells, made once and when asked for.

Sources: Tracy and Widom 1994 and 1996; Ferrari and Spohn, *J. Phys. A* 38 (2005), L557;
Bornemann, *Markov Process. Related Fields* 16 (2010), 803-866.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from symlib._laws import Law, Values

__all__ = ["TracyWidom"]

_LEFT, _RIGHT = -27, 13  # the table; on its left every F is below the smallest number
_CELLS = 128  # in a unit
_DEGREE = 4


class _Logs(NamedTuple):
    """What is kept of one law, as coefficients of polynomials, one column for each cell."""

    mass: Values  # log F to the left of 0, log(1 - F) to the right
    density: Values


class TracyWidom(Law):
    """The law for beta 1, 2 or 4; that for beta 4 in the unit that all beta have in common."""

    _lower, _upper = -math.inf, math.inf

    def __init__(self, beta: int) -> None:
        self._name, self._beta = f"tracy_widom({beta})", beta
        self._unit = 2.0 ** (2 / 3) if beta == 4 else 1.0
        self._grid = np.sinh(np.linspace(math.asinh(_LEFT), math.asinh(110.0), 513)) / self._unit

    def _logs(self, kind: int, s: Values) -> Values:
        """Look up the polynomials, and beyond the table the asymptotic tail."""
        table = _tables()[self._beta][kind]
        place = np.minimum(np.maximum(s, _LEFT), _RIGHT) * _CELLS
        left = np.minimum(np.floor(place), _RIGHT * _CELLS - 1)
        place -= left  # without rounding, as a cell is 1/128
        cell = (left - _LEFT * _CELLS).astype(np.intp)
        result: Values = table[_DEGREE].take(cell)
        for row in table[_DEGREE - 1 :: -1]:
            result *= place
            result += row.take(cell)
        far = s > _RIGHT
        if far.any():
            logs = _tail(np.minimum(s[far], 1e5))[self._beta][kind]
            result[far] = np.where(s[far] > 1e5, -math.inf, logs)
        return result

    def _below(self, parameter: Values) -> Values:
        s = parameter * self._unit
        part = np.exp(self._logs(0, s))
        return np.where(s < 0, np.where(s < _LEFT, 0.0, part), 1 - part)

    def _above(self, parameter: Values) -> Values:
        s = parameter * self._unit
        logs = self._logs(0, s)
        return np.where(s < 0, np.where(s < _LEFT, 1.0, -np.expm1(logs)), np.exp(logs))

    def _pdf(self, x: Values) -> Values:
        return np.asarray(np.exp(self._logpdf(x)))

    def _logpdf(self, x: Values) -> Values:
        s = x * self._unit
        return np.where(s < _LEFT, -math.inf, self._logs(1, s) + math.log(self._unit))

    @functools.cached_property
    def _on_even_grid(self) -> tuple[Values, Values]:
        x = (np.arange(-26.0, 42.0, 1 / 16) + 1 / 32) / self._unit
        return x, self._logpdf(x)

    def _moment(self, order: int) -> float:
        """Sum over an even grid, which is as good as exact for a density like this."""
        x, height = self._on_even_grid
        terms = np.exp(order * np.log(np.abs(x)) + height)
        return float(terms @ np.sign(x) ** order) / 16 / self._unit


@functools.cache
def _tables() -> dict[int, _Logs]:
    """Return the polynomials for each beta."""
    left = (np.arange(_LEFT * _CELLS, 0)[:, np.newaxis] + _nodes()) / _CELLS
    right = (np.arange(_RIGHT * _CELLS)[:, np.newaxis] + _nodes()) / _CELLS
    before, after = _from_transcendent(left), _from_determinants(right)
    return {
        beta: _Logs(
            *(
                _fit() @ np.concatenate([one, other]).T
                for one, other in zip(before[beta], after[beta], strict=True)
            )
        )
        for beta in (1, 2, 4)
    }


def _determinants(s: Values) -> tuple[Values, Values, Values, Values]:
    """Return m and d with det(1 ± V) = exp(m ± d), and their derivatives in s."""
    from scipy.special import airy  # here, as its import takes its time

    x, weight = np.polynomial.legendre.leggauss(32)
    x, weight = 14 * (x + 1), 14 * weight
    above = np.triu_indices(x.size)
    kernel = airy((x[above[0]] + x[above[1]]) / 2 + s[:, np.newaxis])[:2]
    root = np.sqrt(weight) / math.sqrt(2)
    matrix, slope = np.zeros((2, s.size, x.size, x.size))
    for full, half in zip((matrix, slope), kernel, strict=True):
        full[:, above[0], above[1]] = half * root[above[0]] * root[above[1]]
        full[:, above[1], above[0]] = full[:, above[0], above[1]]
    value, vector = np.linalg.eigh(matrix)
    change = np.sum(vector * (slope @ vector), axis=1) / (1 - value**2)
    return (
        np.log1p(-(value**2)).sum(axis=1) / 2,
        np.arctanh(value).sum(axis=1),
        -(value * change).sum(axis=1),
        change.sum(axis=1),
    )


def _from_determinants(s: Values) -> dict[int, tuple[Values, Values]]:
    """Return log(1 - F) and the logarithm of the density for each beta, to the right of 0."""
    degree = 40
    t = np.cos(np.pi * np.arange(degree + 1) / degree)
    m, d, dm, dd = _determinants(_RIGHT / 2 * (t + 1))
    bulk = np.exp(m)
    pairs = {
        1: (-np.expm1(m - d), np.exp(m - d) * (dm - dd)),
        2: (-np.expm1(2 * m), bulk**2 * 2 * dm),
        4: (
            -np.expm1(m) - 2 * bulk * np.sinh(d / 2) ** 2,
            bulk * (dm * np.cosh(d) + dd * np.sinh(d)),
        ),
    }
    logs = np.log(np.array(list(pairs.values())).reshape(6, -1))
    smooth = chebyshev.chebval(s * (2 / _RIGHT) - 1, chebyshev.chebfit(t, logs.T, degree))
    return {beta: (smooth[2 * k], smooth[2 * k + 1]) for k, beta in enumerate(pairs)}


def _from_transcendent(s: Values) -> dict[int, tuple[Values, Values]]:
    """Return log F and the logarithm of the density for each beta, on cells to the left of 0."""
    m, d, _, dd = (float(part[0]) for part in _determinants(np.zeros(1)))
    q, slope = _hastings_mcleod(s, -2 * dd)
    rise = slope**2 - s * q**2 - q**4  # (log F2)'
    two = 2 * m - _integral_to_zero(rise)
    whole = 2 * d + _integral_to_zero(q)  # of q from s to infinity
    bend = np.log1p(np.exp(-whole)) - math.log(2)
    logs = {
        1: ((two - whole) / 2, (rise + q) / 2),
        2: (two, rise),
        4: ((two + whole) / 2 + bend, (rise - q * np.tanh(whole / 2)) / 2),
    }
    return {beta: (log, log + np.log(slope)) for beta, (log, slope) in logs.items()}


def _hastings_mcleod(s: Values, at_zero: float) -> tuple[Values, Values]:
    """Return q and q', by collocation of q = line + ∬ (s q + 2 q³) and Newton's method."""
    degree = 100
    t = np.cos(np.pi * np.arange(degree + 1) / degree)
    there = _LEFT / 2 * (1 - t)
    series = 1 + 1 / (8 * _LEFT**3) - 73 / (128 * _LEFT**6) + 10657 / (1024 * _LEFT**9)
    at_left = math.sqrt(-_LEFT / 2) * series
    values = chebyshev.chebvander(t, degree)
    coefficients = np.linalg.inv(values)
    once = chebyshev.chebint(np.eye(degree + 1), lbnd=1, scl=-_LEFT / 2)[:-1]
    twice = values @ once @ once @ coefficients
    green = twice - np.outer(there / _LEFT, twice[-1])
    line = at_zero + (at_left - at_zero) * there / _LEFT
    q = np.sqrt(at_zero**2 - there / 2)
    for _ in range(8):
        miss = q - line - green @ (there * q + 2 * q**3)
        q -= np.linalg.solve(np.eye(degree + 1) - green * (there + 6 * q**2), miss)
    bend = there * q + 2 * q**3
    slope = (at_left - at_zero - twice[-1] @ bend) / _LEFT
    place = 1 - 2 / _LEFT * s
    return (
        np.asarray(chebyshev.chebval(place, coefficients @ q)),
        np.asarray(slope + chebyshev.chebval(place, once @ coefficients @ bend)),
    )


def _integral_to_zero(values: Values) -> Values:
    """Return the integral from each node up to 0, of polynomials on the cells."""
    exponents = np.arange(1, _DEGREE + 2)
    rest = (1 - _nodes()[:, np.newaxis] ** exponents) / exponents / _CELLS
    part = values @ (rest @ _fit()).T
    after = np.cumsum(part[::-1, 0])[::-1] - part[:, 0]
    return np.asarray(part + after[:, np.newaxis])


def _tail(s: Values) -> dict[int, tuple[Values, Values]]:
    """Return log(1 - F) and the logarithm of the density for each beta, far on the right.

    The eigenvalues of V are so small there that 1 - F1 is the integral of Ai / 2 from s on,
    1 - F2 that of (x - s) Ai², and 1 - F4 half the latter less half the square of the former.
    """
    from scipy.special import airye  # here, as its import takes its time

    t, weight = np.polynomial.laguerre.laggauss(24)
    root = np.sqrt(s)[:, np.newaxis]

    def ratio(t: Values) -> Values:  # Ai(s + t) / Ai(s)
        x = s[:, np.newaxis] + t
        fall = np.exp(2 / 3 * (root**3 - x * np.sqrt(x)))
        return np.asarray(fall * airye(x)[0] / airye(s)[0][:, np.newaxis])

    step = 1 / root[:, 0]
    log = np.log(airye(s)[0]) - 2 / 3 * root[:, 0] ** 3
    once = ratio(t / root) @ (weight * np.exp(t)) * step
    squares = ratio(t / (2 * root)) ** 2 * (weight * np.exp(t))
    square, moment = squares.sum(axis=1) * step / 2, squares @ t * (step / 2) ** 2
    return {
        1: (log + np.log(once / 2), log + math.log(0.5)),
        2: (2 * log + np.log(moment), 2 * log + np.log(square)),
        4: (2 * log + np.log(moment / 2 - once**2 / 8), 2 * log + np.log(square / 2 - once / 4)),
    }


def _nodes() -> Values:
    """Return the places of the nodes in a cell from 0 to 1, its ends among them."""
    return np.asarray((1 - np.cos(np.pi * np.arange(_DEGREE + 1) / _DEGREE)) / 2)


def _fit() -> Values:
    """Return the matrix from values at the nodes to coefficients of the polynomial."""
    return np.asarray(np.linalg.inv(np.vander(_nodes(), increasing=True)))
