"""The rows of the bench: one piece of work each, and the contenders that do it.

A contender is a function that imports what it needs, makes the data from seeds, and returns its
`Work`. It runs in a process of its own, in the environment it names, so that this file imports
nothing but NumPy at the top. All contenders of a row do the same work on the same data.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Work(NamedTuple):
    """What a contender does, how much of the work that is, and what comes out.

    Attributes
    ----------
    call : callable
        What is timed.
    answer : callable, optional
        Numbers that are compared with those of the reference of the row.
    error : callable, optional
        An error that the contender can measure by itself.
    share : float
        The share of the work that ``call`` does; its time is divided by it.
    """

    call: Callable[[], Any]
    answer: Callable[[], Sequence[float]] | None = None
    error: Callable[[], float] | None = None
    share: float = 1.0


class Contender(NamedTuple):
    """Who does the work, and where.

    Attributes
    ----------
    name : str
        The name in the table.
    role : {"ours", "peer", "by hand", "reference"}
        A peer is a package, or the usual way with one. By hand is what takes the least time for
        this very case, written for it, without any check. The reference is not timed.
    environment : str
        One of those in ``bench.py``.
    prepare : callable
        Returns the `Work`.
    """

    name: str
    role: str
    environment: str
    prepare: Callable[[], Work]


class Row(NamedTuple):
    """One piece of work.

    Attributes
    ----------
    says : str
        What the work is.
    error : str
        What the column of errors holds, or nothing.
    why : str
        Why the row comes out as it does: where the floor lies, and what was tried.
    contenders : list of Contender
        Who does it.
    """

    says: str
    error: str
    why: str
    contenders: list[Contender]


ROWS: dict[str, Row] = {}


def row(key: str, says: str, *, error: str = "", why: str = "") -> None:
    """Open a row; the contenders that follow belong to it."""
    ROWS[key] = Row(says, error, " ".join(why.split()), [])


def contender(
    name: str, role: str, environment: str = "own"
) -> Callable[[Callable[[], Work]], Callable[[], Work]]:
    """Enter a function as a contender of the last row."""

    def enter(prepare: Callable[[], Work]) -> Callable[[], Work]:
        list(ROWS.values())[-1].contenders.append(Contender(name, role, environment, prepare))
        return prepare

    return enter


# Laws


GRID = np.sort(np.random.default_rng(0).uniform(-6, 4, 10_000))
POINTS = np.arange(-8, 6.25, 0.25)

row(
    "tracy-widom",
    "Tracy-Widom distribution function, 10,000 values",
    error="largest difference from Fredholm determinants in double precision",
    why="""Both peers read one table of few digits; this one reads piecewise polynomials of 14
    digits. A table is what is fast: each value costs a cell and a polynomial, here as there.""",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.spectrum import tracy_widom

    law = tracy_widom(2)
    return Work(lambda: law.cdf(GRID), lambda: law.cdf(POINTS))


@contender("TracyWidom", "peer", "scikit-rmt")
def _() -> Work:
    from TracyWidom import TracyWidom

    law = TracyWidom(beta=2)
    return Work(lambda: law.cdf(GRID), lambda: law.cdf(POINTS))


@contender("scikit-rmt", "peer", "scikit-rmt")
def _() -> Work:
    from skrmt.ensemble import TracyWidomDistribution

    law = TracyWidomDistribution(beta=2)
    return Work(lambda: law.cdf(GRID), lambda: law.cdf(POINTS))


@contender("Fredholm determinants", "reference")
def _() -> Work:
    from scipy.special import airy

    def determinants(s: np.ndarray, nodes: int = 64) -> np.ndarray:
        """Return det(1 - A²) for the kernel Ai((x + y) / 2 + s) / 2, by Gauss and Legendre."""
        x, weights = np.polynomial.legendre.leggauss(nodes)
        half = np.maximum(16 - s[:, np.newaxis], 4)
        x, weights = (x + 1) * half, weights * half
        kernel = airy((x[:, :, np.newaxis] + x[:, np.newaxis]) / 2 + s[:, None, None])[0] / 2
        kernel *= np.sqrt(weights[:, :, np.newaxis] * weights[:, np.newaxis])
        one = np.eye(nodes)
        return np.linalg.det(one - kernel) * np.linalg.det(one + kernel)

    return Work(lambda: None, lambda: determinants(POINTS))


RATIO = 0.5
EDGES = ((1 - math.sqrt(RATIO)) ** 2, (1 + math.sqrt(RATIO)) ** 2)
PEPPER = np.linspace(1e-3, 3.2, 1_000_000)
WITHIN = np.linspace(0.1, 2.9, 57)


def density(x: np.ndarray) -> np.ndarray:
    """Return the density of Marchenko and Pastur for the ratio 1/2."""
    low, high = EDGES
    return np.sqrt(np.maximum((high - x) * (x - low), 0)) / (2 * math.pi * RATIO * x)


row(
    "marchenko-pastur density",
    "Marchenko-Pastur density, a million points",
    error="largest error, against the closed form",
    why="""All use the closed form. This one goes block by block, so that the passes over the
    points stay in the cache, and checks that every point is a finite number.""",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.spectrum import marchenko_pastur

    law = marchenko_pastur(RATIO)
    return Work(lambda: law.pdf(PEPPER), lambda: law.pdf(WITHIN))


@contender("weightwatcher", "peer", "weightwatcher")
def _() -> Work:
    from weightwatcher.RMT_Util import marchenko_pastur_pdf

    # its fifth argument is a step, and it keeps to the support
    step = (EDGES[1] - EDGES[0]) / len(PEPPER)

    def call() -> Any:
        return marchenko_pastur_pdf(0.0, 9.0, 1 / RATIO, 1.0, step)

    def error() -> float:
        x, y = map(np.asarray, call())
        return float(np.nanmax(np.abs(y - density(x))))

    return Work(call, error=error)


@contender("scikit-rmt", "peer", "scikit-rmt")
def _() -> Work:
    from skrmt.ensemble import MarchenkoPasturDistribution

    law = MarchenkoPasturDistribution(ratio=RATIO)
    return Work(lambda: law.pdf(PEPPER), lambda: law.pdf(WITHIN))


@contender("closed form in NumPy", "by hand")
def _() -> Work:
    return Work(lambda: density(PEPPER), lambda: density(WITHIN))


@contender("closed form", "reference")
def _() -> Work:
    return Work(lambda: None, lambda: density(WITHIN))


row(
    "marchenko-pastur distribution",
    "Marchenko-Pastur distribution function, a million points",
    error="largest error, against a numerical integral",
    why="Two arc sines and a root for each point; the blocks stay in the cache.",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.spectrum import marchenko_pastur

    law = marchenko_pastur(RATIO)
    return Work(lambda: law.cdf(PEPPER), lambda: law.cdf(WITHIN))


@contender("scikit-rmt", "peer", "scikit-rmt")
def _() -> Work:
    from skrmt.ensemble import MarchenkoPasturDistribution

    law = MarchenkoPasturDistribution(ratio=RATIO)
    return Work(lambda: law.cdf(PEPPER), lambda: law.cdf(WITHIN))


@contender("integral", "reference")
def _() -> Work:
    from scipy.integrate import quad

    def slope(angle: float) -> float:
        """Return the density at a point of the support, by its angle: smooth at the edges."""
        low, high = EDGES
        x = (low + high) / 2 - (high - low) / 2 * math.cos(angle)
        return ((high - low) / 2 * math.sin(angle)) ** 2 / (2 * math.pi * RATIO * x)

    def upto(x: float) -> float:
        low, high = EDGES
        angle = math.acos(min(1.0, max(-1.0, (high + low - 2 * x) / (high - low))))
        return float(quad(slope, 0, angle, epsabs=1e-14, epsrel=1e-13)[0])

    return Work(lambda: None, lambda: [upto(x) for x in WITHIN])


DISK = np.linspace(-2.5, 2.5, 1_000_000)
CHORD = np.linspace(-2.4, 2.4, 49)


def semicircle_density(x: np.ndarray) -> np.ndarray:
    """Return the density of the semicircle of radius 2."""
    return np.sqrt(np.maximum(4 - x * x, 0)) / (2 * math.pi)


row(
    "semicircle",
    "Semicircle density, a million points",
    error="largest error, against the closed form",
    why="One root for each point, block by block; the rest are checks of the points.",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.spectrum import semicircle

    law = semicircle()
    return Work(lambda: law.pdf(DISK), lambda: law.pdf(CHORD))


@contender("SciPy", "peer")
def _() -> Work:
    from scipy.stats import semicircular

    law = semicircular(scale=2)
    return Work(lambda: law.pdf(DISK), lambda: law.pdf(CHORD))


@contender("scikit-rmt", "peer", "scikit-rmt")
def _() -> Work:
    from skrmt.ensemble import WignerSemicircleDistribution

    law = WignerSemicircleDistribution(beta=1)  # of radius 2 for this beta, see its error
    return Work(lambda: law.pdf(DISK), lambda: law.pdf(CHORD))


@contender("closed form in NumPy", "by hand")
def _() -> Work:
    return Work(lambda: semicircle_density(DISK), lambda: semicircle_density(CHORD))


@contender("closed form", "reference")
def _() -> Work:
    return Work(lambda: None, lambda: semicircle_density(CHORD))


# Spectra


def hermite_in_scipy(beta: int, n: int) -> Callable[[], np.ndarray]:
    """Return a draw of the eigenvalues, by the tridiagonal model and SciPy's solver for it."""
    from scipy.linalg import eigvalsh_tridiagonal

    rng, freedom = np.random.default_rng(0), beta * np.arange(n - 1, 0, -1)
    return lambda: eigvalsh_tridiagonal(rng.normal(size=n), np.sqrt(rng.chisquare(freedom) / 2))


