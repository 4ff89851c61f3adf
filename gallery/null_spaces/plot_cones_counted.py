# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How many kinds of input can the units tell apart?
=================================================

Eight equal units tell two kinds apart, eight units with random weights on three inputs exactly 58.
The number follows from the number of units and inputs alone, as long as the weight vectors are in no special position.

The count, N06, is due to Schläfli (1901, written half a century before); Cover (1965) used it for neurons.
"""

# %%
# Set-up
# ------
# A kind of input is a pattern of activity: which units have :math:`w_j \cdot x > 0`, and which do not.
# Without biases each unit cuts the space by a plane through 0, so that the kinds are cones, and all of them can be seen
# on a sphere. Eight units on three inputs, filled in three ways: with equal weights, with all the eight rows of signs,
# and with Gaussian numbers.
#
# All cones are listed, without sampling: a new plane cuts in two those cones that it meets, and on the plane itself
# these are the cones of an arrangement of one dimension less.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.nullspace import count_regions, has_dead_cone, sign_patterns

rng = np.random.default_rng(0)
flips = 1 - 2 * (np.arange(256)[:, None] >> np.arange(8) & 1)  # all patterns of eight units
equal = weights.constant((8, 3))
signs = flips[:8, :3]  # row 7 - k is the opposite of row k
gaussian = weights.gaussian((8, 3), rng=66)

# %%
# The figure
# ----------
# The sphere of inputs, seen from one side; the other side has the opposite patterns.
# Each great circle is the border of a unit. Where an input crosses one, the color changes from bright to dark.
forward = np.array([3, -1, 0.8])
right = np.cross([0, 0, 1], forward)
camera = np.array([right, np.cross(forward, right), forward])
camera /= np.linalg.norm(camera, axis=1, keepdims=True)
across, up = np.meshgrid(np.linspace(-1, 1, 500), np.linspace(1, -1, 500))
inside = across**2 + up**2 < 1
near = np.sqrt(np.where(inside, 1 - across**2 - up**2, 0))
sphere = np.stack([across, up, near], axis=-1) @ camera

fig, axes = plt.subplots(1, 3, figsize=(6.4, 2.5))
shown = {"equal": (equal, 1), "signs": (signs, 4), "Gaussian": (gaussian, 8)}
for ax, (name, (layer, planes)) in zip(axes, shown.items()):
    active = sphere @ layer[:planes].T > 0  # of units with the same plane one is enough
    tone, shade = active.sum(axis=-1) % 2, active[..., ::2].sum(axis=-1) % 2
    color = np.where(inside, 3 * tone + shade, np.nan)
    ax.imshow(color, vmin=-1.5, vmax=4.5, interpolation="nearest")
    ax.set_title(f"{name}: {len(sign_patterns(layer))}", loc="center")
    ax.set_axis_off()
fig.alt_text = (
    "Three spheres cut by great circles. Eight equal units cut theirs into 2 halves; the eight rows of "
    "signs, which are four pairs of opposites, cut it into 14 triangles and squares; eight Gaussian "
    "units into 58 cells of all sizes. Neighboring cells differ in brightness."
)

# %%
# What this page promises
# -----------------------
# **Two, and 58, N06.** Equal units tell two kinds apart, however many they are.
# Units in general position, :math:`m` of them on :math:`d` inputs, tell :math:`2 \sum_{k<d} \binom{m-1}{k}` kinds
# apart: the least and the most of twenty random layers agree.
check("N06", "formula, 8 units on 3 inputs", count_regions(8, 3), 2 * (1 + 7 + 21))
check("N06", "kinds, eight equal units", len(sign_patterns(equal)), 2)
counts = [len(sign_patterns(layer)) for layer in weights.gaussian((8, 3), replicas=20, rng=rng)]
check("N06", "least kinds, twenty Gaussian layers", min(counts), 58)
check("N06", "most kinds, twenty Gaussian layers", max(counts), 58)
for units, inputs in ((5, 2), (7, 4), (6, 6)):
    found = len(sign_patterns(weights.uniform((units, inputs), rng=rng)))
    check("N06", f"kinds, {units} on {inputs}", found, count_regions(units, inputs))

# %%
# **Counted in other ways.** Of all 256 patterns, those that occur are those whose flips of the weights leave an input
# with every unit negative. And a hundred thousand random inputs meet no pattern that is not on the list.
listed = sign_patterns(gaussian)
occurs = has_dead_cone(-flips[:, :, None] * gaussian)
check("N06", "patterns that occur, of 256", occurs.sum(), 58)
x = rng.standard_normal((100_000, 3))
met = np.unique(np.where(x @ gaussian.T > 0, 1, -1), axis=0)
unlisted = len(np.unique([*met, *listed], axis=0)) - len(listed)
check("N06", "patterns met that are not listed", unlisted, 0)

# %%
# Where it stops being true
# -------------------------
# Chance is not what counts. Rows :math:`(1, t, t^2)` are in general position for any eight different :math:`t`, and
# tell as many kinds apart. The rows of signs are not: they are four pairs of opposites, so that eight units have four
# planes. Their 14 kinds have a well-known face: they are the functions of two bits that one threshold unit can compute,
# all 16 but XOR and its opposite.
curve = np.vander(np.arange(1.0, 9.0), 3)
check("N06", "kinds, rows (1, t, t^2)", len(sign_patterns(curve)), 58)
check("N06", "kinds, all rows of signs", len(sign_patterns(signs)), 14)

# %%
# General position is needed, not only different planes: three weight vectors in one plane lose two of eight kinds.
# And one pair of tied units among eight is seven units.
dependent = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]])
check("N06", "kinds, three dependent units", len(sign_patterns(dependent)), 6)
tied = gaussian[[0, 0, 2, 3, 4, 5, 6, 7]]
check("N06", "kinds, two of eight units tied", len(sign_patterns(tied)), count_regions(7, 3))

# %%
# And the formula is for units without biases. With them there are more kinds, :math:`\sum_{k \le d} \binom{m}{k}`,
# and they are no longer cones. A bias is the weight of one more input that is always positive.
biased = np.vstack([[0, 0, 0, 1], np.column_stack([gaussian, rng.standard_normal(8)])])
positive = sign_patterns(biased)[:, 0] > 0
check("N06", "kinds, eight units with biases", positive.sum(), 1 + 8 + 28 + 56)
summary()

# %%
# Try it yourself
# ---------------
# - How many kinds do eight units tell apart on eight inputs, and on nine? From where on does it not grow?
# - Take the 16 rows of signs on four inputs. How far do their kinds fall short of the formula for eight planes?
# - Round the Gaussian weights to one digit, or to whole numbers. When does the count fall below 58?

plt.show()
