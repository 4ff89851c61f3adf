"""The ways to fill a matrix have the laws, shapes and exact properties that they promise."""

import functools
import math

import numpy as np
import pytest
from scipy import special, stats

from symlib import weights
from symlib._expectations import MOMENTS

RANDOM = {
    "gaussian": weights.gaussian,
    "uniform": weights.uniform,
    "truncated_gaussian": weights.truncated_gaussian,
    "lecun": weights.lecun,
    "glorot": weights.glorot,
    "he": weights.he,
    "orthogonal": weights.orthogonal,
    "looks_linear": weights.looks_linear,
}
FIXED = {"constant": weights.constant, "identity": weights.identity}
EVERY = RANDOM | FIXED
STARTS = {
    "pytorch_default": weights.pytorch_default,
    "keras_default": weights.keras_default,
    "flax_default": weights.flax_default,
}
WITH_KERNELS = {name: fill for name, fill in EVERY.items() if name != "looks_linear"}
WITH_LAWS = {name: EVERY[name] for name in ("lecun", "glorot", "he")}
WITH_GAIN = {
    name: EVERY[name]
    for name in ("lecun", "glorot", "he", "orthogonal", "identity", "looks_linear")
}
MIRRORS = [("out", "in"), ("out",), ("in",)]
INVERSE_MEAN_SQUARES = {  # 1 / E phi(z)^2, by quadrature with mpmath
    "identity": 1.0,
    "relu": 2.0,
    "leaky_relu": 1.99980002,
    "gelu": 2.351715614,
    "gelu_tanh": 2.351869216,
    "silu": 2.810761124,
    "tanh": 2.536175433,
    "sigmoid": 3.408559842,
    "elu": 1.550518808,
    "selu": 1.0,
    "softplus": 1.085486503,
    "mish": 2.21071573,
    "hardtanh": 1.937764616,
    "erf": 1 / (2 / math.pi * math.asin(2 / 3)),
}


def each(functions):
    """Run a test for every function of a dictionary."""
    return pytest.mark.parametrize("fill", functions.values(), ids=functions)


def relu(x):
    """Return the positive part."""
    return np.maximum(x, 0.0)


class TestShapes:
    """One weight or a stack of them, float64, and reproducible."""

    def test_every_name_is_tried(self):
        """The tables above forget none."""
        others = {"Start", "activation_gain"}
        assert set(EVERY) | set(STARTS) | others == set(weights.__all__)

    @each(EVERY)
    @pytest.mark.parametrize("shape", [(4, 6), (6, 4), (4, 4), (2, 2)])
    def test_the_result_has_the_shape_asked_for(self, fill, shape):
        """One matrix, or a stack of replicas; entries are float64 in C order."""
        for replicas, stack in ((None, ()), (1, (1,)), (3, (3,))):
            weight = fill(shape, replicas=replicas)
            assert weight.shape == stack + shape
            assert weight.dtype == np.float64
            assert weight.flags.c_contiguous
            assert weight.flags.writeable

    @each(WITH_KERNELS)
    @pytest.mark.parametrize("shape", [(4, 6, 3), (6, 4, 3, 5), (2, 3, 2, 2, 2)])
    def test_a_kernel_has_an_axis_for_each_axis_of_space(self, fill, shape):
        """With the word it may have one; with two or more it needs no word."""
        for replicas, stack in ((None, ()), (3, (3,))):
            weight = fill(shape, replicas=replicas, kernel=True)
            assert weight.shape == stack + shape
            assert weight.flags.c_contiguous
        if len(shape) > 3:
            assert fill(shape).shape == shape
            assert fill(shape, replicas=3).shape == (3, *shape)

    @each(EVERY)
    def test_a_list_is_a_shape_too(self, fill):
        """The shape may be any sequence of whole numbers."""
        assert fill([2, np.int64(4)]).shape == (2, 4)

    @each(RANDOM)
    def test_the_same_seed_gives_the_same_bits(self, fill):
        """A seed and a generator made from that seed agree, and another seed does not."""
        first = fill((4, 6), replicas=3, rng=7)
        assert np.array_equal(first, fill((4, 6), replicas=3, rng=7))
        assert np.array_equal(first, fill((4, 6), replicas=3, rng=np.random.default_rng(7)))
        assert not np.array_equal(first, fill((4, 6), replicas=3, rng=8))

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
        first, second = fill((4, 6), replicas=2, rng=0)
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


