# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Which kind of noise breaks the tie?
===================================

Noise that differs from unit to unit: random weights in either layer, random biases, or dropout.
Mini-batches are noise too, but the same for each unit, and leave the tie alone.

The popular account says that equal units stay equal even with dropout. Goodfellow, Bengio and Courville, Deep Learning
(2016), section 8.4, name dropout as a way in which training can treat units differently, and advise different units
all the same. S06 and S07 say what was measured.
"""

# %%
# Set-up
# ------
# Handwritten digits, 64 pixels, 32 hidden ReLU units, ten classes, mini-batches of 50.
# Seven starts train side by side as replicas of one network, on the same batches; three of them train once more with
# dropout. A tied layer of any width has one number to tell ten digits apart.
#
# In the start called "equal, scaled" a weight is one over the number of weights that are added up: equal, and of a
# harmless size. The three starts below it differ from it in one part only.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.symmetry import unit_classes
from symlib.training import descend

seed = 0
units = 32
pixels = 64
train = 1200
rng = np.random.default_rng(seed)
digits = load_digits()
order = rng.permutation(len(digits.target))
x = digits.data[order] / 16
y = digits.target[order]


def start(inner, bias, outer, output_bias=0.0):
    """Return two layers; each part is an array, or one number for all entries."""
    hidden = Layer(np.broadcast_to(inner, (units, pixels)), np.broadcast_to(bias, units))
    output = Layer(np.broadcast_to(outer, (10, units)), np.full(10, output_bias))
    return [hidden, output]


inner = 1 / pixels
outer = 1 / units
random_inner = weights.he((units, pixels), rng=rng)
random_outer = weights.he((10, units), rng=rng)
random_bias = rng.uniform(-0.2, 0.2, units)  # no unit is off for all digits
starts = {
    "all 0": start(0, 0, 0),
    "all 0.5": start(0.5, 0.5, 0.5, output_bias=0.5),
    "equal, scaled": start(inner, 0, outer),
    "random biases only": start(inner, random_bias, outer),
    "random second layer only": start(inner, 0, random_outer),
    "random first layer only": start(random_inner, 0, outer),
    "random weights (He)": start(random_inner, 0, random_outer),
}


def replicas(names):
    """Return the named starts as one network with an axis of replicas in front."""
    layers = []
    for depth in range(2):
        chosen = [starts[name][depth] for name in names]
        weight = np.stack([layer.weight for layer in chosen])
        bias = np.stack([layer.bias for layer in chosen])
        layers.append(Layer(weight, bias))
    return Network(layers, "relu", same_order=True)


def trained(names, steps=1000, dropout=0.0, activation="relu", rate=0.2, rng=seed):
    """Train the named starts side by side."""
    run = descend(
        replicas(names)._replace(activation=activation),
        x[:train],
        y[:train],
        steps=steps,
        rate=rate,
        kind="cross_entropy",
        batch=50,
        dropout=dropout,
        rng=rng,
    )
    return run.network


def accuracies(network):
    """Return for each replica the share of unseen digits that it gets right."""
    right = forward(network, x[train:]).argmax(axis=-1) == y[train:]
    return right.mean(axis=-1)


def different_units(network):
    """Return for each replica how many different units it has."""
    return unit_classes(*network.layers).max(axis=-1) + 1


plain = list(starts)
dropped = ["all 0", "all 0.5", "equal, scaled"]
plain_network = trained(plain)
dropout_network = trained(dropped, dropout=0.5)
plain_accuracy = dict(zip(plain, accuracies(plain_network)))
plain_units = dict(zip(plain, different_units(plain_network)))
dropout_accuracy = dict(zip(dropped, accuracies(dropout_network)))
dropout_units = dict(zip(dropped, different_units(dropout_network)))

# %%
# The figure
# ----------
# How many unseen digits each start gets right, and how many different units it ends with.
rows = [(name, plain_accuracy[name], plain_units[name]) for name in plain]
rows += [(f"{name}; dropout", dropout_accuracy[name], dropout_units[name]) for name in dropped]
rows.sort(key=lambda row: (row[2] > 1, "dropout" in row[0], row[1]))
fig, ax = plt.subplots(figsize=(6.4, 4.4))
for place, (_, accuracy, distinct) in enumerate(rows):
    color = "C1" if distinct == 1 else "C0"
    label = "1 unit" if distinct == 1 else f"{distinct} units"
    ax.barh(place, accuracy, color=color, alpha=0.3)
    ax.barh(place, accuracy, fill=False, edgecolor=color, linewidth=1.5)
    ax.annotate(f" {accuracy:.0%}, {label}", (accuracy, place), va="center")
ax.set_yticks(range(len(rows)), [row[0] for row in rows])
ax.set_xlim(0, 1.5)
ax.set_xticks([0, 0.1, 0.5, 1], ["", "10 %\n(guessing)", "50 %", "100 %"])
ax.set_xlabel("unseen digits recognized")
ax.set_title("One random part is enough, and dropout will do", loc="right")
ax.grid(visible=False, axis="y")
learned = [accuracy for _, accuracy, distinct in rows if distinct > 1]
fig.alt_text = (
    "Accuracy on unseen digits for ten starts. Four end with one distinct unit and less "
    "than half right: all 0, all 0.5, equal and scaled, all 0 with dropout. The six "
    f"others have 32 distinct units and {min(learned):.0%} to {max(learned):.0%} right: random "
    "biases, first or second layer, all weights, and dropout on equal weights."
)

# %%
# What this page promises
# -----------------------
# **One part that differs is enough, S06.** One part is random at the start. What counts is that the two others, which
# start equal, come apart: of the units that are on for some image, no two end with the same row of incoming weights,
# the same bias, or the same column of outgoing weights. And the network gets far more digits right than the tied start
# does.
hidden, output = plain_network.layers
drawn_part = {
    "random biases": "biases",
    "random second layer": "columns",
    "random first layer": "rows",
}
for name, drawn in drawn_part.items():
    row = f"{name} only"
    first_layer = starts[row][0]
    sums = x[:train] @ first_layer.weight.T + first_layer.bias
    alive = (sums > 0).any(axis=0)
    replica = plain.index(row)
    parts = {
        "rows": hidden.weight[replica, alive],
        "biases": hidden.bias[replica, alive],
        "columns": output.weight[replica, :, alive],
    }
    for part, values in parts.items():
        if part != drawn:
            repeated = alive.sum() - len(np.unique(values, axis=0))
            check("S06", f"equal {part}, {name}", repeated, 0)
    check("S06", f"accuracy, {name}", plain_accuracy[row], 0.8, relation=">")

# %%
# The difference need not be large, where the tie is unstable. With noise of 1e-8 in the incoming weights the scaled
# start takes longer, and then learns as well. (ReLU units with a single output would not: that is a page of its own.)
small = weights.gaussian((units, pixels), std=1e-8, rng=seed)
starts["nearly equal"] = start(inner + small, 0, outer)
nearly_equal = trained(["nearly equal"], steps=3000)
(accuracy,) = accuracies(nearly_equal)
(apart,) = np.ptp(nearly_equal.layers[0].weight, axis=1).max(axis=-1)
check("S06", "spread, equal up to 1e-8", apart, 0.1, relation=">")
check("S06", "accuracy, equal up to 1e-8", accuracy, 0.8, relation=">")

# %%
# With nothing random, the 32 units end as one, and the network gets less than half right.
check("S06", "different units, nothing differs", plain_units["equal, scaled"], 1)
check("S06", "accuracy, nothing differs", plain_accuracy["equal, scaled"], 0.5, relation="<")

# %%
# **Mini-batches do not break the tie; dropout does, at the first step, S07.**
check("S07", "different units, all 0.5", plain_units["all 0.5"], 1)
check("S07", "accuracy, all 0.5", plain_accuracy["all 0.5"], 0.5, relation="<")
(after_one_step,) = different_units(trained(["all 0.5"], steps=1, dropout=0.5))
check("S07", "different units after one step, dropout", after_one_step, units)
check("S07", "different units, all 0.5, dropout", dropout_units["all 0.5"], units)
accuracy = dropout_accuracy["equal, scaled"]
check("S07", "accuracy, equal, scaled, dropout", accuracy, 0.8, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Dropout multiplies what a unit says by a random factor**, and a unit that says nothing has nothing to multiply. From
# all weights 0 each gradient of the hidden layer is 0, and dropout cannot help.
check("S07", "different units, all 0, dropout", dropout_units["all 0"], 1, shows="limit")
accuracy = dropout_accuracy["all 0"]
check("S07", "accuracy, all 0, dropout", accuracy, 0.2, relation="<", shows="limit")

# %%
# **Random outgoing weights do not help units that never say anything.** With all incoming weights and biases 0 a ReLU
# unit is off and its derivative is 0. The 32 units differ in their outgoing weights, and stay silent.
starts["silent"] = start(0, 0, random_outer)
(accuracy,) = accuracies(trained(["silent"]))
check(
    "S06",
    "accuracy, silent units, random outgoing",
    accuracy,
    0.2,
    relation="<",
    shows="limit",
)

# %%
# **Breaking the tie is not all: for tanh units scale comes first.** The pixels of an image add up to 11 and more, so
# with all weights at 0.5 a tanh unit gets more than 5, and there tanh is flat. Random biases do make such units
# different, but hardly any gradient comes through, and a thousand steps teach the network nothing. With the scaled
# weights of above, the same biases are enough.
starts["all 0.5; random biases"] = start(0.5, random_bias, 0.5)
compared = ["all 0.5; random biases", "random biases only"]
saturated, scaled = accuracies(trained(compared, activation="tanh"))
name = "accuracy, tanh at 0.5, random biases"
check("S06", name, saturated, 0.2, relation="<", shows="limit")
check("S06", "accuracy, tanh, scaled, random biases", scaled, 0.8, relation=">")

# %%
# **ReLU units at 0.5 are too large as well.** They do not saturate, and random biases make them differ. But each says
# more than 5 to an image and pushes all ten outputs alike, and the steps of above throw units to where they are off: of
# ten runs, each with batches and biases of its own, those in the middle get less right than the scaled start with random
# biases does, and have units that are on for few images. With steps a tenth as large, a thousand of them teach next to
# nothing. A noise of 1e-8 in the incoming weights, in place of the biases, does no better.
half = ["0.5, random biases", "0.5, noise of 1e-8"]
ten_runs = {0.2: [], 0.02: []}
shares_on = []
for rate, found in ten_runs.items():
    for _ in range(10):
        starts[half[0]] = start(0.5, rng.uniform(-0.2, 0.2, units), 0.5)
        noise = weights.gaussian((units, pixels), std=1e-8, rng=rng)
        starts[half[1]] = start(0.5 + noise, 0, 0.5)
        network = trained(half, rate=rate, rng=rng)
        found.append(accuracies(network))
        hidden = network.layers[0]
        if rate == 0.2:
            shares_on.append(np.mean(x @ hidden.weight[0].T + hidden.bias[0] > 0))
middle = np.median(ten_runs[0.2], axis=0)
best = np.max(ten_runs[0.02])
check("S06", "ReLU at 0.5, random biases", middle[0], 0.85, relation="<", shows="limit")
check("S06", "ReLU at 0.5, noise of 1e-8", middle[1], 0.85, relation="<", shows="limit")
check("S06", "ReLU at 0.5, share on", np.median(shares_on), 0.3, relation="<", shows="limit")
check("S06", "ReLU at 0.5, best at rate 0.02", best, 0.5, relation="<", shows="limit")

# %%
# **Dropout does better from there.** It acts at each step, and not at the start alone: of ten runs from all 0.5 with
# dropout, those in the middle get more right than those with random biases.
with_dropout = []
for _ in range(10):
    network = trained(["all 0.5"], dropout=0.5, rng=rng)
    with_dropout += accuracies(network).tolist()
typical = np.median(with_dropout)
check("S07", "ReLU at 0.5, dropout", typical, middle[0], relation=">", shows="limit")

# %%
# **Units that differ need not learn.** On XOR, with one output and eight ReLU units of weight 0.5, the same random biases
# make the units different, and a tied network cannot get below a loss of two thirds. The four samples are few: units
# are soon on for the same ones. A run counts as stuck if its loss is still two thirds or more after 2000 steps.
corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
exclusive_or = -np.prod(corners, axis=1, keepdims=True)
runs = 400
biases = rng.uniform(-0.2, 0.2, (runs, 8))
hidden = Layer(np.full((runs, 8, 2), 0.5), biases)
output = Layer(np.full((runs, 1, 8), 0.5))
run = descend(Network([hidden, output], "relu"), corners, exclusive_or, steps=2000, rate=0.02)
stuck = run.losses[-1] >= 2 / 3 - 1e-9
share = np.mean(stuck)
check("S06", "XOR, random biases, share stuck at 2/3", share, 0.5, relation=">", shows="limit")
rows = run.network.layers[0].weight
different = np.ptp(rows, axis=-2).max(axis=-1)
check("S06", "XOR, least difference of units", different.min(), 1e-3, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Change ``seed``. Which of the numbers above move, and which cannot?
# - Train the ReLU units at 0.5 three times as long. How many of the ten runs learn in the end?
# - Multiply the loss of each sample by a random factor: noise again, but the same for all units. Does the tie break?
# - In "equal, scaled", make a *single* outgoing weight different. How many different units are there at the end?

plt.show()
