r"""Matrices from number theory and combinatorics, without dice.

Every matrix here is the same on each call, and each has a property that is exact and can be
checked: this is what takes the place of "with high probability". Three families:

*Orthogonal matrices* keep all lengths: `hadamard` with entries ±1, the real `fourier` matrix and
the `cosine` matrix.

*Frames* have more columns than rows, all of length 1, and small inner products between any two:
their coherence. `paley` meets the Welch bound, below which no frame can go; `chirp` and `devore`
come near it with many more columns. They are shaped (measurements, columns) as in compressed
sensing, where columns take the place of units.

*Weights* have the shape (fan_out, fan_in), and row j is unit j. `sinusoidal` and `chirp_cosines`
are waves, `quasi_gaussian` spreads the rows more evenly than a Gaussian sample (where it does, says
its docstring), and `fibonacci_sphere` does so on the sphere in three dimensions. Two calls return
the same matrix, so that replicas would be copies. `identity_hadamard` widens a network
and `zero_asymmetric` starts a deep linear one. `quadratic_signs` are ±1 without a coin:
``hadamard(n) * quadratic_signs(n)`` is orthogonal up to scale, too, and differs from layer to
layer.

The price is that each is public: whoever knows the matrix can write down, before any training, the
inputs that it sees worst. The constant input is lost by all rows of `sinusoidal` that are not
constant themselves, and a row of a Hadamard matrix by all units but one.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symlib import _arrays

__all__ = [
    "chirp",
    "chirp_cosines",
    "cosine",
    "devore",
    "fibonacci_sphere",
    "fourier",
    "hadamard",
    "identity_hadamard",
    "paley",
    "quadratic_signs",
    "quasi_gaussian",
    "sinusoidal",
    "zero_asymmetric",
]

_Real = npt.NDArray[np.float64]
_Whole = npt.NDArray[np.int64]

_MOST_INPUTS = 21201  # the dimensions of Sobol's sequence
_MOST_POINTS = 2**20


def hadamard(n: int, *, construction: str = "any") -> _Real:
    """Build a matrix of signs whose rows are orthogonal.

    Parameters
    ----------
    n : int
        The order. Powers of two always work; with the primes of Paley's constructions and
        doubling, so do all multiples of 4 up to 100 but 52, 92 and 100. Where no matrix is built,
        the error names the nearest orders.
    construction : "any", "sylvester" or "paley"
        Sylvester's matrix has the order 1, 2, 4, 8, ...; Paley's first the order q + 1 for a prime
        q = 4k + 3, his second 2q + 2 for a prime q = 4k + 1. By default Sylvester's for a power of
        two, and otherwise Paley's, doubled as often as needed.

    Returns
    -------
    array of shape (n, n)
        Entries 1 and -1; the first row and the first column are all 1.

    Notes
    -----
    H Hᵀ = Hᵀ H = n I exactly: H / √n keeps all lengths. Doubling is [[H, H], [H, -H]], and
    Sylvester's matrix doubles [1]: its entry (j, i) is -1 to the number of binary digits 1 that j
    and i share. So its first 2ᵏ rows depend only on the last k digits of i: as a frame they repeat
    their columns, n / 2ᵏ copies of each. Its leading square blocks are all invertible. Paley's
    matrices come from the Legendre symbol χ, with χ(0) = 0 and otherwise χ(a) = 1 if a is a square
    modulo q and -1 if not: the matrix Q of χ(a - b) has Q Qᵀ = q I - 1 1ᵀ. Whether every multiple
    of 4 is the order of a Hadamard matrix is an open question.

    References
    ----------
    Sylvester, "Thoughts on inverse orthogonal matrices", *Philosophical Magazine* 34 (1867)
    461-475. Paley, "On orthogonal matrices", *Journal of Mathematics and Physics* 12 (1933)
    311-320.

    Examples
    --------
    >>> hadamard(4)
    array([[ 1.,  1.,  1.,  1.],
           [ 1., -1.,  1., -1.],
           [ 1.,  1., -1., -1.],
           [ 1., -1., -1.,  1.]])
    """
    order = _arrays.whole("n", n)
    _arrays.room("n", order, order)
    kind = _arrays.choice("construction", construction, ("any", "sylvester", "paley"))
    plan = _base_and_doublings(order, kind)
    if plan is None:
        raise ValueError(f"n must be {_known_orders(order, kind)}, got {order}")
    base, doublings = plan
    signs = np.ones((1, 1)) if base == 1 else _paley_hadamard(base)
    for _ in range(doublings):
        signs = np.block([[signs, signs], [signs, -signs]])
    return signs


def fourier(n: int) -> _Real:
    """Build the orthogonal matrix of sampled sines and cosines.

    Parameters
    ----------
    n : int
        The order.

    Returns
    -------
    array of shape (n, n)
        Row 0 is constant, rows 2k - 1 and 2k are the cosine and the sine with k periods, and for
        even n the last row alternates.

    Notes
    -----
    √(2/n) cos(2π k t / n) and √(2/n) sin(2π k t / n) for 0 < k < n/2, and 1/√n and (-1)ᵗ/√n:
    the real and imaginary parts of the discrete Fourier transform, orthonormal because the n-th
    roots of unity sum to 0.

    References
    ----------
    Golub and Van Loan, *Matrix Computations*, 4th edition, Johns Hopkins 2013, section 1.4.

    Examples
    --------
    >>> import numpy as np
    >>> F = fourier(5)
    >>> np.allclose(F @ F.T, np.eye(5), rtol=0, atol=1e-15)
    True
    """
    order = _arrays.whole("n", n)
    _arrays.room("n", order, order)
    row, time = np.ogrid[:order, :order]
    periods = (row + 1) // 2
    steps = periods * time
    waves = np.where(row % 2 == 1, _cosine(steps, order), _sine(steps, order))
    waves[0] = 1.0
    waves *= math.sqrt(2.0 / order)
    # rows of ±1 have twice the mean square of a wave
    rows_of_signs = [0] if order % 2 else [0, -1]
    waves[rows_of_signs] *= math.sqrt(0.5)
    return waves


def cosine(n: int) -> _Real:
    """Build the orthogonal matrix of the discrete cosine transform.

    Parameters
    ----------
    n : int
        The order.

    Returns
    -------
    array of shape (n, n)
        Row k is the cosine with k half periods; row 0 is constant.

    Notes
    -----
    √(2/n) cos(π k (2t + 1) / (2n)), and 1/√n for k = 0: the transform called DCT-II. The rows are
    the eigenvectors of a symmetric matrix, the second difference with free ends, for distinct
    eigenvalues, and therefore orthogonal.

    References
    ----------
    Ahmed, Natarajan and Rao, "Discrete cosine transform", *IEEE Transactions on Computers* 23
    (1974) 90-93. Strang, "The discrete cosine transform", *SIAM Review* 41 (1999) 135-147.

    Examples
    --------
    >>> from scipy.fft import dct
    >>> x = [3.0, 1.0, 4.0, 1.0]
    >>> bool(abs(cosine(4) @ x - dct(x, norm="ortho")).max() < 1e-14)
    True
    """
    order = _arrays.whole("n", n)
    _arrays.room("n", order, order)
    row, time = np.ogrid[:order, :order]
    steps = row * (2 * time + 1)
    waves = math.sqrt(2.0 / order) * _cosine(steps, 4 * order)
    waves[0] = math.sqrt(1.0 / order)
    return waves


def paley(q: int) -> _Real:
    """Build the equiangular tight frame of the quadratic residues.

    Any two of its q + 1 vectors, in (q + 1) / 2 dimensions, have the same angle up to sign, and no
    frame of that size has a smaller coherence.

    Parameters
    ----------
    q : int
        A prime of the form 4k + 1: 5, 13, 17, 29, 37, 41, ...

    Returns
    -------
    array of shape ((q + 1) / 2, q + 1)
        Columns of length 1.

    Notes
    -----
    Coherence 1/√q, which is the Welch bound √((n - m) / (m (n - 1))) for n = 2m = q + 1, and
    F Fᵀ = 2 I. Column 0 is the first axis; the other columns x = 0, ..., q - 1 have 1/√q there,
    and (2/√q) cos(2π r x / q) and (2/√q) sin(2π r x / q) for one r of each pair ±r of squares
    modulo q. The inner product of x and y is 1/q + (2/q) Σ cos(2π r (x - y) / q) over all squares
    r, and by Gauss's sum that is χ(x - y)/√q with the Legendre symbol χ: the Gram matrix is
    I + C/√q with Paley's conference matrix C.

    References
    ----------
    Strohmer and Heath, "Grassmannian frames with applications to coding and communication",
    *Applied and Computational Harmonic Analysis* 14 (2003) 257-275, theorem 2.3 for the bound.
    Bandeira, Fickus, Mixon and Wong, "The road to deterministic matrices with the restricted
    isometry property", *Journal of Fourier Analysis and Applications* 19 (2013) 1123-1149.

    Examples
    --------
    >>> import numpy as np
    >>> np.round(5**0.5 * paley(5).T @ paley(5)).astype(int)[1]
    array([ 1,  2,  1, -1, -1,  1])
    """
    prime = _arrays.whole("q", q, least=2)
    _arrays.room("q", prime, prime)
    if prime % 4 != 1 or not _is_prime(prime):
        raise ValueError(f"q must be a prime of the form 4k + 1, got {prime}")
    squares = np.flatnonzero(_legendre_symbols(prime) == 1)
    # -1 is a square modulo these primes, so that the second half are the first ones' negatives
    one_of_each_pair = squares[: len(squares) // 2]
    steps = np.outer(one_of_each_pair, np.arange(prime))
    root = math.sqrt(prime)
    frame = np.zeros(((prime + 1) // 2, prime + 1))
    frame[0, 0] = 1.0
    frame[0, 1:] = 1.0 / root
    frame[1::2, 1:] = 2.0 / root * _cosine(steps, prime)
    frame[2::2, 1:] = 2.0 / root * _sine(steps, prime)
    return frame


def chirp(p: int) -> npt.NDArray[np.complex128]:
    """Build the complex frame of all discrete chirps of a prime length.

    Parameters
    ----------
    p : int
        An odd prime.

    Returns
    -------
    array of shape (p, p**2), complex
        Columns of length 1. Column a p + b is the chirp of rate a and frequency b.

    Notes
    -----
    Entries exp(2πi (a t² + b t) / p) / √p for t = 0, ..., p - 1. Two chirps of the same rate are
    orthogonal; of different rates, completing the square leaves Gauss's sum, and the modulus of
    the inner product is exactly 1/√p. So the coherence is 1/√p, against 1/√(p + 1) of the Welch
    bound, and the frame is tight, F F* = p I. Alltop's cubic sequences, exp(2πi ((t + a)³ + b t)
    / p) / √p for primes from 5 on, have the same coherence. For real weights see `chirp_cosines`.

    References
    ----------
    Applebaum, Howard, Searle and Calderbank, "Chirp sensing codes: deterministic compressed
    sensing measurements for fast recovery", *Applied and Computational Harmonic Analysis* 26
    (2009) 283-290. Alltop, "Complex sequences with low periodic correlations", *IEEE Transactions
    on Information Theory* 26 (1980) 350-354.

    Examples
    --------
    >>> import numpy as np
    >>> products = abs(chirp(3).conj().T @ chirp(3))
    >>> np.unique(np.round(3 * products**2)).tolist()
    [0.0, 1.0, 3.0]
    """
    prime = _arrays.whole("p", p, least=2)
    _arrays.room("p", prime, prime, prime)
    if prime == 2 or not _is_prime(prime):
        raise ValueError(f"p must be an odd prime, got {prime}")
    time, rate, frequency = np.ogrid[:prime, :prime, :prime]
    # reduced modulo the prime halfway, so that whole numbers do not overflow
    steps = (rate * time + frequency) % prime * time
    steps = steps.reshape(prime, prime**2)
    waves = _cosine(steps, prime) + 1j * _sine(steps, prime)
    return np.asarray(waves / math.sqrt(prime))


def devore(p: int, degree: int) -> _Real:
    """Build the frame of the graphs of all polynomials over a prime field.

    Parameters
    ----------
    p : int
        A prime.
    degree : int
        Largest degree r of the polynomials, from 1 to p - 1.

    Returns
    -------
    array of shape (p**2, p**(degree + 1))
        Columns of length 1, with p entries 1/√p and else 0. Row x p + y is the point (x, y). For
        degree 1 the matrix is square.

    Notes
    -----
    Column c₀ + c₁ p + ... + cᵣ pʳ has 1/√p at (x, y) where y = c₀ + c₁ x + ... + cᵣ xʳ modulo p.
    Two polynomials meet in at most r points, and some in exactly r, so the coherence is r/p. The
    entries are not centered: F Fᵀ has the eigenvalue pʳ for the constant vector, pʳ⁻¹ for p (p - 1)
    directions and 0 for p - 1, as each column has one point above each x. As weights, subtract the
    mean 1/p^(3/2) first, or this one direction outweighs the rest.

    References
    ----------
    DeVore, "Deterministic constructions of compressed sensing matrices", *Journal of Complexity*
    23 (2007) 918-925.

    Examples
    --------
    >>> F = devore(3, 1)
    >>> F.shape, int(round(3 * (F.T @ F)[0, 1])), int(round(3 * (F.T @ F)[0, 3]))
    ((9, 9), 0, 1)
    """
    prime = _arrays.whole("p", p, least=2)
    _arrays.room("p", prime, prime, prime, prime)
    if not _is_prime(prime):
        raise ValueError(f"p must be a prime, got {prime}")
    degree = _arrays.whole("degree", degree, least=1, most=prime - 1)
    _arrays.room("degree", *[prime] * (min(degree, 50) + 3))
    column = np.arange(prime ** (degree + 1))
    x = np.arange(prime)[:, np.newaxis]
    y = np.zeros((prime, len(column)), dtype=np.int64)
    for power in range(degree, -1, -1):  # Horner's scheme for all polynomials at once
        coefficient = column // prime**power
        y = (y * x + coefficient) % prime
    row = x * prime + y
    frame = np.zeros((prime**2, len(column)))
    frame[row, column] = 1.0 / math.sqrt(prime)
    return frame


def chirp_cosines(shape: Sequence[int], *, gain: float = 1.0) -> _Real:
    """Fill the rows with cosines of growing frequency, each at a rate or phase of its own.

    Parameters
    ----------
    shape : (fan_out, fan_in)
        Shape of the result.
    gain : float
        Factor on every entry, at least 0.

    Returns
    -------
    array of shape (fan_out, fan_in)
        The weights.

    Notes
    -----
    W_ji = gain √(2 / fan_in) cos(2π (a t² + b t) / p) with t = i + 1, a = 1 + ⌊j / p⌋, b = j mod p
    and the smallest odd prime p above fan_in with at least fan_out such pairs, p (p - 1) / 2: real
    parts of the columns of `chirp`. For fan_in = p - 1 Gauss's sums bound the product of two rows
    by 2 gain² (√p + 1) / (p - 1) and keep the squared length of each within the same distance of
    gain²; for other sizes, parts of such sums take their place.

    References
    ----------
    Applebaum, Howard, Searle and Calderbank, "Chirp sensing codes: deterministic compressed
    sensing measurements for fast recovery", *Applied and Computational Harmonic Analysis* 26
    (2009) 283-290, for the complex chirps.

    Examples
    --------
    >>> import numpy as np
    >>> W = chirp_cosines((30, 12))
    >>> np.linalg.matrix_rank(W).item(), len(np.unique(np.round(W, 12), axis=0))
    (12, 30)
    """
    fan_out, fan_in = _arrays.matrix_shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    prime = fan_in + 1
    while prime % 2 == 0 or prime * (prime - 1) < 2 * fan_out or not _is_prime(prime):
        prime += 1
    unit = np.arange(fan_out)[:, np.newaxis]
    time = np.arange(1, fan_in + 1)
    rate = 1 + unit // prime
    # the frequency is the unit's number modulo the prime
    steps = (rate * time + unit) % prime * time
    scale = gain * math.sqrt(2.0 / fan_in)
    return scale * _cosine(steps, prime)


def sinusoidal(shape: Sequence[int], *, gain: float = 1.0) -> _Real:
    """Fill row i with the sine of i periods, each row at a phase of its own.

    Parameters
    ----------
    shape : (fan_out, fan_in)
        Shape of the result, with a side of at least 3; smaller waves of this kind are all 0.
    gain : float
        Factor on every entry, at least 0.

    Returns
    -------
    array of shape (fan_out, fan_in)
        The weights, of the mean square 2 gain² / (fan_in + fan_out) of `symlib.weights.glorot`.

    Notes
    -----
    W_ij = A sin(2π i j / fan_in + 2π i / fan_out) for units i = 1, ..., fan_out and inputs
    j = 1, ..., fan_in, where A sets the mean square. Rows are balanced: row i sums to 0 unless
    fan_in divides i, and is constant, A sin(2π i / fan_out), if it does. So with fan_out <= fan_in
    the constant input is lost. Rows i and k are orthogonal unless fan_in divides i - k or i + k.
    In a square matrix row n - i is minus row i, and rows n and n/2 are 0: only ⌈n/2⌉ - 1
    dimensions of n are seen.

    References
    ----------
    Fernández-Hernández, Mestre, Dolz, Duato and Quintana-Ortí, "Sinusoidal initialization, time
    for a new start", NeurIPS 2025, sections 3.1 and 3.2.

    Examples
    --------
    >>> W = sinusoidal((6, 8))
    >>> bool(abs(W.sum(axis=1)).max() < 1e-15)
    True
    """
    fan_out, fan_in = _arrays.matrix_shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    lengths = (fan_out, fan_in)
    if max(lengths) < 3:
        raise ValueError(f"shape must have a side of at least 3 for these waves, got {lengths}")
    unit = np.arange(1, fan_out + 1)[:, np.newaxis]
    place = np.arange(1, fan_in + 1)
    steps = unit * (place * fan_out + fan_in)
    waves = _sine(steps, fan_out * fan_in)
    mean_square = np.mean(waves**2)
    amplitude = math.sqrt(2.0 / ((fan_in + fan_out) * mean_square))
    return np.asarray(gain * amplitude * waves)


def quasi_gaussian(
    shape: Sequence[int], *, std: float = 1.0, sequence: str = "kronecker", skip: int = 0
) -> _Real:
    """Spread the rows evenly with respect to the Gaussian law.

    The rows are points of a sequence that fills the unit cube evenly, taken to the Gaussian law by
    its quantiles. What the proofs ask of random rows is that averages over them are near their
    expected values. In few dimensions they come nearer here; in many they may be farther off than
    by chance, as the notes say.

    Parameters
    ----------
    shape : (fan_out, fan_in)
        Shape of the result.
    std : float
        Standard deviation of the Gaussian law, at least 0.
    sequence : "kronecker" or "sobol"
        Multiples of the square roots of the primes, for a few inputs, or Sobol's binary sequence.
        The rounding of the points would begin to matter beyond 2²⁰ of them, skip + fan_out, and
        Sobol's sequence ends at 21201 inputs; more are refused.
    skip : int
        How many points of the sequence to leave out at its beginning: another layer may take its
        rows where the last one ended.

    Returns
    -------
    array of shape (fan_out, fan_in)
        The weights.

    Notes
    -----
    W_ki = std Φ⁻¹(u_ki) with the normal distribution function Φ. Kronecker: u_ki is the fractional
    part of k √pᵢ for k = 1, 2, ... and the i-th prime; as 1 and these roots are independent over
    the rational numbers, the points are uniformly distributed in the cube. Near coincidences delay
    it: 7√2 + 6√3 + 3√5 is 27 to within 4e-6, so in three dimensions the points lie on slowly
    drifting planes, and up to about 250,000 rows there are gaps between these. Sobol: direction
    numbers of Joe and Kuo without scrambling, and without the two first points, which are all 0
    (no finite quantile) and all 1/2 (a unit of zeros). The next two are opposite rows, and while
    there are hardly more rows than inputs the rank is not full: 64 rows of 64 inputs have rank 59.

    Better than chance? This was measured beside Gaussian rows, for 2 to 256 inputs, 16 to 16384
    rows and skip 0. The norm of Wᵀ W / fan_out - I, the worst error of the mean square in one
    direction, is smaller than that of chance with Sobol at each size that was tried. With Kronecker
    it is smaller for 2 and 3 inputs, 0.3 to 1.4 times that of chance for 4 to 64, and larger for
    128 and 256 up to 4096 rows. The largest cosine between two columns, which are the images of two
    inputs, is larger than by chance with Kronecker from 16 inputs on; with Sobol it is smaller up
    to 8 inputs, and for 16 to 128 from fan_in² rows on, but larger with no more rows than inputs.
    The norm and the largest cosine at some sizes of layers:

    =========== ========== ========== ==========
    shape       Gaussian   Kronecker  Sobol
    =========== ========== ========== ==========
    (64, 64)    2.8, 0.44  3.1, 0.93  1.9, 0.93
    (64, 512)   13.5, 0.53 22.9, 1.00 11.8, 0.99
    (256, 128)  1.8, 0.24  2.5, 0.77  1.1, 0.86
    (4096, 784) 1.05, 0.07 1.91, 0.91 0.55, 0.26
    =========== ========== ========== ==========

    Two columns of Kronecker's are nearly the same, or opposite, where the fractional parts of their
    roots, or of one root and minus the other, are closer than about 1 / fan_out.

    References
    ----------
    Weyl, "Über die Gleichverteilung von Zahlen mod. Eins", *Mathematische Annalen* 77 (1916)
    313-352. Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections",
    *SIAM Journal on Scientific Computing* 30 (2008) 2635-2654.

    Examples
    --------
    >>> import numpy as np
    >>> W = quasi_gaussian((1000, 2))
    >>> bool(abs(W.T @ W / 1000 - np.eye(2)).max() < 0.02)
    True
    """
    from scipy.special import ndtri  # here, as the imports take their time
    from scipy.stats.qmc import Sobol

    fan_out, fan_in = _arrays.matrix_shape("shape", shape)
    std = _arrays.number("std", std, least=0.0)
    kind = _arrays.choice("sequence", sequence, ("kronecker", "sobol"))
    skip = _arrays.whole("skip", skip, least=0)
    if skip + fan_out > _MOST_POINTS or fan_in > _MOST_INPUTS:
        raise ValueError(
            f"shape must have fan_in at most {_MOST_INPUTS} and skip + fan_out at most"
            f" {_MOST_POINTS}, got {(fan_out, fan_in)} and skip {skip}"
        )
    if kind == "sobol":
        sequence_of_points = Sobol(fan_in, scramble=False).fast_forward(skip + 2)
        points = sequence_of_points.random(fan_out)
    else:
        multiples = np.arange(skip + 1, skip + fan_out + 1)
        points = np.outer(multiples, _fractional_roots(fan_in)) % 1.0
    return np.asarray(std * ndtri(points))


def fibonacci_sphere(points: int) -> _Real:
    """Place points evenly on the unit sphere along a golden spiral.

    Parameters
    ----------
    points : int
        How many.

    Returns
    -------
    array of shape (points, 3)
        Rows of length 1, from pole to pole: as weights, units of three inputs.

    Notes
    -----
    Point k = 0, ..., m - 1 has the height z = 1 - (2k + 1)/m and the longitude 2π k (√5 - 1)/2.
    Equal steps in height cut zones of equal area (Archimedes), each with one point in its middle,
    so caps around the poles hold their share to within half a point, and the mean of z² is
    (1 - 1/m²)/3. For all caps together, the best m points have a root mean square discrepancy
    of the order m^(-3/4), and Beck showed that none have a smaller one; a random sample has
    m^(-1/2). That the spiral has this order is seen in measurements.

    References
    ----------
    Beck, "Sums of distances between points on a sphere: an application of the theory of
    irregularities of distribution to discrete geometry", *Mathematika* 31 (1984) 33-41.
    Aistleitner, Brauchart and Dick, "Point sets on the sphere S² with small spherical cap
    discrepancy", *Discrete & Computational Geometry* 48 (2012) 990-1024.

    Examples
    --------
    >>> import numpy as np
    >>> W = fibonacci_sphere(1000)
    >>> bool(abs(3 * W.T @ W / 1000 - np.eye(3)).max() < 1e-3)
    True
    """
    count = _arrays.whole("points", points)
    k = np.arange(count)
    height = (count - 1 - 2 * k) / count
    radius = np.sqrt((1.0 - height) * (1.0 + height))
    turns = k * (math.sqrt(5.0) - 1.0) / 2.0
    longitude = 2.0 * math.pi * (turns % 1.0)
    x = radius * np.cos(longitude)
    y = radius * np.sin(longitude)
    return np.column_stack([x, y, height])


def quadratic_signs(n: int, *, layer: int = 0) -> _Real:
    """Compute signs that look like coin flips from the squares and the root of 2.

    Parameters
    ----------
    n : int
        How many.
    layer : int
        Which sequence, from 0: one for each layer of a network.

    Returns
    -------
    array of shape (n,)
        Entries 1 and -1.

    Notes
    -----
    s_j = 1 if the fractional part of √2 (layer + 1) (j + 1)² is above 1/2, and -1 otherwise,
    decided in whole numbers and so without rounding. By Weyl's theorem on polynomials these
    fractional parts are uniformly distributed, and half of the signs are 1 in the limit. Two
    layers a - 1 and b - 1 are uncorrelated in the limit unless a/g and b/g are both odd for their
    greatest common divisor g: then the correlation is g²/(a b), which is 1/3 for layers 0 and 2.

    References
    ----------
    Weyl, "Über die Gleichverteilung von Zahlen mod. Eins", *Mathematische Annalen* 77 (1916)
    313-352.

    Examples
    --------
    >>> quadratic_signs(8)
    array([-1.,  1.,  1.,  1., -1.,  1., -1.,  1.])
    """
    count = _arrays.whole("n", n)
    factor = _arrays.whole("layer", layer, least=0) + 1
    above_half = []
    for j in range(1, count + 1):
        # the fractional part of a number is above 1/2 where the whole part of its double is odd
        double = math.isqrt(8 * (factor * j * j) ** 2)
        above_half.append(double % 2)
    return 2.0 * np.array(above_half) - 1.0


def identity_hadamard(shape: Sequence[int], *, gain: float = 1.0) -> _Real:
    """Pass inputs on by the identity, and into a wider layer by a Hadamard matrix.

    Parameters
    ----------
    shape : (fan_out, fan_in)
        Shape of the result.
    gain : float
        Factor on every entry, at least 0.

    Returns
    -------
    array of shape (fan_out, fan_in)
        The weights.

    Notes
    -----
    With the partial identity I*, which has ones on the main diagonal, W = gain I* for
    fan_out <= fan_in, and otherwise W = gain c I* H I* with Sylvester's Hadamard matrix H of order
    2ᵐ, the next power of two from fan_out on, and c = 2^(-(m-1)/2): the upper left part of c H. It
    has full rank, and Wᵀ W = 2 gain² I if fan_out is a power of two. The factor is that of the
    paper, which makes up for what ReLU cuts off; the program published with it has 2^(-m/2), that
    is gain=0.5**0.5. A partial identity in place of H would leave all but fan_in units at 0.

    References
    ----------
    Zhao, Schäfer and Anandkumar, "ZerO initialization: Initializing neural networks with only
    zeros and ones", TMLR 2022, algorithm 1.

    Examples
    --------
    >>> identity_hadamard((2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]])
    >>> identity_hadamard((2, 1))
    array([[1.],
           [1.]])
    """
    fan_out, fan_in = _arrays.matrix_shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    if fan_out <= fan_in:
        return gain * np.eye(fan_out, fan_in)
    m = (fan_out - 1).bit_length()
    row, column = np.ogrid[:fan_out, :fan_in]
    # Sylvester's signs, without the rest of his matrix
    is_negative = np.bitwise_count(row & column) % 2
    signs = 1.0 - 2.0 * is_negative
    scale = gain * 2.0 ** (-(m - 1) / 2)
    return np.asarray(scale * signs)


def zero_asymmetric(width: int, depth: int) -> list[_Real]:
    """Start a deep linear network with identities below a layer of zeros.

    Parameters
    ----------
    width : int
        Number of inputs and units of each layer.
    depth : int
        Number of layers.

    Returns
    -------
    list of arrays of shape (width, width)
        The weights from the first layer to the last; the last one is zero.

    Notes
    -----
    W₁ = ... = W_{L-1} = I and W_L = 0. For every target Φ the loss R = ‖W_L ... W₁ - Φ‖² / 2 then
    falls along gradient flow with R(t) <= e^(-2t) R(0). Reason: the flow keeps each
    W_l W_lᵀ - W_{l+1}ᵀ W_{l+1}, here I for the last pair and 0 for the others, so that
    P = W_{L-1} ... W₁ has P Pᵀ = (I + W_Lᵀ W_L)^(L-1), of singular values at least 1, and the
    gradient in W_L alone is (W_L P - Φ) Pᵀ, of squared norm at least 2R.

    References
    ----------
    Wu, Wang and Ma, "Global convergence of gradient descent for deep linear residual networks",
    NeurIPS 2019.

    Examples
    --------
    >>> first, last = zero_asymmetric(2, 2)
    >>> first.tolist(), last.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]])
    """
    width = _arrays.whole("width", width)
    depth = _arrays.whole("depth", depth)
    _arrays.room("width", width, width)
    _arrays.room("depth", depth, width, width)
    layers = [np.eye(width) for _ in range(depth - 1)]
    layers.append(np.zeros((width, width)))
    return layers


def _sine(steps: _Whole, period: int) -> _Real:
    """Return sin(2π steps / period), exactly odd and exact where it is 0 or ±1."""
    # whole numbers, in which a quarter of a turn is one period: folded to at most a quarter
    turned = 4 * (steps % period)
    is_past_half = turned > 2 * period
    turned = np.where(is_past_half, turned - 4 * period, turned)
    is_past_quarter = abs(turned) > period
    mirrored = np.sign(turned) * 2 * period - turned
    folded = np.where(is_past_quarter, mirrored, turned)
    angle = 0.5 * math.pi * (folded / period)
    return np.asarray(np.sin(angle))


def _cosine(steps: _Whole, period: int) -> _Real:
    """Return cos(2π steps / period), exactly even and exact where it is 0 or ±1."""
    return _sine(4 * steps + period, 4 * period)


def _is_prime(n: int) -> bool:
    """Tell whether a number is prime, by trial division."""
    if n < 2:
        return False
    smaller = range(2, math.isqrt(n) + 1)
    return all(n % k for k in smaller)


def _fractional_roots(count: int) -> _Real:
    """Return the fractional parts of the roots of the first primes."""
    # the n-th prime is below n (log n + log log n) from the sixth on
    log_log = math.log(math.log(count + 2) + 1.0)
    end = 15 + int(count * (math.log(count) + log_log))
    is_prime = np.ones(end, dtype=bool)
    is_prime[:2] = False
    for k in range(2, math.isqrt(end) + 1):
        is_prime[k * k :: k] = False
    primes = np.flatnonzero(is_prime)[:count]
    roots = np.sqrt(primes)
    whole = np.floor(roots)
    # (p - w²) / (√p + w) is √p - w without cancellation
    return np.asarray((primes - whole**2) / (roots + whole))


def _legendre_symbols(q: int) -> _Real:
    """Return the Legendre symbols of 0, ..., q - 1 modulo an odd prime."""
    squares = np.arange(1, q) ** 2 % q
    symbols = np.full(q, -1.0)
    symbols[squares] = 1.0
    symbols[0] = 0.0
    return symbols


def _base_and_doublings(order: int, kind: str) -> tuple[int, int] | None:
    """Return a base, 1 or an order of Paley's, and how often to double it to the order."""
    is_power_of_two = order & (order - 1) == 0
    if kind == "sylvester" or (kind == "any" and is_power_of_two):
        return (1, order.bit_length() - 1) if is_power_of_two else None
    if kind == "paley":
        return (order, 0) if _is_paley_order(order) else None
    base = order
    doublings = 0
    while base % 2 == 0:
        if _is_paley_order(base):
            return base, doublings
        base //= 2
        doublings += 1
    return None


