"""State a claim, check it, keep the record.

Every sentence of the site that can be tested belongs to a *claim*, listed in ``claims.toml`` with
its source, its scope and its verdict. A page proves a claim by *checks*: each compares one measured
number with the number that theory expects, prints a line, and raises `ClaimFailed` when they
disagree, so that a page with a false statement cannot be built. `summary` closes the table.

The records of all pages make the ledger: set the environment variable ``SYMLIB_RECORD`` to the path
of a file, and each check is appended there as one line of JSON, to be read by `read_record`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from symlib._arrays import choice, number, phrase

__all__ = [
    "Check",
    "Claim",
    "ClaimFailed",
    "Correction",
    "check",
    "corrections",
    "ledger",
    "read_record",
    "summary",
    "verdict",
]

_RELATIONS = ("==", "<", "<=", ">", ">=")
_LONGEST = 42


class Check(NamedTuple):
    """One comparison of a measured number with the expected one.

    Attributes
    ----------
    claim, what, measured, relation, expected, shows, reason
        As they were given to `check`.
    tolerance : float
        ``atol + rtol * abs(expected)``.
    margin : float
        How far the measured number is from failing; negative when it fails.
    passed : bool
        Whether it stands as it should.
    """

    claim: str
    what: str
    measured: float
    relation: str
    expected: float
    tolerance: float
    margin: float
    passed: bool
    shows: str
    reason: str

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """The measured number, what was expected, the tolerance and the margin, to be printed."""
        without = "exact" if self.relation == "==" else "none"
        return (
            _short(self.measured, 6),
            f"{self.relation} {_short(self.expected, 6)}",
            _short(self.tolerance, 2) if self.tolerance else without,
            _short(self.margin, 2),
        )


class Claim(NamedTuple):
    """One entry of the ledger, with the checks made for it."""

    id: str
    statement: str
    sources: tuple[tuple[str, str], ...]
    scope: str
    verdict: str
    pages: tuple[str, ...]
    explanation: str
    checked: bool
    checks: tuple[Check, ...] = ()


class Correction(NamedTuple):
    """One sentence of the popular answer, what is right instead, and the verdict on it."""

    says: str
    correct: str
    claims: tuple[str, ...]
    verdict: str


class ClaimFailed(AssertionError):
    """A measured number disagrees with the expected one."""


def check(
    claim_id: str,
    what: str,
    measured: float,
    expected: float,
    *,
    relation: str = "==",
    atol: float = 0.0,
    rtol: float = 0.0,
    shows: str = "claim",
    reason: str = "",
) -> Check:
    """Compare a measured number with the expected one, print the line, and keep the record.

    Parameters
    ----------
    claim_id : str
        The claim that is checked, such as ``"S01"``.
    what : str
        What was measured, in at most 42 characters, different for each check of a claim.
    measured, expected : float
        The number found here, and the number that theory or the claim gives.
    relation : {"==", "<", "<=", ">", ">="}
        How ``measured`` must stand to ``expected``.
    atol, rtol : float
        The tolerance is ``atol + rtol * abs(expected)``; with 0 (the default) numbers must agree
        exactly. An inequality is loosened by it.
    shows : {"claim", "limit", "failure"}
        What the check is evidence for: that the claim is true, that it stops being true here, or
        that it is false as stated. `verdict` follows from it.
    reason : str
        Where the tolerance or the bound comes from, in a few words.

    Returns
    -------
    Check
        The record, with ``margin``: how far the measured number is from failing (negative when it
        fails).

    Raises
    ------
    ClaimFailed
        If the numbers disagree. The message names everything above.
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> from symlib.claims import check, summary
    >>> made = check("S04", "best loss of one unit", 0.6667, 2 / 3, relation=">=", atol=1e-12)
    claim  what                                        measured  expected      tolerance    margin
    S04    best loss of one unit                         0.6667  >= 0.666667     1e-12     3.3e-05
    >>> made.passed
    True
    >>> summary()
    1 check, 1 passed
    """
    if str(claim_id) not in _claims():
        raise ValueError(
            f"claim_id must be one of the {len(_claims())} claims of the ledger, got {claim_id!r}"
        )
    phrase("what", what, most=_LONGEST)
    if type(reason) is not str or reason:
        phrase("reason", reason, most=80)
    choice("relation", relation, _RELATIONS)
    choice("shows", shows, ("claim", "limit", "failure"))
    found, wanted = number("measured", measured), number("expected", expected)
    tolerance = number("atol", atol, least=0) + number("rtol", rtol, least=0) * abs(wanted)
    margin = (
        tolerance
        + {
            "==": -abs(found - wanted),
            "<": wanted - found,
            "<=": wanted - found,
            ">": found - wanted,
            ">=": found - wanted,
        }[relation]
    )
    passed = margin > 0 if relation in ("<", ">") else margin >= 0
    made = Check(claim_id, what, found, relation, wanted, tolerance, margin, passed, shows, reason)
    _keep(made)
    if not passed:
        because = f"; the tolerance: {reason}" if reason else ""
        raise ClaimFailed(
            f"claim {claim_id} failed: {what}: measured {found:.12g}, expected {relation} "
            f"{wanted:.12g}, tolerance {tolerance:.3g}, margin {margin:.3g}{because}"
        )
    return made


def summary() -> None:
    """Print how many checks were made since the last summary, and how many of them passed.

    Examples
    --------
    >>> from symlib.claims import check, summary
    >>> for width in (2, 3):
    ...     made = check("S01", f"spread of {width} units", 0, 0)
    claim  what                                        measured  expected      tolerance    margin
    S01    spread of 2 units                                  0  == 0            exact           0
    S01    spread of 3 units                                  0  == 0            exact           0
    >>> summary()
    2 checks, 2 passed
    """
    made, passed = len(_made), sum(one.passed for one in _made)
    _made.clear()
    print(f"{made} check{'' if made == 1 else 's'}, {passed} passed")


def ledger(checks: Iterable[Check] = ()) -> tuple[Claim, ...]:
    """Return every claim in the reader's order, each with those of the ``checks`` that name it.

    Parameters
    ----------
    checks : iterable of Check
        Records of checks that were made, from `read_record`.

    Returns
    -------
    tuple of Claim
        The whole ledger; a claim without a check has an empty ``checks``.

    Examples
    --------
    >>> from symlib.claims import ledger
    >>> claims = ledger()
    >>> len(claims), claims[0].id
    (52, 'S01')
    """
    made = _admitted(checks)
    return tuple(
        claim._replace(checks=tuple(one for one in made if one.claim == claim.id))
        for claim in _claims().values()
    )


def verdict(checks: Iterable[Check]) -> str:
    """Return what the checks of one claim say about it.

    Returns
    -------
    str
        ``"open"`` without a check or when one has failed, ``"fails as stated"`` when a check shows
        a failure of the statement, ``"holds within limits"`` when one shows where it stops being
        true, and ``"holds"`` otherwise.

    Examples
    --------
    >>> from symlib.claims import verdict
    >>> verdict([])
    'open'
    """
    made = _admitted(checks)
    shown = {one.shows for one in made}
    if not made or not all(one.passed for one in made):
        return "open"
    if "failure" in shown:
        return "fails as stated"
    return "holds within limits" if "limit" in shown else "holds"


def corrections(checked: Collection[str] = ()) -> tuple[Correction, ...]:
    """Return the sentences of the popular answer, each with what is right and a verdict.

    Parameters
    ----------
    checked : collection of str
        The ids of the claims that have been checked: only these speak.

    Returns
    -------
    tuple of Correction
        The verdict is ``"fails as stated"`` when a checked claim refutes the sentence,
        ``"holds within limits"`` when one restricts it, ``"holds"`` when one supports it, and
        ``"open"`` as long as no claim about it is checked.

    Examples
    --------
    >>> from symlib.claims import corrections
    >>> {row.verdict for row in corrections()}
    {'open'}
    """
    verdicts = {
        "refuted_by": "fails as stated",
        "limited_by": "holds within limits",
        "supported_by": "holds",
    }
    wanted = "checked must be a collection of ids of claims, got"
    if isinstance(checked, str):  # which is a collection too, of letters
        raise TypeError(f"{wanted} {checked!r:.60}")
    try:
        ids: list[object] = list(checked)
    except TypeError:
        raise TypeError(f"{wanted} {checked!r:.60}") from None
    if wrong := [one for one in ids if not isinstance(one, str)]:
        raise TypeError(f"{wanted} {wrong[0]!r:.60}")
    rows = []
    for row in _toml()["popular"]:
        reached = [text for field, text in verdicts.items() if not set(ids).isdisjoint(row[field])]
        named = dict.fromkeys(one for field in verdicts for one in row[field])
        rows.append(Correction(row["says"], row["correct"], tuple(named), (reached or ["open"])[0]))
    return tuple(rows)


def read_record(path: str | os.PathLike[str]) -> tuple[Check, ...]:
    """Return the checks that were appended to the file ``path``.

    Raises
    ------
    TypeError
        If ``path`` is not a path.
    ValueError
        If a line of the file is not the record of a check.
    OSError
        If the file cannot be read.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be the path of a file, got {path!r:.60}")
    made = []
    for at, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            made.append(Check(**json.loads(line)))
        except (TypeError, ValueError):
            raise ValueError(
                f"path must be a file of recorded checks, got line {at}: {line[:60]!r}"
            ) from None
    return tuple(made)


