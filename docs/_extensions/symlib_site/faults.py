"""Faults: what is wrong with a file as it is written, in a sentence that names the cure.

A rule that came after the pages would stop every build. So ``not_yet.toml`` says, for each such
rule, how many faults of each file are still put up with. A number there may only fall, and a file
without faults leaves the list.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

NOT_YET = Path(__file__).with_name("not_yet.toml")


class Fault(NamedTuple):
    """A fault of a file, named from the root of the project; line 0 is the file as a whole."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        """Return the line that a build ends with."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.sentence}"


@cache
def not_yet(rule: str) -> dict[str, int]:
    """Return how many faults of each file a rule still puts up with."""
    table: dict[str, int] = tomllib.loads(NOT_YET.read_text(encoding="utf-8"))[rule]
    return table


def beyond(rule: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Yield the faults of the files that have more of them than the list puts up with."""
    by_file: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_file[fault.file].append(fault)
    for file, found in by_file.items():
        if len(found) > not_yet(rule).get(file, 0):
            yield from found
