"""Budgets: how long each page took to execute, and a note for one that took long.

The times are those of the build itself: sphinx-gallery tells them for its scripts and myst-nb for
its notebooks. They stand in ``seconds.json`` beside the site, and not in it, as two builds take
different times and give the same bytes. No build fails by them: a processor may be busy.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

BUDGET = 15  # seconds


def of_scripts(junit: Path) -> dict[str, float]:
    """Return the seconds of each page of the gallery, from the report of sphinx-gallery."""
    if not junit.exists():
        return {}
    cases = ElementTree.parse(junit).iter("testcase")
    files = {Path(case.attrib["file"]): float(case.attrib["time"]) for case in cases}
    return {f"gallery/{path.parent.name}/{path.stem}": time for path, time in files.items()}


def of_notebooks(env: BuildEnvironment) -> dict[str, float]:
    """Return the seconds of each notebook that was executed."""
    runs = {docname: NbMetadataCollector.get_exec_data(env, docname) for docname in env.found_docs}
    return {docname: run["runtime"] for docname, run in runs.items() if run and run["runtime"]}


def over_budget(seconds: dict[str, float], budget: float) -> list[str]:
    """Return a sentence for each page that took longer than its budget."""
    return [
        f"the page {docname} took {taken:.1f} s to execute; its budget is {budget:g} s"
        for docname, taken in sorted(seconds.items())
        if taken > budget
    ]


def compare(app: Sphinx, env: BuildEnvironment) -> None:
    """Write down what each page took, and name those over their budget."""
    junit = Path(app.config.sphinx_gallery_conf["junit"])
    seconds = of_scripts(junit) | of_notebooks(env)
    executed = {name: round(taken, 3) for name, taken in sorted(seconds.items()) if taken}
    told = {"budget": app.config.symlib_budget, "seconds": executed}
    report = Path(app.doctreedir).with_name("seconds.json")
    report.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for sentence in over_budget(executed, app.config.symlib_budget):
        logger.info(sentence)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("symlib_budget", BUDGET, "", int)
    app.connect("env-check-consistency", compare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
