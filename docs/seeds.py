"""Run a page of the gallery with other seeds, and say which of its checks failed, and by how much.

``python docs/seeds.py plot_hard_edge 100`` runs the page a hundred times without its figure. A
claim about chance must pass for any seed, within the odds that its tolerance states: one mean at
four standard errors fails once in about 16,000 draws.

Where the page makes a generator from an integer, ``default_rng(3)`` or ``rng=3``, run k draws from
the seed (3, k). The environment variable ``SYMLIB_SEED`` tells k, and it is read at that moment, so
that one run can be repeated alone: ``SYMLIB_SEED=17 python docs/seeds.py plot_hard_edge``.
"""

import contextlib
import io
import os
import runpy
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from numbers import Integral
from pathlib import Path

GALLERY = Path(__file__).resolve().parents[1] / "gallery"
COUNT = 100
# Where a seed that stands on the page becomes a generator: there, or in the library's one door.
# Streams that the library fixes for itself stay as they are.
PLACES = ("__main__", "symlib._arrays")
# Of a page that runs without its figure
ENVIRONMENT = {"MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def other_streams(default_rng):
    """Return a function that stands in for ``numpy.random.default_rng``."""

    def shifted(seed=None):
        caller = sys._getframe(1).f_globals.get("__name__")
        run = os.environ.get("SYMLIB_SEED")
        if run and isinstance(seed, Integral) and caller in PLACES:
            seed = [int(seed), int(run)]
        return default_rng(seed)

    return shifted


def fault_of(page, run):
    """Run a page with the seeds of one run, and return what failed, or nothing."""
    import matplotlib.pyplot as plt
    import numpy as np

    from symlib import claims

    os.environ["SYMLIB_SEED"] = str(run)
    untouched = np.random.default_rng, plt.show, plt.savefig
    np.random.default_rng = other_streams(np.random.default_rng)
    plt.show = plt.savefig = lambda *_, **__: None
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(page), run_name="__main__")
    except claims.ClaimFailed as fault:
        return str(fault)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"
    finally:
        np.random.default_rng, plt.show, plt.savefig = untouched
        plt.close("all")
        with contextlib.redirect_stdout(printed):
            claims.summary()  # forget the checks of a run that broke off
    return ""


def run_all(page, runs):
    """Run a page with many seeds on all cores, print each fault, and return the faults by run."""
    faults = {}
    workers = min(os.cpu_count() or 1, len(runs))
    # fresh processes rather than copies of this one, which are the same on every system
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        asked = {pool.submit(fault_of, page, run): run for run in runs}
        for done in as_completed(asked):
            run = asked[done]
            if fault := done.result():
                faults[run] = fault
                print(f"seed {run}: {fault}", flush=True)
    return faults


def report(page, runs, faults):
    """Return the lines that end a run: how many seeds passed, and which checks failed how often."""
    passed = len(runs) - len(faults)
    lines = [f"{page.stem}: {passed} of {len(runs)} seeds passed"]
    what_failed = Counter(": ".join(fault.split(": ")[:2]) for fault in faults.values())
    lines += [f"  {count} times {what}" for what, count in what_failed.most_common()]
    return "\n".join(lines)


def main(words):
    """Run the page that is asked for, and return what the process is to end with."""
    pages = {path.stem: path for path in sorted(GALLERY.glob("*/plot_*.py"))}
    name = Path(words[0]).stem if words else ""
    count = words[1] if len(words) > 1 else str(COUNT)
    if name not in pages:
        raise SystemExit(f"there is no page {name!r}; there are {', '.join(pages)}")
    if not count.isdecimal() or int(count) < 1:
        raise SystemExit(f"the number of seeds must be 1 or more, got {count!r}")
    alone = os.environ.get("SYMLIB_SEED")
    runs = [int(alone)] if alone else range(1, int(count) + 1)
    os.environ.update(ENVIRONMENT)
    faults = run_all(pages[name], runs)
    print(report(pages[name], runs, faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
