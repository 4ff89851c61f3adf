"""What connects the units of a network, as `symlib._partition` wants it.

Each hidden layer is a group of units, and each weight an arrow between groups. Hidden layers of a
stream are the same units, so that they are one group, and a recurrent matrix is an arrow from a
group to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import real_array, shown, whole
from symlib._layers import Network
from symlib._linkage import Indices, Rows, chain_labels
from symlib._partition import Arrow, Group

__all__ = ["UnitGraph", "double_cover", "signed_classes", "unit_graph"]


class UnitGraph(NamedTuple):
    """Groups of units, the arrows between them, and the group of each hidden layer."""

    groups: list[Group]
    arrows: list[Arrow]
    group_of: list[int]


def unit_graph(
    network: Network,
    recurrent: Mapping[int, npt.ArrayLike],
    stream: Sequence[int],
    rounding: float,
) -> UnitGraph:
    """Return what connects the units of an admitted network, which has no replica axis.

    ``rounding`` is the machine epsilon of the precision in which its weights came.
    """
    widths = [len(layer.weight) for layer in network.layers[:-1]]
    group_of = _groups_of(stream, widths)
    ends = [None, *group_of, None]
    arrows = [
        _arrow(ends[k], ends[k + 1], layer.weight, rounding)
        for k, layer in enumerate(network.layers)
    ]
    for key, given in recurrent.items():
        hidden = whole("recurrent.keys()", key, least=0, most=len(widths) - 1)
        units = widths[hidden]
        gates = real_array(f"recurrent[{hidden}]", given, (units, units), leading="gates")
        own = group_of[hidden]
        arrows += [_arrow(own, own, gate, rounding) for gate in gates.reshape(-1, units, units)]
    groups = [_group(network, group_of, k) for k in range(max(group_of) + 1)]
    return UnitGraph(groups, arrows, group_of)


def double_cover(graph: UnitGraph) -> UnitGraph:
    """Return the graph in which each unit has an opposite one, and does what it did.

    The opposites of a group stand behind its units.
    """
    groups = [
        Group(2 * group.units, np.concatenate([group.biases, -group.biases]))
        for group in graph.groups
    ]
    arrows = []
    for arrow in graph.arrows:
        weight = arrow.weight
        if arrow.target is not None:
            weight = np.concatenate([weight, -weight])
        if arrow.source is not None:
            weight = np.concatenate([weight, -weight], axis=1) / 2.0
        arrows.append(arrow._replace(weight=weight))
    return UnitGraph(groups, arrows, graph.group_of)


def signed_classes(labels: Indices) -> tuple[Indices, Indices]:
    """Return the class and sign of each unit, from the labels of units and of their opposites."""
    units = len(labels) // 2
    of_unit = labels[:units]
    of_opposite = labels[units:]
    # A unit and its opposite have two labels between them, or one if the unit is silent.
    smaller = np.minimum(of_unit, of_opposite)
    larger = np.maximum(of_unit, of_opposite)
    both = np.stack([smaller, larger], axis=1).astype(np.float64)
    classes = chain_labels([both], 0.0, "equality")
    _, first = np.unique(classes, return_index=True)
    leader = first[classes]
    signs = np.where(of_unit == of_unit[leader], 1, -1)
    return classes, np.where(of_unit == of_opposite, 0, signs)


def _groups_of(stream: Sequence[int], widths: Sequence[int]) -> list[int]:
    """Return the group of each hidden layer: those of the stream are one group."""
    if not isinstance(stream, list | tuple | range):
        raise TypeError(f"stream must be a sequence of hidden layers, got {shown(stream)}")
    most = len(widths) - 1
    together = sorted({whole(f"stream[{n}]", k, least=0, most=most) for n, k in enumerate(stream)})
    lengths = {widths[k] for k in together}
    if len(lengths) > 1:
        raise ValueError(f"stream must name layers of one width, got widths {sorted(lengths)}")
    leaders = [together[0] if k in together else k for k in range(len(widths))]
    numbers = {leader: k for k, leader in enumerate(dict.fromkeys(leaders))}
    return [numbers[leader] for leader in leaders]


def _arrow(
    source: int | None, target: int | None, matrix: npt.NDArray[np.floating], rounding: float
) -> Arrow:
    """Return an arrow in double precision, once it is known that no sum overflows."""
    weight = matrix.astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        total = np.abs(weight).sum()
    if not np.isfinite(total):
        raise ValueError(f"network must have weights whose sums are finite, got {total:g}")
    return Arrow(source, target, weight, rounding)


def _group(network: Network, group_of: Sequence[int], own: int) -> Group:
    """Return a group with the biases that its units have in all of its layers."""
    layers = [network.layers[k] for k, group in enumerate(group_of) if group == own]
    biases = [layer.bias for layer in layers if layer.bias is not None]
    units = len(layers[0].weight)
    columns: Rows = np.reshape(biases, (len(biases), units)).T.astype(np.float64)
    return Group(units, columns)
