"""Figures: an SVG for light and one for dark, words for every image, a mark for the gallery.

A page draws with plain matplotlib and says in ``figure.alt_text`` what the figure shows. The build
applies the style, writes each figure as an SVG whose ink follows the color scheme, and refuses a
figure without words. An image on a page does not know the theme that the reader has chosen there,
and in some browsers not even the scheme of the system: the site has a file for each, of which the
style sheet shows one.
"""

from __future__ import annotations

import filecmp
import io
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from . import cards
from .expect import expect

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)

STYLE = Path(__file__).parents[2] / "_static" / "symlib.mplstyle"
INK = "#2f3437"  # what the style draws text and axes with; follows the color scheme in the SVG
LIGHT, DARK = "#24292e", "#e3e6ea"  # what that ink is on a light and on a dark page
# A color that is seen as a line is too pale to be read: its words are darker, or lighter.
WORDS = {
    "#1b78bd": ("#166199", "#69a6d3"),
    "#d55e00": ("#994400", "#e18b47"),
    "#009e73": ("#006b4e", "#38b392"),
    "#c975a5": ("#834c6b", "#d18ab2"),
    "#808080": ("#5d5d5d", "#a0a0a0"),
}
LIGHT_INK, DARK_INK = (
    f":root{{color:{ink}}}"
    + "".join(f".w{at}{{fill:{words[of]}}}" for at, words in enumerate(WORDS.values()))
    for of, ink in enumerate((LIGHT, DARK))
)
BOTH = f"<style>{LIGHT_INK}@media(prefers-color-scheme:dark){{{DARK_INK}}}</style>"
MARK = ("400", "280")
SHORTEST, LONGEST = 40, 320  # characters of an alternative text


