# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Do LSTM gates or embeddings break the symmetry?
===============================================

Gates do not: a unit of an LSTM or GRU has one index in all its gates, and units that agree in each gate, and in what
reads them, stay one unit, however different the gates are from each other.
An embedding may start constant if the layer after it is random, as tokens part by their data and features by that
layer; to start at zero it needs, besides, units that answer to a small change at 0 and a last matrix that is not 0.

That ties are about sums is W01. Here it is executed for two kinds of layers whose gradients nobody wants to write by
hand, W14, which is derived here.
"""

# %%
# Set-up
# ------
# An LSTM with four units reads four inputs, and predicts the product of two of them and a third. As in PyTorch the
# weights of its gates are stacked: input, forget, cell and output gate. Autograd differentiates it.
from copy import deepcopy

import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import value_and_grad

from symlib.claims import check, summary
from symlib.network import Layer, Network
from symlib.symmetry import tied_units

units = 4
samples = 32
steps = 60
rng = np.random.default_rng(1997)
x = rng.standard_normal((4, samples, 2))
y = np.column_stack([x[0, :, 0] * x[2, :, 1], x[1, :, 1]])


def sigmoid(z):
    """Return the logistic function."""
    return 1 / (1 + anp.exp(-z))


def lstm(parameters, initial_cell=0.0):
    """Return the last states of the units, a row for each sample."""
    inputs, recurrent, bias, initial, _, _ = parameters
    state = anp.zeros((samples, units)) + initial
    cell = anp.zeros((samples, units)) + initial_cell
    for now in x:
        sums = now @ inputs.T + state @ recurrent.T + bias
        enter, keep, new, leave = anp.split(sums, 4, axis=1)
        kept = sigmoid(keep) * cell
        entered = sigmoid(enter) * anp.tanh(new)
        cell = kept + entered
        state = sigmoid(leave) * anp.tanh(cell)
    return state


def gru(parameters):
    """Return the same for a GRU: reset gate, update gate, new state. (PyTorch has two biases.)"""
    inputs, recurrent, bias, initial, _, _ = parameters
    state = anp.zeros((samples, units)) + initial
    for now in x:
        from_inputs = anp.split(now @ inputs.T + bias, 3, axis=1)
        from_states = anp.split(state @ recurrent.T, 3, axis=1)
        reset = sigmoid(from_inputs[0] + from_states[0])
        update = sigmoid(from_inputs[1] + from_states[1])
        new = anp.tanh(from_inputs[2] + reset * from_states[2])
        state = (1 - update) * new + update * state
    return state


def train(layer, parameters, steps=steps, rate=0.3):
    """Train all parameters but the initial state, and return the losses and the last parameters."""

    def loss(parameters):
        *_, out, constant = parameters
        return anp.mean((layer(parameters) @ out.T + constant - y) ** 2)

    step = value_and_grad(loss)
    losses = []
    for _ in range(steps):
        value, gradient = step(parameters)
        losses.append(value)
        gradient[3] = 0 * gradient[3]
        parameters = [p - rate * g for p, g in zip(parameters, gradient)]
    return losses, parameters


def gap(layer, parameters):
    """Return the largest difference of two states, over the samples."""
    return np.ptp(layer(parameters), axis=1).max()


def with_equal_sums(total):
    """Return a random matrix whose rows and columns add up to a number."""
    random = 0.5 * rng.standard_normal((units, units))
    random = random - random.mean(axis=1, keepdims=True)
    random = random - random.mean(axis=0)
    return random + total / units


# %%
# Three starts. *Constant*: all input weights are 0.3, all recurrent ones 0.2, all biases 0 but those of the forget
# gate, which are 1. *Four gates*: each gate has its own numbers, its own random matrix with rows and columns of one
# sum, and in each gate the units read the inputs alike. *Random*: all weights are random.
rows = 4 * units
forget = np.repeat([0.0, 1.0, 0.0, 0.0], units)
at_rest = np.zeros(units)
out = [np.full((2, units), 0.5), np.zeros(2)]
constant = [np.full((rows, 2), 0.3), np.full((rows, units), 0.2), forget, at_rest, *out]
gate_inputs = 0.5 * rng.standard_normal((4, 2))
gate_matrices = [with_equal_sums(total) for total in rng.standard_normal(4)]
gate_biases = 0.5 * rng.standard_normal(4)
four_gates = [
    np.repeat(gate_inputs, units, axis=0),
    np.concatenate(gate_matrices),
    np.repeat(gate_biases, units),
    at_rest,
    *out,
]
random = [
    0.5 * rng.standard_normal((rows, 2)),
    0.5 * rng.standard_normal((rows, units)),
    forget,
    at_rest,
    *out,
]

of_constant, after_constant = train(lstm, constant)
of_four_gates, after_four_gates = train(lstm, four_gates)
of_random, after_random = train(lstm, random)

# %%
# **An embedding** has a row for each token and a column for each feature. The tokens are the letters of a rhyme, and
# the network predicts the next letter: the row of a letter goes through a layer of tanh units, and a matrix makes
# scores of them.
rhyme = "she sells sea shells by the sea shore the shells she sells are sea shells for sure"
letters = sorted(set(rhyme))
tokens = np.array([letters.index(letter) for letter in rhyme])
now = tokens[:-1]
following = tokens[1:]
count = len(letters)
features = 4


def cross_entropy(scores, targets):
    """Return the mean of minus the logarithm of the probability of the targets."""
    highest = anp.max(scores, axis=1, keepdims=True)
    total = anp.log(anp.sum(anp.exp(scores - highest), axis=1)) + highest[:, 0]
    chosen = scores[np.arange(len(targets)), targets]
    return anp.mean(total - chosen)


def loss_of_letters(parameters, now=now, following=following, activation=anp.tanh):
    """Return the loss of an embedding, a layer of units, and an unembedding."""
    embedding, layer, bias, unembedding = parameters
    hidden = activation(embedding[now] @ layer.T + bias)
    return cross_entropy(hidden @ unembedding.T, following)


def loss_with_one_matrix(parameters):
    """Return the same with one matrix as embedding and unembedding."""
    embedding, layer, bias = parameters
    return loss_of_letters([embedding, layer, bias, embedding])


def descend(loss, parameters, steps=100, rate=1.0):
    """Take steps of gradient descent, and return the losses and the last parameters."""
    step = value_and_grad(loss)
    losses = []
    for _ in range(steps):
        value, gradient = step(parameters)
        losses.append(value)
        parameters = [p - rate * g for p, g in zip(parameters, gradient)]
    return losses, parameters


equal_rows = np.full((count, features), 0.5)
equal_layer = np.full((features, features), 0.5)
no_bias = np.zeros(features)
random_layer = rng.standard_normal((features, features))
random_unembedding = rng.standard_normal((count, features))
random_rest = [random_layer, no_bias, random_unembedding]
equal_unembedding = np.full((count, features), 0.5)
equal_rest = [equal_layer, no_bias, equal_unembedding]

zero = 0 * equal_rows

alike, all_constant = descend(loss_of_letters, [equal_rows, *equal_rest])
differently, constant_rows = descend(loss_of_letters, [equal_rows, *random_rest])
_, zero_rows = descend(loss_of_letters, [zero, *random_rest])

# %%
# The figure
# ----------
# On the left the four states of the trained LSTM for sixteen samples: one curve if every gate is balanced, four if the
# recurrent matrix of its forget gate alone is random. On the right embeddings after training, a row for each letter and
# a column for each feature, both from all 0.5. In the first all weights after it were 0.5, too.
one_gate = deepcopy(four_gates)
one_gate[1][units : 2 * units] = 0.5 * rng.standard_normal((units, units))
_, after_one_gate = train(lstm, one_gate)

fig, (left, middle, right) = plt.subplots(1, 3, gridspec_kw={"width_ratios": [2, 1, 1]})
sample = np.arange(16)
left.plot(sample, lstm(after_one_gate)[:16], color="C1", linewidth=1)
left.plot(sample, lstm(after_four_gates)[:16], color="C0", linewidth=2)
left.set_xlabel("sample")
left.set_ylabel("states of four units")
left.set_title("One curve, or four", fontsize="medium")
limit = np.abs(constant_rows[0]).max()
middle.imshow(all_constant[0], cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
middle.set_title("rest 0.5", fontsize="medium")
right.imshow(constant_rows[0], cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
right.set_title("rest random", fontsize="medium")
names = [letter.replace(" ", "_") for letter in letters]
middle.set_yticks(np.arange(count), names, fontsize="x-small")
right.set_yticks([])
for ax in (middle, right):
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.set_xlabel("features")
fig.alt_text = (
    "Left: four LSTM units whose gates are different but balanced have one curve of states, and "
    "four curves if one gate is random. Right: embeddings that start constant. With equal weights "
    "after them the letters differ and the features do not; with random weights both differ."
)

# %%
# What this page promises
# -----------------------
# **Gates have one index, W14.** Sort the units into classes. Let units of a class agree, in each gate, in their bias
# and their input weights, and in the sums of recurrent weights from each class and to each class; let them start in one
# state, and let the read-out treat them alike. Then their states are equal on all inputs, in exact arithmetic, and
# gradient descent keeps it. *Proof.* What a gate does to a sum, and what it is multiplied by, is done unit by unit, so
# equal sums give equal states, step after step, and equal signals on the way back. So the derivative of a weight is
# one number for each pair of classes and each gate, as in W01.
#
# That gates differ from each other is no matter. In the second network they share nothing but the sums.
apart = gap(lstm, after_constant)
check("W14", "gap of states, constant", apart, 0, rounding=1e-9)
apart = gap(lstm, after_four_gates)
check("W14", "gap of states, four gates", apart, 0, rounding=1e-9)
check("W14", "different recurrent weights", len(np.unique(four_gates[1])), 4 * units**2)
moved = np.abs(after_four_gates[1] - four_gates[1]).max()
check("W14", "they have moved by", moved, 1e-3, relation=">")
apart = gap(lstm, after_random)
check("W14", "gap of states, random", apart, 0.1, relation=">")

# %%
# **The library finds it** before any training: the recurrent matrices of the gates are handed over as they are, and
# biases stand beside the input weights.


def classes(parameters):
    """Return how many states descent can tell apart in an LSTM."""
    inputs, recurrent, bias, _, out, _ = parameters
    with_bias = np.column_stack([inputs, bias])
    side_by_side = np.concatenate(np.split(with_bias, 4), axis=1)
    network = Network([Layer(side_by_side), Layer(out)], "tanh")
    matrices = recurrent.reshape(4, units, units)
    ties = tied_units(network, recurrent={0: matrices})
    (labels,) = ties.labels
    return labels.max() + 1


number = classes(constant)
check("W14", "classes, constant", number, 1)
number = classes(four_gates)
check("W14", "classes, four gates", number, 1)
number = classes(random)
check("W14", "classes, random", number, units)

# %%
# **A GRU** is tied in the same way. It has three gates, and its own rule for the state.
gates = slice(0, 3 * units)
constant_gru = [part[gates] for part in constant[:3]] + constant[3:]
three_gates = [part[gates] for part in four_gates[:3]] + four_gates[3:]
random_gru = [part[gates] for part in random[:3]] + random[3:]
for name, start in {"constant": constant_gru, "three gates": three_gates}.items():
    _, after = train(gru, start, steps=30)
    apart = gap(gru, after)
    check("W14", f"gap of states, GRU, {name}", apart, 0, rounding=1e-9)
_, after = train(gru, random_gru, steps=30)
apart = gap(gru, after)
check("W14", "gap of states, GRU, random", apart, 0.1, relation=">")

# %%
# **Features are units, tokens are not, W14.** An embedding is a layer whose input has a 1 at the token. So its columns
# are its units: equal features stay equal, if the layer after treats them alike. Its rows belong to inputs: equal rows
# part, as their letters are followed by other letters.


def spread(matrix, axis):
    """Return the largest difference along an axis."""
    return np.ptp(matrix, axis=axis).max()


apart = spread(all_constant[0], 1)
check("W14", "spread of features, all 0.5", apart, 0, rounding=1e-9)
apart = spread(all_constant[0], 0)
check("W14", "spread of letters, all 0.5", apart, 0.1, relation=">")
apart = spread(constant_rows[0], 1)
check("W14", "spread of features, the rest random", apart, 0.1, relation=">")
apart = spread(constant_rows[0], 0)
check("W14", "spread of letters, the rest random", apart, 0.1, relation=">")
apart = spread(zero_rows[0], 1)
check("W14", "spread of features, from 0", apart, 0.1, relation=">")
check("W14", "loss, constant over random rest", alike[-1] / differently[-1], 1.2, relation=">")

# %%
# From all 0.5 the first step moves the unembedding alone: the signals of all scores add up to 0, so an unembedding
# whose rows are equal sends nothing down. From the second step on the letters part.
first_step = value_and_grad(loss_of_letters)
_, gradient = first_step([equal_rows, *equal_rest])
largest = np.abs(gradient[0]).max()
check("W14", "first gradient of letters, all 0.5", largest, 0, rounding=1e-12)

# %%
# It is the layer after that decides, and not what else is random. Let its weights differ from unit to unit, but not
# from feature to feature, and let the unembedding be random. The hidden units differ, and the features are one.
by_unit = np.repeat(rng.standard_normal((features, 1)), features, axis=1)
_, after = descend(loss_of_letters, [equal_rows, by_unit, no_bias, random_unembedding])
apart = spread(after[0], 1)
check("W14", "spread of features, alike to each unit", apart, 0, rounding=1e-9)
apart = spread(after[1], 0)
check("W14", "spread of hidden units then", apart, 0.1, relation=">")

# %%
# **One matrix, one condition, W14.** A model can use its embedding as unembedding, too. Then one partition of the
# features has to fit both uses. Take the same layer. With two matrices the features above are one. With one matrix they
# part, as the columns of an unembedding belong to the hidden units, which differ.
_, after = descend(loss_with_one_matrix, [equal_rows, by_unit, no_bias])
apart = spread(after[0], 1)
check("W14", "spread of features, one matrix", apart, 0.1, relation=">")
in_sums = with_equal_sums(1)
_, after = descend(loss_with_one_matrix, [equal_rows, in_sums, no_bias], steps=50)
apart = spread(after[0], 1)
check("W14", "spread of features, one matrix and sums", apart, 0, rounding=1e-9)

# %%
# **How you meet it.** ``torch.nn.LSTM`` and ``torch.nn.GRU`` start uniform between :math:`\pm 1/\sqrt{m}` for m units,
# and ``torch.nn.Embedding`` standard normal, with a row of zeros for ``padding_idx``. ``keras.layers.LSTM`` adds 1 to
# the biases of the forget gate: the same for all units, which ties nothing and parts nothing. A loop that
# calls ``torch.nn.init.constant_`` with one number on all parameters, those of the read-out as well, makes one unit of
# the layer.

# %%
# Where it stops being true
# -------------------------
# **One gate is enough to part them,** with its recurrent matrix alone, or its biases alone. So is a read-out that
# differs, after one step.
number = classes(one_gate)
check("W14", "classes, one gate random", number, units, shows="limit")
start = deepcopy(constant)
start[2] = rng.standard_normal(rows)
apart = gap(lstm, start)
check("W14", "gap of states, random biases", apart, 0.01, relation=">", shows="limit")
start = deepcopy(constant)
start[4] = rng.standard_normal((2, units))
_, after = train(lstm, start, steps=1)
apart = gap(lstm, after)
check("W14", "gap, random read-out, one step", apart, 1e-4, relation=">", shows="limit")

# %%
# **An initial state that differs** parts the units of an LSTM at once where the rows of its recurrent weights differ,
# in general. Where those of each gate agree, each unit reads the same sums. But the derivative of a recurrent weight
# has the state it comes from as a factor. So after one step of training the columns differ, and after two the units do.
# An initial cell state that differs parts them at once, as each unit keeps its own.
unequal = rng.standard_normal(units)
start = deepcopy(four_gates)
start[3] = unequal
apart = gap(lstm, start)
check("W14", "gap, random initial state", apart, 1e-3, relation=">", shows="limit")
start = deepcopy(constant)
start[3] = unequal
_, after = train(lstm, start, steps=1)
apart = gap(lstm, after)
check("W14", "the same, equal recurrent weights, 1 step", apart, 0, rounding=1e-12)
_, after = train(lstm, start, steps=2)
apart = gap(lstm, after)
check("W14", "the same, two steps", apart, 1e-7, relation=">", shows="limit")
states = lstm(constant, initial_cell=unequal)
apart = np.ptp(states, axis=1).max()
check("W14", "gap, random initial cell state", apart, 1e-3, relation=">", shows="limit")

# %%
# **Gates that are balanced for different classes.** Here the input gate knows the pairs 1, 2 and 3, 4, and the forget
# gate the pairs 1, 3 and 2, 4. Each alone leaves two classes. Together they leave four: the partition must be one.
pairs = deepcopy(constant)
pairs[2][:units] = [0, 0, 1, 1]
number = classes(pairs)
check("W14", "classes, pairs in the input gate", number, 2, shows="limit")
_, after = train(lstm, pairs, steps=10)
states = lstm(after)
within = np.abs(states[:, [0, 2]] - states[:, [1, 3]]).max()
check("W14", "gap within the pairs, trained", within, 0, rounding=1e-9)
pairs[2][units : 2 * units] = [0, 1, 0, 1]
number = classes(pairs)
check("W14", "classes, other pairs in the forget gate", number, 4, shows="limit")

# %%
# **Zero is more than equal.** If all gates and the read-out start at 0, a unit says 0 on every input, and nothing moves
# but the constant of the output. With a random read-out the gates do move, and the units part.
silent = [0 * part for part in constant]
_, after = train(lstm, silent, steps=20)
largest = max(np.abs(part).max() for part in after[:-1])
check("W14", "largest weight, gates and read-out 0", largest, 0, shows="limit")
silent[4] = rng.standard_normal((2, units))
_, after = train(lstm, silent, steps=20)
apart = gap(lstm, after)
check("W14", "gap, gates 0, random read-out", apart, 1e-3, relation=">", shows="limit")

# %%
# **Zero embeddings can be stuck, too.** If the layer after starts at 0 as well, each has the other as a factor of its
# gradient, whatever the bias is. With a random layer whose bias is 0 the units say 0. Then an unembedding that starts
# at 0, too, is stuck with them. And ReLU units, whose slope at 0 PyTorch takes as 0, let nothing move but what is added
# at the end.
start = [zero, 0 * random_layer, rng.standard_normal(features), random_unembedding]
_, after = descend(loss_of_letters, start, steps=20)
largest = np.abs(after[0]).max()
check("W14", "embedding, it and the layer from 0", largest, 0, shows="limit")
start = [zero, random_layer, no_bias, 0 * random_unembedding]
_, after = descend(loss_of_letters, start, steps=20)
largest = np.abs(after[0]).max()
check("W14", "embedding, it and the unembedding from 0", largest, 0, shows="limit")


def relu(z):
    """Return the larger of z and 0, with the slope 0 at 0."""
    return anp.where(z > 0, z, 0)


def loss_with_relu(parameters):
    """Return the loss with ReLU units."""
    return loss_of_letters(parameters, activation=relu)


_, after = descend(loss_with_relu, [zero, *random_rest], steps=20)
largest = np.abs(after[0]).max()
check("W14", "embedding from 0, ReLU with bias 0", largest, 0, shows="limit")

# %%
# An embedding that is the unembedding, too, is stuck at 0 if the bias of the layer is 0, trained or not. A bias that is
# not 0 sets it free, with tanh.
for_scores = value_and_grad(loss_with_one_matrix)
_, gradient = for_scores([zero, random_layer, no_bias])
largest = max(np.abs(part).max() for part in gradient)
check("W14", "gradients, one matrix at 0", largest, 0, shows="limit")
some_bias = rng.standard_normal(features)
_, gradient = for_scores([zero, random_layer, some_bias])
largest = np.abs(gradient[0]).max()
check("W14", "the same with a bias", largest, 1e-3, relation=">", shows="limit")

# %%
# **Tokens that the data treat alike** do not part. A letter that never occurs as an input keeps its row, under gradient
# descent without weight decay and with an embedding that is not the unembedding, too. And let each
# sample stand once more with s and l exchanged. On all data their rows stay equal, if the two start alike in the
# unembedding. Mini-batches part them: this tie is one of the data, and not of the network.
first = letters.index("s")
second = letters.index("l")
exchanged = np.arange(count)
exchanged[[first, second]] = [second, first]
twice = np.concatenate([now, exchanged[now]])
then = np.concatenate([following, exchanged[following]])


def loss_of_both(parameters):
    """Return the loss over the letters and the exchanged letters."""
    return loss_of_letters(parameters, twice, then)


start = deepcopy([equal_rows, *random_rest])
start[3][second] = start[3][first]
_, after = descend(loss_of_both, start, steps=50)
apart = np.abs(after[0][first] - after[0][second]).max()
check("W14", "rows of s and l, all data", apart, 0, rounding=1e-9, shows="limit")
_, after = descend(loss_of_letters, start, steps=1)
apart = np.abs(after[0][first] - after[0][second]).max()
check("W14", "rows of s and l, a batch of half", apart, 1e-4, relation=">", shows="limit")

# %%
# **A normalization right behind a zero embedding** divides by the root of its small number. The root mean square of a
# row is 0, so its gradient is multiplied by :math:`1/\sqrt{\epsilon}`: 316 for 1e-5, the default of PyTorch's
# ``LayerNorm``, which subtracts the mean as well, and 2896 for the default of its ``RMSNorm`` in single precision, the
# machine epsilon. It is no trap, but a first step of that size.
epsilon = 1e-5


def loss_with_norm(parameters):
    """Return the loss with rows divided by their root mean square."""
    embedding, *others = parameters
    size = anp.sqrt(anp.mean(embedding**2, axis=1, keepdims=True) + epsilon)
    return loss_of_letters([embedding / size, *others])


start = [zero, *random_rest]
_, plain = value_and_grad(loss_of_letters)(start)
_, normed = value_and_grad(loss_with_norm)(start)
factor = np.abs(normed[0]).max() / np.abs(plain[0]).max()
check(
    "W14",
    "gradient at 0, norm over none",
    factor,
    epsilon**-0.5,
    rtol=1e-9,
    reason="rounding",
    shows="limit",
)
summary()

# %%
# Try it yourself
# ---------------
# - Give two of the four units the same biases in each gate, and the others their own. How many classes are there?
# - Train the constant LSTM with Adam, or with dropout on its states. Which of them parts the units?
# - Let ``rhyme`` be a text of yours. Which letters have nearly equal rows after training?

plt.show()
