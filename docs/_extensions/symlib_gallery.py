"""Gallery: the order of pages, and a fresh state before each of them.

Sphinx-gallery is given the functions of this module by their dotted names.
"""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import symlib_figures
import symlib_ledger
from docutils import nodes
from sphinx.application import Sphinx

from symlib import claims

GALLERY = Path(__file__).parents[2] / "gallery"
TAG_LIST = "<div id='sg-tag-list' class='sphx-glr-tag-list'></div>"
SECTIONS = (
    "symmetry",
    "null_spaces",
    "random_matrices",
    "separation",
    "convergence",
    "designs",
)


@cache
def _reading_order() -> tuple[str, ...]:
    """Return the pages in the order in which the ledger first names them."""
    return tuple(
        dict.fromkeys(Path(page).name for claim in claims.ledger() for page in claim.pages)
    )


def section_order(folder: str) -> int:
    """Return the place of a gallery's folder in the argument."""
    return SECTIONS.index(Path(folder).name)


def page_order(script: str) -> int:
    """Return the place of a page in its section."""
    return _reading_order().index(Path(script).stem)


_filters: list[Any] = []


def reset(gallery_conf: dict[str, Any], script: str, when: str) -> None:
    """Give every page the same start: the style of the site, warnings as errors, a new record."""
    if when == "after":
        symlib_ledger.end_record()
        warnings.filters[:] = _filters  # type: ignore[index]
        return
    plt.close("all")
    mpl.rcdefaults()
    plt.style.use(symlib_figures.STYLE)
    (page,) = GALLERY.glob(f"*/{script}")
    symlib_ledger.start_record(f"gallery/{page.parent.name}/{page.stem}")
    _filters[:] = warnings.filters
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*non-interactive.*", category=UserWarning)


def drop_tag_lists(app: Sphinx, doctree: nodes.document) -> None:
    """Take out the empty lists of tags, which repeat one id on a page."""
    for raw in list(doctree.findall(nodes.raw)):
        raw.rawsource = raw.astext().replace(TAG_LIST, "")
        raw.children = [nodes.Text(raw.rawsource)]


def say_what_is_checked(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the claims of a gallery page, and the explanation that needs them, under its title."""
    mine = [one for one in claims.ledger() if docname.removeprefix("gallery/") in one.pages]
    title = next(iter(doctree.findall(nodes.title)), None)
    if not mine or title is None:
        return
    line = nodes.paragraph(classes=["claim-line"])
    line += nodes.Text("Checks " + ", ".join(one.id for one in mine))
    explanation = f"explanation/{mine[0].explanation}"
    if explanation in app.env.found_docs:
        line += nodes.Text(" · explained in ")
        line += nodes.reference(
            "",
            app.env.titles[explanation].astext(),
            internal=True,
            refuri=app.builder.get_relative_uri(docname, explanation),
        )
    title.parent.insert(title.parent.index(title) + 1, line)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", drop_tag_lists)
    app.connect("doctree-resolved", say_what_is_checked, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