# The checks since the last summary: the one state of this library, so that a page can say how
# many it made without carrying a list from check to check.
_made: list[Check] = []


def _admitted(checks: object) -> tuple[Check, ...]:
    """Return the checks as a tuple, once each is known to be one."""
    try:
        made: tuple[object, ...] = tuple(checks)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"checks must be an iterable of Check, got {checks!r:.60}") from None
    if wrong := [one for one in made if not isinstance(one, Check)]:
        raise TypeError(f"checks must be an iterable of Check, got {wrong[0]!r:.60}")
    return tuple(one for one in made if isinstance(one, Check))


def _keep(made: Check) -> None:
    if not _made:
        print(_line("claim", "what", "measured", "expected", "tolerance", "margin"))
    _made.append(made)
    print(_line(made.claim, made.what, *made.texts))
    if path := os.environ.get("SYMLIB_RECORD"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(made._asdict()) + "\n")


def _short(number: float, digits: int) -> str:
    """Write a number with so many digits, and with two where only its size matters."""
    return f"{number:.{digits if number == 0 or abs(number) >= 1e-3 else 2}g}"


def _line(claim: str, what: str, measured: str, expected: str, tolerance: str, margin: str) -> str:
    return (
        f"{claim:<6} {what:<{_LONGEST}} {measured:>10}  {expected:<13} {tolerance:^9} {margin:>9}"
    )


@cache
def _toml() -> dict[str, Any]:
    text = resources.files("symlib").joinpath("claims.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _claims() -> dict[str, Claim]:
    claims = {}
    for entry in _toml()["claim"]:
        sources = tuple((source["key"], source["where"]) for source in entry["sources"])
        claims[entry["id"]] = Claim(**{**entry, "sources": sources, "pages": tuple(entry["pages"])})
    return claims
