"""How the pages of the studies show their figures and tables."""

import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

sys.path.append(str(Path(__file__).parents[1] / "_extensions"))
from symlib_site.figures import STYLE, adaptive_svg

plt.style.use(STYLE)


def show(figure: Figure) -> None:
    """Show a figure with the ink of the page."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    width, height = (round(100 * inches) for inches in figure.get_size_inches())
    size = {"width": str(width), "height": str(height)}
    display(SVG(adaptive_svg(text.getvalue())), metadata={"image/svg+xml": size})


def table(
    head: Sequence[object], rows: Iterable[Sequence[object]], *, as_list: bool = False
) -> None:
    """Show rows as a table; on a phone as a list, in a cell whose Markdown is read as MyST."""
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    display(Markdown(f"```{{table}}\n:class: as-list\n\n{text}\n```" if as_list else text))
