"""The bench: its rows, the turns of its contenders, what is told of who fails, and its verdicts."""

import importlib
import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "bench"
SMALL = {
    "GOE": {"n": 50},
    "null space, rank 900": {"rows": 20, "rank": 15},
    "Haar": {"n": 8},
    "copies": {"count": 400},
}


@pytest.fixture
def bench(monkeypatch):
    """Return the module that runs the bench, from its own folder, as its page imports it."""
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module("bench")
    for name in ("bench", "report", "work"):
        sys.modules.pop(name, None)


@pytest.fixture
def work(bench, monkeypatch):
    """Return what is timed, with a short training."""
    monkeypatch.setattr(bench.work, "REPLICAS", 3)
    monkeypatch.setattr(bench.work, "STEPS", 4)
    return bench.work


@pytest.fixture
def report(bench):
    """Return the module that makes tables of the results."""
    return importlib.import_module("report")


def test_each_row_has_outside_software_beside_it_and_says_why_it_takes_the_time(bench, report):
    """A loop of our own is no peer, and each environment is one that can be made."""
    for key, row in bench.work.ROWS.items():
        assert row.peers, key
        assert set(row.peers.values()) <= set(bench.ENVIRONMENTS), key
        assert all(report.words(key)), key


def test_the_contenders_that_are_installed_here_give_the_answer_of_symlib(work):
    """The same work is timed, on the same data, here at small sizes."""
    here = {"SciPy", "NumPy, unique on bytes"}
    if importlib.util.find_spec("torch"):
        here.add("torch, batched products")
    compared = set()
    for key, row in work.ROWS.items():
        options = {**row.options, **SMALL.get(key, {})}
        made = row.prepare("symlib", **options)
        answer = np.ravel(made.answer())
        assert np.isfinite(made.call()).all(), key
        for who in here & set(row.peers):
            theirs = np.ravel(row.prepare(who, **options).answer())
            np.testing.assert_allclose(theirs, answer, rtol=1e-5, err_msg=key)
            compared.add(who)
    assert compared == here


def test_the_curves_begin_at_sizes_that_can_be_done_and_changed_pages_are_there(work):
    """Each name has its own work; the builds of the site change pages of the tree."""
    for name, curve in work.CURVES.items():
        assert work.at_size(name, curve.sizes[0])() is not None
    for page in work.CHANGED.values():
        assert (work.ROOT / page).is_file()


def test_contenders_take_turns_and_who_fails_is_out(bench, monkeypatch):
    """Each round begins with another one; there are at least five, however long they take."""
    monkeypatch.setattr(bench, "ENOUGH", 0.0)
    monkeypatch.setattr(bench, "PAUSE", 0.0)
    order = []

    def fail():
        raise bench.Absent("failed: it has ended")

    laps = {name: lambda name=name: order.append(name) or 1.0 for name in "abc"}
    found = bench.in_turn({**laps, "d": fail})
    assert "".join(order) == "abcbcacababcabc"
    assert found.pop("d") == {"absent": "failed: it has ended"}
    assert found == {name: {"seconds": [1.0] * bench.LEAST_LAPS} for name in "abc"}


def test_a_row_is_measured_without_the_peers_that_cannot_be_had(bench, monkeypatch, tmp_path):
    """They are shown as such, and are no end of the run."""

    def refuse(*_):
        raise bench.Absent("not installed: there is no such package")

    monkeypatch.setattr(bench, "run_or_refuse", refuse)
    monkeypatch.setattr(bench, "MOST_LAPS", 1)
    found = bench.measure("tracy-widom", tmp_path)
    assert found["TracyWidom"] == {"absent": "not installed: there is no such package"}
    assert len(found["symlib"]["seconds"]) == 1


def test_a_worker_that_ends_tells_its_last_line(bench, tmp_path):
    """What it said to the other stream is the reason."""
    worker = bench.Worker("no such row", "symlib", "own", tmp_path)
    with pytest.raises(bench.Absent, match="failed: KeyError: 'no such row'"):
        worker.answer()
    worker.close()