def tridiagonal_of_rmt(ensemble: str, **options: Any) -> Work:
    """Return a draw of the eigenvalues by scikit-rmt."""
    import skrmt.ensemble

    kind = getattr(skrmt.ensemble, ensemble)
    return Work(lambda: kind(**options).eigvals())


for beta, name in ((1, "GOE"), (2, "GUE")):
    row(
        name,
        f"Eigenvalues of one matrix of the {name}, n = 2000",
        why="""LAPACK solves the tridiagonal problem here as there, and takes nearly all of the
        time: what is left to save is the drawing and the building of arrays.""",
    )

    @contender("symlib", "ours")
    def _(beta: int = beta) -> Work:
        from symlib.spectrum import hermite_eigenvalues

        rng = np.random.default_rng(0)
        return Work(lambda: hermite_eigenvalues(2000, beta=beta, rng=rng))

    @contender("scikit-rmt, tridiagonal", "peer", "scikit-rmt")
    def _(beta: int = beta) -> Work:
        return tridiagonal_of_rmt("GaussianEnsemble", beta=beta, n=2000, tridiagonal_form=True)

    @contender("NumPy, dense", "peer")
    def _(beta: int = beta) -> Work:
        rng = np.random.default_rng(0)

        def call() -> Any:
            a = rng.normal(size=(2000, 2000))
            if beta == 2:
                a = a + 1j * rng.normal(size=(2000, 2000))
            return np.linalg.eigvalsh((a + a.conj().T) / 2)

        return Work(call)

    @contender("tridiagonal in SciPy", "by hand")
    def _(beta: int = beta) -> Work:
        return Work(hermite_in_scipy(beta, 2000))