class TestKernels:
    """A unit of a kernel adds up fan_in = in * taps terms."""

    SHAPES = ((64, 32, 3, 3), (48, 40, 5), (16, 8, 3, 3, 3))

    @pytest.mark.parametrize("shape", SHAPES)
    @each(
        {
            "lecun": (weights.lecun, lambda out, into, taps: 1 / (into * taps)),
            "he": (weights.he, lambda out, into, taps: 2 / (into * taps)),
            "glorot": (weights.glorot, lambda out, into, taps: 2 / ((into + out) * taps)),
        }
    )
    def test_the_variance_is_that_of_its_fans(self, fill, shape):
        """Within four standard errors, which those of a Gaussian law exceed for the others."""
        draw, variance = fill
        weight = draw(shape, kernel=True, rng=0)
        expected = variance(shape[0], shape[1], math.prod(shape[2:]))
        assert abs(np.mean(weight**2) - expected) < 4 * expected * math.sqrt(2 / weight.size)

    def test_the_kernel_of_the_report_has_its_standard_deviation(self):
        """A kernel 64 x 32 x 3 x 3 has sqrt(2 / 288) and not sqrt(2 / 3)."""
        weight = weights.he((64, 32, 3, 3), rng=0)
        assert weight.std() == pytest.approx(math.sqrt(2 / 288), rel=0.02)

    @each(WITH_LAWS | {name: EVERY[name] for name in ("gaussian", "uniform", "truncated_gaussian")})
    def test_replicas_of_a_kernel_are_kernels(self, fill):
        """They have the law of one kernel, and the first is the one that the seed gives alone."""
        one, several = fill((8, 4, 3, 3), rng=0), fill((8, 4, 3, 3), replicas=50, rng=0)
        assert np.array_equal(several[0], one)
        assert several.std() == pytest.approx(one.std(), rel=0.15)

    @pytest.mark.parametrize(
        ("fill", "oracle", "options"),
        [
            (weights.glorot, "xavier_uniform_", {}),
            (weights.he, "kaiming_normal_", {"nonlinearity": "relu"}),
            (weights.lecun, "kaiming_normal_", {"nonlinearity": "linear"}),
            (weights.orthogonal, "orthogonal_", {}),
        ],
        ids=["glorot", "he", "lecun", "orthogonal"],
    )
    @pytest.mark.parametrize("shape", [(24, 10, 3, 3), (30, 3, 2, 3), (24, 20, 5)])
    def test_torch_takes_a_kernel_for_the_same_matrix(self, fill, oracle, options, shape):
        """The mean square of all entries agrees, at 6 %."""
        torch = pytest.importorskip("torch")
        source = torch.Generator().manual_seed(0)
        theirs = torch.empty(10, *shape)
        for one in theirs:
            getattr(torch.nn.init, oracle)(one, generator=source, **options)
        ours = fill(shape, replicas=10, kernel=True, rng=0)
        assert np.mean(ours**2) == pytest.approx(float((theirs**2).mean()), rel=0.06)

    @pytest.mark.parametrize("shape", [(16, 4, 3, 3), (40, 4, 3, 3), (5, 4, 3)])
    def test_an_orthogonal_kernel_is_an_orthogonal_matrix(self, shape):
        """All singular values of (out, in * taps) are the gain."""
        weight = weights.orthogonal(shape, gain=3.0, replicas=2, kernel=True, rng=0)
        values = np.linalg.svd(weight.reshape(2, shape[0], -1), compute_uv=False)
        np.testing.assert_allclose(values, 3.0, rtol=1e-12)

    @pytest.mark.parametrize("shape", [(4, 4, 3, 3), (5, 2, 4, 3), (2, 3, 5), (2, 2, 3, 2, 5)])
    def test_an_identity_kernel_is_that_of_torch(self, shape):
        """One at the tap in the middle, for an even number of taps, too."""
        torch = pytest.importorskip("torch")
        theirs = torch.nn.init.dirac_(torch.empty(*shape)).numpy()
        assert np.array_equal(weights.identity(shape, kernel=True), theirs)
        stack = weights.identity(shape, gain=2.0, replicas=3, kernel=True)
        assert np.array_equal(stack, np.broadcast_to(2.0 * theirs, (3, *shape)))

    def test_an_identity_kernel_passes_images_on(self):
        """Padded by half of its taps, a convolution with it changes nothing."""
        torch = pytest.importorskip("torch")
        images = torch.randn(2, 4, 7, 6, dtype=torch.float64)
        kernel = torch.from_numpy(weights.identity((4, 4, 3, 5)))
        assert torch.equal(torch.nn.functional.conv2d(images, kernel, padding=(1, 2)), images)

    def test_the_other_layout_is_one_line_away(self):
        """As the module says, for a dense weight and for kernels."""
        dense = np.moveaxis(weights.he((3, 5), rng=0), (0, 1), (-1, -2))
        assert np.array_equal(dense, weights.he((3, 5), rng=0).T)
        kernel = weights.he((3, 5, 7, 2), rng=0)
        theirs = np.moveaxis(kernel, (0, 1), (-1, -2))
        assert theirs.shape == (7, 2, 5, 3)
        assert np.array_equal(theirs, kernel.transpose(2, 3, 1, 0))
        assert np.array_equal(np.moveaxis(theirs, (-1, -2), (0, 1)), kernel)

    @each(WITH_KERNELS | STARTS)
    def test_three_axes_need_a_word(self, fill):
        """The message names both readings, and the words for them."""
        message = (
            r"^shape must say what its three axes are: \(64, 32\) with replicas=100, or "
            r"kernel=True for the kernel of a one-dimensional convolution, got \(100, 64, 32\)$"
        )
        with pytest.raises(ValueError, match=message):
            fill((100, 64, 32))
        with pytest.raises(ValueError, match=message):
            fill((100, 64, 32), replicas=2)

    @pytest.mark.parametrize("shape", [(3, 4, 6), (4, 6, 3, 3)])
    def test_mirrors_are_of_matrices(self, shape):
        """A kernel or a stack is refused."""
        with pytest.raises(ValueError, match=r"^shape must be \(fan_out, fan_in\) in positive"):
            weights.looks_linear(shape)

    @each(WITH_KERNELS | STARTS)
    def test_a_matrix_is_no_kernel(self, fill):
        """It has no axis of taps."""
        message = r"^shape must be \(fan_out, fan_in, taps, ...\) with kernel=True, got \(4, 6\)$"
        with pytest.raises(ValueError, match=message):
            fill((4, 6), kernel=True)
        with pytest.raises(TypeError, match=r"^kernel must be True or False, got 1$"):
            fill((4, 6), kernel=1)

    @each(EVERY | STARTS)
    @pytest.mark.parametrize(("replicas", "error"), [(0, ValueError), (2.0, TypeError)])
    def test_replicas_are_counted(self, fill, replicas, error):
        """A positive whole number, or None."""
        with pytest.raises(error, match=r"^replicas must be a whole number of at least 1, got "):
            fill((4, 6), replicas=replicas)


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
        weight = fill((self.FAN_OUT, self.FAN_IN), replicas=100, rng=1)
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
        weight = fill((self.FAN_OUT, self.FAN_IN), replicas=self.REPLICAS, rng=2)
        assert stats.kstest(weight.ravel(), law.cdf).pvalue > 6e-5

    @each(WITH_LAWS)
    def test_the_distribution_changes_the_law_and_not_the_variance(self, fill):
        """Gaussian, uniform, or Gaussian without tails, with the scale of the formula."""
        variance = {"lecun": 1 / 36, "glorot": 2 / 60, "he": 2 / 36}[fill.__name__]
        laws = {
            "gaussian": stats.norm(),
            "uniform": stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)),
            "truncated": stats.truncnorm(-2, 2, scale=1 / 0.87962566103423978),
        }
        shape = {"shape": (self.FAN_OUT, self.FAN_IN), "replicas": self.REPLICAS, "rng": 5}
        for name, law in laws.items():
            weight = fill(distribution=name, **shape)
            assert law.var() == pytest.approx(1)
            assert stats.kstest(weight.ravel() / math.sqrt(variance), law.cdf).pvalue > 6e-5

    @each(WITH_LAWS)
    def test_the_default_distribution_is_the_one_of_the_first_line(self, fill):
        """As the docstring says it."""
        default = "uniform" if fill is weights.glorot else "gaussian"
        assert f", {default} by default," in fill.__doc__.splitlines()[0].lower()
        assert np.array_equal(fill((4, 6), rng=0), fill((4, 6), distribution=default, rng=0))

    def test_uniform_entries_stay_within_the_bound(self):
        """The interval holds its lower end and not its upper one."""
        weight = weights.uniform((100, 100), bound=0.25, rng=0)
        assert weight.min() >= -0.25
        assert 0.249 < weight.max() < 0.25
        assert weights.uniform((3, 3), bound=1e308, rng=0).any()

    def test_lecun_keeps_the_mean_square_of_a_linear_layer(self):
        """The output of a wide layer has the mean square of its input, at four errors."""
        x = np.random.default_rng(0).uniform(-1.0, 2.0, 50)
        z = weights.lecun((100, 50), replicas=400, rng=1) @ x
        expected = np.mean(x**2)
        assert abs(np.mean(z**2) - expected) < 4 * expected * math.sqrt(2 / z.size)

    def test_he_keeps_the_mean_square_of_a_relu_layer(self):
        """ReLU halves the mean square, and the 2 restores it, at four errors."""
        x = np.random.default_rng(0).uniform(-1.0, 2.0, 50)
        h = relu(weights.he((100, 50), replicas=400, rng=1) @ x)
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
        ours = fill((6, 15), replicas=replicas, rng=4)
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


