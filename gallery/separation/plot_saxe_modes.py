# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why does learning come in steps?
================================

Because each direction of the data waits near zero and then rises at once, the strong directions long before the weak.
In a linear network of two layers every one of them follows a logistic curve, whose half time is known beforehand.

Saxe, McClelland and Ganguli (2014) solved these networks exactly. P07 holds their curve against training.
"""

# %%
# Set-up
# ------
# A linear network :math:`W_2 W_1` is to learn a matrix :math:`A = U S V^T` with four singular values, the *strengths*.
# The inputs are whitened: the mean of :math:`x x^T` is the identity. It starts balanced and aligned,
# :math:`W_1 = \sqrt{u_0}\, Q V^T` and :math:`W_2 = \sqrt{u_0}\, U Q^T`, so that all singular values of the product
# begin at :math:`u_0`. Under gradient flow on half the squared error each then solves
# :math:`du/dt = 2u(s - u)` by itself: proportional to what has been learned, and to what is missing.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend, linear_mode

rng = np.random.default_rng(2014)
strengths, begin, step = np.array([3, 1.5, 0.8, 0.4]), 1e-3, 0.004
left, right = weights.orthogonal((4, 4), replicas=2, rng=rng)
matrix = (left * strengths) @ right.T
x = 2 * np.eye(4)  # four samples, whitened


def train(*start, step=step, end=14):
    """Return times, and the singular values of the product of the weights at these times."""
    network = Network([Layer(weight) for weight in start], "identity")
    rate = 2 * step  # the loss is a mean of four squares

    def product(network):
        first, *others = network.layers
        result = first.weight
        for layer in others:
            result = layer.weight @ result
        return result

    options = {"rate": rate, "record": product, "every": 5}
    path = descend(network, x, x @ matrix.T, steps=round(end / step), **options).records
    return 5 * step * np.arange(len(path)), np.linalg.svd(np.array(path), compute_uv=False)


def crossing(times, values, height):
    """Return when values that rise pass a height, between two of the times."""
    after = np.argmax(values >= height)
    pair = slice(max(after - 1, 0), after + 1)
    return np.interp(height, values[pair], times[pair])


inner = weights.orthogonal((6, 4), rng=rng)
aligned = np.sqrt(begin) * inner @ right.T, np.sqrt(begin) * left @ inner.T
times, modes = train(*aligned)
theory = np.stack([linear_mode(times, strength=s, start=begin) for s in strengths], axis=1)
scattered = 0.01 * rng.standard_normal((20, 6, 4)), 0.01 * rng.standard_normal((20, 4, 6))
later, random_modes = train(*scattered, end=20)

# %%
# The figure
# ----------
# Left: the four singular values, curves by theory and points by training. Right: a run from a small random start, each
# mode counted from the time of its half, in units of its strength. All fall on one curve.
fig, (ax, one) = plt.subplots(1, 2, width_ratios=(1.6, 1))
for k, s in enumerate(strengths):
    (law,) = ax.plot(times, theory[:, k], linestyle="-")
    ax.plot(times[::80], modes[::80, k], "os^D"[k], color=law.get_color(), markersize=5)
    ax.annotate(f"strength {s:g}", (14, s), (0, 4), textcoords="offset points", ha="right")
    half, since = crossing(later, random_modes[:, 0, k], s / 2), np.arange(-3, 3, 0.8) + 0.2 * k
    found = np.interp(half + since / s, later, random_modes[:, 0, k])
    one.plot(since, found / s, "os^D"[k], color=law.get_color(), markersize=4)
since = np.linspace(-3, 3, 100)
one.plot(since, 1 / (1 + np.exp(-2 * since)), color="gray", linestyle="-", zorder=0)
ax.set(xlabel="time", ylabel="singular value", ylim=(-0.1, 3.5), title="Learning in steps")
one.set(xlim=(-3, 3), ylim=(-0.03, 1.1), yticks=[0, 0.5, 1], xticks=[-2, 0, 2])
one.set(xlabel="time from half × strength", title="One curve")
fig.alt_text = (
    "The singular values of a deep linear network rise one after the other, the strongest first, "
    "each along a predicted logistic curve. Right: counted from its half time and in units of its "
    "strength, every mode of a random start lies on the same curve."
)

# %%
# What this page promises
# -----------------------
# **The half time, P07.** Theory says :math:`\ln((s-u_0)/u_0)/2s`. A step of size :math:`\eta` falls behind: where a
# mode is small its logarithm grows by :math:`2\ln(1+\eta s)` and not by :math:`2\eta s`, a share of :math:`\eta s/2`.
for k, s in enumerate(strengths):
    law = np.log((s - begin) / begin) / (2 * s)
    near = {"rtol": step * s, "reason": "twice the lag of the steps"}
    check("P07", f"half time, strength {s:g}", crossing(times, modes[:, k], s / 2), law, **near)

# %%
# **The whole curve.** A logistic curve rises by at most :math:`s/4` for each unit of its logarithm, so no point is
# off by more than :math:`\eta s^2 \ln(s/u_0)/8`. And the error is in proportion to the step: half the step, half of it.
error = np.abs(modes - theory).max(axis=0)
bound = step * strengths**2 * np.log(strengths / begin) / 8
check("P07", "largest error over its bound", np.max(error / bound), 1, relation="<")
finer = np.abs(train(*aligned, step=step / 2)[1][::2] - theory).max(axis=0)
halved = {"atol": 0.005, "reason": "square of the step"}
check("P07", "error with half the step", finer[0] / error[0], 1 / 2, **halved)

# %%
# Where it stops being true
# -------------------------
# **A random start** is neither aligned nor balanced, and :math:`u_0` means nothing. If it is small, the modes align
# while they grow, and the rise from a tenth to nine tenths takes :math:`\ln(81)/2s` all the same, in the mean of 20.


def rise(path, k):
    """Return the mean time between a tenth and nine tenths of a mode, in units of the theory."""
    each = [
        np.subtract(*(crossing(later, run[:, k], part * strengths[k]) for part in (0.9, 0.1)))
        for run in path.swapaxes(0, 1)
    ]
    return np.mean(each) * 2 * strengths[k] / np.log(81)


for k, s in enumerate(strengths):
    small = {"atol": 0.02, "reason": "small start, 20 runs, steps"}
    check("P07", f"rise from a random start, strength {s:g}", rise(random_modes, k), 1, **small)

# %%
# A large start is in the middle of its curve before it begins, and wider networks start larger: the rise is shorter.
large = 0.1 * rng.standard_normal((5, 64, 4)), 0.1 * rng.standard_normal((5, 4, 64))
found = rise(train(*large, end=8)[1], 3)
check("P07", "rise from 64 units of weights 0.1", found, 0.75, relation="<")

# %%
# **Other depths.** The steps need depth. One layer has no plateau, :math:`du/dt = s - u`; three layers wait longer,
# :math:`du/dt = 3u^{4/3}(s - u)`.
for start in ([begin * left @ right.T], [begin ** (1 / 3) * w for w in (right.T, np.eye(4), left)]):
    times, modes = train(*start)
    law = crossing(times, linear_mode(times, strength=3, start=begin, depth=len(start)), 1.5)
    near = {"rtol": step * 3, "reason": "lag of the steps"}
    name = f"half time, strength 3, layers: {len(start)}"
    check("P07", name, crossing(times, modes[:, 0], 1.5), law, **near)
summary()

# %%
# Try it yourself
# ---------------
# - Give the aligned start another order: exchange two columns of ``left`` in it only. Which modes are late, and why?
# - Plot the loss against the time. Where are its steps, and how high is each?
# - Take 5 or 10 layers from the same :math:`u_0`. Which start makes the wait independent of the depth?

plt.show()
