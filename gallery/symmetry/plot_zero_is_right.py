# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
When is zero the best start?
============================

When there is no hidden layer: nothing can be tied, and where the optimum is unique every start leads there.
Where it is not, zero ends at the shortest solution, and a random start keeps for ever what the data cannot see.

Both are textbook facts of convex optimization; S10 puts them side by side.
"""

# %%
# Set-up
# ------
# One equation for two unknowns: :math:`2 w_1 + w_2 = 2.5`. The solutions are a line, and the data prefer none of them.
#
# A linear layer without a bias is least squares. Its gradient is a combination of the rows of the data :math:`X`, so
# descent moves along these rows only, and ends at :math:`w_\infty = X^+ y + (I - X^+ X) \, w_0`: the shortest solution,
# plus the part of the start :math:`w_0` that lies in the null space of :math:`X`.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

rng = np.random.default_rng(0)
x, y = np.array([[2.0, 1.0]]), np.array([[2.5]])


def least_squares(first, x, y, steps=100, every=1):
    """Train a linear layer from each start; return the weights of all starts at each step."""
    network = Network([Layer(first)], "identity")
    rate = len(x) / (3 * np.linalg.norm(x, 2) ** 2)  # the largest that is safe is three times that
    record = {"record": lambda network: network.layers[0].weight[:, 0], "every": every}
    return np.array(descend(network, x, y, steps=steps, rate=rate, **record).records)


def zero_and_random(starts, outputs, inputs):
    """Return one start at zero and many at random, as replicas."""
    random = weights.gaussian((outputs, inputs), replicas=starts, rng=rng)
    return np.concatenate([np.zeros((1, outputs, inputs)), random])


paths = least_squares(zero_and_random(30, 1, 2), x, y)

# %%
# The figure
# ----------
# Thirty-one starts and where they end. Each walks straight to the line of solutions and no step along it.
fig, ax = plt.subplots()
ax.axline((1, 0.5), slope=-2, color="gray", linewidth=1, linestyle="-", zorder=0)
ax.plot(*paths[:, 1:].transpose(2, 0, 1), color="C0", linewidth=1, linestyle="-", alpha=0.6)
ax.plot(*paths[0, 1:].T, "o", color="C0", markersize=4, fillstyle="none")
ax.plot(*paths[-1, 1:].T, "o", color="C0", markersize=5)
ax.plot(*paths[:, 0].T, "-", color="C1", linewidth=3)
ax.plot(*paths[-1, 0], "D", color="C1", markersize=10)
ax.plot(*paths[0, 0], "D", color="C1", markersize=10, fillstyle="none", markeredgewidth=2)
ax.annotate("zero: the\nshortest solution", paths[-1, 0], xytext=(2.4, -0.7), color="C1")
ax.annotate("random: solutions\nall along the line", (2.4, 1.5), color="C0")
ax.set_aspect("equal")
ax.set(xlim=(-2.6, 4.6), ylim=(-1.45, 2.35), xlabel="first weight", ylabel="second weight")
ax.set_title("From zero to the shortest solution")
fig.alt_text = (
    "From zero descent goes to the solution nearest to the origin. Thirty random starts, open "
    "circles in a plane of two weights, walk along parallel paths to a line of solutions and end "
    "spread out on it, each at the point of the line that is nearest to where it began."
)

# %%
# What this page promises
# -----------------------
# **Where descent ends, S10.** Ten equations for a hundred unknowns, from zero and from a thousand random starts,
# against the formula.
starts = 1000
few, many = rng.standard_normal((10, 100)), rng.standard_normal((10, 1))
first = zero_and_random(starts, 1, 100)
path = least_squares(first, few, many, steps=600, every=100)
inverse = np.linalg.pinv(few)
blind = np.eye(100) - inverse @ few
formula = (inverse @ many).T + first[:, 0] @ blind
rounding = {"atol": 1e-12, "reason": "rounding"}
error = np.abs(path[-1] - formula)
check("S10", "end minus formula, zero start", error[0].max(), 0, **rounding)
check("S10", "end minus formula, random starts", error[1:].max(), 0, **rounding)

# %%
# **What the data cannot see stays as it was**, all the way.
drift = np.abs((path - first[:, 0]) @ blind).max()
check("S10", "movement in the null space", drift, 0, **rounding)

# %%
# **So zero is better.** A random start is longer by what the null space holds of it: on average one for each of its
# 90 dimensions, for entries of variance 1. The square of that length has variance 180 for each start.
squares = np.sum(path[-1] ** 2, axis=1)
excess = np.mean(squares[1:] - squares[0])
band = {"atol": 4 * np.sqrt(180 / starts), "reason": "four standard errors"}
check("S10", "extra squared length, random starts", excess, 90, **band)

# %%
# **Where the optimum is unique, the start does not matter.** Logistic regression with three classes; the weight decay,
# an L2 penalty, makes the loss strictly convex.
inputs = rng.standard_normal((100, 4))
classes = np.argmax(inputs[:, :3] + rng.standard_normal((100, 3)), axis=1)
logistic = Network([Layer(3 * zero_and_random(30, 3, 4), np.zeros((31, 3)))], "identity")
rule = {"kind": "cross_entropy", "weight_decay": 0.05, "rate": 0.5}
ends = descend(logistic, inputs, classes, steps=1500, **rule).network.layers[0].weight
converged = {"atol": 1e-6, "reason": "converged"}
apart = np.abs(ends - ends[0]).max()
check("S10", "logistic, end of any start minus of zero", apart, 0, **converged)

# %%
# Where it stops being true
# -------------------------
# **One hidden layer ends it.** The same least squares with three hidden units in between, without any activation, still
# computes linear maps only; but in these weights the problem is no longer convex, and zero is a point where every slope
# is zero. Nothing moves, while a random start learns.
deep = Network([Layer(np.zeros((3, 100))), Layer(np.zeros((1, 3)))], "identity")
losses = descend(deep, few, many, steps=2000, rate=0.02).losses
check("S10", "loss lost from zero, one hidden layer", losses[0] - losses[-1], 0)
deep = Network([Layer(weights.lecun((3, 100), rng=rng)), Layer(np.ones((1, 3)))], "identity")
losses = descend(deep, few, many, steps=2000, rate=0.02).losses
check("S10", "loss left from random, one hidden layer", losses[-1], 0, **converged)
summary()

# %%
# Try it yourself
# ---------------
# - Drop the weight decay. There is an optimum still; is it the same for all starts? Look at the mean of the weights
#   over the three classes.
# - Start least squares with every weight at 1000. Does the end still fit the data? How long is it?
# - In which layers of a deep network is zero a good start? The biases are one answer; S05 leaves room for another.

plt.show()