class TestTruncated:
    """Gaussian numbers without tails, whose cut is made up for."""

    @pytest.mark.parametrize("cut", [1e-200, 1e-9, 1e-3, 0.5, 1.0, 2.0, 3.0, 8.0, 30.0])
    def test_the_standard_deviation_is_that_of_the_result(self, cut):
        """Within four standard errors, and no entry beyond the cut."""
        weight = weights.truncated_gaussian((300, 300), std=0.1, cut=cut, rng=0)
        assert abs(np.mean(weight**2) - 0.01) < 4 * 0.01 * math.sqrt(2 / weight.size)
        assert abs(weight.mean()) < 4 * 0.1 / 300
        # for small cuts the law is uniform, whose bound is sqrt(3) standard deviations
        scale = stats.truncnorm(-cut, cut).std() if 1e-3 < cut < 10 else max(1, cut / 100)
        bound = 0.1 * cut / scale if cut > 1e-3 else 0.1 * math.sqrt(3) * (1 + 1e-6)
        assert abs(weight).max() <= bound * (1 + 1e-12)

    @pytest.mark.parametrize("cut", [0.1, 1.0, 2.0, 4.0])
    def test_entries_follow_the_law_of_scipy(self, cut):
        """The empirical distribution is within the Kolmogorov bound of p = 6e-5."""
        law = stats.truncnorm(-cut, cut)
        weight = weights.truncated_gaussian((100, 100), std=law.std(), cut=cut, rng=0)
        assert stats.kstest(weight.ravel(), law.cdf).pvalue > 6e-5

    def test_the_correction_for_two_is_that_of_the_frameworks(self):
        """The number that Keras and Flax divide by, from the extremes of many entries."""
        weight = weights.truncated_gaussian((1000, 1000), rng=0)
        bound = 2 / 0.87962566103423978
        assert bound * 0.9999 < abs(weight).max() <= bound

    @pytest.mark.parametrize("cut", [0.3, 2.0, 7.0, 1e3])
    def test_the_ends_of_the_interval_are_inside_the_cut(self, cut, monkeypatch):
        """The least and the largest number that a generator can give are finite and opposite."""

        class Extremes(np.random.Generator):
            def random(self, size):
                return np.array([[0.0, 1.0 - 2.0**-53]])

        ends = Extremes(np.random.PCG64(0))
        monkeypatch.setattr("symlib._arrays.generator", lambda rng: ends)
        least, largest = weights.truncated_gaussian((1, 2), cut=cut)[0]
        assert least == -largest
        deviation = math.sqrt(special.gammainc(1.5, cut**2 / 2) / special.gammainc(0.5, cut**2 / 2))
        assert 0 < largest <= min(cut, 8.3) / deviation * (1 + 1e-15)

    @pytest.mark.parametrize("cut", [0, -2.0, math.nan, math.inf])
    def test_the_cut_is_above_zero(self, cut):
        """Everything else is refused."""
        with pytest.raises(ValueError, match=r"^cut must be a finite number above 0, got "):
            weights.truncated_gaussian((4, 4), cut=cut)


