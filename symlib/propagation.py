r"""Lengths, angles and correlations through depth.

In a wide network with random weights the sums ``z = W x + b`` that enter a layer are Gaussian,
whatever the layer before did. Two inputs are then described by three numbers: the *length* q of
each, which is the mean square of its sums, and the *correlation* c between their sums. With
weights of variance ``weight_variance`` / fan_in and biases of variance ``bias_variance`` each layer
sends these numbers on by a fixed map, in which z₁, z₂ are normal with correlation c,

    q → σ_w² E φ(√q z₁)² + σ_b²,    c → (σ_w² E φ(√q z₁) φ(√q z₂) + σ_b²) / (the new q).

So depth is iteration, and what it ends in is a fixed point. `length_map` and `correlation_map` are
the two maps, `fixed_point` is where they lead, `depth_scales` says in how many layers. The
*slope* of the correlation map at c = 1, χ₁ = σ_w² E φ'(√q z)², is what a layer multiplies the
square of a gradient by. Where the length has a fixed point above 0 and below infinity, it also
decides what becomes of two inputs: below 1 all inputs end up as one (*order*), above 1 inputs that
were almost equal part (*chaos*), and `critical_weight_variance` is the border between the two.
Where lengths vanish or grow without end it decides nothing of the kind. ReLU has no chaos: its
inputs merge at each weight variance, and 2 is where lengths are kept. And tanh with weight
variance 1 and no biases stands on the border, where lengths fall like 1 / (2 depth) and
correlations hardly move. `jacobian_moments` is how unevenly the gradients of different directions
fare.

ReLU without biases has no length of its own, and of the three numbers the angle is left.
`angle_map` and `squared_distance_ratio` are its maps, exact to the last digits for angles as small
as they come.

Expectations in one variable are good to about 1e-15 at each length: they are closed forms for erf
and the piecewise linear activations, and Gauss quadrature for the others. Those in two variables
are closed forms for relu, leaky_relu, identity and erf, and an integral over angles for hardtanh,
good to 1e-13. For the others they are sums over 512 Hermite polynomials (Mehler's formula), good to
1e-14 for correlations up to 0.9 in size. Closer to ±1 this holds for gelu, silu, mish, softplus and
sigmoid up to lengths of 10, and the error grows to 1e-12 at 30 and 1e-8 at 100. For tanh it is
below 1e-11 up to 10, 1e-7 at 30 and 1e-4 at 100; for elu and selu about 1e-9 at length 1 and 1e-7
at 30. At ±1 it is rounding.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument. Arrays may have any shapes that broadcast.

Sources: Cho and Saul 2009; Poole et al. 2016; Schoenholz et al. 2017; Pennington et al. 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._activations import ACTIVATIONS
from symlib._expectations import MOMENTS, TINY, equal_lengths, product, shrinkage

__all__ = [
    "DepthScales",
    "FixedPoint",
    "GaussianExpectations",
    "JacobianMoments",
    "angle_map",
    "correlation_map",
    "critical_weight_variance",
    "depth_scales",
    "fixed_point",
    "gaussian_expectations",
    "jacobian_moments",
    "length_map",
    "squared_distance_ratio",
]

_Real = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]
_Map = Callable[..., _Real]


class GaussianExpectations(NamedTuple):
    """Means over z, standard normal, of an activation φ and its slope at √q z.

    Attributes
    ----------
    mean : float or array
        E φ(√q z).
    square : float or array
        E φ(√q z)²: the mean square of the values of a layer.
    slope : float or array
        E φ'(√q z)²: what a layer multiplies the square of a gradient by, per weight variance.
    quartic : float or array
        E φ'(√q z)⁴: how uneven this is.
    """

    mean: _Real
    square: _Real
    slope: _Real
    quartic: _Real


class FixedPoint(NamedTuple):
    """Where lengths and correlations end up with depth.

    Attributes
    ----------
    length : float or array
        The length q* that depth leads to: 0 where lengths vanish, inf where they grow without end.
    correlation : float or array
        The correlation c* that two inputs of this length approach. Where the length is 0 or inf
        there is no such number but for relu and leaky_relu, and this is nan.
    slope : float or array
        χ₁, the slope of the correlation map at c = 1. For a length above 0 and below inf, less
        than 1 is order and more than 1 is chaos.
    """

    length: _Real
    correlation: _Real
    slope: _Real


class DepthScales(NamedTuple):
    """In how many layers the way to the fixed point shrinks by a factor e.

    Attributes
    ----------
    length : float or array
        ξ_q, for the length: inf where the way shrinks more slowly than by a factor, and nan where
        there is no fixed point or it is left.
    correlation : float or array
        ξ_c, for the correlation of two inputs: inf and nan in the same sense.
    """

    length: _Real
    correlation: _Real


class JacobianMoments(NamedTuple):
    """Mean and variance of the squared singular values of a deep network's Jacobian.

    Attributes
    ----------
    mean : float or array
        The mean of the squared singular values.
    variance : float or array
        Their variance, divided by the square of their mean.
    """

    mean: _Real
    variance: _Real


def angle_map(theta: npt.ArrayLike, *, depth: int = 1) -> _Real:
    """Return the angle between two inputs after wide random ReLU layers.

    Parameters
    ----------
    theta : float or array
        Angles between two inputs, from 0 to π (up to rounding).
    depth : int
        The number of layers.

    Returns
    -------
    float or array, of the shape of ``theta``
        The angles after that many layers without biases, in the limit of infinite width.

    Notes
    -----
    One layer takes θ to θ' with cos θ' = cos θ + h, where h = (sin θ - θ cos θ) / π. As
    h = θ² j₁(θ) / π with a spherical Bessel function, 1 - cos θ' = 2 sin²(θ/2) - h loses no digits,
    and no angle is too small. The series θ' = θ - θ² / (3π) + ... gives θ ≈ 3π / depth far down,
    a slow decay: a power, not an exponential.

    References
    ----------
    Cho and Saul, "Kernel methods for deep learning", *NIPS* 22 (2009), for degree 1.

    Examples
    --------
    Right angles shrink to those with cosine 1/π:

    >>> angle_map([0.0, np.pi / 2, np.pi])
    array([0.        , 1.24685022, 1.57079633])
    """
    angle = _between("theta", theta, 0.0, np.pi, "from 0 to pi")
    for _ in range(_arrays.whole("depth", depth)):
        # 1 - cos θ' = 2 sin²(θ/2) - h = 2 sin²(θ/2) (ratio of squared distances)
        angle = 2 * np.arcsin(np.sin(angle / 2) * np.sqrt(shrinkage(angle)))
    return angle[()]


def squared_distance_ratio(theta: npt.ArrayLike) -> _Real:
    """Return what a random ReLU layer makes of the squared distance of two unit inputs.

    Parameters
    ----------
    theta : float or array
        Angles between two inputs of equal length, from 0 to π.

    Returns
    -------
    float or array, of the shape of ``theta``
        The expectation of ‖ρ(W x) - ρ(W y)‖² / ‖x - y‖² for Gaussian weights of variance
        2 / fan_out: from 1 for equal inputs down to 1/2 for opposite ones.

    Notes
    -----
    The ratio is 1 - h / (1 - cos θ), with h as for `angle_map`, and exact at every width. For
    small angles it is 1 - 2 θ / (3π) + ... For inputs of different lengths the expectation of the
    squared distance is ‖x - y‖² - 2 ‖x‖ ‖y‖ h, which is at least ‖x - y‖² / 2, too.

    References
    ----------
    Giryes, Sapiro and Bronstein, "Deep neural networks with random Gaussian weights: A universal
    classification strategy?", *IEEE Transactions on Signal Processing* 64 (2016), 3444-3457,
    theorem 3 (as corrected by Gulcu and Güngör).

    Examples
    --------
    >>> squared_distance_ratio([0.0, np.pi / 2, np.pi]).round(6)
    array([1.     , 0.68169, 0.5    ])
    """
    return shrinkage(_between("theta", theta, 0.0, np.pi, "from 0 to pi"))[()]


def gaussian_expectations(q: npt.ArrayLike = 1.0, *, activation: str) -> GaussianExpectations:
    """Return the mean squares and the like of an activation at Gaussian sums.

    Parameters
    ----------
    q : float or array
        Lengths: the mean square of the sums that enter a layer, at least 0.
    activation : str
        The activation φ, as for `length_map`.

    Returns
    -------
    GaussianExpectations
        E φ, E φ², E φ'² and E φ'⁴ at √q z, in the shape of ``q``.

    Notes
    -----
    The weight variance that keeps the mean square 1 of Gaussian sums is 1 / E φ² at q = 1: 2 for
    relu. It keeps gradients only where it is 1 / E φ'², too.

    For q of 0 these are limits, so that E φ'² of relu is 1/2 there. Up to the largest q they are
    good to about 1e-15 of themselves; only E φ of small q is so to 1e-15 √q.

    Examples
    --------
    >>> (1 / gaussian_expectations(activation="gelu").square).round(9)
    np.float64(2.351715614)
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    lengths = _not_negative("q", q)
    moments = MOMENTS[name]

    def block(q: _Real) -> tuple[_Real, ...]:
        return moments.mean(q), moments.square(q), moments.slope(q), moments.quartic(q)

    return GaussianExpectations(*_by_block(block, {"q": lengths}))


