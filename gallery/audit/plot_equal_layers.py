# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib", "autograd"]
# ///
"""
Are equal layers a fault?
=========================

Not by being equal at the start: what counts is whether they are still equal after some steps, which two snapshots tell.
Copies that are averaged in equal shares, or gated softly by a zero router, stay equal to the last bit. Copies that are
concatenated, routed at random or run one after another, with random weights behind them, part at the first step here,
and an encoder of copied layers learns slower all the same, in the task that is measured.

PyTorch's ``nn.TransformerEncoder`` makes its layers as copies of one, which is reported in issue 86274 of PyTorch.
Where a tie comes from is told on other pages; what the audit can say of copies, U03, is derived and measured here.
"""

# %%
# Set-up
# ------
# Three copies of one layer of tanh units, without biases, in five networks. Of the copies the audit says the same
# in all of them: three equal arrays.
import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
from autograd import value_and_grad

from symlib.audit import audit, compare
from symlib.claims import check, summary

copies = 3
width = 4
rate = 0.1
rng = np.random.default_rng(86274)
x = rng.standard_normal((32, width))
y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2]


def hidden(p, copy, inputs):
    """Return what the units of a copy say."""
    # einsum adds up in the same order for each copy
    return anp.tanh(anp.einsum("uf,nf->nu", p[f"layer.{copy}"], inputs))


def outputs(p, last):
    """Return the output of each copy, with a row of the last weights for each."""
    return [anp.einsum("nu,u->n", hidden(p, k, x), last[k]) for k in range(copies)]


def averaged(p):
    """Return the mean of the copies, with the same last weights for each."""
    return sum(outputs(p, [p["last"][0]] * copies)) / copies


def concatenated(p):
    """Return what one layer makes of the units of all copies."""
    return sum(outputs(p, p["last"]))


def routed(p):
    """Return the mean of the copies by the weights of a router."""
    powers = anp.exp(anp.einsum("kf,nf->kn", p["router"], x))
    gates = powers / anp.sum(powers, axis=0)
    of_copies = outputs(p, [p["last"][0]] * copies)
    return sum(gates[k] * of_copies[k] for k in range(copies))


def in_a_row(p):
    """Return the output of the copies one after another."""
    values = x
    for k in range(copies):
        values = hidden(p, k, values)
    return anp.einsum("nu,u->n", values, p["last"][0])


one_layer = rng.standard_normal((width, width)) / np.sqrt(width)
start = {f"layer.{k}": one_layer.copy() for k in range(copies)}
start["last"] = rng.standard_normal((copies, width)) / np.sqrt(width)
zero_router = start | {"router": np.zeros((copies, width))}
random_router = start | {"router": rng.standard_normal((copies, width))}
networks = {
    "averaged": (averaged, start),
    "zero router": (routed, zero_router),
    "random router": (routed, random_router),
    "concatenated": (concatenated, start),
    "in a row": (in_a_row, start),
}


def gap(p):
    """Return the largest difference of two copies in a weight."""
    return np.ptp([p[f"layer.{k}"] for k in range(copies)], axis=0).max()


def train(prediction, p, steps=20, rate=rate):
    """Return the weights after each step of gradient descent, those of the start first."""
    slopes_of = value_and_grad(lambda weights: anp.mean((prediction(weights) - y) ** 2))
    path = [p]
    for _ in range(steps):
        _, slopes = slopes_of(path[-1])
        path.append({name: path[-1][name] - rate * slopes[name] for name in p})
    return path


paths = {name: train(prediction, p) for name, (prediction, p) in networks.items()}

# %%
# **An encoder.** Four layers, each of attention with one head and of eight tanh units, with skips and layer
# normalization, are to say the token before each of six. We train 40 encoders whose layers are copies of one, and the
# same encoders with layers drawn each by itself, side by side.
encoders = 40
layers = 4
features = 8
tokens = rng.integers(0, 4, (16, 6))
before = np.eye(4)[np.roll(tokens, 1, axis=1)]