row(
    "Wishart",
    "Eigenvalues of one Wishart matrix, 1000 × 2000",
    why="""As above: the solver takes the time, and the matrix is half as large.""",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.spectrum import laguerre_eigenvalues

    rng = np.random.default_rng(0)
    return Work(lambda: laguerre_eigenvalues(1000, 2000, beta=1, rng=rng))


@contender("scikit-rmt, tridiagonal", "peer", "scikit-rmt")
def _() -> Work:
    return tridiagonal_of_rmt("WishartEnsemble", beta=1, p=1000, n=2000, tridiagonal_form=True)


@contender("NumPy, dense", "peer")
def _() -> Work:
    rng = np.random.default_rng(0)

    def call() -> Any:
        x = rng.normal(size=(1000, 2000))
        return np.linalg.eigvalsh(x @ x.T)

    return Work(call)


@contender("tridiagonal in SciPy", "by hand")
def _() -> Work:
    from scipy.linalg import eigvalsh_tridiagonal

    rng = np.random.default_rng(0)

    def call() -> Any:
        on = np.sqrt(rng.chisquare(np.arange(2000, 1000, -1)))
        below = np.sqrt(rng.chisquare(np.arange(999, 0, -1)))
        diagonal = on * on
        diagonal[1:] += below * below
        return eigvalsh_tridiagonal(diagonal, on[:-1] * below)

    return Work(call)


# Kernels


def inputs(dtype: str, samples: int = 1000, features: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of inputs."""
    rng = np.random.default_rng(0)
    both = (rng.normal(size=(samples, features)) for _ in range(2))
    first, second = (x.astype(dtype) for x in both)
    return first, second


def kernels_of_peer(dtype: str, *, compiled: bool) -> Work:
    """Return both kernels of neural-tangents, in the convention of Arora et al."""
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
    from neural_tangents import stax

    layers = [stax.Dense(1, W_std=1.0, b_std=None)]
    for _ in range(2):
        layers += [stax.Relu(), stax.Dense(1, W_std=math.sqrt(2), b_std=None)]
    kernel = stax.serial(*layers)[2]
    x1, x2 = map(jax.numpy.asarray, inputs(dtype))

    def both(x1: Any, x2: Any) -> Any:
        return kernel(x1, x2, ("nngp", "ntk"))

    made = jax.jit(both) if compiled else both

    def call() -> Any:
        found = made(x1, x2)
        found.nngp.block_until_ready()
        return found.ntk.block_until_ready()

    return Work(call, lambda: np.asarray(call(), dtype=float)[::50, ::50].ravel())


for dtype, name in (("float32", "single"), ("float64", "double")):
    row(
        f"kernels, {name}",
        f"Covariance and tangent kernel of ReLU networks, 2 hidden layers, 1000 × 1000 inputs, "
        f"{name} precision",
        error="largest error of the tangent kernel, against the recursion in double precision",
        why="""An arc cosine and a root for each pair and layer. Nothing is compiled here: the
        first call is as fast as the second. Blocks stay in the cache, and are shared among the
        cores by threads.""",
    )

    @contender("symlib", "ours")
    def _(dtype: str = dtype) -> Work:
        from symlib.tangent import wide_kernels

        x1, x2 = inputs(dtype)

        def call() -> Any:
            return wide_kernels(x1, x2, depth=2, activation="relu", weight_variance=2.0)

        return Work(call, lambda: call().tangent.astype(float)[::50, ::50].ravel())

    @contender("neural-tangents, compiled", "peer", "neural-tangents")
    def _(dtype: str = dtype) -> Work:
        return kernels_of_peer(dtype, compiled=True)

    @contender("neural-tangents", "peer", "neural-tangents")
    def _(dtype: str = dtype) -> Work:
        return kernels_of_peer(dtype, compiled=False)

    @contender("recursion in NumPy", "by hand")
    def _(dtype: str = dtype) -> Work:
        x1, x2 = inputs(dtype)
        return Work(lambda: arc_cosine_recursion(x1, x2))

    @contender("recursion", "reference")
    def _() -> Work:
        x1, x2 = inputs("float64")
        return Work(lambda: None, lambda: arc_cosine_recursion(x1, x2)[::50, ::50].ravel())


def arc_cosine_recursion(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return the tangent kernel of two hidden ReLU layers of variance 2."""
    features = x1.shape[1]
    norms = [np.sqrt((x * x).sum(axis=1) / features) for x in (x1, x2)]
    covariance = x1 @ x2.T
    covariance /= features
    tangent = covariance.copy()
    scale = norms[0][:, np.newaxis] * norms[1]
    for _ in range(2):
        cosine = np.clip(covariance / scale, -1, 1)
        angle = math.pi - np.arccos(cosine)
        covariance = scale * (np.sqrt(1 - cosine * cosine) + angle * cosine) / math.pi
        tangent = covariance + tangent * angle / math.pi
    return tangent


# Training


REPLICAS, SAMPLES, FEATURES, UNITS, STEPS, RATE = 100, 200, 10, 64, 500, 0.05


def replicas() -> tuple[np.ndarray, ...]:
    """Return inputs, targets and the start of all replicas; columns are units."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, FEATURES))
    y = np.sin(2 * x[:, :1]) + 0.1 * x[:, 1:2]
    w1 = rng.normal(size=(REPLICAS, FEATURES, UNITS)) / math.sqrt(FEATURES)
    w2 = rng.normal(size=(REPLICAS, UNITS, 1)) / math.sqrt(UNITS)
    b1, b2 = np.zeros((REPLICAS, 1, UNITS)), np.zeros((REPLICAS, 1, 1))
    return tuple(a.astype(np.float32) for a in (x, y, w1, b1, w2, b2))


def remembered(call: Callable[[], Any], share: float = 1.0) -> Work:
    """Return work whose answer, the last losses, is that of its last call."""
    last: list[np.ndarray] = []

    def kept() -> None:
        last[:] = [np.asarray(call(), dtype=float).ravel()]

    return Work(kept, lambda: last[0], share=share)


row(
    "replicas",
    "Training of 100 networks 10-64-1 with tanh on 200 samples, 500 steps, single precision",
    error="largest difference of a last loss, from plain NumPy",
    why="""The products of such narrow layers and tanh itself take three quarters of the time.
    Values are written into the same arrays at each step, as new ones of half a megabyte come from
    the system page by page; that more than halved the time. Blocks of replicas are shared among
    the cores by threads. jax makes one loop of all that is done to a value, where NumPy goes over
    the values once for each operation.""",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.network import Layer, Network
    from symlib.training import descend

    x, y, w1, b1, w2, b2 = replicas()
    layers = [
        Layer(np.ascontiguousarray(w1.mT), b1[:, 0]),
        Layer(np.ascontiguousarray(w2.mT), b2[:, 0]),
    ]
    start = Network(layers, "tanh")
    return remembered(lambda: descend(start, x, y, steps=STEPS, rate=RATE).losses[-1])


@contender("jax, vmap, compiled", "peer", "torch-jax")
def _() -> Work:
    import jax

    x, y, *start = replicas()

    def loss(p: Any) -> Any:
        return ((jax.numpy.tanh(x @ p[0] + p[1]) @ p[2] + p[3] - y) ** 2).mean()

    @jax.jit
    def run(p: Any) -> Any:
        both = jax.vmap(jax.value_and_grad(loss))

        def step(p: Any, _: Any) -> Any:
            value, slopes = both(p)
            return [a - RATE * g for a, g in zip(p, slopes, strict=True)], value

        return jax.lax.scan(step, p, None, length=STEPS)[1][-1]

    return remembered(lambda: run(start))


def torch_start(only: slice) -> list[Any]:
    """Return inputs, targets and the start of some replicas as tensors."""
    import torch

    x, y, *start = replicas()
    return [torch.from_numpy(a) for a in (x, y, *(p[only].copy() for p in start))]


@contender("torch, vmap", "peer", "torch-jax")
def _() -> Work:
    import torch

    x, y, *_ = torch_start(slice(None))

    def loss(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        value = ((torch.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2).mean()
        return value, value

    step = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1, 2, 3), has_aux=True))

    def call() -> Any:
        parameters = torch_start(slice(None))[2:]
        for _ in range(STEPS):
            slopes, value = step(*parameters)
            for p, slope in zip(parameters, slopes, strict=True):
                p.sub_(slope, alpha=RATE)
        return value.numpy()

    return remembered(call)


@contender("torch, batched products", "peer", "torch-jax")
def _() -> Work:
    import torch

    def call() -> Any:
        x, y, *parameters = torch_start(slice(None))
        x = x.expand(REPLICAS, *x.shape)
        for p in parameters:
            p.requires_grad_()
        w1, b1, w2, b2 = parameters
        for _ in range(STEPS):
            hidden = torch.tanh(torch.baddbmm(b1, x, w1))
            value = ((torch.baddbmm(b2, hidden, w2) - y) ** 2).mean((1, 2))
            slopes = torch.autograd.grad(value.sum(), parameters)
            with torch.no_grad():
                for p, slope in zip(parameters, slopes, strict=True):
                    p.sub_(slope, alpha=RATE)
        return value.detach().numpy()

    return remembered(call)


@contender("torch, a loop (5 networks, times 20)", "peer", "torch-jax")
def _() -> Work:
    import torch

    few = 5

    def call() -> Any:
        losses = []
        for k in range(few):
            x, y, *parameters = torch_start(slice(k, k + 1))
            w1, b1, w2, b2 = (p[0].requires_grad_() for p in parameters)
            optimizer = torch.optim.SGD((w1, b1, w2, b2), lr=RATE)
            for _ in range(STEPS):
                optimizer.zero_grad(set_to_none=True)
                value = ((torch.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2).mean()
                value.backward()
                optimizer.step()
            losses.append(value.item())
        return losses

    return remembered(call, share=few / REPLICAS)


def trained_by_hand() -> np.ndarray:
    """Return the last losses: all replicas side by side in one product, all arrays reused."""
    x, y, w1, b1, w2, b2 = replicas()
    flat = np.ascontiguousarray(w1.transpose(1, 0, 2)).reshape(FEATURES, -1)
    bias, out, shift = b1.reshape(-1).copy(), w2[:, :, 0].copy(), b2[:, 0, 0].copy()
    hidden = np.empty((SAMPLES, REPLICAS * UNITS), np.float32)
    values = hidden.reshape(SAMPLES, REPLICAS, UNITS).transpose(1, 0, 2)
    pulled, slope = np.empty((SAMPLES, REPLICAS, UNITS), np.float32), np.empty_like(hidden)
    ones, scale = np.ones(SAMPLES, np.float32), np.float32(2 / SAMPLES)
    for _ in range(STEPS):
        np.matmul(x, flat, out=hidden)
        np.add(hidden, bias, out=hidden)
        np.tanh(hidden, out=hidden)
        rest = np.matmul(values, out[:, :, np.newaxis])[:, :, 0] + shift[:, np.newaxis] - y[:, 0]
        delta = rest * scale
        slope_out = np.matmul(delta[:, np.newaxis], values)[:, 0]
        np.multiply(delta.T[:, :, np.newaxis], out, out=pulled)
        np.multiply(hidden, hidden, out=slope)
        np.subtract(1, slope, out=slope)
        slope *= pulled.reshape(SAMPLES, -1)
        flat -= RATE * (x.T @ slope)
        bias -= RATE * (ones @ slope)
        out -= RATE * slope_out
        shift -= RATE * delta.sum(axis=1)
    return (rest * rest).mean(axis=1)


@contender("side by side in NumPy", "by hand")
def _() -> Work:
    return remembered(trained_by_hand)


@contender("plain NumPy", "reference")
def _() -> Work:
    return Work(lambda: None, lambda: trained_by_hand().astype(float))


# Null spaces and orthogonal matrices


def wide(rank: int) -> np.ndarray:
    """Return a matrix of 1000 rows, 2000 columns and the rank."""
    rng = np.random.default_rng(0)
    if rank == 1000:
        return rng.normal(size=(1000, 2000))
    return rng.normal(size=(1000, rank)) @ rng.normal(size=(rank, 2000)) / math.sqrt(rank)


for rank in (1000, 900):
    row(
        f"null space, rank {rank}",
        f"Null space of a 1000 × 2000 matrix of rank {rank}",
        error="largest entry of the product",
        why="""One singular value decomposition, as SciPy takes it. Bounds, reflections in blocks
        and a rank by mixing took a third to two thirds of the time; they were given up for five
        lines, as no page waits for them.""",
    )

    def basis(find: Callable[[np.ndarray], np.ndarray], rank: int) -> Work:
        """Return the work of finding a null space, and what is left of the product."""
        matrix = wide(rank)
        return Work(lambda: find(matrix), error=lambda: float(np.abs(matrix @ find(matrix)).max()))

    @contender("symlib", "ours")
    def _(rank: int = rank) -> Work:
        from symlib.nullspace import null_basis

        return basis(null_basis, rank)

    @contender("SciPy", "peer")
    def _(rank: int = rank) -> Work:
        from scipy.linalg import null_space

        return basis(null_space, rank)

    @contender("QR with pivots in SciPy", "by hand")
    def _(rank: int = rank) -> Work:
        from scipy.linalg import qr

        def find(matrix: np.ndarray) -> np.ndarray:
            q, r, _ = qr(matrix.T, pivoting=True, check_finite=False)
            size = np.abs(np.diagonal(r))
            return q[:, (size > size[0] * 2000 * np.finfo(float).eps).sum() :]

        return basis(find, rank)


def nearly(matrix: Any) -> float:
    """Return how far a matrix is from orthogonal, in its largest entry."""
    q = np.asarray(matrix, dtype=float)
    return float(np.abs(q.T @ q - np.eye(len(q))).max())


row(
    "Haar",
    "A random orthogonal matrix, n = 1000, double precision",
    error="largest error of its products",
    why="""All decompose a Gaussian matrix by the same routine of LAPACK. Products of random
    reflections, which have the same law, took half of the time here; they were given up for the
    few lines that everybody knows, as no page waits for them.""",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.weights import orthogonal

    rng = np.random.default_rng(0)
    return Work(
        lambda: orthogonal((1000, 1000), rng=rng),
        error=lambda: nearly(orthogonal((1000, 1000), rng=rng)),
    )


@contender("SciPy", "peer")
def _() -> Work:
    from scipy.stats import ortho_group

    rng = np.random.default_rng(0)
    return Work(
        lambda: ortho_group.rvs(1000, random_state=rng),
        error=lambda: nearly(ortho_group.rvs(1000, random_state=rng)),
    )


@contender("torch", "peer", "torch-jax")
def _() -> Work:
    import torch

    weight = torch.empty(1000, 1000, dtype=torch.float64)
    return Work(
        lambda: torch.nn.init.orthogonal_(weight),
        error=lambda: nearly(torch.nn.init.orthogonal_(weight).numpy()),
    )


@contender("jax", "peer", "torch-jax")
def _() -> Work:
    import jax

    jax.config.update("jax_enable_x64", True)
    draw = jax.jit(
        lambda key: jax.nn.initializers.orthogonal()(key, (1000, 1000), jax.numpy.float64)
    )
    keys = itertools.cycle(jax.random.split(jax.random.key(0), 100))

    def call() -> Any:
        return draw(next(keys)).block_until_ready()

    return Work(call, error=lambda: nearly(call()))


# Copies


def copies() -> np.ndarray:
    """Return 100,000 units of 512 numbers, among them 500 groups of 5 equal ones."""
    rng = np.random.default_rng(0)
    units = rng.standard_normal((100_000, 512), dtype=np.float32)
    where = rng.permutation(len(units))[:2500].reshape(500, 5)
    units[where[:, 1:]] = units[where[:, :1]]
    return units


def first_seen(labels: np.ndarray) -> np.ndarray:
    """Return the same partition, with labels in the order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.ravel()]


def fingerprint(labels: np.ndarray) -> list[float]:
    """Return numbers that tell partitions apart: how many classes, and a sum over all labels."""
    order = first_seen(labels).astype(np.int64)
    return [float(order.max() + 1), float((order * (np.arange(len(order)) % 1009)).sum())]


row(
    "copies",
    "Groups of equal units among 100,000 units of 512 weights, single precision",
    error="largest difference from the partition by a dictionary",
    why="""One pass gives each unit its projection on a random direction, in double precision. The
    projections are sorted, and units that are as near as rounding allows are compared in full:
    exact, and a few times the reading of the numbers once. Only the units in a crowd are copied.
    """,
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.network import Layer
    from symlib.symmetry import unit_classes

    units = copies()
    layer = Layer(np.ascontiguousarray(units[:, :-1]))
    after = Layer(units[:, -1:].T.copy())
    return Work(
        lambda: unit_classes(layer, after),
        lambda: fingerprint(unit_classes(layer, after)),
    )


@contender("NumPy, unique rows", "peer")
def _() -> Work:
    units = copies()

    def call() -> Any:
        return np.unique(units, axis=0, return_inverse=True)[1].ravel()

    return Work(call, lambda: fingerprint(call()))


@contender("NumPy, unique on bytes", "peer")
def _() -> Work:
    units = copies()

    def call() -> Any:
        rows = units.view(np.dtype((np.void, units.itemsize * units.shape[1]))).ravel()
        return np.unique(rows, return_inverse=True)[1].ravel()

    return Work(call, lambda: fingerprint(call()))


def by_dictionary(units: np.ndarray) -> np.ndarray:
    """Return the first unit with the same bytes, for each unit."""
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(unit.tobytes(), at) for at, unit in enumerate(units)])


