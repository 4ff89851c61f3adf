# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How good can tied units get?
============================

On XOR, with a monotone activation, their mean squared error cannot fall below two thirds, however many units there are.
Two units that are free to differ can reach zero, but in most of a thousand runs they stopped at a higher level.

The floor, S04, is proved in the explanation of the tie. This page finds it again without a network, and compares it
with thousands of runs.
"""

# %%
# Set-up
# ------
# XOR: four points, and a label of 1 where the two inputs differ, of -1 where they agree. The constant prediction 0 has
# a mean squared error of 1.
#
# Hidden units are *tied* if they agree in their incoming weights, their bias and their outgoing weights. Then they get
# equal gradients and stay equal, S01. The output of :math:`m` tied units is
# :math:`m a \, \varphi(w \cdot x + b) + c`. One unit with the outgoing weight :math:`m a` computes the same.
#
# A unit sees its input through one number, the projection :math:`w \cdot x`. An activation :math:`\varphi` is
# *monotone* if it is non-decreasing, such as ReLU, tanh and sigmoid, or non-increasing. With such an activation the
# output is a non-decreasing or a non-increasing function of the projection.
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import isotonic_regression, minimize_scalar
from scipy.special import expit, ndtr

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, loss
from symlib.training import descend

corners = [
    [-1.0, -1.0],
    [-1.0, 1.0],
    [1.0, -1.0],
    [1.0, 1.0],
]
x = np.array(corners)
y = -np.prod(x, axis=1, keepdims=True)
rng = np.random.default_rng(0)
starts = 1000


def random_networks(units, bias_scale=0.0):
    """Return a thousand random ReLU networks with two inputs, some units and one output."""
    incoming = weights.gaussian((units, 2), replicas=starts, rng=rng)
    bias = bias_scale * rng.standard_normal((starts, units))
    outgoing = weights.gaussian((1, units), replicas=starts, rng=rng)
    hidden = Layer(incoming, bias)
    output = Layer(outgoing, np.zeros((starts, 1)))
    return Network([hidden, output], "relu")


def train(network):
    """Train all networks at once; return the loss of each of them before each step."""
    return descend(network, x, y, steps=2000, rate=0.1).losses


one_unit = train(random_networks(1))
two_units = train(random_networks(2))

# %%
# The figure
# ----------
# A thousand random starts of each kind, each at the loss where it ended; every fifth is drawn.
# A single ReLU unit, which is what tied units amount to, ends at the floor, or switched off: it gives 0 at all points.
# Two free units end at one of four levels.
levels = [0, 1 / 2, 2 / 3, 1]
names = ["0", "1/2", "2/3, the floor of tied units", "1, a constant"]
fig, ax = plt.subplots()
for level, name in zip(levels, names):
    ax.axhline(level, color="gray", linewidth=1, linestyle="-", zorder=0)
    ax.annotate(name, (2.95, level), xytext=(0, 4), textcoords="offset points")


def draw(place, losses, color, marker):
    """Draw a column of final losses, and write to the right of it which share is at each level."""
    across = place + rng.uniform(-0.28, 0.28, starts // 5)
    ax.plot(across, losses[::5], marker, color=color, markersize=3, alpha=0.5)
    for level in levels:
        share = np.mean(np.abs(losses - level) < 0.01)
        if share > 0:
            text = f"{100 * share:.2g}%"
            point = (place + 0.31, level)
            ax.annotate(text, point, color=color, xytext=(0, 4), textcoords="offset points")


draw(1, one_unit[-1], "C0", "o")
draw(2, two_units[-1], "C1", "s")
ax.set_xlim(0.5, 4.7)
ax.set_ylim(-0.05, 1.12)
ax.set_xticks([1, 2])
ax.set_xticklabels(["one unit, or\nany number tied", "two free\nunits"])
ax.set_ylabel("mean squared error")
ax.set_title("Tied units stop at 2/3, free units need luck")
ax.grid(visible=False)
fig.alt_text = (
    "No run of one unit ends below a mean squared error of 2/3. Of a thousand runs of two free "
    "units most end at 1/2, some at 2/3, and fewer than a third at 0. Points at the final losses, "
    "with lines at the levels 1, 2/3, 1/2 and 0."
)

# %%
# What this page promises
# -----------------------
# **The floor, S04.** First without a network. For a given order of the four points, the best non-decreasing function is
# known in statistics as *isotonic regression*. So the floor is a minimum over directions of the projection, and over
# rising and falling functions.


def least_error(direction):
    """Return the least mean squared error of a monotone function of the projection."""
    order = np.argsort(x @ direction)
    labels = y[order, 0]
    rising = isotonic_regression(labels, increasing=True).x
    falling = isotonic_regression(labels, increasing=False).x
    error_rising = np.mean((rising - labels) ** 2)
    error_falling = np.mean((falling - labels) ** 2)
    return min(error_rising, error_falling)


least = np.inf
for degrees in np.arange(0.25, 360, 0.5):
    angle = np.deg2rad(degrees)
    direction = np.array([np.cos(angle), np.sin(angle)])
    least = min(least, least_error(direction))
check("S04", "least error over 720 directions", least, 2 / 3, rounding=1e-12)

# %%
# Then with units of four monotone activations, and ten thousand random choices of :math:`w` and :math:`b` for each. The
# best :math:`a` and :math:`c` are those of the regression line, whose error is :math:`1 - r^2`, with :math:`r` the
# correlation of the unit's values at the four corners with the labels.


def best_error(values):
    """Return the least error of all units; values has a column for each unit."""
    centered = values - values.mean(axis=0)
    squares = np.sum(centered**2, axis=0)
    varies = squares > 1e-6  # a unit with equal values at all corners has no correlation
    products = np.sum(y * centered, axis=0)
    all_products = squares[varies] * np.sum(y**2)
    r_squared = products[varies] ** 2 / all_products
    return 1 - r_squared.max()


random_weights = 3 * rng.standard_normal((2, 10_000))
random_biases = 3 * rng.standard_normal(10_000)
sums = x @ random_weights + random_biases
values_of = {
    "ReLU": np.maximum(sums, 0),
    "tanh": np.tanh(sums),
    "sigmoid": expit(sums),
    "softplus": np.logaddexp(0, sums),
}
for name, values in values_of.items():
    what = f"least error of a random unit, {name}"
    check("S04", what, best_error(values), 2 / 3, relation=">=", rounding=1e-12)

# %%
# And then with descent. In a thousand runs of one unit the loss was never below the floor, and the best run ended on
# it. The loss of eight copies of one unit was not below it either, from two hundred random starts.
check("S04", "least loss of one unit", one_unit.min(), 2 / 3, relation=">=", rounding=1e-12)
best = one_unit[-1].min()
check("S04", "best final loss of one unit", best, 2 / 3, atol=1e-6, reason="converged")

copies = 8
one_incoming = weights.gaussian((1, 2), replicas=200, rng=rng)
one_outgoing = weights.gaussian((1, 1), replicas=200, rng=rng)
incoming = np.repeat(one_incoming, copies, axis=1)
outgoing = np.repeat(one_outgoing, copies, axis=2)
hidden = Layer(incoming, np.zeros((200, copies)))
output = Layer(outgoing, np.zeros((200, 1)))
tied = Network([hidden, output], "relu", same_order=True)
least = descend(tied, x, y, steps=500, rate=0.02).losses.min()
check("S04", "least loss of eight tied units", least, 2 / 3, relation=">=", rounding=1e-12)

# %%
# **The levels of two free units.** This part is an observation: Gaussian weights, zero biases, 2000 steps of size 0.1.
# At least 99 in 100 runs end within 0.01 of 0, 1/2, 2/3 or 1, and fewer than half at 0. The level 1 is rare: a step has
# switched both units off at all four corners.
ends = two_units[-1]
distances = np.abs(ends[:, np.newaxis] - levels)
share = np.mean(distances.min(axis=1) < 0.01)
check("S04", "share of pairs that end at a level", share, 0.99, relation=">=")
share = np.mean(ends < 0.01)
check("S04", "share of pairs that end at 0", share, 1 / 2, relation="<")
best = ends.min()
check("S04", "best final loss of two free units", best, 0, atol=1e-6, reason="converged")

# %%
# Here is one way to get each of these numbers. A ReLU unit that is on at a single corner sets the output there as it
# likes, and does nothing elsewhere. The output bias gives the other corners one value, at best the mean of their
# labels. So two units can free two corners. If these have equal labels, the two others have equal labels too, and the
# error is 0. If their labels differ, those of the others differ too, and the error is 1/2. Two units that free the same
# corner are worth one unit, and leave 2/3. Two units that are off leave 1.


def best_with_free(free):
    """Return the mean squared error if some corners are fitted and the rest get their mean."""
    rest = np.delete(y, free)
    return np.sum((rest - rest.mean()) ** 2) / 4


equal = best_with_free([0, 3])
different = best_with_free([0, 1])
single = best_with_free([0])
none = best_with_free([])
check("S04", "level, two corners of equal label free", equal, 0)
check("S04", "level, two of different label free", different, 1 / 2, rounding=1e-12)
check("S04", "level, one corner free", single, 2 / 3, rounding=1e-12)
check("S04", "level, both units off", none, 1, rounding=1e-12)

# %%
# Where it stops being true
# -------------------------
# **The floor belongs to XOR, not to the tie.** AND is monotone along the diagonal, so tied units can learn it.
both = np.where(x.sum(axis=1, keepdims=True) > 1, 1.0, -1.0)
losses = descend(tied, x, both, steps=3000, rate=0.02).losses
best = losses[-1].min()
check("S04", "best final loss of tied units on AND", best, 0, atol=1e-6, reason="converged")

# %%
# **Opposite units count as tied** if the activation is odd, as tanh is. Multiply all weights of a unit and its bias by
# -1, and it says the same. Here are a unit and its negative: no weight of the one is one of the other, and after
# training they are still each other's negative, near the floor and not below it.
signs = np.array([1.0, -1.0])
hidden = Layer(np.outer(signs, [0.5, 0.3]), 0.2 * signs)
output = Layer(0.7 * signs[np.newaxis], np.zeros(1))
opposite = Network([hidden, output], "tanh", same_order=True)
run = descend(opposite, x, y, steps=4000, rate=0.3)
trained, _ = run.network.layers
check("S04", "opposite tanh units, their sum", np.abs(trained.weight.sum(axis=0)).max(), 0)
check("S04", "opposite tanh units, least loss", run.losses.min(), 2 / 3, relation=">=")

# %%
# **It needs a monotone activation.** GELU is not: :math:`z` times the distribution function of the normal law falls and
# then rises. At its lowest point a small step to either side leads up. A unit with its bias there and small weights
# has nearly the same value at the corners :math:`(-1, -1)` and :math:`(1, 1)`, and a lower one at the two others. So
# eight tied GELU units come as close to XOR as one likes.
lowest = minimize_scalar(lambda z: z * ndtr(z), bounds=(-2, 0), method="bounded").x
hidden = Layer(weights.constant((copies, 2), 0.01), np.full(copies, lowest))
first_unit = Layer(np.eye(1, copies))
values = forward(Network([hidden, first_unit], "gelu"), x)[:, 0]
slope, intercept = np.polyfit(values, y[:, 0], 1)
output = Layer(weights.constant((1, copies), slope / copies), np.array([intercept]))
error = loss(Network([hidden, output], "gelu"), x, y)
check("S04", "error of eight tied GELU units", error, 0.01, relation="<", shows="limit")

# %%
# **The shares of the levels belong to the start.** With random biases too, more pairs are switched off at all four
# corners, and end at 1, the level of the constant.
biased = random_networks(2, bias_scale=1.0)
ends_biased = train(biased)[-1]
dead = np.mean(np.abs(ends - 1) < 0.01)
dead_biased = np.mean(np.abs(ends_biased - 1) < 0.01)
check("S04", "share of dead pairs, random biases", dead_biased, dead, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Give the network three units, or eight. How does the share of runs that end at zero grow?
# - Replace ``"relu"`` by ``"tanh"``: the floor is the same, but it is approached and not reached. Why?
# - A unit that squares its input solves XOR alone. Which projection does it use?

plt.show()
