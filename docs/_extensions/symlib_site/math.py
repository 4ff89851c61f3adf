"""Formulas: written as MathML when the site is built, so that a page needs no script for them."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator


def mathml(tex: str, *, block: bool = False) -> str:
    """Return the MathML of a TeX formula."""
    try:
        markup = convert(tex, display="block" if block else "inline")
    except Exception as fault:  # the converter raises many kinds
        raise ExtensionError(f"no MathML for the formula {tex!r}: {fault!r}") from fault
    if unknown := re.search(r"<m[io]>\\(\w+)</m[io]>", markup):
        raise ExtensionError(f"the formula {tex!r} uses \\{unknown[1]}, which is not known")
    # a quotient within a line is written without space around its stroke
    return markup.replace("<mo>/</mo>", '<mo lspace="0" rspace="0">/</mo>')


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a sentence."""
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, which scrolls when it is too wide."""
    self.body.append('<div class="math" tabindex="0" role="group" aria-label="Formula">')
    self.body.append(mathml(node.astext(), block=True) + "</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
