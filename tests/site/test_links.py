"""Links between the pages: claims, explanations, gallery pages, functions and tags, both ways."""

import posixpath
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest
import symlib_site.entries
import symlib_site.gallery
import symlib_site.reference
import symlib_site.topics

LEDGER = "reference/ledger.html"
UNLINKED = {"index.html", "search.html", "404.html"}  # where readers arrive by other ways


class Links:
    """The links of the articles of a site, without its menus."""

    def __init__(self, site):
        self.articles = {}
        for name in site.files("*.html"):
            if article := site.soup(name).select_one("article"):
                self.articles[name] = article

    def of(self, page, within=None, *, but=".none"):
        """Return where the links of a page, or of a part of it, lead: pages and places."""
        part = self.articles[page] if within is None else within
        found = set()
        for link in part.select(f"a[href]:not({but})"):
            parts = urlsplit(link["href"])
            if not parts.scheme:
                path = posixpath.join(posixpath.dirname(page), unquote(parts.path))
                target = posixpath.normpath(path) if parts.path else page
                found.add(f"{target}#{parts.fragment}" if parts.fragment else target)
        return found

    def row(self, page, name):
        """Return where the links of one row of the table below a page lead."""
        for head in self.articles[page].select("dl.page-links > dt"):
            if head.get_text().rstrip(":") == name:
                return self.of(page, head.find_next_sibling("dd"))
        return set()

    def place(self, page, anchor):
        """Return where the links of one part of a page lead."""
        return self.of(page, self.articles[page].find(id=anchor))


@pytest.fixture(scope="module")
def links(site):
    """Return the links of the whole site."""
    return Links(site)


def gallery(page):
    """Return the address of a page of the gallery."""
    return f"gallery/{page}.html"


PATH = symlib_site.gallery.path_of_pages()


# Pages


def test_every_page_is_linked_to_from_the_text_of_another(links):
    """Nobody needs the menu to get anywhere."""
    reached = {
        link.partition("#")[0]
        for page in links.articles
        for link in links.of(page)
        if link.partition("#")[0] != page
    }
    assert len(links.articles) > len(PATH)
    assert set(links.articles) - UNLINKED - reached == set()


def test_the_pages_of_the_gallery_are_one_path(links):
    """Each names what comes before and next, and the other way round."""
    assert len(PATH) == len(set(PATH)) > 1
    for one, other in pairwise(PATH):
        assert links.row(gallery(one), "Next") == {gallery(other)}
        assert links.row(gallery(other), "Before") == {gallery(one)}
    assert links.row(gallery(PATH[0]), "Before") == links.row(gallery(PATH[-1]), "Next") == set()


def test_the_path_is_that_of_the_menu(links):
    """Furo's own links to the previous and the next page do not disagree."""
    for folder in (part.folder for part in symlib_site.entries.parts() if part.folder):
        menu = [
            link["href"].partition("#")[0]
            for link in links.articles[f"gallery/{folder}/index.html"].select("a[href^=plot_]")
        ]
        wanted = [page.split("/")[1] + ".html" for page in PATH if page.startswith(f"{folder}/")]
        assert list(dict.fromkeys(menu)) == wanted


# Explanations


def test_an_explanation_and_the_pages_it_rests_on_link_to_each_other(links):
    """What is claimed leads to where it is measured, and back."""
    explanations = {page for page in links.articles if page.startswith("explanation/")}
    for explanation in explanations:
        pages = links.row(explanation, "Measured on")
        assert pages, explanation
        for page in (one for one in pages if "#" not in one):
            assert explanation in links.of(page), (explanation, page)
    for page in map(gallery, PATH):
        explained = links.of(page) & explanations
        assert explained, page
        for explanation in explained:
            assert page in links.of(explanation), (page, explanation)


# Claims


def test_a_claim_and_all_that_belongs_to_it_link_to_each_other(links):
    """Its entry leads to its explanation and pages, both lead back, and to what these use."""
    everywhere = {function(name) for name in symlib_site.reference.used_everywhere()}
    for claim in symlib_site.entries.ledger():
        entry = links.place(LEDGER, claim.id)
        belongs = {f"explanation/{claim.explanation}.html", *map(gallery, claim.pages)}
        belongs |= {f"{claim.stored}.html"} if claim.stored else set()
        assert belongs <= entry, claim.id
        for page in belongs:
            assert f"{LEDGER}#{claim.id}" in links.of(page), (claim.id, page)
        used = {link for page in claim.pages for link in links.row(gallery(page), "Uses")}
        assert {link for link in entry if "#symlib." in link} == used - everywhere, claim.id


# Functions


def function(name):
    """Return the address of the entry of a function."""
    return f"reference/{name.split('.')[1]}.html#{name}"


def entries(links):
    """Return the entry of each function and class of the reference, by its name."""
    return {
        head["id"]: (page, head.parent)
        for page, article in links.articles.items()
        if page.startswith("reference/")
        for head in article.select("dl.function > dt[id], dl.class > dt[id]")
    }


