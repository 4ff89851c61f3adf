"""The search, asked as people ask: its own scripts, on the passages of the built site.

The questions are in ``questions/``. The scripts run here in a small engine without a page; how
results look, and the search in a folder, are tested in ``tests/site/browser``.
"""

import gzip
import hashlib
import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import sphinx
import symlib_site.entries
import symlib_site.ledger
import symlib_site.passages
import symlib_site.search
from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx_design.dropdown import dropdown_main, dropdown_title
from symlib_site.folds import Fold, Line

from symlib.claims import Check

quickjs = pytest.importorskip("quickjs")

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "docs" / "_static"
QUESTIONS = {
    question: answers
    for path in sorted((HERE / "questions").glob("*.toml"))
    for question, answers in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
ASKED = "how_to/questions_people_ask"
PUBLISHED = "03c27931eb603af1d3358579e9885eafdb6a2f5fa9929557b3e77d7e99d06d03"
LARGEST = 350_000  # bytes of all that the search page loads for its answers, compressed
SCRIPTS = ("_static/language_data.js", "_static/minisearch.js", "_static/search.js")


class Engine:
    """The search in an engine without a page."""

    def __init__(self, folder):
        self.context = quickjs.Context()
        self.context.eval("globalThis.window = globalThis;")
        for name in SCRIPTS:
            self.context.eval((folder / name).read_text(encoding="utf-8"))

    def call(self, expression, *values):
        """Return the value of an expression, in which ``$`` stands for the values."""
        for value in values:
            expression = expression.replace("$", json.dumps(value), 1)
        return json.loads(self.context.eval(f"JSON.stringify({expression})"))

    def __call__(self, question):
        """Return what is found for a question, with the address of each result."""
        found = self.call("search.find($)", question)
        for one in found["results"]:
            one["address"] = one["page"] + (one["place"] and f"#{one['place']}")
            one["text"] = " ".join(text for text, _ in one["pieces"])
        return SimpleNamespace(**found)


@pytest.fixture(scope="module")
def search(site):
    """Return the search of the built site."""
    engine = Engine(site.html)
    engine.context.eval((site.html / symlib_site.search.FILE).read_text(encoding="utf-8"))
    return engine


@pytest.fixture(scope="module")
def data(site):
    """Return what the build wrote for the search: pages, and phrases that mean the same."""
    text = (site.html / symlib_site.search.FILE).read_text(encoding="utf-8")
    assert text.startswith("search.read(")
    return json.loads("[" + text.removeprefix("search.read(").removesuffix(");\n") + "]")


# Questions


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_with_the_answer_is_among_the_first_three(question, search):
    """In the words of people, not of the site."""
    first = search(question).results[:3]
    wanted = set(QUESTIONS[question])
    found = [{one["address"], one["page"]} for one in first]
    assert any(wanted & one for one in found), [one["address"] for one in first]


def test_each_claim_is_found_by_its_id(search):
    """Its entry in the ledger comes first."""
    for claim in symlib_site.entries.ledger():
        for question in (claim.id, claim.id.lower(), f"what does {claim.id} say"):
            first = search(question).results[0]
            assert first["address"] == f"reference/ledger#{claim.id}", question


def test_each_function_is_found_by_its_name(search, data):
    """Its entry comes first, whole or without its module."""
    pages, _ = data
    names = [
        place
        for page, _, _, parts in pages
        for place, _, alone, _ in parts
        if alone and page.startswith("reference/") and place.startswith("symlib.")
    ]
    assert len(names) > 100
    for name in names:
        assert search(name).results[0]["place"] == name
    ends = [name.split(".")[-1] for name in names]
    for name, end in zip(names, ends, strict=True):
        if ends.count(end) == 1:
            assert search(end).results[0]["place"] == name


@pytest.mark.parametrize(
    ("question", "same"),
    [
        ("initialise the weights", "initialize the weights"),
        ("normalisation", "normalization"),
        ("optimiser behaviour", "optimizer behavior"),
        ("neighbouring colours", "neighboring colors"),
        ("why not .5", "why not 0.5"),
        ("noise of 1e-8", "noise of 10^-8"),
        ("noise of 1e-08", "noise of 10⁻⁸"),
        ("sixty layers", "60 layers"),
        ("mini-batch", "Mini-Batch"),
        ("λ of the Gram matrix", "lambda of the Gram matrix"),
    ],
)
def test_two_spellings_are_one_question(question, same, search):
    """They have the same results, and there are some."""
    found, other = (search(one).results for one in (question, same))
    assert found
    assert [one["address"] for one in found] == [one["address"] for one in other]


@pytest.mark.parametrize(
    "question", ["batchnorm", "batch-norm", "batch norm", "BatchNorm", "batch normalization"]
)
def test_a_compound_is_found_however_it_is_written(question, search):
    """With a hyphen, a space, a capital, or in full."""
    first = [one["page"] for one in search(question).results[:3]]
    assert "gallery/networks/plot_normalization_and_ties" in first


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("symetry", "symmetry"),
        ("guassian", "gaussian"),
        ("initializtion", "initialization"),
        ("othogonal", "orthogonal"),
        ("gradiant", "gradient"),
        ("LSMT", "lstm"),
        ("overfitting", None),  # a word that the site need not have, and near to none that it has
        ("gelu", None),
        ("orthog", None),  # the beginning of a word is no error
    ],
)
def test_a_typing_error_of_one_letter_is_read_and_told(word, read, search):
    """The summary says what was searched for instead."""
    found = search(f"{word} weights")
    assert found.corrected == ([[word.lower(), read]] if read else [])
    said = search.call("search.summary(search.find($))", f"{word} weights")
    assert (f"searched for “{read}”" in said) == bool(read)
    assert found.results


