r"""Which units are copies, and what follows.

A unit of a hidden layer is what goes in, the offset and what comes out: in the network
``f(x) = sum_j a_j phi(w_j . x + b_j) + c`` unit j is the triple ``(w_j, b_j, a_j)``. The order of
the units is of no account, so a permutation of the triples leaves the loss ``L`` the same for
every data set, and permutes its gradient. By the chain rule, with ``z_nj = w_j . x_n + b_j`` and
``delta_n`` the derivative of the loss with respect to output n,

.. math::

    \partial_{w_j} L = a_j \sum_n \delta_n \phi'(z_{nj})\, x_n, \qquad
    \partial_{b_j} L = a_j \sum_n \delta_n \phi'(z_{nj}), \qquad
    \partial_{a_j} L = \sum_n \delta_n \phi(z_{nj}).

Two units that agree in all three have equal gradients, and any rule that treats units alike
(gradient descent, momentum, Adam, weight decay, mini-batches) leaves them equal for ever: they
are *copies*. All three matter. Equal incoming weights and biases make equal sums ``z``, but a
different outgoing weight ``a`` scales the first two gradients differently and parts the units at
the first step; a different bias parts them as soon as ``phi`` or its derivative sees it. So a
constant layer is no trap by itself: it becomes one only together with what follows it.

Some activations hide more copies. With an odd one (tanh, erf) ``(-w, -b, -a)`` contributes what
``(w, b, a)`` does, and with ReLU so does ``(c w, c b, a / c)`` for every ``c > 0``. The option
``up_to`` of the functions below names what is left out of account: nothing (``"equality"``), the
``"sign"`` or the ``"scale"``. Which of them the network allows is for the caller to know.

`unit_classes` finds the copies, `merge_units` makes one unit of each class, `align_units` finds
the units of one layer again in another, and `escape_rate` tells how fast copies part once
something has nudged them.

Source: Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4, which
states the tie for units with the same inputs and the same parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._activations import ACTIVATIONS
from symlib._arrays import Array

__all__ = [
    "Alignment",
    "Escape",
    "Quotient",
    "align_units",
    "escape_rate",
    "merge_units",
    "unit_classes",
]

_Indices = npt.NDArray[np.intp]
_Rows = npt.NDArray[np.float64]

_SYMMETRIES: Final = ("equality", "sign", "scale")


class Quotient(NamedTuple):
    """A layer in which every class of units is one unit.

    Attributes
    ----------
    incoming : array of shape (classes, fan_in)
        Weight of the layer; row j is what the first unit of class j reads.
    outgoing : array of shape (next_units, classes)
        Weight of the layer after it; column j is the sum over class j.
    bias : array of shape (classes,), or None
        Bias of the layer, if it had one.
    labels : array of shape (units,)
        The class of each unit there was.
    counts : array of shape (classes,)
        How many units each class had.
    """

    incoming: Array
    outgoing: Array
    bias: Array | None
    labels: _Indices
    counts: _Indices


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
        Euclidean distance of the two layers after the alignment.
    """

    order: _Indices
    factor: _Rows
    distance: float


class Escape(NamedTuple):
    """How fast copies of a unit part.

    Attributes
    ----------
    block : array of shape ([replicas], parameters, parameters)
        The transverse Hessian in the incoming weights, the bias and the outgoing weights.
    eigenvalues : array of shape ([replicas], parameters)
        Its eigenvalues, in ascending order.
    growth : float, or array of shape (replicas,)
        λ⊥, the smallest eigenvalue times -1: copies part where it is above 0.
    steps_per_decade : float, or array of shape (replicas,)
        The steps in which a difference of copies becomes ten times as large; infinite where
        copies do not part.
    """

    block: _Rows
    eigenvalues: _Rows
    growth: _Rows
    steps_per_decade: _Rows


