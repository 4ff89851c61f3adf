"""What the site adds to Sphinx: figures, formulas, the ledger, downloads and live builds."""

import ast
import json
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.style
import pytest
import symlib_site.access
import symlib_site.downloads
import symlib_site.entries
import symlib_site.expect
import symlib_site.figures
import symlib_site.ledger
import symlib_site.live
import symlib_site.math
import symlib_site.notebooks
import symlib_site.policy
import symlib_site.source
import symlib_site.whole
from docutils import nodes
from docutils.core import publish_doctree
from matplotlib.figure import Figure
from sphinx.errors import ExtensionError

from symlib.claims import Check

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
WORDS = "One straight line that rises from the left to the right, and nothing else."


# Figures


def draw():
    """Return a figure in the style of the site, with ink, black, a color and a dashed line."""
    with mpl.rc_context():
        mpl.style.use(symlib_site.figures.STYLE)
        figure = Figure()
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1])
        ax.plot([0, 1], [1, 0], "--", color="black")
        ax.fill_between([0, 1], [0, 1], alpha=0.5)
        ax.set(title="A title", xlabel="an axis")
        return symlib_site.figures._svg(figure)


def test_a_figure_has_no_style_attribute_and_no_black_or_ink_of_its_own():
    """A strict content policy strips style attributes, and black cannot be read in the dark."""
    svg = draw()
    elements = list(ElementTree.fromstring(svg).iter())
    assert len(elements) > 50
    assert not any("style" in element.attrib for element in elements)
    colors = {element.get(kind) for element in elements for kind in ("fill", "stroke")}
    assert {"currentColor", "#1b78bd", "none"} <= colors
    assert not colors & {symlib_site.figures.INK, "#000000", "black", "#000"}
    assert "<metadata" not in svg
    assert "<!--" not in svg


def test_a_figure_says_the_color_of_its_ink_for_both_schemes():
    """An image cannot inherit the color of the page; it follows the reader's scheme."""
    svg = symlib_site.figures.adaptive_svg('<svg width="9"><g/></svg>')
    assert svg.count("<style>") == 1
    assert f":root{{color:{symlib_site.figures.LIGHT}}}" in svg
    dark = f"@media(prefers-color-scheme:dark){{:root{{color:{symlib_site.figures.DARK}}}"
    assert dark in svg
    assert svg.startswith('<svg fill="currentColor" ')


def test_styles_become_attributes_with_the_same_values():
    """What a style attribute said, the presentation attributes say."""
    svg = symlib_site.figures.adaptive_svg(
        f'<svg><path d="M 0 0" style="fill: none; stroke:{symlib_site.figures.INK};opacity: 0.3"/>'
        '<path style="stroke: #000000"/></svg>'
    )
    first, second = ElementTree.fromstring(svg).findall("path")
    assert first.attrib == {
        "d": "M 0 0",
        "fill": "none",
        "stroke": "currentColor",
        "opacity": "0.3",
    }
    assert second.attrib == {"stroke": "currentColor"}


def test_paths_keep_two_decimals_and_scales_keep_all():
    """A glyph is scaled by a small number, which two decimals would make zero."""
    svg = symlib_site.figures.adaptive_svg(
        '<svg><path d="M 1.23456 7.891"/><g transform="scale(0.015625)"/></svg>'
    )
    assert 'd="M 1.23 7.89"' in svg
    assert "scale(0.015625)" in svg
    scales = re.findall(r"scale\(([\d.]+)", draw())
    assert scales
    assert all(float(scale) > 0 for scale in scales)


def test_the_same_figure_is_the_same_bytes():
    """No date, no random id, no address of an object."""
    assert draw() == draw()


@pytest.mark.parametrize("words", [None, "", "  \n ", "A line.", 400 * "x"])
def test_a_figure_without_words_is_refused(words):
    """The message says what is wanted and how many characters came."""
    figure = Figure()
    if words is not None:
        figure.alt_text = words
    length = len((words or "").strip())
    with pytest.raises(ValueError, match=f"in 40 to 320 characters, got {length}: "):
        symlib_site.figures.alternative_text(figure)


