"""Gram matrices and tangent kernels: the limits, the finite networks, and how the two meet."""

import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.stats import ortho_group

from symlib.kernel import (
    arc_cosine,
    convergence_bound,
    empirical_tangent_kernel,
    gram,
    limit_gram,
    linearized_curve,
    linearized_residuals,
    network_kernel,
    required_width,
    tangent_kernel,
    wide_kernels,
)
from symlib.network import Layer, forward, gradients
from symlib.training import descend

PEER = json.loads(
    (Path(__file__).parent / "data" / "neural_tangents.json").read_text(encoding="utf-8")
)
EPS = np.finfo(float).eps
seeds = st.integers(0, 2**32 - 1)


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


def network(seed, widths, *, replicas=()):
    """Draw a network with the given widths."""
    rng, layers = np.random.default_rng(seed), []
    for fan_in, fan_out in itertools.pairwise(widths):
        weight = rng.standard_normal((*replicas, fan_out, fan_in)) / math.sqrt(fan_in)
        layers.append(Layer(weight, rng.standard_normal((*replicas, fan_out)) / 3))
    return layers


def two_layers(weight, signs):
    """Return the network of Du et al., f(x) = m^(-1/2) Σ a_r relu(w_r·x)."""
    units = weight.shape[-2]
    zeros = np.zeros(weight.shape[:-1])
    second = np.broadcast_to(signs / math.sqrt(units), (*weight.shape[:-2], 1, units))
    return [Layer(weight, zeros), Layer(second, np.zeros(1))]


FIRST_WEIGHT_ONLY = [Layer(1.0, 0.0), 0.0]


# --- arc-cosine kernels ------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 2, 2.0, 3.0, math.pi])
def test_arc_cosine_is_the_mean_over_gaussian_units(order, angle):
    """In polar coordinates the mean is one integral, over the directions that both inputs see."""
    x, y = 1.7 * at_angle(angle)[:1], 0.6 * at_angle(angle)[1:]
    mean, _ = quad(
        lambda t: (math.cos(t) * math.cos(t - angle)) ** order, angle - math.pi / 2, math.pi / 2
    )
    radial = 2**order * math.factorial(order) * (1.7 * 0.6) ** order
    expected = 2 * radial * mean / (2 * math.pi)
    np.testing.assert_allclose(arc_cosine(x, y, order=order), [[expected]], atol=1e-12)


@pytest.mark.parametrize("angle", [1e-9, 1e-6, 1e-3, 0.1, 0.2, 1.5])
def test_small_angles_are_not_lost_in_the_cosine(angle):
    """The share of units that only one of two inputs activates is the angle over pi."""
    share = 1 - arc_cosine(at_angle(angle), order=0)[0, 1]
    np.testing.assert_allclose(share, angle / math.pi, rtol=1e-12, atol=2 * EPS)
    apart = at_angle(angle) * [[1.0], [-1.0]]
    share = arc_cosine(apart, order=0)[0, 1]
    np.testing.assert_allclose(share, angle / math.pi, rtol=1e-12, atol=4 * EPS)


def test_of_an_input_zero_no_kernel_depends_on_an_angle():
    """It has length 0, and for order 0 half of the units on its side."""
    x = [[0.0, 0.0], [3.0, 4.0]]
    assert arc_cosine(x, order=0).tolist() == [[0.5, 0.5], [0.5, 1.0]]
    np.testing.assert_allclose(arc_cosine(x, order=1), [[0, 0], [0, 25]], rtol=1e-15)
    np.testing.assert_allclose(arc_cosine(x, order=2), [[0, 0], [0, 3 * 625]], rtol=1e-15)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_arc_cosine_has_no_negative_eigenvalue(order):
    """A Gram matrix is positive semidefinite."""
    matrix = arc_cosine(gaussian(0, 30, 4), order=order)
    assert least(matrix) > -1e-12 * np.abs(matrix).max()


# --- the limit of Du et al. --------------------------------------------------------------------


@pytest.mark.parametrize("angle", [2.0, 0.5, 0.1, 0.01, 0.001, 1e-6, 1e-9])
def test_the_least_eigenvalue_of_a_pair_has_a_formula(angle):
    """It is 1/2 - |cos θ| (π - θ) / 2π, for acute angles also sin²(θ/2) + θ cos θ / 2π."""
    if angle > math.pi / 2:
        wanted = 0.5 + math.cos(angle) * (math.pi - angle) / (2 * math.pi)
    else:
        wanted = math.sin(angle / 2) ** 2 + angle * math.cos(angle) / (2 * math.pi)
    np.testing.assert_allclose(least(limit_gram(at_angle(angle))), wanted, rtol=0, atol=4e-16)


def test_the_least_eigenvalue_of_a_pair_is_the_published_one():
    """At angles of .1, .01 and .001 it has the values of the ledger, and is near θ / 2π."""
    found = [least(limit_gram(at_angle(angle))) for angle in (0.1, 0.01, 0.001)]
    np.testing.assert_allclose(found, [0.0183339, 0.00161647, 0.000159405], rtol=1e-5)


