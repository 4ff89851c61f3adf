"""Policy: what a browser may do with this site, said in the headers that the site asks for.

The build reads every page it has written, and leaves in the site the file ``_headers``, which many
hosts of static sites read. Nothing is allowed but files of the site itself, and the few inline
scripts and styles that are there, each named by its hash. A style or a handler in an attribute has
no hash: it is a fault.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

PROGRAMS = {"", "module", "text/javascript"}  # other types of script are data, which nothing runs
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
}
SUSPECT = re.compile(r"""[\s"'/](style|on\w+)\s*=|script:""", re.IGNORECASE)
BLOCK = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
CACHED = "public, max-age=86400, stale-while-revalidate=604800"  # not all names change with content


class Inline(HTMLParser):
    """The scripts and styles that stand in a page itself, and those in attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, set[str]] = {"script": set(), "style": set()}
        self.attributes: list[str] = []
        self._inside, self._text = "", ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down attributes, and enter a script or a style."""
        has = {name: value or "" for name, value in attrs}
        self.attributes += [
            f'<{tag} {name}="{value}">'
            for name, value in has.items()
            if name == "style" or name.startswith("on") or value.startswith("javascript:")
        ]
        program = tag == "script" and "src" not in has and has.get("type", "") in PROGRAMS
        self._inside, self._text = tag if program or tag == "style" else "", ""

    def handle_data(self, data: str) -> None:
        """Gather what stands inside; it may come in pieces."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Leave what was entered."""
        if tag == self._inside:
            self.found[tag].add(self._text)
        self._inside = ""


def inline(text: str) -> Inline:
    """Read a page; one without a trace of a style or handler in an attribute need not be parsed."""
    if not SUSPECT.search(html.unescape(text)):
        text = "".join(block[0] for block in BLOCK.finditer(text))
    return Inline(text)


def digest(text: str) -> str:
    """Return the name of an inline script or style in a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return a policy that allows the site itself, and these inline scripts and styles."""
    allowed = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *sorted(map(digest, scripts))],
        "style-src": ["'self'", *sorted(map(digest, styles))],
        "img-src": ["'self'", "data:"],  # the icons in the style sheets of the theme
        "font-src": ["'self'"],
        "connect-src": ["'self'"],  # the search shows a piece of each page it finds
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(" ".join([kind, *sources]) for kind, sources in allowed.items())


def write_headers(site: Path) -> list[tuple[str, str]]:
    """Write the headers of a site; return the attributes that no policy allows, and their pages."""
    found: dict[str, set[str]] = {"script": set(), "style": set()}
    faults = []
    for path in sorted([*site.rglob("*.html"), *site.rglob("*.svg")]):
        page = inline(path.read_text(encoding="utf-8"))
        for kind, texts in page.found.items():
            found[kind] |= texts
        if path.suffix == ".html":
            name = path.relative_to(site).as_posix()
            faults += [(attribute, name) for attribute in page.attributes]
    headers = {"Content-Security-Policy": policy(found["script"], found["style"])} | HEADERS
    lines = ["/*", *(f"  {name}: {value}" for name, value in headers.items())]
    lines += ["/_static/*", f"  Cache-Control: {CACHED}"]
    (site / "_headers").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return faults


def finish(app: Sphinx, fault: Exception | None) -> None:
    """Write the headers of the site, once everything else is there."""
    if fault or app.builder.format != "html" or app.tags.has("live"):
        return
    for attribute, page in write_headers(Path(app.outdir)):
        logger.warning("no policy allows %s, which is in %s", attribute, page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", finish, priority=990)  # after all that write pages
    return {"parallel_read_safe": True, "parallel_write_safe": True}
