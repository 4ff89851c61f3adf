"""Follow the gradient and keep the path.

`descend` runs gradient descent, with or without momentum, or Adam, on the whole data or on
mini-batches, with or without dropout, for one network or for all replicas at once. It returns a
`Run`: where it ended, the loss of every step, and whatever was asked to be recorded on the way.

With ``exact=True`` equal units keep equal bits, whatever the optimizer and the batches; see
`symlib.network` for why this needs a switch. Only dropout treats units differently.

`linear_mode` is the one path that is known in closed form: how a deep linear network takes up one
singular direction of its data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.polynomial.polynomial import polyval

from symlib._activations import ACTIVATIONS
from symlib._arrays import Array, choice, flag, generator, number, real_array, whole
from symlib.network import Layer, _admit_with_targets, _gradients, _replicas

__all__ = ["Run", "descend", "linear_mode"]

# The bytes that the values of one layer may take in one block of replicas: a share of a
# processor's second-level cache.
_CACHE: Final = 2**19

# What an optimizer does: (parameters, slopes, memory, rates) -> (parameters, memory). Parameters,
# slopes and rates are flat lists: weight, bias, weight, bias, ... from the inputs to the outputs.
_Update = Callable[[list[Array], list[Array], Any, list[float]], tuple[list[Array], Any]]


class Run(NamedTuple):
    """What a training run leaves behind.

    Attributes
    ----------
    layers : list of Layer
        The network after the last step.
    losses : array of shape (steps, [replicas])
        The loss before each step, on the batch of that step.
    records : list
        What ``record`` returned, before the first step and after every ``every`` steps.
    """

    layers: list[Layer]
    losses: Array
    records: list[Any]


def descend(
    layers: Sequence[Layer],
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    steps: int,
    rate: float | Sequence[float | Layer],
    kind: str = "squared",
    activation: str = "relu",
    optimizer: str = "gradient",
    momentum: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
    batch: int | None = None,
    dropout: float = 0.0,
    record: Callable[[list[Layer]], Any] | None = None,
    every: int = 1,
    exact: bool = False,
    progress: bool = False,
    rng: Any = None,
) -> Run:
    """Train the network, all replicas at once, and keep the path.

    Parameters
    ----------
    layers : list of Layer
        The start, from the inputs to the outputs. It is copied, never written to.
    x : array of shape ([replicas], samples, features)
        The inputs.
    y : array of shape ([replicas], samples, outputs) or (samples,)
        The targets of the squared loss, or for the cross entropy the label of each sample.
    steps : int
        How many updates.
    rate : float, or list with one entry for each layer
        The step size. An entry is a number or a ``Layer(weight=..., bias=...)`` of numbers; the
        rate 0 keeps its parameters as they are.
    kind : {"squared", "cross_entropy"}
        Which loss (see `symlib.network.loss`).
    activation : {"relu", "tanh", "erf", "selu", "identity"}
        The activation of the hidden layers.
    optimizer : {"gradient", "adam"}
        Gradient descent or Adam.
    momentum : float
        The share of the previous update that gradient descent keeps, from 0 to below 1.
    betas : pair of floats
        The shares that Adam's averages of the gradient and of its square keep at each step.
    epsilon : float
        What Adam adds to the root of the average square.
    weight_decay : float
        How much of every parameter is added to its gradient.
    batch : int, optional
        The size of a mini-batch. The samples are shuffled anew each epoch, the last batch of an
        epoch may be shorter, and all replicas see the same batches. By default every step sees
        all samples.
    dropout : float
        The probability with which a hidden value is dropped, drawn anew for each unit, sample,
        replica and step. Values that stay are divided by 1 - dropout.
    record : callable, optional
        Called with the list of layers. Steps never write into an array, so that it may keep the
        arrays themselves.
    every : int
        How many steps lie between two records.
    exact : bool
        Whether equal units keep equal bits (see the top of `symlib.network`).
    progress : bool
        Whether to show a progress bar; this needs tqdm.
    rng : None, int or numpy.random.Generator
        The source of the batches and of dropout.

    Returns
    -------
    Run
        The final layers, with all replica axes; the losses; the records.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described, or two do not fit together.
    FloatingPointError
        When the loss or a parameter stops being finite.
    ImportError
        When ``progress`` is asked for and tqdm is not installed.

    Notes
    -----
    With g the gradient of the loss plus ``weight_decay`` times the parameter θ, a step is ::

        v ← momentum v + g,   θ ← θ - rate v

    for gradient descent with the heavy ball of Polyak (1964), and for Adam at step t ::

        m ← β₁ m + (1 - β₁) g,   s ← β₂ s + (1 - β₂) g²,
        θ ← θ - rate m / (1 - β₁ᵗ) / (√(s / (1 - β₂ᵗ)) + epsilon).

    Both are what PyTorch computes. They treat each parameter by itself and all alike, and so
    never part units that are equal; the masks of dropout are drawn for each unit, and do.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", *USSR Computational
    Mathematics and Mathematical Physics* 4 (1964), 1-17.

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.

    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent
    neural networks from overfitting", *Journal of Machine Learning Research* 15 (2014), 1929-1958.

    Examples
    --------
    Three equal units move, and stay equal:

    >>> import numpy as np
    >>> start = [Layer(np.full((3, 2), 0.5), np.zeros(3)), Layer(np.full((1, 3), 0.5), np.zeros(1))]
    >>> x, y = [[-1, -1], [-1, 1], [1, -1], [1, 1]], [[0], [1], [1], [0]]
    >>> run = descend(start, x, y, steps=100, rate=0.1, activation="tanh", exact=True)
    >>> bool(run.losses[-1] < run.losses[0])
    True
    >>> weight = run.layers[0].weight
    >>> bool((weight == weight[0]).all())
    True
    """
    admitted, columns, target = _admit_with_targets(layers, x, y, kind)
    replicas = _replicas(admitted, columns, target)
    columns, target = _spread(columns, replicas), _spread(target, replicas)
    phi = ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
    steps, every = whole("steps", steps, least=0), whole("every", every)
    exact, progress = flag("exact", exact), flag("progress", progress)
    rates = _flat_rates(rate, len(admitted))
    update = _update(optimizer, momentum, betas, epsilon, weight_decay)
    drop = number("dropout", dropout, least=0, below=1)
    if record is not None and not callable(record):
        raise TypeError(f"record must be a function of the layers or None, got {record!r:.60}")
    rng = generator(rng)
    portions = _portions(columns, target, batch, rng)
    parameters = _copies(admitted, replicas)
    block = _block(admitted, replicas, columns, batch)
    gradients = partial(_gradients, phi=phi, kind=kind, exact=exact, space={})
    losses = np.empty((steps, *replicas), dtype=columns.dtype)
    records: list[Any] = []
    memory: Any = None
    for step in _counted(steps, progress):
        now = _paired(parameters)
        seen, wanted = next(portions)
        masks = _masks(now, replicas, seen, drop, rng) if drop else ()
        with np.errstate(all="ignore"):  # what overflows is told below, in one sentence
            value, slopes = _in_blocks(gradients, now, seen, wanted, masks, block)
            parameters, memory = update(parameters, _flat(slopes), memory, rates)
        losses[step] = value
        finite = np.isfinite(value)
        if not finite.all():
            raise _divergence(f"the loss at step {step}", finite, rate)
        if record is not None and step % every == 0:
            records.append(record(now))
    final = _paired(parameters)
    finite = _finite(parameters, replicas)
    if not finite.all():
        raise _divergence(f"a parameter after step {steps - 1}", finite, rate)
    if record is not None and steps % every == 0:
        records.append(record(list(final)))
    return Run(final, losses, records)


def linear_mode(
    times: npt.ArrayLike, *, strength: float, start: float, depth: int = 2
) -> npt.NDArray[np.float64]:
    """Return how one mode of a deep linear network grows with the time of training.

    A linear network with whitened inputs learns the singular directions of its target one by one,
    each by itself, when it starts aligned with them and equally large in all layers. The singular
    value of the product of the weights then follows this curve: long near 0, and the longer the
    deeper the network, then up to its strength at once.

    Parameters
    ----------
    times : array of shape (times,)
        Times of gradient flow on half the squared error, at least 0.
    strength : float
        The singular value of the target, above 0.
    start : float
        The singular value of the product at time 0, from 0 to ``strength``.
    depth : int
        How many weight matrices the network has.

    Returns
    -------
    array of shape (times,)
        The singular value of the product at each time.

    Raises
    ------
    TypeError, ValueError
        When an argument is not as described.

    Notes
    -----
    The loss ½‖A - W_L ... W_1‖² in the Frobenius norm moves a mode u of strength s by ::

        du/dt = L u^(2 - 2/L) (s - u),

    for L = 1 an exponential approach and for L = 2 a logistic curve, which passes s/2 at the time
    ln((s - u₀) / u₀) / (2 s). For L > 2 the time that passes up to each u is an integral with a
    convergent series, and Newton's method inverts it; in ln(u / (s - u)) it is concave, so that
    from below the method cannot fail. A mode of size 0 stays where it is when L > 1.

    Steps of size η on the mean squared error of n samples and k outputs take the time 2 η / k each,
    if the inputs have the identity as the mean of x xᵀ.

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", ICLR 2014.

    Examples
    --------
    >>> linear_mode([0.0, 1.334339, 4.0], strength=3, start=1e-3).round(3).tolist()
    [0.001, 1.5, 3.0]
    """
    t = real_array("times", times, ("times",)).astype(np.float64)
    if t.min() < 0:
        raise ValueError(f"times must be at least 0, got {t.min():g}")
    s = number("strength", strength, above=0)
    u, layers = number("start", start, least=0), whole("depth", depth)
    if u > s:
        raise ValueError(f"start must be at most strength, which is {s:g}, got {u:g}")
    if layers == 1:
        return np.asarray(s - (s - u) * np.exp(-t))
    if u / s in (0, 1):
        return np.full(t.shape, u)
    if layers == 2:
        return np.asarray(s * (u / (u + (s - u) * np.exp(-2 * s * t))))
    return s * _grown(u / s, layers * s ** (2 - 2 / layers) * t, 1 - 2 / layers)


def _flat(layers: Sequence[Layer]) -> list[Array]:
    return [array for layer in layers for array in layer]


def _paired(parameters: Sequence[Array]) -> list[Layer]:
    return [Layer(*pair) for pair in zip(parameters[::2], parameters[1::2], strict=True)]


def _copies(layers: Sequence[Layer], replicas: tuple[int, ...]) -> list[Array]:
    """Return copies of the parameters, each with all replica axes."""
    copies = []
    for weight, bias in layers:
        copies.append(np.broadcast_to(weight, (*replicas, *weight.shape[-2:])).copy())
        copies.append(np.broadcast_to(bias, (*replicas, bias.shape[-1])).copy())
    return copies


def _spread(columns: Array, replicas: tuple[int, ...]) -> Array:
    """Return the columns with all replica axes when they have any, and with none otherwise."""
    return columns if columns.ndim == 2 else np.broadcast_to(columns, replicas + columns.shape[-2:])


def _block(
    layers: Sequence[Layer], replicas: tuple[int, ...], columns: Array, batch: int | None
) -> int:
    """Return how many replicas to follow at once so that the widest layer stays in the cache."""
    widest = max(layer.bias.shape[-1] for layer in layers)
    each = widest * (batch or columns.shape[-1]) * math.prod(replicas[1:]) * columns.itemsize
    return max(1, _CACHE // each) if replicas else 1


def _in_blocks(
    gradients: Callable[..., tuple[Array, list[Layer]]],
    layers: Sequence[Layer],
    columns: Array,
    target: Array,
    masks: Sequence[Array],
    block: int,
) -> tuple[Array, list[Layer]]:
    """Return the loss and its gradients, block of replicas after block.

    Many replicas have hidden values of many megabytes, and every pass over them waits for the
    memory; a block of them stays in the cache through all passes. Replicas do not mix, so that
    blocks change nothing but the time.
    """
    replicas = layers[0].weight.shape[:-2]
    if not replicas or replicas[0] <= block:
        return gradients(layers, columns, target, masks=masks)
    parts = []
    for start in range(0, replicas[0], block):
        own = slice(start, start + block)
        parts.append(
            gradients(
                [Layer(weight[own], bias[own]) for weight, bias in layers],
                *(array if array.ndim == 2 else array[own] for array in (columns, target)),
                masks=[mask[own] for mask in masks],
            )
        )
    values, slopes = zip(*parts, strict=True)
    joined = [Layer(*map(np.concatenate, zip(*k, strict=True))) for k in zip(*slopes, strict=True)]
    return np.concatenate(values), joined


def _flat_rates(rate: object, depth: int) -> list[float]:
    """Return one rate for each weight and each bias, in the order of the parameters."""
    single = isinstance(rate, Layer) or (isinstance(rate, np.ndarray) and rate.ndim == 0)
    if single or not isinstance(rate, list | tuple | np.ndarray):
        return [number("rate", rate, least=0)] * (2 * depth)
    if len(rate) != depth:
        raise ValueError(
            f"rate must be a number or a list of {depth} entries, one for each layer, "
            f"got {len(rate)} entries"
        )
    rates = []
    for k, entry in enumerate(rate):
        if isinstance(entry, Layer):
            rates.append(number(f"rate[{k}].weight", entry.weight, least=0))
            rates.append(number(f"rate[{k}].bias", entry.bias, least=0))
        else:
            rates += [number(f"rate[{k}]", entry, least=0)] * 2
    return rates


def _update(
    optimizer: str,
    momentum: float,
    betas: object,
    epsilon: float,
    weight_decay: float,
) -> _Update:
    """Return the update that the options describe."""
    choice("optimizer", optimizer, ("gradient", "adam"))
    momentum = number("momentum", momentum, least=0, below=1)
    decay = number("weight_decay", weight_decay, least=0)
    if not isinstance(betas, Sequence) or len(betas) != 2:
        raise TypeError(f"betas must be a pair of numbers, got {betas!r:.60}")
    first, second = (number(f"betas[{k}]", b, least=0, below=1) for k, b in enumerate(betas))
    epsilon = number("epsilon", epsilon, above=0)
    if optimizer == "gradient":
        return partial(_heavy_ball, momentum=momentum, decay=decay)
    if momentum:
        raise ValueError(f"momentum must be 0 with optimizer='adam', got {momentum:g}")
    return partial(_adam, betas=(first, second), epsilon=epsilon, decay=decay)


def _heavy_ball(
    parameters: list[Array],
    slopes: list[Array],
    memory: list[Array] | None,
    rates: list[float],
    *,
    momentum: float,
    decay: float,
) -> tuple[list[Array], list[Array] | None]:
    """Step against the velocity, which without momentum is the gradient; memory is the velocity."""
    if decay:
        slopes = [g + decay * p for g, p in zip(slopes, parameters, strict=True)]
    if momentum and memory is not None:
        slopes = [momentum * v + g for v, g in zip(memory, slopes, strict=True)]
    moved = [p - r * v for p, r, v in zip(parameters, rates, slopes, strict=True)]
    return moved, slopes if momentum else None


def _adam(
    parameters: list[Array],
    slopes: list[Array],
    memory: tuple[int, list[Any], list[Any]] | None,
    rates: list[float],
    *,
    betas: tuple[float, float],
    epsilon: float,
    decay: float,
) -> tuple[list[Array], tuple[int, list[Any], list[Any]]]:
    """Step by the average gradient over the root of the average square; memory has both."""
    first, second = betas
    if decay:
        slopes = [g + decay * p for g, p in zip(slopes, parameters, strict=True)]
    step, means, squares = memory or (0, [0.0] * len(slopes), [0.0] * len(slopes))
    step += 1
    means = [first * m + (1 - first) * g for m, g in zip(means, slopes, strict=True)]
    squares = [second * s + (1 - second) * g * g for s, g in zip(squares, slopes, strict=True)]
    shrink, root = 1 - first**step, math.sqrt(1 - second**step)
    moved = [
        p - (r / shrink) * m / (np.sqrt(s) / root + epsilon)
        for p, r, m, s in zip(parameters, rates, means, squares, strict=True)
    ]
    return moved, (step, means, squares)


def _portions(
    columns: Array, target: Array, batch: int | None, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Return an endless iterator over what each step sees."""
    if batch is None:
        return repeat((columns, target))
    return _batches(columns, target, whole("batch", batch, most=columns.shape[-1]), rng)