def test_the_words_of_a_figure_are_one_line():
    """Line breaks in the source do not reach the page."""
    figure = Figure()
    figure.alt_text = WORDS.replace(" that", "\n   that")
    assert symlib_site.figures.alternative_text(figure) == WORDS


@pytest.fixture
def apart(contrast):
    """Return a function that gives the contrast of two colors in hexadecimal digits."""
    return lambda *colors: contrast(*(bytes.fromhex(color) for color in colors))


@pytest.mark.parametrize("background", ["ffffff", "f8f9fb", "131416", "14181e", "222832"])
def test_the_palette_can_be_seen_on_every_background(apart, background):
    """Each color of a line has a contrast of at least 3 in light and in dark."""
    style = symlib_site.figures.STYLE.read_text(encoding="utf-8")
    colors = re.search(r"cycler\('color', (\[.*?\])\)", style)
    palette = ast.literal_eval(colors[1])
    assert len(palette) >= 4
    for color in palette:
        assert apart(color, background) >= 3, color


def inks(*, dark):
    """Return the colors of text in figures, as a light or a dark page has them."""
    words = [pair[dark].removeprefix("#") for pair in symlib_site.figures.WORDS.values()]
    return words, (symlib_site.figures.DARK if dark else symlib_site.figures.LIGHT).removeprefix(
        "#"
    )


# white, the second background of the theme, and a shade within a figure
@pytest.mark.parametrize("background", ["ffffff", "f8f9fb", "d9d9d9"])
def test_words_can_be_read_on_a_light_page(apart, background):
    """Those in color have a contrast of at least 4.5, those in ink of 7."""
    words, ink = inks(dark=False)
    assert apart(ink, background) >= 7
    assert min(apart(word, background) for word in words) >= 4.5


@pytest.mark.parametrize("background", ["131416", "1a1c1e", "222832", "343436"])
def test_words_can_be_read_on_a_dark_page(apart, background):
    """Those in color have a contrast of at least 4.5, those in ink of 7."""
    words, ink = inks(dark=True)
    assert apart(ink, background) >= 7
    assert min(apart(word, background) for word in words) >= 4.5


def test_every_color_of_a_line_has_a_color_for_words():
    """The palette of the style, and gray."""
    style = symlib_site.figures.STYLE.read_text(encoding="utf-8")
    colors = re.search(r"cycler\('color', (\[.*?\])\)", style)
    palette = {f"#{color}" for color in ast.literal_eval(colors[1])}
    assert set(symlib_site.figures.WORDS) == palette | {"#808080"}


def test_words_in_the_color_of_a_line_follow_the_color_scheme():
    """The words are darker than the line on a light page, and lighter on a dark one."""
    with mpl.rc_context():
        mpl.style.use(symlib_site.figures.STYLE)
        figure = Figure()
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], label="first")
        ax.annotate("words", (0.5, 0.5), color="C0")
        ax.set(xlabel="an axis")
        symlib_site.figures.color_words(figure)
        svg = symlib_site.figures._svg(figure)
    light, dark = symlib_site.figures.WORDS["#1b78bd"]
    assert svg.count('stroke="#1b78bd"') == 1  # the line
    assert svg.count('class="w0"') == 1  # the words
    assert f".w0{{fill:{light}}}" in svg.partition("@media")[0]
    assert f".w0{{fill:{dark}}}" in svg.partition("@media")[2]


@pytest.mark.parametrize("color", ["red", "#1b78be", "0.8", "white"])
def test_words_in_a_color_that_has_no_such_pair_are_refused(color):
    """The message has the words and the colors that can be chosen."""
    figure = Figure()
    figure.text(0.5, 0.5, "hard to read", color=color)
    message = r"ink, gray or that of a line \(C0 to C3\), got #\w{6} for 'hard to read'"
    with pytest.raises(ValueError, match=message):
        symlib_site.figures.color_words(figure)


# Formulas


