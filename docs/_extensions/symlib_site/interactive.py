"""Interactive figures: a static figure of the gallery, which a script brings to life.

The directive ``interactive`` shows what ``gallery-figure`` shows, and says which script may take
its place. Without a script, on paper, on the single page and in the Markdown twin it stays as it
is. Data that the script needs is written by the library at build time into the page itself: a page
opened from a file may not fetch any. The role ``sets`` is a link in the prose that sets the figure.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator

from .figures import GalleryFigure

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parents[2] / "_static" / "figures"


class interactive(nodes.figure):  # noqa: N801 - docutils names visitors after the class
    """A figure with a name, the state that it opens with, and data."""


class sets(nodes.reference):  # noqa: N801
    """A link that sets an interactive figure of the same page."""


class InteractiveFigure(GalleryFigure):
    """Show an interactive figure; its argument names the script, the content is the caption."""

    option_spec = GalleryFigure.option_spec | {
        "figure": directives.unchanged_required,
        "state": directives.unchanged,
        "data": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figure of a page of the gallery, which tells what may take its place."""
        kind = self.arguments[0]
        if not (SCRIPTS / f"{kind}.js").exists():
            raise self.error(f"there is no script {kind}.js in {SCRIPTS.name}")
        if "figure" not in self.options:
            raise self.error("an interactive figure needs the figure of a page of the gallery")
        self.arguments[0] = self.options["figure"]
        found = super().run()
        if not found:
            return []
        (still,) = found
        figure = interactive("", *cast(nodes.figure, still).children)
        figure["classes"] += ["gallery-figure", "interactive"]
        figure["kind"], figure["state"] = kind, self.options.get("state", "")
        figure["data"] = _data(self.options["data"]) if "data" in self.options else ""
        figure["ids"].append(name(kind))
        self.state.document.note_explicit_target(figure)
        for link in list(figure.findall(addnodes.pending_xref))[-1:]:
            link.children = [nodes.inline("", "The page that measures it")]
        self.set_source_info(figure)
        return [figure]


class Sets(SphinxRole):
    """Link to an interactive figure and set it: ``words <kind: state>``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, which leads to the figure where no script sets it."""
        words, _, target = self.text.removesuffix(">").rpartition("<")
        kind, colon, state = target.partition(":")
        if not (words and colon and parse_qsl(state.strip(), strict_parsing=True)):
            raise ExtensionError(f"sets is written as `words <kind: key=value>`, got {self.text!r}")
        link = sets("", words.strip(), refid=name(kind.strip()), internal=True)
        link["state"] = state.strip()
        self.set_source_info(link)
        return [link], []


def name(kind: str) -> str:
    """Return the id of an interactive figure, which is the beginning of its state's address."""
    return f"fig-{kind}"


def _data(dotted: str) -> str:
    """Return the JSON text that a function of that name writes, on one line."""
    module, _, function = dotted.rpartition(".")
    write: Callable[[], str] = getattr(import_module(module), function)
    return json.dumps(json.loads(write()), separators=(",", ":"))


def visit_interactive(self: HTML5Translator, node: interactive) -> None:
    """Write the figure: its data, the stage with the static figure, and the caption."""
    attributes = {"data-figure": node["kind"], "data-state": node["state"]}
    self.body.append(self.starttag(node, "figure", **attributes))
    if node["data"]:
        data = node["data"].replace("<", "\\u003c")
        self.body.append(f'<script type="application/json">{data}</script>\n')
    image, *caption = node.children
    self.body.append('<div class="stage"><div class="still">\n')
    image.walkabout(self)
    self.body.append("</div></div>\n")
    for child in caption:
        child.walkabout(self)
    self.body.append("</figcaption>\n</figure>\n")  # the caption leaves its end to the figure
    raise nodes.SkipNode


def visit_sets(self: HTML5Translator, node: sets) -> None:
    """Write the link; the script puts the state behind its address."""
    state = html.escape(node["state"])
    address = html.escape(node.get("refuri") or f"#{node['refid']}")
    self.body.append(f'<a class="reference internal" href="{address}" data-state="{state}">')


def depart_sets(self: HTML5Translator, node: sets) -> None:
    """Close the link."""
    self.body.append("</a>")


def check_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of a link that sets a figure which is not on its page; a draft may lack figures."""
    if app.config.symlib_draft:
        return
    there = {one["ids"][0] for one in doctree.findall(interactive)}
    for link in doctree.findall(sets):
        if link["refid"] not in there:
            where = link if link.line else docname
            logger.warning("no figure %s on this page to set", link["refid"], location=where)


def load(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Let a page load the scripts and the style of the figures that it holds, and no others."""
    kinds = [one["kind"] for one in doctree.findall(interactive)] if doctree else []
    if not kinds:
        return
    app.add_css_file("figures/figures.css")
    for script in ("core", *sorted(set(kinds))):
        app.add_js_file(f"figures/{script}.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_node(interactive, html=(visit_interactive, None))
    app.add_node(sets, html=(visit_sets, depart_sets))
    app.add_directive("interactive", InteractiveFigure)
    app.add_role("sets", Sets())