def unit_classes(
    incoming: npt.ArrayLike,
    outgoing: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    tolerance: float = 0.0,
    up_to: str = "equality",
) -> npt.NDArray[np.intp]:
    """Label the units of a hidden layer so that copies share a label.

    Two units are copies when their rows of ``incoming``, their biases and their columns of
    ``outgoing`` agree in every entry, if need be after one of them has been turned (``"sign"``) or
    rescaled (``"scale"``). Labels count from 0 in the order of first appearance, so
    ``labels.max() + 1`` is the number of distinct units.

    Parameters
    ----------
    incoming : array of shape (units, fan_in) or (replicas, units, fan_in)
        Weight of the layer; row j is unit j.
    outgoing : array of shape (next_units, units) or (replicas, next_units, units)
        Weight of the layer after it; column j is what is made of unit j.
    bias : array of shape (units,) or (replicas, units), optional
        Bias of the layer; without it, all biases count as equal.
    tolerance : float
        Largest difference, in any one entry, of two units that still count as copies; at least 0.
        With 0 they must be equal (0.0 equals -0.0).
    up_to : {"equality", "sign", "scale"}
        What is left out of account: nothing; the common sign of incoming weights, bias and
        outgoing weights, for odd activations; or a factor c > 0 of incoming weights and bias and
        1/c of the outgoing ones, for ReLU.

    Returns
    -------
    array of shape (units,) or (replicas, units)
        The class of each unit, a whole number from 0; each replica is labeled by itself.

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, if the shapes do not fit one another, if
        ``tolerance`` is not a finite number of at least 0, or if ``up_to`` is none of the three.

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
    negative. Each unit is turned so that its projection on a random direction is positive; if that
    is too near to 0 for a sure sign, both signs take part.

    Up to the scale, units are compared in *balanced form*: the member of their family
    (c w, c b, a / c) in which (w, b) and a have the same Euclidean norm, which makes the norm of
    all three least. ``tolerance`` is a difference of those. A family without one, as (w, b) or a
    is 0, is represented by its member of norm 1, and a unit that is 0 altogether by itself.
    Factors that are powers of two round nothing and are found with ``tolerance`` 0. Others have
    rounded the entries at hand already: pass a few roundings of the largest balanced entry, such
    as 1e-12 for ``float64`` entries of about 1.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4. Single linkage:
    Gower and Ross, "Minimum spanning trees and single linkage cluster analysis", *Applied
    Statistics* 18 (1969) 54-64.

    Examples
    --------
    Units 0 and 2 agree in all they read and in all they are used for. Unit 1 reads the same and
    is used differently:

    >>> unit_classes([[1, 2], [1, 2], [1, 2]], [[5, 7, 5]])
    array([0, 1, 0])

    To a ReLU network, to read twice as much and to be used half as much is the same:

    >>> unit_classes([[1, 2], [2, 4]], [[6, 3]], up_to="scale")
    array([0, 0])
    """
    parts, split = _parts(*_admitted(incoming, outgoing, bias, leading="replicas"))
    tolerance = _arrays.number("tolerance", tolerance, least=0.0)
    return _classes(parts, split, tolerance, _arrays.choice("up_to", up_to, _SYMMETRIES))


