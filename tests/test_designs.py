"""Matrices without dice have their properties exactly, or to rounding."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft, linalg
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from symlib import designs
from symlib.designs import (
    chirp,
    chirp_cosines,
    cosine,
    devore,
    fibonacci_sphere,
    fourier,
    hadamard,
    identity_hadamard,
    paley,
    quadratic_signs,
    quasi_gaussian,
    sinusoidal,
    zero_asymmetric,
)

PRIMES = [n for n in range(2, 600) if all(n % k for k in range(2, n))]
FOUR_K_PLUS_1 = [q for q in PRIMES if q % 4 == 1]
FILLS = {
    "chirp_cosines": chirp_cosines,
    "sinusoidal": sinusoidal,
    "quasi_gaussian": quasi_gaussian,
    "sobol": lambda shape: quasi_gaussian(shape, sequence="sobol"),
    "identity_hadamard": identity_hadamard,
}
CALLS = {
    "hadamard": lambda: hadamard(20),
    "fourier": lambda: fourier(6),
    "cosine": lambda: cosine(6),
    "paley": lambda: paley(5),
    "chirp": lambda: chirp(5),
    "devore": lambda: devore(3, 2),
    "fibonacci_sphere": lambda: fibonacci_sphere(9),
    "quadratic_signs": lambda: quadratic_signs(9),
    "zero_asymmetric": lambda: zero_asymmetric(3, 2)[0],
} | {name: lambda fill=fill: fill((5, 4)) for name, fill in FILLS.items()}


def gram(frame):
    """Return the moduli of all inner products of the columns."""
    return abs(frame.conj().T @ frame)


def between(frame):
    """Return the moduli of the inner products of different columns."""
    products = gram(frame)
    return products[~np.eye(len(products), dtype=bool)]


def welch(m, n):
    """Return the least coherence that n vectors in m dimensions can have."""
    return math.sqrt((n - m) / (m * (n - 1)))


def legendre(a, q):
    """Return Euler's criterion: 1 for a square, -1 for none, 0 for 0."""
    power = pow(int(a), (q - 1) // 2, q)
    return power - q if power > 1 else power


def gram_error(weight, x):
    """Return how far the Gram matrix of ReLU gates is from its limit for Gaussian weights."""
    on = (x @ weight.T > 0).astype(float)
    cosines = np.clip(x @ x.T, -1, 1)
    limit = cosines * (math.pi - np.arccos(cosines)) / (2 * math.pi)
    return np.linalg.norm(cosines * (on @ on.T) / len(weight) - limit)


def unevenness(weight):
    """Return the norm of the Gram matrix less the identity, and the largest cosine of columns."""
    whole = weight.T @ weight / len(weight)
    norm = abs(np.linalg.eigvalsh(whole) - 1).max()
    lengths = np.sqrt(np.diag(whole))
    return np.array([norm, between(weight / lengths / math.sqrt(len(weight))).max()])


def chance_unevenness(fan_out, fan_in):
    """Return the mean of both for Gaussian rows."""
    rng = np.random.default_rng(0)
    draws = 20 if fan_out * fan_in**2 < 1e7 else 3
    drawn = [unevenness(rng.standard_normal((fan_out, fan_in))) for _ in range(draws)]
    return np.mean(drawn, axis=0)


class TestEvery:
    """What all designs have in common."""

    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    def test_there_is_no_dice(self, call):
        """Two calls give the same bits, in arrays of their own, and touch no random state."""
        before = np.random.get_state()  # noqa: NPY002
        first, second = call(), call()
        after = np.random.get_state()  # noqa: NPY002
        assert np.array_equal(first, second)
        assert not np.shares_memory(first, second)
        assert first.flags.writeable
        assert first.flags.c_contiguous
        assert first.dtype in (np.float64, np.complex128)
        assert before[2:] == after[2:]
        assert np.array_equal(before[1], after[1])

    def test_every_name_is_tried(self):
        """The test above forgets none."""
        assert set(CALLS) == set(designs.__all__) | {"sobol"}

    @pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
    @pytest.mark.parametrize("shape", [(4, 6), (6, 4), (4, 4), [3, 1]])
    def test_the_result_has_the_shape_asked_for(self, fill, shape):
        """A pair of whole numbers in any sequence, and what is done to the result stays there."""
        weight = fill(shape)
        assert weight.shape == tuple(shape)
        before = weight.copy()
        weight[...] = 0.0
        assert np.array_equal(before, fill(shape))

    @pytest.mark.parametrize("fill", [chirp_cosines, sinusoidal, identity_hadamard])
    def test_the_gain_is_a_factor(self, fill):
        """A gain of 3 is three times the matrix; of 0, zeros."""
        for shape in ((4, 6), (6, 4)):
            np.testing.assert_allclose(fill(shape, gain=3.0), 3.0 * fill(shape), rtol=1e-14)
            assert not fill(shape, gain=0).any()
        np.testing.assert_array_equal(quasi_gaussian((4, 6), std=3.0), 3.0 * quasi_gaussian((4, 6)))


class TestHadamard:
    """Signs with orthogonal rows."""

    @pytest.mark.parametrize("construction", ["any", "sylvester", "paley"])
    def test_rows_and_columns_are_orthogonal_exactly(self, construction):
        """H Hᵀ = Hᵀ H = n I in whole numbers, for each order up to 260 that can be built."""
        built = 0
        for n in range(1, 261):
            try:
                signs = hadamard(n, construction=construction)
            except ValueError:
                continue
            built += 1
            whole = signs.astype(np.int64)
            assert np.array_equal(whole, signs)
            assert np.array_equal(whole @ whole.T, n * np.eye(n))
            assert np.array_equal(whole.T @ whole, n * np.eye(n))
            assert (signs[0] == 1).all()
            assert (signs[:, 0] == 1).all()
        assert built > {"any": 50, "sylvester": 8, "paley": 35}[construction]

    def test_only_three_orders_up_to_100_are_missing(self):
        """52, 92 and 100 would need other fields or other methods."""
        missing = []
        for n in range(4, 101, 4):
            try:
                hadamard(n)
            except ValueError:
                missing.append(n)
        assert missing == [52, 92, 100]

    @pytest.mark.parametrize("n", [1, 2, 4, 64, 256])
    def test_powers_of_two_are_those_of_scipy(self, n):
        """Sylvester's order of the rows."""
        assert np.array_equal(hadamard(n), linalg.hadamard(n))
        assert np.array_equal(hadamard(n, construction="sylvester"), linalg.hadamard(n))

    @pytest.mark.parametrize("q", [3, 7, 11, 19, 31, 43])
    def test_the_first_construction_is_made_of_legendre_symbols(self, q):
        """Apart from the borders of ones, entries are -χ(a - b), and 1 less on the diagonal."""
        inner = hadamard(q + 1, construction="paley")[1:, 1:]
        symbols = np.array([[legendre(a - b, q) for b in range(q)] for a in range(q)])
        assert np.array_equal(inner, -(symbols + np.eye(q)))

    @pytest.mark.parametrize("n", [40, 56, 88, 112])
    def test_orders_between_are_doubled(self, n):
        """The upper left quarter is the matrix of half the order."""
        half = hadamard(n // 2)
        assert np.array_equal(hadamard(n), np.kron([[1, 1], [1, -1]], half))

    @given(st.integers(0, 5), st.integers(0, 4))
    def test_first_rows_of_sylvester_repeat_columns(self, k, extra):
        """2ᵏ rows of the order n have 2ᵏ distinct columns, n / 2ᵏ copies of each."""
        rows = hadamard(2 ** (k + extra))[: 2**k]
        _, counts = np.unique(rows, axis=1, return_counts=True)
        assert counts.tolist() == [2**extra] * 2**k

    def test_the_first_25_rows_of_order_128_collide(self):
        """32 distinct columns and coherence 1; Paley's matrix of that order has no equal ones."""
        sylvester = hadamard(128)[:25]
        assert np.unique(sylvester, axis=1).shape == (25, 32)
        assert between(sylvester / 5.0).max() == pytest.approx(1.0, abs=1e-15)
        other = hadamard(128, construction="paley")[:25]
        assert np.unique(other, axis=1).shape == (25, 128)
        assert between(other / 5.0).max() < 0.8

    def test_leading_blocks_of_sylvester_are_invertible(self):
        """Their determinants are powers of two, up to sign."""
        signs = hadamard(16)
        for k in range(1, 17):
            size = abs(np.linalg.det(signs[:k, :k]))
            assert math.log2(size) == pytest.approx(round(math.log2(size)), abs=1e-9)

    @pytest.mark.parametrize(
        ("n", "construction", "message"),
        [
            (3, "any", r"n must be 1, 2, or an order of Sylvester's .* such as 2 or 4, got 3"),
            (52, "any", r"n must be .* such as 48 or 56, got 52"),
            (92, "any", r"n must be .* such as 88 or 96, got 92"),
            (12, "sylvester", "n must be a power of two, such as 8 or 16, got 12"),
            (16, "paley", r"n must be q \+ 1 for a prime q = 4k \+ 3 or .* 12 or 20, got 16"),
            (1, "paley", r"n must be q \+ 1 .*, such as 4, got 1"),
            (0, "any", "n must be a whole number of at least 1, got 0"),
            (4, "williamson", "construction must be one of 'any', 'sylvester', 'paley', got 'wi"),
        ],
    )
    def test_wrong_orders_are_named(self, n, construction, message):
        """The message says which orders there are, and which are nearest."""
        with pytest.raises(ValueError, match=f"^{message}"):
            hadamard(n, construction=construction)


class TestOrthogonal:
    """Waves that keep lengths."""

    @given(st.integers(1, 60))
    def test_they_are_orthogonal(self, n):
        """Rows and columns, to 1e-13."""
        for waves in (fourier(n), cosine(n)):
            assert waves.shape == (n, n)
            assert abs(waves @ waves.T - np.eye(n)).max() < 1e-13
            assert abs(waves.T @ waves - np.eye(n)).max() < 1e-13

    @given(st.integers(1, 60))
    def test_cosines_are_the_transform_of_scipy(self, n):
        """DCT-II with its orthonormal scale."""
        assert abs(cosine(n) - fft.dct(np.eye(n), axis=0, norm="ortho")).max() < 1e-14

    @given(st.integers(1, 60))
    def test_fourier_rows_are_the_parts_of_the_transform_of_scipy(self, n):
        """Cosine and minus the sine of the real transform, rescaled."""
        transform = fft.rfft(np.eye(n), axis=0, norm="ortho")
        waves = fourier(n)
        scale = np.full(len(transform), math.sqrt(2.0))
        scale[0] = 1.0
        if n % 2 == 0:
            scale[-1] = 1.0
        parts = scale[:, np.newaxis] * transform
        assert abs(waves[0] - parts[0].real).max() < 1e-13
        assert abs(waves[1::2] - parts[1:].real).max(initial=0) < 1e-13
        assert abs(waves[2::2] + parts[1 : (n + 1) // 2].imag).max(initial=0) < 1e-13


class TestFrames:
    """Unit vectors whose inner products are known."""

    @pytest.mark.parametrize("q", FOUR_K_PLUS_1[:14])
    def test_paley_meets_the_welch_bound(self, q):
        """Each inner product is ±1/√q, in the pattern of the Legendre symbols; F Fᵀ = 2 I."""
        frame = paley(q)
        m, n = (q + 1) // 2, q + 1
        assert frame.shape == (m, n)
        assert abs(between(frame) - 1 / math.sqrt(q)).max() < 1e-14
        assert welch(m, n) == pytest.approx(1 / math.sqrt(q), abs=1e-15)
        assert abs(frame @ frame.T - 2 * np.eye(m)).max() < 1e-13
        products = math.sqrt(q) * (frame.T @ frame)[1:, 1:]
        wanted = [[legendre(x - y, q) for y in range(q)] for x in range(q)]
        assert abs(products - wanted - math.sqrt(q) * np.eye(q)).max() < 1e-12

    @pytest.mark.parametrize("q", [5, 13, 17, 29, 37])
    def test_paley_carries_a_conference_matrix(self, q):
        """C = √q (Fᵀ F - I) is symmetric, of 0 and ±1, with C² = q I."""
        frame = paley(q)
        exact = math.sqrt(q) * (frame.T @ frame - np.eye(q + 1))
        conference = np.round(exact)
        assert abs(exact - conference).max() < 1e-13
        assert np.array_equal(conference @ conference, q * np.eye(q + 1))

    def test_paley_has_the_published_coherences(self):
        """Sizes 3x6, 7x14, 9x18 and 15x30."""
        for q, value in ((5, 0.447214), (13, 0.277350), (17, 0.242536), (29, 0.185695)):
            assert between(paley(q)).max() == pytest.approx(value, abs=5e-7)

    @pytest.mark.parametrize("q", [13, 29])
    def test_paley_attains_the_coherence_bound_of_isometry(self, q):
        """For k = 2, 3, 4 some k columns have Gram eigenvalues as far as (k - 1)/√q from 1."""
        frame = paley(q)
        whole = frame.T @ frame
        for k in (2, 3, 4):
            chosen = np.array(list(itertools.combinations(range(q + 1), k)))
            blocks = whole[chosen[:, :, np.newaxis], chosen[:, np.newaxis, :]]
            off = abs(np.linalg.eigvalsh(blocks) - 1).max()
            assert off == pytest.approx((k - 1) / math.sqrt(q), abs=1e-12)

    @pytest.mark.parametrize("p", PRIMES[1:7])
    def test_chirps_meet_at_one_over_root_p(self, p):
        """0 for the same rate, exactly 1/√p for different ones, and F F* = p I."""
        frame = chirp(p)
        assert frame.shape == (p, p * p)
        products = gram(frame)
        rate = np.arange(p * p) // p
        same = rate[:, np.newaxis] == rate
        assert abs(products[~same] - 1 / math.sqrt(p)).max() < 1e-14
        assert abs(products[same] - np.eye(p * p)[same]).max() < 1e-14
        assert abs(frame @ frame.conj().T - p * np.eye(p)).max() < 1e-12
        assert welch(p, p * p) == pytest.approx(1 / math.sqrt(p + 1), abs=1e-15)

    @pytest.mark.parametrize("p", [3, 5, 7])
    def test_chirps_follow_their_formula(self, p):
        """Column a p + b is exp(2πi (a t² + b t) / p) / √p."""
        frame, t = chirp(p), np.arange(p)
        for a, b in itertools.product(range(p), repeat=2):
            wanted = np.exp(2j * math.pi * (a * t**2 + b * t) / p) / math.sqrt(p)
            assert abs(frame[:, a * p + b] - wanted).max() < 1e-13

    @pytest.mark.parametrize("p", [5, 7, 11])
    def test_cubic_sequences_have_the_same_coherence(self, p):
        """Alltop's, of which the documentation speaks."""
        t, a, b = np.ogrid[:p, :p, :p]
        cubic = np.exp(2j * math.pi * (((t + a) ** 3 + b * t) % p) / p).reshape(p, -1) / math.sqrt(
            p
        )
        assert between(cubic).max() == pytest.approx(between(chirp(p)).max(), abs=1e-13)

    @pytest.mark.parametrize(
        ("p", "degree"), [(2, 1), (3, 1), (3, 2), (5, 1), (5, 2), (5, 3), (7, 1), (7, 2), (11, 1)]
    )
    def test_polynomials_meet_in_at_most_degree_points(self, p, degree):
        """Coherence degree / p, counted in whole numbers."""
        frame = devore(p, degree)
        assert frame.shape == (p**2, p ** (degree + 1))
        entries = math.sqrt(p) * frame
        points = np.round(entries).astype(np.int64)
        assert abs(entries - points).max() < 1e-15
        assert set(np.unique(points)) == {0, 1}
        common = points.T @ points
        assert (np.diag(common) == p).all()
        assert common[~np.eye(len(common), dtype=bool)].max() == degree
        assert between(frame).max() == pytest.approx(degree / p, abs=1e-14)

    @pytest.mark.parametrize(("p", "degree"), [(3, 1), (3, 2), (5, 2), (7, 1), (7, 2)])
    def test_polynomials_have_their_spectrum(self, p, degree):
        """pʳ once, for the constant vector, pʳ⁻¹ for p (p - 1) directions, 0 for p - 1."""
        points = np.round(math.sqrt(p) * devore(p, degree)).astype(np.int64)
        values = np.linalg.eigvalsh(points @ points.T / p)
        wanted = np.repeat([0, p ** (degree - 1), p**degree], [p - 1, p * (p - 1), 1])
        np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-11)
        assert (points.sum(axis=1) == p**degree).all()
        assert devore(p, degree).mean() == pytest.approx(p**-1.5, rel=1e-14)

    def test_polynomials_are_in_the_order_of_their_coefficients(self):
        """Column 1 + 2·5 + 3·25 is y = 1 + 2x + 3x² modulo 5."""
        column = devore(5, 2)[:, 1 + 2 * 5 + 3 * 25].reshape(5, 5)
        assert column.argmax(axis=1).tolist() == [(1 + 2 * x + 3 * x * x) % 5 for x in range(5)]

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: paley(7), ValueError, r"q must be a prime of the form 4k \+ 1, got 7"),
            (lambda: paley(9), ValueError, r"q must be a prime of the form 4k \+ 1, got 9"),
            (lambda: paley(2), ValueError, r"q must be a prime of the form 4k \+ 1, got 2"),
            (lambda: paley(-5), ValueError, "q must be a whole number of at least 2, got -5"),
            (lambda: chirp(2), ValueError, "p must be an odd prime, got 2"),
            (lambda: chirp(15), ValueError, "p must be an odd prime, got 15"),
            (lambda: devore(4, 1), ValueError, "p must be a prime, got 4"),
            (lambda: devore(5, 0), ValueError, "degree must be a whole number from 1 to 4, got 0"),
            (lambda: devore(5, 5), ValueError, "degree must be a whole number from 1 to 4, got 5"),
            (lambda: devore(5, 1.0), TypeError, "degree must be a whole number from 1 to 4, got 1"),
        ],
    )
    def test_numbers_without_a_frame_are_named(self, call, error, message):
        """Composite, of the wrong residue class, or out of range."""
        with pytest.raises(error, match=f"^{message}"):
            call()


