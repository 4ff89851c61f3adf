# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What do four equal units learn?
===============================

The same as one unit: they walk the same path for ever, whatever the optimizer.
A difference of one part in a million is enough to send them four different ways.

That equal units are updated equally is told in Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4.
This page checks it, S01, and what it amounts to, S03: the units are one unit that learns at other rates.
"""

# %%
# Set-up
# ------
# A network with two inputs, four hidden units and one output, tanh for the hidden ones.
# Unit :math:`j` has two incoming weights, a bias and one outgoing weight.
# The task: say whether two numbers have the same sign.
# All weights and biases start at 0.5, and in a second start the incoming weights are a millionth apart.
#
# Equal units stay equal to the last bit only if every unit's sums run in the same order.
# A matrix product of the processor's library does not promise that, so we ask for ``exact`` sums.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, forward, gradients
from symlib.symmetry import unit_classes
from symlib.training import descend

units, steps = 4, 8000
rng = np.random.default_rng(3)
x = rng.uniform(-1, 1, (64, 2))
y = np.sign(x[:, :1] * x[:, 1:])


def half(units):
    return [
        Layer(weights.constant((units, 2), 0.5), np.full(units, 0.5)),
        Layer(weights.constant((1, units), 0.5), np.full(1, 0.5)),
    ]


equal = half(units)
speck = weights.gaussian((units, 2), std=1e-6, rng=1)
apart = [Layer(equal[0].weight + speck, equal[0].bias), equal[1]]

# %%
# The figure
# ----------
# Each point of the plane is a pair of incoming weights.
# Four units are four points, which move while the network learns.
runs = {
    name: descend(
        start,
        x,
        y,
        steps=steps,
        rate=0.05,
        activation="tanh",
        exact=True,
        record=lambda layers: layers[0].weight,
        every=10,
    )
    for name, start in {"All equal": equal, "A millionth apart": apart}.items()
}

fig, axes = plt.subplots(1, 2, sharex=True, sharey=True)
for ax, (name, run) in zip(axes, runs.items(), strict=True):
    paths = np.array(run.records)
    tied = np.ptp(paths[-1], axis=0).max() == 0
    for unit in range(units):
        # paths that coincide are drawn inside each other, so that all four can be seen
        look = {"linewidth": 10 - 2.6 * unit, "linestyle": "-"} if tied else {}
        (line,) = ax.plot(*paths[:, unit].T, **look)
        size = 17 - 4 * unit if tied else 11
        ax.plot(
            *paths[-1, unit], "o" if tied else "osD^"[unit], color=line.get_color(), markersize=size
        )
    ax.plot(0.5, 0.5, "o", markersize=9, markerfacecolor="none", markeredgecolor="black")
    ax.annotate("start", (0.5, 0.5), xytext=(10, -12), textcoords="offset points")
    ax.set(
        title=f"{name}: {'one path' if tied else 'four paths'}",
        xlabel=f"first incoming weight\nloss at the end: {run.losses[-1]:.2f}",
    )
axes[0].set_ylabel("second incoming weight")
fig.alt_text = (
    "Left: four units that start equal draw one path in the plane of their two incoming weights. "
    "Right: the same run with weights a millionth apart; the four paths run together at first, "
    "then part and end far from each other."
)

# %%
# What this page promises
# -----------------------
# **Equal units stay equal, S01.** Permuting the units permutes the gradient, here on a hundred random networks at once.
nets = [
    Layer(
        weights.gaussian((100, units, 2), rng=rng),
        weights.gaussian((100, units, 1), rng=rng)[..., 0],
    ),
    Layer(weights.gaussian((100, 1, units), rng=rng), np.zeros((100, 1))),
]
order = [2, 0, 3, 1]
swapped = [
    Layer(nets[0].weight[:, order], nets[0].bias[:, order]),
    Layer(nets[1].weight[..., order], nets[1].bias),
]
slope = gradients(nets, x, y, activation="tanh")[1][0].weight
swapped_slope = gradients(swapped, x, y, activation="tanh")[1][0].weight
check(
    "S01",
    "gradient, permuted before and after",
    np.abs(slope[:, order] - swapped_slope).max(),
    0,
    atol=1e-12,
    reason="rounding of sums over 64 samples",
)

# %%
# So no rule that treats all units alike can part them: not momentum, not weight decay, not mini-batches, not Adam.
rules = {
    "gradient descent": {"rate": 0.05},
    "momentum and weight decay": {"rate": 0.01, "momentum": 0.9, "weight_decay": 1e-3},
    "Adam on mini-batches": {"rate": 0.01, "optimizer": "adam", "batch": 16},
}
for name, rule in rules.items():
    layers = descend(equal, x, y, steps=2000, activation="tanh", exact=True, rng=rng, **rule).layers
    check("S01", f"spread, {name}", np.ptp(layers[0].weight, axis=0).max(), 0)

# %%
# **They are one unit, S03.** Four units with rate :math:`\eta` predict what one unit predicts whose incoming weights
# and bias learn at the rate :math:`\eta / 4` and whose outgoing weight, four times as large, learns at :math:`4 \eta`.
rate = 0.05
single = [
    Layer(equal[0].weight[:1], equal[0].bias[:1]),
    Layer(units * equal[1].weight[:, :1], equal[1].bias),
]
rates = [rate / units, Layer(units * rate, rate)]
outputs = [
    np.array(
        descend(
            start,
            x,
            y,
            steps=500,
            rate=speed,
            activation="tanh",
            record=lambda layers: forward(layers, x, activation="tanh"),
        ).records
    )
    for start, speed in ((equal, rate), (single, rates))
]
check(
    "S03",
    "predictions of four units and of one",
    np.abs(outputs[0] - outputs[1]).max(),
    0,
    atol=1e-12,
    reason="rounding, a few units in the last place over 500 steps",
)

# %%
# Where it stops being true
# -------------------------
# The tie holds because the units are *exactly* equal. It is not stable: on the right of the figure a millionth grew to
# the size of the weights. How long that takes is a question of its own.
drift = np.ptp(runs["A millionth apart"].records[-1], axis=0).max()
check("S01", "spread, started a millionth apart", drift, 0.1, relation=">", shows="limit")

# %%
# And only the units that differ are set free. Nudge one weight of one unit: the other three stay tied, and the network
# has two different units for ever.
nudged = equal[0].weight.copy()
nudged[0, 0] += 1e-6
layers = descend(
    [Layer(nudged, equal[0].bias), equal[1]],
    x,
    y,
    steps=steps,
    rate=rate,
    activation="tanh",
    exact=True,
).layers
classes = unit_classes(layers[0].weight, layers[1].weight, layers[0].bias)
check("S01", "different units after nudging one of four", classes.max() + 1, 2)
summary()

# %%
# Try it yourself
# ---------------
# - Give the four units different *outgoing* weights and leave the rest equal. Do they stay together?
# - Make the speck 1e-12. How many more steps until the paths part?
# - Drop ``exact=True`` and try 5, 6, 7, 8 and 9 units. On many machines some of these widths part by rounding alone.

plt.show()
