# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Why do deep products of Gaussian matrices collapse?
===================================================

Because each direction has a rate of its own: of 64 the best hardly changes, and the worst shrinks about fifteenfold in
each layer. After about eleven layers double precision has lost the worst one, although in exact arithmetic the product
has full rank with probability one.

The law of the singular values after a few wide layers, R04, is given by Penson and Życzkowski (2011), and the rates of
many layers, R05, by Newman (1986). The exact moments at finite size, and how far the values at the two ends are off
their rates, are derived here.
"""

# %%
# Set-up
# ------
# Multiply :math:`s` independent Gaussian matrices with :math:`N` rows and columns and entries of variance :math:`1/N`.
# Each keeps the squared length of a signal on average. There are two limits.
#
# **Few factors, wide matrices.** Keep :math:`s` and let :math:`N` grow. The mean of the squared singular values stays
# 1, but they spread out: their second and third moments tend to 3 and 12 for two factors. These are Fuss-Catalan
# numbers. The law with these moments ends at :math:`(s+1)^{s+1}/s^s`, which is 6.75 for two factors.
#
# **Many factors, fixed width.** Keep :math:`N` and let the number of layers grow. In the long run, the logarithm of the
# :math:`i`-th singular value changes in each layer by the *Lyapunov exponent*
# :math:`\mu_i = \frac12 [\ln\frac2N + \psi(\frac{N-i+1}2)]`, where :math:`\psi` is the digamma function. In words: it
# is the mean logarithm of the distance of a Gaussian vector from the space of :math:`i - 1` others.
#
# Rounding hides the smallest value of a product. But its inverse is the product of the inverses, whose *largest* value
# is computed well, and one over that is the smallest value of the product.
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np

from symlib import spectrum, weights
from symlib.claims import check, check_mean, summary

rng = np.random.default_rng(1986)
width = 64
depth = 20
products = 200
shown = 80  # of so many products all singular values are computed, which takes the longest
rates = spectrum.gaussian_lyapunov_exponents(width)

product = np.eye(width)
inverse = np.eye(width)
all_logs = []
true_smallest_logs = []
for _ in range(depth):
    layer = weights.lecun((width, width), replicas=products, rng=rng)
    product = layer @ product
    values = np.linalg.svd(product[:shown], compute_uv=False)
    all_logs.append(np.log(values))

    inverse = inverse @ np.linalg.inv(layer)
    squares_of_inverse = np.linalg.eigvalsh(inverse @ inverse.mT)
    true_smallest_logs.append(-np.log(squares_of_inverse[:, -1]) / 2)
all_logs = np.array(all_logs)
true_smallest_logs = np.array(true_smallest_logs)

# %%
# For the few factors: the squared singular values of 400 products of one, two and three matrices with 100 rows.
rows = 100
replicas = 400
squares = {}
few = np.eye(rows)
for factors in (1, 2, 3):
    few = weights.lecun((rows, rows), replicas=replicas, rng=rng) @ few
    squares[factors] = np.linalg.eigvalsh(few @ few.mT)

# %%
# The figure
# ----------
# Left: the logarithms of all 64 singular values as computed, averaged over eighty products. Dots are the true smallest
# ones, found by inverses. Dashed is the theory, for four of the 64. Right: few factors with 100 rows, and their laws.
fig, (left, right) = plt.subplots(1, 2, width_ratios=(1.15, 1))
layers = np.arange(1, depth + 1)
left.plot(layers, np.exp(all_logs.mean(axis=1)), "-", color="C0", linewidth=0.5)
left.plot(layers, np.exp(true_smallest_logs.mean(axis=1)), "o", color="C1", markersize=5)
for i in (32, 48, 60, 64):
    theory = (layers + 1) * rates[i - 1] - rates[width - i]
    left.plot(layers, np.exp(theory), "--", color="C1")
left.annotate("as computed", (0.8, 3e2), color="C0")
left.annotate("dashed: theory\ndots: true smallest", (0.8, 1e-24), color="C1")
left.set_xlabel("layers of width 64")
left.set_ylabel("singular value")
left.set_yscale("log")
left.set_ylim(1e-26, 1e5)
left.set_title("Deep products collapse")

x = np.linspace(-9, 2.5, 400)
bin_size = 0.5
bins = np.arange(-9, 2.6, bin_size)
looks = {
    1: ("1 layer", "C0", (-4.2, 0.21)),
    2: ("2 layers", "C2", (-6.2, 0.14)),
    3: ("3 layers", "C3", (-9, 0.07)),
}
for factors, (name, color, place) in looks.items():
    density_of_log = np.exp(x) * spectrum.fuss_catalan(factors).pdf(np.exp(x))
    right.plot(x, density_of_log, "-", color=color)
    counts, _ = np.histogram(squares[factors], np.exp(bins))
    measured_density = counts / (replicas * rows * bin_size)
    right.plot(bins[1:] - bin_size / 2, measured_density, "o", color=color, markersize=4)
    right.annotate(name, place, color=color)
right.annotate("lines: theory", (-9, 0.305), color="gray")
right.annotate("dots: measured", (-9, 0.28), color="gray")
right.set_xlabel("log of squared value")
right.set_ylabel("density")
right.set_title("Few wide layers")
fig.alt_text = (
    "Left: the 64 singular values of a product fan out with depth. The smallest falls about "
    "fifteenfold a layer, along the theory, but its computed value stops at rounding after a dozen "
    "layers. Right: histograms for 1, 2 and 3 wide layers lie on the Fuss-Catalan laws."
)

# %%
# What this page promises
# -----------------------
# **Few factors, R04.** The mean moments are known at each size, too. Let :math:`a = 1 + \frac2N` and
# :math:`b = 1 - \frac1N`. The mean of the second moment, over all products of :math:`s` factors, is
# :math:`\frac N3 (a^{s+1} - b^{s+1})`. In words: it is a sum of powers, as each layer multiplies the mean of each zonal
# polynomial (a symmetric polynomial of the squared values) by a number. The third moment has three such powers. In
# fractions, without rounding, both are at a million rows what the Fuss-Catalan numbers say, up to the next order.


def second_moment(n, s):
    """Return the mean of the second moment for s factors with n rows."""
    a = 1 + Fraction(2, n)
    b = 1 - Fraction(1, n)
    return float(Fraction(n, 3) * (a ** (s + 1) - b ** (s + 1)))


def third_moment(n, s):
    """Return the mean of the third moment for s factors with n rows."""
    one_row = (1 + Fraction(2, n)) * (1 + Fraction(4, n))
    hook = (1 + Fraction(2, n)) * (1 - Fraction(1, n))
    one_column = (1 - Fraction(1, n)) * (1 - Fraction(2, n))
    powers = 4 * one_row ** (s + 1) - 9 * hook ** (s + 1) + 5 * one_column ** (s + 1)
    return float(Fraction(n**2, 60) * powers)


million = 10**6
next_order = {"atol": 2e-4, "reason": "100 / N for the next order"}
check("R04", "moment 2, 2 factors, N = 1e6", second_moment(million, 2), 3, **next_order)
check("R04", "moment 3, 2 factors, N = 1e6", third_moment(million, 2), 12, **next_order)
check("R04", "moment 2, 3 factors, N = 1e6", second_moment(million, 3), 4, **next_order)
check("R04", "moment 3, 3 factors, N = 1e6", third_moment(million, 3), 22, **next_order)

# %%
# And these are the moments of the products that were drawn.
second_of_two = (squares[2] ** 2).mean(axis=1)
third_of_two = (squares[2] ** 3).mean(axis=1)
second_of_three = (squares[3] ** 2).mean(axis=1)
check_mean("R04", "moment 2, 2 factors, N = 100", second_of_two, second_moment(rows, 2))
check_mean("R04", "moment 3, 2 factors, N = 100", third_of_two, third_moment(rows, 2))
check_mean("R04", "moment 2, 3 factors, N = 100", second_of_three, second_moment(rows, 3))

# %%
# **Where the law ends.** At finite size the largest squared value is below the end, by 1.2065 (minus the mean of the
# Tracy-Widom law) in the unit :math:`(cN)^{-2/3}`. Here :math:`c` says how steeply the density rises from the end: at
# the small distance :math:`d` it is :math:`c \sqrt d / \pi`. What is left is of the order :math:`1/N`: each factor acts
# as if it had about half a row less.
near = 1e-6
for factors in (2, 3):
    law = spectrum.fuss_catalan(factors)
    end = (factors + 1) ** (factors + 1) / factors**factors
    c = np.pi * law.pdf(end - near) / np.sqrt(near)
    shift = spectrum.tracy_widom(1).mean() / (c * rows) ** (2 / 3)
    check_mean(
        "R04",
        f"end without its shift, {factors} factors",
        squares[factors][:, -1] - shift,
        end,
        bias=factors * end / (2 * rows),
        reason="half a row less for each factor",
    )

# %%
# **Many factors, R05.** Follow an orthonormal basis through the layers and make it orthonormal again after each. Its
# vectors are stretched, one after the other, by factors whose logarithms have the means :math:`\mu_i`, at any depth.
small_layers = weights.lecun((3, 3), replicas=4000 * 40, rng=rng)
small_layers = small_layers.reshape(4000, 40, 3, 3)
measured_rates = spectrum.lyapunov_exponents(small_layers)
exact_rates = spectrum.gaussian_lyapunov_exponents(3)
for i in range(3):
    check_mean("R05", f"exponent {i + 1} of 3", measured_rates[:, i], exact_rates[i])

# %%
# The smallest singular value of 64 falls at its rate. But it is lower than the rate alone says: after many layers,
# :math:`L`, the mean logarithm of the :math:`i`-th value is :math:`(L + 1) \mu_i - \mu_{N+1-i}`. For a large :math:`L`
# the values are far apart. Then the volume that the first :math:`k` vectors of the basis span is the product of the
# :math:`k` largest values, times the determinant of a corner of a random orthogonal matrix, with :math:`k` rows and
# columns. Its squared determinant is a product of independent beta variables, and the mean of its logarithm is twice
# the sum of :math:`\mu_{N+1-i} - \mu_i` over :math:`i \le k`. What is left for the values is the formula.
fall = (true_smallest_logs[-1] - true_smallest_logs[9]) / 10
check_mean("R05", "log of the smallest, change in a layer", fall, rates[-1])
expected_log = (depth + 1) * rates[-1] - rates[0]
check_mean("R05", "mean log of the smallest value, 20 layers", true_smallest_logs[-1], expected_log)

# %%
# **What a computer sees.** NumPy counts a direction as lost when its value is :math:`2^{-52} N` of the largest or less.
# By the two rates alone this takes 11.8 layers of width 64. The shifts of both ends make it earlier. Together they are
# worth two layers when there are many, and less after so few. From then on, the computed value is rounding.
bound = np.log(width * 2.0**-52)
is_lost = all_logs[:, :, -1] - all_logs[:, :, 0] < bound
first_layer = np.argmax(is_lost, axis=0) + 1
by_rates_alone = bound / (rates[-1] - rates[0])
lost_at = first_layer.mean()
check("R05", "layers until one of 64 is lost, mean", lost_at, by_rates_alone, relation="<")
check("R05", "the same, with two layers added", lost_at + 2, by_rates_alone, relation=">")
computed = all_logs[-1, :, -1].mean()
digits = (computed - true_smallest_logs[-1].mean()) / np.log(10)
check("R05", "digits by which the computed one is wrong", digits, 4, relation=">")

# %%
# Where it stops being true
# -------------------------
# **Between few and many.** The second moment is :math:`s + 1` only while :math:`s` is small against :math:`N`. For 20
# factors of width 64 its mean is larger by more than a tenth.
twenty = second_moment(64, 20)
check("R04", "moment 2, 20 factors, N = 64", twenty, 1.1 * 21, relation=">", shows="limit")

# %%
# **After few layers the rates say little.** After one layer, the smallest value is far below :math:`e^{\mu_N}`. The
# largest grows at first, to about :math:`\sqrt{256/27}` in three wide layers, although its rate is below 0.
off_its_rate = true_smallest_logs[0].mean() - rates[-1]
check("R05", "log of the smallest, 1 layer", off_its_rate, -1, relation="<", shows="limit")
largest = np.exp(all_logs[2, :, 0]).mean()
check("R05", "largest value after 3 layers", largest, 2, relation=">", shows="limit")

# %%
# **Other layers.** Orthogonal matrices lose nothing, random or not. With skip connections, here the identity plus a
# tenth of a Gaussian matrix, the rates are close together, and a hundred layers take no value below a tenth. It takes
# more layers, not another law, to lose directions there too: a thousand set them far apart.
orthogonal_product = np.eye(width)
with_skips = np.eye(width)
for _ in range(100):
    orthogonal_product = weights.orthogonal((width, width), rng=rng) @ orthogonal_product
    gaussian = weights.lecun((width, width), replicas=10, rng=rng)
    with_skips = with_skips + 0.1 * gaussian @ with_skips
of_orthogonal = np.linalg.svd(orthogonal_product, compute_uv=False)
of_skips = np.linalg.svd(with_skips, compute_uv=False)
change = np.abs(of_orthogonal - 1).max()
check("R05", "largest change, 100 orthogonal", change, 0, rounding=1e-12, shows="limit")
check("R05", "smallest value, 100 skips", of_skips.min(), 0.1, relation=">", shows="limit")
for _ in range(900):
    gaussian = weights.lecun((width, width), replicas=10, rng=rng)
    with_skips = with_skips + 0.1 * gaussian @ with_skips
of_skips = np.linalg.svd(with_skips, compute_uv=False)
least_ratio = (of_skips[:, 0] / of_skips[:, -1]).min()
check("R05", "largest over smallest, 1000 skips", least_ratio, 1e4, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Compute in single precision, as networks do. After how many layers is a direction lost?
# - Keep only the sign of each weight, over :math:`\sqrt N`. Which of the results stay, and which are only close?

plt.show()
