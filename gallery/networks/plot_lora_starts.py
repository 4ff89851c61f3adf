# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why is B zero and A random in LoRA, and not both zero?
======================================================

With B zero, training starts at the pretrained model; with A zero too, neither would ever get a gradient, as each
gradient has the other factor in it; the reverse, B random and A zero, works as well.
A needs rows in independent directions, as random ones have: under gradient descent equal rows, or multiples of one row,
give an update of rank 1 at most in exact arithmetic, however many rows there are.

Hu et al. (2021) introduced LoRA with this start. Hayou, Ghosh and Yu (2024) compare it with the reverse one. What is
said here of ranks, W07, is derived here.
"""

# %%
# Set-up
# ------
# LoRA leaves a pretrained weight :math:`W` as it is and trains two thin factors beside it: the layer computes
# :math:`(W + BA) x`. Here :math:`W` is 8 by 10, :math:`B` has four columns, :math:`A` has four rows, so :math:`r = 4`.
# The weight we want is :math:`W` plus a change of rank 4 with the singular values 2, 3/2, 1 and 1/2.
#
# In Hugging Face's PEFT, ``get_peft_model(model, LoraConfig(r=4, target_modules=...))`` puts such factors beside the
# layers that are named. For linear layers it draws A and sets B to 0, by default. There, and in loralib, :math:`BA` is
# multiplied by a fixed number, ``lora_alpha / r``, which changes no rank.
#
# The inputs are *whitened*: their mean outer product is the identity. Then half the mean squared error is half the
# squared distance of :math:`BA` from the change, and the least loss of an update of rank :math:`k` is half the sum of
# squares of the singular values that it leaves out (the theorem of Eckart and Young).
#
# In the gradients of this page the sums run in one order for each row of :math:`A`, so that equal rows are rounded
# alike.
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary

samples = 64
outputs = 8
inputs = 10
rank = 4
steps = 1500
rate = 0.1
adam_steps = 400
adam_rate = 0.01

rng = np.random.default_rng(2021)
x, _ = np.linalg.qr(rng.standard_normal((samples, inputs)))
x = x * np.sqrt(samples)
pretrained = rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)

sizes = np.array([2, 1.5, 1, 0.5])
left, _ = np.linalg.qr(rng.standard_normal((outputs, rank)))
right, _ = np.linalg.qr(rng.standard_normal((inputs, rank)))
change = left @ np.diag(sizes) @ right.T
least_loss = [np.sum(sizes[k:] ** 2) / 2 for k in range(rank + 1)]


class Run(NamedTuple):
    """The losses of a training, and both factors at its end."""

    losses: np.ndarray
    b: np.ndarray
    a: np.ndarray


def loss_and_gradient(b, a, change=change):
    """Return half the mean squared error, and its derivatives in B and in A."""
    error = x @ (pretrained + b @ a).T - x @ (pretrained + change).T
    loss = np.mean(np.sum(error**2, axis=1)) / 2
    of_weight = error.T @ x / samples
    # einsum does the same arithmetic for each row of A, and for each column of B
    of_b = np.einsum("oi,ri->or", of_weight, a)
    of_a = np.einsum("or,oi->ri", b, of_weight)
    return loss, of_b, of_a


def descend(b, a, steps=steps, rate=rate, momentum=0.0, change=change):
    """Train by gradient descent."""
    memory_b = np.zeros_like(b)
    memory_a = np.zeros_like(a)
    losses = []
    for _ in range(steps):
        loss, of_b, of_a = loss_and_gradient(b, a, change)
        losses.append(loss)
        memory_b = momentum * memory_b + of_b
        memory_a = momentum * memory_a + of_a
        b = b - rate * memory_b
        a = a - rate * memory_a
    return Run(np.array(losses), b, a)


def adam_step(gradient, mean, square, step):
    """Return what Adam subtracts, and its memory after it."""
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    unbiased_mean = mean / (1 - 0.9**step)
    unbiased_square = square / (1 - 0.999**step)
    return adam_rate * unbiased_mean / (np.sqrt(unbiased_square) + 1e-8), mean, square


def adam(b, a):
    """Train by Adam."""
    mean_b = square_b = np.zeros_like(b)
    mean_a = square_a = np.zeros_like(a)
    losses = []
    for step in range(1, adam_steps + 1):
        loss, of_b, of_a = loss_and_gradient(b, a)
        losses.append(loss)
        move_b, mean_b, square_b = adam_step(of_b, mean_b, square_b, step)
        move_a, mean_a, square_a = adam_step(of_a, mean_a, square_a, step)
        b = b - move_b
        a = a - move_a
    return Run(np.array(losses), b, a)


def rank_of(run):
    """Return the rank of the update at the end, in double precision."""
    return np.linalg.matrix_rank(run.b @ run.a)


# %%
# Eight starts. All but the last two have B = 0.
no_b = np.zeros((outputs, rank))
no_a = np.zeros((rank, inputs))
random_a = rng.standard_normal((rank, inputs)) / np.sqrt(inputs)
random_b = rng.standard_normal((outputs, rank)) / np.sqrt(rank)
row = random_a[0]
other_row = random_a[1]

constant = np.full((rank, inputs), 0.3)
powers_of_two = np.outer([1, 0.5, 2, -1], row)
other_multiples = np.outer([1, 0.3, 2, -0.6], row)
up_to_sign = np.outer([1, -1, -1, 1], row)
two_rows = np.stack([row, row, other_row, other_row])
identity = np.eye(rank, inputs)

directions, _ = np.linalg.qr(rng.standard_normal((rank, rank)))
half_b = random_b[:, :2] @ directions[:2]
half_a = directions[2:].T @ random_a[:2]

from_zeros = descend(no_b, no_a)
from_constant = descend(no_b, constant)
from_two_rows = descend(no_b, two_rows)
from_random = descend(no_b, random_a)
from_identity = descend(no_b, identity)
reverse = descend(random_b, no_a)
from_halves = descend(half_b, half_a)

adam_up_to_sign = adam(no_b, up_to_sign)
adam_powers = adam(no_b, powers_of_two)
adam_multiples = adam(no_b, other_multiples)

# %%
# The figure
# ----------
# The dashed lines are the least loss of an update of rank 0, 1, 2 and 3.
fig, (by_descent, by_adam) = plt.subplots(1, 2, sharey=True)
shown = 300
by_descent.plot(from_zeros.losses[:shown], color="gray", label="A = 0 and B = 0")
by_descent.plot(from_constant.losses[:shown], color="C0", label="A constant")
by_descent.plot(from_two_rows.losses[:shown], color="C1", label="A with two different rows")
by_descent.plot(from_random.losses[:shown], color="C2", label="A random")
by_descent.plot(reverse.losses[:shown], "--", color="C3", label="B random, A = 0")
by_descent.set_title("Gradient descent", fontsize="medium")
by_adam.plot(adam_up_to_sign.losses[:shown], color="C0", label="rows equal up to sign")
by_adam.plot(adam_powers.losses[:shown], color="C1", label="three sizes of one row")
by_adam.plot(adam_multiples.losses[:shown], color="C2", label="four sizes of one row")
by_adam.set_title("Adam", fontsize="medium")
for ax in (by_descent, by_adam):
    for level in least_loss[:-1]:
        ax.axhline(level, color="gray", linestyle=":", linewidth=0.8)
    ax.set_xlabel("step")
    ax.legend(loc="upper right", fontsize="small")
by_descent.set_ylabel("loss")
by_descent.set_ylim(-0.2, 6.6)
by_descent.set_yticks([0, 1, 2, 3])
fig.alt_text = (
    "Left, gradient descent: from two zero factors the loss stays, from a constant A it falls to "
    "the best of rank 1, from two different rows to that of rank 2, from a random factor to 0. "
    "Right, Adam: rows equal up to sign end at rank 1, three sizes of a row at rank 3, four at 0."
)

# %%
# What this page promises
# -----------------------
# **Each gradient has the other factor in it.** Let :math:`G` be the gradient of the loss in the whole weight :math:`W +
# BA`. By the chain rule B has the gradient :math:`G A^T`, and A has :math:`B^T G`. With A = B = 0 both are 0, for every
# differentiable loss, and neither gradient descent nor Adam ever moves them (W07). With B = 0 alone the first step
# moves B, the second moves both, and the first prediction is that of the pretrained model.
check("W07", "loss at the start, B = 0", from_random.losses[0], least_loss[0], rounding=1e-12)
check("W07", "largest entry of B, from two zeros", np.abs(from_zeros.b).max(), 0)
check("W07", "largest entry of A, from two zeros", np.abs(from_zeros.a).max(), 0)
one_step = descend(no_b, random_a, steps=1)
two_steps = descend(no_b, random_a, steps=2)
move_of_b = np.abs(one_step.b).max()
move_of_a = np.abs(one_step.a - random_a).max()
next_move_of_a = np.abs(two_steps.a - one_step.a).max()
check("W07", "move of B in the first step", move_of_b, 0, relation=">")
check("W07", "move of A in the first step", move_of_a, 0)
check("W07", "move of A in the second step", next_move_of_a, 0, relation=">")

# %%
# **The rank has a bound from the start.** Put :math:`B^T` and :math:`A` side by side, and let :math:`P` project onto
# the space that their columns span, a space in :math:`r` dimensions. Then :math:`PA = A` and :math:`BP = B`, so
# :math:`G A^T = G A^T P` and :math:`B^T G = P B^T G`: no step leaves the space. So the rank of :math:`BA` is never
# larger than its dimension. With B = 0 that is the rank of A: 1 if A is constant and not 0, 2 if its rows are copies of
# two that are no multiples of each other. In these runs the loss ends at the least of that rank.
check("W07", "rank of the update, A constant", rank_of(from_constant), 1)
check("W07", "loss, A constant", from_constant.losses[-1], least_loss[1], rounding=1e-9)
check("W07", "rank of the update, two different rows", rank_of(from_two_rows), 2)
check("W07", "loss, two different rows", from_two_rows.losses[-1], least_loss[2], rounding=1e-9)
with_momentum = descend(no_b, constant, momentum=0.9, rate=0.02)
check("W07", "rank, A constant, with momentum", rank_of(with_momentum), 1)
of_powers = descend(no_b, powers_of_two)
check("W07", "rank, multiples of a row by powers of 2", rank_of(of_powers), 1)

# %%
# **Full rank needs one good factor.** A may be random, and so may B. The first four rows of the identity do it here
# without dice. A loss below the least of rank 3 takes rank 4.
full = {
    "A random": from_random,
    "B random, A = 0": reverse,
    "A of the identity": from_identity,
}
for name, run in full.items():
    check("W07", f"rank of the update, {name}", rank_of(run), 4)
    check("W07", f"loss, {name}", run.losses[-1], least_loss[3], relation="<")

# %%
# The code of LoRA itself uses both: loralib draws A and sets B to 0 in its linear layers, and sets A to 0 and draws B
# in its embedding layer. Hayou, Ghosh and Yu find that a random A is better on average, perhaps because it allows
# larger rates. This page does not test that.
#
# **Two factors of rank 2.** The sum in the bound matters. PEFT has an option, ``init_lora_weights="orthogonal"``, where
# no factor is 0 and each has rank :math:`r / 2`, but B reads only what A never sends, so that :math:`BA` is still 0.
# Side by side they have rank 4, and so has the update in the end.
check("W07", "largest entry of BA, two halves", np.abs(half_b @ half_a).max(), 0, rounding=1e-14)
check("W07", "rank of A, two halves", np.linalg.matrix_rank(half_a), 2)
check("W07", "rank of the update, two halves", rank_of(from_halves), 4)

# %%
# **Without rounding.** Among whole numbers modulo a prime nothing is rounded (S02 tells how that works). The layer now
# stands in a network: its sums are squared, and a second layer follows. Each step takes other samples, drops inputs of
# A as LoRA's dropout does, and has momentum and weight decay. The rank after twenty steps is what the bound says.
prime = 2**31 - 1
whole = np.random.default_rng(31)


def draw(*shape):
    """Return whole numbers modulo the prime, which Python does not round."""
    return whole.integers(0, prime, shape).astype(object)


def rank_modulo_prime(matrix):
    """Return the rank of a matrix by elimination."""
    rows = matrix.copy()
    found = 0
    for column in range(rows.shape[1]):
        pivots = [i for i in range(found, len(rows)) if rows[i, column] != 0]
        if not pivots:
            continue
        rows[[found, pivots[0]]] = rows[[pivots[0], found]]
        rows[found] = rows[found] * pow(rows[found, column], -1, prime) % prime
        for i in range(found + 1, len(rows)):
            rows[i] = (rows[i] - rows[i, column] * rows[found]) % prime
        found += 1
    return found


def rank_after_training(b, a):
    """Train modulo the prime, and return the rank of the update."""
    memory_b = b * 0
    memory_a = a * 0
    for _ in range(20):
        seen = draw(6, inputs)
        kept = seen * whole.integers(0, 2, seen.shape)
        targets = draw(6, 3)
        sums = (seen @ frozen.T + kept @ a.T @ b.T) % prime
        error = (sums**2 @ after.T - targets) % prime
        signal = 2 * (error @ after) * sums % prime
        of_b = signal.T @ (kept @ a.T) % prime
        of_a = (b.T @ signal.T) @ kept % prime
        memory_b = (12345 * memory_b + of_b) % prime
        memory_a = (12345 * memory_a + of_a) % prime
        b = (b * 999 - 321 * memory_b) % prime
        a = (a * 999 - 321 * memory_a) % prime
    return rank_modulo_prime(b @ a % prime)


frozen = draw(outputs, inputs)
after = draw(3, outputs)
zero_b = draw(outputs, rank) * 0
whole_row = draw(1, inputs)
multiples = draw(rank, 1) @ whole_row % prime
of_rank_two = draw(rank, 2) @ draw(2, inputs) % prime
of_rank_three = draw(rank, 3) @ draw(3, inputs) % prime
b_of_rank_one = draw(outputs, 1) @ draw(1, rank) % prime
in_field = {
    "multiples of one row": (zero_b, multiples, 1),
    "A of rank 2": (zero_b, of_rank_two, 2),
    "A of rank 3": (zero_b, of_rank_three, 3),
    "ranks 1 and 1": (b_of_rank_one, multiples, 2),
    "ranks 1 and 2": (b_of_rank_one, of_rank_two, 3),
}
for name, (b, a, expected) in in_field.items():
    check("W07", f"rank in the field, {name}", rank_after_training(b, a), expected)

# %%
# Where it stops being true
# -------------------------
# **Adam** rescales each entry by itself, and does not keep the space. Rows of different sizes get moves of one size, so
# that they stop being multiples of each other. What Adam cannot tell apart are equal rows, and opposite ones: change
# the sign of a row of A and of its column of B, and the product is the same. So with B = 0 its rank is at most
# the number of rows that differ by more than a sign.
check("W07", "rank, Adam, rows equal up to sign", rank_of(adam_up_to_sign), 1)
check("W07", "rank, Adam, three sizes of a row", rank_of(adam_powers), 3, shows="limit")
check("W07", "rank, Adam, four sizes of a row", rank_of(adam_multiples), 4, shows="limit")
last_loss = adam_multiples.losses[-1]
check(
    "W07", "loss, Adam, four sizes of a row", last_loss, least_loss[3], relation="<", shows="limit"
)

# %%
# **Rounding** frees them on a computer, if the copies are rounded differently. On this page the sums of each row run in
# one order, so that of multiples only factors like 0.3 do that, and powers of 2 do not. The stray parts grow until the
# loss is below the least of rank 1.
of_multiples = descend(no_b, other_multiples)
check(
    "W07",
    "loss, multiples such as 0.3",
    of_multiples.losses[-1],
    least_loss[1],
    relation="<",
    shows="limit",
)

# %%
# PyTorch does not promise one order for each row, and there a constant A can get past rank 1: this task did, in float32
# with PyTorch 2.13 on a CPU. Here a constant A does it in double precision, if each row begins its sums at another
# input. With whitened inputs the gradient in the whole weight is :math:`BA` minus the change.
b = no_b
a = constant
for _ in range(steps):
    of_weight = b @ a - change
    of_b = np.zeros_like(b)
    for i in range(rank):
        order = np.roll(np.arange(inputs), i)
        for j in order:
            of_b[:, i] = of_b[:, i] + of_weight[:, j] * a[i, j]
    of_a = np.einsum("or,oi->ri", b, of_weight)
    b = b - rate * of_b
    a = a - rate * of_a
last_loss, _, _ = loss_and_gradient(b, a)
check(
    "W07",
    "loss, A constant, sums in other orders",
    last_loss,
    least_loss[1],
    relation="<",
    shows="limit",
)

# %%
# **The identity has blind spots.** Its four rows see the first four inputs. If the change is in the other six, then
# :math:`G A^T` is 0 and B never moves, but for rounding. (A pixel that is always 0 does the same harm to one row.) A
# random A is in such a position with probability 0.
elsewhere = change.copy()
elsewhere[:, :rank] = 0
sizes_elsewhere = np.linalg.svd(elsewhere, compute_uv=False)
no_change = np.sum(sizes_elsewhere**2) / 2
best_of_rank_one = np.sum(sizes_elsewhere[1:] ** 2) / 2
blind = descend(no_b, identity, steps=50, change=elsewhere)
seeing = descend(no_b, random_a, change=elsewhere)
ratio = blind.losses[-1] / no_change
last_loss = seeing.losses[-1]
check("W07", "loss over first, identity, elsewhere", ratio, 1, rounding=1e-6, shows="limit")
check("W07", "loss, A random, elsewhere", last_loss, best_of_rank_one, relation="<")

# %%
# **Both factors random** have full rank, too. But then the first prediction is not that of the pretrained model.
start, _, _ = loss_and_gradient(random_b, random_a)
moved = np.abs(start - least_loss[0])
check("W07", "change of the first loss, both random", moved, 0, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Let A have three random rows and one that is their sum. What is the rank of the update in the end?
# - Add a millionth of a random matrix to the constant A. How many steps until the loss is below the least of rank 1?
# - Start Adam from the two halves. Which rank does it reach?

plt.show()
