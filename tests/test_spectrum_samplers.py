"""Spectra drawn from tridiagonal matrices are those of full ones; products stretch as told."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import hermite_e, laguerre
from scipy.linalg import eigvalsh_tridiagonal
from scipy.special import digamma, polygamma
from scipy.stats import ks_2samp, kstest, ortho_group, semicircular

from symlib import spectrum
from symlib.spectrum import (
    gaussian_lyapunov_exponents,
    ginibre_eigenvalues,
    hermite_eigenvalues,
    laguerre_eigenvalues,
    lyapunov_exponents,
)

betas = st.floats(0.05, 50.0)
RARE = 1e-6  # five standard errors


def entries(rng, beta, shape):
    """Draw real or complex entries of mean square 1, or quaternions as 2 x 2 complex blocks."""
    if beta == 1:
        return rng.standard_normal(shape)
    x, y = rng.standard_normal((2, 2, *shape)) / math.sqrt(2 * max(1, beta / 2))
    if beta == 2:
        return x[0] + 1j * x[1]
    x, y = x[0] + 1j * x[1], y[0] + 1j * y[1]
    return np.concatenate(
        [np.concatenate([x, y], -1), np.concatenate([-y.conj(), x.conj()], -1)], -2
    )


def filled_hermite(rng, beta, n, count):
    """Draw full matrices and let NumPy find the eigenvalues; those of quaternions come twice."""
    x = entries(rng, beta, (count, n, n))
    values = np.linalg.eigvalsh((x + x.conj().mT) / math.sqrt(2))
    return values[:, ::2] if beta == 4 else values


def filled_laguerre(rng, beta, n, m, count):
    """Draw full matrices X and let NumPy find the eigenvalues of X X*."""
    x = entries(rng, beta, (count, n, m))
    values = np.linalg.eigvalsh(x @ x.conj().mT)
    return values[:, ::2] if beta == 4 else values


def deviation(sample, expected):
    """Tell by how many standard errors the mean of a sample is off."""
    return abs(np.mean(sample) - expected) / (np.std(sample) / math.sqrt(len(sample)))


def top(rows, largest):
    """Ask SciPy for the largest eigenvalues of so many rows."""
    return {"select": "i", "select_range": (rows - largest, rows - 1)}


def marchenko_pastur_cdf(ratio):
    """Integrate the density of Marchenko and Pastur in the angle, for a ratio below 1."""
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    angle = np.linspace(0, math.pi, 20001)
    x = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    density = ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * math.pi * ratio * x)
    steps = (density[1:] + density[:-1]) / 2 * np.diff(angle)
    return partial(np.interp, xp=x, fp=np.concatenate([[0.0], np.cumsum(steps)]))


class TestHermite:
    """The eigenvalues of symmetric Gaussian matrices, for any beta."""

    @pytest.mark.parametrize("beta", [1, 2, 4])
    def test_they_have_the_law_of_full_matrices(self, beta):
        """50 x 50, 300 of each: five of the ordered eigenvalues by a test of two samples."""
        rng = np.random.default_rng(beta)
        drawn = hermite_eigenvalues(50, beta=beta, size=300, rng=rng)
        filled = filled_hermite(rng, beta, 50, 300)
        for k in (0, 12, 25, 48, 49):
            assert ks_2samp(drawn[:, k], filled[:, k]).pvalue > RARE
        spacing = np.diff(drawn[:, 24:26]), np.diff(filled[:, 24:26])
        assert ks_2samp(*(gap.ravel() for gap in spacing)).pvalue > RARE

    @pytest.mark.parametrize("beta", [0.1, 0.5, 1, 2, 3, 4, 30])
    def test_moments_are_exact_for_every_beta(self, beta):
        """E tr H = 0, E tr H² = n (n - 1) + n a, E tr H⁴ by Dumitriu and Edelman, a = 2 / beta."""
        n, a = 6, 2 / beta
        values = hermite_eigenvalues(n, beta=beta, size=20000, rng=1)
        assert deviation(values.sum(axis=1), 0) < 4.5
        assert deviation((values**2).sum(axis=1), n * (n - 1) + n * a) < 4.5
        fourth = 2 * n**3 + 5 * (a - 1) * n**2 + (3 * a**2 - 5 * a + 3) * n
        assert deviation((values**4).sum(axis=1), fourth) < 4.5

    @pytest.mark.parametrize("beta", [0.5, 1, 2.5, 4])
    def test_the_mean_characteristic_polynomial_is_hermites(self, beta):
        """E det(x - H) = He_n(x), whatever beta is."""
        values = hermite_eigenvalues(5, beta=beta, size=20000, rng=2)
        for x in (-1.0, 0.0, 0.7, 2.0):
            expected = hermite_e.hermeval(x, [0, 0, 0, 0, 0, 1])
            assert deviation((x - values).prod(axis=1), expected) < 4.5

    def test_every_second_real_one_is_a_quaternion_one(self):
        """Of 2 n + 1 rows with beta 1, divided by sqrt 2 (Forrester and Rains 2001)."""
        real = hermite_eigenvalues(21, beta=1, size=2000, rng=3)[:, 1::2] / math.sqrt(2)
        quaternion = hermite_eigenvalues(10, beta=4, size=2000, rng=4)
        for k in (0, 4, 9):
            assert ks_2samp(real[:, k], quaternion[:, k]).pvalue > RARE

    @pytest.mark.parametrize("beta", [0.5, 1, 2, 4, 10])
    def test_they_fill_the_semicircle(self, beta):
        """2000 rows: nowhere further than 1/200 from its distribution function."""
        values = hermite_eigenvalues(2000, beta=beta, rng=5) / math.sqrt(2000)
        assert kstest(values, semicircular(scale=2).cdf).statistic < 0.005

    def test_without_noise_they_are_hermites_zeros(self):
        """As beta grows all randomness goes, and the zeros of He_n stay."""
        values = hermite_eigenvalues(12, beta=1e24, rng=6)
        zeros = hermite_e.hermegauss(12)[0]
        assert np.allclose(values, zeros, rtol=0, atol=1e-10)

    @given(st.integers(1, 40), betas, st.integers(0, 2**32 - 1))
    def test_they_are_finite_and_in_order(self, n, beta, seed):
        """For any number of rows and any beta; the same seed gives the same."""
        values = hermite_eigenvalues(n, beta=beta, size=3, rng=seed)
        assert values.shape == (3, n)
        assert np.isfinite(values).all()
        assert (np.diff(values) >= 0).all()
        assert np.array_equal(values, hermite_eigenvalues(n, beta=beta, size=3, rng=seed))


class TestLargest:
    """The edge of the spectrum from the corner of the matrix."""

    @pytest.mark.parametrize(
        ("beta", "mean", "variance"),
        [
            (1, -1.2065335745820, 1.607781034581),
            (2, -1.771086807411, 0.8131947928329),
            (4, -2.306884893241 / 2 ** (1 / 6), 0.5177237207726 / 2 ** (1 / 3)),
        ],
    )
    def test_it_goes_to_tracy_and_widom(self, beta, mean, variance):
        """A hundred thousand rows, 1000 draws: mean and variance; beta 4 in the others' units."""
        n, count = 10**5, 1000
        top = hermite_eigenvalues(n, beta=beta, size=count, largest=1, rng=beta)[:, 0]
        edge = n ** (1 / 6) * (top - 2 * math.sqrt(n))
        assert deviation(edge, mean) < 4.5
        assert deviation((edge - mean) ** 2, variance) < 4.5

    def test_the_second_one_is_the_largest_of_quaternions(self):
        """Its mean for beta 1 is 2^(2/3) times that of the largest for beta 4."""
        n = 10**5
        second = hermite_eigenvalues(n, beta=1, size=600, largest=2, rng=0)[:, 0]
        edge = n ** (1 / 6) * (second - 2 * math.sqrt(n))
        assert deviation(edge, -2.306884893241 * math.sqrt(2)) < 4.5

    @pytest.mark.parametrize("beta", [0.1, 0.5, 1, 2, 4, 100])
    @pytest.mark.parametrize("largest", [1, 6])
    def test_the_corner_decides(self, beta, largest):
        """The same matrix with half as many rows again: 1e-10 of the edge's unit at most."""
        n, count = 10**4, 50
        rows = spectrum._deciding_rows(n, largest, beta)
        diagonal, beside = spectrum._hermite_tridiagonals(
            n, beta, 3 * rows // 2, count, np.random.default_rng(7)
        )
        for d, e in zip(diagonal, beside, strict=True):
            whole, corner = (
                eigvalsh_tridiagonal(
                    d[:k], e[: k - 1], select="i", select_range=(k - largest, k - 1)
                )
                for k in (len(d), rows)
            )
            assert abs(whole - corner).max() * n ** (1 / 6) < 1e-10

    @pytest.mark.parametrize("beta", [0.5, 1, 4])
    def test_it_has_the_law_of_the_whole(self, beta):
        """400 rows, of which the corner is a part: the first and the last of the largest."""
        whole = hermite_eigenvalues(400, beta=beta, size=200, rng=8)
        for largest in (1, 20):
            assert spectrum._deciding_rows(400, largest, beta) < 400
            part = hermite_eigenvalues(400, beta=beta, size=200, largest=largest, rng=largest)
            assert part.shape == (200, largest)
            assert (np.diff(part) >= 0).all()
            for k in {1, largest}:
                assert ks_2samp(part[:, -k], whole[:, -k]).pvalue > RARE

    @pytest.mark.parametrize("n", [1, 2, 40, 100])
    def test_small_matrices_are_taken_whole(self, n):
        """Then it is the end of the same draw."""
        whole = hermite_eigenvalues(n, beta=0.3, size=(2, 3), rng=10)
        for largest in {1, n}:
            part = hermite_eigenvalues(n, beta=0.3, size=(2, 3), largest=largest, rng=10)
            assert np.allclose(part, whole[..., n - largest :], rtol=0, atol=1e-12 * n)

    def test_the_corner_reaches_to_where_airys_function_has_vanished(self):
        """The rows grow as the cube root of n, with the number asked for and as beta falls."""
        assert spectrum._deciding_rows(10**6, 1, 1.0) == 1528
        assert spectrum._deciding_rows(10**9, 1, 1.0) == 15275
        assert spectrum._deciding_rows(10**6, 30, 1.0) == 3961
        assert spectrum._deciding_rows(10**6, 1, 0.1) == 4355
        assert spectrum._deciding_rows(100, 100, 1.0) == 100


