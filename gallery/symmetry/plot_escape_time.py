# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How long is "much longer"?
==========================

From an unstable tie at rest, gradient descent takes the same number of steps for each factor of ten of a small
difference: a tie that is a billion times tighter lasts nine such stretches longer. How long a stretch is follows from one small matrix, computed before the tie breaks.

That gradient descent leaves saddles is known (Lee, Simchowitz, Jordan and Recht, 2016), and so is that the length of a
plateau depends on the start (Biehl, Riegler and Wöhler, 1996). The number of steps, S09, is derived in the explanation;
here it is held against runs.
"""

# %%
# Set-up
# ------
# XOR with labels of 1 and -1, a few tanh units, and a little weight decay: without it the tied network drifts.
# All weights and biases start at 0.5. Then the incoming weights get a random perturbation of size
# :math:`\varepsilon`, from 1e-2 down to 1e-12, and the steps are counted until two units differ by 0.05 in a weight.
#
# The prediction comes from the exactly tied network, once it has settled at a stationary point, and from its data.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.symmetry import escape_rate
from symlib.training import descend

rule = {"rate": 0.1, "weight_decay": 0.01}
parted = 0.05
decades = np.arange(2, 13)
sizes = 10.0**-decades

xor = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
labels = -np.prod(xor, axis=1, keepdims=True)


def all_half(units, inputs, outputs=1, activation="tanh"):
    """Return a network with all weights and biases 0.5."""
    hidden = Layer(weights.constant((units, inputs), 0.5), np.full(units, 0.5))
    output = Layer(weights.constant((outputs, units), 0.5), np.full(outputs, 0.5))
    return Network([hidden, output], activation, same_order=True)


def perturbed(network):
    """Return the network once for each size, its incoming weights so far apart."""
    hidden, output = network.layers
    direction = weights.gaussian(hidden.weight.shape, rng=0)
    weight = hidden.weight + sizes[:, np.newaxis, np.newaxis] * direction
    return network._replace(layers=[Layer(weight, hidden.bias), output])


def spread(network):
    """Return the largest difference of two units in an incoming weight, for each replica."""
    return np.ptp(network.layers[0].weight, axis=-2).max(axis=-1)


def first_above(spreads):
    """Return for each size the step at which two units first differ by 0.05."""
    return np.argmax(np.array(spreads) > parted, axis=0)


def steps_per_decade(times):
    """Return the steps that each further factor of ten costs, at 1e-8 and below."""
    tight = decades >= 8  # where the run has settled before it parts
    return np.polyfit(decades[tight], times[tight], 1)[0]


# %%
# The figure
# ----------
# Points are runs; lines have the predicted slope and pass through the last point.
markers = {3: "o", 4: "s", 5: "^"}
measured = {}
predicted = {}
steps_needed = {}
fig, ax = plt.subplots()
for units, marker in markers.items():
    start = all_half(units, inputs=2)
    settled = descend(start, xor, labels, steps=6000, **rule).network
    predicted[units] = escape_rate(settled, xor, labels, **rule).steps_per_decade

    steps = int(13 * predicted[units])
    run = descend(perturbed(start), xor, labels, steps=steps, record=spread, **rule)
    times = first_above(run.records)
    measured[units] = steps_per_decade(times)
    steps_needed[units] = times

    line = times[-1] + predicted[units] * (decades - decades[-1])
    (law,) = ax.plot(decades[line > 0], line[line > 0])
    ax.plot(decades, times, marker, color=law.get_color(), linestyle="none")
    end = (decades[-1], times[-1])
    ax.annotate(f"{units} units", end, (8, -4), textcoords="offset points")
ticks = [2, 4, 6, 8, 10, 12]
ax.set_xlim(1.5, 13.6)
ax.set_xticks(ticks, [f"$10^{{-{power}}}$" for power in ticks])
ax.set_xlabel(r"how far the units start apart, $\varepsilon$")
ax.set_ylabel("steps until they part")
ax.set_title("Each factor of ten costs the same number of steps")
fig.alt_text = (
    "Each factor of ten costs the same number of steps. Steps until tied units part, against how "
    "far apart they start, from 1e-2 to 1e-12: for 3, 4 and 5 units the points lie on straight "
    "lines of the predicted slope. On this task fewer units take longer."
)

# %%
# What this page promises
# -----------------------
# **The slope, S09.** The tolerance is two percent: steps are whole numbers, and a random perturbation first has to turn
# into the direction that grows fastest.
law = {"rtol": 0.02, "reason": "whole steps, transient"}
for units in markers:
    check("S09", f"steps per decade, {units} units", measured[units], predicted[units], **law)

# %%
# The slope is all that the matrix gives. How many steps it takes in all depends on the way to rest as well, here less
# than the slope times the eight factors of ten from 1 to 1e-8.
total = steps_needed[3][decades == 8].item()
check("S09", "steps until apart, 3 units, 1e-8", total, 8 * predicted[3], relation="<")

# %%
# **It is not about XOR**, and more units are not always faster. A sine on a line, with three units and with eight, and
# the signs of products on a grid:
line = np.linspace(-1, 1, 16)[:, np.newaxis]
corners = np.linspace(-1, 1, 4)
grid = np.array([[first, second] for first in corners for second in corners])
tasks = {
    "sine": (line, np.sin(3 * line), 3),
    "sine, 8 units": (line, np.sin(3 * line), 8),
    "signs of products": (grid, np.sign(np.prod(grid, axis=1, keepdims=True)), 3),
}
for name, (x, y, units) in tasks.items():
    start = all_half(units, inputs=x.shape[1])
    settled = descend(start, x, y, steps=6000, **rule).network
    expected = escape_rate(settled, x, y, **rule).steps_per_decade

    steps = int(13 * expected)
    run = descend(perturbed(start), x, y, steps=steps, record=spread, **rule)
    found = steps_per_decade(first_above(run.records))
    check("S09", f"steps per decade, {name}", found, expected, **law)
    measured[name] = found
longer = measured["sine, 8 units"] / measured["sine"]
check("S09", "times as long, sine, 8 units and 3", longer, 1, relation=">")

# %%
# **ReLU units leave a tie as well, if the next layer has several units.** The curvature of ReLU is 0, but the matrix
# has a second part. With one output that part is 0 at a stationary point, up to the weight decay; with several it need
# not be. Here tied units that are on at every sample are to return their two inputs, each plus 1, and can follow only
# one direction of them.
positive = (grid + 1) / 2
targets = positive + 1
start = all_half(4, inputs=2, outputs=2, activation="relu")
settled = descend(start, positive, targets, steps=6000, **rule).network
expected = escape_rate(settled, positive, targets, **rule).steps_per_decade

steps = int(13 * expected)
run = descend(perturbed(start), positive, targets, steps=steps, record=spread, **rule)
found = steps_per_decade(first_above(run.records))
check("S09", "steps per decade, ReLU, two outputs", found, expected, **law)

# %%
# Where it stops being true
# -------------------------
# **A network that has not settled has no rate yet.** With 24 units on XOR the tied network looks unstable on its way,
# but ends with all weights at 0, where weight decay holds the units together. A difference of 1e-6 gets out before
# that; one of 1e-10 is too late, and then it shrinks.
crowd = perturbed(all_half(24, inputs=2))
run = descend(crowd, xor, labels, steps=6000, rate=0.1, weight_decay=0.01, record=spread)
spreads = np.array(run.records)
early = spreads[:, decades == 6]
late = spreads[:, decades == 10]
check("S09", "spread in the end, 24 units, 1e-6", early[-1].item(), parted, relation=">")
shrunk = (late[-1] / late[-1000]).item()
check("S09", "growth, last 1000 steps, 1e-10", shrunk, 1, relation="<", shows="limit")

# %%
# **Without weight decay** the tied tanh network on XOR does not settle: it drifts, and the matrix with it. Each decade
# then costs more steps than the one before, the fourth many times what the first did, and no straight line fits.
start = perturbed(all_half(4, inputs=2))
run = descend(start, xor, labels, steps=8000, rate=0.1, record=spread)
costs = np.diff(first_above(run.records)[decades <= 6])
ratios = costs[1:] / costs[:-1]
check("S09", "least decade over last, no decay", ratios.min(), 1, relation=">", shows="limit")
check(
    "S09", "fourth decade over first, no decay", costs[3] / costs[0], 4, relation=">", shows="limit"
)
summary()

# %%
# Try it yourself
# ---------------
# - Use ``momentum=0.9`` with a tenth of the rate. Does the law still give the order of the steps?
# - Start 3 units at exactly 0.5 and drop ``same_order=True``. At which size would the law place what rounding did?
# - Give the ReLU network one output. Which part of ``escape.block`` is then 0?

plt.show()
