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

Source: Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4, which
states the tie for units with the same inputs and the same parameters.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from symlib import _arrays

__all__ = ["unit_classes"]

_Indices = npt.NDArray[np.intp]
_Rows = npt.NDArray[np.float64]


def unit_classes(
    incoming: npt.ArrayLike,
    outgoing: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    tolerance: float = 0.0,
) -> npt.NDArray[np.intp]:
    """Label the units of a hidden layer so that copies share a label.

    Two units are copies when their rows of ``incoming``, their biases and their columns of
    ``outgoing`` agree in every entry. Labels count from 0 in the order of first appearance, so
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

    Returns
    -------
    array of shape (units,) or (replicas, units)
        The class of each unit, a whole number from 0; each replica is labeled by itself.

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, if the shapes do not fit one another, or if
        ``tolerance`` is not a finite number of at least 0.

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
    """
    reads = _arrays.real_array("incoming", incoming, ("units", "fan_in"), leading="replicas")
    *replicas, units, _ = reads.shape
    writes = _arrays.real_array("outgoing", outgoing, (*replicas, "next_units", units))
    parts = [reads, np.swapaxes(writes, -2, -1)]
    if bias is not None:
        offset = _arrays.real_array("bias", bias, (*replicas, units))
        parts.append(offset[..., np.newaxis])
    tolerance = _arrays.number("tolerance", tolerance, least=0.0)
    rows = np.concatenate(parts, axis=-1, dtype=np.float64)
    component = _components(rows.reshape(-1, units, rows.shape[-1]), tolerance)
    return _numbered(component, units).reshape(reads.shape[:-1])


def _components(rows: _Rows, tolerance: float) -> _Indices:
    """Label the rows of every replica so that rows joined by a chain of near ones share a label.

    Along a coordinate, a step too wide for two near rows separates all that is before it from all
    that is after it. Such steps cut the replicas into cells; neighbors in a cell are compared
    entry by entry, and a cell whose rows are all joined is settled. The first coordinate settles
    ordinary data, and without a tolerance the entries settle the rest. With one, rows that
    interlock in every entry may be left: they are compared pair by pair, within their cell.
    """
    replicas, units, width = rows.shape
    rows = rows.reshape(-1, width)
    component = unsettled = np.arange(replicas * units)
    cell = np.repeat(np.arange(replicas), units)
    for coordinate, step in _coordinates(rows, tolerance):
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


def _coordinates(rows: _Rows, tolerance: float) -> Iterator[tuple[_Rows, float]]:
    """Yield coordinates of the rows, each with the widest step there between two near rows.

    First come projections on random directions ``v``, where near rows differ by at most
    ``tolerance * sum |v|`` and the rounding of two products; then every entry.
    """
    width = rows.shape[1]
    largest = float(max(rows.max(), -rows.min()))
    directions = np.random.default_rng(0).uniform(-1.0, 1.0, (4, width)) / max(1.0, largest)
    finfo = np.finfo(np.float64)
    rounding = 4.0 * width * float(finfo.eps) * largest + float(finfo.tiny)
    for direction in directions:
        yield rows @ direction, (tolerance + rounding) * float(np.abs(direction).sum())
    for entry in range(width):
        yield rows[:, entry], tolerance


def _joined(
    component: _Indices, rows: _Rows, left: _Indices, right: _Indices, tolerance: float
) -> _Indices:
    """Return the components once those pairs of rows that are near are joined as well."""
    apart = component[left] != component[right]
    left, right = left[apart], right[apart]
    near = _near(rows, left, right, tolerance)
    if not near.any():
        return component
    ends = component[left[near]], component[right[near]]
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
