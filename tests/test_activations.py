"""The activations: values, derivatives, precision."""

import math

import numpy as np
import pytest
from scipy import special

from symlib._activations import ACTIVATIONS

NAMES = sorted(ACTIVATIONS)
POINTS = np.concatenate([np.linspace(-4, 4, 42), [-1e-3, 1e-3]])  # none at relu's kink
VALUES = {
    "identity": lambda z: z,
    "relu": lambda z: z * (z > 0),
    "tanh": lambda z: np.sinh(z) / np.cosh(z),
    "erf": lambda z: 1 - special.erfc(z),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1)),
}


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_named_function(name):
    """Each activation is the function that its name says."""
    np.testing.assert_allclose(
        ACTIVATIONS[name].value(POINTS), VALUES[name](POINTS), rtol=1e-14, atol=1e-15
    )


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_agree_with_central_differences(name):
    """The slope is the difference quotient of the value, the curvature that of the slope."""
    phi, h = ACTIVATIONS[name], 1e-5

    def slope(z):
        return phi.slope(z, phi.value(z))

    quotient = (phi.value(POINTS + h) - phi.value(POINTS - h)) / (2 * h)
    np.testing.assert_allclose(slope(POINTS), quotient, rtol=1e-8, atol=1e-9)
    quotient = (slope(POINTS + h) - slope(POINTS - h)) / (2 * h)
    curvature = phi.curvature(POINTS, phi.value(POINTS))
    np.testing.assert_allclose(curvature, quotient, rtol=1e-8, atol=1e-9)


def test_slope_of_relu_at_zero_is_zero():
    """The convention at the kink is phi'(0) = 0, on both signs of zero."""
    z = np.array([0.0, -0.0])
    assert ACTIVATIONS["relu"].slope(z, z).tolist() == [0, 0]


def test_slope_of_selu_at_zero_is_that_of_its_left_side():
    """The convention at the kink is phi'(0) = scale times alpha, on both signs of zero."""
    z = np.array([0.0, -0.0])
    slope = ACTIVATIONS["selu"].slope(z, ACTIVATIONS["selu"].value(z))
    np.testing.assert_allclose(slope, 1.0507009873554805 * 1.6732632423543772, rtol=1e-15)


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


def test_selu_agrees_with_torch():
    """Value and slope are those of torch, at the kink too."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    points = np.append(POINTS, 0.0)
    leaf = torch.tensor(points, requires_grad=True)
    wanted = torch.nn.functional.selu(leaf)
    wanted.sum().backward()
    value = ACTIVATIONS["selu"].value(points)
    np.testing.assert_allclose(value, wanted.detach().numpy(), rtol=1e-14)
    slope = ACTIVATIONS["selu"].slope(points, value)
    np.testing.assert_allclose(slope, leaf.grad.numpy(), rtol=1e-13)


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
