# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Is a constant filter of a convolution a trap?
=============================================

Not by itself: the nine weights of one constant filter see different pixels and part at the first step.
Equal filters are the trap: if they agree in their weights, their biases and in what is made of them, gradient descent
keeps them one filter, but for rounding.

A filter is a unit that is used at many places. W03 is the tie of units for filters, and it, too, is about sums: between
two convolutions the sums count for each place of the filter by itself.
"""

# %%
# Set-up
# ------
# Images of 8 by 8 pixels go through two convolutions of four filters each, 3 by 3, with tanh. Each filter of the second
# one is averaged over its 4 by 4 places, and a linear unit says from the four means whether the digit is even.
#
# People mean two things by equal weights. In the first network all weights of both convolutions are the same. In the
# second the nine weights of a filter are random, and the four filters of a convolution are equal. In the third the
# filters are random.
import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_digits

from symlib.claims import check, summary

filters = 4
steps = 300
rate = 0.05

digits = load_digits()
images = digits.images[:96] / 16
centered = images - images.mean(axis=0)
x = centered[..., np.newaxis]  # samples, rows, columns, and one channel
is_even = digits.target[:96] % 2 == 0
y = np.where(is_even, 1.0, -1.0)[:, np.newaxis]

rng = np.random.default_rng(1989)


def patches(values):
    """Return what a filter sees at each place: all channels of 3 by 3 pixels, in a row."""
    windows = sliding_window_view(values, (3, 3), axis=(1, 2))
    samples, rows, columns, *_ = windows.shape
    return windows.reshape(samples, rows, columns, -1)


def as_rows(filters):
    """Return each filter as a row."""
    return filters.reshape(len(filters), -1)


def forward(parameters):
    """Return the values of both convolutions, and the outputs."""
    first, first_bias, second, second_bias, last, last_bias = parameters
    values = np.tanh(patches(x) @ as_rows(first).T + first_bias)
    deeper = np.tanh(patches(values) @ as_rows(second).T + second_bias)
    means = deeper.mean(axis=(1, 2))
    outputs = means @ last.T + last_bias
    return values, deeper, outputs


def of_filters(signal, seen):
    """Return the derivative in each weight of filters, summed over all samples and places."""
    at_places = signal.reshape(-1, filters)
    seen_at_places = seen.reshape(len(at_places), -1)
    return (at_places.T @ seen_at_places).reshape(filters, -1, 3, 3)


def loss_and_gradient(parameters):
    """Return the mean squared error and its derivatives."""
    _, _, second, _, last, _ = parameters
    values, deeper, outputs = forward(parameters)
    error = outputs - y
    signal = 2 * error / len(x)
    # each of the 16 places has the same part in a mean
    at_each_place = (signal @ last / 16)[:, np.newaxis, np.newaxis]
    second_signal = at_each_place * (1 - deeper**2)
    first_signal = np.zeros_like(values)
    for i in range(3):
        for j in range(3):
            first_signal[:, i : i + 4, j : j + 4] += second_signal @ second[:, :, i, j]
    first_signal = first_signal * (1 - values**2)
    gradient = [
        of_filters(first_signal, patches(x)),
        first_signal.sum(axis=(0, 1, 2)),
        of_filters(second_signal, patches(values)),
        second_signal.sum(axis=(0, 1, 2)),
        signal.T @ deeper.mean(axis=(1, 2)),
        signal.sum(axis=0),
    ]
    return np.mean(error**2), gradient


def train(first, second, last=None, steps=steps):
    """Train from these filters, and return the losses and the last parameters."""
    if last is None:
        last = np.full((1, filters), 0.5)
    parameters = [first, np.zeros(filters), second, np.zeros(filters), last, np.zeros(1)]
    losses = []
    for _ in range(steps):
        value, gradient = loss_and_gradient(parameters)
        losses.append(value)
        parameters = [p - rate * g for p, g in zip(parameters, gradient)]
    return np.array(losses), parameters


def gap(parameters):
    """Return the largest difference of two filters of a convolution, over all images and places."""
    values, deeper, _ = forward(parameters)
    return max(np.ptp(values, axis=-1).max(), np.ptp(deeper, axis=-1).max())


first_shape = (filters, 1, 3, 3)
second_shape = (filters, filters, 3, 3)
constant_first = np.full(first_shape, 0.3)
constant_second = np.full(second_shape, 0.1)
one_first_filter = 0.3 * rng.standard_normal((1, 1, 3, 3))
one_second_filter = 0.15 * rng.standard_normal((1, 1, 3, 3))
equal_first = np.tile(one_first_filter, (filters, 1, 1, 1))
equal_second = np.tile(one_second_filter, (filters, filters, 1, 1))
random_first = 0.3 * rng.standard_normal(first_shape)
random_second = 0.15 * rng.standard_normal(second_shape)

losses_of_constant, after_constant = train(constant_first, constant_second)
losses_of_equal, after_equal = train(equal_first, equal_second)
losses_of_random, after_random = train(random_first, random_second)

# %%
# The figure
# ----------
# On the left the loss, in this draw of the filters: with other draws equal filters can also end lower than random ones.
# On the right the four filters of the first convolution after training, when they started constant: the same filter
# four times, and no longer constant.
fig, (left, right) = plt.subplots(1, 2, gridspec_kw={"width_ratios": [1.4, 1]})
left.plot(losses_of_constant, label="all weights equal")
left.plot(losses_of_equal, label="equal filters")
left.plot(losses_of_random, label="random filters")
left.set_xlabel("step")
left.set_ylabel("loss")
left.set_ylim(0, 1.2)
left.legend()
left.set_title("Equal filters are one", fontsize="medium")
learned = after_constant[0][:, 0]
picture = np.full((7, 7), np.nan)
picture[:3, :3] = learned[0]
picture[:3, 4:] = learned[1]
picture[4:, :3] = learned[2]
picture[4:, 4:] = learned[3]
right.imshow(picture, cmap="PuOr", vmin=-0.9, vmax=0.9)
right.axis("off")
right.set_title("Constant at the start", fontsize="medium")
fig.alt_text = (
    "Left: with all weights equal, and with equal filters, the loss stays above that of random "
    "filters. Right: four filters that started constant are the same picture after training, and "
    "their nine weights differ."
)

# %%
# What this page promises
# -----------------------
# **Equal filters stay equal, W03**, if they have equal biases and the layer after treats them alike. The proof is that
# for units: permute the filters, and nothing changes.
#
# **The weights of one filter do not stay equal.** They multiply different pixels, so their derivatives differ.
check("W03", "gap of filters, all weights equal", gap(after_constant), 0, rounding=1e-9)
check("W03", "gap of filters, equal filters", gap(after_equal), 0, rounding=1e-9)
check("W03", "spread within a filter", np.ptp(learned[0]), 0.1, relation=">")
_, one_step = train(constant_first, constant_second, steps=1)
check("W03", "the same after one step", np.ptp(one_step[0][0]), 1e-4, relation=">")
check("W03", "gap of random filters", gap(after_random), 0.1, relation=">")

# %%
# **It is about sums, place by place.** Between the two convolutions stand nine matrices of four by four, one for each
# place of the filter. Let each have rows and columns of one sum, with other numbers in each, and let the first filters
# be equal. Then the four filters of each convolution are one, though no two of their weights need be equal.
moved = rng.standard_normal(second_shape)
moved = moved - moved.mean(axis=1, keepdims=True)
moved = moved - moved.mean(axis=0)
by_sums = equal_second + 0.1 * moved
check("W03", "different weights of the second", len(np.unique(by_sums)), by_sums.size)
_, summed = train(equal_first, by_sums, steps=100)
check("W03", "gap of filters, equal sums", gap(summed), 0, rounding=1e-6)

# %%
# Where it stops being true
# -------------------------
# **Sums over the whole filter are not enough.** Shift weight from one place of the filter to another, in one pair of
# filters: all sums over places stay, and the filters part.
shifted = by_sums.copy()
shifted[0, 0, 0, 0] += 0.1
shifted[0, 0, 2, 2] -= 0.1
before = by_sums.sum(axis=(2, 3))
change = np.abs(shifted.sum(axis=(2, 3)) - before).max()
check("W03", "change of the sums over places", change, 0, rounding=1e-12)
_, parted = train(equal_first, shifted, steps=1)
check("W03", "gap, sums over places only", gap(parted), 1e-3, relation=">", shows="limit")

# %%
# **What is made of them.** With random weights after the second convolution its equal filters part.
random_last = rng.standard_normal((1, filters))
_, parted = train(equal_first, equal_second, last=random_last, steps=100)
check("W03", "gap, random last layer", gap(parted), 1e-3, relation=">", shows="limit")

# %%
# **Depthwise filters.** Where each filter reads a channel of its own, equal filters see different images. Let each of
# the four filters of the second convolution read one filter of the first, which are random. They part.
each = np.arange(filters)
depthwise = np.zeros(second_shape)
depthwise[each, each] = one_second_filter[0, 0]
check("W03", "spread of depthwise filters", np.ptp(depthwise[each, each], axis=0).max(), 0)
_, parted = train(random_first, depthwise, steps=1)
spread = np.ptp(parted[2][each, each], axis=0).max()
check("W03", "the same after one step, depthwise", spread, 1e-4, relation=">", shows="limit")

# %%
# **All weights 0.** Then tanh filters say 0 everywhere, and no weight of a convolution moves.
_, after_zeros = train(np.zeros(first_shape), np.zeros(second_shape), steps=20)
largest = max(np.abs(after_zeros[0]).max(), np.abs(after_zeros[2]).max())
check("W03", "largest weight, from 0", largest, 0, shows="limit")

# %%
# **The gradient of this page** is written by hand. Along a random direction it agrees with a difference of losses.
at = [random_first, np.zeros(filters), random_second, np.zeros(filters), random_last, np.zeros(1)]
direction = [rng.standard_normal(part.shape) for part in at]
size = 1e-5
ahead, _ = loss_and_gradient([part + size * way for part, way in zip(at, direction)])
behind, _ = loss_and_gradient([part - size * way for part, way in zip(at, direction)])
_, derivatives = loss_and_gradient(at)
slope = sum(np.sum(part * way) for part, way in zip(derivatives, direction))
difference = (ahead - behind) / (2 * size)
length = np.sqrt(sum(np.sum(part**2) for part in derivatives))
error = (slope - difference) / length
check("W03", "error of the gradient, over its length", error, 0, rounding=1e-6)
summary()

# %%
# Try it yourself
# ---------------
# - Take the mean over the 4 by 4 places out, and let the last layer read each place. What has to be equal then?
# - Give the four filters different biases and equal weights. How long until they differ?
# - Let two of the four filters be equal and two random. What does the trained network have?

plt.show()
