"""The laws of `symlib.spectrum` that have a closed form.

Each is written along an angle t, with the probability below and above in sines of it; the notes
of the public functions have the formulas.
"""

from __future__ import annotations

import math

import numpy as np

from symlib._laws import Law, Values, crossing

__all__ = ["Circle", "FussCatalan", "MarchenkoPastur", "SmallestSingularValue"]


class MarchenkoPastur(Law):
    """In units of ``scale * max(ratio, 1)``, on u = 1 + η - 2 √η cos t with η = ratio or 1 / ratio.

    If the ratio is above 1, the share of this continuous part is 1 / ratio.
    """

    def __init__(self, ratio: float, scale: float) -> None:
        self._name = f"marchenko_pastur({ratio}, scale={scale})"
        self._ratio, self._scale = ratio, scale
        self._share = min(1.0, 1 / ratio)
        self._unit = scale * max(1.0, ratio)
        self._eta = min(ratio, 1 / ratio)
        self._root = math.sqrt(self._eta)
        self._least = (1 - self._eta) / (1 + self._root)  # 1 - √η
        self._grid = np.linspace(0.0, math.pi, 129)
        self._lower = 0.0 if ratio > 1 else self._unit * self._least**2
        self._upper = self._unit * (1 + self._root) ** 2

    def _pdf(self, x: Values) -> Values:
        low, factor = self._unit * self._least**2, 2 * math.pi * self._ratio * self._scale
        inside = np.minimum(np.maximum(x, low), self._upper)
        density = self._upper - inside
        if low > 0:
            density *= inside - low
            np.sqrt(density, out=density)
            inside *= factor
            density /= inside
            return density
        with np.errstate(divide="ignore"):
            density = np.sqrt(density / inside) / factor
        density[x < 0] = 0.0
        return density

    def _cdf(self, x: Values) -> Values:
        mass = (1 - self._share) + self._share * self._mass(*self._place(x))
        return mass if self._share == 1 else np.where(x < 0, 0.0, mass)

    def _sf(self, x: Values) -> Values:
        t, sine, rest = self._place(x)
        mass = self._share * self._mass(math.pi - t, -sine, rest)
        return mass if self._share == 1 else np.where(x < 0, 1.0, mass)

    def _below(self, parameter: Values) -> Values:
        return self._mass(parameter, *self._sides(parameter))

    def _above(self, parameter: Values) -> Values:
        sine, rest = self._sides(parameter)
        return self._mass(math.pi - parameter, -sine, rest)

    def _value(self, parameter: Values) -> Values:
        u = self._least**2 + 4 * self._root * np.sin(parameter / 2) ** 2
        return np.asarray(self._unit * u)

    def _sides(self, t: Values) -> tuple[Values, Values]:
        """Return √η sin t and 1 - √η cos t."""
        sine, rest = self._root * np.sin(t), self._least + 2 * self._root * np.sin(t / 2) ** 2
        return np.asarray(sine), np.asarray(rest)

    def _place(self, x: Values) -> tuple[Values, Values, Values]:
        """Return the angle of x, and its sides without any further sine."""
        low, high = self._least**2, (1 + self._root) ** 2
        u = np.minimum(np.maximum(x / self._unit, low), high)
        left, right = np.sqrt(u - low), np.sqrt(high - u)
        return 2 * np.arctan2(left, right), left * right / 2, (1 - self._eta + u) / 2

    def _mass(self, t: Values, sine: Values, rest: Values) -> Values:
        turn = np.arctan2(sine, rest)
        mass = (t + (sine - (1 - self._eta) * turn) / self._eta) / math.pi
        return np.asarray(np.minimum(np.maximum(mass, 0.0), 1.0))

    def _quantile(self, p: Values, q: Values) -> Values:
        result = np.zeros_like(p)
        inside = (q < self._share) | (self._share == 1)
        below = (p[inside] - (1 - self._share)) / self._share
        value = super()._quantile(below, q[inside] / self._share)
        result[inside] = np.maximum(value, self._unit * self._least**2)
        return result

    def _moment(self, order: int) -> float:
        counts = (
            math.comb(order, j) * math.comb(order - 1, j) // (j + 1) * self._ratio**j
            for j in range(order)
        )
        return self._scale**order * math.fsum(counts) if order else 1.0

    def var(self) -> float:
        return self._scale**2 * self._ratio

    def _entropy(self) -> float:
        return super()._entropy() if self._share == 1 else -math.inf


