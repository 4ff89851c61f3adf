r"""What a matrix or a layer cannot see.

A matrix ``W`` of shape (units, features) loses the inputs in its *null space*, of dimension
features - rank: adding such a direction to an input changes nothing. Going backward it loses the
errors in the null space of its transpose, of dimension units - rank. Constant weights have rank
one and lose almost everything in both directions; random ones have rank min(units, features)
almost surely, and a wide-to-narrow layer loses the other directions whatever its weights are.
`null_basis` and `split` name what is lost, `metamer` makes two inputs of it that the layer cannot
tell apart and `local_metamer` two that a whole network cannot, and `layer_ranks` counts what is
left on the way through a ReLU network.

ReLU loses more. The hyperplanes ``w_j . x = 0`` cut the inputs into cones, the *cells*, and in
each of them the layer is linear: it keeps the rows that are *active*, those with a positive
product, and drops the others. A cell without any active row is a *dead cone*, from which nothing
comes out. A cell is *bad* when its active rows do not span the inputs, and the layer
``x -> relu(W x)`` is injective exactly when it has no bad cell. For rows in general position there
are formulas for the number of cells and for the chance of a dead cone; for every matrix the cells
can be listed.

Sources: Schläfli 1901; Wendel 1962; Cover 1965; Puthawala, Kothari, Lassas, Dokmanić and de Hoop,
"Globally injective ReLU networks", *JMLR* 23 (2022), 1-55.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._arrays import Array
from symlib._reflections import BLOCK, reflect

# Up to this size a matrix is best left to its singular values.
_SMALL: Final = 100

__all__ = [
    "Ranks",
    "Split",
    "bad_cells",
    "count_regions",
    "dead_cone_probability",
    "has_dead_cone",
    "is_injective",
    "layer_ranks",
    "local_metamer",
    "metamer",
    "null_basis",
    "sign_patterns",
    "split",
]

_Rows = npt.NDArray[np.float64]
_Signs = npt.NDArray[np.int8]


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


def null_basis(matrix: npt.ArrayLike, *, tolerance: float | None = None) -> Array:
    """Return an orthonormal basis of the null space of a matrix.

    Parameters
    ----------
    matrix : array of shape (units, features)
        Any matrix; as the weight of a layer, row j is unit j.
    tolerance : float, optional
        Singular values up to ``tolerance`` times the largest count as 0. By default the rounding
        unit of the precision times the larger of units and features.

    Returns
    -------
    array of shape (features, nullity)
        Orthonormal columns that the matrix sends to 0; no column if it loses nothing.

    Raises
    ------
    TypeError, ValueError
        If ``matrix`` is not of real, finite numbers in two axes, or ``tolerance`` is not a number
        of at least 0 and below 1.

    Notes
    -----
    The subspace is that of ``scipy.linalg.null_space``, by the same rule; singular values are
    worked out only where nothing cheaper proves how many count as 0. With Wᵀ = Q R, the small R
    has the singular values of W, the smallest at least 1 / ‖R⁻¹‖ and the largest at most ‖R‖ in
    the Frobenius norm. If that alone says that none counts as 0, the last columns of Q are the
    basis. Otherwise the null space of Rᵀ, in the first columns of Q, comes before them. A matrix
    with more units than features has the null space of the R of its own Q R.

    In a large square matrix M the rank is found by mixing: with G of Gaussian numbers, the first
    columns of Mᵀ G span what Mᵀ reaches, as many as the rank, and the last columns of the Q of
    Mᵀ G = Q S are the basis. Some more of these columns, and the least singular vectors of M
    within them, bring the error down to rounding. By the minimax principle ‖M N‖ for this basis N
    bounds the singular values that are to count as 0, and 1 / (‖S₁₁⁻¹‖ ‖G‖) with the leading
    block S₁₁ those that are not; where the two leave it open, singular values decide.

    References
    ----------
    Demmel, Dumitriu and Holtz, "Fast linear algebra is stable", *Numerische Mathematik* 108
    (2007), 59-91, for the rank by mixing.

    Examples
    --------
    A constant matrix loses all but one dimension:

    >>> null_basis([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]).shape
    (3, 2)
    """
    w = _arrays.real_array("matrix", matrix, ("units", "features"))
    share = _share(w, tolerance)
    w = np.ldexp(w, -np.frexp(np.abs(w).max())[1])  # the same rows, with norms that are finite
    units, features = w.shape
    if units < features:
        vectors, r = _reflected(w)
        if share * float(np.linalg.norm(r)) * _inverse_norm(r) < 1:
            own = np.empty((units, 0), dtype=w.dtype)
        else:  # what is lost among the rows' own directions
            own = _square_null_basis(r.T, share)
        return _turned(vectors, own)
    if units > features:
        w = np.asarray(np.linalg.qr(w, mode="r"))
    return _square_null_basis(w, share)


def split(matrix: npt.ArrayLike, x: npt.ArrayLike) -> Split:
    """Split inputs into what a matrix sees and what it loses.

    Parameters
    ----------
    matrix : array of shape (units, features)
        Any matrix; as the weight of a layer, row j is unit j.
    x : array of shape (samples, features)
        The inputs.

    Returns
    -------
    Split
        ``seen + lost`` is ``x``, and the matrix sends ``lost`` to 0.

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, or the two do not fit.

    Notes
    -----
    The parts are orthogonal: with N from `null_basis`, lost = x N Nᵀ and seen = x - lost.

    Examples
    --------
    >>> seen, lost = split([[1.0, 0.0]], [[3.0, 4.0]])
    >>> seen.tolist(), lost.tolist()
    ([[3.0, 0.0]], [[0.0, 4.0]])
    """
    basis = null_basis(matrix)
    rows = _arrays.real_array("x", x, ("samples", basis.shape[0]))
    lost = (rows @ basis) @ basis.T
    return Split(rows - lost, lost)


def metamer(weight: npt.ArrayLike, x: npt.ArrayLike, towards: npt.ArrayLike) -> Array:
    """Return inputs as near to others as the layer cannot tell.

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

    Returns
    -------
    array of shape (samples, features)
        The nearest points to ``towards`` among all with the same products as ``x``.

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, or two do not fit.

    Notes
    -----
    x' = x + N Nᵀ (towards - x), so W x' = W x: whatever bias, activation and layers follow, the
    outputs are the same. Of an isotropic difference the share √(nullity / features) is gone.

    References
    ----------
    Jacobsen, Behrmann, Zemel and Bethge, "Excessive invariance causes adversarial vulnerability",
    ICLR 2019.

    Examples
    --------
    >>> metamer([[1.0, 0.0]], [[3.0, 4.0]], [[0.0, -1.0]]).tolist()
    [[3.0, -1.0]]
    """
    w = _arrays.real_array("weight", weight, ("units", "features"))
    start = _arrays.real_array("x", x, ("samples", w.shape[1]))
    goal = _arrays.real_array("towards", towards, start.shape)
    return np.asarray(start + split(w, goal - start).lost)


def local_metamer(
    layers: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    x: npt.ArrayLike,
    towards: npt.ArrayLike,
) -> Array:
    """Move inputs towards others as far as a whole ReLU network does not notice.

    Around each input a ReLU network is linear, up to where the first of its units is switched on
    or off. What its derivative does not see there can be changed freely, whatever the width of
    the first layer; `metamer` needs a narrow one, and has no such limit.

    Parameters
    ----------
    layers : list of (weight, bias)
        The network: weights of shape (fan_out, fan_in) and biases of shape (fan_out,). Hidden
        layers pass through ReLU, the last layer is linear.
    x, towards : array of shape (samples, features)
        The inputs, and where each of them is to move.

    Returns
    -------
    array of shape (samples, features)
        The moved inputs, with the outputs of x up to rounding. An input that stands where a unit
        is switched, or whose derivative sees every direction, stays where it is.

    Raises
    ------
    TypeError, ValueError
        If ``layers`` is not such a list, or an array is not of real, finite numbers, or two do
        not fit.

    Notes
    -----
    With J the derivative of the outputs in the inputs at x, the move is t N Nᵀ (towards - x), the
    columns of N a basis of the null space of J. All sums of the hidden layers are affine along
    it; t is 1, or smaller where one of them would change its sign before.

    References
    ----------
    Jacobsen, Behrmann, Zemel and Bethge, "Excessive invariance causes adversarial vulnerability",
    ICLR 2019.

    Examples
    --------
    The unit that reads the second input is off, and would be switched on at 0:

    >>> layers = [([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), ([[1.0, 1.0]], [0.0])]
    >>> local_metamer(layers, [[1.0, -2.0]], [[5.0, 6.0]]).tolist()
    [[1.0, 0.0]]
    """
    admitted, start = _admitted(layers, x)
    if admitted[0][0].ndim > 2:
        raise ValueError(f"layers must be one network, got {admitted[0][0].shape[:-2]} replicas")
    goal = _arrays.real_array("towards", towards, start.shape)
    *hidden, (_, seen, _) = _pieces(admitted, start)
    lost = [split(*pair).lost[0] for pair in zip(seen, (goal - start)[:, np.newaxis], strict=True)]
    move = np.stack(lost)
    reach = np.ones(len(start))
    for sums, slope, _ in hidden:
        change = (slope @ move[..., np.newaxis])[..., 0]
        crosses = np.where(sums > 0, change < 0, change > 0)
        steps = np.divide(-sums, change, out=np.full(sums.shape, np.inf), where=crosses)
        reach = np.minimum(reach, steps.min(axis=1))
    return np.asarray(start + reach[:, np.newaxis] * move)


def layer_ranks(
    layers: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    x: npt.ArrayLike,
    *,
    tolerance: float | None = None,
) -> Ranks:
    """Count the dimensions that come through a ReLU network, layer by layer, at each input.

    Parameters
    ----------
    layers : list of (weight, bias)
        The network: weights of shape ([replicas], fan_out, fan_in) and biases of shape
        ([replicas], fan_out), with the same replicas in all. Hidden layers pass through ReLU, the
        last layer is linear.
    x : array of shape (samples, features)
        The inputs.
    tolerance : float, optional
        Singular values up to ``tolerance`` times the largest count as 0. By default the rounding
        unit of the precision times the longer side of the matrix.

    Returns
    -------
    Ranks
        ``forward[..., k]`` is the rank of the derivative of what layer k passes on, in the
        inputs; ``backward[..., k]`` that of the outputs in the sums of layer k, through which
        all gradients of its weights pass.

    Raises
    ------
    TypeError, ValueError
        If ``layers`` is not such a list, or an array is not of real, finite numbers, or two do
        not fit.

    Notes
    -----
    With D_k the diagonal of zeros and ones that tells which units of layer k are active, forward
    is the rank of D_k W_k ... D_1 W_1 and backward that of W_L D_{L-1} ... W_{k+1} D_k; the last
    layer has no D. Neither can grow on its way. The derivative of relu at 0 is taken as 0.

    Examples
    --------
    A constant first layer lets one dimension through:

    >>> import numpy as np
    >>> layers = [(np.full((3, 2), 0.5), np.zeros(3)), (np.eye(3), np.zeros(3))]
    >>> layer_ranks(layers, [[1.0, 2.0]]).forward.tolist()
    [[1, 1]]
    """
    admitted, values = _admitted(layers, x)
    *hidden, (outputs, seen, _) = _pieces(admitted, values)
    forward = [_ranks(slope * on[..., np.newaxis], tolerance) for _, slope, on in hidden]
    forward.append(_ranks(seen, tolerance))
    error = np.broadcast_to(
        np.eye(outputs.shape[-1], dtype=outputs.dtype), (*outputs.shape, outputs.shape[-1])
    )
    backward = [_ranks(error, tolerance)]
    for (weight, _), (_, _, on) in zip(admitted[:0:-1], hidden[::-1], strict=True):
        error = (error @ weight[..., np.newaxis, :, :]) * on[..., np.newaxis, :]
        backward.append(_ranks(error, tolerance))
    return Ranks(np.stack(forward, axis=-1), np.stack(backward[::-1], axis=-1))


def count_regions(units: int, features: int) -> int:
    """Count the cones into which hyperplanes in general position cut the inputs.

    Parameters
    ----------
    units : int
        Number of hyperplanes through the origin, N.
    features : int
        Dimension of the inputs, d.

    Returns
    -------
    int
        The number of cones, exactly; it is also the number of sign patterns that the units show.

    Raises
    ------
    TypeError, ValueError
        If a number is not a whole number of at least 1.

    Notes
    -----
    2 Σ_{k<d} C(N-1, k). A further hyperplane cuts those cones in two that it meets, and on it
    these are cones of one dimension less: R(N, d) = R(N-1, d) + R(N-1, d-1). For N <= d all 2^N
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
    total, term = 0, 1
    for k in range(min(n, d)):
        total += term
        term = term * (n - 1 - k) // (k + 1)
    return 2 * total


def dead_cone_probability(units: int, features: int) -> float:
    """Return the probability that some inputs switch off every unit of a random layer.

    Parameters
    ----------
    units : int
        Number of units, N.
    features : int
        Dimension of the inputs, d.

    Returns
    -------
    float
        The probability, correctly rounded: 1.0 for N <= d, and 0.5 for N = 2 d.

    Raises
    ------
    TypeError, ValueError
        If a number is not a whole number of at least 1.

    Notes
    -----
    The rows are independent, in general position almost surely, and of symmetric laws (w and -w
    equally likely). Of the 2^N ways to choose their signs, each cone of the arrangement is dead
    for exactly one; so the share of dead ones is R(N, d) / 2^N with R from `count_regions`, that
    is 2^(1-N) Σ_{k<d} C(N-1, k). The quotient is taken of whole numbers and rounded once.

    References
    ----------
    Wendel, "A problem in geometric probability", *Mathematica Scandinavica* 11 (1962), 109-111.

    Examples
    --------
    >>> dead_cone_probability(12, 4)
    0.11328125
    """
    regions, n = count_regions(units, features), int(units)
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

    Raises
    ------
    TypeError, ValueError
        If ``weight`` is not of real, finite numbers in two axes, or ``tolerance`` is not a number
        of at least 0 and below 1.

    Notes
    -----
    The recurrence behind `count_regions` is the algorithm: a further hyperplane cuts in two those
    cones that show a pattern on the hyperplane itself, which is an arrangement of one dimension
    less. No linear program is solved. The time grows as the number of flats, the sum of C(N, k)
    over k < d, and the number of cones.

    Examples
    --------
    Two units in the plane show all four patterns, two equal ones only two:

    >>> len(sign_patterns([[1.0, 0.0], [1.0, 1.0]])), len(sign_patterns([[1.0, 0.0], [1.0, 0.0]]))
    (4, 2)
    """
    w = _arrays.real_array("weight", weight, ("units", "features"))
    return _cells(_unit_rows(w), _fraction(tolerance))[0]


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

    Raises
    ------
    TypeError, ValueError
        If ``weight`` is not of real, finite numbers.

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
    w = _unit_rows(_arrays.real_array("weight", weight, ("units", "features"), leading="replicas"))
    result = np.empty(w.shape[:-2], dtype=np.bool_)
    for where in np.ndindex(result.shape):
        result[where] = _dead(w[where])
    return result[()]


def bad_cells(weight: npt.ArrayLike, *, tolerance: float = 1e-9) -> npt.NDArray[np.intp]:
    """Count the cells in which a ReLU layer loses dimensions.

    A cell is bad when the rows that are active in it do not span the inputs. For rows in general
    position this means: when fewer than features units are active.

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
        The number of bad cells.

    Raises
    ------
    TypeError, ValueError
        If ``weight`` is not of real, finite numbers, or ``tolerance`` is not a number of at least
        0 and below 1.

    Notes
    -----
    For random rows of symmetric laws each cell has a binomial number of active units, so that the
    mean number of bad cells is R(N, d) P(Bin(N, 1/2) < d); in the plane 2 N (N + 1) / 2^N. There,
    one sweep around the circle follows the number of active units, for all replicas at once.

    Examples
    --------
    >>> int(bad_cells([[1.0, 0.0], [0.0, 1.0]]))
    3
    """
    w = _unit_rows(_arrays.real_array("weight", weight, ("units", "features"), leading="replicas"))
    slack = _fraction(tolerance)
    result = np.empty(w.shape[:-2], dtype=np.intp)
    generic = np.zeros(result.shape, dtype=np.bool_)
    if w.shape[-1] == 2:
        generic, result = _swept(w, slack)
    for where in np.argwhere(~generic):
        result[tuple(where)] = _bad(w[tuple(where)], slack)
    return result[()]


def is_injective(weight: npt.ArrayLike, *, tolerance: float = 1e-9) -> npt.NDArray[np.bool_]:
    """Tell whether a ReLU layer without bias is injective.

    Parameters
    ----------
    weight : array of shape (units, features) or (replicas, units, features)
        Weight of the layer; row j is unit j.
    tolerance : float
        As for `bad_cells`.

    Returns
    -------
    bool, or array of shape (replicas,)
        Whether ``x -> relu(weight @ x)`` gives different outputs for any two different inputs.

    Raises
    ------
    TypeError, ValueError
        If ``weight`` is not of real, finite numbers, or ``tolerance`` is not a number of at least
        0 and below 1.

    Notes
    -----
    The layer is injective exactly when for every x the rows with w_j . x >= 0 span the inputs.
    If they do and x and y have equal outputs, look at the rows with w_j . (x + y) >= 0: each has
    w_j . x = w_j . y, as both are the output, or both are <= 0 with a sum >= 0, hence 0. These
    rows span, so x = y. If they do not span for some x, a step across them that is short enough
    changes no output.

    The open cells decide. An x on a face has at least the rows that are active in any cell beside
    it, with a product > 0 or = 0; so if every cell is good, every x is. Counted with > 0, the
    layer [I; -I] would fail on its own axes.

    For N < 2 d the answer is no: of any x and -x, one has fewer than d active rows.

    References
    ----------
    Puthawala, Kothari, Lassas, Dokmanić and de Hoop, "Globally injective ReLU networks", *JMLR* 23
    (2022), 1-55, theorem 2.

    Examples
    --------
    >>> bool(is_injective([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]))
    True
    """
    w = _arrays.real_array("weight", weight, ("units", "features"), leading="replicas")
    if w.shape[-2] < 2 * w.shape[-1]:
        _fraction(tolerance)
        return np.zeros(w.shape[:-2], dtype=np.bool_)[()]
    return np.asarray(bad_cells(w, tolerance=tolerance) == 0)[()]


def _fraction(tolerance: float) -> float:
    """Return the tolerance, a number of at least 0 and below 1."""
    return _arrays.number("tolerance", tolerance, least=0.0, below=1.0)


def _share(matrix: Array, tolerance: float | None) -> float:
    """Return up to which share of the largest singular value another one counts as 0."""
    if tolerance is not None:
        return _fraction(tolerance)
    largest: int = max(matrix.shape[-2:])
    return float(np.finfo(matrix.dtype).eps) * largest


def _inverse_norm(r: Array) -> float:
    """Return the norm of the inverse of a matrix, which is infinite if it has none."""
    try:
        inverse = np.linalg.inv(r)
    except np.linalg.LinAlgError:
        return math.inf
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(inverse))


def _reflected(w: Array) -> tuple[Array, Array]:
    """Return the vectors of the reflections of Q, and R, of Q R = Wᵀ for as many rows or fewer."""
    packed, scales = np.linalg.qr(w.T, mode="raw")
    vectors = np.triu(packed, 1) + np.eye(*w.shape, dtype=w.dtype)
    vectors[scales == 0] = 0
    return vectors.T, np.tril(packed[:, : len(w)]).T


def _turned(vectors: Array, own: Array) -> Array:
    """Return Q times ``own`` with zeros below it, and then the last columns of Q."""
    features, first = len(vectors), len(own)
    basis = np.eye(features, own.shape[1] + features - first, own.shape[1] - first, own.dtype)
    basis[:first, : own.shape[1]] = own
    for start in reversed(range(0, vectors.shape[1], BLOCK)):
        reflect(vectors[start:, start : start + BLOCK], basis[start:])
    return basis


def _square_null_basis(m: Array, share: float) -> Array:
    """Return a basis of the null space of a square matrix, as `null_basis` describes."""
    n = len(m)
    if n > _SMALL:
        mix = np.random.default_rng(0).standard_normal((n, n)).astype(m.dtype, copy=False)
        vectors, s = _reflected(mix.T @ m)
        rank = int((np.abs(np.diagonal(s)) > share * np.linalg.norm(s)).sum())
        whole = float(np.linalg.norm(m))
        spread = whole * float(np.linalg.norm(mix)) * _inverse_norm(s[:rank, :rank])
        if share * spread < 1:
            spare = rank // 8
            ends = _turned(vectors, np.empty((rank - spare, 0), dtype=m.dtype))
            basis = ends @ np.linalg.svd(np.linalg.qr(m @ ends, mode="r")).Vh[spare:].T
            rounding = n * float(np.finfo(m.dtype).eps)
            if np.linalg.norm(m @ basis) <= min(share, rounding) * whole / math.sqrt(rank or 1):
                return np.asarray(basis)
    from scipy.linalg import null_space  # here, as its import takes its time

    return np.asarray(null_space(m, rcond=share))


def _ranks(matrices: Array, tolerance: float | None) -> npt.NDArray[np.intp]:
    """Return the rank of each matrix, by the rule of `null_basis`."""
    values = np.linalg.svdvals(matrices)
    counted = values > _share(matrices, tolerance) * values[..., :1]
    return np.asarray(counted.sum(axis=-1), dtype=np.intp)


def _pieces(
    layers: Sequence[tuple[Array, Array]], values: Array
) -> Iterator[tuple[Array, Array, npt.NDArray[np.bool_]]]:
    """Yield the sums of each layer, their derivative in the inputs, and which units are active."""
    features = values.shape[-1]
    slope: Array = np.eye(features, dtype=values.dtype)
    for weight, bias in layers:
        sums = values @ weight.mT + bias[..., np.newaxis, :]
        slope = np.broadcast_to(weight[..., np.newaxis, :, :] @ slope, (*sums.shape, features))
        on = sums > 0
        yield sums, slope, on
        values, slope = sums * on, slope * on[..., np.newaxis]


def _admitted(layers: object, x: npt.ArrayLike) -> tuple[list[tuple[Array, Array]], Array]:
    """Return the layers and the inputs once they are known to fit together."""
    if not isinstance(layers, Sequence) or isinstance(layers, str) or not layers:
        raise TypeError(f"layers must be a non-empty list of (weight, bias), got {layers!r:.60}")
    result: list[tuple[Array, Array]] = []
    for k, layer in enumerate(layers):
        if not isinstance(layer, Sequence) or len(layer) != 2:
            raise TypeError(f"layers[{k}] must be a pair (weight, bias), got {layer!r:.60}")
        name = f"layers[{k}].weight"
        if result:
            *replicas, fan_in = result[-1][1].shape
            weight = _arrays.real_array(name, layer[0], (*replicas, "fan_out", fan_in))
        else:
            axes = ("fan_out", "fan_in")
            weight = _arrays.real_array(name, layer[0], axes, leading="replicas")
        bias = _arrays.real_array(f"layers[{k}].bias", layer[1], weight.shape[:-1])
        result.append((weight, bias))
    return result, _arrays.real_array("x", x, ("samples", result[0][0].shape[-1]))


def _unit_rows(weight: Array) -> _Rows:
    """Return the rows brought to length 1; rows of zeros stay."""
    rows = weight.astype(np.float64)
    largest = np.abs(rows).max(axis=-1, keepdims=True, initial=0.0)
    rows /= np.where(largest > 0, largest, 1.0)  # as squares may be too large or too small
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(largest > 0, length, 1.0))


def _cells(rows: _Rows, tolerance: float) -> tuple[_Signs, _Rows]:
    """Return the sign pattern of each cell of an arrangement, and a point inside the cell."""
    signs, points = np.zeros((1, 0), dtype=np.int8), np.zeros((1, rows.shape[1]))
    for n, row in enumerate(rows):
        before = rows[:n]
        parallel = np.flatnonzero(
            np.linalg.norm(before - np.outer(before @ row, row), axis=1) <= tolerance
        )
        parallel = parallel[before[parallel].any(axis=1)]
        if not row.any():
            column = np.zeros(len(signs))
        elif parallel.size:
            column = signs[:, parallel[0]] * np.sign(before[parallel[0]] @ row)
        else:
            signs, points = _cut(signs, points, before, row, tolerance)
            column = np.sign(points @ row)
        signs = np.column_stack([signs, column.astype(np.int8)])
    return signs, points


def _cut(
    signs: _Signs, points: _Rows, rows: _Rows, row: _Rows, tolerance: float
) -> tuple[_Signs, _Rows]:
    """Replace each cell that a further hyperplane cuts by its two halves.

    They are the cells that the hyperplane sees within itself. From a point there, a step to
    either side that is half as long as to the next hyperplane leads inside the halves.
    """
    basis = null_basis(row[np.newaxis])
    there, centers = _cells(_unit_rows(rows @ basis), tolerance)
    centers = centers @ basis.T
    distance, slope = np.abs(centers @ rows.T), np.abs(rows @ row)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(rows.any(axis=1) & (slope > 0), distance / slope, 2.0)
    step = 0.5 * reach.min(axis=1, initial=2.0)[:, np.newaxis] * row
    cut = {pattern.tobytes() for pattern in there}
    whole = [pattern.tobytes() not in cut for pattern in signs]
    return (
        np.concatenate([signs[whole], there, there]),
        np.concatenate([points[whole], centers + step, centers - step]),
    )


def _dead(rows: _Rows) -> bool:
    """Tell whether some x has a negative product with each row."""
    from scipy.optimize import nnls  # here, as its import takes its time

    units, features = rows.shape
    system = np.vstack([rows.T, np.ones(units)])
    goal = np.append(np.zeros(features), 1.0)
    y, _ = nnls(system, goal, maxiter=100 * (units + features))
    x = -(rows.T @ y)
    rounding = 4 * features * float(np.finfo(np.float64).eps) * float(np.linalg.norm(x))
    return bool((rows @ x).max() < -rounding)


def _bad(rows: _Rows, tolerance: float) -> int:
    """Return the number of bad cells of one layer."""
    signs, _ = _cells(rows, tolerance)
    active = (signs > 0)[..., np.newaxis] * rows
    values = np.linalg.svdvals(active)
    full = values.shape[-1] == rows.shape[1]
    return int(np.count_nonzero(values[:, -1] <= tolerance)) if full else len(signs)


def _swept(rows: _Rows, tolerance: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Return for layers in the plane whether no rows are parallel, and then the bad cells.

    An x that turns from the first axis to the second meets at angle φ + π/2 the line of a unit
    whose row points at φ, and switches it off, or on if the row points at φ + π. Half a turn
    meets every line; the other half has the opposite patterns.
    """
    angle = np.arctan2(rows[..., 1], rows[..., 0]) % (2 * np.pi)
    upper = angle < np.pi
    line = angle - np.pi * ~upper
    order = np.argsort(line, axis=-1)
    line = np.take_along_axis(line, order, axis=-1)
    gap = np.diff(line, axis=-1, append=line[..., :1] + np.pi)
    generic = rows.any(axis=-1).all(axis=-1) & (gap > tolerance).all(axis=-1)
    change = np.where(np.take_along_axis(upper, order, axis=-1), -1, 1)
    active = upper.sum(axis=-1, keepdims=True) + np.cumsum(change, axis=-1)
    bad = (active < 2).sum(axis=-1) + (rows.shape[-2] - active < 2).sum(axis=-1)
    return np.asarray(generic), np.asarray(bad, dtype=np.intp)
