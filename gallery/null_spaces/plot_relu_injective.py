# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How many ReLU units until nothing is lost?
==========================================

Twice as many as inputs, if they come in orthogonal pairs of opposite weights: then the layer tells all inputs apart.
Fewer units without biases lose some two inputs, whatever their weights are. Independent Gaussian units need more if
there are two inputs or more, and in the plane no number of them is certain to be enough.

When a ReLU layer is injective is a theorem of Puthawala, Kothari, Lassas, Dokmanić and de Hoop (2022). The bounds of
N07 and the probabilities of N08 are derived here.
"""

# %%
# Set-up
# ------
# A ReLU unit without a bias gives 0 on the half-space where it is off. The layer :math:`\Phi(x) = \mathrm{relu}(W x)`
# is *injective*, it tells all inputs apart, if and only if at every input :math:`x` the weight vectors of the units
# that are on or just at 0, :math:`w_j \cdot x \ge 0`, span the whole space.
#
# In the plane two independent units do that. So go around the origin: the lines where :math:`m` units switch cut the
# plane into :math:`2m` cells. A cell with fewer than two active units is *degenerate*: bad, for short.
#
# Let the units be drawn independently, from a density in which a weight vector and its negative are equally likely, so
# that no two are parallel, with probability 1. In one cell each unit is on with
# probability 1/2, whatever the others do, so that the cell is bad with probability :math:`(m + 1) / 2^m`. There are on
# average :math:`2m(m + 1) / 2^m` bad cells.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.nullspace import degenerate_cells, is_injective

rng = np.random.default_rng(0)
layers = 100_000
bad_cells = {}
for units in (4, 5, 6, 7, 8, 10, 12):
    drawn = weights.gaussian((units, 2), replicas=layers, rng=rng)
    bad_cells[units] = degenerate_cells(drawn)


def expected_bad_cells(units):
    """Return how many bad cells random units in the plane have on average."""
    return 2 * units * (units + 1) / 2**units


def injective_probability(units):
    """Return the probability that at least four random units in the plane lose nothing."""
    return 1 - 2 * units * (units - 2) / 2**units


def relu_layer(weight, x):
    """Return the outputs of ReLU units without biases."""
    return np.maximum(x @ weight.T, 0)


# %%
# The figure
# ----------
# The probability to lose nothing has a formula too. Bad cells come in arcs. Going around, one enters an arc at a given
# ray if exactly one of the other units is on and the unit of this ray switches off: the probability is
# :math:`(m - 1) / 2^m`. For four units and more there is at most one arc, except for :math:`2m` of the :math:`2^m`
# patterns of signs, which have two. So the layer is injective with probability :math:`1 - 2m(m - 2) / 2^m`.
counted_units = list(bad_cells)
shares = [np.mean(bad_cells[units] == 0) for units in counted_units]
fig, ax = plt.subplots()
numbers = np.arange(4, 15)
ax.plot(numbers, injective_probability(numbers), "-", color="C0")
ax.plot(counted_units, shares, "o", color="C0", markersize=8)
ax.plot(4, 1, "D", color="C1", markersize=11, clip_on=False)
ax.annotate("two orthogonal pairs: always", (4.5, 1), color="C1", va="center")
ax.annotate("random units:\nlaw (line) and\nmeasured (points)", (8.1, 0.25), color="C0")
ax.set(xticks=numbers)
ax.set(ylim=(-0.06, 1.12), xlim=(3.6, 14.3))
ax.set(xlabel="number of ReLU units on two inputs", ylabel="probability to lose nothing")
ax.set_title("Four units are enough, but not four random ones")
fig.alt_text = (
    "Four ReLU units in the plane lose nothing if they are two orthogonal pairs of opposite "
    "weights. Four random units always lose something: the probability to lose nothing rises from "
    "0 at 4 units to 0.6 at 8 and 0.94 at 12, and measured points lie on the curve."
)

# %%
# What this page promises
# -----------------------
# **Opposite pairs keep all distances up to a factor, N07.** Let :math:`Q` be orthogonal, and :math:`s`, :math:`t` one
# coordinate of :math:`Qx` and :math:`Qy`. If both have one sign, the pair of units has them apart by
# :math:`(s - t)^2`; if not, by :math:`s^2 + t^2`, which lies between half of that and all of it. Add up: each distance
# is multiplied by a factor between :math:`1/\sqrt{2}` and 1. Below, pairs of points near and far, in the plane and in
# 64 dimensions.


def ratios(weight, x, y):
    """Return the distances after the layer over those before it."""
    apart = relu_layer(weight, x) - relu_layer(weight, y)
    after = np.linalg.norm(apart, axis=1)
    before = np.linalg.norm(x - y, axis=1)
    return after / before


all_ratios = []
ratios_of_opposites = []
ratios_in_orthants = []
for inputs in (2, 64):
    opposite_pairs = weights.looks_linear((2 * inputs, inputs), mirror="out", rng=rng)  # [Q; -Q]
    first_half = opposite_pairs[:inputs]
    x = rng.standard_normal((5000, inputs))
    step = rng.standard_normal((5000, inputs))
    for size in (0.1, 1, 10):
        all_ratios.append(ratios(opposite_pairs, x, x + size * step))
        all_ratios.append(ratios(opposite_pairs, x, -x + size * step))
        all_ratios.append(ratios(opposite_pairs, x, size * step))
    ratios_of_opposites.append(ratios(opposite_pairs, x, -x))
    one = np.abs(x) @ first_half  # all coordinates of Qx are positive, and of Qy too
    other = np.abs(step) @ first_half
    ratios_in_orthants.append(ratios(opposite_pairs, one, other))
check(
    "N07", "least ratio of distances", np.min(all_ratios), 0.5**0.5, relation=">=", rounding=1e-12
)
check("N07", "largest ratio of distances", np.max(all_ratios), 1, relation="<=", rounding=1e-12)
check("N07", "largest ratio, of x and -x", np.max(ratios_of_opposites), 0.5**0.5, rounding=1e-12)
check("N07", "least ratio, within an orthant of Qx", np.min(ratios_in_orthants), 1, rounding=1e-12)
turned = weights.looks_linear((4, 2), replicas=200, mirror="out", rng=rng)
check("N07", "injective layers of 200, [Q; -Q]", np.sum(is_injective(turned)), 200)

# %%
# **Units that are just at 0 count.** At the first axis of space, of the six units :math:`[I; -I]` only one is on. That
# spans one dimension of three, and still no input is lost: with the four units at 0 all dimensions are spanned.
axis = np.array([1, 0, 0])
signed_axes = np.concatenate([np.eye(3), -np.eye(3)])
rank_on = np.linalg.matrix_rank(signed_axes[signed_axes @ axis > 0])
rank_on_or_at_zero = np.linalg.matrix_rank(signed_axes[signed_axes @ axis >= 0])
check("N07", "rank of the units on at an axis", rank_on, 1)
check("N07", "rank of the units on or at 0 there", rank_on_or_at_zero, 3)
check("N07", "[I; -I] is injective", is_injective(signed_axes), 1)

# %%
# **Random units in the plane, N08**: the mean number of bad cells, and the share of layers without any.
for units in (6, 8):
    is_good = (bad_cells[units] == 0).astype(float)
    check_mean("N08", f"bad cells, {units} units", bad_cells[units], expected_bad_cells(units))
    check_mean("N08", f"injective share, {units} units", is_good, injective_probability(units))
check("N08", "injective layers, 4 units", np.sum(bad_cells[4] == 0), 0)

# %%
# **Injective exactly when no cell is bad.** In a bad cell a step at right angles to the weights of the only active unit
# changes no output, if it is so short that no unit switches. Such a step is taken from the middle of each bad cell of
# 300 layers of six units.


def middles_of_cells(weight):
    """Return one point of length 1 in each cell."""
    normals = np.arctan2(weight[:, 1], weight[:, 0])
    both_ends = np.concatenate([normals + np.pi / 2, normals - np.pi / 2])
    borders = np.sort(both_ends % (2 * np.pi))
    next_borders = np.append(borders[1:], borders[0] + 2 * np.pi)
    angles = (borders + next_borders) / 2
    return np.column_stack([np.cos(angles), np.sin(angles)])


outputs_apart = []
step_lengths = []
agreed = 0
for weight in weights.gaussian((6, 2), replicas=300, rng=rng):
    bad_here = 0
    for point in middles_of_cells(weight):
        active = weight[weight @ point > 0]
        if len(active) >= 2:
            continue
        bad_here += 1
        if len(active) == 0:
            across = point
        else:
            only = active[0]
            across = np.array([-only[1], only[0]])  # at a right angle to the weights
        across = across / np.linalg.norm(across)
        longest = np.max(np.linalg.norm(weight, axis=1))
        room = np.min(np.abs(weight @ point)) / longest
        step = room / 2 * across
        apart = relu_layer(weight, point + step) - relu_layer(weight, point)
        outputs_apart.append(np.abs(apart).max())
        step_lengths.append(np.linalg.norm(step))
    agreed += is_injective(weight) == (bad_here == 0)
check("N08", "outputs apart after a step in a bad cell", max(outputs_apart), 0, rounding=1e-12)
check("N08", "least such step", min(step_lengths), 0, relation=">")
check("N08", "layers of 300, counts of bad cells agree", agreed, 300)

# %%
# Where it stops being true
# -------------------------
# In :math:`d` dimensions orthogonal pairs need :math:`2d` units for every :math:`d`, and fewer can never be enough: of
# an input on no border and its negative, one has fewer than :math:`d` units on. Gaussian layers of large dimension are
# known to be injective, with a probability that tends to 1, from 7.65 units per input on, and predicted to be so from
# 6.7 on, by Maillard, Bandeira, Belius, Dokmanić and Nakajima (2023). Whether a *given* layer is injective is hard to
# decide: Froese, Grillo and Skutella (2025) proved the question coNP-complete, and feasible for few inputs.
# ``is_injective`` lists all cells, whose number grows exponentially with the number of inputs.
#
# **Half of each pair is not enough.** With :math:`Q` alone, inputs that switch all units off are the same.
opposite_pairs = weights.looks_linear((128, 64), mirror="out", rng=rng)
first_half = opposite_pairs[:64]
positive = np.abs(rng.standard_normal(64))
dark = -positive @ first_half  # every coordinate of Q times it is negative
apart = relu_layer(first_half, dark) - relu_layer(first_half, 2 * dark)
check("N07", "outputs apart, without -Q", np.abs(apart).max(), 0)

# %%
# **Nor are pairs with biases below 0**: each pair is then blind to a strip around 0. Neither is a matter of chance.
small = positive / np.linalg.norm(positive)
bias = -1.01
outputs = np.maximum(opposite_pairs @ small + bias, 0)
outputs_of_opposite = np.maximum(opposite_pairs @ -small + bias, 0)
apart = outputs - outputs_of_opposite
check("N07", "outputs apart, biases -1.01", np.abs(apart).max(), 0)
summary()

# %%
# Try it yourself
# ---------------
# - Put five units at equal angles. Is that layer injective? What about four, or seven?
# - Turn one unit of ``[Q; -Q]`` by a hundredth of a degree, and count the bad cells.
# - The points on the curve agree with it to within noise. Is it right for 3 units? Which step of the argument is not?

plt.show()