def test_limit_gram_is_half_the_square_on_its_diagonal_for_any_length():
    """An input is at the angle 0 to itself, whatever rounding says of the cosine."""
    x = gaussian(1, 50, 7) * np.geomspace(1e-100, 1e100, 50)[:, np.newaxis]
    np.testing.assert_allclose(limit_gram(x).diagonal(), (x * x).sum(axis=1) / 2, rtol=1e-14)


def test_limit_gram_is_the_arc_cosine_kernel_of_order_0_times_the_product():
    """Half of that kernel is the share of units that are active at both inputs."""
    x = gaussian(2, 20, 5)
    wanted = (x @ x.T) * arc_cosine(x, order=0) / 2
    np.testing.assert_allclose(limit_gram(x), wanted, rtol=1e-13, atol=1e-15)


def test_parallel_inputs_make_the_least_eigenvalue_zero():
    """Equal inputs have equal rows, and a multiple of an input has the multiple of its row."""
    x = on_sphere(3, 10, 6)
    matrix = limit_gram(np.vstack([x, x[:1], 3 * x[1:2]]))
    np.testing.assert_allclose(matrix[10], matrix[0], atol=4 * EPS)
    np.testing.assert_allclose(matrix[11], 3 * matrix[1], atol=12 * EPS)
    values = np.linalg.eigvalsh(matrix)
    assert np.abs(values[:2]).max() < 1e-14
    assert values[2] > 1e-3


def test_one_antiparallel_pair_does_no_harm():
    """No unit is active at both inputs, so that their rows are independent."""
    x = on_sphere(4, 8, 10)
    assert least(limit_gram(np.vstack([x, -x[:1]]))) > 0.05
    np.testing.assert_allclose(limit_gram([[0.6, 0.8], [-0.6, -0.8]]), np.eye(2) / 2, atol=EPS)


@pytest.mark.parametrize(("pairs", "features"), [(4, 5), (5, 5), (6, 5), (9, 5), (25, 20)])
def test_antiparallel_pairs_beyond_the_dimension_cost_an_eigenvalue_each(pairs, features):
    """The odd part of the matrix is linear, so that k pairs in d dimensions leave k - d zeros."""
    x = on_sphere(5, pairs, features)
    values = np.linalg.eigvalsh(limit_gram(np.vstack([x, -x])))
    zeros = max(pairs - features, 0)
    assert np.abs(values[:zeros]).max(initial=0) < 1e-13
    assert values[zeros] > 1e-6


@settings(max_examples=25, deadline=None)
@given(seed=seeds, samples=st.integers(1, 12), features=st.integers(1, 6))
def test_limit_gram_has_no_negative_eigenvalue_and_does_not_see_rotations(seed, samples, features):
    """It depends on lengths and angles only, and follows a new order of the inputs."""
    x = gaussian(seed, samples, features)
    matrix = limit_gram(x)
    size = np.abs(matrix).max()
    assert least(matrix) > -1e-13 * size
    assert (matrix == matrix.T).all()
    turn = np.eye(1) if features == 1 else ortho_group.rvs(features, random_state=seed % 2**31)
    np.testing.assert_allclose(limit_gram(x @ turn), matrix, atol=1e-12 * size)
    order = np.random.default_rng(seed).permutation(samples)
    np.testing.assert_allclose(limit_gram(x[order]), matrix[order][:, order], atol=1e-13 * size)


# --- the Gram matrix at finite width -----------------------------------------------------------


def test_gram_counts_units_that_are_active_at_both_inputs():
    """It is the definition, unit by unit; a product of 0 counts as active."""
    w, x = gaussian(6, 9, 3).round(), gaussian(7, 5, 3).round()
    wanted = np.zeros((5, 5))
    for i, j, r in itertools.product(range(5), range(5), range(9)):
        wanted[i, j] += x[i] @ x[j] * (w[r] @ x[i] >= 0 and w[r] @ x[j] >= 0) / 9
    assert (w @ x.T == 0).any()
    np.testing.assert_allclose(gram(w, x), wanted, atol=1e-14)


def test_gram_takes_replicas_and_units_in_blocks():
    """Each replica has its own matrix, whatever the number of units that fit into a block."""
    w, x = gaussian(8, 2, 3, 2500, 4), gaussian(9, 1000, 4)
    found = gram(w, x)
    assert found.shape == (2, 3, 1000, 1000)
    active = (w[1, 2] @ x.T >= 0).astype(float)
    np.testing.assert_allclose(found[1, 2], (x @ x.T) * (active.T @ active) / 2500, rtol=1e-12)
    assert gram(w[0, 0].astype(np.float32), x[:2].astype(np.float32)).dtype == np.float32


def test_gram_does_not_see_the_lengths_of_the_weights():
    """Only the directions of the units count."""
    w, x = gaussian(10, 40, 3), gaussian(11, 6, 3)
    assert (gram(w, x) == gram(w * np.geomspace(1e-3, 1e3, 40)[:, np.newaxis], x)).all()


