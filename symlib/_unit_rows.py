"""Units as rows of numbers: their scale and sign, and the order that brings them near others.

A row holds all that belongs to one unit: its incoming weights, its bias and its outgoing weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symlib._arrays import Array
from symlib._linkage import Indices, Rows, chain_labels

__all__ = [
    "balanced",
    "nearer_signs",
    "nearest_order",
    "norms",
    "of_norm_one",
    "order_of_copies",
]


def balanced(parts: Sequence[Array], name: str) -> tuple[list[Rows], Rows]:
    """Return the units in balanced form, and the factors that their incoming weights were given."""
    *incoming, outgoing = parts
    rows = np.concatenate(incoming, axis=-1, dtype=np.float64)
    norm = norms(rows)
    outgoing_norm = norms(outgoing.astype(np.float64, copy=False))
    ratio = _ratio(outgoing_norm, norm, name)
    has_balance = (norm > 0) & (outgoing_norm > 0)
    factor = np.where(has_balance, np.sqrt(ratio), ratio)
    return [rows * factor, outgoing / factor], factor[..., 0]


def of_norm_one(rows: Rows, name: str) -> tuple[Rows, Rows]:
    """Return the rows divided by their norms, and by what each was multiplied; 0 stays 0."""
    norm = norms(rows)
    factor = _ratio(np.ones_like(norm), norm, name)
    return rows * factor, factor[..., 0]


def _ratio(norm: Rows, other: Rows, name: str) -> Rows:
    """Return the ratio of two norms of each unit, where 1 takes the place of a norm that is 0."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        ratio = _without_zeros(norm) / _without_zeros(other)
    strange = ~((ratio > 0) & (ratio < np.inf))
    if strange.any():
        raise ValueError(
            f"{name} must give each unit norms with a finite ratio where up_to='scale', "
            f"got {other[strange][0]:g} and {norm[strange][0]:g}"
        )
    return ratio


def norms(rows: Rows) -> Rows:
    """Return the Euclidean norm of each row, as a column.

    Squares neither overflow nor vanish, and rows times a power of two have norms times it.
    """
    largest = np.abs(rows).max(axis=-1, initial=0.0, keepdims=True)
    scaled = rows / _without_zeros(largest)
    with np.errstate(over="ignore"):
        lengths: Rows = largest * np.linalg.norm(scaled, axis=-1, keepdims=True)
    return lengths


def _without_zeros(values: Rows) -> Rows:
    """Return what can be divided by: values at least 0, with 1 in the place of each 0."""
    return np.where(values > 0, values, 1.0)


def nearer_signs(rows: Rows, others: Rows) -> Rows:
    """Return for each row whether it is nearer to the other (1) or to its negative (-1)."""
    half = rows / 2  # as the sum may be above the largest float
    other_half = others / 2
    to_other = norms(half - other_half)[:, 0]
    to_negative = norms(half + other_half)[:, 0]
    return np.where(to_negative < to_other, -1.0, 1.0)


def order_of_copies(rows: Rows, goal: Rows, up_to: str) -> Indices | None:
    """Return the order in which the rows equal the goal, or None if there is none."""
    labels = chain_labels([np.concatenate([rows, goal])], 0.0, up_to)
    ours = labels[: len(rows)]
    theirs = labels[len(rows) :]
    our_order = np.argsort(ours, kind="stable")
    their_order = np.argsort(theirs, kind="stable")
    if not np.array_equal(ours[our_order], theirs[their_order]):
        return None
    order = np.empty_like(our_order)
    order[their_order] = our_order
    return order


def nearest_order(rows: Rows, goal: Rows, up_to: str) -> Indices:
    """Return the order in which the rows are closest to the goal."""
    from scipy.optimize import linear_sum_assignment  # here, as its import takes its time
    from scipy.spatial.distance import cdist

    _, exponent = np.frexp(max(np.abs(rows).max(), np.abs(goal).max()))
    rows = np.ldexp(rows, -exponent)  # the largest entry is about 1, and no digit is lost
    goal = np.ldexp(goal, -exponent)
    # |goal - row|^2 = |goal|^2 - 2 closeness: one product for all pairs, and good enough if every
    # goal has a nearest row by more than the rounding of products, and no two the same one.
    inner = goal @ rows.T
    if up_to == "sign":
        inner = np.abs(inner)
    closeness = inner - np.square(rows).sum(axis=1) / 2
    # In any order of summation, an inner product of n terms is off by at most about n eps / 2
    # times the product of the norms. Two of them are compared, and 2 (n + 2) leaves room for what
    # else is rounded: norms, subtractions, and products that vanish.
    finfo = np.finfo(np.float64)
    row_norm = norms(rows).max()
    size = norms(goal) * row_norm + row_norm**2 / 2
    rounding = 2.0 * (rows.shape[1] + 2) * (float(finfo.eps) * size + float(finfo.tiny))
    nearest = closeness >= closeness.max(axis=1, keepdims=True) - rounding
    if np.count_nonzero(nearest) == len(goal) and nearest.any(axis=0).all():
        return np.asarray(nearest.argmax(axis=1), dtype=np.intp)
    # Squares of differences tell nearly equal units apart. The power of two keeps the smallest of
    # them from vanishing.
    rows = np.ldexp(rows, 450)
    goal = np.ldexp(goal, 450)
    cost = cdist(goal, rows, "sqeuclidean")
    if up_to == "sign":
        cost = np.minimum(cost, cdist(goal, -rows, "sqeuclidean"))
    _, order = linear_sum_assignment(cost)
    return np.asarray(order, dtype=np.intp)
