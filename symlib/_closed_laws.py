"""The laws of `symlib.spectrum` that have a closed form.

Each is written along an angle t, with the probability below and above in sines of it; the notes
of the public functions have the formulas.
"""

from __future__ import annotations

import math

import numpy as np

from symlib._laws import Law, Values, crossings, grid_from_zero

__all__ = ["Circle", "FussCatalan", "MarchenkoPastur", "SmallestSingularValue"]


class MarchenkoPastur(Law):
    """On x = unit * u, where u = 1 + η - 2 √η cos t with η = min(ratio, 1 / ratio).

    If the ratio is above 1, this continuous part has the share 1 / ratio of the probability.
    """

    def __init__(self, ratio: float, scale: float) -> None:
        self._name = f"marchenko_pastur({ratio}, scale={scale})"
        self._ratio = ratio
        self._scale = scale
        self._unit = scale * max(1.0, ratio)
        self._continuous = min(1.0, 1 / ratio)  # the share that is not at the atom
        self._eta = min(ratio, 1 / ratio)
        self._root_eta = math.sqrt(self._eta)
        self._low_root = (1 - self._eta) / (1 + self._root_eta)  # 1 - √η without cancellation
        self._u_low = self._low_root**2
        self._u_high = (1 + self._root_eta) ** 2
        self._lower = 0.0 if ratio > 1 else self._unit * self._u_low
        self._upper = self._unit * self._u_high
        # Near the lower end the probability has all its digits only if that is at 0.
        self._grid = grid_from_zero(math.pi) if ratio == 1 else np.linspace(0.0, math.pi, 129)

    def mean(self) -> float:
        return self._scale

    def var(self) -> float:
        return self._scale**2 * self._ratio

    def _pdf(self, x: Values) -> Values:
        low = self._unit * self._u_low
        factor = 2 * math.pi * self._ratio * self._scale
        inside = np.minimum(np.maximum(x, low), self._upper)
        density = self._upper - inside
        if low == 0:  # one root of the two is in the denominator: a pole
            with np.errstate(divide="ignore"):
                density = np.sqrt(density / inside) / factor
            density[x < 0] = 0.0
            return density
        density *= inside - low  # in place, which takes half of the time
        np.sqrt(density, out=density)
        inside *= factor
        density /= inside
        return density

    def _cdf(self, x: Values) -> Values:
        angle, sine, rest = self._angle_and_legs(x)
        probability = self._continuous * self._probability(angle, sine, rest)
        if self._continuous == 1:
            return probability
        return np.where(x < 0, 0.0, (1 - self._continuous) + probability)

    def _sf(self, x: Values) -> Values:
        angle, sine, rest = self._angle_and_legs(x)
        probability = self._continuous * self._probability(math.pi - angle, -sine, rest)
        if self._continuous == 1:
            return probability
        return np.where(x < 0, 1.0, probability)

    def _cdf_along(self, parameter: Values) -> Values:
        sine, rest = self._legs(parameter)
        return self._probability(parameter, sine, rest)

    def _sf_along(self, parameter: Values) -> Values:
        sine, rest = self._legs(parameter)
        return self._probability(math.pi - parameter, -sine, rest)

    def _value_along(self, parameter: Values) -> Values:
        u = self._u_low + 4 * self._root_eta * np.sin(parameter / 2) ** 2
        return np.asarray(self._unit * u)

    def _quantiles(self, below: Values, above: Values) -> Values:
        """Return 0 for what is at the atom, and go by the continuous part for the others."""
        result = np.zeros_like(below)
        inside = (above < self._continuous) | (self._continuous == 1)
        below_inside = (below[inside] - (1 - self._continuous)) / self._continuous
        above_inside = above[inside] / self._continuous
        value = super()._quantiles(below_inside, above_inside)
        result[inside] = np.maximum(value, self._unit * self._u_low)
        return result

    def _legs(self, angle: Values) -> tuple[Values, Values]:
        """Return √η sin t and 1 - √η cos t, the legs of a triangle with hypotenuse √u."""
        sine = self._root_eta * np.sin(angle)
        rest = self._low_root + 2 * self._root_eta * np.sin(angle / 2) ** 2
        return np.asarray(sine), np.asarray(rest)

    def _angle_and_legs(self, x: Values) -> tuple[Values, Values, Values]:
        """Return the angle of x and the two legs, these without any further sine."""
        u = np.minimum(np.maximum(x / self._unit, self._u_low), self._u_high)
        left = np.sqrt(u - self._u_low)
        right = np.sqrt(self._u_high - u)
        angle = 2 * np.arctan2(left, right)
        sine = left * right / 2
        rest = (1 - self._eta + u) / 2
        return angle, sine, rest

    def _probability(self, angle: Values, sine: Values, rest: Values) -> Values:
        """Return the share of the continuous part up to the angle with these legs."""
        turn = np.arctan2(sine, rest)
        excess = (sine - (1 - self._eta) * turn) / self._eta
        share = (angle + excess) / math.pi
        at_least_0 = np.maximum(share, 0.0)
        return np.asarray(np.minimum(at_least_0, 1.0))


