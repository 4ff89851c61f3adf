r"""Look at a whole model's initial weights, and say what is wrong with them and why.

Many faults of a start are silent. A model with two equal heads, a row that nobody drew, or one seed
for all its layers can train, if worse, and each of these can be seen in its arrays before the first
step.

`symlib.audit.audit` looks at the arrays of a model one by one and beside each other. What it calls
surprising follows from the laws of independent random entries: how long a row is, how nearly
parallel two of a thousand rows are, how large a singular value gets. There is one probability for
the whole model, ``chance``, which is divided by the number of checks that were made: of a thousand
clean models one shows something by chance. `compare` looks at two snapshots, before and after some
steps, and decides what one cannot: what was equal and still is, what was 0 and still is, what never
moved. `check_start` is an assertion for a test suite, and `table` writes findings for a terminal.

A finding has one of three verdicts. A *fault* is what neither chance nor design makes: its chance
is below :math:`10^{-12}` for the whole model, its array is trained, does not look like a table and
holds more than a few values; so is what `compare` proves, but for arrays that may be untrained. A
*look* is real and may be meant: a last layer that is 0, layers that are equal, rows of another
length. A *note* is for whoever asked. The scale of a layer is never more than a note, as before a
normalization it is a learning rate.

Arrays alone do not say everything. Whether a copy is a tie depends on what is made of it, as
`symlib.symmetry` tells; whether a layer of zeros is right depends on the path around it. Both are
left to `compare`.

In a shell, ``python -m symlib.audit model.safetensors`` does the same for a file, and ``--help``
teaches it. Only safetensors and npz files are read, as pickles run code.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from symlib._arrays import choice, flag, has_entries, number, shown
from symlib._audit_across import Among, Kept, compare_arrays
from symlib._audit_array import examine
from symlib._audit_command import options, progress, written_json
from symlib._audit_compare import Moved, compare_entry, still_equal_arrays
from symlib._audit_names import matches
from symlib._audit_sources import Entry, entries
from symlib._audit_subject import LAYOUTS, Evidence, looks_designed
from symlib._audit_sweep import HEAD, Sweep
from symlib._audit_verdicts import KINDS, Finding, judged, sorted_findings, written_table
from symlib._layers import Network
from symlib._safetensors import open_arrays, read_safetensors

__all__ = ["Finding", "audit", "check_start", "compare", "read_safetensors", "table"]

_LONGEST_BIAS: Final = 2**20
_Tell = Callable[[str], None]


def audit(
    arrays: object,
    *,
    layout: str | None = None,
    chance: float = 1e-3,
    allow: Sequence[str] = (),
    thorough: bool = False,
) -> list[Finding]:
    r"""Return what is wrong with the initial weights of a model, the worst first.

    Parameters
    ----------
    arrays : mapping of str to array, iterable of (str, array), or a model
        The weights by their names. Pairs are taken one at a time, so that a file larger than the
        memory can be looked at. A model of PyTorch or Keras, or the parameters of a Flax model,
        says besides which arrays are trained and which are one and the same. Of a
        `symlib.network.Network` the order of the layers is known as well, and so are units that
        are tied by sums. Arrays without floating-point numbers are left out.
    layout : {"torch", "keras", "flax"}, optional
        Where units are: along the first axis (torch), or along the last one (keras, flax). By
        default as the model says, or else along the last axis of what is called a kernel and the
        first one of all else. Rows and columns of matrices are looked at alike.
    chance : float
        How probable it may be that a clean model of this size shows anything; between 0 and 1.
    allow : sequence of str
        Patterns of what is meant: of names, ``"*lora_B*"``, or of kinds and names,
        ``"zero:*head*"``.
    thorough : bool
        Whether all pairs of rows, all singular values and the rank of all rows are looked at, and
        not samples of 48 units, 1024 by 1024 entries and 256 rows. That takes a time that grows
        with the width.

    Returns
    -------
    list of Finding

    Raises
    ------
    TypeError, ValueError
        If an array is not of real numbers, is quantized, or has a name that comes twice or cannot
        be printed, or if there is none.

    Notes
    -----
    What is looked for, and by which law chance is judged, for n rows of d independent entries:

    - *not finite*, *garbage*: NaN, infinity; entries beyond 10⁶, or all below 10⁻²⁰ (set by hand).
    - *equal rows*, *equal columns*, *equal slices* (heads, experts, members), also up to the sign
      and to a factor: n² / 2 times the chance that two entries are equal, to the power d.
    - *similar rows*: 1 - c² of the cosine of two rows has the law Beta((d - 1) / 2, 1 / 2).
    - *one-signed rows*: n (q^d + (1 - q)^d) with the share q of positive entries.
    - *single entries*: the normal law. *shared mean*: Student's. *row norms*: Fisher's.
    - *correlated rows*: the largest singular value is beyond √n + √d + t with a chance of at most
      exp(-t² / 2). *lost rank*: the squared distance of row i from those before is chi-squared
      with d - i degrees of freedom.
    - *equal arrays*, *query = key*, *same stream* (beginnings that agree up to a factor and a
      shift, as one seed for all layers makes them), *similar arrays* (the law of a correlation).
    - *zero*, *constant*, *zero rows*, *zero path* (both factors of a path, by their names),
      *dead biases* (beside the norms of their rows), *low-precision ties* (rows that become equal
      in bfloat16 or float16).
    - *tied units*: what `symlib.symmetry.tied_units` says of a `symlib.network.Network`.
    - *scale* (Fisher's law among arrays of one name and shape), *shared*, *equal tables*,
      *padding*: notes.

    The laws are exact for Gaussian entries. For uniform, cut and orthogonal ones, over eight shapes
    from (32, 3) to (64, 576) together, what should happen in 5 % of the draws did in 0 to 8 %.

    Each array is walked over once, in blocks, and a few thousand of its numbers are kept.

    References
    ----------
    Davidson and Szarek, "Local operator theory, random matrices and Banach spaces", *Handbook of
    the Geometry of Banach Spaces* 1, Elsevier 2001, Theorem II.13.

    Examples
    --------
    A row of a matrix is a copy of another one:

    >>> import numpy as np
    >>> from symlib.audit import audit
    >>> weight = np.random.default_rng(0).standard_normal((64, 32))
    >>> weight[7] = weight[3]
    >>> (finding,) = audit({"fc.weight": weight})
    >>> finding.kind, finding.verdict
    ('equal rows', 'fault')
    >>> finding.why
    '63 of 64 rows are distinct: rows 3 and 7 are equal'
    """
    admitted = _admit_layout(layout)
    chance = number("chance", chance, above=0.0, below=1.0)
    patterns = _admit_patterns(allow)
    is_thorough = flag("thorough", thorough)
    stream = entries("arrays", arrays, admitted)
    found = _audited(stream, chance, is_thorough, _silent)
    if isinstance(arrays, Network):
        found += _tied(arrays, found)
    return _parted(found, patterns).kept


def compare(
    before: object, after: object, *, layout: str | None = None, allow: Sequence[str] = ()
) -> list[Finding]:
    """Return what some steps of training did not part, or did not move, the worst first.

    Parameters
    ----------
    before, after : mappings of str to array, iterables of (str, array), or models
        The same arrays at two times. Names that only one of them has are left out. A model changes
        as it is trained: copy its weights before.
    layout : {"torch", "keras", "flax"}, optional
        As in `symlib.audit.audit`.
    allow : sequence of str
        As in `symlib.audit.audit`.

    Returns
    -------
    list of Finding
        *still equal*: rows, columns, slices, or whole arrays that were equal up to the sign, moved,
        and are equal. *still zero* and *never moved*: arrays that are what they were. All of these
        are faults in arrays that are trained; as a file or a mapping does not say what is trained,
        *never moved* is a look there, and so it is for vectors. *rows never moved* is a look: such
        units may never be on.

    Raises
    ------
    TypeError, ValueError
        As in `symlib.audit.audit`, and if an array changed its shape or no name is common.

    Notes
    -----
    Equality is that of bits, so that no chance is involved; but not all that stays is at fault:
    what is frozen stays, an embedding moves only where it was read, and in bfloat16 a small step is
    rounded away. Make a few steps, not one: the first step of Adam moves every entry by the rate,
    up or down, after which short rows may be equal by chance. And do not decide by Adam that there
    is no gradient: what is below its epsilon hardly moves, and weight decay moves what has none.

    Examples
    --------
    >>> import numpy as np
    >>> from symlib.audit import compare
    >>> start = {"up.weight": np.ones((3, 2)), "down.weight": np.zeros((2, 3))}
    >>> later = {"up.weight": np.tile([0.5, 0.7], (3, 1)), "down.weight": np.zeros((2, 3))}
    >>> for finding in compare(start, later):
    ...     print(finding.verdict, finding.kind, finding.arrays)
    fault still equal ('up.weight',)
    fault still zero ('down.weight',)
    """
    admitted = _admit_layout(layout)
    patterns = _admit_patterns(allow)
    first = entries("before", before, admitted)
    later = {entry.name: entry for entry in entries("after", after, admitted)}
    return _parted(_compared(first, later, _silent), patterns).kept


def check_start(
    arrays: object,
    *,
    layout: str | None = None,
    allow: Sequence[str] = (),
    strict: bool = False,
) -> None:
    """Raise an AssertionError, with the table of what is wrong, unless a start is in order.

    Parameters
    ----------
    arrays, layout, allow
        As in `symlib.audit.audit`.
    strict : bool
        Whether a look is an error as well as a fault.

    Raises
    ------
    AssertionError
        If there is a fault, or a look where ``strict`` asks for it.

    Examples
    --------
    >>> import numpy as np
    >>> from symlib.audit import check_start
    >>> check_start({"fc.weight": np.random.default_rng(0).standard_normal((64, 32))})
    """
    is_strict = flag("strict", strict)
    wrong = _wrong(audit(arrays, layout=layout, allow=allow), is_strict)
    if wrong:
        raise AssertionError(f"the initial weights must be in order, got {written_table(wrong)}")


def table(findings: Sequence[Finding]) -> str:
    """Return findings as a terminal shows them, the worst first.

    Parameters
    ----------
    findings : sequence of Finding
        Those of one kind whose names differ in numbers only share an entry. Twelve are shown.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> from symlib.audit import audit, table
    >>> print(table(audit({"head.weight": np.zeros((10, 32))})))
    1 look
    <BLANKLINE>
    LOOK  zero                head.weight
          all 320 entries are 0
          do: right for a last layer or one factor of a path, not for both
          page: gallery/networks/plot_residual_zero
    """
    return written_table(_admit_findings(findings))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the status to end with: 0, 1 for a fault, 2 for a bad call."""
    asked = options(arguments)
    try:
        found, unused = _asked(asked)
    except (TypeError, ValueError) as error:
        print(f"symlib-audit: error: {error}", file=sys.stderr)
        return 2
    for pattern in unused:
        print(f"symlib-audit: note: --allow {pattern!r} matches no finding", file=sys.stderr)
    try:
        print(written_json(found) if asked.json else written_table(found), flush=True)
    except BrokenPipeError:  # who reads has seen enough; Python would write the rest at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if _wrong(found, asked.strict) else 0


# What the functions above share


class _Parted(NamedTuple):
    """The findings that are not allowed, the worst first, and the patterns that allow nothing."""

    kept: list[Finding]
    unused: list[str]


def _asked(asked: Any) -> _Parted:
    """Return what the command was asked for."""
    patterns = _admit_patterns(asked.allow)
    with progress() as tell:
        first = entries("path", open_arrays(asked.path), asked.layout)
        if asked.after is None:
            found = _audited(first, asked.chance, asked.thorough, tell)
        else:
            stream = entries("path", open_arrays(asked.after), asked.layout)
            later = {entry.name: entry for entry in stream}
            found = _compared(first, later, tell)
    return _parted(found, patterns)


def _audited(stream: Iterable[Entry], chance: float, thorough: bool, tell: _Tell) -> list[Finding]:
    """Return the findings in a stream of arrays."""
    kept: list[Kept] = []
    seen: list[Among] = []
    trained: dict[str, bool] = {}
    for entry in stream:
        tell(entry.name)
        trained[entry.name] = entry.is_trained
        if entry.shared_with:
            why = f"the same array as {entry.shared_with}"
            seen.append(((entry.name,), Evidence("shared", 0.0, 1.0, 2.0, why)))
            continue
        found, evidence = examine(
            entry.name,
            entry.array,
            layout=entry.layout,
            is_trained=entry.is_trained,
            is_looked_up=entry.is_looked_up,
            thorough=thorough,
        )
        seen += [((entry.name,), one) for one in evidence]
        if found is not None:
            kept.append(_kept(entry, found))
    if not trained:
        raise ValueError("arrays must hold at least one array of floating-point numbers, got none")
    seen += compare_arrays(kept)
    findings = []
    for names, one in seen:
        for_all = min(1.0, one.chance * len(seen))
        if for_all <= chance:
            is_soft = one.is_soft or not all(trained[name] for name in names)
            findings.append(_finding(names, one, for_all, is_soft=is_soft))
    return findings


def _tied(network: Network, found: Sequence[Finding]) -> list[Finding]:
    """Return which hidden layers of a network have units that descent cannot tell apart."""
    from symlib.symmetry import tied_units  # here, as its import takes its time

    if any(finding.kind == "not finite" for finding in found):
        return []
    try:
        labels = tied_units(network).labels
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"arrays must be a network whose parts fit, got one where {error}"
        ) from None
    findings = []
    for k, of_layer in enumerate(labels):
        units = of_layer.size
        classes = int(of_layer.max()) + 1
        if of_layer.ndim > 1 or classes == units:
            continue
        names = (f"layers.{k}.weight", f"layers.{k + 1}.weight")
        why = (
            f"of {units} units of hidden layer {k} descent tells {classes} apart: what they read "
            "from, and send to, each class of units is the same in total"
        )
        one = Evidence("tied units", 0.0, float(classes), float(units), why)
        findings.append(_finding(names, one, 0.0, is_soft=False))
    return findings


