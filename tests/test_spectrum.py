"""Each law is what its formula says, to nearly all digits, and what matrices do."""

import itertools
import math
from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.integrate import quad
from scipy.linalg import eigh_tridiagonal
from scipy.special import airy, gammaln
from scipy.stats import kstest, semicircular

from symlib import _tracy_widom
from symlib.spectrum import (
    Law,
    fuss_catalan,
    kolmogorov_distance,
    laguerre_eigenvalues,
    marchenko_pastur,
    quarter_circle,
    semicircle,
    smallest_singular_value,
    tracy_widom,
)

EPS = np.finfo(float).eps
COMMON = 2.0 ** (2 / 3)  # the argument of F4 with and without a scale
LAWS = [
    marchenko_pastur(0.01),
    marchenko_pastur(0.5, scale=3.0),
    marchenko_pastur(1 - 1e-6),
    marchenko_pastur(1.0),
    marchenko_pastur(1 + 1e-6),
    marchenko_pastur(4.0),
    semicircle(),
    semicircle(scale=0.25),
    quarter_circle(),
    fuss_catalan(1),
    fuss_catalan(2),
    fuss_catalan(5),
    tracy_widom(1),
    tracy_widom(2),
    tracy_widom(4),
    smallest_singular_value(),
]
every_law = pytest.mark.parametrize("law", LAWS, ids=repr)
laws = st.sampled_from(LAWS)
reals = st.floats(-40, 40) | st.floats(0, 1e-3)
probabilities = st.floats(0, 1) | st.floats(0, 1e-9)


def quantiles(law):
    """Return values with weights, for integrals over the probability, first of all an atom."""
    t = np.arange(-3.8, 3.81, 0.02)
    tail = np.pi * np.sinh(t)
    p, q = 1 / (1 + np.exp(-tail)), 1 / (1 + np.exp(tail))
    low = law.support()[0]
    atom, rest = law.cdf(low), law.sf(low)
    left = atom + rest * p < 0.5
    x = np.concatenate([law.ppf(atom + rest * p[left]), law.isf(rest * q[~left])])
    weights = 0.02 * np.pi * np.cosh(t) * p * q
    return (x, weights) if atom == 0 else (np.append(x, low), np.append(rest * weights, atom))


def moment(law, order):
    """Return the mean of a power of a value, as an integral over the quantiles."""
    x, weights = quantiles(law)
    return weights @ x**order


