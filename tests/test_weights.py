"""The ways to fill a matrix have the laws, shapes and exact properties that they promise."""

import functools
import math

import numpy as np
import pytest
from scipy import stats

from symlib import weights

RANDOM = {
    "gaussian": weights.gaussian,
    "uniform": weights.uniform,
    "lecun": weights.lecun,
    "glorot": weights.glorot,
    "he": weights.he,
    "orthogonal": weights.orthogonal,
    "looks_linear": weights.looks_linear,
}
FIXED = {"constant": weights.constant, "identity": weights.identity}
EVERY = RANDOM | FIXED
WITH_GAIN = {
    name: EVERY[name]
    for name in ("lecun", "glorot", "he", "orthogonal", "identity", "looks_linear")
}
MIRRORS = [("out", "in"), ("out",), ("in",)]


def each(functions):
    """Run a test for every function of a dictionary."""
    return pytest.mark.parametrize("fill", functions.values(), ids=functions)


def relu(x):
    """Return the positive part."""
    return np.maximum(x, 0.0)


class TestShapes:
    """One matrix or a stack of them, float64, and reproducible."""

    @each(EVERY)
    @pytest.mark.parametrize(
        "shape", [(4, 6), (6, 4), (4, 4), (2, 2), (3, 4, 6), (3, 6, 4), (2, 3, 4, 4)]
    )
    def test_the_result_has_the_shape_asked_for(self, fill, shape):
        """Any number of leading replica axes is kept, and entries are float64 in C order."""
        weight = fill(shape)
        assert weight.shape == shape
        assert weight.dtype == np.float64
        assert weight.flags.c_contiguous
        assert weight.flags.writeable

    @each(EVERY)
    def test_a_list_is_a_shape_too(self, fill):
        """The shape may be any sequence of whole numbers."""
        assert fill([2, np.int64(4)]).shape == (2, 4)

    @each(RANDOM)
    def test_the_same_seed_gives_the_same_bits(self, fill):
        """A seed and a generator made from that seed agree, and another seed does not."""
        first = fill((3, 4, 6), rng=7)
        assert np.array_equal(first, fill((3, 4, 6), rng=7))
        assert np.array_equal(first, fill((3, 4, 6), rng=np.random.default_rng(7)))
        assert not np.array_equal(first, fill((3, 4, 6), rng=8))

    @each(RANDOM)
    def test_a_generator_moves_on(self, fill):
        """Two calls with one generator give different matrices."""
        rng = np.random.default_rng(0)
        assert not np.array_equal(fill((4, 6), rng=rng), fill((4, 6), rng=rng))

    @each(RANDOM)
    def test_without_a_seed_two_calls_differ(self, fill):
        """Fresh randomness is the default."""
        assert not np.array_equal(fill((4, 6)), fill((4, 6)))

    @each(RANDOM)
    def test_replicas_differ_from_one_another(self, fill):
        """Each replica is drawn anew."""
        first, second = fill((2, 4, 6), rng=0)
        assert not np.array_equal(first, second)

    @each(EVERY)
    def test_the_global_stream_is_not_touched(self, fill):
        """The state of numpy.random is the same before and after."""
        before = np.random.get_state()  # noqa: NPY002
        fill((4, 6))
        after = np.random.get_state()  # noqa: NPY002
        assert before[2:] == after[2:]
        assert np.array_equal(before[1], after[1])

    @each(WITH_GAIN)
    def test_the_gain_is_a_factor(self, fill):
        """A gain of 3 is 3 times the matrix without one, from the same seed."""
        options = {} if fill is weights.identity else {"rng": 5}
        plain, scaled = fill((4, 6), **options), fill((4, 6), gain=3.0, **options)
        np.testing.assert_allclose(scaled, 3.0 * plain, rtol=1e-14)
        assert not fill((4, 6), gain=0, **options).any()


