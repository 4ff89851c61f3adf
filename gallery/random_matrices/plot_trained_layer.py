# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "scikit-learn"]
# ///
"""
What did training add to a layer?
=================================

In a small network that learned the digits: a few directions that stick out of the noise of the start, which is still
there. They are where the layer changed by more than a threshold.
A few directions that changed by less do not show in the singular values: the first layer changed as well, and none of
its own stick out.

The threshold, R08, and where an added direction ends up, are due to Benaych-Georges and Nadakuditi (2012). The largest
singular value of pure noise is due to Johnstone (2001). Martin and Mahoney (2021) and Thamm, Staats and Rosenow (2022)
look at trained networks in this way.
"""

# %%
# Set-up
# ------
# The digits of scikit-learn are 64 pixels each. Two hidden layers of 200 tanh units read them, and ten outputs say which
# digit it is. All weights are Gaussian at first, of variance one over the number of inputs. Training is 1600 steps of
# gradient descent, with 64 digits a step.
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits

from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network, forward
from symlib.spectrum import fit_bulk
from symlib.training import descend
from symlib.weights import he, lecun

rng = np.random.default_rng(2012)
digits = load_digits()
pixels = digits.data - digits.data.mean(axis=0)
pixels = pixels / pixels.std()
shuffled = rng.permutation(len(pixels))
training = shuffled[:1400]
test = shuffled[1400:]
width = 200
sizes = [64, width, width, 10]


def starting_network(activation, rule):
    """Return a network with Gaussian weights by a rule for their variance."""
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers.append(Layer(rule((fan_out, fan_in), rng=rng), np.zeros(fan_out)))
    return Network(layers, activation)


def trained(network, steps):
    """Return the network after so many steps."""
    run = descend(
        network,
        pixels[training],
        digits.target[training],
        steps=steps,
        rate=0.1,
        kind="cross_entropy",
        batch=64,
        rng=rng,
    )
    return run.network


def accuracy(network):
    """Return the share of the test digits that the network names right."""
    answers = forward(network, pixels[test]).argmax(axis=-1)
    return (answers == digits.target[test]).mean()


# %% open
# What the function does
# ----------------------
# The weights of a trained layer are those of the start plus what training added. Somebody who has only the trained
# layer does not know the start, and not even its scale. But noise has a spectrum of its own, the law of Marchenko and
# Pastur, and its largest singular value is nearly a fixed number. ``fit_bulk`` finds the scale of the noise and the
# singular values that are too large for it.
start = starting_network("tanh", lecun)
end = trained(start, 1600)
second = end.layers[1].weight
bulk = fit_bulk(second)
change = np.linalg.svdvals(second - start.layers[1].weight)

# %%
# The figure
# ----------
# Above, the singular values of the second layer after training, and the law that was fitted to all but the outliers.
# Below, the singular values of the change, which only somebody who kept the start can know. The line is the threshold:
# for noise of standard deviation :math:`\sigma` in :math:`p` rows and :math:`n` columns it is
# :math:`\sigma (np)^{1/4}`.
threshold = np.sqrt(bulk.scale) * width ** (1 / 2)
fig, (above, below) = plt.subplots(2, 1)
above.hist(bulk.singular_values, bins=60, density=True, color="C0", alpha=0.6)
places = np.linspace(0.01, bulk.edge, 200)
left_columns = width - bulk.outliers
density = bulk.law.pdf(places**2 / left_columns) * 2 * places / left_columns
above.plot(places, density * left_columns / width, color="C1")
beyond = bulk.singular_values[: bulk.outliers]
above.plot(beyond, np.full(bulk.outliers, 0.08), "v", color="C2", markersize=8)
above.annotate("law of noise", (1.25, 0.6), color="C1")
above.annotate("outliers", (beyond.mean(), 0.2), color="C2", horizontalalignment="center")
above.set(xlabel="singular value of the trained layer", ylabel="density")
above.set_title("Noise, and what sticks out of it")
below.plot(np.arange(1, 21), change[:20], "o", color="C0")
below.axhline(threshold, color="gray", linestyle=":")
below.annotate("threshold", (16, threshold + 0.05), color="gray")
below.set(xlabel="singular values of the change, in order", ylabel="size", ylim=(0, 1.6))
below.set_xticks([1, 5, 10, 15, 20])
fig.alt_text = (
    "Above: a histogram of two hundred singular values follows the law of noise, and a few lie "
    "beyond its end. Below: the singular values of the change fall from 1.4 to below 0.3, and "
    "about as many are above the threshold of 1 as there are values beyond the end."
)

