"""Gallery: the order of pages, a fresh state before each of them, and links around them.

Each page links to its claims, to what explains it, to what comes before and next, to the functions
it uses and to its tags; each explanation to the pages that it rests on. All of that is derived from
the ledger, the order of the pages and their imports.

Sphinx-gallery is given functions of this module by their dotted names.
"""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.smartquotes import smartyPants
from sphinx.application import Sphinx

from . import entries, figures, ledger, reference, seconds, topics
from .expect import expect

TILE = re.compile(r'(<div class="sphx-glr-thumbcontainer") tooltip="([^"]*)">')
TITLE = re.compile(r'(<div class="sphx-glr-thumbnail-title">)(.*?)(</div>)')
TAG_LIST = "<div id='sg-tag-list' class='sphx-glr-tag-list'></div>"


@cache
def _reading_order() -> tuple[str, ...]:
    """Return the pages in the order in which the ledger first names them."""
    named = [Path(page).name for claim in entries.ledger() for page in claim.pages]
    return tuple(dict.fromkeys(named))


def section_order(folder: str) -> int:
    """Return the place of a gallery's folder in the argument; what is no part of it comes last."""
    folders = [part.folder for part in entries.parts()]
    name = Path(folder).name
    return folders.index(name) if name in folders else len(folders)


def page_order(script: str) -> int:
    """Return the place of a page in its section; what no claim names, as in a draft, comes last."""
    pages = _reading_order()
    name = Path(script).stem
    return pages.index(name) if name in pages else len(pages)


_filters: list[Any] = []


def reset(gallery_conf: dict[str, Any], script: str, when: str) -> None:
    """Give every page the same start: the style of the site, warnings as errors, a new record."""
    if when == "after":
        seconds.stop()
        ledger.end_record()
        warnings.filters[:] = _filters  # type: ignore[index]
        return
    import matplotlib as mpl
    import matplotlib.pyplot as plt  # here, as only who executes a page needs it

    plt.close("all")
    mpl.rcdefaults()
    plt.style.use(figures.STYLE)
    (page,) = reference.GALLERY.glob(f"*/{script}")
    docname = f"gallery/{page.parent.name}/{page.stem}"
    ledger.start_record(docname)
    seconds.start(docname)
    _filters[:] = warnings.filters
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*non-interactive.*", category=UserWarning)


def drop_tag_lists(app: Sphinx, doctree: nodes.document) -> None:
    """Take out the empty lists of tags, which repeat one id on a page.

    Sphinx-gallery has tags of its own. Their list is made of elements that a keyboard cannot reach,
    so that this site has a page of tags instead.
    """
    for raw in list(doctree.findall(nodes.raw)):
        raw.rawsource = raw.astext().replace(TAG_LIST, "")
        raw.clear()
        raw += nodes.Text(raw.rawsource)
        expect("sg-tag-list" not in raw.rawsource, "sphinx-gallery", f"write {TAG_LIST}")


def show_answers(app: Sphinx, doctree: nodes.document) -> None:
    """Show the answer of each page below its title, where sphinx-gallery has it as a tooltip.

    A tooltip is for who has a pointer, and a tile without its answer is a picture among forty.
    """
    docname = app.env.docname
    if not (docname.startswith("gallery/") and docname.endswith("index")):
        return
    answer = ""
    for raw in list(doctree.findall(nodes.raw)):
        text = raw.astext()
        if tile := TILE.search(text):
            answer = tile[2]
            text = TILE.sub(r"\1>", text)
        elif title := TITLE.search(text):
            expect(answer, "sphinx-gallery", "write the answer of a page before its title")
            words = f'{_smart(title[2])}<span class="answer">{_smart(answer)}</span>'
            text = TITLE.sub(lambda found, words=words: f"{found[1]}{words}{found[3]}", text)
            answer = ""
        raw.rawsource = text
        raw.clear()
        raw += nodes.Text(text)


def _smart(text: str) -> str:
    """Return a text of HTML with the quotes that Sphinx gives to prose."""
    return html.escape(smartyPants(html.unescape(text), "qe"), quote=False)


def path_of_pages() -> list[str]:
    """Return the pages in the order of the argument: by section, then as the ledger names them."""

    def place(page: str) -> tuple[int, int]:
        folder, script = page.split("/")
        return section_order(folder), page_order(script)

    return sorted(reference.pages_in_gallery(), key=place)


