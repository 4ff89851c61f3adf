# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Can I start all heads of attention equal?
=========================================

No, if they agree in queries, keys, values and in their slices of the output matrix: then gradient descent and Adam keep
them one head in exact arithmetic, and what rounding adds takes many steps to part them.
Different output slices alone are enough to part them, if the loss notices the difference.

A head is a unit with matrices for weights. W04 is the tie of units for heads, derived here. It has one more freedom:
gradient descent also ties heads that differ by a rotation of their features, and Adam does not.
"""

# %%
# Set-up
# ------
# Six tokens stand in a circle. A token is two random numbers, its content, and two that tell its place. Each token has
# to say the contents of both neighbors. One head can look at one of them; to get both, it takes two.
#
# A head has four matrices, here each 4 by 4. With tokens :math:`X`, the scores are :math:`X W_Q (X W_K)^T / \sqrt{k}`,
# a softmax makes weights :math:`P` of them, and the head adds :math:`P X W_V W_O` to the output. In
# ``nn.MultiheadAttention`` of PyTorch the first three are slices of ``in_proj_weight``, and :math:`W_O` is a slice of
# ``out_proj.weight``, all transposed. (Where keys or values have another width, three matrices stand in place of the
# first.)
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import grad, value_and_grad

from symlib.claims import check, summary

samples = 32
tokens = 6
features = 4  # of a head
steps = 400
rate = 0.4

rng = np.random.default_rng(6)
content = rng.standard_normal((samples, tokens, 2))
angle = 2 * np.pi * np.arange(tokens) / tokens
place = np.sqrt(2) * np.column_stack([np.cos(angle), np.sin(angle)])
places = np.broadcast_to(place, content.shape)
x = np.concatenate([content, places], axis=2)
before = np.roll(content, 1, axis=1)
after = np.roll(content, -1, axis=1)
y = np.concatenate([before, after], axis=2)


def attention(heads, added=0.0):
    """Return how much, in each head and sample, each token looks at each."""
    queries = x @ heads[:, 0, np.newaxis]
    keys = x @ heads[:, 1, np.newaxis]
    products = queries @ anp.swapaxes(keys, 2, 3)
    scores = products / np.sqrt(features) + added
    largest = anp.max(scores, axis=3, keepdims=True)
    powers = anp.exp(scores - largest)
    total = anp.sum(powers, axis=3, keepdims=True)
    return powers / total


def loss(heads, added=0.0, mask=1.0, read=1.0):
    """Return the mean squared error of the sum of heads."""
    looked_at = attention(heads, added) * mask
    values = x @ heads[:, 2, np.newaxis]
    seen = looked_at @ values
    said = seen @ heads[:, 3, np.newaxis]
    outputs = anp.sum(said, axis=0)
    errors = read * (outputs - y)
    return anp.mean(errors**2)


slopes = grad(loss)
loss_and_slopes = value_and_grad(loss)


def train(heads, steps=steps, rate=rate, **special):
    """Return the losses and the last heads of gradient descent."""
    losses = []
    for _ in range(steps):
        value, gradient = loss_and_slopes(heads, **special)
        losses.append(value)
        heads = heads - rate * gradient
    return np.array(losses), heads


def train_by_adam(heads, steps=60, step_size=0.01):
    """Return the last heads."""
    mean = np.zeros_like(heads)
    square = np.zeros_like(heads)
    for step in range(1, steps + 1):
        gradient = slopes(heads)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        unbiased = mean / (1 - 0.9**step)
        size = np.sqrt(square / (1 - 0.999**step))
        heads = heads - step_size * unbiased / (size + 1e-8)
    return heads


def gap(heads):
    """Return the largest difference of the two heads in a weight."""
    return np.abs(heads[0] - heads[1]).max()


def gap_of_products(heads):
    """Return the largest difference in what counts: queries times keys, values times outputs."""
    query, key, value, output = heads[0]
    other_query, other_key, other_value, other_output = heads[1]
    looking = query @ key.T
    other_looking = other_query @ other_key.T
    saying = value @ output
    other_saying = other_value @ other_output
    of_looking = np.abs(looking - other_looking).max()
    of_saying = np.abs(saying - other_saying).max()
    return max(of_looking, of_saying)


first = 0.5 * rng.standard_normal((4, 4, features))
second = 0.5 * rng.standard_normal((4, 4, features))
query, key, value, output = first
other_output = second[3]
first_but_output = np.array([query, key, value, other_output])

equal = np.array([first, first])
equal_but_outputs = np.array([first, first_but_output])
random = np.array([first, second])

losses_of_equal, after_equal = train(equal)
losses_of_outputs, after_outputs = train(equal_but_outputs)
losses_of_random, after_random = train(random)

# %%
# The figure
# ----------
# On the left the loss. On the right the attention of both heads after training, as a mean over the samples: a row for
# each token, a column for each token it looks at.
fig, axes = plt.subplot_mosaic(
    [["loss", "equal 1", "equal 2"], ["loss", "outputs 1", "outputs 2"]],
    width_ratios=[2, 1, 1],
)
left = axes["loss"]
left.plot(losses_of_equal, label="equal heads")
left.plot(losses_of_outputs, label="different outputs")
left.plot(losses_of_random, label="random heads")
left.set_xlabel("step")
left.set_ylabel("loss")
left.set_ylim(0, 1.2)
left.legend()
for name, heads in {"equal": after_equal, "outputs": after_outputs}.items():
    looked_at = attention(heads).mean(axis=1)
    for number, of_head in enumerate(looked_at, start=1):
        ax = axes[f"{name} {number}"]
        ax.imshow(of_head, cmap="Purples", vmin=0, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(f"head {number}", fontsize="small")
axes["equal 1"].set_title("equal heads", fontsize="medium", loc="left")
axes["outputs 1"].set_title("different outputs", fontsize="medium", loc="left")
fig.alt_text = (
    "Equal heads stay one: their loss stays high, and both heads look at the same tokens. "
    "Heads that differ in the output slices alone fall to a loss near 0, and one looks at the "
    "token before, the other at the token after."
)

# %%
# What this page promises
# -----------------------
# **Permute the heads, and the gradient is permuted, W04**: the output is a sum over heads, so the loss stays the same.
# Heads that agree in all four matrices thus have the same gradient, and stay equal in exact arithmetic, under gradient
# descent and under each rule that treats heads alike.
straight = slopes(random)
swapped = slopes(random[::-1])
apart = np.abs(swapped - straight[::-1]).max()
check("W04", "gradient of swapped heads, apart", apart, 0, rounding=1e-12)
check("W04", "gap of equal heads", gap(after_equal), 0, rounding=1e-9)
check("W04", "gap of equal heads, Adam", gap(train_by_adam(equal)), 0, rounding=1e-6)

# %%
# **What they can learn is what one head can.** Under gradient descent two equal heads are, step for step, one head
# whose output matrix is the sum of theirs. It moves that matrix at twice the rate, and the other three at half of it.
one_head = np.array([[query, key, value, output + output]])
rates = rate * np.array([1 / 2, 1 / 2, 1 / 2, 2]).reshape(1, 4, 1, 1)
losses_of_one, _ = train(one_head, steps=100, rate=rates)
apart = np.abs(losses_of_one - losses_of_equal[:100]).max()
check("W04", "losses apart, two heads and one", apart, 0, rounding=1e-9)

# %%
# **Different output slices are enough.** Let :math:`G` be the derivative of the loss in the outputs. That in
# :math:`W_V` is :math:`(PX)^T G W_O^T`, summed over samples. So at the first step the matrices :math:`W_V` part by
# minus the rate times :math:`(PX)^T G (W_O - W_O')^T`: what the heads saw, where the loss would like the outputs to go,
# and how much the slices differ.
seen = attention(equal)[0] @ x
outputs_at_start = seen @ value @ (output + other_output)
signal = 2 * (outputs_at_start - y) / y.size
of_value = np.einsum("stf,sto->fo", seen, signal)
by_theory = -rate * of_value @ (output - other_output).T
_, one_step = train(equal_but_outputs, steps=1)
measured = one_step[0, 2] - one_step[1, 2]
share = np.vdot(measured, by_theory) / np.vdot(by_theory, by_theory)
check("W04", "values parted, over theory", share, 1, rounding=1e-9)
check("W04", "gap of the values after one step", np.abs(measured).max(), 1e-3, relation=">")
ratio = losses_of_outputs[-1] / losses_of_equal[-1]
check("W04", "loss, different outputs over equal heads", ratio, 1, relation="<")

# %%
# **All weights the same number** is worse. Within a head the features agree, too, so that queries, keys and values keep
# equal columns. Each head is one feature wide, however wide it was built.
constant = np.full((2, 4, 4, features), 0.3)
_, after_constant = train(constant, steps=100, rate=0.2)
of_columns = np.ptp(after_constant[:, :3], axis=3).max()
check("W04", "spread over features, all weights equal", of_columns, 0, rounding=1e-9)
of_rows = np.ptp(after_constant[:, :3], axis=2).max()
check("W04", "spread over inputs, all weights equal", of_rows, 0.1, relation=">")

# %%
# **Rotated heads are one head for gradient descent.** What a head says depends on :math:`W_Q W_K^T` and :math:`W_V W_O`
# alone. Multiply :math:`W_Q` and :math:`W_K` by one orthogonal matrix, and :math:`W_V` and :math:`W_O^T` by another.
# Then the derivatives are multiplied by them as well. So the products of both heads stay equal, though no two weights
# need agree.
rotation, _ = np.linalg.qr(rng.standard_normal((features, features)))
other_rotation, _ = np.linalg.qr(rng.standard_normal((features, features)))
rotated = np.array(
    [query @ rotation, key @ rotation, value @ other_rotation, other_rotation.T @ output]
)
first_and_rotated = np.array([first, rotated])
check("W04", "gap of weights, rotated", gap(first_and_rotated), 0.1, relation=">")
_, after_rotated = train(first_and_rotated, steps=60)
check("W04", "gap of products, rotated", gap_of_products(after_rotated), 0, rounding=1e-6)

# %%
# Where it stops being true
# -------------------------
# **Adam parts rotated heads.** It divides each entry of the gradient by the size of that entry, and a rotation mixes
# entries.
apart = gap_of_products(train_by_adam(first_and_rotated))
check("W04", "gap of products, rotated, Adam", apart, 1e-3, relation=">", shows="limit")

# %%
# **To say the same is not enough.** Double :math:`W_Q` and halve :math:`W_K`. The head says what it said, but one
# derivative is halved and the other doubled, and the heads part.
stretched = np.array([first, [2 * query, key / 2, value, output]])
check("W04", "gap of products, stretched", gap_of_products(stretched), 0, rounding=1e-12)
_, parted = train(stretched, steps=1)
apart = gap_of_products(parted)
check("W04", "the same after one step", apart, 1e-4, relation=">", shows="limit")

# %%
# **Rounding grows.** In floating point it depends on the code whether equal heads get the same bits. Here they do, so
# that their gap above is exactly 0. Where they do not, the difference is multiplied from step to step. A noise of 1e-9
# shows it under gradient descent. In ``nn.MultiheadAttention`` we saw equal heads part after some hundred steps of Adam
# for some sizes, and stay equal in each bit for others.
noisy = equal + 1e-9 * rng.standard_normal(equal.shape)
_, after_noise = train(noisy, steps=150)
growth = gap_of_products(after_noise) / gap_of_products(noisy)
check("W04", "growth of a noise of 1e-9", growth, 10, relation=">", shows="limit")

# %%
# **A difference in how the slices write to outputs that the loss does not read** parts nothing. Let it read three of
# the four outputs, and let the slices differ in how they write to the fourth.
unread = output.copy()
unread[:, 3] = other_output[:, 3]
differ_unread = np.array([first, [query, key, value, unread]])
read = np.array([1.0, 1.0, 1.0, 0.0])
_, together = train(differ_unread, steps=50, read=read)
apart = gap(together[:, :3])
check("W04", "gap, difference unread", apart, 0, rounding=1e-9, shows="limit")

# %%
# **What tells heads apart by their number.** Fixed terms in the scores, with another slope for each head as in ALiBi,
# part equal heads. So does dropout on the attention weights, which has a mask for each head;
# ``nn.MultiheadAttention`` has it if you set ``dropout``, which is 0 by default.
positions = np.arange(tokens)
distance = np.abs(positions[:, np.newaxis] - positions)
slope_of_head = np.array([1 / 4, 1 / 16]).reshape(2, 1, 1, 1)
_, parted = train(equal, steps=1, added=-distance * slope_of_head)
check("W04", "gap, a slope for each head", gap(parted), 1e-3, relation=">", shows="limit")
kept = rng.random((2, samples, tokens, tokens)) < 0.9
_, parted = train(equal, steps=1, mask=kept / 0.9)
check("W04", "gap, dropout", gap(parted), 1e-4, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Let the heads share keys and values, as in multi-query attention, and differ in queries and outputs. Is it enough?
# - Start with equal heads and a noise of 1e-12. When do they part?
# - Give the two heads different values only, or different queries only. Which parts them faster?

plt.show()