class TestLaws:
    """Entries have the moments and the law of the formula."""

    REPLICAS, FAN_OUT, FAN_IN = 20, 24, 36

    @pytest.mark.parametrize(
        ("fill", "variance", "kurtosis"),
        [
            (functools.partial(weights.gaussian, std=0.7), 0.49, 3.0),
            (functools.partial(weights.uniform, bound=0.6), 0.12, 1.8),
            (functools.partial(weights.lecun, gain=1.5), 2.25 / 36, 3.0),
            (functools.partial(weights.glorot, gain=1.5), 4.5 / 60, 1.8),
            (functools.partial(weights.he, gain=1.5), 4.5 / 36, 3.0),
        ],
        ids=["gaussian", "uniform", "lecun", "glorot", "he"],
    )
    def test_mean_and_variance_are_those_of_the_formula(self, fill, variance, kurtosis):
        """Within four standard errors over 100 seeds in one call."""
        weight = fill((100, self.FAN_OUT, self.FAN_IN), rng=1)
        count = weight.size
        assert abs(weight.mean()) < 4 * math.sqrt(variance / count)
        error = variance * math.sqrt((kurtosis - 1) / count)
        assert abs(np.mean(weight**2) - variance) < 4 * error

    @pytest.mark.parametrize(
        ("fill", "law"),
        [
            (functools.partial(weights.gaussian, std=2.0), stats.norm(scale=2.0)),
            (weights.uniform, stats.uniform(-1, 2)),
            (weights.lecun, stats.norm(scale=1 / 6)),
            (weights.glorot, stats.uniform(-math.sqrt(0.1), 2 * math.sqrt(0.1))),
            (weights.he, stats.norm(scale=math.sqrt(2 / 36))),
        ],
        ids=["gaussian", "uniform", "lecun", "glorot", "he"],
    )
    def test_entries_follow_the_law(self, fill, law):
        """The empirical distribution is within the Kolmogorov bound of p = 6e-5."""
        weight = fill((self.REPLICAS, self.FAN_OUT, self.FAN_IN), rng=2)
        assert stats.kstest(weight.ravel(), law.cdf).pvalue > 6e-5

    def test_uniform_entries_stay_within_the_bound(self):
        """The interval holds its lower end and not its upper one."""
        weight = weights.uniform((100, 100), bound=0.25, rng=0)
        assert weight.min() >= -0.25
        assert 0.249 < weight.max() < 0.25
        assert weights.uniform((3, 3), bound=1e308, rng=0).any()

    def test_lecun_keeps_the_mean_square_of_a_linear_layer(self):
        """The output of a wide layer has the mean square of its input, at four errors."""
        x = np.random.default_rng(0).uniform(-1.0, 2.0, 50)
        z = weights.lecun((400, 100, 50), rng=1) @ x
        expected = np.mean(x**2)
        assert abs(np.mean(z**2) - expected) < 4 * expected * math.sqrt(2 / z.size)

    def test_he_keeps_the_mean_square_of_a_relu_layer(self):
        """ReLU halves the mean square, and the 2 restores it, at four errors."""
        x = np.random.default_rng(0).uniform(-1.0, 2.0, 50)
        h = relu(weights.he((400, 100, 50), rng=1) @ x)
        expected = np.mean(x**2)
        error = expected * math.sqrt(5 / h.size)  # E relu(z)^4 = 3 s^4 / 2 with s^2 = 2 expected
        assert abs(np.mean(h**2) - expected) < 4 * error

    @pytest.mark.parametrize(
        ("fill", "oracle"),
        [
            (weights.glorot, "xavier_uniform_"),
            (weights.lecun, "kaiming_normal_"),
            (weights.he, "kaiming_normal_"),
            (weights.orthogonal, "orthogonal_"),
        ],
        ids=["glorot", "lecun", "he", "orthogonal"],
    )
    def test_torch_draws_from_the_same_law(self, fill, oracle):
        """Two-sample Kolmogorov-Smirnov of all entries, and fan_in is torch's fan_in."""
        torch = pytest.importorskip("torch")
        options = {"kaiming_normal_": {"nonlinearity": "relu"}}.get(oracle, {})
        if fill is weights.lecun:
            options = {"nonlinearity": "linear"}
        source = torch.Generator().manual_seed(3)
        replicas = 200
        theirs = torch.empty(replicas, 6, 15, dtype=torch.float64)
        for matrix in theirs:
            getattr(torch.nn.init, oracle)(matrix, generator=source, **options)
        ours = fill((replicas, 6, 15), rng=4)
        assert np.mean(ours**2) == pytest.approx(float((theirs**2).mean()), rel=0.06)
        # one entry of each replica: entries of an orthogonal matrix depend on one another
        pair = ours[:, 1, 2], theirs[:, 1, 2].numpy()
        assert stats.ks_2samp(*pair).pvalue > 6e-5

    def test_torch_has_the_same_glorot_bound(self):
        """Many entries of both come within 1 % of the bound, and none exceeds it."""
        torch = pytest.importorskip("torch")
        theirs = torch.nn.init.xavier_uniform_(torch.empty(50, 70), gain=2.0).abs().max()
        ours = abs(weights.glorot((50, 70), gain=2.0, rng=0)).max()
        bound = 2.0 * math.sqrt(6 / 120)
        assert 0.99 * bound < ours < bound
        assert 0.99 * bound < float(theirs) <= bound * (1 + 1e-6)


