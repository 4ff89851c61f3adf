r"""Lengths, angles and correlations through depth.

In a wide network with random weights the sums ``z = W x + b`` that enter a layer are Gaussian,
whatever the layer before did. Two inputs are then described by three numbers: the *length* q of
each, which is the mean square of its sums, and the *correlation* c between their sums. With
weights of variance ``weight_variance`` / fan_in and biases of variance ``bias_variance`` each layer
sends these numbers on by a fixed map, in which z₁, z₂ are normal with correlation c,

    q → σ_w² E φ(√q z₁)² + σ_b²,    c → (σ_w² E φ(√q z₁) φ(√q z₂) + σ_b²) / (the new q).

So depth is iteration, and what it ends in is a fixed point. `length_map` and `correlation_map` are
the two maps, `fixed_point` is where they lead, `depth_scales` says in how many layers. The
*slope* of the correlation map at c = 1, χ₁ = σ_w² E φ'(√q z)², decides: below 1 all inputs end
up as one (*order*), above 1 inputs that were almost equal part (*chaos*). It is also what a layer
multiplies the square of a gradient by. `critical_weight_variance` is the border between the two,
and `jacobian_moments` how unevenly the gradients of different directions fare.

ReLU without biases has no length of its own, and of the three numbers the angle is left.
`angle_map` and `squared_distance_ratio` are its maps, exact to the last digits for angles as small
as they come.

Expectations of relu, erf and identity have closed forms. For tanh and selu those in one variable
come by Gauss quadrature and are good to about 1e-14 for lengths up to 1000. Those in two variables
are sums over 512 Hermite polynomials (Mehler's formula), just as good for correlations up to 0.9
in size. Closer to ±1 the error is below 1e-11 for tanh up to lengths of 10, then grows, to 1e-7
at 30 and 1e-4 at 100; for selu it is about 1e-9 at length 1 and 1e-7 at 30. At ±1 it is rounding.

Sources: Cho and Saul 2009; Poole et al. 2016; Schoenholz et al. 2017; Pennington et al. 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symlib import _arrays
from symlib._activations import ACTIVATIONS
from symlib._expectations import LAWS, TINY, kink, polynomial, product, series, shrinkage

__all__ = [
    "DepthScales",
    "FixedPoint",
    "JacobianMoments",
    "angle_map",
    "correlation_map",
    "critical_weight_variance",
    "depth_scales",
    "fixed_point",
    "jacobian_moments",
    "length_map",
    "squared_distance_ratio",
]

_Real = npt.NDArray[np.float64]
_Map = Callable[..., _Real]


class FixedPoint(NamedTuple):
    """Where lengths and correlations end up with depth.

    Attributes
    ----------
    length : float or array
        The length q* that the length map keeps; inf where lengths grow without end.
    correlation : float or array
        The correlation c* that two inputs of this length approach; nan where the length is inf.
    slope : float or array
        χ₁, the slope of the correlation map at c = 1: below 1 is order, above 1 is chaos.
    """

    length: _Real
    correlation: _Real
    slope: _Real


class DepthScales(NamedTuple):
    """In how many layers the way to the fixed point shrinks by a factor e.

    Attributes
    ----------
    length : float or array
        ξ_q, for the length.
    correlation : float or array
        ξ_c, for the correlation of two inputs.
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

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described.

    Notes
    -----
    One layer takes θ to θ' with cos θ' = cos θ + ψ, where ψ = (sin θ - θ cos θ) / π. As
    ψ = θ² j₁(θ) / π with a spherical Bessel function, 1 - cos θ' = 2 sin²(θ/2) - ψ loses no digits,
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
        # 1 - cos θ' = 2 sin²(θ/2) - ψ = 2 sin²(θ/2) (ratio of squared distances)
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

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described.

    Notes
    -----
    The ratio is 1 - ψ / (1 - cos θ), with ψ as for `angle_map`, and exact at every width. For
    small angles it is 1 - 2 θ / (3π) + ... For inputs of different lengths the expectation of the
    squared distance is ‖x - y‖² - 2 ‖x‖ ‖y‖ ψ, which is at least ‖x - y‖² / 2, too.

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


