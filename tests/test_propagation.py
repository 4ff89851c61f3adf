"""Lengths, angles and correlations go through depth as the theory of wide networks says."""

import re

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erfcx

from symlib import weights
from symlib._activations import ACTIVATIONS
from symlib._expectations import MOMENTS, Moments, _Line, _mean_over_half
from symlib.network import Layer, Network, forward, jacobian
from symlib.propagation import (
    angle_map,
    correlation_map,
    critical_weight_variance,
    depth_scales,
    fixed_point,
    gaussian_expectations,
    jacobian_moments,
    length_map,
    squared_distance_ratio,
)

PI = np.pi
NAMES = sorted(ACTIVATIONS)
SCALE, ALPHA = 1.0507009873554804934, 1.6732632423543772848
LEAK, CUBE = mpmath.mpf("0.01"), mpmath.mpf("0.044715")


def logistic(x):
    """Return the sigmoid."""
    return 1 / (1 + mpmath.exp(-x))


def gelu_tanh(x):
    """Return the tanh form of gelu and its slope."""
    scale = mpmath.sqrt(2 / mpmath.pi)
    bent = mpmath.tanh(scale * (x + CUBE * x**3))
    slope = scale * (1 + 3 * CUBE * x * x) * (1 - bent * bent)
    return x * (1 + bent) / 2, (1 + bent) / 2 + x * slope / 2


def mish(x):
    """Return mish and its slope."""
    gate = mpmath.tanh(mpmath.log1p(mpmath.exp(x)))
    return x * gate, gate + x * (1 - gate * gate) * logistic(x)


