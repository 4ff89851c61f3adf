# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Is a tiny noise enough in bfloat16?
===================================

No: at 0.5 the numbers of bfloat16 are 1/512 apart below and 1/256 above (at 1 they are twice as far apart), and a noise
of size 1/10000 is rounded away.
Units that are copies after the cast train as one, unless something treats them differently; random weights around 0, of
the usual size, kept the units of this page different.

How many numbers are left, and which units merge, follows from the spacing of the format. W10 is derived here.
"""

# %%
# Set-up
# ------
# A number of *bfloat16* is one of float32 whose last 16 bits are 0. A cast takes the nearest of them, and of two that
# are equally near the one whose last kept bit is 0. Half precision, or float16, is a type of NumPy.
#
# In PyTorch you meet this as ``model.to(torch.bfloat16)`` or ``model.half()`` after the weights were drawn. With
# ``dtype=torch.bfloat16`` where they are drawn it is about the same: PyTorch then draws in that format, and does not
# round draws of float32.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import ndtr

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network, gradients
from symlib.symmetry import tied_units
from symlib.training import descend

rng = np.random.default_rng(754)


def as_bfloat16(values):
    """Round finite numbers to the nearest of bfloat16, and return them as float32."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    last_kept = (bits >> 16) & 1
    kept = (bits + 0x7FFF + last_kept) & 0xFFFF0000
    return kept.view(np.float32)


def as_half(values):
    """Round to the nearest number of half precision."""
    return np.asarray(values, np.float32).astype(np.float16)


# the finite numbers of each format that are not negative, in order
bits = np.arange(0x7F80, dtype=np.uint32) << 16
positive_bfloat16 = bits.view(np.float32)
bits = np.arange(0x7C00, dtype=np.uint16)
positive_half = bits.view(np.float16)
formats = {"bfloat16": (as_bfloat16, positive_bfloat16), "half": (as_half, positive_half)}
numbers_of = {}
for name, (_, positive) in formats.items():
    negative = -positive[:0:-1]
    numbers_of[name] = np.concatenate([negative, positive]).astype(float)


def chances(numbers, center, size):
    """Return with what probability center + size * normal rounds to each of the numbers."""
    midpoints = (numbers[1:] + numbers[:-1]) / 2
    edges = np.concatenate([[-np.inf], midpoints, [np.inf]])
    standardized = (edges - center) / size
    return np.diff(ndtr(standardized))


def expected_count(numbers, center, size, count):
    """Return how many different numbers so many weights take, in the mean."""
    missed = (1 - chances(numbers, center, size)) ** count
    return np.sum(1 - missed)


def drawn(shape, size, center=0.5):
    """Return weights with a noise of this size, in float32."""
    noise = size * rng.standard_normal(shape)
    return (center + noise).astype(np.float32)


def count_distinct(rows):
    """Return how many different numbers each row has."""
    return np.array([len(np.unique(row)) for row in rows])


# %%
# The task is XOR, with eight tanh units. All weights and biases are 0.5 and a noise of 1e-4, but for the last bias,
# which is 0. The network is trained in double precision from the weights as they were drawn, and from the same weights
# after a cast.
units = 8
rate = 0.1
steps = 500
noise = 1e-4
x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
y = np.prod(x, axis=1, keepdims=True)

triples = drawn((units, 4), noise)  # two incoming weights, a bias, an outgoing weight


def network(triples):
    """Return a network with these numbers, whose sums run in the same order for each unit."""
    numbers = triples.astype(float)
    hidden = Layer(numbers[:, :2], numbers[:, 2])
    output = Layer(numbers[:, 3:].T, np.zeros(1))
    return Network([hidden, output], "tanh", same_order=True)


def gap(network):
    """Return the largest difference of two units in an incoming weight."""
    return np.ptp(network.layers[0].weight, axis=0).max()


as_drawn = descend(network(triples), x, y, steps=steps, rate=rate)
after_cast = descend(network(as_bfloat16(triples)), x, y, steps=steps, rate=rate)


