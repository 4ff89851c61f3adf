"""Descend: the optimizers, the batches, dropout, the records, and what equal units do.

And the path that is known: how a deep linear network grows.
"""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from symlib import training
from symlib._activations import ACTIVATIONS
from symlib._backprop import loss_gradients
from symlib.network import Layer, Network, forward, gradients, loss
from symlib.training import Run, descend, linear_mode

XOR_X = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
XOR_Y = np.array([[-1.0], [1.0], [1.0], [-1.0]])
OPTIMIZERS = [
    {},
    {"momentum": 0.9},
    {"weight_decay": 0.02},
    {"momentum": 0.5, "weight_decay": 0.02},
    {"optimizer": "adam"},
    {"optimizer": "adam", "betas": (0.8, 0.95), "epsilon": 1e-4, "weight_decay": 0.02},
]


def network(
    seed, activation="relu", *, replicas=(), features=3, width=5, outputs=2, dtype=np.float64
):
    """Return a random network with one hidden layer."""
    rng = np.random.default_rng(seed)
    shapes = [(width, features), (width,), (outputs, width), (outputs,)]
    w1, b1, w2, b2 = (0.7 * rng.normal(size=replicas + shape).astype(dtype) for shape in shapes)
    return Network([Layer(w1, b1), Layer(w2, b2)], activation)


def data(seed, *, samples=7, features=3, outputs=2):
    """Return random inputs and targets."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(samples, features)), rng.normal(size=(samples, outputs))


def constant(width, activation="tanh", *, features=2, outputs=1, value=0.5, dtype=np.float64):
    """Return a network whose units are all equal, and whose sums keep them so."""
    layers = [
        Layer(np.full((width, features), value, dtype), np.zeros(width, dtype)),
        Layer(np.full((outputs, width), value, dtype), np.zeros(outputs, dtype)),
    ]
    return Network(layers, activation, same_order=True)


def arrays(layers):
    """Return the weights and biases that there are, as a flat list."""
    return [array for layer in layers for array in layer if array is not None]


def one_replica(net, r):
    """Return replica r of a network."""
    return net._replace(layers=[Layer(weight[r], bias[r]) for weight, bias in net.layers])


def assert_same(layers, others, **tolerances):
    """Assert that two networks are equal, to the bit unless tolerances are given."""
    for one, other in zip(arrays(layers), arrays(others), strict=True):
        if tolerances:
            np.testing.assert_allclose(one, other, **tolerances)
        else:
            np.testing.assert_array_equal(one, other)


def assert_one_class(net):
    """Assert that all hidden units have the same bits: incoming, bias and outgoing."""
    (weight, bias), (outgoing, _) = net.layers
    assert (weight == weight[..., :1, :]).all()
    assert (bias == bias[..., :1]).all()
    assert (outgoing == outgoing[..., :1]).all()


# --- the step ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["squared", "half_squares", "cross_entropy"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_arrays_that_are_used_again_change_nothing(activation, kind):
    """Steps write into the arrays of the step before; what is returned lies elsewhere."""
    space, kept = {}, []
    for seed in (0, 1, 2):
        first, last = network(seed, replicas=(3,)).layers
        middle = Layer(first.weight[:, :, :1] * np.ones(5), first.bias if seed else None)
        net = Network([first, middle, last], (activation,) * 2)
        x, y = data(seed + 10)
        columns = x.T
        target = np.eye(2)[:, np.arange(7) % 2] if kind == "cross_entropy" else y.T
        value, slopes = loss_gradients(net, columns, target, kind, buffers=space)
        wanted, others = loss_gradients(net, columns, target, kind)
        np.testing.assert_array_equal(value, wanted)
        assert_same(slopes, others)
        kept.append((value, slopes, others))
    for value, slopes, others in kept:
        assert_same(slopes, others)  # later steps did not write into them
        for array in (value, *arrays(slopes)):
            assert not any(np.shares_memory(array, place) for place in space.values())


@pytest.mark.parametrize("kind", ["squared", "half_squares"])
def test_a_step_is_the_rate_times_the_gradient(kind):
    """One step of gradient descent is θ - rate ∂L/∂θ, and the loss is that of the start."""
    start, (x, y) = network(0, "tanh"), data(1)
    value, slopes = gradients(start, x, y, kind=kind)
    run = descend(start, x, y, steps=1, rate=0.3, kind=kind)
    assert isinstance(run, Run)
    assert run.losses.tolist() == [value]
    wanted = [p - 0.3 * g for p, g in zip(arrays(start.layers), arrays(slopes), strict=True)]
    for one, other in zip(arrays(run.network.layers), wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["squared", "half_squares", "cross_entropy"])
@pytest.mark.parametrize(
    ("options", "activation"),
    list(zip(OPTIMIZERS, ["tanh", "gelu", "erf", "silu", "softplus", "sigmoid"], strict=True)),
    ids=str,
)
def test_trajectories_are_those_of_torch(options, activation, kind):
    """Fifty steps of every optimizer agree with torch.optim to 1e-10."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    functions = torch.nn.functional
    start, (x, y) = network(2, activation), data(3)
    if kind == "cross_entropy":
        y = np.array([0, 1, 1, 0, 1, 0, 0])
    run = descend(start, x, y, steps=50, rate=0.05, kind=kind, **options)
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays(start.layers)]
    names = {"epsilon": "eps"}
    known = {names.get(k, k): v for k, v in options.items() if k != "optimizer"}
    method = torch.optim.Adam if options.get("optimizer") == "adam" else torch.optim.SGD
    optimizer = method(leaves, lr=0.05, **known)
    phi = torch.erf if activation == "erf" else getattr(functions, activation)
    measure = functions.cross_entropy if kind == "cross_entropy" else functions.mse_loss
    share = (x.shape[0] * 2) / 2 if kind == "half_squares" else 1
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        hidden = phi(functions.linear(torch.tensor(x), leaves[0], leaves[1]))
        outputs = functions.linear(hidden, leaves[2], leaves[3])
        value = share * measure(outputs, torch.tensor(y))
        value.backward()
        optimizer.step()
        losses.append(value.item())
    np.testing.assert_allclose(run.losses, losses, rtol=0, atol=1e-10)
    for one, leaf in zip(arrays(run.network.layers), leaves, strict=True):
        np.testing.assert_allclose(one, leaf.detach().numpy(), rtol=0, atol=1e-10)