def test_a_page_and_the_functions_it_uses_link_to_each_other(links):
    """The entry of a function names the pages that use it, and no other."""
    known = entries(links)
    assert len(known) > 40
    pages = {page: links.row(gallery(page), "Uses") for page in PATH}
    assert all(pages.values())
    for name, (page, entry) in known.items():
        used_on = {gallery(one) for one in PATH if function(name) in pages[one]}
        place = entry.select_one(".used-on")
        named = links.of(page, place) if place else set()
        if name in symlib_site.reference.used_everywhere():
            assert used_on == set(map(gallery, PATH))
            assert named == {"gallery/index.html"}
        else:
            assert named == used_on, name


def test_the_functions_of_a_page_are_those_that_its_code_leads_to(links):
    """Sphinx-gallery, which ran the code, found the same ones."""
    for page in PATH:
        name = gallery(page)
        code = {
            link
            for place in links.articles[name].select("div.highlight pre")
            for link in links.of(name, place, but=".sphx-glr-backref-instance")
            if link.startswith("reference/") and link.rpartition("#")[2].count(".") == 2
        }
        assert code, page
        assert code == links.row(name, "Uses"), page


def test_the_functions_of_a_script_are_found_by_every_way_of_naming_them():
    """Modules and methods do not count, nor does what is imported and not used."""
    script = (
        "import symlib, numpy\n"
        "from numpy import he\n"
        "from symlib import weights, designs as d, spectrum\n"
        "from symlib.claims import check, summary as end\n"
        "from symlib.network import Layer, forward\n"
        "weights.he((2, 2)); d.hadamard(4); end(); Layer.bias\n"
        "he(); numpy.weights.glorot; other = [forward]\n"
    )
    assert symlib_site.reference.used_in(script) == (
        "symlib.claims.summary",
        "symlib.designs.hadamard",
        "symlib.network.Layer",
        "symlib.network.forward",
        "symlib.weights.he",
    )


# Tags


def test_only_listed_tags_are_used_each_by_at_least_two_pages():
    """Every page of the gallery has some."""
    pages = set(symlib_site.reference.pages_in_gallery())
    assert list(symlib_site.topics.find_faults(symlib_site.topics.topics(), pages)) == []
    assert 8 <= len(symlib_site.topics.topics()["tags"]) <= 12


def table(**pages):
    """Return a small table of topics."""
    entries = {"p": ["a"], "q": ["a", "b"], "r": ["b"]} | pages
    listed = {page: {"tags": tags} for page, tags in entries.items() if tags is not None}
    return {"tags": {"a": "A.", "b": "B."}, "gallery": listed}


@pytest.mark.parametrize(
    ("pages", "sentences"),
    [
        ({}, []),
        ({"p": ["a", "c"]}, ["gallery/p.py: its tag 'c' is none of a, b: "]),
        (
            {"r": ["a"]},
            ["docs/topics.toml: the tag 'b' must be on at least two pages, it is on 1: "],
        ),
        ({"q": ["a", "b", "b"]}, ["gallery/q.py: a page must have tags, each once, it has "]),
        (
            {"p": ["a", "b"], "q": None, "r": ["a", "b"]},
            ["gallery/q.py: the page has no tags: add "],
        ),
        ({"s": ["a"]}, ["docs/topics.toml: [gallery] has the page s, and there is none: "]),
    ],
)
def test_each_fault_of_the_tags_has_its_sentence(pages, sentences):
    """The sentence names the tag or the page."""
    found = [str(one) for one in symlib_site.topics.find_faults(table(**pages), set("pqr"))]
    assert len(found) == len(sentences)
    for sentence, beginning in zip(found, sentences, strict=True):
        assert sentence.startswith(beginning)


def test_a_page_and_its_tags_link_to_each_other(links):
    """The list of tags has each page under each of its tags, and no other."""
    for tag in symlib_site.topics.topics()["tags"]:
        place = symlib_site.topics.anchor(tag)
        listed = {link for link in links.place("reference/tags.html", place) if "#" not in link}
        tagged = {
            gallery(page)
            for page in PATH
            if f"reference/tags.html#{place}" in links.row(gallery(page), "Tags")
        }
        assert (
            listed
            == tagged
            == {gallery(page) for page in PATH if tag in symlib_site.topics.tags(page)}
        )


# What people ask


def test_every_page_of_the_answer_says_what_people_ask_there(site):
    """The search reads it, and only pages that exist have it."""
    table = symlib_site.topics.topics()
    for page in [*(f"gallery/{one}" for one in table["gallery"]), *table["pages"]]:
        keywords = site.soup(f"{page}.html").select("head meta[name=keywords]")
        assert [one["content"] for one in keywords] == [
            ", ".join(symlib_site.topics.asked(page))
        ], page
    explanations = {f"explanation/{claim.explanation}" for claim in symlib_site.entries.ledger()}
    assert explanations <= set(table["pages"])
