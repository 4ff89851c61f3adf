"""What is lost is named exactly: directions, dimensions and cones."""

import itertools
import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.linalg import hilbert, null_space
from scipy.optimize import linprog
from scipy.stats import binom, ortho_group

from symlib import nullspace
from symlib._angles import unit_rows
from symlib.nullspace import (
    count_regions,
    dead_cone_probability,
    degenerate_cells,
    has_dead_cone,
    is_injective,
    metamer,
    null_basis,
    sign_patterns,
    split,
)

EPS = np.finfo(float).eps
SIGNS = {n: np.array(list(itertools.product([1, -1], repeat=n))) for n in range(1, 10)}
seeds = st.integers(0, 2**32 - 1)
integers = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 7), st.integers(1, 4)), elements=st.integers(-2, 2)
)


def gaussian(seed, *shape):
    """Draw a normal array."""
    return np.random.default_rng(seed).standard_normal(shape)


def same_subspace(one, other):
    """Tell how far two orthonormal bases are from spanning the same."""
    assert one.shape == other.shape
    return np.linalg.norm(other - one @ (one.T @ other), 2) if one.size else 0.0


def by_linear_program(weight):
    """Ask HiGHS whether every product can be at most -1."""
    units, features = weight.shape
    return linprog(np.zeros(features), weight, -np.ones(units), bounds=(None, None)).status == 0


def by_rank(weight):
    """Count the cones by Whitney's sum over all sets of rows (Zaslavsky's theorem)."""
    rows = weight[weight.any(axis=1)]
    count = 0
    for chosen in itertools.product([False, True], repeat=len(rows)):
        part = rows[list(chosen)]
        count += (-1) ** (len(part) - (np.linalg.matrix_rank(part) if len(part) else 0))
    return count


