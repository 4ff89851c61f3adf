"""The tables of the zoo: what a row is, how they are read and written, and whether they are whole.

Only NumPy is needed here, so that the page and the tests read the tables without the libraries that
the networks come from.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

FOLDER = Path(__file__).parent
FINDINGS = FOLDER / "findings.csv"
HELD_OUT = FOLDER / "held_out.csv"
PLANTED = FOLDER / "planted.csv"
MACHINE = FOLDER / "machine.json"
SOURCES = Path(__file__).parents[2] / "symlib"

VERDICTS = ("fault", "look", "note")


class Finding(NamedTuple):
    """One kind of finding in one architecture; the kind is empty where there is nothing at all.

    ``names`` are those of the arrays, with ``#`` for each number, ``measured``, ``expected``,
    ``chance`` and ``why`` are those of the first finding, which is the worst.
    """

    family: str
    architecture: str
    parameters: int
    arrays: int
    verdict: str
    kind: str
    count: int
    names: str
    measured: float
    expected: float
    chance: float
    why: str


class Planted(NamedTuple):
    """One fault that was planted in one array, or a clean start of another seed.

    ``verdict`` is the worst of the findings that name the array, and is empty where there is none;
    ``kinds`` are theirs, and of a clean start all that is not there at the first seed, with why.
    ``alarms`` counts the findings that name other arrays and are not there in the clean start.
    """

    fault: str
    architecture: str
    place: str
    shape: str
    verdict: str
    kinds: str
    alarms: int


Row = TypeVar("Row", Finding, Planted)


def write(rows: Iterable[Row], path: Path, kind: type[Row]) -> None:
    """Write rows, to six digits."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(kind._fields)
        for row in rows:
            table.writerow(f"{one:.6g}" if isinstance(one, float) else one for one in row)


def read(path: Path, kind: type[Row]) -> list[Row]:
    """Read rows, or raise ValueError where a table has other columns."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    if tuple(head) != kind._fields:
        raise ValueError(f"{path.name} must have the columns {', '.join(kind._fields)}, got {head}")
    types = get_type_hints(kind).values()
    return [kind(*(cast(one) for cast, one in zip(types, line, strict=True))) for line in lines]


def machine(path: Path = MACHINE) -> dict[str, Any]:
    """Return the versions, the date and the hashes that were stored with the tables."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def digest(paths: Iterable[Path]) -> str:
    """Return the hash of some files, one after the other."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def digest_of_audit() -> str:
    """Return the hash of the modules of the audit, as they are now."""
    return digest([SOURCES / "audit.py", *SOURCES.glob("_audit_*.py")])


def pattern_of(name: str) -> str:
    """Return a name with ``#`` for each number, the same for all blocks of a model."""
    return re.sub(r"\d+", "#", name)


def faults_of_tables(
    listed: Sequence[str], held_out: Sequence[str], folder: Path = FOLDER
) -> list[str]:
    """Return a sentence for each way in which the tables are not those of the stored run.

    ``listed`` and ``held_out`` are the names of the architectures that they are to hold.
    """
    stored = machine(folder / MACHINE.name)
    faults = [
        f"{name} is not the table that was stored: its hash is another one"
        for name, wanted in stored["tables"].items()
        if digest([folder / name]) != wanted
    ]
    for path, wanted in ((FINDINGS, listed), (HELD_OUT, held_out)):
        rows = read(folder / path.name, Finding)
        names = list(dict.fromkeys(row.architecture for row in rows))
        if names != list(wanted):
            differ = sorted(set(names) ^ set(wanted)) or "their order"
            faults.append(f"{path.name} must hold the architectures of networks.py, got {differ}")
        counted = [row for row in rows if row.kind]
        if any(row.count < 1 or row.verdict not in VERDICTS for row in counted):
            faults.append(f"{path.name} has a row without a count or a verdict")
    return faults


# Counting


def architectures(rows: Iterable[Finding]) -> list[str]:
    """Return the names of the architectures of some rows, each once."""
    return list(dict.fromkeys(row.architecture for row in rows))


def with_verdict(rows: Iterable[Finding], verdict: str) -> list[Finding]:
    """Return the rows with a verdict."""
    return [row for row in rows if row.verdict == verdict]


def wilson(found: int, of: int, normal: float = 1.959964) -> tuple[float, float]:
    """Return the interval of Wilson for a share, at 95 %.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", *Journal of the
    American Statistical Association* 22 (1927), 209-212.
    """
    if of == 0:
        return 0.0, 1.0
    share = found / of
    square = normal**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    spread = math.sqrt(share * (1 - share) / of + square / (4 * of**2)) * normal / (1 + square / of)
    return max(0.0, middle - spread), min(1.0, middle + spread)