class TestEveryLaw:
    """What the methods of a distribution owe to each other."""

    @given(laws, st.lists(reals, min_size=2))
    def test_the_probabilities_grow_from_0_to_1(self, law, x):
        """And what is below and above adds up to 1."""
        x = np.sort(x)
        below, above = law.cdf(x), law.sf(x)
        assert (below >= 0).all()
        assert (below <= 1).all()
        assert (np.diff(below) >= -8 * EPS).all()
        assert np.abs(below + above - 1).max() < 8 * EPS

    @given(laws, hnp.arrays(np.float64, st.integers(0, 20), elements=probabilities))
    def test_the_quantile_inverts_the_probability(self, law, p):
        """Up to rounding, and to the atom where there is one."""
        x, y = law.ppf(p), law.isf(p)
        assert np.abs(law.cdf(x) - np.maximum(p, law.cdf(law.support()[0]))).max(initial=0) < 1e-14
        assert np.abs(law.sf(y) - np.minimum(p, law.sf(law.support()[0]))).max(initial=0) < 1e-14

    @every_law
    def test_small_probabilities_have_quantiles_of_their_own(self, law):
        """Relative accuracy, at the ends where the law keeps it."""
        p = np.array([1e-30, 1e-12, 1e-3])
        if "tracy" in repr(law) or "smallest" in repr(law):
            assert law.sf(law.isf(p)) == pytest.approx(p, rel=1e-12)
        if "tracy" in repr(law) or "smallest" in repr(law) or "fuss" in repr(law):
            assert law.cdf(law.ppf(p)) == pytest.approx(p, rel=1e-12, abs=0)

    @every_law
    def test_the_ends_of_the_support_are_the_extreme_quantiles(self, law):
        """Nothing is outside of them."""
        low, high = law.support()
        assert (law.ppf(0.0), law.ppf(1.0), law.isf(1.0), law.isf(0.0)) == (low, high, low, high)
        outside = np.array([-math.inf, low - 1, high + 1, math.inf])
        assert law.cdf(outside).tolist() == [0, 0, 1, 1]
        assert law.sf(outside).tolist() == [1, 1, 0, 0]
        assert law.pdf(outside).tolist() == [0, 0, 0, 0]
        assert law.logsf(outside).tolist() == [0, 0, -math.inf, -math.inf]
        ends = law.logpdf(outside[np.isinf(outside) | np.isfinite(law.support()).all()])
        assert (ends == -math.inf).all()

    @every_law
    def test_the_density_is_the_slope_of_the_probability(self, law):
        """By central differences at nine quantiles above the atom."""
        atom = law.cdf(law.support()[0])
        x = law.ppf(atom + (1 - atom) * np.linspace(0.06, 0.96, 9))
        step = 1e-5 * np.minimum(x - law.support()[0], math.sqrt(law.var()))
        slope = (law.cdf(x + step) - law.cdf(x - step)) / (2 * step)
        assert law.pdf(x) == pytest.approx(slope, rel=2e-7)
        assert law.logpdf(x) == pytest.approx(np.log(law.pdf(x)), abs=1e-12)
        assert law.logsf(x) == pytest.approx(np.log(law.sf(x)), abs=1e-12)

    @every_law
    def test_mean_and_variance_are_those_of_the_quantiles(self, law):
        """Both are Python's floats."""
        mean = moment(law, 1)
        size = moment(law, 2)
        assert law.mean() == pytest.approx(mean, abs=1e-11 * math.sqrt(size))
        assert law.var() == pytest.approx(size - mean**2, abs=1e-11 * size)
        assert type(law.mean()) is type(law.var()) is float

    @every_law
    def test_draws_follow_the_law(self, law):
        """By the test of Kolmogorov and Smirnov; an atom has its share of the draws."""
        draws, atom = law.rvs(4000, rng=1), law.cdf(law.support()[0])
        at_atom = draws == 0
        assert abs(at_atom.mean() - atom) <= 5 * math.sqrt(atom * (1 - atom) / 4000)
        rest = draws[~at_atom]
        found = kstest(rest, lambda x: (law.cdf(x) - atom) / (1 - atom))
        assert found.statistic < 2.4 / math.sqrt(len(rest))

    @every_law
    def test_shapes_are_kept(self, law):
        """Numbers, empty arrays, three axes, and more values than one block has."""
        x = np.linspace(-3, 3, 24)
        for method in (law.pdf, law.logpdf, law.cdf, law.sf, law.logsf):
            assert isinstance(method(0.5), float)
            assert method([]).shape == (0,)
            assert np.array_equal(method(x.reshape(2, 3, 4)), method(x).reshape(2, 3, 4))
            assert method(np.array([1, 2])).tolist() == method(np.array([1.0, 2.0])).tolist()
            many = method(np.tile(x, 1000).reshape(100, -1))
            assert np.array_equal(many, np.tile(method(x), 1000).reshape(100, -1))
        for method in (law.ppf, law.isf):
            assert isinstance(method(0.5), float)
            assert method([]).shape == (0,)
            p = np.linspace(0, 1, 24)
            assert np.array_equal(method(p.reshape(2, 3, 4)), method(p).reshape(2, 3, 4))
        assert isinstance(law.rvs(rng=0), float)
        assert law.rvs(3, rng=0).shape == (3,)
        assert law.rvs(0).shape == (0,)
        assert law.rvs((2, 0, 3)).shape == (2, 0, 3)
        assert np.array_equal(law.rvs(5, rng=7), law.rvs(5, rng=np.random.default_rng(7)))

    def test_a_law_is_written_as_it_was_made(self):
        """The call with its arguments."""
        assert [repr(law) for law in (LAWS[1], LAWS[7], LAWS[8], LAWS[10], LAWS[13], LAWS[15])] == [
            "marchenko_pastur(0.5, scale=3.0)",
            "semicircle(scale=0.25)",
            "quarter_circle(scale=1.0)",
            "fuss_catalan(2)",
            "tracy_widom(2)",
            "smallest_singular_value()",
        ]

    @pytest.mark.parametrize(
        ("x", "error", "message"),
        [
            (math.nan, ValueError, r"x must not be nan, got nan at index \(\)"),
            ([[0.0, math.nan]], ValueError, r"x must not be nan, got nan at index \(0, 1\)"),
            ("1", TypeError, "x must be an array of real numbers, got dtype <U1"),
            ([1j], TypeError, "x must be an array of real numbers, got dtype complex128"),
            ([[1.0], [1.0, 2.0]], ValueError, "x must be an array, got rows of unequal length"),
            (None, TypeError, "x must be an array, got None"),
            (np.ma.array([1.0], mask=[True]), TypeError, "x must be an array without a mask, got"),
        ],
    )
    def test_wrong_points_are_named(self, x, error, message):
        """By each method that takes them."""
        law = semicircle()
        for method in (law.pdf, law.logpdf, law.cdf, law.sf, law.logsf):
            with pytest.raises(error, match=f"^{message}"):
                method(x)

    @pytest.mark.parametrize(
        ("p", "message"),
        [
            (-0.1, r"p must be from 0 to 1, got -0.1 at index \(\)"),
            ([0.5, 1.5], r"p must be from 0 to 1, got 1.5 at index \(1,\)"),
            ([math.nan], r"p must not be nan"),
        ],
    )
    def test_wrong_probabilities_are_named(self, p, message):
        """They are no quantiles of nan."""
        for method in (semicircle().ppf, semicircle().isf):
            with pytest.raises(ValueError, match=f"^{message}"):
                method(p)

    def test_a_tensor_is_read(self):
        """Also one that needs a gradient, or has half precision."""
        torch = pytest.importorskip("torch")
        x = torch.tensor([0.5, 1.0], requires_grad=True)
        expected = semicircle().cdf([0.5, 1.0])
        assert semicircle().cdf(x).tolist() == expected.tolist()
        assert semicircle().cdf(x.bfloat16()).tolist() == expected.tolist()

    def test_wrong_sizes_and_generators_are_named(self):
        """Whole numbers of at least 0; and what makes a generator."""
        law = semicircle()
        for size in (-1, (3, -1)):
            with pytest.raises(
                ValueError, match=r"^size must be a whole number of at least 0, got"
            ):
                law.rvs(size)
        for size in (2.5, "2", [2], True):
            with pytest.raises(TypeError, match=r"^size must be a whole number of at least 0, got"):
                law.rvs(size)
        with pytest.raises(ValueError, match=r"^size must ask for at most"):
            law.rvs((10**9, 10**9))
        with pytest.raises(TypeError, match=r"^rng must be None, a seed of at least 0 or a"):
            law.rvs(2, rng="dice")

    def test_a_law_has_these_methods_and_no_others(self):
        """What pages use of those of scipy.stats; every law is a Law, which a user can name."""
        methods = {name for name in dir(Law) if name[0] != "_"}
        names = "pdf logpdf cdf sf logsf ppf isf rvs mean var support"
        assert methods == set(names.split())
        assert all(isinstance(law, Law) for law in LAWS)