class TestNullBasis:
    """The subspace that a matrix sends to 0."""

    @pytest.mark.parametrize(
        "shape", [(1, 1), (1, 5), (5, 1), (4, 4), (3, 9), (9, 3), (40, 64), (64, 40), (150, 150)]
    )
    def test_it_is_the_subspace_of_scipy(self, shape):
        """Random matrices of every shape: to 1e-12."""
        matrix = gaussian(0, *shape)
        basis = null_basis(matrix)
        assert same_subspace(basis, null_space(matrix)) < 1e-12
        assert abs(matrix @ basis).max(initial=0) < 1e-13 * max(shape)
        assert abs(basis.T @ basis - np.eye(basis.shape[1])).max(initial=0) < 1e-13

    @pytest.mark.parametrize("rank", [0, 1, 3])
    @pytest.mark.parametrize("shape", [(4, 4), (4, 9), (9, 4), (5, 6)])
    def test_lower_rank_is_seen(self, shape, rank):
        """Also a wide matrix of deficient rank keeps its whole null space."""
        matrix = gaussian(0, shape[0], rank) @ gaussian(1, rank, shape[1])
        basis = null_basis(matrix)
        assert basis.shape == (shape[1], shape[1] - rank)
        assert same_subspace(basis, null_space(matrix)) < 1e-12

    @given(integers)
    def test_integer_matrices_lose_their_exact_nullity(self, matrix):
        """Features less rank, for matrices with many coincidences."""
        basis = null_basis(matrix)
        assert basis.shape[1] == matrix.shape[1] - np.linalg.matrix_rank(matrix)
        assert abs(matrix @ basis).max(initial=0) < 1e-13

    @given(integers, st.integers(-300, 300))
    def test_scale_does_not_matter(self, matrix, exponent):
        """The null space of c W is that of W, up to the ends of the floating-point range."""
        basis = null_basis(matrix * 10.0**exponent)
        assert same_subspace(basis, null_basis(matrix)) < 1e-12

    @pytest.mark.parametrize("units", [6, 10, 14])
    def test_near_dependence_is_judged_as_by_scipy(self, units):
        """Hilbert's rows go from independent to dependent: the same dimension."""
        matrix = hilbert(16)[:units]
        assert null_basis(matrix).shape == null_space(matrix).shape

    def test_the_tolerance_is_a_share_of_the_largest_singular_value(self):
        """Singular values 8, 4 and 1: what is up to an eighth goes with 1/8."""
        matrix = np.diag([8.0, 4.0, 1.0])[:, [0, 1, 2, 2]] / [1, 1, 2**0.5, 2**0.5]
        counts = [null_basis(matrix, tolerance=share).shape[1] for share in (0, 0.12, 0.13, 0.51)]
        assert counts == [1, 1, 2, 3]
        assert null_basis(matrix[:, :3], tolerance=0.13).shape == (3, 1)

    def test_a_singular_value_of_exactly_the_share_counts_as_zero(self):
        """As with scipy, which keeps what is above."""
        assert null_basis(np.diag([1.0, 0.5]), tolerance=0.5).shape == (2, 1)

    @pytest.mark.parametrize(
        ("dtype", "kept"),
        [
            (np.float16, np.float64),
            (ml_dtypes.bfloat16, np.float32),
            (np.float32, np.float32),
            (">f4", np.float64),
            (np.float64, np.float64),
            (np.longdouble, np.float64),
        ],
    )
    def test_the_precision_of_the_numbers_decides(self, dtype, kept):
        """Rank 3 of 8 x 8, rounded to any precision; the basis is in the dtype of the arrays."""
        matrix = (gaussian(0, 8, 3) @ gaussian(1, 3, 8)).astype(dtype)
        basis = null_basis(matrix)
        assert (basis.dtype, basis.shape) == (kept, (8, 5))

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
    def test_tensors_bring_their_precision(self, dtype):
        """Also a parameter that wants a gradient."""
        torch = pytest.importorskip("torch")
        matrix = torch.tensor(gaussian(0, 8, 3) @ gaussian(1, 3, 8)).to(getattr(torch, dtype))
        assert null_basis(torch.nn.Parameter(matrix)).shape == (8, 5)

    @pytest.mark.parametrize("precision", ["float16", "bfloat16", "float32"])
    def test_numbers_that_were_made_wider_need_the_name_of_their_precision(self, precision):
        """Held as float64, the rounding of the numbers looks like rank; in split as well."""
        coarse = (gaussian(0, 8, 3) @ gaussian(1, 3, 8)).astype(np.dtype(precision))
        matrix = coarse.astype(float).tolist()
        assert null_basis(matrix).shape == (8, 0)
        assert null_basis(matrix, precision=precision).shape == (8, 5)
        x, towards = gaussian(2, 2, 4, 8)
        lost = split(coarse, x).lost
        assert np.linalg.norm(lost) > 1
        assert np.allclose(split(matrix, x, precision=precision).lost, lost, atol=1e-6)
        moved = metamer(matrix, x, towards, precision=precision)
        assert np.allclose(moved, metamer(coarse, x, towards), atol=1e-6)
        assert np.allclose(moved, metamer(matrix, x, towards, tolerance=0.02), atol=1e-6)

    @pytest.mark.parametrize("n", [512, 1024])
    def test_fresh_layers_in_single_precision_are_regular(self, n):
        """Of seeds for which the rule max(m, n) eps lost a direction."""
        layer = np.random.default_rng(2).standard_normal((n, n), dtype=np.float32)
        assert null_basis(layer).shape == (n, 0)

    def test_a_tall_matrix_keeps_its_weakest_direction(self):
        """810,000 rows in float32 with condition 16."""
        tall = np.random.default_rng(0).standard_normal((810_000, 9), dtype=np.float32)
        tall[:, 8] /= 16
        assert null_basis(tall).shape == (9, 0)

    @pytest.mark.parametrize("least", [1e-8, 1e-17])
    @pytest.mark.parametrize("tolerance", [None, 1e-9, 1e-3])
    def test_singular_values_that_fall_steadily_are_judged_as_by_scipy(self, least, tolerance):
        """Where no gap shows the rank, the same number of them counts as 0."""
        left, right = (np.linalg.qr(gaussian(seed, 150, 150)).Q for seed in (0, 1))
        matrix = left * np.geomspace(1, least, 150) @ right
        wanted = null_space(matrix, rcond=tolerance)
        assert null_basis(matrix, tolerance=tolerance).shape == wanted.shape

    def test_what_the_tolerance_gives_up_is_spanned_by_singular_vectors(self):
        """Half of the singular values are 1e-3 and far from rounding."""
        left, right = (np.linalg.qr(gaussian(seed, 150, 150)).Q for seed in (0, 1))
        matrix = left * np.repeat([1.0, 1e-3], 75) @ right
        basis = null_basis(matrix, tolerance=1.01e-3)
        assert same_subspace(basis, right[75:].T) < 1e-11

    @pytest.mark.parametrize(
        ("matrix", "error", "message"),
        [
            ([1.0, 2.0], ValueError, r"matrix must be an array of shape \(units, features\), got"),
            (np.ones((2, 2, 2)), ValueError, r"matrix must be .*, got shape \(2, 2, 2\)"),
            (np.ones((0, 2)), ValueError, "matrix must be .* with no empty axis"),
            ([[1.0, math.nan]], ValueError, r"matrix must be finite, got nan at index \(0, 1\)"),
            ([[1j]], TypeError, "matrix must be .* of real numbers, got dtype complex128"),
        ],
    )
    def test_wrong_matrices_are_named(self, matrix, error, message):
        """The sentence says what came."""
        with pytest.raises(error, match=f"^{message}"):
            null_basis(matrix)
        with pytest.raises(error, match=f"^{message}"):
            split(matrix, [[1.0, 2.0]])

    @pytest.mark.parametrize("tolerance", [-0.1, 1, math.nan])
    def test_wrong_tolerances_are_named(self, tolerance):
        """A share is at least 0 and below 1."""
        for function in (null_basis, sign_patterns, degenerate_cells, is_injective):
            with pytest.raises(
                ValueError, match=r"^tolerance must be a finite number of at least 0"
            ):
                function([[1.0, 2.0]], tolerance=tolerance)

    def test_a_tolerance_leaves_nothing_for_a_precision_to_decide(self):
        """Both together are refused, and so is a precision without a name."""
        with pytest.raises(ValueError, match=r"^precision must be None beside a tolerance"):
            null_basis([[1.0]], tolerance=0.1, precision="float32")
        with pytest.raises(ValueError, match=r"^precision must be one of .*, got 'half'"):
            split([[1.0]], [[1.0]], precision="half")

    def test_kernels_of_convolutions_are_refused_with_the_reshape(self):
        """A stack of 8 x 8 matrices of 3 x 3, or a kernel: nothing can tell."""
        kernel = np.ones((8, 8, 3, 3))
        functions = (
            null_basis,
            lambda w: split(w, [[1.0]]),
            lambda w: metamer(w, [[1.0]], [[1.0]]),
            sign_patterns,
            has_dead_cone,
            degenerate_cells,
            is_injective,
        )
        for function in functions:
            with pytest.raises(ValueError, match=r"got shape \(8, 8, 3, 3\); reshape a kernel"):
                function(kernel)