class TestWaves:
    """Weights that are cosines and sines."""

    @given(st.integers(1, 40), st.integers(1, 40))
    def test_sinusoidal_follows_its_formula(self, fan_out, fan_in):
        """Proportional to sin(2π i j / fan_in + 2π i / fan_out), of Glorot's mean square."""
        if max(fan_out, fan_in) < 3:
            return
        weight = sinusoidal((fan_out, fan_in))
        i, j = np.mgrid[1 : fan_out + 1, 1 : fan_in + 1]
        plain = np.sin(2 * math.pi * (i * j / fan_in + i / fan_out))
        factor = math.sqrt(2 / (fan_in + fan_out) / np.mean(plain**2))
        np.testing.assert_allclose(weight, factor * plain, rtol=0, atol=1e-11)
        assert np.mean(weight**2) == pytest.approx(2 / (fan_in + fan_out), rel=1e-13)

    @given(st.integers(1, 70), st.integers(3, 40))
    def test_sinusoidal_rows_are_balanced(self, fan_out, fan_in):
        """Sum 0, unless fan_in divides the number of the row: then the row is constant."""
        weight = sinusoidal((fan_out, fan_in))
        constant = np.arange(1, fan_out + 1) % fan_in == 0
        assert abs(weight[~constant].sum(axis=1)).max(initial=0) < 1e-13
        assert np.ptp(weight[constant], axis=1).max(initial=0) == 0
        if fan_out <= fan_in:
            assert abs(weight @ np.ones(fan_in)).max() < 1e-13

    @given(st.integers(1, 40), st.integers(3, 40))
    def test_sinusoidal_rows_are_orthogonal_but_for_aliases(self, fan_out, fan_in):
        """The product is 0 unless fan_in divides the difference or the sum of the numbers."""
        products = (weight := sinusoidal((fan_out, fan_in))) @ weight.T
        i = np.arange(1, fan_out + 1)
        difference, total = i[:, np.newaxis] - i, i[:, np.newaxis] + i
        alias = (difference % fan_in == 0) | (total % fan_in == 0)
        assert abs(products[~alias]).max(initial=0) < 1e-12

    @given(st.integers(3, 48))
    def test_half_of_a_square_sinusoidal_layer_is_the_other_half(self, n):
        """Row n - i is minus row i to the bit, and the rank is ⌈n/2⌉ - 1."""
        weight = sinusoidal((n, n))
        assert np.array_equal(weight[: n - 1], -weight[n - 2 :: -1])
        assert not weight[n - 1].any()
        assert np.linalg.matrix_rank(weight) == (n + 1) // 2 - 1

    def test_the_popular_sine_has_rank_two(self):
        """sin(1 + i m + j) by addition of angles: the wave that no function here fills."""
        i, j = np.mgrid[:64, :256]
        assert np.linalg.matrix_rank(np.sin(1.0 + 256 * i + j)) == 2

    @given(st.sampled_from(PRIMES[1:20]), st.data())
    def test_products_of_chirp_cosines_are_small(self, p, data):
        """Gauss's sums bound them, for fan_in = p - 1 and as many rows as that prime allows."""
        fan_out = data.draw(st.integers(1, min(p * (p - 1) // 2, 120)))
        products = (weight := chirp_cosines((fan_out, p - 1))) @ weight.T
        bound = 2 * (math.sqrt(p) + 1) / (p - 1) + 1e-12
        assert abs(products - np.eye(fan_out)).max() <= bound
        j, t = np.ogrid[:fan_out, 1:p]
        plain = np.cos(2 * math.pi * ((1 + j // p) * t**2 + j % p * t) / p)
        assert abs(weight - math.sqrt(2 / (p - 1)) * plain).max() < 1e-9

    @given(st.integers(1, 60), st.integers(1, 30))
    def test_chirp_cosines_are_real_parts_of_chirps(self, fan_out, fan_in):
        """Rows are columns of the frame of some prime above fan_in, at the places 1, 2, ..."""
        weight = chirp_cosines((fan_out, fan_in))
        p = next(p for p in PRIMES[1:] if p > fan_in and p * (p - 1) // 2 >= fan_out)
        columns = chirp(p)[1 : fan_in + 1, p : p + fan_out].real
        np.testing.assert_allclose(
            weight, math.sqrt(2 * p / fan_in) * columns.T, rtol=0, atol=1e-13
        )

    def test_chirp_cosines_have_full_rank_and_no_copies(self):
        """For the sizes of the pages."""
        for shape in ((256, 64), (64, 64), (64, 256)):
            weight = chirp_cosines(shape)
            assert np.linalg.matrix_rank(weight) == min(shape)
            assert len(np.unique(weight.round(9), axis=0)) == shape[0]
            assert np.mean(weight**2) == pytest.approx(1 / shape[1], rel=0.02)

    @pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 2), (2, 1)])
    def test_shapes_of_zeros_are_named(self, shape):
        """Sinusoidal weights of at most two units and two inputs would all be 0."""
        with pytest.raises(ValueError, match=r"^shape must have a side of at least 3 .*, got \("):
            sinusoidal(shape)


class TestQuasiGaussian:
    """Rows that are more even than random ones."""

    def test_kronecker_follows_its_formula(self):
        """Quantiles of the fractional parts of multiples of √2, √3, √5, ..."""
        for fan_in in (1, 2, 5, 12, 109):
            roots = np.sqrt(PRIMES[:fan_in])
            wanted = ndtri(np.outer(np.arange(1, 51), roots) % 1)
            np.testing.assert_allclose(quasi_gaussian((50, fan_in)), wanted, rtol=0, atol=1e-9)

    @given(st.integers(1, 3000))
    def test_the_sieve_finds_the_primes(self, count):
        """The last root belongs to the count-th prime."""
        largest = [2, 3, 5, 7, 11, 13]
        root = designs._fractional_roots(count)
        assert len(root) == count
        assert np.allclose(root[:6] - np.sqrt(largest[:count]), -np.floor(np.sqrt(largest[:count])))
        sieve = np.ones(28000, dtype=bool)
        for k in range(2, 168):
            sieve[2 * k :: k] = False
        prime = np.flatnonzero(sieve)[2:][count - 1]
        assert root[-1] == pytest.approx(math.sqrt(prime) % 1, abs=1e-12)

    def test_sobol_is_that_of_scipy_without_its_two_first_points(self):
        """They are all 0 and all 1/2; what follows is unchanged."""
        with pytest.warns(UserWarning, match="power of 2"):
            points = qmc.Sobol(7, scramble=False).random(102)
        assert np.array_equal(points[0], np.zeros(7))
        assert np.array_equal(points[1], np.full(7, 0.5))
        assert np.array_equal(quasi_gaussian((100, 7), sequence="sobol"), ndtri(points[2:]))

    @pytest.mark.parametrize("sequence", ["kronecker", "sobol"])
    def test_skipping_goes_on_where_the_last_layer_ended(self, sequence):
        """Two layers in turn are one of both heights."""
        whole = quasi_gaussian((50, 6), sequence=sequence)
        later = quasi_gaussian((30, 6), sequence=sequence, skip=20)
        np.testing.assert_allclose(whole[20:], later, rtol=1e-12)

    @pytest.mark.parametrize("sequence", ["kronecker", "sobol"])
    def test_each_column_has_the_gaussian_law(self, sequence):
        """Kolmogorov's distance below 2 log2(m)/m, far less than the 1/√m of random rows."""
        m = 2048
        weight = np.sort(quasi_gaussian((m, 4), sequence=sequence), axis=0)
        distance = abs(ndtr(weight) - (np.arange(m)[:, np.newaxis] + 0.5) / m).max(axis=0)
        assert distance.max() < 2 * math.log2(m) / m

    @pytest.mark.parametrize("sequence", ["kronecker", "sobol"])
    def test_even_the_last_point_is_finite(self, sequence):
        """No quantile of 0 or 1 at the end of the range."""
        weight = quasi_gaussian((64, 300), sequence=sequence, skip=2**20 - 64)
        assert np.isfinite(weight).all()
        assert abs(weight).max() < 7
        high = quasi_gaussian((4, 21201), sequence=sequence)
        assert np.isfinite(high).all()

    def test_limits_are_named(self):
        """Where Sobol's sequence ends, and where rounding would begin."""
        assert designs._MOST_INPUTS == qmc.Sobol.MAXDIM
        message = r"^shape must have fan_in at most 21201 and skip \+ fan_out at most 1048576, got"
        with pytest.raises(ValueError, match=message):
            quasi_gaussian((1, 21202))
        with pytest.raises(ValueError, match=message):
            quasi_gaussian((65, 3), sequence="sobol", skip=2**20 - 64)

    def test_the_first_points_of_sobol_are_dependent(self):
        """Two opposite rows, and rank 59 of 64; the Kronecker rows are independent."""
        sobol = quasi_gaussian((64, 64), sequence="sobol")
        np.testing.assert_allclose(sobol[0], -sobol[1], rtol=1e-13)
        assert np.linalg.matrix_rank(sobol) == 59
        assert np.linalg.matrix_rank(quasi_gaussian((256, 64), sequence="sobol")) == 64
        assert np.linalg.matrix_rank(quasi_gaussian((64, 64))) == 64

    @pytest.mark.parametrize(
        ("shape", "kronecker", "sobol"),
        [
            ((64, 64), (3.06, 0.93), (1.90, 0.93)),
            ((64, 512), (22.9, 1.00), (11.8, 0.99)),
            ((256, 128), (2.46, 0.77), (1.08, 0.86)),
            ((4096, 784), (1.91, 0.91), (0.548, 0.255)),
        ],
    )
    def test_many_inputs_are_worse_than_chance(self, shape, kronecker, sobol):
        """The table of the docstring: only the norm of Sobol is better than that of chance."""
        of_kronecker = unevenness(quasi_gaussian(shape))
        of_sobol = unevenness(quasi_gaussian(shape, sequence="sobol"))
        assert of_kronecker == pytest.approx(kronecker, rel=0.01)
        assert of_sobol == pytest.approx(sobol, rel=0.01)
        chance = chance_unevenness(*shape)
        assert of_sobol[0] < chance[0] < of_kronecker[0]
        assert chance[1] < min(of_sobol[1], of_kronecker[1])

    @pytest.mark.parametrize("fan_in", [2, 3, 4, 8, 16, 32, 64, 128])
    def test_the_boundary_is_where_the_docstring_says(self, fan_in):
        """At the sizes that were measured, as ratios to the mean of Gaussian draws."""
        for fan_out in (16, 64, 256, 1024, 4096):
            chance = chance_unevenness(fan_out, fan_in)
            norm, cosine = unevenness(quasi_gaussian((fan_out, fan_in))) / chance
            if fan_in <= 3:
                assert norm < 1
            assert norm < 1.4
            assert norm > 1 or fan_in < 128
            assert cosine > 1 or fan_in < 16
            norm, cosine = unevenness(quasi_gaussian((fan_out, fan_in), sequence="sobol")) / chance
            assert norm < 1
            if fan_in <= 8 or fan_out >= fan_in**2:
                assert cosine < 1
            elif fan_out <= fan_in:
                assert cosine > 1

    def test_three_roots_nearly_coincide(self):
        """7√2 + 6√3 + 3√5 is 27 to within 4e-6: a quarter of the cube between planes is empty."""
        m = 200_000
        cube = ndtr(quasi_gaussian((m, 3)))
        drift = cube @ [7, 6, 3]
        away = np.round(drift) - drift  # 0 on a plane, up to 1/2 between two
        assert abs(away[:1000]).max() < 1000 * 4e-6
        share = np.unique((away % 1 * 100).astype(int)).size / 100
        assert share == pytest.approx(m * (np.dot([7, 6, 3], np.sqrt([2, 3, 5])) - 27), abs=0.02)


class TestSphere:
    """Even points in three dimensions."""

    @given(st.integers(1, 3000))
    def test_points_are_on_the_sphere_and_balanced(self, points):
        """Length 1, heights of mean 0 and mean square (1 - 1/m²)/3, one in each zone."""
        weight = fibonacci_sphere(points)
        assert weight.shape == (points, 3)
        assert abs(np.linalg.norm(weight, axis=1) - 1).max() < 1e-15 * 4
        height = weight[:, 2]
        assert height.mean() == pytest.approx(0, abs=1e-14)
        assert np.mean(height**2) == pytest.approx((1 - points**-2) / 3, abs=1e-14)
        zone = np.floor((1 - height) / 2 * points).astype(int)
        assert zone.tolist() == list(range(points))

    def test_points_keep_apart(self):
        """The nearest neighbors are at least 3/√m apart, near the 3.8/√m of the best packing."""
        for points in (10, 100, 1000):
            products = (w := fibonacci_sphere(points)) @ w.T - 2 * np.eye(points)
            assert math.sqrt(2 - 2 * products.max()) > 3 / math.sqrt(points)

    def test_the_gram_error_falls_with_the_power_three_quarters(self):
        """Slope -0.75 within 0.1 for any forty inputs, and below the random errors."""
        x = np.random.default_rng(0).standard_normal((40, 3))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        sizes = [64, 256, 1024, 4096, 16384]
        errors = [gram_error(fibonacci_sphere(m), x) for m in sizes]
        slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
        assert slope == pytest.approx(-0.75, abs=0.1)
        assert errors[-1] < 0.2 * gram_error(
            np.random.default_rng(1).standard_normal((16384, 3)), x
        )


class TestSigns:
    """Deterministic signs."""

    @given(st.integers(1, 200), st.integers(0, 50))
    def test_they_follow_their_formula(self, n, layer):
        """As long as floating point can tell the fractional part."""
        part = math.sqrt(2) * (layer + 1) * np.arange(1, n + 1) ** 2 % 1
        clear = (abs(part - 0.5) > 1e-7) & (part > 1e-7) & (part < 1 - 1e-7)
        signs = quadratic_signs(n, layer=layer)
        assert set(np.unique(signs)) <= {-1.0, 1.0}
        assert np.array_equal(signs[clear], np.where(part > 0.5, 1.0, -1.0)[clear])

    def test_they_are_balanced_and_unlike_their_shifts(self):
        """Mean and correlations at lags up to 50 stay below 0.05 for 10,000 signs."""
        signs = quadratic_signs(10_000)
        assert abs(signs.mean()) < 0.02
        assert max(abs(np.mean(signs[k:] * signs[:-k])) for k in range(1, 51)) < 0.05

    def test_layers_correlate_as_square_waves_do(self):
        """g²/(a b) if a/g and b/g are odd, and else 0."""
        size = 20_000
        rows = np.array([quadratic_signs(size, layer=k) for k in range(9)])
        for a, b in itertools.combinations(range(1, 10), 2):
            g = math.gcd(a, b)
            wanted = g * g / (a * b) if (a // g) % 2 and (b // g) % 2 else 0.0
            assert rows[a - 1] @ rows[b - 1] / size == pytest.approx(wanted, abs=0.04)

    def test_they_turn_hadamard_into_another_isometry(self):
        """H diag(s) has the same Gram matrix, for each layer."""
        for layer in range(3):
            signed = hadamard(32) * quadratic_signs(32, layer=layer)
            assert np.array_equal(signed @ signed.T, 32 * np.eye(32))


class TestStarts:
    """Initial weights of the literature that draw nothing."""

    @given(st.integers(1, 40), st.integers(1, 40))
    def test_identity_hadamard_is_algorithm_1(self, fan_out, fan_in):
        """Written with the partial identities of the paper, and of full rank."""
        weight = identity_hadamard((fan_out, fan_in))
        if fan_out <= fan_in:
            wanted = np.eye(fan_out, fan_in)
        else:
            m = math.ceil(math.log2(fan_out))
            middle = 2 ** (-(m - 1) / 2) * linalg.hadamard(2**m)
            wanted = np.eye(fan_out, 2**m) @ middle @ np.eye(2**m, fan_in)
        np.testing.assert_allclose(weight, wanted, rtol=1e-15)
        assert np.linalg.matrix_rank(weight) == min(fan_out, fan_in)

    @pytest.mark.parametrize(("fan_out", "fan_in"), [(2, 1), (32, 8), (64, 63)])
    def test_identity_hadamard_widens_without_distortion(self, fan_out, fan_in):
        """Wᵀ W = 2 I for a power of two; I with the factor of the published program."""
        for gain, factor in ((1.0, 2.0), (0.5**0.5, 1.0)):
            weight = identity_hadamard((fan_out, fan_in), gain=gain)
            assert abs(weight.T @ weight - factor * np.eye(fan_in)).max() < 1e-14

    @pytest.mark.parametrize("depth", [1, 2, 6])
    def test_zero_asymmetric_is_identity_below_zero(self, depth):
        """Arrays of their own, so that one may change without the others."""
        layers = zero_asymmetric(4, depth)
        assert len(layers) == depth
        assert all(np.array_equal(weight, np.eye(4)) for weight in layers[:-1])
        assert not layers[-1].any()
        layers[0][...] = 7.0
        assert all((weight != 7.0).all() for weight in layers[1:])

    @pytest.mark.parametrize("seed", range(4))
    def test_zero_asymmetric_reaches_every_target_at_the_proved_rate(self, seed):
        """Small steps stay below e^(-2t) for random targets of any sign."""
        target = np.random.default_rng(seed).standard_normal((4, 4))
        layers, step = zero_asymmetric(4, 4), 1e-3
        first = loss = None
        for k in range(1500):
            products = [np.eye(4), *itertools.accumulate(layers, lambda p, w: w @ p)]
            error = products[-1] - target
            loss = 0.5 * np.sum(error**2)
            first = loss if first is None else first
            assert loss <= first * math.exp(-2 * k * step) * (1 + 1e-9)
            back = error
            for index in range(3, -1, -1):
                gradient = back @ products[index].T
                back = layers[index].T @ back
                layers[index] = layers[index] - step * gradient
        for below, above in itertools.pairwise(layers):
            kept = below @ below.T - above.T @ above - (above is layers[-1]) * np.eye(4)
            assert abs(kept).max() < 0.05


class TestErrors:
    """Every wrong argument is answered by name."""

    @pytest.mark.parametrize(
        ("function", "name"),
        [
            (hadamard, "n"),
            (fourier, "n"),
            (cosine, "n"),
            (paley, "q"),
            (chirp, "p"),
            (lambda value: devore(value, 1), "p"),
            (fibonacci_sphere, "points"),
            (quadratic_signs, "n"),
            (lambda value: zero_asymmetric(value, 2), "width"),
            (lambda value: zero_asymmetric(2, value), "depth"),
        ],
    )
    @pytest.mark.parametrize("value", [math.nan, "7", 5.0, None, [5], True, 0, -4])
    def test_wrong_counts_are_named(self, function, name, value):
        """Not whole, not positive, or not a number."""
        error = ValueError if value in (0, -4) and value is not True else TypeError
        with pytest.raises(error, match=rf"^{name} must be a whole number of at least \d, got "):
            function(value)

    @pytest.mark.parametrize("value", [math.nan, "1", -1])
    def test_wrong_layers_and_skips_are_named(self, value):
        """Whole numbers from 0 on."""
        error = ValueError if value == -1 else TypeError
        for name, call in (
            ("layer", lambda: quadratic_signs(4, layer=value)),
            ("skip", lambda: quasi_gaussian((4, 4), skip=value)),
        ):
            with pytest.raises(error, match=f"^{name} must be a whole number of at least 0, got"):
                call()

    @pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
    @pytest.mark.parametrize(
        "shape",
        ["44", 4, (4,), (4, 0), (4, -1), (4, 2.0), (math.nan, 3), (2, 4, 6), (4, 6, 3, 3)],
    )
    def test_wrong_shapes_are_named(self, fill, shape):
        """Two positive whole numbers: replicas would be copies, and a kernel is no matrix."""
        with pytest.raises((TypeError, ValueError), match=r"^shape must be \(fan_out, fan_in\)"):
            fill(shape)

    @pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "1", None])
    def test_wrong_factors_are_named(self, value):
        """A finite number of at least 0."""
        message = " must be a finite number of at least 0, got"
        for fill in (chirp_cosines, sinusoidal, identity_hadamard):
            with pytest.raises((TypeError, ValueError), match=f"^gain{message}"):
                fill((4, 4), gain=value)
        with pytest.raises((TypeError, ValueError), match=f"^std{message}"):
            quasi_gaussian((4, 4), std=value)

    def test_wrong_sequences_are_named(self):
        """One of two."""
        with pytest.raises(ValueError, match=r"^sequence must be one of 'kronecker', 'sobol', got"):
            quasi_gaussian((4, 4), sequence="halton")
