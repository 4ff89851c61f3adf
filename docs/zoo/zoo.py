"""What is in the initial weights of a hundred networks? The run that fills the tables.

    nox -s zoo                  audits the hundred, and writes findings.csv
    nox -s zoo -- --planted     plants faults in twelve of them, and writes planted.csv
    nox -s zoo -- --held-out    audits those that were held out, and writes held_out.csv
    nox -s zoo -- --consequences
                                measures what some faults do, and writes consequences.json

Each also renews machine.json, with the versions, the date and the hash of each table. A run that
was stopped goes on where it was, unless the audit has changed meanwhile. Which architectures there
are is in ``networks.py``; what a row is, in ``tables.py``.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import platform
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import networks
import tables
from networks import HELD_OUT, HUNDRED, SEED, Architecture, built
from tables import Finding, Planted, Row, pattern_of

from symlib import audit

LIBRARIES = ("torch", "timm", "transformers", "keras", "flax", "jax", "numpy", "scipy")
LARGEST = 200e6  # parameters


def audited(one: Architecture) -> list[Finding]:
    """Build one architecture and return the rows of what the audit finds in it."""
    model = built(one)
    sizes = sizes_of(model)
    if sum(sizes) > LARGEST:
        raise ValueError(f"{one.name} must have at most {LARGEST:.0f} parameters, got {sum(sizes)}")
    what = (one.family, one.name, sum(sizes), len(sizes))
    groups: dict[tuple[str, str], list[audit.Finding]] = {}
    for finding in audit.audit(model):
        groups.setdefault((finding.verdict, finding.kind), []).append(finding)
    rows = []
    for (verdict, kind), group in groups.items():
        names = dict.fromkeys(pattern_of(name) for finding in group for name in finding.arrays)
        worst = min(group, key=lambda finding: finding.chance)
        numbers = (float(worst.measured), float(worst.expected), float(worst.chance), worst.why)
        rows.append(Finding(*what, verdict, kind, len(group), " ".join(names), *numbers))
    return rows or [Finding(*what, "", "", 0, "", 0.0, 0.0, 1.0, "")]


def sizes_of(model: Any) -> list[int]:
    """Return how many numbers each array of a model holds."""
    if hasattr(model, "trainable_weights"):
        return [int(value.numpy().size) for value in model.weights]
    if hasattr(model, "parameters"):
        return [value.numel() for value in model.parameters()]
    import jax

    return [leaf.size for leaf in jax.tree.leaves(model)]


def run(
    wanted: Sequence[Architecture],
    path: Path,
    kind: type[Row],
    measure: Callable[[Architecture], list[Row]],
) -> None:
    """Measure all architectures, keep each as it is finished, and write the table."""
    audit_used = tables.digest_of_audit()  # of the modules that are imported
    partial = path.with_suffix(f".{audit_used[:8]}.partial.csv")
    done = tables.read(partial, kind) if partial.exists() else []
    for one in wanted:
        if any(row.architecture == one.name for row in done):
            continue
        print(one.family, one.name, flush=True)
        done += measure(one)
        tables.write(done, partial, kind)
        gc.collect()
    order = [one.name for one in wanted]
    done = [row for row in done if row.architecture in order]
    done.sort(key=lambda row: order.index(row.architecture))
    tables.write(done, path, kind)
    partial.unlink()
    store_machine(path, audit_used)


def store_machine(path: Path, audit_used: str) -> None:
    """Store with a table what it was made by."""
    stored = tables.machine() if tables.MACHINE.exists() else {"tables": {}, "runs": {}}
    stored["tables"][path.name] = tables.digest([path])
    stored["runs"][path.name] = {
        "date": datetime.now(UTC).date().isoformat(),
        "seed": SEED,
        "audit": audit_used,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
    }
    tables.MACHINE.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Audit the initial weights of many networks.")
    parser.add_argument("--planted", action="store_true", help="plant faults in twelve networks")
    parser.add_argument("--held-out", action="store_true", help="audit what was held out")
    parser.add_argument("--consequences", action="store_true", help="measure what faults do")
    given = parser.parse_args()
    networks.stay_offline()
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    import torch

    torch.set_num_threads(1)
    if given.consequences:
        import consequences

        consequences.measure()
        store_machine(consequences.STORED, tables.digest_of_audit())
    elif given.planted:
        import planted

        run(planted.TWELVE, tables.PLANTED, Planted, planted.planted)
    elif given.held_out:
        run(HELD_OUT, tables.HELD_OUT, Finding, audited)
    else:
        run(HUNDRED, tables.FINDINGS, Finding, audited)


if __name__ == "__main__":
    main()
