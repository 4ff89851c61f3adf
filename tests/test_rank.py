"""A rank is decided at the precision of the numbers, neither above nor below it."""

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symlib import _rank

SHAPES = [(8, 8), (8, 64), (64, 8), (32, 48), (48, 32), (8, 512), (512, 8), (128, 96), (96, 128)]
FORMATS = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
precisions = pytest.mark.parametrize("precision", FORMATS)


def orthonormal(rng, rows, columns):
    """Draw a matrix with orthonormal columns."""
    return np.linalg.qr(rng.standard_normal((rows, columns))).Q


def rounded(exact, precision):
    """Return the matrix in the precision, as float64."""
    return exact.astype(FORMATS[precision]).astype(float)


def noise_of(exact, precision):
    """Return the norm of what was lost: in float64, where it cannot be known, its worst case."""
    if precision == "float64":
        return max(exact.shape) * EPS[precision] * np.linalg.norm(exact, 2) / 5
    return np.linalg.norm(rounded(exact, precision) - exact, 2)


def planted(rng, shape, rank, precision, *, above):
    """Draw a matrix whose least kept singular value is so many times the noise of rounding."""
    left = orthonormal(rng, shape[0], rank)
    right = orthonormal(rng, shape[1], rank)
    values = rng.uniform(1, 4) * np.geomspace(1, 0.3, rank)
    for _ in range(500):  # as the noise changes with the matrix
        exact = left * values @ right.T
        ratio = values[-1] / noise_of(exact, precision)
        if above <= ratio < 1.2 * above:
            return exact
        values[-1] *= rng.uniform(1, 1.2) * above / ratio
    raise AssertionError(ratio)


def rank_of(matrix, precision):
    """Return the rank of one matrix."""
    return int(_rank.ranks(matrix, [], precision=precision))


class TestPlantedRanks:
    """Matrices whose rank is known before they are rounded."""

    @precisions
    @pytest.mark.parametrize("shape", SHAPES)
    def test_what_is_ten_times_above_the_noise_is_kept_and_the_noise_is_not(self, shape, precision):
        """Twenty matrices of ranks from 2 up to all but one: no rank is wrong."""
        rng = np.random.default_rng(shape)
        for _ in range(20):
            rank = int(rng.integers(2, min(shape)))
            exact = planted(rng, shape, rank, precision, above=10)
            assert rank_of(rounded(exact, precision), precision) == rank

    @precisions
    @pytest.mark.parametrize("rank", [2, 100, 511])
    def test_a_large_matrix_has_its_rank(self, rank, precision):
        """512 x 512, where the rule of NumPy stands 500 times above the noise of rounding."""
        exact = planted(np.random.default_rng(rank), (512, 512), rank, precision, above=10)
        assert rank_of(rounded(exact, precision), precision) == rank

    @pytest.mark.slow
    def test_a_very_large_matrix_has_its_rank(self):
        """4096 x 4096 in float16, rank 500, the least singular value ten times the noise."""
        rng = np.random.default_rng(0)
        exact = rng.standard_normal((4096, 500)) @ rng.standard_normal((500, 4096)) / 4096
        lost = rounded(exact, "float16") - exact
        noise = float(_rank._spectral_norm(lost)) / 0.96
        exact += 10 * noise * np.outer(orthonormal(rng, 4096, 1), orthonormal(rng, 4096, 1))
        assert rank_of(rounded(exact, "float16"), "float16") == 501

    @precisions
    def test_ties_are_no_noise_and_raise_it(self, precision):
        """Blocks of equal entries, equal rows, circulant matrices: the errors are equal too."""
        rng = np.random.default_rng(0)
        for _ in range(40):
            small = rng.standard_normal((8, 3)) @ rng.standard_normal((3, 8))
            waves = np.fft.irfft([0, *rng.standard_normal((2, 2)) @ [1, 1j], 0, 0])
            for exact, rank in (
                (np.kron(small, np.ones((16, 16))), 3),
                (np.repeat(small, 40, axis=0), 3),
                (np.kron(np.outer(small[0, :2], small[1, :2]), np.ones((8, 8))), 1),
                (np.stack([np.roll(waves, k) for k in range(8)]), 4),
            ):
                assert rank_of(rounded(exact, precision), precision) == rank

    @precisions
    @pytest.mark.parametrize("shape", [(8, 8), (128, 128), (512, 512), (8, 4096), (4096, 8)])
    def test_constant_matrices_have_rank_one(self, shape, precision):
        """Sums of equal numbers round alike, the worst case of the decomposition."""
        for value in (0.5, math.pi):
            assert rank_of(rounded(np.full(shape, value), precision), precision) == 1

    @precisions
    def test_exact_numbers_have_their_rank(self, precision):
        """Signs of full rank, sums of rows, zeros."""
        signs = np.array([[1.0, 1], [1, -1]])
        hadamard = np.kron(np.kron(signs, signs), np.kron(signs, signs))
        assert rank_of(hadamard, precision) == 16
        assert rank_of(np.vstack([hadamard[:5], hadamard[:5].sum(axis=0)]), precision) == 5
        assert rank_of(np.zeros((3, 4)), precision) == 0

    @pytest.mark.parametrize("precision", ["float16", "bfloat16"])
    @pytest.mark.parametrize("depth", [2, 5, 10])
    def test_a_product_of_rounded_layers_has_the_rank_of_the_exact_ones(self, depth, precision):
        """One layer of rank 3 among others, with half of all units switched off."""
        rng = np.random.default_rng(depth)
        for _ in range(10):
            layers = list(rng.standard_normal((depth, 32, 32)) / 4)
            bottleneck = rng.standard_normal((32, 3)) @ rng.standard_normal((3, 32)) / 10
            layers[rng.integers(depth)] = bottleneck
            product = np.eye(32)
            for layer in layers:
                is_on = rng.random((32, 1)) < 0.5
                product = is_on * (rounded(layer, precision) @ product)
            assert rank_of(product, precision) <= 3

    @pytest.mark.parametrize("terms", [8, 128])
    def test_sums_in_low_precision_need_a_tolerance(self, terms):
        """Products that are accumulated in float32 are off by up to 0.1 √k eps."""
        rng = np.random.default_rng(0)
        first = rng.standard_normal((300, terms)).astype(np.float32)
        second = rng.standard_normal((terms, 300)).astype(np.float32)
        exact = first.astype(float) @ second.astype(float)
        lost = np.linalg.norm(first @ second - exact, 2) / np.linalg.norm(exact, 2)
        assert 0.03 < lost / (math.sqrt(terms) * EPS["float32"]) < 0.1
        tolerance = 0.3 * math.sqrt(terms) * EPS["float32"]
        assert _rank.ranks(first @ second, [], tolerance=tolerance) == terms