def test_a_constant_start_has_a_gram_matrix_without_full_rank():
    """Equal units are active together, so that the rank is at most that of the inputs."""
    x = on_sphere(12, 30, 8)
    values = np.linalg.eigvalsh(gram(np.full((16, 8), 0.5), x))
    assert np.abs(values[:22]).max() < 1e-13


def test_gram_of_gaussian_weights_has_the_limit_as_its_mean():
    """Every entry is a mean of independent units, here of 200 000 in all, to 4 to 5 errors."""
    x = on_sphere(13, 12, 4)
    found = gram(gaussian(14, 200, 1000, 4), x)
    error = found.std(axis=0, ddof=1) / math.sqrt(200)
    assert (np.abs(found.mean(axis=0) - limit_gram(x)) <= 5 * error + 1e-12).all()


def test_gram_approaches_its_limit_like_the_root_of_the_width():
    """Sixty-four times the units make the distance eight times smaller."""
    x = on_sphere(15, 20, 5)
    narrow, wide = (
        np.linalg.norm(gram(gaussian(16, 60, m, 5), x) - limit_gram(x), 2, axis=(-2, -1)).mean()
        for m in (50, 3200)
    )
    assert 6.5 < narrow / wide < 9.8


# --- what the theorem promises -----------------------------------------------------------------


def test_the_bound_falls_by_the_same_factor_each_step():
    """It is (1 - η λ₀ / 2)ᵏ times the error at the start, of each replica."""
    bound = convergence_bound([2.0, 0.0, 5.0], least_eigenvalue=0.1, rate=0.4, steps=30)
    assert bound.shape == (30, 3)
    assert bound[0].tolist() == [2.0, 0.0, 5.0]
    np.testing.assert_allclose(bound[1:], bound[:-1] * 0.98, rtol=1e-14)
    assert convergence_bound(1.0, least_eigenvalue=1, rate=1, steps=3).tolist() == [1, 0.5, 0.25]


def test_the_linearized_curve_stays_below_the_bound():
    """With the kernel held at its limit no direction is slower than twice as fast as promised."""
    x, residual = on_sphere(17, 15, 6), gaussian(18, 15)
    kernel = limit_gram(x)
    values = np.linalg.eigvalsh(kernel)
    options = {"rate": 1 / values[-1], "steps": 100}
    curve = linearized_curve(kernel, residual, **options)
    bound = convergence_bound(residual @ residual, least_eigenvalue=values[0], **options)
    assert (curve <= bound * (1 + 1e-12)).all()


def test_the_required_width_has_the_powers_of_the_theorem():
    """It is n⁶ / (λ₀⁴ δ³)."""
    np.testing.assert_allclose(required_width(100, least_eigenvalue=0.06718), 4.9e16, rtol=0.01)
    ratio = required_width(7, least_eigenvalue=0.3, failure=0.1) / required_width(
        7, least_eigenvalue=0.3
    )
    np.testing.assert_allclose(ratio, 1000, rtol=1e-12)


