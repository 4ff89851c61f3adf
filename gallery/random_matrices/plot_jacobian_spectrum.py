# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which ReLU networks treat all directions alike?
===============================================

Not those with independent Gaussian layers, or with independent orthogonal ones that are uniformly distributed: with
depth they stretch a few directions and flatten most.
Mirrored pairs of units keep the length of each step, at any depth, and need no random number.

The spread of the singular values, R07, was computed by Pennington, Schoenholz and Ganguli (2017, 2018).
The mirrored pairs, P08, are the looks-linear start of Balduzzi, Frean, Leary, Lewis, Ma and McWilliams (2017).
"""

# %%
# Set-up
# ------
# The Jacobian :math:`J` of a network is the derivative of its outputs with respect to its inputs:
# :math:`D_L W_L \cdots D_1 W_1`, where the diagonal matrix :math:`D` has a 1 for each unit that is on, and else a 0.
# Its singular values say how much a small step is stretched, direction by direction.
#
# The *critical scale* keeps the mean of their squares at 1. For Gaussian weights this is the variance :math:`1/n` in
# linear and :math:`2/n` in ReLU layers of :math:`n` units. For orthogonal matrices it is the factor 1 and
# :math:`\sqrt 2`. The *spread* is the variance of the squares over the square of their mean. For :math:`L` layers that
# are wide compared with :math:`L^2` it is
#
# - near :math:`2L` for Gaussian ReLU layers,
# - near :math:`L` for orthogonal ReLU and for Gaussian linear layers,
# - and 0 for orthogonal linear layers.
#
# In **mirrored layers** each unit has a twin with the opposite sum, and the next layer puts the sum together again, as
# :math:`\mathrm{relu}(z) - \mathrm{relu}(-z) = z`. The orthogonal matrices :math:`Q` in them consist of signs, scaled.
# Their rows move on by one from layer to layer, because the same matrix twice would be the identity, and no test.
import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.distance import pdist

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.designs import hadamard
from symlib.network import Layer, Network, forward, jacobian
from symlib.propagation import jacobian_moments
from symlib.training import descend

rng = np.random.default_rng(2017)
width = 64
depth = 4
networks = 600


def random_jacobians(fill, relu, width, depth, networks):
    """Return the Jacobians at a point, and after each layer the traces of JJ' and its square."""
    h = np.ones((width, 1))
    product = np.eye(width)
    traces = []
    traces_of_square = []
    for _ in range(depth):
        layer = fill((width, width), replicas=networks, gain=np.sqrt(1 + relu), rng=rng)
        h = layer @ h
        on = h > 0 if relu else np.ones(h.shape)
        h = on * h
        product = on * (layer @ product)
        gram = product @ product.mT
        traces.append(np.trace(gram, axis1=1, axis2=2))
        traces_of_square.append(np.sum(gram**2, axis=(1, 2)))
    return product, np.array(traces), np.array(traces_of_square)


def mirrored(n, depth):
    """Return the layers [Q; -Q], then [[Q, -Q], [-Q, Q]] again and again, and at last [Q, -Q]."""
    signs = hadamard(n)
    layers = []
    for k in range(depth):
        q = np.roll(signs, k, axis=0) / np.sqrt(n)
        if k == 0:
            matrix = np.vstack([q, -q])
        elif k < depth - 1:
            matrix = np.block([[q, -q], [-q, q]])
        else:
            matrix = np.hstack([q, -q])
        layers.append(Layer(matrix))
    return Network(layers, "relu")


kinds = {
    "Gaussian ReLU": (weights.lecun, True),
    "orthogonal ReLU": (weights.orthogonal, True),
    "Gaussian linear": (weights.lecun, False),
    "orthogonal linear": (weights.orthogonal, False),
}
results = {
    name: random_jacobians(fill, relu, width, depth, networks)
    for name, (fill, relu) in kinds.items()
}
twins = mirrored(width, 200)
x = rng.standard_normal((100, width))
twin_values = np.linalg.svd(jacobian(twins, x[:3]), compute_uv=False)

