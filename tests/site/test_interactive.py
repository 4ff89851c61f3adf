"""The interactive figures: their numbers against the library's, their directive, their size.

The scripts run here in a small engine without a page. The tests that need a browser are in
``tests/site/browser``.
"""

import gzip
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from symlib.designs import hadamard
from symlib.network import Layer, Network
from symlib.training import descend

FIGURES = Path(__file__).parents[2] / "docs" / "_static" / "figures"
KINDS = sorted(path.stem for path in FIGURES.glob("*.js") if path.stem != "core")
LARGEST = 15_000  # bytes of script, style and data that a figure may add to a page, compressed
LARGEST_PLAYGROUND = 20_000  # which has more to choose from
STEPS, RATE = 2000, 0.2
BIG = [("zero", 0, 1), ("half", 0, 1), ("hadamard", 0, 1), ("random", 0, 1), ("random", 0, 7)]
BIG += [("noise", eps, 1) for eps in (1, 0.1, 0.01, 0.001)]
SMALL = [1e-4, 1e-6, 1e-9, 1e-12, 1e-16]


@pytest.fixture(scope="module")
def call(scripts):
    """Return a function that evaluates an expression after the scripts."""
    return scripts("symmetry")


@pytest.fixture(scope="module")
def trained(call):
    """Return a function that trains from a start as the page does: parameters, losses, gaps."""

    def run(kind, eps, seed, steps=STEPS):
        found = call(
            "((run) => [run.path, run.loss, run.gap].map((one) => Array.from(one)))"
            "(figures.symmetry.train("
            f"figures.symmetry.start('{kind}', {eps}, {seed}), figures.symmetry.data(),"
            f"{RATE}, {steps}))"
        )
        path, loss, gap = map(np.array, found)
        return path.reshape(steps + 1, 17), loss, gap

    return run


def task():
    """Return the task of the symmetry playground."""
    corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], 8, axis=0)
    x = corners + np.random.default_rng(10).uniform(-0.8, 0.8, corners.shape)
    return x, np.sign(x[:, :1] * x[:, 1:])


def first(kind, eps, seed):
    """Return the units at the start, a row for each, and the bias of the output."""
    draw = np.random.default_rng(seed).uniform(-1, 1, (4, 4))
    units = {
        "zero": np.zeros((4, 4)),
        "half": np.full((4, 4), 0.5),
        "noise": 0.5 + eps * draw,
        "random": draw,
        "hadamard": hadamard(4) / 2,
    }[kind]
    return units, 0.5 if kind in ("half", "noise") else 0.0


def by_library(units, bias, steps=STEPS):
    """Train replicas with the library; return parameters (step, replica, 17) and losses."""
    layers = [
        Layer(units[..., :2], units[..., 2]),
        Layer(units[..., None, :, 3], np.full((*units.shape[:-2], 1), bias)),
    ]

    def record(network):
        (weight, offset), (outgoing, last) = network.layers
        unit = np.concatenate([weight, offset[..., None], outgoing.swapaxes(-1, -2)], axis=-1)
        return np.concatenate([unit.reshape(*unit.shape[:-2], 16), last], axis=-1)

    network = Network(layers, "tanh", same_order=True)
    run = descend(network, *task(), steps=steps + 1, rate=RATE, record=record)
    return np.array(run.records[: steps + 1]), run.losses


def one_by_one(units, bias):
    """Train with plain floats, in the order of the page's own sums."""
    x, y = task()
    theta = [*units.ravel().tolist(), bias]
    samples = list(zip(x.tolist(), y[:, 0].tolist(), strict=True))
    path = []
    for _ in range(STEPS + 1):
        path.append(theta)
        slope = [0.0] * 17
        for (u, v), wanted in samples:
            f, hidden = theta[16], []
            for q in range(0, 16, 4):
                hidden.append(math.tanh(theta[q] * u + theta[q + 1] * v + theta[q + 2]))
                f += theta[q + 3] * hidden[-1]
            d = f - wanted
            for q, h in zip(range(0, 16, 4), hidden, strict=True):
                e = d * theta[q + 3] * (1 - h * h)
                slope[q] += e * u
                slope[q + 1] += e * v
                slope[q + 2] += e
                slope[q + 3] += d * h
            slope[16] += d
        theta = [a - (2 * RATE / 32) * b for a, b in zip(theta, slope, strict=True)]
    return np.array(path)


def test_the_page_draws_the_numbers_of_numpy(call):
    """Bit for bit, for a hundred seeds and for seeds of more than one word."""
    for seed in (*range(100), 2**31, 2**32 - 1, 2**32 + 5, 2**70 + 3, 2**200 + 1):
        drawn = call(
            "((rng) => Array.from({length: 40}, () => rng.uniform(-1, 1)))"
            f"(new figures.Rng({seed}n))"
        )
        assert drawn == np.random.default_rng(seed).uniform(-1, 1, 40).tolist(), seed


