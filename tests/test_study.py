"""The study: its arms, its cells, a run that is stopped and goes on, and the registered rules."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("study_modules")
FOLDER = Path(__file__).parents[1] / "docs" / "study"


@pytest.fixture
def study():
    """Return the module that runs the study."""
    import study

    return study


@pytest.fixture
def few(study):
    """Return four cells that take less than a second, one of each kind."""
    return [
        study.Cell("training", "Hadamard", "breast cancer", 1, 0.01),
        study.Cell("gram_matrix", "Haar", "digits, 3 components", 1, 0),
        study.Cell("separation", "sinusoidal", "gray", 60, 0),
        study.Cell("expanding", "partial identity", "a teacher", 3, 0.01),
    ]


def made_up(study, rng):
    """Return a table with every cell of the grid, and numbers that mean nothing."""
    quantities = {
        "training": ("loss", "accuracy", "frozen"),
        "separation": [f"least ratio, {depth} layers" for depth in study.DEPTHS],
        "gram_matrix": ("error", "least eigenvalue", "ties", "inputs lost"),
        "expanding": ("loss", "rank 1", "rank 2"),
    }
    return {
        cell: {what: rng.random(3) + 0.1 for what in quantities[cell.kind]} for cell in study.grid()
    }


# The arms


def test_the_layers_of_all_arms_fit_together(study):
    """Each layer takes what the one before gives, for inputs of all sizes of the study."""
    for name, arm in study.ARMS.items():
        for features in (64, 30, 3):
            layers = study.hidden_layers(name, features, 3, study.generator("test"))
            units = study.WIDTH * arm.wide * (1 + arm.mirrored)
            assert [w.shape[-2:] for w in layers] == [(units, features), *[(units, units)] * 2]
            assert all((w.shape[:-2] == (study.SEEDS,)) == (name in study.DICE) for w in layers)


def test_the_hidden_layers_of_all_arms_have_the_same_mean_square(study):
    """It is 2 / fan_in, but for the identity and the constant."""
    for name in set(study.ARMS) - {"partial identity", "constant"}:
        _, weight = study.hidden_layers(name, 64, 2, study.generator("test"))
        chance = 5 * np.sqrt(2 / weight.size) if name.startswith("Gaussian") else 1e-12
        assert np.mean(weight**2) * weight.shape[-1] / 2 == pytest.approx(1, abs=chance)


def test_mirrored_networks_are_linear_at_the_start(study):
    """They keep the distances of all inputs, layer after layer."""
    from rules import MIRRORED

    x = np.random.default_rng().standard_normal((20, 30))
    for name in (*MIRRORED, "LL Haar"):
        values = x
        for weight in study.hidden_layers(name, 30, 5, study.generator("test")):
            values = np.maximum(values @ weight.mT, 0)
        u, v = values[..., :64], values[..., 64:]
        np.testing.assert_allclose((u - v) @ (u - v).mT - x @ x.T, 0, atol=1e-10)


def test_a_start_without_dice_is_the_same_whatever_the_seed(study):
    """No number of theirs comes from a generator."""
    for name in set(study.ARMS) - set(study.DICE):
        one, two = (study.hidden_layers(name, 64, 2, study.generator(k)) for k in (1, 2))
        assert all((a == b).all() for a, b in zip(one, two, strict=True))


# The data


def test_all_inputs_have_the_mean_square_one(study):
    """Step sizes mean the same on all data."""
    for name in study.SHALLOW:
        x, y, x_test, y_test = study.data(name)
        assert np.mean(x**2) == pytest.approx(1)
        assert (len(x), len(x_test)) == (len(y), len(y_test))


def test_the_rotation_keeps_all_products(study):
    """It destroys the alignment and nothing else."""
    x, z = study.data("digits, centered")[0], study.data("digits, rotated")[0]
    np.testing.assert_allclose(x @ x.T, z @ z.T, rtol=0, atol=1e-9)


def insider(study, name):
    """Return the ratio of distances of the insider's pair, for each replica."""
    (ratio,) = study.separation(study.Cell("separation", name, "insider", 1, 0)).values()
    return ratio


def test_the_insider_defeats_a_matrix_that_is_known(study):
    """One draw of all weights says nothing about another."""
    from rules import SAME

    assert max(insider(study, name) for name in ("cosine", "sinusoidal", "Hadamard")) < SAME
    assert insider(study, "Haar").min() > 0.1


def test_the_insider_defeats_one_sign_for_each_input_in_half_of_the_draws(study):
    """A Hadamard matrix sends one negative pixel to -1, so that a single sign decides."""
    ratio = insider(study, "Hadamard, random signs")
    np.testing.assert_allclose(ratio[ratio > 1], 2**0.5)
    assert (ratio[ratio <= 1] == 0).all()
    assert 0 < (ratio > 1).sum() < study.SEEDS


# The cells


