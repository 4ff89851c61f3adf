"""Run a list of layers forward and backward.

A network is a list of `Layer`: a weight of shape ``(fan_out, fan_in)``, whose **row j is unit
j**, and a bias of shape ``(fan_out,)``. Hidden layers pass through the activation, the last layer
is linear. Leading axes of weights, biases or inputs are *replicas*: many networks that are
computed at once, by one batched product in each layer.

Every function here has one switch, ``exact``. Units with equal weights have equal values and
equal gradients, says the theory of symmetry; whether a computer agrees to the last bit depends on
how it adds up. With ``exact=False`` each product is a call of BLAS (``@``), which works through
the rows in blocks and treats the rows of an unfinished block differently: it is *not
row-equivariant*. Two equal rows may then differ in the last bits, at widths that depend on the
processor; training can amplify this until the units are different ones. With ``exact=True`` each
product is ``np.einsum`` without ``optimize``, which adds up in the same order for every row, so
that equal units have equal bits, at every width and for ever. It costs several times more on
large layers and almost nothing on tiny ones. All else is entry by entry, or a sum along each row,
and serves both.

Inside this module a sample is a *column*: ``weight @ columns`` then needs no transposition, and
the values of a unit lie side by side in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._activations import ACTIVATIONS, Activation
from symlib._arrays import Array, choice, flag, labels, real_array

__all__ = ["Layer", "forward", "gradients", "jacobian", "loss"]


class Layer(NamedTuple):
    """One affine layer, or anything that has one entry for each weight and each bias.

    Attributes
    ----------
    weight : array of shape ([replicas], fan_out, fan_in)
        Row j holds the incoming weights of unit j.
    bias : array of shape ([replicas], fan_out)
        Entry j is the bias of unit j.
    """

    weight: Array
    bias: Array


def forward(
    layers: Sequence[Layer],
    x: npt.ArrayLike,
    *,
    activation: str = "relu",
    exact: bool = False,
) -> Array:
    """Return the outputs of the network for each sample.

    Hidden layers pass through the activation, the last layer is linear. The values before the
    activation of hidden layer k are the outputs of ``layers[:k]``.

    Parameters
    ----------
    layers : list of Layer
        The network, from the inputs to the outputs.
    x : array of shape ([replicas], samples, features)
        The inputs; replica axes broadcast with those of the layers.
    activation : {"relu", "tanh", "erf", "selu", "identity"}
        The activation of the hidden layers.
    exact : bool
        Whether to add up in the same order for every unit (see the top of this module).

    Returns
    -------
    array of shape ([replicas], samples, outputs)
        The outputs, in the precision of the layers.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    With h_0 = x, layer k computes z_k = W_k h_{k-1} + b_k and h_k = phi(z_k); the outputs are
    the z of the last layer. The layers decide the precision: ``x`` is brought to theirs.

    Examples
    --------
    Two hidden units, max(0, t) and max(0, -t), add up to the absolute value:

    >>> import numpy as np
    >>> hidden = Layer(np.array([[1.0], [-1.0]]), np.zeros(2))
    >>> layers = [hidden, Layer(np.ones((1, 2)), np.zeros(1))]
    >>> forward(layers, [[-3.0], [2.0]])
    array([[3.],
           [2.]])
    """
    admitted, columns = _admit(layers, x)
    phi = ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
    return _outputs(admitted, columns, phi, flag("exact", exact)).mT


def loss(
    layers: Sequence[Layer],
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    kind: str = "squared",
    activation: str = "relu",
    exact: bool = False,
) -> Array:
    """Return how far the outputs are from the targets.

    Parameters
    ----------
    layers, x, activation, exact
        As for `forward`.
    y : array of shape ([replicas], samples, outputs) or (samples,)
        The targets of the squared loss, or for the cross entropy the label of each sample, a
        whole number from 0 to outputs - 1.
    kind : {"squared", "cross_entropy"}
        Which loss.

    Returns
    -------
    float, or array of shape (replicas,)
        The loss of each replica.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    With f the outputs, "squared" is the mean over samples and outputs of (f - y)², without a
    factor 1/2, and "cross_entropy" is the mean over samples of log Σ_k exp(f_k) - f_y.

    Examples
    --------
    >>> import numpy as np
    >>> layers = [Layer(np.array([[1.0, 1.0]]), np.zeros(1))]
    >>> float(loss(layers, [[1.0, 2.0], [0.0, 1.0]], [[3.0], [3.0]]))
    2.0
    """
    admitted, columns, target = _admit_with_targets(layers, x, y, kind)
    phi = ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
    return _LOSSES[kind](_outputs(admitted, columns, phi, flag("exact", exact)), target)[0]


def gradients(
    layers: Sequence[Layer],
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    kind: str = "squared",
    activation: str = "relu",
    exact: bool = False,
) -> tuple[Array, list[Layer]]:
    """Return the loss and its derivative in every weight and bias, by back-propagation.

    Parameters
    ----------
    layers, x, y, kind, activation, exact
        As for `loss`.

    Returns
    -------
    loss : float, or array of shape (replicas,)
        The loss of each replica.
    slopes : list of Layer
        The derivative of each replica's loss in the weights and biases of that replica, in the
        shape of the layers, with all replica axes.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    The derivative in z_k, written δ_k, follows from the one above by the chain rule,

        δ_k = (W_{k+1}ᵀ δ_{k+1}) φ'(z_k),   ∂L/∂W_k = δ_k h_{k-1}ᵀ,   ∂L/∂b_k = Σ_samples δ_k.

    Equal incoming weights, biases and outgoing weights give equal δ: a gradient step never parts
    two such units. The derivative of relu at 0 is taken as 0.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", *Nature*
    323 (1986), 533-536.

    Examples
    --------
    Equal units have equal gradients:

    >>> import numpy as np
    >>> hidden = Layer(np.full((2, 1), 0.5), np.zeros(2))
    >>> layers = [hidden, Layer(np.full((1, 2), 0.5), np.zeros(1))]
    >>> value, slopes = gradients(layers, [[2.0]], [[2.0]])
    >>> slopes[0].weight
    array([[-2.],
           [-2.]])
    """
    admitted, columns, target = _admit_with_targets(layers, x, y, kind)
    phi = ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
    return _gradients(admitted, columns, target, phi, kind, flag("exact", exact))


def jacobian(
    layers: Sequence[Layer],
    x: npt.ArrayLike,
    *,
    activation: str = "relu",
    exact: bool = False,
) -> Array:
    """Return the derivative of the outputs in the inputs, at each sample.

    Parameters
    ----------
    layers, x, activation, exact
        As for `forward`.

    Returns
    -------
    array of shape ([replicas], samples, outputs, features)
        The matrix of partial derivatives at each sample: directions in its null space are
        invisible to the network there.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    The product W_L D_{L-1} W_{L-1} ... D_1 W_1, in which D_k is diagonal with entries φ'(z_k),
    taken from the left, as there are usually fewer outputs than features.

    Examples
    --------
    A relu unit passes on nothing where it is off:

    >>> import numpy as np
    >>> layers = [Layer(np.array([[3.0]]), np.zeros(1)), Layer(np.array([[2.0]]), np.zeros(1))]
    >>> jacobian(layers, [[1.0], [-1.0]]).tolist()
    [[[6.0]], [[0.0]]]
    """
    admitted, columns = _admit(layers, x)
    phi = ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
    _, slopes, outputs = _trace(admitted, columns, phi, flag("exact", exact))
    *replicas, n_outputs, samples = outputs.shape
    last = admitted[-1].weight[..., None, :, :]
    result: Array = np.broadcast_to(last, (*replicas, samples, *last.shape[-2:]))
    for layer, slope in zip(admitted[-2::-1], slopes[::-1], strict=True):
        rows: Array = result * slope.mT[..., None, :]
        rows = _product(rows.reshape(*replicas, samples * n_outputs, -1), layer.weight, exact)
        result = rows.reshape(*replicas, samples, n_outputs, -1)
    return np.array(result)


_Space = dict[str, Array]  # arrays to write into, kept from one step of training to the next


def _product(left: Array, right: Array, exact: bool, out: Array | None = None) -> Array:
    """Return the matrix product over the last two axes; the one place that knows ``exact``."""
    if exact or left.shape[-1] == 1:  # one term has nothing to add up, and BLAS would be slower
        return np.asarray(np.einsum("...ik,...kj->...ij", left, right, out=out, order="C"))
    return np.asarray(np.matmul(left, right, out=out))


def _row_sums(array: Array, exact: bool) -> Array:
    """Return the sums over the last axis; BLAS is the faster way on large arrays."""
    if exact:
        return np.asarray(array.sum(axis=-1))
    return np.asarray(array @ np.ones(array.shape[-1], dtype=array.dtype))


def _outputs(layers: Sequence[Layer], columns: Array, phi: Activation, exact: bool) -> Array:
    """Return the outputs as columns, and keep nothing else."""
    for layer in layers[:-1]:
        columns = phi.value(_affine(layer, columns, exact))
    return _affine(layers[-1], columns, exact)


def _affine(layer: Layer, columns: Array, exact: bool, out: Array | None = None) -> Array:
    sums = _product(layer.weight, columns, exact, out)
    sums += layer.bias[..., None]
    return sums


def _trace(
    layers: Sequence[Layer],
    columns: Array,
    phi: Activation,
    exact: bool,
    masks: Sequence[Array] = (),
    space: _Space | None = None,
) -> tuple[list[Array], list[Array], Array]:
    """Return what enters each layer, the slope of each hidden layer, and the outputs.

    A mask multiplies the values of its hidden layer, and therefore their slopes.
    """
    entering, slopes = [columns], []
    for k, layer in enumerate(layers[:-1]):
        sums = _affine(layer, entering[k], exact, _place(space, f"sums {k}", layer, columns))
        values = phi.value(sums, out=_place(space, f"values {k}", layer, columns))
        slope = phi.slope(sums, values, out=None if values is sums else sums)
        if masks:
            values, slope = values * masks[k], slope * masks[k]
        entering.append(values)
        slopes.append(slope)
    return entering, slopes, _affine(layers[-1], entering[-1], exact)


def _gradients(
    layers: Sequence[Layer],
    columns: Array,
    target: Array,
    phi: Activation,
    kind: str,
    exact: bool,
    masks: Sequence[Array] = (),
    space: _Space | None = None,
) -> tuple[Array, list[Layer]]:
    """Return the loss and its gradients for arguments that have been admitted.

    What lies in ``space`` is overwritten. Nothing that is returned lies there.
    """
    entering, slopes, outputs = _trace(layers, columns, phi, exact, masks, space)
    value, delta = _LOSSES[kind](outputs, target)
    result = []
    for k in range(len(layers) - 1, -1, -1):
        result.append(Layer(_product(delta, entering[k].mT, exact), _row_sums(delta, exact)))
        if k:
            place = _place(space, f"delta {k}", layers[k - 1], columns)
            delta = _product(layers[k].weight.mT, delta, exact, place)
            delta *= slopes[k - 1]
    return value, result[::-1]


def _place(space: _Space | None, name: str, layer: Layer, columns: Array) -> Array | None:
    """Return where the values of a layer may be written: in the same place as the last time.

    A large new array costs more than what is done with it, as its memory comes from the system
    page by page. Without a ``space`` this is left to NumPy; with one, the weight has all replica
    axes.
    """
    if space is None:
        return None
    shape = (*layer.weight.shape[:-1], columns.shape[-1])
    if name not in space or space[name].shape != shape:
        space[name] = np.empty(shape, dtype=columns.dtype)
    return space[name]


def _squared(outputs: Array, target: Array) -> tuple[Array, Array]:
    """Return the mean square of the residuals, and its derivative in the outputs."""
    residual = outputs - target
    size = residual.shape[-2] * residual.shape[-1]
    return (residual * residual).sum(axis=(-2, -1)) / size, residual * (2 / size)


def _cross_entropy(outputs: Array, target: Array) -> tuple[Array, Array]:
    """Return the mean cross entropy, and its derivative in the outputs; targets are 0 and 1."""
    shifted = outputs - outputs.max(axis=-2, keepdims=True)
    odds = np.exp(shifted)
    total = odds.sum(axis=-2, keepdims=True)
    each = np.log(total[..., 0, :]) - (shifted * target).sum(axis=-2)
    return each.mean(axis=-1), (odds / total - target) / outputs.shape[-1]


_LOSSES: Final[dict[str, Callable[[Array, Array], tuple[Array, Array]]]] = {
    "squared": _squared,
    "cross_entropy": _cross_entropy,
}


def _admit(layers: object, x: npt.ArrayLike) -> tuple[list[Layer], Array]:
    """Return the layers, and the samples as columns, once they are known to fit together."""
    if not isinstance(layers, Sequence) or not layers:
        raise TypeError(f"layers must be a non-empty list of Layer, got {layers!r:.60}")
    admitted: list[Layer] = []
    replicas: tuple[int, ...] = ()
    for k, layer in enumerate(layers):
        if not isinstance(layer, tuple) or len(layer) != 2:
            raise TypeError(f"layers[{k}] must be a Layer(weight, bias), got {layer!r:.60}")
        fan_in = admitted[-1].bias.shape[-1] if admitted else "fan_in"
        name = f"layers[{k}].weight"
        weight = real_array(name, layer[0], ("fan_out", fan_in), leading="replicas")
        replicas = _joined(name, weight, 2, replicas)
        name = f"layers[{k}].bias"
        bias = real_array(name, layer[1], (weight.shape[-2],), leading="replicas")
        replicas = _joined(name, bias, 1, replicas)
        own = np.broadcast_shapes(weight.shape[:-2], bias.shape[:-1])
        admitted.append(Layer(np.broadcast_to(weight, (*own, *weight.shape[-2:])), bias))
    features = admitted[0].weight.shape[-1]
    rows = real_array("x", x, ("samples", features), leading="replicas")
    _joined("x", rows, 2, replicas)
    dtype = np.result_type(*(array for layer in admitted for array in layer))
    admitted = [Layer(*(a.astype(dtype, copy=False) for a in layer)) for layer in admitted]
    return admitted, np.ascontiguousarray(rows.mT, dtype=dtype)  # for BLAS, all the way


def _admit_with_targets(
    layers: object, x: npt.ArrayLike, y: npt.ArrayLike, kind: str
) -> tuple[list[Layer], Array, Array]:
    """Return the layers, the samples and the targets as columns; a label becomes 0s and a 1."""
    admitted, columns = _admit(layers, x)
    choice("kind", kind, _LOSSES)
    samples, outputs = columns.shape[-1], admitted[-1].weight.shape[-2]
    if kind == "cross_entropy":
        classes = labels("y", y, (samples,), classes=outputs)
        return admitted, columns, np.eye(outputs, dtype=columns.dtype)[:, classes]
    target = real_array("y", y, (samples, outputs), leading="replicas")
    _joined("y", target, 2, _replicas(admitted, columns))
    return admitted, columns, np.ascontiguousarray(target.mT, dtype=columns.dtype)


def _replicas(layers: Sequence[Layer], *columns: Array) -> tuple[int, ...]:
    """Return the replica axes that the layers and the columns have together."""
    weights = (layer.weight for layer in layers)
    return np.broadcast_shapes(*(array.shape[:-2] for array in (*weights, *columns)))


def _joined(name: str, array: Array, own: int, replicas: tuple[int, ...]) -> tuple[int, ...]:
    """Return ``replicas`` broadcast with the leading axes of an array with ``own`` further axes."""
    try:
        return np.broadcast_shapes(replicas, array.shape[: array.ndim - own])
    except ValueError:
        raise ValueError(
            f"{name} must have replica axes that broadcast with {replicas}, got shape {array.shape}"
        ) from None
