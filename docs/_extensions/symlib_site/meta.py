"""Meta: what a page says of itself to those who list it, and the files that they ask for.

Every page has a description, its first paragraph, and says what it is. Whatever must be a whole
address (the canonical one, the image of a card, the map of the site) is written where the address
of the site is known, and left out elsewhere.
"""

from __future__ import annotations

import html
import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from docutils import nodes
from sphinx.application import Sphinx

from . import cards, minutes, passages
from .twins import in_site

LONGEST = 160  # characters of a description that search engines show
LOST = "404"  # the page for addresses where nothing is
NO_PROSE = ("claim-line", minutes.CLASS, "page-links")
ARTICLES = ("explanation", "gallery", "study", "zoo")  # folders

# The page


def description(doctree: nodes.document) -> str:
    """Return the first paragraph of a page as plain text of at most 160 characters."""
    for paragraph in doctree.findall(nodes.paragraph):
        inside = isinstance(paragraph.parent, nodes.section | nodes.document)
        text = " ".join(passages.plain(paragraph).split())
        if inside and text and not set(NO_PROSE) & set(paragraph["classes"]):
            return shortened(text)
    return ""


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return whole sentences of a text, or, if the first is too long, whole words of it."""
    if len(text) <= longest:
        return text
    if sentences := re.match(rf".{{70,{longest - 1}}}[.?!](?=\s)", text):
        return sentences[0]
    return text[: longest - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def address(base: str, docname: str) -> str:
    """Return the whole address of a page; that of the first page is the site's."""
    return base.rstrip("/") + ("/" if docname == "index" else f"/{docname}.html")


def tags(about: dict[str, str]) -> str:
    """Return the tags of a head for a description, a title, a kind, and what is known besides."""
    lines = [_meta("name", "description", about["description"])] if about["description"] else []
    lines += [
        _meta("property", f"og:{name}", about[name])
        for name in ("title", "description", "type", "site_name", "url", "image")
        if about.get(name)
    ]
    if about.get("image"):
        lines += [
            _meta("property", "og:image:type", "image/png"),
            _meta("property", "og:image:width", str(cards.WIDTH)),
            _meta("property", "og:image:height", str(cards.HEIGHT)),
            _meta("property", "og:image:alt", about["alt"]),
            _meta("name", "twitter:image:alt", about["alt"]),
        ]
    kind = "summary_large_image" if about.get("image") else "summary"
    return "\n".join([*lines, _meta("name", "twitter:card", kind)])


def _meta(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{html.escape(content)}">'


def describe(
    app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write the head of a page, and its card."""
    if app.builder.format != "html" or doctree is None:
        return
    if not in_site(app.env, docname):
        context["metatags"] += "\n" + _meta("name", "robots", "noindex")
        context["pageurl"] = None
        return
    base = app.config.html_baseurl.rstrip("/")
    about = {
        "title": app.env.titles[docname].astext(),
        "description": description(doctree) or app.config.symlib_summary,
        "type": "article" if docname.partition("/")[0] in ARTICLES else "website",
        "site_name": app.config.project,
    }
    if base:
        about["url"] = address(base, docname)
        context["pageurl"] = about["url"]
        about |= _card(app, docname, about["title"], doctree)
    context["metatags"] += "\n" + tags(about)


def _card(app: Sphinx, docname: str, title: str, doctree: nodes.document) -> dict[str, str]:
    """Write the card of a page with a figure; another page has the card of the first page."""
    figure = cards.first_figure(Path(app.srcdir), doctree)
    if figure:
        path = Path(app.outdir, "cards", f"{docname}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cards.card(title, figure.picture))
    else:
        docname = "index"
        figure = cards.first_figure(Path(app.srcdir), app.env.get_doctree(docname))
    base = app.config.html_baseurl.rstrip("/")
    return {"image": f"{base}/cards/{docname}.png", "alt": figure.words} if figure else {}


# The files


def site_map(addresses: list[str]) -> str:
    """Return the map of the site: the addresses of its pages."""
    urls = "".join(f"<url><loc>{escape(one)}</loc></url>\n" for one in addresses)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def from_anywhere(page: str, base: str) -> str:
    """Return a page at the root of the site whose links work from any address below it."""
    root = urlsplit(base).path.rstrip("/") + "/"

    def whole(link: re.Match[str]) -> str:
        return f'{link[1]}="{root}{posixpath.normpath(link[2]) if link[2] else ""}{link[3]}"'

    relative = r'((?:href|src|action|data-content_root))="(?![#/]|[a-z]+:)\.?/?([^"#?]*)([^"]*)"'
    return re.sub(relative, whole, page)


def write_files(app: Sphinx, fault: Exception | None) -> None:
    """Write the map of the site and what belongs to it, where the address is known."""
    if fault or app.builder.format != "html" or not app.config.html_baseurl:
        return
    base, site = app.config.html_baseurl, Path(app.outdir)
    pages = sorted(page for page in app.env.found_docs if in_site(app.env, page))
    files = {
        "sitemap.xml": site_map([address(base, page) for page in pages]),
        "robots.txt": f"User-agent: *\nAllow: /\n\nSitemap: {base.rstrip('/')}/sitemap.xml\n",
    }
    lost = site / f"{LOST}.html"
    if lost.exists():
        files[lost.name] = from_anywhere(lost.read_text(encoding="utf-8"), base)
    for name, text in files.items():
        (site / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_config_value("symlib_summary", "", "html", str)
