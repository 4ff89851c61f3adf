"""Seconds: the processor time that each page took to execute.

They are told at the end of a build and stand in ``seconds.json`` beside the site, not in it, as two
builds take different times and give the same bytes. No build fails by them.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

SUFFIX = ".seconds"  # of the file that says it, beside the record of the page
NAMED = "SYMLIB_SECONDS"  # the variable that names the file to the process that executes the page
SLOWEST = 3  # pages that are told

# Executed in a kernel at its start; after each cell it writes down the time that was used so far.
# It leaves no name behind that the page could use.
IN_KERNEL = (
    'get_ipython().events.register("post_run_cell", lambda result: '
    f'__import__("pathlib").Path(__import__("os").environ["{NAMED}"])'
    '.write_text(str(__import__("time").process_time())))'
)

_start = 0.0


def start(docname: str) -> None:
    """Begin to measure the page ``docname``."""
    global _start
    _start = time.process_time()
    path = Path(os.environ["SYMLIB_RECORDS"], f"{docname}{SUFFIX}")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ[NAMED] = str(path)


def stop() -> None:
    """Write down what a script took, which this process has executed."""
    taken = time.process_time() - _start
    Path(os.environ[NAMED]).write_text(str(taken), encoding="utf-8")


def of_pages(records: Path) -> dict[str, float]:
    """Return the seconds of each page that was executed."""
    pages = {}
    for path in sorted(records.rglob(f"*{SUFFIX}")):
        page = path.relative_to(records).as_posix().partition(".")[0]
        pages[page] = round(float(path.read_text(encoding="utf-8")), 3)
    return pages


def report(app: Sphinx, fault: Exception | None) -> None:
    """Write down what each page took, and tell the slowest."""
    if fault or app.builder.format != "html":
        return
    pages = of_pages(Path(os.environ["SYMLIB_RECORDS"]))
    path = Path(app.doctreedir).with_name("seconds.json")
    path.write_text(json.dumps({"seconds": pages}, indent=1) + "\n", encoding="utf-8")
    slowest = sorted(pages, key=lambda page: pages[page], reverse=True)[:SLOWEST]
    told = ", ".join(f"{page} {pages[page]:.1f}" for page in slowest)
    logger.info(
        "%d pages took %.0f s of processor time: %s, ...", len(pages), sum(pages.values()), told
    )