class TestLaguerre:
    """The eigenvalues of sample covariances, for any beta."""

    @pytest.mark.parametrize("beta", [1, 2, 4])
    @pytest.mark.parametrize("m", [50, 80])
    def test_they_have_the_law_of_full_matrices(self, beta, m):
        """50 rows, 300 of each: five of the ordered eigenvalues by a test of two samples."""
        rng = np.random.default_rng(beta)
        drawn = laguerre_eigenvalues(50, m, beta=beta, size=300, rng=rng)
        filled = filled_laguerre(rng, beta, 50, m, 300)
        for k in (0, 12, 25, 48, 49):
            assert ks_2samp(drawn[:, k], filled[:, k]).pvalue > RARE

    @pytest.mark.parametrize("beta", [0.5, 1, 2, 3, 4, 30])
    @pytest.mark.parametrize(("n", "m"), [(4, 7), (7, 4), (5, 5), (1, 3), (3, 1)])
    def test_moments_are_exact_for_every_beta(self, beta, n, m):
        """E tr W = n m, E tr W² = n m (n + m - 1 + 2 / beta)."""
        values = laguerre_eigenvalues(n, m, beta=beta, size=20000, rng=1)
        assert deviation(values.sum(axis=1), n * m) < 4.5
        second = n * m * (n + m - 1 + 2 / beta)
        assert deviation((values**2).sum(axis=1), second) < 4.5

    @pytest.mark.parametrize("beta", [0.5, 1, 2.5, 4])
    def test_the_mean_characteristic_polynomial_is_laguerres(self, beta):
        """For 3 x 3 E det(x - W) = -3! L_3(x), whatever beta is."""
        values = laguerre_eigenvalues(3, 3, beta=beta, size=20000, rng=2)
        for x in (-0.5, 0.0, 1.0, 4.0):
            expected = -6 * laguerre.lagval(x, [0, 0, 0, 1])
            assert deviation((x - values).prod(axis=1), expected) < 4.5

    @pytest.mark.parametrize("beta", [0.5, 1, 2, 4])
    def test_they_fill_the_law_of_marchenko_and_pastur(self, beta):
        """800 x 2000: nowhere further than 1/100 from its distribution function."""
        values = laguerre_eigenvalues(800, 2000, beta=beta, rng=3) / 2000
        assert kstest(values, marchenko_pastur_cdf(0.4)).statistic < 0.01

    def test_turned_around_the_same_are_left_and_zeros(self):
        """X of shape (7, 4) and (4, 7), drawn from the same numbers."""
        tall = laguerre_eigenvalues(7, 4, beta=1, size=5, rng=4)
        assert np.array_equal(tall[:, 3:], laguerre_eigenvalues(4, 7, beta=1, size=5, rng=4))
        assert (tall[:, :3] == 0).all()
        assert (tall[:, 3:] > 0).all()

    def test_one_row_is_a_chi_square(self):
        """The square of the length of m entries."""
        values = laguerre_eigenvalues(1, 5, beta=3, size=2000, rng=5)[:, 0]
        assert kstest(3 * values, "chi2", (15,)).pvalue > RARE

    def test_small_beta_does_not_go_below_zero(self):
        """Where the chi squares underflow, the values are 0 and not a rounding error below."""
        values = laguerre_eigenvalues(30, 30, beta=1e-3, size=50, rng=6)
        assert values.min() == 0
        assert np.isfinite(values).all()

    @given(st.integers(1, 30), st.integers(1, 30), betas, st.integers(0, 2**32 - 1))
    def test_they_are_in_order_and_not_negative(self, n, m, beta, seed):
        """For any shape and any beta; the same seed gives the same."""
        values = laguerre_eigenvalues(n, m, beta=beta, size=3, rng=seed)
        assert values.shape == (3, n)
        assert (np.diff(values) >= 0).all()
        assert (values >= 0).all()
        assert np.array_equal(values, laguerre_eigenvalues(n, m, beta=beta, size=3, rng=seed))


