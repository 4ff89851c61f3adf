# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
May the last layer be zero?
===========================

Yes, of a network and of a residual branch: in general it moves at the first step, as its gradient does not have itself
in it, and what is below it moves from the second step on.
Two zero layers in a row never move under gradient descent if the activation between them is 0 at 0 and the bias of the
first is 0, since each gradient has the other layer in it; only the bias of the second learns.

Fixup (Zhang, Dauphin and Ma, 2019), ReZero (Bachlechner et al., 2021), the diffusion transformer (Peebles and Xie,
2023) and ControlNet (Zhang, Rao and Agrawala, 2023) start residual branches at 0. W08 says when that works. It is
derived here.
"""

# %%
# Set-up
# ------
# A *residual branch* adds something to what it reads: :math:`h = x + W_2 \varphi(W_1 x + b_1) + b_2`. If its last layer
# is 0, :math:`W_2 = 0` and :math:`b_2 = 0`, the branch starts as the identity. Here it has three inputs and eight
# hidden units, and a linear *head* of two outputs follows.
#
# The target is not linear in the inputs. Without the branch the head can only fit it linearly, which has a least loss:
# that of linear regression.
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import value_and_grad

from symlib.claims import check, summary

samples = 64
width = 3
hidden_units = 8
steps = 300
rate = 0.1
adam_rate = 0.01

rng = np.random.default_rng(2019)
x = rng.standard_normal((samples, width))
y = np.column_stack([np.tanh(2 * x[:, 0] * x[:, 1]) + 0.5, np.sin(2 * x[:, 2])])


def sigmoid(z):
    """Return the logistic function, which is 1/2 at 0."""
    return 1 / (1 + anp.exp(-z))


def relu(z):
    """Return the positive part; its derivative at 0 is 0, as in PyTorch."""
    return z * (z > 0)


def with_branch(p, x=x, activation=anp.tanh):
    """Return the outputs of a head on a residual branch."""
    hidden = activation(x @ p["first"].T + p["first bias"])
    stream = x + hidden @ p["second"].T + p["second bias"]
    return stream @ p["head"].T + p["head bias"]


def with_sigmoid(p):
    """Return the outputs with sigmoid units in the branch."""
    return with_branch(p, activation=sigmoid)


def with_relu(p):
    """Return the outputs with ReLU units in the branch."""
    return with_branch(p, activation=relu)


def descend(network, parameters, steps=steps, y=y):
    """Train by gradient descent; return the losses, the end, and when each part moved first."""

    def squared_error(parameters):
        return anp.mean((network(parameters) - y) ** 2)

    losses = []
    first_moves = dict.fromkeys(parameters, 0)
    for step in range(1, steps + 1):
        loss, gradient = value_and_grad(squared_error)(parameters)
        losses.append(loss)
        for name in parameters:
            is_moved = np.any(gradient[name] != 0)
            if is_moved and first_moves[name] == 0:
                first_moves[name] = step
        parameters = {name: parameters[name] - rate * gradient[name] for name in parameters}
    return np.array(losses), parameters, first_moves


def adam(network, parameters):
    """Train by Adam; return the losses and the end."""

    def squared_error(parameters):
        return anp.mean((network(parameters) - y) ** 2)

    losses = []
    mean = {name: np.zeros_like(part) for name, part in parameters.items()}
    square = {name: np.zeros_like(part) for name, part in parameters.items()}
    parameters = dict(parameters)
    for step in range(1, steps + 1):
        loss, gradient = value_and_grad(squared_error)(parameters)
        losses.append(loss)
        for name, slope in gradient.items():
            mean[name] = 0.9 * mean[name] + 0.1 * slope
            square[name] = 0.999 * square[name] + 0.001 * slope**2
            unbiased_mean = mean[name] / (1 - 0.9**step)
            unbiased_square = square[name] / (1 - 0.999**step)
            move = adam_rate * unbiased_mean / (np.sqrt(unbiased_square) + 1e-8)
            parameters[name] = parameters[name] - move
    return np.array(losses), parameters


random = {
    "first": rng.standard_normal((hidden_units, width)),
    "first bias": np.zeros(hidden_units),
    "second": rng.standard_normal((width, hidden_units)) / np.sqrt(hidden_units),
    "second bias": np.zeros(width),
    "head": rng.standard_normal((2, width)) / np.sqrt(width),
    "head bias": np.zeros(2),
}
zero_last = random | {"second": np.zeros((width, hidden_units))}
two_zeros = zero_last | {"first": np.zeros((hidden_units, width))}
random_bias = two_zeros | {"first bias": rng.standard_normal(hidden_units)}

from_random, _, _ = descend(with_branch, random)
from_zero_last, _, moves_of_zero_last = descend(with_branch, zero_last)
from_two_zeros, end_of_two_zeros, _ = descend(with_branch, two_zeros)
from_sigmoid, end_of_sigmoid, moves_of_sigmoid = descend(with_sigmoid, two_zeros)
from_bias, _, moves_of_bias = descend(with_branch, random_bias)

adam_two_zeros, adam_end_of_two_zeros = adam(with_branch, two_zeros)
adam_sigmoid, adam_end_of_sigmoid = adam(with_sigmoid, two_zeros)
adam_bias, _ = adam(with_branch, random_bias)

with_ones = np.column_stack([x, np.ones(samples)])
best_weights, *_ = np.linalg.lstsq(with_ones, y, rcond=None)
linear_loss = np.mean((with_ones @ best_weights - y) ** 2)

# %%
# The figure
# ----------
# The dotted line is the loss of linear regression.
fig, (by_descent, by_adam) = plt.subplots(1, 2, sharey=True)
by_descent.plot(from_random, color="gray", label="random")
by_descent.plot(from_zero_last, color="C2", label="last layer 0")
by_descent.plot(from_two_zeros, color="C0", label="two zeros, tanh")
every = np.arange(0, steps - 20, 40)
by_descent.plot(every, from_bias[every], "s", color="C3", label="and random bias")
later = every + 20
by_descent.plot(later, from_sigmoid[later], "o", color="C1", label="two zeros, sigmoid")
by_descent.set_title("Gradient descent", fontsize="medium")
by_adam.plot(adam_two_zeros, color="C0", label="two zeros, tanh")
by_adam.plot(adam_bias, color="C3", label="and random bias")
by_adam.plot(adam_sigmoid, color="C1", label="two zeros, sigmoid")
by_adam.set_title("Adam", fontsize="medium")
for ax in (by_descent, by_adam):
    ax.axhline(linear_loss, color="gray", linestyle=":", linewidth=0.8)
    ax.set_xlabel("step")
    ax.legend(fontsize="small")
by_descent.set_ylabel("loss")
by_descent.set_ylim(0, 1.5)
by_descent.set_yticks([0, 0.5, 1, 1.5])
fig.alt_text = (
    "A branch whose last layer starts at 0 learns like a random one. Two zero layers in a row stay "
    "at the loss of linear regression; under gradient descent sigmoid units or random biases "
    "between them do not help in this time, under Adam they do."
)

# %%
# What this page promises
# -----------------------
# **One zero layer.** Let :math:`s` be the signal, the derivative of the loss in what the branch adds. For each sample
# the gradient in :math:`W_2` is the product :math:`s\,\varphi(W_1 x + b_1)^T`, and that in :math:`W_1` is :math:`(W_2^T
# s \cdot \varphi'(W_1 x + b_1))\,x^T`: signal times value, in both. The first has no :math:`W_2` in it. So from
# :math:`W_2 = 0` the last layer moves at the first step, if the signal and the hidden values do not cancel over the
# samples, and the first layer from the second (W08). In 300 steps of gradient descent the loss falls below what any
# linear map reaches.
check("W08", "first move of the last layer", moves_of_zero_last["second"], 1)
check("W08", "first move of the first layer", moves_of_zero_last["first"], 2)
check("W08", "first move of the hidden bias", moves_of_zero_last["first bias"], 2)
check("W08", "loss, last layer 0", from_zero_last[-1], linear_loss, relation="<")

# %%
# With a head of 0 as well, as the first rule of Fixup wants it, the head moves first. The signal at the branch is 0
# until then, so that the rest comes one step later. These are two zero layers, but not in a row: the head reads the
# stream too.
zero_head = zero_last | {"head": np.zeros((2, width))}
_, _, moves = descend(with_branch, zero_head, steps=4)
check("W08", "first move of a head of 0", moves["head"], 1)
check("W08", "first move of the last layer below it", moves["second"], 2)
check("W08", "first move of the first layer below it", moves["first"], 3)

# %%
# **Two zero layers in a row.** If :math:`W_1 = 0`, :math:`b_1 = 0` and :math:`\varphi(0) = 0`, the hidden values are 0,
# and with :math:`W_2 = 0` both products are 0. What has not moved has the same gradient at the next step. So neither
# layer ever moves, nor does the hidden bias; :math:`b_2` does. The network stays linear, and ends at the loss of linear
# regression. Momentum, weight decay and Adam make nothing of a gradient of 0 either, if their memory starts at 0.
for name in ("first", "first bias", "second"):
    largest = np.abs(end_of_two_zeros[name]).max()
    check("W08", f"largest entry, two zeros, {name}", largest, 0)
    largest = np.abs(adam_end_of_two_zeros[name]).max()
    check("W08", f"largest entry, Adam, two zeros, {name}", largest, 0)
moved = np.abs(end_of_two_zeros["second bias"]).max()
check("W08", "largest entry, two zeros, last bias", moved, 1e-3, relation=">")
check("W08", "loss, two zeros", from_two_zeros[-1], linear_loss, atol=1e-5, reason="steps left")


# %%
# **Where you meet it: the diffusion transformer.** Its code sets the last layer of the network to 0, and also the
# layers that compute the *gates*, numbers by which each branch is multiplied. A gate is a layer, too: a zero gate on a
# random branch is one zero layer. Here are two such branches with plain gates. The head moves first, all gates at the
# second step, and what is in the branches from the third. The two branches do not wait for each other, since the stream
# passes by.
def gated(p):
    """Return the outputs of two gated branches and a head."""
    hidden = anp.tanh(x @ p["first A"].T)
    branch = hidden @ p["second A"].T + p["bias A"]
    stream = x + p["gate A"] * branch
    hidden = anp.tanh(stream @ p["first B"].T)
    branch = hidden @ p["second B"].T
    stream = stream + p["gate B"] * branch
    return stream @ p["head"].T


zero_gates = {
    "head": np.zeros((2, width)),
    "gate A": np.zeros(width),
    "gate B": np.zeros(width),
    "first A": rng.standard_normal((hidden_units, width)),
    "first B": rng.standard_normal((hidden_units, width)),
    "second A": rng.standard_normal((width, hidden_units)),
    "bias A": np.zeros(width),
    "second B": rng.standard_normal((width, hidden_units)),
}
_, _, moves = descend(gated, zero_gates, steps=4)
expected_moves = {
    "head": 1,
    "gate A": 2,
    "gate B": 2,
    "first A": 3,
    "first B": 3,
}
for name, expected in expected_moves.items():
    check("W08", f"first move, zero head and gates, {name}", moves[name], expected)

# %%
# In torchvision, ``resnet50(zero_init_residual=True)`` sets the scale of the last batch normalization of each branch to
# 0: a gate as well. The default is ``False``.
#
# **A gate of 0 on a last layer of 0,** whose bias is 0 or absent, is two zeros in a row. Neither moves, nor does what is
# below. Here the first of the two branches has such a bias, and the second has none. A bias that is not 0 gives the
# gate a gradient.
twice_zero = zero_gates | {
    "head": random["head"],
    "second A": np.zeros((width, hidden_units)),
    "second B": np.zeros((width, hidden_units)),
}
_, end, _ = descend(gated, twice_zero, steps=20)
for branch in ("A", "B"):
    gate = np.abs(end[f"gate {branch}"]).max()
    last_layer = np.abs(end[f"second {branch}"]).max()
    check("W08", f"gate, gate 0 and last layer 0, {branch}", gate, 0)
    check("W08", f"last layer, gate 0 and last layer 0, {branch}", last_layer, 0)
check("W08", "last bias, gate 0 and last layer 0", np.abs(end["bias A"]).max(), 0)
frozen = np.abs(end["first A"] - twice_zero["first A"]).max()
check("W08", "move of the rest, gate 0 and last layer 0", frozen, 0)
with_bias = twice_zero | {"bias A": np.ones(width)}
_, _, moves = descend(gated, with_bias, steps=2)
check("W08", "first move of the gate, last bias 1", moves["gate A"], 1, shows="limit")
check("W08", "first move of the layer, last bias 1", moves["second A"], 2, shows="limit")


# %%
# **Where you meet it: ControlNet** trains a copy of a pretrained network. A zero convolution adds a hint to what the
# copy reads, and zero convolutions add what it makes to the pretrained network. These are two zero layers, but not in a
# row: the copy reads :math:`x` as well. So the second moves first, and the first follows. The questions and answers of
# its code name the condition for one layer: its input must not be 0.
def controlled(p):
    """Return the outputs of a network with a hint that enters a copy of it."""
    hint = np.abs(x)
    read = x + hint @ p["hint"].T
    copy = anp.tanh(read @ p["copy"].T)
    stream = x + copy @ p["out"].T
    return stream @ p["head"].T


control = {
    "hint": np.zeros((width, width)),
    "copy": random["first"],
    "out": np.zeros((width, hidden_units)),
    "head": random["head"],
}
_, _, moves = descend(controlled, control, steps=3)
check("W08", "first move of the zero layer behind", moves["out"], 1)
check("W08", "first move of the zero layer of the hint", moves["hint"], 2)

# %%
# Where it stops being true
# -------------------------
# **Activations that are not 0 at 0, and random biases,** give the last layer a gradient, and all moves. But with
# :math:`W_1 = 0` the hidden values are the same for each sample. So the gradient of :math:`W_2` is the sum of the
# signals times these values, and it fades as soon as the biases have learned the mean. Here gradient descent is still
# at the loss of linear regression after 300 steps, in each case to one part in a hundred.
check("W08", "first move, last layer, sigmoid", moves_of_sigmoid["second"], 1, shows="limit")
check("W08", "first move, first layer, sigmoid", moves_of_sigmoid["first"], 2, shows="limit")
check("W08", "first move, last layer, random bias", moves_of_bias["second"], 1, shows="limit")
for name, losses in {"sigmoid": from_sigmoid, "random bias": from_bias}.items():
    ratio = losses[-1] / linear_loss
    check("W08", f"loss over linear, {name}", ratio, 0.99, relation=">", shows="limit")

# %%
# Adam divides small gradients by their size, and gets below it. Even so the sigmoid branch is *one* unit: with zero weights
# and equal biases its eight units are tied, and stay so but for rounding. A random bias tells them apart.
weights = adam_end_of_sigmoid["first"]
biases = adam_end_of_sigmoid["first bias"]
hidden = sigmoid(x @ weights.T + biases)
spread = np.ptp(hidden, axis=1).max()
check("W08", "spread of the hidden units, sigmoid", spread, 0, rounding=1e-6, shows="limit")
moved = np.abs(weights).max()
check("W08", "largest entry, Adam, sigmoid, first", moved, 0.1, relation=">", shows="limit")
for name, losses in {"sigmoid": adam_sigmoid, "random bias": adam_bias}.items():
    check("W08", f"loss, Adam, {name}", losses[-1], linear_loss, relation="<", shows="limit")

# %%
# **Signals that add up to 0.** Take the mean out of the inputs and of the targets. Then the signals add up to 0 at each
# step, and two zero layers do not move, whatever the hidden biases and the activation are, but for rounding: if the last
# bias and that of the head are 0, the loss is the squared error, and each step sees all samples.
centered_x = x - x.mean(axis=0)
centered_y = y - y.mean(axis=0)


def on_centered(p):
    """Return the outputs on the inputs without their mean."""
    return with_branch(p, x=centered_x)


_, end, _ = descend(on_centered, random_bias, steps=50, y=centered_y)
moved = np.abs(end["second"]).max()
check("W08", "last layer, random bias, centered", moved, 0, rounding=1e-12, shows="limit")
for name in ("second bias", "head bias"):
    shifted = random_bias | {name: np.ones_like(random[name])}
    _, end, _ = descend(on_centered, shifted, steps=5, y=centered_y)
    moved = np.abs(end["second"]).max()
    check("W08", f"last layer, centered, {name} 1", moved, 1e-3, relation=">", shows="limit")

# %%
# **Only the first layer 0.** Then its gradient is not 0 if :math:`\varphi'(0) \ne 0`: tanh starts. ReLU, whose
# derivative at 0 is taken as 0, does not: its branch never moves, though its last layer is random.
zero_first = random | {"first": np.zeros((hidden_units, width))}
_, _, moves = descend(with_branch, zero_first, steps=2)
check("W08", "first move, first layer 0, tanh", moves["first"], 1)
_, end, _ = descend(with_relu, zero_first, steps=20)
check("W08", "first layer 0, ReLU, its largest entry", np.abs(end["first"]).max(), 0, shows="limit")
moved = np.abs(end["second"] - random["second"]).max()
check("W08", "first layer 0, ReLU, move of the last", moved, 0, shows="limit")


# %%
# **A zero head does not part equal units.** It moves at the first step, and equal hidden units move alike.
def plain(p):
    """Return the outputs of a head on one hidden layer."""
    values = anp.tanh(x @ p["first"].T)
    return values @ p["head"].T


no_head = np.zeros((2, hidden_units))
constant = {"first": np.full((hidden_units, width), 0.5), "head": no_head}
_, end, moves = descend(plain, constant, steps=100)
values = np.tanh(x @ end["first"].T)
spread = np.ptp(values, axis=1).max()
check("W08", "first move, zero head, constant units", moves["head"], 1)
check("W08", "spread, zero head, constant units", spread, 0, rounding=1e-9, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Stack three branches whose last layers and whose head are 0. Which step moves which part?
# - Take mini-batches on the centered data. Do the two zero layers move now?
# - A policy is a softmax over actions. With a head of 0, which probabilities does it start with, for each input?
#   (Stable-Baselines3 draws the last layer of a policy with the gain 1/100, which is nearly 0.)

plt.show()
