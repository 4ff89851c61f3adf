# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Are all starts without dice alike?
==================================

No. A deep linear network that starts with a layer of zeros above identities reaches every target at a known rate. With
identities alone it stops halfway to some targets, and that is known beforehand as well.

The rate is a theorem of Wu, Wang and Ma (2019), the obstacle one of Bartlett, Helmbold and Long (2018). D01 holds the
two starts against the same targets.
"""

# %%
# Set-up
# ------
# A linear network :math:`P = W_6 \cdots W_1` of square layers is to become a given matrix :math:`\Phi`. Its loss is
# :math:`R = \|P - \Phi\|^2/2`, half the sum of all squares, and each layer follows its gradient,
# :math:`dW_l/dt = -\partial R/\partial W_l`: a *gradient flow*, which is solved here to seven digits.
#
# Two starts without dice: all layers the identity, or the last one zero instead, called *zero-asymmetric*. Two targets
# are symmetric, with one negative eigenvalue :math:`\lambda` and three positive ones that are larger in size. The
# second start is also given the negative identity and five random matrices.
from itertools import accumulate

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

from symlib import designs, weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

n, depth, one = 4, 6, np.eye(4)
rng = np.random.default_rng(2019)
axes = weights.orthogonal((n, n), replicas=2, rng=rng)
eigenvalues = np.array([[2, 1.5, 1, -0.5], [4, 3, 2.5, -2]])
symmetric = (axes * eigenvalues[:, np.newaxis]) @ axes.mT
targets = np.concatenate([symmetric, [-one], rng.standard_normal((5, n, n))])


def flow(start, targets, times):
    """Return the product of the layers for each time and target, by gradient flow."""
    shape = (len(targets), depth, n, n)

    def products(layers):
        """Return the products of the first 0, 1, ..., 6 layers."""
        return [*accumulate(layers.swapaxes(0, 1), lambda p, w: w @ p, initial=np.eye(n))]

    def slope(_, flat):
        """Return the negative gradient of the loss."""
        layers, down = flat.reshape(shape), np.empty(shape)
        *below, product = products(layers)
        back = product - targets
        for k in reversed(range(depth)):
            down[:, k] = -back @ below[k].mT
            back = layers[:, k].mT @ back
        return down.ravel()

    first, digits = np.broadcast_to(start, shape).ravel(), {"rtol": 1e-7, "atol": 1e-9}
    path = solve_ivp(slope, (0, times[-1]), first, method="DOP853", t_eval=times, **digits).y.T
    return products(path.reshape(-1, *shape[1:]))[-1].reshape(-1, *targets.shape)


def loss(product, targets):
    """Return half the squared distance of product and target."""
    return np.sum((product - targets) ** 2, axis=(-2, -1)) / 2


asymmetric = designs.zero_asymmetric(n, depth)
times = np.linspace(0, 10, 201)
later = np.append(times, np.arange(11, 61))
reached, stuck = flow(asymmetric, targets, times), flow(one, symmetric, later)
falling, stalled = loss(reached, targets), loss(stuck, symmetric)

# %%
# The figure
# ----------
# Left: the loss over that at the start. Right: the factor that the eigenvector of :math:`\lambda = -1/2` gets.
fig, (ax, modes) = plt.subplots(1, 2, width_ratios=(1.2, 1))
ax.plot(times, falling / falling[0], "-", color="C0", linewidth=1)
ax.plot(times, np.exp(-2 * times), "--", color="gray")
ax.plot(times, stalled[: len(times)] / stalled[0], "-", color="C1")
ax.annotate("identity", (5, 0.35), color="C1", va="bottom")
ax.annotate("bound", (5.3, 6e-5), color="gray")
ax.annotate("zeros\nabove", (3.2, 4e-6), color="C0")
ax.set(yscale="log", xlim=(0, 8), ylim=(1e-7, 5), title="One start reaches all")
ax.set(xlabel="time", ylabel="share of the loss")
vector = axes[0, :, -1]
for path, color in ((stuck[: len(times)], "C1"), (reached, "C0")):
    modes.plot(times, vector @ path[:, 0] @ vector, "-", color=color)
modes.axhline(-0.5, color="gray", linestyle="--")
modes.annotate("target", (10, -0.48), color="gray", va="bottom", ha="right")
modes.set(ylim=(-0.6, 1.1), xlabel="time", ylabel="eigenvalue", title="The other stops at 0")
fig.alt_text = (
    "From zeros above identities the loss falls below exp(-2t) for all eight targets; from identities "
    "it stalls for two, whose negative eigenvalue is never met: in the product it stops at 0."
)

# %%
# What this page promises
# -----------------------
# **Every target, at a rate, D01.** :math:`R(t) \le e^{-2t} R(0)`. The flow keeps :math:`W_l W_l^T - W_{l+1}^T W_{l+1}`,
# so that the product of the first five layers shrinks no vector. By the last layer alone :math:`R` then falls at the
# rate :math:`2R` at least, and at time 0 at just that. The worst of eight targets and 200 times:
worst = np.max(falling[1:] / (np.exp(-2 * times[1:, np.newaxis]) * falling[0]))
check("D01", "loss over the bound, zeros above", worst, 1, relation="<")

# %%
# **The other start keeps a loss** of :math:`\lambda^2/2`. From identities all layers stay the same symmetric matrix,
# with the eigenvectors of :math:`\Phi`. So each eigenvalue :math:`w` goes its own way, and where :math:`\lambda` is
# wanted it stops at 0: the product has :math:`w^6`, which cannot be negative. It comes near as slowly as
# :math:`t^{-3/2}`, to 2 % by time 60, and never below.
near = {"rtol": 0.02, "reason": "what a power of time leaves at time 60"}
for value, path in zip(eigenvalues[:, -1], stalled.T):
    check("D01", f"loss from identities, {value:g}", path[-1], value**2 / 2, **near)
    check("D01", f"least loss from identities, {value:g}", path.min(), value**2 / 2, relation=">")

# %%
# Where it stops being true
# -------------------------
# **One layer of zeros is enough.** With two, or here all of them, each gradient has a zero factor: nothing moves.
stay = loss(flow(0 * one, targets, times), targets) / falling[0]
check("D01", "least share of the loss left, all zero", stay.min(), 1)

# %%
# **The floor is a ridge.** Let :math:`\Phi` be diagonal, with 2, 1, 1/2 and -2. Then zeros stay zeros, and the floor 2
# holds. Turn each identity by a thousandth in the plane of the last two, and the loss falls far below. The determinant
# stays positive all the same, and such a matrix is no nearer to :math:`\Phi` than its least singular value: the new
# floor is :math:`(1/2)^2/2`. Above, :math:`\lambda` was smallest in size; or else rounding alone would turn the layers.
turned = np.eye(n)
turned[2:, 2:] += [[0, 1e-3], [-1e-3, 0]]
ridge = np.diag([2, 1, 0.5, -2])[np.newaxis]
straight, fell = (loss(flow(start, ridge, later), ridge)[:, 0] for start in (one, turned))
check("D01", "least loss from identities, in line", np.min(straight), 2, relation=">")
check("D01", "loss from turned identities", fell[-1], 1 / 8, **near)
check("D01", "least loss from turned identities", np.min(fell), 1 / 8, relation=">")

# %%
# **Steps.** Gradient descent follows the flow when its steps are short; the proof wants the order :math:`1/L^3` for
# :math:`L` layers. Until time 5, steps of 0.01 keep below the bound, and steps of 0.1 do not.
linear = Network([Layer(weight) for weight in asymmetric], "identity")
for step, relation in ((0.01, "<"), (0.1, ">")):
    options = {"steps": round(5 / step), "rate": step, "kind": "half_squares"}
    losses = descend(linear, one, symmetric[0], **options).losses
    over = losses / np.exp(-2 * step * np.arange(len(losses))) / losses[0]
    check("D01", f"loss over the bound, steps of {step}", over[1:].max(), 1, relation=relation)
summary()

# %%
# Try it yourself
# ---------------
# - Put the layer of zeros first, or in the middle. Does the bound still hold? And with two or three layers in all?
# - Take :math:`-1` twice among the eigenvalues: half a turn. How do six nudged layers share it?

plt.show()
