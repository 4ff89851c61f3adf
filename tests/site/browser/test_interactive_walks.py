"""The null-space walk, the spectrum and order and chaos in Chromium: what is theirs alone.

What is asked of every figure stands in ``test_interactive.py``.
"""

import contextlib
import io
import math
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from symlib.designs import hadamard

WALK = ("explanation/what_a_layer_forgets.html", "nullspace")
SPECTRUM = ("explanation/what_random_matrices_guarantee.html", "spectrum")
CHAOS = ("explanation/the_scale_of_the_weights.html", "chaos")
COLUMNS = 160

# The share of each pixel that is blank or ink, and where it is drawn.
PIXELS = """root => [...root.querySelectorAll("rect[fill-opacity]")].map(one => {
  const at = one.getBoundingClientRect();
  return [Number(one.getAttribute("fill-opacity")), at.left, at.top, at.right, at.bottom];
})"""


@pytest.fixture
def opened(reader):
    """Return a function that opens a figure in some state, and waits until it is alive."""
    with contextlib.ExitStack() as windows:

        def open_page(figure, state="", window="desktop, light", **more):
            page, kind = figure
            one = windows.enter_context(reader(window, **more))
            tab = one.open(f"{page}#fig-{kind}?{state}" if state else page)
            root = tab.locator(f"#fig-{kind}")
            root.locator(".live").wait_for()
            return tab, root

        yield open_page


def said(root):
    """Return the sentence of a figure, with the minus and the points of a program."""
    return root.get_by_role("status").inner_text().replace("−", "-").replace("\u2009", "")


def run(root):
    """Run the program of a figure; return what it prints, and what its comments promise."""
    program = root.locator("details code").text_content()
    text = io.StringIO()
    with redirect_stdout(text):
        exec(program, {})
    return text.getvalue().splitlines(), re.findall(r"  # (.*)", program)


def set_to(tab, root, figure, state):
    """Bring a figure to a state, as a link does, and wait until it has said so."""
    tab.evaluate(f"location.hash = '#fig-{figure[1]}?{state}'")
    tab.wait_for_timeout(500)
    return said(root)


# Programs


@pytest.mark.parametrize("layer", ["half", "random", "hadamard"])
def test_the_program_of_the_walk_gives_the_number_that_the_sentence_says(opened, layer):
    """For 8 units at 70 % of the way, and for all 64."""
    for state in ("units=8&walk=70&draw=5", "units=64&walk=100"):
        _, root = opened(WALK, f"layer={layer}&{state}")
        (moved, change), (promised, _) = run(root)
        assert moved == promised
        assert f"The 3 went {moved.replace('%', ' %')} of the way" in said(root)
        assert float(change) < 1e-12


@pytest.mark.parametrize("law", ["gauss", "sign", "uniform", "none"])
def test_the_program_of_the_spectrum_gives_the_number_that_the_page_shows(opened, law):
    """In its comment, in the table and in the sentence."""
    for state in ("ratio=0.5&mu=0.2&draw=9", "ratio=1&mu=0.02&draw=2"):
        _, root = opened(SPECTRUM, f"law={law}&{state}")
        (printed,), (promised,) = run(root)
        assert printed == promised
        shown = root.locator("tbody tr").first.locator("td").first.text_content()
        assert abs(float(shown) - float(printed)) <= 1e-5 * float(printed)
        assert f"{float(printed):.3g}" in said(root)


# A setting of order and chaos, and what is said of it
SAID = {
    "weights=1.4": "order, χ₁ = 0.911: all pairs merge",
    "weights=1.760955&depth=50": "border, χ₁ = 1: all pairs merge, but 1 - c only falls like",
    "weights=2": "chaos, χ₁ = 1.048: all pairs end at the correlation 0.744;",
    "weights=8&start=0.999999&depth=50": "all pairs end at the correlation 0.0474;",
    "weights=2&biases=0.5": "order, χ₁ = 0.8089: all pairs merge",
    "weights=2&biases=0&start=-0.9": "all pairs end at the correlation 0;",
    "weights=1&biases=0&depth=50": "end of the border, χ₁ = 1: a correlation hardly moves",
    "weights=0.5&biases=0": "neither order nor chaos: signals fade",
    "phi=relu&weights=2&biases=0": "no chaos: without biases all scales of the weights take a pair",
    "phi=relu&weights=3&biases=0": "Each layer multiplies the length by 1.5.",
    "phi=relu&weights=1&biases=0": "Each layer multiplies the length by 0.5.",
    "phi=relu&weights=1&biases=0.5": "order, χ₁ = 0.5: all pairs merge",
    "phi=relu&weights=2&biases=0.5": "no chaos, although χ₁ = 1: the length grows without end",
    "phi=relu&weights=2.5&depth=50": "no chaos, although χ₁ = 1.25: the length grows without end",
}
CELLS = """root => [...root.querySelectorAll("tbody tr")].map(row =>
  [...row.children].map(cell => cell.textContent))"""


