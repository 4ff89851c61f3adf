# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What can a tied layer still learn?
==================================

The sums, and nothing else: under gradient descent without weight decay a network of tied units is, step for step, a
narrow network with one unit for each class and other learning rates.
Of the 36 dimensions of a layer here, one moves, 25 are frozen and have no effect, and the tie holds 10 at 0. A
recurrent network that starts from the identity is tied, too, if all other weights are equal.

The page on the magic square explains ties by sums. W02 says what such a tie leaves to learn, and is derived here.
"""

# %%
# Set-up
# ------
# Two hidden layers of six tanh units. The weight between them is random, but its rows and its columns were moved so
# that each adds up to 1.8. All other weights are 1/2. So each layer is one class of tied units. Beside it stands a
# *narrow* network, with one unit in each layer. Its weights are sums over a class, and it has learning rates of its
# own.
import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.symmetry import tied_units
from symlib.training import descend

units = 6
steps = 400
rate = 0.05

rng = np.random.default_rng(1928)
x = rng.standard_normal((64, 3))
y = np.column_stack([np.tanh(2 * x[:, 0] * x[:, 1]), np.sin(2 * x[:, 2])])

random = rng.standard_normal((units, units))
without_sums = random - random.mean(axis=1, keepdims=True)
without_sums = without_sums - without_sums.mean(axis=0)
middle = 0.3 + without_sums


def network(first, second, last):
    """Return a network with these weights, all biases 0."""
    layers = [Layer(weight, np.zeros(len(weight))) for weight in (first, second, last)]
    return Network(layers, "tanh")


first = np.full((units, 3), 0.5)
last = np.full((2, units), 0.5)
wide = network(first, middle, last)
narrow = network(first[:1], np.full((1, 1), 1.8), last.sum(axis=1, keepdims=True))
untied = network(first, random, last)

# %%
# A weight from a class of :math:`|C|` units to one of :math:`|D|` gets the rate :math:`\eta |C| / |D|` in the narrow
# network, and a bias :math:`\eta / |D|`. Inputs and outputs count as classes of one.
narrow_rates = [
    Layer(rate / units, rate / units),
    Layer(rate, rate / units),
    Layer(rate * units, rate),
]


def largest_difference(one, other):
    """Return the largest difference of two arrays, or lists of arrays, in any entry."""
    return np.abs(np.array(one) - np.array(other)).max()


def predictions(network):
    """Return the outputs on all samples."""
    return forward(network, x)


of_wide = descend(wide, x, y, steps=steps, rate=rate, record=predictions)
of_narrow = descend(narrow, x, y, steps=steps, rate=narrow_rates, record=predictions)
of_untied = descend(untied, x, y, steps=steps, rate=rate)

# %%
# **A recurrent network** applies one matrix :math:`V` to its own units again and again: :math:`h_t = \tanh(u x_t + V
# h_{t-1} + b)`. Its task is to name, after five inputs, the first and the third. The input weights :math:`u` are equal,
# and so are the biases and the output weights. We write out its gradient: the signal goes back through the same five
# steps.
length = 5
recurrent_steps = 300
recurrent_rate = 0.02
inputs = rng.standard_normal((length, 64))
targets = np.column_stack([inputs[0], inputs[2]])


def states(parameters):
    """Return the states of a recurrent network, from the initial state 0 to the last."""
    u, matrix, bias, _, _ = parameters
    passed = [np.zeros((64, units))]
    for now in inputs:
        passed.append(np.tanh(np.outer(now, u) + passed[-1] @ matrix.T + bias))
    return passed


def loss_and_gradient(parameters):
    """Return the mean squared error and its derivatives."""
    u, matrix, bias, output, constant = parameters
    passed = states(parameters)
    error = passed[-1] @ output.T + constant - targets
    signal = 2 * error / error.size
    of_output = signal.T @ passed[-1]
    of_constant = signal.sum(axis=0)
    back = signal @ output
    of_u = np.zeros_like(u)
    of_matrix = np.zeros_like(matrix)
    of_bias = np.zeros_like(bias)
    for t in range(length, 0, -1):
        back = back * (1 - passed[t] ** 2)
        of_u = of_u + back.T @ inputs[t - 1]
        of_matrix = of_matrix + back.T @ passed[t - 1]
        of_bias = of_bias + back.sum(axis=0)
        back = back @ matrix
    return np.mean(error**2), [of_u, of_matrix, of_bias, of_output, of_constant]


def train_recurrent(matrix, u=None):
    """Train from this recurrent matrix; return the losses and the last parameters."""
    if u is None:
        u = np.full(units, 0.5)
    bias = np.full(units, 0.1)
    parameters = [u, matrix, bias, np.full((2, units), 0.5), np.zeros(2)]
    losses = []
    for _ in range(recurrent_steps):
        value, gradient = loss_and_gradient(parameters)
        losses.append(value)
        parameters = [p - recurrent_rate * g for p, g in zip(parameters, gradient)]
    return np.array(losses), parameters


identity = np.eye(units)
cycle = np.roll(identity, 1, axis=0)
rotation, _ = np.linalg.qr(rng.standard_normal((units, units)))
from_identity, last_of_identity = train_recurrent(identity)
from_cycle, last_of_cycle = train_recurrent(cycle)
from_rotation, _ = train_recurrent(rotation)

# %%
# The figure
# ----------
fig, (left, right) = plt.subplots(1, 2)
every = np.arange(0, steps, 40)
left.plot(of_wide.losses, label="six tied units a layer")
left.plot(every, of_narrow.losses[every], "o", color="C3", label="one unit, other rates")
left.plot(of_untied.losses, color="C2", label="six units that differ")
left.set_title("Tied: a narrow network", fontsize="medium")
right.plot(from_identity, label="identity")
right.plot(from_cycle, "--", color="C3", label="cycle")
right.plot(from_rotation, color="C2", label="random orthogonal")
right.set_title("Recurrent, by its matrix", fontsize="medium")
for ax in (left, right):
    ax.set_xlabel("step")
    ax.set_yscale("log")
    ax.legend()
left.set_ylabel("loss")
left.set_ylim(0.1, 8)
left.set_yticks([0.1, 1], ["0.1", "1"])
right.set_ylim(0.05, 8)
right.set_yticks([0.1, 1], ["0.1", "1"])
left.minorticks_off()
right.minorticks_off()
fig.alt_text = (
    "Left: the loss of six tied units a layer falls as that of one unit a layer with other "
    "learning rates, and stays above that of units that differ. Right: recurrent networks that "
    "start from the identity or a cycle are tied and stay high; from a random orthogonal matrix "
    "the loss falls to less than a fifth."
)

# %%
# What this page promises
# -----------------------
# **Two parts, W02.** Let :math:`\Pi` replace each unit by the mean of its class. A weight :math:`W` between two tied
# layers is the sum of its *mean part* :math:`\Pi W \Pi`, which has one number for each pair of classes, and its *frozen
# part* :math:`F = (I - \Pi) W (I - \Pi)`. (Nothing else is left: by the conditions of the tie
# :math:`\Pi W (I - \Pi)` and :math:`(I - \Pi) W \Pi` are 0.) The values are
# constant on classes, and :math:`F` maps such vectors to 0. So the network does not see :math:`F`. The gradient is
# constant on pairs of classes. So it does not move :math:`F`.
#
# The frozen part has the dimensions of all matrices with rows and columns that add up to 0 over each class:
# with one class of six in each layer, 5 times 5. The mean part has one, and the other ten are 0 in a tie.
mean = np.full((units, units), 1 / units)
rest = np.eye(units) - mean
frozen = np.kron(rest, rest)
frozen_at_start = rest @ middle @ rest
trained = of_wide.network.layers[1].weight
check("W02", "dimensions that are frozen, of 36", np.linalg.matrix_rank(frozen), 25)
check("W02", "dimensions that move", np.linalg.matrix_rank(np.kron(mean, mean)), 1)
held = np.kron(mean, rest) + np.kron(rest, mean)
check("W02", "dimensions that the tie holds at 0", np.linalg.matrix_rank(held), 10)
moved = largest_difference(rest @ trained @ rest, frozen_at_start)
check("W02", "largest move of the frozen part", moved, 0, rounding=1e-10)
mean_move = largest_difference(mean @ trained @ mean, mean @ middle @ mean)
check("W02", "move of the mean part", mean_move, 1e-2, relation=">")

# %%
# **The narrow network.** Its weights are the sums over a class, :math:`|C|` times a weight of the mean part. The narrow
# network's signal at a class is :math:`|D|` times that of a unit of the wide one. So its gradient is :math:`|D|` times
# that of a weight of the wide network, and its weight has to move by :math:`|C|` times as much: hence the rates. The
# two then predict the same at each step; compared are the first hundred, before rounding has grown.
apart = largest_difference(of_wide.records[:101], of_narrow.records[:101])
check("W02", "predictions, wide and narrow", apart, 0, rounding=1e-10)
check("W02", "classes, first layer", tied_units(wide).labels[0].max() + 1, 1)
check("W02", "loss, tied over untied", of_wide.losses[-1] / of_untied.losses[-1], 1.1, relation=">")

# %%
# **With other frozen parts.** No prediction depends on the frozen part. Without it, or with one twice as large, the
# network learns the same.
for name, factor in {"without": 0, "twice": 2}.items():
    other = network(first, 0.3 + factor * without_sums, last)
    outputs = descend(other, x, y, steps=50, rate=rate, record=predictions).records
    apart = largest_difference(outputs, of_wide.records[:51])
    check("W02", f"predictions, {name} the part", apart, 0, rounding=1e-7)

# %%
# **Recurrent networks.** Here a matrix acts from the units on the same units. The proof is the same, with one partition
# for its rows and columns and an initial state that is equal within classes. In the identity no two rows are equal, but
# each row and each column adds up to 1. With equal weights around it, all six states are one. (This tie is of a sturdy
# kind: a permutation of the units leaves the network as it is.)
as_layers = Network([Layer(np.full((units, 1), 0.5)), Layer(np.full((2, units), 0.5))], "tanh")
matrices = {"identity": (identity, 1), "cycle": (cycle, 1), "orthogonal": (rotation, 6)}
for name, (matrix, expected) in matrices.items():
    (labels,) = tied_units(as_layers, recurrent={0: matrix}).labels
    check("W02", f"classes of states, {name}", labels.max() + 1, expected)
for name, parameters in {"identity": last_of_identity, "cycle": last_of_cycle}.items():
    gap = np.ptp(states(parameters)[-1], axis=1).max()
    check("W02", f"gap of the states, {name}", gap, 1e-6, relation="<")
start = [np.full(units, 0.5), rotation, np.full(units, 0.1), rng.random((2, units)), np.zeros(2)]
direction = [rng.standard_normal(part.shape) for part in start]
size = 1e-5
ahead, _ = loss_and_gradient([part + size * way for part, way in zip(start, direction)])
behind, _ = loss_and_gradient([part - size * way for part, way in zip(start, direction)])
_, derivatives = loss_and_gradient(start)
slope = sum(np.sum(part * way) for part, way in zip(derivatives, direction))
difference = (ahead - behind) / (2 * size)
gradient_length = np.sqrt(sum(np.sum(part**2) for part in derivatives))
error = (slope - difference) / gradient_length
check("W02", "error of the gradient, over its length", error, 0, rounding=1e-6)
gain = from_identity[-1] / from_rotation[-1]
check("W02", "loss, identity over orthogonal", gain, 1, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Rounding sees the frozen part.** Rounding parts units a little, and where the tie is unstable the gap grows. How
# fast it grows does depend on the frozen part: that is a page of its own, W16.
#
# A small difference grows in the recurrent network, too. With 1/1000 added to one weight its states come to differ by
# more than that.
start = [np.full(units, 0.5), identity, np.full(units, 0.1), np.full((2, units), 0.5), np.zeros(2)]
nudged = [part.copy() for part in start]
nudged[1][0, 0] += 1e-3
for _ in range(recurrent_steps):
    _, gradient = loss_and_gradient(nudged)
    nudged = [p - recurrent_rate * g for p, g in zip(nudged, gradient)]
gap = np.ptp(states(nudged)[-1], axis=1).max()
check("W02", "gap, one weight 1e-3 larger", gap, 1e-3, relation=">", shows="limit")

# %%
# **Random input weights.** The identity with random weights in front of it has six states from the start. So a
# recurrent identity is no fault by itself.
inputs_differ = Network([Layer(rng.standard_normal((units, 1))), as_layers.layers[1]], "tanh")
(labels,) = tied_units(inputs_differ, recurrent={0: identity}).labels
check("W02", "classes, random input weights", labels.max() + 1, 6, shows="limit")

# %%
# **Other rules want other numbers.** Adam divides the rates by the size of the gradient, and its narrow network has the
# rates :math:`\eta |C|` and :math:`\eta`. Weight decay would be multiplied by the rates of gradient descent: with the
# same decay on both sides the two part.
step_size = 0.01
adam_rates = [
    Layer(step_size, step_size),
    Layer(step_size * units, step_size),
    Layer(step_size * units, step_size),
]
by_adam = descend(
    wide, x, y, steps=100, rate=step_size, optimizer="adam", epsilon=1e-15, record=predictions
).records
narrow_by_adam = descend(
    narrow, x, y, steps=100, rate=adam_rates, optimizer="adam", epsilon=1e-15, record=predictions
).records
apart = largest_difference(by_adam, narrow_by_adam)
check("W02", "predictions apart, Adam", apart, 0, rounding=1e-8)
decay = 0.1
wide_with_decay = descend(
    wide, x, y, steps=100, rate=rate, weight_decay=decay, record=predictions
).records
narrow_with_decay = descend(
    narrow, x, y, steps=100, rate=narrow_rates, weight_decay=decay, record=predictions
).records
apart = largest_difference(wide_with_decay, narrow_with_decay)
check("W02", "predictions apart, weight decay", apart, 1e-3, relation=">", shows="limit")

# %%
# With weight decay the frozen part is not frozen: it shrinks, by one factor at each step, and is still unseen.
shrunk = descend(wide, x, y, steps=100, rate=rate, weight_decay=decay).network.layers[1]
wanted = (1 - decay * rate) ** 100 * frozen_at_start
apart = largest_difference(rest @ shrunk.weight @ rest, wanted)
check("W02", "frozen part with weight decay", apart, 0, rounding=1e-10, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give the first layer of the wide network two classes of three units. What are the rates of the narrow one?
# - Start the recurrent network in a random state instead of 0. Is the identity still tied?
# - Of the :math:`n^2` dimensions between two layers of :math:`n` tied units, how many move, are frozen, are held at 0?

plt.show()