class TestFrameworks:
    """What a layer holds that nobody has initialized."""

    @pytest.mark.parametrize(
        ("layer", "sizes"),
        [("Linear", (40, 60)), ("Conv1d", (12, 60, 5)), ("Conv2d", (6, 60, (3, 5)))],
    )
    def test_torch_starts_like_this(self, layer, sizes):
        """Weights and biases of 60 layers have one law, in a two-sample Kolmogorov-Smirnov test."""
        torch = pytest.importorskip("torch")
        torch.manual_seed(0)
        theirs = [getattr(torch.nn, layer)(*sizes) for _ in range(60)]
        shape = tuple(theirs[0].weight.shape)
        ours = weights.pytorch_default(shape, replicas=60, kernel=len(shape) == 3, rng=0)
        for name in ("weight", "bias"):
            drawn = np.stack([getattr(one, name).detach().numpy() for one in theirs])
            mine = getattr(ours, name)
            assert mine.shape == drawn.shape
            assert stats.ks_2samp(mine.ravel(), drawn.ravel()).pvalue > 6e-5
            bound = 1 / math.sqrt(math.prod(shape[1:]))
            assert 0.99 * bound < abs(mine).max() <= bound
            assert 0.99 * bound < abs(drawn).max() <= bound * (1 + 1e-6)

    def test_the_variance_of_torch_is_a_sixth_of_that_of_he(self):
        """1 / (3 fan_in), within four standard errors."""
        weight = weights.pytorch_default((300, 300), rng=0).weight
        assert abs(np.mean(weight**2) * 900 - 1) < 4 * math.sqrt(0.8) / 300

    def test_the_biases_of_torch_are_drawn_after_the_weights(self):
        """One stream for both."""
        start = weights.pytorch_default((4, 9), rng=0)
        both = np.random.default_rng(0).uniform(-1, 1, 40) / 3
        np.testing.assert_allclose(np.append(start.weight, start.bias), both, rtol=1e-15)

    @pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (4, 6, 3, 3)])
    @pytest.mark.parametrize("replicas", [None, 5])
    def test_keras_and_flax_start_like_this(self, shape, replicas):
        """Glorot's uniform and LeCun's truncated Gaussian weights, and no biases."""
        options = {"replicas": replicas, "kernel": len(shape) == 3, "rng": 0}
        keras, flax = (
            weights.keras_default(shape, **options),
            weights.flax_default(shape, **options),
        )
        assert np.array_equal(keras.weight, weights.glorot(shape, **options))
        lecun = weights.lecun(shape, distribution="truncated", **options)
        assert np.array_equal(flax.weight, lecun)
        for bias in (keras.bias, flax.bias):
            assert bias.shape == ((4,) if replicas is None else (5, 4))
            assert not bias.any()