# %%
# The figure
# ----------
# Left: the singular values of fifty networks together, after four layers; of ReLU layers more than half are below the
# panel, most of them 0. Gray dots: a mirrored ReLU network after 200 layers. Right: points are the measured spread, and
# lines the theory for infinite width.
fig, (left, right) = plt.subplots(1, 2, width_ratios=(1.7, 1))
share = (np.arange(width) + 0.5) / width
looks = {
    "Gaussian ReLU": ("C1", "o", 8),
    "orthogonal ReLU": ("C3", "^", 12),
    "Gaussian linear": ("C0", "s", 6),
    "orthogonal linear": ("C2", "D", 8),
}
for name, (color, marker, size) in looks.items():
    product, traces, traces_of_square = results[name]
    values = np.linalg.svd(product[:50], compute_uv=False)
    descending = np.sort(values, axis=None)[::-1]
    middle = descending[25::50]  # of each fifty the middle one
    left.plot(share[middle > 1e-9], middle[middle > 1e-9], "-", color=color)
    spreads = width * traces_of_square.mean(axis=1) / (traces**2).mean(axis=1) - 1
    right.plot([1, 2, 3, 4], spreads, marker, color=color, markersize=size)
left.plot(share, twin_values[0], ":", color="gray", linewidth=5)
for slope in (0, 1, 2):
    right.plot([0, 4], [0, 4 * slope], "-", color="gray", zorder=0)
left.annotate("mirrored ReLU", (0.98, 1.25), color="gray", horizontalalignment="right")
left.annotate("orthogonal linear", (0.98, 0.62), color="C2", horizontalalignment="right")
left.annotate("Gaussian\nlinear", (0.98, 0.13), color="C0", horizontalalignment="right")
left.annotate("orthogonal ReLU", (0.12, 3), color="C3")
left.annotate("Gaussian\nReLU", (0.02, 0.05), color="C1")
right.annotate("lines: theory", (0, 7.6), color="gray")
left.set_yscale("log")
left.set_ylim(0.02, 8)
left.set_xlabel("share of directions")
left.set_ylabel("singular value")
right.set_xticks(range(5))
right.set_xlabel("layers")
right.set_ylabel("spread")
left.set_title("Mirrored ReLU layers treat all alike")
fig.alt_text = (
    "Left: singular values of orthogonal linear and mirrored ReLU networks are all 1; after four "
    "layers of other kinds most are far below. Right: the spread grows like 2L for Gaussian ReLU, "
    "like L for orthogonal ReLU and Gaussian linear layers, and stays 0 for orthogonal linear ones."
)

# %%
# What this page promises
# -----------------------
# **The spread, R07.** Let :math:`A = JJ^\top`. A layer replaces :math:`A_{ij}` by :math:`w_i A w_j^\top` with random
# rows :math:`w_i`, and drops the units that are off. Which are off may be decided by fair coins: a sign of :math:`w_i`
# can be moved into column :math:`i` of the next layer, and does not change its law. So the means of
# :math:`(\mathrm{tr}\, A)^2` and :math:`\mathrm{tr}\, A^2` follow from layer to layer, exactly, from the fourth moments
# of the rows. On the diagonal one coin is tossed and not two: with ReLU it counts twice.


def exact_spread(name, n, depth):
    """Return the mean variance of the squared values over the mean square of their mean."""
    fill, relu = kinds[name]
    square_of_trace = n**2
    trace_of_square = n
    for _ in range(depth):
        both = square_of_trace + 2 * trace_of_square
        if fill is weights.lecun:
            diagonal = both / n
            beside_of_trace = square_of_trace - square_of_trace / n
            beside_of_square = trace_of_square - trace_of_square / n
        else:
            diagonal = both / (n + 2)
            beside_of_trace = square_of_trace - diagonal
            beside_of_square = trace_of_square - diagonal
        counted = 2 * diagonal if relu else diagonal
        square_of_trace = beside_of_trace + counted
        trace_of_square = beside_of_square + counted
    return n * trace_of_square / square_of_trace - 1


