"""Ways to fill a matrix.

A layer computes ``phi(W x + b)``, and each function here fills one ``W``. Its ``shape`` is
``(fan_out, fan_in)``, and row j is unit j, or it is that of the kernel of a convolution,
``(out, in, taps, ...)`` with an axis of taps for each axis of space, as PyTorch has it:
``(out, in, height, width)`` for images. A unit of a kernel adds up ``fan_in = in * taps`` terms,
and an input goes into ``fan_out = out * taps`` sums. Three axes could be a stack of matrices or a
kernel, and need a word. ``replicas=100`` draws a hundred weights along an axis in front, which the
shape does not have, and ``kernel=True`` says that the three axes are those of a kernel.

Keras and Flax keep the axes the other way round, ``(fan_in, fan_out)`` and
``(height, width, in, out)``. An array does not tell which way it is meant, and here it is not
guessed: ``np.moveaxis(W, (0, 1), (-1, -2))`` is what they want of the ``W`` drawn here, and
``np.moveaxis(theirs, (-1, -2), (0, 1))`` is the way back.

Two ways use no dice, and are the two ends of the argument about symmetry: `constant` makes all
units copies of one another, and `identity` makes no two the same (as long as there are no more
units than inputs). The random ways differ in scale. For inputs of mean square ``q``, a unit's sum
``w . x`` has mean square ``fan_in Var(w) q``, and to keep it at ``q`` is `lecun`; to compromise
with the same demand on the gradients, which sum over ``fan_out``, is `glorot`; to make up for the
half of the mean square that ReLU cuts off is `he`, and `activation_gain` is the factor for other
activations. `orthogonal` keeps lengths exactly and not only on average, and `looks_linear` does so
through the ReLUs of a deep network. What PyTorch, Keras and Flax do if they are told nothing is
`pytorch_default`, `keras_default` and `flax_default`.

The arrays are ``float64``, and chance enters only through ``rng``. Arguments that are not as
described raise TypeError or ValueError, in one sentence that names the argument.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._arrays import Rng
from symlib._expectations import MOMENTS

__all__ = [
    "Start",
    "activation_gain",
    "constant",
    "flax_default",
    "gaussian",
    "glorot",
    "he",
    "identity",
    "keras_default",
    "lecun",
    "looks_linear",
    "orthogonal",
    "pytorch_default",
    "truncated_gaussian",
    "uniform",
]

_Real = npt.NDArray[np.float64]

_CUT: Final = 2.0  # where Keras and Flax cut a Gaussian, in standard deviations
_FARTHEST: Final = 10.0  # no number that is drawn from 2^53 parts of the law lies beyond
_LEAST_CUT: Final = 1e-8  # from here on down the density is constant to the last digit


class Start(NamedTuple):
    """What a framework puts into one layer.

    Attributes
    ----------
    weight : array of shape ([replicas], *shape)
        The weights.
    bias : array of shape ([replicas], fan_out)
        The biases, one for each unit.
    """

    weight: _Real
    bias: _Real


def constant(
    shape: Sequence[int],
    value: float = 0.5,
    *,
    replicas: int | None = None,
    kernel: bool = False,
) -> _Real:
    """Fill a weight with one number.

    All units of the layer are copies of one another, and the matrix has rank one.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    value : float
        The entry, everywhere.
    replicas : int or None
        How many weights to return, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

    Notes
    -----
    ``W = value * 1 1^T``: every unit sees only the sum of its inputs, so ``fan_in - 1`` directions
    of input are lost, and if what follows treats the units alike, too, every unit receives the same
    gradient.

    References
    ----------
    Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, section 8.4.

    Examples
    --------
    >>> constant((2, 3))
    array([[0.5, 0.5, 0.5],
           [0.5, 0.5, 0.5]])
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    return np.full(stack + lengths, _arrays.number("value", value))


