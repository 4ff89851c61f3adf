# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can a network grow wide from identities?
========================================

Not from identities alone: here the hidden layers then learn a change of no higher rank than there are inputs.
A Hadamard matrix where the network widens can lift this bound, but Sylvester's makes copies of units, which in exact
arithmetic keep it.

The problem and the cure by a Hadamard matrix are those of Zhao, Schäfer and Anandkumar (2022).
That a processor whose operations are not deterministic can separate equal units was reported by Blumenfeld, Gilboa and
Soudry (2020). D02 shows what such a tie does inside a design that nobody meant to be tied.
"""

# %%
# Set-up
# ------
# A ReLU network without biases has 8 inputs, three hidden layers of 32 units, and 4 outputs. The first layer widens,
# and the next two are square. The square layers start as the identity :math:`I` and the last layer at 0. The widening
# layer is one of four:
#
# - *partial identity*: units 0 to 7 copy the inputs, and all others give 0;
# - *Sylvester*: the first 8 columns of Sylvester's Hadamard matrix, whose rows consist of signs;
# - *Paley*: the first 8 columns of Paley's Hadamard matrix;
# - *random*: independent Gaussian weights, here in the two square layers as well.
#
# Each network learns two sets of 60 samples. Their targets come from random networks of 16 units.
import matplotlib.pyplot as plt
import numpy as np

from symlib import designs, weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network
from symlib.symmetry import merge_units
from symlib.training import descend

inputs = 8
width = 32
outputs = 4
steps = 2000
every = 10
rng = np.random.default_rng(2022)


def samples(sets):
    """Return the inputs of several sets, and what a random network makes of them."""
    x = rng.standard_normal((sets, 60, inputs))
    inner = weights.he((16, inputs), replicas=sets, rng=rng)
    outer = weights.lecun((outputs, 16), replicas=sets, rng=rng)
    return x, np.maximum(x @ inner.mT, 0) @ outer.mT


def square_layers(network):
    """Return the weights of the two square layers."""
    return [network.layers[1].weight, network.layers[2].weight]


def train(start, x, y, steps=steps, activation="relu"):
    """Train with momentum, and keep the square layers of every tenth step."""
    layers = [Layer(weight) for weight in start]
    return descend(
        Network(layers, activation),
        x,
        y,
        steps=steps,
        rate=0.1,
        momentum=0.9,
        record=square_layers,
        every=every,
    )


def learned(run):
    """Return the singular values of the changes: [record, square layer, set, place by size]."""
    layers = np.array(run.records)
    changes = layers[1:] - layers[0]
    return np.linalg.svd(changes, compute_uv=False)


def ninth_share(run):
    """Return the ninth singular value of each change over the largest one."""
    values = learned(run)
    return values[..., inputs] / values[..., 0]


def rank(run):
    """Return how many singular values of each change are more than a billionth of the largest."""
    values = learned(run)
    return np.sum(values > 1e-9 * values[..., :1], axis=-1)


x, y = samples(sets=2)
identity = np.eye(width)
zero = np.zeros((outputs, width))
partial = np.eye(width, inputs)
sylvester = designs.hadamard(width, construction="sylvester")[:, :inputs] / 4
paley = designs.hadamard(width, construction="paley")[:, :inputs] / 4
random = [
    weights.he((width, inputs), replicas=2, rng=rng),
    weights.he((width, width), replicas=2, rng=rng),
    weights.he((width, width), replicas=2, rng=rng),
]
runs = {
    "partial identity": train([partial, identity, identity, zero], x, y),
    "Sylvester": train([sylvester, identity, identity, zero], x, y),
    "Paley": train([paley, identity, identity, zero], x, y),
    "random": train([*random, zero], x, y),
}

# %%
# **The same network, held tied.** The first 8 columns of Sylvester's matrix have only 8 distinct rows (D10 is about
# this). So each unit has three copies, 8, 16 and 24 places on. The identity passes each unit to the next layer alone,
# so that the copies go on through all layers, and the last layer reads all of them with the weight 0. Merging the
# copies, layer after layer, leaves a network of 8 units.
below = merge_units(Layer(sylvester), Layer(identity))
middle = merge_units(below.after, Layer(identity))
above = merge_units(middle.after, Layer(zero))
merged = [below.layer, middle.layer, above.layer, above.after]

# %%
# One unit now stands for four. To train as they do, its incoming weights from the inputs need a quarter of the rate
# and its outgoing weights to the outputs four times the rate. Between merged layers the two factors cancel. In exact
# arithmetic both networks compute the same at every step.
tied = descend(
    Network(merged, "relu"),
    x,
    y,
    steps=steps,
    rate=[0.1 / 4, 0.1, 0.1, 0.1 * 4],
    momentum=0.9,
)

# %%
# The figure
# ----------
# Left: how much of a ninth direction the change of the second square layer has, its ninth singular value over its
# first. A partial identity has none at all, which this scale cannot show. Right: the loss on the first set.
fig, (ax, path) = plt.subplots(1, 2)
recorded = every * np.arange(1, steps // every + 1)
for name, color, style in (("Sylvester", "C0", "-"), ("Paley", "C1", "--")):
    shares = ninth_share(runs[name])[:, 1, :]
    ax.plot(recorded, shares, color=color, linestyle=style)
ax.axhline(2.0**-52, color="gray", linestyle=":")
ax.annotate("one rounding", (1950, 1.5e-16), color="gray", ha="right", va="top")
ax.annotate("Paley", (150, 4), color="C1")
ax.annotate("Sylvester,\ntwo sets", (60, 1e-12), color="C0")
ax.set_yscale("log")
ax.set_ylim(1e-17, 100)
ax.set_xlim(0, steps)
ax.set_xlabel("step")
ax.set_ylabel("ninth singular value over the first")
ax.set_title("Rounding breaks the tie")

for name, color, style in (
    ("partial identity", "C2", "-."),
    ("Sylvester", "C0", "-"),
    ("Paley", "C1", "--"),
    ("random", "C3", ":"),
):
    path.plot(runs[name].losses[:, 0], color=color, linestyle=style)
path.plot(tied.losses[:, 0], color="gray", linestyle="--")
path.set_yscale("log")
path.set_xlim(0, steps)
path.set_xlabel("step")
path.set_ylabel("loss")
path.set_ylim(1e-9, 3)
path.set_title("The tie keeps loss high")
path.annotate("partial identity", (700, 0.08), color="C2")
path.annotate("held tied", (450, 3e-3), color="gray")
path.annotate("Sylvester", (1250, 4e-4), color="C0")
path.annotate("Paley", (1300, 2e-5), color="C1")
path.annotate("random", (900, 4e-7), color="C3", ha="right")
fig.alt_text = (
    "After Sylvester's Hadamard matrix rounding alone frees a network from a tie. Left: the ninth "
    "singular value of a learned change stays at 1e-15 of the first for hundreds of steps, then "
    "grows to a tenth; after Paley's it is a tenth at once. Right: the loss follows that of the "
    "network held tied, then falls below it."
)

# %%
# What this page promises
# -----------------------
# **At most 8, D02.** After a partial identity, units 8 to 31 give 0 for each input, and a ReLU at 0 has the derivative
# 0. So all weights into and out of them have the gradient 0, and they give 0 after each step, whatever the last layer
# is. In the square layers only the block of the first 8 rows and columns changes, and the change has a rank of at most
# 8. No rounding is involved: what stays, stays to the last bit.
layers = np.array(runs["partial identity"].records)
outside = np.abs(layers - layers[0]).max(axis=(0, 1, 2))
outside[:inputs, :inputs] = 0
check("D02", "largest change outside of the block", outside.max(), 0)
most = rank(runs["partial identity"]).max()
check("D02", "largest rank at any time, partial", most, 8, relation="<=")

# %%
# **Sylvester: the same bound, D02, in exact arithmetic.** Merging has left 8 units in each hidden layer, so that
# nothing that this network learns has a higher rank. As long as rounding is small, both networks have the same loss.
units = [layer.weight.shape[0] for layer in merged[:3]]
check("D02", "most units of a merged layer, Sylvester", max(units), 8)
early = runs["Sylvester"].losses[:100] / tied.losses[:100]
check("D02", "loss over that held tied, 100 steps", np.abs(early - 1).max(), 0, rounding=1e-11)

# %%
# **Paley: no bound.** All 32 rows of its 8 columns differ, so no unit has a copy. From the first recorded steps on the
# changes have more than 8 directions.
check("D02", "distinct rows, Paley", len(np.unique(paley, axis=0)), 32)
paley_ranks = rank(runs["Paley"])
check("D02", "least rank after ten steps, Paley", paley_ranks[0].min(), 8, relation=">")
check("D02", "least rank at the end, Paley", paley_ranks[-1].min(), 8, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Rounding breaks the tie.** Copies read the same numbers in another order, as the identity passes each of them a
# unit of its own, and a computer that adds in another order rounds differently. So the ninth singular value starts at
# rounding: in single precision it is :math:`2^{29}` times as large as in double precision, as the two round at
# :math:`2^{-23}` and :math:`2^{-52}`. Here that is measured over the first 100 steps on 30 other sets.
more_x, more_y = samples(sets=30)
start = [sylvester, identity, identity, zero]
double = ninth_share(train(start, more_x, more_y, steps=100))
single_start = [weight.astype(np.float32) for weight in start]
single_x = more_x.astype(np.float32)
single_y = more_y.astype(np.float32)
single = ninth_share(train(single_start, single_x, single_y, steps=100))
ratio = np.log2(single / double).mean(axis=(0, 1))
check_mean("D02", "log2 of single over double, ninth share", ratio, 29, shows="limit")

# %%
# Then it grows, by a constant factor per step for a while, as the tie is not stable. When it is no longer small the
# network has more than 8 directions, and its loss leaves that of the tied one. A rank above 8 is here a matter of the
# processor, not of the design. Someone who counts ranks at the end sees no tie.
least_share = ninth_share(runs["Sylvester"])[-1].min()
check(
    "D02",
    "least ninth share at the end, Sylvester",
    least_share,
    1e-9,
    relation=">",
    shows="limit",
)
gain = np.log(tied.losses[-1] / runs["Sylvester"].losses[-1]).mean()
check("D02", "mean log of loss held tied over Sylvester", gain, 0, relation=">", shows="limit")

# %%
# **A last layer that tells copies apart.** In the design of Zhao, Schäfer and Anandkumar the last layer is a partial
# identity, too: it reads units 0 to 3 only. That takes them from their copies, and leaves 4 + 8 = 12 kinds of units.
# The rank is then 12, more than 8 and less than 32. A last layer without equal columns would leave no copies.
reader = np.eye(outputs, width)
published = train([sylvester, identity, identity, reader], x, y, steps=300)
ranks = rank(published)[-1]
check("D02", "least rank, Sylvester, last layer partial", ranks.min(), 12, shows="limit")
check("D02", "most rank, Sylvester, last layer partial", ranks.max(), 12, shows="limit")

# %%
# **Zeros that are not exact.** A thousandth of noise in the partial identity wakes all units. So does an activation
# whose derivative at 0 is not 0, such as tanh, if the last layer reads all units.
nudged = partial + 1e-3 * rng.standard_normal((2, width, inputs))
awake = rank(train([nudged, identity, identity, zero], x, y, steps=300))[-1]
check("D02", "least rank, nudged", awake.min(), 8, relation=">", shows="limit")
all_read = weights.he((outputs, width), replicas=2, rng=rng)
smooth = train([partial, identity, identity, all_read], x, y, steps=300, activation="tanh")
awake = rank(smooth)[-1]
check("D02", "least rank, tanh, random last layer", awake.min(), 8, relation=">", shows="limit")

# %%
# **What it costs.** The partial identity ends at a loss that is more than a hundred times that of Paley's matrix, which
# has no dice either. That is observed for this size and these targets, and is not a theorem.
cost = runs["partial identity"].losses[-1] / runs["Paley"].losses[-1]
check("D02", "least loss of partial over that of Paley", cost.min(), 100, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Take 6 inputs. How many distinct rows do 6 columns of Sylvester's matrix have, and of which rank is the change?
# - Let the last layer be random, with Sylvester's matrix in the first one. Do the copies part at once?
# - Train with mini-batches, or with Adam. Which of the bounds are still exact?

plt.show()