@pytest.mark.parametrize("number", ["0.693", "784", "0.5", ".5", "1e-8", "2^31"])
def test_a_number_leads_to_passages_that_have_it(number, search):
    """As the question writes it or not."""
    read = set(search.call("search.terms($)", number))
    first = search(number).results[0]
    shown = f"{first['title']} {first['text']}"
    assert read <= set(search.call("search.terms($)", shown)), first


def test_numbers_and_words_of_formulas_are_in_the_passages(data, site):
    """Each of a page, but for what a fold of code or an answer of a cell has."""
    pages, _ = data
    seen = set()
    for page, *_, parts in pages:
        text = " ".join(block for *_, blocks in parts for block in blocks)
        written = (site.html / f"{page}.html").read_text(encoding="utf-8")
        formulas = " ".join(re.findall(r"<math.*?</math>", written, flags=re.DOTALL))
        found = re.findall(r"<m[ni]>([\d.]{3,}|[A-Za-z]{3,})</m[ni]>", formulas)
        assert [one for one in found if one not in text] == [], page
        seen |= set(found)
        assert not re.search(r"\\(frac|[lr]Vert|mathbb|sum|operatorname)", text), page
    assert len(seen) > 20


# What is shown


def test_the_passage_that_answers_is_shown_and_linked(search):
    """Not the first lines of its page."""
    found = {one["page"]: one for one in search("loss stuck at 0.693").results}
    passage = found["how_to/check_your_model"]
    assert passage["place"] == "before-any-audit"
    assert "0.693" in passage["text"]
    assert ["stuck", True] in passage["pieces"]
    (first, *_) = search("can rounding alone break the tie").results
    assert first["address"] == "gallery/symmetry/plot_rounding_breaks_it"
    assert first["text"].startswith("Yes: a fast matrix product")


def test_what_is_shown_is_short_and_what_is_counted_is_listed(search):
    """At most fifteen results, and two of a page."""
    for question in list(QUESTIONS)[::7]:
        found = search(question)
        pages = [one["page"] for one in found.results]
        assert 0 < len(pages) <= 15
        assert max(map(pages.count, pages)) <= 2
        assert all(len(one["text"]) <= 290 for one in found.results)
        said = search.call("search.summary(search.find($))", question)
        number = "One result." if len(pages) == 1 else f"{len(pages)} results."
        assert said.startswith(f"The best {number}" if found.more else number)


