# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why do signals fade although their mean is kept?
================================================

Because the mean of the squared length is kept by a few lucky networks, while the typical signal shrinks.
Over L layers of width n its logarithm falls by 5L/(2n) and spreads with variance 5L/n: depth over width decides.

The law, R06, is a theorem of Hanin and Nica (2020). The exact moments at each width are derived here.
"""

# %%
# Set-up
# ------
# A signal :math:`h` goes through a layer of :math:`n` ReLU units with He weights, Gaussian of variance :math:`2/n`.
# For a fixed :math:`h` the sums :math:`Wh` are :math:`n` independent Gaussian numbers of variance
# :math:`2|h|^2/n`, wherever :math:`h` points. Each is positive with probability 1/2. So the number :math:`k` of units
# that are on is binomial, and the squared length is multiplied by :math:`\frac{2}{n}\chi^2_k`, of mean 1 and variance
# :math:`5/n`. Given :math:`k`, the logarithm of that has the mean :math:`\psi(k/2) + \ln(4/n)` and the variance
# :math:`\psi'(k/2)`, where :math:`\psi` is the digamma function. As this does not depend on :math:`h`, layers are
# independent, and the moments of the logarithm add up. In linear layers, of variance :math:`1/n`, all units are on.
#
# So there is a **shortcut** for many networks: draw what a layer does to the squared length, and no matrix.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import comb, digamma, polygamma

from symlib import weights
from symlib.claims import check, summary

rng = np.random.default_rng(2020)
width, depth, replicas = 50, 50, 60_000


def moments(n, linear=False):
    """Return the mean and the variance of the logarithm in one layer that does not die."""
    k = np.arange(1, n + 1)
    chance = np.where(k == n, 1, 0) if linear else comb(n, k) / (2.0**n - 1)
    means = digamma(k / 2) + np.log((2 if linear else 4) / n)
    mean = chance @ means
    return mean, chance @ (polygamma(1, k / 2) + (means - mean) ** 2)


def through_layers(fill, n, networks, linear=False, depth=depth):
    """Send a signal through networks of weight matrices; return the log squared lengths."""
    h, result = np.eye(n)[:, :1], []
    for _ in range(depth):
        h = fill((n, n), replicas=networks, rng=rng) @ h
        h = h if linear else np.maximum(h, 0)
        result.append(np.sum(h**2, axis=(1, 2)))
    with np.errstate(divide="ignore"):  # the logarithm of a dead signal is minus infinity
        return np.log(result)


real = through_layers(weights.he, width, 100)
real_linear = through_layers(weights.lecun, width, 100, linear=True)
on = rng.binomial(width, 0.5, (depth, replicas))
paths = np.cumsum(np.log(4 / width * rng.standard_gamma(on / 2)), axis=0)
steps = rng.standard_gamma(width / 2, (depth, replicas))
paths_linear = np.cumsum(np.log(2 / width * steps), axis=0)

# %%
# The figure
# ----------
# Twelve signals in networks of weight matrices, thin; the theory of the mean, and for ReLU of one standard deviation
# on each side, as lines; sixty thousand draws of the shortcut, as points. At 0 the logarithm of the mean length.
fig, ax = plt.subplots()
layers = np.arange(depth + 1)
ax.plot(layers, np.vstack([np.zeros(12), real[:, :12]]), "-", color="C1", linewidth=0.7, alpha=0.5)
for sample, linear, color, marker in ((paths, False, "C1", "o"), (paths_linear, True, "C0", "s")):
    mean, variance = moments(width, linear)
    for side, style in ((0, "-"),) if linear else ((-1, "--"), (0, "-"), (1, "--")):
        ax.plot(layers, mean * layers + side * np.sqrt(variance * layers), style, color=color)
        points = [one.mean() + side * one.std() for one in sample[9::10]]
        ax.plot(layers[10::10], points, marker, color=color, clip_on=False)
ax.axhline(0, color="gray", linewidth=1, linestyle="-", zorder=0)
ax.annotate("mean", (51, -0.1), color="gray", annotation_clip=False)
ax.annotate("linear", (51, -1.25), color="C0", annotation_clip=False)
ax.annotate("ReLU", (51, -2.8), color="C1", annotation_clip=False)
ax.set(xlabel="layers of width 50", ylabel="log of squared length", xlim=(0, 50), ylim=(-6.5, 2))
ax.set_title("The mean is kept, the typical signal is not")
fig.alt_text = (
    "The logarithm of the squared length of a signal drifts down with depth, by 2.5 on average over "
    "50 ReLU layers of width 50, and spreads by as much; in linear layers it falls by 1. Measured "
    "points lie on the lines of the theory, while the mean of the squared length stays 1."
)

# %%
# What this page promises
# -----------------------
# **Drift and spread, R06**, at width 50, where the exact moments are a few percent beyond the leading order.


def noise(values):
    """Return four standard errors of the mean and of the variance."""
    spread = values - values.mean()
    return 4 * np.array([values.std(), (spread**2).std()]) / np.sqrt(len(values))


why = {"reason": "four standard errors"}
for name, last, linear in (("ReLU", paths[-1], False), ("linear", paths_linear[-1], True)):
    (mean, variance), room = moments(width, linear), noise(last)
    check("R06", f"mean of the log, {name}", last.mean(), depth * mean, atol=room[0], **why)
    check("R06", f"variance of the log, {name}", last.var(), depth * variance, atol=room[1], **why)

# %%
# **Weight matrices do what the shortcut does.** Five thousand layers of each kind, taken one by one.
off = []
for sample, linear in ((real, False), (real_linear, True)):
    one = np.diff(sample, axis=0, prepend=0).ravel()
    off += [*np.abs(np.array([one.mean(), one.var()]) - moments(width, linear)) / noise(one) * 4]
check("R06", "standard errors off, worst of four", max(off), 4.5, relation="<")

# %%
# **The numbers of the theorem** are the leading order of these moments for large :math:`n`. And all the while the
# mean of the squared length is 1; it is measured after five layers, where luck is not yet too rare for it.
mean, variance = moments(1000)
order = {"reason": "the next order is a few times 1 / n"}
check("R06", "mean of one layer, times the width 1000", 1000 * mean, -5 / 2, rtol=3 / 1000, **order)
check("R06", "its variance, times 1000", 1000 * variance, 5, rtol=5 / 1000, **order)
length = np.exp(paths[4])
check("R06", "mean squared length after 5 layers", length.mean(), 1, atol=noise(length)[0], **why)

# %%
# Where it stops being true
# -------------------------
# The relative error of the leading order is of the order :math:`1/n`, at any depth. With four units that is a lot: the
# drift is larger by a seventh and the variance more than twice as large, **in networks that are still alive**. For all
# units of a layer are off with probability :math:`2^{-n}`, and then nothing passes any more. At width 50 this is as
# good as impossible. At width 4 ten layers kill half of the signals, :math:`1 - (15/16)^{10}`.
narrow = through_layers(weights.he, 4, 40_000, depth=10)[-1]
alive = narrow[np.isfinite(narrow)]
dead = 1 - len(alive) / len(narrow)
limit = {"shows": "limit", "reason": "four standard errors"}
atol = noise(np.isfinite(narrow))[0]
check("R06", "share of dead signals, width 4", dead, 1 - (15 / 16) ** 10, atol=atol, **limit)
drift = 10 * moments(4)[0]
check("R06", "mean of the log, width 4", alive.mean(), drift, atol=noise(alive)[0], **limit)
limit = {"relation": ">", "shows": "limit", "reason": "twice the leading order; exactly 2.34 times"}
check("R06", "variance of the log, width 4", alive.var(), 2 * 5 * 10 / 4, **limit)

# %%
# **It is a law of independent weights.** Orthogonal linear layers keep every length, however narrow or deep.
kept = through_layers(weights.orthogonal, 10, 20, linear=True)
why = {"atol": 1e-12, "reason": "rounding"}
check("R06", "largest drift, linear orthogonal", np.abs(kept).max(), 0, **why)
summary()

# %%
# Try it yourself
# ---------------
# - Give orthogonal layers a ReLU and the factor :math:`\sqrt 2`. The drift becomes :math:`-3L/(2n)`. Why 3?
# - Choose the variance of the weights such that the typical length is kept. What does the mean do then?
# - Halve the width from layer to layer. Does the sum of all :math:`1/n` decide, as the theorem says?

plt.show()
