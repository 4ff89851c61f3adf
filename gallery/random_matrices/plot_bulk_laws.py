# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why are random spectra predictable?
===================================

Because the moments of a spectrum are sums over all entries, and in a large matrix only the variance of these counts.
Gaussian weights, random signs and uniform weights have the same spectra, and a single matrix is enough to see it.

The laws of this page, R01, are due to Wigner (1955), Ginibre (1965) and Marchenko and Pastur (1967).
The bounds at every size, for Gaussian entries, are in Davidson and Szarek (2001).
"""

# %%
# Set-up
# ------
# Take independent entries of mean 0 and variance 1. A *layer* has :math:`n` rows and :math:`2n` columns; its squared
# singular values, over :math:`2n`, follow the Marchenko-Pastur law. The eigenvalues of a *symmetric* matrix, over
# :math:`\sqrt n`, follow the semicircle on :math:`[-2, 2]`; those of a *square* one fill the unit disk evenly.
#
# **Why only the variance counts.** The mean of the :math:`k`-th powers of the eigenvalues of :math:`H` is
# :math:`\frac1n \sum H_{ab} H_{bc} \cdots H_{za}`, a sum over closed walks of :math:`k` steps. Entries have mean 0, so
# a walk that takes some step only once adds nothing on average. Most of the others take each step exactly twice, and
# there an entry counts by its variance, whatever its law. These walks run around trees; for :math:`k` = 2, 4, 6 there
# are 1, 2 and 5 shapes of them, the Catalan numbers. With so many walks to add, one matrix is as good as the average.
import matplotlib.pyplot as plt
import numpy as np

from symlib import spectrum, weights
from symlib.claims import check, summary

rng = np.random.default_rng(1967)
n = 300
semicircle, layer_law = spectrum.semicircle(), spectrum.marchenko_pastur(1 / 2)
fills = {
    "Gaussian": lambda shape: weights.gaussian(shape, std=1.0, rng=rng),
    "signs": lambda shape: rng.choice([-1.0, 1.0], shape),
    "uniform": lambda shape: weights.uniform(shape, bound=np.sqrt(3), rng=rng),
}


def symmetric(entries):
    """Return the eigenvalues of the symmetric matrix with these entries up to its diagonal."""
    return np.linalg.eigvalsh(entries, UPLO="L")


def gap(values, law):
    """Return the largest difference of a count of values from the law, as a number of values."""
    return values.shape[-1] * spectrum.kolmogorov_distance(values, law)


squares = {name: symmetric(fill((n, n))) / np.sqrt(n) for name, fill in fills.items()}
wide = {name: fill((n, 2 * n)) for name, fill in fills.items()}
layers = {name: symmetric(one @ one.T) / (2 * n) for name, one in wide.items()}

# %%
# The figure
# ----------
# The lines are the laws; nothing in them is fitted. Points of one color are the histogram of one matrix with 300 rows,
# and the dots in the disk are the eigenvalues of one matrix of signs.
fig, (left, middle, right) = plt.subplots(1, 3, width_ratios=(1, 1, 1.1))
for ax, law, spectra in ((left, layer_law, layers), (middle, semicircle, squares)):
    edges, x = np.linspace(*law.support(), 13), np.linspace(*law.support(), 200)
    ax.plot(x, law.pdf(x), "-", color="gray")
    for values, marker, color in zip(spectra.values(), "ox^", ("C0", "C1", "C2")):
        density = np.histogram(values, edges)[0] / n / np.diff(edges)
        ax.plot((edges[1:] + edges[:-1]) / 2, density, marker, color=color, fillstyle="none")
for k, (name, color) in enumerate(zip(fills, ("C0", "C1", "C2"))):
    left.annotate(name, (0.97, 0.88 - 0.11 * k), xycoords="axes fraction", ha="right", color=color)
values = np.linalg.eigvals(fills["signs"]((n, n))) / np.sqrt(n)
right.add_patch(plt.Circle((0, 0), 1, fill=False, color="gray", linewidth=2))
right.plot(values.real, values.imag, ".", color="C1", markersize=4)
left.set(title="Layer", xlabel="squared value", ylabel="density", ylim=(0, None))
middle.set(title="Symmetric", xlabel="eigenvalue", xticks=(-2, 0, 2))
middle.set(ylim=(0, 0.36), yticks=(0, 0.1, 0.2, 0.3))
right.set(title="Square", aspect="equal", anchor="N", xlabel="eigenvalue")
right.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
fig.alt_text = (
    "Histograms of single matrices with Gaussian, sign and uniform entries lie on the same curves: "
    "the Marchenko-Pastur law for a layer, the semicircle for a symmetric matrix. The complex "
    "eigenvalues of a square matrix of signs fill the unit disk evenly."
)

# %%
# What this page promises
# -----------------------
# **The laws, R01.** Count the values up to a point, and compare with the law. At worst a few values of 300 are on the
# wrong side: :math:`0.45 \ln n` to leading order, for Gaussian symmetric matrices. Of independent draws from the law
# itself it would be about :math:`0.87 \sqrt n`. Eigenvalues repel each other, and so are spread more evenly.
why = {"relation": "<", "reason": "ln n: in theory it is 0.45 ln n, to leading order"}
for what, law, spectra in (("layers", layer_law, layers), ("symmetric", semicircle, squares)):
    worst = max(gap(values, law) for values in spectra.values())
    check("R01", f"values out of place, {what}, worst of 3", worst, np.log(n), **why)
draws = gap(semicircle.rvs((20, n), rng=rng), semicircle).mean()
check("R01", "the same for 300 independent draws", draws, 10, relation=">")
small = spectrum.hermite_eigenvalues(50, beta=1, size=100, rng=rng) / np.sqrt(50)
large = spectrum.hermite_eigenvalues(800, beta=1, size=40, rng=rng) / np.sqrt(800)
few, many = gap(small, semicircle).mean(), gap(large, semicircle).mean()
check("R01", "its growth with 16 times the size", many / few, 2, relation="<", reason="draws: 4")

# %%
# **The moments**, from matrices with 800 rows: Catalan numbers, and Narayana's polynomials for layers.
oblong = spectrum.laguerre_eigenvalues(800, 1600, beta=1, size=40, rng=rng) / 1600
moments = [("symmetric", large, *row) for row in ((2, 1, 1), (4, 2, 6), (6, 5, 23))]
moments += [("layers", oblong, *row) for row in ((2, 1 + 1 / 2, 1), (3, 1 + 3 / 2 + 1 / 4, 3))]
for what, values, k, expected, order in moments:
    found = (values**k).mean(axis=1)
    atol = 4 * found.std() / np.sqrt(len(found)) + order / 800
    why = {"atol": atol, "reason": f"four standard errors, and {order} / n for the finite size"}
    check("R01", f"moment {k}, {what}", found.mean(), expected, **why)

# %%
# **The disk.** Half of its area is within the radius :math:`1/\sqrt 2`, and so should be half of the eigenvalues.
complex_values = {"Gaussian": spectrum.ginibre_eigenvalues(100, size=50, rng=rng)}
complex_values["signs"] = np.linalg.eigvals(fills["signs"]((50, 100, 100))) / 10
for name, values in complex_values.items():
    share = (np.abs(values) < np.sqrt(1 / 2)).mean(axis=1)
    atol = 4 * share.std() / np.sqrt(50) + 0.5 / 100
    why = {"atol": atol, "reason": "four standard errors, and half an eigenvalue"}
    check("R01", f"share in half of the disk, {name}", share.mean(), 1 / 2, **why)

# %%
# **The ends, at every size.** For :math:`M` rows and :math:`n` columns of Gaussian entries, the singular values lie on
# average between :math:`\sqrt M - \sqrt n` and :math:`\sqrt M + \sqrt n`, however small the matrix.
for rows, columns in (400, 100), (5, 3):
    values = np.sqrt(spectrum.laguerre_eigenvalues(columns, rows, beta=1, size=200, rng=rng))
    low, high = np.sqrt(rows) - np.sqrt(columns), np.sqrt(rows) + np.sqrt(columns)
    smallest, largest = values[:, 0].mean(), values[:, -1].mean()
    check("R01", f"mean smallest value, {rows} x {columns}", smallest, low, relation=">")
    check("R01", f"mean largest value, {rows} x {columns}", largest, high, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Without a variance.** Student's law with 1.5 degrees of freedom has none, and a few entries rule the spectrum.
#
# **Without independence.** An orthogonal matrix may be random too, but all its singular values are 1. Those of a
# square layer follow the quarter circle, with a share of :math:`1/3 + \sqrt 3/(2\pi)` below 1. And all entries 0.5
# leave one value.
heavy = symmetric(rng.standard_t(1.5, (5, n, n)))
off = gap(heavy / heavy.std(axis=1, keepdims=True), semicircle).mean()
check("R01", "values out of place, heavy tails", off, 15, relation=">")
ones = np.linalg.svd(weights.orthogonal((n, n), rng=rng), compute_uv=False)
share = gap(ones, spectrum.quarter_circle()) / n
why = {"atol": 1e-9, "reason": "rounding"}
check("R01", "share out of place, orthogonal", share, 1 / 3 + np.sqrt(3) / (2 * np.pi), **why)
check("R01", "values above 0, constant", np.linalg.matrix_rank(weights.constant((n, n))), 1)
summary()

# %%
# Try it yourself
# ---------------
# - Set nine of ten entries to 0 and multiply the others by :math:`\sqrt{10}`. What changes, and what with 99 of 100?
# - Add 0.5 to every entry of the layer. How many of its values move?
# - Make the entries of the square matrix symmetric one after the other. How does the disk become an interval?

plt.show()
