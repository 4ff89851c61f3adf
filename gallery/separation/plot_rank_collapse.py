# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do all inputs end up alike in a deep network?
=============================================

Without normalization, yes: each random layer brings a batch nearer to one direction, until its rank is 1 in effect.
Batch normalization stops the fall, in linear networks at about the square root of the width.

Daneshmand and coauthors (2020) proved a lower bound of that order for linear networks. P09 holds both halves against
networks of several widths.
"""

# %%
# Set-up
# ------
# A batch of inputs goes through random layers. What a layer passes on is a matrix :math:`H`, a row for each unit and a
# column for each input. Its rank stays full for a long time, but its singular values :math:`\sigma_i` fall apart. Here
# the *effective rank* is :math:`r = (\sum\sigma_i^2)^2 / \sum\sigma_i^4`: it is :math:`k` for :math:`k` equal singular
# values, and near 1 if one outweighs all others. By the inequality of Paley and Zygmund at least
# :math:`(1 - \tau)^2 r` of the squares exceed :math:`\tau` times their mean: that number is the paper's soft rank.
#
# Batch normalization gives each unit mean 0 and variance 1 over the batch, before the activation.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import digamma, polygamma

from symlib import weights
from symlib.claims import check, summary

rng = np.random.default_rng(2020)
width, depth, nets = 32, 256, 20


def batches(width, *, normalize=False, relu=False, fill=weights.lecun, samples=None, depth=depth):
    """Return what random layers pass on, each layer of several networks at once."""
    h = rng.standard_normal((nets, width, samples or width))
    passed = [h]
    for _ in range(depth):
        h = fill((width, width), replicas=nets, rng=rng) @ h
        h -= normalize * h.mean(axis=2, keepdims=True)
        h /= np.sqrt(np.mean(h**2, axis=2 if normalize else (1, 2), keepdims=True))
        passed.append(h)
        h = np.maximum(h, 0) if relu else h
    return np.stack(passed)


def effective_rank(h):
    """Return (sum of squared singular values)^2 / sum of their fourth powers."""
    gram = h @ h.mT
    return np.trace(gram, axis1=-2, axis2=-1) ** 2 / np.sum(gram**2, axis=(-2, -1))


plain = batches(width)
rank = {
    "linear": effective_rank(plain),
    "linear, normalized": effective_rank(batches(width, normalize=True)),
    "ReLU": effective_rank(batches(width, relu=True)),
    "ReLU, normalized": effective_rank(batches(width, relu=True, normalize=True)),
}
widths = (16, 32, 64)
kept = [effective_rank(batches(n, normalize=True, depth=128)[64:]).mean() for n in widths]

# %%
# The figure
# ----------
# Left: medians of twenty networks of width 32, and the square root of 32 in gray. Right: where linear networks with
# normalization stay, against the width, and its square root.
fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.8, 1))
layers = np.arange(1, depth + 1)
places = ((8.5, 3.3), (14, 5.95), (1.1, 1.6), (14, 8.9))
for (name, ranks), place in zip(rank.items(), places):
    (line,) = ax.plot(layers, np.median(ranks, axis=1)[1:])
    ax.annotate(name, place, color=line.get_color())
ax.axhline(np.sqrt(width), color="gray", linewidth=1, linestyle="-", zorder=0)
right.plot([14, 72], np.sqrt([14, 72]), color="gray", linestyle="-", linewidth=1)
right.plot(widths, kept, "s", color="C1")
right.annotate("square\nroot", (20, 6.1), color="gray")
ax.set(xscale="log", xlim=(0.9, 280), ylim=(0, 12), xticks=[1, 10, 100], xticklabels=[1, 10, 100])
ax.set(xlabel="depth", ylabel="effective rank", title="Batch norm stops the fall")
right.set(xscale="log", yscale="log", ylim=(2.8, 9.6), xlabel="width")
right.set(xticks=widths, xticklabels=widths, yticks=[3, 4, 6, 8], yticklabels=[3, 4, 6, 8])
right.minorticks_off()
fig.alt_text = (
    "Batch normalization stops the fall of the effective rank. Left, against depth at width 32: it "
    "falls to 1 in linear and faster in ReLU networks, and stays near 5 and 8 with normalization. "
    "Right: what linear networks keep grows like the square root of the width."
)

# %%
# What this page promises
# -----------------------
# **The fall, P09.** Without normalization the median rank is 1 in the end. How fast it falls is known from products of
# random matrices: the logarithm of the second squared singular value over the first loses
# :math:`\psi(n/2) - \psi((n-1)/2) \approx 1/n` in each layer of width :math:`n`, with the digamma function
# :math:`\psi`. So the depth it takes is a few times the width.
check("P09", "median rank, linear, depth 256", np.median(rank["linear"][-1]), 1.05, relation="<")
squares = np.log(np.linalg.svd(plain[[64, 256]], compute_uv=False)[..., :2])
loss = -2 * np.mean(np.diff(squares[1] - squares[0], axis=-1)) / 192
gap = digamma(width / 2) - digamma((width - 1) / 2)
spread = np.sqrt((polygamma(1, width / 2) + polygamma(1, (width - 1) / 2)) / (192 * nets))
off = abs(loss - gap) / spread
check("P09", "rate of the fall, standard errors off", off, 4.5, relation="<")

# %%
# **What is kept.** With normalization the rank settles, near :math:`\sqrt n` at each width. The bounds on the exponent
# leave room for three small widths.
for n, value in zip(widths, kept):
    check("P09", f"rank kept over square root, width {n}", value / np.sqrt(n), 0.75, relation=">")
exponent = np.polyfit(np.log(widths), np.log(kept), 1)[0]
check("P09", "exponent of the width, above", exponent, 0.4, relation=">")
check("P09", "exponent of the width, below", exponent, 0.65, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Other weights.** The fall is that of Gaussian weights. Orthogonal layers keep every singular value, and the rank
# with them, at any depth and without normalization.
turned = effective_rank(batches(width, fill=weights.orthogonal))
same = {"atol": 1e-9, "reason": "rounding", "shows": "limit"}
check("P09", "change of rank, orthogonal layers", np.ptp(turned, axis=0).max(), 0, **same)

# %%
# **Few inputs.** No rank exceeds the number of inputs, and removing their mean costs one more: of four at most 3 is
# kept, at any width.
few = effective_rank(batches(width, normalize=True, samples=4))[1:]
at_most = {"relation": "<=", "atol": 1e-9, "reason": "rounding", "shows": "limit"}
check("P09", "largest rank of four inputs", few.max(), 3, **at_most)

# %%
# **ReLU.** The bound is for linear networks. With ReLU the angles between inputs close (P03), so that without
# normalization the rank falls faster; that it is kept with normalization is an observation.
alike, apart = np.median(rank["ReLU"][64]), np.median(rank["ReLU, normalized"][64])
check("P09", "median rank, ReLU, depth 64", alike, 1.05, relation="<")
check("P09", "ratio with normalization, ReLU, depth 64", apart / alike, 3, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Follow the determinant, or the ordinary rank from ``np.linalg.matrix_rank``. When does rounding make it fall?
# - Normalize before the matrix product instead of after it. Does the order matter?
# - Add each layer to its input, ``h + layer @ h / 10``. How much longer does a plain linear network keep its rank?

plt.show()
