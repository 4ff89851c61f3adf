"""One contender of the bench, in a process of its own that waits for its turn.

    python worker.py ROW CONTENDER

makes the data, does the work once, and says in one line of JSON what it took; after that it
answers each line it reads with the seconds of one more lap, until there are no more. What a
package prints goes to the other stream. ``--versions`` says what is installed. Only NumPy and the
standard library are needed here.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

LAP = 0.1  # seconds: shorter calls are repeated within a lap
PACKAGES = ("numpy", "scipy", "torch", "jax", "scikit-rmt", "TracyWidom", "weightwatcher")
PACKAGES += ("neural-tangents", "rebasin", "pylops", "spgl1", "scikit-learn")


def versions() -> dict[str, str]:
    """Return the version of Python, and of each package of the bench that is here."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def memory(what: str) -> float:
    """Return a line of the status of this process in MB; the kernel of Linux counts it."""
    (kilobytes,) = re.findall(rf"^{what}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return int(kilobytes) / 1024


def peak_of(call: Any) -> float | None:
    """Return how far above what the process held a call raises its memory, in MB.

    What was freed and not given back is given back before, so that it counts when it is used. All
    arrays count, of NumPy or not; where the kernel does not tell, the answer is None.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
        before = memory("VmRSS")
        call()
        return round(memory("VmHWM") - before, 2)
    except (OSError, AttributeError, ValueError):
        return None


def lap(call: Any, times: int) -> float:
    """Return the seconds of one call, as the mean of some."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def serve(row: str, name: str, talk: TextIO) -> None:
    """Prepare a contender, and take laps as they are asked for."""
    import work

    (found,) = (one for one in work.ROWS[row].contenders if one.name == name)
    made = found.prepare()
    first = lap(made.call, 1)
    again = lap(made.call, 1)
    ready: dict[str, Any] = {"first": first}
    if found.role != "reference":
        ready["peak"] = peak_of(made.call)
    if made.error:
        ready["error"] = made.error()
    if made.answer:
        ready["answer"] = [float(value) for value in made.answer()]
    times = max(1, round(LAP / max(again, 1e-9)))
    print(json.dumps(ready), file=talk, flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seconds": lap(made.call, times) / made.share}), file=talk, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--versions"]:
        sys.exit(print(json.dumps(versions())))
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # from here on prints of packages do not mix with the answers
    serve(sys.argv[1], sys.argv[2], channel)
