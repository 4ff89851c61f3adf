# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
What is a unit in each kind of layer?
=====================================

What can change places with its like: a filter with its kernels, a head with its four matrices, an expert with its row
of the router. Permute them in all arrays that carry their index, and the network computes what it did before.

So in each of these layers parts that start equal, in all those arrays, are tied. W17 is the list.
"""

# %%
# Set-up
# ------
# Six small networks with random weights. In each, an axis of the arrays counts parts of one kind. *Swap* takes the
# first two of them, in all arrays that have the axis.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from symlib.claims import check, summary

rng = np.random.default_rng(1832)
order = np.array([1, 0, 2, 3])  # the first two of four change places


def softmax(scores):
    """Return positive shares along the last axis that add up to 1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sigmoid(z):
    """Return the logistic function."""
    return 1 / (1 + np.exp(-z))


def dense(x, first, bias, second):
    """Return the outputs of a network with one hidden layer."""
    return np.tanh(x @ first.T + bias) @ second.T


def convolutions(x, first, second):
    """Return what two convolutions in a row make of samples with channels and places."""
    for kernel in (first, second):
        windows = sliding_window_view(x, 3, axis=-1)
        x = np.tanh(np.einsum("ncpt,oct->nop", windows, kernel))
    return x


def attention(x, query, key, value, output):
    """Return the sum of four heads of attention; heads are the first axis of the four arrays."""
    queries = np.einsum("ti,hif->htf", x, query)
    keys = np.einsum("ti,hif->htf", x, key)
    values = np.einsum("ti,hif->htf", x, value)
    shares = softmax(np.einsum("htf,hsf->hts", queries, keys))
    return np.einsum("hts,hsf,hfo->to", shares, values, output)


def mixture(x, router, first, second):
    """Return a mixture of four experts, weighted by a soft gate."""
    shares = softmax(x @ router.T)
    hidden = np.tanh(np.einsum("ni,eui->neu", x, first))
    return np.einsum("ne,neu,eou->no", shares, hidden, second)


def lstm(x, inputs, recurrent, bias, output):
    """Return what an LSTM says after its last input; gates are the first axis of three arrays."""
    state = np.zeros(4)
    memory = np.zeros(4)
    for now in x:
        sums = inputs @ now + recurrent @ state + bias
        forget, enter, leave = sigmoid(sums[:3])
        memory = forget * memory + enter * np.tanh(sums[3])
        state = leave * np.tanh(memory)
    return output @ state


def embedded(tokens, embedding, reader):
    """Return what a layer makes of the features of tokens."""
    return np.tanh(embedding[tokens] @ reader.T)


samples = rng.standard_normal((5, 3))
signals = rng.standard_normal((5, 1, 9))
tokens = np.array([0, 2, 1, 4, 3])

# for each network: its function, its input, its arrays, and the axes of each that count the parts
networks = {
    "units": (dense, samples, [(4, 3), (4,), (2, 4)], [(0,), (0,), (1,)]),
    "filters": (convolutions, signals, [(4, 1, 3), (2, 4, 3)], [(0,), (1,)]),
    "heads": (
        attention,
        samples,
        [(4, 3, 2), (4, 3, 2), (4, 3, 2), (4, 2, 3)],
        [(0,), (0,), (0,), (0,)],
    ),
    "experts": (mixture, samples, [(4, 3), (4, 2, 3), (4, 2, 2)], [(0,), (0,), (0,)]),
    "LSTM states": (
        lstm,
        samples,
        [(4, 4, 3), (4, 4, 4), (4, 4), (2, 4)],
        [(1,), (1, 2), (1,), (1,)],
    ),
    "features": (embedded, tokens, [(5, 4), (3, 4)], [(1,), (1,)]),
}


def permuted(array, axes):
    """Return the array with the first two of four changed along each of these axes."""
    for axis in axes:
        array = np.take(array, order, axis=axis)
    return array


change = {}
least_change_of_all_but_one = {}
for name, (function, x, shapes, axes) in networks.items():
    arrays = [rng.standard_normal(shape) for shape in shapes]
    swapped = [permuted(array, along) for array, along in zip(arrays, axes)]
    outputs = function(x, *arrays)
    change[name] = np.abs(function(x, *swapped) - outputs).max()
    changes = []
    for number, array in enumerate(arrays):
        all_but_one = swapped.copy()
        all_but_one[number] = array
        changes.append(np.abs(function(x, *all_but_one) - outputs).max())
    least_change_of_all_but_one[name] = min(changes)

# %%
# The figure
# ----------
# Each picture is a layer and what reads it, as matrices. The blue and the orange part can change places. Input
# weights and biases of the LSTM are left out: they have the rows of its recurrent weights.
fig, axs = plt.subplots(3, 2, figsize=(6.4, 5.2))


def draw(ax, left, bottom, rows, columns, *, row_of=(), column_of=(), name=""):
    """Draw a matrix as squares, the two parts in color, as rows or as columns."""
    for row in range(rows):
        for column in range(columns):
            part = None
            for number, those in enumerate(row_of):
                if row in those:
                    part = number
            for number, those in enumerate(column_of):
                if column in those:
                    part = number
            color = "none" if part is None else f"C{part}"
            corner = (left + column, bottom - row)
            ax.add_patch(Rectangle(corner, 1, 1, facecolor=color, edgecolor="gray", linewidth=0.6))
    ax.text(left + columns / 2, bottom + 1.4, name, ha="center", fontsize="small")


