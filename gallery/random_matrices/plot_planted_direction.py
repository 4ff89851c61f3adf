# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How strong must a signal be to show in noise?
=============================================

Stronger than a threshold: as long as it is weaker, the largest eigenvalue of a large sample covariance stays where pure
noise would put it.
A constant added to random weights is such a signal, and in a large layer a small share of their spread is enough.

The threshold, R03, is due to Baik, Ben Arous and Péché (2005), and for real entries to Baik and Silverstein (2006). The
overlap is due to Paul (2007). The case of a matrix plus another of rank one, such as a constant, is in Benaych-Georges
and Nadakuditi (2012).
"""

# %%
# Set-up
# ------
# Take :math:`n` samples in :math:`p` dimensions: independent Gaussian noise of variance 1, except in one *planted*
# direction :math:`u`, where the variance is :math:`\ell`. Let :math:`\gamma = p/n`. For large :math:`p` and :math:`n`
# the eigenvalues of pure noise fill an interval, the bulk, that ends at :math:`(1 + \sqrt\gamma)^2`. What the planted
# direction changes depends on a threshold:
#
# - Up to :math:`\ell = 1 + \sqrt\gamma` the largest eigenvalue of the sample covariance tends to the edge of the bulk,
#   as if nothing were planted. The overlap :math:`(u \cdot v)^2` with its unit eigenvector :math:`v` tends to 0.
# - Beyond, the largest eigenvalue tends to :math:`\ell + \gamma\ell/(\ell - 1)`, and the overlap to
#   :math:`(1 - \gamma/(\ell - 1)^2) / (1 + \gamma/(\ell - 1))`.
#
# **A constant is such a direction.** Let :math:`W` be the weight matrix of :math:`p` units with :math:`n` inputs, with
# Gaussian entries of mean 0 and variance 1, and add a constant :math:`c` to each entry. The constant alone has one
# singular value, :math:`c\sqrt{pn}`, and its direction among the units is that of equal entries. The formulas hold
# again, for :math:`(W + c)(W + c)^\top / n`, with :math:`\ell = 1 + p c^2`. In words: for layers, a constant acts like
# a direction of variance :math:`1 + p c^2`. If the weights have another standard deviation, count :math:`c` in units of
# it.
import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import eigh, eigh_tridiagonal

from symlib.claims import check, check_mean, summary

rng = np.random.default_rng(2005)
gamma = 1 / 2
threshold = 1 + np.sqrt(gamma)
edge = (1 + np.sqrt(gamma)) ** 2


def eigenvalue_limit(ell):
    """Return the limit of the largest eigenvalue."""
    if ell <= threshold:
        return edge
    return ell + gamma * ell / (ell - 1)


def overlap_limit(ell):
    """Return the limit of the overlap."""
    if ell <= threshold:
        return 0.0
    return (1 - gamma / (ell - 1) ** 2) / (1 + gamma / (ell - 1))


def largest(matrix, direction):
    """Return the largest eigenvalue of W W' / n, and the overlap of its vector with a direction."""
    p, n = matrix.shape
    value, vector = eigh(matrix @ matrix.T / n, subset_by_index=(p - 1, p - 1))
    return value[0], (direction @ vector[:, 0]) ** 2


def planted_samples(ell, p, replicas):
    """Return eigenvalues and overlaps of samples, drawn with all their entries."""
    direction = np.eye(p)[0]
    found = []
    for _ in range(replicas):
        matrix = rng.standard_normal((p, round(p / gamma)))
        matrix[0] *= np.sqrt(ell)
        found.append(largest(matrix, direction))
    return np.transpose(found)


def weights_plus(constant, p, replicas):
    """Return eigenvalues and overlaps of weights plus a constant, drawn with all their entries."""
    direction = np.ones(p) / np.sqrt(p)
    found = []
    for _ in range(replicas):
        matrix = rng.standard_normal((p, round(p / gamma))) + constant
        found.append(largest(matrix, direction))
    return np.transpose(found)


# %%
# The figure
# ----------
# Each point is the mean of 30 matrices with 100 rows, the lines are the limits.
fig, (above, below) = plt.subplots(2, 1, sharex=True)
for ell in (1.2, 1.6, 2, 2.4, 2.8, 3.2):
    values, overlaps = planted_samples(ell, 100, 30)
    above.plot(ell, values.mean(), "o", color="C0", markersize=8)
    below.plot(ell, overlaps.mean(), "o", color="C0", markersize=8)
