"""Faults: what is wrong with a file as it is written, in a sentence that names the cure."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault of a file, named from the root of the project; line 0 is the file as a whole."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        """Return the line that a build ends with."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.sentence}"
