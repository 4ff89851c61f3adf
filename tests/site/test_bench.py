"""The bench: its rows, the turns of its contenders, what is told of who fails, and its verdicts."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "bench"
NAMES = ("bench", "growth", "report", "site_rows", "sweep", "work")


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    """Import the modules of the bench from their own folder, as its page does."""
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.fixture
def bench():
    """Return the module that runs the bench."""
    import bench

    return bench


@pytest.fixture
def report():
    """Return the module that makes tables of the results."""
    import report

    return report


def entries(mine, theirs, **others):
    """Return a row of two contenders with these laps."""
    return {
        "symlib": {"role": "ours", "seconds": mine, "peak": 1.5, "error": 0.0},
        "peer": {"role": "peer", "seconds": theirs, "peak": None},
        **others,
    }


# The rows


def test_each_row_has_the_project_and_someone_to_compare_with(bench):
    """Once each; every environment is one that can be made, every error has a reference."""
    for key, row in bench.ROWS.items():
        roles = [contender.role for contender in row.contenders]
        assert roles.count("ours") == 1, key
        assert "peer" in roles, key
        assert roles.count("reference") <= bool(row.error), key
        assert {c.environment for c in row.contenders} <= set(bench.ENVIRONMENTS), key
        assert all(c.environment == "own" for c in row.contenders if c.role != "peer"), key
        assert len({c.name for c in row.contenders}) == len(roles), key
        assert row.why.strip(), key


def test_the_stored_results_are_those_of_the_rows(bench, report):
    """A row that was added or renamed must be measured before the page is built."""
    results = report.read()
    assert list(results["rows"]) == list(bench.ROWS)
    import growth

    assert list(results["growth"]) == list(growth.CURVES)
    for key, found in results["rows"].items():
        names = [c.name for c in bench.ROWS[key].contenders if c.role != "reference"]
        assert sorted(found["entries"]) == sorted(names)
        for entry in found["entries"].values():
            assert "absent" in entry or len(entry["seconds"]) >= 5


def test_the_results_name_no_machine_and_no_place():
    """They are part of the repository."""
    text = (FOLDER / "results.json").read_text(encoding="utf-8")
    for word in ("/home", "/root", "/tmp", "/work", "http", "://"):
        assert word not in text


@pytest.mark.parametrize("key", ["tracy-widom", "semicircle", "alignment, exact"])
def test_the_project_gives_what_the_reference_gives(bench, key):
    """The work that is timed is the work that is asked for."""
    found = {one.role: one.prepare() for one in bench.ROWS[key].contenders if one.role != "peer"}
    found["ours"].call()
    if "reference" in found:
        one, other = (np.asarray(found[role].answer()) for role in ("ours", "reference"))
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    else:
        assert found["ours"].error() == 0


def test_the_tables_of_tracy_and_widom_are_as_good_as_the_reference(bench):
    """The reference is an independent way; this value is by mpmath with 40 digits."""
    (reference,) = (c for c in bench.ROWS["tracy-widom"].contenders if c.role == "reference")
    value = dict(zip(np.arange(-8, 6.25, 0.25), reference.prepare().answer(), strict=True))[-2.0]
    assert value == pytest.approx(0.41322414250512255, abs=5e-14)


# The run


def test_contenders_take_turns(bench):
    """Each round has a lap of each of them, and begins with another one."""
    order = []
    contenders = {name: lambda name=name: order.append(name) or 1.0 for name in "abc"}
    laps = bench._in_turn(contenders, {name: {} for name in "abc"})
    rounds = ["".join(order[at : at + 3]) for at in range(0, len(order), 3)]
    assert rounds[:4] == ["abc", "bca", "cab", "abc"]
    assert {len(one) for one in laps.values()} == {bench.ROUNDS[1]}


def test_there_are_at_least_five_laps_however_long_they_take(bench, monkeypatch):
    """The median of five; more only where they are quick."""
    monkeypatch.setattr(bench, "ENOUGH", 0.0)
    laps = bench._in_turn({"a": lambda: 1.0}, {"a": {}})
    assert len(laps["a"]) == 5


def test_who_fails_in_a_lap_is_out_and_the_others_go_on(bench):
    """The row tells why."""

    def fail():
        raise bench.Absent("failed: it has ended")

    told = {"a": {}, "b": {}}
    laps = bench._in_turn({"a": fail, "b": lambda: 1.0}, told)
    assert set(laps) == {"b"}
    assert told["a"] == {"absent": "failed: it has ended"}


def test_a_row_is_measured_without_the_peers_that_cannot_be_installed(bench, monkeypatch, tmp_path):
    """They are shown as such, and are no end of the run."""
    monkeypatch.setattr(bench, "_installed", lambda *_: "not installed: there is no such package")
    monkeypatch.setattr(bench, "ROUNDS", (5, 5))
    found = bench.measure("semicircle", tmp_path)
    absent = found["entries"]["scikit-rmt"]
    assert absent["absent"] == "not installed: there is no such package"
    for name in ("symlib", "SciPy", "closed form in NumPy"):
        entry = found["entries"][name]
        assert len(entry["seconds"]) == 5
        assert min(entry["seconds"]) > 0
        assert entry["error"] < 1e-15
    assert json.loads(json.dumps(found)) == found


def test_a_worker_that_ends_tells_its_last_line(bench, tmp_path):
    """What it said to the other stream is the reason."""
    contender = bench.ROWS["semicircle"].contenders[0]
    with pytest.raises(bench.Absent, match="failed: KeyError: 'no such row'"):
        bench.Worker("no such row", contender, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux counts the memory")
def test_memory_is_that_of_a_call_at_its_peak():
    """Two arrays of 32 MB at once, whatever was there before; nothing is nothing."""
    import worker

    kept = np.ones(4_000_000)

    def call():
        return (np.ones(4_000_000) + np.ones(4_000_000)).sum() + kept.sum()

    assert worker.peak_of(call) == pytest.approx(64e6 / 2**20, abs=4)
    assert worker.peak_of(lambda: None) < 2


def test_a_run_that_was_stopped_goes_on_where_it_was(bench, monkeypatch, tmp_path):
    """What was measured is not measured again, a torn line is, and the whole is written at last."""
    results, asked = tmp_path / "results.json", []

    def stop():
        raise KeyboardInterrupt

    def known(name, found):
        return name, lambda: asked.append(name) or found

    names = [*bench.ROWS, "versions", "imports", "growth", "sweep"]
    every = [known(name, {"of": name}) for name in names]
    monkeypatch.setattr(bench, "steps", lambda _: iter([*every[:2], (every[2][0], stop)]))
    with pytest.raises(KeyboardInterrupt):
        bench.run(tmp_path, results)
    assert not results.exists()
    with results.with_suffix(".partial.jsonl").open("a", encoding="utf-8") as log:
        log.write('["torn')
    monkeypatch.setattr(bench, "steps", lambda _: iter(every))
    bench.run(tmp_path, results)
    assert asked == names
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    written = json.loads(results.read_text(encoding="utf-8"))
    assert written["rows"] == {name: {"of": name} for name in bench.ROWS}


def test_the_builds_of_the_site_leave_the_rows_as_they_are(bench, tmp_path):
    """Parts are written one by one."""
    results = tmp_path / "results.json"
    bench.write({"rows": 1}, results)
    bench.write({"site": 2}, results)
    assert json.loads(results.read_text(encoding="utf-8")) == {"rows": 1, "site": 2}


# The verdicts


@pytest.mark.parametrize(
    ("mine", "theirs", "word"),
    [
        ([1, 1, 1, 1, 1], [2, 2, 2, 2, 2], "ahead"),
        ([2, 2, 2, 2, 2], [1, 1, 1, 1, 1], "behind"),
        ([1.00, 1.01, 1.02, 1.00, 1.01], [1.03, 1.03, 1.04, 1.03, 1.03], "level"),
        ([1, 3, 1, 3, 1], [2, 2, 2, 2, 2], "level"),  # ahead in the median, behind in some
        ([1, 1, 1, 1, 9], [2, 2, 2, 2, 2], "ahead"),  # one disturbed lap
    ],
)
def test_a_verdict_needs_the_median_and_three_quarters_of_the_rounds(report, mine, theirs, word):
    """A single lap decides nothing, and 5 % are level."""
    assert report.verdict(entries(mine, theirs)).word == word


def test_a_verdict_is_against_the_fastest_peer_and_not_by_hand(report):
    """What was written for the case alone is no peer; nor is who could not be installed."""
    others = {
        "fast": {"role": "peer", "seconds": [0.5] * 5},
        "none": {"role": "peer", "absent": "not installed: no"},
        "bare": {"role": "by hand", "seconds": [0.1] * 5},
    }
    found = report.verdict(entries([1.0] * 5, [2.0] * 5, **others))
    assert (found.word, found.peer, found.ratio) == ("behind", "fast", 2.0)


def test_a_row_without_a_peer_is_alone(report):
    """It has no ratio, and the table says so."""
    alone = entries([1.0] * 5, [])
    alone["peer"] = {"role": "peer", "absent": "not installed: no"}
    assert report.verdict(alone).word == "alone"
    assert "| alone | – | – | none |" in report.summary({"k": {"entries": alone}}, {"k": "work"})
    assert "| peer | not installed: no |" in report.details({"entries": alone})


@pytest.mark.parametrize(("law", "power"), [("n", 1), ("n log n", 1), ("n", 2), ("n", 3)])
def test_the_power_is_found_below_a_floor(report, law, power):
    """Within four standard errors, for a hundred draws of noise; and it is not that of another."""
    sizes = np.unique(np.geomspace(10, 10_000, 10).round())
    exact = 1e-4 + 1e-7 * report.law(law, sizes) ** power
    off = []
    for seed in range(100):
        noise = np.exp(0.05 * np.random.default_rng(seed).standard_normal(len(sizes)))
        curve = {"law": law, "power": power, "sizes": sizes.tolist()}
        found = report.fit({**curve, "seconds": (exact * noise).tolist()})
        off.append((found.power - power) / found.error)
        assert abs(found.power - power) < 0.3
    assert np.median(np.abs(off)) < 2
    wrong = report.fit({"law": "n", "power": 1, "sizes": sizes.tolist(), "seconds": list(sizes**2)})
    assert wrong.power == pytest.approx(2, abs=0.01)


# Words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.345, "2.35 s"), (0.1234, "123 ms"), (4.2e-5, "42.0 µs"), (12.34, "12.3 s")],
)
def test_times_have_three_digits_and_a_unit(report, seconds, text):
    """And no more than were measured."""
    assert report.duration(seconds) == text


def test_errors_are_written_as_in_prose(report):
    """A power of ten, or a short number."""
    assert report.power_of_ten(4.27e-5) == "4.3 · 10⁻⁵"
    assert report.power_of_ten(0.25) == "0.25"
    assert report.power_of_ten(0) == "0"
    assert report.power_of_ten(None) == "–"


def test_an_import_that_failed_is_told(report):
    """And the others stand over NumPy's."""
    found = {"numpy": {"seconds": [0.2] * 5}, "x": {"seconds": [0.3] * 5}, "y": {"absent": "no"}}
    text = report.imports(found)
    assert "| `x` | 300 ms | 1.50 |" in text
    assert "| `y` | no |  |" in text
