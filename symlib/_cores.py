"""How many threads may work at once.

While NumPy works through an array it lets other threads run, so that independent blocks of a large
computation can share the cores of a machine. What each block computes does not depend on it.
"""

from __future__ import annotations

import os

__all__ = ["worker_count"]


def worker_count() -> int:
    """Return the number of threads that ``OMP_NUM_THREADS`` allows, or else that of the cores.

    The variable is what joblib, the build of the site and most schedulers set for each of several
    processes that share a machine.
    """
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    if allowed.isdecimal() and int(allowed) > 0:
        return int(allowed)
    cores = getattr(os, "process_cpu_count", os.cpu_count)()
    return cores or 1
