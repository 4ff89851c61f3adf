"""Folds: what is seen when its line is opened, and is printed, found and told in any case."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


class Fold(nodes.General, nodes.Element):
    """A line, and blocks below it that are folded; with an id, a link opens it."""


class Line(nodes.General, nodes.TextElement):
    """The line of a fold, which is always seen."""


def _open_fold(writer: HTML5Translator, node: nodes.Element) -> None:
    writer.body.append(writer.starttag(node, "details"))


def _close_fold(writer: HTML5Translator, node: nodes.Element) -> None:
    writer.body.append("</details>\n")


def _open_line(writer: HTML5Translator, node: nodes.Element) -> None:
    writer.body.append(writer.starttag(node, "summary", suffix=""))


def _close_line(writer: HTML5Translator, node: nodes.Element) -> None:
    writer.body.append("</summary>\n")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_node(Fold, html=(_open_fold, _close_fold))
    app.add_node(Line, html=(_open_line, _close_line))
