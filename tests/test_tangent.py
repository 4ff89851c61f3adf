"""Tangent kernels: the limits, the finite networks, and how the two meet."""

import functools
import itertools
import json
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.stats import ortho_group

from symlib.gram import convergence_bound, limit_gram, relu_gram
from symlib.network import Layer, Network, forward
from symlib.tangent import empirical_tangent_kernel, linearized_residuals, wide_kernels
from symlib.training import descend

PEER = json.loads(
    (Path(__file__).parent / "data" / "neural_tangents.json").read_text(encoding="utf-8")
)
EPS = np.finfo(float).eps
seeds = st.integers(0, 2**32 - 1)
relu = functools.partial(wide_kernels, activation="relu", weight_variance=2.0)


def gaussian(seed, *shape):
    """Draw a normal array."""
    return np.random.default_rng(seed).standard_normal(shape)


def on_sphere(seed, samples, features):
    """Draw unit inputs."""
    x = gaussian(seed, samples, features)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def at_angle(angle):
    """Return two unit inputs at an angle, as exact as doubles can be."""
    return np.array([[1.0, 0.0], [math.cos(angle), math.sin(angle)]])


def least(matrix):
    """Return the least eigenvalue."""
    return np.linalg.eigvalsh(matrix)[0]


def network(seed, widths, activation, *, replicas=(), biases=True):
    """Draw a network with the given widths."""
    rng = np.random.default_rng(seed)
    layers = []
    for fan_in, fan_out in itertools.pairwise(widths):
        weight = rng.standard_normal((*replicas, fan_out, fan_in)) / math.sqrt(fan_in)
        bias = rng.standard_normal((*replicas, fan_out)) / 3
        layers.append(Layer(weight, bias if biases else None))
    return Network(layers, activation)


def two_layers(weight, signs):
    """Return the network of Du et al., f(x) = m^(-1/2) Σ a_r relu(w_r·x)."""
    units = weight.shape[-2]
    second = np.broadcast_to(signs / math.sqrt(units), (*weight.shape[:-2], 1, units))
    return Network([Layer(weight), Layer(second)], "relu")


def on_cores(monkeypatch, count):
    """Let the library find that many cores."""
    monkeypatch.setattr(os, "process_cpu_count", lambda: count, raising=False)


