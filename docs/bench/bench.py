"""Run the project and its peers side by side, and write ``results.json`` for the page.

    python docs/bench/bench.py                  all rows, imports and curves
    python docs/bench/bench.py --only replicas  the rows with these words, printed, not written
    python docs/bench/bench.py --site           the build of the site, in some minutes

``nox -s bench`` does this in the environment of the session. Each peer has an environment of its
own, with its own pins, in the folder ``--environments``; they are made when they are missing, and
one that cannot be made is shown as such. All contenders of a row are processes that wait, and take
their laps in turn, so that whatever else the machine does hits all alike. What is measured is kept
in ``results.partial.jsonl``: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import work
from work import ROWS, Contender

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
TORCH = "torch==2.13.0+cpu" if sys.platform == "linux" else "torch==2.13.0"
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "own": (),
    "torch-jax": (TORCH, "jax==0.10.2", "numpy==2.4.6", "scipy==1.17.1"),
    "scikit-rmt": ("scikit-rmt==2.1.1", "TracyWidom==0.4.0", "numpy==1.26.4", "scipy==1.12.0"),
    "neural-tangents": ("neural-tangents==0.6.5", "jax==0.5.3", "jaxlib==0.5.3", "tf2jax==0.3.7"),
    "rebasin": ("rebasin==0.0.47", TORCH),
    "weightwatcher": ("weightwatcher==0.7.7", TORCH),
    "sparse": ("pylops==2.8.0", "spgl1==0.0.3", "numpy==2.4.6", "scipy==1.17.1"),
}
MODULES = ("claims", "weights", "designs", "symmetry", "nullspace", "spectrum")
MODULES += ("propagation", "isometry", "gram", "network", "training", "tangent")
IMPORTS: list[tuple[str, str]] = [
    ("own", "numpy"),
    ("own", "symlib"),
    *(("own", f"symlib.{module}") for module in MODULES),
    ("own", "scipy.special"),
    ("own", "scipy.stats"),
    ("own", "sklearn.linear_model"),
    ("scikit-rmt", "numpy"),
    ("scikit-rmt", "TracyWidom"),
    ("scikit-rmt", "skrmt.ensemble"),
    ("torch-jax", "torch"),
    ("torch-jax", "jax"),
    ("neural-tangents", "neural_tangents"),
    ("rebasin", "rebasin"),
    ("weightwatcher", "weightwatcher"),
    ("sparse", "pylops"),
    ("sparse", "spgl1"),
]
ROUNDS = (5, 15)  # at least, at most
ENOUGH = 12.0  # seconds of laps, after which no more than the least number of rounds is taken
PATIENCE = 300.0  # seconds to wait for one line of a worker
PAUSE = 0.05  # seconds before a lap, as idle threads of the one before go on spinning for a while
PASSED = {"PYTHONPATH": "", "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Absent(Exception):
    """A contender that cannot be had, and why."""


# Environments


def python(environment: str, folder: Path) -> Path:
    """Return the Python of an environment, which is made if it is not there."""
    if not (needs := ENVIRONMENTS[environment]):
        return Path(sys.executable)
    mark = hashlib.sha256("\n".join((platform.python_version(), *needs)).encode()).hexdigest()
    home, done = folder / environment, folder / f"{environment}.txt"
    inside = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    said = done.read_text(encoding="utf-8").splitlines() if done.exists() else []
    if said[:1] != [mark]:
        print(f"installing {environment}: {', '.join(needs)}", flush=True)
        fault = _installed(home, inside, needs)
        said = [mark, *([fault] if fault else [])]
        if not fault:  # one that failed is tried again next time
            done.write_text("\n".join(said), encoding="utf-8")
    if said[1:]:
        raise Absent(said[1])
    return inside


def _installed(home: Path, inside: Path, needs: Sequence[str]) -> str:
    """Make an environment, and return the sentence that says why not, if so."""
    home.parent.mkdir(parents=True, exist_ok=True)
    for command in (
        (sys.executable, "-m", "venv", "--clear", str(home)),
        (str(inside), "-m", "pip", "install", "--quiet", *needs),
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            faults = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            return f"not installed: {(faults or ['ERROR: no environment'])[-1][7:207]}"
    return ""


def versions(folder: Path) -> dict[str, Any]:
    """Return what is installed in each environment."""
    found: dict[str, Any] = {}
    for environment in ENVIRONMENTS:
        try:
            command = [str(python(environment, folder)), str(HERE / "worker.py"), "--versions"]
            found[environment] = json.loads(subprocess.check_output(command, text=True))
        except Absent as fault:
            found[environment] = {"absent": str(fault)}
    return found


# A row: all contenders in turn


class Worker:
    """A contender that waits for its turn."""

    def __init__(self, row: str, contender: Contender, folder: Path) -> None:
        inside = python(contender.environment, folder)
        self._process = subprocess.Popen(
            [str(inside), str(HERE / "worker.py"), row, contender.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_surroundings(contender.environment),
        )
        os.set_blocking(self._process.stderr.fileno(), False)  # type: ignore[union-attr]
        self.ready = self._answer()

    def seconds(self) -> float:
        """Return what one more lap takes."""
        assert self._process.stdin
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Absent("failed: it has ended") from None
        return float(self._answer()["seconds"])

    def used(self) -> float:
        """Return the processor time that it has used so far, in seconds."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        from select import select

        assert self._process.stdout
        reachable, _, _ = select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if reachable else b""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        said = (self._process.stderr.read() if self._process.stderr else b"") or b""
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it has ended"]
        self.close()
        raise Absent(f"failed: {last[0][:200]}" if reachable else f"no answer in {PATIENCE:g} s")


