"""Search: the passages of all pages in one file, and which words of a question do not count.

``docs/_static/search.js`` says how a question is read and how answers are ranked. Its index is made
in the browser, from the passages, so that a site opened from a folder can be searched too. Of
Sphinx's search only the stems of English words are left: its own index knows no numbers, and no
place on a page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from .expect import expect
from .passages import passages
from .topics import asked, topics
from .twins import in_site

ASKING = {"can", "does", "enough", "ever", "get", "happens", "just", "many", "much", "need"}
ASKING |= {"really", "still", "use", "used", "using", "versus", "vs", "way", "will"}
NAMES = {"he", "same"}  # He et al. and the same weights: here these words mean something

FILE = "passages.js"
STEMS = ("const stopwords = new Set(", "window.Stemmer = ")  # what search.js reads of Sphinx's


class SearchSite(SearchEnglish):
    """English, as it is asked on this site; Sphinx's own index gets no words."""

    stopwords = (SearchEnglish.stopwords | ASKING) - NAMES

    def split(self, input: str) -> list[str]:  # noqa: A002 - the name that Sphinx gives it
        """Return no words."""
        return []


def set_aside(app: Sphinx) -> None:
    """Let Sphinx keep its own index, which no page loads, beside the site and not in it."""
    if app.builder.format == "html":
        named = hasattr(app.builder, "searchindex_filename")
        expect(named, "sphinx", "ask its builder for the name of the search index")
        app.builder.searchindex_filename = str(Path(app.doctreedir, "searchindex.js"))


def _record(app: Sphinx, docname: str) -> Path:
    return Path(app.doctreedir, "passages", f"{docname}.json")


def note_passages(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Keep the passages of a page, with all numbers in them, until every page is written."""
    if app.builder.name != "html" or doctree is None or not in_site(app.env, docname):
        return
    path = _record(app, docname)
    path.parent.mkdir(parents=True, exist_ok=True)
    page = [docname, app.env.titles[docname].astext(), asked(docname), passages(doctree, docname)]
    path.write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")


def write_passages(app: Sphinx, fault: Exception | None) -> None:
    """Write the passages of all pages into the one file that the search page loads."""
    if fault or app.builder.name != "html":
        return
    site = Path(app.outdir)
    stems = (site / "_static" / "language_data.js").read_text(encoding="utf-8")
    for part in STEMS:
        expect(part in stems, "sphinx", f"write {part!r} into language_data.js")
    page = (site / "search.html").read_text(encoding="utf-8")
    expect(FILE in page, "furo", "have the blocks that docs/_templates/search.html fills")
    pages = [
        json.loads(_record(app, docname).read_text(encoding="utf-8"))
        for docname in sorted(app.env.found_docs)
        if in_site(app.env, docname)
    ]
    same = [[phrase, *others] for phrase, others in topics()["same"].items()]
    lines = ",\n".join(_compact(page) for page in pages)
    text = f"search.read([\n{lines}\n], {_compact(same)});\n"
    (site / FILE).write_text(text, encoding="utf-8")


def _compact(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_search_language(SearchSite)
