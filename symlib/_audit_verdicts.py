"""What a finding is worth, what to do about it, and how a terminal shows it.

One table says which verdict each kind has, and one rule when a fault is less than that. A *fault*
is what neither chance nor design makes: below 1e-12 for the whole model, in an array that is
trained and does not look like a table or hold few values. A *look* is real and may be meant. A
*note* is for whoever asked.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final, NamedTuple

from symlib._audit_names import pattern_of

__all__ = ["KINDS", "VERDICTS", "Finding", "judged", "sorted_findings", "written_table"]

VERDICTS: Final = ("fault", "look", "note")
_NEVER: Final = 1e-12  # the chance, for the whole model, below which chance is no explanation
_LINES: Final = 12
_WIDTH: Final = 96


class Finding(NamedTuple):
    """One thing that was found.

    Attributes
    ----------
    arrays : tuple of str
        The names of the arrays it is about.
    kind : str
        What it is, such as "equal rows"; the keys of the table of kinds.
    verdict : {"fault", "look", "note"}
        Whether it is wrong, may be meant, or is only told.
    measured, expected : float
        What was found, and what a random start has, in the same terms.
    chance : float
        How probable it is that chance alone shows as much somewhere in a model of this size; 0 for
        what is not the outcome of chance.
    why, do : str
        What was seen, and what to do about it.
    page : str
        The page of the site that explains it.
    """

    arrays: tuple[str, ...]
    kind: str
    verdict: str
    measured: float
    expected: float
    chance: float
    why: str
    do: str
    page: str


class _Rule(NamedTuple):
    """What holds for all findings of a kind."""

    verdict: str
    page: str
    do: str


_TIE: Final = "gallery/symmetry/plot_tied_units"
_PARTS: Final = "explanation/in_the_networks_people_train"
_SUMS: Final = "gallery/networks/plot_magic_square"
_SEED: Final = "gallery/networks/plot_one_seed"
_BITS: Final = "gallery/networks/plot_low_precision"
_ZERO: Final = "gallery/networks/plot_residual_zero"
_FROZEN: Final = "gallery/symmetry/plot_frozen_at_zero"
_SCALE: Final = "explanation/the_scale_of_the_weights"
_CONE: Final = "gallery/null_spaces/plot_dead_cone"
_PLANTED: Final = "gallery/random_matrices/plot_planted_direction"
_LOST: Final = "gallery/null_spaces/plot_lost_directions"
_SIMILAR: Final = "gallery/audit/plot_similar_rows"
_STREAM: Final = "gallery/audit/plot_shared_seed_shows"
_LAYERS: Final = "gallery/audit/plot_equal_layers"
_RULES: Final = "gallery/audit/plot_rules_in_five_lines"
_BREAKS: Final = "explanation/how_long_until_it_breaks"
_NORMS: Final = "gallery/separation/plot_norms_and_constants"

KINDS: Final = {
    "not finite": _Rule("fault", _SCALE, "write the array before it is used; look for `empty`"),
    "garbage": _Rule("fault", _SCALE, "write the array before it is used; look for `empty`"),
    "equal rows": _Rule("fault", _TIE, "draw each row by itself; compare a later snapshot"),
    "equal columns": _Rule("fault", _TIE, "draw each column by itself; compare a later snapshot"),
    "equal slices": _Rule("fault", _PARTS, "draw each head, expert or member by itself"),
    "query = key": _Rule("fault", _PARTS, "give each of query, key and value its own seed"),
    "one-signed rows": _Rule("fault", _CONE, "draw the row with both signs"),
    "single entries": _Rule("fault", _RULES, "draw the entry again; look for an infinite quantile"),
    "tied units": _Rule("fault", _SUMS, "draw one of the layers beside these units"),
    "still equal": _Rule("fault", _BREAKS, "break the tie: draw the copies anew, each by itself"),
    "still zero": _Rule("fault", _ZERO, "make one factor of the path not 0"),
    "never moved": _Rule("fault", _FROZEN, "see whether it is used, is frozen, or has a gradient"),
    "rows never moved": _Rule("look", _CONE, "see whether these units are ever on"),
    "zero path": _Rule("look", _ZERO, "make one of the two not 0, unless a bias sets them free"),
    "equal arrays": _Rule("look", _LAYERS, "draw each layer by itself, unless copies are meant"),
    "same stream": _Rule(
        "look", _STREAM, "use one generator for all layers, not one seed for each"
    ),
    "similar arrays": _Rule("look", _SEED, "draw each layer by itself"),
    "similar rows": _Rule("look", _SIMILAR, "draw each row by itself"),
    "low-precision ties": _Rule("look", _BITS, "draw in the precision that is trained"),
    "zero": _Rule("look", _ZERO, "right for a last layer or one factor of a path, not for both"),
    "constant": _Rule("look", "explanation/the_tie", "draw it, unless its units are told apart"),
    "zero rows": _Rule("look", _FROZEN, "see whether these units have another way to learn"),
    "lost rank": _Rule("look", _LOST, "draw all rows independently of each other"),
    "shared mean": _Rule("look", _PLANTED, "center the law that the entries are drawn from"),
    "correlated rows": _Rule("look", _PLANTED, "draw all rows independently of each other"),
    "row norms": _Rule("look", _NORMS, "see whether these rows are meant to have another scale"),
    "dead biases": _Rule("look", _CONE, "start biases at 0, or of the size of the sums"),
    "scale": _Rule(
        "note", _SCALE, "compare with the rule that was meant; before a norm it is free"
    ),
    "shared": _Rule("note", _SEED, "nothing, if it is meant to be one array"),
    "equal tables": _Rule("note", _SEED, "nothing, if they are written by one formula"),
    "padding": _Rule("note", _FROZEN, "nothing, if it is the row of a padding token"),
}

# What copies bring with them
_OF_COPIES: Final = {
    *("similar rows", "low-precision ties", "lost rank", "correlated rows", "row norms"),
    *("shared mean", "one-signed rows"),
}
# A finding that explains others of the same array
_EXPLAINS: Final = {
    "equal rows": _OF_COPIES,
    "equal columns": _OF_COPIES,
    "equal slices": _OF_COPIES | {"equal rows", "equal columns"},
    "tied units": _OF_COPIES | {"equal rows", "equal columns", "constant"},
    "shared mean": {"similar rows"},
    "single entries": {"row norms", "correlated rows", "similar rows", "scale", "lost rank"},
    "correlated rows": {"similar rows"},
    "lost rank": {"correlated rows", "similar rows"},
    "zero path": {"zero"},
}


def judged(
    arrays: tuple[str, ...],
    kind: str,
    chance: float,
    measured: float,
    expected: float,
    why: str,
    *,
    is_soft: bool,
) -> Finding:
    """Return a finding with its verdict, the chance being that for the whole model.

    ``is_soft`` says that the array is not trained, or looks as if this was meant.
    """
    rule = KINDS[kind]
    verdict = rule.verdict
    if verdict == "fault" and (is_soft or chance > _NEVER):
        verdict = "look"
    return Finding(arrays, kind, verdict, measured, expected, chance, why, rule.do, rule.page)


def sorted_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that no other one explains, the worst first."""
    kinds_of: dict[str, set[str]] = {}
    for finding in findings:
        for name in finding.arrays:
            kinds_of.setdefault(name, set()).add(finding.kind)

    def is_explained(finding: Finding) -> bool:
        there = kinds_of[finding.arrays[0]]
        return any(finding.kind in _EXPLAINS.get(kind, ()) for kind in there)

    kept = [finding for finding in findings if not is_explained(finding)]
    order = list(KINDS)
    kept.sort(key=lambda one: (VERDICTS.index(one.verdict), order.index(one.kind), one.chance))
    return kept


