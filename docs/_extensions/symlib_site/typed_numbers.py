"""Typed numbers: those in the prose that a hand has written, where this build could be asked.

What was measured stands in the prose by the roles ``measured``, ``expected`` and ``total``. Any
other number of an explanation may be wrong without anything noticing, so each is marked as given,
``{given}`0.5```, by who has looked whether it is right. The mark shows the number and nothing else.

Code, formulas, roles, links and the titles of pages are left out; so are 0 and 1, words up to
twelve, years, ids of claims, and the numbers of theorems and sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from .faults import Fault

# as in conf.py
EXTENSIONS = {"attrs_inline", "colon_fence", "deflist", "dollarmath", "substitution"}
CLOSED = {"code-cell", "bibliography", "corrections", "ledger", "math", "tag-list", "toctree"}
TITLED = {"admonition", "dropdown"}  # the argument of these is prose
DIGITS = r"\d+(?:[.,/:]\d+)*"
WORDS = (
    "thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|"
    "sixty|seventy|eighty|ninety|hundred|thousand|million|billion"
)
NUMBER = re.compile(rf"(?<![\w.]){DIGITS}(?![\w])|\b(?:{WORDS})\b", re.IGNORECASE)
FREE = re.compile(r"[01]|(?:19|20)\d\d")  # names of their own, and years
PLACES = "Chapter|Corollary|Equation|Figure|Lemma|Part|Proposition|Section|Table|Theorem"
ORDINAL = re.compile(rf"\b(?:{PLACES})s? (?:[\d.]+,? (?:and )?)*$", re.IGNORECASE)

_parser = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)


def find_faults(root: Path) -> Iterator[Fault]:
    """Yield the typed numbers of the explanations and of the first page."""
    docs = root / "docs"
    for path in (docs / "index.md", *sorted(docs.glob("explanation/*.md"))):
        if path.exists():
            file = path.relative_to(root).as_posix()
            for line, number in typed_numbers(path.read_text(encoding="utf-8")):
                yield Fault(
                    file,
                    line,
                    f"the number {number} is typed: take it from the build by the role measured "
                    f"or expected, or mark it as given, {{given}}`{number}`",
                )


def typed_numbers(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield the typed numbers of a page, each with its line.

    >>> list(typed_numbers("All 64 of {total}`claims`,\nor $2^6$, in 0.5 s."))
    [(1, '64'), (2, '0.5')]
    """
    return _numbers_of_blocks(_parser.parse(text), 1)


def _numbers_of_blocks(tokens: Iterable[Token], first: int) -> Iterator[tuple[int, str]]:
    for token in tokens:
        line = first + (token.map or [0])[0]
        if token.type == "inline":
            yield from _numbers_of_line(token.children or [], line)
        elif token.type in ("fence", "colon_fence"):
            yield from _numbers_of_directive(token, line)


def _numbers_of_line(tokens: Iterable[Token], line: int) -> Iterator[tuple[int, str]]:
    within_link = False
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            line += 1
        elif token.type in ("link_open", "link_close"):
            within_link = token.type == "link_open"
        elif token.type == "text" and not within_link:
            for match in NUMBER.finditer(token.content):
                before = token.content[: match.start()]
                if not FREE.fullmatch(match[0]) and not ORDINAL.search(before):
                    yield line, match[0]


def _numbers_of_directive(token: Token, line: int) -> Iterator[tuple[int, str]]:
    named = re.fullmatch(r"\{([\w:-]+)\}(.*)", token.info.strip())
    if named is None or named[1] in CLOSED:
        return
    if named[1] in TITLED:
        yield from _numbers_of_blocks(_parser.parse(named[2]), line)
    body = token.content.splitlines()
    options = 0
    while options < len(body) and re.match(r":[\w-]+:", body[options]):
        options += 1
    tokens = _parser.parse("\n".join(body[options:]))
    yield from _numbers_of_blocks(tokens, line + 1 + options)