EXACT = {  # value and slope
    "identity": (lambda x: x, lambda x: mpmath.mpf(1)),
    "relu": (lambda x: max(x, 0), lambda x: mpmath.mpf(x > 0)),
    "leaky_relu": (lambda x: x if x > 0 else LEAK * x, lambda x: 1 if x > 0 else LEAK),
    "elu": (
        lambda x: x if x > 0 else mpmath.expm1(x),
        lambda x: 1 if x > 0 else mpmath.exp(x),
    ),
    "selu": (
        lambda x: SCALE * (x if x > 0 else ALPHA * mpmath.expm1(x)),
        lambda x: SCALE * (1 if x > 0 else ALPHA * mpmath.exp(x)),
    ),
    "gelu": (
        lambda x: x * mpmath.ncdf(x),
        lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x),
    ),
    "gelu_tanh": (lambda x: gelu_tanh(x)[0], lambda x: gelu_tanh(x)[1]),
    "silu": (
        lambda x: x * logistic(x),
        lambda x: logistic(x) * (1 + x * logistic(-x)),
    ),
    "mish": (lambda x: mish(x)[0], lambda x: mish(x)[1]),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), logistic),
    "sigmoid": (logistic, lambda x: logistic(x) * logistic(-x)),
    "tanh": (mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
    "erf": (mpmath.erf, lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    "hardtanh": (lambda x: min(max(x, -1), 1), lambda x: mpmath.mpf(abs(x) < 1)),
}
angles = st.floats(0, PI)
correlations = st.floats(-1, 1)
lengths = st.floats(1e-6, 8)
names = st.sampled_from(NAMES)
variances = st.floats(0.1, 6)
biases = st.just(0.0) | st.floats(1e-250, 2)
quick = settings(max_examples=60)


def mean(function, q):
    """Return E f(√q z) by mpmath, to 20 digits, with cuts where activations turn."""
    with mpmath.workdps(20):
        root = mpmath.sqrt(q)
        turns = [x for x in (0.25, 1, 2, 4, 8, 16, 40, 120) if x < 12 * root]
        tails = [root * z for z in (1, 4, 12)]
        ends = sorted({0, *turns, *tails, *(-x for x in turns), *(-x for x in tails)})
        options = {"method": "gauss-legendre", "maxdegree": 5}
        whole = mpmath.quad(lambda x: function(x) * mpmath.npdf(x / root), ends, **options)
        return float(whole / root)


def joint(function, angle, q, q2, nodes=120):
    """Return E f(√q z₁) f(√q₂ z₂) in polar coordinates, where kinks are rays between sectors.

    With z₁ = r cos t and z₂ = r cos(t - angle) each sector is smooth, however thin.
    """
    t, weight = np.polynomial.legendre.leggauss(nodes)
    t, weight = (t + 1) / 2, weight / 2
    radius, radial = 10 * t**2, 20 * t * weight
    radial = radial * radius * np.exp(-(radius**2) / 2)
    rays = np.sort([-PI / 2, angle - PI / 2, PI / 2, angle + PI / 2])
    total = 0.0
    for begin, end in zip(rays, [*rays[1:], rays[0] + 2 * PI], strict=True):
        for first, last in ((begin, (begin + end) / 2), ((begin + end) / 2, end)):
            turn = first + (last - first) * t
            product = function(np.sqrt(q) * np.outer(radius, np.cos(turn)))
            product = product * function(np.sqrt(q2) * np.outer(radius, np.cos(turn - angle)))
            total += (last - first) * (radial @ product @ weight)
    return total / (2 * PI)


# --- angles -------------------------------------------------------------------------------------


def exact_angle(theta):
    """Return the next angle and the ratio of squared distances by 60 digits."""
    with mpmath.workdps(60):
        t = mpmath.mpf(float(theta))
        psi = (mpmath.sin(t) - t * mpmath.cos(t)) / mpmath.pi
        gap = 2 * mpmath.sin(t / 2) ** 2
        return float(2 * mpmath.asin(mpmath.sqrt((gap - psi) / 2))), float(1 - psi / gap)


@pytest.mark.parametrize("theta", [1e-20, 1e-12, 1e-8, 1e-4, 0.01, 0.3, 1.0, 2.0, 3.1, PI - 1e-9])
def test_no_angle_loses_digits(theta):
    """Angle and ratio agree with 60 digits from the tiniest angle to the largest."""
    angle, ratio = exact_angle(theta)
    np.testing.assert_allclose(angle_map(theta), angle, rtol=2e-15)
    np.testing.assert_allclose(squared_distance_ratio(theta), ratio, rtol=1e-15)


def test_angle_is_that_of_the_arc_cosine_kernel():
    """The cosine of the next angle is the arc-cosine kernel of degree 1 (Cho and Saul)."""
    theta = np.linspace(0, PI, 101)
    kernel = (np.sin(theta) + (PI - theta) * np.cos(theta)) / PI
    np.testing.assert_allclose(np.cos(angle_map(theta)), kernel, atol=4e-16)
    np.testing.assert_allclose(
        correlation_map(np.cos(theta), 1.0, weight_variance=2.0, activation="relu"),
        kernel,
        atol=4e-16,
    )


def test_known_angles_after_one_and_many_layers():
    """A right angle becomes 1.2468502, .5124711 after 10 layers, and falls like 3π / depth."""
    np.testing.assert_allclose(angle_map(PI / 2), np.arccos(1 / PI), rtol=1e-15)
    np.testing.assert_allclose(angle_map(PI / 2, depth=10), 0.5124711, atol=5e-8)
    for depth, ratio in ((100, 0.8977), (1000, 0.9854), (2000, 0.9922)):
        assert abs(depth * angle_map(PI / 2, depth=depth) / (3 * PI) - ratio) < 5e-5
    path = PI / 2
    for _ in range(10):
        path = angle_map(path)
    assert path == angle_map(PI / 2, depth=10)


def test_the_ends_of_the_angles_are_exact():
    """Equal inputs stay equal, opposite ones become a right angle; the ratios are 1 and 1/2."""
    ends = [0.0, PI]
    np.testing.assert_allclose(angle_map(ends), [0, PI / 2], rtol=1e-15)
    np.testing.assert_allclose(squared_distance_ratio(ends), [1, 0.5], rtol=1e-15)
    published = squared_distance_ratio([0.5, 1, PI / 2])
    np.testing.assert_allclose(published, [0.894343, 0.791461, 0.681690], atol=5e-7)
    tiny = np.array([1e-310, 1e-300, 1e-20])
    np.testing.assert_allclose(angle_map(tiny), tiny, rtol=1e-12)
    assert (squared_distance_ratio([5e-324, *tiny]) == 1).all()


@given(angles, angles)
@quick
def test_angles_shrink_and_keep_their_order(one, other):
    """The map increases, never enlarges an angle, and ends at π/2 at the latest."""
    low, high = sorted((one, other))
    first, second = angle_map([low, high])
    assert first <= second + 1e-15
    assert first <= low * (1 + 1e-15) + 1e-320
    assert second <= PI / 2 + 1e-15


@given(angles, angles)
@quick
def test_ratio_falls_from_one_to_a_half(one, other):
    """The larger the angle, the more of the distance is lost, but never more than a half."""
    far, near = squared_distance_ratio(sorted((one, other), reverse=True))
    assert 0.5 - 1e-15 <= far <= near + 1e-15 <= 1 + 2e-15


@given(angles)
@quick
def test_ratio_and_angle_say_the_same(theta):
    """With norms kept, the ratio of squared distances is (1 - cos θ') / (1 - cos θ)."""
    left = np.sin(angle_map(theta) / 2) ** 2
    right = squared_distance_ratio(theta) * np.sin(theta / 2) ** 2
    np.testing.assert_allclose(left, right, rtol=1e-14, atol=1e-300)


def test_random_layers_shrink_distances_by_the_ratio():
    """The mean over square He layers is the ratio at every width: 4000 draws of 8 units."""
    rng = np.random.default_rng(11)
    theta = np.array([0.1, 0.5, PI / 2, 2.5, PI])
    x = np.zeros((6, 8))
    x[:5, 0], x[:5, 1], x[5, 0] = np.cos(theta), np.sin(theta), 1.0
    layers = [Layer(weights.he((8, 8), replicas=4000, rng=rng)), Layer(np.eye(8))]
    h = forward(Network(layers, "relu"), x)
    squared = ((h[:, :5] - h[:, 5:]) ** 2).sum(axis=-1) / (2 - 2 * np.cos(theta))
    error = squared.std(axis=0) / np.sqrt(len(squared))
    assert (np.abs(squared.mean(axis=0) - squared_distance_ratio(theta)) < 5 * error).all()


# --- lengths ------------------------------------------------------------------------------------


@pytest.mark.parametrize("q", [1e-8, 1e-3, 1.0, 17.0, 18.0, 1e3, 1e6])
@pytest.mark.parametrize("name", NAMES)
def test_expectations_agree_with_mpmath(name, q):
    """All four are good to 13 digits, by closed form or by quadrature, for short and long."""
    value, slope = EXACT[name]
    found = gaussian_expectations(q, activation=name)
    wanted = mean(value, q)
    np.testing.assert_allclose(found.mean, wanted, rtol=1e-13, atol=1e-15 * min(1, np.sqrt(q)))
    np.testing.assert_allclose(found.square, mean(lambda x: value(x) ** 2, q), rtol=1e-13)
    np.testing.assert_allclose(found.slope, mean(lambda x: slope(x) ** 2, q), rtol=1e-13)
    np.testing.assert_allclose(found.quartic, mean(lambda x: slope(x) ** 4, q), rtol=1e-13)


@pytest.mark.parametrize("scale", [0.5, -3.0])
@pytest.mark.parametrize("what", Moments._fields)
def test_a_line_with_an_offset_has_its_part_of_each_expectation(what, scale):
    """No activation of today tends to one that rises as well; mpmath integrates over the half."""
    line = _Line(offset=0.7, rise=1.3)
    integrand = {
        "mean": lambda value, z: value,
        "square": lambda value, z: value**2,
        "slope": lambda value, z: line.rise**2,
        "quartic": lambda value, z: line.rise**4,
        "growth": lambda value, z: z * value * line.rise / scale,
    }[what]

    def weighted(z):
        return integrand(line.offset + line.rise * scale * z, z) * mpmath.npdf(z)

    wanted = float(mpmath.quad(weighted, [0, 4, 12]))
    found = _mean_over_half(what, line, np.array([scale]))
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_expectations_give_the_known_gains():
    """1 / E φ² at length 1, and what χ₁ is then, to all published digits."""
    gains = {
        "relu": 2.0,
        "leaky_relu": 1.99980002,
        "gelu": 2.351715614,
        "gelu_tanh": 2.351869216,
        "silu": 2.810761124,
        "tanh": 2.536175433,
        "sigmoid": 3.408559842,
        "elu": 1.550518808,
        "softplus": 1.085486503,
        "mish": 2.21071573,
        "hardtanh": 1.937764616,
    }
    slopes = {
        "relu": 1.0,
        "gelu": 1.0720316,
        "silu": 1.0666342,
        "tanh": 1.1778072,
        "elu": 1.0359047,
        "mish": 1.059118,
        "softplus": 0.31845898,
        "sigmoid": 0.15282701,
        "hardtanh": 1.32289,
    }
    for name, gain in gains.items():
        found = gaussian_expectations(activation=name)
        np.testing.assert_allclose(1 / found.square, gain, rtol=3e-9)
        if name in slopes:
            np.testing.assert_allclose(gain * found.slope, slopes[name], rtol=3e-6)


@pytest.mark.parametrize("name", NAMES)
def test_expectations_have_limits(name):
    """At length 0 φ is a line on each side of 0, and far out it is the lines it tends to."""
    phi = ACTIVATIONS[name]
    zero = np.zeros(1)
    sides = np.array([-1e-9, 1e-9])
    found = gaussian_expectations(0.0, activation=name)
    np.testing.assert_allclose(found.mean, phi.value(zero)[0], rtol=1e-14, atol=1e-100)
    np.testing.assert_allclose(found.square, phi.value(zero)[0] ** 2, rtol=1e-14)
    slopes = phi.slope(sides, phi.value(sides))
    np.testing.assert_allclose(found.slope, np.mean(slopes**2), rtol=1e-8)
    np.testing.assert_allclose(found.quartic, np.mean(slopes**4), rtol=1e-8)
    far = np.array([-1e4, 1e4])
    slopes = phi.slope(far, phi.value(far))
    found = gaussian_expectations(1e60, activation=name)
    np.testing.assert_allclose(found.slope, np.mean(slopes**2), rtol=1e-14, atol=1e-20)
    np.testing.assert_allclose(found.square / 1e60, np.mean(slopes**2), rtol=1e-14, atol=1e-20)


@pytest.mark.parametrize("name", NAMES)
def test_lengths_increase_and_so_does_their_border(name):
    """E φ² increases with q, and E φ² / q falls, but for four activations, for which it rises."""
    moments = MOMENTS[name]
    q = np.geomspace(1e-8, 1e8, 4001)
    square, growth = moments.square(q), moments.growth(q)
    assert (growth > 0).all()
    power = q * growth / square
    if name in {"gelu", "gelu_tanh", "silu", "mish"}:
        assert (power > 1 - 1e-12).all()
    else:
        assert (power < 1 + 1e-12).all()
    border = q - square / moments.slope(q)
    known = border > 1e-12 * q
    assert (np.diff(border[known]) > 0).all()


def test_lengths_of_selu_agree_with_the_closed_form():
    """With E e^{kx} over x < 0 known, so is the mean square of selu."""
    q = np.geomspace(0.01, 1e6, 40)
    one, two = (erfcx(k * np.sqrt(q / 2)) / 2 for k in (1, 2))
    wanted = SCALE**2 * (q / 2 + ALPHA**2 * (two - 2 * one + 0.5))
    found = length_map(q, weight_variance=1.0, activation="selu")
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_tanh_of_huge_lengths_is_the_sign():
    """Even at length 1000 the quadrature sees where tanh turns."""
    q = 1e3
    wanted = mean(lambda x: mpmath.tanh(x) ** 2, q)
    np.testing.assert_allclose(
        length_map(q, weight_variance=1.0, activation="tanh"), wanted, rtol=1e-13
    )


def test_selu_keeps_mean_zero_and_variance_one():
    """Length 1 is reproduced, and independent inputs get the correlation (E φ)² = 0."""
    keep = {"weight_variance": 1.0, "activation": "selu"}
    assert abs(length_map(1.0, **keep) - 1) < 1e-13
    assert abs(correlation_map(0.0, 1.0, **keep)) < 1e-13
    end = fixed_point(**keep)
    np.testing.assert_allclose(end.length, 1, rtol=1e-13)
    slope = mean(lambda x: EXACT["selu"][1](x) ** 2, 1)
    np.testing.assert_allclose(end.slope, slope, rtol=1e-13)
    assert end.slope > 1.07


@pytest.mark.parametrize("name", NAMES)
def test_length_zero_is_a_limit(name):
    """Without biases 0 stays 0 if φ(0) = 0; with them their variance is added."""
    wanted = 1.5 * ACTIVATIONS[name].value(np.zeros(1))[0] ** 2
    found = length_map(0.0, weight_variance=1.5, bias_variance=[0.0, 0.2], activation=name)
    np.testing.assert_allclose(found, [wanted, wanted + 0.2], rtol=1e-15, atol=0)


@given(names, lengths, lengths, variances, biases)
@quick
def test_lengths_increase_with_everything(name, q, q2, w, b):
    """A longer input, larger weights or larger biases give longer sums."""
    low, high = sorted((q, q2))
    base = length_map(low, weight_variance=w, bias_variance=b, activation=name)
    longer = length_map(high, weight_variance=w, bias_variance=b, activation=name)
    assert base <= longer * (1 + 1e-13)
    assert base <= length_map(low, weight_variance=2 * w, bias_variance=b, activation=name)
    more = length_map(low, weight_variance=w, bias_variance=b + 1, activation=name)
    np.testing.assert_allclose(more, base + 1, rtol=1e-12)


# --- correlations -------------------------------------------------------------------------------

TOLERANCE = {"tanh": 1e-11, "selu": 1e-8, "elu": 2e-8}


@pytest.mark.parametrize("lengths", [(0.01, 0.01), (1.0, 1.0), (0.5, 3.0), (10.0, 10.0)])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"hardtanh"}))
def test_correlations_agree_with_polar_quadrature(name, lengths):
    """Closed forms and Hermite sums agree with a quadrature that no kink disturbs."""
    phi = ACTIVATIONS[name].value
    angle = np.array([0, 1e-4, 0.01, 0.1, 0.5, 1, PI / 2, 2, 3, 3.14, PI])
    size = [np.sqrt(joint(phi, 0.0, q, q)) for q in lengths]
    wanted = [joint(phi, t, *lengths) / size[0] / size[1] for t in angle]
    found = correlation_map(np.cos(angle), *lengths, weight_variance=1.0, activation=name)
    np.testing.assert_allclose(found, wanted, atol=TOLERANCE.get(name, 1e-13))
    inner = np.abs(np.cos(angle)) < 0.9
    np.testing.assert_allclose(found[inner], np.array(wanted)[inner], atol=5e-14)