# %%
# The measured spread is a ratio of two means over networks. Each network is given its part of it, to first order, whose
# mean is that ratio, so that the standard error can be told.
for name in ("Gaussian ReLU", "orthogonal ReLU", "Gaussian linear"):
    _, traces, traces_of_square = results[name]
    expected = exact_spread(name, width, depth)
    squares = traces[-1] ** 2
    above_expected = width * traces_of_square[-1] - (1 + expected) * squares
    spreads = expected + above_expected / squares.mean()
    check_mean("R07", f"4 layers, {name}", spreads, expected)
_, traces, traces_of_square = results["orthogonal linear"]
spread = np.max(width * traces_of_square[-1] / traces[-1] ** 2 - 1)
check("R07", "4 layers, orthogonal linear", spread, 0, rounding=1e-12)

# %%
# For a million units the exact numbers are those of the theory for infinite width.
for name, (fill, relu) in kinds.items():
    moments = jacobian_moments(
        8,
        weight_variance=2 if relu else 1,
        activation="relu" if relu else "identity",
        orthogonal=fill is weights.orthogonal,
    )
    check(
        "R07",
        f"8 layers, {name}, n = 1e6",
        exact_spread(name, 10**6, 8),
        moments.variance,
        atol=2 * 8**2 / 10**6,
        reason="corrections of L^2 / n, at most twice",
    )

# %%
# **Why ReLU spoils orthogonal layers.** One of them keeps half of the directions, enlarged by :math:`\sqrt 2`, and
# forgets the others.
_, traces, _ = results["orthogonal ReLU"]
share_left = traces[0] / 2 / width
check_mean("R07", "share of directions left, one ReLU layer", share_left, 1 / 2)

# %%
# **Mirrored pairs, P08.** After 200 layers nothing is stretched or flattened at three inputs, and no two of a hundred
# inputs have come closer.
largest_change = np.abs(twin_values - 1).max()
check("P08", "largest change of a length", largest_change, 0, rounding=1e-12)
before = pdist(x)
after = pdist(forward(twins, x))
largest_change = np.abs(after / before - 1).max()
check("P08", "largest change of a distance", largest_change, 0, rounding=1e-12)

# %%
# Where it stops being true
# -------------------------
# **Depth against width.** The theory is that of layers wide compared with :math:`L^2`. The spread of :math:`n` numbers
# is at most :math:`n - 1`, so that 64 linear layers of width 16 cannot have 64. And eight Gaussian ReLU layers of width
# 16 have a fifth less than 16.
_, traces, traces_of_square = random_jacobians(weights.lecun, False, 16, 64, 20)
most = np.max(16 * traces_of_square[-1] / traces[-1] ** 2 - 1)
check("R07", "64 layers, Gaussian linear, n = 16", most, 16, relation="<", shows="limit")
narrow_spread = exact_spread("Gaussian ReLU", 16, 8)
check("R07", "8 layers, Gaussian ReLU, n = 16", narrow_spread, 13, relation="<", shows="limit")

# %%
# **Training is free to leave.** Ten steps towards the absolute value, and some directions are lost on mirrored layers.
trained = descend(mirrored(width, 10), x, np.abs(x), steps=10, rate=0.05).network
least = np.linalg.svd(jacobian(trained, x), compute_uv=False).min()
check("P08", "least singular value after ten steps", least, 0.5, relation="<")
summary()

# %%
# Try it yourself
# ---------------
# - Take away the twins' signs: ``[[Q, Q], [Q, Q]]``. How many directions are left after one layer, and after two?
# - Give the mirrored layers small biases. How far do the singular values go from 1?

plt.show()
