# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How unlikely are two similar rows?
==================================

It depends on how many entries they have: among 64 rows of a few entries a nearly parallel pair is usual, and among 64
rows of some hundreds of entries it has, by an exact law for normal entries, next to no chance.
Among independent rows of one law, none of them 0, no other law has a smaller mean of an even power of the cosine, and
heavy tails and short rows of signs make many more similar pairs.

That rows in many dimensions are nearly orthogonal, and what becomes of the smallest angle as their number grows, is the
subject of Cai, Fan and Jiang (2013). U01, for any number of rows, is derived here: it is what the audit calls *similar
rows*.
"""

# %%
# Set-up
# ------
# Two rows are similar if they are nearly parallel or nearly opposite: if the square of their cosine :math:`c` is near
# 1. We draw matrices of 64 rows, which have 2016 pairs.
#
# Let one of two independent rows have a direction that is *uniform* on the sphere, as that of :math:`d` independent
# normal entries of mean 0 and one variance is. Then :math:`c^2` has the law Beta(1/2, (d - 1)/2), whatever the other row is: turn the sphere until
# the other row is the first axis, and :math:`c^2` is the square of one normal number over the sum of :math:`d` squares.
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from symlib.audit import audit
from symlib.claims import check, check_mean, summary

rows = 64
pairs = rows * (rows - 1) / 2
rng = np.random.default_rng(2013)


def law(entries):
    """Return the law of the squared cosine of two rows of so many entries."""
    return stats.beta(0.5, (entries - 1) / 2)


def squared_cosines(matrices):
    """Return the squared cosines of all pairs of rows, for each matrix."""
    directions = matrices / np.linalg.norm(matrices, axis=2, keepdims=True)
    products = directions @ np.swapaxes(directions, 1, 2)
    first, second = np.triu_indices(matrices.shape[1], 1)
    return products[:, first, second] ** 2


sizes = [4, 8, 16, 32, 64, 128, 256, 512]
most_similar = {}
for entries in sizes:
    matrices = rng.standard_normal((12, rows, entries))
    most_similar[entries] = np.sqrt(squared_cosines(matrices).max(axis=1))

# %%
# Other laws of the entries: for each the share of 400 matrices in which a pair is so similar that for normal entries it
# would be in 1 of 20 matrices at most.
draws = 400
laws = {
    "normal": rng.standard_normal,
    "uniform": lambda shape: rng.uniform(-1, 1, shape),
    "signs": lambda shape: rng.choice([-1.0, 1.0], shape),
    "heavy tails": lambda shape: rng.standard_t(3, shape),
}
widths = [8, 16, 32, 64]
shares = {name: [] for name in laws}
squares_of = {}
for name, draw in laws.items():
    for entries in widths:
        squares = squared_cosines(draw((draws, rows, entries)))
        largest = squares.max(axis=1)
        shares[name].append(np.mean(largest > law(entries).isf(0.05 / pairs)))
        squares_of[name, entries] = squares

# %%
# The figure
# ----------
# On the left the cosine of the most similar pair of 64 normal rows, in 12 draws of each width, without its sign; the
# lines are levels that at most one in two draws, and at most one in a million, passes. On the right the share of
# matrices, of other laws too, that pass the level of at most 1 in 20 for normal rows.
fig, (left, right) = plt.subplots(1, 2)
for entries, cosines in most_similar.items():
    left.plot(np.full(12, entries), cosines, "o", color="C0", markersize=3)
grid = np.geomspace(4, 512, 60)
for chance, color, label in ((1e-6, "C1", "one in a million"), (0.5, "gray", "one in two")):
    left.plot(grid, np.sqrt(law(grid).isf(chance / pairs)), color=color, label=label)
left.set_xscale("log")
left.set_xticks([4, 16, 64, 256], [4, 16, 64, 256])
left.minorticks_off()
left.set_ylim(0, 1.05)
left.set_xlabel("entries of a row")
left.set_ylabel("largest cosine")
left.set_title("Normal rows", fontsize="medium")
left.legend()
markers = {"normal": "o-", "uniform": "v-", "signs": "^-", "heavy tails": "s-"}
for name, marker in markers.items():
    right.plot(widths, shares[name], marker, label=name)
right.axhline(0.05, color="gray", linestyle="dotted")
right.set_xscale("log")
right.set_xticks(widths, widths)
right.minorticks_off()
right.set_ylim(0, 1.35)
right.set_xlabel("entries of a row")
right.set_ylabel("share of matrices")
right.set_title("Beyond the level of 1 in 20", fontsize="medium")
right.legend(loc="upper right")
fig.alt_text = (
    "Left: the largest cosine among 64 normal rows falls from nearly 1 at four entries to about a "
    "fifth at 512, along the line of theory. Right: pairs beyond the level of 1 in 20 are that "
    "rare for normal rows, more frequent for uniform ones and signs of few entries, and usual for "
    "heavy tails in rows of 32 entries and more."
)

# %%
# What this page promises
# -----------------------
# **The law of one pair, U01.** We compare 20,000 independent pairs with it, by the largest distance of the two
# distribution functions, whose own law is known. Then one of the rows is fixed, with two entries that are not 0.
count = 20_000
four_errors = 2 * stats.norm.sf(4)
reason = "exact law of the distance, at the chance of four standard errors"


def squared_cosine(one, other):
    """Return the squared cosine of rows with rows."""
    products = np.sum(one * other, axis=-1)
    return products**2 / np.sum(one**2, axis=-1) / np.sum(other**2, axis=-1)


normal = rng.standard_normal((2, count, 8))
fixed = np.array([3.0, -1.0, 0, 0, 0, 0, 0, 0])
far = stats.kstwo(count).isf(four_errors)
for name, one in {"two normal rows": normal[1], "one row is fixed": fixed}.items():
    distance = stats.kstest(squared_cosine(normal[0], one), law(8).cdf).statistic
    check("U01", f"distance to the law, {name}", distance, 0, atol=far, reason=reason)

# %%
# **Many pairs.** Let a level be passed by one pair with the chance :math:`p`. Of :math:`M` pairs :math:`Mp` pass on
# average. So the chance that any of them passes is at most :math:`Mp`: this is the *union bound*.
#
# What does it lose? The cosines of any two pairs are independent, even if they share a row: given that row, the two
# others are independent of each other, and the law of each cosine is the same whatever the row is. So two pairs pass
# together with the chance :math:`p^2`, and the expected number of pairs of pairs is
# :math:`\lambda^2 (1 - 1/M)/2` with :math:`\lambda = Mp`. Where :math:`w` pairs pass, :math:`w - w(w - 1)/2` is
# at most 1, and 0 for :math:`w = 0`. So the chance is at least :math:`\lambda - \lambda^2/2`. At a chance of one in a thousand the bound is
# wrong by half a thousandth of that, at most.
few = 16
pairs_of_few = few * (few - 1) / 2
squares = squared_cosines(rng.standard_normal((16_000, few, 8)))


def passing(expected):
    """Return how many pairs of each matrix pass a level that so many pass on average."""
    return np.sum(squares > law(8).isf(expected / pairs_of_few), axis=1)


passed = passing(3)
check_mean("U01", "pairs that pass, 3 expected", passed, 3)
together = 4.5 * (1 - 1 / pairs_of_few)
check_mean("U01", "pairs of pairs, 3 expected", passed * (passed - 1) / 2, together)
passed = passing(0.5)
loss = np.mean(passed) - np.mean(passed > 0)
check("U01", "what the bound loses, at 1/2", loss, 0.5**2 / 2, relation="<=")

# %%
# **The level of the audit.** It takes :math:`Mp` times the number of its checks as the chance of a pair, and says
# *similar rows* when this is below one in a thousand. Here a row is put at a given cosine to another one, and we let
# all pairs be compared. From the chance that is said we get the number of checks and so the level: pairs just beyond it
# are told, and pairs just short of it are not.
entries = 32
weight = rng.standard_normal((rows, entries))


def told(cosine):
    """Return the findings in a matrix of which row 9 has the given cosine to row 3."""
    along = weight[3] / np.linalg.norm(weight[3])
    across = weight[9] - (weight[9] @ along) * along
    across = across / np.linalg.norm(across)
    planted = weight.copy()
    planted[9] = cosine * along + np.sqrt(1 - cosine**2) * across
    planted[9] *= np.linalg.norm(weight[9])
    findings = audit({"w": planted}, thorough=True)
    return [one for one in findings if one.kind == "similar rows"]


(found,) = told(0.95)
of_one_pair = law(entries).sf(0.95**2)
checks = found.chance / (pairs * of_one_pair)
check("U01", "checks of the audit, off a whole number", checks, round(checks), rounding=1e-6)
level = np.sqrt(law(entries).isf(1e-3 / pairs / round(checks)))
check("U01", "findings, a little beyond the level", len(told(level + 1e-3)), 1)
check("U01", "findings, a little short of it", len(told(level - 1e-3)), 0)

# %%
# **No law of rows has fewer similar pairs, in the mean.** Let two independent unit vectors :math:`u` and :math:`v` have
# one law, whichever. The mean of :math:`c^{2k}` is the square of the length of the tensor
# :math:`T = E[u \otimes \dots \otimes u]` with :math:`2k` factors. Let :math:`S` be that of the uniform law. For each
# unit vector the mean of :math:`c^{2k}` with a uniform one is the same number, so
# :math:`\langle T, S\rangle = \langle S, S\rangle`, and :math:`|T|^2 = |S|^2 + |T - S|^2`. So each other law has the
# same mean or a larger one. The uniform law has :math:`1/d` for :math:`c^2`, and :math:`3/(d(d + 2))` for :math:`c^4`.
#
# Independent entries of one law that is symmetric about 0 have :math:`1/d`, too. In the fourth power they differ: for
# signs the mean of :math:`c^4` is :math:`(3d - 2)/d^3`. Short tails and long ones both raise it.
second_powers = {}
fourth_powers = {}
for name in laws:
    second_powers[name] = squares_of[name, 8].mean(axis=1)
    fourth_powers[name] = np.mean(squares_of[name, 8] ** 2, axis=1)
of_normal = 3 / (8 * 10)
check_mean("U01", "second power, uniform", second_powers["uniform"], 1 / 8)
check_mean("U01", "fourth power, normal", fourth_powers["normal"], of_normal)
check_mean("U01", "fourth power, signs", fourth_powers["signs"], (3 * 8 - 2) / 8**3)
for name in ("uniform", "heavy tails"):
    ratio = fourth_powers[name].mean() / of_normal
    check("U01", f"fourth power, {name}, over normal", ratio, 1, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Few values.** Two rows of :math:`d` random signs are equal, or opposite, with the chance :math:`2^{1-d}`, which the
# law of normal rows says is 0. So where an array holds few values the audit does not ask for similar rows, and for
# equal rows it takes the chance from how often two of its entries agree. It says nothing of equal rows of 8 signs, however
# many there are, and tells a copied row of 64.
signs = rng.choice([-1, 1], (1000, rows, 8))
products = np.einsum("bif,bjf->bij", signs, signs)
alike = np.sum(np.abs(products) == 8, axis=(1, 2))
equal_pairs = (alike - rows) / 2
check_mean("U01", "equal pairs of signs", equal_pairs, pairs / 2**7, shows="limit")
kinds = [one.kind for one in audit({"w": signs[0].astype(float)})]
check("U01", "equal rows told, of 8 signs", kinds.count("equal rows"), 0)
long_signs = rng.choice([-1.0, 1.0], (rows, 64))
long_signs[9] = long_signs[3]
kinds = [one.kind for one in audit({"w": long_signs})]
check("U01", "equal rows told, one copied of 64 signs", kinds.count("equal rows"), 1)

# %%
# **Heavy tails.** Where a few entries make up a row, two rows that have them in the same place are similar. With
# Student's law of three degrees of freedom, many matrices of 64 rows of 64 entries pass the level of 1 in 20. The audit
# tells their *single entries*, as these explain the rest.
share = shares["heavy tails"][-1]
check("U01", "share beyond 1 in 20, heavy tails", share, 0.05, relation=">", shows="limit")
kinds = [one.kind for one in audit({"w": rng.standard_t(3, (rows, 64))}, thorough=True)]
check("U01", "single entries told, heavy tails", kinds.count("single entries"), 1)
check("U01", "similar rows told, heavy tails", kinds.count("similar rows"), 0)

# %%
# **Columns of unequal scale.** Where the same 8 of 16 entries are 0 in each row, the law is that of 8 entries. If
# columns have scales of their own, the mean of :math:`c^2` is :math:`\sum_i q_i^2`, with :math:`q_i` the mean share of
# entry :math:`i` in the squared length of a row: more than :math:`1/d` unless all shares are equal.
many = 8 * count  # so that the two laws are told apart by a twentieth
half = rng.standard_normal((2, many, 16)) * (np.arange(16) < 8)
far_of_many = stats.kstwo(many).isf(four_errors)
of_half = squared_cosine(half[0], half[1])
distance = stats.kstest(of_half, law(8).cdf).statistic
check("U01", "distance, eight of 16 columns are 0", distance, 0, atol=far_of_many, reason=reason)
between = np.linspace(0, 1, 1001)
expected = np.abs(law(8).cdf(between) - law(16).cdf(between)).max()
distance = stats.kstest(of_half, law(16).cdf).statistic
check(
    "U01",
    "distance to the law of 16 entries",
    distance,
    expected,
    atol=far_of_many,
    reason=reason,
    shows="limit",
)
scaled = rng.standard_normal((2, count, 16)) / np.arange(1, 17)
found = squared_cosine(scaled[0], scaled[1])
own_shares = scaled**2 / np.sum(scaled**2, axis=2, keepdims=True)
mean_shares = own_shares.mean(axis=(0, 1))
error = 2 * np.std(own_shares @ mean_shares) / np.sqrt(2 * count)
check_mean(
    "U01",
    "second power, scales 1/i",
    found,
    np.sum(mean_shares**2),
    bias=4 * error,
    reason="four of the shares, as measured",
    shows="limit",
)
ratio = 16 * found.mean()
check("U01", "the same, over normal rows", ratio, 1, relation=">", shows="limit")

# %%
# **A common mean.** Of rows of independent entries of one law with mean :math:`\mu` and mean square :math:`s` the cosines
# tend to :math:`\mu^2/s` as the rows get longer: to 3/4 for uniform entries from 0 to 1, but only to
# :math:`e^{-4} = 0.02` for lognormal ones, all of them positive, whose logarithm has the standard deviation 2. Here the least similar pair passes the level of 1 in 20. The audit tells a *shared
# mean*, which explains it.
positive = rng.uniform(0, 1, (rows, 64))
least = squared_cosines(positive[np.newaxis]).min()
at_level = law(64).isf(0.05 / pairs)
check("U01", "least square, positive entries", least, at_level, relation=">", shows="limit")
kinds = [one.kind for one in audit({"w": positive}, thorough=True)]
check("U01", "shared mean told, positive entries", kinds.count("shared mean"), 1)
check("U01", "similar rows told, positive entries", kinds.count("similar rows"), 0)

# %%
# **Very few entries.** In the plane, 64 lines through 0 cannot be far apart: two of them are at most one 64th of half a
# turn from each other. Where :math:`Mp` is above 1 the bound says nothing, rightly.
planes = squared_cosines(rng.standard_normal((200, rows, 2)))
least = np.sqrt(planes.max(axis=1).min())
check("U01", "least cosine of 200 draws in a plane", least, np.cos(np.pi / rows), relation=">=")
summary()

# %%
# Try it yourself
# ---------------
# - How many normal rows of 16 entries does it take until a pair has a cosine of 0.95, one time in two?
# - Draw the rows of an orthogonal matrix. They are not independent: what is their largest cosine?
# - Entries of a normal law that is cut at two standard deviations: on which side of the normal ones are they?

plt.show()