# %%
# Two more ways to train. *Stored*: the weights are bfloat16, and are rounded again after each step. *Masters*: the
# weights are kept with all their bits, and rounded for each computation of the gradient, as mixed precision does with
# ``torch.autocast``. (That also computes in few bits; here only the weights are rounded.)
def rounded(network, rounding):
    """Return the network with each number rounded."""
    layers = []
    for layer in network.layers:
        weight = rounding(layer.weight).astype(float)
        bias = rounding(layer.bias).astype(float)
        layers.append(Layer(weight, bias))
    return Network(layers, "tanh", same_order=True)


def stepped(network, at):
    """Return the network after one step along the gradient at another one, and the loss there."""
    found = gradients(at, x, y)
    layers = []
    for layer, slope in zip(network.layers, found.layers):
        weight = layer.weight - rate * slope.weight
        bias = layer.bias - rate * slope.bias
        layers.append(Layer(weight, bias))
    return Network(layers, "tanh", same_order=True), found.loss


masters = network(triples)
losses_of_masters = []
for _ in range(steps):
    masters, loss = stepped(masters, rounded(masters, as_bfloat16))
    losses_of_masters.append(loss)

# %%
# The figure
# ----------
# On the left how many different numbers are left of 256 weights, one draw for each point; the lines are the means that
# theory gives. On the right the loss on XOR, for a noise of 1e-4. The gray line is 2/3, the least loss of one unit.
fig, (left, right) = plt.subplots(1, 2)
sizes = np.geomspace(1e-5, 0.1, 41)
for name, (cast, _) in formats.items():
    theory = [expected_count(numbers_of[name], 0.5, size, 256) for size in sizes]
    (line,) = left.plot(sizes, theory, label=name)
    one_draw = [len(np.unique(cast(drawn(256, size)))) for size in sizes[::4]]
    left.plot(sizes[::4], one_draw, "o", color=line.get_color())
left.set_xscale("log")
left.set_yscale("log")
left.set_yticks([1, 10, 100], ["1", "10", "100"])
left.minorticks_off()
left.set_xlabel("size of the noise")
left.set_ylabel("different numbers")
left.set_title("Of 256 weights", fontsize="medium")
left.legend()
right.plot(after_cast.losses, label="cast to bfloat16")
right.plot(as_drawn.losses, color="C2", label="as drawn")
right.plot(losses_of_masters, "--", color="C3", label="cast for the gradient only")
right.axhline(2 / 3, color="gray", linewidth=1)
right.set_ylim(0, 2.2)
right.set_xlabel("step")
right.set_ylabel("loss")
right.set_title("XOR, noise 1e-4", fontsize="medium")
right.legend()
fig.alt_text = (
    "Left: below a noise of about 3e-4 all of 256 weights are one number in bfloat16; half "
    "precision keeps more of them, and needs an eighth of the noise. Right: with noise 1e-4 the "
    "loss on XOR falls to 0, but not after a cast to bfloat16, where it stays above 2/3."
)

# %%
# What this page promises
# -----------------------
# **The rounding of this page** is to nearest: it agrees with a search among all finite numbers of bfloat16. Halfway
# between two numbers it takes the even one, here down and then up. Half precision is tried in the same way.
tried = np.exp(rng.uniform(-50, 10, 10_000)).astype(np.float32)
for name, (cast, positive) in formats.items():
    if name == "half":
        tried = tried[(tried > 1e-9) & (tried < 6e4)]
    above = np.searchsorted(positive, tried)
    way_up = positive[above].astype(float) - tried
    way_down = tried - positive[above - 1].astype(float)
    nearest = np.minimum(way_up, way_down)
    way = np.abs(cast(tried).astype(float) - tried)
    check("W10", f"numbers not to the nearest, {name}", np.sum(way > nearest), 0)
check("W10", "halfway, first above 0.5", as_bfloat16(0.5 + 2**-9), 0.5)
check("W10", "halfway, second above 0.5", as_bfloat16(0.5 + 3 * 2**-9), 0.5 + 2 * 2**-8)

