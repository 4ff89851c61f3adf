# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can rounding alone break the tie?
=================================

Yes: a fast matrix product may add up equal rows in different orders, and the last digits then differ.
If the tie is unstable, descent amplifies this until the units are different ones; sums in the same order prevent it.

Blumenfeld, Gilboa and Soudry, Beyond signal propagation (2020), found that operations of a graphics processor, which
are not deterministic, can break the symmetry of equal features. That a deterministic sum can do it too, S08, is shown
here.
"""

# %%
# Set-up
# ------
# Tanh units that are *tied*: all weights and biases start at 0.5. The task is the sign of a product, at 64 fixed
# points, so that no chance enters the training. Weight decay keeps the weights finite, and momentum makes it quick.
#
# Each width is trained twice. With ``same_order=True`` the network adds up in the same order for each unit. With
# ``same_order=False`` it calls BLAS, the library of fast products that NumPy was built with. BLAS works through the
# rows in blocks, and may treat the rows of an unfinished last block differently.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

eps = np.finfo(float).eps
widths = [4, 5, 6, 7, 8, 9]
steps = 1200
every = 10
rate = 0.1
momentum = 0.9
weight_decay = 0.005


def grid(low, high):
    """Return the points of a square grid, and the sign of the product of their coordinates."""
    side = np.linspace(low, high, 8)
    first_input = np.repeat(side, 8)
    second_input = np.tile(side, 8)
    points = np.column_stack([first_input, second_input])
    return points, np.sign(first_input * second_input)[:, np.newaxis]


x, y = grid(-0.9, 1)


def tied(units, same_order=True, activation="tanh"):
    """Return a network with all weights and biases 0.5."""
    hidden = Layer(weights.constant((units, 2), 0.5), np.full(units, 0.5))
    output = Layer(weights.constant((1, units), 0.5), np.full(1, 0.5))
    return Network([hidden, output], activation, same_order=same_order)


def spread(network):
    """Return the largest difference of two units in any weight or bias."""
    hidden, output = network.layers
    incoming = np.ptp(hidden.weight, axis=0).max()
    bias = np.ptp(hidden.bias)
    outgoing = np.ptp(output.weight, axis=1).max()
    return max(incoming, bias, outgoing)


def spreads(network, x=x, y=y):
    """Train, and return how far the units are apart, before the first step and on the way."""
    run = descend(
        network,
        x,
        y,
        steps=steps,
        rate=rate,
        momentum=momentum,
        weight_decay=weight_decay,
        record=spread,
        every=every,
    )
    return np.array(run.records)


one_order = {units: spreads(tied(units, same_order=True)) for units in widths}
blas = {units: spreads(tied(units, same_order=False)) for units in widths}

# %%
# The figure
# ----------
# How far the units are apart. A line at the bottom stands for exactly 0, and the top for the size of the weights.
# Which widths BLAS separates depends on the machine. This is the one that drew the figure.
zero_line = 1e-21
at = np.arange(0, steps + 1, every)
fig, axes = plt.subplots(2, 3, sharex=True, sharey=True, figsize=(6.4, 4.4))
for ax, units in zip(axes.flat, widths):
    lower = np.maximum(one_order[units], zero_line)
    upper = np.maximum(blas[units], zero_line)
    ax.semilogy(at, lower, color="C1", linestyle="-", linewidth=6, label="same order for each unit")
    ax.semilogy(at, upper, color="C0", linestyle="-", linewidth=2, label="BLAS")
    ax.set_title(f"{units} units", fontsize="medium", fontweight="normal")
    ax.set_ylim(zero_line / 30, 100)
    ax.set_yticks([zero_line, 1e-16, 1e-8, 1])
    ax.set_yticklabels(["0", "$10^{-16}$", "$10^{-8}$", "1"])
    ax.set_xticks([0, 600, 1200])
    ax.minorticks_off()
axes[1, 1].set_xlabel("step")
fig.supylabel("largest difference of two units", fontsize="medium")
lines, names = axes[0, 0].get_legend_handles_labels()
fig.legend(lines, names, loc="outside lower center", ncols=2)
separated = sum(blas[units][-1] > 0 for units in widths)
title = f"On this machine BLAS separates {separated} of {len(widths)} widths"
fig.suptitle(title, fontsize="medium", fontweight="bold")
fig.alt_text = (
    f"On the machine that drew this, rounding separates the units at {separated} of {len(widths)} "
    "widths when BLAS multiplies, and at none when sums run in the same order for each unit. One "
    "panel for each width: in the same order the difference is zero at each step; where BLAS "
    "leaves zero, it grows from the last digit."
)

# %%
# This is an observation. Here is the library, and when the units were first seen to differ.
library = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
print(f"BLAS: {library['name']} {library.get('version', '')}")
for units in widths:
    differs = np.flatnonzero(blas[units])
    first = f"from step {at[differs[0]]}" if len(differs) else "never"
    print(f"{units} units: apart {first}, at the end by {blas[units][-1]:.1e}")

# %%
# What this page promises
# -----------------------
# **Sums in the same order keep the units equal, S08.** At each of the widths the difference is exactly zero, at
# each recorded step. The reason does not depend on the machine: equal products that are rounded alike, and added in the
# same order, give equal sums.
for units in widths:
    check("S08", f"spread, exact sums, {units} units", one_order[units].max(), 0)

# %%
# **A matrix product need not treat equal rows equally.** What BLAS does differs from one machine to the next, so here
# is a product of our own, which does the same everywhere. It adds up the rows of each full block of four from the first
# number to the last, and the rows that are left over from the last to the first. The results differ for most of a
# thousand columns.


def product(rows, columns, block):
    """Multiply two matrices; rows outside a full block are added up backwards."""
    terms = rows[:, :, np.newaxis] * columns
    forwards = np.cumsum(terms, axis=1)[:, -1]
    backwards = np.cumsum(terms[:, ::-1], axis=1)[:, -1]
    full = len(rows) // block * block
    return np.concatenate([forwards[:full], backwards[full:]])


rng = np.random.default_rng(3)
equal_rows = np.tile(rng.standard_normal(64), (5, 1))
columns = rng.standard_normal((64, 1000))
sums = product(equal_rows, columns, block=4)
share = np.mean(sums[4] != sums[0])
check("S08", "share of products of unequal equal rows", share, 0.5, relation=">")
check("S08", "spread of the four rows of a full block", np.ptp(sums[:4], axis=0).max(), 0)

# %%
# **That is enough to break the tie.** The same descent by hand, with this product. Five units are one block of four and
# a rest of one; eight units are two full blocks.


def final_spread(units, block):
    """Train tied tanh units with our own product; return how far they are apart at the end."""
    inputs = np.column_stack([x, np.ones(len(x))])  # the bias is the weight of a third input
    incoming = np.full((units, 3), 0.5)
    outgoing = np.full((units, 1), 0.5)
    output_bias = 0.5
    incoming_velocity = np.zeros((units, 3))
    outgoing_velocity = np.zeros((units, 1))
    bias_velocity = 0.0
    for _ in range(steps):
        hidden = np.tanh(product(incoming, inputs.T, block))
        outputs = np.sum(outgoing * hidden, axis=0) + output_bias
        delta = 2 * (outputs - y[:, 0]) / len(y)
        back = outgoing * delta * (1 - hidden**2)
        incoming_gradient = product(back, inputs, block) + weight_decay * incoming
        outgoing_gradient = product(hidden, delta[:, np.newaxis], block) + weight_decay * outgoing
        bias_gradient = np.sum(delta) + weight_decay * output_bias
        incoming_velocity = momentum * incoming_velocity + incoming_gradient
        outgoing_velocity = momentum * outgoing_velocity + outgoing_gradient
        bias_velocity = momentum * bias_velocity + bias_gradient
        incoming = incoming - rate * incoming_velocity
        outgoing = outgoing - rate * outgoing_velocity
        output_bias = output_bias - rate * bias_velocity
    return max(np.ptp(incoming, axis=0).max(), np.ptp(outgoing))


check("S08", "spread, own product, 4 + 1 units", final_spread(5, 4), 0.1, relation=">")
check("S08", "spread, own product, 4 + 4 units", final_spread(8, 4), 0)
check("S08", "spread, own product, a block of 5", final_spread(5, 5), 0)

# %%
# **It is amplified, not made large at once.** A sum of :math:`d` products is off by at most about
# :math:`d \epsilon / 2` times the sum of their sizes, in whatever order, where :math:`\epsilon = 2^{-52}` is the
# distance from 1 to the next number. So two equal rows differ by at most about twice that. This is a theorem on
# rounding, and here BLAS keeps to it.
worst = 0.0
for units in range(2, 65):
    equal_rows = np.tile(rng.standard_normal(64), (units, 1))
    columns = rng.standard_normal((64, 50))
    bound = 64 * eps * (np.abs(equal_rows[0]) @ np.abs(columns))
    difference = np.ptp(equal_rows @ columns, axis=0)
    worst = max(worst, np.max(difference / bound))
check("S08", "difference of equal rows, over its bound", worst, 1, relation="<=")

# %%
# Time does the rest. One weight off by :math:`64 \epsilon` and sums in the same order: five units are far apart at the
# end.
nudged = tied(5)
nudged.layers[0].weight[0, 0] += 64 * eps
grown = spreads(nudged)[-1]
check("S08", "spread at the end, started at 64 eps", grown, 0.1, relation=">")

# %%
# Where it stops being true
# -------------------------
# BLAS *may* separate units. The widths that it leaves alone are as real as those that it separates, and another
# processor may have others.
#
# And the tie must be unstable. Five ReLU units forget the same nudge in the same run. So do nine tanh units at other
# points, a grid from -1 to 0.8, where the tied network fades to zero.
nudged = tied(5, activation="relu")
nudged.layers[0].weight[0, 0] += 64 * eps
relu = spreads(nudged)[-1] / eps
check("S08", "spread in eps at the end, ReLU", relu, 64, relation="<", shows="limit")

nudged = tied(9)
nudged.layers[0].weight[0, 0] += 64 * eps
other_x, other_y = grid(-1, 0.8)
tanh = spreads(nudged, other_x, other_y)[-1] / eps
check("S08", "spread in eps at the end, other points", tanh, 64, relation="<", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Run the page on another computer, or with ``OPENBLAS_CORETYPE=Nehalem`` set. Which widths break now?
# - Run it twice on the same one, with one thread. Do the numbers differ anywhere? Rounding is not random.
# - Add up *all* rows of our own product backwards. Do five units still part?

plt.show()
