"""The search page in Chromium: what it shows, asks for and says.

What is found is tested without a browser, in ``tests/site/test_search.py``.
"""

import os
from pathlib import Path
from urllib.parse import quote

import conftest
import pytest

ROOT = Path(__file__).parents[3]
SITE = Path(os.environ.get("SYMLIB_SITE", ROOT / "docs" / "_build" / "site" / "html"))
LARGEST = 450_000  # bytes of a first search, with all that its page loads
FIRST = {
    "dead relu": "gallery/null_spaces/plot_dead_cone.html",
    "can rounding alone break the tie": "gallery/symmetry/plot_rounding_breaks_it.html",
    "S01": "reference/ledger.html#S01",
    "symlib.training.descend": "reference/training.html#symlib.training.descend",
}
RESULTS = """all => all.map(one =>
  [one.querySelector("a").getAttribute("href"), one.querySelector("p").innerText])"""
DONE = "!['', 'Searching…'].includes(document.getElementById('found').textContent)"


class Search:
    """The search page in a window."""

    def __init__(self, window):
        self.window = window

    def __call__(self, question):
        """Return the results of a question: addresses, and the words beside them."""
        tab = self.window.open(f"search.html?q={quote(question)}")
        conftest.until(tab.evaluate, DONE)
        return [tuple(one) for one in tab.eval_on_selector_all("ol.search > li", RESULTS)]


@pytest.fixture(scope="module")
def search(reader):
    """Return the search."""
    with reader() as window:
        yield Search(window)


@pytest.mark.parametrize(("question", "wanted"), FIRST.items())
def test_the_first_result_is_the_page_that_answers(question, wanted, search):
    """With a passage beside it, and as many results as are counted."""
    found = search(question)
    assert wanted in (found[0][0], found[0][0].partition("#")[0])
    assert all(words for _, words in found)
    assert f"{len(found)} results." in search.window.tab.inner_text("#found")


def test_a_result_is_shown_without_fetching_its_page(search):
    """The passages come in one file, from the site itself."""
    (address, words), *others = search("can rounding alone break the tie")
    assert address == "gallery/symmetry/plot_rounding_breaks_it.html"
    assert words.startswith("Yes: a fast matrix product may add up equal rows")
    assert others
    asked = [url for url in search.window.asked if ".html" in url and "search.html" not in url]
    assert asked == []
    assert search.window.said == []


def test_the_link_of_a_result_leads_to_the_passage(search):
    """The heading is at the top of the window."""
    tab = search.window.tab
    addresses = [address for address, _ in search("loss stuck at 0.693")]
    address = next(one for one in addresses if one.startswith("how_to/check_your_model.html#"))
    tab.click(f'ol.search a[href="{address}"]')
    tab.wait_for_url(f"**/{address}")
    top = "document.querySelector(location.hash).getBoundingClientRect().top"
    conftest.until(tab.evaluate, f"Math.abs({top}) < 200")


@pytest.mark.parametrize("word", ["modes", "light"])  # the theme's icons have these words, too
def test_words_are_marked_on_the_page_that_opens(word, search):
    """In what is read, and without a fault."""
    tab = search.window.tab
    (address, _), *_ = search(word)
    tab.click(f'ol.search a[href="{address}"]')
    tab.wait_for_url(f"**/{address}")
    conftest.until(tab.evaluate, "document.querySelectorAll('article .highlighted').length > 0")
    assert tab.evaluate("document.querySelectorAll('symbol .highlighted').length") == 0
    assert search.window.said == []


def test_who_listens_is_told_how_many_there_are(search):
    """In a place that a screen reader watches, which was there before."""
    search("symetry")
    status = search.window.tab.locator("#found")
    assert status.get_attribute("role") == "status"
    assert "searched for “symmetry”" in status.inner_text()
    assert search.window.tab.input_value("#ask") == "symetry"


def test_results_are_reached_by_the_keyboard(search):
    """From the field by the button to the first result."""
    search("dead relu")
    tab = search.window.tab
    tab.focus("#ask")
    for _ in range(2):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.matches('ol.search > li:first-child a')")


def test_where_nothing_is_found_the_page_says_what_to_try(search, address):
    """With links that lead somewhere."""
    assert search("zyzzyva") == []
    tab = search.window.tab
    assert tab.inner_text("#found") == "No page of this site answers that."
    links = tab.eval_on_selector_all("#nothing a", "all => all.map(one => one.href)")
    assert len(links) > 5
    assert tab.is_visible("#nothing")
    for link in links:
        assert link.startswith(address)
        assert conftest.file_of(link).is_file()
    search("dead relu")
    assert not tab.is_visible("#nothing")


def test_a_first_search_is_small(search, address, size):
    """Without a question the page loads no passages at all."""
    search.window.asked.clear()
    search.window.open("search.html")
    assert not any("passages.js" in url for url in search.window.asked)
    search("dead relu")
    loads = {url for url in search.window.asked if url.startswith(address)}
    sizes = {url.removeprefix(address): size(url) for url in loads}
    assert sum(sizes.values()) <= LARGEST, sorted(sizes.items(), key=lambda one: -one[1])


def test_the_search_works_in_a_folder(chromium):
    """Without a server there are the same results, and no fault in the console."""
    window, said = chromium.new_page(), []
    window.on("console", lambda message: said.append(message.text))
    window.on("pageerror", lambda fault: said.append(str(fault)))
    window.goto((SITE / "search.html").as_uri() + "?q=dead+relu")
    window.wait_for_selector("ol.search > li")
    found = window.eval_on_selector_all("ol.search > li", RESULTS)
    window.close()
    assert found[0][0] == "gallery/null_spaces/plot_dead_cone.html"
    assert found[0][1].startswith("Yes: independent random units")
    assert said == []
