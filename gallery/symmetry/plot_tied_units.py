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
# A matrix product of the processor's library does not promise that, so the network asks for sums in the
# ``same_order``.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, gradients
from symlib.symmetry import unit_classes
from symlib.training import descend

units, rate = 4, 0.05
rng = np.random.default_rng(3)
x = rng.uniform(-1, 1, (64, 2))
y = np.sign(x[:, :1] * x[:, 1:])


def tanh(*layers):
    """Return a network that adds up in the same order for every unit."""
    return Network(layers, "tanh", same_order=True)


hidden = Layer(weights.constant((units, 2), 0.5), np.full(units, 0.5))
output = Layer(weights.constant((1, units), 0.5), np.full(1, 0.5))
equal = tanh(hidden, output)
speck = weights.gaussian((units, 2), std=1e-6, rng=1)
apart = tanh(Layer(hidden.weight + speck, hidden.bias), output)

# %%
# The figure
# ----------
# Each point of the plane is a pair of incoming weights.
# Four units are four points, which move while the network learns.
starts = {"All equal": equal, "A millionth apart": apart}
keep = {"record": lambda network: network.layers[0].weight, "every": 10}
runs = {name: descend(start, x, y, steps=8000, rate=rate, **keep) for name, start in starts.items()}

fig, axes = plt.subplots(1, 2, sharex=True, sharey=True)
for ax, (name, run) in zip(axes, runs.items()):
    paths = np.array(run.records)
    tied = np.ptp(paths[-1], axis=0).max() == 0
    for unit in range(units):
        # paths that coincide are drawn inside each other, so that all four are seen
        look = {"linewidth": max(10 - 2.6 * unit, 1), "linestyle": "-"} if tied else {}
        (line,) = ax.plot(*paths[:, unit].T, **look)
        mark, size = ("o", max(17 - 4 * unit, 3)) if tied else ("osD^"[unit % 4], 11)
        end = {"marker": mark, "markersize": size, "linestyle": "none"}
        ax.plot(*paths[-1, unit], color=line.get_color(), **end)
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
# **Equal units stay equal, S01.** Permuting the units permutes the gradient, here on a hundred random networks at once.
random_bias = weights.gaussian((100, units), rng=rng)
first = Layer(weights.gaussian((units, 2), replicas=100, rng=rng), random_bias)
last = Layer(weights.gaussian((1, units), replicas=100, rng=rng), np.zeros((100, 1)))
order = np.roll(np.arange(units), 1)
permuted_first = Layer(first.weight[:, order], first.bias[:, order])
permuted_last = Layer(last.weight[..., order], last.bias)
slope = gradients(Network([first, last], "tanh"), x, y).layers[0].weight
permuted = Network([permuted_first, permuted_last], "tanh")
permuted_slope = gradients(permuted, x, y).layers[0].weight
largest = np.abs(slope[:, order] - permuted_slope).max()
check("S01", "gradient, permuted before and after", largest, 0, atol=1e-12, reason="rounding")

# %%
# So no rule that treats all units alike can part them: not momentum, not weight decay, not mini-batches, not Adam.
rules = {
    "gradient descent": {"rate": rate},
    "momentum and weight decay": {"rate": 0.01, "momentum": 0.9, "weight_decay": 1e-3},
    "Adam on mini-batches": {"rate": 0.01, "optimizer": "adam", "batch": 16},
}
for name, rule in rules.items():
    trained = descend(equal, x, y, steps=2000, rng=rng, **rule).network
    check("S01", f"spread, {name}", np.ptp(trained.layers[0].weight, axis=0).max(), 0)

# %%
# **They are one unit, S03.** Four units with rate :math:`\eta` predict what one unit predicts whose incoming weights
# and bias learn at the rate :math:`\eta / 4` and whose outgoing weight, four times as large, learns at :math:`4 \eta`.
single = tanh(
    Layer(hidden.weight[:1], hidden.bias[:1]),
    Layer(units * output.weight[:, :1], output.bias),
)
rates = [rate / units, Layer(weight=units * rate, bias=rate)]
keep = {"record": lambda network: forward(network, x)}
four = descend(equal, x, y, steps=500, rate=rate, **keep).records
one = descend(single, x, y, steps=500, rate=rates, **keep).records
largest = np.abs(np.array(four) - one).max()
check("S03", "predictions of four units and of one", largest, 0, atol=1e-12, reason="rounding")

# %%
# Where it stops being true
# -------------------------
# The tie holds because the units are *exactly* equal. It is not stable: on the right of the figure a millionth grew to
# the size of the weights. How long that takes is a question of its own.
spread = np.ptp(runs["A millionth apart"].records[-1], axis=0).max()
check("S01", "spread, started a millionth apart", spread, 0.1, relation=">", shows="limit")

# %%
# And only the units that differ are set free. Nudge one weight of one unit: the other three stay tied, and the network
# has two different units for ever.
nudge = np.zeros((units, 2))
nudge[0, 0] = 1e-6
start = tanh(Layer(hidden.weight + nudge, hidden.bias), output)
trained = descend(start, x, y, steps=8000, rate=rate).network
distinct = unit_classes(*trained.layers).max() + 1
check("S01", "different units after nudging one of four", distinct, 2)

# %%
# The rates of the one unit, S03, belong to gradient descent. Adam's step does not grow with the gradient, so with these
# rates the two part.
adam = {"optimizer": "adam", **keep}
four = descend(equal, x, y, steps=100, rate=rate, **adam).records
one = descend(single, x, y, steps=100, rate=rates, **adam).records
largest = np.abs(np.array(four) - one).max()
check("S03", "predictions of four and of one, Adam", largest, 1e-3, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Give the four units different *outgoing* weights and leave the rest equal. Do they part?
# - Make the speck 1e-12. How many more steps until the paths part?
# - Which rates would the one unit need under Adam?
# - Drop ``same_order=True`` and try 5, 6, 7, 8 and 9 units. On many machines some of these widths part by rounding.

plt.show()