class TestGinibre:
    """The eigenvalues of square Gaussian matrices."""

    @pytest.mark.parametrize(
        ("n", "expected"),
        [(1, 1.0), (2, math.sqrt(2)), (3, 1.707107), (4, 1.944544), (10, 2.927993)],
    )
    def test_some_are_real(self, n, expected):
        """Their mean number is that of Edelman, Kostlan and Shub."""
        real = (ginibre_eigenvalues(n, size=4000, rng=n).imag == 0).sum(axis=1)
        assert abs(real.mean() - expected) <= 4.5 * real.std() / math.sqrt(4000) + 1e-6
        assert ((n - real) % 2 == 0).all()

    @pytest.mark.parametrize("n", [2, 3, 4])
    def test_all_are_real_with_the_chance_of_edelman(self, n):
        """2^(-n (n - 1) / 4)."""
        every = (ginibre_eigenvalues(n, size=8000, rng=n).imag == 0).all(axis=1)
        assert deviation(every, 2 ** (-n * (n - 1) / 4)) < 4.5

    def test_they_fill_the_disk_evenly(self):
        """Five times 300: the squares of the radii are uniform up to 1/20, as are the angles."""
        values = ginibre_eigenvalues(300, size=5, rng=0)
        assert kstest(abs(values.ravel()) ** 2, "uniform").statistic < 0.05
        angles = np.angle(values[values.imag != 0]) / (2 * math.pi) + 0.5
        assert kstest(angles, "uniform").statistic < 0.05

    def test_sums_of_squares_are_exact(self):
        """E sum of squares = E tr X² = 1, and the sum itself is the trace, of variance 1."""
        values = ginibre_eigenvalues(5, size=5000, rng=1)
        assert deviation((values**2).sum(axis=1).real, 1) < 4.5
        assert deviation(values.sum(axis=1).real ** 2, 1) < 4.5
        assert abs(values.sum(axis=1).imag).max() < 1e-13

    def test_they_are_complex_also_if_all_are_real(self):
        """One row: one real eigenvalue, of a complex type."""
        values = ginibre_eigenvalues(1, size=3, rng=2)
        assert (values.dtype, values.shape) == (np.complex128, (3, 1))
        assert np.array_equal(values, np.random.default_rng(2).standard_normal((3, 1)))


