"""What search engines and programs meet: descriptions, cards, maps, and Markdown twins of pages."""

import copy
import io
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
import symlib_site.cards
import symlib_site.meta
import symlib_site.twins
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).parents[2]
UNLISTED = {"404.html", "explanations.html", "search.html"}
REPEATED = ".headerlink, .sphx-glr-thumbnail-title"
REPEATED += ", details.code > summary, button.unfold"
WORDS = "One straight line that rises from the left to the right, and nothing else."
ADDRESS = "https://example.org/why/"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
FORMULA = re.compile(r"\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$", re.DOTALL)


def read(text):
    """Return the doctree of a text in reStructuredText."""
    return publish_doctree(text, settings_overrides={"report_level": 5, "doctitle_xform": False})


def tokens(markdown):
    """Return all tokens of a text in Markdown, formulas apart."""
    for block in MarkdownIt("commonmark").enable("table").parse(FORMULA.sub("x", markdown)):
        yield block
        yield from block.children or []


# What a page says of itself


def test_a_description_is_the_first_paragraph_in_plain_text():
    """What stands in notes, or links a page to its claims, does not describe it; math is read."""
    doctree = read(
        ".. note:: A note.\n\nTitle\n=====\n\n.. class:: claim-line\n\nChecks S01.\n\n"
        "Units *stay* tied\nfor :math:`\\varepsilon = 0`, ``exact`` sums.\n\nMore.\n"
    )
    assert symlib_site.meta.description(doctree) == "Units stay tied for ε = 0, exact sums."
    assert symlib_site.meta.description(read("- a list\n- alone")) == ""


def test_a_long_description_ends_with_a_sentence_or_a_word():
    """Nothing is longer than what search engines show."""
    sentence = "This sentence has one and eighty letters if one takes care to count all the spaces."
    assert symlib_site.meta.shortened(f"{sentence} {sentence}") == sentence
    longer = f"{sentence[:-1]}, {sentence}"  # more than 160
    assert len(symlib_site.meta.shortened(f"{longer} {sentence}")) <= 160
    short = symlib_site.meta.shortened(f"No. {300 * 'word '}")
    assert short.endswith("word…")
    assert 150 < len(short) <= 160
    assert symlib_site.meta.shortened(160 * "x") == 160 * "x"


def test_tags_name_only_what_is_known():
    """Without an address there is no image and no address, not even a relative one."""
    about = {"title": 'A "<b>"', "description": "It's & is.", "type": "article"}
    soup = BeautifulSoup(symlib_site.meta.tags(about), "html.parser")
    found = {tag.get("property") or tag.get("name"): tag["content"] for tag in soup.select("meta")}
    assert found == {
        "description": "It's & is.",
        "og:title": 'A "<b>"',
        "og:description": "It's & is.",
        "og:type": "article",
        "twitter:card": "summary",
    }


# Cards


def card(title, *, inches=(6.4, 3.5)):
    """Return the card of a page with one line in its figure, as bytes and as an image."""
    figure = Figure(figsize=inches, layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1])
    file = io.BytesIO(symlib_site.cards.picture(figure))
    data = symlib_site.cards.card(title, file)
    return data, Image.open(io.BytesIO(data)).convert("L")


@pytest.mark.parametrize(
    "title", ["Why?", 6 * "Mmmm ", r"Is $\x$ a price?", 3 * "is it much longer, or "]
)
def test_the_title_of_a_card_fits(title):
    """It is large, and keeps away from the edges and from the figure."""
    _, image = card(title)
    assert image.size == (1200, 630)
    head = image.crop((0, 0, 1200, 150))
    left, top, right, bottom = head.point(lambda shade: 255 * (shade < 128)).getbbox()
    assert left >= 30
    assert right <= 1170
    assert top >= 10
    assert bottom < 150
    assert bottom - top >= 20


@pytest.mark.parametrize("inches", [(6.4, 3.5), (6.4, 4.4), (6.4, 2.5), (3, 6)])
def test_a_figure_of_any_shape_fills_its_card(inches):
    """It is drawn anew as wide as the card."""
    _, image = card("Why?", inches=inches)
    inside = image.crop((0, 150, 1200, 575)).point(lambda shade: 255 * (shade < 200))
    left, _, right, bottom = inside.getbbox()
    assert left < 160
    assert right > 1060
    assert bottom > 380


