# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do deep signals merge, or do they part?
=======================================

Where their length settles, small random weights make inputs alike and large ones drive even close inputs apart, over a
number of layers that is known.
For erf the border between the two is a formula; ReLU has none, and its inputs merge on both sides of variance 2.

The formula, P04, rests on Williams (1997) and Poole et al. (2016), the numbers of layers, P05, on Schoenholz et al.
(2017).
"""

# %%
# Set-up
# ------
# With :math:`n` inputs to a unit, let weights have the variance :math:`\sigma_w^2/n`, and biases :math:`\sigma_b^2`.
# In a wide network the sums that enter the units of a layer are Gaussian. Each input has a *length* :math:`q`, the mean
# square of its sums, and two inputs have a *correlation* :math:`c`. Both follow a map from layer to layer.
#
# Suppose that the lengths settle at a fixed point :math:`q^*` with :math:`0 < q^* < \infty`. There the map of the
# correlation has at :math:`c = 1` the slope :math:`\chi_1 = \sigma_w^2\,E\,\varphi'(\sqrt{q^*}\,z)^2`, where :math:`z`
# is standard normal and :math:`\varphi` the activation. If :math:`\chi_1 < 1`, inputs merge: this is *order*. If
# :math:`\chi_1 > 1`, even close inputs part: this is *chaos*. For erf the border between the two consists of the pairs
# :math:`\sigma_w^2 = \frac\pi4 \sqrt{1 + 4q}` and
# :math:`\sigma_b^2 = q - \frac2\pi \sigma_w^2 \arcsin\frac{2q}{1 + 2q}`, one for each length :math:`q`.
#
# Random networks are drawn layer by layer. Given the layer before, the two sums at a unit are normal with known
# variances and a known correlation, so these sums are drawn instead of the weights.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import erf

from symlib.claims import check, check_mean, summary
from symlib.propagation import (
    correlation_map,
    critical_weight_variance,
    depth_scales,
    fixed_point,
    length_map,
)

rng = np.random.default_rng(2016)
width = 1000
networks = 300
depth = 12
bias_variance = 0.05
settings = {
    "order": 1.0,
    "border": critical_weight_variance(bias_variance, activation="erf"),
    "chaos": 2.2,
}
relu_settings = [1.0, 2.0, 4.0]


def relu(z):
    """Return what ReLU makes of sums."""
    return np.maximum(z, 0)


def follow_map(activation, weight_variance, bias_variance, c, q, layers):
    """Return the correlations at infinite width from layer to layer, from c and the length q on."""
    path = [c]
    for _ in range(layers):
        c = correlation_map(
            c,
            q,
            weight_variance=weight_variance,
            bias_variance=bias_variance,
            activation=activation,
        )
        q = length_map(
            q,
            weight_variance=weight_variance,
            bias_variance=bias_variance,
            activation=activation,
        )
        path.append(c)
    return np.array(path)


def draw(activation, weight_variance, bias_variance, c, q, layers):
    """Return the correlations in random networks from layer to layer, a column for each network."""
    c = np.full(networks, c)
    first_length = np.full(networks, q)
    second_length = np.full(networks, q)
    path = [c]
    for _ in range(layers):
        normal = rng.standard_normal((width, networks))
        independent = rng.standard_normal((width, networks))
        mixed = c * normal + np.sqrt(np.maximum(1 - c**2, 0)) * independent
        first = activation(np.sqrt(first_length) * normal)
        second = activation(np.sqrt(second_length) * mixed)
        first_length = weight_variance * np.mean(first**2, axis=0) + bias_variance
        second_length = weight_variance * np.mean(second**2, axis=0) + bias_variance
        together = weight_variance * np.mean(first * second, axis=0) + bias_variance
        c = together / np.sqrt(first_length * second_length)
        path.append(c)
    return np.array(path)


theory = {}
found = {}
for name, weight_variance in settings.items():
    q = fixed_point(
        weight_variance=weight_variance, bias_variance=bias_variance, activation="erf"
    ).length
    theory[name] = follow_map("erf", weight_variance, bias_variance, 0.6, q, depth)
    found[name] = draw(erf, weight_variance, bias_variance, 0.6, q, depth)

relu_theory = follow_map("relu", np.array(relu_settings), 0.0, np.full(3, 0.2), 1.0, depth)
relu_found = [draw(relu, variance, 0.0, 0.2, 1.0, depth) for variance in relu_settings]

# %%
# The figure
# ----------
# Left, for erf: the border between order and chaos. In the shades it takes more than 5, 10 and 20 layers until the
# correlation has come nearer to its fixed point by a factor e. Above right: the three marked networks. Below right:
# ReLU without biases, with the weight variances 1, 2 and 4. Lines are theory, points are means of 300 networks.
fig, axes = plt.subplot_mosaic([["plane", "erf"], ["plane", "relu"]], width_ratios=(1.2, 1))
plane = axes["plane"]
weight_variances = np.linspace(0.4, 3, 79)
bias_variances = np.linspace(1e-3, 0.3, 41)
scales = depth_scales(
    weight_variance=weight_variances,
    bias_variance=bias_variances[:, np.newaxis],
    activation="erf",
)
q = np.linspace(0, 3, 301)
border = np.pi / 4 * np.sqrt(1 + 4 * q)
border_bias = q - 2 / np.pi * border * np.arcsin(2 * q / (1 + 2 * q))
shades = [("gray", 0.15), ("gray", 0.3), ("gray", 0.5)]
plane.contourf(
    weight_variances, bias_variances, scales.correlation, [5, 10, 20, 1e9], colors=shades
)
plane.plot(border, border_bias, color="C0")

colors = {"order": "C2", "border": "C0", "chaos": "C1"}
markers = {"order": "o", "border": "s", "chaos": "D"}
places = {"order": (0.5, 0.2), "border": (2.02, 0.265), "chaos": (2.3, 0.06)}
label_places = {"order": (1, 0.85), "border": (9, 0.53), "chaos": (9, 0.22)}
some = range(0, depth + 1, 2)
for name, color in colors.items():
    plane.plot(settings[name], bias_variance, markers[name], color=color)
    plane.annotate(name, places[name], color=color)
    axes["erf"].plot(theory[name], color=color)
    means = found[name].mean(axis=1)
    axes["erf"].plot(some, means[some], markers[name], color=color, markersize=4)
    axes["erf"].annotate(name, label_places[name], color=color)
axes["relu"].plot(relu_theory[:, 0], color="C3")
for start, paths in enumerate(relu_found):
    some = range(start, depth + 1, 3)
    means = paths.mean(axis=1)
    axes["relu"].plot(some, means[some], "o^v"[start], color="C3", markersize=4)
axes["relu"].annotate("variances 1, 2, 4:\none curve", (3.6, 0.22), color="C3")
plane.set_xlabel("weight variance")
plane.set_ylabel("bias variance")
plane.set_ylim(0, 0.3)
plane.set_title("The border of erf")
axes["erf"].set_title("Correlation, erf")
axes["relu"].set_title("Correlation, ReLU")
axes["relu"].set_xlabel("depth")
axes["erf"].set_ylim(0, 1.05)
axes["relu"].set_ylim(0, 1.05)
fig.alt_text = (
    "Inputs merge in order and part in chaos; for erf the border between is a formula. Left: it in "
    "the plane of both variances, where depth scales grow. Right: correlations rise or fall with "
    "depth for erf, and rise on one curve for ReLU without biases, whatever its weight variance."
)

# %%
# What this page promises
# -----------------------
# **The border in closed form, P04.** The means over :math:`z` are taken again, as sums over a fine grid. On the border
# :math:`\chi_1 = 1`, and the length :math:`q` is kept. The border starts at :math:`\pi/4`; order lies on its left and
# chaos on its right.
z = np.linspace(-12, 12, 2001)
normal = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
mean_square = erf(np.sqrt(q)[:, np.newaxis] * z) ** 2 @ normal
mean_square_slope = 4 / np.pi * np.exp(-2 * q[:, np.newaxis] * z**2) @ normal
chi_error = np.abs(border * mean_square_slope - 1).max()
length_error = np.abs(border * mean_square + border_bias - q).max()
check("P04", "slope at 1, off 1", chi_error, 0, rounding=1e-8)
check("P04", "length after a layer, off q", length_error, 0, rounding=1e-8)

solved = critical_weight_variance(border_bias, activation="erf")
check("P04", "solved numerically, off the formula", np.abs(solved - border).max(), 0, rounding=1e-8)
check("P04", "border without biases", solved[0], np.pi / 4, rounding=1e-8)

left = fixed_point(weight_variance=border - 0.01, bias_variance=border_bias, activation="erf")
right = fixed_point(weight_variance=border + 0.01, bias_variance=border_bias, activation="erf")
check("P04", "largest slope 0.01 to the left", left.slope.max(), 1, relation="<")
check("P04", "least slope 0.01 to the right", right.slope.min(), 1, relation=">")

# %%
# **Depth scales, P05.** Near its fixed point a map multiplies the distance to it by its slope there. So the distance
# shrinks by a factor e in :math:`\xi = -1/\ln(\mathrm{slope})` layers: :math:`\xi_q` for the length and :math:`\xi_c`
# for the correlation. The library takes them from the slopes; here the maps are followed instead, for ten layers.
cases = [("tanh", 1.3), ("tanh", 2.5), ("relu", 1.7)]
for activation, weight_variance in cases:
    end = fixed_point(
        weight_variance=weight_variance, bias_variance=bias_variance, activation=activation
    )
    scale = depth_scales(
        weight_variance=weight_variance, bias_variance=bias_variance, activation=activation
    ).correlation
    path = follow_map(activation, weight_variance, bias_variance, 0.6, end.length, 120)
    rest = np.abs(path - end.correlation)
    check(
        "P05",
        f"scale of c, {activation} {weight_variance}",
        10 / np.log(rest[110] / rest[120]),
        scale,
        rtol=1e-3,
        reason="what is left of the distance, and rounding",
    )

lengths = [1.0]
for _ in range(99):
    mean_square = np.tanh(np.sqrt(lengths[-1]) * z) ** 2 @ normal
    lengths.append(1.3 * mean_square + bias_variance)
rest = np.abs(np.array(lengths) - lengths[-1])
scale = depth_scales(weight_variance=1.3, bias_variance=bias_variance, activation="tanh").length
check(
    "P05",
    "scale of q, tanh 1.3",
    1 / np.log(rest[19] / rest[20]),
    scale,
    rtol=1e-3,
    reason="what is left of the distance, and rounding",
)

# %%
# Where :math:`\chi_1 = 1` the scale :math:`\xi_c` is infinite. For tanh with these biases that is at a weight variance
# of about 1.761. Close to it, on both sides, :math:`\xi_c` grows like :math:`1/|\chi_1 - 1|`.
critical = critical_weight_variance(bias_variance, activation="tanh")
q = 1.0
for _ in range(99):
    q = critical * np.tanh(np.sqrt(q) * z) ** 2 @ normal + bias_variance
slope = critical / np.cosh(np.sqrt(q) * z) ** 4 @ normal
check("P05", f"slope at 1, tanh, {critical:.7f}", slope, 1, rounding=1e-8)
for side, step in (("below", -1e-4), ("above", 1e-4)):
    weight_variance = critical + step
    near = fixed_point(
        weight_variance=weight_variance, bias_variance=bias_variance, activation="tanh"
    )
    scale = depth_scales(
        weight_variance=weight_variance, bias_variance=bias_variance, activation="tanh"
    ).correlation
    product = scale * np.abs(near.slope - 1)
    check(
        "P05",
        f"scale of c times |slope - 1|, {side}",
        product,
        1,
        atol=1e-3,
        reason="next order in the distance",
    )

# %%
# Random networks agree with theory, up to chance and a bias of the order 1/width.
for name, paths in found.items():
    check_mean(
        "P05",
        f"mean c at depth 10, {name}",
        paths[10],
        theory[name][10],
        bias=3 / width,
        reason="3 / width",
    )

# %%
# Where it stops being true
# -------------------------
# **On the border, P05,** the approach is no exponential but a power: far down, twice the depth halves :math:`1 - c`.
weight_variance = settings["border"]
q = fixed_point(
    weight_variance=weight_variance, bias_variance=bias_variance, activation="erf"
).length
rest = 1 - follow_map("erf", weight_variance, bias_variance, 0.6, q, 2000)
check(
    "P05",
    "1 - c at twice the depth, erf, border",
    rest[2000] / rest[1000],
    1 / 2,
    atol=0.01,
    reason="of the order ln(depth) / depth",
    shows="limit",
)

# %%
# **ReLU without biases, P05,** has no length of its own. At the weight variance 2 each length is kept, at others
# lengths grow or shrink by a factor in each layer. The correlation does not see this: at each weight variance it
# follows the same curve to 1, and twice the depth quarters :math:`1 - c` (P03 on another page is about its angle).
kept = length_map(3.0, weight_variance=2.0, activation="relu")
check("P05", "ReLU, 2: length after a layer, from 3", kept, 3, rounding=1e-12, shows="limit")
apart = np.ptp(relu_theory, axis=1).max()
check("P05", "ReLU, variances 1, 2, 4: c apart", apart, 0, rounding=1e-12, shows="limit")
for variance, paths in zip(relu_settings, relu_found):
    check_mean(
        "P05",
        f"ReLU, {variance:.0f}: mean c at depth 10",
        paths[10],
        relu_theory[10, 0],
        bias=3 / width,
        reason="3 / width",
        shows="limit",
    )
rest = 1 - follow_map("relu", 1.0, 0.0, 0.2, 1.0, 2000)
check(
    "P05",
    "1 - c at twice the depth, ReLU",
    rest[2000] / rest[1000],
    1 / 4,
    atol=0.005,
    reason="of the order ln(depth) / depth",
    shows="limit",
)

# %%
# **ReLU has no chaos, P05.** With a weight variance of 2.5 and biases :math:`\chi_1` is 1.25, which would be chaos. But
# lengths grow without end, biases count less and less, and inputs merge, in the map and in random networks. So for ReLU
# the variance 2 is where lengths are kept, and no border between merging and parting.
end = fixed_point(weight_variance=2.5, bias_variance=bias_variance, activation="relu")
check("P05", "ReLU, 2.5: slope at 1", end.slope, 1.25, rounding=1e-12, shows="limit")
path = follow_map("relu", 2.5, bias_variance, 0.2, 1.0, 200)
check(
    "P05", "ReLU, 2.5: c after 200 layers, from 0.2", path[200], 0.99, relation=">", shows="limit"
)
paths = draw(relu, 2.5, bias_variance, 0.2, 1.0, 60)
check_mean(
    "P05", "ReLU, 2.5: networks, c at depth 60", paths[60], 0.95, relation=">", shows="limit"
)

# %%
# **Where signals fade, P05,** :math:`q^* = 0`, and :math:`\chi_1` decides nothing. With erf, a weight variance of 1/2
# and no biases :math:`\chi_1` is :math:`2/\pi`, which would be order. But short signals meet only the linear part of
# erf, and the correlation comes to rest far from 1. The library gives no depth scale here.
end = fixed_point(weight_variance=0.5, activation="erf")
check("P05", "erf, 0.5: length in the end", end.length, 0, shows="limit")
check("P05", "erf, 0.5: slope at 1", end.slope, 2 / np.pi, rounding=1e-12, shows="limit")
path = follow_map("erf", 0.5, 0.0, 0.2, 1.0, 60)
check(
    "P05",
    "erf, 0.5: c at depth 60, from 0.2",
    path[60],
    0.179,
    atol=5e-4,
    reason="three decimals are given",
    shows="limit",
)
paths = draw(erf, 0.5, 0.0, 0.2, 1.0, 20)
check_mean("P05", "erf, 0.5: networks, c at depth 20", paths[20], 0.3, relation="<", shows="limit")

# %%
# **Tanh with variance 1 and no biases, P05,** a usual choice, stands on the border, with :math:`q^* = 0` and
# :math:`\chi_1 = 1`. As :math:`\tanh z \approx z - z^3/3`, the length goes from :math:`q` to about :math:`q - 2q^2`, so
# that its inverse gains 2 in each layer, and the length falls like :math:`1/(2\,\mathrm{depth})`. The correlation
# changes by the order :math:`q^2` only. These changes have a finite sum, and it hardly moves. Here the means in two
# variables are sums over a grid of 40 by 40 Gauss points.
points, point_weights = np.polynomial.hermite_e.hermegauss(40)
point_weights = point_weights / point_weights.sum()
c = 0.2
q = 1.0
for _ in range(2000):
    first = np.tanh(np.sqrt(q) * points)
    mixed = c * points[:, np.newaxis] + np.sqrt(1 - c**2) * points
    second = np.tanh(np.sqrt(q) * mixed)
    q = point_weights @ first**2
    c = (point_weights * first) @ second @ point_weights / q
end = fixed_point(weight_variance=1.0, activation="tanh")
check("P05", "tanh, 1: slope at 1", end.slope, 1, rounding=1e-12, shows="limit")
check(
    "P05",
    "tanh, 1: length times depth",
    q * 2000,
    1 / 2,
    atol=0.005,
    reason="of the order ln(depth) / depth",
    shows="limit",
)
check(
    "P05",
    "tanh, 1: c at depth 2000, from 0.2",
    c,
    0.1713,
    atol=5e-5,
    reason="four decimals are given",
    shows="limit",
)

# %%
# **A single network, P05,** is off by the order of the root of 1/width, and in chaos stays so.
spread = np.sqrt(width) * found["chaos"][-1].std()
check("P05", "spread in chaos, times root width", spread, 1, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Draw the border of tanh into the figure. Where are its usual gain 5/3, squared, and the variance 1 of LeCun?
# - Leave out the biases of erf, and start at a correlation of -0.6. Where do signals end now?

plt.show()
