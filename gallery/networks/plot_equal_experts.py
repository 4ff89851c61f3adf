# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Can all experts start equal?
============================

Yes, if the router sends them different samples: with a random router equal experts part at the first step, in a Switch
layer those that some sample chooses.
With a soft gate and a router whose rows are equal, too, they stay one expert; where only the best expert counts and the
router gets no gradient, a zero router leaves all the work to one of them.

Dwivedi and others, Expert upcycling (2026), make experts by copying, and say that training breaks their symmetry. In
Fedus, Zoph and Shazeer, Switch Transformers (2022), section 2.1, the gate multiplies what the one chosen expert says,
and so the router learns. What becomes of equal starts, W09, is derived here.
"""

# %%
# Set-up
# ------
# A *mixture of experts* has several networks, here four with two tanh units, and a *router*, a matrix with a row for
# each expert. The softmax of the router's values is a probability for each expert. The kinds of gate:
#
# - *soft*: the prediction is the mean of all experts, weighted by the probabilities;
# - *Switch*: it is the most likely expert times its probability;
# - *hard*: it is the most likely expert alone. No derivative passes a choice, so the router gets no gradient.
#
# In PyTorch, ``nn.init.zeros_(router.weight)`` makes a router with equal rows, and ``copy.deepcopy(expert)`` for each
# expert makes equal experts. In NumPy and in PyTorch ``argmax`` takes the first of equal numbers. ``torch.topk``, which
# routers call as well, can take another one.
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import value_and_grad
from scipy.spatial.distance import pdist

from symlib.claims import check, summary

experts = 4
units = 2
features = 3
rate = 0.3
steps = 300

rng = np.random.default_rng(2021)
x = rng.standard_normal((64, features))
y = np.where(x[:, 0] > 0, np.sin(2 * x[:, 1]), np.tanh(2 * x[:, 2]))


def gates(router, kind):
    """Return the weight of each expert for each sample."""
    # einsum adds up in the same order for each expert, so that equal rows have equal values
    values = anp.einsum("ef,nf->ne", router, x)
    powers = anp.exp(values)
    chances = powers / anp.sum(powers, axis=1, keepdims=True)
    if kind == "soft":
        return chances
    chosen = np.eye(len(router))[anp.argmax(values, axis=1)]
    if kind == "Switch":
        return chosen * chances
    return chosen


def prediction(parameters, kind):
    """Return the prediction of the mixture."""
    router, first, bias, last = parameters
    hidden = anp.tanh(anp.einsum("emf,nf->nem", first, x) + bias)
    outputs = anp.einsum("nem,em->ne", hidden, last)
    return anp.sum(gates(router, kind) * outputs, axis=1)


def loss(parameters, kind):
    """Return the mean squared error."""
    return anp.mean((prediction(parameters, kind) - y) ** 2)


loss_and_slopes = value_and_grad(loss)


def train(parameters, kind, steps=steps, rate=rate):
    """Return the losses, how many experts were in use at each step, and the end of training."""
    losses = []
    in_use = []
    for _ in range(steps):
        value, slopes = loss_and_slopes(parameters, kind)
        losses.append(value)
        seen = np.any(gates(parameters[0], kind) > 0, axis=0)
        in_use.append(np.sum(seen))
        parameters = [p - rate * slope for p, slope in zip(parameters, slopes)]
    return np.array(losses), np.array(in_use), parameters


def gap(parameters):
    """Return the largest difference of two experts in a parameter."""
    _, *of_experts = parameters
    return max(np.ptp(part, axis=0).max() for part in of_experts)


def least_gap(parameters, chosen):
    """Return the least gap of two of the chosen experts."""
    _, *of_experts = parameters
    rows = [part[chosen].reshape(np.sum(chosen), -1) for part in of_experts]
    return pdist(np.hstack(rows), "chebyshev").min()


def move_of_others(before, after):
    """Return the largest move of a parameter of an expert that is not the first."""
    _, *experts_before = before
    _, *experts_after = after
    moves = []
    for one, other in zip(experts_before, experts_after):
        moves.append(np.abs(other[1:] - one[1:]).max())
    return max(moves)


random_first = rng.standard_normal((experts, units, features)) / np.sqrt(features)
random_last = rng.standard_normal((experts, units)) / np.sqrt(units)
random_router = rng.standard_normal((experts, features))
zero_router = np.zeros((experts, features))
biases = np.zeros((experts, units))
equal_first = np.repeat(random_first[:1], experts, axis=0)
equal_last = np.repeat(random_last[:1], experts, axis=0)

equal_start = [zero_router, equal_first, biases, equal_last]
routed_start = [random_router, equal_first, biases, equal_last]
random_start = [zero_router, random_first, biases, random_last]

soft_equal, _, after_soft_equal = train(equal_start, "soft")
soft_routed, _, after_soft_routed = train(routed_start, "soft")
hard_equal, used_by_hard, after_hard = train(equal_start, "hard")
switched, used_by_switch, after_switch = train(equal_start, "Switch")

# %%
# The figure
# ----------
# Equal experts: on the left the loss, on the right how many of the four are in use at the first steps.
fig, (left, right) = plt.subplots(1, 2, gridspec_kw={"width_ratios": [1.5, 1]})
left.plot(soft_equal, label="soft, zero router")
left.plot(soft_routed, color="C2", label="soft, random router")
left.plot(hard_equal, color="C1", label="hard, zero router")
left.plot(switched, color="C3", label="Switch, zero router")
left.set_ylim(0, 0.7)
left.set_xlabel("step")
left.set_ylabel("loss")
left.set_title("Experts that start equal", fontsize="medium")
left.legend()
right.plot(used_by_hard[:9], "o-", color="C1", label="hard")
right.plot(used_by_switch[:9], "o-", color="C3", label="Switch")
right.set_ylim(0, experts + 1.5)
right.set_xticks([0, 4, 8])
right.set_xlabel("step")
right.set_ylabel("experts in use")
right.set_title("Zero router", fontsize="medium")
right.legend()
fig.alt_text = (
    "Left: equal experts with a zero router and a soft or a hard gate stay at a high loss; with a "
    "random router, or in a Switch layer, the loss falls further. Right: with a hard gate one "
    "expert is in use; in a Switch layer a second and a third come into use at the first steps, "
    "and the fourth later."
)

# %%
# What this page promises
# -----------------------
# **Soft gate, equal rows, W09.** Exchange two experts and their rows of the router: the mixture is the same. So experts
# that are equal, and have equal rows, get equal gradients. The router does not even move: the derivative of the
# prediction in the router's value for expert :math:`e` is :math:`p_e` times how far that expert is from the prediction,
# and equal experts all say what the mixture says. Each of :math:`n` experts gets :math:`1/n` of the gradient of a
# single one, so that together they learn like one expert with :math:`1/n` of the rate.
check("W09", "gap of experts, soft, zero router", gap(after_soft_equal), 0, rounding=1e-9)
router_move = np.abs(after_soft_equal[0]).max()
check("W09", "move of the router, soft, zero router", router_move, 0, rounding=1e-9)
single_start = [part[:1] for part in equal_start]
losses_of_one, _, _ = train(single_start, "soft", rate=rate / experts)
apart = np.abs(losses_of_one - soft_equal).max()
check("W09", "losses, four experts and one", apart, 0, rounding=1e-9)
equal_rows = np.repeat(random_router[:1], experts, axis=0)
_, _, ended = train([equal_rows, *equal_start[1:]], "soft", steps=50)
check("W09", "gap of experts, soft, equal rows", gap(ended), 0, rounding=1e-9)

# %%
# **A random router parts them**, with a soft gate all, in a Switch layer those that some sample chooses. It gives each
# of these other samples, or other weights for them. With a soft gate the router itself has the gradient 0 at the start,
# for the reason above.
_, slopes = loss_and_slopes(routed_start, "soft")
check("W09", "router's gradient, soft, random router", np.abs(slopes[0]).max(), 0, rounding=1e-12)
for kind in ("soft", "Switch"):
    used = np.any(gates(random_router, kind) > 0, axis=0)
    _, _, parted = train(routed_start, kind, steps=1)
    check("W09", f"least gap of used, {kind}", least_gap(parted, used), 1e-9, relation=">")
ratio = soft_equal[-1] / soft_routed[-1]
check("W09", "loss, soft, zero over random router", ratio, 1.2, relation=">")

# %%
# **A hard gate and a zero router.** All values of the router are 0, and the first expert is chosen for each sample. No
# gradient reaches the others, nor the router. So they never move, and it makes no difference whether they are equal.
check("W09", "experts in use, hard", used_by_hard.max(), 1)
check("W09", "move of the router, hard", np.abs(after_hard[0]).max(), 0)
check("W09", "move of the other experts, hard", move_of_others(equal_start, after_hard), 0)
losses_of_random, _, ended = train(random_start, "hard")
check("W09", "the same, random experts", move_of_others(random_start, ended), 0)
apart = np.abs(losses_of_random - hard_equal).max()
check("W09", "losses, random and equal experts", apart, 0, rounding=1e-9)

# %%
# **Switch.** Here the router learns. A sample whose expert is :math:`c` changes the row of another expert :math:`e` in
# proportion to :math:`p_c p_e`. Experts that no sample has used have had equal rows so far, so equal :math:`p_e`, and
# their rows stay equal. Where they are the most likely ones, the first of them is chosen. So at each step at most one
# expert more comes into use: after :math:`t` steps at most :math:`t + 1` have been, and it may take longer. Here the
# loss ends below that of the hard gate.
#
# The first step is known. It moves row 0 along some direction and the others, by a third, the opposite way. So the
# samples on the one side of a plane through 0 stay with the first expert, and all others go to the second.
ever_used = np.zeros(experts, bool)
parameters = equal_start
for step in range(3):
    used = np.any(gates(parameters[0], "Switch") > 0, axis=0)
    ever_used = ever_used | used
    rows = parameters[0][~ever_used]
    check("W09", f"gap of unused rows, step {step}", np.ptp(rows, axis=0).max(), 0, rounding=1e-12)
    count = np.sum(ever_used)
    if step < 2:
        check("W09", f"experts used, step {step}, Switch", count, step + 1)
    else:
        check("W09", f"experts used, step {step}, Switch", count, step + 1, relation="<=")
    _, _, parameters = train(parameters, "Switch", steps=1)
check("W09", "gap of experts, Switch", gap(after_switch), 0.1, relation=">")
ratio = switched[-1] / hard_equal[-1]
check("W09", "loss, Switch over hard", ratio, 1, relation="<")

# %%
# Where it stops being true
# -------------------------
# **A loss for the balance.** It is usual to add a loss that wants all experts in use. In the Switch paper (section 2.2)
# it is :math:`\alpha n \sum_e f_e P_e`: the share :math:`f_e` of the samples that chose the expert times its mean
# probability, with :math:`\alpha = 0.01`. Its gradient reaches the router of a hard gate as well, and as all values
# were equal, the smallest move decides.


def balanced_loss(parameters):
    """Return the loss of a hard gate with the loss for the balance."""
    router = parameters[0]
    share = anp.mean(gates(router, "hard"), axis=0)
    mean_chance = anp.mean(gates(router, "soft"), axis=0)
    return loss(parameters, "hard") + 0.01 * experts * anp.sum(share * mean_chance)


parameters = equal_start
ever_used = np.zeros(experts, bool)
for _ in range(50):
    used = np.any(gates(parameters[0], "hard") > 0, axis=0)
    ever_used = ever_used | used
    _, slopes = value_and_grad(balanced_loss)(parameters)
    parameters = [p - rate * slope for p, slope in zip(parameters, slopes)]
check("W09", "experts used, hard, with balance", np.sum(ever_used), experts, shows="limit")

# %%
# **Random experts.** With a soft gate a zero router is no fault if the experts differ: then it has a gradient.
_, slopes = loss_and_slopes(random_start, "soft")
size = np.abs(slopes[0]).max()
check("W09", "router's gradient, random experts", size, 1e-3, relation=">", shows="limit")

# %%
# **Experts that no sample chooses.** In a Switch layer these do not move, and stay equal. Of sixteen experts with a
# random router without biases, on inputs of three features, these are not few: an expert whose row of the router lies
# within the convex hull of the other rows is most likely for no input.
many = 16
router_of_many = rng.standard_normal((many, features))
equal_experts = [np.repeat(part[:1], many, axis=0) for part in equal_start[1:]]
start = [router_of_many, *equal_experts]
used = np.any(gates(router_of_many, "Switch") > 0, axis=0)
_, _, ended = train(start, "Switch", steps=1)
unused = ~used
check("W09", "experts of 16 not chosen", np.sum(unused), 2, relation=">=", shows="limit")
moved = np.abs(ended[1][unused] - start[1][unused]).max()
check("W09", "move of those not chosen", moved, 0, shows="limit")
check("W09", "least gap of used, 16 experts", least_gap(ended, used), 1e-9, relation=">")

# %%
# **Rows that are equal in pairs.** The experts of a pair stay equal, and the pairs part.
in_pairs = random_router[[0, 0, 1, 1]]
_, _, ended = train([in_pairs, *equal_start[1:]], "soft", steps=50)
first = ended[1]
check("W09", "gap within a pair", np.abs(first[0] - first[1]).max(), 0, rounding=1e-9)
between = np.abs(first[0] - first[2]).max()
check("W09", "gap between the pairs", between, 1e-3, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Choose the two best experts instead of one, with equal experts and a zero router. Which of them ever move?
# - Divide the gate of the chosen expert by itself, as layers do that make the chosen gates add up to 1. What gradient
#   has the router now?
# - Add a noise to the router's values at each step. Do equal experts part with a hard gate?

plt.show()
