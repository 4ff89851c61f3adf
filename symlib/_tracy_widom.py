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
Beyond the cells, asymptotic series go on: on the left from that of q, on the right from Airy's
function.

Sources: Tracy and Widom 1994 and 1996; Ferrari and Spohn, *J. Phys. A* 38 (2005), L557;
Bornemann, *Markov Process. Related Fields* 16 (2010), 803-866. The constants of the left tail
are those of Deift, Its and Krasovsky, *Comm. Math. Phys.* 278 (2008), 643-678, and of Baik,
Buckingham and DiFranco, *Comm. Math. Phys.* 280 (2008), 463-497.
"""

from __future__ import annotations

import functools
import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev, polynomial

from symlib._laws import Law, Values

__all__ = ["TracyWidom"]

_LEFT = -27  # from here to _RIGHT there is a table; on its left every F is below 1e-340
_RIGHT = 13
_CELLS = 128  # in a unit
_DEGREE = 4

# q / √(-s/2) far on the left, as coefficients of the powers of 1 / s³; it follows from q'' = ...
_Q_SERIES = (1.0, 1 / 8, -73 / 128, 10657 / 1024, -13912277 / 32768)
_ZETA_SLOPE = -0.16542114370045092921  # of Riemann's function at -1


class _Logs(NamedTuple):
    """Two logarithms that say all of a law, at points or as polynomials on the cells."""

    probability: Values  # log F to the left of 0, log(1 - F) to the right
    density: Values


class TracyWidom(Law):
    """The law for beta 1, 2 or 4; that for beta 4 in the unit that all beta have in common."""

    _lower = -math.inf
    _upper = math.inf

    def __init__(self, beta: int) -> None:
        self._name = f"tracy_widom({beta})"
        self._beta = beta
        self._unit = 2.0 ** (2 / 3) if beta == 4 else 1.0
        # All quantiles are between these ends, that of 5e-324 too.
        stretched = np.linspace(math.asinh(_LEFT), math.asinh(110.0), 513)
        self._grid = np.sinh(stretched) / self._unit

    def mean(self) -> float:
        x, weights = self._even_sample
        return float(weights @ x)

    def var(self) -> float:
        x, weights = self._even_sample
        return float(weights @ (x - self.mean()) ** 2)

    @functools.cached_property
    def _even_sample(self) -> tuple[Values, Values]:
        """Return places and their probabilities.

        Sums over even steps are as good as exact for a density as smooth and short as this.
        """
        step = 1 / 16
        x = np.arange(-14.0, 20.0, step) / self._unit
        weights = self._pdf(x) * step / self._unit
        return x, weights

    def _pdf(self, x: Values) -> Values:
        return np.asarray(np.exp(self._logpdf(x)))

    def _logpdf(self, x: Values) -> Values:
        return self._log("density", x) + math.log(self._unit)

    def _logsf(self, x: Values) -> Values:
        logs = self._log("probability", x)
        log_below = np.minimum(logs, -1e-3)  # which it is to the left of 0
        log_above = np.log1p(-np.exp(log_below))
        return np.where(x < 0, log_above, logs)

    def _cdf_along(self, parameter: Values) -> Values:
        logs = self._log("probability", parameter)
        probability = np.exp(logs)
        return np.where(parameter < 0, probability, 1 - probability)

    def _sf_along(self, parameter: Values) -> Values:
        logs = self._log("probability", parameter)
        left_of_zero = -np.expm1(logs)
        return np.where(parameter < 0, left_of_zero, np.exp(logs))

    def _log(self, kind: Literal["probability", "density"], x: Values) -> Values:
        """Return one of the two logarithms, from the table or beyond its ends."""
        s = x * self._unit
        result = _polynomials_at(s, getattr(_tables()[self._beta], kind))
        left = s < _LEFT
        if left.any():
            result[left] = getattr(_left_tail(s[left])[self._beta], kind)
        right = s > _RIGHT
        if right.any():
            result[right] = getattr(_right_tail(s[right])[self._beta], kind)
        return result


def _polynomials_at(s: Values, coefficients: Values) -> Values:
    """Return the polynomials of the cells that hold s; at the ends of the table for s beyond."""
    scaled = np.minimum(np.maximum(s, _LEFT), _RIGHT) * _CELLS
    cell = np.minimum(np.floor(scaled), _RIGHT * _CELLS - 1)
    within = scaled - cell  # without rounding, as a cell is 1/128
    column = (cell - _LEFT * _CELLS).astype(np.intp)
    result: Values = coefficients[_DEGREE].take(column)
    for row in coefficients[_DEGREE - 1 :: -1]:
        result *= within
        result += row.take(column)
    return result


@functools.cache
def _tables() -> dict[int, _Logs]:
    """Return the coefficients of the polynomials for each beta."""
    left_cells = np.arange(_LEFT * _CELLS, 0)[:, np.newaxis]
    right_cells = np.arange(_RIGHT * _CELLS)[:, np.newaxis]
    left = _from_transcendent((left_cells + _nodes()) / _CELLS)
    right = _from_determinants((right_cells + _nodes()) / _CELLS)
    to_powers = _to_powers()
    tables = {}
    for beta in (1, 2, 4):
        below, above = left[beta], right[beta]
        # Both end at 0. The right one has rounded more, and is moved to where the left one is.
        log_above = np.log(-np.expm1(below.probability[-1, -1]))
        probability_above = above.probability + (log_above - above.probability[0, 0])
        density_above = above.density + (below.density[-1, -1] - above.density[0, 0])
        probability = np.concatenate([below.probability, probability_above])
        density = np.concatenate([below.density, density_above])
        tables[beta] = _Logs(to_powers @ probability.T, to_powers @ density.T)
    return tables


def _nodes() -> Values:
    """Return the places of the nodes in a cell from 0 to 1, its ends among them."""
    angles = np.pi * np.arange(_DEGREE + 1) / _DEGREE
    return np.asarray((1 - np.cos(angles)) / 2)


def _to_powers() -> Values:
    """Return the matrix from values at the nodes to coefficients of the polynomial."""
    from_powers = np.vander(_nodes(), increasing=True)
    return np.asarray(np.linalg.inv(from_powers))


class _Determinants(NamedTuple):
    """Where det(1 - V) = exp(mean - half) and det(1 + V) = exp(mean + half)."""

    mean: Values
    half: Values
    mean_slope: Values  # in s
    half_slope: Values


def _determinants(s: Values) -> _Determinants:
    """Return the determinants by Gauss quadrature of 32 nodes on the length 28."""
    from scipy.special import airy  # here, as its import takes its time

    nodes, weights = np.polynomial.legendre.leggauss(32)
    x = 14 * (nodes + 1)
    root = np.sqrt(14 * weights)
    # Airy's function is what takes the time: once for each pair of nodes, and both mirrored.
    row, column = np.triu_indices(x.size)
    value, slope = airy((x[row] + x[column]) / 2 + s[:, np.newaxis])[:2]
    kernel, kernel_slope = np.zeros((2, s.size, x.size, x.size))
    for matrix, half in ((kernel, value / 2), (kernel_slope, slope / 2)):
        entries = half * root[row] * root[column]
        matrix[:, row, column] = entries
        matrix[:, column, row] = entries
    eigenvalue, vector = np.linalg.eigh(kernel)
    eigenvalue_slope = np.sum(vector * (kernel_slope @ vector), axis=1)
    change = eigenvalue_slope / (1 - eigenvalue**2)
    return _Determinants(
        mean=np.log1p(-(eigenvalue**2)).sum(axis=1) / 2,
        half=np.arctanh(eigenvalue).sum(axis=1),
        mean_slope=-(eigenvalue * change).sum(axis=1),
        half_slope=change.sum(axis=1),
    )


def _from_determinants(s: Values) -> dict[int, _Logs]:
    """Return the logarithms for each beta to the right of 0, smoothly from 41 places."""
    degree = 40
    t = chebyshev.chebpts1(degree + 1)
    mean, half, mean_slope, half_slope = _determinants(_RIGHT / 2 * (t + 1))

    place = s * (2 / _RIGHT) - 1
    projection = chebyshev.chebvander(t, degree).T * (2 / t.size)

    def smooth_log(values: Values) -> Values:
        # by sums, which round less than least squares: the logarithms go down to -50
        coefficients = projection @ np.log(values)
        coefficients[0] /= 2
        return np.asarray(chebyshev.chebval(place, coefficients))

    middle = np.exp(mean)
    minus = np.exp(mean - half)
    # 1 - F without a difference of numbers near 1, as 1 - cosh(2 y) = -2 sinh(y)²
    above_1 = -np.expm1(mean - half)
    above_2 = -np.expm1(2 * mean)
    above_4 = -np.expm1(mean) - 2 * middle * np.sinh(half / 2) ** 2
    slope_1 = minus * (mean_slope - half_slope)
    slope_2 = middle**2 * 2 * mean_slope
    slope_4 = middle * (mean_slope * np.cosh(half) + half_slope * np.sinh(half))
    return {
        1: _Logs(smooth_log(above_1), smooth_log(slope_1)),
        2: _Logs(smooth_log(above_2), smooth_log(slope_2)),
        4: _Logs(smooth_log(above_4), smooth_log(slope_4)),
    }


def _from_transcendent(s: Values) -> dict[int, _Logs]:
    """Return the logarithms for each beta on cells to the left of 0."""
    at_zero = _determinants(np.zeros(1))
    q_at_zero = -2 * at_zero.half_slope[0]
    q, q_slope = _hastings_mcleod(s, q_at_zero)
    slope = q_slope**2 - s * q**2 - q**4
    log_f2 = 2 * at_zero.mean - _integral_to_zero(slope)
    integral = 2 * at_zero.half + _integral_to_zero(q)
    return _logs_from_q(q, integral, log_f2, slope)


def _logs_from_q(q: Values, integral: Values, log_f2: Values, slope: Values) -> dict[int, _Logs]:
    """Return the logarithms for each beta from q, its integral from s to infinity, and F2.

    F1 = √(F2 / e^integral), and F4 = √F2 cosh(integral / 2).
    """
    log_f1 = (log_f2 - integral) / 2
    log_cosh = integral / 2 + np.log1p(np.exp(-integral)) - math.log(2)  # of integral / 2
    log_f4 = log_f2 / 2 + log_cosh
    slope_1 = (slope + q) / 2
    slope_4 = (slope - q * np.tanh(integral / 2)) / 2
    return {
        1: _Logs(log_f1, log_f1 + np.log(slope_1)),
        2: _Logs(log_f2, log_f2 + np.log(slope)),
        4: _Logs(log_f4, log_f4 + np.log(slope_4)),
    }


def _hastings_mcleod(s: Values, q_at_zero: float) -> tuple[Values, Values]:
    """Return q and q' on the left of 0, by collocation at 101 Chebyshev nodes.

    With both ends given, q = line + ∬ (s q + 2 q³), where the double integral, less its share at
    the left end, is linear in the values at the nodes. Newton's method solves for these.
    """
    degree = 100
    t = np.cos(np.pi * np.arange(degree + 1) / degree)
    nodes = _LEFT / 2 * (1 - t)  # from 0 to the left end
    series = polynomial.polyval(_LEFT**-3.0, _Q_SERIES)
    q_at_left = math.sqrt(-_LEFT / 2) * series
    to_values = chebyshev.chebvander(t, degree)
    to_coefficients = np.linalg.inv(to_values)
    integrate = chebyshev.chebint(np.eye(degree + 1), lbnd=1, scl=-_LEFT / 2)[:-1]
    twice = to_values @ integrate @ integrate @ to_coefficients
    green = twice - np.outer(nodes / _LEFT, twice[-1])
    line = q_at_zero + (q_at_left - q_at_zero) * nodes / _LEFT
    q = np.sqrt(q_at_zero**2 - nodes / 2)
    for _ in range(8):
        miss = q - line - green @ (nodes * q + 2 * q**3)
        newton = np.eye(degree + 1) - green * (nodes + 6 * q**2)
        q -= np.linalg.solve(newton, miss)
    q_bend = nodes * q + 2 * q**3  # q''
    slope_at_zero = (q_at_left - q_at_zero - twice[-1] @ q_bend) / _LEFT
    place = 1 - 2 / _LEFT * s
    q_at_s = chebyshev.chebval(place, to_coefficients @ q)
    slope_gain = chebyshev.chebval(place, integrate @ to_coefficients @ q_bend)
    return np.asarray(q_at_s), np.asarray(slope_at_zero + slope_gain)


def _integral_to_zero(values: Values) -> Values:
    """Return the integral from each node up to 0, of polynomials on the cells."""
    exponents = np.arange(1, _DEGREE + 2)
    nodes = _nodes()[:, np.newaxis]
    power_integrals = (1 - nodes**exponents) / exponents / _CELLS
    integrals = power_integrals @ _to_powers()
    to_cell_end = values @ integrals.T
    whole_cell = to_cell_end[:, 0]
    later_cells = np.cumsum(whole_cell[::-1])[::-1] - whole_cell
    return np.asarray(to_cell_end + later_cells[:, np.newaxis])


def _left_tail(s: Values) -> dict[int, _Logs]:
    """Return the logarithms for each beta far on the left, by the series of q.

    It is integrated power by power: (log F2)'' = -q², and the constants are known. In front of
    them, log F2 is -|s|³ / 12 - log|s| / 8 and the integral of q is (√2 / 3) |s|^(3/2).
    """
    a = np.minimum(-s, 1e150)  # where the logarithms are -inf, beyond the range of numbers
    w = -(a**-3.0)  # 1 / s³
    k = np.arange(len(_Q_SERIES))
    q_series = np.array(_Q_SERIES)
    integral_series = q_series / (1.5 - 3 * k)
    square_series = np.convolve(q_series, q_series)[: k.size]  # of q² / (-s/2)
    slope_series = square_series / (2 - 3 * k)
    exponents = np.where(k == 1, math.inf, 3 - 3 * k)  # the term of k = 1 is -log|s| / 8
    log_series = slope_series / exponents

    q = np.sqrt(a / 2) * polynomial.polyval(w, q_series)
    integral = np.sqrt(a / 2) * a * polynomial.polyval(w, integral_series)
    integral += math.log(2) / 2
    slope = a**2 / 2 * polynomial.polyval(w, slope_series)
    with np.errstate(over="ignore"):
        log_f2 = -(a**3) / 2 * polynomial.polyval(w, log_series)
    log_f2 += math.log(2) / 24 + _ZETA_SLOPE - np.log(a) / 8
    return _logs_from_q(q, integral, log_f2, slope)


def _right_tail(s: Values) -> dict[int, _Logs]:
    """Return the logarithms for each beta far on the right.

    The eigenvalues of V are so small there that 1 - F1 is the integral of Ai / 2 from s on,
    1 - F2 that of (x - s) Ai², and 1 - F4 half the latter less half the square of the former.
    Beyond 1e5 the leading terms are exact to rounding: 1 - F falls as a power of s times one of
    exp(-2/3 s^(3/2)), and the density is larger by √s.
    """
    near = np.minimum(s, 1e5)
    far = np.minimum(s, 1e300)
    log_distance = np.log(far / near)
    integrals = _airy_integrals(near)
    with np.errstate(over="ignore"):
        log_airy = integrals.log_scaled - 2 / 3 * far**1.5

    def logs(airys: int, above: Values, density: Values, power: float) -> _Logs:
        scale = airys * log_airy - power * log_distance
        log_density = scale + np.log(density) + log_distance / 2
        return _Logs(scale + np.log(above), log_density)

    above_1 = integrals.once / 2
    density_1 = np.full_like(s, 0.5)
    above_4 = integrals.moment / 2 - integrals.once**2 / 8
    density_4 = integrals.square / 2 - integrals.once / 4
    return {
        1: logs(1, above_1, density_1, 3 / 4),
        2: logs(2, integrals.moment, integrals.square, 3 / 2),
        4: logs(2, above_4, density_4, 3.0),
    }


class _AiryIntegrals(NamedTuple):
    """Integrals over x from s on, in units of Ai(s) or of its square."""

    log_scaled: Values  # log Ai(s) + 2/3 s^(3/2)
    once: Values  # of Ai(x)
    square: Values  # of Ai(x)²
    moment: Values  # of (x - s) Ai(x)²


def _airy_integrals(s: Values) -> _AiryIntegrals:
    """Return the integrals by Gauss quadrature, for s above 13."""
    from scipy.special import airye  # here, as its import takes its time

    start = s[:, np.newaxis]
    step = 1 / np.sqrt(start)  # in which Ai falls by e, and Ai² in half of it
    nodes, weights = np.polynomial.legendre.leggauss(32)
    nodes = 20 * (nodes + 1)  # on the length 40, where Ai has fallen by 4e-18
    weights = 20 * weights
    scaled = airye(start)[0]

    def airy_ratio(t: Values) -> Values:  # Ai(s + t) / Ai(s)
        # The exponents differ by much less than each is: not by subtraction, for beta 4.
        growth = np.expm1(1.5 * np.log1p(t / start))
        fall = 2 / 3 * start**1.5 * growth
        scaled_ratio = airye(start + t)[0] / scaled
        return np.asarray(np.exp(-fall) * scaled_ratio)

    half = step / 2
    airy = airy_ratio(step * nodes)
    squared = airy_ratio(half * nodes) ** 2
    return _AiryIntegrals(
        log_scaled=np.log(scaled[:, 0]),
        once=(step * airy) @ weights,
        square=(half * squared) @ weights,
        moment=(half**2 * squared) @ (weights * nodes),
    )
