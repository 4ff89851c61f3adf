# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Who put the adversarial directions there?
=========================================

The random start did: where the data never go, training changes no weight, and the noise of the first day stays.
A step along it fools the network, and the same start without that noise cannot be fooled there at all.

Melamed, Yehudai and Vardi (2023) found the attack and its cure, N10; that the noise never moves, N09, is derived here.
"""

# %%
# Set-up
# ------
# Handwritten digits of 8 by 8 pixels in a black frame of 12 by 12, as scanners deliver them. More than half of the
# pixels are black in every image. The columns of :math:`N` are a basis of all that the training images never use.
#
# The slope of the loss in the weights of one unit is a combination of inputs, :math:`\sum_i \delta_i x_i`. If :math:`v`
# is orthogonal to all of them, a step of descent leaves :math:`W v` as it is: at the end :math:`W N = W_0 N`.
#
# Three networks of 64 hidden ReLU units differ in the first layer only: random weights :math:`W_0` as He et al. draw
# them, a tenth of that, and :math:`W_0` without its part along :math:`N`.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, jacobian
from symlib.nullspace import null_basis
from symlib.training import descend

units, side, train = 64, 12, 1200
rng, digits = np.random.default_rng(0), load_digits()
order = rng.permutation(len(digits.target))
framed = np.zeros((len(order), side, side))
framed[:, 2:10, 2:10] = digits.images[order] / 16
x, y = framed.reshape(len(order), -1), digits.target[order]
unused = null_basis(x[:train])

outer = Layer(weights.he((10, units), rng=rng), np.zeros(10))
noisy = weights.he((units, side**2), rng=rng)
starts = [noisy, 0.1 * noisy, noisy - noisy @ unused @ unused.T]
first = Layer(np.stack(starts), np.zeros((3, units)))
he, tenth, clean = range(3)


def learn(layer, data=x, **options):
    """Train from a first layer, and the same second one, on mini-batches."""
    options = {"rate": 0.05, "momentum": 0.9, "batch": 50, "rng": rng, "steps": 600} | options
    options |= {"kind": "cross_entropy"}
    network = Network([layer, outer], "relu")
    return descend(network, data[:train], y[:train], **options).network


def attack(network, x, y):
    """Return the steepest directions of the loss at each sample, off the span and in it."""
    delta = softmax(forward(network, x), axis=-1) - np.eye(10)[y]
    slope = np.einsum("rsk,rskd->rsd", delta, jacobian(network, x))
    off = slope @ unused @ unused.T
    return [part / np.linalg.norm(part, axis=-1, keepdims=True) for part in (off, slope - off)]


def right(network, x):
    """Return the share of unseen digits that each network gets right."""
    return (forward(network, x).argmax(axis=-1) == y[train:]).mean(axis=-1)


trained = learn(first)
unseen = x[train:]
off, within = attack(trained, unseen, y[train:])
off[clean] = off[he]  # its own gradient there is rounding

# %%
# The figure
# ----------
# Each unseen digit is moved along the gradient of the loss, off the span of the training images; the network without
# noise has none there, and is attacked along that of the random start. The image is the first that works.
norms = np.linspace(0, 3, 13)
accuracy = np.array([right(trained, unseen + norm * off) for norm in norms])
plain, answers = (forward(trained, unseen + a * off)[he].argmax(axis=-1) for a in (0, 3))
one = np.flatnonzero((plain == y[train:]) & (answers != plain))[0]
fig, axes = plt.subplot_mosaic("acc;bcc", figsize=(6.4, 3.9))
for panel, title, step in (("a", f"a {plain[one]}", 0), ("b", f"read as {answers[one]}", 3)):
    image = unseen[one] + step * off[he, one]
    axes[panel].imshow(image.reshape(side, side), cmap="gray", vmin=-1, vmax=1)
    axes[panel].set_title(title, fontsize="medium")
    axes[panel].set_axis_off()
ax = axes["c"]
for k, look in {clean: "C2D-", tenth: "C0s-", he: "C1o-"}.items():
    ax.plot(norms, accuracy[:, k], look, markersize=7)
ax.annotate("no noise there", (3, 1.04), color="C2", ha="right")
ax.annotate("a tenth of it", (3, 0.85), color="C0", ha="right")
ax.annotate("random start", (3.05, 0.5), color="C1", ha="right")
ax.set(xlabel="length of the step", title="Unseen digits recognized", ylim=(0, 1.14))
fig.alt_text = (
    "A gray pattern in the black frame of a digit makes a network read another one. From a random "
    f"start {accuracy[-1, he]:.0%} of the digits survive a step of length 3; with a tenth of the "
    "noise almost all, and with the noise projected out none is lost."
)

# %%
# What this page promises
# -----------------------
# **The noise never moves, N09**, under descent with mini-batches and momentum, while the weights themselves do.
moved = trained.layers[0].weight - first.weight
for name, noise in zip(["He", "a tenth", "projected"], np.abs(moved @ unused).max(axis=(1, 2))):
    check("N09", f"change off the span, {name}", noise, 0, atol=1e-12, reason="rounding")
check("N09", "largest change of a weight", np.abs(moved).max(), 0.1, relation=">")

# %%
# Weights of black pixels, the frame and the digits' pixels 0, 32 and 39, keep every bit: their slopes are sums of 0.
black = np.flatnonzero((x == 0).all(axis=0))
check("N09", "black pixels", black.size, side**2 - 64 + 3)
check("N09", "largest change, black pixels", np.abs(moved[..., black]).max(), 0)

# %%
# **The attack is the noise, N10.** All three networks are good. A step shorter than the mean image takes that of the
# random start below 30 percent, and changes not one answer of the one whose noise was projected out.
check("N10", "least accuracy of the three", accuracy[0].min(), 0.9, relation=">")
check("N10", "accuracy, He, attacked", accuracy[-1, he], 0.3, relation="<")
check("N10", "step over mean image", 3 / np.linalg.norm(x, axis=1).mean(), 1, relation="<")
before, *after = (forward(trained, unseen + a * off)[clean].argmax(axis=-1) for a in (0, 3, 30))
for norm, answers in zip((3, 30), after):
    check("N10", f"answers changed, projected, norm {norm}", np.sum(answers != before), 0)

# %%
# Where it stops being true
# -------------------------
# **Adam divides each slope by its own size.** Black pixels stay, as 0 divided by anything is 0. But turn the images, so
# that what they never use is no pixel, and Adam moves the noise. **Weight decay** shrinks it, here by 0.995 a step.
adam = {"steps": 300, "rate": 0.003, "optimizer": "adam", "momentum": 0}
layer = Layer(noisy, np.zeros(units))
moved = learn(layer, **adam).layers[0].weight - noisy
check("N09", "largest change, black pixels, Adam", np.abs(moved[:, black]).max(), 0, shows="limit")
turn = weights.orthogonal((side**2, side**2), rng=rng)
moved = learn(layer, x @ turn, **adam).layers[0].weight - noisy
noise = np.abs(moved @ turn.T @ unused).max()
check("N09", "change off the span, Adam", noise, 0.01, relation=">", shows="limit")
decayed = learn(layer, steps=300, momentum=0, weight_decay=0.1).layers[0].weight
left = np.linalg.norm(decayed @ unused) / np.linalg.norm(noisy @ unused)
check("N09", "noise left, decay", left, 0.995**300, shows="limit", rtol=1e-9, reason="rounding")

# %%
# **Chance is not the only culprit.** A tenth of the noise does little harm. And within the span of the images each
# network can be fooled, by a step of length 1.
check("N10", "accuracy, a tenth, attacked", accuracy[-1, tenth], 0.8, relation=">", shows="limit")
inside = right(trained, unseen + within)[clean]
check("N10", "accuracy, projected, attacked within", inside, 0.3, relation="<", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Attack the first network along directions at random, off the span. How long must a step be?
# - Make the frame 8 pixels wider on each side. Which network notices? Does weight decay of 0.01 help it?

plt.show()