@contender("a dictionary of bytes", "peer")
def _() -> Work:
    units = copies()
    return Work(lambda: by_dictionary(units), lambda: fingerprint(by_dictionary(units)))


@contender("a dictionary", "reference")
def _() -> Work:
    return Work(lambda: None, lambda: fingerprint(by_dictionary(copies())))


def layers(noise: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return a hidden layer of 512 units between 64 and 10, and one in another order with noise."""
    rng = np.random.default_rng(0)
    incoming, bias = rng.normal(size=(512, 64)) / 8, rng.normal(size=512) / 8
    outgoing = rng.normal(size=(10, 512)) / 20
    order = rng.permutation(512)
    one = [incoming, outgoing, bias]
    other = [incoming[order], outgoing[:, order], bias[order]]
    other = [a + noise * a.std() * rng.normal(size=a.shape) for a in other]
    single = ([a.astype(np.float32) for a in layer] for layer in (one, other))
    first, second = single
    return first, second


def left_over(one: list[np.ndarray], other: list[np.ndarray], order: np.ndarray) -> float:
    """Return the distance of two layers, one of them in an order, over the size of the first."""
    moved = [other[0][order], other[1][:, order], other[2][order]]
    gap = sum(float(((a - b) ** 2).sum()) for a, b in zip(one, moved, strict=True))
    return math.sqrt(gap / sum(float((a**2).sum()) for a in one))


for noise, name in ((0.0, "exact"), (0.1, "noisy")):
    row(
        f"alignment, {name}",
        "Alignment of two layers of 512 units, " + ("copies" if not noise else "noise of 10 %"),
        error="relative distance that is left",
        why="Exact copies are found by sorting, and no assignment is solved."
        if not noise
        else """Each unit has its nearest in the other layer, and no two the same: that proves the
        assignment, and none is solved. Where two want the same one, the solver is SciPy's.""",
    )

    @contender("symlib", "ours")
    def _(noise: float = noise) -> Work:
        from symlib.network import Layer
        from symlib.symmetry import align_units

        one, other = layers(noise)
        first, second = ((Layer(a[0], a[2]), Layer(a[1])) for a in (one, other))

        def call() -> Any:
            return align_units(*second, to=first)

        return Work(call, error=lambda: left_over(one, other, call().order))

    @contender("SciPy, assignment", "peer")
    def _(noise: float = noise) -> Work:
        from scipy.optimize import linear_sum_assignment

        one, other = layers(noise)

        def call() -> Any:
            gain = one[0] @ other[0].T + one[1].T @ other[1] + np.outer(one[2], other[2])
            return linear_sum_assignment(gain, maximize=True)[1]

        return Work(call, error=lambda: left_over(one, other, call()))

    @contender("rebasin", "peer", "rebasin")
    def _(noise: float = noise) -> Work:
        import torch
        from rebasin import PermutationCoordinateDescent

        one, other = layers(noise)

        def model(incoming: np.ndarray, outgoing: np.ndarray, bias: np.ndarray) -> Any:
            net = torch.nn.Sequential(
                torch.nn.Linear(64, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)
            )
            with torch.no_grad():
                for p, a in zip(net.parameters(), (incoming, bias, outgoing), strict=False):
                    p.copy_(torch.from_numpy(a))
                net[2].bias.zero_()
            return net

        target, x = model(*one), torch.zeros(256, 64).normal_()
        last: list[Any] = []

        def call() -> None:
            moved = model(*other)
            PermutationCoordinateDescent(target, moved, x).rebasin()
            last[:] = [moved]

        def error() -> float:
            incoming, bias, outgoing, _ = (p.detach().numpy() for p in last[0].parameters())
            return left_over(one, [incoming, outgoing, bias], np.arange(512))

        return Work(call, error=error)


