"""What readers take away, and that a site is whole or not there at all."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import symlib_site.downloads
import symlib_site.whole
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "site"))

import run_downloads  # noqa: E402 - it lies beside this file

PAGES = sorted(
    path.relative_to(ROOT / "gallery").with_suffix("").as_posix()
    for path in ROOT.glob("gallery/*/plot_*.py")
)
ROW = re.compile(r'<h1>.*?<ul class="take-away[^"]*">(.*?)</ul>', re.DOTALL)
LINK = re.compile(r'<a class="[^"]*" download="" href="([^"]+)">([^<]+)</a>')
BLOCK = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["symlib-nn"]\n# ///\n'
LINE = f"{'S01    a spread':<49} {0:>10}  {'== 0':<13} {'1e-12':^9} {'1e-12':>9}"

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


# On the pages


def test_every_gallery_page_offers_its_downloads_under_its_title(site):
    """Three links that say what they are, before the first paragraph."""
    for page in PAGES:
        path = site.html / "gallery" / f"{page}.html"
        row = ROW.search(path.read_text(encoding="utf-8"))
        assert row, page
        assert "<section" not in row.group().partition("</h1>")[2], page
        links = LINK.findall(row[1])
        assert [words for _, words in links] == [
            "Download script (.py)",
            "Download notebook (.ipynb)",
            "Download all, with the library (.zip)",
        ]
        name = Path(page).name
        files = [(path.parent / address).resolve() for address, _ in links]
        assert [file.name for file in files] == [name + end for end in (".py", ".ipynb", ".zip")]
        assert all(file.is_file() for file in files)
        assert "style=" not in row.group()


def test_every_notebook_says_in_its_first_cell_what_its_script_needs(site):
    """The same block, once, and nothing else in that cell."""
    for page in PAGES:
        (path,) = site.html.glob(f"_downloads/*/{Path(page).name}.ipynb")
        (script,) = site.html.glob(f"_downloads/*/{Path(page).name}.py")
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        (block,) = [cell for cell in cells if "# ///" in "".join(cell["source"])]
        assert block is cells[0]
        assert script.read_text(encoding="utf-8").startswith("".join(block["source"]) + "\n")


def test_every_archive_holds_the_files_that_lie_beside_it(site):
    """What is run from one place is the same in the other."""
    found, faults = run_downloads.downloads(site.html)
    assert faults == []
    assert len(found) == 2 * len(PAGES)


def test_a_notebook_is_declared_once():
    """A second build finds it as the first has left it."""
    book = json.dumps({"cells": [{"cell_type": "markdown", "source": ["# A title"]}]})
    once = symlib_site.downloads.declare(book, f"{BLOCK}print(1)\n")
    assert json.loads(once)["cells"][0]["source"] == [BLOCK.rstrip()]
    assert symlib_site.downloads.declare(once, f"{BLOCK}print(1)\n") == once
    assert symlib_site.downloads.declare(book, "print(1)\n") == book


# The archive of the site


def test_the_archive_of_the_site_holds_every_file_but_itself(site):
    """In one folder; a page there is the page here, but for the links to the archive."""
    with zipfile.ZipFile(site.html / "symlib-site.zip") as archive:
        assert archive.testzip() is None
        members = {name: archive.read(name) for name in archive.namelist()}
    files = site.files()
    del files["symlib-site.zip"]
    assert sorted(members) == sorted(f"symlib-site/{name}" for name in files)
    for name, path in files.items():
        if path.suffix == ".html":
            wanted = symlib_site.whole.read_from_a_folder(path.read_text(encoding="utf-8"))
            assert members[f"symlib-site/{name}"].decode() == wanted, name
            assert "font-src 'self' data:;" in wanted  # the style sheets hold the fonts
        elif path.suffix != ".css":
            assert members[f"symlib-site/{name}"] == path.read_bytes(), name
    page = "how_to/run_a_page.html"
    assert "symlib-site.zip" in files[page].read_text(encoding="utf-8")
    assert b'href="../symlib-site.zip"' not in members[f"symlib-site/{page}"]


def test_the_style_sheets_of_the_archive_hold_their_fonts(site):
    """A browser loads no font from a folder, and is not asked to."""
    with zipfile.ZipFile(site.html / "symlib-site.zip") as archive:
        style = archive.read("symlib-site/_static/symlib.css").decode()
        page = archive.read("symlib-site/explanation/the_tie.html").decode()
    assert ".woff2" not in page
    font = (site.html / "_static" / "latinmodern-math.woff2").read_bytes()
    assert ".woff2" not in style
    assert symlib_site.whole.base64.b64encode(font).decode() in style


# The single page


def test_the_single_page_has_every_explanation_in_the_order_of_the_site(site):
    """With every formula, image and section that the pages have, and each id once."""
    whole = BeautifulSoup((site.html / "explanations.html").read_text("utf-8"), "html.parser")
    listed = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    names = re.findall(r"^explanation/(\w+)$", listed, re.MULTILINE)
    assert sorted(names) == sorted(path.stem for path in (ROOT / "docs/explanation").glob("*.md"))
    pages = []
    for name in names:
        text = (site.html / "explanation" / f"{name}.html").read_text(encoding="utf-8")
        pages.append(BeautifulSoup(text, "html.parser"))
    for kind in ("math", "img", "figure", "section", "pre", "tr"):
        there = [found.get_text() for page in pages for found in page.select(f"article {kind}")]
        one = [found.get_text() for found in whole.select(f"article {kind}")]
        if kind == "section":  # the page itself is one, and its title another
            one, there = [text[:20] for text in one[1:]], [text[:20] for text in there]
        assert one == there, kind
    ids = [found["id"] for found in whole.select("[id]")]
    assert len(set(ids)) == len(ids)


def test_links_of_the_single_page_stay_on_it_where_they_can(site):
    """A link to an explanation leads to a place on the page, and another one to a page."""
    whole = BeautifulSoup((site.html / "explanations.html").read_text("utf-8"), "html.parser")
    ids = {found["id"] for found in whole.select("[id]")}
    within = 0
    for link in whole.select("article a[href]"):
        parts = urlsplit(link["href"])
        if parts.scheme in ("http", "https"):
            continue
        assert not parts.path.startswith("explanation/"), link
        if parts.path:
            assert (site.html / parts.path).exists(), link
        else:
            assert parts.fragment in ids, link
            within += 1
    assert within > 20


# Running what was taken away


@pytest.fixture
def shelf(tmp_path):
    """Return a function that makes a site of one page, and says what is wrong with its script."""
    page = tmp_path / "site" / "gallery" / "symmetry" / "plot_one.html"
    page.parent.mkdir(parents=True)
    page.write_text(
        f'<pre tabindex="0"><span></span>{LINE}\n1 check, 1 passed\n</pre>', encoding="utf-8"
    )

    def check(code):
        one = run_downloads.Download("plot_one.py", (BLOCK + code).encode(), ("symlib-nn",))
        command = [sys.executable]
        return run_downloads.run(command, one, tmp_path / "site", tmp_path, locked=True)

    return check


def test_a_script_that_prints_what_its_page_shows_is_in_order(shelf):
    """The faults below are the only ones."""
    assert shelf(f"print({LINE!r})") == ([], 0)


FAULTS = {
    "a file left behind": ("open('left.txt', 'w')", "left behind: left.txt"),
    "a changed script": ("open(__file__, 'a').write('#')", "changed itself"),
    "an error": ("1 / 0", "ended with 1: "),
    "a package that is not there": ("import not_there", "No module named 'not_there'"),
    "a line more": (f"print({LINE!r})", "its page shows\nnothing\nand it prints"),
    "a line fewer": ("import sys; sys.exit()", "and it prints\nnothing"),
}


@pytest.mark.parametrize(("code", "wanted"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_script_is_told(code, wanted, shelf):
    """Each would reach a reader."""
    faults, _ = shelf(f"{code}\nprint({LINE!r})")
    assert any(wanted in one for one in faults), faults


def test_numbers_may_differ_by_rounding_and_by_no_more():
    """A smaller error of rounding is the same line; another claim, name or number is not.

    With other releases the measured number may be another, and nothing else.
    """
    line = LINE.replace("      0", "4.4e-16", 1)
    assert run_downloads.same(line, line.replace("4.4e-16", "2.2e-16"))
    for old, new in (("4.4e-16", "4.4e-06"), ("S01", "S02"), ("spread", "speed"), ("== 0", "== 1")):
        assert not run_downloads.same(line, line.replace(old, new))
        assert run_downloads.same(line, line.replace(old, new), locked=False) == (old == "4.4e-16")


@pytest.mark.parametrize("text", ["see :doc:`there`", ".. note::", "a link_", "Title\n====="])
def test_a_notebook_with_markup_of_another_kind_is_refused(text):
    """Jupyter would show it as it stands."""
    cells = [
        {"cell_type": "code", "source": [BLOCK.rstrip()]},
        {"cell_type": "markdown", "source": [text.replace("link_", "`link`_")]},
    ]
    with pytest.raises(ValueError, match="has markup of another kind"):
        run_downloads.read("plot_one.ipynb", json.dumps({"cells": cells}).encode())


def test_a_download_that_does_not_say_what_it_needs_is_refused():
    """Nothing is taken for granted."""
    with pytest.raises(ValueError, match="there is no script block"):
        run_downloads.read("plot_one.py", b"print(1)\n")


# Whole, or not there


def start(folder, **options):
    """Start the build that ``nox -s docs`` runs, in a small site."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYMLIB_")}
    return subprocess.Popen(
        [sys.executable, "docs/build.py", "out/site"],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        **options,
    )


