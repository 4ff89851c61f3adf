# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do evenly spread weights do better than random ones?
====================================================

In three dimensions they do: with weights along a spiral, the Gram matrix of the convergence proof comes near its limit
with an error that falls faster, as units are added, than the error of random weights. With 64 inputs the faster fall is
no longer seen, and only a constant factor remains.

That this Gram matrix has to be near its limit is one of the conditions in the proof by Du, Zhai, Póczos and Singh
(2019); how evenly points can cover a sphere is known from Beck (1984). That the one helps the other, D03, is measured
here.
"""

# %%
# Set-up
# ------
# Train the first layer of a wide ReLU network with units :math:`w_1, ..., w_m`. How fast the errors shrink is decided
# by the Gram matrix :math:`H_W`. Its entry for two inputs is their product :math:`x \cdot y` times the share of the
# units that are on at both.
#
# The proof asks three things of the weights at the start: :math:`H_W` is near its limit :math:`H` for infinitely many
# Gaussian units; few units are near their threshold on some input; and the first outputs are not large. This page is
# about the first condition. It does not matter to the proof how the weights come to meet it.
#
# The share counts the units that point into a part of the sphere, the overlap of two half-spheres. A random sample
# misses the area of this part by an error of the order :math:`m^{-1/2}`. Points that are spread evenly can do better.
# For caps of the sphere, in :math:`d` dimensions, the best points have a root mean square error of the order
# :math:`m^{-1/2 - 1/(2(d-1))}`, and Beck showed that no points have a smaller one. In three dimensions this is
# :math:`m^{-3/4}`. An overlap of half-spheres is not a cap; that it has the same order is a conjecture, which is tested
# here.
import matplotlib.pyplot as plt
import numpy as np

from symlib import designs, weights
from symlib.claims import check, check_mean, summary
from symlib.gram import limit_gram, relu_gram

rng = np.random.default_rng(1984)
samples = 20
units = np.array([64, 256, 1024, 4096, 16384])


def unit_inputs(sets, d):
    """Draw sets of random inputs of length 1."""
    x = rng.standard_normal((sets, samples, d))
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def one_unit_error(x):
    """Return the root mean square error of the Gram matrix with one Gaussian unit."""
    limit = limit_gram(x)
    return np.sqrt(np.sum((x @ x.T - limit) * limit))


def error(layer, x):
    """Return the distance of the Gram matrix from its limit, over that of one Gaussian unit."""
    return np.linalg.norm(relu_gram(layer, x) - limit_gram(x)) / one_unit_error(x)


# %%
# Four kinds of weights: points of a spiral and Gaussian ones for 3 inputs, both with 100 sets of inputs; Sobol's
# points, taken to the Gaussian law, for 64 inputs, with 20 sets; and a kind that comes at the end of the page.
few_inputs = unit_inputs(100, 3)
many_inputs = unit_inputs(20, 64)
spiral = np.empty((len(units), len(few_inputs)))
gaussian = np.empty((len(units), len(few_inputs)))
sobol = np.empty((len(units), len(many_inputs)))
for row, m in enumerate(units):
    even = designs.fibonacci_sphere(m)
    spiral[row] = [error(even, x) for x in few_inputs]
    gaussian[row] = [error(weights.gaussian((m, 3), rng=rng), x) for x in few_inputs]
    points = designs.quasi_gaussian((m, 64), sequence="sobol")
    sobol[row] = [error(points, x) for x in many_inputs]


def average(errors):
    """Return the root mean square over the sets of inputs."""
    return np.sqrt(np.mean(errors**2, axis=-1))


def exponents(errors):
    """Return, for each set of inputs, the slope against the number of units in logarithms."""
    slopes, _ = np.polyfit(np.log(units), np.log(errors), 1)
    return slopes


# %%
# The figure
# ----------
# Root mean square errors over the sets of inputs, in units of the error of one Gaussian unit. So random weights follow
# :math:`m^{-1/2}`, the gray line, for any number of inputs. The blue line has the slope :math:`-3/4`.
fig, (left, right) = plt.subplots(1, 2, sharey=True)
m = np.array([45, 24_000])
for ax in (left, right):
    ax.plot(m, m**-0.5, "-", color="gray", linewidth=1)
    ax.set(xscale="log", yscale="log", xlabel="units", ylim=(3e-4, 0.3))
level = np.exp(np.mean(np.log(average(spiral)) + 0.75 * np.log(units)))
left.plot(m, level * m**-0.75, "-", color="C0", linewidth=1)
left.plot(units, average(spiral), "o", color="C0")
left.plot(units, average(gaussian), "s", color="C1")
right.plot(units, average(sobol), "o", color="C0")
left.annotate("random:\nslope −1/2", (700, 0.06), color="C1")
left.annotate("spiral:\nslope −3/4", (70, 0.0012), color="C0")
right.annotate("law of\nrandom weights", (300, 0.08), color="gray")
right.annotate("Sobol", (150, 0.013), color="C0")
left.set_ylabel("error of the Gram matrix")
left.set_title("3 inputs: a faster fall")
right.set_title("64 inputs: a factor")
fig.alt_text = (
    "With 3 inputs, points of a spiral bring the Gram matrix near its limit faster than random "
    "weights; with 64 inputs, Sobol points do so by a constant factor only. Error against units in "
    "logarithmic axes: on the left slopes of -3/4 and -1/2, on the right -1/2 for both."
)

# %%
# What this page promises
# -----------------------
# **The error of the spiral falls like** :math:`m^{-3/4}`, **D03**, on the sphere in three dimensions. The conjecture
# is about the order of the error, so we measure the exponent: for each set of inputs, the slope of a line through five
# sizes.
check_mean(
    "D03",
    "exponent, spiral, 3 inputs",
    exponents(spiral),
    -3 / 4,
    bias=0.01,
    reason="finite sizes",
)

# %%
# **With Gaussian weights it falls like** :math:`m^{-1/2}`, and here theory gives the constant, too. If a Gaussian unit
# is on at both of :math:`x` and :math:`y` with probability :math:`p`, then the square of its error is on average the
# sum of :math:`(x \cdot y)^2 p (1 - p)` over all pairs. With :math:`m` units it is :math:`m` times smaller.
for m in (16, 64):
    ratios = []
    for x in few_inputs:
        drawn = weights.gaussian((m, 3), replicas=200, rng=rng)
        difference = relu_gram(drawn, x) - limit_gram(x)
        squares = np.sum(difference**2, axis=(1, 2))
        ratios.extend(m * squares / one_unit_error(x) ** 2)
    check_mean("D03", f"units times squared error, {m} Gaussian", ratios, 1)

# %%
# In the units of the figure, an even layer does the work of :math:`1 / \mathrm{error}^2` Gaussian units, more and more
# with its size.
replaced = 1 / average(spiral) ** 2
check("D03", "Gaussian units that 1024 even ones replace", replaced[2], 20 * 1024, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Many inputs.** With :math:`d = 64` the exponent for caps is :math:`-1/2 - 1/126`, even for the best points. So there
# is next to nothing to gain in the exponent. Sobol's points keep a factor: their error is smaller than that of random
# weights at each size, but it falls no faster, as far as these sizes can show. (They cannot tell :math:`-1/2 - 1/126`
# from :math:`-1/2`.)
of_sobol = np.mean(exponents(sobol))
check("D03", "exponent, Sobol, 64 inputs", of_sobol, -0.55, relation=">", shows="limit")
check("D03", "the same, from above", of_sobol, -0.45, relation="<", shows="limit")
factor = average(sobol) * np.sqrt(units)
check("D03", "error over that of chance, 64 inputs", factor.max(), 0.75, relation="<")
check("D03", "the same, least", factor.min(), 0.45, relation=">", shows="limit")

# %%
# **Even in the limit is not even at every size.** Multiples of the square roots of 2, 3 and 5 fill the cube evenly in
# the limit. But :math:`7\sqrt2 + 6\sqrt3 + 3\sqrt5` is nearly 27, so that for a long time the points lie on a few
# planes.
near_27 = 7 * np.sqrt(2) + 6 * np.sqrt(3) + 3 * np.sqrt(5)
check("D03", "distance of the sum of roots from 27", abs(near_27 - 27), 1e-5, relation="<")
kronecker = designs.quasi_gaussian((16384, 3))
stalled = average(np.array([error(kronecker, x) for x in few_inputs])) / average(spiral)[-1]
check("D03", "error over that of the spiral, Kronecker", stalled, 4, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Turn the spiral by a random rotation for each set of inputs. Does the error change?
# - Take Sobol's points in 3, 8 and 16 dimensions. Where does the slope leave that of caps?
# - The proof wants an error below a quarter of the least eigenvalue of :math:`H`. How many units does each layer need?

plt.show()
