# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can a network grow wide from identities?
========================================

Not from identities alone: the wide layers then learn a change of no higher rank than there are inputs, however long
they are trained. A Hadamard matrix where the network widens lifts this bound, and a well chosen one all bounds.

The degeneracy and its cure are by Zhao, Schäfer and Anandkumar (2022). D02 measures both, and finds what the cure
leaves.
"""

# %%
# Set-up
# ------
# A ReLU network without biases, 8 inputs, three hidden layers of 32 units, 4 outputs: the first layer widens, the next
# two are square. The square ones start as the identity :math:`I`, and the last one as the *partial* identity, ones on
# the diagonal, which reads units 0 to 3. The first layer decides:
#
# - *partial identity*: units 0 to 7 copy the inputs, and all others give 0.
# - *Sylvester*: the first 8 columns of Sylvester's Hadamard matrix, rows of signs.
# - *Paley*: the same from Paley's Hadamard matrix of order 32.
#
# For comparison all layers *random*. Each start learns four sets of 60 samples, made by random networks of 16 units.
import matplotlib.pyplot as plt
import numpy as np

from symlib import designs, weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

rng = np.random.default_rng(2022)
sets, steps = 4, 500
x = rng.standard_normal((sets, 60, 8))
inner = weights.he((16, 8), replicas=sets, rng=rng)
outer = weights.lecun((4, 16), replicas=sets, rng=rng)
y = np.maximum(x @ inner.mT, 0) @ outer.mT

shapes = [(32, 8), (32, 32), (32, 32), (4, 32)]
partial = [np.eye(*shape) for shape in shapes]
starts = {
    "partial identity": partial,
    "Sylvester": [designs.identity_hadamard(shape) for shape in shapes],
    "Paley": [designs.hadamard(32, construction="paley")[:, :8] / 4, *partial[1:]],
    "random": [weights.he(shape, replicas=sets, rng=rng) for shape in shapes],
}


def train(start, activation="relu"):
    """Return the losses, and for ten times the change of the square layers since the start."""
    network = Network([Layer(weight) for weight in start], activation)
    run = descend(
        network,
        x,
        y,
        steps=steps,
        rate=0.1,
        record=lambda now: [now.layers[k].weight - start[k] for k in (1, 2)],
        every=50,
    )
    return run.losses, np.array(run.records)


def rank(change):
    """Return how many singular values are above rounding, for each matrix."""
    return np.sum(np.linalg.svd(change, compute_uv=False) > 1e-9, axis=-1)


losses, changes = {}, {}
for name, start in starts.items():
    losses[name], changes[name] = train(start)

# %%
# The figure
# ----------
# Left: the singular values of the change of the last square layer, after training on the first set. Right: the losses,
# geometric means of the four sets.
fig, (ax, path) = plt.subplots(1, 2)
for k, name in enumerate(starts):
    values = np.linalg.svd(changes[name][-1, 1, 0], compute_uv=False)
    values = values[values > 1e-9]
    ax.plot(1 + np.arange(len(values)), values, "os^D"[k], color=f"C{k}", markersize=4)
    mean = np.exp(np.log(losses[name]).mean(axis=1))
    path.plot(mean, "-", color=f"C{k}")
    path.annotate(name.split()[0], (515, mean[-1]), color=f"C{k}", va="center")
ax.axvline(8, color="gray", linestyle="--", linewidth=1)
ax.annotate("inputs", (8.4, 6), color="gray", va="top")
ax.set(yscale="log", xlabel="place by size", ylabel="singular value", ylim=(1e-5, 10))
ax.set(xticks=[1, 8, 16, 24, 32], title="Learned change")
path.set(yscale="log", xlabel="step", ylabel="loss", xlim=(0, 850), xticks=[0, 250, 500])
path.set_title("Loss")
fig.alt_text = (
    "The change of a square layer has at most 8 singular values, the number of inputs, after a "
    "partial identity, 12 after Sylvester's Hadamard matrix, all 32 after Paley's. Right: the losses "
    "fall in the same order, Paley's nearly as far as that of random weights."
)

# %%
# What this page promises
# -----------------------
# **At most 8, for ever, D02.** Units 8 to 31 give 0 for each input, and a ReLU at 0 has the derivative 0. So their
# weights have the gradient 0, incoming and outgoing, and they give 0 after each step. Outside of a block of 8 by 8 the
# square layers never change, not by a rounding error.
stuck = changes["partial identity"]
check("D02", "largest rank at any time, partial", rank(stuck).max(), 8, relation="<=")
outside = np.abs(stuck).max(axis=(0, 1, 2))
outside[:8, :8] = 0
check("D02", "largest change outside of the block", outside.max(), 0)

# %%
# **A Hadamard matrix removes this bound**: all units give something.
check("D02", "least rank, Sylvester", rank(changes["Sylvester"][-1]).min(), 8, relation=">")
check("D02", "least rank, random", rank(changes["random"][-1]).min(), 20, relation=">")

# %%
# Where it stops being true
# -------------------------
# **What Sylvester's matrix leaves.** Its first 8 columns have only 8 distinct rows (D10): units :math:`j`,
# :math:`j+8`, :math:`j+16` and :math:`j+24` are copies. Only the outputs tell units 0 to 3 from their copies. So there
# are 12 kinds of units, and copies stay copies (S01): the rank is at most 12. Of Paley's matrix all rows differ.
kinds = [len(np.unique(starts[name][0], axis=0)) for name in ("Sylvester", "Paley")]
check("D02", "distinct rows, Sylvester", kinds[0], 8)
check("D02", "distinct rows, Paley", kinds[1], 32)
check("D02", "largest rank, Sylvester", rank(changes["Sylvester"]).max(), 12, relation="<=")
check("D02", "least rank, Paley", rank(changes["Paley"][-1]).min(), 20, relation=">")

# %%
# **What it costs.** The loss after training, as a geometric mean over the sets: without dice, but with distinct units,
# it comes near that of random weights. That is an observation for this size, not a theorem.
final = {name: np.exp(np.log(path[-1]).mean()) for name, path in losses.items()}
gain = final["Sylvester"] / final["Paley"]
check("D02", "loss of Sylvester over that of Paley", gain, 2, relation=">")
gain = final["partial identity"] / final["random"]
check("D02", "loss of partial over that of random", gain, 3, relation=">")

# %%
# **The bound is as thin as its zeros.** A thousandth of noise in the first layer wakes all units. And where the
# derivative at 0 is not 0, as of tanh, it needs the partial identity in the last layer as well.
nudged = [partial[0] + 1e-3 * rng.standard_normal((sets, 32, 8)), *partial[1:]]
check("D02", "least rank, nudged", rank(train(nudged)[1][-1]).min(), 8, relation=">")
for name, last in (("partial", partial[3]), ("random", starts["random"][3])):
    found = rank(train([*partial[:3], last], "tanh")[1][-1])
    relation, worst = ("<=", found.max()) if name == "partial" else (">", found.min())
    check("D02", f"rank with tanh, last layer {name}", worst, 8, relation=relation)
summary()

# %%
# Try it yourself
# ---------------
# - Take 16 inputs, or 5 hidden layers. Which ranks does Sylvester's matrix allow now?
# - Let the last layer be random, with Sylvester's matrix in the first one. Do the copies part?
# - Train with mini-batches, or with Adam. Which of the three bounds are still exact?

plt.show()
