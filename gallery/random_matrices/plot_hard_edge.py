# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How close to singular is a random square layer?
===============================================

Close: for n Gaussian units with weights of standard deviation 1, the smallest singular value is typically about 0.5
over root n, and the largest one about 2 root n.
Its law is known exactly at every size, and independent copies of another weight with mean 0, the same variance and
enough finite moments have the same limit.

The law, N03, was found by Edelman (1988). That independent copies of one entry with enough finite moments have the same
limit was proved by Tao and Vu (2010).
"""

# %%
# Set-up
# ------
# Let :math:`W` have :math:`n` rows, :math:`n` columns and independent standard normal entries. Its smallest singular
# value :math:`s_{\min}` is the least factor by which it stretches a direction. It is also the distance to the nearest
# matrix that loses one: subtract :math:`s_{\min} u v^\top`, with the two singular vectors, and the rank is
# :math:`n - 1`.
#
# For large :math:`n` the number :math:`t = \sqrt n\, s_{\min}` has the distribution function
# :math:`1 - e^{-t^2/2 - t}`. So :math:`s_{\min}` is of the order :math:`1/\sqrt n`, and its density is highest at 0.
#
# The largest singular value is near :math:`2\sqrt n`. So the ratio of the two ends, the *condition number*
# :math:`\kappa`, is about :math:`2n/t`. It varies a lot from one matrix to the next. The median of :math:`t` is
# :math:`\sqrt{1 + 2 \ln 2} - 1`, about 0.545, so that half of the matrices have :math:`\kappa > 3.7\, n`. And :math:`t`
# is below 0.1 with probability :math:`1 - e^{-0.105}`, so that one matrix in ten has :math:`\kappa > 20\, n`.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import gamma, hyperu

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.spectrum import (
    kolmogorov_distance,
    laguerre_eigenvalues,
    smallest_singular_value,
    tracy_widom,
)

rng = np.random.default_rng(1988)
law = smallest_singular_value()


def singular_values(n, replicas):
    """Return the singular values of so many Gaussian matrices, largest first."""
    matrices = weights.gaussian((n, n), replicas=replicas, std=1.0, rng=rng)
    return np.linalg.svd(matrices, compute_uv=False)


# %%
# The figure
# ----------
# On the left :math:`t = \sqrt n\, s_{\min}` of 4000 matrices with 50 rows, and the density of the limit. It is highest
# at 0: the smaller, the likelier. On the right the condition number against the size: the median of a thousand
# matrices, and bars that leave out one in ten at each end. The line is the median of :math:`2n/t`.
fig, (ax, growth) = plt.subplots(1, 2)
of_50_rows = singular_values(50, 4000)
scaled = np.sqrt(50) * of_50_rows[:, -1]
t = np.linspace(0, 3, 200)
ax.hist(scaled, bins=np.arange(0, 3.01, 0.15), density=True, color="C0", alpha=0.35)
ax.plot(t, law.pdf(t), color="C0")
ax.annotate("limit law", (0.95, 0.75), color="C0")
ax.set(xlabel="smallest singular value, scaled", ylabel="density", xlim=(0, 3))
ax.set_title("Near zero it is most likely")

sizes = np.array([4, 8, 16, 32, 64])
growth.plot(sizes, 2 * sizes / law.ppf(0.5), color="gray", linestyle="-")
for n in sizes:
    found = singular_values(n, 1000)
    condition = found[:, 0] / found[:, -1]
    low, median, high = np.quantile(condition, [0.1, 0.5, 0.9])
    growth.plot([n, n], [low, high], "-", color="C1", alpha=0.5, linewidth=4)
    growth.plot(n, median, "o", color="C1")
growth.annotate("3.7 n", (8, 50), color="gray", horizontalalignment="right")
growth.set(xscale="log", yscale="log", xlabel="rows and columns n", ylabel="condition number")
growth.set_title("The ends move apart")
growth.set_xticks(sizes, sizes)
growth.set_yticks([10, 100, 1000], [10, 100, 1000])
growth.minorticks_off()
fig.alt_text = (
    "A random square matrix is close to singular, the more so the larger it is. Left: the "
    "histogram of the scaled smallest singular value falls from its maximum at 0, along the limit "
    "law. Right: the median condition number grows in proportion to the size; single matrices "
    "spread widely around it."
)

# %%
# What this page promises
# -----------------------
# **The exact law.** At finite size :math:`\lambda = s_{\min}^2` has the density
# :math:`\frac{n}{\sqrt{2\pi}} \Gamma(\frac{n+1}{2})\, \lambda^{-1/2} e^{-\lambda n/2}\, U(\frac{n-1}{2}, -\frac12,
# \frac\lambda2)`, where :math:`U` is Tricomi's function. In words: it grows without bound towards 0, and is cut off
# where :math:`\lambda` is a few times :math:`1/n`. It integrates to 1, and its distance from the limit law falls like
# :math:`0.12 / n`.


def exact_density(t, n):
    """Return the exact density of the scaled smallest singular value at t."""
    square = t * t / n
    front = np.sqrt(2 / np.pi) * gamma((n + 1) / 2) * np.sqrt(n)
    return front * np.exp(-square * n / 2) * hyperu((n - 1) / 2, -0.5, square / 2)


def exact_mean(function, n):
    """Return the mean of a function of the scaled smallest singular value, exactly."""
    mean, _ = quad(lambda t: function(t) * exact_density(t, n), 0, 12)
    return mean


def distance_to_limit(n):
    """Return the largest difference of the exact distribution function from the limit."""
    differences = []
    for end in np.linspace(0.125, 5, 40):
        below, _ = quad(exact_density, 0, end, args=(n,))
        differences.append(abs(below - law.cdf(end)))
    return max(differences)


check("N03", "mass of the exact law, 5 rows", exact_mean(lambda t: 1, 5), 1, rounding=1e-7)
of_5_rows = distance_to_limit(5)
of_20_rows = distance_to_limit(20)
check("N03", "exact law from the limit, 20 rows", of_20_rows, 0.01, relation="<")
check(
    "N03",
    "its fall from 5 rows to 20",
    of_5_rows / of_20_rows,
    4,
    rtol=0.03,
    reason="1 / n, and terms of higher order",
)

# %%
# **Matrices follow it, N03.** Forty thousand Gaussian matrices with 16 rows have the mean, the mean square and the
# share below the median of the limit that the exact law gives. A normal law folded at 0, or an exponential one, would
# fail one of the three. The matrices of the figure follow the limit up to :math:`0.12/n` and the noise of a sample,
# which exceeds :math:`2.4 / \sqrt R` for :math:`R` matrices once in fifty thousand times.
n = 16
median = law.ppf(0.5)
sample = np.sqrt(n) * singular_values(n, 40_000)[:, -1]
below_median, _ = quad(exact_density, 0, median, args=(n,))
check_mean("N03", "mean of t, 16 rows", sample, exact_mean(lambda t: t, n))
check_mean("N03", "mean square of t, 16 rows", sample**2, exact_mean(lambda t: t * t, n))
check_mean("N03", "share below the median, 16 rows", sample < median, below_median)
noise = 2.4 / np.sqrt(4000)
gap = kolmogorov_distance(scaled, law)
check("N03", "gap to the limit, 50 rows", gap, noise + 0.12 / 50, relation="<")

# %%
# **The condition number,** over :math:`n`: half of the matrices are above 3.7, and one in ten is above 20, up to chance
# and the finite size.
condition = of_50_rows[:, 0] / of_50_rows[:, -1]
half = np.mean(condition > 3.7 * 50)
tenth = np.mean(condition > 20 * 50)
check("N03", "share above 3.7 n, 50 rows", half, 0.44, relation=">")
check("N03", "the same, from above", half, 0.55, relation="<")
check("N03", "share above 20 n, 50 rows", tenth, 0.08, relation=">")
check("N03", "the same share above 20 n, from above", tenth, 0.12, relation="<")

# %%
# **The other end.** The largest singular value, divided by :math:`2\sqrt n`, tends to 1. Its square differs from
# :math:`4n` by the mean of the law of Tracy and Widom, -1.21, in units of :math:`(16 n)^{1/3}`. The ratio to
# :math:`2\sqrt n` then is :math:`1 - 0.38\, n^{-2/3}`, to leading order.
lower = tracy_widom(1).mean() * (16 * 200) ** (1 / 3) / (8 * 200)
squares = laguerre_eigenvalues(200, 200, beta=1, size=100, rng=rng)
largest = np.sqrt(squares[:, -1])
check_mean(
    "N03",
    "largest value over 2 root n, 200 rows",
    largest / (2 * np.sqrt(200)),
    1 + lower,
    bias=1 / 200,
    reason="terms of the order 1 / n",
)

# %%
# **The distance to singular.** One matrix, minus its smallest part, has lost a dimension. No matrix nearer to it has,
# by the theorem of Eckart and Young.
one = weights.gaussian((50, 50), std=1.0, rng=rng)
u, s, vt = np.linalg.svd(one)
nearest = one - s[-1] * np.outer(u[:, -1], vt[-1])
check("N03", "rank of the nearest singular matrix", np.linalg.matrix_rank(nearest), 49)
away = np.linalg.norm(nearest - one, 2) / s[-1]
check("N03", "its distance, in smallest singular values", away, 1, rounding=1e-9)

# %%
# **Not only Gaussians.** Random signs have the same limit, and so have uniform entries. They reach it from further
# away. What we measured, at 20 rows, is a factor of :math:`1 - \gamma/(2n)` on :math:`t`, where :math:`\gamma` is the
# fourth moment of an entry less 3: -2 for signs and -1.2 for uniform entries. Divided by this factor, which tends to 1,
# they follow the law of Gaussian matrices with as many rows. In smaller matrices of signs something else comes in the
# way: with 16 rows about one in twenty has no inverse at all.
n = 20
replicas = 40_000
signs = rng.choice([-1.0, 1.0], (replicas, n, n))
even = weights.uniform((n, n), replicas=replicas, bound=np.sqrt(3), rng=rng)


def check_other_law(name, matrices, excess):
    """Compare the smallest singular values of other matrices with the law of Gaussian ones."""
    factor = 1 - excess / (2 * n)
    other = np.sqrt(n) * np.linalg.svd(matrices, compute_uv=False)[:, -1] / factor
    check_mean(
        "N03",
        f"mean of t, 20 rows, {name}",
        other,
        exact_mean(lambda t: t, n),
        bias=4 / n**2 * exact_mean(lambda t: t, n),
        reason="terms of the order 1 / n^2",
    )
    room = 2.4 / np.sqrt(replicas) + 0.12 / n + 4 / n**2
    gap = kolmogorov_distance(other, law)
    check("N03", f"gap to the limit, {name}", gap, room, relation="<")


check_other_law("signs", signs, excess=-2)
check_other_law("even spread", even, excess=-1.2)

# %%
# Where it stops being true
# -------------------------
# **Complex entries** have another law, :math:`1 - e^{-t^2}`, exact at every size. Its density is 0 at 0: complex
# matrices are further from singular.
pair = rng.standard_normal((2, 20_000, 8, 8))
complex_matrices = (pair[0] + 1j * pair[1]) / np.sqrt(2)
complex_sample = np.sqrt(8) * np.linalg.svd(complex_matrices, compute_uv=False)[:, -1]
check_mean("N03", "mean of t, complex", complex_sample, np.sqrt(np.pi) / 2)
check_mean("N03", "mean square of t, complex", complex_sample**2, 1)
gap = kolmogorov_distance(complex_sample, law)
check("N03", "gap of complex entries to the real law", gap, 0.2, relation=">", shows="limit")

# %%
# **More rows than columns.** A few more rows than columns are enough. With :math:`M` rows the smallest singular
# value is on average at least :math:`\sqrt M - \sqrt n`. With a tenth more rows than columns that is of the order
# :math:`\sqrt n`, and no longer of the order :math:`1/\sqrt n`.
tall = weights.gaussian((110, 100), replicas=200, std=1.0, rng=rng)
least = np.linalg.svd(tall, compute_uv=False)[:, -1]
bound = np.sqrt(110) - np.sqrt(100)
check(
    "N03",
    "mean least value, 110 rows, 100 columns",
    least.mean(),
    bound,
    relation=">",
    shows="limit",
    reason="the bound of Davidson and Szarek",
)
summary()

# %%
# Try it yourself
# ---------------
# - Give the entries heavy tails, Student's t with 1.5 degrees of freedom. Is the limit still the same?
# - Add 0.5 to every entry. Which end of the spectrum moves?
# - How many layers with these condition numbers can follow each other before double precision gives up?

plt.show()
