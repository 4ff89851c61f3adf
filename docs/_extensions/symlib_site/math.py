"""Formulas: written as MathML when the site is built, so that a page needs no script for them.

Their font stands in a style sheet of its own, written out in full: a font that is fetched comes
after the first formulas are drawn, and moves them. Only pages with a formula load that style sheet.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator

CONVERTER = LatexToMathML(fancy_error=False)
FONT = Path(__file__).parents[2] / "_fonts" / "latinmodern-math.woff2"
STYLE = "math.css"
RULE = """\
/* A subset of Latin Modern Math by the GUST e-foundry, under the GUST Font License. */
@font-face {{
  font-family: "Latin Modern Math";
  src: url("data:font/woff2;base64,{font}") format("woff2");
}}
"""


def mathml(tex: str, *, block: bool = False) -> str:
    """Return the MathML of a TeX formula."""
    try:
        markup = CONVERTER.convert_with_local_state(tex, displaystyle=block)
    except LatexError as fault:
        raise ExtensionError(f"no MathML for the formula {tex!r}: {fault}") from fault
    if " style=" in markup:
        raise ExtensionError(
            f"the formula {tex!r} needs a style, which the policy of the site forbids: leave "
            r"\! out, and write \bigl( and \bigr) for \left( and \right)"
        )
    return markup


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a sentence."""
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, which scrolls when it is too wide."""
    self.body.append('<div class="math" tabindex="0" role="group" aria-label="Formula">')
    self.body.append(mathml(node.astext(), block=True) + "</div>")
    raise nodes.SkipNode


def write_font(app: Sphinx) -> None:
    """Write the style sheet that holds the font."""
    if app.builder.format != "html":
        return
    style = Path(app.outdir, "_static", STYLE)
    style.parent.mkdir(parents=True, exist_ok=True)
    font = base64.b64encode(FONT.read_bytes()).decode()
    style.write_text(RULE.format(font=font), encoding="utf-8")


def load(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Let a page with a formula load the font."""
    if app.builder.format == "html" and "<math" in context.get("body", ""):
        app.add_css_file(STYLE)
        context["has_formulas"] = True  # for the template, which loads a script behind it


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