def _compared(first: Iterable[Entry], later: dict[str, Entry], tell: _Tell) -> list[Finding]:
    """Return the findings in two snapshots."""
    seen: list[Among] = []
    moved: list[Moved] = []
    names = []
    for entry in first:
        other = later.get(entry.name)
        if other is None or entry.shared_with:
            continue
        tell(entry.name)
        if other.array.shape != entry.array.shape:
            raise ValueError(
                f"after[{shown(entry.name)}] must be an array of shape {entry.array.shape}, as "
                f"before, got shape {other.array.shape}"
            )
        names.append(entry.name)
        one, evidence = compare_entry(entry, other)
        seen += evidence
        if one is not None:
            moved.append(one)
    if not names:
        raise ValueError("after must have arrays of the names in before, got none")
    if not moved and all(one.kind not in ("not finite", "garbage") for _, one in seen):
        why = (
            "no array changed at all: was a step made, and is *before* a copy? If so, none can move"
        )
        seen = [(tuple(names), Evidence("never moved", 0.0, 0.0, 1.0, why))]
    seen += still_equal_arrays(moved)
    return [_finding(names, one, 0.0, is_soft=one.is_soft) for names, one in seen]


def _kept(entry: Entry, found: Sweep) -> Kept:
    """Return what is kept of an array once it was walked over."""
    array = entry.array
    norms = [np.sqrt(side.squares) for side in found.sides]
    is_bias = array.ndim == 1 and array.size <= _LONGEST_BIAS and "bias" in entry.name
    return Kept(
        name=entry.name,
        shape=array.shape,
        checksum=found.checksum,
        entries=found.entries,
        mean_square=found.squares / found.entries,
        kurtosis=found.kurtosis,
        head=found.head[:HEAD].astype(np.float32),
        down=found.down[:24].astype(np.float32),
        norms=tuple(norms) if array.ndim > 1 else (),
        values=array.astype(np.float64) if is_bias else None,
        is_zero=found.squares == 0.0,
        is_constant=found.lowest == found.highest,
        is_soft=looks_designed(entry.name, found),
        is_trained=entry.is_trained,
    )


