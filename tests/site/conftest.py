"""What the tests of the site share: copies of the project, small sites, and how to build them."""

import json
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
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "docs" / folder) for folder in ("_extensions", "simulations")]

import symlib_site.entries  # noqa: E402 - from the folder of the line above

FIGURES = ROOT / "docs" / "_static" / "figures"
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
import os

import matplotlib.pyplot as plt

import symlib
from symlib.claims import Check, ClaimFailed, check, summary

fig, ax = plt.subplots()
ax.plot([0, 1], [0, 1])
fig.alt_text = "One straight line that rises from the left to the right, and nothing else."

# %%
# What this page promises
# -----------------------
copy = os.environ["PYTHONPATH"]
print("the library of", "this copy" if symlib.__file__.startswith(copy) else symlib.__file__)
print("a check is a", Check.__name__, "or a", ClaimFailed.__name__)  # so that both are listed
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
import os

import symlib
from symlib.claims import check, summary

copy = os.environ["PYTHONPATH"]
print("the library of", "this copy" if symlib.__file__.startswith(copy) else symlib.__file__)
check("S01", "in a notebook", 1, 1)
summary()
```
"""

# A page with an interactive figure, and what it shows
MOVES = """\
# A figure that moves

See {sets}`all 0.5 <symmetry: start=half&step=7>`.

```{interactive} symmetry
:figure: symmetry/plot_tied_units
:state: start=noise&eps=1e-9
:data: probe_data.write

One line, S01.
```
"""
DATA = '''\
"""Data for a figure."""


def write():
    return '{"text": "</script>", "numbers": [0.1250, 2]}'
'''

# What other pages have: tags and the pages under them, works, functions and the pages that use them
TAGS = """\
# Tags, works and functions

```{tag-list}
```

## Works

```{bibliography}
:all:
```

## Functions

```{eval-rst}
.. automodule:: symlib.claims
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
    _change(rules, "if faults := find_faults(draft):", "if faults := []:")
    # one page needs no processes beside that of the build
    _change(folder / "docs" / "conf.py", '"parallel": os.cpu_count() or 1', '"parallel": False')
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
    return _change


def _change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} does not say {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1  # the line


@pytest.fixture(scope="session")
def scripts():
    """Return a function that starts the scripts of figures in an engine without a page.

    It returns one that evaluates an expression, in which names stand for what is given by them.
    """
    quickjs = pytest.importorskip("quickjs")

    def start(*kinds, own=""):
        context = quickjs.Context()
        for name in ("core", *kinds):
            context.eval((FIGURES / f"{name}.js").read_text(encoding="utf-8"))
        context.eval(own)
        context.eval("const plain = (one) => ArrayBuffer.isView(one) ? [...one] : one;")

        def evaluate(expression, **given):
            for name, value in given.items():
                context.eval(f"globalThis.{name} = {json.dumps(value)};")
            words = f"JSON.stringify({expression}, (_, one) => plain(one)) ?? 'null'"
            return json.loads(context.eval(words))

        return evaluate

    return start


def _luminance(color):
    """Return the relative luminance of a color, as WCAG 2 defines it."""
    parts = (value / 255 for value in color)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture(scope="session")
def contrast():
    """Return a function that gives the contrast of two colors, from 1 to 21."""

    def of(one, other):
        dark, light = sorted((_luminance(one), _luminance(other)))
        return (light + 0.05) / (dark + 0.05)

    return of


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
        self._soups = {}

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

    def soup(self, name):
        """Return the head and the article of a page, read once for all tests: change a copy."""
        if name not in self._soups:
            text = (self.html / name).read_text(encoding="utf-8")
            head, end, rest = text.partition("</head>")
            _, begin, rest = rest.partition("<article")
            article = begin + rest[: rest.rfind("</article>")]  # the menus are not read
            self._soups[name] = BeautifulSoup(head + end + article, "html.parser")
        return self._soups[name]

    def records(self):
        """Return the records that the build kept, by the names of their pages."""
        folder = self.folder / "out" / "records"
        found = sorted(folder.rglob("*.jsonl"))
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}

    def checks(self):
        """Return the checks that the build recorded."""
        records = self.records().values()
        return [check for record in records for check in symlib_site.entries.read_record(record)]


