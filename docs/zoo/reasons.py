"""Why the zoo shows what it shows: each fault and look, read by a person in a library's code.

A reason says of one kind of finding, in arrays of some names, whether it is wrong, may be meant, or
is meant. The audit knows none of this: it sees numbers. A row of the table of the hundred that no
reason explains stops the build of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from tables import Finding

JUDGMENTS = ("a mistake of a library", "may be meant", "meant")


class Reason(NamedTuple):
    """Why some findings are there.

    ``names``, ``architectures``, ``family`` and ``why`` are patterns: of the arrays' names, of
    what they are in, of the library, and of what the audit said of the worst.
    """

    title: str
    kind: str
    names: str
    judgment: str  # one of JUDGMENTS
    says: str
    architectures: str = "*"
    family: str = "*"
    why: str = "*"


REASONS = (
    Reason(
        "an entry at the cut",
        *("single entries", "*", JUDGMENTS[0]),
        "timm's cut normal law gives an infinite quantile to one number in 2²⁴, cut to −2",
        family="timm",
        why="the entry -2 is *",
    ),
    Reason(
        "copied layers",
        *("equal arrays", "*layers.#*", JUDGMENTS[1]),
        "`nn.TransformerEncoder` copies its layer; of `nn.Transformer` the equal biases stay",
        "nn.Transformer*",
    ),
    Reason(
        "drawn from 0 up",
        *("shared mean", "funnel.*", JUDGMENTS[1]),
        "the interval is [0, 0.1], where others have one about 0",
        "funnel",
    ),
    Reason(
        "positions that stay 0",
        *("zero", "*pos*", JUDGMENTS[0]),
        "the sine table is not written when a model is built from its configuration",
        "vit_mae",
    ),
    Reason(
        "zero heads",
        *("zero", "head.*", JUDGMENTS[2]),
        "the last layer starts at 0: it is the first to learn, and the others follow",
        family="timm",
    ),
    Reason(
        "open gates",
        *("dead biases", "*gate*", JUDGMENTS[2]),
        "the gate of a gMLP block starts at 1 for all inputs: its bias is 1, its weights near 0",
        "gmlp*",
    ),
    Reason(
        "time steps",
        *("dead biases", "*dt_proj*", JUDGMENTS[2]),
        "the bias sets the time step of a channel, between 0.001 and 0.1 after the softplus",
        "*mamba*",
    ),
    Reason(
        "decay rates",
        *("equal rows", "*A_log", JUDGMENTS[2]),
        "each channel starts with the same rates 1 to 16, and reads another input",
        "*mamba*",
    ),
)


def reason_of(row: Finding) -> Reason | None:
    """Return the reason that explains all arrays of a row, or None."""
    for one in REASONS:
        patterns = (
            (row.architecture, one.architectures),
            (row.family, one.family),
            (row.why, one.why),
        )
        is_there = one.kind == row.kind and all(fnmatchcase(*pair) for pair in patterns)
        if is_there and all(fnmatchcase(name, one.names) for name in row.names.split()):
            return one
    return None


def unexplained(rows: Iterable[Finding]) -> list[Finding]:
    """Return the faults and looks without a reason."""
    told = (row for row in rows if row.verdict in ("fault", "look"))
    return [row for row in told if reason_of(row) is None]
