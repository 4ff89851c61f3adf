"""One walk over the numbers of an array: all sums, extremes and projections that checks need.

An array may be larger than what memory has room for twice, so that it is read in blocks that fit a
processor's cache, each once, and everything is taken from it while it is there. Blocks are in
single precision unless the array came in double.

What is equal is found by *projections*: the products of each row with a few directions. Rows that
agree have projections that agree, and there are eight numbers to compare and not a thousand. They
suggest pairs, which are then compared entry by entry.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import Array
from symlib._rank import rounding_unit

__all__ = ["HEAD", "PROJECTIONS", "Side", "Sweep", "blocks", "precision_of_values", "sweep"]

_Doubles = npt.NDArray[np.float64]
_Numbers = npt.NDArray[Any]

HEAD: Final = 2048  # how many of the first numbers of an array are kept, to be compared with others
PROJECTIONS: Final = 8
_BLOCK: Final = 2**17  # numbers in a block
_WIDEST: Final = 4096  # columns of a block, and rows
_SAMPLE: Final = 2**15  # numbers by which the law of the entries is judged
_CONTIGUOUS: Final = 256  # numbers in a row that are sampled at a time, from wide matrices
_COUNTED: Final = 4096  # numbers that are compared with each other


class Side(NamedTuple):
    """What is known of all rows of a matrix, or of all its columns.

    Attributes
    ----------
    word : {"row", "column"}
    length : int
        The entries of each.
    squares, sums, lowest, highest : arrays of shape (count,)
        The sum of squares, the sum, and the extremes of each.
    projections : array of shape (count, PROJECTIONS)
        The products with fixed directions of standard Gaussian entries, up to a common factor.
    """

    word: str
    length: int
    squares: _Doubles
    sums: _Doubles
    lowest: _Doubles
    highest: _Doubles
    projections: _Doubles


class Sweep(NamedTuple):
    """What one walk over an array found.

    Attributes
    ----------
    entries : int
    total, squares : float
        The sum of the entries and that of their squares.
    lowest, highest : float
        The extremes; NaN if there is one.
    checksum : int
        Equal for equal arrays of one shape and precision.
    sides : tuple of Side
        The rows, the columns, or both.
    head : array of shape (at most HEAD,)
        The first numbers as they lie in the array.
    down : array of shape (at most HEAD,)
        The first numbers of the transposed matrix.
    precision : str
        The coarsest precision that holds the first numbers.
    collision : float
        The chance that two entries are equal, from a sample without copies of rows.
    repetition : float
        The same of entries that are not 0, which tells how few values there are.
    kurtosis : float
        The fourth moment over the squared second one: 3 for Gaussian, 1.8 for uniform entries.
    positive, zeros : float
        The shares of entries above 0 and equal to 0.
    smoothness : float
        The larger correlation of neighbors along the rows and along the columns.
    """

    entries: int
    total: float
    squares: float
    lowest: float
    highest: float
    checksum: int
    sides: tuple[Side, ...]
    head: _Doubles
    down: _Doubles
    precision: str
    collision: float
    repetition: float
    kurtosis: float
    positive: float
    zeros: float
    smoothness: float

    @property
    def mean(self) -> float:
        """The mean of the entries."""
        return self.total / self.entries

    @property
    def deviation(self) -> float:
        """The standard deviation of the entries."""
        return float(np.sqrt(max(self.squares / self.entries - self.mean**2, 0.0)))


class _Gathered:
    """The rows, or the columns, of which more is known with each block."""

    def __init__(self, word: str, count: int, length: int) -> None:
        self.word = word
        self.length = length
        self.squares = np.zeros(count)
        self.lowest = np.full(count, np.inf)
        self.highest = np.full(count, -np.inf)
        self.products = np.zeros((count, PROJECTIONS + 1))

    def add(self, place: slice, start: int, block: _Numbers, directions: _Numbers) -> None:
        """Take in a block of rows, the first column of which is ``start``."""
        self.squares[place] += np.einsum("ij,ij->i", block, block)
        products = block @ directions
        products[:, 1:] *= 1.0 + (start // _WIDEST % 7) / 8.0  # so that no two blocks are alike
        self.products[place] += products
        self.lowest[place] = np.minimum(self.lowest[place], block.min(axis=1))
        self.highest[place] = np.maximum(self.highest[place], block.max(axis=1))

    def side(self) -> Side:
        """Return all that was gathered."""
        sums = self.products[:, 0]
        projections = self.products[:, 1:]
        return Side(
            self.word, self.length, self.squares, sums, self.lowest, self.highest, projections
        )


def sweep(array: _Numbers, matrix: _Numbers, words: tuple[str, ...]) -> Sweep:
    """Walk over the numbers of an array, seen as a matrix; ``words`` names the sides to look at."""
    rows, columns = matrix.shape
    gathered = {
        "row": _Gathered("row", rows, columns),
        "column": _Gathered("column", columns, rows),
    }
    directions = _directions(_block_type(matrix))
    checksum = 0
    with np.errstate(over="ignore", invalid="ignore"):  # which the extremes tell
        for across, down, block in blocks(matrix):
            checksum = zlib.crc32(block.data, checksum)
            if "row" in words:
                gathered["row"].add(across, down.start, block, directions[: block.shape[1]])
            if "column" in words:
                gathered["column"].add(down, across.start, block.T, directions[: block.shape[0]])
        sides = tuple(gathered[word].side() for word in words)
        total = float(sides[0].sums.sum())
        squares = float(sides[0].squares.sum())
    sample = _sample(matrix)
    head = np.asarray(array.flat[:HEAD], dtype=np.float64)
    precision = precision_of_values(head)
    varied = np.unique(sample, axis=0).ravel()  # so that copies of rows do not count as few values
    zeros = float((sample == 0).mean())
    return Sweep(
        entries=matrix.size,
        total=total,
        squares=squares,
        lowest=float(sides[0].lowest.min()),
        highest=float(sides[0].highest.max()),
        checksum=checksum,
        sides=sides,
        head=head,
        down=matrix[:HEAD, 0].astype(np.float64),
        precision=precision,
        collision=_collision(varied, precision),
        repetition=_collision(varied[varied != 0.0], precision),
        kurtosis=_kurtosis(sample),
        positive=float((sample > 0).mean()),
        zeros=zeros,
        smoothness=_smoothness(sample),
    )


def blocks(matrix: _Numbers) -> Iterator[tuple[slice, slice, _Numbers]]:
    """Yield parts of a matrix that fit a cache, each with its rows and columns."""
    rows, columns = matrix.shape
    dtype = _block_type(matrix)
    width = min(columns, _WIDEST)
    height = min(max(1, _BLOCK // width), _WIDEST)
    for top in range(0, rows, height):
        across = slice(top, min(top + height, rows))
        for left in range(0, columns, width):
            down = slice(left, min(left + width, columns))
            # aligned as well, which numbers at odd places of a file are not
            yield across, down, np.require(matrix[across, down], dtype, ["C", "ALIGNED"])


def precision_of_values(values: Array) -> str:
    """Return the coarsest of bfloat16, float16, float32 and float64 that holds all values."""
    doubles = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        singles = doubles.astype(np.float32)
        if not np.array_equal(singles, doubles, equal_nan=True):
            return "float64"
        bits = np.ascontiguousarray(singles).view(np.uint32)
        if not np.any(bits & np.uint32(0xFFFF)):
            return "bfloat16"
        halves = singles.astype(np.float16).astype(np.float32)
    return "float16" if np.array_equal(halves, singles, equal_nan=True) else "float32"


def _block_type(matrix: _Numbers) -> str:
    return "float64" if matrix.dtype.itemsize >= 8 else "float32"


@cache
def _directions(dtype: str) -> _Numbers:
    """Return ones, which make sums, and directions on which rows are projected."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((_WIDEST, PROJECTIONS + 1))
    directions[:, 0] = 1.0
    return directions.astype(dtype)


