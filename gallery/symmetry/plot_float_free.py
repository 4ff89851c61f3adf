# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Is the tie an accident of rounding?
===================================

No: among whole numbers modulo a prime, where nothing is ever rounded, four equal units stay equal step after step.
Add 1 to one weight of one unit, and there are two different units for the rest of the run.

The argument for the tie, Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4, uses sums and products
only, so it can be run where a computer makes no error at all. S02 is that run.
"""

# %%
# Set-up
# ------
# Take the whole numbers from 0 to :math:`p - 1`, and keep only the remainder modulo :math:`p` of each sum and product.
# If :math:`p` is a prime one can divide as well: ``pow(20, -1, p)`` is the number that times 20 leaves the remainder 1,
# so it is 1/20. Mathematicians call this a finite field.
# It has a learning rate of 1/20, a mean over eight samples, and the start where every weight is 1/2.
#
# It has no tanh. Our units square their input, so that the gradient is a polynomial.
# Apart from that all is as before: two inputs, four hidden units, one output, and the sign of a product as the task.
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary
from symlib.network import Layer
from symlib.symmetry import unit_classes

prime = 2**31 - 1
units, samples, steps = 4, 8, 2000
half, rate, share = (pow(number, -1, prime) for number in (2, 20, samples))
rng = np.random.default_rng(83)
x = rng.integers(-9, 10, (samples, 2)).astype(object)  # the whole numbers of Python do not overflow
y = np.sign(x[:, 0] * x[:, 1])


def start(value):
    """Return a network, all of whose weights and biases have one value."""
    return [np.full(shape, value, object) for shape in ((units, 2), units, units, 1)]


def step(network, rate, share):
    """Take one step of gradient descent on the mean squared error: only sums and products."""
    weight, bias, outgoing, output_bias = network
    sums = x @ weight.T + bias
    slope = 2 * share * ((sums * sums) @ outgoing + output_bias - y)
    back = slope[:, None] * outgoing * 2 * sums
    slopes = back.T @ x, back.sum(axis=0), slope @ (sums * sums), slope.sum()
    return [part - rate * part_slope for part, part_slope in zip(network, slopes)]


def walk(nudged=None):
    """Return the networks of all steps; one number in the part ``nudged`` starts at 1 more."""
    path = [start(half)]
    if nudged is not None:
        path[0][nudged].flat[0] += 1
    for _ in range(steps):
        path.append([part % prime for part in step(path[-1], rate, share)])
    return path


tied, apart = walk(), walk(nudged=0)

# %%
# The figure
# ----------
# The first incoming weight of each unit, at the first steps. In a field nothing is near or far: descent does not
# settle there, it jumps like noise. All the more telling that four units jump alike.
shown = np.arange(13)
fig, axes = plt.subplots(1, 2, sharey=True)
for ax, path in zip(axes, (tied, apart)):
    first = np.array([path[k][0][:, 0] / prime for k in shown], float)
    for unit in range(units):
        look = {"marker": "o", "markersize": 13 - 3 * unit}
        if path is apart and unit == 0:
            look = {"marker": "D", "markersize": 7, "zorder": 3}
        ax.plot(shown, first[:, unit], linewidth=1, **look)
    ax.set(xlabel="step", yticks=[0, 0.5, 1], yticklabels=["0", "1/2", "p − 1"], ylim=(-0.08, 1.3))
axes[0].set_ylabel("first incoming weight")
axes[0].set_title("Equal: four units are one", fontsize="medium")
axes[1].set_title("Plus 1: two units", fontsize="medium")
axes[0].annotate("circles: all four units", (0, 1.16))
axes[1].annotate("diamonds: unit plus 1", (0, 1.16), color="C0")
fig.alt_text = (
    "Equal units stay equal where nothing is rounded. Left: the weights of four equal units jump "
    "about the field like noise, yet all four are one number at every step. Right: one unit has 1 "
    "added to one weight; from the first step on it jumps elsewhere, and the others still coincide."
)

# %%
# What this page promises
# -----------------------
# **Every number exists, S02.** What stands for 1/2, 1/20 and 1/8 are whole numbers, and they do what their names say.
product = (2 * half) * (20 * rate) * (samples * share) % prime
check("S02", "product of 2, 1/2, 20, 1/20, 8 and 1/8", product, 1)

# %%
# **Equal units stay equal**, at each of the two thousand steps.


def distinct(network):
    weight, bias, outgoing, _ = (np.asarray(part, np.int64) for part in network)
    return unit_classes(Layer(weight, bias), Layer(outgoing[None])).max() + 1


check("S02", "most different units, equal start", max(map(distinct, tied)), 1)

# %%
# **One weight plus 1 makes two classes**, wherever the weight is: on the way in, at the unit, or on the way out.
# The three other units stay equal to each other.
for part, name in enumerate(["incoming weight", "bias", "outgoing weight"]):
    path = apart if part == 0 else walk(nudged=part)
    check("S02", f"different units, {name} plus 1", distinct(path[-1]), 2)

# %%
# **The field is a shadow of the fractions.** Descent among fractions is exact too, but they grow: each step makes them
# about five times as long. For the first steps one can afford both, and the remainders of the fractions are the field.
exact = start(Fraction(1, 2))
for _ in range(4):
    exact = step(exact, Fraction(1, 20), Fraction(1, samples))
flat, field = (np.hstack([part.ravel() for part in net]) for net in (exact, tied[4]))
length = max(len(str(value.numerator)) for value in flat)
print(f"digits of the longest numerator after 4 steps: {length}")
remainders = [value.numerator * pow(value.denominator, -1, prime) % prime for value in flat]
check("S02", "parameters that differ from fractions", np.sum(remainders != field), 0)

# %%
# Where it stops being true
# -------------------------
# A field has no order and no size. No loss falls here and nothing is learned, so this page proves the symmetry and
# nothing about training; and ReLU and tanh, which need an order or a limit, do not exist. For them the proof is
# the same, but a computer that runs them rounds.
#
# And not every parameter belongs to a unit. The output bias is shared: 1 more there changes the whole run, and no tie.
shifted = walk(nudged=3)[-1]
check("S02", "different units, output bias plus 1", distinct(shifted), 1)
moved = np.sum(shifted[0] != tied[-1][0])
check("S02", "incoming weights it changes, of 8", moved, 8)
summary()

# %%
# Try it yourself
# ---------------
# - Nudge two units, by 1 and by 2. How many different units are there?
# - Set ``prime = 7``. Units that differ may now meet by chance, and then they stay together: why?
# - Set ``prime = 2**31``, which is no prime. Which line complains, and what would it have had to find?

plt.show()
