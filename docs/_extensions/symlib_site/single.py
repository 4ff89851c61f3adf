"""Single: the explanations once more as one page, to be printed or read in one go.

Sphinx's builder of single pages puts it together from what the pages were written from, once
everything else is there: nothing is executed again. Two pages may use the same id, so that each id
begins with the name of its page here. Links to other pages of the site stay what they are.
"""

from __future__ import annotations

from collections.abc import Set
from posixpath import basename, dirname, join, normpath
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder

from . import interactive, math
from .expect import expect
from .whole import FileLink

NAME = "explanations"
TITLE = "The explanations on one page"
FOLDER = "explanation/"
PLACE = "#document-"  # how Sphinx's builder begins the address of a page within the single one


class Explanations(SingleFileHTMLBuilder):
    """The page of all explanations, which lies at the root of the site."""

    name = "singlehtml"  # the writer asks for this name

    # An address is that from the page on which it stands, as it is there; `moved` sees to the rest.
    get_relative_uri = StandaloneHTMLBuilder.get_relative_uri

    def init(self) -> None:
        """Begin, and note the scripts and styles that all pages load."""
        super().init()
        self._everywhere = [*self._registry.css_files], [*self._registry.js_files]

    def prepare_writing(self, docnames: Set[str]) -> None:
        """Leave out what single pages have asked for since: one process may have written them."""
        self._registry.css_files[:], self._registry.js_files[:] = self._everywhere
        super().prepare_writing(docnames)

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Return the address of a page; in the navigation explanations stay pages of their own."""
        return f"{docname}{self.out_suffix}"

    def assemble_doctree(self) -> nodes.document:
        """Return the explanations in the order in which the first page lists them."""
        root = self.config.root_doc
        listed = self.env.toctree_includes[root]
        docnames = [docname for docname in listed if docname.startswith(FOLDER)]
        section = nodes.section("", nodes.title("", TITLE), ids=[NAME])
        for docname in docnames:
            page = self.env.get_and_resolve_doctree(docname, self)
            part = addnodes.start_of_file("", *page.children, docname=docname)
            keep_apart(part, docnames)
            section += part
        whole = self.env.get_doctree(root)
        whole.children = []
        whole += section
        return whole

    def get_doc_context(self, docname: str, body: str, metatags: str) -> dict[str, Any]:
        """Return what the theme needs; who searches is to find the pages themselves."""
        context = super().get_doc_context(docname, body, metatags)
        metatags = '<meta name="robots" content="noindex">'
        return context | {"title": TITLE, "metatags": metatags, "toc": "", "display_toc": False}

    def handle_page(
        self,
        pagename: str,
        addctx: dict[str, Any],
        templatename: str = "page.html",
        outfilename: Any = None,
        event_arg: Any = None,
    ) -> None:
        """Write the page under its own name, as one that no single source belongs to."""
        expect(f'id="{PLACE[1:]}' in addctx["body"], "sphinx", "mark where a page begins")
        super().handle_page(NAME, addctx, templatename)


def keep_apart(part: addnodes.start_of_file, docnames: list[str]) -> None:
    """Let the ids of a page begin with its name, and lead links to where they are now."""
    for link in [*part.findall(interactive.sets)]:
        link.replace_self(link.children)  # no script brings a figure to life here
    for figure in [*part.findall(interactive.interactive)]:
        classes = ["gallery-figure"]
        figure.replace_self(nodes.figure("", *figure.children, ids=figure["ids"], classes=classes))
    for image in part.findall(nodes.image):
        image["loading"] = "lazy"  # most are far down; a browser that prints fetches all
    for node in part.findall(nodes.Element):
        for names in ("ids", "backrefs"):
            if node.get(names):
                node[names] = [placed(part["docname"], one) for one in node[names]]
        if "refid" in node:
            node["refid"] = placed(part["docname"], node["refid"])
        if "refuri" in node:
            node["refuri"] = moved(node["refuri"], part["docname"], docnames)


def moved(address: str, docname: str, docnames: list[str]) -> str:
    """Return what an address that stands on a page is on the single page, at the root."""
    parts = urlsplit(address)
    if parts.scheme:
        return address
    if not parts.path:
        return f"#{placed(docname, parts.fragment)}"
    path = normpath(join(dirname(docname), parts.path))
    target = path.removesuffix(".html")
    if target not in docnames:
        return parts._replace(path=path).geturl()
    return f"#{placed(target, parts.fragment)}" if parts.fragment else f"{PLACE}{target}"


def placed(docname: str, place: str) -> str:
    """Return an id of a page as the single page has it."""
    return f"{basename(docname)}-{place}"


_builders: WeakKeyDictionary[Sphinx, Explanations] = WeakKeyDictionary()


def prepare(app: Sphinx) -> None:
    """Make the builder, before pages ask for scripts of their own, which it would load too."""
    if app.builder.format == "html" and not app.tags.has("live") and not app.config.symlib_draft:
        _builders[app] = Explanations(app, app.env)
        _builders[app].init()


def write(app: Sphinx, fault: Exception | None) -> None:
    """Write the page, once all that it holds is there."""
    builder = _builders.pop(app, None)
    if fault or builder is None:
        return
    builder.templates.environment.filters |= app.builder.templates.environment.filters
    builder.add_css_file(math.STYLE)
    builder.write_documents(set())


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_role("single-page", FileLink(f"{NAME}.html"))
