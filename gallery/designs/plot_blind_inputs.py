# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which inputs does a fixed matrix not see?
=========================================

A layer without biases and with fewer than two ReLU units per input gives some two inputs the same output, whether its
weights were drawn or designed. For a public design such a pair can be named beforehand, and may be as ordinary as two
gray images; a Hadamard matrix with one random sign for each input kept all pairs of the families apart that were tried
here, but not a pair made against its construction.

When a ReLU layer is injective is a theorem of Puthawala et al. (2022), and random signs in front of a Hadamard matrix
are an idea of Ailon and Chazelle (2006). The table that compares them, D04, is measured here.
"""

# %%
# Set-up
# ------
# Eight layers of ReLU units on 64 inputs, without biases; the last has 128 units, the others have 64. Where a name says
# *signs*, each column of the weights is multiplied by 1 or -1, at random: one sign for each input, 64 random bits in
# all. A Gaussian matrix takes 4096 random numbers. What is chosen at random is drawn thirty times.
#
# The squares of all weights of a layer sum to 128. Then the layer keeps the squared length of its inputs, on average
# over all directions.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

from symlib import designs, weights
from symlib.claims import check, check_mean, summary
from symlib.isometry import distortion
from symlib.network import Layer, Network, local_metamer

d = 64
draws = 30
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
# Five families of inputs, chosen before the weights were drawn: single pixels; the Walsh functions, which are the rows
# of the Hadamard matrix; sines and cosines; 64 images of noise; and nine images of one gray level each, from black to
# white. All but the gray ones come with their negatives.


def with_negatives(rows):
    """Return the rows, followed by their negatives."""
    return np.concatenate([rows, -rows])


gray_levels = np.linspace(0, 1, 9)
families = {
    "pixels": with_negatives(np.eye(d)),
    "Walsh": with_negatives(designs.hadamard(d) / np.sqrt(d)),
    "waves": with_negatives(designs.fourier(d)),
    "noise": with_negatives(rng.standard_normal((d, d)) / np.sqrt(d)),
    "gray": np.outer(gray_levels, np.ones(d)),
}

# %%
# What counts is the ratio of the distance of two inputs after the layer to that before it,
# :math:`\|\mathrm{relu}(Wx) - \mathrm{relu}(Wy)\| / \|x - y\|`. We take the smallest over all pairs of a family, and of
# thirty draws the worst. A layer is *blind* to a pair if the ratio is 0: then nothing behind the layer can tell the two
# inputs apart.


def least_ratio(weight, x):
    """Return the smallest ratio of distances over all pairs of inputs, in the worst draw."""
    outputs = np.maximum(x @ weight.mT, 0)
    return distortion(x, outputs).least.min()


table = np.empty((len(layers), len(families)))
for row, weight in enumerate(layers.values()):
    for column, inputs in enumerate(families.values()):
        table[row, column] = least_ratio(weight, inputs)

# %%
# The figure
# ----------
# The smallest ratio for each layer and each family. Orange cells are those where it is 0.
blind = table < 1e-12
fig, ax = plt.subplots(figsize=(6.4, 4.2))
cells = np.empty((*table.shape, 4))
for place, value in np.ndenumerate(table):
    text = "blind" if blind[place] else f"{value:.2f}"
    cells[place] = to_rgba("C1", 0.6) if blind[place] else to_rgba("C0", 0.45 * min(value, 1))
    row, column = place
    ax.text(column, row, text, ha="center", va="center")
ax.imshow(cells, aspect="auto")
ax.set_xticks(range(len(families)), families)
ax.set_yticks(range(len(layers)), layers)
ax.set_title("Hadamard with signs separates all families")
ax.tick_params(length=0, labeltop=True, labelbottom=False)
ax.spines[:].set_visible(False)
ax.grid(visible=False)
fig.alt_text = (
    "Fixed designs are blind to pairs of inputs: Hadamard to Walsh functions and waves, the "
    "identity to pixels, sinusoidal weights to all families but noise. A Hadamard matrix with "
    "random signs separates all five families, as Gaussian weights do. Table of the smallest ratio "
    "of distances."
)

# %%
# What this page promises
# -----------------------
# **Blind, and predictably so, D04.** The rows of a Hadamard matrix are orthogonal. So at the negative of a row all
# units output 0, and so they do at the negative of any other row: these inputs cannot be told apart. Two of the waves
# are such rows. The identity does the same to pixels. The rows of the sinusoidal matrix sum to 0, so that it does not
# see brightness: all gray images have the same outputs.


def entry(layer, family):
    """Return the number of the table for a layer and a family."""
    return table[list(layers).index(layer), list(families).index(family)]


check("D04", "least ratio, Hadamard, Walsh", entry("Hadamard", "Walsh"), 0, rounding=1e-12)
check("D04", "least ratio, Hadamard, waves", entry("Hadamard", "waves"), 0, rounding=1e-12)
check("D04", "least ratio, identity, pixels", entry("identity", "pixels"), 0, rounding=1e-12)
check("D04", "least ratio, sinusoidal, gray", entry("sinusoidal", "gray"), 0, rounding=1e-12)

# %%
# **One random sign for each input** in front of the Hadamard matrix: now it is blind to no family, in none of the
# thirty draws. This is an observation about these five families.
for family in families:
    ratio = entry("Hadamard, signs", family)
    check("D04", f"worst of 30 draws, signs, {family}", ratio, 0.3, relation=">")

# %%
# **Up to** :math:`2d - 1` **units some pair is lost**, whatever the weights. A unit that is on at :math:`x` is off at
# :math:`-x`. So at one of the two at most :math:`d - 1` units are on, too few to see all :math:`d` directions. Take a
# step in a direction that they do not see, and so short that it switches no other unit on: no output changes. (Start at
# an input where no unit is at its threshold.) Here this is done for 127 Gaussian units, from twenty places.


def ratio_of_pair(weight, x, y):
    """Return the distance of two inputs after a layer, over that before it."""
    outputs = np.maximum([weight @ x, weight @ y], 0)
    return distortion([x, y], outputs).least


gaussian_127 = weights.lecun((2 * d - 1, d), rng=rng)
places = rng.standard_normal((20, d))
units_on = np.sum(places @ gaussian_127.T > 0, axis=1, keepdims=True)
starts = np.where(units_on < d, places, -places)
layer = Network([Layer(gaussian_127), Layer(np.eye(2 * d - 1))], "relu")
ends = local_metamer(layer, starts, -starts)
lengths = np.linalg.norm(ends - starts, axis=1)
farthest = np.argmax(lengths)
lost_ratio = ratio_of_pair(gaussian_127, starts[farthest], ends[farthest])
check("D04", "length of a lost step, 127 units", lengths[farthest], 0.01, relation=">")
check("D04", "ratio of its ends, 127 units", lost_ratio, 0, rounding=1e-10)

# %%
# A designed layer of 127 units is no better. Take :math:`[Q; -Q]` with an orthogonal :math:`Q`, and leave out the last
# unit, which is minus the last row :math:`q` of :math:`Q`. Then all units are off at :math:`-q` and at :math:`-2q`.
mirrored = layers["[Q; -Q]"][0]
without_last = mirrored[:-1]
q = mirrored[d - 1]
lost_ratio = ratio_of_pair(without_last, -q, -2 * q)
check("D04", "ratio of a pair, [Q; -Q] less one unit", lost_ratio, 0, rounding=1e-12)

# %%
# Where it stops being true
# -------------------------
# **With** :math:`2d` **units**, :math:`[Q; -Q]` loses nothing: the distance of two inputs shrinks at most by the factor
# :math:`1/\sqrt2` (N07). That needs no chance, as :math:`Q` can be the identity.
kept = table[list(layers).index("[Q; -Q]")].min()
check("D04", "least, [Q; -Q]", kept, np.sqrt(1 / 2), relation=">=", rounding=1e-12, shows="limit")

# %%
# **The order of two choices decides.** With fewer than :math:`2d` units no matrix is right for all data. But fix a
# finite data set first: then a Gaussian matrix with enough units keeps its inputs apart with a probability as near to 1
# as one likes. What remains is the chance that all :math:`m` units are off at both of two inputs. At the angle
# :math:`\theta` it is :math:`((\pi - \theta) / 2\pi)^m`, and for :math:`x` and :math:`2x` it is :math:`2^{-m}`. Here
# :math:`m = 2`.
two_units = weights.he((2, d), replicas=50_000, rng=rng)
outputs = np.maximum(two_units @ families["noise"][0], 0)
is_lost = outputs.max(axis=1) == 0
check_mean("D04", "share of draws that lose x and 2x, m = 2", is_lost, 1 / 4, shows="limit")

# %%
# **Whoever reads the weights finds a lost pair.** With random signs, minus the image that is made of the signs switches
# all units off, and so does twice that image. Gaussian weights that are known are no safer: at an input with
# :math:`Wx = -1` in each unit all outputs are 0, and at :math:`2x` as well. A Gaussian number for each weight protects
# against data that are chosen before the draw, but not against an opponent who looks.
image = signs[0, 0] / np.sqrt(d)
known_signs = layers["Hadamard, signs"][0]
signs_ratio = ratio_of_pair(known_signs, -image, -2 * image)
check("D04", "ratio of a pair made from the signs", signs_ratio, 0, rounding=1e-12, shows="limit")

known = layers["Gaussian"][0]
off = np.linalg.solve(known, -np.ones(d))
known_ratio = ratio_of_pair(known, off, 2 * off)
check("D04", "ratio of a pair, known Gaussian", known_ratio, 0, rounding=1e-12, shows="limit")

# %%
# **An insider who knows the construction but not the signs** still has a good chance. One column of the Hadamard matrix
# is constant. So a single sign decides whether minus that pixel, and twice that, switch all units off: they are lost
# with probability 1/2. A Gaussian matrix, with a number of its own for each weight, loses this pair only with
# probability :math:`2^{-64}`.
pixel = np.zeros(d)
pixel[0] = 1
many_signs = rng.choice([-1.0, 1.0], (20_000, d))
with_signs = many_signs * -pixel
outputs = np.maximum(with_signs @ hadamard.T, 0)
is_lost = outputs.max(axis=1) == 0
check_mean("D04", "share of draws that lose a pixel twice", is_lost, 1 / 2, shows="limit")

# %%
# **The signs need a good matrix.** The sinusoidal one keeps its two columns of zeros, and so its two blind pixels,
# whatever the signs.
column = entry("sinusoidal, signs", "pixels")
check("D04", "worst, sinusoidal with signs, pixels", column, 0, rounding=1e-12, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Take ``designs.quadratic_signs(64)`` for the signs, which are not random. Which images would you choose now?
# - Replace the Hadamard matrix by the discrete cosine transform, ``designs.cosine(64)``. What is it blind to?
# - Is ``[Q; -Q]`` without its last unit blind to any of the five families?
# - Set ``pixel[:2] = 1``: two pixels with one sign each. How often is this pair lost? And one of three pixels?

plt.show()
