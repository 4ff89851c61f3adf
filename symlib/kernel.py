"""The Gram matrices that convergence proofs look at.

A small step of gradient descent on the squared error moves the answers ``f`` of a network by
``f -> f - rate K (f - y)``, where the *tangent kernel* ``K`` is the Gram matrix of the gradients
of the answers: entry (n, k) is the inner product of the gradients at inputs n and k. While ``K``
hardly changes, its eigenvalues are the speeds of learning, and if the least of them is positive,
the error goes to zero. The convergence proofs for very wide networks show just this.

For two layers with a fixed second one, as in Du et al., the kernel at the start is `gram` and its
limit for many random units `limit_gram`; `convergence_bound` and `required_width` are what the
theorem promises and what it asks for. For any depth, `tangent_kernel` is the limit for infinitely
wide layers, and `empirical_tangent_kernel` the kernel of a given network. `linearized_residuals`
and `linearized_curve` follow the descent with the kernel held fixed.

The limits for ReLU depend on the lengths of two inputs and on their angle, through the
`arc_cosine` kernels. Their eigenvalues for almost parallel inputs depend on the angle itself,
which the cosine does not hold: at 1e-8 the cosine is 1 in double precision. Where inputs are
almost parallel or antiparallel the angle is therefore taken from the distance of their unit
vectors.

Sources: Williams, "Computing with infinite networks", NIPS 1996; Cho and Saul, "Kernel methods for
deep learning", NIPS 2009; Jacot, Gabriel and Hongler, "Neural tangent kernel", NeurIPS 2018; Du,
Zhai, Póczos and Singh, "Gradient descent provably optimizes over-parameterized neural networks",
ICLR 2019; Arora, Du, Hu, Li, Salakhutdinov and Wang, "On exact computation with an infinitely wide
neural net", NeurIPS 2019.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._activations import ACTIVATIONS
from symlib._arrays import Array, choice, flag, number, real_array, whole
from symlib.network import Layer, _admit, _joined, _replicas, _trace

__all__ = [
    "Kernels",
    "arc_cosine",
    "convergence_bound",
    "empirical_tangent_kernel",
    "gram",
    "limit_gram",
    "linearized_curve",
    "linearized_residuals",
    "network_kernel",
    "required_width",
    "tangent_kernel",
    "wide_kernels",
]

# The side of the blocks in which a large kernel is worked out, so that they stay in the cache.
_EDGE: Final = 128

# What the kernel of a deep network needs to know of its inputs, with the samples in front.
_Side = Sequence[Array]


class Kernels(NamedTuple):
    """Both kernels of infinitely wide networks.

    Attributes
    ----------
    network : array of shape (samples, samples)
        The covariance of the answers at the start.
    tangent : array of shape (samples, samples)
        The tangent kernel.
    """

    network: Array
    tangent: Array


class _Wide(NamedTuple):
    """Infinitely wide layers: how many are hidden, and the variances of their parameters."""

    depth: int
    weight_variance: float
    bias_variance: float


def arc_cosine(x1: npt.ArrayLike, x2: npt.ArrayLike | None = None, *, order: int) -> Array:
    """Return the arc-cosine kernel of two sets of inputs.

    It is what two inputs have in common after one infinitely wide layer of random units, which
    are steps for order 0, ReLUs for order 1 and squared ReLUs for order 2.

    Parameters
    ----------
    x1 : array of shape (samples, features)
        The inputs.
    x2 : array of shape (samples, features), optional
        Other inputs, by default the same.
    order : {0, 1, 2}
        The power of the units.

    Returns
    -------
    array of shape (samples, samples)
        Rows belong to ``x1``, columns to ``x2``.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    For w with independent standard normal entries, and θ the angle of the inputs,

        k_n(x, y) = 2 E (w·x)₊ⁿ (w·y)₊ⁿ = ‖x‖ⁿ ‖y‖ⁿ J_n(θ) / π,
        J₀ = π - θ,   J₁ = sin θ + (π - θ) cos θ,   J₂ = 3 sin θ cos θ + (π - θ)(1 + 2 cos² θ).

    An input 0 has no angle; its kernel is 0, and for order 0, where the length does not count,
    that of a right angle.

    References
    ----------
    Cho and Saul, "Kernel methods for deep learning", NIPS 2009, section 2.

    Examples
    --------
    Of all units, those active at both of two orthogonal inputs are a quarter:

    >>> float(arc_cosine([[1.0, 0.0]], [[0.0, 1.0]], order=0)[0, 0]) / 2
    0.25
    """
    first, second = _pair(x1, x2)
    order = whole("order", order, least=0, most=2)
    (u, long), (v, wide) = _polar(first), _polar(second)
    angle = _angles(u, v)
    rest, sine, cosine = np.pi - angle, np.sin(angle), np.cos(angle)
    if order == 0:
        return np.asarray(rest / np.pi)
    size = np.outer(long, wide)
    if order == 1:
        return np.asarray(size * (sine + rest * cosine) / np.pi)
    return np.asarray(size * size * (3 * sine * cosine + rest * (1 + 2 * cosine**2)) / np.pi)


def limit_gram(x: npt.ArrayLike) -> Array:
    """Return the Gram matrix of a two-layer ReLU network with infinitely many random units.

    It is the limit of `gram` for Gaussian weights. Its least eigenvalue is what the proof of Du et
    al. rests on: it is positive when no two inputs are parallel or antiparallel, and 0 when two
    coincide.

    Parameters
    ----------
    x : array of shape (samples, features)
        The inputs, of any length. The theorem asks for length 1.

    Returns
    -------
    array of shape (samples, samples)
        A symmetric matrix without negative eigenvalues; its diagonal is ‖x‖² / 2.

    Raises
    ------
    TypeError, ValueError
        When ``x`` is not of real, finite numbers in two axes.

    Notes
    -----
    With w a standard normal vector and θ the angle of x_i and x_j,

        H_ij = x_i·x_j P(w·x_i > 0 and w·x_j > 0) = x_i·x_j (π - θ) / (2π).

    Two unit inputs at a small angle have the least eigenvalue 1/2 - cos θ (π - θ) / (2π), which is
    about θ / (2π). The part of H that is odd in each input is x_i·x_j / 4, of rank at most
    features. More antiparallel pairs than features therefore give the eigenvalue 0, once for
    each pair too many.

    References
    ----------
    Du, Zhai, Póczos and Singh, "Gradient descent provably optimizes over-parameterized neural
    networks", ICLR 2019, theorem 3.1.

    Examples
    --------
    >>> limit_gram([[1.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    rows = real_array("x", x, ("samples", "features"))
    unit, _ = _polar(rows)
    return np.asarray((rows @ rows.T) * ((np.pi - _angles(unit, unit)) / (2 * np.pi)))


def gram(weight: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Return the Gram matrix of a two-layer ReLU network of finite width.

    It is the tangent kernel of f(x) = m^(-1/2) Σ_r a_r relu(w_r·x) when only the w_r are trained
    and each a_r is 1 or -1.

    Parameters
    ----------
    weight : array of shape ([replicas], units, features)
        Weight of the first layer; row r is unit r.
    x : array of shape (samples, features)
        The inputs.

    Returns
    -------
    array of shape ([replicas], samples, samples)
        A symmetric matrix without negative eigenvalues for each replica.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    H_ij = x_i·x_j (1/m) Σ_r 1[w_r·x_i >= 0 and w_r·x_j >= 0], as in the paper. A product that is
    exactly 0 counts as active here, and as not active in `symlib.network`; Gaussian weights have
    none. The counts are exact; units are taken a block at a time.

    References
    ----------
    Du, Zhai, Póczos and Singh, "Gradient descent provably optimizes over-parameterized neural
    networks", ICLR 2019, section 3.

    Examples
    --------
    One of two units is active at each input, and no unit at both:

    >>> gram([[1.0, -1.0], [-1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    w = real_array("weight", weight, ("units", "features"), leading="replicas")
    rows = real_array("x", x, ("samples", w.shape[-1]))
    units, samples = w.shape[-2], len(rows)
    counts = np.zeros((*w.shape[:-2], samples, samples))
    step = max(1, 2**20 // samples)
    for replica in np.ndindex(counts.shape[:-2]):
        for start in range(0, units, step):
            active = (w[replica][start : start + step] @ rows.T >= 0).astype(np.float32)
            counts[replica] += active.T @ active
    counts *= rows @ rows.T / units
    return counts.astype(np.result_type(w, rows), copy=False)


def convergence_bound(
    initial: npt.ArrayLike, *, least_eigenvalue: float, rate: float, steps: int
) -> Array:
    """Return the bound of Du et al. on the training error, step by step.

    Parameters
    ----------
    initial : float, or array of shape (replicas,)
        The squared error ‖f - y‖² at the start, summed over the samples.
    least_eigenvalue : float
        The least eigenvalue λ₀ of `limit_gram`.
    rate : float
        The step size η on half the sum of squares.
    steps : int
        How many steps.

    Returns
    -------
    array of shape (steps, [replicas])
        Entry k bounds ‖f - y‖² after k steps.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or ``rate`` is not below 2 / ``least_eigenvalue``.

    Notes
    -----
    ‖y - f(k)‖² <= (1 - η λ₀ / 2)ᵏ ‖y - f(0)‖², with probability 1 - δ over the start, for η of the
    order λ₀ / n² and at least `required_width` units. For the relation of η to the step size of
    `symlib.training.descend` see `linearized_residuals`.

    References
    ----------
    Du, Zhai, Póczos and Singh, "Gradient descent provably optimizes over-parameterized neural
    networks", ICLR 2019, theorem 4.1.

    Examples
    --------
    >>> convergence_bound(8.0, least_eigenvalue=0.5, rate=2.0, steps=4).tolist()
    [8.0, 4.0, 2.0, 1.0]
    """
    start = real_array("initial", initial, (), leading="replicas")
    if (start < 0).any():
        raise ValueError(f"initial must be at least 0, got {start.min():g}")
    least = number("least_eigenvalue", least_eigenvalue, above=0)
    eta = number("rate", rate, above=0, below=2 / least)
    k = np.arange(whole("steps", steps))
    return np.asarray(np.multiply.outer((1 - eta * least / 2) ** k, start))


def required_width(samples: int, *, least_eigenvalue: float, failure: float = 1.0) -> float:
    """Return the order of the width that the theorem of Du et al. asks for.

    Parameters
    ----------
    samples : int
        The number n of samples.
    least_eigenvalue : float
        The least eigenvalue λ₀ of `limit_gram`.
    failure : float
        The probability δ with which the bound may fail. With 1, the default, it is left out.

    Returns
    -------
    float
        n⁶ / (λ₀⁴ δ³). The theorem has a constant in front, which it does not name.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described.

    References
    ----------
    Du, Zhai, Póczos and Singh, "Gradient descent provably optimizes over-parameterized neural
    networks", ICLR 2019, theorem 4.1.

    Examples
    --------
    >>> required_width(100, least_eigenvalue=0.5)
    16000000000000.0
    """
    n = whole("samples", samples)
    least = number("least_eigenvalue", least_eigenvalue, above=0)
    delta = number("failure", failure, above=0)
    if delta > 1:
        raise ValueError(f"failure must be a probability of at most 1, got {delta:g}")
    try:
        return n**6 / (least**4 * delta**3)
    except ArithmeticError:
        raise ValueError(
            f"least_eigenvalue must leave a width that is a number, got {least:g} "
            f"with failure {delta:g}"
        ) from None


def network_kernel(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    *,
    depth: int,
    activation: str = "relu",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
) -> Array:
    """Return the covariance of the answers of infinitely wide random networks.

    Parameters
    ----------
    x1, x2, depth, activation, weight_variance, bias_variance
        As for `tangent_kernel`.

    Returns
    -------
    array of shape (samples, samples)
        Rows belong to ``x1``, columns to ``x2``. It is also known as the NNGP kernel.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    This is Σ of the last layer in the recursion of `tangent_kernel`, and the tangent kernel of a
    network of which only the last layer is trained.

    References
    ----------
    Lee, Bahri, Novak, Schoenholz, Pennington and Sohl-Dickstein, "Deep neural networks as Gaussian
    processes", ICLR 2018.

    Examples
    --------
    Lengths stay, and angles shrink:

    >>> network_kernel([[1.0, 0.0], [0.0, 1.0]], depth=1).round(3).tolist()
    [[0.5, 0.159], [0.159, 0.5]]
    """
    wide = _Wide(depth, weight_variance, bias_variance)
    (network,) = _deep(x1, x2, activation, wide, ["network"])
    return network


def tangent_kernel(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    *,
    depth: int,
    activation: str = "relu",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
) -> Array:
    """Return the tangent kernel of infinitely wide random networks.

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
        layers keep lengths.
    bias_variance : float
        The variance of the biases, in all layers.

    Returns
    -------
    array of shape (samples, samples)
        Rows belong to ``x1``, columns to ``x2``; float32 inputs give float32. With ``x2=None`` it
        is symmetric to the bit.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    With v and b the variances of weights and biases, and the means over the Gaussian pair (z, z')
    of covariance Σ_{h-1},

        Σ₀ = x·x' / features + b,   Σ_h = v E φ(z) φ(z') + b,   Θ₀ = Σ₀,
        Θ_h = v E φ'(z) φ'(z') Θ_{h-1} + Σ_h.

    Θ belongs to the network f = √(v / m) W h + √b β in each layer (the first with 1 / features
    for v / m), the entries of all W and β standard normal, and all of them trained. For weights
    of variance v / m themselves it is `empirical_tangent_kernel` with the rates v / m and b.
    In neural-tangents it is ``Dense(m, W_std=1, b_std=√b)`` for the first and
    ``Dense(m, W_std=√v, b_std=√b)`` for every other layer, with ``Relu()`` or ``Erf()`` between.

    For relu, with θ the angle that belongs to Σ, v E φ φ' is v/2 of `arc_cosine` of order 1, and
    v E φ'φ' is v/2 (1 - θ/π). The recursion runs in sin²(θ/2), which keeps small angles. A bias
    adds a coordinate √b to both vectors, which lifts them to the latitudes α and α' of a sphere:
    the haversine formula gives sin²((α - α')/2) + cos α cos α' sin²(θ/2) for the new angle. For
    erf the means are (2/π) arcsin and its derivative (Williams 1996). Small angles are right to
    the rounding unit ε; at π - θ, of inputs that are almost opposite, an angle has the error
    ε / (π - θ), and opposite inputs are exactly so.

    References
    ----------
    Jacot, Gabriel and Hongler, "Neural tangent kernel", NeurIPS 2018, theorem 1.

    Arora, Du, Hu, Li, Salakhutdinov and Wang, "On exact computation with an infinitely wide neural
    net", NeurIPS 2019, section 3.

    Examples
    --------
    For one hidden layer and a single input, both layers have the same share:

    >>> tangent_kernel([[1.0, 1.0]], depth=1).tolist()
    [[2.0]]
    """
    wide = _Wide(depth, weight_variance, bias_variance)
    (tangent,) = _deep(x1, x2, activation, wide, ["tangent"])
    return tangent


def wide_kernels(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    *,
    depth: int,
    activation: str = "relu",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
) -> Kernels:
    """Return both kernels of infinitely wide random networks, in the time of one.

    Parameters
    ----------
    x1, x2, depth, activation, weight_variance, bias_variance
        As for `tangent_kernel`.

    Returns
    -------
    Kernels
        What `network_kernel` and `tangent_kernel` return, each an array of shape
        (samples, samples).

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    Σ and Θ in the recursion of `tangent_kernel`, which passes through Σ on its way to Θ. Together
    they give the mean and the covariance of the answers of a wide network after training.

    References
    ----------
    Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington, "Wide neural networks of any
    depth evolve as linear models under gradient descent", NeurIPS 2019, corollary 1.

    Examples
    --------
    >>> kernels = wide_kernels([[1.0, 1.0]], depth=1)
    >>> kernels.network.tolist(), kernels.tangent.tolist()
    ([[1.0]], [[2.0]])
    """
    wide = _Wide(depth, weight_variance, bias_variance)
    return Kernels(*_deep(x1, x2, activation, wide, Kernels._fields))


def empirical_tangent_kernel(
    layers: Sequence[Layer],
    x: npt.ArrayLike,
    x2: npt.ArrayLike | None = None,
    *,
    activation: str = "relu",
    rate: float | Sequence[float | Layer] = 1.0,
    average: bool = True,
) -> Array:
    """Return the tangent kernel of a network as it stands.

    Parameters
    ----------
    layers : list of Layer
        The network, from the inputs to the outputs.
    x : array of shape ([replicas], samples, features)
        The inputs.
    x2 : array of shape ([replicas], samples, features), optional
        Other inputs, by default the same.
    activation : {"relu", "tanh", "erf", "selu", "identity"}
        The activation of the hidden layers.
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
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.

    Notes
    -----
    With θ all weights and biases, the entry for inputs x, x' and outputs k, k' is
    Σ_p rate_p (∂f_k(x)/∂θ_p) (∂f_k'(x')/∂θ_p). The gradient in a weight is the product of what
    enters the layer, h, and of the derivative δ in its sums, so layer l adds

        rate_W (δ·δ') (h·h') + rate_b (δ·δ'),

    and no gradient is ever written out. The derivative of relu at 0 is taken as 0. A small step of
    descent on half the sum of squares moves the answers by -K (f - y); with ``average=False`` K
    is, read as a matrix of side samples · outputs, the one that acts on all of them together.

    Examples
    --------
    A linear model of two inputs and a bias has the kernel x·x' + 1:

    >>> import numpy as np
    >>> layers = [Layer(np.zeros((1, 2)), np.zeros(1))]
    >>> empirical_tangent_kernel(layers, [[1.0, 2.0], [3.0, 0.0]]).tolist()
    [[6.0, 4.0], [4.0, 10.0]]
    """
    network, columns = _admit(layers, x)
    phi = ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
    rates, average = _rates(rate, len(network)), flag("average", average)
    traces = [_trace(network, columns, phi, False)]
    if x2 is not None:
        rows = real_array("x2", x2, ("samples", columns.shape[-2]), leading="replicas")
        _joined("x2", rows, 2, _replicas(network, columns))
        traces.append(_trace(network, rows.astype(columns.dtype, copy=False).mT, phi, False))
    (*_, first), (*_, second) = traces[0], traces[-1]  # the answers, as columns
    outputs = first.shape[-2]
    shape = [first.shape[-1], outputs, second.shape[-1], outputs][:: 2 if average else 1]
    replicas = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    result = np.zeros((*replicas, *shape), dtype=columns.dtype)
    errors = [np.eye(outputs, dtype=columns.dtype)[..., np.newaxis]] * len(traces)
    for k in range(len(network) - 1, -1, -1):
        if any(rates[k]):
            values = [entering[k] for entering, _, _ in traces]
            inner = rates[k][0] * (values[0].mT @ values[-1]) + rates[k][1]
            if not average:
                inner = inner[..., :, np.newaxis, :, np.newaxis]
            result += inner * _inner(errors[0], errors[-1], average)
        if k:
            back = network[k].weight.mT[..., np.newaxis, :, :]
            errors = [
                (back @ error) * slopes[k - 1][..., np.newaxis, :, :]
                for error, (_, slopes, _) in zip(errors, traces, strict=True)
            ]
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
        The tangent kernel, symmetric.
    residual : array of shape ([replicas], samples)
        The errors f - y at the start.
    rate : float
        The step size η on *half the sum* of squares.
    steps : int
        How many steps.

    Returns
    -------
    array of shape (steps, [replicas], samples)
        Entry k holds the errors after k steps, those that ``losses[k]`` of a run is about.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.
    FloatingPointError
        When the errors stop being finite, as they may for a rate above 2 / the largest eigenvalue.

    Notes
    -----
    r(k) = (1 - η K)ᵏ r(0), taken in the eigenvectors of K. The squared loss of `symlib.network`
    is the *mean* of squares over samples and outputs without 1/2, so its gradient is
    2 / (samples · outputs) times that of half the sum. A run of `symlib.training.descend` at the
    rate ρ is a descent here at η = 2 ρ / (samples · outputs), and its loss is ‖r‖² / (samples ·
    outputs).

    References
    ----------
    Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington, "Wide neural networks of any
    depth evolve as linear models under gradient descent", NeurIPS 2019, section 2.2.

    Examples
    --------
    >>> linearized_residuals([[1.0, 0.0], [0.0, 0.5]], [1.0, 1.0], rate=1.0, steps=3).tolist()
    [[1.0, 1.0], [0.0, 0.5], [0.0, 0.25]]
    """
    vectors, modes = _modes(kernel, residual, rate, steps)
    return np.asarray((vectors @ modes[..., np.newaxis])[..., 0])


def linearized_curve(
    kernel: npt.ArrayLike, residual: npt.ArrayLike, *, rate: float, steps: int
) -> Array:
    """Return the squared error under gradient descent with the kernel held fixed, step by step.

    Parameters
    ----------
    kernel, residual, rate, steps
        As for `linearized_residuals`.

    Returns
    -------
    array of shape (steps, [replicas])
        Entry k is ‖f - y‖² after k steps, summed over the samples.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As for `linearized_residuals`.

    Notes
    -----
    Σ_i (1 - η λ_i)²ᵏ c_i², with λ_i the eigenvalues of the kernel and c_i the share of its
    eigenvector i in the residual: each direction learns at a speed of its own.

    Examples
    --------
    >>> linearized_curve([[1.0, 0.0], [0.0, 0.5]], [1.0, 1.0], rate=1.0, steps=3).tolist()
    [2.0, 0.25, 0.0625]
    """
    _, modes = _modes(kernel, residual, rate, steps)
    return np.asarray((modes * modes).sum(axis=-1))


def _pair(x1: npt.ArrayLike, x2: npt.ArrayLike | None) -> tuple[Array, Array]:
    """Return two sets of inputs in the same precision; the same array twice without the second."""
    first = real_array("x1", x1, ("samples", "features"))
    if x2 is None:
        return first, first
    second = real_array("x2", x2, ("samples", first.shape[1]))
    dtype = np.result_type(first, second)
    return first.astype(dtype, copy=False), second.astype(dtype, copy=False)


def _polar(x: Array) -> tuple[Array, Array]:
    """Return the rows brought to length 1, and their lengths; rows of zeros stay."""
    largest = np.abs(x).max(axis=1)
    scale = np.where(largest > 0, largest, 1)
    unit = x / scale[:, np.newaxis]  # as squares may be too large or too small
    length = np.sqrt(np.einsum("ij,ij->i", unit, unit))
    unit /= np.where(largest > 0, length, 1)[:, np.newaxis]
    return unit, scale * length


def _cosines(u: Array, v: Array) -> tuple[Array, tuple[npt.NDArray[np.intp], ...], Array]:
    """Return the cosines of unit vectors, and where they are near 1 or -1 with their chords.

    A chord is the distance of u and v near 1, and that of u and -v near -1. It is 0 where the
    two are the same up to rounding.
    """
    cosine = u @ v.T
    near = np.nonzero(np.abs(cosine) > 0.99)
    sign = np.sign(cosine[near])
    square = np.empty_like(sign)
    step = max(1, 2**16 // u.shape[1])
    for start in range(0, len(sign), step):
        part = slice(start, start + step)
        gap = u[near[0][part]] - sign[part, np.newaxis] * v[near[1][part]]
        square[part] = np.einsum("ij,ij->i", gap, gap)
    chord = np.sqrt(square)
    chord[chord <= 8 * np.finfo(chord.dtype).eps] = 0
    return cosine, near, chord


def _angles(u: Array, v: Array) -> Array:
    """Return the angles of unit vectors."""
    cosine, near, chord = _cosines(u, v)
    sign = np.sign(cosine[near])
    cosine[near] = 0
    angle = np.arccos(cosine)
    small = 2 * np.arcsin(chord / 2)
    angle[near] = np.where(sign > 0, small, np.pi - small)
    return angle


def _haversines(u: Array, v: Array) -> Array:
    """Return sin² of half the angles of unit vectors."""
    cosine, near, chord = _cosines(u, v)
    sign, half = np.sign(cosine[near]), np.multiply(cosine, -0.5, out=cosine)
    half += 0.5
    small = chord * chord / 4
    half[near] = np.where(sign > 0, small, 1 - small)
    return half


def _deep(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike | None,
    activation: str,
    wide: _Wide,
    names: Sequence[str],
) -> list[Array]:
    """Return the named kernels of a deep network, worked out in blocks."""
    first, second = _pair(x1, x2)
    wide = _Wide(
        whole("depth", wide.depth, least=0),
        number("weight_variance", wide.weight_variance, above=0),
        number("bias_variance", wide.bias_variance, least=0),
    )
    side, block = _RECURSIONS[choice("activation", activation, _RECURSIONS)]
    rows = side(first, wide)
    columns = rows if x2 is None else side(second, wide)
    results = [np.empty((len(first), len(second)), dtype=first.dtype) for _ in names]
    for i in range(0, len(first), _EDGE):
        across = slice(i, i + _EDGE)
        for j in range(i if x2 is None else 0, len(second), _EDGE):
            along = slice(j, j + _EDGE)
            parts = {name: a[across, along] for name, a in zip(names, results, strict=True)}
            block([a[across] for a in rows], [a[along] for a in columns], wide, parts)
            if x2 is None and j > i:
                for result in results:
                    result[along, across] = result[across, along].T
    return results


def _relu_side(x: Array, wide: _Wide) -> _Side:
    """Return unit inputs, the lengths after the last layer, and the latitude in each layer.

    The length is that of the vector whose inner products are Σ, the latitude the angle by which
    the bias lifts it.
    """
    unit, length = _polar(x)
    height, flat, latitudes = math.sqrt(wide.bias_variance), length / math.sqrt(x.shape[1]), []
    for _ in range(wide.depth + 1):
        latitudes.append(np.arctan2(height, flat))
        length = np.hypot(height, flat)
        flat = math.sqrt(wide.weight_variance / 2) * length
    return unit, length, np.stack(latitudes, axis=1)


def _relu_block(left: _Side, right: _Side, wide: _Wide, parts: Mapping[str, Array]) -> None:
    """Work out one block of the named kernels of a ReLU network.

    ``half`` is sin² of half the angle that belongs to Σ, and ``total`` is Θ over the lengths.
    """
    (u, long, ups), (v, broad, downs) = left, right
    half = _haversines(u, v)
    total = np.zeros_like(half)
    root, angle, spare = (np.empty_like(half) for _ in range(3))
    for layer in range(wide.depth + 1):
        if layer:
            np.sqrt(half, out=root)
            np.arcsin(root, out=angle)
            angle *= 2 / np.pi  # θ / π
            total -= np.multiply(total, angle, out=spare)
            np.subtract(1, half, out=spare)
            np.sqrt(spare, out=spare)
            spare *= root
            spare *= 1 / np.pi  # sin θ / 2π
            np.subtract(0.5, half, out=root)
            root *= angle
            half += root
            half -= spare
        if wide.bias_variance:
            a, b = ups[:, layer], downs[:, layer]
            lift = np.multiply.outer(np.cos(a), np.cos(b))
            half *= lift
            half += np.sin(np.subtract.outer(a, b) / 2) ** 2
            total *= lift
        np.multiply(half, -2, out=spare)
        spare += 1
        total += spare
    scale = np.multiply.outer(long, broad)
    for name, part in parts.items():
        np.multiply(total if name == "tangent" else spare, scale, out=part)


def _erf_side(x: Array, wide: _Wide) -> _Side:
    """Return inputs over √features, and 1 / √(1 + 2 Σ(x, x)) in each layer before the last."""
    rows = x / math.sqrt(x.shape[1])
    sigma, scales = wide.bias_variance + np.einsum("ij,ij->i", rows, rows), [np.ones_like(x[:, 0])]
    for _ in range(wide.depth):
        scales.append(1 / np.sqrt(1 + 2 * sigma))
        angle = np.arcsin(2 * sigma / (1 + 2 * sigma))
        sigma = wide.bias_variance + wide.weight_variance * (2 / np.pi) * angle
    return rows, np.stack(scales, axis=1)


def _erf_block(left: _Side, right: _Side, wide: _Wide, parts: Mapping[str, Array]) -> None:
    """Work out one block of the named kernels of an erf network."""
    (rows, ups), (columns, downs) = left, right
    sigma = rows @ columns.T + wide.bias_variance
    total = sigma.copy()
    gain = wide.weight_variance * (2 / np.pi)
    for layer in range(1, wide.depth + 1):
        scale = np.multiply.outer(ups[:, layer], downs[:, layer])
        sine = 2 * scale * sigma
        sigma = gain * np.arcsin(sine) + wide.bias_variance
        total *= 2 * gain * scale / np.sqrt((1 - sine) * (1 + sine))
        total += sigma
    for name, part in parts.items():
        part[...] = total if name == "tangent" else sigma


_RECURSIONS: Final = {"relu": (_relu_side, _relu_block), "erf": (_erf_side, _erf_block)}


def _rates(rate: object, depth: int) -> list[tuple[float, float]]:
    """Return the rates of the weights and of the biases of each layer."""
    single = isinstance(rate, Layer) or (isinstance(rate, np.ndarray) and rate.ndim == 0)
    if single or not isinstance(rate, list | tuple | np.ndarray):
        value = number("rate", rate, least=0)
        return [(value, value)] * depth
    if len(rate) != depth:
        raise ValueError(
            f"rate must be a number or a list of {depth} entries, one for each layer, "
            f"got {len(rate)} entries"
        )
    rates: list[tuple[float, float]] = []
    for k, entry in enumerate(rate):
        pair = entry if isinstance(entry, Layer) else Layer(entry, entry)
        names = [f"rate[{k}].weight", f"rate[{k}].bias"] if pair is entry else [f"rate[{k}]"] * 2
        values = [number(*named, least=0) for named in zip(names, pair, strict=True)]
        rates.append((values[0], values[1]))
    return rates


def _inner(left: Array, right: Array, average: bool) -> Array:
    """Return the inner products of errors of shape ([replicas], outputs, units, samples)."""
    outputs = left.shape[-3]
    if average:
        flat = [a.reshape(*a.shape[:-3], -1, a.shape[-1]) for a in (left, right)]
        return np.asarray(flat[0].mT @ flat[1] / outputs)
    flat = [np.moveaxis(a, -1, -3) for a in (left, right)]
    flat = [a.reshape(*a.shape[:-3], -1, a.shape[-1]) for a in flat]
    product = flat[0] @ flat[1].mT
    shape = (left.shape[-1], outputs, right.shape[-1], outputs)
    return np.asarray(product.reshape(*product.shape[:-2], *shape))


def _modes(
    kernel: npt.ArrayLike, residual: npt.ArrayLike, rate: float, steps: int
) -> tuple[Array, Array]:
    """Return the eigenvectors, and what each has of the residual after each step."""
    matrix = real_array("kernel", kernel, ("samples", "samples"), leading="replicas")
    samples = matrix.shape[-1]
    if matrix.shape[-2] != samples:
        raise ValueError(
            "kernel must be an array of shape ([replicas], samples, samples), "
            f"got shape {matrix.shape}"
        )
    rounding = float(np.sqrt(np.finfo(matrix.dtype).eps)) * np.abs(matrix).max()
    apart = np.abs(matrix - matrix.mT).max()
    if apart > rounding:
        raise ValueError(f"kernel must be symmetric, got entries that differ by {apart:g}")
    start = real_array("residual", residual, (samples,), leading="replicas")
    _joined("residual", start, 1, matrix.shape[:-2])
    eta = number("rate", rate, above=0)
    k = np.arange(whole("steps", steps), dtype=matrix.dtype)
    values, vectors = np.linalg.eigh(matrix)
    shares = (vectors.mT @ start[..., np.newaxis])[..., 0]
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told in one sentence
        modes = (1 - eta * values) ** k.reshape(-1, *[1] * shares.ndim) * shares
        finite = np.isfinite(modes * modes).reshape(len(k), -1).all(axis=1)
    if not finite.all():
        raise FloatingPointError(
            f"the linearized error at step {int(np.argmin(finite))} is not finite, "
            f"with rate {eta:g}; take a smaller rate"
        )
    return vectors, modes
