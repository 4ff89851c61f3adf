"""Words in figures: read on the colors that stand around them, in light and in dark."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[3]
SITE = Path(os.environ.get("SYMLIB_SITE", ROOT / "docs" / "_build" / "site" / "html"))
FIGURES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.glob("_images/*.svg")
    if not path.stem.endswith(("_thumb", "_thumb-dark"))
)
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(19, 20, 22)"

# Where words stand and what their color is; then they are hidden.
WORDS = """paper => {
  document.documentElement.style.background = paper;
  const words = [...document.querySelectorAll("g[id^=text_]")].map(group => {
    const place = group.getBoundingClientRect();
    const fill = getComputedStyle(group.querySelector("use")).fill;
    return [[place.left, place.top, place.right, place.bottom], fill.match(/[0-9.]+/g).map(Number)];
  });
  document.querySelectorAll("g[id^=text_]").forEach(one => { one.style.visibility = "hidden"; });
  return words;
}"""


@pytest.fixture(scope="module")
def window(reader):
    """Return a window."""
    with reader() as one:
        yield one


@pytest.mark.parametrize("figure", FIGURES)
def test_the_words_of_a_figure_can_be_read(window, contrast, figure):
    """Each has a contrast of 4.5 with the color that most of its background has."""
    tab = window.open(figure)
    words = tab.evaluate(WORDS, DARK if figure.endswith("-dark.svg") else LIGHT)
    assert tab.evaluate("window.refused") == []  # the policy lets a figure have its style
    shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    assert words
    for place, color in words:
        left, top, right, bottom = (round(edge) for edge in place)
        behind = shot.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
        _, ground = max(behind.getcolors(behind.width * behind.height))
        assert contrast(color[:3], ground) >= 4.5, (place, color, ground)