def _sample(matrix: _Numbers) -> _Doubles:
    """Return some rows of a matrix, or parts of them, in double precision."""
    rows, columns = matrix.shape
    width = min(columns, max(_CONTIGUOUS, _SAMPLE // rows))
    count = min(rows, max(2, _SAMPLE // width))
    # pairs of neighbors, so that their likeness is seen, from everywhere in the matrix
    firsts = np.linspace(0, max(rows - 2, 0), (count + 1) // 2).astype(np.intp)
    chosen = np.unique(np.concatenate([firsts, np.minimum(firsts + 1, rows - 1)]))
    left = (columns - width) // 2
    return np.asarray(matrix[chosen, left : left + width], dtype=np.float64)


def _collision(values: _Doubles, precision: str) -> float:
    """Return the chance that two values of a sample are equal.

    Where none are, it is that of numbers whose last bits are random.
    """
    some = values[:: max(1, values.size // _COUNTED)]
    _, counts = np.unique(some, return_counts=True)
    pairs = max(some.size * (some.size - 1.0) / 2.0, 1.0)
    equal = float((counts * (counts - 1.0)).sum()) / 2.0
    seen = min(1.0, (equal + 3.0) / pairs)
    return seen if equal else min(seen, 2.0 * rounding_unit(precision))


def _kurtosis(sample: _Doubles) -> float:
    """Return the kurtosis about 0: the median over groups of numbers, which one outlier leaves."""
    largest = float(np.abs(sample).max())
    if largest == 0.0 or not np.isfinite(largest):
        return 3.0
    flat = sample.ravel() / largest
    groups = flat.size // _CONTIGUOUS
    if groups < 3:
        groups = 1
    count = flat.size // groups
    squares = flat[: groups * count].reshape(groups, count) ** 2
    second = squares.mean(axis=1)
    fourth = (squares**2).mean(axis=1)
    filled = second > 0.0
    if not filled.any():
        return 3.0
    ratio = float(np.median(fourth[filled] / second[filled] ** 2))
    return ratio * (count + 2.0) / count


def _smoothness(sample: _Doubles) -> float:
    """Return the larger correlation of neighbors along both axes, equal rows left aside."""
    with np.errstate(all="ignore"):
        centered = sample - sample.mean()
        along = _neighbors(centered[:, :-1], centered[:, 1:])
        differ = np.any(sample[1:] != sample[:-1], axis=1)
        down = _neighbors(centered[:-1][differ], centered[1:][differ])
    return max(along, down)


def _neighbors(first: _Doubles, second: _Doubles) -> float:
    """Return the correlation of entries with those beside them."""
    if first.size < 16:
        return 0.0
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0.0 and np.isfinite(size) else 0.0
