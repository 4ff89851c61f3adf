"""The ledger: what the checks of this very build measured, wherever a page speaks of it.

While a page runs, `symlib.claims.check` appends to the record of that page. When all pages have
been read, the records fill the ledger, the measured numbers in the prose, and the verdicts; what
does not fit together (a claim that nothing checked, a verdict that does not follow from the checks)
is a warning, which fails the build.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from symlib.claims import Check

from . import entries, reference
from .entries import Claim
from .folds import Fold, Line

logger = logging.getLogger(__name__)

LEDGER = "reference/ledger"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# Records: one file of checks for each page


def open_records(app: Sphinx) -> None:
    """Keep the records of this build beside its pages.

    The folder is in the environment: the processes that execute the gallery inherit it.
    """
    folder = Path(app.doctreedir).absolute().parent / "records"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["SYMLIB_RECORDS"] = str(folder)


def start_record(docname: str) -> None:
    """Let the checks from here on go to the record of the page ``docname``."""
    path = _record_of(docname)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.environ["SYMLIB_RECORD"] = str(path)


def end_record() -> None:
    """Keep no record of what is checked from here on."""
    os.environ.pop("SYMLIB_RECORD", None)


def all_checks() -> Iterator[tuple[str, Check]]:
    """Yield each recorded check with the page that made it."""
    folder = Path(os.environ["SYMLIB_RECORDS"])
    for path in sorted(folder.rglob("*.jsonl")):
        docname = path.relative_to(folder).with_suffix("").as_posix()
        for check in entries.read_record(path):
            yield docname, check


def checks_of(docname: str) -> tuple[Check, ...]:
    """Return the checks that a page has made."""
    path = _record_of(docname)
    return tuple(entries.read_record(path)) if path.exists() else ()


def _record_of(docname: str) -> Path:
    return Path(os.environ["SYMLIB_RECORDS"], f"{docname}.jsonl")


# What must fit together


def find_faults(checks: Iterable[tuple[str, Check]]) -> Iterator[str]:
    """Yield a sentence for each claim whose entry and checks disagree."""
    made = list(checks)
    for claim in entries.ledger(check for _, check in made):
        pages = {page for page, check in made if check.claim == claim.id}
        found = entries.verdict(claim.checks)
        if not claim.checks and claim.verdict != "open":
            yield f"claim {claim.id} has no check, and its verdict is {claim.verdict!r}"
        elif claim.verdict != found:
            yield f"claim {claim.id}: the verdict is {claim.verdict!r}, its checks say {found!r}"
        for page in claim.pages if claim.checks else ():
            if f"gallery/{page}" not in pages:
                yield f"claim {claim.id} names the page {page}, which does not check it"
        if claim.checks and claim.stored and claim.stored not in pages:
            yield f"claim {claim.id} names the page {claim.stored}, which does not check it"
        named = [check.what for check in claim.checks]
        for what in sorted({what for what in named if named.count(what) > 1}):
            yield f"claim {claim.id} has two checks named {what!r}"


def compare_with_claims(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each fault of the ledger, once everything has been executed."""
    if not app.config.symlib_draft:
        for fault in find_faults(all_checks()):
            logger.warning(fault)


# On the pages


class PendingChecks(nodes.General, nodes.Element):
    """The place of the checks of one claim."""


class PendingNumber(nodes.Inline, nodes.TextElement):
    """The place of a measured or expected number in the prose."""


class PendingVerdict(nodes.Inline, nodes.TextElement):
    """The place of the verdict on a sentence of the popular answer."""


