# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Can a network of sixty layers start without dice?
=================================================

Yes: filled with signs from number theory, in pairs of units whose differences keep all distances at the start, such a
network learned digits in six epochs.
Independent random weights of the usual size did not learn them in that time, and random isometries did.

The mirrored blocks are those of Balduzzi et al. (2017). For deep linear networks Hu, Xiao and Pennington (2020) proved
that with orthogonal weights the width needed to train fast does not grow with the depth, while with Gaussian weights it
does. That a ReLU network that is an isometry without chance trains too, D06, is measured here.
"""

# %%
# Set-up
# ------
# Sixty hidden layers of 64 ReLU units and nothing else: no normalization, and no connection that skips a layer. Digits
# are averaged over pairs of neighboring pixels to 32 inputs, and the output layer starts at 0.
#
# An *isometry* is a map that keeps all distances, up to one common factor. A ReLU layer can be part of one. Let
# :math:`Q` be orthogonal, and let each number be carried by two units, as :math:`\mathrm{relu}(z)` and
# :math:`\mathrm{relu}(-z)`. Their difference is :math:`z`. So a layer of blocks :math:`[[Q, -Q], [-Q, Q]]` turns the
# pair of :math:`z` into the pair of :math:`Qz`: it is *mirrored*. With sixty such layers the network starts as a
# product of sixty isometries. It is filled in three ways:
#
# - *Hadamard*: :math:`Q` is a Hadamard matrix, its columns multiplied by quadratic signs, other ones in each layer;
# - *random isometry*: :math:`Q` is a random rotation or reflection, another one in each layer;
# - *He*: independent Gaussian entries that keep the mean square, without blocks.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib import designs, weights
from symlib.claims import check, check_mean, summary
from symlib.isometry import distortion
from symlib.network import Layer, Network, forward
from symlib.training import descend

depth = 60
width = 64
half = width // 2
seen = 1200
steps = 144
rng = np.random.default_rng(2017)
digits = load_digits()
order = rng.permutation(len(digits.target))
x = digits.data[order].reshape(-1, half, 2).mean(axis=2)
x = (x - x.mean(axis=0)) / x.std()
y = digits.target[order]


def network(matrices):
    """Return layers with biases 0, and an output layer of zeros, in single precision."""
    replicas = len(matrices[0])
    layers = []
    for matrix in [*matrices, np.zeros((replicas, 10, width))]:
        bias = np.zeros(matrix.shape[:-1], np.float32)
        layers.append(Layer(matrix.astype(np.float32), bias))
    return Network(layers, "relu")


def mirrored(blocks):
    """Return a network that computes the product of the blocks, which have a replica axis."""
    first = np.concatenate([blocks[0], -blocks[0]], axis=-2)
    matrices = [first]
    for block in blocks[1:]:
        pair = np.concatenate([block, -block], axis=-2)
        matrices.append(np.concatenate([pair, -pair], axis=-1))
    return network(matrices)


def gaussian(depth):
    """Return a network of independent random layers."""
    first = weights.he((width, half), replicas=1, rng=rng)
    others = [weights.he((width, width), replicas=1, rng=rng) for _ in range(depth - 1)]
    return network([first, *others])


def without_output(network):
    """Return the network that ends with the sums in front of the last ReLU."""
    return network._replace(layers=network.layers[:-1])


def train(network, rate):
    """Train for six epochs."""
    return descend(
        network,
        x[:seen],
        y[:seen],
        kind="cross_entropy",
        steps=steps,
        rate=rate,
        momentum=0.9,
        batch=50,
        rng=rng,
    )


def accuracy(run):
    """Return which share of the unseen digits each network gets right."""
    outputs = forward(run.network, x[seen:])
    return np.mean(outputs.argmax(axis=-1) == y[seen:], axis=-1)


plain_hadamard = designs.hadamard(half, construction="sylvester") / np.sqrt(half)
signs = [designs.quadratic_signs(half, layer=layer) for layer in range(depth)]
hadamard = [plain_hadamard * signs_of_layer for signs_of_layer in signs]
rotations = weights.orthogonal((half, half), replicas=depth, rng=rng)
isometries = mirrored(np.stack([hadamard, rotations], axis=1))
he = gaussian(depth)
other_he = gaussian(depth)

# %%
# All are trained by the same rule with the step size 0.002. The second He network has the step size 0.006.
run = train(isometries, 0.002)
without_chance, by_chance = accuracy(run)
he_run = train(he, 0.002)
other_he_run = train(other_he, 0.006)
best_he = max(accuracy(he_run)[0], accuracy(other_he_run)[0])

# %%
# The figure
# ----------
# The loss of each network, averaged over a quarter of an epoch at a time.
fig, ax = plt.subplots()
quarters = np.arange(steps).reshape(-1, 6).mean(axis=1)
curves = {
    "He": (he_run.losses[:, 0], "C1", "-"),
    "He, longer steps": (other_he_run.losses[:, 0], "C1", "--"),
    "random isometry": (run.losses[:, 1], "C2", ":"),
    "Hadamard": (run.losses[:, 0], "C0", "-"),
}
for losses, color, style in curves.values():
    averages = losses.reshape(-1, 6).mean(axis=1)
    ax.plot(quarters, averages, color=color, linestyle=style)
ax.annotate(f"He, two draws: at most {best_he:.0%} right", (30, 2.47), color="C1")
ax.annotate(f"random isometry: {by_chance:.0%} right", (66, 1.05), color="C2")
ax.annotate(f"Hadamard, without dice: {without_chance:.0%} right", (66, 0.75), color="C0")
ax.set_ylim(0, 2.7)
ax.set_xlabel("step")
ax.set_ylabel("loss")
ax.set_title("Sixty ReLU layers learn from an isometry")
fig.alt_text = (
    "With sixty layers a network of Hadamard blocks learns as well as one of random isometries, "
    "and two He starts do not learn. Loss against steps: two curves fall, to "
    f"{without_chance:.0%} and {by_chance:.0%} right, and two stay near the loss of guessing."
)

# %%
# What this page promises
# -----------------------
# **The start is an isometry**, without chance and with it. In front of the last ReLU each distance is what it was,
# times :math:`\sqrt2` for the mirror image.
some = x[:100]
kept = distortion(some, forward(without_output(isometries), some))
single = "sixty layers in single precision"
for k, name in enumerate(("Hadamard", "random isometry")):
    least = kept.least[k]
    greatest = kept.greatest[k]
    check("D06", f"least distance ratio, {name}", least, np.sqrt(2), atol=1e-3, reason=single)
    check("D06", f"largest distance ratio, {name}", greatest, np.sqrt(2), atol=1e-3, reason=single)

# %%
# After sixty layers of independent weights some distances have shrunk far more than others, as the inputs fall into
# nearly one line. So their ratio is large, where that of an isometry is 1. It differs from draw to draw.
lost = distortion(some, forward(without_output(he), some))
spread = lost.greatest[0] / lost.least[0]
check(
    "D06",
    "largest distance ratio over least, He",
    spread,
    25,
    relation=">",
    reason="the least of sixty other draws was 60",
)

# %%
# **It trains, D06**, and the He starts do not in this time. Training of this depth is chaotic in the last bit, so that
# another processor gets other accuracies, as another seed does. The bounds leave room for that.
check("D06", "accuracy, Hadamard", without_chance, 0.85, relation=">")
check("D06", "accuracy, He, best of 2 draws", best_he, 0.6, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Chance is not the fault.** Random isometries train as well. Nor do the layers have to differ: one random isometry,
# the same in all sixty layers, trains too, here with steps twice as long.
check("D06", "accuracy, random isometry", by_chance, 0.85, relation=">", shows="limit")
one_isometry = mirrored([rotations[:1]] * depth)
repeated = accuracy(train(one_isometry, 0.004))[0]
check("D06", "accuracy, one isometry repeated", repeated, 0.75, relation=">", shows="limit")

# %%
# **The size of the steps counts.** Sylvester's Hadamard matrix in all layers, without signs, is an isometry as well,
# but with these longer steps it trains worse than the random one, or overflows. With steps an eighth as long it learns,
# though slowly, as the others do with such steps. So an isometry at the start was enough only for steps that were small
# enough, and how small depends on the matrix. This one is its own inverse; whether that is the reason is open.
hadamard_repeated = mirrored([plain_hadamard[np.newaxis]] * depth)
try:
    with_long_steps = accuracy(train(hadamard_repeated, 0.004))[0]
except FloatingPointError:
    with_long_steps = 0.0
check(
    "D06",
    "accuracy, Sylvester repeated, long steps",
    with_long_steps,
    repeated,
    relation="<",
    shows="limit",
)
with_short_steps = accuracy(train(hadamard_repeated, 0.0005))[0]
check(
    "D06",
    "accuracy, Sylvester repeated, short steps",
    with_short_steps,
    0.35,
    relation=">",
    shows="limit",
)

# %%
# **The network must be the isometry, not each matrix.** Shuffle the columns of the mirrored matrices. Each keeps its
# singular values, and its rows still sum to 0, but :math:`\mathrm{relu}(z)` and :math:`\mathrm{relu}(-z)` no longer
# meet. What meets instead are values of two numbers. For Gaussian ones a product of two different values has the mean
# :math:`1/2\pi` where a square has 1/2. So of the squared length a layer keeps the share :math:`1 - 1/\pi` if it is
# wide, and :math:`1 - \frac{2}{\pi} \frac{31}{63}` with 32 pairs. Here 400 shuffles of the second layer:
first = np.concatenate([hadamard[0], -hadamard[0]])
pair = np.concatenate([hadamard[1], -hadamard[1]])
second = np.concatenate([pair, -pair], axis=1)
hidden = np.maximum(some @ first.T, 0)
before = np.sum(hidden**2, axis=1)
shares = []
for _ in range(400):
    shuffled = second[:, rng.permutation(width)]
    after = np.sum(np.maximum(hidden @ shuffled.T, 0) ** 2, axis=1)
    shares.append(np.mean(after / before))
check_mean(
    "D06",
    "squared length kept, columns shuffled",
    shares,
    1 - 2 / np.pi * 31 / 63,
    bias=0.01,
    reason="digits are not Gaussian",
)

# %%
# After sixty such layers little of any distance is left: less than a thousandth, instead of :math:`\sqrt2`.
others = isometries.layers[1:depth]
matrices = [layer.weight[:1, :, rng.permutation(width)] for layer in others]
shuffled = without_output(network([first[np.newaxis], *matrices]))
greatest = distortion(some, forward(shuffled, some)).greatest[0]
check("D06", "largest ratio, columns shuffled", greatest, 1e-3, relation="<", shows="limit")

# %%
# **Ten layers** are not enough to see it: there the He start learns, too, with the step size 0.01. The line between
# learning and not learning, 0.6, is the same.
shallow = accuracy(train(gaussian(10), 0.01))[0]
check("D06", "accuracy, He, 10 layers", shallow, 0.6, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Use the signs of the first layer in all layers, or the identity as :math:`Q`. Do they train with the longer steps?
# - Fill the blocks with a sine transform, :math:`\sin(\pi i j / 33)` times 0.246. It is its own inverse. Is it stable?
# - Add each He layer to its input, as residual networks do, or normalize it. From which depth on is that needed?

plt.show()
