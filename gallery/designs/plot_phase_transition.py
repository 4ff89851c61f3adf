# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
At what sparsity does recovery break down?
==========================================

For large Gaussian matrices and typical vectors, at a threshold that depends only on the share of measurements. Two
theories that start from different ideas give the same curve, and a frame from number theory follows it nearly as random
matrices do.

The curve, D09, is due to Donoho and Tanner (2009). Donoho, Maleki and Montanari (2009) found it by message passing, and
Amelunxen, Lotz, McCoy and Tropp (2014) by measuring cones. Monajemi et al. (2013) saw it for deterministic matrices.
"""

# %%
# Set-up
# ------
# A vector :math:`x` with :math:`n` entries, of which only :math:`k` are not 0, is measured by a matrix :math:`A` with
# :math:`m = \delta n` rows. Basis pursuit takes, among all vectors with the image :math:`Ax`, the one with the smallest
# sum of absolute values. Up to which :math:`\rho = k/m` is that :math:`x`?
#
# Let :math:`g` be a standard normal number, and :math:`M(t)` the mean square of the part of :math:`|g|` above a level
# :math:`t`, which is :math:`|g| - t`, or 0 where :math:`|g|` is below the level.
#
# *Message passing* improves a guess again and again, and sets to 0 what is below :math:`t` standard errors. The error
# shrinks to 0 for :math:`\rho < (1 - M(t)/\delta) / (1 + t^2 - M(t))`. The best :math:`t` gives the threshold.
#
# *The cone* consists of all directions in which the sum of absolute values falls. So :math:`x` is found if :math:`A`
# maps none of them to 0. A Gaussian vector, projected on the cone, keeps a mean square of about :math:`n\psi(k/n)`, as
# much as on a subspace with :math:`n\psi(k/n)` dimensions; that is how many rows are needed. Here :math:`\psi(s)` is
# the least value over :math:`t` of :math:`s(1 + t^2) + (1 - s)M(t)`.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.optimize import linprog, minimize_scalar
from scipy.special import comb, erf, erfcx, wofz

from symlib import designs, weights
from symlib.claims import check, check_mean, summary
from symlib.isometry import donoho_tanner

rng = np.random.default_rng(2009)


def mean_square_above(t):
    """Return the mean square of the part of |g| above the level t, by quadrature."""

    def integrand(g):
        return (g - t) ** 2 * np.exp(-(g**2) / 2)

    above, _ = quad(integrand, t, np.inf, epsabs=1e-13)
    return np.sqrt(2 / np.pi) * above


def cone_dimension(s):
    """Return the dimension of the cone for a share s of nonzero entries, over that of all."""

    def mean_square(t):
        return s * (1 + t**2) + (1 - s) * mean_square_above(t)

    return minimize_scalar(mean_square, bounds=(0, 10), method="bounded").fun


sparsities = np.array([0.01, 0.03, 0.07, 0.12, 0.2, 0.3, 0.42, 0.55, 0.7, 0.85])
deltas = np.array([cone_dimension(s) for s in sparsities])

# %%
# **At finite size** the chance of success is known exactly. The projection lands on a face of the cone, of a random
# dimension :math:`D`. A Gaussian matrix finds :math:`x` with probability 1 less twice the probability that :math:`D` is
# one of :math:`m+1, m+3, m+5, \dots`
#
# To project, subtract a level :math:`t` from the :math:`k` entries (taken along the signs of :math:`x`) and from the
# sizes of the others, but not below 0, and choose :math:`t` so that the results sum to 0. If :math:`j` of the others
# are left, then :math:`D = k+j-1`. The probability of that is a product of two integrals, one over the level :math:`t`
# and one for the sum, by its characteristic function. (Those who only want the result can skip the next cell.)


def face_probabilities(n, k):
    """Return the probabilities that D is k - 1, ..., n - 1."""
    t = np.linspace(0, 9, 3001)
    line = np.linspace(-8, 8, 1001)
    probabilities = np.empty(n - k + 1)
    for j in range(n - k + 1):
        level = np.exp(-(k + j) * t**2 / 2) * erf(t / np.sqrt(2)) ** (n - k - j)
        # The second integrand does not oscillate along a line through its saddle point.
        logarithm = k * t**2 / 2 + j * np.log(erfcx(t / np.sqrt(2)))
        saddle = t[np.argmin(logarithm)]
        omega = line + 1j * saddle
        total = np.exp(-k * omega**2 / 2) * wofz(omega / np.sqrt(2)) ** j
        level_integral = np.trapezoid(level, t)
        total_integral = np.trapezoid(total.real, line) / (2 * np.pi)
        probabilities[j] = (k + j) * comb(n - k, j) * level_integral * total_integral
    return probabilities


def success_probability(m, n, k):
    """Return the probability that a Gaussian matrix finds a vector with k nonzero entries."""
    probabilities = face_probabilities(n, k)
    first = m + 1 - (k - 1)  # the place of D = m + 1
    return 1 - 2 * probabilities[first::2].sum()


# %%
# We measure the same with 31 rows and 62 columns: 28 Gaussian matrices for each number of entries, and one Paley frame,
# each with typical vectors. *Typical* means: with random signs at random places.


def smallest_sum(frame, image):
    """Return the smallest sum of absolute values of all vectors with an image."""
    columns = frame.shape[1]
    positive_and_negative = np.hstack([frame, -frame])
    program = linprog(
        np.ones(2 * columns),
        A_eq=positive_and_negative,
        b_eq=image,
        options={"presolve": False},
    )
    return program.fun


def finds_typical(frame, k):
    """Return whether basis pursuit finds a vector of k random signs at random places."""
    columns = frame.shape[1]
    x = np.zeros(columns)
    places = rng.permutation(columns)[:k]
    x[places] = rng.choice([-1.0, 1.0], k)
    return smallest_sum(frame, frame @ x) > k - 1e-6


m = 31
n = 62
trials = 28
entries = np.arange(6, 19)
theory = np.array([success_probability(m, n, k) for k in entries])

measured_entries = entries[::2]
expected = theory[::2]
paley = designs.paley(61)
gaussian_found = np.empty((len(measured_entries), trials))
paley_found = np.empty((len(measured_entries), trials))
for row, k in enumerate(measured_entries):
    for trial in range(trials):
        gaussian = weights.gaussian((m, n), rng=rng)
        gaussian_found[row, trial] = finds_typical(gaussian, k)
        paley_found[row, trial] = finds_typical(paley, k)

# %%
# The figure
# ----------
# Left: the threshold by message passing as a line, and by the cone as rings. Right: the probability of success of a
# Gaussian matrix as a line, and as points the shares of vectors that were found, by linear programs.
fig, (ax, rate) = plt.subplots(1, 2, width_ratios=(1, 1.25))
grid = np.linspace(0, 1, 200)
ax.plot(grid, donoho_tanner(grid), color="gray", linestyle="-")
ax.plot(deltas, sparsities / deltas, "o", color="C2", markerfacecolor="none")
ax.annotate("lost", (0.2, 0.68))
ax.annotate("found", (0.6, 0.22))
ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
ax.set_xlabel("rows / columns")
ax.set_ylabel("entries / rows")
ax.set_title("Two theories, one curve")

rate.axvline(m * donoho_tanner(0.5), color="gray", linestyle="--", linewidth=1)
rate.plot(entries, theory, "-", color="C0")
rate.plot(measured_entries, gaussian_found.mean(axis=1), "o", color="C0")
rate.plot(measured_entries, paley_found.mean(axis=1), "s", color="C1")
rate.annotate("Gaussian", (5.7, 0.6), color="C0")
rate.annotate("Paley", (14.3, 0.6), color="C1")
rate.annotate("threshold", (11.7, 0.04), color="gray", ha="right")
rate.set_xlabel("nonzero entries")
rate.set_ylabel("share found")
rate.set_title("31 rows, 62 columns")
rate.set_xticks([6, 9, 12, 15, 18])
fig.alt_text = (
    "Two theories give one curve of sparsity against the share of rows. Right: the share found "
    "falls from 1 to 0 around 12 nonzero entries for Gaussian matrices, and nearly in the same way "
    "for a Paley frame."
)

# %%
# What this page promises
# -----------------------
# **One curve, D09.** This is no accident: at the same :math:`t` both theories have one equation, solved for
# :math:`\rho` or for :math:`\delta`. Here they are computed apart, in closed form and by quadrature.
gap = np.abs(deltas * donoho_tanner(deltas) - sparsities).max()
check("D09", "two theories, largest difference", gap, 0, atol=1e-8, reason="quadrature")

# %%
# **Gaussian matrices follow the theory** at finite size, where it is exact. The first test has 31 rows, as in the
# figure, and linear programs.
total = face_probabilities(n, 12).sum()
check("D09", "sum of the probabilities of the faces", total, 1, rounding=1e-6)
differences = gaussian_found - expected[:, np.newaxis]
check_mean("D09", "share found less theory, Gaussian", differences, 0)

# %%
# The second needs no linear program, and so has many more draws: 6 rows and 8 columns. Then the null vectors, with
# :math:`Av = 0`, are a random plane. Let the first three entries of :math:`x` be positive and the others 0. It is lost
# if some :math:`v` in the plane has :math:`v_1 + v_2 + v_3 + |v_4| + \dots + |v_8| < 0`. This sum changes its slope
# only where one of the last five entries is 0, so that it is enough to look at these :math:`v` and their negatives.
planes = rng.standard_normal((20_000, 2, 8))
is_found = np.ones(20_000, dtype=bool)
for i in range(3, 8):
    v = planes[:, 1, i, np.newaxis] * planes[:, 0] - planes[:, 0, i, np.newaxis] * planes[:, 1]
    on_three = v[:, :3].sum(axis=1)
    on_five = np.abs(v[:, 3:]).sum(axis=1)
    is_found &= np.abs(on_three) < on_five
check_mean("D09", "share found, 6 rows, 8 columns", is_found, success_probability(6, 8, 3))

# %%
# **Paley's frame nearly does.** Nothing in it is random; only the vectors are. The sum over the shares tells where its
# transition is: the numbers of entries are two apart, so that a shift by one entry changes the sum by one half. That
# the shift is less than half of the six entries between 9/10 and 1/10 is an observation.
shift = 2 * np.abs(paley_found.mean(axis=1).sum() - expected.sum())
check("D09", "shift of Paley's transition, entries", shift, 2.5, relation="<")

# %%
# Where it stops being true
# -------------------------
# **At finite size** there is no jump. The mean of :math:`D` is below :math:`n\psi(k/n)`, by at most
# :math:`2\sqrt{n/k}`, and its standard deviation grows like :math:`\sqrt n`.


def mean_and_deviation(n, k):
    """Return the mean of the dimension D and its standard deviation."""
    dimensions = np.arange(k - 1, n)
    probabilities = face_probabilities(n, k)
    mean = probabilities @ dimensions
    variance = probabilities @ (dimensions - mean) ** 2
    return mean, np.sqrt(variance)


_, deviation_of_100 = mean_and_deviation(100, 20)
mean, deviation_of_400 = mean_and_deviation(400, 80)
below = 400 * cone_dimension(0.2) - mean
check("D09", "mean of D below the limit by, least", below, 0, relation=">")
check("D09", "mean of D below the limit by", below, 2 * np.sqrt(5), relation="<=")
check(
    "D09",
    "deviation of D, 400 over 100",
    deviation_of_400 / deviation_of_100,
    2,
    rtol=0.01,
    reason="terms of order 1/n",
)

# %%
# **Vectors chosen against a matrix are lost earlier.** Put a Hadamard matrix of order 64, with columns of length 1,
# beside the identity. A comb of 8 ones is the sum of 8 columns of the Hadamard matrix. So 9 of these 16 entries have,
# up to signs, the same image as the other 7, whose sum is smaller. Nine typical entries are found.
pair = np.hstack([np.eye(64), designs.hadamard(64) / 8])
lost = np.zeros(128)
lost[:64:8] = 1
lost[64:72] = -1
check("D09", "image of comb less columns", np.abs(pair @ lost).max(), 0)

chosen = np.zeros(128)
chosen[:64:8] = 1
chosen[64] = -1
sum_found = smallest_sum(pair, pair @ chosen)
check("D09", "sum found where 9 was chosen", sum_found, 7, relation="<=", rounding=1e-6)
found = sum(finds_typical(pair, 9) for _ in range(20))
check("D09", "9 typical entries, found of 20", found, 20)
summary()

# %%
# Try it yourself
# ---------------
# - Fill the matrices with random signs instead of Gaussian numbers. Does the transition move?
# - Take the first 32 rows of Sylvester's matrix of order 64. Why is not even a single entry the only solution (D10)?

plt.show()