class Ledger(SphinxDirective):
    """List the claims of one part, named by the letter of its ids."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one fold for each claim; its checks are filled in at the end."""
        part = [one for one in entries.ledger() if one.id.startswith(self.arguments[0])]
        return [self._entry(claim) for claim in part]

    def _entry(self, claim: Claim) -> nodes.Node:
        entry = Fold(ids=[claim.id], classes=["claim"])
        name = nodes.inline("", claim.short, classes=["short"])
        head = [nodes.strong("", claim.id), nodes.Text(" "), name, nodes.Text(" ")]
        entry += Line("", "", *head, badge(claim.verdict), classes=["claim-head"])
        sources = [
            f"{{cite:t}}`{key}`" + (f", {where}" if where else "") for key, where in claim.sources
        ]
        source = "; ".join(sources) if sources else "derived on this site"
        links = [f"{{doc}}`/gallery/{page}`" for page in claim.pages]
        links += [f"{{doc}}`/{claim.stored}`"] if claim.stored else []
        links.append(f"{{doc}}`/explanation/{claim.explanation}`")
        text = f"{claim.statement}\n\n**Scope.** {claim.scope} **Source.** {source}. "
        text += f"**Read.** {' · '.join(links)}."
        if uses := self._uses(claim):
            text += f" **Uses.** {' · '.join(uses)}."
        entry += self.parse_text_to_nodes(text)
        entry += PendingChecks(claim=claim.id)
        return entry

    def _uses(self, claim: Claim) -> list[str]:
        """Return links to what the pages of a claim use of the library, but for every page."""
        used = {name for page in claim.pages for name in reference.functions_of(page)}
        return [
            f"{{py:obj}}`{name.removeprefix('symlib.')} <{name}>`"
            for name in sorted(used - reference.used_everywhere())
            if f"reference/{name.split('.')[1]}" in self.env.found_docs
        ]


class Corrections(SphinxDirective):
    """Show the sentences of the popular answer, what is right instead, and the verdicts."""

    def run(self) -> list[nodes.Node]:
        """Return a fold for each sentence; the verdicts are filled in at the end."""
        holder = nodes.container(classes=["corrections"], is_div=True)
        for at, row in enumerate(entries.corrections()):
            (says,) = self.parse_text_to_nodes(f"“{row.says}”")
            said = nodes.inline("", "", *says.children, classes=["says"])
            line = Line("", "", said, nodes.Text(" "), PendingVerdict(row=at))
            right = self.parse_text_to_nodes(f"{row.correct} ({', '.join(row.claims)})")
            holder += Fold("", line, *right, classes=["correction"])
        return [holder]


class PendingTotal(nodes.Inline, nodes.TextElement):
    """The place of a total of the ledger in the prose."""


class Total(SphinxRole):
    """How many ``checks`` this build made, how many claims it ``checked``, how many there are."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the place where the total will stand."""
        return [PendingTotal(of=self.text)], []


class Number(SphinxRole):
    """A number of a check in the prose: ``claim; what; format``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the place where the number will stand."""
        claim, what, form = (part.strip() for part in f"{self.text};;".split(";")[:3])
        pending = PendingNumber(claim=claim, what=what, form=form or ".3g", field=self.name)
        self.set_source_info(pending)
        return [pending], []


class Given(SphinxRole):
    """A number that a hand has written into the prose, and somebody has looked at."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return it as it is: only the search for typed numbers asks for the mark."""
        return [nodes.Text(self.text)], []


