# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do wide networks stay near their random start?
==============================================

Yes, under the scaling of the usual proofs: with four times the width, the weights change half as much.
The tangent kernel, which decides what is learned and how fast, then changes a quarter as much, and so does the distance
from a linear model. With another scaling no width is enough, and with output weights of one sign the gain is slower.

Lee et al. (2019) proved that the distance is at most of the order one over the root of the width. Chizat, Oyallon and
Bach (2019) called such training lazy and showed that it is a matter of scale. O04 is about what is measured.
"""

# %%
# Set-up
# ------
# A network :math:`f(x) = s \sum_r a_r\, \mathrm{erf}(w_r \cdot x + 1)` has :math:`m` smooth units. All :math:`w_r` and
# :math:`a_r` start standard normal and are trained. The scale is :math:`s = m^{-1/2}`, for which the answers and the
# speed of learning have a limit. The *tangent kernel* is the Gram matrix of the gradients of the answers. Descent with
# the kernel of the start held fixed is descent for the *linearized* network, the tangent to it in the weights.
#
# Ten inputs of length 1 in ten dimensions have random labels of 1 and -1, which the change of the answers since the
# start is to match. After twenty steps three things are measured: the relative change of the first weights, that of the
# kernel, and the distance of the network from the linearized one, at twenty new inputs. All are means of twenty starts.
import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.tangent import empirical_tangent_kernel, linearized_residuals
from symlib.training import descend

rng = np.random.default_rng(2019)
samples, replicas, steps, rate = 10, 20, 20, 0.2
widths = np.array([32, 128, 512, 2048])
x = rng.standard_normal((3 * samples, 10))
x /= np.linalg.norm(x, axis=1, keepdims=True)
x, new = x[:samples], x[samples:]
y = rng.choice([-1.0, 1.0], samples)


def ratio(change, start):
    """Return the size of a change of matrices over the size at the start, on average."""
    return np.mean(np.linalg.norm(change, axis=(1, 2)) / np.linalg.norm(start, axis=(1, 2)))


def changes(m, scale, sign=lambda a: a):
    """Return by how much weights and kernel have changed, the distance, and the loss that is left."""
    w = rng.standard_normal((replicas, m, 10))
    a = sign(rng.standard_normal((replicas, 1, m)))
    start = Network([Layer(w, np.ones((replicas, m))), Layer(scale * a)], "erf")
    share = [Layer(weight=1 / (m * scale**2), bias=0), 1 / m]
    kernel = empirical_tangent_kernel(start, x, rate=share)
    reach = empirical_tangent_kernel(start, new, x, rate=share)
    residuals = linearized_residuals(kernel, np.tile(-y, (replicas, 1)), rate=rate, steps=steps)
    linear = -rate * reach @ residuals.sum(axis=0)[..., None]

    target = forward(start, x) + y[:, None]
    rates = [Layer(weight=rate / (m * scale**2), bias=0), rate / m]
    run = descend(start, x, target, steps=steps, rate=rates, kind="half_squares")
    end = run.network.layers[0].weight
    later = empirical_tangent_kernel(run.network, x, rate=share)
    moved = forward(run.network, new) - forward(start, new)
    far = np.linalg.norm(moved - linear, axis=(1, 2)).mean() / np.sqrt(len(new))
    return (
        ratio(end - w, w),
        ratio(later - kernel, kernel),
        far,
        run.losses[-1].mean() * 2 / samples,
    )


def slopes(measured):
    """Return how fast each of the measured numbers falls with the width, as a power."""
    return np.polyfit(np.log(widths), np.log(measured), 1)[0]


lazy = np.array([changes(m, m**-0.5) for m in widths])
signed = np.array([changes(m, m**-0.5, sign=np.abs) for m in widths])
mean = np.array([changes(m, 1 / m) for m in widths])

# %%
# The figure
# ----------
# Points are measured. Lines have the slopes -1/2, -1 and -1 on the left, and -1, -1/2 and 0 on the right, each through
# the point of the widest network. On the right are the kernels of the three networks that this page is about.
fig, (left, right) = plt.subplots(1, 2, sharey=True)
for ax, values, slope, style in (
    (left, lazy[:, 0], -1 / 2, "oC0"),
    (left, lazy[:, 1], -1, "sC1"),
    (left, lazy[:, 2], -1, "^C2"),
    (right, lazy[:, 1], -1, "sC1"),
    (right, signed[:, 1], -1 / 2, "oC3"),
    (right, mean[:, 1], 0, "^C0"),
):
    ax.loglog(widths, values[-1] * (widths / 2048) ** slope, "-" + style[1:])
    ax.loglog(widths, values, style)
    ax.set(xlabel="units", xticks=[100, 1000], xticklabels=["100", "1000"], ylim=(1e-3, 4))
left.annotate("weights", (300, 0.1), color="C0")
left.annotate("kernel", (450, 0.0135), color="C1")
left.annotate("distance", (200, 0.003), color="C2", ha="right")
right.annotate("scale 1/m", (2048, 1.5), color="C0", ha="right")
right.annotate("one sign", (2048, 0.05), color="C3", ha="right")
right.annotate("both signs", (350, 0.006), color="C1", ha="right")
left.set(ylabel="change in training", title="Wider is lazier")
right.set(title="The kernel, and its limits")
fig.alt_text = (
    "The wider, the lazier: the change of the weights falls like one over the root of the width, "
    "that of the kernel and the distance from the linearized network like one over the width. "
    "Right: with output weights of one sign the kernel falls slower, with scale 1/m not at all."
)

# %%
# What this page promises
# -----------------------
# **The exponents, O04.** They are asymptotic, and fitted here from 32 to 2048 units. The bounds leave room for four
# standard errors and for narrow networks. That little changes is not for lack of learning: most of the loss is gone.
room = {"reason": "finite width and four standard errors"}
for name, slope, low, high in zip(
    ("weights", "kernel", "distance"),
    slopes(lazy[:, :3]),
    (-0.55, -1.2, -1.2),
    (-0.45, -0.8, -0.8),
    strict=True,
):
    check("O04", f"slope of the {name}", slope, high, relation="<=", **room)
    check("O04", f"slope of the {name}, from below", slope, low, relation=">=", **room)
check("O04", "share of the loss left, 2048 units", lazy[-1, 3], 0.5, relation="<")

# %%
# **Where the second half comes from.** Each unit moves by the order :math:`m^{-1/2}`, which could change the kernel, a
# mean over units, just as much; so far goes the theorem. But to this order the share of unit :math:`r` changes by an
# odd function of :math:`a_r`. With both signs equally likely these changes have the mean 0, and the mean over
# :math:`m` of them is smaller by another factor :math:`m^{-1/2}`.

# %%
# Where it stops being true
# -------------------------
# **Output weights of one sign.** Take :math:`|a_r|` for :math:`a_r` and nothing cancels. The weights stay near as
# before, but kernel and distance fall only with the order :math:`m^{-1/2}` of the theorem.
bound = {"relation": ">=", "shows": "limit", "reason": "theory -1/2, finite width, the data"}
for name, slope in zip(("kernel", "distance"), slopes(signed[:, 1:3]), strict=True):
    check("O04", f"slope of the {name}, one sign", slope, -0.75, **bound)

# %%
# **Another scale.** For :math:`s = 1/m` the steps have to be :math:`m` times as large to learn at the same speed. Each
# unit then moves by the order 1 at every width, and the kernel changes by about its own size.
bound = {"relation": ">=", "shows": "limit", "reason": "theory 0, finite width"}
for name, slope in zip(("weights", "kernel"), slopes(mean[:, :2]), strict=True):
    check("O04", f"slope of the {name}, scale 1/m", slope, -0.15, **bound)
summary()

# %%
# Try it yourself
# ---------------
# - Start the first biases at 0 in place of 1. Why is one sign then as good as both?
# - Scale the output by :math:`m^{-3/4}`. Which exponents do you expect between those of the two scales?
# - Train for 200 steps. The distance of the answers at the training inputs goes to 0; at new inputs it does not. Why?

plt.show()