class TestFixed:
    """The matrices without dice."""

    @pytest.mark.parametrize("value", [0.5, 0, -3, 1e-300])
    def test_constant_is_one_number(self, value):
        """Every entry is the value."""
        assert (weights.constant((2, 3, 4), value) == value).all()

    def test_constant_is_one_half_unless_told(self):
        """The default is the 0.5 of the question."""
        assert (weights.constant((3, 2)) == 0.5).all()

    @pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 1)])
    def test_identity_is_the_eye_of_numpy(self, shape):
        """Ones on the main diagonal, for every replica."""
        assert np.array_equal(weights.identity(shape), np.eye(*shape))
        stack = weights.identity((4, *shape), gain=2.0)
        assert np.array_equal(stack, np.broadcast_to(2.0 * np.eye(*shape), (4, *shape)))


class TestOrthogonal:
    """Rotations and reflections, no direction preferred."""

    @pytest.mark.parametrize(
        "shape",
        [
            (7, 7),
            (3, 8),
            (8, 3),
            (1, 1),
            (1, 5),
            (5, 1),
            (4, 5, 9),
            (65, 64),
            (130, 130),
            (2, 9, 129),
        ],
    )
    def test_the_shorter_side_is_orthonormal(self, shape):
        """Rows of a wide matrix and columns of a tall one are orthonormal, times the gain."""
        weight = weights.orthogonal(shape, gain=2.0, rng=0)
        if shape[-2] > shape[-1]:
            weight = np.swapaxes(weight, -2, -1)
        gram = weight @ np.swapaxes(weight, -2, -1)
        expected = np.broadcast_to(4.0 * np.eye(weight.shape[-2]), gram.shape)
        np.testing.assert_allclose(gram, expected, atol=1e-13)

    @pytest.mark.parametrize("block", [1, 2, 64])
    @pytest.mark.parametrize("statistic", ["entry", "trace", "corner"])
    def test_scipy_draws_from_the_same_law(self, statistic, block, monkeypatch):
        """An entry, the trace and the last diagonal entry have the law of ortho_group."""
        monkeypatch.setattr("symlib.weights.BLOCK", block)
        replicas, size = 4000, 5
        ours = weights.orthogonal((replicas, size, size), rng=0)
        theirs = stats.ortho_group(size, seed=1).rvs(replicas)
        measure = {
            "entry": lambda q: q[:, 0, 0],
            "trace": lambda q: np.trace(q, axis1=1, axis2=2),
            "corner": lambda q: q[:, -1, -1],
        }[statistic]
        assert stats.ks_2samp(measure(ours), measure(theirs)).pvalue > 6e-5

    @pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 4), (4, 0), (2, 3)])
    def test_every_entry_has_the_law_of_a_coordinate_on_the_sphere(self, row, column):
        """The square of an entry is Beta(1/2, (n - 1)/2), and its sign is fair."""
        entry = weights.orthogonal((4000, 5, 5), rng=2)[:, row, column]
        assert stats.kstest(entry**2, stats.beta(0.5, 2.0).cdf).pvalue > 6e-5
        assert abs(np.sign(entry).mean()) < 4 / math.sqrt(4000)

    def test_rotations_and_reflections_are_equally_likely(self):
        """The determinant is a fair sign."""
        signs = np.linalg.det(weights.orthogonal((4000, 4, 4), rng=3))
        np.testing.assert_allclose(abs(signs), 1.0, atol=1e-12)
        assert abs(signs.mean()) < 4 / math.sqrt(4000)

    @pytest.mark.parametrize("size", [2, 3, 6])
    def test_the_square_of_the_trace_has_mean_one(self, size):
        """Haar measure has E tr = 0 and E tr^2 = 1; without the signs it would not."""
        trace = np.trace(weights.orthogonal((6000, size, size), rng=4), axis1=1, axis2=2)
        for values, expected in ((trace, 0.0), (trace**2, 1.0)):
            assert abs(values.mean() - expected) < 4 * values.std() / math.sqrt(6000)