# --- kernels of infinitely wide networks -------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    PEER["cases"],
    ids=lambda c: f"{c['activation']}-{c['depth']}-{c['weight_variance']}-{c['bias_variance']}",
)
def test_kernels_agree_with_neural_tangents(case):
    """Both kernels are those of neural-tangents, up to rounding."""
    options = {k: v for k, v in case.items() if k not in ("nngp", "ntk")}
    points = PEER["x1"], PEER["x2"]
    np.testing.assert_allclose(network_kernel(*points, **options), case["nngp"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(tangent_kernel(*points, **options), case["ntk"], rtol=0, atol=1e-13)


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
    found = network_kernel(
        x, depth=1, activation=activation, weight_variance=1.3, bias_variance=0.1
    )
    np.testing.assert_allclose(found[0, 1], 1.3 * mean + 0.1, atol=1e-5)


def test_relu_kernels_are_built_of_arc_cosine_kernels():
    """Sigma is the kernel of order 1, and the share of its derivative that of order 0."""
    x, y = gaussian(19, 6, 3), gaussian(20, 4, 3)
    first, second = x / math.sqrt(3), y / math.sqrt(3)
    sigma = arc_cosine(first, second, order=1)
    np.testing.assert_allclose(network_kernel(x, y, depth=1), sigma, atol=1e-14)
    wanted = (first @ second.T) * arc_cosine(first, second, order=0) + sigma
    np.testing.assert_allclose(tangent_kernel(x, y, depth=1), wanted, atol=1e-14)


def precisely(x, y, depth, variances):
    """Work out the recursion of a ReLU network from its definition, to 60 digits."""
    mpmath = pytest.importorskip("mpmath", reason="mpmath is the oracle of this test").mp.clone()
    mpmath.dps = 60
    v, b = (mpmath.mpf(one) for one in variances)
    x, y = ([mpmath.mpf(one) for one in row] for row in (x, y))
    xx, yy, xy = (mpmath.fdot(*pair) / len(x) + b for pair in ((x, x), (y, y), (x, y)))
    theta = xy
    for _ in range(depth):
        size = mpmath.sqrt(xx * yy)
        angle = mpmath.acos(xy / size)
        rest = mpmath.pi - angle
        xy = v / (2 * mpmath.pi) * size * (mpmath.sin(angle) + rest * mpmath.cos(angle)) + b
        theta = theta * v / 2 * rest / mpmath.pi + xy
        xx, yy = xx * v / 2 + b, yy * v / 2 + b
    return float(theta)


@pytest.mark.parametrize("variances", [(2.0, 0.0), (1.5, 0.25)])
@pytest.mark.parametrize("angle", [1e-8, 1e-5, 1e-2, 1.0, math.pi - 1e-3, math.pi - 1e-6])
@pytest.mark.parametrize("depth", [1, 3, 6])
def test_deep_kernels_keep_small_angles(depth, angle, variances):
    """The recursion in high precision agrees, and loses digits for opposite inputs only."""
    x = at_angle(angle) * [[1.0], [1.5]]
    options = {
        "depth": depth,
        "weight_variance": variances[0],
        "bias_variance": variances[1],
    }
    theta = precisely(*x.tolist(), depth, variances)
    room = 1e-13 if angle < 3 else 1e-13 + EPS / (math.pi - angle)
    found = tangent_kernel(x, **options)[0, 1]
    np.testing.assert_allclose(found, theta, rtol=0, atol=room)


def test_a_network_without_hidden_layers_is_linear():
    """At depth 0 both kernels are x·x' / features plus the variance of the bias."""
    x, y = gaussian(21, 5, 3), gaussian(22, 4, 3)
    for activation, kernel in itertools.product(("relu", "erf"), (tangent_kernel, network_kernel)):
        found = kernel(x, y, depth=0, activation=activation, bias_variance=0.4)
        np.testing.assert_allclose(found, x @ y.T / 3 + 0.4, atol=1e-14)


@pytest.mark.parametrize("depth", [1, 2, 5, 30])
def test_relu_layers_of_variance_2_keep_lengths_and_share_the_diagonal(depth):
    """Each of the layers adds ‖x‖² / features to the tangent kernel of an input with itself."""
    x = gaussian(23, 40, 6)
    square = (x * x).sum(axis=1) / 6
    np.testing.assert_allclose(network_kernel(x, depth=depth).diagonal(), square, rtol=1e-13)
    wanted = (depth + 1) * square
    np.testing.assert_allclose(tangent_kernel(x, depth=depth).diagonal(), wanted, rtol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("kernel", [tangent_kernel, network_kernel])
@pytest.mark.parametrize("samples", [1, 127, 128, 129, 300])
def test_one_set_of_inputs_gives_what_two_equal_ones_give(kernel, activation, samples):
    """The blocks of a symmetric kernel are mirrored, and fit together at every size."""
    x = gaussian(24, samples, 3)
    options = {"depth": 2, "activation": activation, "bias_variance": 0.1}
    found = kernel(x, **options)
    assert (found == found.T).all()
    np.testing.assert_allclose(found, kernel(x, x.copy(), **options), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found[:, :1], kernel(x, x[:1], **options), rtol=1e-12, atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(
    seed=seeds,
    samples=st.integers(1, 8),
    features=st.integers(1, 5),
    depth=st.integers(0, 4),
    activation=st.sampled_from(["relu", "erf"]),
    bias=st.sampled_from([0.0, 0.5]),
)
def test_tangent_kernel_has_no_negative_eigenvalue_and_does_not_see_rotations(
    seed, samples, features, depth, activation, bias
):
    """It depends on lengths and angles only, and exceeds the network kernel in every direction."""
    x = gaussian(seed, samples, features)
    options = {"depth": depth, "activation": activation, "bias_variance": bias}
    matrix = tangent_kernel(x, **options)
    size = np.abs(matrix).max()
    assert least(matrix) > -1e-12 * size
    assert least(matrix - network_kernel(x, **options)) > -1e-12 * size
    turn = np.eye(1) if features == 1 else ortho_group.rvs(features, random_state=seed % 2**31)
    np.testing.assert_allclose(tangent_kernel(x @ turn, **options), matrix, atol=1e-11 * size)
    order = np.random.default_rng(seed).permutation(samples)
    again = tangent_kernel(x[order], **options)
    np.testing.assert_allclose(again, matrix[order][:, order], atol=1e-12 * size)


def test_relu_kernels_without_biases_are_homogeneous():
    """A multiple of an input has the multiple of its row, from tiny to huge lengths."""
    x, y = gaussian(25, 6, 3), gaussian(26, 5, 3)
    scale = np.array([1e-200, 1e-3, 1.0, 7.0, 1e3, 1e200])[:, np.newaxis]
    for kernel in (tangent_kernel, network_kernel):
        wanted = scale * kernel(x, y, depth=3)
        np.testing.assert_allclose(kernel(scale * x, y, depth=3), wanted, rtol=1e-12)


def test_an_input_zero_is_seen_by_biases_only():
    """Without biases the answers at 0 are 0; with them they vary."""
    x = [[0.0, 0.0], [1.0, 2.0]]
    found = tangent_kernel(x, depth=2)
    assert found[0].tolist() == [0.0, 0.0]
    assert tangent_kernel(x, depth=2, bias_variance=0.5)[0].min() > 0


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_kernels_keep_the_precision_of_the_inputs(activation):
    """float32 in, float32 out, and right to its precision."""
    x, y = gaussian(27, 30, 10), gaussian(28, 20, 10)
    options = {"depth": 3, "activation": activation, "bias_variance": 0.1}
    for kernel in (tangent_kernel, network_kernel):
        found = kernel(x.astype(np.float32), y.astype(np.float32), **options)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, kernel(x, y, **options), atol=1e-5)
        assert kernel(x.astype(np.float32), **options).dtype == np.float32
        assert kernel(x.astype(np.float32), y, **options).dtype == np.float64
    assert limit_gram(x.astype(np.float32)).dtype == np.float32
    assert arc_cosine(x.astype(np.float32), order=1).dtype == np.float32


def test_no_argument_is_written_to():
    """Inputs stay as they are."""
    x = gaussian(29, 5, 3)
    x.flags.writeable = False
    for activation in ("relu", "erf"):
        tangent_kernel(x, depth=2, activation=activation)
        network_kernel(x, x, depth=0, activation=activation)
    limit_gram(x)
    arc_cosine(x, order=1)


# --- kernels of networks as they stand ---------------------------------------------------------


def by_differences(layers, x, rates, activation, step=1e-6):
    """Return the kernel from difference quotients of the answers in every parameter."""
    slopes = []
    for k, layer in enumerate(layers):
        for field, rate in zip(Layer._fields, rates[k], strict=True):
            array = getattr(layer, field)
            for index in np.ndindex(array.shape):
                answers = []
                for sign in (1, -1):
                    moved = array.copy()
                    moved[index] += sign * step
                    changed = [*layers]
                    changed[k] = layer._replace(**{field: moved})
                    answers.append(forward(changed, x, activation=activation))
                slopes.append((answers[0] - answers[1]) / (2 * step) * math.sqrt(rate))
    return np.einsum("pnk,pml->nkml", slopes, slopes)


@pytest.mark.parametrize("activation", ["relu", "tanh", "erf", "identity"])
@pytest.mark.parametrize("widths", [(3, 1), (3, 5, 1), (2, 4, 3, 2)])
def test_the_empirical_kernel_is_the_gram_matrix_of_the_gradients(widths, activation):
    """Difference quotients in each parameter, with a rate for each, give the same."""
    layers, x = network(30, widths), gaussian(31, 4, widths[0])
    rates = [Layer(0.5 + k, 0.25 * k) for k in range(len(layers))]
    wanted = by_differences(layers, x, rates, activation)
    options = {"activation": activation, "rate": rates}
    found = empirical_tangent_kernel(layers, x, average=False, **options)
    np.testing.assert_allclose(found, wanted, atol=1e-7)
    mean = np.einsum("nkmk->nm", wanted) / widths[-1]
    np.testing.assert_allclose(empirical_tangent_kernel(layers, x, **options), mean, atol=1e-7)


def test_the_empirical_kernel_agrees_with_torch():
    """Automatic differentiation in every parameter gives the same kernel."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    layers, x = network(32, (4, 6, 5, 3)), gaussian(33, 7, 4)

    def answers(*flat):
        h = torch.tensor(x)
        for k in range(0, len(flat), 2):
            h = torch.nn.functional.linear(h, flat[k], flat[k + 1])
            h = torch.relu(h) if k < len(flat) - 2 else h
        return h

    flat = tuple(torch.tensor(array) for layer in layers for array in layer)
    slopes = torch.autograd.functional.jacobian(answers, flat)
    wanted = sum(
        torch.einsum("nkp,mlp->nkml", one.flatten(2), one.flatten(2)) for one in slopes
    ).numpy()
    found = empirical_tangent_kernel(layers, x, average=False)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_two_sets_of_inputs_give_a_corner_of_the_kernel_of_both():
    """Rows belong to the first inputs and columns to the second, averaged or not."""
    layers, x = network(34, (3, 5, 4, 2), replicas=(2,)), gaussian(35, 9, 3)
    for average in (True, False):
        whole = empirical_tangent_kernel(layers, x, average=average)
        found = empirical_tangent_kernel(layers, x[:4], x[4:], average=average)
        wanted = whole[:, :4, 4:] if average else whole[:, :4, :, 4:]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("replicated", ["layers", "x", "x2", "all", "last bias"])
@pytest.mark.parametrize("widths", [(3, 2), (3, 5, 2)])
def test_replicas_equal_the_loop_over_replicas(replicated, widths):
    """One batched call gives what a call for each replica gives, whatever has the replicas."""
    layers = network(36, widths, replicas=(4,) if replicated in ("layers", "all") else ())
    if replicated == "last bias":
        layers[-1] = layers[-1]._replace(bias=gaussian(37, 4, 2))
    x = gaussian(38, *((4,) if replicated in ("x", "all") else ()), 6, 3)
    y = gaussian(39, *((4,) if replicated in ("x2", "all") else ()), 5, 3)
    for average in (True, False):
        found = empirical_tangent_kernel(layers, x, y, average=average)
        assert found.shape == ((4, 6, 5) if average else (4, 6, 2, 5, 2))
        for r in range(4):
            own = [Layer(w[r] if w.ndim == 3 else w, b[r] if b.ndim == 2 else b) for w, b in layers]
            points = (a[r] if a.ndim == 3 else a for a in (x, y))
            wanted = empirical_tangent_kernel(own, *points, average=average)
            np.testing.assert_allclose(found[r], wanted, rtol=1e-12, atol=1e-12)


def test_gram_is_the_empirical_kernel_of_the_first_weights():
    """With a second layer of signs over the root of the width, only activity counts."""
    w, x = gaussian(40, 3, 50, 4), gaussian(41, 7, 4)
    signs = np.where(np.arange(50) % 3 == 0, -1.0, 1.0)
    found = empirical_tangent_kernel(two_layers(w, signs), x, rate=FIRST_WEIGHT_ONLY)
    np.testing.assert_allclose(found, gram(w, x), rtol=1e-12, atol=1e-14)


def drawn(seed, replicas, widths, weight_variance, bias_variance):
    """Draw networks with the variances of a tangent kernel, and the rates that belong to it."""
    rng, layers, rates = np.random.default_rng(seed), [], []
    for k, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        variance = (weight_variance if k else 1) / fan_in
        weight = rng.standard_normal((replicas, fan_out, fan_in)) * math.sqrt(variance)
        bias = rng.standard_normal((replicas, fan_out)) * math.sqrt(bias_variance)
        layers.append(Layer(weight, bias))
        rates.append(Layer(variance, bias_variance))
    return layers, rates


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_the_empirical_kernel_has_the_limit_as_its_mean_with_one_hidden_layer(activation):
    """The units are independent, so that the width does not matter: 5 standard errors."""
    x = gaussian(42, 5, 3)
    layers, rates = drawn(43, 4000, (3, 20, 1), 1.5, 0.3)
    found = empirical_tangent_kernel(layers, x, activation=activation, rate=rates)
    error = found.std(axis=0, ddof=1) / math.sqrt(len(found))
    options = {"activation": activation, "weight_variance": 1.5, "bias_variance": 0.3}
    limit = tangent_kernel(x, depth=1, **options)
    assert (np.abs(found.mean(axis=0) - limit) <= 5 * error).all()


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_the_empirical_kernel_approaches_the_limit_with_the_width(activation):
    """With three hidden layers of 256 units it is within 5 standard errors and a share of 1 / m."""
    x = gaussian(44, 5, 3)
    layers, rates = drawn(45, 30, (3, 256, 256, 256, 1), 2.0, 0.1)
    found = empirical_tangent_kernel(layers, x, activation=activation, rate=rates)
    error = found.std(axis=0, ddof=1) / math.sqrt(len(found))
    limit = tangent_kernel(x, depth=3, activation=activation, bias_variance=0.1)
    room = 5 * error + 10 / 256 * np.abs(limit).max()
    assert (np.abs(found.mean(axis=0) - limit) <= room).all()


def test_a_step_of_descent_moves_the_answers_by_the_kernel():
    """To first order in the rates, the answers move by -K (f - y), outputs and layers together."""
    layers, x, y = network(46, (3, 6, 2)), gaussian(47, 5, 3), gaussian(48, 5, 2)
    rates = [Layer(1e-6, 3e-6), Layer(2e-6, 0.0)]
    before = forward(layers, x, activation="tanh")
    run = descend(layers, x, y, steps=1, rate=rates, activation="tanh")
    moved = (forward(run.layers, x, activation="tanh") - before).ravel()
    kernel = empirical_tangent_kernel(layers, x, activation="tanh", rate=rates, average=False)
    wanted = -2 / y.size * kernel.reshape(10, 10) @ (before - y).ravel()
    np.testing.assert_allclose(moved, wanted, rtol=1e-4, atol=1e-12)


def test_the_layers_decide_the_precision():
    """With float32 layers the kernel is float32, even where the data are float64."""
    layers = [Layer(*(a.astype(np.float32) for a in layer)) for layer in network(49, (3, 4, 2))]
    found = empirical_tangent_kernel(layers, gaussian(50, 5, 3), gaussian(51, 4, 3), rate=0.5)
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
    squared = linearized_curve(kernel, found[0], rate=0.02, steps=40)
    np.testing.assert_allclose(squared, (found**2).sum(axis=-1), rtol=1e-11)
    one = linearized_curve(kernel[1], found[0], rate=0.02, steps=40)
    np.testing.assert_allclose(one[:, 1], squared[:, 1], rtol=1e-11)


def test_a_linear_network_is_its_own_linearization():
    """Its run of descent has the losses of the curve, at the rate that the docstring tells."""
    layers, x, y = network(54, (4, 1)), gaussian(55, 6, 4), gaussian(56, 6, 1)
    run = descend(layers, x, y, steps=50, rate=0.1)
    kernel = empirical_tangent_kernel(layers, x)
    residual = (forward(layers, x) - y)[:, 0]
    curve = linearized_curve(kernel, residual, rate=2 * 0.1 / 6, steps=50)
    np.testing.assert_allclose(run.losses, curve / 6, rtol=1e-10)


def test_a_wide_network_follows_its_linearization():
    """At 4096 units the errors of Du et al.'s network are those of the linearized one, nearly."""
    x, y = on_sphere(57, 10, 5), gaussian(58, 10, 1)
    layers = two_layers(gaussian(59, 4096, 5), np.where(np.arange(4096) % 2, 1.0, -1.0))
    kernel = empirical_tangent_kernel(layers, x, rate=FIRST_WEIGHT_ONLY)
    eta = 1 / np.linalg.eigvalsh(kernel)[-1]
    residual = (forward(layers, x) - y)[:, 0]
    run = descend(layers, x, y, steps=60, rate=[Layer(eta * 5, 0.0), 0.0])
    curve = linearized_curve(kernel, residual, rate=eta, steps=60)
    np.testing.assert_allclose(run.losses * 10, curve, atol=0.05 * curve[0])
    _, slopes = gradients(layers, x, y)
    assert slopes[0].weight.shape == (4096, 5)


# --- the door ----------------------------------------------------------------------------------

LINEAR = [Layer(np.ones((1, 2)), np.ones(1))]
X = [[1.0, 2.0], [0.0, 1.0]]
PAIR = "an array of shape (samples, 2)"
BOTH = (network_kernel, tangent_kernel)


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("others", [True, False])
def test_both_kernels_at_once_are_each_kernel_alone(activation, others):
    """To the bit, in blocks and across their edges, symmetric where they should be."""
    x1 = gaussian(0, 150, 4)
    x2 = gaussian(1, 130, 4) if others else None
    options = {"depth": 3, "activation": activation, "weight_variance": 1.5, "bias_variance": 0.2}
    kernels = wide_kernels(x1, x2, **options)
    np.testing.assert_array_equal(kernels.network, network_kernel(x1, x2, **options))
    np.testing.assert_array_equal(kernels.tangent, tangent_kernel(x1, x2, **options))
    assert np.abs(kernels.tangent - kernels.network).max() > 0.1


def wrong(function, *arguments, error, text, **options):
    """Assert that a call is refused with a text."""
    with pytest.raises(error, match=re.escape(text)):
        function(*arguments, **options)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        ([1.0, 2.0], ValueError, "must be an array of shape (samples, features), got shape (2,)"),
        ([[1.0, np.nan]], ValueError, "must be finite, got nan at index (0, 1)"),
        (
            np.ones((0, 2)),
            ValueError,
            "must be an array of shape (samples, features) with no empty",
        ),
        ([["a"]], TypeError, "must be an array of shape (samples, features) of real numbers, got"),
    ],
)
def test_wrong_inputs_are_named(x, error, text):
    """The message says which argument, what was wanted and what came."""
    wrong(limit_gram, x, error=error, text=f"x {text}")
    wrong(arc_cosine, x, order=1, error=error, text=f"x1 {text}")
    for kernel in BOTH:
        wrong(kernel, x, depth=1, error=error, text=f"x1 {text}")


def test_second_inputs_must_fit_the_first():
    """They have as many features."""
    text = f"x2 must be {PAIR}, got shape (1, 3)"
    wrong(arc_cosine, X, [[1, 2, 3]], order=1, error=ValueError, text=text)
    for kernel in BOTH:
        wrong(kernel, X, [[1, 2, 3]], depth=1, error=ValueError, text=text)
    text = "x2 must be an array of shape ([replicas], samples, 2), got shape (1, 3)"
    wrong(empirical_tangent_kernel, LINEAR, X, [[1, 2, 3]], error=ValueError, text=text)
    layers = [Layer(np.ones((5, 1, 2)), np.ones(1))]
    text = "x2 must have replica axes that broadcast with (5,), got shape (4, 1, 2)"
    wrong(empirical_tangent_kernel, layers, X, np.ones((4, 1, 2)), error=ValueError, text=text)


def test_wrong_options_of_the_kernels_are_named():
    """Orders, depths, variances and activations have their bounds."""
    text = "order must be a whole number from 0 to 2, got 3"
    wrong(arc_cosine, X, order=3, error=ValueError, text=text)
    for kernel in BOTH:
        text = "depth must be a whole number of at least 0, got -1"
        wrong(kernel, X, depth=-1, error=ValueError, text=text)
        text = "depth must be a whole number of at least 0, got 1.5"
        wrong(kernel, X, depth=1.5, error=TypeError, text=text)
        text = "activation must be one of 'relu', 'erf', got 'tanh'"
        wrong(kernel, X, depth=1, activation="tanh", error=ValueError, text=text)
        text = "weight_variance must be a finite number above 0, got 0"
        wrong(kernel, X, depth=1, weight_variance=0, error=ValueError, text=text)
        text = "bias_variance must be a finite number of at least 0, got -1"
        wrong(kernel, X, depth=1, bias_variance=-1, error=ValueError, text=text)


def test_weights_and_inputs_of_gram_must_fit():
    """The message says how many features the weight wants."""
    text = "weight must be an array of shape ([replicas], units, features), got shape (3,)"
    wrong(gram, np.ones(3), X, error=ValueError, text=text)
    text = "x must be an array of shape (samples, 3), got shape (2, 2)"
    wrong(gram, np.ones((4, 3)), X, error=ValueError, text=text)


@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [
        ({"initial": -1.0}, ValueError, "initial must be at least 0, got -1"),
        ({"initial": "a"}, TypeError, "initial must be an array of shape ([replicas],) of real"),
        ({"least_eigenvalue": 0}, ValueError, "least_eigenvalue must be a finite number above 0"),
        ({"rate": 4.0}, ValueError, "rate must be a finite number above 0 and below 4, got 4"),
        ({"steps": 0}, ValueError, "steps must be a whole number of at least 1, got 0"),
    ],
)
def test_wrong_arguments_of_the_bound_are_named(changed, error, text):
    """A bound that would be negative is refused, too."""
    arguments = {"initial": 1.0, "least_eigenvalue": 0.5, "rate": 1.0, "steps": 3, **changed}
    initial = arguments.pop("initial")
    wrong(convergence_bound, initial, **arguments, error=error, text=text)


