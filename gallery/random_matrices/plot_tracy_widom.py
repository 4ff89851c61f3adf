# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How much does the edge of a spectrum wobble?
============================================

Very little: with n rows the spectrum of a symmetric Gaussian matrix is 4 root n wide, and its largest eigenvalue varies
by about n to the power -1/6.
For large n what is left of chance follows a fixed law, which a determinant with thirty-two rows gives to twelve digits.

There are two laws on this page, R02. For Hermitian matrices Tracy and Widom found theirs in 1994, for symmetric ones in
1996. The way to compute both is due to Bornemann (2010).
"""

# %%
# Set-up
# ------
# Let a matrix with :math:`n` rows be symmetric, or Hermitian if it is complex, with independent Gaussian entries above
# the diagonal, of mean square 1. (On the diagonal they are real, with variance 2 if the matrix is symmetric and 1 if it
# is Hermitian.) Its eigenvalues fill the interval from :math:`-2\sqrt n` to :math:`2\sqrt n` by the semicircle, and the
# largest one is :math:`2\sqrt n + n^{-1/6}\, T`. For large :math:`n` the number :math:`T` follows a fixed law. If the
# matrix is symmetric its distribution function is called :math:`F_1`, if it is Hermitian :math:`F_2`.
#
# Neither has an elementary formula, but each is a determinant in the limit of infinitely many rows, with an entry for
# each pair of numbers :math:`x` and :math:`y` from :math:`s` on. They use Airy's function :math:`\mathrm{Ai}`:
#
# - :math:`F_1(s) = \det(1 - V)` with :math:`V(x, y) = \frac12 \mathrm{Ai}(\frac{x + y}2)`, after Ferrari and Spohn
#   (2005);
# - :math:`F_2(s) = \det(1 - K)` with the *Airy kernel*
#   :math:`K(x, y) = (\mathrm{Ai}(x) \mathrm{Ai}'(y) - \mathrm{Ai}'(x) \mathrm{Ai}(y)) / (x - y)`.
#
# Bornemann's step is this: keep only the rows and columns at the points of a Gauss quadrature, and multiply by its
# weights.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import airy
from scipy.stats import skew

from symlib.claims import check, check_mean, summary
from symlib.spectrum import (
    hermite_eigenvalues,
    kolmogorov_distance,
    laguerre_eigenvalues,
    tracy_widom,
)

rng = np.random.default_rng(1994)
kinds = {1: "symmetric", 2: "Hermitian"}
laws = {1: tracy_widom(1), 2: tracy_widom(2)}


def quadrature(s, nodes):
    """Return so many points from s on, and their weights."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    length = 16 - 2 * min(s, 0)  # what lies beyond s + length is lost in rounding
    return s + length * (x + 1) / 2, length * weight / 2


def determinant(kernel, weight):
    """Return the determinant of 1 less the kernel times the weights."""
    root = np.sqrt(weight)
    return np.linalg.det(np.eye(len(root)) - root[:, np.newaxis] * kernel * root)


def f1(s, nodes):
    """Return F1 at s, from a determinant with so many rows."""
    x, weight = quadrature(s, nodes)
    kernel = airy(np.add.outer(x, x) / 2)[0] / 2
    return determinant(kernel, weight)


def f2(s, nodes):
    """Return F2 at s, from a determinant with so many rows."""
    x, weight = quadrature(s, nodes)
    ai, derivative, _, _ = airy(x)
    above = np.outer(ai, derivative) - np.outer(derivative, ai)
    below = np.subtract.outer(x, x)
    np.fill_diagonal(below, 1)
    kernel = above / below
    np.fill_diagonal(kernel, derivative**2 - x * ai**2)  # the limit where y tends to x
    return determinant(kernel, weight)


def scaled_largest(n, beta, matrices):
    """Return T for so many matrices with n rows."""
    largest = hermite_eigenvalues(n, beta=beta, size=matrices, largest=1, rng=rng)[:, 0]
    return n ** (1 / 6) * (largest - 2 * np.sqrt(n))


# %%
# The figure
# ----------
# On the left matrices with a thousand rows, drawn by a shortcut. Reflections make them tridiagonal, and only the first
# rows of that matter for the largest eigenvalue. The lines are the two laws. On the right the error of the determinants
# at -2, against the number of their rows.
n = 1000
count = 20_000
samples = {}
for beta in laws:
    samples[beta] = scaled_largest(n, beta, count)

fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.4, 1))
bins = np.arange(-5.5, 3.6, 0.25)
t = np.linspace(-5.5, 3.5, 200)
for beta, color in ((1, "C0"), (2, "C1")):
    ax.hist(samples[beta], bins, density=True, color=color, alpha=0.35)
    ax.plot(t, laws[beta].pdf(t), "-", color=color)
ax.annotate("symmetric", (0.2, 0.22), color="C0")
ax.annotate("Hermitian", (-1, 0.4), color="C1")
ax.set(xlabel="largest eigenvalue, scaled", ylabel="density", ylim=(0, 0.5))
ax.set_title("Two laws of the edge")

numbers_of_rows = np.arange(4, 45, 4)
f1_errors = [abs(f1(-2, rows) - laws[1].cdf(-2)) for rows in numbers_of_rows]
f2_errors = [abs(f2(-2, rows) - laws[2].cdf(-2)) for rows in numbers_of_rows]
right.plot(numbers_of_rows, np.maximum(f1_errors, 1e-17), "-o", color="C0", linewidth=1)
right.plot(numbers_of_rows, np.maximum(f2_errors, 1e-17), "-s", color="C1", linewidth=1)
right.set(xlabel="rows", ylabel="error", yscale="log", xticks=[8, 16, 24, 32, 40])
right.set_title("32 rows are enough")
fig.alt_text = (
    "The largest eigenvalue varies by a fixed law. Left: histograms of symmetric and of Hermitian "
    "matrices lie on the two Tracy-Widom densities. Right: the error of the determinant falls from "
    "a tenth with 4 rows to rounding with 32."
)

# %%
# What this page promises
# -----------------------
# **The digits, R02.** The determinants, with 60 rows or with 32, agree with the published values of :math:`F_1` and
# :math:`F_2`. With 32 rows they agree from -5 to 4 with the library, which left of 0 goes another way, by a
# differential equation. From 8 rows to 24 the error falls by more than eight digits.
check("R02", "F1(0)", f1(0, 60), 0.83190806620295, rounding=1e-12)
check("R02", "F2(0)", f2(0, 60), 0.96937282835526, rounding=1e-12)
check("R02", "F2(-2), 32 rows", f2(-2, 32), 0.41322414250512, rounding=1e-12)
differences = []
for s in np.linspace(-5, 4, 19):
    differences.append(abs(f1(s, 32) - laws[1].cdf(s)))
    differences.append(abs(f2(s, 32) - laws[2].cdf(s)))
check(
    "R02",
    "largest difference from the library",
    max(differences),
    0,
    atol=1e-12,
    reason="twelve digits, the error of 32 rows",
)
rough = abs(f2(-2, 8) - laws[2].cdf(-2))
fine = abs(f2(-2, 24) - laws[2].cdf(-2))
check("R02", "digits gained from 8 to 24 rows", np.log10(rough / fine), 8, relation=">")

# %%
# **The matrices.** Their largest eigenvalues have the means of the two laws. To leading order, symmetric matrices with
# :math:`n` rows behave as if they had :math:`n - \frac12`, which lowers :math:`T` by :math:`\frac12 n^{-1/3}`. For
# Hermitian ones there is no such term.
shift = n ** (-1 / 3) / 2
bias = n ** (-2 / 3) / 2
reason = "terms of the order n^(-2/3)"
symmetric = samples[1] + shift
check_mean("R02", "mean, symmetric", symmetric, laws[1].mean(), bias=bias, reason=reason)
check_mean("R02", "mean, Hermitian", samples[2], laws[2].mean(), bias=bias, reason=reason)

# %%
# The whole distribution functions agree too. The noise of a sample exceeds :math:`2.4/\sqrt R` for :math:`R` matrices
# once in fifty thousand times.
room = 2.4 / np.sqrt(count) + bias
symmetric_gap = kolmogorov_distance(symmetric, laws[1])
hermitian_gap = kolmogorov_distance(samples[2], laws[2])
check("R02", "gap to the law, symmetric", symmetric_gap, room, relation="<")
check("R02", "gap to the law, Hermitian", hermitian_gap, room, relation="<")

