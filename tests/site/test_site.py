"""The whole site: built twice at once in different folders, and read as a browser would."""

import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import symlib_site.entries
import symlib_site.figures
import symlib_site.reference

from symlib.claims import ClaimFailed, check

PAGES = symlib_site.reference.pages_in_gallery()
ALLOWED = {"", "data"}
OUTSIDE = {"http", "https", "mailto"}


# The build


def test_the_site_is_built_without_a_warning(site):
    """Every page is executed, and everything that can be said against it would be an error."""
    assert site.code == 0, site.output
    assert f"Sphinx-Gallery successfully executed {len(PAGES)} out of {len(PAGES)}" in site.output


def test_the_last_lines_say_where_the_site_is_and_what_it_passed(site):
    """Nobody has to look for it."""
    lines = site.output.splitlines()[-10:]
    made = len(site.checks())
    assert f"site: {site.html / 'index.html'}" in lines, site.output
    assert f"{made} checks, {made} passed" in lines
    assert (site.html / "index.html").is_file()


def differing(one, other):
    """Return the files that only one of two folders has, or that are not the same bytes."""
    ours, theirs = (
        {path.relative_to(home): path.read_bytes() for path in home.rglob("*") if path.is_file()}
        for home in (one.html, other.html)
    )
    return {str(name) for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}


def test_two_builds_of_a_small_site_give_the_same_bytes(small_sites):
    """Folder, hash seed, time zone and time of day leave no trace in any file."""
    assert differing(*small_sites) == set()


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(sites):
    """Nor do they where all pages are executed."""
    assert differing(*sites) == set()


def test_no_page_shows_a_fault_of_its_markup(pages):
    """Docutils marks what it could not read."""
    for name, page in pages.items():
        assert not set(page.classes) & {"problematic", "system-message"}, name


# The checks


def beyond(one):
    """Return numbers that a check must refuse, just beyond its tolerance on each failing side."""
    step = one.tolerance + 1e-9 * max(1.0, abs(one.expected), one.tolerance)
    signs = {"==": (-1, 1), "<": (1,), "<=": (1,), ">": (-1,), ">=": (-1,)}[one.relation]
    return [one.expected + sign * step for sign in signs]


def otherwise(one):
    """Return expected numbers that a check must refuse: a twentieth off, or 1 instead of 0."""
    shift = 0.05 * abs(one.expected) or 1.0
    if one.relation != "==":
        # an inequality fails when its bound is moved past the measured number
        shift = 2 * abs(one.measured - one.expected) + one.tolerance + shift
    signs = {"==": (-1, 1), "<": (-1,), "<=": (-1,), ">": (1,), ">=": (1,)}[one.relation]
    return [one.expected + sign * shift for sign in signs]


def again(one, *, measured, expected):
    """Make a recorded check again with other numbers."""
    return check(
        one.claim,
        one.what,
        measured,
        expected,
        relation=one.relation,
        atol=one.tolerance,
        shows=one.shows,
        reason=one.reason,
    )


def test_each_check_can_fail(site):
    """It falls when the measured number moves beyond its tolerance, or another was expected."""
    for one in site.checks():
        said = f"{one.claim}: {one.what}"
        assert one.reason or not one.tolerance, f"{said}: a tolerance must have a reason"
        assert again(one, measured=one.measured, expected=one.expected).passed, said
        for measured in beyond(one):
            with pytest.raises(ClaimFailed, match=f"claim {one.claim} failed"):
                again(one, measured=measured, expected=one.expected)
        for expected in otherwise(one):
            with pytest.raises(ClaimFailed, match=f"claim {one.claim} failed"):
                again(one, measured=one.measured, expected=expected)


def test_the_verdicts_of_the_ledger_follow_from_its_checks(site):
    """Each claim has the verdict that its checks give; no page has two checks of one name."""
    for claim in symlib_site.entries.ledger(site.checks()):
        found = symlib_site.entries.verdict(claim.checks)
        assert (claim.id, found) == (claim.id, claim.verdict)
    for name, record in site.records().items():
        checks = symlib_site.entries.read_record(record)
        names = Counter((one.claim, one.what) for one in checks)
        assert [said for said, count in names.items() if count > 1] == [], name