@pytest.mark.parametrize("setting", SAID)
def test_order_and_chaos_says_what_python_finds(opened, setting):
    """In the sentence, in the words of the drawings, in the program and in the table."""
    _, root = opened(CHAOS, setting)
    assert SAID[setting] in said(root)
    printed, promised = run(root)
    assert printed == promised
    _, end, slope = map(float, printed[2].split())
    if "χ₁" in said(root):
        assert abs(float(re.search(r"χ₁ = ([\d.]+\d|\d)", said(root))[1]) - slope) <= 6e-4
    if "all pairs end at" in said(root):
        assert abs(float(re.search(r"correlation ([\d.]+);", said(root))[1]) - end) <= 6e-4
    start = dict(pair.split("=") for pair in setting.split("&")).get("start", "0.99")
    ends = [float(one) for one in printed[0].split()]
    ways = re.search(rf"from 0.2 to (.+?) and from {start} to (.+?); in the network", said(root))
    for way, end in zip(ways.groups(), ends, strict=True):
        shown = 1 - float(way[4:]) if way.startswith("1 - ") else float(way)
        assert abs(shown - end) <= 6e-4
    names = root.locator("svg[role=img]").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert SAID[setting].replace(" - ", " − ") in "\n".join(names)
    rows = root.evaluate(CELLS)
    last = [float(rows[-1][column]) for column in (1, 3)]
    assert last == ends
    if "inf" not in printed[1]:
        shown = float(rows[-1][5].replace("−", "-"))
        assert abs(shown / float(printed[1]) - 1) <= 0.05  # of a tiny length two digits are shown


def test_the_draw_moves_the_points_of_order_and_chaos_and_not_the_lines(opened):
    """The same setting, another network."""
    tab, root = opened(CHAOS, "weights=2")
    shapes = """root => ["path.curve", "circle, rect.f3"].map(name =>
      [...root.querySelectorAll(name)].map(one => one.outerHTML).join())"""
    lines, points = root.evaluate(shapes)
    root.get_by_role("button", name="New draw").click()
    tab.wait_for_timeout(400)
    same, others = root.evaluate(shapes)
    assert same == lines
    assert others != points


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_order_and_chaos_keeps_within_its_room(opened, width):
    """Whatever is said, nothing below the figure moves, when it wakes or later."""
    tab, root = opened(CHAOS, viewport={"width": width, "height": 900})
    assert tab.evaluate("window.moved") == []
    height = root.evaluate("root => root.querySelector('.stage').offsetHeight")
    for setting in SAID:
        set_to(tab, root, CHAOS, setting)
        assert root.evaluate("root => root.querySelector('.stage').offsetHeight") == height, setting


def test_order_and_chaos_obeys_a_finger(opened):
    """A tap on ReLU and one far left on the slider of the biases change what is said."""
    tab, root = opened(CHAOS, window="phone, dark")
    root.get_by_label("ReLU").tap()
    slider = root.get_by_role("slider", name="Biases")
    box = slider.bounding_box()
    slider.tap(position={"x": 4, "y": box["height"] / 2})
    tab.wait_for_timeout(500)
    assert "ReLU, weights 4, biases 0, infinite width: no chaos" in said(root)


# The null-space walk


@pytest.mark.parametrize(("layer", "units"), [("random", 8), ("hadamard", 32)])
def test_chromium_walks_as_numpy_does(opened, layer, units):
    """Each pixel of the moved image, clipped, up to the three digits with which it is drawn."""
    three, eight = load_digits().data[[389, 264]] / 16
    _, root = opened(WALK, f"layer={layer}&units={units}&walk=60&draw=1")
    if layer == "random":
        weight = np.random.default_rng(1).uniform(-1, 1, (units, 64))
    else:
        weight = hadamard(64)[:units]
    moved = three + 0.6 * (eight - three - np.linalg.pinv(weight) @ (weight @ (eight - three)))
    drawn = np.array(root.evaluate(PIXELS))[:, 0].reshape(3, 64)
    for found, wanted in zip(drawn, (three, moved, eight), strict=True):
        assert np.abs(found - wanted.clip(0, 1)).max() <= 0.0006
    below, above = np.count_nonzero(moved < -1e-9), np.count_nonzero(moved > 1 + 1e-9)
    assert below > 0
    assert above == (2 if layer == "hadamard" else 0)
    assert f"{below + above} pixels clipped" in root.locator(".panel").first.inner_text()
    marks = root.locator("path[stroke-width='1.6']").evaluate_all(
        "all => all.map(one => one.getAttribute('d').includes('v'))"
    )
    assert sorted(marks) == [False] * below + [True] * above


def test_the_walk_says_when_nothing_is_clipped(opened):
    """The moved digit is then the 8, which equal units cannot tell from the 3."""
    _, root = opened(WALK, "layer=half&units=64&walk=100")
    assert "no pixel is clipped" in root.locator(".panel").first.inner_text()
    assert "of rank 1: 63 of 64 directions are invisible" in said(root)
    assert "100.0 % of the way" in said(root)
    _, moved, eight = np.array(root.evaluate(PIXELS))[:, 0].reshape(3, 64)
    assert np.array_equal(moved, eight)