def end(process):
    """Wait for a build, and return what it ended with and what it said."""
    with process:
        output, _ = process.communicate(timeout=3600)
    return process.returncode, output


@pytest.fixture
def waiting(small, change):
    """Return a small site whose page waits until the file ``go`` is there, and says so."""
    wait = (
        "import pathlib, time\n"
        f"pathlib.Path({str(small / 'running')!r}).touch()\n"
        f"while not pathlib.Path({str(small / 'go')!r}).exists():\n"
        "    time.sleep(0.1)\n"
    )
    page = small / "gallery" / "symmetry" / "plot_tied_units.py"
    change(page, 'print("the library', wait + 'print("the library')
    return small


def until(path):
    """Wait for a file."""
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert path.exists()


@posix
def test_a_killed_build_leaves_no_site_and_the_next_one_is_whole(waiting):
    """Neither is anything left of the site that was there before."""
    old = waiting / "out" / "site" / "html"
    old.mkdir(parents=True)
    (old / "index.html").touch()
    process = start(waiting, start_new_session=True)
    until(waiting / "running")
    os.killpg(process.pid, signal.SIGKILL)
    code, _ = end(process)
    assert code == -signal.SIGKILL
    assert not (waiting / "out" / "site").exists()
    (waiting / "go").touch()
    code, output = end(start(waiting))
    assert code == 0, output
    assert f"site: {old / 'index.html'}" in output.splitlines()
    assert (old / "symlib-site.zip").is_file()
    assert not (waiting / "out" / "site.part").exists()


