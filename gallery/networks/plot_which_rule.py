# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Which optimizers keep a tie?
============================

It depends on the tie. In exact arithmetic, units with equal weights, and units that a permutation exchanges, stay tied
under each rule here that treats units alike. Units that are tied by their sums alone do not: a rule that reads single
weights, such as Adam with the weight decay in its gradient, parts them in a few steps, where AdamW keeps them.

W15 is the rule behind the figure, and is derived here. The page on the magic square explains ties by sums.
"""

# %%
# Set-up
# ------
# Two hidden layers of four tanh units, with equal weights around the weight between them. Three such weights tie the
# four units of each layer, for three reasons:
#
# - *equal*: all sixteen weights are the same;
# - *exchanged*: a cycle. Each unit reads another one, and a permutation of both layers leaves the network as it is;
# - *sums only*: random weights whose rows and columns were moved to one sum. No permutation leaves them as they are,
#   but the one that moves nothing.
import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary
from symlib.network import Layer, Network, gradients
from symlib.symmetry import tied_units

units = 4
steps = 40
rate = 0.02
decay = 0.1

rng = np.random.default_rng(15)
x = rng.standard_normal((32, 3))
y = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:]

noise_without_sums = rng.standard_normal((units, units))
noise_without_sums = noise_without_sums - noise_without_sums.mean(axis=1, keepdims=True)
noise_without_sums = noise_without_sums - noise_without_sums.mean(axis=0)
one_unit_apart = np.arange(units) == 0
deviation = one_unit_apart - one_unit_apart.mean()
# One weight of the first unit is negative, none of the others: L1 decay pulls at their sums unevenly.
without_sums = 0.1 * noise_without_sums - 2 * np.outer(deviation, deviation)
middles = {
    "equal": np.full((units, units), 0.25),
    "exchanged": np.roll(np.eye(units), 1, axis=0),
    "sums only": 0.25 + 0.5 * without_sums,
}


def start(middle):
    """Return weights and biases, one after the other, from the inputs to the output."""
    return [
        np.full((units, 3), 0.5),
        np.full(units, 0.1),
        middle,
        np.full(units, 0.1),
        np.full((1, units), 0.5),
        np.zeros(1),
    ]


def network(parameters):
    """Return the network with these parameters."""
    weights = parameters[::2]
    biases = parameters[1::2]
    layers = [Layer(weight, bias) for weight, bias in zip(weights, biases)]
    return Network(layers, "tanh")


def gradient(parameters):
    """Return the derivatives of the loss, in the order of the parameters."""
    found = []
    for layer in gradients(network(parameters), x, y).layers:
        found += [layer.weight, layer.bias]
    return found


def gap(parameters):
    """Return the largest difference of two units of a layer, over all samples."""
    first, first_bias, second, second_bias, *_ = parameters
    values = np.tanh(x @ first.T + first_bias)
    deeper = np.tanh(values @ second.T + second_bias)
    return max(np.ptp(values, axis=1).max(), np.ptp(deeper, axis=1).max())


# %%
# **The rules.** Each takes the parameters, their gradient, what it remembers, and the number of the step.
def descent(parameters, gradient, memory, step):
    """Gradient descent."""
    return [p - rate * g for p, g in zip(parameters, gradient)]


def momentum(parameters, gradient, memory, step):
    """The heavy ball."""
    speed = memory.get("speed", [np.zeros_like(g) for g in gradient])
    memory["speed"] = [0.9 * v + g for v, g in zip(speed, gradient)]
    return descent(parameters, memory["speed"], memory, step)


def clipped_norm(parameters, gradient, memory, step):
    """Gradient descent with a gradient of norm at most 0.1."""
    norm = np.sqrt(sum(np.sum(g**2) for g in gradient))
    return descent(parameters, [g * min(1, 0.1 / norm) for g in gradient], memory, step)


def sign_descent(parameters, gradient, memory, step):
    """The sign of the gradient alone."""
    return descent(parameters, [np.sign(g) for g in gradient], memory, step)


def adam(parameters, gradient, memory, step):
    """Adam, which divides each entry by the size that it used to have."""
    mean = memory.get("mean", [np.zeros_like(g) for g in gradient])
    square = memory.get("square", [np.zeros_like(g) for g in gradient])
    memory["mean"] = [0.9 * m + 0.1 * g for m, g in zip(mean, gradient)]
    memory["square"] = [0.999 * s + 0.001 * g**2 for s, g in zip(square, gradient)]
    moved = []
    for p, m, s in zip(parameters, memory["mean"], memory["square"]):
        size = np.sqrt(s / (1 - 0.999**step)) + 1e-8
        moved.append(p - rate * m / (1 - 0.9**step) / size)
    return moved


def decoupled(parameters, gradient, memory, step):
    """AdamW: the decay stands beside Adam's step."""
    moved = adam(parameters, gradient, memory, step)
    return [m - rate * decay * p for m, p in zip(moved, parameters)]


