# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What do restarts buy?
=====================

If one random start succeeds with probability p, then R independent starts all fail with probability (1 - p) to the
power R.
So restarts help exactly when p is neither 0 nor 1, and R starts have about R times the chance of one only while R times
p is small.

The law, O06, is the product rule of independent chances, and needs no source. What has to be measured is p.
"""

# %%
# Set-up
# ------
# XOR with labels of 1 and -1, and one hidden layer of ReLU units with random weights. A start has *succeeded* when its
# mean squared error ends below 1/4: then no single error reaches 1, and all four signs are right. Whoever trains can
# see that, which matters: a restart is of use only if failure is noticed.
#
# Thousands of starts with one, two, three and sixteen units are trained. The share that fails is the estimate of
# :math:`1 - p`. Then the starts are cut into blocks of :math:`R`, and the blocks in which all fail are counted.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network
from symlib.training import descend

rng = np.random.default_rng(0)
steps = 500
rate = 0.1
x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
y = -np.prod(x, axis=1, keepdims=True)


def random_starts(units, starts):
    """Draw the networks of so many starts."""
    incoming = weights.lecun((units, 2), replicas=starts, rng=rng)
    outgoing = weights.lecun((1, units), replicas=starts, rng=rng)
    hidden = Layer(incoming, np.zeros((starts, units)))
    output = Layer(outgoing, np.zeros((starts, 1)))
    return Network([hidden, output], "relu")


def fails(network):
    """Train all starts at once and return which of them end with a loss of 1/4 or more."""
    run = descend(network, x, y, steps=steps, rate=rate)
    return run.losses[-1] >= 1 / 4


pairs = random_starts(2, 8000)
failed = {
    1: fails(random_starts(1, 1000)),
    2: fails(pairs),
    3: fails(random_starts(3, 4000)),
    16: fails(random_starts(16, 1000)),
}
chance_to_fail = {units: np.mean(which) for units, which in failed.items()}


def blocks(units, size):
    """Return the failures in rows of so many starts; what is left over is not used."""
    count = len(failed[units]) // size
    return failed[units][: count * size].reshape(count, size)


# %%
# The figure
# ----------
# Lines are powers of the share of single starts that fail. Points are the shares of blocks in which all fail.
fig, ax = plt.subplots()
sizes = (1, 2, 4, 8, 16)
line = np.arange(1, 17)
for units, marker in {1: "o", 2: "s", 3: "^"}.items():
    (law,) = ax.plot(line, chance_to_fail[units] ** line)
    shares = [np.mean(blocks(units, size).all(axis=1)) for size in sizes]
    ax.plot(sizes, shares, marker, color=law.get_color())
ax.plot(line, 0 * line, color="C3")
ax.annotate("one unit, or a failed start again", (7.6, 0.92), color="C0", ha="center")
ax.annotate("2 units", (4.3, 0.31), color="C1")
ax.annotate("3 units", (2.3, 0.12), color="C2")
ax.annotate("16 units", (13.2, -0.09), color="C3")
ax.set_xticks(sizes)
ax.set_ylim(-0.13, 1.05)
ax.set_xlabel("number of starts")
ax.set_ylabel("chance that all fail")
ax.set_title("Restarts help if a start succeeds sometimes")
fig.alt_text = (
    "Restarts help if a start succeeds sometimes. The chance that all starts on XOR fail, against "
    "their number from 1 to 16: constant at 1 for one unit, falling like a power for two units and "
    "faster for three, practically 0 for sixteen. Counted blocks lie on the lines."
)

# %%
# What this page promises
# -----------------------
# **The law, O06.** Two units succeed from more than a quarter of the starts and from fewer than a third. Let
# :math:`q = 1 - p` be the share that fails. The share of the blocks of :math:`R` in which all fail should be
# :math:`q^R`. Both numbers come from the same starts, so that a :math:`q` that is too large by chance makes both too
# large. To first order that part is :math:`R q^{R-1}` times what the share of failures in a block exceeds :math:`q` by.
# These terms add up to 0 over all blocks. Taking them out changes no mean, and makes the standard error smaller. There
# are fewer blocks of four and of eight, and of these fewer fail, so that they are only checked roughly.
q = chance_to_fail[2]
p = 1 - q
check("O06", "chance of one start, 2 units", p, 1 / 4, relation=">")
check("O06", "the same, from above", p, 1 / 3, relation="<")
twice = blocks(2, 2)
in_common = 2 * q * (twice.mean(axis=1) - q)
check_mean("O06", "share of blocks of 2 that fail", twice.all(axis=1) - in_common, q**2)

for size, factor in ((4, 1.25), (8, 2)):
    share = blocks(2, size).all(axis=1).mean()
    check("O06", f"share of blocks of {size} that fail", share, factor * q**size, relation="<")
    check("O06", f"the same, blocks of {size}, from below", share, q**size / factor, relation=">")

# %%
# **Not R times the chance.** The chance that at least one of :math:`R` starts succeeds is :math:`1 - (1 - p)^R`. It is
# at most :math:`R p`, and near it only while :math:`R p` is small. For eight starts of two units :math:`R p` is more
# than 1, which no probability is.
at_least_one = np.mean(~blocks(2, 8).all(axis=1))
check("O06", "eight times the chance of one start", 8 * p, 1, relation=">")
check("O06", "chance of eight starts, over that", at_least_one / (8 * p), 1 / 2, relation="<")

# %%
# **Neither 0 nor 1.** One unit cannot get below a mean squared error of 2/3, S04 in the ledger, so that no number of
# restarts helps. With sixteen units at least 199 of 200 starts succeed, and there is next to nothing to restart.
check("O06", "chance of one start, 1 unit", 1 - chance_to_fail[1], 0)
check("O06", "chance of one start, 16 units", 1 - chance_to_fail[16], 0.995, relation=">=")

# %%
# Where it stops being true
# -------------------------
# **The same start again.** Training as on this page, on all data and without noise, is a function of the start. A fixed
# start repeats its run to the last bit, whether its weights were chosen by hand or drawn once, if the computer adds up
# in the same order. Here a start of two units that has failed is trained fifty times.
unlucky = np.argmax(failed[2])
copied = []
for layer in pairs.layers:
    weight = np.repeat(layer.weight[[unlucky]], 50, axis=0)
    bias = np.repeat(layer.bias[[unlucky]], 50, axis=0)
    copied.append(Layer(weight, bias))
same_start = Network(copied, "relu", same_order=True)
losses = descend(same_start, x, y, steps=steps, rate=rate).losses
largest_spread = np.ptp(losses, axis=1).max()
check("O06", "spread of the losses of 50 equal starts", largest_spread, 0)
check("O06", "equal starts that fail, of 50", np.sum(losses[-1] >= 1 / 4), 50)

# %%
# **Almost the same start.** Independence is what the law needs, and a start next to one that has failed is not
# independent of it. A thousand failures of two units start again, each weight moved by about a hundredth. Nearly all of
# them fail again, far more than of fresh starts.
unlucky = np.flatnonzero(failed[2])[:1000]
moved = []
for layer in pairs.layers:
    weight = layer.weight[unlucky]
    nudge = 0.01 * rng.standard_normal(weight.shape)
    moved.append(Layer(weight + nudge, layer.bias[unlucky]))
again = np.mean(fails(Network(moved, "relu")))
check("O06", "share of nudged failures that fail again", again, 0.95, relation=">")
check("O06", "the same, less that of fresh starts", again - q, 0.2, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - How many starts make the failure of two units as rare as one in a thousand? Compare their cost with one wide start.
# - Nudge the failures by 0.1, 1 or 10. From which size on is a nudge as good as a fresh start?
# - Train for 50 steps in place of 500. The law is the same; which of the chances are not?

plt.show()