def test_the_page_learns_the_task_that_it_shows(call):
    """Its points and their signs are those of the program in its panel."""
    x, y = task()
    assert call("figures.symmetry.data()") == {"x": x.tolist(), "y": y[:, 0].tolist()}


@pytest.mark.parametrize(("kind", "eps", "seed"), BIG)
def test_the_page_trains_as_the_library_does(trained, kind, eps, seed):
    """All weights at all steps, and the loss, to ten digits: noise of 1e-3 or more, or none."""
    path, loss, gap = trained(kind, eps, seed)
    expected, losses = by_library(*first(kind, eps, seed))
    assert np.array_equal(path[0], expected[0])
    assert np.abs(path - expected).max() <= 1e-10
    assert np.abs(loss - losses).max() <= 1e-10
    units = expected[:, :16].reshape(-1, 4, 4)
    assert np.abs(gap - np.ptp(units, axis=1).max(axis=-1)).max() <= 1e-10


@pytest.mark.parametrize(("kind", "eps"), [("random", 0), ("noise", 1e-3), ("noise", 1)])
def test_the_page_trains_as_the_library_does_from_a_hundred_seeds(trained, kind, eps):
    """The first two hundred steps of a hundred starts."""
    starts = [first(kind, eps, seed) for seed in range(100)]
    expected, losses = by_library(np.array([units for units, _ in starts]), starts[0][1], 200)
    for seed in range(100):
        path, loss, _ = trained(kind, eps, seed, 200)
        assert np.abs(path - expected[:, seed]).max() <= 1e-10, seed
        assert np.abs(loss - losses[:, seed]).max() <= 1e-10, seed


@pytest.mark.parametrize("eps", SMALL)
def test_smaller_noise_gives_the_same_bits_in_the_same_order(call, trained, eps):
    """Rounding grows as the noise does, so only the same sums in the same order agree.

    That needs the same tanh too. Where the engine's differs from Python's in a last bit, two runs
    may differ by a rounding that has grown by 1 / eps, and no more is asked.
    """
    path, _, _ = trained("noise", eps, 1)
    expected = one_by_one(*first("noise", eps, 1))
    values = np.random.default_rng(0).uniform(-4, 4, 20_000).tolist()
    if call(f"{values}.map(Math.tanh)") == [math.tanh(value) for value in values]:
        assert np.array_equal(path, expected)
    else:
        assert np.abs(path - expected).max() <= 1e-13 / eps


@pytest.mark.parametrize(("kind", "eps"), [("zero", 0), ("half", 0), ("noise", 0)])
def test_tied_units_are_tied_exactly(trained, kind, eps):
    """The gap is 0 at every step, without a tolerance."""
    path, _, gap = trained(kind, eps, 1)
    assert np.array_equal(gap, np.zeros(STEPS + 1))
    units = path[:, :16].reshape(-1, 4, 4)
    assert np.array_equal(units, np.broadcast_to(units[:, :1], units.shape))


def test_what_the_prose_says_of_the_playground_is_so(trained):
    """Larger noise parts the units earlier; a table of signs learns as well as random numbers."""
    parts = [np.argmax(trained("noise", eps, 1)[2] > 0.5) for eps in (1e-3, 1e-6, 1e-9)]
    assert 0 < parts[0] < parts[1] < parts[2]
    ends = {kind: trained(kind, 0, 1)[1][-1] for kind in ("zero", "half", "random", "hadamard")}
    assert ends["zero"] == 1
    assert ends["half"] > 0.5
    assert max(ends["random"], ends["hadamard"]) < 0.05
    assert trained("noise", 1e-9, 1)[1][-1] < 0.05


@pytest.mark.parametrize("step", [0, 137, 2000])
@pytest.mark.parametrize(("kind", "eps", "seed"), [*BIG, *(("noise", eps, 3) for eps in SMALL)])
def test_the_program_in_the_panel_gives_the_number_it_shows(call, capsys, kind, eps, seed, step):
    """To all digits it shows, which are fewer the smaller the noise."""
    code = call(
        "((state) => figures.symmetry.program(state, figures.symmetry.train("
        "figures.symmetry.start(state.start, state.eps, state.seed), figures.symmetry.data()"
        ").loss[state.step]))"
        f"({{start: '{kind}', eps: {eps}, seed: {seed}, step: {step}}})"
    )
    assert max(map(len, code.splitlines())) <= 110
    exec(compile(code, "panel", "exec"), {})
    shown = code.rpartition("# ")[2]
    if eps == 1e-16:
        assert "each machine" in shown
    else:
        digits = 10 if kind != "noise" or eps >= 1e-3 else math.floor(14 + math.log10(eps))
        assert digits >= 2
        assert float(capsys.readouterr().out) == pytest.approx(float(shown), rel=10 ** (1 - digits))


