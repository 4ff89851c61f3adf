"""The zoo: its lists, its tables, that a changed table is found, its reasons and its faults."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.usefixtures("zoo_modules")
FOLDER = Path(__file__).parents[1] / "docs" / "zoo"


@pytest.fixture
def networks():
    """Return the module with the lists of architectures."""
    import networks

    return networks


@pytest.fixture
def tables():
    """Return the module that reads the tables."""
    import tables

    return tables


@pytest.fixture
def planted():
    """Return the module that plants faults."""
    import planted

    return planted


@pytest.fixture
def copied(tables, tmp_path):
    """Return a folder with a copy of the stored tables."""
    for path in (*FOLDER.glob("*.csv"), *FOLDER.glob("*.json")):
        shutil.copy(path, tmp_path)
    return tmp_path


def names_of(architectures):
    """Return the names of some architectures."""
    return [one.name for one in architectures]


def faults_in(folder, networks, tables):
    """Return what is wrong with the tables in a folder."""
    lists = (names_of(networks.HUNDRED), names_of(networks.HELD_OUT))
    return tables.faults_of_tables(*lists, folder=folder)


# The lists


def test_a_hundred_are_listed_and_others_held_out(networks):
    """Each once, in one list, of five libraries in both."""
    hundred, held_out = names_of(networks.HUNDRED), names_of(networks.HELD_OUT)
    assert len(hundred) >= 100
    assert len(held_out) == 25
    assert len({*hundred, *held_out}) == len(hundred) + len(held_out)
    families = {"torch.nn", "timm", "transformers", "Keras", "Flax"}
    for listed in (networks.HUNDRED, networks.HELD_OUT):
        assert {one.family for one in listed} == families


# The tables


def test_the_stored_tables_are_those_of_the_lists(networks, tables):
    """Their hashes, their architectures, and a run for each."""
    assert faults_in(FOLDER, networks, tables) == []
    stored = tables.machine()
    names = {path.name for path in FOLDER.glob("*.csv")} | {"consequences.json"}
    assert set(stored["tables"]) == set(stored["runs"]) == names
    versions = [run["versions"] for run in stored["runs"].values()]
    assert all(one == versions[0] for one in versions)
    pinned = (FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("timm", "transformers", "keras", "flax", "jax"):
        assert f'"{name}=={versions[0][name]}"' in pinned


def test_rows_are_whole(tables):
    """A row without a kind says that there is nothing, and stands alone."""
    for path in (tables.FINDINGS, tables.HELD_OUT):
        rows = tables.read(path, tables.Finding)
        for row in rows:
            mine = [other for other in rows if other.architecture == row.architecture]
            assert 0 < row.parameters <= 200e6
            assert row.arrays > 0
            if not row.kind:
                assert mine == [row]
                assert (row.verdict, row.count, row.names) == ("", 0, "")
            else:
                assert row.verdict in tables.VERDICTS
                assert row.names
                assert row.why
                assert row.chance <= 1e-3
                assert (row.verdict != "fault") or row.chance < 1e-12
        keys = [(row.architecture, row.verdict, row.kind) for row in rows]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["findings.csv", "held_out.csv", "planted.csv"])
def test_a_changed_table_is_found(copied, networks, tables, name):
    """One digit is enough; line ends of another system are no change."""
    path = copied / name
    text = path.read_bytes()
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    assert faults_in(copied, networks, tables) == []
    at = next(place for place in range(len(text) - 1, 0, -1) if text[place : place + 1].isdigit())
    path.write_bytes(text[:at] + (b"7" if text[at : at + 1] != b"7" else b"8") + text[at + 1 :])
    (fault,) = faults_in(copied, networks, tables)
    assert fault == f"{name} is not the table that was stored: its hash is another one"


def test_a_table_of_other_architectures_is_found(copied, networks, tables):
    """One that is left out, even where the hash was renewed."""
    path = copied / "findings.csv"
    rows = tables.read(path, tables.Finding)
    tables.write([row for row in rows if row.architecture != "resnet18"], path, tables.Finding)
    stored = json.loads((copied / "machine.json").read_text(encoding="utf-8"))
    stored["tables"]["findings.csv"] = tables.digest([path])
    (copied / "machine.json").write_text(json.dumps(stored), encoding="utf-8")
    (fault,) = faults_in(copied, networks, tables)
    assert fault.endswith("got ['resnet18']")


def test_what_is_written_is_read(tables, tmp_path):
    """To six digits; other columns are refused."""
    row = tables.Finding("a", "b, c", 1, 2, "look", "zero", 3, "x.#", 0.1234567, 0.0, 1e-300, "it")
    tables.write([row], tmp_path / "t.csv", tables.Finding)
    assert tables.read(tmp_path / "t.csv", tables.Finding) == [row._replace(measured=0.123457)]
    with pytest.raises(ValueError, match=r"t\.csv must have the columns fault, architecture"):
        tables.read(tmp_path / "t.csv", tables.Planted)


@pytest.mark.parametrize(("found", "of"), [(0, 12), (5, 12), (12, 12), (250, 300)])
def test_the_interval_is_wilsons(tables, found, of):
    """As SciPy has it; of nothing, nothing is known."""
    wanted = stats.binomtest(found, of).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(tables.wilson(found, of), wanted, atol=1e-6)
    assert tables.wilson(0, 0) == (0.0, 1.0)


# The reasons


def test_each_fault_and_look_of_the_hundred_has_a_reason(tables):
    """And each reason explains something, so that none is left from an earlier run."""
    import reasons

    rows = tables.read(tables.FINDINGS, tables.Finding)
    assert reasons.unexplained(rows) == []
    used = {reasons.reason_of(row) for row in rows if row.verdict in ("fault", "look")}
    assert used == set(reasons.REASONS)
    strange = tables.Finding("x", "y", 1, 1, "fault", "equal rows", 1, "a", 1.0, 2.0, 0.0, "w")
    assert reasons.unexplained([strange]) == [strange]
    (at_the_cut, *_) = [row for row in rows if row.kind == "single entries"]
    elsewhere = at_the_cut._replace(family="torch.nn", architecture="nn.LSTM")
    by_another = at_the_cut._replace(why="the entry 37 is 60 standard deviations away")
    assert reasons.unexplained([at_the_cut, elsewhere, by_another]) == [elsewhere, by_another]


# The faults that are planted


def test_the_list_of_faults_is_whole(tables, planted):
    """All 27 are in the table, twelve networks, and clean starts of each."""
    rows = tables.read(tables.PLANTED, tables.Planted)
    assert len(planted.FAULTS) == len(set(planted.FAULTS)) == 27
    assert {row.fault for row in rows} == {*planted.FAULTS, "none"}
    assert names_of(planted.TWELVE) == list(dict.fromkeys(row.architecture for row in rows))
    assert len(planted.TWELVE) == 12
    for name in names_of(planted.TWELVE):
        mine = [row.fault for row in rows if row.architecture == name]
        assert mine.count("none") == planted.CLEAN
        assert all(mine.count(fault) <= planted.PLACES for fault in planted.FAULTS)
    assert all((row.verdict == "") == (row.kinds == "") for row in rows if row.fault != "none")


@pytest.mark.parametrize("units_last", [False, True])
def test_a_matrix_of_units_goes_back_into_its_array(planted, units_last):
    """For kernels of two, three and four axes."""
    rng = np.random.default_rng(0)
    for shape in ((8, 9), (8, 3, 9), (3, 3, 8, 9)):
        array = rng.standard_normal(shape)
        place = planted.Place(array, units_last, lambda _: None)
        matrix = planted.matrix_of(place)
        assert len(matrix) == shape[-1 if units_last else 0]
        np.testing.assert_array_equal(planted.array_of(matrix, place), array)


def test_each_fault_changes_what_it_names(planted):
    """In a mapping as Flax has it; the fault is written, and nothing but its array."""
    rng = np.random.default_rng(0)
    tree = {
        "experts": {"kernel": rng.standard_normal((4, 64, 48)).astype(np.float32)},
        "a": {"kernel": rng.standard_normal((64, 32)), "bias": np.zeros(32)},
        "b": {"kernel": rng.standard_normal((64, 32)), "bias": np.zeros(32)},
        "c": {"kernel": rng.standard_normal((80, 32)), "bias": np.zeros(32)},
    }
    all_places = planted.places(tree)
    before = {name: place.array.copy() for name, place in all_places.items()}
    for fault in planted.FAULTS:
        name = "experts/kernel" if fault == "equal experts" else "a/kernel"
        changed = planted.changes(fault, name, all_places, np.random.default_rng(1))
        assert changed, fault
        assert name in changed or fault == "dead bias"
        for key, array in changed.items():
            assert array.shape == before[key].shape
            assert not np.array_equal(array, before[key]), fault
        for key, place in all_places.items():
            np.testing.assert_array_equal(place.array, before[key])
    assert (
        planted.changes(
            "fans swapped",
            "experts/kernel",
            {"experts/kernel": planted.Place(np.ones((8, 8)), True, lambda _: None)},
            rng,
        )
        == {}
    )


# What a build draws again


def test_five_starts_are_drawn_by_the_rules_of_others():
    """Four with what the zoo found, one clean; a law without the end of its interval is clean."""
    import redrawn

    five = redrawn.five()
    assert len(five) == 5
    for one in five:
        assert redrawn.found(one) == one.finds
    uniform = np.random.default_rng(0).random((192, 768), dtype=np.float32)
    drawn = redrawn.truncated_normal(uniform, 0.02)
    assert abs(drawn).max() < 6 * 0.02
    assert drawn.std() == pytest.approx(0.02, rel=0.01)
    near = redrawn.truncated_normal(uniform, 2.0)
    assert abs(near).max() <= 2
    wanted = stats.truncnorm(-1, 1, scale=2.0)
    assert stats.kstest(near.ravel()[:2000], wanted.cdf).pvalue > 1e-3