def merge_units(
    incoming: npt.ArrayLike,
    outgoing: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    tolerance: float = 0.0,
    up_to: str = "equality",
) -> Quotient:
    """Return the layer in which all units that read the same are one unit.

    Units are merged when their rows of ``incoming`` and their biases agree: they have equal
    values on every input, so that one unit with the sum of their outgoing weights does for all.
    The outgoing weights need not agree. The function of the network stays, up to rounding.

    Parameters
    ----------
    incoming : array of shape (units, fan_in)
        Weight of the layer; row j is unit j. One network at a time: the number of classes would
        differ between replicas.
    outgoing : array of shape (next_units, units)
        Weight of the layer after it; column j is what is made of unit j. The bias of that layer
        stays as it is.
    bias : array of shape (units,), optional
        Bias of the layer; without it, all biases count as equal.
    tolerance : float
        Largest difference of what two units read, as in `unit_classes`. Above 0 the function
        changes by as much as that allows.
    up_to : {"equality", "sign", "scale"}
        Which units are merged besides: those of opposite incoming weights and bias, for odd
        activations, or those of positive multiples, for ReLU. Their outgoing weights are
        multiplied by the sign or factor before they are added.

    Returns
    -------
    Quotient
        The merged layer, in the order of first appearance, with the class of every unit and the
        size of every class.

    Raises
    ------
    TypeError, ValueError
        As `unit_classes`, and for arrays with replica axes.

    Notes
    -----
    If the units of a class are copies (they agree in their outgoing weights too: `unit_classes`
    gives the same labels), the merged network also *trains* as the network does. For a class of m
    units with the common outgoing column a, the merged unit has A = m a. A step with rate η moves
    each w by -η ∂L/∂w and A by -m η ∂L/∂A; and ∂L/∂w is 1/m of the derivative in the incoming
    weights of the merged unit, as a is 1/m of A. So the merged unit takes the rate η/m for
    incoming weights and bias, and m η for outgoing weights, and predicts the same at every step.
    The same holds up to the sign. It does not hold for Adam, whose step does not grow with the
    gradient; nor with weight decay, which these rates would multiply too; nor up to the scale, as
    a rescaled copy learns at another pace.

    Units without effect (outgoing weights 0) and constant ones (incoming weights 0) are kept.

    References
    ----------
    Fukumizu and Amari, "Local minima and plateaus in hierarchical structures of multilayer
    perceptrons", *Neural Networks* 13 (2000) 317-327.

    Examples
    --------
    Units 0 and 2 read the same:

    >>> merged = merge_units([[1, 2], [3, 4], [1, 2]], [[5, 6, 7]])
    >>> merged.incoming
    array([[1., 2.],
           [3., 4.]])
    >>> merged.outgoing
    array([[12.,  6.]])
    >>> merged.counts
    array([2, 1])
    """
    from scipy.sparse import coo_array  # here, as its import takes its time

    reads, writes, offset = _admitted(incoming, outgoing, bias)
    parts, split = _parts(reads, writes, offset)
    rows = _joint(parts)
    tolerance = _arrays.number("tolerance", tolerance, least=0.0)
    up_to = _arrays.choice("up_to", up_to, _SYMMETRIES)
    read = rows[:, :split]
    labels = _classes([read], split, tolerance, up_to)
    _, first, counts = np.unique(labels, return_index=True, return_counts=True)
    worth = np.ones(len(labels))  # how much of the first unit of its class each unit is
    if up_to == "sign":
        worth = _signs(read, read[first][labels])
    elif up_to == "scale":
        _, factor = _balanced(read, split)
        worth = factor[first][labels] / factor
    members = coo_array((worth, (labels, np.arange(len(labels))))).tocsr()
    merged = np.asarray(members @ rows[:, split:], dtype=writes.dtype).T
    kept = None if offset is None else offset[first]
    return Quotient(reads[first], merged, kept, labels, counts)


