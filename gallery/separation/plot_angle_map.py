# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Do random ReLU layers keep inputs apart?
========================================

Yes, but less with every layer. On average a layer takes at most half of a squared distance, little if the angle is
small. In wide networks the angle falls like one over the depth, in narrow ones faster.

The two laws, P01, are those of Cho and Saul (2009) and of Giryes, Sapiro and Bronstein (2016). P02 and P03 follow.
"""

# %%
# Set-up
# ------
# A layer of :math:`m` ReLU units has independent Gaussian weights of variance :math:`2/m` and no biases. Let two inputs
# :math:`x` and :math:`y` have the angle :math:`\theta`, and :math:`\psi = (\sin\theta - \theta\cos\theta) / \pi`. Then
# their squared distance becomes :math:`|x - y|^2 - 2|x||y|\psi` on average, and the cosine of their angle
# :math:`\cos\theta + \psi`, if the layer is wide. Below, 200 pairs of digits, less the mean image, meet 5000 units.
#
# Through many layers only the angle needs to be followed. The sums that enter a unit are two normal numbers whose
# correlation is the cosine of the angle: to draw these is the same, by law, as to draw the weights.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad_vec
from scipy.special import comb, digamma
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.propagation import angle_map, squared_distance_ratio

rng = np.random.default_rng(2009)
units, half_pi = 5000, np.pi / 2


def angle(x, y):
    """Return the angles between rows, to all digits even if they are small."""
    x, y = (each / np.linalg.norm(each, axis=-1, keepdims=True) for each in (x, y))
    return 2 * np.arctan2(np.linalg.norm(x - y, axis=-1), np.linalg.norm(x + y, axis=-1))


def follow(width, depth, nets):
    """Return the angle of two inputs, a right one at first, in each layer of several networks."""
    angles = [np.full(nets, half_pi)]
    for _ in range(depth):
        z, other = rng.standard_normal((2, nets, width))
        other = np.cos(angles[-1])[:, None] * z + np.sin(angles[-1])[:, None] * other
        angles.append(angle(z.clip(0), other.clip(0)))
    return np.array(angles)


digits = load_digits().data
x, y = rng.permutation(digits - digits.mean(axis=0))[:400].reshape(2, 200, 64)
layer = weights.gaussian((units, 64), std=np.sqrt(2 / units), rng=rng)
z, w = x @ layer.T, y @ layer.T  # and clip(0) is ReLU
theta, after = angle(x, y), angle(z.clip(0), w.clip(0))
wide, narrow = follow(1000, 32, 256), follow(40, 300, 200)

# %%
# The figure
# ----------
# Left: one layer, and the diagonal in gray. Right: many layers, and :math:`3\pi/\mathrm{depth}` in gray. Points are
# medians over networks of width 1000 and 40.
fig, (ax, right) = plt.subplots(1, 2)
grid, gray = np.linspace(0, np.pi), {"color": "gray", "linestyle": "-", "linewidth": 1}
ax.plot([0, 2], [0, 2], **gray)
ax.plot(theta, after, ".", color="C1", markersize=5)
ax.plot(grid, angle_map(grid), color="C0")
ax.annotate("pairs of\ndigits", (1.5, 0.5), color="C1")
ax.set(xlabel="angle before", ylabel="angle after", yticks=range(3), title="One layer: nearer")
depths = 2 ** np.arange(11)
right.plot(depths[2:], 3 * np.pi / depths[2:], **gray)
right.plot(depths, [angle_map(half_pi, depth=depth) for depth in depths], color="C0")
right.plot(depths[:6], np.median(wide, axis=1)[depths[:6]], "o", color="C0", markersize=5)
right.plot(depths[:9], np.median(narrow, axis=1)[depths[:9]], "s", color="C1", markersize=5)
right.annotate("1000 units", (1, 0.13), color="C0")
right.annotate("40 units", (4, 0.004), color="C1")
right.annotate("3π/depth", (38, 0.65), color="gray")
right.set(xscale="log", yscale="log", xlabel="depth", ylabel="angle", title="Many: slow if wide")
fig.alt_text = (
    "Random ReLU layers bring inputs together, slowly if wide. Left: angles of pairs of digits fall "
    "to a curve below the diagonal. Right: like 3 pi over the depth, but much faster at width 40."
)

# %%
# What this page promises
# -----------------------
# **Distance and angle, P01.** The distance is a sum over units of equal mean, so it is exact at every width, and each
# unit is a sample of it. The cosine is for wide layers. At right angles its standard error is
# :math:`\sqrt{(1 - 9/(2\pi^2))/m} = 0.74/\sqrt m`, and at no angle more than :math:`0.8/\sqrt m`.
psi = (np.sin(theta) - theta * np.cos(theta)) / np.pi
law = ((x - y) ** 2).sum(1) - 2 * psi * np.sqrt((x**2).sum(1) * (y**2).sum(1))
moved = (z.clip(0) - w.clip(0)) ** 2
share = units * np.mean(moved / law[:, None], axis=0)
chance = {"atol": 4.5 * share.std() / np.sqrt(units), "reason": "4.5 standard errors"}
check("P01", "squared distance over formula", share.mean(), 1, **chance)
off = np.abs(np.cos(after) - np.cos(theta) - psi) / (0.8 / np.sqrt(units))
check("P01", "cosine, s.e. off, worst of 200 pairs", off.max(), 5, relation="<")

# %%
# **From one half to one, P02.** The ratio is an integral over the directions of one weight vector. Averaged with its
# opposite each vector stays within the bounds. :math:`[Q; -Q]`, with an orthogonal :math:`Q`, has such pairs only.
t = np.array([0.5, 1, half_pi, np.pi])
kinks, ends = [*(t - half_pi), *(t + half_pi)], (-half_pi, 3 * half_pi)
area = quad_vec(lambda v: (np.cos(v).clip(0) - np.cos(v - t).clip(0)) ** 2, *ends, points=kinks)[0]
rounding = {"atol": 1e-12, "reason": "rounding"}
for at, value in zip(t, area / np.pi / (1 - np.cos(t))):
    check("P02", f"ratio at the angle {at:.3g}", squared_distance_ratio(at), value, **rounding)
ratio = (moved + ((-z).clip(0) - (-w).clip(0)) ** 2) / (z - w) ** 2
check("P02", "unit and opposite, least ratio", ratio.min(), 1 / 2, relation=">=", **rounding)
check("P02", "unit and opposite, largest ratio", ratio.max(), 1, relation="<=", **rounding)
mirrored = np.kron([[1], [-1]], weights.orthogonal((64, 64), rng=rng))
for name, other, bound in (("opposite", -x, 1 / 2), ("parallel", 2 * x, 1)):
    ratio = np.sum(((x @ mirrored.T).clip(0) - (other @ mirrored.T).clip(0)) ** 2)
    check("P02", f"[Q; -Q], {name} inputs", ratio / np.sum((x - other) ** 2), bound, **rounding)

# %%
# **Slow decay, P03.** A small angle loses :math:`\theta^2/(3\pi)`, so its inverse gains :math:`1/(3\pi)` in each layer.
# Far down it is :math:`3\pi` over the depth. Twice the depth halves it; an exponential would be squared.
ten, half, far = (angle_map(half_pi, depth=depth) for depth in (10, 1000, 2000))
slow = {"rtol": 0.01, "reason": "next term: (1.5 ln(depth) + 4.4) / depth"}
check("P03", "angle at depth 2000 over 3 pi / 2000", far / (3 * np.pi / 2000), 1, **slow)
check("P03", "angle at depth 2000 over that at 1000", far / half, 1 / 2, **slow)
chance = {"atol": wide[10].std() / 4 + 0.01 * ten, "reason": "4 s.e., and 1/width per layer"}
check("P03", "mean angle at depth 10, width 1000", wide[10].mean(), ten, **chance)

# %%
# Where it stops being true
# -------------------------
# **The worst pair, P02.** Near a digit a layer is linear, and the worst near pair lies along the least singular vector
# of the units that are on: some 64 of 128 random ones, hardly enough for 64 inputs, but a basis in :math:`[Q; -Q]`.
#
# **Parallel or narrow, P03.** Without biases :math:`f(2x) = 2f(x)` at any depth, so an angle of 0 stays. And with
# :math:`k` units on, the logarithm of a small angle loses another half of :math:`\psi_0(k/2) - \psi_0((k-1)/2)` on
# average (:math:`\psi_0` is the digamma function): about :math:`1/n` per layer of width :math:`n`. Exponential,
# it wins when the depth exceeds the width (Jakub and Nica 2023).
random = weights.gaussian((128, 64), std=np.sqrt(2 / 128), rng=rng)
on, basis = (each[each @ x[0] > 0] for each in (random, mirrored))
worst, best = (np.linalg.eigvalsh(each.T @ each)[0] for each in (on, basis))
check("P02", "worst near pair, 128 random units", worst, 0.1, relation="<")
check("P02", "worst near pair, [Q; -Q]", best, 1, **rounding)
same = angle(z.clip(0), (2 * x @ layer.T).clip(0)).max()
check("P03", "angle of f(x) and f(2x)", same, 0, shows="limit", **rounding)
k = np.arange(2, 41)
rate = np.sum(comb(40, k) / 2**40 * (digamma(k / 2) - digamma((k - 1) / 2))) / 2
loss = np.log(narrow[200] / narrow[300]) / 100
off = np.abs(loss.mean() - rate) / (loss.std() / np.sqrt(200))
check("P03", "loss per layer, s.e. off, width 40", off, 4.5, relation="<", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give each unit a random bias. Are :math:`x` and :math:`2x` still parallel?
# - Replace the Gaussian weights by random signs of the same variance. Do the digits stay on the curve?

plt.show()