def test_a_word_that_is_nowhere_has_no_result(search):
    """And the summary says so."""
    assert search("zyzzyva").results == []
    said = search.call("search.summary(search.find($))", "zyzzyva")
    assert said == "No page of this site answers that."
    assert search("?!").results == search("why not").results == []


# What the build writes


def test_each_passage_is_a_place_of_its_page(data, site):
    """A link to it leads there."""
    pages, _ = data
    assert [page for page, *_ in pages] == sorted(page for page, *_ in pages)
    for page, _, _, parts in pages:
        text = (site.html / f"{page}.html").read_text(encoding="utf-8")
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        places = [place for place, *_ in parts]
        assert places[0] == ""
        assert len(set(places)) == len(places), page
        assert set(places[1:]) <= ids, page


def test_the_questions_of_people_are_found_as_they_stand(search, data):
    """Each heading of that page is the first result for itself."""
    pages, _ = data
    parts = [one for page, *_, several in pages if page == ASKED for one in several]
    if not parts:
        pytest.skip(f"the site has no page {ASKED}")
    headings = {heading: place for place, heading, alone, _ in parts if alone}
    assert headings
    for heading, place in headings.items():
        assert search(heading).results[0]["address"] == f"{ASKED}#{place}", heading


def test_the_search_loads_little(site):
    """Its scripts and all passages, compressed as a host does."""
    names = (*SCRIPTS, symlib_site.search.FILE)
    sizes = {name: len(gzip.compress((site.html / name).read_bytes(), mtime=0)) for name in names}
    assert sum(sizes.values()) < LARGEST, sizes
    page = (site.html / "search.html").read_text(encoding="utf-8")
    assert all(f'<script defer src="{name}' in page for name in SCRIPTS)
    assert f'data-passages="{symlib_site.search.FILE}"' in page  # loaded when there is a question
    assert "searchtools.js" not in page


def test_the_index_of_sphinx_is_not_in_the_site(site):
    """No page loads it; the inventory by which other projects link to the library stays."""
    assert not (site.html / "searchindex.js").exists()
    assert (site.html / "objects.inv").is_file()


# The parts, alone


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return the search with Sphinx's stems and three small pages."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "_static").mkdir()
    stems = Path(sphinx.__file__).parent / "search" / "minified-js"
    words = json.dumps(sorted(symlib_site.search.SearchSite.stopwords))
    parts = [f"const stopwords = new Set({words});"]
    parts += [(stems / f"{name}-stemmer.js").read_text("utf-8") for name in ("base", "english")]
    parts += ["window.Stemmer = EnglishStemmer;"]
    (folder / "_static" / "language_data.js").write_text("\n".join(parts), encoding="utf-8")
    for name in SCRIPTS[1:]:
        (folder / name).write_bytes((STATIC / Path(name).name).read_bytes())
    engine = Engine(folder)
    engine.call("search.read($, $) ?? null", PAGES, [["batch normalization", "batch norm"]])
    return engine


