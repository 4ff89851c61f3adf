# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which constants keep signals at their size?
===========================================

Those that solve an equation: what the activation takes from the mean square, the weights or a factor must give back.
For SELU two constants do it for mean and variance at once, and pull other sizes towards 1.

Klambauer and coauthors (2017) chose the constants of SELU so; P06 computes them again. LeCun and coauthors (1998),
Glorot and Bengio (2010) and He and coauthors (2015) gave the factors for tanh and ReLU.
"""

# %%
# Set-up
# ------
# In a wide layer with independent weights of mean 0 the sums :math:`z` that enter the units are Gaussian with mean 0.
# Let :math:`q` be their mean square, the *length*. Weights of variance :math:`g` over the number of inputs make the
# next one :math:`g\,E\,\varphi(\sqrt{q}\,z)^2` with :math:`z` standard normal. ReLU keeps half of it, so :math:`g = 2`,
# the factor of He, keeps the length. The identity keeps all, so :math:`g = 1`, Glorot's factor in a square layer.
#
# SELU is :math:`\lambda z` for :math:`z > 0` and :math:`\lambda\alpha(e^z - 1)` otherwise. Mean 0 at :math:`q = 1` is
# an equation for :math:`\alpha`, and variance 1 with :math:`g = 1` then one for :math:`\lambda`. Both are solved here.
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import ndtr

from symlib import weights
from symlib.claims import check, summary
from symlib.propagation import fixed_point, length_map

rng = np.random.default_rng(2017)
width, depth, nets = 300, 15, 20
below = np.exp(0.5) * ndtr(-1)  # the mean of e^z over z < 0
square = np.exp(2) * ndtr(-2)  # and that of its square
alpha = 1 / np.sqrt(2 * np.pi) / (0.5 - below)
scale = (0.5 + alpha**2 * (square - 2 * below + 0.5)) ** -0.5
activations = {
    "relu": lambda z: np.maximum(z, 0),
    "selu": lambda z: scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
    "tanh": np.tanh,
}
pairs = {
    "SELU, 1": ("selu", 1, 3),
    "ReLU, 2 (He)": ("relu", 2, 1),
    "tanh, 1 (Glorot)": ("tanh", 1, 1),
    "ReLU, 1": ("relu", 1, 1),
}


def measured(name, factor, start):
    """Return the mean square of the sums in each layer of twenty networks."""
    z = np.sqrt(start) * rng.standard_normal((nets, width, 1))
    lengths = [np.mean(z**2, axis=1)]
    for _ in range(depth):
        layer = np.sqrt(factor) * weights.lecun((width, width), replicas=nets, rng=rng)
        z = layer @ activations[name](z)
        lengths.append(np.mean(z**2, axis=1))
    return np.mean(lengths, axis=(1, 2))


def predicted(name, factor, start):
    """Return the lengths that the map of an infinitely wide layer gives, one after the other."""
    lengths = [float(start)]
    for _ in range(depth):
        lengths.append(float(length_map(lengths[-1], weight_variance=factor, activation=name)))
    return np.array(lengths)


theory = {label: predicted(*pair) for label, pair in pairs.items()}
found = {label: measured(*pair) for label, pair in pairs.items()}

# %%
# The figure
# ----------
# The length against the depth for four pairs of an activation and a factor :math:`g`. Lines are theory, points are
# means of twenty networks of width 300.
fig, ax = plt.subplots()
places = ((1.5, 2.6), (4.5, 0.55), (7.5, 0.13), (7.4, 0.0085))
for marker, place, label in zip("os^D", places, pairs):
    (line,) = ax.plot(theory[label])
    ax.plot(found[label], marker, color=line.get_color(), markersize=5)
    ax.annotate(label, place, color=line.get_color())
ax.set(yscale="log", ylim=(1e-3, 5), xlabel="depth", ylabel="length (mean square)")
ax.set_title("SELU is pulled to 1; He's factor keeps what there is")
fig.alt_text = (
    "SELU pulls the length of a signal to 1 and ReLU with the factor 2 keeps it; other pairs lose it. "
    "Mean square against depth up to 15: SELU from 3 down to 1, ReLU with 2 constant, tanh with 1 "
    "falling like a power, ReLU with 1 halved in each layer. Networks follow the theory."
)

# %%
# What this page promises
# -----------------------
# **The constants of SELU, P06.** The solutions of the two equations are the published numbers, and with these mean and
# variance are reproduced, once more by numerical integration, on each side of the kink.
rounding = {"atol": 1e-13, "reason": "rounding"}
check("P06", "alpha from its equation", alpha, 1.6732632423543772, **rounding)
check("P06", "lambda from its equation", scale, 1.0507009873554805, **rounding)


def moment(power):
    """Return the mean of a power of SELU of a standard normal number."""

    def term(z):
        return activations["selu"](z) ** power * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    return sum(quad(term, *ends, epsabs=1e-14, epsrel=1e-14)[0] for ends in ((-12, 0), (0, 12)))


check("P06", "mean after SELU", moment(1), 0, **rounding)
check("P06", "variance after SELU", moment(2) - moment(1) ** 2, 1, **rounding)

# %%
# **A wide network** does the same up to chance. A mean square of 3 over 300 units and twenty networks has the standard
# error :math:`3\sqrt{2/6000}`; the bound is more than five of them.
error = np.abs(found["SELU, 1"] - theory["SELU, 1"])[1:].max()
check("P06", "largest distance from theory, width 300", error, 0.3, relation="<")
fixed = fixed_point(weight_variance=1, activation="selu", start=3).length
check("P06", "length that depth leads to", fixed, 1, atol=1e-9, reason="solved by iteration")
check("P06", "length after 15 layers, from 3", theory["SELU, 1"][-1], 1.05, relation="<")

# %%
# Where it stops being true
# -------------------------
# **Other constants, other weights.** ELU, with both constants 1, loses size; and SELU with the factor of He gains it.
elu = 0.5 + square - 2 * below + 0.5
check("P06", "mean square after ELU", elu, 1, relation="<")
he = length_map(1, weight_variance=2, activation="selu")
check("P06", "length after SELU with He's factor", he, 2, **rounding)

# %%
# **Sums that are not Gaussian.** If each unit has a single input, of size 1 and random sign, mean and variance are
# right and the rest of the law is not: then SELU does not keep the variance. This is why the layer must be wide.
coin = activations["selu"](np.array([-1.0, 1.0]))
check("P06", "variance after SELU of random signs", coin.var(), 1.1, relation=">")
summary()

# %%
# Try it yourself
# ---------------
# - LeCun's activation :math:`1.7159 \tanh(2z/3)` sends 1 to 0.9999973. Which length does depth lead to?
# - Give SELU a start of length 10, or of 0.1. How many layers does it take to come back to 1?
# - Draw the weights as random signs. Which of the curves change?

plt.show()