def adaptive_svg(svg: str) -> str:
    """Return matplotlib's SVG with ink that follows the reader's color scheme.

    Ink and pure black become ``currentColor``, words in color a class, style attributes
    presentation attributes (so that a strict content policy does not strip them); metadata goes,
    paths keep two decimals.
    """
    for noise in (
        r"<\?xml.*?\?>",
        r"<!DOCTYPE.*?>",
        r"<metadata>.*?</metadata>",
        r"<!--.*?-->",
        r'<style type="text/css">.*?</style>',
    ):
        svg = re.sub(noise + r"\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'style="([^"]*)"', _attributes, svg)
    svg = svg.replace(INK, "currentColor").replace('"#000000"', '"currentColor"')
    for at, (word, _) in enumerate(WORDS.values()):
        svg = svg.replace(f'fill="{word}"', f'class="w{at}"')
    # paths only: the scale of a glyph needs all its digits
    svg = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\d+\.\d\d)\d+", r"\1", d.group()), svg)
    svg = re.sub(r">\s+<", "><", svg)
    root = '<svg fill="currentColor" stroke-linejoin="round" stroke-linecap="butt" '
    return re.sub(r"(<svg[^>]*>)", rf"\1{BOTH}", svg.replace("<svg ", root, 1), count=1)


def _attributes(style: re.Match[str]) -> str:
    pairs = [pair.split(":", 1) for pair in style.group(1).split(";") if pair.strip()]
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, value in pairs)


def scraper(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Write the open figures of a gallery block as adaptive SVG, and refuse one without words."""
    import matplotlib.pyplot as plt  # here, as only who executes a page needs it

    written = []
    for number in plt.get_fignums():
        figure = plt.figure(number)
        try:
            alt = alternative_text(figure)
            color_words(figure)
        except ValueError as fault:
            page, line = block_vars["src_file"], block[2]
            raise ExtensionError(f"{page}, in the block of line {line}: {fault}") from None
        path = Path(next(block_vars["image_path_iterator"])).with_suffix(".svg")
        width, height = (round(100 * inches) for inches in figure.get_size_inches())
        path.write_text(_svg(figure), encoding="utf-8")
        path.with_suffix(".txt").write_text(f"{width}\n{height}\n{alt}\n", encoding="utf-8")
        if os.environ.get("SYMLIB_CARDS"):
            path.with_name(f"{path.stem}_card.png").write_bytes(cards.picture(figure))
        if path.stem.endswith("_001"):
            _mark(figure)
            path.with_name(f"{path.stem}_mark.svg").write_text(_svg(figure), encoding="utf-8")
        inside = path.relative_to(gallery_conf["src_dir"]).as_posix()
        written.append(
            f".. image:: /{inside}\n   :alt: {alt}\n   :width: {width}\n   :height: {height}\n\n"
        )
    plt.close("all")
    return "\n".join(written)


def alternative_text(figure: Figure) -> str:
    """Return the words that stand for a figure, or say what is wrong with them."""
    alt = " ".join(str(getattr(figure, "alt_text", "")).split())
    if not SHORTEST <= len(alt) <= LONGEST:
        raise ValueError(
            f"fig.alt_text must state what the figure shows in {SHORTEST} to {LONGEST} characters, "
            f"got {len(alt)}: {alt!r}"
        )
    return alt


def color_words(figure: Figure) -> None:
    """Give words in the color of a line a color that can be read, and refuse every other color."""
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    readable = {INK, "#000000", *(word for word, _ in WORDS.values())}
    for text in figure.findobj(Text):
        color = to_hex(text.get_color())
        if color in WORDS:
            text.set_color(WORDS[color][0])
        elif text.get_text() and color not in readable:
            raise ValueError(
                f"the color of text must be ink, gray or that of a line (C0 to C{len(WORDS) - 2}), "
                f"got {color} for {text.get_text()!r}"
            )


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return adaptive_svg(text.getvalue())


def _mark(figure: Figure) -> None:
    """Take all words off a figure, so that what is left reads at the size of a thumbnail."""
    from matplotlib.legend import Legend
    from matplotlib.text import Text

    for artist in figure.findobj(lambda one: isinstance(one, Text | Legend)):
        artist.set_visible(False)
    for axes in figure.axes:
        axes.grid(visible=False)
        sides = {f"label{side}": False for side in ("bottom", "top", "left", "right")}
        axes.tick_params(which="both", length=0, **sides)
        for line in axes.lines:
            line.set_linewidth(1.6 * line.get_linewidth())
    figure.set_size_inches(4, 2.8)


def set_marks(app: Sphinx) -> None:
    """Put the text-free marks in place of the thumbnails, once the gallery is written."""
    for mark in Path(app.srcdir, "gallery").rglob("images/*_001_mark.svg"):
        page = mark.name.removesuffix("_001_mark.svg")
        thumb = mark.parent / "thumb" / f"{page}_thumb.svg"
        expect(thumb.exists(), "sphinx-gallery", f"make the thumbnail {thumb.name}")
        if not filecmp.cmp(mark, thumb, shallow=False):
            shutil.copyfile(mark, thumb)  # a new file would have its page read again


class GalleryFigure(SphinxDirective):
    """Show the figure of a gallery page on another page, with its words and a link to its code.

    The argument is the page, such as ``symmetry/plot_tied_units``; the content is the caption.
    """

    required_arguments = 1
    has_content = True
    option_spec = {"number": directives.positive_int}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return a figure whose words were recorded when the page was executed."""
        page = Path("gallery", self.arguments[0])
        name = f"sphx_glr_{page.name}_{self.options.get('number', 1):03}"
        image = page.parent / "images" / f"{name}.svg"
        words = Path(self.env.srcdir, image).with_suffix(".txt")
        self.env.note_dependency(str(words))
        if not words.exists():
            if not self.config.symlib_draft:
                logger.warning("no page drew %s", image, location=self.get_location())
            return []
        width, height, alt = words.read_text(encoding="utf-8").splitlines()
        figure = nodes.figure(
            "", nodes.image(uri=f"/{image.as_posix()}", alt=alt, width=width, height=height)
        )
        figure["classes"].append("gallery-figure")
        text = " ".join([*self.content, f"{{doc}}`The code that drew it </{page.as_posix()}>`."])
        caption = nodes.caption()
        for child in self.parse_text_to_nodes(text):
            caption.extend(child.children)
        figure += caption
        self.set_source_info(figure)
        return [figure]


def want_words(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of every image that says nothing to someone who cannot see it."""
    docname = app.env.docname
    if docname.startswith("gallery/") and docname.endswith("index"):
        # the words are those of the link beside the mark; its size keeps the page from jumping
        for image in doctree.findall(nodes.image):
            image["width"], image["height"] = MARK
            image["loading"] = "lazy"
        return
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            where = image if image.line else image.parent  # an image in Markdown has no line
            logger.warning("an image without alternative text: %s", image["uri"], location=where)


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write an image; one that follows the color scheme once for light and once for dark."""
    source = Path(self.builder.srcdir, node["uri"])
    there = source.suffix == ".svg" and source.is_file()  # else Sphinx has warned of it
    adaptive = there and BOTH in source.read_text(encoding="utf-8")
    if adaptive:
        node["classes"].append("in-light")
    HTML5Translator.visit_image(self, node)
    if adaptive:
        dark = node.copy()
        dark["uri"] = dark_name(node["uri"])
        dark["classes"][-1] = "in-dark"
        dark["loading"] = "lazy"  # fetched when it is shown; the light one is for paper too
        HTML5Translator.visit_image(self, dark)


def dark_name(name: str) -> str:
    """Return the name of the dark file beside a light one."""
    return f"{name.removesuffix('.svg')}-dark.svg"


def split_schemes(app: Sphinx, fault: Exception | None) -> None:
    """Make of each image that follows the color scheme one for light and one for dark."""
    if fault or app.builder.format != "html":
        return
    for path in Path(app.outdir, app.builder.imagedir).glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        if BOTH in text:
            dark = text.replace(BOTH, f"<style>{DARK_INK}</style>")
            path.with_name(dark_name(path.name)).write_text(dark, encoding="utf-8")
            path.write_text(text.replace(BOTH, f"<style>{LIGHT_INK}</style>"), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_directive("gallery-figure", GalleryFigure)
    app.add_node(nodes.image, override=True, html=(visit_image, HTML5Translator.depart_image))