class TestActivationGain:
    """One factor for each activation, which keeps sums at their size."""

    @pytest.mark.parametrize("name", MOMENTS)
    def test_its_square_is_one_over_the_mean_square(self, name):
        """To nine digits."""
        gain = weights.activation_gain(name)
        assert isinstance(gain, float)
        assert gain**2 == pytest.approx(INVERSE_MEAN_SQUARES[name], rel=1e-9)

    def test_it_keeps_the_size_of_sums_through_depth(self):
        """Twenty layers of tanh, whose sums have mean square 1 and stay there, within 5 %."""
        rng = np.random.default_rng(0)
        sums = rng.standard_normal((1000, 8))
        gain = weights.activation_gain("tanh")
        for _ in range(20):
            sums = weights.lecun((1000, 1000), gain=gain, rng=rng) @ np.tanh(sums)
        assert np.mean(sums**2) == pytest.approx(1.0, abs=0.05)

    def test_it_is_not_that_of_torch(self):
        """The same for ReLU, and 5/3 there for tanh."""
        torch = pytest.importorskip("torch")
        theirs = torch.nn.init.calculate_gain
        assert theirs("relu") == pytest.approx(weights.activation_gain("relu"))
        assert theirs("tanh") == pytest.approx(5 / 3)
        assert weights.activation_gain("tanh") == pytest.approx(1.5925, abs=1e-4)

    @pytest.mark.parametrize("name", ["swish", None, 3])
    def test_an_unknown_activation_is_refused(self, name):
        """With the known ones."""
        with pytest.raises(ValueError, match=r"^activation must be one of 'identity', 'relu', "):
            weights.activation_gain(name)


