# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Are all starts without dice alike?
==================================

No: a deep linear network that starts with a layer of zeros above identities comes as near to every target as one likes,
at a known rate.
With identities alone it keeps a known loss for some targets.

The rate is a theorem of Wu, Wang and Ma (2019), the obstacle one of Bartlett, Helmbold and Long (2018). D01 holds the
two starts against the same targets.
"""

# %%
# Set-up
# ------
# A linear network is a product :math:`P = W_6 \cdots W_1` of square layers, which is to become a given matrix
# :math:`\Phi`, the target. Its loss is half the sum of all squares of the difference, :math:`R = \|P - \Phi\|^2/2`.
# Training is *gradient flow*, gradient descent with steps so short that the weights follow a curve: each weight changes
# at a speed that is minus the derivative of the loss with respect to it. An equation solver follows that curve here, to
# seven digits.
#
# Two starts need no dice: all layers the identity, or the last one 0 instead, which is called *zero-asymmetric*. Both
# are given two symmetric targets, with one negative eigenvalue :math:`\lambda` and three positive ones that are larger
# in size. The zero-asymmetric start is also given the negative identity and five random matrices.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

from symlib import designs, weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

n = 4
depth = 6
identity = np.eye(n)
rng = np.random.default_rng(2019)
axes = weights.orthogonal((n, n), replicas=2, rng=rng)
eigenvalues = np.array([[2, 1.5, 1, -0.5], [4, 3, 2.5, -2]])
symmetric = (axes * eigenvalues[:, np.newaxis]) @ axes.mT
random = rng.standard_normal((5, n, n))
targets = np.concatenate([symmetric, [-identity], random])


def partial_products(layers):
    """Return the products of the first 0, 1, ..., 6 layers: layers[..., k, :, :] is layer k."""
    found = [identity]
    for k in range(depth):
        found.append(layers[..., k, :, :] @ found[-1])
    return found


def velocity(layers, targets):
    """Return minus the gradient of the loss with respect to each layer, by back-propagation."""
    below = partial_products(layers)
    found = np.empty_like(layers)
    signal = below[depth] - targets
    for k in reversed(range(depth)):
        found[:, k] = -signal @ below[k].mT
        signal = layers[:, k].mT @ signal
    return found


def flow(start, targets, times):
    """Return the product of the layers by gradient flow: [time, target, row, column]."""
    shape = (len(targets), depth, n, n)

    def right_side(_, flat):
        """Return the velocity, as the one row of numbers that the solver wants."""
        return velocity(flat.reshape(shape), targets).ravel()

    first = np.broadcast_to(start, shape).ravel()
    span = (0, times[-1])
    solution = solve_ivp(
        right_side, span, first, method="DOP853", t_eval=times, rtol=1e-7, atol=1e-9
    )
    path = solution.y.T.reshape(len(times), *shape)
    return partial_products(path)[depth]


def loss(product, targets):
    """Return half the squared distance of product and target."""
    return np.sum((product - targets) ** 2, axis=(-2, -1)) / 2


asymmetric = designs.zero_asymmetric(n, depth)
times = np.linspace(0, 10, 201)
later = np.append(times, np.arange(11, 61))
reached = flow(asymmetric, targets, times)
stuck = flow(identity, symmetric, later)
falling = loss(reached, targets)
stalled = loss(stuck, symmetric)

# %%
# The figure
# ----------
# Left: the loss over that at the start. Right: the eigenvalue of the product along the eigenvector of
# :math:`\lambda = -1/2`.
early = stuck[: len(times)]
fig, (ax, modes) = plt.subplots(1, 2, width_ratios=(1.2, 1))
ax.plot(times, falling / falling[0], "-", color="C0", linewidth=1)
ax.plot(times, np.exp(-2 * times), "--", color="gray")
ax.plot(times, stalled[: len(times)] / stalled[0], "-", color="C1")
ax.annotate("identities", (5, 0.35), color="C1", va="bottom")
ax.annotate("bound", (5.3, 6e-5), color="gray")
ax.set_yscale("log")
ax.set_xlim(0, 8)
ax.set_ylim(1e-8, 5)
ax.set_xlabel("time")
ax.set_ylabel("share of the first loss")
ax.set_title("One start reaches every target")

vector = axes[0, :, -1]
modes.plot(times, vector @ early[:, 0] @ vector, "-", color="C1")
modes.plot(times, vector @ reached[:, 0] @ vector, "-", color="C0")
modes.axhline(-0.5, color="gray", linestyle="--")
modes.annotate("target", (10, -0.48), color="gray", va="bottom", ha="right")
modes.annotate("identities", (3, 0.1), color="C1", va="bottom")
modes.annotate("zeros above", (1.9, -0.3), color="C0", va="bottom")
modes.set_ylim(-0.6, 1.1)
modes.set_xlabel("time")
modes.set_ylabel("eigenvalue")
modes.set_title("The other stops at 0")
fig.alt_text = (
    "From zeros above identities the loss falls below exp(-2t) for all eight targets; from "
    "identities alone it stalls for two, as their negative eigenvalue is never met: in the product "
    "it stops at 0."
)

# %%
# What this page promises
# -----------------------
# **Every target, at a rate, D01.** For the zero-asymmetric start :math:`R(t) \le e^{-2t} R(0)`: the loss is divided by
# at least 7.3 in each unit of time. The reason is that the flow keeps
# :math:`W_l W_l^\top - W_{l+1}^\top W_{l+1}`, so that the product of the first five layers shrinks no vector. The
# gradient with respect to the last layer is then at least as large as :math:`P - \Phi`, and that alone lets :math:`R`
# fall at the rate :math:`2R` or faster. At time 0 nothing else moves, and the first five layers are the identity: the
# rate is 2 exactly. Of eight targets and 200 times the worst:
bound = np.exp(-2 * times[:, np.newaxis]) * falling[0]
worst = np.max(falling[1:] / bound[1:])
check("D01", "loss over the bound, zeros above", worst, 1, relation="<")
moment = np.array([0, 1e-3])
at_first = loss(flow(asymmetric, targets, moment), targets)
rate = -np.log(at_first[1] / at_first[0]) / moment[1]
for name, found in (("least", rate.min()), ("largest", rate.max())):
    check(
        "D01",
        f"{name} rate at time 0",
        found,
        2,
        atol=0.02,
        reason="what a thousandth of time adds",
    )

# %%
# **The other start keeps a loss, D01**, of at least :math:`\lambda^2/2`. From identities all layers stay the same
# symmetric matrix, with the eigenvectors of :math:`\Phi`. So each eigenvalue :math:`w` of a layer goes its own way, and
# the product has :math:`w^6`, which cannot be negative:
#
# - where :math:`\lambda < 0` is wanted, :math:`w` falls from 1 towards 0 and cannot pass it;
# - near 0 its speed is :math:`-|\lambda| w^5`, so that :math:`w^6` falls like :math:`(4 |\lambda| t)^{-3/2}`;
# - the loss is then above its floor by :math:`|\lambda|` times that.
for value, path in zip(eigenvalues[:, -1], stalled.T):
    floor = value**2 / 2
    above = abs(value) * (4 * abs(value) * later[-1]) ** -1.5
    check("D01", f"least loss from identities, {value:g}", path.min(), floor, relation=">")
    check(
        "D01",
        f"loss from identities, {value:g}",
        path[-1],
        floor + above,
        atol=above / 10,
        reason="a tenth of the last term, which is the first of a series",
    )

# %%
# Where it stops being true
# -------------------------
# **One layer of zeros is enough, and two are too many.** With two, or here with all of them, each gradient has a factor
# that is 0: nothing moves. With one layer in all there is no factor :math:`w^5` that stops an eigenvalue at 0, so the
# identity has no floor: the claim is about two layers or more.
nothing_moves = loss(flow(0 * identity, targets, times), targets) / falling[0]
check("D01", "least share of the loss left, all zero", nothing_moves.min(), 1, shows="limit")

# %%
# **The floor is a ridge.** It holds in exact arithmetic. Let :math:`\Phi` be diagonal, with 2, 1, 1/2 and -2. Then
# zeros stay zeros, and the floor is 2. Turn each identity by a thousandth in the plane of the last two, and the loss
# falls far below. The determinant of the product stays positive all the same, and such a matrix is no nearer to
# :math:`\Phi` than its least singular value: the new floor is :math:`(1/2)^2/2`. Above, :math:`\lambda` was smallest in
# size. Otherwise rounding alone would turn the layers in the end.
turned = np.eye(n)
turned[2, 3] = 1e-3
turned[3, 2] = -1e-3
ridge = np.diag([2, 1, 0.5, -2])[np.newaxis]
straight = loss(flow(identity, ridge, later), ridge)
fallen = loss(flow(turned, ridge, later), ridge)
new_floor = 0.5**2 / 2
check("D01", "least loss from identities, in line", straight.min(), 2, relation=">")
check("D01", "least loss from turned identities", fallen.min(), new_floor, relation=">")
check(
    "D01",
    "loss from turned identities",
    fallen[-1, 0],
    new_floor,
    rtol=0.02,
    reason="what a power of time leaves at time 60",
    shows="limit",
)

# %%
# **Steps.** Gradient descent follows the flow when its steps are short; the proof wants the order :math:`1/L^3` for
# :math:`L` layers. Until time 5, steps of 0.01 keep below the bound of the flow, and steps of 0.1 do not.
linear = Network([Layer(weight) for weight in asymmetric], "identity")


def worst_over_bound(step):
    """Return the largest loss over the bound, until time 5, for gradient descent."""
    run = descend(
        linear, identity, symmetric[0], steps=round(5 / step), rate=step, kind="half_squares"
    )
    bound = np.exp(-2 * step * np.arange(len(run.losses))) * run.losses[0]
    return np.max(run.losses[1:] / bound[1:])


check("D01", "loss over the bound, steps of 0.01", worst_over_bound(0.01), 1, relation="<")
check(
    "D01",
    "loss over the bound, steps of 0.1",
    worst_over_bound(0.1),
    1,
    relation=">",
    shows="limit",
)
summary()

# %%
# Try it yourself
# ---------------
# - Put the layer of zeros first, or in the middle. Does the bound still hold? And with two or three layers in all?
# - Take :math:`-1` twice among the eigenvalues: half a turn. How do six layers that are turned a little share it?

plt.show()
