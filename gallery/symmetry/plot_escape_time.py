# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How long is "much longer"?
==========================

The same number of steps for each factor of ten: a tie that is a billion times tighter lasts nine such stretches longer.
How long a stretch is follows from one small matrix, computed before the tie breaks.

That ties are points of rest with a way out is told by Fukumizu and Amari (2000).
The escape law, S09, is derived in the explanation; here it is held against runs.
"""

# %%
# Set-up
# ------
# XOR with labels of 1 and -1, tanh, and a little weight decay: without it the tied network never comes to rest.
# All weights start at 0.5, and the incoming ones get a random speck of size :math:`\varepsilon`.
# The steps are counted until two units differ by 0.05 in a weight.
#
# The rate of escape comes from the exactly tied network once it rests, and from nothing else.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.symmetry import escape_rate
from symlib.training import descend

xor = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
labels = -np.prod(xor, axis=1, keepdims=True)
options = {"rate": 0.1, "weight_decay": 0.01}
specks = 10.0 ** -np.arange(2, 13)


def half(x, units, activation="tanh"):
    """Return a network with all weights and biases 0.5."""
    hidden = Layer(weights.constant((units, x.shape[1]), 0.5), np.full(units, 0.5))
    output = Layer(weights.constant((1, units), 0.5), np.full(1, 0.5))
    return Network([hidden, output], activation, same_order=True)


def rest(start, x, y):
    """Return the tied network at rest, and how fast copies of its unit part there."""
    network = descend(start, x, y, steps=6000, **options).network
    return network, escape_rate(network, x, y, **options)


def escape_times(start, x, y, steps):
    """Return the steps until units that start a speck apart differ by 0.05."""
    hidden, output = start.layers
    direction = weights.gaussian(hidden.weight.shape, rng=0)
    apart = Layer(hidden.weight + specks[:, None, None] * direction, hidden.bias)
    network = start._replace(layers=[apart, output])
    spread = {"record": lambda now: np.ptp(now.layers[0].weight, axis=-2).max(axis=-1)}
    records = descend(network, x, y, steps=steps, **options, **spread).records
    return np.argmax(np.array(records) > 0.05, axis=0)


def steps_per_decade(times):
    """Return the slope over the specks of 1e-8 and below, where the start is forgotten."""
    small = specks <= 1.01e-8
    return np.polyfit(-np.log10(specks[small]), times[small], 1)[0]


# %%
# The figure
# ----------
# Points are runs; lines have the predicted slope and pass through the last point.
fig, ax = plt.subplots()
decades = -np.log10(specks)
measured, predicted = {}, {}
for units in (3, 4, 5):
    predicted[units] = rest(half(xor, units), xor, labels)[1].steps_per_decade
    steps = int(13 * predicted[units])
    times = escape_times(half(xor, units), xor, labels, steps)
    measured[units] = steps_per_decade(times)
    line = times[-1] + predicted[units] * (decades - decades[-1])
    (law,) = ax.plot(decades[line > 0], line[line > 0])
    ax.plot(decades, times, "os^"[units - 3], color=law.get_color(), linestyle="none")
    place = (decades[-1], times[-1])
    ax.annotate(f"{units} units", place, (8, -4), textcoords="offset points")
ax.set(
    xlim=(1.5, 13.6),
    xticks=[2, 4, 6, 8, 10, 12],
    xticklabels=[f"$10^{{-{power}}}$" for power in (2, 4, 6, 8, 10, 12)],
    xlabel=r"how far the units start apart, $\varepsilon$",
    ylabel="steps until they part",
    title="Each factor of ten costs the same number of steps",
)
fig.alt_text = (
    "Steps until tied units part, against how far apart they start, from 1e-2 to 1e-12. "
    "For 3, 4 and 5 units the points lie on straight lines of the predicted slope; fewer "
    "units take longer."
)

# %%
# What this page promises
# -----------------------
# **The slope, S09.** Two percent: the steps are whole numbers, and the speck is not yet the fastest direction at first.
law = {"rtol": 0.02, "reason": "whole steps, transient"}
for units in (3, 4, 5):
    check("S09", f"steps per decade, {units} units", measured[units], predicted[units], **law)

# %%
# It is not about XOR. The same from the point of rest itself, for a curve on a line and for the signs of products on
# a grid.
line = np.linspace(-1, 1, 16)[:, None]
grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 4)] * 2), axis=-1).reshape(-1, 2)
tasks = {
    "sine": (line, np.sin(3 * line)),
    "signs of products": (grid, np.sign(np.prod(grid, axis=1, keepdims=True))),
}
for name, (x, y) in tasks.items():
    start, escape = rest(half(x, 3), x, y)
    expected = escape.steps_per_decade
    found = steps_per_decade(escape_times(start, x, y, steps=int(13 * expected)))
    check("S09", f"steps per decade, {name}", found, expected, **law)

# %%
# Where it stops being true
# -------------------------
# Not every tie has a way out. A square on a line is fitted by units that all fade away; there the matrix has no
# negative eigenvalue, specks shrink, and the units are drawn together.
escape = rest(half(line, 3), line, line**2)[1]
check("S09", "growth of a speck, square", escape.growth, 0, relation="<", shows="limit")

# %%
# And for ReLU the curvature :math:`\varphi''` is 0, and at rest so is the rest of the matrix when nothing else pulls:
# specks neither grow nor shrink, and no number of steps is enough.
options = {"rate": 0.1}
escape = rest(half(xor, 3, "relu"), xor, labels)[1]
check(
    "S09", "growth of a speck, ReLU", escape.growth, 0, atol=1e-9, reason="rounding", shows="limit"
)
summary()

# %%
# Try it yourself
# ---------------
# - Set ``weight_decay`` to 0. The tied network drifts for ever, the matrix with it, and the points bend upwards.
# - Use ``momentum=0.9`` with a tenth of the rate. Does the law still give the order of the steps?
# - Start 3 units at exactly 0.5 and drop ``same_order=True``. At which speck would the law place what rounding did?

plt.show()
