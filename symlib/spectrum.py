"""Eigenvalue and singular value laws.

The spectrum of a large random matrix is hardly random. Where the entries are independent, have
mean 0 and share one law for all sizes, it follows a law that knows nothing of them but their
variance: `marchenko_pastur` is that of the squared singular values of one random layer,
`quarter_circle` that of the singular values of a square one, `semicircle` that of the eigenvalues
of a symmetric matrix, and `fuss_catalan` that of the squared singular values of several square
layers in a row. At the edge of the spectrum chance is left: `tracy_widom` says how the largest
eigenvalue varies from one matrix to the next, and `smallest_singular_value` how close to losing a
dimension a square matrix comes.

Each of these laws is a `Law`, with the methods of a frozen ``scipy.stats`` distribution. How far
numbers are from a law is their `kolmogorov_distance`. The ``cdf`` of a law without an atom goes as
it is into ``scipy.stats.kstest`` too; of all laws here only `marchenko_pastur` with a ratio above
1 has an atom.

The weights of a trained layer are noise plus what was learned. `fit_bulk` finds how large the
noise is, and which singular values stick out of it.

Numbers to hold against the laws come without filling a large matrix: `hermite_eigenvalues` and
`laguerre_eigenvalues` draw the spectra of symmetric Gaussian matrices and of sample covariances
from tridiagonal ones, for any real *beta*, of which 1, 2 and 4 are the real, complex and
quaternion matrices. `ginibre_eigenvalues` draws those of square layers, and `lyapunov_exponents`
measures by what factor the layers of a product stretch each direction, which
`gaussian_lyapunov_exponents` tells beforehand.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.

Sources: Wigner 1955; Marčenko and Pastur 1967; Edelman 1988; Tracy and Widom 1994 and 1996;
Bornemann 2010; Penson and Życzkowski 2011.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays, _rank
from symlib._arrays import Array, Rng
from symlib._closed_laws import Circle, FussCatalan, MarchenkoPastur, SmallestSingularValue
from symlib._laws import Law, Values, sample_shape
from symlib._tracy_widom import TracyWidom

__all__ = [
    "Bulk",
    "Law",
    "fit_bulk",
    "fuss_catalan",
    "gaussian_lyapunov_exponents",
    "ginibre_eigenvalues",
    "hermite_eigenvalues",
    "kolmogorov_distance",
    "laguerre_eigenvalues",
    "lyapunov_exponents",
    "marchenko_pastur",
    "quarter_circle",
    "semicircle",
    "smallest_singular_value",
    "tracy_widom",
]


Law.__module__ = __name__  # where users find it


class Bulk(NamedTuple):
    """What of a matrix may be noise, and what sticks out of it.

    Attributes
    ----------
    scale : float
        The variance of an entry of the noise.
    outliers : int
        How many singular values stick out.
    edge : float
        The singular value that the largest one of the noise exceeds with the probability that
        was asked for.
    singular_values : array of shape (smaller side,)
        Those of the matrix, from the largest to the smallest; the outliers come first.
    chances : array of shape (outliers + 1,)
        For each outlier, and for the value after them: how probable it is that noise alone, of the
        size and scale of this value and all smaller ones, has a largest value at least as large.
    law : Law
        The law of Marchenko and Pastur at this scale, for the other squared singular values over
        (longer side - outliers).
    distance : float
        How far those are from it, by `kolmogorov_distance`.
    """

    scale: float
    outliers: int
    edge: float
    singular_values: Array
    chances: Array
    law: Law
    distance: float


def fit_bulk(matrix: npt.ArrayLike, *, chance: float = 0.01) -> Bulk:
    """Part the singular values of a matrix into noise and outliers.

    The noise is a matrix of independent entries of mean 0 and one variance, which is not known,
    and with light tails. An outlier is a singular value that is too large for it. In a trained
    layer the noise is what is left of the start, and outliers are directions that training added.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        The weights of a layer, at least 3 by 3.
    chance : float
        How often noise alone may have an outlier, above 0 and below 0.2.

    Returns
    -------
    Bulk
        At most half of the singular values are outliers.

    Raises
    ------
    ValueError
        If at least half of the singular values are 0, up to the rounding of the precision in which
        the matrix came: then nothing is left that could be noise.

    Notes
    -----
    Let p be the smaller side, n the larger, and s₁ ≥ s₂ ≥ ... the singular values. If k of them
    are outliers, the others are like those of noise of shape (p - k, n - k), and the mean square
    of an entry is v = (s²ₖ₊₁ + s²ₖ₊₂ + ...) / ((p - k)(n - k)). For Gaussian noise the statistic
    (s²ₖ₊₁ / v - μ) / σ, where with a = √(n - k - 1) and b = √(p - k)

    μ = (a + b)², σ = (a + b)(1/a + 1/b)^(1/3),

    has about the law of `tracy_widom`, beta 1. The outliers are the k largest values for the
    largest k up to p / 2 whose k-th value is improbable for the noise of the values from it on.
    So one large value does not hide the next, as it would if they were asked from the first on
    until one is not improbable. Many values near the threshold can hide each other even so: of 25
    at twice the threshold in noise of 60 by 100, at times none was found. Where more than half of
    the values stick out this breaks down: none may be found, and ``scale`` is theirs.

    Since v holds the largest value too, small Gaussian matrices have outliers more seldom than
    ``chance`` says. Where 1 % was asked, .3 % of those of 30 by 30 had one and .6 % of 100 by 100;
    of matrices of uniform entries and of signs, fewer. Entries with heavy tails are another thing:
    a single one can be as large as a singular value. With Student's five degrees of freedom a
    fifth of the matrices had an outlier. Rows of different variances have another bulk, with
    values beyond its end. ``distance`` tells: in 11,000 Gaussian matrices from 30 by 30 to 300 by
    300 it was below 4 / p.

    Beside k directions of strengths θ the scale is low by about v times the sum of v / θ², as each
    takes a part of the noise with it.

    What is added is found if it is strong. In large matrices a direction that is independent of
    the noise leaves the singular values where they were if its strength is below (n p)^(1/4) times
    the standard deviation of an entry. In small ones it has to be well beyond: of 1.1 times that,
    at 200 by 200, one in six was found; of 1.5 times, at 60 by 100, three in four. Many directions
    move the bulk itself.

    References
    ----------
    Johnstone, "On the distribution of the largest eigenvalue in principal components analysis",
    *Annals of Statistics* 29 (2001), 295-327, for μ and σ. Kritchman and Nadler, "Determining the
    number of components in a factor model from limited noisy data", *Chemometrics and Intelligent
    Laboratory Systems* 94 (2008), 19-32, for the idea of one test after another. The rule here is
    another one, in what it takes for noise and in where it begins.

    Examples
    --------
    Two directions are added to noise of variance 4:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> noise = 2.0 * rng.standard_normal((60, 100))
    >>> directions = rng.standard_normal((60, 2)) @ rng.standard_normal((2, 100))
    >>> bulk = fit_bulk(noise + directions)
    >>> bulk.outliers, round(bulk.scale, 1)
    (2, 4.0)
    """
    level = _arrays.number("chance", chance, above=0.0, below=0.2)
    wanted = "an array of shape (rows, columns)"
    weights = _arrays.real_array("matrix", matrix, ("rows", "columns"))
    shorter, longer = sorted(weights.shape)
    if shorter < 3:
        raise ValueError(f"matrix must be {wanted}, each at least 3, got shape {weights.shape}")
    in_range, exponents = _rank.scaled(weights)
    exponent = int(exponents[0, 0])
    if abs(exponent) > 500:
        raise ValueError(
            f"matrix must have entries whose squares are in the range of numbers, got "
            f"{np.abs(weights).max():.3g} as the largest"
        )
    values = np.linalg.svdvals(in_range)
    most = shorter // 2
    if values[most] <= _rank.negligible_share(in_range, [matrix]) * values[0]:
        raise ValueError(
            f"matrix must have a rank above {most} for shape {weights.shape}, "
            "got one in which nothing but rounding is left for the noise"
        )
    squares = values**2
    taken = np.arange(most + 1)  # how many outliers there may be: each number is tried
    lower, higher = shorter - taken, longer - taken
    at_least_as_small = np.cumsum(squares[::-1])[::-1][: most + 1]
    variances = at_least_as_small / (lower * higher)
    center, width = _edge(lower, higher)
    edge_law = _edge_law(1)
    chances = edge_law.sf((squares[: most + 1] / variances - center) / width)
    improbable = np.flatnonzero(chances[:most] <= level)
    outliers = int(improbable[-1]) + 1 if improbable.size else 0
    edge = variances[outliers] * (center + width * edge_law.isf(level))[outliers]
    rest = squares[outliers:] / higher[outliers]
    ratio = float(lower[outliers] / higher[outliers])
    law_in_range = marchenko_pastur(ratio, scale=float(variances[outliers]))
    unit = math.ldexp(1.0, exponent)
    scale = float(variances[outliers]) * unit**2
    return Bulk(
        scale=scale,
        outliers=outliers,
        edge=float(np.sqrt(edge)) * unit,
        singular_values=values * unit,
        chances=np.asarray(chances[: outliers + 1]),
        law=marchenko_pastur(ratio, scale=scale),
        distance=float(kolmogorov_distance(rest, law_in_range)),
    )


def marchenko_pastur(ratio: float, *, scale: float = 1.0) -> Law:
    """Return the law of the squared singular values of a random matrix.

    For X of shape (p, n) with independent entries of mean 0 and variance ``scale``, it is the law
    of the eigenvalues of X Xᵀ / n when p and n are large and p / n = ``ratio``. The entries have
    one law for all sizes, or at least satisfy Lindeberg's condition: entries that are nearly all 0
    and a few of them large have another spectrum. The mean is ``scale``, the variance
    ``scale² ratio``.

    Parameters
    ----------
    ratio : float
        Rows p by columns n, any number above 0.
    scale : float
        Variance of an entry, above 0; it is a variance here, a standard deviation in `semicircle`.

    Returns
    -------
    Law
        With an atom if the ratio is above 1: p - n of the p eigenvalues are 0, so that ``cdf(0)``
        is 1 - 1 / ratio, and ``ppf`` is 0 up to there. Then ``pdf`` is the density of the other
        part, which integrates to 1 / ratio, and the support begins at 0. For a ratio of 1 the
        density has a pole at 0.

    Notes
    -----
    The density is √((b - x)(x - a)) / (2π scale ratio x) between a and b = scale (1 ∓ √ratio)².
    For a ratio η ≤ 1 and scale 1, on x = 1 + η - 2 √η cos t, the probability up to x is
    (t + (σ - (1 - η) arctan(σ / (1 - √η cos t))) / η) / π with σ = √η sin t; for ratio > 1 the
    eigenvalues above 0 are those of the transpose. The moments count noncrossing partitions:
    E xᵏ = Σⱼ ratioʲ C(k, j) C(k - 1, j) / (j + 1), which are Narayana numbers.

    References
    ----------
    Marčenko and Pastur, "Distribution of eigenvalues for some sets of random matrices",
    *Mathematics of the USSR-Sbornik* 1 (1967), 457-483.

    Examples
    --------
    >>> marchenko_pastur(0.25).support()
    (0.25, 2.25)
    >>> float(marchenko_pastur(4.0).cdf(0.0))
    0.75
    """
    rows_by_columns = _arrays.number("ratio", ratio, above=0.0)
    variance = _arrays.number("scale", scale, above=0.0)
    return MarchenkoPastur(rows_by_columns, variance)


def semicircle(*, scale: float = 1.0) -> Law:
    """Return the law of the eigenvalues of a symmetric random matrix.

    The matrix is large, of shape (n, n), and has independent entries on and above the diagonal, of
    mean 0 and standard deviation ``scale / √n``. Times √n they have one law for all sizes, or at
    least satisfy Lindeberg's condition: a matrix that is nearly all 0 has another spectrum.

    Parameters
    ----------
    scale : float
        Standard deviation of the law, above 0, and half of its radius; in `marchenko_pastur` it is
        a variance.

    Returns
    -------
    Law
        From -2 scale to 2 scale.

    Notes
    -----
    For scale 1 the density is √(4 - x²) / (2π), the probability up to x = 2 sin t is
    1/2 + (2t + sin 2t) / (2π), and the even moments are the Catalan numbers 1, 2, 5, 14, ...

    References
    ----------
    Wigner, "Characteristic vectors of bordered matrices with infinite dimensions", *Annals of
    Mathematics* 62 (1955), 548-564.

    Examples
    --------
    >>> law = semicircle()
    >>> law.support(), law.var(), float(law.cdf(0.0))
    ((-2.0, 2.0), 1.0, 0.5)
    """
    return Circle(_arrays.number("scale", scale, above=0.0), half=False)


def quarter_circle(*, scale: float = 1.0) -> Law:
    """Return the law of the singular values of a square random matrix.

    The matrix is large, of shape (n, n), and has independent entries of mean 0 and standard
    deviation ``scale / √n``. Times √n they have one law for all sizes, or at least satisfy
    Lindeberg's condition.

    Parameters
    ----------
    scale : float
        Standard deviation of an entry times √n, above 0; it is half of the largest value of the
        law, and the root of its mean square.

    Returns
    -------
    Law
        From 0 to 2 scale.

    Notes
    -----
    For scale 1 the density is √(4 - x²) / π. The square of a value follows
    ``marchenko_pastur(1)``, and with a random sign the value itself follows `semicircle`.

    References
    ----------
    Marčenko and Pastur 1967, with ratio 1.

    Examples
    --------
    >>> round(quarter_circle().mean(), 6)  # 8 / 3π
    0.848826
    """
    return Circle(_arrays.number("scale", scale, above=0.0), half=True)


def fuss_catalan(factors: int) -> Law:
    """Return the law of the squared singular values of a product of square random matrices.

    The factors are large, of shape (n, n), and have independent entries of mean 0 and variance
    1 / n; Gaussian ones, or others that times √n have one law for all sizes. With the number of
    factors s, the spectrum spreads from 0 up to (s + 1)^(s + 1) / s^s.

    Parameters
    ----------
    factors : int
        How many matrices are multiplied, at least 1.

    Returns
    -------
    Law
        With mean 1 and variance s; its density has a pole at 0, as x^(-s / (s + 1)).

    Notes
    -----
    Along x = sin((s + 1) φ)^(s + 1) / (sin φ sin(s φ)^s), with φ from 0 at the upper end to
    π / (s + 1) at x = 0, the density is sin² φ sin(s φ)^(s - 1) / (π sin((s + 1) φ)^s) and the
    probability above x is ((s + 1) φ - s sin φ sin((s + 1) φ) / sin(s φ)) / π. This is the
    imaginary part of s B - log(B - 1), where B = e^(iφ) sin((s + 1) φ) / sin(s φ) solves
    B = 1 + B^(s + 1) / x; x times its derivative in x is -B. The moments are the Fuss-Catalan
    numbers E xᵏ = C((s + 1) k, k) / (s k + 1), and for s = 1 the law is ``marchenko_pastur(1)``.

    References
    ----------
    Penson and Życzkowski, "Product of Ginibre matrices: Fuss-Catalan and Raney distributions",
    *Physical Review E* 83 (2011), 061118.

    Examples
    --------
    >>> law = fuss_catalan(2)
    >>> law.support(), law.mean(), law.var()
    ((0.0, 6.75), 1.0, 2.0)
    """
    return FussCatalan(_arrays.whole("factors", factors))


def tracy_widom(beta: int) -> Law:
    """Return the law of the largest eigenvalue of a large random matrix.

    Take a symmetric (beta 1), Hermitian (2) or quaternion self-dual (4) matrix of shape (n, n)
    with independent Gaussian entries above the diagonal, whose mean square is 1. Its largest
    eigenvalue is about 2 √n + n^(-1/6) T, and T follows this law. Its distribution function is
    called F1 for beta 1, F2 for beta 2, and F4, in several units, for beta 4.

    Parameters
    ----------
    beta : {1, 2, 4}
        Number of real components of an entry.

    Returns
    -------
    Law
        On all real numbers. The error of ``cdf`` is below 1e-14. Where ``cdf`` or ``sf`` is small,
        down to the smallest floating-point number, it still has at least ten digits. ``logpdf``
        and ``logsf`` go on where these underflow, until they leave the range of numbers
        themselves, with twelve digits.

    Notes
    -----
    With Hastings and McLeod's solution q of q'' = s q + 2 q³, q ~ Ai(s) far on the right,
    U(s) = ∫ (x - s) q(x)² dx and E(s) = ∫ q(x) dx over x > s:
    F2 = exp(-U), F1 = exp(-(U + E) / 2), and F4(s / 2^(2/3)) = exp(-U / 2) cosh(E / 2). They are
    computed to the right of 0 as Fredholm determinants by Gauss quadrature, to the left from q by
    collocation, and then looked up as polynomials on small cells, which takes a twentieth of a
    second once. Beyond -27 and 13 come their asymptotic series: far on the left,
    with a = -s, log F2 = -a³ / 12 - (log a) / 8 + (log 2) / 24 + ζ'(-1) + 3 / (64 a³) + ... and
    E = (√2 / 3) a^(3/2) + (log 2) / 2 + ...

    Conventions for beta = 4 differ by a factor. This one has the scale of all other beta, that of
    the beta-Hermite ensemble and of the stochastic Airy operator: mean -2.0552. Tracy and Widom,
    and Bornemann, use √2 in place of 2^(2/3): their variable is 2^(1/6) times this one, with mean
    -2.3069. √2 times theirs has F4 as it stands above, without any factor.

    References
    ----------
    Tracy and Widom, "Level-spacing distributions and the Airy kernel", *Communications in
    Mathematical Physics* 159 (1994), 151-174, and "On orthogonal and symplectic matrix
    ensembles", 177 (1996), 727-754. Ferrari and Spohn, "A determinantal formula for the GOE
    Tracy-Widom distribution", *J. Phys. A* 38 (2005), L557-L561. Bornemann, "On the numerical
    evaluation of distributions in random matrix theory", *Markov Processes and Related Fields* 16
    (2010), 803-866. Deift, Its and Krasovsky, "Asymptotics of the Airy-kernel determinant",
    *Communications in Mathematical Physics* 278 (2008), 643-678. Baik, Buckingham and DiFranco,
    "Asymptotics of Tracy-Widom distributions and the total integral of a Painlevé II function",
    280 (2008), 463-497. Ramírez, Rider and Virág, "Beta ensembles, stochastic Airy spectrum, and a
    diffusion", *Journal of the AMS* 24 (2011), 919-944.

    Examples
    --------
    >>> round(float(tracy_widom(2).cdf(-2.0)), 12)
    0.413224142505
    >>> round(tracy_widom(1).mean(), 9), round(tracy_widom(1).var(), 9)
    (-1.206533575, 1.607781035)

    For beta 4 Mathematica counts in units that make T 2^(1/6) times as large, and RMTstat in units
    that make it 2^(2/3) times as large. Divide a place of theirs by the factor, and multiply a
    mean by it:

    >>> round(float(tracy_widom(4).cdf(-1 / 2 ** (1 / 6))), 3)  # Mathematica's value at -1
    0.961
    >>> round(2 ** (2 / 3) * tracy_widom(4).mean(), 4)  # the mean in RMTstat's unit
    -3.2624
    """
    given: object = beta  # whatever the annotation says
    real = isinstance(given, int | float | np.number) and not isinstance(given, bool)
    if not real or beta not in (1, 2, 4):
        raise ValueError(f"beta must be 1, 2 or 4, got {beta!r:.60}")
    return _edge_law(int(beta))


def smallest_singular_value() -> Law:
    """Return the law of the smallest singular value of a square random matrix, times √n.

    The matrix is large, of shape (n, n), and has independent entries of mean 0 and variance 1. Its
    smallest singular value is of the order 1 / √n: no direction is lost, but one nearly is.

    Returns
    -------
    Law
        From 0 on, with median √(1 + 2 log 2) - 1 = 0.5448.

    Notes
    -----
    The probability above t is exp(-t²/2 - t). For Gaussian entries Edelman found this limit. Tao
    and Vu proved it for independent copies of any other real random variable of mean 0 and
    variance 1 with enough finite moments. Complex entries have another limit.

    References
    ----------
    Edelman, "Eigenvalues and condition numbers of random matrices", *SIAM J. Matrix Anal. Appl.*
    9 (1988), 543-560. Tao and Vu, "Random matrices: the distribution of the smallest singular
    values", *Geometric and Functional Analysis* 20 (2010), 260-297.

    Examples
    --------
    >>> round(float(smallest_singular_value().ppf(0.5)), 6)
    0.544764
    """
    return SmallestSingularValue()


def kolmogorov_distance(values: npt.ArrayLike, law: Law, *, precision: str | None = None) -> Values:
    """Return how far the distribution of some values is from a law, at the worst point.

    This is the statistic of the Kolmogorov-Smirnov test. Unlike ``scipy.stats.kstest`` it is right
    for a law with an atom, such as ``marchenko_pastur(4.0)``: jumps are compared with jumps.

    Parameters
    ----------
    values : array of shape ([replicas], numbers)
        Eigenvalues, or whatever may follow the law, in any order.
    law : Law
        What a function of this module returns.
    precision : {"float16", "bfloat16", "float32", "float64"}, optional
        The precision in which the matrix was rounded, where that is coarser than that of the
        values.

    Returns
    -------
    float, or array of shape (replicas,)
        The largest difference, over all x, of the share of the values up to x from ``law.cdf(x)``.

    Notes
    -----
    The difference is largest at a value or just before it, so that of the law ``cdf`` and its
    limit from the left are looked at. An eigenvalue that is 0 in theory comes out of ``eigvalsh``
    as some rounding error, above or below. Such an error is at most a few units of rounding of the
    largest eigenvalue (up to 4 were seen for matrices of up to 1500 rows), and so values within 16
    of them count as at the atom. The unit is that of the precision in which the values come, or of
    the one that is named.

    For independent values the distance times the root of their number follows Kolmogorov's law.
    The eigenvalues of one matrix are not independent, and are much closer than that.

    Examples
    --------
    Of four eigenvalues three are at the atom, as they should; the fourth is below half of its law:

    >>> float(kolmogorov_distance([0.0, 0.0, 0.0, 1.0], marchenko_pastur(4.0)))
    0.25
    >>> values = laguerre_eigenvalues(400, 100, beta=1, rng=0) / 100
    >>> round(float(kolmogorov_distance(values, marchenko_pastur(4.0))), 4)
    0.0056
    """
    sample = _arrays.real_array("values", values, ("numbers",), leading="replicas")
    given: object = law  # whatever the annotation says
    if not isinstance(given, Law):
        raise TypeError(f"law must be a Law, such as semicircle(), got {given!r:.60}")
    ordered = np.sort(sample, axis=-1).astype(np.float64)
    lowest, _ = law.support()  # the only place where a law of this module has an atom
    if law.cdf(lowest) > 0:
        largest = np.abs(ordered).max(axis=-1, keepdims=True)
        named = _rank.precision_of([values], precision)
        rounding = 16 * _rank.rounding_unit(named) * largest
        ordered[np.abs(ordered - lowest) <= rounding] = lowest
    upto = law.cdf(ordered)
    before = np.where(ordered == lowest, 0.0, upto)  # the limit of cdf from the left
    count = ordered.shape[-1]
    shares = np.arange(count + 1) / count
    values_ahead = (shares[1:] - upto).max(axis=-1)
    law_ahead = (before - shares[:-1]).max(axis=-1)
    return np.asarray(np.maximum(values_ahead, law_ahead))[()]


def hermite_eigenvalues(
    n: int,
    *,
    beta: float,
    size: int | tuple[int, ...] | None = None,
    largest: int | None = None,
    rng: Rng = None,
) -> Values:
    """Draw the eigenvalues of symmetric Gaussian matrices (the Gaussian beta ensemble).

    With beta 1, 2 and 4 these are the real symmetric, the complex Hermitian and the quaternion
    self-dual matrices with independent Gaussian entries (GOE, GUE, GSE) whose mean square is 1
    off the diagonal and 2 / beta on it. Any other beta > 0 stands between them.

    Parameters
    ----------
    n : int
        Number of rows of the matrix.
    beta : float
        Strength of the repulsion between eigenvalues, above 0; 1 for real matrices.
    size : int or tuple of int, optional
        How many matrices, 0 among them; by default one, without an axis for it.
    largest : int, optional
        Draw only so many of the largest eigenvalues. The time is then that of a matrix of about
        15 n^(1/3) rows: n may be a million.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([size], n) or ([size], largest)
        The eigenvalues of each matrix, from the lowest to the largest.

    Notes
    -----
    The density is proportional to ``Π_{i<j} |λ_i - λ_j|^β exp(-β Σ λ_i² / 4)``. For every β the
    values λ / √n fill [-2, 2] by Wigner's semicircle, and n^(1/6) (λ_max - 2 √n) goes to the
    Tracy-Widom law of that β, with means -1.2065, -1.7711 and -2.0552 for β = 1, 2, 4. (Tables of
    F_4 may count in other units: 2^(1/6) times as large with mean -2.3069, or 2^(2/3) times with
    mean -3.2624.)

    Householder's reflections leave of such a matrix a tridiagonal one of independent entries:
    N(0, 2 / β) on the diagonal and √(χ²(β (n - i)) / β) beside it, in row i. That one is drawn.
    An eigenvector of the k-th largest eigenvalue lives in the first (3πk/2)^(2/3) n^(1/3) rows and
    y n^(1/3) rows further has fallen by exp(-(2/3) y^(3/2)), as Airy's function does; the chance
    that a later row matters by its noise falls as exp(-(2/3) β y^(3/2)). ``largest`` takes
    y^(3/2) = 20 + 24 / β: what the cut changes is below 1e-10 in the units of the edge,
    n^(-1/6), next to rounding at 2e-16 n^(2/3) of them.

    References
    ----------
    Dumitriu and Edelman, "Matrix models for beta ensembles", *Journal of Mathematical Physics* 43
    (2002), 5830-5847, theorem 2.12. Ramírez, Rider and Virág, "Beta ensembles, stochastic Airy
    spectrum, and a diffusion", *Journal of the American Mathematical Society* 24 (2011), 919-944,
    theorem 1.1. Edelman and Rao, "Random matrix theory", *Acta Numerica* 14 (2005), 233-297,
    section 10 (the corner).

    Examples
    --------
    >>> import numpy as np
    >>> values = hermite_eigenvalues(400, beta=1, size=3, rng=0) / np.sqrt(400)
    >>> values.shape, bool(abs(abs(values).max() - 2) < 0.2)
    ((3, 400), True)
    """
    rows = _arrays.whole("n", n)
    repulsion = _arrays.number("beta", beta, above=0.0)
    lengths = sample_shape(size)
    kept = rows if largest is None else _arrays.whole("largest", largest, most=rows)
    _arrays.room("n", kept, *lengths)
    source = _arrays.generator(rng)
    corner = rows if largest is None else _deciding_rows(rows, kept, repulsion)
    result = np.empty((math.prod(lengths), kept))
    for part in _cache_sized_parts(len(result), corner):
        count = len(result[part])
        diagonal, beside = _hermite_tridiagonals(rows, repulsion, corner, count, source)
        result[part] = _largest_eigenvalues(diagonal, beside, kept)
    return result.reshape(*lengths, kept)


def laguerre_eigenvalues(
    n: int,
    m: int,
    *,
    beta: float,
    size: int | tuple[int, ...] | None = None,
    rng: Rng = None,
) -> Values:
    """Draw the eigenvalues of X Xᵀ for Gaussian matrices X (the Wishart or Laguerre ensemble).

    They are the squared singular values of X, which for beta 1, 2 and 4 has independent real,
    complex and quaternion entries of mean square 1. Any other beta > 0 stands between them.

    Parameters
    ----------
    n, m : int
        Numbers of rows and of columns of X, in any order.
    beta : float
        Strength of the repulsion between eigenvalues, above 0; 1 for real matrices.
    size : int or tuple of int, optional
        How many matrices, 0 among them; by default one, without an axis for it.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([size], n)
        The eigenvalues of each X Xᵀ, from the lowest to the largest, none below 0. If X has fewer
        columns than rows, the first n - m are 0 exactly.

    Notes
    -----
    With s the smaller and l the larger of n and m, the density of the s values that are not 0 is
    proportional to ``Π_{i<j} |λ_i - λ_j|^β Π λ_i^(β (l - s + 1) / 2 - 1) exp(-β λ_i / 2)``. For
    every β the values λ / m follow the law of Marchenko and Pastur of ratio n / m, with its atom
    at 0.

    Reflections from both sides leave of X a lower bidiagonal matrix B of independent entries:
    √(χ²(β (l - i)) / β) on the diagonal in row i = 0, ..., s - 1, and √(χ²(β (s - i)) / β) left of
    it for i >= 1. The tridiagonal B Bᵀ gives the values, up to rounding of the largest.

    References
    ----------
    Dumitriu and Edelman, "Matrix models for beta ensembles", *Journal of Mathematical Physics* 43
    (2002), 5830-5847, theorem 3.4.

    Examples
    --------
    Of three rows with one column, two directions see nothing:

    >>> laguerre_eigenvalues(3, 1, beta=1, rng=0)[:2].tolist()
    [0.0, 0.0]
    """
    rows = _arrays.whole("n", n)
    columns = _arrays.whole("m", m)
    repulsion = _arrays.number("beta", beta, above=0.0)
    lengths = sample_shape(size)
    _arrays.room("n", rows, *lengths)
    source = _arrays.generator(rng)
    rank = min(rows, columns)
    longer = max(rows, columns)
    result = np.zeros((math.prod(lengths), rows))
    for part in _cache_sized_parts(len(result), rank):
        count = len(result[part])
        diagonal, beside = _laguerre_tridiagonals(rank, longer, repulsion, count, source)
        values = _largest_eigenvalues(diagonal, beside, rank)
        result[part, rows - rank :] = np.maximum(values, 0.0)  # rounding may go below 0
    return result.reshape(*lengths, rows)


def ginibre_eigenvalues(
    n: int,
    *,
    size: int | tuple[int, ...] | None = None,
    rng: Rng = None,
) -> npt.NDArray[np.complex128]:
    """Draw the eigenvalues of square Gaussian matrices with entries of variance 1 / n.

    This is a layer of n units at the scale of `lecun`. Its eigenvalues fill the unit disk evenly
    as n grows; some of them are real.

    Parameters
    ----------
    n : int
        Number of rows and columns.
    size : int or tuple of int, optional
        How many matrices, 0 among them; by default one, without an axis for it.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    complex array of shape ([size], n)
        The eigenvalues of each matrix, in no particular order. The imaginary part of the real ones
        is 0 exactly.

    Notes
    -----
    The share within the radius r <= 1 goes to r². The mean number of real eigenvalues is √2 for
    n = 2 and grows as √(2n / π); all of them are real with probability 2^(-n (n - 1) / 4).

    References
    ----------
    Ginibre, "Statistical ensembles of complex, quaternion, and real matrices", *Journal of
    Mathematical Physics* 6 (1965), 440-449. Edelman, Kostlan and Shub, "How many eigenvalues of a
    random matrix are real?", *Journal of the American Mathematical Society* 7 (1994), 247-267.

    Examples
    --------
    An odd number of rows leaves at least one real eigenvalue:

    >>> bool((ginibre_eigenvalues(5, size=100, rng=0).imag == 0).any(axis=1).all())
    True
    """
    rows = _arrays.whole("n", n)
    _arrays.room("n", rows, rows)
    lengths = sample_shape(size)
    _arrays.room("size", rows, *lengths)
    source = _arrays.generator(rng)
    result = np.empty((math.prod(lengths), rows), dtype=np.complex128)
    for part in _cache_sized_parts(len(result), rows * rows):
        matrices = source.standard_normal((len(result[part]), rows, rows))
        result[part] = np.linalg.eigvals(matrices / math.sqrt(rows))
    return result.reshape(*lengths, rows)


def gaussian_lyapunov_exponents(n: int, *, variance: float | None = None) -> Values:
    """Return the Lyapunov exponents of products of Gaussian matrices.

    In a product of many independent matrices, the i-th singular value grows or falls by the factor
    exp(exponent i) a layer.

    Parameters
    ----------
    n : int
        Number of rows and columns of each factor.
    variance : float, optional
        Variance of the entries, above 0; by default 1 / n.

    Returns
    -------
    array of shape (n,)
        The exponents, from the largest to the lowest.

    Notes
    -----
    ½ (ln(2 σ²) + ψ((n - i + 1) / 2)) for i = 1, ..., n, with ψ the digamma function: the mean of
    the logarithm of σ χ(n - i + 1), which is how far a Gaussian vector is from the space of i - 1
    others. No exponent is the same as another, so that one direction outgrows all: the product
    goes to rank one.

    References
    ----------
    Newman, "The distribution of Lyapunov exponents: exact results for random matrices",
    *Communications in Mathematical Physics* 103 (1986), 121-126.

    Examples
    --------
    >>> gaussian_lyapunov_exponents(3).round(6).tolist()
    [-0.184488, -0.49134, -1.184488]
    """
    from scipy.special import digamma  # here, as its import takes its time

    rows = _arrays.whole("n", n)
    square = 1.0 / rows if variance is None else _arrays.number("variance", variance, above=0.0)
    freedom = np.arange(rows, 0, -1)
    log_chi_square = math.log(2.0) + digamma(freedom / 2)  # its mean
    return np.asarray((log_chi_square + math.log(square)) / 2)


def lyapunov_exponents(matrices: npt.ArrayLike) -> Array:
    """Measure the Lyapunov exponents of a product of matrices.

    Parameters
    ----------
    matrices : array of shape ([replicas], depth, n, n)
        The factors, in the order in which they act: the first layer first.

    Returns
    -------
    array of shape ([replicas], n)
        The mean growth in a layer, as a logarithm, of the i-th direction, in the order of
        elimination: the larger exponents come first up to terms of 1 / depth. A lost direction has
        -inf or, by rounding, a large negative number.

    Notes
    -----
    Q_k R_k = W_k Q_{k-1} from Q_0 = 1; exponent i is the mean of ``ln |R_k[i, i]|`` over all k.
    All directions of the plain product would be lost in the first one after a few dozen layers.
    The exponents sum to the mean of ``ln |det W_k|``. For independent Gaussian factors each has the
    mean of `gaussian_lyapunov_exponents` at every depth, and the variance ψ'((n - i + 1) / 2) /
    (4 depth) with ψ' the trigamma function; for orthogonal ones all are 0.

    References
    ----------
    Benettin, Galgani, Giorgilli and Strelcyn, "Lyapunov characteristic exponents for smooth
    dynamical systems and for Hamiltonian systems; a method for computing all of them", *Meccanica*
    15 (1980), 9-30.

    Examples
    --------
    >>> lyapunov_exponents([[[2.0, 0.0], [0.0, 0.5]]] * 100).round(6).tolist()
    [0.693147, -0.693147]
    """
    factors = _arrays.real_array("matrices", matrices, ("depth", "n", "n"), leading="replicas")
    side = factors.shape[-1]
    factors = _arrays.real_array("matrices", factors, ("depth", side, side), leading="replicas")
    factors, exponents = _in_safe_range(factors)
    depth = factors.shape[-3]
    basis: Array = np.eye(side, dtype=factors.dtype)
    total = np.zeros((*factors.shape[:-3], side), dtype=factors.dtype)
    for k in range(depth):
        basis, upper = np.linalg.qr(factors[..., k, :, :] @ basis)
        stretches = np.abs(np.diagonal(upper, axis1=-2, axis2=-1))
        with np.errstate(divide="ignore"):
            total += np.log(stretches)
    taken_out = math.log(2.0) * exponents.sum(axis=-1, keepdims=True)
    total += taken_out.astype(total.dtype)
    return np.asarray(total / depth)


def _in_safe_range(factors: Array) -> tuple[Array, npt.NDArray[np.intp]]:
    """Return matrices times 2^-exponent, and the exponents, so that no product leaves the range.

    Large matrices come down only as far as they must, since a small entry beside a large one must
    not underflow; small ones come up until the largest entry is near 1.
    """
    side = factors.shape[-1]
    room = side.bit_length() + 2  # for the sums of a row
    highest = np.finfo(factors.dtype).maxexp - room
    largest = np.abs(factors).max(axis=(-2, -1))
    _, present = np.frexp(largest)
    above_highest = np.maximum(present - highest, 0)
    below_one = np.minimum(present, 0)
    exponents = above_highest + below_one
    scaled = np.ldexp(factors, -exponents[..., np.newaxis, np.newaxis])
    return scaled, exponents.astype(np.intp)


def _cache_sized_parts(count: int, entries: int) -> Iterator[slice]:
    """Cut a sample into parts that stay in the cache: drawing is then faster, and memory small."""
    step = max(1, 2**16 // entries)
    for start in range(0, count, step):
        yield slice(start, start + step)


_edge_law = cache(TracyWidom)  # its tables take a twentieth of a second


def _edge(rows: Values, columns: Values) -> tuple[Values, Values]:
    """Return where Johnstone puts the largest squared singular value, and the unit around it."""
    a = np.sqrt(columns - 1)
    b = np.sqrt(rows)
    return (a + b) ** 2, (a + b) * (1 / a + 1 / b) ** (1 / 3)


def _deciding_rows(n: int, largest: int, beta: float) -> int:
    """Return how many rows of the tridiagonal matrix decide the largest eigenvalues."""
    turning_point: float = (1.5 * math.pi * largest) ** (2 / 3)
    fall: float = (20 + 24 / beta) ** (2 / 3)
    unit: float = float(n) ** (1 / 3)
    rows = min(float(n), (turning_point + fall) * unit)
    return math.ceil(rows)


def _hermite_tridiagonals(
    n: int, beta: float, rows: int, count: int, source: np.random.Generator
) -> tuple[Values, Values]:
    """Draw diagonal and subdiagonal of the first rows of the tridiagonal Hermite model."""
    diagonal = source.standard_normal((count, rows)) * math.sqrt(2 / beta)
    freedom = n - np.arange(1.0, rows)
    squares = source.standard_gamma(beta / 2 * freedom, (count, rows - 1))
    squares *= 2 / beta
    return diagonal, np.sqrt(squares)


def _laguerre_tridiagonals(
    rank: int, longer: int, beta: float, count: int, source: np.random.Generator
) -> tuple[Values, Values]:
    """Draw diagonal and subdiagonal of B Bᵀ for the bidiagonal Laguerre model B."""
    row = np.arange(float(rank))
    diagonal_squares = source.standard_gamma(beta / 2 * (longer - row), (count, rank))
    diagonal_squares *= 2 / beta
    left_squares = source.standard_gamma(beta / 2 * (rank - row[1:]), (count, rank - 1))
    left_squares *= 2 / beta
    beside = np.sqrt(diagonal_squares[:, :-1] * left_squares)
    diagonal = diagonal_squares
    diagonal[:, 1:] += left_squares
    return diagonal, beside


def _largest_eigenvalues(diagonal: Values, beside: Values, largest: int) -> Values:
    """Return the largest eigenvalues of symmetric tridiagonal matrices, overwriting these."""
    from scipy.linalg.lapack import dstebz, dsterf  # here, as its import takes its time

    count, rows = diagonal.shape
    if rows == 1:
        return diagonal
    result = np.empty((count, largest))
    by_index = 2  # what dstebz is asked for: the eigenvalues from ``first`` to ``rows``
    first = rows - largest + 1
    for i in range(count):
        if 30 * largest < rows:  # bisection is faster for few
            found = dstebz(diagonal[i], beside[i], by_index, 0.0, 1.0, first, rows, 0.0, "E")
            _, values, _, _, info = found
            result[i] = values[:largest]
        else:
            values, info = dsterf(diagonal[i], beside[i], overwrite_d=True, overwrite_e=True)
            result[i] = values[rows - largest :]
        if info != 0:
            raise np.linalg.LinAlgError("the eigenvalues did not converge")
    return result
