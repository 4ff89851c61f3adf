"""What the laws of `symlib.spectrum` have in common.

`Law` is a distribution on the real line with the methods of a frozen one of ``scipy.stats``. A
law is given along a curve: the value, the probability below it and that above it are functions of
a parameter, mostly an angle, in which they are smooth also where the density has a pole or ends
like a square root. Quantiles are sought along the curve.
"""

from __future__ import annotations

import abc
import functools
import math
import operator
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from symlib import _arrays

__all__ = ["Law", "Values", "crossing"]

Values = npt.NDArray[np.float64]

_BLOCK = 16384  # numbers that stay in the cache from one operation to the next


class Law(abc.ABC):
    """A law on the real line, with the methods of a frozen ``scipy.stats`` distribution.

    The methods of ``x`` and ``p`` take an array of any shape and return one of the same shape, and
    a number for a number. ``x`` may be infinite but not nan, and ``p`` is from 0 to 1. ``rng`` is
    None, a seed or a ``numpy.random.Generator``.
    """

    _name: str
    _lower: float
    _upper: float
    _grid: Values  # of the parameter, from end to end

    def __repr__(self) -> str:
        """Return the call that makes the law."""
        return self._name

    def pdf(self, x: npt.ArrayLike) -> Values:
        """Return the density at x: 0 outside of the support, infinite at a pole."""
        return _blockwise(self._pdf, _reals("x", x))

    def logpdf(self, x: npt.ArrayLike) -> Values:
        """Return the logarithm of the density at x."""
        return _blockwise(self._logpdf, _reals("x", x))

    def cdf(self, x: npt.ArrayLike) -> Values:
        """Return the probability of values up to x."""
        return _blockwise(self._cdf, _reals("x", x))

    def sf(self, x: npt.ArrayLike) -> Values:
        """Return the probability of values above x."""
        return _blockwise(self._sf, _reals("x", x))

    def ppf(self, p: npt.ArrayLike) -> Values:
        """Return the value up to which there is the probability p: the inverse of cdf."""
        return _blockwise(lambda part: self._quantile(part, 1.0 - part), _probabilities("p", p))

    def isf(self, p: npt.ArrayLike) -> Values:
        """Return the value above which there is the probability p: the inverse of sf."""
        return _blockwise(lambda part: self._quantile(1.0 - part, part), _probabilities("p", p))

    def rvs(self, size: int | tuple[int, ...] | None = None, *, rng: object = None) -> Values:
        """Draw independent values, an array of shape ``size`` or, by default, one number."""
        uniform = _arrays.generator(rng).random(_lengths(size))
        return self.ppf(np.maximum(uniform, 2.0**-54))

    def median(self) -> float:
        """Return the value with half of the probability on either side."""
        return float(self.ppf(0.5))

    def mean(self) -> float:
        """Return the mean."""
        return self.moment(1)

    def var(self) -> float:
        """Return the variance."""
        return self.moment(2) - self.moment(1) ** 2

    def std(self) -> float:
        """Return the standard deviation."""
        return math.sqrt(self.var())

    def moment(self, order: int) -> float:
        """Return the mean of the power ``order`` of a value, a whole number from 0 to 100."""
        try:
            return self._moment(_arrays.whole("order", order, least=0, most=100))
        except OverflowError:
            return math.inf

    def entropy(self) -> float:
        """Return the differential entropy, the mean of -logpdf: -inf if there is an atom."""
        return self._entropy()

    def support(self) -> tuple[float, float]:
        """Return the least and the largest value."""
        return self._lower, self._upper

    # What a law brings along

    @abc.abstractmethod
    def _pdf(self, x: Values) -> Values:
        """Return the density, 0 outside of the support."""

    @abc.abstractmethod
    def _moment(self, order: int) -> float:
        """Return the moment."""

    @abc.abstractmethod
    def _below(self, parameter: Values) -> Values:
        """Return the probability up to the value of the parameter."""

    @abc.abstractmethod
    def _above(self, parameter: Values) -> Values:
        """Return the probability above it."""

    def _value(self, parameter: Values) -> Values:
        return parameter

    def _parameter(self, x: Values) -> Values:
        return x

    # What follows from it

    def _logpdf(self, x: Values) -> Values:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self._pdf(x)))

    def _cdf(self, x: Values) -> Values:
        return self._below(self._parameter(x))

    def _sf(self, x: Values) -> Values:
        return self._above(self._parameter(x))

    @functools.cached_property
    def _on_grid(self) -> tuple[Values, Values]:
        return self._below(self._grid), self._above(self._grid)

    def _quantile(self, p: Values, q: Values) -> Values:
        """Return where there is p below and q above, by the smaller of both."""
        parameter, left, (below, above) = np.empty_like(p), p <= 0.5, self._on_grid
        parameter[left] = crossing(self._below, self._grid, below, p[left])
        parameter[~left] = crossing(lambda t: -self._above(t), self._grid, -above, -q[~left])
        value = self._value(parameter)
        return np.where(p <= 0, self._lower, np.where(q <= 0, self._upper, value))

    def _entropy(self) -> float:
        """Sum -logpdf over the probability, by the double exponential rule for its two ends."""
        t = np.arange(-3.6, 3.61, 0.04)
        tail = np.pi * np.sinh(t)
        p, q = 1 / (1 + np.exp(-tail)), 1 / (1 + np.exp(tail))
        height = self._logpdf(self._quantile(p, q))
        weight = 0.04 * np.pi * np.cosh(t) * p * q
        return -float(np.where(np.isfinite(height), weight * height, 0.0).sum())