class TestMetamer:
    """Inputs that a layer cannot tell apart."""

    @given(integers, seeds)
    def test_seen_and_lost_add_up_and_are_orthogonal(self, matrix, seed):
        """What is lost gives 0; what is seen is a combination of rows."""
        x = gaussian(seed, 3, matrix.shape[1])
        seen, lost = split(matrix, x)
        assert np.allclose(seen + lost, x, rtol=0, atol=4 * EPS * abs(x).max())
        assert abs(matrix @ lost.T).max() < 1e-12
        assert abs((seen * lost).sum(axis=1)).max() < 1e-12
        rows = np.linalg.pinv(matrix) @ matrix
        assert np.allclose(seen, x @ rows, rtol=0, atol=1e-12)

    def test_outputs_of_the_network_stay(self):
        """A layer from 64 to 32: the outputs to 1e-10, while the input moves about .707."""
        first, bias, second = gaussian(1, 32, 64), gaussian(2, 32), gaussian(3, 9, 32)
        x, towards = gaussian(0, 2, 300, 64)
        made = metamer(first, x, towards)
        outputs = [np.tanh(inputs @ first.T + bias) @ second.T for inputs in (x, made)]
        assert abs(outputs[1] - outputs[0]).max() < 1e-10
        ratio = np.linalg.norm(made - x, axis=1) / np.linalg.norm(towards - x, axis=1)
        assert abs(np.mean(ratio**2) - 0.5) < 4 * np.std(ratio**2) / math.sqrt(300)

    @given(integers, seeds)
    def test_it_is_the_nearest_input_with_the_same_products(self, weight, seed):
        """What is left of the way is in the row space, where every step is seen."""
        x, towards = gaussian(seed, 2, 4, weight.shape[1])
        made = metamer(weight, x, towards)
        assert abs((made - x) @ weight.T).max() < 1e-12
        assert abs(split(weight, towards - made).lost).max() < 1e-12
        assert np.allclose(metamer(weight, made, towards), made, atol=1e-12)

    @pytest.mark.parametrize(
        ("x", "towards", "message"),
        [
            ([[1.0]], [[1.0, 2.0]], r"x must be an array of shape \(samples, 2\), got shape"),
            ([[1.0, 2.0]], [[1.0]], r"towards must be an array of shape \(1, 2\), got shape"),
            ([[1.0, 2.0]], [[1.0, math.inf]], r"towards must be finite, got inf"),
        ],
    )
    def test_wrong_inputs_are_named(self, x, towards, message):
        """Both have one column for each feature."""
        with pytest.raises(ValueError, match=f"^{message}"):
            metamer([[1.0, 2.0]], x, towards)


