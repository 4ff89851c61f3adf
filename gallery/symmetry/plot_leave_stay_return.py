# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Does a small difference always grow?
====================================

No: between nearly equal units it can grow, stay as it is, or shrink until the units are equal again.
The smallest eigenvalue of one small matrix, computed from the tied network, says which, unless it is 0.

That tied units can sit at a local minimum as well as at a saddle was shown by Fukumizu and Amari (2000), and West, Saad
and Nabney (1996) met ties that attract. S12 gives the sign that decides, with an example of each kind.
"""

# %%
# Set-up
# ------
# Three units start equal and train until nothing changes any more: the network is at a stationary point, and tied. Then
# their incoming weights are moved apart by about a millionth, and training goes on.
#
# Three tasks, each with one output:
#
# - a sine on a line, with tanh units;
# - XOR, with ReLU units and no weight decay;
# - a cube on the same line, with tanh units.
#
# One unit fits none of the three.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, gradients
from symlib.symmetry import escape_rate
from symlib.training import descend

units = 3
rate = 0.3
steps = 4000

line = np.linspace(-1, 1, 16)[:, np.newaxis]
sine = np.sin(3 * line)
cube = line**3
square = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
xor = -np.prod(square, axis=1, keepdims=True)


def all_half(inputs, activation):
    """Return three hidden units and an output, all weights and biases 0.5."""
    hidden = Layer(weights.constant((units, inputs), 0.5), np.full(units, 0.5))
    output = Layer(weights.constant((1, units), 0.5), np.full(1, 0.5))
    return Network([hidden, output], activation, same_order=True)


def perturbed(network):
    """Move the incoming weights of the units apart, by about a millionth."""
    hidden, output = network.layers
    apart = weights.gaussian(hidden.weight.shape, std=1e-6, rng=0)
    return network._replace(layers=[Layer(hidden.weight + apart, hidden.bias), output])


def spread(network):
    """Return the largest difference of two units in an incoming weight."""
    return np.ptp(network.layers[0].weight, axis=0).max()


def largest_gradient(network, x, y, decay):
    """Return the largest entry of the gradient of the loss with the weight decay."""
    largest = 0.0
    for layer, found in zip(network.layers, gradients(network, x, y).layers):
        largest = max(largest, np.abs(found.weight + decay * layer.weight).max())
        largest = max(largest, np.abs(found.bias + decay * layer.bias).max())
    return largest


tasks = {
    "sine, tanh": (line, sine, "tanh", 0.01),
    "XOR, ReLU": (square, xor, "relu", 0.0),
    "cube, tanh": (line, cube, "tanh", 0.004),
}
tied_losses = {}
steepest = {}
growths = {}
spreads = {}
for name, (x, y, activation, decay) in tasks.items():
    start = all_half(x.shape[1], activation)
    tied = descend(start, x, y, steps=6000, rate=rate, weight_decay=decay)
    growths[name] = escape_rate(tied.network, x, y, rate=rate, weight_decay=decay).growth
    tied_losses[name] = tied.losses[-1]
    steepest[name] = largest_gradient(tied.network, x, y, decay)

    start = perturbed(tied.network)
    run = descend(start, x, y, steps=steps, rate=rate, weight_decay=decay, record=spread)
    spreads[name] = np.array(run.records)

# %%
# The figure
# ----------
# The largest difference of two units, step by step. On this scale a straight line is a constant factor per step.
places = {
    "sine, tanh": ("leaves", (1100, 1e-1)),
    "XOR, ReLU": ("stays", (2300, 3e-6)),
    "cube, tanh": ("returns", (1500, 2e-9)),
}
fig, ax = plt.subplots()
for name, (fate, place) in places.items():
    (curve,) = ax.semilogy(spreads[name])
    ax.annotate(f"{name}: {fate}", place, color=curve.get_color())
ax.set_ylim(1e-11, 10)
ax.set_xlabel("steps after the units were moved apart")
ax.set_ylabel("largest difference of two units")
ax.set_title("A small difference leaves, stays or returns")
fig.alt_text = (
    "A small difference between tied units grows, stays or shrinks. From a millionth, three tanh "
    "units on a sine move apart until they differ by about 1; three ReLU units on XOR keep their "
    "difference; three tanh units on a cube come ever closer."
)

# %%
# What this page promises
# -----------------------
# **A sign decides, S12.** For a small rate :math:`\eta`, a step multiplies the part of a small difference that grows
# fastest by :math:`1 + \eta\lambda`, where :math:`-\lambda` is the smallest eigenvalue of the matrix of the tied
# network (``growth`` is :math:`\lambda`). So :math:`\lambda > 0` leaves and :math:`\lambda < 0` returns. At
# :math:`\lambda = 0` that part stays to first order, and the next order decides.
for name, gradient in steepest.items():
    check("S12", f"gradient of the tied network, {name}", gradient, 0, rounding=1e-6)
check("S12", "growth, sine", growths["sine, tanh"], 0, relation=">")
check("S12", "growth, XOR with ReLU", growths["XOR, ReLU"], 0, rounding=1e-9)
check("S12", "growth, cube", growths["cube, tanh"], 0, relation="<")

# %%
# **The number says how fast**, in all three directions. The measured factor is the mean over steps at which the fastest
# part is what is left; what is off then is of second order in the difference.
measured_over = {
    "sine, tanh": slice(200, 500),
    "XOR, ReLU": slice(500, 4000),
    "cube, tanh": slice(3000, 4000),
}
for name, window in measured_over.items():
    logs = np.log(spreads[name][window])
    found = np.exp(np.diff(logs).mean())
    expected = 1 + rate * growths[name]
    check(
        "S12",
        f"factor per step, {name}",
        found,
        expected,
        atol=2e-5,
        reason="first order; other directions die out",
    )

# %%
# **With several outputs ReLU units can leave**, because a part of their matrix, which vanishes with one output, need
# not vanish. Here tied units that are to return their two inputs, each plus 1, are on at every sample, and
# :math:`\lambda` is the variance of an input.
corners = np.linspace(0, 1, 4)
grid = np.array([[first, second] for first in corners for second in corners])
hidden, _ = all_half(2, "relu").layers
two_outputs = Layer(weights.constant((2, units), 0.5), np.full(2, 0.5))
start = Network([hidden, two_outputs], "relu", same_order=True)
tied = descend(start, grid, grid + 1, steps=4000, rate=0.1).network
growth = escape_rate(tied, grid, grid + 1, rate=0.1).growth
check("S12", "growth, ReLU, two outputs", growth, np.var(corners), rounding=1e-9)

# %%
# Where it stops being true
# -------------------------
# **A tie that takes its units back need not be a good place.** On the cube the tied network rests, and draws in units
# that start close by. Of a hundred random starts with the same weight decay, with incoming weights of standard
# deviation 2, most end at less than half of its loss. With incoming weights a quarter as large it happens less often.
rng = np.random.default_rng(0)
starts = 100
hidden = Layer(
    weights.gaussian((units, 1), std=2, replicas=starts, rng=rng),
    rng.standard_normal((starts, units)),
)
output = Layer(weights.gaussian((1, units), replicas=starts, rng=rng))
random = Network([hidden, output], "tanh")
losses = descend(random, line, cube, steps=6000, rate=rate, weight_decay=0.004).losses[-1]
half = tied_losses["cube, tanh"] / 2
share = np.mean(losses < half)
check("S12", "random starts below half the tied loss", share, 0.5, relation=">")

smaller = Network([Layer(hidden.weight / 4, hidden.bias), output], "tanh")
losses = descend(smaller, line, cube, steps=6000, rate=rate, weight_decay=0.004).losses[-1]
smaller_share = np.mean(losses < half)
check("S12", "share below half, smaller starts", smaller_share, share, relation="<")

# %%
# **And random starts do not always avoid it.** With a weight decay of 0.01 instead of 0.004, equal units are what
# training ends at, from each of the hundred random starts. They are equal up to the sign of a unit: tanh is odd, so
# that the parts are compared without their signs.
ends = descend(random, line, cube, steps=6000, rate=rate, weight_decay=0.01).network
hidden, output = ends.layers
parts = {
    "incoming weights": hidden.weight[:, :, 0],
    "biases": hidden.bias,
    "outgoing weights": output.weight[:, 0],
}
for name, part in parts.items():
    largest = np.ptp(np.abs(part), axis=1).max()
    check(
        "S12",
        f"difference of {name}, more decay",
        largest,
        0,
        atol=1e-3,
        reason="still shrinking",
    )
summary()

# %%
# Try it yourself
# ---------------
# - Move the units of the cube apart by 0.1, by 0.5 and by 2. From where on do they not return?
# - Set the weight decay of XOR to 0.01. Do the ReLU units still stay?
# - Give the sine network 16 units. Does its tie become stable?

plt.show()