class TestLooksLinear:
    """Mirrored blocks make a ReLU network linear."""

    @pytest.mark.parametrize("shape", [(6, 6), (4, 10), (10, 4), (3, 6, 8)])
    def test_halves_have_opposite_signs(self, shape):
        """The blocks are Q, -Q, -Q, Q with a (semi-)orthogonal Q, to the bit."""
        weight = weights.looks_linear(shape, rng=0)
        out, into = shape[-2] // 2, shape[-1] // 2
        block = weight[..., :out, :into]
        assert np.array_equal(weight[..., :out, into:], -block)
        assert np.array_equal(weight[..., out:, :into], -block)
        assert np.array_equal(weight[..., out:, into:], block)
        half = (*shape[:-2], out, into)
        assert np.array_equal(block, weights.orthogonal(half, rng=0))

    @pytest.mark.parametrize("mirror", ["out", ("out",), ["out"], {"out"}])
    def test_a_first_layer_mirrors_what_it_writes(self, mirror):
        """Only fan_out is in halves, and fan_in may be odd."""
        weight = weights.looks_linear((8, 3), mirror=mirror, rng=0)
        assert np.array_equal(weight[:4], -weight[4:])
        np.testing.assert_allclose(weight[:4].T @ weight[:4], np.eye(3), atol=1e-14)

    def test_a_last_layer_mirrors_what_it_reads(self):
        """Only fan_in is in halves, and fan_out may be odd."""
        weight = weights.looks_linear((3, 8), mirror="in", rng=0)
        assert np.array_equal(weight[:, :4], -weight[:, 4:])
        np.testing.assert_allclose(weight[:, :4] @ weight[:, :4].T, np.eye(3), atol=1e-14)

    def test_the_order_of_the_sides_is_of_no_account(self):
        """In and out, twice or in any order, is both."""
        both = weights.looks_linear((4, 6), rng=0)
        for mirror in (("in", "out"), {"in", "out"}, ["out", "in", "out"]):
            assert np.array_equal(both, weights.looks_linear((4, 6), mirror=mirror, rng=0))

    def test_a_deep_relu_network_is_exactly_linear(self):
        """At depth 30 it computes the product of its blocks, and keeps lengths, to 1e-12."""
        size, depth = 16, 30
        rng = np.random.default_rng(0)
        hidden = weights.looks_linear((depth - 2, 2 * size, 2 * size), rng=rng)
        first = weights.looks_linear((2 * size, size), mirror="out", rng=rng)
        last = weights.looks_linear((size, 2 * size), mirror="in", rng=rng)
        x = rng.standard_normal((size, 50))

        h, linear = relu(first @ x), first[:size] @ x
        for weight in hidden:
            h, linear = relu(weight @ h), weight[:size, :size] @ linear
        np.testing.assert_allclose(last @ h, last[:, :size] @ linear, atol=1e-12)
        np.testing.assert_allclose(
            np.linalg.norm(last @ h, axis=0), np.linalg.norm(x, axis=0), rtol=1e-12
        )

    def test_of_each_pair_of_units_one_is_on(self):
        """The two halves of a layer are never both positive, so nothing is lost."""
        weight = weights.looks_linear((10, 5), mirror="out", rng=0)
        h = relu(weight @ np.random.default_rng(1).standard_normal((5, 100)))
        assert ((h[:5] > 0) ^ (h[5:] > 0)).all()


