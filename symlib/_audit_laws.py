r"""How probable what was seen in an array would be if its entries were drawn at random.

Each function returns an upper bound on a probability, at most 1: that of seeing something at least
as far out anywhere in one array, or group of arrays, whose entries are independent draws from one
law. They are exact, or exact up to Boole's inequality over rows or pairs, for Gaussian entries.
What uniform, cut and orthogonal entries do is measured in the tests: over all shapes together, at
most 1.6 times as often as is said, and most often less.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from symlib._arrays import Array

__all__ = [
    "bias_chance",
    "coincidence_chance",
    "correlation_chance",
    "cosine_chance",
    "edge_chance",
    "entry_chance",
    "mean_chance",
    "one_sign_chance",
    "pivot_chances",
    "row_norm_chance",
    "scale_chance",
]

_Doubles = npt.NDArray[np.float64]


def mean_chance(mean: float, deviation: float, count: int) -> float:
    """Return the chance that the mean of ``count`` numbers is as far from 0.

    The mean over its standard error has Student's law with ``count - 1`` degrees of freedom.

    References
    ----------
    Student, "The probable error of a mean", *Biometrika* 6 (1908), 1-25.
    """
    if deviation == 0.0:
        return 0.0 if mean else 1.0
    ratio = abs(mean) / deviation * math.sqrt(count)
    return float(2.0 * stats.t.sf(ratio, count - 1))


def entry_chance(deviations: float, count: int) -> float:
    """Return the chance that one of ``count`` numbers is so many standard deviations away.

    Boole's inequality over Gaussian entries; bounded ones are less far out.
    """
    return min(1.0, float(count * 2.0 * stats.norm.sf(deviations)))


def one_sign_chance(positive: float, entries: int, rows: int) -> float:
    """Return the chance that one of the rows has so many entries of one sign only.

    The share of positive entries is that of the whole array, so that an array of one sign
    altogether is no surprise.
    """
    each = positive**entries + (1.0 - positive) ** entries
    return min(1.0, rows * each)


def row_norm_chance(
    square: float, others: float, rows: int, features: int, kurtosis: float
) -> tuple[float, float]:
    r"""Return the chances that one of the rows is as long, and that one is as short.

    ``square`` is its sum of squares, ``others`` the mean of those of all other rows.

    The mean square of a row over that of all others has, for Gaussian entries, Fisher's law with
    d and (n - 1) d degrees of freedom. For other laws the square of an entry has the relative
    variance :math:`\kappa - 1` and not 2, so that the degrees that match it are
    :math:`2 d / (\kappa - 1)`. Below, the wider of both laws counts: short rows of uniform entries
    are more frequent than matching the variance says.

    References
    ----------
    Fisher, "On a distribution yielding the error functions of several well known statistics",
    *Proceedings of the International Congress of Mathematics*, Toronto 1924, 805-813.

    Box, "Non-normality and tests on variances", *Biometrika* 40 (1953), 318-335, for the degrees
    of freedom under other laws.
    """
    ratio = square / others if others > 0.0 else math.inf
    matched = 2.0 * features / max(kurtosis - 1.0, 0.05)
    above = float(stats.f.sf(ratio, matched, (rows - 1) * matched))
    below = float(stats.f.cdf(ratio, matched, (rows - 1) * matched))
    plain = float(stats.f.cdf(ratio, features, (rows - 1) * features))
    return min(1.0, rows * above), min(1.0, rows * max(below, plain))


def cosine_chance(squared_sine: float, features: int, pairs: float) -> float:
    r"""Return the chance that one of the pairs of rows is as nearly parallel, up to the sign.

    The squared cosine of two independent directions of which one is uniform has the law
    Beta(1/2, (d - 1)/2), so that 1 minus it has Beta((d - 1)/2, 1/2). It is asked for as the
    squared sine, since 1 minus a cosine near 1 is rounding.

    This follows from writing a uniform direction as a Gaussian vector over its length.
    """
    if features < 2:
        return 1.0
    inside = min(max(squared_sine, 0.0), 1.0)
    return min(1.0, pairs * float(special.betainc((features - 1) / 2, 0.5, inside)))


def correlation_chance(correlation: float, entries: int, pairs: float) -> float:
    """Return the chance that one of the pairs of arrays is as correlated.

    The law of `cosine_chance` in one dimension less, as means are taken off.
    """
    return cosine_chance(1.0 - correlation**2, entries - 1, pairs)


def coincidence_chance(collision: float, features: int, pairs: float) -> float:
    """Return the chance that one of the pairs of rows is equal in every entry.

    Two entries agree with the chance that two entries of the array do, and so do all of a row
    with that to the power of its length. It makes no assumption on the law, so that it holds for
    signs, few values and low precision too.
    """
    logarithm = math.log(max(pairs, 1.0)) + features * math.log(max(collision, 1e-300))
    return math.exp(min(logarithm, 0.0))


def edge_chance(largest: float, rows: int, columns: int) -> float:
    r"""Return the chance that the largest singular value of a matrix of variance 1 is as large.

    For Gaussian entries
    :math:`P(s_{max} \ge \sqrt{n} + \sqrt{d} + t) \le e^{-t^2/2}`, at every shape. It is a
    bound: the law itself, that of Tracy and Widom, is asymptotic.

    References
    ----------
    Davidson and Szarek, "Local operator theory, random matrices and Banach spaces", *Handbook of
    the Geometry of Banach Spaces* 1, Elsevier 2001, Theorem II.13.
    """
    beyond = largest - math.sqrt(rows) - math.sqrt(columns)
    if beyond <= 0.0:
        return 1.0
    return math.exp(-(beyond**2) / 2.0)


def pivot_chances(pivots: Array, columns: int) -> _Doubles:
    r"""Return, for each row, the chance that one is as near to the span of the rows before it.

    The pivots are the squared distances, rows having variance 1. That of row i, counted from 0,
    has the law chi-squared with ``columns - i`` degrees of freedom, and all are independent: the
    part of a Gaussian row that is orthogonal to i others is Gaussian in that many dimensions. It is
    known as Bartlett's decomposition.
    """
    degrees = columns - np.arange(pivots.size)
    each: Any = special.gammainc(degrees / 2.0, pivots / 2.0)
    return np.asarray(np.minimum(pivots.size * each, 1.0))


def bias_chance(ratio: float, features: int, units: int) -> float:
    """Return the chance that one of the biases is so many times as long as its row.

    If biases are as large as sums of inputs of variance 1 are, that is as the rows are long, the
    square of the ratio has Fisher's law with 1 and d degrees of freedom: rows of few entries are
    short by chance.
    """
    return min(1.0, units * float(stats.f.sf(ratio**2, 1, features)))


def scale_chance(ratio: float, count: int, others: int, kurtosis: float) -> float:
    """Return the chance that a mean square is so many times that of other arrays, or so small.

    Fisher's law, with the degrees of freedom of `row_norm_chance`.
    """
    each = 2.0 / max(kurtosis - 1.0, 0.05)
    degrees = (count * each, others * each)
    tail = min(float(stats.f.sf(ratio, *degrees)), float(stats.f.cdf(ratio, *degrees)))
    return min(1.0, 2.0 * tail)