def gaussian(
    shape: Sequence[int],
    *,
    std: float = 1.0,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw independent Gaussian entries.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    std : float
        Standard deviation of an entry, at least 0.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

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
    >>> gaussian((2, 3), replicas=100, rng=0).shape
    (100, 2, 3)
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    std = _arrays.number("std", std, least=0.0)
    return _draw_gaussian(stack + lengths, std, rng)


def uniform(
    shape: Sequence[int],
    *,
    bound: float = 1.0,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw independent entries, uniform between ``-bound`` and ``bound``.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    bound : float
        Half the width of the interval, at least 0.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

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
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    bound = _arrays.number("bound", bound, least=0.0)
    return _draw_uniform(stack + lengths, bound, rng)


def truncated_gaussian(
    shape: Sequence[int],
    *,
    std: float = 1.0,
    cut: float = _CUT,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw independent Gaussian entries without the tails.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    std : float
        Standard deviation of an entry of the result, at least 0: what the cut takes away is made
        up for.
    cut : float
        Where the tails begin, above 0, in standard deviations of the Gaussian that is cut.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights, at most ``cut * std / s`` in size with the ``s`` of the notes.

    Notes
    -----
    A standard Gaussian number between ``-cut`` and ``cut`` has the standard deviation ``s``, with
    ``s^2 = P(chi2_3 < cut^2) / P(chi2_1 < cut^2)``, the chances of chi-square numbers with three
    degrees of freedom and with one: to weight the density of the first kind with its argument gives
    that of the second. For ``cut=2`` it is 0.87962566, and whoever takes 0.1 for the standard
    deviation of the Gaussian before the cut gets weights of 0.088. Numbers are drawn by the inverse
    of the distribution function, so that none has to be drawn again.

    Examples
    --------
    >>> W = truncated_gaussian((500, 500), std=0.1, rng=0)
    >>> round(W.std().item(), 3), round(abs(W).max().item(), 4), round(0.2 / 0.87962566, 4)
    (0.1, 0.2274, 0.2274)
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    std = _arrays.number("std", std, least=0.0)
    cut = _arrays.number("cut", cut, above=0.0)
    cut = min(cut, _FARTHEST)
    if std * cut > 1e300:
        raise ValueError(f"std must leave weights that are numbers, got {std:g} with cut {cut:g}")
    return _draw_truncated(stack + lengths, std, cut, rng)


def lecun(
    shape: Sequence[int],
    *,
    gain: float = 1.0,
    distribution: str = "gaussian",
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw entries, Gaussian by default, that keep the mean square of a linear layer.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    gain : float
        Factor on every entry, at least 0; `activation_gain` has one for each activation.
    distribution : "gaussian", "uniform" or "truncated"
        The law of an entry, which has the same variance in each case; "truncated" is
        `truncated_gaussian` with its cut at 2.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

    Notes
    -----
    ``Var(W_ji) = gain^2 / fan_in``: the ``fan_in`` terms of a unit's sum then add up to ``gain^2``
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
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    gain = _arrays.number("gain", gain, least=0.0)
    _, fan_in = _fans(lengths)
    return _draw(distribution, stack + lengths, gain / math.sqrt(fan_in), rng)


def glorot(
    shape: Sequence[int],
    *,
    gain: float = 1.0,
    distribution: str = "uniform",
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw entries, uniform by default, that compromise between values and gradients.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    gain : float
        Factor on every entry, at least 0.
    distribution : "gaussian", "uniform" or "truncated"
        The law of an entry, which has the same variance in each case; "truncated" is
        `truncated_gaussian` with its cut at 2.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

    Notes
    -----
    ``Var(W_ji) = 2 gain^2 / (fan_in + fan_out)``; a uniform entry has the bound
    ``gain * sqrt(6 / (fan_in + fan_out))``. Forward the mean square asks for ``1 / fan_in``,
    backward for ``1 / fan_out``; this is the harmonic mean of the two.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> W = glorot((2, 4), rng=0)
    >>> np.allclose(W, uniform((2, 4), bound=1.0, rng=0), rtol=1e-15)
    True
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    gain = _arrays.number("gain", gain, least=0.0)
    fan_out, fan_in = _fans(lengths)
    return _draw(distribution, stack + lengths, gain * math.sqrt(2.0 / (fan_in + fan_out)), rng)


def he(
    shape: Sequence[int],
    *,
    gain: float = 1.0,
    distribution: str = "gaussian",
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw entries, Gaussian by default, that keep the mean square of a ReLU layer.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    gain : float
        Factor on every entry, at least 0; the 2 of ReLU is not part of it.
    distribution : "gaussian", "uniform" or "truncated"
        The law of an entry, which has the same variance in each case; "truncated" is
        `truncated_gaussian` with its cut at 2.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

    Notes
    -----
    ``Var(W_ji) = 2 gain^2 / fan_in``: a symmetric sum ``z`` has ``E relu(z)^2 = E z^2 / 2``, and
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

    In a kernel of 8 inputs and 5 times 5 taps, a unit adds up 200 terms, too.

    >>> np.array_equal(he((3, 8, 5, 5), rng=0).reshape(3, 200), W)
    True
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    gain = _arrays.number("gain", gain, least=0.0)
    _, fan_in = _fans(lengths)
    return _draw(distribution, stack + lengths, gain * math.sqrt(2.0 / fan_in), rng)


def activation_gain(activation: str) -> float:
    """Return the gain with which `lecun` keeps the size of Gaussian sums through an activation.

    Parameters
    ----------
    activation : str
        The name of an activation of `symlib.network`.

    Returns
    -------
    float
        ``1 / sqrt(E phi(z)^2)`` for a standard Gaussian ``z``: 1 for the identity, the square root
        of 2 for ReLU, 1.5925 for tanh.

    Notes
    -----
    If the sums ``z`` of a layer are Gaussian with mean square 1, those of the next layer,
    ``W phi(z)`` with ``W = lecun(shape, gain=activation_gain(...))``, have mean square 1 on
    average. If the activation is linear on each side of 0, sums of any other size keep theirs, too;
    for the others, 1 is the size that the gain is made for. This is not ``calculate_gain`` of
    PyTorch, which agrees for ReLU, but has 5/3 for tanh.

    What is kept is the size, not the distances: two inputs may still become one with depth.
    `symlib.propagation.critical_weight_variance` is where they begin to part.

    Examples
    --------
    >>> round(activation_gain("tanh") ** 2, 6)
    2.536175
    """
    name = _arrays.choice("activation", activation, MOMENTS)
    mean_square = MOMENTS[name].square(np.ones(1))
    return 1.0 / math.sqrt(mean_square.item())


def orthogonal(
    shape: Sequence[int],
    *,
    gain: float = 1.0,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> _Real:
    """Draw a rotation or reflection, no direction preferred.

    A rectangular matrix is a block of one: its rows are orthonormal if ``fan_out <= fan_in``, and
    otherwise its columns are. A kernel is taken for the matrix ``(out, in * taps)``.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    gain : float
        Factor on the matrix, at least 0; all singular values equal it.
    replicas : int or None
        How many weights to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

    Notes
    -----
    ``Q`` of the QR decomposition of a Gaussian matrix, transposed if it is wide, in the one version
    whose ``R`` has a positive diagonal: a turn of the Gaussian matrix then turns ``Q``, and as it
    does not change the law of the one, it does not change that of the other, which therefore is
    the Haar law. LAPACK chooses other signs.

    As a convolution, a kernel with orthonormal rows need not keep lengths: an input goes into as
    many sums as there are taps.

    References
    ----------
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
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    gain = _arrays.number("gain", gain, least=0.0)
    units, *others = lengths
    matrix = _draw_orthogonal(stack, units, math.prod(others), rng)
    return gain * matrix.reshape(stack + lengths)


def identity(
    shape: Sequence[int],
    *,
    gain: float = 1.0,
    replicas: int | None = None,
    kernel: bool = False,
) -> _Real:
    """Put ones on the main diagonal and zeros elsewhere.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight, square or not.
    gain : float
        The entry on the diagonal, at least 0.
    replicas : int or None
        How many weights to return, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.

    Returns
    -------
    array of shape ([replicas], *shape)
        The weights.

    Notes
    -----
    ``W_ji = gain`` if ``i = j`` and 0 otherwise: unit j passes input j on. No two of the first
    ``fan_in`` units are the same; all further ones are zero, and so the same. A kernel has its
    ``gain`` at the tap in the middle, number ``taps // 2`` of an axis, as ``dirac_`` of PyTorch:
    with half of the taps as padding, it passes a channel on, too.

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
    >>> identity((1, 2, 3), kernel=True)
    array([[[0., 1., 0.],
            [0., 0., 0.]]])
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    gain = _arrays.number("gain", gain, least=0.0)
    units, inputs, *taps = lengths
    middle_tap: tuple[Any, ...] = (..., *[length // 2 for length in taps])
    weight = np.zeros(stack + lengths)
    weight[middle_tap] = gain * np.eye(units, inputs)
    return weight


def looks_linear(
    shape: Sequence[int],
    *,
    mirror: str | Iterable[str] = ("out", "in"),
    gain: float = 1.0,
    replicas: int | None = None,
    rng: Rng = None,
) -> _Real:
    """Draw mirrored blocks with which a ReLU network computes a linear map.

    Parameters
    ----------
    shape : (fan_out, fan_in)
        Shape of one matrix; a mirrored side must be even.
    mirror : "out", "in", or both
        Which sides consist of two halves of opposite sign: both for a hidden layer, "out" for the
        first layer, whose inputs are not mirrored, and "in" for the last.
    gain : float
        Factor on the matrix, at least 0.
    replicas : int or None
        How many matrices to draw, along an axis in front; None is one without that axis.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    array of shape ([replicas], fan_out, fan_in)
        The weights.

    Notes
    -----
    With a (semi-)orthogonal ``Q`` as drawn by `orthogonal`, ``[[Q, -Q], [-Q, Q]]`` for both sides,
    ``[Q; -Q]`` for "out" and ``[Q, -Q]`` for "in". Because ``relu(z) - relu(-z) = z``, a layer
    that reads the mirrored pair ``relu([z; -z])`` computes ``Q z``, and a ReLU network without
    biases of a first layer "out", hidden layers "both" and a last layer "in" computes exactly the
    linear map ``gain^depth * Q_depth ... Q_2 Q_1 x``. Of each pair with ``z`` not 0 one unit is on.

    References
    ----------
    Balduzzi, Frean, Leary, Lewis, Ma and McWilliams, "The shattered gradients problem: if resnets
    are the answer, then what is the question?", ICML 2017, the "looks linear" initialization.

    Examples
    --------
    >>> import numpy as np
    >>> first = looks_linear((6, 3), mirror="out", rng=0)
    >>> np.array_equal(first[:3], -first[3:])
    True
    >>> last = looks_linear((3, 6), mirror="in", rng=1)
    >>> np.array_equal(last[:, :3], -last[:, 3:])
    True
    """
    matrix = _arrays.matrix_shape("shape", shape)
    stack, _ = _arrays.weight_shape("shape", matrix, replicas=replicas, kernel=False)
    sides = _mirrored_sides(mirror)
    gain = _arrays.number("gain", gain, least=0.0)
    block = dict(zip(("out", "in"), matrix, strict=True))
    for side in sides:
        if block[side] % 2:
            raise ValueError(f"shape must have an even fan_{side} to mirror it, got {matrix}")
        block[side] //= 2
    weight = gain * _draw_orthogonal(stack, block["out"], block["in"], rng)
    if "in" in sides:
        weight = np.concatenate([weight, -weight], axis=-1)
    if "out" in sides:
        weight = np.concatenate([weight, -weight], axis=-2)
    return weight


def pytorch_default(
    shape: Sequence[int],
    *,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> Start:
    """Draw what ``torch.nn.Linear`` and ``torch.nn.Conv2d`` start with.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight.
    replicas : int or None
        How many layers to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    Start
        The weights and the biases.

    Notes
    -----
    Both are uniform between ``-1 / sqrt(fan_in)`` and ``1 / sqrt(fan_in)``. For the weights it is
    written ``kaiming_uniform_(weight, a=sqrt(5))``, and the 5 makes it the variance
    ``1 / (3 fan_in)``, a sixth of that of `he`: apart from what the biases add, the sums of a deep
    ReLU network fade by the square root of 6 a layer. (The kernel of ``ConvTranspose2d`` has its
    first two axes the other way around, and its bias has one entry for each output.)

    Examples
    --------
    >>> start = pytorch_default((8, 100), rng=0)
    >>> bool(abs(start.weight).max() <= 0.1), start.bias.shape
    (True, (8,))
    """
    stack, lengths = _arrays.weight_shape("shape", shape, replicas=replicas, kernel=kernel)
    generator = _arrays.generator(rng)
    _, fan_in = _fans(lengths)
    bound = 1.0 / math.sqrt(fan_in)
    weight = _draw_uniform(stack + lengths, bound, generator)
    bias = _draw_uniform(stack + lengths[:1], bound, generator)
    return Start(weight, bias)


def keras_default(
    shape: Sequence[int],
    *,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> Start:
    """Draw what dense layers and convolutions of Keras start with, with the units first.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight; Keras itself has ``(fan_in, fan_out)`` and ``(taps, ..., in, out)``.
    replicas : int or None
        How many layers to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    Start
        The weights of `glorot`, which are uniform, and biases 0.

    Examples
    --------
    >>> start = keras_default((2, 4), rng=0)
    >>> bool(abs(start.weight).max() <= 1), start.bias
    (True, array([0., 0.]))
    """
    weight = glorot(shape, replicas=replicas, kernel=kernel, rng=rng)
    return _without_bias(weight, replicas)


def flax_default(
    shape: Sequence[int],
    *,
    replicas: int | None = None,
    kernel: bool = False,
    rng: Rng = None,
) -> Start:
    """Draw what dense layers and convolutions of Flax start with, with the units first.

    Parameters
    ----------
    shape : (fan_out, fan_in) or (out, in, taps, ...)
        Shape of one weight; Flax itself has ``(fan_in, fan_out)`` and ``(taps, ..., in, out)``.
    replicas : int or None
        How many layers to draw, along an axis in front; None is one without that axis.
    kernel : bool
        Whether three axes are the kernel of a one-dimensional convolution.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from, through ``numpy.random.default_rng``.

    Returns
    -------
    Start
        The weights of `lecun` from a truncated Gaussian law, and biases 0.

    Examples
    --------
    >>> start = flax_default((2, 100), rng=0)
    >>> bool(abs(start.weight).max() <= 0.2274), start.bias
    (True, array([0., 0.]))
    """
    weight = lecun(shape, distribution="truncated", replicas=replicas, kernel=kernel, rng=rng)
    return _without_bias(weight, replicas)


def _fans(lengths: tuple[int, ...]) -> tuple[int, int]:
    """Return the fan_out and the fan_in of one weight."""
    units, inputs, *taps = lengths
    window = math.prod(taps)
    return units * window, inputs * window


def _draw(distribution: str, lengths: tuple[int, ...], std: float, rng: Rng) -> _Real:
    """Return independent entries of mean 0 and the given standard deviation."""
    law = _arrays.choice("distribution", distribution, ("gaussian", "uniform", "truncated"))
    if law == "uniform":
        return _draw_uniform(lengths, math.sqrt(3.0) * std, rng)
    if law == "truncated":
        return _draw_truncated(lengths, std, _CUT, rng)
    return _draw_gaussian(lengths, std, rng)


def _draw_gaussian(lengths: tuple[int, ...], std: float, rng: Rng) -> _Real:
    """Return independent Gaussian entries of mean 0."""
    weight = _arrays.generator(rng).standard_normal(lengths)
    weight *= std
    return weight


def _draw_uniform(lengths: tuple[int, ...], bound: float, rng: Rng) -> _Real:
    """Return independent entries between -bound and bound."""
    # scaled afterwards, as the width 2 * bound of the interval may overflow
    weight = _arrays.generator(rng).uniform(-1.0, 1.0, lengths)
    weight *= bound
    return weight


def _draw_truncated(lengths: tuple[int, ...], std: float, cut: float, rng: Rng) -> _Real:
    """Return independent Gaussian entries without tails, of the given standard deviation."""
    from scipy.special import erf, erfinv, gammainc  # here, as the import takes its time

    cut = max(cut, _LEAST_CUT)
    # chances of chi-square numbers, which do not cancel for small cuts as Gaussian ones do
    variance = gammainc(1.5, cut**2 / 2) / gammainc(0.5, cut**2 / 2)
    # the middles of 2^53 equal parts of the interval from -1 to 1, and so never its ends
    share = 2.0 * _arrays.generator(rng).random(lengths) - (1.0 - 2.0**-53)
    weight = math.sqrt(2.0) * erfinv(erf(cut / math.sqrt(2.0)) * share)
    weight = np.clip(weight, -cut, cut)  # for the rounding of the last digit
    return np.asarray(weight * (std / math.sqrt(variance)))


def _draw_orthogonal(stack: tuple[int, ...], fan_out: int, fan_in: int, rng: Rng) -> _Real:
    """Return matrices with orthonormal rows or columns, of the Haar law."""
    longer = max(fan_out, fan_in)
    shorter = min(fan_out, fan_in)
    gaussian_matrix = _arrays.generator(rng).standard_normal((*stack, longer, shorter))
    q, r = np.linalg.qr(gaussian_matrix)
    # without this the signs would depend on the matrix, in a way of LAPACK's own
    signs = np.copysign(1.0, np.diagonal(r, axis1=-2, axis2=-1))
    q *= signs[..., np.newaxis, :]
    return q if fan_out > fan_in else np.ascontiguousarray(q.mT)


def _mirrored_sides(mirror: str | Iterable[str]) -> list[str]:
    """Return the sides to mirror, each once, "out" before "in"."""
    try:
        given = [mirror] if isinstance(mirror, str) else list(mirror)
    except TypeError:
        given = []
    if not given:
        raise ValueError(f"mirror must be 'out', 'in' or both, got {mirror!r}")
    known = [_arrays.choice("mirror", side, ("out", "in")) for side in given]
    return [side for side in ("out", "in") if side in known]


def _without_bias(weight: _Real, replicas: int | None) -> Start:
    """Return a weight together with biases 0."""
    axes = 1 if replicas is None else 2
    return Start(weight, np.zeros(weight.shape[:axes]))