def drawn(*shape):
    """Return weights for all encoders, divided by the root of the fan-in."""
    return rng.standard_normal((encoders, *shape)) / np.sqrt(shape[-1])


embedding = rng.standard_normal((encoders, 4, features))
position = rng.standard_normal((encoders, 1, 6, features))
embedded = embedding[:, tokens] + position
parts = ("query", "key", "value", "up", "down")


def applied(weight, values):
    """Return a matrix of each encoder times its tokens."""
    return anp.matmul(values, anp.swapaxes(weight, 1, 2)[:, np.newaxis])


def normalized(values):
    """Return tokens of mean 0 and mean square 1."""
    centered = values - anp.mean(values, axis=-1, keepdims=True)
    return centered / anp.sqrt(anp.mean(centered**2, axis=-1, keepdims=True) + 1e-5)


def attended(p, layer, values):
    """Return what one head of attention makes of the tokens."""
    queries = applied(p[f"{layer}.query"], values)
    keys = applied(p[f"{layer}.key"], values)
    powers = anp.exp(anp.matmul(queries, anp.swapaxes(keys, 2, 3)) / np.sqrt(features))
    weights = powers / anp.sum(powers, axis=-1, keepdims=True)
    return anp.matmul(weights, applied(p[f"{layer}.value"], values))


def losses(p):
    """Return the cross-entropy of each encoder."""
    stream = embedded
    for layer in range(layers):
        stream = stream + attended(p, layer, normalized(stream))
        units = anp.tanh(applied(p[f"{layer}.up"], normalized(stream)))
        stream = stream + applied(p[f"{layer}.down"], units)
    scores = applied(p["head"], normalized(stream))
    totals = anp.log(anp.sum(anp.exp(scores), axis=-1))
    return anp.mean(totals - anp.sum(scores * before, axis=-1), axis=(1, 2))


own_layers = {f"{k}.{part}": drawn(features, features) for k in range(layers) for part in parts}
own_layers["head"] = drawn(4, features)
copied_layers = {name: own_layers["0" + name[1:]] for name in own_layers if name != "head"}
copied_layers["head"] = own_layers["head"]


def descended(p, steps=40):
    """Return the losses of all encoders at each step, and the weights after each."""
    slopes_of = value_and_grad(lambda weights: anp.sum(losses(weights)))
    seen = [losses(p)]
    path = [p]
    for _ in range(steps):
        _, slopes = slopes_of(path[-1])
        path.append({name: path[-1][name] - 0.3 * slopes[name] for name in p})
        seen.append(losses(path[-1]))
    return np.array(seen), path


losses_of_copies, path_of_copies = descended(copied_layers)
losses_of_own, _ = descended(own_layers)

# %%
# The figure
# ----------
# On the left how far the copies are apart, step by step; below 1e-6 the scale is linear, so that it has a 0. On the
# right the loss of the encoders, the mean of 40.
fig, (left, right) = plt.subplots(1, 2)
styles = ["s-", "o--", "o-", "^-", "v-"]
colors = ["C0", "C1", "C2", "C3", "gray"]
for (name, path), style, color in zip(paths.items(), styles, colors):
    left.plot([gap(p) for p in path[:11]], style, color=color, markersize=4, label=name)
left.set_yscale("symlog", linthresh=1e-6)
left.set_xticks([0, 5, 10])
left.set_yticks([0, 1e-6, 1e-3, 1])
left.set_ylim(-3e-7, 10)
left.set_xlabel("step")
left.set_ylabel("largest difference of the copies")
left.set_title("Three copies of a layer", fontsize="medium")
left.legend(loc="lower right", bbox_to_anchor=(1, 0.06))
right.plot(losses_of_copies.mean(axis=1), color="C1", label="copied layers")
right.plot(losses_of_own.mean(axis=1), color="C0", label="own layers")
right.set_xlabel("step")
right.set_ylabel("loss")
right.set_title("Encoders of four layers", fontsize="medium")
right.legend()
fig.alt_text = (
    "Left: copies that are averaged or have a zero router stay exactly equal; with a random "
    "router, concatenated, or in a row they differ from the first step on. Right: encoders whose "
    "four layers start as copies learn slower than those whose layers are drawn one by one."
)