# %%
# **It is not a normal law.** The laws of Tracy and Widom are close to normal ones of the same mean and variance: the
# distribution functions differ by 0.02 at most. But they lean to the right, and the *skewness*, the third power of the
# deviation from the mean in units of the standard deviation, tells them apart. A normal law has the skewness 0. That of
# the samples is off by less than half of what the laws have.


def skewness_of(law):
    """Return the skewness of a law."""
    mean = law.mean()
    third, _ = quad(lambda t: (t - mean) ** 3 * law.pdf(t), -15, 15, points=[mean])
    return third / law.var() ** 1.5


published = {1: 0.2934645, 2: 0.2240842}
for beta, kind in kinds.items():
    skewness = skewness_of(laws[beta])
    check(
        "R02",
        f"skewness of the law, {kind}",
        skewness,
        published[beta],
        atol=1e-6,
        reason="published digits",
    )
    off = abs(skew(samples[beta]) - skewness)
    check("R02", f"skewness off by, {kind}", off, skewness / 2, relation="<")

# %%
# **How far out is a signal?** The largest squared singular value of a Gaussian layer with :math:`p` rows and :math:`m`
# columns, both large, has the law :math:`F_1` as well (Johnstone 2001). Its place is near
# :math:`(\sqrt m + \sqrt p)^2`, and its unit is :math:`(\sqrt m + \sqrt p)(1/\sqrt m + 1/\sqrt p)^{1/3}`. In pure noise
# one in a hundred is 2.02 units out. Of ten thousand layers with 50 rows and 200 columns between one in two hundred and
# one in fifty should then be flagged. Either border is at least five standard deviations of such a count away.
layers = 10_000
unit = laws[1].isf(0.01)
check("R02", "one in a hundred is beyond", unit, 2.02, atol=0.005, reason="published digits")
root_p = np.sqrt(50 - 0.5)  # the halves bring small matrices nearer to the limit
root_m = np.sqrt(200 - 0.5)
place = (root_p + root_m) ** 2
width = (root_p + root_m) * (1 / root_p + 1 / root_m) ** (1 / 3)
noise = laguerre_eigenvalues(50, 200, beta=1, size=layers, rng=rng)[:, -1]
flagged = np.mean(noise > place + unit * width)
five = "five standard deviations of a count from 0.01"
check("R02", "share of pure noise flagged, at least", flagged, 0.005, relation=">", reason=five)
check("R02", "share of pure noise flagged, at most", flagged, 0.02, relation="<", reason=five)

# %%
# Where it stops being true
# -------------------------
# **Small matrices.** The laws are limits. With ten rows the mean of symmetric matrices is lower than that of
# :math:`F_1`, to leading order by :math:`\frac12 n^{-1/3} = 0.23`, a fifth of the standard deviation. Hermitian ones lack this
# term.
small_symmetric = scaled_largest(10, 1, count)
small_hermitian = scaled_largest(10, 2, count)
lower = laws[1].mean() - small_symmetric.mean()
difference = abs(laws[2].mean() - small_hermitian.mean())
check("R02", "mean lower by, symmetric, 10 rows", lower, 0.18, relation=">", shows="limit")
check("R02", "mean off by, Hermitian, 10 rows", difference, 0.12, relation="<")

# %%
# **Heavy tails.** With Student's law of 1.5 degrees of freedom :math:`F_1` fails. The largest eigenvalue is typically
# about as large as the largest entry, and many units beyond the edge of a matrix of the same mean square.
entries = rng.standard_t(1.5, (50, 100, 100))
heavy = np.tril(entries) + np.tril(entries, -1).mT
largest = np.linalg.norm(heavy, 2, axis=(1, 2))
largest_entries = np.abs(heavy).max(axis=(1, 2))
ratio = np.median(largest / largest_entries)
check("R02", "largest, in largest entries, heavy tails", ratio, 1.1, relation="<", shows="limit")
root_mean_square = np.sqrt(np.mean(heavy**2, axis=(1, 2)))
beyond = largest / (root_mean_square * np.sqrt(100)) - 2
units = np.median(beyond) * 100 ** (2 / 3)
check("R02", "units beyond the edge, heavy tails", units, 10, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Take random signs for the entries of a layer. How many rows does it need for the same histogram?
# - For which :math:`s` do the determinants lose their relative precision: far on the left or far on the right?
# - Plant a constant in the layer, as on the page about signals in noise. When is it flagged nine times in ten?

plt.show()
