"""Can dice be replaced? The data of the study, its cells, and the run of all of them.

    python docs/study/study.py --jobs 2

writes ``results.csv`` beside this file. Finished cells are kept in ``results.partial.jsonl``, so
that a run that was stopped goes on where it was. The arms are in ``arms.py``, the predictions and
the rules that decide them in ``rules.py``.
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from arms import ARMS, DICE, SEEDS, WIDTH, generator, hidden_layers, mirror, rotations
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_breast_cancer, load_digits
from threadpoolctl import threadpool_limits

from symlib import designs, weights
from symlib.gram import limit_gram, relu_gram
from symlib.isometry import distortion
from symlib.network import Layer, Network, forward, loss
from symlib.nullspace import null_basis
from symlib.training import descend

TABLE = Path(__file__).with_name("results.csv")

ORDERS = 3  # of the batches, for each fixed start
DEPTHS = (1, 3, 10, 30, 60)  # hidden layers
RATES = (0.003, 0.01, 0.03, 0.1)  # step sizes; from a pilot with the Gaussian arm alone
EPOCHS, BATCH, MOMENTUM = 12, 50, 0.9
UNITS, SAMPLES = 1024, 100  # of the Gram matrices
FAMILIES = ("pixels", "Walsh", "waves", "gray", "insider")  # of inputs made to be lost
SHALLOW = ("digits, raw", "digits, centered", "digits, rotated", "breast cancer")
DEEP = ("digits, centered", "digits, rotated")  # what the deeper networks learn
GRAMS = ("digits, raw", "digits, centered", "digits, 3 components")
LAYERS = (8, 32, 32, 32, 4)  # of the networks that widen
EXPANDING_RATES, EXPANDING_STEPS = (0.01, 0.03, 0.1, 0.3), 1000


# The data


@functools.cache
def data(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs and labels to train on and to test on, every third sample.

    A mean square of 1 on the training inputs in all cases.
    """
    x, y = (load_breast_cancer if name == "breast cancer" else load_digits)(return_X_y=True)
    test = np.arange(len(x)) % 3 == 2
    if name != "digits, raw":
        x = x - x[~test].mean(axis=0)
    if name == "breast cancer":
        x = x / x[~test].std(axis=0)
    if name == "digits, rotated":
        x = x @ rotation().T
    if name == "digits, 3 components":
        x = x @ np.linalg.svd(x[~test], full_matrices=False)[2][:3].T
    x = x / np.sqrt(np.mean(x[~test] ** 2))
    return x[~test], y[~test], x[test], y[test]


def rotation() -> np.ndarray:
    """Return the one rotation of 64 inputs that undoes all alignment."""
    return rotations((64, 64), generator("rotation"))


def family(name: str, arm: str) -> np.ndarray:
    """Return 64-dimensional inputs; only the insider's depend on the arm.

    The insider knows the construction and not the dice: the inputs are x and 2x for an x that an
    arm of that kind sends to -1 in each unit, or to 0 if it can.
    """
    name, *rotated = name.split(", ")
    if name == "insider":
        weight = ARMS[arm].weight((64 * ARMS[arm].wide, 64), 0, generator("insider", arm))
        lost = null_basis(weight)
        x = lost[:, 0] if lost.size else np.linalg.lstsq(weight, -np.ones(len(weight)))[0]
        rows = np.outer([1.0, 2.0], x / np.linalg.norm(x))
    elif name == "gray":
        rows = np.outer(np.linspace(0, 1, 9), np.ones(64))
    else:
        basis = {"pixels": np.eye(64), "Walsh": designs.hadamard(64), "waves": designs.fourier(64)}
        rows = np.concatenate([basis[name], -basis[name]])
    return rows @ rotation().T if rotated else rows


# The cells: each measures some quantities of one arm, one number for each replica


class Cell(NamedTuple):
    """One measurement of the grid."""

    kind: str
    arm: str
    data: str
    depth: int
    rate: float