def test_wrong_arguments_of_the_width_are_named():
    """A probability is at most 1."""
    options = {"least_eigenvalue": 0.1}
    text = "samples must be a whole number of at least 1, got 0"
    wrong(required_width, 0, **options, error=ValueError, text=text)
    text = "failure must be a probability of at most 1, got 1.5"
    wrong(required_width, 9, **options, failure=1.5, error=ValueError, text=text)
    text = "failure must be a finite number above 0, got 0"
    wrong(required_width, 9, **options, failure=0, error=ValueError, text=text)
    text = "least_eigenvalue must be a finite number above 0, got -1"
    wrong(required_width, 9, least_eigenvalue=-1, error=ValueError, text=text)


@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [
        ({"layers": []}, TypeError, "layers must be a non-empty list of Layer, got []"),
        ({"x": [[1.0]]}, ValueError, "x must be an array of shape ([replicas], samples, 2)"),
        ({"activation": "gelu"}, ValueError, "activation must be one of 'identity', 'relu',"),
        ({"rate": -1}, ValueError, "rate must be a finite number of at least 0, got -1"),
        ({"rate": [1, 2]}, ValueError, "rate must be a number or a list of 1 entries, one for"),
        ({"rate": ["a"]}, TypeError, "rate[0] must be a finite number of at least 0, got 'a'"),
        ({"rate": [Layer(-1, 0)]}, ValueError, "rate[0].weight must be a finite number of at"),
        ({"rate": [Layer(1, np.nan)]}, ValueError, "rate[0].bias must be a finite number of at"),
    ],
)
def test_wrong_arguments_of_the_empirical_kernel_are_named(changed, error, text):
    """Rates are written as for descend, and refused in the same words."""
    arguments = {"layers": LINEAR, "x": X, **changed}
    wrong(empirical_tangent_kernel, **arguments, error=error, text=text)


