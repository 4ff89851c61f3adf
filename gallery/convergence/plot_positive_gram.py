# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
When is the Gram matrix of a layer positive?
============================================

In the limit of many Gaussian units all its eigenvalues are positive if no input is 0 and no two are parallel or
antiparallel; the closer two inputs are, the smaller the least one is.
A Gaussian layer comes near this limit like one over the root of its width, while a layer with equal weights stays
equally far from it, however wide it is.

Du, Zhai, Póczos and Singh (2019) rest their proof of convergence on the least eigenvalue in the limit, O01. That the
matrix starts near its limit, O02, is one of three conditions of the proof. The others are that few units switch on or
off during training, and that the outputs are not large at the start.
"""

# %%
# Set-up
# ------
# Entry :math:`(i, j)` of the *Gram matrix* of a ReLU layer is :math:`x_i \cdot x_j` times the share of its :math:`m`
# units that are active at both inputs. Gradient descent on these weights reduces the error along each eigenvector at a
# speed that is the eigenvalue, as long as the matrix hardly changes. Along an eigenvector with the eigenvalue 0 nothing
# is learned.
#
# A Gaussian unit is active at both of two inputs with the angle :math:`\theta` with probability
# :math:`(\pi - \theta) / 2\pi`. So the limit for many units is
# :math:`H_{ij} = x_i \cdot x_j\, (\pi - \theta_{ij}) / 2\pi`.
#
# There are two sets of inputs: forty random unit vectors in ten dimensions, and fifty digits of 64 pixels, centered and
# brought to length 1.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.gram import limit_gram, relu_gram

rng = np.random.default_rng(2019)
samples = 40
features = 10
replicas = 250
widths = np.array([64, 256, 1024, 4096])


def unit(rows):
    """Return the rows at length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def eigenvalues(inputs):
    """Return the eigenvalues of the limit, the least one first."""
    return np.linalg.eigvalsh(limit_gram(inputs))


def pair(angle):
    """Return two unit vectors of the plane with this angle."""
    return np.array([[1, 0], [np.cos(angle), np.sin(angle)]])


def least_by_formula(angle):
    """Return the least eigenvalue for two unit inputs with this angle."""
    return 1 / 2 - np.abs(np.cos(angle)) * (np.pi - angle) / (2 * np.pi)


x = unit(rng.standard_normal((samples, features)))
pixels = load_digits().data[:50]
digits = unit(pixels - pixels.mean(axis=0))

# %%
# **How far a random layer is.** A share of :math:`m` independent units has the variance :math:`p(1 - p) / m` if each is
# counted with probability :math:`p`. So the sum of the squared differences of all entries from the limit, the square of
# the *distance*, has the mean :math:`\sum_{ij} (x_i \cdot x_j)^2\, p_{ij} (1 - p_{ij}) / m`, exactly.
limit = limit_gram(x)
products = x @ x.T
mean_square_of_one = np.sum(limit * (products - limit))

random_distance = []
equal_distance = []
for width in widths:
    random_layers = weights.gaussian((width, features), replicas=replicas, rng=rng)
    random_grams = relu_gram(random_layers, x)
    random_distance.append(np.linalg.norm(random_grams - limit, axis=(1, 2)))
    equal_gram = relu_gram(weights.constant((width, features)), x)
    equal_distance.append(np.linalg.norm(equal_gram - limit))
random_distance = np.array(random_distance)

# %%
# The figure
# ----------
# On the left the least eigenvalue for two inputs, on the right the distance from the limit. Lines are the formulas.
fig, (left, right) = plt.subplots(1, 2)
angles = np.geomspace(1e-3, np.pi, 200)
marked = np.geomspace(1e-3, 3.1, 8)
left.loglog(angles, least_by_formula(angles), color="C0")
left.loglog(marked, [eigenvalues(pair(angle))[0] for angle in marked], "o", color="C0")
left.set_xlabel("angle of two inputs")
left.set_ylabel("least eigenvalue")
left.set_xticks([1e-3, 1e-2, 0.1, 1])
left.set_title("Close inputs are slow")

right.loglog(widths, np.sqrt(mean_square_of_one / widths), color="C0")
right.loglog(widths, np.sqrt(np.mean(random_distance**2, axis=1)), "o", color="C0")
right.loglog(widths, equal_distance, "s-", color="C3")
right.annotate("equal weights", (4096, 1.3 * equal_distance[0]), color="C3", ha="right")
right.annotate("random", (300, 0.4), color="C0")
right.set_xlabel("units")
right.set_ylabel("distance from the limit")
right.set_ylim(0.03, 20)
right.set_xticks([100, 1000], ["100", "1000"])
right.set_title("Random layers come near")
fig.alt_text = (
    "The least eigenvalue of the limiting Gram matrix falls to 0 with the angle of two inputs, in "
    "proportion to it. Right: the distance of a random layer from the limit falls like one over "
    "the root of the width, from 64 to 4096 units, while that of equal weights stays the same."
)

# %%
# What this page promises
# -----------------------
# **The least eigenvalue, O01.** For two unit inputs it is :math:`1/2 - |\cos\theta|\,(\pi - \theta) / 2\pi`. For small
# angles this is about :math:`\theta / 2\pi`; the next term is :math:`\theta^2 / 4`. When both coincide it is 0.
for angle in (0.1, 0.01, 0.001):
    found = eigenvalues(pair(angle))[0]
    expected = least_by_formula(angle)
    check("O01", f"least eigenvalue at the angle {angle}", found, expected, rounding=1e-12)
