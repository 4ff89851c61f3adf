# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can rounding alone break the tie?
=================================

Yes: a fast matrix product may add up equal rows in different orders, and the last digits then differ.
Descent amplifies this until the units are different ones; sums in the same order for every unit never break the tie.

Blumenfeld, Gilboa and Soudry, Beyond signal propagation (2020), found that the operations of a graphics processor,
which are not deterministic, can part equal features. A deterministic processor can as well, and that is S08.
"""

# %%
# Set-up
# ------
# The task and the network of the first page: the sign of a product, tanh units, all weights and biases 0.5.
# Weight decay keeps the weights finite, and momentum makes it quick.
#
# Each width is trained twice. ``same_order=True`` adds up in the same order for each unit.
# ``same_order=False`` leaves the product to BLAS, the library that a processor's maker or a patient volunteer has
# tuned. It works through the rows in blocks, and the rows of an unfinished last block may be treated differently.
import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary
from symlib.network import Layer, Network, forward
from symlib.training import descend

widths, steps, eps = (4, 5, 6, 7, 8, 9), 1200, np.finfo(float).eps
rng = np.random.default_rng(3)
x = rng.uniform(-1, 1, (64, 2))
y = np.sign(x[:, :1] * x[:, 1:])


def start(units):
    """Return two layers with all weights and biases 0.5."""
    hidden = Layer(np.full((units, 2), 0.5), np.full(units, 0.5))
    return [hidden, Layer(np.full((1, units), 0.5), np.full(1, 0.5))]


def spread(network):
    """Return the largest difference of two units in any weight or bias."""
    (weight, bias), (outgoing, _) = network.layers
    return np.ptp(np.vstack([weight.T, bias, outgoing]), axis=1).max()


def train(layers, exact, steps=steps, every=10):
    options = {"rate": 0.1, "momentum": 0.9, "weight_decay": 0.005}
    keep = {"record": spread, "every": every}
    network = Network(layers, "tanh", same_order=exact)
    return descend(network, x, y, steps=steps, **options, **keep)


exact = {units: train(start(units), exact=True).records for units in widths}
blas = {units: train(start(units), exact=False).records for units in widths}

# %%
# The figure
# ----------
# How far the units are apart, from 0 on a line of its own at the bottom up to the size of the weights.
# Which widths break is a matter of the machine: this is the one that drew the figure.
zero_line = 1e-21
broken = [units for units in widths if blas[units][-1] > 0]
fig, axes = plt.subplots(2, 3, sharex=True, sharey=True, figsize=(6.4, 4.4))
for ax, units in zip(axes.flat, widths):
    for records, name, color, width in ((exact, "exact", "C1", 6), (blas, "BLAS", "C0", 2)):
        look = {"color": color, "linestyle": "-", "linewidth": width, "label": f"{name} sums"}
        ax.semilogy(np.arange(0, steps + 1, 10), np.maximum(records[units], zero_line), **look)
    ax.set_title(f"{units} units", fontsize="medium", fontweight="normal")
    ax.set(ylim=(zero_line / 30, 100), yticks=[zero_line, 1e-16, 1e-8, 1], xticks=[0, 600, 1200])
    ax.set_yticklabels(["0", "$10^{-16}$", "$10^{-8}$", "1"])
    ax.minorticks_off()
axes[1, 1].set_xlabel("step")
fig.supylabel("largest difference of two units", fontsize="medium")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
title = f"BLAS parts {len(broken)} of {len(widths)} widths, exact sums none"
fig.suptitle(title, fontsize="medium", fontweight="bold")
fig.alt_text = (
    f"On the machine that drew this, rounding parts the units at {len(broken)} of {len(widths)} "
    "widths when BLAS multiplies, and at none with exact sums. Difference of units against step, "
    "one panel for each width: exact sums stay on the line of zero; where BLAS leaves it, the "
    "difference grows from the last digit."
)

# %%
# What the machine is, and at which of the steps shown its units first differed:
library = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
print(f"BLAS: {library['name']} {library.get('version', '')}")
for units, records in blas.items():
    first = next((f"from step {10 * k}" for k, one in enumerate(records) if one), "never")
    print(f"{units} units: apart {first}, at the end by {records[-1]:.1e}")

# %%
# What this page promises
# -----------------------
# **Sums in the same order never break the tie, S08**: zero at every width, on every machine.
for units, records in exact.items():
    check("S08", f"spread, exact sums, {units} units", max(records), 0)

# %%
# **The order matters.** Here no library is involved: a row is added up from the left, and an equal row from the right.
# Among a thousand pairs of equal rows most have sums that differ.
rows = rng.standard_normal((1000, 64))
left, right = rows.cumsum(axis=1)[:, -1], rows[:, ::-1].cumsum(axis=1)[:, -1]
check("S08", "share of sums that the order changes", np.mean(left != right), 0.5, relation=">")

# %%
# **A few last digits are enough.** On any machine: exact sums, five units, one weight off by :math:`64 \epsilon`,
# with :math:`\epsilon = 2^{-52}` the distance from 1 to the next number.
hidden, output = start(5)
hidden.weight[0, 0] += 64 * eps
grown = train([hidden, output], exact=True).records[-1]
check("S08", "spread at the end, started at 64 eps", grown, 0.1, relation=">")

# %%
# Where it stops being true
# -------------------------
# BLAS *may* part units: the widths that it leaves alone are as true as those that it breaks, and another processor
# has others. What holds on all of them: a sum of :math:`d` products is off by at most :math:`d \epsilon / 2` times the
# sum of their sizes, in whatever order, so two equal rows differ by at most twice that.
worst = 0.0
for units in range(2, 65):
    equal = np.tile(rng.standard_normal(64), (units, 1))
    columns = rng.standard_normal((64, 50))
    bound = 64 * eps * (np.abs(equal[:1]) @ np.abs(columns))
    worst = max(worst, (np.ptp(equal @ columns, axis=0) / bound).max())
limit = {"relation": "<=", "shows": "limit"}
check("S08", "difference of equal rows, over its bound", worst, 1, **limit)

# %%
# And one step of training moves units apart by last digits only. Time does the rest, if the tie is unstable, as that
# of tanh units is.
for units in (5, 9, 33):
    largest = np.abs(forward(Network(start(units)[:1], "tanh"), x)).max()
    one = train(start(units), exact=False, steps=1, every=1).records[-1] / (eps * largest)
    check("S08", f"spread after a step, eps, {units} units", one, 64, reason="64 samples", **limit)
summary()

# %%
# Try it yourself
# ---------------
# - Run the page on another computer, or with ``OPENBLAS_CORETYPE=Nehalem`` set. Which widths break now?
# - Run it twice on the same one, with one thread. Do the numbers differ anywhere? Rounding is no dice.
# - Train ReLU units. Their last digits differ as well, but do the differences grow?

plt.show()
