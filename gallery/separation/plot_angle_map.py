# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Do random ReLU layers keep inputs apart?
========================================

Yes, in wide layers, if the inputs point in different directions; but on average each layer brings them nearer.
On average over Gaussian weights a layer takes at most half of a squared distance, and through many wide layers the
angle falls like one over the depth; through narrow layers it falls faster.

The two laws of one layer, P01, are those of Cho and Saul (2009) and of Giryes, Sapiro and Bronstein (2016).
P02 bounds the first of them, and P03 follows the second through the depth; both are derived here.
"""

# %%
# Set-up
# ------
# A layer has :math:`m` ReLU units, independent Gaussian weights of variance :math:`2/m`, and no biases.
# Two inputs :math:`x` and :math:`y` have the angle :math:`\theta` between them. Let
# :math:`h(\theta) = (\sin\theta - \theta\cos\theta)/\pi`.
# Then their squared distance becomes, on average over the weights,
# :math:`\|x - y\|^2 - 2\,\|x\|\,\|y\|\,h(\theta)`.
# If the layer is wide, the cosine of their angle becomes :math:`\cos\theta + h(\theta)`.
# Since :math:`h` is not negative, both say that inputs come nearer.
#
# One layer is tried on 200 pairs of digits, from which the mean image is subtracted, with 5000 units.
# Through many layers only the angle needs to be followed. The sums that enter a unit are two normal numbers whose
# correlation is the cosine of the angle, so these are drawn instead of the weights.
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import comb, digamma
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.propagation import angle_map, squared_distance_ratio

rng = np.random.default_rng(2009)
units = 5000
right_angle = np.pi / 2


def relu(z):
    """Return what ReLU makes of sums."""
    return np.maximum(z, 0)


def angle_between(x, y):
    """Return the angles between rows, to all digits even if they are small."""
    x = x / np.linalg.norm(x, axis=-1, keepdims=True)
    y = y / np.linalg.norm(y, axis=-1, keepdims=True)
    return 2 * np.arctan2(np.linalg.norm(x - y, axis=-1), np.linalg.norm(x + y, axis=-1))


def follow(width, depth, networks, start):
    """Return the angle of two inputs at each depth, a column for each network."""
    angles = [np.full(networks, start)]
    for _ in range(depth):
        theta = angles[-1][:, np.newaxis]
        sums = rng.standard_normal((networks, width))
        independent = rng.standard_normal((networks, width))
        other_sums = np.cos(theta) * sums + np.sin(theta) * independent
        angles.append(angle_between(relu(sums), relu(other_sums)))
    return np.array(angles)


digits = load_digits().data
digits = rng.permutation(digits - digits.mean(axis=0))
x = digits[:200]
y = digits[200:400]
layer = weights.gaussian((units, 64), std=np.sqrt(2 / units), rng=rng)
x_sums = x @ layer.T
y_sums = y @ layer.T
theta = angle_between(x, y)
theta_after = angle_between(relu(x_sums), relu(y_sums))

wide = follow(2000, 32, 256, right_angle)
narrow = follow(64, 256, 600, right_angle)

# %%
# The figure
# ----------
# Left: the angle before and after one layer. The blue curve is the law, the orange points are the pairs of digits, and
# on the gray diagonal nothing would change.
# Right: two inputs at a right angle. The blue curve is the law of infinite width, points are medians over random
# networks, and the gray line is :math:`3\pi/\mathrm{depth}`.
fig, (one, many) = plt.subplots(1, 2)
grid = np.linspace(0, np.pi)
one.plot([0, 2], [0, 2], color="gray", linestyle="-", linewidth=1)
one.plot(theta, theta_after, ".", color="C1", markersize=5)
one.plot(grid, angle_map(grid), color="C0")
one.annotate("pairs of\ndigits", (1.5, 0.5), color="C1")
one.set_yticks([0, 1, 2])
one.set_xlabel("angle before")
one.set_ylabel("angle after")
one.set_title("One layer shrinks angles")

depths = 2 ** np.arange(11)
far_depths = depths[2:]
wide_depths = depths[:6]
narrow_depths = depths[:9]
law = [angle_map(right_angle, depth=depth) for depth in depths]
many.plot(far_depths, 3 * np.pi / far_depths, color="gray", linestyle="-", linewidth=1)
many.plot(depths, law, color="C0")
many.plot(wide_depths, np.median(wide[wide_depths], axis=1), "o", color="C0", markersize=5)
many.plot(narrow_depths, np.median(narrow[narrow_depths], axis=1), "s", color="C1", markersize=5)
many.annotate("2000 units", (1, 0.13), color="C0")
many.annotate("64 units", (8, 0.006), color="C1")
many.annotate("3π/depth", (38, 0.65), color="gray")
many.set_xscale("log")
many.set_yscale("log")
many.set_xlabel("depth")
many.set_ylabel("angle")
many.set_title("Wide networks are slower")
fig.alt_text = (
    "Random ReLU layers bring inputs together, slowly if wide. Left: angles of pairs of "
    "digits fall to a curve below the diagonal. Right: a right angle falls like 3 pi "
    "over the depth at infinite width, and much faster in networks of width 64."
)

# %%
# What this page promises
# -----------------------
# **Distance, P01.** The squared distance is a sum over units of equal mean. So the formula holds at every width, and
# each of the 5000 units is an independent draw of it. For each unit, the mean over the pairs is taken first.
h = (np.sin(theta) - theta * np.cos(theta)) / np.pi
x_norm = np.linalg.norm(x, axis=1)
y_norm = np.linalg.norm(y, axis=1)
distance = np.linalg.norm(x - y, axis=1)
distance_law = distance**2 - 2 * x_norm * y_norm * h
moved = (relu(x_sums) - relu(y_sums)) ** 2
of_each_unit = units * np.mean(moved / distance_law[:, np.newaxis], axis=0)
check_mean("P01", "squared distance over formula", of_each_unit, 1)

# %%
# **Angle, P01.** The cosine is for wide layers. At right angles :math:`h` is :math:`1/\pi`, and the mean over 256
# layers of 2000 units is near it. In a single layer the standard error of the cosine is
# :math:`\sqrt{(1 - 9/(2\pi^2))/m} = 0.74/\sqrt m` at right angles, and at no angle more than :math:`0.8/\sqrt m`. None
# of the 200 pairs of digits is off by more than five of these.
check_mean(
    "P01",
    "cosine after a layer, right angle",
    np.cos(wide[1]),
    1 / np.pi,
    bias=1 / 2000,
    reason="order 1 / width",
)
degrees = np.degrees(angle_map(right_angle))
law_degrees = np.degrees(np.arccos(1 / np.pi))
check("P01", "right angle after a layer, degrees", degrees, law_degrees, rounding=1e-12)
cosine_error = np.abs(np.cos(theta_after) - np.cos(theta) - h)
five_errors = 5 * 0.8 / np.sqrt(units)
check(
    "P01", "error of the cosine, worst of 200 pairs", cosine_error.max(), five_errors, relation="<"
)

# %%
# **From one half to one, P02.** For Gaussian weights the mean over a unit's weights is an integral over their direction
# in the plane of the two inputs. The integral is computed here at four angles, without the formula.


def ratio_by_integration(theta):
    """Return the mean squared distance after a layer over that before it."""

    def moved_at(direction):
        return (relu(np.cos(direction)) - relu(np.cos(direction - theta))) ** 2

    kinks = [theta - right_angle, right_angle, theta + right_angle]
    area, _ = quad(moved_at, -right_angle, 3 * right_angle, points=kinks)
    return area / np.pi / (1 - np.cos(theta))


for at in (0.5, 1.0, right_angle, np.pi):
    by_formula = squared_distance_ratio(at)
    check(
        "P02", f"ratio at the angle {at:.3g}", by_formula, ratio_by_integration(at), rounding=1e-12
    )

# %%
# The bounds have a proof that needs no formula. Average a unit with its opposite, whose weights have the other sign:
# the two together lie between half of :math:`(w \cdot x - w \cdot y)^2` and all of it. The mean of that square over the
# weights is :math:`\frac2m\|x - y\|^2` if :math:`E\,ww^\top = \frac2m I`. So Gaussian weights are not needed, but two
# properties of theirs are: :math:`w` and :math:`-w` equally likely, and this second moment. Signs :math:`\pm\sqrt{2/m}`
# have both. With 8 inputs all 256 vectors of signs can be taken at once, and their mean is within the bounds for each
# pair.
together = moved + (relu(-x_sums) - relu(-y_sums)) ** 2
whole = (x_sums - y_sums) ** 2
above_half = np.min(together - whole / 2)
above_whole = np.max(together - whole)
check("P02", "unit and opposite, least above half", above_half, 0, relation=">=", rounding=1e-12)
check("P02", "unit and opposite, most above all", above_whole, 0, relation="<=", rounding=1e-12)

all_signs = np.array(list(product((1, -1), repeat=8)))
first = rng.standard_normal((1000, 8))
second = rng.standard_normal((1000, 8))
moved_by_signs = 2 * np.mean((relu(first @ all_signs.T) - relu(second @ all_signs.T)) ** 2, axis=1)
ratios = moved_by_signs / np.sum((first - second) ** 2, axis=1)
check("P02", "signs, least ratio of 1000 pairs", ratios.min(), 1 / 2, relation=">=", rounding=1e-12)
check("P02", "signs, largest ratio of 1000 pairs", ratios.max(), 1, relation="<=", rounding=1e-12)

# %%
# The layer :math:`[Q; -Q]` with an orthogonal :math:`Q` consists of pairs of opposite units, so what holds on average
# for random weights holds in it for each pair of inputs. Both bounds are reached: 1/2 by an input and its opposite, 1
# by an input and its double.
square = weights.orthogonal((64, 64), rng=rng)
mirrored = np.concatenate([square, -square])
image = relu(x @ mirrored.T)
to_opposite = np.sum((image - relu(-x @ mirrored.T)) ** 2) / np.sum((2 * x) ** 2)
to_double = np.sum((image - relu(2 * x @ mirrored.T)) ** 2) / np.sum(x**2)
check("P02", "[Q; -Q], opposite inputs", to_opposite, 1 / 2, rounding=1e-12)
check("P02", "[Q; -Q], parallel inputs", to_double, 1, rounding=1e-12)

# %%
# **Slow decay, P03.** For a small angle :math:`h(\theta) \approx \theta^3/(3\pi)`, and
# :math:`\cos\theta' = \cos\theta + h(\theta)` becomes :math:`\theta' \approx \theta - \theta^2/(3\pi)`. That is
# :math:`1/\theta' \approx 1/\theta + 1/(3\pi)`. So each layer adds :math:`1/(3\pi)` to the inverse of the angle, and
# far down the angle is :math:`3\pi` over the depth. This is a power: twice the depth halves the angle, where an
# exponential would square what is left. It is seen in the map of infinite width.
small = 1e-3
gain = 1 / angle_map(small) - 1 / small
check(
    "P03",
    "gain of the inverse of a small angle",
    gain,
    1 / (3 * np.pi),
    atol=small,
    reason="next order",
)
half_way = angle_map(right_angle, depth=1000)
far = angle_map(right_angle, depth=2000)
next_term = "next term: (1.5 ln(depth) + 4.4) / depth"
check(
    "P03",
    "angle at depth 2000 over 3 pi / 2000",
    far / (3 * np.pi / 2000),
    1,
    atol=0.01,
    reason=next_term,
)
check(
    "P03",
    "angle at depth 2000 over that at 1000",
    far / half_way,
    1 / 2,
    atol=0.005,
    reason=next_term,
)

# %%
# Networks of 2000 units follow the map: their mean angle at depth 30 is that of the map, up to a bias of about
# :math:`\mathrm{depth}/(3\,\mathrm{width})`. At depth 60 the map has brought a right angle down to less than eight
# degrees. That is not nothing: in a network that is wide enough inputs are still told apart.
at_30 = angle_map(right_angle, depth=30)
check_mean(
    "P03",
    "mean angle at depth 30, width 2000",
    wide[30],
    at_30,
    bias=at_30 * 30 / (3 * 2000),
    reason="depth / (3 width)",
)
cosine = 0.0
for _ in range(60):
    before = np.arccos(cosine)
    cosine = cosine + (np.sin(before) - before * cosine) / np.pi
degrees = np.degrees(angle_map(right_angle, depth=60))
check(
    "P03",
    "right angle after 60 layers, degrees",
    degrees,
    np.degrees(np.arccos(cosine)),
    rounding=1e-9,
)

# %%
# Where it stops being true
# -------------------------
# **Other weights, P01.** The two formulas are those of laws that are the same in all directions. Signs turn a
# right angle between two pixels into the cosine 1/2, Gaussian weights into :math:`1/\pi`.
pixels = np.eye(8)[:2]
first_image, second_image = relu(pixels @ all_signs.T)
cosine_of_signs = first_image @ second_image / (first_image @ first_image)
check("P01", "cosine after signs, two pixels", cosine_of_signs, 1 / 2, shows="limit")

# %%
# **Weights along one axis, P02.** That opposite weights are equally likely is not enough. If each unit sees the first
# pixel only, inputs that differ in the second become equal.
one_axis = np.sqrt(2) * np.array([[1.0, 0.0], [-1.0, 0.0]])
difference = relu(one_axis @ [1, 0]) - relu(one_axis @ [1, 1])
check("P02", "ratio, weights along one axis", np.mean(difference**2), 0, shows="limit")

# %%
# **The worst pair, P02.** The bounds for random weights are about the average layer. Near a digit a layer is linear,
# and the worst pair near it lies along the least singular vector of the units that are on. Of 128 random units some 64
# are on, hardly enough for 64 inputs. In :math:`[Q; -Q]` half of the units are on as well, and they are a basis.
random = weights.gaussian((128, 64), std=np.sqrt(2 / 128), rng=rng)
random_on = random[random @ x[0] > 0]
mirrored_on = mirrored[mirrored @ x[0] > 0]
least_random = np.linalg.eigvalsh(random_on.T @ random_on)[0]
least_mirrored = np.linalg.eigvalsh(mirrored_on.T @ mirrored_on)[0]
check("P02", "worst near pair, 128 random units", least_random, 0.1, relation="<", shows="limit")
check("P02", "worst near pair, [Q; -Q]", least_mirrored, 1, rounding=1e-12)

# %%
# **Parallel inputs, P03.** Without biases :math:`f(2x) = 2f(x)` at each depth: an angle of 0 stays 0.
double = angle_between(relu(x_sums), relu(2 * x @ layer.T))
check("P03", "angle of f(x) and f(2x)", double.max(), 0, rounding=1e-12, shows="limit")

# %%
# **Narrow networks, P03.** With 64 units and 60 layers the median angle is about half of what the map says, and inputs
# at a right angle end with a cosine of almost 1.
check(
    "P03",
    "median angle, 64 units, depth 60, degrees",
    np.degrees(np.median(narrow[60])),
    5,
    relation="<",
    shows="limit",
)

# %%
# The reason is chance, which multiplies. With :math:`k` units on, a layer makes of a very small angle :math:`\theta`
# about :math:`\theta\,\sqrt{\chi^2_{k-1}/\chi^2_k}`, a quotient of two sums of squares of normal numbers. Its logarithm
# has the mean :math:`\frac12\bigl(\psi(\frac{k-1}2) - \psi(\frac k2)\bigr)`, with the digamma function :math:`\psi`,
# and of :math:`n` units :math:`k` are on with the odds of :math:`n` coins. That is a loss of about :math:`1/n` per
# layer. It is exponential, and it wins when the depth exceeds the width. That infinite width does not show this was the
# finding of Jakub and Nica (2024).
width = 40
on = np.arange(2, width + 1)
odds = comb(width, on) / 2**width
loss = np.sum(odds * (digamma(on / 2) - digamma((on - 1) / 2))) / 2
tiny = follow(width, 100, 8000, 1e-6)
measured_loss = np.log(tiny[0] / tiny[100]) / 100
check_mean("P03", "loss of the log angle per layer, width 40", measured_loss, loss, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give each unit a random bias. Are :math:`x` and :math:`2x` still parallel?
# - Replace the Gaussian weights by random signs of the same variance. Do the digits stay on the curve?

plt.show()
