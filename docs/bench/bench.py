"""Run what `work` lists, symlib and its peers side by side, and write ``results.json``.

    python docs/bench/bench.py                  all rows, imports and curves
    python docs/bench/bench.py --only replicas  what has this word in its name: printed, not written
    python docs/bench/bench.py --renew replicas the same, written into the stored run with its date
    python docs/bench/bench.py --site           the builds of the site

Each peer has an environment with its own pins in the folder ``--environments``, made when it is
missing. The contenders of a row are processes that wait, and take their laps in turn, so that what
else the machine does hits all alike. What is measured is kept in ``results.partial.json``: a run
that was stopped goes on where it was, if neither the bench nor the library has changed.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import work

RESULTS = Path(__file__).with_name("results.json")
TORCH = "torch==2.13.0+cpu" if sys.platform == "linux" else "torch==2.13.0"
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "own": (),
    "torch-jax": (TORCH, "jax==0.10.2", "numpy==2.4.6", "scipy==1.17.1"),
    "scikit-rmt": ("scikit-rmt==2.1.1", "TracyWidom==0.4.0", "numpy==1.26.4", "scipy==1.12.0"),
    "weightwatcher": ("weightwatcher==0.7.7", TORCH, "numpy==2.4.6"),
    "neural-tangents": ("neural-tangents==0.6.5", "jax==0.5.3", "jaxlib==0.5.3", "tf2jax==0.3.7"),
}
LEAST_LAPS, MOST_LAPS = 5, 15
ENOUGH = 12.0  # seconds of laps, after which no more than the least number is taken
LAP = 0.1  # seconds: shorter calls are repeated within a lap
PATIENCE = 300  # seconds that an answer may take
PAUSE = 0.05  # seconds before a lap, as idle threads of the one before go on spinning for a while


class Absent(Exception):
    """A contender that cannot be had, and why."""


# Environments


def python(environment: str, folder: Path) -> Path:
    """Return the Python of an environment, which is made if it is not there."""
    needs = ENVIRONMENTS[environment]
    if not needs:
        return Path(sys.executable)
    home, done = folder / environment, folder / f"{environment}.txt"
    inside = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = hashlib.sha256("\n".join((platform.python_version(), *needs)).encode()).hexdigest()
    if not done.exists() or done.read_text(encoding="utf-8") != mark:
        print(f"installing {environment}: {', '.join(needs)}", flush=True)
        run_or_refuse(sys.executable, "-m", "venv", "--clear", str(home))
        run_or_refuse(str(inside), "-m", "pip", "install", "--quiet", *needs)
        done.write_text(mark, encoding="utf-8")
    return inside


def run_or_refuse(*command: str) -> None:
    """Run a command that makes an environment, or raise the reason why it cannot be had."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        faults = re.findall(r"^ERROR: (.{1,200})", done.stderr, re.MULTILINE)
        raise Absent(f"not installed: {(faults or ['no environment'])[-1]}")


