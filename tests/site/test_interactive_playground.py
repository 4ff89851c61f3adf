"""The playground of the front page: its numbers against the library's, with every switch."""

import json

import numpy as np
import pytest

from symlib.designs import hadamard
from symlib.network import Layer, Network, loss
from symlib.training import descend

STEPS, RATE, BATCH, DROPOUT = 2000, 0.1, 8, 0.25
COLUMNS = {"all": [0, 1, 2, 3], "incoming": [0, 1], "bias": [2], "outgoing": [3]}
AT_FIRST = {"part": "all", "unit": "tanh", "units": 4, "batches": "off", "dropout": "off"}
# Rounding grows with a millionth; all else agrees to ten digits: the rate is small enough for that.
LARGE = [
    {"start": start, "part": part, "unit": unit}
    for start in ("random", "signs")
    for part in COLUMNS
    for unit in ("tanh", "relu")
]
LARGE += [
    {"start": start, "unit": unit, "units": units, "batches": batches, "dropout": dropout}
    for start, unit, units in [("half", "tanh", 2), ("half", "relu", 4), ("random", "tanh", 8)]
    for batches in ("off", "on")
    for dropout in ("off", "on")
]
TINY = [
    {"start": "tiny", "part": part, "unit": unit} for part in COLUMNS for unit in ("tanh", "relu")
]


@pytest.fixture(scope="module")
def call(scripts):
    """Return a function that evaluates an expression after the scripts."""
    return scripts("playground")


@pytest.fixture(scope="module")
def trained(call):
    """Return a function that trains as the page does: parameters, losses and gaps."""

    def run(state):
        path, losses, gaps = call(
            "((run) => [Array.from(run.path), run.loss, run.gap])(figures.playground.begin("
            f"{json.dumps(state)}, figures.playground.data()).more())"
        )
        return np.array(path).reshape(STEPS + 1, -1), np.array(losses), np.array(gaps)

    return run


def full(state, seed=1):
    """Return a state with what it leaves out."""
    return AT_FIRST | {"seed": seed, "step": STEPS} | state


def task():
    """Return the task of the playground."""
    corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], 8, axis=0)
    x = corners + np.random.default_rng(10).uniform(-0.8, 0.8, corners.shape)
    return x, np.sign(x[:, :1] * x[:, 1:])


def first(state):
    """Return the units at the start, a row for each: two weights in, bias, weight out."""
    count, columns = state["units"], COLUMNS[state["part"]]
    draw = np.random.default_rng(state["seed"]).uniform(-1, 1, (count, 4))
    start = {
        "half": np.full((count, 4), 0.5),
        "tiny": 0.5 + 1e-6 * draw,
        "random": draw,
        "signs": hadamard(8)[:count, [0, 1, 2, 7]] / 2,
    }[state["start"]]
    units = np.full((count, 4), 0.5)
    units[:, columns] = start[:, columns]
    return units


def by_library(state):
    """Train with the library; return the parameters and the loss on all points at each step."""
    units = first(state)
    layers = [
        Layer(units[:, :2], units[:, 2]),
        Layer(units[:, 3:].T, np.full(1, 0.5)),
    ]
    x, y = task()

    def record(network):
        (weight, bias), (outgoing, last) = network.layers
        unit = np.concatenate([weight, bias[:, None], outgoing.T], axis=1)
        return np.concatenate([unit.ravel(), last]), float(loss(network, x, y))

    run = descend(
        Network(layers, state["unit"], same_order=True),
        x,
        y,
        steps=STEPS,
        rate=RATE,
        batch=BATCH if state["batches"] == "on" else None,
        dropout=DROPOUT if state["dropout"] == "on" else 0.0,
        record=record,
        rng=state["seed"] + 1,
    )
    path, losses = zip(*run.records, strict=True)
    return np.array(path), np.array(losses)