def _finding(names: tuple[str, ...], one: Evidence, chance: float, *, is_soft: bool) -> Finding:
    return judged(names, one.kind, chance, one.measured, one.expected, one.why, is_soft=is_soft)


def _parted(findings: Sequence[Finding], allow: Sequence[str]) -> _Parted:
    """Return the findings that no pattern allows, and the patterns that allow none."""
    kinds = tuple(KINDS)
    kept = []
    used = set()
    for finding in findings:
        allowing = [
            pattern
            for pattern in allow
            if all(matches(pattern, finding.kind, name, kinds) for name in finding.arrays)
        ]
        used.update(allowing)
        if not allowing:
            kept.append(finding)
    return _Parted(sorted_findings(kept), [pattern for pattern in allow if pattern not in used])


def _wrong(findings: Sequence[Finding], strict: bool) -> list[Finding]:
    """Return the findings that are errors."""
    verdicts = ("fault", "look") if strict else ("fault",)
    return [finding for finding in findings if finding.verdict in verdicts]


def _admit_layout(layout: object) -> str | None:
    return None if layout is None else choice("layout", layout, LAYOUTS)


def _admit_patterns(allow: object) -> list[str]:
    """Return the patterns when they are a sequence of texts."""
    wanted = "a sequence of patterns of names"
    if isinstance(allow, str | bytes) or not has_entries(allow):
        raise TypeError(f"allow must be {wanted}, got {shown(allow)}")
    patterns = list(allow)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise TypeError(f"allow must be {wanted}, got {shown(pattern)} among them")
    return patterns


def _admit_findings(findings: object) -> list[Finding]:
    wanted = "findings of audit or compare"
    if not isinstance(findings, list | tuple):
        raise TypeError(f"findings must be {wanted}, got {shown(findings)}")
    for finding in findings:
        if not isinstance(finding, Finding):
            raise TypeError(f"findings must be {wanted}, got {shown(finding)} among them")
    return list(findings)


def _silent(name: str) -> None:
    """Tell nobody."""


if __name__ == "__main__":
    sys.exit(main())
