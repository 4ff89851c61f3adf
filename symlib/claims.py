"""State a claim, check it, keep the record.

Every sentence of the site that can be tested belongs to a *claim*, listed in ``claims.toml`` with
its source, its scope and its verdict. A page proves a claim by *checks*: each compares one measured
number with the number that theory expects, prints a line, and raises `ClaimFailed` when they
disagree, so that a page with a false statement cannot be built. Where the tolerance comes from
decides which function is called, and how:

- the numbers must be equal: ``check(..., measured, expected)``;
- they differ by rounding only: ``check(..., rounding=1e-12)``;
- the measured number is the mean of independent draws: `check_mean`, which takes the draws, and
  whose tolerance is four of their standard errors;
- anything else: ``check(..., atol=..., reason="...")``, with the reason in a few words.

`summary` closes the table.

The records of all pages make the ledger: set the environment variable ``SYMLIB_RECORD`` to the path
of a file, and each check is appended there as one line of JSON, the fields of `Check`.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

import json
import math
import os
import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from symlib._arrays import choice, number, numbers, phrase

__all__ = ["Check", "ClaimFailed", "check", "check_mean", "summary"]

_RELATIONS = ("==", "<", "<=", ">", ">=")
_LONGEST_NAME = 42
_LONGEST_REASON = 80
_WRITTEN = {2.0: "two", 3.0: "three", 4.0: "four", 5.0: "five", 6.0: "six"}


class Check(NamedTuple):
    """One comparison of a measured number with the expected one.

    Attributes
    ----------
    claim, what, measured, relation, expected, shows, reason
        As they were given to `check`.
    tolerance : float
        How far the numbers may be on the wrong side of each other.
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
        measured = _rounded(self.measured, 6)
        expected = _rounded(self.expected, 6)
        tolerance = _rounded(self.tolerance, 2)
        if self.tolerance == 0:
            tolerance = "exact" if self.relation == "==" else "none"
        return measured, f"{self.relation} {expected}", tolerance, _rounded(self.margin, 2)


class ClaimFailed(AssertionError):
    """A measured number disagrees with the expected one."""


def check(
    claim: str,
    what: str,
    measured: float,
    expected: float,
    *,
    relation: str = "==",
    atol: float = 0.0,
    rtol: float = 0.0,
    rounding: float = 0.0,
    shows: str = "claim",
    reason: str = "",
) -> Check:
    """Compare a measured number with the expected one, print the line, and keep the record.

    Parameters
    ----------
    claim : str
        The id of the claim that is checked, such as ``"S01"``.
    what : str
        What was measured, in at most 42 characters, different for each check of a claim.
    measured, expected : float
        The number found here, and the number that theory or the claim gives.
    relation : {"==", "<", "<=", ">", ">="}
        How ``measured`` must stand to ``expected``.
    atol, rtol : float
        The tolerance is ``atol + rtol * abs(expected)``; with 0 (the default) numbers must agree
        exactly. An inequality is loosened by it.
    rounding : float
        A bound on what rounding does: short for ``atol`` with the reason ``"rounding"``, and in
        place of the two.
    shows : {"claim", "limit", "failure", "stored"}
        What the check is evidence for: that the claim is true, that it stops being true here, that
        it is false as stated, or that it was so in a run whose table is stored and only read here.
        The verdict of the ledger follows from it.
    reason : str
        Where the tolerance or the bound comes from, in a few words, at most 80 characters.

    Returns
    -------
    Check
        The record, with ``margin``: how far the measured number is from failing (negative when it
        fails).

    Raises
    ------
    ClaimFailed
        If the numbers disagree. The message names everything above.

    Examples
    --------
    >>> from symlib.claims import check, summary
    >>> made = check("S04", "best loss of one unit", 0.6667, 2 / 3, relation=">=", rounding=1e-12)
    claim  what                                        measured  expected      tolerance    margin
    S04    best loss of one unit                         0.6667  >= 0.666667     1e-12     3.3e-05
    >>> made.passed, made.reason
    (True, 'rounding')
    >>> summary()
    1 check, 1 passed
    """
    measured = number("measured", measured)
    expected = number("expected", expected)
    tolerance = number("atol", atol, least=0) + number("rtol", rtol, least=0) * abs(expected)
    rounding = number("rounding", rounding, least=0)
    _admit_reason(reason, _LONGEST_REASON)
    if rounding and (atol or rtol or reason):
        raise ValueError(
            f"rounding must be in place of atol, rtol and reason, got {rounding:g} beside them"
        )
    if rounding:
        tolerance = rounding
        reason = "rounding"
    return _compare(claim, what, measured, relation, expected, tolerance, shows, reason)


