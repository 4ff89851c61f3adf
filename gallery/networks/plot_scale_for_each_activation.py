# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Which initialization goes with GELU, SiLU, ReLU or tanh?
========================================================

Weights of mean 0 whose variance is a number over the fan-in, about 2.35 for GELU, 2.81 for SiLU, 2 for ReLU and 2.54
for tanh, with zero biases, keep the size of a signal of size 1 in a wide layer.
On the way back the squared gradient then grows by about 7 % a layer for GELU and SiLU, by 18 % for tanh, and not at all
for ReLU.

He and coauthors (2015) gave 2 for ReLU, and the slope is that of Schoenholz and coauthors (2017). The page on norms
(P06) has the scale for four activations. W13 has twelve, says what keeping the size does to two close inputs,
and looks at what PyTorch, Keras and Flax do if they are told nothing. Its inequality is derived here.
"""

# %%
# Set-up
# ------
# A layer has :math:`n` inputs, independent weights of mean 0 and variance :math:`g/n`, and an activation
# :math:`\varphi` before it. Its *length* is the mean square of the sums that enter its units. In a wide layer these
# sums are Gaussian. With :math:`z` standard normal, two numbers then say what a layer does at the length 1:
#
# - :math:`g = 1/E\,\varphi(z)^2` keeps the length, if the biases are 0;
# - :math:`\chi = E\,\varphi'(z)^2 / E\,\varphi(z)^2` is what such a layer multiplies the squared angle of two close
#   inputs by, and on the way back a squared gradient.
#
# Here both are integrated for twelve activations, by Gauss's rule between the places where some of them have a kink.
# The derivatives come from autograd.
from itertools import pairwise

import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import elementwise_grad, grad
from autograd.scipy.special import erf

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.propagation import (
    correlation_map,
    critical_weight_variance,
    fixed_point,
    gaussian_expectations,
    length_map,
)

points, at_points = np.polynomial.legendre.leggauss(100)
edges = [-14, -7, -1, 0, 1, 7, 14]
nodes = []
masses = []
for low, high in pairwise(edges):
    z = (low + high) / 2 + (high - low) / 2 * points
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    nodes.append(z)
    masses.append((high - low) / 2 * at_points * density)
nodes = np.concatenate(nodes)
masses = np.concatenate(masses)


def sigmoid(z):
    """Return the logistic function."""
    return 1 / (1 + anp.exp(-z))


def softplus(z):
    """Return ln(1 + exp(z))."""
    return anp.logaddexp(0, z)


activations = {
    "relu": lambda z: anp.maximum(z, 0),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.01 * z),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
    "gelu_tanh": lambda z: z * (1 + anp.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) / 2,
    "silu": lambda z: z * sigmoid(z),
    "mish": lambda z: z * anp.tanh(softplus(z)),
    "elu": lambda z: anp.where(z > 0, z, anp.exp(anp.minimum(z, 0)) - 1),
    "selu": lambda z: (
        1.0507009873554805
        * anp.where(z > 0, z, 1.6732632423543772 * (anp.exp(anp.minimum(z, 0)) - 1))
    ),
    "tanh": anp.tanh,
    "hardtanh": lambda z: anp.minimum(anp.maximum(z, -1), 1),
    "sigmoid": sigmoid,
    "softplus": softplus,
}

scale = {}
slope = {}
mean_share = {}
for name, phi in activations.items():
    values = phi(nodes)
    slopes = elementwise_grad(phi)(nodes)
    square = masses @ values**2
    scale[name] = 1 / square
    slope[name] = masses @ slopes**2 / square
    mean_share[name] = (masses @ values) ** 2 / square

# %%
# For the figure, stacks of twelve square layers between GELUs, with real weights: the default starts of PyTorch and
# Keras, He's factor 2, and the factor of the table. Sums of length 1 come in. Points are medians of 100 networks.
width = 128
depth = 12
networks = 100
rng = np.random.default_rng(2352)


def run(activation, draw):
    """Send two inputs through random networks, and return lengths of the first and the last sums.

    The lengths have a row for each layer and a column for each network.
    """
    sums = rng.standard_normal((networks, width, 2))
    lengths = []
    for _ in range(depth):
        start = draw((width, width), replicas=networks, rng=rng)
        sums = start.weight @ activation(sums) + start.bias[..., np.newaxis]
        lengths.append(np.mean(sums[..., 0] ** 2, axis=1))
    return np.array(lengths), sums


def he(shape, replicas, rng):
    """Draw weights of variance 2 over the fan-in, and biases 0."""
    weight = weights.he(shape, replicas=replicas, rng=rng)
    return weights.Start(weight, np.zeros((replicas, width)))


def for_gelu(shape, replicas, rng):
    """Draw weights with the scale of the table, and biases 0."""
    weight = weights.lecun(shape, gain=np.sqrt(scale["gelu"]), replicas=replicas, rng=rng)
    return weights.Start(weight, np.zeros((replicas, width)))


def by_theory(g, bias):
    """Return the length in GELU layers of infinite width, layer by layer."""
    lengths = [1.0]
    for _ in range(depth):
        following = length_map(
            lengths[-1], weight_variance=g, bias_variance=bias, activation="gelu"
        )
        lengths.append(following)
    return lengths


gelu = activations["gelu"]
found = {
    "2.35": run(gelu, for_gelu)[0],
    "2 (He)": run(gelu, he)[0],
    "PyTorch": run(gelu, weights.pytorch_default)[0],
    "Keras": run(gelu, weights.keras_default)[0],
}
theory = {
    "2.35": by_theory(scale["gelu"], 0),
    "2 (He)": by_theory(2, 0),
    "PyTorch": by_theory(1 / 3, 1 / (3 * width)),
    "Keras": by_theory(1, 0),
}

# %%
# The figure
# ----------
# On the left the length in the stacks of GELU layers: lines are the theory of infinite width. On the right the slope
# :math:`\chi` that goes with the scale of each activation.
fig, (left, right) = plt.subplots(1, 2, gridspec_kw={"width_ratios": [1.25, 1]})
places = {
    "2.35": (9.5, 1.6),
    "2 (He)": (8.2, 0.17),
    "PyTorch": (8.3, 6e-4),
    "Keras": (3.7, 3e-5),
}
layers = np.arange(depth + 1)
for label, lengths in theory.items():
    (line,) = left.plot(layers, lengths)
    color = line.get_color()
    left.plot(layers[1:], np.median(found[label], axis=1), "o", color=color, markersize=4)
    left.annotate(label, places[label], color=color)
left.set_yscale("log")
left.set_ylim(1e-6, 10)
left.set_xlabel("layer")
left.set_ylabel("length (mean square)")
left.set_title("GELU with four scales", fontsize="medium")
names = sorted(slope.keys() - {"gelu_tanh", "leaky_relu"}, key=slope.get)
rows = np.arange(len(names))
right.axvline(1, color="gray", linewidth=1)
right.plot([slope[name] for name in names], rows, "o", color="C0")
right.set_yticks(rows, names, fontsize="small")
right.set_xlabel("slope")
right.set_title("What it costs", fontsize="medium")
fig.alt_text = (
    "Left: the scale of the table keeps the length of a signal through twelve GELU layers; with "
    "He's factor it fades, and with the defaults of PyTorch and Keras faster. Right: the slope is "
    "1 for ReLU, a little above for GELU, SiLU and ELU, more for tanh, and small for sigmoid."
)

# %%
# What this page promises
# -----------------------
# **The table, W13.** For each activation its scale :math:`g` and its slope :math:`\chi`, integrated here and compared
# with the library, which has closed forms or another quadrature. JAX takes GELU in its form with tanh by default; the
# scale is the same in three decimals.
for name in activations:
    expected = gaussian_expectations(activation=name)
    factor = expected.slope / expected.square
    check("W13", f"scale of {name}", scale[name], 1 / expected.square, rounding=1e-9)
    check("W13", f"slope of {name}", slope[name], factor, rounding=1e-9)

# %%
# The numbers of the answer above are these, to two decimals.
answer = {"gelu": (2.35, 1.07), "silu": (2.81, 1.07), "relu": (2, 1), "tanh": (2.54, 1.18)}
for name, (size, growth) in answer.items():
    reason = "two decimals"
    check("W13", f"scale in the answer, {name}", scale[name], size, atol=0.005, reason=reason)
    check("W13", f"slope in the answer, {name}", slope[name], growth, atol=0.005, reason=reason)

# %%
# **To keep both.** Where :math:`\chi` is above 1, less weight and some bias keep the length 1 and have the slope 1: the
# weight variance :math:`1/E\,\varphi'(z)^2` over the fan-in, and the bias variance :math:`1 - 1/\chi`. In words: what
# the smaller weights take away, the biases give back. This is a point of the border between order and chaos. The
# library looks for it in another way: it goes along the border until it finds the bias variance.
with_slope_above_1 = ["gelu", "silu", "mish", "elu", "selu", "tanh", "hardtanh"]
for_both = {}
for name in with_slope_above_1:
    weight_variance = scale[name] / slope[name]
    bias_variance = 1 - 1 / slope[name]
    for_both[name] = (weight_variance, bias_variance)
    border = critical_weight_variance(bias_variance, activation=name)
    check("W13", f"weights for both, {name}", weight_variance, border, rounding=1e-7)
    following = length_map(1, weight_variance=border, bias_variance=bias_variance, activation=name)
    check("W13", f"length kept by both, {name}", following, 1, rounding=1e-7)
    expected = gaussian_expectations(activation=name)
    wanted = 1 - expected.square / expected.slope
    check("W13", f"biases for both, {name}", bias_variance, wanted, rounding=1e-9)

# %%
# **Slope and mean, W13.** What an activation gives to all inputs alike is its mean, and :math:`(E\,\varphi(z))^2 /
# E\,\varphi(z)^2` is the share of the mean square that it has. For a continuous :math:`\varphi`, smooth but for kinks,
# the slope and this share add up to 1 or more, and to 1 only for :math:`a + b z`. *Proof.* Let :math:`a_k` be the
# coefficients of :math:`\varphi` in orthonormal Hermite polynomials. Then :math:`E\,\varphi^2 = \sum
# a_k^2`, the share is :math:`a_0^2` over this sum, and :math:`E\,\varphi'^2 = \sum k\,a_k^2`. So :math:`E\,\varphi'^2 +
# a_0^2 - E\,\varphi^2 = \sum_{k>1} (k-1)\,a_k^2`.
#
# So a continuous one without a mean, such as tanh, that is no line parts close inputs at the scale that keeps its size,
# and only a mean can make a slope small. The slope of the sigmoid is small because its values are about 1/2.
totals = [slope[name] + mean_share[name] for name in activations]
check("W13", "least slope plus share", min(totals), 1, relation=">=", rounding=1e-9)
random_totals = []
for _ in range(200):
    offset, line, bend, speed, place = rng.standard_normal(5)
    inner = np.tanh(speed * nodes + place)
    values = offset + line * nodes + bend * inner
    slopes = line + bend * speed * (1 - inner**2)
    square = masses @ values**2
    total = (masses @ slopes**2 + (masses @ values) ** 2) / square
    random_totals.append(total)
check("W13", "the same, 200 random bends", min(random_totals), 1, relation=">=", rounding=1e-9)
line = 0.3 + 2 * nodes
total = (4 + (masses @ line) ** 2) / (masses @ line**2)
check("W13", "slope plus share of a line", total, 1, rounding=1e-9)
check(
    "W13",
    "slope plus share of sigmoid",
    slope["sigmoid"] + mean_share["sigmoid"],
    1.0,
    atol=0.01,
    reason="nearly a line",
)

# %%
# **The slope is what happens to close inputs.** Two inputs of length 1 whose correlation is a millionth below 1 go
# through a layer of GELU with its scale. What is missing to 1 is multiplied by :math:`\chi`.
missing = 1e-6
after = correlation_map(1 - missing, 1, weight_variance=scale["gelu"], activation="gelu")
check(
    "W13",
    "missing correlation, over that before",
    (1 - after) / missing,
    slope["gelu"],
    atol=1e-4,
    reason="second order in the angle",
)

# %%
# **What frameworks do if they are told nothing.** ``torch.nn.Linear`` draws weights and biases uniformly between
# :math:`\pm 1/\sqrt{n}`, a variance of :math:`1/(3n)`: a sixth of what ReLU needs. ``keras.layers.Dense`` draws
# Glorot's uniform weights, of variance :math:`1/n` in a square layer, and ``flax.linen.Dense`` truncated normal ones of
# variance :math:`1/n`, both with zero biases: half of it. For ReLU the mean factor of the length in a layer is exact at
# every width, as the law of the weights is symmetric.
relu = activations["relu"]


def pytorch_without_bias(shape, replicas, rng):
    """Draw weights as torch.nn.Linear does with bias=False."""
    start = weights.pytorch_default(shape, replicas=replicas, rng=rng)
    return weights.Start(start.weight, np.zeros((replicas, width)))


def factors(lengths):
    """Return the mean factor of a layer, for each network."""
    return np.mean(lengths[1:] / lengths[:-1], axis=0)


of_pytorch, _ = run(relu, pytorch_without_bias)
of_keras, _ = run(relu, weights.keras_default)
of_flax, _ = run(relu, weights.flax_default)
check_mean("W13", "ReLU, PyTorch's weights: factor", factors(of_pytorch), 1 / 6)
check_mean("W13", "ReLU, Keras: factor", factors(of_keras), 1 / 2)
check_mean("W13", "ReLU, Flax: factor", factors(of_flax), 1 / 2)

# %%
# A signal fades by the square root of the factor: by :math:`\sqrt6` a layer with PyTorch's default weights. Its default
# biases leave a floor, where the length is :math:`0.4/n` in the mean. But that floor is the same for all inputs: of
# what the last layer says, almost nothing depends on the input.
of_pytorch, sums = run(relu, weights.pytorch_default)
floor = 0.4 / width
check_mean("W13", "ReLU, PyTorch: length over the floor", of_pytorch[-1] / floor, 1)
differences = np.mean((sums[..., 0] - sums[..., 1]) ** 2, axis=1)
share = np.mean(differences / of_pytorch[-1])
check("W13", "share that depends on the input", share, 1e-5, relation="<")

# %%
# **One recommendation.** Take :math:`g` over the fan-in and zero biases, for each layer whose inputs come from the
# activation. It keeps signals at their size, and for GELU and SiLU the price is small: the squared gradient grows by a
# factor e in 14 to 16 layers. A deeper plain stack of these needs something that holds the length anyway, as the next
# section shows. For ELU and tanh, which hold theirs, the pair for both is the choice in a deep stack without
# normalization: it keeps gradients, too.
#
# In PyTorch, for a layer whose :math:`n` inputs come from GELU: ``torch.nn.init.normal_(layer.weight, std=(2.35 / n) **
# 0.5)`` and ``torch.nn.init.zeros_(layer.bias)``. In a convolution :math:`n` is the number of the places of the kernel
# times the input channels of a group, ``layer.weight[0].numel()``.
check(
    "W13",
    "GELU: layers for a factor e",
    1 / np.log(slope["gelu"]),
    14.4,
    atol=0.1,
    reason="one decimal is given",
)
check(
    "W13",
    "SiLU: layers for a factor e",
    1 / np.log(slope["silu"]),
    15.5,
    atol=0.1,
    reason="one decimal is given",
)

# %%
# Where it stops being true
# -------------------------
# **GELU, SiLU and Mish hold no length.** Their scale keeps the length 1 and drives others away from it, and so does the
# pair for both. From 0.9 SiLU fades to 0 with the one and to a smaller length with the other; from 1.1 it grows without
# end. ELU, SELU, tanh and hardtanh come back to 1 with either, sigmoid and softplus with their scale.
g = scale["silu"]
end = fixed_point(weight_variance=g, activation="silu", start=0.9).length
check("W13", "SiLU: length that 0.9 leads to", end, 0, rounding=1e-9, shows="limit")
w, b = for_both["silu"]
end = fixed_point(weight_variance=w, bias_variance=b, activation="silu", start=0.9).length
check("W13", "SiLU, for both: from 0.9", end, 0.9, relation="<", shows="limit")
end = fixed_point(weight_variance=w, bias_variance=b, activation="silu", start=1.1).length
check("W13", "SiLU, for both: grows without end", np.isinf(end), 1, shows="limit")
for name in ["elu", "selu", "tanh", "hardtanh"]:
    w, b = for_both[name]
    end = fixed_point(weight_variance=w, bias_variance=b, activation=name, start=[0.5, 2]).length
    off = np.abs(end - 1).max()
    check("W13", f"for both, from 0.5 and 2, {name}", off, 0, rounding=1e-6)
for name in ["elu", "selu", "tanh", "hardtanh", "sigmoid", "softplus"]:
    end = fixed_point(weight_variance=scale[name], activation=name, start=[0.5, 2]).length
    off = np.abs(end - 1).max()
    check("W13", f"scale, from 0.5 and 2, {name}", off, 0, rounding=1e-6)

# %%
# **GELU and SiLU look like ReLU,** so why not He's 2? It is a little too small, and what fades fades faster the shorter
# it is: short signals see the slope 1/2 that these functions have at 0, and lose half their length in a layer.
last = 1.0
for _ in range(40):
    before = last
    last = length_map(last, weight_variance=2, activation="gelu")
check("W13", "GELU, 2: length after 40 layers", last, 1e-9, relation="<", shows="limit")
check(
    "W13", "GELU, 2: factor of the last layer", last / before, 1 / 2, rounding=1e-6, shows="limit"
)

# %%
# **A step is no such activation.** The sign of z has the derivative 0 but at its jump, and no mean: by the formula its
# slope would be 0. In truth close inputs part, the faster the closer they are: the correlation c becomes
# :math:`(2/\pi)\arcsin c`, and the ratio has no limit.
after = 2 / np.pi * np.arcsin(1 - missing)
expected = 2 / np.pi * np.sqrt(2 / missing)
check(
    "W13",
    "sign: missing correlation, over before",
    (1 - after) / missing,
    expected,
    rtol=1e-5,
    reason="of the order of what is missing",
    shows="limit",
)

# %%
# **Only close inputs part.** Unrelated inputs are given the mean of GELU both, and come nearer in the first layer: to
# the correlation that is the share of the mean.
after = correlation_map(0, 1, weight_variance=scale["gelu"], activation="gelu")
check(
    "W13",
    "GELU: correlation of unrelated inputs",
    after,
    mean_share["gelu"],
    rounding=1e-9,
    shows="limit",
)

# %%
# **Sigmoid and softplus** have small slopes at their scale: inputs merge, and gradients fade. No pair keeps both at the
# length 1, as the bias variance would be negative. For the sigmoid the border lies far out, at a weight variance of more
# than 100 over the fan-in; for softplus the library finds none. Take the mean away, and the sigmoid is a tanh: :math:`\sigma(z) - 1/2 =
# \tanh(z/2)/2`.
check(
    "W13",
    "sigmoid: bias variance for both",
    1 - 1 / slope["sigmoid"],
    0,
    relation="<",
    shows="limit",
)
border = critical_weight_variance(activation="sigmoid")
check("W13", "sigmoid: the border without biases", border, 100, relation=">", shows="limit")
border = critical_weight_variance(activation="softplus")
check("W13", "softplus: no border is found", np.isnan(border), 1, shows="limit")
centered = slope["sigmoid"] / (1 - mean_share["sigmoid"])
of_tanh = gaussian_expectations(0.25, activation="tanh")
by_tanh = of_tanh.slope / (4 * of_tanh.square)
check("W13", "slope of the centered sigmoid", centered, by_tanh, rounding=1e-9, shows="limit")

# %%
# **The gains of PyTorch are others.** ``torch.nn.init.calculate_gain`` returns the square root of 2 for ReLU, 5/3 for
# tanh, 1 for sigmoid, 3/4 for SELU, and raises ``ValueError`` for GELU, SiLU, Mish, ELU, hardtanh and softplus. With
# :math:`(3/4)^2` SELU comes to rest at a short length, where it keeps gradients better. The documentation gives a more
# stable gradient flow in rectangular layers as the reason, and advises ``nonlinearity='linear'`` for a stable length.
end = fixed_point(weight_variance=9 / 16, activation="selu")
selu = activations["selu"]
length = 1.0
for _ in range(2000):
    length = 9 / 16 * (masses @ selu(np.sqrt(length) * nodes) ** 2)
check(
    "W13",
    "SELU, 9/16: length that depth leads to",
    end.length,
    length,
    rounding=1e-6,
    shows="limit",
)
check(
    "W13",
    "SELU, 9/16: slope there",
    end.slope,
    1,
    atol=0.005,
    reason="kept to half a percent",
    shows="limit",
)

# %%
# **Normalization divides the scale out.** Where the sums of each input are normalized before the activation, weights
# ten times as large make no difference to what the layer says, but for rounding and the small number under the root.
# They do for training: their gradient is a tenth.
matrix = rng.standard_normal((width, width))
features = rng.standard_normal(width)
weight_after = rng.standard_normal(width)


def normalized(matrix):
    """Return the sums of one input, normalized over the units."""
    sums = matrix @ features
    centered = sums - anp.mean(sums)
    return centered / anp.sqrt(anp.mean(centered**2))


def read(matrix):
    """Return a number that a layer behind makes of them."""
    return weight_after @ anp.tanh(normalized(matrix))


apart = np.abs(normalized(matrix) - normalized(10 * matrix)).max()
size = np.linalg.norm(grad(read)(matrix))
size_of_tenfold = np.linalg.norm(grad(read)(10 * matrix))
ratio = size_of_tenfold / size
check("W13", "weights tenfold, normalized", apart, 0, rounding=1e-9, shows="limit")
check("W13", "gradient, weights tenfold, normalized", ratio, 1 / 10, rounding=1e-9, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - A block widens from 128 to 512 units and narrows back. What does Glorot's variance, which has the mean of both sides
#   in it, do to the length?
# - Which scale does :math:`\varphi(z) = z^2` need, and what is its slope? Compare with the inequality.
# - Use ``width = 16``. How far do the medians fall below the theory, and why the medians more than the means?

plt.show()
