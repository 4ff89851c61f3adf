"""Downloads: the library beside the pages, files that say what they need, the same bytes twice.

The wheel of the library lies in the site under ``wheels/``. A notebook opens with the script block
of its page, so that it too says what it needs. Where the address of the site is known, that block
names the wheel there, so that ``uv run`` needs nothing else; every archive holds the wheel itself.
Each page offers its downloads under its title and at its end.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxRole

from .expect import expect

NEED = '"symlib-nn"'
BLOCK = re.compile(r"# /// script\n(?:#.*\n)+?# ///\n")
KINDS = {
    ".py": "script (.py)",
    ".ipynb": "notebook (.ipynb)",
    ".zip": "all, with the library (.zip)",
}


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the project in ``root``, and return its path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "flit_core.wheel", "--outdir", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def point_to_wheel(script: str, address: str) -> str:
    """Return the text of a script whose script block fetches the library from ``address``."""
    head, mark, rest = script.partition("\n# ///\n")
    if NEED not in head:
        raise ExtensionError(
            f"a script block must name {NEED} among its dependencies, got {head!r}"
        )
    return head.replace(NEED, f'"symlib-nn @ {address}"') + mark + rest


def declare(notebook: str, script: str) -> str:
    """Return a notebook whose first cell is the block that says what its script needs."""
    book = json.loads(notebook)
    block = BLOCK.match(script)
    if block is None or book["cells"][0]["source"] == [block.group().rstrip()]:
        return notebook
    book["cells"].insert(
        0,
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": [block.group().rstrip()],
        },
    )
    return json.dumps(book, indent=2)


def finish(app: Sphinx, fault: Exception | None) -> None:
    """Complete what readers take away, once all pages are written."""
    if fault or app.builder.format != "html":
        return
    site = Path(app.outdir)
    if not app.tags.has("live"):  # it tells Sphinx what to reuse, and holds a hash of local paths
        (site / ".buildinfo").unlink(missing_ok=True)
    wheel = build_wheel(Path(app.confdir).parent, site / "wheels")
    base = app.config.html_baseurl.rstrip("/")
    address = f"{base}/wheels/{wheel.name}" if base else ""
    scripts: dict[str, str] = {}
    for path in site.glob("_downloads/*/plot_*.py"):
        text = path.read_text(encoding="utf-8")
        scripts[path.stem] = point_to_wheel(text, address) if address else text
        path.write_text(scripts[path.stem], encoding="utf-8")
    pages = any(name.startswith("gallery/") and "/plot_" in name for name in app.env.found_docs)
    expect(scripts or not pages, "sphinx", "put files for download into _downloads/*/")
    for path in site.glob("_downloads/*/plot_*.ipynb"):
        text = declare(path.read_text(encoding="utf-8"), scripts.get(path.stem, ""))
        path.write_text(text, encoding="utf-8")
    for archive in site.glob("_downloads/*/*.zip"):
        rewrite(archive, wheel, scripts)


def rewrite(archive: Path, wheel: Path, scripts: dict[str, str]) -> None:
    """Write an archive anew: its files as they are beside it, in order, one date, the wheel."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    for name, data in members.items():
        script = scripts.get(Path(name).stem, "")
        if script and name.endswith(".py"):
            members[name] = script.encode()
        elif script and name.endswith(".ipynb"):
            members[name] = declare(data.decode(), script).encode()
    members[wheel.name] = wheel.read_bytes()
    pack(archive, members)


def pack(archive: Path, members: dict[str, bytes]) -> None:
    """Write an archive that depends on its members alone: in order, and with one date."""
    with zipfile.ZipFile(archive, "w") as new:
        for name, data in sorted(members.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)


def offer(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Repeat the downloads of a gallery page under its title, where readers look for them."""
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is None or not re.match(r"gallery/\w+/plot_", docname):
        return
    offers = {
        Path(one["reftarget"]).suffix: one for one in doctree.findall(addnodes.download_reference)
    }
    row = nodes.bullet_list(classes=["take-away"])
    for kind, words in KINDS.items():
        if kind in offers:
            link = offers[kind].copy()  # without the words within it
            link += nodes.Text(f"Download {words}")
            row += nodes.list_item("", nodes.paragraph("", "", link))
    title.parent.insert(title.parent.index(title) + 1, row)


class WheelLink(SphinxRole):
    """A link to the wheel, which lies in the site when it is complete."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, relative to the page it stands on."""
        up = "../" * self.env.docname.count("/")
        wheel = f"symlib_nn-{self.config.release}-py3-none-any.whl"
        return [nodes.reference("", self.text, refuri=f"{up}wheels/{wheel}", internal=True)], []


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_role("download-wheel", WheelLink())