class TestRegions:
    """The cones on which no sign changes."""

    def test_generic_matrices_have_covers_number(self):
        """200 matrices, up to 9 units and 4 features: equality, and no pattern comes twice."""
        rng = np.random.default_rng(0)
        for _ in range(200):
            units, features = int(rng.integers(1, 10)), int(rng.integers(1, 5))
            patterns = sign_patterns(rng.standard_normal((units, features)))
            assert patterns.shape == (count_regions(units, features), units)
            assert len(np.unique(patterns, axis=0)) == len(patterns)
            assert (abs(patterns) == 1).all()

    @pytest.mark.parametrize("shape", [(1, 1), (3, 1), (5, 2), (7, 3), (6, 4), (3, 5)])
    def test_each_pattern_occurs_and_no_other(self, shape):
        """Each of the 2^N choices of signs is asked for by a linear program."""
        weight = gaussian(1, *shape)
        wanted = {tuple(s) for s in SIGNS[shape[0]] if by_linear_program(-s[:, None] * weight)}
        assert {tuple(s) for s in sign_patterns(weight)} == wanted

    @given(integers)
    def test_degenerate_matrices_have_zaslavskys_number(self, weight):
        """Parallel rows, rows in a plane, rows of zeros: Whitney's sum over ranks agrees."""
        patterns = sign_patterns(weight)
        assert len(patterns) == by_rank(weight)
        assert len(np.unique(patterns, axis=0)) == len(patterns)
        assert np.array_equal(np.unique(-patterns, axis=0), np.unique(patterns, axis=0))
        zero = ~weight.any(axis=1)
        assert np.array_equal(patterns == 0, np.broadcast_to(zero, patterns.shape))
        occurs = has_dead_cone(-patterns[..., np.newaxis] * weight)
        assert (occurs == (not zero.any())).all()

    @given(integers, seeds)
    def test_no_input_shows_another_pattern(self, weight, seed):
        """The signs of random inputs are in the list."""
        known = {tuple(s) for s in sign_patterns(weight)}
        signs = np.sign(gaussian(seed, 50, weight.shape[1]) @ weight.T).astype(int)
        assert {tuple(s) for s in signs} <= known

    @given(integers, seeds)
    def test_lengths_of_rows_and_coordinates_do_not_matter(self, weight, seed):
        """Positive scales and a rotation change no pattern."""
        rng = np.random.default_rng(seed)
        scale = np.exp(50 * rng.standard_normal((len(weight), 1)))
        turn = np.linalg.qr(rng.standard_normal((weight.shape[1],) * 2))[0]
        first, second = sign_patterns(weight), sign_patterns(scale * weight @ turn)
        assert np.array_equal(np.unique(first, axis=0), np.unique(second, axis=0))

    @pytest.mark.parametrize(
        ("weight", "count"),
        [
            (np.full((8, 3), 0.5), 2),
            (SIGNS[3], 14),
            (SIGNS[4], 104),
            (np.zeros((3, 2)), 1),
            (np.vstack([np.eye(4), -np.eye(4)]), 16),
            ([[1, 2], [-2, -4], [0, 0]], 2),
        ],
    )
    def test_known_arrangements(self, weight, count):
        """Equal rows make 2 cones; all sign vectors 14 in three dimensions and 104 in four."""
        assert len(sign_patterns(weight)) == count

    def test_parallel_rows_follow_one_another(self):
        """A multiple has the same sign, a negative multiple the opposite, zeros none."""
        assert sorted(sign_patterns([[0, 0], [1, 2], [2, 4], [-1, -2]]).tolist()) == [
            [0, -1, -1, 1],
            [0, 1, 1, -1],
        ]

    def test_rows_within_the_tolerance_count_as_parallel(self):
        """An angle of 1e-6 makes two thin cones, unless the tolerance is above it."""
        weight = [[1.0, 0.0], [1.0, 1e-6]]
        assert len(sign_patterns(weight)) == 4
        assert len(sign_patterns(weight, tolerance=1e-5)) == 2

    def test_the_number_obeys_its_recurrence(self):
        """R(N, d) = R(N-1, d) + R(N-1, d-1), all patterns up to N = d, and 2 N in the plane."""
        for units, features in itertools.product(range(2, 40), range(2, 12)):
            assert count_regions(units, features) == count_regions(
                units - 1, features
            ) + count_regions(units - 1, features - 1)
        assert [count_regions(n, n) for n in range(1, 9)] == [2**n for n in range(1, 9)]
        assert [count_regions(n, 2) for n in range(1, 9)] == [2 * n for n in range(1, 9)]
        assert count_regions(8, 3) == 58
        assert count_regions(500, 900) == 2**500

    @pytest.mark.parametrize("function", [count_regions, dead_cone_probability])
    def test_wrong_numbers_are_named(self, function):
        """Both are whole and at least 1."""
        with pytest.raises(
            TypeError, match=r"^units must be a whole number of at least 1, got 2.0"
        ):
            function(2.0, 1)
        with pytest.raises(ValueError, match=r"^features must be a whole number of .*, got 0"):
            function(1, 0)
        with pytest.raises(ValueError, match=r"^units must be a whole number of .*, got -1"):
            function(np.int64(-1), 1)


