# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Which kind of noise breaks the tie?
===================================

Noise that differs from unit to unit: random weights in either layer, random biases, or dropout.
Mini-batches are noise too, but the same for every unit, and leave the tie alone.

The popular account says that equal units stay equal *even with dropout*; it reads too much into a clause of Goodfellow,
Bengio and Courville, Deep Learning (2016), section 8.4. S06 and S07 say what is so.
"""

# %%
# Set-up
# ------
# Handwritten digits, 64 pixels, 32 hidden ReLU units, ten classes, mini-batches of 50.
# Seven starts train side by side as replicas of one network, on the same batches.
# A tied layer of any width has one feature to tell ten digits apart.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.symmetry import unit_classes
from symlib.training import descend

seed, units, train = 0, 32, 1200
rng = np.random.default_rng(seed)
digits = load_digits()
order = rng.permutation(len(digits.target))
x, y = digits.data[order] / 16, digits.target[order]


def start(inner, bias, outer):
    """Return two layers; the output biases are those of the hidden units if all are equal."""
    last = np.full(10, bias[0] if np.ptp(bias) == 0 else 0)
    return [Layer(inner, bias), Layer(outer, last)]


def equal(inner, bias, outer):
    return start(np.full((units, 64), inner), np.full(units, bias), np.full((10, units), outer))


def stack(names):
    """Return the named starts as replicas of one network."""
    pairs = zip(*(starts[name] for name in names))
    return [Layer(*map(np.stack, zip(*layers))) for layers in pairs]


def train_from(names, **options):
    """Train the named starts; return accuracy on unseen digits and number of different units."""
    options |= {"kind": "cross_entropy", "batch": 50, "rng": seed}
    data = x[:train], y[:train]
    network = Network(stack(names), "relu", same_order=True)
    trained = descend(network, *data, steps=1000, rate=0.2, **options).network
    right = forward(trained, x[train:]).argmax(axis=-1) == y[train:]
    classes = unit_classes(*trained.layers)
    return dict(zip(names, zip(right.mean(axis=-1), classes.max(axis=-1) + 1)))


scaled = equal(1 / 64, 0, 1 / units)
(inner, zeros), (outer, _) = scaled
random_inner, random_outer = weights.he((units, 64), rng=rng), weights.he((10, units), rng=rng)
starts = {
    "all 0": equal(0, 0, 0),
    "all 0.5": equal(0.5, 0.5, 0.5),
    "all equal, scaled": scaled,
    "random biases": start(inner, 0.5 * rng.standard_normal(units), outer),
    "random second layer": start(inner, zeros, random_outer),
    "random first layer": start(random_inner, zeros, outer),
    "random weights (He)": start(random_inner, zeros, random_outer),
}
batches = train_from(list(starts))
dropout = train_from(["all 0", "all 0.5", "all equal, scaled"], dropout=0.5)

# %%
# The figure
# ----------
# How many unseen digits each start gets right, and how many different units it ends with.
rows = [(name, *batches[name]) for name in starts]
rows += [(f"{name} + dropout", *dropout[name]) for name in dropout]
rows.sort(key=lambda row: (row[2] > 1, "dropout" in row[0], row[1]))
fig, ax = plt.subplots(figsize=(6.4, 4.4))
for place, (_, accuracy, distinct) in enumerate(rows):
    color, label = ("C0", f"{distinct} units") if distinct > 1 else ("C1", "1 unit")
    ax.barh(place, accuracy, color=color, alpha=0.3)
    ax.barh(place, accuracy, fill=False, edgecolor=color, linewidth=1.5)
    ax.annotate(f" {accuracy:.0%}, {label}", (accuracy, place), va="center")
ax.set(
    yticks=range(len(rows)),
    yticklabels=[row[0] for row in rows],
    xlim=(0, 1.42),
    xticks=[0, 0.1, 0.5, 1],
    xticklabels=["", "10 %\n(guessing)", "50 %", "100 %"],
    xlabel="unseen digits recognized",
)
ax.set_title("One random part is enough, and dropout is one", loc="right")
ax.grid(visible=False, axis="y")
fig.alt_text = (
    "Accuracy on unseen digits for ten starts. Four end with one distinct unit and less "
    "than half right: all 0, all 0.5, all equal and scaled, all 0 with dropout. The six "
    "others have 32 distinct units and nine in ten right: random biases, first or second "
    "layer, all weights, and dropout on equal weights."
)

# %%
# What this page promises
# -----------------------
# **One part that differs is enough, S06.** Random incoming weights, random biases or random outgoing weights alone make
# all units different, and the network gets more than half of the digits right, which one unit never does.
learns = {"relation": ">", "reason": "one unit: less than half"}
tied = {"relation": "<", "reason": "one unit, ten digits"}
for name in ("random biases", "random second layer", "random first layer"):
    accuracy, distinct = batches[name]
    check("S06", f"different units, {name}", distinct, units)
    check("S06", f"accuracy, {name}", accuracy, 0.5, **learns)
accuracy, distinct = batches["all equal, scaled"]
check("S06", "different units, nothing differs", distinct, 1)
check("S06", "accuracy, nothing differs", accuracy, 0.5, **tied)

# %%
# **Mini-batches do not break the tie; dropout does, S07.**
accuracy, distinct = batches["all 0.5"]
check("S07", "different units, all 0.5", distinct, 1)
check("S07", "accuracy, all 0.5", accuracy, 0.5, **tied)
accuracy, distinct = dropout["all 0.5"]
check("S07", "different units, all 0.5, dropout", distinct, units)
check("S07", "accuracy, all 0.5, dropout", accuracy, 0.5, **learns)

# %%
# Where it stops being true
# -------------------------
# Dropout multiplies what a unit says by a random factor. A unit that says nothing has nothing to multiply: from all
# weights 0 every gradient of the hidden layer is 0, and dropout cannot help.
accuracy, distinct = dropout["all 0"]
check("S07", "different units, all 0, dropout", distinct, 1, shows="limit")
check("S07", "accuracy, all 0, dropout", accuracy, 0.2, shows="limit", **tied)

# %%
# Nor is it enough for the outgoing weights to differ if no unit ever says anything. With all incoming weights and
# biases 0 a ReLU unit is off, its slope is 0, and 32 units that could be different stay silent for ever.
starts["silent"] = start(0 * inner, zeros, random_outer)
accuracy, _ = train_from(["silent"])["silent"]
check("S06", "accuracy, silent units, random outgoing", accuracy, 0.2, relation="<")
summary()

# %%
# Try it yourself
# ---------------
# - Change ``seed``. Which of the numbers above move, and which cannot?
# - Multiply the loss of each sample by a random factor: noise again, but the same for all units. Does the tie break?
# - Keep the biases at 0 and make a *single* outgoing weight different. How many different units are there at the end?

plt.show()
