# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
What may be zero in a transformer block at the start?
=====================================================

One of queries and keys, and one of values and outputs: if at most one of each pair is 0, all four move in general.
If both of a pair start at 0, and their biases, too, each has the other as a factor of its gradient, and neither moves
under gradient descent or Adam.

In the other half of a transformer block the last matrix may be 0, if the one before it is not. That is W05, derived
here. People start :math:`W_Q` at 0, which the README of mup recommends, or :math:`W_O`, as an author of Fixup says of
its code, and both are right.
"""

# %%
# Set-up
# ------
# Six tokens stand in a circle. A token is two random numbers, its content, and two that tell its place. Each token has
# to say the content of the one before it, so that attention has to find a place.
#
# With tokens :math:`X`, the scores are :math:`X W_Q (X W_K)^T / \sqrt{k}`, a softmax over each row makes the attention
# :math:`P` of them, and the output is :math:`P X W_V W_O`. Biases are 0 until we say otherwise.
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import grad

from symlib.claims import check, summary

samples = 32
tokens = 6
features = 4
steps = 300
rate = 0.5

rng = np.random.default_rng(2022)
content = rng.standard_normal((samples, tokens, 2))
angle = 2 * np.pi * np.arange(tokens) / tokens
place = np.sqrt(2) * np.column_stack([np.cos(angle), np.sin(angle)])
places = np.broadcast_to(place, content.shape)
x = np.concatenate([content, places], axis=2)
y = np.roll(content, 1, axis=1)

matrices = ("query", "key", "value", "output")
biases = ("query bias", "key bias", "value bias", "output bias")


def attention(p, added=0.0):
    """Return, for each start and sample, how much each token looks at each."""
    queries = x @ p["query"] + p["query bias"]
    keys = x @ p["key"] + p["key bias"]
    products = queries @ anp.swapaxes(keys, 2, 3)
    scores = products / np.sqrt(features) + added
    largest = anp.max(scores, axis=3, keepdims=True)
    powers = anp.exp(scores - largest)
    total = anp.sum(powers, axis=3, keepdims=True)
    return powers / total


def losses(p, added=0.0, mask=1.0):
    """Return the mean squared error of each start."""
    looked_at = attention(p, added) * mask
    values = x @ p["value"] + p["value bias"]
    seen = looked_at @ values
    outputs = seen @ p["output"] + p["output bias"]
    errors = outputs - y
    return anp.mean(errors**2, axis=(1, 2, 3))


def sum_of_losses(p, **special):
    """Return the sum over starts, whose gradient is that of each start."""
    return anp.sum(losses(p, **special))


slopes = grad(sum_of_losses)


def train(p, steps, moving=matrices, **special):
    """Return the last parameters, of which the moving ones were trained."""
    for _ in range(steps):
        gradient = slopes(p, **special)
        p = p | {name: p[name] - rate * gradient[name] for name in moving}
    return p


def moved(before, after, name):
    """Return, for each start, the largest change in a parameter."""
    return np.abs(after[name] - before[name]).max(axis=(1, 2, 3))


def largest_move(before, after, names):
    """Return the largest change in any of these parameters."""
    changes = [moved(before, after, name).max() for name in names]
    return max(changes)


def draw(*shape):
    """Return random parameters with one axis for starts and one for samples."""
    return 0.5 * rng.standard_normal((1, 1, *shape))


random = {
    "query": draw(4, features),
    "key": draw(4, features),
    "value": draw(4, features),
    "output": draw(features, 2),
}
for name in biases[:3]:
    random[name] = np.zeros((1, 1, 1, features))
random["output bias"] = np.zeros((1, 1, 1, 2))


def with_zeros(*names):
    """Return the random start with these parameters 0."""
    changed = random.copy()
    for name in names:
        changed[name] = np.zeros_like(random[name])
    return changed


# %%
# The four matrices can start at 0 or not, in sixteen ways. All of them are trained side by side: four rows for queries
# and keys (none is 0, queries are, keys are, both are), and four columns for values and outputs.
factors = {name: np.ones((4, 4)) for name in matrices}
factors["query"][[1, 3]] = 0
factors["key"][[2, 3]] = 0
factors["value"][:, [1, 3]] = 0
factors["output"][:, [2, 3]] = 0
sixteen = random.copy()
for name, factor in factors.items():
    sixteen[name] = random[name] * factor.reshape(16, 1, 1, 1)
trained = train(sixteen, steps)
last_losses = losses(trained).reshape(4, 4)
moves = {name: moved(sixteen, trained, name).reshape(4, 4) for name in matrices}

# %%
# The figure
# ----------
# The sixteen starts: which matrices move, and the loss after training.
who_moves = sum((move > 0).astype(int) for move in moves.values())
fig, ax = plt.subplots()
for number, name in {4: "all four move", 2: "values and outputs move", 0: "none moves"}.items():
    rows, columns = np.nonzero(who_moves == number)
    ax.scatter(columns, rows, s=200, label=name)
for row in range(4):
    for column in range(4):
        written = f"{last_losses[row, column]:.2f}"
        ax.text(column + 0.15, row, written, va="center", fontsize="small")
ax.set_xticks(range(4), ["none", "$W_V$", "$W_O$", "both"])
ax.set_yticks(range(4), ["none", "$W_Q$", "$W_K$", "both"])
ax.set_xlim(-0.4, 3.7)
ax.set_ylim(3.5, -0.5)
ax.set_xlabel("zero of values and outputs")
ax.set_ylabel("zero of queries and keys")
ax.grid(visible=False)
ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.15), ncols=3, fontsize="small")
fig.alt_text = (
    "With at most one zero in each pair, nine of sixteen starts, all four matrices move and the "
    "loss falls to 0. With queries and keys both 0, values and outputs move, and it stays high. "
    "With values and outputs both 0 none moves."
)

# %%
# What this page promises
# -----------------------
# **At most one of each pair, W05.** Let :math:`S` be the derivative of the loss in the scores, and :math:`G` that in
# the outputs. Then the derivatives in :math:`W_Q` and :math:`W_K` are :math:`X^T S X W_K` and :math:`X^T S^T X W_Q`, up
# to the factor :math:`1/\sqrt{k}`, and those in :math:`W_V` and :math:`W_O` are :math:`(PX)^T G W_O^T` and :math:`(P X
# W_V)^T G`. In each pair the partner is a factor. Adam moves nothing where each gradient so far was 0, so it changes
# none of this. In nine of the sixteen starts all four matrices move, in three only values and outputs do, in four
# nothing does.
check("W05", "starts in which all four move", np.sum(who_moves == 4), 9)
check("W05", "starts in which two move", np.sum(who_moves == 2), 3)
check("W05", "starts in which none moves", np.sum(who_moves == 0), 4)

# %%
# **Both queries and keys 0**: attention stays uniform, and the output is a linear function of the mean token. The best
# of those is found by least squares. The nine other starts end below it.
means = np.repeat(x.mean(axis=1), tokens, axis=0)
targets = y.reshape(-1, 2)
best, *_ = np.linalg.lstsq(means, targets, rcond=None)
floor = np.mean((means @ best - targets) ** 2)
both_zero = max(moves["query"][3].max(), moves["key"][3].max())
check("W05", "queries and keys moved, both 0", both_zero, 0)
off = np.abs(attention(trained)[12:] - 1 / tokens).max()
check("W05", "attention off uniform, both 0", off, 0, rounding=1e-15)
over_floor = last_losses / floor
check("W05", "loss over floor, both 0", over_floor[3, 0], 1, relation=">=", rounding=1e-12)
check("W05", "loss over floor, the nine", over_floor[:3, :3].max(), 1, relation="<")

# %%
# **Both values and outputs 0**: no matrix has a gradient, and the loss stays.
at_start = losses(sixteen).reshape(4, 4)
largest = max(move[:, 3].max() for move in moves.values())
check("W05", "matrices moved, values and outputs 0", largest, 0)
change = np.abs(last_losses - at_start)[:, 3].max()
check("W05", "change of the loss, values and outputs 0", change, 0)

# %%
# **Outputs 0 alone** is right. At the first step they move, and nothing else. From the second on all do.
zero_output = with_zeros("output")
one_step = train(zero_output, 1)
largest = largest_move(zero_output, one_step, matrices[:3])
check("W05", "others moved after one step", largest, 0)
two_steps = train(zero_output, 2)
each = [moved(zero_output, two_steps, name).max() for name in matrices]
least = min(each)
check("W05", "least move after two steps", least, 1e-6, relation=">")

# %%
# **The other half of the block** has two matrices with an activation between them, here ReLU. The last is a factor of
# the gradient of the first, and what the units say is a factor of that of the last. If the last is 0, only the last
# moves at first. If both are, and the bias between them is, neither moves. A bias above 0 sets the last free, and then
# the first, unless the signals :math:`G` add up to 0; but if it is the same for all units, they are tied. With a bias
# below 0 the ReLU units are silent.
hidden = rng.standard_normal((4, 16))
no_hidden = np.zeros((4, 16))
no_last = np.zeros((16, 2))


def loss_of_units(first, last, bias=0.0):
    """Return the mean squared error of a layer of ReLU units and a linear one."""
    units = anp.maximum(x @ first + bias, 0)
    return anp.mean((units @ last - y) ** 2)


of_first, of_last = grad(loss_of_units, (0, 1))(hidden, no_last)
check("W05", "gradient before a last matrix 0", np.abs(of_first).max(), 0)
check("W05", "gradient of a last matrix 0", np.abs(of_last).max(), 1e-3, relation=">")
of_first, of_last = grad(loss_of_units, (0, 1))(no_hidden, no_last)
largest = max(np.abs(of_first).max(), np.abs(of_last).max())
check("W05", "gradients, both matrices of units 0", largest, 0)
_, of_last = grad(loss_of_units, (0, 1))(no_hidden, no_last, 0.5)
largest = np.abs(of_last).max()
check("W05", "the same with a bias above 0", largest, 1e-6, relation=">", shows="limit")
unit_to_unit = np.ptp(of_last, axis=0).max()
check("W05", "that gradient, from unit to unit", unit_to_unit, 0, rounding=1e-12)
of_both = grad(loss_of_units, (0, 1))(no_hidden, no_last, -0.5)
largest = max(np.abs(of_each).max() for of_each in of_both)
check("W05", "gradients, both 0, bias below 0", largest, 0)

# %%
# Where it stops being true
# -------------------------
# **A bias of the queries sets them free.** With a query bias that is not 0 the keys have a gradient though both
# matrices are 0, and then the queries have.
zero_scores = with_zeros("query", "key")
with_query_bias = zero_scores | {"query bias": draw(1, features)}
after = train(with_query_bias, 2)
freed = moved(with_query_bias, after, "query").item()
check("W05", "queries moved, query bias", freed, 1e-6, relation=">", shows="limit")

# %%
# **A bias of the keys does not.** It adds one number to all scores of a token, which softmax does not see. So its
# gradient is 0, and with both matrices 0 so is theirs, in exact arithmetic. What rounding leaves is not 0, and can
# grow.
key_bias = draw(1, features)
of_bias = slopes(random | {"key bias": key_bias})["key bias"]
check("W05", "gradient of the key bias", np.abs(of_bias).max(), 0, rounding=1e-14)
stuck = slopes(zero_scores | {"key bias": key_bias})
largest = max(np.abs(stuck["query"]).max(), np.abs(stuck["key"]).max())
check("W05", "gradients, both 0, key bias", largest, 0, rounding=1e-14)

# %%
# **All biases may start at 0**, as those of ``nn.MultiheadAttention`` in PyTorch do. But when they are trained they set
# nothing free: a bias of the queries has the keys as a factor. That of the outputs learns, and frees nothing else.
after = train(zero_scores, 20, moving=(*matrices, *biases))
names = ("query", "key", "query bias", "key bias")
largest = largest_move(zero_scores, after, names)
check("W05", "moved, biases trained from 0", largest, 0)
zero_values = with_zeros("value", "output")
after = train(zero_values, 20, moving=(*matrices, *biases))
largest = largest_move(zero_values, after, matrices)
check("W05", "moved, output bias trained", largest, 0)

# %%
# A bias of the values that is not 0 sets the outputs free, and these the values, unless the signals add up to 0. They
# do for targets whose mean was subtracted.
with_value_bias = zero_values | {"value bias": draw(1, features)}
after = train(with_value_bias, 2)
freed = moved(with_value_bias, after, "value").item()
check("W05", "values moved, value bias", freed, 1e-6, relation=">", shows="limit")
uncentered = y
y = uncentered - uncentered.mean(axis=(0, 1))
largest = np.abs(slopes(with_value_bias)["output"]).max()
check("W05", "gradient of outputs, centered targets", largest, 0, rounding=1e-14)
y = uncentered

# %%
# **Something added to the scores.** A causal mask leaves attention uniform over the tokens up to one's own. A term for
# the distance, as in T5 or ALiBi, makes it not uniform. Under both, queries and keys stay at 0.
positions = np.arange(tokens)
mask = np.where(np.tri(tokens), 0, -np.inf)
allowed = np.tri(tokens) / (1 + positions[:, np.newaxis])
after = train(zero_scores, 20, added=mask)
off = np.abs(attention(after, added=mask) - allowed).max()
check("W05", "attention off uniform, causal mask", off, 0, rounding=1e-15)
nearness = -np.abs(positions[:, np.newaxis] - positions) / 2
after = train(zero_scores, 20, added=nearness)
largest = largest_move(zero_scores, after, ("query", "key"))
check("W05", "moved, term for the distance", largest, 0)
off = np.abs(attention(after, added=nearness) - 1 / tokens).max()
check("W05", "attention off uniform, with the term", off, 0.1, relation=">", shows="limit")

# %%
# **Dropout does not help.** It parts units that are equal, but here it multiplies by 0.
kept = rng.random((1, samples, tokens, tokens)) < 0.9
after = train(zero_scores, 20, mask=kept / 0.9)
largest = largest_move(zero_scores, after, ("query", "key"))
check("W05", "moved, dropout on the attention", largest, 0)
summary()

# %%
# Try it yourself
# ---------------
# - Start queries and outputs at 0. In which order do the four matrices move?
# - Start queries and keys at a millionth of random numbers. How long does attention stay uniform?
# - Rotate queries and keys by their place, as rotary positions do. Are two zeros still stuck?

plt.show()
