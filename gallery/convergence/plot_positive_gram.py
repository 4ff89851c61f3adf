# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
When is the Gram matrix of a layer positive?
============================================

When no two inputs are parallel or antiparallel, all its eigenvalues are positive in the limit of many random units.
Two inputs at a small angle push the least one down in proportion to the angle, and two that coincide make it zero.
A random layer comes near the limit like one over the root of its width, one with equal weights at no width.

Du, Zhai, Póczos and Singh (2019) rest their proof of convergence on this eigenvalue. O01 is about the eigenvalue, O02
about the way to the limit.
"""

# %%
# Set-up
# ------
# Entry :math:`(i, j)` of the *Gram matrix* of a ReLU layer is :math:`x_i \cdot x_j` times the share of its :math:`m`
# units that are active at both inputs. Its eigenvalues are the speeds at which descent on these weights reduces the
# error, each in a direction of its own. A direction with the eigenvalue 0 is not learned.
#
# A Gaussian unit is active at both of two inputs with the angle :math:`\theta` with probability
# :math:`(\pi - \theta) / 2\pi`. So the limit is :math:`H_{ij} = x_i \cdot x_j\, (\pi - \theta_{ij}) / 2\pi`.
# The inputs are forty unit vectors in ten dimensions.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.gram import limit_gram, relu_gram

rng = np.random.default_rng(2019)
samples, features, replicas = 40, 10, 250
widths = np.array([64, 256, 1024, 4096])


def unit(x):
    """Return the rows at length 1."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def eigenvalues(x):
    """Return the eigenvalues of the limit, the least one first."""
    return np.linalg.eigvalsh(limit_gram(x))


def pair(angle):
    """Return two unit vectors of the plane with this angle."""
    return np.array([[1, 0], [np.cos(angle), np.sin(angle)]])


def least(angle):
    """Return the least eigenvalue for two unit inputs, by the formula."""
    return 1 / 2 - abs(np.cos(angle)) * (np.pi - angle) / (2 * np.pi)


x = unit(rng.standard_normal((samples, features)))
limit = limit_gram(x)
drawn = [relu_gram(weights.gaussian((m, features), replicas=replicas, rng=rng), x) for m in widths]
alike = [relu_gram(weights.constant((m, features)), x) for m in widths]
random, equal = (np.linalg.norm(each - limit, axis=(-2, -1)) for each in (drawn, alike))

# %%
# **How far a random layer is.** A share of :math:`m` independent units has the variance :math:`p(1 - p) / m` if each is
# counted with probability :math:`p`. So the sum of the squared differences of all entries from the limit, the square of
# the *distance*, has the mean :math:`\sum_{ij} (x_i \cdot x_j)^2\, p_{ij} (1 - p_{ij}) / m`, exactly.
square = np.sum(limit * (x @ x.T - limit))

# %%
# The figure
# ----------
# On the left the least eigenvalue for two inputs, on the right the distance from the limit. Lines are the formulas.
fig, (left, right) = plt.subplots(1, 2)
angles, marked = np.geomspace(1e-3, np.pi, 200), np.geomspace(1e-3, 3.1, 8)
left.loglog(angles, [least(angle) for angle in angles], color="C0")
left.loglog(marked, [eigenvalues(pair(angle))[0] for angle in marked], "o", color="C0")
left.set(xlabel="angle of two inputs", ylabel="least eigenvalue", title="Near inputs are slow")
left.set_xticks([1e-3, 1e-2, 0.1, 1])
right.loglog(widths, np.sqrt(square / widths), color="C0")
right.loglog(widths, np.sqrt(np.mean(random**2, axis=1)), "o", color="C0")
right.loglog(widths, equal, "s-", color="C3")
right.annotate("equal weights", (4096, 1.3 * equal[0]), color="C3", ha="right")
right.annotate("random", (300, 0.4), color="C0")
right.set(xlabel="units", ylabel="distance from the limit", ylim=(0.03, 20))
right.set_title("Random comes near")
right.set_xticks([100, 1000], ["100", "1000"])
fig.alt_text = (
    "The least eigenvalue of the limiting Gram matrix falls to 0 with the angle of two inputs, in "
    "proportion to it. Right: the distance of a random layer from the limit falls like one over the "
    "root of the width, from 64 to 4096 units, while that of equal weights stays the same."
)