def align_units(
    incoming: npt.ArrayLike,
    outgoing: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    to: Sequence[npt.ArrayLike],
    up_to: str = "equality",
) -> Alignment:
    """Return the order of the units that brings a layer closest to another one.

    The order of units is of no account, so two layers may be the same and look different. With
    the returned ``order`` and ``factor``, the layer ``incoming[order] * factor[:, np.newaxis]``,
    ``bias[order] * factor``, ``outgoing[:, order] / factor`` has the same function, and stands
    unit by unit beside the other layer.

    Parameters
    ----------
    incoming : array of shape (units, fan_in)
        Weight of the layer to bring into order; row j is unit j. One network at a time.
    outgoing : array of shape (next_units, units)
        Weight of the layer after it; column j is what is made of unit j.
    bias : array of shape (units,), optional
        Bias of the layer.
    to : (incoming, outgoing) or (incoming, outgoing, bias)
        The layer to come close to, with a bias if and only if the first one has it. It has the
        same shapes.
    up_to : {"equality", "sign", "scale"}
        What may be changed besides the order: nothing; the sign of a unit, for odd activations;
        or its scale, for ReLU.

    Returns
    -------
    Alignment
        The order, the sign or scale of every unit, and the distance that is left.

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, if the shapes do not fit one another, or if
        ``up_to`` is none of the three.

    Notes
    -----
    The square of the distance is the sum of squared differences over incoming weights, biases and
    outgoing weights, a sum over pairs of units: the least one is a linear assignment, solved
    exactly. A sign is chosen for each pair. Up to the scale, distances are those of the balanced
    forms (see `unit_classes`), so that they do not depend on how either layer is scaled.

    If each unit has an exact copy in the other layer, sorting finds it, in time of order units log
    units. If each has its nearest unit there, and no two the same one, as under a little noise,
    that is the answer. Only what is left is solved as an assignment, in time of order units³ in the
    worst case.

    References
    ----------
    Ainsworth, Hayase and Srinivasa, "Git Re-Basin: merging models modulo permutation symmetries",
    ICLR 2023, section 3.2. Crouse, "On implementing 2D rectangular assignment algorithms", *IEEE
    Transactions on Aerospace and Electronic Systems* 52 (2016) 1679-1696.

    Examples
    --------
    Unit 1 is the first one of the other layer, with the opposite sign:

    >>> found = align_units([[1, 2], [3, 4]], [[5, 6]], to=([[-3, -4], [1, 2]], [[-6, 5]]),
    ...                     up_to="sign")
    >>> found.order
    array([1, 0])
    >>> found.factor
    array([-1.,  1.])
    >>> found.distance
    0.0
    """
    parts, split = _parts(*_admitted(incoming, outgoing, bias))
    rows = _joint(parts)
    goal = _joint(_parts(*_other(to, np.shape(incoming), np.shape(outgoing), bias is not None))[0])
    up_to = _arrays.choice("up_to", up_to, _SYMMETRIES)
    scale = aim = np.ones(len(rows))
    if up_to == "scale":
        rows, scale = _balanced(rows, split)
        goal, aim = _balanced(goal, split)
    order = _sorted_order(rows, goal, up_to == "sign")
    if order is None:
        order = _assigned_order(rows, goal, up_to == "sign")
    factor, rows = scale[order] / aim, rows[order]
    if up_to == "sign":
        factor = _signs(rows, goal)
        rows = rows * factor[:, np.newaxis]
    half = rows / 2 - goal / 2  # as the difference may be above the largest float
    return Alignment(order, factor, 2.0 * float(_norms(half.reshape(1, -1))[0]))