def length_map(
    q: npt.ArrayLike,
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str,
) -> _Real:
    """Return the length of the sums of the next layer.

    Parameters
    ----------
    q : float or array
        Lengths: the mean square of the sums that enter a layer, at least 0.
    weight_variance : float or array
        σ_w², the variance of a weight times fan_in, above 0.
    bias_variance : float or array
        σ_b², the variance of a bias, at least 0.
    activation : str
        The activation φ: "identity", "relu", "leaky_relu" (slope .01), "elu", "selu", "gelu",
        "gelu_tanh", "silu", "mish", "softplus", "sigmoid", "tanh", "erf" or "hardtanh".

    Returns
    -------
    float or array
        σ_w² E φ(√q z)² + σ_b² with z standard normal.

    Notes
    -----
    E φ² is q for the identity, q/2 for relu and (2/π) arcsin(2q / (1 + 2q)) for erf. It increases
    with q for each of these activations, for gelu, silu and mish seen in numbers.

    References
    ----------
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli, "Exponential expressivity in deep neural
    networks through transient chaos", *NIPS* 29 (2016), section 2. Williams, "Computing with
    infinite networks", *NIPS* 9 (1997), for erf.

    Examples
    --------
    The constants of selu are made to keep the length 1:

    >>> length_map(1.0, weight_variance=1.0, activation="selu").round(12)
    np.float64(1.0)
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    lengths = _not_negative("q", q)
    variances = _variances(weight_variance, bias_variance)

    def block(q: _Real, w: _Real, b: _Real) -> tuple[_Real]:
        return (w * MOMENTS[name].square(q) + b,)

    (result,) = _by_block(block, {"q": lengths} | variances)
    return result


def correlation_map(
    c: npt.ArrayLike,
    q: npt.ArrayLike,
    q2: npt.ArrayLike | None = None,
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str,
) -> _Real:
    """Return the correlation of two inputs at the next layer.

    Parameters
    ----------
    c : float or array
        Correlations between the sums of two inputs, from -1 to 1 (up to rounding).
    q : float or array
        The length of the first input, as for `length_map`.
    q2 : float or array, optional
        The length of the second input; by default that of the first.
    weight_variance, bias_variance, activation
        As for `length_map`.

    Returns
    -------
    float or array
        (σ_w² E φ(√q z₁) φ(√q₂ z₂) + σ_b²) / √(q' q₂'), where q' and q₂' are the lengths at the
        next layer. For a length of 0 without biases the limit of short inputs.

    Notes
    -----
    The expectation is √(q q₂) c for the identity, √(q q₂) (c + h) / 2 for relu with h as for
    `angle_map` and c = cos θ, and (2/π) arcsin(2 c √(q q₂) / √((1 + 2q) (1 + 2 q₂))) for erf. Its
    second derivative in c is a sum of normal densities at pairs of kinks for hardtanh, which is
    integrated twice. In general it is Σ a_k(q) a_k(q₂) cᵏ, where a_k(q) is the coefficient of
    φ(√q z) at the k-th orthonormal Hermite polynomial (Mehler). A kink makes this sum slow; so
    relu times the jump of φ' goes the closed way, and the sum has the rest.

    References
    ----------
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli, "Exponential expressivity in deep neural
    networks through transient chaos", *NIPS* 29 (2016), section 2.

    Examples
    --------
    >>> correlation_map([0.0, 1.0], 1.0, weight_variance=2.0, activation="relu").round(6)
    array([0.31831, 1.     ])
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    first = _not_negative("q", q)
    arrays = {
        "c": _between("c", c, -1.0, 1.0, "from -1 to 1"),
        "q": first,
        "q2": first if q2 is None else _not_negative("q2", q2),
    }

    def block(c: _Real, q: _Real, q2: _Real, w: _Real, b: _Real) -> tuple[_Real]:
        q = np.maximum(q, TINY)
        q2 = np.maximum(q2, TINY)
        next_q = w * MOMENTS[name].square(q) + b
        next_q2 = w * MOMENTS[name].square(q2) + b
        joint = w * product(name, c, q, q2) + b
        return (np.clip(joint / np.sqrt(next_q) / np.sqrt(next_q2), -1.0, 1.0),)

    (result,) = _by_block(block, arrays | _variances(weight_variance, bias_variance))
    return result