def test_the_page_shuffles_as_numpy_does(call):
    """The same orders for a hundred seeds, with other draws between them."""
    for seed in range(100):
        found = call(
            "((rng) => ((shuffle) => [32, 7, 32, 2, 1].map((n) => [shuffle(n), rng.random()]))"
            f"(figures.playground.shuffler(rng)))(new figures.Rng({seed}))"
        )
        rng = np.random.default_rng(seed)
        expected = [[rng.permutation(n).tolist(), rng.random()] for n in (32, 7, 32, 2, 1)]
        assert found == expected, seed


def test_the_page_learns_the_task_of_its_program(call):
    """The same points and signs."""
    x, y = task()
    assert call("figures.playground.data()") == {"x": x.tolist(), "y": y[:, 0].tolist()}


@pytest.mark.parametrize(
    "state", [*LARGE, *TINY], ids=lambda state: "-".join(map(str, state.values()))
)
def test_the_page_starts_where_the_library_does(call, state):
    """For several seeds, to the last bit."""
    for seed in (1, 2, 77):
        state = full(state, seed)
        found = call(f"Array.from(figures.playground.start({json.dumps(state)}))")
        assert found == [*first(state).ravel().tolist(), 0.5]


@pytest.mark.parametrize("state", LARGE, ids=lambda state: "-".join(map(str, state.values())))
def test_the_page_trains_as_the_library_does(trained, state):
    """All parameters, the loss and the gap at all steps, to ten digits."""
    state = full(state)
    path, losses, gaps = trained(state)
    expected, wanted = by_library(state)
    assert np.abs(path - expected).max() <= 1e-10
    assert np.abs(losses - wanted).max() <= 1e-10
    units = expected[:, :-1].reshape(STEPS + 1, -1, 4)
    assert np.abs(gaps - np.ptp(units, axis=1).max(axis=-1)).max() <= 1e-10


@pytest.mark.parametrize("state", TINY, ids=lambda state: "-".join(map(str, state.values())))
def test_a_millionth_grows_on_the_page_as_in_the_library(trained, state):
    """The rounding of a last bit grows as the millionth itself does, by at most its inverse."""
    state = full(state)
    path, losses, _ = trained(state)
    expected, wanted = by_library(state)
    assert np.abs(path - expected).max() <= 1e-13 / 1e-6
    assert np.abs(losses - wanted).max() <= 1e-13 / 1e-6


@pytest.mark.parametrize("batches", ["off", "on"])
@pytest.mark.parametrize("unit", ["tanh", "relu"])
@pytest.mark.parametrize("units", [2, 3, 4, 6, 8])
def test_equal_units_stay_equal_to_the_last_bit_and_dropout_parts_them(
    trained, unit, units, batches
):
    """The gap is exactly 0 at each step; with dropout it is not from the first step on."""
    state = full({"start": "half", "unit": unit, "units": units, "batches": batches})
    _, losses, gaps = trained(state)
    assert not gaps.any()
    assert losses[0] != losses[-1]  # they move, together
    _, _, gaps = trained(state | {"dropout": "on"})
    assert gaps[0] == 0
    assert gaps[1] > 0.01


SAID = [
    *({"start": start} for start in ("half", "tiny", "random", "signs")),
    {"start": "tiny", "unit": "relu", "part": "outgoing"},
    {"start": "random", "part": "bias", "units": 8, "batches": "on"},
    {"start": "half", "dropout": "on", "batches": "on"},
    {"start": "signs", "unit": "relu", "units": 6, "dropout": "on"},
]


@pytest.mark.parametrize("step", [0, 137, STEPS])
@pytest.mark.parametrize("state", SAID, ids=lambda state: "-".join(map(str, state.values())))
def test_the_program_prints_the_loss_of_the_page(call, capsys, trained, state, step):
    """To all digits it shows."""
    state = full(state, seed=3) | {"step": step}
    _, losses, _ = trained(state)
    code = call(f"figures.playground.program({json.dumps(state)}, {float(losses[step])!r})")
    assert max(map(len, code.splitlines())) <= 120
    exec(compile(code, "panel", "exec"), {})
    shown = float(code.rpartition("# ")[2])
    digits = 6 if state["start"] == "tiny" else 10
    assert float(capsys.readouterr().out) == pytest.approx(shown, rel=10 ** (1 - digits))
