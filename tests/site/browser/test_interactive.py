"""Interactive figures in Chromium: alive, quiet, quick, and for keys, paper, phones and no script.

All that is asked here is asked of every figure on every page that holds one; what belongs to one
figure alone stands at the end.
"""

import contextlib
import gzip
import os
import re
import statistics
from pathlib import Path
from types import SimpleNamespace

import conftest
import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).parents[3]
SITE = Path(os.environ.get("SYMLIB_SITE", ROOT / "docs" / "_build" / "site" / "html"))
HOLDS = re.compile(r'<figure [^>]*data-figure="(\w+)"')
FIGURES = sorted(
    (path.relative_to(SITE).as_posix(), kind)
    for path in SITE.rglob("*.html")
    for kind in HOLDS.findall(path.read_text(encoding="utf-8"))
)
LARGEST = 15_000  # bytes of script, style and data, compressed
LARGEST_PLAYGROUND = 20_000  # which has more to choose from
READY, FRAME = 250, 50  # milliseconds on a machine that does nothing else
QUIET = pytest.mark.skipif(
    "SYMLIB_QUIET" not in os.environ,
    reason="how fast a figure is can be asked of a quiet machine alone: set SYMLIB_QUIET",
)
EVERY = pytest.mark.parametrize(("name", "kind_of_figure"), FIGURES)

# How high the figure is, how high its room, and what of its text is small or cut.
MEASURED = """root => {
  const stage = root.querySelector(".stage"), live = root.querySelector(".live");
  const words = [...root.querySelectorAll("svg text")].filter(one => one.textContent);
  const size = one => parseFloat(getComputedStyle(one).fontSize) * (one.getScreenCTM?.().a ?? 1);
  const cut = one => {
    const text = one.getBoundingClientRect(), box = one.ownerSVGElement.getBoundingClientRect();
    return text.left < box.left - 1 || text.right > box.right + 1
      || text.top < box.top - 2 || text.bottom > box.bottom + 2;
  };
  return {
    room: parseFloat(getComputedStyle(stage).minHeight), live: live?.offsetHeight ?? 0,
    words: words.length, cut: words.filter(cut).map(one => one.textContent),
    small: [...words, ...root.querySelectorAll(".live *")].filter(one => size(one) < 11.99)
      .map(one => `${one.tagName} ${one.textContent.slice(0, 30)}`),
  };
}"""
# How long from an input event until the frame with its effect has been drawn.
DRAGGED = """async input => {
  const drawn = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
  const times = [];
  for (let k = 1; k <= 21; k++) {
    await drawn();
    const before = performance.now();
    input.value = Math.round(Number(input.max) * ((8 * k) % 21) / 21);
    input.dispatchEvent(new Event("input", {bubbles: true}));
    await drawn();
    times.push(performance.now() - before);
  }
  return times;
}"""


@pytest.fixture
def opened(reader):
    """Return a function that opens a page with a figure, and waits until the figure is alive."""
    with contextlib.ExitStack() as windows:

        def open_page(name, kind, fragment="", window="desktop, light", **more):
            one = windows.enter_context(reader(window, **more))
            tab = one.open(f"{name}{fragment}")
            root = tab.locator(f"#fig-{kind}")
            root.locator(".live").wait_for()
            return SimpleNamespace(tab=tab, root=root, said=one.said, asked=one.asked)

        yield open_page


def state(page, kind):
    """Return the state of a figure as its address has it."""
    return page.tab.evaluate(f"figures.live['fig-{kind}'].address()")


def test_there_are_figures_to_ask():
    """Else every test below would pass."""
    assert {kind for _, kind in FIGURES} >= {"symmetry"}