@pytest.mark.parametrize("lengths", [(0.01, 0.01), (1.0, 1.0), (0.5, 3.0), (100.0, 90.0)])
@pytest.mark.parametrize("c", [-0.99, -0.5, 0.3, 0.9, 0.999])
def test_correlations_of_hardtanh_agree_with_mpmath(c, lengths):
    """Given z₁, the mean of the other value is known, and one integral is left."""
    q, q2 = lengths

    def given(x):
        """Return E of hardtanh of x plus a normal number."""
        size = mpmath.sqrt(q2 * (1 - mpmath.mpf(c) ** 2))
        low, high = (-1 - x) / size, (1 - x) / size
        middle = mpmath.ncdf(high) - mpmath.ncdf(low)
        ends = mpmath.ncdf(-high) - mpmath.ncdf(low)
        return ends + x * middle + size * (mpmath.npdf(low) - mpmath.npdf(high))

    def integrand(x):
        return min(max(x, -1), 1) * given(c * x * mpmath.sqrt(q2 / mpmath.mpf(q)))

    size = [np.sqrt(gaussian_expectations(each, activation="hardtanh").square) for each in lengths]
    found = correlation_map(c, *lengths, weight_variance=1.0, activation="hardtanh")
    np.testing.assert_allclose(found * size[0] * size[1], mean(integrand, q), rtol=1e-13)


@pytest.mark.parametrize(("q", "c"), [(1.0, 0.9), (4.0, -0.5), (10.0, 0.99)])
def test_the_hermite_sum_of_erf_is_its_closed_form(q, c, monkeypatch):
    """The general way through Hermite polynomials gives what the arcsine gives."""
    pair = {"weight_variance": 1.5, "bias_variance": 0.1}
    wanted = correlation_map(c, q, **pair, activation="erf")
    wanted = wanted * length_map(q, **pair, activation="erf")
    with monkeypatch.context() as patch:
        patch.setitem(ACTIVATIONS, "tanh", ACTIVATIONS["erf"])
        patch.setitem(MOMENTS, "tanh", MOMENTS["erf"])
        found = correlation_map(c, q, **pair, activation="tanh")
        found = found * length_map(q, **pair, activation="tanh")
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_correlations_of_tanh_agree_with_a_grid():
    """For analytic functions a sum over an even grid is exact: c = .6, lengths 1 and 2."""
    h = 0.1
    z = h * np.arange(-90, 91)
    density = h * np.exp(-z * z / 2) / np.sqrt(2 * PI)
    second = np.tanh(np.sqrt(2) * (0.6 * z[:, np.newaxis] + 0.8 * z))
    whole = (density * np.tanh(z)) @ second @ density
    pair = {"weight_variance": 1.3, "bias_variance": 0.2, "activation": "tanh"}
    lengths = length_map([1.0, 2.0], **pair)
    wanted = (1.3 * whole + 0.2) / np.sqrt(lengths[0] * lengths[1])
    found = correlation_map(0.6, 1.0, 2.0, **pair)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


