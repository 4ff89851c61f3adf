"""The Gram matrix that the convergence proof of Du et al. looks at, and what the proof promises.

A small step of gradient descent on half the sum of squares moves the outputs ``f`` of a network by
``f -> f - rate K (f - y)``, where the *tangent kernel* ``K`` is the Gram matrix of the gradients of
the outputs: entry (n, k) is the inner product of the gradients at inputs n and k. While ``K``
hardly changes, its eigenvalues are the speeds of learning, and if the least of them is positive,
the error goes to zero.

For two layers of which the first is trained, as in Du et al., the kernel at the start is
`relu_gram`, and its limit for many random units is `limit_gram`; `convergence_bound` and
`required_width` are what the theorem promises and what it asks for. Networks of more layers are in
`symlib.tangent`.

The limit depends on the lengths of two inputs and on their angle. Its eigenvalues for almost
parallel inputs depend on the angle itself, which the cosine does not hold: at 1e-8 the cosine is 1
in double precision. Where inputs are almost parallel or antiparallel the angle is therefore taken
from the distance of their unit vectors.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from symlib._angles import line_haversines, scaled_rows, unit_rows
from symlib._arrays import Array, number, real_array, whole

__all__ = ["convergence_bound", "limit_gram", "relu_gram", "required_width"]


def relu_gram(weight: npt.ArrayLike, x: npt.ArrayLike) -> Array:
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
        A symmetric matrix for each replica, without negative eigenvalues up to rounding.

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

    >>> relu_gram([[1.0, -1.0], [-1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    w = real_array("weight", weight, ("units", "features"), leading="replicas")
    inputs = real_array("x", x, ("samples", w.shape[-1]))
    dtype = np.result_type(w, inputs)
    w, _ = scaled_rows(w)  # which leaves the sign of each product as it is
    rows, exponents = scaled_rows(inputs)
    replicas = w.shape[:-2]
    units = w.shape[-2]
    samples = len(rows)
    counts = np.zeros((*replicas, samples, samples))
    step = max(1, 2**20 // samples)
    for start in range(0, units, step):
        block = w[..., start : start + step, :]
        for replica in np.ndindex(replicas):
            active = block[replica] @ rows.T >= 0
            single = active.astype(np.float32)  # which holds the counts of a block exactly
            counts[replica] += single.T @ single
    counts *= rows @ rows.T / units
    return _at_scale(counts, exponents, inputs, dtype)


def limit_gram(x: npt.ArrayLike) -> Array:
    """Return the Gram matrix of a two-layer ReLU network with infinitely many random units.

    It is the limit of `relu_gram` for Gaussian weights. Its least eigenvalue is what the proof of
    Du et al. rests on: it is positive when no two inputs are parallel or antiparallel, and 0 when
    two coincide.

    Parameters
    ----------
    x : array of shape (samples, features)
        The inputs, of any length. The theorem asks for length 1.

    Returns
    -------
    array of shape (samples, samples)
        A symmetric matrix, without negative eigenvalues up to rounding; its diagonal is ‖x‖² / 2.

    Notes
    -----
    With w a standard normal vector and θ the angle of x_i and x_j,

        H_ij = x_i·x_j P(w·x_i > 0 and w·x_j > 0) = x_i·x_j (π - θ) / (2π).

    Two unit inputs at a small angle have the least eigenvalue 1/2 - cos θ (π - θ) / (2π), which is
    about θ / (2π). The part of H that is odd in each input is x_i·x_j / 4, of rank at most
    features. More antiparallel pairs than features therefore give the eigenvalue 0, once for
    each pair too many.

    Rounding moves an eigenvalue by about the rounding unit times the largest one, which is 1e-7 of
    it for float32 inputs: solve in float64.

    References
    ----------
    Du, Zhai, Póczos and Singh, "Gradient descent provably optimizes over-parameterized neural
    networks", ICLR 2019, theorem 3.1.

    Examples
    --------
    >>> limit_gram([[1.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    inputs = real_array("x", x, ("samples", "features"))
    unit = unit_rows(inputs)
    cosine = unit @ unit.T
    rest = line_haversines(cosine, unit, unit)
    np.sqrt(rest, out=rest)
    np.arcsin(rest, out=rest)
    rest *= 2
    # This is the angle of the two lines, which for an obtuse θ is π - θ already.
    np.subtract(np.pi, rest, out=rest, where=cosine >= 0)
    rest /= 2 * np.pi
    rows, exponents = scaled_rows(inputs)
    rest *= rows @ rows.T
    return _at_scale(rest, exponents, inputs, inputs.dtype)


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
        The step size η of gradient descent on half the sum of squares, below 2 / λ₀: the rate of
        `symlib.training.descend` with ``kind="half_squares"``.
    steps : int
        How many steps.

    Returns
    -------
    array of shape (steps, [replicas])
        Entry k bounds ‖f - y‖² after k steps, twice the loss at step k of that descent.

    Notes
    -----
    With probability at least 1 - δ over the start,

        ‖y - f(k)‖² <= (1 - η λ₀ / 2)ᵏ ‖y - f(0)‖²

    at every step k. The theorem is about f(x) = m^(-1/2) Σ_r a_r relu(w_r·x) and gradient descent
    on half the sum of squares. The w_r start standard normal and are trained; the a_r are drawn
    independently, 1 or -1 with the same probability, and stay. It supposes inputs of length 1, no
    two of them parallel or antiparallel, so that λ₀ > 0; labels with a bound that does not depend
    on their number n; a rate of at most the order λ₀ / n²; and at least the order of
    `required_width` units. The constants of both orders are not named. This function computes the
    bound and checks none of that.

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
    factor = 1 - eta * least / 2
    return np.asarray(np.multiply.outer(factor**k, start))


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
        n⁶ / (λ₀⁴ δ³). The theorem asks for at least a constant times as many units; the constant,
        which it does not name, is left out. It depends on the bound of the labels. What else the
        theorem supposes is in the notes of `convergence_bound`.

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


def _at_scale(matrix: Array, exponents: npt.NDArray[np.intc], x: Array, dtype: Any) -> Array:
    """Return the matrix of scaled inputs times the powers of two of both, in a precision."""
    with np.errstate(over="ignore", under="ignore"):  # what overflows is told in one sentence
        result = np.ldexp(matrix, exponents + exponents.T).astype(dtype, copy=False)
    if not np.isfinite(result).all():
        largest = np.abs(x).max()
        raise ValueError(
            f"x must have rows whose inner products are numbers in {dtype}, "
            f"got a row with an entry of size {largest:g}"
        )
    return np.asarray(result)