@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [
        (
            {"kernel": np.ones((2, 3))},
            ValueError,
            "kernel must be an array of shape ([replicas], samples, samples), got shape (2, 3)",
        ),
        (
            {"kernel": [[1.0, 2.0], [0.0, 1.0]]},
            ValueError,
            "kernel must be symmetric, got entries that differ by 2",
        ),
        (
            {"residual": [1.0]},
            ValueError,
            "residual must be an array of shape ([replicas], 2), got shape (1,)",
        ),
        (
            {"kernel": np.ones((3, 2, 2)), "residual": np.ones((4, 2))},
            ValueError,
            "residual must have replica axes that broadcast with (3,), got shape (4, 2)",
        ),
        ({"rate": 0}, ValueError, "rate must be a finite number above 0, got 0"),
        ({"steps": 0}, ValueError, "steps must be a whole number of at least 1, got 0"),
        (
            {"rate": 1e200, "steps": 5},
            FloatingPointError,
            "the linearized error at step 1 is not finite, with rate 1e+200; take a smaller rate",
        ),
    ],
)
def test_wrong_arguments_of_the_linearization_are_named(changed, error, text):
    """A rate that lets the error overflow is told as by descend."""
    arguments = {"kernel": np.eye(2), "residual": np.ones(2), "rate": 0.1, "steps": 3, **changed}
    for function in (linearized_residuals, linearized_curve):
        wrong(function, **arguments, error=error, text=text)


@pytest.mark.parametrize("least", [1e-320, 1e300])
def test_a_width_beyond_all_numbers_is_refused(least):
    """The fourth power of the eigenvalue has no place among the numbers."""
    with pytest.raises(ValueError, match=r"^least_eigenvalue must leave a width that is a number"):
        required_width(10, least_eigenvalue=least)


def test_a_rate_in_an_array_without_axes_is_a_number():
    """It has no entries to count."""
    layers = [Layer(np.ones((1, 2)), np.zeros(1))]
    one, other = (
        empirical_tangent_kernel(layers, [[1.0, 2.0]], rate=rate) for rate in (0.5, np.array(0.5))
    )
    assert one == other