def _surroundings(environment: str) -> dict[str, str]:
    """Return the environment variables of a worker: all threads, and the library for our own."""
    kept = {name: value for name, value in os.environ.items() if name not in THREADS}
    if environment != "own":
        kept |= PASSED
    return kept


def measure(key: str, folder: Path) -> dict[str, Any]:
    """Return all that is known of a row: laps, memory and errors of each contender."""
    row, entries = ROWS[key], {}
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        reference: list[float] | None = None
        for contender in row.contenders:
            entry: dict[str, Any] = {"role": contender.role}
            try:
                worker = Worker(key, contender, folder)
            except Absent as fault:
                entries[contender.name] = entry | {"absent": str(fault)}
                continue
            stack.callback(worker.close)
            if contender.role == "reference":
                reference = worker.ready["answer"]
                continue
            workers[contender.name] = worker
            entries[contender.name] = entry | worker.ready
        busy, clock = _busy(), time.monotonic()
        mine = _total(workers)
        laps = _in_turn({name: worker.seconds for name, worker in workers.items()}, entries)
        others = _others(busy, mine, _total(workers), time.monotonic() - clock)
    for name, entry in entries.items():
        answer = entry.pop("answer", None)
        if reference and answer and len(answer) == len(reference):
            pairs = zip(answer, reference, strict=True)
            entry["error"] = max(abs(a - b) for a, b in pairs)
        elif answer and reference:  # a part of the work
            entry["error"] = max(abs(a - b) for a, b in zip(answer, reference, strict=False))
        if name in laps:
            entry["seconds"] = [_short(value) for value in laps[name]]
    return {"row": key, "others": others, "entries": entries}