# %%
# What this page promises
# -----------------------
# **The start does not tell, U03.** Of the copies the audit says the same in all five, and that it may be meant: a
# *look*. Of a zero router it says besides that it is zero.
for name, (_, p) in networks.items():
    found = [one for one in audit(p) if one.kind == "equal arrays"]
    verdicts = [one.verdict for one in found]
    check("U03", f"looks at equal arrays, {name}", verdicts.count("look"), 1)
kinds = [one.kind for one in audit(zero_router)]
check("U03", "zero told, zero router", kinds.count("zero"), 1)

# %%
# **Some steps do.** Where copies can change places without a change of the prediction their gradients are equal, and
# ``compare`` shows it from the arrays before and after: they were equal, moved, and are equal to the last bit. That asks
# for one rate, decay and memory of the optimizer for all. Where what follows treats them differently, they part at the
# first step.


def still_equal(p, later):
    """Return how many layers are among those that compare finds still equal."""
    found = [one.arrays for one in compare(p, later) if one.kind == "still equal"]
    return sum(len(names) for names in found)


for name, path in paths.items():
    stays = name in ("averaged", "zero router")
    check("U03", f"layers still equal, {name}", still_equal(path[0], path[-1]), copies * stays)
    if stays:
        check("U03", f"gap after 20 steps, {name}", gap(path[-1]), 0)
    else:
        check("U03", f"gap after one step, {name}", gap(path[1]), 0, relation=">")
after_averaging = paths["averaged"][-1]
moved = np.abs(after_averaging["layer.0"] - one_layer).max()
check("U03", "move of the averaged copies", moved, 0, relation=">")

# %%
# **Encoders part, and pay.** The copied layers differ after one step. After 40 steps the loss of the copied start is
# larger: in the mean of the logarithm of the ratio, over 40 encoders. So no tie is left, and a cost is. It is the cost
# of this task, this size and this rate. In the page on one seed none was measured for two layers of six units without
# attention.
first = {name: array[0] for name, array in copied_layers.items()}
second = {name: array[0] for name, array in path_of_copies[1].items()}
at_start = [one.kind for one in audit(first, chance=1e-9)]
check("U03", "equal arrays in an encoder, at the start", at_start.count("equal arrays"), len(parts))
check("U03", "arrays still equal, after one step", still_equal(first, second), 0)
log_ratios = np.log(losses_of_copies / losses_of_own)
at_the_end = log_ratios[-1]
error = at_the_end.std(ddof=1) / np.sqrt(encoders)
check(
    "U03",
    "log of the ratio of losses, less 4 errors",
    at_the_end.mean() - 4 * error,
    0,
    relation=">",
)

# %%
# Where it stops being true
# -------------------------
# **A tie that is about to break.** Under gradient descent averaged copies part if their shares differ, or if dropout
# leaves out another unit in each of them. To see what the loss does, switch dropout off.


def with_shares(p):
    """Return a mean of the copies with unequal shares."""
    first_copy, second_copy, third_copy = outputs(p, [p["last"][0]] * copies)
    return 0.5 * first_copy + 0.3 * second_copy + 0.2 * third_copy


mask = 1 - np.eye(copies, width)


def with_dropout(p):
    """Return the mean of the copies, of which each leaves out another unit."""
    return sum(outputs(p, p["last"][0] * mask)) / copies


for name, prediction in {"unequal shares": with_shares, "dropout": with_dropout}.items():
    path = train(prediction, start)
    check("U03", f"layers still equal, {name}", still_equal(path[0], path[-1]), 0, shows="limit")