@pytest.mark.parametrize("scale", [1, 1.25, 1.5, 2, 3])
def test_no_seams_are_seen_between_pixels(opened, scale):
    """Within two pixels of one gray no other gray appears, whatever the screen's resolution is."""
    tab, root = opened(WALK, "layer=half&units=8&walk=0", device_scale_factor=scale)
    root.scroll_into_view_if_needed()
    places = np.array(root.evaluate(PIXELS)).reshape(3, 8, 8, 5)
    shot = Image.open(io.BytesIO(tab.screenshot())).convert("L")
    gray = np.asarray(shot, dtype=float)
    tried = 0
    for image in places:
        for one, other in np.stack([image[:, :-1], image[:, 1:]], 2).reshape(-1, 2, 5):
            if one[0] != other[0]:
                continue
            box = np.array([one[1], one[2], other[3], other[4]]) * scale
            rim = 2 + math.ceil(scale)  # the frame, a pixel wide, and what is rounded
            left, top, right, bottom = np.round(box).astype(int) + rim * np.array([1, 1, -1, -1])
            inside = gray[top:bottom, left:right]
            assert inside.size
            assert np.ptp(inside) == 0
            tried += 1
    assert tried > 20


# The spectrum


def test_chromium_finds_the_eigenvalues_of_numpy(opened):
    """All of them, of matrices of each law, up to 1e-10."""
    tab, _ = opened(SPECTRUM)
    found = tab.evaluate(
        """() => Object.fromEntries(["gauss", "sign", "uniform"].map(law => {
          const { entries, gram, eigvalsh, COLUMNS: n } = figures.spectrum;
          return [law, [...eigvalsh(gram(entries(law, n * n, 3), 120, n, 0.1), 120)]];
        }))"""
    )
    for law, values in found.items():
        rng, shape = np.random.default_rng(3), (120, COLUMNS)
        x = {
            "gauss": lambda rng=rng, shape=shape: rng.standard_normal(shape),
            "sign": lambda rng=rng, shape=shape: np.where(rng.random(shape) < 0.5, -1.0, 1.0),
            "uniform": lambda rng=rng, shape=shape: rng.uniform(-(3**0.5), 3**0.5, shape),
        }[law]() + 0.1
        wanted = np.linalg.eigvalsh(x @ x.T / COLUMNS)
        assert np.abs(np.array(values) - wanted).max() <= 1e-10


def test_a_constant_is_said_to_be_seen_above_the_threshold_alone(opened):
    """80 rows and 160 columns have the threshold 0.094; all 0.5 is a spike without a bulk."""
    tab, root = opened(SPECTRUM)
    below = set_to(tab, root, SPECTRUM, "law=sign&ratio=0.5&mu=0.09")
    assert "below the threshold 0.094" in below
    assert root.locator("path.f2").count() == 0
    above = set_to(tab, root, SPECTRUM, "law=sign&ratio=0.5&mu=0.1")
    assert "above the threshold 0.094" in above
    assert root.locator("path.f2").count() == 1
    assert "A spike without a bulk" in set_to(tab, root, SPECTRUM, "law=none&ratio=0.5&mu=0.5")
    assert root.locator(".word").all_text_contents() == ["one eigenvalue: 20"]


def test_a_new_draw_is_another_matrix(opened):
    """The button goes to the next seed, and the address keeps it."""
    tab, root = opened(SPECTRUM)
    before = root.locator("details code").text_content()
    root.get_by_role("button", name="New draw").click()
    tab.wait_for_timeout(400)
    after = root.locator("details code").text_content()
    assert "default_rng(1)" in before
    assert "default_rng(2)" in after
    assert tab.url.endswith("draw=2")


# Labels

CROSSED = """root => [...root.querySelectorAll(".word")].filter(word => {
  const a = word.getBoundingClientRect(), panel = word.closest("svg").getBoundingClientRect();
  const hits = [...word.closest("svg").querySelectorAll(".f1, .f2, .f3")].some(one => {
    const b = one.getBoundingClientRect();
    return a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top < a.bottom - 3;
  });
  return hits || a.left < panel.left || a.right > panel.right;
}).map(one => one.textContent)"""


@pytest.mark.parametrize("width", [320, 1280])
def test_labels_of_order_and_chaos_lie_on_no_point(opened, width):
    """In each kind of state."""
    tab, root = opened(CHAOS, viewport={"width": width, "height": 900})
    for state in (*SAID, "depth=5", "depth=50&draw=3", "weights=0.2&start=-0.5&biases=1"):
        set_to(tab, root, CHAOS, state)
        assert root.evaluate(CROSSED) == [], state


@pytest.mark.parametrize("width", [320, 1280])
def test_labels_of_the_spectrum_lie_on_no_bar(opened, width):
    """In some states."""
    tab, root = opened(SPECTRUM, viewport={"width": width, "height": 900})
    for state in ("mu=0.1", "mu=0.15&ratio=1", "mu=0.2", "mu=0.5", "mu=0.5&law=none"):
        set_to(tab, root, SPECTRUM, state)
        assert root.evaluate(CROSSED) == [], state