def fixed_point(
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str,
    start: npt.ArrayLike = 1.0,
) -> FixedPoint:
    """Return the length and the correlation that depth leads to.

    Parameters
    ----------
    weight_variance, bias_variance, activation
        As for `length_map`.
    start : float or array
        The length in the first layer, above 0.

    Returns
    -------
    FixedPoint
        Length q*, correlation c* and slope χ₁.

    Notes
    -----
    The length map increases, so that lengths go one way, from ``start`` to the first fixed point
    above it or below it, or to inf or 0 if there is none. It is looked for in steps of 4 % of the
    length; two fixed points nearer to each other than that may be passed over. A ``start`` that one
    layer changes by less than 1e-14 of itself is returned, even if what is close to it goes away.

    For gelu, gelu_tanh, silu and mish E φ² / q rises with q; for the other activations it falls or
    stays (for some of both seen in numbers, not proven). Where it falls there is at most one fixed
    point above 0, and it is *stable*: all lengths above 0 tend to it. Where it rises the one
    without biases is *unstable*: for gelu and weight variances from 2 to 4 shorter inputs vanish
    and longer ones grow without end. With biases there is a stable one up to a weight variance of
    2, and above it two, the longer one unstable, or none.

    The length is inf where relu has a weight variance above 2, identity above 1 or selu above
    2 / 1.0507² = 1.8117, and on this border itself if there are biases (for selu always);
    χ₁ is then the limit for large lengths. Where relu has 2 and identity 1 without biases, each
    length is kept, and q* is ``start``.

    For q* above 0 and below inf, c* is 1 if χ₁ <= 1. With χ₁ > 1 the fixed point 1 is unstable,
    and c* is the only other one from 0 to 1. It solves (1 - c') / (1 - c) = 1, whose left side
    increases with c, as all powers of c in E φφ have coefficients of at least 0; this way it loses
    no digits when it is near 1.
    Where q* is 0, inputs of a smooth activation are in the end only multiplied by a number, and
    correlations come to rest anywhere: for erf with weight variance 1/2 those that begin with .2
    end at .179. So c* is nan. Relu and leaky_relu do the same at every length and merge all inputs,
    as `angle_map` does, so that their c* is 1, always; identity without biases keeps correlations.

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep information propagation", *ICLR* 2017,
    section 2.

    Examples
    --------
    Order, and chaos:

    >>> end = fixed_point(weight_variance=[1.3, 2.5], bias_variance=0.05, activation="tanh")
    >>> end.correlation.round(6)
    array([1.      , 0.446804])

    Two starts:

    >>> fixed_point(weight_variance=3.0, activation="gelu", start=[0.1, 1.0]).length
    array([ 0., inf])
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    arrays = _variances(weight_variance, bias_variance) | {"start": _positive("start", start)}

    def block(w: _Real, b: _Real, start: _Real) -> tuple[_Real, ...]:
        q = _final_length(name, w, b, start)
        c, _ = _final_correlation(name, w, b, q)
        return q, c, w * MOMENTS[name].slope(q)

    return FixedPoint(*_by_block(block, arrays))


def critical_weight_variance(bias_variance: npt.ArrayLike = 0.0, *, activation: str) -> _Real:
    """Return the weight variance at the border between order and chaos.

    Parameters
    ----------
    bias_variance : float or array
        σ_b², the variance of a bias, at least 0.
    activation : str
        The activation φ, as for `length_map`.

    Returns
    -------
    float or array, of the shape of ``bias_variance``
        The σ_w² at which χ₁ = 1 at a fixed point of the length map; nan where there is none.

    Notes
    -----
    Along the border σ_w² = 1 / E φ'(√q z)² and σ_b² = q - E φ(√q z)² / E φ'(√q z)². Where this is
    not negative it increases with q (seen in numbers), so that there is one border, or none: none
    for softplus. For erf this is σ_w² = (π/4) √(1 + 4q) and σ_b² = q - σ_w² (2/π) arcsin(2q / (1 +
    2q)).

    The fixed point of the length may itself be unstable, so that `fixed_point` does not find it:
    for gelu it is up to a bias variance of 0.1729, where the slope of the length map at it is 1,
    too, with σ_w² = 1.98306. For gelu_tanh this is at 0.1730 (1.9828), for mish at 0.0952 (2.0126)
    and for silu at 0.5552 (1.98800).

    For relu χ₁ is σ_w² / 2 at every length, and for identity σ_w². So 2 and 1 are returned for each
    bias variance, though with biases the length then grows without end, by σ_b² in each layer, and
    though inputs of relu merge on both sides of 2.

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep information propagation", *ICLR* 2017,
    section 2. He, Zhang, Ren and Sun, "Delving deep into rectifiers", *ICCV* 2015, for relu.

    Examples
    --------
    >>> critical_weight_variance([0.0, 0.05], activation="tanh").round(6)
    array([1.      , 1.760955])
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    biases = _not_negative("bias_variance", bias_variance)
    (result,) = _by_block(lambda b: (_border(name, b),), {"bias_variance": biases})
    return result