def test_half_squares_is_the_squared_loss_at_another_rate():
    """With n samples and k outputs, the rate is n k / 2 times smaller for the same path."""
    start, (x, y) = network(4, "tanh"), data(5)
    mean = descend(start, x, y, steps=40, rate=0.07)
    half = descend(start, x, y, steps=40, rate=0.01, kind="half_squares")
    np.testing.assert_allclose(half.losses, 7 * mean.losses, rtol=1e-12)
    assert_same(half.network.layers, mean.network.layers, rtol=1e-11, atol=1e-13)


def test_a_path_can_be_continued():
    """The network of a run is a start, and knows its activation and its order."""
    start, (x, y) = network(4, ("tanh",))._replace(same_order=True), data(5)
    first = descend(start, x, y, steps=6, rate=0.1)
    assert isinstance(first.network, Network)
    assert first.network[1:] == start[1:]
    second = descend(first.network, x, y, steps=4, rate=0.1)
    both = descend(start, x, y, steps=10, rate=0.1)
    assert_same(second.network.layers, both.network.layers)
    np.testing.assert_array_equal(np.append(first.losses, second.losses), both.losses)
    assert loss(both.network, x, y) < both.losses[-1]


def test_a_rate_for_each_layer():
    """A list of rates, also with a Layer in it, moves each parameter by its own."""
    start, (x, y) = network(4), data(5)
    slopes = gradients(start, x, y).layers

    def assert_moved(rate, *by):
        moved = descend(start, x, y, steps=1, rate=rate).network.layers
        rows = zip(arrays(start.layers), arrays(slopes), by, arrays(moved), strict=True)
        for p, g, r, after in rows:
            np.testing.assert_array_equal(after, p - r * g)

    assert_moved([Layer(weight=0.1, bias=0.2), 0.3], 0.1, 0.2, 0.3, 0.3)
    assert_moved(Layer(weight=0.1, bias=0), 0.1, 0, 0.1, 0)
    assert_moved(np.array([0.0, 0.1]), 0, 0, 0.1, 0.1)


@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
def test_a_missing_bias_is_a_bias_of_zero_that_does_not_move(options):
    """The path is that of biases 0 at rate 0, to the bit, and no bias comes in on the way."""
    with_biases, (x, y) = network(6, "gelu"), data(7)
    none = with_biases._replace(layers=[Layer(weight) for weight, _ in with_biases.layers])
    zeros = [Layer(weight, np.zeros(len(weight))) for weight, _ in none.layers]
    zero = none._replace(layers=zeros)
    known = {"steps": 20, "batch": 3, "dropout": 0.2, "rng": 1, "record": lambda now: now}
    without = descend(none, x, y, rate=0.05, **known, **options)
    frozen = descend(zero, x, y, rate=Layer(weight=0.05, bias=0), **known, **options)
    np.testing.assert_array_equal(without.losses, frozen.losses)
    for net, other in zip(without.records, frozen.records, strict=True):
        assert [layer.bias for layer in net.layers] == [None, None]
        for one, two in zip(net.layers, other.layers, strict=True):
            assert (one.weight == two.weight).all()
            assert (two.bias == 0).all()


