"""What readers take away, and that a site is whole or not there at all."""

import base64
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
import symlib_site.furniture
import symlib_site.reference
import symlib_site.whole
from bs4 import BeautifulSoup
from docutils import nodes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "site"))

import run_downloads  # noqa: E402 - it lies beside this file

PAGES = symlib_site.reference.pages_in_gallery()
ROW = re.compile(r'<h1>.*?<ul class="take-away[^"]*">(.*?)</ul>', re.DOTALL)
LINK = re.compile(r'<a class="[^"]*" download="" href="([^"]+)">([^<]+)</a>')
BLOCK = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["symlib-nn"]\n# ///\n'
LINE = f"{'S01    a spread':<49} {0:>10}  {'== 0':<13} {'1e-12':^9} {'1e-12':>9}"

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


# On the pages


def test_every_gallery_page_offers_its_downloads_once(site):
    """Three links that say what they are, and one that says how to run them, below the figure."""
    for page in PAGES:
        path = site.html / "gallery" / f"{page}.html"
        row = ROW.search(path.read_text(encoding="utf-8"))
        assert row, page
        before = row.group().partition("</h1>")[2]
        assert "<section" not in before, page
        assert before.count("<img") == 2, page  # for light and for dark
        links = LINK.findall(row[1])
        assert [words for _, words in links] == [
            "Script (.py)",
            "Notebook (.ipynb)",
            "All, with the library (.zip)",
        ]
        assert 'href="../../how_to/run_a_page.html"' in row[1]
        assert path.read_text(encoding="utf-8").count(' download="" ') == 3
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


def test_every_script_says_how_to_run_it(site):
    """Three lines below its block; the first names the command of uv, the second that of pip."""
    for page in PAGES:
        name = Path(page).name
        (script,) = site.html.glob(f"_downloads/*/{name}.py")
        lines = script.read_text(encoding="utf-8").partition('# ///\n"')[0].splitlines()
        end = lines.index("# ///", 1)
        uv, pip, display = lines[end + 1 : end + 4]
        assert uv.endswith(f"uv run --find-links . {name}.py")
        assert pip.startswith("# Without uv: pip install symlib_nn-*.whl matplotlib")
        assert "display" in display


def test_every_notebook_holds_what_its_page_printed_and_drew(site):
    """Each check of the page, and its figure on white paper."""
    for page in PAGES:
        (path,) = site.html.glob(f"_downloads/*/{Path(page).name}.ipynb")
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        printed = run_downloads.promised(site.html, path.name)
        tables = site.soup(f"gallery/{page}.html").select("table.of-page tbody tr")
        assert len(printed) == len(tables) > 1, page
        drawings = [one["data"]["image/svg+xml"] for one in outputs if "data" in one]
        assert drawings, page
        assert all('fill="#ffffff"' in "".join(one) for one in drawings)


# Furniture


def test_a_tile_of_the_gallery_shows_the_answer_of_its_page(site):
    """Below its title, where a phone and a screen reader have it too."""
    tiles = site.soup("gallery/index.html").select(".sphx-glr-thumbcontainer")
    assert len(tiles) == len(PAGES)
    for tile in tiles:
        assert "tooltip" not in tile.attrs
        page = site.soup(f"gallery/{tile.select_one('a')['href']}")
        answer = page.select_one("h1 ~ p:not(.claim-line)")
        said = " ".join(answer.get_text().split())
        assert tile.select_one(".answer").get_text() == said


def test_a_page_shows_each_check_in_a_table(site):
    """Measured, expected and tolerance as in the ledger; no line of them is left as text."""
    for page in PAGES:
        whole = site.soup(f"gallery/{page}.html")
        for row in whole.select("table.of-page tbody tr"):
            cells = [cell.get_text(strip=True) for cell in row.select("th, td")]
            assert len(cells) == 5
            assert all(cells), page
            assert [cell.name for cell in row.select("th, td")] == ["th", *["td"] * 4]
            assert re.fullmatch(r"[A-Z]\d\d", cells[-1])
        left = [block.get_text() for block in whole.select(".sphx-glr-script-out")]
        assert not any(re.search(r"^[A-Z]\d\d ", text, re.MULTILINE) for text in left), page


