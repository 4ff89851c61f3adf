"""The second comparison: its starts, its one rule for overflows, its test, and what is checked."""

import json

import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.usefixtures("study_modules")
MIRRORED = ("LL Haar", "LL Haar, repeated", "LL Hadamard", "[I; -I]", "LL Haar, 64 units")


@pytest.fixture
def second():
    """Return the module that runs the second comparison."""
    import second

    return second


@pytest.fixture
def registered():
    """Return the module with its rules."""
    import second_rules

    return second_rules


@pytest.fixture
def small(second, monkeypatch):
    """Return the module with two step sizes, four runs and six steps."""
    monkeypatch.setattr(second, "RATES", (0.01, 0.1))
    monkeypatch.setattr(second, "RUNS", 3)
    monkeypatch.setattr(second, "SELECTION", 1)
    monkeypatch.setattr(second.train, "__kwdefaults__", {"steps": second.FIRST, "double": False})
    return second


def cell(second, name="LL Haar", depth=1, data="digits, centered"):
    """Return one cell of the comparison."""
    return second.Cell("comparison", name, data, depth, 0)


# The starts


def test_the_layers_of_all_starts_fit_together(second):
    """Each layer takes what the one before gives, and starts that are compared are as wide."""
    for name, start in second.STARTS.items():
        shapes = [w.shape for w in second.hidden_layers(name, 64, 3, "test")]
        assert shapes == [(start.units, 64), *[(start.units, start.units)] * 2]
        assert second.STARTS[start.against].units == start.units


def odd_part(second, name, depth=5):
    """Return how far the sums of the last layer are from an odd function of the inputs."""
    x = np.random.default_rng(0).standard_normal((20, 64))
    *layers, last = second.hidden_layers(name, 64, depth, "test")
    sums = []
    for values in (x, -x):
        for weight in layers:
            values = np.maximum(values @ weight.T, 0)
        sums.append(values @ last.T)
    return np.abs(sums[0] + sums[1]).max() / np.abs(sums[0]).max()


def test_where_pairs_meet_the_network_is_linear_at_the_start(second):
    """It is odd, as no other start is: not the sinusoidal one, and not with permuted columns."""
    for name in (*MIRRORED, "LL Hadamard, quadratic signs", "sine transform"):
        assert odd_part(second, name) < 1e-12
    for name in ("sinusoidal", "sinusoidal, columns permuted", "Gaussian"):
        assert odd_part(second, name) > 0.1


def test_repeated_starts_repeat_and_others_do_not(second):
    """From one run to the next those with dice differ."""
    for name, start in second.STARTS.items():
        _, one, two = second.hidden_layers(name, 64, 3, "run", 0)
        fixed = name in ("LL Hadamard", "[I; -I]", "sinusoidal", "sine transform")
        assert (one == two).all() == (fixed or start.repeated)
        _, other, _ = second.hidden_layers(name, 64, 3, "run", 1)
        assert (one == other).all() == (fixed or name == "LL Hadamard, quadratic signs")


def test_permuted_columns_keep_the_singular_values(second):
    """And rows that sum to 0."""
    _, one = second.hidden_layers("sinusoidal", 64, 2, "test")
    _, other = second.hidden_layers("sinusoidal, columns permuted", 64, 2, "test")
    values = [np.linalg.svd(weight, compute_uv=False) for weight in (one, other)]
    np.testing.assert_allclose(*values, atol=1e-12)
    _, centered = second.hidden_layers("Gaussian, centered rows", 64, 2, "test")
    assert np.abs(centered.sum(axis=1)).max() < 1e-12


def test_all_starts_see_the_same_batches(second, monkeypatch):
    """The order depends on the data and the number of the run alone."""
    seen = []

    def watched(start, x, y, *, steps, rng, **options):
        seen.append(rng.bit_generator.state["state"]["state"])
        raise FloatingPointError

    monkeypatch.setattr(second, "descend", watched)
    for name in second.STARTS:
        assert second.train(cell(second, name), 0.1, 5).loss == np.inf
    assert len(set(seen)) == 1
    second.train(cell(second), 0.1, 6)
    assert len(set(seen)) == 2


# The cells


def test_a_step_size_with_one_overflow_has_failed(small, monkeypatch):
    """For all starts alike, whatever the other runs say."""

    def first_run_overflows(cell, rate, number):
        bad = rate == small.RATES[0] and number == 0
        return small.Trained(np.inf if bad else 1 + rate, 0.9, np.zeros(small.FIRST))

    monkeypatch.setattr(small, "train", first_run_overflows)
    found = small.comparison(cell(small))
    assert found["step size"] == small.RATES[1]
    nothing = small.Trained(np.inf, 0.0, np.zeros(small.FIRST))
    monkeypatch.setattr(small, "train", lambda cell, rate, number: nothing)
    assert small.comparison(cell(small)) == {"loss by step size": [np.inf] * 2, "step size": 0}


