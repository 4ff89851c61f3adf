"""The activations by name, each with its first two derivatives.

Every function here works entry by entry, so that equal inputs give equal bits and an array keeps
its precision. The derivatives take the argument ``z`` and the value ``phi(z)``, which whoever
differentiates has at hand: the slope of tanh is then one product and no second tanh. Values and
slopes may be written into ``out``, where that saves an array; ``out`` may be ``z`` itself.

At a kink the slope is the one that PyTorch takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ACTIVATIONS", "Activation"]

Array = npt.NDArray[np.floating[Any]]
Out = Array | None


class Activation(NamedTuple):
    """One activation: its value, its slope, its curvature, and what kind of function it is.

    Attributes
    ----------
    value : callable
        ``value(z, out=None)`` is phi(z).
    slope : callable
        ``slope(z, phi(z), out=None)`` is phi'(z).
    curvature : callable
        ``curvature(z, phi(z))`` is phi''(z), away from the kinks.
    odd : bool
        Whether phi(-z) = -phi(z).
    homogeneous : bool
        Whether phi(c z) = c phi(z) for c > 0.
    kinks : tuple of float, or None
        Where a piecewise linear activation changes its slope; None for one that is not piecewise
        linear.
    """

    value: Callable[..., Array]
    slope: Callable[..., Array]
    curvature: Callable[[Array, Array], Array]
    odd: bool = False
    homogeneous: bool = False
    kinks: tuple[float, ...] | None = None


# --- piecewise linear ---------------------------------------------------------------------------


def _identity(z: Array, out: Out = None) -> Array:
    return z


def _identity_slope(z: Array, _: Array, out: Out = None) -> Array:
    return np.ones_like(z)


def _zeros(z: Array, _: Array) -> Array:
    return np.zeros_like(z)


def _relu(z: Array, out: Out = None) -> Array:
    return np.maximum(z, 0, out=out)


def _relu_slope(z: Array, _: Array, out: Out = None) -> Array:
    return np.greater(z, 0, out=np.empty_like(z) if out is None else out)


def _leaky_relu(z: Array, out: Out = None) -> Array:
    return np.asarray(np.maximum(z, _LEAK * z, out=out))


def _leaky_relu_slope(z: Array, _: Array, out: Out = None) -> Array:
    one = z.dtype.type(1)
    return np.where(z > 0, one, one * _LEAK)


def _hardtanh(z: Array, out: Out = None) -> Array:
    value: Array = np.clip(z, -1, 1, out=out)
    return value


def _hardtanh_slope(z: Array, _: Array, out: Out = None) -> Array:
    return np.less(np.abs(z), 1, out=np.empty_like(z) if out is None else out)


# --- bounded ------------------------------------------------------------------------------------


def _tanh(z: Array, out: Out = None) -> Array:
    return np.tanh(z, out=out)


def _tanh_slope(_: Array, value: Array, out: Out = None) -> Array:
    slope = np.square(value, out=out)
    return np.subtract(1, slope, out=slope)


def _tanh_curvature(_: Array, value: Array) -> Array:
    return 2 * value * (value * value - 1)


def _erf(z: Array, out: Out = None) -> Array:
    from scipy.special import erf  # here, as its import takes its time

    return np.asarray(erf(z, out=out))


def _erf_slope(z: Array, _: Array, out: Out = None) -> Array:
    slope = np.clip(z, -_FAR, _FAR, out=out)
    np.square(slope, out=slope)
    np.negative(slope, out=slope)
    np.exp(slope, out=slope)
    return np.multiply(slope, 2 / math.sqrt(math.pi), out=slope)


def _erf_curvature(z: Array, value: Array) -> Array:
    return -2 * z * _erf_slope(z, value)


def _sigmoid(z: Array, out: Out = None) -> Array:
    from scipy.special import expit  # here, as its import takes its time

    return np.asarray(expit(z, out=out))


def _sigmoid_slope(z: Array, value: Array, out: Out = None) -> Array:
    return value * _sigmoid(-z)  # 1 - value would lose the digits of a value near 1


def _sigmoid_curvature(z: Array, value: Array) -> Array:
    return -np.tanh(z / 2) * _sigmoid_slope(z, value)


# --- bent on the left side of 0 ------------------------------------------------------------------


def _elu(z: Array, out: Out = None) -> Array:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _elu_slope(z: Array, _: Array, out: Out = None) -> Array:
    return np.exp(np.minimum(z, 0))


def _elu_curvature(z: Array, value: Array) -> Array:
    return np.where(z > 0, z.dtype.type(0), _elu_slope(z, value))


def _selu(z: Array, out: Out = None) -> Array:
    """Return the scaled exponential linear unit; its constants keep mean 0 and variance 1."""
    return _SCALE * np.where(z > 0, z, _ALPHA * np.expm1(np.minimum(z, 0)))


def _selu_slope(z: Array, value: Array, out: Out = None) -> Array:
    return _SCALE * np.where(z > 0, z.dtype.type(1), _ALPHA * _elu_slope(z, value))


def _selu_curvature(z: Array, value: Array) -> Array:
    return _SCALE * _ALPHA * _elu_curvature(z, value)


def _softplus(z: Array, out: Out = None) -> Array:
    return np.logaddexp(z, 0, out=out)


def _softplus_slope(z: Array, _: Array, out: Out = None) -> Array:
    return _sigmoid(z)


def _softplus_curvature(z: Array, _: Array) -> Array:
    return _sigmoid_slope(z, _sigmoid(z))


# --- z times a gate: with phi = z g, phi' = g + z g' and phi'' = 2 g' + z g'' ---------------------


def _silu(z: Array, out: Out = None) -> Array:
    return z * _sigmoid(z)


def _silu_slope(z: Array, _: Array, out: Out = None) -> Array:
    gate = _sigmoid(z)
    return gate + z * _sigmoid_slope(z, gate)


def _silu_curvature(z: Array, _: Array) -> Array:
    gate = _sigmoid(z)
    return 2 * _sigmoid_slope(z, gate) + z * _sigmoid_curvature(z, gate)


def _gelu(z: Array, out: Out = None) -> Array:
    from scipy.special import ndtr  # here, as its import takes its time

    return np.asarray(z * ndtr(z))


def _gelu_slope(z: Array, _: Array, out: Out = None) -> Array:
    from scipy.special import ndtr  # here, as its import takes its time

    return np.asarray(ndtr(z) + z * _normal_density(z))


def _gelu_curvature(z: Array, _: Array) -> Array:
    near = np.clip(z, -_FAR, _FAR)
    return (2 - near * near) * _normal_density(z)


def _normal_density(z: Array) -> Array:
    near = np.clip(z, -_FAR, _FAR)
    return np.exp(-near * near / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh(z: Array, out: Out = None) -> Array:
    bend, _, _ = _cubic(z)
    return z * _sigmoid(bend)


def _gelu_tanh_slope(z: Array, _: Array, out: Out = None) -> Array:
    bend, bend_slope, _ = _cubic(z)
    gate = _sigmoid(bend)
    return gate + z * _sigmoid_slope(bend, gate) * bend_slope


def _gelu_tanh_curvature(z: Array, _: Array) -> Array:
    bend, bend_slope, bend_curvature = _cubic(z)
    gate = _sigmoid(bend)
    gate_slope = _sigmoid_slope(bend, gate)
    second = _sigmoid_curvature(bend, gate) * bend_slope**2 + gate_slope * bend_curvature
    return 2 * gate_slope * bend_slope + z * second


def _cubic(z: Array) -> tuple[Array, Array, Array]:
    """Return the polynomial v for which sigmoid(v) is about the normal distribution's law.

    With it (1 + tanh(v / 2)) / 2 is sigmoid(v), which keeps its digits where tanh is near -1.
    """
    scale = math.sqrt(8 / math.pi)
    near = np.clip(z, -_FAR, _FAR)
    square = near * near
    value = scale * near * (1 + _CUBE * square)
    slope = scale * (1 + 3 * _CUBE * square)
    curvature = 6 * scale * _CUBE * near
    return value, slope, curvature


def _mish(z: Array, out: Out = None) -> Array:
    return z * np.tanh(_softplus(z))


def _mish_slope(z: Array, _: Array, out: Out = None) -> Array:
    gate = np.tanh(_softplus(z))
    return gate + z * _tanh_slope(z, gate) * _sigmoid(z)


def _mish_curvature(z: Array, _: Array) -> Array:
    inner = _sigmoid(z)  # the slope of softplus
    gate = np.tanh(_softplus(z))
    gate_slope = _tanh_slope(z, gate) * inner
    second = gate_slope * (_sigmoid(-z) - 2 * gate * inner)
    return 2 * gate_slope + z * second


_LEAK: Final = 0.01  # the slope of leaky relu on the left
_CUBE: Final = 0.044715  # of the tanh form of gelu (Hendrycks and Gimpel 2016)
_ALPHA: Final = 1.6732632423543772848
_SCALE: Final = 1.0507009873554804934
_FAR: Final = 40.0  # beyond it e^(-z²/2) is 0 in double precision, while z² could overflow

ACTIVATIONS: Final[Mapping[str, Activation]] = {
    "identity": Activation(
        _identity, _identity_slope, _zeros, odd=True, homogeneous=True, kinks=()
    ),
    "relu": Activation(_relu, _relu_slope, _zeros, homogeneous=True, kinks=(0.0,)),
    "leaky_relu": Activation(
        _leaky_relu, _leaky_relu_slope, _zeros, homogeneous=True, kinks=(0.0,)
    ),
    "elu": Activation(_elu, _elu_slope, _elu_curvature),
    "selu": Activation(_selu, _selu_slope, _selu_curvature),
    "gelu": Activation(_gelu, _gelu_slope, _gelu_curvature),
    "gelu_tanh": Activation(_gelu_tanh, _gelu_tanh_slope, _gelu_tanh_curvature),
    "silu": Activation(_silu, _silu_slope, _silu_curvature),
    "mish": Activation(_mish, _mish_slope, _mish_curvature),
    "softplus": Activation(_softplus, _softplus_slope, _softplus_curvature),
    "sigmoid": Activation(_sigmoid, _sigmoid_slope, _sigmoid_curvature),
    "tanh": Activation(_tanh, _tanh_slope, _tanh_curvature, odd=True),
    "erf": Activation(_erf, _erf_slope, _erf_curvature, odd=True),
    "hardtanh": Activation(_hardtanh, _hardtanh_slope, _zeros, odd=True, kinks=(-1.0, 1.0)),
}