# %%
# What this page promises
# -----------------------
# **Noise has no outliers, R08.** Of noise alone, at most as many matrices as were asked for have one. Rows and columns
# are 60 and 100, and 5 % were asked for.


def share_with_outliers(matrices):
    """Return in how many matrices something sticks out, when 5 % of chance are allowed."""
    return np.mean([fit_bulk(matrix, chance=0.05).outliers > 0 for matrix in matrices])


draws = 400
four_errors = stats.norm.sf(4)  # the chance of four standard errors
allowed = stats.binom.isf(four_errors, draws, 0.05) / draws
rows = 60
columns = 100
gaussian = rng.standard_normal((draws, rows, columns))
uniform = rng.uniform(-1, 1, (draws, rows, columns))
signs = rng.choice([-1.0, 1.0], (draws, rows, columns))
for name, matrices in {"Gaussian": gaussian, "uniform": uniform, "signs": signs}.items():
    check(
        "R08",
        f"share with an outlier, {name}",
        share_with_outliers(matrices),
        allowed,
        relation="<=",
        reason="5 %, at the chance of four standard errors",
    )

# %%
# **Where an added direction ends up.** To noise of variance 1 add one direction of strength :math:`\theta`, that is a
# matrix of rank one whose singular value is :math:`\theta`. In large matrices, beyond the threshold
# :math:`(np)^{1/4}`, the largest singular value is near :math:`\sqrt{(\theta^2 + n)(\theta^2 + p)} / \theta`. In words:
# the direction comes out stronger than it was added, as some of the noise points its way.
size = 300
many = 40


def with_direction(strength):
    """Return noise with one random direction of this strength."""
    noise = rng.standard_normal((size, size))
    left = rng.standard_normal(size)
    right = rng.standard_normal(size)
    added = np.outer(left / np.linalg.norm(left), right / np.linalg.norm(right))
    return noise + strength * added


for factor in (2, 3):
    strength = factor * np.sqrt(size)
    found = [fit_bulk(with_direction(strength)) for _ in range(many)]
    largest = np.array([one.singular_values[0] for one in found])
    limit = (strength**2 + size) / strength
    check_mean(
        "R08",
        f"place of {factor} thresholds, over its limit",
        largest / limit,
        1,
        bias=5 / size,
        reason="5 / n for the finite size",
    )
    count = np.mean([one.outliers >= 1 for one in found])
    check("R08", f"share found at {factor} thresholds", count, 1, rounding=0)
below_threshold = [fit_bulk(with_direction(0.5 * np.sqrt(size))) for _ in range(many)]
seen = np.mean([one.outliers > 0 for one in below_threshold])
check(
    "R08",
    "share found at half a threshold",
    seen,
    stats.binom.isf(four_errors, many, 0.01) / many,
    relation="<=",
    reason="1 %, at the chance of four standard errors",
)

# %%
# **Strong values do not hide weaker ones, up to half of all.** Add 25 directions to the 60 by 100 noise, spread from two
# to six thresholds. All are found, and nothing else but what chance makes, which is asked for in at most one of a
# thousand matrices.


def directions(count):
    """Return so many directions among the rows, and among the columns, each at right angles."""
    left, _ = np.linalg.qr(rng.standard_normal((rows, count)))
    right, _ = np.linalg.qr(rng.standard_normal((columns, count)))
    return left, right


step = (rows * columns) ** (1 / 4)
strengths = step * np.linspace(2, 6, 25)
counts = []
for noise in gaussian[:100]:
    left, right = directions(25)
    counts.append(fit_bulk(noise + left * strengths @ right.T, chance=0.001).outliers)
counts = np.array(counts)
check("R08", "least number found of 25", counts.min(), 25, relation=">=", rounding=0)
check(
    "R08",
    "matrices in which more is found",
    (counts > 25).sum(),
    stats.binom.isf(four_errors, 100, 0.001),
    relation="<=",
    reason="0.1 %, at the chance of four standard errors",
)

