"""Access: what keyboards and screen readers need, where the theme and docutils leave it out.

The landmarks and the search page are mended in ``_templates``, what can be seen in ``symlib.css``.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from .expect import expect, replaced

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'

# What is too wide scrolls, and so must be reached by the keyboard: code, tables, and on a phone the
# longest formulas within a line. Where there are links inside, these are enough.
LONG = 30  # characters of a formula
CODE = re.compile(r"<pre(?=>)(?=((?:(?!<a |</pre>).)*)</pre>)", re.DOTALL)
TABLE = re.compile(
    r'<div class="table-wrapper[^"]* container"(?=>((?!<a |</table>).)*</table>)', re.DOTALL
)
LISTED = re.compile(r'<table class="[^"]*\bas-list\b.*?</table>', re.DOTALL)
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CELL = re.compile(r"<t[dh](?=[\s>])")
MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
FORMULA = re.compile(r"<math(?=>((?:(?!</math>).)*)</math>)", re.DOTALL)  # within a line


def reachable(body: str) -> str:
    """Let the keyboard reach what scrolls."""

    def long(formula: re.Match[str]) -> str:
        text = re.sub(r"<[^>]*>|\s", "", unescape(formula[1]))
        return f'{formula[0]} tabindex="0"' if len(text) > LONG else formula[0]

    body = FORMULA.sub(long, body)
    body = CODE.sub('<pre tabindex="0"', body)
    tables = TABLE.sub(r'\g<0> tabindex="0" role="group" aria-label="Table"', body)
    within = body.count("<table") <= body.count('<div class="table-wrapper')
    expect(within, "furo", "put each table into a div of the class table-wrapper")
    return tables


def head_rows(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let the first cell of a row be its head, in each table that has a line of heads.

    A head has to say something in words: a letter alone, as in a list of symbols, is none.
    """
    for group in doctree.findall(nodes.tgroup):
        has_heads = any(isinstance(part, nodes.thead) for part in group)
        firsts = [row[0] for body in group.findall(nodes.tbody) for row in body]
        if has_heads and all(map(_in_words, firsts)):
            column = next(part for part in group if isinstance(part, nodes.colspec))
            column["stub"] = 1


def _in_words(cell: nodes.Node) -> bool:
    """Return whether a cell has more than formulas."""
    texts = cell.findall(nodes.Text)
    return any(text.strip() for text in texts if not isinstance(text.parent, nodes.math))


def named_cells(body: str) -> str:
    """Let cells of tables that are lists on a phone know the heads of their columns."""

    def named(table: re.Match[str]) -> str:
        top, rows = table[0].split("<tbody>")
        texts = re.findall(r"<th\b[^>]*>(.*?)</th>", top, flags=re.DOTALL)
        wordy = [MATH.sub("", text) for text in texts]  # of a head the word, not the letter
        heads = [" ".join(re.sub(r"<[^>]*>", "", text).split()) for text in wordy]

        def with_heads(row: re.Match[str]) -> str:
            left = iter(heads)
            return CELL.sub(lambda cell: f'{cell[0]} data-head="{next(left)}"', row[0])

        return f"{top}<tbody>{ROW.sub(with_heads, rows)}"

    return LISTED.sub(named, body)


def listed(body: str) -> str:
    """Let the entries of a bibliography be items of their list; docutils' role is deprecated."""
    if 'role="doc-bibliography"' in body or 'class="citation-list"' in body:
        expect(
            'role="doc-biblioentry"' in body, "docutils", "give entries of a bibliography a role"
        )
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def leveled(navigation: str) -> str:
    """Let the captions of the navigation be headings of a level."""
    if 'class="caption"' in navigation:
        expect('role="heading"' in navigation, "sphinx", "make captions of the navigation headings")
    return navigation.replace('role="heading"', 'role="heading" aria-level="2"')


def add_filter(app: Sphinx) -> None:
    """Give the templates a filter that replaces what the theme writes, and fails without it."""

    def instead(text: str, old: str, new: str) -> str:
        return replaced(text, old, new, "furo")

    if app.builder.format == "html":
        app.builder.templates.environment.filters["instead"] = instead  # type: ignore[attr-defined]


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
    context["body"] = listed(named_cells(reachable(body)))
    expect(
        "furo_navigation_tree" in context, "furo", "keep the navigation in the context of a page"
    )
    context["furo_navigation_tree"] = leveled(context["furo_navigation_tree"])
    if doctree is not None:  # the theme writes one too
        context["metatags"] = replaced(context["metatags"], VIEWPORT, "", "docutils")