PAGES = [
    [
        "gallery/a/plot_dead_units",
        "Can units be dead?",
        ["dying ReLU problem"],
        [
            ["", "", False, ["Yes: half of them."]],
            ["the-loss", "The loss", False, ["It stays. Then it is 0.6931, which is ln 2."]],
        ],
    ],
    [
        "how_to/questions_people_ask",
        "Questions people ask",
        [],
        [
            ["", "", False, ["Each with its answer."]],
            ["why-zero", "Why is my loss zero?", True, ["Batch normalization is no reason."]],
            ["why-one", "Why is my loss 1?", True, ["A loss of 10⁻⁸ is another thing."]],
        ],
    ],
    [
        "reference/weights",
        "symlib.weights",
        [],
        [
            ["", "", False, ["Ways to fill a matrix."]],
            ["symlib.weights.he_like", "symlib.weights.he_like", True, ["Draws with loss."]],
        ],
    ],
]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (".5 0.50 5e-1", ["0.5", "0.5", "0.5"]),
        ("10⁻⁸ 1e-08 10^{-8} 10**-8 0.00000001", 5 * ["1e-8"]),
        ("6.7 · 10⁻¹⁶ and 6.7e-16", ["6.7e-16", "and", "6.7e-16"]),
        ("1,000 of 1000", ["1000", "of", "1000"]),
        ("0.693... and 2/3.", ["0.693", "and", "2", "3"]),
        ("64x64 pixels", ["64x64", "pixels"]),
        ("batch-norm", ["batch", "norm", "batchnorm"]),
        ("BatchNorm", ["batch", "norm", "batchnorm"]),
        ("LoRA, GELU and XOR", ["lora", "gelu", "and", "xor"]),
        ("tied_units", ["tied", "units", "tied_units"]),
        ("symlib.audit", ["symlib", "audit", "symlib.audit"]),
        ("initialise, behaviour, centre", ["initialize", "behavior", "center"]),
        ("the network’s Poincaré map", ["the", "network", "poincare", "map"]),
        ("σ(λ)", ["sigma", "lambda"]),
        ("zero of ten", ["0", "of", "10"]),
        ("−0.5", ["0.5"]),
    ],
)
def test_a_text_is_read_in_one_way(text, read, alone):
    """However its numbers, compounds and letters are written."""
    assert alone.call("search.words($)", text) == read


def test_a_question_that_is_asked_comes_first(alone):
    """Its own place is the address."""
    first = alone("why is the loss 0").results[0]
    assert first["address"] == "how_to/questions_people_ask#why-zero"
    assert first["title"] == "Why is my loss zero?"
    assert alone("dying ReLU problem").results[0]["address"] == "gallery/a/plot_dead_units"
    assert alone("he_like").results[0]["address"] == "reference/weights#symlib.weights.he_like"


def test_a_passage_of_a_page_is_shown_under_the_title_of_both(alone):
    """The number begins as that of the question."""
    first = alone("0.693").results[0]
    assert first["title"] == "Can units be dead? › The loss"
    assert first["address"] == "gallery/a/plot_dead_units#the-loss"
    assert alone("1e-8").results[0]["address"] == "how_to/questions_people_ask#why-one"


def test_phrases_that_mean_the_same_find_each_other(alone):
    """One of them is on the page, the other in the question."""
    assert alone("batch norm").results[0]["address"] == "how_to/questions_people_ask#why-zero"


def parsed(*children):
    """Return a page with a title and what stands below it."""
    page = nodes.section("", nodes.title("", "A page"), *children, ids=["a-page"])
    return nodes.document(None, None, "", page)


def gathered(*children, docname="explanation/page"):
    """Return the passages of such a page."""
    return symlib_site.passages.passages(parsed(*children), docname)


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"\ln 2 = 0.693", "ln 2 = 0.693"),
        (r"\tfrac12 + \frac{a+b}{2}", "1/2 + (a + b)/2"),
        (r"\binom{m-1}{k}", "(m − 1 choose k)"),
        (r"10^{-8}", "10⁻⁸"),
        (r"x^\top y'", "xᵀy′"),
        (r"e^{-x^2}", "e^(− x²)".replace("− x", "−x")),
        (r"w_{ij} \le \sqrt{2/n}", "w_(ij) ≤ √(2/n)"),
        (r"\operatorname{rank} W", "rank W"),
        (r"\sum_{i=1}^n x_i", "∑_(i=1)ⁿ x_i"),
        (r"\lVert Wx \rVert_2 < \infty", "‖Wx‖_2 < ∞"),
        (r"\hat\theta", "θ"),
    ],
)
def test_a_formula_is_one_line_with_its_numbers_and_words(tex, line):
    """As the list of results can show it."""
    assert symlib_site.passages.formula(tex) == line


