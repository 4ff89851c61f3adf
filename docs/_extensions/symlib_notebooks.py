"""Notebooks: the same kernel on every machine, and a record of what each one checks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import symlib_ledger
from sphinx.application import Sphinx

FOLDERS = ("explanation/", "how_to/")


def isolate_kernel(app: Sphinx) -> None:
    """Give kernels a profile of their own: no start-up files, a page's warning is an error."""
    home = Path(app.doctreedir).parent / "ipython"
    profile = home / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(
        "c.Application.log_level = 50\n"
        "c.InteractiveShellApp.exec_lines = ['import warnings', "
        '\'warnings.filterwarnings("error", module="__main__|symlib")\']\n'
    )
    os.environ["IPYTHONDIR"] = str(home)


def start_record(app: Sphinx, docname: str, source: list[str]) -> None:
    """Start the record of a notebook before its cells run; no other page keeps one here."""
    if docname.startswith(FOLDERS):
        symlib_ledger.start_record(docname)
    else:
        symlib_ledger.end_record()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", isolate_kernel)
    app.connect("source-read", start_record)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
