# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How good can tied units get?
============================

Never better than one unit: on XOR their mean squared error cannot fall below two thirds.
Two units that are free to differ can reach zero, but from many starts they stop on a higher rung.

The floor, S04, is derived in the explanation of the tie.
It needs no network to compute: a monotone function of one projection is all that one unit can be.
"""

# %%
# Set-up
# ------
# XOR: four points, and a label of 1 where the two inputs differ, of -1 where they agree.
# A constant prediction of 0 has mean squared error 1.
#
# A unit with a monotone activation sees its input through one projection :math:`w \cdot x` and gives a monotone
# function of it. The best monotone function for a given order of the points is known in statistics as *isotonic
# regression*, so the floor is a minimum over directions.
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import isotonic_regression

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
y = -np.prod(x, axis=1, keepdims=True)
rng = np.random.default_rng(0)
starts, steps = 1000, 2000


def isotonic_floor(angle):
    order = np.argsort(x @ [np.cos(angle), np.sin(angle)], kind="stable")
    labels = y[order, 0]
    fits = (isotonic_regression(labels, increasing=rise).x for rise in (True, False))
    return min(np.mean((fit - labels) ** 2) for fit in fits)


def train(units, bias_scale=0.0):
    """Train a thousand random networks at once; return the loss of each before each step."""
    bias = bias_scale * rng.standard_normal((starts, units))
    layers = [
        Layer(weights.gaussian((units, 2), replicas=starts, rng=rng), bias),
        Layer(weights.gaussian((1, units), replicas=starts, rng=rng), np.zeros((starts, 1))),
    ]
    return descend(Network(layers, "relu"), x, y, steps=steps, rate=0.1).losses


one_unit, two_units = train(1), train(2)

# %%
# The figure
# ----------
# A thousand random starts, each at the loss where it ended; every fifth is drawn.
# One ReLU unit, which is what any number of tied units amounts to, ends on the floor.
# Two free units end on one of four rungs, and nowhere else.
rungs = {"0": 0, "1/2": 1 / 2, "2/3, the floor of tied units": 2 / 3, "1, a constant": 1}
fig, ax = plt.subplots()
for name, height in rungs.items():
    ax.axhline(height, color="gray", linewidth=1, linestyle="-", zorder=0)
    ax.annotate(name, (2.75, height), xytext=(0, 4), textcoords="offset points")
for place, losses in enumerate((one_unit[-1], two_units[-1]), start=1):
    across = place + rng.uniform(-0.28, 0.28, starts // 5)
    ax.plot(across, losses[::5], "os"[place - 1], markersize=3, alpha=0.5)
    for height in rungs.values():
        share = np.mean(np.abs(losses - height) < 0.01)
        if share:
            point = (place + 0.32, height)
            ax.annotate(f"{100 * share:.2g}%", point, xytext=(0, 4), textcoords="offset points")
ax.set(
    xlim=(0.5, 4.5),
    ylim=(-0.05, 1.12),
    xticks=[1, 2],
    xticklabels=["one unit, or\nany number tied", "two free\nunits"],
    ylabel="mean squared error",
)
ax.set_title("Tied units stop at 2/3; free units need luck")
ax.grid(visible=False)
fig.alt_text = (
    "A ladder of mean squared errors with rungs at 1, 2/3, 1/2 and 0. No run of one unit "
    "ends below 2/3. Of a thousand runs of two free units most end on 1/2, some on 2/3, "
    "and fewer than a third on 0."
)

# %%
# What this page promises
# -----------------------
# **The floor.** The least error of a monotone function of a projection, over 720 directions, and the best that a
# thousand runs of one unit came to: at no step of any run below the floor, and at the end on it.
rounding = {"atol": 1e-12, "reason": "rounding"}
angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
floor = min(isotonic_floor(angle) for angle in angles)
check("S04", "least error over 720 directions", floor, 2 / 3, **rounding)
check("S04", "least loss of one unit", one_unit.min(), 2 / 3, relation=">=", **rounding)
best = one_unit[-1].min()
check("S04", "best final loss of one unit", best, 2 / 3, atol=0.01, reason="finite time")

# %%
# **Tied units.** Eight copies of one unit, from two hundred random starts.
inner = weights.gaussian((1, 2), replicas=200, rng=rng)
outer = weights.gaussian((1, 1), replicas=200, rng=rng)
layers = [
    Layer(np.repeat(inner, 8, axis=1), np.zeros((200, 8))),
    Layer(np.repeat(outer, 8, axis=2), np.zeros((200, 1))),
]
copies = Network(layers, "relu", same_order=True)
tied = descend(copies, x, y, steps=500, rate=0.02).losses.min()
check("S04", "least loss of eight tied units", tied, 2 / 3, relation=">=", **rounding)

# %%
# **The rungs.** Two free units end within 0.01 of 0, 1/2, 2/3 or 1; one run in a hundred may still be on its way.
# The last rung is rare: a step so large that it switches both units off at all four points, for ever.
converged = {"atol": 1e-6, "reason": "converged"}
distance = np.abs(two_units[-1][:, None] - list(rungs.values())).min(axis=1)
share = np.mean(distance < 0.01)
check("S04", "share of pairs that end on a rung", share, 0.99, relation=">=")
check("S04", "best final loss of two free units", two_units[-1].min(), 0, **converged)

# %%
# Where it stops being true
# -------------------------
# The floor belongs to XOR, not to the tie: AND is monotone along the diagonal, so tied units can learn it.
both = np.where(x.sum(axis=1, keepdims=True) > 1, 1.0, -1.0)
losses = descend(copies, x, both, steps=3000, rate=0.02).losses
check("S04", "best final loss of tied units on AND", losses[-1].min(), 0, **converged)

# %%
# And the shares belong to the start. With random biases too, more pairs are switched off, and end on the rung of the
# constant.
dead = np.mean(np.abs(train(2, bias_scale=1.0)[-1] - 1) < 0.01)
check("S04", "share of dead pairs, random biases", dead, 0.04, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Give the network three units, or eight. How does the share of runs that end at zero grow?
# - Replace ``"relu"`` by ``"tanh"``: the floor is the same, but it is approached and never reached. Why?
# - A unit that is not monotone, such as one that squares its input, solves XOR alone. Which projection does it use?

plt.show()
