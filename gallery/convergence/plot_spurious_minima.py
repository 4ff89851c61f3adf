# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can a random start end in a bad minimum?
========================================

Yes, and often: a student network with ten units that learns from a teacher with ten fails from about every third start.
It then rests in a minimum that is not the best one. Two additional units take nearly all of these traps away.

Safran and Shamir (2018) proved that such minima exist for teachers with 6 to 20 units, and counted how often training
ends in them. O05 is about what they saw.
"""

# %%
# Set-up
# ------
# The teacher is :math:`\sum_j \mathrm{relu}(v_j \cdot x)` with orthonormal :math:`v_1, \dots, v_k`, the student
# :math:`\sum_i \mathrm{relu}(w_i \cdot x)`, and all inputs are Gaussian. Nothing is sampled: Cho and Saul (2009) give
# the mean of the product of two units at the angle :math:`\theta`, which is
# :math:`\|w\| \|v\| (\sin\theta + (\pi - \theta) \cos\theta) / 2\pi`.
#
# Half the mean squared error is a sum of such terms. Its minimum is 0, for the student that equals the teacher. Two
# hundred random starts descend with momentum, a hundred at once. One has failed when its loss ends above 0.01.
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linear_sum_assignment, minimize

from symlib.claims import check, summary

rng = np.random.default_rng(2018)
starts, numbers = 200, (4, 6, 8, 10)


def population(w, product=np.matmul):
    """Return the loss of each student against the teacher of unit vectors, and its gradient."""
    units, k = w.shape[1:]
    all_units = np.concatenate([w, np.broadcast_to(np.eye(k), (len(w), k, k))], axis=1)
    sign = np.repeat([1.0, -1.0], [units, k])
    length = np.linalg.norm(all_units, axis=2)
    own = length[:, :units, None]
    cosine = np.clip(product(w, all_units.mT) / (own * length[:, None]), -1, 1)
    cosine[:, range(units), range(units)] = 1
    sine, opening = np.sqrt(1 - cosine**2), np.pi - np.arccos(cosine)
    means = own * length[:, None] * (sine + opening * cosine) / (2 * np.pi)
    loss = (means @ np.repeat([0.5, -1.0], [units, k])).sum(axis=1)
    loss += (k + k * (k - 1) / np.pi) / 4
    turn = (sine * length[:, None] * sign).sum(axis=2)[:, :, None] * w / own
    return loss, (turn + product(opening * sign, all_units)) / (2 * np.pi)


def descend(w, steps=600, rate=0.2, momentum=0.9, product=np.matmul):
    """Follow the gradient with momentum, all starts at once; return the end and its loss."""
    velocity = 0 * w
    for _ in range(steps):
        velocity = momentum * velocity + population(w, product)[1]
        w = w - rate * velocity
    return w, population(w)[0]


def train(k, units):
    """Return where random students of a teacher with k units end, and their losses."""
    halves = rng.standard_normal((2, starts // 2, units, k)) / np.sqrt(k)
    return tuple(map(np.concatenate, zip(*map(descend, halves))))


alike = {k: train(k, k) for k in numbers}
wider = {k: train(k, k + 2) for k in numbers}
share = {k: [np.mean(ends[k][1] > 0.01) for ends in (alike, wider)] for k in numbers}

# %%
# The figure
# ----------
# Left: one of the failures with eight units, a row for each unit and a column for each teacher. The area of a disk is
# the size of a weight. Right: how many starts fail, with two standard errors.
students, losses = alike[8]
trap = students[np.argmin(np.abs(losses - np.median(losses[losses > 0.01])))]
trap = trap[linear_sum_assignment(-np.abs(trap.T))[1]]  # student i is the one that took teacher i
order = np.argsort(-np.diag(trap))
trap = trap[np.ix_(order, order)]
fig, (grid, ax) = plt.subplots(1, 2, width_ratios=(1, 1.4))
for sign, color in ((1, "C0"), (-1, "C1")):
    grid.scatter(*np.indices((8, 8))[::-1], s=140 * np.maximum(sign * trap, 0), c=color)
grid.annotate("turned away", (7.4, 8.7), color="C1", ha="right")
grid.set(xlim=(-0.7, 7.7), ylim=(8.9, -0.7), xticks=[], yticks=[], aspect="equal")
grid.set(xlabel="teachers", ylabel="students", title="A trap")
grid.spines[:].set_visible(False)
for place, name in ((0, "as many units"), (1, "two more")):
    rates = np.array([share[k][place] for k in numbers])
    errors = 2 * np.sqrt(rates * (1 - rates) / starts)
    ax.errorbar(numbers, rates, errors, marker="os"[place], linestyle="-", color=f"C{2 * place}")
    ax.annotate(name, ((5.1, 0.3), (8.3, 0.025))[place], color=f"C{2 * place}")
ax.set(xlabel="units of the teacher", ylabel="starts that fail", ylim=(-0.02, 0.5))
ax.set(xticks=numbers, title="Two more units, no trap")
fig.alt_text = (
    "Two additional units remove the traps. Right: the share of failing starts rises from 0 at 4 "
    "units to about a third at 10, and stays near 0 with two more. Left: the weights of a failure, "
    "where all units but one have found a teacher and the last points away from its own."
)

# %%
# What this page promises
# -----------------------
# **Failures are common, O05.** Each bound leaves room for four standard errors of two hundred starts. With two more
# units at most one start in fifty may fail.
check("O05", "share that fails, 8 units", share[8][0], 0.03, relation=">")
check("O05", "share that fails, 10 units", share[10][0], 0.22, relation=">")
for k in (8, 10):
    check("O05", f"share that fails, {k} and 2 units", share[k][1], 0.02, relation="<=")

# %%
# **What they are.** In the usual failure all units but one have a teacher each, and the last is left over. Such a
# student has five different weights, and the least loss of these five numbers is the height of the trap.


def alike_but_one(values, k):
    """Return the loss of a student in which all units but the last are alike up to their order."""
    w = np.full((k, k), values[1]) + (values[0] - values[1]) * np.eye(k)
    w[:, -1], w[-1], w[-1, -1] = values[2:]
    return population(w[None])[0][0]


converged = {"atol": 1e-6, "reason": "converged"}
for k in (8, 10):
    found = np.median(alike[k][1][alike[k][1] > 0.01])
    height = minimize(alike_but_one, [1, 0, 0, 0, -1], args=(k,)).fun
    check("O05", f"loss of the median failure, {k} units", found, height, **converged)

# %%
# It is neither a plateau nor a saddle: the gradient is 0, and the second derivatives, taken as differences of the
# gradient, are positive in all 64 directions.
trap, step = trap[None], 1e-4 * np.eye(64).reshape(64, 8, 8)
slopes = (population(trap + step)[1] - population(trap - step)[1]) / 2e-4
check("O05", "gradient in the trap", np.abs(population(trap)[1]).max(), 0, **converged)
least = np.linalg.eigvalsh(slopes.reshape(64, 64))[0]
check("O05", "least curvature of the trap", least, 0, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Few units, a better start, or a worse one.** With four units there is nothing to fall into; the proof begins at six.
# Near enough to the teacher no start fails. And additional units are no help if all are equal: they act as one, as long
# as the computer adds up for all units in the same order. ``einsum`` does; ``matmul`` does not on every processor.
check("O05", "share that fails, 4 units", share[4][0], 0, shows="limit")
near = np.eye(10) + 0.3 * rng.standard_normal((100, 10, 10)) / np.sqrt(10)
check("O05", "starts near the teacher that fail", np.sum(descend(near)[1] > 0.01), 0, shows="limit")
_, tied = descend(np.full((1, 12, 10), 0.5), product=lambda a, b: np.einsum("nij,njk->nik", a, b))
one = minimize(lambda w: population(w.reshape(1, 1, 10))[0][0], np.full(10, 0.5)).fun
check("O05", "loss of 12 equal units, 10 teachers", tied[0], one, shows="limit", **converged)
summary()

# %%
# Try it yourself
# ---------------
# - Is one additional unit enough? And for a teacher with 20 units, given enough steps?
# - List the losses of the failures with ten units. Which student has the second height, near 0.035?
# - Restart the students with ten units until one succeeds. What do the restarts cost, and what do two more units?

plt.show()
