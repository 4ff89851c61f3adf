"""What the command reads, and what it says while it works."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from symlib._audit_subject import LAYOUTS
from symlib._audit_verdicts import KINDS, Finding

__all__ = ["options", "progress", "written_json"]

_PATIENCE: Final = 1.0  # seconds without a word
_INTERVAL: Final = 0.2

_ABOUT: Final = """\
Look at the initial weights in a file, and say what is wrong with them and why.

The arrays of the file are compared with what independent random entries look like: copies of rows
and heads, rows of one sign, single entries far out, layers from one seed, lost rank, and more.
Save the weights of a model right after it is built, before the first step:

  safetensors.torch.save_model(model, "start.safetensors")                 # PyTorch
  np.savez("start.npz", **{w.path: w.numpy() for w in model.weights})      # Keras
  symlib-audit start.safetensors

With --after, two files are compared: what is still equal, still zero, or never moved after some
steps. That needs no law, and decides what one file cannot:

  symlib-audit start.safetensors --after step10.safetensors
"""

_VERDICTS: Final = """\
verdicts:
  fault   neither chance (below 1e-12 for the whole model) nor design: exit 1
  look    real, and may be meant: exit 1 with --strict only
  note    for whoever asked, such as the scale of a layer

kinds, for --allow 'kind:pattern of names':
{kinds}

examples:
  symlib-audit start.safetensors --allow 'zero:*lora_B*' --allow '*rel_pos*'
  symlib-audit start.npz --layout keras --json > findings.json

Pickles (.pt, .pth, .bin) run code when they are read, and are not: convert them, in a place you
trust, by torch.load(path, weights_only=True) and safetensors.torch.save_file.

exit status: 0 nothing, or nothing that counts; 1 a fault; 2 a bad call or a file that is damaged.
"""


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command was called with, or leave with a sentence and status 2."""
    parser = argparse.ArgumentParser(
        prog="symlib-audit",
        description=_ABOUT,
        epilog=_VERDICTS.format(kinds=_listed_kinds()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", help="a .safetensors or .npz file")
    parser.add_argument("--after", metavar="PATH", help="the same arrays after some steps")
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        help="where units are: the first axis (torch) or the last (keras, flax); by the names else",
    )
    parser.add_argument(
        "--allow",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out what is meant: names, or kind:names, with * and ?; may be repeated",
    )
    parser.add_argument(
        "--chance",
        type=_probability,
        default=1e-3,
        help="how probable it may be that a clean model shows anything (default 0.001)",
    )
    parser.add_argument(
        "--thorough", action="store_true", help="look at all pairs of rows and all singular values"
    )
    parser.add_argument("--strict", action="store_true", help="a look is an error as well")
    parser.add_argument("--json", action="store_true", help="write findings as JSON")
    return parser.parse_args(arguments)


def written_json(findings: Sequence[Finding]) -> str:
    """Return findings as JSON, in which numbers that are not finite are null."""
    listed = []
    for finding in findings:
        fields = finding._asdict()
        for name, value in fields.items():
            if isinstance(value, float) and not math.isfinite(value):
                fields[name] = None
        listed.append(fields)
    return json.dumps(listed, indent=2)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that says, on a terminal and after a second, which array is looked at."""
    started = time.monotonic()
    last = started
    count = 0
    is_shown = False

    def tell(name: str) -> None:
        nonlocal last, count, is_shown
        count += 1
        now = time.monotonic()
        if not sys.stderr.isatty() or now - started < _PATIENCE or now - last < _INTERVAL:
            return
        last = now
        is_shown = True
        print(
            f"\r\033[K{count} arrays, {now - started:.0f} s: {name[:60]}", end="", file=sys.stderr
        )

    try:
        yield tell
    finally:
        if is_shown:
            print("\r\033[K", end="", file=sys.stderr)


def _probability(text: str) -> float:
    """Return a number between 0 and 1."""
    value = float(text)
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text}")
    return value


def _listed_kinds() -> str:
    """Return the kinds by their verdicts, in lines that fit a terminal."""
    lines = []
    for verdict in ("fault", "look", "note"):
        names = [kind for kind, rule in KINDS.items() if rule.verdict == verdict]
        line = f"  {verdict:<6}"
        for name in names:
            if len(line) + len(name) > 92:
                lines.append(line)
                line = " " * 8
            line += f"  {name}," if name != names[-1] else f"  {name}"
        lines.append(line)
    return "\n".join(lines)
