"""Descend: the optimizers, the batches, dropout, the records, and what equal units do.

And the path that is known: how a deep linear network grows.
"""

import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from symlib import training
from symlib._activations import ACTIVATIONS
from symlib.network import Layer, _gradients, gradients, loss
from symlib.training import Run, descend, linear_mode

XOR_X = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
XOR_Y = np.array([[-1.0], [1.0], [1.0], [-1.0]])


def network(seed, *, replicas=(), features=3, width=5, outputs=2, dtype=np.float64):
    """Return a random network with one hidden layer."""
    rng = np.random.default_rng(seed)
    shapes = [(width, features), (width,), (outputs, width), (outputs,)]
    w1, b1, w2, b2 = (0.7 * rng.normal(size=replicas + shape).astype(dtype) for shape in shapes)
    return [Layer(w1, b1), Layer(w2, b2)]


def data(seed, *, samples=7, features=3, outputs=2):
    """Return random inputs and targets."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(samples, features)), rng.normal(size=(samples, outputs))


def constant(width, *, features=2, outputs=1, value=0.5):
    """Return a network whose units are all equal."""
    return [
        Layer(np.full((width, features), value), np.zeros(width)),
        Layer(np.full((outputs, width), value), np.zeros(outputs)),
    ]


def arrays(layers):
    """Return the parameters as a flat list."""
    return [array for layer in layers for array in layer]


def assert_same(layers, others, **tolerances):
    """Assert that two networks are equal, to the bit unless tolerances are given."""
    for one, other in zip(arrays(layers), arrays(others), strict=True):
        if tolerances:
            np.testing.assert_allclose(one, other, **tolerances)
        else:
            np.testing.assert_array_equal(one, other)


def assert_one_class(layers):
    """Assert that all hidden units have the same bits: incoming, bias and outgoing."""
    (weight, bias), (outgoing, _) = layers
    assert (weight == weight[..., :1, :]).all()
    assert (bias == bias[..., :1]).all()
    assert (outgoing == outgoing[..., :1]).all()


# --- the step ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["squared", "cross_entropy"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_arrays_that_are_used_again_change_nothing(activation, kind):
    """Steps write into the arrays of the step before; what is returned lies elsewhere."""
    space, phi, kept = {}, ACTIVATIONS[activation], []
    for seed in (0, 1, 2):
        layers = network(seed, replicas=(3,))
        layers.insert(1, Layer(layers[0].weight[:, :, :1] * np.ones(5), layers[0].bias))
        x, y = data(seed + 10)
        columns = x.T
        target = y.T if kind == "squared" else np.eye(2)[:, np.arange(7) % 2]
        arguments = (layers, columns, target, phi, kind, False)
        value, slopes = _gradients(*arguments, space=space)
        wanted, others = _gradients(*arguments)
        np.testing.assert_array_equal(value, wanted)
        assert_same(slopes, others)
        kept.append((value, slopes, others))
    for value, slopes, others in kept:
        assert_same(slopes, others)  # later steps did not write into them
        for array in (value, *arrays(slopes)):
            assert not any(np.shares_memory(array, place) for place in space.values())


def test_a_step_is_the_rate_times_the_gradient():
    """One step of gradient descent is θ - rate ∂L/∂θ, and the loss is that of the start."""
    start, (x, y) = network(0), data(1)
    value, slopes = gradients(start, x, y, activation="tanh")
    run = descend(start, x, y, steps=1, rate=0.3, activation="tanh")
    assert isinstance(run, Run)
    assert run.losses.tolist() == [value]
    wanted = [p - 0.3 * g for p, g in zip(arrays(start), arrays(slopes), strict=True)]
    for one, other in zip(arrays(run.layers), wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["squared", "cross_entropy"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.9},
        {"weight_decay": 0.02},
        {"momentum": 0.5, "weight_decay": 0.02},
        {"optimizer": "adam"},
        {"optimizer": "adam", "betas": (0.8, 0.95), "epsilon": 1e-4, "weight_decay": 0.02},
    ],
    ids=str,
)
def test_trajectories_are_those_of_torch(options, kind):
    """Fifty steps of every optimizer agree with torch.optim to 1e-10."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    start, (x, y) = network(2), data(3)
    if kind == "cross_entropy":
        y = np.array([0, 1, 1, 0, 1, 0, 0])
    run = descend(start, x, y, steps=50, rate=0.05, kind=kind, activation="tanh", **options)
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays(start)]
    names = {"epsilon": "eps"}
    known = {names.get(k, k): v for k, v in options.items() if k != "optimizer"}
    method = torch.optim.Adam if options.get("optimizer") == "adam" else torch.optim.SGD
    optimizer = method(leaves, lr=0.05, **known)
    measure = {"squared": "mse_loss", "cross_entropy": "cross_entropy"}[kind]
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        hidden = torch.tanh(torch.nn.functional.linear(torch.tensor(x), leaves[0], leaves[1]))
        outputs = torch.nn.functional.linear(hidden, leaves[2], leaves[3])
        value = getattr(torch.nn.functional, measure)(outputs, torch.tensor(y))
        value.backward()
        optimizer.step()
        losses.append(value.item())
    np.testing.assert_allclose(run.losses, losses, rtol=0, atol=1e-10)
    for one, leaf in zip(arrays(run.layers), leaves, strict=True):
        np.testing.assert_allclose(one, leaf.detach().numpy(), rtol=0, atol=1e-10)


