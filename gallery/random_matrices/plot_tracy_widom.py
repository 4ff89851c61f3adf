# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How much does the edge of a spectrum wobble?
============================================

Very little: with n rows the spectrum is 4 root n wide, and the largest eigenvalue moves by about n to the power -1/6.
What is left of chance follows a fixed law, and a determinant with thirty-two rows gives that law to twelve digits.

The law, R02, was found by Tracy and Widom (1994, 1996); the way to compute it is due to Bornemann (2010).
"""

# %%
# Set-up
# ------
# Let a matrix with :math:`n` rows be symmetric, or Hermitian if it is complex, with independent Gaussian entries above
# the diagonal, of mean square 1. Its eigenvalues fill :math:`[-2\sqrt n, 2\sqrt n]` by the semicircle, and the largest
# is :math:`2\sqrt n + n^{-1/6}\, T`. For large :math:`n` the distribution function of :math:`T` is :math:`F_1` if the
# matrix is symmetric and :math:`F_2` if it is Hermitian.
#
# There is no elementary formula, but two determinants, in the limit of infinitely many rows and columns :math:`x` and
# :math:`y` from :math:`s` on. In :math:`F_2(s) = \det(1 - K)` stands the *Airy kernel*
# :math:`K(x, y) = (\mathrm{Ai}(x) \mathrm{Ai}'(y) - \mathrm{Ai}'(x) \mathrm{Ai}(y)) / (x - y)`, and in
# :math:`F_1(s) = \det(1 - V)` simply :math:`V(x, y) = \frac12 \mathrm{Ai}(\frac{x + y}2)`, after Ferrari and Spohn
# (2005). Bornemann's step: keep only the rows and columns of a Gauss quadrature, and multiply by its weights.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import airy

from symlib.claims import check, summary
from symlib.spectrum import hermite_eigenvalues, laguerre_eigenvalues, tracy_widom

rng = np.random.default_rng(1994)
kinds = {1: "symmetric", 2: "Hermitian"}
laws = {beta: tracy_widom(beta) for beta in kinds}


def determinants(s, nodes):
    """Return F1 and F2 at s from so many quadrature points."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    length = 16 - 2 * min(s, 0)  # what lies beyond s + length is lost in rounding
    x, root = s + length * (x + 1) / 2, np.sqrt(length * weight / 2)
    one, (ai, slope, _, _) = np.eye(nodes), airy(x)
    half = airy(np.add.outer(x, x) / 2)[0] / 2
    kernel = (np.outer(ai, slope) - np.outer(slope, ai)) / (np.subtract.outer(x, x) + one)
    kernel += np.diag(slope**2 - x * ai**2)  # the limit y = x, where there was 0 / 1
    return [np.linalg.det(one - root[:, None] * k * root) for k in (half, kernel)]


def wobble(n, beta, matrices):
    """Return T for so many matrices with n rows."""
    largest = hermite_eigenvalues(n, beta=beta, size=matrices, largest=1, rng=rng)[:, 0]
    return n ** (1 / 6) * (largest - 2 * np.sqrt(n))


def gap(sample, law):
    """Return the largest difference between the distribution function of a sample and a law."""
    below, steps = law.cdf(np.sort(sample)), np.arange(len(sample) + 1) / len(sample)
    return max((steps[1:] - below).max(), (below - steps[:-1]).max())


# %%
# The figure
# ----------
# On the left matrices with ten thousand rows, drawn by a shortcut: reflections make them tridiagonal, and only
# the first rows of that matter for the largest eigenvalue. The lines are the two laws. On the right the error of the
# determinants at -2, against the number of their rows.
n, count = 10_000, 4000
samples = {beta: wobble(n, beta, count) for beta in laws}
fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.4, 1))
t, nodes = np.linspace(-5.5, 3.5, 200), np.arange(4, 45, 4)
found = np.array([determinants(-2, m) for m in nodes])
for beta, color, marker in ((1, "C0", "o"), (2, "C1", "s")):
    bins = np.arange(-5.5, 3.6, 0.25)
    ax.hist(samples[beta], bins, density=True, color=color, alpha=0.35)
    ax.plot(t, laws[beta].pdf(t), "-", color=color)
    error = np.abs(found[:, beta - 1] - laws[beta].cdf(-2))
    right.plot(nodes, np.maximum(error, 1e-17), f"-{marker}", color=color, linewidth=1)
ax.annotate("symmetric", (0.2, 0.22), color="C0")
ax.annotate("Hermitian", (-1, 0.4), color="C1")
ax.set(xlabel="largest eigenvalue, scaled", ylabel="density", ylim=(0, 0.5))
ax.set_title("Two laws of the edge")
right.set(xlabel="rows", ylabel="error", yscale="log", xticks=[8, 16, 24, 32, 40])
right.set_title("32 rows do")
fig.alt_text = (
    "The largest eigenvalue varies by a fixed law. Left: histograms of 4000 symmetric and 4000 "
    "Hermitian matrices lie on the two Tracy-Widom densities. Right: the error of the determinant "
    "falls from a tenth with 4 rows to rounding with 32."
)