def check_mean(
    claim: str,
    what: str,
    samples: ArrayLike,
    expected: float,
    *,
    sigmas: float = 4.0,
    bias: float = 0.0,
    relation: str = "==",
    shows: str = "claim",
    reason: str = "",
) -> Check:
    """Compare the mean of independent draws with what is expected, at four standard errors.

    Parameters
    ----------
    claim, what : str
        As for `check`.
    samples : array of any shape
        One number for each independent replica, at least two. Of a page that must pass for any
        seed one asks for 100 and more, as few of them are not yet normal in their mean. Numbers
        from one draw, such as the entries of one matrix, are independent only if theory says so.
    expected : float
        The number that theory or the claim gives for the mean.
    sigmas : float
        How many standard errors the mean may be off.
    bias : float
        How far the mean of infinitely many draws may be from ``expected``, such as the next term
        of an expansion in the size. It comes on top, and needs a ``reason``.
    relation, shows : str
        As for `check`.
    reason : str
        Where the bias or the bound comes from, to be added to "four standard errors".

    Returns
    -------
    Check
        The record. Its ``tolerance`` is ``sigmas`` standard errors and the bias.

    Raises
    ------
    ClaimFailed
        If the numbers disagree.

    Notes
    -----
    The standard error is s / √n with s² the sum of squared deviations over n - 1. Samples that are
    all equal are refused: their standard error of 0 would say that the mean is known exactly,
    which a number from chance never is, and most often one seed was used for all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from symlib.claims import check_mean, summary
    >>> draws = np.random.default_rng(0).standard_normal(400)
    >>> made = check_mean("R01", "mean of squares", draws**2, 1, bias=1e-3, reason="1 / n")
    claim  what                                         measured  expected      tolerance    margin
    R01    mean of squares                              0.991571  == 1             0.3         0.29
    >>> made.reason
    'four standard errors, and 1 / n'
    >>> summary()
    1 check, 1 passed
    """
    values = numbers("samples", samples)
    expected = number("expected", expected)
    sigmas = number("sigmas", sigmas, above=0)
    bias = number("bias", bias, least=0)
    if values.size < 2:
        raise ValueError(f"samples must be at least two numbers, got {values.size}")
    if values.min() == values.max():
        raise ValueError(
            f"samples must differ, as their spread gives the tolerance, got {values.size} times "
            f"{values.flat[0]:g}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
        deviation = float(values.std(ddof=1))
    if not math.isfinite(deviation):
        raise ValueError("samples must have squares that can be added up, got larger numbers")
    standard_errors = f"{_WRITTEN.get(sigmas, f'{sigmas:g}')} standard errors"
    _admit_reason(reason, _LONGEST_REASON - len(f"{standard_errors}, and "))
    if bias and not reason:
        raise ValueError(f"reason must say where the bias of {bias:g} comes from, got ''")
    tolerance = sigmas * deviation / math.sqrt(values.size) + bias
    because = f"{standard_errors}, and {reason}" if reason else standard_errors
    return _compare(claim, what, mean, relation, expected, tolerance, shows, because)


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
    made = len(_made)
    passed = sum(one.passed for one in _made)
    _made.clear()
    print(f"{made} check{'' if made == 1 else 's'}, {passed} passed")


# The checks since the last summary: the one state of this library, so that a page can say how
# many it made without carrying a list from check to check.
_made: list[Check] = []


def _compare(
    claim: str,
    what: str,
    measured: float,
    relation: str,
    expected: float,
    tolerance: float,
    shows: str,
    reason: str,
) -> Check:
    """Make a check of numbers that are admitted, keep it, and raise if it fails."""
    _admit_claim(claim)
    phrase("what", what, most=_LONGEST_NAME)
    choice("relation", relation, _RELATIONS)
    choice("shows", shows, ("claim", "limit", "failure", "stored"))
    above = measured - expected
    if relation == "==":
        margin = tolerance - abs(above)
    elif relation in ("<", "<="):
        margin = tolerance - above
    else:
        margin = tolerance + above
    is_strict = relation in ("<", ">")
    passed = margin > 0 if is_strict else margin >= 0
    made = Check(
        claim, what, measured, relation, expected, tolerance, margin, passed, shows, reason
    )
    _keep(made)
    if not passed:
        because = f"; the tolerance: {reason}" if reason else ""
        raise ClaimFailed(
            f"claim {claim} failed: {what}: measured {measured:.12g}, expected {relation} "
            f"{expected:.12g}, tolerance {tolerance:.3g}, margin {margin:.3g}{because}"
        )
    return made


def _admit_claim(claim: object) -> None:
    """Refuse what is not the id of a claim."""
    if not isinstance(claim, str) or claim not in _ids():
        raise ValueError(
            f"claim must be the id of a claim of the ledger, such as 'S01', got {claim!r:.60}"
        )


def _admit_reason(reason: object, most: int) -> None:
    """Refuse what is neither a phrase nor the empty one that stands for none."""
    if isinstance(reason, str) and not reason:
        return
    phrase("reason", reason, most=most)


def _keep(made: Check) -> None:
    """Print a check, below the header if it is the first, and append it to the record."""
    if not _made:
        print(_line("claim", "what", "measured", "expected", "tolerance", "margin"))
    _made.append(made)
    print(_line(made.claim, made.what, *made.texts))
    path = os.environ.get("SYMLIB_RECORD")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(made._asdict()) + "\n")


def _rounded(value: float, digits: int) -> str:
    """Write a number with so many digits, and with two where only its size matters."""
    if value != 0 and abs(value) < 1e-3:
        digits = 2
    return f"{value:.{digits}g}"


def _line(claim: str, what: str, measured: str, expected: str, tolerance: str, margin: str) -> str:
    """Return a line of the table."""
    name = f"{claim:<6} {what:<{_LONGEST_NAME}}"
    return f"{name} {measured:>10}  {expected:<13} {tolerance:^9} {margin:>9}"


@cache
def _ids() -> frozenset[str]:
    """Return the ids of all claims."""
    text = resources.files("symlib").joinpath("claims.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["claim"]
    return frozenset(entry["id"] for entry in entries)