COPIES, LOST, DEAD = 8, 124, 20


def planted() -> list[np.ndarray]:
    """Return the weights of a network 784-1024-1024-1024-10 with three faults.

    Eight units of the first layer are equal, the second layer has lost 124 dimensions of 1024, and
    twenty units of the third are dead.
    """
    rng = np.random.default_rng(0)
    weights = [
        math.sqrt(2 / fan_in) * rng.normal(size=(fan_out, fan_in))
        for fan_in, fan_out in itertools.pairwise([784, 1024, 1024, 1024, 10])
    ]
    weights[0][:COPIES] = weights[0][0]
    narrow = rng.normal(size=(900, 1024))
    narrow[:, :COPIES] = narrow[:, :1]  # a tie takes equal outgoing weights too
    weights[1] = weights[1][:, :900] @ narrow / 30
    weights[2][:DEAD] = 0
    return [weight.astype(np.float32) for weight in weights]


row(
    "audit",
    "Three faults planted in the initial weights of a network 784-1024-1024-1024-10",
    error="faults not named, of three: copies, lost rank, dead units",
    why="""Each layer is asked for its copies, its rank and its dead units. Singular values take the
    time; beside symlib's classes of units the ranks are NumPy's. weightwatcher, which is made for
    trained networks, counts the lost dimensions as weak rank loss, and has no word for copies.""",
)