def decay_in_gradient(parameters, gradient, memory, step):
    """Adam with the decay in its gradient."""
    return adam(parameters, [g + decay * p for g, p in zip(gradient, parameters)], memory, step)


def absolute_decay(parameters, gradient, memory, step):
    """Descent with the decay of the sum of absolute values."""
    pulled = [g + decay * np.sign(p) for g, p in zip(gradient, parameters)]
    return descent(parameters, pulled, memory, step)


def capped_weights(parameters, gradient, memory, step):
    """Descent with each weight kept between -0.4 and 0.4."""
    return [np.clip(p, -0.4, 0.4) for p in descent(parameters, gradient, memory, step)]


def eight_bits(parameters, gradient, memory, step):
    """Descent whose parameters are stored in eight significant bits, as bfloat16 does."""
    rounded = []
    for p in descent(parameters, gradient, memory, step):
        fraction, exponent = np.frexp(p)
        rounded.append(np.ldexp(np.round(fraction * 2**8), exponent - 8))
    return rounded


def noise(parameters, gradient, memory, step):
    """Descent with noise of its own for each parameter."""
    return descent(
        parameters, [g + 0.01 * rng.standard_normal(g.shape) for g in gradient], memory, step
    )


rules = {
    "gradient descent": descent,
    "momentum": momentum,
    "clipping by norm": clipped_norm,
    "sign of the gradient": sign_descent,
    "Adam": adam,
    "AdamW": decoupled,
    "Adam, decay in gradient": decay_in_gradient,
    "L1 decay": absolute_decay,
    "capped weights": capped_weights,
    "weights in 8 bits": eight_bits,
    "noise": noise,
}


def gap_after(rule, middle, memory=None):
    """Train by a rule and return the gap."""
    memory = {} if memory is None else memory
    parameters = start(middle)
    for step in range(1, steps + 1):
        parameters = rule(parameters, gradient(parameters), memory, step)
    return gap(parameters)


gaps = {
    (name, tie): gap_after(rule, middle)
    for name, rule in rules.items()
    for tie, middle in middles.items()
}

# %%
# The figure
# ----------
# The gap after 40 steps. Points on the left of the gray line are rounding.
fig, ax = plt.subplots(figsize=(6.4, 4.4))
names = list(rules)[::-1]
looks = {"equal": ("o", 0.22), "exchanged": ("s", 0.0), "sums only": ("D", -0.22)}
for tie, (marker, shift) in looks.items():
    places = [max(gaps[name, tie], 1e-17) for name in names]
    ax.plot(places, np.arange(len(names)) + shift, marker, label=tie)