# %%
# **The scale of the noise comes out a little low.** A direction of strength :math:`\theta` takes one row and one column
# of the noise with it. Of what is left it takes about :math:`np/\theta^2` in squared entries, where the noise has
# variance 1: its singular value, by the formula above, is so much larger. Six directions from eight thresholds on take
# the sum over them, each from the rows and columns that the six leave. Terms of higher order are the square of the
# threshold over the strength as large, a sixty-fourth. The largest part that chance has in it, twice the noise left over
# times what the directions reach of it, has mean zero. It is known here, and subtracted.
strengths = step * np.linspace(8, 16, 6)
left_over = (rows - 6) * (columns - 6)
taken = []
for noise in gaussian:
    left, right = directions(6)
    one = fit_bulk(noise + left * strengths @ right.T, chance=1e-6)
    in_other_rows = noise - left @ (left.T @ noise)
    beside = in_other_rows - in_other_rows @ right @ right.T
    reached = in_other_rows @ right / strengths @ (left.T @ (noise - noise @ right @ right.T))
    by_chance = 2 * np.sum(beside * reached)
    taken.append(np.sum(beside**2) - one.scale * left_over - by_chance)
by_theory = left_over * (1 / strengths**2).sum()
check_mean(
    "R08",
    "squares that six directions take",
    np.array(taken),
    by_theory,
    bias=by_theory / 64,
    reason="1/64 for terms of higher order",
)

# %%
# **The trained layer.** As many singular values stick out as the change has beyond the threshold, give or take those
# within a quarter of it. At this size the threshold is blurred, by about :math:`n^{-1/3} = 0.17` of itself (R03). The
# variance of the noise is that of the start, :math:`1/200`, within a tenth: training left it where it was.
surely = int((change > 1.25 * threshold).sum())
perhaps = int((change > 0.75 * threshold).sum())
check("R08", "outliers, second layer", bulk.outliers, surely, relation=">=", rounding=0)
check("R08", "outliers, second layer, at most", bulk.outliers, perhaps, relation="<=", rounding=0)
check("R08", "directions surely beyond the threshold", surely, 0, relation=">", rounding=0)
off = abs(bulk.scale * width - 1)
check("R08", "variance of the noise, off the start's by", off, 0.1, relation="<", rounding=0)

# %%
# **Training adds to what is there.** Along a direction that knows nothing of the start, the start has about one standard
# deviation of a weight. Along the four strongest directions of the change it has more than four on average, in the
# direction in which it then changed. So a change that is near the threshold shows, where one that is independent of the start is
# mostly missed: below, a direction of 1.1 thresholds in noise of 200 by 200.
change_left, _, change_right = np.linalg.svd(second - start.layers[1].weight)
of_start = start.layers[1].weight * np.sqrt(width)
along = [change_left[:, k] @ of_start @ change_right[k] for k in range(4)]
check("R08", "start along the change, mean of four", np.mean(along), 4, relation=">", rounding=0)
size = 200
found = np.mean([fit_bulk(with_direction(1.1 * np.sqrt(size))).outliers > 0 for _ in range(many)])
check("R08", "share found at 1.1 thresholds, 200 rows", found, 0.6, relation="<", shows="limit")

# %%
# **They lie largely in the directions of the change.** Nine directions of two hundred, drawn at random, would hold 4.5 %
# of an outlier's left singular vector on average, by the law Beta(9/2, 191/2). The nine strongest directions of the
# change hold more of each outlier's than that law gives at the chance of four standard errors.
left, values, right = np.linalg.svd(second)
outlier_vectors = left[:, : bulk.outliers]
shares = np.linalg.norm(change_left[:, :9].T @ outlier_vectors, axis=0) ** 2
by_chance = stats.beta.isf(four_errors, 9 / 2, (width - 9) / 2)
check(
    "R08",
    "share in the change, least outlier",
    shares.min(),
    by_chance,
    relation=">",
    reason="of a random direction, at the chance of four standard errors",
)

# %%
# Where it stops being true
# -------------------------
# **No outlier does not mean that nothing was learned.** The first layer has none, though training moved it too: its
# largest change is below the threshold. And a network of ReLU units, started at the scale that suits them, learns the
# digits as well with no outlier in its two hidden layers, if an outlier is what chance makes in one of a hundred thousand
# matrices. At the level of one in a hundred, as above, its second layer has one at times: the change there is not far
# below the threshold.
# The last layer has only ten rows, and the change is beyond the threshold there, too. But in so small a matrix a
# direction has to be far beyond it to be found.