@given(names, correlations, correlations, lengths, variances, biases)
@quick
def test_correlations_are_correlations(name, c, c2, q, w, b):
    """They stay from -1 to 1, equal inputs stay equal, and for c >= 0 the order is kept."""
    pair = {"weight_variance": w, "bias_variance": b, "activation": name}
    low, high = correlation_map(sorted((abs(c), abs(c2))), q, **pair)
    assert low <= high + 1e-13
    assert -1 <= correlation_map(c, q, **pair) <= high + 1 + 1e-13
    np.testing.assert_allclose(correlation_map(1.0, q, **pair), 1, rtol=1e-14)


@given(names, correlations, lengths, lengths, variances, biases)
@quick
def test_correlations_do_not_care_which_input_comes_first(name, c, q, q2, w, b):
    """Two inputs of different lengths may be exchanged."""
    pair = {"weight_variance": w, "bias_variance": b, "activation": name}
    np.testing.assert_allclose(
        correlation_map(c, q, q2, **pair), correlation_map(c, q2, q, **pair), atol=1e-13
    )


@given(st.sampled_from(["tanh", "erf", "identity", "hardtanh"]), correlations, lengths, variances)
@quick
def test_odd_activations_have_odd_correlations(name, c, q, w):
    """Without biases, turning one input around turns its correlation around."""
    pair = {"weight_variance": w, "activation": name}
    np.testing.assert_allclose(
        correlation_map(c, q, **pair), -correlation_map(-c, q, **pair), atol=1e-13
    )


@pytest.mark.parametrize(("name", "wanted"), [("tanh", 0.3), ("relu", None), ("erf", 0.3)])
def test_correlation_of_short_inputs_is_a_limit(name, wanted):
    """Smooth activations are linear at 0 and keep c; relu does at 0 what it does everywhere."""
    pair = {"weight_variance": 1.3, "activation": name}
    if wanted is None:
        wanted = correlation_map(0.3, 1.0, **pair)
    np.testing.assert_allclose(correlation_map(0.3, 0.0, **pair), wanted, rtol=1e-13)


def test_correlation_beyond_one_by_rounding_is_one():
    """The cosine of equal inputs may come out a little above 1, that of opposite ones below -1."""
    beyond = np.array([1 + 4e-16, -1 - 4e-16])
    found = correlation_map(beyond, 1.0, weight_variance=2.0, activation="tanh")
    np.testing.assert_allclose(found, [1, -1], rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_sums_of_a_random_network_have_these_moments(name):
    """Mean products of the sums of a second layer are the two maps, at every width."""
    rng = np.random.default_rng(7)
    q, q2, c, w, b = 1.5, 0.7, 0.4, 1.6, 0.3
    replicas, features, units = 3000, 3, 40
    x = np.zeros((2, features))
    x[0, 0] = np.sqrt(q)
    x[1, :2] = np.sqrt(q2) * c, np.sqrt(q2) * np.sqrt(1 - c * c)
    first = rng.standard_normal((replicas, units, features))
    second = rng.standard_normal((replicas, 4, units)) * np.sqrt(w / units)
    bias = rng.standard_normal((replicas, 4)) * np.sqrt(b)
    z = forward(Network([Layer(first), Layer(second, bias)], name), x)
    products = np.stack([z[:, 0] ** 2, z[:, 1] ** 2, z[:, 0] * z[:, 1]]).mean(axis=-1)
    error = products.std(axis=1) / np.sqrt(replicas)
    lengths = length_map([q, q2], weight_variance=w, bias_variance=b, activation=name)
    cosine = correlation_map(c, q, q2, weight_variance=w, bias_variance=b, activation=name)
    wanted = [*lengths, cosine * np.sqrt(lengths.prod())]
    assert (np.abs(products.mean(axis=1) - wanted) < 5 * error).all()


# --- fixed points -------------------------------------------------------------------------------


def test_published_fixed_points_of_tanh():
    """q*, c* and χ₁ of tanh in order, in chaos, deep in chaos and for the popular gain 5/3."""
    w = [1.3, 2.5, 4.0]
    end = fixed_point(weight_variance=w, bias_variance=0.05, activation="tanh")
    np.testing.assert_allclose(end.length[:2], [0.3153165, 1.0639584], atol=5e-8)
    np.testing.assert_allclose(end.slope[:2], [0.8801635, 1.1335157], atol=5e-8)
    np.testing.assert_allclose(end.correlation, [1, 0.4468042, 0.1650650], atol=5e-8)
    popular = fixed_point(weight_variance=25 / 9, activation="tanh")
    np.testing.assert_allclose([popular.length, popular.slope], [1.1784805, 1.2098], atol=5e-5)
    assert abs(popular.correlation) < 1e-13


@given(names, variances, biases, st.floats(1e-3, 1e3))
@quick
def test_fixed_points_are_fixed(name, w, b, start):
    """Both maps return what `fixed_point` gives them, where there is something to give."""
    pair = {"weight_variance": w, "bias_variance": b, "activation": name}
    end = fixed_point(**pair, start=start)
    if np.isinf(end.length):
        assert (length_map([start, 10 * start, 1e9], **pair) >= [start, 10 * start, 1e9]).all()
    elif end.length == 0:
        assert length_map(0.0, **pair) == 0
        assert length_map(start, **pair) < start
    else:
        assert np.isclose(length_map(end.length, **pair), end.length, rtol=1e-12, atol=0)
    if np.isfinite(end.correlation) and 0 < end.length < np.inf:
        assert (end.correlation < 1) == (end.slope > 1)
        found = correlation_map(end.correlation, end.length, **pair)
        np.testing.assert_allclose(found, end.correlation, rtol=1e-12, atol=1e-7)


@given(names, variances, biases, st.floats(1e-3, 1e3))
@quick
def test_lengths_do_not_pass_the_fixed_point(name, w, b, start):
    """Between the start and the end each layer brings the length nearer to the end."""
    pair = {"weight_variance": w, "bias_variance": b, "activation": name}
    end = float(fixed_point(**pair, start=start).length)
    low, high = sorted((start, min(max(end, 1e-9), 1e9)))
    q = np.geomspace(low, high, 30)[1:-1]
    change = length_map(q, **pair) - q
    assert (change * np.sign(end - start) >= -1e-12 * q).all()


@pytest.mark.parametrize(
    ("name", "w"),
    [
        ("tanh", 1.2),
        ("tanh", 2.5),
        ("erf", 2.0),
        ("selu", 1.5),
        ("gelu", 1.5),
        ("softplus", 1.2),
        ("sigmoid", 9.0),
        ("hardtanh", 2.0),
        ("leaky_relu", 1.5),
    ],
)
def test_depth_leads_to_the_fixed_point(name, w):
    """From a long and a short input at a right angle, 250 layers lead to q* and c*."""
    pair = {"weight_variance": w, "bias_variance": 0.04, "activation": name}
    q, q2, c = 3.0, 0.1, 0.0
    for _ in range(250):
        c = correlation_map(c, q, q2, **pair)
        q, q2 = length_map([q, q2], **pair)
    end = fixed_point(**pair)
    np.testing.assert_allclose([q, q2], end.length, rtol=1e-6)
    np.testing.assert_allclose(c, end.correlation, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("gelu", 2, 4), ("silu", 2, 4), ("mish", 2, 2.77)]
)
def test_some_activations_have_an_unstable_length(name, low, high):
    """Without biases and between two weight variances, short inputs vanish and long ones grow."""
    w = np.linspace(low + 0.01, high - 0.01, 7)
    q = np.geomspace(1e-8, 1e8, 2001)
    change = w[:, np.newaxis] * gaussian_expectations(q, activation=name).square - q
    turns = np.diff(np.sign(change)).astype(bool)
    assert (turns.sum(axis=1) == 1).all()
    at = q[turns.argmax(axis=1)]
    for factor, wanted in ((0.9, 0), (1.1, np.inf)):
        end = fixed_point(weight_variance=w, activation=name, start=factor * at)
        assert (end.length == wanted).all()
        assert np.isnan(end.correlation).all()
    for outside, wanted in ((low - 0.01, 0), (high + 0.01, np.inf)):
        end = fixed_point(weight_variance=outside, activation=name, start=[1e-6, 1.0, 1e6])
        assert (end.length == wanted).all()