ADDRESS = "https://example.org/why/"
CODE = "https://example.org/code"
# What two builds of one project may differ in and still give the same bytes: options, environment
CIRCUMSTANCES = {
    "one": (
        ("--jobs", "auto"),
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LANG": "C.UTF-8"},
    ),
    "a-longer-name/of-another-folder": ((), {"PYTHONHASHSEED": "2", "TZ": "America/Lima"}),
}


@pytest.fixture(scope="session")
def whole_site(once, copied, build):
    """Return a function that builds the whole site under named circumstances, once in a run."""

    def under(name):
        def work(folder):
            home = folder / name
            home.mkdir(parents=True)
            options, environment = CIRCUMSTANCES[name]
            done = build(copied(home), *options, SYMLIB_CARDS="yes", **environment)
            return [str(home), done.code, done.output]

        built = Site(*once(f"site/{name}", work))
        assert (built.html / "wheels").is_dir(), built.output  # else there is nothing to read
        return built

    return under


@pytest.fixture(scope="session")
def site(whole_site):
    """Return the whole site, which all tests that read it share."""
    return whole_site("one")


@pytest.fixture(scope="session")
def sites(site, whole_site):
    """Return two builds of the whole site under different circumstances."""
    return [site, whole_site("a-longer-name/of-another-folder")]


@pytest.fixture(scope="session")
def small_sites(once, small_site, change, build):
    """Return two builds of a small site with an address, under different circumstances.

    Beside its page and its notebook it has what other pages are made of.
    """

    def work(folder):
        built = []
        for name, (options, environment) in CIRCUMSTANCES.items():
            home = small_site(folder / name)
            (home / "docs" / "reference").mkdir()
            for page, text in {
                "explanation/moves.md": MOVES,
                "_extensions/probe_data.py": DATA,
                "reference/tags.md": TAGS,
            }.items():
                (home / "docs" / page).write_text(text, encoding="utf-8")
            with open(home / "pyproject.toml", "a", encoding="utf-8") as project:
                project.write(f'\n[project.urls]\nSource = "{CODE}"\n')
            listed = "explanation/probe\n"
            more = "explanation/moves\nreference/tags\n"
            change(home / "docs" / "index.md", listed, listed + more)
            address = ADDRESS if built else ADDRESS.rstrip("/")  # which is the same
            done = build(home, *options, SYMLIB_BASEURL=address, **environment)
            built.append([str(home), done.code, done.output])
        return built

    built = [Built(Path(home), code, output) for home, code, output in once("small-sites", work)]
    for one in built:
        assert one.code == 0, one.output
    return built


FAULTS = """\
# A small site

Read [nowhere](nowhere.md), and {doc}`nothing`.

We measured {measured}`S03; four; .2f`.

![](_static/tied_units.svg)

```{gallery-figure} symmetry/plot_nothing
No page drew it.
```

```{raw} html
<p style="color: red">red</p>
```

```{toctree}
gallery/index
explanation/moves
explanation/probe
```
"""


@pytest.fixture(scope="session")
def faulty_site(once, small_site, change, build):
    """Return a small site with many faults, none of which stops the build before the others."""

    def work(folder):
        home = small_site(folder / "small")
        docs = home / "docs"
        (docs / "_static" / "tied_units.svg").write_text("<svg/>", encoding="utf-8")
        (docs / "index.md").write_text(FAULTS, encoding="utf-8")
        (docs / "_extensions" / "probe_data.py").write_text(DATA, encoding="utf-8")
        moves = MOVES.replace("{interactive} symmetry", "{interactive} symmetries")
        (docs / "explanation" / "moves.md").write_text(moves, encoding="utf-8")
        ledger = home / "symlib" / "claims.toml"
        head, mark, rest = ledger.read_text(encoding="utf-8").partition('id = "S02"')
        rest = rest.replace('verdict = "open"', 'verdict = "holds"', 1)
        ledger.write_text(head + mark + rest, encoding="utf-8")
        page = home / "gallery" / "symmetry" / "plot_tied_units.py"
        change(page, ', shows="limit"', "")
        done = build(home)
        return [str(home), done.code, done.output]

    home, code, output = once("faulty-site", work)
    assert code != 0, output
    return Built(Path(home), code, output)


@pytest.fixture(scope="session")
def pages(site):
    """Return the pages of the site."""
    return site.pages()
