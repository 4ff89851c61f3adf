"""Passages: what the search of the site looks through, and shows of each page.

A passage is what stands under one heading, in plain text: that of a section, of a fold that has a
name, a claim of the ledger, a function of the library, or a work of the bibliography. A formula is
written on one line, so that its numbers and words are found too, and of a check what was measured.
Of code that shows how to do something the names are kept. The code of a page that measures is left
out, and so is what it has printed: the page says it in prose, and in its table of checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from docutils import nodes
from sphinx import addnodes
from sphinx_design.dropdown import dropdown_main

from .folds import Fold
from .math import mathml

QUESTIONS = "how_to/questions_people_ask"  # each of its headings is a question
SILENT = (
    *(nodes.comment, nodes.raw, nodes.target, nodes.substitution_definition, nodes.system_message),
    *(nodes.meta, nodes.label, nodes.footnote_reference),
    *(addnodes.index, addnodes.toctree),
)
UNREAD = {"no-search", "take-away", "claim-head", "claim-line", "minutes"}  # classes of links
UNREAD |= {"cell_output", "sphx-glr-script-out"}
EXERCISES = "try-it-yourself"  # the section of a page that asks and does not answer
SHOWN = {"python", "pycon", "sh"}  # languages of code in prose; cells have others
CODE = "In code: "
LINKS = re.compile(r" Read\. .*")  # of a claim
NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[A-Za-z]+\w*_\w*")  # in code: a.b or a_b
RAISED = dict(zip("0123456789+-−n⊤′*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿᵀ′*", strict=True))


class Passage(NamedTuple):
    """What stands under a heading: its place on the page, and its blocks of text."""

    place: str  # the id of the heading; that of a page is empty
    heading: str
    alone: bool  # whether it answers by itself, and not for its page
    blocks: list[str]


def passages(doctree: nodes.document, docname: str) -> list[Passage]:
    """Return the passages of a page, the page itself first."""
    found = [Passage("", "", False, [])]
    _gather(doctree, found)
    for one in found:
        one.blocks.sort(key=lambda block: block.startswith(CODE))  # behind the prose
    asked = docname == QUESTIONS
    return [
        one._replace(alone=one.alone or (asked and bool(one.place and one.blocks))) for one in found
    ]


def _gather(node: nodes.Node, found: list[Passage]) -> None:
    """Add what a node says to the last passage, or open new ones."""
    if isinstance(node, SILENT) or (isinstance(node, nodes.Element) and _unread(node)):
        return
    if opened := _opened(node):
        found.append(opened)
        for child in node.children:
            _gather(child, found)
    elif write := _way(node):
        found[-1].blocks.extend(filter(None, map(_one_line, write(node))))
    else:
        for child in node.children:
            _gather(child, found)


def _way(node: nodes.Node) -> Callable[[nodes.Node], list[str]] | None:
    """Return what makes text of nodes of this kind, or of one that it is a case of."""
    kinds = (kind.__name__ for kind in type(node).__mro__)
    return next((WRITTEN[kind] for kind in kinds if kind in WRITTEN), None)


def _unread(node: nodes.Element) -> bool:
    in_ledger = "checks" in node["classes"] and "of-page" not in node["classes"]
    return in_ledger or EXERCISES in node["ids"] or not UNREAD.isdisjoint(node["classes"])


def _opened(node: nodes.Node) -> Passage | None:
    """Return the passage that a node opens, still empty."""
    if isinstance(node, nodes.section) and isinstance(node.parent, nodes.section):
        return Passage(node["ids"][0], _one_line(plain(node[0])), False, [])
    if isinstance(node, Fold) and node["ids"]:
        return Passage(node["ids"][0], _one_line(plain(node[0])), True, [])
    if isinstance(node, nodes.citation):
        return Passage(node["ids"][0], _one_line(plain(node.children[1]))[:80], True, [])
    if isinstance(node, dropdown_main) and node["ids"]:
        return Passage(node["ids"][0], _one_line(plain(node[0])), False, [])
    signature = node.children[0] if isinstance(node, addnodes.desc) and node.children else None
    if isinstance(signature, addnodes.desc_signature) and signature["ids"]:
        return Passage(signature["ids"][0], signature["ids"][0], True, [])
    return None


# Blocks


def _table(table: nodes.Node) -> list[str]:
    """Return the rows of a table; of checks what was measured, and the number."""
    of_checks = isinstance(table, nodes.Element) and "checks" in table["classes"]
    parts = [*table.findall(nodes.tbody if of_checks else nodes.tgroup)]
    cells = ([plain(entry) for entry in row] for part in parts for row in part.findall(nodes.row))
    return [": ".join(row[:2]) if of_checks else " · ".join(row) for row in cells]


def _names(code: nodes.Node) -> list[str]:
    """Return the names in code that stands in prose."""
    shown = isinstance(code, nodes.Element) and code.get("language") in SHOWN
    names = dict.fromkeys(NAME.findall(code.astext())) if shown else ()
    return [f"{CODE}{', '.join(names)}"] if names else []


def plain(node: nodes.Node) -> str:
    """Return the words of a node."""
    if isinstance(node, SILENT):
        return ""
    if isinstance(node, nodes.math | nodes.math_block):
        return formula(node.astext())
    if isinstance(node, nodes.image):
        return str(node.get("alt", ""))
    if isinstance(node, nodes.Text):
        return node.astext()
    between = "" if isinstance(node, nodes.TextElement | nodes.Inline) else " "
    words = between.join(map(plain, node.children))
    return f" · {words}" if "verdict" in node["classes"] else words


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _words(node: nodes.Node) -> list[str]:
    text = plain(node)
    in_ledger = isinstance(node.parent, Fold) and "claim" in node.parent["classes"]
    return [LINKS.sub("", text) if in_ledger else text]


def _title_of_fold(node: nodes.Node) -> list[str]:
    opens = node.parent is not None and node.parent["ids"]
    return [] if opens else [plain(node)]


def _nothing(node: nodes.Node) -> list[str]:
    return []


WRITTEN: dict[str, Callable[[nodes.Node], list[str]]] = {  # by kinds of nodes
    "title": _nothing,  # the heading of its passage
    "dropdown_title": _title_of_fold,
    "desc_signature": _nothing,
    "literal_block": _names,
    "code_links_block": _names,  # sphinx-gallery's code with links
    "doctest_block": _names,
    "table": _table,
    "field": _words,
    "image": _words,
    "TextElement": _words,
    "Text": _words,
}


# Formulas


@cache
def formula(tex: str) -> str:
    r"""Return a formula on one line: ``\frac12`` as 1/2, ``10^{-8}`` as 10⁻⁸."""
    markup = mathml(tex).replace("&ApplyFunction;", "")  # an entity of HTML, which shows nothing
    return _one_line(_line(ElementTree.fromstring(markup)))


def _line(element: Element) -> str:
    kind = element.tag.rpartition("}")[2]
    parts = [_line(child) for child in element]
    if kind == "mfrac" and element.get("linethickness", "1").startswith("0"):  # without a bar
        return " choose ".join(parts)
    if kind in LAID_OUT:
        return LAID_OUT[kind](*parts)
    text = "".join(parts) or element.text or ""
    if text in SPACED or (kind == "mi" and len(text) > 1):  # a sign between terms, or a word
        return f" {text} "
    return f"{text} " if text in ",;" else text


def _grouped(text: str) -> str:
    return f"({text})" if re.search(r"[\s/+−-]", text.strip()) else text.strip()


def _raised(base: str, power: str) -> str:
    power = power.replace(" ", "")
    if power and set(power) <= set(RAISED):
        return base + "".join(RAISED[sign] for sign in power)
    return f"{base}^{_grouped(power)}"


def _lowered(base: str, index: str) -> str:
    index = index.replace(" ", "")
    return f"{base}_{index}" if len(index) == 1 else f"{base}_({index})"


LAID_OUT: dict[str, Callable[..., str]] = {
    "mfrac": lambda top, bottom: f"{_grouped(top)}/{_grouped(bottom)}",
    "msup": _raised,
    "msub": _lowered,
    "msubsup": lambda base, index, power: _raised(_lowered(base, index), power),
    "munder": lambda base, mark: _lowered(base, mark) if re.search(r"[0-9A-Za-z]", mark) else base,
    "mover": lambda base, mark: f"{base}{mark}" if re.search(r"[0-9A-Za-z]", mark) else base,
    "munderover": lambda base, index, power: f"{_raised(_lowered(base, index), power)} ",
    "msqrt": lambda *parts: f"√{_grouped(''.join(parts))}",
    "mroot": lambda base, degree: f"{degree}√{_grouped(base)}",
    "mtd": lambda *parts: f"{''.join(parts)} ",
    "mtr": lambda *parts: f"{''.join(parts)}; ",
    "mspace": lambda: " ",
}
SPACED = set("=<>≤≥≪≫≈≠∼≃≡∝∈→↦⊂+−±×·⋅:∣")
