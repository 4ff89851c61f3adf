"""How long an explanation takes: words of prose, with the boxes of proofs and without."""

import re
from pathlib import Path

import pytest
from docutils.core import publish_doctree
from symlib_site import minutes

EXPLANATIONS = sorted(path.stem for path in Path(__file__).parents[2].glob("docs/explanation/*.md"))
TEXT = """
Four words of title
===================

Three words here, and a formula :math:`x^2 + y^2`.

::

    code that is not read

.. admonition:: A theorem
   :class: theorem

   Five words of a proof.

.. admonition:: A remark

   Two words.
"""


def test_words_are_counted_and_code_is_not():
    """Title 4, sentence 7 with a formula as one, theorem 2 and 5, remark 2 and 2."""
    section = publish_doctree(TEXT)
    assert minutes.words(section) == 4 + 7 + 7 + 4
    assert minutes.skippable(section) == 7


@pytest.mark.parametrize(
    ("of_all", "in_boxes", "said"),
    [
        (50, 0, "1 min to read."),
        (2000, 20, "10 min to read."),
        (2000, 600, "7 min to read; 10 with the boxes of theorems and proofs."),
    ],
)
def test_the_sentence(of_all, in_boxes, said):
    """Two numbers only where they differ."""
    assert minutes.sentence(of_all, in_boxes) == said


def test_each_explanation_says_how_long_it_takes(site):
    """The words that a browser would show are more, as code, labels and formulas have some."""
    assert EXPLANATIONS
    for name in EXPLANATIONS:
        article = site.soup(f"explanation/{name}.html").select_one("article")
        (told,) = article.select("h1 + p.minutes")
        seen = len(article.get_text(" ").split())
        whole = int(re.findall(r"\d+", told.get_text())[-1])
        assert 0.5 * seen < whole * minutes.WORDS_A_MINUTE < 1.2 * seen, name
