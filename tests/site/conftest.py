"""What the tests of the site share: copies of the project, small sites, and how to build them."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "docs" / folder) for folder in ("_extensions", "simulations")]

import symlib_site.entries  # noqa: E402 - from the folder of the line above

PARTS = ("symlib", "gallery", "docs", "pyproject.toml", "README.md", "LICENSE")
PARTS += ("CHANGELOG.md", "CITATION.cff")
LEFT_OUT = {
    *("SYMLIB_BASEURL", "SYMLIB_CARDS", "SYMLIB_PAGE", "SYMLIB_RECORD", "SYMLIB_RECORDS"),
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
            output, _ = process.communicate(timeout=3600)
        return Built(folder, process.returncode, output)

    return run


@pytest.fixture
def small(tmp_path, small_site):
    """Return the folder of a small site, which builds in seconds."""
    return small_site(tmp_path / "small")


@pytest.fixture(scope="session")
def small_site(copied):
    """Return a function that makes a small site in a folder: one page, one notebook."""

    def make(folder):
        return _shrunk(copied(folder))

    return make


def _shrunk(folder):
    for page in (folder / "gallery").glob("*/plot_*.py"):
        page.unlink()
    for part in ("bench", "explanation", "how_to", "reference", "study", "zoo"):
        shutil.rmtree(folder / "docs" / part)
    for name, text in {
        "gallery/symmetry/plot_tied_units.py": PAGE,
        "docs/index.md": INDEX,
        "docs/explanation/probe.md": PROBE,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    # the rules are those of the whole gallery, which this is not
    rules = folder / "docs" / "_extensions" / "symlib_site" / "pages.py"
    asked = "if faults := find_faults(draft):"
    text = rules.read_text(encoding="utf-8")
    assert asked in text
    rules.write_text(text.replace(asked, "if faults := []:"), encoding="utf-8")
    ledger = folder / "symlib" / "claims.toml"
    verdicts = {"S01": "holds within limits", "S03": "holds"}  # as the small page has them
    entries = ledger.read_text(encoding="utf-8").split("\n[[claim]]\n")
    for place, entry in enumerate(entries):
        claim = re.search(r'id = "(\w+)"', entry)
        verdict = verdicts.get(claim[1], "open") if claim else "open"
        entries[place] = re.sub(r'\nverdict = ".*"', f'\nverdict = "{verdict}"', entry)
    ledger.write_text("\n[[claim]]\n".join(entries), encoding="utf-8")
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


LOADED = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch"}


class Page(HTMLParser):
    """What a page shows, loads and links to."""

    def __init__(self, text):
        super().__init__()
        self.images, self.links, self.loads, self.ids, self.words = [], [], [], [], []
        self.classes = Counter()
        self._silent = self._math = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Take down a tag."""
        has = {name: value or "" for name, value in attrs}
        self.ids += [has[name] for name in ("id",) if name in has]
        self.classes.update(has.get("class", "").split())
        self._silent += tag in ("script", "style")
        self._math += tag == "math"
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        if tag == "img":
            self.images.append(has)
        if tag == "link" and (set(has.get("rel", "").split()) & (LOADED | {"icon"})):
            self.loads.append(has["href"])
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "input"):
            self.loads += [has[name] for name in ("src", "poster") if name in has]
            self.loads += [part.split()[0] for part in has.get("srcset", "").split(",") if part]
        if tag == "object":
            self.loads.append(has.get("data", ""))
        self.loads += re.findall(r"url\(['\"]?([^'\")]+)", has.get("style", ""))

    def handle_endtag(self, tag):
        """Leave a tag."""
        self._silent -= tag in ("script", "style")
        self._math -= tag == "math"

    def handle_data(self, data):
        """Take down text; within a style, what it loads."""
        if self._silent:
            self.loads += re.findall(r"url\(['\"]?([^'\")]+)|@import ['\"]([^'\"]+)", data)
            self.loads = ["".join(one) for one in self.loads]
        else:
            self.words.append(data.replace("…", "...") if self._math else data)

    @property
    def text(self):
        """The words of the page, with single spaces."""
        return " ".join("".join(self.words).split())


class Site:
    """A built site."""

    def __init__(self, folder, code, output):
        self.folder, self.code, self.output = Path(folder), code, output
        self.html = self.folder / "out" / "html"

    def files(self, pattern="*"):
        """Return the files of the site by their addresses."""
        found = (path for path in sorted(self.html.rglob(pattern)) if path.is_file())
        return {path.relative_to(self.html).as_posix(): path for path in found}

    def pages(self):
        """Return the pages of the site by their addresses."""
        return {
            name: Page(path.read_text(encoding="utf-8"))
            for name, path in self.files("*.html").items()
        }

    def records(self):
        """Return the records that the build kept, by the names of their pages."""
        folder = self.folder / "out" / "records"
        found = sorted(folder.rglob("*.jsonl"))
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}

    def checks(self):
        """Return the checks that the build recorded."""
        records = self.records().values()
        return [check for record in records for check in symlib_site.entries.read_record(record)]


@pytest.fixture(scope="session")
def sites(once, copied, start_build):
    """Return two builds of the same project, made at once under different circumstances."""

    def work(folder):
        circumstances = {
            "one": {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LANG": "C.UTF-8"},
            "a longer name/of another folder": {"PYTHONHASHSEED": "2", "TZ": "America/Lima"},
        }
        builds = {
            home: start_build(copied(home), SYMLIB_CARDS="yes", **environment)
            for name, environment in circumstances.items()
            if not (home := folder / name).mkdir(parents=True)
        }
        answer = []
        for home, process in builds.items():
            output, _ = process.communicate(timeout=3600)
            answer.append([str(home), process.returncode, output])
        return answer

    built = [Site(*one) for one in once("site", work)]
    for one in built:
        assert (one.html / "wheels").is_dir(), one.output  # else there is nothing to read
    return built


@pytest.fixture(scope="session")
def site(sites):
    """Return the first of the two."""
    return sites[0]


@pytest.fixture(scope="session")
def pages(site):
    """Return the pages of the site."""
    return site.pages()
