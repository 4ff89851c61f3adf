"""Cards: the image that stands beside a link to a page, drawn from the figure of that page.

While a page of the gallery is executed, its figure is drawn a second time, on white and as wide as
a card. When a page is written, its title is set above the figure that it shows.
"""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from docutils import nodes
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1200, 630  # pixels, as those who show cards ask for
INSIDE = (1120, 430)  # the figure
TITLE = 120  # the height of a title
SIZES = ((36, 38), (31, 42), (27, 50), (22, 60))  # points, and letters in a line
EDGE = 40
INK = "#2f3437"
COLORS = 128  # enough for a figure, and few bytes


class Shown(NamedTuple):
    """The figure of a page: its picture for a card, and its words."""

    picture: Path
    words: str


def picture(figure: Figure) -> bytes:
    """Draw a figure as wide as a card; its height in inches stays, so that its parts have room."""
    wide, tall = INSIDE
    scale = tall / figure.get_figheight()
    figure.set_figwidth(wide / scale)
    return _drawn(figure, scale).getvalue()


def first_figure(source: Path, doctree: nodes.document) -> Shown | None:
    """Return the first figure of the gallery that a page shows."""
    for image in doctree.findall(nodes.image):
        for path in Path(source, "gallery").glob(f"*/images/{Path(image['uri']).stem}_card.png"):
            return Shown(path, " ".join(image.get("alt", "").split()))
    return None


def card(title: str, inside: Path | io.BytesIO) -> bytes:
    """Return a card: a title as large as it can be, a picture, and the name of the site."""
    import matplotlib.pyplot as plt  # here, as only a site with an address has cards
    from matplotlib.figure import Figure

    with plt.style.context("default"):
        figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100)
        look = {"color": INK, "fontfamily": "DejaVu Sans", "parse_math": False}
        head = figure.text(EDGE / WIDTH, 1 - 82 / HEIGHT, "", **look, weight="bold", va="center")
        for size, letters in SIZES:
            head.set(text="\n".join(textwrap.wrap(title, letters)), fontsize=size)
            room = head.get_window_extent()
            if room.width <= INSIDE[0] and room.height <= TITLE:
                break
        figure.text(1 - EDGE / WIDTH, 18 / HEIGHT, "symlib", **look, fontsize=17, ha="right")
        with Image.open(inside) as image:
            figure.figimage(np.asarray(image.convert("RGB")), xo=EDGE, yo=46)
        return _png(figure, 100)


def _png(figure: Figure, scale: float) -> bytes:
    """Return a figure as a PNG on white: few colors, and nothing of the day it was drawn."""
    written = io.BytesIO()
    with Image.open(_drawn(figure, scale)) as image:
        few = image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    few.save(written, "PNG", optimize=True)
    return written.getvalue()


def _drawn(figure: Figure, scale: float) -> io.BytesIO:
    """Return a figure as a PNG that is quick to write, as nobody keeps it."""
    drawn = io.BytesIO()
    quick = {"compress_level": 1}
    figure.savefig(drawn, format="png", dpi=scale, facecolor="white", pil_kwargs=quick)
    return drawn
