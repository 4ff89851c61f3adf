"""Search: which words of a question count, and the answer of each page beside its title.

``docs/_static/search-scorer.js`` ranks what is found. It shows the first paragraph of a page, which
on this site is its answer; the paragraphs lie in the search page, so that nothing has to be fetched
and the search works in a folder too.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import sphinx
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from .expect import expect

ASKING = {"can", "does", "enough", "ever", "get", "happens", "just", "many", "much", "need"}
ASKING |= {"really", "still", "use", "used", "using", "versus", "vs", "way", "will"}
NAMES = {"he", "same"}  # He et al. and the same weights: here these words mean something

# what the scorer replaces of Sphinx's search, and what it calls
OWN = ("performTermsSearch: (", "query: (")
CALLED = ("_performSearch: (", "_parseQuery: (", "const _finishSearch = (", "_index: ")

LONGEST = 280  # characters of an answer
LEFT_OUT = "\0"


class SearchSite(SearchEnglish):
    """English, as it is asked on this site."""

    stopwords = (SearchEnglish.stopwords | ASKING) - NAMES

    def __init__(self, options: dict[str, str]) -> None:
        """Keep the stem of every word, as most words come again and again."""
        super().__init__(options)
        self.stem = cache(self.stem)  # type: ignore[method-assign]


def expect_search(app: Sphinx) -> None:
    """Fail unless Sphinx's search has the functions that the scorer replaces and calls."""
    script = Path(sphinx.__file__).parent / "themes" / "basic" / "static" / "searchtools.js"
    text = script.read_text(encoding="utf-8") if script.exists() else ""
    for name in (*OWN, *CALLED):
        expect(name in text, "sphinx", f"have {name!r} in its searchtools.js")


def answer(paragraph: nodes.paragraph) -> str:
    """Return the first sentences of a paragraph that need no formula and no citation."""
    words = []
    for node in paragraph.children:
        cited = isinstance(node, addnodes.pending_xref) and node.get("refdomain") == "cite"
        words.append(LEFT_OUT if cited or isinstance(node, nodes.math) else node.astext())
    sentences = re.split(r"(?<=[.?!]) ", " ".join("".join(words).split()))
    kept = [sentence for sentence in sentences if LEFT_OUT not in sentence]
    longest = max(1, *(at for at in range(len(kept) + 1) if len(" ".join(kept[:at])) <= LONGEST))
    return " ".join(kept[:longest])


def note_answer(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the answer of a page, which is its first paragraph."""
    section = next(iter(doctree.findall(nodes.section)), doctree)
    if first := next((one for one in section if isinstance(one, nodes.paragraph)), None):
        app.env.metadata[app.env.docname]["answer"] = answer(first)


def bring_answers(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put the answers of all pages into the search page."""
    if page == "search":
        known = sorted(app.env.metadata.items())
        answers = {name: data["answer"] for name, data in known if data.get("answer")}
        body = json.dumps(answers, ensure_ascii=False).replace("<", "\\u003c")
        app.add_js_file(None, body=body, type="application/json", id="answers")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_search_language(SearchSite)