def test_units_that_compute_the_same_are_one_class(call):
    """A unit and its mirror image are the same for tanh, and 0.06 apart is different."""
    theta = [1, 2, 3, 4, -1, -2, -3, -4, 1, 2, 3, 4.06, 1.04, 2, 3, 4, 0]
    assert call(f"figures.symmetry.classes({theta})") == [[0, 1, 3], [2]]


# What holds for every figure


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_small(kind):
    """Its script, the core and the style are small, compressed; its page is asked later."""
    files = [FIGURES / name for name in ("core.js", f"{kind}.js", "figures.css")]
    sizes = {path.name: len(gzip.compress(path.read_bytes(), mtime=0)) for path in files}
    largest = LARGEST_PLAYGROUND if kind == "playground" else LARGEST
    assert sum(sizes.values()) <= largest, sizes


@pytest.mark.parametrize("kind", ["core", *KINDS])
def test_a_script_asks_for_nothing_that_a_file_or_the_policy_forbids(kind):
    """No module, no request, no text made into code or markup, no style attribute."""
    text = re.sub(r"/\*.*?\*/", "", (FIGURES / f"{kind}.js").read_text("utf-8"), flags=re.DOTALL)
    text = text.replace("http://www.w3.org/2000/svg", "")  # a name, which nothing asks for
    modules = r"\bimport\(|^\s*export\b|^\s*import\b.*from [\"']"
    assert not re.findall(modules, text, flags=re.MULTILINE)
    assert not re.findall(r"\bfetch\(|XMLHttp|\beval\(|new Function|innerHTML|https?://", text)
    assert not re.findall(r"""\bstyle\s*:|["']style["']""", text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_needs_no_page_until_it_draws(scripts, kind):
    """It loads in an engine without a document, so that its numbers can be tested."""
    assert scripts(kind)(f"typeof figures.{kind}") == "object"


def test_the_example_of_the_page_for_authors_runs(scripts):
    """Its script draws the numbers that its program names."""
    guide = (FIGURES.parents[1] / "how_to" / "add_an_interactive_figure.md").read_text("utf-8")
    script = re.search(r"```js\n(.*?)```", guide, flags=re.DOTALL)[1]
    path = scripts(own=script)("figures.walk.walk(1, 100)")
    assert path == pytest.approx([0, *np.random.default_rng(1).uniform(-1, 1, 100).cumsum()])


# The directive


def test_an_interactive_figure_is_static_until_a_script_runs(small_sites):
    """The page has the figure, its state, its data and the scripts; no other page has those."""
    built = small_sites[0]
    page = built.page("explanation/moves")
    figure = re.search(r"<figure.*?</figure>", page, flags=re.DOTALL)[0]
    for part in (
        r'<figure [^>]*data-figure="symmetry" data-state="start=noise&amp;eps=1e-9" id="fig-symm',
        r'<div class="still">\s*(<img alt="One straight[^>]*>\s*){2}</div></div>',
        r"<figcaption>.*One line, .*S01.*The page that measures it.*</figcaption>",
    ):
        assert re.search(part, figure, flags=re.DOTALL), part
    data = re.search(r'<script type="application/json">(.*?)</script>', figure)[1]
    assert json.loads(data) == {"text": "</script>", "numbers": [0.125, 2]}
    assert 'href="#fig-symmetry" data-state="start=half&amp;step=7">all 0.5</a>' in page
    loads = re.findall(r"<(?:script|link)[^>]*_static/figures/(\w+\.\w+)[^>]*>", page)
    assert sorted(loads) == ["core.js", "figures.css", "symmetry.js"]
    assert page.index("core.js") < page.index("symmetry.js")
    assert len(re.findall(r'<script defer="defer" src="../_static/figures/', page)) == 2
    for other in ("index", "explanation/probe", "gallery/symmetry/plot_tied_units"):
        assert "_static/figures/" not in built.page(other)
    twin = (built.html / "explanation" / "moves.md").read_text(encoding="utf-8")
    assert "![One straight line" in twin
    assert "[all 0.5](#fig-symmetry)" in twin


def test_a_figure_that_cannot_be_set_is_told(faulty_site):
    """No script of that name; a link to a figure that is on another page."""
    told = re.findall(r"^.*(?:WARNING|ERROR): .*$", faulty_site.output, flags=re.MULTILINE)
    for fault in ("there is no script symmetries.js", "no figure fig-symmetry on this page to set"):
        assert any(fault in line for line in told), faulty_site.output
