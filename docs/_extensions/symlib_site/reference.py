"""Reference: which pages use a function, and which functions a page uses.

The fields of a record are told in its docstring, not listed a second time.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

GALLERY = Path(__file__).parents[3] / "gallery"


@cache
def pages_in_gallery() -> tuple[str, ...]:
    """Return the pages of the gallery, such as ``symmetry/plot_tied_units``."""
    scripts = sorted(GALLERY.glob("*/plot_*.py"))
    return tuple(f"{script.parent.name}/{script.stem}" for script in scripts)


@cache
def functions_of(page: str) -> tuple[str, ...]:
    """Return the full names of what a page of the gallery uses of the library, in order."""
    return used_in((GALLERY / f"{page}.py").read_text(encoding="utf-8"))


def used_in(script: str) -> tuple[str, ...]:
    """Return the full names of the functions and classes of the library that a script uses.

    >>> used_in("from symlib import weights as w; from symlib.claims import check; w.he((2, 2))")
    ('symlib.weights.he',)
    """
    nodes = list(ast.walk(ast.parse(script)))
    known = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("symlib.")
        for alias in node.names
    }
    used = {known[node.id] for node in nodes if isinstance(node, ast.Name) and node.id in known}
    used |= {
        f"{known[node.value.id]}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in known
    }
    return tuple(sorted(name for name in used if name.count(".") == 2))  # not modules or methods


@cache
def used_everywhere() -> frozenset[str]:
    """Return the functions that every page of the gallery uses: they tell nothing about one."""
    return frozenset.intersection(*(frozenset(functions_of(page)) for page in pages_in_gallery()))


def list_pages(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Close the entry of a function or a class with the pages of the gallery that use it."""
    pages = [page for page in pages_in_gallery() if name in functions_of(page)]
    if what not in ("class", "function") or not pages:
        return
    if name in used_everywhere():
        links = "every page of the :doc:`gallery </gallery/index>`"
    else:
        links = " · ".join(f":doc:`/gallery/{page}`" for page in pages)
    lines += ["", ".. container:: used-on no-search", "", f"   **Used on** {links}", ""]


def skip_field(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the automatic entries ("Alias for field number 0") of a named tuple."""
    return True if type(member).__name__ == "_tuplegetter" else None