def depth_scales(
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str,
    start: npt.ArrayLike = 1.0,
) -> DepthScales:
    """Return in how many layers lengths and correlations reach their fixed points.

    Parameters
    ----------
    weight_variance, bias_variance, activation, start
        As for `fixed_point`.

    Returns
    -------
    DepthScales
        The scales ξ_q and ξ_c, in layers. At criticality ξ_c is inf (up to rounding).

    Notes
    -----
    Near its fixed point a map multiplies the distance to it by its slope there, so that the
    distance falls like exp(-depth / ξ) with ξ = -1 / ln(slope). The slope of the correlation map at
    c* is σ_w² E φ'(√q* z₁) φ'(√q* z₂), that of the length map σ_w² E[φ'² + φ φ''].

    Where c* is nan, as `fixed_point` says, ξ_c is nan and not inf: correlations come to rest at a
    place that depends on where they began, so that there is no one way whose layers are counted.
    Where relu or leaky_relu merge all inputs though no length above 0 and below inf is their fixed
    point, or each is, 1 - c falls like 1 / depth². There is a way, and it shrinks more slowly than
    by any factor, so that ξ_c is inf.

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep information propagation", *ICLR* 2017,
    section 3.

    Examples
    --------
    >>> scales = depth_scales(weight_variance=1.3, bias_variance=0.05, activation="tanh")
    >>> float(scales.length.round(4)), float(scales.correlation.round(4))
    (1.7852, 7.8341)
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    arrays = _variances(weight_variance, bias_variance) | {"start": _positive("start", start)}

    def block(w: _Real, b: _Real, start: _Real) -> tuple[_Real, ...]:
        q = _final_length(name, w, b, start)
        _, slope = _final_correlation(name, w, b, q)
        growth = np.where(np.isinf(q), np.nan, w * MOMENTS[name].growth(q))
        return _scale(growth), _scale(slope)

    return DepthScales(*_by_block(block, arrays))


def jacobian_moments(
    depth: int,
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str,
    start: npt.ArrayLike = 1.0,
    orthogonal: bool = False,
) -> JacobianMoments:
    """Return how large and how uneven the gradients through a deep network are.

    Parameters
    ----------
    depth : int
        The number of layers.
    weight_variance, bias_variance, activation, start
        As for `fixed_point`.
    orthogonal : bool
        Whether the weights of a layer are √σ_w² times a random orthogonal matrix, instead of
        independent Gaussian numbers.

    Returns
    -------
    JacobianMoments
        Mean and normalized variance of the squared singular values.

    Notes
    -----
    For J = D_L W_L ... D_1 W_1 with square W_k, and D_k diagonal with entries φ'(z_k), in
    the limit of infinite width and at the fixed point of the length map. With
    μ_k = E φ'(√q* z)²ᵏ the mean of the squared singular values, over all of them (zeros included),
    is (σ_w² μ₁)ᴸ = χ₁ᴸ. Their variance divided by the square of this mean is

        L (μ₂ / μ₁² - 1 - s₁),    s₁ = -1 for Gaussian weights, 0 for orthogonal ones.

    So it is L and 0 for a linear network, 2 L and L for relu. Where lengths grow without end, φ'
    has the limit for large lengths.

    References
    ----------
    Pennington, Schoenholz and Ganguli, "Resurrecting the sigmoid in deep learning through
    dynamical isometry: theory and practice", *NIPS* 30 (2017); "The emergence of spectral
    universality in deep networks", *AISTATS* 2018.

    Examples
    --------
    >>> moments = jacobian_moments(8, weight_variance=2.0, activation="relu")
    >>> float(moments.mean), float(moments.variance)
    (1.0, 16.0)
    """
    layers = _arrays.whole("depth", depth)
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    uniform = _arrays.flag("orthogonal", orthogonal)
    arrays = _variances(weight_variance, bias_variance) | {"start": _positive("start", start)}

    def block(w: _Real, b: _Real, start: _Real) -> tuple[_Real, _Real]:
        q = _final_length(name, w, b, start)
        slope = MOMENTS[name].slope(q)
        uneven = MOMENTS[name].quartic(q) / slope**2 - (1.0 if uniform else 0.0)
        return (w * slope) ** layers, layers * uneven

    return JacobianMoments(*_by_block(block, arrays))


# --- where depth leads --------------------------------------------------------------------------

_ROUNDING: Final = 1e-14  # a relative change of the length that may be rounding


def _final_length(name: str, w: _Real, b: _Real, start: _Real) -> _Real:
    """Return the length to which depth leads from ``start``."""
    moments = MOMENTS[name]
    if ACTIVATIONS[name].homogeneous:
        slope = w * moments.slope(start)
        kept = (np.abs(slope - 1) <= _ROUNDING) & (b == 0)
        return np.where(kept, start, _end_of_line(slope, b))

    def change(q: _Real, w: _Real, b: _Real) -> _Real:
        """Return the relative change of a length in one layer."""
        return w * moments.square(q) / q + b / q - 1

    first = change(start, w, b)
    grows = first > 0
    changes = w[:, np.newaxis] * _squares(name) + b[:, np.newaxis] / _lengths() - 1
    near, far = _turn(changes, start, grows)
    turns = np.isfinite(far)
    # past the last length of the search the activation is a line on each side of 0
    growing = _end_of_line(w * moments.slope(np.full_like(w, np.inf)), b)
    fading = _end_of_line(w * moments.slope(np.zeros_like(w)), b)
    end = np.where(grows, growing, np.where(b > 0, fading, 0.0))
    end[turns] = _root(change, near[turns], far[turns], w[turns], b[turns])
    return np.where(np.abs(first) <= _ROUNDING, start, end)


@cache
def _lengths() -> _Real:
    """Return the lengths among which a fixed point is looked for.

    Far from 1 an activation is a line on each side of 0, and steps may be large.
    """
    short = np.geomspace(1e-300, 1e-8, 293)
    middle = np.geomspace(1e-8, 1e8, 1025)
    great = np.geomspace(1e8, 1e150, 143)
    return np.concatenate([short, middle[1:-1], great])


@cache
def _squares(name: str) -> _Real:
    """Return E φ² / q at the lengths of the search."""
    return MOMENTS[name].square(_lengths()) / _lengths()


def _turn(changes: _Real, start: _Real, grows: _Flags) -> tuple[_Real, _Real]:
    """Return two lengths, in the order in which they are reached, between which the change turns.

    One row of ``changes`` has the change at each length of the search. The second length is nan
    where there is no turn.
    """
    lengths = _lengths()
    rows = np.arange(len(start))
    ahead = (lengths > start[:, np.newaxis]) == grows[:, np.newaxis]
    sign = np.where(grows, 1.0, -1.0)
    turned = ahead & (changes * sign[:, np.newaxis] < -_ROUNDING)
    first = turned.argmax(axis=1)
    last = len(lengths) - 1 - turned[:, ::-1].argmax(axis=1)
    at = np.where(grows, first, last)
    far = np.where(turned[rows, at], lengths[at], np.nan)
    before = np.clip(np.where(grows, at - 1, at + 1), 0, len(lengths) - 1)
    near = lengths[before]
    passed = np.where(grows, np.maximum(near, start), np.minimum(near, start))
    return passed, far


def _end_of_line(slope: _Real, b: _Real) -> _Real:
    """Return where q → slope q + b leads from a length above 0, inf for a slope of 1."""
    room = np.maximum(1 - slope, 0.0)
    return np.where(room > 0, b / np.where(room > 0, room, 1.0), np.inf)


def _final_correlation(name: str, w: _Real, b: _Real, q: _Real) -> tuple[_Real, _Real]:
    """Return c* at a final length q, and the slope of the correlation map there."""
    chi = w * MOMENTS[name].slope(q)
    usual = np.isfinite(q) & (q > 0)
    if ACTIVATIONS[name].homogeneous:
        usual &= b > 0
        merged = np.nan if name == "identity" else 1.0
        return np.where(usual, 1.0, merged), np.where(usual, chi, merged)
    c = np.where(usual, 1.0, np.nan)
    slope = np.where(usual, chi, np.nan)
    chaos = np.flatnonzero(usual & (chi > 1))
    if chaos.size:
        c[chaos], slope[chaos] = _chaotic_correlation(name, w[chaos], q[chaos])
    return c, slope


def _chaotic_correlation(name: str, w: _Real, q: _Real) -> tuple[_Real, _Real]:
    """Return c* < 1 where χ₁ > 1, and the slope of the correlation map there."""
    quotient, slope = equal_lengths(name, q)
    at = np.arange(len(q))

    def excess(c: _Real, w: _Real, at: npt.NDArray[np.intp]) -> _Real:
        return quotient(c, at) - 1 / w

    c = _root(excess, np.zeros_like(q), np.ones_like(q), w, at)
    return c, w * slope(c, at)


def _border(name: str, b: _Real) -> _Real:
    """Return the weight variance where χ₁ = 1 at a fixed point of the length map."""
    moments = MOMENTS[name]
    if ACTIVATIONS[name].homogeneous:
        return 1 / moments.slope(b)

    def excess(q: _Real, b: _Real) -> _Real:
        return q - moments.square(q) / moments.slope(q) - b

    lengths, biases = _borders(name)
    reached = biases > b[:, np.newaxis]
    at = reached.argmax(axis=1)
    low = np.where(at > 0, lengths[at - 1], 0.0)
    high = lengths[at]
    beyond = ~reached.any(axis=1)
    low[beyond] = lengths[-1]
    high[beyond] = _lengths()[-1]
    border = 1 / moments.slope(_root(excess, low, high, b))
    return np.where(beyond & (biases[-1] < 0), np.nan, border)


@cache
def _borders(name: str) -> tuple[_Real, _Real]:
    """Return lengths, and the bias variances at whose border they are fixed points."""
    reliable = _lengths() < 1e20  # further on a difference of rounding decides for softplus
    q = _lengths()[reliable]
    ratio = _squares(name)[reliable] / MOMENTS[name].slope(q)
    return q, q * (1 - ratio)


def _root(function: _Map, low: _Real, high: _Real, *known: npt.NDArray[Any]) -> _Real:
    """Return where a function is 0 between two arrays, at whose entries it has different signs.

    Where it has not, the end with the smaller value. The function takes, after the points, what is
    known at each of them.
    """
    from scipy.optimize import elementwise  # here, as its import takes its time

    found = elementwise.find_root(function, (low, high), args=known)
    at_low, at_high = np.abs(found.f_bracket)
    smaller = np.where(at_low <= at_high, *found.bracket)
    return np.where(found.success, found.x, smaller)


def _scale(slope: _Real) -> _Real:
    """Return -1 / ln(slope): inf for 1 and nan above."""
    below = slope < 1
    with np.errstate(divide="ignore"):  # a slope of 0 is a scale of 0
        scale = -1 / np.log(np.where(below, np.maximum(slope, 0.0), 0.5))
    return np.where(below, scale, np.where(slope == 1, np.inf, np.nan))


# --- arguments ----------------------------------------------------------------------------------


def _between(name: str, value: npt.ArrayLike, low: float, high: float, wanted: str) -> _Real:
    """Return numbers of any shape within an interval, to whose ends those beyond by rounding go."""
    return np.clip(_admitted(name, value, low - 1e-12, high + 1e-12, wanted), low, high)


def _not_negative(name: str, value: npt.ArrayLike) -> _Real:
    return _admitted(name, value, 0.0, np.inf, "at least 0")


def _positive(name: str, value: npt.ArrayLike) -> _Real:
    smallest = float(np.finfo(np.float64).smallest_subnormal)
    return _admitted(name, value, smallest, np.inf, "above 0")


def _variances(weight: npt.ArrayLike, bias: npt.ArrayLike) -> dict[str, _Real]:
    return {
        "weight_variance": _positive("weight_variance", weight),
        "bias_variance": _not_negative("bias_variance", bias),
    }


def _admitted(name: str, value: npt.ArrayLike, low: float, high: float, wanted: str) -> _Real:
    """Return numbers of any shape in double precision, once they are known to be within bounds."""
    array = _arrays.numbers(name, value)
    wrong = (array < low) | (array > high)
    if wrong.any():
        raise ValueError(f"{name} must be {wanted}, got {array[wrong][0]:g}")
    return array


def _by_block(
    function: Callable[..., tuple[_Real, ...]], arrays: dict[str, _Real]
) -> tuple[_Real, ...]:
    """Apply a function of flat arrays to arrays that broadcast, a thousand entries at once."""
    try:
        wide = np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays.values())
        raise ValueError(
            f"{', '.join(arrays)} must have shapes that broadcast, got {shapes}"
        ) from None
    flat = [array.ravel() for array in wide]
    count = 1 + (flat[0].size - 1) // 1024
    blocks = zip(*(np.array_split(array, count) for array in flat), strict=True)
    with np.errstate(over="ignore"):  # what is beyond all numbers is inf
        results = [function(*block) for block in blocks]
    shape = wide[0].shape
    return tuple(np.concatenate(part).reshape(shape)[()] for part in zip(*results, strict=True))
