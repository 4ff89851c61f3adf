"""A page with other seeds: what is changed, what is reported."""

from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]

PAGE = """\
import numpy as np
from symlib import weights
from symlib.claims import check, summary

rng = np.random.default_rng(3)
draw = rng.random()
through_the_library = weights.gaussian((1, 1), rng=3).item()
check("S01", "two streams of one seed", draw, draw)
check("S02", "a coin", round(draw * 1e6) % 2, 0)
summary()
"""


@pytest.fixture(scope="module")
def seeds(program):
    """Return the module, which lies among the documents."""
    return program(ROOT / "docs" / "seeds.py")


@pytest.fixture
def page(tmp_path):
    """Return a page whose second check is a coin that is tossed."""
    path = tmp_path / "plot_coin.py"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_a_seed_of_the_page_becomes_a_pair(seeds, monkeypatch):
    """Seed 3 in run 7 is the seed (3, 7); generators pass as they are."""
    monkeypatch.setenv("SYMLIB_SEED", "7")
    monkeypatch.setattr(seeds, "PLACES", (__name__,))
    stand_in = seeds.other_streams(np.random.default_rng)
    assert stand_in(3).random() == np.random.default_rng([3, 7]).random()
    generator = np.random.default_rng(3)
    assert stand_in(generator) is generator
    monkeypatch.delenv("SYMLIB_SEED")
    assert stand_in(3).random() == np.random.default_rng(3).random()


def test_streams_that_the_library_fixes_for_itself_stay(seeds, monkeypatch):
    """Only a seed that the page wrote is another one."""
    monkeypatch.setenv("SYMLIB_SEED", "7")
    stand_in = seeds.other_streams(np.random.default_rng)
    assert stand_in(3).random() == np.random.default_rng(3).random()


def test_each_run_has_other_numbers_and_the_same_again(seeds, page, monkeypatch):
    """A coin falls on either side, and in one run always on the same."""
    monkeypatch.setenv("SYMLIB_SEED", "")
    untouched = np.random.default_rng
    faults = [seeds.fault_of(page, run) for run in range(1, 9)]
    assert faults == [seeds.fault_of(page, run) for run in range(1, 9)]
    assert "" in faults
    wrong = {fault for fault in faults if fault}
    assert wrong == {
        "claim S02 failed: a coin: measured 1, expected == 0, tolerance 0, margin -1",
    }
    assert np.random.default_rng is untouched


def test_the_report_counts_the_checks_that_failed(seeds, page):
    """By claim and name, the most frequent first."""
    wrong = "claim S02 failed: a coin: measured 1, expected == 0, tolerance 0, margin -1"
    faults = {2: "ValueError: too long", 5: wrong, 6: wrong}
    assert seeds.report(page, range(1, 11), faults).splitlines() == [
        "plot_coin: 7 of 10 seeds passed",
        "  2 times claim S02 failed: a coin",
        "  1 times ValueError: too long",
    ]
    assert seeds.report(page, range(1, 11), {}) == "plot_coin: 10 of 10 seeds passed"


@pytest.mark.parametrize("words", [[], ["plot_nothing"], ["plot_hard_edge", "none"]])
def test_what_cannot_be_run_is_refused_in_a_sentence(seeds, words):
    """A page that is not there, a number of seeds that is none."""
    with pytest.raises(SystemExit, match=r"there is no page|must be 1 or more, got 'none'"):
        seeds.main(words)
