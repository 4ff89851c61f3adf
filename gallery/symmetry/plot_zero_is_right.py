# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
When is zero a good start?
==========================

Without hidden layers it is: if the loss is convex and the step small, zero reaches the same loss as any other start.
In least squares with more weights than samples gradient descent from zero also finds the shortest solution, and from a
random start it does not.

Both are textbook facts of convex optimization. S10 puts them side by side.
"""

# %%
# Set-up
# ------
# One equation for two unknowns: :math:`2 w_1 + w_2 = 2.5`. Its solutions form a line, and the data prefer none of them.
#
# To solve it by gradient descent on the squared error is to train a linear layer without a bias. Let the rows of
# :math:`X` be the inputs. The gradient is a combination of these rows, so descent moves along them only. With a small
# step it ends at :math:`w_\infty = X^+ y + (I - X^+ X) \, w_0`, where :math:`X^+` is the pseudo-inverse.
# In words: the first term is the shortest solution, and the second is the part of the start :math:`w_0` that lies in
# the null space of :math:`X`, which the data do not see.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network
from symlib.training import descend

rng = np.random.default_rng(0)
one_input = np.array([[2.0, 1.0]])
one_target = np.array([[2.5]])


def zero_and_random(starts, outputs, inputs):
    """Return the weights of one start at zero and of many at random, as replicas."""
    zero = np.zeros((1, outputs, inputs))
    random = weights.gaussian((outputs, inputs), replicas=starts, rng=rng)
    return np.concatenate([zero, random])


def weights_of(network):
    """Return the weights of a linear layer with one output, one row for each start."""
    return network.layers[0].weight[:, 0]


def least_squares(first, x, y, steps=100, every=1, share=1 / 3):
    """Train a linear layer; return the weights at each record, of all starts."""
    largest_safe_rate = len(x) / np.linalg.norm(x, 2) ** 2
    run = descend(
        Network([Layer(first)], "identity"),
        x,
        y,
        steps=steps,
        rate=share * largest_safe_rate,
        record=weights_of,
        every=every,
    )
    return np.array(run.records)


paths = least_squares(zero_and_random(30, 1, 2), one_input, one_target)

# %%
# The figure
# ----------
# Thirty random starts and the zero start, and where they end. Each walks straight to the line of solutions, and not
# along it.
first = paths[0]
last = paths[-1]
fig, ax = plt.subplots()
ax.axline((1, 0.5), slope=-2, color="gray", linewidth=1, linestyle="-", zorder=0)
for start in range(1, 31):
    path = paths[:, start]
    ax.plot(path[:, 0], path[:, 1], color="C0", linewidth=1, linestyle="-", alpha=0.6)
ax.plot(first[1:, 0], first[1:, 1], "o", color="C0", markersize=4, fillstyle="none")
ax.plot(last[1:, 0], last[1:, 1], "o", color="C0", markersize=5)

path = paths[:, 0]
ax.plot(path[:, 0], path[:, 1], "-", color="C1", linewidth=3)
ax.plot(first[0, 0], first[0, 1], "D", color="C1", markersize=10, fillstyle="none")
ax.plot(last[0, 0], last[0, 1], "D", color="C1", markersize=10)
ax.annotate("from zero: the\nshortest solution", last[0], xytext=(2.2, -0.75), color="C1")
ax.annotate("from random starts:\nall along the line", (2.2, 1.5), color="C0")
ax.set_aspect("equal")
ax.set_xlim(-2.6, 4.6)
ax.set_ylim(-1.45, 2.35)
ax.set_xlabel("first weight")
ax.set_ylabel("second weight")
ax.set_title("From zero, descent finds the shortest solution")
fig.alt_text = (
    "From zero descent goes to the solution nearest to the origin. Thirty random starts, open "
    "circles in a plane of two weights, walk along parallel paths to a line of solutions and end "
    "spread out on it, each at the point of the line that is nearest to where it began."
)

# %%
# What this page promises
# -----------------------
# **Where descent ends, S10.** Ten equations for a hundred unknowns, from zero and from a thousand random starts,
# against the formula.
inputs = 100
samples = 10
starts = 1000
x = rng.standard_normal((samples, inputs))
y = rng.standard_normal((samples, 1))
first = zero_and_random(starts, 1, inputs)
path = least_squares(first, x, y, steps=600, every=100)

before = first[:, 0]
after = path[-1]
inverse = np.linalg.pinv(x)
shortest = (inverse @ y)[:, 0]
unseen = np.eye(inputs) - inverse @ x
error = np.abs(after - (shortest + before @ unseen)).max(axis=1)
check("S10", "end minus formula, zero start", error[0], 0, rounding=1e-12)
check("S10", "end minus formula, random starts", error[1:].max(), 0, rounding=1e-12)

# %%
# They all reach the same loss, which is zero here, and zero is the start whose solution is the shortest.
misfit = np.abs(x @ after.T - y).max()
check("S10", "error of the fit, all starts", misfit, 0, rounding=1e-12)
lengths = np.linalg.norm(after, axis=1)
check(
    "S10",
    "length from zero, over the shortest other",
    lengths[0] / lengths[1:].min(),
    1,
    relation="<",
)

# %%
# **What the data do not see stays as it was**, all the way.
drift = np.abs((path - before) @ unseen).max()
check("S10", "movement in the null space", drift, 0, rounding=1e-12)

# %%
# **What a random start adds.** The null space has 90 dimensions. If the entries of the start have variance 1, the
# *squared* length grows by 90 on average, one for each dimension. On a new input each random start gives another
# prediction. Their variance about the prediction from zero is the squared length of the part of the input that lies in
# the null space. Here it is averaged over 200 new inputs.
extra = lengths[1:] ** 2 - lengths[0] ** 2
check_mean("S10", "extra squared length, random starts", extra, inputs - samples)

new_inputs = rng.standard_normal((200, inputs))
predictions = after @ new_inputs.T
scatter = (predictions[1:] - predictions[0]) ** 2
unseen_parts = new_inputs @ unseen
expected = np.mean(np.sum(unseen_parts**2, axis=1))
check_mean("S10", "squared scatter on new inputs", scatter.mean(axis=1), expected)

# %%
# **One optimum, one end.** If the loss is strictly convex and has a minimum, all starts lead to it. Logistic regression
# with three classes is an example, once it has weight decay, an L2 penalty.
points = rng.standard_normal((100, 4))
noise = rng.standard_normal((100, 3))
classes = np.argmax(points[:, :3] + noise, axis=1)
start = Layer(3 * zero_and_random(30, 3, 4), np.zeros((31, 3)))
run = descend(
    Network([start], "identity"),
    points,
    classes,
    kind="cross_entropy",
    steps=1500,
    rate=0.5,
    weight_decay=0.05,
)
ends = run.network.layers[0].weight
apart = np.abs(ends - ends[0]).max()
check("S10", "logistic, end of any start minus of zero", apart, 0, atol=1e-6, reason="converged")

# %%
# Where it stops being true
# -------------------------
# **The loss must have a minimum for the weights to have an end.** For a single sample without weight decay the logistic
# loss falls forever and so the weights grow. The difference of the two outputs grows like the logarithm of the number
# of steps: ten times as many steps add :math:`\ln 10`.
sample = np.array([[1.0, 0.5]])
growing = descend(
    Network([Layer(np.zeros((2, 2)))], "identity"),
    sample,
    np.array([0]),
    kind="cross_entropy",
    steps=10_000,
    rate=0.5,
    record=lambda network: network.layers[0].weight,
    every=1000,
)
outputs_early = growing.records[1] @ sample[0]
outputs_late = growing.records[10] @ sample[0]
margin_early = outputs_early[0] - outputs_early[1]
margin_late = outputs_late[0] - outputs_late[1]
growth = margin_late - margin_early
check(
    "S10",
    "growth of the margin, ten times the steps",
    growth,
    np.log(10),
    atol=0.02,
    reason="next term",
)

# %%
# **The step must be small.** A tenth above the largest safe step, the weights leave the solution.
too_large = least_squares(zero_and_random(1, 1, inputs), x, y, steps=300, every=300, share=1.1)
error = np.abs(too_large[-1, 0] - shortest).max()
check("S10", "end minus solution, step too large", error, 1, relation=">")

# %%
# **There must be no hidden layer.** Put three hidden units in between, without an activation. The network still
# computes linear maps only, but in its weights the problem is no longer convex, and at zero all gradients are zero.
# Nothing moves, while a random start learns.
zero_hidden = Layer(np.zeros((3, inputs)))
zero_output = Layer(np.zeros((1, 3)))
deep = Network([zero_hidden, zero_output], "identity")
losses = descend(deep, x, y, steps=2000, rate=0.02).losses
check("S10", "loss lost from zero, one hidden layer", losses[0] - losses[-1], 0)

random_hidden = Layer(weights.lecun((3, inputs), rng=rng))
random_output = Layer(np.ones((1, 3)))
deep = Network([random_hidden, random_output], "identity")
losses = descend(deep, x, y, steps=2000, rate=0.02).losses
left = losses[-1]
check("S10", "loss left from random, one hidden layer", left, 0, atol=1e-6, reason="converged")
summary()

# %%
# Try it yourself
# ---------------
# - Drop the weight decay. There is an optimum still; is it the same for all starts? Look at the mean of the weights
#   over the three classes.
# - Start least squares with every weight at 1000. Does the end still fit the data? How long is it?
# - In which layers of a deep network is zero a good start? The biases are one answer; S05 leaves room for another.

plt.show()
