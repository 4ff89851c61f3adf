# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
How far apart can many vectors be spread?
=========================================

No further than a bound of Welch allows: number theory reaches it, or comes within a fixed factor, with a formula for
each entry, while random vectors of the same sizes stay well above it. But leaving out chance is not enough: with badly
chosen rows of a Hadamard matrix, columns become equal.

The bound is by Welch (1974), and frames that meet it are a subject of Strohmer and Heath (2003). D07 is about three
explicit families, D10 about a tempting fourth one.
"""

# %%
# Set-up
# ------
# A *frame* is here a matrix :math:`F` of :math:`n` columns of length 1 that span :math:`m < n` dimensions. Its
# *coherence* :math:`\mu` is the largest :math:`|\langle f_i, f_j\rangle|` of two columns. It would be 0 if all were
# orthogonal, which is impossible here, and it is 1 if two are the same up to sign. If it is small, vectors :math:`x`
# with few nonzero entries can be found again from :math:`F x`.
#
# Welch's argument: the Gram matrix :math:`F^* F` has trace :math:`n` and at most :math:`m` eigenvalues other than 0. So
# the squares of its entries sum to at least :math:`n^2/m`. Without the ones on the diagonal, their mean is at least
# :math:`(n-m)/(m(n-1))`, and the largest is no smaller than the mean.
#
# Three families: *Paley* (from the squares modulo :math:`q`), *chirps* (complex waves of rising pitch, modulo
# :math:`p`) and *DeVore* (the graphs of all polynomials of degree up to :math:`r` modulo :math:`p`; in the figure
# :math:`r = 2`).
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import comb

from symlib import designs
from symlib.claims import check, summary
from symlib.isometry import coherence, donoho_tanner, welch_bound

rng = np.random.default_rng(1974)
frames = {
    "Paley": [designs.paley(q) for q in (13, 29, 53, 101, 197)],
    "chirps": [designs.chirp(p) for p in (3, 5, 7, 11, 13, 19)],
    "DeVore": [designs.devore(p, 2) for p in (5, 7, 11)],
}


def over_welch(frame):
    """Return the coherence over the Welch bound of that size."""
    m, n = frame.shape
    return coherence(frame) / welch_bound(m, n)


def random_like(frame):
    """Draw a Gaussian matrix of the same shape, complex if the frame is."""
    drawn = rng.standard_normal(frame.shape)
    if np.iscomplexobj(frame):
        drawn = drawn + 1j * rng.standard_normal(frame.shape)
    return drawn


columns = {}
explicit = {}
random = {}
for name, family in frames.items():
    columns[name] = [frame.shape[1] for frame in family]
    explicit[name] = [over_welch(frame) for frame in family]
    random[name] = np.empty((len(family), 5))
    for row, frame in enumerate(family):
        for draw in range(5):
            random[name][row, draw] = over_welch(random_like(frame))

# %%
# The tempting one: some rows of a Hadamard matrix, whose entries are 1 and -1 and whose rows are orthogonal. Take 25 of
# 128 rows: the first ones of Sylvester's matrix, or the first ones of Paley's, or 25 of Sylvester's at random, a
# thousand times.
sylvester = designs.hadamard(128)
first = sylvester[:25]
random_coherences = np.empty(1000)
for draw in range(1000):
    rows = rng.permutation(128)[:25]
    random_coherences[draw] = coherence(sylvester[rows])

# %%
# The figure
# ----------
# Left: coherence over the Welch bound. Lines are the theory of the explicit frames; marks of the same shape above them
# are the means of five Gaussian matrices of the same sizes. Right: the thousand coherences of 25 random rows, and the
# one of the first rows.
fig, (ax, bars) = plt.subplots(1, 2, width_ratios=(1.5, 1))
ax.axhline(1, color="gray", linestyle="-", linewidth=1)
p = np.geomspace(3, 19)
ax.plot(p**2, np.sqrt(1 + 1 / p), color="C1", linestyle="-", linewidth=1)
p = np.geomspace(5, 11)
ax.plot(p**3, 2 / p * np.sqrt((p**3 - 1) / (p - 1)), color="C2", linestyle="-", linewidth=1)
colors = {"Paley": "C0", "chirps": "C1", "DeVore": "C2"}
markers = {"Paley": "o", "chirps": "s", "DeVore": "^"}
for name in frames:
    ax.plot(columns[name], explicit[name], markers[name], color=colors[name])
    mean = random[name].mean(axis=1)
    ax.plot(columns[name], mean, markers[name] + ":", color="C3", linewidth=1)
ax.annotate("random", (28, 5.1), color="C3")
ax.annotate("DeVore", (250, 2.5), color="C2")
ax.annotate("chirps", (10, 1.45), color="C1")
ax.annotate("Paley", (30, 0.45), color="C0")
ax.set(xscale="log", ylim=(0, 5.7))
ax.set_xlabel("columns")
ax.set_ylabel("coherence / Welch bound")
ax.set_title("Explicit frames stay near the bound")

levels, counts = np.unique(np.round(random_coherences, 2), return_counts=True)
bars.bar(levels, counts, width=0.06, color="C3")
bars.axvline(1, color="C0")
bars.annotate("random\nrows", (0.56, 350), color="C3")
bars.annotate("first\nrows", (0.97, 200), color="C0", ha="right")
bars.set(xlim=(0.25, 1.05), xticks=[0.4, 0.6, 0.8, 1])
bars.set_xlabel("coherence")
bars.set_ylabel("draws of 1000")
bars.set_title("25 of 128 rows")
fig.alt_text = (
    "Explicit frames stay near the Welch bound: Paley on it, chirps just above, DeVore near twice "
    "the bound; random ones rise to five times it. Right: 25 random rows of a Hadamard matrix have "
    "a coherence near one half, the first 25 have 1."
)

# %%
# What this page promises
# -----------------------
# **Exact, D07.** The coherence is
#
# - :math:`1/\sqrt q` for Paley's :math:`q+1` vectors in :math:`(q+1)/2` dimensions, for a prime
#   :math:`q = 4k + 1`, which is the Welch bound;
# - :math:`1/\sqrt p` for the :math:`p^2` chirps in :math:`p` dimensions, for an odd prime :math:`p`;
# - :math:`r/p` for DeVore's polynomials of degree up to :math:`r` modulo a prime :math:`p > r`, as two of them meet in
#   at most :math:`r` of the :math:`p` points, and some meet in :math:`r`.
for frame in frames["Paley"]:
    m, n = frame.shape
    found = coherence(frame)
    check("D07", f"coherence, Paley {m} x {n}", found, 1 / np.sqrt(n - 1), rounding=1e-12)
check("D07", "Paley over Welch, worst", max(explicit["Paley"]), 1, rounding=1e-12)
for frame in frames["chirps"]:
    p = len(frame)
    check("D07", f"coherence, chirps, p = {p}", coherence(frame), 1 / np.sqrt(p), rounding=1e-12)
for p, degree in ((5, 2), (7, 2), (11, 2), (5, 1), (5, 3), (7, 3)):
    found = coherence(designs.devore(p, degree))
    check("D07", f"coherence, DeVore, p = {p}, r = {degree}", found, degree / p, rounding=1e-12)
least_random = random["Paley"][-1].min()
check("D07", "random over Welch, 99 x 198, least of 5", least_random, 3.5, relation=">")

# %%
# **Equal columns, D10.** Entry :math:`(j, i)` of Sylvester's matrix depends on the binary digits that :math:`j` and
# :math:`i` share. Rows 0 to 24 have five digits, so the other two digits of the column do not matter: there are four
# copies of each of 32 columns.
distinct = np.unique(first, axis=1).shape[1]
check("D10", "distinct columns, first 25 rows", distinct, 32)
check("D10", "coherence, first 25 rows", coherence(first), 1)

# %%
# **Random rows do well.** The product of two different columns, entry by entry, is another column, with 64 pluses and
# 64 minuses. So the cosine of the two on 25 random rows is that of a draw of 25 out of 64 pluses and 64 minuses. There
# are 127 such products, and 127 times the chance that one cosine is 0.8 or more bounds the chance of a coherence of 0.8
# or more.
pluses = np.arange(26)
chance = comb(64, pluses) * comb(64, 25 - pluses) / comb(128, 25)
cosine = np.abs(2 * pluses - 25) / 25
bound = 127 * chance[cosine >= 0.8].sum()
check("D10", "bound on the chance of 0.8 or more", bound, 0.001, relation="<")
below = np.mean(random_coherences < 0.8)
check("D10", "share of draws below 0.8", below, 0.99, relation=">")
check("D10", "median coherence, 25 random rows", np.median(random_coherences), 0.6, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Few entries, not many.** Coherence ensures that basis pursuit, which minimizes the sum of sizes, finds
# :math:`k < (1 + 1/\mu)/2` nonzero entries. By the bound of Welch this is at most of the order :math:`\sqrt m`, if
# :math:`n` is at least a fixed multiple of :math:`m`, such as :math:`2m`. A random matrix recovers typical vectors
# with far more: for :math:`n` a fixed multiple of :math:`m`, a fixed share of :math:`m` entries.
guaranteed = np.ceil((1 + 1 / coherence(designs.paley(197))) / 2) - 1
typical = 99 * donoho_tanner(0.5)
check("D07", "entries that coherence ensures, m = 99", guaranteed, 7)
check("D07", "typical entries over these", typical / guaranteed, 5, relation=">")

# %%
# **The choice of rows is at fault**, not Hadamard's matrix. Any 25 of its rows have the same mean square cosine, that
# of Welch: what one pair of columns gains, another loses. The first rows put three quarters of it on a few pairs.
# Paley's matrix of order 128 has its rows in another order, and its first 25 have no equal columns.
cosines = first.T @ first / 25
off_diagonal = ~np.eye(128, dtype=bool)
mean_square = np.mean(cosines[off_diagonal] ** 2)
check(
    "D10",
    "mean square cosine over Welch's",
    mean_square / welch_bound(25, 128) ** 2,
    1,
    rounding=1e-12,
)
other = designs.hadamard(128, construction="paley")[:25]
distinct = np.unique(other, axis=1).shape[1]
check("D10", "distinct columns, Paley's rows", distinct, 128)
check("D10", "coherence, Paley's rows", coherence(other), 19 / 25, rounding=1e-12)
summary()

# %%
# Try it yourself
# ---------------
# - Take the first 32 rows of Sylvester's matrix, and the first 33. How many columns are distinct?
# - Draw random signs for a matrix of 25 rows. Is it better or worse than 25 random rows of a Hadamard matrix?
# - Which null vectors does a frame with equal columns have? How sparse can they be for Paley's?

plt.show()