class TestDeadCones:
    """Inputs that switch off every unit."""

    def test_the_probability_is_one_half_at_twice_the_features(self):
        """Exactly, to the last bit, up to 500 features."""
        assert all(dead_cone_probability(2 * d, d) == 0.5 for d in range(1, 501))

    def test_few_units_always_have_one(self):
        """Up to N = d independent rows, x with W x = -1 exists."""
        assert all(dead_cone_probability(n, 7) == 1.0 for n in range(1, 8))
        assert dead_cone_probability(8, 7) == 1 - 2**-7

    def test_it_is_the_distribution_function_of_fair_coins(self):
        """P(Bin(N - 1, 1/2) < d), as by scipy, from 1 down to 1e-300."""
        for units, features in itertools.product([5, 30, 200, 1100], [1, 2, 9, 30, 100, 600]):
            expected = binom.cdf(features - 1, units - 1, 0.5)
            assert dead_cone_probability(units, features) == pytest.approx(expected, rel=1e-11)
        assert dead_cone_probability(np.int64(2000), 1) == 0.0
        assert dead_cone_probability(20_000, 10_000) == 0.5

    @pytest.mark.parametrize("units", [1100, 10**6, 10**12])
    def test_the_probability_of_very_many_units_rounds_to_zero(self, units):
        """The power of two is never written out."""
        expected = 2.0 * units * 2.0 ** -min(units, 5000)
        assert dead_cone_probability(units, 2) == pytest.approx(expected, abs=5e-324)

    @pytest.mark.parametrize("shape", [(4, 4), (8, 4), (12, 4), (20, 10), (30, 10)])
    def test_random_layers_meet_wendels_probability(self, shape):
        """2000 layers, four standard errors."""
        expected = dead_cone_probability(*shape)
        found = has_dead_cone(gaussian(0, 2000, *shape)).mean()
        assert abs(found - expected) <= 4 * math.sqrt(expected * (1 - expected) / 2000)

    @pytest.mark.parametrize("shape", [(4, 3), (6, 3), (9, 4), (12, 6), (20, 10)])
    def test_the_answer_is_that_of_a_linear_program(self, shape):
        """The alternative of Gordan and HiGHS agree on every one of 40 layers."""
        layers = gaussian(1, 40, *shape)
        assert has_dead_cone(layers).tolist() == [by_linear_program(w) for w in layers]

    @given(integers)
    def test_degenerate_layers_are_answered_right(self, weight):
        """Among all choices of signs, as many have a dead cone as ranks say there are cones."""
        rows = weight[weight.any(axis=1)]
        if len(rows):
            assert has_dead_cone(SIGNS[len(rows)][..., np.newaxis] * rows).sum() == by_rank(rows)
        assert not has_dead_cone(np.vstack([weight, -weight]))
        assert not has_dead_cone(np.vstack([weight, 0 * weight[:1]]))

    @pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-6])
    def test_thin_cones_are_found(self, width):
        """Two rows that are almost opposite leave a cone of that width."""
        assert has_dead_cone([[1.0, -width], [-1.0, -width]])
        assert not has_dead_cone([[1.0, -width], [-1.0, width]])

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_scale_does_not_matter(self, scale):
        """Lengths of rows say nothing about signs."""
        layers = gaussian(2, 30, 6, 3)
        scaled = layers * np.where(np.arange(6) % 2, scale, 1.0)[:, np.newaxis]
        assert np.array_equal(has_dead_cone(scaled), has_dead_cone(layers))

    def test_wrong_layers_are_named(self):
        """Each function of a layer says what it wanted."""
        for function in (has_dead_cone, degenerate_cells, is_injective):
            with pytest.raises(ValueError, match=r"^weight must be .*\(\[replicas\], units, feat"):
                function([1.0, 2.0])
        for function in (has_dead_cone, degenerate_cells, is_injective, sign_patterns):
            with pytest.raises(ValueError, match=r"^weight must be finite, got nan"):
                function([[math.nan, 1.0]])
        with pytest.raises(ValueError, match=r"^weight must be .*\(units, features\), got shape"):
            sign_patterns(np.ones((2, 3, 4)))


