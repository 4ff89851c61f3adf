"""What was registered before the second run: the test, five predictions, and the rules.

A start is compared with another one run by run: run r sees its batches in the same order with
both. The mean difference of the test accuracies, given the test images, has an interval of 90 %,
by Student's t. It is what two one-sided tests at 5 % need.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from rules import Part
from scipy import stats
from second import (
    DATA,
    DEPTHS,
    DIGITS,
    LAYERS,
    LOOKED_AT,
    MNIST,
    NOT_DECIDABLE,
    RATES,
    STARTS,
    WIDENING_RATES,
)
from study import Cell, Table

MARGIN = {1: 0.005, 10: 0.01, 60: 0.01}  # of the test accuracy, by depth
TRAINED = 0.5  # an accuracy above this: the network has learned something
ROUNDING = 1e-6  # a singular value below this, in units of the first, may come from rounding


class Comparison(NamedTuple):
    """How a start did beside the one that it is compared with."""

    verdict: str
    difference: float
    half_width: float


def equivalence(difference: np.ndarray, margin: float) -> Comparison:
    """Decide by two one-sided t tests at 5 % whether the mean difference is within the margin."""
    runs = len(difference)
    mean = float(np.mean(difference))
    error = float(np.std(difference, ddof=1)) / np.sqrt(runs)
    half_width = float(stats.t.ppf(0.95, runs - 1)) * error
    low, high = mean - half_width, mean + half_width
    if -margin < low and high < margin:
        verdict = "equivalent"
    elif high < -margin:
        verdict = "worse"
    elif low > margin:
        verdict = "better"
    else:
        verdict = "undecided"
    return Comparison(verdict, mean, half_width)


def found(table: Table, name: str, data: str, depth: int) -> dict[str, np.ndarray]:
    """Return what was measured of a start."""
    return table[Cell("comparison", name, data, depth, 0)]


def overflowed(table: Table, name: str, data: str, depth: int) -> bool:
    """Say whether a start fails: no step size is left, or a run overflows with the chosen one."""
    one = found(table, name, data, depth)
    return "loss" not in one or bool(np.isinf(one["loss"]).any())


def compared(table: Table, name: str, data: str, depth: int) -> Comparison:
    """Compare a start with the one of its kind; one rule for all starts that overflow."""
    nothing = (float("nan"), float("nan"))
    if (data, depth) in NOT_DECIDABLE:
        return Comparison("not decidable here", *nothing)
    other = STARTS[name].against
    if overflowed(table, name, data, depth):
        return Comparison("fails", *nothing)
    if overflowed(table, other, data, depth):
        return Comparison("the other fails", *nothing)
    own, others = (found(table, one, data, depth)["accuracy"] for one in (name, other))
    return equivalence(own - others, MARGIN[depth])


def accuracy(table: Table, name: str, data: str, depth: int) -> float:
    """Return the mean test accuracy, 0 for a start that fails."""
    if overflowed(table, name, data, depth):
        return 0.0
    return float(np.mean(found(table, name, data, depth)["accuracy"]))


def power(spread: float, margin: float, runs: int, rng: np.random.Generator) -> float:
    """Return how often equal starts are called equivalent, with normal differences."""
    draws = rng.normal(0, spread, (2000, runs))
    return float(np.mean([equivalence(one, margin).verdict == "equivalent" for one in draws]))


# The predictions

BESIDE_ROTATIONS = ("LL Haar, repeated", "LL Hadamard", "LL Hadamard, quadratic signs", "[I; -I]")
AT_SIXTY = (DIGITS[0], MNIST)


def shown(table: Table, name: str, data: str, depth: int) -> str:
    """Return a verdict with its numbers, in points."""
    one = compared(table, name, data, depth)
    if np.isnan(one.difference):
        return one.verdict
    return f"{one.verdict}, {100 * one.difference:+.2f} ± {100 * one.half_width:.2f}"


def one_layer(table: Table) -> list[Part]:
    """Compare mirrored designs with mirrored rotations, one layer deep.

    With one hidden layer no mirrored start without dice is worse than mirrored rotations by more
    than the margin, on any of the three data sets, and Hadamard matrices with quadratic signs are
    equivalent on all.
    """
    parts = []
    for data in DATA:
        for name in BESIDE_ROTATIONS[1:]:
            verdict = compared(table, name, data, 1).verdict
            wanted = ("equivalent", "undecided", "better")
            if name == "LL Hadamard, quadratic signs":
                wanted = ("equivalent",)
            says = f"{data}: {name} {'equivalent' if len(wanted) == 1 else 'not worse'}"
            parts.append(Part(says, verdict in wanted, shown(table, name, data, 1)))
    return parts


def ten_layers(table: Table) -> list[Part]:
    """Compare mirrored designs with mirrored rotations, ten layers deep.

    With ten hidden layers Hadamard matrices with quadratic signs are equivalent to mirrored
    rotations on all three data sets, and the mirrored identity is worse.
    """
    parts = []
    for data in DATA:
        for name, wanted in (("LL Hadamard, quadratic signs", "equivalent"), ("[I; -I]", "worse")):
            verdict = compared(table, name, data, 10).verdict
            says = f"{data}: {name} {wanted}"
            parts.append(Part(says, verdict == wanted, shown(table, name, data, 10)))
    return parts


def sixty_layers(table: Table) -> list[Part]:
    """Ask what makes the repeated Hadamard matrix fail, sixty layers deep.

    With sixty hidden layers, on digits and on MNIST, Hadamard matrices with quadratic signs are
    equivalent to mirrored rotations. So is one rotation repeated in each layer. The Hadamard matrix
    repeated is worse, or fails, with whatever step size is best.
    """
    parts = []
    for data in AT_SIXTY:
        for name in ("LL Hadamard, quadratic signs", "LL Haar, repeated"):
            verdict = compared(table, name, data, 60).verdict
            says = f"{data}: {name} equivalent"
            parts.append(Part(says, verdict == "equivalent", shown(table, name, data, 60)))
        verdict = compared(table, "LL Hadamard", data, 60).verdict
        says = f"{data}: LL Hadamard worse, or fails"
        parts.append(
            Part(says, verdict in ("worse", "fails"), shown(table, "LL Hadamard", data, 60))
        )
    return parts


def pairs(table: Table) -> list[Part]:
    """Ask what the sinusoidal start needs: its rows that sum to 0, or its pairs.

    With sixty hidden layers, on digits and on MNIST, the sine transform, whose pairs meet, has a
    mean accuracy of at least 0.8. The sinusoidal start with its columns permuted stays below 0.3,
    and so do Gaussian weights with rows that sum to 0. A start that fails counts as 0.
    """
    parts = []
    for data in AT_SIXTY:
        reached = accuracy(table, "sine transform", data, 60)
        parts.append(Part(f"{data}: sine transform at least 0.8", reached >= 0.8, f"{reached:.3f}"))
        for name in ("sinusoidal, columns permuted", "Gaussian, centered rows"):
            reached = accuracy(table, name, data, 60)
            parts.append(Part(f"{data}: {name} below 0.3", reached < 0.3, f"{reached:.3f}"))
    return parts


def step_sizes(table: Table) -> list[Part]:
    """Ask whether the grid of step sizes is wide enough.

    At each depth, the chosen step size of each start that has learned something is neither the
    smallest nor the largest of the grid.
    """
    parts = []
    for depth in DEPTHS:
        cells = [(n, d) for n in STARTS for d in DATA if (d, depth) not in NOT_DECIDABLE]
        learned = [cell for cell in cells if accuracy(table, *cell, depth) > TRAINED]
        ends = [
            f"{name} on {data}"
            for name, data in learned
            if found(table, name, data, depth)["step size"][0] in (RATES[0], RATES[-1])
        ]
        numbers = f"at an end: {', '.join(ends) or 'none'}, of {len(learned)}"
        parts.append(Part(f"{depth} layers: all inside", not ends, numbers))
    return parts


def widening_layers(table: Table) -> list[Part]:
    """Ask what a Hadamard start learns in a network that widens.

    Sylvester's first columns have four copies of each row. Held tied, the change of the square
    layers has rank 8 at each step size and each time looked at, and the best loss is above that of
    Paley's matrix, whose rows differ. Left to itself it has rank 8 after ten steps, and more after
    a thousand with the best step size, in one layer at least: rounding parts the copies. Paley's
    has a rank above 8 after ten steps, in one layer at least.
    """
    best = {name: widened(table, name) for name in ("Sylvester", "Sylvester, held tied", "Paley")}
    tied = [
        ninth(table[Cell("widening", "Sylvester, held tied", "a teacher", 3, rate)], step)
        for rate in WIDENING_RATES
        for step in LOOKED_AT
    ]
    losses = {name: float(one["loss"][0]) for name, one in best.items()}
    free, paley = best["Sylvester"], best["Paley"]
    early, late = ninth(free, LOOKED_AT[0]), ninth(free, LOOKED_AT[-1])
    other = ninth(paley, LOOKED_AT[0])
    says = f"held tied: rank {LAYERS[0]}"
    above = losses["Sylvester, held tied"] > losses["Paley"]
    numbers = f"{losses['Sylvester, held tied']:.2g} and {losses['Paley']:.2g}"
    return [
        Part(says, max(tied) < ROUNDING, f"the ninth value is at most {max(tied):.1g}"),
        Part("held tied: a loss above Paley's", above, numbers),
        Part("left alone: rank 8 after ten steps", early < ROUNDING, f"{early:.1g}"),
        Part("left alone: more after a thousand", late > ROUNDING, f"{late:.2g}"),
        Part("Paley: more after ten steps", other > ROUNDING, f"{other:.2g}"),
    ]


def widened(table: Table, name: str) -> dict[str, np.ndarray]:
    """Return what was measured in the widening network with the step size of the least loss."""
    runs = [table[Cell("widening", name, "a teacher", 3, rate)] for rate in WIDENING_RATES]
    return min(runs, key=lambda one: one["loss"][0])


def ninth(one: dict[str, np.ndarray], step: int) -> float:
    """Return the larger ninth singular value of the two square layers, in units of the first."""
    return float(one[f"ninth value, step {step}"].max())


PREDICTIONS = {
    "With one hidden layer mirrored designs are not worse than mirrored rotations": one_layer,
    "With ten, quadratic signs are equivalent to rotations, and the identity is worse": ten_layers,
    "With sixty, a repeated rotation trains, and the repeated Hadamard matrix is worse": (
        sixty_layers
    ),
    "What the sinusoidal start needs is its pairs, and not that its rows sum to 0": pairs,
    "The best step size lies inside the grid": step_sizes,
}
KNOWN = {"What a widening Hadamard start learns beyond rank 8 comes from rounding": widening_layers}


def verdict_of(table: Table, cell: Cell) -> str:
    """Return what a table says of a cell: how its start compares, or if its rank is above 8."""
    if cell.kind == "comparison":
        return compared(table, cell.arm, cell.data, cell.depth).verdict
    return "above" if ninth(table[cell], LOOKED_AT[-1]) > ROUNDING else "not above"
