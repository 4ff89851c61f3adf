"""Where the source of all this lies: the address of the repository, if it has been told.

It stands in ``[project.urls]`` of ``pyproject.toml``, as ``Source``, and nowhere else. Without it
the source that a reader can have is the archive of the site, with the library's wheel in it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from . import whole

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@cache
def address() -> str:
    """Return the address of the repository, or nothing if none is configured."""
    told = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"].get("urls", {})
    return str(told.get("Source", ""))


class SourceLink(SphinxRole):
    """A link to the repository, or else to the archive of the site."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        target = address() or whole.address_of(f"{whole.NAME}.zip", self.env.docname)
        return [nodes.reference("", self.text, refuri=target, internal=not address())], []


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_role("source", SourceLink())
