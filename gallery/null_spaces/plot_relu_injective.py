# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How many ReLU units until nothing is lost?
==========================================

Twice as many as inputs, if they come in pairs of opposite weights: then no two inputs are ever the same to the layer.
Random units need more, and no number of them makes it certain.

When a ReLU layer is injective is a theorem of Puthawala, Kothari, Lassas, Dokmanić and de Hoop (2022). N07 and N08 are
derived here.
"""

# %%
# Set-up
# ------
# A ReLU unit sees nothing of the half-space where it is off. The layer :math:`\Phi(x) = \mathrm{relu}(W x)` tells all
# inputs apart if and only if the weights of the units that are on at :math:`x`, or just at 0, span the whole space,
# for every :math:`x`. In the plane two units do that. So go around the origin: the lines where :math:`N` units switch
# cut the plane into :math:`2N` cells, and a cell with fewer than two active units is *degenerate*: bad, for short.
#
# In one cell each of :math:`N` random units is on with probability 1/2, whatever the others do, so that the cell is bad
# with probability :math:`(N + 1) / 2^N`, and there are on average :math:`2N(N + 1) / 2^N` bad cells.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.nullspace import degenerate_cells, is_injective

rng = np.random.default_rng(0)
layers = 100_000
bad = {}
for n in (4, 5, 6, 7, 8, 10, 12):
    bad[n] = degenerate_cells(weights.gaussian((n, 2), replicas=layers, rng=rng))


def injective(n):
    """Return the probability that n random units in the plane lose nothing."""
    return 1 - 2 * n * (n - 2) / 2**n


# %%
# The figure
# ----------
# The probability has a formula too. Bad cells come in arcs. Going around, one enters an arc at a given ray if one unit
# of the others is on and its own switches off, with probability :math:`(N - 1) / 2^N`. There is at most one arc, but
# for :math:`2N` of the :math:`2^N` patterns of signs, which have two. So the layer is injective with probability
# :math:`1 - 2N(N - 2) / 2^N`.
fig, ax = plt.subplots()
numbers = np.arange(4, 15)
ax.plot(numbers, injective(numbers), "-", color="C0")
ax.plot(list(bad), [np.mean(bad[n] == 0) for n in bad], "o", color="C0", markersize=8)
ax.plot(4, 1, "D", color="C1", markersize=11, clip_on=False)
ax.annotate("two pairs of opposite units: always", (4.5, 1), color="C1", va="center")
ax.annotate("random units:\nlaw (line) and\nmeasured (points)", (8.1, 0.25), color="C0")
ax.set(xticks=range(4, 15), ylim=(-0.06, 1.12), xlim=(3.6, 14.3))
ax.set(xlabel="number of ReLU units on two inputs", ylabel="probability to lose nothing")
ax.set_title("Four units are enough, but not four random ones")
fig.alt_text = (
    "Four ReLU units in the plane lose nothing if they are two pairs of opposite weights. Four "
    "random units always lose something: the probability to lose nothing rises from 0 at 4 units "
    "to 0.6 at 8 and 0.94 at 12, and measured points lie on the curve."
)

# %%
# What this page promises
# -----------------------
# **Opposite pairs keep all distances up to a factor, N07.** Let :math:`Q` be orthogonal, and :math:`z`, :math:`w` one
# coordinate of :math:`Qx` and :math:`Qy`. If both have one sign, the pair of units has them apart by
# :math:`(z - w)^2`; if not, by :math:`z^2 + w^2`, which lies between half of that and all of it. Add up: each distance
# is kept within :math:`1/\sqrt{2}` and 1. Below, pairs of points near and far, in the plane and in 64 dimensions.


def kept(weight, x, y):
    """Return the distances after the layer over those before it."""
    apart = np.maximum(x @ weight.T, 0) - np.maximum(y @ weight.T, 0)
    return np.linalg.norm(apart, axis=1) / np.linalg.norm(x - y, axis=1)


least, most, opposite, close = [], [], [], []
rounding = {"atol": 1e-12, "reason": "rounding"}
for d in (2, 64):
    half = weights.looks_linear((2 * d, d), mirror="out", rng=rng)  # [Q; -Q]
    x, step = rng.standard_normal((2, 5000, d))
    ratios = [kept(half, x, sign * x + size * step) for sign in (1, 0, -1) for size in (0.1, 1, 10)]
    least, most = [*least, np.min(ratios)], [*most, np.max(ratios)]
    opposite += [*kept(half, x, -x)]
    close += [*kept(half, np.abs(x) @ half[:d], np.abs(step) @ half[:d])]  # all of Qx positive
check("N07", "least ratio of distances", min(least), np.sqrt(0.5), relation=">=", **rounding)
check("N07", "largest ratio of distances", max(most), 1, relation="<=", **rounding)
check("N07", "largest ratio, of x and -x", max(opposite), np.sqrt(0.5), **rounding)
check("N07", "least ratio, within an orthant of Qx", min(close), 1, **rounding)
turns = weights.looks_linear((4, 2), replicas=200, mirror="out", rng=rng)
check("N07", "injective layers of 200, [Q; -Q]", sum(map(is_injective, turns)), 200)

# %%
# **Random units in the plane, N08**: the mean number of bad cells, and the share of layers without any.
for n in (6, 8):
    for what, found, law in [
        (f"bad cells, {n} units", bad[n], 2 * n * (n + 1) / 2**n),
        (f"injective share, {n} units", bad[n] == 0, injective(n)),
    ]:
        noise = {"atol": 4 * found.std() / np.sqrt(layers), "reason": "four standard errors"}
        check("N08", what, found.mean(), law, **noise)
check("N08", "injective layers, 4 units", np.sum(bad[4] == 0), 0)

# %%
# **Injective exactly when no cell is bad.** In a bad cell a step across the only active unit changes nothing. Here it
# is taken from the middle of each bad cell of 300 layers of six units.
collisions, least_step, agreed = [], [], 0
for weight in weights.gaussian((6, 2), replicas=300, rng=rng):
    normals = np.arctan2(weight[:, 1], weight[:, 0])
    rays = np.sort(np.concatenate([normals, normals + np.pi]) % (2 * np.pi)) + np.pi / 2
    middles = rays + np.diff(rays, append=rays[0] + 2 * np.pi) / 2
    x = np.column_stack([np.cos(middles), np.sin(middles)])
    active = x @ weight.T > 0
    x, active = x[active.sum(axis=1) < 2], active[active.sum(axis=1) < 2]
    across = (active @ weight) @ [[0, 1], [-1, 0]] + x * (active.sum(axis=1) == 0)[:, None]
    room = np.abs(x @ weight.T).min(axis=1) / np.linalg.norm(across, axis=1)
    step = (room / np.linalg.norm(weight, axis=1).max() / 2)[:, None] * across
    outputs = [np.maximum(point @ weight.T, 0) for point in (x, x + step)]
    collisions += [*np.abs(outputs[1] - outputs[0]).max(axis=1)]
    least_step += [*np.linalg.norm(step, axis=1)]
    agreed += is_injective(weight) == (len(x) == 0)
check("N08", "outputs apart after a step in a bad cell", max(collisions), 0, **rounding)
check("N08", "least such step", min(least_step), 0, relation=">")
check("N08", "layers of 300, injective iff no bad cell", agreed, 300)

# %%
# Where it stops being true
# -------------------------
# In :math:`d` dimensions opposite pairs need :math:`2d` units for every :math:`d`. Gaussian layers of large dimension
# are known to be injective from 7.65 units per input on, and predicted to be so from 6.7 on, by Maillard, Bandeira,
# Belius, Dokmanić and Nakajima (2023).
#
# **Half of the pairs is not enough.** With :math:`Q` alone, inputs that switch all units off are the same.
# **Nor are pairs with biases below 0**: each pair is then blind to a strip around 0. Neither is a matter of chance.
half, x = weights.looks_linear((128, 64), mirror="out", rng=rng), np.abs(rng.standard_normal(64))
dark = -x @ half[:64]
apart = np.maximum(half[:64] @ dark, 0) - np.maximum(half[:64] @ (2 * dark), 0)
check("N07", "outputs apart, without -Q", np.abs(apart).max(), 0)
small = x / np.linalg.norm(x)
apart = np.maximum(half @ small - 1.01, 0) - np.maximum(-half @ small - 1.01, 0)
check("N07", "outputs apart, biases -1.01", np.abs(apart).max(), 0)
summary()

# %%
# Try it yourself
# ---------------
# - Put five units at equal angles. Is that layer injective? What about four, or seven?
# - Turn one unit of ``[Q; -Q]`` by a hundredth of a degree, and count the bad cells.
# - The points on the curve agree with it to within noise. Is it right for 3 units? Which step of the argument is not?

plt.show()