@contender("symlib", "ours")
def _() -> Work:
    from symlib.network import Layer
    from symlib.symmetry import unit_classes

    weights = planted()
    layers = [Layer(weight) for weight in weights]

    def audit() -> tuple[list[int], list[int], list[int]]:
        groups = [unit_classes(*pair) for pair in itertools.pairwise(layers)]
        return (
            [int(np.bincount(group).max()) for group in groups],
            [min(weight.shape) - int(np.linalg.matrix_rank(weight)) for weight in weights],
            [int((~weight.any(axis=1)).sum()) for weight in weights],
        )

    def missed() -> float:
        copies, lost, dead = audit()
        return float((copies[0] != COPIES) + (lost[1] != LOST) + (dead[2] != DEAD))

    return Work(audit, error=missed)


@contender("weightwatcher", "peer", "weightwatcher")
def _() -> Work:
    import contextlib
    import io
    import logging

    import torch
    import weightwatcher

    logging.disable(logging.CRITICAL)
    weights = planted()
    net = torch.nn.Sequential(
        *[torch.nn.Linear(*weight.shape[::-1], bias=False) for weight in weights]
    )
    with torch.no_grad():
        for p, weight in zip(net.parameters(), weights, strict=True):
            p.copy_(torch.from_numpy(weight))

    def audit() -> Any:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return weightwatcher.WeightWatcher(model=net).analyze(plot=False)

    def missed() -> float:
        lost = list(audit()["weak_rank_loss"])
        return float(1 + (lost[1] != LOST) + (lost[2] != DEAD))

    return Work(audit, error=missed)


