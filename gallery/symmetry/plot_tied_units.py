# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What do four equal units learn?
===============================

The same as one unit at other rates: they walk one path under each optimizer that treats units alike, and has done so.
Here a difference of one part in a million is enough to send them four different ways.

That equal units are updated equally is stated in Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4.
This page checks it, S01, and what it amounts to, S03: the units are one unit that learns at other rates.
"""

# %%
# Set-up
# ------
# A network with two inputs, four hidden tanh units and one output.
# Unit :math:`j` has two incoming weights, a bias and one outgoing weight.
# The task: say whether two numbers have the same sign.
# All weights and biases start at 0.5; in a second start the incoming weights are a millionth apart.
#
# Equal units stay equal to the last bit only if the sums of each unit run in the same order.
# A matrix product of the processor's library does not promise that, so the network asks for sums in the
# ``same_order``.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, gradients
from symlib.symmetry import unit_classes
from symlib.training import descend

units = 4
rate = 0.05
rng = np.random.default_rng(3)
x = rng.uniform(-1, 1, (64, 2))
y = np.sign(x[:, :1] * x[:, 1:])


def tanh(hidden, output):
    """Return a network that adds up in the same order for each unit."""
    return Network([hidden, output], "tanh", same_order=True)


hidden = Layer(weights.constant((units, 2), 0.5), np.full(units, 0.5))
output = Layer(weights.constant((1, units), 0.5), np.full(1, 0.5))
equal = tanh(hidden, output)

perturbation = weights.gaussian((units, 2), std=1e-6, rng=1)
apart = tanh(Layer(hidden.weight + perturbation, hidden.bias), output)


def spread(network):
    """Return the largest difference of two units in an incoming weight."""
    return np.ptp(network.layers[0].weight, axis=0).max()


# %%
# The figure
# ----------
# Each point of the plane is a pair of incoming weights.
# Four units are four points, which move while the network learns.
starts = {"All equal": equal, "A millionth apart": apart}
runs = {}
for name, start in starts.items():
    runs[name] = descend(
        start,
        x,
        y,
        steps=8000,
        rate=rate,
        record=lambda network: network.layers[0].weight,
        every=10,
    )

fig, axes = plt.subplots(1, 2, sharex=True, sharey=True)
for ax, (name, run) in zip(axes, runs.items()):
    paths = np.array(run.records)
    tied = np.ptp(paths[-1], axis=0).max() == 0
    for unit in range(units):
        # Paths that coincide are drawn inside each other, so that all four are seen.
        path_width = max(10 - 2.6 * unit, 1) if tied else None
        path_style = "-" if tied else None
        marker = "o" if tied else "osD^"[unit % 4]
        size = max(17 - 4 * unit, 3) if tied else 11
        first_weight = paths[:, unit, 0]
        second_weight = paths[:, unit, 1]
        (line,) = ax.plot(first_weight, second_weight, linestyle=path_style, linewidth=path_width)
        color = line.get_color()
        ax.plot(first_weight[-1], second_weight[-1], marker, markersize=size, color=color)
    ax.plot(0.5, 0.5, "o", markersize=9, markerfacecolor="none", markeredgecolor="black")
    ax.annotate("start", (0.5, 0.5), xytext=(12, -9), textcoords="offset points")
    ax.set_title(f"{name}: {'one path' if tied else 'four paths'}", fontsize="medium")
    ax.set_xlabel(f"first incoming weight\nloss at the end: {run.losses[-1]:.2f}")
axes[0].set_ylabel("second incoming weight")
fig.alt_text = (
    "Left: four units that start equal draw one path in the plane of their two "
    "incoming weights. Right: the same run with weights a millionth apart; the four "
    "paths run together at first, then part and end far from each other."
)

# %%
# What this page promises
# -----------------------
# **Permuting the units permutes the gradient, S01**, in each of its parts: here for a hundred random networks at once,
# each with its units moved on by one place, so that every unit takes the place of another.
replicas = 100
first = Layer(
    weights.gaussian((units, 2), replicas=replicas, rng=rng),
    rng.standard_normal((replicas, units)),
)
last = Layer(
    weights.gaussian((1, units), replicas=replicas, rng=rng),
    rng.standard_normal((replicas, 1)),
)
order = np.roll(np.arange(units), 1)
permuted_first = Layer(first.weight[:, order], first.bias[:, order])
permuted_last = Layer(last.weight[:, :, order], last.bias)

before_first, before_last = gradients(Network([first, last], "tanh"), x, y).layers
permuted = Network([permuted_first, permuted_last], "tanh")
after_first, after_last = gradients(permuted, x, y).layers
differences = [
    before_first.weight[:, order] - after_first.weight,
    before_first.bias[:, order] - after_first.bias,
    before_last.weight[:, :, order] - after_last.weight,
    before_last.bias - after_last.bias,
]
largest = max(np.abs(difference).max() for difference in differences)
check("S01", "gradient, permuted before and after", largest, 0, rounding=1e-12)

# %%
# **So a rule that treats units alike cannot part equal ones**: not momentum, not weight decay, not mini-batches, not
# Adam.
rules = {
    "gradient descent": {"rate": rate},
    "momentum and weight decay": {"rate": 0.01, "momentum": 0.9, "weight_decay": 1e-3},
    "Adam on mini-batches": {"rate": 0.01, "optimizer": "adam", "batch": 16},
}
for name, rule in rules.items():
    trained = descend(equal, x, y, steps=2000, rng=rng, **rule).network
    check("S01", f"spread, {name}", spread(trained), 0)

# %%
# **They are one unit, S03.** Four units with rate :math:`\eta` predict what one unit predicts whose incoming weights
# and bias learn at the rate :math:`\eta / 4` and whose outgoing weight, four times as large, learns at :math:`4 \eta`.
single = tanh(
    Layer(hidden.weight[:1], hidden.bias[:1]),
    Layer(units * output.weight[:, :1], output.bias),
)
single_rates = [rate / units, Layer(weight=units * rate, bias=rate)]


def predictions(start, rate, steps, optimizer="gradient"):
    """Return what the network predicts at each step of its training."""
    run = descend(
        start,
        x,
        y,
        steps=steps,
        rate=rate,
        optimizer=optimizer,
        record=lambda network: forward(network, x),
    )
    return np.array(run.records)


four = predictions(equal, rate, steps=500)
one = predictions(single, single_rates, steps=500)
largest = np.abs(four - one).max()
check("S03", "predictions of four units and of one", largest, 0, rounding=1e-12)

# %%
# Where it stops being true
# -------------------------
# **The units must be exactly equal.** On the right of the figure a millionth grew to the size of the weights. How long
# that takes, and whether it happens, are questions of their own.
largest = np.ptp(runs["A millionth apart"].records[-1], axis=0).max()
check("S01", "spread, started a millionth apart", largest, 0.1, relation=">", shows="limit")

# %%
# **Only the units that differ are set free.** Nudge one weight of one unit: the other three stay tied, and the network
# has two different units.
nudge = np.zeros((units, 2))
nudge[0, 0] = 1e-6
start = tanh(Layer(hidden.weight + nudge, hidden.bias), output)
trained = descend(start, x, y, steps=8000, rate=rate).network
distinct = unit_classes(*trained.layers).max() + 1
check("S01", "different units after nudging one of four", distinct, 2)

# %%
# **The rule must treat units alike, and remember nothing that differs.** A rule that updates one unit at a time, drawn
# at random, parts them. So does momentum that starts with a memory of a thousandth for one of the units.
network = equal
for _ in range(200):
    step = gradients(network, x, y).layers[0].weight
    chosen = rng.integers(units)
    moved = network.layers[0].weight.copy()
    moved[chosen] -= rate * step[chosen]
    network = tanh(Layer(moved, hidden.bias), output)
check("S01", "spread, one random unit a step", spread(network), 0.01, relation=">", shows="limit")

network = equal
memory = np.zeros((units, 2))
memory[0] = 1e-3
for _ in range(200):
    step = gradients(network, x, y).layers[0].weight
    memory = 0.9 * memory + step
    network = tanh(Layer(network.layers[0].weight - 0.01 * memory, hidden.bias), output)
check(
    "S01", "spread, memory a thousandth apart", spread(network), 1e-5, relation=">", shows="limit"
)

# %%
# **The rates of the one unit belong to gradient descent.** Adam's step does not grow with the gradient, so with these
# rates the two part.
four = predictions(equal, rate, steps=100, optimizer="adam")
one = predictions(single, single_rates, steps=100, optimizer="adam")
largest = np.abs(four - one).max()
check("S03", "predictions of four and of one, Adam", largest, 1e-3, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give the four units different *outgoing* weights and leave the rest equal. Do they part?
# - Make the perturbation 1e-12. How many more steps until the paths part?
# - Which rates would the one unit need under Adam?
# - Drop ``same_order=True`` and try 5, 6, 7, 8 and 9 units. On many machines some of these widths part by rounding.

plt.show()
