# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can a layer of different weights be one unit?
=============================================

Yes: what counts is what units read, and send, in total.
Put the magic square of Albrecht Dürer between two layers whose weights are all equal, with equal biases. It has sixteen
different weights, and under gradient descent the network stays one unit in each layer, as long as nothing is rounded.

If in each layer no two units agree in what they read, weight by weight, and in their bias, nothing is tied by sums. It
is not enough that no two agree in what they read, their bias and what they send *together*: here none do. W01 is the
theorem behind this; it is derived here, and its proof is below.
"""

# %%
# Set-up
# ------
# In the magic square that Dürer engraved in 1514 each row and each column adds up to 34. Divided by 34 it is the weight
# between two layers of four tanh units. The weights by which a unit of the first hidden layer sends to the second add
# up to 1, and so do those by which a unit of the second reads from the first. The weights before and after are all 1/2.
#
# Beside it stands the same network with the same sixteen numbers in another order.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.symmetry import tied_units, unit_classes
from symlib.training import descend

units = 4
steps = 3000
rate = 0.05
square = np.array([[16, 3, 2, 13], [5, 10, 11, 8], [9, 6, 7, 12], [4, 15, 14, 1]])

rng = np.random.default_rng(1514)
x = rng.standard_normal((64, 3))
y = np.column_stack([np.tanh(2 * x[:, 0] * x[:, 1]), np.sin(2 * x[:, 2])])
shuffled = rng.permutation(square.ravel()).reshape(units, units)


def network(first, middle, last, activation="tanh"):
    """Return a network with these weights; the first biases are 1/2, the others 0."""
    units = middle.shape[-1]
    layers = [
        Layer(first, np.full(units, 0.5)),
        Layer(middle, np.zeros(units)),
        Layer(last, np.zeros(2)),
    ]
    return Network(layers, activation)


def between_constants(middle, activation="tanh"):
    """Return a network with this weight between two layers whose weights are all 1/2."""
    units = middle.shape[-1]
    first = np.full((units, 3), 0.5)
    last = np.full((2, units), 0.5)
    return network(first, middle, last, activation)


def largest_gap(network):
    """Return the largest difference of two units of the second hidden layer, over all samples."""
    up_to_there = Network(network.layers[:2], "tanh")
    values = forward(up_to_there, x)
    return np.ptp(values, axis=-1).max()


def train(middle, steps=steps):
    """Train from this weight between constants, and record the gap at each step."""
    start = between_constants(middle)
    return descend(start, x, y, steps=steps, rate=rate, record=largest_gap)


magic = train(square / 34)
mixed = train(shuffled / 34)

# %%
# The figure
# ----------
# On the right the loss. The square learns what one unit in each layer can learn, and no more.
fig, (left, right) = plt.subplots(1, 2, gridspec_kw={"width_ratios": [1, 1.5]})
red, green, blue = to_rgb("C0")
colors = np.empty((units, units, 4))
colors[:, :, :3] = red, green, blue
colors[:, :, 3] = square / 30  # the larger a number, the less transparent its field
left.imshow(colors)
left.grid(False)
for row in range(units):
    for column in range(units):
        left.text(column, row, square[row, column], ha="center", va="center")
left.set_xticks(range(units), ["34"] * units)
left.set_yticks(range(units), ["34"] * units)
left.tick_params(length=0)
left.set_title("All sums are 34", fontsize="medium")
right.plot(magic.losses, label="magic square")
right.plot(mixed.losses, label="the same numbers, shuffled")
right.set_xlabel("step")
right.set_ylabel("loss")
right.set_ylim(0, 1)
right.legend()
right.set_title("One unit, or four", fontsize="medium")
fig.alt_text = (
    "Left: Dürer's magic square, whose rows and columns add up to 34. Right: with it between "
    "layers of equal weights the loss hardly falls below 0.35; with the same sixteen numbers in "
    "another order it falls to less than half of that."
)

# %%
# What this page promises
# -----------------------
# **The theorem, W01.** Sort the units of each hidden layer into classes; each input and each output is a class of its
# own. Suppose that any two units of a class
#
# - have the same bias and the same activation;
# - read the same from each class of the layer before in total, that is, by weights of one sum;
# - send the same to each class of the layer after in total.
#
# Then units of a class have equal values on each input, and each step of gradient descent keeps all this, if it has one
# rate for all weights from one class to another.
#
# **The proof.** The *signal* of a unit is the derivative of the loss in the sum that enters it. *Forward*: if units of
# a class below have equal values, a unit reads the class as one value times the sum of its weights, and by the second
# condition this is the same for two units of a class. *Backward*: the signal that comes down to a unit is made in the
# same way from what it sends, by the third condition. So both are constant on classes. The derivative of the loss in a
# single weight is the signal of the unit above times the value of the unit below. It is the *same number* for all
# weights from one class to another. A step adds one number to this whole block, and then all sums in the conditions
# change alike. The derivative in a bias is the signal, and equal within a class.
#
# Whatever differentiable function of the outputs the loss is, the proof holds, and for mini-batches and momentum too.
# It is about exact arithmetic: rounding reads each weight by itself.
#
# ``tied_units`` finds the classes. For the square it finds one in each layer. ``unit_classes``, which looks for units
# whose weights agree one by one, finds four.
start = between_constants(square / 34)
first_labels, second_labels = tied_units(start).labels
copies = unit_classes(start.layers[1], start.layers[2])
check("W01", "different weights in the square", np.unique(square).size, 16)
check("W01", "classes, first hidden layer", first_labels.max() + 1, 1)
check("W01", "classes, second hidden layer", second_labels.max() + 1, 1)
check("W01", "units that differ weight by weight", copies.max() + 1, 4)

# %%
# **Values stay equal, and the sixteen weights move by the same amount.** After 300 steps, to rounding.
trained = train(square / 34, steps=300)
moved = trained.network.layers[1].weight - square / 34
check("W01", "largest gap in 300 steps", max(trained.records), 0, rounding=1e-11)
check("W01", "spread of the moves of the weights", np.ptp(moved), 0, rounding=1e-11)
check("W01", "how far they moved", np.abs(moved).min(), 1e-3, relation=">")

# %%
# **In exact arithmetic.** Among whole numbers modulo a prime nothing is rounded (S02 tells how that works). Square
# units take the place of tanh units, and the square need not be divided. After 300 steps the four units of each layer
# are equal, and where 1 is added to one weight they are four.
prime = 2**31 - 1
whole = np.random.default_rng(34)
inputs = whole.integers(0, prime, (3, 8)).astype(
    object
)  # the whole numbers of Python do not overflow
targets = whole.integers(0, prime, (1, 8)).astype(object)


def step_modulo_prime(weights):
    """Return the weights after a step of descent, for square units and the squared error."""
    first, middle, last = weights
    first_sums = first @ inputs % prime
    first_values = first_sums**2 % prime
    second_sums = middle @ first_values % prime
    second_values = second_sums**2 % prime
    signal = last @ second_values - targets
    second_signal = 2 * (last.T @ signal) * second_sums % prime
    first_signal = 2 * (middle.T @ second_signal) * first_sums % prime
    return [
        (first - 12345 * first_signal @ inputs.T) % prime,
        (middle - 12345 * second_signal @ first_values.T) % prime,
        (last - 12345 * signal @ second_values.T) % prime,
    ]


def different_units(middle, steps=300):
    """Train modulo the prime, and count the different units of each layer."""
    weights = [
        np.full((units, 3), 5, object),
        middle.astype(object),
        np.full((1, units), 7, object),
    ]
    for _ in range(steps):
        weights = step_modulo_prime(weights)
    first_values = (weights[0] @ inputs) ** 2 % prime
    second_values = (weights[1] @ first_values) ** 2 % prime
    return [len(set(map(tuple, values))) for values in (first_values, second_values)]


plus_one = square.copy()
plus_one[0, 0] += 1
check("W01", "different units, in the field", max(different_units(square)), 1)
check("W01", "the same, 1 added to one weight", min(different_units(plus_one)), 4)

# %%
# **What it costs.** The square is left with a loss above that of the same numbers in this other order, which is a lucky
# one. Of twenty more orders, trained side by side, all end below the square.
ratio = magic.losses[-1] / mixed.losses[-1]
check("W01", "loss, square over shuffled", ratio, 1, relation=">")
orders = np.array([rng.permutation(square.ravel()) for _ in range(20)])
of_orders = descend(
    between_constants(orders.reshape(20, units, units) / 34), x, y, steps=steps, rate=rate
)
highest = of_orders.losses[-1].max()
check("W01", "highest of twenty orders, the loss", highest, magic.losses[-1], relation="<")

# %%
# **Other matrices.** It is not about Dürer. Random numbers, shifted so that all rows and columns have one sum, are one
# unit, and so are a cycle and any other permutation, as each row and column has a single 1. Sylvester's Hadamard
# matrix, which divided by :math:`\sqrt 8` is orthogonal, is two units: its first row and column add up to 8, all others
# to 0. A symmetric Toeplitz matrix, constant along its diagonals, ties each unit to its mirror image.
random = rng.standard_normal((6, 6))
rows_moved = random - random.mean(axis=1, keepdims=True)
both_moved = rows_moved - rows_moved.mean(axis=0)
signs = np.array([[1]])
for _ in range(3):
    signs = np.block([[signs, signs], [signs, -signs]])
neighbors = np.eye(6) / 2 + np.eye(6, k=1) + np.eye(6, k=-1)


def classes(middle):
    """Return how many units a network with this weight between constants really has."""
    _, labels = tied_units(between_constants(middle)).labels
    return labels.max() + 1


permutation = np.eye(6)[rng.permutation(6)]
check("W01", "classes, random with equal sums", classes(0.3 + both_moved), 1)
check("W01", "classes, a permutation", classes(permutation), 1)
check("W01", "classes, a Hadamard matrix", classes(signs / np.sqrt(8)), 2)
check("W01", "classes, a Toeplitz matrix", classes(neighbors), 3)

# %%
# Where it stops being true
# -------------------------
# **Both sums are needed.** If only what units read agrees, all values are equal at the start. Here the units part at
# the first step, as their signals differ.
check("W01", "classes, equal sums of rows only", classes(0.3 + rows_moved), 6, shows="limit")
rows_only = square / 34 + np.array([0.1, -0.1, 0.05, -0.05])  # to each row the same
one_step = train(rows_only, steps=1)
check("W01", "gap at the start, rows only", one_step.records[0], 0, rounding=1e-12)
check("W01", "gap after a step, rows only", one_step.records[1], 1e-4, relation=">", shows="limit")

# %%
# **With two hidden layers both neighbors have to be constant on classes.** With a random first layer, or a random last
# one, the square has four units again. So it takes a tie on both sides: the theorem does not say that structured
# matrices between random layers are a trap.
first, middle, last = (layer.weight for layer in start.layers)
random_first = network(rng.standard_normal((units, 3)), middle, last)
random_last = network(first, middle, rng.standard_normal((2, units)))
for name, other in {"first": random_first, "last": random_last}.items():
    _, labels = tied_units(other).labels
    check("W01", f"classes, a random {name} layer", labels.max() + 1, 4, shows="limit")

# %%
# **If in each layer no two units agree in what they read and in their bias, nothing is tied by sums.** The first layer
# is then single units, as each input is a class of its own. So the sums that the second one reads are single weights,
# and so on up. Equal sums do not help: here each row and each column of each weight has one sum.
differing_rows = np.array([[0.1, 0.2, 0.3], [0.2, 0.3, 0.1], [0.3, 0.1, 0.2], [0.2, 0.2, 0.2]])
_, labels = tied_units(network(differing_rows, middle, last)).labels
check("W01", "classes, rows that differ in each layer", labels.max() + 1, 4, shows="limit")

# %%
# **One hidden layer has nothing new.** Its neighbors are inputs and outputs, each a class of its own, as long as no two
# of them agree on all data. Then sums are single weights, and units are tied only if they are copies, weight by weight.
layer = Layer(rng.integers(0, 2, (8, 2)))
after = Layer(rng.integers(0, 2, (1, 8)))
(labels,) = tied_units(Network([layer, after], "tanh")).labels
differing = np.sum(labels != unit_classes(layer, after))
check("W01", "labels that differ, one hidden layer", differing, 0, shows="limit")

# %%
# **Rounding.** Floating-point arithmetic rounds each product by itself, and small gaps can grow. In double precision
# the gap stayed below a millionth in 3000 steps, far too little to be seen in the loss. In single precision it is
# larger.
gap = magic.records[-1]
layers_in_single = []
for layer in start.layers:
    in_single = Layer(layer.weight.astype(np.float32), layer.bias.astype(np.float32))
    layers_in_single.append(in_single)
single = Network(layers_in_single, "tanh")
after_all = descend(single, x, y, steps=steps, rate=rate).network
gap_in_single = largest_gap(after_all)
check("W01", "largest gap after 3000 steps", gap, 1e-6, relation="<", shows="limit")
check("W01", "the same in single precision", gap_in_single, 1e-6, relation=">", shows="limit")

# %%
# **On a kink.** Where all sums that a ReLU unit can read are 0, it stands on its kink for each input. On paper one
# value of the derivative is taken there for all units. But the least difference decides which units are on: let biases
# of a ten-millionth of a millionth have two signs.
no_sums = square / 34 - 1 / 4
check("W01", "classes, sums 0", classes(no_sums), 1)
first, inner, last = between_constants(no_sums).layers
nudged = Layer(inner.weight, 1e-13 * np.array([1, -1, 1, -1]))
on_kink = Network([first, nudged, last], "relu")
after_a_step = descend(on_kink, x, y, steps=1, rate=rate).network
values = forward(Network(after_a_step.layers[:2], "relu"), x)
parted = np.ptp(values, axis=1).max()
check("W01", "gap after a step, ReLU on its kink", parted, 1e-3, relation=">", shows="limit")

# %%
# **Rules that read single weights.** A step that adds one number to all sixteen weights keeps the tie, and so does
# weight decay, which multiplies all of them by one number. A cap at 0.4 does not: it changes the three largest weights,
# and no others.
capped = np.minimum(square / 34, 0.4)
check("W01", "weights above the cap", np.sum(square / 34 > 0.4), 3)
check("W01", "classes, weights decayed by half", classes(square / 68), 1)
check("W01", "classes, weights capped at 0.4", classes(capped), 2, relation=">=", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Swap two rows of the square. Are the units still tied? And if you swap two numbers?
# - Try ``"relu"``. At which inputs are the units off at the start? Are they still tied?
# - Build a square of your own from four numbers: rows (a, b, c, d), (b, a, d, c), (c, d, a, b), (d, c, b, a).

plt.show()
