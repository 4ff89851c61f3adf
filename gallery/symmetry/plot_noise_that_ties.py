# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Can noise tie units together?
=============================

Yes: mini-batches do not break a tie, because they treat all units alike, and they can draw units into one.
At the same learning rate, units that leave a tie when each step sees all samples can return to it with one at a time.

That the noise of gradients attracts training towards equal and towards vanishing units was shown by Chen, Kunin,
Yamamura and Ganguli (2023). S11 is a smallest case: there the effect is the inequality of two means.
"""

# %%
# Set-up
# ------
# Four tanh units with one input and no biases. Each input occurs twice, with two answers: 0.3 of the input, plus 2 and
# minus 2. So a part of the targets can be learned, and most of them is noise.
#
# With all weights 0 the gradient of each sample is 0, so this tie is at rest whichever samples a step sees. Near it, a
# step on sample :math:`n` multiplies the sum of a unit's two weights by :math:`1 + 2 \eta x_n y_n`, more than 1 for
# some samples and less for others. A step on all samples multiplies it by the mean of these factors. (The difference of
# the two weights is multiplied by :math:`1 - 2 \eta x_n y_n`. Here it shrinks both ways.)
#
# In an epoch of 32 steps, single samples multiply by the product of the 32 factors, and full batches by their mean to
# the power of 32. If all factors are positive, the product is the smaller one: a geometric mean is at most the
# arithmetic mean.
import matplotlib.pyplot as plt
import numpy as np

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.training import descend

units = 4
rate = 0.2
epochs = 6
noise = 2.0

inputs = np.linspace(-1, 1, 16)
x = np.concatenate([inputs, inputs])
samples = len(x)


def targets(noise):
    """Return two answers for each input, so far above and below what can be learned."""
    return np.concatenate([0.3 * inputs + noise, 0.3 * inputs - noise])


def factors(noise, rate):
    """Return by how much a step on each sample multiplies the sum of a unit's weights."""
    return 1 + 2 * rate * x * targets(noise)


def apart_in(network):
    """Return how far two units are apart, in the sum and in the difference of their weights."""
    hidden, output = network.layers
    incoming = hidden.weight[:, 0]
    outgoing = output.weight[0]
    return np.ptp(incoming + outgoing), np.ptp(incoming - outgoing)


def differences(noise, rate, batch, epochs):
    """Train from weights of a billionth; return how far two units are apart after each epoch."""
    hidden = Layer(weights.gaussian((units, 1), std=1e-9, rng=0))
    output = Layer(weights.gaussian((1, units), std=1e-9, rng=1))
    start = Network([hidden, output], "tanh")
    run = descend(
        start,
        x[:, np.newaxis],
        targets(noise)[:, np.newaxis],
        steps=epochs * samples,
        rate=rate,
        batch=batch,
        record=apart_in,
        every=samples,
        rng=0,
    )
    return np.array(run.records)


full, full_other = differences(noise, rate, None, epochs).T
single, single_other = differences(noise, rate, 1, epochs).T

# %%
# A second experiment is not so small: the task and the network of the first page, four tanh units with all weights and
# biases at 0.5, and the incoming weights a millionth apart. A hundred networks, each with data of its own, train once
# on all samples and once on one at a time.
replicas = 100
rng = np.random.default_rng(0)
plane = rng.uniform(-1, 1, (replicas, 32, 2))
signs = np.sign(plane.prod(axis=-1, keepdims=True))
apart = weights.gaussian((units, 2), std=1e-6, replicas=replicas, rng=rng)
hidden = Layer(0.5 + apart, np.full((replicas, units), 0.5))
output = Layer(np.full((replicas, 1, units), 0.5), np.full((replicas, 1), 0.5))
start = Network([hidden, output], "tanh")


def spread(network):
    """Return the largest difference of two units in an incoming weight, for each replica."""
    return np.ptp(network.layers[0].weight, axis=-2).max(axis=-1)


def growth_of_spread(batch, rate, steps):
    """Return by how much the differences of each network have grown."""
    trained = descend(start, plane, signs, steps=steps, rate=rate, batch=batch, rng=rng).network
    return spread(trained) / spread(start)


growth_full = growth_of_spread(None, rate, steps=1500)
growth_single = growth_of_spread(1, rate, steps=1500)

