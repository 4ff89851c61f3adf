# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How long do equal sums hold units together?
===========================================

Rounding makes a small difference. Where training has come to rest, at a point without a gradient, descent multiplies it
by one factor at each step, and that factor depends on a part of the weights that descent leaves as it is.

In exact arithmetic units that are tied by sums stay tied, W01. On a computer the tie lasts as long as W16 says.
"""

# %%
# Set-up
# ------
# The eight corners of a cube, with the product of two coordinates plus half the third as the target. Networks with two
# hidden layers of six tanh units are made of one narrow network that has settled, with one unit in each layer:
# between the layers stands a sixth of its weight in each place, plus a matrix whose rows and columns have sum 0. W02
# calls that matrix the frozen part. With each of them the network predicts what the narrow one does, and is at rest.
#
# The frozen part is 0, or the identity less its mean, or a random matrix with the singular values 2, 1, 1, 0.5 and 0.
# All weights then get a random perturbation of size 1e-12, and training goes on.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, gradients
from symlib.symmetry import tie_escape_rate
from symlib.training import descend

units = 6
rate = 0.1
size = 1e-12

signs = np.array([-1.0, 1.0])
corners = np.array(np.meshgrid(signs, signs, signs)).reshape(3, -1)
x = corners.T
y = (corners[0] * corners[1] + 0.5 * corners[2])[:, np.newaxis]
rng = np.random.default_rng(1514)

start = [
    Layer(np.array([[0.1, 0.2, 0.5]]), np.array([0.3])),
    Layer(np.array([[1.0]]), np.array([-0.2])),
    Layer(np.array([[1.0]]), np.array([0.0])),
]
narrow = descend(Network(start, "tanh"), x, y, steps=4000, rate=0.2).network
one, two, three = narrow.layers


def wide(frozen):
    """Return the narrow network with each unit six times, and a frozen part between them."""
    first = Layer(np.repeat(one.weight, units, axis=0), np.repeat(one.bias, units))
    middle = Layer(two.weight / units + frozen, np.repeat(two.bias, units))
    last = Layer(np.repeat(three.weight, units, axis=1) / units, three.bias)
    return Network([first, middle, last], "tanh")


def perturbed(network):
    """Return the network with all weights of its layers a little off."""
    layers = []
    for weight, bias in network.layers:
        noise = size * rng.standard_normal(weight.shape)
        layers.append(Layer(weight + noise, bias))
    return Network(layers, "tanh")


def gap(network):
    """Return the largest difference of two units of the first layer in a weight."""
    return np.ptp(network.layers[0].weight, axis=0).max()


# an orthonormal basis of all columns whose entries have sum 0
means = np.full((units, 1), 1.0)
basis = np.linalg.qr(np.hstack([means, np.eye(units)[:, 1:]]))[0][:, 1:]


def random_frozen(singular_values):
    """Return a random matrix with these singular values whose rows and columns have sum 0."""
    left = basis @ weights.orthogonal((units - 1, units - 1), rng=rng)
    right = basis @ weights.orthogonal((units - 1, units - 1), rng=rng)
    return left * singular_values @ right.T


constant = np.zeros((units, units))
identity = np.eye(units) - 1 / units
rotated = random_frozen([2.0, 1.0, 1.0, 0.5, 0.0])
frozen_parts = {"0": constant, "identity": identity, "random": rotated}

# %%
# The figure
# ----------
# Points are runs. Lines have the predicted slope, and pass through the run where the difference is 1e-6.
fig, ax = plt.subplots()
steps_taken = {"0": 19000, "identity": 4800, "random": 1100}
predicted = {}
measured = {}
for color, (name, frozen) in enumerate(frozen_parts.items()):
    network = wide(frozen)
    escape = tie_escape_rate(network, x, y, rate=rate)
    predicted[name] = np.log10(1 + rate * escape.growth)
    every = steps_taken[name] // 100
    run = descend(
        perturbed(network), x, y, steps=steps_taken[name], rate=rate, record=gap, every=every
    )
    gaps = np.array(run.records)
    at = every * np.arange(len(gaps))
    # after five decades the fastest direction has won, and the difference is still small
    small = (gaps > 1e-7) & (gaps < 1e-5)
    measured[name], _ = np.polyfit(at[small], np.log10(gaps[small]), 1)
    middle = np.argmin(np.abs(np.log10(gaps) + 6))
    line = gaps[middle] * 10 ** (predicted[name] * (at - at[middle]))
    ax.plot(at / 1000, gaps, ".", color=f"C{color}", label=name)
    ax.plot(at / 1000, line, color=f"C{color}")
ax.set_yscale("log")
ax.set_ylim(1e-13, 1e1)
ax.set_xlabel("thousands of steps")
ax.set_ylabel("largest difference of two units")
ax.legend(title="frozen part")
fig.alt_text = (
    "Differences of units grow from 1e-12 along straight lines on a logarithmic scale. With the "
    "random frozen part they are as large as the weights first, then with the identity, and last "
    "with none. The lines have the predicted slopes."
)

# %%
# What this page promises
# -----------------------
# **All three networks are at rest.** Neither the predictions nor the gradient know of the frozen part.
slopes = [gradients(wide(frozen), x, y).layers for frozen in frozen_parts.values()]
largest = max(np.abs(layer.weight).max() for layers in slopes for layer in layers)
check("W16", "largest gradient at rest", largest, 0, rounding=1e-12)

# %%
# **The factor of each step, W16**, is 1 plus the rate times the growth that `tie_escape_rate` returns. Compared are
# the decades for each step.
for name in frozen_parts:
    ratio = measured[name] / predicted[name]
    what = f"decades a step, run over law: {name}"
    check("W16", what, ratio, 1, atol=2e-3, reason="differences up to 1e-5, and what has not won")

# %%
# **With two hidden layers and one class in each, of the frozen part the singular values count and nothing else.** Turn it on the left
# and on the right, and the directions of the units turn with it: the Hessian keeps its eigenvalues.
turned = random_frozen([2.0, 1.0, 1.0, 0.5, 0.0])
of_rotated = tie_escape_rate(wide(rotated), x, y, rate=rate).eigenvalues
of_turned = tie_escape_rate(wide(turned), x, y, rate=rate).eigenvalues
change = np.abs(of_turned - of_rotated).max()
check("W16", "change of eigenvalues, turned", change, 0, rounding=1e-9)
doubled = tie_escape_rate(wide(2 * rotated), x, y, rate=rate).eigenvalues
change = np.abs(doubled - of_rotated).max()
check("W16", "the same, twice as large", change, 0.1, relation=">")

# %%
# Where it stops being true
# -------------------------
# **A larger frozen part does not always part units sooner.** Each singular value has a rate of its own, and the largest
# rate wins. Here a part of 0.43 times the identity, less its mean, holds the units longer than none does.
growth = {}
for factor in (0, 0.43, 1):
    escape = tie_escape_rate(wide(factor * identity), x, y, rate=rate)
    growth[factor] = escape.growth
ratio = growth[0.43] / growth[0]
check("W16", "growth, 0.43 identity over none", ratio, 0.5, relation="<", shows="limit")
ratio = growth[1] / growth[0]
check("W16", "growth, identity over none", ratio, 2, relation=">")

# %%
# **On the way to rest** the matrix changes from step to step, and products of different matrices follow no such law.
# Ask for the growth at the start of the narrow network, widened, and take two hundred steps from there.
one, two, three = start
at_start = wide(identity)
escape = tie_escape_rate(at_start, x, y, rate=rate)
run = descend(perturbed(at_start), x, y, steps=200, rate=rate, record=gap, every=200)
decades = np.log10(run.records[-1] / run.records[0])
by_law = 200 * np.log10(1 + rate * escape.growth)
check("W16", "decades on the way, run over law", decades / by_law, 0.8, relation="<", shows="limit")

# %%
# **Not every tie parts.** Let the labels be what the tied network predicts. Then all backward signals are 0, no
# difference moves the predictions to first order, and nothing grows.
one, two, three = narrow.layers
network = wide(rotated)
escape = tie_escape_rate(network, x, forward(network, x), rate=rate)
check("W16", "growth where the labels are met", escape.growth, 0, rounding=1e-12, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Make the frozen part ten times as large, with a tenth of the rate. How many steps does a decade take?
# - Take four units in one layer and six in the other. How many singular values has the frozen part?

plt.show()
