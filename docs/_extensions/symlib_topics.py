"""Topics: the tags of the gallery, and the words in which people ask, from ``docs/topics.toml``.

Tags are shown, under each page and in a list of their own. What people ask goes into the keywords
of a page, where the search of the site and search engines find it.
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

TOPICS = Path(__file__).parents[1] / "topics.toml"
TAGS = "reference/tags"


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


def find_faults(table: dict[str, Any], pages: set[str]) -> Iterator[str]:
    """Yield a sentence for each tag or page of the table that is missing or one too many."""
    listed = table["gallery"]
    for page in sorted(pages ^ set(listed)):
        yield f"docs/topics.toml and the gallery disagree about the page {page}"
    used = [tag for entry in listed.values() for tag in entry["tags"]]
    for tag in sorted(set(used) - set(table["tags"])):
        yield f"the tag {tag!r} is used, and is not one of the listed ones"
    for tag in table["tags"]:
        if used.count(tag) < 2:
            yield f"the tag {tag!r} must be on at least two pages, it is on {used.count(tag)}"
    for page, entry in listed.items():
        if not entry["tags"] or len(set(entry["tags"])) < len(entry["tags"]):
            yield f"the page {page} must have tags, each once, it has {entry['tags']}"


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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", add_keywords)
    app.add_directive("tag-list", TagList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