def length_map(
    q: npt.ArrayLike,
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str = "tanh",
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
    activation : {"relu", "tanh", "erf", "selu", "identity"}
        The activation φ.

    Returns
    -------
    float or array
        σ_w² E φ(√q z)² + σ_b² with z standard normal. Arrays broadcast, here as everywhere below.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or shapes do not broadcast.

    Notes
    -----
    E φ² is q for the identity, q/2 for relu and (2/π) arcsin(2q / (1 + 2q)) for erf.

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
    (result,) = _by_block(
        lambda q, w, b: (w * q * LAWS[name].square(q) + b,),
        {"q": lengths} | variances,
    )
    return result


def correlation_map(
    c: npt.ArrayLike,
    q: npt.ArrayLike,
    q2: npt.ArrayLike | None = None,
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str = "tanh",
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

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or shapes do not broadcast.

    Notes
    -----
    The expectation is √(q q₂) c for the identity, √(q q₂) (c + ψ) / 2 for relu with ψ as for
    `angle_map` and c = cos θ, and (2/π) arcsin(2 c √(q q₂) / √((1 + 2q) (1 + 2 q₂))) for erf. In
    general it is Σ a_k(q) a_k(q₂) cᵏ, where a_k(q) is the coefficient of φ(√q z) at the k-th
    orthonormal Hermite polynomial (Mehler). A kink makes this sum slow; so relu times the
    jump of φ' goes the closed way, and the sum has the rest.

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
    arrays = {
        "c": _between("c", c, -1.0, 1.0, "from -1 to 1"),
        "q": _not_negative("q", q),
        "q2": _not_negative("q2", q if q2 is None else q2),
    }

    def block(c: _Real, q: _Real, q2: _Real, w: _Real, b: _Real) -> tuple[_Real]:
        first, second = (np.maximum(each, TINY) for each in (q, q2))
        law = LAWS[name]
        lengths = [w * each * law.square(each) + b for each in (first, second)]
        joint = w * product(name, c, first, second) + b
        return (np.clip(joint / np.sqrt(lengths[0]) / np.sqrt(lengths[1]), -1.0, 1.0),)

    (result,) = _by_block(block, arrays | _variances(weight_variance, bias_variance))
    return result


def fixed_point(
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str = "tanh",
) -> FixedPoint:
    """Return the length and the correlation that depth leads to.

    Parameters
    ----------
    weight_variance, bias_variance, activation
        As for `length_map`.

    Returns
    -------
    FixedPoint
        Length q*, correlation c* and slope χ₁, in the shape of the variances.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or shapes do not broadcast.

    Notes
    -----
    E φ(√q z)² is a concave function of q for each of these activations (for tanh and selu seen in
    numbers, not proven), so there is one q* to which every length above 0 tends, or none. There is
    none, and the length is inf, where relu has a weight variance above 2, identity above 1 or selu
    above 2 / 1.0507² = 1.8117, and on this border itself if there are biases (for selu always);
    χ₁ is then the limit for large lengths. Where relu has 2 and identity 1 without biases, each
    length is kept, and 1 stands for all.

    With χ₁ <= 1, c* is 1. With χ₁ > 1 the fixed point 1 is unstable, and c* is the only other one
    from 0 to 1. It solves (1 - c') / (1 - c) = 1, whose left side increases with c, as all powers
    of c in E φφ have coefficients of at least 0; this way it loses no digits when it is near 1.
    Where q* is 0, everything ends at 0 and c* is 1 by convention.

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep information propagation", *ICLR* 2017,
    section 2.

    Examples
    --------
    Order, and chaos:

    >>> fixed_point(weight_variance=[1.3, 2.5], bias_variance=0.05).correlation.round(6)
    array([1.      , 0.446804])
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    return FixedPoint(
        *_by_block(
            lambda w, b: _ends(name, w, b)[:3],
            _variances(weight_variance, bias_variance),
        )
    )


def critical_weight_variance(
    bias_variance: npt.ArrayLike = 0.0, *, activation: str = "tanh"
) -> _Real:
    """Return the weight variance at the border between order and chaos.

    Parameters
    ----------
    bias_variance : float or array
        σ_b², the variance of a bias, at least 0.
    activation : {"relu", "tanh", "erf", "selu", "identity"}
        The activation φ.

    Returns
    -------
    float or array, of the shape of ``bias_variance``
        The σ_w² at which χ₁ = 1 at the fixed point of the length map.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described.

    Notes
    -----
    Along the border σ_w² = 1 / E φ'(√q z)² and σ_b² = q - E φ(√q z)² / E φ'(√q z)², which
    increases with q. For erf this is σ_w² = (π/4) √(1 + 4q) and
    σ_b² = q - σ_w² (2/π) arcsin(2q / (1 + 2q)).

    For relu χ₁ is σ_w² / 2 at every length, and for identity σ_w². So 2 and 1 are returned for each
    bias variance, though with biases the length then grows without end, by σ_b² in each layer.

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep information propagation", *ICLR* 2017,
    section 2. He, Zhang, Ren and Sun, "Delving deep into rectifiers", *ICCV* 2015, for relu.

    Examples
    --------
    >>> critical_weight_variance([0.0, 0.05]).round(6)
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
    activation: str = "tanh",
) -> DepthScales:
    """Return in how many layers lengths and correlations reach their fixed points.

    Parameters
    ----------
    weight_variance, bias_variance, activation
        As for `length_map`.

    Returns
    -------
    DepthScales
        The scales ξ_q and ξ_c, in layers, in the shape of the variances. At criticality ξ_c is
        inf (up to rounding); where there is no fixed point to go to, a scale is nan.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or shapes do not broadcast.

    Notes
    -----
    Near its fixed point a map multiplies the distance to it by its slope there, so that the
    distance falls like exp(-depth / ξ) with ξ = -1 / ln(slope). The slope of the correlation map at
    c* is σ_w² E φ'(√q* z₁) φ'(√q* z₂), that of the length map σ_w² E[φ'² + φ φ''].

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep information propagation", *ICLR* 2017,
    section 3.

    Examples
    --------
    >>> scales = depth_scales(weight_variance=1.3, bias_variance=0.05)
    >>> float(scales.length.round(4)), float(scales.correlation.round(4))
    (1.7852, 7.8341)
    """
    name = _arrays.choice("activation", activation, ACTIVATIONS)
    return DepthScales(
        *_by_block(
            lambda w, b: tuple(_scale(slope) for slope in _ends(name, w, b)[3:]),
            _variances(weight_variance, bias_variance),
        )
    )


def jacobian_moments(
    depth: int,
    *,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike = 0.0,
    activation: str = "tanh",
    orthogonal: bool = False,
) -> JacobianMoments:
    """Return how large and how uneven the gradients through a deep network are.

    Parameters
    ----------
    depth : int
        The number of layers.
    weight_variance, bias_variance, activation
        As for `length_map`.
    orthogonal : bool
        Whether the weights of a layer are √σ_w² times a random orthogonal matrix, instead of
        independent Gaussian numbers.

    Returns
    -------
    JacobianMoments
        Mean and normalized variance of the squared singular values, in the shape of the variances.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or shapes do not broadcast.

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
    orthogonal = _arrays.flag("orthogonal", orthogonal)

    def block(w: _Real, b: _Real) -> tuple[_Real, _Real]:
        q, law = _length(name, w, b), LAWS[name]
        slope = law.slope(q)
        uneven = law.quartic(q) / slope**2 - (1.0 if orthogonal else 0.0)
        return (w * slope) ** layers, layers * uneven

    return JacobianMoments(*_by_block(block, _variances(weight_variance, bias_variance)))


def _length(name: str, w: _Real, b: _Real) -> _Real:
    """Return q*, the zero of the decreasing function L(q) / q - 1."""
    law = LAWS[name]
    offset, share = law.bound

    def bound(offset: float, share: _Real | float) -> _Real:
        room = 1 - w * share
        return np.where(room > 0, (w * offset + b) / np.where(room > 0, room, 1.0), np.inf)

    high = np.minimum(bound(offset, share), bound(0.0, law.square(np.zeros_like(w))))
    if offset == 0.0:
        return np.where((w * share == 1) & (b == 0), 1.0, high)

    def excess(q: _Real, w: _Real, b: _Real) -> _Real:
        return w * law.square(q) + b / np.where(q > 0, q, np.inf) - 1

    endless = np.isinf(high)
    high = np.where(endless, b, high)
    return np.where(endless, np.inf, _root(excess, np.minimum(b, high), high, w, b))


def _ends(name: str, w: _Real, b: _Real) -> tuple[_Real, _Real, _Real, _Real, _Real]:
    """Return q*, c*, χ₁, and the slopes of the length map at q* and the correlation map at c*."""
    q, law = _length(name, w, b), LAWS[name]
    chi, growth = w * law.slope(q), w * law.growth(q)
    c = np.where(np.isinf(q), np.nan, 1.0)
    slope = chi.copy()
    chaos = np.flatnonzero((chi > 1) & np.isfinite(q) & (q > 0))
    if chaos.size:
        c[chaos], slope[chaos] = _unlike(name, w[chaos], q[chaos], chi[chaos])
    return q, c, chi, growth, slope


def _unlike(name: str, w: _Real, q: _Real, chi: _Real) -> tuple[_Real, _Real]:
    """Return c* < 1 where χ₁ > 1, and the slope of the correlation map there.

    With E φφ = Σ s_k cᵏ the quotient (1 - c') / (1 - c) is w/q times Σ_j h_j cʲ, where h_j is the
    sum of the s_k with k > j; the part of relu has its own closed form.
    """
    terms = series(name, q)
    tails = np.cumsum(terms[:0:-1], axis=0)[::-1]
    relu = kink(name) ** 2 / 2

    def excess(c: _Real, w: _Real, q: _Real, chi: _Real, tails: _Real) -> _Real:
        quotient = w / q * polynomial(tails, c) + w * relu * shrinkage(np.arccos(c))
        return np.where(c == 1, chi, quotient) - 1

    c = _root(excess, np.zeros_like(q), np.ones_like(q), w, q, chi, tails)
    degrees = np.arange(1, len(terms))[:, np.newaxis]
    slope = w / q * polynomial(degrees * terms[1:], c)
    return c, slope + w * relu * (1 - np.arccos(c) / np.pi)


def _border(name: str, b: _Real) -> _Real:
    """Return the weight variance where χ₁ = 1."""
    law = LAWS[name]
    if law.bound[0] == 0.0:
        return 1 / law.slope(b)

    def excess(q: _Real, b: _Real) -> _Real:
        return q * (1 - law.square(q) / law.slope(q)) - b

    high = 2 * b + 8
    while (short := excess(high, b) < 0).any():
        high = np.where(short, 4 * high, high)
    return 1 / law.slope(_root(excess, b, high, b))


def _root(function: _Map, low: _Real, high: _Real, *known: _Real) -> _Real:
    """Return where a monotone function is 0 between two arrays, by the method of Ridders.

    Where the sign does not change, the end with the smaller value. The function takes, after the
    points, what is known at each of them along the last axis; it is called only where needed.
    """
    f_low, f_high = function(low, *known), function(high, *known)
    root = np.where(np.abs(f_low) <= np.abs(f_high), low, high)
    at = np.flatnonzero(np.sign(f_low) * np.sign(f_high) < 0)
    rest = at
    low, high, f_low, f_high = low[at], high[at], f_low[at], f_high[at]
    while at.size:
        known = tuple(each[..., rest] for each in known)
        sign, middle = np.sign(f_low), low + (high - low) / 2
        f_middle = function(middle, *known)
        spread = np.sqrt(f_middle * f_middle - f_low * f_high)
        share = f_middle / np.where(spread > 0, spread, 1.0)
        guess = middle + (middle - low) * sign * share
        f_guess = function(guess, *known)
        for x, f in ((middle, f_middle), (guess, f_guess)):
            before = np.sign(f) == sign
            low, f_low = np.where(before, x, low), np.where(before, f, f_low)
            high, f_high = np.where(before, high, x), np.where(before, f_high, f)
        near = 1e-12 * np.abs(guess)  # the next guess would be as near as rounding allows
        found = (np.abs(guess - root[at]) <= near) | (high - low <= 4e-16 * np.abs(high))
        root[at] = guess
        rest = np.flatnonzero(~found)
        low, high, f_low, f_high = (each[rest] for each in (low, high, f_low, f_high))
        at = at[rest]
    return root


def _scale(slope: _Real) -> _Real:
    """Return -1 / ln(slope): inf for 1 and nan above."""
    below = slope < 1
    with np.errstate(divide="ignore"):  # a slope of 0 is a scale of 0
        scale = -1 / np.log(np.where(below, np.maximum(slope, 0.0), 0.5))
    return np.where(below, scale, np.where(slope == 1, np.inf, np.nan))


def _between(name: str, value: npt.ArrayLike, low: float, high: float, wanted: str) -> _Real:
    """Return numbers of any shape within an interval, to whose ends those beyond by rounding go."""
    return np.clip(_admitted(name, value, low - 1e-12, high + 1e-12, wanted), low, high)


def _not_negative(name: str, value: npt.ArrayLike) -> _Real:
    return _admitted(name, value, 0.0, np.inf, "at least 0")


def _variances(weight: npt.ArrayLike, bias: npt.ArrayLike) -> dict[str, _Real]:
    smallest = float(np.finfo(np.float64).smallest_subnormal)
    return {
        "weight_variance": _admitted("weight_variance", weight, smallest, np.inf, "above 0"),
        "bias_variance": _not_negative("bias_variance", bias),
    }


def _admitted(name: str, value: npt.ArrayLike, low: float, high: float, wanted: str) -> _Real:
    """Return numbers of any shape in double precision, once they are known to be within bounds."""
    array = _arrays.real_array(name, value, (), leading="...").astype(np.float64)
    wrong = (array < low) | (array > high)
    if wrong.any():
        raise ValueError(f"{name} must be {wanted}, got {array[wrong][0]:g}")
    return array


def _by_block(
    function: Callable[..., tuple[_Real, ...]], arrays: dict[str, _Real]
) -> tuple[_Real, ...]:
    """Apply a function of flat arrays to arrays that broadcast, a few thousand entries at once."""
    try:
        wide = np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays.values())
        raise ValueError(
            f"{', '.join(arrays)} must have shapes that broadcast, got {shapes}"
        ) from None
    shape, flat = wide[0].shape, [array.ravel() for array in wide]
    blocks = [
        function(*(array[start : start + 4096] for array in flat))
        for start in range(0, flat[0].size, 4096)
    ]
    return tuple(np.concatenate(part).reshape(shape)[()] for part in zip(*blocks, strict=True))
