# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why does learning come in steps?
================================

In a linear network of two layers with a small start, each direction of the data waits near zero and then rises quickly,
the strong directions before the weak.
With whitened inputs and an aligned start each of them follows a logistic curve, whose half time is known beforehand.

Saxe, McClelland and Ganguli (2014) solved these networks exactly. P07 compares their curve with training.
"""

# %%
# Set-up
# ------
# A linear network :math:`W_2 W_1` is to learn a matrix :math:`A = U S V^T` with four singular values, the *strengths*
# :math:`s`. The inputs are whitened: the mean of :math:`x x^T` is the identity. The start is aligned with :math:`A` and
# balanced, that is equally large in both layers: :math:`W_1 = \sqrt{u_0}\, Q V^T` and
# :math:`W_2 = \sqrt{u_0}\, U Q^T`, where :math:`Q` has orthonormal columns. So all four singular values of the product
# :math:`W_2 W_1` begin at :math:`u_0`.
#
# Under gradient flow on half the squared error each of them then solves :math:`du/dt = 2u(s - u)` by itself. In words:
# it grows in proportion to what has been learned and to what is missing. The solution is a logistic curve.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network
from symlib.training import descend, linear_mode

rng = np.random.default_rng(2014)
strengths = np.array([3, 1.5, 0.8, 0.4])
begin = 1e-3
step = 0.004
every = 5  # steps between two records

left = weights.orthogonal((4, 4), rng=rng)
right = weights.orthogonal((4, 4), rng=rng)
matrix = (left * strengths) @ right.T
x = 2 * np.eye(4)  # four samples, whitened
y = x @ matrix.T


def product(network):
    """Return the product of the weights of a network."""
    result = network.layers[0].weight
    for layer in network.layers[1:]:
        result = layer.weight @ result
    return result


def train(layers, step, end):
    """Return the singular values of the product of the weights, a row for each recorded time."""
    network = Network([Layer(weight) for weight in layers], "identity")
    run = descend(
        network,
        x,
        y,
        steps=round(end / step),
        rate=2 * step,  # the loss is a mean of four squares
        record=product,
        every=every,
    )
    return np.linalg.svd(np.array(run.records), compute_uv=False)


def crossing(times, values, height):
    """Return when values that rise pass a height, by interpolation between two of the times."""
    after = np.argmax(values >= height)
    before = max(after - 1, 0)
    pair = [before, after]
    return np.interp(height, values[pair], times[pair])


inner = weights.orthogonal((6, 4), rng=rng)
first = np.sqrt(begin) * inner @ right.T
second = np.sqrt(begin) * left @ inner.T
modes = train([first, second], step, 14)
times = every * step * np.arange(len(modes))
theory = np.empty_like(modes)
for k, s in enumerate(strengths):
    theory[:, k] = linear_mode(times, strength=s, start=begin)

runs = 100
random_first = 0.01 * rng.standard_normal((runs, 6, 4))
random_second = 0.01 * rng.standard_normal((runs, 4, 6))
random_modes = train([random_first, random_second], step, 20)
random_times = every * step * np.arange(len(random_modes))

# %%
# The figure
# ----------
# Left: the four singular values, curves by theory and points by training. Right: one run from a small random start.
# Each mode is counted from the time at which it has reached half of its strength, and measured in units of its
# strength.
fig, (ax, one) = plt.subplots(1, 2, width_ratios=(1.6, 1))
markers = ["o", "s", "^", "D"]
for k, s in enumerate(strengths):
    (law,) = ax.plot(times, theory[:, k], linestyle="-")
    color = law.get_color()
    ax.plot(times[::80], modes[::80, k], markers[k], color=color, markersize=5)
    ax.annotate(f"strength {s:g}", (14, s + 0.08), horizontalalignment="right")

    mode = random_modes[:, 0, k]
    half = crossing(random_times, mode, s / 2)
    since = np.arange(-3, 3, 0.8) + 0.2 * k
    at_these = np.interp(half + since / s, random_times, mode)
    one.plot(since, at_these / s, markers[k], color=color, markersize=4)
since = np.linspace(-3, 3, 100)
one.plot(since, 1 / (1 + np.exp(-2 * since)), color="gray", linestyle="-", zorder=0)
ax.set_xlabel("time")
ax.set_ylabel("singular value")
ax.set_ylim(-0.1, 3.5)
ax.set_title("Learning comes in steps")
one.set_xlim(-3, 3)
one.set_ylim(-0.03, 1.1)
one.set_xticks([-2, 0, 2])
one.set_yticks([0, 0.5, 1])
one.set_xlabel("strength × (time − half)")
one.set_title("All on one curve")
fig.alt_text = (
    "The singular values of a deep linear network rise one after the other, the strongest first, "
    "each along a predicted logistic curve. Right: counted from its half time and in units of its "
    "strength, every mode of a random start lies on the same curve."
)

# %%
# What this page promises
# -----------------------
# **The half time, P07.** Theory says that a mode reaches half its strength at the time
# :math:`\ln((s-u_0)/u_0)/(2s)`. A step of size :math:`\eta` falls behind: while a mode is small its logarithm grows by
# :math:`2\ln(1+\eta s)` in a step and not by :math:`2\eta s`, which is less by the share :math:`\eta s/2`.
for k, s in enumerate(strengths):
    half_time = np.log((s - begin) / begin) / (2 * s)
    check(
        "P07",
        f"half time, strength {s:g}",
        crossing(times, modes[:, k], s / 2),
        half_time,
        rtol=step * s,
        reason="twice the lag of the steps",
    )

# %%
# **The whole curve, P07.** A logistic curve rises by at most :math:`s/4` for each unit of :math:`\ln(u/(s-u))`, so no point is
# off by more than about :math:`\eta s^2 \ln(s/u_0)/8`. The error is in proportion to the step: half the step, half of
# it.
errors = np.abs(modes - theory).max(axis=0)
bounds = step * strengths**2 * np.log(strengths / begin) / 8
check("P07", "largest error over its bound", np.max(errors / bounds), 1, relation="<")
finer_modes = train([first, second], step / 2, 14)
finer_errors = np.abs(finer_modes[::2] - theory).max(axis=0)
check(
    "P07",
    "error with half the step",
    finer_errors[0] / errors[0],
    1 / 2,
    atol=0.005,
    reason="square of the step",
)

# %%
# Where it stops being true
# -------------------------
# **A random start, P07,** is neither aligned nor balanced, and it has no :math:`u_0`. If it is small, the modes align
# while they grow, and the rise from a tenth to nine tenths takes about :math:`\ln(81)/(2s)` all the same, in the mean
# of a hundred runs.


def rises_of(times, paths, s):
    """Return the times from a tenth to nine tenths of a strength, in units of the theory."""
    rises = []
    for path in paths.T:
        tenth = crossing(times, path, 0.1 * s)
        nine_tenths = crossing(times, path, 0.9 * s)
        rises.append(nine_tenths - tenth)
    return np.array(rises) / (np.log(81) / (2 * s))


for k, s in enumerate(strengths):
    rises = rises_of(random_times, random_modes[:, :, k], s)
    check_mean(
        "P07",
        f"rise from a random start, strength {s:g}",
        rises,
        1,
        bias=0.02,
        reason="the start is small, not 0, and steps lag",
    )

# %%
# **A large start, P07,** begins in the middle of its curve, and wider networks start larger: the rise of
# the weakest mode is shorter.
large_first = 0.1 * rng.standard_normal((5, 64, 4))
large_second = 0.1 * rng.standard_normal((5, 4, 64))
large_modes = train([large_first, large_second], step, 20)
large_times = every * step * np.arange(len(large_modes))
rises = rises_of(large_times, large_modes[:, :, 3], strengths[3])
check("P07", "rise from 64 units of weights 0.1", rises.mean(), 0.75, relation="<", shows="limit")

# %%
# **Other depths, P07.** The steps need depth. One layer has no plateau, since :math:`du/dt = s - u`, and its half time
# is that of an exponential, :math:`\ln((s - u_0)/(s/2))`.
one_layer = begin * left @ right.T
one_mode = train([one_layer], step, 14)[:, 0]
half_time = np.log((3 - begin) / 1.5)
check(
    "P07",
    "half time, strength 3, one layer",
    crossing(times, one_mode, 1.5),
    half_time,
    rtol=step * 3,
    reason="lag of the steps",
    shows="limit",
)

# %%
# Three layers that start at the same :math:`u_0` wait longer, since :math:`du/dt = 3u^{4/3}(s - u)`.
root = begin ** (1 / 3)
three_layers = [root * right.T, root * np.eye(4), root * left]
three_mode = train(three_layers, step, 14)[:, 0]
law = linear_mode(times, strength=3, start=begin, depth=3)
check(
    "P07",
    "half time, strength 3, three layers",
    crossing(times, three_mode, 1.5),
    crossing(times, law, 1.5),
    rtol=step * 3,
    reason="lag of the steps",
    shows="limit",
)
summary()

# %%
# Try it yourself
# ---------------
# - Give the aligned start another order: exchange two columns of ``left`` in it only. Which modes are late, and why?
# - Plot the loss against the time. Where are its steps, and how high is each?
# - Take 5 or 10 layers from the same :math:`u_0`. Which start makes the wait independent of the depth?

plt.show()
