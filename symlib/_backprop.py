"""One pass forward and one pass backward through an admitted network.

Here a sample is a column. Apart from the targets, nothing is checked. What stands in front of the
last two axes is broadcast: a replica axis, and in front of it an axis of outputs, where a
derivative is asked for output by output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array, choice, labels, real_array
from symlib._layers import (
    Layer,
    Network,
    broadcast_replicas,
    hidden_activations,
    replica_axis,
)

__all__ = [
    "LOSSES",
    "Buffers",
    "Trace",
    "admit_targets",
    "backward",
    "hidden_states",
    "loss_gradients",
    "outputs_of",
    "product",
    "trace",
    "unit_signals",
]

Buffers = dict[str, Array]  # arrays to write into, kept from one step of training to the next


class Trace(NamedTuple):
    """What a backward pass needs of the forward pass.

    Attributes
    ----------
    entering : list of arrays of shape ([replicas], fan_in, samples)
        What enters each layer.
    slopes : list of arrays of shape ([replicas], units, samples)
        The derivative of the activation, in each hidden layer.
    outputs : array of shape ([replicas], outputs, samples)
        The outputs.
    """

    entering: list[Array]
    slopes: list[Array]
    outputs: Array


def admit_targets(network: Network, columns: Array, y: npt.ArrayLike, kind: str) -> Array:
    """Return the targets as columns; a label becomes a column of 0s and a 1."""
    choice("kind", kind, LOSSES)
    samples = columns.shape[-1]
    outputs = network.layers[-1].weight.shape[-2]
    if kind == "cross_entropy":
        if outputs == 1:
            raise ValueError(
                "network must have one output for each class with kind='cross_entropy', at least "
                "two, got one output"
            )
        classes = labels("y", y, (samples,), classes=outputs)
        return np.eye(outputs, dtype=columns.dtype)[:, classes]
    target = real_array("y", y, (samples, outputs), leading="replicas")
    broadcast_replicas("y", target, 2, replica_axis(network, columns))
    return np.ascontiguousarray(target.mT, dtype=columns.dtype)


def product(left: Array, right: Array, same_order: bool, out: Array | None = None) -> Array:
    """Return the matrix product over the last two axes, each sum in the same order if asked."""
    single = left.shape[-1] == 1  # there is nothing to add up, and BLAS would be slower
    if same_order or single:
        return np.asarray(np.einsum("...ik,...kj->...ij", left, right, out=out, order="C"))
    return np.asarray(np.matmul(left, right, out=out))


def outputs_of(network: Network, columns: Array) -> Array:
    """Return the outputs, and keep nothing else."""
    phis = hidden_activations(network)
    for layer, phi in zip(network.layers, phis, strict=False):
        columns = phi.value(_affine(layer, columns, network.same_order))
    return _affine(network.layers[-1], columns, network.same_order)


def hidden_states(network: Network, columns: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the sums that enter the activation of each hidden layer, and its values."""
    phis = hidden_activations(network)
    for layer, phi in zip(network.layers, phis, strict=False):
        sums = _affine(layer, columns, network.same_order)
        columns = phi.value(sums)
        yield sums, columns


def trace(
    network: Network, columns: Array, masks: Sequence[Array] = (), buffers: Buffers | None = None
) -> Trace:
    """Return what a backward pass needs.

    A mask multiplies the values of its hidden layer, and therefore their slopes.
    """
    entering = [columns]
    slopes = []
    for k, phi in enumerate(hidden_activations(network)):
        layer = network.layers[k]
        buffer = _buffer(buffers, f"sums {k}", layer, columns)
        sums = _affine(layer, entering[k], network.same_order, buffer)
        values = phi.value(sums, out=_buffer(buffers, f"values {k}", layer, columns))
        # The slopes may take the place of the sums, which are needed no more; but the identity
        # returns its argument, so that its values are the sums.
        slope = phi.slope(sums, values, out=None if values is sums else sums)
        if masks:
            values = values * masks[k]
            slope = slope * masks[k]
        entering.append(values)
        slopes.append(slope)
    outputs = _affine(network.layers[-1], entering[-1], network.same_order)
    return Trace(entering, slopes, outputs)


