"""Run the tests of what the working tree changed, for as long as a budget of processor time lasts.

``python tests/quick.py`` asks git which files differ from the branch ``main``, chooses the tests
that look at them, the nearest first, and starts no further test once the budget is spent. Tests
that are marked slow are left out, and so are those of the whole site, which is not built. The last
line says what was run and what was not. Arguments go to pytest.
"""

import ast
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUDGET = 40.0  # seconds; checks of style and types take the rest of a minute
BRANCH = "main"
WHOLE_SITE = "whole_site"  # a fixture that builds all pages: what asks for it is left out

# Which tests look at a file that is no module of the library, no page and no test. The first
# pattern that fits counts.
LOOKED_AT_BY = [
    ("symlib/claims.toml", ["tests/test_claims.py"]),
    ("docs/_extensions/*", ["tests/site/test_*.py"]),
    ("docs/_static/figures/*", ["tests/site/test_interactive*.py"]),
    ("docs/_static/*search*", ["tests/site/test_search.py"]),
    ("tests/site/questions/*", ["tests/site/test_search.py"]),
    ("docs/simulations/*", ["tests/site/test_interactive*.py"]),
    ("docs/bench/*", ["tests/site/test_bench.py"]),
    ("docs/study/*", ["tests/test_second.py", "tests/test_study.py"]),
    ("docs/zoo/*", ["tests/test_zoo.py"]),
    ("tests/quick.py", ["tests/test_quick.py"]),
    ("docs/seeds.py", ["tests/test_seeds.py"]),
    ("docs/versions.py", ["tests/site/test_versions.py"]),
    ("docs/topics.toml", ["tests/test_gallery.py", "tests/site/test_entries.py"]),
    ("docs/*.py", ["tests/site/test_*.py"]),
    ("docs/how_to/check_*.md", ["tests/test_check_your_model.py", "tests/test_repository.py"]),
    ("docs/how_to/questions_*.md", ["tests/test_questions.py", "tests/test_repository.py"]),
    ("docs/*.md", ["tests/test_repository.py"]),
    ("gallery/*", []),
    ("tests/*", []),  # what tests share is in all of them
    ("*", ["tests/test_repository.py"]),
]


def changed_files(root, branch=BRANCH):
    """Return the files that differ from where the branch was left, and those git does not know."""
    base = _git(root, "merge-base", "HEAD", branch) or ["HEAD"]
    differ = _git(root, "diff", "--name-only", "--diff-filter=d", base[0])
    unknown = _git(root, "ls-files", "--others", "--exclude-standard")
    return sorted({*differ, *unknown})


def _git(root, *words):
    """Return the lines that git prints, none where it fails."""
    command = ["git", "-c", f"safe.directory={root}", "-c", "core.quotePath=false", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def tests_of(paths, root):
    """Return the tests of changed files, as pairs of a file and a word in the name of the test.

    The nearest come first: tests that were changed themselves, those of a changed module and the
    examples in its docstrings, those of a page, of the site, and of the modules that import a
    changed one.
    """
    tests, modules, pages, others, above = [], [], [], [], []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if fnmatch(path, "tests/*test_*.py"):
            tests.append((path, ""))
        elif folder == "symlib" and name.endswith(".py"):
            modules += _of_module(path, root)
            for module in _importers(Path(name).stem, root):
                above += _of_module(module, root)
        elif fnmatch(path, "gallery/*/plot_*.py"):
            page = path.removeprefix("gallery/").removesuffix(".py")
            pages.append(("tests/test_gallery.py", page))
        else:
            others += _of_other(path, root)
    return list(dict.fromkeys([*tests, *modules, *pages, *others, *above]))


def _of_module(path, root):
    """Return the tests of a module of the library, and the module, which holds examples."""
    name = Path(path).stem.strip("_")
    files = [root / "tests" / f"test_{name}.py", *sorted(root.glob(f"tests/test_{name}_*.py"))]
    tests = [(file.relative_to(root).as_posix(), "") for file in files if file.exists()]
    return [*tests, (path, "")]


def _importers(name, root):
    """Return the modules of the library that import another one."""
    found = []
    for path in sorted((root / "symlib").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        statements = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imports = {node.module for node in statements}
        for node in statements:
            imports |= {f"{node.module}.{alias.name}" for alias in node.names}
        if f"symlib.{name}" in imports:
            found.append(path.relative_to(root).as_posix())
    return found


def _of_other(path, root):
    """Return the tests that look at a file of another kind."""
    patterns = next(tests for pattern, tests in LOOKED_AT_BY if fnmatch(path, pattern))
    files = [file for pattern in patterns for file in sorted(root.glob(pattern))]
    # of the tests of the site that of the same name comes first
    files.sort(key=lambda file: file.stem != f"test_{Path(path).stem}")
    return [(file.relative_to(root).as_posix(), "") for file in files]


class Budget:
    """A plugin of pytest: the chosen tests in their order, until the processor time is spent."""

    def __init__(self, chosen, seconds=BUDGET):
        self.chosen = chosen
        self.seconds = seconds
        self.ran = 0
        self.left = 0

    def pytest_collection_modifyitems(self, config, items):
        """Keep the tests that were chosen, the nearest first."""
        places = {id(item): self._place(item) for item in items}
        kept = [item for item in items if places[id(item)] is not None]
        others = [item for item in items if places[id(item)] is None]
        config.hook.pytest_deselected(items=others)
        items[:] = sorted(kept, key=lambda item: places[id(item)])

    def _place(self, item):
        """Return the place of a test in the order, None if it was not chosen."""
        path = item.path.relative_to(ROOT).as_posix()
        if WHOLE_SITE in getattr(item, "fixturenames", ()):
            return None
        for place, (file, word) in enumerate(self.chosen):
            if path == file and word in item.name:
                return place
        return None

    def pytest_runtest_protocol(self, item, nextitem):
        """Leave out a test for which no time is left."""
        if processor_time() > self.seconds:
            self.left += 1
            return True
        self.ran += 1
        return None


def processor_time():
    """Return the processor time of this process and of those it started, in seconds."""
    return sum(os.times()[:4])


def report(paths, budget):
    """Return the sentence that says what was run and what was not."""
    named = ", ".join(paths[:4])
    if len(paths) > 4:
        named += f" and {len(paths) - 4} more"
    left = f"{budget.left} for which no time was left, " if budget.left else ""
    return (
        f"Ran {budget.ran} tests for {len(paths)} changed files ({named}) in "
        f"{processor_time():.0f} s of processor time. Not run: {left}those marked slow, those of "
        "other files, and the whole site was not built: `nox -s tests` and `nox -s docs` do that."
    )


def main(options):
    """Run the tests of what changed, and return what the process is to end with."""
    paths = changed_files(ROOT)
    chosen = tests_of(paths, ROOT)
    if not chosen:
        print(f"No test looks at what differs from {BRANCH}: {', '.join(paths) or 'nothing does'}.")
        return 0
    budget = Budget(chosen)
    files = dict.fromkeys(file for file, _ in chosen)
    code = pytest.main([*files, "-q", "-m", "not slow", *options], plugins=[budget])
    print(f"\n{report(paths, budget)}")
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
