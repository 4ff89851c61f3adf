"""Lengths and distances: what is kept, by how much, and how one knows."""

import itertools
import math
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import hadamard, null_space
from scipy.optimize import linprog, minimize_scalar
from scipy.spatial.distance import pdist
from scipy.stats import norm, ortho_group

from symlib import isometry
from symlib.isometry import (
    coherence,
    distortion,
    donoho_tanner,
    null_space_constant,
    restricted_isometry,
    welch_bound,
)

seeds = st.integers(0, 2**32 - 1)


def unit(frame):
    """Bring the columns to length 1."""
    return frame / np.linalg.norm(frame, axis=0)


def gaussian(seed, *shape):
    """Draw a normal array."""
    return np.random.default_rng(seed).standard_normal(shape)


def paley(q):
    """Build the equiangular frame of q + 1 vectors from the squares modulo q."""
    squares = {x * x % q for x in range(1, q)}
    character = np.array([0] + [1 if x in squares else -1 for x in range(1, q)])
    conference = np.ones((q + 1, q + 1))
    conference[0, 0] = 0
    conference[1:, 1:] = character[(np.arange(q)[:, np.newaxis] - np.arange(q)) % q]
    values, vectors = np.linalg.eigh(np.eye(q + 1) + conference / math.sqrt(q))
    return (vectors[:, values > 1] * np.sqrt(values[values > 1])).T


def alltop(p):
    """Build the frame of the p² cubic chirps modulo p."""
    t = np.arange(p)
    a, b = (index.ravel() for index in np.meshgrid(t, t, indexing="ij"))
    phase = (t[:, np.newaxis] + a) ** 3 + b * t[:, np.newaxis]
    return np.exp(2j * np.pi * phase / p) / math.sqrt(p)


def devore(p):
    """Build the frame of the lines modulo p."""
    slope, offset = (index.ravel() for index in np.meshgrid(np.arange(p), np.arange(p)))
    frame = np.zeros((p, p, p * p))
    for x in range(p):
        frame[x, (slope * x + offset) % p, np.arange(p * p)] = 1
    return frame.reshape(p * p, p * p) / math.sqrt(p)


def dirac_and_hadamard(m):
    """Put two orthonormal bases next to each other."""
    return np.hstack([np.eye(m), hadamard(m) / math.sqrt(m)])


def strange(seed):
    """Draw a small matrix: real or complex, of signs, with copies, of columns long or short."""
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 8), rng.integers(4, 11)
    a = rng.standard_normal((m, n))
    kinds = [
        a,
        a + 1j * rng.standard_normal((m, n)),
        rng.integers(-1, 2, (m, n)),
        rng.choice([-1.0, 1.0], (m, n)) / math.sqrt(m),
        unit(a[:, rng.integers(0, n, n)]),
        unit(a + 1j * rng.standard_normal((m, n))),
        np.ones((m, n)) / math.sqrt(m),
    ]
    return kinds[rng.integers(len(kinds))], int(rng.integers(3, n + 1))


def by_loop(frame, k):
    """Go through all sets of k columns."""
    e = np.conj(frame).T @ frame - np.eye(frame.shape[1])
    supports = itertools.combinations(range(frame.shape[1]), k)
    return max(abs(np.linalg.eigvalsh(e[np.ix_(s, s)])).max() for s in supports)


def on(frame, support):
    """Return the norm on one set of columns."""
    part = frame[:, support]
    return abs(np.linalg.eigvalsh(part.conj().T @ part - np.eye(len(support)))).max()


def by_vertices(frame, k):
    """Go through the null vectors with as many zeros as can be: a convex function peaks there."""
    basis = null_space(frame)
    best = 0.0
    for zeros in itertools.combinations(range(frame.shape[1]), basis.shape[1] - 1):
        v = abs(basis @ null_space(basis[list(zeros)]))[:, 0]
        best = max(best, np.sort(v)[-k:].sum() / v.sum())
    return best


def recovered(frame, x):
    """Tell whether basis pursuit returns x."""
    n = len(x)
    found = linprog(np.ones(2 * n), A_eq=np.hstack([frame, -frame]), b_eq=frame @ x).x
    return abs(found[:n] - found[n:] - x).max() < 1e-6