# %%
# The figure
# ----------
# Left, the small case: points are runs, lines are the two means. Right, the hundred networks of the second experiment:
# below the gray line the units are closer than they were at the start.
fig, (left, right) = plt.subplots(1, 2)
epoch = np.arange(epochs + 1)
factor = factors(noise, rate)
left.semilogy(epoch, factor.mean() ** (samples * epoch), "-", color="C0")
left.semilogy(epoch, factor.prod() ** epoch, "-", color="C1")
left.semilogy(epoch, full / full[0], "o", color="C0")
left.semilogy(epoch, single / single[0], "s", color="C1")
left.annotate("all samples", (2.4, 2e3), color="C0", ha="center")
left.annotate("one at a time", (2.2, 2e-6), color="C1", ha="center")
left.set_xlabel("epoch")
left.set_ylabel("difference, relative to the start")
left.set_title("One law, two means", fontsize="medium")

across = rng.uniform(-0.25, 0.25, replicas)
right.axhline(1, color="gray", linewidth=1, linestyle="-")
right.semilogy(across, growth_full, "o", color="C0", markersize=4, alpha=0.6)
right.semilogy(1 + across, growth_single, "s", color="C1", markersize=4, alpha=0.6)
right.set_xlim(-0.5, 1.5)
right.set_xticks([0, 1], ["all samples", "one at a time"])
closer = np.mean(growth_single < 1)
right.set_title(f"{closer:.0%} are drawn together", fontsize="medium")
fig.alt_text = (
    "At one rate, units part when each step sees all samples, and can be drawn together when it "
    "sees one. Left: over six epochs their difference grows with full batches and shrinks with "
    "single samples, along the predicted lines. Right: full batches draw none of a hundred "
    "networks together, single samples many."
)

# %%
# What this page promises
# -----------------------
# **One epoch, S11.** Full batches multiply the difference by the mean factor to the power of 32; single samples by the
# product of all factors, in whatever order they come.
arithmetic = factor.mean() ** samples
product = factor.prod()
measured = {"all samples": full[1] / full[0], "one at a time": single[1] / single[0]}
predicted = {"all samples": arithmetic, "one at a time": product}
for name, growth in measured.items():
    check(
        "S11",
        f"growth in an epoch, {name}",
        growth,
        predicted[name],
        rtol=1e-6,
        reason="weights of a billionth, curvature of tanh",
    )

# %%
# **All factors are positive**, so the inequality of the means applies. Full batches leave the tie, and single samples
# return to it.
check("S11", "least factor of a sample", factor.min(), 0, relation=">")
check("S11", "product over power of the mean", product / arithmetic, 1, relation="<")
check("S11", "growth in six epochs, all samples", full[-1] / full[0], 1, relation=">")
check("S11", "growth in six epochs, one at a time", single[-1] / single[0], 1, relation="<")
other = max(full_other[-1] / full_other[0], single_other[-1] / single_other[0])
check("S11", "growth of the other part, six epochs", other, 1, relation="<")

# %%
# **It happens to the network of the first page too.** With full batches none of the hundred networks draws its units
# together. With one sample at a time more than a fifth have done so after 1500 steps. At a quarter of the rate, and
# after four times as many steps, it is fewer: what acts is noise, and small steps have less of it.
check("S11", "share drawn together, all samples", np.mean(growth_full < 1), 0)
check("S11", "share drawn together, one at a time", closer, 0.2, relation=">")
smaller = np.mean(growth_of_spread(1, rate / 4, steps=6000) < 1)
check("S11", "share drawn together, smaller rate", smaller, closer, relation="<")

# %%
# Where it stops being true
# -------------------------
# **With more noise and larger steps it is the other way round.** Then some factors are negative, and their absolute
# values count: the difference changes its sign and grows. Here single samples leave the tie faster than full batches.
wild = factors(noise=3.0, rate=0.8)
ratio = np.abs(wild).prod() / wild.mean() ** samples
check("S11", "product over power, larger steps", ratio, 1, relation=">", shows="limit")
wild_full, _ = differences(3.0, 0.8, None, 1)[1]
wild_single, _ = differences(3.0, 0.8, 1, 1)[1]
faster = wild_single / wild_full
check("S11", "single over full, larger steps", faster, 1, relation=">", shows="limit")

# %%
# And the small case is small: all 0 is where its units are drawn to, and a network of such units is a constant. In
# general a step multiplies a difference by a matrix, not by a number. Matrices of different batches need not commute,
# and the growth is then a Lyapunov exponent, for which there is in general no such short formula.
summary()

# %%
# Try it yourself
# ---------------
# - Set ``noise`` to 0. Do single samples still return?
# - Take batches of 4. Where between the two lines do they end?
# - Lower the rate of the second experiment to 0.05. How many networks are drawn together?

plt.show()