def _batches(
    columns: Array, target: Array, size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield mini-batches, epoch after epoch, each of which has every sample once."""
    while True:
        order = rng.permutation(columns.shape[-1])
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            yield columns.take(chosen, axis=-1), target.take(chosen, axis=-1)


def _masks(
    layers: Sequence[Layer],
    replicas: tuple[int, ...],
    columns: Array,
    dropout: float,
    rng: np.random.Generator,
) -> list[Array]:
    """Draw what multiplies each hidden value: 0 with probability dropout, or 1 / (1 - dropout)."""
    masks = []
    for _, bias in layers[:-1]:
        drawn = rng.random((*replicas, bias.shape[-1], columns.shape[-1]), dtype=columns.dtype)
        masks.append((drawn >= dropout) * columns.dtype.type(1 / (1 - dropout)))
    return masks


def _counted(steps: int, progress: bool) -> Iterable[int]:
    """Return the numbers of the steps, which show a bar as they are used up if that is wanted."""
    if not progress:
        return range(steps)
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm, which is not installed") from None
    bar: Iterable[int] = tqdm(range(steps), unit="step")
    return bar


def _grown(share: float, time: Array, power: float) -> npt.NDArray[np.float64]:
    """Return where y = share has come after each time by dy/dt = y^(1 + power) (1 - y).

    The time since y = 0 would be the integral of y^(-1 - power) / (1 - y), a power that diverges
    plus a series: in y, or beyond 1/2 in 1 - y.
    """
    from scipy.special import digamma, expit, logit  # here, as its import takes its time

    k = np.arange(1, 60)
    small = 1 / (k - power)
    large = np.append(0, np.cumprod((k - 1 + power) / k) / k)

    def passed(odds: Any) -> Any:
        y, rest = expit(odds), expit(np.negative(odds))
        below = y ** (1 - power) * polyval(y, small)
        above = np.logaddexp(0, odds) - digamma(1 - power) - np.euler_gamma - polyval(rest, large)
        return np.where(y < 0.5, below, above) - y**-power / power

    goal = passed(logit(share)) + time
    short = np.maximum(passed(0.0) - goal, 0.0)  # how long before y = 1/2
    odds = logit((power * short + 2**power) ** (-1 / power))
    for _ in range(12):
        odds = odds + (goal - passed(odds)) * expit(odds) ** power
    return np.asarray(expit(odds))


def _finite(parameters: Sequence[Array], replicas: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return whether all parameters of each replica are finite."""
    each = [np.isfinite(array).reshape(*replicas, -1).all(axis=-1) for array in parameters]
    return np.asarray(np.logical_and.reduce(each))


def _divergence(what: str, finite: npt.NDArray[np.bool_], rate: object) -> FloatingPointError:
    """Return the error that says what is not finite, where, and what to do."""
    where = ""
    if np.ndim(finite):
        bad = np.argwhere(~finite)
        first = tuple(map(int, bad[0]))
        where = f" in {len(bad)} of {np.size(finite)} replicas, first in replica "
        where += str(first[0] if len(first) == 1 else first)
    return FloatingPointError(
        f"{what} is not finite{where}, with rate {rate!r:.60}; take a smaller rate"
    )