class TestFreshLayers:
    """Gaussian matrices, which have full rank almost surely."""

    @pytest.mark.parametrize("n", [64, 256, 512])
    def test_what_counts_as_zero_does_not_grow_with_the_size(self, n):
        """Two thirds of the rounding unit: at 4096 x 4096 one layer in a thousand at most.

        P(s < t sigma / sqrt(n)) is 1 - exp(-t^2/2 - t) for the smallest singular value s, and the
        largest is 2 sigma sqrt(n).
        """
        layer = np.random.default_rng(n).standard_normal((n, n), dtype=np.float32)
        share = float(_rank.negligible_share(layer, [layer]))
        assert 0.5 < share / EPS["float32"] < 0.9
        t = 2 * 4096 * share
        assert -math.expm1(-t * t / 2 - t) < 1e-3

    @pytest.mark.parametrize(("n", "replicas"), [(256, 200), (512, 40)])
    def test_the_law_of_the_smallest_singular_value_gives_the_share_called_singular(
        self, n, replicas
    ):
        """At the tolerance that stands to n as ours to 4096, and at wider ones: four errors."""
        rng = np.random.default_rng(n)
        layers = rng.standard_normal((replicas, n, n), dtype=np.float32)
        values = np.linalg.svdvals(layers.astype(float))
        share = _rank.negligible_share(layers[:1], [layers])[0] * (4096 / n)
        for wider in (1, 100, 1000):
            t = 2 * n * share * wider
            expected = -math.expm1(-t * t / 2 - t)
            found = np.mean(values[:, -1] <= share * wider * values[:, 0])
            error = math.sqrt(expected * (1 - expected) / replicas)
            assert abs(found - expected) < 4 * error + 1 / n
            assert wider > 1 or found <= 0.01

    @pytest.mark.slow
    def test_a_layer_of_4096_units_is_regular(self):
        """As one in a hundred may fail, and of these draws none does."""
        layer = np.random.default_rng(0).standard_normal((4096, 4096), dtype=np.float32)
        assert _rank.ranks(layer, [layer]) == 4096