def escape_rate(
    incoming: npt.ArrayLike,
    outgoing: npt.ArrayLike,
    bias: npt.ArrayLike | None,
    x: npt.ArrayLike,
    delta: npt.ArrayLike,
    *,
    activation: str,
    rate: float,
    weight_decay: float = 0.0,
) -> Escape:
    r"""Return how fast copies of a unit part under gradient descent, once they differ a little.

    Copies stay copies, but a difference as small as rounding can grow. At a stationary point of
    the tied network it grows by the same factor at every step, and one small matrix per unit
    tells by which.

    Parameters
    ----------
    incoming : array of shape ([replicas], fan_in)
        What the unit reads: one row of the weight of its layer.
    outgoing : array of shape ([replicas], next_units)
        What is made of it: one column of the weight of the layer after it.
    bias : float, array of shape (replicas,), or None
        Its bias; None if units have no bias.
    x : array of shape (samples, fan_in)
        The inputs of the layer.
    delta : array of shape ([replicas], samples, next_units)
        The derivative of the loss in what the layer after it gives, ``W h + b``, at each sample:
        for a network with one hidden layer and the squared loss,
        ``2 * (forward(layers, x) - y) / y.size``.
    activation : {"relu", "tanh", "erf", "selu", "identity"}
        The activation of the layer.
    rate : float
        The step size of gradient descent, above 0.
    weight_decay : float
        How much of every parameter is added to its gradient.

    Returns
    -------
    Escape
        The transverse Hessian, its eigenvalues, the growth λ⊥ and the steps per decade.

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, if the shapes do not fit one another, or if an
        option is not as described.

    Notes
    -----
    Move the copies by vectors v_j of (w, b, a) with sum 0. To first order the outputs stay as
    they are, so that only the curvature of single units is left in the second derivative of the
    loss: it is :math:`\sum_j v_j^\top M v_j` with

    .. math::

        M = \sum_n \begin{pmatrix}
        (\delta_n \cdot a)\, \phi''(z_n)\, \tilde x_n \tilde x_n^\top
        & \phi'(z_n)\, \tilde x_n \delta_n^\top \\
        \phi'(z_n)\, \delta_n \tilde x_n^\top & 0 \end{pmatrix} + \text{weight decay} \cdot I,
        \qquad \tilde x = (x, 1).

    A step multiplies the part of the difference along an eigenvector of M by 1 - rate λ. So it
    grows along the smallest eigenvalue -λ⊥ if that is negative, and needs
    ln 10 / ln(1 + rate λ⊥) steps per decade. A start 1/ε as far from the tie takes
    proportionally to log(1/ε) longer.

    This holds once the tied network is at rest; on the way M changes. ``bias=None`` leaves out
    the 1 of (x, 1). The last layer of a deeper network works as here; for an earlier layer,
    ``delta`` is the derivative in the sums of the layer after it.

    For ReLU φ'' is 0 (away from the kink), and at rest without weight decay so is the rest of M
    if the next layer has one unit with a ≠ 0: ties are neutral there, neither kept nor left.

    References
    ----------
    Fukumizu and Amari, "Local minima and plateaus in hierarchical structures of multilayer
    perceptrons", *Neural Networks* 13 (2000) 317-327.

    Examples
    --------
    A tanh unit at 0 with the outgoing weight 0, whose output should be larger where x is:

    >>> escape = escape_rate([0.0], [0.0], None, [[-1.0], [1.0]], [[0.5], [-0.5]],
    ...                      activation="tanh", rate=0.1)
    >>> escape.block
    array([[ 0., -1.],
           [-1.,  0.]])
    >>> round(float(escape.steps_per_decade), 2)
    24.16
    """
    unit = _arrays.real_array("incoming", incoming, ("fan_in",), leading="replicas")
    *replicas, fan_in = unit.shape
    uses = _arrays.real_array("outgoing", outgoing, (*replicas, "next_units"))
    entering = _arrays.real_array("x", x, ("samples", fan_in)).astype(np.float64)
    axes = (*replicas, len(entering), uses.shape[-1])
    pull = _arrays.real_array("delta", delta, axes).astype(np.float64)
    phi = ACTIVATIONS[_arrays.choice("activation", activation, ACTIVATIONS)]
    rate = _arrays.number("rate", rate, above=0.0)
    decay = _arrays.number("weight_decay", weight_decay, least=0.0)
    z = unit @ entering.T
    if bias is not None:
        z += _arrays.real_array("bias", bias, replicas)[..., np.newaxis]
        entering = np.column_stack([entering, np.ones(len(entering))])
    value = phi.value(z)
    bent = (pull @ uses[..., np.newaxis])[..., 0] * phi.curvature(z, value)
    corner = (bent[..., np.newaxis, :] * entering.T) @ entering
    side = (phi.slope(z, value)[..., np.newaxis, :] * entering.T) @ pull
    nothing = np.zeros((*replicas, uses.shape[-1], uses.shape[-1]))
    block = np.block([[corner, side], [side.mT, nothing]])
    block += decay * np.eye(block.shape[-1])
    eigenvalues = np.linalg.eigvalsh(block)
    growth = 0.0 - eigenvalues[..., 0]
    with np.errstate(divide="ignore", over="ignore"):
        steps = math.log(10.0) / np.log1p(rate * np.maximum(growth, 0.0))
    return Escape(block, eigenvalues, growth, steps)