# %%
# **The spacing, W10.** bfloat16 has 8 significant bits and half precision 11. So from 1/2 to 1 their numbers are
# :math:`2^{-8}` and :math:`2^{-11}` apart, and from 1/4 to 1/2 half of that.
for name, digits in {"bfloat16": 8, "half": 11}.items():
    numbers = numbers_of[name]
    half = np.searchsorted(numbers, 0.5)
    below, above = np.diff(numbers[half - 1 : half + 2])
    check("W10", f"spacing below 0.5, {name}", below, 2.0 ** -(digits + 1))
    check("W10", f"spacing above 0.5, {name}", above, 2.0**-digits)

# %%
# **How many numbers are left.** Of :math:`n` independent weights each rounds to the number :math:`v` with the
# probability :math:`p_v` that the normal law gives to what is nearest to :math:`v`. No weight does so with probability
# :math:`(1 - p_v)^n`. So in the mean they take :math:`\sum_v 1 - (1 - p_v)^n` different numbers.
#
# At a noise of 1e-4 the way to the next midpoint of bfloat16, :math:`2^{-10}`, is nearly ten standard deviations: one
# number is left.
for size in (1e-2, 1e-3):
    rows = drawn((800, 256), size)
    for name, (cast, _) in formats.items():
        theory = expected_count(numbers_of[name], 0.5, size, 256)
        counts = count_distinct(cast(rows))
        check_mean("W10", f"numbers, {name}, noise {size:g}", counts, theory)
rows = drawn((800, 256), 1e-4)
theory = expected_count(numbers_of["half"], 0.5, 1e-4, 256)
counts = count_distinct(as_half(rows))
check_mean("W10", "numbers, half, noise 0.0001", counts, theory)
theory = expected_count(numbers_of["bfloat16"], 0.5, 1e-4, 256)
check("W10", "numbers, theory, bfloat16, noise 1e-4", theory, 1, rounding=1e-12)
check("W10", "numbers, bfloat16, noise 1e-4", len(np.unique(as_bfloat16(rows))), 1)

# %%
# **How many units merge.** Two units become copies if the cast makes all their numbers agree. For one weight of each
# that has the probability :math:`q = \sum_v p_v^2`; for the :math:`k` numbers of a unit, which are independent,
# :math:`q^k`. Of 8 units with 4 numbers, at a noise of 5e-4:
per_weight = np.sum(chances(numbers_of["bfloat16"], 0.5, 5e-4) ** 2)
theory = units * (units - 1) / 2 * per_weight**4
many = as_bfloat16(drawn((3000, units, 4), 5e-4))
equal_numbers = many[:, :, np.newaxis] == many[:, np.newaxis]
are_copies = equal_numbers.all(axis=-1)
with_itself = units
pairs = (are_copies.sum(axis=(1, 2)) - with_itself) / 2
check_mean("W10", "pairs of copies, noise 5e-4", pairs, theory)

# %%
# **Copies train as one.** With sums in the same order they get equal gradients, so that a step leaves them equal, and
# rounding to nearest after the step gives equal numbers for equal ones. As one unit, the network cannot get below 2/3 on
# XOR (S04). The same noise without the cast is enough to break the tie.
check("W10", "gap, as drawn", gap(network(triples)), 0, relation=">")
(labels,) = tied_units(network(as_bfloat16(triples)), tolerance=0).labels
check("W10", "classes of units after the cast", labels.max() + 1, 1)
check("W10", "gap after the cast, trained", gap(after_cast.network), 0)
least = after_cast.losses.min()
check("W10", "least loss after the cast", least, 2 / 3, relation=">=", rounding=1e-12)
check("W10", "loss, as drawn", as_drawn.losses[-1], 2 / 3, relation="<")
stored = rounded(network(triples), as_bfloat16)
for _ in range(steps):
    stored, _ = stepped(stored, stored)
    stored = rounded(stored, as_bfloat16)
check("W10", "gap, stored in bfloat16", gap(stored), 0)
moved = np.abs(stored.layers[0].weight - 0.5).max()
check("W10", "largest move, stored in bfloat16", moved, 2**-9, relation=">")