def test_the_rate_of_a_missing_bias_need_not_be_given():
    """A Layer of rates has the same gaps as the layers, or none."""
    start, (x, y) = network(6), data(7)
    start = start._replace(layers=[Layer(start.layers[0].weight), start.layers[1]])
    one = descend(start, x, y, steps=3, rate=[Layer(0.1), 0.1]).network.layers
    assert_same(one, descend(start, x, y, steps=3, rate=[Layer(0.1, 0.7), 0.1]).network.layers)
    assert_same(one, descend(start, x, y, steps=3, rate=0.1).network.layers)
    with pytest.raises(TypeError, match=r"^rate\[1\].bias must be a finite number .*, got None$"):
        descend(start, x, y, steps=3, rate=[0.1, Layer(0.1)])


@pytest.mark.parametrize("width", [2, 3, 8])
def test_equal_units_are_one_unit_with_other_rates(width):
    """With m equal units the outputs are those of one unit with rates η/m, mη and η."""
    rate, a = 0.1, 0.5
    many = descend(constant(width, value=a), XOR_X, XOR_Y, steps=500, rate=rate)
    layers = [
        Layer(np.full((1, 2), a), np.zeros(1)),
        Layer(np.full((1, 1), width * a), np.zeros(1)),
    ]
    one = Network(layers, "tanh", same_order=True)
    rates = [rate / width, Layer(weight=width * rate, bias=rate)]
    single = descend(one, XOR_X, XOR_Y, steps=500, rate=rates)
    np.testing.assert_allclose(many.losses, single.losses, rtol=0, atol=1e-12)
    first, other = many.network.layers[0].weight[:1], single.network.layers[0].weight
    np.testing.assert_allclose(first, other, rtol=0, atol=1e-12)


# --- equal units stay equal --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "steps"),
    [(9, 10_000), (33, 10_000), *((w, 1000) for w in (2, 3, 5, 7, 8, 15, 16, 17, 31, 48, 63, 65))],
)
def test_equal_units_stay_equal_for_thousands_of_steps(width, steps):
    """At widths around the blocks of BLAS the units have the same bits, and have moved."""
    run = descend(constant(width), XOR_X, XOR_Y, steps=steps, rate=0.02)
    assert_one_class(run.network)
    assert run.losses[-1] < run.losses[0]
    assert (run.network.layers[0].weight != 0.5).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(
    "options",
    [{"optimizer": "adam"}, {"momentum": 0.9}],
    ids=["adam", "momentum"],
)
def test_no_optimizer_and_no_batch_parts_equal_units(options, activation, dtype):
    """Mini-batches, Adam, momentum and weight decay treat equal units alike."""
    x, y = data(6, samples=33, features=5)
    for width in (5, 10, 33):
        start = constant(width, activation, features=5, outputs=2, value=0.1, dtype=dtype)
        run = descend(
            start, x, y, steps=60, rate=0.01, batch=8, weight_decay=1e-3, rng=0, **options
        )
        assert_one_class(run.network)
        assert (run.network.layers[0].weight != start.layers[0].weight).any()


def test_dropout_parts_equal_units_at_the_first_step():
    """Dropout is drawn for each unit, and so the bits differ after one step."""
    run = descend(constant(6), XOR_X, XOR_Y, steps=1, rate=0.1, dropout=0.5, rng=3)
    weight = run.network.layers[0].weight
    assert (weight != weight[0]).any()


# --- replicas and precision --------------------------------------------------------------------


