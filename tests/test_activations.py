"""The activations: values, derivatives, precision."""

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
