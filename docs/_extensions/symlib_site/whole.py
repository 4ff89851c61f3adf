"""Whole: the site as one archive, to be read offline.

Once every other file is written, the archive takes them all, into one folder. It does not hold
itself, so that on the pages of the copy the links to it become plain words.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from . import downloads

NAME = "symlib-site"
LINK = re.compile(rf'<a\b[^>]*\bhref="[^"]*{NAME}\.zip"[^>]*>(.*?)</a>', re.DOTALL)


def collect(app: Sphinx, fault: Exception | None) -> None:
    """Write all files of the site into one archive."""
    if fault or app.builder.format != "html" or app.tags.has("live"):
        return
    site = Path(app.outdir)
    archive = site / f"{NAME}.zip"
    archive.unlink(missing_ok=True)
    members = {}
    for path in site.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".html":
                data = LINK.sub(r"\1", data.decode()).encode()
            members[f"{NAME}/{path.relative_to(site).as_posix()}"] = data
    downloads.pack(archive, members)


def address_of(name: str, docname: str) -> str:
    """Return the address of a file at the root of the site, relative to a page."""
    return f"{'../' * docname.count('/')}{name}"


class FileLink(SphinxRole):
    """A link to a file that lies in the site when it is complete."""

    def __init__(self, name: str) -> None:
        self._file = name

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, relative to the page it stands on."""
        address = address_of(self._file, self.env.docname)
        return [nodes.reference("", self.text, refuri=address, internal=True)], []


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_role("download-site", FileLink(f"{NAME}.zip"))
    wheel = f"symlib_nn-{app.config.release}-py3-none-any.whl"
    app.add_role("download-wheel", FileLink(f"wheels/{wheel}"))
