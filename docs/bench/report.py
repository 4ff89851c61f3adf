"""What the page makes of ``results.json``: ratios, verdicts, powers and tables."""

from __future__ import annotations

import inspect
import json
import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import work

RESULTS = Path(__file__).with_name("results.json")
LEVEL = 0.05  # ratios as near to 1 as this are level


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Return the stored results, which must be those of the rows and curves as they are."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    stored = {key: set(entries) for key, entries in found["rows"].items()}
    wanted = {key: {"symlib", *row.peers} for key, row in work.ROWS.items()}
    stale = [key for key in stored | wanted if stored.get(key) != wanted.get(key)]
    stale += found["growth"].keys() ^ work.CURVES.keys()
    if stale:
        raise ValueError(
            f"{path.name} must hold the rows, contenders and curves of work.py, got others for "
            f"{', '.join(sorted(stale))}: measure again with `nox -s bench`"
        )
    return found


# Verdicts


class Verdict(NamedTuple):
    """How a row came out: symlib's time over that of the best peer."""

    word: str  # ahead, level, behind, or alone if no peer could be had
    ratio: float = math.nan
    quartiles: tuple[float, float] = (math.nan, math.nan)  # of the rounds
    peer: str = "none"


def median(entry: dict[str, Any]) -> float:
    """Return the median lap of a contender; nan if there is none."""
    return statistics.median(entry.get("seconds") or [math.nan])


def verdict(entries: dict[str, Any]) -> Verdict:
    """Compare with the best peer, round by round: both took their laps in turn.

    Ahead if the ratio of the medians and three quarters of the rounds are below 1, behind if they
    are above, level otherwise and whenever the ratio is within 5 % of 1.
    """
    times = {name: median(entry) for name, entry in entries.items() if entry.get("seconds")}
    mine = times.pop("symlib", None)
    if mine is None or not times:
        return Verdict("alone")
    best = min(times, key=times.__getitem__)
    laps = zip(entries["symlib"]["seconds"], entries[best]["seconds"], strict=False)
    low, high = np.quantile([ours / theirs for ours, theirs in laps], (0.25, 0.75)).tolist()
    ratio = mine / times[best]
    word = "level"
    if ratio < 1 - LEVEL and high < 1:
        word = "ahead"
    if ratio > 1 + LEVEL and low > 1:
        word = "behind"
    return Verdict(word, ratio, (low, high), best)


def power(name: str, measured: dict[str, Any]) -> tuple[float, float, np.ndarray]:
    """Return the power of the law, its standard error, and the line through the larger half."""
    n = np.array(measured["sizes"], dtype=float)
    size = np.log(n * np.log2(n) if work.CURVES[name].law == "n log n" else n)
    half = len(n) // 2
    seconds = np.log(measured["seconds"][half:])
    line, covariance = np.polyfit(size[half:], seconds, 1, cov=True)
    return line[0], math.sqrt(covariance[0, 0]), np.exp(np.polyval(line, size))


# Words


def digits(value: float, unit: str = "") -> str:
    """Return three digits, and the unit."""
    return "–" if math.isnan(value) else f"{value:.3g} {unit}".rstrip()


def duration(seconds: float) -> str:
    """Return a time with its unit."""
    for scale, unit in ((1, "s"), (1e-3, "ms")):
        if seconds >= 0.9995 * scale:
            return digits(seconds / scale, unit)
    return digits(seconds * 1e6, "µs")


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table, on a phone a list; numbers stand to the right of the first column."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    table = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    return f"```{{table}}\n:class: as-list\n\n{table}\n```"


def words(key: str) -> tuple[str, str]:
    """Return what a row is, and why it takes the time."""
    row = work.ROWS[key]
    text = inspect.cleandoc(row.prepare.__doc__ or "").format(**row.options)
    says, _, why = text.partition("\n\n")
    return says.rstrip("."), " ".join(why.split())


# Parts of the page


def opening(results: dict[str, Any]) -> str:
    """Return when and where the run was, and how it came out."""
    found = [verdict(entries).word for entries in results["rows"].values()]
    told = ", ".join(f"{found.count(word)} {word}" for word in ("ahead", "level", "behind"))
    where = results["machine"]
    return (
        f"The run of {results['date']}, on {where['cores']} cores ({where['processor']}, "
        f"{where['system']}): {len(found) - found.count('alone')} of {len(found)} rows have "
        f"outside software as their peer, and in these symlib is **{told}**."
        f"{_apart(results.get('apart', {}))}"
    )


def _apart(rows: dict[str, Any]) -> str:
    """Name the rows that have a run of their own."""
    told = (
        f" The row *{words(key)[0]}* has a run of its own, of {one['date']} on "
        f"{one['machine']['cores']} cores ({one['machine']['processor']})."
        for key, one in rows.items()
    )
    return "".join(told)


def summary(rows: dict[str, Any]) -> str:
    """Return the table of verdicts."""
    lines = []
    for key, entries in rows.items():
        word, ratio, (low, high), peer = verdict(entries)
        between = f"{digits(low)} to {digits(high)}"
        lines.append((words(key)[0], word, digits(ratio), between, peer))
    return markdown(("work", "verdict", "ratio", "half of the rounds", "best peer"), lines)


def details(entries: dict[str, Any]) -> str:
    """Return the table of one row: times, ratios, memory and differences of all contenders."""
    lines = []
    for name, entry in entries.items():
        lines.append(
            (
                f"**{name}**" if name == "symlib" else name,
                entry.get("absent") or duration(median(entry)),
                digits(median(entries["symlib"]) / median(entry)),
                duration(entry.get("first", math.nan)),
                digits(entry.get("peak") or math.nan, "MB"),
                digits(entry.get("difference", math.nan)),
            )
        )
    head = ("who", "median", "symlib's over it", "first call", "memory", "difference")
    return markdown(head, lines)


def growth(curves: dict[str, Any]) -> str:
    """Return the table of powers."""
    lines = []
    for name, measured in curves.items():
        slope, error, _ = power(name, measured)
        curve = work.CURVES[name]
        span = f"{curve.sizes[0]:,} to {curve.sizes[1]:,} {curve.says}"
        lines.append((name, span, curve.law, f"{slope:.2f} ± {error:.2f}", curve.power))
    return markdown(("function", "n", "law", "power (± standard error)", "in theory"), lines)
