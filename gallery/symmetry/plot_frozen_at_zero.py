# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
What does a network learn from all zeros?
=========================================

With tanh or ReLU units it learns how often each answer occurs and nothing else: its weights stay exactly zero.
The loss stops at the entropy of the label frequencies, which for two equally frequent classes is ln 2, about 0.693.

That hidden layers should not start at zero is well known. What such a network learns all the same, S05, is derived
here.
"""

# %%
# Set-up
# ------
# The task is to recognize handwritten digits: 64 pixels, 16 hidden units, ten classes. So that the frequencies of the
# classes are worth learning, we keep 17 zeros, 34 ones, and so on up to 170 nines.
#
# Let :math:`a_{kj}` be the weight from hidden unit :math:`j` to output :math:`k`, and :math:`z_j` the sum that enters
# the activation :math:`\varphi` of unit :math:`j`. Write :math:`\delta_k` for the derivative of the loss with respect
# to output :math:`k`. By the chain rule the derivatives with respect to the weights are sums over the images:
#
# - for an outgoing weight, the sum of :math:`\delta_k \, \varphi(z_j)`;
# - for an incoming weight, the sum of :math:`\delta_1 a_{1j} + \delta_2 a_{2j} + \dots`, times
#   :math:`\varphi'(z_j) \, x`.
#
# At all zeros :math:`z_j = 0`. Then the first sum is zero because :math:`\varphi(0) = 0`, and the second because all
# :math:`a_{kj} = 0`. Incoming and outgoing weights wait for each other. Only the biases of the outputs can learn.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, dead_units, gradients
from symlib.symmetry import unit_classes
from symlib.training import descend

pixels = 64
units = 16
classes = 10
rng = np.random.default_rng(0)

digits = load_digits()
images = digits.data / 16
labels = digits.target
chosen = []
for digit in range(classes):
    of_this_digit = np.flatnonzero(labels == digit)
    chosen.append(of_this_digit[: 17 * (digit + 1)])
kept = np.concatenate(chosen)
x = images[kept]
y = labels[kept]
frequency = np.bincount(y) / len(y)
floor = entropy(frequency)

zero_incoming = np.zeros((units, pixels))
zero_outgoing = np.zeros((classes, units))
random_incoming = weights.glorot((units, pixels), rng=rng)
random_outgoing = weights.glorot((classes, units), rng=rng)


def network(incoming, outgoing, activation="tanh"):
    """Return a network with one hidden layer and with all biases zero."""
    hidden = Layer(incoming, np.zeros(len(incoming)))
    output = Layer(outgoing, np.zeros(len(outgoing)))
    return Network([hidden, output], activation)


def train(start, steps=600, rate=0.1, momentum=0.9, **options):
    """Minimize the cross-entropy, by default on all images at each step."""
    options |= {"kind": "cross_entropy", "rng": rng}
    return descend(start, x, y, steps=steps, rate=rate, momentum=momentum, **options)


random_run = train(network(random_incoming, random_outgoing))
zero_tanh = network(zero_incoming, zero_outgoing, "tanh")
zero_relu = network(zero_incoming, zero_outgoing, "relu")
tanh_run = train(zero_tanh)
relu_run = train(zero_relu)

# %%
# The figure
# ----------
# Left, the loss during training. Right, what the network that started from zero answers to every image.
answer = softmax(tanh_run.network.layers[1].bias)

fig, (left, right) = plt.subplots(1, 2)
left.plot(random_run.losses)
left.plot(tanh_run.losses, linewidth=4)
left.plot(relu_run.losses)
left.annotate("random start", (130, 0.22), color="C0")
left.annotate("all zero, tanh\nand ReLU", (600, 1.98), color="C1", ha="right", va="top")
left.set_xlabel("step")
left.set_ylabel("cross-entropy")
left.set_ylim(0, 2.5)
left.set_title("From zero the loss stalls", fontsize="medium")

digit = np.arange(classes)
right.bar(digit, frequency, color="C0", alpha=0.3)
right.bar(digit, frequency, fill=False, edgecolor="C0", linewidth=1.5)
right.plot(digit, answer, "D", color="C1")
right.annotate("bars: how often\nthe digit occurs", (-0.5, 0.187), va="top", color="C0")
right.annotate("diamonds:\nthe answer", (-0.5, 0.142), va="top", color="C1")
right.set_xticks(digit)
right.set_yticks([0, 0.05, 0.1, 0.15])
right.set_ylim(0, 0.19)
right.set_xlabel("digit")
right.set_ylabel("share or probability")
right.set_title("The answer it learned", fontsize="medium")
fig.alt_text = (
    "From all weights zero a network learns frequencies only. Left: the loss of tanh and ReLU "
    "networks stops at the entropy of the labels, while that of a random start goes on towards "
    "zero. Right: the probabilities that the network gives to the ten digits lie on the bars of "
    "how often each digit occurs."
)

# %%
# What this page promises
# -----------------------
# **Hidden and outgoing weights stay at zero, S05**, and so do hidden biases. Not small: zero. Gradient descent,
# momentum, Adam and weight decay compute the step of a parameter from its own gradients and its own value, and all of
# these are zero. Smaller batches do not help. Nor does dropout, which scales what is zero already, nor a second hidden
# layer.


def largest(layers):
    """Return the largest number, without its sign, in the weights of all layers."""
    return max(np.abs(layer.weight).max() for layer in layers)


def largest_hidden_bias(layers):
    """Return the largest bias, without its sign, of all layers but the last."""
    return max(np.abs(layer.bias).max() for layer in layers[:-1])


first = Layer(zero_incoming, np.zeros(units))
second = Layer(np.zeros((units, units)), np.zeros(units))
output = Layer(zero_outgoing, np.zeros(classes))
deeper = Network([first, second, output], "tanh")

decay_run = train(zero_tanh, steps=100, weight_decay=0.01)
runs = {
    "momentum, tanh": tanh_run,
    "momentum, ReLU": relu_run,
    "Adam on mini-batches": train(
        zero_tanh, steps=100, rate=0.01, momentum=0, optimizer="adam", batch=50
    ),
    "weight decay": decay_run,
    "dropout": train(zero_tanh, steps=100, dropout=0.5),
    "two hidden layers": train(deeper, steps=100),
}
for name, run in runs.items():
    trained = run.network.layers
    largest_of_both = max(largest(trained), largest_hidden_bias(trained))
    check("S05", f"largest weight, {name}", largest_of_both, 0)

# %%
# **The output biases learn the frequencies**, and the loss stops at their entropy. It cannot fall further: a network
# that gives the same answer to every image has a cross-entropy of at least the entropy, with equality if the answer is
# the frequencies.
check("S05", "least loss, ReLU", relu_run.losses.min(), floor, relation=">=", rounding=1e-12)
check(
    "S05", "least loss, weight decay", decay_run.losses.min(), floor, relation=">=", rounding=1e-12
)

# %%
# Without weight decay the runs reach the floor. The data set as a whole has nearly as many images of each digit, so
# there the loss stops just below :math:`\ln 10`.
difference = np.abs(answer - frequency).max()
check("S05", "answer minus frequency", difference, 0, atol=1e-6, reason="converged")
check("S05", "final loss, tanh", tanh_run.losses[-1], floor, atol=1e-6, reason="converged")
check("S05", "final loss, relu", relu_run.losses[-1], floor, atol=1e-6, reason="converged")

on_all = descend(zero_tanh, images, labels, kind="cross_entropy", steps=200, rate=0.1, momentum=0.9)
final = on_all.losses[-1]
of_all = entropy(np.bincount(labels))
check("S05", "final loss, all digits", final, of_all, atol=1e-6, reason="converged")

# %%
# **With two equally frequent classes the loss is ln 2.** Here are as many zeros as ones. The network answers one half
# and one half from the start, which is right on average, so that not even the output biases move: the loss is
# :math:`\ln 2 = 0.693...` at each step.
per_class = 170
zeros = np.flatnonzero(labels == 0)[:per_class]
ones = np.flatnonzero(labels == 1)[:per_class]
two_kept = np.concatenate([zeros, ones])
two_x = images[two_kept]
two_y = labels[two_kept]


def train_two(start, targets, steps=100, rate=0.1):
    """Train on the two classes by plain gradient descent."""
    return descend(start, two_x, targets, kind="cross_entropy", steps=steps, rate=rate)


two_zero_outgoing = np.zeros((2, units))
two_from_zero = train_two(network(zero_incoming, two_zero_outgoing, "relu"), two_y)
check("S05", "least loss, two even classes", two_from_zero.losses.min(), np.log(2), rounding=1e-12)
check("S05", "final loss, two even classes", two_from_zero.losses[-1], np.log(2), rounding=1e-12)

# %%
# **Is this why your loss stays at 0.693?** That number is what a network gets that answers one half and one half each
# time; look at its answers to be sure. All zeros is one cause among several. Ask in this order, after a few steps of
# training:
#
# 1. Are all weights of all layers *exactly zero*? Then the start is the cause, and this page is about your network.
# 2. If not, are the *gradients* of all weights exactly zero? Then nothing comes through the hidden units. They may be
#    dead ReLU units: off for every input, because of a large negative bias or of a step that was too large.
# 3. If not, does the loss fall when you train on *twenty samples* only? If it stays, look at the learning rate, which
#    may be wrong by powers of ten, and at the loss itself, such as a softmax that is applied twice.
# 4. If it falls there, and on all samples it does not, look at the *labels*. Are they in the order of the inputs?
#
# Here are four networks with a loss near :math:`\ln 2` after a hundred steps, each for another of these reasons.
# The columns in the middle answer the first two questions: the largest of all weights, and of all gradients.
two_incoming = weights.he((units, pixels), rng=rng)
two_outgoing = weights.he((2, units), rng=rng)
healthy = network(two_incoming, two_zero_outgoing, "relu")
far_off = Layer(two_incoming, np.full(units, -50.0))
dead = Network([far_off, Layer(two_outgoing, np.zeros(2))], "relu")
shuffled_y = rng.permutation(two_y)

cases = {
    "all zero": (two_from_zero, two_y),
    "dead units": (train_two(dead, two_y), two_y),
    "tiny rate": (train_two(healthy, two_y, rate=1e-7), two_y),
    "shuffled labels": (train_two(healthy, shuffled_y), shuffled_y),
}
weight_of = {}
gradient_of = {}
print("cause            largest weight  largest gradient  loss")
for name, (run, targets) in cases.items():
    found = gradients(run.network, two_x, targets, kind="cross_entropy")
    weight_of[name] = largest(run.network.layers)
    gradient_of[name] = largest(found.layers)
    print(f"{name:16} {weight_of[name]:14.3f}  {gradient_of[name]:16.1e}  {found.loss:.3f}")

# %%
# Only the zero start has weights of zero. The dead units have gradients of zero too, though their weights are not.
# The other two networks have gradients.
check("S05", "largest gradient, zero start", gradient_of["all zero"], 0)
check("S05", "largest weight, dead units", weight_of["dead units"], 0, relation=">")
check("S05", "largest gradient, dead units", gradient_of["dead units"], 0)
off = np.mean(dead_units(dead, two_x)[0])
check("S05", "share of dead units, bias -50", off, 1)
check("S05", "largest gradient, tiny rate", gradient_of["tiny rate"], 0, relation=">")
check("S05", "largest gradient, shuffled labels", gradient_of["shuffled labels"], 0, relation=">")

# %%
# On twenty samples the network with the tiny learning rate still learns nothing. Shuffled labels can be learned by
# heart when they are so few: there the labels are the fault, not the network.
few = rng.choice(len(two_y), 20, replace=False)


def loss_on_few(targets, rate):
    """Train on twenty samples, and return the last loss."""
    run = descend(
        healthy,
        two_x[few],
        targets[few],
        kind="cross_entropy",
        steps=1000,
        rate=rate,
        momentum=0.9,
    )
    return run.losses[-1]


half = np.log(2) / 2
check("S05", "loss, twenty samples, tiny rate", loss_on_few(two_y, 1e-7), half, relation=">")
check("S05", "loss, twenty shuffled labels", loss_on_few(shuffled_y, 0.1), half, relation="<")

# %%
# **For ReLU, zero incoming weights and biases are enough to freeze a layer**, whatever the outgoing weights are. At
# :math:`z = 0` the derivative of ReLU does not exist. PyTorch sets it to 0, and so does this library. Then both sums
# above are zero for every :math:`a_{kj}`, and without weight decay neither the incoming nor the outgoing weights move.
silent = train(network(zero_incoming, random_outgoing, "relu"), steps=100).network
moved = np.abs(silent.layers[1].weight - random_outgoing).max()
largest_incoming = np.abs(silent.layers[0].weight).max()
check("S05", "largest incoming, random outgoing, relu", largest_incoming, 0)
check("S05", "outgoing weights moved by, relu", moved, 0)

# %%
# Where it stops being true
# -------------------------
# **Zero outgoing weights alone freeze nothing.** With random incoming weights :math:`\varphi(z_j)` is not zero. The
# outgoing weights learn in the first step, and the incoming ones from the second step on. With one hidden layer, zero is safe on this side.
for activation in ("tanh", "relu"):
    start = network(random_incoming, zero_outgoing, activation)
    final = train(start, steps=300).losses[-1]
    check("S05", f"final loss, random incoming, {activation}", final, floor / 2, relation="<")

# %%
# **For tanh, zero incoming weights alone freeze nothing either**: the derivative at 0 is 1, so that random outgoing
# weights pass a gradient on.
started = train(network(zero_incoming, random_outgoing, "tanh"), steps=300)
largest_incoming = np.abs(started.network.layers[0].weight).max()
check("S05", "largest incoming, random outgoing, tanh", largest_incoming, 0.1, relation=">")
check("S05", "final loss, random outgoing, tanh", started.losses[-1], floor / 2, relation="<")

# %%
# **A sigmoid unit is not zero at zero**: its value there is 1/2. The outgoing weights learn, and then the incoming
# ones. But all units get equal gradients, so the network leaves one trap and is in the next one: the tie, S01.
sigmoid = network(zero_incoming, zero_outgoing, "sigmoid")._replace(same_order=True)
tied = train(sigmoid, steps=100).network
largest_incoming = np.abs(tied.layers[0].weight).max()
distinct = unit_classes(*tied.layers).max() + 1
check("S05", "largest incoming weight, sigmoid", largest_incoming, 0.01, relation=">")
check("S05", "different units, sigmoid", distinct, 1)
summary()

# %%
# Try it yourself
# ---------------
# - Start from 1e-9 instead of 0, all equal. Is the network still frozen? Is it still tied?
# - Put a second hidden layer in between. How many of the three layers of weights must be random to get out?
# - Give the ReLU units with zero incoming weights a bias of 0.1. Do they get out, and are they then tied?

plt.show()
