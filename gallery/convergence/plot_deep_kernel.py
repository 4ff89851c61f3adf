# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Does depth slow the learning of close inputs?
=============================================

No: in very wide ReLU networks with He initialization, and a step size for each layer in proportion to one over its
fan-in, two close inputs are learned apart faster the more layers there are, at first in proportion to their angle times
the number of layers.
At a fixed angle this speed, compared with that of a single input, tends to three quarters as the depth grows.

Allen-Zhu, Li and Song (2019) prove that gradient descent succeeds in wide networks of many layers, and assume that the
inputs do not degenerate. O08 is what two inputs that nearly coincide do to the kernel.
"""

# %%
# Set-up
# ------
# The *tangent kernel* is the Gram matrix of the gradients of the output with respect to all weights, one row for each
# input. While it hardly changes, its eigenvalues are the speeds at which gradient descent reduces the error. The
# slowest direction has the least eigenvalue.
#
# As all hidden widths go to infinity the kernel has a limit. Let the weights have the variance 2 over the fan-in, and 1
# over the fan-in in the first layer; there are no biases. Each layer has a step size in proportion to the variance of
# its weights, and the gradient with respect to a weight counts with that factor. (With one step size for all layers the
# first layer drops out of the limit.) Take two inputs of the same length at the angle :math:`\theta_0`, and let
# :math:`q` be the square of their length over the number of features. Then hidden layer :math:`h` makes the angle
#
# :math:`\cos \theta_h = \cos \theta_{h-1} + (\sin \theta_{h-1} - \theta_{h-1} \cos \theta_{h-1}) / \pi`,
#
# and the kernel is :math:`(h + 1)\, q` on the diagonal and off it
#
# :math:`\Theta_h = (1 - \theta_{h-1} / \pi)\, \Theta_{h-1} + q \cos \theta_h`, beginning with
# :math:`\Theta_0 = q \cos \theta_0`.
#
# The least eigenvalue of the two-by-two matrix is the diagonal less :math:`|\Theta_L|`, for :math:`L` hidden layers.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network
from symlib.tangent import empirical_tangent_kernel, wide_kernels

rng = np.random.default_rng(2019)


def pair(angle):
    """Return two unit vectors of the plane with this angle."""
    return np.array([[1, 0], [np.cos(angle), np.sin(angle)]])


def kernels(x, depth):
    """Return both kernels of an infinitely wide ReLU network with the factor of He."""
    return wide_kernels(x, depth=depth, activation="relu", weight_variance=2)


def relative_least(kernel):
    """Return the least eigenvalue over the diagonal, which is the same for all inputs."""
    return np.linalg.eigvalsh(kernel)[0] / kernel[0, 0]


pixels = load_digits().data[:50]
centered = pixels - pixels.mean(axis=0)
digits = centered / np.linalg.norm(centered, axis=1, keepdims=True)

# %%
# The figure
# ----------
# On the left pairs of inputs: points are kernels, lines are :math:`L\theta / 2\pi`. On the right the depth grows, for
# two pairs and for fifty centered digits at length 1. In pink are the digits when only the last layer is trained.
fig, (left, right) = plt.subplots(1, 2, sharey=True)
angles = np.geomspace(1e-4, 1, 9)
for depth in (64, 8, 1):
    found = [relative_least(kernels(pair(angle), depth).tangent) for angle in angles]
    (line,) = left.loglog(angles, depth * angles / (2 * np.pi), label=f"{depth} deep")
    left.loglog(angles, found, "o", color=line.get_color())
left.legend(loc="lower right")
left.set_ylim(1e-5, 2)
left.set_xlabel("angle of two inputs")
left.set_ylabel("least eigenvalue over diagonal")
left.set_title("Close inputs are slow")

depths = 2 ** np.arange(9)
data = {"angle 1": pair(1), "angle 0.01": pair(0.01), "digits": digits}
for name, x in data.items():
    found = [relative_least(kernels(x, depth).tangent) for depth in depths]
    right.loglog(depths, found, label=name)
last_layer_only = [relative_least(kernels(digits, depth).network) for depth in depths]
right.loglog(depths, last_layer_only, label="digits, last layer")
right.axhline(3 / 4, color="gray", linestyle="-", linewidth=1)
right.legend(loc="lower left", handlelength=1.8)
right.set_xticks([1, 10, 100], ["1", "10", "100"])
right.set_xlabel("hidden layers")
right.set_title("Depth speeds them up")
fig.alt_text = (
    "The least eigenvalue of the deep tangent kernel falls in proportion to the angle of two "
    "inputs, and rises with the depth towards three quarters of the diagonal. If only the last "
    "layer is trained, it falls at great depth."
)

# %%
# What this page promises
# -----------------------
# **Close inputs, O08.** For a small angle :math:`\theta_0 = \theta` all :math:`\theta_h` are :math:`\theta` and all
# cosines are 1, up to the order :math:`\theta^2`. Write :math:`\Theta_h = q\,(h + 1 - D_h \theta)` to first order. The
# recursion says that :math:`D_h = D_{h-1} + h / \pi`, so that
# :math:`D_L = (1 + \dots + L) / \pi = L(L + 1) / 2\pi`. Over the diagonal :math:`(L + 1)\, q` the least eigenvalue is
# :math:`L \theta / 2\pi`.
angle = 1e-5
reason = "the next term, of the order depth times angle"
for depth in (1, 2, 4, 16, 64):
    found = relative_least(kernels(pair(angle), depth).tangent)
    in_units = found / (depth * angle / (2 * np.pi))
    name = f"least over L angle / 2 pi, {depth} deep"
    check("O08", name, in_units, 1, atol=1e-3, reason=reason)

# %%
# **Among other inputs** a close pair decides. The difference of its two unit vectors is an eigenvector up to first
# order in the distance, as all other inputs are at almost the same angle to both; and the eigenvalue is then right up
# to second order. Here the second of the fifty digits is moved until it is at a small distance from the first.
distance = 1e-4
angle = 2 * np.arcsin(distance / 2)
across = digits[1] - (digits[1] @ digits[0]) * digits[0]
across = across / np.linalg.norm(across)
forced = digits.copy()
forced[1] = np.cos(angle) * digits[0] + np.sin(angle) * across
for depth in (1, 4, 16):
    found = relative_least(kernels(forced, depth).tangent)
    in_units = found / (depth * distance / (2 * np.pi))
    name = f"least over L distance / 2 pi, {depth} deep"
    check("O08", name, in_units, 1, atol=2e-3, reason="the next term, of second order")

# %%
# **Great depth.** At an angle that is not 0 the layers make :math:`\theta_h \approx 3\pi / h`. Then
# :math:`\Theta_h \approx a q h` solves the recursion :math:`a h = (1 - 3 / h)\, a\, (h - 1) + 1` for large :math:`h` if
# :math:`4 a = 1`. All entries off the diagonal tend to a quarter of it, and the least eigenvalue to three quarters: all
# differences of inputs are then learned at the same speed.
depth = 10_000
next_term = 3 * np.log(depth) / depth
reason = "the limit is approached like log(L) / L"
for angle in (0.1, 1, np.pi):
    found = relative_least(kernels(pair(angle), depth).tangent)
    name = f"least, 10000 deep, angle {angle:.3g}"
    check("O08", name, found, 3 / 4, atol=next_term, reason=reason)
found = relative_least(kernels(digits, 1024).tangent)
next_term = 3 * np.log(1024) / 1024
check("O08", "least, fifty digits, 1024 deep", found, 3 / 4, atol=next_term, reason=reason)

# %%
# **Depth also parts opposite inputs.** With one hidden layer, nine pairs of opposite inputs in six dimensions cost
# three eigenvalues. The first hidden layer puts opposite inputs at right angles, so that with a second one none is 0.
half = rng.standard_normal((9, 6))
half = half / np.linalg.norm(half, axis=1, keepdims=True)
opposite_pairs = np.concatenate([half, -half])
for depth, expected in ((1, 3), (2, 0)):
    eigenvalues = np.linalg.eigvalsh(kernels(opposite_pairs, depth).tangent)
    zeros = np.sum(eigenvalues < 1e-12)
    check("O08", f"eigenvalues 0, opposite pairs, {depth} deep", zeros, expected)

# %%
# **Networks of finite width** have this diagonal on average, and differ from it like one over the root of the width. On
# the diagonal the size can be derived. Entry :math:`\Theta(x, x)` is a sum over the :math:`L + 1` weight matrices: the
# squared length of what enters times the squared length of the gradient behind. From layer to layer each is multiplied
# by a mean over the :math:`m` units, of :math:`2 z^2` for the units that are on, with the mean 1 and the variance
# :math:`5 / m`; both are on at the same units, which makes their covariance :math:`1 / m`. What else they share is of
# the order :math:`1 / m^2`, and absent if there is one hidden layer.


def variance_on_diagonal(width, depth):
    """Return the relative variance of the kernel at one input."""
    second_moment = 0
    for first in range(depth + 1):
        for second in range(depth + 1):
            between = abs(first - second)
            both_twice = (1 + 5 / width) ** (depth - between)
            second_moment += both_twice * (1 + 1 / width) ** between
    return second_moment / (depth + 1) ** 2 - 1


def kernels_of_networks(x, width, depth, replicas):
    """Return the tangent kernels of random networks of finite width."""
    features = x.shape[1]
    layers = [Layer(weights.lecun((width, features), replicas=replicas, rng=rng))]
    rates = [1 / features]
    for _ in range(depth - 1):
        layers.append(Layer(weights.he((width, width), replicas=replicas, rng=rng)))
        rates.append(2 / width)
    layers.append(Layer(weights.he((1, width), replicas=replicas, rng=rng)))
    rates.append(2 / width)
    return empirical_tangent_kernel(Network(layers, "relu"), x, rate=rates)


one_input = np.array([[1.0, 1.0]])
for width, depth, replicas in ((64, 1, 40_000), (256, 1, 40_000), (32, 3, 10_000)):
    limit = kernels(one_input, depth).tangent[0, 0]
    relative = kernels_of_networks(one_input, width, depth, replicas)[:, 0, 0] / limit
    name = f"{width} wide, {depth} deep"
    check_mean("O08", f"mean on the diagonal, {name}", relative, 1)
    expected = variance_on_diagonal(width, depth)
    squares = (relative - 1) ** 2
    if depth == 1:
        check_mean("O08", f"variance on the diagonal, {name}", squares, expected)
    else:
        # few networks with large kernels make most of the variance, so that it is known roughly
        variance = squares.mean()
        check("O08", f"variance, {name}, from below", variance, 0.75 * expected, relation=">")
        check("O08", f"variance, {name}, from above", variance, 1.25 * expected, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Only the last layer trained.** The tangent kernel is then the covariance of the outputs,
# :math:`q \cos \theta_L`. Its least eigenvalue is about :math:`\theta^2 / 2` for a small angle, an order less. And it
# falls with the depth, like :math:`9 \pi^2 / 2 L^2`.
last_only = relative_least(kernels(pair(1e-3), 4).network)
check(
    "O08",
    "last layer only, over angle squared / 2",
    last_only / (1e-3**2 / 2),
    1,
    atol=0.01,
    reason="the next term, of the order depth times angle",
    shows="limit",
)
depth = 10_000
deep_last_only = relative_least(kernels(pair(1), depth).network)
check(
    "O08",
    "the same at angle 1, over its limit",
    deep_last_only / (9 * np.pi**2 / (2 * depth**2)),
    1,
    atol=10 * np.log(depth) / depth,
    reason="the limit is approached like log(L) / L",
    shows="limit",
)

# %%
# **One step size for all layers.** With weights of variance 2 over the fan-in the gradients of the last layer are then
# larger than those of the first by the order of the width. The first layer drops out, and one hidden layer has nearly
# the eigenvalue of its last layer alone.
angle = 0.01
first = Layer(weights.lecun((4096, 2), rng=rng))
last = Layer(weights.he((1, 4096), rng=rng))
with_one_size = empirical_tangent_kernel(Network([first, last], "relu"), pair(angle))
share_of_line = relative_least(with_one_size) / (angle / (2 * np.pi))
check("O08", "one step size, over angle / 2 pi", share_of_line, 0.1, relation="<", shows="limit")

# %%
# **Narrow and deep.** The limits have an order: first the width, then the depth. In networks of 16 units and 64 hidden
# layers the two inputs merge, and most networks have less than half of the eigenvalue that the limit of infinite width
# promises, relative to their own diagonal. (A network with a layer that is off at both inputs has the kernel 0.)
narrow = kernels_of_networks(pair(1), 16, 64, 400)
diagonals = np.trace(narrow, axis1=1, axis2=2) / 2
least = np.linalg.eigvalsh(narrow)[:, 0]
promised = relative_least(kernels(pair(1), 64).tangent)
share = np.mean(least <= promised / 2 * diagonals)
check("O08", "share below half, 16 wide, 64 deep", share, 0.5, relation=">", shows="limit")

# %%
# **The same direction.** Without biases the kernel does not tell :math:`x` and :math:`2x` apart at any depth: all that
# a network makes of :math:`2x` is twice what it makes of :math:`x`.
multiples = np.array([[1.0, 1.0], [2.0, 2.0]])
for depth in (1, 16):
    eigenvalue = np.linalg.eigvalsh(kernels(multiples, depth).tangent)[0]
    check("O08", f"least eigenvalue of x and 2x, {depth} deep", eigenvalue, 0, rounding=1e-12)

# %%
# **Another factor than 2.** With the variance 1 over the fan-in each layer halves the kernel as a whole. Over the
# diagonal nothing changes, but the speed of learning falls like :math:`2^{-L}`, unless the rate makes up for it.
halved = wide_kernels(pair(1), depth=16, activation="relu", weight_variance=1)
full = kernels(pair(1), 16)
ratio = np.linalg.eigvalsh(halved.tangent)[0] / np.linalg.eigvalsh(full.tangent)[0]
check("O08", "variance 1 over 2, times 2 ** 16", ratio * 2**16, 1, rounding=1e-9)
summary()

# %%
# Try it yourself
# ---------------
# - Give the layers biases with ``bias_variance=0.1``. Are :math:`x` and :math:`2x` still the same?
# - Take ``activation="erf"`` and a weight variance of 4. What becomes of the least eigenvalue with the depth?
# - How small is the angle at which a kernel of 64 layers leaves its line, and one of 8?

plt.show()
