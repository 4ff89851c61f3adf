"""Ways to fill a matrix.

A layer computes ``phi(W x + b)``, and each function here returns one ``W``, or as many as the
leading axes of ``shape`` ask for: ``(fan_out, fan_in)`` is one matrix, ``(replicas, fan_out,
fan_in)`` one for each replica of an experiment, drawn in a single call. Row j is unit j. The
arrays are ``float64``, and chance enters only through ``rng``.

Two ways use no dice, and are the two ends of the argument about symmetry: `constant` makes all
units copies of one another, and `identity` makes no two the same. The random ways differ in
scale. For inputs of mean square ``q``, a unit's sum ``w . x`` has mean square
``fan_in Var(w) q``, and to keep it at ``q`` is `lecun`; to compromise with the same demand on the
gradients, which sum over ``fan_out``, is `glorot`; to make up for the half of the mean square that
ReLU cuts off is `he`. `orthogonal` keeps lengths exactly and not only on average, and
`looks_linear` does so through the ReLUs of a deep network.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._reflections import BLOCK, reflect

__all__ = [
    "constant",
    "gaussian",
    "glorot",
    "he",
    "identity",
    "lecun",
    "looks_linear",
    "orthogonal",
    "uniform",
]


def constant(shape: Sequence[int], value: float = 0.5) -> npt.NDArray[np.float64]:
    """Fill a matrix with one number.

    All units of the layer are copies of one another, and the matrix has rank one.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    value : float
        The entry, everywhere.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, or ``value`` not a finite number.

    Notes
    -----
    ``W = value * 1 1^T``: every unit sees only the sum of its inputs, so ``fan_in - 1`` directions
    of input are lost, and every unit receives the same gradient.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4.

    Examples
    --------
    >>> constant((2, 3))
    array([[0.5, 0.5, 0.5],
           [0.5, 0.5, 0.5]])
    """
    lengths = _arrays.shape("shape", shape)
    return np.full(lengths, _arrays.number("value", value))


def gaussian(
    shape: Sequence[int], *, std: float = 1.0, rng: np.random.Generator | int | None = None
) -> npt.NDArray[np.float64]:
    """Draw independent Gaussian entries.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    std : float
        Standard deviation of an entry, at least 0.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, ``std`` not a finite number of at
        least 0, or ``rng`` not a source of randomness.

    Notes
    -----
    ``W_ji ~ N(0, std^2)``. The law of ``W`` is unchanged by a rotation of the inputs or of the
    units, which is what most proofs about random layers use.

    References
    ----------
    Muller, "A note on a method for generating points uniformly on n-dimensional spheres",
    *Communications of the ACM* 2 (1959): the rotation invariance of independent Gaussians.

    Examples
    --------
    >>> import numpy as np
    >>> W = gaussian((2, 3), std=0.1, rng=0)
    >>> np.array_equal(W, gaussian((2, 3), std=0.1, rng=0))
    True
    """
    lengths = _arrays.shape("shape", shape)
    return _normal(lengths, _arrays.number("std", std, least=0.0), rng)


def uniform(
    shape: Sequence[int], *, bound: float = 1.0, rng: np.random.Generator | int | None = None
) -> npt.NDArray[np.float64]:
    """Draw independent entries, uniform between ``-bound`` and ``bound``.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    bound : float
        Half the width of the interval, at least 0.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, ``bound`` not a finite number of at
        least 0, or ``rng`` not a source of randomness.

    Notes
    -----
    ``W_ji ~ U[-bound, bound)``, of variance ``bound^2 / 3``.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equation 1: the common heuristic ``bound = 1 / sqrt(fan_in)``.

    Examples
    --------
    >>> W = uniform((2, 3), bound=0.1, rng=0)
    >>> bool(abs(W).max() <= 0.1)
    True
    """
    lengths = _arrays.shape("shape", shape)
    return _flat(lengths, _arrays.number("bound", bound, least=0.0), rng)


def lecun(
    shape: Sequence[int], *, gain: float = 1.0, rng: np.random.Generator | int | None = None
) -> npt.NDArray[np.float64]:
    """Draw Gaussian entries that keep the mean square of a linear layer.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    gain : float
        Factor on every entry, at least 0.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, ``gain`` not a finite number of at
        least 0, or ``rng`` not a source of randomness.

    Notes
    -----
    ``W_ji ~ N(0, gain^2 / fan_in)``: the ``fan_in`` terms of a unit's sum then add up to ``gain^2``
    times the mean square of the inputs.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", in *Neural Networks: Tricks of the Trade*,
    Springer 1998, section 4.6, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> W = lecun((3, 100), rng=0)
    >>> np.allclose(W, gaussian((3, 100), std=0.1, rng=0), rtol=1e-15)
    True
    """
    lengths = _arrays.shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    return _normal(lengths, gain / math.sqrt(lengths[-1]), rng)


def glorot(
    shape: Sequence[int], *, gain: float = 1.0, rng: np.random.Generator | int | None = None
) -> npt.NDArray[np.float64]:
    """Draw uniform entries that compromise between values and gradients.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    gain : float
        Factor on every entry, at least 0.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, ``gain`` not a finite number of at
        least 0, or ``rng`` not a source of randomness.

    Notes
    -----
    ``W_ji ~ U[-bound, bound)`` with ``bound = gain * sqrt(6 / (fan_in + fan_out))``, of variance
    ``bound^2 / 3 = 2 gain^2 / (fan_in + fan_out)``. Forward the mean square asks for
    ``1 / fan_in``, backward for ``1 / fan_out``; this is the harmonic mean of the two.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> W = glorot((2, 4), rng=0)
    >>> np.array_equal(W, uniform((2, 4), bound=1.0, rng=0))
    True
    """
    lengths = _arrays.shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    return _flat(lengths, gain * math.sqrt(6.0 / (lengths[-2] + lengths[-1])), rng)


def he(
    shape: Sequence[int], *, gain: float = 1.0, rng: np.random.Generator | int | None = None
) -> npt.NDArray[np.float64]:
    """Draw Gaussian entries that keep the mean square of a ReLU layer.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    gain : float
        Factor on every entry, at least 0; the 2 of ReLU is not part of it.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, ``gain`` not a finite number of at
        least 0, or ``rng`` not a source of randomness.

    Notes
    -----
    ``W_ji ~ N(0, 2 gain^2 / fan_in)``: a symmetric sum ``z`` has ``E relu(z)^2 = E z^2 / 2``, and
    the 2 restores it.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.

    Examples
    --------
    >>> import numpy as np
    >>> W = he((3, 200), rng=0)
    >>> np.allclose(W, gaussian((3, 200), std=0.1, rng=0), rtol=1e-15)
    True
    """
    lengths = _arrays.shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    return _normal(lengths, gain * math.sqrt(2.0 / lengths[-1]), rng)


def orthogonal(
    shape: Sequence[int], *, gain: float = 1.0, rng: np.random.Generator | int | None = None
) -> npt.NDArray[np.float64]:
    """Draw a rotation or reflection, no direction preferred.

    A rectangular matrix is a block of one: its rows are orthonormal if ``fan_out <= fan_in``, and
    otherwise its columns are.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result.
    gain : float
        Factor on the matrix, at least 0; all singular values equal it.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, ``gain`` not a finite number of at
        least 0, or ``rng`` not a source of randomness.

    Notes
    -----
    The first column is the direction of a Gaussian vector, which prefers none. The others are such
    a matrix again, one row and one column smaller, turned by the reflection that sends the first
    unit vector to that column, up to the sign. So the matrix is ``gain`` times a product of
    reflections and of a diagonal of signs, transposed if it is wide, and has the law of ``Q`` in
    the QR decomposition of a Gaussian matrix whose ``R`` has a positive diagonal: the Haar law.
    Nothing has to be decomposed, which is half of the work.

    References
    ----------
    Stewart, "The efficient generation of random orthogonal matrices with an application to
    condition estimators", *SIAM Journal on Numerical Analysis* 17 (1980) 403-409, theorem 3.3;
    Mezzadri, "How to generate random matrices from the classical compact groups", *Notices of the
    AMS* 54 (2007) 592-604. As initial weights: Saxe, McClelland and Ganguli, "Exact solutions to
    the nonlinear dynamics of learning in deep linear neural networks", ICLR 2014.

    Examples
    --------
    >>> import numpy as np
    >>> Q = orthogonal((2, 5), rng=0)
    >>> np.allclose(Q @ Q.T, np.eye(2))
    True
    """
    lengths = _arrays.shape("shape", shape)
    return _haar(lengths, _arrays.number("gain", gain, least=0.0), rng)


def identity(shape: Sequence[int], *, gain: float = 1.0) -> npt.NDArray[np.float64]:
    """Put ones on the main diagonal and zeros elsewhere.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result, square or not.
    gain : float
        The entry on the diagonal, at least 0.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, or ``gain`` not a finite number of
        at least 0.

    Notes
    -----
    ``W_ji = gain`` if ``i = j`` and 0 otherwise: unit j passes input j on. No two of the first
    ``fan_in`` units are the same; all further ones are zero, and so the same.

    References
    ----------
    Bartlett, Helmbold and Long, "Gradient descent with identity initialization efficiently learns
    positive definite linear transformations by deep residual networks", ICML 2018. Rectangular:
    Zhao, Schäfer and Anandkumar, "ZerO initialization", TMLR 2022.

    Examples
    --------
    >>> identity((2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    lengths = _arrays.shape("shape", shape)
    gain = _arrays.number("gain", gain, least=0.0)
    weight = np.zeros(lengths)
    diagonal = np.arange(min(lengths[-2:]))
    weight[..., diagonal, diagonal] = gain
    return weight


def looks_linear(
    shape: Sequence[int],
    *,
    mirror: str | Iterable[str] = ("out", "in"),
    gain: float = 1.0,
    rng: np.random.Generator | int | None = None,
) -> npt.NDArray[np.float64]:
    """Draw mirrored blocks with which a ReLU network computes a linear map.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (replicas, fan_out, fan_in)
        Shape of the result; a mirrored side must be even.
    mirror : "out", "in", or both
        Which sides consist of two halves of opposite sign: both for a hidden layer, "out" for the
        first layer, whose inputs are not mirrored, and "in" for the last.
    gain : float
        Factor on the matrix, at least 0.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape (fan_out, fan_in) or (replicas, fan_out, fan_in)
        The weights.

    Raises
    ------
    TypeError, ValueError
        If ``shape`` is not two or more positive whole numbers, even on each mirrored side,
        ``mirror`` not one or both of its options, ``gain`` not a finite number of at least 0, or
        ``rng`` not a source of randomness.

    Notes
    -----
    With a (semi-)orthogonal ``Q`` as drawn by `orthogonal`, ``[[Q, -Q], [-Q, Q]]`` for both sides,
    ``[Q; -Q]`` for "out" and ``[Q, -Q]`` for "in". Because ``relu(z) - relu(-z) = z``, a layer
    that reads the mirrored pair ``relu([z; -z])`` computes ``Q z``, and a ReLU network without
    biases of a first layer "out", hidden layers "both" and a last layer "in" computes exactly the
    linear map ``gain^depth * Q_depth ... Q_2 Q_1 x``. Nothing is lost: of each pair one unit is on.

    References
    ----------
    Balduzzi, Frean, Leary, Lewis, Ma and McWilliams, "The shattered gradients problem: if resnets
    are the answer, then what is the question?", ICML 2017, the "looks linear" initialization.

    Examples
    --------
    >>> import numpy as np
    >>> first, last = looks_linear((6, 3), mirror="out", rng=0), looks_linear((3, 6), mirror="in")
    >>> np.array_equal(first[:3], -first[3:]), np.array_equal(last[:, :3], -last[:, 3:])
    (True, True)
    """
    lengths = _arrays.shape("shape", shape)
    sides = _sides(mirror)
    halves = list(lengths)
    for side, axis in (("out", -2), ("in", -1)):
        if side in sides:
            if lengths[axis] % 2:
                raise ValueError(f"shape must have an even fan_{side} to mirror it, got {lengths}")
            halves[axis] //= 2
    weight = _haar(tuple(halves), _arrays.number("gain", gain, least=0.0), rng)
    if "in" in sides:
        weight = np.concatenate([weight, -weight], axis=-1)
    if "out" in sides:
        weight = np.concatenate([weight, -weight], axis=-2)
    return weight


def _normal(lengths: tuple[int, ...], std: float, rng: object) -> npt.NDArray[np.float64]:
    weight = _arrays.generator(rng).standard_normal(lengths)
    weight *= std
    return weight


def _flat(lengths: tuple[int, ...], bound: float, rng: object) -> npt.NDArray[np.float64]:
    weight = _arrays.generator(rng).uniform(-1.0, 1.0, lengths)
    weight *= bound
    return weight


def _haar(lengths: tuple[int, ...], gain: float, rng: object) -> npt.NDArray[np.float64]:
    *replicas, fan_out, fan_in = lengths
    rows, columns, rng = max(fan_out, fan_in), min(fan_out, fan_in), _arrays.generator(rng)
    weight = np.zeros((*replicas, rows, columns))
    for start in reversed(range(0, columns, BLOCK)):
        own = np.arange(min(BLOCK, columns - start))
        vectors = np.tril(rng.standard_normal((*replicas, rows - start, len(own))))
        first = vectors[..., own, own]
        signs = np.copysign(1.0, first)
        vectors[..., own, own] = first + signs * np.linalg.norm(vectors, axis=-2)
        weight[..., start + own, start + own] = -signs
        reflect(vectors, weight[..., start:, start:])
    weight *= gain
    return np.ascontiguousarray(weight if fan_out > fan_in else weight.mT)


def _sides(mirror: str | Iterable[str]) -> set[str]:
    try:
        given = [mirror] if isinstance(mirror, str) else list(mirror)
    except TypeError:
        given = []
    if not given:
        raise ValueError(f"mirror must be 'out', 'in' or both, got {mirror!r}")
    return {_arrays.choice("mirror", side, ("out", "in")) for side in given}
