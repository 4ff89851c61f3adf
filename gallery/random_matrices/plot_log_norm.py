# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why do signals fade although their mean is kept?
================================================

Because a few lucky networks keep the mean of the squared length, while the typical signal shrinks.
Over L layers of n ReLU units with He weights its logarithm falls by 5L/(2n), to leading order, and spreads with
variance 5L/n: depth over width decides.

That the logarithm becomes Gaussian when depth and width grow together is a theorem of Hanin and Nica (2020). Its mean
and variance, R06, are derived here at each width, and the numbers 5/2 and 5 from them.
"""

# %%
# Set-up
# ------
# A signal :math:`h` goes through a layer of :math:`n` ReLU units with He weights, Gaussian of variance :math:`2/n`.
# For a fixed :math:`h` the sums :math:`Wh` are :math:`n` independent Gaussian numbers of variance
# :math:`2|h|^2/n`, whichever way :math:`h` points. Each is positive with probability 1/2.
#
# - The number :math:`k` of units that are on is therefore binomial.
# - Given :math:`k`, the squared length is multiplied by :math:`\frac{2}{n}\chi^2_k`: a sum of :math:`k` squares. Over
#   all :math:`k` this factor has the mean 1.
# - Given :math:`k`, its logarithm has the mean :math:`\psi(k/2) + \ln(4/n)` and the variance :math:`\psi'(k/2)`, where
#   :math:`\psi` is the digamma function.
#
# None of this depends on :math:`h`. So the factors of different layers are independent, and means and variances of the
# logarithm add up. In linear layers, of variance :math:`1/n`, all units are on, and the factor is
# :math:`\frac1n\chi^2_n`.
#
# So there is a **shortcut** for many networks: draw the factor of each layer, and no matrix.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import comb, digamma, polygamma

from symlib import weights
from symlib.claims import check, check_mean, summary

rng = np.random.default_rng(2020)
width = 50
depth = 50
replicas = 60_000


def relu_moments(n):
    """Return mean and variance of the logarithm in one ReLU layer, if a unit is on."""
    k = np.arange(1, n + 1)
    chance = comb(n, k) / (2.0**n - 1)
    mean_given_k = digamma(k / 2) + np.log(4 / n)
    mean = chance @ mean_given_k
    variance = chance @ (polygamma(1, k / 2) + (mean_given_k - mean) ** 2)
    return mean, variance


def linear_moments(n):
    """Return mean and variance of the logarithm in one linear layer."""
    return digamma(n / 2) + np.log(2 / n), polygamma(1, n / 2)


def relu(z):
    """Return z where it is positive, else 0."""
    return np.maximum(z, 0)


def linear(z):
    """Return z as it is."""
    return z


def log_lengths(fill, activation, n, networks, depth):
    """Send a signal through networks of weight matrices; return its log squared lengths."""
    h = np.eye(n)[:, :1]
    squares = []
    for _ in range(depth):
        layer = fill((n, n), replicas=networks, rng=rng)
        h = activation(layer @ h)
        squares.append(np.sum(h**2, axis=(1, 2)))
    with np.errstate(divide="ignore"):  # where all units are off the logarithm is minus infinity
        return np.log(squares)


with_matrices = {
    "ReLU": log_lengths(weights.he, relu, width, 600, depth),
    "linear": log_lengths(weights.lecun, linear, width, 600, depth),
}
units_on = rng.binomial(width, 0.5, (depth, replicas))
relu_factors = 4 / width * rng.standard_gamma(units_on / 2)
linear_factors = 2 / width * rng.standard_gamma(width / 2, (depth, replicas))
with_shortcut = {
    "ReLU": np.cumsum(np.log(relu_factors), axis=0),
    "linear": np.cumsum(np.log(linear_factors), axis=0),
}
moments = {
    "ReLU": relu_moments(width),
    "linear": linear_moments(width),
}

# %%
# The figure
# ----------
# Thin: twelve signals in ReLU networks of weight matrices. Lines are theory: the mean, and for ReLU, dashed, one
# standard deviation on each side. Points are sixty thousand draws of the shortcut. Gray is the logarithm of the *mean*
# squared length, which is 0.
fig, ax = plt.subplots()
layers = np.arange(depth + 1)
shown = [10, 20, 30, 40, 50]
signals = np.vstack([np.zeros(12), with_matrices["ReLU"][:, :12]])
ax.plot(layers, signals, "-", color="C1", linewidth=0.7, alpha=0.5)
for name, color, marker in (("ReLU", "C1", "o"), ("linear", "C0", "s")):
    mean, variance = moments[name]
    ax.plot(layers, mean * layers, "-", color=color)
    drawn = with_shortcut[name][9::10]
    ax.plot(shown, drawn.mean(axis=1), marker, color=color, clip_on=False)
    if name == "ReLU":
        deviation = np.sqrt(variance * layers)
        for side in (-1, 1):
            ax.plot(layers, mean * layers + side * deviation, "--", color=color)
            drawn_side = drawn.mean(axis=1) + side * drawn.std(axis=1)
            ax.plot(shown, drawn_side, marker, color=color, clip_on=False)
ax.axhline(0, color="gray", linewidth=1, linestyle="-", zorder=0)
ax.annotate("mean", (51, -0.1), color="gray", annotation_clip=False)
ax.annotate("linear", (51, -1.25), color="C0", annotation_clip=False)
ax.annotate("ReLU", (51, -2.8), color="C1", annotation_clip=False)
ax.annotate("lines: theory, points: drawn", (1, -6), color="gray")
ax.set_xlabel("layers of width 50")
ax.set_ylabel("log of squared length")
ax.set_xlim(0, 50)
ax.set_ylim(-6.5, 2)
ax.set_title("The mean is kept, the typical signal is not")
fig.alt_text = (
    "The logarithm of the squared length of a signal drifts down with depth, by about 2.6 on "
    "average over 50 ReLU layers of width 50, and spreads by nearly as much; in linear layers it "
    "falls by 1. Measured points lie on the lines of the theory, while the mean of the squared "
    "length stays 1."
)

# %%
# What this page promises
# -----------------------
# **Drift and spread, R06**, over 50 layers of width 50, by the shortcut. The exact moments are larger than the leading
# order, in size, by less than a tenth.
for name, logs in with_shortcut.items():
    last = logs[-1]
    mean, variance = moments[name]
    deviations_squared = (last - depth * mean) ** 2
    check_mean("R06", f"mean of the log, {name}", last, depth * mean)
    check_mean("R06", f"variance of the log, {name}", deviations_squared, depth * variance)

# %%
# **Weight matrices do what the shortcut does.** As the layers of a network are independent, the thirty thousand layers
# of each kind are taken one by one. The drift is small beside the spread, so that here it is only checked to be there;
# below, at width 4, its size is.
for name, logs in with_matrices.items():
    steps = np.diff(logs, axis=0, prepend=0)
    mean, variance = moments[name]
    check("R06", f"mean of a layer, matrices, {name}", steps.mean(), mean / 2, relation="<")
    check_mean("R06", f"variance of a layer, matrices, {name}", (steps - mean) ** 2, variance)

# %%
# **Where 5/2 and 5 come from.** The factor of a layer is :math:`\frac2n` times a sum of :math:`n` independent terms.
# Each is 0 or the square of a standard normal number, with probability 1/2. It has the mean 1/2 and the mean square
# 3/2, so the variance 5/4. So the factor has the mean 1 and the variance
# :math:`\frac4{n^2} \cdot n \cdot \frac54 = 5/n`. For a number :math:`1 + \epsilon` with a small :math:`\epsilon` of
# mean 0 the logarithm is about :math:`\epsilon - \epsilon^2/2`. Its mean is minus half of the variance,
# :math:`-5/(2n)`, and its variance :math:`5/n`. In a linear layer all terms are squares, of variance 2, so the numbers
# are :math:`-1/n` and :math:`2/n`.
next_order = {"rtol": 0.01, "reason": "the next order is a few times 1 / n"}
mean, variance = relu_moments(1000)
check("R06", "mean of one layer, times the width 1000", 1000 * mean, -5 / 2, **next_order)
check("R06", "its variance, times 1000", 1000 * variance, 5, **next_order)
mean, variance = linear_moments(1000)
check("R06", "mean of one linear layer, times 1000", 1000 * mean, -1, **next_order)
check("R06", "variance of one linear layer, times 1000", 1000 * variance, 2, **next_order)

# %%
# All the while, the mean of the squared length is 1. It is measured after five layers, where luck is not yet too rare
# for it.
lengths = np.exp(with_shortcut["ReLU"][4])
check_mean("R06", "mean squared length after 5 layers", lengths, 1)

# %%
# Where it stops being true
# -------------------------
# **Narrow layers.** The leading order has a relative error of the order :math:`1/n`. With four units that is a lot: the
# drift is larger by a seventh, and the variance is more than twice as large.
#
# And a layer can be off. All its units are off with probability :math:`2^{-n}`, and then nothing passes any more: the
# signal has died, and its logarithm is minus infinity. At width 50 this is as good as impossible. At width 4 ten layers
# kill nearly half of the signals, a share of :math:`1 - (15/16)^{10}`. The moments are those of the signals that have
# not died.
narrow = log_lengths(weights.he, relu, 4, 160_000, depth=10)[-1]
is_dead = np.isinf(narrow)
alive = narrow[~is_dead]
share = 1 - (15 / 16) ** 10
mean, variance = relu_moments(4)
leading_drift = -5 * 10 / (2 * 4)
leading_variance = 5 * 10 / 4
check_mean("R06", "share of dead signals, width 4", is_dead, share, shows="limit")
check_mean("R06", "mean of the log, width 4", alive, 10 * mean)
check_mean("R06", "variance of the log, width 4", (alive - 10 * mean) ** 2, 10 * variance)
drift_ratio = alive.mean() / leading_drift
check("R06", "drift over its leading order, width 4", drift_ratio, 1.1, relation=">", shows="limit")
variance_ratio = alive.var() / leading_variance
check("R06", "variance over leading order, width 4", variance_ratio, 2, relation=">", shows="limit")

# %%
# **Other weights.** The numbers are those of independent Gaussian weights. Orthogonal linear layers keep the length of
# each signal, at any width and depth.
kept = log_lengths(weights.orthogonal, linear, 10, 20, depth)
drift = np.abs(kept).max()
check("R06", "largest drift, linear orthogonal", drift, 0, rounding=1e-12, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give orthogonal layers a ReLU and the factor :math:`\sqrt 2`. The drift becomes :math:`-3L/(2n)`. Why 3?
# - Choose the variance of the weights such that the typical length is kept. What does the mean do then?
# - Halve the width from layer to layer. Does the sum of all :math:`1/n` decide?

plt.show()
