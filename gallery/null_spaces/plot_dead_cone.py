# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can ReLU kill a whole cone of inputs?
=====================================

Yes: independent random units without biases, with a density in which each is as likely as its negative, do so with
probability one half when there are twice as many of them as inputs, although the rank of the layer is full.
With more units it becomes rare; weights chosen without chance can rule it out, or make it certain.

The probability, N05, is a theorem of Wendel (1962) about random points on a sphere, all of which lie in one half of it.
"""

# %%
# Set-up
# ------
# Without biases an input :math:`x` is dead when :math:`w_j \cdot x < 0` for every unit :math:`j`: all units give 0.
# Then all positive multiples of it are dead too, and so are all inputs near them: a cone. It exists exactly when all
# weight vectors, none of them 0, lie strictly on one side of a plane through 0, which can be decided for each matrix.
#
# Below, :math:`d` is the number of inputs and :math:`m` that of units. For each pair of them a thousand random layers
# are drawn.
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.designs import hadamard
from symlib.nullspace import dead_cone_probability, has_dead_cone

rng = np.random.default_rng(1962)
layers = 1000
widths = {2: (3, 4, 6, 8, 10), 4: (6, 8, 10, 12, 16)}
shares = {}
for inputs in widths:
    for units in widths[inputs]:
        drawn = weights.gaussian((units, inputs), replicas=layers, rng=rng)
        shares[units, inputs] = has_dead_cone(drawn).mean()

# %%
# The figure
# ----------
# On the left five units in the plane, and the inputs to which all of them are blind.
# On the right Wendel's probability as lines, and as points the shares of layers in which a dead cone was found.
fig, (plane, ax) = plt.subplots(1, 2, width_ratios=(1, 1.6))
arrow = {"arrowstyle": "-|>", "color": "gray", "linewidth": 2, "shrinkA": 0}
angles = np.radians([-20, 10, 45, 62, 95])
for angle in angles:
    tip = (np.cos(angle), np.sin(angle))
    plane.annotate("", tip, (0, 0), arrowprops=arrow)
first_dead = angles[-1] + np.pi / 2
last_dead = angles[0] + 3 * np.pi / 2
arc = np.linspace(first_dead, last_dead, 50)
corner = [0]
plane.fill(
    np.append(corner, np.cos(arc)),
    np.append(corner, np.sin(arc)),
    color="C3",
    alpha=0.5,
)
plane.annotate("five units", (0.35, 1.0))
plane.annotate("dead cone", (-1.1, -1.2), color="C3")
plane.set(xlim=(-1.1, 1.3), ylim=(-1.3, 1.3), aspect="equal")
plane.set(xticks=[], yticks=[])
plane.spines[:].set_visible(False)

numbers = np.arange(1, 17)
for inputs, marker, color in ((2, "o", "C0"), (4, "s", "C1")):
    theory = [dead_cone_probability(units, inputs) for units in numbers]
    found = [shares[units, inputs] for units in widths[inputs]]
    ax.plot(numbers, theory, color=color)
    ax.plot(widths[inputs], found, marker, color=color)
ax.annotate("2 inputs", (0.4, 0.08), color="C0")
ax.annotate("4 inputs", (9, 0.54), color="C1")
ax.axhline(0.5, color="gray", linewidth=1, linestyle="-", zorder=0)
ax.set(xlabel="units", ylabel="probability")
ax.set(xlim=(0, 17), xticks=[0, 4, 8, 12, 16])
ax.set_title("One half at two units per input")
fig.alt_text = (
    "A dead cone has probability one half when there are twice as many units as inputs. Left: "
    "five arrows within a half-plane, and the cone behind all of them. Right: the probability "
    "falls from 1 to 0 with the number of units, later for 4 inputs than for 2; the points lie on "
    "the lines."
)

# %%
# What this page promises
# -----------------------
# **Wendel's law, N05.** Each of the ten points has its own standard error; the worst may be 4.5 of them off.
# At eight units on four inputs the theory says 1/2, and there more layers are drawn, Gaussian and uniform: the law of
# the weights does not matter as long as it has a density, and a vector and its negative are equally likely. With no
# more units than inputs a dead cone is certain.
distances = []
for (units, inputs), share in shares.items():
    chance = dead_cone_probability(units, inputs)
    standard_error = np.sqrt(chance * (1 - chance) / layers)
    distances.append(np.abs(share - chance) / standard_error)
gaussian_layers = weights.gaussian((8, 4), replicas=20_000, rng=rng)
uniform_layers = weights.uniform((8, 4), replicas=20_000, rng=rng)
gaussian_dead = has_dead_cone(gaussian_layers).astype(float)
uniform_dead = has_dead_cone(uniform_layers).astype(float)
square_dead = has_dead_cone(weights.gaussian((4, 4), replicas=1000, rng=rng))
check("N05", "standard errors off, worst of ten", max(distances), 4.5, relation="<")
check("N05", "Wendel's probability, 8 units, 4 inputs", dead_cone_probability(8, 4), 1 / 2)
check_mean("N05", "share with a dead cone, Gaussian", gaussian_dead, 1 / 2)
check_mean("N05", "share with a dead cone, uniform", uniform_dead, 1 / 2)
check("N05", "share with a dead cone, 4 units, 4 inputs", square_dead.mean(), 1)

# %%
# **Why it is exact.** The proof is a count, and holds for each matrix by itself. Flip the signs of eight weight vectors
# in all 256 ways. Each cone of the arrangement is dead for one of them, and there are 128 cones, wherever the
# vectors point, if only no four of them are dependent. So half of the flips have a dead cone: not on average, exactly.
flips = np.array(list(product((1, -1), repeat=8)))
layer = weights.gaussian((8, 4), rng=rng)
flipped = flips[:, :, None] * layer
check("N05", "flips with a dead cone, of 256", has_dead_cone(flipped).sum(), 128)

# %%
# Where it stops being true
# -------------------------
# **The law needs independent vectors.** Take four orthogonal ones and their negatives: no input makes both of a pair
# negative, so none is dead, with as many units as gave even odds before.
quarter = weights.orthogonal((4, 4), replicas=1000, rng=rng)
mirrored = np.concatenate([quarter, -quarter], axis=1)
check("N05", "layers [Q; -Q] with a dead cone, of 1000", has_dead_cone(mirrored).sum(), 0)

# %%
# **And it needs the symmetry.** The first column of Sylvester's Hadamard matrix is all ones, so a layer made of its
# first four columns has a dead cone at any width, around the negative first axis. So has a layer of positive weights,
# equal or random.
hadamard_columns = hadamard(64)[:, :4]
positive_random = rng.exponential(size=(64, 4))
check("N05", "64 Hadamard rows with a dead cone", has_dead_cone(hadamard_columns), 1)
check("N05", "64 equal rows with a dead cone", has_dead_cone(weights.constant((64, 4))), 1)
check("N05", "64 positive random rows with a dead cone", has_dead_cone(positive_random), 1)
summary()

# %%
# Try it yourself
# ---------------
# - Multiply the first column of the Hadamard matrix by random signs. How likely is a dead cone now?
# - Draw :math:`2d` units for :math:`d` = 10 or 20. What happens to the curve when both numbers grow together?
# - Give each unit a random bias. Which of the dead inputs come back to life, those near 0 or those far away?

plt.show()
