# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why do all my tokens become the same?
=====================================

Tokens that are close attend to nearly the same things, so without skip connections a layer of self-attention leaves
of their differences at most a multiple of the third power. With skip connections small differences are nearly kept, and
only their share in the whole falls.

Dong, Cordonnier and Loukas (2021) prove it for networks of self-attention, and it is called rank collapse, or
oversmoothing. W12 is a bound for one layer, derived here, and what random weights do. They merge tokens even at twice
the usual size, only later.
"""

# %%
# Set-up
# ------
# Sixteen random tokens go through layers of one head each. With tokens :math:`X`, the scores are :math:`X W_Q (X W_K)^T
# / \sqrt{d}`, a softmax over each row makes the attention :math:`P` of them, and the layer returns :math:`P X W_V`.
# All weights are Gaussian, with the variance :math:`1/d` that keeps lengths, or with entries of twice the size. Nothing
# is trained. We follow 200 draws.
import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, check_mean, summary

draws = 200
tokens = 16
width = 32
depth = 12
rng = np.random.default_rng(2103)


def attend(x, query, key, value, added=0.0):
    """Return what each token hears, of tokens in the last axis but one."""
    products = (x @ query) @ np.swapaxes(x @ key, -1, -2)
    scores = products / np.sqrt(x.shape[-1]) + added
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention = powers / powers.sum(axis=-1, keepdims=True)
    return attention @ (x @ value)


def normalize(x):
    """Return tokens of mean 0 and variance 1: layer normalization."""
    centered = x - x.mean(axis=-1, keepdims=True)
    return centered / centered.std(axis=-1, keepdims=True)


def diameter(x):
    """Return the largest distance of two tokens."""
    differences = x[..., :, np.newaxis, :] - x[..., np.newaxis, :, :]
    distances = np.linalg.norm(differences, axis=-1)
    return distances.max(axis=(-1, -2))


def share(x):
    """Return the part of the length of all tokens that is not in their mean."""
    rest = x - x.mean(axis=-2, keepdims=True)
    return np.linalg.norm(rest, axis=(-1, -2)) / np.linalg.norm(x, axis=(-1, -2))


def draw_weights(size=1.0):
    """Return the three matrices of a layer for all draws."""
    return size * rng.standard_normal((3, draws, width, width)) / np.sqrt(width)


def shares_by_layer(size=1.0, skip=False, norm=False, added=0.0):
    """Return the shares at the start and after each layer."""
    x = rng.standard_normal((draws, tokens, width))
    shares = [share(x)]
    for _ in range(depth):
        heard = attend(x, *draw_weights(size), added)
        x = x + heard if skip else heard
        if norm:
            x = normalize(x)
        shares.append(share(x))
    return np.array(shares)


def bound(diameter, query, key, value):
    """Return the bound for the diameter after a layer without a skip connection."""
    of_scores = np.linalg.norm(query @ np.swapaxes(key, -1, -2), ord=2, axis=(-2, -1))
    of_values = np.linalg.norm(value, ord=2, axis=(-2, -1))
    range_of_scores = of_scores * diameter**2 / np.sqrt(query.shape[-1])
    return of_values * diameter * np.tanh(range_of_scores / 4)


plain = shares_by_layer()
with_norm = shares_by_layer(norm=True)
with_skip = shares_by_layer(skip=True)
doubled = shares_by_layer(size=2.0)

# %%
# The figure
# ----------
# On the left the share of the tokens that is not their mean, the median over draws. On the right one layer of a draw,
# with its tokens scaled: the diameter after it, and the bound.
fig, (left, right) = plt.subplots(1, 2)
runs = {
    "attention alone": plain,
    "with layer norm": with_norm,
    "with skips": with_skip,
    "weights doubled": doubled,
}
for name, shares in runs.items():
    left.semilogy(np.median(shares, axis=1), label=name)
left.set_ylim(1e-17, 10)
left.set_xlabel("layer")
left.set_ylabel("share that differs")
left.legend(fontsize="small")
example = rng.standard_normal((tokens, width))
layer = [matrix[0] for matrix in draw_weights()]
sizes = np.geomspace(1e-2, 1, 20)
diameters = [diameter(size * example) for size in sizes]
after_layer = [diameter(attend(size * example, *layer)) for size in sizes]
bounds = [bound(size, *layer) for size in diameters]
right.loglog(diameters, after_layer, "o", label="after a layer")
right.loglog(diameters, bounds, label="bound")
right.set_xlabel("diameter of the tokens")
right.legend(fontsize="small")
fig.alt_text = (
    "Without skip connections tokens become equal within five layers, with layer norm one or two "
    "later, with doubled weights within ten. With skips about a fifth of it is left after "
    "twelve. Right: after a layer the diameter is below its bound, and falls as the third power."
)

# %%
# What this page promises
# -----------------------
# **The bound, W12.** Let :math:`D` be the largest distance of two tokens, and :math:`\sigma` the largest singular
# value. After a head of attention without a mask, tokens are at most :math:`\sigma(W_V) D \tanh(\sigma(W_Q W_K^T) D^2 /
# (4 \sqrt{d}))` apart.
#
# *Proof.* The scores of two tokens differ by one number for all, which softmax does not see, and by numbers in an
# interval of the length :math:`r = \sigma(W_Q W_K^T) D^2 / \sqrt{d}`, or less. Then at most the part :math:`\tanh(r/4)`
# of the attention is elsewhere. To move it among the values changes the output by at most this part of their largest
# distance, which is at most :math:`\sigma(W_V) D`. So a small :math:`D` becomes a multiple of :math:`D^3` or less, and
# over layers the exponents are 3, 9, 27.
x = rng.standard_normal((draws, tokens, width))
excess = []
for _ in range(4):
    weights = draw_weights()
    now = diameter(x)
    x = attend(x, *weights)
    excess.append(diameter(x) - bound(now, *weights))
check("W12", "diameter over the bound", np.max(excess), 0, relation="<=", rounding=1e-12)
one = np.ones((1, 1))
opposite = np.array([[0.7], [-0.7]])
attained = diameter(attend(opposite, one, one, one)) / bound(1.4, one, one, one)
check("W12", "two opposite tokens, over the bound", attained, 1, rounding=1e-12)
centered = example - example.mean(axis=0)
large = diameter(attend(1e-3 * centered, *layer))
small = diameter(attend(1e-4 * centered, *layer))
check(
    "W12", "diameters, tokens ten times as far", large / small, 1000, rtol=1e-3, reason="next term"
)

# %%
# **Random weights** bring tokens into the reach of the bound, and then it is fast. Layer normalization, which keeps
# their length, changes little. With skip connections a good part of the difference is still there after six layers, and
# less after twelve.
check("W12", "largest share after 6 layers", plain[6].max(), 0, rounding=1e-9)
check("W12", "largest share after 8, layer norm", with_norm[8].max(), 0, rounding=1e-9)
check_mean("W12", "share after 6 layers, skips", with_skip[6], 1 / 3, relation=">")
check_mean("W12", "share after 12 layers, skips", with_skip[12], 1 / 3, relation="<")
check_mean("W12", "the same, from below", with_skip[12], 1 / 10, relation=">")

# %%
# **Skip connections keep small differences**, as in ``nn.TransformerEncoderLayer`` of PyTorch, which has them; a stack
# of ``nn.MultiheadAttention`` alone has none. The attention adds to each difference of two tokens at most the bound, so
# the diameter changes by no more than that, which is small against :math:`D` where :math:`D` is small. In
# twelve layers of random weights the largest distance grows on average. What grows more is the mean, and so the share
# falls.
near = 1 + 0.03 * rng.standard_normal((draws, tokens, width))
weights = draw_weights()
now = diameter(near)
heard = attend(near, *weights)
change = np.abs(diameter(near + heard) - now)
over = np.max(change / bound(now, *weights))
check("W12", "change with a skip, over the bound", over, 1, relation="<=")
kept_without = np.max(diameter(heard) / now)
kept_with = np.min(diameter(near + heard) / now)
check("W12", "near tokens, kept without skips", kept_without, 0.1, relation="<")
check("W12", "near tokens, kept with skips", kept_with, 0.9, relation=">")
x = rng.standard_normal((draws, tokens, width))
at_start = diameter(x)
for _ in range(depth):
    x = x + attend(x, *draw_weights())
growth = diameter(x) / at_start
check_mean("W12", "growth of the diameter, 12 layers, skips", growth, 1, relation=">")

# %%
# **Why it matters for training.** When all tokens are equal, queries and keys have no effect, and so no gradient.
same = np.ones((tokens, 1)) * example[0]
heard = attend(same, *layer)
heard_otherwise = attend(same, layer[1], layer[0], layer[2])
difference = np.abs(heard - heard_otherwise).max()
check("W12", "effect of queries on equal tokens", difference, 0, rounding=1e-12)

# %%
# Where it stops being true
# -------------------------
# **Doubled weights delay it.** Where :math:`\sigma(W_V)` times the hyperbolic tangent is above 1, the bound says
# nothing. After five layers most draws are apart; after ten most have merged all the same. Their attention picks single
# tokens, and two tokens that pick the same one are equal from then on.
apart = doubled > 1e-6
check_mean("W12", "draws apart, doubled, 5 layers", apart[5], 0.5, relation=">", shows="limit")
check_mean("W12", "draws apart, doubled, 10 layers", apart[10], 0.5, relation="<", shows="limit")

# %%
# **Tokens that look at themselves** do not merge. Let :math:`W_Q W_K^T` be a multiple of the identity, large enough for
# each token to prefer itself, and :math:`W_V` orthogonal.
x = rng.standard_normal((draws, tokens, width))
x = normalize(x)
before = diameter(x)
for _ in range(depth):
    orthogonal, _ = np.linalg.qr(rng.standard_normal((draws, width, width)))
    x = attend(x, 4 * np.eye(width), 4 * np.eye(width), orthogonal)
check("W12", "least share, own tokens", share(x).min(), 0.9, relation=">", shows="limit")

# %%
# **A causal mask**, as in language models, is outside of the bound: two tokens may look at different ones, because the
# mask tells them to. Random weights merge tokens, but slower; and tokens that are equal part if those before them
# differ. Without a mask equal tokens stay equal, as a word that is repeated does if nothing tells its position.
causal = np.where(np.tri(tokens), 0, -np.inf)
masked = shares_by_layer(added=causal)
check_mean("W12", "share after 6 layers, causal", masked[6], 0.01, relation=">", shows="limit")
check_mean("W12", "share after 12 layers, causal", masked[12], 0.01, relation="<", shows="limit")
twins = example.copy()
twins[9] = twins[3]
heard = attend(twins, *layer)
check("W12", "equal tokens, parted", np.abs(heard[9] - heard[3]).max(), 0, rounding=1e-12)
heard = attend(twins, *layer, causal)
parted = np.abs(heard[9] - heard[3]).max()
check("W12", "equal tokens, parted by the mask", parted, 1e-3, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Normalize each token before the attention, inside of the skip connection. How does the share fall then?
# - Take 8 heads of 4 features whose outputs are added. Is the third power still there?
# - With weights three times as large, how many groups of equal tokens are left after each layer?

plt.show()