def failures(frame, k):
    """Count the patterns of k signs that basis pursuit does not return."""
    n, count = frame.shape[1], 0
    for support in itertools.combinations(range(n), k):
        for signs in itertools.product([1.0, -1.0], repeat=k):
            x = np.zeros(n)
            x[list(support)] = signs
            count += not recovered(frame, x)
    return count


class TestDistortion:
    """The least and the greatest ratio of distances."""

    @given(seeds)
    def test_it_is_that_of_all_pairs(self, seed):
        """SciPy's list of distances gives the same."""
        x, image = gaussian(seed, 9, 3), gaussian(seed + 1, 9, 5)
        ratios = pdist(image) / pdist(x)
        np.testing.assert_allclose(distortion(x, image), (ratios.min(), ratios.max()), rtol=1e-12)

    def test_a_linear_map_stays_between_its_singular_values(self):
        """And reaches them for pairs along the singular vectors."""
        weight = gaussian(0, 6, 4)
        _, values, rows = np.linalg.svd(weight)
        x = np.vstack([gaussian(1, 100, 4), np.zeros((1, 4)), 1e-3 * rows[[0, -1]]])
        np.testing.assert_allclose(distortion(x, x @ weight.T), values[[-1, 0]], rtol=1e-11)

    @given(seeds)
    def test_isometries_and_the_order_do_not_matter(self, seed):
        """Rotate and shift inputs, images or both; shuffle the pairs."""
        x, image = gaussian(seed, 8, 4), gaussian(seed + 1, 8, 3)
        turn = ortho_group.rvs(4, random_state=seed)
        order = np.random.default_rng(seed).permutation(8)
        moved = distortion((x @ turn + 5)[order], (image - 3)[order])
        np.testing.assert_allclose(moved, distortion(x, image), rtol=1e-11)
        np.testing.assert_allclose(distortion(x, x @ turn), (1, 1), rtol=1e-12)

    @pytest.mark.parametrize("scale", [1e-200, 1e-3, 1e200])
    def test_scale_multiplies(self, scale):
        """Also where squares would leave the floating-point range."""
        x, image = gaussian(0, 8, 4), gaussian(1, 8, 3)
        expected = np.array(distortion(x, image))
        np.testing.assert_allclose(distortion(scale * x, scale * image), expected, rtol=1e-12)
        np.testing.assert_allclose(distortion(x, scale * image), scale * expected, rtol=1e-12)

    def test_near_points_keep_their_digits(self):
        """Differences, not products: two inputs 1e-6 apart that are far from 0."""
        x = np.array([[1e3, 1e3], [1e3 + 2.0**-20, 1e3]])
        assert distortion(x, 3 * (x - 1e3)) == (3.0, 3.0)

    def test_a_collision_is_a_ratio_of_zero(self):
        """As for a constant layer."""
        x = gaussian(0, 5, 3)
        assert distortion(x, np.zeros((5, 2))) == (0.0, 0.0)
        assert distortion(x, x @ np.full((3, 2), 0.5)).least > 0

    def test_replicas_equal_the_loop(self):
        """One leading axis."""
        x, image = gaussian(0, 7, 3), gaussian(1, 5, 7, 2)
        least, greatest = distortion(x, image)
        assert least.shape == greatest.shape == (5,)
        for replica in range(5):
            one = (least[replica], greatest[replica])
            np.testing.assert_allclose(distortion(x, image[replica]), one, rtol=1e-15)

    @pytest.mark.parametrize(
        ("x", "image", "error", "message"),
        [
            ([1.0], [[1.0]], ValueError, r"x must be an array of shape \(samples, features\)"),
            ([[1.0]], [[1.0]], ValueError, "x must be at least two inputs, got one"),
            ([[1.0], [2.0], [1.0]], np.ones((3, 1)), ValueError, "x must .* distance of 0 and 2"),
            ([[3.0], [2.0], [2.0]], np.ones((3, 1)), ValueError, "x must .* distance of 1 and 2"),
            ([[1j], [2.0]], [[1.0], [2.0]], TypeError, "x must be .* of real numbers"),
            ([[1.0], [2.0]], [[1.0]], ValueError, r"image must be .*\(\[replicas\], 2, outputs\)"),
            ([[1.0], [2.0]], [[1.0], [math.nan]], ValueError, "image must be finite, got nan"),
            ([[0.0], [1e-200]], [[0.0], [1e200]], ValueError, "image must be less than 1e308"),
            ([[1.0], [2.0]], np.ones((1, 1, 2, 1)), ValueError, r"image must be .*\(1, 1, 2, 1\)"),
        ],
    )
    def test_wrong_arguments_are_named(self, x, image, error, message):
        """The sentence says what came."""
        with pytest.raises(error, match=f"^{message}"):
            distortion(x, image)


