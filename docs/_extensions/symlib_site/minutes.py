"""Minutes: how long an explanation takes to read, and how long without what can be skipped.

What can be skipped are theorems and proofs, in boxes of the class ``theorem``. Code counts as
little as on a page where it is folded: not at all.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "explanation/"
WORDS_A_MINUTE = 200  # slower than a novel is read: there are formulas in it
CLASS = "minutes"


def words(node: nodes.Node) -> int:
    """Return how many words of prose stand in a node; a formula in a line is one."""
    if isinstance(node, nodes.literal_block | nodes.math_block | nodes.Invisible):
        return 0
    if isinstance(node, nodes.math):
        return 1
    if isinstance(node, nodes.Text):
        return len(re.findall(r"\w\S*", node.astext()))
    return sum(map(words, node.children))


def skippable(doctree: nodes.Node) -> int:
    """Return how many words stand in theorems and their proofs."""
    boxes = doctree.findall(nodes.admonition)
    return sum(words(box) for box in boxes if "theorem" in box["classes"])


def sentence(of_all: int, in_boxes: int) -> str:
    """Return what is said of so many words, of which some stand in boxes."""
    whole = max(1, round(of_all / WORDS_A_MINUTE))
    rest = max(1, round((of_all - in_boxes) / WORDS_A_MINUTE))
    if rest == whole:
        return f"{whole} min to read."
    return f"{rest} min to read; {whole} with the boxes of theorems and proofs."


def tell(app: Sphinx, doctree: nodes.document) -> None:
    """Say below the title of an explanation how long it takes."""
    if not app.env.docname.startswith(FOLDER):
        return
    section = next(doctree.findall(nodes.section))
    said = sentence(words(section), skippable(section))
    section.insert(1, nodes.paragraph("", said, classes=[CLASS]))
