"""Second derivatives of the loss in directions that part tied units.

Here a sample is a column. What comes in has been admitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array
from symlib._backprop import LOSSES, backward, trace
from symlib._layers import Network, hidden_activations

__all__ = ["Frames", "class_frames", "hessian_of_copies", "hessian_of_ties"]

Rows = npt.NDArray[np.float64]


class Frames(NamedTuple):
    """Two orthonormal families of columns that together span the values of a layer.

    Attributes
    ----------
    mean : array of shape (units, classes)
        One column for each class: constant on it, and 0 elsewhere.
    rest : array of shape (units, units - classes)
        Columns with sum 0 on each class.
    """

    mean: Rows
    rest: Rows


def hessian_of_copies(
    network: Network, columns: Array, target: Array, kind: str, hidden: int, unit: int
) -> Rows:
    """Return the second derivative of the loss in moves of copies of a unit that add up to 0.

    The values of the one unit are kept as a row, with the samples along it.
    """
    passed = trace(network, columns)
    _, signal = LOSSES[kind](passed.outputs, target)
    signals = dict(backward(network, passed.slopes, signal))
    delta = signals[hidden + 1]
    own = network.layers[hidden]
    reader = network.layers[hidden + 1]
    one = slice(unit, unit + 1)
    entering = passed.entering[hidden]
    sums = own.weight[..., one, :] @ entering
    if own.bias is not None:
        sums = sums + own.bias[..., one, np.newaxis]
        entering = np.concatenate([entering, np.ones_like(entering[..., :1, :])], axis=-2)
    phi = hidden_activations(network)[hidden]
    values = phi.value(sums)
    slope = phi.slope(sums, values)
    curvature = phi.curvature(sums, values)
    # The blocks of M are derivatives by incoming weights and bias (twice), by these and outgoing
    # weights, and by outgoing weights (twice). The last is 0: the sums after are linear in them.
    value_signal = reader.weight[..., one].mT @ delta  # the derivative in the value of the unit
    incoming_block = (value_signal * curvature * entering) @ entering.mT
    mixed_block = (slope * entering) @ delta.mT
    next_units = mixed_block.shape[-1]
    outgoing_block = np.zeros((*mixed_block.shape[:-2], next_units, next_units))
    return np.block([[incoming_block, mixed_block], [mixed_block.mT, outgoing_block]])


def class_frames(labels: npt.NDArray[np.intp]) -> Frames:
    """Return the frames of a layer whose units have these classes."""
    units = len(labels)
    classes = labels.max() + 1
    member = np.equal.outer(labels, np.arange(classes)).astype(np.float64)
    mean = member / np.sqrt(member.sum(axis=0))
    # The columns of Q behind those that span the means are orthogonal to all of them.
    orthogonal, _ = np.linalg.qr(mean, mode="complete")
    return Frames(mean, np.asarray(orthogonal[:, classes:units], dtype=np.float64))


def hessian_of_ties(
    network: Network, columns: Array, target: Array, kind: str, frames: Sequence[Frames]
) -> Rows:
    """Return the second derivative of the loss in the directions that part tied units.

    Layer by layer these are: moves of its weight whose columns have sum 0 over each class of its
    units and whose rows are constant on each class that it reads; moves of its bias with sum 0 over
    each class; and moves of its weight whose columns are constant on classes and whose rows have
    sum 0 over each class that it reads. To first order none of them changes an output, so that the
    curvature of the loss in the outputs does not enter.

    Parameters
    ----------
    frames : sequence of Frames
        Those of the inputs, of each hidden layer, and of the outputs.
    """
    passed = trace(network, columns)
    _, signal = LOSSES[kind](passed.outputs, target)
    signals = dict(backward(network, passed.slopes, signal))
    sizes = [_direction_counts(network, frames, k) for k in range(len(network.layers))]
    starts = np.cumsum([0, *(sum(of_layer) for of_layer in sizes)])
    directions = int(starts[-1])
    samples = columns.shape[-1]
    hessian = np.zeros((directions, directions))
    # what each direction adds to the values that enter a layer, to first order
    moved = np.zeros((directions, columns.shape[-2], samples))
    for k, layer in enumerate(network.layers):
        below = frames[k]
        above = frames[k + 1]
        apart, of_bias, by_reader = sizes[k]
        first = starts[k]
        # Moves of the reading weight act on differences that moves of the layers below have made:
        # a row of the weight is a mean column, and along it stands a column of sum 0.
        if by_reader:
            reading = slice(first + apart + of_bias, first + apart + of_bias + by_reader)
            sent = above.mean.T @ signals[k]
            differences = np.einsum("ij,dis->djs", below.rest, moved)
            mixed = np.einsum("cs,djs->cjd", sent, differences).reshape(by_reader, directions)
            hessian[reading] += mixed
            hessian[:, reading] += mixed.T
        if k == len(network.layers) - 1:
            break
        sums_moved = np.einsum("oi,dis->dos", layer.weight, moved)
        of_classes = below.mean.T @ passed.entering[k]
        own_moves = np.einsum("or,cs->rcos", above.rest, of_classes)
        sums_moved[first : first + apart] += own_moves.reshape(apart, -1, samples)
        if of_bias:
            sums_moved[first + apart : first + apart + of_bias] += above.rest.T[..., np.newaxis]
        phi = hidden_activations(network)[k]
        sums = layer.weight @ passed.entering[k]
        if layer.bias is not None:
            sums = sums + layer.bias[:, np.newaxis]
        curvature = phi.curvature(sums, passed.entering[k + 1])
        value_signal = network.layers[k + 1].weight.T @ signals[k + 1]
        bent = (sums_moved * (value_signal * curvature)).reshape(directions, -1)
        hessian += bent @ sums_moved.reshape(directions, -1).T
        moved = passed.slopes[k] * sums_moved
    return hessian


def _direction_counts(network: Network, frames: Sequence[Frames], k: int) -> tuple[int, int, int]:
    """Return how many moves of a layer part its units by weights, by biases, and those it reads."""
    below = frames[k]
    above = frames[k + 1]
    apart = above.rest.shape[1] * below.mean.shape[1]
    of_bias = 0 if network.layers[k].bias is None else above.rest.shape[1]
    by_reader = above.mean.shape[1] * below.rest.shape[1]
    return apart, of_bias, by_reader