def badge(state: str) -> nodes.inline:
    """Return a verdict as a small label."""
    return nodes.inline("", state, classes=["verdict", f"verdict-{state.replace(' ', '-')}"])


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write what was measured into a page."""
    if any(True for _ in doctree.findall(_waits)):
        _fill_in(app, doctree)
    _link_claims(app, doctree, docname)


def _waits(node: nodes.Node) -> bool:
    return isinstance(node, PendingChecks | PendingVerdict | PendingTotal | PendingNumber)


def _fill_in(app: Sphinx, doctree: nodes.document) -> None:
    by_claim = {one.id: one for one in entries.ledger(check for _, check in all_checks())}
    for place in list(doctree.findall(PendingChecks)):
        place.replace_self(_table(by_claim[place["claim"]].checks))
    checked = {one.id for one in by_claim.values() if one.checks}
    rows = entries.corrections(checked)
    for place in list(doctree.findall(PendingVerdict)):
        place.replace_self(badge(rows[place["row"]].verdict))
    totals = {
        "checks": sum(len(one.checks) for one in by_claim.values()),
        "checked": len(checked),
        "claims": len(by_claim),
    }
    for place in list(doctree.findall(PendingTotal)):
        place.replace_self(nodes.Text(str(totals[place["of"]])))
    for place in list(doctree.findall(PendingNumber)):
        place.replace_self(nodes.Text(_written(app, place, by_claim)))


def _written(app: Sphinx, place: PendingNumber, by_claim: dict[str, Claim]) -> str:
    claim = by_claim.get(place["claim"])
    for check in claim.checks if claim else ():
        if check.what == place["what"]:
            return plain(format(getattr(check, place["field"]), place["form"]))
    if not app.config.symlib_draft:
        logger.warning("no check of %s is named %r", place["claim"], place["what"], location=place)
    return "…"


def plain(text: str) -> str:
    """Return a printed number as it is written in prose: 6.7e-16 as 6.7 · 10⁻¹⁶, <= as ≤."""

    def power(match: re.Match[str]) -> str:
        digits, sign, power = match.groups()
        return f"{digits} · 10{(sign.replace('+', '') + power).translate(RAISED)}"

    text = re.sub(r"(?<![\d.])0(\.0*)?e[+-]0+\b", "0", text)
    text = re.sub(r"([\d.]+)e([+-])0*(\d+)", power, text)
    for ascii_sign, sign in (("==", "="), ("<=", "≤"), (">=", "≥"), ("-", "−")):
        text = text.replace(ascii_sign, sign)
    return text


def _table(checks: tuple[Check, ...]) -> list[nodes.Node]:
    if not checks:
        return [nodes.paragraph("", "Nothing in this build checks it.", classes=["unchecked"])]
    heads = ("What was measured", "Measured", "Expected", "Tolerance", "Why this tolerance")
    holder = nodes.container(classes=["table-wrapper"], is_div=True)  # the theme's come earlier
    holder += _table_of(heads, ((*_cells(check), check.reason) for check in checks))
    return [holder]


def table_of_page(checks: Iterable[Check]) -> nodes.Node:
    """Return a table of checks as the page shows it that made them."""
    heads = ("What was measured", "Measured", "Expected", "Tolerance", "Claim")
    rows = ((*_cells(check), check.claim) for check in checks)
    return _table_of(heads, rows, "of-page")


def _cells(check: Check) -> tuple[str, ...]:
    """Return what was measured, the number, what was expected, and the tolerance."""
    measured, expected, tolerance, _ = (plain(text) for text in check.texts)
    shows = {"claim": "", "stored": " (stored)"}.get(check.shows, f" (a {check.shows})")
    return check.what + shows, measured, expected, tolerance


def _table_of(heads: tuple[str, ...], rows: Iterable[Iterable[str]], *classes: str) -> nodes.Node:
    table = nodes.table(classes=["checks", *classes])
    group = nodes.tgroup(cols=len(heads))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in heads]
    group += nodes.thead("", _row(heads))
    body = nodes.tbody()
    group += body
    body += [_row(cells) for cells in rows]
    return table


def _row(cells: Iterable[str]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += nodes.paragraph("", cell)
        row += entry
    return row


def _link_claims(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn each id of a claim in the prose into a link to the ledger."""
    if LEDGER not in app.env.found_docs:
        return
    address = app.builder.get_relative_uri(docname, LEDGER) if docname != LEDGER else ""
    ids = entries.claim_ids()
    closed = (nodes.literal, nodes.literal_block, nodes.reference, nodes.title, nodes.strong)
    for text in list(doctree.findall(nodes.Text)):
        parents = [text.parent, getattr(text.parent, "parent", None)]
        if not ids.search(text) or any(isinstance(one, closed) for one in parents):
            continue
        if any(isinstance(one, nodes.math | nodes.math_block | nodes.raw) for one in parents):
            continue
        pieces: list[nodes.Node] = []
        last = 0
        for match in ids.finditer(text):
            pieces.append(nodes.Text(text[last : match.start()]))
            target = f"{address}#{match.group()}"
            pieces.append(nodes.reference("", match.group(), internal=True, refuri=target))
            last = match.end()
        pieces.append(nodes.Text(text[last:]))
        text.parent.replace(text, pieces)


def report(app: Sphinx, fault: Exception | None) -> None:
    """Say at the end where the site is and how many checks it passed."""
    if fault or app.builder.format != "html":
        return
    made = [check for _, check in all_checks()]
    reached = len({check.claim for check in made})
    lines = (
        f"site: {Path(app.outdir, 'index.html')}",
        f"{reached} of {len(entries.ledger())} claims checked",
        f"{len(made)} checks, {sum(check.passed for check in made)} passed",
    )
    logger.info("\n%s", "\n".join(lines))
    Path(app.doctreedir).with_name("report.txt").write_text("\n".join(lines), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register with Sphinx what has no order."""
    app.add_config_value("symlib_draft", "", "env", str)
    for node in (PendingChecks, PendingNumber, PendingTotal, PendingVerdict):
        app.add_node(node)
    app.add_directive("ledger", Ledger)
    app.add_directive("corrections", Corrections)
    app.add_role("total", Total())
    app.add_role("measured", Number())
    app.add_role("expected", Number())
    app.add_role("given", Given())
