# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What does a layer forget, forwards and backwards?
=================================================

Equal weights that are not 0 pass on one direction of the input and of the gradient, and forget all others.
Weights with a joint density forget, with probability 1, no more than the shape of the layer demands, although some come
close to forgetting.

That a random matrix has full rank, N01, is derived in the explanation of what a layer forgets.
For signs it becomes a count, N02; Tikhomirov (2020) found the rate at which the share of singular matrices falls when
they grow large.
How close to singular a Gaussian matrix is, N03, was computed by Edelman (1988).
"""

# %%
# Set-up
# ------
# A layer takes an input :math:`x` forwards as :math:`Wx` and a gradient :math:`g` backwards as :math:`W^\top g`.
# What :math:`W` maps to 0 is lost on the way forwards, what :math:`W^\top` maps to 0 on the way backwards.
# The smallest case that shows both has two units on three inputs.
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.designs import hadamard
from symlib.nullspace import null_basis, split

rng = np.random.default_rng(0)
layers = {
    "constant": weights.constant((2, 3), 1 / np.sqrt(6)),
    "Gaussian": weights.gaussian((2, 3), std=0.5, rng=9),
    "orthogonal": weights.orthogonal((2, 3), rng=8),
}

# %%
# The figure
# ----------
# Above, the space of the units: in blue where inputs of length up to 1 arrive, in orange the gradients that are lost.
# Below, the space of the inputs: in blue where gradients of length up to 1 arrive, in orange the inputs that are lost.
# Blue and orange are at right angles for every matrix: no gradient comes back to where the layer does not look.
turn = np.linspace(0, 2 * np.pi, 200)
circle = np.array([np.cos(turn), np.sin(turn)])
segment = np.array([[-1, 1]])
plane = np.eye(2)
space = np.array([[-0.89, 0.45, 0.0], [-0.16, -0.3, 0.94]])  # from three dimensions to the paper


def draw_shape(ax, axes_of_it, view, color, linestyle):
    """Draw the disk, ellipse or segment with these half-axes, which are columns."""
    if axes_of_it.shape[1] == 0:
        return
    unit_ball = circle if axes_of_it.shape[1] == 2 else segment
    outline = view @ axes_of_it @ unit_ball
    ax.fill(*outline, facecolor=color, alpha=0.3, edgecolor="none")
    ax.plot(*outline, color=color, linestyle=linestyle, linewidth=3)


def draw(ax, matrix, view):
    """Draw where vectors of length up to 1 arrive, and what of the target space is lost."""
    directions, lengths, _ = np.linalg.svd(matrix, full_matrices=False)
    draw_shape(ax, directions * lengths, view, "C0", "-")
    draw_shape(ax, null_basis(matrix.T), view, "C1", (0, (2, 1)))
    for end in view.T:
        across, up = np.outer(end, [-1.2, 1.2])
        ax.plot(across, up, "-", color="gray", linewidth=0.8, zorder=0)
    ax.set(aspect="equal", xticks=[], yticks=[], xlim=(-1.8, 1.8), ylim=(-1.25, 1.25))
    ax.spines[:].set_visible(False)


fig, axes = plt.subplots(2, 3, sharex=True, sharey=True)
for (above, below), (name, matrix) in zip(axes.T, layers.items()):
    draw(above, matrix, plane)
    draw(below, matrix.T, space)
    above.set_title(f"{name}: rank {np.linalg.matrix_rank(matrix)}", loc="center")
axes[0, 0].annotate("arrives", (0.75, 0.75), color="C0")
axes[0, 0].annotate("lost", (-0.8, 0.75), color="C1", horizontalalignment="right")
axes[0, 0].set_ylabel("two units")
axes[1, 0].set_ylabel("three inputs")
fig.alt_text = (
    "Equal weights flatten the inputs, and the gradients on their way back, to a segment; a line "
    "of gradients and a disk of inputs are lost. Gaussian and orthogonal weights keep an ellipse "
    "and a disk, and lose no gradient and only one direction of input."
)

# %%
# What this page promises
# -----------------------
# **Rank, N01.** Fifty units on 64 inputs: equal weights that are not 0 lose all but one of 64 directions of input, and
# all but one of 50 of the gradient. A thousand random layers, Gaussian or uniform, lose the 14 that no layer of this
# shape can keep, and none of the gradient. So do rows of the identity and of a Hadamard matrix, without chance.
shape = (50, 64)
equal = weights.constant(shape)
gaussian_layers = weights.gaussian(shape, replicas=1000, rng=rng)
uniform_layers = weights.uniform(shape, replicas=1000, rng=rng)
check("N01", "inputs lost, equal weights", null_basis(equal).shape[1], 63)
check("N01", "gradients lost, equal weights", null_basis(equal.T).shape[1], 49)
least_gaussian = np.linalg.matrix_rank(gaussian_layers).min()
least_uniform = np.linalg.matrix_rank(uniform_layers).min()
check("N01", "least rank of a thousand, gaussian", least_gaussian, 50)
check("N01", "least rank of a thousand, uniform", least_uniform, 50)
check("N01", "rank, identity", np.linalg.matrix_rank(weights.identity(shape)), 50)
check("N01", "rank, 50 rows of a Hadamard matrix", np.linalg.matrix_rank(hadamard(64)[:50]), 50)

# %%
# Lost means lost: an input splits into what the layer sees and what it does not, and the second part changes nothing.
layer = weights.gaussian(shape, rng=rng)
x = rng.standard_normal((2000, 64))
lost = split(layer, x).lost
moved = np.abs(lost @ layer.T).max()
check("N01", "most that a lost part moves a unit", moved, 0, rounding=1e-11)
lost_share = np.sum(lost**2, axis=1) / np.sum(x**2, axis=1)
check_mean("N01", "share of an input that is lost, squared", lost_share, 14 / 64)

# %%
# **Signs, N02.** Where weights have two values only, "with probability 1" becomes a count over all matrices, here with
# determinants in whole numbers. That the share of singular ones is :math:`(1/2 + o(1))^n` for large :math:`n` is a
# theorem, which no count can check.


def determinant(matrices):
    """Return determinants in whole numbers, by expansion along the first row."""
    size = matrices.shape[-1]
    if size == 1:
        return matrices[..., 0, 0]
    total = 0
    for column in range(size):
        minor = np.delete(matrices[..., 1:, :], column, axis=-1)
        total = total + (-1) ** column * matrices[..., 0, column] * determinant(minor)
    return total


for n, singular in ((2, 8), (3, 320), (4, 43264)):
    all_signs = np.array(list(product((1, -1), repeat=n * n)))
    zeros = np.sum(determinant(all_signs.reshape(-1, n, n)) == 0)
    check("N02", f"singular {n} x {n} matrices of {len(all_signs)}", zeros, singular)

# %%
# **Near misses, N03.** Of 50 thousand square Gaussian matrices none is singular. But the least singular value is only
# :math:`t / \sqrt n`, where :math:`t` has, for large :math:`n`, the distribution function :math:`1 - e^{-t^2/2 - t}`.
n = 27
replicas = 50_000
matrices = weights.gaussian((n, n), replicas=replicas, rng=rng)
values = np.linalg.svd(matrices, compute_uv=False)
scaled = np.sort(np.sqrt(n) * values[:, -1])
check("N03", "least scaled value of 50 thousand", scaled[0], 0, relation=">")
law = 1 - np.exp(-(scaled**2) / 2 - scaled)
empirical = (np.arange(replicas) + 0.5) / replicas
noise = 2.4 / np.sqrt(replicas)  # exceeded once in fifty thousand samples
bias = 0.2 / n
check(
    "N03",
    "distance from Edelman's law",
    np.abs(law - empirical).max(),
    noise,
    relation="<",
    atol=bias,
    reason="the law is a limit, error below 0.2 / n",
)
median = np.sqrt(1 + 2 * np.log(2)) - 1
check_mean(
    "N03",
    "share below the median of the law",
    scaled < median,
    1 / 2,
    bias=bias,
    reason="the law is a limit, 0.2 / n",
)

# %%
# **The condition number, N03.** The largest singular value is near :math:`2 \sqrt n`. So the mean logarithm of the
# condition number is about :math:`\ln n + \ln 2 - E \ln t`, which the law above makes :math:`\ln n + 1.537`. At finite
# size the largest value is smaller by the order :math:`n^{-2/3}`. Two sizes remove that: of 8 and 27 rows these powers
# are 1/4 and 1/9, so that 9 times the second less 4 times the first is 5 times the limit. What is left is of the order
# :math:`1/n`.


def log_times_density(t):
    """Return the logarithm of t times the density of the law at t."""
    return np.log(t) * (1 + t) * np.exp(-(t**2) / 2 - t)


below_one, _ = quad(log_times_density, 0, 1)
above_one, _ = quad(log_times_density, 1, np.inf)
constant = np.log(2) - (below_one + above_one)
check(
    "N03", "constant from the law", constant, 1.537, atol=0.0005, reason="three decimals are given"
)

small_matrices = weights.gaussian((8, 8), replicas=replicas, rng=rng)
small_values = np.linalg.svd(small_matrices, compute_uv=False)
largest_of_27 = np.log(values[:, 0] / np.sqrt(27))
largest_of_8 = np.log(small_values[:, 0] / np.sqrt(8))
extrapolated = (9 * largest_of_27 - 4 * largest_of_8) / 5
least_of_27 = np.log(values[:, -1] * np.sqrt(27))
check_mean(
    "N03",
    "mean log of the condition, less ln n",
    extrapolated - least_of_27,
    1.537,
    bias=0.5 / n,
    reason="terms of the order 1 / n",
)

# %%
# Where it stops being true
# -------------------------
# Full rank is a statement about exact arithmetic and about one layer. The product of ten such layers has full rank
# too, but the logarithm of its condition number is several times as large: what one layer nearly forgets, the next
# cannot restore. With twenty layers a computer, which rounds, finds a lower rank.
deep = np.eye(20)
for _ in range(10):
    deep = weights.gaussian((20, 20), replicas=1000, rng=rng) @ deep
log_condition = np.log(np.linalg.cond(deep)).mean()
for _ in range(10):
    deep = weights.gaussian((20, 20), replicas=1000, rng=rng) @ deep
lower_rank = np.mean(np.linalg.matrix_rank(deep) < 20)
single = np.log(20) + 1.537
check("N03", "mean log of the condition, ten layers", log_condition, 3 * single, relation=">")
check("N03", "share of lower rank, twenty layers", lower_rank, 0.9, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Multiply orthogonal matrices instead: ``weights.orthogonal((20, 20), replicas=1000, rng=rng)``. What is their
#   condition number?
# - Flip signs so that the first row and column of a 5 x 5 matrix are all 1. How do 65536 determinants count all 2**25?
# - Fill the first layer of the figure with two rows 1, 2, 3. It is not constant: is anything more kept than before?

plt.show()
