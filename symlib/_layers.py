"""The records of a network, and the checks that its arrays fit together.

The public names, `Layer` and `Network`, are those of `symlib.network`. Inside the library a sample
is a *column*: ``weight @ columns`` then needs no transposition, and the values of a unit lie side
by side in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._activations import ACTIVATIONS, Activation
from symlib._arrays import Array, choice, flag, number, real_array, shown

__all__ = [
    "Layer",
    "Network",
    "admit_inputs",
    "admit_layer",
    "admit_network",
    "broadcast_replicas",
    "hidden_activations",
    "layer_rates",
    "map_layers",
    "replica_axis",
]


class Layer(NamedTuple):
    """One affine layer, or anything that has one entry for each weight and each bias.

    Attributes
    ----------
    weight : array of shape ([replicas], fan_out, fan_in)
        Row j holds the incoming weights of unit j.
    bias : array of shape ([replicas], fan_out), or None
        Entry j is the bias of unit j. A layer without a bias has None, and training gives it none.
    """

    weight: Any
    bias: Any = None


class Network(NamedTuple):
    """Layers in sequence, and what stands between them.

    Attributes
    ----------
    layers : list of Layer
        From the inputs to the outputs. Hidden layers pass through the activation, and the last
        layer is affine.
    activation : str, or one str for each hidden layer
        One of "identity", "relu", "leaky_relu", "hardtanh", "tanh", "erf", "sigmoid", "softplus",
        "elu", "selu", "gelu", "gelu_tanh", "silu" and "mish".
    same_order : bool
        Whether sums are added up in the same order for every unit, so that units with equal
        weights have equal bits. See the introduction of `symlib.network`.
    """

    layers: Sequence[Layer]
    activation: str | Sequence[str]
    same_order: bool = False


def admit_network(network: object) -> Network:
    """Return the network with arrays of one precision, once its parts are known to fit.

    The weights have the replica axis of their layer, and the activation is one name for each
    hidden layer.
    """
    if not isinstance(network, Network):
        raise TypeError(
            f"network must be a Network(layers, activation), got {type(network).__name__}"
        )
    layers = network.layers
    if not isinstance(layers, list | tuple) or isinstance(layers, Layer) or not layers:
        raise TypeError(f"network.layers must be a non-empty list of Layer, got {shown(layers)}")
    admitted: list[Layer] = []
    replicas: tuple[int, ...] = ()
    for k, given in enumerate(layers):
        fan_in = admitted[-1].weight.shape[-2] if admitted else "fan_in"
        layer = admit_layer(f"network.layers[{k}]", given, fan_in, leading="replicas")
        replicas = broadcast_replicas(f"network.layers[{k}]", layer.weight, 2, replicas)
        admitted.append(layer)
    arrays = [array for layer in admitted for array in layer if array is not None]
    precision = np.result_type(*arrays)
    in_precision = map_layers(lambda array: array.astype(precision, copy=False), admitted)
    names = _activation_names(network.activation, len(layers) - 1)
    return Network(in_precision, names, flag("network.same_order", network.same_order))


def admit_layer(
    name: str, layer: object, fan_in: int | str, *, leading: str | None = None
) -> Layer:
    """Return a layer whose weight and bias are arrays that fit together, with one replica axis."""
    if not isinstance(layer, tuple | list) or len(layer) not in (1, 2):
        raise TypeError(f"{name} must be a Layer(weight, bias), got {shown(layer)}")
    weight = real_array(f"{name}.weight", layer[0], ("fan_out", fan_in), leading=leading)
    given = layer[1] if len(layer) == 2 else None
    if given is None:
        return Layer(weight, None)
    stacked = leading if weight.ndim == 3 else None  # else a row would become a replica axis
    bias = real_array(f"{name}.bias", given, (weight.shape[-2],), leading=stacked)
    replicas = broadcast_replicas(f"{name}.bias", bias, 1, weight.shape[:-2])
    return Layer(np.broadcast_to(weight, (*replicas, *weight.shape[-2:])), bias)


def admit_inputs(name: str, x: npt.ArrayLike, network: Network) -> Array:
    """Return the samples as columns, in the precision of an admitted network."""
    first = network.layers[0].weight
    rows = real_array(name, x, ("samples", first.shape[-1]), leading="replicas")
    broadcast_replicas(name, rows, 2, replica_axis(network))
    return np.ascontiguousarray(rows.mT, dtype=first.dtype)  # as BLAS wants them, all the way


def hidden_activations(network: Network) -> list[Activation]:
    """Return the activation of each hidden layer of an admitted network."""
    return [ACTIVATIONS[name] for name in network.activation]


def replica_axis(network: Network, *columns: Array) -> tuple[int, ...]:
    """Return the replica axis that a network and its columns have together, ``()`` for none."""
    weights = [layer.weight for layer in network.layers]
    return np.broadcast_shapes(*(array.shape[:-2] for array in (*weights, *columns)))


def broadcast_replicas(
    name: str, array: Array, own: int, replicas: tuple[int, ...]
) -> tuple[int, ...]:
    """Return ``replicas`` broadcast with the leading axis of an array of ``own`` further axes."""
    try:
        return np.broadcast_shapes(replicas, array.shape[: array.ndim - own])
    except ValueError:
        raise ValueError(
            f"{name} must have a replica axis that broadcasts with {replicas}, "
            f"got shape {array.shape}"
        ) from None


def map_layers(function: Callable[..., Any], *networks: Sequence[Layer]) -> list[Layer]:
    """Return layers of what the function makes of each weight, and of each bias of the first list.

    Where a layer of the first list has no bias, the result has none.
    """
    result = []
    for layers in zip(*networks, strict=True):
        weights, biases = zip(*layers, strict=True)
        bias = None if biases[0] is None else function(*biases)
        result.append(Layer(function(*weights), bias))
    return result


def layer_rates(rate: object, network: Network) -> list[Layer]:
    """Return the rates of the weights and biases of each layer, from one number or a list."""
    depth = len(network.layers)
    entries: list[Any]
    if getattr(rate, "ndim", 0) == 1:  # an array, or a tensor
        rate = list(rate)  # type: ignore[call-overload]
    if isinstance(rate, list | tuple) and not isinstance(rate, Layer):
        entries = list(rate)
        names = [f"rate[{k}]" for k in range(len(rate))]
    else:
        entries = [rate] * depth
        names = ["rate"] * depth
    if len(entries) != depth:
        raise ValueError(
            f"rate must be a number or a list of {depth} entries, one for each layer, "
            f"got {len(entries)} entries"
        )
    rows = zip(names, entries, network.layers, strict=True)
    return [_layer_rate(name, entry, layer) for name, entry, layer in rows]


def _layer_rate(name: str, entry: object, layer: Layer) -> Layer:
    """Return the rates of the weight and of the bias; that of a bias which is not there is idle."""
    if not isinstance(entry, Layer):
        if isinstance(entry, list | tuple | dict | None):
            raise TypeError(
                f"{name} must be a number or a Layer(weight, bias) of numbers, got {shown(entry)}"
            )
        value = number(name, entry, least=0)
        return Layer(value, value)
    weight = number(f"{name}.weight", entry.weight, least=0)
    if layer.bias is None and entry.bias is None:
        return Layer(weight, 0.0)
    return Layer(weight, number(f"{name}.bias", entry.bias, least=0))


def _activation_names(activation: object, hidden: int) -> tuple[str, ...]:
    """Return one name for each hidden layer."""
    if not isinstance(activation, list | tuple):
        return (choice("network.activation", activation, ACTIVATIONS),) * hidden
    if len(activation) != hidden:
        raise ValueError(
            f"network.activation must be a name or a list of {hidden} names, one for each hidden "
            f"layer, got {len(activation)}"
        )
    return tuple(
        choice(f"network.activation[{k}]", name, ACTIVATIONS) for k, name in enumerate(activation)
    )