class TestKolmogorovDistance:
    """How far numbers are from a law, its atom included."""

    @pytest.mark.parametrize(
        ("values", "law", "expected"),
        [
            ([0, 0, 0, 1.0], marchenko_pastur(4.0), 0.25),
            ([0, 0, 0, 9.0], marchenko_pastur(4.0), 0.25),  # the law is ahead just before 9
            ([0.5], marchenko_pastur(4.0), 0.75),
            ([0, 0, 0, 0], marchenko_pastur(4.0), 0.25),
            ([-1.0, 0, 0, 0], marchenko_pastur(4.0), 0.25),
            ([-1.0], marchenko_pastur(4.0), 1.0),
            ([0.0], semicircle(), 0.5),
            ([3.0, -3.0], semicircle(), 0.5),
        ],
    )
    def test_by_hand(self, values, law, expected):
        """Both limits of both functions at each jump."""
        assert kolmogorov_distance(values, law) == pytest.approx(expected, abs=1e-15)

    @given(
        st.sampled_from([law for law in LAWS if law.cdf(law.support()[0]) == 0]),
        hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-5, 5)),
    )
    def test_without_an_atom_it_is_that_of_scipy(self, law, values):
        """The statistic of Kolmogorov and Smirnov, ties included."""
        expected = kstest(values, law.cdf).statistic
        assert kolmogorov_distance(values, law) == pytest.approx(expected, abs=1e-15)

    @given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.sampled_from([-1.0, 0, 1, 2, 5])))
    def test_it_is_the_largest_difference_on_a_fine_grid(self, values):
        """With an atom: at each place and just before it."""
        law = marchenko_pastur(2.5)
        grid = np.linspace(-2, 8, 1001)
        x = np.concatenate([grid, grid - 1e-9])
        found = (values <= x[:, np.newaxis]).mean(axis=1)
        expected = np.abs(found - law.cdf(x)).max()
        assert kolmogorov_distance(values, law) == pytest.approx(expected, abs=1e-8)

    def test_zeros_of_a_rounded_matrix_are_at_the_atom_when_its_precision_is_named(self):
        """Eigenvalues in double precision of a matrix that went through single precision."""
        x = np.random.default_rng(0).standard_normal((400, 100)).astype(np.float32)
        values = np.linalg.eigvalsh((x @ x.T / 100).astype(np.float64))
        law = marchenko_pastur(4.0)
        assert kolmogorov_distance(values, law) > 0.3
        assert kolmogorov_distance(values, law, precision="float32") < 0.01

    def test_more_rows_than_columns(self):
        """400 x 100: as near as the transpose, also where zeros come as rounding errors."""
        law = marchenko_pastur(4.0)
        values = laguerre_eigenvalues(400, 100, beta=1, rng=0) / 100
        assert kolmogorov_distance(values, law) == pytest.approx(0.0056, abs=5e-5)
        above = kolmogorov_distance(values[300:], marchenko_pastur(0.25, scale=4.0))
        assert kolmogorov_distance(values, law) == pytest.approx(above / 4, abs=1e-14)
        x = np.random.default_rng(0).standard_normal((400, 100))
        for kind in (np.float64, np.float32):
            y = x.astype(kind)
            found = np.linalg.eigvalsh(y @ y.T / kind(100))
            assert found.dtype == kind
            assert found.min() < 0
            assert kolmogorov_distance(found, law) < 0.01
            assert kolmogorov_distance(found - kind(1e-3), law) > 0.7

    def test_each_replica_has_its_own(self):
        """In one call; one sample gives one number."""
        draws = semicircle().rvs((5, 40), rng=0)
        found = kolmogorov_distance(draws, semicircle())
        assert found.shape == (5,)
        assert found.tolist() == [kolmogorov_distance(one, semicircle()) for one in draws]
        assert isinstance(kolmogorov_distance(draws[0], semicircle()), float)

    def test_wrong_arguments_are_named(self):
        """The values, and the law."""
        for values in ([], 1.0, np.ones((2, 2, 2))):
            with pytest.raises(
                ValueError, match=r"^values must be an array of shape \(\[replicas\]"
            ):
                kolmogorov_distance(values, semicircle())
        with pytest.raises(ValueError, match=r"^values must be finite, got nan at index \(1,\)"):
            kolmogorov_distance([0.0, math.nan], semicircle())
        with pytest.raises(TypeError, match=r"^law must be a Law, such as semicircle\(\), got"):
            kolmogorov_distance([0.0], semicircle().cdf)