ax.axvline(1e-9, color="gray", linewidth=1)
ax.set_xscale("log")
ax.set_xlabel("largest gap between tied units after 40 steps")
ax.set_yticks(range(len(names)), names)
ax.legend(loc="center", bbox_to_anchor=(0.5, 0.62))
fig.alt_text = (
    "Eleven rules and three kinds of tie. Under gradient descent, momentum, clipping by norm, "
    "sign descent, Adam and AdamW all gaps are rounding. Under Adam with the decay in its "
    "gradient, L1 decay, capped weights and weights in 8 bits only the tie by sums breaks. Noise "
    "breaks all three."
)

# %%
# What this page promises
# -----------------------
# **The rule, W15.** In a tie the gradient is one number for all weights from one class to another, and so is each
# function that is taken of it entry by entry. That keeps each kind of tie: gradient descent, momentum, the sign, Adam.
# So does multiplying all weights by one number, as decay beside the step does, or the whole gradient, as clipping by
# the norm does.
#
# A function of single *weights* is another matter. Equal weights have equal values of it. Weights that a permutation
# exchanges have exchanged values, and the permutation still leaves the network as it is. But where only sums agree, the
# sums of the values need not: decay in the gradient under Adam, the sign of a weight, a cap, fewer bits.
for tie, middle in middles.items():
    labels = tied_units(network(start(middle))).labels
    check("W15", f"classes of units, {tie}", max(one.max() for one in labels) + 1, 1)

keeps_all = [
    "gradient descent",
    "momentum",
    "clipping by norm",
    "sign of the gradient",
    "Adam",
    "AdamW",
]
for name in keeps_all:
    largest = max(gaps[name, tie] for tie in middles)
    check("W15", f"gap, {name}", largest, 0, rounding=1e-9)

# %%
# These four keep the first two kinds and break the third.
reads_weights = ["Adam, decay in gradient", "L1 decay", "capped weights", "weights in 8 bits"]
for name in reads_weights:
    largest = max(gaps[name, "equal"], gaps[name, "exchanged"])
    check("W15", f"gap, {name}", largest, 0, rounding=1e-9)
    check("W15", f"gap, {name}, sums", gaps[name, "sums only"], 1e-3, relation=">")


# %%
# **A rule can also act on the gradient as a matrix** :math:`G`. Muon and Shampoo multiply it by functions of
# :math:`G G^T` and :math:`G^T G`, or of sums of these over the steps. On paper that keeps ties by sums: let :math:`\Pi` replace each unit by the mean of its
# class. Then :math:`G = \Pi G \Pi`, so :math:`G G^T` commutes with :math:`\Pi`, and so does each function of it that
# can be had by powers and limits; the step is again one number for all weights from class to class. Here is Muon's
# recipe, five steps of an iteration that brings singular values near 1 unless they are tiny, for the weights. Biases
# descend.
def orthogonalized(gradient):
    """Return the gradient with singular values near 1, by Muon's polynomial."""
    matrix = gradient / np.linalg.norm(gradient)
    for _ in range(5):
        product = matrix @ matrix.T
        matrix = 3.4445 * matrix - 4.775 * product @ matrix + 2.0315 * product @ product @ matrix
    return matrix


def muon(parameters, gradient, memory, step):
    """Descent along orthogonalized gradients of weights, without momentum."""
    direction = [orthogonalized(g) if g.ndim == 2 else g for g in gradient]
    return descent(parameters, direction, memory, step)


def gap_of_muon(middle, count):
    """Return the gap after so many steps."""
    parameters = start(middle)
    for step in range(1, count + 1):
        parameters = muon(parameters, gradient(parameters), {}, step)
    return gap(parameters)


for tie, middle in middles.items():
    check("W15", f"gap, Muon, one step, {tie}", gap_of_muon(middle, 1), 0, rounding=1e-11)

