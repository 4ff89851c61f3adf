"""Threads that share a computation.

While NumPy works through an array it lets other threads run, so that independent blocks of a large
computation can share the cores of a machine. What each block computes does not depend on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["thread_map", "worker_count"]


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


@contextmanager
def thread_map(
    workers: int,
) -> Iterator[Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]]:
    """Yield a `map` whose calls are shared among so many threads.

    All calls are started at once, and their results come in the order of the arguments; to ask for
    a result raises what its call has raised. One worker is the thread that asks, and has the plain
    `map`, which starts a call when its result is asked for.
    """
    if workers <= 1:
        yield map
        return
    from concurrent.futures import ThreadPoolExecutor  # here, as its import takes its time

    with ThreadPoolExecutor(workers) as pool:
        yield pool.map
