# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which ReLU networks treat all directions alike?
===============================================

Not those with independent weights: with depth they stretch a few directions and flatten most, orthogonal or not.
Mirrored pairs of units keep every direction as it is, at any depth, and need no random number.

The spread of the singular values, R07, was computed by Pennington, Schoenholz and Ganguli (2017, 2018).
The mirrored pairs, P08, are the looks-linear start of Balduzzi, Frean, Leary, Lewis, Ma and McWilliams (2017).
"""

# %%
# Set-up
# ------
# The Jacobian :math:`J` of a network is the derivative of its outputs in its inputs: :math:`D_L W_L \cdots D_1 W_1`,
# where the diagonal matrix :math:`D` has a 1 for each unit that is on. Its singular values say how much a small step is
# stretched, direction by direction. At the critical scale, variance :math:`1/n` for linear and :math:`2/n` for ReLU
# layers, or orthogonal matrices times 1 and :math:`\sqrt 2`, the mean of their squares is 1. The *spread*, the variance
# of the squares over the square of their mean, tends with the width to :math:`2L` for :math:`L` Gaussian and :math:`L`
# for orthogonal ReLU layers, to :math:`L` for Gaussian and 0 for orthogonal linear ones.
#
# In **mirrored layers** each unit has a twin with the opposite sum, and the next layer puts the sum together again,
# as :math:`\mathrm{relu}(z) - \mathrm{relu}(-z) = z`. The orthogonal matrices :math:`Q` in them consist of signs,
# scaled. Their rows move on by one from layer to layer, because the same matrix twice would be the identity.
import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import hadamard

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, jacobian
from symlib.propagation import jacobian_moments
from symlib.training import descend

rng = np.random.default_rng(2017)
width, depth, networks = 64, 4, 600
fills = {"Gaussian": weights.lecun, "orthogonal": weights.orthogonal}


def jacobians(start, relu, width, depth, networks):
    """Return the Jacobians at a point, and after each layer the traces of JJ' and its square."""
    h, product, traces = np.ones((width, 1)), np.eye(width), []
    for _ in range(depth):
        layer = fills[start]((width, width), replicas=networks, gain=np.sqrt(1 + relu), rng=rng)
        h = layer @ h
        on = h > 0 if relu else np.ones(h.shape)
        h, product = on * h, on * (layer @ product)
        gram = product @ product.mT
        traces.append([np.trace(gram, axis1=1, axis2=2), np.sum(gram**2, axis=(1, 2))])
    return product, traces


def mirrored(n, depth):
    """Return the layers [Q; -Q], then [[Q, -Q], [-Q, Q]] again and again, and at last [Q, -Q]."""
    first, *middle, last = (np.roll(hadamard(n), k, axis=0) / np.sqrt(n) for k in range(depth))
    blocks = [[[first], [-first]], *([[q, -q], [-q, q]] for q in middle), [[last, -last]]]
    layers = [Layer(matrix, np.zeros(len(matrix))) for matrix in map(np.block, blocks)]
    return Network(layers, "relu")


results = {(s, r): jacobians(s, r, width, depth, networks) for r in (1, 0) for s in fills}
twins, x = mirrored(width, 200), rng.standard_normal((100, width))
twin_values = np.linalg.svd(jacobian(twins, x[:3]), compute_uv=False)


def spread(trace, square):
    """Return the mean variance over the mean squared mean, and its standard error."""
    ratio = width * square.mean() / (trace**2).mean()
    error = np.std(width * square - ratio * trace**2) / (trace**2).mean()
    return ratio - 1, error / np.sqrt(len(trace))


# %%
# The figure
# ----------
# Left: the singular values of fifty networks together, after four layers; where a line ends, the others are 0. Gray
# dots: a mirrored ReLU network after 200 layers. Right: the spread, measured, and for infinite width as lines.
fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.7, 1))
share = (np.arange(width) + 0.5) / width
looks = ("C1", "o", 8), ("C3", "^", 12), ("C0", "s", 6), ("C2", "D", 8)
for (product, traces), (color, marker, size) in zip(results.values(), looks):
    values = -np.sort(-np.linalg.svd(product[:50], compute_uv=False), axis=None)[25::50]
    ax.plot(share[values > 1e-9], values[values > 1e-9], "-", color=color)
    right.plot(range(1, 5), [spread(*pair)[0] for pair in traces], marker, c=color, ms=size)
