"""Scale out a sweep: the code of the how-to page, in one process, in two, and on a Dask cluster."""

import contextlib
import io
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "bench"


@pytest.fixture
def page(monkeypatch):
    """Return the code that the page executes, and that for a cluster."""
    monkeypatch.syspath_prepend(FOLDER)
    import work

    yield work.sweep_code()
    sys.modules.pop("work", None)


@pytest.fixture
def names(page):
    """Return what the page defines, up to where it measures."""
    loky = pytest.importorskip("joblib.externals.loky")
    found = {"__name__": "__main__"}  # what is defined there travels to other processes by value
    cells, mark, _ = page[0].partition("\nalone = ")
    assert mark
    exec(cells, found)
    yield found
    loky.get_reusable_executor().shutdown()  # other tests need processes with other paths


def test_two_processes_give_the_table_of_one(page, names):
    """The page says so, and this is the page's own code: its assertion holds."""
    rest = page[0][page[0].index("\nalone = ") :]
    with contextlib.redirect_stdout(io.StringIO()) as told:
        exec(rest, names)
    assert names["alone"] == names["shared"] == told.getvalue()[:-1]
    assert len(names["alone"].splitlines()) == 16


def test_a_cluster_of_two_processes_gives_the_table_of_one(page, names):
    """To the last byte, by the block of the page that its build does not execute."""
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(processes=True, host="127.0.0.1", **options) as cluster:
        names["address"] = cluster.scheduler_address
        exec(page[1], names)
        with distributed.Client(cluster) as client:
            ran = client.run(lambda: "symlib.training" in __import__("sys").modules)
    assert list(ran.values()) == [True, True]  # both did some of it, and this process none
    assert names["spread"] == names["sweep"]()


def test_a_setting_gives_the_same_row_in_any_order(names):
    """The seed comes from the setting."""
    learn = names["learn"]
    assert [learn(4, 1.0), learn(2, 0.3)] == [learn(2, 0.3), learn(4, 1.0)][::-1]
    assert learn(4, 1.0, seeds=20) != learn(4, 1.0, seeds=20, steps=1)


def test_the_sweep_has_something_to_tell(names):
    """The share of networks that learn depends on the setting."""
    shares = [float(line.split(",")[2]) for line in names["sweep"]().splitlines()]
    assert min(shares) < 0.5
    assert max(shares) > 0.9
