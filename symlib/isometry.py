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
succeeds, and `descent_cone_dimension` reads the same curve the other way around.

Sources: Welch 1974; Candès and Tao 2005; Cohen, Dahmen and DeVore 2009; Donoho and Tanner 2009;
Amelunxen, Lotz, McCoy and Tropp 2014.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._arrays import Array

__all__ = [
    "Distortion",
    "Isometry",
    "coherence",
    "descent_cone_dimension",
    "distortion",
    "donoho_tanner",
    "null_space_constant",
    "restricted_isometry",
    "welch_bound",
]

_Matrix = npt.NDArray[np.inexact[Any]]
_Columns = npt.NDArray[np.intp]

_CACHED = 2**18  # numbers in a block of work: small enough to stay near the processor
_FEW = 3000  # sets of columns that are better taken one by one
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
    exact : bool
        Whether the two are the same number, and thus the constant.
    support : array of shape (k,)
        Indices of columns.
    """

    least: float
    greatest: float
    exact: bool
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

    Raises
    ------
    TypeError, ValueError
        If an array is not of real, finite numbers, the two do not fit, or two inputs have no
        distance.

    Notes
    -----
    ``least`` and ``greatest`` of ‖f(x_i) - f(x_j)‖ / ‖x_i - x_j‖ over i < j. A linear map has
    them between its smallest and its largest singular value. The distances come from differences
    and not from products, which would lose those of near points; a block of rows is done at a
    time, so that 10,000 points need no more memory than 1,000.

    Examples
    --------
    >>> least, greatest = distortion([[0.0], [1.0], [3.0]], [[0.0], [2.0], [3.0]])
    >>> float(least), float(greatest)
    (0.5, 2.0)
    """
    from scipy.spatial.distance import cdist  # here, as its import takes its time

    points, unit = _scaled(_arrays.real_array("x", x, ("samples", "features")))
    samples = len(points)
    if samples < 2:
        raise ValueError("x must be at least two inputs, got one")
    wanted = (samples, "outputs")
    made, scale = _scaled(_arrays.real_array("image", image, wanted, leading="replicas"))
    maps = made.reshape(-1, *made.shape[-2:])
    least, greatest = np.full(len(maps), np.inf), np.zeros(len(maps))
    rows = max(1, 4 * _CACHED // samples)
    for start in range(0, samples - 1, rows):
        block, after = slice(start, min(start + rows, samples - 1)), slice(start, None)
        pair = np.arange(block.stop - start)[:, np.newaxis] < np.arange(samples - start)
        apart = cdist(points[block], points[after])[pair]
        if not apart.all():
            i, j = np.argwhere(pair)[apart.argmin()] + start
            raise ValueError(f"x must be inputs that differ, got no distance of {i} and {j}")
        for n, outputs in enumerate(maps):
            ratio = cdist(outputs[block], outputs[after])[pair] / apart
            least[n], greatest[n] = min(least[n], ratio.min()), max(greatest[n], ratio.max())
    shape = made.shape[:-2]
    least, greatest = (np.ldexp(r, scale - unit).reshape(shape)[()] for r in (least, greatest))
    return Distortion(least, greatest)


def coherence(frame: npt.ArrayLike) -> Array:
    """Return the largest cosine between two columns, without its sign.

    Parameters
    ----------
    frame : array of shape ([replicas], m, n)
        Real or complex, with at least two columns. They are brought to length 1.

    Returns
    -------
    array of shape ([replicas])
        Numbers between 0, for orthogonal columns, and 1, for two that are multiples.

    Raises
    ------
    TypeError, ValueError
        If ``frame`` is not of finite numbers, has fewer than two columns, or one of zeros.

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
    a = _frame(frame, leading="replicas")
    if a.shape[-1] < 2:
        raise ValueError(f"frame must have at least two columns, got shape {a.shape}")
    largest = np.abs(a).max(axis=-2, keepdims=True)
    if not largest.all():
        column = np.argwhere(largest == 0)[0, -1]
        raise ValueError(f"frame must have no column of zeros, got one at index {column}")
    a = a * np.ldexp(1.0, np.minimum(-np.frexp(largest)[1], 1023))  # as 2^1074 is no number
    square = np.einsum("...ij,...ij->...j", a.conj(), a).real
    result = np.zeros(a.shape[:-2])
    n = a.shape[-1]
    rows = max(1, 4 * _CACHED // n)
    for start in range(0, n - 1, rows):
        block = slice(start, min(start + rows, n - 1))
        product = np.abs(a[..., block].conj().mT @ a)
        product /= np.sqrt(square[..., block, np.newaxis] * square[..., np.newaxis, :])
        pair = np.arange(n)[block, np.newaxis] < np.arange(n)
        result = np.maximum(result, (product * pair).max(axis=(-2, -1)))
    return np.asarray(np.minimum(result, 1.0))[()]


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

    Raises
    ------
    TypeError, ValueError
        If a number is not a whole number of at least 1.

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
    m, n = _arrays.whole("m", m), _arrays.whole("n", n)
    return math.sqrt((n - m) / (m * (n - 1))) if n > m else 0.0


def restricted_isometry(frame: npt.ArrayLike, k: int, *, limit: int = 10_000_000) -> Isometry:
    """Return how far a matrix is from keeping the length of inputs with k nonzero entries.

    Parameters
    ----------
    frame : array of shape (m, n)
        Real or complex. Columns of other lengths than 1 are not brought to length 1; that they
        do not have it counts.
    k : int
        How many entries may differ from 0, from 1 to n.
    limit : int
        How many sets of columns may be searched. Ten million take a fraction of a second for k
        up to 5, and some seconds for 10.

    Returns
    -------
    Isometry
        The constant, or two numbers that enclose it if there are too many sets for a search and
        the bounds do not meet without one; ``exact`` says which.

    Raises
    ------
    TypeError, ValueError
        If ``frame`` is not of finite numbers with finite squares, or ``k`` or ``limit`` not a
        whole number within its range.

    Notes
    -----
    δ_k is the smallest δ with (1 - δ) ‖x‖² <= ‖A x‖² <= (1 + δ) ‖x‖² for all x with at most k
    nonzero entries. With E = Aᴴ A - I it is the largest ‖E_S‖ over all sets S of k columns, as
    a smaller set has no larger norm. To compute it is NP-hard (Tillmann and Pfetsch 2014).

    From below, sets that grow greedily from one column. From above, with μ_ij the size of E_ij and
    for columns of length 1: the k - 1 largest μ in a row; √((k - 1) / k) times the Frobenius norm,
    as the trace is 0; ‖E‖; and δ_k <= (k - 1) / (j - 1) δ_j, as E_S is a sum over its parts of j
    columns. Where they meet, as for equiangular frames whose signs align, nothing is left to do.

    Otherwise every set is tried, most without eigenvalues. With b a little above the best norm
    so far, ‖E_S‖ < b means that b I - E_S and b I + E_S are positive definite. Their Cholesky
    factors are shared: after k - 3 columns, and a step for one more, all pairs of the others are
    decided at once by c_ij c_ji < c_ii c_jj. A set that fails raises b. As Cholesky's algorithm is
    backward stable, the constant is right to a factor of 1 + 1e-12.

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
    >>> round(result.least, 12), result.exact, result.support.tolist()
    (0.8, True, [1, 2])
    """
    a = _frame(frame)
    n = a.shape[1]
    k = _arrays.whole("k", k, most=n)
    limit = _arrays.whole("limit", limit, least=0)
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.asarray(a.conj().T @ a - np.eye(n))
    if not np.isfinite(e).all():
        raise ValueError("frame must have columns of finite squares, got larger ones")
    sets = math.comb(n, k)
    if k == 1 or (k > 2 and sets <= limit and (sets <= _FEW or 2 * k > n)):
        value, support = max(
            (_largest(e, block) for block in _sets(range(n), k, 2**13)), key=_first
        )
        return Isometry(value, value, True, support)
    value, support = _of_two(e)
    greatest, known, stretch = value, True, float(np.abs(np.diagonal(e)).max())
    caps, grown = _caps(e, k), _grown(e, k) if k > 2 else []
    for size in range(3, k + 1):
        more = np.append(support, np.setdiff1d(np.arange(n), support)[0])
        found = max(grown[size - 1], _largest(e, more[np.newaxis]), key=_first)
        value, support = max(value, found[0]), found[1]
        greatest = min(caps[size - 1], greatest + (greatest + stretch) / (size - 2))
        if greatest > _above(value) and known and math.comb(n, size) <= limit:
            value, support = _searched(e, size, value, support)
            known = True
        else:
            known = greatest <= _above(value)
        greatest = value if known else greatest
    return Isometry(value, float(greatest), bool(known), np.sort(support))


def null_space_constant(frame: npt.ArrayLike, k: int, *, limit: int = 20_000) -> float:
    """Return the largest share of a null vector's ℓ1 norm that k entries can hold.

    Below 1/2, every vector x with at most k nonzero entries is the only one of least ℓ1 norm
    among all z with A z = A x, and so can be recovered from A x; otherwise one is not.

    Parameters
    ----------
    frame : array of shape (m, n)
        Real; the constant does not change with its rows, as long as they span the same.
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
    TypeError, ValueError
        If ``frame`` is not of real, finite numbers, ``k`` or ``limit`` not a whole number within
        its range, or ``limit`` is exceeded.
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
    a = _arrays.real_array("frame", frame, ("m", "n")).astype(np.float64)
    n = a.shape[1]
    k = _arrays.whole("k", k, most=n)
    limit = _arrays.whole("limit", limit)
    _, values, rows = np.linalg.svd(_scaled(a)[0], full_matrices=False)
    rows = rows[values > max(a.shape) * np.finfo(np.float64).eps * values[0]]
    if len(rows) == n:
        return 0.0
    patterns = math.comb(n, k) * 2 ** (k - 1)
    if patterns > limit:
        raise ValueError(f"limit must be at least the number of patterns, {patterns}, got {limit}")
    alone = [_program(rows, c) for c in np.eye(n)]
    best = max(_held(v, k) for v, _ in alone)
    residuals = np.stack([residual for _, residual in alone])
    supports = np.array(list(itertools.combinations(range(n), k)), dtype=np.intp)
    signs = np.array([(1, *s) for s in itertools.product([1, -1], repeat=k - 1)], dtype=np.float64)
    bounds = np.stack(
        [
            np.abs(sum(s * residuals[i] for s, i in zip(sign, supports.T, strict=True))).max(axis=1)
            for sign in signs
        ]
    )
    for where in np.argsort(-bounds, axis=None) if k > 1 else ():
        sign, support = np.unravel_index(where, bounds.shape)
        if bounds[sign, support] <= best + _AGREE:
            break
        c = np.zeros(n)
        c[supports[support]] = signs[sign]
        best = max(best, _held(_program(rows, c)[0], k))
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

    Raises
    ------
    TypeError, ValueError
        If ``delta`` is not of numbers from 0 to 1.

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
    from scipy.special import erf, erfcx, logit

    share = _shares("delta", delta)
    u = _crossing(lambda u: np.log(math.sqrt(math.pi) * u * erf(u)) + u**2, -logit(share))
    return np.asarray(np.where(share > 0, 1 - math.sqrt(math.pi) * u * erfcx(u), 0.0))[()]


def descent_cone_dimension(sparsity: npt.ArrayLike) -> Array:
    """Return how many measurements recover a typical sparse vector, per entry.

    Parameters
    ----------
    sparsity : array of any shape
        Nonzero entries over all entries, from 0 to 1.

    Returns
    -------
    array of the same shape
        The ratio of rows to columns of a Gaussian matrix where recovery by ℓ1 minimization sets
        in: the statistical dimension of the descent cone of the ℓ1 norm, over the dimension.

    Raises
    ------
    TypeError, ValueError
        If ``sparsity`` is not of numbers from 0 to 1.

    Notes
    -----
    With s the sparsity, the minimum over t >= 0 of s (1 + t²) + 2 (1 - s) E (g - t)₊², g a
    standard normal number: the mean square distance of a Gaussian vector to t times the
    subdifferential. It gives the curve of
    `donoho_tanner` from the other side: for s = ρ δ it is δ.

    References
    ----------
    Amelunxen, Lotz, McCoy and Tropp, "Living on the edge: phase transitions in convex programs
    with random data", *Information and Inference* 3 (2014), 224-294, proposition 4.5, theorem II.

    Examples
    --------
    >>> round(float(descent_cone_dimension(0.5 * donoho_tanner(0.5))), 12)
    0.5
    """
    from scipy.special import erfc, erfcx, logit

    share, root = _shares("sparsity", sparsity), math.sqrt(math.pi)
    u = _crossing(lambda u: np.log(root * u) + u**2 - np.log1p(-root * u * erfcx(u)), -logit(share))
    square = (1 + 2 * u**2) * erfc(u) - 2 / root * u * np.exp(-(u**2))
    return np.asarray(share * (1 + 2 * u**2) + (1 - share) * square)[()]


def _scaled(array: Array) -> tuple[npt.NDArray[np.float64], int]:
    """Return an array over a power of 2 that makes its squares finite, and the exponent."""
    exponent = int(np.frexp(np.abs(array).max())[1])
    return np.ldexp(array.astype(np.float64), -exponent), exponent


def _frame(frame: npt.ArrayLike, *, leading: str | None = None) -> _Matrix:
    """Return a matrix of real or complex numbers in double precision."""
    try:
        two = np.iscomplexobj(frame)
    except ValueError:  # rows of unequal length
        two = False
    if not two:
        return _arrays.real_array("frame", frame, ("m", "n"), leading=leading).astype(np.float64)
    array = np.asarray(frame)
    real, imaginary = (
        _arrays.real_array("frame", part, ("m", "n"), leading=leading).astype(np.float64)
        for part in (array.real, array.imag)
    )
    return np.asarray(real + 1j * imaginary)


def _shares(name: str, value: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return numbers from 0 to 1 in an array of any shape."""
    array = _arrays.real_array(name, value, (), leading="any").astype(np.float64)
    outside = array[(array < 0) | (array > 1)]
    if outside.size:
        raise ValueError(f"{name} must be from 0 to 1, got {outside[0]:g}")
    return array


def _crossing(rising: Callable[[Array], Array], level: Array) -> Array:
    """Return where a function that rises from 0 to 28 reaches the level, or the end."""
    low, high = np.zeros(level.shape), np.full(level.shape, 28.0)
    for _ in range(80):
        middle = (low + high) / 2
        over = rising(middle) > level
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return low


def _above(value: float) -> float:
    """Return a number above a norm by what rounding could add to it."""
    return value * (1 + 1e-12) + 1e-15


def _first(pair: tuple[float, _Columns]) -> float:
    """Return the norm of a norm and a set."""
    return pair[0]


def _largest(e: _Matrix, supports: _Columns) -> tuple[float, _Columns]:
    """Return the largest norm of a Hermitian matrix on given sets of its columns, and the set."""
    found = []
    for block in np.split(supports, range(2**13, len(supports), 2**13)):
        values = np.linalg.eigvalsh(e[block[:, :, np.newaxis], block[:, np.newaxis, :]])
        norms = np.maximum(values[:, -1], -values[:, 0])
        found.append((float(norms.max()), block[norms.argmax()]))
    return max(found, key=_first)


def _of_two(e: _Matrix) -> tuple[float, _Columns]:
    """Return the largest norm on two columns, and which two."""
    d = np.diagonal(e).real / 2
    norms = np.abs(d[:, np.newaxis] + d) + np.hypot(d[:, np.newaxis] - d, np.abs(e))
    np.fill_diagonal(norms, -1.0)
    return float(norms.max()), np.array(np.unravel_index(norms.argmax(), norms.shape))


def _caps(e: _Matrix, k: int) -> Array:
    """Return upper bounds of the norm on 1, ..., k columns."""
    diagonal = np.abs(np.diagonal(e)).max()
    beside = np.abs(e)
    np.fill_diagonal(beside, 0.0)
    beside = -np.sort(-beside, axis=1)[:, : k - 1]
    rows = np.zeros((len(e), k))
    np.cumsum(beside, axis=1, out=rows[:, 1:])
    squares = np.zeros((len(e), k))
    np.cumsum(beside**2, axis=1, out=squares[:, 1:])
    sizes = np.arange(1, k + 1)
    whole = np.cumsum(-np.sort(-squares, axis=0), axis=0)[sizes - 1, sizes - 1]
    frobenius = np.sqrt((sizes - 1) / sizes * whole)
    spread = diagonal + np.minimum(rows.max(axis=0), frobenius)
    return np.asarray(np.minimum(spread, np.abs(np.linalg.eigvalsh(e)).max()))


def _grown(e: _Matrix, k: int) -> list[tuple[float, _Columns]]:
    """Return large norms on 1, ..., k columns, each set grown by the column that adds most.

    A set starts from each column, up to 128, and for each sign. What a column adds to an
    eigenvalue λ with the vector v is by perturbation theory |e_j . v|² / λ.
    """
    starts = np.argsort(-np.linalg.norm(e, axis=1))[:128]
    found = []
    sets = [starts[:, np.newaxis], starts[:, np.newaxis]]
    for size in range(1, k + 1):
        for n, columns in enumerate(sets if size > 1 else ()):
            part = e[columns[:, :, np.newaxis], columns[:, np.newaxis, :]]
            top = np.linalg.eigh(part)[1][..., -1 if n else 0]
            gain = np.abs(np.einsum("ck,ckn->cn", top.conj(), e[columns]))
            np.put_along_axis(gain, columns, -1.0, axis=1)
            sets[n] = np.column_stack([columns, gain.argmax(axis=1)])
        found.append(_largest(e, np.concatenate(sets)))
    return found


def _searched(e: _Matrix, size: int, value: float, support: _Columns) -> tuple[float, _Columns]:
    """Return the largest norm on so many columns, at least 3, and where it is.

    The value to start from must be at least the largest norm on one column fewer.
    """
    for prefixes in _sets(range(3, len(e)), size - 3, max(1, _CACHED // len(e) ** 2)):
        first = prefixes[:, 0] if size > 3 else np.array([len(e)])
        for sign in (1, -1):
            rest = None
            for j in range(2, first[-1]):
                if rest is None:
                    bound = _above(value)
                    rest = _complement(bound, sign * e, prefixes, int(first[-1]))
                start = int(np.searchsorted(first, j, side="right"))
                n, i, h = _failing(rest[start:, : j + 1, : j + 1])
                if not len(n):
                    continue
                tried = np.column_stack([h, i, np.full(len(n), j), prefixes[start + n]])
                found, where = _largest(e, tried)
                if found > value:
                    value, support, rest = found, where, None
    return value, support


def _sets(columns: range, size: int, most: int) -> Iterator[_Columns]:
    """Yield all sets of so many columns, sorted by the first, in blocks."""
    if size == 0:
        yield np.empty((1, 0), dtype=np.intp)
    flat = itertools.chain.from_iterable(itertools.combinations(columns, size))
    while (block := np.fromiter(itertools.islice(flat, most * size), np.intp)).size:
        yield block.reshape(-1, size)


def _complement(bound: float, e: _Matrix, prefixes: _Columns, end: int) -> _Matrix:
    """Return the Schur complement of each set of columns in b I - E, on the columns before."""
    a = bound * np.eye(len(e)) - e
    factor = np.linalg.cholesky(a[prefixes[:, :, np.newaxis], prefixes[:, np.newaxis, :]])
    half = np.linalg.solve(factor, a[prefixes][:, :, :end])
    return np.asarray(a[:end, :end] - half.conj().mT @ half)


def _failing(rest: _Matrix) -> tuple[_Columns, _Columns, _Columns]:
    """Return where a matrix is not positive definite on its last column and two others."""
    last = rest[:, :-1, -1] / np.sqrt(rest[:, -1:, -1].real)
    product = last[:, :, np.newaxis] * last.conj()[:, np.newaxis, :]
    c = np.subtract(rest[:, :-1, :-1], product, out=product)
    diagonal = np.maximum(np.diagonal(c, axis1=1, axis2=2).real, 0.0)
    square = c.real**2 + c.imag**2 if np.iscomplexobj(c) else np.square(c, out=c)
    fails = square > diagonal[:, :, np.newaxis] * diagonal[:, np.newaxis, :]
    n, i, h = np.nonzero(fails) if fails.any() else np.zeros((3, 0), dtype=np.intp)
    return n[h < i], i[h < i], h[h < i]


def _program(rows: Array, c: Array) -> tuple[Array, Array]:
    """Return a null vector of ℓ1 norm 1 with the largest product with c, and the dual's proof.

    The proof is c less a sum of rows: no product exceeds its largest entry.
    """
    from scipy.optimize import linprog  # here, as its import takes its time

    system = np.vstack([np.hstack([rows, -rows]), np.ones((1, 2 * len(c)))])
    goal = np.append(np.zeros(len(rows)), 1.0)
    result = linprog(np.append(-c, c), A_eq=system, b_eq=goal, bounds=(0, None), method="highs")
    if result.status == 0 and result.x is not None:
        v = result.x[: len(c)] - result.x[len(c) :]
        v -= rows.T @ (rows @ v)
        v /= np.abs(v).sum()
        residual = c + rows.T @ result.eqlin.marginals[:-1]
        if np.abs(residual).max() <= c @ v + _AGREE:
            return v, residual
    raise ArithmeticError(f"the linear program was not solved to {_AGREE}: {result.message}")


def _held(v: Array, k: int) -> float:
    """Return the sum of the k largest entries, without their signs."""
    return float(np.sort(np.abs(v))[-k:].sum())