class TestFixed:
    """The matrices without dice."""

    @pytest.mark.parametrize("value", [0.5, 0, -3, 1e-300])
    def test_constant_is_one_number(self, value):
        """Every entry is the value."""
        assert (weights.constant((3, 4), value, replicas=2) == value).all()

    def test_constant_is_one_half_unless_told(self):
        """The default is the 0.5 of the question."""
        assert (weights.constant((3, 2)) == 0.5).all()

    @pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 1)])
    def test_identity_is_the_eye_of_numpy(self, shape):
        """Ones on the main diagonal, for every replica."""
        assert np.array_equal(weights.identity(shape), np.eye(*shape))
        stack = weights.identity(shape, gain=2.0, replicas=4)
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
            (65, 64),
            (130, 130),
        ],
    )
    def test_the_shorter_side_is_orthonormal(self, shape):
        """Rows of a wide matrix and columns of a tall one are orthonormal, times the gain."""
        weight = weights.orthogonal(shape, gain=2.0, replicas=2, rng=0)
        if shape[0] > shape[1]:
            weight = np.swapaxes(weight, -2, -1)
        gram = weight @ np.swapaxes(weight, -2, -1)
        expected = np.broadcast_to(4.0 * np.eye(weight.shape[-2]), gram.shape)
        np.testing.assert_allclose(gram, expected, atol=1e-13)

    @pytest.mark.parametrize("statistic", ["entry", "trace", "corner"])
    def test_scipy_draws_from_the_same_law(self, statistic):
        """An entry, the trace and the last diagonal entry have the law of ortho_group."""
        replicas, size = 4000, 5
        ours = weights.orthogonal((size, size), replicas=replicas, rng=0)
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
        entry = weights.orthogonal((5, 5), replicas=4000, rng=2)[:, row, column]
        assert stats.kstest(entry**2, stats.beta(0.5, 2.0).cdf).pvalue > 6e-5
        assert abs(np.sign(entry).mean()) < 4 / math.sqrt(4000)

    def test_one_number_is_a_fair_sign(self):
        """The smallest case, in which LAPACK turns nothing."""
        signs = weights.orthogonal((1, 1), replicas=4000, rng=0)
        assert set(signs.ravel()) == {-1.0, 1.0}
        assert abs(signs.mean()) < 4 / math.sqrt(4000)

    def test_rotations_and_reflections_are_equally_likely(self):
        """The determinant is a fair sign."""
        signs = np.linalg.det(weights.orthogonal((4, 4), replicas=4000, rng=3))
        np.testing.assert_allclose(abs(signs), 1.0, atol=1e-12)
        assert abs(signs.mean()) < 4 / math.sqrt(4000)

    @pytest.mark.parametrize("size", [2, 3, 6])
    def test_the_square_of_the_trace_has_mean_one(self, size):
        """Haar measure has E tr = 0 and E tr^2 = 1; without the signs it would not."""
        turns = weights.orthogonal((size, size), replicas=6000, rng=4)
        trace = np.trace(turns, axis1=1, axis2=2)
        for values, expected in ((trace, 0.0), (trace**2, 1.0)):
            assert abs(values.mean() - expected) < 4 * values.std() / math.sqrt(6000)