for ell in (1.1, 1.4, 1.7, 2.2, 2.6, 3):
    values, overlaps = weights_plus(np.sqrt((ell - 1) / 100), 100, 30)
    above.plot(ell, values.mean(), "x", color="C1", markersize=8, markeredgewidth=2)
    below.plot(ell, overlaps.mean(), "x", color="C1", markersize=8, markeredgewidth=2)

ells = np.linspace(1, 3.4, 97)
above.plot(ells, [eigenvalue_limit(ell) for ell in ells], "-", color="gray", zorder=0)
below.plot(ells, [overlap_limit(ell) for ell in ells], "-", color="gray", zorder=0)
for ax in (above, below):
    ax.axvline(threshold, color="gray", linewidth=1, linestyle=":", zorder=0)
above.annotate("samples", (2.35, 3.75), color="C0", horizontalalignment="right")
above.annotate("weights plus a constant", (2.75, 2.9), color="C1", horizontalalignment="center")
below.annotate("threshold", (threshold - 0.03, 0.55), color="gray", horizontalalignment="right")
above.set(ylabel="top eigenvalue", ylim=(2.6, 4.4), title="A signal shows beyond a threshold")
below.set(xlabel="variance in the planted direction", ylabel="overlap", ylim=(-0.05, 0.85))
fig.alt_text = (
    "A planted direction shows only beyond a threshold. Above: the largest eigenvalue is flat up "
    "to a variance of 1.7, then rises. Below: the overlap with the direction is near 0, then grows "
    "to 0.7 at variance 3. Points of samples and of weights lie on the same two lines."
)

# %%
# What this page promises
# -----------------------
# Limits call for large matrices, and for Gaussian ones there is a shortcut. Reflections that leave the first axis alone
# make the matrix bidiagonal. Its entries are independent, :math:`\chi_n, \chi_{n-1}, \ldots` on the diagonal and
# :math:`\chi_{p-1}, \chi_{p-2}, \ldots` below it, and the plant is in the first entry only. So two thousand numbers
# stand for two million, and eigenvalue and overlap have exactly the law of a full matrix.


def shortcut(first_squared, p, replicas):
    """Return eigenvalues and overlaps from bidiagonal matrices with such first entries, squared."""
    n = round(p / gamma)
    found = []
    for k in range(replicas):
        diagonal = rng.chisquare(n - np.arange(p))
        diagonal[0] = first_squared[k]
        left = rng.chisquare(np.arange(p - 1, 0, -1))
        main = (diagonal + np.append(0, left)) / n
        beside = np.sqrt(diagonal[:-1] * left) / n
        value, vector = eigh_tridiagonal(main, beside, select="i", select_range=(p - 1, p - 1))
        found.append((value[0], vector[0, 0] ** 2))
    return np.transpose(found)


def many_samples(ell, p, replicas):
    """Return eigenvalues and overlaps of samples, by the shortcut."""
    n = round(p / gamma)
    return shortcut(ell * rng.chisquare(n, replicas), p, replicas)


def many_weights(ell, p, replicas):
    """Return eigenvalues and overlaps of weights plus a constant, by the shortcut."""
    n = round(p / gamma)
    return shortcut(rng.noncentral_chisquare(n, n * (ell - 1), replicas), p, replicas)


# %%
# **Visible, R03.** Beyond the threshold, which is 1.707 here, with a thousand rows, for samples and for weights.
p = 1000
n = 2000
replicas = 200


def check_limits(what, values, overlaps, ell, size):
    """Compare the means with the limits, which matrices of this size miss by up to 5 / size."""
    bias = 5 / size
    reason = "5 / n for the finite size"
    value = eigenvalue_limit(ell)
    check_mean("R03", f"eigenvalue, {what}", values, value, bias=bias, reason=reason)
    overlap = overlap_limit(ell)
    check_mean("R03", f"overlap, {what}", overlaps, overlap, bias=bias, reason=reason)


