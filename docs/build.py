"""Build the site in a new folder, and put it in its place only when every check has passed.

``python docs/build.py FOLDER`` leaves a whole site in FOLDER, or no folder of that name: a build
that fails, is killed or runs out of disk leaves what it has in FOLDER.part, which the next build
throws away. What is wrong with pages as they are written ends it before anything runs. A tree is
built by one process at a time, since the gallery is written into ``docs``; a second one ends with a
sentence.
"""

import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sphinx.cmd.build import main as sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_extensions"))

from symlib_site import entries, pages  # noqa: E402 - from the folder of the line above


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of this tree, which the system takes back however the process ends."""
    lock = HERE / "_build" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(lock, timeout=0, isolation_level=None)) as holder:
        try:
            holder.execute("BEGIN EXCLUSIVE")  # the lock of a file, on every system
        except sqlite3.OperationalError as fault:
            raise SystemExit(f"another build of this tree is running ({lock}: {fault})") from None
        yield


def failed_checks(records: Path) -> Iterator[str]:
    """Yield a sentence for each check that failed, from the records of the pages."""
    for path in sorted(records.rglob("*.jsonl")):
        page = path.relative_to(records).with_suffix("").as_posix()
        for check in entries.read_record(path):
            if not check.passed:
                measured, expected, tolerance, margin = check.texts
                yield (
                    f"{page}: claim {check.claim} failed: {check.what}: measured {measured}, "
                    f"expected {expected}, tolerance {tolerance}, margin {margin}"
                )


def warnings_in(told: str) -> Iterator[str]:
    """Yield the warnings of a failed build, and what ended it, without traces and advice."""
    for line in dict.fromkeys(told.splitlines()):
        if re.search(r"(?:WARNING|ERROR): \S", line):  # what stands alone has only a trace below it
            yield line.strip()
        elif raised := re.search(r"threw an exception \(exception: (?!claim )(.+)\)$", line):
            yield raised[1]  # a claim is told by its check


def build(folder: Path, options: list[str]) -> int:
    """Build the site, and return what the process is to end with."""
    part = folder.with_name(f"{folder.name}.part")
    # nothing of an earlier build may look like part of this one
    for stale in (folder, part, HERE / "gallery"):
        if stale.exists():
            shutil.rmtree(stale)
    strict = ["--fail-on-warning", "--nitpicky", "--keep-going"]
    jobs = ["--jobs", str(2 * (os.cpu_count() or 1))]  # half of them wait for kernels
    places = ["-d", str(part / "doctrees"), str(HERE), str(part / "html")]
    part.mkdir(parents=True)
    told = part / "faults.txt"
    if code := sphinx([*strict, *jobs, *options, "--warning-file", str(told), *places]):
        print(f"\nthere is no site: what the build made before it failed is in {part}")
        faults = [*failed_checks(part / "records"), *warnings_in(told.read_text(encoding="utf-8"))]
        print("\n".join(faults), flush=True)
        return code
    told.unlink()
    report = part / "report.txt"
    text = report.read_text(encoding="utf-8").replace(str(part), str(folder))
    report.write_text(text, encoding="utf-8")
    part.rename(folder)  # at once or not at all
    print(f"\n{text}\n", flush=True)
    return 0


if __name__ == "__main__":
    pages.refuse(os.environ.get("SYMLIB_PAGE", ""))
    with alone():
        sys.exit(build(Path(sys.argv[1]).resolve(), sys.argv[2:]))
