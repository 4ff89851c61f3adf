# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which inputs does a fixed matrix not see?
=========================================

Every layer with fewer than two ReLU units per input loses some pair of inputs, whether it was drawn or designed. A
public design loses pairs that anyone can name beforehand, such as two gray images; 64 random signs hide them again.

When a ReLU layer is injective is a theorem of Puthawala et al. (2022), and random signs in front of a Hadamard matrix
are an idea of Ailon and Chazelle (2006). The table of the two, D04, is measured here.
"""

# %%
# Set-up
# ------
# Eight layers of ReLUs on 64 inputs without biases, seven of them with 64 units. The signs multiply the columns: one
# random sign for each input, 64 bits in all. A Gaussian matrix needs 4096 random numbers.
#
# All weights :math:`W` have a sum of squares of 128, so that the layer keeps the squared length on average over all
# directions. What is chosen by chance is drawn thirty times.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

from symlib import designs, weights
from symlib.claims import check, summary
from symlib.isometry import distortion
from symlib.network import Layer, Network, local_metamer

d, draws = 64, 30
rng = np.random.default_rng(2006)
signs = rng.choice([-1.0, 1.0], (draws, 1, d))
hadamard = designs.hadamard(d) / np.sqrt(d / 2)
sinusoidal = designs.sinusoidal((d, d), gain=np.sqrt(2))
layers = {
    "Gaussian": weights.he((d, d), replicas=draws, rng=rng),
    "rotation": weights.orthogonal((d, d), replicas=draws, gain=np.sqrt(2), rng=rng),
    "identity": weights.identity((d, d), replicas=1, gain=np.sqrt(2)),
    "sinusoidal": sinusoidal[np.newaxis],
    "sinusoidal, signs": sinusoidal * signs,
    "Hadamard": hadamard[np.newaxis],
    "Hadamard, signs": hadamard * signs,
    "[Q; -Q]": weights.looks_linear((2 * d, d), replicas=draws, mirror="out", rng=rng),
}

# %%
# Five families of inputs, chosen before the weights: single pixels; the Walsh functions, which are the rows of the
# Hadamard matrix; sines and cosines; images of one gray level; and 64 noisy images. All but the gray levels come with
# their negatives. Of :math:`\|\mathrm{relu}(Wx) - \mathrm{relu}(Wy)\| / \|x - y\|`, the ratio of distances after and
# before the layer, the smallest over all pairs of a family counts, and of thirty draws the worst. A layer is *blind* to
# a pair if the ratio is 0.
basis = {
    "pixels": np.eye(d),
    "Walsh": designs.hadamard(d) / np.sqrt(d),
    "waves": designs.fourier(d),
    "noise": rng.standard_normal((d, d)) / np.sqrt(d),
}
families = {name: np.concatenate([rows, -rows]) for name, rows in basis.items()}
families["gray"] = np.linspace(0, 1, 9)[:, np.newaxis] * np.ones(d)


def least(weight, x):
    """Return the smallest ratio of distances of all pairs, in the worst draw."""
    return distortion(x, np.maximum(x @ weight.mT, 0)).least.min()


table = {name: {f: least(layer, families[f]) for f in families} for name, layer in layers.items()}

# %%
# The figure
# ----------
# The smallest ratio for each layer and family, and in orange where it is 0.
fig, ax = plt.subplots(figsize=(6.4, 4.2))
values = np.array([[*row.values()] for row in table.values()])
blind = values < 1e-12
shades = [[to_rgba("C0", 0.45 * min(v, 1)) for v in row] for row in values]
ax.imshow(np.where(blind[..., None], to_rgba("C1", 0.6), shades), aspect="auto")
for (row, column), value in np.ndenumerate(values):
    text = "blind" if blind[row, column] else f"{value:.2f}"
    ax.text(column, row, text, ha="center", va="center")
ax.set(xticks=range(5), xticklabels=list(families), yticks=range(8), yticklabels=list(layers))
ax.set_title("Random signs cure a Hadamard matrix")
ax.tick_params(length=0, labeltop=True, labelbottom=False)
ax.spines[:].set_visible(False)
ax.grid(visible=False)
fig.alt_text = (
    "Fixed designs are blind to pairs of inputs: Hadamard to Walsh functions and waves, the identity "
    "to pixels, sinusoidal weights to all but noise. A Hadamard matrix with random signs separates "
    "all five families, as Gaussian weights do. Table of the smallest ratio of distances."
)

# %%
# What this page promises
# -----------------------
# **Blind, and predictably so, D04.** The rows of a Hadamard matrix are orthogonal. So the negative of a row leaves all
# units at 0, and so do those of all other rows; two of the waves are such rows. The identity does the same to pixels.
# The rows of the sinusoidal matrix sum to 0: it does not see brightness, and all gray images are one to it.
rounding = {"atol": 1e-12, "reason": "rounding"}
for name, family in (("Hadamard", "Walsh"), ("sinusoidal", "gray"), ("identity", "pixels")):
    check("D04", f"least ratio, {name}, {family}", table[name][family], 0, **rounding)

# %%
# **Random signs cure it.** With them the Hadamard matrix is blind to no family, in the worst of thirty draws.
for family, value in table["Hadamard, signs"].items():
    check("D04", f"worst of 30 draws, signs, {family}", value, 0.3, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Whoever reads the signs finds a lost pair**: the negative of the image made of the signs switches all units off, and
# so does twice that. It is no different with Gaussian weights that are known: an input with :math:`W x = -1` in each
# unit is dead, and so is :math:`2x`. 64 bits, or 4096 numbers, protect only if the data are chosen before the draw.


def ratio(weight, x, y):
    """Return the distance of two inputs after a layer over that before it."""
    return distortion([x, y], np.maximum([weight @ x, weight @ y], 0)).least


image = signs[0, 0] / np.sqrt(d)
known = layers["Gaussian"][0]
dead = np.linalg.solve(known, -np.ones(d))
limit = rounding | {"shows": "limit"}
found = ratio(layers["Hadamard, signs"][0], -image, -2 * image)
check("D04", "ratio of a pair made from the signs", found, 0, **limit)
check("D04", "ratio of a pair, known Gaussian weights", ratio(known, dead, 2 * dead), 0, **limit)

# %%
# **Up to** :math:`2d - 1` **units** every layer has such a pair. The units that are on at :math:`x` are off at
# :math:`-x`, so one of the two has at most :math:`d - 1` units on, too few to see all directions; a step that they do
# not see, short enough to switch no other unit on, is lost. Here it is done for 127 Gaussian units, from twenty places.
# With one unit more, :math:`[Q; -Q]` keeps all distances up to a factor of :math:`1/\sqrt2` (N07).
many, ends = weights.lecun((2 * d - 1, d), rng=rng), rng.standard_normal((20, d))
x = np.where(np.sum(ends @ many.T > 0, axis=1, keepdims=True) < d, ends, -ends)
y = local_metamer(Network([Layer(many), Layer(np.eye(2 * d - 1))], "relu"), x, -x)
far = np.argmax(steps := np.linalg.norm(y - x, axis=1))
check("D04", "length of a lost step, 127 units", steps[far], 0.01, relation=">")
rounded = {"atol": 1e-10, "reason": "rounding, over the length of the step"}
check("D04", "ratio of its ends, 127 units", ratio(many, x[far], y[far]), 0, **rounded)
check("D04", "least, [Q; -Q]", min(table["[Q; -Q]"].values()), 0.5**0.5, relation=">=", **limit)

# %%
# **The signs need a good matrix.** The sinusoidal one keeps its two columns of zeros. And since one column of the
# Hadamard matrix is constant, a single sign decides whether minus that pixel and twice it are lost: in half the draws.
column = table["sinusoidal, signs"]["pixels"]
check("D04", "worst of 30 draws, sinusoidal, pixels", column, 0, **limit)
found = least(layers["Hadamard, signs"], np.outer([-1, -2], np.eye(d)[0]))
check("D04", "worst of 30 draws, one pixel twice", found, 0, **limit)
summary()

# %%
# Try it yourself
# ---------------
# - Take ``designs.quadratic_signs(64)`` for the signs: no dice at all. Which images would you choose now?
# - Replace the Hadamard matrix by the discrete cosine transform, ``designs.cosine(64)``. What is it blind to?

plt.show()
