# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Can a network of sixty layers start without dice?
=================================================

Yes: filled with signs from number theory, so that at the start it keeps all distances, it learns digits in six epochs.
With independent random weights of the right size it learns little in that time. What counts is the isometry.

The mirrored blocks are those of Balduzzi et al. (2017); for deep linear networks Hu, Xiao and Pennington (2020) proved
what isometries are good for. That they need no chance, D06, is measured here.
"""

# %%
# Set-up
# ------
# Sixty hidden layers of 64 ReLU units and nothing else: no normalization, and no connection that skips a layer. Digits
# are averaged over pairs of neighboring pixels to 32 inputs, and the output layer starts at 0.
#
# Let :math:`Q` be orthogonal. As :math:`\mathrm{relu}(z) - \mathrm{relu}(-z) = z`, a layer of blocks
# :math:`[[Q, -Q], [-Q, Q]]` turns the pair :math:`\mathrm{relu}([z; -z])` into the pair of :math:`Qz`. With such layers
# the network is a product of sixty isometries at the start. Three ways to fill it:
#
# - *Hadamard*: :math:`Q` is a Hadamard matrix, its columns multiplied by quadratic signs, other ones in each layer;
# - *random isometry*: :math:`Q` is a random rotation or reflection, another one in each layer;
# - *He*: independent Gaussian entries that keep the mean square, without blocks. There are two such networks.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import designs, weights
from symlib.claims import check, summary
from symlib.isometry import distortion
from symlib.network import Layer, Network, forward
from symlib.training import descend

depth, width, train = 60, 64, 1200
half = width // 2
rng = np.random.default_rng(2017)
digits = load_digits()
order = rng.permutation(len(digits.target))
x = digits.data[order].reshape(-1, half, 2).mean(axis=2)
x, y = (x - x.mean(axis=0)) / x.std(), digits.target[order]


def network(matrices):
    """Return layers with biases 0, and an output layer of zeros, in single precision."""
    replicas = len(matrices[0])
    matrices = [*matrices, np.zeros((replicas, 10, width))]
    layers = [Layer(w.astype("f4"), np.zeros(w.shape[:-1], "f4")) for w in matrices]
    return Network(layers, "relu")


def mirrored(blocks):
    """Return a network that computes the product of the blocks."""
    pairs = [np.concatenate([block, -block], axis=-2) for block in blocks]
    return network([pairs[0], *(np.concatenate([w, -w], axis=-1) for w in pairs[1:])])


def gaussian(depth, fill=weights.he, **options):
    """Return two networks of independent random layers."""
    first = fill((width, half), replicas=2, rng=rng, **options)
    square = fill((width, width), replicas=2 * (depth - 1), rng=rng, **options)
    return network([first, *square.reshape(depth - 1, 2, width, width)])


def without_output(network):
    """Return the sums in front of the last ReLU as outputs."""
    return network._replace(layers=network.layers[:depth])


def learn(network, rate):
    """Train for six epochs; return the losses of the steps, and the accuracy on unseen digits."""
    rule = {"kind": "cross_entropy", "momentum": 0.9, "batch": 50, "steps": 144, "rng": rng}
    run = descend(network, x[:train], y[:train], rate=rate, **rule)
    right = forward(run.network, x[train:]).argmax(axis=-1) == y[train:]
    return run.losses, right.mean(axis=-1)


signs = np.array([designs.quadratic_signs(half, layer=layer) for layer in range(depth)])
hadamard = designs.hadamard(half) / np.sqrt(half) * signs[:, np.newaxis]
rotation = weights.orthogonal((half, half), replicas=depth, rng=rng)
isometries, he = mirrored(np.stack([hadamard, rotation], axis=1)), gaussian(depth)

# %%
# All are trained with the same rule at the same step size, 0.002. The He start has a second try at 0.006; of its two
# draws and two tries the best one counts.
descent, (fixed, turned) = learn(isometries, 0.002)
runs = [learn(he, rate) for rate in (0.002, 0.006)]
chance = np.max([accuracy for _, accuracy in runs])

# %%
# The figure
# ----------
# The loss of each network at the step size 0.002, averaged over a quarter of an epoch at a time.
fig, ax = plt.subplots()
steps = np.arange(144).reshape(-1, 6).mean(axis=1)
for losses, color in ((runs[0][0], "C1"), (descent[:, 1:], "C2"), (descent[:, :1], "C0")):
    style = {"C0": "-", "C1": (0, (5, 1.5)), "C2": (0, (1, 1.2))}[color]
    ax.plot(steps, losses.reshape(24, 6, -1).mean(axis=1), color=color, linestyle=style)
ax.annotate(f"He, two draws: {chance:.0%} right at best", (30, 2.47), color="C1")
ax.annotate(f"random isometry: {turned:.0%} right", (66, 1.05), color="C2")
ax.annotate(f"Hadamard, no dice: {fixed:.0%} right", (66, 0.75), color="C0")
ax.set(ylim=(0, 2.7), xlabel="steps", ylabel="loss", title="Sixty plain ReLU layers")
fig.alt_text = (
    "With sixty layers a network of Hadamard blocks learns as well as one of random isometries, and "
    f"two He starts do not learn. Loss against steps: two curves fall, to {fixed:.0%} and "
    f"{turned:.0%} right, and two stay near the loss of guessing."
)

# %%
# What this page promises
# -----------------------
# **The start is an isometry**, without chance and with it. In front of the last ReLU each distance is what it was,
# times :math:`\sqrt2` for the mirror image. After sixty layers of independent weights some distances have shrunk far
# more than others: inputs fall into nearly one line.
some = x[:100]
kept = distortion(some, forward(without_output(isometries), some))
lost = distortion(some, forward(without_output(he), some))
single = {"atol": 1e-3, "reason": "sixty layers in single precision"}
for k, name in enumerate(("Hadamard", "random isometry")):
    check("D06", f"least distance ratio, {name}", kept.least[k], np.sqrt(2), **single)
    check("D06", f"largest distance ratio, {name}", kept.greatest[k], np.sqrt(2), **single)
spread = lost.greatest / lost.least
check("D06", "largest distance ratio over least, He", spread.min(), 3, relation=">")

# %%
# **It trains, D06**, and the He start does not, in any of its draws and tries.
check("D06", "accuracy, Hadamard", fixed, 0.85, relation=">")
check("D06", "accuracy, He, best of 2 draws, 2 tries", chance, 0.6, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Chance is not the fault.** Random isometries train as well. It is the isometry that matters: of the whole network,
# and not of each matrix. Random rotations times :math:`\sqrt2`, without the blocks, do not help.
check("D06", "accuracy, random isometry", turned, 0.85, relation=">", shows="limit")
plain = gaussian(depth, weights.orthogonal, gain=np.sqrt(2))
found = learn(plain, 0.002)[1].max()
check("D06", "accuracy, rotations without blocks", found, 0.6, relation="<")

# %%
# **Ten layers** are not enough to see it: there the He start learns, too, with the step size 0.01. The line between
# learning and not learning, 0.6, is the same.
found = learn(gaussian(10), 0.01)[1].min()
check("D06", "accuracy, He, 10 layers, lower of 2", found, 0.6, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Use the signs of the first layer in all layers. A symmetry between layers comes in; what does it cost?
# - Fill the blocks with the identity. Which of the two Hadamard networks, with or without signs, does it resemble?
# - Add each He layer to its input, as residual networks do, or normalize it. From which depth on is that needed?

plt.show()