@pytest.mark.parametrize("same_order", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": 0.9}, {"optimizer": "adam", "batch": 3, "weight_decay": 0.1}],
    ids=str,
)
def test_replicas_equal_the_loop_over_replicas(options, same_order):
    """All replicas at once follow the paths that each follows alone, on the same batches."""
    start, (x, y) = network(7, "tanh", replicas=(4,)), data(8)
    start = start._replace(same_order=same_order)
    options = {"steps": 30, "rate": 0.05, "rng": 5, **options}
    run = descend(start, x, y, **options)
    assert run.losses.shape == (30, 4)
    for r in range(4):
        alone = descend(one_replica(start, r), x, y, **options)
        np.testing.assert_allclose(run.losses[:, r], alone.losses, rtol=1e-10)
        own = one_replica(run.network, r).layers
        assert_same(own, alone.network.layers, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("where", ["layers", "layers without biases", "x", "y"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_blocks_of_replicas_change_nothing(monkeypatch, where, dropout):
    """Going through the replicas block by block gives what all at once give."""
    start, (x, y) = network(9, replicas=(5,) if "layers" in where else ()), data(10)
    if where == "layers without biases":
        start = start._replace(layers=[Layer(weight) for weight, _ in start.layers])
    x = np.stack([x + 0.1 * k for k in range(5)]) if where == "x" else x
    y = np.stack([y + 0.1 * k for k in range(5)]) if where == "y" else y
    options = {"steps": 9, "rate": 0.05, "batch": 4, "dropout": dropout, "rng": 1}
    whole = descend(start, x, y, **options)
    for cache in (1, 400):  # blocks of one replica, and of two and a last one of one
        monkeypatch.setattr(training, "_CACHE_BYTES", cache)
        run = descend(start, x, y, **options)
        np.testing.assert_allclose(run.losses, whole.losses, rtol=1e-13)
        assert_same(run.network.layers, whole.network.layers, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("workers", [2, 5])
def test_threads_change_not_a_bit(monkeypatch, workers):
    """However many threads share the blocks, the path is the same."""
    start = network(9, replicas=(7,))
    x, y = data(10)
    options = {"steps": 9, "rate": 0.05, "batch": 4, "dropout": 0.3, "rng": 1}
    monkeypatch.setattr(training, "_CACHE_BYTES", 1)
    monkeypatch.setattr(training, "worker_count", lambda: 1)
    alone = descend(start, x, y, **options)
    monkeypatch.setattr(training, "worker_count", lambda: workers)
    shared = descend(start, x, y, **options)
    np.testing.assert_array_equal(shared.losses, alone.losses)
    assert_same(shared.network.layers, alone.network.layers)


@pytest.mark.parametrize("where", ["x", "y", "first weight"])
def test_replicas_of_a_part_become_replicas_of_the_network(where):
    """One start on three data sets becomes three networks."""
    start, (x, y) = network(11), data(12)
    first, last = start.layers
    if where == "x":
        x = np.stack([x, x, 2 * x])
    elif where == "y":
        y = np.stack([y, y, 2 * y])
    else:
        first = first._replace(weight=np.stack([first.weight] * 2 + [first.weight + 1]))
    run = descend(start._replace(layers=[first, last]), x, y, steps=4, rate=0.01)
    assert run.losses.shape == (4, 3)
    assert [a.shape[0] for a in arrays(run.network.layers)] == [3] * 4
    one, same, other = run.network.layers[1].weight
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    "options", [{"momentum": 0.9}, {"optimizer": "adam"}, {"dropout": 0.3}], ids=str
)
def test_float32_stays_float32(options):
    """The path of float32 layers is float32 throughout."""
    for activation in sorted(ACTIVATIONS):
        start, (x, y) = network(13, activation, dtype=np.float32), data(14)
        run = descend(start, x, y, steps=5, rate=0.01, weight_decay=0.1, batch=3, rng=0, **options)
        found = {a.dtype for a in (run.losses, *arrays(run.network.layers))}
        assert found == {np.dtype(np.float32)}


# --- batches and dropout -----------------------------------------------------------------------


def test_batches_have_every_sample_once_an_epoch():
    """Each epoch is a new order of all samples, and its last batch takes what is left."""
    columns, target = np.arange(10.0)[None], 10 * np.arange(10.0)[None]
    batches = training._mini_batches(columns, target, 4, np.random.default_rng(0))
    epochs = []
    for _ in range(3):
        epoch = [next(batches) for _ in range(3)]
        assert [seen.shape[-1] for seen, _ in epoch] == [4, 4, 2]
        assert all((wanted == 10 * seen).all() for seen, wanted in epoch)
        epochs.append(np.concatenate([seen[0] for seen, _ in epoch]))
        assert sorted(epochs[-1]) == list(range(10))
    assert (epochs[0] != epochs[1]).any()


def test_the_loss_of_a_step_is_that_of_its_batch():
    """With batches of one sample and rate 0, an epoch's losses are the samples' own."""
    start, (x, y) = network(15), data(16)
    run = descend(start, x, y, steps=7, rate=0, batch=1, rng=0)
    own = [float(loss(start, x[i : i + 1], y[i : i + 1])) for i in range(7)]
    np.testing.assert_allclose(sorted(run.losses), sorted(own), rtol=1e-13)


def test_dropout_keeps_the_expected_value():
    """The mean mask is 1 within four standard errors, and each entry is 0 or 1 / (1 - p)."""
    net, p = network(17, width=40), 0.3
    (mask,) = training._masks(net, (50,), np.ones((3, 30)), p, np.random.default_rng(0))
    assert mask.shape == (50, 40, 30)
    assert set(np.unique(mask)) == {0.0, 1 / (1 - p)}
    error = np.sqrt(p / (1 - p) / mask.size)
    assert abs(mask.mean() - 1) < 4 * error


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_dropout_gradients_are_those_of_the_masked_network(activation):
    """A dropped unit passes nothing on and gets no gradient, the others count 1 / (1 - p)."""
    start, (x, y) = network(18, activation), data(19, samples=1)
    run = descend(start, x, y, steps=1, rate=1.0, dropout=0.5, rng=4)
    (mask,) = training._masks(start, (), x.T, 0.5, np.random.default_rng(4))
    kept = mask[:, 0]
    assert 0 < (kept == 0).sum() < 5
    first, last = start.layers
    scaled = start._replace(layers=[first, last._replace(weight=last.weight * kept)])
    value, slopes = gradients(scaled, x, y)
    np.testing.assert_allclose(run.losses[0], value, rtol=1e-13)
    moved = first.weight - run.network.layers[0].weight
    np.testing.assert_allclose(moved, slopes[0].weight, rtol=1e-11, atol=1e-14)
    assert (moved[kept == 0] == 0).all()
    moved = last.weight - run.network.layers[1].weight
    np.testing.assert_allclose(moved, slopes[1].weight * kept, rtol=1e-11, atol=1e-14)


def test_dropout_of_zero_is_no_dropout():
    """The path is the same to the bit."""
    start, (x, y) = network(20), data(21)
    options = {"steps": 20, "rate": 0.05, "batch": 3, "rng": 9}
    none = descend(start, x, y, **options)
    zero = descend(start, x, y, dropout=0, **options)
    assert_same(none.network.layers, zero.network.layers)


def test_the_same_seed_gives_the_same_bits():
    """A run with batches and dropout is repeated by its seed, and by no other."""
    start, (x, y) = network(22, replicas=(3,)), data(23)
    options = {"steps": 20, "rate": 0.05, "batch": 3, "dropout": 0.4}
    first, again, other = (descend(start, x, y, rng=seed, **options) for seed in (1, 1, 2))
    assert_same(first.network.layers, again.network.layers)
    np.testing.assert_array_equal(first.losses, again.losses)
    assert (first.losses != other.losses).any()


# --- records -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "every"), [(10, 1), (10, 3), (9, 3), (2, 5), (0, 1)])
def test_records_are_taken_before_the_first_step_and_after_every_few(steps, every):
    """There are steps // every + 1 records, and record k is the network after k every steps."""
    start, (x, y) = network(24), data(25)
    run = descend(start, x, y, steps=steps, rate=0.1, record=lambda now: now, every=every)
    assert len(run.records) == steps // every + 1
    assert run.losses.shape == (steps,)
    for k, net in enumerate(run.records):
        wanted = descend(start, x, y, steps=k * every, rate=0.1).network
        assert_same(net.layers, wanted.layers)


def test_a_record_is_given_what_every_function_takes():
    """The network on its way has the activation of the start."""
    start, (x, y) = network(24, ["gelu"]), data(25)
    run = descend(start, x, y, steps=4, rate=0.1, record=lambda now: loss(now, x, y))
    np.testing.assert_array_equal(run.records[:-1], run.losses)
    outputs = descend(start, x, y, steps=4, rate=0.1, record=lambda now: forward(now, x)).records
    np.testing.assert_array_equal(outputs[-1], forward(run.network, x))


@pytest.mark.parametrize("options", [{"momentum": 0.9}, {"optimizer": "adam"}], ids=str)
def test_a_record_may_keep_the_arrays(options):
    """No later step writes into an array that was recorded."""
    start, (x, y) = network(26), data(27)
    both = descend(
        start, x, y, steps=6, rate=0.1, weight_decay=0.1,
        record=lambda now: (now.layers[0].weight, now.layers[0].weight.copy()), **options,
    )  # fmt: skip
    for kept, copied in both.records:
        np.testing.assert_array_equal(kept, copied)
    assert len({kept.tobytes() for kept, _ in both.records}) == 7


def test_the_arrays_of_the_caller_are_never_written_to_nor_kept():
    """Read-only starts and data are fine, and the run shares no memory with them."""
    start, (x, y) = network(28), data(29)
    for array in (x, y, *arrays(start.layers)):
        array.flags.writeable = False
    run = descend(start, x, y, steps=0, rate=0.1, record=lambda now: now)
    descend(start, x, y, steps=3, rate=0.1, momentum=0.9, batch=2, dropout=0.5)
    assert_same(run.network.layers, start.layers)
    for mine in (*arrays(run.network.layers), *arrays(run.records[0].layers)):
        assert mine.flags.writeable
        assert not any(np.shares_memory(mine, theirs) for theirs in arrays(start.layers))


def test_the_parameters_of_a_torch_model_are_read_and_left_alone():
    """The path is that of their numbers, in their precision."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    torch.manual_seed(0)
    parts = [torch.nn.Linear(3, 5, bias=False), torch.nn.Linear(5, 2)]
    start = Network([Layer(part.weight, part.bias) for part in parts], "silu")
    copies = [Layer(*(None if a is None else a.detach().clone().numpy() for a in layer))
              for layer in start.layers]  # fmt: skip
    x, y = data(29)
    run = descend(start, torch.tensor(x), torch.tensor(y), steps=5, rate=0.1)
    wanted = descend(start._replace(layers=copies), x, y, steps=5, rate=0.1)
    assert_same(run.network.layers, wanted.network.layers)
    assert run.losses.dtype == np.float32
    for part, copied in zip(parts, copies, strict=True):
        assert (part.weight.detach().numpy() == copied.weight).all()
        assert part.weight.grad is None


def test_a_record_cannot_disturb_the_run():
    """Emptying the list that record is given changes nothing."""
    start, (x, y) = network(30), data(31)
    run = descend(start, x, y, steps=3, rate=0.1, record=lambda now: now.layers.clear())
    wanted = descend(start, x, y, steps=3, rate=0.1)
    assert_same(run.network.layers, wanted.network.layers)


# --- divergence --------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["gradient", "adam"])
def test_divergence_is_one_sentence(optimizer):
    """A loss that is not finite stops the run, with the step and the rate, without a warning."""
    start, (x, y) = network(32, "identity"), data(33)
    rate = 1e200 if optimizer == "adam" else 50.0
    text = r"^the loss at step \d+ is not finite, with rate " + re.escape(repr(rate))
    with pytest.raises(FloatingPointError, match=text + "; take a smaller rate$"):
        descend(start, x, y, steps=2000, rate=rate, optimizer=optimizer)


def test_divergence_names_the_replicas():
    """The message counts the replicas that diverge and names the first of them."""
    start, (x, y) = network(34, replicas=(4,)), data(35)
    start.layers[0].weight[[1, 3]] *= 1e200
    text = "the loss at step 0 is not finite in 2 of 4 replicas, first in replica 1, with rate 0.1;"
    with pytest.raises(FloatingPointError, match=re.escape(text)):
        descend(start, x, y, steps=5, rate=0.1)


def test_divergence_in_the_last_step_is_seen():
    """Parameters that overflow in the last step are told, though no loss has seen them."""
    start = Network([Layer(np.full((2, 1, 1), 1e10))], "relu")
    start.layers[0].weight[0] = 0.0
    text = "a parameter after step 0 is not finite in 1 of 2 replicas, first in replica 1, "
    with pytest.raises(FloatingPointError, match=re.escape(text)):
        descend(start, [[1e10]], [[0.0]], steps=1, rate=1e300)


def test_warnings_of_a_record_are_not_swallowed():
    """Only the arithmetic of the step is silent, not what the caller computes."""
    start, (x, y) = network(36), data(37)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        descend(start, x, y, steps=1, rate=0.1, record=lambda now: now.layers[0].bias / 0, every=5)


# --- the door ----------------------------------------------------------------------------------

WRONG = [
    (
        {"betas": (0.8, 0.9)},
        ValueError,
        "betas must be left out with optimizer='gradient', got (0.8, 0.9)",
    ),
    (
        {"rate": [(0.1, 0.2), 0.1]},
        TypeError,
        "rate[0] must be a number or a Layer(weight, bias) of numbers, got (0.1, 0.2)",
    ),
    (
        {"rate": np.complex128(0.1 + 5j)},
        TypeError,
        "rate must be a finite number of at least 0, got np.complex128(0.1+5j)",
    ),
    ({"steps": -1}, ValueError, "steps must be a whole number of at least 0, got -1"),
    ({"every": 0}, ValueError, "every must be a whole number of at least 1, got 0"),
    ({"rate": -1}, ValueError, "rate must be a finite number of at least 0, got -1"),
    (
        {"rate": [0.1]},
        ValueError,
        "rate must be a number or a list of 2 entries, one for each layer, got 1 entries",
    ),
    ({"rate": [0.1, -0.2]}, ValueError, "rate[1] must be a finite number of at least 0, got -0.2"),
    (
        {"rate": [0.1, Layer(0.1, -0.2)]},
        ValueError,
        "rate[1].bias must be a finite number of at least 0, got -0.2",
    ),
    (
        {"rate": Layer("a", 0.2)},
        TypeError,
        "rate.weight must be a finite number of at least 0, got 'a'",
    ),
    (
        {"kind": "hinge"},
        ValueError,
        "kind must be one of 'squared', 'half_squares', 'cross_entropy', got 'hinge'",
    ),
    ({"optimizer": "sgd"}, ValueError, "optimizer must be one of 'gradient', 'adam', got 'sgd'"),
    (
        {"momentum": 1},
        ValueError,
        "momentum must be a finite number of at least 0 and below 1, got 1",
    ),
    (
        {"optimizer": "adam", "momentum": 0.9},
        ValueError,
        "momentum must be 0 with optimizer='adam', got 0.9",
    ),
    ({"betas": 0.9}, TypeError, "betas must be a pair of numbers, got 0.9"),
    ({"betas": (0.9,)}, TypeError, "betas must be a pair of numbers, got (0.9,)"),
    (
        {"betas": (0.9, 1)},
        ValueError,
        "betas[1] must be a finite number of at least 0 and below 1, got 1",
    ),
    ({"epsilon": 0}, ValueError, "epsilon must be a finite number above 0, got 0"),
    ({"batch": 8}, ValueError, "batch must be a whole number from 1 to 7, got 8"),
    ({"record": 3}, TypeError, "record must be a function of the network or None, got 3"),
    (
        {"rng": "dice"},
        TypeError,
        "rng must be None, a seed of at least 0 or a numpy.random.Generator, got 'dice'",
    ),
]


@pytest.mark.parametrize(("options", "error", "text"), WRONG)
def test_wrong_options_are_named(options, error, text):
    """The message says which option, what was wanted and what came."""
    start, (x, y) = network(42), data(43)
    with pytest.raises(error, match=re.escape(text)):
        descend(start, x, y, **{"steps": 1, "rate": 0.1, **options})


def test_wrong_networks_and_data_are_named():
    """The network and the data are checked at the same door as for gradients."""
    start, (x, y) = network(44), data(45)
    with pytest.raises(
        ValueError, match=re.escape("x must be an array of shape ([replicas], samples, 3)")
    ):
        descend(start, x[:, :2], y, steps=1, rate=0.1)
    with pytest.raises(
        ValueError, match=re.escape("y must be an array of shape ([replicas], 7, 2)")
    ):
        descend(start, x, y[:, :1], steps=1, rate=0.1)
    text = r"^network must be a Network\(layers, activation\), got list$"
    with pytest.raises(TypeError, match=text):
        descend(start.layers, x, y, steps=1, rate=0.1)


# --- the path of a linear network --------------------------------------------------------------

MODES = [(3, 1e-3), (1, 0.3), (0.5, 1e-2), (2, 1.9), (1, 1 - 1e-6), (1, 0.5)]


def duration(strength, start, depth):
    """Return the time in which a mode comes near its strength: the slow start, and the rest."""
    rate = depth * strength ** (2 - 2 / depth)
    early = np.log(strength / start) if depth < 3 else (strength / start) ** (1 - 2 / depth)
    return (10 + early / max(1 - 2 / depth, 1 / 3)) / rate


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 10, 100])
@pytest.mark.parametrize(("strength", "start"), MODES)
def test_a_mode_follows_its_differential_equation(strength, start, depth):
    """The path is that of du/dt = L u^(2 - 2/L) (s - u), which scipy integrates step by step."""
    times = np.linspace(0, duration(strength, start, depth), 50)
    solved = solve_ivp(
        lambda _, u: depth * u ** (2 - 2 / depth) * (strength - u),
        (0, times[-1]), [start], method="DOP853", rtol=1e-12, atol=1e-14, t_eval=times,
    )  # fmt: skip
    found = linear_mode(times, strength=strength, start=start, depth=depth)
    np.testing.assert_allclose(found, solved.y[0], rtol=0, atol=1e-8)
    assert found[0] == pytest.approx(start, rel=1e-13)
    assert found[-1] > 0.9 * strength


def test_half_of_a_mode_is_learned_at_the_time_of_saxe():
    """With two layers u = s / 2 at ln((s - u0) / u0) / (2 s), 1.334339 for s = 3 and u0 = 1e-3."""
    half = np.log((3 - 1e-3) / 1e-3) / 6
    assert half == pytest.approx(1.334339, abs=5e-7)
    assert linear_mode([half], strength=3, start=1e-3)[0] == pytest.approx(1.5, rel=1e-14)


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_a_mode_is_the_limit_of_small_steps(depth):
    """Gradient descent on equal scalar layers follows the path; half the step, half the error."""
    strength, start, end = 1.5, 0.2, 2.0
    net = Network([Layer(np.full((1, 1), start ** (1 / depth)))] * depth, "identity")
    errors = []
    for steps in (1000, 2000):
        run = descend(
            net, [[1.0]], [[strength]], steps=steps, rate=end / steps, kind="half_squares"
        )
        product = np.prod([layer.weight.item() for layer in run.network.layers])
        errors.append(linear_mode([end], strength=strength, start=start, depth=depth)[0] - product)
    assert abs(errors[0]) < 0.01
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.05)


@given(
    depth=st.integers(1, 12),
    strength=st.floats(0.1, 10),
    share=st.floats(1e-3, 1),
    times=st.tuples(st.floats(0, 5), st.floats(0, 5)),
)
def test_a_path_can_be_cut_anywhere(depth, strength, share, times):
    """Where a mode comes from the middle of its path is where it comes from its start."""
    known = {"strength": strength, "depth": depth}
    middle, end = linear_mode(np.cumsum(times), start=share * strength, **known)
    again = linear_mode([times[1]], start=min(middle, strength), **known)[0]
    assert share * strength * (1 - 1e-12) <= middle <= end * (1 + 1e-12) <= strength * (1 + 1e-11)
    assert again == pytest.approx(end, rel=1e-8)


@pytest.mark.parametrize("depth", [2, 3, 50])
def test_a_mode_of_size_zero_is_never_learned_by_two_layers_or_more(depth):
    """The slope u^(2 - 2/L) (s - u) is 0 at both ends; one layer leaves 0 at once."""
    times = [0.0, 1.0, 1e6]
    assert linear_mode(times, strength=2, start=0, depth=depth).tolist() == [0, 0, 0]
    assert linear_mode(times, strength=2, start=2, depth=depth).tolist() == [2, 2, 2]
    assert linear_mode([1.0], strength=2, start=0, depth=1)[0] == pytest.approx(2 - 2 / np.e)


def test_a_mode_of_any_size_has_a_path():
    """Neither a tiny start nor a long time, nor single precision, is out of reach."""
    path = linear_mode([0, 1, 1e300], strength=1, start=1e-300, depth=7)
    np.testing.assert_allclose(path, [1e-300, 1e-300, 1], rtol=1e-12)
    path = linear_mode([0, 1e12, 1e15], strength=1e-5, start=1e-10, depth=3)
    np.testing.assert_allclose(path, [1e-10, 1e-5, 1e-5], rtol=1e-12)
    path = linear_mode(np.array([0, 1], dtype=np.float32), strength=1, start=0.25, depth=3)
    assert path.dtype == np.float64


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"times": [0, -1]}, ValueError, "times must be at least 0, got -1"),
        ({"times": [[0]]}, ValueError, "times must be an array of shape (times,), got shape ("),
        ({"times": [np.nan]}, ValueError, "times must be finite, got nan at index (0,)"),
        ({"strength": 0}, ValueError, "strength must be a finite number above 0, got 0"),
        ({"start": -1}, ValueError, "start must be a finite number of at least 0, got -1"),
        ({"start": 4}, ValueError, "start must be at most strength, which is 3, got 4"),
        ({"depth": 0}, ValueError, "depth must be a whole number of at least 1, got 0"),
        ({"depth": 2.5}, TypeError, "depth must be a whole number of at least 1, got 2.5"),
    ],
)  # fmt: skip
def test_wrong_modes_are_named(options, error, text):
    """The message says which argument, what was wanted and what came."""
    with pytest.raises(error, match=re.escape(text)):
        linear_mode(**{"times": [1.0], "strength": 3, "start": 0.1, **options})