# %%
# What this page promises
# -----------------------
# **The least eigenvalue, O01.** For two unit inputs it is :math:`1/2 - |\cos\theta|\,(\pi - \theta) / 2\pi`, which for
# small angles is :math:`\theta / 2\pi`, with :math:`\theta^2 / 4` as the next term. When both coincide it is 0.
rounding, zero = {"rtol": 1e-9, "reason": "rounding"}, {"atol": 1e-12, "reason": "rounding"}
for angle in (0.1, 0.01, 0.001):
    low = eigenvalues(pair(angle))[0]
    check("O01", f"least eigenvalue at the angle {angle}", low, least(angle), **rounding)
check("O01", "the last, in angles / 2 pi", low * 2000 * np.pi, 1, atol=2e-3, reason="next term")
check("O01", "least eigenvalue of equal inputs", eigenvalues(pair(0))[0], 0, **zero)

# %%
# With more inputs it is at most that of the closest two, as for every principal submatrix. And it is positive with
# four times as many inputs as dimensions: the matrix of the products :math:`x_i \cdot x_j` alone has only rank 10.
closest = np.arccos(np.max(x @ x.T - 2 * np.eye(samples)))
check("O01", "least eigenvalue, forty inputs", eigenvalues(x)[0], 1e-3, relation=">")
check("O01", "the same, against the closest pair", eigenvalues(x)[0], least(closest), relation="<=")

# %%
# **The way to the limit, O02.** The mean square of the distance is the one above, and its logarithm falls with the
# slope -1/2.
share = random**2 * widths[:, None] / square
four = {"atol": 4 * share.std() / np.sqrt(share.size), "reason": "four standard errors"}
check("O02", "mean square distance over its formula", share.mean(), 1, **four)
slopes = np.polyfit(np.log(widths), np.log(random), 1)[0]
four = {"atol": 4 * slopes.std() / np.sqrt(replicas), "reason": "four standard errors"}
check("O02", "slope of the distance, mean of 250", slopes.mean(), -1 / 2, **four)

# %%
# Where it stops being true
# -------------------------
# **Equal weights.** All units are active at the same inputs, at every width. The Gram matrix stays where it is, and at
# most ten of its forty eigenvalues are not 0.
check("O02", "distance of 4096 equal units over 64", equal[-1] / equal[0], 1, **rounding)
kept = np.sum(np.linalg.eigvalsh(alike[0]) > 1e-10)
check("O02", "eigenvalues above 0, equal weights", kept, features, relation="<=")

# %%
# **Opposite inputs.** No unit is active at both of :math:`x` and :math:`-x`, and one such pair does no harm. But the
# part of the limit that is odd in each input is just :math:`x_i \cdot x_j / 4`, of no higher rank than the inputs. Each
# pair beyond their dimension costs an eigenvalue.
check("O01", "least eigenvalue of an antiparallel pair", eigenvalues(pair(np.pi))[0], 0.5, **zero)
for pairs in (6, 9):
    half = unit(rng.standard_normal((pairs, 6)))
    none = np.sum(eigenvalues(np.concatenate([half, -half])) < 1e-12)
    check("O01", f"eigenvalues 0, {pairs} pairs, 6 dimensions", none, max(pairs - 6, 0))

# %%
# **Multiples, and biases.** Without biases a unit is active at :math:`x` and :math:`2x` alike. A bias is the weight of
# a further input that is always 1, which turns one from the other. Brought to length 1, they have the least eigenvalue
# of their new angle, :math:`\pi/4 - \arctan(1/2)`.
check("O01", "least eigenvalue of x and 2x", eigenvalues([[1], [2]])[0], 0, **zero)
lifted = unit(np.array([[1, 1], [2, 1]]))
between = least(np.pi / 4 - np.arctan(1 / 2))
check("O01", "the same with biases, unit length", eigenvalues(lifted)[0], between, **rounding)
summary()

# %%
# Try it yourself
# ---------------
# - Give half of the units equal weights and draw the others. What remains of the distance at large widths?
# - Draw each weight as 1 or -1. Is there a limit, and is it the same?
# - Take forty inputs in two dimensions. How small is the least eigenvalue now, and which pair is to blame?

plt.show()