def surroundings(environment: str) -> dict[str, str]:
    """Return the environment variables of a contender: all threads; peers see no other packages."""
    kept = {name: value for name, value in os.environ.items() if name not in work.THREADS}
    alone = {"PYTHONPATH": "", "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return kept if environment == "own" else kept | alone


# A contender, in a process of its own


def extra_memory(call: Callable[[], Any]) -> float | None:
    """Return how far a call raises the memory of this process, in MB, where Linux counts it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    ctypes.CDLL(None).malloc_trim(0)  # gives back what was freed: it counts when it is used again
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak starts from here
    before = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8"))
    call()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
    return (int(peak[1]) - int(before[1])) / 1024


def serve(row: str, name: str, channel: TextIO) -> None:
    """Say what the work takes, and then the seconds of one more lap for each line that is read."""
    found = work.ROWS[row]
    made = found.prepare(name, **found.options)
    ready: dict[str, Any] = {"first": work.seconds_of(made.call)}
    times = max(1, round(LAP / work.seconds_of(made.call)))
    ready["peak"] = extra_memory(made.call)
    ready["answer"] = np.ravel(made.answer()).tolist()
    print(json.dumps(ready), file=channel, flush=True)
    for _ in sys.stdin:
        print(work.seconds_of(made.call, times), file=channel, flush=True)


class Worker:
    """A contender that waits for its turn."""

    def __init__(self, row: str, name: str, environment: str, folder: Path) -> None:
        command = [python(environment, folder), __file__, "--serve", row, name]
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._faults,
            env=surroundings(environment),
        )

    def answer(self) -> Any:
        """Return the next line that it says."""
        stuck = threading.Timer(PATIENCE, self._process.kill)
        stuck.start()
        line = self._process.stdout.readline()
        stuck.cancel()
        if line:
            return json.loads(line)
        self._faults.seek(0)
        last = self._faults.read().decode(errors="replace").strip().rpartition("\n")[2]
        raise Absent(f"failed: {last[:200] or 'it has ended'}")

    def lap(self) -> float:
        """Return the seconds of one more lap."""
        with contextlib.suppress(BrokenPipeError):  # it has ended, and gives no answer
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()
        self._faults.close()


# A row: all contenders in turn


def measure(key: str, folder: Path) -> dict[str, Any]:
    """Return the laps and the memory of each contender, and how far its answer is from symlib's."""
    entries: dict[str, Any] = {}
    laps: dict[str, Callable[[], float]] = {}
    with contextlib.ExitStack() as stack:
        for name, environment in {"symlib": "own", **work.ROWS[key].peers}.items():
            try:
                worker = Worker(key, name, environment, folder)
                stack.callback(worker.close)
                entries[name] = worker.answer()
                laps[name] = worker.lap
            except Absent as fault:
                if name == "symlib":
                    raise
                entries[name] = {"absent": str(fault)}
        taken = in_turn(laps)
    answers = {name: np.array(entries[name].pop("answer")) for name in laps}
    for name, answer in answers.items():
        entries[name] |= taken[name]
        if answer.size:
            entries[name]["difference"] = float(np.abs(answer - answers["symlib"]).max())
    return entries


def in_turn(laps: dict[str, Callable[[], float]]) -> dict[str, Any]:
    """Return the laps of all contenders, each round beginning with another; who fails is out."""
    found: dict[str, Any] = {name: {"seconds": []} for name in laps}
    names = list(laps)
    start = time.monotonic()
    for turn in range(MOST_LAPS):
        if turn >= LEAST_LAPS and time.monotonic() - start > ENOUGH:
            break
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if "absent" in found[name]:
                continue
            time.sleep(PAUSE)
            try:
                found[name]["seconds"].append(laps[name]())
            except Absent as fault:
                found[name] = {"absent": str(fault)}
    return found


# The run


def steps(folder: Path) -> dict[str, Callable[[], Any]]:
    """Return all that a run measures, by name."""
    sweep = partial(work.program, work.ROOT, work.__file__)
    found: dict[str, Callable[[], Any]] = {key: partial(measure, key, folder) for key in work.ROWS}
    found["imports"] = work.imports
    found["growth"] = lambda: {name: work.growth(name) for name in work.CURVES}
    found["sweep"] = lambda: json.loads(sweep().splitlines()[-1])
    return found


def circumstances() -> dict[str, Any]:
    """Return the date, what kind of machine this is, without its name, and all versions."""
    cpus = Path("/proc/cpuinfo")
    told = cpus.read_text(encoding="utf-8") if cpus.exists() else ""
    model = re.search(r"^model name\s*: (.*)", told, re.MULTILINE)
    processor = model[1] if model else platform.machine()
    own = [f"{name}=={version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": {"processor": processor, "cores": os.cpu_count(), "system": platform.system()},
        "versions": ENVIRONMENTS | {"own": [f"Python=={platform.python_version()}", *own]},
    }


def run(folder: Path, results: Path = RESULTS) -> None:
    """Measure what is not yet measured, and write the results when all is."""
    kept = results.with_suffix(".partial.json")
    code = fingerprint()
    done = read(kept)
    if done.pop("code", "") != code:
        done = {}
    for name, call in steps(folder).items():
        if name not in done:
            done[name] = call()
            write({"code": code, **done}, kept)
            print(f"{name} is measured", flush=True)
    rows = {key: done.pop(key) for key in work.ROWS}
    write(read(results) | circumstances() | {"rows": rows, "apart": {}} | done, results)
    kept.unlink()


def renew(word: str, folder: Path, results: Path = RESULTS) -> None:
    """Measure the rows with this word in their names, and write these with where and when."""
    found = read(results)
    now = circumstances()
    measured = {key: measure(key, folder) for key in work.ROWS if word in key}
    found["rows"] = {key: (found["rows"] | measured)[key] for key in work.ROWS}
    apart = {key: {"date": now["date"], "machine": now["machine"]} for key in measured}
    found["apart"] = found.get("apart", {}) | apart
    write(found | {"versions": now["versions"]}, results)


def fingerprint() -> str:
    """Return what must not have changed for a stopped run to go on: the bench and the library."""
    total = hashlib.sha256()
    for path in [Path(__file__), Path(work.__file__), *sorted(work.ROOT.glob("symlib/*.py"))]:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def read(results: Path = RESULTS) -> dict[str, Any]:
    """Return what is stored; no file is no results."""
    return json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}


def write(found: dict[str, Any], results: Path = RESULTS) -> None:
    """Write results at once or not at all, with four digits and a list in a line."""
    short = json.loads(json.dumps(found), parse_float=lambda text: float(f"{float(text):.4g}"))
    text = json.dumps(short, indent=1)
    made = results.with_suffix(".part")
    made.write_text(re.sub(r"\s+(?=[^][{}]*\])", " ", text) + "\n", encoding="utf-8")
    made.replace(results)


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description="Run symlib and its peers side by side.")
    parser.add_argument("--only", metavar="WORD", help="measure some, and write nothing")
    parser.add_argument("--renew", metavar="WORD", help="measure some, and write these alone")
    parser.add_argument("--site", action="store_true", help="measure the builds of the site")
    parser.add_argument("--environments", type=Path, default=Path(".nox", "bench-peers"))
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = given.environments.absolute()
    if given.serve:
        channel = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # from here on prints of packages do not mix with the answers
        serve(*given.serve, channel)
    elif given.site:
        write(read() | {"site": circumstances() | work.site()})
    elif given.renew:
        renew(given.renew, folder)
    elif given.only:
        for name, call in steps(folder).items():
            if given.only in name:
                found = call()
                print(name, json.dumps(found, indent=1), sep="\n", flush=True)
    else:
        run(folder)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles what it imports
    main()
