"""What a cluster of two processes gains: the sweep of "Scale out a sweep", with longer tasks.

``python sweep.py`` prints one line of JSON. One process and the cluster take turns.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "how_to" / "scale_out_a_sweep.md"
STEPS, LAPS = 2500, 5
AT_LEAST = 1.2  # below this something is wrong, however busy the machine


def code(page: Path = PAGE) -> tuple[str, str]:
    """Return the code of the page that its build executes, and the code for a cluster."""
    text = page.read_text(encoding="utf-8")
    cells = re.findall(r"^```\{code-cell\} python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (cluster,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(cells), cluster


def measure(laps: int = LAPS, steps: int = STEPS) -> dict[str, Any]:
    """Return the times of one process and of two, and whether their tables are the same."""
    from distributed import Client, LocalCluster
    from joblib import parallel_config

    names: dict[str, Any] = {"__name__": "__main__"}
    cells, _ = code()
    exec(cells.partition("\nalone = ")[0], names)
    sweep = names["sweep"]
    one, two, tables = [], [], set()
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(processes=True, host="127.0.0.1", **options) as cluster,
        Client(cluster) as client,
    ):
        with parallel_config(backend="dask"):
            sweep(steps=1)  # the workers import what they need
        for _ in range(laps):
            start = time.perf_counter()
            tables.add(sweep(steps=steps))
            one.append(time.perf_counter() - start)
            start = time.perf_counter()
            with parallel_config(backend="dask"):
                tables.add(sweep(steps=steps))
            two.append(time.perf_counter() - start)
        workers = len(client.scheduler_info()["workers"])
    return {"one": one, "two": two, "workers": workers, "same": len(tables) == 1}


if __name__ == "__main__":
    for threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[threads] = "1"
    print(json.dumps(measure()))
