"""The activations: values, derivatives, precision, and what kind of function each is."""

import math
import warnings

import mpmath
import numpy as np
import pytest

from symlib._activations import ACTIVATIONS

NAMES = sorted(ACTIVATIONS)
POINTS = np.concatenate([np.linspace(-4, 4, 42), [-1e-3, 1e-3, -12, 12]])  # none at a kink
TINY = np.array([-1e-300, -1e-20, -1e-8, 1e-8, 1e-20, 1e-300])
SCALE, ALPHA = mpmath.mpf("1.0507009873554804934"), mpmath.mpf("1.6732632423543772848")


def gate(x):
    """Return the argument of the sigmoid in the tanh form of gelu, times 1/2."""
    return mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)


EXACT = {
    "identity": lambda x: x,
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x: x if x > 0 else mpmath.mpf("0.01") * x,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "selu": lambda x: SCALE * (x if x > 0 else ALPHA * mpmath.expm1(x)),
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * (1 + mpmath.tanh(gate(x))) / 2,
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "hardtanh": lambda x: min(max(x, -1), 1),
}


def exactly(name, points, derivative=0):
    """Return the activation or one of its derivatives to many digits."""
    with mpmath.workdps(80):
        phi = EXACT[name]
        numbers = [mpmath.mpf(float(x)) for x in points]
        if derivative:
            return np.array([float(mpmath.diff(phi, x, derivative)) for x in numbers])
        return np.array([float(phi(x)) for x in numbers])


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_named_function(name):
    """Each activation is the function that its name says, near 0 as elsewhere."""
    points = np.concatenate([POINTS, TINY])
    found = ACTIVATIONS[name].value(points)
    np.testing.assert_allclose(found, exactly(name, points), rtol=2e-14, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_the_named_function(name):
    """Slope and curvature agree with derivatives to many digits."""
    phi = ACTIVATIONS[name]
    value = phi.value(POINTS)
    slope, curvature = phi.slope(POINTS, value), phi.curvature(POINTS, value)
    np.testing.assert_allclose(slope, exactly(name, POINTS, 1), rtol=1e-14, atol=2e-15)
    np.testing.assert_allclose(curvature, exactly(name, POINTS, 2), rtol=1e-14, atol=1e-14)


def test_the_slope_of_sigmoid_keeps_its_digits_where_the_value_is_near_1():
    """At 40 the value is 1 in floating point, and the slope 4e-18."""
    points = np.array([-40.0, -5.0, 5.0, 20.0, 40.0])
    phi = ACTIVATIONS["sigmoid"]
    slope = phi.slope(points, phi.value(points))
    np.testing.assert_allclose(slope, exactly("sigmoid", points, 1), rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_values_and_slopes_agree_with_torch(name):
    """Value and slope are those of torch, at the kinks too."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    functions = torch.nn.functional
    special = {
        "identity": lambda x: x * 1,
        "erf": torch.erf,
        "gelu_tanh": lambda x: functions.gelu(x, approximate="tanh"),
        "softplus": lambda x: functions.softplus(x, threshold=40),  # by default linear above 20
    }
    points = np.concatenate([POINTS, TINY, [0.0, -0.0, 1.0, -1.0]])
    leaf = torch.tensor(points, requires_grad=True)
    wanted = special.get(name, getattr(functions, name, None))(leaf)
    wanted.sum().backward()
    value = ACTIVATIONS[name].value(points)
    np.testing.assert_allclose(value, wanted.detach().numpy(), rtol=1e-14, atol=2e-15)
    slope = ACTIVATIONS[name].slope(points, value)
    np.testing.assert_allclose(slope, leaf.grad.numpy(), rtol=1e-13, atol=2e-15)


def test_constants_of_selu_solve_the_equations_that_define_them():
    """Alpha and scale are the closed solution for mean 0 and variance 1 (Klambauer et al. 2017)."""
    e = math.sqrt(math.e) * math.erfc(math.sqrt(0.5))
    e2 = math.e**2 * math.erfc(math.sqrt(2))
    alpha = math.sqrt(2 / math.pi) / (1 - e)
    scale = 1 / math.sqrt(0.5 + alpha**2 * (0.5 + e2 / 2 - e))
    z = np.array([1.0, -np.inf])
    np.testing.assert_allclose(
        ACTIVATIONS["selu"].value(z), [scale, -scale * alpha], rtol=1e-15 * 4
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_precision_is_kept_and_the_argument_is_not_written_to(name, dtype):
    """A float32 array stays float32, and nobody's array changes."""
    phi, z = ACTIVATIONS[name], POINTS.astype(dtype)
    value = phi.value(z)
    kept = z.copy(), value.copy()
    results = (value, phi.slope(z, value), phi.curvature(z, value))
    assert [r.dtype for r in results] == [dtype] * 3
    assert (z == kept[0]).all()
    assert (value == kept[1]).all()


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_is_right_to_its_rounding(name):
    """Values and slopes of float32 arrays have the digits that float32 has."""
    phi, z = ACTIVATIONS[name], POINTS.astype(np.float32)
    value = phi.value(z)
    wide = z.astype(np.float64)
    exact = phi.value(wide)
    np.testing.assert_allclose(value, exact, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(phi.slope(z, value), phi.slope(wide, exact), rtol=2e-6, atol=5e-7)


@pytest.mark.parametrize("name", NAMES)
def test_results_may_be_written_over_the_argument(name):
    """Value and slope are the same with ``out``, which may be the argument itself."""
    phi = ACTIVATIONS[name]
    value = phi.value(POINTS)
    slope = phi.slope(POINTS, value)
    assert (phi.value(POINTS, out=np.empty_like(POINTS)) == value).all()
    assert (phi.slope(POINTS.copy(), value, out=np.empty_like(POINTS)) == slope).all()
    here = POINTS.copy()
    assert (phi.slope(here, value, out=here) == slope).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_great_arguments_are_no_accident(name, dtype):
    """At 10^4 and 10^30 nothing overflows, and slope and curvature are those of straight lines."""
    phi = ACTIVATIONS[name]
    z = np.array([-1e30, -1e4, 1e4, 1e30], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = phi.value(z)
        slope = phi.slope(z, value)
        curvature = phi.curvature(z, value)
    assert np.isfinite(value).all()
    assert slope[0] == slope[1]
    assert slope[2] == slope[3]
    assert (curvature == 0).all()
    np.testing.assert_allclose(value[[1, 2]], exactly(name, [-1e4, 1e4]), rtol=3e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_equal_inputs_give_equal_bits(name, dtype):
    """The result does not depend on where in an array the input stands."""
    phi = ACTIVATIONS[name]
    for point in POINTS.astype(dtype):
        for length in (1, 7, 16, 33):
            z = np.full(length, point)
            value = phi.value(z)
            for result in (value, phi.slope(z, value), phi.curvature(z, value)):
                assert (result == result[0]).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_an_activation_is_said_to_be_it_is(name):
    """Odd, homogeneous and piecewise linear activations are those whose values say so."""
    phi = ACTIVATIONS[name]
    value = phi.value(POINTS)
    assert phi.odd == np.allclose(phi.value(-POINTS), -value)
    assert phi.homogeneous == np.allclose(phi.value(3 * POINTS), 3 * value)
    bent = np.abs(phi.curvature(POINTS, value)).max() > 0
    assert bent == (phi.kinks is None)
    if phi.kinks is not None:
        pieces = np.concatenate([[-5.0], phi.kinks, [5.0]])
        middles = (pieces[1:] + pieces[:-1]) / 2
        slopes = phi.slope(middles, phi.value(middles))
        assert (np.diff(slopes) != 0).all()
        rises = np.diff(phi.value(pieces)) / np.diff(pieces)
        np.testing.assert_allclose(rises, slopes, rtol=1e-14)
