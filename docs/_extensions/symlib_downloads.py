"""Downloads: the library beside the pages, scripts that fetch it, archives with the same bytes.

The wheel of the library lies in the site under ``wheels/``. Where the address of the site is known,
the script block of each downloaded page names the wheel there, so that ``uv run`` needs nothing
else; every archive holds the wheel itself.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

NEED = '"symlib-nn"'


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
    return head.replace(NEED, f'"symlib-nn @ {address}"') + mark + rest


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
    if address:
        for script in site.glob("_downloads/*/plot_*.py"):
            text = script.read_text(encoding="utf-8")
            script.write_text(point_to_wheel(text, address), encoding="utf-8")
    for archive in site.glob("_downloads/*/*.zip"):
        rewrite(archive, wheel, address)


def rewrite(archive: Path, wheel: Path, address: str) -> None:
    """Write an archive anew: members in order, one date, the wheel among them."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members[wheel.name] = wheel.read_bytes()
    with zipfile.ZipFile(archive, "w") as new:
        for name, data in sorted(members.items()):
            if address and name.endswith(".py"):
                data = point_to_wheel(data.decode(), address).encode()
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)


class WheelLink(SphinxRole):
    """A link to the wheel, which lies in the site when it is complete."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, relative to the page it stands on."""
        up = "../" * self.env.docname.count("/")
        wheel = f"symlib_nn-{self.config.release}-py3-none-any.whl"
        return [nodes.reference("", self.text, refuri=f"{up}wheels/{wheel}", internal=True)], []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_role("download-wheel", WheelLink())
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