def test_a_rate_for_each_layer():
    """A list of rates, also with a Layer in it, moves each parameter by its own."""
    start, (x, y) = network(4), data(5)
    _, slopes = gradients(start, x, y)
    rate = [Layer(weight=0.1, bias=0.2), 0.3]
    moved = descend(start, x, y, steps=1, rate=rate).layers
    for p, g, r, after in zip(
        arrays(start), arrays(slopes), (0.1, 0.2, 0.3, 0.3), arrays(moved), strict=True
    ):
        np.testing.assert_array_equal(after, p - r * g)
    run = descend(start, x, y, steps=5, rate=np.array([0.0, 0.1]))
    np.testing.assert_array_equal(run.layers[0].weight, start[0].weight)
    assert (run.layers[1].weight != start[1].weight).any()


@pytest.mark.parametrize("width", [2, 3, 8])
def test_equal_units_are_one_unit_with_other_rates(width):
    """With m equal units the outputs are those of one unit with rates η/m, mη and η."""
    rate, a = 0.1, 0.5
    many = descend(
        constant(width, value=a), XOR_X, XOR_Y, steps=500, rate=rate, activation="tanh", exact=True
    )
    one = [
        Layer(np.full((1, 2), a), np.zeros(1)),
        Layer(np.full((1, 1), width * a), np.zeros(1)),
    ]
    rates = [rate / width, Layer(weight=width * rate, bias=rate)]
    single = descend(one, XOR_X, XOR_Y, steps=500, rate=rates, activation="tanh", exact=True)
    np.testing.assert_allclose(many.losses, single.losses, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        many.layers[0].weight[:1], single.layers[0].weight, rtol=0, atol=1e-12
    )


# --- equal units stay equal --------------------------------------------------------------------


@pytest.mark.parametrize("width", range(2, 65))
def test_equal_units_stay_equal_for_ten_thousand_steps(width):
    """At every width the units have the same bits in the end, and have moved."""
    run = descend(
        constant(width), XOR_X, XOR_Y, steps=10_000, rate=0.02, activation="tanh", exact=True
    )
    assert_one_class(run.layers)
    assert run.losses[-1] < run.losses[0]
    assert (run.layers[0].weight != 0.5).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    "options",
    [{"optimizer": "adam"}, {"momentum": 0.9}],
    ids=["adam", "momentum"],
)
def test_no_optimizer_and_no_batch_parts_equal_units(options, activation, dtype):
    """Mini-batches, Adam, momentum and weight decay treat equal units alike."""
    x, y = data(6, samples=33, features=5)
    for width in (5, 10, 33):
        start = [
            Layer(*(a.astype(dtype) for a in layer))
            for layer in constant(width, features=5, outputs=2, value=0.1)
        ]
        run = descend(
            start,
            x,
            y,
            steps=300,
            rate=0.01,
            activation=activation,
            batch=8,
            weight_decay=1e-3,
            exact=True,
            rng=0,
            **options,
        )
        assert_one_class(run.layers)
        assert (run.layers[0].weight != start[0].weight).any()


def test_dropout_parts_equal_units_at_the_first_step():
    """Dropout is drawn for each unit, and so the bits differ after one step."""
    run = descend(constant(6), XOR_X, XOR_Y, steps=1, rate=0.1, dropout=0.5, exact=True, rng=3)
    weight = run.layers[0].weight
    assert (weight != weight[0]).any()