# %%
# Where it stops being true
# -------------------------
# **A cast for the gradient only.** Kept with all its bits, the noise survives. At first the units agree in each
# computation. But their weights move together, and the first that comes to a midpoint is rounded to another number than
# the rest: what was 1e-4 is then a whole spacing.
start = rounded(network(triples), as_bfloat16)
check("W10", "gap at the start, masters", gap(start), 0)
check("W10", "loss, masters", losses_of_masters[-1], 2 / 3, relation="<", shows="limit")

# %%
# **Rounding at random.** Stochastic rounding goes up or down with probabilities that give the right mean. It treats
# equal weights differently, and parts the units by at least one spacing.
stored = start
for _ in range(20):
    stored, _ = stepped(stored, stored)
    layers = []
    for layer in stored.layers:
        bits = layer.weight.astype(np.float32).view(np.uint32)
        dice = rng.integers(0, 2**16, bits.shape, dtype=np.uint32)
        cut = (bits + dice) & 0xFFFF0000
        weight = cut.view(np.float32).astype(float)
        bias = as_bfloat16(layer.bias).astype(float)
        layers.append(Layer(weight, bias))
    stored = Network(layers, "tanh", same_order=True)
check("W10", "gap, stochastic rounding", gap(stored), 0, relation=">", shows="limit")

# %%
# **Units with many weights.** At a noise of 5e-4 the cast leaves most weights of a unit of 784 inputs at 0.5, but not
# all: two units agree with a probability of less than one in a million. At 1e-4 they all agree.
check("W10", "chance of a copy, 784, 5e-4", per_weight**784, 1e-6, relation="<", shows="limit")
wide = as_bfloat16(drawn((32, 784), 5e-4))
check("W10", "units of 32, 784 inputs, 5e-4", len(np.unique(wide, axis=0)), 32, shows="limit")
wide = as_bfloat16(drawn((32, 784), 1e-4))
check("W10", "units of 32, 784 inputs, 1e-4", len(np.unique(wide, axis=0)), 1)

# %%
# **Constants that the format does not have.** 0.5 is a number of bfloat16. 0.3 is none, and the next midpoint is nearer
# than half a spacing: with a noise of 1e-4 two numbers are left. Halfway between two numbers a noise of a millionth
# leaves both.
rows = as_bfloat16(drawn(20_000, 1e-4, center=0.3))
check("W10", "numbers, noise 1e-4 around 0.3", len(np.unique(rows)), 2, shows="limit")
halfway = 0.5 + 2**-9
rows = as_bfloat16(drawn(20_000, 1e-6, center=halfway))
check("W10", "numbers, noise 1e-6, halfway", len(np.unique(rows)), 2, shows="limit")

# %%
# **Noise around 0.** The numbers of bfloat16 are dense near 0: the same noise without the 0.5 keeps most of 256 weights
# apart, and the same formula says how many.
rows = as_bfloat16(drawn((400, 256), 1e-4, center=0))
theory = expected_count(numbers_of["bfloat16"], 0, 1e-4, 256)
check_mean("W10", "numbers, noise 1e-4 around 0", count_distinct(rows), theory, shows="limit")

# %%
# **The usual start.** A low precision is no fault by itself. Weights of He's scale, cast to bfloat16, repeat numbers
# and no unit: two units with 64 inputs agree with a probability below 1e-60.
usual = as_bfloat16(weights.he((32, 64), rng=rng))
usual_size = np.sqrt(2 / 64)
per_weight = np.sum(chances(numbers_of["bfloat16"], 0, usual_size) ** 2)
check("W10", "chance of a copy, He", per_weight**64, 1e-60, relation="<")
check("W10", "units of 32, He", len(np.unique(usual, axis=0)), 32, shows="limit")
check("W10", "numbers of 2048, He", len(np.unique(usual)), 2048, relation="<")
summary()

# %%
# Try it yourself
# ---------------
# - Let the weights be 1 instead of 0.5. How much noise is needed now, and how much at 100?
# - Take half precision and noise around 0 of size 1e-8. How many numbers are left?
# - Cast to half precision instead of bfloat16. How many different units has the network on XOR?

plt.show()