# Isometry


def gaussian_frame() -> np.ndarray:
    """Return a Gaussian frame of 64 unit vectors in 32 dimensions."""
    frame = np.random.default_rng(0).normal(size=(32, 64))
    return frame / np.linalg.norm(frame, axis=0)


def chirp_frame() -> np.ndarray:
    """Return the chirps of length 7 at all 7 shifts and rates."""
    t = np.arange(7)
    phase = t[:, None, None] * t[None, :, None] + t[:, None, None] ** 2 * t[None, None, :]
    return np.exp(2j * math.pi * phase / 7).reshape(7, 49) / math.sqrt(7)


def constant_of(grams: np.ndarray) -> np.ndarray:
    """Return how far each small Gram matrix is from the identity, in its eigenvalues."""
    values = np.linalg.eigvalsh(grams)
    return np.maximum(values[..., -1] - 1, 1 - values[..., 0])


def all_at_once(frame: np.ndarray) -> float:
    """Return the constant for 4 columns: all sets, many at a time."""
    gram, n = frame.conj().T @ frame, frame.shape[1]
    sets = np.fromiter(
        itertools.chain.from_iterable(itertools.combinations(range(n), 4)), np.int16
    ).reshape(-1, 4)
    best = 0.0
    for start in range(0, len(sets), 65536):
        part = sets[start : start + 65536].astype(np.intp)
        best = max(best, float(constant_of(gram[part[:, :, None], part[:, None, :]]).max()))
    return best


