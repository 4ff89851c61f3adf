"""What the tests of the site share: copies of the project, small sites, and how to build them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_extensions"))

PARTS = ("symlib", "gallery", "docs", "pyproject.toml", "README.md", "LICENSE")
LEFT_OUT = {
    *("SYMLIB_BASEURL", "SYMLIB_PAGE", "SYMLIB_RECORD", "SYMLIB_RECORDS"),
    *("READTHEDOCS_CANONICAL_URL", "SOURCE_DATE_EPOCH"),
}

PAGE = '''\
# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Is a small page enough?
=======================

It is enough for a test. It draws one line.
"""

# %%
# The figure
# ----------
import matplotlib.pyplot as plt

import symlib
from symlib.claims import check, summary

fig, ax = plt.subplots()
ax.plot([0, 1], [0, 1])
fig.alt_text = "One straight line that rises from the left to the right, and nothing else."

# %%
# What this page promises
# -----------------------
print("the library of", symlib.__file__)
check("S01", "one", 1, 1)
check("S01", "two", 2, 1, relation=">", shows="limit")
check("S03", "three", 3, 3)
summary()

plt.show()
'''

INDEX = """\
# A small site

All three were {measured}`S03; three; .2f`.

```{gallery-figure} symmetry/plot_tied_units
One line.
```

```{toctree}
gallery/index
explanation/probe
```
"""

PROBE = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A notebook

```{code-cell} python
import symlib
from symlib.claims import check, summary

print("the library of", symlib.__file__)
check("S01", "in a notebook", 1, 1)
summary()
```
"""


class Built(NamedTuple):
    """What a build left and said."""

    folder: Path
    code: int
    output: str

    @property
    def html(self):
        """The folder of the pages."""
        return self.folder / "out" / "html"

    def page(self, name):
        """Return the text of a page."""
        return (self.html / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def copied():
    """Return a function that copies what a build needs into a folder."""
    built = {str(ROOT / "docs"): {"_build", "gallery", "sg_execution_times.rst"}}

    def ignore(at, names):
        return built.get(at, set()) | {"__pycache__"}

    def copy(folder):
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=ignore)
            else:
                shutil.copyfile(ROOT / part, folder / part)
        return folder

    return copy


@pytest.fixture(scope="session")
def start_build():
    """Return a function that starts a build of the site in a folder, with the library there."""

    def start(folder, *options, **environment):
        kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "--no-color"]
        command += [*options, "-d", "out/doctrees", "docs", "out/html"]
        return subprocess.Popen(
            command,
            cwd=folder,
            env=kept | {"PYTHONPATH": str(folder)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    return start


@pytest.fixture(scope="session")
def build(start_build):
    """Return a function that builds the site in a folder, and says how that went."""

    def run(folder, *options, **environment):
        with start_build(folder, *options, **environment) as process:
            output, _ = process.communicate(timeout=300)
        return Built(folder, process.returncode, output)

    return run


@pytest.fixture
def small(tmp_path, copied):
    """Return the folder of a small site, which builds in seconds: one page, one notebook."""
    folder = copied(tmp_path / "small")
    for page in (folder / "gallery").glob("*/plot_*.py"):
        page.unlink()
    for part in ("explanation", "how_to", "reference", "study"):
        shutil.rmtree(folder / "docs" / part)
    for name, text in {
        "gallery/symmetry/plot_tied_units.py": PAGE,
        "docs/index.md": INDEX,
        "docs/explanation/probe.md": PROBE,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    ledger = folder / "symlib" / "claims.toml"
    entries = ledger.read_text(encoding="utf-8").split("\n[[claim]]\n")
    ledger.write_text(
        "\n[[claim]]\n".join(
            entry
            if 'pages = ["symmetry/plot_tied_units"]' in entry
            else entry.replace("\nchecked = true", "\nchecked = false")
            for entry in entries
        ),
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="session")
def change():
    """Return a function that replaces a text in a file, which must be there."""

    def replace(path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{path.name} does not say {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1  # the line

    return replace
