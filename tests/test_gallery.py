"""The pages of the gallery: what a reader may expect of each, and that each check can fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from symlib_site import entries, faults, pages, squeeze, topics, typed_numbers

ROOT = Path(__file__).parents[1]
PAGES = {page.name: page for page in pages.pages()}


def run(script, folder, **environment):
    """Run a script in a folder as a reader would, but without a window and with no warning."""
    return subprocess.run(
        [
            *(sys.executable, "-W", "error"),
            *("-W", "ignore:FigureCanvasAgg is non-interactive:UserWarning"),
            str(script),
        ],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


# As they are written


def test_no_page_has_a_fault():
    """Pages, ledger and topics fit together, and every page keeps to the rules."""
    assert PAGES
    assert [str(fault) for fault in pages.find_faults()] == []


CLAIM = entries.ledger()[0]
NAME = CLAIM.pages[0]
CLAIMS = [claim.id for claim in entries.ledger() if NAME in claim.pages]
CHECKS = "\n".join(f'check("{claim}", "the sum", y, 1)' for claim in CLAIMS)
TEMPLATE = f'''\
# /// script
# requires-python = ">=3.11"
# dependencies = ["symlib-nn", "matplotlib"]
# ///
"""
Is a small page enough?
=======================

It is enough for a test. It draws one point.

The claims are {", ".join(CLAIMS)}.
"""

# %%
# The figure
# ----------
# One point, at :math:`y = 1`.
import matplotlib.pyplot as plt
import numpy as np

from symlib.claims import check, summary

rng = np.random.default_rng(1)
y = 1
plt.plot(y, "o")

# %%
# What this page promises
# -----------------------
# It is 1.
{CHECKS}
summary()

# %%
# Where it stops being true
# -------------------------
# Nowhere.

# %%
# Try it yourself
# ---------------
# Try 2.

plt.show()
'''


def faults_of(text, name=NAME):
    """Return the faults of a page with a text, as a build prints them."""
    return [str(fault) for fault in pages.find_faults_of_page(pages.Page(name, text))]


def test_a_page_that_keeps_to_the_rules_has_no_fault():
    """What breaks a rule below is the change alone."""
    assert faults_of(TEMPLATE) == []
    assert list(squeeze.find_faults("page.py", TEMPLATE)) == []


FIRST = CLAIMS[0]
BROKEN = {
    "a word behind a mark": (
        "# %%\n# The figure",
        "# %% shut\n# The figure",
        "a cell must begin with # %%, # %% open or # %% folded, got '# %% shut'",
    ),
    "other quotes": (
        '["symlib-nn", "matplotlib"]',
        "['symlib-nn', 'matplotlib']",
        'the script block must name "symlib-nn" in these quotes: a download replaces it',
    ),
    "no Python": ("y = 1\n", "y = = 1\n", "a page must be Python, got: invalid syntax"),
    "no question": (
        "Is a small page enough?",
        "A small page is enough.",
        "the title must be a question that begins with a capital, got 'A small page is enough.'",
    ),
    "a long title": (
        "Is a small page enough?\n=======================",
        f"Is it {'very ' * 12}small?\n{'=' * 72}",
        "the title must have at most 60 characters, it has 72: shorten it",
    ),
    "a short line under the title": (
        "=======================",
        "====",
        "the line under the title must be as long as the title, 23 times =, got '===='",
    ),
    "an answer that is none": (
        "It draws one point.",
        "What it draws",
        "below the title must stand the answer in whole sentences, a paragraph that ends with a "
        "full stop, got 'It is enough for a test. What it draws'",
    ),
    "an answer with markup": (
        "one point.\n\n",
        "one ``point``.\n\n",
        "the first paragraph must have no markup, as lists show it as it is, got '`': say it "
        "in words",
    ),
    "no script block": (
        "# /// script\n",
        "",
        "a page must begin with a script block (# /// script, requires-python, dependencies, "
        "# ///): copy that of another page",
    ),
    "something behind the script block": (
        '# ///\n"""',
        '# ///\n\n"""',
        'the docstring, which begins with """ on a line of its own, must follow the script block '
        "at once",
    ),
    "a script block that cannot be read": (
        '["symlib-nn", "matplotlib"]',
        "[symlib-nn]",
        "the script block must be TOML behind the signs #, got: Invalid value",
    ),
    "another Python": (
        ">=3.11",
        ">=3.9",
        "the script block must name what the page needs, {'requires-python': '>=3.11', "
        "'dependencies': ['matplotlib', 'symlib-nn']}, got {'requires-python': '>=3.9', ",
    ),
    "a package that the script block leaves out": (
        "import numpy as np\n",
        "import numpy as np\nimport sklearn.datasets\n",
        "the script block must name what the page needs, {'requires-python': '>=3.11', "
        "'dependencies': ['matplotlib', 'scikit-learn', 'symlib-nn']}, got ",
    ),
    "a package that readers do not have": (
        "import numpy as np\n",
        "import numpy as np\nimport torch\n",
        "the page imports torch, and may import matplotlib, numpy, scipy, sklearn, symlib and the "
        "standard library",
    ),
    "a page beside it": (
        "import numpy as np\n",
        "import numpy as np\nfrom .plot_xor_floor import y\n",
        "the page imports a file beside it, and may import ",
    ),
    "the global stream": (
        "np.random.default_rng(1)",
        "np.random.normal(1)",
        "np.random.normal uses the global random stream: draw from rng = "
        "np.random.default_rng(seed)",
    ),
    "a function of the global stream": (
        "import numpy as np\n",
        "import numpy as np\nfrom numpy.random import normal\n",
        "normal uses the global random stream: draw from rng = np.random.default_rng(seed)",
    ),
    "the module random": (
        "import numpy as np\n",
        "import numpy as np\nimport random\n",
        "the module random has a global stream: draw from rng = np.random.default_rng(seed)",
    ),
    "a generator without a seed": (
        "default_rng(1)",
        "default_rng()",
        "default_rng() must be given a seed, such as default_rng(2024)",
    ),
    "a section that is missing": (
        "# Where it stops being true\n# -------------------------\n",
        "",
        "the page must have the sections The figure, What this page promises, Where it stops being "
        "true, Try it yourself, in this order and none behind them, got The figure, What this page "
        "promises, Try it yourself",
    ),
    "a section behind the last one": (
        "\nplt.show()",
        "\n# %%\n# More\n# ----\n\nplt.show()",
        "the page must have the sections The figure, ",
    ),
    "a short line under a section": (
        "# ---------------\n# Try 2.",
        "# -----\n# Try 2.",
        "the line under 'Try it yourself' must be as long as the title, 15 times -",
    ),
    "no window": (
        "plt.show()\n",
        'plt.savefig("page.png")\n',
        "a page must end with plt.show(), which opens the window",
    ),
    "another role": (
        "# Nowhere.",
        "# See :doc:`plot_xor_floor`.",
        "a notebook shows ':doc:' as it is: only :math: is markup, use plain words",
    ),
    "a directive": (
        "# Nowhere.",
        "# .. note:: Nowhere.",
        "a notebook shows '.. ' as it is: only :math: is markup, use plain words",
    ),
    "a citation": (
        "# Nowhere.",
        "# Nowhere [1]_.",
        "a notebook shows ']_' as it is: only :math: is markup, use plain words",
    ),
    "a claim by a variable": (
        f'check("{FIRST}"',
        "check(y",
        'a check must name its claim as it stands in the ledger, such as check("S01", ...)',
    ),
    "a claim that is none": (
        f'check("{FIRST}"',
        f'check("X99", "X99", y, 1)\ncheck("{FIRST}"',
        "X99 is checked, and is no claim: add it to symlib/claims.toml, or name another",
    ),
    "a claim of another page": (
        f'check("{FIRST}"',
        f'check("{entries.ledger()[-1].id}", "other", y, 1)\ncheck("{FIRST}"',
        f"{entries.ledger()[-1].id} is checked, and its entry does not name this page: add "
        f'"{NAME}" to "pages" of {entries.ledger()[-1].id} in symlib/claims.toml',
    ),
    "a claim that is left out": (
        f'check("{FIRST}", "the sum", y, 1)\n',
        "",
        f"the claim {FIRST} names this page, which does not check it: write "
        f'check("{FIRST}", ...), or take the page out of its "pages" in symlib/claims.toml',
    ),
    "a claim that the prose leaves out": (
        f"The claims are {FIRST}",
        "The claims are",
        f"the prose must name {FIRST}, which is checked here: it becomes a link",
    ),
    "a table that is not closed": (
        "summary()\n\n",
        "\n",
        "summary() must be called once, behind the last check and in no function or loop",
    ),
    "a table that is closed twice": (
        "summary()\n\n",
        "summary()\nsummary()\n\n",
        "summary() must be called once, behind the last check and in no function or loop",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_page_that_breaks_a_rule_gets_its_sentence(old, new, sentence):
    """It names the file, and what is wanted."""
    assert old in TEMPLATE
    found = faults_of(TEMPLATE.replace(old, new, 1))
    assert any(one.startswith(f"gallery/{NAME}.py") and sentence in one for one in found), found


def test_a_cell_may_say_that_its_code_is_open_or_folded():
    """The sections are found, and the prose below such a mark is read."""
    text = TEMPLATE.replace("# %%\n# The figure", "# %% open\n# The figure", 1)
    assert text != TEMPLATE
    page = pages.Page(NAME, text)
    plain = pages.Page(NAME, TEMPLATE)
    assert [list(rule(page)) for rule in pages.RULES] == [list(rule(plain)) for rule in pages.RULES]
    assert [(at, line.removesuffix(" open")) for at, line in page.prose] == plain.prose


def test_the_line_of_a_fault_is_the_line_that_breaks_the_rule():
    """An editor goes there."""
    (fault,) = faults_of(TEMPLATE.replace("default_rng(1)", "default_rng()"))
    line = TEMPLATE.split("rng =")[0].count("\n") + 1
    assert fault.startswith(f"gallery/{NAME}.py:{line}: ")


def test_every_rule_is_broken_by_one_of_these():
    """A rule that is added is tried too."""
    broken = set()
    for old, new, _ in BROKEN.values():
        text = TEMPLATE.replace(old, new, 1)
        if "= =" not in text:
            page = pages.Page(NAME, text)
            broken |= {rule for rule in pages.RULES if list(rule(page))}
    assert set(pages.RULES) - broken == {pages.folder_is_a_part}


def test_a_page_that_nothing_names_is_told_where_to_be_named():
    """The first thing that happens to who adds a page: three sentences, and no trace."""
    found = faults_of(TEMPLATE, "elsewhere/plot_new")
    assert found == [
        'gallery/elsewhere/plot_new.py: no claim names this page: add "elsewhere/plot_new" to '
        '"pages" of one in symlib/claims.toml',
        "gallery/elsewhere/plot_new.py: the folder gallery/elsewhere is no part: add it as a "
        "[[part]] to symlib/claims.toml",
        "gallery/elsewhere/plot_new.py: the folder gallery/elsewhere must have a "
        "GALLERY_HEADER.rst with its title",
    ]
    found = [str(fault) for fault in topics.find_faults(topics.topics(), {*PAGES, "a/plot_new"})]
    assert found == [
        'gallery/a/plot_new.py: the page has no tags: add "a/plot_new" = { tags = [...], asked = '
        "[...] } to [gallery] in docs/topics.toml"
    ]


def test_autograd_may_be_imported_where_networks_are_not_lists_of_layers():
    """Pages of two folders differentiate functions of their own."""
    text = TEMPLATE.replace("import numpy as np\n", "import numpy as np\nimport autograd\n")
    for folder, is_allowed in {"symmetry": False, "networks": True, "audit": True}.items():
        found = "\n".join(faults_of(text, f"{folder}/plot_new"))
        assert ("the page imports autograd" in found) is not is_allowed


def test_what_the_ledger_names_is_there(monkeypatch, tmp_path):
    """A page or an explanation that is missing has its sentence, which names the claim."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    found = [str(fault) for fault in pages.find_faults_of_ledger(set(PAGES) - {NAME})]
    assert (
        f"symlib/claims.toml: the claim {FIRST} names the page {NAME}, which is not there: write "
        f'gallery/{NAME}.py, or take it out of "pages"'
    ) in found
    assert (
        f"symlib/claims.toml: the claim {FIRST} names docs/explanation/{CLAIM.explanation}.md, "
        'which is not there: write it, or change "explanation"'
    ) in found


def test_a_claim_has_the_letter_of_a_part_and_an_id_of_its_own(monkeypatch):
    """Its letter puts it into the ledger, and its id is what pages name."""
    odd = (CLAIM._replace(id="X01"), CLAIM, CLAIM)
    monkeypatch.setattr(entries, "ledger", lambda: odd)
    letters = ", ".join(part.letter for part in entries.parts())
    sentence = (
        f"symlib/claims.toml: an id must be the letter of a part ({letters}) and two digits of its "
        "own, got "
    )
    found = [str(fault) for fault in pages.find_faults_of_ledger(set(PAGES))]
    assert found == [f"{sentence}'X01'", f"{sentence}'{FIRST}'", f"{sentence}'{FIRST}'"]


def test_a_ledger_that_cannot_be_read_is_the_only_fault(monkeypatch, tmp_path):
    """Nothing else can be said before it can."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    for folder in ("symlib", "docs"):
        (tmp_path / folder).mkdir()
    (tmp_path / pages.CLAIMS).write_text('[[claim]]\nid = "S01"\nverdikt = "open"\n')
    (tmp_path / topics.FILE).write_text("tags = [\n")
    found = [str(fault) for fault in pages.find_faults()]
    assert "symlib/claims.toml: the claim S01 must have a field 'verdict'" in found
    assert "symlib/claims.toml: the claim S01 must not have a field 'verdikt'" in found
    assert found[-1].startswith("docs/topics.toml: the file must be TOML, got: Invalid value")


def test_a_draft_hears_of_the_faults_of_its_own_page(monkeypatch):
    """What is wrong elsewhere does not stop it."""
    folder = NAME.split("/")[0]
    broken = TEMPLATE.replace("default_rng(1)", "default_rng()")
    two = [pages.Page(NAME, broken), pages.Page(f"{folder}/plot_new", broken)]
    monkeypatch.setattr(pages, "pages", lambda: two)
    files = {fault.file for fault in pages.find_faults()}
    assert {two[0].file, two[1].file, pages.CLAIMS, topics.FILE} <= files
    assert {fault.file for fault in pages.find_faults("plot_new")} == {two[1].file}
    assert pages.find_faults("none") == []


def test_a_build_ends_with_the_sentences_alone(monkeypatch):
    """Who leaves the process in this way leaves no trace, and no advice to report an error."""
    fault = faults.Fault("gallery/a.py", 3, "it must be better")
    monkeypatch.setattr(pages, "find_faults", lambda draft: [fault, fault] if draft else [])

    pages.refuse("")
    with pytest.raises(SystemExit) as end:
        pages.refuse("plot_new")
    assert str(end.value).splitlines() == [str(fault), str(fault)]


# Squeeze

SQUEEZED = {
    "a long line": (
        f"x = '{95 * 'x'}'",
        "a line of code must have at most 100 characters, it has 101: break it, or name a part of "
        "it first",
    ),
    "two statements": ("x = 1; y = 2", "two statements are on one line: give each its own"),
    "a loop on one line": (
        "for x in rows: print(x)",
        "two statements are on one line: give each its own",
    ),
    "two assignments": (
        "width, depth = 3, 4",
        "width, depth are assigned at once: write an assignment for each",
    ),
    "a nested comprehension": (
        "[sum(y for y in x) for x in rows]",
        "a comprehension stands inside another one: name the inner one, or write a loop",
    ),
    "columns of rows": (
        "zip(*map(f, rows))",
        "zip is given *map(f, rows): name the inner rows first",
    ),
    "columns of a call": ("zip(*f(rows))", "zip is given *f(rows): name the inner rows first"),
    "a loop that only names": (
        "[y for x in rows for y in [f(x)]]",
        "a loop over one value names it: write y = ... before",
    ),
    "a name in a call": (
        "f(y := 2)",
        "y is assigned within a call: assign it on a line before",
    ),
    "a dictionary for one call": (
        'why = {"atol": 1}\nwhy["reason"] = "none"\nf(1, **why)',
        "the dictionary why is made to be unpacked: write keywords here",
    ),
    "options by a call": (
        "f(**dict(atol=1))",
        "**dict(atol=1) is unpacked in a call: write keywords",
    ),
    "deep subscripts": (
        "x[0][1][2]",
        "3 subscripts stand in a row behind x: name what the first ones pick",
    ),
}


@pytest.mark.parametrize(("code", "sentence"), SQUEEZED.values(), ids=SQUEEZED)
def test_squeezed_code_gets_its_sentence(code, sentence):
    """It names the line, and what to write instead."""
    found = [str(fault) for fault in squeeze.find_faults("page.py", f"rows = f()\n\n{code}\n")]
    line = 2 + len(code.splitlines())
    assert found == [f"page.py:{line}: {sentence}"]


@pytest.mark.parametrize(
    "code",
    [
        "x, y = y, x",
        "x, y = f()",
        "[y for x in rows for y in x]",
        "zip(x, y)",
        "dict(zip(*pair))",
        "while (y := f(x)):\n    print(y)",
        "def f(x, **options):\n    return g(x, **options)",
        'look = {"color": "red"}\nf(1, **look)\nf(2, **look)\nf(3, **look)',
        'look = {"color": "red"}\nprint(look)\nf(1, **look)',
        "x[0][1] + y[z[0][1]][1]",
        f"# {120 * 'x'}",
    ],
)
def test_code_with_air_has_no_fault(code):
    """An exchange, a pair that is taken apart, options that several calls share."""
    assert [*squeeze.find_faults("page.py", f"{code}\n")] == []


# Numbers that were typed


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Of 64 units 0.5 are on.\nThe loss is 2/3.", [(1, "64"), (1, "0.5"), (2, "2/3")]),
        ("It took 1,000 steps, a thousand.", [(1, "1,000"), (1, "thousand")]),
        ("# All 0.5\n\nA *wrong 7*.\n\n- 8 of them", [(1, "0.5"), (3, "7"), (5, "8")]),
        (":::{dropdown} Are 64 enough?\n:open:\n\nNo, 65.\n:::", [(1, "64"), (4, "65")]),
        ("```{gallery-figure} symmetry/plot_a_2\nAll 9.\n```", [(2, "9")]),
        ("{measured}`S01; of 4 units; .2f`, {given}`0.5`, {total}`claims`", []),
        ("$x^2 = 4$, `5`, [6](7.md), <https://example.org/8>, float32, S01", []),
        ("$$\n2 + 3\n$$\n\n```{code-cell} python\n4 + 5\n```\n\n```text\n6\n```", []),
        ("In 2019 two of them had mean 0, by Theorem 3 and sections 4.1 and 5.2.", []),
        ("---\nnumber: 3\n---\n\n1. One.\n2. Two.", []),
    ],
)
def test_a_typed_number_is_found_with_its_line(text, numbers):
    """Prose, titles and captions count; what the build writes, formulas and code do not."""
    assert list(typed_numbers.typed_numbers(text)) == numbers