def largest_change(before, after, number):
    """Return the largest singular value of the change of a layer, in units of its threshold."""
    weight = after.layers[number].weight
    moved = np.linalg.norm(weight - before.layers[number].weight, 2)
    return moved / (np.sqrt(fit_bulk(weight).scale) * weight.size ** (1 / 4))


strict = 1e-5
first = fit_bulk(end.layers[0].weight, chance=strict)
check("R08", "outliers, first layer", first.outliers, 0, rounding=0, shows="limit")
moved = largest_change(start, end, 0)
check(
    "R08", "its largest change, in thresholds", moved, 0.9, relation="<", rounding=0, shows="limit"
)
relu_start = starting_network("relu", he)
relu_end = trained(relu_start, 1600)
check("R08", "accuracy, ReLU", accuracy(relu_end), 0.95, relation=">", rounding=0, shows="limit")
for number in (0, 1):
    found = fit_bulk(relu_end.layers[number].weight, chance=strict).outliers
    check("R08", f"outliers, ReLU, layer {number + 1}", found, 0, rounding=0, shows="limit")
    moved = largest_change(relu_start, relu_end, number)
    what = f"change, ReLU, layer {number + 1}, in thresholds"
    check("R08", what, moved, 0.9, relation="<", rounding=0, shows="limit")
moved = largest_change(relu_start, relu_end, 2)
check(
    "R08",
    "change, ReLU, last layer, in thresholds",
    moved,
    1.1,
    relation=">",
    rounding=0,
    shows="limit",
)

# %%
# **Nor are the outliers all that counts.** The test says what the trained network is worth when its second layer is
# replaced: by its outliers alone, by what is left without them, and by the start. The start alone is better than the
# layer without its outliers. The other layers were trained with the noise in place, and read it.


def accuracy_with(weight):
    """Return the accuracy of the trained network with another second layer."""
    layers = list(end.layers)
    layers[1] = layers[1]._replace(weight=weight)
    return accuracy(end._replace(layers=layers))


outliers_alone = outlier_vectors * values[: bulk.outliers] @ right[: bulk.outliers]
with_outliers_alone = accuracy_with(outliers_alone)
without_outliers = accuracy_with(second - outliers_alone)
with_start = accuracy_with(start.layers[1].weight)
check("R08", "accuracy, trained", accuracy(end), 0.95, relation=">", rounding=0, shows="limit")
check(
    "R08",
    "accuracy, outliers alone",
    with_outliers_alone,
    0.5,
    relation=">",
    rounding=0,
    shows="limit",
)
check(
    "R08",
    "accuracy, start, over no outliers",
    with_start,
    without_outliers,
    relation=">",
    rounding=0,
    shows="limit",
)

# %%
# **Other noise has outliers of its own.** With entries of heavy tails, Student's with five degrees of freedom, a single
# entry can be as large as a singular value. Rows of different sizes make another bulk than the law, with values beyond
# its end: the ``distance`` from the law, times the number of rows, is then far above that of Gaussian matrices.
heavy = rng.standard_t(5, (draws, rows, columns))
share = share_with_outliers(heavy)
check("R08", "share with an outlier, Student's", share, 0.2, relation=">", shows="limit")
uneven = gaussian * np.exp(rng.standard_normal((draws, rows, 1)))
share = share_with_outliers(uneven)
check("R08", "share with an outlier, uneven rows", share, 0.9, relation=">", shows="limit")
of_gaussian = rows * max(fit_bulk(matrix).distance for matrix in gaussian)
of_uneven = rows * min(fit_bulk(matrix).distance for matrix in uneven)
check(
    "R08", "distance times rows, uneven, least", of_uneven, of_gaussian, relation=">", shows="limit"
)

# %%
# **Many values near the threshold hide one another.** If the 25 directions are all at two thresholds, some are missed in
# more than half of the draws.
crowded = []
for noise in gaussian[:100]:
    left, right = directions(25)
    crowded.append(fit_bulk(noise + 2 * step * left @ right.T, chance=0.001).outliers)
share = np.mean(np.array(crowded) >= 25)
check("R08", "share, all 25 found at 2 thresholds", share, 0.9, relation="<", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Train with a rate of 0.5, with Adam, with weight decay. How many directions stick out, and is the noise still there?
# - Take the weights of a layer that you trained, without the start. What does ``fit_bulk`` say of it?
# - Start the network from uniform weights. Does the law of the noise change?

plt.show()