for ax in axs.flat:
    ax.set_xlim(-0.5, 17.5)
    ax.set_ylim(-5.2, 3.2)
    ax.set_aspect("equal")
    ax.axis("off")

one = [(0,), (1,)]
pairs = [(0, 1), (2, 3)]
thirds = [(0, 1, 2), (3, 4, 5)]
ax = axs[0, 0]
ax.set_title("units", fontsize="medium")
draw(ax, 1, 1, 4, 3, row_of=one, name="weight")
draw(ax, 6.5, 1, 4, 1, row_of=one, name="bias")
draw(ax, 11, 1, 2, 4, column_of=one, name="next weight")
ax = axs[0, 1]
ax.set_title("filters", fontsize="medium")
draw(ax, 0.5, 1, 4, 3, row_of=one, name="kernels")
draw(ax, 5, 1, 1, 12, column_of=[(0, 1, 2), (3, 4, 5)], name="a kernel of the next")
ax = axs[1, 0]
ax.set_title("heads", fontsize="medium")
for number, name in enumerate(["Q", "K", "V"]):
    draw(ax, 3.5 * number, 1, 6, 2, row_of=pairs, name=name)
draw(ax, 10.5, 1, 2, 6, column_of=pairs, name="output")
ax = axs[1, 1]
ax.set_title("experts", fontsize="medium")
draw(ax, 0, 1, 4, 3, row_of=one, name="router")
draw(ax, 4.5, 1, 6, 3, row_of=pairs, name="first")
draw(ax, 10, 1, 2, 6, column_of=pairs, name="second")
ax = axs[2, 0]
ax.set_title("states of an LSTM", fontsize="medium")
for number in range(4):
    draw(ax, 4 * number, 1, 3, 3)
    for row in range(3):
        for column in range(3):
            first_two = [index for index in (row, column) if index < 2]
            if not first_two:
                continue
            corner = (4 * number + column, 1 - row)
            shade = Rectangle(corner, 1, 1, facecolor=f"C{first_two[0]}", edgecolor="gray")
            shade.set_linewidth(0.6)
            ax.add_patch(shade)
ax.text(7.5, 2.4, "recurrent weights, four gates", ha="center", fontsize="small")
draw(ax, 6, -3.8, 2, 3, column_of=one, name="read-out")
ax = axs[2, 1]
ax.set_title("features", fontsize="medium")
draw(ax, 1, 1, 5, 4, column_of=one, name="embedding")
draw(ax, 11, 1, 3, 4, column_of=one, name="next weight")
fig.alt_text = (
    "Six layers as matrices. In each, two parts are colored in all arrays that carry them: rows of "
    "a weight and columns of the next for units, blocks for heads and experts, rows and columns in "
    "all four gates for the states of an LSTM."
)

# %%
# What this page promises
# -----------------------
# **Permute the index in all arrays that carry it, and the outputs stay, W17.** For the experts that includes the row of
# the router, for the states of an LSTM all four gates, on both sides of the recurrent weights.
#
# Why that makes a tie: the loss does not change either, so that its gradient is permuted with the parameters. Where the
# parameters are the same after the swap, so is the gradient, and a step that treats all entries alike keeps it so.
for name in networks:
    check("W17", f"change of the outputs, {name}", change[name], 0, rounding=1e-13)

# %%
# Where it stops being true
# -------------------------
# **In all arrays but one** is not enough: leave one array of a list as it was, whichever it is, and with random weights
# the outputs change. So a swap of some arrays is no symmetry of the network, and proves no tie. (It does not disprove
# one, either: units can be tied because sums of the weights after them agree.)
for name in networks:
    what = f"change, all but one: {name}"
    least = least_change_of_all_but_one[name]
    check("W17", what, least, 1e-3, relation=">", shows="limit")

# %%
# **What has a place is no unit.** The tokens of a vocabulary, the taps of a kernel and the gates of an LSTM are axes,
# too. But the data or the cell treat their entries differently, and a permutation of them changes the outputs.
kernels = [rng.standard_normal((4, 1, 3)), rng.standard_normal((2, 4, 3))]
reversed_taps = [kernel[..., ::-1] for kernel in kernels]
moved = convolutions(signals, *reversed_taps) - convolutions(signals, *kernels)
check("W17", "change, taps reversed", np.abs(moved).max(), 1e-3, relation=">", shows="limit")
cell = [rng.standard_normal(shape) for shape in [(4, 4, 3), (4, 4, 4), (4, 4), (2, 4)]]
gates_swapped = [*(array[order] for array in cell[:3]), cell[3]]
moved = lstm(samples, *gates_swapped) - lstm(samples, *cell)
check("W17", "change, gates swapped", np.abs(moved).max(), 1e-3, relation=">", shows="limit")
table = [rng.standard_normal((5, 4)), rng.standard_normal((3, 4))]
rows_swapped = [table[0][[1, 0, 2, 3, 4]], table[1]]
moved = embedded(tokens, *rows_swapped) - embedded(tokens, *table)
check("W17", "change, tokens swapped", np.abs(moved).max(), 1e-3, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give each head a slope of its own, added to its scores by the distance of two tokens. Which heads can still change
#   places?
# - Write down the list for a GRU, and for a layer norm between two dense layers.

plt.show()
