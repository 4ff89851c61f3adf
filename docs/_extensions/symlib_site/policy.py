"""Policy: what a browser may do with a page of this site, said in the page itself.

Once everything is written, the build reads every page and puts a policy into its head, before
anything that the policy governs: nothing is allowed but files of the site itself, and the few
inline scripts and styles of that page, each named by its hash. A style or a handler in an attribute
has no hash: it is a fault.

A page cannot say who may frame it, or what its host sends besides. These rules stand in the file
``_headers`` at the root of the site, which some hosts of static sites read (GitHub Pages does not),
together with one policy for all pages and for the figures.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
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
UNUSED = ("connect-src", "object-src", "frame-src", "worker-src", "manifest-src", "media-src")
CHARSET = '<meta charset="utf-8">'  # the first tag in the head of a page
POLICY = '<meta http-equiv="Content-Security-Policy"'
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


def digest(text: str) -> str:
    """Return the name of an inline script or style in a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(scripts: Iterable[str], styles: Iterable[str]) -> dict[str, list[str]]:
    """Return what is allowed: the site itself, and these inline scripts and styles."""
    return {
        "default-src": ["'self'"],  # Firefox fetches the next page ahead, which no other rule names
        **{kind: ["'none'"] for kind in UNUSED},
        "script-src": ["'self'", *sorted(map(digest, scripts))],
        "style-src": ["'self'", *sorted(map(digest, styles))],
        "img-src": ["'self'", "data:"],  # the icons in the style sheets of the theme
        "font-src": ["data:"],  # the font of formulas, in its style sheet
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }


def written(rules: dict[str, list[str]]) -> str:
    """Return a policy as browsers read it."""
    return "; ".join(" ".join([kind, *sources]) for kind, sources in rules.items())


def with_policy(page: str, found: dict[str, set[str]]) -> str:
    """Return a page with the policy that allows its own inline scripts and styles."""
    if page.count(CHARSET) != 1:
        raise ExtensionError(
            f"the policy of a page stands behind {CHARSET}, which the theme furo no longer writes "
            "once on each page: see where its head begins, and change CHARSET in policy.py"
        )
    rules = written(policy(found["script"], found["style"]))
    tag = f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
    return page.replace(CHARSET, CHARSET + tag)


def write_policies(site: Path) -> list[tuple[str, str]]:
    """Put its policy into each page; return the attributes that no policy allows, and their pages.

    The headers are written too, as they need all inline scripts and styles of the site.
    """
    everywhere: dict[str, set[str]] = {"script": set(), "style": set()}
    faults = []
    for path in sorted([*site.rglob("*.html"), *site.rglob("*.svg")]):
        text = path.read_text(encoding="utf-8")
        page = Inline(text)
        for kind, texts in page.found.items():
            everywhere[kind] |= texts
        if path.suffix == ".html":
            name = path.relative_to(site).as_posix()
            faults += [(attribute, name) for attribute in page.attributes]
            if POLICY not in text:  # an earlier version beside this one has its own
                path.write_text(with_policy(text, page.found), encoding="utf-8")
    rules = policy(everywhere["script"], everywhere["style"]) | {"frame-ancestors": ["'none'"]}
    headers = {"Content-Security-Policy": written(rules)} | HEADERS
    lines = ["/*", *(f"  {name}: {value}" for name, value in headers.items())]
    lines += ["/_static/*", f"  Cache-Control: {CACHED}"]
    (site / "_headers").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return faults


def finish(app: Sphinx, fault: Exception | None) -> None:
    """Write the policies, once everything else is there; a draft or a live build has none."""
    unfinished = app.tags.has("live") or app.config.symlib_draft
    if fault or app.builder.format != "html" or unfinished:
        return
    for attribute, page in write_policies(Path(app.outdir)):
        logger.warning("no policy allows %s, which is in %s", attribute, page)
