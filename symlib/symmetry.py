r"""Which units are copies, and what follows.

A unit of a hidden layer is what it reads, its bias and what is made of it. In the network
``f(x) = sum_j a_j phi(w_j . x + b_j) + c`` unit j is the triple ``(w_j, b_j, a_j)``: row j of the
weight of its layer, entry j of the bias, and column j of the weight of the layer after it. A
permutation of the triples does not change ``f``, so it leaves the loss ``L`` the same for every
data set, and permutes its gradient. By the chain rule, with ``z_nj = w_j . x_n + b_j`` and the
vector ``delta_n`` of the derivatives of the loss with respect to the outputs at sample n,

.. math::

    \partial_{w_j} L = \sum_n (\delta_n \cdot a_j)\, \phi'(z_{nj})\, x_n, \qquad
    \partial_{b_j} L = \sum_n (\delta_n \cdot a_j)\, \phi'(z_{nj}), \qquad
    \partial_{a_j} L = \sum_n \phi(z_{nj})\, \delta_n.

Two units that agree in all three have equal gradients. So they stay equal, in exact arithmetic,
under every update that treats units alike, as gradient descent, momentum, Adam, weight decay and
mini-batches do, if what the optimizer remembers of them (velocities, averages) starts equal too:
they are *copies*. Dropout and noise that is drawn for each unit treat units differently and part
copies; what rounding does is told in `symlib.network`. The same holds in each hidden layer of a
deeper network, where x is what enters the layer and delta belongs to the sums of the layer after.

All three matter. Equal incoming weights and biases make equal sums ``z``, but where the outgoing
weights differ, so in general do the gradients of the incoming ones, and the units part at the
first step. Different biases part units where ``phi`` or its derivative tells their sums apart. So
a constant layer by itself is no trap: it becomes one together with a layer after it that makes the
same of all its units.

Some activations hide more copies. With an odd one (tanh, erf) ``(-w, -b, -a)`` contributes what
``(w, b, a)`` does, and with a positively homogeneous one (ReLU, leaky ReLU, the identity) so does
``(c w, c b, a / c)`` for every ``c > 0``. The option ``up_to`` of the functions below names what is
ignored: nothing (``"equality"``), the ``"sign"`` or the ``"scale"``. Which of them the network
allows is for the caller to know.

Layers are given in the order of the data flow: ``layer``, which has the units, and ``after``, the
one that reads them; for a network with one hidden layer, ``unit_classes(*network.layers)``. Each
is a `symlib.network.Layer` or a pair (weight, bias).

`unit_classes` finds the copies, `merge_units` makes one unit of each class, `align_units` finds
the units of one layer again in another, and `escape_rate` tells how fast copies part once
something has nudged them.

With two hidden layers or more, units can be tied whose weights differ. What counts is what they
read from, and send to, each class of tied units in total, as sums of weights. `tied_units` finds
these classes in a whole network, and `tie_escape_rate` tells how fast they part.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.

Source: Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4, which
states the tie for units with the same inputs and the same parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array, choice, number, shown, whole
from symlib._backprop import admit_targets
from symlib._layers import (
    Layer,
    Network,
    admit_inputs,
    admit_layer,
    admit_network,
    broadcast_replicas,
    hidden_activations,
    map_layers,
    replica_axis,
)
from symlib._linkage import Indices, Rows, chain_labels
from symlib._partition import balanced_partition, partition_defect
from symlib._rank import precision_of, rounding_unit
from symlib._transverse import class_frames, hessian_of_copies, hessian_of_ties
from symlib._unit_graph import double_cover, signed_classes, unit_graph
from symlib._unit_rows import (
    balanced,
    nearer_signs,
    nearest_order,
    norms,
    of_norm_one,
    order_of_copies,
)

__all__ = [
    "Alignment",
    "Escape",
    "Quotient",
    "Ties",
    "align_units",
    "escape_rate",
    "merge_units",
    "tie_escape_rate",
    "tied_units",
    "unit_classes",
]

_SYMMETRIES: Final = ("equality", "sign", "scale")


class Quotient(NamedTuple):
    """A layer in which every class of units is one unit.

    Attributes
    ----------
    layer : Layer
        The layer with one unit for each class: what the first unit of the class reads.
    after : Layer
        The layer after it, whose column j is the sum over class j; its bias stays.
    labels : array of shape (units,)
        The class of each unit there was.
    counts : array of shape (classes,)
        How many units each class had.
    """

    layer: Layer
    after: Layer
    labels: Indices
    counts: Indices


class Alignment(NamedTuple):
    """Where the units of one layer are found in another.

    Attributes
    ----------
    order : array of shape (units,)
        ``order[k]`` is the unit that takes the place of unit k of the other layer.
    factor : array of shape (units,)
        By what incoming weights and bias of unit ``order[k]`` are to be multiplied, and its
        outgoing weights divided: 1, a sign, or a positive scale.
    distance : float
        Euclidean distance of the two layers after the alignment; with ``up_to="scale"``, that of
        their balanced forms (see `unit_classes`).
    """

    order: Indices
    factor: Rows
    distance: float


class Escape(NamedTuple):
    """How fast copies of a unit part.

    Attributes
    ----------
    block : array of shape ([replicas], parameters, parameters)
        The transverse Hessian: of copies, in the incoming weights, the bias (if there is one) and
        the outgoing weights of a unit; of ties by sums, in all directions that part tied units.
    eigenvalues : array of shape ([replicas], parameters)
        Its eigenvalues, in ascending order.
    growth : float, or array of shape (replicas,)
        λ⊥, the smallest eigenvalue times -1: where it is above 0, copies part at every rate.
    steps_per_decade : float, or array of shape (replicas,)
        The steps in which a difference of copies becomes ten times as large, be it along the
        eigenvector of the smallest eigenvalue or, where the rate is too large, that of the
        largest; infinite where no difference grows.
    """

    block: Rows
    eigenvalues: Rows
    growth: Rows
    steps_per_decade: Rows


class Ties(NamedTuple):
    """Which units of a network are tied.

    Attributes
    ----------
    labels : list of arrays of shape (units,)
        The class of each unit, for each hidden layer. Labels count from 0 in the order of first
        appearance.
    signs : list of arrays of shape (units,)
        1 for a unit whose value is that of the first unit of its class, -1 for one of the opposite
        value, and 0 for a *silent* unit, whose value and whose backward signal are 0. Without
        ``up_to="sign"`` all are 1.
    defect : float
        The largest difference of two sums, or biases, that were taken for equal.
    """

    labels: list[Indices]
    signs: list[Indices]
    defect: float


def unit_classes(
    layer: Layer, after: Layer, *, tolerance: float = 0.0, up_to: str = "equality"
) -> Indices:
    """Label the units of a hidden layer so that copies share a label.

    Two units are copies when their rows of ``layer.weight``, their entries of ``layer.bias`` and
    their columns of ``after.weight`` agree in every entry, if need be after one of them has been
    turned (``"sign"``) or rescaled (``"scale"``). Labels count from 0 in the order of first
    appearance, so ``labels.max() + 1`` is the number of distinct units.

    Parameters
    ----------
    layer : Layer
        The layer with the units, whose weight has the shape ([replicas], units, fan_in). Without a
        bias, all biases count as equal.
    after : Layer
        The layer that reads them, whose weight has the shape ([replicas], next_units, units); its
        bias is ignored.
    tolerance : float
        Largest difference, in any one entry, of two units that still count as copies; at least 0.
        With 0 they must be equal (0.0 equals -0.0).
    up_to : {"equality", "sign", "scale"}
        What is ignored: nothing; the common sign of incoming weights, bias and outgoing weights,
        for odd activations; or a factor c > 0 of incoming weights and bias and 1/c of the outgoing
        ones, for positively homogeneous activations such as ReLU. Units that agree up to the scale
        compute the same there, and in general do not train alike.

    Returns
    -------
    array of shape ([replicas], units)
        The class of each unit, a whole number from 0; each replica is labeled by itself.

    Notes
    -----
    With a tolerance the classes are the connected components of "within ``tolerance`` in every
    entry" (single linkage). That relation alone is not transitive, and its chains are: the two
    ends of a class may differ by more than ``tolerance``, but no unit of another class is within
    it. Differences are those of ``float64``, and whole numbers are compared as ``float64`` too.

    Copies meet by sorting: units are projected on a random direction, and those that are further
    apart there than ``tolerance`` and rounding allow are separated. Neighbors are then compared
    entry by entry, so every class rests on comparisons and none on chance. The cost is one pass
    over the numbers and a sort of the units. Units that projections cannot separate, because they
    differ by little more than ``tolerance`` or by rounding only, are separated by their entries in
    turn, which takes longer.

    Up to the sign, two units are near when one is within ``tolerance`` of the other or of its
    negative.

    Up to the scale, units are compared in *balanced form*: the member of their family
    (c w, c b, a / c) in which (w, b) and a have the same Euclidean norm, which makes the norm of
    all three least. ``tolerance`` is a difference of those. A family without one, as (w, b) or a
    is 0, is represented by its member of norm 1, and a unit that is 0 altogether by itself.
    Factors that are powers of two round nothing and are found with ``tolerance`` 0. Others have
    rounded the entries at hand already: pass a few roundings of the largest balanced entry, such
    as 1e-12 for ``float64`` entries of about 1.

    In exact arithmetic copies are tied under every rule that treats units alike, with a memory that
    does. In a network with two hidden layers or more, gradient descent can also tie units whose
    weights differ: `tied_units` finds those.

    The units of a convolution are its output channels. As matrices, a kernel of the layer (out,
    in, height, width) is ``kernel.reshape(len(kernel), -1)``, and a kernel of the layer after it is
    ``np.moveaxis(kernel, 1, -1).reshape(-1, kernel.shape[1])``. The weight of a batch
    normalization between the two belongs to the unit as well: append it to the row.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4.

    Gower and Ross, "Minimum spanning trees and single linkage cluster analysis", *Applied
    Statistics* 18 (1969), 54-64.

    Examples
    --------
    Units 0 and 2 agree in all they read and in all they are used for. Unit 1 reads the same and
    is used differently:

    >>> from symlib.network import Layer
    >>> unit_classes(Layer([[1, 2], [1, 2], [1, 2]]), Layer([[5, 7, 5]]))
    array([0, 1, 0])

    To a ReLU network, to read twice as much and to be used half as much is the same:

    >>> unit_classes(Layer([[1, 2], [2, 4]]), Layer([[6, 3]]), up_to="scale")
    array([0, 0])
    """
    own, reader = _admitted(layer, after, ("layer", "after"), leading="replicas")
    parts = _unit_parts(own, reader)
    tolerance = number("tolerance", tolerance, least=0.0)
    up_to = choice("up_to", up_to, _SYMMETRIES)
    if up_to == "scale":
        parts, _ = balanced(parts, "layer and after")
    return chain_labels(parts, tolerance, up_to)


def tied_units(
    network: Network,
    *,
    recurrent: Mapping[int, npt.ArrayLike] | None = None,
    stream: Sequence[int] = (),
    tolerance: float | None = None,
    up_to: str = "equality",
) -> Ties:
    r"""Return which units of a network are tied: descent cannot tell them apart.

    Partition the units of each hidden layer into classes. The partition is *balanced* if any two
    units of one class have the same bias, read from each class of the layer before by weights of
    one sum, and send to each class of the layer after by weights of one sum. Then units of a class
    have equal values on every input and equal backward signals, and gradient descent keeps it so,
    in exact arithmetic. The weights may all differ: only sums count. There is one coarsest balanced
    partition, and this is it.

    Parameters
    ----------
    network : Network
        The network, with at least one hidden layer and without a replica axis. Each input and each
        output is a class of its own.
    recurrent : dict of arrays of shape ([gates], units, units), optional
        For hidden layers, named by their number from 0, the matrices that act from their units on
        the same units, as in a recurrent network. Its initial state must be constant on classes.
        Input matrices of several gates stand side by side in the weight of the layer, if the layer
        is the first.
    stream : sequence of int
        The hidden layers that are the same units, such as those of a residual stream: in
        ``s + W_2 phi(W_1 s)`` the hidden layers 0 and 2 are the stream before and after. They share
        one partition.
    tolerance : float, optional
        Largest difference of two sums or biases that count as equal, at least 0. By default a few
        roundings, in the precision in which the weights came, of the sum of their sizes; whole
        numbers are compared exactly. Training rounds at each step, so after training pass more, and
        so for weights that have been rounded to fewer bits than they have now.
    up_to : {"equality", "sign"}
        Whether opposite units count as tied, too: units whose values are opposite on every input.
        The activations must be odd.

    Returns
    -------
    Ties
        The class of each unit, its sign within the class, and the largest difference of sums that
        were taken for equal. Where that is above 0, units part by as much, and the difference can
        grow.

    Notes
    -----
    Let Π_l replace every unit of hidden layer l by the mean of its class, and let it be the
    identity for inputs and outputs. The conditions are :math:`\Pi_l W_l = W_l \Pi_{l-1}` and
    :math:`\Pi_l b_l = b_l`. So values that are constant on classes stay so on their way up, and
    backward signals on their way down; the gradient is an outer product of the two, constant on
    each block of the weight; and adding a constant to each block keeps all conditions. (Where a
    ReLU unit reads only sums of 0 it stands on its kink for every input, and rounding decides.)
    This holds for any loss that is a differentiable function of the outputs, for mini-batches,
    momentum, decoupled weight decay, and for Adam without weight decay if what it remembers is
    constant on blocks as well. It does not hold for Adam with the weight decay in the gradient, for
    L1 decay, for clipping of weights or for storage in few bits, all of which read unequal weights
    entry by entry, nor for dropout. Units whose triples agree (`unit_classes`) are tied under more
    rules.

    With one hidden layer inputs and outputs are classes of their own, and sums are entries: up to
    rounding the result is that of `unit_classes`. With more, copies are tied here as well, as long
    as no recurrent matrix treats them differently.

    Conversely, if units of different classes have equal values, some step of descent on single
    samples parts some of them, under these conditions: the activation is injective with a
    derivative that is nowhere 0 (tanh, sigmoid, softplus), biases are trained, and in each layer
    those values, and those signals, that differ are linearly independent as functions of the
    sample. Otherwise more units may stay equal than are found: with an odd activation units held
    together by opposite ones, which ``up_to="sign"`` finds; dead ReLU units; units whose inputs
    agree on all data; and with the cross entropy last layers that agree up to a number added to all
    outputs (subtract from each column of the last weight its mean to see these). Max pooling and
    other choices by index are outside of all this.

    The classes are found by refinement: all units of a layer start in one class, and classes are
    split by their sums until nothing splits, which takes few rounds in practice. Sums within the
    tolerance count as equal, and so do those that a chain of such differences joins (single
    linkage). With ``up_to="sign"`` the same is done on the double cover, in which every unit has an
    opposite one.

    References
    ----------
    Derived here. That sums over classes decide which units of a *function* can be merged is known
    as lumping, and for graphs as an equitable partition. See *The tie* among the explanations of
    the site.

    Examples
    --------
    Dürer's magic square between two constant layers: sixteen different weights, and each layer is
    one unit.

    >>> import numpy as np
    >>> from symlib.network import Layer, Network
    >>> square = np.array([[16, 3, 2, 13], [5, 10, 11, 8], [9, 6, 7, 12], [4, 15, 14, 1]])
    >>> layers = [Layer(np.full((4, 3), 0.5)), Layer(square / 34), Layer(np.full((1, 4), 0.5))]
    >>> ties = tied_units(Network(layers, "tanh"))
    >>> ties.labels
    [array([0, 0, 0, 0]), array([0, 0, 0, 0])]
    >>> ties.defect < 1e-15
    True
    """
    admitted = admit_network(network)
    depth = len(admitted.layers) - 1
    if depth == 0:
        raise ValueError("network must have a hidden layer, got one layer")
    replicas = replica_axis(admitted)
    if replicas:
        raise ValueError(f"network must have no replica axis, got one of length {replicas[0]}")
    gap = None if tolerance is None else number("tolerance", tolerance, least=0.0)
    with_signs = choice("up_to", up_to, _SYMMETRIES[:2]) == "sign"
    if with_signs:
        for k, phi in enumerate(hidden_activations(admitted)):
            if not phi.odd:
                name = admitted.activation[k]
                raise ValueError(f"network.activation must be odd where up_to='sign', got {name!r}")
    loops = {} if recurrent is None else recurrent
    if not isinstance(loops, Mapping):
        raise TypeError(f"recurrent must be a dict of matrices, got {shown(recurrent)}")
    came_as = [*(layer[0] for layer in network.layers), *loops.values()]
    rounding = rounding_unit(precision_of(came_as))
    graph = unit_graph(admitted, loops, stream, rounding)
    if with_signs:
        graph = double_cover(graph)
    partition = balanced_partition(graph.groups, graph.arrows, gap)
    defect = partition_defect(graph.groups, graph.arrows, partition)
    if with_signs:
        classes_and_signs = [signed_classes(labels) for labels in partition]
    else:
        classes_and_signs = [(labels, np.ones_like(labels)) for labels in partition]
    labels = [classes_and_signs[group][0] for group in graph.group_of]
    signs = [classes_and_signs[group][1] for group in graph.group_of]
    return Ties(labels, signs, defect)


def merge_units(
    layer: Layer, after: Layer, *, tolerance: float = 0.0, up_to: str = "equality"
) -> Quotient:
    """Return the layer in which units with the same incoming weights and bias are one unit.

    Units are merged when their rows of ``layer.weight`` and their biases agree, within
    ``tolerance`` and up to the sign or scale if asked for. Where they are equal, the units have
    equal values on every input, so that one unit with the sum of their outgoing weights does for
    all, and the function of the network stays, up to rounding. The same holds up to the sign if
    the activation is odd, and up to the scale if it is positively homogeneous. The outgoing
    weights need not agree.

    Parameters
    ----------
    layer, after : Layer
        The layer with the units and the one that reads them, as for `unit_classes`. One network
        at a time: the number of classes would differ between replicas.
    tolerance : float
        Largest difference of what two units read, as in `unit_classes`. Above 0 the function
        changes by as much as that allows.
    up_to : {"equality", "sign", "scale"}
        Which units are merged besides: those of opposite incoming weights and bias, for odd
        activations, or those of positive multiples, for positively homogeneous ones such as ReLU.
        Their outgoing weights are multiplied by the sign or factor before they are added.

    Returns
    -------
    Quotient
        The merged layers, in the order of first appearance, with the class of every unit and the
        size of every class.

    Notes
    -----
    If the units of a class are copies (they agree in their outgoing weights too: `unit_classes`
    gives the same labels), the merged network also *trains* as the network does, by gradient
    descent without momentum or weight decay. For a class of m units with the common outgoing
    column a, the merged unit has A = m a. A step with rate η moves each w by -η ∂L/∂w and A by
    -m η ∂L/∂A; and ∂L/∂w is 1/m of the derivative in the incoming weights of the merged unit, as
    a is 1/m of A. So the merged unit takes the rate η/m for incoming weights and bias, and m η for
    outgoing weights, and predicts the same at every step. The same holds up to the sign. It does
    not hold for Adam, whose step does not grow with the gradient; nor with weight decay, which
    these rates would multiply too; nor up to the scale, as a rescaled copy learns at another pace.

    Units without effect (outgoing weights 0) and constant ones (incoming weights 0) are kept.

    References
    ----------
    Fukumizu and Amari, "Local minima and plateaus in hierarchical structures of multilayer
    perceptrons", *Neural Networks* 13 (2000), 317-327.

    Examples
    --------
    Units 0 and 2 read the same:

    >>> from symlib.network import Layer
    >>> merged = merge_units(Layer([[1, 2], [3, 4], [1, 2]]), Layer([[5, 6, 7]]))
    >>> merged.layer.weight
    array([[1., 2.],
           [3., 4.]])
    >>> merged.after.weight
    array([[12.,  6.]])
    >>> merged.counts
    array([2, 1])
    """
    own, reader = _admitted(layer, after, ("layer", "after"))
    *incoming, outgoing = _unit_parts(own, reader)
    tolerance = number("tolerance", tolerance, least=0.0)
    up_to = choice("up_to", up_to, _SYMMETRIES)
    rows = np.concatenate(incoming, axis=1, dtype=np.float64)
    scale = np.ones(len(rows))
    if up_to == "scale":
        rows, scale = of_norm_one(rows, "layer")
    labels = chain_labels([rows], tolerance, up_to)
    _, first, counts = np.unique(labels, return_index=True, return_counts=True)
    leader = first[labels]  # of each unit, the first one of its class
    multiple = scale[leader] / scale
    if up_to == "sign":
        multiple = nearer_signs(rows, rows[leader])
    columns = np.zeros((len(first), outgoing.shape[1]))
    np.add.at(columns, labels, multiple[:, np.newaxis] * outgoing)
    (merged,) = map_layers(lambda array: array[first], [own])
    summed = Layer(columns.T.astype(outgoing.dtype), reader.bias)
    return Quotient(merged, summed, labels, counts)


def align_units(
    layer: Layer, after: Layer, *, to: tuple[Layer, Layer], up_to: str = "equality"
) -> Alignment:
    """Return the order of the units that brings a layer closest to another one.

    The order of units does not matter, so two layers may be the same and look different. With
    the returned ``order`` and ``factor``, the layer of weight
    ``layer.weight[order] * factor[:, np.newaxis]`` and bias ``layer.bias[order] * factor``, with
    ``after.weight[:, order] / factor`` after it, has the same function, and stands unit by unit
    beside the other layer.

    Parameters
    ----------
    layer, after : Layer
        The layer to bring into order and the one that reads its units, as for `unit_classes`. One
        network at a time.
    to : pair of Layer
        The layer to come close to and the one after it, of the same shapes: ``to[0]`` has a bias
        if and only if ``layer`` has one.
    up_to : {"equality", "sign", "scale"}
        What may be changed besides the order: nothing; the sign of a unit, for odd activations;
        or its scale, for positively homogeneous ones such as ReLU.

    Returns
    -------
    Alignment
        The order, the sign or scale of every unit, and the distance that is left; with
        ``up_to="scale"`` it is the distance of the balanced forms.

    Notes
    -----
    The square of the distance is the sum of squared differences over incoming weights, biases and
    outgoing weights, a sum over pairs of units: the least one is a linear assignment, solved to
    rounding. A sign is chosen for each pair. Up to the scale, distances are those of the balanced
    forms (see `unit_classes`), so that they do not depend on how either layer is scaled.

    If each unit has an exact copy in the other layer, sorting finds it, in time of order units log
    units. If each has its nearest unit there, nearer than all others by more than rounding, and no
    two the same one, as under a little noise, that is the answer. Only what is left is solved as an
    assignment, in time of order units³ in the worst case. Its distances come from differences, so
    that units that are nearly equal, as those that just leave a tie, are still told apart.

    References
    ----------
    Ainsworth, Hayase and Srinivasa, "Git Re-Basin: merging models modulo permutation symmetries",
    ICLR 2023, section 3.2.

    Crouse, "On implementing 2D rectangular assignment algorithms", *IEEE Transactions on Aerospace
    and Electronic Systems* 52 (2016), 1679-1696.

    Examples
    --------
    Unit 1 is the first one of the other layer, with the opposite sign:

    >>> from symlib.network import Layer
    >>> other = Layer([[-3, -4], [1, 2]]), Layer([[-6, 5]])
    >>> found = align_units(Layer([[1, 2], [3, 4]]), Layer([[5, 6]]), to=other, up_to="sign")
    >>> found.order
    array([1, 0])
    >>> found.factor
    array([-1.,  1.])
    >>> found.distance
    0.0
    """
    own, reader = _admitted(layer, after, ("layer", "after"))
    other = _admitted_other(to, own, reader)
    up_to = choice("up_to", up_to, _SYMMETRIES)
    parts = _unit_parts(own, reader)
    goals = _unit_parts(*other)
    scale = np.ones(len(own.weight))
    goal_scale = np.ones(len(own.weight))
    if up_to == "scale":
        parts, scale = balanced(parts, "layer and after")
        goals, goal_scale = balanced(goals, "to")
    rows = np.concatenate(parts, axis=1, dtype=np.float64)
    goal = np.concatenate(goals, axis=1, dtype=np.float64)
    order = order_of_copies(rows, goal, up_to)
    if order is None:
        order = nearest_order(rows, goal, up_to)
    factor = scale[order] / goal_scale
    rows = rows[order]
    if up_to == "sign":
        factor = nearer_signs(rows, goal)
        rows = rows * factor[:, np.newaxis]
    half = rows / 2 - goal / 2  # as the difference may be above the largest float
    return Alignment(order, factor, 2.0 * norms(half.ravel()).item())


def escape_rate(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    rate: float,
    kind: str = "squared",
    hidden: int = 0,
    unit: int = 0,
    weight_decay: float = 0.0,
) -> Escape:
    r"""Return how fast copies of a unit part under gradient descent, once they differ a little.

    In exact arithmetic copies stay copies, but a difference as small as rounding can grow. Where
    the tied network is at rest (a stationary point of the loss with the weight decay), a small
    difference grows by the same factor at every step, and one small matrix per unit tells by which.

    Parameters
    ----------
    network : Network
        The tied network.
    x : array of shape ([replicas], samples, features)
        The inputs.
    y : array of shape ([replicas], samples, outputs) or (samples,)
        The targets of a squared loss, or for the cross entropy the label of each sample.
    rate : float
        The step size of gradient descent, above 0.
    kind : {"squared", "half_squares", "cross_entropy"}
        Which loss (see `symlib.network.loss`).
    hidden : int
        Which hidden layer has the copies; 0 is the first.
    unit : int
        The unit of that layer that stands for its copies. It must have one, equal to it up to
        1e-6 times the largest entry of the units, or be alone in its layer, for what copies of it
        would do. That the network is at rest is not checked: elsewhere the growth is no rate of
        escape.
    weight_decay : float
        How much of every parameter is added to its gradient.

    Returns
    -------
    Escape
        The transverse Hessian, its eigenvalues, the growth λ⊥ and the steps per decade.

    Raises
    ------
    FloatingPointError
        When the derivatives of the loss are not finite.

    Notes
    -----
    Move the copies by vectors v_j of (w, b, a) with sum 0. To first order the sums of the layer
    after them stay as they are, so that only the curvature of single units is left in the second
    derivative of the loss: it is :math:`\sum_j v_j^\top M v_j` with

    .. math::

        M = \sum_n \begin{pmatrix}
        (\delta_n \cdot a)\, \phi''(z_n)\, \tilde x_n \tilde x_n^\top
        & \phi'(z_n)\, \tilde x_n \delta_n^\top \\
        \phi'(z_n)\, \delta_n \tilde x_n^\top & 0 \end{pmatrix} + \text{weight decay} \cdot I,
        \qquad \tilde x = (x, 1).

    Here x is what enters the layer of the copies, and δ the derivative of the loss in the sums of
    the layer after it; in a layer without a bias x̃ is x.

    To first order in the difference, a step multiplies its part along an eigenvector of M by
    1 - rate λ. The largest factor in absolute value is that of the smallest eigenvalue -λ⊥ or of
    the largest eigenvalue λ_max. It exceeds 1 by g = max(rate λ⊥, rate λ_max - 2) if that is above
    0; then a difference with a part along that eigenvector comes to need ln 10 / ln(1 + g) steps
    per decade, and a start at ε times the distance from the tie takes ln(1/ε) / ln(1 + g) steps
    longer. Where neither is above 0 no difference grows. At small rates the first decides; where
    rate λ_max is above 2 the rate is too large for that direction, and the difference along it
    changes its sign at every step. On the way to rest M changes, and the law does not hold.

    For a piecewise linear activation such as ReLU, φ'' is 0 away from the kinks, and the smallest
    eigenvalue is the weight decay less ‖B‖, with B = Σ φ'(z_n) x̃_n δ_nᵀ, the upper right block. At
    rest without weight decay B a = 0. If the layer after has a single unit and a ≠ 0, then B is 0
    and ties are neutral, neither kept nor left; for ReLU this is so with weight decay too, as ‖B‖
    then equals it. With several units after it B need not be 0: the tie is unstable where ‖B‖ is
    larger than the weight decay.

    References
    ----------
    Fukumizu and Amari, "Local minima and plateaus in hierarchical structures of multilayer
    perceptrons", *Neural Networks* 13 (2000), 317-327.

    Examples
    --------
    Two tanh units at 0 with the outgoing weights 0 are at rest, and better weights are near:

    >>> import numpy as np
    >>> from symlib.network import Layer, Network
    >>> tied = Network([Layer(np.zeros((2, 1))), Layer(np.zeros((1, 2)))], "tanh")
    >>> escape = escape_rate(tied, [[-1.0], [1.0]], [[-0.5], [0.5]], rate=0.1)
    >>> escape.block
    array([[ 0., -1.],
           [-1.,  0.]])
    >>> round(float(escape.steps_per_decade), 2)
    24.16
    """
    admitted = admit_network(network)
    depth = len(admitted.layers) - 1
    if depth == 0:
        raise ValueError("network must have a hidden layer, got one layer")
    rate = number("rate", rate, above=0.0)
    decay = number("weight_decay", weight_decay, least=0.0)
    hidden = whole("hidden", hidden, least=0, most=depth - 1)
    unit = whole("unit", unit, least=0, most=admitted.layers[hidden].weight.shape[-2] - 1)
    double = map_layers(lambda array: array.astype(np.float64), admitted.layers)
    admitted = admitted._replace(layers=double)
    if not _has_copy(double[hidden], double[hidden + 1], unit):
        raise ValueError(
            f"unit must have a copy in hidden layer {hidden}, got unit {unit}, which has none"
        )
    columns = admit_inputs("x", x, admitted)
    target = admit_targets(admitted, columns, y, kind)
    with np.errstate(all="ignore"):  # what overflows is told below, in one sentence
        block = hessian_of_copies(admitted, columns, target, kind, hidden, unit)
    block += decay * np.eye(block.shape[-1])
    return _escape(block, rate)


def tie_escape_rate(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    rate: float,
    kind: str = "squared",
    tolerance: float | None = None,
) -> Escape:
    r"""Return how fast all ties of a network part under gradient descent, once a little is wrong.

    The ties are those of `tied_units`, by sums of weights. As with copies (`escape_rate`), a small
    difference grows by the same factor at every step once the tied network is at rest, and one
    matrix tells by which. Here it holds the directions of all layers at once, as a difference in
    one layer acts on the others.

    Parameters
    ----------
    network : Network
        The tied network, without a replica axis.
    x : array of shape (samples, features)
        The inputs.
    y : array of shape (samples, outputs) or (samples,)
        The targets of a squared loss, or for the cross entropy the label of each sample.
    rate : float
        The step size of gradient descent, above 0. That the network is at rest (a stationary point
        of the loss) is not checked: elsewhere the growth is no rate of escape.
    kind : {"squared", "half_squares", "cross_entropy"}
        Which loss (see `symlib.network.loss`).
    tolerance : float, optional
        As for `tied_units`: after training pass more than rounding.

    Returns
    -------
    Escape
        The transverse Hessian, its eigenvalues, the growth λ⊥ and the steps per decade.

    Raises
    ------
    FloatingPointError
        When the derivatives of the loss are not finite.

    Notes
    -----
    Let Π_l replace every unit of layer l by the mean of its class (see `tied_units`). A change of
    the weights and biases parts units to first order if it has a part

    .. math::

        X_l = (I - \Pi_l)\, dW_l\, \Pi_{l-1}, \qquad Y_l = \Pi_l\, dW_l\, (I - \Pi_{l-1}), \qquad
        \beta_l = (I - \Pi_l)\, db_l.

    It moves the sums of layer l by :math:`dz_l = X_l h_{l-1} + \beta_l + W_l e_{l-1}`, which adds
    up to 0 over each class, and the values by :math:`e_l = \phi'(z_l)\, dz_l`. The second
    derivative of the loss along it is, over all samples and layers,

    .. math::

        \sum 2\, \delta_l^\top Y_l\, e_{l-1} + p_l^\top \bigl(\phi''(z_l)\, dz_l^2\bigr),

    with δ the derivative of the loss in the sums of a layer and p that in its values. Of the
    weights between tied layers only :math:`(I - \Pi_l) W_l (I - \Pi_{l-1})`, the part that gradient
    descent leaves as it is, acts on differences. The rest of the second derivative keeps to the
    tie: the Hessian maps these directions to themselves. `escape_rate` is the special case of
    copies in one layer, and tells what the growth means.

    The matrix has a row for each direction: with n units in each of two layers, one class in each,
    and d inputs about (d + 4) n. Time and memory grow with its square.

    References
    ----------
    Derived here; for copies in one layer: Fukumizu and Amari, "Local minima and plateaus in
    hierarchical structures of multilayer perceptrons", *Neural Networks* 13 (2000), 317-327.

    Examples
    --------
    Two layers of two tanh units at 0, with an identity between them. The identity is what the
    layers have besides their means, and what lets their differences grow:

    >>> import numpy as np
    >>> from symlib.network import Layer, Network
    >>> def escape(middle):
    ...     layers = [Layer(np.zeros((2, 1))), Layer(middle), Layer(np.zeros((1, 2)))]
    ...     network = Network(layers, "tanh")
    ...     return tie_escape_rate(network, [[-1.0], [1.0]], [[-0.5], [0.5]], rate=0.1)
    >>> round(float(escape(np.full((2, 2), 0.5)).growth), 12)
    0.0
    >>> round(float(escape(np.eye(2)).growth), 12)
    1.0
    """
    admitted = admit_network(network)
    rate = number("rate", rate, above=0.0)
    ties = tied_units(network, tolerance=tolerance)
    widths = [len(labels) for labels in ties.labels]
    counts = [int(labels.max()) + 1 for labels in ties.labels]
    if counts == widths:
        raise ValueError("network must have tied units (see tied_units), got none")
    double = map_layers(lambda array: array.astype(np.float64), admitted.layers)
    admitted = admitted._replace(layers=double)
    columns = admit_inputs("x", x, admitted)
    if columns.ndim == 3:
        raise ValueError(f"x must have no replica axis, got one of length {len(columns)}")
    target = admit_targets(admitted, columns, y, kind)
    if target.ndim == 3:
        raise ValueError(f"y must have no replica axis, got one of length {len(target)}")
    inputs = np.arange(columns.shape[0])
    outputs = np.arange(target.shape[0])
    frames = [class_frames(labels) for labels in (inputs, *ties.labels, outputs)]
    with np.errstate(all="ignore"):  # what overflows is told in one sentence
        block = hessian_of_ties(admitted, columns, target, kind, frames)
    return _escape(block, rate)


def _escape(block: Rows, rate: float) -> Escape:
    """Return what a transverse Hessian says at a rate."""
    if not np.isfinite(block).all():
        raise FloatingPointError("the second derivative of the loss is not finite")
    eigenvalues = np.asarray(np.linalg.eigvalsh(block), dtype=np.float64)
    growth = 0.0 - eigenvalues[..., 0]
    with np.errstate(divide="ignore", over="ignore"):
        overshoot = rate * eigenvalues[..., -1] - 2.0
        excess = np.maximum(np.maximum(rate * growth, overshoot), 0.0)  # of a step's factor over 1
        steps = math.log(10.0) / np.log1p(excess)
    return Escape(block, eigenvalues, growth, steps)


def _admitted(
    layer: object, after: object, names: tuple[str, str], *, leading: str | None = None
) -> tuple[Layer, Layer]:
    """Return a layer and the one that reads it, once they are known to fit together."""
    for name, given in zip(names, (layer, after), strict=True):
        if hasattr(given, "__array__"):
            raise TypeError(f"{name} must be a Layer(weight, bias), got an array")
    own = admit_layer(names[0], layer, "fan_in", leading=leading)
    reader = admit_layer(names[1], after, own.weight.shape[-2], leading=leading)
    broadcast_replicas(f"{names[1]}.weight", reader.weight, 2, own.weight.shape[:-2])
    return own, reader


def _admitted_other(to: object, own: Layer, reader: Layer) -> tuple[Layer, Layer]:
    """Return the other pair of layers, once it is known to have the shapes of the first."""
    if not isinstance(to, tuple | list) or len(to) != 2:
        raise TypeError(f"to must be a pair of layers (layer, after), got {shown(to)}")
    first, second = to
    other = _admitted(first, second, ("to[0]", "to[1]"))
    for k, (ours, theirs) in enumerate(zip((own, reader), other, strict=True)):
        wanted = ours.weight.shape
        found = theirs.weight.shape
        if found != wanted:
            raise ValueError(f"to[{k}].weight must be of shape {wanted}, got shape {found}")
    if own.bias is None and other[0].bias is not None:
        raise ValueError("to[0].bias must be None, as layer.bias is, got an array")
    if own.bias is not None and other[0].bias is None:
        raise ValueError("to[0].bias must be an array, as layer.bias is, got None")
    return other


def _unit_parts(own: Layer, reader: Layer) -> Sequence[Array]:
    """Return what belongs to the units, each a row: incoming weights, biases, outgoing weights.

    Nothing is copied. What a layer has once for all replicas is repeated.
    """
    parts = [own.weight, reader.weight.mT]
    if own.bias is not None:
        parts.insert(1, own.bias[..., np.newaxis])
    replicas = np.broadcast_shapes(*(part.shape[:-2] for part in parts))
    return [np.broadcast_to(part, (*replicas, *part.shape[-2:])) for part in parts]


def _has_copy(own: Layer, reader: Layer, unit: int) -> bool:
    """Tell whether a unit has a copy in each replica, up to rounding, or is alone in its layer."""
    rows = np.concatenate(_unit_parts(own, reader), axis=-1)
    others = np.delete(rows, unit, axis=-2)
    if others.shape[-2] == 0:
        return True
    rounding = 1e-6 * np.abs(rows).max(axis=(-2, -1))
    with np.errstate(over="ignore"):
        difference = np.abs(others - rows[..., unit : unit + 1, :]).max(axis=-1)
    return bool((difference.min(axis=-1) <= rounding).all())
