"""The figure of ties by sums: its numbers against the library's."""

import json

import numpy as np
import pytest

from symlib.network import Layer, Network
from symlib.symmetry import tied_units
from symlib.training import descend

TIED = [("magic", 1), ("identity", 1), ("equal", 1), ("equal", 4)]
FREE = [("shuffled", 1), ("random", 1), ("random", 4)]
STEPS, RATE = 1000, 0.2


@pytest.fixture(scope="module")
def call(scripts):
    """Return a function that evaluates an expression after the scripts."""
    return scripts("sums")


@pytest.fixture(scope="module")
def trained(call):
    """Return a function that trains as the page does: the losses and gaps."""

    def run(kind, seed):
        found = call(
            "((run) => [run.loss, run.gap].map((one) => Array.from(one)))"
            f"(figures.sums.train(figures.sums.start('{kind}', {seed}), figures.sums.data()))"
        )
        return map(np.array, found)

    return run


def network(call, kind, seed):
    """Return the network of the page at its start."""
    middle = np.array(call(f"figures.sums.middle('{kind}', {seed})")).reshape(4, 4)
    first = Layer(np.full((4, 2), 0.5), np.full(4, 0.5))
    last = Layer(np.full((1, 4), 0.5), np.zeros(1))
    return Network([first, Layer(middle, np.zeros(4)), last], "tanh")


@pytest.mark.parametrize(("kind", "seed"), [*TIED, *FREE])
def test_the_page_trains_as_the_library_does(call, trained, kind, seed):
    """The loss at each of the first steps, and for tied starts at all."""
    corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], 8, axis=0)
    x = corners + np.random.default_rng(10).uniform(-0.8, 0.8, corners.shape)
    y = np.sign(x[:, :1] * x[:, 1:])
    start = network(call, kind, seed)
    losses, _ = trained(kind, seed)
    steps = STEPS + 1 if (kind, seed) in TIED else 200
    found = descend(start, x, y, steps=steps, rate=RATE).losses
    np.testing.assert_allclose(losses[:steps], found, rtol=1e-5)


@pytest.mark.parametrize(("kind", "seed"), [*TIED, *FREE])
def test_tied_starts_stay_one_unit_and_others_part_at_once(call, trained, kind, seed):
    """As `tied_units` says of them, to the size that the page shows as one."""
    losses, gaps = trained(kind, seed)
    is_tied = max(tied_units(network(call, kind, seed)).labels[1]) == 0
    assert is_tied == ((kind, seed) in TIED)
    assert gaps.max() < 1e-3 if is_tied else gaps[1] > 0.01
    assert losses[-1] > 2 / 3 - 0.1 if is_tied else losses[-1] < 0.1


@pytest.mark.parametrize(("kind", "seed"), [*TIED, *FREE])
def test_the_program_prints_the_loss_of_the_page(call, capsys, trained, kind, seed):
    """And what the library says of the units."""
    losses, _ = trained(kind, seed)
    state = json.dumps({"middle": kind, "seed": seed, "step": 150})
    program = call(f"figures.sums.program({state}, {losses[150]})")
    exec(program, {})
    labels, printed = capsys.readouterr().out.splitlines()
    promised = float(program.rsplit("# ", 1)[1])
    assert float(printed) == pytest.approx(promised, rel=1e-3)
    assert ("3" in labels) == ((kind, seed) in FREE)


def test_the_sums_are_those_of_rows_and_columns(call):
    """At the start of the magic square all are 1."""
    sums = call("figures.sums.sums(figures.sums.start('magic', 1))")
    np.testing.assert_allclose(sums["rows"] + sums["columns"], 1)
    sums = call("figures.sums.sums(figures.sums.start('random', 3))")
    drawn = np.random.default_rng(3).uniform(-1, 1, (4, 4))
    np.testing.assert_allclose(sums["rows"], drawn.sum(axis=1))
    np.testing.assert_allclose(sums["columns"], drawn.sum(axis=0))
