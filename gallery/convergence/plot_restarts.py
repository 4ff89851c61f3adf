# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What do restarts buy?
=====================

If one random start succeeds with probability p, then all of R fail with probability (1 - p) to the power R.
So restarts help exactly when p is neither 0 nor 1, and only as far as they are independent.

The law, O06, is the product rule of independent chances, and needs no source. What has to be measured is p.
"""

# %%
# Set-up
# ------
# XOR with labels of 1 and -1, and one hidden layer of ReLU units with random weights. A start has *succeeded* when its
# mean squared error ends below 1/4: then no single error reaches 1, and all four signs are right. Whoever trains can
# see that, which matters: a restart is of use only if failure is noticed.
#
# For one, two and three units four thousand starts each are trained in one call. The first half gives the estimate of
# :math:`p`. The second half is cut into blocks of :math:`R` starts, and the blocks in which all fail are counted.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
y = -np.prod(x, axis=1, keepdims=True)
rng = np.random.default_rng(0)
runs, half = 4000, 2000
blocks = (1, 2, 4, 8, 16)


def start(units, starts):
    """Draw the layers of so many networks."""
    inner = weights.lecun((units, 2), replicas=starts, rng=rng)
    outer = weights.lecun((1, units), replicas=starts, rng=rng)
    return [Layer(inner, np.zeros((starts, units))), Layer(outer, np.zeros((starts, 1)))]


def fails(layers):
    """Train all networks at once and return which of them end with a loss of 1/4 or more."""
    return descend(Network(layers, "relu"), x, y, steps=500, rate=0.1).losses[-1] >= 0.25


pairs = start(2, runs)
failed = {1: fails(start(1, runs)), 2: fails(pairs), 3: fails(start(3, runs))}
failed[16] = fails(start(16, 1000))
estimate = {units: failed[units][:half].mean() for units in (1, 2, 3)}


def in_blocks(units, size):
    """Return the share of the blocks of the second half in which all starts have failed."""
    count = half // size
    return failed[units][half : half + count * size].reshape(count, size).all(axis=1).mean()


# %%
# The figure
# ----------
# Lines are powers of the estimated chance to fail, from the first half; points are counts of blocks, from the second.
fig, ax = plt.subplots()
size = np.arange(1, 17)
for units, marker, place in ((1, "o", (7.6, 0.92)), (2, "s", (4.3, 0.31)), (3, "^", (2.3, 0.12))):
    (law,) = ax.plot(size, estimate[units] ** size)
    shares = [in_blocks(units, count) for count in blocks]
    ax.plot(blocks, shares, marker, color=law.get_color())
    label = "one unit, or a failed start again" if units == 1 else f"{units} units"
    ax.annotate(label, place, color=law.get_color(), ha="center" if units == 1 else "left")
ax.plot(size, 0 * size, color="C3")
ax.annotate("16 units", (13.2, -0.09), color="C3")
ax.set(
    xlabel="number of starts",
    ylabel="chance that all fail",
    xticks=blocks,
    ylim=(-0.13, 1.05),
    title="Restarts help between never and always",
)
fig.alt_text = (
    "Restarts help only between never and always. The chance that all starts on XOR fail, against "
    "their number from 1 to 16: constant at 1 for one unit, falling like a power for two units and "
    "faster for three, constant at 0 for sixteen. Counted blocks lie on the lines."
)

# %%
# What this page promises
# -----------------------
# **The law, O06.** For each width and each :math:`R` the difference of the two halves is divided by its standard error,
# which has two parts: with :math:`q = 1 - p`, the share of :math:`n` blocks has variance :math:`q^R (1 - q^R) / n`, and
# the estimated :math:`q` itself contributes :math:`(R q^{R-1})^2 q (1 - q) / 2000`. Points at which fewer than ten
# failing blocks are expected are left out: such counts are not normal.


def off(units, size):
    """Return by how many standard errors the blocks differ from the power of the estimate."""
    q = estimate[units]
    own = q**size * (1 - q**size) / (half // size)
    other = (size * q ** (size - 1)) ** 2 * q * (1 - q) / half
    return abs(in_blocks(units, size) - q**size) / np.sqrt(own + other)


worst = max(off(2, size) for size in blocks[:4])
check("O06", "standard errors off, 2 units, worst of 4", worst, 4.5, relation="<")
worst = max(off(3, size) for size in blocks[:2])
check("O06", "standard errors off, 3 units, worst of 2", worst, 4.5, relation="<")

# %%
# **Neither 0 nor 1.** One unit cannot get below a mean squared error of 2/3, so no number of restarts helps. With
# sixteen units practically every start succeeds, and there is nothing to restart.
check("O06", "runs of one unit that succeed, of 4000", np.sum(~failed[1]), 0)
check("O06", "share of 16-unit runs that succeed", 1 - failed[16].mean(), 0.995, relation=">=")

# %%
# Where it stops being true
# -------------------------
# **The same start again.** Training is a function of the start, so a fixed one repeats its run to the last bit, whether
# its weights were chosen by hand or drawn once. Here a start of two units that has failed is trained fifty times.
unlucky = np.argmax(failed[2])
same = [Layer(*(np.repeat(array[[unlucky]], 50, axis=0) for array in layer)) for layer in pairs]
alike = Network(same, "relu", same_order=True)
losses = descend(alike, x, y, steps=500, rate=0.1).losses
check("O06", "spread of the losses of 50 equal starts", np.ptp(losses, axis=1).max(), 0)
check("O06", "equal starts that fail, of 50", np.sum(losses[-1] >= 0.25), 50)

# %%
# **Almost the same start.** Independence is what the law needs. A start next to one that has failed is not independent
# of it: all failures are nudged by a hundredth, and nearly all of them fail again, far more than of fresh starts.
nudged = [
    Layer(weight[failed[2]] + 0.01 * rng.standard_normal(weight[failed[2]].shape), bias[failed[2]])
    for weight, bias in pairs
]
again = fails(nudged).mean()
check("O06", "share of nudged failures that fail again", again, 0.95, relation=">")
check("O06", "the same for fresh starts", estimate[2], 0.95, relation="<")
summary()

# %%
# Try it yourself
# ---------------
# - How many starts make the failure of two units as rare as one in a thousand? Compare their cost with one wide start.
# - Nudge the failures by 0.1, 1 or 10. From which size on is a nudge as good as a fresh start?
# - Train for 50 steps in place of 500. The law is the same; which of the chances are not?

plt.show()