class TestMarchenkoPastur:
    """The squared singular values of one layer."""

    @pytest.mark.parametrize(
        "ratio", [0.01, 0.1, 0.5, 0.9, 1 - 1e-6, 1.0, 1 + 1e-6, 1.1, 2.0, 10.0, 100.0]
    )
    def test_the_closed_form_is_the_integral_of_the_density(self, ratio):
        """To 1e-10 by adaptive quadrature from the lower end, in a variable without poles."""
        law = marchenko_pastur(ratio, scale=2.0)
        low, high = 2 * (1 - math.sqrt(ratio)) ** 2, 2 * (1 + math.sqrt(ratio)) ** 2
        atom = max(0.0, 1 - 1 / ratio)
        cuts = [0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.4, 0.8, 1.2, 1.5, math.pi / 2]

        def density(t):
            return law.pdf(low + (high - low) * math.sin(t) ** 2) * (high - low) * math.sin(2 * t)

        mass = 0.0
        for left, right in itertools.pairwise(cuts):
            mass += quad(density, left, right, epsabs=1e-13, epsrel=1e-12)[0]
            x = low + (high - low) * math.sin(right) ** 2
            assert law.cdf(x) == pytest.approx(atom + mass, abs=1e-10)
            assert law.sf(x) == pytest.approx(1 - atom - mass, abs=1e-10)
        assert mass == pytest.approx(min(1.0, 1 / ratio), abs=1e-10)

    @pytest.mark.parametrize("ratio", [0.01, 0.5, 1.0, 3.0])
    def test_moments_are_narayana_polynomials(self, ratio):
        """Of the second to the fourth: 1 + r, 1 + 3 r + r², 1 + 6 r + 6 r² + r³."""
        law = marchenko_pastur(ratio, scale=2.0)
        narayana = ([1, 1], [1, 3, 1], [1, 6, 6, 1])
        for order, counts in enumerate(narayana, start=2):
            expected = 2**order * np.polynomial.polynomial.polyval(ratio, counts)
            assert moment(law, order) == pytest.approx(expected, rel=1e-11)

    @given(st.floats(0.02, 50), st.floats(0, 8))
    def test_the_transpose_has_the_same_values_above_0(self, ratio, x):
        """X Xᵀ / n and Xᵀ X / n, counted with their zeros."""
        law, other = marchenko_pastur(ratio), marchenko_pastur(1 / ratio, scale=ratio)
        assert law.sf(x) == pytest.approx(other.sf(x) / ratio, abs=1e-12 * max(1, 1 / ratio))

    def test_the_atom_is_counted(self):
        """Three of four eigenvalues for ratio 4; the density is that of the fourth."""
        law = marchenko_pastur(4.0)
        assert law.cdf([-1e-9, 0.0, 0.5, 1.0]).tolist() == [0, 0.75, 0.75, 0.75]
        assert law.sf([-1e-9, 0.0, 0.5, 1.0]).tolist() == [1, 0.25, 0.25, 0.25]
        assert law.ppf([0.0, 0.5, 0.75]).tolist() == [0, 0, 0]
        assert law.ppf(0.7500001) > 1
        assert law.isf(0.25) == 0
        assert law.isf(0.2499999) > 1
        assert law.support() == (0.0, 9.0)

    def test_a_square_matrix_has_a_pole_at_0(self):
        """And it is the law of the square of the quarter circle, also very near 0."""
        law, x = marchenko_pastur(1.0), np.array([1e-300, 1e-20, 1e-3, 1.0, 3.9, 4.0])
        assert law.pdf(0.0) == math.inf
        assert law.cdf(x) == pytest.approx(quarter_circle().cdf(np.sqrt(x)), rel=1e-13)
        assert law.ppf(1e-20) == pytest.approx((math.pi * 1e-20 / 2) ** 2, rel=1e-12)

    @pytest.mark.parametrize("ratio", [1e-12, 1e12])
    def test_extreme_ratios_approach_the_semicircle(self, ratio):
        """Around the mean, in units of the standard deviation."""
        law, y = marchenko_pastur(ratio), np.linspace(-1.9, 1.9, 9)
        inner = min(ratio, 1 / ratio)
        x = max(1.0, ratio) * (1 + math.sqrt(inner) * y)
        expected = max(0.0, 1 - 1 / ratio) + min(1.0, 1 / ratio) * semicircle().cdf(y)
        assert law.cdf(x) == pytest.approx(expected, abs=1e-6)

    @pytest.mark.parametrize("shape", [(150, 300), (300, 300), (400, 200)])
    @pytest.mark.parametrize("entries", ["gaussian", "signs"])
    def test_one_matrix_follows_it_whatever_its_entries(self, shape, entries):
        """Within 3 % for a few hundred rows, its zeros included."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal(shape)
        x = 2 * (np.sign(x) if entries == "signs" else x)
        values = np.linalg.eigvalsh(x @ x.T / shape[1])
        law = marchenko_pastur(shape[0] / shape[1], scale=4.0)
        assert kolmogorov_distance(values, law) < 0.03

    @pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf])
    def test_wrong_arguments_are_named(self, value):
        """Both are above 0."""
        with pytest.raises(ValueError, match=r"^ratio must be a finite number above 0, got"):
            marchenko_pastur(value)
        for law in (partial(marchenko_pastur, 1.0), semicircle, quarter_circle):
            with pytest.raises(ValueError, match=r"^scale must be a finite number above 0, got"):
                law(scale=value)
        with pytest.raises(TypeError, match=r"^ratio must be a finite number above 0, got '1'"):
            marchenko_pastur("1")


class TestCircles:
    """Eigenvalues of a symmetric matrix, singular values of a square one."""

    @given(st.floats(-3, 3), st.floats(0.1, 10))
    def test_the_semicircle_is_that_of_scipy(self, x, scale):
        """There, the scale is the radius."""
        law, theirs = semicircle(scale=scale), semicircular(scale=2 * scale)
        assert law.cdf(x) == pytest.approx(theirs.cdf(x), abs=1e-14)
        assert law.pdf(x) == pytest.approx(theirs.pdf(x), rel=1e-10, abs=1e-7 / scale)

    @given(st.floats(0, 3), st.floats(0.1, 10))
    def test_the_quarter_circle_is_the_semicircle_without_signs(self, x, scale):
        """Twice the density, and the probability within ± x."""
        law, whole = quarter_circle(scale=scale), semicircle(scale=scale)
        assert law.pdf(x) == pytest.approx(2 * whole.pdf(x), rel=1e-14)
        assert law.cdf(x) == pytest.approx(whole.cdf(x) - whole.cdf(-x), abs=1e-14)
        assert law.cdf(1e-12 * scale) == pytest.approx(2e-12 / math.pi, rel=1e-14)
        assert law.ppf(1e-300) == pytest.approx(math.pi / 2 * 1e-300 * scale, rel=1e-14, abs=0)

    def test_moments_are_catalan_numbers(self):
        """1, 1, 2, 5, 14, ... at even orders; 8 / 3π is the mean singular value."""
        for law in (semicircle(), quarter_circle()):
            found = [moment(law, k) for k in range(0, 12, 2)]
            assert found == pytest.approx([1, 1, 2, 5, 14, 42], rel=1e-11)
        assert semicircle().mean() == 0
        assert quarter_circle().mean() == pytest.approx(8 / (3 * math.pi), rel=1e-15)
        assert semicircle(scale=3.0).var() == 9

    def test_one_matrix_follows_each(self):
        """Within 3 %."""
        x = np.random.default_rng(0).standard_normal((300, 300))
        symmetric = (x + x.T) / math.sqrt(2 * 300)
        assert kstest(np.linalg.eigvalsh(symmetric), semicircle().cdf).statistic < 0.03
        assert kstest(np.linalg.svdvals(x / 300**0.5), quarter_circle().cdf).statistic < 0.03


class TestFussCatalan:
    """The squared singular values of several layers."""

    def test_one_factor_is_marchenko_and_pastur(self):
        """At ratio 1, density and probability."""
        x = np.concatenate([np.geomspace(1e-300, 1e-3, 20), np.linspace(0.01, 4.1, 30)])
        law, square = fuss_catalan(1), marchenko_pastur(1.0)
        assert law.cdf(x) == pytest.approx(square.cdf(x), rel=1e-12)
        assert law.pdf(x) == pytest.approx(square.pdf(x), rel=1e-10)

    def test_moments_are_fuss_catalan_numbers(self):
        """As printed in tables: for two factors 1, 3, 12, 55, for three 1, 4, 22, 140."""
        for factors, expected in ((2, [1, 3, 12, 55, 273]), (3, [1, 4, 22, 140, 969])):
            found = [moment(fuss_catalan(factors), k) for k in range(1, 6)]
            assert found == pytest.approx(expected, rel=1e-11)
            assert fuss_catalan(factors).var() == factors
        assert fuss_catalan(3).support() == (0.0, pytest.approx(256 / 27, rel=1e-15))

    @pytest.mark.parametrize("factors", [1, 2, 3, 8, 1000])
    def test_the_closed_form_is_the_integral_along_the_angle(self, factors):
        """Of the density times dx / dφ; nothing is integrated over the pole in x."""
        law, end = fuss_catalan(factors), math.pi / (factors + 1)
        nodes, weights = np.polynomial.legendre.leggauss(60)

        def along(phi):  # x(φ), and the density times -dx/dφ
            one, less, more = (np.sin(k * phi) for k in (1, factors, factors + 1))
            log = (factors + 1) * np.log(more) - np.log(one) - factors * np.log(less)
            slope = (factors + 1) ** 2 / np.tan((factors + 1) * phi) - 1 / np.tan(phi)
            slope -= factors**2 / np.tan(factors * phi)
            return np.exp(log), -slope * one * more / (math.pi * less)

        for share in (0.1, 0.5, 0.9):
            phi = share * end
            mass = weights @ along((nodes + 1) / 2 * phi)[1] * phi / 2
            x = along(np.array(phi))[0]
            assert law.sf(x) == pytest.approx(mass, rel=1e-9)
            assert law.cdf(x) == pytest.approx(1 - mass, abs=1e-12)

    @pytest.mark.parametrize("factors", [2, 3, 5])
    def test_the_pole_is_a_power(self, factors):
        """The probability up to x is about sin(π/(s+1)) (s+1)/π x^(1/(s+1))."""
        law, x = fuss_catalan(factors), 1e-200
        lead = math.sin(math.pi / (factors + 1)) * (factors + 1) / math.pi
        assert law.cdf(x) == pytest.approx(lead * x ** (1 / (factors + 1)), rel=1e-12)
        assert law.pdf(0.0) == math.inf

    def test_products_follow_it(self):
        """Within 4 % for three factors with 300 rows."""
        x = np.random.default_rng(0).standard_normal((3, 300, 300)) / math.sqrt(300)
        values = np.linalg.svdvals(x[0] @ x[1] @ x[2]) ** 2
        assert kstest(values, fuss_catalan(3).cdf).statistic < 0.04

    def test_wrong_factors_are_named(self):
        """A positive whole number."""
        for factors, error in (
            (0, ValueError),
            (-2, ValueError),
            (1.5, TypeError),
            ("2", TypeError),
        ):
            with pytest.raises(error, match=r"^factors must be a whole number of at least 1, got"):
                fuss_catalan(factors)


# F1, F2 and F4, this with its argument not scaled, and 1 - F: by mpmath with 40 digits, from two
# quadrature rules of the determinants of Ferrari and Spohn, which agree to 7e-19
TABLE = {
    -8.0: (1.806827921185416651e-12, 1.985900425763657479e-19, 5.495634223795097122e-8),
    -6.0: (2.707319325304773051e-6, 1.062254674124451069e-8, 0.001963173723139776740),
    -4.0: (0.007567678598796400522, 0.003544553595509200296, 0.2379741229666342073),
    -2.0: (0.2743201979092178577, 0.4132241425051225547, 0.8903385846340937250),
}
TAIL = {
    0.0: (0.168091933797048, 0.0306271716447373, 0.00142580264183146),
    2.0: (0.010402428915173, 0.000112446301690827, 2.1401499353703e-6),
    3.33: (0.000890713294568529, 8.13572052967419e-7, 1.01099449855539e-8),
    6.0: (1.94081407264622e-6, 3.81723265900946e-12, 2.52367461937638e-14),
}
PLACES = ((1, 1.0), (2, 1.0), (4, COMMON))


class TestTracyWidom:
    """The largest eigenvalue."""

    def test_published_values(self):
        """Bornemann's, to 1e-14."""
        assert tracy_widom(2).cdf(0.0) == pytest.approx(0.96937282835526, abs=1e-14)
        assert tracy_widom(1).cdf(0.0) == pytest.approx(0.83190806620295, abs=1e-14)
        assert tracy_widom(2).cdf(-2.0) == pytest.approx(0.41322414250512, abs=1e-14)

    @pytest.mark.parametrize("beta", [1, 2, 4])
    def test_both_sides_meet_at_0(self, beta):
        """There one table ends and the other begins."""
        below, at = tracy_widom(beta).cdf([-1e-300, 0.0])
        assert below == pytest.approx(at, rel=0, abs=4 * np.finfo(float).eps)

    def test_it_is_the_law_of_forty_digits(self):
        """The left tail and the right tail each to a relative 1e-12."""
        for kind, (beta, unit) in enumerate(PLACES):
            law = tracy_widom(beta)
            for s, values in TABLE.items():
                assert law.cdf(s / unit) == pytest.approx(values[kind], rel=1e-12, abs=0)
            for s, values in TAIL.items():
                assert law.sf(s / unit) == pytest.approx(values[kind], rel=1e-12, abs=0)
                assert law.cdf(s / unit) == pytest.approx(1 - values[kind], abs=1e-14)

    def test_the_airy_kernel_gives_beta_2(self):
        """An independent determinant, on the interval where the law is not 0 or 1."""
        nodes, weights = np.polynomial.legendre.leggauss(60)
        for s in np.linspace(-7, 5, 25):
            x, root = s + 8 * (nodes + 1), np.sqrt(8 * weights)
            value, slope = airy(x)[:2]
            with np.errstate(divide="ignore", invalid="ignore"):
                kernel = np.outer(value, slope) - np.outer(slope, value)
                kernel /= np.subtract.outer(x, x)
            np.fill_diagonal(kernel, slope**2 - x * value**2)
            determinant = np.linalg.det(np.eye(60) - root[:, np.newaxis] * kernel * root)
            assert tracy_widom(2).cdf(s) == pytest.approx(determinant, abs=2e-14)

    @given(st.floats(-8, 20))
    def test_the_three_are_related(self, s):
        """F2(s) = F1(s) (2 F4(s / 2^(2/3)) - F1(s))."""
        one, two, four = (tracy_widom(beta).cdf(s / unit) for beta, unit in PLACES)
        assert two == pytest.approx(one * (2 * four - one), rel=1e-13, abs=1e-14)

    @pytest.mark.parametrize(
        ("beta", "unit", "mean", "variance", "skewness", "kurtosis"),
        [
            (1, 1.0, -1.2065335745820, 1.607781034581, 0.29346452408, 0.1652429384),
            (2, 1.0, -1.771086807411, 0.8131947928329, 0.224084203610, 0.0934480876),
            (4, math.sqrt(2), -2.306884893241, 0.5177237207726, 0.16550949435, 0.0491951565),
        ],
    )
    def test_published_moments(self, beta, unit, mean, variance, skewness, kurtosis):
        """Bornemann's table; for beta 4 his variable is 2^(1/6) times this one."""
        law, factor = tracy_widom(beta), COMMON / unit if beta == 4 else 1.0
        one, two, three, four = (moment(law, k) * factor**k for k in (1, 2, 3, 4))
        assert law.mean() * factor == pytest.approx(mean, abs=2e-12)
        assert law.var() * factor**2 == pytest.approx(variance, abs=2e-12)
        third = three - 3 * one * two + 2 * one**3
        fourth = four - 4 * one * three + 6 * one**2 * two - 3 * one**4
        assert third / variance**1.5 == pytest.approx(skewness, abs=1e-10)
        assert fourth / variance**2 - 3 == pytest.approx(kurtosis, abs=1e-9)

    @pytest.mark.parametrize("s", [-10.0, -14.0, -18.0])
    def test_the_left_tail_has_its_known_constant(self, s):
        """Deift, Its and Krasovsky: log 2 / 24 + ζ'(-1), down to 1e-211."""
        a, zeta = -s, -0.16542114370045092921
        series = 3 / (64 * a**3) + 63 / (256 * a**6)
        two = -(a**3) / 12 - math.log(a) / 8 + math.log(2) / 24 + zeta + series
        assert np.log(tracy_widom(2).cdf(s)) == pytest.approx(two, abs=6 / a**9 + 2e-12)
        root = a**1.5
        one = -(a**3) / 24 - root / (3 * math.sqrt(2)) - math.log(a) / 16 + zeta / 2
        one += math.log1p(-1 / (24 * math.sqrt(2) * root) + 55 / (2304 * a**3))
        one -= 11 / 48 * math.log(2)
        assert np.log(tracy_widom(1).cdf(s)) == pytest.approx(one, abs=0.1 / root**3)

    @pytest.mark.parametrize("s", [-20.0, -24.0, -26.9, -27.1, -30.0, -50.0, -1000.0])
    def test_the_density_goes_on_where_all_underflows(self, s):
        """To 1e-12 of its logarithm, by the series of log F and its slopes in forty digits.

        The slope of log F2 is a²/4 - 1/(8 s) + ..., and q is the root of minus the second one.
        """
        series = [1, 0.125, -73 / 128, 10657 / 1024, -13912277 / 32768, 8045883943 / 262144]
        with mpmath.workdps(40):
            a = mpmath.mpf(-s)
            q_terms = [mpmath.mpf(c) * (-1) ** k for k, c in enumerate(series)]

            def power_sum(terms, power):  # Σ terms a^(power - 3k), and its integral from there
                exponents = [mpmath.mpf(power) - 3 * k for k in range(len(terms))]
                value = sum(t * a**e for t, e in zip(terms, exponents, strict=True))
                integrals = (
                    t * (mpmath.log(a) if e == -1 else a ** (e + 1) / (e + 1))
                    for t, e in zip(terms, exponents, strict=True)
                )
                return value, sum(integrals)

            squares = [sum(q_terms[i] * q_terms[k - i] for i in range(k + 1)) / 2 for k in range(6)]
            slopes = [t / (2 - 3 * k) for k, t in enumerate(squares)]
            slope, minus_log = power_sum(slopes, 2)
            zeta = mpmath.zeta(-1, derivative=1)
            two = -minus_log + mpmath.log(2) / 24 + zeta
            q, total = power_sum([t / mpmath.sqrt(2) for t in q_terms], 0.5)
            total += mpmath.log(2) / 2
            four = two / 2 + mpmath.log(mpmath.cosh(total / 2))
            expected = {
                1: (two - total) / 2 + mpmath.log((slope + q) / 2),
                2: two + mpmath.log(slope),
                4: four + mpmath.log((slope - q * mpmath.tanh(total / 2)) / 2),
            }
            for beta, unit in PLACES:
                density = float(expected[beta] + mpmath.log(unit))
                assert tracy_widom(beta).logpdf(s / unit) == pytest.approx(density, rel=1e-13)

    @pytest.mark.parametrize(("beta", "unit"), PLACES)
    def test_the_logarithms_are_finite_and_their_leading_terms_are_known(self, beta, unit):
        """Those of every β: -β |x|³ / 24 on the left, and -2/3 β x^(3/2) with its constant."""
        law = tracy_widom(beta)
        x = np.array([-1e100, -1e10, -1e4, -900.0, -28.0])
        assert law.logpdf(x) == pytest.approx(-beta * np.abs(x) ** 3 / 24, rel=0.05)
        assert law.logpdf(-1e10) == pytest.approx(-beta * 1e30 / 24, rel=1e-13)
        assert law.logsf(x).tolist() == [0] * 5
        y = np.array([500.0, 5e3, 0.9e5, 2e5, 1e10, 1e100])
        tail = gammaln(beta / 2) - beta / 2 * math.log(4 * beta) - math.log(2 * math.pi)
        tail = tail - 0.75 * beta * np.log(y) - 2 / 3 * beta * y**1.5
        assert law.logsf(y) == pytest.approx(tail, abs=10 * 500**-1.5, rel=1e-13)
        density = tail + np.log(beta * np.sqrt(y))
        assert law.logpdf(y) == pytest.approx(density, abs=10 * 500**-1.5, rel=1e-13)

    @pytest.mark.parametrize(("beta", "unit"), PLACES)
    def test_the_tail_beyond_all_numbers_is_that_of_the_traces(self, beta, unit):
        """At 90,000, in 80 digits: 2.2e-16 of the logarithm for each digit that Ai² cancels."""
        law, s = tracy_widom(beta), 90000
        with mpmath.workdps(80):
            airy_s, slope = mpmath.airyai(s), mpmath.airyai(s, derivative=1)
            ends = [s + k / mpmath.sqrt(s) for k in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)]
            once = airy_s * mpmath.quad(lambda x: mpmath.airyai(x) / airy_s, ends)
            square = slope**2 - s * airy_s**2
            twice = (2 * s**2 * airy_s**2 - 2 * s * slope**2 - airy_s * slope) / 3
            above = {1: once / 2, 2: twice, 4: twice / 2 - once**2 / 8}
            density = {1: airy_s / 2, 2: square, 4: square / 2 - airy_s * once / 4}
            logs = (float(mpmath.log(kind[beta])) for kind in (above, density))
        expected, height = logs
        assert law.logsf(s / unit) == pytest.approx(expected, rel=1e-12)
        assert law.logpdf(s / unit) == pytest.approx(height + math.log(unit), rel=1e-12)

    @pytest.mark.parametrize(
        ("s", "above", "density"),
        [
            (
                10.0,
                (1.708215869527005e-11, 2.938427133604718e-22, 1.021283835040859e-24),
                (5.523766276449343e-11, 1.900639350526162e-21, 6.741153964194866e-24),
            ),
            (
                20.0,
                (1.875906099477033e-28, 3.528419740308746e-56, 4.698023126805808e-59),
                (8.458364343352702e-28, 3.181960073044655e-55, 4.270310192889826e-58),
            ),
            (
                40.0,
                (5.017784510027996e-76, 2.520263384234313e-151, 1.223622663311792e-154),
                (3.182871329276457e-75, 3.197306181652594e-150, 1.556845480734625e-153),
            ),
        ],
    )
    def test_the_far_right_tail_is_that_of_the_traces(self, s, above, density):
        """Integrals of Ai in 400 digits, within the table of polynomials and beyond it."""
        for (beta, unit), one, other in zip(PLACES, above, density, strict=True):
            law = tracy_widom(beta)
            assert law.sf(s / unit) == pytest.approx(one, rel=1e-10, abs=0)
            assert law.pdf(s / unit) == pytest.approx(unit * other, rel=1e-10, abs=0)

    @pytest.mark.parametrize("beta", [1, 2, 4])
    def test_the_pieces_fit(self, beta):
        """At 0, where determinants meet the transcendent, and where the polynomials end."""
        law, unit = tracy_widom(beta), COMMON if beta == 4 else 1.0
        for seam in (-27.0 / unit, 0.0, 13.0 / unit, 1e5 / unit):
            for method in (law.logpdf, law.logsf):
                before, after = method(np.nextafter(seam, [-1e9, 1e9]))
                assert before == pytest.approx(after, abs=2e-11, rel=1e-13)
        assert law.cdf(-28.0) == law.pdf(-28.0) == 0
        assert law.sf(-28.0) == 1
        assert law.sf(1e9) == law.pdf(1e9) == 0

    @pytest.mark.parametrize("beta", [1, 2, 4])
    def test_matrices_in_the_common_scale_follow_it(self, beta):
        """Tridiagonal beta ensembles with 10^5 rows: the mean within 4.5 standard errors."""
        n, draws = 10**5, 400
        rng, rows = np.random.default_rng(0), 460  # of the corner that decides
        degrees = beta * (n - 1.0 - np.arange(rows - 1))
        largest = [
            eigh_tridiagonal(
                rng.normal(0, math.sqrt(2 / beta), rows),
                np.sqrt(rng.chisquare(degrees) / beta),
                select="i",
                select_range=(rows - 1, rows - 1),
                eigvals_only=True,
            )[0]
            for _ in range(draws)
        ]
        law, found = tracy_widom(beta), (np.array(largest) - 2 * math.sqrt(n)) * n ** (1 / 6)
        assert abs(found.mean() - law.mean()) < 4.5 * math.sqrt(law.var() / draws)
        assert kstest(found, law.cdf).statistic < 2.4 / math.sqrt(draws)

    def test_the_polynomials_are_made_once(self):
        """The second law of the same kind finds those of the first."""
        tracy_widom(2).cdf(0.0)
        made = _tracy_widom._tables.cache_info().misses
        tracy_widom(2).cdf(1.0)
        tracy_widom(4).pdf(1.0)
        assert _tracy_widom._tables.cache_info().misses == made

    @pytest.mark.parametrize("beta", [0, 3, 1.5, "2", [2], None, True, math.nan])
    def test_wrong_betas_are_named(self, beta):
        """There are three."""
        with pytest.raises(ValueError, match=r"^beta must be 1, 2 or 4, got"):
            tracy_widom(beta)


