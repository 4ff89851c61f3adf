# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can ReLU kill a whole cone of inputs?
=====================================

Yes: a random layer with twice as many units as inputs does so with probability one half, although its rank is full.
With four times as many it is rare; weights chosen without chance can rule it out, or make it certain.

The probability, N05, is a theorem of Wendel (1962) about random points on a sphere, all of which lie on one half.
"""

# %%
# Set-up
# ------
# Without biases an input :math:`x` is dead when :math:`w_j \cdot x < 0` for every unit :math:`j`: all ReLUs answer 0.
# Then so are its multiples and all inputs near them: a cone. It exists when all weight vectors lie strictly on one side
# of a plane through 0, which can be decided for each matrix.
#
# Below, :math:`d` is the number of inputs and :math:`m` that of units. For each pair of them a thousand random layers
# are drawn.
import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import hadamard

from symlib import weights
from symlib.claims import check, summary
from symlib.nullspace import dead_cone_probability, has_dead_cone

rng = np.random.default_rng(1962)


def frequency(layers, units, inputs, fill=weights.gaussian):
    """Return how many of so many random layers have a dead cone, as a share."""
    return has_dead_cone(fill((units, inputs), replicas=layers, rng=rng)).mean()


widths = {2: (3, 4, 6, 8, 10), 4: (6, 8, 10, 12, 16)}
found = {(d, m): frequency(1000, m, d) for d in widths for m in widths[d]}
theory = {key: dead_cone_probability(key[1], key[0]) for key in found}

# %%
# The figure
# ----------
# On the left five units in the plane, and the inputs to which all of them are blind.
# On the right Wendel's probability as lines, and as points the layers in which a dead cone was found.
fig, (plane, ax) = plt.subplots(1, 2, width_ratios=(1, 1.6))
turns = np.radians([-20, 10, 45, 62, 95])
for turn in turns:
    arrow = {"arrowstyle": "-|>", "color": "gray", "linewidth": 2, "shrinkA": 0}
    plane.annotate("", (np.cos(turn), np.sin(turn)), (0, 0), arrowprops=arrow)
dead = np.linspace(turns[-1] + np.pi / 2, turns[0] + 3 * np.pi / 2, 50)
plane.fill([0, *np.cos(dead)], [0, *np.sin(dead)], color="C3", alpha=0.5)
plane.annotate("five units", (0.35, 1.0))
plane.annotate("dead cone", (-1.1, -1.2), color="C3")
plane.set(aspect="equal", xlim=(-1.1, 1.3), ylim=(-1.3, 1.3), xticks=[], yticks=[])
plane.spines[:].set_visible(False)
for d, marker, place in ((2, "o", (0.4, 0.08)), (4, "s", (9, 0.54))):
    units = np.arange(1, 17)
    (line,) = ax.plot(units, [dead_cone_probability(m, d) for m in units])
    shares = [found[d, m] for m in widths[d]]
    ax.plot(widths[d], shares, marker, color=line.get_color())
    ax.annotate(f"{d} inputs", place, color=line.get_color())
ax.axhline(0.5, color="gray", linewidth=1, linestyle="-", zorder=0)
ax.set(xlabel="units", ylabel="probability", xlim=(0, 17), xticks=[0, 4, 8, 12, 16])
ax.set_title("Even odds at twice the inputs")
fig.alt_text = (
    "A dead cone has probability one half when there are twice as many units as inputs. Left: five "
    "arrows within a half-plane, and the cone behind all of them. Right: the probability falls from "
    "1 to 0 with the number of units, later for 4 inputs than for 2; the points lie on the lines."
)

# %%
# What this page promises
# -----------------------
# **Wendel's law, N05.** Each of the ten points has its own standard error; the worst may be 4.5 of them off.
# At eight units on four inputs the theory says 1/2, and there more layers are drawn, Gaussian and uniform: the law of
# the weights does not matter as long as a vector and its negative are equally likely. With no more units than inputs
# a dead cone is certain.


def off(share, chance, layers):
    """Return by how many standard errors a share differs from its probability."""
    return abs(share - chance) / np.sqrt(chance * (1 - chance) / layers)


worst = max(off(found[key], theory[key], 1000) for key in found)
check("N05", "standard errors off, worst of ten", worst, 4.5, relation="<")
check("N05", "Wendel's probability, 8 units, 4 inputs", dead_cone_probability(8, 4), 1 / 2)
chance = {"atol": 4 * np.sqrt(0.25 / 20_000), "reason": "four standard errors"}
for name, fill in (("Gaussian", weights.gaussian), ("uniform", weights.uniform)):
    check("N05", f"share with a dead cone, {name}", frequency(20_000, 8, 4, fill), 1 / 2, **chance)
check("N05", "share with a dead cone, 4 units, 4 inputs", frequency(1000, 4, 4), 1)

# %%
# **Why it is exact.** The proof is a count, and holds for each matrix by itself. Flip the signs of eight weight vectors
# in all 256 ways. Each cone of the arrangement is dead for one of them, and there are 128 cones, wherever the
# vectors point, if only no four of them are dependent. So half of the flips have a dead cone: not on average, exactly.
flips = 1 - 2 * (np.arange(256)[:, None] >> np.arange(8) & 1)
layer = weights.gaussian((8, 4), rng=rng)
check("N05", "flips with a dead cone, of 256", has_dead_cone(flips[:, :, None] * layer).sum(), 128)

# %%
# Where it stops being true
# -------------------------
# The law needs independent vectors. Take four orthogonal ones and their negatives: no input makes both of a pair
# negative, so none is dead, with as many units as gave even odds before.
quarter = weights.orthogonal((4, 4), replicas=1000, rng=rng)
mirrored = has_dead_cone(np.concatenate([quarter, -quarter], axis=1)).sum()
check("N05", "layers [Q; -Q] with a dead cone, of 1000", mirrored, 0)

# %%
# And it needs the symmetry. The first column of a Hadamard matrix is all ones, so a layer made of its first four
# columns has a dead cone at any width, around the negative first axis. So has a layer of positive weights, equal or
# random.
for name, layer in (
    ("Hadamard", hadamard(64)[:, :4]),
    ("equal", weights.constant((64, 4))),
    ("positive random", rng.exponential(size=(64, 4))),
):
    check("N05", f"64 {name} rows with a dead cone", has_dead_cone(layer), 1)
summary()

# %%
# Try it yourself
# ---------------
# - Multiply the first column of the Hadamard matrix by random signs. How likely is a dead cone now?
# - Draw :math:`2d` units for :math:`d` = 10 or 20. What happens to the curve when both numbers grow together?
# - Give each unit a random bias. Which of the dead inputs come back to life, those near 0 or those far away?

plt.show()