@EVERY
def test_a_figure_lives_on_a_host_under_its_policy(opened, address, name, kind_of_figure):
    """It takes the place of the static figure, refuses nothing, says nothing, asks nobody else."""
    page = opened(name, kind_of_figure)
    assert page.root.locator(".still").is_hidden()
    assert page.root.locator("figcaption").is_visible()
    assert page.root.get_by_role("status").inner_text()
    assert page.tab.evaluate("window.refused") == []
    assert page.said == []
    assert all(url.startswith((address, "data:")) for url in page.asked)


@EVERY
def test_a_figure_lives_on_a_page_that_was_opened_from_a_file(chromium, name, kind_of_figure):
    """No host, no request but for files, an empty console."""
    with contextlib.closing(chromium.new_context()) as window:
        tab, said, asked = window.new_page(), [], []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda fault: said.append(str(fault)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((SITE / name).as_uri())
        root = tab.locator(f"#fig-{kind_of_figure}")
        root.locator(".live").wait_for()
        slider = root.locator("input[type=range]").first
        slider.focus()
        for key in ("Home", "ArrowRight", "End"):
            slider.press(key)
        conftest.until(tab.evaluate, f"location.hash.startsWith('#fig-{kind_of_figure}?')")
        assert said == []
        assert all(url.startswith(("file:", "data:")) for url in asked)


@EVERY
def test_without_a_script_the_static_figure_is_there(reader, name, kind_of_figure):
    """With its caption, and no empty room around it."""
    with reader(java_script_enabled=False) as one:
        one.tab.goto(one.address + name)
        root = one.tab.locator(f"#fig-{kind_of_figure}")
        image = root.locator("img.in-light")
        assert image.is_visible()
        assert len(image.get_attribute("alt")) >= 40
        assert root.locator(".live").count() == 0
        stage = root.locator(".stage").bounding_box()
        assert stage["height"] <= image.bounding_box()["height"] + 20


@EVERY
def test_the_static_figure_stays_when_the_script_fails(reader, name, kind_of_figure):
    """A fault of the script leaves no half of a figure."""
    with reader() as one:
        one.tab.route(
            f"**/figures/{kind_of_figure}.js*",
            lambda route: route.fulfill(
                content_type="text/javascript",
                body=f"figures.define('{kind_of_figure}', figure => {{ figure.panel('a'); x; }})",
            ),
        )
        tab = one.open(name)
        assert tab.locator(f"#fig-{kind_of_figure} img.in-light").is_visible()
        assert tab.locator(f"#fig-{kind_of_figure} .live").count() == 0
        assert any("x is not defined" in words for words in one.said)


@EVERY
def test_paper_has_the_static_figure(opened, name, kind_of_figure):
    """Without controls."""
    page = opened(name, kind_of_figure)
    page.tab.emulate_media(media="print")
    assert page.root.locator("img.in-light").is_visible()
    assert page.root.locator(".live").is_hidden()


@EVERY
def test_high_contrast_leaves_the_drawing(opened, name, kind_of_figure):
    """With forced colors every line has the color of text, on the color of the window."""
    page = opened(name, kind_of_figure, forced_colors="active")
    assert page.tab.evaluate("matchMedia('(forced-colors: active)').matches")
    strokes = page.root.locator("svg .curve, svg .frame").evaluate_all(
        "all => [...new Set(all.map(one => getComputedStyle(one).stroke))]"
    )
    text = page.root.evaluate("root => getComputedStyle(root).color")
    assert strokes
    assert set(strokes) <= {text, "rgb(0, 0, 0)", "rgb(255, 255, 255)", "none"}


@EVERY
def test_every_control_works_by_keyboard_and_is_spoken(opened, name, kind_of_figure):
    """Each has a name and a value in words; a key changes the state, the drawing, the sentence."""
    page = opened(name, kind_of_figure)
    sliders = page.root.locator("input[type=range]")
    assert sliders.count() >= 1
    for slider in sliders.all():
        assert slider.evaluate("one => one.labels[0].textContent.trim()")
        slider.press("Home")
        seen = [slider.get_attribute("aria-valuetext")]
        before = state(page, kind_of_figure)
        slider.press("ArrowRight")
        seen.append(slider.get_attribute("aria-valuetext"))
        assert state(page, kind_of_figure) != before
        slider.press("End")
        seen.append(slider.get_attribute("aria-valuetext"))
        assert len(set(seen)) >= 2
        assert all(seen)
    for group in page.root.locator("fieldset").all():
        choices = group.get_by_role("radio")
        assert group.locator("legend").inner_text()
        seen = set()
        choices.first.focus()
        choices.first.press("Space")
        for _ in range(choices.count()):
            seen.add(state(page, kind_of_figure))
            page.tab.keyboard.press("ArrowRight")
        assert len(seen) == choices.count()
    for button in page.root.locator(".controls").get_by_role("button").all():
        before = state(page, kind_of_figure)
        button.press("Enter")
        assert state(page, kind_of_figure) != before


@EVERY
def test_a_sentence_is_spoken_once_the_reader_rests(opened, name, kind_of_figure):
    """Twenty quick keys, at most two sentences; the words of the panels follow too."""
    page = opened(name, kind_of_figure)
    status = page.root.get_by_role("status")
    words = page.root.locator("svg[role=img]").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert words
    assert all(len(one) > 20 for one in words)
    before = status.inner_text()
    status.evaluate(
        "one => { window.spoken = 0;"
        " new MutationObserver(() => { window.spoken++; }).observe(one, {childList: true}); }"
    )
    slider = page.root.locator("input[type=range]").last
    slider.press("Home")
    for _ in range(20):
        slider.press("ArrowRight")
    page.tab.wait_for_timeout(900)
    assert status.inner_text() != before
    assert 1 <= page.tab.evaluate("window.spoken") <= 2
    after = page.root.locator("svg[role=img]").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert after != words


@EVERY
def test_the_address_keeps_what_the_reader_sees(opened, name, kind_of_figure):
    """Another reader who opens it sees the same; bad values are as if they were not there."""
    page = opened(name, kind_of_figure)
    first = state(page, kind_of_figure)
    for slider in page.root.locator("input[type=range]").all():
        for key in ("End", "ArrowLeft", "ArrowLeft"):
            slider.press(key)
    written = f"`#fig-{kind_of_figure}?${{figures.live['fig-{kind_of_figure}'].address()}}`"
    conftest.until(page.tab.evaluate, f"location.hash === {written}")
    fragment = "#" + page.tab.url.partition("#")[2]
    assert state(page, kind_of_figure) != first
    other = opened(name, kind_of_figure, fragment)
    assert state(other, kind_of_figure) == state(page, kind_of_figure)
    assert (
        other.root.get_by_role("status").inner_text()
        == page.root.get_by_role("status").inner_text()
    )
    box = other.root.bounding_box()
    assert -1 <= box["y"] < 900 - 100
    keys = [pair.partition("=")[0] for pair in first.split("&")]
    for bad in ("<b>", "NaN", "-1e999", "%00", "%", "constructor"):
        broken = "&".join(f"{key}={bad}" for key in keys)
        page = opened(name, kind_of_figure, f"#fig-{kind_of_figure}?{broken}")
        assert state(page, kind_of_figure) == first, bad
        assert page.said == []


def same(one, other):
    """Tell whether two values of a state are the same word or the same number."""
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


@EVERY
def test_links_in_the_prose_set_the_figure_and_the_way_back_is_open(opened, name, kind_of_figure):
    """Each sets what it says, shows the figure, and the button back returns to what was."""
    page = opened(name, kind_of_figure, reduced_motion="reduce")  # no gliding to the figure
    first = state(page, kind_of_figure)
    links = page.tab.locator(f"article a[data-state][href^='#fig-{kind_of_figure}?']")
    for link in links.all():
        asked = dict(pair.split("=") for pair in link.get_attribute("data-state").split("&"))
        link.focus()
        link.press("Enter")
        conftest.until(page.tab.evaluate, "location.hash.includes('?')")
        page.tab.wait_for_timeout(200)  # the figure is told after the address has changed
        shown = dict(pair.split("=") for pair in state(page, kind_of_figure).split("&"))
        for key, value in asked.items():
            assert same(shown[key], value), (key, shown[key], value)
        rest = dict(pair.split("=") for pair in first.split("&"))
        assert {**rest, **shown, **{key: rest[key] for key in asked}} == rest  # nothing else moved
        box = page.root.bounding_box()
        assert box["y"] < 900
        assert box["y"] + box["height"] > 0
        page.tab.go_back()
        conftest.until(page.tab.evaluate, "!location.hash")
        page.tab.wait_for_timeout(200)
        assert state(page, kind_of_figure) == first
    assert page.said == []


def test_most_figures_are_set_by_the_prose():
    """A page that holds a figure has a link that sets it."""
    for name, _ in FIGURES:
        assert 'data-state="' in re.sub(HOLDS, "", (SITE / name).read_text(encoding="utf-8")), name


@EVERY
@pytest.mark.parametrize("width", [320, 360, 390, 412, 480, 560, 600, 700, 768, 1000, 1280, 1600])
def test_a_figure_fits_in_the_room_that_was_kept(opened, name, kind_of_figure, width):
    """Nothing jumps when it comes alive; no text is below 12 pixels or cut; nothing is wider."""
    page = opened(name, kind_of_figure, viewport={"width": width, "height": 800})
    found = page.root.evaluate(MEASURED)
    assert 0 <= found["room"] - found["live"] <= 110, found
    assert found["words"] >= 5
    assert found["small"] == []
    assert found["cut"] == []
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    assert page.tab.evaluate("window.moved") == []


@EVERY
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_with_all_unfolded_has_no_fault_that_axe_finds(
    opened, name, kind_of_figure, scheme
):
    """Also on a phone, with its numbers and its program open."""
    page = opened(name, kind_of_figure, window="phone, dark", color_scheme=scheme)
    page.root.locator("details summary").press("Enter")
    assert page.root.locator("details table").is_visible()
    found = Axe().run(page.tab, context=f"#fig-{kind_of_figure}").response["violations"]
    assert found == []
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= 390


@EVERY
def test_the_numbers_and_the_program_follow_the_controls(opened, name, kind_of_figure):
    """A table with a caption and heads, and a program that names what it gives."""
    page = opened(name, kind_of_figure)
    details = page.root.locator("details")
    details.locator("summary").click()
    assert details.locator("table caption").inner_text()
    assert details.locator("thead th[scope=col]").count() >= 2
    assert details.locator("tbody th[scope=row]").count() >= 2
    before = details.inner_text()
    assert "import " in before
    assert "print(" in before
    for slider in page.root.locator("input[type=range]").all():
        slider.press("Home")
        slider.press("ArrowRight")
    page.tab.wait_for_timeout(100)
    assert details.inner_text() != before


@EVERY
def test_a_figure_rests_when_nobody_moves_it(opened, name, kind_of_figure):
    """Nothing in it changes by itself."""
    page = opened(name, kind_of_figure)
    changes = page.root.evaluate(
        """root => new Promise(done => {
          let changes = 0;
          new MutationObserver(list => { changes += list.length; })
            .observe(root, {attributes: true, childList: true, subtree: true});
          setTimeout(() => done(changes), 500);
        })"""
    )
    assert changes == 0


@EVERY
def test_a_figure_adds_little_to_its_page(opened, address, name, kind_of_figure):
    """Few bytes of scripts, style and data, as a host sends them."""
    page = opened(name, kind_of_figure)
    files = [SITE / url.removeprefix(address).partition("?")[0] for url in page.asked]
    own = {"core.js", f"{kind_of_figure}.js", "figures.css"}  # the page may hold another figure
    sizes = [len(gzip.compress(one.read_bytes(), mtime=0)) for one in files if one.name in own]
    data = page.root.locator("script").all_text_contents()
    assert len(sizes) >= 3
    largest = LARGEST_PLAYGROUND if kind_of_figure == "playground" else LARGEST
    assert sum(sizes) + len(gzip.compress("".join(data).encode(), mtime=0)) <= largest


def quickest(measure, limit, tries=3):
    """Return the least of some medians: what else the machine does is not the figure's fault."""
    found = []
    while len(found) < tries and (not found or min(found) > limit):
        found.append(statistics.median(measure()))
    return min(found)


@QUIET
@EVERY
def test_a_figure_is_ready_soon(chromium, name, kind_of_figure):
    """In the median of nine openings of its page, counted from the beginning of the page."""
    mark = f"performance.getEntriesByName('ready fig-{kind_of_figure}')[0]?.startTime"
    with contextlib.closing(chromium.new_context()) as window:
        tab = window.new_page()

        def openings():
            for _ in range(9):
                tab.goto((SITE / name).as_uri())
                yield conftest.until(tab.evaluate, mark)

        assert quickest(lambda: list(openings()), READY) <= READY


@QUIET
@EVERY
def test_a_drag_is_drawn_at_once(opened, name, kind_of_figure):
    """In the median of twenty-one moves of each slider, until the frame is drawn."""
    page = opened(name, kind_of_figure)
    for slider in page.root.locator("input[type=range]").all():
        assert quickest(lambda slider=slider: slider.evaluate(DRAGGED), FRAME) <= FRAME


def test_other_pages_load_nothing_of_a_figure():
    """Scripts and style of figures are asked for where a figure is, and nowhere else."""
    holds = {name for name, _ in FIGURES}
    for path in SITE.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        loads = re.search(r'(src|href)="[./]*_static/figures/', text) is not None
        assert loads == (path.relative_to(SITE).as_posix() in holds), path


# The symmetry playground

PLAYGROUND = "explanation/the_tie.html"


def test_chromium_trains_as_the_library_does(opened):
    """All starts but small noise to ten digits; tied units tied exactly, from every start."""
    np = pytest.importorskip("numpy")
    training = pytest.importorskip("symlib.training")
    network = pytest.importorskip("symlib.network")
    page = opened(PLAYGROUND, "symmetry")
    corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], 8, axis=0)
    x = corners + np.random.default_rng(10).uniform(-0.8, 0.8, corners.shape)
    y = np.sign(x[:, :1] * x[:, 1:])
    train = """([kind, eps, seed]) => {
      const run = figures.symmetry.train(
        figures.symmetry.start(kind, eps, seed), figures.symmetry.data());
      return [run.path, run.loss, run.gap].map(one => Array.from(one));
    }"""
    for kind, eps in [("half", 0), ("random", 0), ("noise", 1), ("noise", 1e-2), ("noise", 1e-3)]:
        path, loss, gap = map(np.array, page.tab.evaluate(train, [kind, eps, 5]))
        units = path.reshape(2001, 17)[0, :16].reshape(4, 4)
        draw = np.random.default_rng(5).uniform(-1, 1, (4, 4))
        start = {"half": np.full((4, 4), 0.5), "random": draw, "noise": 0.5 + eps * draw}[kind]
        assert np.array_equal(units, start)
        layers = [
            network.Layer(units[:, :2], units[:, 2]),
            network.Layer(units[:, 3:].T, np.full(1, 0.0 if kind == "random" else 0.5)),
        ]
        alike = network.Network(layers, "tanh", same_order=True)
        run = training.descend(alike, x, y, steps=2001, rate=0.2)
        assert np.abs(run.losses - loss).max() <= 1e-10
        if kind == "half":
            assert not gap.any()


