"""What was registered before the run: six predictions, and the rule that decides each.

A prediction has parts, and each part comes out true or false in the table of results. All true:
the prediction is *confirmed*. All false: *refuted*. Otherwise it is *mixed*, part by part.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from arms import ARMS, DICE, MIRRORED, NARROW, ZERO
from study import DEEP, DEPTHS, EXPANDING_RATES, FAMILIES, RATES, SHALLOW, Cell, Table

ALLOWANCE = 0.01  # in accuracy, around the band: the noise of a test set of this size
SAME = 1e-9  # two outputs nearer than this, in units of their inputs, are the same


class Part(NamedTuple):
    """One sentence of a prediction, whether it came true, and the numbers that decide."""

    says: str
    holds: bool
    numbers: str


def verdict(parts: list[Part]) -> str:
    """Return what follows from the parts of a prediction."""
    held = {bool(part.holds) for part in parts}
    return {(True,): "confirmed", (False,): "refuted"}.get(tuple(held), "mixed")


# What the rules read from the table


def best(table: Table, arm: str, name: str, depth: int) -> dict[str, np.ndarray]:
    """Return what was measured with the step size of the least median training loss."""
    kind, rates = ("training", RATES) if name in SHALLOW else ("expanding", EXPANDING_RATES)
    runs = [table[Cell(kind, arm, name, depth, rate)] for rate in rates]
    return min(runs, key=lambda found: np.median(found["loss"]))


def accuracy(table: Table, arm: str, name: str, depth: int) -> float:
    """Return the median test accuracy with the best step size."""
    return float(np.median(best(table, arm, name, depth)["accuracy"]))


def band(table: Table, name: str, depth: int) -> tuple[float, float]:
    """Return the accuracies of the worst and the best Gaussian seed, with the allowance."""
    found = best(table, "Gaussian", name, depth)["accuracy"]
    return found.min() - ALLOWANCE, found.max() + ALLOWANCE


def least_ratio(table: Table, arm: str, family: str) -> float:
    """Return the smallest ratio of distances after one layer, in the worst seed."""
    cell = Cell("separation", arm, family, max(DEPTHS), 0)
    return float(table[cell]["least ratio, 1 layers"].min())


def gram_gain(table: Table, arm: str, name: str) -> float:
    """Return how many times smaller the Gram error is than that of the median Gaussian seed."""
    error = {one: table[Cell("gram_matrix", one, name, 1, 0)]["error"] for one in ("Gaussian", arm)}
    return float(np.median(error["Gaussian"]) / np.median(error[arm]))


# The predictions


def shallow_networks(table: Table) -> list[Part]:
    """Compare the accuracies of networks with one hidden layer.

    On each of the four data sets the median accuracy of each zero-bit arm lies between the worst
    and the best of the Gaussian seeds, give or take 0.01, and that of the constant start below.
    """
    parts = []
    for name in SHALLOW:
        low, high = band(table, name, 1)
        found = {arm: accuracy(table, arm, name, 1) for arm in (*ZERO, "constant")}
        outside = [f"{arm} {found[arm]:.3f}" for arm in ZERO if not low <= found[arm] <= high]
        numbers = f"band {low:.3f} to {high:.3f}; outside: {', '.join(outside) or 'none'}"
        parts.append(Part(f"{name}: no zero-bit arm outside the band", not outside, numbers))
        number = f"{found['constant']:.3f}"
        parts.append(Part(f"{name}: the constant below it", found["constant"] < low, number))
    return parts


def quasi_random_weights(table: Table) -> list[Part]:
    """Compare the errors of Gram matrices.

    For the Kronecker and the Sobol arm the error of the Gram matrix of 1024 units is smaller than
    that of the median Gaussian seed, for centered digits in 64 and in 3 dimensions, and the factor
    is larger in 3.
    """
    parts = []
    for arm in ("Kronecker", "Sobol"):
        many, few = (gram_gain(table, arm, f"digits, {x}") for x in ("centered", "3 components"))
        numbers = f"{few:.2f} times smaller in 3 dimensions, {many:.2f} times in 64"
        parts.append(Part(f"{arm}: smaller in both", min(many, few) > 1, numbers))
        parts.append(Part(f"{arm}: more so in 3 dimensions", few > many, numbers))
    return parts


def aligned_inputs(table: Table) -> list[Part]:
    """Compare the smallest ratios of distances after one layer.

    After one layer with as many units as inputs, each zero-bit arm makes two inputs of one of the
    four natural families the same, to 1e-9, and those of the insider. No arm with dice does so in
    a natural family, whatever the seed, and no arm with a normal number for each weight to the
    insider's pair. And it is the alignment: with all inputs rotated the smallest ratio of each of
    these zero-bit arms is at least half of that of the worst Gaussian seed.
    """
    *natural, insider = FAMILIES
    turned = [f"{family}, rotated" for family in FAMILIES]
    normal = [arm for arm in DICE if ARMS[arm].bits == ARMS["Gaussian"].bits]
    least = {
        (arm, family): least_ratio(table, arm, family)
        for arm in (*NARROW, *DICE)
        for family in (*FAMILIES, *turned)
    }
    see_natural = [arm for arm in NARROW if min(least[arm, f] for f in natural) >= SAME]
    see_insider = [arm for arm in NARROW if least[arm, insider] >= SAME]
    with_dice = min((least[arm, f], arm, f) for arm in DICE for f in natural)
    with_normal = min((least[arm, insider], arm) for arm in normal)
    share = min((least[arm, f] / least["Gaussian", f], arm, f) for arm in NARROW for f in turned)
    return [
        Part("each is blind in a natural family", not see_natural, _listed(see_natural)),
        Part("each is blind to the insider's pair", not see_insider, _listed(see_insider)),
        Part("dice protect in all natural families", with_dice[0] >= SAME, _least(with_dice)),
        Part(
            "normal weights protect from the insider", with_normal[0] >= SAME, _least(with_normal)
        ),
        Part("rotated, none is far below the Gaussian", share[0] >= 0.5, _least(share)),
    ]


def sixty_layers(table: Table) -> list[Part]:
    """Compare the accuracies of networks with sixty hidden layers.

    The median accuracy of each mirrored zero-bit arm is at least 0.9, that of the Gaussian start
    below 0.8, with 64 units and with 128.
    """
    parts = []
    for name in DEEP:
        for arm in MIRRORED:
            found = accuracy(table, arm, name, 60)
            parts.append(Part(f"{name}: {arm} at least 0.9", found >= 0.9, f"{found:.3f}"))
        for arm in ("Gaussian", "Gaussian, 128 units"):
            found = accuracy(table, arm, name, 60)
            parts.append(Part(f"{name}: {arm} below 0.8", found < 0.8, f"{found:.3f}"))
    return parts


def same_matrix(table: Table) -> list[Part]:
    """Compare the losses of mirrored networks with thirty hidden layers.

    At thirty layers the median final training loss of mirrored Hadamard matrices is above that of
    mirrored random rotations. With quadratic signs it is at most that of their worst seed.
    """
    parts = []
    for name in DEEP:
        arms = ("LL Hadamard", "LL Hadamard, quadratic signs", "LL Haar")
        repeated, signed, random = (best(table, arm, name, 30)["loss"] for arm in arms)
        numbers = f"{np.median(repeated):.2g}, against {np.median(random):.2g}"
        costs = bool(np.median(repeated) > np.median(random))
        parts.append(Part(f"{name}: the repeated matrix loses more", costs, numbers))
        numbers = f"{np.median(signed):.2g}, against at most {random.max():.2g}"
        inside = bool(np.median(signed) <= random.max())
        parts.append(Part(f"{name}: quadratic signs stay in the band", inside, numbers))
    return parts


def widening_layers(table: Table) -> list[Part]:
    """Compare the ranks of what the square layers learned after a widening one.

    The change of both square layers has rank 8 after a partial identity, more after a Hadamard
    matrix, and 32 in the median Gaussian seed. The losses have the opposite order.
    """
    arms = ("partial identity", "Hadamard", "Gaussian")
    found = [best(table, arm, "a teacher", 3) for arm in arms]
    losses = [float(np.median(one["loss"])) for one in found]
    ranks = [[int(np.median(one[f"rank {k}"])) for k in (1, 2)] for one in found]
    numbers = [" and ".join(map(str, pair)) for pair in ranks]
    order = ", ".join(f"{value:.2g}" for value in losses)
    return [
        Part("partial identity: rank 8", ranks[0] == [8, 8], numbers[0]),
        Part("Hadamard: rank above 8", min(ranks[1]) > 8, numbers[1]),
        Part("Gaussian: rank 32", ranks[2] == [32, 32], numbers[2]),
        Part("each loss is below the one before", losses[0] > losses[1] > losses[2], order),
    ]


PREDICTIONS = {
    "With one hidden layer no start without dice leaves the Gaussian band, except the constant": (
        shallow_networks
    ),
    "Quasi-random weights come nearer to the limit Gram matrix, the more so in 3 dimensions": (
        quasi_random_weights
    ),
    "A start without dice is blind to inputs that can be named beforehand, and dice protect": (
        aligned_inputs
    ),
    "At sixty layers isometry decides, and not chance": sixty_layers,
    "The same matrix in each layer costs, and quadratic signs repair it": same_matrix,
    "In a network that widens a partial identity learns only as many dimensions as it has inputs": (
        widening_layers
    ),
}


def replaces_dice(table: Table, arm: str) -> dict[str, bool]:
    """Say whether an arm is as good as dice: in training, at each depth, and on each family.

    This is what would count as "yes": in or above the Gaussian band everywhere, and blind nowhere.
    """
    parts = {
        "one hidden layer": all(accuracy(table, arm, n, 1) >= band(table, n, 1)[0] for n in SHALLOW)
    }
    for depth in DEPTHS[1:]:
        low = {name: band(table, name, depth)[0] for name in DEEP}
        parts[f"{depth} layers"] = all(accuracy(table, arm, n, depth) >= low[n] for n in DEEP)
    parts["blind nowhere"] = all(least_ratio(table, arm, family) >= SAME for family in FAMILIES)
    return parts


def _listed(exceptions: list[str]) -> str:
    return f"exceptions: {', '.join(exceptions) or 'none'}"


def _least(found: tuple[float | str, ...]) -> str:
    number, *where = found
    return f"least {number:.3f}, {', '.join(map(str, where))}"
