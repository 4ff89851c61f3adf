"""The activations by name, each with its first two derivatives.

Every function here works entry by entry, so that equal inputs give equal bits and an array keeps
its precision. The derivatives take the argument ``z`` and the value ``phi(z)``, which whoever
differentiates has at hand: the slope of tanh is then one product and no second tanh. Values and
slopes may be written into ``out``, where that saves an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ACTIVATIONS", "Activation"]

Array = npt.NDArray[np.floating[Any]]


class Activation(NamedTuple):
    """One activation: its value, its slope and its curvature.

    Attributes
    ----------
    value : callable
        ``value(z, out=None)`` is phi(z).
    slope : callable
        ``slope(z, phi(z), out=None)`` is phi'(z).
    curvature : callable
        ``curvature(z, phi(z))`` is phi''(z).
    """

    value: Callable[..., Array]
    slope: Callable[..., Array]
    curvature: Callable[[Array, Array], Array]


def _same(z: Array, out: Array | None = None) -> Array:
    return z


def _ones(z: Array, _: Array, out: Array | None = None) -> Array:
    return np.ones_like(z)


def _zeros(z: Array, _: Array) -> Array:
    return np.zeros_like(z)


def _relu(z: Array, out: Array | None = None) -> Array:
    return np.maximum(z, 0, out=out)


def _relu_slope(z: Array, _: Array, out: Array | None = None) -> Array:
    return np.greater(z, 0, out=np.empty_like(z) if out is None else out)


def _tanh(z: Array, out: Array | None = None) -> Array:
    return np.tanh(z, out=out)


def _tanh_slope(_: Array, value: Array, out: Array | None = None) -> Array:
    slope = np.square(value, out=out)
    return np.subtract(1, slope, out=slope)


def _tanh_curvature(_: Array, value: Array) -> Array:
    return 2 * value * (value * value - 1)


def _erf(z: Array, out: Array | None = None) -> Array:
    from scipy.special import erf  # here, as its import takes its time

    return np.asarray(erf(z, out=out))


def _erf_slope(z: Array, _: Array, out: Array | None = None) -> Array:
    return 2 / math.sqrt(math.pi) * np.exp(-(z * z))


def _erf_curvature(z: Array, value: Array) -> Array:
    return -2 * z * _erf_slope(z, value)


def _selu(z: Array, out: Array | None = None) -> Array:
    """Return the scaled exponential linear unit; its constants keep mean 0 and variance 1."""
    return _SCALE * np.where(z > 0, z, _ALPHA * np.expm1(np.minimum(z, 0)))


def _selu_slope(z: Array, value: Array, out: Array | None = None) -> Array:
    return np.where(z > 0, z.dtype.type(_SCALE), value + _SCALE * _ALPHA)


def _selu_curvature(z: Array, value: Array) -> Array:
    return np.where(z > 0, z.dtype.type(0), value + _SCALE * _ALPHA)


_ALPHA: Final = 1.6732632423543772848
_SCALE: Final = 1.0507009873554804934

ACTIVATIONS: Final[Mapping[str, Activation]] = {
    "identity": Activation(_same, _ones, _zeros),
    "relu": Activation(_relu, _relu_slope, _zeros),
    "tanh": Activation(_tanh, _tanh_slope, _tanh_curvature),
    "erf": Activation(_erf, _erf_slope, _erf_curvature),
    "selu": Activation(_selu, _selu_slope, _selu_curvature),
}