def test_a_cell_gives_the_same_numbers_again(study, few):
    """Seeds come from names, and nothing else is left to chance."""
    assert [study.measure(cell) for cell in few] == [study.measure(cell) for cell in few]


def test_arms_with_dice_give_one_number_for_each_seed(study):
    """The others one for each order of the batches."""
    for arm, replicas in (("Gaussian", study.SEEDS), ("Paley", study.ORDERS)):
        _, found = study.measure(study.Cell("training", arm, "breast cancer", 1, 0.01))
        assert {len(values) for values in found.values()} == {replicas}
        assert max(found["loss"]) < np.log(2)
        assert min(found["accuracy"]) > 0.9


def test_a_step_size_that_overflows_has_failed(study):
    """It is a number in the table, and no end of the run."""
    _, found = study.measure(study.Cell("training", "Gaussian", "breast cancer", 3, 1e9))
    assert found["loss"] == [np.inf] * study.SEEDS
    assert found["accuracy"] == [0] * study.SEEDS


def test_tied_units_lose_all_directions_but_one(study):
    """Forwards and backwards."""
    _, found = study.measure(study.Cell("gram_matrix", "constant", "digits, raw", 1, 0))
    assert (found["inputs lost"], found["gradients lost"]) == ([63], [63])


def test_the_grid_names_each_cell_once(study):
    """And the sample that each build measures again is part of it."""
    cells = study.grid()
    assert len(set(cells)) == len(cells)
    assert set(study.SAMPLE) <= set(cells)
    assert {cell.arm for cell in cells} == set(study.ARMS)


# The run


def test_a_table_is_read_as_it_was_written(study, few, tmp_path):
    """Sorted by cell, eight digits, nothing else left in the folder."""
    table = study.run(few[::-1], tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    assert list(table) == sorted(few)
    for cell in few:
        _, found = study.measure(cell)
        assert {what: list(values) for what, values in table[cell].items()} == found


def test_a_table_that_does_not_exist_is_empty(study, tmp_path):
    """The page is built before the run, too."""
    assert study.read(tmp_path / "none.csv") == {}


def test_a_torn_line_and_those_of_another_version_are_ignored(study, few, tmp_path):
    """What is not sure to be the same is measured again."""
    good = json.dumps([study._version(), few[0], {"loss": [1]}])
    other = json.dumps([0, few[1], {"error": [1]}])
    partial = tmp_path / "t.partial.jsonl"
    partial.write_text(f"{good}\n\n{other}\n{good[: len(good) // 2]}", encoding="utf-8")
    assert dict(study.finished(partial)) == {few[0]: {"loss": [1]}}
    table = study.run(few[:2], tmp_path / "t.csv")
    assert list(table[few[0]]["loss"]) == [1]
    assert len(table[few[1]]["error"]) == study.SEEDS


def test_two_processes_measure_what_one_does(study, few, tmp_path):
    """The table is the same to the last byte."""
    study.run(few, tmp_path / "one.csv", jobs=1)
    study.run(few, tmp_path / "two.csv", jobs=2)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_dask_cluster_measures_what_one_process_does(study, few, tmp_path):
    """The run obeys the backend that is set outside."""
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    study.run(few, tmp_path / "one.csv", jobs=1)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=True, host="127.0.0.1", **options) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        study.run(few, tmp_path / "many.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "many.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="a process is not killed like this there")
def test_a_run_that_is_killed_goes_on_to_the_same_table(study, tmp_path):
    """What was finished is not measured again, and nothing is lost but the cell at work."""
    names = ("Gaussian", "Haar", "Paley", "cosine", "Sobol", "Kronecker")
    cells = [study.Cell("training", name, "digits, centered", 3, 0.01) for name in names]
    table = tmp_path / "t.csv"
    code = (
        f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import study; from pathlib import Path; "
        f"study.run([study.Cell(*c) for c in {[tuple(c) for c in cells]!r}], Path({str(table)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    partial, end = table.with_suffix(".partial.jsonl"), time.monotonic() + 100
    while time.monotonic() < end and len(dict(study.finished(partial))) < 2:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = set(dict(study.finished(partial)))
    assert 2 <= len(before) < len(cells)
    assert not table.exists()
    measured = []
    real = study.measure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "measure", lambda cell: measured.append(cell) or real(cell))
        study.run(cells, table)
    assert set(measured) == set(cells) - before
    study.run(cells, tmp_path / "undisturbed.csv")
    assert table.read_bytes() == (tmp_path / "undisturbed.csv").read_bytes()


