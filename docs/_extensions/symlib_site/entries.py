"""The entries of the ledger: each claim with its checks, and what follows from them.

What a page may check is in ``symlib/claims.toml``, what it measured in the record that
`symlib.claims.check` writes. Here the two come together, without Sphinx; `ledger` puts them
on the pages.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from symlib.claims import Check


class Part(NamedTuple):
    """One part of the argument: the letter of its claims, and the folder of its pages."""

    letter: str
    title: str
    folder: str


class Claim(NamedTuple):
    """One entry of the ledger, with the checks made for it."""

    id: str
    short: str
    statement: str
    sources: tuple[tuple[str, str], ...]
    scope: str
    verdict: str
    pages: tuple[str, ...]
    explanation: str
    stored: str = ""  # the page of a stored run, which checks it in place of the gallery
    checks: tuple[Check, ...] = ()


class Correction(NamedTuple):
    """One sentence of the popular answer, what is right instead, and the verdict on it."""

    says: str
    correct: str
    claims: tuple[str, ...]
    verdict: str


def parts() -> tuple[Part, ...]:
    """Return the parts of the argument, in the reader's order."""
    return tuple(Part(**part) for part in table()["part"])


@cache
def claim_ids() -> re.Pattern[str]:
    """Return the pattern of an id: the letter of a part, and two digits."""
    letters = "".join(part.letter for part in parts())
    return re.compile(rf"\b[{letters}]\d\d\b")


def ledger(checks: Iterable[Check] = ()) -> tuple[Claim, ...]:
    """Return every claim in the reader's order, each with those of the checks that name it."""
    made = tuple(checks)
    entries = []
    for claim in _claims().values():
        mine = tuple(check for check in made if check.claim == claim.id)
        entries.append(claim._replace(checks=mine))
    return tuple(entries)


def verdict(checks: Iterable[Check]) -> str:
    """Return what the checks of one claim say about it.

    It is ``"open"`` without a check or when one has failed, ``"fails as stated"`` when a check
    shows a failure of the statement, ``"stored run"`` when one reads the table of a run that this
    build has not made, ``"holds within limits"`` when one shows where it stops being true, and
    ``"holds"`` otherwise.
    """
    made = tuple(checks)
    shown = {check.shows for check in made}
    if not made or not all(check.passed for check in made):
        return "open"
    if "failure" in shown:
        return "fails as stated"
    if "stored" in shown:
        return "stored run"
    return "holds within limits" if "limit" in shown else "holds"


def corrections(checked: Collection[str] = ()) -> tuple[Correction, ...]:
    """Return the sentences of the popular answer, each with what is right and a verdict.

    Only claims whose ids are in ``checked`` speak: the verdict is ``"fails as stated"`` when one
    refutes the sentence, ``"holds within limits"`` when one restricts it, ``"holds"`` when one
    supports it, and ``"open"`` when none of them says anything.
    """
    verdicts = {
        "refuted_by": "fails as stated",
        "limited_by": "holds within limits",
        "supported_by": "holds",
    }
    rows = []
    for row in table()["popular"]:
        named = dict.fromkeys(claim for field in verdicts for claim in row[field])
        reached = "open"
        for field, text in verdicts.items():  # the strongest first
            if not set(checked).isdisjoint(row[field]):
                reached = text
                break
        rows.append(Correction(row["says"], row["correct"], tuple(named), reached))
    return tuple(rows)


def read_record(path: Path) -> tuple[Check, ...]:
    """Return the checks that were appended to a file while ``SYMLIB_RECORD`` named it."""
    made = []
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            made.append(Check(**json.loads(line)))
        except (TypeError, ValueError):
            raise ValueError(
                f"{path.name} must be a record of checks, got line {at}: {line[:60]!r}"
            ) from None
    return tuple(made)


@cache
def table() -> dict[str, Any]:
    """Return the file of claims as it is."""
    text = resources.files("symlib").joinpath("claims.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _claims() -> dict[str, Claim]:
    claims = {}
    for entry in table()["claim"]:
        sources = tuple((source["key"], source["where"]) for source in entry["sources"])
        pages = tuple(entry["pages"])
        claims[entry["id"]] = Claim(**{**entry, "sources": sources, "pages": pages})
    return claims
