# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How strong must a signal be to show in noise?
=============================================

Stronger than a threshold: below it the largest eigenvalue of a sample covariance stays where pure noise would put it.
A constant added to random weights is such a signal, and shows as soon as it exceeds a small share of their spread.

The threshold, R03, is due to Baik, Ben Arous and Péché (2005), and for real entries to Baik and Silverstein (2006).
The overlap is due to Paul (2007), the case of a matrix plus a constant to Benaych-Georges and Nadakuditi (2012).
"""

# %%
# Set-up
# ------
# Take :math:`n` samples in :math:`p` dimensions: independent Gaussian noise of variance 1, except in one *planted*
# direction :math:`u`, where the variance is :math:`\ell`. Let :math:`\gamma = p/n`. The eigenvalues of pure noise fill
# an interval, the bulk, that ends at :math:`(1 + \sqrt\gamma)^2`. Up to :math:`\ell = 1 + \sqrt\gamma` the largest
# eigenvalue of the sample covariance tends to this edge, whatever is planted. Beyond, it tends to
# :math:`\ell + \gamma\ell/(\ell - 1)`, and the overlap :math:`(u \cdot v)^2` with its unit eigenvector :math:`v` tends
# to :math:`(1 - \gamma/(\ell - 1)^2) / (1 + \gamma/(\ell - 1))` instead of 0.
#
# Now let :math:`W` be a weight matrix for :math:`n` inputs and :math:`p` units, with entries of variance :math:`1/n`,
# and **add a constant** :math:`c` to each entry: a matrix of rank one and of size :math:`\theta = c\sqrt{pn}`.
# The formulas hold again, for :math:`WW^\top`, with :math:`\ell = 1 + \theta^2`.
import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import eigh, eigh_tridiagonal

from symlib import weights
from symlib.claims import check, summary

rng = np.random.default_rng(2005)
gamma = 1 / 2
threshold, edge = 1 + np.sqrt(gamma), (1 + np.sqrt(gamma)) ** 2


def limits(ell):
    """Return the limits of the largest eigenvalue and of the overlap."""
    if ell <= threshold:
        return np.array([edge, 0])
    over = gamma / (ell - 1)
    return np.array([ell * (1 + over), (1 - over / (ell - 1)) / (1 + over)])


def drawn(ell, kind, p, replicas):
    """Return the largest eigenvalue and the overlap of matrices drawn with all their entries."""
    matrices = weights.lecun((p, round(p / gamma)), replicas=replicas, rng=rng)
    if kind == "samples":
        direction = np.eye(p)[0]
        matrices[:, 0] *= np.sqrt(ell)
    else:
        direction = np.ones(p) / np.sqrt(p)
        matrices += np.sqrt((ell - 1) * gamma) / p  # theta / sqrt(p n)
    top = [eigh(w @ w.T, subset_by_index=(p - 1, p - 1)) for w in matrices]
    return np.array([(value[0], (direction @ vector[:, 0]) ** 2) for value, vector in top]).T


# %%
# The figure
# ----------
# Each point is the mean of 30 matrices with 100 rows, the lines are the limits.
fig, axes = plt.subplots(2, 1, sharex=True)
for kind, marker, color, places in (
    ("samples", "o", "C0", (1.2, 1.6, 2, 2.4, 2.8, 3.2)),
    ("weights", "x", "C1", (1.1, 1.4, 1.7, 2.2, 2.6, 3)),
):
    points = [drawn(ell, kind, 100, 30).mean(axis=1) for ell in places]
    for ax, values in zip(axes, np.transpose(points)):
        ax.plot(places, values, marker, color=color, markersize=8, markeredgewidth=2)
ells = np.linspace(1, 3.4, 97)
for ax, values in zip(axes, np.transpose([limits(ell) for ell in ells])):
    ax.plot(ells, values, "-", color="gray", zorder=0)
    ax.axvline(threshold, color="gray", linewidth=1, linestyle=":", zorder=0)
axes[0].annotate("samples", (2.35, 3.75), color="C0", horizontalalignment="right")
axes[0].annotate("weights plus a constant", (2.75, 2.9), color="C1", horizontalalignment="center")
axes[1].annotate("threshold", (threshold - 0.03, 0.55), color="gray", horizontalalignment="right")
axes[0].set(ylabel="top eigenvalue", ylim=(2.6, 4.4), title="Below the threshold nothing shows")
axes[1].set(xlabel="variance in the planted direction", ylabel="overlap", ylim=(-0.05, 0.85))
fig.alt_text = (
    "A planted direction shows only beyond a threshold. Above: the largest eigenvalue is flat up to "
    "a variance of 1.7, then rises. Below: the overlap with the direction is near 0, then grows to "
    "0.7 at variance 3. Points of samples and of weights lie on the same two lines."
)

# %%
# What this page promises
# -----------------------
# Limits call for large matrices, and for Gaussian ones there is a shortcut. Reflections that leave the first axis alone
# make the matrix bidiagonal, with independent entries :math:`\chi_n, \chi_{n-1}, \ldots` on the diagonal and
# :math:`\chi_{p-1}, \chi_{p-2}, \ldots` below it. The plant is in the first entry only. So two thousand numbers stand
# for two million, and eigenvalue and overlap have exactly the law of a full matrix.


def reduced(ell, kind, p, replicas):
    """Return the same two numbers, with the same law, from bidiagonal matrices."""
    n, result = round(p / gamma), []
    for _ in range(replicas):
        main, below = rng.chisquare(n - np.arange(p)), rng.chisquare(np.arange(p - 1, 0, -1))
        mean = n * (ell - 1)
        main[0] = ell * main[0] if kind == "samples" else rng.noncentral_chisquare(n, mean)
        bands = (main + np.append(0, below)) / n, np.sqrt(main[:-1] * below) / n
        value, vector = eigh_tridiagonal(*bands, select="i", select_range=(p - 1, p - 1))
        result.append((value[0], vector[0, 0] ** 2))
    return np.transpose(result)


# %%
# **Visible, R03.** Beyond the threshold 1.707, with a thousand rows, for samples and for weights.
p, n, replicas = 1000, 2000, 200
for kind in ("samples", "weights"):
    for ell in (3, 2.5):
        found = reduced(ell, kind, p, replicas)
        for name, values, limit in zip(("eigenvalue", "overlap"), found, limits(ell)):
            atol = 4 * values.std() / np.sqrt(replicas) + 5 / n
            why = {"atol": atol, "reason": "four standard errors, and 5 / n for the finite size"}
            check("R03", f"{name}, {kind}, variance {ell}", values.mean(), limit, **why)

# %%
# **Invisible.** At variance 1.2 the largest eigenvalue is at the edge of the noise, and its eigenvector knows nothing.
# And **the shortcut is one**: matrices of 100 rows with all their entries have the same means.
value, overlap = reduced(1.2, "samples", p, replicas)
why = {"reason": "four standard errors, and 4 n^(-2/3) at an edge"}
why["atol"] = 4 * value.std() / np.sqrt(replicas) + 4 * n ** (-2 / 3)
check("R03", "eigenvalue, samples, variance 1.2", value.mean(), edge, **why)
check("R03", "overlap, samples, variance 1.2", overlap.mean(), 0.01, relation="<")
off = []
for kind in ("samples", "weights"):
    full, short = drawn(3, kind, 100, 60), reduced(3, kind, 100, 1000)
    error = np.sqrt(full.var(axis=1) / 60 + short.var(axis=1) / 1000)
    off += [*np.abs(full.mean(axis=1) - short.mean(axis=1)) / error]
check("R03", "standard errors off, full and short", max(off), 4.5, relation="<")

# %%
# Where it stops being true
# -------------------------
# The kink belongs to the limit. At the threshold the overlap should be 0, but it shrinks only like :math:`n^{-1/3}`:
# eight times the data halve it. So near the threshold a part of the direction shows in any matrix.
#
# And it is low. The weights have the spread :math:`1/\sqrt n`, and a mean of :math:`\gamma^{1/4}/\sqrt{pn}` is at the
# threshold: 0.006 against 0.07 for 100 units on 200 inputs. All weights 0.5 is the plant without the noise.
small = reduced(threshold, "weights", 100, 2000)[1].mean()
large = reduced(threshold, "weights", 800, 500)[1].mean()
limit = {"shows": "limit", "reason": "its limit is 0; the power -1/3 of 8 is 1/2"}
check("R03", "overlap at the threshold, 100 rows", small, 0.1, relation=">", **limit)
check("R03", "its fall with 8 times the size", small / large, 3, relation="<", **limit)
summary()

# %%
# Try it yourself
# ---------------
# - Plant two directions, of variances 2 and 3. Do they see each other?
# - Draw the noise from another law of variance 1: uniform, signs, or Student's with three degrees of freedom.
# - Subtract from each row of ``W + c`` its mean. What is lost besides the plant?

plt.show()
