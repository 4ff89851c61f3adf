"""Run a network forward and backward.

A network is a record `Network`: its layers, and the activation between them, which has no default,
so that it cannot be forgotten. A `Layer` is a weight of shape ``(fan_out, fan_in)``, whose **row j
is unit j**, and a bias of shape ``(fan_out,)`` or None. Hidden layers pass through the activation,
and the last layer is affine. A leading axis of weights, biases or inputs is one of *replicas*:
many networks that are computed at once, by one batched product in each layer.

A network also says how it adds up, by ``same_order``. Units with equal weights have equal values
and equal gradients, says the theory of symmetry; whether a computer agrees to the last bit depends
on the order of its sums. With ``same_order=False`` each product is a call of BLAS (``@``), which
works through the rows in blocks and treats the rows of an unfinished block differently: it is
*not row-equivariant*. Two equal rows may then differ in the last bits, at widths that depend on
the processor, and training can amplify this until the units are different ones. With
``same_order=True`` each product is ``np.einsum`` without ``optimize``, which adds up in the same
order for every row: equal units have equal bits. It costs several times more on large layers and
almost nothing on tiny ones. Everything else is entry by entry, or a sum along each row, and serves
both.

The layers decide the precision: ``x`` is brought to theirs. The derivative of an activation at a
kink is the one that PyTorch takes, for relu at 0 the 0.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _rank
from symlib._arrays import Array, real_array
from symlib._backprop import (
    LOSSES,
    Trace,
    admit_targets,
    backward,
    hidden_states,
    loss_gradients,
    outputs_of,
    product,
    trace,
    unit_signals,
)
from symlib._layers import (
    Layer,
    Network,
    admit_inputs,
    admit_network,
    hidden_activations,
    map_layers,
    replica_axis,
)
from symlib.nullspace import split

__all__ = [
    "Gradients",
    "Layer",
    "Network",
    "Ranks",
    "dead_units",
    "forward",
    "gradients",
    "jacobian",
    "layer_ranks",
    "local_metamer",
    "loss",
]


# These records stand below, as all modules on networks need them; users find them here.
Layer.__module__ = __name__
Network.__module__ = __name__


class Gradients(NamedTuple):
    """A loss and its derivatives.

    Attributes
    ----------
    loss : float, or array of shape (replicas,)
        The loss of each replica.
    layers : list of Layer
        The derivative of the loss of each replica in its weights and biases, in the shape of the
        layers, with the replica axis. A layer without a bias has None there too.
    """

    loss: Array
    layers: list[Layer]


class Ranks(NamedTuple):
    """How many dimensions come through a network, counted at each layer.

    Attributes
    ----------
    forward : array of shape ([replicas], samples, depth)
        How many dimensions of the inputs are left in what layer k passes on.
    backward : array of shape ([replicas], samples, depth)
        How many dimensions of the errors are left when they have come back to layer k.
    """

    forward: npt.NDArray[np.intp]
    backward: npt.NDArray[np.intp]


def forward(network: Network, x: npt.ArrayLike) -> Array:
    """Return the outputs of the network for each sample.

    Parameters
    ----------
    network : Network
        The layers and the activation. The sums that enter the activation of hidden layer k are
        the outputs of the network of ``layers[: k + 1]``.
    x : array of shape ([replicas], samples, features)
        The inputs; a replica axis broadcasts with that of the layers.

    Returns
    -------
    array of shape ([replicas], samples, outputs)
        The outputs, in the precision of the layers.

    Notes
    -----
    With h_0 = x, layer k computes z_k = W_k h_{k-1} + b_k and h_k = φ(z_k); the outputs are the z
    of the last layer.

    Examples
    --------
    Two hidden units, max(0, t) and max(0, -t), add up to the absolute value:

    >>> import numpy as np
    >>> layers = [Layer(np.array([[1.0], [-1.0]])), Layer(np.ones((1, 2)))]
    >>> forward(Network(layers, "relu"), [[-3.0], [2.0]])
    array([[3.],
           [2.]])
    """
    admitted = admit_network(network)
    return outputs_of(admitted, admit_inputs("x", x, admitted)).mT


def loss(network: Network, x: npt.ArrayLike, y: npt.ArrayLike, *, kind: str = "squared") -> Array:
    """Return how far the outputs are from the targets.

    Parameters
    ----------
    network, x
        As for `forward`.
    y : array of shape ([replicas], samples, outputs) or (samples,)
        The targets of a squared loss, or for the cross entropy the label of each sample, a whole
        number from 0 to outputs - 1.
    kind : {"squared", "half_squares", "cross_entropy"}
        Which loss.

    Returns
    -------
    float, or array of shape (replicas,)
        The loss of each replica.

    Notes
    -----
    With f the outputs, "squared" is the mean over samples and outputs of (f - y)², without a
    factor 1/2; "half_squares" is half the sum of (f - y)² over samples and outputs, the loss of
    the tangent kernel; and "cross_entropy" is the mean over samples of log Σ_k exp(f_k) - f_y.

    Examples
    --------
    >>> import numpy as np
    >>> network = Network([Layer(np.array([[1.0, 1.0]]))], "identity")
    >>> float(loss(network, [[1.0, 2.0], [0.0, 1.0]], [[3.0], [3.0]]))
    2.0
    """
    admitted = admit_network(network)
    columns = admit_inputs("x", x, admitted)
    target = admit_targets(admitted, columns, y, kind)
    return LOSSES[kind](outputs_of(admitted, columns), target)[0]


def gradients(
    network: Network, x: npt.ArrayLike, y: npt.ArrayLike, *, kind: str = "squared"
) -> Gradients:
    """Return the loss and its derivative in every weight and bias, by back-propagation.

    Parameters
    ----------
    network, x, y, kind
        As for `loss`.

    Returns
    -------
    Gradients
        The loss of each replica, and the derivatives as layers.

    Notes
    -----
    The derivative in z_k, written δ_k, follows from the one above by the chain rule,

        δ_k = (W_{k+1}ᵀ δ_{k+1}) φ'(z_k),   ∂L/∂W_k = δ_k h_{k-1}ᵀ,   ∂L/∂b_k = Σ_samples δ_k.

    Two units that agree in incoming weights, bias and outgoing weights have equal δ, so that a
    step of gradient descent does not part them.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", *Nature*
    323 (1986), 533-536.

    Examples
    --------
    Equal units have equal gradients:

    >>> import numpy as np
    >>> layers = [Layer(np.full((2, 1), 0.5)), Layer(np.full((1, 2), 0.5))]
    >>> gradients(Network(layers, "relu"), [[2.0]], [[2.0]]).layers[0].weight
    array([[-2.],
           [-2.]])
    """
    admitted = admit_network(network)
    columns = admit_inputs("x", x, admitted)
    target = admit_targets(admitted, columns, y, kind)
    return Gradients(*loss_gradients(admitted, columns, target, kind))


def jacobian(network: Network, x: npt.ArrayLike) -> Array:
    """Return the derivative of the outputs in the inputs, at each sample.

    Parameters
    ----------
    network, x
        As for `forward`.

    Returns
    -------
    array of shape ([replicas], samples, outputs, features)
        The matrix of partial derivatives at each sample: directions in its null space are
        invisible to the network there, to first order.

    Notes
    -----
    The product W_L D_{L-1} W_{L-1} ... D_1 W_1, in which D_k is diagonal with entries φ'(z_k),
    taken from the left, as there are usually fewer outputs than features.

    Examples
    --------
    A relu unit passes on nothing where it is off:

    >>> import numpy as np
    >>> network = Network([Layer(np.array([[3.0]])), Layer(np.array([[2.0]]))], "relu")
    >>> jacobian(network, [[1.0], [-1.0]]).tolist()
    [[[6.0]], [[0.0]]]
    """
    admitted = admit_network(network)
    passed = trace(admitted, admit_inputs("x", x, admitted))
    *_, (_, signal) = backward(admitted, passed.slopes, unit_signals(passed))  # of layer 0
    first = admitted.layers[0].weight
    return _by_sample(product(first.mT, signal, admitted.same_order)).copy()


def dead_units(network: Network, x: npt.ArrayLike) -> list[npt.NDArray[np.bool_]]:
    """Tell which hidden units never answer on the given data.

    Parameters
    ----------
    network, x
        As for `forward`.

    Returns
    -------
    list of arrays of shape ([replicas], units)
        For each hidden layer, whether the slope of the activation is exactly 0 at every sample.

    Notes
    -----
    No gradient of a loss on these samples reaches the incoming weights and the bias of such a
    unit. A relu unit is dead on the data when it is off at every sample. So is a unit of hardtanh
    that is beyond its kinks, or of tanh that is saturated to the last digit, with sums above 20.
    The slope of sigmoid or erf may be tiny there and is not 0.

    `symlib.nullspace.has_dead_cone` asks instead whether some input switches off a whole layer.

    Examples
    --------
    Of two units, the second would need an input below -1:

    >>> network = Network([Layer([[1.0], [-1.0]], [0.0, -1.0]), Layer([[1.0, 1.0]])], "relu")
    >>> dead_units(network, [[0.5], [2.0]])
    [array([False,  True])]
    """
    admitted = admit_network(network)
    passed = trace(admitted, admit_inputs("x", x, admitted))
    return [(slope == 0).all(axis=-1) for slope in passed.slopes]


def layer_ranks(
    network: Network,
    x: npt.ArrayLike,
    *,
    tolerance: float | None = None,
    precision: str | None = None,
) -> Ranks:
    """Count the dimensions that come through a network, layer by layer, at each input.

    Parameters
    ----------
    network, x
        As for `forward`.
    tolerance : float, optional
        Singular values up to ``tolerance`` times the largest count as 0. By default the rule of
        `symlib.nullspace.null_basis` decides.
    precision : {"float16", "bfloat16", "float32", "float64"}, optional
        The precision to which the weights were rounded; by default the coarsest in which one of
        them comes.

    Returns
    -------
    Ranks
        ``forward[..., k]`` is the rank of the derivative of what layer k passes on, in the
        inputs; ``backward[..., k]`` that of the outputs in the sums of layer k, through which
        the gradients of its weights pass.

    Notes
    -----
    With D_k the diagonal of the slopes of layer k, forward is the rank of D_k W_k ... D_1 W_1 and
    backward that of W_L D_{L-1} ... W_{k+1} D_k; the last layer has no D. Neither can grow on its
    way. Layers may cancel each other, and what is left of their product is then rounding. So the
    products are computed also from weights that were rounded anew, and singular values that are
    not well above the difference count as 0, also where a ``tolerance`` is given.

    Examples
    --------
    A constant first layer lets one dimension through:

    >>> import numpy as np
    >>> network = Network([Layer(np.full((3, 2), 0.5)), Layer(np.eye(3))], "relu")
    >>> layer_ranks(network, [[1.0, 2.0]]).forward.tolist()
    [[1, 1]]
    """
    admitted = admit_network(network)
    double = _in_double(admitted)
    passed = trace(double, admit_inputs("x", x, double))
    weights = [layer[0] for layer in network.layers]  # in the precision that they came in
    named = _rank.precision_of(weights, precision)
    near = _rounded_anew(double, "float64" if tolerance is not None else named)

    def ranks(derivatives: Callable[[Network, Trace], list[Array]]) -> list[npt.NDArray[np.intp]]:
        matrices = derivatives(double, passed)
        noises = _distances(matrices, [derivatives(other, passed) for other in near])
        return [
            _rank.ranks(matrix, weights, tolerance=tolerance, precision=precision, noise=noise)
            for matrix, noise in zip(matrices, noises, strict=True)
        ]

    forwards = np.stack(ranks(_forward_derivatives), axis=-1)
    backwards = np.stack(ranks(_backward_derivatives), axis=-1)
    # A rank cannot grow on its way, and where rounding says so the smaller one is right.
    forwards = np.minimum.accumulate(forwards, axis=-1)
    backwards = np.minimum.accumulate(backwards[..., ::-1], axis=-1)[..., ::-1]
    return Ranks(forwards, backwards)


def local_metamer(
    network: Network,
    x: npt.ArrayLike,
    towards: npt.ArrayLike,
    *,
    precision: str | None = None,
) -> Array:
    """Move inputs towards others within the region where a piecewise linear network is affine.

    The outputs stay. Around an input such a network is affine, up to where the sum of one of its
    units meets a kink of the activation. What its derivative does not see there can be changed
    freely, whatever the width of the first layer; `symlib.nullspace.metamer` needs a narrow one,
    and has no such limit.

    Parameters
    ----------
    network : Network
        One network, without a replica axis, whose activations are piecewise linear: "relu",
        "leaky_relu", "hardtanh" or "identity".
    x, towards : array of shape (samples, features)
        The inputs, and where each of them is to move.
    precision : {"float16", "bfloat16", "float32", "float64"}, optional
        The precision to which the weights were rounded; by default the coarsest in which one of
        them comes.

    Returns
    -------
    array of shape (samples, features)
        The moved inputs, with the outputs of x up to the rounding of the weights. An input stays
        where it is when its derivative sees every direction, or when it stands at a kink of a unit
        that the move would change.

    Notes
    -----
    With J the derivative of the outputs in the inputs at x, the move is t N Nᵀ (towards - x), the
    columns of N a basis of the null space of J. All sums of the hidden layers are affine along
    it; t is 1, or smaller where one of them would cross a kink before.

    References
    ----------
    Jacobsen, Behrmann, Zemel and Bethge, "Excessive invariance causes adversarial vulnerability",
    ICLR 2019.

    Examples
    --------
    The unit that reads the second input is off, and would be switched on at 0:

    >>> network = Network([Layer([[1.0, 0.0], [0.0, 1.0]]), Layer([[1.0, 1.0]])], "relu")
    >>> local_metamer(network, [[1.0, -2.0]], [[5.0, 6.0]]).tolist()
    [[1.0, 0.0]]
    """
    admitted = admit_network(network)
    phis = hidden_activations(admitted)
    for name, phi in zip(admitted.activation, phis, strict=True):
        if phi.kinks is None:
            raise ValueError(f"network must have piecewise linear activations, got {name!r}")
    if replica_axis(admitted):
        raise ValueError(f"network must be one network, got {replica_axis(admitted)[0]} replicas")
    double = _in_double(admitted)
    start = real_array("x", x, ("samples", double.layers[0].weight.shape[-1]))
    goal = real_array("towards", towards, start.shape)
    columns = admit_inputs("x", start, double)
    passed = trace(double, columns)
    weights = [layer[0] for layer in network.layers]  # in the precision that they came in
    named = _rank.precision_of(weights, precision)
    seen = _forward_derivatives(double, passed)[-1:]
    near = [_forward_derivatives(other, passed)[-1:] for other in _rounded_anew(double, named)]
    (noises,) = _distances(seen, near)
    shares = _rank.negligible_share(seen[0], weights, precision=precision)
    move = goal - start
    for n, matrix in enumerate(seen[0]):
        largest = np.linalg.svdvals(matrix)[0]
        rounding = max(shares[n] * largest, _rank.ABOVE_NOISE * noises[n])
        if rounding < largest:  # else nothing of the derivative is more than rounding
            move[n] = split(matrix, move[[n]], tolerance=rounding / largest).lost[0]
    # Follow the move through the layers, in which samples are columns: up to the first kink the
    # sums change in proportion to it. A change that is mere rounding is none.
    change = move.T
    rounding = np.zeros_like(change)
    reach = np.ones(len(start))
    states = hidden_states(double, columns)
    for layer, phi, (sums, values) in zip(double.layers, phis, states, strict=False):
        unit = len(change) * float(np.finfo(np.float64).eps)
        rounding = np.abs(layer.weight) @ (rounding + unit * np.abs(change))
        change = layer.weight @ change
        change[np.abs(change) <= rounding] = 0
        for kink in phi.kinks or ():
            reach = np.minimum(reach, _steps_to(kink, sums, change).min(axis=0))
        slope = phi.slope(sums, values)
        change = change * slope
        rounding = rounding * np.abs(slope)
    return np.asarray(start + reach[:, np.newaxis] * move)


def _forward_derivatives(network: Network, passed: Trace) -> list[Array]:
    """Return the derivative of what each layer passes on, one matrix for each sample."""
    replicas = replica_axis(network, passed.outputs)
    samples = passed.outputs.shape[-1]
    features = network.layers[0].weight.shape[-1]
    seen: Array = np.broadcast_to(np.eye(features), (*replicas, samples, features, features))
    result = []
    for k, layer in enumerate(network.layers):
        seen = layer.weight[..., np.newaxis, :, :] @ seen
        if k < len(passed.slopes):
            seen = seen * passed.slopes[k].mT[..., np.newaxis]
        result.append(seen)
    return result


def _backward_derivatives(network: Network, passed: Trace) -> list[Array]:
    """Return the derivative with respect to the sums of each layer, one matrix for each sample."""
    signals = backward(network, passed.slopes, unit_signals(passed))
    return [_by_sample(signal) for _, signal in signals][::-1]


def _rounded_anew(network: Network, precision: str) -> list[Network]:
    """Return networks that differ from one in double precision as rounding makes them differ.

    The weights are those of another rounding to the precision, in which equal weights stay equal.
    On top of it each has an error of its own, in place of those of the arithmetic on the way.
    """
    rng = np.random.default_rng(0)
    multiples = [_rank.rounded_multiples(layer.weight, precision) for layer in network.layers]
    networks = []
    for weights in zip(*multiples, strict=True):
        layers = []
        for weight in weights:
            errors = float(np.finfo(np.float64).eps) * rng.standard_normal(weight.shape)
            layers.append(Layer(weight * (1 + errors)))
        networks.append(network._replace(layers=layers))
    return networks


def _distances(matrices: Sequence[Array], others: Sequence[Sequence[Array]]) -> list[Array]:
    """Return the root mean square, over the others, of the norm of the difference of matrices."""
    result = []
    for k, matrix in enumerate(matrices):
        norms = [np.linalg.svdvals(other[k] - matrix)[..., 0] for other in others]
        result.append(np.sqrt(np.mean(np.square(norms), axis=0)))
    return result


def _by_sample(signal: Array) -> Array:
    """Return signals (outputs, [replicas], units, samples) as one matrix for each sample."""
    return np.moveaxis(signal, (0, -1), (-2, -3))


def _in_double(network: Network) -> Network:
    """Return an admitted network in double precision, in which ranks are counted."""
    layers = map_layers(lambda array: array.astype(np.float64), network.layers)
    return network._replace(layers=layers)


def _steps_to(kink: float, sums: Array, change: Array) -> Array:
    """Return how many changes lead each sum to the kink; infinitely many if none does.

    A sum that is at the kink and changes at all is there already.
    """
    gap = kink - sums
    meets = (np.sign(gap) == np.sign(change)) | (gap == 0)
    meets &= change != 0
    steps = np.full(sums.shape, np.inf)
    with np.errstate(over="ignore"):  # a change that is next to nothing
        np.divide(gap, change, out=steps, where=meets)
    return steps