# --- replicas and precision --------------------------------------------------------------------


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": 0.9}, {"optimizer": "adam", "batch": 3, "weight_decay": 0.1}],
    ids=str,
)
def test_replicas_equal_the_loop_over_replicas(options, exact):
    """All replicas at once follow the paths that each follows alone, on the same batches."""
    start, (x, y) = network(7, replicas=(4,)), data(8)
    options = {"steps": 30, "rate": 0.05, "activation": "tanh", "exact": exact, "rng": 5, **options}
    run = descend(start, x, y, **options)
    assert run.losses.shape == (30, 4)
    for r in range(4):
        alone = descend([Layer(w[r], b[r]) for w, b in start], x, y, **options)
        np.testing.assert_allclose(run.losses[:, r], alone.losses, rtol=1e-10)
        assert_same([Layer(w[r], b[r]) for w, b in run.layers], alone.layers, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("where", ["layers", "x", "y"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_blocks_of_replicas_change_nothing(monkeypatch, where, dropout):
    """Going through the replicas block by block gives what all at once give."""
    start, (x, y) = network(9, replicas=(5, 2) if where == "layers" else ()), data(10)
    x = np.stack([x + 0.1 * k for k in range(5)]) if where == "x" else x
    y = np.stack([y + 0.1 * k for k in range(5)]) if where == "y" else y
    options = {"steps": 9, "rate": 0.05, "batch": 4, "dropout": dropout, "rng": 1}
    whole = descend(start, x, y, **options)
    for cache in (1, 900):
        monkeypatch.setattr(training, "_CACHE", cache)
        run = descend(start, x, y, **options)
        np.testing.assert_allclose(run.losses, whole.losses, rtol=1e-13)
        assert_same(run.layers, whole.layers, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("where", ["x", "y", "first weight"])
def test_replicas_of_the_data_become_replicas_of_the_network(where):
    """One start on three data sets becomes three networks."""
    start, (x, y) = network(11), data(12)
    if where == "x":
        x = np.stack([x, x, 2 * x])
    elif where == "y":
        y = np.stack([y, y, 2 * y])
    else:
        start[0] = start[0]._replace(weight=np.stack([start[0].weight] * 2 + [start[0].weight + 1]))
    run = descend(start, x, y, steps=4, rate=0.01)
    assert run.losses.shape == (4, 3)
    assert [a.shape[0] for a in arrays(run.layers)] == [3] * 4
    first, second, third = run.layers[1].weight
    assert (first == second).all()
    assert (first != third).any()


@pytest.mark.parametrize(
    "options", [{"momentum": 0.9}, {"optimizer": "adam"}, {"dropout": 0.3}], ids=str
)
def test_float32_stays_float32(options):
    """The path of float32 layers is float32 throughout."""
    start, (x, y) = network(13, dtype=np.float32), data(14)
    run = descend(start, x, y, steps=5, rate=0.01, weight_decay=0.1, batch=3, rng=0, **options)
    assert {a.dtype for a in (run.losses, *arrays(run.layers))} == {np.dtype(np.float32)}


# --- batches and dropout -----------------------------------------------------------------------


def test_batches_have_every_sample_once_an_epoch():
    """Each epoch is a new order of all samples, and its last batch takes what is left."""
    columns, target = np.arange(10.0)[None], 10 * np.arange(10.0)[None]
    portions = training._portions(columns, target, 4, np.random.default_rng(0))
    epochs = []
    for _ in range(3):
        batches = [next(portions) for _ in range(3)]
        assert [seen.shape[-1] for seen, _ in batches] == [4, 4, 2]
        assert all((wanted == 10 * seen).all() for seen, wanted in batches)
        epochs.append(np.concatenate([seen[0] for seen, _ in batches]))
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
    layers, p = network(17, width=40), 0.3
    (mask,) = training._masks(layers, (50,), np.ones((3, 30)), p, np.random.default_rng(0))
    assert mask.shape == (50, 40, 30)
    assert set(np.unique(mask)) == {0.0, 1 / (1 - p)}
    error = np.sqrt(p / (1 - p) / mask.size)
    assert abs(mask.mean() - 1) < 4 * error


def test_dropout_gradients_are_those_of_the_masked_network():
    """A dropped unit passes nothing on and gets no gradient, the others count 1 / (1 - p)."""
    start, (x, y) = network(18), data(19, samples=1)
    run = descend(start, x, y, steps=1, rate=1.0, dropout=0.5, activation="tanh", rng=4)
    (mask,) = training._masks(start, (), x.T, 0.5, np.random.default_rng(4))
    kept = mask[:, 0]
    assert 0 < (kept == 0).sum() < 5
    scaled = [start[0], start[1]._replace(weight=start[1].weight * kept)]
    value, slopes = gradients(scaled, x, y, activation="tanh")
    np.testing.assert_allclose(run.losses[0], value, rtol=1e-13)
    moved = start[0].weight - run.layers[0].weight
    np.testing.assert_allclose(moved, slopes[0].weight, rtol=1e-11, atol=1e-14)
    assert (moved[kept == 0] == 0).all()
    moved = start[1].weight - run.layers[1].weight
    np.testing.assert_allclose(moved, slopes[1].weight * kept, rtol=1e-11, atol=1e-14)


def test_dropout_of_zero_is_no_dropout():
    """The path is the same to the bit."""
    start, (x, y) = network(20), data(21)
    options = {"steps": 20, "rate": 0.05, "batch": 3, "rng": 9}
    none = descend(start, x, y, **options)
    zero = descend(start, x, y, dropout=0, **options)
    assert_same(none.layers, zero.layers)


def test_the_same_seed_gives_the_same_bits():
    """A run with batches and dropout is repeated by its seed, and by no other."""
    start, (x, y) = network(22, replicas=(3,)), data(23)
    options = {"steps": 20, "rate": 0.05, "batch": 3, "dropout": 0.4}
    first, again, other = (descend(start, x, y, rng=seed, **options) for seed in (1, 1, 2))
    assert_same(first.layers, again.layers)
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
    for k, layers in enumerate(run.records):
        assert_same(layers, descend(start, x, y, steps=k * every, rate=0.1).layers)


@pytest.mark.parametrize("options", [{"momentum": 0.9}, {"optimizer": "adam"}], ids=str)
def test_a_record_may_keep_the_arrays(options):
    """No later step writes into an array that was recorded."""
    start, (x, y) = network(26), data(27)
    both = descend(
        start, x, y, steps=6, rate=0.1, weight_decay=0.1,
        record=lambda now: (now[0].weight, now[0].weight.copy()), **options,
    )  # fmt: skip
    for kept, copied in both.records:
        np.testing.assert_array_equal(kept, copied)
    assert len({kept.tobytes() for kept, _ in both.records}) == 7


def test_the_arrays_of_the_caller_are_never_written_to_nor_kept():
    """Read-only starts and data are fine, and the run shares no memory with them."""
    start, (x, y) = network(28), data(29)
    for array in (x, y, *arrays(start)):
        array.flags.writeable = False
    run = descend(start, x, y, steps=0, rate=0.1, record=lambda now: now)
    descend(start, x, y, steps=3, rate=0.1, momentum=0.9, batch=2, dropout=0.5)
    assert_same(run.layers, start)
    for mine in (*arrays(run.layers), *arrays(run.records[0])):
        assert mine.flags.writeable
        assert not any(np.shares_memory(mine, theirs) for theirs in arrays(start))


def test_a_record_cannot_disturb_the_run():
    """Emptying the list that record is given changes nothing."""
    start, (x, y) = network(30), data(31)
    run = descend(start, x, y, steps=3, rate=0.1, record=list.clear)
    assert_same(run.layers, descend(start, x, y, steps=3, rate=0.1).layers)


# --- divergence and progress -------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["gradient", "adam"])
def test_divergence_is_one_sentence(optimizer):
    """A loss that is not finite stops the run, with the step and the rate, without a warning."""
    start, (x, y) = network(32), data(33)
    rate = 1e200 if optimizer == "adam" else 50.0
    text = r"^the loss at step \d+ is not finite, with rate " + re.escape(repr(rate))
    with pytest.raises(FloatingPointError, match=text + "; take a smaller rate$"):
        descend(start, x, y, steps=2000, rate=rate, activation="identity", optimizer=optimizer)


def test_divergence_names_the_replicas():
    """The message counts the replicas that diverge and names the first of them."""
    start, (x, y) = network(34, replicas=(4,)), data(35)
    start[0].weight[[1, 3]] *= 1e200
    text = "the loss at step 0 is not finite in 2 of 4 replicas, first in replica 1, with rate 0.1;"
    with pytest.raises(FloatingPointError, match=re.escape(text)):
        descend(start, x, y, steps=5, rate=0.1)
    start = [Layer(w.reshape(2, 2, *w.shape[1:]), b.reshape(2, 2, -1)) for w, b in start]
    with pytest.raises(FloatingPointError, match=re.escape("first in replica (0, 1),")):
        descend(start, x, y, steps=5, rate=0.1)


def test_divergence_in_the_last_step_is_seen():
    """Parameters that overflow in the last step are told, though no loss has seen them."""
    start = [Layer(np.full((2, 1, 1), 1e10), np.zeros(1))]
    start[0].weight[0] = 0.0
    text = "a parameter after step 0 is not finite in 1 of 2 replicas, first in replica 1, "
    with pytest.raises(FloatingPointError, match=re.escape(text)):
        descend(start, [[1e10]], [[0.0]], steps=1, rate=1e300)


def test_warnings_of_a_record_are_not_swallowed():
    """Only the arithmetic of the step is silent, not what the caller computes."""
    start, (x, y) = network(36), data(37)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        descend(start, x, y, steps=1, rate=0.1, record=lambda now: now[0].bias / 0, every=5)


def test_progress_shows_a_bar(capsys):
    """The bar counts the steps on the error stream, and the run is the same."""
    pytest.importorskip("tqdm", reason="the bar is tqdm's")
    start, (x, y) = network(38), data(39)
    run = descend(start, x, y, steps=12, rate=0.1, progress=True)
    assert "12/12" in capsys.readouterr().err
    assert_same(run.layers, descend(start, x, y, steps=12, rate=0.1).layers)
    assert capsys.readouterr().err == ""


def test_progress_without_tqdm_says_so(monkeypatch):
    """The message names the package that is missing; without progress nothing is."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    start, (x, y) = network(40), data(41)
    with pytest.raises(ImportError, match=r"^progress=True needs tqdm, which is not installed$"):
        descend(start, x, y, steps=2, rate=0.1, progress=True)
    descend(start, x, y, steps=2, rate=0.1)


# --- the door ----------------------------------------------------------------------------------

WRONG = [
    ({"steps": -1}, ValueError, "steps must be a whole number of at least 0, got -1"),
    ({"steps": 1.5}, TypeError, "steps must be a whole number of at least 0, got 1.5"),
    ({"every": 0}, ValueError, "every must be a whole number of at least 1, got 0"),
    ({"rate": -1}, ValueError, "rate must be a finite number of at least 0, got -1"),
    ({"rate": "fast"}, TypeError, "rate must be a finite number of at least 0, got 'fast'"),
    ({"rate": np.nan}, ValueError, "rate must be a finite number of at least 0, got nan"),
    (
        {"rate": [0.1]},
        ValueError,
        "rate must be a number or a list of 2 entries, one for each layer, got 1 entries",
    ),
    (
        {"rate": Layer(0.1, 0.1)},
        TypeError,
        "rate must be a finite number of at least 0, got Layer(",
    ),
    ({"rate": [0.1, -0.2]}, ValueError, "rate[1] must be a finite number of at least 0, got -0.2"),
    (
        {"rate": [0.1, Layer(0.1, -0.2)]},
        ValueError,
        "rate[1].bias must be a finite number of at least 0, got -0.2",
    ),
    (
        {"rate": [Layer("a", 0.2), 0.1]},
        TypeError,
        "rate[0].weight must be a finite number of at least 0, got 'a'",
    ),
    ({"kind": "hinge"}, ValueError, "kind must be one of 'squared', 'cross_entropy', got 'hinge'"),
    (
        {"activation": "gelu"},
        ValueError,
        "activation must be one of 'identity', 'relu', 'tanh', 'erf', 'selu', got 'gelu'",
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
    (
        {"weight_decay": -1},
        ValueError,
        "weight_decay must be a finite number of at least 0, got -1",
    ),
    ({"batch": 0}, ValueError, "batch must be a whole number from 1 to 7, got 0"),
    ({"batch": 8}, ValueError, "batch must be a whole number from 1 to 7, got 8"),
    (
        {"dropout": 1},
        ValueError,
        "dropout must be a finite number of at least 0 and below 1, got 1",
    ),
    ({"record": 3}, TypeError, "record must be a function of the layers or None, got 3"),
    (
        {"rng": "dice"},
        TypeError,
        "rng must be None, a seed or a numpy.random.Generator, got 'dice'",
    ),
]


@pytest.mark.parametrize(("options", "error", "text"), WRONG)
def test_wrong_options_are_named(options, error, text):
    """The message says which option, what was wanted and what came."""
    start, (x, y) = network(42), data(43)
    with pytest.raises(error, match=re.escape(text)):
        descend(start, x, y, **{"steps": 1, "rate": 0.1, **options})


def test_wrong_layers_and_data_are_named():
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
    with pytest.raises(TypeError, match="layers must be a non-empty list of Layer"):
        descend([], x, y, steps=1, rate=0.1)


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
    layers = [Layer(np.full((1, 1), start ** (1 / depth)), np.zeros(1))] * depth
    errors = []
    for steps in (1000, 2000):
        # the squared loss has no factor 1/2: a step of rate η takes the time 2 η
        run = descend(
            layers, [[1.0]], [[strength]], steps=steps, activation="identity",
            rate=[Layer(weight=end / steps / 2, bias=0)] * depth,
        )  # fmt: skip
        product = np.prod([layer.weight.item() for layer in run.layers])
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
