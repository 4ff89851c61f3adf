r"""What a matrix or a layer cannot see.

A matrix ``W`` of shape (units, features) loses the inputs in its *null space*, of dimension
features - rank: adding such a direction to an input changes nothing. Going backward it loses the
errors in the null space of its transpose, of dimension units - rank. Constant weights have rank
one and lose almost everything in both directions; random ones have rank min(units, features)
almost surely, and a wide-to-narrow layer loses the other directions whatever its weights are.
`null_basis` and `split` name what is lost, and `metamer` makes two inputs of it that the layer
cannot tell apart.

ReLU loses more. The hyperplanes ``w_j . x = 0`` cut the inputs into cones, the *cells*, and in
each of them the layer is linear: it keeps the rows that are *active*, those with a positive
product, and drops the others. A cell without any active row is a *dead cone*, from which nothing
comes out. A cell is *degenerate* when its active rows do not span the inputs, and the layer
``x -> relu(W x)`` is injective exactly when no cell is. For rows in general position there are
formulas for the number of cells and for the chance of a dead cone; for every matrix the cells can
be listed.

A weight is a matrix, its row j unit j; the kernel of a convolution is reshaped to one first.
Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.

Sources: Schläfli 1901; Wendel 1962; Cover 1965; Puthawala, Kothari, Lassas, Dokmanić and de Hoop,
"Globally injective ReLU networks", *JMLR* 23 (2022), 1-55.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays, _rank
from symlib._angles import unit_rows
from symlib._arrays import Array

__all__ = [
    "Split",
    "count_regions",
    "dead_cone_probability",
    "degenerate_cells",
    "has_dead_cone",
    "is_injective",
    "metamer",
    "null_basis",
    "sign_patterns",
    "split",
]

_Rows = Array
_Signs = npt.NDArray[np.int8]
_Counts = npt.NDArray[np.intp]


class Split(NamedTuple):
    """Inputs as the sum of what a matrix sees and what it loses.

    Attributes
    ----------
    seen : array of shape (samples, features)
        The part in the row space of the matrix.
    lost : array of shape (samples, features)
        The part in its null space.
    """

    seen: Array
    lost: Array


def null_basis(
    matrix: npt.ArrayLike, *, tolerance: float | None = None, precision: str | None = None
) -> Array:
    """Return an orthonormal basis of the null space of a matrix.

    Parameters
    ----------
    matrix : array of shape (units, features)
        Any matrix; as the weight of a layer, row j is unit j.
    tolerance : float, optional
        Singular values up to ``tolerance`` times the largest count as 0. By default those count as
        0 that the rounding of the numbers can explain, as the notes say.
    precision : {"float16", "bfloat16", "float32", "float64"}, optional
        To what the numbers were rounded, if not to the precision in which they come: for lists,
        and for arrays that were made wider, such as bfloat16 weights held as float32.

    Returns
    -------
    array of shape (features, nullity)
        Orthonormal columns that the matrix sends to 0; no column if it loses nothing. In float32
        for a float32 or bfloat16 matrix, else in float64.

    Notes
    -----
    All arithmetic is in float64. With E the rounding errors of the entries and ‖·‖ the spectral
    norm, no singular value is off by more than ‖E‖ (Weyl's inequality). Those up to

        √10 ‖E‖ + max(units, features) 2⁻⁵² ‖W‖

    count as 0. The second part is for the decomposition; for float64 numbers it covers ‖E‖ too,
    and is the whole rule. For coarser numbers ‖E‖ is estimated from the matrix, since it depends
    on its ties: errors of unrelated numbers cancel, equal numbers have equal errors. For five c
    between 1/2 and 1 the matrix c W, which has the ties of W, is rounded to the same precision;
    what this changes, divided by c, is of the size of E, and ‖E‖ is taken as the root mean square
    of the five norms. The factor √10 is the geometric mean of 1 and 10: what stands ten times above
    the noise is kept, the noise is not.

    ``scipy.linalg.null_space`` and ``numpy.linalg.matrix_rank`` take max(units, features) times
    the ε of the array's dtype. That bounds the errors of arithmetic in that dtype, in the worst
    case; where arithmetic is finer than the numbers it is far too much. Rounding a Gaussian
    matrix gives ‖E‖ of about ε ‖W‖ / 5, whatever its size. By the law of the smallest singular
    value of a Gaussian n × n matrix, P(s < t σ / √n) → 1 - exp(-t²/2 - t), their rule for float32
    calls almost every layer of 4096 × 4096 singular (t = 4), and this one 1 in 1500; in a matrix
    of a million rows theirs gives up directions a tenth as strong as the strongest. And where
    numbers were made wider than they are precise, their ε is too small, hence ``precision``.

    Numbers that were *computed* in low precision have larger errors. Products of k terms that
    were summed in float32 are off by about 0.05 to 0.1 √k ε ‖W‖: pass ``tolerance=0.3 * k**0.5 *
    2**-23``. Numbers that are exact, such as small integers held as float16, are best passed with
    ``precision="float64"``.

    Examples
    --------
    A constant matrix loses all but one dimension:

    >>> null_basis([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]).shape
    (3, 2)

    The second row is twice the first, up to rounding in half precision:

    >>> rows = [[0.1, 0.7], [0.2, 1.401]]
    >>> null_basis(rows).shape, null_basis(rows, precision="float16").shape
    ((2, 0), (2, 1))
    """
    w = _arrays.real_array("matrix", matrix, ("units", "features"))
    share = _rank.negligible_share(w, [matrix], tolerance=tolerance, precision=precision)
    from scipy.linalg import null_space  # here, as its import takes its time

    rows, _ = _rank.scaled(w)  # so that norms are finite
    units, features = rows.shape
    if units > features:  # R has the null space of Q R, and few rows
        rows = np.asarray(np.linalg.qr(rows, mode="r"))
    basis = null_space(rows, rcond=float(share))
    return np.asarray(basis, dtype=w.dtype)


def split(
    matrix: npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    tolerance: float | None = None,
    precision: str | None = None,
) -> Split:
    """Split inputs into what a matrix sees and what it loses.

    Parameters
    ----------
    matrix : array of shape (units, features)
        Any matrix; as the weight of a layer, row j is unit j.
    x : array of shape (samples, features)
        The inputs.
    tolerance, precision : optional
        What counts as lost, as for `null_basis`.

    Returns
    -------
    Split
        ``seen + lost`` is ``x``, and the matrix sends ``lost`` to 0, up to rounding.

    Notes
    -----
    The parts are orthogonal: with N from `null_basis`, lost = x N Nᵀ and seen = x - lost.

    Examples
    --------
    >>> seen, lost = split([[1.0, 0.0]], [[3.0, 4.0]])
    >>> seen.tolist(), lost.tolist()
    ([[3.0, 0.0]], [[0.0, 4.0]])
    """
    basis = null_basis(matrix, tolerance=tolerance, precision=precision)
    inputs = _arrays.real_array("x", x, ("samples", basis.shape[0]))
    lost = (inputs @ basis) @ basis.T
    return Split(inputs - lost, lost)


def metamer(
    weight: npt.ArrayLike,
    x: npt.ArrayLike,
    towards: npt.ArrayLike,
    *,
    tolerance: float | None = None,
    precision: str | None = None,
) -> Array:
    """Return the inputs nearest to ``towards`` that the layer cannot tell from ``x``.

    Metamers are stimuli that differ and look the same. Of the way from ``x`` to ``towards``, each
    input goes the part that the weight does not see.

    Parameters
    ----------
    weight : array of shape (units, features)
        Weight of the first layer; row j is unit j.
    x : array of shape (samples, features)
        The inputs whose products with the weight are kept.
    towards : array of shape (samples, features)
        The inputs to approach.
    tolerance, precision : optional
        What counts as lost, as for `null_basis`.

    Returns
    -------
    array of shape (samples, features)
        The nearest points to ``towards`` among all with the same products as ``x``, up to
        rounding.

    Notes
    -----
    x' = x + N Nᵀ (towards - x), so W x' = W x: whatever bias, activation and layers follow, the
    outputs are the same. Of a difference in a random direction about √(nullity / features) is lost.

    References
    ----------
    Feather, Leclerc, Mądry and McDermott, "Model metamers reveal divergent invariances between
    biological and artificial neural networks", *Nature Neuroscience* 26 (2023), 2017-2034.

    Examples
    --------
    >>> metamer([[1.0, 0.0]], [[3.0, 4.0]], [[0.0, -1.0]]).tolist()
    [[3.0, -1.0]]
    """
    w = _arrays.real_array("weight", weight, ("units", "features"))
    start = _arrays.real_array("x", x, ("samples", w.shape[1]))
    goal = _arrays.real_array("towards", towards, start.shape)
    way = split(weight, goal - start, tolerance=tolerance, precision=precision)
    return np.asarray(start + way.lost)


def count_regions(units: int, features: int) -> int:
    """Count the cones into which hyperplanes in general position cut the inputs.

    Parameters
    ----------
    units : int
        Number of hyperplanes through the origin, m.
    features : int
        Dimension of the inputs, d.

    Returns
    -------
    int
        The number of cones, exactly; it is also the number of sign patterns that the units show.

    Notes
    -----
    2 Σ_{k<d} C(m-1, k). A further hyperplane cuts those cones in two that it meets, and on it
    these are cones of one dimension less: R(m, d) = R(m-1, d) + R(m-1, d-1). For m <= d all 2^m
    patterns occur.

    References
    ----------
    Cover, "Geometrical and statistical properties of systems of linear inequalities with
    applications in pattern recognition", *IEEE Transactions on Electronic Computers* EC-14 (1965),
    326-334, theorem 1.

    Examples
    --------
    >>> count_regions(8, 3)
    58
    """
    n = _arrays.whole("units", units)
    d = _arrays.whole("features", features)
    total = 0
    binomial = 1  # C(m-1, k), in whole numbers of any length
    for k in range(min(n, d)):
        total += binomial
        binomial = binomial * (n - 1 - k) // (k + 1)
    return 2 * total


def dead_cone_probability(units: int, features: int) -> float:
    """Return the probability that some inputs switch off every unit of a random layer.

    Parameters
    ----------
    units : int
        Number of units, m.
    features : int
        Dimension of the inputs, d.

    Returns
    -------
    float
        The probability, correctly rounded: 1.0 for m <= d, and 0.5 for m = 2 d.

    Notes
    -----
    The rows are independent, in general position almost surely, and of symmetric laws (w and -w
    equally likely). Of the 2^m ways to choose their signs, each cone of the arrangement is dead
    for exactly one; so the share of dead ones is R(m, d) / 2^m with R from `count_regions`, that
    is 2^(1-m) Σ_{k<d} C(m-1, k). The quotient is taken of whole numbers and rounded once.

    References
    ----------
    Wendel, "A problem in geometric probability", *Mathematica Scandinavica* 11 (1962), 109-111.

    Examples
    --------
    >>> dead_cone_probability(12, 4)
    0.11328125
    """
    regions = count_regions(units, features)
    n = int(units)
    if n > regions.bit_length() + 1100:  # the smallest number is 2^-1074
        return 0.0
    return regions / (1 << n)


def sign_patterns(weight: npt.ArrayLike, *, tolerance: float = 1e-9) -> _Signs:
    """List the sign patterns of a layer, one for each cone of its arrangement.

    Parameters
    ----------
    weight : array of shape (units, features)
        Weight of the layer; row j is unit j.
    tolerance : float
        Rows whose angle (or whose angle to the negative) has a sine up to this count as parallel,
        as do their traces on the other hyperplanes.

    Returns
    -------
    array of shape (regions, units)
        The signs of ``weight @ x``, +1 or -1, on each open cone where none of them changes. Each
        pattern comes once. A row of zeros has the sign 0; parallel rows have equal or opposite
        signs and make no further cones.

    Notes
    -----
    The recurrence behind `count_regions` is the algorithm: a further hyperplane cuts in two those
    cones that show a pattern on the hyperplane itself, which is an arrangement of one dimension
    less. No linear program is solved. The time grows as the number of flats, the sum of C(m, k)
    over k < d, and the number of cones.

    Examples
    --------
    Two units in the plane show all four patterns, two equal ones only two:

    >>> len(sign_patterns([[1.0, 0.0], [1.0, 1.0]])), len(sign_patterns([[1.0, 0.0], [1.0, 0.0]]))
    (4, 2)
    """
    w = _arrays.real_array("weight", weight, ("units", "features"))
    signs, _ = _cells(unit_rows(w.astype(np.float64)), _checked(tolerance))
    return signs


def has_dead_cone(weight: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell whether some inputs switch off every unit of a layer.

    Parameters
    ----------
    weight : array of shape (units, features) or (replicas, units, features)
        Weight of the layer; row j is unit j.

    Returns
    -------
    bool, or array of shape (replicas,)
        Whether there is an x with ``weight @ x < 0`` in every row.

    Notes
    -----
    By Gordan's theorem either W x < 0 has a solution, or Wᵀ y = 0 has one with y >= 0 and y ≠ 0.
    Let y >= 0 bring Wᵀ y nearest to 0 and the sum of y nearest to 1 (nonnegative least squares),
    with residual r. If r = 0, the second holds. Otherwise the optimality of y says that the first
    features entries of r are an x with W x < 0. The answer is yes only if that x keeps its word
    beyond rounding; a cone thinner than about 1e-7 may be missed.

    References
    ----------
    Gordan, "Ueber die Auflösung linearer Gleichungen mit reellen Coefficienten", *Mathematische
    Annalen* 6 (1873), 23-28.

    Examples
    --------
    >>> bool(has_dead_cone([[1.0, 0.0], [0.0, 1.0]])), bool(has_dead_cone([[1.0], [-1.0]]))
    (True, False)
    """
    layers, replicas = _layers(weight)
    answers = np.empty(len(layers), dtype=np.bool_)
    for k, rows in enumerate(layers):
        answers[k] = _dead_cone_exists(rows)
    return answers.reshape(replicas)[()]


def degenerate_cells(weight: npt.ArrayLike, *, tolerance: float = 1e-9) -> _Counts:
    """Count the cells in which a ReLU layer loses dimensions.

    A cell is degenerate when the rows that are active in it do not span the inputs. For rows in
    general position this means: when fewer than features units are active.

    Parameters
    ----------
    weight : array of shape (units, features) or (replicas, units, features)
        Weight of the layer; row j is unit j.
    tolerance : float
        As for `sign_patterns`; and active rows, brought to length 1, span the inputs when their
        smallest singular value is above this.

    Returns
    -------
    int, or array of shape (replicas,)
        The number of degenerate cells.

    Notes
    -----
    For random rows of symmetric laws each cell has a binomial number of active units, so that the
    mean number of degenerate cells is R(m, d) P(Bin(m, 1/2) < d); in the plane 2 m (m + 1) / 2^m.
    There, one sweep around the circle follows the number of active units, for all replicas at
    once.

    Examples
    --------
    >>> int(degenerate_cells([[1.0, 0.0], [0.0, 1.0]]))
    3
    """
    layers, replicas = _layers(weight)
    slack = _checked(tolerance)
    counts = np.empty(len(layers), dtype=np.intp)
    is_counted = np.zeros(len(layers), dtype=np.bool_)
    if layers.shape[-1] == 2:
        is_counted = _has_no_parallel_rows(layers, slack)
        counts[is_counted] = _counts_around_the_circle(layers[is_counted])
    for k in np.flatnonzero(~is_counted):
        counts[k] = _degenerate_count(layers[k], slack)
    return counts.reshape(replicas)[()]


def is_injective(weight: npt.ArrayLike, *, tolerance: float = 1e-9) -> npt.NDArray[np.bool_]:
    """Tell whether a ReLU layer without bias is injective.

    Parameters
    ----------
    weight : array of shape (units, features) or (replicas, units, features)
        Weight of the layer; row j is unit j.
    tolerance : float
        As for `degenerate_cells`.

    Returns
    -------
    bool, or array of shape (replicas,)
        Whether ``x -> relu(weight @ x)`` gives different outputs for any two different inputs.

    Notes
    -----
    The layer is injective exactly when for every x the rows with w_j . x >= 0 span the inputs.
    If they do and x and y have equal outputs, look at the rows with w_j . (x + y) >= 0: each has
    w_j . x = w_j . y, as both are the output, or both are <= 0 with a sum >= 0, hence 0. These
    rows span, so x = y. If they do not span for some x, a step across them that is short enough
    changes no output.

    The open cells decide. An x on a face has at least the rows that are active in any cell beside
    it, with a product > 0 or = 0; so if no cell is degenerate, every x has rows that span. Counted
    with > 0, the layer [I; -I] would fail on its own axes.

    For m < 2 d the answer is no: of any x and -x, one has fewer than d active rows. Otherwise all
    cells are listed, whose number grows exponentially with the dimension. Nothing quick is to be
    expected for all matrices, as the problem is coNP-complete (Froese, Grillo and Skutella).

    References
    ----------
    Puthawala, Kothari, Lassas, Dokmanić and de Hoop, "Globally injective ReLU networks", *JMLR* 23
    (2022), 1-55, theorem 2; Froese, Grillo and Skutella, "Complexity of injectivity and
    verification of ReLU neural networks", *COLT* 2025, 2188-2189.

    Examples
    --------
    >>> bool(is_injective([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]))
    True
    """
    layers, replicas = _layers(weight)
    slack = _checked(tolerance)
    _, units, features = layers.shape
    if units < 2 * features:  # the notes say why; the cells might be too many to list
        answers = np.zeros(replicas, dtype=np.bool_)
    else:
        answers = np.asarray(degenerate_cells(weight, tolerance=slack) == 0)
    return answers[()]


def _checked(tolerance: float) -> float:
    return _arrays.number("tolerance", tolerance, least=0.0, below=1.0)


def _layers(weight: npt.ArrayLike) -> tuple[_Rows, tuple[int, ...]]:
    """Return layers of shape (count, units, features) with unit rows, and the replica axis."""
    w = _arrays.real_array("weight", weight, ("units", "features"), leading="replicas")
    *replicas, units, features = w.shape
    layers = w.reshape(-1, units, features)
    return unit_rows(layers.astype(np.float64)), tuple(replicas)


def _cells(rows: _Rows, tolerance: float) -> tuple[_Signs, _Rows]:
    """Return the sign pattern of each cell of an arrangement, and a point inside the cell."""
    features = rows.shape[1]
    signs = np.zeros((1, 0), dtype=np.int8)  # without a hyperplane there is one cell
    points: _Rows = np.zeros((1, features))
    for n, row in enumerate(rows):
        before = rows[:n]
        twins = _parallel_to(row, before, tolerance)
        if not row.any():
            column = np.zeros(len(signs))
        elif twins.size:
            twin = twins[0]
            column = signs[:, twin] * np.sign(before[twin] @ row)
        else:
            signs, points = _cells_cut(signs, points, before, row, tolerance)
            column = np.sign(points @ row)
        signs = np.column_stack([signs, column.astype(np.int8)])
    return signs, points


def _parallel_to(row: _Rows, rows: _Rows, tolerance: float) -> _Counts:
    """Return which of the rows point along ``row`` or against it; rows of zeros do not."""
    along = np.outer(rows @ row, row)
    sine = np.linalg.norm(rows - along, axis=1)
    is_nonzero = rows.any(axis=1)
    return np.flatnonzero(is_nonzero & (sine <= tolerance))


def _cells_cut(
    signs: _Signs, points: _Rows, rows: _Rows, row: _Rows, tolerance: float
) -> tuple[_Signs, _Rows]:
    """Replace each cell that a further hyperplane cuts by its two halves.

    They are the cells that the hyperplane sees within itself. From a point there, a step to
    either side that is half as long as to the next hyperplane leads inside the halves.
    """
    turn = np.linalg.qr(row[:, np.newaxis], mode="complete").Q
    basis = turn[:, 1:]  # of the new hyperplane
    traces = unit_rows(rows @ basis)
    cut_signs, cut_points = _cells(traces, tolerance)
    centers = cut_points @ basis.T
    # How far along the row the others are from the centers; never, if they are parallel to it.
    distance = np.abs(centers @ rows.T)
    slope = np.abs(rows @ row)
    is_ahead = rows.any(axis=1) & (slope > 0)
    reach = np.full(distance.shape, 2.0)
    np.divide(distance, slope, out=reach, where=is_ahead)
    nearest = reach.min(axis=1, initial=2.0)
    step = 0.5 * np.outer(nearest, row)
    # The cells that the hyperplane does not meet stay as they are.
    cut_patterns = {pattern.tobytes() for pattern in cut_signs}
    is_whole = [pattern.tobytes() not in cut_patterns for pattern in signs]
    all_signs = [signs[is_whole], cut_signs, cut_signs]
    all_points = [points[is_whole], centers + step, centers - step]
    return np.concatenate(all_signs), np.concatenate(all_points)


def _dead_cone_exists(rows: _Rows) -> bool:
    """Tell whether some x has a negative product with each row."""
    from scipy.optimize import nnls  # here, as its import takes its time

    units, features = rows.shape
    system = np.vstack([rows.T, np.ones(units)])
    goal = np.zeros(features + 1)
    goal[-1] = 1.0
    y, _ = nnls(system, goal, maxiter=100 * (units + features))
    x = -(rows.T @ y)
    # Where no such x exists, this one is 0 up to rounding, and so are the products.
    length = float(np.linalg.norm(x))
    rounding = 4 * features * float(np.finfo(np.float64).eps) * length
    products = rows @ x
    return bool(products.max() < -rounding)


def _degenerate_count(rows: _Rows, tolerance: float) -> int:
    """Return the number of degenerate cells of one layer, from the list of all cells."""
    signs, _ = _cells(rows, tolerance)
    units, features = rows.shape
    if units < features:
        return len(signs)
    is_active = signs > 0
    active_rows = is_active[..., np.newaxis] * rows  # zeros for the others, to make one stack
    smallest = np.linalg.svdvals(active_rows)[:, -1]
    return int(np.count_nonzero(smallest <= tolerance))


def _row_angles(layers: _Rows) -> _Rows:
    """Return where the rows of layers of the plane point, from 0 to 2 pi."""
    angle = np.arctan2(layers[..., 1], layers[..., 0])
    return np.asarray(angle % (2 * np.pi))


def _has_no_parallel_rows(layers: _Rows, tolerance: float) -> npt.NDArray[np.bool_]:
    """Tell for each layer of the plane whether its rows lie along different lines."""
    line = np.sort(_row_angles(layers) % np.pi, axis=-1)
    first_again = line[:, :1] + np.pi
    gap = np.diff(line, axis=-1, append=first_again)
    is_apart = (gap > tolerance).all(axis=-1)
    has_rows = layers.any(axis=-1).all(axis=-1)  # and not zeros, which have no line
    return np.asarray(is_apart & has_rows)


def _counts_around_the_circle(layers: _Rows) -> _Counts:
    """Return the number of degenerate cells of layers of the plane without parallel rows.

    An x that turns from the first axis to the second meets at angle φ + π/2 the line of a unit
    whose row points at φ, and switches it off, or on if the row points at φ + π. Half a turn
    meets every line; the other half has the opposite patterns.
    """
    _, units, _ = layers.shape
    angle = _row_angles(layers)
    is_active_first = angle < np.pi
    switch = np.where(is_active_first, -1, 1)
    order = np.argsort(angle % np.pi, axis=-1)
    switches = np.take_along_axis(switch, order, axis=-1)
    active = is_active_first.sum(axis=-1, keepdims=True) + np.cumsum(switches, axis=-1)
    here = (active < 2).sum(axis=-1)
    opposite = (units - active < 2).sum(axis=-1)
    return np.asarray(here + opposite, dtype=np.intp)
