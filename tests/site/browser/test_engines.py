"""Every page in Firefox and in WebKit: what an engine of its own may see otherwise."""

import contextlib
import io
import shutil

import conftest
import engines
import pytest
from PIL import Image

WIDTHS = (1440, 1280, 768, 450, 390, 320)
FIGURES = {
    "symmetry": "explanation/the_tie.html",
    "sums": "explanation/the_tie.html",
    "nullspace": "explanation/what_a_layer_forgets.html",
    "spectrum": "explanation/what_random_matrices_guarantee.html",
    "chaos": "explanation/the_scale_of_the_weights.html",
}

# The widths of the formulas within lines: of those that were there when the page was first painted,
# and in the end; and whether the font of the site is there, which the style sheet names first
WIDTH = """
window.formulas = () => [...document.querySelectorAll("math:not([display])")]
  .map(one => [...one.getClientRects()].reduce((sum, part) => sum + part.width, 0));
"""
FIRST_PAINT = f"""{WIDTH}
new PerformanceObserver(() => {{ window.first = window.formulas(); }}).observe({{type: "paint"}});
"""
FORMULAS = f"""(() => {{ {WIDTH}
  const named = [...document.fonts].filter(one => one.family.includes("Latin Modern Math"));
  const first = [...document.querySelectorAll("math")]
    .every(one => getComputedStyle(one).fontFamily.startsWith('"Latin Modern Math"'));
  const there = first && named.length === 1 && named[0].status === "loaded";
  return [window.first ?? [], window.formulas(), there];
}})()"""
IMAGES = """[...document.querySelectorAll("article img")].filter(one => one.checkVisibility())"""
LOADED = f"Promise.all({IMAGES}.map(one => (one.loading = 'eager', one.decode())))"
KINDS = f"{IMAGES}.map(one => one.className).filter(one => one.startsWith('in-'))"


@contextlib.contextmanager
def new_window(name):
    """Give a window of an engine that has seen nothing yet."""
    try:
        one, home = engines.start(name)
    except engines.Missing as why:
        pytest.skip(str(why))
    try:
        one.watch(FIRST_PAINT)
        yield one
    finally:
        one.close()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module", params=engines.ENGINES)
def window(request):
    """Return a window of each engine that is installed."""
    with new_window(request.param) as one:
        yield one


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("engine", engines.ENGINES)
def test_the_first_visit_has_formulas_in_their_font(engine, address, name):
    """No other width at the first paint than in the end, where that is told."""
    with new_window(engine) as window:
        window.resize(1280)
        window.open(address + FIGURES[name])
        first, widths, there = window.ask(FORMULAS)
    assert first or engine == "webkit"  # whose driver cannot watch a page from its beginning
    assert first == widths[: len(first)]
    assert len(widths) > 10
    assert there


def test_a_page_is_in_order(window, address, page):
    """No complaint that the engine tells, formulas in their font, images of the theme, width."""
    del window.said[:]
    window.resize(1280)
    window.open(address + page)
    _, widths, there = window.ask(FORMULAS)
    assert there or not widths
    for theme in ("dark", "light"):
        window.ask(f"document.body.dataset.theme = '{theme}'")
        window.ask(f"{LOADED}.then(() => 0)")
        assert set(window.ask(KINDS)) <= {f"in-{theme}"}
    for width in WIDTHS:
        window.resize(width)
        if window.ask("innerWidth") == width:  # WebKit's window is no smaller than it likes
            assert window.ask(f"({conftest.WIDE})()") == [], width
    assert not window.said


def test_a_figure_can_be_read_on_a_dark_page(window, address):
    """Its ink is light there, whatever the system says."""
    window.resize(1280)
    window.open(address + "gallery/symmetry/plot_tied_units.html")
    window.ask("document.body.dataset.theme = 'dark'")
    window.ask(f"{LOADED}.then(() => 0)")
    place = f"{IMAGES}[0].getBoundingClientRect().toJSON()"
    box = window.ask(place)
    scale = window.ask("devicePixelRatio")
    edges = [round(scale * box[side]) for side in ("left", "top", "right", "bottom")]
    shot = Image.open(io.BytesIO(window.picture())).convert("L").crop(edges)
    counts = shot.histogram()
    dark, light = sum(counts[:64]), sum(counts[200:])
    assert dark > 0.5 * shot.width * shot.height
    assert light > 0.005 * shot.width * shot.height


@pytest.mark.parametrize("name", FIGURES)
def test_an_interactive_figure_has_its_room_and_obeys_keys(window, address, name):
    """Nothing below it moves when it comes alive; an arrow on its slider changes what it says."""
    figure = f"document.querySelector('[data-figure={name}]')"
    for width in (1280, 500):
        window.resize(width)
        window.open(address + FIGURES[name])
        conftest.until(window.ask, f"{figure}.hasAttribute('data-ready')")
        kept, used = window.ask(
            f"(stage => [parseFloat(getComputedStyle(stage).minHeight), "
            f"stage.getBoundingClientRect().height])({figure}.querySelector('.stage'))"
        )
        assert used <= kept + 0.5, width
    status = f"{figure}.querySelector('.status').textContent"
    slider = f"{figure}.querySelector('input[type=range]')"
    window.ask(f"{slider}.focus()")
    before = window.ask(status)
    at_its_end = window.ask(f"{slider}.value === {slider}.max")
    for _ in range(3):
        window.press("ArrowLeft" if at_its_end else "ArrowRight")
    conftest.until(window.ask, f"{status} !== {before!r}")


def test_the_search_answers(window, address):
    """With a piece of each page that it finds."""
    window.resize(1280)
    window.open(address + "search.html?q=dead+relu")
    conftest.until(
        window.ask, "document.querySelectorAll('#search-results li p.context').length > 3"
    )