def separation(cell: Cell) -> dict[str, Any]:
    """Measure the smallest ratio of distances after some numbers of layers."""
    x = values = family(cell.data, cell.arm)
    found = {}
    layers = hidden_layers(cell.arm, x.shape[1], cell.depth, generator(cell.arm, "separation"))
    for depth, weight in enumerate(layers, start=1):
        values = np.maximum(values @ weight.mT, 0)
        if depth in DEPTHS:
            found[f"least ratio, {depth} layers"] = distortion(x, values).least
    return found


def gram_matrix(cell: Cell) -> dict[str, Any]:
    """Compare the Gram matrix of a first layer of 1024 units, in blocks, with its limit."""
    x = data(cell.data)[0][:: len(data(cell.data)[0]) // SAMPLES][:SAMPLES]
    x, rng, arm = x / np.linalg.norm(x, axis=1, keepdims=True), generator(*cell[:3]), ARMS[cell.arm]
    units = WIDTH * arm.wide
    shape = (*((SEEDS,) if cell.arm in DICE else ()), units, x.shape[1])
    blocks = [arm.weight(shape, k, rng) for k in range(UNITS // (units * (1 + arm.mirrored)))]
    blocks = [mirror(block, inputs=False) if arm.mirrored else block for block in blocks]
    weight, limit = np.concatenate(blocks, axis=-2), limit_gram(x)
    found, rank = relu_gram(weight, x), np.linalg.matrix_rank(blocks[0])
    return {
        "error": np.linalg.norm(found - limit, ord=2, axis=(-2, -1)),
        "least eigenvalue": np.linalg.eigvalsh(found)[..., 0],
        "least eigenvalue of the limit": np.linalg.eigvalsh(limit)[0],
        "ties": (np.abs(weight @ x.T) < 1e-12).sum(axis=(-2, -1)),
        "inputs lost": x.shape[1] - rank,
        "gradients lost": blocks[0].shape[-2] - rank,
    }


def training(cell: Cell) -> dict[str, Any]:
    """Train from all random starts at once, or from a fixed one with other orders of batches."""
    x, y, x_test, y_test = data(cell.data)
    dtype = np.float64 if cell.depth == 1 else np.float32
    made = hidden_layers(cell.arm, x.shape[1], cell.depth, generator(*cell[:4]))
    made.append(np.zeros((y.max() + 1, made[-1].shape[-2])))
    layers = [Layer(w.astype(dtype), np.zeros(w.shape[:-1], dtype)) for w in made]
    start = Network(layers, "relu")
    options = {"kind": "cross_entropy", "batch": BATCH, "momentum": MOMENTUM, "rate": cell.rate}
    replicas, orders = (SEEDS, 1) if cell.arm in DICE else (1, ORDERS)
    found = []
    for order in range(orders):
        rng, steps = generator(cell.data, "order", order), EPOCHS * -(-len(x) // BATCH)
        try:
            end = descend(start, x.astype(dtype), y, steps=steps, rng=rng, **options).network
        except FloatingPointError:  # of one replica: the step size has failed for the arm
            found.append(np.full((3, replicas), [[np.inf], [0], [0]]))
            continue
        pairs = zip(start.layers, end.layers, strict=True)
        same = [(a.weight == b.weight).sum(axis=(-2, -1)) for a, b in pairs]
        right = forward(end, x_test.astype(dtype)).argmax(axis=-1) == y_test
        value = loss(end, x.astype(dtype), y, kind="cross_entropy")
        found.append(np.stack([value, right.mean(axis=-1), sum(same)]).reshape(3, replicas))
    return dict(zip(("loss", "accuracy", "frozen"), np.concatenate(found, axis=1), strict=True))


def widening_task() -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs and targets of the networks that widen: a random teacher made them."""
    rng = generator("a teacher")
    x = rng.standard_normal((200, LAYERS[0]))
    teacher = [weights.he((16, LAYERS[0]), rng=rng), weights.he((LAYERS[-1], 16), rng=rng)]
    y = forward(Network([Layer(w) for w in teacher], "relu"), x)
    return x, y / np.sqrt(np.mean(y**2))


def expanding(cell: Cell) -> dict[str, Any]:
    """Train a network that widens, and count the dimensions of what its square layers learned."""
    shapes = list(zip(LAYERS[1:], LAYERS, strict=False))
    x, y = widening_task()
    fill = {"Hadamard": designs.identity_hadamard, "partial identity": weights.identity}
    rng = generator(*cell[:3])
    fill["Gaussian"] = lambda shape: weights.he(shape, replicas=SEEDS, rng=rng)
    made = [fill[cell.arm](shape) for shape in shapes[:-1]] + [np.zeros(shapes[-1])]
    start = Network([Layer(w, np.zeros(w.shape[:-1])) for w in made], "relu")
    options = {"steps": EXPANDING_STEPS, "rate": cell.rate, "momentum": MOMENTUM}
    try:
        end = descend(start, x, y, **options).network
    except FloatingPointError:
        return {"loss": np.inf, "rank 1": 0, "rank 2": 0}
    found = {"loss": loss(end, x, y)}
    for k in (1, 2):
        change = end.layers[k].weight - start.layers[k].weight
        values = np.linalg.svd(change, compute_uv=False)
        found[f"rank {k}"] = (values > 1e-9 * values[..., :1]).sum(axis=-1)
    return found


KINDS = {one.__name__: one for one in (separation, gram_matrix, training, expanding)}
WIDENING = ("Gaussian", "Hadamard", "partial identity")


def grid() -> list[Cell]:
    """Return all cells, the long ones first."""
    inputs = [f"{name}{end}" for name in FAMILIES for end in ("", ", rotated")]
    cells = [Cell("separation", arm, name, max(DEPTHS), 0) for arm in ARMS for name in inputs]
    cells += [Cell("gram_matrix", arm, name, 1, 0) for arm in ARMS for name in GRAMS]
    cells += [
        Cell("training", arm, name, depth, rate)
        for arm in ARMS
        for name in SHALLOW
        for depth in (DEPTHS if name in DEEP else DEPTHS[:1])
        for rate in RATES
    ]
    cells += [Cell("expanding", a, "a teacher", 3, r) for a in WIDENING for r in EXPANDING_RATES]
    return sorted(cells, key=lambda cell: -cell.depth * (1 + 9 * (cell.arm in DICE)))


def measure(cell: Cell) -> tuple[Cell, dict[str, list[float]]]:
    """Return a cell with what it measured, to eight digits."""
    with threadpool_limits(1):
        found = KINDS[cell.kind](cell)
    rounded = {what: [float(f"{v:.8g}") for v in np.ravel(found[what])] for what in found}
    return cell, rounded


# The run

Table = dict[Cell, dict[str, Any]]


def run(
    cells: Iterable[Cell],
    table: Path = TABLE,
    *,
    jobs: int | None = None,
    how: Callable[[Cell], tuple[Cell, Any]] | None = None,
) -> Table:
    """Measure the cells that are not yet done, keep each as it is finished, and write the table.

    ``how`` measures a cell of another study. Without ``jobs`` the backend is that of
    ``joblib.parallel_config``, such as a dask cluster.
    """
    cells, partial = list(cells), table.with_suffix(".partial.jsonl")
    done = dict(finished(partial))
    rest = [cell for cell in cells if cell not in done]
    with partial.open("a", encoding="utf-8") as log:
        log.write("\n")  # ends a line that a stopped run may have torn
        for cell, found in _counted(_measured(rest, jobs, how or measure), len(rest)):
            log.write(json.dumps([_version(), cell, found]) + "\n")
            log.flush()
            os.fsync(log.fileno())
            done[cell] = found
    write({cell: done[cell] for cell in cells}, table)
    partial.unlink()
    return read(table)


def _measured(
    cells: list[Cell], jobs: int | None, how: Callable[[Cell], tuple[Cell, Any]]
) -> Iterator[tuple[Cell, Any]]:
    parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    return iter(parallel(delayed(how)(cell) for cell in cells))


def _counted(results: Iterator[tuple[Cell, Any]], total: int) -> Iterable[tuple[Cell, Any]]:
    try:
        from tqdm import tqdm
    except ImportError:
        return results
    return tqdm(results, total=total, unit="cell", disable=None)


def _version() -> int:
    files = (TABLE.with_name(name) for name in ("arms.py", "study.py", "second.py"))
    return zlib.crc32(b"".join(path.read_bytes() for path in files))


def finished(partial: Path) -> Iterator[tuple[Cell, dict[str, list[float]]]]:
    """Yield the cells that an earlier run of these very files has measured."""
    lines = partial.read_text(encoding="utf-8").splitlines() if partial.exists() else []
    for line in lines:
        try:
            version, cell, found = json.loads(line)
        except ValueError:  # torn when the run was stopped
            continue
        if version == _version():
            yield Cell(*cell), found


def write(results: Table, table: Path) -> None:
    """Write the table, sorted, all of it or nothing."""
    part = table.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*Cell._fields, "quantity", "values"])
        for cell in sorted(results):
            for what, values in results[cell].items():
                rows.writerow([*cell, what, " ".join(f"{v:.8g}" for v in values)])
    os.replace(part, table)


def read(table: Path = TABLE) -> Table:
    """Return the table; empty if the study has not been run."""
    results: Table = {}
    if table.exists():
        with table.open(encoding="utf-8", newline="") as file:
            for kind, arm, name, depth, rate, what, values in list(csv.reader(file))[1:]:
                cell = Cell(kind, arm, name, int(depth), float(rate))
                results.setdefault(cell, {})[what] = np.array(values.split(), dtype=float)
    return results


SAMPLE = [
    *(Cell("training", arm, "digits, centered", 1, 0.03) for arm in ("Gaussian", "Hadamard")),
    Cell("training", "Sobol", "breast cancer", 1, 0.01),
    Cell("gram_matrix", "Haar", "digits, centered", 1, 0),
    Cell("gram_matrix", "Kronecker", "digits, 3 components", 1, 0),
    Cell("separation", "Hadamard, random signs", "Walsh", 60, 0),
    Cell("separation", "sinusoidal", "gray, rotated", 60, 0),
    Cell("expanding", "partial identity", "a teacher", 3, 0.1),
]


def recompute(table: Table, cells: Iterable[Cell] = SAMPLE) -> list[str]:
    """Measure some cells again, and return a sentence for each number that is not as stored.

    Measured numbers may differ by a millionth, an accuracy by one test sample.
    """
    faults = []
    for cell, found in map(measure, cells):
        for what, values in found.items():
            allowed = {"rtol": 1e-6, "atol": 1e-9}
            if what == "accuracy":
                allowed = {"rtol": 0, "atol": 1.01 / len(data(cell.data)[3])}
            if not np.allclose(values, table[cell][what], **allowed):
                faults.append(f"{cell}: {what} {values}, stored {table[cell][what]}")
    return faults


def main() -> None:
    """Run the study from the command line."""
    parser = argparse.ArgumentParser(description="Run the study.")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--only", help="measure the cells with these words, and write no table")
    parser.add_argument("--cluster", help="address of a dask scheduler, instead of --jobs")
    given = parser.parse_args()
    if given.only:
        for cell in grid():
            if given.only in "/".join(map(str, cell)):
                print(*cell, json.dumps(measure(cell)[1]), sep=" | ", flush=True)
    elif given.cluster:
        from distributed import Client

        client = Client(given.cluster)
        for name in ("arms.py", "study.py"):
            client.upload_file(str(TABLE.with_name(name)))
        with parallel_config(backend="dask"):
            run(grid())
    else:
        run(grid(), jobs=given.jobs)


if __name__ == "__main__":
    import study  # what workers import, too

    study.main()
