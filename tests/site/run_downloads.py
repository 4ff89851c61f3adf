"""Run everything that readers take away from a built site, as they would.

``python tests/site/run_downloads.py SITE --python PYTHON`` takes every script, every notebook and
every archive from the folder of the site, and for each Python makes empty environments outside the
repository: one for each distinct set of dependencies that the files declare, with the library from
the wheel that the site serves, and nothing else (notebooks get a kernel besides). Each file runs
alone in an empty folder; it must end well, leave nothing behind, and print the lines of the ledger
that its page shows. Of each set one script is also run by the very command that the site tells.

Without ``--python`` these are the Python that runs this file, and the newest other release that
is on the path or that pyenv keeps. With ``--lock`` the first of them gets the releases that the
site is built with, and its lines are those of the page, up to rounding. The others get the releases
of today, as readers do: their checks are those of the page, and pass; a number that other releases
measure otherwise is counted.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.MULTILINE)
LINE = re.compile(r"^[A-Z]\d\d  .*\S", re.MULTILINE)
NUMBERS = re.compile(r"(.{49}) *(\S+)  (\S+ \S+ +\S+) +(\S+)")
ROUNDING = 1e-9
RAW = re.compile(r":[a-z:]+:`|^\.\. |`_\b|\]_\b|^:[a-z]+:|^ {0,3}[=~-]{4,}$", re.MULTILINE)
KERNEL = ["ipykernel", "nbclient"]
EXECUTE = """
import sys, nbclient, nbformat
book = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute()
for cell in book.cells:
    for output in cell.get("outputs", ()):
        if output.get("name") == "stdout":
            print(output["text"], end="")
"""


class Download(NamedTuple):
    """A file that can be taken away: its name, its bytes, and what it says that it needs."""

    name: str
    content: bytes
    needs: tuple[str, ...]


def declared(text: str) -> tuple[str, ...]:
    """Return the dependencies that the script block of a text names."""
    block = BLOCK.search(text)
    if block is None:
        raise ValueError("there is no script block that names what is needed")
    return tuple(tomllib.loads(re.sub(r"^# ?", "", block[1], flags=re.M))["dependencies"])


def read(name: str, content: bytes) -> Download:
    """Return a script, or a notebook, whose first cell declares what it needs."""
    text = content.decode()
    if name.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown" and (left := RAW.search(source)):
                raise ValueError(f"{name} has markup of another kind: {left.group()!r}")
        text = "".join(cells[0]["source"])
    return Download(name, content, declared(text))


def downloads(site: Path) -> tuple[list[Download], list[str]]:
    """Return the scripts and notebooks of a site, and the faults of its archives.

    A member of an archive is the same file as the one beside the archive, or it is a fault: so
    each is run once.
    """
    kinds = ("*.py", "*.ipynb")
    files = [path for kind in kinds for path in sorted(site.glob(f"_downloads/*/{kind}"))]
    found = [read(path.name, path.read_bytes()) for path in files]
    known = {one.name: one.content for one in found}
    known |= {path.name: path.read_bytes() for path in site.glob("wheels/*.whl")}
    faults = []
    for path in sorted(site.glob("_downloads/*/*.zip")):
        with zipfile.ZipFile(path) as archive:
            members = {Path(name).name: archive.read(name) for name in archive.namelist()}
        faults += [
            f"{path.name}: {name} is not the file that can be downloaded beside it"
            for name, content in members.items()
            if known.get(name) != content
        ]
        if not any(name.endswith(".whl") for name in members) or len(members) < 2:
            faults.append(f"{path.name}: there is no page in it, or no library")
    return found, faults


def promised(site: Path, name: str) -> list[str]:
    """Return the lines of the ledger that the page of a download printed when it was built."""
    (book,) = site.glob(f"_downloads/*/{Path(name).stem}.ipynb")
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return LINE.findall("".join("".join(output.get("text", "")) for output in outputs))


def same(line: str, other: str, *, locked: bool = True) -> bool:
    """Tell whether two lines of the ledger agree but for rounding, or but for what was measured."""
    one, two = NUMBERS.fullmatch(line), NUMBERS.fullmatch(other)
    if not one or not two or one[1] != two[1] or one[3] != two[3]:
        return False
    if not locked:
        return True
    pairs = [(float(one[at]), float(two[at])) for at in (2, 4)]
    return all(abs(a - b) <= ROUNDING * max(1.0, abs(a)) for a, b in pairs)


def local(needs: tuple[str, ...], wheel: Path) -> list[str]:
    """Return what to install: the library is the wheel of the site, whatever its address."""
    library = f"symlib-nn @ {wheel.as_uri()}"
    return [library if re.match(r"symlib-nn\b", need) else need for need in needs]


def is_notebook(one: Download) -> bool:
    """Tell a notebook from a script."""
    return one.name.endswith(".ipynb")


def make_environment(
    uv: str, python: str, folder: Path, needs: list[str], lock: Path | None
) -> Path:
    """Make an empty environment, install what is needed, and return its Python."""
    releases = ["--constraint", str(lock)] if lock else []
    bare = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    made = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    for command in (
        [uv, "venv", "--quiet", "--no-project", "--python", python, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(made), *releases, *needs],
    ):
        subprocess.run(command, check=True, env=bare, cwd=folder.parent)
    return made


def newest_other() -> list[str]:
    """Return the newest Python of another minor release than this one, if there is any."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [Path(folder) for folder in os.get_exec_path() if folder]
    found = [path for folder in folders for path in sorted(folder.glob("python3.[0-9]*"))]
    found += pyenv.glob("versions/*/bin/python")
    ask = "import sys; print(sys.version_info.releaselevel, *sys.version_info[:3])"
    known: dict[tuple[int, ...], str] = {}
    for path in found:
        if re.fullmatch(r"python(3\.\d+)?(\.exe)?", path.name):
            answer = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
            level, *numbers = answer.stdout.split() or [""]
            release = tuple(map(int, numbers))
            if level == "final" and release >= (3, 11) and release[:2] != sys.version_info[:2]:
                known.setdefault(release, str(path))
    return [known[max(known)]] if known else []