def test_a_start_on_an_unstable_length_is_kept():
    """With the gain that keeps the mean square 1 of gelu, 1 is a fixed point that is left."""
    gain = 1 / gaussian_expectations(activation="gelu").square
    at = {"weight_variance": gain, "activation": "gelu"}
    end = fixed_point(**at)
    assert end.length == 1
    np.testing.assert_allclose(end.slope, 1.0720316, rtol=1e-7)
    assert 0 < end.correlation < 1
    assert np.isnan(depth_scales(**at).length)
    assert fixed_point(**at, start=0.99).length == 0
    assert fixed_point(**at, start=1.01).length == np.inf


def test_small_biases_give_gelu_a_short_stable_and_a_long_unstable_length():
    """From below and between lengths tend to the short one, from above they grow without end."""
    at = {"weight_variance": 2.2, "bias_variance": 0.02, "activation": "gelu"}
    q = np.geomspace(1e-4, 1e4, 100001)
    change = length_map(q, **at) - q
    short, long = q[np.flatnonzero(np.diff(np.sign(change)))]
    end = fixed_point(**at, start=[1e-3, 0.99 * long, 1.01 * long])
    np.testing.assert_allclose(end.length[:2], short, rtol=2e-4)
    assert end.length[2] == np.inf


def test_correlations_of_vanishing_inputs_come_to_rest_anywhere():
    """From .2 and .6 those of erf reach two different numbers, so that c* is nan."""
    at = {"weight_variance": 0.5, "activation": "erf"}
    c, q = np.array([0.2, 0.6]), np.float64(1.0)
    for _ in range(200):
        c, q = correlation_map(c, q, **at), length_map(q, **at)
    assert abs(c[0] - 0.179) < 5e-4
    assert c[1] > 0.5
    assert fixed_point(**at).length == 0
    assert np.isnan(fixed_point(**at).correlation)
    assert np.isnan(depth_scales(**at).correlation)


@pytest.mark.parametrize(("w", "b"), [(1.0, 0.0), (2.0, 0.0), (2.5, 0.05), (3.0, 0.0)])
def test_relu_merges_inputs_at_each_variance_and_slowly(w, b):
    """1 - c falls like a power of the depth: four times less for twice as many layers."""
    at = {"weight_variance": w, "bias_variance": b, "activation": "relu"}
    c, q, seen = np.float64(0.2), np.float64(1.0), []
    for _ in range(800):
        c, q = correlation_map(c, q, **at), length_map(q, **at)
        seen.append(1 - c)
    assert 3.7 < seen[399] / seen[799] < 4.1
    assert fixed_point(**at).correlation == 1
    assert depth_scales(**at).correlation == np.inf


def test_slope_is_that_of_the_correlation_map_at_one():
    """χ₁ is the limit of (1 - c') / (1 - c), of order h for smooth activations."""
    h = 1e-5
    for name in ("tanh", "erf", "gelu", "silu", "softplus", "identity"):
        pair = {"weight_variance": 0.9, "bias_variance": 0.3, "activation": name}
        end = fixed_point(**pair)
        quotient = (1 - correlation_map(1 - h, end.length, **pair)) / h
        np.testing.assert_allclose(quotient, end.slope, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "w", "b", "wanted"),
    [
        ("relu", 1.5, 0.1, (0.4, 1, 0.75)),
        ("relu", 2.0, 0.0, (1, 1, 1)),
        ("relu", 2.0, 0.1, (np.inf, 1, 1)),
        ("relu", 2.5, 0.0, (np.inf, 1, 1.25)),
        ("leaky_relu", 2 / 1.0001, 0.0, (1, 1, 1)),
        ("identity", 0.5, 1.0, (2, 1, 0.5)),
        ("identity", 1.0, 0.0, (1, np.nan, 1)),
        ("identity", 1.5, 0.0, (np.inf, np.nan, 1.5)),
        ("selu", 2.0, 0.0, (np.inf, np.nan, SCALE**2)),
        ("selu", 2.0, 0.5, (np.inf, np.nan, SCALE**2)),
        ("selu", 0.4, 0.0, (0, np.nan, 0.4 * SCALE**2 * (1 + ALPHA**2) / 2)),
        ("tanh", 0.9, 0.0, (0, np.nan, 0.9)),
        ("tanh", 1.0, 0.0, (0, np.nan, 1)),
        ("hardtanh", 0.9, 0.0, (0, np.nan, 0.9)),
        ("erf", PI / 4, 0.0, (0, np.nan, 1)),
        ("gelu", 2.0, 0.0, (0, np.nan, 0.5)),
        ("silu", 4.5, 0.0, (np.inf, np.nan, 2.25)),
        ("softplus", 2.0, 0.0, (np.inf, np.nan, 1)),
    ],
)
def test_where_lengths_vanish_grow_or_stay(name, w, b, wanted):
    """The borders: nothing is left, there is no end, or every length is kept and 1 stands in."""
    found = fixed_point(weight_variance=w, bias_variance=b, activation=name)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_correlations_just_above_the_border_keep_their_digits():
    """With χ₁ = 1 + ε the fixed point is 1 - ε (2 / f'') + ..., down to ε of 4e-11."""
    border = critical_weight_variance(0.05, activation="tanh")
    step = np.array([1e-10, 1e-8, 1e-5, 1e-3])
    end = fixed_point(weight_variance=border * (1 + step), bias_variance=0.05, activation="tanh")
    ratio = (1 - end.correlation) / (end.slope - 1)
    np.testing.assert_allclose(ratio, ratio[1], rtol=1e-2)


# --- criticality --------------------------------------------------------------------------------