class TestCoherence:
    """The largest cosine, and how small it can be."""

    @pytest.mark.parametrize(
        ("frame", "expected"),
        [
            (paley(5), 1 / math.sqrt(5)),
            (paley(13), 1 / math.sqrt(13)),
            (paley(29), 1 / math.sqrt(29)),
            (alltop(5), 1 / math.sqrt(5)),
            (alltop(7), 1 / math.sqrt(7)),
            (devore(5), 1 / 5),
            (dirac_and_hadamard(16), 1 / 4),
        ],
    )
    def test_famous_frames_have_their_coherence(self, frame, expected):
        """To 1e-12, real and complex."""
        assert abs(coherence(frame) - expected) < 1e-12

    @pytest.mark.parametrize("q", [5, 13, 29])
    def test_paley_meets_the_welch_bound(self, q):
        """An equiangular tight frame cannot be beaten."""
        assert abs(coherence(paley(q)) - welch_bound((q + 1) // 2, q + 1)) < 1e-12

    @given(seeds, st.integers(1, 6), st.integers(2, 9), st.booleans())
    def test_none_is_below_the_welch_bound(self, seed, m, n, two):
        """Random frames, real and complex."""
        frame = gaussian(seed, m, n) + 1j * two * gaussian(seed + 1, m, n)
        assert welch_bound(m, n) - 1e-12 <= coherence(frame) <= 1

    @given(seeds)
    def test_it_is_the_largest_entry_of_the_gram_matrix(self, seed):
        """And does not change with the lengths, phases, order and rotation of the vectors."""
        frame = gaussian(seed, 4, 7) + 1j * gaussian(seed + 1, 4, 7)
        gram = abs(unit(frame).conj().T @ unit(frame))
        expected = gram[np.triu_indices(7, 1)].max()
        phases = np.exp(1j * gaussian(seed + 2, 7) + gaussian(seed + 3, 7))
        turned = ortho_group.rvs(4, random_state=seed) @ (frame * phases)[:, ::-1]
        assert abs(coherence(frame) - expected) < 1e-12
        assert abs(coherence(turned) - expected) < 1e-12

    def test_equal_columns_have_exactly_one(self):
        """The first 25 rows of a Hadamard matrix of order 128 have but 32 different columns."""
        rows = hadamard(128)
        assert coherence(rows[:25]) == 1.0
        assert coherence(rows) == 0.0
        order = np.random.default_rng(0).permutation(128)[:25]
        assert coherence(rows[order]) < 0.9

    def test_replicas_equal_the_loop(self):
        """One leading axis, real and complex."""
        frames = gaussian(0, 5, 4, 9) + 1j * gaussian(1, 5, 4, 9)
        for stack in (frames, frames.real):
            found = [coherence(frame) for frame in stack]
            np.testing.assert_allclose(coherence(stack), found, rtol=1e-15)

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_scale_does_not_matter(self, scale):
        """Also where squares would leave the floating-point range, in one column or in all."""
        frame = gaussian(0, 3, 5)
        assert abs(coherence(scale * frame) - coherence(frame)) < 1e-14
        assert abs(coherence(frame * [scale, 1, 1, 1 / scale, 1]) - coherence(frame)) < 1e-14

    def test_a_modulus_beyond_the_largest_number_does_no_harm(self):
        """The parts of a complex entry are numbers, and its size is none."""
        frame = [[1.7e308 + 1.7e308j, 1], [0, 1]]
        assert abs(coherence(frame) - math.sqrt(0.5)) < 1e-15
        tiny = [[5e-324 + 5e-324j, 1], [0, 1]]
        assert abs(coherence(tiny) - math.sqrt(0.5)) < 1e-15

    def test_a_tensor_is_taken(self):
        """Real or complex, also one that wants a gradient."""
        torch = pytest.importorskip("torch")
        for frame in (gaussian(0, 3, 5), gaussian(0, 3, 5) + 1j * gaussian(1, 3, 5)):
            tensor = torch.nn.Parameter(torch.from_numpy(frame))
            assert coherence(tensor) == coherence(frame)

    @pytest.mark.parametrize(
        ("frame", "error", "message"),
        [
            ([1.0], ValueError, r"frame must be an array of shape \(\[replicas\], m, n\)"),
            ([[1.0], [2.0]], ValueError, r"frame must have at least two columns, got shape"),
            ([[1.0, 0.0]], ValueError, "frame must have no column of zeros, got one at index 1"),
            ([[1.0, 2.0], [3.0]], ValueError, "frame must be .*, got rows of unequal length"),
            ([[1.0, math.inf]], ValueError, r"frame must be finite, got inf at index \(0, 1\)"),
            ([[1j, math.nan]], ValueError, r"frame must be finite, got nan at index \(0, 1\)"),
            ([["a", "b"]], TypeError, "frame must be .* numbers, got dtype"),
            (np.ones((2, 3, 3, 3)), ValueError, r"frame must be .*; reshape a kernel"),
            (1j * np.ones((2, 3, 3, 3)), ValueError, r"frame must be .*; reshape a kernel"),
        ],
    )
    def test_wrong_frames_are_named(self, frame, error, message):
        """The sentence says what came."""
        with pytest.raises(error, match=f"^{message}"):
            coherence(frame)

    def test_the_welch_bound_of_a_basis_is_zero(self):
        """And of n vectors on a line 1."""
        assert [welch_bound(m, 3) for m in (1, 2, 3, 4)] == [1.0, 0.5, 0.0, 0.0]
        assert welch_bound(1, 1) == 0.0

    @pytest.mark.parametrize(("m", "n", "name"), [(0, 2, "m"), (2, 0, "n"), (1, True, "n")])
    def test_wrong_sizes_are_named(self, m, n, name):
        """Whole numbers of at least 1."""
        with pytest.raises((TypeError, ValueError), match=f"^{name} must be a whole number"):
            welch_bound(m, n)


class TestRestrictedIsometry:
    """The constant is exact, or enclosed."""

    @pytest.mark.parametrize(
        ("frame", "expected"),
        [
            (paley(13), [(k - 1) / math.sqrt(13) for k in (2, 3, 4)]),
            (paley(29), [(k - 1) / math.sqrt(29) for k in (2, 3, 4, 5)]),
            (devore(5), [0.2, 0.4, 0.6, 0.8]),
            (dirac_and_hadamard(16), [1 / 4, math.sqrt(2) / 4, 1 / 2, math.sqrt(6) / 4]),
        ],
    )
    def test_constants_with_a_closed_form(self, frame, expected):
        """To 1e-12, for k from 2: coherence attained, or the norm of two bases."""
        found = [restricted_isometry(frame, k) for k in range(2, 2 + len(expected))]
        assert all(result.is_exact for result in found)
        np.testing.assert_allclose([result.least for result in found], expected, atol=1e-12)

    def test_constants_of_the_complex_chirps(self):
        """5 x 25, to the digits of a run through all sets."""
        found = [restricted_isometry(alltop(5), k).least for k in (2, 3, 4, 5)]
        np.testing.assert_allclose(found, [0.447, 0.894, 1.277, 1.671], atol=6e-4)

    @given(seeds)
    def test_it_is_what_a_loop_finds(self, seed):
        """Whatever the matrix; the columns named attain it."""
        frame, k = strange(seed)
        k = k if seed % 2 else min(k, 2)
        expected = by_loop(frame, k)
        result = restricted_isometry(frame, k)
        assert result.is_exact
        assert result.least == result.greatest
        assert abs(result.least - expected) < 1e-11 * max(1, expected)
        assert (np.diff(result.support) > 0).all()
        assert len(result.support) == k
        assert abs(on(frame, result.support) - expected) < 1e-11 * max(1, expected)

    @given(seeds)
    def test_a_poor_start_costs_time_but_no_digit(self, seed):
        """The search raises a bound that is far too low, in blocks of any size."""
        frame, k = strange(seed)
        expected = by_loop(frame, k)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(isometry, "_SETS", 30)
            patch.setattr(isometry, "_grown_sets", lambda excess, k: np.arange(k)[np.newaxis])
            patch.setattr(isometry, "_norm_bound", lambda excess, k: np.inf)
            assert abs(restricted_isometry(frame, k).least - expected) < 1e-11 * max(1, expected)

    @given(seeds)
    def test_one_entry_reads_the_lengths(self, seed):
        """The farthest square of a length from 1."""
        frame, _ = strange(seed)
        squares = np.linalg.norm(frame, axis=0) ** 2
        result = restricted_isometry(frame, 1, limit=0)
        assert result.is_exact
        assert abs(result.least - abs(squares - 1).max()) < 1e-12 * max(1, squares.max())
        assert abs(abs(squares[result.support] - 1) - result.least) < 1e-12 * max(1, squares.max())

    def test_long_columns_do_no_harm(self):
        """Up to the longest that are admitted."""
        frame = np.column_stack([1e70 * np.eye(3), np.full(3, 1e70)])
        assert restricted_isometry(frame, 2).least == pytest.approx(
            1e140 * (2 + math.sqrt(2)), 1e-12
        )

    def test_an_orthonormal_basis_needs_no_search(self):
        """What it differs from one by rounding is not followed through all sets."""
        result = restricted_isometry(ortho_group.rvs(40, random_state=0), 2, limit=0)
        assert result.greatest < 1e-14

    @pytest.mark.parametrize("two", [False, True])
    def test_a_larger_frame_agrees_with_all_eigenvalues_at_once(self, two):
        """20 x 30, 27,405 sets of four."""
        frame = unit(gaussian(0, 20, 30) + 1j * two * gaussian(1, 20, 30))
        frame = frame if two else frame.real
        e = frame.conj().T @ frame - np.eye(30)
        s = np.array(list(itertools.combinations(range(30), 4)))
        expected = abs(np.linalg.eigvalsh(e[s[:, :, np.newaxis], s[:, np.newaxis, :]])).max()
        assert abs(restricted_isometry(frame, 4).least - expected) < 1e-12

    @given(seeds)
    def test_without_a_search_it_is_enclosed(self, seed):
        """And exact only where the bounds meet."""
        frame, k = strange(seed)
        expected = by_loop(frame, k)
        for limit in (0, math.comb(frame.shape[1], 3)):
            least, greatest, exact, support = restricted_isometry(frame, k, limit=limit)
            room = 1e-11 * max(1, expected)
            assert least - room <= expected <= greatest + room
            assert exact == (least == greatest)
            assert abs(on(frame, support) - least) < room

    def test_hopeless_sizes_are_enclosed_at_once(self):
        """Some 65 million sets of 4, in less than the proportion to coherence."""
        frame = unit(gaussian(0, 100, 200))
        found = restricted_isometry(frame, 4)
        assert not found.is_exact
        assert found.least < found.greatest < 3 * coherence(frame)
        assert abs(on(frame, found.support) - found.least) < 1e-12

    def test_bounds_that_meet_need_no_search(self):
        """The equiangular frame of 62 vectors; two copies of a basis; a basis."""
        assert restricted_isometry(paley(61), 4, limit=0).is_exact
        copies = restricted_isometry(np.tile(np.eye(50), 2), 20, limit=0)
        assert (copies.least, copies.is_exact) == (1.0, True)
        assert restricted_isometry(np.eye(40), 20, limit=0)[:3] == (0.0, 0.0, True)

    @given(seeds)
    def test_it_grows_with_k_and_is_bounded_by_coherence(self, seed):
        """δ_2 = μ, δ_k <= (k - 1) μ, and the average bound δ_k <= (k - 1) / (j - 1) δ_j."""
        frame = unit(gaussian(seed, 5, 9))
        delta = [restricted_isometry(frame, k).least for k in range(1, 10)]
        assert delta[0] < 1e-14
        assert abs(delta[1] - coherence(frame)) < 1e-14
        assert (np.diff(delta) > -1e-12).all()
        for j, k in itertools.combinations(range(2, 10), 2):
            assert delta[k - 1] <= (k - 1) / (j - 1) * delta[j - 1] + 1e-12
        assert abs(delta[-1] - np.linalg.norm(frame.T @ frame - np.eye(9), 2)) < 1e-12

    @given(seeds)
    def test_it_bounds_the_lengths_of_sparse_vectors(self, seed):
        """The definition, for random vectors; columns of other lengths count as they are."""
        frame, x = gaussian(seed, 6, 8) / 3, gaussian(seed + 1, 8, 50)
        order = np.random.default_rng(seed).random((8, 50)).argsort(axis=0)
        x *= order < 3
        share = (np.linalg.norm(frame @ x, axis=0) / np.linalg.norm(x, axis=0)) ** 2
        assert abs(share - 1).max() <= restricted_isometry(frame, 3).least + 1e-12

    @given(seeds)
    def test_order_signs_and_rotation_do_not_matter(self, seed):
        """The support goes with the columns."""
        frame = unit(gaussian(seed, 5, 16))
        order = np.random.default_rng(seed).permutation(16)
        signs = np.random.default_rng(seed).choice([-1, 1], 16)
        turned = ortho_group.rvs(5, random_state=seed) @ (frame * signs)[:, order]
        one, other = restricted_isometry(frame, 5), restricted_isometry(turned, 5)
        assert abs(one.least - other.least) < 1e-12
        assert set(order[other.support].tolist()) == set(one.support.tolist())

    def test_single_precision_is_taken_as_it_is(self):
        """The eigenvalues are those of the rounded entries."""
        frame = unit(gaussian(0, 5, 8)).astype(np.float32)
        expected = by_loop(frame.astype(float), 3)
        assert abs(restricted_isometry(frame, 3).least - expected) < 1e-12

    @pytest.mark.parametrize(
        ("frame", "k", "limit", "message"),
        [
            ([[1.0, 2.0]], 0, 0, "k must be a whole number from 1 to 2, got 0"),
            ([[1.0, 2.0]], 3, 0, "k must be a whole number from 1 to 2, got 3"),
            ([[1.0, 2.0]], 1.5, 0, "k must be a whole number from 1 to 2, got 1.5"),
            ([[1.0, 2.0]], 1, -1, "limit must be a whole number of at least 0, got -1"),
            ([[1e200, 1j]], 1, 0, "frame must have entries of at most 1e70, got 1e.200"),
            ([[1.0, 1j * math.nan]], 1, 0, "frame must be finite, got nan"),
            (np.ones((2, 2, 2)), 1, 0, r"frame must be an array of shape \(m, n\), got shape"),
        ],
    )
    def test_wrong_arguments_are_named(self, frame, k, limit, message):
        """The sentence says what came."""
        with pytest.raises((TypeError, ValueError), match=f"^{message}"):
            restricted_isometry(frame, k, limit=limit)


class TestNullSpaceConstant:
    """What one to a few entries of a null vector can hold."""

    def test_the_small_paley_frame_recovers_two_entries(self):
        """The numbers of the ledger, to 6 digits; below 1/2 for k = 2, unlike random frames."""
        found = [null_space_constant(paley(13), k) for k in (1, 2)]
        np.testing.assert_allclose(found, [0.217129, 0.434259], atol=6e-7)
        assert all(null_space_constant(gaussian(seed, 7, 14), 2) > 0.5 for seed in range(5))

    @pytest.mark.parametrize("shape", [(3, 4), (4, 6), (4, 7), (2, 5)])
    @pytest.mark.parametrize("k", [1, 2, 3])
    def test_it_is_reached_at_a_vertex(self, shape, k):
        """The null vectors with the most zeros, all of them, to 1e-9."""
        for seed in range(3):
            frame = gaussian(seed, *shape)
            assert abs(null_space_constant(frame, k) - by_vertices(frame, k)) < 2e-9

    @pytest.mark.parametrize(("m", "n", "k"), [(4, 6, 1), (5, 8, 1), (5, 7, 2), (6, 7, 2)])
    def test_below_one_half_basis_pursuit_returns_everything(self, m, n, k):
        """And above it fails for some pattern of signs: all of them are tried."""
        for seed in range(3):
            frame = unit(gaussian(seed, m, n))
            assert (null_space_constant(frame, k) < 0.5) == (failures(frame, k) == 0)

    def test_both_cases_came_up(self):
        """The sizes above are on both sides."""
        sides = {
            bool(null_space_constant(unit(gaussian(seed, m, n)), k) < 0.5)
            for m, n, k in [(4, 6, 1), (5, 8, 1), (5, 7, 2), (6, 7, 2)]
            for seed in range(3)
        }
        assert sides == {True, False}

    def test_one_lost_direction_is_read_off(self):
        """Its largest entries."""
        v = np.array([3.0, -1.0, 0.5, 0.25, -0.25])
        frame = null_space(v[np.newaxis]).T
        found = [null_space_constant(frame, k) for k in range(1, 6)]
        np.testing.assert_allclose(found, np.cumsum(abs(v)) / 5, atol=1e-12)

    def test_nothing_lost_is_zero_and_all_lost_is_one(self):
        """Full column rank; a matrix of zeros; a column of zeros."""
        assert null_space_constant(gaussian(0, 5, 3), 2) == 0.0
        assert null_space_constant(np.zeros((2, 3)), 1) == pytest.approx(1.0, abs=1e-9)
        assert null_space_constant([[1.0, 0.0]], 1) == pytest.approx(1.0, abs=1e-9)

    @given(seeds)
    @settings(max_examples=25)
    def test_rows_signs_and_order_do_not_matter(self, seed):
        """Another basis of the rows, also dependent ones; permuted and reflected columns."""
        frame = gaussian(seed, 3, 6)
        mixed = gaussian(seed + 1, 5, 3) @ frame * np.array([1, -1, 1, 1, -1, 1])
        moved = 1e-200 * mixed[:, ::-1]
        assert abs(null_space_constant(frame, 2) - null_space_constant(moved, 2)) < 2e-9

    @given(seeds)
    @settings(max_examples=25)
    def test_the_lengths_of_the_rows_do_not_matter(self, seed):
        """They change the matrix and not what it loses."""
        frame = gaussian(seed, 3, 6)
        lengths = 10.0 ** np.random.default_rng(seed).integers(-150, 150, (3, 1))
        assert abs(null_space_constant(frame, 2) - null_space_constant(lengths * frame, 2)) < 2e-9

    def test_a_row_counts_however_small_it_is(self):
        """Null vectors by hand; of zeros it does not count."""
        ends = [[1e300, 0, 0, 0], [0, 1e-300, 0, 0], [0, 0, 1e-10, -1e-10]]
        assert null_space_constant(ends, 1) == pytest.approx(1 / 2, abs=1e-9)
        assert null_space_constant([*ends, [0.0] * 4], 1) == pytest.approx(1 / 2, abs=1e-9)

    def test_more_entries_hold_more_and_at_most_in_proportion(self):
        """θ_k <= k θ_1, and the bound is attained by the Paley frame for k = 2."""
        theta = [null_space_constant(gaussian(3, 5, 7), k) for k in range(1, 8)]
        assert (np.diff(theta) > -1e-9).all()
        assert all(theta[k] <= (k + 1) * theta[0] + 1e-9 for k in range(7))
        assert abs(theta[-1] - 1) < 1e-9

    def test_few_programs_are_needed(self, monkeypatch):
        """For the Paley frame those of single entries prove k = 2; none is solved twice."""
        solved = []
        program = isometry._program
        monkeypatch.setattr(
            isometry, "_program", lambda rows, c: solved.append(c) or program(rows, c)
        )
        null_space_constant(paley(13), 2)
        assert len(solved) < 20
        solved.clear()
        null_space_constant(gaussian(0, 7, 14), 1)
        assert len(solved) == 14

    @pytest.mark.parametrize(
        "answer",
        [
            types.SimpleNamespace(status=4, message="numerical difficulties"),
            types.SimpleNamespace(
                status=0,
                message="wrong",
                x=np.array([0.5, 0.0, 0.0, 0.0, 0.5, 0.0]),
                eqlin=types.SimpleNamespace(marginals=np.zeros(3)),
            ),
        ],
    )
    def test_a_solver_is_not_believed(self, monkeypatch, answer):
        """If it gives up, or if what it returns does not prove itself, that is an error."""
        monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: answer)
        with pytest.raises(ArithmeticError, match=r"^the linear program was not solved to 1e-09"):
            null_space_constant([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], 1)

    @pytest.mark.parametrize(
        ("frame", "k", "limit", "error", "message"),
        [
            ([[1j, 2.0]], 1, 9, TypeError, "frame must be .* of real numbers, got dtype complex"),
            ([[1.0, math.nan]], 1, 9, ValueError, "frame must be finite, got nan"),
            ([[1.0, 2.0]], 3, 9, ValueError, "k must be a whole number from 1 to 2, got 3"),
            ([[1.0, 2.0]], "1", 9, TypeError, "k must be a whole number from 1 to 2, got '1'"),
            ([[1.0, 2.0]], 1, 0, ValueError, "limit must be a whole number of at least 1, got 0"),
            (np.ones((2, 9)), 3, 99, ValueError, "limit must be at least .*, 336, got 99"),
        ],
    )
    def test_wrong_arguments_are_named(self, frame, k, limit, error, message):
        """The sentence says what came."""
        with pytest.raises(error, match=f"^{message}"):
            null_space_constant(frame, k, limit=limit)


class TestThreshold:
    """The curve of the phase transition."""

    def test_published_values(self):
        """To 7 digits."""
        expected = [0.1894294, 0.2673836, 0.3856897, 0.5337117, 0.6781694]
        np.testing.assert_allclose(
            donoho_tanner([0.1, 0.25, 0.5, 0.75, 0.9]), expected, rtol=0, atol=6e-8
        )

    @pytest.mark.parametrize("delta", [0.01, 0.1, 0.5, 0.9, 0.999])
    def test_it_is_the_maximum_of_the_formula(self, delta):
        """Found by a minimizer that does not know where it is."""

        def negative(z):
            g = (1 + z**2) * norm.cdf(-z) - z * norm.pdf(z)
            return -(1 - 2 * g / delta) / (1 + z**2 - 2 * g)

        found = minimize_scalar(negative, bounds=(0, 6), method="bounded", options={"xatol": 1e-9})
        assert abs(donoho_tanner(delta) + found.fun) < 1e-10

    @pytest.mark.parametrize("delta", [0.001, 0.05, 0.19, 0.5, 0.95])
    def test_another_theory_gives_the_same_curve(self, delta):
        """The statistical dimension of the descent cone, by quadrature and a minimizer."""
        sparsity = delta * donoho_tanner(delta)

        def mean(t):
            tail = quad(lambda g: (g - t) ** 2 * norm.pdf(g), t, t + 12, epsabs=1e-13)[0]
            return sparsity * (1 + t**2) + (1 - sparsity) * 2 * tail

        found = minimize_scalar(mean, bounds=(0, 6), method="bounded", options={"xatol": 1e-8})
        assert abs(found.fun - delta) < 1e-10

    def test_the_curve_rises_from_zero_to_one(self):
        """Ends included, and their neighbors in double precision."""
        rho = donoho_tanner(np.linspace(0, 1, 1001))
        assert (np.diff(rho) > 0).all()
        assert (rho[0], rho[-1]) == (0, 1)
        assert 0 < donoho_tanner(5e-324) < 1e-3
        assert 1 - 1e-7 < donoho_tanner(np.nextafter(1, 0)) < 1

    def test_it_falls_with_the_logarithm_for_few_measurements(self):
        """ρ ~ 1 / (2 log(1/δ)), also at the end of the floating-point range."""
        delta = np.array([1e-100, 1e-200, 1e-300])
        ratio = donoho_tanner(delta) * -2 * np.log(delta)
        assert (abs(ratio - 1) < 0.02).all()
        assert (np.diff(abs(ratio - 1)) < 0).all()

    def test_shapes_are_kept(self):
        """Numbers, lists, tables."""
        assert np.ndim(donoho_tanner(0.5)) == 0
        table = donoho_tanner([[0.25, 0.5], [0.75, 1]])
        assert table.shape == (2, 2)
        assert table[0, 1] == donoho_tanner(0.5)

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (-0.1, "must be from 0 to 1, got -0.1"),
            ([0.5, 1.5], "must be from 0 to 1, got 1.5"),
            (math.nan, "must be finite, got nan"),
            ("half", "must be an array of real numbers"),
            ([], "must be an array with no empty axis"),
        ],
    )
    def test_wrong_ratios_are_named(self, value, message):
        """Shares are between 0 and 1."""
        with pytest.raises((TypeError, ValueError), match=f"^delta {message}"):
            donoho_tanner(value)


def test_columns_of_the_smallest_numbers_have_the_coherence_of_their_multiples():
    """What is brought to length 1 may be below the smallest normal number."""
    tiny = np.array([[1.0, 1.0], [0.0, 2.0]]) * 2.0**-1070
    assert isometry.coherence(tiny) == isometry.coherence([[1.0, 1.0], [0.0, 2.0]])
