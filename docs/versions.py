"""Put the sites of several versions side by side, as they are hosted.

``python docs/versions.py HOSTED NEWEST EARLIER…`` takes folders of built sites. The newest comes to
the root of HOSTED, so that its addresses never change; each earlier one into a folder that is named
by its version. Every page then links to the same page of the other versions, in plain HTML: no
script is needed. A page of an earlier version says at its top that it is one, and leads to the
newest. Wheels of all versions stay at the root, where scripts that were downloaded once find them.
What was released is never replaced: two sites of one version are refused, and so are two wheels of
one name.
"""

import re
import shutil
import sys
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from symlib_site import policy

MARK = re.compile(r'<p class="versions">Version [^<]*</p>')
LOST = "404.html"  # it is shown at any address, from which no relative link leads anywhere
PAGE = '<div class="page">'
WHOLE = re.compile(r'<link rel="canonical"[^>]*>|<meta property="og:(?:url|image)[^>]*>')
NOINDEX = '<meta name="robots" content="noindex">'


def version_of(site: Path) -> str:
    """Return the version of a built site, as its inventory states it."""
    inventory = site / "objects.inv"
    head = inventory.read_bytes().split(b"\n", 4) if inventory.is_file() else []
    if len(head) < 5 or not head[2].startswith(b"# Version: "):
        raise SystemExit(f"{site} is not the folder of a built site: it has no objects.inv")
    return head[2].decode().removeprefix("# Version: ")


def order(version: str) -> list[tuple[int, str]]:
    """Return what sorts versions: their numbers, and then what follows them."""
    parts = re.findall(r"\d+|[a-z]+", version)
    # the end of a version sorts as a 0, above words: 0.2.0.dev0 comes before 0.2.0
    return [*((int(part), "") if part.isdigit() else (-1, part) for part in parts), (0, "")]


def switcher(page: str, here: str, folders: dict[str, str], hosted: Path) -> str:
    """Return links from a page of the version ``here`` to the same page of all versions."""
    up = "../" * (page.count("/") + bool(folders[here]))
    items = []
    for version, folder in folders.items():
        name = version if folder else f"{version}, the newest"
        if version == here:
            items.append(f'<li><span aria-current="true">{escape(name)}</span></li>')
        else:
            items.append(f'<li><a href="{up}{_same(page, folder, hosted)}">{escape(name)}</a></li>')
    return (
        f'<details class="versions"><summary>Version {escape(here)}</summary>'
        f"<ul>{''.join(items)}</ul></details>"
    )


def notice(page: str, here: str, newest: str, hosted: Path) -> str:
    """Return what a page of an earlier version says at its top."""
    there = "../" * (page.count("/") + 1) + _same(page, "", hosted)
    words = "Read this page in the newest" if (hosted / page).is_file() else "See the newest"
    return (
        '<div class="announcement"><aside class="announcement-content" aria-label="Version">'
        f"This is version {escape(here)} of this site. "
        f'<a href="{there}">{words}, {escape(newest)}</a>.</aside></div>\n'
    )


def _same(page: str, folder: str, hosted: Path) -> str:
    """Return the address of a page in another version, or of the first page if it has none."""
    return folder + (page if (hosted / folder / page).is_file() else "index.html")


def join(hosted: Path, newest: Path, earlier: list[Path]) -> dict[str, str]:
    """Put sites side by side, and return the folder of each version, the newest first."""
    now = version_of(newest)
    sites = {now: newest}
    for site in earlier:
        version = version_of(site)
        if version in sites:
            raise SystemExit(
                f"two sites say {version}: {sites[version]} and {site}; give one of them, and "
                "raise the version after a release"
            )
        sites[version] = site
    if late := [one for one in sites if order(one) > order(now)]:
        raise SystemExit(f"the newest site must be given first, got {now} before {late[0]}")
    folders = {now: ""}
    newest_first = sorted(sites, key=order, reverse=True)
    folders |= {one: f"{one}/" for one in newest_first if one != now}
    part = hosted.with_name(f"{hosted.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(newest, part)
    for version, folder in list(folders.items())[1:]:
        shutil.copytree(sites[version], part / folder)
        for wheel in sorted((sites[version] / "wheels").iterdir()):
            _keep(wheel, part / "wheels" / wheel.name)
        (part / folder / "_headers").unlink(missing_ok=True)  # hosts read the one at the root
    for version in folders:
        _mark(part, version, folders)
    policy.write_policies(part)
    shutil.rmtree(hosted, ignore_errors=True)
    part.rename(hosted)
    return folders


def _keep(wheel: Path, place: Path) -> None:
    """Copy a wheel to where downloaded scripts look for it, unless another one is there."""
    if not place.exists():
        shutil.copy2(wheel, place)
    elif place.read_bytes() != wheel.read_bytes():
        raise SystemExit(
            f"two wheels are called {wheel.name}, and that of {wheel.parents[1]} is another one; "
            "raise the version after a release"
        )


def _mark(hosted: Path, version: str, folders: dict[str, str]) -> None:
    """Write the links to other versions into all pages of one."""
    site, newest = hosted / folders[version], next(iter(folders))
    others = [site / folder for folder in folders.values() if folder and site == hosted]
    for path in sorted(site.rglob("*.html")):
        if any(other in path.parents for other in others):
            continue
        page = path.relative_to(site).as_posix()
        if page == LOST:
            continue
        text = path.read_text(encoding="utf-8")
        links = switcher(page, version, folders, hosted)
        text, found = MARK.subn(lambda _, links=links: links, text)
        if not found and len(folders) > 1 and PAGE in text:
            raise SystemExit(f"{path} has no place for the links to other versions")
        if version != newest:
            text = text.replace(PAGE, notice(page, version, newest, hosted) + PAGE, 1)
            if not (hosted / page).is_file():  # its address there would lead nowhere
                text = WHOLE.sub("", text).replace("</head>", f"{NOINDEX}</head>", 1)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    hosted, *sites = (Path(one).resolve() for one in sys.argv[1:])
    for version, folder in join(hosted, sites[0], sites[1:]).items():
        print(f"{version}: {hosted / folder / 'index.html'}")
