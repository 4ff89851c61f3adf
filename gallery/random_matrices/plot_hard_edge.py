# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How close to singular is a random square layer?
===============================================

Close: its smallest singular value is about as large as one weight, n times less than its largest one for n units.
It never reaches zero, and for Gaussian weights its law is known exactly at every size; for large layers any weights
follow it.

The law, N03, was found by Edelman (1988). That it holds for all light-tailed entries was proved by Tao and Vu (2010).
"""

# %%
# Set-up
# ------
# Let :math:`W` have :math:`n` rows, :math:`n` columns and independent standard normal entries. Its smallest singular
# value :math:`s_{\min}` is the least factor by which it stretches a direction. It is also the distance to the nearest
# matrix that loses one: subtract :math:`s_{\min} u v^\top`, with the two singular vectors, and the rank is
# :math:`n - 1`. For large :math:`n` the law of :math:`\sqrt n\, s_{\min}` has the distribution function
# :math:`1 - e^{-t^2/2 - t}`, and the mean logarithm of the condition number :math:`\kappa = s_{\max}/s_{\min}` is
# :math:`\ln n + 1.537`.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import gamma, hyperu

from symlib import weights
from symlib.claims import check, summary
from symlib.spectrum import smallest_singular_value

rng = np.random.default_rng(1988)
law = smallest_singular_value()


def values(n, replicas):
    """Return the singular values of so many Gaussian matrices, largest first."""
    matrices = weights.gaussian((n, n), replicas=replicas, std=1.0, rng=rng)
    return np.linalg.svd(matrices, compute_uv=False)


def distance(sample, cdf):
    """Return the largest gap between the distribution function of a sample and a given one."""
    below = cdf(np.sort(sample))
    steps = np.arange(len(sample) + 1) / len(sample)
    return max((steps[1:] - below).max(), (below - steps[:-1]).max())


# %%
# The figure
# ----------
# On the left :math:`\sqrt n\, s_{\min}` of 4000 matrices with 50 rows, and the density of the limit.
# It is highest at 0: the smaller, the likelier. On the right the condition number against the size.
fig, (ax, growth) = plt.subplots(1, 2)
least = np.sqrt(50) * values(50, 4000)[:, -1]
ax.hist(least, bins=np.arange(0, 3.01, 0.15), density=True, color="C0", alpha=0.35)
t = np.linspace(0, 3, 200)
ax.plot(t, law.pdf(t), color="C0")
ax.annotate("limit law", (0.95, 0.75), color="C0")
ax.set(xlabel="smallest singular value, scaled", ylabel="density", xlim=(0, 3))
ax.set_title("Near zero is likeliest")
sizes, logs = np.array([4, 8, 16, 32, 64]), []
for n in sizes:
    found = values(n, 20_000 // n)
    logs.append(np.log(found[:, 0] / found[:, -1]).mean())
growth.plot(sizes, np.exp(np.log(sizes) + 1.537), color="gray", linestyle="-")
growth.plot(sizes, np.exp(logs), "o", color="C1")
growth.annotate("4.65 n", (11, 110), color="gray")
growth.set(xscale="log", yscale="log", xlabel="rows and columns n", ylabel="condition number")
growth.set_xticks(sizes, sizes)
growth.set_yticks([20, 50, 100, 200, 400], [20, 50, 100, 200, 400])
growth.minorticks_off()
fig.alt_text = (
    "A random square matrix is close to singular, and the more so the larger it is. Left: the "
    "histogram of the scaled smallest singular value falls from its maximum at 0 and lies on the "
    "limit law. Right: the typical condition number grows in proportion to the size."
)

# %%
# What this page promises
# -----------------------
# **The exact law.** At finite size :math:`\lambda = s_{\min}^2` has the density
# :math:`\frac{n}{\sqrt{2\pi}} \Gamma(\frac{n+1}{2})\, \lambda^{-1/2} e^{-\lambda n/2}\, U(\frac{n-1}{2}, -\frac12,
# \frac\lambda2)`, with Tricomi's function :math:`U`. It integrates to 1, and its distance from the limit law shrinks
# like :math:`0.12 / n`: for ten rows the limit is already good to a hundredth.


def exact(t, n):
    """Return the exact density of the scaled smallest singular value at t."""
    lam = t * t / n
    front = np.sqrt(2 / np.pi) * gamma((n + 1) / 2) * np.sqrt(n)
    return front * np.exp(-lam * n / 2) * hyperu((n - 1) / 2, -0.5, lam / 2)


ends = np.linspace(0, 5, 41)[1:]
mass = {n: np.array([quad(exact, 0, t, args=(n,))[0] for t in ends]) for n in (5, 20)}
gaps = {n: np.abs(mass[n] - law.cdf(ends)).max() for n in mass}
tiny = {"atol": 1e-5, "reason": "the quadrature, and the tail beyond 5"}
check("N03", "mass of the exact law, 5 rows", mass[5][-1], 1, **tiny)
check("N03", "exact law from the limit, 20 rows", gaps[20], 0.01, relation="<")
check("N03", "its fall from 5 rows to 20", gaps[5] / gaps[20], 3, relation=">")

# %%
# **The sample, N03.** The matrices of the figure follow the limit up to this error and the noise of a sample, which
# exceeds :math:`2.4 / \sqrt R` for :math:`R` matrices once in fifty thousand times.
noise = 2.4 / np.sqrt(4000)
check("N03", "gap to the limit, 50 rows", distance(least, law.cdf), noise + 0.12 / 50, relation="<")

# %%
# **The distance to singular.** One matrix, minus its smallest part, has lost a dimension: nothing nearer has.
one = weights.gaussian((50, 50), std=1.0, rng=rng)
u, s, vt = np.linalg.svd(one)
nearest = one - s[-1] * np.outer(u[:, -1], vt[-1])
check("N03", "rank of the nearest singular matrix", np.linalg.matrix_rank(nearest), 49)
away = np.linalg.norm(nearest - one, 2) / s[-1]
check("N03", "its distance, in smallest singular values", away, 1, atol=1e-9, reason="rounding")

# %%
# **Not only Gaussians.** Random signs have the same limit, and so have evenly spread entries.
for name, drawn in (
    ("signs", rng.choice([-1.0, 1.0], (1000, 50, 50))),
    ("even spread", weights.uniform((50, 50), replicas=1000, bound=np.sqrt(3), rng=rng)),
):
    other = np.sqrt(50) * np.linalg.svd(drawn, compute_uv=False)[:, -1]
    room = 2.4 / np.sqrt(1000) + 1 / 50
    check("N03", f"gap to the limit, {name}", distance(other, law.cdf), room, relation="<")

# %%
# Where it stops being true
# -------------------------
# Complex entries have another law, :math:`1 - e^{-t^2}`, exact at every size and with no weight at 0: they are further
# from singular. And a layer need only be a little less than square: with a tenth more rows the smallest singular value
# grows from the order :math:`1/\sqrt n` to the order :math:`\sqrt n`.
pair = rng.standard_normal((2, 2000, 20, 20))
complex_least = np.sqrt(20 / 2) * np.linalg.svd(pair[0] + 1j * pair[1], compute_uv=False)[:, -1]
gap = distance(complex_least, lambda t: -np.expm1(-(t**2)))
check("N03", "gap to the complex law, 20 rows", gap, 2.4 / np.sqrt(2000), relation="<")
check("N03", "its gap to the real one", distance(complex_least, law.cdf), 0.1, relation=">")
tall = weights.gaussian((110, 100), replicas=200, std=1.0, rng=rng)
typical = np.median(np.linalg.svd(tall, compute_uv=False)[:, -1]) * np.sqrt(100)
check("N03", "scaled least value, 110 rows, 100 columns", typical, 3, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Give the entries heavy tails, Student's t with 1.5 degrees of freedom. Is the limit still the same?
# - Add 0.5 to every entry. Which end of the spectrum moves?
# - How many layers with these condition numbers can follow each other before double precision gives up?

plt.show()
