# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Do deep signals merge, or do they part?
=======================================

With small random weights all inputs become alike, with large ones even neighbors part, both over a number of layers
that is known. On the border between the two it takes longest, and for erf this border is a formula.

The formula, P04, rests on Williams (1997) and Poole et al. (2016), the depths, P05, on Schoenholz et al. (2017).
"""

# %%
# Set-up
# ------
# Let weights have the variance :math:`\sigma_w^2` over the number of inputs, and biases :math:`\sigma_b^2`. In a wide
# network the sums at the units of a layer are Gaussian, with a mean square, the *length* :math:`q`, and for two inputs
# a *correlation* :math:`c`. Both follow maps from layer to layer. Once :math:`q` is settled, that of :math:`c` has at 1
# the slope :math:`\chi_1 = \sigma_w^2 E\varphi'(\sqrt q z)^2`, with :math:`z` standard normal, :math:`\varphi` the
# activation. Below 1 is *order*: inputs merge. Above is *chaos*: even neighbors part. The border of erf, at any length:
# :math:`\sigma_w^2 = \frac\pi4 \sqrt{1 + 4q}`, :math:`\sigma_b^2 = q - \frac2\pi \sigma_w^2 \arcsin\frac{2q}{1 + 2q}`.
#
# Networks are drawn layer by layer: given the one before, the two sums at a unit are normal, with known covariances.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import erf

from symlib.claims import check, summary
from symlib.propagation import correlation_map, critical_weight_variance, depth_scales, fixed_point

rng = np.random.default_rng(2016)
width, nets, depth, start = 1000, 300, 12, 0.6
q = np.linspace(0, 3, 301)
border = np.pi / 4 * np.sqrt(1 + 4 * q)
bias = q - 2 / np.pi * border * np.arcsin(2 * q / (1 + 2 * q))
on_border = critical_weight_variance(0.05, activation="erf")
networks = {
    name: {"weight_variance": variance, "bias_variance": 0.05, "activation": "erf"}
    for name, variance in (("order", 1.0), ("border", on_border), ("chaos", 2.2))
}


def iterate(steps, **network):
    """Return the correlation in each layer of infinite width, with the length at its end."""
    path, length = [start], fixed_point(**network).length
    for _ in range(steps):
        path.append(correlation_map(path[-1], length, **network))
    return np.array(path)


def draw(**network):
    """Return the correlation in each layer of several erf networks."""
    gram = np.full((2, 2, nets), fixed_point(**network).length)
    path = [np.full(nets, start)]
    for _ in range(depth):
        z, other = rng.standard_normal((2, nets, width))
        c, s = path[-1][:, None], np.sqrt(1 - path[-1] ** 2)[:, None]
        h = erf(np.sqrt(gram[[0, 1], [0, 1]])[..., None] * [z, c * z + s * other])
        gram = network["weight_variance"] * np.einsum("inu,jnu->ijn", h, h) / width + 0.05
        path.append(gram[0, 1] / np.sqrt(gram[0, 0] * gram[1, 1]))
    return np.array(path)


theory = {name: iterate(depth, **network) for name, network in networks.items()}
found = {name: draw(**network) for name, network in networks.items()}

# %%
# The figure
# ----------
# Left: the border of erf. In the shades a signal lives longer: its correlation takes more than 5, 10 and 20 layers for
# a factor e of its way. Right: the three marked networks; lines are theory, points means of 300 networks.
fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.2, 1))
weights, biases = np.linspace(0.4, 3, 105), np.linspace(1e-3, 0.3, 61)
plane = depth_scales(weight_variance=weights, bias_variance=biases[:, None], activation="erf")
shades = [("gray", strength) for strength in (0.15, 0.3, 0.5)]
ax.contourf(weights, biases, plane.correlation, [5, 10, 20, 1e9], colors=shades)
ax.plot(border, bias, color="C0")
marks = zip(found.items(), "osD", ("C2", "C0", "C1"), ((0.5, 0.2), (2.02, 0.265), (2.3, 0.06)))
for (name, paths), marker, color, place in marks:
    ax.plot(networks[name]["weight_variance"], 0.05, marker, color=color)
    ax.annotate(name, place, color=color)
    right.plot(theory[name], color=color)
    right.plot(range(0, 13, 2), paths.mean(axis=1)[::2], marker, color=color, markersize=5)
    right.annotate(name, (8, theory[name][8] - 0.1), color=color)
ax.set(xlabel="weight variance", ylabel="bias variance", ylim=(0, 0.3), title="Border: a formula")
right.set(xlabel="depth", ylabel="correlation", ylim=(0, 1.03), title="Merge or part")
fig.alt_text = (
    "Inputs merge in order and part in chaos; for erf the border between is a formula. Left: it in "
    "the plane of both variances, where depth scales grow. Right: correlations rise or fall by depth."
)

# %%
# What this page promises
# -----------------------
# **The border in closed form, P04.** The means are taken again, as sums over a fine grid of :math:`z`: on the border
# :math:`\chi_1 = 1`, and :math:`q` is kept. It starts at :math:`\pi/4`; order lies on its left, chaos on its right.
z = np.linspace(-12, 12, 2001)
normal = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
square = erf(np.sqrt(q)[:, None] * z) ** 2 @ normal
slope = 4 / np.pi * np.exp(-2 * q[:, None] * z**2) @ normal
small = {"atol": 1e-8, "reason": "rounding, with room to spare"}
check("P04", "slope at 1, off 1", np.abs(border * slope - 1).max(), 0, **small)
check("P04", "length after a layer, off q", np.abs(border * square + bias - q).max(), 0, **small)
solved = critical_weight_variance(bias, activation="erf")
check("P04", "solved numerically, off the formula", np.abs(solved - border).max(), 0, **small)
check("P04", "border without biases", solved[0], np.pi / 4, **small)
for side, step, farthest, relation in (("left", -0.01, np.max, "<"), ("right", 0.01, np.min, ">")):
    ends = fixed_point(weight_variance=border + step, bias_variance=bias, activation="erf")
    check("P04", f"slope 0.01 to the {side}", farthest(ends.slope), 1, relation=relation)

# %%
# **Depth scales, P05.** Near its fixed point a map multiplies the distance to it by its slope there, so a factor e
# takes :math:`\xi = -1/\ln(\mathrm{slope})` layers, :math:`\xi_q` for :math:`q` and :math:`\xi_c` for :math:`c`. Here
# the maps are followed instead. Where :math:`\chi_1 = 1`, for ReLU at 2, for tanh and these biases near 1.761,
# :math:`\xi_c` is infinite. Networks agree with theory up to chance and a bias of the order 1/width.
near = {"rtol": 1e-3, "reason": "what is left of the distance, and rounding"}
for activation, variance in (("tanh", 1.3), ("tanh", 2.5), ("relu", 1.7)):
    network = {"weight_variance": variance, "bias_variance": 0.05, "activation": activation}
    one, other = iterate(120, **network)[[110, 120]] - fixed_point(**network).correlation
    scale = depth_scales(**network).correlation
    check("P05", f"scale of c, {activation} {variance}", 10 / np.log(one / other), scale, **near)
tanh, lengths = critical_weight_variance(0.05, activation="tanh"), np.ones((100, 2))
for layer in range(99):
    root = np.sqrt(lengths[layer])[:, None]
    lengths[layer + 1] = [1.3, tanh] * (np.tanh(root * z) ** 2 @ normal) + 0.05
one, other = lengths[[19, 20], 0] - lengths[-1, 0]
variances = [1.3, tanh - 1e-4, tanh + 1e-4]
scales = depth_scales(weight_variance=variances, bias_variance=0.05, activation="tanh")
check("P05", "scale of q, tanh 1.3", 1 / np.log(one / other), scales.length[0], **near)
slope = tanh / np.cosh(root[1] * z) ** 4 @ normal
check("P05", f"slope at 1, tanh, {tanh:.7f}", slope, 1, **small)
check("P05", "border of ReLU", critical_weight_variance(0.05, activation="relu"), 2, **small)
check("P05", "scale of c, 0.0001 from the border", scales.correlation[1:].min(), 4e4, relation=">")
for name, paths in found.items():
    chance = {"atol": 4 * paths[10].std() / np.sqrt(nets) + 3 / width, "reason": "4 s.e. + 3/width"}
    check("P05", f"mean c at depth 10, {name}", paths[10].mean(), theory[name][10], **chance)

# %%
# Where it stops being true
# -------------------------
# **On the border, P05,** the approach is a power law: twice the depth halves :math:`1 - c`. **ReLU without biases** has
# one at every weight variance, and quarters it: its angles do not depend on lengths (P03). **A single network** is off
# by the order of the root of 1/width, and in chaos stays so.
scaled = {"weight_variance": 1.0, "activation": "relu"}
slow = {"rtol": 0.02, "reason": "of the order ln(depth) / depth", "shows": "limit"}
for name, network, part in (("erf", networks["border"], 1 / 2), ("ReLU", scaled, 1 / 4)):
    rest = 1 - iterate(2000, **network)[[1000, 2000]]
    check("P05", f"1 - c at twice the depth, {name}", rest[1] / rest[0], part, **slow)
spread = np.sqrt(width) * found["chaos"][-1].std()
check("P05", "spread in chaos, times root width", spread, 1, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Draw the border of tanh into the figure. Where are its usual gain 5/3, squared, and the variance 1 of LeCun?
# - Leave out the biases, and start at a correlation of -0.6. Where do signals end now?

plt.show()
