"""Access: what keyboards and screen readers need, where the theme and docutils leave it out.

The landmarks and the search page are mended in ``_templates``, what can be seen in ``symlib.css``.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FONT = "_static/latinmodern-math.woff2"

# What is too wide scrolls, and so must be reached by the keyboard: code, tables, and on a phone the
# longest formulas within a line. Where there are links inside, these are enough.
LONG = 30  # characters of a formula
CODE = re.compile(r"<pre(?=>)(?=((?:(?!<a |</pre>).)*)</pre>)", re.DOTALL)
TABLE = re.compile(
    r'<div class="table-wrapper[^"]* container"(?=>((?!<a |</table>).)*</table>)', re.DOTALL
)
FORMULA = re.compile(r'<math(?=[^>]* display="inline">((?:(?!</math>).)*)</math>)', re.DOTALL)


def reachable(body: str) -> str:
    """Let the keyboard reach what scrolls."""

    def long(formula: re.Match[str]) -> str:
        text = re.sub(r"<[^>]*>|\s", "", unescape(formula[1]))
        return f'{formula[0]} tabindex="0"' if len(text) > LONG else formula[0]

    body = FORMULA.sub(long, body)
    body = CODE.sub('<pre tabindex="0"', body)
    return TABLE.sub(r'\g<0> tabindex="0" role="group" aria-label="Table"', body)


def listed(body: str) -> str:
    """Let the entries of a bibliography be items of their list; docutils' role is deprecated."""
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def leveled(navigation: str) -> str:
    """Let the captions of the navigation be headings of a level."""
    return navigation.replace('role="heading"', 'role="heading" aria-level="2"')


def mend(
    app: Sphinx,
    docname: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Mend a page before it is written."""
    if app.builder.format != "html":
        return
    body = context.get("body", "")
    context["body"] = listed(reachable(body))
    context["furo_navigation_tree"] = leveled(context.get("furo_navigation_tree", ""))
    if "<math" in body and app.config.html_baseurl:  # in a folder, browsers refuse to preload
        font = context["pathto"](FONT, resource=True)
        preload = f'<link rel="preload" href="{font}" as="font" type="font/woff2" crossorigin>'
        context["metatags"] = f"{context.get('metatags', '')}\n{preload}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", mend, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}
