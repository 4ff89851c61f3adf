# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Must weights be Gaussian for a positive Gram matrix?
====================================================

No: the least eigenvalue is positive for each distribution of the weights that leaves no open set of directions out, if
no input is 0 and no two inputs are parallel or antiparallel.
How large it is depends on the distribution; on average over all rotations of the data none exceeds the Gaussian one.

Du, Zhai, Póczos and Singh (2019) prove that it is positive for Gaussian weights. O07 is the statement for other
distributions. The proof is below, and in more detail in the explanation.
"""

# %%
# Set-up
# ------
# For a two-layer ReLU network with many units, of which the first layer is trained, the *Gram matrix* is
# :math:`H_{ij} = x_i \cdot x_j\; P(w \cdot x_i \ge 0 \text{ and } w \cdot x_j \ge 0)`, with one random weight vector
# :math:`w`. The length of :math:`w` does not matter: only the distribution (the *law*) of its
# *direction* does.
#
# With two inputs to the network a direction is a point of the circle, and a law is a density on it. Here are four laws
# that give each arc a positive probability:
#
# - Gaussian weights, whose directions are uniform;
# - stretched: Gaussian weights, the first with three times the standard deviation of the second;
# - Cauchy: two independent weights with heavy tails, which have no mean and no variance;
# - lopsided: uniform on each half of the circle, but nine times out of ten in the right half.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits

from symlib.claims import check, check_mean, summary
from symlib.gram import limit_gram, relu_gram

rng = np.random.default_rng(2019)


def gaussian_density(direction):
    """Return the density of directions of Gaussian weights."""
    return 1 / (2 * np.pi)


def stretched_density(direction):
    """Return the density of directions when the first weight is stretched by 3."""
    return 3 / (2 * np.pi * (np.cos(direction) ** 2 + 9 * np.sin(direction) ** 2))


def cauchy_density(direction):
    """Return the density of directions of two independent Cauchy weights."""
    logarithm = np.log(np.abs(np.cos(direction) / np.sin(direction)))
    return logarithm / (np.pi**2 * np.cos(2 * direction))


def lopsided_density(direction):
    """Return a density that prefers the right half of the circle."""
    probability = 0.9 if np.cos(direction) > 0 else 0.1
    return probability / np.pi


# %%
# The circle is cut into arcs of one degree. Inputs at whole degrees switch on or off only where two arcs meet, so that
# each input is active on an arc as a whole or not at all. The probability of an arc is an integral of the density, and
# the Gram matrix a sum over the arcs: exact, up to rounding.
degree = np.pi / 180
starts = np.arange(360) * degree
middles = starts + degree / 2


def arc_probabilities(density):
    """Return the probability of each arc of one degree."""
    return np.array([quad(density, start, start + degree)[0] for start in starts])


def vectors(angles):
    """Return the unit vectors at these angles, one in each row."""
    return np.column_stack([np.cos(angles), np.sin(angles)])


def gram_of_law(probabilities, inputs):
    """Return the Gram matrix when each arc has this probability."""
    active = (vectors(middles) @ inputs.T > 0).astype(float)
    both_active = active.T @ (probabilities[:, np.newaxis] * active)
    return inputs @ inputs.T * both_active


def least_eigenvalue(matrix):
    """Return the least eigenvalue of a symmetric matrix."""
    return np.linalg.eigvalsh(matrix)[0]


five_angles = np.array([0, 40, 75, 130, 250]) * degree


def least_for_each_turn(probabilities):
    """Return the least eigenvalue for the five inputs, turned by 0 to 359 degrees."""
    found = []
    for turn in starts:
        inputs = vectors(five_angles + turn)
        found.append(least_eigenvalue(gram_of_law(probabilities, inputs)))
    return np.array(found)


gaussian = arc_probabilities(gaussian_density)
stretched = arc_probabilities(stretched_density)
cauchy = arc_probabilities(cauchy_density)
lopsided = arc_probabilities(lopsided_density)


def uniform_on_arc(width):
    """Return the law that is uniform on an arc of so many degrees, with its middle at 0."""
    inside = np.cos(middles) > np.cos(width / 2 * degree)
    return inside / inside.sum()


short_arc = uniform_on_arc(150)

# %%
# The figure
# ----------
# On the left the densities, and in pink a law that leaves directions out: it is uniform on an arc of 150 degrees. On
# the right the least eigenvalue for five inputs in the plane, while the inputs are turned.
fig, (left, right) = plt.subplots(1, 2)
turns = np.arange(360)
shown = {"Gaussian": gaussian, "Cauchy": cauchy, "lopsided": lopsided, "short arc": short_arc}
for name, law in shown.items():
    left.plot(turns + 0.5, 360 * law)
    right.plot(turns, least_for_each_turn(law), label=name)
left.set_xlabel("direction in degrees")
left.set_ylabel("density over the uniform one")
left.set_ylim(0, 3.4)
left.set_xticks([0, 90, 180, 270, 360])
left.set_title("Four laws of directions")
right.set_xlabel("turn of the inputs in degrees")
right.set_ylabel("least eigenvalue")
right.set_xticks([0, 90, 180, 270, 360])
right.set_ylim(-0.004, 0.13)
right.legend(ncols=2, loc="upper center", handlelength=1.3, columnspacing=1)
right.set_title("Only one law fails")
fig.alt_text = (
    "The least eigenvalue stays positive for Gaussian, Cauchy and lopsided weights, however the "
    "five inputs are turned; for a law on an arc of 150 degrees it is 0 over wide ranges. It is "
    "constant for the Gaussian law, and lower on average for the others. Left: the four densities."
)

# %%
# What this page promises
# -----------------------
# **Positive, O07. The proof.** Let :math:`F(w) = \sum_i c_i x_i\, 1\{w \cdot x_i \ge 0\}`. Then
# :math:`c^\top H c = E\,|F(w)|^2`. The hyperplanes :math:`w \cdot x_i = 0` cut space into open cells, and on each cell
# :math:`F` is constant. Each cell has a positive probability, as the law leaves no open set of directions out. If
# :math:`c^\top H c = 0`, then :math:`F` is therefore 0 on each cell. Now cross the hyperplane of input :math:`i` at a
# point of no other hyperplane; there is one, as no two inputs are parallel or antiparallel. Only term :math:`i` is
# switched on, so that :math:`F` jumps by :math:`c_i x_i`, from 0 to 0. Hence :math:`c_i = 0`, for each :math:`i`.
#
# **How large.** The proof also says what the law has to do with it: :math:`H` is a sum over cells, in which each cell
# counts with its probability. If the density is at least :math:`\kappa` times the uniform one, the least eigenvalue is
# at least :math:`\kappa` times that of the Gaussian law. This :math:`\kappa` is :math:`1/3` for the stretched law,
# :math:`2/\pi` for the Cauchy law and :math:`1/5` for the lopsided one.
uniform_value = least_for_each_turn(gaussian)[0]
kappas = {"stretched": 1 / 3, "Cauchy": 2 / np.pi, "lopsided": 1 / 5}
laws = {"stretched": stretched, "Cauchy": cauchy, "lopsided": lopsided}
from_formula = least_eigenvalue(limit_gram(vectors(five_angles)))
check("O07", "least, five inputs, Gaussian", uniform_value, from_formula, rounding=1e-12)
for name, law in laws.items():
    least_of_all_turns = least_for_each_turn(law).min()
    bound = kappas[name] * uniform_value
    check("O07", f"least of all turns, {name}", least_of_all_turns, bound, relation=">=")

# %%
# **Against networks.** If :math:`c` is the eigenvector of the least eigenvalue :math:`\lambda_0` of :math:`H`, a layer
# of finite width with the Gram matrix :math:`H_W` has :math:`c^\top H_W c = \lambda_0` on average. So the integrals can
# be checked by drawing weights.
replicas = 400
units = 256
inputs = vectors(five_angles)


def form_of_networks(layers, inputs, matrix):
    """Return the quadratic form of each layer at the eigenvector of the least eigenvalue."""
    eigenvector = np.linalg.eigh(matrix).eigenvectors[:, 0]
    return relu_gram(layers, inputs) @ eigenvector @ eigenvector


def mostly_towards(direction, layers):
    """Return the weights, some of them reversed, so that nine in ten are on one side."""
    on_side = np.sign(layers @ direction)
    wanted = np.where(rng.random(on_side.shape) < 0.9, 1, -1)
    return layers * (on_side * wanted)[..., np.newaxis]


gaussian_layers = rng.standard_normal((replicas, units, 2))
cauchy_layers = rng.standard_cauchy((replicas, units, 2))
drawn = {
    "stretched": gaussian_layers * np.array([3, 1]),
    "Cauchy": cauchy_layers,
    "lopsided": mostly_towards(np.array([1, 0]), gaussian_layers),
}
for name, law in laws.items():
    exact = gram_of_law(law, inputs)
    forms = form_of_networks(drawn[name], inputs, exact)
    check_mean("O07", f"least in networks, {name}", forms, least_eigenvalue(exact))

# %%
# That lengths do not matter, even where they have no mean, is exact.
lengths = np.linalg.norm(cauchy_layers, axis=2, keepdims=True)
moved = relu_gram(cauchy_layers, inputs) - relu_gram(cauchy_layers / lengths, inputs)
check("O07", "change when weights get length 1", np.abs(moved).max(), 0)

# %%
# **What is special about Gaussian weights.** A mean over all rotations of a law is the uniform law, and the least
# eigenvalue of a mean of matrices is at least the mean of their least eigenvalues. So on average over rotations of the
# inputs no law has a larger one than the Gaussian law. For some positions of the inputs a law may do better.
for name, law in laws.items():
    average = least_for_each_turn(law).mean()
    check("O07", f"mean over turns, {name}", average, uniform_value, relation="<=")
best = least_for_each_turn(stretched).max()
check("O07", "best turn, stretched", best, uniform_value, relation=">")

# %%
# **Real inputs.** Fifty centered digits of 64 pixels, at length 1, and the same four laws in 64 dimensions. The
# probability that a unit is active at both of two inputs is known for each:
#
# - Gaussian: :math:`(\pi - \theta) / 2\pi`, with :math:`\theta` the angle of the inputs;
# - stretched: the same with the angle after the inputs are stretched. The standard deviations go from 1 to 10;
# - lopsided: nine in ten weights have a negative product with the twelfth digit. Three half-spheres whose middles are
#   at the angles :math:`\theta`, :math:`\alpha` and :math:`\beta` from each other overlap in the share
#   :math:`(2\pi - \theta - \alpha - \beta) / 4\pi` of the sphere;
# - Cauchy: as :math:`w \cdot (x + e^u y)` has a Cauchy law with the scale :math:`|x + e^u y|_1`, the sum of absolute
#   values, it is :math:`1/4 + \int \ln(|x + e^u y|_1 / |x - e^u y|_1)\, du \,/\, 2\pi^2`.
pixels = load_digits().data[:50]
centered = pixels - pixels.mean(axis=0)
digits = centered / np.linalg.norm(centered, axis=1, keepdims=True)
products = digits @ digits.T


def angles_between(rows, others):
    """Return the angle of each row with each of the others."""
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    others = others / np.linalg.norm(others, axis=1, keepdims=True)
    return np.arccos(np.clip(rows @ others.T, -1, 1))


deviations = np.geomspace(1, 10, 64)
angles = angles_between(digits * deviations, digits * deviations)
stretched_digits = products * (np.pi - angles) / (2 * np.pi)

favored = -digits[11]
angles = angles_between(digits, digits)
to_favored = angles_between(digits, favored[np.newaxis])
on_side = 2 * np.pi - angles - to_favored - to_favored.T
on_other_side = 2 * np.pi - angles - (np.pi - to_favored) - (np.pi - to_favored).T
lopsided_digits = products * (0.9 * on_side + 0.1 * on_other_side) / (2 * np.pi)

step = 0.02
integral = np.zeros((50, 50))
for u in np.arange(-18, 18, step) + step / 2:
    scale_of_sum = cdist(digits, -np.exp(u) * digits, "cityblock")
    scale_of_difference = cdist(digits, np.exp(u) * digits, "cityblock")
    integral += step * np.log(scale_of_sum / scale_of_difference)
both_active = 1 / 4 + integral / (2 * np.pi**2)
np.fill_diagonal(both_active, 1 / 2)
cauchy_digits = products * both_active

# %%
# The least eigenvalue is positive for each law, and different. Networks with weights drawn from these laws agree.
of_digits = {
    "Gaussian": limit_gram(digits),
    "stretched": stretched_digits,
    "lopsided": lopsided_digits,
    "Cauchy": cauchy_digits,
}
gaussian_layers = rng.standard_normal((replicas, units, 64))
drawn = {
    "Gaussian": gaussian_layers,
    "stretched": gaussian_layers * deviations,
    "lopsided": mostly_towards(favored, gaussian_layers),
    "Cauchy": rng.standard_cauchy((replicas, units, 64)),
}
for name, matrix in of_digits.items():
    forms = form_of_networks(drawn[name], digits, matrix)
    check_mean("O07", f"least, fifty digits, {name}", forms, least_eigenvalue(matrix))

# %%
# Where it stops being true
# -------------------------
# **A law that leaves directions out.** On an arc of 150 degrees with its middle at 0 no unit is active at an input that
# is less than 15 degrees from the opposite direction. Then a row of the matrix is 0. Each of the five inputs is there
# in 29 of the 360 turns, and in two more it is active at an end of the arc only.
of_short_arc = least_for_each_turn(short_arc)
failing = np.sum(np.abs(of_short_arc) < 1e-12)
check("O07", "turns with a zero, arc of 150 degrees", failing, 5 * 31, shows="limit")

# %%
# **Positive weights and pixels.** Weights that are uniform between 0 and 1, and inputs that are not negative: each unit
# is active at each input. The matrix is that of the products :math:`x_i \cdot x_j`, whose rank is at most the number of
# pixels, 64. Of a hundred digits at least 36 eigenvalues are 0.
hundred = load_digits().data[:100]
positive_layer = rng.random((1000, 64))
positive_gram = relu_gram(positive_layer, hundred)
difference = np.abs(positive_gram - hundred @ hundred.T).max()
check("O07", "difference from the matrix of products", difference, 0, rounding=1e-8)
zeros = 100 - np.linalg.matrix_rank(positive_gram)
check("O07", "zeros, positive weights, 100 digits", zeros, 36, relation=">=", shows="limit")

# %%
# **Weights on the axes.** If each unit reads one of two coordinates, with the weight 1 or -1, then three inputs in the
# same quadrant are active at the same units. In the plane three vectors have a linear relation.
axes = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
same_quadrant = vectors(np.array([20, 40, 60]) * degree)
on_axes = least_eigenvalue(relu_gram(axes, same_quadrant))
check("O07", "least, weights on the axes", on_axes, 0, rounding=1e-12, shows="limit")

# %%
# **The condition is more than is needed.** The proof uses only that both sides of each hyperplane have a positive
# probability somewhere, at a point of no other hyperplane. So a law that is positive around a path of directions from
# one point to its opposite is enough, as each hyperplane crosses the path: in the plane, an arc of more than 180
# degrees. And for given inputs finitely many weights are enough, without chance: one in each cell, which are ten cells
# for five inputs in the plane.
above_rounding = 1e-8
of_long_arc = least_for_each_turn(uniform_on_arc(200)).min()
check("O07", "least of all turns, arc of 200 degrees", of_long_arc, above_rounding, relation=">")
edges = np.concatenate([five_angles + np.pi / 2, five_angles - np.pi / 2])
edges = np.sort(edges % (2 * np.pi))
next_edges = np.append(edges[1:], edges[0] + 2 * np.pi)
one_in_each_cell = vectors((edges + next_edges) / 2)
of_ten = least_eigenvalue(relu_gram(one_in_each_cell, inputs))
check("O07", "least, ten weights, one in each cell", of_ten, above_rounding, relation=">")

# %%
# **Parallel inputs.** Two in the same direction make the eigenvalue 0 for each law, as every unit is active at both or
# at neither. Two in opposite directions do not, if no weight lies on their hyperplane: then none is active at both, so
# that the matrix is diagonal, with their two probabilities. But each opposite pair beyond the number of dimensions
# costs an eigenvalue. Coefficients :math:`c_k` at :math:`x_k` and :math:`-c_k` at :math:`-x_k` make :math:`F` the
# constant :math:`\sum_k c_k x_k`, and with three pairs in the plane this is 0 for some of them.
opposite_pair = vectors(np.array([40, 220]) * degree)
probability_of_second = (0.9 * 40 + 0.1 * 140) / 180
of_pair = least_eigenvalue(gram_of_law(lopsided, opposite_pair))
check("O07", "least, an opposite pair", of_pair, probability_of_second, rounding=1e-12)
three = vectors(np.array([0, 40, 75]) * degree)
three_pairs = np.concatenate([three, -three])
zeros = 6 - np.linalg.matrix_rank(gram_of_law(lopsided, three_pairs))
check("O07", "eigenvalues 0, three pairs in the plane", zeros, 1)
summary()

# %%
# Try it yourself
# ---------------
# - Give the lopsided law the probability 1 for the right half. At which five turns is the least eigenvalue 0, and why?
# - Take away one of the ten weights, and then another. How few are enough?
# - Draw weights that are 1 or -1. They leave most directions out: is the matrix of the digits positive all the same?

plt.show()
