# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Who put the adversarial directions there?
=========================================

Off the span of the data the random start did: there plain gradient descent changes no weight, and the noise stays.
Patterns of gray and white in unused pixels fool the trained network, and cannot change an answer if the noise is gone.

Melamed, Yehudai and Vardi (2023) found that gradient methods leave networks open to such an attack, and that a smaller
start or an L2 penalty helps. N10 checks this on digits and adds the projection; N09, that the noise never moves, is
derived here.
"""

# %%
# Set-up
# ------
# Handwritten digits of 8 by 8 pixels in a black frame of 12 by 12, as scanners deliver them. More than half of the
# pixels are black in every training image. The columns of :math:`N` are an orthonormal basis of all directions that
# the training images never use.
#
# The gradient of the loss with respect to the weights of one hidden unit is a combination of inputs,
# :math:`\sum_i \delta_i x_i`. If :math:`v` is orthogonal to all training inputs, a step of gradient descent leaves
# :math:`W v` as it is. So after training :math:`W N = W_0 N`.
#
# Three networks of 64 hidden ReLU units differ in the start of the first layer only: random weights :math:`W_0` as He
# et al. draw them, a tenth of these, and :math:`W_0` without its part along :math:`N`. All see the same batches.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, summary
from symlib.network import Layer, Network, forward, jacobian
from symlib.nullspace import null_basis
from symlib.training import descend

units = 64
side = 12
pixels = side * side
train = 1200
rng = np.random.default_rng(0)
digits = load_digits()
order = rng.permutation(len(digits.target))
framed = np.zeros((len(order), side, side))
framed[:, 2:10, 2:10] = digits.images[order] / 16
x = framed.reshape(len(order), pixels)
y = digits.target[order]
unseen = x[train : train + 300]
labels = y[train : train + 300]
unused = null_basis(x[:train])

noisy = weights.he((units, pixels), rng=rng)
projected = noisy - noisy @ unused @ unused.T
outgoing = weights.he((10, units), rng=rng)


def learn(start, images=x, steps=600, momentum=0.9, weight_decay=0.0):
    """Train from a first layer, by gradient descent on mini-batches."""
    run = descend(
        Network([Layer(start), Layer(outgoing)], "relu"),
        images[:train],
        y[:train],
        steps=steps,
        rate=0.05,
        kind="cross_entropy",
        momentum=momentum,
        weight_decay=weight_decay,
        batch=50,
        rng=np.random.default_rng(1),
    )
    return run.network


random_net = learn(noisy)
tenth_net = learn(0.1 * noisy)
projected_net = learn(projected)


def answers(network, images):
    """Return the digit that the network reads in each image."""
    return forward(network, images).argmax(axis=-1)


def accuracy(network, images):
    """Return the share of unseen digits that the network reads rightly."""
    return np.mean(answers(network, images) == labels)


# %%
# The attack
# ----------
# The attacker knows the network and the true label, and wants an image: only given pixels change, none becomes darker
# than black or brighter than white, and the pattern has at most a given length (the root of its sum of squares).
# Within these bounds the attacker climbs the loss freely, for twelve steps.
def gradient(network, images):
    """Return the gradient of the loss of each image with respect to its pixels."""
    error = softmax(forward(network, images), axis=-1) - np.eye(10)[labels]
    return np.einsum("sk,skp->sp", error, jacobian(network, images))


def lengths(patterns):
    """Return the length of each row, as a column; never quite 0, so that one may divide by it."""
    return np.maximum(np.linalg.norm(patterns, axis=1, keepdims=True), 1e-100)


def attack(network, changeable, length):
    """Return the unseen digits with the worst pattern found for each."""
    pattern = np.zeros_like(unseen)
    for _ in range(12):
        uphill = np.where(changeable, gradient(network, unseen + pattern), 0)
        pattern = pattern + length / 3 * uphill / lengths(uphill)
        pattern = np.clip(unseen + pattern, 0, 1) - unseen
        pattern = pattern * np.minimum(1, length / lengths(pattern))
    return unseen + pattern


frame = np.ones((side, side), dtype=bool)
frame[2:10, 2:10] = False
frame = frame.ravel()
longest = 3
attacked = attack(random_net, frame, longest)

# %%
# The figure
# ----------
# Left, of the digits that the attack makes the network misread, the one of which it was surest before; the attack is in
# the frame. Right, the share of unseen digits that are classified right, each
# network attacked for itself.
sureness = softmax(forward(random_net, unseen), axis=-1)[np.arange(len(unseen)), labels]
is_fooled = answers(random_net, attacked) != labels
one = np.argmax(np.where(is_fooled, sureness, 0))
before = unseen[one].reshape(side, side)
after = attacked[one].reshape(side, side)
read_as = answers(random_net, attacked)[one]

fig, axes = plt.subplot_mosaic("ac;bc", figsize=(6.4, 3.9), width_ratios=(1, 2))
axes["a"].imshow(before, cmap="gray", vmin=0, vmax=1)
axes["a"].set_title(f"read as {labels[one]}", fontsize="medium")
axes["b"].imshow(after, cmap="gray", vmin=0, vmax=1)
axes["b"].set_title(f"read as {read_as}", fontsize="medium")
for name in "ab":
    axes[name].set(xticks=[], yticks=[])
    axes[name].grid(visible=False)

ax = axes["c"]
sizes = [0, 1, 2, 3]
for network, look in ((projected_net, "C2D-"), (tenth_net, "C0s-"), (random_net, "C1o-")):
    images_of_each_size = [attack(network, frame, size) for size in sizes[1:]]
    shares = [accuracy(network, images) for images in [unseen, *images_of_each_size]]
    ax.plot(sizes, shares, look, markersize=7)
ax.annotate("noise projected out", (3, 1.04), color="C2", ha="right")
ax.annotate("a tenth of the noise", (3, 0.83), color="C0", ha="right")
ax.annotate("random start", (1.75, 0.52), color="C1", ha="right")
ax.set(xlabel="length of the pattern", xticks=sizes, ylim=(0, 1.14))
ax.set_title("Share of digits classified right")
fig.alt_text = (
    "A pattern of gray and white in the black frame of a digit makes a network read another digit. "
    f"From a random start {accuracy(random_net, attacked):.0%} of the digits survive patterns of "
    "length 3; with a tenth of the noise nearly all do, and with the noise projected out as many "
    "as without an attack."
)

# %%
# What this page promises
# -----------------------
# **The noise never moves, N09**, under descent with mini-batches and momentum, while other weights do. Most directions
# that the data never use, if not all, are pixels that are black in every training image: the frame, and a few more.
black = (x[:train] == 0).all(axis=0)
change = random_net.layers[0].weight - noisy
tenth_change = tenth_net.layers[0].weight - 0.1 * noisy
projected_change = projected_net.layers[0].weight - projected
check("N09", "pixels black in all training images", black.sum(), pixels / 2, relation=">")
check("N09", "directions the data never use", unused.shape[1], black.sum(), relation=">=")
check("N09", "change off the span, He", np.abs(change @ unused).max(), 0, rounding=1e-12)
check("N09", "change off the span, a tenth", np.abs(tenth_change @ unused).max(), 0, rounding=1e-12)
check(
    "N09",
    "change off the span, projected",
    np.abs(projected_change @ unused).max(),
    0,
    rounding=1e-12,
)
check("N09", "largest change of a weight", np.abs(change).max(), 0.1, relation=">")

# %%
# The weights of black pixels keep every bit, since their gradients are sums of zeros. So they do under Adam, which
# divides these zeros by a small positive number.


def learn_by_adam(images):
    """Train the random start by Adam."""
    run = descend(
        Network([Layer(noisy), Layer(outgoing)], "relu"),
        images[:train],
        y[:train],
        steps=300,
        rate=0.003,
        kind="cross_entropy",
        optimizer="adam",
        batch=50,
        rng=np.random.default_rng(2),
    )
    return run.network


adam_change = learn_by_adam(x).layers[0].weight - noisy
check("N09", "largest change, black pixels", np.abs(change[:, black]).max(), 0)
check("N09", "largest change, black pixels, Adam", np.abs(adam_change[:, black]).max(), 0)

# %%
# **The attack is the noise, N10.** All three networks are good. Patterns shorter than the mean image, and darker or
# brighter nowhere than an image may be, leave the network of the random start fewer than half of its digits; random
# patterns of that length do little. A single step along the gradient would need pixels blacker than black, and does
# less when it is clipped.
plain = [accuracy(network, unseen) for network in (random_net, tenth_net, projected_net)]
mean_length = lengths(x).mean()
longest_pattern = lengths(attacked - unseen).max()
off_span = gradient(random_net, unseen) @ unused @ unused.T
one_step = unseen + longest * off_span / lengths(off_span)
noise = np.where(frame, rng.random(unseen.shape), 0)
check("N10", "least accuracy of the three", min(plain), 0.9, relation=">")
check("N10", "pattern over mean image", longest_pattern / mean_length, 1, relation="<")
check("N10", "darkest pixel, attacked", attacked.min(), 0, relation=">=")
check("N10", "brightest pixel, attacked", attacked.max(), 1, relation="<=")
check("N10", "accuracy, He, attacked", accuracy(random_net, attacked), 0.5, relation="<")
clipped = accuracy(random_net, np.clip(one_step, 0, 1))
check("N10", "accuracy, He, one step clipped", clipped, 0.8, relation="<")
harmless = accuracy(random_net, unseen + longest * noise / lengths(noise))
check("N10", "accuracy, He, random pattern", harmless, 0.85, relation=">")

# %%
# With the noise projected out :math:`W N = 0` at every step. That no pattern off the span changes an answer is then
# algebra, and the checks test the code: an attacker who may paint the whole frame freely finds nothing, and the
# patterns that fool the first network do not carry over.
unharmed = answers(projected_net, unseen)
painted = attack(projected_net, frame, np.sqrt(frame.sum()))
changed = np.sum(answers(projected_net, painted) != unharmed)
borrowed = np.sum(answers(projected_net, attacked) != unharmed)
check("N10", "answers changed, projected, attacked", changed, 0)
check("N10", "answers changed, projected, patterns of He", borrowed, 0)

# %%
# Where it stops being true
# -------------------------
# **Adam divides each component of the gradient by its own size.** Turn the images, so that what they never use is no
# single pixel. Gradient descent leaves the noise alone as before, and Adam moves it. **Weight decay** shrinks it: with
# a step of 0.05 and a decay of 0.1, by the factor 0.995 at each step.
turn = weights.orthogonal((pixels, pixels), rng=rng)
turned = learn(noisy, images=x @ turn).layers[0].weight - noisy
turned_noise = np.abs(turned @ turn.T @ unused).max()
check("N09", "change off the span, turned images", turned_noise, 0, rounding=1e-12)
turned_change = learn_by_adam(x @ turn).layers[0].weight - noisy
moved = np.abs(turned_change @ turn.T @ unused).max()
check("N09", "change off the span, Adam", moved, 0.01, relation=">", shows="limit")


def noise_left(network):
    """Return the length of the noise in the unused directions, over that at the start."""
    noise = network.layers[0].weight @ unused
    return np.linalg.norm(noise) / np.linalg.norm(noisy @ unused)


left = noise_left(learn(noisy, steps=300, momentum=0.0, weight_decay=0.1))
check("N09", "noise left, decay", left, 0.995**300, rounding=1e-12, shows="limit")

# %%
# **Not every random start is open to it.** A tenth of the noise does little harm, and an L2 penalty of 0.01 removes
# most of the noise during training. **And projection cures nothing else.** In the pixels of the digit itself each
# network can be fooled, here by patterns of length 1.
penalized_net = learn(noisy, weight_decay=0.01)
tenth_left = accuracy(tenth_net, attack(tenth_net, frame, longest))
penalized_left = accuracy(penalized_net, attack(penalized_net, frame, longest))
check("N10", "accuracy, a tenth, attacked", tenth_left, 0.8, relation=">", shows="limit")
check("N10", "noise left, L2 penalty", noise_left(penalized_net), 0.5, relation="<")
check("N10", "accuracy, L2 penalty, attacked", penalized_left, 0.8, relation=">", shows="limit")
networks = {
    "random": random_net,
    "a tenth": tenth_net,
    "L2 penalty": penalized_net,
    "projected": projected_net,
}
for name, network in networks.items():
    inside = accuracy(network, attack(network, ~frame, 1))
    what = f"accuracy, {name}, attacked within"
    check("N10", what, inside, 0.3, relation="<", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Find one pattern for all images: sum the gradients over the digits before each step. How much is left of the attack?
# - Make the frame 8 pixels wider on each side. Which network notices? Does weight decay of 0.001 help it?
# - Let the attacker not know the label: climb the loss of the network's own answer instead.

plt.show()