# Images


def is_mark(image):
    """Tell whether an image is the mark of a page in the list of the gallery."""
    return image["src"].endswith(("_thumb.svg", "_thumb-dark.svg"))


def test_every_image_says_in_words_what_it_shows(pages):
    """At least 40 characters; only the marks of the gallery stand beside their words."""
    images = [(name, image) for name, page in pages.items() for image in page.images]
    assert sum(not is_mark(image) for _, image in images) > len(PAGES)
    for name, image in images:
        assert "alt" in image, (name, image)
        if is_mark(image):
            assert name.endswith("index.html"), (name, image)
        else:
            assert len(image["alt"]) >= 40, (name, image)


def test_every_image_has_a_width_and_a_height(pages):
    """Text does not jump when an image arrives."""
    for name, page in pages.items():
        for image in page.images:
            assert re.fullmatch(r"\d+", image.get("width", "")), (name, image)
            assert re.fullmatch(r"\d+", image.get("height", "")), (name, image)


def test_every_figure_has_a_file_for_light_and_one_for_dark(site, pages):
    """A browser need not know the theme of the page, and no file has a style attribute."""
    figures = site.files("_images/*.svg")
    light = [name for name in figures if not name.endswith("-dark.svg")]
    assert len(light) >= 2 * len(PAGES)
    assert len(figures) == 2 * len(light)
    for name in light:
        text = figures[name].read_text(encoding="utf-8")
        dark = figures[name.replace(".svg", "-dark.svg")].read_text(encoding="utf-8")
        assert symlib_site.figures.LIGHT_INK in text, name
        assert symlib_site.figures.DARK_INK in dark, name
        assert "prefers-color-scheme" not in text + dark, name
        assert ' style="' not in text + dark, name
    for name, page in pages.items():
        sources = [image["src"] for image in page.images if image["src"].endswith(".svg")]
        for one, other in zip(sources[::2], sources[1::2], strict=True):
            assert other == one.replace(".svg", "-dark.svg"), name


# Links


def test_no_page_loads_anything_from_another_host(pages):
    """Nobody is told who reads the site, and it works without a network."""
    for name, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            assert parts.scheme in ALLOWED, (name, address)
            assert not parts.netloc, (name, address)


def test_no_style_sheet_loads_anything_from_another_host(site):
    """Fonts and images of the style lie in the site."""
    for name, path in site.files("*.css").items():
        text = path.read_text(encoding="utf-8")
        loads = re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", text)
        for address in map("".join, loads):
            parts = urlsplit(address.strip())
            assert parts.scheme in ALLOWED, (name, address)
            assert not parts.netloc, (name, address)
            if parts.path and not parts.scheme:
                assert (path.parent / unquote(parts.path)).is_file(), (name, address)


def test_every_file_that_a_page_loads_is_in_the_site(site, pages):
    """No missing image, script or style."""
    for name, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            if parts.path and not parts.scheme:
                assert (site.html / name).parent.joinpath(unquote(parts.path)).is_file(), (
                    name,
                    address,
                )


def test_every_link_within_the_site_leads_somewhere(site, pages):
    """Both the file and the place in it exist."""
    known = {(site.html / name).resolve(): set(page.ids) for name, page in pages.items()}
    dead = set()
    for name, page in pages.items():
        here = (site.html / name).resolve()
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme in OUTSIDE:
                continue
            target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
            if not target.is_file() or (
                parts.fragment and unquote(parts.fragment) not in known.get(target, ())
            ):
                dead.add((name, link))
    assert sorted(dead) == []


def test_every_id_of_a_page_is_there_once(pages):
    """A link to a place leads to one place."""
    for name, page in pages.items():
        twice = {one for one, count in Counter(page.ids).items() if count > 1}
        assert not twice, name


