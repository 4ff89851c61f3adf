# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Does a shared seed show?
========================

It does where two layers draw by one rule in which each entry is one number of the sequence times a factor of the layer:
layers of one shape are equal, and others begin with the same numbers up to that factor, which 24 numbers tell from chance.
It may not where one number was drawn before, where another law or precision makes other numbers of the same bits, or
where a rule draws again or decomposes what it drew.

When a shared seed shows in the arrays, U02, is derived here. What it does to training is another question, and has a
page of its own in the part on the networks people train: two layers in a row from one seed are not tied, and parallel
ones can be.
"""

# %%
# Set-up
# ------
# A generator with a seed gives one sequence of numbers. A layer that seeds its own generator takes them from the
# beginning, and lays them out row by row. So two layers with one seed hold the same numbers, as far as the shorter one
# goes, if both ask for the same kind of number in the same order.
#
# The first layer is always a matrix of 64 by 32 normal numbers. Here are ways to draw a second one from the same seed.
import matplotlib.pyplot as plt
import numpy as np
from scipy import special, stats

from symlib.audit import audit
from symlib.claims import check, check_mean, summary

shape = (64, 32)
other_shape = (32, 48)


def drawn(shape, seed):
    """Return normal numbers as a layer draws them that seeds its own generator."""
    return np.random.default_rng(seed).standard_normal(shape)


def drawn_later(seed):
    """Return what a layer draws that has drawn another number before."""
    numbers = drawn(64 * 32 + 1, seed)
    return numbers[1:].reshape(shape)


def cut(shape, seed):
    """Return normal numbers of which those beyond 2 are drawn again, until none is."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal(shape)
    beyond = np.abs(numbers) > 2
    while np.any(beyond):
        numbers[beyond] = rng.standard_normal(np.sum(beyond))
        beyond = np.abs(numbers) > 2
    return numbers


second_layers = {
    "the same": lambda seed: drawn(shape, seed),
    "another scale": lambda seed: drawn(shape, seed) / 7,
    "another shape": lambda seed: drawn(other_shape, seed),
    "transposed": lambda seed: drawn((48, 32), seed).T,
    "orthogonal, by QR": lambda seed: np.linalg.qr(drawn(shape, seed))[0],
    "cut at 2": lambda seed: cut(shape, seed),
    "one number later": drawn_later,
    "single precision": lambda seed: np.random.default_rng(seed).standard_normal(shape, np.float32),
    "uniform": lambda seed: np.random.default_rng(seed).uniform(-1, 1, shape),
    "another seed": lambda seed: drawn(shape, seed + 1000),
}
between_layers = ("equal arrays", "same stream", "similar arrays")


def told(first, second):
    """Return what the audit says of two layers beside each other, or nothing."""
    # hundreds of pairs are looked at, so that one in a thousand would come up by chance
    findings = audit({"first": first, "second": second}, chance=1e-9)
    kinds = [one.kind for one in findings if one.kind in between_layers]
    return kinds[0] if kinds else "nothing"


def likeness(first, second):
    """Return the correlation of the first 24 numbers without its sign, by rows or by columns."""
    by_rows = np.corrcoef(first.flat[:24], second.flat[:24])[0, 1]
    by_columns = np.corrcoef(first.T.flat[:24], second.T.flat[:24])[0, 1]
    across = np.corrcoef(first.flat[:24], second.T.flat[:24])[0, 1]
    return max(abs(by_rows), abs(by_columns), abs(across))


seeds = range(20)
likenesses = {}
verdicts = {}
for name, second_layer in second_layers.items():
    layers = [(drawn(shape, seed), second_layer(seed)) for seed in seeds]
    likenesses[name] = np.array([likeness(first, second) for first, second in layers])
    verdicts[name] = np.array([told(first, second) for first, second in layers])

# %%
# The figure
# ----------
# A point for each of 20 seeds: how alike the beginnings of the two layers are. Its mark is what the audit says.
fig, ax = plt.subplots()
marks = {
    "equal arrays": ("s", "C0"),
    "same stream": ("o", "C2"),
    "similar arrays": ("^", "C3"),
    "nothing": (".", "gray"),
}
names = list(second_layers)
for verdict, (mark, color) in marks.items():
    across = []
    down = []
    for place, name in enumerate(names):
        chosen = likenesses[name][verdicts[name] == verdict]
        across += list(chosen)
        down += [place] * chosen.size
    ax.plot(across, down, mark, color=color, label=verdict)