def _admitted(
    incoming: npt.ArrayLike,
    outgoing: npt.ArrayLike,
    bias: npt.ArrayLike | None,
    *,
    leading: str | None = None,
) -> tuple[Array, Array, Array | None]:
    """Return the arrays of a layer once they are known to fit together."""
    reads = _arrays.real_array("incoming", incoming, ("units", "fan_in"), leading=leading)
    *replicas, units, _ = reads.shape
    writes = _arrays.real_array("outgoing", outgoing, (*replicas, "next_units", units))
    if bias is None:
        return reads, writes, None
    return reads, writes, _arrays.real_array("bias", bias, (*replicas, units))


def _other(
    to: object, reads: tuple[int, ...], writes: tuple[int, ...], with_bias: bool
) -> tuple[Array, Array, Array | None]:
    """Return the arrays of the other layer once they are known to have the given shapes."""
    wanted = "(incoming, outgoing, bias)" if with_bias else "(incoming, outgoing)"
    if not isinstance(to, Sequence) or isinstance(to, str):
        raise TypeError(f"to must be {wanted}, got {to!r:.60}")
    if len(to) != 2 + with_bias:
        raise ValueError(f"to must be {wanted}, got {len(to)} arrays")
    return (
        _arrays.real_array("to[0]", to[0], reads),
        _arrays.real_array("to[1]", to[1], writes),
        _arrays.real_array("to[2]", to[2], reads[:1]) if with_bias else None,
    )


def _parts(reads: Array, writes: Array, offset: Array | None) -> tuple[list[Array], int]:
    """Return what belongs to the units, a row for each, and how many entries of it are read."""
    parts = [reads, np.swapaxes(writes, -2, -1)]
    if offset is not None:
        parts.insert(1, offset[..., np.newaxis])
    return parts, sum(part.shape[-1] for part in parts[:-1])


def _joint(parts: Sequence[Array]) -> _Rows:
    """Return one row for each unit."""
    rows: _Rows = np.concatenate(parts, axis=-1, dtype=np.float64)
    return rows


def _classes(parts: Sequence[Array], split: int, tolerance: float, up_to: str) -> _Indices:
    """Label the units of every replica as `unit_classes` does.

    Only those in a crowd are copied into rows, which for most layers are few.
    """
    *replicas, units, _ = parts[0].shape
    if up_to == "scale":
        parts = [_balanced(_joint(parts), split)[0]]
    parts = [part.reshape(-1, part.shape[-1]) for part in parts]
    component = np.arange(len(parts[0]))
    cell = component // units
    crowd = _crowd(parts, cell, tolerance, up_to == "sign")
    if crowd.size:
        joined = _signless_components if up_to == "sign" else _components
        rows = _joint([part[crowd] for part in parts])
        component[crowd] = crowd[joined(rows, cell[crowd], tolerance)]
    return _numbered(component, units).reshape(*replicas, units)


def _crowd(parts: Sequence[Array], cell: _Indices, tolerance: float, signless: bool) -> _Indices:
    """Return the units that are near another one of their replica along a random direction."""
    along, step = next(_coordinates(parts, tolerance))
    if signless:
        along = np.abs(along)
    order = np.lexsort((along, cell))
    with np.errstate(over="ignore"):  # what is too large for a float is too wide a step
        close = np.diff(along[order]) <= step
    close &= np.diff(cell[order]) == 0
    crowd: _Indices = order[np.append(close, False) | np.append(False, close)]
    return crowd


def _norms(rows: _Rows) -> _Rows:
    """Return the Euclidean norm of each row; what is multiplied by powers of two stays exact."""
    largest = np.maximum(rows.max(axis=-1, initial=0.0), 0.0 - rows.min(axis=-1, initial=0.0))
    scaled = rows / np.where(largest > 0, largest, 1.0)[..., np.newaxis]
    with np.errstate(over="ignore"):
        norms: _Rows = largest * np.sqrt(np.square(scaled, out=scaled).sum(axis=-1))
    return norms