found = eigenvalues(pair(0.001))[0]
check(
    "O01",
    "the last, in angles / 2 pi",
    found / (0.001 / (2 * np.pi)),
    1,
    atol=0.002,
    reason="the next term, pi / 2 angles",
)
equal_inputs = eigenvalues(pair(0))
check("O01", "least eigenvalue of equal inputs", equal_inputs[0], 0, rounding=1e-12)

# %%
# With more inputs it is at most that of each pair, as for every principal submatrix. And it is positive with four times
# as many inputs as dimensions, although the matrix of the products :math:`x_i \cdot x_j` alone has only rank 10.


def least_of_pairs(inputs):
    """Return the least eigenvalue of the pair of unit inputs that has the smallest one."""
    cosines = inputs @ inputs.T
    first, second = np.triu_indices(len(inputs), k=1)
    return least_by_formula(np.arccos(cosines[first, second])).min()


least = eigenvalues(x)[0]
well_above_rounding = 1e-8
check("O01", "least eigenvalue, forty inputs", least, well_above_rounding, relation=">")
check("O01", "the same, against the closest pair", least, least_of_pairs(x), relation="<=")

# %%
# **Real inputs.** The fifty digits lie in 64 dimensions, no two of them at a small angle. The least eigenvalue of their
# matrix is not small. For the least and the largest one no formula is known; what is expected are the numbers that
# were found once. That the sum of all eigenvalues is half the number of inputs is theory.
of_digits = eigenvalues(digits)
written = "three digits of it were found once"
check("O01", "least eigenvalue, fifty digits", of_digits[0], 0.0769, atol=5e-5, reason=written)
check("O01", "largest eigenvalue, fifty digits", of_digits[-1], 2.49, atol=5e-3, reason=written)
check("O01", "sum of the eigenvalues, fifty digits", of_digits.sum(), 50 / 2, rounding=1e-10)
closest_digits = least_of_pairs(digits)
check("O01", "least, against the closest digits", of_digits[0], closest_digits, relation="<=")

# %%
# **The way to the limit, O02.** The mean square of the distance is the one derived above, over all widths. So the root
# mean square falls like :math:`m^{-1/2}`.
expected_squares = mean_square_of_one / widths[:, np.newaxis]
check_mean("O02", "mean square distance over its formula", random_distance**2 / expected_squares, 1)
log_widths = np.log(widths)
exponents = np.polyfit(log_widths, np.log(random_distance), 1)[0]
check_mean("O02", "exponent of the distance, mean of 250", exponents, -1 / 2)

# %%
# Where it stops being true
# -------------------------
# **Equal weights.** All units are active at the same inputs, at every width. The Gram matrix does not depend on the
# width, and at most ten of its forty eigenvalues are not 0.
ratio = equal_distance[-1] / equal_distance[0]
check("O02", "distance of 4096 equal units over 64", ratio, 1, rounding=1e-12)
of_equal_weights = np.linalg.eigvalsh(equal_gram)
kept = np.sum(of_equal_weights > 1e-10)
check("O02", "eigenvalues above 0, equal weights", kept, features, relation="<=")

# %%
# **Opposite inputs.** Almost no unit is active at both of :math:`x` and :math:`-x`, and one such pair does no harm. But
# inputs :math:`x_k` and :math:`-x_k` with the coefficients :math:`c_k` and :math:`-c_k` add up to
# :math:`\sum_k c_k x_k` at every unit, whichever of the two is active. This is 0 for some :math:`c` when there are more
# pairs than dimensions. Each pair beyond their number costs an eigenvalue.
opposite = eigenvalues(pair(np.pi))
check("O01", "least eigenvalue of an antiparallel pair", opposite[0], 0.5, rounding=1e-12)
for pairs in (6, 9):
    half = unit(rng.standard_normal((pairs, 6)))
    both = np.concatenate([half, -half])
    zeros = np.sum(eigenvalues(both) < 1e-12)
    check("O01", f"eigenvalues 0, {pairs} pairs, 6 dimensions", zeros, pairs - 6)

# %%
# **Multiples, and biases.** Without biases a unit is active at :math:`x` and :math:`2x` alike. A bias is the weight of
# a further input that is always 1, which turns one from the other. Brought to length 1, they have the least eigenvalue
# of their new angle, :math:`\arctan 1 - \arctan(1/2)`.
without_biases = np.array([[1.0], [2.0]])
with_biases = np.array([[1.0, 1.0], [2.0, 1.0]])
same_direction = eigenvalues(without_biases)
check("O01", "least eigenvalue of x and 2x", same_direction[0], 0, rounding=1e-12)
turned = eigenvalues(unit(with_biases))
expected = least_by_formula(np.arctan(1) - np.arctan(1 / 2))
check("O01", "the same with biases, unit length", turned[0], expected, rounding=1e-12)
summary()

# %%
# Try it yourself
# ---------------
# - Give half of the units equal weights and draw the others. What remains of the distance at large widths?
# - Draw each weight as 1 or -1. Is there a limit, and is it the same?
# - Take forty inputs in two dimensions. How small is the least eigenvalue now, and which pair is to blame?

plt.show()