ax.set_yticks(range(len(names)), names)
ax.invert_yaxis()
ax.set_xlim(-0.02, 1.05)
ax.set_xlabel("correlation of the first 24 numbers")
ax.set_title("A second layer from the seed of the first", fontsize="medium")
ax.legend(title="the audit says", loc="upper left")
fig.alt_text = (
    "Beginnings have the correlation 1 where the second layer is drawn by the rule of the first, "
    "in another scale, shape or order, and the audit says so; cut numbers of the same shape are "
    "told, too; one number later, in single precision or with uniform numbers nothing is left."
)

# %%
# What this page promises
# -----------------------
# **One rule, one sequence, U02.** Layers of one shape and scale are equal. In another scale or shape, or transposed,
# the numbers begin with the same ones, up to a factor. The audit keeps the first 24 numbers of each array, by rows
# and by columns, takes off their mean, divides by their length, and compares: so a shift does not hide them either.
# What its name or values make a table, as of positions, it leaves out.
expected_of = {
    "the same": "equal arrays",
    "another scale": "same stream",
    "another shape": "same stream",
    "transposed": "same stream",
    "orthogonal, by QR": "same stream",
}
for name, expected in expected_of.items():
    share = np.mean(verdicts[name] == expected)
    check("U02", f"share told, {name}", share, 1)
    check("U02", f"least correlation, {name}", likenesses[name].min(), 1, rounding=1e-12)
moved = 0.5 + drawn(other_shape, 1) / 100
check("U02", "told, another mean", told(drawn(shape, 1), moved) == "same stream", True)

# %%
# The orthogonal matrix shows, too, because a QR decomposition begins with the first column, and only scales it:
# in a matrix with as many columns, whose first column is made of the same numbers.
#
# **Chance does not do this.** For independent normal numbers the square of a correlation of 24 has the law
# Beta(1/2, 11), by the argument for two similar rows in one dimension less. The audit takes beginnings as equal if each
# of 24 entries agrees to two thousandths. Then 1 minus the square is below :math:`24 \cdot 0.002^2`.
pair_by_chance = stats.beta(11, 0.5).cdf(24 * 0.002**2)
check("U02", "chance of a pair of beginnings", pair_by_chance, 1e-40, relation="<")
(found,) = audit({"first": drawn(shape, 1), "second": drawn(other_shape, 1)})
checks = found.chance / (6 * pair_by_chance)
check("U02", "checks of the audit, off a whole number", checks, round(checks), rounding=1e-6)
share = np.mean(verdicts["another seed"] == "nothing")
check("U02", "share without a finding, another seed", share, 1)

# %%
# **One generator for all layers**, or generators that are split off from one, leaves nothing to see.
one_generator = np.random.default_rng(2)
left, right = np.random.default_rng(2).spawn(2)
ways = {
    "one generator": (one_generator, one_generator),
    "split generators": (left, right),
}
for name, (of_first, of_second) in ways.items():
    silent = 0
    for _ in seeds:
        first = of_first.standard_normal(shape)
        second = of_second.standard_normal(other_shape)
        silent += told(first, second) == "nothing"
    check("U02", f"draws without a finding, {name}", silent, len(seeds))

# %%
# **Other numbers from the same bits.** A normal number can be made of a uniform one by the quantile function: then both
# laws give numbers that rise together. Their correlation is :math:`\sqrt{3/\pi}`, as the covariance of a uniform number
# and its normal quantile is :math:`1/(2\sqrt\pi)`. That is too little for one stream, and enough for *similar arrays*,
# which the audit looks for among arrays of equally many numbers.
#
# Where numbers beyond 2 are drawn again, the correlation with those that were not cut is :math:`q\sqrt m`, with the
# share :math:`q` that is within 2 at once, and :math:`m` the mean square of what is within 2: the covariance is
# :math:`qm`, as a number that is drawn anew does not depend on the one before it.
of_quantiles = []
of_cut = []
for seed in range(100):
    uniform = np.random.default_rng(seed).uniform(0, 1, shape)
    normal = drawn(shape, seed)
    of_quantiles.append(np.corrcoef(uniform.flat, special.ndtri(uniform).flat)[0, 1])
    of_cut.append(np.corrcoef(normal.flat, cut(shape, seed).flat)[0, 1])
