"""Notebooks: the same kernel on every machine, and a record of what each one checks.

Several are executed at once, each in a process that reads its share of the pages.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from jupyter_client.connect import LocalPortCache
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from . import ledger, seconds
from .expect import expect

FOLDERS = ("explanation/", "how_to/", "zoo/")


class SharedPorts(LocalPortCache):
    """Ports for kernels, none of which two processes of this build are given.

    A port is chosen some time before the kernel takes it; meanwhile another process may choose
    the same one. A file with the name of a port says that it was chosen.
    """

    folder: Path
    since: float  # when this build began to give them out

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
    ports.since = time.time()


def expect_ports(app: Sphinx, env: BuildEnvironment) -> None:
    """Fail when kernels of this build have run and none of them chose its ports here."""
    ports = SharedPorts.instance()
    records = Path(os.environ["SYMLIB_RECORDS"])
    told = [path for folder in FOLDERS for path in records.glob(f"{folder}*{seconds.SUFFIX}")]
    executed = any(path.stat().st_mtime >= ports.since for path in told)
    chosen = any(ports.folder.iterdir())
    expect(chosen or not executed, "jupyter_client", "choose ports by LocalPortCache.instance()")


def isolate_kernel(app: Sphinx) -> None:
    """Give kernels a profile of their own: no start-up files, a page's warning is an error."""
    home = Path(app.doctreedir).parent / "ipython"
    profile = home / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    lines = [
        "import warnings",
        'warnings.filterwarnings("error", module="__main__|symlib")',
        seconds.IN_KERNEL,
    ]
    (profile / "ipython_kernel_config.py").write_text(
        f"c.Application.log_level = 50\nc.InteractiveShellApp.exec_lines = {lines!r}\n"
    )
    os.environ["IPYTHONDIR"] = str(home)


def start_record(app: Sphinx, docname: str, source: list[str]) -> None:
    """Start the record of a notebook before its cells run; no other page keeps one here."""
    seconds.start(docname)
    if docname.startswith(FOLDERS):
        ledger.start_record(docname)
    else:
        ledger.end_record()