for name, frame, says in (
    ("Gaussian", gaussian_frame, "Gaussian frame 32 × 64"),
    ("chirps", chirp_frame, "frame of chirps 7 × 49"),
):
    row(
        f"restricted isometry, {name}",
        f"Restricted isometry constant for 4 columns, {says}",
        error="difference from all sets at once",
        why="""No package offers it. The trace and the sum of squares decide most sets without an
        eigenvalue. Cholesky factors shared by sets that begin alike were about five times faster,
        and a hundred lines longer; no page waits for this.""",
    )

    @contender("symlib", "ours")
    def _(frame: Callable[[], np.ndarray] = frame) -> Work:
        from symlib.isometry import restricted_isometry

        matrix = frame()
        return Work(
            lambda: restricted_isometry(matrix, 4),
            lambda: [restricted_isometry(matrix, 4).greatest],
        )

    @contender("all sets, many at once", "peer")
    def _(frame: Callable[[], np.ndarray] = frame) -> Work:
        matrix = frame()
        return Work(lambda: all_at_once(matrix), lambda: [all_at_once(matrix)])

    @contender("a loop over sets (5000 of them, scaled)", "peer")
    def _(frame: Callable[[], np.ndarray] = frame) -> Work:
        matrix = frame()
        sets = math.comb(matrix.shape[1], 4)

        def call() -> None:
            for chosen in itertools.islice(itertools.combinations(range(matrix.shape[1]), 4), 5000):
                part = matrix[:, chosen]
                constant_of(part.conj().T @ part)

        return Work(call, share=5000 / sets)

    @contender("all sets", "reference")
    def _(frame: Callable[[], np.ndarray] = frame) -> Work:
        matrix = frame()
        return Work(lambda: None, lambda: [all_at_once(matrix)])
