"""Topics: the tags of the gallery, and the words in which people ask, from ``docs/topics.toml``.

Tags are shown, under each page and in a list of their own. What people ask goes into the keywords
of a page, where search engines find it, and into the search of the site, which also reads which
phrases mean the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .faults import Fault

FILE = "docs/topics.toml"
TOPICS = Path(__file__).parents[3] / FILE
TAGS = "reference/tags"
LONGEST = 4  # words of a phrase that means the same as another; search.js reads as many


@cache
def topics() -> dict[str, Any]:
    """Return the table of topics."""
    return tomllib.loads(TOPICS.read_text(encoding="utf-8"))


def asked(docname: str) -> list[str]:
    """Return what people ask whom the page ``docname`` answers."""
    entry = topics()["gallery"].get(docname.removeprefix("gallery/"), {})
    return (entry or topics()["pages"].get(docname, {})).get("asked", [])


def tags(page: str) -> list[str]:
    """Return the tags of a page of the gallery, such as ``symmetry/plot_tied_units``."""
    return topics()["gallery"].get(page, {}).get("tags", [])


def anchor(tag: str) -> str:
    """Return the place of a tag in the list of tags."""
    return "tag-" + nodes.make_id(tag)


def find_faults(table: dict[str, Any], pages: set[str]) -> Iterator[Fault]:
    """Yield a fault for each tag or page of the table that is missing or one too many."""
    listed = table["gallery"]
    for page in sorted(set(listed) - pages):
        yield Fault(FILE, 0, f"[gallery] has the page {page}, and there is none: take it out")
    for page in sorted(pages):
        yield from _faults_of_page(table, page)
    phrases = [one for first, others in table["same"].items() for one in (first, *others)]
    for phrase in phrases:
        if len(phrase.split()) > LONGEST or phrases.count(phrase) > 1:
            sentence = f"[same] must have {phrase!r} once, in at most {LONGEST} words"
            yield Fault(FILE, 0, f"{sentence}: change it")
    used = [tag for entry in listed.values() for tag in entry["tags"]]
    for tag in table["tags"]:
        count = used.count(tag)
        if count < min(2, len(pages)):
            sentence = f"the tag {tag!r} must be on at least two pages, it is on {count}"
            yield Fault(FILE, 0, f"{sentence}: give it to another one, or take it out of [tags]")


def _faults_of_page(table: dict[str, Any], page: str) -> Iterator[Fault]:
    file = f"gallery/{page}.py"
    if page not in table["gallery"]:
        entry = f'"{page}" = {{ tags = [...], asked = [...] }}'
        yield Fault(file, 0, f"the page has no tags: add {entry} to [gallery] in {FILE}")
        return
    own = table["gallery"][page]["tags"]
    if not own or len(set(own)) < len(own):
        yield Fault(file, 0, f"a page must have tags, each once, it has {own}: change {FILE}")
    for tag in sorted(set(own) - set(table["tags"])):
        known = ", ".join(table["tags"])
        yield Fault(file, 0, f"its tag {tag!r} is none of {known}: change [tags] or it in {FILE}")


def add_keywords(app: Sphinx, doctree: nodes.document) -> None:
    """Write what people ask into the keywords of a page."""
    app.env.note_dependency(str(TOPICS))
    if words := asked(app.env.docname):
        doctree.insert(0, nodes.meta(name="keywords", content=", ".join(words)))


class TagList(SphinxDirective):
    """List each tag with its pages."""

    def run(self) -> list[nodes.Node]:
        """Return one section for each tag."""
        self.env.note_dependency(str(TOPICS))
        answer: list[nodes.Node] = []
        for tag, covers in topics()["tags"].items():
            section = nodes.section(ids=[anchor(tag)], names=[tag.lower()])
            section += nodes.title("", tag[0].upper() + tag[1:])
            pages = [page for page in topics()["gallery"] if tag in tags(page)]
            links = [
                f"- {{doc}}`/gallery/{page}`"
                for page in pages
                if f"gallery/{page}" in self.env.found_docs
            ]
            section += self.parse_text_to_nodes("\n".join([covers, "", *links]))
            answer.append(section)
        return answer


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_directive("tag-list", TagList)
