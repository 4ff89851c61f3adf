# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What does a layer forget, forwards and backwards?
=================================================

Equal weights pass on one direction of the input and of the gradient, and forget all others.
Random weights forget no more than the shape of the layer demands, although some come close to forgetting.

That a random matrix has full rank, N01, is derived in the explanation of what a layer forgets.
For signs it becomes a count, N02; Tikhomirov (2020) found the rate at which it falls.
How close to singular a Gaussian matrix is, N03, was computed by Edelman (1988).
"""

# %%
# Set-up
# ------
# A layer takes an input :math:`x` forwards as :math:`Wx` and a gradient :math:`g` backwards as :math:`W^\top g`.
# What :math:`W` maps to 0 is lost on the way forwards, what :math:`W^\top` maps to 0 on the way backwards.
# The smallest case that shows both has two units on three inputs.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
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
# Blue and orange are at right angles, always: no gradient comes back to where the layer does not look.
circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200)).view(float).reshape(-1, 2).T
camera = np.array([[-0.89, 0.45, 0.0], [-0.16, -0.3, 0.94]])  # from three dimensions to the paper


def draw(ax, matrix, view):
    """Draw the image of the unit ball, and a disk or a bar of length 1 for what is lost."""
    left, lengths, _ = np.linalg.svd(matrix)
    flat = (left[:, : len(lengths)] * lengths)[:, :2]
    for axes, color, style in ((flat, "C0", "-"), (null_basis(matrix.T), "C1", (0, (2, 1)))):
        if axes.shape[1]:
            outline = view @ axes @ (circle if axes.shape[1] == 2 else [[-1, 1]])
            ax.fill(*outline, facecolor=color, alpha=0.3, edgecolor="none")
            ax.plot(*outline, color=color, linestyle=style, linewidth=3)


fig, axes = plt.subplots(2, 3, sharex=True, sharey=True)
for column, (name, matrix) in zip(axes.T, layers.items()):
    draw(column[0], matrix, np.eye(2))
    draw(column[1], matrix.T, camera)
    column[0].set_title(f"{name}: rank {np.linalg.matrix_rank(matrix)}", loc="center")
    for ax, directions in zip(column, (np.eye(2), camera.T)):
        for end in directions:
            ax.plot(*np.transpose([-1.2 * end, 1.2 * end]), "-", color="gray", lw=0.8, zorder=0)
        ax.set(aspect="equal", xticks=[], yticks=[], xlim=(-1.8, 1.8), ylim=(-1.25, 1.25))
        ax.spines[:].set_visible(False)
axes[0, 0].annotate("arrives", (0.75, 0.75), color="C0")
axes[0, 0].annotate("lost", (-0.8, 0.75), color="C1", horizontalalignment="right")
axes[0, 0].set_ylabel("two units")
axes[1, 0].set_ylabel("three inputs")
fig.alt_text = (
    "Equal weights flatten the inputs, and the gradients on their way back, to a segment; a line of "
    "gradients and a disk of inputs are lost. Gaussian and orthogonal weights keep an ellipse and a "
    "disk, and lose no gradient and only one direction of input."
)

# %%
# What this page promises
# -----------------------
# **Rank, N01.** Fifty units on 64 inputs: equal weights lose all but one of 64 directions of input, and all but one
# of 50 of the gradient. A thousand random layers, Gaussian or uniform, lose the 14 that no layer of this shape can
# keep, and none of the gradient.
shape = (50, 64)
equal = weights.constant(shape)
check("N01", "inputs lost, equal weights", null_basis(equal).shape[1], 63)
check("N01", "gradients lost, equal weights", null_basis(equal.T).shape[1], 49)
for fill in (weights.gaussian, weights.uniform):
    least = np.linalg.matrix_rank(fill(shape, replicas=1000, rng=rng)).min()
    check("N01", f"least rank of a thousand, {fill.__name__}", least, 50)

# %%
# Lost means lost: an input splits into what the layer sees and what it does not, and the second part changes nothing.
layer, x = weights.gaussian(shape, rng=rng), rng.standard_normal((100, 64))
lost = split(layer, x).lost
rounding = {"atol": 1e-11, "reason": "rounding"}
check("N01", "most that a lost part moves a unit", abs(lost @ layer.T).max(), 0, **rounding)

# %%
# **Signs, N02.** Where weights have two values only, "with probability 1" becomes a count over all matrices, here with
# determinants in whole numbers. For large :math:`n` the share of singular ones is :math:`(1/2 + o(1))^n`.


def determinant(matrices):
    if matrices.shape[-1] == 1:
        return matrices[..., 0, 0]
    rest, columns = matrices[..., 1:, :], range(matrices.shape[-1])
    minors = (determinant(np.delete(rest, column, axis=-1)) for column in columns)
    return sum((-1) ** k * matrices[..., 0, k] * minor for k, minor in enumerate(minors))


for n, singular in ((2, 8), (3, 320), (4, 43264)):
    bits = np.arange(2 ** (n * n))[:, None] >> np.arange(n * n) & 1
    zeros = np.sum(determinant(1 - 2 * bits.reshape(-1, n, n)) == 0)
    check("N02", f"singular {n} x {n} matrices of {len(bits)}", zeros, singular)

# %%
# **Near misses, N03.** Of forty thousand square Gaussian matrices none is singular. But the least singular value is
# only :math:`t / \sqrt n`, where :math:`t` has, for large :math:`n`, the distribution function
# :math:`1 - e^{-t^2/2 - t}`, and the logarithm of the condition number is :math:`\ln n + 1.537` on average.
n, replicas, median = 20, 40_000, np.sqrt(1 + 2 * np.log(2)) - 1
values = np.linalg.svd(weights.gaussian((n, n), replicas=replicas, rng=rng), compute_uv=False)
least, logs = np.sqrt(n) * np.sort(values[:, -1]), np.log(values[:, 0] / values[:, -1])
law = 1 - np.exp(-(least**2) / 2 - least)
distance = np.abs(law - (np.arange(replicas) + 0.5) / replicas).max()
bound = {"relation": "<", "atol": 0.2 / n, "reason": "the law is a limit, error below 0.2 / n"}
check("N03", "distance from Edelman's law", distance, 1.95 / np.sqrt(replicas), **bound)
error = 1 / (1 + median) / np.sqrt(replicas)  # the density at the median is (1 + median) / 2
band = {"atol": 4 * error + 0.2 / n, "reason": "four standard errors, and 0.2 / n as above"}
check("N03", "median of the scaled least value", np.median(least), median, **band)
error = logs.std() / np.sqrt(replicas)
band = {"atol": 4 * error + 0.7 * n ** (-2 / 3), "reason": "four errors; edge, 0.7 n^(-2/3)"}
check("N03", "mean log of the condition number", logs.mean(), np.log(n) + 1.537, **band)

# %%
# Where it stops being true
# -------------------------
# Full rank is a statement about exact arithmetic and about one layer. The product of ten such layers has full rank
# too, but the logarithm of its condition number is several times as large: what one layer nearly forgets, the next
# cannot restore. With some more layers a computer, which rounds, finds a lower rank.
product = np.eye(n)
for _ in range(10):
    product = weights.gaussian((n, n), replicas=1000, rng=rng) @ product
deep, single = np.log(np.linalg.cond(product)).mean(), np.log(n) + 1.537
check("N03", "mean log of the condition, ten layers", deep, 3 * single, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - Multiply orthogonal matrices instead: ``weights.orthogonal((n, n), replicas=1000, rng=rng)``. What is their
#   condition number?
# - Flip signs so that the first row and column of a 5 x 5 matrix are all 1. How do 65536 determinants count all 2**25?
# - Fill the first layer of the figure with two rows 1, 2, 3. It is not constant: is anything more kept than before?

plt.show()
