"""Furniture: how a page of the gallery is laid out for who reads it.

A script is written in the order in which it runs. Its page has the answer first, the figure under
it, what can be taken away, and then the sections of the script, with code that only sets up or
draws folded and each check as a row of a table. The author says otherwise by a word behind the mark
of a cell: ``# %% open`` or ``# %% folded``.

What each cell has printed, as docutils read it, and what it has drawn stays in the tree, for the
notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from symlib.claims import Check

from . import ledger, pages
from .expect import expect

PAGE = re.compile(r"gallery/\w+/plot_\w+")
FOLDED = ("set-up", "the-figure")  # sections that set up and draw
LINES = re.compile(r"GENERATED FROM PYTHON SOURCE LINES (\d+)-\d+")
SHOW = "plt.show()"
HEADING = re.compile(r"^claim +what +measured +expected .*\n", re.MULTILINE)
RUN = "how_to/run_a_page"
KINDS = {
    ".py": "Script (.py)",
    ".ipynb": "Notebook (.ipynb)",
    ".zip": "All, with the library (.zip)",
}
OPEN = '<details class="code"><summary>Show the code</summary>'
BUTTON = '<button type="button" class="unfold">Show all code</button>'
SCRIPT = "unfold.js"
NAMED_FOLD = re.compile(r'<details[^>]* id="')


def arrange(app: Sphinx, doctree: nodes.document) -> None:
    """Lay out a page of the gallery."""
    docname = app.env.docname
    if not PAGE.fullmatch(docname):
        return
    (title, *_) = doctree.findall(nodes.title)
    page = title.parent
    answer = next(one for one in page.children if isinstance(one, nodes.paragraph))
    doctree["cells"] = list(cells(doctree))
    expect(doctree["cells"], "sphinx-gallery", "write the code of a page as blocks of Python")
    downloads = [*doctree.findall(addnodes.download_reference)]
    for only in [*doctree.findall(addnodes.only)]:
        only.parent.remove(only)  # the links that sphinx-gallery puts at the end, and says so
    at = page.index(answer) + 1
    page.insert(at, take_away(app, downloads))
    if drawn := [*doctree.findall(nodes.image)]:
        figure = drawn[0]
        figure.parent.remove(figure)
        page.insert(at, nodes.container("", figure, classes=["page-figure"], is_div=True))
    fold(doctree, Path(app.srcdir, f"{docname}.py"))
    tabulate(doctree, docname)


def cells(doctree: nodes.document) -> Iterator[dict[str, Any]]:
    """Yield what each cell of code has printed and drawn, in the order of the script."""
    found: dict[str, Any] | None = None
    for node in doctree.findall(lambda one: isinstance(one, nodes.literal_block | nodes.image)):
        if isinstance(node, nodes.image):
            assert found is not None, node
            found["drawn"].append((node["uri"], node["alt"]))
        elif is_output(node):
            assert found is not None, node
            found["printed"] += f"{node.astext()}\n"
        elif node.get("language") == "Python":
            if found is not None:
                yield found
            found = {"printed": "", "drawn": []}
    if found is not None:
        yield found


def is_output(node: nodes.Element) -> bool:
    """Tell whether a block is what a cell has printed."""
    return "sphx-glr-script-out" in node["classes"]


def take_away(app: Sphinx, downloads: list[addnodes.download_reference]) -> nodes.bullet_list:
    """Return the links to what can be taken away, how to run it, and what unfolds the code."""
    row = nodes.bullet_list(classes=["take-away"])
    offers = {Path(one["reftarget"]).suffix: one for one in downloads}
    for kind, words in KINDS.items():
        if kind in offers:
            link = offers[kind].copy()  # without the words within it
            link += nodes.Text(words)
            row += nodes.list_item("", nodes.paragraph("", "", link))
    expect(len(row) == len(KINDS), "sphinx-gallery", "offer each page in three kinds")
    if RUN in app.env.found_docs:
        words = nodes.inline("", "How to run it")
        about = {"refdomain": "std", "reftype": "doc", "refexplicit": True, "refwarn": True}
        link = addnodes.pending_xref("", words, reftarget=f"/{RUN}", **about)
        link["refdoc"] = app.env.docname
        row += nodes.list_item("", nodes.paragraph("", "", link))
    row += nodes.list_item("", nodes.raw("", BUTTON, format="html"))
    return row


def fold(doctree: nodes.document, script: Path) -> None:
    """Fold the code that only sets up or draws, or what the author says."""
    source = script.read_text(encoding="utf-8").splitlines()
    line = 0
    for node in [
        *doctree.findall(lambda one: isinstance(one, nodes.comment | nodes.literal_block))
    ]:
        if isinstance(node, nodes.comment):
            said = LINES.match(node.astext())
            line = int(said[1]) if said else line
        elif node.get("language") == "Python":
            expect(line > 0, "sphinx-gallery", "say before a block from which lines it comes")
            before = source[:line]
            line = 0
            if node.astext().strip() == SHOW:  # in the notebook and the script, for no reader here
                node.parent.remove(node)
            elif is_folded(node, before):
                at = node.parent.index(node)
                node.parent.insert(at, nodes.raw("", OPEN, format="html"))
                node.parent.insert(at + 2, nodes.raw("", "</details>", format="html"))


def is_folded(code: nodes.literal_block, before: list[str]) -> bool:
    """Tell whether a block is folded: as the mark of its cell says, or as its section is."""
    marks = [mark for line in before if (mark := pages.MARK.fullmatch(line))]
    if marks and marks[-1][1]:
        return bool(marks[-1][1] == "folded")
    return bool(set(FOLDED) & set(code.parent["ids"]))


def tabulate(doctree: nodes.document, docname: str) -> None:
    """Put the lines that checks have printed into tables; what else is printed stays."""
    checks = list(ledger.checks_of(docname))
    blocks = [block for block in doctree.findall(nodes.literal_block) if is_output(block)]
    expect(blocks or not checks, "sphinx-gallery", "mark a block as what a cell has printed")
    for block in blocks:
        rest = []
        rows = []
        for line in HEADING.sub("", f"{block.astext()}\n").splitlines():
            if checks and is_line_of(checks[0], line):
                rows.append(checks.pop(0))
            else:
                rest.append(line)
        if rows:
            table = ledger.table_of_page(rows)
            block.parent.insert(block.parent.index(block) + 1, table)
        text = "\n".join(rest)
        if text.strip():
            block.clear()
            block += nodes.Text(text)
            block.rawsource = text
        else:
            block.parent.remove(block)
    if blocks and checks:
        one = checks[0]
        raise ExtensionError(
            f"{docname} has made the check {one.what!r} of {one.claim}, and has not printed it"
        )


def is_line_of(check: Check, line: str) -> bool:
    """Tell whether a printed line is that of a check."""
    return re.split(" {2,}", line.strip()) == [check.claim, check.what, *check.texts]


def load(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Let a page with folds that have names, or a button for them, load the script that opens."""
    body = context.get("body", "")
    if BUTTON in body or NAMED_FOLD.search(body):
        app.add_js_file(SCRIPT, loading_method="defer")