# %%
# What this page promises
# -----------------------
# **The digits, R02.** The determinants, with 60 rows or with 32, agree with published values. With 32 rows they agree
# from -5 to 4 with the library, which left of 0 goes another way, by a differential equation. 16 more rows add eight
# digits.
why = {"atol": 1e-12, "reason": "published to 14 digits; rounding"}
check("R02", "F1(0)", determinants(0, 60)[0], 0.83190806620295, **why)
check("R02", "F2(0)", determinants(0, 60)[1], 0.96937282835526, **why)
check("R02", "F2(-2), 32 rows", determinants(-2, 32)[1], 0.41322414250512, **why)
grid = np.linspace(-5, 4, 19)
both = np.array([determinants(s, 32) for s in grid]).T - [law.cdf(grid) for law in laws.values()]
why = {"atol": 1e-12, "reason": "twelve digits, the error of 32 rows"}
check("R02", "largest difference from the library", np.abs(both).max(), 0, **why)
rough, fine = (abs(determinants(-2, m)[1] - laws[2].cdf(-2)) for m in (8, 24))
check("R02", "digits gained from 8 to 24 rows", np.log10(rough / fine), 8, relation=">")

# %%
# **The sample.** Noise exceeds :math:`2.4/\sqrt R` for :math:`R` matrices once in fifty thousand times. Finite size
# shifts the mean by about :math:`\frac12 n^{-1/3}` for symmetric matrices, and by less for Hermitian ones.
atol = 4 * samples[2].std() / np.sqrt(count) + n ** (-2 / 3)
why = {"atol": atol, "reason": "four standard errors, and n^(-2/3) for the finite size"}
check("R02", "mean, Hermitian", samples[2].mean(), laws[2].mean(), **why)
room = 2.4 / np.sqrt(count) + n ** (-1 / 3) / 4
for beta, kind in kinds.items():
    check("R02", f"gap to the law, {kind}", gap(samples[beta], laws[beta]), room, relation="<")

# %%
# **How far out is a signal?** The largest squared singular value of a layer with :math:`p` rows and :math:`m` columns
# has the law :math:`F_1` as well (Johnstone 2001), around :math:`(\sqrt m + \sqrt p)^2` and in units of
# :math:`(\sqrt m + \sqrt p)(1/\sqrt m + 1/\sqrt p)^{1/3}`. In pure noise one in a hundred is 2.02 units out.
unit = laws[1].isf(0.01)
check("R02", "one in a hundred is beyond", unit, 2.02, atol=0.005, reason="published digits")
root = np.sqrt([50 - 0.5, 200 - 0.5])  # the halves bring small matrices nearer to the limit
bound = root.sum() ** 2 + unit * root.sum() * (1 / root).sum() ** (1 / 3)
noise = laguerre_eigenvalues(50, 200, beta=1, size=count, rng=rng)
flagged = np.mean(noise[:, -1] > bound)
check("R02", "share of pure noise flagged, 50 x 200", flagged, 0.02, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Small matrices.** The law is a limit, and symmetric matrices reach it slowly: with ten rows their mean is a quarter
# of a unit too low, with forty still a seventh. Hermitian ones, which lack the leading term, are closer.
for rows, beta, bound, side in ((10, 1, -0.2, "<"), (40, 1, -0.08, "<"), (10, 2, -0.13, ">")):
    off, kind = wobble(rows, beta, 10_000).mean() - laws[beta].mean(), kinds[beta]
    check("R02", f"mean off by, {kind}, {rows} rows", off, bound, relation=side)

# %%
# **Heavy tails.** With Student's law of 1.5 degrees of freedom nothing of it is left. The largest eigenvalue is about
# as large as the largest entry, and dozens of units beyond the edge of a matrix of the same mean square.
heavy = np.tril(rng.standard_t(1.5, (50, 100, 100)))
heavy += np.tril(heavy, -1).mT
largest = np.linalg.norm(heavy, 2, axis=(1, 2))
ratio = np.median(largest / np.abs(heavy).max(axis=(1, 2)))
check("R02", "largest, in largest entries, heavy tails", ratio, 1.1, relation="<")
out = np.median(largest / np.sqrt(100 * np.mean(heavy**2, axis=(1, 2))) - 2) * 100 ** (2 / 3)
check("R02", "units beyond the edge, heavy tails", out, 10, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Take random signs for the entries of a layer. How many rows does it need for the same histogram?
# - For which :math:`s` do the determinants lose their relative precision: far on the left or far on the right?
# - Plant a constant in the layer, as on the page about signals in noise. When is it flagged nine times in ten?

plt.show()