def test_two_builds_at_once_do_not_meet(waiting):
    """The second ends with a sentence, and the first is whole."""
    first = start(waiting)
    until(waiting / "running")
    code, output = end(start(waiting))
    assert code == 1
    assert "another build of this tree is running (" in output
    (waiting / "go").touch()
    code, output = end(first)
    assert code == 0, output
    assert (waiting / "out" / "site" / "html" / "symlib-site.zip").is_file()


def test_a_failed_build_leaves_no_site(small, change):
    """What it made is where nobody takes it for a site; the last line is the claim that failed."""
    change(small / "gallery/symmetry/plot_tied_units.py", '"three", 3, 3', '"three", 3, 4')
    code, output = end(start(small))
    assert code != 0
    *_, before, last = output.splitlines()
    assert before.startswith("there is no site: what the build made before ")
    assert last == (
        "gallery/symmetry/plot_tied_units: claim S03 failed: three: measured 3, expected == 4, "
        "tolerance exact, margin -1"
    )
    assert not (small / "out" / "site").exists()


@posix
@pytest.mark.parametrize("size", [30_000, 200_000], ids=["a page", "the archive of the site"])
def test_a_build_that_cannot_write_leaves_no_site(size, small):
    """Files that cannot grow stand for a full disk: the write fails, early or at the end."""
    import resource

    code, output = end(
        start(small, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    )
    assert code != 0, output
    assert not (small / "out" / "site").exists()
