# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Can two images be the same to a network?
========================================

Yes, exactly: a layer with fewer units than pixels is blind to some directions, and along them anything can be added.
It does not matter whether its weights were random or not, trained or not.

Jacobsen, Behrmann, Zemel and Bethge (2019) call the blindness of trained networks to changes that we see excessive
invariance. N04 is its exact form: *metamers*, a word from color vision for lights that differ and look the same.
"""

# %%
# Set-up
# ------
# Handwritten digits, 64 pixels, 32 hidden ReLU units, ten classes. The first layer is a matrix :math:`W` with 32 rows,
# so at least 32 of the 64 directions of its input lie in the null space, where :math:`W v = 0`.
#
# Take an image :math:`x` and another one, split their difference into what :math:`W` sees and what it loses, and add
# the lost part to :math:`x`. Every unit of the first layer has the same value as before, and so has all that follows.
#
# Three starts, side by side as replicas: random weights, the identity (unit j looks at pixel j, so that the lower half
# of the image is not seen at all), and all weights equal, with random outgoing weights, so that no two units are tied.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.nullspace import metamer, null_basis
from symlib.training import descend

seed, units, pixels, train = 0, 32, 64, 1200
rng = np.random.default_rng(seed)
digits = load_digits()
order = rng.permutation(len(digits.target))
x, y = digits.data[order] / 16, digits.target[order]

starts = {
    "random": weights.he((units, pixels), rng=rng),
    "identity": weights.identity((units, pixels)),
    "all equal": weights.constant((units, pixels), 1 / pixels),
}
outer = weights.he((10, units), rng=rng)
layers = [
    Layer(np.stack([*starts.values()]), np.zeros((3, units))),
    Layer(np.stack([outer] * 3), np.zeros((3, 10))),
]
start = Network(layers, "relu")
rule = {"kind": "cross_entropy", "rate": 0.05, "momentum": 0.9, "batch": 50, "rng": rng}
trained = descend(start, x[:train], y[:train], steps=600, **rule).network


def replica(network, k):
    """Return one of the three networks."""
    layers = [Layer(weight[k], bias[k]) for weight, bias in network.layers]
    return network._replace(layers=layers)


# %%
# The figure
# ----------
# A 3, an 8, and the 3 with the part of the 8 that the network started at random does not see. Below each image is what
# the network says to it, the ten logits.
network = replica(trained, 0)
images = [x[train:][y[train:] == digit][:1] for digit in (3, 8)]
images.insert(1, metamer(network.layers[0].weight, *images))
titles = ["a 3", "a metamer of it", "an 8"]
fig, axes = plt.subplots(2, 3, sharey="row", figsize=(6.4, 4.4), height_ratios=[1.3, 1])
for image, title, above, below in zip(images, titles, *axes):
    color = "C1" if title == "an 8" else "C0"
    above.imshow(image.reshape(8, 8), cmap="gray", vmin=-0.5, vmax=1.2)
    above.set_title(title, loc="center", color=color, fontweight="normal")
    above.axis("off")
    logits = forward(network, image)[0]
    below.bar(range(10), logits, color=color, alpha=0.3)
    below.bar(range(10), logits, fill=False, edgecolor=color, linewidth=1.5)
    below.set(xticks=range(0, 10, 2), xlabel="digit")
    below.grid(visible=False, axis="x")
axes[1, 0].set_ylabel("logit")
fig.suptitle("Two images, one answer", fontweight="bold", fontsize=12)
fig.alt_text = (
    "Two different images have identical logits. Above: a handwritten 3, a metamer of it that goes "
    "part of the way to an 8, and the 8. Below: the ten logits of a trained network, the same bars "
    "for the 3 and its metamer, others for the 8."
)

# %%
# What this page promises
# -----------------------
# **The logits are the same, N04**, for 300 pairs of unseen digits, whatever the start, before and after training.
ones, others = x[train : train + 300], x[-300:]
rounding = {"atol": 1e-10, "reason": "rounding"}


def pair(network, k):
    """Return how far logits and images are from those of their metamers."""
    one = replica(network, k)
    made = metamer(one.layers[0].weight, ones, others)
    moved = np.linalg.norm(made - ones, axis=1) / np.linalg.norm(others - ones, axis=1)
    return np.abs(forward(one, made) - forward(one, ones)).max(), moved


right = forward(trained, x[train:]).argmax(axis=-1) == y[train:]
check("N04", "least accuracy of the three, trained", right.mean(axis=-1).min(), 0.8, relation=">")
for k, name in enumerate(starts):
    check("N04", f"logits apart, {name}", pair(start, k)[0], 0, **rounding)
    check("N04", f"logits apart, {name}, trained", pair(trained, k)[0], 0, **rounding)

# %%
# **The images are not the same.** Of the way from one image to the other, squared, a random layer of :math:`m` units on
# :math:`d` pixels loses :math:`(d - m) / d` on average, here one half, so that a metamer goes about 0.7 of the way.
# Training turns the weights towards what varies in the data and shortens the way, but not to 0.
count, way = 2000, others[0] - ones[0]
rows = weights.orthogonal((units, pixels), replicas=count, rng=rng)  # of random row spaces
seen = rows @ way
shares = 1 - np.sum(seen**2, axis=1) / np.sum(way**2)
noise = {"atol": 4 * shares.std() / np.sqrt(count), "reason": "four standard errors"}
share = 1 - units / pixels
check("N04", "share of way lost, squared, random layers", shares.mean(), share, **noise)
for k, name in enumerate(starts):
    moved = pair(trained, k)[1].mean()
    check("N04", f"part of the way, {name}, trained", moved, 0.1, relation=">")

# %%
# Where it stops being true
# -------------------------
# **As many units as pixels, and full rank**: then no direction is lost, and no image has a metamer in this sense. The
# number of units alone is not enough; equal units see one direction, however many they are. Nor does it help to start
# wide if the next layer is narrow: ReLU and the layers above lose directions of their own, other ones for each image.
#
# And a metamer need not be a picture: the added part does not know that pixels end at black and at white.
matrices = {
    "random": weights.he((pixels, pixels), rng=rng),
    "identity": weights.identity((pixels, pixels)),
    "all equal": weights.constant((pixels, pixels)),
}
for name, matrix in matrices.items():
    lost = pixels - 1 if name == "all equal" else 0
    check("N04", f"directions lost, 64 units, {name}", null_basis(matrix).shape[1], lost)
summary()

# %%
# Try it yourself
# ---------------
# - Set ``units`` to 8 and to 56. How much of the 8 is in the metamer of the 3?
# - Draw the metamer of the network that started at the identity. What would you have seen before training?
# - Clip the metamer to pixels between 0 and 1. How far are the logits apart now?

plt.show()