class Circle(Law):
    """On x = 2 scale sin t: the whole half-circle, or its right half as a law of its own."""

    def __init__(self, scale: float, *, half: bool) -> None:
        self._name = f"{'quarter_circle' if half else 'semicircle'}(scale={scale})"
        self._scale, self._half = scale, half
        self._lower, self._upper = 0.0 if half else -2 * scale, 2 * scale
        self._grid = np.linspace(0.0 if half else -math.pi / 2, math.pi / 2, 129)
        self._share = 1.0 if half else 0.5  # of the right half

    def _pdf(self, x: Values) -> Values:
        density = x * (0.5 / self._scale)
        density *= density
        np.subtract(1.0, density, out=density)
        np.maximum(density, 0.0, out=density)
        np.sqrt(density, out=density)
        density *= 2 * self._share / (math.pi * self._scale)
        if self._half:
            density[x < 0] = 0.0
        return density

    def _cdf(self, x: Values) -> Values:
        sine = self._sine(x)
        area = np.arcsin(sine) + sine * np.sqrt((1 - sine) * (1 + sine))
        return np.maximum((1 - self._share) + 2 * self._share / math.pi * area, 0.0)

    def _sf(self, x: Values) -> Values:
        return self._above(np.asarray(np.arcsin(self._sine(x))))

    def _sine(self, x: Values) -> Values:
        least = 0.0 if self._half else -1.0
        return np.asarray(np.minimum(np.maximum(x * (0.5 / self._scale), least), 1.0))

    def _value(self, parameter: Values) -> Values:
        return np.asarray(2 * self._scale * np.sin(parameter))

    def _below(self, parameter: Values) -> Values:
        if not self._half:
            return self._above(-parameter)
        return np.asarray((2 * parameter + np.sin(2 * parameter)) / math.pi)

    def _above(self, parameter: Values) -> Values:
        rest = math.pi - 2 * parameter
        return np.asarray(self._share / math.pi * np.maximum(rest - np.sin(rest), 0.0))

    def _moment(self, order: int) -> float:
        if order % 2 == 0:
            return self._scale**order * (math.comb(order, order // 2) // (order // 2 + 1))
        if not self._half:
            return 0.0
        grown = math.gamma(order / 2 + 0.5) / math.gamma(order / 2 + 2)
        return (2 * self._scale) ** order / math.sqrt(math.pi) * grown


class FussCatalan(Law):
    """On t = π / (s + 1) - φ, so that a small x has a small t."""

    def __init__(self, factors: int) -> None:
        self._name, self._factors = f"fuss_catalan({factors})", factors
        self._lower, self._upper = 0.0, (factors + 1) * (1 + 1 / factors) ** factors
        self._end = math.pi / (factors + 1)
        self._grid = np.linspace(0.0, self._end, 129)

    def _sines(self, t: Values) -> tuple[Values, Values, Values]:
        """Return sin φ, and the sines of s φ and (s + 1) φ as multiples of it."""
        s, phi = self._factors, np.maximum(self._end - t, 1e-150)
        one = np.sin(phi)
        return one, np.sin(s * phi) / one, np.sin((s + 1) * np.minimum(t, phi)) / one

    def _pdf(self, x: Values) -> Values:
        one, less, more = self._sines(self._parameter(x))
        with np.errstate(divide="ignore", over="ignore"):
            density = one / less * (less / more) ** self._factors / math.pi
        return np.where((x < 0) | (x >= self._upper), 0.0, density)

    def _parameter(self, x: Values) -> Values:
        def height(t: Values) -> Values:
            return np.asarray(np.log(self._value(t)))

        result = np.zeros_like(x)
        with np.errstate(divide="ignore"):
            goal = np.log(np.minimum(x[x > 0], self._upper))
            result[x > 0] = crossing(height, self._grid, height(self._grid), goal)
        return result

    def _value(self, parameter: Values) -> Values:
        _, less, more = self._sines(parameter)
        return np.asarray(more * (more / less) ** self._factors)

    def _bend(self, t: Values) -> Values:
        one, less, more = self._sines(t)
        return np.asarray(self._factors * one * more / less)

    def _below(self, parameter: Values) -> Values:
        mass = (self._factors + 1) * parameter + self._bend(parameter)
        return np.minimum(mass / math.pi, 1.0)

    def _above(self, parameter: Values) -> Values:
        rest = self._end - parameter
        return np.maximum((self._factors + 1) * rest - self._bend(parameter), 0.0) / math.pi

    def _moment(self, order: int) -> float:
        s = self._factors
        return float(math.comb((s + 1) * order, order) // (s * order + 1))


class SmallestSingularValue(Law):
    """Given by the probability above: exp(-t²/2 - t)."""

    _name, _lower, _upper = "smallest_singular_value()", 0.0, math.inf

    def _exponent(self, x: Values) -> Values:
        t = np.maximum(x, 0.0)
        with np.errstate(over="ignore"):
            return t * (1 + t / 2)

    def _pdf(self, x: Values) -> Values:
        return np.asarray(np.exp(self._logpdf(x)))

    def _logpdf(self, x: Values) -> Values:
        slope = np.log1p(np.minimum(np.maximum(x, 0.0), 1e300))
        return np.where(x < 0, -math.inf, slope - self._exponent(x))

    def _below(self, parameter: Values) -> Values:
        return np.asarray(-np.expm1(-self._exponent(parameter)))

    def _above(self, parameter: Values) -> Values:
        return np.asarray(np.exp(-self._exponent(parameter)))

    def _quantile(self, p: Values, q: Values) -> Values:
        with np.errstate(divide="ignore", invalid="ignore"):
            exponent = -np.where(p <= 0.5, np.log1p(-p), np.log(q))
            t = 2 * exponent / (1 + np.sqrt(1 + 2 * exponent))
        return np.where(q <= 0, math.inf, t)

    def _moment(self, order: int) -> float:
        t, weight = np.polynomial.legendre.leggauss(128)
        t = 16 * (1 + t)
        return float(16 * weight @ (t**order * self._pdf(t)))
