"""The quick session: which tests look at a change, and when it stops."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TESTS = """\
def test_one(): pass
def test_two(): pass
"""


@pytest.fixture(scope="module")
def quick(program):
    """Return the module, which is no test."""
    return program(ROOT / "tests" / "quick.py")


def names(quick, *paths):
    """Return the files with tests of what changed."""
    return [file for file, _ in quick.tests_of(paths, ROOT)]


def test_a_module_is_looked_at_by_its_tests_its_examples_and_then_by_what_imports_it(quick):
    """The nearest come first."""
    assert names(quick, "symlib/training.py") == ["tests/test_training.py", "symlib/training.py"]
    found = names(quick, "symlib/_backprop.py")
    assert found[0] == "symlib/_backprop.py"
    assert {"tests/test_network.py", "tests/test_training.py", "symlib/tangent.py"} <= set(found)
    assert "tests/test_weights.py" not in found
    assert "tests/test_propagation.py" in names(quick, "symlib/_expectations.py")
    assert "tests/test_spectrum_samplers.py" in names(quick, "symlib/spectrum.py")


def test_a_page_is_looked_at_by_the_tests_of_that_page_alone(quick):
    """They are asked for by its name."""
    found = quick.tests_of(["gallery/symmetry/plot_tied_units.py"], ROOT)
    assert found == [("tests/test_gallery.py", "symmetry/plot_tied_units")]


def test_a_changed_test_comes_before_all_others(quick):
    """It is run itself, and only once."""
    found = names(quick, "symlib/gram.py", "tests/test_gram.py", "tests/site/test_links.py")
    assert found[:2] == ["tests/test_gram.py", "tests/site/test_links.py"]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("docs/versions.py", "tests/site/test_versions.py"),
        ("docs/_extensions/symlib_site/entries.py", "tests/site/test_entries.py"),
        ("docs/how_to/cite.md", "tests/test_repository.py"),
        ("noxfile.py", "tests/test_repository.py"),
        (".github/workflows/tests.yml", "tests/test_repository.py"),
        ("tests/quick.py", "tests/test_quick.py"),
    ],
)
def test_other_files_are_looked_at_by_tests_that_are_there(quick, path, first):
    """One of the same name comes first."""
    found = names(quick, path)
    assert found[0] == first
    assert all((ROOT / file).exists() for file in found)


def test_what_all_tests_share_chooses_none(quick):
    """A change there is one for the whole run."""
    assert names(quick, "tests/conftest.py", "gallery/symmetry/GALLERY_HEADER.rst") == []


def test_changes_are_those_since_the_branch_was_left_and_files_that_git_does_not_know(
    quick, tmp_path
):
    """Committed on another branch, not committed, and new; a file that is gone is none of them."""

    def git(*words):
        name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *name, *words], cwd=tmp_path, check=True, capture_output=True)

    for name in ("kept", "gone", "committed", "edited"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    git("init", "--initial-branch", "main")
    git("add", ".")
    git("commit", "-m", "first")
    assert quick.changed_files(tmp_path) == []
    git("checkout", "-b", "other")
    (tmp_path / "committed").write_text("2", encoding="utf-8")
    git("commit", "-a", "-m", "second")
    (tmp_path / "edited").write_text("2", encoding="utf-8")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("1", encoding="utf-8")
    assert quick.changed_files(tmp_path) == ["committed", "edited", "new"]


@pytest.mark.parametrize(("seconds", "ran"), [(1e9, 2), (0.0, 0)])
def test_no_test_starts_when_the_processor_time_is_spent(quick, tmp_path, seconds, ran):
    """What is left is counted."""
    path = tmp_path / "test_some.py"
    path.write_text(TESTS, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; import pytest; "
        f"sys.path.insert(0, {str(ROOT / 'tests')!r}); import quick; "
        f"quick.ROOT = Path({str(tmp_path)!r}); "
        f"budget = quick.Budget([('test_some.py', '')], {seconds}); "
        f"pytest.main(['-q', '-p', 'no:cacheprovider', {str(path)!r}], plugins=[budget]); "
        "print('counted', budget.ran, budget.left)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == f"counted {ran} {2 - ran}", done.stderr


def test_the_report_says_what_was_not_run(quick):
    """In one sentence for what was, and one for what was not."""
    budget = quick.Budget([])
    budget.ran = 5
    assert ": those marked slow" in quick.report(["README.md"], budget)
    budget.left = 3
    text = quick.report(list("abcdef"), budget)
    assert text.startswith("Ran 5 tests for 6 changed files (a, b, c, d and 2 more) in ")
    assert "Not run: 3 for which no time was left, those marked slow" in text