def _balanced(rows: _Rows, split: int) -> tuple[_Rows, _Rows]:
    """Return the rows in balanced form, and the factors by which their reading was multiplied."""
    read, used = _norms(rows[..., :split]), _norms(rows[..., split:])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        factor = np.where(used > 0, used, 1.0) / np.where(read > 0, read, 1.0)
    strange = ~((factor > 0) & (factor < np.inf))
    if strange.any():
        raise ValueError(
            "incoming, bias and outgoing must have norms with a finite ratio where "
            f"up_to='scale', got {read[strange][0]:g} and {used[strange][0]:g}"
        )
    factor = np.where((read > 0) & (used > 0), np.sqrt(factor), factor)
    balanced = rows * factor[..., np.newaxis]
    balanced[..., split:] = rows[..., split:] / factor[..., np.newaxis]
    return balanced, factor


def _signs(rows: _Rows, others: _Rows) -> _Rows:
    """Return for each row whether it is nearer to the other (1) or to its negative (-1)."""
    rows, others = rows / 2, others / 2  # as the sum may be above the largest float
    return np.where(_norms(rows + others) < _norms(rows - others), -1.0, 1.0)


def _sorted_order(rows: _Rows, goal: _Rows, signless: bool) -> _Indices | None:
    """Return the order in which the rows equal the goal, or None if there is none."""
    both = np.concatenate([rows, goal])
    labels = _classes([both], 0, 0.0, "sign" if signless else "equality")
    ours, theirs = labels[: len(rows)], labels[len(rows) :]
    first, second = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
    if not np.array_equal(ours[first], theirs[second]):
        return None
    order = np.empty_like(first)
    order[second] = first
    return order


def _assigned_order(rows: _Rows, goal: _Rows, signless: bool) -> _Indices:
    """Return the order in which the rows are closest to the goal."""
    from scipy.optimize import linear_sum_assignment  # here, as its import takes its time

    largest = max(float(np.abs(rows).max()), float(np.abs(goal).max()))
    rows, goal = rows / largest, goal / largest
    if not signless:  # without what all have in common, products keep their digits
        center = goal.mean(axis=0)
        rows, goal = rows - center, goal - center
    gain = goal @ rows.T
    if signless:
        gain = np.abs(gain)
    gain -= np.einsum("ij,ij->i", rows, rows) / 2  # what is largest now is what is nearest
    order: _Indices = gain.argmax(axis=1)
    if np.bincount(order).max() > 1:  # else all have their nearest, and no order is closer
        order = linear_sum_assignment(gain, maximize=True)[1].astype(np.intp)
    return order


def _signless_components(rows: _Rows, cell: _Indices, tolerance: float) -> _Indices:
    """Label the rows as `_components` does, where a row and its negative count as one.

    A row is turned so that its first coordinate is positive. If that is within the widest step
    between two near rows, the sign tells nothing, and the row takes part with both.
    """
    projection, step = next(_coordinates([rows], tolerance))
    doubtful = np.flatnonzero(np.abs(projection) <= step)
    sign = np.where(projection < 0, -1.0, 1.0)
    both = np.concatenate([rows, rows[doubtful]])
    both *= np.append(sign, -sign[doubtful])[:, np.newaxis]
    component = _components(both, np.append(cell, cell[doubtful]), tolerance)
    return _united(component, doubtful, np.arange(len(rows), len(both)))[: len(rows)]


def _components(rows: _Rows, cell: _Indices, tolerance: float) -> _Indices:
    """Label the rows of every cell so that rows joined by a chain of near ones share a label.

    Along a coordinate, a step too wide for two near rows separates all that is before it from all
    that is after it. Such steps cut the replicas into cells; neighbors in a cell are compared
    entry by entry, and a cell whose rows are all joined is settled. The first coordinate settles
    ordinary data, and without a tolerance the entries settle the rest. With one, rows that
    interlock in every entry may be left: they are compared pair by pair, within their cell.
    """
    component = unsettled = np.arange(len(rows))
    cell = cell.copy()
    for coordinate, step in _coordinates([rows], tolerance):
        order = np.lexsort((coordinate[unsettled], cell[unsettled]))
        unsettled = unsettled[order]
        left, right = unsettled[:-1], unsettled[1:]
        with np.errstate(over="ignore"):  # what is too large for a float is too wide a step
            cut = (cell[left] != cell[right]) | (coordinate[right] - coordinate[left] > step)
        cell[unsettled] = np.cumsum(np.append(True, cut))
        left, right = left[~cut], right[~cut]
        component = _joined(component, rows, left, right, tolerance)
        apart = component[left] != component[right]
        unsettled = unsettled[np.isin(cell[unsettled], cell[left[apart]])]
        if not unsettled.size:
            return component
    for shift in range(1, np.bincount(cell[unsettled]).max()):
        left, right = unsettled[:-shift], unsettled[shift:]
        together = cell[left] == cell[right]
        component = _joined(component, rows, left[together], right[together], tolerance)
    return component


