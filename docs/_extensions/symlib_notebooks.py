"""Notebooks: the same kernel on every machine, and a record of what each one checks.

Several are executed at once, each in a process that reads its share of the pages.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import symlib_ledger
from jupyter_client.connect import LocalPortCache
from sphinx.application import Sphinx

FOLDERS = ("explanation/", "how_to/")


class SharedPorts(LocalPortCache):
    """Ports for kernels, none of which two processes of this build are given.

    A port is chosen some time before the kernel takes it; meanwhile another process may choose
    the same one. A file with the name of a port says that it was chosen.
    """

    folder: Path

    def find_available_port(self, ip: str) -> int:
        """Return a port that nobody uses and nobody has chosen."""
        while True:
            port = super().find_available_port(ip)
            try:
                (self.folder / str(port)).touch(exist_ok=False)
            except FileExistsError:
                continue
            return port


def share_ports(app: Sphinx) -> None:
    """Let all processes of this build choose their ports together."""
    ports = SharedPorts.instance()
    ports.folder = Path(app.doctreedir).parent / "ports"
    shutil.rmtree(ports.folder, ignore_errors=True)  # those of an earlier build
    ports.folder.mkdir(parents=True)


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
    app.connect("builder-inited", share_ports)
    app.connect("source-read", start_record)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