# %%
# **A zero behind them.** Below a last layer of zeros concatenated copies stay equal, as nothing has told the parts of that
# layer apart, and layers in a row part one step later.
zero_head = start | {"last": np.zeros((copies, width))}
path = train(concatenated, zero_head)
moved = np.abs(path[-1]["layer.0"] - one_layer).max()
check("U03", "gap, concatenated, zero head", gap(path[-1]), 0, shows="limit")
check("U03", "move of these copies", moved, 0, relation=">", shows="limit")
path = train(in_a_row, zero_head)
check("U03", "gap after one step, in a row, zero head", gap(path[1]), 0, shows="limit")
check("U03", "gap after two steps", gap(path[2]), 0, relation=">", shows="limit")

# %%
# **A router that chooses one.** If each sample goes to the copy with the largest score alone, and the first of equal ones
# is taken, a zero router sends all samples to the first copy at the first step, so that it alone moves. The gate moves
# the router as well, so that the others get samples from the second step on. (With a choice that gives the router no
# gradient they never move: W09.)


def one_chosen(p):
    """Return the output of the copy with the largest score, by its share."""
    scores = anp.einsum("kf,nf->kn", p["router"], x)
    gates = anp.exp(scores) / anp.sum(anp.exp(scores), axis=0)
    chosen = (
        np.argmax(getattr(scores, "_value", scores), axis=0) == np.arange(copies)[:, np.newaxis]
    )
    of_copies = outputs(p, [p["last"][0]] * copies)
    return sum(chosen[k] * gates[k] * of_copies[k] for k in range(copies))


path = train(one_chosen, zero_router, steps=20)
moves = []
for step in (1, 20):
    others = [path[step]["layer.1"] - one_layer, path[step]["layer.2"] - one_layer]
    moves.append(np.abs(others).max())
check("U03", "gap, one chosen by a zero router", gap(path[1]), 0, relation=">", shows="limit")
check("U03", "first step: move of the others", moves[0], 0, shows="limit")
check("U03", "twenty steps: move of the others", moves[1], 0, relation=">", shows="limit")


# %%
# **Rounding.** Equal means to the last bit. Let one of three averaged copies add 1000 to its weights and subtract it
# again. Then the two others are told as still equal, and this one is not, though it differs by rounding only.
def one_rounded(p):
    """Return the mean of the copies, of which one rounds its weights to fewer digits."""
    last = p["last"][0]
    rounded = (p["layer.0"] + 1000) - 1000
    sums = anp.einsum("uf,nf->nu", rounded, x)
    of_first = anp.einsum("nu,u->n", anp.tanh(sums), last)
    _, of_second, of_third = outputs(p, [last] * copies)
    return (of_first + of_second + of_third) / copies


path = train(one_rounded, start)
check("U03", "layers still equal, one rounded", still_equal(path[0], path[-1]), 2, shows="limit")
check("U03", "gap, one rounded", gap(path[-1]), 0, rounding=1e-9)

# %%
# **Opposite copies.** For tanh, a copy with all its weights negated says the opposite. Where it is subtracted it learns
# as the others do, and stays opposite. ``compare`` looks for signs among the rows of one array, not between arrays.


def one_subtracted(p):
    """Return the mean of the copies, of which one counts negative."""
    first_copy, second_copy, third_copy = outputs(p, [p["last"][0]] * copies)
    return (first_copy - second_copy + third_copy) / copies


path = train(one_subtracted, start | {"layer.1": -one_layer})
apart = np.abs(path[-1]["layer.0"] + path[-1]["layer.1"]).max()
check("U03", "opposite copies, their sum", apart, 0)
check("U03", "layers still equal, one opposite", still_equal(path[0], path[-1]), 2, shows="limit")

# %%
# **Steps that move nothing.** What did not move is not told as tied, but as *never moved*.
path = train(averaged, start, rate=1e-20)
kinds = [one.kind for one in compare(path[0], path[-1])]
check("U03", "still equal, a rate of 1e-20", kinds.count("still equal"), 0, shows="limit")
check("U03", "never moved, a rate of 1e-20", kinds.count("never moved"), 1)
summary()

# %%
# Try it yourself
# ---------------
# - Give two rows of the random router the same numbers. Which copies stay equal?
# - Train the encoders for 200 steps. Do the copied ones catch up?
# - Leave the layer normalization out of the encoders. Is there still a cost?

plt.show()
