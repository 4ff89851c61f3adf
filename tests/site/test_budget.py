"""Budgets: a page that takes long is named, and the build goes on."""

import json

import pytest
import symlib_budget

JUNIT = """<?xml version="1.0" encoding="utf-8"?><testsuite tests="2" time="17.5">
<testcase classname="plot_quick" file="../gallery/symmetry/plot_quick.py" line="1" time="1.5"/>
<testcase classname="plot_slow" file="../gallery/designs/plot_slow.py" line="1" time="15.25"/>
</testsuite>"""


def test_times_of_scripts_are_those_of_sphinx_gallery(tmp_path):
    """They are read from its report; without one there are none."""
    assert symlib_budget.of_scripts(tmp_path / "none.xml") == {}
    (tmp_path / "junit.xml").write_text(JUNIT, encoding="utf-8")
    assert symlib_budget.of_scripts(tmp_path / "junit.xml") == {
        "gallery/symmetry/plot_quick": 1.5,
        "gallery/designs/plot_slow": 15.25,
    }


@pytest.mark.parametrize(("taken", "over"), [(14.9, False), (15.0, False), (15.1, True)])
def test_a_page_is_over_its_budget_when_it_took_longer(taken, over):
    """The sentence names the page, its time and its budget."""
    named = symlib_budget.over_budget({"gallery/a/plot_b": taken}, symlib_budget.BUDGET)
    told = "the page gallery/a/plot_b took 15.1 s to execute; its budget is 15 s"
    assert named == ([told] if over else [])


def test_a_page_over_its_budget_is_named_and_fails_nothing(small, build):
    """Scripts and notebooks alike; the report lies beside the site, as bytes must not differ."""
    slow = build(small, "-D", "symlib_budget=0")
    assert slow.code == 0, slow.output
    for page in ("gallery/symmetry/plot_tied_units", "explanation/probe"):
        assert f"the page {page} took " in slow.output
    told = json.loads((small / "out" / "seconds.json").read_text(encoding="utf-8"))
    assert told["budget"] == 0
    assert set(told["seconds"]) == {"gallery/symmetry/plot_tied_units", "explanation/probe"}
    assert all(taken > 0 for taken in told["seconds"].values())
    assert not list(slow.html.rglob("seconds*"))
