"""Lean: a page loads the styles and scripts of other extensions only where it uses them.

Extensions give their files to every page. What is asked for here is the mark that each of them
leaves on a page that needs it; files that are not named are left alone.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

USED = {
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
    "design-tabs": r'class="[^"]*\bsd-tab',
    "mystnb": r'class="[^"]*\bcell',
    "sg-tags": "sphx-glr-tag",
    "sg_gallery": "sphx-glr",
    "sg_gallery-binder": "binder-badge",
    "sg_gallery-dataframe": "sphx-glr-dataframe|rendered_html",
    "sg_gallery-rendered-html": "rendered_html",
    "sphinx-design": r'class="[^"]*\bsd-',
}


def is_used(address: str, body: str) -> bool:
    """Tell whether a page with this body uses a file, as far as that is known."""
    name = PurePosixPath(address.partition("?")[0]).name.partition(".")[0]
    return name not in USED or re.search(USED[name], body) is not None


def spare(
    app: Sphinx,
    docname: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Leave out of a page what it does not use."""
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        context[kind] = [one for one in context[kind] if is_used(str(one.filename), body)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", spare, priority=950)  # when the body is complete
    return {"parallel_read_safe": True, "parallel_write_safe": True}
