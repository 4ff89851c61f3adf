"""What the page makes of ``results.json``: ratios, verdicts, exponents, tables."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RESULTS = Path(__file__).with_name("results.json")
LEVEL = 0.05  # ratios as near to 1 as this are level
POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Verdict(NamedTuple):
    """How a row came out.

    Attributes
    ----------
    word : {"ahead", "level", "behind", "alone"}
        Alone is a row without a peer that could be installed.
    ratio : float
        Our time over that of the best peer; nan without one.
    quartiles : pair of float
        Half of all rounds had a ratio between these.
    peer : str
        The best peer.
    """

    word: str
    ratio: float
    quartiles: tuple[float, float]
    peer: str


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Return the stored results; no file is no results."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def median(entry: dict[str, Any]) -> float:
    """Return the median lap of a contender; nan if there is none."""
    return statistics.median(entry["seconds"]) if entry.get("seconds") else math.nan


def ours(entries: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of the project."""
    return next(entry for entry in entries.values() if entry["role"] == "ours")


def verdict(entries: dict[str, Any]) -> Verdict:
    """Compare with the best peer, round by round: both took their laps in turn.

    Ahead if the ratio of the medians and three quarters of the rounds are below 1, behind if they
    are above, level otherwise and whenever the ratio is within 5 % of 1.
    """
    peers = {
        name: entry
        for name, entry in entries.items()
        if entry["role"] == "peer" and entry.get("seconds")
    }
    mine = ours(entries)
    if not peers or not mine.get("seconds"):
        return Verdict("alone", math.nan, (math.nan, math.nan), "")
    best = min(peers, key=lambda name: median(peers[name]))
    rounds = [a / b for a, b in zip(mine["seconds"], peers[best]["seconds"], strict=False)]
    ratio = median(mine) / median(peers[best])
    low, high = (float(q) for q in np.quantile(rounds, (0.25, 0.75)))
    word = "level"
    if abs(ratio - 1) > LEVEL and (high < 1 or low > 1) and (high < 1) == (ratio < 1):
        word = "ahead" if ratio < 1 else "behind"
    return Verdict(word, ratio, (low, high), best)


class Fit(NamedTuple):
    """A power of the size, with its standard error, and the time of nothing."""

    power: float
    error: float
    scale: float
    floor: float


def fit(curve: dict[str, Any]) -> Fit:
    """Fit time = floor + scale · law(n) ^ power by least squares on logarithms."""
    from scipy.optimize import least_squares

    x = np.log(law(curve["law"], curve["sizes"]))
    y = np.log(curve["seconds"])

    def rest(parameters: np.ndarray) -> np.ndarray:
        floor, scale, power = parameters
        return np.asarray(np.logaddexp(floor, scale + power * x) - y)

    start = (y.min() - 0.1, y[-1] - curve["power"] * x[-1], curve["power"])
    found = least_squares(rest, start, x_scale=(1, 1, 0.1))
    spread = 2 * found.cost / max(1, len(x) - 3)
    variance = spread * np.linalg.pinv(found.jac.T @ found.jac)[2, 2]
    floor, scale, power = found.x
    return Fit(float(power), math.sqrt(float(variance)), math.exp(scale), math.exp(floor))


def law(name: str, sizes: Sequence[float]) -> np.ndarray:
    """Return what the time should be a power of."""
    n = np.asarray(sizes, dtype=float)
    return {"n": n, "n log n": n * np.log2(n)}[name]


# Words


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    if math.isnan(seconds):
        return "–"
    for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size or unit == "µs":
            return f"{_digits(seconds / size)} {unit}"
    raise AssertionError


def size(megabytes: float | None) -> str:
    """Return an amount of memory."""
    return "–" if megabytes is None else f"{_digits(max(megabytes, 0.0))} MB"


def _digits(value: float) -> str:
    """Return three digits, and no more."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}".rstrip(".")


def power_of_ten(value: float | None) -> str:
    """Return a small number as it is written in prose."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    digits, _, power = f"{value:.1e}".partition("e")
    if -3 <= int(power) <= 1:
        return f"{value:.2g}"
    return f"{digits} · 10{str(int(power)).translate(POWERS)}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; numbers stand to the right of the first column."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def summary(rows: dict[str, Any], says: dict[str, str]) -> str:
    """Return the table of verdicts."""
    lines = []
    for key, found in rows.items():
        result = verdict(found["entries"])
        low, high = result.quartiles
        ratio = "–" if result.word == "alone" else f"{result.ratio:.2g}"
        between = "–" if result.word == "alone" else f"{low:.2g} to {high:.2g}"
        lines.append((says[key], result.word, ratio, between, result.peer or "none"))
    return markdown(("work", "verdict", "ratio", "half of the rounds", "best peer"), lines)