class TestLyapunov:
    """How a product of matrices stretches the directions."""

    def test_gaussian_ones_are_newmans(self):
        """Six rows, ten products of 400 factors: four and a half standard errors of trigamma."""
        factors = np.random.default_rng(0).standard_normal((10, 400, 6, 6)) / math.sqrt(6)
        measured = lyapunov_exponents(factors)
        expected = gaussian_lyapunov_exponents(6)
        assert measured.shape == (10, 6)
        error = np.sqrt(polygamma(1, np.arange(6, 0, -1) / 2) / (4 * 400))
        assert (abs(measured.mean(axis=0) - expected) < 4.5 * error / math.sqrt(10)).all()
        assert (abs(measured - expected) < 5 * error).all()

    @pytest.mark.parametrize("variance", [1e-300, 0.5, 1.0, 2, 1e300])
    def test_the_formula(self, variance):
        """Published numbers, and a scale that adds its logarithm."""
        exact = gaussian_lyapunov_exponents(6)
        assert exact[0] == pytest.approx(-0.087914, abs=1e-6)
        assert exact[-1] == pytest.approx(-1.531061, abs=1e-6)
        scaled = gaussian_lyapunov_exponents(6, variance=variance)
        assert np.allclose(scaled - exact, math.log(6 * variance) / 2, rtol=0, atol=1e-12)
        assert scaled[0] == pytest.approx(0.5 * (math.log(2) + math.log(variance) + digamma(3)))

    def test_the_largest_goes_to_that_of_the_norm(self):
        """A wide layer of variance 1 / n keeps lengths up to 1 / (2 n), and the spread is wide."""
        exact = gaussian_lyapunov_exponents(1000)
        assert exact[0] == pytest.approx(-0.5 / 1000, rel=0.01)
        assert (np.diff(exact) < 0).all()

    def test_orthogonal_factors_stretch_nothing(self):
        """Haar matrices, 300 layers: 0 to 1e-12."""
        factors = ortho_group(16, seed=1).rvs(300)
        assert abs(lyapunov_exponents(factors)).max() < 1e-12
        assert np.allclose(lyapunov_exponents(3 * factors), math.log(3), rtol=0, atol=1e-12)

    def test_they_sum_to_the_logarithm_of_the_determinant(self):
        """Of any factors, without error of sampling."""
        factors = np.random.default_rng(2).standard_normal((3, 50, 5, 5))
        determinant = np.linalg.slogdet(factors).logabsdet.mean(axis=-1)
        assert np.allclose(lyapunov_exponents(factors).sum(axis=-1), determinant, atol=1e-12)

    def test_short_products_give_the_volumes_of_the_product(self):
        """The first i exponents are the volume that the first i coordinates have at the end."""
        factors = np.random.default_rng(3).standard_normal((3, 4, 4))
        upper = np.linalg.qr(factors[2] @ factors[1] @ factors[0], mode="r")
        expected = np.log(abs(np.diag(upper))) / 3
        assert np.allclose(lyapunov_exponents(factors), expected, rtol=0, atol=1e-12)

    def test_a_lost_direction_has_minus_infinity(self):
        """A zero on the diagonal, and the constant matrix up to rounding."""
        assert lyapunov_exponents([np.diag([2.0, 0.0])] * 3).tolist() == [math.log(2), -math.inf]
        constant = lyapunov_exponents(np.full((20, 4, 4), 0.5))
        assert constant[0] == pytest.approx(19 / 20 * math.log(2))
        assert (constant[1:] < -30).all()

    def test_single_precision_stays(self):
        """The exponents have the precision of the factors, each replica by itself."""
        factors = np.random.default_rng(4).standard_normal((3, 5, 4, 4)).astype(np.float32)
        measured = lyapunov_exponents(factors)
        assert (measured.dtype, measured.shape) == (np.float32, (3, 4))
        for found, one in zip(measured, factors, strict=True):
            assert np.allclose(found, lyapunov_exponents(one.astype(float)), rtol=0, atol=1e-4)

    @pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-5, 1.0, 1e300, 1e308, 1.7e308])
    def test_the_size_of_the_factors_is_a_summand(self, size):
        """From denormal numbers up to the largest, where a plain product overflows."""
        found = lyapunov_exponents(np.full((3, 2, 2), size))
        plain = (math.log(2) / 2 + 2 * math.log(2)) / 3  # the first factor has columns of length √2
        assert found[0] == pytest.approx(plain + math.log(size), rel=1e-14)
        assert found[1] < found[0] - 20  # lost, by rounding or exactly
        factors = np.random.default_rng(5).uniform(-1, 1, (2, 4, 3, 3))
        if size > 1e-310:
            scaled = lyapunov_exponents(size * factors) - math.log(size)
            assert np.allclose(scaled, lyapunov_exponents(factors), rtol=0, atol=1e-12)

    def test_a_product_beyond_all_numbers_has_exponents(self):
        """Entries of 1e308: 709 and a lost direction, where there was nan."""
        found = lyapunov_exponents(np.full((3, 2, 2), 1e308))
        assert found.tolist() == [pytest.approx(709.77383, abs=1e-5), -math.inf]
        longer = lyapunov_exponents(np.full((3000, 2, 2), 1e308))
        assert longer[0] == pytest.approx(math.log(2) + math.log(1e308), abs=1e-3)

    def test_a_small_entry_beside_a_large_one_is_kept(self):
        """Both ends of the range in one matrix, in both precisions."""
        wide = lyapunov_exponents([np.diag([1e308, 1e-306])] * 3)
        assert wide == pytest.approx(np.log([1e308, 1e-306]), rel=1e-14)
        single = lyapunov_exponents(np.array([np.diag([3e38, 1e-36])] * 3, dtype=np.float32))
        assert single == pytest.approx(np.log([3e38, 1e-36]), rel=1e-6)