def test_code_that_sets_up_or_draws_is_folded_and_the_rest_is_open(site):
    """As the sections say, where the author says nothing."""
    for page in PAGES:
        whole = site.soup(f"gallery/{page}.html")
        assert whole.select("section#set-up details.code pre"), page
        promises = whole.select_one("section#what-this-page-promises")
        assert promises.select("pre"), page
        source = (ROOT / "gallery" / f"{page}.py").read_text(encoding="utf-8")
        if "# %% folded" not in source:
            assert not promises.select("details.code"), page
        assert "plt.show()" not in whole.get_text(), page


@pytest.mark.parametrize(
    ("mark", "section", "wanted"),
    [
        ("# %%", "set-up", True),
        ("# %% open", "set-up", False),
        ("# %%", "what-this-page-promises", False),
        ("# %% folded", "what-this-page-promises", True),
    ],
)
def test_the_author_folds_or_opens_a_cell_by_a_word_behind_its_mark(mark, section, wanted):
    """Without one the section decides; the mark is that of the last cell before the code."""
    code = nodes.literal_block()
    nodes.section("", code, ids=[section])
    before = ["# %% open", "# Other words.", "", mark, "# Words."]
    assert symlib_site.furniture.is_folded(code, before) is wanted


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
            page = path.read_text(encoding="utf-8")
            wanted = symlib_site.whole.LINK.sub(r"\1", page)
            assert members[f"symlib-site/{name}"].decode() == wanted, name
        else:
            assert members[f"symlib-site/{name}"] == path.read_bytes(), name
    page = "how_to/run_a_page.html"
    assert "symlib-site.zip" in files[page].read_text(encoding="utf-8")
    assert b'href="../symlib-site.zip"' not in members[f"symlib-site/{page}"]


def test_the_font_of_formulas_stands_in_its_style_sheet(site):
    """No page fetches a font: it is there at the first visit, and in a folder."""
    font = (ROOT / "docs" / "_fonts" / "latinmodern-math.woff2").read_bytes()
    style = (site.html / "_static" / "math.css").read_text(encoding="utf-8")
    assert base64.b64encode(font).decode() in style
    assert "GUST Font License" in style
    for name, path in site.files("*.html").items():
        page = path.read_text(encoding="utf-8")
        assert ".woff" not in page, name
        assert ("<math" in page) == ("math.css" in page), name


# The single page


def words(element):
    """Return the text of an element with one space for each gap."""
    return " ".join(element.get_text().split())


def test_the_single_page_has_every_explanation_in_the_order_of_the_site(site):
    """With every formula, image and section that the pages have, and each id once."""
    whole = BeautifulSoup((site.html / "explanations.html").read_text("utf-8"), "html.parser")
    listed = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    names = re.findall(r"^explanation/(\w+)$", listed, re.MULTILINE)
    assert sorted(names) == sorted(path.stem for path in (ROOT / "docs/explanation").glob("*.md"))
    pages = [site.soup(f"explanation/{name}.html") for name in names]
    for kind in ("math", "img", "figure", "section", "pre", "tr"):
        there = [words(found) for page in pages for found in page.select(f"article {kind}")]
        one = [words(found) for found in whole.select(f"article {kind}")]
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
    page = tmp_path / "site" / "_downloads" / "0" / "plot_one.ipynb"
    page.parent.mkdir(parents=True)
    printed = {"output_type": "stream", "text": [f"{LINE}\n", "1 check, 1 passed\n"]}
    cells = [{"cell_type": "code", "source": [], "outputs": [printed]}]
    page.write_text(json.dumps({"cells": cells}), encoding="utf-8")

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
@pytest.mark.parametrize(
    "size",
    [
        pytest.param(30_000, marks=pytest.mark.slow, id="a page"),
        pytest.param(200_000, id="the archive of the site"),
    ],
)
def test_a_build_that_cannot_write_leaves_no_site(size, small):
    """Files that cannot grow stand for a full disk: the write fails, early or at the end."""
    import resource

    code, output = end(
        start(small, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    )
    assert code != 0, output
    assert not (small / "out" / "site").exists()
