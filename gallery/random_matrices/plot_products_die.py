# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why do deep products of Gaussian layers die?
============================================

Because each direction has a rate of its own: of 64 the best hardly changes, and the worst shrinks fifteenfold a layer.
After about eleven layers double precision has lost it, although the rank is full with probability one.

The law of a few wide factors, R04, is due to Penson and Życzkowski (2011), that of many, R05, to Newman (1986).
The exact moments at finite size and the shift of the smaller values are derived here.
"""

# %%
# Set-up
# ------
# Multiply :math:`s` Gaussian matrices with :math:`N` rows and columns and entries of variance :math:`1/N`; each keeps
# the mean squared length of a signal. **Few and wide**: for large :math:`N` the squared singular values have the
# Fuss-Catalan numbers as moments, 1, 3, 12 for two factors, and reach up to :math:`(s+1)^{s+1}/s^s`.
#
# **Many.** The logarithm of the :math:`i`-th singular value changes in each layer by the *Lyapunov exponent*
# :math:`\mu_i = \frac12 [\ln\frac2N + \psi(\frac{N-i+1}2)]`, with the digamma function :math:`\psi`: the mean logarithm
# of the distance of a Gaussian vector from the space of :math:`i - 1` others. As these come in any order and not the
# best first, there is a shift: after many layers, :math:`L`, the mean is :math:`(L + 1) \mu_i - \mu_{N+1-i}`.
# Rounding hides the smallest value of a product, but not the largest one of the product of the inverses.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import polygamma

from symlib import spectrum, weights
from symlib.claims import check, summary

rng = np.random.default_rng(1986)
width, depth, products = 64, 20, 128
rates = spectrum.gaussian_lyapunov_exponents(width)
product, inverse, values, true = np.eye(width), np.eye(width), [], []
for _ in range(depth):
    layer = weights.lecun((width, width), replicas=products, rng=rng)
    product, inverse = layer @ product, inverse @ np.linalg.inv(layer)
    values.append(np.log(np.linalg.svd(product[:80], compute_uv=False)))
    true.append(-np.log(np.linalg.eigvalsh(inverse @ inverse.mT)[:, -1]) / 2)
values, true = np.array(values), np.array(true)
size, replicas, product, squares = 100, 400, np.eye(100), []
for _ in range(3):
    product = weights.lecun((size, size), replicas=replicas, rng=rng) @ product
    squares.append(np.linalg.eigvalsh(product @ product.mT))

# %%
# The figure
# ----------
# On the left all 64 singular values as computed, as dots the smallest by inverses, and dashed the theory for four of
# them; all are mean logarithms of many products. On the right few factors with 100 rows, and their limits.
fig, (ax, right) = plt.subplots(1, 2, width_ratios=(1.15, 1))
layers = np.arange(1, depth + 1)
ax.plot(layers, np.exp(values.mean(axis=1)), "-", color="C0", linewidth=0.5)
ax.plot(layers, np.exp(true.mean(axis=1)), "o", color="C1", markersize=5)
for i in (32, 48, 60, 64):
    ax.plot(layers, np.exp((layers + 1) * rates[i - 1] - rates[width - i]), "--", color="C1")
ax.annotate("as computed", (0.8, 3e2), color="C0")
ax.annotate("true\nsmallest", (9, 1e-22), color="C1", horizontalalignment="right")
ax.set(xlabel="layers of width 64", ylabel="singular value", yscale="log", ylim=(1e-26, 1e5))
ax.set_title("Many layers die")
x, bins = np.linspace(-9, 2.5, 400), np.arange(-9, 2.6, 0.5)
for s, color, place in ((1, "C0", (-3.6, 0.27)), (2, "C2", (-6.2, 0.14)), (3, "C3", (-9, 0.07))):
    right.plot(x, np.exp(x) * spectrum.fuss_catalan(s).pdf(np.exp(x)), "-", color=color)
    counts = np.histogram(squares[s - 1], np.exp(bins))[0]
    right.plot(bins[1:] - 0.25, counts / squares[0].size / 0.5, "o", color=color, markersize=4)
    right.annotate(f"{s} layer" + "s" * (s > 1), place, color=color)
right.set(xlabel="log of squared value", ylabel="density", title="Few wide layers")
fig.alt_text = (
    "Left: the 64 singular values of a product fan out with depth; the smallest falls fifteenfold a "
    "layer, along the theory, but its computed value stops at rounding after a dozen layers. Right: "
    "histograms for 1, 2 and 3 wide layers lie on the Fuss-Catalan laws."
)

# %%
# What this page promises
# -----------------------
# **Few factors, R04.** The mean moments are known at every size, too. A layer multiplies the mean of each zonal
# polynomial of the squared values by a number, so after :math:`s` layers the moments are sums of a few powers. The
# second is :math:`\frac N3 (a^{s+1} - b^{s+1})` with :math:`a = 1 + \frac2N` and :math:`b = 1 - \frac1N`. And the end
# is shifted by the mean -1.2065 of the Tracy-Widom law, in the unit :math:`(cN)^{-2/3}` if the density at the distance
# :math:`d` from it is :math:`c \sqrt d / \pi`.


def exact(n, s):
    """Return the means of the second and the third moment of a product of s factors."""
    a, b, power = 1 + 2 / n, 1 - 1 / n, s + 1
    third = 4 * (a * (1 + 4 / n)) ** power - 9 * (a * b) ** power + 5 * (b * (1 - 2 / n)) ** power
    return {2: n / 3 * (a**power - b**power), 3: n**2 / 60 * third}


for s, k, number in ((2, 2, 3), (2, 3, 12), (3, 2, 4), (3, 3, 22)):
    why = {"atol": 2e-4, "reason": "100 / N for the next order, and rounding"}
    check("R04", f"moment {k}, {s} factors, N = 1e6", exact(10**6, s)[k], number, **why)
for s, k in (2, 2), (2, 3), (3, 2):
    found = (squares[s - 1] ** k).mean(axis=1)
    why = {"atol": 4 * found.std() / np.sqrt(replicas), "reason": "four standard errors"}
    check("R04", f"moment {k}, {s} factors, N = 100", found.mean(), exact(size, s)[k], **why)
for s, end in ((2, 27 / 4), (3, 256 / 27)):
    c = np.pi * spectrum.fuss_catalan(s).pdf(end - 1e-6) / np.sqrt(1e-6)
    top = squares[s - 1][:, -1] - spectrum.tracy_widom(1).mean() / (c * size) ** (2 / 3)
    atol = 4 * top.std() / np.sqrt(replicas) + end / size
    why = {"atol": atol, "reason": "four standard errors, and 1 / N for the finite size"}
    check("R04", f"end without its shift, {s} factors", top.mean(), end, **why)

# %%
# **Many factors, R05.** Followed direction by direction, with a new orthonormal basis in each layer, the logarithms
# have the means :math:`\mu_i` at any depth, and the variances :math:`\psi'(\frac{N-i+1}2)/4` in each layer. NumPy calls
# a direction lost when its value is :math:`2^{-52} N` of the largest or less. By the rates alone this takes 11.8 layers
# of width 64; the shifts of both ends make it earlier, by two layers at most.
factors = weights.lecun((6, 6), replicas=40 * 100, rng=rng).reshape(40, 100, 6, 6)
found = spectrum.lyapunov_exponents(factors).mean(axis=0)
error = np.sqrt(polygamma(1, np.arange(6, 0, -1) / 2) / 4 / 4000)
off = np.max(np.abs(found - spectrum.gaussian_lyapunov_exponents(6)) / error)
check("R05", "standard errors off, worst of 6 exponents", off, 4.5, relation="<")
mean = (depth + 1) * rates[-1] - rates[0]
variance = ((depth - 1) * polygamma(1, 1 / 2) + polygamma(1, width / 2)) / 4
why = {"atol": 4 * np.sqrt(variance / products), "reason": "four standard errors, by the theory"}
check("R05", "mean log of the smallest value, 20 layers", true[-1].mean(), mean, **why)
bound = np.log(width * 2.0**-52)
first = np.argmax(values[:, :, -1] - values[:, :, 0] < bound, axis=0).mean() + 1
alone = bound / (rates[-1] - rates[0])
check("R05", "layers until one of 64 is lost, mean", first, alone, relation="<")
check("R05", "the same, with two layers added", first + 2, alone, relation=">")
digits = (values[-1, :, -1].mean() - true[-1].mean()) / np.log(10)
check("R05", "digits by which the computed one is wrong", digits, 4, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Between few and many.** The second moment is :math:`s + 1` only while :math:`s` is small against :math:`N`. And the
# rates are those of many layers. After one layer the smallest value is far below :math:`e^{\mu_N}`. The largest grows
# at first, to about :math:`\sqrt{256/27}` in three wide layers, although its rate is below 0.
#
# **Other layers.** Orthogonal ones, random or not, lose nothing. With skip connections, the identity plus a tenth of a
# Gaussian matrix, all rates are close together, and a hundred layers are harmless.
check("R04", "moment 2, 64 factors, N = 64", exact(64, 64)[2], 2 * 65, relation=">")
early, grown = true[0].mean() - rates[-1], np.exp(values[2, :, 0]).mean()
check("R05", "log of the smallest, 1 layer, off its rate", early, -1, relation="<", shows="limit")
check("R05", "largest value after 3 layers", grown, 2, relation=">", shows="limit")
turned = skipped = np.eye(width)
for _ in range(100):
    turned = weights.orthogonal((width, width), rng=rng) @ turned
    skipped = skipped + 0.1 * weights.lecun((width, width), replicas=10, rng=rng) @ skipped
most, least = (np.linalg.svd(one, compute_uv=False) for one in (turned, skipped))
limit = {"shows": "limit", "atol": 1e-12, "reason": "rounding"}
check("R05", "largest change, 100 orthogonal layers", np.abs(most - 1).max(), 0, **limit)
check("R05", "smallest value, 100 skips", least.min(), 0.1, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Compute in single precision, as networks do. After how many layers is a direction lost?
# - Keep only the sign of each weight, over :math:`\sqrt N`. Which of the results stay, and which are only close?

plt.show()