def test_published_borders_of_tanh():
    """The values of Schoenholz et al. and of the site's table."""
    bias = [0.0, 2.01e-5, 0.0025, 0.05, 0.09]
    wanted = [1.0, 1.0499956, 1.2600938, 1.7609546, 1.9476546]
    np.testing.assert_allclose(critical_weight_variance(bias, activation="tanh"), wanted, atol=5e-8)


def test_border_of_erf_has_a_closed_form():
    """σ_w² = (π/4) √(1 + 4q), σ_b² = q - σ_w² (2/π) arcsin(2q / (1 + 2q)), from π/4 on."""
    q = np.array([0.0, 0.1, 1.0, 3.0, 30.0])
    w = PI / 4 * np.sqrt(1 + 4 * q)
    b = q - w * 2 / PI * np.arcsin(2 * q / (1 + 2 * q))
    np.testing.assert_allclose(critical_weight_variance(b, activation="erf"), w, rtol=1e-13)


def test_border_of_tanh_agrees_with_mpmath():
    """σ_w² = 1 / E φ'² and σ_b² = q - E φ² / E φ'², computed to 20 digits."""
    value, slope = EXACT["tanh"]
    for q in (0.2, 2.0):
        w = 1 / mean(lambda x: slope(x) ** 2, q)
        b = q - w * mean(lambda x: value(x) ** 2, q)
        np.testing.assert_allclose(critical_weight_variance(b, activation="tanh"), w, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"sigmoid", "softplus"}))
def test_border_begins_where_small_inputs_are_kept(name):
    """Without biases it is 1 / φ'(0)², or with a kink 1 over the mean of the two slopes squared."""
    phi, sides = ACTIVATIONS[name], np.array([-1e-9, 1e-9])
    slopes = phi.slope(sides, phi.value(sides))
    found = critical_weight_variance(0.0, activation=name)
    np.testing.assert_allclose(found, 1 / np.mean(slopes**2), rtol=1e-8)


BENT = sorted(set(NAMES) - {"identity", "relu", "leaky_relu", "softplus"})


@given(st.sampled_from(BENT), st.floats(1e-3, 1e4))
@quick
def test_the_border_solves_both_equations(name, q):
    """With χ₁ = 1 at the length q, a bias variance that makes q a fixed point leads back to q."""
    found = gaussian_expectations(q, activation=name)
    w = 1 / found.slope
    b = q - w * found.square
    if b < 1e-14 * q:
        return
    border = critical_weight_variance(b, activation=name)
    np.testing.assert_allclose(border, w, rtol=1e-12 + 1e-15 * q / b)
    there = fixed_point(weight_variance=w, bias_variance=b, activation=name, start=q)
    np.testing.assert_allclose(there.slope, 1, rtol=1e-12)


@given(st.sampled_from(["tanh", "erf", "elu", "selu", "hardtanh"]), st.floats(1e-6, 50))
@quick
def test_at_the_border_the_slope_is_one(name, b):
    """Where each length tends to one, χ₁ is less than 1 below the border and more above."""
    border = critical_weight_variance(b, activation=name)
    at = [0.99 * border, border, 1.01 * border]
    below, there, above = fixed_point(weight_variance=at, bias_variance=b, activation=name).slope
    assert abs(there - 1) < 1e-11
    assert below < 1 < above


@pytest.mark.parametrize(
    ("name", "bias", "weight", "length"),
    [
        ("gelu", 0.17292239, 1.98305826, (3 + np.sqrt(17)) / 2),
        ("silu", 0.55514317, 1.98800468, 14.32017362),
    ],
)
def test_half_stable_borders(name, bias, weight, length):
    """Where both slopes are 1 at once: from there on the border's length is stable."""
    np.testing.assert_allclose(critical_weight_variance(bias, activation=name), weight, rtol=5e-9)
    q = np.array([length])
    moments = MOMENTS[name]
    np.testing.assert_allclose(moments.growth(q), moments.slope(q), rtol=1e-8)
    for factor, stable in ((0.5, False), (2.0, True)):
        q = factor * length
        found = gaussian_expectations(q, activation=name)
        pair = {"weight_variance": 1 / found.slope, "activation": name}
        pair["bias_variance"] = q - found.square / found.slope
        near = fixed_point(**pair, start=[0.99 * q, 1.01 * q]).length
        assert np.allclose(near, q, rtol=1e-9) == stable


def test_softplus_has_no_border_and_that_of_sigmoid_begins_high():
    """Its mean shrinks all differences, whatever the variances."""
    assert np.isnan(critical_weight_variance([0.0, 1.0, 100.0], activation="softplus")).all()
    w = critical_weight_variance(0.0, activation="sigmoid")
    np.testing.assert_allclose(w, 103.00755386, rtol=1e-9)
    np.testing.assert_allclose(fixed_point(weight_variance=w, activation="sigmoid").slope, 1)


def test_border_of_relu_does_not_depend_on_biases():
    """2 for relu and 1 for identity, at each bias variance, as lengths are kept there."""
    b = np.array([0.0, 0.1, 7.0])
    assert (critical_weight_variance(b, activation="relu") == 2).all()
    assert (critical_weight_variance(b, activation="identity") == 1).all()


@pytest.mark.parametrize("w", [1.5, 2.5])
def test_relu_merges_on_both_sides_of_two(w):
    """Also where χ₁ is 1.25, as lengths grow without end there and biases count ever less."""
    pair = {"weight_variance": w, "bias_variance": 0.05, "activation": "relu"}
    c, q = 0.2, 1.0
    for _ in range(200):
        c, q = correlation_map(c, q, **pair), length_map(q, **pair)
    assert c > 0.999
    assert fixed_point(**pair).slope == w / 2


def test_tanh_on_its_border_keeps_correlations():
    """With weight variance 1 and no biases q falls like 1 / (2 depth), and c hardly moves."""
    c, q = 0.2, 1.0
    for _ in range(200):
        c = correlation_map(c, q, weight_variance=1.0, activation="tanh")
        q = length_map(q, weight_variance=1.0, activation="tanh")
    np.testing.assert_allclose(c, 0.1714, atol=2e-4)
    np.testing.assert_allclose(200 * q, 0.5, atol=0.01)


# --- depth scales -------------------------------------------------------------------------------


def test_published_depth_scales_of_tanh():
    """ξ_c in order, in chaos and deep in chaos, and ξ_q."""
    scales = depth_scales(weight_variance=[1.3, 2.5, 4.0], bias_variance=0.05, activation="tanh")
    np.testing.assert_allclose(scales.correlation, [7.8341, 11.7956, 6.9803], atol=5e-5)
    np.testing.assert_allclose(scales.length[0], 1.7852, atol=5e-5)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"identity"}))
@pytest.mark.parametrize("w", [0.6, 1.7])
def test_scales_are_those_of_the_maps(name, w):
    """The slopes of the two maps at their fixed points, by difference quotients."""
    pair = {"weight_variance": w, "bias_variance": 0.04, "activation": name}
    end, scales, h = fixed_point(**pair), depth_scales(**pair), 1e-5
    steps = length_map(end.length * np.array([1 - h, 1 + h]), **pair)
    slope = (steps[1] - steps[0]) / (2 * h * end.length)
    np.testing.assert_allclose(np.exp(-1 / scales.length), slope, rtol=1e-8)
    if end.correlation < 1:
        steps = correlation_map(end.correlation + np.array([-h, h]), end.length, **pair)
        slope = (steps[1] - steps[0]) / (2 * h)
        np.testing.assert_allclose(np.exp(-1 / scales.correlation), slope, rtol=1e-6)
    else:
        np.testing.assert_allclose(np.exp(-1 / scales.correlation), end.slope, rtol=1e-13)