def formulas():
    """Return every formula of the prose, the ledger and the gallery; and whether it is a block."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]
    for folder in ("explanation", "how_to", "reference"):
        texts += [path.read_text("utf-8") for path in (ROOT / "docs" / folder).rglob("*.md")]
    found = set()
    for text in texts:
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        prose = re.sub(r"`+[^`]*`+", "", prose)
        found |= {(tex.strip(), True) for tex in re.findall(r"\$\$(.+?)\$\$", prose, re.DOTALL)}
        prose = re.sub(r"\$\$.+?\$\$", "", prose, flags=re.DOTALL)
        found |= {(tex, False) for tex in re.findall(r"\$([^$]+?)\$", prose)}
    for claim in symlib_site.entries.ledger():
        for text in (claim.statement, claim.scope):
            found |= {(tex, False) for tex in re.findall(r"\$([^$]+)\$", text)}
    for folder in ("gallery", "symlib"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= {
                (tex.replace("\n# ", "\n"), False) for tex in re.findall(r":math:`([^`]+)`", text)
            }
    return sorted(found)


def left_over(tex, block):
    """Return what is wrong with the MathML of a formula, or nothing."""
    markup = symlib_site.math.mathml(tex, block=block)
    root = ElementTree.fromstring(re.sub(r"&(?!#|amp;|lt;|gt;|quot;)\w+;", "x", markup))
    text = "".join(root.itertext())
    if not root.tag.endswith("math"):
        return f"{root.tag} is no formula"
    if root.get("display") != ("block" if block else None):
        return f"its display is {root.get('display')}"
    return "a command is left over" if "\\" in text else "" if text.strip() else "it is empty"


def test_every_formula_of_the_site_becomes_mathml():
    """It is well-formed, and no command is left over."""
    found = formulas()
    assert len(found) > 100
    wrong = {tex: fault for tex, block in found if (fault := left_over(tex, block))}
    assert wrong == {}


def test_no_bar_of_a_formula_is_spaced_as_an_operator():
    """A bar has the room that TeX gives it: none, or that of a fence of its side."""
    bars = 0
    for tex, block in formulas():
        markup = symlib_site.math.mathml(tex, block=block)
        markup = re.sub(r"&(?!#|amp;|lt;|gt;|quot;)\w+;", "x", markup)
        for row in ElementTree.fromstring(markup).iter():
            ends = {id(row[0]), id(row[-1])} if len(row) > 1 else set()
            for one in row:
                if one.tag == "mo" and one.text in ("|", "‖"):
                    bars += 1
                    tight = one.get("lspace") == one.get("rspace") == "0"
                    assert tight or one.get("form") in ("prefix", "postfix") or id(one) in ends, tex
    assert bars > 100


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        (r"\lvert x \rvert", '<mo stretchy="false" form="prefix">|</mo><mi>x</mi>'),
        (r"= -|x|", '<mo lspace="0" rspace="0">−</mo>'),  # a sign, and no difference
        (r"\theta \cos\theta", '<mi>θ</mi><mspace width="0.1667em"/>'),
        (r"s_\max", '<mo lspace="0" rspace="0">max</mo>'),
    ],
)
def test_a_formula_is_spaced_as_tex_spaces_it(tex, wanted):
    """What older converters got wrong."""
    assert wanted in symlib_site.math.mathml(tex)


@pytest.mark.parametrize("tex", [r"a + \nosuchthing", r"\nosuchthing{x}^2", r"\frac{\nosuch}{2}"])
def test_an_unknown_command_is_a_fault_that_shows_the_formula(tex):
    """A formula with a typing error does not reach the page."""
    with pytest.raises(ExtensionError) as fault:
        symlib_site.math.mathml(tex)
    assert repr(tex) in str(fault.value)
    assert re.search(r'Unknown command "\\nosuch\w*"', str(fault.value))


@pytest.mark.parametrize("tex", [r"\psi\!(x)", r"\left(1 - x\right)^k y"])
def test_a_formula_that_needs_a_style_is_a_fault_that_says_what_to_write(tex):
    """A browser would drop the style, as the policy says."""
    with pytest.raises(ExtensionError, match=r"leave \\! out, and write \\bigl\( and") as fault:
        symlib_site.math.mathml(tex)
    assert repr(tex) in str(fault.value)


def test_a_formula_that_cannot_be_read_is_a_fault_that_shows_it():
    """Whatever the converter raises, the message has the formula."""
    with pytest.raises(ExtensionError, match="no MathML for the formula") as fault:
        symlib_site.math.mathml(r"\left( x^2")
    assert repr(r"\left( x^2") in str(fault.value)


# The ledger


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("6.7e-16", "6.7 · 10⁻¹⁶"),
        ("0.0e+00", "0"),
        ("10.0e+00", "10.0 · 10⁰"),
        ("1e+05", "1 · 10⁵"),
        ("-2.5e-03", "−2.5 · 10⁻³"),
        ("== 0", "= 0"),
        ("<= 0.5", "≤ 0.5"),
        (">= -1", "≥ −1"),
        ("< 3", "< 3"),
        ("92%", "92%"),
        ("exact", "exact"),
    ],
)
def test_a_number_is_written_as_in_prose(text, wanted):
    """Powers are raised, and signs are those of print."""
    assert symlib_site.ledger.plain(text) == wanted


def pages_of(claim):
    """Return the pages that are to check a claim."""
    stored = [claim.stored] if claim.stored else []
    return [f"gallery/{page}" for page in claim.pages] + stored


def consistent():
    """Return checks with which every claim of the ledger fits together."""
    shows = {"holds": "claim", "holds within limits": "limit", "fails as stated": "failure"}
    shows["stored run"] = "stored"
    return [
        (
            page,
            Check(
                claim.id, f"{what}, {at}", 1.0, "==", 1.0, 0.0, 0.0, True, shows[claim.verdict], ""
            ),
        )
        for claim in symlib_site.entries.ledger()
        if claim.verdict != "open"
        for at, page in enumerate(pages_of(claim))
        for what in ("one number", "another")
    ]


def test_a_ledger_that_fits_its_checks_has_no_fault():
    """Every claim is checked on its pages, with the verdict it names."""
    assert consistent()
    assert list(symlib_site.ledger.find_faults(iter(consistent()))) == []


def test_a_check_on_a_further_page_is_no_fault():
    """An explanation may check a claim once more."""
    _, one = consistent()[0]
    more = ("explanation/the_tie", one._replace(what="in a notebook"))
    assert list(symlib_site.ledger.find_faults([*consistent(), more])) == []


FAULTS = {
    "nobody checks it": (
        lambda made: [one for one in made if one[1].claim != "S01"],
        "claim S01 has no check, and its verdict is 'holds within limits'",
    ),
    "an open claim is checked": (
        lambda made: [
            *made,
            ("gallery/symmetry/plot_float_free", made[0][1]._replace(claim="S02", shows="claim")),
        ],
        "claim S02: the verdict is 'open', its checks say 'holds'",
    ),
    "verdict": (
        lambda made: [(page, one._replace(shows="failure")) for page, one in made[:1]] + made[1:],
        "claim S01: the verdict is 'holds within limits', its checks say 'fails as stated'",
    ),
    "failed": (
        lambda made: [(page, one._replace(passed=False)) for page, one in made[:1]] + made[1:],
        "claim S01: the verdict is 'holds within limits', its checks say 'open'",
    ),
    "another page": (
        lambda made: [
            ("explanation/the_tie" if one.claim == "S01" else page, one) for page, one in made
        ],
        "claim S01 names the page symmetry/plot_tied_units, which does not check it",
    ),
    "same name": (
        lambda made: [*made, made[0]],
        "claim S01 has two checks named 'one number, 0'",
    ),
}


@pytest.mark.parametrize(("spoil", "sentence"), FAULTS.values(), ids=FAULTS)
def test_each_fault_of_the_ledger_has_its_sentence(spoil, sentence, monkeypatch):
    """One fault, one sentence that names the claim, and nothing else."""
    known = symlib_site.entries._claims()
    still_open = known["S02"]._replace(pages=("symmetry/plot_float_free",), verdict="open")
    monkeypatch.setitem(known, "S02", still_open)
    made = [one for one in consistent() if one[1].claim != "S02"]
    assert list(symlib_site.ledger.find_faults(spoil(made))) == [sentence]


# Downloads

SCRIPT = '''\
# /// script
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""It names "symlib-nn" once more."""
'''
WHEEL = "https://example.org/wheels/symlib_nn-1-py3-none-any.whl"


def test_a_script_that_can_fetch_the_library_says_so_in_its_block_and_below_it():
    """The rest of the text stays as it is."""
    text = symlib_site.downloads.with_directions(SCRIPT, "plot_a", WHEEL)
    head, _, rest = text.partition("# To run it: uv run plot_a.py\n")
    assert head == f'# /// script\n# dependencies = ["symlib-nn @ {WHEEL}", "matplotlib"]\n# ///\n'
    assert rest.startswith(f"# Without uv: pip install {WHEEL} matplotlib, then python plot_a.py\n")
    assert rest.endswith('"""It names "symlib-nn" once more."""\n')


def test_a_script_without_a_block_is_a_fault_that_names_it():
    """It could not be run as its page says."""
    with pytest.raises(ExtensionError, match=r"plot_a\.py must begin with a script block that"):
        symlib_site.downloads.with_directions('"""Words."""\n', "plot_a", WHEEL)


def notebook(*cells):
    """Return the text of a notebook with some cells of code."""
    return json.dumps({"cells": [{"cell_type": "code", "source": [cell]} for cell in cells]})


def archive(path, members, date):
    """Write an archive with its members in the given order and of the given date."""
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(zipfile.ZipInfo(name, date_time=date), text)
    return path


def test_an_archive_is_the_same_bytes_whenever_and_in_whatever_order_it_was_made(tmp_path):
    """It holds what it held, as it can be downloaded beside it, and the wheel."""
    wheel = tmp_path / "symlib_nn-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    members = {"part/notes.md": "Notes.", "part/plot_a.py": SCRIPT, "part/plot_a.ipynb": "{}"}
    one = archive(tmp_path / "one.zip", members, (2001, 1, 1, 0, 0, 0))
    turned = dict(reversed(members.items()))
    other = archive(tmp_path / "other.zip", turned, (2026, 2, 3, 4, 5, 6))
    assert one.read_bytes() != other.read_bytes()
    for path in (one, other):
        symlib_site.downloads.rewrite(path, wheel, {"plot_a.py": "1", "plot_a.ipynb": "2"})
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as file:
        held = {name: file.read(name).decode() for name in file.namelist()}
    assert sorted(held) == sorted([*members, wheel.name])
    assert held["part/notes.md"] == "Notes."
    assert held[wheel.name] == "wheel"
    assert (held["part/plot_a.py"], held["part/plot_a.ipynb"]) == ("1", "2")


def test_a_notebook_opens_with_the_head_of_its_script_and_holds_outputs(tmp_path):
    """What each cell printed and drew stands below it; a drawing has ink and paper of its own."""
    (tmp_path / "a.svg").write_text(f"<svg >{symlib_site.figures.BOTH}</svg>", encoding="utf-8")
    cells = [
        {"printed": "1\n2\n", "drawn": []},
        {"printed": "", "drawn": [("a.svg", "Words.")]},
    ]
    book = notebook("print(1)", "plt.plot()")
    made = json.loads(symlib_site.downloads.with_outputs(book, "# Head.\n", cells, tmp_path))
    first, second, third = made["cells"]
    assert first["source"] == ["# Head."]
    assert second["outputs"] == [
        {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]}
    ]
    (drawing,) = third["outputs"][0]["data"]["image/svg+xml"]
    assert drawing == f'<svg class="symlib" >{symlib_site.downloads.PAPER}</svg>'
    assert ":root" not in drawing  # it would color the page of the notebook
    assert [second["execution_count"], third["execution_count"]] == [1, 2]


def test_a_notebook_with_other_cells_than_its_page_is_a_fault(tmp_path):
    """Outputs would stand below the wrong code."""
    cells = [{"printed": "", "drawn": []}]
    with pytest.raises(ExtensionError, match="must have the 1 cells of code of its page, got 2"):
        symlib_site.downloads.with_outputs(notebook("1", "2"), "# Head.\n", cells, tmp_path)


# Live builds

REACHED = {
    "symlib/weights.py": True,
    "symlib/claims.toml": True,
    "symlib/deep/module.py": True,
    "docs/_extensions/symlib_site/math.py": True,
    "docs/_static/symlib.mplstyle": True,
    "docs/index.md": False,
    "gallery/symmetry/plot_tied_units.py": False,
    "symlib/__pycache__/weights.cpython-311.pyc": False,
}


@pytest.mark.parametrize(("name", "reached"), REACHED.items())
def test_a_change_of_what_pages_reach_changes_the_fingerprint(name, reached, tmp_path):
    """The library, its claims, the extensions and the style count; a page's own text does not."""
    for file in REACHED:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("one", encoding="utf-8")
    before = symlib_site.live.fingerprint(tmp_path)
    assert symlib_site.live.fingerprint(tmp_path) == before
    (tmp_path / name).write_text("two", encoding="utf-8")
    assert (symlib_site.live.fingerprint(tmp_path) != before) == reached


def test_a_new_and_a_renamed_module_change_the_fingerprint(tmp_path):
    """Names count as much as texts."""
    (tmp_path / "symlib").mkdir()
    prints = [symlib_site.live.fingerprint(tmp_path)]
    (tmp_path / "symlib" / "a.py").touch()
    prints.append(symlib_site.live.fingerprint(tmp_path))
    (tmp_path / "symlib" / "a.py").rename(tmp_path / "symlib" / "b.py")
    prints.append(symlib_site.live.fingerprint(tmp_path))
    assert len(set(prints)) == 3


# Access


def test_code_that_scrolls_is_reached_by_keyboard():
    """A block with links is reached through them; every other block by itself."""
    plain, linked = "<pre>one\ntwo</pre>", '<pre>one <a href="#">two</a></pre>'
    assert symlib_site.access.reachable(plain + linked) == '<pre tabindex="0"' + plain[4:] + linked
    assert symlib_site.access.reachable(linked + plain) == linked + '<pre tabindex="0"' + plain[4:]


def test_a_table_that_scrolls_is_reached_by_keyboard():
    """It is a group with a name; one with links is reached through them."""
    open_tag = '<div class="table-wrapper docutils container"'
    plain = f"{open_tag}><table><td>1</td></table></div>"
    linked = f'{open_tag}><table><td><a href="#">1</a></td></table></div>'
    answer = symlib_site.access.reachable(linked + plain + linked)
    named = plain.replace(open_tag, f'{open_tag} tabindex="0" role="group" aria-label="Table"')
    assert answer == linked + named + linked


def test_a_formula_that_scrolls_on_a_phone_is_reached_by_keyboard():
    """Only the longest within a line; one on a line of its own is in a box that is reached."""
    short = symlib_site.math.mathml("x = 1")
    long = symlib_site.math.mathml(r"a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 + a_0 = 1")
    block = symlib_site.math.mathml(
        r"a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 = 1", block=True
    )
    answer = symlib_site.access.reachable(short + long + block)
    assert answer == short + long.replace("<math", '<math tabindex="0"', 1) + block


# Notebooks


def test_two_processes_are_never_given_one_port(tmp_path, monkeypatch):
    """Even if the system offers it to both, as it does while no kernel has taken it."""
    offered = iter([5001, 5002, 5001, 5002, 5003])
    base = symlib_site.notebooks.LocalPortCache
    monkeypatch.setattr(base, "find_available_port", lambda self, ip: next(offered))
    one, other = symlib_site.notebooks.SharedPorts(), symlib_site.notebooks.SharedPorts()
    one.folder = other.folder = tmp_path
    assert [one.find_available_port(""), one.find_available_port("")] == [5001, 5002]
    assert other.find_available_port("") == 5003


def test_kernels_are_given_the_ports_of_the_build(tmp_path, monkeypatch):
    """What Jupyter asks is the cache of this build, and a new build begins with none taken."""
    for cache in (symlib_site.notebooks.LocalPortCache, symlib_site.notebooks.SharedPorts):
        monkeypatch.setattr(cache, "_instance", None)
    app = SimpleNamespace(doctreedir=tmp_path / "doctrees")
    symlib_site.notebooks.share_ports(app)
    cache = symlib_site.notebooks.LocalPortCache.instance()
    assert isinstance(cache, symlib_site.notebooks.SharedPorts)
    port = cache.find_available_port("127.0.0.1")
    assert [path.name for path in (tmp_path / "ports").iterdir()] == [str(port)]
    symlib_site.notebooks.share_ports(app)
    assert not list((tmp_path / "ports").iterdir())


# Headers


def test_an_inline_script_and_a_style_are_found_as_they_stand():
    """Data is no program, and a file of its own needs no hash."""
    page = symlib_site.policy.Inline(
        "<script>if (1 < 2) {'</p>'}</script><script src='a.js'></script><style>\n a {}\n</style>"
        '<script type="application/ld+json">{"a": 1}</script><p>text</p>'
    )
    assert page.found == {"script": {"if (1 < 2) {'</p>'}"}, "style": {"\n a {}\n"}}
    assert page.attributes == []


@pytest.mark.parametrize(
    "fault",
    ['<p style="color: red">', '<a onclick="go()">', '<a href="javascript:go()">'],
)
def test_what_a_policy_cannot_name_is_found(fault):
    """Styles and handlers in attributes have no hash."""
    assert symlib_site.policy.Inline(f"<h1>A</h1>{fault}text").attributes == [fault]


def test_a_fault_behind_an_entity_or_without_a_space_is_found():
    """As browsers read it."""
    assert symlib_site.policy.Inline('<a href="java&#115;cript:go()">').attributes
    assert symlib_site.policy.Inline('<p class="a"style="color: red">').attributes


def test_a_script_is_named_by_the_hash_that_browsers_compute():
    """An example of the specification of content security policies."""
    wanted = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert symlib_site.policy.digest("alert('Hello, world.');") == wanted


def test_a_policy_stands_before_all_that_it_governs_and_names_what_is_inline():
    """It allows the scripts and styles of its own page, and no others."""
    script, style = "let a = 1;", "p {}"
    page = (
        f'<head><meta charset="utf-8"><title>T</title><script>{script}</script>'
        f"<style>{style}</style></head>"
    )
    found = symlib_site.policy.Inline(page).found
    mended = symlib_site.policy.with_policy(page, found)
    head, mark, rest = mended.partition('<meta http-equiv="Content-Security-Policy" content="')
    assert mark
    assert head == '<head><meta charset="utf-8">'
    rules = rest.partition('">')[0]
    assert f"script-src 'self' {symlib_site.policy.digest(script)};" in rules
    assert f"style-src 'self' {symlib_site.policy.digest(style)};" in rules
    assert "frame-ancestors" not in rules  # a page cannot say that


@pytest.mark.parametrize("page", ["<head><title>T</title></head>", 2 * '<meta charset="utf-8">'])
def test_a_page_with_no_place_for_its_policy_is_a_fault(page):
    """The sentence names the package that writes the head."""
    with pytest.raises(ExtensionError, match="furo no longer writes"):
        symlib_site.policy.with_policy(page, {"script": set(), "style": set()})


def test_what_a_package_no_longer_writes_is_a_fault():
    """The sentence names the package, its version and what was expected."""
    assert symlib_site.expect.replaced("a b", "b", "c", "furo") == "a c"
    with pytest.raises(
        ExtensionError, match=r"furo [\d.]+ was expected to write 'd', and does not"
    ):
        symlib_site.expect.replaced("a b", "d", "c", "furo")


def test_a_page_with_a_style_attribute_is_a_fault(faulty_site):
    """The build says on which page it is."""
    told = 'WARNING: no policy allows <p style="color: red">, which is in index.html'
    assert told in faulty_site.output.splitlines(), faulty_site.output


def test_a_site_has_headers_for_hosts_that_read_them(small_sites):
    """They say what a page cannot say of itself, too."""
    rules = (small_sites[0].html / "_headers").read_text(encoding="utf-8")
    assert rules.startswith("/*\n  Content-Security-Policy: default-src 'self'; connect-src 'none'")


# Tables that are lists on a phone


def test_cells_of_a_list_know_the_heads_of_their_columns():
    """By the word, where there is a letter too; other tables are left alone."""
    heads = "<th class='head'><p>who</p></th><th><p>gain <math><mi>g</mi></math></p></th>"
    rows = "<tr><th class='stub'><p>tanh</p></th><td><p>2</p></td></tr>"
    table = (
        f'<table class="{{}} docutils"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )
    found = symlib_site.access.named_cells(table.format("as-list"))
    assert found.count("data-head") == 2
    assert '<td data-head="gain"><p>2</p></td>' in found
    assert found.partition("<tbody>")[0] == table.format("as-list").partition("<tbody>")[0]
    assert symlib_site.access.named_cells(table.format("other")) == table.format("other")


@pytest.mark.parametrize(("first", "stub"), [("width :math:`m`", 1), (":math:`m`", None)])
def test_a_row_has_a_head_if_its_first_cell_has_words(first, stub):
    """A letter alone is no head."""
    rule = f"{'=' * 15} ="
    lines = [rule, "head            n", rule, f"{first:15} 1", rule]
    doctree = publish_doctree("\n".join(lines))
    symlib_site.access.head_rows(None, doctree, "page")
    column = next(iter(doctree.findall(nodes.colspec)))
    assert column.get("stub") == stub


# Where the source lies


TREE = "https://example.org/tree"
CODE = "https://example.org/code"  # of the small sites


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """Return a function that tells the site an address of its repository, or none."""

    def tell(tree):
        project = tmp_path / "pyproject.toml"
        told = f'[project.urls]\nSource = "{tree}"\n' if tree else ""
        project.write_text(f'[project]\nname = "symlib-nn"\n{told}', encoding="utf-8")
        monkeypatch.setattr(symlib_site.source, "PROJECT", project)
        symlib_site.source.address.cache_clear()

    yield tell
    symlib_site.source.address.cache_clear()


@pytest.mark.parametrize("told", ["", TREE, f"{TREE}/"])
def test_the_source_is_the_repository_if_it_is_told_and_else_the_archive(repository, told):
    """The address stands in the project's file alone."""
    repository(told)
    assert symlib_site.source.address() == (TREE if told else "")
    assert symlib_site.whole.address_of("a.zip", "index") == "a.zip"
    assert symlib_site.whole.address_of("a.zip", "explanation/the_tie") == "../a.zip"


@pytest.mark.parametrize(
    ("tree", "file", "wanted"),
    [
        ("", "docs/index.md", ["../symlib-site.zip"]),
        (TREE, "", [TREE, f"{TREE}/issues/new"]),
        (TREE, "a.md", [TREE, f"{TREE}/edit/main/a.md", f"{TREE}/issues/new"]),
        (
            "https://gitlab.com/a/b",
            "",
            ["https://gitlab.com/a/b", "https://gitlab.com/a/b/-/issues/new"],
        ),
    ],
)
def test_a_page_ends_with_its_source_and_where_faults_are_told(repository, tree, file, wanted):
    """Without a repository there is the archive; what no file has made is not to be edited."""
    repository(tree)
    offered = symlib_site.source.links("explanation/the_tie", file)
    assert [address for _, address in offered] == wanted


def test_the_file_of_a_page_is_there():
    """Of a page of the gallery it is the script, and of its lists the header."""
    named = [symlib_site.source.file_of(name, f"{name}.md") for name in (
        "index", "explanation/the_tie", "gallery/index", "gallery/symmetry/index",
        "gallery/symmetry/plot_tied_units",
    )]  # fmt: skip
    assert named[-1] == "gallery/symmetry/plot_tied_units.py"
    assert all((ROOT / file).is_file() for file in named), named


def test_where_the_repository_is_known_each_page_links_to_it(small_sites):
    """To the tree, to its own file, and to where faults are told."""
    built = small_sites[0]
    for page in built.html.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for address in (CODE, f"{CODE}/issues/new"):
            assert text.count(f'href="{address}"') >= 1, page
    for name, file in {
        "explanation/probe": "docs/explanation/probe.md",
        "gallery/symmetry/plot_tied_units": "gallery/symmetry/plot_tied_units.py",
    }.items():
        assert f'href="{CODE}/edit/main/{file}"' in built.page(name)
    assert "Edit this page" not in built.page("search")


def test_where_no_repository_is_known_each_page_links_to_the_archive(pages):
    """Which is the source that a reader can have."""
    for name, page in pages.items():
        assert f"{'../' * name.count('/')}symlib-site.zip" in page.links, name