def test_the_same_card_is_the_same_bytes():
    """And few of them."""
    data, _ = card("Why?")
    assert data == card("Why?")[0]
    assert len(data) < 50_000
    assert data != card("How?")[0]


# Files


def test_links_from_anywhere_begin_at_the_root_of_the_site():
    """Those within the page, and those to other sites, stay."""
    page = (
        '<html data-content_root="./"><a href="a.html#b"><a href="#c"><a href="https://d.org/">'
        '<img src="_static/e.svg?v=1"><form action="search.html"><a href="./"><a href="/f">'
    )
    whole = (
        '<html data-content_root="/why/"><a href="/why/a.html#b"><a href="#c">'
        '<a href="https://d.org/"><img src="/why/_static/e.svg?v=1">'
        '<form action="/why/search.html"><a href="/why/"><a href="/f">'
    )
    assert symlib_site.meta.from_anywhere(page, "https://example.org/why") == whole
    assert 'href="/a.html#b"' in symlib_site.meta.from_anywhere(page, "https://example.org")


# Twins


SIGNS = [*"ab1 _*`[]()>$|\\!+=:{}'", *("<a", "</", "<!--", "&amp;", "&#1;", "~~", "- ", "# ", ". ")]


@given(st.lists(st.sampled_from(SIGNS), min_size=1, max_size=12).map("".join))
@example("a [link](b) and ~~no~~ more")
def test_the_signs_of_a_sentence_stay_signs(text):
    """Whatever a sentence says, Markdown reads the same words, and neither markup nor a link."""
    text = " ".join(text.split()) or "a"
    markdown = symlib_site.twins.Twin().block(nodes.paragraph("", text))
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    opened, inline, closed = parser.parse(markdown)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    assert "".join(child.content for child in inline.children) == " ".join(text.split())
    assert {child.type for child in inline.children} <= {"text", "text_special"}


def test_a_twin_keeps_code_formulas_lists_tables_and_boxes():
    """Each in the form that Markdown has for it."""
    doctree = read(
        "Title\n=====\n\nA *word*, a **strong** one, ``x_1`` and :math:`|x|_1`.\n\n"
        "Part\n----\n\n- one\n- two\n\n  1. deep\n\n.. math:: a = b\n\n"
        "::\n\n   print('```')\n\n"
        ".. admonition:: Theorem\n\n   It holds.\n\n   *Proof.* See. ∎\n\n"
        "=======  ==========\nA        B\n=======  ==========\n``a|b``  :math:`|c|`\n"
        "=======  ==========\n\n.. image:: a.svg\n   :alt: What it *shows*\n"
    )
    next(doctree.findall(nodes.literal_block))["language"] = "ipython3"
    text = symlib_site.twins.twin(doctree, "index")
    for piece in (
        "# Title\n\nA *word*, a **strong** one, `x_1` and $|x|_1$.\n\n## Part\n\n- one\n",
        "- two\n\n  1. deep\n",
        "\n\n$$\na = b\n$$\n\n",
        "\n\n````python\nprint('```')\n````\n\n",
        "\n\n> **Theorem**\n>\n> It holds.\n>\n> *Proof.* See. ∎\n\n",
        "\n\n| A | B |\n| --- | --- |\n| `a\\|b` | $\\vert c\\vert $ |\n\n",
        "\n\n![What it \\*shows\\*](a.svg)\n",
    ):
        assert piece in text


def test_a_link_leads_to_a_twin_only_where_there_is_one():
    """Other sites and files stay where they are."""
    twin = symlib_site.twins.Twin(lambda page: page != "../search")
    assert twin.address("../a/b.html#c") == "../a/b.md#c"
    for address in ("#c", "https://d.org/e.html", "f.svg", "../search.html"):
        assert twin.address(address) == address


# The site


@pytest.fixture(scope="module")
def soups(site):
    """Return the pages that are listed, read as HTML."""
    return {name: site.soup(name) for name in site.files("*.html") if name not in UNLISTED}


@pytest.fixture(scope="module")
def heads(soups):
    """Return the heads of these pages."""
    return {name: soup.head for name, soup in soups.items()}


