# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Is it a fault if two layers have the same seed?
===============================================

Not by itself if one layer follows the other: they start equal, and in the networks of this page they differ after one
step and learn about as fast as others. Parallel parts from one seed, such as branches or members of an ensemble, stay
one part if they see the same data in the same order and what follows treats them alike.

Where one seed makes a tie, and where it does not, W11, is derived here.
"""

# %%
# Set-up
# ------
# You meet this where one random stream is used twice: one initializer object for two Keras layers, which gives both the
# same numbers even without a seed, by Keras' own documentation; a JAX key that was not split; or
# ``torch.manual_seed(0)`` in the constructor of a layer.
#
# A *branch* is a network of two hidden layers with six tanh units each. The prediction of two branches is the mean of
# their outputs.
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import value_and_grad

from symlib.claims import check, check_mean, summary
from symlib.network import Layer, Network, forward
from symlib.symmetry import align_units, tied_units
from symlib.training import descend

units = 6
features = 3
rate = 0.1
steps = 200

rng = np.random.default_rng(1812)
x = rng.standard_normal((64, features))
y = np.tanh(2 * x[:, 0] * x[:, 1]) + np.sin(2 * x[:, 2])
column = y[:, np.newaxis]


def drawn_branch(rng):
    """Return the weights and biases of a branch, drawn from a generator."""
    first = rng.standard_normal((units, features)) / np.sqrt(features)
    second = rng.standard_normal((units, units)) / np.sqrt(units)
    last = rng.standard_normal(units) / np.sqrt(units)
    return [first, np.zeros(units), second, np.zeros(units), last]


def output(branch):
    """Return the output of a branch on all samples."""
    first, first_bias, second, second_bias, last = branch
    hidden = anp.tanh(x @ first.T + first_bias)
    deeper = anp.tanh(hidden @ second.T + second_bias)
    return deeper @ last


def loss(branches, shares):
    """Return the mean squared error of a weighted sum of branches."""
    outputs = [output(branch) for branch in branches]
    prediction = sum(share * one for share, one in zip(shares, outputs))
    return anp.mean((prediction - y) ** 2)


slopes_of = value_and_grad(loss)


def train(branches, shares, rate=rate, steps=steps):
    """Train all branches by gradient descent, and return the losses and the last branches."""
    losses = []
    for _ in range(steps):
        value, slopes = slopes_of(branches, shares)
        losses.append(value)
        moved = []
        for branch, slope in zip(branches, slopes):
            moved.append([p - rate * g for p, g in zip(branch, slope)])
        branches = moved
    return np.array(losses), branches


def gap(one, other):
    """Return the largest difference of two branches in a parameter."""
    return max(np.abs(a - b).max() for a, b in zip(one, other))


def from_seed(seed):
    """Return a branch as a layer draws it that seeds its generator itself."""
    return drawn_branch(np.random.default_rng(seed))


halves = [0.5, 0.5]
losses_of_one_seed, twins = train([from_seed(1), from_seed(1)], halves)
losses_of_two_seeds, different = train([from_seed(1), from_seed(2)], halves)
losses_of_one_branch, single = train([from_seed(1)], [1.0], rate=rate / 2)

# %%
# **Ensembles.** Each member is a network of its own, trained on the same data, and the ensemble predicts the mean of
# its members. We train 300 times eight members, all from different seeds.
ensembles = 300
members = 8


def drawn_members(count, rng):
    """Return so many networks of one hidden layer, as replicas."""
    first = rng.standard_normal((count, units, features))
    last = rng.standard_normal((count, 1, units)) / np.sqrt(units)
    return Network([Layer(first, np.zeros((count, units))), Layer(last)], "tanh")


few = x[:32]
targets = column[:32]
drawn_in_all = drawn_members(ensembles * members, rng)
trained = descend(drawn_in_all, few, targets, steps=40, rate=rate).network
predicted = forward(trained, few)[..., 0].reshape(ensembles, members, -1)
at_one_input = predicted[..., 0]

# %%
# The figure
# ----------
# On the left the loss of two branches. On the right the spread of an ensemble's prediction for one input, over 300
# ensembles: if its members have one seed, it is that of one member. The line is one over the root of the members.
fig, (left, right) = plt.subplots(1, 2)
left.plot(losses_of_one_seed, label="two branches, one seed")
every = np.arange(0, steps, 30)
left.plot(every, losses_of_one_branch[every], "o", color="C3", label="one branch")
left.plot(losses_of_two_seeds, color="C2", label="two seeds")
left.set_ylim(0, 1.3)
left.set_xlabel("step")
left.set_ylabel("loss")
left.set_title("Branches", fontsize="medium")
left.legend()
counts = np.array([1, 2, 4, 8])
spread_of_member = at_one_input[:, 0].std()
spreads = [at_one_input[:, :count].mean(axis=1).std() for count in counts]
right.plot(counts, np.full(4, spread_of_member), "o", label="one seed")
right.plot(counts, spreads, "o", color="C2", label="a seed for each")
right.plot(counts, spread_of_member / np.sqrt(counts), color="gray")
right.set_ylim(0, 1.4 * spread_of_member)
right.set_xlabel("members")
right.set_ylabel("spread")
right.set_title("Ensembles", fontsize="medium")
right.legend()
fig.alt_text = (
    "Left: two branches from one seed have, step by step, the loss of one branch; two seeds learn "
    "more. Right: the spread of an ensemble falls like one over the root of the members if each "
    "has a seed of its own, and not at all if they share one."
)

# %%
# What this page promises
# -----------------------
# **Parallel parts from one seed are tied, W11.** Let the loss be the same when two parts exchange all their parameters,
# as it is here. At a point where these are equal, the exchange changes nothing, so the two gradients are equal. So a
# rule that treats both parts alike keeps them equal, if the arithmetic is the same for both.
#
# Two such branches are one, each with half of the gradient.
one, other = twins
check("W11", "gap of branches, one seed", gap(one, other), 0, rounding=1e-9)
apart = np.abs(losses_of_one_seed - losses_of_one_branch).max()
check("W11", "losses, one seed and one branch", apart, 0, rounding=1e-9)
check("W11", "gap of branches, two seeds", gap(*different), 0.1, relation=">")

# %%
# The same under Adam, which remembers the mean and the mean square of each derivative.
branches = [from_seed(1), from_seed(1)]
means = [[0.0] * 5, [0.0] * 5]
squares = [[0.0] * 5, [0.0] * 5]
for step in range(1, 101):
    _, slopes = slopes_of(branches, halves)
    for k in range(2):
        for i, g in enumerate(slopes[k]):
            means[k][i] = 0.9 * means[k][i] + 0.1 * g
            squares[k][i] = 0.99 * squares[k][i] + 0.01 * g**2
            mean = means[k][i] / (1 - 0.9**step)
            square = squares[k][i] / (1 - 0.99**step)
            branches[k][i] = branches[k][i] - 0.01 * mean / (np.sqrt(square) + 1e-8)
check("W11", "gap of branches, one seed, Adam", gap(*branches), 0, rounding=1e-9)
check("W11", "largest move, Adam", gap(branches[0], from_seed(1)), 0.1, relation=">")

# %%
# **An ensemble of equal members is one member.** A member's training never sees the others. So two members from one
# seed, on the same data in the same order, run the same computation twice. Their mean is what each of them predicts,
# and its variance is that of one member. Two members from two seeds are independent, as functions of the seeds, and the
# variance of a mean of :math:`k` is one :math:`k`-th.
same_layers = []
for layer in drawn_in_all.layers:
    four_times = np.repeat(layer.weight[:1], 4, axis=0)
    same_layers.append(Layer(four_times))
same_start = Network(same_layers, "tanh")
copies = descend(same_start, few, targets, steps=40, rate=rate, batch=8, rng=3)
of_copies = forward(copies.network, few)
check("W11", "spread of members, one seed", np.ptp(of_copies, axis=0).max(), 0, rounding=1e-9)
of_ensemble = of_copies.mean(axis=0)
mean_loss = np.mean((of_copies - targets) ** 2)
loss_of_mean = np.mean((of_ensemble - targets) ** 2)
check("W11", "loss, ensemble over member, one seed", loss_of_mean / mean_loss, 1, rounding=1e-9)
centered = at_one_input - at_one_input.mean()
standardized = centered / at_one_input.std()
products = standardized[:, 0] * standardized[:, 1]
check_mean("W11", "correlation of members, two seeds", products, 0)
of_ensembles = predicted.mean(axis=1)
mean_loss = np.mean((predicted - y[:32]) ** 2)
loss_of_mean = np.mean((of_ensembles - y[:32]) ** 2)
check("W11", "loss, ensemble over member, eight seeds", loss_of_mean / mean_loss, 1, relation="<")

# %%
# **Successive layers from one seed are not tied.** The first reads the inputs' values and the second reads those of the
# first, so their gradients differ. Within each layer the units differ as they would with two seeds.
middle = rng.standard_normal((2, units, units)) / np.sqrt(units)


def stack(second, third):
    """Return a network with these two layers in the middle."""
    branch = from_seed(5)
    first = branch[0]
    last = branch[4][np.newaxis]
    layers = [Layer(first), Layer(second), Layer(third), Layer(last)]
    return Network(layers, "tanh")


equal_layers = stack(middle[0], middle[0])
classes = tied_units(equal_layers).labels[1].max() + 1
check("W11", "classes of units, equal layers", classes, units)
after = descend(equal_layers, x, column, steps=1, rate=rate).network.layers
difference = np.abs(after[1].weight - after[2].weight).max()
check("W11", "gap of successive layers, one step", difference, 0, relation=">")

# %%
# **No cost was measured here.** Many networks whose two middle layers are equal, and the same networks with
# another draw for the second of the two: after 60 steps the logarithm of the ratio of their losses is 0 in the mean,
# within four standard errors. The tolerance of the check says how large a cost could have been missed. This says
# nothing of other networks: PyTorch's ``nn.TransformerEncoder`` starts all its layers with the same parameters, and its
# documentation recommends to initialize them again, by hand.
count = 250
first = Layer(rng.standard_normal((count, units, features)) / np.sqrt(features))
second = Layer(rng.standard_normal((count, units, units)) / np.sqrt(units))
another = Layer(rng.standard_normal((count, units, units)) / np.sqrt(units))
last = Layer(rng.standard_normal((count, 1, units)) / np.sqrt(units))
log_losses = []
for third in (second, another):
    start = Network([first, second, third, last], "tanh")
    run = descend(start, x, column, steps=60, rate=rate)
    log_losses.append(np.log(run.losses[-1]))
log_ratios = log_losses[0] - log_losses[1]
check_mean("W11", "log of loss, equal over different layers", log_ratios, 0)

# %%
# **Finding copies.** Copies in the same order are found by plain comparison. If one has its units in another order, as
# after a merge of models, ``align_units`` finds the order, and the distance that is left is 0.
original = from_seed(1)
check("W11", "equal arrays of two branches", np.array_equal(original[2], from_seed(1)[2]), True)
hidden = Layer(original[0], original[1])
reader = Layer(original[2])
order = rng.permutation(units)
shuffled = Layer(hidden.weight[order], hidden.bias[order])
shuffled_reader = Layer(reader.weight[:, order])
found = align_units(shuffled, shuffled_reader, to=(hidden, reader))
check("W11", "distance, units in another order", found.distance, 0)
stranger = from_seed(2)
other_hidden = Layer(stranger[0], stranger[1])
other_reader = Layer(stranger[2])
found = align_units(other_hidden, other_reader, to=(hidden, reader))
check("W11", "distance, another seed", found.distance, 1, relation=">")

# %%
# Where it stops being true
# -------------------------
# **What follows treats them differently.** If the shares of the branches differ, they part. If the second is
# subtracted, the prediction starts at 0, and the two part at the first step.
_, parted = train([from_seed(1), from_seed(1)], [0.7, 0.3], steps=1)
check("W11", "gap, unequal shares", gap(*parted), 1e-9, relation=">", shows="limit")
losses, parted = train([from_seed(1), from_seed(1)], [1.0, -1.0], steps=100)
check("W11", "first loss over that of 0", losses[0] / np.mean(y**2), 1, rounding=1e-9)
check("W11", "gap, difference of branches", gap(*parted), 0.1, relation=">", shows="limit")

# %%
# **Another order of the data**, or another mask of dropout, parts members of an ensemble that started equal.
orders = []
for seed in (3, 4):
    run = descend(same_start, few, targets, steps=40, rate=rate, batch=8, rng=seed)
    orders.append(forward(run.network, few)[0])
apart = np.abs(orders[0] - orders[1]).max()
check("W11", "gap of members, two orders of data", apart, 1e-3, relation=">", shows="limit")
run = descend(same_start, few, targets, steps=40, rate=rate, dropout=0.2, rng=3)
apart = np.ptp(forward(run.network, few), axis=0).max()
check("W11", "gap of members, dropout", apart, 1e-3, relation=">", shows="limit")

# %%
# **Successive blocks that start silent.** In a residual network the block :math:`f` adds to what it reads. If the last
# layers of two successive blocks are 0, both blocks read the same values and get the same signals: with one seed they
# take the first step alike, as parallel branches do. At the second step they part.
readout = rng.standard_normal(features)


def residual_loss(blocks):
    """Return the loss of two residual blocks, one after the other."""
    stream = x
    for inner, outer in blocks:
        stream = stream + anp.tanh(stream @ inner.T) @ outer.T
    return anp.mean((stream @ readout - y) ** 2)


silent = np.zeros((features, units))
inner, *_ = from_seed(1)
blocks = [[inner, silent], [inner, silent]]
gaps = []
for _ in range(2):
    _, slopes = value_and_grad(residual_loss)(blocks)
    for block, slope in zip(blocks, slopes):
        block[:] = [p - rate * g for p, g in zip(block, slope)]
    gaps.append(gap(*blocks))
check("W11", "gap of silent blocks, one step", gaps[0], 0, rounding=1e-12, shows="limit")
check("W11", "gap of silent blocks, two steps", gaps[1], 1e-9, relation=">", shows="limit")

# %%
# **One seed and two shapes.** With NumPy's generator, and with ``torch.rand``, the one layer repeats the numbers of the
# other, before they are scaled; ``torch.randn`` repeats a part of them, or none. With another fan-in they stand in
# another arrangement: from the second on the rows differ, and plain comparison does not see it. If only the number of
# units differs, the first rows are the same.


def seeded(*shape):
    """Return a matrix as a layer draws it that seeds its generator itself."""
    return np.random.default_rng(1).standard_normal(shape) / 2


in_three = seeded(6, 3)
in_four = seeded(6, 4)
agree = np.sum(in_three.ravel() == in_four.ravel()[:18])
check("W11", "numbers in common, another fan-in", agree, 18, shows="limit")
equal_rows = np.all(in_three == in_four[:, :3], axis=1)
check("W11", "equal rows but the first, another fan-in", equal_rows[1:].sum(), 0, shows="limit")

# %%
# So parallel branches of six and of twelve units share six of them. If the outgoing weights agree, too, these are
# tied, by the argument above for two units instead of two branches. Here both branches have one hidden layer, their
# outputs are added, and each layer is seeded by itself. If the last layer is divided by the root of its fan-in, as is
# usual, the outgoing weights differ, and the units part.
first = Layer(np.vstack([seeded(6, 3), seeded(12, 3)]))
outgoing = {
    "one scale": np.hstack([seeded(1, 6), seeded(1, 12)]),
    "by fan-in": np.hstack([seeded(1, 6) / np.sqrt(6), seeded(1, 12) / np.sqrt(12)]),
}
ended = {}
for name, weight in outgoing.items():
    start = Network([first, Layer(weight)], "tanh")
    ended[name] = descend(start, x, column, steps=100, rate=rate).network.layers[0].weight
moved = np.abs(ended["one scale"] - first.weight).max()
shared = np.abs(ended["one scale"][:6] - ended["one scale"][6:12]).max()
parted = np.abs(ended["by fan-in"][:6] - ended["by fan-in"][6:12]).max()
check("W11", "move of units, two widths", moved, 0.01, relation=">", shows="limit")
check("W11", "gap of shared units, two widths", shared, 0, rounding=1e-9, shows="limit")
check("W11", "gap, two widths, scaled by fan-in", parted, 1e-6, relation=">", shows="limit")
summary()

# %%
# Try it yourself
# ---------------
# - Give three branches the shares 1/2, 1/4 and 1/4, and one seed. Which of them stay equal?
# - Train an ensemble from one seed with a data order for each member. How much of the variance goes?
# - Make six layers from one seed, of 32 units. Does it cost steps now?

plt.show()