# --- kernels of infinitely wide networks -------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    PEER["cases"],
    ids=lambda c: f"{c['activation']}-{c['depth']}-{c['weight_variance']}-{c['bias_variance']}",
)
def test_kernels_agree_with_neural_tangents(case):
    """Both kernels are those of neural-tangents, up to rounding."""
    options = {k: v for k, v in case.items() if k not in ("nngp", "ntk")}
    kernels = wide_kernels(PEER["x1"], PEER["x2"], **options)
    np.testing.assert_allclose(kernels.network, case["nngp"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(kernels.tangent, case["ntk"], rtol=0, atol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_one_layer_is_the_mean_over_a_gaussian_plane(activation):
    """A double integral over the normal density gives the same covariance."""
    x = np.array([[0.3, -1.2], [0.9, 0.4]])
    phi = {"relu": lambda t: max(t, 0.0), "erf": math.erf}[activation]
    root = np.linalg.cholesky(x @ x.T / 2 + 0.1)

    def integrand(b, a):
        z = root @ (a, b)
        return phi(z[0]) * phi(z[1]) * math.exp(-(a * a + b * b) / 2) / (2 * math.pi)

    mean, _ = dblquad(integrand, -8, 8, -8, 8, epsabs=1e-7)
    found = wide_kernels(
        x, depth=1, activation=activation, weight_variance=1.3, bias_variance=0.1
    ).network
    np.testing.assert_allclose(found[0, 1], 1.3 * mean + 0.1, atol=1e-5)


def test_one_relu_layer_adds_the_limit_of_du_et_al():
    """The share of the first weights is 2 / features times the limit of the Gram matrix."""
    x = gaussian(19, 6, 3)
    kernels = relu(x, depth=1)
    np.testing.assert_allclose(kernels.tangent - kernels.network, limit_gram(x) * 2 / 3, atol=1e-14)


def precisely(x, y, activation, depth, variances):
    """Work out the recursion from its definition, to 120 digits."""
    mpmath = pytest.importorskip("mpmath", reason="mpmath is the oracle of this test").mp.clone()
    mpmath.dps = 120
    v, b = (mpmath.mpf(one) for one in variances)
    x, y = ([mpmath.mpf(float(one)) for one in row] for row in (x, y))
    xx, yy, xy = (mpmath.fdot(*pair) / len(x) + b for pair in ((x, x), (y, y), (x, y)))
    theta = xy
    for _ in range(depth):
        if activation == "relu":
            size = mpmath.sqrt(xx * yy)
            angle = mpmath.acos(xy / size)
            rest = mpmath.pi - angle
            slope = v / 2 * rest / mpmath.pi
            xy = v / (2 * mpmath.pi) * size * (mpmath.sin(angle) + rest * mpmath.cos(angle)) + b
            xx, yy = xx * v / 2 + b, yy * v / 2 + b
        else:
            a, c = 1 + 2 * xx, 1 + 2 * yy
            gain = 2 * v / mpmath.pi
            slope = 2 * gain / mpmath.sqrt(a * c - 4 * xy * xy)
            xy = gain * mpmath.asin(2 * xy / mpmath.sqrt(a * c)) + b
            xx, yy = gain * mpmath.asin(2 * xx / a) + b, gain * mpmath.asin(2 * yy / c) + b
        theta = theta * slope + xy
    return float(xy), float(theta), float(mpmath.sqrt(xx * yy))


@pytest.mark.parametrize("variances", [(2.0, 0.0), (1.5, 0.25)])
@pytest.mark.parametrize("angle", [1e-8, 1e-5, 1e-2, 1.0, math.pi - 1e-3, math.pi - 1e-6])
@pytest.mark.parametrize("depth", [1, 3, 6])
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_deep_kernels_keep_small_angles_and_those_of_almost_opposite_inputs(
    activation, depth, angle, variances
):
    """The recursion in high precision agrees."""
    x = at_angle(angle) * [[1.0], [1.5]]
    covariance, tangent, _ = precisely(*x, activation, depth, variances)
    found = wide_kernels(
        x,
        depth=depth,
        activation=activation,
        weight_variance=variances[0],
        bias_variance=variances[1],
    )
    np.testing.assert_allclose(found.network[0, 1], covariance, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.tangent[0, 1], tangent, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-8, 1e-6, 1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_a_bias_that_turns_opposite_inputs_acute_costs_no_digits(activation, scale, dtype):
    """Small against the bias, x and about -x are neighbors; high precision agrees."""
    x = scale * np.array([[1.0, 2.0, -1.0]], dtype)
    for opposite in ([1.1, 1.9, -0.8], [1.0, 2.0, -1.0], [1.0001, 2.0, -1.0]):
        y = -scale * np.array([opposite], dtype)
        covariance, tangent, _ = precisely(x[0], y[0], activation, 3, (2.0, 0.1))
        found = wide_kernels(
            x, y, depth=3, activation=activation, weight_variance=2, bias_variance=0.1
        )
        assert found.tangent.dtype == dtype
        room = 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(found.network[0, 0], covariance, rtol=room)
        np.testing.assert_allclose(found.tangent[0, 0], tangent, rtol=room)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("angle", [1e-6, 1e-3, 1e-2])
def test_a_bias_that_is_small_against_opposite_inputs_costs_no_digits(angle, dtype):
    """They are still about opposite with it, and saturate; high precision agrees."""
    x = (10 * at_angle(math.pi - angle)).astype(dtype)
    covariance, tangent, _ = precisely(*x.astype(float), "erf", 3, (16.0, 1e-3))
    found = wide_kernels(x, depth=3, activation="erf", weight_variance=16.0, bias_variance=1e-3)
    room = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(found.network[0, 1], covariance, rtol=room)
    np.testing.assert_allclose(found.tangent[0, 1], tangent, rtol=room)


@pytest.mark.parametrize("variances", [(16.0, 0.0), (256.0, 0.0), (256.0, 1.0)])
@pytest.mark.parametrize("depth", [5, 20, 60])
def test_chaotic_layers_magnify_the_angle_of_two_inputs_but_no_rounding_of_their_own(
    depth, variances
):
    """Against high precision: up to the rounding of the angle, over the angle, and no more."""
    x = gaussian(60, 4)
    others = {0.1: x + 0.1 * gaussian(61, 4), 1e-3: x * 1.001, 1e-6: 1e-6 * gaussian(62, 4) - x}
    for apart, y in others.items():
        covariance, tangent, size = precisely(x, y, "erf", depth, variances)
        found = wide_kernels(
            [x],
            [y],
            depth=depth,
            activation="erf",
            weight_variance=variances[0],
            bias_variance=variances[1],
        )
        room = 20 * EPS / apart
        np.testing.assert_allclose(found.network[0, 0], covariance, rtol=0, atol=room * size)
        np.testing.assert_allclose(found.tangent[0, 0], tangent, rtol=50 * room)


def scalar(square, activation, depth, variances):
    """Follow one input: its covariance, and its tangent kernel."""
    v, b = variances
    sigma = theta = square + b
    for _ in range(depth):
        slope = v / 2
        if activation == "erf":
            slope = 4 * v / math.pi / math.sqrt(1 + 4 * sigma)
        sigma = {
            "relu": v * sigma / 2 + b,
            "erf": v * 2 / math.pi * math.asin(2 * sigma / (1 + 2 * sigma)) + b,
        }[activation]
        theta = slope * theta + sigma
    return sigma, theta


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("depth", [1, 6, 14, 15, 200])
@pytest.mark.parametrize("bias", [0.0, 0.3])
@pytest.mark.parametrize(
    ("activation", "v"),
    [("erf", 0.5), ("erf", 1), ("erf", 2), ("erf", 16), ("erf", 256), ("relu", 1.5), ("relu", 2)],
)
def test_equal_inputs_have_the_kernel_of_the_scalar_recursion(activation, v, bias, depth, dtype):
    """At each depth, on the diagonal and off it, whatever rounding says of the cosine of two."""
    x = np.vstack([gaussian(63, 3, 7), [[0.3, 0.7, 0, 0, 0, 0, 0]]]).astype(dtype)
    again = x.repeat(2, axis=0)
    options = {"activation": activation, "weight_variance": v, "bias_variance": bias}
    kernels = wide_kernels(again, x, depth=depth, **options)
    pairs = np.arange(8), np.arange(8) // 2
    squares = (x.astype(float) ** 2).sum(axis=1) / 7
    wanted = [scalar(square, activation, depth, (v, bias)) for square in squares]
    covariance, tangent = np.repeat(wanted, 2, axis=0).T
    room = (4 + depth) * np.finfo(dtype).eps
    np.testing.assert_allclose(kernels.network[pairs], covariance, rtol=room, atol=1e-37)
    with np.errstate(over="ignore"):
        tangent = tangent.astype(dtype)  # which has no numbers beyond 3.4e38
    np.testing.assert_allclose(kernels.tangent[pairs], tangent, rtol=2 * room, atol=1e-37)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("depth", [1, 3, 14, 15, 30, 200])
@pytest.mark.parametrize(
    ("activation", "bias"), [("erf", 0.0), ("erf", 0.1), ("relu", 0.0), ("relu", 0.1)]
)
def test_no_kernel_has_a_negative_eigenvalue_beyond_rounding(activation, bias, depth, dtype):
    """Not in chaos either, with copies, multiples, opposites and neighbors among the inputs."""
    x = gaussian(64, 5, 3)
    noise = gaussian(65, 3, 5, 3) * [[[1e-3]], [[1e-7]], [[1e-9]]]
    near = np.concatenate([x + noise[0], x + noise[1], noise[2] - x])
    inputs = np.vstack([x, x, near, -x, 2 * x, x * (1 + 1e-7), x / 1000]).astype(dtype)
    for v in (1.0, 2.0, 16.0, 256.0):
        if activation == "relu" and v > 2:
            continue
        kernels = wide_kernels(
            inputs, depth=depth, activation=activation, weight_variance=v, bias_variance=bias
        )
        assert np.isfinite(kernels.network).all()
        for matrix in kernels:
            if np.isfinite(matrix).all():
                values = np.linalg.eigvalsh(matrix.astype(float))
                assert values[0] >= -10 * len(x) * np.finfo(dtype).eps * values[-1]


def test_the_kernel_of_many_numbers_wants_double_precision():
    """The example of the docstring: float32 makes the least eigenvalue negative."""
    x = np.linspace(-1, 1, 400)[:, np.newaxis]
    double = np.linalg.eigvalsh(relu(x, depth=2, bias_variance=0.1).network)
    single = relu(x.astype(np.float32), depth=2, bias_variance=0.1).network
    np.testing.assert_allclose(double[[0, -1]], [3.4e-10, 190], rtol=0.02)
    np.testing.assert_allclose(least(single.astype(float)), -1.2e-6, rtol=0.5)


def test_a_network_without_hidden_layers_is_linear():
    """At depth 0 both kernels are x·x' / features plus the variance of the bias."""
    x, y = gaussian(21, 5, 3), gaussian(22, 4, 3)
    for activation in ("relu", "erf"):
        found = wide_kernels(
            x, y, depth=0, activation=activation, weight_variance=2, bias_variance=0.4
        )
        np.testing.assert_allclose(found, np.stack([x @ y.T / 3 + 0.4] * 2), atol=1e-14)


@pytest.mark.parametrize("depth", [1, 2, 30, 200, 1000])
def test_relu_layers_of_variance_2_keep_lengths_and_share_the_diagonal(depth):
    """Each of the layers adds ‖x‖² / features to the tangent kernel of an input with itself."""
    x = gaussian(23, 40, 6)
    square = (x * x).sum(axis=1) / 6
    kernels = relu(x, depth=depth)
    np.testing.assert_allclose(kernels.network.diagonal(), square, rtol=1e-13)
    np.testing.assert_allclose(kernels.tangent.diagonal(), (depth + 1) * square, rtol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("samples", [1, 127, 128, 129, 300])
def test_one_set_of_inputs_gives_what_two_equal_ones_give(activation, samples):
    """The blocks of a symmetric kernel are mirrored, and fit together at every size."""
    x = gaussian(24, samples, 3)
    options = {"activation": activation, "weight_variance": 2.0, "bias_variance": 0.1}
    kernels = wide_kernels(x, depth=2, **options)
    others = wide_kernels(x, x.copy(), depth=2, **options)
    column = wide_kernels(x, x[:1], depth=2, **options)
    for found, other, one in zip(kernels, others, column, strict=True):
        assert (found == found.T).all()
        np.testing.assert_allclose(found, other, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found[:, :1], one, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("others", [True, False])
def test_the_number_of_cores_changes_no_bit(activation, others, monkeypatch):
    """Blocks do not depend on who works them out."""
    x1 = gaussian(0, 300, 4)
    x2 = gaussian(1, 270, 4) if others else None
    options = {"depth": 3, "activation": activation, "weight_variance": 1.5, "bias_variance": 0.2}
    on_cores(monkeypatch, 1)
    alone = wide_kernels(x1, x2, **options)
    for count in (2, 5):
        on_cores(monkeypatch, count)
        together = wide_kernels(x1, x2, **options)
        np.testing.assert_array_equal(together.network, alone.network)
        np.testing.assert_array_equal(together.tangent, alone.tangent)


@settings(max_examples=25)
@given(
    seed=seeds,
    samples=st.integers(1, 8),
    features=st.integers(1, 5),
    depth=st.integers(0, 4),
    activation=st.sampled_from(["relu", "erf"]),
    bias=st.sampled_from([0.0, 0.5]),
)
def test_kernels_do_not_see_rotations_and_the_tangent_kernel_is_the_larger(
    seed, samples, features, depth, activation, bias
):
    """They depend on lengths and angles only, and differ by what has no negative eigenvalue."""
    x = gaussian(seed, samples, features)
    options = {
        "depth": depth,
        "activation": activation,
        "weight_variance": 2.0,
        "bias_variance": bias,
    }
    network, matrix = wide_kernels(x, **options)
    size = np.abs(matrix).max()
    assert least(matrix) > -1e-12 * size
    assert least(matrix - network) > -1e-12 * size
    turn = np.eye(1) if features == 1 else ortho_group.rvs(features, random_state=seed % 2**31)
    turned = wide_kernels(x @ turn, **options).tangent
    np.testing.assert_allclose(turned, matrix, atol=1e-11 * size)
    order = np.random.default_rng(seed).permutation(samples)
    again = wide_kernels(x[order], **options).tangent
    np.testing.assert_allclose(again, matrix[order][:, order], atol=1e-12 * size)


def test_relu_kernels_without_biases_are_homogeneous():
    """A multiple of an input has the multiple of its row, from tiny to huge lengths."""
    x, y = gaussian(25, 6, 3), gaussian(26, 5, 3)
    scale = np.array([1e-200, 1e-3, 1.0, 7.0, 1e3, 1e200])[:, np.newaxis]
    for found, one in zip(relu(scale * x, y, depth=3), relu(x, y, depth=3), strict=True):
        np.testing.assert_allclose(found, scale * one, rtol=1e-12)


def test_erf_kernels_without_biases_are_odd():
    """The opposite of an input has the opposite row, to the bit, and orthogonal ones have 0."""
    x = gaussian(27, 6, 3)
    options = {"depth": 9, "activation": "erf", "weight_variance": 16.0}
    for found, other in zip(
        wide_kernels(x, **options), wide_kernels(-x, x, **options), strict=True
    ):
        np.testing.assert_array_equal(found, -other)
    for found in wide_kernels(np.eye(3), **options):
        assert (found[~np.eye(3, dtype=bool)] == 0).all()


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_an_input_zero_is_seen_by_biases_only(activation):
    """Without biases the outputs at 0 are 0; with them they vary."""
    x = [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]
    options = {"depth": 2, "activation": activation, "weight_variance": 2.0}
    for found in wide_kernels(x, **options):
        assert found[0].tolist() == [0.0, 0.0, 0.0]
    for found in wide_kernels(x, bias_variance=0.5, **options):
        assert found[0].min() > 0
        np.testing.assert_allclose(found[0, 0], found[0, 2], rtol=4 * EPS)


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_kernels_keep_the_precision_of_the_inputs(activation):
    """float32 in, float32 out, right to its precision, and no argument is written to."""
    x, y = gaussian(27, 30, 10), gaussian(28, 20, 10)
    single = x.astype(np.float32)
    x.flags.writeable = y.flags.writeable = single.flags.writeable = False
    options = {"depth": 3, "activation": activation, "weight_variance": 2, "bias_variance": 0.1}
    both = wide_kernels(single, y.astype(np.float32), **options)
    for found, wanted in zip(both, wide_kernels(x, y, **options), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert wide_kernels(single, **options).tangent.dtype == np.float32
    assert wide_kernels(single, y, **options).tangent.dtype == np.float64


# --- kernels of networks as they stand ---------------------------------------------------------


def by_differences(network, x, rates, step=1e-6):
    """Return the kernel from difference quotients of the outputs in every parameter."""
    slopes = []
    for k, layer in enumerate(network.layers):
        for field, rate in zip(Layer._fields, rates[k], strict=True):
            array = getattr(layer, field)
            for index in np.ndindex(() if array is None else array.shape):
                if array is None:
                    continue
                outputs = []
                for sign in (1, -1):
                    moved = array.copy()
                    moved[index] += sign * step
                    changed = [*network.layers]
                    changed[k] = layer._replace(**{field: moved})
                    outputs.append(forward(network._replace(layers=changed), x))
                slopes.append((outputs[0] - outputs[1]) / (2 * step) * math.sqrt(rate))
    return np.einsum("pnk,pml->nkml", slopes, slopes)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "identity"])
@pytest.mark.parametrize("widths", [(3, 1), (3, 5, 1), (2, 4, 3, 2)])
@pytest.mark.parametrize("biases", [True, False])
def test_the_empirical_kernel_is_the_gram_matrix_of_the_gradients(widths, activation, biases):
    """Difference quotients in each parameter, with a rate for each, give the same."""
    given_network = network(30, widths, activation, biases=biases)
    x = gaussian(31, 4, widths[0])
    rates = [Layer(0.5 + k, 0.25 * k) for k in range(len(widths) - 1)]
    wanted = by_differences(given_network, x, rates)
    found = empirical_tangent_kernel(given_network, x, average=False, rate=rates)
    np.testing.assert_allclose(found, wanted, atol=1e-7)
    mean = np.einsum("nkmk->nm", wanted) / widths[-1]
    found = empirical_tangent_kernel(given_network, x, rate=rates)
    np.testing.assert_allclose(found, mean, atol=1e-7)


def test_the_empirical_kernel_agrees_with_torch():
    """Automatic differentiation in every parameter gives the same kernel."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    given_network = network(32, (4, 6, 5, 3), "relu")
    x = gaussian(33, 7, 4)

    def outputs(*flat):
        h = torch.tensor(x)
        for k in range(0, len(flat), 2):
            h = torch.nn.functional.linear(h, flat[k], flat[k + 1])
            h = torch.relu(h) if k < len(flat) - 2 else h
        return h

    flat = tuple(torch.tensor(array) for layer in given_network.layers for array in layer)
    slopes = torch.autograd.functional.jacobian(outputs, flat)
    wanted = sum(
        torch.einsum("nkp,mlp->nkml", one.flatten(2), one.flatten(2)) for one in slopes
    ).numpy()
    found = empirical_tangent_kernel(given_network, x, average=False)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_a_layer_without_a_bias_has_no_rate_for_it():
    """One number is the rate of what there is."""
    plain = network(34, (3, 5, 1), "relu", biases=False)
    zeros = Network(
        [Layer(layer.weight, np.zeros(len(layer.weight))) for layer in plain.layers], "relu"
    )
    x = gaussian(35, 4, 3)
    found = empirical_tangent_kernel(plain, x, rate=0.5)
    weights_only = empirical_tangent_kernel(zeros, x, rate=[Layer(0.5, 0.0)] * 2)
    np.testing.assert_array_equal(found, weights_only)
    assert (empirical_tangent_kernel(zeros, x, rate=0.5).diagonal() > found.diagonal()).all()


def test_two_sets_of_inputs_give_a_corner_of_the_kernel_of_both():
    """Rows belong to the first inputs and columns to the second, averaged or not."""
    stack, x = network(34, (3, 5, 4, 2), "relu", replicas=(2,)), gaussian(35, 9, 3)
    for average in (True, False):
        whole = empirical_tangent_kernel(stack, x, average=average)
        found = empirical_tangent_kernel(stack, x[:4], x[4:], average=average)
        wanted = whole[:, :4, 4:] if average else whole[:, :4, :, 4:]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("replicated", ["layers", "x", "x2", "all", "last layer"])
@pytest.mark.parametrize("widths", [(3, 2), (3, 5, 2)])
def test_replicas_equal_the_loop_over_replicas(replicated, widths):
    """One batched call gives what a call for each replica gives, whatever has the replicas."""
    stack = (4,) if replicated in ("layers", "all") else ()
    layers = network(36, widths, "relu", replicas=stack).layers
    if replicated == "last layer":
        weight = np.stack([layers[-1].weight] * 4)
        layers[-1] = Layer(weight, gaussian(37, 4, 2))
    x = gaussian(38, *((4,) if replicated in ("x", "all") else ()), 6, 3)
    y = gaussian(39, *((4,) if replicated in ("x2", "all") else ()), 5, 3)
    for average in (True, False):
        found = empirical_tangent_kernel(Network(layers, "relu"), x, y, average=average)
        assert found.shape == ((4, 6, 5) if average else (4, 6, 2, 5, 2))
        for r in range(4):
            own = [Layer(w[r] if w.ndim == 3 else w, b[r] if b.ndim == 2 else b) for w, b in layers]
            points = (a[r] if a.ndim == 3 else a for a in (x, y))
            wanted = empirical_tangent_kernel(Network(own, "relu"), *points, average=average)
            np.testing.assert_allclose(found[r], wanted, rtol=1e-12, atol=1e-12)


def test_relu_gram_is_the_empirical_kernel_of_the_first_weights():
    """With a second layer of signs over the root of the width, only activity counts."""
    w, x = gaussian(40, 3, 50, 4), gaussian(41, 7, 4)
    signs = np.where(np.arange(50) % 3 == 0, -1.0, 1.0)
    found = empirical_tangent_kernel(two_layers(w, signs), x, rate=[1.0, 0.0])
    np.testing.assert_allclose(found, relu_gram(w, x), rtol=1e-12, atol=1e-14)


def drawn(seed, replicas, widths, activation, variances):
    """Draw networks with the variances of a tangent kernel, and the rates that belong to it."""
    rng = np.random.default_rng(seed)
    layers = []
    rates = []
    for k, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        variance = (variances["weight_variance"] if k else 1) / fan_in
        weight = rng.standard_normal((replicas, fan_out, fan_in)) * math.sqrt(variance)
        bias = rng.standard_normal((replicas, fan_out)) * math.sqrt(variances["bias_variance"])
        layers.append(Layer(weight, bias))
        rates.append(Layer(variance, variances["bias_variance"]))
    return Network(layers, activation), rates


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize(
    ("replicas", "widths", "share"), [(4000, (3, 20, 1), 0), (30, (3, 256, 256, 256, 1), 10 / 256)]
)
def test_the_empirical_kernel_has_the_limit_as_its_mean(activation, replicas, widths, share):
    """Exactly with one hidden layer, and else up to 1 / width: within 5 standard errors."""
    x = gaussian(42, 5, 3)
    variances = {"weight_variance": 1.5, "bias_variance": 0.3}
    stack, rates = drawn(43, replicas, widths, activation, variances)
    found = empirical_tangent_kernel(stack, x, rate=rates)
    error = found.std(axis=0, ddof=1) / math.sqrt(replicas)
    limit = wide_kernels(x, depth=len(widths) - 2, activation=activation, **variances).tangent
    room = 5 * error + share * np.abs(limit).max()
    assert (np.abs(found.mean(axis=0) - limit) <= room).all()


def test_a_step_of_descent_moves_the_outputs_by_the_kernel_of_the_same_rates():
    """To first order in the rates, they move by -K (f - y), outputs and layers together."""
    start, x, y = network(46, (3, 6, 2), "tanh"), gaussian(47, 5, 3), gaussian(48, 5, 2)
    rates = [Layer(1e-6, 3e-6), Layer(2e-6, 0.0)]
    before = forward(start, x)
    run = descend(start, x, y, steps=1, rate=rates, kind="half_squares")
    moved = (forward(run.network, x) - before).ravel()
    kernel = empirical_tangent_kernel(start, x, rate=rates, average=False)
    wanted = -kernel.reshape(10, 10) @ (before - y).ravel()
    np.testing.assert_allclose(moved, wanted, rtol=1e-4, atol=1e-12)


def test_the_layers_decide_the_precision():
    """With float32 layers the kernel is float32, even where the data are float64."""
    layers = network(49, (3, 4, 2), "relu").layers
    single = Network([Layer(*(a.astype(np.float32) for a in layer)) for layer in layers], "relu")
    found = empirical_tangent_kernel(single, gaussian(50, 5, 3), gaussian(51, 4, 3), rate=0.5)
    assert found.dtype == np.float32


# --- the linearized network --------------------------------------------------------------------


def test_linearized_residuals_are_the_steps_of_the_linear_descent():
    """Each step multiplies by 1 - η K, for every replica."""
    a, residual = gaussian(52, 3, 6, 6), gaussian(53, 3, 6)
    kernel = a @ a.mT
    found = linearized_residuals(kernel, residual, rate=0.02, steps=40)
    assert found.shape == (40, 3, 6)
    for row in found:
        np.testing.assert_allclose(row, residual, rtol=1e-11, atol=1e-12)
        residual = residual - 0.02 * (kernel @ residual[..., np.newaxis])[..., 0]
    one = linearized_residuals(kernel[1], found[0], rate=0.02, steps=40)
    np.testing.assert_allclose(one[:, 1], found[:, 1], rtol=1e-11, atol=1e-12)


def test_a_mode_without_a_share_in_the_residual_stays_without_one():
    """However fast it would grow: the other errors are told."""
    found = linearized_residuals(np.diag([1e9, 0.5]), [0.0, 1.0], rate=1.0, steps=50)
    np.testing.assert_allclose(found[:, 0], 0)
    np.testing.assert_allclose(found[:, 1], 0.5 ** np.arange(50))


def test_a_linear_network_is_its_own_linearization():
    """A descent on half the sum of squares has its losses, at the same rate."""
    start, x, y = network(54, (4, 1), "identity"), gaussian(55, 6, 4), gaussian(56, 6, 1)
    run = descend(start, x, y, steps=50, rate=0.03, kind="half_squares")
    residual = (forward(start, x) - y)[:, 0]
    kernel = empirical_tangent_kernel(start, x)
    found = linearized_residuals(kernel, residual, rate=0.03, steps=50)
    np.testing.assert_allclose(run.losses, (found**2).sum(axis=1) / 2, rtol=1e-10)
    kernel = empirical_tangent_kernel(start, x, rate=0.03)
    again = linearized_residuals(kernel, residual, rate=1, steps=50)
    np.testing.assert_allclose(again, found, rtol=1e-10, atol=1e-14)


def test_a_wide_network_follows_its_linearization():
    """At 4096 units the errors of Du et al.'s network are those of the linearized one, nearly."""
    x, y = on_sphere(57, 10, 5), gaussian(58, 10, 1)
    start = two_layers(gaussian(59, 4096, 5), np.where(np.arange(4096) % 2, 1.0, -1.0))
    kernel = empirical_tangent_kernel(start, x, rate=[1.0, 0.0])
    eta = 1 / np.linalg.eigvalsh(kernel)[-1]
    residual = (forward(start, x) - y)[:, 0]
    run = descend(start, x, y, steps=60, rate=[eta, 0.0], kind="half_squares")
    errors = (linearized_residuals(kernel, residual, rate=eta, steps=60) ** 2).sum(axis=1)
    np.testing.assert_allclose(2 * run.losses, errors, atol=0.05 * errors[0])


def test_the_linearized_error_stays_below_the_bound():
    """With the kernel held at its limit no direction is slower than twice as fast as promised."""
    x, residual = on_sphere(17, 15, 6), gaussian(18, 15)
    kernel = limit_gram(x)
    values = np.linalg.eigvalsh(kernel)
    options = {"rate": 1 / values[-1], "steps": 100}
    errors = (linearized_residuals(kernel, residual, **options) ** 2).sum(axis=1)
    bound = convergence_bound(residual @ residual, least_eigenvalue=values[0], **options)
    assert (errors <= bound * (1 + 1e-12)).all()


# --- the door ----------------------------------------------------------------------------------

LINEAR = Network([Layer(np.ones((1, 2)), np.ones(1))], "identity")
X = [[1.0, 2.0], [0.0, 1.0]]
WIDE = {"x1": X, "depth": 1, "activation": "relu", "weight_variance": 2.0}
GIVEN = {"network": LINEAR, "x": X}
FIXED = {"kernel": np.eye(2), "residual": np.ones(2), "rate": 0.1, "steps": 3}


@pytest.mark.parametrize(
    ("function", "arguments", "error", "text"),
    [
        (
            wide_kernels,
            WIDE | {"x1": [1.0, 2.0]},
            ValueError,
            "x1 must be an array of shape (samples, features), got shape (2,)",
        ),
        (
            wide_kernels,
            WIDE | {"x2": [[1, 2, 3]]},
            ValueError,
            "x2 must be an array of shape (samples, 2), got shape (1, 3)",
        ),
        (
            wide_kernels,
            WIDE | {"depth": -1},
            ValueError,
            "depth must be a whole number of at least 0, got -1",
        ),
        (
            wide_kernels,
            WIDE | {"activation": "tanh"},
            ValueError,
            "activation must be one of 'relu', 'erf', got 'tanh'",
        ),
        (
            wide_kernels,
            WIDE | {"weight_variance": 0},
            ValueError,
            "weight_variance must be a finite number above 0, got 0",
        ),
        (
            wide_kernels,
            WIDE | {"bias_variance": -1},
            ValueError,
            "bias_variance must be a finite number of at least 0, got -1",
        ),
        (
            wide_kernels,
            WIDE | {"x2": [[1e200, 0.0]], "x1": [[1e200, 0.0]], "activation": "erf"},
            ValueError,
            "x1 must leave covariances that are numbers in float64, got an entry of size 1e+200",
        ),
        (
            wide_kernels,
            WIDE | {"x2": np.float32([[1e30, 0.0]]), "x1": np.float32([[1e10, 0.0]])},
            ValueError,
            "x2 must leave covariances that are numbers in float32, got an entry of size 1e+30",
        ),
        (
            wide_kernels,
            WIDE | {"x2": [[1e200, 1.0]], "activation": "erf"},
            ValueError,
            "x2 must leave covariances that are numbers in float64, got an entry of size 1e+200",
        ),
        (
            wide_kernels,
            WIDE | {"depth": 200, "weight_variance": 256},
            ValueError,
            "depth, weight_variance and bias_variance must leave covariances that are numbers in "
            "float64, got 200, 256 and 0",
        ),
        (
            empirical_tangent_kernel,
            GIVEN | {"network": LINEAR.layers},
            TypeError,
            "network must be a Network(layers, activation), got list",
        ),
        (
            empirical_tangent_kernel,
            GIVEN | {"x2": [[1, 2, 3]]},
            ValueError,
            "x2 must be an array of shape ([replicas], samples, 2), got shape (1, 3)",
        ),
        (
            empirical_tangent_kernel,
            GIVEN | {"x": np.ones((5, 1, 2)), "x2": np.ones((4, 1, 2))},
            ValueError,
            "x2 must have a replica axis that broadcasts with (5,), got shape (4, ",
        ),
        (
            empirical_tangent_kernel,
            GIVEN | {"rate": [1, 2]},
            ValueError,
            "rate must be a number or a list of 1 entries, one for each layer, got 2 entries",
        ),
        (
            empirical_tangent_kernel,
            GIVEN | {"x": [[1e300, 0.0], [0.0, 0.0]]},
            FloatingPointError,
            "the tangent kernel is not finite in float64; take smaller inputs, weights or rates",
        ),
        (
            linearized_residuals,
            FIXED | {"kernel": np.ones((2, 3))},
            ValueError,
            "kernel must be an array of shape ([replicas], samples, samples), got shape (2, 3)",
        ),
        (
            linearized_residuals,
            FIXED | {"kernel": [[1.0, 2.0], [0.0, 1.0]]},
            ValueError,
            "kernel must be symmetric, got entries that differ by 2",
        ),
        (
            linearized_residuals,
            FIXED | {"kernel": [[[1e10, 0.0], [0.0, 1e10]], [[1.0, 5.0], [0.0, 1.0]]]},
            ValueError,
            "kernel must be symmetric, got entries that differ by 5",
        ),
        (
            linearized_residuals,
            FIXED | {"kernel": np.ones((3, 2, 2)), "residual": np.ones((4, 2))},
            ValueError,
            "residual must have a replica axis that broadcasts with (3,), got shape (4, 2)",
        ),
        (
            linearized_residuals,
            FIXED | {"rate": 1e200, "steps": 5},
            FloatingPointError,
            "the linearized error at step 2 is not finite, with rate 1e+200; take a smaller rate",
        ),
    ],
)
def test_wrong_arguments_are_named(function, arguments, error, text):
    """The message says which argument, what was wanted and what came."""
    with pytest.raises(error, match=re.escape(text)):
        function(**arguments)


def test_inputs_whose_mixed_products_are_numbers_are_long_enough():
    """One of 1e200 and one of 1 have a covariance of 1e200, which is asked for alone."""
    found = relu([[1e200, 0.0]], [[1.0, 0.0]], depth=2)
    np.testing.assert_allclose(found.network, 0.5e200, rtol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_what_goes_wrong_in_a_thread_is_told(activation, monkeypatch):
    """An error of a block is that of the call."""
    on_cores(monkeypatch, 2)
    monkeypatch.setattr("symlib.tangent.line_haversines", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        wide_kernels(gaussian(1, 300, 2), depth=1, activation=activation, weight_variance=1.0)