class TestErrors:
    """Each wrong argument is answered at the door."""

    @each(EVERY)
    @pytest.mark.parametrize(
        ("shape", "error"),
        [
            (5, TypeError),
            (None, TypeError),
            ((2.0, 3), TypeError),
            ("ab", TypeError),
            ((5,), ValueError),
            ((), ValueError),
            ((0, 3), ValueError),
            ((3, -1), ValueError),
            ((0, 3, 3), ValueError),
        ],
    )
    def test_the_shape_is_two_or_more_positive_whole_numbers(self, fill, shape, error):
        """Everything else is refused, with the two shapes that are wanted."""
        with pytest.raises(error, match=r"^shape must be \(fan_out, fan_in\) or \(replicas, "):
            fill(shape)

    @each(WITH_GAIN)
    @pytest.mark.parametrize(
        ("gain", "error"),
        [
            (-1.0, ValueError),
            (math.nan, ValueError),
            (math.inf, ValueError),
            ("2", TypeError),
            (None, TypeError),
            ([1.0], TypeError),
            (1j, TypeError),
        ],
    )
    def test_the_gain_is_a_finite_number_of_at_least_zero(self, fill, gain, error):
        """Everything else is refused."""
        with pytest.raises(error, match=r"^gain must be a finite number of at least 0, got "):
            fill((4, 4), gain=gain)

    @pytest.mark.parametrize(
        ("fill", "option"), [(weights.gaussian, "std"), (weights.uniform, "bound")]
    )
    @pytest.mark.parametrize(("value", "error"), [(-1, ValueError), ("1", TypeError)])
    def test_a_scale_is_a_finite_number_of_at_least_zero(self, fill, option, value, error):
        """The message names the option."""
        with pytest.raises(error, match=rf"^{option} must be a finite number of at least 0, got "):
            fill((4, 4), **{option: value})

    @pytest.mark.parametrize(
        ("value", "error"), [(math.nan, ValueError), ([0.5], TypeError), ("half", TypeError)]
    )
    def test_a_constant_is_a_finite_number(self, value, error):
        """Everything else is refused."""
        with pytest.raises(error, match=r"^value must be a finite number, got "):
            weights.constant((2, 2), value)

    @each(RANDOM)
    @pytest.mark.parametrize(("rng", "error"), [("seed", TypeError), (-1, ValueError)])
    def test_rng_is_a_source_of_randomness(self, fill, rng, error):
        """None, a seed or a generator, and nothing else."""
        with pytest.raises(error, match=r"^rng must be None, a seed or a numpy.random.Generator"):
            fill((4, 4), rng=rng)

    @pytest.mark.parametrize("mirror", MIRRORS)
    @pytest.mark.parametrize("shape", [(3, 4), (4, 3), (3, 3), (5, 3, 3)])
    def test_a_mirrored_side_is_even(self, mirror, shape):
        """An odd side is refused by name when it is to be mirrored, and only then."""
        odd = [side for side, axis in (("out", -2), ("in", -1)) if shape[axis] % 2]
        refused = [side for side in odd if side in mirror]
        if not refused:
            assert weights.looks_linear(shape, mirror=mirror).shape == shape
            return
        with pytest.raises(ValueError, match=rf"^shape must have an even fan_{refused[0]} to"):
            weights.looks_linear(shape, mirror=mirror)

    @pytest.mark.parametrize("mirror", ["both", "", ("out", "up"), [1], [None]])
    def test_a_mirror_is_one_of_two_sides(self, mirror):
        """An unknown side is refused with the known ones."""
        with pytest.raises(ValueError, match=r"^mirror must be one of 'out', 'in', got "):
            weights.looks_linear((4, 4), mirror=mirror)

    @pytest.mark.parametrize("mirror", [(), None, 3])
    def test_a_mirror_has_a_side(self, mirror):
        """No side at all, or no sides to go through, is refused."""
        with pytest.raises(ValueError, match=r"^mirror must be 'out', 'in' or both, got "):
            weights.looks_linear((4, 4), mirror=mirror)
