# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How many linear pieces does a ReLU layer have?
==============================================

Eight equal units without biases, and not 0, give two pieces, and eight units with Gaussian weights on three inputs
exactly 58.
The number follows from the numbers of units and inputs alone, as long as the weight vectors are in general position.

The count, N06, is due to Schläfli (1901, written half a century before); Cover (1965, theorem 1) counted in this way
how threshold units can sort points.
"""

# %%
# Set-up
# ------
# A unit is on where :math:`w_j \cdot x > 0`, and which units are on is the *pattern* of an input. The pattern decides
# which linear map a ReLU layer applies: it keeps the rows of :math:`W` whose units are on, and drops the others.
#
# Without biases the border of each unit is a plane through 0, so that the inputs with one pattern form a cone. All
# cones can be seen on a sphere. Eight units on three inputs get their weights in three ways: equal, all the eight rows
# of signs, and Gaussian.
#
# The cones are listed without sampling. A new plane cuts in two those cones that it meets, and on the plane itself
# these are the cones of an arrangement of one dimension less.
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.nullspace import count_regions, has_dead_cone, sign_patterns

units = 8
inputs = 3
rng = np.random.default_rng(0)
equal = weights.constant((units, inputs), 0.5)
signs = np.array(list(product((1, -1), repeat=inputs)))  # row 7 - k is the opposite of row k
gaussian = weights.gaussian((units, inputs), rng=66)


def relu_layer(weight, x):
    """Return the outputs of ReLU units without biases."""
    return np.maximum(x @ weight.T, 0)


# %%
# The figure
# ----------
# Above, the sphere of inputs, seen from one side; the other side has the opposite patterns. Each great circle is the
# border of a unit. Where an input crosses one, the color changes from bright to dark.
#
# Below, what the layer does along the white line: the sum of the eight outputs. Each cone that the line crosses is a
# straight piece of the graph, and each border a kink, drawn as a point.
towards_us = np.array([3, -1, 0.8])
towards_us /= np.linalg.norm(towards_us)
to_the_right = np.cross([0, 0, 1], towards_us)
to_the_right /= np.linalg.norm(to_the_right)
upwards = np.cross(towards_us, to_the_right)

across, up = np.meshgrid(np.linspace(-1, 1, 500), np.linspace(1, -1, 500))
rest = 1 - across**2 - up**2
is_sphere = rest > 0
depth = np.sqrt(np.where(is_sphere, rest, 0))
sphere = (
    np.multiply.outer(across, to_the_right)
    + np.multiply.outer(up, upwards)
    + np.multiply.outer(depth, towards_us)
)


def on_the_line(steps):
    """Return the points so many steps to the right of the point that is nearest to us."""
    return towards_us + np.multiply.outer(steps, to_the_right)


steps = np.linspace(-2, 2, 401)
seen_at = steps / np.sqrt(1 + steps**2)  # where the line passes in the picture of the sphere


def paint(ax, weight):
    """Draw the sphere in two tones and two shades, so that neighboring cones differ."""
    is_on = sphere @ weight.T > 0
    tone = is_on.sum(axis=-1) % 2
    shade = is_on[..., ::2].sum(axis=-1) % 2
    color = np.where(is_sphere, 3 * tone + shade, np.nan)
    ax.imshow(
        color,
        extent=(-1, 1, -1, 1),
        vmin=-1.5,
        vmax=4.5,
        interpolation="nearest",
    )
    ax.plot(seen_at, np.zeros_like(seen_at), "-", color="white", linewidth=2.5)
    ax.set_axis_off()


def draw_graph(ax, weight):
    """Draw the sum of the outputs along the line, and its kinks."""
    kinks = -(weight @ towards_us) / (weight @ to_the_right)
    kinks = kinks[np.abs(kinks) < 2]
    graph = relu_layer(weight, on_the_line(steps)).sum(axis=1)
    at_kinks = relu_layer(weight, on_the_line(kinks)).sum(axis=1)
    ax.plot(steps, graph, "-")
    ax.plot(kinks, at_kinks, "o", color="C0", markersize=6)
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel("along the line")
    ax.margins(y=0.1)


fig, axes = plt.subplots(2, 3, figsize=(6.4, 4.2), height_ratios=(1.6, 1))
paint(axes[0, 0], equal[:1])  # of units with the same plane one is enough
paint(axes[0, 1], signs[:4])
paint(axes[0, 2], gaussian)
layers = {"equal": equal, "signs": signs, "Gaussian": gaussian}
for column, (name, weight) in zip(axes.T, layers.items()):
    pieces = len(sign_patterns(weight))
    column[0].set_title(f"{name}: {pieces} pieces", loc="center")
    draw_graph(column[1], weight)
axes[1, 0].set_ylabel("sum of outputs")
fig.alt_text = (
    "A ReLU layer has as many linear pieces as its units cut the sphere of inputs into: 2 halves "
    "for eight equal units, 14 triangles and squares for the eight rows of signs, 58 cells for "
    "eight Gaussian units. Below, along a line each layer is a chain of straight pieces: few, "
    "more, and most of them."
)

# %%
# What this page promises
# -----------------------
# **Two, and 58, N06.** Equal units that are not 0 have one border, however many they are. Units in general position,
# :math:`m` of them on :math:`d` inputs, cut the space into :math:`2 \sum_{k<d} \binom{m-1}{k}` cones: the least and the
# most of twenty Gaussian layers agree, and other shapes follow the formula too.
twenty = weights.gaussian((units, inputs), replicas=20, rng=rng)
counts = [len(sign_patterns(weight)) for weight in twenty]
check("N06", "formula, 8 units on 3 inputs", count_regions(8, 3), 2 * (1 + 7 + 21))
check("N06", "pieces, eight equal units", len(sign_patterns(equal)), 2)
check("N06", "least pieces, twenty Gaussian layers", min(counts), 58)
check("N06", "most pieces, twenty Gaussian layers", max(counts), 58)
for some_units, some_inputs in ((5, 2), (7, 4), (6, 6)):
    layer = weights.uniform((some_units, some_inputs), rng=rng)
    found = len(sign_patterns(layer))
    expected = count_regions(some_units, some_inputs)
    check("N06", f"pieces, {some_units} units on {some_inputs}", found, expected)

# %%
# **Each cone is one linear piece.** Within a cone :math:`\Phi(x + y) = \Phi(x) + \Phi(y)`, up to rounding. Across a
# border it is not so, for any of the pairs that were drawn: at least one unit is on for one of the two inputs only.
x = rng.standard_normal((2000, inputs))
y = rng.standard_normal((2000, inputs))
sum_of_outputs = relu_layer(gaussian, x) + relu_layer(gaussian, y)
output_of_sum = relu_layer(gaussian, x + y)
most_apart = np.abs(sum_of_outputs - output_of_sum).max(axis=1)
is_on_at_x = x @ gaussian.T > 0
is_on_at_y = y @ gaussian.T > 0
same_cone = np.all(is_on_at_x == is_on_at_y, axis=1)
check("N06", "from linear, within a cone", most_apart[same_cone].max(), 0, rounding=1e-12)
check("N06", "from linear, across a border, least", most_apart[~same_cone].min(), 0, relation=">")

# %%
# **Counted in other ways.** Of all 256 patterns, those that occur are those for which flipping the signs of the weights
# leaves an input with every unit negative. And a hundred thousand random inputs meet no pattern that is not listed.
listed = sign_patterns(gaussian)
every_pattern = np.array(list(product((1, -1), repeat=units)))
occurs = has_dead_cone(-every_pattern[:, :, None] * gaussian)
check("N06", "patterns that occur, of 256", occurs.sum(), 58)
many = rng.standard_normal((100_000, inputs))
patterns = np.where(many @ gaussian.T > 0, 1, -1)
met = np.unique(patterns, axis=0)
together = np.unique(np.concatenate([met, listed]), axis=0)
check("N06", "patterns met that are not listed", len(together) - len(listed), 0)

# %%
# Where it stops being true
# -------------------------
# **Pieces are not inputs that can be told apart.** Eight equal ReLU units have the same pattern at (1, 1, 1) and at (2,
# 2, 2), and outputs of 1.5 and 3. For threshold units, which answer 0 or 1, the number of patterns is also the number
# of kinds of input that they tell apart, of those on no border.
near = np.array([1.0, 1.0, 1.0])
far = np.array([2.0, 2.0, 2.0])
relu_apart = relu_layer(equal, far) - relu_layer(equal, near)
threshold_apart = (equal @ far > 0) != (equal @ near > 0)
check("N06", "equal ReLU units, outputs apart", relu_apart.max(), 1.5)
check("N06", "equal threshold units, outputs apart", threshold_apart.sum(), 0)

# %%
# **Chance is not what counts.** Rows :math:`(1, t, t^2)` are in general position for any eight different :math:`t`, and
# give as many pieces. The rows of signs are not: they are four pairs of opposites, so that eight units have four
# planes. Their 14 pieces are well known: they are the functions of two bits that one threshold unit can compute, all 16
# but XOR and its opposite.
curve = np.vander(np.arange(1.0, 9.0), inputs)
check("N06", "pieces, rows (1, t, t^2)", len(sign_patterns(curve)), 58)
check("N06", "pieces, all rows of signs", len(sign_patterns(signs)), 14)

# %%
# **General position is needed**, not only different planes: three weight vectors in one plane lose two of eight cones.
# And one pair of tied units among eight counts as seven units.
dependent = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]])
tied = gaussian[[0, 0, 2, 3, 4, 5, 6, 7]]
check("N06", "pieces, three dependent units", len(sign_patterns(dependent)), 6)
check("N06", "pieces, two of eight units tied", len(sign_patterns(tied)), count_regions(7, 3))

# %%
# **The formula is for units without biases.** With biases in general position there are :math:`\sum_{k \le d}
# \binom{m}{k}` pieces, one for each choice of at most :math:`d` of the units. That is more if there are more units than
# inputs, and the pieces need not be cones. A bias is the weight of one more input that is always positive.
biases = rng.standard_normal((units, 1))
with_biases = np.hstack([gaussian, biases])
always_positive = np.array([[0, 0, 0, 1]])
patterns = sign_patterns(np.concatenate([always_positive, with_biases]))
is_positive = patterns[:, 0] > 0
check("N06", "pieces, eight units with biases", is_positive.sum(), 1 + 8 + 28 + 56)
summary()

# %%
# Try it yourself
# ---------------
# - How many pieces do eight units have on eight inputs, and on nine? From where on does the number not grow?
# - Take the 16 rows of signs on four inputs. How far do their pieces fall short of the formula for eight planes?
# - Round the Gaussian weights to one digit, or to whole numbers. When does the count fall below 58?

plt.show()