def written_table(findings: Sequence[Finding]) -> str:
    """Return findings as a terminal shows them, one entry for each kind and pattern of names."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        key = (finding.verdict, finding.kind, pattern_of(finding.arrays[0]))
        groups.setdefault(key, []).append(finding)
    ordered = sorted(groups.items(), key=lambda item: VERDICTS.index(item[0][0]))
    lines = [_summary(findings)]
    for key, group in ordered[:_LINES]:
        lines += ["", *_entry(key, group)]
    left = len(ordered) - _LINES
    if left > 0:
        lines += ["", f"and {left} more kinds and names"]
    return "\n".join(lines)


def _summary(findings: Sequence[Finding]) -> str:
    """Return how many findings of each verdict there are."""
    counted = []
    for verdict in VERDICTS:
        count = sum(finding.verdict == verdict for finding in findings)
        if count:
            counted.append(f"{count} {verdict}{'s' if count > 1 else ''}")
    return ", ".join(counted) or "nothing found"


def _entry(key: tuple[str, str, str], group: Sequence[Finding]) -> list[str]:
    """Return the lines for one kind and pattern of names."""
    verdict, kind, pattern = key
    worst = group[0]
    first = worst.arrays[0]
    arrays = {finding.arrays[0] for finding in group}
    where = first if len(arrays) == 1 else f"{pattern} ({len(arrays)} arrays)"
    reasons = []
    for finding in group:
        if finding.arrays[0] != first:
            continue
        why = finding.why if where == first else f"{first}: {finding.why}"
        if 0.0 < finding.chance < 1.0:
            why += f" (by chance {finding.chance:.0e})"
        reasons += _wrapped("", why)
    return [
        f"{verdict.upper():<6}{kind:<20}{where}",
        *reasons,
        *_wrapped("do: ", worst.do),
        *_wrapped("page: ", worst.page),
    ]


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(label + text, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8)