def test_the_command_measures_what_is_asked_for(study):
    """``--only`` prints the cells with these words and writes no table."""
    command = [sys.executable, str(FOLDER / "study.py"), "--only", "gram_matrix/Kronecker"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(study.GRAMS)
    assert json.loads(done.stdout.splitlines()[0].split(" | ")[-1])["error"]


def test_a_number_that_is_not_as_stored_is_told(study, few):
    """A build fails when the table and the library have parted."""
    table = dict(study.measure(cell) for cell in few)
    assert study.recompute(table, few) == []
    table[few[1]] = table[few[1]] | {"error": [v * 1.0001 for v in table[few[1]]["error"]]}
    (fault,) = study.recompute(table, few)
    assert "error" in fault
    assert "Haar" in fault


# The rules


def test_a_verdict_follows_from_the_parts():
    """All, none, or some."""
    from rules import Part, verdict

    yes, no = Part("", True, ""), Part("", False, "")
    assert [verdict(parts) for parts in ([yes, yes], [no, no], [yes, no])] == [
        *("confirmed", "refuted", "mixed")
    ]


def test_each_prediction_is_decided_whichever_way_it_falls(study):
    """On tables of numbers that mean nothing, each rule gives parts with their numbers."""
    from rules import PREDICTIONS, replaces_dice, verdict

    for seed in range(3):
        table = made_up(study, np.random.default_rng(seed))
        for rule in PREDICTIONS.values():
            parts = rule(table)
            assert all(part.says and part.numbers for part in parts)
            assert verdict(parts) in ("confirmed", "refuted", "mixed")
            assert rule.__doc__.count("\n\n") == 1
        assert all(set(replaces_dice(table, arm).values()) <= {True, False} for arm in study.ARMS)


def ideal(study):
    """Return a table in which all predictions come true."""
    from rules import MIRRORED, NARROW

    table = made_up(study, np.random.default_rng(0))
    for cell, found in table.items():
        if cell.kind == "training":
            poor = cell.arm == "constant" or (cell.depth == 60 and cell.arm not in MIRRORED)
            found["accuracy"] = np.full(3, 0.3 if poor else 0.97)
            found["loss"] = np.full(3, 0.2 if cell.arm == "LL Hadamard" else 0.1)
        elif cell.kind == "separation":
            blind = cell.arm in NARROW and cell.data in ("Walsh", "insider")
            found["least ratio, 1 layers"] = np.full(3, 0.0 if blind else 0.5)
        elif cell.kind == "gram_matrix":
            few = cell.data == "digits, 3 components"
            gain = (5 if few else 2) if cell.arm in ("Kronecker", "Sobol") else 1
            found["error"] = np.full(3, 1 / gain)
        else:
            at = ("partial identity", "Hadamard", "Gaussian").index(cell.arm)
            found["rank 1"] = found["rank 2"] = np.full(3, (8, 20, 32)[at])
            found["loss"] = np.full(3, (3, 2, 1)[at])
    return table


def test_predictions_that_come_true_are_confirmed(study):
    """All six, on a table made for it."""
    from rules import PREDICTIONS, verdict

    table = ideal(study)
    assert [verdict(rule(table)) for rule in PREDICTIONS.values()] == ["confirmed"] * 6


@pytest.mark.parametrize(
    ("kind", "arm", "what", "value", "rule"),
    [
        ("training", "Paley", "accuracy", 0.9, 0),
        ("training", "constant", "accuracy", 0.97, 0),
        ("gram_matrix", "Sobol", "error", 3.0, 1),
        ("separation", "Paley", "least ratio, 1 layers", 0.5, 2),
        ("separation", "Haar", "least ratio, 1 layers", 0.0, 2),
        ("separation", "cosine", "least ratio, 1 layers", 0.0, 2),
        ("training", "[I; -I]", "accuracy", 0.89, 3),
        ("training", "Gaussian", "accuracy", 0.97, 3),
        ("training", "LL Hadamard", "loss", 0.1, 4),
        ("training", "LL Hadamard, quadratic signs", "loss", 0.11, 4),
        ("expanding", "partial identity", "rank 2", 9, 5),
        ("expanding", "Hadamard", "loss", 3.5, 5),
    ],
)
def test_a_prediction_that_fails_in_one_part_is_not_confirmed(study, kind, arm, what, value, rule):
    """Each rule looks at the numbers that it names."""
    from rules import PREDICTIONS, verdict

    table = ideal(study)
    for cell, found in table.items():
        if (cell.kind, cell.arm) == (kind, arm):
            found[what] = np.full(3, value)
    verdicts = [verdict(one(table)) for one in PREDICTIONS.values()]
    assert verdicts[rule] == "mixed"


def test_the_step_size_is_chosen_by_the_training_loss(study):
    """Test accuracy has no say."""
    from rules import best

    table = ideal(study)
    cells = [study.Cell("training", "Paley", "digits, raw", 1, rate) for rate in study.RATES]
    for cell, value in zip(cells, (0.4, 0.3, 0.05, np.inf), strict=True):
        table[cell] = {"loss": np.full(3, value), "accuracy": np.full(3, value)}
    assert best(table, "Paley", "digits, raw", 1)["accuracy"][0] == 0.05
