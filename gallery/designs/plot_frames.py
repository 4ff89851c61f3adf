# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How far apart can many vectors be spread?
=========================================

No further than a bound of Welch allows. Number theory reaches it, or comes within a fixed factor, with a formula for
each entry, while random vectors fall ever further behind. But no dice is not enough: wrong rows collide.

The bound is by Welch (1974), and frames that meet it are a subject of Strohmer and Heath (2003). D07 is about three
explicit families, D10 about a tempting fourth one.
"""

# %%
# Set-up
# ------
# A *frame* is a matrix :math:`F` with :math:`n` columns of length 1 in :math:`m < n` dimensions. Its *coherence*
# :math:`\mu` is the largest :math:`|\langle f_i, f_j\rangle|` of two columns: 0 if all are orthogonal, which is
# impossible here, and 1 if two are the same up to sign. If it is small, vectors :math:`x` with few nonzero entries can
# be found again from :math:`F x`.
#
# Welch: the Gram matrix :math:`F^T F` has trace :math:`n` and at most :math:`m` eigenvalues other than 0, so the
# squares of its entries sum to at least :math:`n^2/m`. Without the ones on the diagonal their mean is at least
# :math:`(n-m)/(m(n-1))`, and the largest is no smaller than the mean.
#
# Three families: *Paley* (from squares modulo :math:`q`), *chirps* (waves of rising pitch, modulo :math:`p`) and
# *DeVore* (graphs of all polynomials of degree up to 2 modulo :math:`p`).
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import comb

from symlib import designs
from symlib.claims import check, summary
from symlib.isometry import coherence, donoho_tanner, welch_bound

rng = np.random.default_rng(1974)
primes = {"Paley": (13, 29, 53, 101, 197), "chirps": (3, 5, 7, 11, 13, 19), "DeVore": (5, 7, 11)}
build = {"Paley": designs.paley, "chirps": designs.chirp, "DeVore": lambda p: designs.devore(p, 2)}


def of_welch(frames):
    """Return the coherence over the Welch bound of that size."""
    return coherence(frames) / welch_bound(*frames.shape[-2:])


columns, ratio, chance = {}, {}, {}
for name in primes:
    frames = [build[name](p) for p in primes[name]]
    columns[name] = [frame.shape[1] for frame in frames]
    ratio[name] = np.array([of_welch(frame) for frame in frames])
    drawn = (rng.standard_normal((5, *frame.shape)) for frame in frames)
    if name == "chirps":  # which are complex
        drawn = (part + 1j * rng.standard_normal(part.shape) for part in drawn)
    chance[name] = np.array([of_welch(sample) for sample in drawn])

# %%
# The tempting one: some rows of a Hadamard matrix, whose entries are 1 and -1 and whose rows are orthogonal. Take 25 of
# 128: the first ones of Sylvester's matrix, or of Paley's, or 25 at random, a thousand times.
sylvester = designs.hadamard(128)
first = sylvester[:25]
rows = rng.permuted(np.tile(np.arange(128), (1000, 1)), axis=1)[:, :25]
drawn = coherence(sylvester[rows])

# %%
# The figure
# ----------
# Left: coherence over the Welch bound. Lines are the theory of the explicit frames; marks of the same shape above them
# are the means of five Gaussian matrices of the same sizes. Right: the thousand coherences of 25 random rows, and the
# one of the first rows.
fig, (ax, bars) = plt.subplots(1, 2, width_ratios=(1.5, 1))
n, p = np.geomspace(9, 1331), np.geomspace(3, 19)
ax.axhline(1, color="gray", linestyle="-", linewidth=1)
ax.plot(p**2, np.sqrt(1 + 1 / p), color="C1", linestyle="-", linewidth=1)
p = np.geomspace(5, 11)
ax.plot(p**3, 2 / p * np.sqrt((p**3 - 1) / (p - 1)), color="C2", linestyle="-", linewidth=1)
for k, (name, marker) in enumerate(zip(primes, "os^")):
    ax.plot(columns[name], ratio[name], marker, color=f"C{k}")
    ax.plot(columns[name], chance[name].mean(axis=1), marker + ":", color="C3", linewidth=1)
for text, place, color in (
    ("random", (28, 5.1), "C3"),
    ("DeVore", (250, 2.5), "C2"),
    ("chirps", (10, 1.45), "C1"),
    ("Paley", (30, 0.45), "C0"),
):
    ax.annotate(text, place, color=color)
ax.set(xscale="log", ylim=(0, 5.7), xlabel="columns", ylabel="coherence / Welch bound")
ax.set_title("Three families, no dice")
levels, counts = np.unique(np.round(drawn, 2), return_counts=True)
bars.bar(levels, counts, width=0.06, color="C3")
bars.axvline(1, color="C0")
bars.annotate("random\nrows", (0.56, 350), color="C3")
bars.annotate("first\nrows", (0.97, 200), color="C0", ha="right")
bars.set(xlim=(0.25, 1.05), xticks=[0.4, 0.6, 0.8, 1], xlabel="coherence", ylabel="draws of 1000")
bars.set_title("25 rows of 128")
fig.alt_text = (
    "Explicit frames stay near the Welch bound: Paley on it, chirps just above, DeVore near twice "
    "the bound; random ones rise to five times it. Right: 25 random rows of a Hadamard matrix have a "
    "coherence near one half, the first 25 have 1."
)

# %%
# What this page promises
# -----------------------
# **Exact, D07.** :math:`1/\sqrt q` for Paley, which is the Welch bound of :math:`q+1` vectors in :math:`(q+1)/2`
# dimensions; :math:`1/\sqrt p` for :math:`p^2` chirps in :math:`p`; :math:`r/p` for polynomials of degree :math:`r`, as
# two of them meet in at most :math:`r` of :math:`p` points.
rounding = {"atol": 1e-12, "reason": "rounding"}
for name, law in (("Paley", np.sqrt), ("chirps", np.sqrt), ("DeVore", lambda p: p / 2)):
    products = [coherence(build[name](p)) * law(p) for p in primes[name]]
    worst = products[np.argmax(np.abs(np.array(products) - 1))]
    check("D07", f"coherence over the formula, {name}", worst, 1, **rounding)
check("D07", "Paley over Welch, worst", ratio["Paley"].max(), 1, **rounding)
least = chance["Paley"][-1].min()
check("D07", "random over Welch, 99 x 198, least of 5", least, 3.5, relation=">")

# %%
# **Equal columns, D10.** Entry :math:`(j, i)` of Sylvester's matrix depends on the binary digits that :math:`j` and
# :math:`i` share. Rows 0 to 24 have five digits, so the other two digits of the column do not matter: four copies of
# each of 32 columns. The product of two columns is a column again, and half of its 128 signs are plus. So a cosine of
# 25 random rows comes from a draw of 25 out of 64 pluses and 64 minuses. There are 127 of them, and 127 times the
# chance of one to be 0.8 or more bounds that of a coherence of 0.8 or more.
check("D10", "distinct columns, first 25 rows", len(np.unique(first, axis=1).T), 32)
check("D10", "coherence, first 25 rows", coherence(first), 1)
agree = np.arange(26)
each = comb(64, agree) * comb(64, 25 - agree) / comb(128, 25)
tail = 127 * each[np.abs(2 * agree - 25) >= 0.8 * 25].sum()
check("D10", "bound of the chance of 0.8 or more", tail, 0.001, relation="<")
check("D10", "median coherence, 25 random rows", np.median(drawn), 0.6, relation="<")
check("D10", "share of draws with 0.8 or more", np.mean(drawn >= 0.8), 0.007, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Few, not many.** From the coherence follows recovery of :math:`k < (1 + 1/\mu)/2` nonzero entries, by the bound of
# Welch never more than the order of :math:`\sqrt m`. Most vectors with far more are recovered by a random matrix.
k = np.ceil((1 + 1 / coherence(designs.paley(197))) / 2) - 1
check("D07", "entries that coherence ensures, m = 99", k, 7)
check("D07", "typical entries over these", 99 * donoho_tanner(0.5) / k, 5, relation=">")

# %%
# **The order is at fault**, not Hadamard. Any 25 rows have the same mean square cosine, that of Welch: what one pair of
# columns gains, another loses. The first rows put it all on a few pairs. Paley's matrix of order 128 has another order,
# and its first 25 rows have no equal columns.
square = np.mean((first.T @ first / 25)[~np.eye(128, dtype=bool)] ** 2)
check("D10", "mean square cosine over Welch's", square / welch_bound(25, 128) ** 2, 1, **rounding)
other = designs.hadamard(128, construction="paley")[:25]
check("D10", "distinct columns, Paley's order", len(np.unique(other, axis=1).T), 128)
check("D10", "coherence, Paley's order", coherence(other), 19 / 25, **rounding)
summary()

# %%
# Try it yourself
# ---------------
# - Take the first 32 rows of Sylvester's matrix, and the first 33. How many columns are distinct?
# - Draw random signs for a matrix of 25 rows. Is it better or worse than 25 random rows of a Hadamard matrix?
# - Which null vectors does a frame with equal columns have? How sparse can they be for Paley's?

plt.show()