class TestPrecision:
    """The precision in which numbers come, or which is named."""

    @pytest.mark.parametrize(
        ("value", "precision"),
        [
            (np.ones(2, np.float16), "float16"),
            (np.ones(2, ">f2"), "float16"),
            (np.ones(2, ">f4"), "float32"),
            (np.ones(2, ml_dtypes.bfloat16), "bfloat16"),
            (np.ones(2, np.longdouble), "float64"),
            (np.ones(2, int), "float64"),
            ([1.0, 2.0], "float64"),
            ([np.ones(2, np.float16)], "float16"),
        ],
    )
    def test_it_is_that_of_what_was_handed_in(self, value, precision):
        """Arrays in any byte order, and lists."""
        assert _rank.precision_of([value]) == precision
        assert _rank.precision_of([[1.0], value]) == precision
        assert _rank.precision_of([value], "float16") == "float16"

    @pytest.mark.parametrize("precision", ["float16", "bfloat16", "float32"])
    def test_a_tensor_brings_its_own(self, precision):
        """Also a parameter that wants a gradient."""
        torch = pytest.importorskip("torch")
        tensor = torch.ones(2, dtype=getattr(torch, precision))
        assert _rank.precision_of([tensor]) == precision
        assert _rank.precision_of([[1.0], torch.nn.Parameter(tensor)]) == precision

    def test_the_coarsest_decides(self):
        """A network may mix them."""
        values = [np.ones(1), np.ones(1, np.float16), np.ones(1, ml_dtypes.bfloat16)]
        assert _rank.precision_of(values) == "bfloat16"

    @precisions
    @given(
        st.lists(st.floats(allow_nan=False, allow_infinity=False, width=16), min_size=1),
        st.integers(-60, 60),
    )
    def test_numbers_are_rounded_as_by_the_format_itself(self, precision, numbers, exponent):
        """Also its smallest numbers, which have fewer bits."""
        values = math.pi * np.ldexp(numbers, exponent)
        with np.errstate(over="ignore"):
            wanted = rounded(values, precision)
        bits, least = _rank._FORMATS[precision]
        found = _rank._rounded(values, bits, np.int32(least))
        in_range = np.isfinite(wanted)
        assert np.array_equal(found[in_range], wanted[in_range])

    def test_the_power_method_finds_most_of_the_norm(self):
        """From a tenth below up to the norm, for each matrix of a stack."""
        stack = np.random.default_rng(0).standard_normal((30, 40, 60))
        ratio = _rank._spectral_norm(stack) / np.linalg.norm(stack, 2, axis=(-2, -1))
        assert (ratio > 0.9).all()
        assert (ratio < 1 + 1e-12).all()

    def test_a_stack_equals_the_loop(self):
        """Any leading axes, and each matrix has its own scale and noise."""
        rng = np.random.default_rng(0)
        stack = rng.standard_normal((2, 3, 6, 2)) @ rng.standard_normal((2, 3, 2, 5))
        stack *= np.array([1e-3, 1.0, 1e3])[:, np.newaxis, np.newaxis]
        stack[0, 1] = 0
        half = stack.astype(np.float16)
        found = _rank.ranks(stack.astype(np.float16).astype(float), [half])
        assert found.tolist() == [[2, 0, 2], [2, 2, 2]]
        for where in np.ndindex(2, 3):
            assert rank_of(half[where].astype(float), "float16") == found[where]

    @given(st.integers(-900, 900))
    def test_scale_does_not_matter(self, exponent):
        """Up to the ends of the range of float64, where the numbers are of that precision."""
        rng = np.random.default_rng(0)
        matrix = rng.standard_normal((7, 3)) @ rng.standard_normal((3, 5))
        assert rank_of(np.ldexp(matrix, exponent), "float64") == 3

    def test_numbers_at_the_end_of_a_format_have_a_rank(self):
        """The largest and the smallest of float16, where noise is as large as the numbers."""
        for value in (65504.0, 6e-8):
            assert rank_of(np.full((3, 4), value), "float16") == 1

    def test_wrong_keywords_are_named(self):
        """A tolerance leaves nothing for a precision to decide."""
        one = np.ones((1, 1))
        with pytest.raises(ValueError, match=r"^precision must be one of 'bfloat16', .*, got 16$"):
            _rank.ranks(one, [one], precision=16)
        message = r"^precision must be None beside a tolerance, got 'float16'$"
        with pytest.raises(ValueError, match=message):
            _rank.ranks(one, [one], tolerance=0.1, precision="float16")
        with pytest.raises(ValueError, match=r"^tolerance must be a finite number of at least 0"):
            _rank.ranks(one, [one], tolerance=1)