@cache
def pages_of(source: Path) -> tuple[str, ...]:
    """Return the pages that an explanation rests on: those of its claims, and its figures."""
    claims = entries.ledger()
    mine = [page for one in claims if one.explanation == source.stem for page in one.pages]
    text = source.read_text(encoding="utf-8")
    shown = re.findall(r"^```\{gallery-figure\} (\S+)", text, flags=re.MULTILINE)
    named = [page for one in claims if one.id in text for page in one.pages]
    together = {*mine, *shown} or set(named)  # the first explanation has neither
    return tuple(page for page in path_of_pages() if page in together)


def add_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the links of a page of the gallery, or of an explanation, under its title and its end."""
    folder, _, page = docname.partition("/")
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is None or not (folder == "explanation" or page in path_of_pages()):
        return
    to = Links(app, docname)
    rows: dict[str, list[nodes.Node]] = {}
    if folder == "explanation":
        rows["Measured on"] = _joined(
            [to.page(f"gallery/{one}"), nodes.Text(f" ({', '.join(_claims_of(one))})")]
            for one in pages_of(Path(app.srcdir, f"{docname}.md"))
            if f"gallery/{one}" in app.env.found_docs
        )
    else:
        explained = _joined(
            [to.page(one)]
            for one in sorted(app.env.found_docs, key=_place_of_explanation)
            if one.startswith("explanation/") and page in pages_of(Path(app.srcdir, f"{one}.md"))
        )
        line = nodes.paragraph(classes=["claim-line"])
        line += nodes.Text("Checks " + ", ".join(_claims_of(page)))
        if explained:
            line += [nodes.Text(" · explained in "), *explained]
        title.parent.insert(title.parent.index(title) + 1, line)
        rows["Part"] = [to.page(f"{docname.rpartition('/')[0]}/index")]
        path = path_of_pages()
        at = path.index(page)
        rows["Before"] = _joined([to.page(f"gallery/{one}")] for one in path[max(at - 1, 0) : at])
        rows["Next"] = _joined([to.page(f"gallery/{one}")] for one in path[at + 1 : at + 2])
        rows["Uses"] = _joined(
            [to.function(name)] for name in reference.functions_of(page) if to.function(name)
        )
        rows["Tags"] = _joined([to.tag(tag)] for tag in topics.tags(page))
    title.parent += _table({name: cell for name, cell in rows.items() if cell})


class Links:
    """Links from one page to others, each a node."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.app, self.docname = app, docname

    def page(self, other: str) -> nodes.Node:
        """Return a link to another page, by its title."""
        return self._to(other, self.app.env.titles[other].astext())

    def function(self, name: str) -> nodes.Node | None:
        """Return a link to the entry of a function in the reference, if there is one."""
        entry = self.app.env.get_domain("py").objects.get(name)  # type: ignore[attr-defined]
        if entry is None:
            return None
        short = name.removeprefix("symlib.")
        return self._to(entry.docname, "", entry.node_id, nodes.literal("", short))

    def tag(self, tag: str) -> nodes.Node:
        """Return a link to the pages of a tag."""
        if topics.TAGS not in self.app.env.found_docs:
            return nodes.Text(tag)
        return self._to(topics.TAGS, tag, topics.anchor(tag))

    def _to(self, other: str, text: str, place: str = "", *inside: nodes.Node) -> nodes.Node:
        address = self.app.builder.get_relative_uri(self.docname, other)
        address += f"#{place}" if place else ""
        return nodes.reference("", text, *inside, internal=True, refuri=address)


def _claims_of(page: str) -> list[str]:
    return [one.id for one in entries.ledger() if page in one.pages]


@cache
def _explanations() -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.explanation for one in entries.ledger()))


def _place_of_explanation(docname: str) -> tuple[int, str]:
    """Return what sorts explanations: as the ledger names them, and the others by their names."""
    name = docname.removeprefix("explanation/")
    known = _explanations()
    return (known.index(name) if name in known else len(known)), name


def _joined(cells: Iterable[list[nodes.Node]]) -> list[nodes.Node]:
    pieces: list[nodes.Node] = []
    for cell in cells:
        pieces += [nodes.Text(" · "), *cell] if pieces else cell
    return pieces


def _table(rows: dict[str, list[nodes.Node]]) -> nodes.Node:
    fields = nodes.field_list(classes=["page-links", "no-search"])
    for name, cell in rows.items():
        body = nodes.paragraph()
        body += cell
        fields += nodes.field("", nodes.field_name("", name), nodes.field_body("", body))
    return fields
