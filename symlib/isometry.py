"""How far a map is from keeping lengths.

A map that keeps the distances of its inputs cannot make two of them equal. `distortion` measures
by how much the distances of given points shrink and grow.

For a linear map ``x -> A x`` into fewer dimensions some inputs are lost, whatever the map. What
can be kept is the length of all *sparse* inputs, those with few nonzero entries, and then they can
be found again from ``A x``. The columns of such a matrix, of shape (m, n) with m < n, are a
*frame*: n vectors in m dimensions, by convention of length 1. It is good when its vectors are
spread out. In order of strength and of cost, `coherence` looks at two vectors at a time, and
`welch_bound` says how well these can be spread; `restricted_isometry` looks at every k of them;
`null_space_constant` asks what recovery needs and no more, and looks at what the matrix does not
see. For random matrices of large size `donoho_tanner` is the sparsity up to which recovery
succeeds.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.

Sources: Welch 1974; Candès and Tao 2005; Cohen, Dahmen and DeVore 2009; Donoho and Tanner 2009.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array, numbers, plain_array, real_array, whole

__all__ = [
    "Distortion",
    "Isometry",
    "coherence",
    "distortion",
    "donoho_tanner",
    "null_space_constant",
    "restricted_isometry",
    "welch_bound",
]

_Matrix = npt.NDArray[np.inexact[Any]]
_Real = npt.NDArray[np.float64]
_Columns = npt.NDArray[np.intp]

_SETS = 2**15  # sets of columns in a block of work
_AGREE = 1e-9  # how close a value and the proof that it is the largest have to be


class Distortion(NamedTuple):
    """How distances change under a map.

    Attributes
    ----------
    least : array of shape ([replicas])
        The smallest distance of two images over the distance of their inputs.
    greatest : array of shape ([replicas])
        The largest.
    """

    least: Array
    greatest: Array


class Isometry(NamedTuple):
    """What is known of a restricted isometry constant.

    Attributes
    ----------
    least : float
        The constant is at least this: the columns in ``support`` attain it.
    greatest : float
        The constant is at most this.
    is_exact : bool
        Whether the two are the same number, and thus the constant.
    support : array of shape (k,)
        Indices of columns, in rising order.
    """

    least: float
    greatest: float
    is_exact: bool
    support: _Columns


def distortion(x: npt.ArrayLike, image: npt.ArrayLike) -> Distortion:
    """Compare the distances of all pairs of inputs with those of their images.

    Parameters
    ----------
    x : array of shape (samples, features)
        The inputs, at least two. No two may be the same, as their ratio would be 0 / 0.
    image : array of shape ([replicas], samples, outputs)
        What a map makes of them, or what each of several maps does.

    Returns
    -------
    Distortion
        The least and the greatest ratio.

    Notes
    -----
    ``least`` and ``greatest`` of ‖f(x_i) - f(x_j)‖ / ‖x_i - x_j‖ over i < j. A linear map has
    them between its smallest and its largest singular value. The distances come from differences
    and not from products, which would lose those of near points. One point is compared with all
    later ones at a time, so that memory grows with the points and not with the pairs.

    Examples
    --------
    >>> least, greatest = distortion([[0.0], [1.0], [3.0]], [[0.0], [2.0], [3.0]])
    >>> float(least), float(greatest)
    (0.5, 2.0)
    """
    inputs = real_array("x", x, ("samples", "features"))
    samples = len(inputs)
    if samples < 2:
        raise ValueError("x must be at least two inputs, got one")
    images = real_array("image", image, (samples, "outputs"), leading="replicas")
    points, unit = _scaled(inputs.astype(np.float64))
    image_points, image_unit = _scaled(images.astype(np.float64))
    replicas = images.shape[:-2]
    least = np.full(replicas, np.inf)
    greatest = np.zeros(replicas)
    for i in range(samples - 1):
        later = slice(i + 1, None)
        steps = points[later] - points[i]
        apart = np.sqrt(np.vecdot(steps, steps))
        if not apart.all():
            j = i + 1 + apart.argmin()
            raise ValueError(f"x must be inputs that differ, got no distance of {i} and {j}")
        image_steps = image_points[..., later, :] - image_points[..., i : i + 1, :]
        ratio = np.sqrt(np.vecdot(image_steps, image_steps)) / apart
        least = np.minimum(least, ratio.min(axis=-1))
        greatest = np.maximum(greatest, ratio.max(axis=-1))
    with np.errstate(over="ignore"):
        least = np.ldexp(least, image_unit - unit)
        greatest = np.ldexp(greatest, image_unit - unit)
    if np.isinf(greatest).any():
        raise ValueError("image must be less than 1e308 times as far apart as x, got more")
    return Distortion(least, greatest)


def coherence(frame: npt.ArrayLike) -> Array:
    """Return the largest cosine between two columns, without its sign.

    Parameters
    ----------
    frame : array of shape ([replicas], m, n)
        Real or complex, with at least two columns, none of zeros. They are brought to length 1.

    Returns
    -------
    array of shape ([replicas])
        Numbers between 0, for orthogonal columns, and 1, for two that are multiples.

    Notes
    -----
    μ is the largest size of ⟨a_i, a_j⟩ / (‖a_i‖ ‖a_j‖) over i < j. For whole numbers, such as the
    signs of a Hadamard matrix, products and squares are exact, and so are the values 0 and 1.

    References
    ----------
    Strohmer and Heath, "Grassmannian frames with applications to coding and communication",
    *Applied and Computational Harmonic Analysis* 14 (2003), 257-275.

    Examples
    --------
    Three directions of the plane that are as far apart as they can be:

    >>> import numpy as np
    >>> angle = np.arange(3) * 2 * np.pi / 3
    >>> round(float(coherence([np.cos(angle), np.sin(angle)])), 12)
    0.5
    """
    columns = _frame(frame, leading="replicas")
    n = columns.shape[-1]
    if n < 2:
        raise ValueError(f"frame must have at least two columns, got shape {columns.shape}")
    is_zero = ~columns.any(axis=-2)
    if is_zero.any():
        column = np.argwhere(is_zero)[0, -1]
        raise ValueError(f"frame must have no column of zeros, got one at index {column}")
    columns, _ = _scaled(columns, axis=-2)
    squares = np.sum(columns.real**2 + columns.imag**2, axis=-2)
    largest = np.zeros(columns.shape[:-2])
    for i in range(n - 1):
        column = columns[..., :, i : i + 1]
        later = columns[..., :, i + 1 :]
        product = column.conj().mT @ later
        lengths = np.sqrt(squares[..., i : i + 1] * squares[..., i + 1 :])
        cosine = np.abs(product[..., 0, :]) / lengths
        largest = np.maximum(largest, cosine.max(axis=-1))
    return np.asarray(np.minimum(largest, 1.0))[()]


def welch_bound(m: int, n: int) -> float:
    """Return the smallest coherence that n vectors in m dimensions could have.

    Parameters
    ----------
    m, n : int
        Dimension and number of the vectors, at least 1.

    Returns
    -------
    float
        The bound; 0 for n <= m, where vectors can be orthogonal.

    Notes
    -----
    √((n - m) / (m (n - 1))). The Gram matrix has n eigenvalues of sum n, of which at most m are
    not 0, so the sum of their squares, which is n and the squares of n (n - 1) cosines, is at
    least n² / m. The bound is met when all angles are equal and the frame is tight, and by no n >
    m².

    References
    ----------
    Welch, "Lower bounds on the maximum cross correlation of signals", *IEEE Transactions on
    Information Theory* 20 (1974), 397-399.

    Examples
    --------
    >>> welch_bound(2, 3)
    0.5
    """
    m = whole("m", m)
    n = whole("n", n)
    if n <= m:
        return 0.0
    return math.sqrt((n - m) / (m * (n - 1)))


def restricted_isometry(frame: npt.ArrayLike, k: int, *, limit: int = 2_000_000) -> Isometry:
    """Return how far a matrix is from keeping the length of inputs with k nonzero entries.

    Parameters
    ----------
    frame : array of shape (m, n)
        Real or complex, with entries of at most 1e70. Columns of other lengths than 1 are not
        brought to length 1; that they do not have it counts.
    k : int
        How many entries may differ from 0, from 1 to n.
    limit : int
        How many sets of columns may be looked at, of which there are C(n, k). Two million take a
        fraction of a second for k up to 5, and some seconds for 10.

    Returns
    -------
    Isometry
        The constant, or two numbers that enclose it if there are too many sets to look at and the
        bounds do not meet without that; ``is_exact`` says which.

    Notes
    -----
    δ_k is the smallest δ with (1 - δ) ‖x‖² <= ‖A x‖² <= (1 + δ) ‖x‖² for all x with at most k
    nonzero entries. With E = Aᴴ A - I it is the largest ‖E_S‖ over all sets S of k columns, as
    a smaller set has no larger norm. To compute it is NP-hard (Tillmann and Pfetsch 2014), and the
    cost of the search is that of all sets.

    From below it is bounded by sets that grow greedily from one column; from above by ‖E‖ and by
    the k largest entries of a row, its diagonal one among them (Gershgorin). Where the two meet,
    as for equiangular frames whose signs align, nothing is left to do.

    Otherwise every set is looked at, most of them without eigenvalues: k numbers of sum t and of
    sum of squares f are at most √((k - 1) (f - t² / k) / k) from their mean t / k. So the trace
    and the sum of squares of E_S bound its norm, and only sets whose bound is above the best norm
    so far are solved. With what sums lose to rounding, the constant is right to a factor of
    1 + 1e-12.

    References
    ----------
    Candès and Tao, "Decoding by linear programming", *IEEE Transactions on Information Theory* 51
    (2005), 4203-4215, definition 1.1.
    Tillmann and Pfetsch, "The computational complexity of the restricted isometry property, the
    nullspace property, and related concepts in compressed sensing", *IEEE Transactions on
    Information Theory* 60 (2014), 1248-1259.

    Examples
    --------
    >>> import numpy as np
    >>> result = restricted_isometry(np.column_stack([np.eye(2), [0.6, 0.8]]), 2)
    >>> round(result.least, 12), result.is_exact, result.support.tolist()
    (0.8, True, [1, 2])
    """
    columns = _frame(frame)
    n = columns.shape[1]
    k = whole("k", k, most=n)
    limit = whole("limit", limit, least=0)
    largest = max(np.abs(columns.real).max(), np.abs(columns.imag).max())
    if largest > 1e70:  # whose fourth powers, which are to be added up, overflow
        raise ValueError(f"frame must have entries of at most 1e70, got {largest:g}")
    excess = np.asarray(columns.conj().T @ columns - np.eye(n))
    candidates = _grown_sets(excess, k) if k > 1 else np.arange(n)[:, np.newaxis]
    least, support = _largest_norm(excess, candidates)
    greatest = _norm_bound(excess, k)
    is_exact = greatest <= _above(least)
    if not is_exact and math.comb(n, k) <= limit:
        least, support = _largest_norm_of_all(excess, k, least, support)
        is_exact = True
    if is_exact:
        greatest = least
    return Isometry(least, greatest, is_exact, np.sort(support))


def null_space_constant(frame: npt.ArrayLike, k: int, *, limit: int = 20_000) -> float:
    """Return the largest share of a null vector's ℓ1 norm that k entries can hold.

    Below 1/2, every vector x with at most k nonzero entries is the only one of least ℓ1 norm
    among all z with A z = A x, and so can be recovered from A x; otherwise one is not.

    Parameters
    ----------
    frame : array of shape (m, n)
        Real. The constant depends on the null space only, and not on the lengths of the rows: a
        row counts however small it is, unless it is of zeros.
    k : int
        How many entries, from 1 to n.
    limit : int
        How many patterns of k signs may come up, of which there are C(n, k) 2^(k-1). A linear
        program for one takes about a thousandth of a second, and most need none.

    Returns
    -------
    float
        The constant, between 0 (nothing but 0 is lost) and 1.

    Raises
    ------
    ArithmeticError
        When a linear program is not solved to 1e-9.

    Notes
    -----
    θ_k = max ‖v_S‖₁ / ‖v‖₁ over v ≠ 0 with A v = 0 and sets S of k entries. For each vector c of k
    signs and zeros elsewhere, the largest ⟨c, v⟩ with A v = 0 and ‖v‖₁ <= 1 is a linear program,
    and its dual the smallest ‖c - Aᵀ y‖_∞. The result is certified: v, projected to the null
    space, attains it, and for no c is it exceeded by more than 1e-9, as y shows, whatever the
    solver said. The sums of the residuals c - Aᵀ y of single entries bound the others, so that
    programs are solved only for those c whose bound is above the best v so far, the highest first.

    References
    ----------
    Cohen, Dahmen and DeVore, "Compressed sensing and best k-term approximation", *Journal of the
    American Mathematical Society* 22 (2009), 211-231.
    Gribonval and Nielsen, "Sparse representations in unions of bases", *IEEE Transactions on
    Information Theory* 49 (2003), 3320-3325.

    Examples
    --------
    The null vector (1, 1, 1, -1) has its mass spread evenly, and one entry holds a quarter:

    >>> round(null_space_constant([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]], 1), 12)
    0.25
    """
    matrix = real_array("frame", frame, ("m", "n")).astype(np.float64)
    n = matrix.shape[1]
    k = whole("k", k, most=n)
    limit = whole("limit", limit)
    rows = _row_space(matrix)
    if len(rows) == n:
        return 0.0
    patterns = math.comb(n, k) * 2 ** (k - 1)
    if patterns > limit:
        raise ValueError(f"limit must be at least the number of patterns, {patterns}, got {limit}")
    solved = [_program(rows, single) for single in np.eye(n)]
    best = max(_share_of_largest(v, k) for v, _ in solved)
    residuals = np.stack([residual for _, residual in solved])
    signs = _sign_patterns(n, k)
    bounds = np.abs(signs @ residuals).max(axis=1)
    for pattern in np.argsort(-bounds):
        if bounds[pattern] <= best + _AGREE:
            break  # and so are the bounds of all that come after
        v, _ = _program(rows, signs[pattern])
        best = max(best, _share_of_largest(v, k))
    return best


def donoho_tanner(delta: npt.ArrayLike) -> Array:
    """Return the sparsity up to which ℓ1 minimization recovers a typical vector.

    Of a Gaussian matrix with n columns and m = δ n rows, a vector with k = ρ m nonzero entries is
    recovered with a probability that goes to 1 for ρ below this threshold, and to 0 above, as n
    grows.

    Parameters
    ----------
    delta : array of any shape
        Rows over columns, from 0 to 1.

    Returns
    -------
    array of the same shape
        The threshold ρ, nonzero entries over rows, from 0 to 1.

    Notes
    -----
    The maximum over z >= 0 of (1 - 2 g / δ) / (1 + z² - 2 g) with g = (1 + z²) Φ(-z) - z φ(z).
    It is at the z with δ = 2 φ / (z + 2 φ - 2 z Φ(-z)), and there is 1 - z Φ(-z) / φ. In terms of
    u = z / √2 these are ρ = 1 - √π u erfcx(u) and (1 - δ) / δ = √π u exp(u²) erf(u), in which
    nothing cancels. It is the *weak* threshold: of most vectors, not of all at once.

    References
    ----------
    Donoho and Tanner, "Counting faces of randomly projected polytopes when the projection
    radically lowers dimension", *Journal of the American Mathematical Society* 22 (2009), 1-53.
    Donoho, Maleki and Montanari, "Message-passing algorithms for compressed sensing",
    *Proceedings of the National Academy of Sciences* 106 (2009), 18914-18919.

    Examples
    --------
    >>> round(float(donoho_tanner(0.5)), 7)
    0.3856897
    """
    from scipy.optimize.elementwise import find_root  # here, as its import takes its time
    from scipy.special import erf, erfcx, logit

    share = numbers("delta", delta)
    outside = share[(share < 0) | (share > 1)]
    if outside.size:
        raise ValueError(f"delta must be from 0 to 1, got {outside[0]:g}")
    is_inside = (share > 0) & (share < 1)
    level = -logit(np.where(is_inside, share, 0.5))

    def difference(u: _Real, level: _Real) -> _Real:
        log_ratio = np.log(math.sqrt(math.pi) * u * erf(u)) + u**2  # as exp(u^2) overflows
        return np.asarray(log_ratio - level)

    # The bracket holds the roots of all numbers between 0 and 1 in double precision.
    u = find_root(difference, (1e-9, 28.0), args=(level,)).x
    threshold = 1 - math.sqrt(math.pi) * u * erfcx(u)
    result = np.where(is_inside, threshold, share)  # 0 at 0, and 1 at 1
    return np.asarray(result)[()]


def _frame(frame: npt.ArrayLike, *, leading: str | None = None) -> _Matrix:
    """Return a matrix of real or complex numbers in double precision."""
    axes = ("m", "n")
    array = plain_array("frame", frame, "a matrix")
    if array.dtype.kind != "c":
        matrix = real_array("frame", frame, axes, leading=leading)
        return matrix.astype(np.float64)
    real = real_array("frame", array.real, axes, leading=leading)
    imaginary = real_array("frame", array.imag, axes, leading=leading)
    matrix = real + 1j * imaginary
    return matrix.astype(np.complex128)


def _scaled(array: _Matrix, axis: int | None = None) -> tuple[Any, Any]:
    """Return an array over powers of 2 that make its squares finite, and the exponents.

    The power is one for the array, or one for each line along the axis. A complex number is
    measured by its larger part, as its modulus may overflow.
    """
    part = np.maximum(np.abs(array.real), np.abs(array.imag))
    exponent = np.frexp(part.max(axis=axis, keepdims=axis is not None))[1]
    scaled = np.ldexp(array.real, -exponent)
    if np.iscomplexobj(array):
        scaled = scaled + 1j * np.ldexp(array.imag, -exponent)
    return scaled, exponent


def _above(value: float) -> float:
    """Return a number above a norm by what rounding could add to it."""
    return value * (1 + 1e-12) + 1e-15


def _blocks_on(matrix: _Matrix, sets: _Columns) -> _Matrix:
    """Return the rows and columns of a matrix that each set names, shape (sets, k, k)."""
    rows = sets[:, :, np.newaxis]
    columns = sets[:, np.newaxis, :]
    return matrix[rows, columns]


def _largest_norm(excess: _Matrix, sets: _Columns) -> tuple[float, _Columns]:
    """Return the largest norm of a Hermitian matrix on given sets of columns, and the set."""
    blocks = _blocks_on(excess, sets)
    eigenvalues = np.linalg.eigvalsh(blocks)
    norms = np.abs(eigenvalues).max(axis=1)
    best = norms.argmax()
    return float(norms[best]), sets[best]


def _norm_bound(excess: _Matrix, k: int) -> float:
    """Return an upper bound of the norm on k columns."""
    size = np.abs(excess)
    diagonal = np.diagonal(size).copy()
    np.fill_diagonal(size, 0.0)
    size.sort(axis=1)
    beside = size[:, len(size) - (k - 1) :]
    by_rows = diagonal + beside.sum(axis=1)
    eigenvalues = np.linalg.eigvalsh(excess)
    return float(min(by_rows.max(), np.abs(eigenvalues).max()))


def _grown_sets(excess: _Matrix, k: int) -> _Columns:
    """Return sets of k columns with large norms, each grown by the column that adds most.

    A set starts from each column, up to 128, once for the largest and once for the smallest
    eigenvalue. What a column adds to an eigenvalue λ with the vector v is by perturbation theory
    |e_j . v|² / λ.
    """
    starts = np.argsort(-np.linalg.norm(excess, axis=1))[:128]
    grown = []
    for end in (0, -1):
        sets = starts[:, np.newaxis]
        while sets.shape[1] < k:
            blocks = _blocks_on(excess, sets)
            _, vectors = np.linalg.eigh(blocks)
            extreme = vectors[:, :, end]
            gain = np.abs(np.einsum("si,sij->sj", extreme.conj(), excess[sets]))
            np.put_along_axis(gain, sets, -1.0, axis=1)  # those who are in cannot come in
            sets = np.column_stack([sets, gain.argmax(axis=1)])
        grown.append(sets)
    return np.concatenate(grown)


def _largest_norm_of_all(
    excess: _Matrix, k: int, least: float, support: _Columns
) -> tuple[float, _Columns]:
    """Return the largest norm on k >= 2 columns and where it is, from a set that is known."""
    n = len(excess)
    diagonal = np.diagonal(excess).real
    square = excess.real**2 + excess.imag**2
    # Each set is its first k - 1 columns and a later one, so that sums over these are shared. The
    # arrays below have one row for the first columns and one column for the last.
    for firsts in _blocks_of_sets(n, k - 1):
        beside = square[firsts].sum(axis=1)
        within = np.take_along_axis(beside, firsts, axis=1)
        squares = within.sum(axis=1, keepdims=True) + 2 * beside + diagonal**2
        trace = diagonal[firsts].sum(axis=1, keepdims=True) + diagonal
        mean = trace / k
        variance = np.maximum(squares / k - mean**2, 0.0)  # of the eigenvalues
        bound = np.abs(mean) + np.sqrt((k - 1) * variance)
        is_later = firsts[:, -1:] < np.arange(n)
        is_promising = is_later & (bound > _above(least))
        if not is_promising.any():
            continue
        which, last = np.nonzero(is_promising)
        sets = np.column_stack([firsts[which], last])
        norm, where = _largest_norm(excess, sets)
        if norm > least:
            least = norm
            support = where
    return least, support


def _blocks_of_sets(n: int, k: int) -> Iterator[_Columns]:
    """Yield all sets of k of n columns, in blocks."""
    columns = itertools.chain.from_iterable(itertools.combinations(range(n), k))
    size = max(1, _SETS // n)
    while True:
        some = itertools.islice(columns, size * k)
        block = np.fromiter(some, np.intp)
        if block.size == 0:
            return
        yield block.reshape(-1, k)


def _row_space(matrix: _Real) -> _Real:
    """Return orthonormal rows that span what the rows of a matrix span.

    Each row is brought to a size of about 1 first, so that it counts as much as the others.
    """
    equal, _ = _scaled(matrix, axis=1)
    _, values, rows = np.linalg.svd(equal, full_matrices=False)
    tolerance = max(matrix.shape) * np.finfo(np.float64).eps * values[0]
    is_kept = values > tolerance
    return np.asarray(rows[is_kept])


def _sign_patterns(n: int, k: int) -> _Real:
    """Return the vectors with k signs, of which the first is +, and n - k zeros, as rows.

    Those with - are left out, as with v also -v is a null vector.
    """
    supports = np.array(list(itertools.combinations(range(n), k)))
    patterns = []
    for others in itertools.product([1.0, -1.0], repeat=k - 1):
        signs = np.array([1.0, *others])
        rows = np.zeros((len(supports), n))
        np.put_along_axis(rows, supports, signs, axis=1)
        patterns.append(rows)
    return np.concatenate(patterns)


def _program(rows: _Real, c: _Real) -> tuple[_Real, _Real]:
    """Return a null vector of ℓ1 norm 1 with the largest product with c, and the dual's proof.

    The proof is c less a sum of rows: no product exceeds its largest entry.
    """
    from scipy.optimize import linprog  # here, as its import takes its time

    # The unknowns are the positive and the negative part of v, whose sums make the ℓ1 norm.
    image = np.hstack([rows, -rows])
    norm = np.ones((1, 2 * len(c)))
    system = np.vstack([image, norm])
    goal = np.append(np.zeros(len(rows)), 1.0)
    cost = np.append(-c, c)
    result = linprog(cost, A_eq=system, b_eq=goal, bounds=(0, None), method="highs")
    if result.status == 0 and result.x is not None:
        positive, negative = np.split(result.x, 2)
        v = positive - negative
        v -= rows.T @ (rows @ v)  # what the solver left outside of the null space
        v /= np.abs(v).sum()
        multipliers = result.eqlin.marginals[:-1]
        residual = c + rows.T @ multipliers
        if np.abs(residual).max() <= c @ v + _AGREE:
            return v, residual
    raise ArithmeticError(f"the linear program was not solved to {_AGREE}: {result.message}")


def _share_of_largest(v: _Real, k: int) -> float:
    """Return the sum of the k largest entries of a vector of ℓ1 norm 1, without their signs."""
    sizes = np.sort(np.abs(v))
    return float(sizes[-k:].sum())
