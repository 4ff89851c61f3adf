# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
Can two images be the same to a network?
========================================

Yes, exactly: a first layer with fewer units than pixels is blind to some directions, along which an image may change.
It does not matter whether its weights were random or not, trained or not.

N04 is a matter of counting dimensions. Feather, Leclerc, Mądry and McDermott (2023) call inputs that a network cannot
tell apart model metamers, a word from color vision for lights that differ and look the same; Jacobsen, Behrmann, Zemel
and Bethge (2019) speak of the excessive invariance of trained networks to changes that we see.
"""

# %%
# Set-up
# ------
# Handwritten digits, 64 pixels, 32 hidden ReLU units, ten classes. The first layer is a matrix :math:`W` with 32 rows
# and 64 columns, so that its null space, the directions with :math:`W v = 0`, has dimension at least 32.
#
# Take an image :math:`x` and another one, split their difference into what :math:`W` sees and what it loses, and add
# the lost part to :math:`x`. Every unit of the first layer has the same value as before, and so has all that follows.
#
# Three starts: random weights, the identity (unit j looks at pixel j, so that the lower half of the image is not seen
# at all), and all weights equal, with random outgoing weights, so that no two units are tied.
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linprog
from scipy.special import softmax
from sklearn.datasets import load_digits

from symlib import weights
from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network, forward
from symlib.nullspace import metamer, null_basis
from symlib.training import descend

units = 32
pixels = 64
train = 1200
rng = np.random.default_rng(0)
digits = load_digits()
order = rng.permutation(len(digits.target))
x = digits.data[order] / 16
y = digits.target[order]
unseen = x[train:]
labels = y[train:]

starts = {
    "random": weights.he((units, pixels), rng=rng),
    "identity": weights.identity((units, pixels)),
    "all equal": weights.constant((units, pixels), 1 / pixels),
}
outgoing = weights.he((10, units), rng=rng)
untrained = {}
trained = {}
for name, start in starts.items():
    untrained[name] = Network([Layer(start), Layer(outgoing)], "relu")
    run = descend(
        untrained[name],
        x[:train],
        y[:train],
        steps=600,
        rate=0.05,
        kind="cross_entropy",
        momentum=0.9,
        batch=50,
        rng=rng,
    )
    trained[name] = run.network

# %%
# Metamers that are images
# ------------------------
# The lost part of a difference may ask for pixels that are darker than black or brighter than white. A linear program
# stays between them: of all images with the same :math:`W x`, it finds the one that lies farthest in the direction of
# the other image.


def image_metamer(weight, image, other):
    """Return an image that the layer does not tell from the first, moved towards the other."""
    found = linprog(image - other, A_eq=weight, b_eq=weight @ image, bounds=(0, 1))
    return found.x


def surest(network, digit):
    """Return the unseen image of a digit of which the network is surest, as it is a clear one."""
    images = unseen[labels == digit]
    shares = softmax(forward(network, images), axis=-1)[:, digit]
    return images[np.argmax(shares)]


network = trained["random"]
three = surest(network, 3)
eight = surest(network, 8)
made = image_metamer(network.layers[0].weight, three, eight)

# %%
# The figure
# ----------
# A 3, a metamer of it for the network that started at random, and the 8 in whose direction it went. The images are
# drawn smoothly. Below each is what the network says to it, the ten logits.
shown = {"a 3": three, "a metamer of it": made, "an 8": eight}
fig, axes = plt.subplots(2, 3, sharey="row", figsize=(6.4, 4.4), height_ratios=[1.3, 1])
for (above, below), (title, image) in zip(axes.T, shown.items()):
    color = "C1" if title == "an 8" else "C0"
    square = image.reshape(8, 8)
    above.imshow(square, cmap="gray", vmin=0, vmax=1, interpolation="bicubic")
    above.set_title(title, loc="center", color=color, fontweight="normal")
    above.axis("off")
    logits = forward(network, [image])[0]
    below.bar(range(10), logits, color=color, alpha=0.3)
    below.bar(range(10), logits, fill=False, edgecolor=color, linewidth=1.5)
    below.set(xticks=range(0, 10, 2), xlabel="digit")
    below.grid(visible=False, axis="x")
axes[1, 0].set_ylabel("logit")
fig.suptitle("The first two images get the same answer", fontweight="bold", fontsize=12)
fig.alt_text = (
    "Two different images have identical logits. Above: a handwritten 3, a metamer of it that "
    "looks different, and an 8. Below: the ten logits of a trained network, the same bars for the "
    "3 and its metamer, others for the 8."
)

# %%
# What this page promises
# -----------------------
# **The logits are the same, N04**, for 300 pairs of unseen digits, whichever start, before and after training. This is
# algebra, :math:`W(x + v) = W x`, so that these checks test the code and the rounding.
ones = x[train : train + 300]
others = x[-300:]
all_right = []
for name in starts:
    for stage, networks in (("", untrained), (", trained", trained)):
        one = networks[name]
        same_to_it = metamer(one.layers[0].weight, ones, others)
        apart = np.abs(forward(one, same_to_it) - forward(one, ones))
        check("N04", f"logits apart, {name}{stage}", apart.max(), 0, rounding=1e-10)
    all_right.append(np.mean(forward(trained[name], unseen).argmax(axis=-1) == labels))
check("N04", "least accuracy of the three, trained", min(all_right), 0.8, relation=">")

# %%
# **The inputs are not the same.** Of the way from one image to the other, squared, a random layer of :math:`m` units on
# :math:`d` pixels, with a uniformly random row space such as a Gaussian one has, loses :math:`(d - m) / d` on average,
# here one half, so that a metamer goes about 0.7 of the way. Training turns the weights towards what varies in the data
# and shortens the way, for each of the three starts, but not to 0.
way = others[0] - ones[0]
bases = weights.orthogonal((units, pixels), replicas=2000, rng=rng)  # of random row spaces
seen = np.sum((bases @ way) ** 2, axis=1) / np.sum(way**2)
check_mean("N04", "share of way lost, squared, random layers", 1 - seen, 1 - units / pixels)


def part_of_the_way(network):
    """Return how far metamers are from the first images, over the distance to the others."""
    same_to_it = metamer(network.layers[0].weight, ones, others)
    moved = np.linalg.norm(same_to_it - ones, axis=1)
    return np.mean(moved / np.linalg.norm(others - ones, axis=1))


for name in starts:
    before = part_of_the_way(untrained[name])
    after = part_of_the_way(trained[name])
    check("N04", f"part of the way, {name}, trained", after, 0.1, relation=">")
    check("N04", f"the same over that before, {name}", after / before, 1, relation="<")

# %%
# **They can be images**, with all pixels between black and white. For twenty pairs the linear program finds some, with
# the same logits up to its own tolerance, that differ from the first image by a good part of the distance to the other.
weight = network.layers[0].weight
images = []
for one, other in zip(ones[:20], others[:20]):
    images.append(image_metamer(weight, one, other))
images = np.array(images)
apart = np.abs(forward(network, images) - forward(network, ones[:20]))
changes = np.linalg.norm(images - ones[:20], axis=1)
relative = changes / np.linalg.norm(others[:20] - ones[:20], axis=1)
check("N04", "images, darkest pixel", images.min(), 0, relation=">=", rounding=1e-12)
check("N04", "images, brightest pixel", images.max(), 1, relation="<=", rounding=1e-12)
check("N04", "images, logits apart", apart.max(), 0, atol=1e-5, reason="linear program, 1e-7")
check("N04", "images, mean change over distance", relative.mean(), 0.3, relation=">")

# %%
# Where it stops being true
# -------------------------
# **As many units as pixels, and full rank**: then no direction is lost in the first layer, and no image has a metamer
# in this sense. The number of units alone is not enough; equal units see one direction, however many they are. Nor does
# it help to start wide if the next layer is narrow, since ReLU and later layers can lose directions of their own, other
# ones for each image. **A skip connection** around the layer ends these metamers too: what the layer loses passes
# beside it. (The sum can then make other inputs equal.)
square = (pixels, pixels)
random_nullity = null_basis(weights.he(square, rng=rng)).shape[1]
identity_nullity = null_basis(weights.identity(square)).shape[1]
equal_nullity = null_basis(weights.constant(square)).shape[1]
check("N04", "directions lost, 64 units, random", random_nullity, 0)
check("N04", "directions lost, 64 units, identity", identity_nullity, 0)
check("N04", "directions lost, 64 units, all equal", equal_nullity, pixels - 1)
summary()

# %%
# Try it yourself
# ---------------
# - Set ``units`` to 8 and to 56. How different from the 3 is its metamer?
# - Draw the metamer of the network that started at the identity. What would you have seen before training?
# - Draw what ``metamer`` returns for the 3 and the 8. Which pixels are out of range, and what does clipping them do to
#   the logits?

plt.show()
