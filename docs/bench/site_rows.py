"""What the builds of the site take: cold, with nothing changed, with one page changed.

All builds run in a copy of the tree, so that the tree is left alone. Beside them the scripts and
the notebooks alone, without Sphinx, as many at a time as there are cores.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PARTS = ("symlib", "gallery", "docs", "pyproject.toml", "README.md", "LICENSE")
PARTS += ("CHANGELOG.md", "CITATION.cff")
COLD, WARM = 3, 5  # laps
# the slowest of each kind
SCRIPT, NOTEBOOK = "gallery/symmetry/plot_who_breaks_the_tie.py", "docs/study/comparison.md"


def copy(folder: Path) -> None:
    """Copy what a build needs."""
    made = shutil.ignore_patterns("__pycache__", "_build", "sg_execution_times.rst")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=made)
        else:
            shutil.copyfile(ROOT / part, folder / part)
    shutil.rmtree(folder / "docs" / "gallery", ignore_errors=True)


def call(folder: Path, *command: str) -> None:
    """Run a program of Python in the copy, with its library; a failure is a fault."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    surroundings = os.environ | threads | {"PYTHONPATH": str(folder), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def cold(folder: Path) -> None:
    """Build the whole site."""
    call(folder, "docs/build.py", "site")


def live(folder: Path) -> None:
    """Build as `nox -s live` does after a change."""
    options = ("-t", "live", "--nitpicky", "--jobs", "auto", "--quiet", "-d", "live/doctrees")
    call(folder, "-m", "sphinx", *options, "docs", "live/html")


def change(path: Path) -> None:
    """Change a page a little."""
    mark = "# One more line.\n" if path.suffix == ".py" else "One more line.\n"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + mark, encoding="utf-8")


def alone(folder: Path, pages: Iterable[str]) -> None:
    """Run scripts and notebooks, as many at a time as there are cores, without Sphinx."""

    def run(page: str) -> None:
        if page.startswith("gallery/"):
            call(folder, f"{page}.py")
        else:
            call(folder, str(Path(__file__)), "--notebook", f"docs/{page}.md")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run, pages))


def execute(page: Path) -> None:
    """Execute a notebook in MyST Markdown."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from nbclient import NotebookClient

    book = read_myst_markdown_notebook(page.read_text(encoding="utf-8"))
    NotebookClient(book, resources={"metadata": {"path": str(page.parent)}}).execute()


def laps(count: int, work: Callable[[], None], before: Callable[[], None] | None = None) -> Any:
    """Return the seconds of some laps."""
    taken = []
    for _ in range(count):
        if before:
            before()
        start = time.perf_counter()
        work()
        taken.append(round(time.perf_counter() - start, 3))
        print(f"{taken[-1]:8.1f} s", flush=True)
    return taken


def measure() -> dict[str, Any]:
    """Return the seconds of each build, of each page, and the memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy(folder)
        site = folder / "site"
        seconds = {
            "whole site, cold": laps(
                COLD, lambda: cold(folder), lambda: shutil.rmtree(site, ignore_errors=True)
            )
        }
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        pages = json.loads((site / "seconds.json").read_text(encoding="utf-8"))
        bare = laps(COLD, lambda: alone(folder, pages["seconds"]))
        seconds["its scripts and notebooks alone"] = bare
        live(folder)
        seconds["rebuild, nothing changed"] = laps(WARM, lambda: live(folder))
        for says, path in (("one script", SCRIPT), ("one notebook", NOTEBOOK)):
            seconds[f"rebuild, {says} changed"] = laps(
                WARM, lambda: live(folder), lambda path=path: change(folder / path)
            )
    return {"seconds": seconds, "pages": pages["seconds"], "memory": memory}


if __name__ == "__main__":
    execute(Path(sys.argv[-1]))
