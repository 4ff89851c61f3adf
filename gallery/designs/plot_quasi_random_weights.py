# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do evenly spread weights do better than random ones?
====================================================

In three dimensions they do: along a spiral, the matrix that decides about convergence is met with an error that falls
faster with the number of units than chance allows. In many dimensions the faster fall is gone, and a factor remains.

Convergence follows when this matrix is near its limit, as Du, Zhai, Póczos and Singh (2019) proved; how evenly points
can cover a sphere is known from Beck (1984). That the one serves the other, D03, is derived and measured here.
"""

# %%
# Set-up
# ------
# Train the first layer of a wide ReLU network with units :math:`w_1, ..., w_m`. How fast the errors shrink is decided
# by the Gram matrix :math:`H_W`. Its entry for two inputs is their product :math:`x \cdot y` times the share of the
# units that are on at both. Of the weights at the start the proof asks that :math:`H_W` is near its limit :math:`H` for
# infinitely many Gaussian units. It does not ask how that comes about.
#
# The share counts the :math:`w_r` in a part of the sphere, the overlap of two half-spheres. A random sample misses the
# area of this part by the order :math:`m^{-1/2}`. Even points do better: in :math:`d` dimensions the best miss caps of
# the sphere by :math:`m^{-1/2 - 1/(2(d-1))}`, in the mean square over all caps, and Beck showed that none do by less.
import matplotlib.pyplot as plt
import numpy as np

from symlib import designs, weights
from symlib.claims import check, summary
from symlib.gram import limit_gram, relu_gram

rng = np.random.default_rng(1984)
sets, samples = 20, 20
units = 4 ** np.arange(3, 8)


def draw_inputs(d):
    """Return sets of random unit inputs, each with its limit H and the error of one Gaussian unit."""
    drawn = []
    for x in rng.standard_normal((sets, samples, d)):
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        limit = limit_gram(x)
        drawn.append((x, limit, np.sqrt(np.sum((x @ x.T - limit) * limit))))
    return drawn


def errors(fill, inputs):
    """Return |H_W - H| over the error of one Gaussian unit, for each number of units and set."""
    found = []
    for m in units:
        layers = np.broadcast_to(fill(m), (sets, m, inputs[0][0].shape[1]))
        each = zip(layers, inputs)
        found.append([np.linalg.norm(relu_gram(w, x) - limit) / one for w, (x, limit, one) in each])
    return np.array(found)


def average(error):
    """Return the root mean square over the sets of inputs."""
    return np.sqrt(np.mean(error**2, axis=1))


def exponent(error):
    """Return the slope against the number of units, in logarithmic axes."""
    return np.polyfit(np.log(units), np.log(average(error)), 1)[0]


few, many = draw_inputs(3), draw_inputs(64)
spiral = errors(designs.fibonacci_sphere, few)
chance = errors(lambda m: weights.gaussian((m, 3), replicas=sets, rng=rng), few)
kronecker = errors(lambda m: designs.quasi_gaussian((m, 3)), few)
sobol = errors(lambda m: designs.quasi_gaussian((m, 64), sequence="sobol"), many)

# %%
# The figure
# ----------
# Root mean squares over twenty sets of twenty random inputs, in units of the error of one Gaussian unit. For random
# weights the law is then :math:`m^{-1/2}`, in any dimension; the lower line has the slope :math:`-3/4`.
fig, (left, right) = plt.subplots(1, 2, sharey=True)
m = np.array([45, 24_000])
for ax in (left, right):
    ax.plot(m, m**-0.5, "-", color="gray", linewidth=1)
    ax.set(xscale="log", yscale="log", xlabel="units", ylim=(3e-4, 0.3))
level = np.exp(np.mean(np.log(average(spiral)) + 0.75 * np.log(units)))
left.plot(m, level * m**-0.75, "-", color="C0", linewidth=1)
left.plot(units, average(spiral), "o", color="C0")
left.plot(units, average(chance), "s", color="C1")
right.plot(units, average(sobol), "o", color="C0")
left.annotate("random:\nslope −1/2", (700, 0.06), color="C1")
left.annotate("spiral:\nslope −3/4", (70, 0.0012), color="C0")
right.annotate("law of\nrandom weights", (300, 0.08), color="gray")
right.annotate("Sobol", (150, 0.013), color="C0")
left.set(title="3 inputs", ylabel="error of the Gram matrix")
right.set(title="64 inputs")
fig.alt_text = (
    "Points of a spiral meet the Gram matrix faster than random weights with 3 inputs, and Sobol "
    "points by a constant factor only with 64. Error against units in logarithmic axes: on the left "
    "slopes of -3/4 and -1/2, on the right -1/2 for both."
)

# %%
# What this page promises
# -----------------------
# **Two slopes, D03**: :math:`-3/4` on the sphere in three dimensions, and :math:`-1/2` for chance. Theory gives the
# order of the error, not the constant, and the slope of five points has an allowance of 0.1 for that. The two slopes
# are farther apart.
finite = {"relation": "<", "reason": "five sizes, twenty sets of inputs"}
check("D03", "exponent, spiral, off -3/4", abs(exponent(spiral) + 3 / 4), 0.1, **finite)
check("D03", "exponent, Gaussian, off -1/2", abs(exponent(chance) + 1 / 2), 0.1, **finite)
check("D03", "exponents apart", exponent(chance) - exponent(spiral), 0.1, relation=">")

# %%
# For chance the constant is known, too. If a Gaussian unit is on at both of :math:`x` and :math:`y` with probability
# :math:`p`, the square of its error is on average the sum of :math:`(x \cdot y)^2 p (1 - p)` over all pairs, and with
# :math:`m` of them it is :math:`m` times smaller; here 64, drawn 4000 times. In the units of the figure an even layer
# replaces :math:`1 / \mathrm{error}^2` of them.
squares = []
for x, limit, one in few:
    drawn = relu_gram(weights.gaussian((64, 3), replicas=200, rng=rng), x)
    squares.append(np.sum((drawn - limit) ** 2, axis=(1, 2)) / one**2)
ratio = 64 * np.concatenate(squares)
off = abs(ratio.mean() - 1) / (ratio.std() / np.sqrt(ratio.size))
check("D03", "theory for Gaussian, standard errors off", off, 4.5, relation="<")
replaced = 1 / average(spiral)[2] ** 2
check("D03", "Gaussian units that 1024 even ones replace", replaced, 20 * 1024, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Many inputs.** With :math:`d = 64` Beck's exponent is :math:`-1/2 - 1/126`, and no points do better for caps.
# Sobol's points keep a factor: their error is smaller than that of chance at each size, but it does not fall faster.
off = abs(exponent(sobol) + 1 / 2 + 1 / 126)
check("D03", "exponent, Sobol, 64 inputs, off Beck's", off, 0.1, shows="limit", **finite)
factor = average(sobol) * np.sqrt(units)
check("D03", "error over that of chance, 64 inputs", factor.max(), 0.85, relation="<")
check("D03", "the same, least", factor.min(), 0.4, relation=">", shows="limit")

# %%
# **Even in the end is not even now.** Multiples of the square roots of 2, 3 and 5 fill the cube evenly in the limit,
# but :math:`7\sqrt2 + 6\sqrt3 + 3\sqrt5` is 27 to within 0.000004, so for a long time the points lie on a few planes.
stalled = average(kronecker)[-1] / average(spiral)[-1]
check("D03", "error over that of the spiral, Kronecker", stalled, 2, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Turn the spiral by a random rotation for each set of inputs. Does the error change?
# - Take Sobol's points in 3, 8 and 16 dimensions. Where does the slope leave Beck's?
# - The proof wants an error below a quarter of the least eigenvalue of :math:`H`. How many units does each layer need?

plt.show()
