# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Does batch norm or layer norm break the symmetry?
=================================================

Neither does: both treat all units alike, so under gradient descent equal units with equal scales, shifts and weights
after them stay equal in exact arithmetic.
With batch normalization the tied units still learn, as one unit; if all units that layer normalization runs over are
tied, they fall silent, because it subtracts their mean, which is all there is.

Batch normalization is by Ioffe and Szegedy (2015), root mean square normalization by Zhang and Sennrich (2019). What
they make of a tie, W06, is derived here.
"""

# %%
# Set-up
# ------
# Eight tanh units read three inputs through a normalization and have two outputs. Each normalization divides by a
# standard deviation, :math:`\sqrt{v + \epsilon}`, where :math:`\epsilon` keeps the divisor above 0:
#
# - *Layer normalization* (``nn.LayerNorm(8)`` in PyTorch, with :math:`\epsilon = 10^{-5}` by default) takes mean and
#   variance :math:`v` over the units, for each sample.
# - *Batch normalization* (``nn.BatchNorm1d(8)``) takes them over the samples, for each unit.
# - *Root mean square normalization* (``nn.RMSNorm(8)``) is like the first, and subtracts no mean. Here it has the same
#   :math:`\epsilon`; the default of PyTorch is the machine epsilon.
#
# A scale and a shift for each unit follow; they start at 1 and 0. *Tied* means: all units have the same incoming
# weights, and the same weight to an output.
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import value_and_grad

from symlib.claims import check, summary

samples = 64
features = 3
units = 8
steps = 300
rate = 0.1
default_epsilon = 1e-5

rng = np.random.default_rng(2016)
x = rng.standard_normal((samples, features))
y = np.column_stack([np.tanh(2 * x[:, 0]) + x[:, 1] / 2, np.sin(2 * x[:, 2])])


def no_norm(z, epsilon):
    """Return what came."""
    return z


def layer_norm(z, epsilon):
    """Normalize each row: over the units."""
    centered = z - anp.mean(z, axis=1, keepdims=True)
    variance = anp.mean(centered**2, axis=1, keepdims=True)
    return centered / anp.sqrt(variance + epsilon)


def batch_norm(z, epsilon):
    """Normalize each column: over the samples."""
    centered = z - anp.mean(z, axis=0)
    variance = anp.mean(centered**2, axis=0)
    return centered / anp.sqrt(variance + epsilon)


def rms_norm(z, epsilon):
    """Divide each row by its root mean square."""
    mean_square = anp.mean(z**2, axis=1, keepdims=True)
    return z / anp.sqrt(mean_square + epsilon)


def outputs(p, norm, epsilon=default_epsilon):
    """Return the outputs of a hidden layer that is normalized before its activation."""
    normalized = norm(x @ p["first"].T + p["bias"], epsilon)
    values = anp.tanh(p["scale"] * normalized + p["shift"])
    return values @ p["last"].T + p["last bias"]


def loss_and_gradient(p, norm, epsilon=default_epsilon):
    """Return the mean squared error and its derivatives."""

    def squared_error(p):
        return anp.mean((outputs(p, norm, epsilon) - y) ** 2)

    return value_and_grad(squared_error)(p)


def descend(p, norm, steps=steps, rates=None):
    """Train by gradient descent; return the losses and the end."""
    if rates is None:
        rates = dict.fromkeys(p, rate)
    losses = []
    for _ in range(steps):
        loss, gradient = loss_and_gradient(p, norm)
        losses.append(loss)
        p = {name: p[name] - rates[name] * gradient[name] for name in p}
    return np.array(losses), p


def spread(p, norm):
    """Return the largest difference of two units, over all samples."""
    normalized = norm(x @ p["first"].T + p["bias"], default_epsilon)
    values = np.tanh(p["scale"] * normalized + p["shift"])
    return np.ptp(values, axis=1).max()


one_row = rng.standard_normal((1, features))
tied = {
    "first": np.tile(one_row, (units, 1)),
    "bias": np.zeros(units),
    "scale": np.ones(units),
    "shift": np.zeros(units),
    "last": np.full((2, units), 0.5),
    "last bias": np.zeros(2),
}
random_first = tied | {"first": rng.standard_normal((units, features))}
random_last = tied | {"last": rng.standard_normal((2, units)) / np.sqrt(units)}

tied_losses, tied_end = descend(tied, no_norm)
layer_losses, layer_end = descend(tied, layer_norm)
batch_losses, batch_end = descend(tied, batch_norm)
rms_losses, rms_end = descend(tied, rms_norm)
random_losses, _ = descend(random_first, layer_norm)

mean_loss = np.mean((y - y.mean(axis=0)) ** 2)

epsilons = np.logspace(-8, -1, 8)
sizes = {layer_norm: [], batch_norm: []}
for norm, found in sizes.items():
    for epsilon in epsilons:
        _, gradient = loss_and_gradient(random_last, norm, epsilon)
        found.append(np.linalg.norm(gradient["first"]))

# %%
# The figure
# ----------
# On the left the loss from the tied start; the dotted line is the variance of the targets, the least loss of an output
# that is the same for each input. On the right the weights after the tied units are random: the size of the gradient in
# the weights before them, against :math:`\epsilon`.
fig, (left, right) = plt.subplots(1, 2)
left.plot(layer_losses, color="C0", label="layer norm")
left.plot(batch_losses, color="C2", label="batch norm")
left.plot(tied_losses, color="gray", label="none")
left.plot(random_losses, color="C3", label="layer norm, random units")
left.axhline(mean_loss, color="gray", linestyle=":", linewidth=0.8)
left.set_ylim(0, 1.4)
left.set_yticks([0, 0.5, 1])
left.set_xlabel("step")
left.set_ylabel("loss")
left.legend(fontsize="small")
left.set_title("Tied units", fontsize="medium")
right.loglog(epsilons, sizes[layer_norm], "o-", color="C0", label="layer norm")
right.loglog(epsilons, sizes[batch_norm], "s-", color="C2", label="batch norm")
right.set_xlabel("epsilon")
right.set_ylabel("size of the gradient")
right.set_xticks([1e-8, 1e-5, 1e-2])
right.legend(fontsize="small")
right.set_title("Random last layer", fontsize="medium")
fig.alt_text = (
    "Left: tied units with layer normalization stay at the variance of the targets; with batch "
    "normalization they learn as without any. Right: with random weights after the tied units, "
    "layer normalization makes the gradient below grow like one over the root of epsilon."
)

# %%
# What this page promises
# -----------------------
# **Layer normalization: silence.** Equal values minus their mean are 0. So each unit is what its shift makes of it, for
# each input: the network is constant. Backwards, the derivative of layer normalization at equal values subtracts the
# mean over the units and divides by :math:`\sqrt\epsilon`. Tied units have equal signals, and equal signals minus their
# mean are 0. So in exact arithmetic no weight before the normalization moves, and no scale (W06). The shifts and the
# last layer move, all units alike: the loss ends at the variance of the targets.
far_above_rounding = 1e-6
for name in ("first", "bias", "scale"):
    move = np.abs(layer_end[name] - tied[name]).max()
    check("W06", f"layer norm, move of {name}", move, 0, rounding=1e-10)
varies = np.ptp(outputs(layer_end, layer_norm), axis=0).max()
check("W06", "layer norm, outputs over all inputs", varies, 0, rounding=1e-10)
check("W06", "layer norm, loss", layer_losses[-1], mean_loss, atol=1e-6, reason="steps left")
move = np.abs(layer_end["shift"]).max()
check("W06", "layer norm, move of shift", move, far_above_rounding, relation=">")

# %%
# **Batch normalization: one unit.** Equal units have equal values on each sample, hence equal means and variances. They
# stay equal, and they learn. As in W02 they are one unit with rates of its own: an eighth of the rate for what the unit
# reads, its bias, scale and shift, and eight times the rate for what it sends. The two predict the same after 100
# steps.
check("W06", "batch norm, spread of the units", spread(batch_end, batch_norm), 0, rounding=1e-10)
move = np.abs(batch_end["first"] - tied["first"]).max()
check("W06", "batch norm, move of first", move, far_above_rounding, relation=">")
check("W06", "batch norm, loss", batch_losses[-1], mean_loss, relation="<")
one_unit = {
    "first": one_row,
    "bias": np.zeros(1),
    "scale": np.ones(1),
    "shift": np.zeros(1),
    "last": np.full((2, 1), 0.5 * units),
    "last bias": np.zeros(2),
}
rates_of_one = {
    "first": rate / units,
    "bias": rate / units,
    "scale": rate / units,
    "shift": rate / units,
    "last": rate * units,
    "last bias": rate,
}
_, narrow_end = descend(one_unit, batch_norm, steps=100, rates=rates_of_one)
_, wide_end = descend(tied, batch_norm, steps=100)
apart = np.abs(outputs(narrow_end, batch_norm) - outputs(wide_end, batch_norm)).max()
check("W06", "predictions, eight units and one", apart, 0, rounding=1e-9)

# %%
# **Random units** learn with layer normalization. The fault is not in the normalization, but in the tie.
check("W06", "layer norm, random units, loss", random_losses[-1], mean_loss, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Random weights after the units.** The signals now differ, and what is left of them after their mean is subtracted is
# divided by :math:`\sqrt\epsilon`. The values do not depend on :math:`\epsilon`, since they are 0. So the gradient
# before the normalization is proportional to :math:`1/\sqrt\epsilon`: a hundredth of :math:`\epsilon` makes it ten
# times as large. That of batch normalization hardly changes.
_, gradient = loss_and_gradient(random_last, layer_norm, 1e-5)
_, with_smaller = loss_and_gradient(random_last, layer_norm, 1e-7)
ratio = np.linalg.norm(with_smaller["first"]) / np.linalg.norm(gradient["first"])
check("W06", "layer norm, growth of the gradient", ratio, 10, rounding=1e-6, shows="limit")
_, gradient = loss_and_gradient(random_last, batch_norm, 1e-5)
_, with_smaller = loss_and_gradient(random_last, batch_norm, 1e-7)
ratio = np.linalg.norm(with_smaller["first"]) / np.linalg.norm(gradient["first"])
check(
    "W06", "batch norm, growth of the gradient", ratio, 1, atol=1e-3, reason="epsilon over variance"
)
for name, norm in {"layer norm": layer_norm, "batch norm": batch_norm}.items():
    _, end = descend(random_last, norm, steps=1)
    gap = spread(end, norm)
    check(
        "W06",
        f"{name}, spread, random last layer",
        gap,
        far_above_rounding,
        relation=">",
        shows="limit",
    )

# %%
# **The silence is not stable.** The mean of equal numbers need not be that number in floating
# point, and a matrix product need not give equal rows the same bits; here both are exact. What differs is multiplied by
# :math:`1/\sqrt\epsilon`, forward and backward. With a noise of a millionth of a millionth in the weights before layer
# normalization the units part, and the loss falls below the variance.
noise = 1e-12 * rng.standard_normal((units, features))
with_noise = tied | {"first": tied["first"] + noise}
losses, end = descend(with_noise, layer_norm, steps=100)
gap = spread(end, layer_norm)
check("W06", "layer norm, spread, noise of 1e-12", gap, 0.1, relation=">", shows="limit")
check("W06", "layer norm, loss, noise", losses[-1], mean_loss, relation="<", shows="limit")

# %%
# **If only some units are tied,** layer normalization has something left beside their mean, and they are not silent.
some_tied = random_first["first"].copy()
some_tied[1] = some_tied[0]
normalized = layer_norm(x @ some_tied.T, default_epsilon)
varies = np.ptp(normalized[:, 0])
check("W06", "layer norm, two of eight tied, range", varies, 0.1, relation=">", shows="limit")

# %%
# **All that two classes of tied units pass is a sign.** If half of the units have one value and half another, at a
# distance :math:`d` that is large against :math:`\sqrt\epsilon`, the normalized values are 1 and -1, whether the two
# are 1 apart or 100, up to :math:`2\epsilon/d^2`. Which of the two is larger is all that passes layer normalization.
for distance in (1, 100):
    two_values = np.repeat([[0.0, distance]], units // 2, axis=1)
    upper = layer_norm(two_values, default_epsilon)[0, -1]
    what = f"upper of two classes, {distance} apart"
    bound = 2 * default_epsilon
    check(
        "W06", what, upper, 1, atol=bound, reason="2 epsilon over distance squared", shows="limit"
    )

# %%
# **Root mean square normalization** subtracts nothing. Of equal units it leaves :math:`z / \sqrt{z^2 + \epsilon}`,
# which is the sign of their common value :math:`z` where that is large against :math:`\sqrt\epsilon`. So the units pass
# one bit.
one_and_ten = np.array([[1.0] * units, [10.0] * units])
of_large = rms_norm(one_and_ten, default_epsilon)
for row, value in enumerate((1, 10)):
    what = f"RMS norm of eight times {value}"
    bound = default_epsilon / 2
    check(
        "W06", what, of_large[row, 0], 1, atol=bound, reason="epsilon / 2 z squared", shows="limit"
    )
check("W06", "RMS norm, spread of the units", spread(rms_end, rms_norm), 0, rounding=1e-10)


# %%
# With weights so large that no value is near 0, the weights before the normalization do not move, and the loss ends at
# the least that an output can have that knows only the sign: the variance within the two groups of inputs.
large = tied | {"first": 1e6 * tied["first"]}
losses, end = descend(large, rms_norm)
is_positive = x @ one_row[0] > 0
within = y.copy()
within[is_positive] -= y[is_positive].mean(axis=0)
within[~is_positive] -= y[~is_positive].mean(axis=0)
of_groups = np.mean(within**2)
move = np.abs(end["first"] - large["first"]).max()
check("W06", "RMS norm, move of first, large", move, 0, rounding=1e-6, shows="limit")
what = "RMS norm, loss, large"
check("W06", what, losses[-1], of_groups, atol=1e-4, reason="steps left", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Put the normalization behind the activation. What changes for tied units?
# - Let three classes of units have three values. How many numbers does layer normalization pass now?
# - An embedding whose rows are constant goes into layer normalization. What does the next layer see?

plt.show()