def details(found: dict[str, Any]) -> str:
    """Return the table of one row: times, ratios, memory and errors of all contenders."""
    entries = found["entries"]
    mine = median(ours(entries))
    marks = {"ours": "**{}**", "peer": "{}", "by hand": "{} (by hand)"}
    lines = []
    for name, entry in entries.items():
        label = marks[entry["role"]].format(name)
        if not entry.get("seconds"):
            lines.append((label, entry.get("absent", "not measured"), "", "", ""))
            continue
        lines.append(
            (
                label,
                duration(median(entry)),
                f"{mine / median(entry):.2g}",
                size(entry.get("peak")),
                power_of_ten(entry.get("error")),
            )
        )
    return markdown(("who", "median", "symlib's over it", "memory", "error"), lines)


def tally(rows: dict[str, Any]) -> dict[str, int]:
    """Return how many rows have each verdict."""
    words = [verdict(found["entries"]).word for found in rows.values()]
    return {word: words.count(word) for word in ("ahead", "level", "behind", "alone")}


def opening(results: dict[str, Any]) -> str:
    """Return when and where the run was, and how it came out."""
    count = tally(results["rows"])
    disturbed = [found["others"] for found in results["rows"].values() if found["others"]]
    told = ", ".join(f"{n} {word}" for word, n in count.items() if n)
    where = results["machine"]
    text = (
        f"The run of {results['date']}, on {where['cores']} cores ({where['processor']}, "
        f"{where['system']}): of {sum(count.values())} rows **{told}**."
    )
    if disturbed and statistics.median(disturbed) > 0.1:
        text += (
            f" Other programs used {100 * statistics.median(disturbed):.0f} % of the processors "
            "in the median row, so that its times are too long; ratios suffer less."
        )
    return text


def imports(found: dict[str, Any] | None) -> str:
    """Return the table of imports."""
    if not found:
        return "Imports were not measured in this run."
    base = median(found["numpy"])
    lines = []
    for name, entry in found.items():
        if "absent" in entry:
            lines.append((f"`{name}`", entry["absent"], ""))
        else:
            taken = median(entry)
            lines.append((f"`{name}`", duration(max(taken, 0.0)), f"{taken / base:.2f}"))
    return markdown(("import", "median", "over NumPy's"), lines)


def growth(curves: dict[str, Any]) -> str:
    """Return the table of exponents."""
    if not curves:
        return "Curves were not measured in this run."
    lines = []
    for name, curve in curves.items():
        found, sizes = fit(curve), curve["sizes"]
        lines.append(
            (
                f"`{name}`" if " " not in name else name,
                f"{sizes[0]} to {sizes[-1]} {curve['says']}",
                curve["law"],
                f"{found.power:.2f} ± {found.error:.2f}",
                curve["power"],
            )
        )
    head = ("function", "n", "law", "power measured (± standard error)", "power in theory")
    return markdown(head, lines)


def replicas(curves: dict[str, Any]) -> str:
    """Return what training at once gains at the largest size."""
    if not curves:
        return ""
    once, loop = curves["descend, replicas at once"], curves["descend, one after another"]
    gain = loop["seconds"][-1] / once["seconds"][-1]
    return (
        f"Both ways of training are linear in the number of networks; at {once['sizes'][-1]} of "
        f"them, all at once takes 1/{gain:.0f} of the time of one after another."
    )


def site(found: dict[str, Any] | None) -> str:
    """Return what the builds of the site took."""
    if not found:
        return "The builds of the site were not measured in this run."
    lines = [
        (says, duration(statistics.median(taken)), f"{len(taken)}")
        for says, taken in found["seconds"].items()
    ]
    text = markdown(("what", "median", "times"), lines)
    cold = statistics.median(found["seconds"]["whole site, cold"])
    bare = statistics.median(found["seconds"]["its scripts and notebooks alone"])
    pages = found["pages"]
    slowest = max(pages, key=lambda name: pages[name])
    return (
        f"{text}\n\nThe run of {found['date']} on {found['machine']['cores']} cores: the whole "
        f"site executes {len(pages)} pages in {cold:.0f} s, {cold / len(pages):.1f} s for each; "
        f"that is {cold / bare:.2f} times what they take when they are simply run, two at a time, "
        f"without Sphinx. The slowest page, `{slowest}`, takes {pages[slowest]:.1f} s. "
        f"A build holds {found['memory']:.0f} MB at its peak in one process."
    )


def sweep(found: dict[str, Any] | None) -> str:
    """Return what a cluster gains."""
    if not found or "absent" in found:
        return "The sweep on a cluster was not measured in this run."
    one, two = (statistics.median(found[part]) for part in ("one", "two"))
    same = "are the same to the last byte" if found["same"] else "**differ**"
    return (
        f"[The sweep of the how-to page](../how_to/scale_out_a_sweep.md), with longer tasks, "
        f"takes {duration(one)} in one process and {duration(two)} on a Dask cluster of "
        f"{found['workers']} processes on the same machine, {one / two:.1f} times as fast. "
        f"The tables {same}."
    )


def versions(found: dict[str, Any]) -> str:
    """Return the table of versions, one row for each environment."""
    lines = []
    for name, packages in found.items():
        told = packages.get("absent") or ", ".join(f"{k} {v}" for k, v in packages.items())
        lines.append((name, told))
    return "\n".join(
        ["| environment | packages |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in lines)]
    )