check(
    "U02",
    "told, normal by quantiles",
    told(uniform, special.ndtri(uniform)) == "similar arrays",
    True,
)
share_kept = special.erf(np.sqrt(2))
mean_square_kept = 1 - 4 * stats.norm.pdf(2) / share_kept
check_mean(
    "U02",
    "correlation, uniform and its quantiles",
    of_quantiles,
    np.sqrt(3 / np.pi),
    bias=1 / 2048,
    reason="one over the numbers in a layer",
)
check_mean(
    "U02",
    "correlation, cut and not",
    of_cut,
    share_kept * np.sqrt(mean_square_kept),
    bias=1 / 2048,
    reason="one over the numbers in a layer",
)

# %%
# Where it stops being true
# -------------------------
# **A sequence that is out of step.** If a layer has drawn one number more before its weights, these come one later, and
# neither comparison finds it. Single precision and uniform numbers take other bits, or make other numbers of them, and
# no correlation is found. So that nothing was found does not prove that the seeds differ.
for name in ("one number later", "single precision", "uniform"):
    share = np.mean(verdicts[name] == "nothing")
    check("U02", f"share without a finding, {name}", share, 1, shows="limit")


# %%
# **Rules that draw again, or decompose.** Layers of two shapes that both draw by such a rule need not begin with the same
# numbers. Of normal numbers cut at 2 those beyond are drawn again after all others, so that it depends on where they
# are. Orthogonal columns of another matrix have other first entries.
def orthogonal(shape, seed):
    """Return orthogonal columns, from normal numbers."""
    return np.linalg.qr(drawn(shape, seed))[0]


def share_told(rule, other):
    """Return the share of 40 seeds in which a layer beside one of another shape is told."""
    return np.mean([told(rule(shape, seed), rule(other, seed)) != "nothing" for seed in range(40)])


of_cut_layers = share_told(cut, other_shape)
check("U02", "share told, both cut, two shapes", of_cut_layers, 1, relation="<", shows="limit")
of_orthogonal = share_told(orthogonal, (64, 48))
check("U02", "share told, both orthogonal, two shapes", of_orthogonal, 0, shows="limit")

# %%
# **Numbers that are cut.** In arrays of other shapes a cut law shows only if none of the first 24 numbers was cut, or by
# so little that they still agree to two thousandths. We count the draws in which this is otherwise.


def beginning(layer):
    """Return the first 24 numbers less their mean, at length 1."""
    centered = layer.flat[:24] - np.mean(layer.flat[:24])
    return centered / np.linalg.norm(centered)


surprises = 0
agreed = 0
for seed in range(40):
    first = drawn(shape, seed)
    second = cut(other_shape, seed)
    agrees = np.abs(beginning(first) - beginning(second)).max() <= 0.002
    is_told = told(first, second) == "same stream"
    agreed += agrees
    surprises += agrees != is_told
check("U02", "draws in which this is otherwise", surprises, 0, shows="limit")
check("U02", "of 40 draws, those that agree", agreed, 40, relation="<", shows="limit")

# %%
# **Few numbers, and few values.** Fewer than 24 numbers are not compared, but for equality to the bit. Signs are many
# times the same number, so that their beginnings are left aside, and equal arrays of signs count as a table.
short = drawn((4, 5), 3)
check("U02", "told, 20 equal numbers", told(short, short.copy()) == "equal arrays", True)
check("U02", "told, 20 numbers, scaled", told(short, short / 7) == "nothing", True, shows="limit")
signs = np.sign(drawn(shape, 4))
check(
    "U02", "told, signs of another shape", told(signs, signs[:30]) == "nothing", True, shows="limit"
)
(of_signs,) = audit({"first": signs, "second": signs.copy()})
check("U02", "equal signs are a table", of_signs.kind == "equal tables", True, shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Draw a layer of convolutions, of shape (64, 3, 3, 3), from the seed of the first. Is it told?
# - Draw uniform numbers in both layers, one from -1 to 1 and the other from 0 to 1. Which finding comes besides?
# - Make ten layers from ten seeds, and one of them with the seed of another. How many findings are there?

plt.show()