def test_scales_agree_with_mpmath_and_with_a_double_integral():
    """-1 / ln of σ_w² E[φ'² + φ φ''] at q*, and of σ_w² E φ'(u₁) φ'(u₂) at q* and c*."""
    w, pair = 2.5, {"weight_variance": 2.5, "bias_variance": 0.05, "activation": "tanh"}
    end, scales = fixed_point(**pair), depth_scales(**pair)

    def bend(x):
        value, slope = mpmath.tanh(x), mpmath.sech(x) ** 2
        return slope**2 - 2 * value**2 * slope

    wanted = -1 / np.log(w * mean(bend, end.length))
    np.testing.assert_allclose(scales.length, wanted, rtol=1e-12)
    slope = joint(lambda x: 1 / np.cosh(x) ** 2, np.arccos(end.correlation), *[end.length] * 2)
    np.testing.assert_allclose(scales.correlation, -1 / np.log(w * slope), rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "w", "b", "length", "correlation"),
    [
        ("relu", 1.0, 0.1, 1 / np.log(2), 1 / np.log(2)),
        ("relu", 2.0, 0.0, np.inf, np.inf),
        ("relu", 3.0, 0.0, np.nan, np.inf),
        ("relu", 1.0, 0.0, 1 / np.log(2), np.inf),
        ("relu", 2.5, 0.05, np.nan, np.inf),
        ("leaky_relu", 2.0, 0.1, np.nan, np.inf),
        ("identity", 1.0, 0.0, np.inf, np.nan),
        ("tanh", 1.0, 0.0, np.inf, np.nan),
        ("tanh", 0.5, 0.0, 1 / np.log(2), np.nan),
        ("erf", PI / 8, 0.0, 1 / np.log(2), np.nan),
        ("selu", 2.0, 0.0, np.nan, np.nan),
    ],
)
def test_scales_at_the_borders(name, w, b, length, correlation):
    """Infinite at criticality or for a power of the depth, nan where there is no fixed point."""
    found = depth_scales(weight_variance=w, bias_variance=b, activation=name)
    np.testing.assert_allclose(found, (length, correlation), rtol=1e-13)


def test_scale_of_correlations_diverges_at_the_border():
    """Close to the border from either side ξ_c is 1 / |χ₁ - 1|, while ξ_q stays a few layers."""
    step = np.array([-1e-4, -1e-8, 1e-8, 1e-4])
    border = critical_weight_variance(0.05, activation="tanh")
    pair = {"weight_variance": border * (1 + step), "bias_variance": 0.05, "activation": "tanh"}
    end, scales = fixed_point(**pair), depth_scales(**pair)
    np.testing.assert_allclose(scales.correlation * np.abs(end.slope - 1), 1, rtol=1e-3)
    assert (scales.length < 10).all()


# --- Jacobians ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "w", "orthogonal", "variance"),
    [
        ("identity", 1.0, False, 8),
        ("identity", 1.0, True, 0),
        ("relu", 2.0, False, 16),
        ("relu", 2.0, True, 8),
    ],
)
def test_rows_of_the_table_of_pennington(name, w, orthogonal, variance):
    """L, 0, 2 L, L for linear and relu networks with Gaussian and orthogonal weights."""
    found = jacobian_moments(8, weight_variance=w, activation=name, orthogonal=orthogonal)
    np.testing.assert_allclose(found, (1, variance), rtol=1e-14, atol=1e-14)


def test_moments_of_tanh_agree_with_mpmath():
    """χ₁ᴸ and L (μ₂ / μ₁² - 1 - s₁) with μ_k to 20 digits, at the fixed point."""
    pair = {"weight_variance": 2.0, "bias_variance": 0.05, "activation": "tanh"}
    end = fixed_point(**pair)
    mu = [mean(lambda x, k=k: mpmath.sech(x) ** (4 * k), end.length) for k in (1, 2)]
    for orthogonal in (False, True):
        found = jacobian_moments(5, **pair, orthogonal=orthogonal)
        wanted = ((2 * mu[0]) ** 5, 5 * (mu[1] / mu[0] ** 2 - orthogonal))
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    np.testing.assert_allclose(found.mean, end.slope**5, rtol=1e-13)


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize(("name", "w"), [("relu", 2.0), ("identity", 1.0), ("tanh", 2.0)])
def test_random_networks_have_these_jacobians(name, w, orthogonal):
    """40 networks of width 120 and depth 4 agree up to 10 % and 3 L / N of finite width."""
    rng = np.random.default_rng(5)
    depth = 4
    draw = weights.orthogonal if orthogonal else weights.gaussian
    scale = {"gain": np.sqrt(w)} if orthogonal else {"std": np.sqrt(w / 120)}
    layers = [Layer(draw((120, 120), replicas=40, rng=rng, **scale)) for _ in range(depth)]
    layers.append(Layer(np.eye(120)))
    q = fixed_point(weight_variance=w, activation=name).length
    x = rng.standard_normal((1, 120))
    x *= np.sqrt(120 * q / w) / np.linalg.norm(x)
    squares = np.linalg.svdvals(jacobian(Network(layers, name), x))[:, 0] ** 2
    wanted = jacobian_moments(depth, weight_variance=w, activation=name, orthogonal=orthogonal)
    slack = 0.1 + 3 * depth / 120
    first, second = squares.mean(), (squares**2).mean()
    np.testing.assert_allclose(first, wanted.mean, rtol=slack)
    found = second / first**2 - 1
    np.testing.assert_allclose(found, wanted.variance, rtol=2 * slack, atol=1e-12)


def test_moments_without_a_fixed_length_are_those_of_long_inputs():
    """Where lengths grow without end selu is relu, times its scale."""
    found = jacobian_moments(3, weight_variance=2.0, activation="selu")
    wanted = jacobian_moments(3, weight_variance=2 * SCALE**2, activation="relu")
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


# --- shapes -------------------------------------------------------------------------------------


def test_arrays_broadcast_and_single_numbers_stay_single():
    """Each entry is what it is alone, over more entries than one block holds."""
    w, b = np.linspace(0.5, 4, 90), np.linspace(0, 0.5, 70)[:, np.newaxis]
    grid = {"weight_variance": w, "bias_variance": b, "activation": "tanh"}
    end, scales = fixed_point(**grid), depth_scales(**grid)
    assert end.length.shape == scales.correlation.shape == (70, 90)
    for i, j in ((0, 0), (3, 80), (40, 89), (69, 5)):
        alone = {"weight_variance": w[j], "bias_variance": b[i, 0], "activation": "tanh"}
        np.testing.assert_allclose([e[i, j] for e in end], fixed_point(**alone), rtol=1e-9)
        np.testing.assert_allclose([e[i, j] for e in scales], depth_scales(**alone), rtol=1e-7)
    c = np.linspace(-1, 1, 5)[:, np.newaxis]
    table = correlation_map(c, [1.0, 2.0], [3.0, 0.5], weight_variance=1.5, activation="tanh")
    assert table.shape == (5, 2)
    single = correlation_map(c[1, 0], 2.0, 0.5, weight_variance=1.5, activation="tanh")
    np.testing.assert_allclose(table[1, 1], single, rtol=1e-13)
    for number in (
        single,
        angle_map(1.0),
        length_map(1, weight_variance=1, activation="tanh"),
        *fixed_point(weight_variance=1, activation="tanh"),
    ):
        assert isinstance(number, np.float64)
    assert angle_map(np.float32([[1.0]])).dtype == np.float64
    moments = jacobian_moments(2, weight_variance=w, bias_variance=b, activation="erf")
    assert moments.mean.shape == moments.variance.shape == (70, 90)
    assert critical_weight_variance(b, activation="tanh").shape == (70, 1)