def test_a_run_that_was_stopped_goes_on_where_it_was(bench, monkeypatch, tmp_path):
    """What was measured is not measured again, and the builds of the site are left as they are."""
    results, asked = tmp_path / "results.json", []
    bench.write({"site": 1}, results)

    def stop():
        raise KeyboardInterrupt

    names = [*bench.work.ROWS, "growth"]
    every = {name: lambda name=name: asked.append(name) or {"of": name} for name in names}
    monkeypatch.setattr(bench, "steps", lambda _: {**every, names[2]: stop})
    with pytest.raises(KeyboardInterrupt):
        bench.run(tmp_path, results)
    assert bench.read(results) == {"site": 1}
    monkeypatch.setattr(bench, "steps", lambda _: every)
    bench.run(tmp_path, results)
    assert asked == names
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    written = bench.read(results)
    assert written["rows"] == {name: {"of": name} for name in bench.work.ROWS}
    assert (written["site"], written["growth"]) == (1, {"of": "growth"})


def test_the_stored_results_are_those_of_the_rows_and_name_no_place(report, tmp_path):
    """A row, contender or curve that is not in work.py is refused; so is one that is missing."""
    results = report.read()
    text = report.RESULTS.read_text(encoding="utf-8")
    assert not [word for word in ("/home", "/root", "/tmp", "/work", "://") if word in text]
    stale = tmp_path / "results.json"
    for part, key in (("rows", "GOE"), ("growth", "null_basis")):
        renamed = dict(results[part])
        renamed[f"old {key}"] = renamed.pop(key)
        stale.write_text(json.dumps({**results, part: renamed}), encoding="utf-8")
        with pytest.raises(ValueError, match=rf"got others for {key}, old {key}: measure again"):
            report.read(stale)


def test_the_how_to_has_the_time_of_an_audit_from_the_stored_run(report):
    """A new run says so if the page has to be changed."""
    page = (FOLDER.parent / "how_to" / "check_your_model.md").read_text(encoding="utf-8")
    told, cores = re.search(r"took it \{given\}`([.\d]+)` seconds .* on (\w+) cores", page).groups()
    results = report.read()
    assert f"{report.median(results['rows']['audit']['symlib']):.2g}" == told
    assert (cores, results["machine"]["cores"]) == ("two", 2)


@pytest.mark.parametrize(
    ("mine", "theirs", "word"),
    [
        ([1, 1, 1, 1, 1], [2, 2, 2, 2, 2], "ahead"),
        ([2, 2, 2, 2, 2], [1, 1, 1, 1, 1], "behind"),
        ([1.00, 1.01, 1.02, 1.00, 1.01], [1.03, 1.03, 1.04, 1.03, 1.03], "level"),
        ([1, 3, 1, 3, 1], [2, 2, 2, 2, 2], "level"),  # ahead in the median, behind in some
        ([1, 1, 1, 1, 9], [2, 2, 2, 2, 2], "ahead"),  # one disturbed lap
        ([1, 1, 1, 1, 1], [], "alone"),
    ],
)
def test_a_verdict_needs_the_median_and_three_quarters_of_the_rounds(report, mine, theirs, word):
    """A single lap decides nothing, 5 % are level, and the fastest peer counts."""
    peers = {"slow": {"seconds": [2 * lap for lap in theirs]}, "peer": {"seconds": theirs}}
    entries = {"symlib": {"seconds": mine}, **peers, "none": {"absent": "not installed: no"}}
    found = report.verdict(entries)
    assert (found.word, found.peer) == (word, "peer" if theirs else "none")
    assert "| none | not installed: no | – |" in report.details(entries)


@pytest.mark.parametrize(("name", "power"), [("unit_classes", 1), ("null_basis", 3)])
def test_the_power_is_that_of_the_larger_half(report, name, power):
    """What small sizes cost besides does not change it."""
    sizes = np.geomspace(10, 10_000, 10)
    law = sizes * np.log2(sizes) if name == "unit_classes" else sizes
    seconds = np.where(sizes < 200, 1.0, 1e-9 * law**power)
    slope, error, _ = report.power(name, {"sizes": sizes.tolist(), "seconds": seconds.tolist()})
    assert slope == pytest.approx(power)
    assert error < 1e-6