def test_the_playground_says_that_equal_units_stay_equal(opened):
    """Exactly 0 in the sentence, in the chart and in the table."""
    page = opened(PLAYGROUND, "symmetry", "#fig-symmetry?start=half&step=2000")
    assert "gap exactly 0" in page.root.get_by_role("status").inner_text()
    assert page.root.get_by_text("exactly 0 at every step").is_visible()
    assert page.root.get_by_text("all four units").is_visible()


# How many labels lie on a path that was walked, or on each other.
CROSSED = """panel => {
  const words = [...panel.querySelectorAll(".word")].map(one => one.getBBox());
  const holds = (box, {x, y}) => x > box.x + 1 && x < box.x + box.width - 1
    && y > box.y + 3 && y < box.y + box.height - 3;
  const along = one => Array.from({length: 200}, (_, k) =>
    one.getPointAtLength(one.getTotalLength() * k / 199));
  const points = [...panel.querySelectorAll(".curve:not(.faint)")].flatMap(along);
  const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width
    && a.y < b.y + b.height && b.y < a.y + a.height;
  return words.filter(box => points.some(point => holds(box, point))).length
    + words.filter((a, i) => words.some((b, j) => i < j && meet(a, b))).length;
}"""


@pytest.mark.parametrize("width", [320, 1280])
def test_labels_of_the_playground_lie_on_no_path(opened, width):
    """Nor on each other, in the starts that the prose offers and at four steps of each."""
    page = opened(PLAYGROUND, "symmetry", viewport={"width": width, "height": 800})
    for start in ("half", "random", "hadamard", "noise&eps=1e-9", "noise&eps=0.001"):
        for step in (0, 300, 900, 2000):
            page.tab.evaluate(f"location.hash = '#fig-symmetry?start={start}&step={step}'")
            page.tab.wait_for_timeout(120)
            assert page.root.locator(".panel").nth(1).locator(".word").count() >= 1
            assert page.root.locator(".panel").nth(1).evaluate(CROSSED) == 0, (start, step)