class TestSmallestSingularValue:
    """How close a square matrix comes to losing a dimension."""

    def test_the_median_is_edelmans(self):
        """√(1 + 2 log 2) - 1."""
        law = smallest_singular_value()
        assert law.ppf(0.5) == pytest.approx(math.sqrt(1 + 2 * math.log(2)) - 1, rel=1e-15)

    @given(st.floats(0, 30))
    def test_the_probability_above_is_an_exponential(self, t):
        """Also where it is small."""
        law = smallest_singular_value()
        assert law.sf(t) == pytest.approx(math.exp(-t * t / 2 - t), rel=1e-13)
        assert law.cdf(t) == pytest.approx(-math.expm1(-t * t / 2 - t), rel=1e-14)
        assert law.pdf(t) == pytest.approx((1 + t) * math.exp(-t * t / 2 - t), rel=1e-12)
        assert law.logsf(1e9 * t) == pytest.approx(-1e9 * t * (1e9 * t / 2 + 1), rel=1e-15)

    def test_the_mean_is_a_value_of_the_error_function(self):
        """√(π e / 2) erfc(1 / √2)."""
        law = smallest_singular_value()
        mean = math.sqrt(math.pi * math.e / 2) * math.erfc(math.sqrt(0.5))
        assert law.mean() == pytest.approx(mean, rel=1e-14)
        assert law.var() == pytest.approx(2 - 2 * mean - mean**2, rel=1e-14)

    @pytest.mark.parametrize("entries", ["gaussian", "signs"])
    def test_matrices_follow_it_whatever_their_entries(self, entries):
        """1500 of 40 rows: Kolmogorov and Smirnov, and a bias of about 1 / n."""
        x = np.random.default_rng(0).standard_normal((1500, 40, 40))
        x = np.sign(x) if entries == "signs" else x
        least = math.sqrt(40) * np.linalg.svdvals(x)[:, -1]
        bound = 2.4 / math.sqrt(1500) + 1 / 40
        assert kstest(least, smallest_singular_value().cdf).statistic < bound


@pytest.mark.parametrize("beta", [[[1.0, 2.0], [3.0]], "2", None, True, [2]])
def test_a_beta_that_is_no_number_is_refused(beta):
    """Rows of unequal length too."""
    with pytest.raises(ValueError, match=r"^beta must be 1, 2 or 4, got "):
        tracy_widom(beta)