def test_the_runs_that_choose_do_not_decide(small, monkeypatch):
    """Their numbers differ."""
    numbers = []

    def noted(cell, rate, number):
        numbers.append(number)
        return small.Trained(rate, 0.9, np.zeros(small.FIRST))

    monkeypatch.setattr(small, "train", noted)
    small.comparison(cell(small))
    assert numbers == [0, 0, 1, 2, 3]


def test_holding_copies_together_leaves_the_start_and_tied_gradients_alone(second):
    """It is the mean over a group of permutations, and so doing it twice is doing it once."""
    rng = np.random.default_rng(0)
    shapes = list(zip(second.LAYERS[1:], second.LAYERS, strict=False))
    for k, shape in enumerate(shapes):
        gradient = second.Layer(rng.standard_normal(shape), rng.standard_normal(shape[0]))
        once = second.over_copies(gradient, k)
        twice = second.over_copies(once, k)
        np.testing.assert_allclose(once.weight, twice.weight, atol=1e-12)
        np.testing.assert_allclose(once.bias, twice.bias, atol=1e-12)
        start = second.designs.identity_hadamard(shape) if k < 3 else np.zeros(shape)
        held = second.over_copies(second.Layer(start, np.zeros(shape[0])), k)
        np.testing.assert_array_equal(held.weight, start)


def test_the_grid_names_each_cell_once(second):
    """Without the ones that cannot be decided, and with those that are measured again."""
    cells = second.grid()
    assert len(set(cells)) == len(cells)
    assert {*second.FOUND_AGAIN, *second.WHOLE} <= set(cells)
    assert not {(one.data, one.depth) for one in cells} & set(second.NOT_DECIDABLE)


# The test of equivalence


def test_the_interval_is_that_of_a_t_test(registered):
    """Student's, at 90 %."""
    difference = np.random.default_rng(0).normal(0.01, 0.02, 20)
    found = registered.equivalence(difference, 0.01)
    low, high = stats.ttest_1samp(difference, 0).confidence_interval(0.9)
    np.testing.assert_allclose(found.difference - found.half_width, low)
    np.testing.assert_allclose(found.difference + found.half_width, high)


@pytest.mark.parametrize(
    ("mean", "spread", "verdict"),
    [
        (0.0, 0.001, "equivalent"),
        (0.004, 0.001, "equivalent"),
        (0.0, 0.05, "undecided"),
        (0.01, 0.01, "undecided"),
        (-0.02, 0.001, "worse"),
        (0.02, 0.001, "better"),
    ],
)
def test_verdicts(registered, mean, spread, verdict):
    """The whole interval decides."""
    difference = mean + spread * np.linspace(-1, 1, 20)
    assert registered.equivalence(difference, 0.01).verdict == verdict


def test_a_false_equivalence_is_as_rare_as_promised(registered):
    """A start that is worse by the margin itself is called equivalent in 5 % of the trials."""
    rng = np.random.default_rng(0)
    draws = rng.normal(-0.01, 0.005, (4000, 20))
    share = np.mean([registered.equivalence(one, 0.01).verdict == "equivalent" for one in draws])
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4000))


# The rules


def ideal(second, registered):
    """Return a table in which all predictions come true."""
    table = {}
    for one in second.grid():
        if one.kind == "widening":
            held = one.arm == "Sylvester, held tied"
            late = {
                10: 1e-15,
                100: 1e-15,
                300: 1e-15 if held else 1e-9,
                1000: 1e-15 if held else 0.2,
            }
            ninth = {step: 0.1 if one.arm == "Paley" else late[step] for step in late}
            table[one] = {f"ninth value, step {step}": np.full(2, v) for step, v in ninth.items()}
            table[one]["loss"] = np.array([0.02 if held else 0.001])
            continue
        poor = one.depth == 60 and one.arm in (
            "sinusoidal, columns permuted",
            "Gaussian, centered rows",
        )
        worse = one.arm == "[I; -I]" or (one.arm == "LL Hadamard" and one.depth == 60)
        level = 0.2 if poor else 0.9 if worse and one.depth > 1 else 0.95
        table[one] = {
            "step size": np.array([0.01]),
            "loss": np.full(20, 0.1),
            "accuracy": level + 0.001 * np.linspace(-1, 1, 20),
        }
    return table