# --- errors -------------------------------------------------------------------------------------

TANH = {"activation": "tanh"}
GOOD = {"weight_variance": 1.5, "bias_variance": 0.1, "activation": "tanh"}
WRONG = [
    (angle_map, (4.0,), {}, ValueError, "theta must be from 0 to pi, got 4"),
    (angle_map, (-0.1,), {}, ValueError, "theta must be from 0 to pi, got -0.1"),
    (angle_map, ("a",), {}, TypeError, "theta must be an array of real numbers"),
    (angle_map, (np.nan,), {}, ValueError, "theta must be finite, got nan"),
    (angle_map, ([],), {}, ValueError, "theta must be an array with no empty"),
    (angle_map, (1.0,), {"depth": 0}, ValueError, "depth must be a whole number of at least 1"),
    (angle_map, (1.0,), {"depth": 1.5}, TypeError, "depth must be a whole number of at least 1"),
    (squared_distance_ratio, (4.0,), {}, ValueError, "theta must be from 0 to pi, got 4"),
    (squared_distance_ratio, ([0, np.inf],), {}, ValueError, "theta must be finite, got inf"),
    (length_map, (-1.0,), GOOD, ValueError, "q must be at least 0, got -1"),
    (length_map, (1j,), GOOD, TypeError, "q must be an array of real numbers"),
    (
        length_map,
        (np.ones(2),),
        TANH | {"weight_variance": np.ones(3)},
        ValueError,
        "q, weight_variance, bias_variance must have shapes that broadcast, got (2,), (3,), ()",
    ),
    (correlation_map, (1.1, 1.0), GOOD, ValueError, "c must be from -1 to 1, got 1.1"),
    (correlation_map, (0.5, -1.0), GOOD, ValueError, "q must be at least 0, got -1"),
    (correlation_map, (0.5, 1.0, -2.0), GOOD, ValueError, "q2 must be at least 0, got -2"),
    (
        correlation_map,
        ([0.5, 0.6], 1.0, [1.0, 2.0, 3.0]),
        GOOD,
        ValueError,
        "c, q, q2, weight_variance, bias_variance must have shapes that broadcast, got (2,), ()",
    ),
    (
        critical_weight_variance,
        (-1.0,),
        TANH,
        ValueError,
        "bias_variance must be at least 0, got -1",
    ),
    (jacobian_moments, (0,), GOOD, ValueError, "depth must be a whole number of at least 1, got 0"),
    (
        jacobian_moments,
        (2,),
        GOOD | {"orthogonal": 1},
        TypeError,
        "orthogonal must be True or False, got 1",
    ),
]


@pytest.mark.parametrize(("function", "args", "options", "error", "text"), WRONG)
def test_wrong_arguments_are_named(function, args, options, error, text):
    """The sentence names the argument, what it must be and what came."""
    with pytest.raises(error, match=f"^{re.escape(text)}"):
        function(*args, **options)


LISTED = ", ".join(map(repr, ACTIVATIONS))
ALL = [
    (length_map, (1.0,)),
    (correlation_map, (0.5, 1.0)),
    (fixed_point, ()),
    (depth_scales, ()),
    (jacobian_moments, (2,)),
]


@pytest.mark.parametrize(("function", "args"), ALL)
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"weight_variance": 0.0}, "weight_variance must be above 0, got 0"),
        ({"weight_variance": [1.0, -2.0]}, "weight_variance must be above 0, got -2"),
        ({"weight_variance": np.inf}, "weight_variance must be finite, got inf"),
        ({"bias_variance": -0.1}, "bias_variance must be at least 0, got -0.1"),
        ({"bias_variance": np.nan}, "bias_variance must be finite, got nan"),
        ({"activation": "swish"}, f"activation must be one of {LISTED}, got 'swish'"),
        ({"activation": None}, f"activation must be one of {LISTED}, got None"),
    ],
)
def test_wrong_variances_and_activations_are_named(function, args, options, text):
    """Each function that takes them says the same."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        function(*args, **(GOOD | options))


@pytest.mark.parametrize("function", [critical_weight_variance, gaussian_expectations])
def test_unknown_activations_are_named(function):
    """The message lists the activations."""
    with pytest.raises(ValueError, match=rf"^activation must be one of {LISTED}, got 'swish'"):
        function(1.0, activation="swish")


@pytest.mark.parametrize(("function", "args"), [*ALL, (gaussian_expectations, ())])
def test_no_activation_is_assumed(function, args):
    """A call that does not say the activation is refused."""
    variances = {} if function is gaussian_expectations else {"weight_variance": 1.5}
    with pytest.raises(TypeError, match="activation"):
        function(*args, **variances)


@pytest.mark.parametrize(("function", "args"), ALL[2:])
def test_a_start_is_above_zero(function, args):
    """From length 0 nothing begins."""
    with pytest.raises(ValueError, match=r"^start must be above 0, got 0"):
        function(*args, **GOOD, start=[1.0, 0.0])


def test_mismatched_variances_are_named():
    """Shapes that do not broadcast are told with the names of the arguments."""
    text = "weight_variance, bias_variance, start must have shapes that broadcast, got (2,), (3,)"
    for function, args in ALL[2:]:
        with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
            function(*args, **TANH, weight_variance=[1, 2], bias_variance=[0, 0, 0])


@pytest.mark.parametrize("q", [0.9e3, 1.1e3, 1e5, 1e8, 1e12, 1e20])
@pytest.mark.parametrize("power", [2, 4])
def test_slopes_of_tanh_at_great_lengths_are_those_of_exact_integrals(q, power):
    """All that is not 0 lies near 0 there, where a rule for all numbers has too few nodes."""
    expected = gaussian_expectations(q, activation="tanh")
    found = expected.slope if power == 2 else expected.quartic

    def integrand(u):
        return mpmath.sech(u) ** (2 * power) * mpmath.exp(-u * u / (2 * q))

    wanted = 2 * mpmath.quad(integrand, [0, 2, 5, 10, 20, 40]) / mpmath.sqrt(2 * mpmath.pi * q)
    assert found == pytest.approx(float(wanted), rel=1e-11)


def test_a_slope_that_rounds_below_zero_is_a_scale_of_zero():
    """At great lengths a change of the length is forgotten in one layer."""
    scales = depth_scales(weight_variance=1.5, bias_variance=4e14, activation="tanh")
    assert scales.length == pytest.approx(0, abs=0.1)
    assert not np.isnan(scales.correlation)