def _coordinates(parts: Sequence[Array], tolerance: float) -> Iterator[tuple[_Rows, float]]:
    """Yield coordinates of the units, each with the widest step there between two near ones.

    First come projections on random directions ``v``, where near units differ by at most
    ``tolerance * sum |v|`` and the rounding of two products; then every entry.
    """
    ends = np.cumsum([part.shape[1] for part in parts])
    largest = max(float(np.abs(block).max()) for part in parts for block in _blocks(part))
    directions = np.random.default_rng(0).uniform(-1.0, 1.0, (4, ends[-1])) / max(1.0, largest)
    finfo = np.finfo(np.float64)
    rounding = 4.0 * int(ends[-1]) * float(finfo.eps) * largest + float(finfo.tiny)
    for direction in directions:
        pieces = np.split(direction, ends[:-1])
        along: _Rows = np.sum([*map(_projected, parts, pieces)], axis=0)
        yield along, (tolerance + rounding) * float(np.abs(direction).sum())
    for part in parts:
        for entry in range(part.shape[1]):
            yield part[:, entry].astype(np.float64, copy=False), tolerance


def _projected(part: Array, direction: _Rows) -> _Rows:
    """Return the products of all rows with a direction, in double precision."""
    blocks = (block.astype(np.float64, copy=False) for block in _blocks(part))
    return np.concatenate([block @ direction for block in blocks])


def _blocks(part: Array) -> Iterator[Array]:
    """Yield the rows, as many at a time as stay in the cache."""
    count = 1 + 2**15 // part.shape[1]
    return (part[start : start + count] for start in range(0, len(part), count))


def _joined(
    component: _Indices, rows: _Rows, left: _Indices, right: _Indices, tolerance: float
) -> _Indices:
    """Return the components once those pairs of rows that are near are joined as well."""
    apart = component[left] != component[right]
    left, right = left[apart], right[apart]
    near = _near(rows, left, right, tolerance)
    return _united(component, left[near], right[near])


def _united(component: _Indices, left: _Indices, right: _Indices) -> _Indices:
    """Return the components once each pair of rows is joined."""
    if not left.size:
        return component
    from scipy.sparse import coo_array  # here, as its import takes its time
    from scipy.sparse.csgraph import connected_components

    ends = component[left], component[right]
    graph = coo_array((np.ones(ends[0].size), ends), shape=(component.size, component.size))
    _, merged = connected_components(graph, directed=False)
    return merged.astype(np.intp)[component]


def _near(rows: _Rows, left: _Indices, right: _Indices, tolerance: float) -> npt.NDArray[np.bool_]:
    """Tell for each pair of rows whether no entry differs by more than ``tolerance``."""
    near = np.empty(left.size, dtype=np.bool_)
    count = 1 + 2**17 // rows.shape[1]  # pairs at a time, so that they stay in the cache
    for start in range(0, left.size, count):
        pairs = slice(start, start + count)
        with np.errstate(over="ignore"):
            gap = np.abs(rows[left[pairs]] - rows[right[pairs]])
        near[pairs] = (gap <= tolerance).all(axis=1)
    return near


def _numbered(component: _Indices, units: int) -> _Indices:
    """Return the labels: components count from 0, in each replica, as they appear."""
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    first = first[inverse]
    opens = (first == np.arange(first.size)).reshape(-1, units)
    numbers = np.cumsum(opens, axis=1, dtype=np.intp) - 1
    return numbers.ravel()[first]
