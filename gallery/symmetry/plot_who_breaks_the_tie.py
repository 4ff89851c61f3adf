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
from symlib.network import Layer, forward
from symlib.symmetry import unit_classes
from symlib.training import descend

seed, units, train = 0, 32, 1200
rng = np.random.default_rng(seed)
digits = load_digits()
order = rng.permutation(len(digits.target))
x, y = digits.data[order] / 16, digits.target[order]


def flat(value):
    """All weights and biases of both layers equal."""
    inner, outer = weights.constant((units, 64), value), weights.constant((10, units), value)
    return inner, np.full(units, value), outer, np.full(10, value)


small = (
    weights.constant((units, 64), 1 / 64),
    np.zeros(units),
    weights.constant((10, units), 1 / units),
    np.zeros(10),
)
first, second = weights.he((units, 64), rng=rng), weights.he((10, units), rng=rng)
starts = {
    "all 0": flat(0.0),
    "all 0.5": flat(0.5),
    "all equal, scaled": small,
    "random biases": (small[0], 0.5 * rng.standard_normal(units), *small[2:]),
    "random second layer": (*small[:2], second, small[3]),
    "random first layer": (first, *small[1:]),
    "random weights (He)": (first, small[1], second, small[3]),
}


def train_from(names, **options):
    """Train the named starts at once; return accuracy on unseen digits and number of distinct units."""
    inner, bias, outer, last = (np.stack(part) for part in zip(*(starts[name] for name in names)))
    layers = [Layer(inner, bias), Layer(outer, last)]
    layers = descend(
        layers,
        x[:train],
        y[:train],
        steps=1000,
        rate=0.2,
        kind="cross_entropy",
        batch=50,
        exact=True,
        rng=seed,
        **options,
    ).layers
    right = forward(layers, x[train:]).argmax(axis=-1) == y[train:]
    classes = unit_classes(layers[0].weight, layers[1].weight, layers[0].bias)
    return dict(zip(names, zip(right.mean(axis=-1), classes.max(axis=-1) + 1)))


batches = train_from(list(starts))
dropout = train_from(["all 0", "all 0.5", "all equal, scaled"], dropout=0.5)

# %%
# The figure
# ----------
# How many unseen digits each start gets right, and how many different units it ends with.
rows = [(f"{name}", *batches[name], 0) for name in starts]
rows += [(f"{name} + dropout", *dropout[name], 1) for name in dropout]
rows.sort(key=lambda row: (row[2] > 1, row[3], row[1]))
fig, ax = plt.subplots(figsize=(7.2, 4.2))
for place, (_, accuracy, distinct, _) in enumerate(rows):
    color = "C0" if distinct > 1 else "C1"
    ax.barh(place, accuracy, color=color, alpha=0.3)
    ax.barh(place, accuracy, fill=False, edgecolor=color, linewidth=1.5)
    ax.annotate(
        f"{accuracy:.0%}, {distinct} unit{'s' if distinct > 1 else ''}",
        (accuracy, place),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
    )
ax.set(
    yticks=range(len(rows)),
    yticklabels=[row[0] for row in rows],
    xlim=(0, 1.28),
    xticks=[0, 0.1, 0.5, 1],
    xticklabels=["0", "10 %\n(guessing)", "50 %", "100 %"],
    xlabel="unseen digits recognized",
    title="One random part is enough, and dropout is one",
)
ax.grid(visible=False, axis="y")
fig.alt_text = (
    "Accuracy on unseen digits for ten starts. Four starts end with one distinct unit and less than half right: all 0, "
    "all 0.5, all equal and scaled, and all 0 with dropout. The six others have 32 distinct units and nine in ten right: "
    "random biases, first or second layer, all weights, and dropout on equal weights."
)

# %%
# What this page promises
# -----------------------
# **One part that differs is enough, S06.** Random incoming weights, random biases or random outgoing weights alone make
# all units different, and the network learns.
for name in ("random biases", "random second layer", "random first layer"):
    accuracy, distinct = batches[name]
    check("S06", f"different units, {name}", distinct, units)
    check(
        "S06",
        f"accuracy, {name}",
        accuracy,
        0.85,
        relation=">",
        reason="wide: a net with one unit stays below 0.5",
    )
accuracy, distinct = batches["all equal, scaled"]
check("S06", "different units, nothing differs", distinct, 1)
check(
    "S06",
    "accuracy, nothing differs",
    accuracy,
    0.5,
    relation="<",
    reason="one feature, ten digits",
)

# %%
# **Mini-batches do not break the tie; dropout does, S07.**
accuracy, distinct = batches["all 0.5"]
check("S07", "different units, all 0.5", distinct, 1)
check("S07", "accuracy, all 0.5", accuracy, 0.5, relation="<", reason="one feature, ten digits")
accuracy, distinct = dropout["all 0.5"]
check("S07", "different units, all 0.5 and dropout", distinct, units)
check(
    "S07",
    "accuracy, all 0.5 and dropout",
    accuracy,
    0.85,
    relation=">",
    reason="wide: one unit stays below 0.5",
)

# %%
# Where it stops being true
# -------------------------
# Dropout multiplies what a unit says by a random factor. A unit that says nothing has nothing to multiply: from all
# weights 0 every gradient of the hidden layer is 0, and dropout cannot help.
accuracy, distinct = dropout["all 0"]
check("S07", "different units, all 0 and dropout", distinct, 1, shows="limit")
check(
    "S07",
    "accuracy, all 0 and dropout",
    accuracy,
    0.2,
    relation="<",
    shows="limit",
    reason="guessing is 0.1",
)
summary()

# %%
# Try it yourself
# ---------------
# - Change ``seed``. Which of the numbers above move, and which cannot?
# - Let dropout act on the whole network at once: multiply the loss of each sample by a random factor. Does the tie break?
# - Keep the biases at 0 and make a *single* outgoing weight different. How many different units are there at the end?

plt.show()