# %%
# Where it stops being true
# -------------------------
# **Iterated in double precision, Muon does not keep them long.** In a tie the gradient has singular values that are 0 on
# paper and rounding here. The polynomial multiplies small ones by 3.4445 five times, which is 485, over the norm of the
# gradient, at each step. After forty steps the tie by sums is gone, and where two equal units get different bits, so are
# others. (``torch.optim.Muon`` iterates in bfloat16, which rounds such small parts away first; with it ties can last.)
for tie in ("exchanged", "sums only"):
    later = gap_of_muon(middles[tie], steps)
    check("W15", f"gap, Muon, forty steps, {tie}", later, 1e-9, relation=">", shows="limit")

# %%
# Add a small matrix whose rows and columns have sum 0 to the gradient, and see what becomes of it.
of_middle = gradient(start(middles["sums only"]))[2]
small = 1e-9 * np.linalg.norm(of_middle) * without_sums
difference = orthogonalized(of_middle + small) - orthogonalized(of_middle)
growth = np.linalg.norm(difference) / np.linalg.norm(1e-9 * without_sums)
reason = "squares of the small matrix, and rounding of 1e-16 over 1e-9"
check("W15", "growth of a small part", growth, 3.4445**5, rtol=1e-4, reason=reason, shows="limit")

# %%
# **A rule that treats units of a class differently breaks all three, as a rule.** Noise of its own for each parameter
# does, and so does dropout (S07).
least = min(gaps["noise", tie] for tie in middles)
check("W15", "gap, noise, least of the three", least, 1e-3, relation=">", shows="limit")

# %%
# **A memory that differs.** Adam keeps the tie if what it remembers is one number for each block of weights. If one of
# two equal units remembers larger gradients, as a unit may that was copied into a network in the middle of training, it
# takes smaller steps.
ones = [np.ones_like(p) for p in start(middles["equal"])]
uneven = [one.copy() for one in ones]
uneven[0][0] = 100
zeros = [np.zeros_like(one) for one in ones]
even_gap = gap_after(adam, middles["equal"], {"mean": zeros, "square": ones})
uneven_gap = gap_after(adam, middles["equal"], {"mean": zeros, "square": uneven})
check("W15", "gap, Adam, an even memory", even_gap, 0, rounding=1e-9)
check("W15", "gap, Adam, an uneven memory", uneven_gap, 1e-4, relation=">", shows="limit")

# %%
# **Some rules that read weights happen to keep some sums.** L1 decay pulls each positive weight by the same amount. As
# long as all weights of the layer are positive, that is one number for the whole block.
positive = 0.75 + 0.05 * without_sums
by_l1 = gap_after(absolute_decay, positive)
check("W15", "gap, L1, positive weights", by_l1, 0, rounding=1e-9, shows="limit")

# %%
# **Rounding.** What a rule keeps on paper, rounding parts by a little, and a tie that is unstable lets it grow: 40
# steps are few. Rules that forget the size of the gradient enlarge it at once, where the gradient is 0 on paper. Take
# samples in pairs :math:`x` and :math:`-x` with opposite targets, and no biases: the derivatives in the biases are 0,
# but their signs are those of rounding.
x = np.concatenate([x, -x])
y = np.concatenate([y, -y])


def gap_from_tiny_biases(rule, steps=5):
    """Train by a rule from biases that are nearly 0 and return the gap."""
    parameters = start(middles["sums only"])
    parameters[1] = np.zeros(units)
    parameters[3] = 1e-12 * np.array([1, -1, 1, -1])
    for step in range(1, steps + 1):
        parameters = rule(parameters, gradient(parameters), {}, step)
    return gap(parameters)


by_descent = gap_from_tiny_biases(descent)
by_sign = gap_from_tiny_biases(sign_descent)
check("W15", "gap, descent, symmetric data", by_descent, 0, rounding=1e-9)
check("W15", "gap, sign, symmetric data", by_sign, 1e-3, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Take Nesterov's momentum, or a step size that falls with time. In which group do they belong?
# - Let ``steps`` be 2000. Which of the ties that are kept on paper are left?
# - Normalize each row of the weights to length 1 after each step. Which ties survive?

plt.show()
