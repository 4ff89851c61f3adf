# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
What does a common mean of the weights do to an image?
======================================================

It makes all units answer to the brightness: a mean of a fifth of the spread gives half of the squared output for digits
of 64 pixels, in a layer with far fewer units than pixels before the mean shows in the singular values.
With weights between 0 and 1 a handwritten 0 and a 1 come out nearly alike; images less their own mean are free of it.

The law, R09, is derived here. The threshold and the direction are due to Benaych-Georges and Nadakuditi (2012). Le Cun,
Kanter and Solla (1991) justify centered rather than biased variables by another spectrum, that of the Hessian.
"""

# %%
# Set-up
# ------
# The layer has :math:`m` units on :math:`d` pixels and no biases. Its weights are independent, with mean :math:`c` and
# variance :math:`\sigma^2`. So :math:`W = c\,\mathbf{1}\mathbf{1}^\top + Z`: a matrix of rank one, the *spike*, plus
# noise :math:`Z` of mean 0. For a fixed image :math:`x` the spike gives each unit the same number, :math:`c \sum_j
# x_j`. That is :math:`d\,c` times the mean pixel, the *brightness*. The noise gives it :math:`\sum_j Z_{ij} x_j`, with
# mean 0 and variance :math:`\sigma^2 |x|^2`. So the expected squared output of a unit is :math:`c^2 (\sum_j x_j)^2 +
# \sigma^2 |x|^2`, at any size and for any law of the entries with this mean and variance. Call the share of the first
# term :math:`p`. Its odds are :math:`p / (1 - p) = d\, (c/\sigma)^2 \cos^2(x, \mathbf{1})`. In words: three factors
# decide, the number of pixels, the mean of the weights in units of their spread, and how close the image is to a
# uniform gray. The squared cosine is the squared mean pixel over the mean squared pixel.
#
# **Two images.** Let :math:`a = c \sum_j x_j / \sqrt{c^2 (\sum_j x_j)^2 + \sigma^2 |x|^2}`, so that :math:`p = a^2`,
# and :math:`a'` the same for :math:`x'`. The products of their outputs, summed over the units, have the expected value
# :math:`m (c^2 \sum_j x_j \sum_j x'_j + \sigma^2\, x \cdot x')`. Divided by the roots of the expected squares this is
# :math:`\rho = a a' + \sqrt{(1 - a^2)(1 - a'^2)}\, \cos(x, x')`. The cosine of the two outputs is near this number in a
# layer of many units.
#
# **The threshold.** In large Gaussian layers of one shape the spike shows in the singular values if :math:`c > \sigma
# (md)^{-1/4}` (R03). At the threshold the odds are :math:`p / (1 - p) = \sqrt{d/m} \cos^2(x, \mathbf{1})`. If this is
# more than 1, most of the squared output is brightness before the spectrum shows anything.
#
# The digits are 8 by 8 pixels from 0 to 1. For the figure each pixel is a square of 4 by 4, so that :math:`d = 1024`,
# and there are 64 units.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from symlib.claims import check, check_mean, summary

rng = np.random.default_rng(1991)
digits = load_digits().data / 16
zero = digits[0]
one = digits[1]


def brightness_part(image, mean):
    """Return a, the signed root of the share of brightness, for weights of standard deviation 1."""
    common = mean * image.sum()
    return common / np.sqrt(common**2 + image @ image)


def share_law(image, mean):
    """Return the share of the expected squared output that the mean of the weights gives."""
    return brightness_part(image, mean) ** 2


def cosine(x, y):
    """Return the cosine of the angle between two vectors."""
    return x @ y / np.sqrt((x @ x) * (y @ y))


def cosine_law(x, y, mean):
    """Return the cosine of two outputs in a layer of many units."""
    a = brightness_part(x, mean)
    b = brightness_part(y, mean)
    return a * b + np.sqrt((1 - a**2) * (1 - b**2)) * cosine(x, y)


def shared_by_units(outputs):
    """Return the mean product of the outputs of two units, over all pairs of the last axis."""
    units = outputs.shape[-1]
    all_pairs = outputs.sum(axis=-1) ** 2
    same_unit = (outputs**2).sum(axis=-1)
    return (all_pairs - same_unit) / (units * (units - 1))


def threshold(units, pixels):
    """Return the mean of the weights at which the spike shows, in units of their spread."""
    return (units * pixels) ** (-1 / 4)


# %%
# The figure
# ----------
# One layer for each row. In the pixels, the leading right singular direction :math:`v` keeps :math:`(v \cdot x)\,v` of
# the image, and the rest is :math:`x - (v \cdot x)\,v`. Under each is its share of the squared output of this layer;
# the two add up to all. At the left is the share of brightness by the law. In the graph the lines are the laws, and
# each point is from 50 layers.
units = 64
side = 32


def enlarged(image):
    """Return the image with each pixel as a square of 4 by 4."""
    return np.kron(image.reshape(8, 8), np.ones((4, 4))).ravel()


large_zero = enlarged(zero)
large_one = enlarged(one)
visible = threshold(units, side**2)
between_0_and_1 = np.sqrt(3)  # mean over standard deviation, 1/2 over 1/sqrt(12)
rows = {
    "mean 0": 0,
    "0.8 of the\nthreshold": 0.8 * visible,
    "between\n0 and 1": between_0_and_1,
}
fig = plt.figure(figsize=(6.4, 8.2))
above, below = fig.subfigures(2, 1, height_ratios=[1.6, 1])
axes = above.subplots(3, 3)
for axes_of_row, (name, mean) in zip(axes, rows.items()):
    noise = rng.standard_normal((units, side**2))
    if mean == between_0_and_1:
        noise = rng.uniform(-np.sqrt(3), np.sqrt(3), (units, side**2))
    weight = noise + mean
    leading = np.linalg.svd(weight, full_matrices=False).Vh[0]
    kept = (leading @ large_zero) * leading
    squares = np.sum((weight @ large_zero) ** 2)
    for ax, image in zip(axes_of_row, (large_zero, kept, large_zero - kept)):
        ax.imshow(image.reshape(side, side), cmap="gray", vmin=-0.5, vmax=1)
        percent = 100 * np.sum((weight @ image) ** 2) / squares
        ax.set_xlabel(f"{percent:.1f} %")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.grid(visible=False)
    percent = 100 * share_law(large_zero, mean)
    axes_of_row[0].set_ylabel(
        f"{name}:\n{percent:.1f} % bright", rotation=0, ha="right", va="center"
    )
for ax, title in zip(axes[0], ("an image", "leading direction", "the rest")):
    ax.set_title(title, loc="center", fontweight="normal")

ax = below.subplots()
means = visible * np.logspace(-1, 1.5, 101)
ax.plot(means / visible, [share_law(large_zero, mean) for mean in means], color="C0")
ax.plot(means / visible, [cosine_law(large_zero, large_one, mean) for mean in means], color="C1")
for mean in means[::20]:
    outputs = []
    for _ in range(50):
        weight = mean + rng.standard_normal((units, side**2))
        outputs.append((weight @ large_zero, weight @ large_one))
    of_zero, of_one = np.swapaxes(outputs, 0, 1)
    share = shared_by_units(of_zero).mean() / (of_zero**2).mean()
    alike = np.mean([cosine(x, y) for x, y in outputs])
    ax.plot(mean / visible, share, "o", color="C0")
    ax.plot(mean / visible, alike, "s", color="C1")
ax.axvline(1, color="gray", linewidth=1, linestyle=":", zorder=0)
ax.annotate("threshold", (1.06, 0.03), color="gray")
ax.annotate("share of brightness", (1.5, 0.56), color="C0")
ax.annotate("cosine of a 0 and a 1", (0.1, 0.82), color="C1")
ax.set(xscale="log", xlabel="mean of the weights, in thresholds", ylabel="share, cosine")
ax.set_ylim(-0.05, 1.05)
ax.set_xticks([0.1, 0.3, 1, 3, 10, 30], ["0.1", "0.3", "1", "3", "10", "30"])
fig.alt_text = (
    "Brightness takes over before the spectrum shows it. Above: below the threshold the leading "
    "direction keeps noise of a handwritten 0; of weights between 0 and 1 it keeps a gray square. "
    "Below: the share of brightness passes one half before the threshold and goes to 1, and so "
    "does the cosine of two digits."
)

# %%
# What this page promises
# -----------------------
# **The share, R09.** What the spike gives is common to all units, and what the noise gives is not: the product of the
# outputs of two *different* units has the expected value :math:`c^2 (\sum_j x_j)^2`. So the share can be measured from
# outputs alone, and its expected value is exact. Here 64 units look at a 0 of 64 pixels, with a mean of a fifth of the
# spread, and weights of five laws: one of them skewed, one with nine of ten entries at one value.
draws = 1000
mean = 0.2


def gaussian(shape):
    """Return Gaussian noise of variance 1."""
    return rng.standard_normal(shape)


def uniform(shape):
    """Return uniform noise of variance 1."""
    return rng.uniform(-np.sqrt(3), np.sqrt(3), shape)


def signs(shape):
    """Return noise of 1 and -1."""
    return rng.choice([-1.0, 1.0], shape)


def exponential(shape):
    """Return skewed noise of mean 0 and variance 1."""
    return rng.exponential(size=shape) - 1


def sparse(shape):
    """Return noise that is 0 in nine of ten entries, of variance 1."""
    return np.sqrt(10) * rng.choice([-1, 0, 1], shape, p=[0.05, 0.9, 0.05])


laws = {
    "Gaussian": gaussian,
    "uniform": uniform,
    "signs": signs,
    "exponential": exponential,
    "sparse": sparse,
}


def outputs_of(images, noise, mean, units=64):
    """Return outputs of many layers, an array (images, draws, units)."""
    weight = mean + noise((draws, units, 64))
    return np.moveaxis(weight @ np.transpose(images), -1, 0)


def expected_square(image, mean):
    """Return the expected squared output of a unit."""
    return (mean * image.sum()) ** 2 + image @ image


for name, noise in laws.items():
    outputs = outputs_of([zero], noise, mean)[0]
    square = expected_square(zero, mean)
    check_mean("R09", f"squared output over law, {name}", (outputs**2).mean(axis=1) / square, 1)
    share = share_law(zero, mean)
    check_mean("R09", f"share of brightness, {name}", shared_by_units(outputs) / square, share)

# %%
# **All digits.** Over a set of images the two terms are averaged one by one: in place of the squared cosine stands the
# mean over images of the *squared* mean pixel, divided by the mean squared pixel. With a mean of a fifth of the spread,
# half of the squared output is brightness.
second_moments = digits.T @ digits / len(digits)
squared_sums = np.mean(digits.sum(axis=1) ** 2)
set_square = mean**2 * squared_sums + np.trace(second_moments)
set_share = mean**2 * squared_sums / set_square
weight = mean + gaussian((draws, units, 64))
of_sum = weight.sum(axis=1)
all_pairs = np.einsum("ri,ij,rj->r", of_sum, second_moments, of_sum, optimize=True)
same_unit = ((weight @ second_moments) * weight).sum(axis=(1, 2))
common = (all_pairs - same_unit) / (units * (units - 1))
check_mean("R09", "share of brightness, all digits", common / set_square, set_share)
check("R09", "its law, all digits", set_share, 0.5, atol=0.01, reason="given as one half")

# %%
# **Below the threshold.** Here 64 units look at the 0 with 1024 pixels, at 0.8 of the threshold. Most of the squared
# output is brightness. The leading direction has hardly anything of the uniform gray: the limit of its squared cosine
# is 0. Yet :math:`c^2` is only a quarter of a percent of the mean squared weight. What the spike gives adds up over the
# pixels, as none is negative, and what the noise gives partly cancels.
below_it = 0.8 * visible
gray = np.full(side**2, 1 / side)
shares = []
overlaps = []
for _ in range(600):
    weight = below_it + rng.standard_normal((units, side**2))
    shares.append(shared_by_units(weight @ large_zero))
    _, left = np.linalg.eigh(weight @ weight.T)
    leading = left[:, -1] @ weight
    overlaps.append(cosine(leading, gray) ** 2)
shares = np.array(shares) / expected_square(large_zero, below_it)
law = share_law(large_zero, below_it)
check_mean("R09", "share at 0.8 thresholds, 64 x 1024", shares, law)
check("R09", "law at 0.8 thresholds", law, 0.5, relation=">", reason="most of the output")
overlap = np.mean(overlaps)
check("R09", "leading direction, gray in it", overlap, 0.1, relation="<", reason="limit: 0")
of_weights = below_it**2 / (below_it**2 + 1)
check(
    "R09", "share of the mean in squared weights", of_weights, 0.0025, atol=1e-5, reason="rounded"
)
at_threshold = share_law(large_zero, visible)
odds = np.sqrt(side**2 / units) * cosine(large_zero, gray) ** 2
check("R09", "odds at the threshold", at_threshold / (1 - at_threshold), odds, rounding=1e-12)

# %%
# **Two digits.** A 0 and a 1 have the cosine 0.52 as images, as no pixel is negative. After a layer with weights
# between 0 and 1 it is 0.99. The expected products follow the law exactly. The cosine itself is a ratio, and misses it
# by a number of order :math:`1/m`: at most :math:`2/m` to leading order, for these two laws. For it we
# draw wider layers.
pair = np.array([zero, one])
wider = 256
for name, noise, mean in (("mean 0.2", gaussian, 0.2), ("between 0 and 1", uniform, np.sqrt(3))):
    of_zero, of_one = outputs_of(pair, noise, mean)
    squares = np.sqrt(expected_square(zero, mean) * expected_square(one, mean))
    products = (of_zero * of_one).mean(axis=1) / squares
    law = cosine_law(zero, one, mean)
    check_mean("R09", f"products over squares, {name}", products, law)
    of_zero, of_one = outputs_of(pair, noise, mean, units=wider)
    cosines = np.array([cosine(x, y) for x, y in zip(of_zero, of_one)])
    check_mean("R09", f"cosine, {name}", cosines, law, bias=2 / wider, reason="2 / m of a ratio")
check("R09", "cosine of the images", cosine(zero, one), 0.52, atol=0.005, reason="two digits")
check("R09", "law between 0 and 1", law, 0.99, atol=0.005, reason="given with two digits")

# %%
# **The cures.** An image less its mean pixel has the sum 0. To it a layer with any mean is the layer with mean 0: the
# outputs agree up to rounding, and the cosine has the law of the centered images. Weights of mean 0 are a cure for the
# layer only: it keeps the cosine that the images have.
centered = pair - pair.mean(axis=1, keepdims=True)
weight = gaussian((units, 64))
difference = np.abs((weight + 10) @ centered.T - weight @ centered.T).max()
check("R09", "centered: outputs, mean 10 less mean 0", difference, 0, rounding=1e-11)
for name, images, mean in (("centered images", centered, 10), ("weights of mean 0", pair, 0)):
    lengths = np.sqrt((images[0] @ images[0]) * (images[1] @ images[1]))
    products = []
    for _ in range(10):
        of_zero, of_one = outputs_of(images, gaussian, mean)
        products.append((of_zero * of_one).mean(axis=1) / lengths)
    check_mean("R09", f"products, {name}", np.concatenate(products), cosine(*images))

# %%
# **All weights near 0.5.** A constant start is the extreme case: :math:`\sigma = 0`, the share is 1, and any two images
# with a positive sum have the cosine 1. Noise of :math:`10^{-8}` leaves it so. The differences between the units follow
# the law of the noise, and they are less than :math:`10^{-16}` of the squared output.
tiny = 1e-8
of_zero, of_one = outputs_of(pair, lambda shape: tiny * rng.standard_normal(shape), 0.5)
check("R09", "cosine of a 0 and a 1, 0.5 + 1e-8", cosine(of_zero[0], of_one[0]), 1, rounding=1e-12)
spread = of_zero.var(axis=1, ddof=1) / (tiny**2 * (zero @ zero))
check_mean("R09", "variance over units, over law", spread, 1)
not_bright = spread.mean() * tiny**2 * (zero @ zero) / np.mean(of_zero**2)
check("R09", "share that is not brightness", not_bright, 1e-16, relation="<", reason="of 1e-8")

# %%
# Where it stops being true
# -------------------------
# **Wide layers show it in the spectrum first.** With 640 units on 64 pixels, at twice the threshold, the leading
# direction is mostly gray, and yet brightness is less than half of the squared output.
wide = 640
above_it = 2 * threshold(wide, 64)
leading = [np.linalg.svd(above_it + gaussian((wide, 64))).Vh[0] for _ in range(20)]
overlap = np.mean([cosine(direction, np.ones(64)) ** 2 for direction in leading])
share = share_law(zero, above_it)
check("R09", "gray in the direction, 640 x 64", overlap, 0.7, relation=">", shows="limit")
check("R09", "share of brightness, 640 x 64", share, 0.5, relation="<", shows="limit")

# %%
# **Dark images with few bright pixels.** One lit pixel of 64 is far from gray, its squared cosine is 1/64, and the odds
# are :math:`(c/\sigma)^2` whatever the number of pixels.
lit = np.eye(64)[27]
share = shared_by_units(outputs_of([lit], gaussian, 1)[0]) / expected_square(lit, 1)
check_mean("R09", "share, one lit pixel, mean 1", share, 0.5, shows="limit")

# %%
# **A mean of 0 over all weights is not enough.** If each unit has a mean of its own, of variance :math:`\tau^2`, the
# weights of a row are correlated. The spike of the units is gone, as two units have nothing in common. Yet each still
# answers to brightness, with :math:`\tau^2 (\sum_j x_j)^2` in its square, where :math:`c^2` was.
own_means = 0.2 * rng.standard_normal((draws, units, 1))
outputs = (own_means + gaussian((draws, units, 64))) @ zero
square = expected_square(zero, 0.2)
squares = (outputs**2).mean(axis=1) / (zero @ zero)
by_law = square / (zero @ zero)
check_mean("R09", "a mean for each unit: squares over noise", squares, by_law, shows="limit")
check(
    "R09",
    "of which the noise is less than half",
    1 / by_law,
    0.5,
    relation="<",
    shows="limit",
    reason="most of the output",
)
check_mean(
    "R09", "a mean for each unit: common", shared_by_units(outputs) / square, 0, shows="limit"
)

# %%
# **Subtracting the mean image is another centering.** Each pixel has mean 0 over the set then, but an image may be
# brighter or darker than most. Of the brightest and the darkest digit a layer with weights between 0 and 1 makes nearly
# opposite outputs.
less_mean_image = digits - digits.mean(axis=0)
sums = less_mean_image.sum(axis=1)
extremes = less_mean_image[[sums.argmax(), sums.argmin()]]
of_bright, of_dark = outputs_of(extremes, uniform, between_0_and_1)
lengths = np.prod([expected_square(image, between_0_and_1) for image in extremes])
products = (of_bright * of_dark).mean(axis=1) / np.sqrt(lengths)
law = cosine_law(*extremes, between_0_and_1)
check_mean("R09", "products, brightest and darkest", products, law, shows="limit")
check("R09", "their law", law, -0.9, relation="<", shows="limit")
check("R09", "their cosine as images", cosine(*extremes), -0.5, relation=">", shows="limit")

# %%
# **One pixel that differs.** A pixel that is 10 in each image is not brightness, and weights of mean 0 pass it on: two
# images that share it come out alike. Here it is the mean image that has to go.
stuck = pair.copy()
stuck[:, 0] = 10
of_zero, of_one = outputs_of(stuck, gaussian, 0)
lengths = np.sqrt((stuck[0] @ stuck[0]) * (stuck[1] @ stuck[1]))
products = (of_zero * of_one).mean(axis=1) / lengths
law = cosine_law(*stuck, 0)
check_mean("R09", "products, a stuck pixel, mean 0", products, law, shows="limit")
check("R09", "law, a stuck pixel", law, 0.9, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Draw the digits in black ink on white paper, ``1 - digits``. How small may the mean of the weights be now?
# - Put a ReLU and a second layer with the same mean behind the first. What is left of the difference between the digits?
# - Subtract from each row of the weights its mean. What is lost besides the brightness?

plt.show()