# Numbers


def test_measured_numbers_stand_where_they_are_spoken_of(site, pages):
    """No place was left open, and the totals are those of the records."""
    names = ["index.html", "reference/ledger.html"]
    names += [name for name in pages if name.startswith("explanation/")]
    for name in names:
        assert "…" not in pages[name].text, name
    made = site.checks()
    reached = len({check.claim for check in made})
    claims = len(symlib_site.entries.ledger())
    total = f"This build made {len(made)} checks on {reached} of {claims} claims"
    assert total in pages["index.html"].text
    assert total in pages["reference/ledger.html"].text


def test_every_number_of_a_check_stands_in_the_ledger(site, pages):
    """Each check is a row, with its reason."""
    text = pages["reference/ledger.html"].text
    for one in site.checks():
        assert one.what in text
        assert " ".join(one.reason.split()) in text


def test_the_ledger_has_every_claim_under_its_id(pages):
    """A link to a claim leads to its entry, with a verdict, which is never open."""
    page = pages["reference/ledger.html"]
    ids = [claim.id for claim in symlib_site.entries.ledger()]
    assert [one for one in page.ids if re.fullmatch(r"[A-Z]\d\d", one)] == ids
    assert page.classes["verdict"] == len(ids)
    assert page.classes["verdict-open"] == 0


def test_every_gallery_page_names_its_claims_and_links_to_them(pages):
    """A reader of a page finds the entry of what it proves."""
    for claim in symlib_site.entries.ledger():
        for name in set(claim.pages) & set(PAGES):
            page = pages[f"gallery/{name}.html"]
            assert f"../../reference/ledger.html#{claim.id}" in page.links, name


# Downloads


def test_every_page_can_be_downloaded_as_it_is_in_the_repository(site):
    """But for three lines; it names the library as on the index, since the site has no address."""
    for page in PAGES:
        (script,) = site.html.glob(f"_downloads/*/{Path(page).name}.py")
        text = script.read_text(encoding="utf-8")
        head, end, rest = text.partition("# ///\n# To run it")
        text = head + "# ///\n" + rest.split("\n", 3)[3]
        assert end
        assert text == (site.folder / "gallery" / f"{page}.py").read_text(encoding="utf-8")
        assert 'dependencies = ["symlib-nn", ' in text


def test_every_notebook_reads_as_a_notebook(site):
    """No role, directive or footnote of another markup is left in its text."""
    for page in PAGES:
        (path,) = site.html.glob(f"_downloads/*/{Path(page).name}.ipynb")
        _, *cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert {cell["cell_type"] for cell in cells} == {"markdown", "code"}
        for cell in cells:
            text = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                assert not re.search(r":[a-z:]+:`|^\.\. |`_|\]_", text, re.MULTILINE), text
            else:
                assert "# ///" not in text


def test_every_archive_holds_the_wheel(site):
    """What is taken away works without this site."""
    wheels = [path.name for path in site.html.glob("wheels/*")]
    archives = sorted(site.html.glob("_downloads/*/*.zip"))
    assert len(archives) >= 2 + len(PAGES)
    for archive in archives:
        with zipfile.ZipFile(archive) as file:
            assert file.testzip() is None
            assert [name for name in file.namelist() if name.endswith(".whl")] == wheels


def test_the_wheel_is_the_library(site):
    """It has every module, the claims and the name it is installed by."""
    (wheel,) = site.html.glob("wheels/*")
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        assert "\nName: symlib-nn\n" in "\n" + file.read(metadata).decode()
    library = site.folder / "symlib"
    wanted = {path for path in library.rglob("*") if path.suffix in (".py", ".toml", ".typed")}
    assert {path.relative_to(site.folder).as_posix() for path in wanted} <= names
    assert wheel.name in {
        Path(link).name
        for name, page in site.pages().items()
        if name.startswith("how_to/")
        for link in page.links
    }