@pytest.fixture(scope="module")
def articles(soups):
    """Return what these pages say, without their menus."""
    return {name: soup.select_one("article") for name, soup in soups.items()}


@pytest.fixture(scope="module")
def twins(site, soups):
    """Return the twins of these pages, by the addresses of the pages."""
    return {name: site.html / name.replace(".html", ".md") for name in soups}


def content(head, name):
    """Return what a tag of a head says; there is one of its kind."""
    (tag,) = head.select(f'meta[name="{name}"], meta[property="{name}"]')
    return tag["content"]


def test_every_page_describes_itself(heads):
    """In 20 to 160 characters of plain text, and no two alike."""
    said = {}
    for name, head in heads.items():
        said[name] = content(head, "description")
        assert 20 <= len(said[name]) <= 160, name
        assert not re.search(r"\\|\$|[{}]|<\w", said[name]), (name, said[name])
        assert content(head, "og:description") == said[name]
        assert head.title.get_text() in (f"{content(head, 'og:title')} - symlib", "symlib"), name
    assert len(set(said.values())) == len(said)


def test_without_an_address_nothing_is_written_that_needs_one(site, heads):
    """Neither a relative address where a whole one is due, nor a map, nor a card."""
    for name, head in heads.items():
        assert not head.select('link[rel="canonical"], [property="og:url"], [property="og:image"]')
        assert content(head, "twitter:card") == "summary", name
    assert not {"sitemap.xml", "robots.txt"} & set(site.files())
    assert not site.files("cards/*")


def test_pages_that_nobody_looks_for_are_not_listed(site):
    """The page for wrong addresses, and the search."""
    for name in UNLISTED:
        head = site.soup(name).head
        assert "noindex" in content(head, "robots")
    index = (site.html / "passages.js").read_text(encoding="utf-8")
    assert "no page at this address" not in index
    assert not (site.html / "404.md").exists()


def test_the_mark_of_the_site_is_in_light_and_dark(site, heads):
    """Every page names it, and it has colors for both."""
    for name, head in heads.items():
        (icon,) = head.select('link[rel~="icon"]')
        assert (site.html / name).parent.joinpath(icon["href"]).is_file()
    svg = (site.html / "_static" / "favicon.svg").read_text(encoding="utf-8")
    assert "prefers-color-scheme:dark" in svg
    assert ElementTree.fromstring(svg).get("viewBox")


def test_every_page_names_its_twin(heads, twins):
    """It stands beside it."""
    for name, head in heads.items():
        (link,) = head.select('link[rel="alternate"][type="text/markdown"]')
        assert link["href"] == twins[name].name
        assert twins[name].read_text(encoding="utf-8").startswith("# ")


def test_a_twin_says_every_word_of_its_page(articles, twins):
    """Text, outputs and numbers, as often as it does; formulas are compared elsewhere."""
    for name, path in twins.items():
        article = copy.copy(articles[name])
        for part in article.select(f"math, script, svg, {REPEATED}"):
            part.decompose()
        twin = path.read_text(encoding="utf-8")
        plain = re.sub(r"\\(?=[^\w\s])", "", twin)
        for code in article.select("pre"):
            for line in code.get_text().splitlines():
                assert line.rstrip() in twin, (name, line)
            code.decompose()
        words = Counter(re.findall(r"[^\W_]{2,}", article.get_text(" ")))
        assert words - Counter(re.findall(r"[^\W_]{2,}", plain)) == {}, name


def test_a_twin_has_every_formula_of_its_page(articles, twins):
    """As TeX between dollar signs."""
    seen = 0
    for name, path in twins.items():
        formulas = FORMULA.findall(
            re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        )
        seen += len(formulas)
        assert len(formulas) == len(articles[name].select("math")), name
    assert seen > 1000


