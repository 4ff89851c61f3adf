# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What do timm's and Keras's rules draw?
======================================

The truncated normal rule of timm, at its usual deviation of 0.02 and in single precision, draws a number a hundred
standard deviations away, once in 16.8 million entries, and an initializer object of Keras draws the same numbers each
time it is called, unless its seed is a generator.
Both follow from rules of five lines, and the audit tells both.

The rules are those of timm 1.0.31 and Keras 3.15.1 as read, written anew in NumPy; how random integers become numbers
is that of PyTorch 2.13.0 on a CPU, as read. That the old rule of PyTorch, which timm has kept, makes such numbers was
reported in 2025 as issue 155588 of PyTorch, whose own rule is another one now. What the rules draw, U04, is executed
here.
"""

# %% open
# Set-up
# ------
# **A truncated normal law by quantiles.** The rule of timm draws a uniform number between the shares of the normal law
# below the two bounds, and takes its quantile. A uniform number of single precision is made of an integer of 24 random
# bits.
import itertools

import matplotlib.pyplot as plt
import numpy as np
from scipy import special

from symlib.audit import audit
from symlib.claims import check, summary

std = 0.02


def share_below(deviations):
    """Return the share of the normal law below so many standard deviations."""
    return (1 + special.erf(deviations / np.sqrt(2))) / 2


def truncated_normal(integers, std, low=-2.0, high=2.0):
    """Return what the rule makes of integers of 24 random bits."""
    start = np.float32(2 * share_below(low / std) - 1)
    end = np.float32(2 * share_below(high / std) - 1)
    uniform = integers.astype(np.float32) / np.float32(2**24) * (end - start) + start
    numbers = special.erfinv(uniform) * np.float32(std * np.sqrt(2))
    return np.clip(numbers, np.float32(low), np.float32(high))


# %% open
# **An initializer that keeps its seed.** In Keras an initializer has one seed. If none is given, it draws one when it
# is made. Each call begins with this seed. A layer of attention makes a copy of its initializer for each of its
# matrices: a copy has the given seed again, and draws its own if none was given.
def glorot_uniform(rng, seed=None):
    """Return an initializer, which is a function of the shape."""
    kept = int(rng.integers(1, 10**9)) if seed is None else seed

    def draw(shape):
        bound = np.sqrt(6 / sum(shape))
        return np.random.default_rng(kept).uniform(-bound, bound, shape)

    return draw


# %%
# What equal queries and keys do to attention: how much a token attends to itself, in one head, for 12 tokens of 64
# normal features.
tokens = 12
width = 64
features = 16
rng = np.random.default_rng(2025)


def attention(inputs, query, key):
    """Return how much each token attends to each."""
    scores = (inputs @ query) @ (inputs @ key).T / np.sqrt(features)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


to_itself = {"no seed": [], "one seed": []}
for seed in range(100):
    inputs = rng.standard_normal((tokens, width))
    for name, given in {"no seed": None, "one seed": seed}.items():
        query = glorot_uniform(rng, given)((width, features))
        key = glorot_uniform(rng, given)((width, features))
        to_itself[name].append(np.mean(np.diag(attention(inputs, query, key))))

# %%
# The figure
# ----------
# On the left what the rule of timm draws from the smallest integers, in standard deviations. On the right the mean
# attention of a token to itself, in 100 draws; the line is one over the tokens.
fig, (left, right) = plt.subplots(1, 2)
smallest = np.unique(np.geomspace(1, 2**24, 60).astype(np.int64)) - 1
deviations = truncated_normal(smallest, std) / std
left.plot(smallest + 1, deviations, "o", markersize=4)
left.plot(1, deviations[0], "o", color="C1")
left.annotate("the integer 0", (2.5, -101), color="C1")
left.set_xscale("log")
left.set_ylim(-112, 12)
left.set_xlabel("random integer, plus 1")
left.set_ylabel("entry, in standard deviations")
left.set_title("timm", fontsize="medium")
for place, (name, color) in enumerate({"no seed": "C0", "one seed": "C1"}.items()):
    across = place + np.linspace(-0.25, 0.25, 100)
    right.plot(across, np.sort(to_itself[name]), ".", color=color)
right.axhline(1 / tokens, color="gray", linestyle="dotted")
right.set_xticks([0, 1], ["no seed", "one seed"])
right.set_xlim(-0.6, 1.6)
right.set_ylim(0, 1.05)
right.set_xlabel("initializer of the layer")
right.set_ylabel("attention to itself")
right.set_title("Keras", fontsize="medium")
fig.alt_text = (
    "Left: the integer 0 gives an entry at minus 100 standard deviations, the others that are "
    "shown lie within 5.3. Right: with one seed query and key are equal and tokens attend mostly "
    "to themselves; without a seed they do so by about a twelfth."
)

# %%
# What this page promises
# -----------------------
# **One entry in** :math:`2^{24}`, **U04.** With the standard deviation 0.02 and the usual bounds -2 and 2, the shares
# below the bounds are 0 and 1 in double precision, so that the uniform number is drawn from -1 up to 1. The integer 0
# gives -1, of which the quantile is minus infinity, and this is cut to -2. We go through all integers.
at_bound = 0
furthest = 0.0
for start in range(0, 2**24, 2**20):
    numbers = truncated_normal(np.arange(start, start + 2**20), std)
    is_at_bound = np.abs(numbers) == 2
    at_bound += np.sum(is_at_bound)
    furthest = max(furthest, np.abs(numbers[~is_at_bound]).max())
check("U04", "integers of 24 bits that give a bound", at_bound, 1)
check(
    "U04",
    "what 0 gives, in standard deviations",
    truncated_normal(np.array([0]), std)[0] / std,
    -100,
    rounding=1e-4,
)
next_quantile = np.sqrt(2) * special.erfinv(1 - 2.0**-23)
check("U04", "the furthest of all others", furthest / std, next_quantile, rounding=1e-5)

# %%
# A model of 86 million entries that are drawn so has five of them on average, and is without one with a chance of less
# than one in a hundred. One of 5.7 million has none in more than two of three draws.
entries = 86e6
chance = at_bound / 2**24
check("U04", "chance of none among 86 million", (1 - chance) ** entries, 0.01, relation="<")
check("U04", "expected among 86 million", chance * entries, 5, relation=">")
check("U04", "chance of none among 5.7 million", (1 - chance) ** 5.7e6, 2 / 3, relation=">")

# %%
# **What the audit says.** In a layer of 384 by 384 entries we put the integer 0 in one place. A row of :math:`d`
# entries with one at 100 standard deviations is as long as :math:`\sqrt{1 + 100^2/d}` usual ones.
integers = rng.integers(1, 2**24, (384, 384))
integers[5, 7] = 0
weight = truncated_normal(integers, std)
(finding,) = audit({"weight": weight}, chance=1e-9)
check("U04", "a single entry, told", finding.kind == "single entries", True)
check("U04", "and it is a fault", finding.verdict == "fault", True)
integers[5, 7] = 1
findings = audit({"weight": truncated_normal(integers, std)}, chance=1e-9)
check("U04", "findings, the integer 1 in its place", len(findings), 0)
square = np.sum((weight[5] / std) ** 2) / 384
check(
    "U04",
    "square of that row, over usual ones",
    square,
    1 + 100**2 / 384,
    atol=4 * np.sqrt(2 / 384),
    reason="four standard deviations of the square of a row",
)

# %%
# **Keras: one initializer, called twice.** Without a seed and with one, a second layer gets the numbers of the first,
# and a layer of another shape begins with them. An initializer made anew has other numbers if no seed is given.
names = {"no seed": None, "one seed": 3}
for name, given in names.items():
    initializer = glorot_uniform(rng, given)
    layers = {
        "first/kernel": initializer((64, 32)),
        "second/kernel": initializer((64, 32)),
        "third/kernel": initializer((32, 48)),
    }
    kinds = sorted(one.kind for one in audit(layers, chance=1e-9))
    check("U04", f"equal arrays, called again, {name}", kinds.count("equal arrays"), 1)
    check("U04", f"same stream, called again, {name}", kinds.count("same stream"), 1)

# %%
# **Attention with a given seed.** The copies have the seed, so query, key and value are equal, and the output matrix
# begins with their numbers.
for name, given in names.items():
    layer = {}
    for part in ("query", "key", "value"):
        layer[f"{part}/kernel"] = glorot_uniform(rng, given)((width, features))
    layer["output/kernel"] = glorot_uniform(rng, given)((features, width))
    kinds = [one.kind for one in audit(layer, chance=1e-9)]
    expected = int(given is not None)
    check("U04", f"query = key, told, {name}", kinds.count("query = key"), expected)
    check("U04", f"same stream, told, {name}", kinds.count("same stream"), expected)

# %%
# Equal queries and keys make the scores a matrix :math:`S` of products, each token with each, so that
# :math:`2 S_{ij} \le S_{ii} + S_{jj}`. So the attention of token :math:`i` to itself,
# :math:`1 / \sum_j e^{S_{ij} - S_{ii}}`, is at least :math:`e^{S_{ii}/2} / \sum_j e^{S_{jj}/2}`, and these add up to 1:
# on average a token attends to itself by one over the tokens, or more, whatever the tokens and the matrix are.
least = min(to_itself["one seed"])
check("U04", "least attention to itself, one seed", least, 1 / tokens, relation=">=")
small = rng.standard_normal((tokens, width)) / 20
query = glorot_uniform(rng, 3)((width, features))
nearly_alike = np.mean(np.diag(attention(small, query, query)))
check("U04", "the same, tokens that are nearly alike", nearly_alike, 1 / tokens, relation=">=")
alike = np.ones((tokens, width))
at_equal = np.mean(np.diag(attention(alike, query, query)))
check("U04", "the same, equal tokens", at_equal, 1 / tokens, rounding=1e-12)

# %%
# Where it stops being true
# -------------------------
# **Bounds that are near.** Where the lower bound is less than about 5.54 standard deviations away, the uniform number
# does not begin at -1: :math:`2\Phi(a/\sigma) - 1` is rounded to -1 in single precision only if :math:`\Phi` is at most
# :math:`2^{-26}`. Where it begins above -1 its quantiles are finite, and what is cut to the bound is not far.
edge = -special.ndtri(2.0**-26)
for name, bound, expected in (("nearer", edge - 0.01, False), ("further", edge + 0.01, True)):
    begins_at_end = np.float32(2 * share_below(-bound) - 1) == -1
    check("U04", f"begins at -1, bound a little {name}", begins_at_end, expected, shows="limit")
furthest = np.sqrt(2) * special.erfinv(np.nextafter(np.float32(1), np.float32(0)))
check("U04", "furthest finite quantile", furthest, edge, relation="<=", shows="limit")

# %%
# **Fewer bits make it worse.** In bfloat16 PyTorch draws the uniform number in single precision and rounds it; what is
# rounded up to 1 becomes -1. Near -1 and 1 the numbers of bfloat16 are :math:`2^{-8}` apart, so all within
# :math:`2^{-9}` of the two are lost: 1 of 512 entries is the bound. The integers at the two ends tell.
ends = np.concatenate([np.arange(2**16), np.arange(2**24 - 2**16, 2**24)])
uniform = ends.astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
bits = uniform.view(np.uint32)
to_even = (bits >> np.uint32(16)) & np.uint32(1)
rounded = ((bits + np.uint32(0x7FFF) + to_even) & np.uint32(0xFFFF0000)).view(np.float32)
at_bounds = np.sum(np.abs(rounded) == 1)
check(
    "U04",
    "share of bounds, bfloat16, times 512",
    at_bounds / 2**24 * 512,
    1,
    atol=2.0**-14,
    reason="one integer is rounded from halfway",
    shows="limit",
)

# %%
# **A rule that draws again.** Normal numbers of which those beyond the bounds are drawn anew have no such entry: with
# bounds at 100 standard deviations none is drawn anew. This is the rule of PyTorch 2.13.0 for bounds that keep more
# than three tenths of the law.
redrawn = std * rng.standard_normal((384, 384))
while np.any(np.abs(redrawn) > 2):
    redrawn = np.where(np.abs(redrawn) > 2, std * rng.standard_normal((384, 384)), redrawn)
findings = audit({"weight": redrawn.astype(np.float32)}, chance=1e-9)
check("U04", "findings, a rule that draws again", len(findings), 0, shows="limit")


# %%
# **A seed that counts.** The ``SeedGenerator`` of Keras counts the calls, and is advised there for calls that are to
# differ. Then a second call has other numbers. But a copy begins to count anew, so that query, key and value of a layer
# of attention are equal again.
def counting(seed):
    """Return an initializer whose seed counts the calls."""
    calls = itertools.count()

    def draw(shape):
        bound = np.sqrt(6 / sum(shape))
        return np.random.default_rng(seed + next(calls)).uniform(-bound, bound, shape)

    return draw


initializer = counting(3)
again = np.array_equal(initializer((64, 16)), initializer((64, 16)))
check("U04", "a second call draws the same, counting", again, False, shows="limit")
copies = np.array_equal(counting(3)((64, 16)), counting(3)((64, 16)))
check("U04", "two copies draw the same, counting", copies, True)
summary()

# %%
# Try it yourself
# ---------------
# - Give the rule of timm the bounds -1 and 2. How many of its integers give a bound now?
# - Half precision has numbers :math:`2^{-11}` apart below 1. What share of its entries are bounds?
# - Train a layer of attention whose query and key start equal. After which step do they differ?

plt.show()