def test_what_stands_under_a_heading_is_a_passage():
    """With the id of the heading; formulas and figures have words. Exercises answer nothing."""
    words = nodes.paragraph("", "Take ", nodes.math("", r"\ln 2"), nodes.Text(", or less."))
    figure = nodes.image(uri="a.svg", alt="One line.")
    inner = nodes.section(
        "", nodes.title("", "Where"), nodes.paragraph("", "There."), ids=["where"]
    )
    asks = nodes.paragraph("", "How many?")
    exercises = nodes.section("", nodes.title("", "Try it yourself"), asks, ids=["try-it-yourself"])
    assert gathered(words, figure, inner, exercises) == [
        ("", "", False, ["Take ln 2, or less.", "One line."]),
        ("where", "Where", False, ["There."]),
    ]


def test_code_counts_by_its_names_where_it_is_shown_and_not_where_it_is_run():
    """A how-to has code to copy; the cells of a page measure."""
    shown = nodes.literal_block("", "x = torch.zeros(3)\ny = x", language="python")
    run = nodes.literal_block("", "x = np.zeros(3)", language="Python")
    printed = nodes.literal_block("", "0.25", classes=["sphx-glr-script-out"])
    assert gathered(shown, run, printed)[0].blocks == ["In code: torch.zeros"]


def test_a_check_counts_by_what_was_measured():
    """Its tolerance and its reason say nothing to who searches."""
    made = Check("S01", "a gap", 0.25, "==", 0.25, 0.0, 0.0, True, "claim", "exact")
    table = symlib_site.ledger.table_of_page([made])
    assert gathered(table)[0].blocks == ["a gap: 0.25"]


def test_claims_functions_and_works_answer_for_themselves():
    """And so does each heading of the page of questions."""
    head = Line("", "S01 ", symlib_site.ledger.badge("holds"), classes=["claim-head"])
    said = nodes.paragraph("", "It is so. Scope. All. Read. A page.")
    claim = Fold("", head, said, ids=["S01"], classes=["claim"])
    signature = addnodes.desc_signature("", "f(x)", ids=["symlib.f"])
    content = addnodes.desc_content("", nodes.paragraph("", "Does it."))
    function = addnodes.desc("", signature, content)
    work = nodes.citation("", nodes.label("", "Ab1"), nodes.paragraph("", "A book."), ids=["id1"])
    assert gathered(claim, function, work)[1:] == [
        ("S01", "S01 · holds", True, ["It is so. Scope. All."]),
        ("symlib.f", "symlib.f", True, ["Does it."]),
        ("id1", "A book.", True, ["A book."]),
    ]
    because = nodes.paragraph("", "Because.")
    inner = nodes.section("", nodes.title("", "Why?"), because, ids=["why"])
    part = nodes.section("", nodes.title("", "Zeros"), inner, ids=["zeros"])
    assert gathered(part, docname=ASKED)[1:] == [
        ("zeros", "Zeros", False, []),
        ("why", "Why?", True, ["Because."]),
    ]


def test_a_fold_with_a_name_is_a_passage_and_one_without_is_not():
    """A link can lead to the first."""
    titles = [dropdown_title("", "The loss stays"), dropdown_title("", "The answer")]
    named = dropdown_main("", titles[0], nodes.paragraph("", "Look."), ids=["seen"])
    other = dropdown_main("", titles[1], nodes.paragraph("", "Yes."))
    assert gathered(other, named) == [
        ("", "", False, ["The answer", "Yes."]),
        ("seen", "The loss stays", False, ["Look."]),
    ]


def test_without_the_stems_of_sphinx_the_build_ends(tmp_path):
    """The sentence names the package and its version."""
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "language_data.js").write_text("var nothing;", encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(name="html"))
    said = r"sphinx \d+\.\d+.* was expected to write 'const stopwords"
    with pytest.raises(ExtensionError, match=said):
        symlib_site.search.write_passages(app, None)


def test_minisearch_is_as_it_was_published():
    """The file is that of the package minisearch 7.2.0, byte for byte."""
    data = (STATIC / "minisearch.js").read_bytes()
    assert hashlib.sha256(data).hexdigest() == PUBLISHED
