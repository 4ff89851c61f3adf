# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
What does a network learn from all zeros?
=========================================

How often each answer occurs, and nothing about the inputs: hidden and outgoing weights stay exactly zero for ever.
Only the output biases learn, so the loss stops at the entropy of the label frequencies.

That a network cannot start from zero is folklore; what it learns all the same is derived here, S05.
"""

# %%
# Set-up
# ------
# Handwritten digits, 64 pixels, 16 hidden units, ten classes. So that frequencies are worth learning, we keep 17 zeros,
# 34 ones, and so on up to 170 nines.
#
# Write :math:`\delta` for the slope of the loss in an output. The slope in an outgoing weight is a sum of
# :math:`\delta \, \varphi(z)`, and :math:`\varphi(0) = 0` for tanh and ReLU. The slope in an incoming weight is a sum
# of :math:`\delta \, a \, \varphi'(z) \, x`, and the outgoing weight :math:`a` is 0. Each waits for the other.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit, softmax
from scipy.stats import entropy
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.symmetry import unit_classes
from symlib.training import descend

seed, units = 0, 16
rng = np.random.default_rng(seed)
digits = load_digits()
kept = np.hstack([np.flatnonzero(digits.target == d)[: 17 * (d + 1)] for d in range(10)])
x, y = digits.data[kept] / 16, digits.target[kept]
frequency = np.bincount(y) / len(y)


def train(inner=0.0, outer=0.0, steps=600, data=(x, y), activation="tanh", **options):
    """Train from biases 0 and the given weights, a matrix or one number for all."""
    inner, outer = np.broadcast_to(inner, (units, 64)), np.broadcast_to(outer, (10, units))
    layers = [Layer(inner, np.zeros(units)), Layer(outer, np.zeros(10))]
    start = Network(layers, activation)
    options = {"rate": 0.1, "momentum": 0.9} | options
    return descend(start, *data, steps=steps, kind="cross_entropy", rng=rng, **options)


inner, outer = weights.glorot((units, 64), rng=rng), weights.glorot((10, units), rng=rng)
zero = {name: train(activation=name) for name in ("tanh", "relu")}
random = train(inner, outer)

# %%
# The figure
# ----------
# Left, the loss. Right, what the network that started from zero answers: the same to every image.
answer = softmax(zero["tanh"].network.layers[1].bias)
fig, (left, right) = plt.subplots(1, 2)
left.plot(random.losses)
left.plot(zero["tanh"].losses, linewidth=4)
left.plot(zero["relu"].losses)
left.annotate("random start", (130, 0.22), color="C0")
left.annotate("all zero, tanh\nand ReLU", (600, 1.98), color="C1", ha="right", va="top")
left.set(xlabel="step", ylabel="cross-entropy", ylim=(0, 2.5))
left.set_title("From zero the loss stops", fontsize="medium")
right.bar(range(10), frequency, color="C0", alpha=0.3)
right.bar(range(10), frequency, fill=False, edgecolor="C0", linewidth=1.5)
right.plot(answer, "D", color="C1")
right.annotate("bars: how often\nthe digit occurs", (-0.5, 0.187), va="top", color="C0")
right.annotate("diamonds:\nthe answer", (-0.5, 0.142), va="top", color="C1")
right.set(xticks=range(10), xlabel="digit", ylabel="share or probability", ylim=(0, 0.19))
right.set_yticks([0, 0.05, 0.1, 0.15])
right.set_title("It answers frequencies", fontsize="medium")
fig.alt_text = (
    "From all weights zero a network learns frequencies only. Left: the loss of tanh and ReLU "
    "networks stops at the entropy of the labels, while a random start goes on towards zero. "
    "Right: the probabilities that it gives to the digits lie on the bars of how often each occurs."
)

# %%
# What this page promises
# -----------------------
# **Hidden and outgoing weights stay at zero, S05.** Not small: zero, whatever the optimizer, and with every mask of
# dropout.


def moved(network):
    (weight, bias), (outgoing, _) = network.layers
    return max(np.abs(part).max() for part in (weight, bias, outgoing))


rules = {
    "momentum, tanh": zero["tanh"],
    "momentum, ReLU": zero["relu"],
    "Adam on mini-batches": train(steps=100, optimizer="adam", momentum=0, rate=0.01, batch=50),
    "weight decay": train(steps=100, weight_decay=0.01),
    "dropout": train(steps=100, dropout=0.5),
}
for name, run in rules.items():
    check("S05", f"largest weight, {name}", moved(run.network), 0)

# %%
# **The output biases learn the frequencies**, and the loss is then their entropy. All 1797 digits are nearly
# evenly spread, so there it stops just below :math:`\ln 10`.
converged = {"atol": 1e-6, "reason": "converged"}
check("S05", "answer minus frequency", np.abs(answer - frequency).max(), 0, **converged)
for name, run in zero.items():
    check("S05", f"final loss, {name}", run.losses[-1], entropy(frequency), **converged)
loss = train(steps=200, data=(digits.data / 16, digits.target)).losses[-1]
check("S05", "final loss, all digits", loss, entropy(np.bincount(digits.target)), **converged)

# %%
# Where it stops being true
# -------------------------
# **One layer at random is enough to get out.** With random incoming weights the outgoing ones see something at once,
# and the incoming ones follow. With random outgoing weights it is the other way round, for tanh. ReLU stays: its slope
# at 0, where it has none, is set to 0 by convention, here as in most libraries.
loss = train(inner, steps=300).losses[-1]
check("S05", "final loss, random incoming", loss, entropy(frequency) / 2, relation="<")
for name, relation in {"tanh": ">", "relu": "=="}.items():
    weight = train(0, outer, steps=100, activation=name).network.layers[0].weight
    largest = np.abs(weight).max()
    check("S05", f"largest incoming, random outgoing, {name}", largest, 0, relation=relation)

# %%
# **A sigmoid unit is not zero at zero**: it says 1/2. Its outgoing weights learn, then its incoming weights; but all
# units alike, so the network is out of one trap and in the next, the tie of S01. Here without biases, to be short.
w, a = np.zeros((units, 64)), np.zeros((10, units))
for _ in range(50):
    h = expit(np.einsum("jd,nd->jn", w, x))
    delta = (softmax(np.einsum("kj,jn->kn", a, h), axis=0) - np.eye(10)[:, y]) / len(y)
    back = np.einsum("jk,kn->jn", a.T, delta) * h * (1 - h)
    w, a = w - np.einsum("jn,nd->jd", back, x), a - np.einsum("kn,nj->kj", delta, h.T)
check("S05", "largest incoming weight, sigmoid", np.abs(w).max(), 0.01, relation=">")
distinct = unit_classes(Layer(w), Layer(a), tolerance=1e-9).max() + 1
check("S05", "different units, sigmoid", distinct, 1)
summary()

# %%
# Try it yourself
# ---------------
# - Start from 1e-9 instead of 0, all equal. Is the network still frozen? Is it still tied?
# - Put a second hidden layer in between. How many of the three layers of weights must be random to get out?
# - Which loss would a network from zero reach on labels that are the same for every image?

plt.show()
