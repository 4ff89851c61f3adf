"""Where the source of all this lies: the address of the repository, if it has been told.

It stands in ``[project.urls]`` of ``pyproject.toml``, as ``Source``, and nowhere else. Without it
the source that a reader can have is the archive of the site, with the library's wheel in it. Each
page ends with a link to the source; where there is a repository, also with links to edit the page
and to report a fault, at the places where GitHub and GitLab have them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from . import whole

PROJECT = Path(__file__).parents[3] / "pyproject.toml"
BRANCH = "main"


@cache
def address() -> str:
    """Return the address of the repository, or nothing if none is configured."""
    told = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"].get("urls", {})
    return str(told.get("Source", "")).rstrip("/")


def links(docname: str, file: str) -> list[tuple[str, str]]:
    """Return what the foot of a page offers: words, and an address.

    ``file`` is what the page is written in, from the root of the repository; of a page that is
    made from no file it is empty.
    """
    tree = address()
    if not tree:
        return [("Site and source (.zip)", whole.address_of(f"{whole.NAME}.zip", docname))]
    between = "/-" if "gitlab" in tree else ""
    offered = [("Source", tree)]
    if file:
        offered.append(("Edit this page", f"{tree}{between}/edit/{BRANCH}/{file}"))
    return [*offered, ("Report a fault", f"{tree}{between}/issues/new")]


def file_of(docname: str, written: str) -> str:
    """Return the file of the repository that a page is written in.

    Sphinx reads pages of the gallery from a folder that sphinx-gallery has written.
    """
    if docname.startswith("gallery/"):
        folder, _, page = docname.rpartition("/")
        return f"{folder}/{'GALLERY_HEADER.rst' if page == 'index' else f'{page}.py'}"
    return f"docs/{written}"


def offer(
    app: Sphinx,
    docname: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the foot of a page its links."""
    written = doctree is not None and app.builder.name == "html"
    file = file_of(docname, str(app.env.doc2path(docname, base=False))) if written else ""
    context["source_links"] = links(docname, file)


class SourceLink(SphinxRole):
    """A link to the repository, or else to the archive of the site."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        target = address() or whole.address_of(f"{whole.NAME}.zip", self.env.docname)
        return [nodes.reference("", self.text, refuri=target, internal=not address())], []


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_role("source", SourceLink())