def _in_turn(
    contenders: dict[str, Callable[[], float]], entries: dict[str, Any]
) -> dict[str, list[float]]:
    """Return the laps of all contenders, who take turns; who fails is out."""
    laps: dict[str, list[float]] = {name: [] for name in contenders}
    start = time.monotonic()
    for turn in range(ROUNDS[1]):
        if turn >= ROUNDS[0] and time.monotonic() - start > ENOUGH:
            break
        names = list(laps)
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]) if names else ():
            time.sleep(PAUSE)
            try:
                laps[name].append(contenders[name]())
            except Absent as fault:
                del laps[name]
                entries[name]["absent"] = str(fault)
    return laps


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _busy() -> float | None:
    """Return the processor time that was used on this machine, in seconds, if that is known."""
    try:
        numbers = [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return None
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")


def _total(workers: dict[str, Worker]) -> float:
    try:
        return sum(worker.used() for worker in workers.values())
    except OSError:
        return 0.0


def _others(busy: float | None, before: float, after: float, seconds: float) -> float | None:
    """Return the share of the processors that others used meanwhile."""
    now = _busy()
    if busy is None or now is None or not seconds:
        return None
    alien = (now - busy) - (after - before)
    return round(max(0.0, alien / seconds / (os.cpu_count() or 1)), 3)


# Imports


def imports(folder: Path, laps: int = 5) -> dict[str, Any]:
    """Return how long each import takes in a fresh interpreter, above that of an empty program."""
    found: dict[str, Any] = {}
    places = {}
    for environment in dict.fromkeys(environment for environment, _ in IMPORTS):
        try:
            places[environment] = python(environment, folder)
        except Absent as fault:
            found |= {m: {"absent": str(fault)} for e, m in IMPORTS if e == environment}
    jobs = [(e, None) for e in places] + [(e, m) for e, m in IMPORTS if e in places]
    taken: dict[tuple[str, str | None], list[float]] = {job: [] for job in jobs}
    for turn in range(laps + 1):  # the first one fills the caches
        for environment, module in list(taken):
            command = [str(places[environment]), "-c", f"import {module}" if module else "pass"]
            start = time.perf_counter()
            done = subprocess.run(
                command, env=_surroundings(environment), capture_output=True, text=True, check=False
            )
            seconds = time.perf_counter() - start
            if done.returncode:
                del taken[environment, module]
                last = done.stderr.strip().splitlines()[-1:] or ["it has ended"]
                found[module or environment] = {"absent": f"failed: {last[0][:200]}"}
            elif turn:
                taken[environment, module].append(seconds)
    for (environment, module), seconds_of in taken.items():
        if module and (environment, None) in taken:
            bare = statistics.median(taken[environment, None])
            name = module if environment == "own" or module != "numpy" else f"numpy ({environment})"
            found[name] = {"seconds": [_short(value - bare) for value in seconds_of]}
    return found


# The run


def steps(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield all that a run measures, by name."""
    for key in ROWS:
        yield key, lambda key=key: measure(key, folder)  # type: ignore[misc]
    yield "versions", lambda: versions(folder)
    yield "imports", lambda: imports(folder)
    yield "growth", lambda: _other_program("growth.py")
    yield "sweep", lambda: _other_program("sweep.py")


def _other_program(name: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(HERE / name)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it has ended"]
        return {"absent": f"failed: {last[0][:200]}"}
    return json.loads(done.stdout.splitlines()[-1])


def machine() -> dict[str, Any]:
    """Return what kind of machine this is, without its name."""
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = next(line.split(": ", 1)[1] for line in said.splitlines() if "model name" in line)
    except (OSError, StopIteration):
        model = platform.machine()
    return {"processor": model, "cores": os.cpu_count(), "system": platform.system()}


def today() -> str:
    """Return the date."""
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def run(folder: Path, results: Path = RESULTS) -> dict[str, Any]:
    """Measure what is not yet measured, and write the results when all is."""
    partial = results.with_suffix(".partial.jsonl")
    done = dict(finished(partial))
    with partial.open("a", encoding="utf-8") as log:
        log.write("\n")  # ends a line that a stopped run may have torn
        for name, call in steps(folder):
            if name in done:
                continue
            start = time.monotonic()
            done[name] = call()
            log.write(json.dumps([_version(), name, done[name]]) + "\n")
            log.flush()
            print(f"{time.monotonic() - start:6.1f} s  {_told(done[name]) or name}", flush=True)
    whole = {
        "date": today(),
        "machine": machine(),
        "rows": {key: done[key] for key in ROWS},
        **{name: done[name] for name in ("versions", "imports", "growth", "sweep")},
    }
    write(whole, results)
    partial.unlink()
    return whole


def write(parts: dict[str, Any], results: Path = RESULTS) -> None:
    """Write parts of the results, and leave the others as they are."""
    known = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    text = json.dumps({**known, **parts}, indent=1) + "\n"
    results.write_text(text, encoding="utf-8")


def finished(partial: Path) -> Iterator[tuple[str, Any]]:
    """Yield what an earlier run, which was stopped, has measured."""
    for line in partial.read_text(encoding="utf-8").splitlines() if partial.exists() else ():
        try:
            version, name, found = json.loads(line)
        except ValueError:
            continue
        if version == _version():
            yield name, found


def _version() -> str:
    """Return what must not have changed for a stopped run to go on: the work and the library."""
    import symlib

    total = hashlib.sha256()
    measured = [HERE / f"{name}.py" for name in ("work", "worker", "growth", "sweep")]
    for path in [*measured, *sorted(Path(symlib.__file__).parent.glob("*.py"))]:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def _told(found: Any) -> str:
    """Return a row in one line."""
    if "entries" not in found:
        return ""
    parts = []
    for name, entry in found["entries"].items():
        if "seconds" in entry:
            parts.append(f"{name} {statistics.median(entry['seconds']) * 1e3:.4g} ms")
        else:
            parts.append(f"{name} {entry['absent'][:60]}")
    return f"{found['row']}: " + ", ".join(parts)


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description="Run the project and its peers side by side.")
    parser.add_argument("--only", help="measure the rows with these words, and write nothing")
    parser.add_argument("--site", action="store_true", help="measure the build of the site")
    parser.add_argument("--environments", type=Path, default=Path(".nox", "bench-peers"))
    given = parser.parse_args()
    folder = given.environments.absolute()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles what it imports
    if given.site:
        import site_rows

        write({"site": {"date": today(), "machine": machine(), **site_rows.measure()}})
    elif given.only:
        for name, call in steps(folder):
            if given.only in name:
                found = call()
                print(json.dumps(found, indent=1), _told(found), sep="\n", flush=True)
    else:
        run(folder)


if __name__ == "__main__":
    assert work  # the rows, beside this file
    main()