def rules_of(registered):
    """Return all rules, predicted and known."""
    return [*registered.PREDICTIONS.values(), *registered.KNOWN.values()]


def test_predictions_that_come_true_are_confirmed(second, registered):
    """All of them, on a table made for it; each says what decides."""
    from rules import verdict

    table = ideal(second, registered)
    for rule in rules_of(registered):
        parts = rule(table)
        assert verdict(parts) == "confirmed", [part for part in parts if not part.holds]
        assert all(part.says and part.numbers for part in parts)
        assert rule.__doc__.count("\n\n") == 1


@pytest.mark.parametrize(
    ("name", "what", "values", "broken"),
    [
        ("[I; -I]", "accuracy", np.full(20, 0.9), (0,)),
        ("LL Hadamard, quadratic signs", "accuracy", np.linspace(0.8, 1, 20), (0, 1, 2)),
        ("LL Hadamard, quadratic signs", "loss", np.array([np.inf] * 20), (0, 1, 2)),
        ("LL Haar, repeated", "accuracy", np.full(20, 0.9), (2,)),
        ("sine transform", "accuracy", np.full(20, 0.7), (3,)),
        ("Gaussian, centered rows", "accuracy", np.full(20, 0.4), (3,)),
        ("LL Haar", "step size", np.array([1e-4]), (4,)),
        ("Sylvester, held tied", "ninth value, step 300", np.array([1e-15, 1e-3]), (5,)),
        ("Paley", "loss", np.array([0.03]), (5,)),
    ],
)
def test_a_prediction_that_fails_in_one_part_is_not_confirmed(
    second, registered, name, what, values, broken
):
    """Each rule looks at the numbers that it names, and at no others."""
    from rules import verdict

    table = ideal(second, registered)
    for one, found in table.items():
        if one.arm == name:
            found[what] = values
    fallen = [
        k for k, rule in enumerate(rules_of(registered)) if verdict(rule(table)) != "confirmed"
    ]
    assert fallen == list(broken)


def test_a_start_that_overflows_once_fails(second, registered):
    """Beside another one, and the other one beside it."""
    table = ideal(second, registered)
    at = ("digits, centered", 10)
    table[cell(second, "LL Hadamard", 10)]["loss"] = np.array([0.1] * 19 + [np.inf])
    assert registered.compared(table, "LL Hadamard", *at).verdict == "fails"
    table[cell(second, "LL Haar", 10)] = {"step size": np.array([0.0])}
    assert registered.compared(table, "[I; -I]", *at).verdict == "the other fails"
    assert (
        registered.compared(table, "[I; -I]", "digits, rotated", 60).verdict == "not decidable here"
    )


# What is measured again


def test_first_steps_that_are_not_as_stored_are_told(small):
    """A build fails when the table and the library have parted by more than rounding."""
    cells = [cell(small, depth=10), cell(small)]
    read = {
        one: {what: np.array(values) for what, values in small.measure(one)[1].items()}
        for one in cells
    }
    assert small.found_again(read, cells) == []
    for one in cells:
        read[one]["first losses"] = read[one]["first losses"] + np.eye(small.FIRST)[-1] * 1e-4
    faults = small.found_again(read, cells)
    assert len(faults) == 2
    assert "allowed" in faults[0]


def test_whole_cells_are_compared_by_bits_on_the_same_processor(
    small, registered, tmp_path, monkeypatch
):
    """And by their verdicts on another one."""
    cells = [cell(small, name) for name in ("LL Haar", "[I; -I]")]
    table = {
        one: {what: np.array(values) for what, values in small.measure(one)[1].items()}
        for one in cells
    }
    monkeypatch.setattr(small, "WHOLE", cells[1:])
    monkeypatch.setattr(small, "MACHINE", tmp_path / "machine.json")
    for machine, faults_of_a_bit in ((small.machine(), 1), ({"python": "another"}, 0)):
        small.MACHINE.write_text(json.dumps(machine), encoding="utf-8")
        assert small.measured_whole(table, registered.verdict_of) == []
        accuracy = table[cells[1]]["accuracy"]
        changed = {**table, cells[1]: {**table[cells[1]], "accuracy": accuracy + 1e-7}}
        assert len(small.measured_whole(changed, registered.verdict_of)) == faults_of_a_bit
        changed = {**table, cells[1]: {**table[cells[1]], "accuracy": accuracy + 1}}
        assert len(small.measured_whole(changed, registered.verdict_of)) == 1
