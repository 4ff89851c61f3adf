"""Book: the explanations as an EPUB, for reading away from a browser.

It is made of the pages that the build has just written, so that it says what they say, numbers and
figures included, and nothing is executed for it. Formulas stay MathML, which readers of EPUB 3
show. A link to a page that is not in the book leads to the site, where its address is known, and is
plain words otherwise.
"""

from __future__ import annotations

import os
import re
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from posixpath import join, normpath
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

from . import whole

NAME = "symlib-explanations.epub"
TITLE = "symlib: why initial weights are random"
LEFT_OUT = "a.headerlink, button, script, svg, .icon-link, .related-pages, .take-away"
TYPES = {
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
FONT = "latinmodern-math.woff2"
STYLE = """\
@font-face { font-family: "Latin Modern Math"; src: url("latinmodern-math.woff2"); }
math { font-family: "Latin Modern Math", math, serif; }
body { line-height: 1.45; margin: 0 4%; }
img { max-width: 100%; height: auto; }
figure, div.math, table { margin: 1em 0; }
figcaption { font-size: 0.9em; }
.admonition { border-left: 0.2em solid; margin: 1em 0; padding: 0 0 0 0.9em; }
.admonition-title { font-weight: bold; }
pre { font-size: 0.8em; white-space: pre-wrap; }
"""
CONTAINER = """\
<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
PAGE = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" \
xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>{body}</body>
</html>
"""
PACKAGE = """\
<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{id}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>en</dc:language>
<dc:creator>{author}</dc:creator>
<dc:rights>CC BY 4.0</dc:rights>
<meta property="dcterms:modified">{date}</meta>
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""


class Chapter:
    """One page of the site, as a page of the book."""

    def __init__(self, site: Path, docname: str, chapters: list[str], base: str) -> None:
        self._site, self._docname, self._chapters, self._base = site, docname, chapters, base
        text = (site / f"{docname}.html").read_text(encoding="utf-8")
        article = BeautifulSoup(text, "html.parser").select_one("article")
        assert article is not None, docname
        self.name = f"{Path(docname).name}.xhtml"
        self.images: dict[str, Path] = {}
        for element in article.select(LEFT_OUT):
            element.decompose()
        for link in article.select("a[href]"):
            self._lead(link)
        for image in article.select("img"):
            self._take(image)
        heading = article.select_one("h1")
        assert heading is not None, docname
        self.title = heading.get_text(strip=True)
        self.math = article.select_one("math") is not None
        self.text = PAGE.format(title=escape(self.title), body=article.decode_contents())

    def _lead(self, link: Tag) -> None:
        """Let a link lead to a chapter, or to the site, or nowhere."""
        parts = urlsplit(str(link["href"]))
        if parts.scheme or not parts.path:
            return
        target = normpath(join(Path(self._docname).parent.as_posix(), parts.path))
        place = f"#{parts.fragment}" if parts.fragment else ""
        if target.removesuffix(".html") in self._chapters:
            link["href"] = f"{Path(target).stem}.xhtml{place}"
        elif self._base:
            link["href"] = f"{self._base}/{target}{place}"
        else:
            link.unwrap()

    def _take(self, image: Tag) -> None:
        """Take an image along."""
        path = (self._site / self._docname).parent.joinpath(str(image["src"])).resolve()
        self.images[path.name] = path
        image["src"] = f"images/{path.name}"
        for name in ("loading", "decoding", "srcset"):
            image.attrs.pop(name, None)


def bind(app: Sphinx, fault: Exception | None) -> None:
    """Write the book, once the pages are as readers see them."""
    docnames = app.env.toctree_includes.get(app.config.root_doc, [])
    docnames = [one for one in docnames if one.startswith("explanation/")]
    if fault or app.builder.format != "html" or app.tags.has("live") or not docnames:
        return
    site, base = Path(app.outdir), app.config.html_baseurl.rstrip("/")
    chapters = [Chapter(site, one, docnames, base) for one in docnames]
    members = {f"book/{one.name}": one.text.encode() for one in chapters}
    for one in chapters:
        members |= {f"book/images/{name}": path.read_bytes() for name, path in one.images.items()}
    rows = "".join(f'<li><a href="{one.name}">{escape(one.title)}</a></li>' for one in chapters)
    body = f'<nav epub:type="toc"><h1>{TITLE}</h1><ol>{rows}</ol></nav>'
    members["book/contents.xhtml"] = PAGE.format(title=TITLE, body=body).encode()
    members["book/style.css"] = STYLE.encode()
    members[f"book/{FONT}"] = (site / "_static" / FONT).read_bytes()
    members["book/package.opf"] = package(app, chapters).encode()
    members["META-INF/container.xml"] = CONTAINER.encode()
    write(site / NAME, members)


def package(app: Sphinx, chapters: list[Chapter]) -> str:
    """Return the list of what is in the book, and the order in which it is read."""
    files = {"contents.xhtml": ' properties="nav"', "style.css": "", FONT: ""}
    files |= {one.name: ' properties="mathml"' if one.math else "" for one in chapters}
    files |= dict.fromkeys(sorted(f"images/{name}" for one in chapters for name in one.images), "")
    manifest = "\n".join(
        f'<item id="{identifier(name)}" href="{name}" media-type="{kind}"{more}/>'
        for name, more in files.items()
        if (kind := TYPES[Path(name).suffix])
    )
    spine = [identifier(name) for name in ("contents.xhtml", *(one.name for one in chapters))]
    date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    return PACKAGE.format(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"symlib-nn {app.config.release}: explanations"),
        title=TITLE,
        author=escape(app.config.author),
        date=date.strftime("%Y-%m-%dT%H:%M:%SZ"),
        manifest=manifest,
        spine="\n".join(f'<itemref idref="{name}"/>' for name in spine),
    )


def identifier(name: str) -> str:
    """Return the name of a file as XML allows it for an item."""
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def write(path: Path, members: dict[str, bytes]) -> None:
    """Write the book; its type comes first, and is not compressed."""
    first = [("mimetype", b"application/epub+zip")]
    with zipfile.ZipFile(path, "w") as book:
        for name, data in [*first, *sorted(members.items())]:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            book.writestr(entry, data, kind)


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_role("download-book", whole.FileLink(NAME))
