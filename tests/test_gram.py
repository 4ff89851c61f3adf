"""The Gram matrix of Du et al.: the limit, the finite networks, and what the theorem promises."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import ortho_group

from symlib.gram import convergence_bound, limit_gram, relu_gram, required_width

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


# --- the limit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [0.3, math.pi / 2, 2.0, 3.0])
def test_the_limit_is_the_mean_over_gaussian_units(angle):
    """The directions of the plane that both inputs activate, as an integral over all of them."""
    seen, _ = quad(
        lambda t: float(math.cos(t) > 0 and math.cos(t - angle) > 0),
        -math.pi,
        math.pi,
        points=[-math.pi / 2, math.pi / 2, angle - math.pi / 2, angle + math.pi / 2 - math.tau],
    )
    found = limit_gram(at_angle(angle))[0, 1]
    np.testing.assert_allclose(found, math.cos(angle) * seen / math.tau, atol=1e-9)


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


@pytest.mark.parametrize("angle", [1e-9, 1e-6, 1e-3, 0.1])
def test_angles_that_the_cosine_has_lost_are_not_lost(angle):
    """The share of units that only one of two inputs activates is the angle over π."""
    apart = at_angle(angle) * [[1.0], [-1.0]]
    found = -2 * limit_gram(apart)[0, 1] / math.cos(angle)
    np.testing.assert_allclose(found, angle / math.pi, rtol=1e-12)
    share = 1 - 2 * limit_gram(at_angle(angle))[0, 1] / math.cos(angle)
    np.testing.assert_allclose(share, angle / math.pi, rtol=1e-12, atol=2 * EPS)


def test_limit_gram_is_half_the_square_on_its_diagonal_for_lengths_of_all_sizes():
    """An input is at the angle 0 to itself, whatever rounding says of the cosine."""
    x = gaussian(1, 50, 7) * np.geomspace(1e-100, 1e150, 50)[:, np.newaxis]
    np.testing.assert_allclose(limit_gram(x).diagonal(), (x * x).sum(axis=1) / 2, rtol=1e-14)


def test_very_long_and_very_short_inputs_have_the_products_that_are_numbers():
    """Squares of 1e150 and of 1e-150 are far from each other, and each is a number."""
    x = np.array([[1e150, 0.0], [1e-150, 1e-150], [0.0, 0.0]])
    half = [[0.5e300, 0.375, 0.0], [0.375, 1e-300, 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(limit_gram(x), half, rtol=1e-14)
    every = relu_gram([[1.0, 1.0]], x)
    np.testing.assert_allclose(every, x @ x.T, rtol=1e-14)


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


@pytest.mark.parametrize(("pairs", "features"), [(4, 5), (5, 5), (6, 5), (25, 20)])
def test_antiparallel_pairs_beyond_the_dimension_cost_an_eigenvalue_each(pairs, features):
    """The odd part of the matrix is linear, so that k pairs in d dimensions leave k - d zeros."""
    x = on_sphere(5, pairs, features)
    values = np.linalg.eigvalsh(limit_gram(np.vstack([x, -x])))
    zeros = max(pairs - features, 0)
    assert np.abs(values[:zeros]).max(initial=0) < 1e-13
    assert values[zeros] > 1e-6


@settings(max_examples=25)
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


# --- the matrix at finite width ----------------------------------------------------------------


def test_relu_gram_counts_units_that_are_active_at_both_inputs():
    """It is the definition, unit by unit; a product of 0 counts as active."""
    w, x = gaussian(6, 9, 3).round(), gaussian(7, 5, 3).round()
    wanted = np.zeros((5, 5))
    for i, j, r in itertools.product(range(5), range(5), range(9)):
        wanted[i, j] += x[i] @ x[j] * (w[r] @ x[i] >= 0 and w[r] @ x[j] >= 0) / 9
    assert (w @ x.T == 0).any()
    np.testing.assert_allclose(relu_gram(w, x), wanted, atol=1e-14)


def test_relu_gram_takes_replicas_and_units_in_blocks():
    """Each replica has its own matrix, whatever the number of units that fit into a block."""
    w, x = gaussian(8, 3, 2500, 4), gaussian(9, 1000, 4)
    found = relu_gram(w, x)
    assert found.shape == (3, 1000, 1000)
    active = (w[2] @ x.T >= 0).astype(float)
    np.testing.assert_allclose(found[2], (x @ x.T) * (active.T @ active) / 2500, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1e-300, 1e300])
def test_relu_gram_does_not_see_the_lengths_of_the_weights(scale):
    """Only the directions of the units count, and no product of them overflows."""
    w, x = gaussian(10, 40, 3), gaussian(11, 6, 3)
    assert (relu_gram(w, x) == relu_gram(w * np.geomspace(scale, 1, 40)[:, np.newaxis], x)).all()
    np.testing.assert_allclose(relu_gram(w * scale, x * 1e50), 1e100 * relu_gram(w, x), rtol=1e-12)


def test_a_constant_start_has_a_gram_matrix_without_full_rank():
    """Equal units are active together, so that the rank is at most that of the inputs."""
    x = on_sphere(12, 30, 8)
    values = np.linalg.eigvalsh(relu_gram(np.full((16, 8), 0.5), x))
    assert np.abs(values[:22]).max() < 1e-13


def test_relu_gram_of_gaussian_weights_has_the_limit_as_its_mean():
    """Every entry is a mean of independent units, here of 200 000 in all, to 5 errors."""
    x = on_sphere(13, 12, 4)
    found = relu_gram(gaussian(14, 200, 1000, 4), x)
    error = found.std(axis=0, ddof=1) / math.sqrt(200)
    assert (np.abs(found.mean(axis=0) - limit_gram(x)) <= 5 * error + 1e-12).all()


def test_relu_gram_approaches_its_limit_like_the_root_of_the_width():
    """Sixty-four times the units make the distance eight times smaller."""
    x = on_sphere(15, 20, 5)
    limit = limit_gram(x)
    narrow, wide = (
        np.linalg.norm(relu_gram(gaussian(16, 60, m, 5), x) - limit, 2, axis=(-2, -1)).mean()
        for m in (50, 3200)
    )
    assert 6.5 < narrow / wide < 9.8


def test_the_precision_of_the_inputs_is_kept():
    """float32 in, float32 out, and no argument is written to."""
    w = gaussian(17, 5, 3).astype(np.float32)
    x = gaussian(18, 4, 3).astype(np.float32)
    w.flags.writeable = x.flags.writeable = False
    assert limit_gram(x).dtype == relu_gram(w, x).dtype == np.float32
    np.testing.assert_allclose(limit_gram(x), limit_gram(x.astype(float)), atol=1e-5)


# --- what the theorem promises -----------------------------------------------------------------


def test_the_bound_falls_by_the_same_factor_each_step():
    """It is (1 - η λ₀ / 2)ᵏ times the error at the start, of each replica."""
    bound = convergence_bound([2.0, 0.0, 5.0], least_eigenvalue=0.1, rate=0.4, steps=30)
    assert bound.shape == (30, 3)
    assert bound[0].tolist() == [2.0, 0.0, 5.0]
    np.testing.assert_allclose(bound[1:], bound[:-1] * 0.98, rtol=1e-14)
    assert convergence_bound(1.0, least_eigenvalue=1, rate=1, steps=3).tolist() == [1, 0.5, 0.25]


def test_the_required_width_has_the_powers_of_the_theorem():
    """It is n⁶ / (λ₀⁴ δ³)."""
    np.testing.assert_allclose(required_width(100, least_eigenvalue=0.06718), 4.9e16, rtol=0.01)
    ratio = required_width(7, least_eigenvalue=0.3, failure=0.1) / required_width(
        7, least_eigenvalue=0.3
    )
    np.testing.assert_allclose(ratio, 1000, rtol=1e-12)


# --- the door ----------------------------------------------------------------------------------

BOUND = {"initial": 1.0, "least_eigenvalue": 0.5, "rate": 1.0, "steps": 3}
WIDTH = {"samples": 9, "least_eigenvalue": 0.1, "failure": 1.0}


@pytest.mark.parametrize(
    ("function", "arguments", "error", "text"),
    [
        (
            limit_gram,
            {"x": [1.0, 2.0]},
            ValueError,
            "x must be an array of shape (samples, features), got shape (2,)",
        ),
        (limit_gram, {"x": [[1.0, np.nan]]}, ValueError, "x must be finite, got nan at index (0,"),
        (
            limit_gram,
            {"x": [[1.0, 0.0], [0.0, 1e200]]},
            ValueError,
            "x must have rows whose inner products are numbers in float64, "
            "got a row with an entry of size 1e+200",
        ),
        (
            relu_gram,
            {"weight": np.float32([[1.0]]), "x": np.float32([[1e30]])},
            ValueError,
            "x must have rows whose inner products are numbers in float32",
        ),
        (
            relu_gram,
            {"weight": np.ones(3), "x": [[1.0]]},
            ValueError,
            "weight must be an array of shape ([replicas], units, features), got shape (3,)",
        ),
        (
            relu_gram,
            {"weight": np.ones((4, 3)), "x": [[1.0, 2.0]]},
            ValueError,
            "x must be an array of shape (samples, 3), got shape (1, 2)",
        ),
        (convergence_bound, BOUND | {"initial": -1.0}, ValueError, "initial must be at least 0"),
        (
            convergence_bound,
            BOUND | {"rate": 4.0},
            ValueError,
            "rate must be a finite number above",
        ),
        (convergence_bound, BOUND | {"steps": 0}, ValueError, "steps must be a whole number of at"),
        (required_width, WIDTH | {"samples": 0}, ValueError, "samples must be a whole number of"),
        (
            required_width,
            WIDTH | {"failure": 1.5},
            ValueError,
            "failure must be a probability of at most 1, got 1.5",
        ),
        (
            required_width,
            WIDTH | {"least_eigenvalue": 1e-320},
            ValueError,
            "least_eigenvalue must leave a width that is a number, got",
        ),
        (
            required_width,
            WIDTH | {"least_eigenvalue": 1e300},
            ValueError,
            "least_eigenvalue must leave a width that is a number, got",
        ),
    ],
)
def test_wrong_arguments_are_named(function, arguments, error, text):
    """The message says which argument, what was wanted and what came."""
    with pytest.raises(error, match=re.escape(text)):
        function(**arguments)