class TestLooksLinear:
    """Mirrored blocks make a ReLU network linear."""

    @pytest.mark.parametrize("shape", [(6, 6), (4, 10), (10, 4)])
    @pytest.mark.parametrize("replicas", [None, 3])
    def test_halves_have_opposite_signs(self, shape, replicas):
        """The blocks are Q, -Q, -Q, Q with a (semi-)orthogonal Q, to the bit."""
        weight = weights.looks_linear(shape, replicas=replicas, rng=0)
        out, into = shape[0] // 2, shape[1] // 2
        block = weight[..., :out, :into]
        assert np.array_equal(weight[..., :out, into:], -block)
        assert np.array_equal(weight[..., out:, :into], -block)
        assert np.array_equal(weight[..., out:, into:], block)
        assert np.array_equal(block, weights.orthogonal((out, into), replicas=replicas, rng=0))

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
        hidden = weights.looks_linear((2 * size, 2 * size), replicas=depth - 2, rng=rng)
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

    @each(EVERY | STARTS)
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
            ((0, 3, 3, 3), ValueError),
        ],
    )
    def test_the_shape_is_of_positive_whole_numbers(self, fill, shape, error):
        """Two, or more for a kernel; everything else is refused, with what is wanted."""
        with pytest.raises(error, match=r"^shape must be \(fan_out, fan_in\)"):
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
        ("fill", "option"),
        [
            (weights.gaussian, "std"),
            (weights.uniform, "bound"),
            (weights.truncated_gaussian, "std"),
        ],
    )
    @pytest.mark.parametrize(("value", "error"), [(-1, ValueError), ("1", TypeError)])
    def test_a_scale_is_a_finite_number_of_at_least_zero(self, fill, option, value, error):
        """The message names the option."""
        with pytest.raises(error, match=rf"^{option} must be a finite number of at least 0, got "):
            fill((4, 4), **{option: value})

    @each(WITH_LAWS)
    def test_a_distribution_is_one_of_three(self, fill):
        """An unknown one is refused with the known ones."""
        message = r"^distribution must be one of 'gaussian', 'uniform', 'truncated', got 'normal'$"
        with pytest.raises(ValueError, match=message):
            fill((4, 4), distribution="normal")

    @pytest.mark.parametrize(
        ("value", "error"), [(math.nan, ValueError), ([0.5], TypeError), ("half", TypeError)]
    )
    def test_a_constant_is_a_finite_number(self, value, error):
        """Everything else is refused."""
        with pytest.raises(error, match=r"^value must be a finite number, got "):
            weights.constant((2, 2), value)

    @each(RANDOM | STARTS)
    @pytest.mark.parametrize(("rng", "error"), [("seed", TypeError), (-1, ValueError)])
    def test_rng_is_a_source_of_randomness(self, fill, rng, error):
        """None, a seed or a generator, and nothing else."""
        with pytest.raises(error, match=r"^rng must be None, a seed of at least 0 or a"):
            fill((4, 4), rng=rng)

    @pytest.mark.parametrize("mirror", MIRRORS)
    @pytest.mark.parametrize("shape", [(3, 4), (4, 3), (3, 3)])
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