ax.plot(share, twin_values[0], ":", color="gray", linewidth=5)
right.plot([0, 4], [[0, 0, 0], [0, 4, 8]], "-", color="gray", zorder=0)
ax.annotate("mirrored ReLU", (0.98, 1.25), color="gray", horizontalalignment="right")
ax.annotate("orthogonal linear", (0.98, 0.62), color="C2", horizontalalignment="right")
ax.annotate("Gaussian\nlinear", (0.98, 0.13), color="C0", horizontalalignment="right")
ax.annotate("orthogonal ReLU", (0.12, 3), color="C3")
ax.annotate("Gaussian\nReLU", (0.02, 0.05), color="C1")
ax.set(yscale="log", ylim=(0.02, 8), xlabel="share of directions", ylabel="singular value")
right.set(xlabel="layers", ylabel="spread", xticks=range(5))
ax.set_title("Only mirrored ReLU layers treat all alike")
fig.alt_text = (
    "Left: after four layers most singular values are far below 1, but those of orthogonal linear and "
    "mirrored ReLU networks are all 1. Right: the spread grows like 2L, L, L and 0 with depth L."
)

# %%
# What this page promises
# -----------------------
# **The spread, R07.** Let :math:`A = JJ^\top`. A layer replaces :math:`A_{ij}` by :math:`w_i A w_j^\top` with random
# rows :math:`w_i`, and drops the units that are off. Which are off may be decided by fair coins: a sign of :math:`w_i`
# can be moved into column :math:`i` of the next layer, and does not change its law. So the means of
# :math:`(\mathrm{tr}\, A)^2` and :math:`\mathrm{tr}\, A^2` follow from layer to layer, exactly, from the fourth moments
# of the rows. On the diagonal one coin is tossed and not two: with ReLU it counts twice.
# One orthogonal layer keeps half of the directions, enlarged by :math:`\sqrt 2`, and forgets the others.


def exact(start, relu, n, depth):
    """Return the mean variance of the squared singular values over the mean square of their mean."""
    moments, gaussian = np.array([n**2, n]), start == "Gaussian"
    for _ in range(depth):
        diagonal = moments @ (1, 2) / (n if gaussian else n + 2)
        moments = moments - (moments / n if gaussian else diagonal) + (1 + relu) * diagonal
    return n * moments[1] / moments[0] - 1


for start, relu in results:
    limit = jacobian_moments(
        8,
        weight_variance=1 + relu,
        activation="relu" if relu else "identity",
        orthogonal=start == "orthogonal",
    ).variance
    name = f"{start} {'ReLU' if relu else 'linear'}"
    found, error = spread(*results[start, relu][1][-1])
    why = {"atol": 4 * error + 1e-12, "reason": "four standard errors, and rounding"}
    check("R07", f"4 layers, {name}", found, exact(start, relu, width, depth), **why)
    why = {"atol": 2 * 8**2 / 10**6, "reason": "corrections of L^2 / n, at most twice"}
    check("R07", f"8 layers, {name}, n = 1e6", exact(start, relu, 10**6, 8), limit, **why)
left = results["orthogonal", 1][1][0][0].mean() / 2 / width
why = {"atol": 4 * 0.5 / np.sqrt(networks * width), "reason": "four standard errors"}
check("R07", "share of directions left, one ReLU layer", left, 1 / 2, **why)

# %%
# **Mirrored pairs, P08.** After 200 layers nothing is stretched or flattened, and no two inputs have come closer.
why = {"atol": 1e-12, "reason": "rounding"}
check("P08", "largest change of a length", np.abs(twin_values - 1).max(), 0, **why)
after, before = (np.linalg.norm(np.diff(rows, axis=0), axis=1) for rows in (forward(twins, x), x))
check("P08", "largest change of a distance", np.abs(after / before - 1).max(), 0, **why)

# %%
# Where it stops being true
# -------------------------
# **Depth against width.** The spread of :math:`n` numbers is less than :math:`n`: 64 layers of width 16 cannot have 64.
#
# **Training is free to leave.** Ten steps towards the absolute value, and some directions are lost on mirrored layers.
trace, square = jacobians("Gaussian", 0, 16, 64, 20)[1][-1]
most = np.max(16 * square / trace**2 - 1)
check("R07", "64 layers, Gaussian linear, n = 16", most, 16, relation="<", shows="limit")
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