# Play

PLAYED = [one for one in FIGURES if one[1] in ("nullspace", "playground", "sums", "symmetry")]


@pytest.mark.parametrize(("name", "kind_of_figure"), PLAYED)
def test_play_walks_to_the_end_stops_when_told_and_begins_anew(opened, name, kind_of_figure):
    """The button says what it would do next, and the address follows at the end."""
    page = opened(name, kind_of_figure)
    key = "walk" if kind_of_figure == "nullspace" else "step"
    place = f"figures.live['fig-{kind_of_figure}'].state.{key}"
    last = page.tab.evaluate(place)
    page.root.get_by_role("button", name="Play").press("Enter")
    conftest.until(page.tab.evaluate, f"0 < {place} && {place} < {last}")
    page.root.get_by_role("button", name="Pause").press("Enter")
    again = page.root.get_by_role("button", name="Play")
    again.wait_for()
    rests = page.tab.evaluate(place)
    page.tab.wait_for_timeout(100)
    assert page.tab.evaluate(place) == rests < last
    again.press("Enter")
    conftest.until(page.tab.evaluate, f"{place} === {last}")
    conftest.until(page.tab.evaluate, f"location.hash.includes('{key}={last}')")
    again.wait_for()


@pytest.mark.parametrize(("name", "kind_of_figure"), PLAYED)
def test_with_less_motion_nothing_plays_by_itself(opened, name, kind_of_figure):
    """Each press is one leap, and then the figure rests."""
    page = opened(name, kind_of_figure, reduced_motion="reduce")
    key = "walk" if kind_of_figure == "nullspace" else "step"
    place = f"figures.live['fig-{kind_of_figure}'].state.{key}"
    button = page.root.get_by_role("button", name="Step forward")
    seen = []
    for _ in range(3):
        button.press("Enter")
        seen.append(page.tab.evaluate(place))
        page.tab.wait_for_timeout(100)
        assert page.tab.evaluate(place) == seen[-1]
    assert seen == sorted(set(seen))
