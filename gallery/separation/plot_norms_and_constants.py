# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which weight variance keeps signals at their size?
==================================================

The one that gives back what the activation takes from the mean square: over the number of inputs, 2 for ReLU, 1 for
SELU, about 2.54 for tanh and 2.35 for GELU.
SELU and tanh then pull other sizes back to 1, ReLU keeps each size, and GELU drives other sizes away.

Klambauer and coauthors (2017) chose the two constants of SELU so that mean 0 and variance 1 are kept; P06 computes them
again. LeCun and coauthors (1998), Glorot and Bengio (2010) and He and coauthors (2015) gave factors for tanh and ReLU.
"""

# %%
# Set-up
# ------
# A layer with :math:`n` inputs has independent weights of mean 0 and variance :math:`g/n`, and no biases. If it is
# wide, the sums :math:`z` that enter its units are Gaussian with mean 0. Let :math:`q` be their mean square, the
# *length*. The next length is :math:`g\,E\,\varphi(\sqrt{q}\,z)^2`, with :math:`z` standard normal and :math:`\varphi`
# the activation. So the length 1 is kept by :math:`g = 1/E\,\varphi(z)^2`, the *gain* of this page.
#
# ReLU keeps half of the mean square, so :math:`g = 2`, the factor of He. SELU is :math:`\lambda z` for :math:`z > 0`
# and :math:`\lambda\alpha(e^z - 1)` otherwise. Mean 0 at the length 1 is an equation for :math:`\alpha`, and variance 1
# with :math:`g = 1` then one for :math:`\lambda`. GELU is :math:`z\,\Phi(z)` with the normal distribution function.
#
# To take them over, with ``n`` inputs, ``m`` units and the gain ``g`` from the table below:
#
# - NumPy: ``weight = rng.standard_normal((m, n)) * (g / n) ** 0.5``
# - PyTorch: ``torch.nn.init.normal_(layer.weight, std=(g / n) ** 0.5)``
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import ndtr

from symlib.claims import check, check_mean, summary
from symlib.propagation import fixed_point, gaussian_expectations, length_map

rng = np.random.default_rng(2017)
width = 1000
depth = 15
networks = 400

exp_below = np.exp(0.5) * ndtr(-1)  # the mean of e^z where z < 0, and of 0 elsewhere
square_below = np.exp(2) * ndtr(-2)  # the same of its square
alpha = 1 / np.sqrt(2 * np.pi) / (0.5 - exp_below)
scale = (0.5 + alpha**2 * (square_below - 2 * exp_below + 0.5)) ** -0.5


def relu(z):
    """Return z where it is positive, and 0 elsewhere."""
    return np.maximum(z, 0)


def selu(z):
    """Return SELU with the two constants computed above."""
    return scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def gelu(z):
    """Return z times the normal distribution function."""
    return z * ndtr(z)


def normal_mean(function):
    """Return the mean of a function of a standard normal number, by integration."""

    def weighted(z):
        return function(z) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    below, _ = quad(weighted, -12, 0, epsabs=1e-14, epsrel=1e-14)
    above, _ = quad(weighted, 0, 12, epsabs=1e-14, epsrel=1e-14)
    return below + above


def predict(name, gain, start, layers):
    """Return the lengths at infinite width, layer by layer."""
    lengths = [start]
    for _ in range(layers):
        lengths.append(length_map(lengths[-1], weight_variance=gain, activation=name))
    return np.array(lengths)


def draw(activation, gain, start):
    """Return the lengths in random networks, layer by layer, a column for each network.

    Given the layer before, the sums are independent and normal: they are drawn, not the weights.
    """
    lengths = [np.full(networks, start)]
    variance = lengths[0]
    for _ in range(depth):
        z = np.sqrt(variance) * rng.standard_normal((width, networks))
        variance = gain * np.mean(activation(z) ** 2, axis=0)
        lengths.append(variance)
    return np.array(lengths)


gelu_gain = 1 / (1 / 3 + 1 / (2 * np.pi * np.sqrt(3)))
theory = {
    "SELU, 1": predict("selu", 1, 3.0, depth),
    "ReLU, 2 (He)": predict("relu", 2, 1.0, depth),
    "tanh, 1 (Glorot)": predict("tanh", 1, 1.0, depth),
    "GELU, 2.35": predict("gelu", gelu_gain, 0.7, depth),
}
found = {
    "SELU, 1": draw(selu, 1, 3.0),
    "ReLU, 2 (He)": draw(relu, 2, 1.0),
    "tanh, 1 (Glorot)": draw(np.tanh, 1, 1.0),
    "GELU, 2.35": draw(gelu, gelu_gain, 0.7),
}

# %%
# The figure
# ----------
# The length against the depth for four pairs of an activation and a factor :math:`g`. Lines are theory, points are
# medians of 400 networks of width 1000.
places = {
    "SELU, 1": (1.5, 2.5),
    "ReLU, 2 (He)": (9.5, 1.25),
    "tanh, 1 (Glorot)": (3.3, 0.05),
    "GELU, 2.35": (10.5, 0.32),
}
markers = {"SELU, 1": "o", "ReLU, 2 (He)": "s", "tanh, 1 (Glorot)": "^", "GELU, 2.35": "D"}
fig, ax = plt.subplots()
for label, lengths in theory.items():
    (line,) = ax.plot(lengths)
    color = line.get_color()
    ax.plot(np.median(found[label], axis=1), markers[label], color=color, markersize=5)
    ax.annotate(label, places[label], color=color)
ax.set_yscale("log")
ax.set_ylim(0.015, 5)
ax.set_xlabel("depth")
ax.set_ylabel("length (mean square)")
ax.set_title("SELU is pulled to 1; ReLU with 2 keeps what there is")
fig.alt_text = (
    "SELU pulls the length of a signal to 1, and ReLU with the factor 2 keeps it; tanh with 1 "
    "loses it. Mean square against depth up to 15: SELU from 3 down to 1, ReLU constant, tanh "
    "falling like a power, GELU with its gain leaving 0.7 downwards. Networks follow the theory."
)

# %%
# What this page promises
# -----------------------
# **A table of gains, P06.** Each is one over the mean of :math:`\varphi(z)^2`, integrated here and compared with its
# closed form, or for tanh, which has none, with the library. For GELU the mean is :math:`1/3 + 1/(2\pi\sqrt3)`.


def gain_of(activation):
    """Return one over the mean of the square of an activation."""
    return 1 / normal_mean(lambda z: activation(z) ** 2)


gains = {
    "relu": gain_of(relu),
    "selu": gain_of(selu),
    "tanh": gain_of(np.tanh),
    "gelu": gain_of(gelu),
}
tanh_gain = 1 / gaussian_expectations(activation="tanh").square
check("P06", "gain of relu", gains["relu"], 2, rounding=1e-12)
check("P06", "gain of selu", gains["selu"], 1, rounding=1e-12)
check("P06", "gain of tanh", gains["tanh"], tanh_gain, rounding=1e-12)
check("P06", "gain of gelu", gains["gelu"], gelu_gain, rounding=1e-12)

# %%
# These gains do not keep gradients as they keep lengths, but for ReLU: on its way back its square is multiplied in each layer by
# :math:`g\,E\,\varphi'(z)^2`. For ReLU that is 1, for the others a little more.


def relu_slope(z):
    """Return the derivative of ReLU."""
    return np.where(z > 0, 1.0, 0.0)


def selu_slope(z):
    """Return the derivative of SELU."""
    return scale * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))


def tanh_slope(z):
    """Return the derivative of tanh."""
    return 1 - np.tanh(z) ** 2


def gelu_slope(z):
    """Return the derivative of GELU."""
    return ndtr(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def check_gradient(name, slope):
    """Compare the factor of a squared gradient with an integral of the written derivative."""
    squared = normal_mean(lambda z: slope(z) ** 2)
    found = gains[name] * gaussian_expectations(activation=name).slope
    what = f"factor of a squared gradient, {name}"
    check("P06", what, found, gains[name] * squared, rounding=1e-9)


check_gradient("relu", relu_slope)
check_gradient("selu", selu_slope)
check_gradient("tanh", tanh_slope)
check_gradient("gelu", gelu_slope)

# %%
# **The constants of SELU, P06.** The solutions of the two equations are the published numbers, and with these mean and
# variance are reproduced.
published_alpha = 1.6732632423543772
published_scale = 1.0507009873554805
check("P06", "alpha from its equation", alpha, published_alpha, rounding=1e-13)
check("P06", "lambda from its equation", scale, published_scale, rounding=1e-13)
mean = normal_mean(selu)
variance = normal_mean(lambda z: selu(z) ** 2) - mean**2
check("P06", "mean after SELU", mean, 0, rounding=1e-13)
check("P06", "variance after SELU", variance, 1, rounding=1e-13)

# %%
# **Other lengths, P06.** With its gain SELU brings 3 back to 1, and so does tanh. ReLU keeps 3.
end = fixed_point(weight_variance=1, activation="selu", start=3).length
check("P06", "length that SELU leads to, from 3", end, 1, rounding=1e-9)
end = fixed_point(weight_variance=tanh_gain, activation="tanh", start=3).length
check("P06", "length that tanh leads to, from 3", end, 1, rounding=1e-9)
end = predict("relu", 2, 3.0, depth)[-1]
check("P06", "ReLU, 2: length after 15 layers, from 3", end, 3, rounding=1e-9)

# %%
# **Random networks** of width 1000 agree with theory up to chance and a bias of the order 1/width.
check_mean(
    "P06",
    "SELU networks, length at depth 15",
    found["SELU, 1"][-1],
    theory["SELU, 1"][-1],
    bias=3 / width,
    reason="3 / width",
)
check_mean(
    "P06",
    "tanh networks, length at depth 15",
    found["tanh, 1 (Glorot)"][-1],
    theory["tanh, 1 (Glorot)"][-1],
    bias=0.1 / width,
    reason="0.1 / width",
)

# %%
# Where it stops being true
# -------------------------
# **GELU, P06,** keeps the length 1 and no other: with its gain shorter signals fade and longer ones grow without end,
# so that a rounding error is enough in a deep network. It is the same with each gain, as the next length over this one
# grows with the length. In practice normalization holds it. A skip connection, which adds the next length to this one,
# stops the fading and not the growth.
lengths = np.geomspace(1e-3, 1e3, 61)
growth = length_map(lengths, weight_variance=gelu_gain, activation="gelu") / lengths
check("P06", "GELU: least step of the growth", np.diff(growth).min(), 0, relation=">")
with_skip = 1.0
for _ in range(depth):
    with_skip = with_skip + length_map(with_skip, weight_variance=gelu_gain, activation="gelu")
check(
    "P06", "GELU with skips: length after 15 layers", with_skip, 1000, relation=">", shows="limit"
)
shorter = predict("gelu", gelu_gain, 0.9, 100)[-1]
longer = predict("gelu", gelu_gain, 1.1, 100)[-1]
check("P06", "GELU: length after 100 layers, from 0.9", shorter, 0.01, relation="<", shows="limit")
check("P06", "GELU: length after 100 layers, from 1.1", longer, 100, relation=">", shows="limit")

# %%
# **Another gain, P06.** With 1, Glorot's factor in a square layer, ReLU halves the length in each layer, and tanh lets
# it fall like :math:`1/(2\,\mathrm{depth})` (P05 on another page), and its squared gradient like one over the depth.
# With 5/3 squared, the gain that PyTorch's ``calculate_gain`` names for tanh, depth leads not to 1 but somewhat above.
# SELU with the factor of He doubles 1.
halved = predict("relu", 1, 1.0, depth)[-1]
check("P06", "ReLU, 1: length after 15 layers", halved, 2.0**-15, rounding=1e-15, shows="limit")
end = fixed_point(weight_variance=25 / 9, activation="tanh").length
check(
    "P06",
    "tanh, 25/9: length that depth leads to",
    end,
    1.178,
    atol=5e-4,
    reason="three decimals are given",
    shows="limit",
)
on_the_way = np.array(predict("tanh", 1, 1.0, 2000))
slopes = np.array([gaussian_expectations(q, activation="tanh").slope for q in on_the_way])
kept = np.cumprod(slopes)
check(
    "P06",
    "tanh, 1: gradient at twice the depth",
    kept[2000] / kept[1000],
    1 / 2,
    atol=0.005,
    reason="of the order ln(depth) / depth",
    shows="limit",
)
doubled = length_map(1, weight_variance=2, activation="selu")
check("P06", "SELU, 2: length after a layer", doubled, 2, rounding=1e-13, shows="limit")

# %%
# **A value is not a length, P06.** LeCun's activation :math:`1.7159 \tanh(2z/3)` sends the *value* 1 to almost exactly
# 1. The *length* 1 it sends, with :math:`g = 1`, to about 3/4.


def lecun(z):
    """Return the activation of LeCun and coauthors."""
    return 1.7159 * np.tanh(2 * z / 3)


check("P06", "LeCun's tanh at 1", lecun(1), 1, atol=1e-5, reason="five digits of its constant")
length = normal_mean(lambda z: lecun(z) ** 2)
from_library = 1.7159**2 * length_map(4 / 9, weight_variance=1, activation="tanh")
check("P06", "LeCun's tanh: length after a layer", length, from_library, rounding=1e-12)
check("P06", "LeCun's tanh: it is not 1", length, 0.8, relation="<", shows="limit")

# %%
# **Sums that are not Gaussian, P06.** If each unit has a single input, of size 1 and random sign, mean and variance of
# the sums are right and the rest of the law is not: then SELU does not keep the variance. Hence the layer must be wide.
coin = selu(np.array([-1.0, 1.0]))
check("P06", "variance after SELU of random signs", coin.var(), 1.1, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Which gain does LeCun's activation need, and to which length does depth lead with the gain 1?
# - Give SELU a start of length 10, or of 0.1. How many layers does it take to come back to 1?
# - Draw random signs as weights of a wide layer. Which of the curves change?

plt.show()