def test_a_typed_number_gets_its_sentence(tmp_path):
    """It names the file, the line and both cures."""
    (tmp_path / "docs" / "explanation").mkdir(parents=True)
    page = tmp_path / "docs" / "explanation" / "the_tie.md"
    page.write_text("# The tie\n\nThe gap is 0.25.\n", encoding="utf-8")
    assert [str(fault) for fault in typed_numbers.find_faults(tmp_path)] == [
        "docs/explanation/the_tie.md:3: the number 0.25 is typed: take it from the build by the "
        "role measured or expected, or mark it as given, {given}`0.25`"
    ]


# As they run


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_alone(page, tmp_path):
    """It says that all checks passed, warns of nothing and leaves no file."""
    folder = tmp_path / "empty"
    folder.mkdir()
    record = tmp_path / "record.jsonl"
    result = run(ROOT / PAGES[page].file, folder, SYMLIB_RECORD=str(record))
    assert (result.returncode, result.stderr) == (0, "")
    made = len(entries.read_record(record))
    assert result.stdout.splitlines()[-1] == f"{made} checks, {made} passed"
    assert list(folder.rglob("*")) == [], "a page must leave no file"


# Mutations: a check that cannot fail proves nothing


MUTATIONS = {
    "tied units that start a thousandth apart": (
        "symmetry/plot_tied_units",
        "weights.constant((units, 2), 0.5)",
        "(0.5 + 1e-3 * np.eye(units, 2))",
        "S01",
    ),
    "one unit that learns at the common rate": (
        "symmetry/plot_tied_units",
        "rate / units",
        "rate",
        "S03",
    ),
    "one unit whose outgoing weight learns at the common rate": (
        "symmetry/plot_tied_units",
        "units * rate",
        "rate",
        "S03",
    ),
    "one unit with the outgoing weight of one": (
        "symmetry/plot_tied_units",
        "units * output.weight",
        "output.weight",
        "S03",
    ),
    "AND instead of XOR": (
        "symmetry/plot_xor_floor",
        "y = -np.prod(x, axis=1, keepdims=True)",
        "y = np.where(x.sum(axis=1, keepdims=True) > 1, 1.0, -1.0)",
        "S04",
    ),
    "XOR where AND was meant": (
        "symmetry/plot_xor_floor",
        "both = np.where(x.sum(axis=1, keepdims=True) > 1, 1.0, -1.0)",
        "both = y",
        "S04",
    ),
    "copies that are not tied": (
        "symmetry/plot_xor_floor",
        "np.repeat(one_incoming, copies, axis=1)",
        "np.repeat(one_incoming, copies, axis=1) * rng.standard_normal((200, copies, 1))",
        "S04",
    ),
    "an activation that is not monotone": (
        "symmetry/plot_xor_floor",
        '"tanh": np.tanh(sums)',
        '"tanh": sums * ndtr(sums)',
        "S04",
    ),
    "GELU units away from their lowest point": (
        "symmetry/plot_xor_floor",
        "np.full(copies, lowest)",
        "np.zeros(copies)",
        "S04",
    ),
    "free units that have not arrived": (
        "symmetry/plot_xor_floor",
        "steps=2000",
        "steps=20",
        "S04",
    ),
    "dropout that drops nothing": (
        "symmetry/plot_who_breaks_the_tie",
        "dropout=0.5",
        "dropout=0.0",
        "S07",
    ),
    "random biases that are zero": (
        "symmetry/plot_who_breaks_the_tie",
        "rng.uniform(-0.2, 0.2, units)",
        "np.zeros(units)",
        "S06",
    ),
    "nothing differs, except the first layer": (
        "symmetry/plot_who_breaks_the_tie",
        '"equal, scaled": start(inner, 0, outer)',
        '"equal, scaled": start(random_inner, 0, outer)',
        "S06",
    ),
    "a step that reaches two units": (
        "symmetry/plot_float_free",
        "nudged[1].bias[0] += 1",
        "nudged[0].bias[0] += 1",
        "S02",
    ),
    "a rate that is not the one of the fractions": (
        "symmetry/plot_float_free",
        "Fraction(1, 20)",
        "Fraction(1, 19)",
        "S02",
    ),
    "division by the wrong number": (
        "symmetry/plot_float_free",
        "share = pow(samples, -1, prime)",
        "share = pow(samples + 1, -1, prime)",
        "S02",
    ),
    "a remainder that stays as it was": (
        "symmetry/plot_float_free",
        "nudged[1].weight[0, 0] += 1",
        "nudged[1].weight[0, 0] += prime",
        "S02",
    ),
    "a step in the field that is twice as long": (
        "symmetry/plot_float_free",
        "moved = step(path[-1], rate, share)",
        "moved = step(path[-1], 2 * rate, share)",
        "S02",
    ),
    "almost zero": (
        "symmetry/plot_frozen_at_zero",
        "zero_incoming = np.zeros((units, pixels))",
        "zero_incoming = np.full((units, pixels), 1e-300)",
        "S05",
    ),
    "frequencies that are not those of the data": (
        "symmetry/plot_frozen_at_zero",
        "frequency = np.bincount(y) / len(y)",
        "frequency = np.full(10, 0.1)",
        "S05",
    ),
    "two classes of which one is more frequent": (
        "symmetry/plot_frozen_at_zero",
        "np.flatnonzero(labels == 1)[:per_class]",
        "np.flatnonzero(labels == 1)[:100]",
        "S05",
    ),
    "silent units that are of tanh": (
        "symmetry/plot_frozen_at_zero",
        'network(zero_incoming, random_outgoing, "relu")',
        'network(zero_incoming, random_outgoing, "tanh")',
        "S05",
    ),
    "units called dead that are not": (
        "symmetry/plot_frozen_at_zero",
        "np.full(units, -50.0)",
        "np.full(units, -0.5)",
        "S05",
    ),
    "a start without a speck": (
        "symmetry/plot_rounding_breaks_it",
        "+= 64 * eps",
        "+= 0 * eps",
        "S08",
    ),
    "the same order of sums twice": (
        "symmetry/plot_rounding_breaks_it",
        "np.cumsum(terms[:, ::-1], axis=1)",
        "np.cumsum(terms, axis=1)",
        "S08",
    ),
    "a block that leaves no row over": (
        "symmetry/plot_rounding_breaks_it",
        "final_spread(5, 4)",
        "final_spread(5, 5)",
        "S08",
    ),
    "units of a stable tie that are not in one": (
        "symmetry/plot_rounding_breaks_it",
        'tied(5, activation="relu")',
        "tied(5)",
        "S08",
    ),
    "a cube that is a sine": (
        "symmetry/plot_leave_stay_return",
        "cube = line**3",
        "cube = np.sin(3 * line)",
        "S12",
    ),
    "a growth of the other sign": (
        "symmetry/plot_leave_stay_return",
        "weight_decay=decay).growth",
        "weight_decay=decay).growth * -1",
        "S12",
    ),
    "ReLU units with one output out of two": (
        "symmetry/plot_leave_stay_return",
        "tied = descend(start, grid, grid + 1",
        "tied = descend(start, grid, grid[:, :1] + [1, 1]",
        "S12",
    ),
    "batches of one that are full batches": (
        "symmetry/plot_noise_that_ties",
        "differences(noise, rate, 1, epochs).T",
        "differences(noise, rate, None, epochs).T",
        "S11",
    ),
    "targets without noise": (
        "symmetry/plot_noise_that_ties",
        "noise = 2.0",
        "noise = 0.0",
        "S11",
    ),
    "dropout that waits for a step": (
        "symmetry/plot_who_breaks_the_tie",
        "steps=1, dropout=0.5",
        "steps=1, dropout=0.0",
        "S07",
    ),
    "gradients of another order": (
        "symmetry/plot_tied_units",
        "permuted_first = Layer(first.weight[:, order], first.bias[:, order])",
        "permuted_first = Layer(first.weight[:, order], first.bias)",
        "S01",
    ),
    "residuals of another size": (
        "symmetry/plot_escape_time",
        "escape_rate(settled, x, y, **rule)",
        'escape_rate(settled, x, y, kind="half_squares", **rule)',
        "S09",
    ),
    "logistic regression that is not strictly convex": (
        "symmetry/plot_zero_is_right",
        "weight_decay=0.05",
        "weight_decay=0.0",
        "S10",
    ),
    "a formula without the null space": (
        "symmetry/plot_zero_is_right",
        "(shortest + before @ unseen)",
        "shortest",
        "S10",
    ),
    "ones where zeros were meant": (
        "symmetry/plot_zero_is_right",
        "np.zeros((1, 3))",
        "np.ones((1, 3))",
        "S10",
    ),
    "random starts of another variance": (
        "symmetry/plot_zero_is_right",
        "(outputs, inputs), replicas=starts, rng=rng",
        "(outputs, inputs), std=1.1, replicas=starts, rng=rng",
        "S10",
    ),
    "one sample with a penalty": (
        "symmetry/plot_zero_is_right",
        "steps=10_000,",
        "steps=10_000, weight_decay=1e-3,",
        "S10",
    ),
    "metamers of the network before training": (
        "null_spaces/plot_metamers",
        "metamer(one.layers[0].weight, ones, others)",
        "metamer(untrained[name].layers[0].weight, ones, others)",
        "N04",
    ),
    "as many units as pixels": (
        "null_spaces/plot_metamers",
        "units = 32",
        "units = 64",
        "N04",
    ),
    "a metamer that is blacker than black": (
        "null_spaces/plot_metamers",
        "bounds=(0, 1)",
        "bounds=(-1, 2)",
        "N04",
    ),
    "a metamer for half of the units": (
        "null_spaces/plot_metamers",
        "A_eq=weight, b_eq=weight @ image",
        "A_eq=weight[::2], b_eq=weight[::2] @ image",
        "N04",
    ),
    "pairs that are not orthogonal": (
        "null_spaces/plot_relu_injective",
        'weights.looks_linear((2 * inputs, inputs), mirror="out", rng=rng)',
        "weights.lecun((2 * inputs, inputs), rng=rng)",
        "N07",
    ),
    "units that are on, without those at 0": (
        "null_spaces/plot_relu_injective",
        "signed_axes @ axis >= 0",
        "signed_axes @ axis > 0",
        "N07",
    ),
    "a step out of the bad cell": (
        "null_spaces/plot_relu_injective",
        "room / 2 * across",
        "room * 20 * across",
        "N08",
    ),
    "arcs that are counted twice": (
        "null_spaces/plot_relu_injective",
        "2 * units * (units - 2)",
        "2 * units * (units - 1)",
        "N08",
    ),
    "units that prefer a direction": (
        "null_spaces/plot_relu_injective",
        "weights.gaussian((units, 2), replicas=layers, rng=rng)",
        "weights.gaussian((units, 2), replicas=layers, rng=rng) + 0.3",
        "N08",
    ),
    "decay where there was to be none": (
        "null_spaces/plot_off_span_attack",
        "weight_decay=0.0",
        "weight_decay=1e-4",
        "N09",
    ),
    "a frame that is not black": (
        "null_spaces/plot_off_span_attack",
        "np.zeros((len(order), side, side))",
        "np.full((len(order), side, side), 0.1)",
        "N09",
    ),
    "an attacker who goes downhill": (
        "null_spaces/plot_off_span_attack",
        "pattern + length / 3",
        "pattern - length / 3",
        "N10",
    ),
    "pixels that are blacker than black": (
        "null_spaces/plot_off_span_attack",
        "np.clip(unseen + pattern, 0, 1) - unseen",
        "pattern",
        "N10",
    ),
    "noise that is not projected out": (
        "null_spaces/plot_off_span_attack",
        "noisy - noisy @ unused @ unused.T",
        "noisy",
        "N10",
    ),
    "equal weights with a diagonal": (
        "null_spaces/plot_lost_directions",
        "equal = weights.constant(shape)",
        "equal = weights.constant(shape) + np.eye(50, 64)",
        "N01",
    ),
    "zeros and ones for signs": (
        "null_spaces/plot_lost_directions",
        "product((1, -1), repeat=n * n)",
        "product((1, 0), repeat=n * n)",
        "N02",
    ),
    "the law of complex matrices": (
        "null_spaces/plot_lost_directions",
        "-(scaled**2) / 2 - scaled",
        "-(scaled**2)",
        "N03",
    ),
    "a constant that is a sixteenth off": (
        "null_spaces/plot_lost_directions",
        "    1.537,\n    bias",
        "    1.6,\n    bias",
        "N03",
    ),
    "no extrapolation to large sizes": (
        "null_spaces/plot_lost_directions",
        "(9 * largest_of_27 - 4 * largest_of_8) / 5",
        "largest_of_27",
        "N03",
    ),
    "condition numbers of complex matrices": (
        "null_spaces/plot_lost_directions",
        "np.log(t) * (1 + t) * np.exp(-(t**2) / 2 - t)",
        "np.log(t) * 2 * t * np.exp(-(t**2))",
        "N03",
    ),
    "a chain of orthogonal layers": (
        "null_spaces/plot_lost_directions",
        "weights.gaussian((20, 20), replicas=1000, rng=rng) @ deep",
        "weights.orthogonal((20, 20), replicas=1000, rng=rng) @ deep",
        "N03",
    ),
    "weights that lean to one side": (
        "null_spaces/plot_dead_cone",
        "weights.gaussian((8, 4), replicas=20_000, rng=rng)",
        "0.3 + weights.gaussian((8, 4), replicas=20_000, rng=rng)",
        "N05",
    ),
    "copies where mirror images were meant": (
        "null_spaces/plot_dead_cone",
        "[quarter, -quarter]",
        "[quarter, quarter]",
        "N05",
    ),
    "points of layers with one unit more": (
        "null_spaces/plot_dead_cone",
        "weights.gaussian((units, inputs), replicas=layers, rng=rng)",
        "weights.gaussian((units + 1, inputs), replicas=layers, rng=rng)",
        "N05",
    ),
    "flips of vectors in one plane": (
        "null_spaces/plot_dead_cone",
        "flips[:, :, None] * layer",
        "flips[:, :, None] * layer * [1, 1, 0, 0]",
        "N05",
    ),
    "whole numbers for Gaussian weights": (
        "null_spaces/plot_cones_counted",
        "weights.gaussian((units, inputs), replicas=20, rng=rng)",
        "weights.gaussian((units, inputs), replicas=20, rng=rng).round()",
        "N06",
    ),
    "a layer that bends everywhere": (
        "null_spaces/plot_cones_counted",
        "return np.maximum(x @ weight.T, 0)",
        "return np.logaddexp(x @ weight.T, 0)",
        "N06",
    ),
    "a layer that is one linear map": (
        "null_spaces/plot_cones_counted",
        "return np.maximum(x @ weight.T, 0)",
        "return x @ weight.T",
        "N06",
    ),
    "eight units in one plane": (
        "null_spaces/plot_cones_counted",
        "gaussian = weights.gaussian((units, inputs), rng=66)",
        "gaussian = weights.gaussian((units, inputs), rng=66) * [1, 1, 0]",
        "N06",
    ),
    "points of a curve that coincide": (
        "null_spaces/plot_cones_counted",
        "np.arange(1.0, 9.0)",
        "np.arange(1.0, 9.0) // 2",
        "N06",
    ),
    "samples without a plant": (
        "random_matrices/plot_planted_direction",
        "shortcut(ell * rng.chisquare(n, replicas)",
        "shortcut(rng.chisquare(n, replicas)",
        "R03",
    ),
    "weights without the constant": (
        "random_matrices/plot_planted_direction",
        "round(p / gamma))) + constant",
        "round(p / gamma))) + 0 * constant",
        "R03",
    ),
    "a constant counted by the inputs, not by the units": (
        "random_matrices/plot_planted_direction",
        "ell = 1 + 100 * (added / deviation) ** 2",
        "ell = 1 + 200 * (added / deviation) ** 2",
        "R03",
    ),
    "an overlap that does not fall with the size": (
        "random_matrices/plot_planted_direction",
        "many_weights(threshold, 800, 2000)",
        "many_weights(threshold, 100, 2000)",
        "R03",
    ),
    "an overlap that falls faster": (
        "random_matrices/plot_planted_direction",
        "many_weights(threshold, 800, 2000)",
        "many_weights(threshold - 0.1, 800, 2000)",
        "R03",
    ),
    "noise that is not independent": (
        "random_matrices/plot_trained_layer",
        "gaussian = rng.standard_normal((draws, rows, columns))",
        "gaussian = rng.standard_normal((draws, rows, columns)) + 0.3",
        "R08",
    ),
    "a limit without the noise": (
        "random_matrices/plot_trained_layer",
        "limit = (strength**2 + size) / strength",
        "limit = strength",
        "R08",
    ),
    "directions below the threshold": (
        "random_matrices/plot_trained_layer",
        "for factor in (2, 3):",
        "for factor in (0.8, 3):",
        "R08",
    ),
    "directions at the threshold among many": (
        "random_matrices/plot_trained_layer",
        "strengths = step * np.linspace(2, 6, 25)",
        "strengths = step * np.linspace(1, 6, 25)",
        "R08",
    ),
    "a scale that directions do not lower": (
        "random_matrices/plot_trained_layer",
        "by_theory = left_over * (1 / strengths**2).sum()",
        "by_theory = (columns - 6) * (1 / strengths**2).sum()",
        "R08",
    ),
    "directions of the start": (
        "random_matrices/plot_trained_layer",
        "np.linalg.svd(second - start.layers[1].weight)",
        "np.linalg.svd(rng.standard_normal((width, width)))",
        "R08",
    ),
    "a share by the brightness of a root, not of a square": (
        "random_matrices/plot_spike_and_image",
        "return brightness_part(image, mean) ** 2",
        "return abs(brightness_part(image, mean))",
        "R09",
    ),
    "units that are paired with themselves": (
        "random_matrices/plot_spike_and_image",
        "return (all_pairs - same_unit) / (units * (units - 1))",
        "return all_pairs / units**2",
        "R09",
    ),
    "a cosine that forgets the noise": (
        "random_matrices/plot_spike_and_image",
        "return a * b + np.sqrt((1 - a**2) * (1 - b**2)) * cosine(x, y)",
        "return a * b",
        "R09",
    ),
    "beyond the threshold, not below it": (
        "random_matrices/plot_spike_and_image",
        "below_it = 0.8 * visible",
        "below_it = 3 * visible",
        "R09",
    ),
    "images that are centered by the mean of both": (
        "random_matrices/plot_spike_and_image",
        "centered = pair - pair.mean(axis=1, keepdims=True)",
        "centered = pair - pair.mean()",
        "R09",
    ),
    "one mean for all units in place of their own": (
        "random_matrices/plot_spike_and_image",
        "own_means = 0.2 * rng.standard_normal((draws, units, 1))",
        "own_means = 0.2 * rng.standard_normal((draws, 1, 1))",
        "R09",
    ),
    "the brightest digit and the next": (
        "random_matrices/plot_spike_and_image",
        "extremes = less_mean_image[[sums.argmax(), sums.argmin()]]",
        "extremes = less_mean_image[np.argsort(sums)[-2:]]",
        "R09",
    ),
    "the weights of linear layers under a ReLU": (
        "random_matrices/plot_log_norm",
        "log_lengths(weights.he, relu, width,",
        "log_lengths(weights.lecun, relu, width,",
        "R06",
    ),
    "twice as many units as were narrow": (
        "random_matrices/plot_log_norm",
        "log_lengths(weights.he, relu, 4,",
        "log_lengths(weights.he, relu, 8,",
        "R06",
    ),
    "a layer of which all units are on": (
        "random_matrices/plot_log_norm",
        "comb(n, k) / (2.0**n - 1)",
        "1.0 * (k == n)",
        "R06",
    ),
    "a ReLU that lets everything pass": (
        "random_matrices/plot_jacobian_spectrum",
        "on = h > 0 if relu else np.ones(h.shape)",
        "on = np.ones(h.shape)",
        "R07",
    ),
    "the scale of linear layers in front of a ReLU": (
        "random_matrices/plot_jacobian_spectrum",
        "gain=np.sqrt(1 + relu)",
        "gain=1.0",
        "R07",
    ),
    "two coins on the diagonal": (
        "random_matrices/plot_jacobian_spectrum",
        "counted = 2 * diagonal if relu else diagonal",
        "counted = diagonal",
        "R07",
    ),
    "twins of equal sign": (
        "random_matrices/plot_jacobian_spectrum",
        "[[q, -q], [-q, q]]",
        "[[q, q], [q, q]]",
        "P08",
    ),
    "signs that are not orthogonal": (
        "random_matrices/plot_jacobian_spectrum",
        "np.roll(signs, k, axis=0)",
        "np.tril(signs)",
        "P08",
    ),
    "a column that is nearly another": (
        "random_matrices/plot_hard_edge",
        "scaled = np.sqrt(50) * of_50_rows[:, -1]",
        "scaled = np.sqrt(50) * of_50_rows[:, -2]",
        "N03",
    ),
    "a folded normal law at the hard edge": (
        "random_matrices/plot_hard_edge",
        "sample = np.sqrt(n) * singular_values(n, 40_000)[:, -1]",
        "sample = 0.8 * np.abs(rng.standard_normal(40_000))",
        "N03",
    ),
    "an exponential law at the hard edge": (
        "random_matrices/plot_hard_edge",
        "sample = np.sqrt(n) * singular_values(n, 40_000)[:, -1]",
        "sample = rng.exponential(1 / 1.6, 40_000)",
        "N03",
    ),
    "a steeper law at the hard edge": (
        "random_matrices/plot_hard_edge",
        "sample = np.sqrt(n) * singular_values(n, 40_000)[:, -1]",
        "sample = np.sqrt(1.3**2 + 2 * rng.exponential(size=40_000)) - 1.3",
        "N03",
    ),
    "signs of another size": (
        "random_matrices/plot_hard_edge",
        "rng.choice([-1.0, 1.0], (replicas, n, n))",
        "rng.choice([-1.1, 1.1], (replicas, n, n))",
        "N03",
    ),
    "a folded normal law for signs": (
        "random_matrices/plot_hard_edge",
        "np.linalg.svd(matrices, compute_uv=False)[:, -1] / factor",
        "np.abs(0.8 / np.sqrt(n) * rng.standard_normal(replicas))",
        "N03",
    ),
    "the same start in the whole block": (
        "convergence/plot_restarts",
        "failed[units][: count * size].reshape(count, size)",
        "np.repeat(failed[units][:count, np.newaxis], size, axis=1)",
        "O06",
    ),
    "fresh starts where nudged ones were meant": (
        "convergence/plot_restarts",
        "Layer(weight + nudge",
        "Layer(70 * nudge",
        "O06",
    ),
    "a success that is only half of one": (
        "convergence/plot_restarts",
        "run.losses[-1] >= 1 / 4",
        "run.losses[-1] >= 0.55",
        "O06",
    ),
    "no additional units": (
        "convergence/plot_spurious_minima",
        "random_students(k + 2, k)",
        "random_students(k, k)",
        "O05",
    ),
    "a gradient without the turn of the angle": (
        "convergence/plot_spurious_minima",
        "(along_w + along_v)",
        "along_v",
        "O05",
    ),
    "a step of half the size": (
        "separation/plot_saxe_modes",
        "rate=2 * step,",
        "rate=step,",
        "P07",
    ),
    "a start that is not aligned": (
        "separation/plot_saxe_modes",
        "np.sqrt(begin) * inner @ right.T",
        "np.sqrt(begin) * inner @ left.T",
        "P07",
    ),
    "a random start that is not small": (
        "separation/plot_saxe_modes",
        "0.01 * rng.standard_normal((runs, 6, 4))",
        "0.3 * rng.standard_normal((runs, 6, 4))",
        "P07",
    ),
    "three layers with the curve of two": (
        "separation/plot_saxe_modes",
        "strength=3, start=begin, depth=3",
        "strength=3, start=begin, depth=2",
        "P07",
    ),
    "inputs that are not whitened": (
        "separation/plot_saxe_modes",
        "x = 2 * np.eye(4)",
        "x = 2 * np.diag([1.0, 1.1, 1.0, 0.9])",
        "P07",
    ),
    "normalization of the batch as a whole": (
        "separation/plot_rank_collapse",
        "np.mean(h**2, axis=2, keepdims=True)",
        "np.mean(h**2, axis=(1, 2), keepdims=True)",
        "P09",
    ),
    "Gaussian layers where orthogonal ones were meant": (
        "separation/plot_rank_collapse",
        "rescaled, fill=weights.orthogonal)",
        "rescaled)",
        "P09",
    ),
    "a fall at the rate of the third direction": (
        "separation/plot_rank_collapse",
        "digamma((n - 1) / 2)",
        "digamma((n - 2) / 2)",
        "P09",
    ),
    "a normalization of rows that does not subtract the mean": (
        "separation/plot_rank_collapse",
        "h = h - h.mean(axis=2, keepdims=True)",
        "h = h - 0 * h.mean(axis=2, keepdims=True)",
        "P09",
    ),
    "another alpha": (
        "separation/plot_norms_and_constants",
        "alpha = 1 / np.sqrt(2 * np.pi) / (0.5 - exp_below)",
        "alpha = 1.6733",
        "P06",
    ),
    "SELU with the factor of He": (
        "separation/plot_norms_and_constants",
        '"SELU, 1": draw(selu, 1, 3.0)',
        '"SELU, 1": draw(selu, 2, 3.0)',
        "P06",
    ),
    "ReLU where GELU was meant": (
        "separation/plot_norms_and_constants",
        "return z * ndtr(z)",
        "return np.maximum(z, 0)",
        "P06",
    ),
    "tanh where GELU was meant to leave its length": (
        "separation/plot_norms_and_constants",
        'predict("gelu", gelu_gain, 0.9, 100)',
        'predict("tanh", tanh_gain, 0.9, 100)',
        "P06",
    ),
    "uniform weights of another variance": (
        "random_matrices/plot_bulk_laws",
        "bound = np.sqrt(3)",
        "bound = 2.0",
        "R01",
    ),
    "sparse entries with a fixed law": (
        "random_matrices/plot_bulk_laws",
        "sparse = present *",
        "sparse = 1 / np.sqrt(rows) *",
        "R01",
    ),
    "another even law of the same median radius": (
        "random_matrices/plot_bulk_laws",
        "radius = np.abs(values)",
        "radius = np.sqrt(1 / 4 + np.abs(values) ** 2 / 2)",
        "R01",
    ),
    "half of the radius for half of the disk": (
        "random_matrices/plot_bulk_laws",
        "radius < np.sqrt(1 / 2)",
        "radius < 1 / 2",
        "R01",
    ),
    "a kernel of twice the size": (
        "random_matrices/plot_tracy_widom",
        "airy(np.add.outer(x, x) / 2)[0] / 2",
        "airy(np.add.outer(x, x) / 2)[0]",
        "R02",
    ),
    "Hermitian matrices where symmetric ones were meant": (
        "random_matrices/plot_tracy_widom",
        "hermite_eigenvalues(n, beta=beta,",
        "hermite_eigenvalues(n, beta=2,",
        "R02",
    ),
    "normal samples of the right mean and variance": (
        "random_matrices/plot_tracy_widom",
        "    samples[beta] = scaled_largest(n, beta, count)",
        "    law = laws[beta]\n    samples[beta] = rng.normal(law.mean(), law.var() ** 0.5, count)",
        "R02",
    ),
    "a bound that flags nothing": (
        "random_matrices/plot_tracy_widom",
        "np.mean(noise > place + unit * width)",
        "np.mean(noise > place + 3 * unit * width)",
        "R02",
    ),
    "another unit of the edge": (
        "random_matrices/plot_tracy_widom",
        "n ** (1 / 6) * (largest",
        "n ** (1 / 5) * (largest",
        "R02",
    ),
    "moments of one factor less": (
        "random_matrices/plot_products_die",
        "(a ** (s + 1) - b ** (s + 1))",
        "(a**s - b**s)",
        "R04",
    ),
    "an end without the shift of Tracy and Widom": (
        "random_matrices/plot_products_die",
        "spectrum.tracy_widom(1).mean()",
        "0",
        "R04",
    ),
    "exponents of layers with the factor of He": (
        "random_matrices/plot_products_die",
        "weights.lecun((3, 3),",
        "weights.he((3, 3),",
        "R05",
    ),
    "skips that are not there": (
        "random_matrices/plot_products_die",
        "with_skips = with_skips + 0.1 *",
        "with_skips =",
        "R05",
    ),
    "a smallest value that starts at its rate": (
        "random_matrices/plot_products_die",
        "(depth + 1) * rates[-1] - rates[0]",
        "depth * rates[-1]",
        "R05",
    ),
    "inputs at twice the angle": (
        "convergence/plot_positive_gram",
        "[np.cos(angle), np.sin(angle)]",
        "[np.cos(2 * angle), np.sin(2 * angle)]",
        "O01",
    ),
    "pairs that are parallel, not opposite": (
        "convergence/plot_positive_gram",
        "[half, -half]",
        "[half, half]",
        "O01",
    ),
    "weights that are all positive": (
        "convergence/plot_positive_gram",
        "weights.gaussian((width, features), replicas=replicas, rng=rng)",
        "abs(weights.gaussian((width, features), replicas=replicas, rng=rng))",
        "O02",
    ),
    "a variance without its second factor": (
        "convergence/plot_positive_gram",
        "limit * (products - limit)",
        "limit * products",
        "O02",
    ),
    "digits that are not centered": (
        "convergence/plot_positive_gram",
        "unit(pixels - pixels.mean(axis=0))",
        "unit(pixels)",
        "O01",
    ),
    "a density without its stretch": (
        "convergence/plot_any_law_of_directions",
        "np.cos(direction) ** 2 + 9 * np.sin",
        "np.cos(direction) ** 2 + 8 * np.sin",
        "O07",
    ),
    "Gaussian weights where Cauchy weights were meant": (
        "convergence/plot_any_law_of_directions",
        "rng.standard_cauchy((replicas, units, 64))",
        "rng.standard_normal((replicas, units, 64))",
        "O07",
    ),
    "eight in ten weights on one side": (
        "convergence/plot_any_law_of_directions",
        "0.9 * on_side + 0.1 * on_other_side",
        "0.8 * on_side + 0.2 * on_other_side",
        "O07",
    ),
    "a law that leaves directions out": (
        "convergence/plot_any_law_of_directions",
        "lopsided = arc_probabilities(lopsided_density)",
        "lopsided = gaussian * (middles < 2.5) / np.sum(gaussian * (middles < 2.5))",
        "O07",
    ),
    "inputs of which two are parallel": (
        "convergence/plot_any_law_of_directions",
        "[0, 40, 75, 130, 250]",
        "[0, 40, 40, 130, 250]",
        "O07",
    ),
    "an arc of more than half of the circle": (
        "convergence/plot_any_law_of_directions",
        "short_arc = uniform_on_arc(150)",
        "short_arc = uniform_on_arc(190)",
        "O07",
    ),
    "the kernel of the last layer where all are trained": (
        "convergence/plot_deep_kernel",
        "found = relative_least(kernels(pair(angle), depth).tangent)\n    in_units",
        "found = relative_least(kernels(pair(angle), depth).network)\n    in_units",
        "O08",
    ),
    "a deep network that is linear": (
        "convergence/plot_deep_kernel",
        'Network(layers, "relu")',
        'Network(layers, "identity")',
        "O08",
    ),
    "a variance without what the two directions share": (
        "convergence/plot_deep_kernel",
        "both_twice * (1 + 1 / width) ** between",
        "both_twice",
        "O08",
    ),
    "one layer of weights that is not trained": (
        "convergence/plot_deep_kernel",
        "rates = [1 / features]",
        "rates = [0]",
        "O08",
    ),
    "units that all start alike": (
        "convergence/plot_linear_rate",
        "rng.standard_normal((starts, units, features))",
        "np.full((starts, units, features), 0.5)",
        "O03",
    ),
    "a step of the mean in place of half the sum": (
        "convergence/plot_linear_rate",
        "rates = [rate, 0]",
        "rates = [rate / samples, 0]",
        "O03",
    ),
    "hard labels that are easy": (
        "convergence/plot_linear_rate",
        "eigenvectors[:, 0]",
        "eigenvectors[:, -1]",
        "O03",
    ),
    "signs that are all equal": (
        "convergence/plot_linear_rate",
        "rng.choice([-1.0, 1.0], (starts, 1, units))",
        "np.ones((starts, 1, units))",
        "O03",
    ),
    "signs of both kinds where one was meant": (
        "convergence/plot_linear_rate",
        "np.ones((10, 1, 100))",
        "random_signs(10, 100)",
        "O03",
    ),
    "labels that are not large": (
        "convergence/plot_linear_rate",
        "1000 * rng.choice",
        "1 * rng.choice",
        "O03",
    ),
    "a scale that is not lazy": (
        "convergence/plot_lazy",
        "both_signs = [train(m, m**-0.5,",
        "both_signs = [train(m, 1 / m,",
        "O04",
    ),
    "both signs where one was meant": (
        "convergence/plot_lazy",
        "replicas=25, one_sign=True",
        "replicas=25",
        "O04",
    ),
    "a tangent with another slope": (
        "convergence/plot_lazy",
        "linear_change = -rate *",
        "linear_change = -0.9 * rate *",
        "O04",
    ),
    "networks that are lazy, both": (
        "convergence/plot_lazy",
        "errors_of(one_unit, 1 / few_units, other_start)",
        "errors_of(one_unit, few_units**-0.5, lazy_start)",
        "O04",
    ),
    "a level that only positive numbers pass": (
        "designs/plot_phase_transition",
        "np.sqrt(2 / np.pi) * above",
        "np.sqrt(0.5 / np.pi) * above",
        "D09",
    ),
    "faces of one parity, counted once": (
        "designs/plot_phase_transition",
        "1 - 2 * probabilities[first::2].sum()",
        "1 - probabilities[first::2].sum()",
        "D09",
    ),
    "faces of one dimension less": (
        "designs/plot_phase_transition",
        "first = m + 1 - (k - 1)",
        "first = m - (k - 1)",
        "D09",
    ),
    "six rows more than were counted": (
        "designs/plot_phase_transition",
        "gaussian = weights.gaussian((m, n), rng=rng)",
        "gaussian = weights.gaussian((m + 6, n), rng=rng)",
        "D09",
    ),
    "a comb without a sum of few columns": (
        "designs/plot_phase_transition",
        "designs.hadamard(64) / 8",
        "designs.cosine(64)",
        "D09",
    ),
    "a design with all units equal": (
        "designs/plot_designs_on_digits",
        '"sinusoidal": designs.sinusoidal(shape)',
        '"sinusoidal": weights.constant(shape)',
        "D05",
    ),
    "images turned to the other side": (
        "designs/plot_designs_on_digits",
        "turned = -(x + 1 / 16) @",
        "turned = (x + 1 / 16) @",
        "D05",
    ),
    "mirror images of equal sign": (
        "designs/plot_depth_sixty",
        "np.concatenate([pair, -pair], axis=-1)",
        "np.concatenate([pair, pair], axis=-1)",
        "D06",
    ),
    "isometries where independent weights were meant": (
        "designs/plot_depth_sixty",
        "other_he = gaussian(depth)",
        "other_he = mirrored([rotations[:1]] * depth)",
        "D06",
    ),
    "signs that are not orthogonal, sixty times": (
        "designs/plot_depth_sixty",
        'designs.hadamard(half, construction="sylvester")',
        "np.tril(designs.hadamard(half))",
        "D06",
    ),
    "independent weights where one isometry was meant": (
        "designs/plot_depth_sixty",
        "one_isometry = mirrored([rotations[:1]] * depth)",
        "one_isometry = he",
        "D06",
    ),
    "rows that are shuffled instead of columns": (
        "designs/plot_depth_sixty",
        "shuffled = second[:, rng.permutation(width)]",
        "shuffled = second[rng.permutation(width)]",
        "D06",
    ),
    "chirps on the bound of Welch": (
        "designs/plot_frames",
        "coherence(frame), 1 / np.sqrt(p), rounding",
        "coherence(frame), 1 / np.sqrt(p + 1), rounding",
        "D07",
    ),
    "polynomials that meet once more than their degree": (
        "designs/plot_frames",
        "found, degree / p, rounding",
        "found, (degree + 1) / p, rounding",
        "D07",
    ),
    "a frame of Paley's without one row": (
        "designs/plot_frames",
        '"Paley": [designs.paley(q) for q',
        '"Paley": [designs.paley(q)[:-1] for q',
        "D07",
    ),
    "every fifth row instead of the first": (
        "designs/plot_frames",
        "first = sylvester[:25]",
        "first = sylvester[::5][:25]",
        "D10",
    ),
    "random rows from the first quarter": (
        "designs/plot_frames",
        "rows = rng.permutation(128)[:25]",
        "rows = rng.permutation(32)[:25]",
        "D10",
    ),
    "a constant without the diagonal": (
        "designs/plot_null_space_property",
        "        k / (1 + root),\n",
        "        k / root,\n",
        "D08",
    ),
    "a tight frame that is not equiangular": (
        "designs/plot_null_space_property",
        "paley = designs.paley(13)",
        "paley = designs.cosine(14)[:7] * 2**0.5",
        "D08",
    ),
    "isometry on one entry less": (
        "designs/plot_null_space_property",
        "restricted_isometry(paley, k).greatest",
        "restricted_isometry(paley, k - 1).greatest",
        "D08",
    ),
    "a column tripled, and the null space with it": (
        "designs/plot_null_space_property",
        "tripled[0] *= 3",
        "tripled[:, 0] *= 3",
        "D08",
    ),
    "a row as long as the others": (
        "designs/plot_null_space_property",
        "tripled[0] *= 3",
        "tripled[0] *= 1",
        "D08",
    ),
    "turned copies of Paley's frame": (
        "designs/plot_null_space_property",
        "tight = weights.orthogonal((m, n), replicas=100, rng=rng)",
        "tight = weights.orthogonal((m, m), replicas=100, rng=rng) @ paley",
        "D08",
    ),
    "a vector that is not lost": (
        "designs/plot_null_space_property",
        "v[columns[m]] = -1",
        "v[columns[m]] = 1",
        "D08",
    ),
    "a first layer that wakes all units": (
        "designs/plot_expanding_layers",
        '"partial identity": train([partial, identity, identity, zero], x, y)',
        '"partial identity": train([paley, identity, identity, zero], x, y)',
        "D02",
    ),
    "copies that are none": (
        "designs/plot_expanding_layers",
        'sylvester = designs.hadamard(width, construction="sylvester")',
        'sylvester = designs.hadamard(width, construction="paley")',
        "D02",
    ),
    "a nudge of nothing": (
        "designs/plot_expanding_layers",
        "partial + 1e-3 *",
        "partial + 0 *",
        "D02",
    ),
    "a merged network that trains at the rate of the whole": (
        "designs/plot_expanding_layers",
        "rate=[0.1 / 4, 0.1, 0.1, 0.1 * 4]",
        "rate=0.1",
        "D02",
    ),
    "the same precision twice": (
        "designs/plot_expanding_layers",
        "single_start = [weight.astype(np.float32)",
        "single_start = [weight.astype(np.float64)",
        "D02",
    ),
    "a last layer that tells no copies apart": (
        "designs/plot_expanding_layers",
        "reader = np.eye(outputs, width)",
        "reader = zero",
        "D02",
    ),
    "half of what a layer takes": (
        "separation/plot_angle_map",
        "- 2 * x_norm * y_norm * h",
        "- x_norm * y_norm * h",
        "P01",
    ),
    "angles that a layer keeps": (
        "separation/plot_angle_map",
        "np.cos(theta_after) - np.cos(theta) - h",
        "np.cos(theta_after) - np.cos(theta)",
        "P01",
    ),
    "units without their opposites": (
        "separation/plot_angle_map",
        "moved + (relu(-x_sums) - relu(-y_sums)) ** 2",
        "moved",
        "P02",
    ),
    "half of the directions": (
        "separation/plot_angle_map",
        "quad(moved_at, -right_angle, 3 * right_angle,",
        "quad(moved_at, -right_angle, right_angle,",
        "P02",
    ),
    "an angle that falls like pi over the depth": (
        "separation/plot_angle_map",
        "far / (3 * np.pi / 2000)",
        "far / (np.pi / 2000)",
        "P03",
    ),
    "a narrow layer with all units on": (
        "separation/plot_angle_map",
        "comb(width, on) / 2**width",
        "(on == width)",
        "P03",
    ),
    "a layer that turns right angles as signs do": (
        "separation/plot_angle_map",
        "np.cos(wide[1])",
        "np.cos(wide[1]) + 0.01",
        "P01",
    ),
    "signs of another second moment": (
        "separation/plot_angle_map",
        "moved_by_signs = 2 * np.mean",
        "moved_by_signs = np.mean",
        "P02",
    ),
    "units with correlated sums of another angle": (
        "separation/plot_angle_map",
        "wide = follow(2000, 32, 256, right_angle)",
        "wide = follow(2000, 32, 256, 1.2)",
        "P01",
    ),
    "a map of fewer layers": (
        "separation/plot_angle_map",
        "at_30 = angle_map(right_angle, depth=30)",
        "at_30 = angle_map(right_angle, depth=27)",
        "P03",
    ),
    "narrow networks that are wide": (
        "separation/plot_angle_map",
        "narrow = follow(64, 256, 600, right_angle)",
        "narrow = follow(1000, 256, 20, right_angle)",
        "P03",
    ),
    "the arcsine without its factors of two": (
        "separation/plot_order_and_chaos",
        "np.arcsin(2 * q / (1 + 2 * q))",
        "np.arcsin(q / (1 + q))",
        "P04",
    ),
    "a border of twice the weight variance": (
        "separation/plot_order_and_chaos",
        "border = np.pi / 4 * np.sqrt(1 + 4 * q)",
        "border = np.pi / 2 * np.sqrt(1 + 4 * q)",
        "P04",
    ),
    "networks with weights that are too small": (
        "separation/plot_order_and_chaos",
        "together = weight_variance *",
        "together = 0.97 * weight_variance *",
        "P05",
    ),
    "scales of a network with other biases": (
        "separation/plot_order_and_chaos",
        "path = follow_map(activation, weight_variance, bias_variance, 0.6, end.length, 120)",
        "path = follow_map(activation, weight_variance, 0.06, 0.6, end.length, 120)",
        "P05",
    ),
    "a slope without its square": (
        "separation/plot_order_and_chaos",
        "np.cosh(np.sqrt(q) * z) ** 4",
        "np.cosh(np.sqrt(q) * z) ** 2",
        "P05",
    ),
    "tanh where ReLU was meant to have no chaos": (
        "separation/plot_order_and_chaos",
        'follow_map("relu", 2.5, bias_variance, 0.2, 1.0, 200)',
        'follow_map("tanh", 2.5, bias_variance, 0.2, 1.0, 200)',
        "P05",
    ),
    "networks of erf where ReLU was meant to have no chaos": (
        "separation/plot_order_and_chaos",
        "draw(relu, 2.5, bias_variance, 0.2, 1.0, 60)",
        "draw(erf, 2.5, bias_variance, 0.2, 1.0, 60)",
        "P05",
    ),
    "ReLU that keeps some of its lengths by biases": (
        "separation/plot_order_and_chaos",
        'follow_map("relu", np.array(relu_settings), 0.0,',
        'follow_map("relu", np.array(relu_settings), bias_variance,',
        "P05",
    ),
    "biases where signals were meant to fade": (
        "separation/plot_order_and_chaos",
        'follow_map("erf", 0.5, 0.0, 0.2, 1.0, 60)',
        'follow_map("erf", 0.5, bias_variance, 0.2, 1.0, 60)',
        "P05",
    ),
    "half as many layers of tanh on the border": (
        "separation/plot_order_and_chaos",
        "for _ in range(2000):",
        "for _ in range(1000):",
        "P05",
    ),
    "a start without its layer of zeros": (
        "designs/plot_identity_and_zas",
        "asymmetric = designs.zero_asymmetric(n, depth)",
        "asymmetric = np.broadcast_to(identity, (depth, n, n))",
        "D01",
    ),
    "targets that are positive definite": (
        "designs/plot_identity_and_zas",
        "(axes * eigenvalues[:, np.newaxis])",
        "(axes * abs(eigenvalues[:, np.newaxis]))",
        "D01",
    ),
    "a layer less in the power law": (
        "designs/plot_identity_and_zas",
        "(4 * abs(value) * later[-1]) ** -1.5",
        "(3 * abs(value) * later[-1]) ** (-5 / 3)",
        "D01",
    ),
    "identities that are not turned": (
        "designs/plot_identity_and_zas",
        "turned[2, 3] = 1e-3\nturned[3, 2] = -1e-3",
        "turned[2, 3] = 0",
        "D01",
    ),
    "a spiral of random points": (
        "designs/plot_quasi_random_weights",
        "even = designs.fibonacci_sphere(m)",
        "even = weights.gaussian((m, 3), rng=rng)",
        "D03",
    ),
    "Gaussian weights for Sobol's points": (
        "designs/plot_quasi_random_weights",
        'designs.quasi_gaussian((m, 64), sequence="sobol")',
        "weights.gaussian((m, 64), rng=rng)",
        "D03",
    ),
    "the error of a unit that is never off": (
        "designs/plot_quasi_random_weights",
        "(x @ x.T - limit) * limit",
        "(x @ x.T) * limit",
        "D03",
    ),
    "signs that are all alike": (
        "designs/plot_blind_inputs",
        "rng.choice([-1.0, 1.0], (draws, 1, d))",
        "np.ones((draws, 1, d))",
        "D04",
    ),
    "signs for the units instead of the inputs": (
        "designs/plot_blind_inputs",
        '"Hadamard, signs": hadamard * signs',
        '"Hadamard, signs": hadamard * signs.mT',
        "D04",
    ),
    "signs of a coin that is not fair": (
        "designs/plot_blind_inputs",
        "rng.choice([-1.0, 1.0], (20_000, d))",
        "rng.choice([-1.0, 1.0, 1.0], (20_000, d))",
        "D04",
    ),
    "a layer that has lost no unit": (
        "designs/plot_blind_inputs",
        "without_last = mirrored[:-1]",
        "without_last = mirrored",
        "D04",
    ),
    "more units than the pairs on a ray are counted for": (
        "designs/plot_blind_inputs",
        "weights.he((2, d), replicas=50_000, rng=rng)",
        "weights.he((3, d), replicas=50_000, rng=rng)",
        "D04",
    ),
    "ten times the size for twenty": (
        "random_matrices/plot_hard_edge",
        "np.mean(condition > 20 * 50)",
        "np.mean(condition > 10 * 50)",
        "N03",
    ),
    "a hundred skips for a thousand": (
        "random_matrices/plot_products_die",
        "for _ in range(900):",
        "for _ in range(9):",
        "R05",
    ),
    "GELU without its skips": (
        "separation/plot_norms_and_constants",
        "with_skip + length_map(with_skip",
        "length_map(with_skip",
        "P06",
    ),
    "SELU for GELU where lengths grow": (
        "separation/plot_norms_and_constants",
        'activation="gelu") / lengths',
        'activation="selu") / lengths',
        "P06",
    ),
    "the derivative of tanh with the wrong power": (
        "separation/plot_norms_and_constants",
        "return 1 - np.tanh(z) ** 2",
        "return 1 - np.tanh(z) ** 4",
        "P06",
    ),
    "blocks of three units for those of two": (
        "convergence/plot_restarts",
        "share = blocks(2, size)",
        "share = blocks(3, size)",
        "O06",
    ),
    "the exponent of the spiral for that of Sobol": (
        "designs/plot_quasi_random_weights",
        "of_sobol = np.mean(exponents(sobol))",
        "of_sobol = np.mean(exponents(spiral))",
        "D03",
    ),
    "a square that is not magic": (
        "networks/plot_magic_square",
        "[16, 3, 2, 13], [5, 10, 11, 8]",
        "[16, 3, 2, 13], [5, 10, 8, 11]",
        "W01",
    ),
    "a square whose columns do not add up alike in the field": (
        "networks/plot_magic_square",
        "different_units(square)), 1)",
        "different_units(square[:, [0, 0, 2, 3]])), 1)",
        "W01",
    ),
    "outgoing weights that differ": (
        "networks/plot_magic_square",
        "last = np.full((2, units), 0.5)",
        "last = np.full((2, units), 0.5) * np.arange(1, units + 1)",
        "W01",
    ),
    "columns that were not moved to one sum": (
        "networks/plot_magic_square",
        "both_moved = rows_moved - rows_moved.mean(axis=0)",
        "both_moved = rows_moved - rows_moved[0]",
        "W01",
    ),
    "a square that is shuffled into itself": (
        "networks/plot_magic_square",
        "rng.permutation(square.ravel()).reshape(units, units)",
        "square[::-1]",
        "W01",
    ),
    "a law that leaves the frozen part out": (
        "networks/plot_sums_come_apart",
        "escape = tie_escape_rate(network, x, y, rate=rate)\n    predicted",
        "escape = tie_escape_rate(wide(constant), x, y, rate=rate)\n    predicted",
        "W16",
    ),
    "a frozen part with other singular values": (
        "networks/plot_sums_come_apart",
        "turned = random_frozen([2.0, 1.0, 1.0, 0.5, 0.0])",
        "turned = random_frozen([2.0, 1.0, 0.5, 0.5, 0.0])",
        "W16",
    ),
    "a network that has not settled": (
        "networks/plot_sums_come_apart",
        "steps=4000, rate=0.2",
        "steps=40, rate=0.2",
        "W16",
    ),
    "a narrow network with the rates of the wide one": (
        "networks/plot_frozen_part",
        "Layer(rate, rate / units),",
        "Layer(rate * units, rate / units),",
        "W02",
    ),
    "a middle layer with equal sums of rows only": (
        "networks/plot_frozen_part",
        "without_sums = without_sums - without_sums.mean(axis=0)",
        "without_sums = without_sums - 0.01 * without_sums.mean(axis=0)",
        "W02",
    ),
    "a recurrent diagonal that is no identity": (
        "networks/plot_frozen_part",
        "from_identity, last_of_identity = train_recurrent(identity)",
        "from_identity, last_of_identity = train_recurrent(np.diag([1.0, 1, 1, 1, 1, 0.9]))",
        "W02",
    ),
    "an identity in the place of the recurrent rotation": (
        "networks/plot_frozen_part",
        "from_rotation, _ = train_recurrent(rotation)",
        "from_rotation, _ = train_recurrent(identity)",
        "W02",
    ),
    "decoupled decay that is in the gradient": (
        "networks/plot_which_rule",
        "moved = adam(parameters, gradient, memory, step)\n    return",
        "moved = decay_in_gradient(parameters, gradient, memory, step)\n    return",
        "W15",
    ),
    "weights in fifty bits": (
        "networks/plot_which_rule",
        "np.ldexp(np.round(fraction * 2**8), exponent - 8)",
        "np.ldexp(np.round(fraction * 2**50), exponent - 50)",
        "W15",
    ),
    "noise that all units share": (
        "networks/plot_which_rule",
        "rng.standard_normal(g.shape)",
        "rng.standard_normal()",
        "W15",
    ),
    "a cap that no weight reaches": (
        "networks/plot_which_rule",
        "np.clip(p, -0.4, 0.4)",
        "np.clip(p, -7, 7)",
        "W15",
    ),
    "filters with sums over a row of places": (
        "networks/plot_equal_filters",
        "moved = moved - moved.mean(axis=0)",
        "moved = moved - moved.mean(axis=(0, 3), keepdims=True)[0]",
        "W03",
    ),
    "filters that start a thousandth apart": (
        "networks/plot_equal_filters",
        "constant_first = np.full(first_shape, 0.3)",
        "constant_first = 0.3 + 1e-3 * np.random.default_rng(1).random(first_shape)",
        "W03",
    ),
    "images without pixels that differ": (
        "networks/plot_equal_filters",
        "centered = images - images.mean(axis=0)",
        "centered = np.broadcast_to(images.mean(axis=(1, 2), keepdims=True), images.shape)",
        "W03",
    ),
    "an order of the square that is as bad as the square": (
        "networks/plot_magic_square",
        "rng.permutation(square.ravel()) for _ in range(20)",
        "square[[k % 4, 0, 1, 2] if k == 3 else [0, 1, 2, 3]].ravel() for k in range(20)",
        "W01",
    ),
    "a gradient of convolutions that forgets the slope": (
        "networks/plot_equal_filters",
        "first_signal = first_signal * (1 - values**2)",
        "first_signal = first_signal * (1 - values)",
        "W03",
    ),
    "equal heads that start a thousandth apart": (
        "networks/plot_equal_heads",
        "equal = np.array([first, first])",
        "equal = np.array([first, first + 1e-3])",
        "W04",
    ),
    "heads stretched instead of rotated": (
        "networks/plot_equal_heads",
        "rotation, _ = np.linalg.qr(rng.standard_normal((features, features)))",
        "rotation = np.diag([1.0, 1.1, 1.0, 1.0])",
        "W04",
    ),
    "one head at the rates of two": (
        "networks/plot_equal_heads",
        "[1 / 2, 1 / 2, 1 / 2, 2]",
        "[1, 1, 1, 1]",
        "W04",
    ),
    "a router that stays when experts change places": (
        "networks/plot_what_is_permuted",
        "[(4, 3), (4, 2, 3), (4, 2, 2)], [(0,), (0,), (0,)]",
        "[(4, 3), (4, 2, 3), (4, 2, 2)], [(), (0,), (0,)]",
        "W17",
    ),
    "keys that are almost zero": (
        "networks/plot_zeros_in_attention",
        'factors["key"][[2, 3]] = 0',
        'factors["key"][[2, 3]] = 1e-3',
        "W05",
    ),
    "a bias of queries for one of keys": (
        "networks/plot_zeros_in_attention",
        'slopes(zero_scores | {"key bias": key_bias})',
        'slopes(zero_scores | {"query bias": key_bias})',
        "W05",
    ),
    "units whose last matrix is not 0": (
        "networks/plot_zeros_in_attention",
        "no_last = np.zeros((16, 2))",
        "no_last = np.full((16, 2), 1e-3)",
        "W05",
    ),
    "a bound for tokens that is a fifth less": (
        "networks/plot_tokens_merge",
        "np.tanh(range_of_scores / 4)",
        "np.tanh(range_of_scores / 5)",
        "W12",
    ),
    "skip connections everywhere": (
        "networks/plot_tokens_merge",
        "x = x + heard if skip else heard",
        "x = x + heard",
        "W12",
    ),
    "a causal mask that lets all through": (
        "networks/plot_tokens_merge",
        "causal = np.where(np.tri(tokens), 0, -np.inf)",
        "causal = np.zeros((tokens, tokens))",
        "W12",
    ),
    "a recurrent gradient of the last bias alone": (
        "networks/plot_frozen_part",
        "of_bias = of_bias + back.sum(axis=0)",
        "of_bias = back.sum(axis=0)",
        "W02",
    ),
    "two factors of LoRA that are not both zero": (
        "networks/plot_lora_starts",
        "from_zeros = descend(no_b, no_a)",
        "from_zeros = descend(no_b, no_a + 1e-9)",
        "W07",
    ),
    "a constant A with one entry a thousandth off": (
        "networks/plot_lora_starts",
        "constant = np.full((rank, inputs), 0.3)",
        "constant = np.full((rank, inputs), 0.3) + 1e-3 * np.eye(rank, inputs)",
        "W07",
    ),
    "a field in which dropout is behind A": (
        "networks/plot_lora_starts",
        "of_b = signal.T @ (kept @ a.T) % prime",
        "of_b = signal.T @ (kept @ a.T * whole.integers(0, 2, (6, rank))) % prime",
        "W07",
    ),
    "two zero layers with a bias between them": (
        "networks/plot_residual_zero",
        'two_zeros = zero_last | {"first": np.zeros((hidden_units, width))}',
        'two_zeros = zero_last | {"first": 0 * x[:8], "first bias": np.ones(8)}',
        "W08",
    ),
    "gates that are not quite zero": (
        "networks/plot_residual_zero",
        '"gate A": np.zeros(width),',
        '"gate A": np.full(width, 1e-9),',
        "W08",
    ),
    "a copy that reads the hint alone": (
        "networks/plot_residual_zero",
        'read = x + hint @ p["hint"].T',
        'read = hint @ p["hint"].T',
        "W08",
    ),
    "layer normalization that forgets the mean": (
        "networks/plot_normalization_and_ties",
        "centered = z - anp.mean(z, axis=1, keepdims=True)",
        "centered = z - 0.999 * anp.mean(z, axis=1, keepdims=True)",
        "W06",
    ),
    "tied units behind which one weight differs": (
        "networks/plot_normalization_and_ties",
        '"last": np.full((2, units), 0.5),',
        '"last": np.full((2, units), 0.5) + 1e-3 * np.eye(2, units),',
        "W06",
    ),
    "one normalized unit with the rates of eight": (
        "networks/plot_normalization_and_ties",
        '"scale": rate / units,',
        '"scale": rate,',
        "W06",
    ),
    "a router whose rows are not all zero": (
        "networks/plot_equal_experts",
        "zero_router = np.zeros((experts, features))",
        "zero_router = 0.01 * random_router",
        "W09",
    ),
    "a Switch layer whose gate does not multiply": (
        "networks/plot_equal_experts",
        "return chosen * chances",
        "return chosen",
        "W09",
    ),
    "one expert at the rate of four": (
        "networks/plot_equal_experts",
        "rate=rate / experts)",
        "rate=rate)",
        "W09",
    ),
    "twin branches from two seeds": (
        "networks/plot_one_seed",
        "losses_of_one_seed, twins = train([from_seed(1), from_seed(1)], halves)",
        "losses_of_one_seed, twins = train([from_seed(1), from_seed(2)], halves)",
        "W11",
    ),
    "one branch in place of two, at their rate": (
        "networks/plot_one_seed",
        "[1.0], rate=rate / 2)",
        "[1.0], rate=rate)",
        "W11",
    ),
    "successive blocks that say something": (
        "networks/plot_one_seed",
        "silent = np.zeros((features, units))",
        "silent = np.ones((features, units))",
        "W11",
    ),
    "bfloat16 by cutting bits off": (
        "networks/plot_low_precision",
        "(bits + 0x7FFF + last_kept) & 0xFFFF0000",
        "bits & (0xFFFF0000 + 0 * last_kept)",
        "W10",
    ),
    "midpoints that are the numbers below": (
        "networks/plot_low_precision",
        "midpoints = (numbers[1:] + numbers[:-1]) / 2",
        "midpoints = numbers[:-1]",
        "W10",
    ),
    "masters that are rounded after each step": (
        "networks/plot_low_precision",
        "losses_of_masters.append(loss)",
        "losses_of_masters.append(loss)\n    masters = rounded(masters, as_bfloat16)",
        "W10",
    ),
    "gates with equal sums of rows only": (
        "networks/plot_gates_and_embeddings",
        "random = random - random.mean(axis=0)",
        "random = random - 0.9 * random.mean(axis=0)",
        "W14",
    ),
    "a layer that treats features differently": (
        "networks/plot_gates_and_embeddings",
        "by_unit = np.repeat(rng.standard_normal((features, 1)), features, axis=1)",
        "by_unit = rng.standard_normal((features, features))",
        "W14",
    ),
    "ReLU with the slope 1/2 at 0": (
        "networks/plot_gates_and_embeddings",
        "return anp.where(z > 0, z, 0)",
        "return anp.maximum(z, 0)",
        "W14",
    ),
    "targets that are not centered": (
        "networks/plot_zeros_in_attention",
        "y = uncentered - uncentered.mean(axis=(0, 1))",
        "y = uncentered + 0.01",
        "W05",
    ),
    "letters that are not exchanged": (
        "networks/plot_gates_and_embeddings",
        "exchanged[[first, second]] = [second, first]",
        "exchanged[[first, second]] = [first, second]",
        "W14",
    ),
    "slopes that are not squared": (
        "networks/plot_scale_for_each_activation",
        "slope[name] = masses @ slopes**2 / square",
        "slope[name] = masses @ np.abs(slopes) / square",
        "W13",
    ),
    "biases that give back too much": (
        "networks/plot_scale_for_each_activation",
        "bias_variance = 1 - 1 / slope[name]",
        "bias_variance = 1 - 1 / slope[name] ** 2",
        "W13",
    ),
    "a default of PyTorch without its biases": (
        "networks/plot_scale_for_each_activation",
        "of_pytorch, sums = run(relu, weights.pytorch_default)",
        "of_pytorch, sums = run(relu, pytorch_without_bias)",
        "W13",
    ),
    "a law of cosines with one dimension more": (
        "audit/plot_similar_rows",
        "stats.beta(0.5, (entries - 1) / 2)",
        "stats.beta(0.5, entries / 2)",
        "U01",
    ),
    "pairs of a row with itself": (
        "audit/plot_similar_rows",
        "pairs_of_few = few * (few - 1) / 2",
        "pairs_of_few = few * (few + 1) / 2",
        "U01",
    ),
    "signs of which one is three times as long": (
        "audit/plot_similar_rows",
        "rng.choice([-1.0, 1.0], shape)",
        "rng.choice([-1.0, 3.0], shape)",
        "U01",
    ),
    "a second layer of which one number is off": (
        "audit/plot_shared_seed_shows",
        "lambda seed: drawn(other_shape, seed)",
        "lambda seed: drawn(other_shape, seed) + 0.1 * np.eye(*other_shape)",
        "U02",
    ),
    "a layer in step with the first": (
        "audit/plot_shared_seed_shows",
        "return numbers[1:].reshape(shape)",
        "return numbers[:-1].reshape(shape)",
        "U02",
    ),
    "a law that is cut elsewhere": (
        "audit/plot_shared_seed_shows",
        "beyond = np.abs(numbers) > 2\n",
        "beyond = np.abs(numbers) > 2.2\n",
        "U02",
    ),
    "one generator that is made anew": (
        "audit/plot_shared_seed_shows",
        '"one generator": (one_generator, one_generator)',
        '"one generator": (np.random.default_rng(5), np.random.default_rng(5))',
        "U02",
    ),
    "integers that begin at one half": (
        "audit/plot_rules_in_five_lines",
        "integers.astype(np.float32) / np.float32(2**24)",
        "(integers.astype(np.float32) + np.float32(0.5)) / np.float32(2**24)",
        "U04",
    ),
    "copies that draw a seed of their own": (
        "audit/plot_rules_in_five_lines",
        "if seed is None else seed",
        "if seed is None else seed + int(rng.integers(99))",
        "U04",
    ),
    "a key that has another sign": (
        "audit/plot_rules_in_five_lines",
        "scores = (inputs @ query) @ (inputs @ key).T",
        "scores = -(inputs @ query) @ (inputs @ key).T",
        "U04",
    ),
    "a bfloat16 that cuts bits off": (
        "audit/plot_rules_in_five_lines",
        "(bits + np.uint32(0x7FFF) + to_even)",
        "(bits + 0 * to_even)",
        "U04",
    ),
    "averaged copies of which one is a billionth off": (
        "audit/plot_equal_layers",
        'start = {f"layer.{k}": one_layer.copy() for k in range(copies)}',
        'start = {f"layer.{k}": one_layer + 1e-9 * k for k in range(copies)}',
        "U03",
    ),
    "concatenated copies that are read alike": (
        "audit/plot_equal_layers",
        'return sum(outputs(p, p["last"]))',
        'return sum(outputs(p, [p["last"][0]] * copies))',
        "U03",
    ),
    "a router that is not random": (
        "audit/plot_equal_layers",
        '"router": rng.standard_normal((copies, width))',
        '"router": np.ones((copies, width))',
        "U03",
    ),
    "encoders that are the same": (
        "audit/plot_equal_layers",
        "losses_of_own, _ = descended(own_layers)",
        "losses_of_own, _ = descended(copied_layers)",
        "U03",
    ),
    "a row planted away from the level": (
        "audit/plot_similar_rows",
        "told(level - 1e-3)",
        "told(level + 2e-3)",
        "U01",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "old", "new", "claim"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_of_a_page_fails_its_claim(page, old, new, claim, tmp_path):
    """What a page says depends on what it does: change that, and the claim falls."""
    text = PAGES[page].text
    assert old in text, "the page has changed, and this mutation with it"
    script = tmp_path / "plot_mutant.py"
    script.write_text(text.replace(old, new), encoding="utf-8")
    result = run(script, tmp_path)
    assert result.returncode == 1
    assert f"ClaimFailed: claim {claim} failed" in result.stderr, result.stderr


def test_each_mutation_is_still_a_change_of_its_page():
    """What is to be replaced stands there; that the claim then falls takes longer to see."""
    gone = [name for name, (page, old, _, _) in MUTATIONS.items() if old not in PAGES[page].text]
    assert gone == []