for ell in (3, 2.5):
    values, overlaps = many_samples(ell, p, replicas)
    check_limits(f"samples, variance {ell}", values, overlaps, ell, n)
    values, overlaps = many_weights(ell, p, replicas)
    check_limits(f"weights, variance {ell}", values, overlaps, ell, n)

# %%
# **Invisible.** At variance 1.2 the largest eigenvalue is at the edge of the noise, and its eigenvector knows nothing.
for name, draw in {"samples": many_samples, "weights": many_weights}.items():
    values, overlaps = draw(1.2, p, replicas)
    check_mean(
        "R03",
        f"eigenvalue, {name}, variance 1.2",
        values,
        edge,
        bias=4 * n ** (-2 / 3),
        reason="4 n^(-2/3) at an edge",
    )
    mean = overlaps.mean()
    check("R03", f"overlap, {name}, variance 1.2", mean, 0.01, relation="<", reason="limit: 0")

# %%
# **The shortcut is one.** Matrices of 100 rows with all their entries have the same means.
drawn_samples = planted_samples(3, 100, replicas)
drawn_weights = weights_plus(np.sqrt(2 / 100), 100, replicas)
differences = {
    "samples": drawn_samples - many_samples(3, 100, replicas),
    "weights": drawn_weights - many_weights(3, 100, replicas),
}
for name, (values, overlaps) in differences.items():
    check_mean("R03", f"eigenvalue, full less short, {name}", values, 0)
    check_mean("R03", f"overlap, full less short, {name}", overlaps, 0)

# %%
# **A layer, worked out.** A hundred units have 200 inputs, and the weights have the usual variance 1/200. So their
# standard deviation is :math:`1/\sqrt{200} = 0.071`. Add 0.02 to each weight. In units of the standard deviation that
# is :math:`c = 0.02 \sqrt{200} = 0.28`, and the constant acts like a direction of variance
# :math:`\ell = 1 + 100\, c^2 = 9`. That is far above the threshold, and the layer has one direction that is mostly the
# constant. The constant at the threshold itself has :math:`p c^2 = \sqrt\gamma`. It is only 0.006.
added = 0.02
deviation = 1 / np.sqrt(200)
ell = 1 + 100 * (added / deviation) ** 2
values, overlaps = weights_plus(added / deviation, 100, replicas)
check("R03", "variance that 0.02 acts like", ell, 9, rounding=1e-12)
check_limits("0.02 added, 100 x 200", values, overlaps, ell, 200)
at_threshold = deviation * np.sqrt(np.sqrt(gamma) / 100)
check(
    "R03",
    "constant at the threshold, 100 x 200",
    at_threshold,
    0.006,
    atol=1e-4,
    reason="given with one digit",
)

# %%
# Where it stops being true
# -------------------------
# **The kink belongs to the limit.** At the threshold the overlap tends to 0, but slowly. Near the edge the tridiagonal
# matrix acts like a random operator on a half-line whose unit is :math:`n^{1/3}` rows, and the plant decides its
# condition at the end of the line (Bloemendal and Virág 2013). At the threshold the eigenvector need not vanish there.
# It spreads over about :math:`n^{1/3}` rows, so that the square of its first entry, the overlap, is of the order
# :math:`n^{-1/3}`. With eight times the size it is half as large. So near the threshold a part of the direction shows
# in matrices of moderate size.
_, small = many_weights(threshold, 100, 6000)
_, large = many_weights(threshold, 800, 2000)
exponent = np.log(small.mean() / large.mean()) / np.log(8)
check("R03", "overlap at the threshold, 100 rows", small.mean(), 0.1, relation=">", shows="limit")
check(
    "R03",
    "exponent of its fall, off from 1/3 by",
    abs(exponent - 1 / 3),
    0.05,
    relation="<",
    shows="limit",
    reason="four standard errors; 1/4 is 0.08 away",
)

# %%
# **And the threshold is low.** The constant that reaches it is :math:`(pn)^{-1/4}` standard deviations, less for each
# larger layer. All weights 0.5 is the plant without the noise.
summary()

# %%
# Try it yourself
# ---------------
# - Plant two directions, of variances 2 and 3. Do they see each other?
# - Draw the noise from another law of variance 1: uniform, signs, or Student's with three degrees of freedom.
# - Subtract from each row of ``W + c`` its mean. What is lost besides the plant?

plt.show()