def crossing(
    function: Callable[[Values], Values], grid: Values, values: Values, goal: Values
) -> Values:
    """Return where an increasing function, known on a grid, has the values of ``goal``.

    The grid gives the first brackets. In them Chandrupatla's rule (1997) goes by the parabola
    through three points where that can be trusted, and else, or when it takes long, by halves.
    """
    place = np.clip(np.searchsorted(values, goal), 1, grid.size - 1)
    a, b, fa, fb = grid[place], grid[place - 1], values[place] - goal, values[place - 1] - goal
    result, index, share, turns = a.copy(), np.arange(goal.size), np.full_like(goal, 0.5), 0
    while index.size:
        t = a + share * (b - a)
        f = function(t) - goal[index]
        same = np.sign(f) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = t, f
        best, miss = np.where(np.abs(fa) < np.abs(fb), (a, fa), (b, fb))
        result[index] = best
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            reach = (2.0**-52 * np.abs(best) + 1e-300) / np.abs(b - a)
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            smooth = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & (turns < 20)
            share = fa / (fb - fa) * fc / (fb - fc)
            share += (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        going = (reach < 0.5) & (np.abs(miss) > 2.0**-52 * np.abs(goal[index]))
        share = np.clip(np.where(smooth, share, 0.5), reach, 1 - reach)
        index, kept, turns = index[going], (a, b, fa, fb, share), turns + 1
        a, b, fa, fb, share = (array[going] for array in kept)
    return result


def _reals(name: str, value: npt.ArrayLike) -> Values:
    """Return real numbers, infinities among them, as an array of float64."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be an array, got rows of unequal length") from None
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if array.size and math.isnan(array.min()):
        where = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
        raise ValueError(f"{name} must not be nan, got nan at index {where}")
    return array


def _probabilities(name: str, value: npt.ArrayLike) -> Values:
    """Return numbers from 0 to 1."""
    array = _reals(name, value)
    wrong = (array < 0) | (array > 1)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{name} must be from 0 to 1, got {array[where]:g} at index {where}")
    return array


def _lengths(size: object) -> tuple[int, ...] | None:
    """Return the lengths of the axes of what is drawn."""
    if size is None:
        return None
    try:
        lengths = tuple(operator.index(n) for n in (size if isinstance(size, tuple) else (size,)))
    except TypeError:
        lengths = (-1,)
    if min(lengths, default=0) < 0:
        wanted = "None, a whole number of at least 0 or a tuple of such"
        raise ValueError(f"size must be {wanted}, got {size!r:.60}")
    return lengths


def _blockwise(function: Callable[[Values], Values], values: Values) -> Values:
    """Return the function of each value, a block of them at a time."""
    flat = values.reshape(-1)
    if flat.size <= _BLOCK:
        return np.asarray(function(flat)).reshape(values.shape)[()]
    result = np.empty_like(flat)
    for start in range(0, flat.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        result[part] = function(flat[part])
    return result.reshape(values.shape)