def _is_paley_order(order: int) -> bool:
    """Tell whether one of Paley's two constructions has this order."""
    if order % 4:
        return False
    half = order // 2
    return _is_prime(order - 1) or (half % 4 == 2 and _is_prime(half - 1))


def _known_orders(order: int, kind: str) -> str:
    """Return which orders there are, and which are the nearest, in words."""
    wanted = {
        "any": "1, 2, or an order of Sylvester's or Paley's matrices and their doubles",
        "sylvester": "a power of two",
        "paley": "q + 1 for a prime q = 4k + 3 or 2q + 2 for a prime q = 4k + 1",
    }[kind]
    lower = range(order - 1, 0, -1)
    higher = range(order + 1, 2 * order + 5)  # where there is a double, or Paley's least, 4
    below = next((k for k in lower if _base_and_doublings(k, kind)), None)
    above = next(k for k in higher if _base_and_doublings(k, kind))
    nearest = f"{above}" if below is None else f"{below} or {above}"
    return f"{wanted}, such as {nearest}"


def _paley_hadamard(order: int) -> _Real:
    """Return the Hadamard matrix of Paley's first construction, or else of his second."""
    is_first = _is_prime(order - 1)
    q = order - 1 if is_first else order // 2 - 1
    difference = (np.arange(q)[:, np.newaxis] - np.arange(q)) % q
    one = np.eye(q + 1)
    conference = np.ones((q + 1, q + 1))
    conference[0, 0] = 0.0
    conference[1:, 1:] = _legendre_symbols(q)[difference]
    if is_first:
        conference[1:, 0] = -1.0
        signs = conference + one
    else:
        plus = conference + one
        minus = conference - one
        signs = np.block([[plus, minus], [minus, -plus]])
    # with signs of rows and columns changed so that the first ones are all 1
    signs = signs * signs[0]
    return np.asarray(signs * signs[:, :1])