def test_a_twin_is_markdown_and_nothing_else(twins):
    """No tag, role or mark of another markup is left, and every link leads to a twin or a file."""
    for name, path in twins.items():
        for token in tokens(path.read_text(encoding="utf-8")):
            assert token.type not in ("html_block", "html_inline"), (name, token.content)
            if token.type == "text":
                assert not re.search(r":[a-z]+:`|\]\(|^:::|^\.\. ", token.content), token.content
            address = token.attrs.get("href") or token.attrs.get("src") or ""
            parts = urlsplit(address)
            if not parts.scheme and parts.path:
                assert path.parent.joinpath(unquote(parts.path)).is_file(), (name, address)
                is_page = parts.path.endswith(".html")
                assert not is_page or parts.path.endswith(tuple(UNLISTED)), (name, address)
            if token.type == "image":
                assert len(token.content) >= 40, (name, address)


def test_llms_txt_lists_every_twin_once(site, heads, twins):
    """Under a title and a summary, with what each page says of itself."""
    lines = (site.html / "llms.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# symlib"
    assert lines[2].startswith("> ")
    rows = [re.fullmatch(r"- \[(.+)\]\((.+)\): (.+)", line) for line in lines if line[:1] == "-"]
    listed = [row[2] for row in rows]
    assert sorted(listed) == sorted(
        path.relative_to(site.html).as_posix() for path in twins.values()
    )
    assert [line[3:] for line in lines if line.startswith("## ")] == [
        *("The answer", "The evidence", "How to", "Reference")
    ]
    for row in rows:
        assert row[3] == content(heads[row[2].replace(".md", ".html")], "description")


def cards_of(built):
    """Return the pictures of which a build makes cards."""
    return sorted((built.folder / "docs").glob("gallery/*/images/*_card.png"))


def test_every_figure_of_the_gallery_gives_a_small_card(site):
    """Each at most 100 kB."""
    pictures = cards_of(site)
    assert len(pictures) >= 40
    for path in sorted(pictures, key=lambda path: path.stat().st_size)[-5:]:
        assert (
            len(symlib_site.cards.card("Which inputs does a fixed matrix not see?", path)) < 100_000
        )


@pytest.mark.slow
def test_every_figure_of_the_gallery_gives_the_same_card(sites):
    """Two builds draw the same pictures."""
    for path, twin in zip(*map(cards_of, sites), strict=True):
        assert path.read_bytes() == twin.read_bytes(), path.name


# A site whose address is known


def test_where_the_address_is_known_it_is_whole_everywhere(small_sites):
    """Canonical addresses, cards and the map."""
    built = small_sites[0]
    page = "gallery/symmetry/plot_tied_units"
    for name, address in {
        "index": ADDRESS,
        page: f"{ADDRESS}{page}.html",
        "explanation/probe": f"{ADDRESS}explanation/probe.html",
    }.items():
        head = BeautifulSoup(built.page(name), "html.parser").head
        assert [link["href"] for link in head.select('link[rel="canonical"]')] == [address]
        assert content(head, "og:url") == address
        image = content(head, "og:image")
        drawn = "index" if name == "explanation/probe" else name
        assert image == f"{ADDRESS}cards/{drawn}.png"
        assert content(head, "og:image:alt") == content(head, "twitter:image:alt") == WORDS
        assert content(head, "twitter:card") == "summary_large_image"
        with Image.open(built.html / image.removeprefix(ADDRESS)) as card:
            assert card.size == (1200, 630)
    listed = ElementTree.parse(built.html / "sitemap.xml").iter(f"{MAP}loc")
    there = {path.relative_to(built.html).as_posix() for path in built.html.rglob("*.html")}
    due = [ADDRESS, *(ADDRESS + one for one in there - UNLISTED - {"index.html"})]
    assert sorted(one.text for one in listed) == sorted(due)
    assert len(due) > 4
    robots = (built.html / "robots.txt").read_text(encoding="utf-8")
    assert robots.endswith(f"Sitemap: {ADDRESS}sitemap.xml\n")
    assert f"({ADDRESS}{page}.md)" in (built.html / "llms.txt").read_text(encoding="utf-8")
    lost = BeautifulSoup((built.html / "404.html").read_text(encoding="utf-8"), "html.parser")
    assert not lost.select('link[rel="canonical"]')
    for tag in lost.select("[href], [src], [action]"):
        address = tag.get("href") or tag.get("src") or tag.get("action")
        if not address.startswith(("#", "https:")):
            assert address.startswith("/why/"), tag
            assert (built.html / urlsplit(address).path.removeprefix("/why/")).exists(), tag
