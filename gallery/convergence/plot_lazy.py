# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do wide networks stay near their random start?
==============================================

Yes, if the output is scaled by one over the root of the width: with four times the width the weights change half as
much, and the tangent kernel and the distance from a linear model a quarter as much.
The price is that a wide network is then close to a linear method, which learns no features.

Chizat, Oyallon and Bach (2019) called such training lazy. They write that it is due to a choice of scaling, and comes
at the cost of recovering a linear method. Lee and coauthors (2019) show that infinitely wide networks are governed by
their linearization. Equations for the change of the kernel at finite width are the subject of Huang and Yau (2020) and
of Dyer and Gur-Ari (2020). The exponents of O04 are explained and measured here.
"""

# %%
# Set-up
# ------
# A network :math:`f(x) = s \sum_r a_r\, \mathrm{erf}(w_r \cdot x + 1)` has :math:`m` smooth units. All :math:`w_r` and
# :math:`a_r` start standard normal and are trained. With the scale :math:`s = m^{-1/2}` the outputs, and the speed at
# which they change, have a limit for large :math:`m`.
#
# The *tangent kernel* is the Gram matrix of the gradients of the outputs. It says how a step of training moves them.
# Gradient descent with the kernel of the start held fixed is gradient descent for the *linearized* network, the tangent
# to the network in its weights.
#
# Ten inputs of length 1 in ten dimensions have random labels of 1 and -1. The network is trained so that its outputs
# *change* by these labels. After twenty steps three things are measured:
#
# - the change of the first weights, relative to their size;
# - the change of the tangent kernel, relative to its size;
# - the distance of the outputs from those of the linearized network, at twenty new inputs.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import erf

from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network, forward
from symlib.tangent import empirical_tangent_kernel, linearized_residuals
from symlib.training import descend

rng = np.random.default_rng(2019)
features = 10
samples = 10
steps = 20
rate = 0.2
widths = np.array([32, 128, 512, 2048])


def draw_inputs(*shape):
    """Draw inputs of length 1."""
    x = rng.standard_normal((*shape, features))
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def draw_network(m, scale, replicas, one_sign=False):
    """Draw networks with m units, whose output weights are of both signs or of one."""
    w = rng.standard_normal((replicas, m, features))
    a = rng.standard_normal((replicas, 1, m))
    if one_sign:
        a = np.abs(a)
    return Network([Layer(w, np.ones((replicas, m))), Layer(scale * a)], "erf")


def shares(m, scale):
    """Return the step sizes of w and a, which make the speed the same at each scale."""
    return [Layer(weight=1 / (m * scale**2), bias=0), 1 / m]


def relative_change(end, start):
    """Return by how much matrices have changed, relative to their size, for each replica."""
    return np.linalg.norm(end - start, axis=(1, 2)) / np.linalg.norm(start, axis=(1, 2))


def train(m, scale, replicas, one_sign=False):
    """Train networks, and return what was measured, for each replica."""
    start = draw_network(m, scale, replicas, one_sign)
    share = shares(m, scale)
    rates = [Layer(weight=rate * share[0].weight, bias=0), rate * share[1]]
    target = forward(start, x) + y
    run = descend(start, x, target, steps=steps, rate=rates, kind="half_squares")
    end = run.network

    kernel = empirical_tangent_kernel(start, x, rate=share)
    last_kernel = empirical_tangent_kernel(end, x, rate=share)
    kernel_to_new = empirical_tangent_kernel(start, new_x, x, rate=share)
    errors = np.tile(-y[:, 0], (replicas, 1))
    residuals = linearized_residuals(kernel, errors, rate=rate, steps=steps)
    linear_change = -rate * kernel_to_new @ residuals.sum(axis=0)[..., np.newaxis]
    change = forward(end, new_x) - forward(start, new_x)
    squares = np.mean((change - linear_change) ** 2, axis=(1, 2))
    return {
        "weights": relative_change(end.layers[0].weight, start.layers[0].weight),
        "kernel": relative_change(last_kernel, kernel),
        "distance": np.sqrt(squares),
        "loss left": run.losses[-1] / run.losses[0],
    }


x = draw_inputs(samples)
new_x = draw_inputs(2 * samples)
y = rng.choice([-1.0, 1.0], (samples, 1))
both_signs = [train(m, m**-0.5, replicas=50) for m in widths]
one_sign = [train(m, m**-0.5, replicas=25, one_sign=True) for m in widths]
small_scale = [train(m, 1 / m, replicas=25) for m in widths]

# %%
# The figure
# ----------
# Points are means over random starts. Lines have the slopes that theory expects: -1/2, -1 and -1 on the left, and 0,
# -1/2 and -1 on the right. Each goes through the point of the widest network.
fig, (left, right) = plt.subplots(1, 2, sharey=True)


def draw(ax, measured, name, slope, look):
    """Draw the means at all widths, and a line of the slope of the theory."""
    means = [one[name].mean() for one in measured]
    ax.loglog(widths, means[-1] * (widths / widths[-1]) ** slope, "-", color=look[1:])
    ax.loglog(widths, means, look)


draw(left, both_signs, "weights", -1 / 2, "oC0")
draw(left, both_signs, "kernel", -1, "sC1")
draw(left, both_signs, "distance", -1, "^C2")
draw(right, small_scale, "kernel", 0, "^C0")
draw(right, one_sign, "kernel", -1 / 2, "oC3")
draw(right, both_signs, "kernel", -1, "sC1")
for ax in (left, right):
    ax.set_xlabel("units")
    ax.set_xticks([100, 1000], labels=["100", "1000"])
    ax.set_ylim(1e-3, 4)
left.annotate("weights", (300, 0.1), color="C0")
left.annotate("kernel", (450, 0.0135), color="C1")
left.annotate("distance", (200, 0.003), color="C2", ha="right")
left.annotate("lines: theory", (32, 2), color="gray")
right.annotate("scale 1/m", (2048, 1.5), color="C0", ha="right")
right.annotate("one sign", (2048, 0.05), color="C3", ha="right")
right.annotate("both signs", (350, 0.006), color="C1", ha="right")
left.set_ylabel("change in training")
left.set_title("Wider is lazier")
right.set_title("The kernel, and its limits")
fig.alt_text = (
    "The wider, the lazier: the change of the weights falls like one over the root of the width, "
    "that of the kernel and the distance from the linearized network like one over the width. "
    "Right: with output weights of one sign the kernel falls slower, with scale 1/m not at all."
)

# %%
# What this page promises
# -----------------------
# **The exponents, O04.** They are those between 128 and 2048 units, each from fifty pairs of independent starts. That
# little changes is not for lack of learning: most of the loss is gone. An exponent is one of the leading order. For the
# kernel and the distance the next order is smaller by the factor :math:`m^{-1/2}`, which is 0.09 at 128 units, and
# moves the exponent by a few hundredths. For the weights it is smaller by :math:`1/m`.


def exponents(measured, name):
    """Return the exponent between 128 and 2048 units, for each pair of starts."""
    growth = measured[3][name] / measured[1][name]
    return np.log(growth) / np.log(widths[3] / widths[1])


def check_exponent(name, found, expected, shows="claim"):
    """Check that an exponent is within a fifth of the expected one: the next order moves it."""
    mean = found.mean()
    check("O04", f"exponent, {name}", mean, 0.8 * expected, relation="<", shows=shows)
    check("O04", f"exponent, {name}, from below", mean, 1.2 * expected, relation=">", shows=shows)


weight_exponents = exponents(both_signs, "weights")
kernel_exponents = exponents(both_signs, "kernel")
distance_exponents = exponents(both_signs, "distance")
why = "the next order"
check_mean("O04", "exponent, weights", weight_exponents, -1 / 2, bias=0.01, reason=why)
check_exponent("kernel", kernel_exponents, -1)
check_exponent("distance", distance_exponents, -1)
loss_left = both_signs[-1]["loss left"].mean()
check("O04", "share of the loss left, 2048 units", loss_left, 0.5, relation="<")

# %%
# **Where the exponents come from.** In training each unit moves by the order :math:`m^{-1/2}`, as this is the factor in
# front of it. The kernel is a mean over units. So it changes by at most the same order, with output weights of one sign
# as well.
#
# But to this order, the change of the share of unit :math:`r` is an odd function of :math:`a_r`. With both signs
# equally likely, these changes have the mean 0, and the mean over :math:`m` of them is smaller by another factor
# :math:`m^{-1/2}`. What is quadratic in the motion is of the order :math:`1/m` as well.

# %%
# **The price.** A linear method cannot learn which direction of the input counts. Here the target is a single unit with
# the bias 0, :math:`\mathrm{erf}(5 x_1)`, and depends on one of ten directions. Eight networks of 200 units see fifty
# examples each. With the scale :math:`m^{-1/2}` they are lazy. With the scale :math:`1/m`, from the same starts and
# with as many steps of the same speed, they are not. Both fit the examples. The lazy networks have the larger error on
# new inputs.
tries = 8
examples = 50
few_units = 200
rate_with_momentum = 2 / examples


def one_unit(x):
    """Return a target that is a single unit."""
    return erf(5 * x[..., :1])


def square(x):
    """Return a target that is a square in one direction."""
    return 10 * x[..., :1] ** 2 - 1


def errors_of(target, scale, start):
    """Train; return the errors on examples and on new inputs, over the variance of the target."""
    share = shares(few_units, scale)
    rates = [
        Layer(weight=rate_with_momentum * share[0].weight, bias=0),
        rate_with_momentum * share[1],
    ]
    old = forward(start, seen)
    run = descend(
        start,
        seen,
        old + target(seen),
        steps=150,
        rate=rates,
        kind="half_squares",
        momentum=0.9,
    )
    error_seen = forward(run.network, seen) - old - target(seen)
    error_unseen = forward(run.network, unseen) - forward(start, unseen) - target(unseen)
    variance = target(unseen).var()
    return np.mean(error_seen**2) / variance, np.mean(error_unseen**2) / variance


seen = draw_inputs(tries, examples)
unseen = draw_inputs(tries, 500)
lazy_start = draw_network(few_units, few_units**-0.5, tries)
hidden, output = lazy_start.layers
other_start = lazy_start._replace(layers=[hidden, Layer(output.weight * few_units**-0.5)])
lazy_seen, lazy_unseen = errors_of(one_unit, few_units**-0.5, lazy_start)
other_seen, other_unseen = errors_of(one_unit, 1 / few_units, other_start)
check("O04", "error on examples, one unit, lazy", lazy_seen, 0.01, relation="<")
check("O04", "error on examples, one unit, not lazy", other_seen, 0.01, relation="<")
more_error = lazy_unseen / other_unseen
check("O04", "new inputs, one unit, lazy over not", more_error, 2, relation=">")

# %%
# **It is not always a price.** If the target is the square of that direction, the lazy networks have the smaller error.
lazy_seen, lazy_unseen = errors_of(square, few_units**-0.5, lazy_start)
other_seen, other_unseen = errors_of(square, 1 / few_units, other_start)
check("O04", "error on examples, square, lazy", lazy_seen, 0.01, relation="<")
check("O04", "error on examples, square, not lazy", other_seen, 0.01, relation="<")
less_error = lazy_unseen / other_unseen
check("O04", "new inputs, square, lazy over not", less_error, 1, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Output weights of one sign.** Take :math:`|a_r|` for :math:`a_r`, and nothing cancels. The weights stay near as
# before, but the kernel and the distance fall only like :math:`m^{-1/2}`.
one_sign_kernel = exponents(one_sign, "kernel")
one_sign_distance = exponents(one_sign, "distance")
check_exponent("kernel, one sign", one_sign_kernel, -1 / 2, shows="limit")
check_exponent("distance, one sign", one_sign_distance, -1 / 2, shows="limit")

# %%
# **Another scale.** For :math:`s = 1/m` the steps have to be :math:`m` times as large to learn at the same speed. Each
# unit then moves by the order 1 at each width, and the kernel changes by about its own size.
small_scale_weights = exponents(small_scale, "weights")
small_scale_kernel = exponents(small_scale, "kernel")
check_mean(
    "O04",
    "exponent, weights, scale 1/m",
    small_scale_weights,
    0,
    bias=0.04,
    reason=why,
    shows="limit",
)
check_mean(
    "O04",
    "exponent, kernel, scale 1/m",
    small_scale_kernel,
    0,
    bias=0.04,
    reason=why,
    shows="limit",
)
summary()

# %%
# Try it yourself
# ---------------
# - Start the first biases at 0 in place of 1. Why is one sign then as good as both?
# - Scale the output by :math:`m^{-3/4}`. Which exponents do you expect between those of the two scales?
# - Train for 200 steps. The distance of the outputs at the training inputs goes to 0; at new inputs it does not. Why?

plt.show()
