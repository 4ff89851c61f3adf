# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why are random spectra predictable?
===================================

Because moments of a spectrum, for layers and symmetric matrices, are sums over very many entries: chance averages out,
and in the limit only the variance of the entries is left.
Gaussian weights, random signs and uniform weights share their limits, as do all independent copies of one entry with
mean 0 and the same variance.

The laws of this page, R01, go back to Wigner (1955) for symmetric matrices, Marchenko and Pastur (1967) for layers and
Ginibre (1965) for Gaussian square ones, whose moments do not decide the spectrum. That the disk of the square ones
needs no Gaussians was proved by Tao and Vu (2010). Chin (2021) quotes the semicircle theorem under Lindeberg's
condition, which is explained below. The bounds at every size, for Gaussian entries, are in Davidson and Szarek (2001).
"""

# %%
# Set-up
# ------
# Take independent entries of mean 0 and variance 1. There are three kinds of matrices:
#
# - A *layer* has :math:`n` rows and :math:`2n` columns. Its squared singular values, divided by :math:`2n`, follow the
#   Marchenko-Pastur law.
# - A *symmetric* matrix has :math:`n` rows and columns. Its eigenvalues, divided by :math:`\sqrt n`, follow the
#   semicircle on the interval from -2 to 2.
# - A *square* matrix has :math:`n` rows and columns and no symmetry. Its complex eigenvalues, divided by
#   :math:`\sqrt n`, fill the unit disk evenly.
#
# **Why only the variance counts.** Let :math:`H` be the symmetric matrix, divided by :math:`\sqrt n`. The mean of the
# :math:`k`-th powers of its eigenvalues is its :math:`k`-th *moment*,
# :math:`\frac1n \sum H_{ab} H_{bc} \cdots H_{za}`. This is a sum over closed walks of :math:`k` steps from row to row.
# Entries have mean 0, so a walk that takes some step only once adds nothing on average. Most of the others take each
# step exactly twice, and there an entry counts by its variance, whatever its law. These walks run around trees. For
# :math:`k` = 2, 4, 6 there are 1, 2 and 5 shapes of them, the Catalan numbers, which are the moments of the semicircle.
#
# The fourth moment shows what the limit needs. Walks that take one step four times count by the fourth moment
# :math:`\kappa` of an entry, and with them the mean is exactly :math:`2 + (\kappa - 2)/n`. If the law of the entries is
# the same for all sizes and has a fourth moment, :math:`\kappa/n` tends to 0. Without one the semicircle still holds,
# but the proof first cuts off the large entries.
import matplotlib.pyplot as plt
import numpy as np

from symlib import spectrum, weights
from symlib.claims import check, check_mean, summary

rng = np.random.default_rng(1967)
n = 300
semicircle = spectrum.semicircle()
layer_law = spectrum.marchenko_pastur(1 / 2)


def gaussian(shape):
    """Draw normal entries of variance 1."""
    return rng.standard_normal(shape)


def signs(shape):
    """Draw 1 and -1 with equal chances."""
    return rng.choice([-1.0, 1.0], shape)


def uniform(shape):
    """Draw entries that are spread evenly, with variance 1."""
    bound = np.sqrt(3)
    return rng.uniform(-bound, bound, shape)


def symmetric(entries):
    """Return the symmetric matrix that has these entries up to its diagonal."""
    lower = np.tril(entries)
    strictly_lower = np.tril(entries, -1)
    return lower + strictly_lower.mT


def out_of_place(values, law):
    """Count the values on the wrong side of a point, compared with a law, at the worst point."""
    return values.shape[-1] * spectrum.kolmogorov_distance(values, law)


draws = {"Gaussian": gaussian, "signs": signs, "uniform": uniform}
symmetric_values = {}
layer_values = {}
for name, draw in draws.items():
    matrix = symmetric(draw((n, n)))
    symmetric_values[name] = np.linalg.eigvalsh(matrix) / np.sqrt(n)
    layer = draw((n, 2 * n))
    layer_values[name] = np.linalg.eigvalsh(layer @ layer.T) / (2 * n)
disk_values = np.linalg.eigvals(signs((n, n))) / np.sqrt(n)

# %%
# The figure
# ----------
# The lines are the laws; nothing in them is fitted. Points of one color are the histogram of one matrix with 300 rows,
# and the dots in the disk are the eigenvalues of one matrix of signs.
fig, (left, middle, right) = plt.subplots(1, 3, width_ratios=(1, 1, 1.1))
markers = {"Gaussian": "o", "signs": "x", "uniform": "^"}
colors = {"Gaussian": "C0", "signs": "C1", "uniform": "C2"}


def compare(ax, law, spectra):
    """Draw the density of a law, and the histogram of each spectrum as points."""
    low, high = law.support()
    x = np.linspace(low, high, 200)
    ax.plot(x, law.pdf(x), "-", color="gray")
    edges = np.linspace(low, high, 13)
    centers = (edges[1:] + edges[:-1]) / 2
    for name, values in spectra.items():
        counts, _ = np.histogram(values, edges)
        density = counts / (n * np.diff(edges))
        ax.plot(centers, density, markers[name], color=colors[name], fillstyle="none")


compare(left, layer_law, layer_values)
compare(middle, semicircle, symmetric_values)
for name, height in {"Gaussian": 0.88, "signs": 0.77, "uniform": 0.66}.items():
    left.annotate(name, (0.97, height), xycoords="axes fraction", ha="right", color=colors[name])
right.add_patch(plt.Circle((0, 0), 1, fill=False, color="gray", linewidth=2))
right.plot(disk_values.real, disk_values.imag, ".", color="C1", markersize=4)
left.set(title="Layer", xlabel="squared singular value", ylabel="density", ylim=(0, None))
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
# wrong side, fewer than :math:`\ln 300`. Of independent draws from the law itself it would be about
# :math:`0.87 \sqrt n`, which is 15. Eigenvalues repel each other, and so are spread more evenly.
worst_layer = max(out_of_place(values, layer_law) for values in layer_values.values())
worst_symmetric = max(out_of_place(values, semicircle) for values in symmetric_values.values())
bound = np.log(n)
reason = "a logarithm, and not the root of n as for independent draws"
check(
    "R01",
    "values out of place, layers, worst of 3",
    worst_layer,
    bound,
    relation="<",
    reason=reason,
)
check(
    "R01",
    "values out of place, symmetric, worst of 3",
    worst_symmetric,
    bound,
    relation="<",
    reason=reason,
)
independent = semicircle.rvs((4000, n), rng=rng)
misplaced = out_of_place(independent, semicircle)
check_mean(
    "R01",
    "the same for 300 independent draws",
    misplaced,
    np.sqrt(np.pi / 2) * np.log(2) * np.sqrt(n),
    bias=1 / 6,
    reason="1 / 6 for the finite size of Kolmogorov's law",
)
small = spectrum.hermite_eigenvalues(25, beta=1, size=100, rng=rng) / np.sqrt(25)
large = spectrum.hermite_eigenvalues(400, beta=1, size=100, rng=rng) / np.sqrt(400)
few = out_of_place(small, semicircle).mean()
many = out_of_place(large, semicircle).mean()
check("R01", "its growth with 16 times the size", many / few, 2, relation="<", reason="draws: 4")

# %%
# **The moments.** For symmetric matrices they tend to the Catalan numbers 1, 2 and 5. For layers with half as many rows
# as columns they tend to values of Narayana's polynomials, 3/2 and 11/4. These have 400 rows.
oblong = spectrum.laguerre_eigenvalues(400, 800, beta=1, size=100, rng=rng) / 800


def check_moment(what, values, power, expected, order):
    """Check the mean of a power of the values, which is off by the given order over 400."""
    check_mean(
        "R01",
        f"moment {power}, {what}",
        np.mean(values**power, axis=1),
        expected,
        bias=order / 400,
        reason=f"{order} / n for the finite size",
    )


check_moment("symmetric", large, 2, 1, order=1)
check_moment("symmetric", large, 4, 2, order=6)
check_moment("symmetric", large, 6, 5, order=23)
check_moment("layers", oblong, 2, 3 / 2, order=1)
check_moment("layers", oblong, 3, 11 / 4, order=3)

# %%
# **The fourth moment at every size.** The formula :math:`2 + (\kappa - 2)/n` is exact, here for 50 rows. Normal entries
# have :math:`\kappa = 3`, signs 1, and uniform ones 9/5.
rows = 50
replicas = 4000


def fourth_moments(entries):
    """Return the mean fourth power of the eigenvalues of each symmetric matrix, over root n."""
    matrices = symmetric(entries) / np.sqrt(rows)
    squares = matrices @ matrices
    return np.sum(squares**2, axis=(1, 2)) / rows


for name, kappa in {"Gaussian": 3, "signs": 1, "uniform": 9 / 5}.items():
    found = fourth_moments(draws[name]((replicas, rows, rows)))
    check_mean("R01", f"moment 4, 50 rows, {name}", found, 2 + (kappa - 2) / rows)

# %%
# **The disk.** A law that is uniform on the disk has half of its weight within the radius :math:`1/\sqrt 2`, and 1/3 as
# the mean of the fourth power of the distance from the center. The first number alone would not tell it from a ring.
gaussian_disk = spectrum.ginibre_eigenvalues(200, size=60, rng=rng)
sign_disk = np.linalg.eigvals(signs((60, 200, 200))) / np.sqrt(200)
for name, values in {"Gaussian": gaussian_disk, "signs": sign_disk}.items():
    radius = np.abs(values)
    check_mean(
        "R01",
        f"share in half of the disk, {name}",
        np.mean(radius < np.sqrt(1 / 2), axis=1),
        1 / 2,
        bias=0.5 / 200,
        reason="half an eigenvalue",
    )
    check_mean(
        "R01",
        f"fourth power of the radius, {name}",
        np.mean(radius**4, axis=1),
        1 / 3,
        bias=1 / 200,
        reason="1 / n for the rim, which is not sharp",
    )

# %%
# **The ends, at every size.** For :math:`M` rows and :math:`n` columns of Gaussian entries, :math:`M \ge n`, the
# smallest singular value is on average at least :math:`\sqrt M - \sqrt n`, and the largest one at most
# :math:`\sqrt M + \sqrt n`, however small the matrix.
for tall, narrow in ((400, 100), (5, 3)):
    squared = spectrum.laguerre_eigenvalues(narrow, tall, beta=1, size=1000, rng=rng)
    smallest = np.sqrt(squared[:, 0]).mean()
    largest = np.sqrt(squared[:, -1]).mean()
    low = np.sqrt(tall) - np.sqrt(narrow)
    high = np.sqrt(tall) + np.sqrt(narrow)
    check("R01", f"mean smallest value, {tall} x {narrow}", smallest, low, relation=">")
    check("R01", f"mean largest value, {tall} x {narrow}", largest, high, relation="<")

# %%
# Where it stops being true
# -------------------------
# **When the law of the entries changes with the size.** Let an entry be :math:`\sqrt n` or :math:`-\sqrt n` with
# probability :math:`1/n` in all, and 0 otherwise. The entries are independent, with mean 0 and variance 1. But
# :math:`\kappa = n`, so that the fourth moment is :math:`3 - 2/n` and tends to 3 instead of 2. And a share of
# :math:`(1 - 1/n)^n`, which tends to :math:`1/e`, of the rows is all 0. Each of them is an eigenvalue 0, and the
# semicircle puts no weight on a single point. What rules such entries out is *Lindeberg's condition*: the part of
# the variance that comes from entries beyond :math:`\varepsilon\sqrt n` must tend to 0 for each
# :math:`\varepsilon > 0`. The semicircle needs no more than that from independent entries of mean 0 and variance 1.
present = rng.random((replicas, rows, rows)) < 1 / rows
sparse = present * signs((replicas, rows, rows)) * np.sqrt(rows)
check_mean(
    "R01",
    "moment 4, 50 rows, nearly all 0",
    fourth_moments(sparse),
    3 - 2 / rows,
    shows="limit",
)
empty_rows = ~np.any(symmetric(sparse), axis=2)
check_mean(
    "R01",
    "share of rows that are all 0",
    np.mean(empty_rows, axis=1),
    (1 - 1 / rows) ** rows,
    shows="limit",
)

# %%
# **Without a variance.** Student's law with 1.5 degrees of freedom has none, and a few entries rule the spectrum.
heavy = symmetric(rng.standard_t(1.5, (20, n, n)))
spread = heavy.std(axis=(1, 2))
heavy_values = np.linalg.eigvalsh(heavy) / (spread[:, np.newaxis] * np.sqrt(n))
misplaced = out_of_place(heavy_values, semicircle).mean()
check(
    "R01",
    "values out of place, heavy tails",
    misplaced,
    15,
    relation=">",
    shows="limit",
    reason="more than independent draws",
)

# %%
# **Without independence.** An orthogonal matrix may be random too, but all its singular values are 1. Those of a
# square layer with independent entries follow the *quarter circle*, which has a share of
# :math:`1/3 + \sqrt 3/(2\pi)` below 1. And all entries 0.5 leave one singular value.
rotation = weights.orthogonal((n, n), rng=rng)
ones = np.linalg.svd(rotation, compute_uv=False)
share = spectrum.kolmogorov_distance(ones, spectrum.quarter_circle())
below_one = 1 / 3 + np.sqrt(3) / (2 * np.pi)
check("R01", "share out of place, orthogonal", share, below_one, rounding=1e-9, shows="limit")
constant = weights.constant((n, n))
check("R01", "values above 0, constant", np.linalg.matrix_rank(constant), 1, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Set nine of ten entries to 0 and multiply the others by :math:`\sqrt{10}`. What changes, and what with 99 of 100?
# - Add 0.5 to every entry of the layer. How many of its values move?
# - Make the entries of the square matrix symmetric one after the other. How does the disk become an interval?

plt.show()