def run(
    command: list[str], one: Download, site: Path, home: Path, *, locked: bool
) -> tuple[list[str], int]:
    """Run a file alone in an empty folder; return its faults, and how many numbers differ."""
    kept = {"PATH", "SYSTEMROOT", "TEMP", "TMP", "SSL_CERT_FILE", "UV_CACHE_DIR"}
    kept |= {name for name in os.environ if name.startswith(("PIP_", "UV_", "OPENBLAS_", "NPY_"))}
    own = {name: value for name, value in os.environ.items() if name in kept}
    own |= {"HOME": str(home), "MPLBACKEND": "agg"}  # no window, nothing of this machine's user
    own |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}  # as the site is built
    with tempfile.TemporaryDirectory(prefix="symlib_download_") as alone:
        file = Path(alone, one.name)
        file.write_bytes(one.content)
        done = subprocess.run(
            [*command, one.name],
            cwd=alone,
            env=own,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        left = sorted(path.name for path in Path(alone).rglob("*") if path != file)
        changed = file.read_bytes() != one.content
    if done.returncode:
        return [f"ended with {done.returncode}: {done.stderr.strip()[-600:]}"], 0
    faults = [f"left behind: {', '.join(left)}"] if left else []
    faults += ["changed itself"] if changed else []
    wanted, printed = promised(site, one.name), LINE.findall(done.stdout)
    if not wanted:
        faults.append("its page printed no line of the ledger")
    pairs = list(itertools.zip_longest(wanted, printed, fillvalue=""))
    differ = [pair for pair in pairs if pair[0] != pair[1]]
    wrong = [pair for pair in differ if not same(*pair, locked=locked)]
    faults += [
        f"its page shows\n{a or 'nothing'}\nand it prints\n{b or 'nothing'}" for a, b in wrong
    ]
    return faults, len(differ) - len(wrong)


def run_all(
    site: Path, python: str, found: list[Download], *, uv: str, jobs: int, lock: Path | None
) -> Iterator[tuple[str, list[str], int]]:
    """Run all downloads with one Python; yield for each its faults and its other numbers."""
    (wheel,) = (path.resolve() for path in site.glob("wheels/*.whl"))
    with tempfile.TemporaryDirectory(prefix="symlib_downloads_") as folder:
        home = Path(folder, "home")
        home.mkdir()
        tasks: list[tuple[list[str], Download]] = []
        sets = dict.fromkeys((one.needs, is_notebook(one)) for one in found)
        for number, (needs, notebook) in enumerate(sets):
            install = [*local(needs, wheel), *(KERNEL if notebook else ())]
            made = make_environment(uv, python, Path(folder, f"environment{number}"), install, lock)
            command = [str(made), *(["-c", EXECUTE] if notebook else ())]
            alike = [one for one in found if (one.needs, is_notebook(one)) == (needs, notebook)]
            tasks += [(command, one) for one in alike]
            if not notebook and "symlib-nn" in needs:  # as "Run a page" tells it
                told = [uv, "run", "--quiet", "--no-project", "--python", python]
                tasks.append(([*told, "--find-links", str(wheel.parent), "--script"], alike[0]))
        with ThreadPoolExecutor(jobs) as pool:
            done = pool.map(
                lambda task: run(
                    *task, site, home, locked=lock is not None and "run" not in task[0]
                ),
                tasks,
            )
            for (command, one), (faults, rounded) in zip(tasks, done, strict=True):
                yield (f"uv run {one.name}" if "run" in command else one.name), faults, rounded


def main() -> None:
    """Run all, say what is wrong, and end with 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, help="the folder of the pages")
    parser.add_argument("--python", action="append", help="a Python; may be given several times")
    parser.add_argument("--lock", type=Path, help="the releases that the site is built with")
    parser.add_argument("--uv", default="uv")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="a part of the names of the files to be run")
    options = parser.parse_args()
    site = options.site.resolve()
    found, faults = downloads(site)
    chosen = [one for one in found if options.only in one.name]
    if not chosen:
        raise SystemExit(f"there is no download in {site}, or none named {options.only!r}")
    how = {"uv": options.uv, "jobs": options.jobs}
    lock = options.lock.resolve() if options.lock else None
    for python in options.python or [sys.executable, *newest_other()]:
        runs = numbers = 0
        for name, wrong, differ in run_all(site, python, chosen, lock=lock, **how):
            runs, numbers = runs + 1, numbers + differ
            print(f"{'FAILED' if wrong else 'passed'}  {name}", flush=True)
            faults += [f"{name}, with {python}: {one}" for one in wrong]
        releases = "the releases of the site" if lock else "the releases of today"
        print(f"{runs} runs with {python} and {releases}; {numbers} numbers differ", flush=True)
        lock = None
    print("\n".join(faults) or "all downloads run, and print what their pages show")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