class TestInjective:
    """Whether a ReLU layer keeps all inputs apart."""

    def by_definition(self, weight):
        """Count the cells whose active rows, of all choices of signs, do not span."""
        units, features = weight.shape
        count = 0
        for signs in SIGNS[units]:
            if by_linear_program(-signs[:, None] * weight):
                active = weight[signs > 0]
                count += not len(active) or np.linalg.matrix_rank(active) < features
        return count

    @pytest.mark.parametrize("shape", [(1, 1), (2, 1), (2, 2), (6, 2), (6, 3), (7, 3)])
    def test_degenerate_cells_are_those_of_the_definition(self, shape):
        """2^N linear programs and as many ranks."""
        for weight in gaussian(0, 3, *shape):
            assert degenerate_cells(weight) == self.by_definition(weight)

    @pytest.mark.parametrize("units", [1, 2, 3, 6, 9])
    def test_the_sweep_of_the_circle_counts_what_the_list_of_cells_counts(self, units):
        """The short way in the plane and the general way agree, replica by replica."""
        layers = gaussian(1, 60, units, 2)
        rows = unit_rows(layers)
        assert nullspace._has_no_parallel_rows(rows, 1e-9).all()
        swept = nullspace._counts_around_the_circle(rows)
        listed = [nullspace._degenerate_count(weight, 1e-9) for weight in rows]
        assert swept.tolist() == listed == degenerate_cells(layers).tolist()

    @given(
        hnp.arrays(np.int64, st.tuples(st.integers(1, 6), st.just(2)), elements=st.integers(-2, 2))
    )
    def test_degenerate_layers_of_the_plane(self, weight):
        """Parallel rows and zeros, on the seams of the circle too: ranks along all directions."""
        lines = np.unique(np.arctan2(weight[:, 0], -weight[:, 1])[weight.any(axis=1)] % np.pi)
        lines = lines[np.diff(lines, append=lines[:1] + np.pi) > 1e-9] if len(lines) else lines
        ends = np.sort(np.concatenate([lines, lines + np.pi]))
        middles = ends + np.diff(ends, append=ends[:1] + 2 * np.pi) / 2 if len(ends) else [0.0]
        count = 0
        for middle in middles:
            on = weight @ [math.cos(middle), math.sin(middle)] > 1e-9
            count += not on.any() or np.linalg.matrix_rank(weight[on]) < 2
        assert degenerate_cells(weight) == count

    @pytest.mark.parametrize("units", [4, 6, 8, 12])
    def test_the_mean_number_of_degenerate_cells_in_the_plane(self, units):
        """2 N (N + 1) / 2^N, within four standard errors of 20,000 layers."""
        found = degenerate_cells(gaussian(0, 20_000, units, 2))
        expected = 2 * units * (units + 1) / 2**units
        assert abs(found.mean() - expected) < 4 * found.std() / math.sqrt(20_000)

    def test_the_mean_number_of_degenerate_cells_in_space(self):
        """R(N, d) P(Bin(N, 1/2) < d) for three features."""
        found = degenerate_cells(gaussian(0, 150, 7, 3))
        expected = count_regions(7, 3) * binom.cdf(2, 7, 0.5)
        assert abs(found.mean() - expected) < 4 * found.std() / math.sqrt(150)

    @pytest.mark.parametrize("features", [1, 2, 3, 5, 7])
    def test_an_orthogonal_matrix_and_its_negative_are_injective(self, features):
        """[Q; -Q] for every orthogonal Q, also the identity; without any one row no longer."""
        for q in (
            np.eye(features),
            np.atleast_2d(ortho_group.rvs(max(features, 2), random_state=0)),
        ):
            weight = np.vstack([q, -q])
            assert is_injective(weight)
            assert not is_injective(weight[1:])
            assert degenerate_cells(weight[1:]) > 0

    def test_fewer_than_twice_as_many_units_never_are(self):
        """Of x and -x, one has fewer than d active rows; the cells say so too."""
        layers = gaussian(0, 20, 5, 3)
        assert not is_injective(layers).any()
        assert (degenerate_cells(layers) > 0).all()
        assert not is_injective(gaussian(0, 63, 32))

    @pytest.mark.parametrize("features", [2, 3])
    def test_two_inputs_with_one_output_exist_exactly_in_degenerate_cells(self, features):
        """A step along what the active rows lose changes nothing; opposite inputs stay apart."""
        answers = set()
        for weight in gaussian(3, 12, 5 * features - 3, features):
            answers.add(bool(is_injective(weight)))
            x = nullspace._cells(unit_rows(weight), 1e-9)[1]  # one in each cell
            y = x[::-1].copy()
            for n, sums in enumerate(x @ weight.T):
                lost = null_basis(np.vstack([weight[sums > 0], np.zeros(features)]))
                if lost.size:
                    y[n] = x[n] + 0.1 * abs(sums).min() * lost[:, 0] / abs(weight).max()
            one, other = (np.maximum(z @ weight.T, 0) for z in (x, y))
            ratio = np.linalg.norm(one - other, axis=1) / np.linalg.norm(x - y, axis=1)
            assert (ratio < 1e-9).sum() == degenerate_cells(weight)
        assert answers == {True, False}

    def test_more_units_do_no_harm(self):
        """An injective layer stays so with any further rows, a copy or zeros among them."""
        weight = np.vstack([np.eye(3), -np.eye(3)])
        for more in (gaussian(0, 2, 3), weight[:2], np.zeros((1, 3))):
            assert is_injective(np.vstack([weight, more]))

    def test_flat_rows_see_nothing_across(self):
        """Rows in a plane of space leave every cell bad."""
        weight = np.column_stack([gaussian(0, 8, 2), np.zeros(8)])
        assert degenerate_cells(weight) == len(sign_patterns(weight)) == 16

    def test_replicas_equal_the_loop(self):
        """One leading axis, also where layers with and without parallel rows are mixed."""
        layers = gaussian(0, 6, 6, 2)
        layers[5, 3] = -2 * layers[5, 0]
        layers[1, 2] = 0
        found, injective = degenerate_cells(layers), is_injective(layers)
        dead = has_dead_cone(layers)
        assert found.shape == injective.shape == dead.shape == (6,)
        for n, layer in enumerate(layers):
            assert found[n] == degenerate_cells(layer)
            assert injective[n] == (found[n] == 0)
            assert dead[n] == has_dead_cone(layer)
