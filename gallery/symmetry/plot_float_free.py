# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Is the tie an accident of rounding?
===================================

No: among whole numbers modulo a prime, where nothing is rounded, four equal units stayed equal for two thousand steps.
Where 1 was added to one weight of one unit, there were two different units from then on.

The argument for the tie, Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4, asks only how a gradient
is made of sums and products. So it can be tried where a computer makes no error at all. S02 is that run.
"""

# %%
# Set-up
# ------
# Take the numbers 0, 1, 2, 3, 4, 5 and 6, and keep only the remainder modulo 7 of each sum and product. Then one can
# divide, too. Since :math:`2 \cdot 4 = 8` leaves the remainder 1, the number 4 does what 1/2 should do: it is 1/2.
# In the same way 1/3 is 5, because :math:`3 \cdot 5 = 15` leaves the remainder 1. Python finds these numbers by
# ``pow(2, -1, 7)`` and ``pow(3, -1, 7)``.
#
# It works for each prime number in the place of 7. Such numbers form a *finite field*: one can add, subtract, multiply
# and divide (not by 0), all rules of arithmetic hold, and no result is ever rounded.
#
# We take the prime :math:`2^{31} - 1`. In its field there are a learning rate of 1/20, a mean over eight samples, and a
# start where all weights are 1/2. There is no tanh, so our units square their input, and the gradient of the squared
# error is a polynomial. The rest is as in other networks: two inputs, four hidden units, one output, and the sign of a
# product as the task.
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary
from symlib.network import Layer

units = 4
samples = 8
steps = 2000
prime = 2**31 - 1
half = pow(2, -1, prime)
rate = pow(20, -1, prime)
share = pow(samples, -1, prime)

rng = np.random.default_rng(83)
x = rng.integers(-9, 10, (samples, 2)).astype(object)  # the whole numbers of Python do not overflow
y = np.sign(x[:, 0] * x[:, 1])


def start(value):
    """Return a hidden and an output layer, all of whose weights and biases have one value."""
    hidden = Layer(np.full((units, 2), value, object), np.full(units, value, object))
    output = Layer(np.full((1, units), value, object), np.full(1, value, object))
    return [hidden, output]


def gradient(layers, share):
    """Return the derivatives of the mean squared error, by sums and products only."""
    hidden, output = layers
    sums = x @ hidden.weight.T + hidden.bias
    values = sums * sums
    predictions = values @ output.weight[0] + output.bias[0]
    delta = 2 * share * (predictions - y)
    back = np.outer(delta, output.weight[0]) * 2 * sums
    of_hidden = Layer(back.T @ x, back.sum(axis=0))
    of_output = Layer((delta @ values)[np.newaxis], delta.sum())
    return [of_hidden, of_output]


def step(layers, rate, share):
    """Return the layers after one step of gradient descent."""
    moved = []
    for layer, derivative in zip(layers, gradient(layers, share)):
        weight = layer.weight - rate * derivative.weight
        bias = layer.bias - rate * derivative.bias
        moved.append(Layer(weight, bias))
    return moved


def walk(layers):
    """Return the layers at the start and after each step in the field."""
    path = [layers]
    for _ in range(steps):
        moved = step(path[-1], rate, share)
        path.append([Layer(layer.weight % prime, layer.bias % prime) for layer in moved])
    return path


tied = walk(start(half))

nudged = start(half)
nudged[0].weight[0, 0] += 1
incoming_plus_1 = walk(nudged)

# %%
# The figure
# ----------
# The first incoming weight of each unit, at the first steps. In a field nothing is near or far. Descent does not settle
# there, it jumps about like noise. And yet four units jump alike.
shown = 13
fig, (left, right) = plt.subplots(1, 2, sharey=True)


def draw(ax, path, unit, **look):
    """Draw the first incoming weight of a unit, from 0 at the bottom to p - 1 at the top."""
    heights = [float(path[k][0].weight[unit, 0] / prime) for k in range(shown)]
    ax.plot(np.arange(shown), heights, linewidth=1, **look)


for unit in range(units):
    draw(left, tied, unit, marker="o", markersize=13 - 3 * unit)
draw(right, incoming_plus_1, 0, marker="D", markersize=7, zorder=3)
for unit in range(1, units):
    draw(right, incoming_plus_1, unit, marker="o", markersize=13 - 3 * unit)
for ax in (left, right):
    ax.set_xlabel("step")
    ax.set_yticks([0, 0.5, 1])
    ax.set_yticklabels(["0", "p / 2", "p − 1"])
    ax.set_ylim(-0.08, 1.3)
left.set_ylabel("first incoming weight")
left.set_title("Equal start: one path", fontsize="medium")
right.set_title("1 added: two paths", fontsize="medium")
left.annotate("circles: all four units", (0, 1.16))
right.annotate("diamonds: unit plus 1", (0, 1.16), color="C0")
fig.alt_text = (
    "Equal units stay equal where nothing is rounded. Left: the weights of four equal units jump "
    "about the field like noise, yet all four are one number at every step shown. Right: one unit "
    "has 1 added to one weight; from the first step on it jumps elsewhere, and the others still "
    "coincide."
)

# %%
# What this page promises
# -----------------------
# **The fractions exist, S02.** What stands for 1/2, 1/20 and 1/8 are whole numbers, and they do what their names say.
check("S02", "2 times what stands for 1/2", 2 * half % prime, 1)
check("S02", "20 times what stands for 1/20", 20 * rate % prime, 1)
check("S02", "8 times what stands for 1/8", samples * share % prime, 1)

# %%
# **Equal units stay equal**, at each of the two thousand steps.


def distinct(layers):
    """Return how many units differ in a weight on the way in or out, or in the bias."""
    hidden, output = layers
    found = set()
    for unit in range(units):
        found.add((*hidden.weight[unit], hidden.bias[unit], output.weight[0, unit]))
    return len(found)


most = max(distinct(layers) for layers in tied)
check("S02", "most different units, equal start", most, 1)

# %%
# **One number plus 1 makes two classes**, whether it is a weight on the way in, a bias, or a weight on the way out. The
# three other units stay equal to each other, as nothing tells them apart.
nudged = start(half)
nudged[0].bias[0] += 1
bias_plus_1 = walk(nudged)

nudged = start(half)
nudged[1].weight[0, 0] += 1
outgoing_plus_1 = walk(nudged)

paths = {
    "incoming weight": incoming_plus_1,
    "bias": bias_plus_1,
    "outgoing weight": outgoing_plus_1,
}
for name, path in paths.items():
    counts = [distinct(layers) for layers in path]
    check("S02", f"fewest distinct, {name} plus 1", min(counts), 2)
    check("S02", f"most distinct, {name} plus 1", max(counts), 2)

# %%
# **The field is a shadow of the fractions.** Descent among fractions is exact, too, but they get long: each step makes
# them about five times as long. For the first four steps one can afford both. The remainders of the fractions,
# numerator over denominator, are the numbers of the field.


def parameters(layers):
    """Return all weights and biases in one list."""
    hidden, output = layers
    parts = [hidden.weight, hidden.bias, output.weight, output.bias]
    return [value for part in parts for value in part.ravel()]


exact = start(Fraction(1, 2))
for _ in range(4):
    exact = step(exact, Fraction(1, 20), Fraction(1, samples))
    digits = max(len(str(value.numerator)) for value in parameters(exact))
    print(f"digits of the longest numerator: {digits}")

differ = 0
for value, in_field in zip(parameters(exact), parameters(tied[4])):
    remainder = value.numerator * pow(value.denominator, -1, prime) % prime
    differ += remainder != in_field
check("S02", "parameters that differ from fractions", differ, 0)

# %%
# Where it stops being true
# -------------------------
# A field has no order and no size. No loss falls here and nothing is learned, so this page shows the symmetry and
# nothing about training. ReLU and tanh, which need an order or a limit, do not exist there. For them the proof is the
# same, but a computer that runs them rounds.
#
# And not each parameter belongs to a unit. The output bias is shared by all units. 1 more there changes the whole run
# and separates nothing.
nudged = start(half)
nudged[1].bias[0] += 1
output_bias_plus_1 = walk(nudged)
most = max(distinct(layers) for layers in output_bias_plus_1)
check("S02", "different units, output bias plus 1", most, 1)

changed = output_bias_plus_1[-1][0].weight != tied[-1][0].weight
check("S02", "incoming weights it changes, of 8", np.sum(changed), 8)
summary()

# %%
# Try it yourself
# ---------------
# - Add 1 to a weight of one unit and 2 to that of another. How many different units are there?
# - Set ``prime = 7``. Units that differ may now meet by chance, and then they stay together: why?
# - Set ``prime = 2**31``, which is no prime. Which line complains, and what would it have had to find?

plt.show()
