"""Tangent kernels: of a network as it stands, of infinitely wide ones, and training by them.

A small step of gradient descent on half the sum of squares moves the outputs ``f`` of a network by
``f -> f - rate K (f - y)``, where the *tangent kernel* ``K`` is the Gram matrix of the gradients of
the outputs. `empirical_tangent_kernel` is that of a given network. `wide_kernels` are the limits
for random layers, in the parametrization of the Notes there: as the widths go to infinity, at a
fixed depth and for fixed inputs, ``K`` ceases to depend on the draw, and to change over a fixed
time of training. `linearized_residuals` follow the descent with the kernel held fixed.

One *rate* has one meaning here and in `symlib.gram`: the step size of gradient descent on half the
sum of squares. It is the rate of `symlib.training.descend` with ``kind="half_squares"``.

The limits depend on the lengths and the angles of inputs. They are worked out in blocks, which are
shared among the processor's cores; the results have the same bits for any number of cores.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._angles import line_haversines, row_lengths, true_indices, unit_rows
from symlib._arrays import Array, choice, flag, number, real_array, whole
from symlib._backprop import backward, trace, unit_signals
from symlib._cores import thread_map, worker_count
from symlib._layers import (
    Layer,
    Network,
    admit_inputs,
    admit_network,
    broadcast_replicas,
    layer_rates,
    replica_axis,
)

__all__ = ["Kernels", "empirical_tangent_kernel", "linearized_residuals", "wide_kernels"]

# The side of the blocks in which a large kernel is worked out, so that they stay in the cache.
_EDGE: Final = 128


class Kernels(NamedTuple):
    """Both kernels of infinitely wide networks.

    Attributes
    ----------
    network : array of shape (samples, samples)
        The covariance of the outputs at the start.
    tangent : array of shape (samples, samples)
        The tangent kernel.
    """

    network: Array
    tangent: Array


class _Options(NamedTuple):
    """Infinitely wide layers: how many are hidden, and the variances of their parameters."""

    depth: int
    weight_variance: float
    bias_variance: float


class _ReluSide(NamedTuple):
    """What a ReLU kernel needs to know of each input, in double precision.

    ``length`` is that of the vector whose inner products are Σ after the last layer, and
    ``latitude`` the angle by which the bias lifts this vector in each layer.
    """

    unit: Array
    length: Array
    latitude: Array


class _Lift(NamedTuple):
    """What a bias does to pairs of inputs, of the latitudes α and β.

    A bias is a further coordinate of both vectors, which lifts them to latitudes on a sphere. The
    haversine formula has their angle there: sin²(θ'/2) = cos α cos β sin²(θ/2) + sin²((α - β)/2).

    Attributes
    ----------
    cosines
        cos α cos β.
    left_sine, right_sine
        sin(α/2) cos(β/2) and cos(α/2) sin(β/2): less the other it is sin((α - β)/2), and the sum of
        both is sin((α + β)/2).
    """

    cosines: Array
    left_sine: Array
    right_sine: Array


class _ErfSide(NamedTuple):
    """What an erf kernel needs to know of each input, in double precision.

    ``length`` is that of x / √features, and ``variance`` is Σ(x, x) in each layer.
    """

    unit: Array
    length: Array
    variance: Array


class _ErfLayer(NamedTuple):
    """What one erf layer makes of each input, whose variance Σ(x, x) is σ.

    The mean product of erf units at two inputs is 2/π times the arc asin s, with s the cosine of
    two vectors at the angle of Σ, each of which has also a coordinate that the other has not: it
    lifts them to latitudes with the cosine √(2σ / (1 + 2σ)).

    Attributes
    ----------
    variance, length
        σ and √σ.
    cosine, rest
        The cosine of the latitude, and 1 less this cosine.
    scale
        1 / √(1 + 2σ).
    arc, root
        asin s of an input with itself, and √(1 + 4σ).
    """

    variance: Array
    length: Array
    cosine: Array
    rest: Array
    scale: Array
    arc: Array
    root: Array


def empirical_tangent_kernel(
    network: Network,
    x: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    *,
    rate: float | Layer | Sequence[float | Layer] = 1.0,
    average: bool = True,
) -> Array:
    """Return the tangent kernel of a network as it stands.

    Parameters
    ----------
    network : Network
        The layers and the activation.
    x : array of shape ([replicas], samples, features)
        The inputs.
    x2 : array of shape ([replicas], samples, features), optional
        Other inputs, by default the same.
    rate : float, or list with one entry for each layer
        What the share of each parameter is multiplied by: its step size. An entry is a number or
        a ``Layer(weight=..., bias=...)`` of numbers, as in `symlib.training.descend`; the rate 0
        leaves out parameters that are not trained.
    average : bool
        Whether to return the mean over the outputs, or the kernel of each pair of outputs.

    Returns
    -------
    array of shape ([replicas], samples, samples)
        Rows belong to ``x``, columns to ``x2``. With ``average=False`` the shape is ([replicas],
        samples, outputs, samples, outputs).

    Raises
    ------
    FloatingPointError
        When an entry is not finite, as it may be for huge inputs, weights or rates.

    Notes
    -----
    With θ all weights and biases, the entry for inputs x, x' and outputs k, k' is
    Σ_p rate_p (∂f_k(x)/∂θ_p) (∂f_k'(x')/∂θ_p). The gradient in a weight is the product of what
    enters the layer, h, and of the derivative δ in its sums, so layer l adds

        rate_W (δ·δ') (h·h') + rate_b (δ·δ'),

    and no gradient is ever written out. A layer without a bias has only the first of these. A step
    of descent on half the sum of squares moves the outputs, to first order in the rates, by
    -K (f - y); with ``average=False`` K is, read as a matrix of side samples · outputs, the one
    that acts on all of them together.

    Examples
    --------
    A linear model of two inputs and a bias has the kernel x·x' + 1:

    >>> import numpy as np
    >>> linear = Network([Layer(np.zeros((1, 2)), np.zeros(1))], "identity")
    >>> empirical_tangent_kernel(linear, [[1.0, 2.0], [3.0, 0.0]]).tolist()
    [[6.0, 4.0], [4.0, 10.0]]
    """
    admitted = admit_network(network)
    inputs = admit_inputs("x", x, admitted)
    others = inputs
    if x2 is not None:
        others = admit_inputs("x2", x2, admitted)
        broadcast_replicas("x2", others, 2, replica_axis(admitted, inputs))
    rates = layer_rates(rate, admitted)
    average = flag("average", average)
    replicas = replica_axis(admitted, inputs, others)
    with np.errstate(all="ignore"):  # what overflows is told in one sentence
        first = trace(admitted, _with_replicas(inputs, replicas))
        first_signals = dict(backward(admitted, first.slopes, unit_signals(first)))
        second = first
        second_signals = first_signals
        if x2 is not None:
            second = trace(admitted, _with_replicas(others, replicas))
            second_signals = dict(backward(admitted, second.slopes, unit_signals(second)))
        outputs, samples = first.outputs.shape[-2:]
        shape = (*replicas, samples, outputs, others.shape[-1], outputs)
        if average:
            shape = (*replicas, samples, others.shape[-1])
        result = np.zeros(shape, dtype=first.outputs.dtype)
        for k, layer in enumerate(admitted.layers):
            products = rates[k].weight * (first.entering[k].mT @ second.entering[k])
            if layer.bias is not None:
                products += rates[k].bias
            left = _signal_rows(first_signals[k], average)
            right = _signal_rows(second_signals[k], average)
            signal_products = left @ right.mT
            if average:
                result += products * (signal_products / outputs)
            else:
                result += products[..., :, None, :, None] * signal_products.reshape(shape)
    if not np.isfinite(result).all():
        raise FloatingPointError(
            f"the tangent kernel is not finite in {result.dtype}; "
            f"take smaller inputs, weights or rates"
        )
    return result


def linearized_residuals(
    kernel: npt.ArrayLike, residual: npt.ArrayLike, *, rate: float, steps: int
) -> Array:
    """Return the errors under gradient descent with the kernel held fixed, step by step.

    These are the training errors of the linearized network, the first-order Taylor expansion of
    the network in its parameters at the start.

    Parameters
    ----------
    kernel : array of shape ([replicas], samples, samples)
        The tangent kernel. It must be symmetric but for rounding: entries that mirror each other
        may differ by √ε of the largest entry of their matrix, ε being the spacing of floating-point
        numbers at 1, and those below the diagonal are used.
    residual : array of shape ([replicas], samples)
        The errors f - y at the start.
    rate : float
        The step size η of gradient descent on half the sum of squares: the rate of
        `symlib.training.descend` with ``kind="half_squares"``. It is 1 where the kernel has the
        rates already.
    steps : int
        How many steps.

    Returns
    -------
    array of shape (steps, [replicas], samples)
        Entry k holds the errors after k steps. Half the sum of their squares is what ``losses[k]``
        of such a descent approximates.

    Raises
    ------
    FloatingPointError
        When the errors stop being finite, as they may for a rate above 2 / the largest eigenvalue.

    Notes
    -----
    r(k) = (1 - η K)ᵏ r(0), taken in the eigenvectors of K: each direction learns at a speed of its
    own.

    References
    ----------
    Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington, "Wide neural networks of any
    depth evolve as linear models under gradient descent", NeurIPS 2019, section 2.2.

    Examples
    --------
    >>> linearized_residuals([[1.0, 0.0], [0.0, 0.5]], [1.0, 1.0], rate=1.0, steps=3).tolist()
    [[1.0, 1.0], [0.0, 0.5], [0.0, 0.25]]
    """
    matrix = _symmetric("kernel", kernel)
    start = real_array("residual", residual, (matrix.shape[-1],), leading="replicas")
    broadcast_replicas("residual", start, 1, matrix.shape[:-2])
    eta = number("rate", rate, above=0)
    count = whole("steps", steps)
    values, vectors = np.linalg.eigh(matrix)
    shares = (vectors.mT @ start[..., None])[..., 0]
    k = np.arange(count, dtype=matrix.dtype).reshape(-1, *(1 for _ in shares.shape))
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told in one sentence
        growth = (1 - eta * values) ** k
        # A mode without a share stays without one, where the growth is infinite too.
        modes = np.where(shares == 0, 0, growth * shares)
        result = (vectors @ modes[..., None])[..., 0]
    finite = np.isfinite(result).reshape(count, -1).all(axis=1)
    if not finite.all():
        step = int(np.argmin(finite))
        raise FloatingPointError(
            f"the linearized error at step {step} is not finite, with rate {eta:g}; "
            f"take a smaller rate"
        )
    return np.asarray(result)


def wide_kernels(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    *,
    depth: int,
    activation: str,
    weight_variance: float,
    bias_variance: float = 0.0,
) -> Kernels:
    """Return the covariance of the outputs and the tangent kernel of infinitely wide networks.

    Parameters
    ----------
    x1 : array of shape (samples, features)
        The inputs.
    x2 : array of shape (samples, features), optional
        Other inputs, by default the same.
    depth : int
        The number of hidden layers; with 0 the network is linear.
    activation : {"relu", "erf"}
        The activation of the hidden layers.
    weight_variance : float
        The variance of a weight times its fan-in, in all layers after the first. With 2, ReLU
        layers without biases keep lengths.
    bias_variance : float
        The variance of the biases, in all layers.

    Returns
    -------
    Kernels
        Each an array of shape (samples, samples), whose rows belong to ``x1`` and columns to
        ``x2``; float32 inputs give float32. With ``x2=None`` both are symmetric to the bit.
        ``network`` is also known as the NNGP kernel. ``tangent`` grows without a bound with the
        depth of chaotic networks, and is infinite beyond the largest number of its precision.

    Notes
    -----
    With v and b the variances of weights and biases, and the means over the Gaussian pair (z, z')
    of covariance Σ_{h-1},

        Σ₀ = x·x' / features + b,   Σ_h = v E φ(z) φ(z') + b,   Θ₀ = Σ₀,
        Θ_h = v E φ'(z) φ'(z') Θ_{h-1} + Σ_h.

    Σ of the last layer is ``network``, Θ is ``tangent``. Θ belongs to the network
    f = √(v / m) W h + √b β in each layer (the first with 1 / features for v / m), the entries of
    all W and β standard normal, and all of them trained. For a network without these factors, whose
    weights have the variance v / m (in the first layer 1 / features) and whose biases have b, it is
    the limit of `empirical_tangent_kernel` with these variances as rates, as all hidden widths m go
    to infinity. In neural-tangents it is
    ``Dense(m, W_std=1, b_std=√b)`` for the first and ``Dense(m, W_std=√v, b_std=√b)`` for every
    other layer, with ``Relu()`` or ``Erf()`` between.

    For relu, with θ the angle that belongs to Σ, the means are (sin θ + (π - θ) cos θ) / 2π times
    the lengths (Cho and Saul 2009), and (π - θ) / 2π. For erf they are (2/π) arcsin and its
    derivative (Williams 1996). Both recursions keep the haversine sin²(θ/2) of inputs that are
    near each other, or near the opposite of each other. Small angles are not lost in it, and equal
    inputs have 0 in every layer: their entry, as each on the diagonal, is that of the recursion
    σ ← v (2/π) arcsin(2σ / (1 + 2σ)) + b of one number for erf, and σ ← v σ / 2 + b for relu.

    Otherwise the angle of two inputs is known up to rounding, by about ε. In the chaotic phase, of
    erf with large v, each layer magnifies small angles along with their errors, until the angles
    are of order 1. This is how a deep kernel depends on its inputs, and no way of computing it can
    help: the covariance of two inputs at the angle θ may then be wrong by ε / θ of the variance.

    A kernel is positive semidefinite up to rounding, relative to its largest eigenvalue. Kernels
    of many inputs in few dimensions have much smaller ones, so solve in float64. The covariance of
    400 numbers from -1 to 1 at equal distances, after two layers of relu with v = 2 and b = 0.1,
    has eigenvalues from 3.4e-10 to 190; with float32 inputs the least comes out as -1.2e-6.

    References
    ----------
    Williams, "Computing with infinite networks", NIPS 1996.

    Cho and Saul, "Kernel methods for deep learning", NIPS 2009, section 2.

    Lee, Bahri, Novak, Schoenholz, Pennington and Sohl-Dickstein, "Deep neural networks as Gaussian
    processes", ICLR 2018.

    Jacot, Gabriel and Hongler, "Neural tangent kernel", NeurIPS 2018, theorem 1.

    Arora, Du, Hu, Li, Salakhutdinov and Wang, "On exact computation with an infinitely wide neural
    net", NeurIPS 2019, section 3.

    Examples
    --------
    With ReLU and variance 2, lengths stay and angles shrink; each layer adds its covariance to the
    diagonal of the tangent kernel:

    >>> points = [[1.0, 0.0], [0.0, 1.0]]
    >>> kernels = wide_kernels(points, depth=1, activation="relu", weight_variance=2.0)
    >>> kernels.network.round(3).tolist()
    [[0.5, 0.159], [0.159, 0.5]]
    >>> kernels.tangent.diagonal().round(3).tolist()
    [1.0, 1.0]
    """
    first = real_array("x1", x1, ("samples", "features"))
    second = first
    if x2 is not None:
        second = real_array("x2", x2, ("samples", first.shape[1]))
    dtype = np.result_type(first, second)
    options = _Options(
        whole("depth", depth, least=0),
        number("weight_variance", weight_variance, above=0),
        number("bias_variance", bias_variance, least=0),
    )
    side, block = _RECURSIONS[choice("activation", activation, _RECURSIONS)]
    left_side = side(first.astype(np.float64, copy=False), options)
    right_side = left_side
    if x2 is not None:
        right_side = side(second.astype(np.float64, copy=False), options)
    # BLAS has threads of its own, so that it is done before ours begin. Each block finds its
    # cosines where it leaves its part of the covariance.
    unit = left_side.unit.astype(dtype, copy=False)
    other = unit if x2 is None else right_side.unit.astype(dtype, copy=False)
    network = unit @ other.T
    tangent = np.empty_like(network)

    def fill(corner: tuple[int, int]) -> None:
        i, j = corner
        row_block = slice(i, i + _EDGE)
        column_block = slice(j, j + _EDGE)
        left = _inputs_of(left_side, row_block)
        right = _inputs_of(right_side, column_block)
        with np.errstate(all="ignore"):  # what overflows is told below, in one sentence
            part = block(left, right, network[row_block, column_block], options)
        network[row_block, column_block] = part.network
        tangent[row_block, column_block] = part.tangent
        if x2 is None:
            network[column_block, row_block] = part.network.T
            tangent[column_block, row_block] = part.tangent.T

    starts = itertools.product(range(0, len(first), _EDGE), range(0, len(second), _EDGE))
    corners = [(i, j) for i, j in starts if x2 is not None or i <= j]
    with thread_map(min(len(corners), worker_count())) as on_cores:
        for _ in on_cores(fill, corners):
            pass  # here an error of a block is raised
    if not np.isfinite(network).all():
        raise _overflow(first, second, options, dtype)
    return Kernels(network, tangent)


def _overflow(
    first: Array, second: Array, options: _Options, dtype: np.dtype[np.floating[Any]]
) -> ValueError:
    """Return the error of a covariance that is no number: of the inputs, or of the layers."""
    wanted = f"must leave covariances that are numbers in {dtype}"
    longest = row_lengths(first.astype(np.float64)).max()
    other = row_lengths(second.astype(np.float64)).max()
    with np.errstate(over="ignore"):
        product = longest * other / first.shape[1]
        square = max(longest, other) ** 2
    if product <= np.finfo(dtype).max and np.isfinite(square):
        return ValueError(
            f"depth, weight_variance and bias_variance {wanted}, got {options.depth}, "
            f"{options.weight_variance:g} and {options.bias_variance:g}"
        )
    name = "x1"
    largest = np.abs(first).max()
    if other > longest:
        name = "x2"
        largest = np.abs(second).max()
    return ValueError(f"{name} {wanted}, got an entry of size {largest:g}")


def _inputs_of(side: Any, which: Any) -> Any:
    """Return what a record of arrays has of some of its inputs."""
    return side._make(array[which] for array in side)


def _with_replicas(columns: Array, replicas: tuple[int, ...]) -> Array:
    """Return the columns with the whole replica axis."""
    return np.broadcast_to(columns, (*replicas, *columns.shape[-2:]))


def _signal_rows(signal: Array, average: bool) -> Array:
    """Return signals of shape (outputs, [replicas], units, samples) as rows to be multiplied.

    A row belongs to a sample, and has the signals of all outputs; or it belongs to a sample and an
    output.
    """
    outputs, *replicas, units, samples = signal.shape
    if average:
        columns = np.moveaxis(signal, 0, -3)  # ([replicas], outputs, units, samples)
        return columns.reshape(*replicas, outputs * units, samples).mT
    rows = np.moveaxis(signal, (0, -1), (-2, -3))  # ([replicas], samples, outputs, units)
    return rows.reshape(*replicas, samples * outputs, units)


def _symmetric(name: str, value: npt.ArrayLike) -> Array:
    """Return a symmetric matrix, or a stack of them."""
    matrix = real_array(name, value, ("samples", "samples"), leading="replicas")
    if matrix.shape[-2] != matrix.shape[-1]:
        raise ValueError(
            f"{name} must be an array of shape ([replicas], samples, samples), "
            f"got shape {matrix.shape}"
        )
    accepted = np.sqrt(np.finfo(matrix.dtype).eps) * np.abs(matrix).max(axis=(-2, -1))
    with np.errstate(over="ignore"):
        apart = np.abs(matrix - matrix.mT).max(axis=(-2, -1))
    beyond = apart > accepted
    if beyond.any():
        raise ValueError(
            f"{name} must be symmetric, got entries that differ by {apart[beyond].max():g}"
        )
    return matrix


def _relu_side(x: Array, options: _Options) -> _ReluSide:
    """Follow the length of each input through the layers."""
    height = math.sqrt(options.bias_variance)
    gain = math.sqrt(options.weight_variance / 2)
    flat = row_lengths(x) / math.sqrt(x.shape[1])
    latitudes = np.empty((len(x), options.depth + 1))
    with np.errstate(all="ignore"):  # what overflows is told by the caller
        for layer in range(options.depth + 1):
            latitudes[:, layer] = np.arctan2(height, flat)
            length = np.hypot(height, flat)
            flat = gain * length
    return _ReluSide(unit_rows(x), length, latitudes)


def _relu_block(left: _ReluSide, right: _ReluSide, cosine: Array, options: _Options) -> Kernels:
    """Return one block of the kernels of a ReLU network, from the cosines of its inputs.

    ``haversine`` is sin²(θ/2) of the angle θ that belongs to Σ, or where it is obtuse, as it can be
    before the first hidden layer, of π - θ. ``correlation`` is Σ over the lengths, and ``tangent``
    is Θ over the lengths.
    """
    dtype = cosine.dtype
    haversine = line_haversines(cosine, left.unit, right.unit)
    sign = np.copysign(1, cosine)  # -1 where the angle is obtuse
    if options.bias_variance:
        haversine, sign = _lifted_lines(haversine, sign, _lift(left, right, 0, dtype))
    correlation = sign * (1 - 2 * haversine)
    tangent = correlation.copy()
    for layer in range(1, options.depth + 1):
        increment, turn = _after_relu(haversine)
        # v E φ'(z) φ'(z') is v/2 (1 - θ/π), and the lengths have the v/2.
        slope = 1 - turn
        if layer == 1:
            # With π - θ for θ the slope is θ/π, and the increment is that of 1/2. On fresh signs
            # a mask is slow.
            obtuse = (1 - sign) / 2  # 1 or 0
            slope = (1 - obtuse) - sign * turn
            haversine *= 1 - obtuse
            haversine += obtuse / 2
        haversine += increment
        tangent *= slope
        if options.bias_variance:
            lift = _lift(left, right, layer, dtype)
            haversine *= lift.cosines
            difference = lift.left_sine - lift.right_sine
            haversine += difference * difference
            tangent *= lift.cosines
        np.multiply(haversine, -2, out=correlation)
        correlation += 1
        tangent += correlation
    size = _outer(np.multiply, left.length, right.length, dtype)
    correlation *= size
    tangent *= size
    return Kernels(correlation, tangent)


def _after_relu(haversine: Array) -> tuple[Array, Array]:
    """Return what a ReLU layer adds to sin²(θ/2), and θ/π.

    With cos θ' = cos θ + (sin θ - θ cos θ) / π the next sin²(θ'/2) is
    sin²(θ/2) + cos θ θ/2π - sin θ / 2π. Here each step writes into an array there is already.
    """
    root = np.sqrt(haversine)
    sine = np.subtract(1, haversine)
    np.sqrt(sine, out=sine)
    sine *= root
    sine *= 1 / np.pi  # sin θ / 2π
    turn = np.arcsin(root, out=root)
    turn *= 2 / np.pi
    increment = np.subtract(0.5, haversine)
    increment *= turn
    increment -= sine
    return increment, turn


def _lift(
    left: _ReluSide, right: _ReluSide, layer: int, dtype: np.dtype[np.floating[Any]]
) -> _Lift:
    """Return what the haversine formula needs of the latitudes of two sides."""
    up = left.latitude[:, layer]
    down = right.latitude[:, layer]
    return _Lift(
        cosines=_outer(np.multiply, np.cos(up), np.cos(down), dtype),
        left_sine=_outer(np.multiply, np.sin(up / 2), np.cos(down / 2), dtype),
        right_sine=_outer(np.multiply, np.cos(up / 2), np.sin(down / 2), dtype),
    )


def _lifted_lines(haversine: Array, sign: Array, lift: _Lift) -> tuple[Array, Array]:
    """Return the haversine and the sign of lines that a bias has lifted.

    It makes some obtuse angles acute. The haversine is then that of u and v themselves, and else
    of u and -v, and each is a sum of positive terms.
    """
    obtuse = (1 - sign) / 2  # 1 or 0
    signed = sign * haversine
    difference = lift.left_sine - lift.right_sine
    total = lift.left_sine + lift.right_sine
    own = (obtuse + signed) * lift.cosines + difference * difference
    opposite = (1 - obtuse - signed) * lift.cosines + total * total
    return np.minimum(own, opposite), np.copysign(1, opposite - own)


def _erf_side(x: Array, options: _Options) -> _ErfSide:
    """Follow the variance of each input through the layers."""
    gain = options.weight_variance * (2 / np.pi)
    length = row_lengths(x) / math.sqrt(x.shape[1])
    variances = np.empty((len(x), options.depth + 1))
    with np.errstate(all="ignore"):
        variance: Array = length * length + options.bias_variance
        for layer in range(options.depth + 1):
            variances[:, layer] = variance
            variance = gain * _erf_layer(variance).arc + options.bias_variance
    # A covariance with such an input could come out as 0: as its length, it cannot be missed.
    length[np.isinf(variances).any(axis=1)] = np.inf
    return _ErfSide(unit_rows(x), length, variances)


def _erf_block(left: _ErfSide, right: _ErfSide, cosine: Array, options: _Options) -> Kernels:
    """Return one block of the kernels of an erf network, from the cosines of its inputs.

    ``gap`` is the squared distance, in the geometry of Σ, of x and x', or of x and -x' where Σ is
    negative: what Σ itself does not tell of inputs that are near each other.
    """
    bias = options.bias_variance
    gain = options.weight_variance * (2 / np.pi)
    dtype = cosine.dtype
    haversine = line_haversines(cosine, left.unit, right.unit)
    size = _outer(np.multiply, left.length, right.length, dtype)
    network = np.copysign(size * (1 - 2 * haversine), cosine)
    gap = _outer(np.subtract, left.length, right.length, dtype) ** 2
    gap += 4 * size * haversine
    tangent = np.zeros_like(network)
    for layer in range(options.depth + 1):
        if layer:
            one = _erf_layer(left.variance[:, layer - 1])
            other = _erf_layer(right.variance[:, layer - 1])
            network, gap, slope = _erf_means(network, gap, one, other)
            network *= gain
            gap *= gain
            tangent *= gain * slope
        if bias:
            # It leaves the distance of x and x' as it is, but not that of x and -x'.
            gap += 4 * np.clip(-network, 0, bias)
            network += bias
        tangent += network
    return Kernels(network, tangent)


def _erf_means(
    network: Array, gap: Array, one: _ErfLayer, other: _ErfLayer
) -> tuple[Array, Array, Array]:
    """Return what an erf layer makes of Σ, of the squared distances, and its means of slopes.

    Each is over the gain v 2/π, and the bias is left out.
    """
    dtype = network.dtype
    scale = 2 * _outer(np.multiply, one.scale, other.scale, dtype)
    size = _outer(np.multiply, one.length, other.length, dtype)
    sine = scale * network
    arc = np.arcsin(sine)
    root = np.sqrt((1 - sine) * (1 + sine))
    next_gap = _outer(np.add, one.arc, other.arc, dtype)
    next_gap -= 2 * np.abs(arc)
    # As for the cosines above .99 of `line_haversines`: 2 (1 - .99) is .02.
    near = true_indices(gap < 0.02 * size)
    if len(near[0]):
        a = _inputs_of(one, near[0])
        b = _inputs_of(other, near[1])
        there = sine[near]
        size_of_arc, next_gap[near], root[near] = _erf_neighbors(np.abs(there), gap[near], a, b)
        arc[near] = np.copysign(size_of_arc, there)
    return arc, next_gap, scale / root


def _erf_neighbors(
    sine: Array, gap: Array, a: _ErfLayer, b: _ErfLayer
) -> tuple[Array, Array, Array]:
    """Return asin s, the next squared distance, and √(1 - s²), for pairs of inputs that are near.

    Here a small number is nowhere the difference of two large ones, but where it is their lengths
    that differ little.
    """
    apart = a.length - b.length
    chord = np.maximum(gap - apart * apart, 0)
    haversine = chord / (4 * a.length * b.length)
    # 1 - s is 1 - cos α cos α' + 2 cos α cos α' sin²(θ/2), with the cosines of the latitudes.
    reach = a.cosine * b.cosine
    rest = a.rest + b.rest - a.rest * b.rest + 2 * reach * haversine
    root = np.sqrt(rest * (1 + sine))
    arc = np.arctan2(sine, root)
    # The next distance is 2 (m - y), with y = asin s and m the mean of the two arcs of an input
    # with itself. sin(m - y) = (sin² m - sin² y) / sin(m + y), whose numerator is a sum of two
    # squares: `fall` is this sine.
    mean = (a.arc + b.arc) / 2
    turn = np.sin(mean + arc)
    lengths = 2 * (a.variance - b.variance) * a.scale * b.scale / (a.root + b.root)
    fall = lengths * (lengths / turn)
    fall += reach * (reach / turn) * (4 * haversine * (1 - haversine))
    return arc, 2 * np.arcsin(np.minimum(fall, 1)), root


def _erf_layer(variance: Array) -> _ErfLayer:
    """Return what one erf layer makes of the variance of each input."""
    square = 1 + 2 * variance
    root = np.sqrt(1 + 4 * variance)
    cosine = np.sqrt(2 * variance / square)
    return _ErfLayer(
        variance=variance,
        length=np.sqrt(variance),
        cosine=cosine,
        rest=1 / (square * (1 + cosine)),
        scale=1 / np.sqrt(square),
        arc=np.arctan2(2 * variance, root),
        root=root,
    )


def _outer(
    operation: np.ufunc, left: Array, right: Array, dtype: np.dtype[np.floating[Any]]
) -> Array:
    """Return an operation on each pair of numbers of two sides, in the precision of the block."""
    result: Array = operation.outer(left, right)  # in double precision, for differences
    return result.astype(dtype, copy=False)


# How each activation prepares its inputs, and how it works out a block.
_RECURSIONS: Final[dict[str, tuple[Callable[..., Any], Callable[..., Kernels]]]] = {
    "relu": (_relu_side, _relu_block),
    "erf": (_erf_side, _erf_block),
}