class Circle(Law):
    """On x = 2 scale sin t: the whole half-circle, or its right half as a law of its own."""

    def __init__(self, scale: float, *, half: bool) -> None:
        name = "quarter_circle" if half else "semicircle"
        self._name = f"{name}(scale={scale})"
        self._scale = scale
        self._half = half
        self._right_share = 1.0 if half else 0.5  # the probability of values above 0
        self._lower = 0.0 if half else -2 * scale
        self._upper = 2 * scale
        quarter = math.pi / 2
        self._grid = grid_from_zero(quarter) if half else np.linspace(-quarter, quarter, 129)

    def mean(self) -> float:
        return self._scale * 8 / (3 * math.pi) if self._half else 0.0

    def var(self) -> float:
        return self._scale**2 - self.mean() ** 2

    def _pdf(self, x: Values) -> Values:
        density = x * (0.5 / self._scale)
        density *= density  # in place, which takes half of the time
        np.subtract(1.0, density, out=density)
        np.maximum(density, 0.0, out=density)
        np.sqrt(density, out=density)
        density *= 2 * self._right_share / (math.pi * self._scale)
        if self._half:
            density[x < 0] = 0.0
        return density

    def _cdf(self, x: Values) -> Values:
        sine = self._sine(x)
        cosine = np.sqrt((1 - sine) * (1 + sine))
        area = np.arcsin(sine) + sine * cosine
        below_zero = 1 - self._right_share
        from_zero = 2 * self._right_share / math.pi * area
        return np.maximum(below_zero + from_zero, 0.0)

    def _parameter_at(self, x: Values) -> Values:
        return np.asarray(np.arcsin(self._sine(x)))

    def _sine(self, x: Values) -> Values:
        """Return sin t."""
        least = 0.0 if self._half else -1.0
        sine = x * (0.5 / self._scale)
        sine = np.maximum(sine, least)
        return np.asarray(np.minimum(sine, 1.0))

    def _value_along(self, parameter: Values) -> Values:
        return np.asarray(2 * self._scale * np.sin(parameter))

    def _cdf_along(self, parameter: Values) -> Values:
        if not self._half:
            return self._sf_along(-parameter)
        twice = 2 * parameter
        return np.asarray((twice + np.sin(twice)) / math.pi)

    def _sf_along(self, parameter: Values) -> Values:
        rest = math.pi - 2 * parameter
        segment = np.maximum(rest - np.sin(rest), 0.0)
        return np.asarray(self._right_share / math.pi * segment)


