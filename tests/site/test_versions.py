"""Several versions of the site, side by side as they are hosted."""

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from symlib import __version__

ROOT = Path(__file__).parents[2]
VERSIONS = ("0.1.0", "0.9.0", "0.10.0")
BASE = "https://example.org/why/"


def join(*folders):
    """Put sites side by side, and return what the process ended with and what it said."""
    command = [sys.executable, str(ROOT / "docs" / "versions.py"), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(once, small_site, build, change):
    """Return three versions of a small site; one page was renamed in the second."""

    def work(folder):
        home = small_site(folder / "small")
        for version, before in zip(VERSIONS, (__version__, *VERSIONS), strict=False):
            change(home / "symlib" / "__init__.py", f'"{before}"', f'"{version}"')
            change(home / "pyproject.toml", f'version = "{before}"', f'version = "{version}"')
            if version == "0.9.0":
                change(home / "docs" / "index.md", "explanation/probe", "explanation/proof")
                probe = home / "docs" / "explanation" / "probe.md"
                probe.rename(probe.with_name("proof.md"))
            done = build(home, SYMLIB_BASEURL=BASE)
            assert done.code == 0, done.output
            shutil.copytree(done.html, folder / version)
            shutil.rmtree(home / "out")
        return [str(folder / version) for version in VERSIONS]

    return [Path(site) for site in once("versions", work)]


@pytest.fixture(scope="module")
def hosted(built, tmp_path_factory):
    """Return the three side by side."""
    first, second, third = built
    folder = tmp_path_factory.mktemp("hosted") / "site"
    code, output = join(folder, third, first, second)
    assert code == 0, output
    assert output.splitlines() == [
        f"0.10.0: {folder / 'index.html'}",
        f"0.9.0: {folder / '0.9.0' / 'index.html'}",
        f"0.1.0: {folder / '0.1.0' / 'index.html'}",
    ]
    return folder


def read(hosted, page):
    """Return the text of a page."""
    return (hosted / page).read_text(encoding="utf-8")


def switched(hosted, page):
    """Return where the links of a page to other versions lead, by their words."""
    _, _, rest = read(hosted, page).partition('<details class="versions">')
    items = rest.partition("</details>")[0].split("<li>")[1:]
    found = {}
    for item in items:
        words = item.replace("</a>", "").rpartition("</li>")[0].rpartition(">")[2]
        address = item.partition('href="')[2].partition('"')[0]
        target = (hosted / page).parent.joinpath(address).resolve() if address else None
        found[words or item.partition("</span>")[0].rpartition(">")[2]] = (
            target.relative_to(hosted.resolve()).as_posix() if target else "here"
        )
    return found


@pytest.mark.slow
def test_the_newest_version_stays_at_the_root(built, hosted):
    """All its files are there as they were built, but for the links to other versions."""
    for path in built[-1].rglob("*"):
        if path.is_file() and path.suffix != ".html" and path.name != "_headers":
            assert (hosted / path.relative_to(built[-1])).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_every_page_leads_to_the_same_page_of_the_other_versions(hosted):
    """To the first page where a version has no such page."""
    page = "gallery/symmetry/plot_tied_units.html"
    assert switched(hosted, page) == {
        "0.10.0, the newest": "here",
        "0.9.0": f"0.9.0/{page}",
        "0.1.0": f"0.1.0/{page}",
    }
    assert switched(hosted, f"0.9.0/{page}") == {
        "0.10.0, the newest": page,
        "0.9.0": "here",
        "0.1.0": f"0.1.0/{page}",
    }
    assert switched(hosted, "0.1.0/explanation/probe.html") == {
        "0.10.0, the newest": "index.html",
        "0.9.0": "0.9.0/index.html",
        "0.1.0": "here",
    }
    for name in ("", "0.9.0/", "0.1.0/"):
        for path in (hosted / name).rglob("*.html"):
            address = path.relative_to(hosted).as_posix()
            if path.name != "404.html":
                links = switched(hosted, address)
                assert len(links) == 3, address
                assert all((hosted / one).is_file() for one in links.values() if one != "here")


@pytest.mark.slow
def test_a_page_of_an_earlier_version_says_so_at_its_top(hosted):
    """It leads to the same page of the newest, or to its first page."""
    for page, link in (
        ("0.9.0/explanation/proof.html", '<a href="../../explanation/proof.html">Read this page'),
        ("0.1.0/explanation/probe.html", '<a href="../../index.html">See the newest'),
        ("0.1.0/index.html", '<a href="../index.html">Read this page'),
    ):
        text = read(hosted, page)
        assert f"This is version {page.partition('/')[0]} of this site. {link}" in text
        assert text.index("This is version") < text.index("<h1>")
    assert "This is version" not in read(hosted, "index.html")


@pytest.mark.slow
def test_search_engines_are_led_to_the_newest_version(hosted):
    """A page names its place there; one that is not there any more asks not to be listed."""
    page = "explanation/proof.html"
    assert f'<link rel="canonical" href="{BASE}{page}"' in read(hosted, page)
    assert f'<link rel="canonical" href="{BASE}{page}"' in read(hosted, f"0.9.0/{page}")
    gone = read(hosted, "0.1.0/explanation/probe.html")
    assert 'rel="canonical"' not in gone
    assert '<meta name="robots" content="noindex">' in gone
    assert "0.9.0/" not in read(hosted, "sitemap.xml")


@pytest.mark.slow
def test_a_script_that_was_downloaded_once_finds_its_library(hosted):
    """The wheels of all versions stay where the scripts of all versions look for them."""
    for name in ("", "0.9.0/", "0.1.0/"):
        (script,) = hosted.glob(f"{name}_downloads/*/plot_tied_units.py")
        address = script.read_text(encoding="utf-8").partition("symlib-nn @ ")[2].partition('"')[0]
        assert address.startswith(BASE)
        wheel = hosted / urlsplit(address).path.removeprefix(urlsplit(BASE).path)
        assert wheel.is_file()
        assert f"-{name.rstrip('/') or '0.10.0'}-" in wheel.name


@pytest.mark.slow
def test_one_policy_covers_all_versions(hosted):
    """Hosts read the headers at the root, and those name every inline script of every version."""
    assert [path.parent for path in hosted.rglob("_headers")] == [hosted]
    assert read(hosted, "_headers").startswith("/*\n  Content-Security-Policy: default-src 'self'")


@pytest.mark.slow
def test_joined_again_nothing_is_doubled(built, hosted, tmp_path):
    """What is hosted depends on the sites alone."""
    again = tmp_path / "again"
    for _ in range(2):
        code, output = join(again, *built[::-1])
        assert code == 0, output
    files = {path.relative_to(hosted) for path in hosted.rglob("*")}
    assert files == {path.relative_to(again) for path in again.rglob("*")}
    for name in files:
        if (hosted / name).is_file():
            assert (hosted / name).read_bytes() == (again / name).read_bytes(), name


@pytest.mark.slow
def test_a_site_alone_names_its_version(built, tmp_path):
    """It is the newest, and there is no other."""
    code, output = join(tmp_path / "alone", built[0])
    assert code == 0, output
    assert len(output.splitlines()) == 1
    assert switched(tmp_path / "alone", "index.html") == {"0.1.0, the newest": "here"}
    assert '<p class="versions">Version 0.1.0</p>' in read(built[0], "index.html")


@pytest.mark.slow
def test_what_was_released_is_not_replaced(built, tmp_path):
    """Two sites of one version are refused by name, and nothing is written."""
    again = tmp_path / "again"
    shutil.copytree(built[0], again)
    for folders in ((built[0], again), (built[1], built[0], again)):
        code, output = join(tmp_path / "out", *folders)
        assert code == 1
        assert f"two sites say 0.1.0: {built[0]} and {again}; give one of them" in output
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_wheel_is_not_replaced_by_another_of_its_name(built, tmp_path):
    """A site that brings one wheel more, whose bytes differ, is refused."""
    (wheel,) = (built[1] / "wheels").iterdir()
    other = tmp_path / "other"
    shutil.copytree(built[0], other)
    shutil.copy2(wheel, other / "wheels")
    code, output = join(tmp_path / "out", built[1], other)
    assert code == 0, output
    (other / "wheels" / wheel.name).write_bytes(b"another")
    code, output = join(tmp_path / "refused", built[1], other)
    assert code == 1
    assert f"two wheels are called {wheel.name}" in output
    assert not (tmp_path / "refused").exists()


def test_a_version_in_development_comes_before_its_release(program):
    """Versions are ordered by their numbers, and words come before the number's end."""
    wanted = ["0.1.0", "0.2.0.dev0", "0.2.0", "0.2.1", "0.9.0", "0.10.0"]
    order = program(ROOT / "docs" / "versions.py").order
    assert sorted(sorted(wanted), key=order) == wanted


@pytest.mark.slow
def test_what_is_no_site_is_refused(built, tmp_path):
    """Nothing is written; nor are sites in a wrong order."""
    code, output = join(tmp_path / "out", built[1], built[2])
    assert code == 1
    assert "the newest site must be given first, got 0.9.0 before 0.10.0" in output
    code, output = join(tmp_path / "out", built[1], tmp_path)
    assert code == 1
    assert f"{tmp_path} is not the folder of a built site" in output
    assert not (tmp_path / "out").exists()