def backward(
    network: Network, slopes: Sequence[Array], signal: Array, buffers: Buffers | None = None
) -> Iterator[tuple[int, Array]]:
    """Yield the index of each layer and the signal at its sums, from the last to the first.

    ``signal`` is the derivative of something with respect to the outputs, and becomes that with
    respect to the sums of each layer. By the chain rule the signal one
    layer below is Wᵀ signal, times the slope there.
    """
    for k in reversed(range(len(network.layers))):
        yield k, signal
        if k:
            layer = network.layers[k]
            buffer = _buffer(buffers, f"signal {k}", network.layers[k - 1], slopes[k - 1])
            signal = product(layer.weight.mT, signal, network.same_order, buffer)
            signal *= slopes[k - 1]


def unit_signals(passed: Trace) -> Array:
    """Return the derivative of each output with respect to all, the outputs as the first axis."""
    outputs, samples = passed.outputs.shape[-2:]
    replicas = passed.outputs.shape[:-2]
    identity = np.eye(outputs, dtype=passed.outputs.dtype)
    same_for_all = identity.reshape(outputs, *(1 for _ in replicas), outputs, 1)
    return np.broadcast_to(same_for_all, (outputs, *replicas, outputs, samples))


def loss_gradients(
    network: Network,
    columns: Array,
    target: Array,
    kind: str,
    masks: Sequence[Array] = (),
    buffers: Buffers | None = None,
) -> tuple[Array, list[Layer]]:
    """Return the loss, and its derivative with respect to every weight and bias.

    The ``buffers`` are overwritten. Nothing that is returned lies there.
    """
    passed = trace(network, columns, masks, buffers)
    value, signal = LOSSES[kind](passed.outputs, target)
    gradients: list[Layer] = []
    for k, delta in backward(network, passed.slopes, signal, buffers):
        of_weight = product(delta, passed.entering[k].mT, network.same_order)
        with_bias = network.layers[k].bias is not None
        of_bias = _row_sums(delta, network.same_order) if with_bias else None
        gradients.append(Layer(of_weight, of_bias))
    return value, gradients[::-1]


def _affine(layer: Layer, columns: Array, same_order: bool, out: Array | None = None) -> Array:
    sums = product(layer.weight, columns, same_order, out)
    if layer.bias is not None:
        sums += layer.bias[..., None]
    return sums


def _row_sums(array: Array, same_order: bool) -> Array:
    """Return the sums over the last axis; BLAS is the faster way on large arrays."""
    if same_order:
        return np.asarray(array.sum(axis=-1))
    return np.asarray(array @ np.ones(array.shape[-1], dtype=array.dtype))


def _buffer(buffers: Buffers | None, name: str, layer: Layer, columns: Array) -> Array | None:
    """Return where the values of a layer may be written: in the same place as the last time.

    A large new array costs more than what is done with it, as its memory comes from the system
    page by page. Without a ``buffers`` this is left to NumPy; with one, the weight has the replica
    axis of the network.
    """
    if buffers is None:
        return None
    shape = (*layer.weight.shape[:-1], columns.shape[-1])
    if name not in buffers or buffers[name].shape != shape:
        buffers[name] = np.empty(shape, dtype=columns.dtype)
    return buffers[name]


def _squared(outputs: Array, target: Array) -> tuple[Array, Array]:
    """Return the mean square of the residuals, and its derivative with respect to the outputs."""
    residual = outputs - target
    size = residual.shape[-2] * residual.shape[-1]
    mean = (residual * residual).sum(axis=(-2, -1)) / size
    return mean, residual * (2 / size)


def _half_squares(outputs: Array, target: Array) -> tuple[Array, Array]:
    """Return half the sum of the squared residuals, and its derivative: the residuals."""
    residual = outputs - target
    return (residual * residual).sum(axis=(-2, -1)) / 2, residual


def _cross_entropy(outputs: Array, target: Array) -> tuple[Array, Array]:
    """Return the mean cross entropy, and its derivative with respect to the outputs."""
    shifted = outputs - outputs.max(axis=-2, keepdims=True)
    odds = np.exp(shifted)
    total = odds.sum(axis=-2, keepdims=True)
    each = np.log(total[..., 0, :]) - (shifted * target).sum(axis=-2)
    return each.mean(axis=-1), (odds / total - target) / outputs.shape[-1]


LOSSES: Final[dict[str, Callable[[Array, Array], tuple[Array, Array]]]] = {
    "squared": _squared,
    "half_squares": _half_squares,
    "cross_entropy": _cross_entropy,
}