SAMPLERS = [
    partial(hermite_eigenvalues, 4, beta=2),
    partial(hermite_eigenvalues, 10**5, beta=2, largest=4),
    partial(laguerre_eigenvalues, 4, 6, beta=1),
    partial(laguerre_eigenvalues, 4, 2, beta=1),
    partial(ginibre_eigenvalues, 4),
]


class TestSamplers:
    """What all that draw have in common."""

    @pytest.mark.parametrize("sampler", SAMPLERS)
    def test_shapes_follow_the_size(self, sampler):
        """One matrix has no axis for it; a size of a few axes is that of one, folded."""
        assert sampler(rng=0).shape == sampler(size=(), rng=0).shape == (4,)
        assert sampler(size=1, rng=0).shape == (1, 4)
        assert sampler(size=0, rng=0).shape == (0, 4)
        assert sampler(size=(2, 0), rng=0).shape == (2, 0, 4)
        assert np.array_equal(sampler(size=(2, 3), rng=0).reshape(6, 4), sampler(size=6, rng=0))

    @pytest.mark.parametrize("sampler", SAMPLERS)
    def test_chance_comes_from_rng_alone(self, sampler):
        """A seed repeats, a generator goes on, and the global stream is left alone."""
        state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
        assert np.array_equal(sampler(size=2, rng=5), sampler(size=2, rng=np.random.default_rng(5)))
        rng = np.random.default_rng(5)
        assert not np.array_equal(sampler(rng=rng), sampler(rng=rng))
        assert not np.array_equal(sampler(), sampler())
        after = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
        assert np.array_equal(state["key"], after["key"])
        assert state["pos"] == after["pos"]

    def test_many_are_drawn_in_parts(self):
        """Parts cover a sample once, and those of a large matrix hold one each."""
        for count, number in ((1, 1), (10**5, 50), (7, 10**6), (3, 2**16)):
            parts = spectrum._cache_sized_parts(count, number)
            covered = np.concatenate([np.arange(count)[part] for part in parts])
            assert np.array_equal(covered, np.arange(count))
        values = hermite_eigenvalues(3, beta=2, size=30000, rng=0)
        assert len(np.unique(values[:, 0])) == 30000

    def test_a_failure_of_lapack_is_not_passed_on(self, monkeypatch):
        """No number is returned that did not converge."""
        monkeypatch.setattr("scipy.linalg.lapack.dsterf", lambda d, e, **_: (d, 1))
        with pytest.raises(np.linalg.LinAlgError, match=r"^the eigenvalues did not converge"):
            hermite_eigenvalues(5, beta=2)

    @pytest.mark.parametrize(
        ("sampler", "arguments", "error", "message"),
        [
            (hermite_eigenvalues, {"n": 0}, ValueError, "n must be a whole number of at least 1"),
            (hermite_eigenvalues, {"n": 2.0}, TypeError, "n must be a whole number of .* got 2.0"),
            (hermite_eigenvalues, {"n": "5"}, TypeError, "n must be a whole number of .* got '5'"),
            (
                hermite_eigenvalues,
                {"n": 5, "largest": 6},
                ValueError,
                "largest must be a whole number from 1 to 5, got 6",
            ),
            (
                hermite_eigenvalues,
                {"n": 5, "largest": 0},
                ValueError,
                "largest must be a whole number from 1 to 5, got 0",
            ),
            (
                hermite_eigenvalues,
                {"n": 5, "largest": 1.5},
                TypeError,
                "largest must be a whole number from 1 to 5, got 1.5",
            ),
            (laguerre_eigenvalues, {"n": -1, "m": 3}, ValueError, "n must be a whole .* got -1"),
            (laguerre_eigenvalues, {"n": 3, "m": 0}, ValueError, "m must be a whole .* got 0"),
            (laguerre_eigenvalues, {"n": 3, "m": None}, TypeError, "m must be .* got None"),
            (ginibre_eigenvalues, {"n": 0}, ValueError, "n must be a whole number of at least 1"),
            (gaussian_lyapunov_exponents, {"n": 0}, ValueError, "n must be a whole number of at"),
        ],
    )
    def test_wrong_numbers_of_rows_are_named(self, sampler, arguments, error, message):
        """Whole numbers of at least 1, and no more of the largest than there are."""
        if sampler in (hermite_eigenvalues, laguerre_eigenvalues):
            arguments = arguments | {"beta": 1}
        with pytest.raises(error, match=f"^{message}"):
            sampler(**arguments)

    def test_beta_has_no_default(self):
        """Whether real or complex matrices are meant, nobody can know."""
        for call in (partial(hermite_eigenvalues, 3), partial(laguerre_eigenvalues, 3, 4)):
            with pytest.raises(TypeError, match=r"required keyword-only argument: 'beta'"):
                call()

    @pytest.mark.parametrize("sampler", [SAMPLERS[0], SAMPLERS[2]])
    @pytest.mark.parametrize(
        ("beta", "error"),
        [(0, ValueError), (-1.0, ValueError), (math.nan, ValueError), (math.inf, ValueError),
         ("2", TypeError), ([1, 2], TypeError), (None, TypeError)],
    )  # fmt: skip
    def test_wrong_betas_are_named(self, sampler, beta, error):
        """A finite number above 0."""
        with pytest.raises(error, match=r"^beta must be a finite number above 0, got"):
            sampler(beta=beta)

    @pytest.mark.parametrize("variance", [0, -1, math.nan, math.inf])
    def test_wrong_variances_are_named(self, variance):
        """A finite number above 0."""
        with pytest.raises(ValueError, match=r"^variance must be a finite number above 0, got"):
            gaussian_lyapunov_exponents(3, variance=variance)
        with pytest.raises(TypeError, match=r"^variance must be a finite number above 0, got '1'"):
            gaussian_lyapunov_exponents(3, variance="1")

    @pytest.mark.parametrize("sampler", SAMPLERS)
    @pytest.mark.parametrize(
        ("size", "error", "got"),
        [(-2, ValueError, "-2"), ((2, -1), ValueError, "-1"),
         (2.0, TypeError, "2.0"), ("3", TypeError, "'3'"), ([2], TypeError, r"\[2\]")],
    )  # fmt: skip
    def test_wrong_sizes_are_named(self, sampler, size, error, got):
        """A whole number or a tuple of them."""
        with pytest.raises(error, match=f"^size must be a whole number of at least 0, got {got}"):
            sampler(size=size)

    @pytest.mark.parametrize("sampler", SAMPLERS)
    def test_wrong_sources_are_named(self, sampler):
        """None, a seed or a generator."""
        with pytest.raises(TypeError, match=r"^rng must be None, a seed of at least 0 or a"):
            sampler(rng="dice")
        with pytest.raises(ValueError, match=r"^rng must be None, a seed of at least 0 or a"):
            sampler(rng=-1)

    @pytest.mark.parametrize(
        ("matrices", "error", "message"),
        [
            (np.eye(3), ValueError, r"an array of shape \(\[replicas\], depth, n, n\), got shape"),
            (np.ones((2, 3, 4)), ValueError, r"an array .* depth, 4, 4\), got shape \(2, 3, 4\)"),
            (np.ones((2, 2, 2, 3, 3)), ValueError, r"an array .* got shape \(2, 2, 2, 3, 3\)"),
            (np.ones((0, 3, 3)), ValueError, r"an array .* with no empty axis, got shape"),
            ([[[1.0, math.nan], [0.0, 1.0]]], ValueError, r"finite, got nan at index \(0, 0, 1\)"),
            (np.ones((2, 3, 3), complex), TypeError, r"an array .* of real numbers, got dtype"),
            ("abc", TypeError, r"an array .* of real numbers, got dtype"),
            ([[[1.0], [2.0, 3.0]]], ValueError, r"an array .* got rows of unequal length"),
        ],
    )
    def test_wrong_matrices_are_named(self, matrices, error, message):
        """Square factors of real, finite numbers."""
        with pytest.raises(error, match=f"^matrices must be {message}"):
            lyapunov_exponents(matrices)


def test_the_least_beta_takes_all_rows():
    """A corner cannot be larger than the matrix."""
    values = hermite_eigenvalues(3, beta=1e-300, largest=2, rng=0)
    assert values.shape == (2,)