class FussCatalan(Law):
    """On t = π / (s + 1) - φ, so that a small x has a small t."""

    def __init__(self, factors: int) -> None:
        self._name = f"fuss_catalan({factors})"
        self._factors = factors
        self._lower = 0.0
        self._upper = (factors + 1) * (1 + 1 / factors) ** factors
        self._end = math.pi / (factors + 1)
        self._grid = grid_from_zero(self._end)

    def mean(self) -> float:
        return 1.0

    def var(self) -> float:
        return float(self._factors)

    def _pdf(self, x: Values) -> Values:
        one, less, more = self._sines(self._parameter_at(x))
        with np.errstate(divide="ignore", over="ignore"):
            density = one / less * (less / more) ** self._factors / math.pi
        outside = (x < 0) | (x >= self._upper)
        return np.where(outside, 0.0, density)

    def _parameter_at(self, x: Values) -> Values:
        """Solve for the angle in logarithms, as x is a high power of it near 0."""

        def log_value(t: Values) -> Values:
            return np.asarray(np.log(self._value_along(t)))

        positive = x > 0
        result = np.zeros_like(x)
        with np.errstate(divide="ignore"):
            goal = np.log(np.minimum(x[positive], self._upper))
            result[positive] = crossings(log_value, self._grid, log_value(self._grid), goal)
        return result

    def _value_along(self, parameter: Values) -> Values:
        _, less, more = self._sines(parameter)
        return np.asarray(more * (more / less) ** self._factors)

    def _cdf_along(self, parameter: Values) -> Values:
        angle = (self._factors + 1) * parameter + self._sine_term(parameter)
        return np.minimum(angle / math.pi, 1.0)

    def _sf_along(self, parameter: Values) -> Values:
        phi = self._end - parameter
        angle = (self._factors + 1) * phi - self._sine_term(parameter)
        return np.maximum(angle, 0.0) / math.pi

    def _sines(self, t: Values) -> tuple[Values, Values, Values]:
        """Return sin φ, and the sines of s φ and (s + 1) φ as multiples of it."""
        phi = np.maximum(self._end - t, 1e-150)
        # The sine of (s + 1) φ is that of (s + 1) t: the smaller angle has it to all digits.
        smaller = np.minimum(t, phi)
        one = np.sin(phi)
        less = np.sin(self._factors * phi) / one
        more = np.sin((self._factors + 1) * smaller) / one
        return one, less, more

    def _sine_term(self, t: Values) -> Values:
        """Return s sin φ sin((s + 1) φ) / sin(s φ)."""
        one, less, more = self._sines(t)
        return np.asarray(self._factors * one * more / less)


class SmallestSingularValue(Law):
    """Given by the probability above: exp(-t²/2 - t)."""

    _name = "smallest_singular_value()"
    _lower = 0.0
    _upper = math.inf

    def mean(self) -> float:
        return math.sqrt(math.pi * math.e / 2) * math.erfc(math.sqrt(0.5))

    def var(self) -> float:
        mean = self.mean()
        return 2 - 2 * mean - mean**2

    def _pdf(self, x: Values) -> Values:
        return np.asarray(np.exp(self._logpdf(x)))

    def _logpdf(self, x: Values) -> Values:
        t = np.minimum(np.maximum(x, 0.0), 1e300)  # not inf - inf at inf
        log_density = np.log1p(t) - self._exponent(x)
        return np.where(x < 0, -math.inf, log_density)

    def _logsf(self, x: Values) -> Values:
        return -self._exponent(x)

    def _cdf_along(self, parameter: Values) -> Values:
        return np.asarray(-np.expm1(-self._exponent(parameter)))

    def _sf_along(self, parameter: Values) -> Values:
        return np.asarray(np.exp(-self._exponent(parameter)))

    def _quantiles(self, below: Values, above: Values) -> Values:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_above = np.where(below <= 0.5, np.log1p(-below), np.log(above))
            root = np.sqrt(1 - 2 * log_above)
            t = -2 * log_above / (1 + root)  # root - 1 without cancellation
        return np.where(above <= 0, math.inf, t)

    def _exponent(self, x: Values) -> Values:
        """Return t²/2 + t, which is 0 below 0."""
        t = np.maximum(x, 0.0)
        with np.errstate(over="ignore"):
            return t * (1 + t / 2)
