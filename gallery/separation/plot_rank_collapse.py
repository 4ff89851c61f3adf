# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do all inputs end up alike in a deep network?
=============================================

In linear and ReLU networks with independent Gaussian weights and no normalization, yes: over many layers a batch comes
nearer to one direction, until its effective rank is close to 1.
Batch normalization stops the fall, in linear networks near the square root of the width, for as many inputs as units.

Daneshmand and coauthors (2020) proved a lower bound for linear networks; of their paper the abstract was read. P09
compares both halves with networks of several widths.
"""

# %%
# Set-up
# ------
# A batch of inputs goes through random layers. What a layer passes on is a matrix :math:`H`, with a row for each unit
# and a column for each input. In a linear network its rank stays full in exact arithmetic, but its singular values
# :math:`\sigma_i` move apart. With ReLU the rank falls too, as units that are off for all inputs are rows of zeros. So
# the *effective rank* is used here: :math:`r = (\sum\sigma_i^2)^2 / \sum\sigma_i^4`. It is :math:`k` for :math:`k`
# equal singular values and zeros, and near 1 if one of them outweighs all others.
#
# By the inequality of Paley and Zygmund, at least :math:`(1 - \tau)^2 r` of the squares :math:`\sigma_i^2` exceed
# :math:`\tau` times their mean. So an effective rank of 5 means that some directions besides the first one count.
#
# Batch normalization gives each unit mean 0 and variance 1 over the batch, before the activation. Without it, the whole
# matrix is rescaled in each layer, which changes no effective rank.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import digamma

from symlib import weights
from symlib.claims import check, check_mean, summary

rng = np.random.default_rng(2020)
width = 32
depth = 256
networks = 40


def normalized(h):
    """Return a batch in which each unit has mean 0 and variance 1."""
    h = h - h.mean(axis=2, keepdims=True)
    return h / np.sqrt(np.mean(h**2, axis=2, keepdims=True))


def rescaled(h):
    """Return a batch of mean square 1."""
    return h / np.sqrt(np.mean(h**2, axis=(1, 2), keepdims=True))


def effective_rank(h):
    """Return (sum of squared singular values)^2 / sum of their fourth powers."""
    gram = h @ h.mT
    return np.trace(gram, axis1=1, axis2=2) ** 2 / np.sum(gram**2, axis=(1, 2))


def ranks(width, depth, after_each_layer, relu=False, samples=None, fill=weights.lecun):
    """Return the effective rank at each depth, from the inputs on, a column for each network."""
    if samples is None:
        samples = width
    h = rng.standard_normal((networks, width, samples))
    found = [effective_rank(h)]
    for _ in range(depth):
        layer = fill((width, width), replicas=networks, rng=rng)
        h = after_each_layer(layer @ h)
        found.append(effective_rank(h))
        if relu:
            h = np.maximum(h, 0)
    return np.array(found)


rank = {
    "linear": ranks(width, depth, rescaled),
    "linear, normalized": ranks(width, depth, normalized),
    "ReLU": ranks(width, depth, rescaled, relu=True),
    "ReLU, normalized": ranks(width, depth, normalized, relu=True),
}
widths = [16, 32, 64]
kept = []
for n in widths:
    settled = ranks(n, 128, normalized)[64:]
    kept.append(settled.mean())

# %%
# The figure
# ----------
# Left: medians of forty networks of width 32, and the square root of 32 in gray. Right: where linear networks with
# normalization stay, against the width, and its square root in gray.
places = {
    "linear": (8.5, 3.3),
    "linear, normalized": (14, 5.95),
    "ReLU": (1.1, 1.6),
    "ReLU, normalized": (14, 8.9),
}
fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.8, 1))
layers = np.arange(1, depth + 1)
for name, found in rank.items():
    (line,) = ax.plot(layers, np.median(found[1:], axis=1))
    ax.annotate(name, places[name], color=line.get_color())
ax.axhline(np.sqrt(width), color="gray", linewidth=1, linestyle="-", zorder=0)
ax.set_xscale("log")
ax.set_xlim(0.9, 280)
ax.set_ylim(0, 12)
ax.set_xticks([1, 10, 100], labels=["1", "10", "100"])
ax.set_xlabel("depth")
ax.set_ylabel("effective rank")
ax.set_title("Batch normalization stops the fall")

right.plot([14, 72], np.sqrt([14, 72]), color="gray", linestyle="-", linewidth=1)
right.plot(widths, kept, "s", color="C1")
right.annotate("square\nroot", (20, 6.1), color="gray")
right.set_xscale("log")
right.set_yscale("log")
right.set_ylim(2.8, 9.6)
right.set_xticks(widths, labels=["16", "32", "64"])
right.set_yticks([3, 4, 6, 8], labels=["3", "4", "6", "8"])
right.minorticks_off()
right.set_xlabel("width")
right.set_title("What is kept")
fig.alt_text = (
    "Batch normalization stops the fall of the effective rank. Left, against depth at width 32: it "
    "falls to 1 in linear and faster in ReLU networks, and stays near 5 and 8 with normalization. "
    "Right: what linear networks keep grows like the square root of the width."
)

# %%
# What this page promises
# -----------------------
# **The fall, P09.** Without normalization the median effective rank is close to 1 after 256 layers of width 32. How
# fast it falls is known from products of random matrices: the logarithm of the second squared singular value over the
# first loses :math:`\psi(n/2) - \psi((n-1)/2) \approx 1/n` in each layer of width :math:`n`, on average and far down,
# with the digamma function :math:`\psi`. So the depth that it takes is a few times the width.
#
# The rate is measured at width 8, where many networks can be drawn: between the depths 64 and 192, in 3000 of them.
median = np.median(rank["linear"][depth])
check("P09", "median rank, linear, depth 256", median, 1.1, relation="<")

n = 8
many = 3000
h = weights.lecun((n, n), replicas=many, rng=rng)
for layer in range(2, 193):
    h = rescaled(weights.lecun((n, n), replicas=many, rng=rng) @ h)
    if layer == 64:
        early = np.linalg.svd(h, compute_uv=False)
late = np.linalg.svd(h, compute_uv=False)
early_gap = 2 * np.log(early[:, 0] / early[:, 1])
late_gap = 2 * np.log(late[:, 0] / late[:, 1])
rate = (late_gap - early_gap) / (192 - 64)
expected_rate = digamma(n / 2) - digamma((n - 1) / 2)
check_mean("P09", "rate of the fall per layer, width 8", rate, expected_rate)

# %%
# **What is kept, P09.** With normalization the effective rank of linear networks settles, near :math:`\sqrt n` at each
# of the three widths. The bounds on the exponent leave room for widths as small as these.
for n, value in zip(widths, kept):
    over_root = value / np.sqrt(n)
    check("P09", f"rank kept over square root, width {n}", over_root, 0.75, relation=">")
exponent = np.polyfit(np.log(widths), np.log(kept), 1)[0]
check("P09", "exponent of the width, above", exponent, 0.4, relation=">")
check("P09", "exponent of the width, below", exponent, 0.65, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Orthogonal weights, P09.** The fall is that of independent Gaussian weights. Linear orthogonal layers keep each
# singular value, and the rank with them, at each depth and without normalization.
turned = ranks(width, depth, rescaled, fill=weights.orthogonal)
change = np.ptp(turned, axis=0).max()
check("P09", "change of rank, orthogonal layers", change, 0, rounding=1e-9, shows="limit")

# %%
# **Few inputs, P09.** No rank exceeds the number of inputs, and removing their mean costs one more: of four inputs at
# most 3 is kept, at each width.
few = ranks(width, depth, normalized, samples=4)[1:]
check(
    "P09",
    "largest rank of four inputs",
    few.max(),
    3,
    relation="<=",
    rounding=1e-9,
    shows="limit",
)

# %%
# **ReLU, P09.** The bound is for linear networks. With ReLU and without biases the angles between inputs close as well
# (P03 on another page), so that without normalization the effective rank falls faster. That it is kept with
# normalization is an observation.
alike = np.median(rank["ReLU"][64])
apart = np.median(rank["ReLU, normalized"][64])
check("P09", "median rank, ReLU, depth 64", alike, 1.05, relation="<")
check("P09", "ratio with normalization, ReLU, depth 64", apart / alike, 3, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - In the linear network, follow the determinant, or the ordinary rank from ``np.linalg.matrix_rank``. When does
#   rounding make it fall?
# - Normalize before the matrix product instead of after it. Does the order matter?
# - Add each layer to its input, ``h + layer @ h / 10``. How much longer does a plain linear network keep its rank?

plt.show()
