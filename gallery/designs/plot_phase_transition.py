# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
At which sparsity does recovery break down?
===========================================

At a threshold that depends only on the share of measurements. Two theories with nothing in common give the same curve,
and a frame from number theory follows it nearly as random matrices do, as long as the vector is a typical one.

The curve, D09, is due to Donoho and Tanner (2009). Donoho, Maleki and Montanari (2009) found it by message passing, and
Amelunxen, Lotz, McCoy and Tropp (2014) by measuring cones. Monajemi et al. (2013) saw it for deterministic matrices.
"""

# %%
# Set-up
# ------
# A vector :math:`x` with :math:`n` entries, only :math:`k` of them not 0, is measured by a matrix :math:`A` with
# :math:`m = \delta n` rows. Of all vectors with the image :math:`Ax` the one with the least sum of sizes is taken. Up
# to which :math:`\rho = k/m` is that :math:`x`? Let :math:`g` be a standard normal number, and :math:`M(t)` the mean
# square of what :math:`|g|` has above a level :math:`t`: 0 where it is below.
#
# - *Message passing* guesses again and again, and sets to 0 what is below :math:`t` standard errors. The error shrinks
#   to 0 for :math:`\rho < (1 - M(t)/\delta) / (1 + t^2 - M(t))`. The best :math:`t` gives the threshold.
# - *The cone* of all directions in which the sum of sizes falls: :math:`x` is found if :math:`A` maps none of them to
#   0. Projected on it, a Gaussian vector keeps a mean square of about :math:`n\psi(k/n)`, as on a subspace of so many
#   dimensions. So many rows are needed. Here :math:`\psi(s)` is the least value of :math:`s(1 + t^2) + (1 - s)M(t)`.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.optimize import linprog, minimize_scalar
from scipy.special import comb, erf, erfcx, wofz

from symlib import designs
from symlib.claims import check, summary
from symlib.isometry import donoho_tanner

rng = np.random.default_rng(2009)


def cone(s):
    """Return the dimension of the cone, as a share of all, by quadrature and minimization."""

    def square(t):
        above = quad(lambda g: (g - t) ** 2 * np.exp(-(g**2) / 2), t, np.inf, epsabs=1e-13)[0]
        return s * (1 + t**2) + (1 - s) * np.sqrt(2 / np.pi) * above

    return minimize_scalar(square, bounds=(0, 10), method="bounded").fun


sparsities = np.array([0.01, 0.03, 0.07, 0.12, 0.2, 0.3, 0.42, 0.55, 0.7, 0.85])
deltas = np.array([cone(s) for s in sparsities])

# %%
# **At finite size.** The projection lands on a face of the cone, of a random dimension :math:`D`. A Gaussian matrix
# finds :math:`x` with the chance :math:`1 - 2P(D = m+1) - 2P(D = m+3) - \dots`, exactly. To project, subtract a level
# :math:`t` from the :math:`k` entries, taken along the signs of :math:`x`, and from the sizes of the others, as far as
# 0, so that the sum is 0. If :math:`j` others are left, :math:`D = k+j-1`. The chance of that has two integrals: one
# over the level, and one for the sum, by its characteristic function.


def faces(n, k):
    """Return the chances of the dimensions k - 1, ..., n - 1 of the face."""
    j = np.arange(n - k + 1)[:, np.newaxis]
    t = np.linspace(0, 9, 3001)
    level = np.exp(-(k + j) * t**2 / 2) * erf(t / np.sqrt(2)) ** (n - k - j)
    # along a line through the saddle point, where the second integrand does not oscillate
    saddle = t[np.argmin(k * t**2 / 2 + j * np.log(erfcx(t / np.sqrt(2))), axis=1)]
    omega = np.linspace(-8, 8, 1001) + 1j * saddle[:, np.newaxis]
    total = np.exp(-k * omega**2 / 2) * wofz(omega / np.sqrt(2)) ** j
    integrals = 0.003 * level.sum(axis=1) * 0.016 * total.real.sum(axis=1) / (2 * np.pi)
    return (k + j[:, 0]) * comb(n - k, j[:, 0]) * integrals


def find(frame, k):
    """Return whether a vector of random signs at random places has the least sum of sizes."""
    n = frame.shape[1]
    x = rng.permuted(np.r_[rng.choice([-1.0, 1.0], k), np.zeros(n - k)])
    task = {"A_eq": np.hstack([frame, -frame]), "b_eq": frame @ x, "options": {"presolve": False}}
    return linprog(np.ones(2 * n), **task).fun > k - 1e-6


m, n, trials, entries = 31, 62, 28, np.arange(6, 19)
theory = np.array([1 - 2 * p[m + 2 - k :: 2].sum() for k in entries for p in [faces(n, k)]])
sent, drawn, paley = entries[::2], rng.standard_normal((7, trials, m, n)), designs.paley(61)
explicit = np.array([np.mean([find(paley, k) for _ in range(trials)]) for k in sent])
gaussian = np.array([np.mean([find(a, k) for a in some]) for k, some in zip(sent, drawn)])

# %%
# The figure
# ----------
# Left: the threshold by message passing as a line, and by the cone as rings. Right: the chance of Gaussian matrices as
# a line, and as points the shares of vectors that were found, by linear programs.
fig, (ax, rate) = plt.subplots(1, 2, width_ratios=(1, 1.25))
grid = np.linspace(0, 1, 200)
ax.plot(grid, donoho_tanner(grid), color="gray", linestyle="-")
ax.plot(deltas, sparsities / deltas, "o", color="C2", markerfacecolor="none")
ax.annotate("lost", (0.2, 0.68))
ax.annotate("found", (0.6, 0.22))
ax.set(xlabel="rows / columns", ylabel="entries / rows", title="Two theories")
ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
rate.axvline(m * donoho_tanner(0.5), color="gray", linestyle="--", linewidth=1)
rate.plot(entries, theory, "-", color="C0")
rate.plot(sent, gaussian, "o", color="C0")
rate.plot(sent, explicit, "s", color="C1")
rate.annotate("Gaussian", (5.7, 0.6), color="C0")
rate.annotate("Paley", (14.3, 0.6), color="C1")
rate.annotate("threshold", (11.7, 0.04), color="gray", ha="right")
rate.set(xlabel="nonzero entries", ylabel="share found", title="31 rows, 62 columns")
rate.set_xticks([6, 9, 12, 15, 18])
fig.alt_text = (
    "Two theories give one curve of sparsity against the share of rows. Right: the share found falls "
    "from 1 to 0 around 12 nonzero entries for Gaussian matrices, a little later for a Paley frame."
)

# %%
# What this page promises
# -----------------------
# **One curve, D09.** No accident: at the same :math:`t` both theories have one equation, solved for :math:`\rho` or for
# :math:`\delta`. Here they are computed apart, in closed form and by quadrature. The chance at finite size is exact, so
# that only the number of trials limits the comparison. **Paley's frame** has no dice; only the vectors have. It is even
# a little better. That its shift is less than half of the six entries from 9/10 to 1/10 is an observation.
gap = np.abs(deltas * donoho_tanner(deltas) - sparsities).max()
check("D09", "two theories, largest difference", gap, 0, atol=1e-8, reason="quadrature")
wanted = theory[::2]
off = abs(np.sum(gaussian - wanted)) / np.sqrt(np.sum(wanted * (1 - wanted)) / trials)
check("D09", "Gaussian minus theory, standard errors", off, 4, relation="<")
shift = 2 * abs(np.sum(explicit - wanted))
check("D09", "shift of Paley's transition, entries", shift, 2.5, relation="<")

# %%
# Where it stops being true
# -------------------------
# **At finite size** there is no jump. The mean of :math:`D` is below :math:`n\psi(k/n)`, by at most
# :math:`2\sqrt{n/k}`, and its standard deviation grows as :math:`\sqrt n`.
width = []
for size in (100, 400):
    d, p = np.arange(size // 5 - 1, size), faces(size, size // 5)
    width.append(np.sqrt(p @ (d - p @ d) ** 2))
check("D09", "mean of D below the limit by", 400 * cone(0.2) - p @ d, 2 * 5**0.5, relation="<=")
order = {"rtol": 0.01, "reason": "terms of order 1/n"}
check("D09", "deviation of D, 400 over 100", width[1] / width[0], 2, **order)

# %%
# **Chosen vectors** are lost. Put Hadamard's matrix of order 64 beside the identity. A comb of 8 ones is the sum of 8
# columns. So 9 of these 16 entries have, up to signs, the image of the other 7, and lose. Nine typical ones are found.
pair, lost = np.hstack([np.eye(64), designs.hadamard(64) / 8]), np.zeros(128)
lost[:64:8], lost[64:72] = 1, -1
check("D09", "image of comb less columns", np.abs(pair @ lost).max(), 0)
check("D09", "9 typical entries, found of 20", sum(find(pair, 9) for _ in range(20)), 20)
summary()

# %%
# Try it yourself
# ---------------
# - Fill the matrices with random signs instead of Gaussian numbers. Does the transition move?
# - Take the first 32 rows of Sylvester's matrix of order 64. Why is not even a single entry the only answer (D10)?

plt.show()
