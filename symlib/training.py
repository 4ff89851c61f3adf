"""Follow the gradient and keep the path.

`descend` runs gradient descent, with or without momentum, or Adam, on the whole data or on
mini-batches, with or without dropout, for one network or for all replicas at once. It returns a
`Run`: where it ended, the loss of every step, and whatever was asked to be recorded on the way.

In a network with ``same_order=True`` units that start equal keep equal bits under each of these
rules but dropout, which treats units differently; see `symlib.network` for why this needs a switch.

`linear_mode` is the one path that is known in closed form: how a deep linear network takes up one
singular direction of its data.

Arguments that are not as described raise TypeError or ValueError, in one sentence that names the
argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.polynomial.polynomial import polyval

from symlib._arrays import Array, Rng, choice, generator, number, real_array, shown, whole
from symlib._backprop import Buffers, admit_targets, loss_gradients
from symlib._cores import thread_map, worker_count
from symlib._layers import (
    Layer,
    Network,
    admit_inputs,
    admit_network,
    layer_rates,
    map_layers,
    replica_axis,
)

__all__ = ["Run", "descend", "linear_mode"]

# The bytes that the values of one layer may take in one block of replicas: a share of a
# processor's second-level cache.
_CACHE_BYTES: Final = 2**19

# What an optimizer does: (parameters, gradients, memory, rates) -> (parameters, memory). The memory
# is the optimizer's own, and all else are lists of Layer.
_Layers = list[Layer]
_Update = Callable[[_Layers, _Layers, Any, _Layers], tuple[_Layers, Any]]


class Run(NamedTuple):
    """What a training run leaves behind.

    Attributes
    ----------
    network : Network
        The network after the last step, with the replica axis.
    losses : array of shape (steps, [replicas])
        The loss before each step, on the batch and with the dropout of that step; weight decay is
        not part of it.
    records : list
        What ``record`` returned, before the first step and after every ``every`` steps.
    """

    network: Network
    losses: Array
    records: list[Any]


def descend(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    steps: int,
    rate: float | Layer | Sequence[float | Layer],
    kind: str = "squared",
    optimizer: str = "gradient",
    momentum: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
    batch: int | None = None,
    dropout: float = 0.0,
    record: Callable[[Network], Any] | None = None,
    every: int = 1,
    rng: Rng = None,
) -> Run:
    """Train the network, all replicas at once, and keep the path.

    Parameters
    ----------
    network : Network
        The start. It is copied, and not written to.
    x : array of shape ([replicas], samples, features)
        The inputs.
    y : array of shape ([replicas], samples, outputs) or (samples,)
        The targets of a squared loss, or for the cross entropy the label of each sample.
    steps : int
        How many updates.
    rate : float, Layer of floats, or list of them with one entry for each layer
        The step size. A ``Layer(weight=..., bias=...)`` gives weights and biases their own; the
        rate 0 keeps its parameters as they are.
    kind : {"squared", "half_squares", "cross_entropy"}
        Which loss (see `symlib.network.loss`).
    optimizer : {"gradient", "adam"}
        Gradient descent or Adam.
    momentum : float
        The share of the previous update that gradient descent keeps, from 0 to below 1.
    betas : pair of floats
        The shares that Adam's averages of the gradient and of its square keep at each step.
    epsilon : float
        What Adam adds to the root of the average square.
    weight_decay : float
        How much of every parameter is added to its gradient, which with Adam passes through the
        averages.
    batch : int, optional
        The size of a mini-batch. The samples are shuffled anew each epoch, the last batch of an
        epoch may be shorter, and all replicas see the same batches. By default every step sees
        all samples.
    dropout : float
        The probability with which a hidden value is dropped, drawn anew for each unit, sample,
        replica and step. Values that stay are divided by 1 - dropout.
    record : callable, optional
        Called with the network. Steps do not write into an array, so that it may keep the arrays
        themselves.
    every : int
        How many steps lie between two records.
    rng : None, int or numpy.random.Generator
        The source of the batches and of dropout.

    Returns
    -------
    Run
        The final network, with the replica axis; the losses; the records.

    Raises
    ------
    FloatingPointError
        When the loss or a parameter stops being finite.

    Notes
    -----
    With g the gradient of the loss plus ``weight_decay`` times the parameter θ, a step is ::

        v ← momentum v + g,   θ ← θ - rate v

    for gradient descent with the heavy ball of Polyak (1964), and for Adam at step t ::

        m ← β₁ m + (1 - β₁) g,   s ← β₂ s + (1 - β₂) g²,
        θ ← θ - rate m / (1 - β₁ᵗ) / (√(s / (1 - β₂ᵗ)) + epsilon).

    These are ``SGD`` and ``Adam`` of ``torch.optim``, with their ``weight_decay``. They treat each
    parameter by itself and all alike, so that units that agree in all parameters, and in the memory
    of the optimizer, stay equal; the masks of dropout are drawn for each unit, and part them.

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
    >>> from symlib.network import Layer, Network
    >>> layers = [Layer(np.full((3, 2), 0.5), np.zeros(3)), Layer(np.full((1, 3), 0.5))]
    >>> start = Network(layers, "tanh", same_order=True)
    >>> x, y = [[-1, -1], [-1, 1], [1, -1], [1, 1]], [[0], [1], [1], [0]]
    >>> run = descend(start, x, y, steps=100, rate=0.1)
    >>> bool(run.losses[-1] < run.losses[0])
    True
    >>> weight = run.network.layers[0].weight
    >>> bool((weight == weight[0]).all())
    True
    """
    admitted = admit_network(network)
    columns = admit_inputs("x", x, admitted)
    target = admit_targets(admitted, columns, y, kind)
    replicas = replica_axis(admitted, columns, target)
    columns = _with_replicas(columns, replicas)
    target = _with_replicas(target, replicas)
    steps = whole("steps", steps, least=0)
    every = whole("every", every)
    rates = layer_rates(rate, admitted)
    update = _update(optimizer, momentum, betas, epsilon, weight_decay)
    drop = number("dropout", dropout, least=0, below=1)
    if record is not None and not callable(record):
        raise TypeError(f"record must be a function of the network or None, got {shown(record)}")
    source = generator(rng)
    batches = _batches(columns, target, batch, source)
    blocks = _blocks(admitted, replicas, columns, batch)
    workers = min(len(blocks), worker_count())
    buffers: list[Buffers] = [{} for _ in range(workers)]

    def network_of(parameters: _Layers) -> Network:  # the caller's, with its own activation
        return network._replace(layers=list(parameters))

    parameters = _copies(admitted.layers, replicas)
    losses = np.empty((steps, *replicas), dtype=columns.dtype)
    records: list[Any] = []
    memory: Any = None
    with thread_map(workers) as on_cores:
        for step in range(steps):
            now = admitted._replace(layers=parameters)
            seen, wanted = next(batches)
            masks = _masks(now, replicas, seen, drop, source) if drop else ()
            with np.errstate(all="ignore"):  # what overflows is reported below, in one sentence
                value, gradients = _in_blocks(
                    now, seen, wanted, kind, masks, blocks, buffers, on_cores
                )
                moved, memory = update(parameters, gradients, memory, rates)
            losses[step] = value
            finite = np.isfinite(value)
            if not finite.all():
                raise _divergence(f"the loss at step {step}", finite, rate)
            if record is not None and step % every == 0:
                records.append(record(network_of(parameters)))
            parameters = moved
    finite = _finite_replicas(parameters, replicas)
    if not finite.all():
        raise _divergence(f"a parameter after step {steps - 1}", finite, rate)
    if record is not None and steps % every == 0:
        records.append(record(network_of(parameters)))
    return Run(network_of(parameters), losses, records)


def linear_mode(
    times: npt.ArrayLike, *, strength: float, start: float, depth: int = 2
) -> npt.NDArray[np.float64]:
    """Return how one mode of a deep linear network grows with the time of training.

    A linear network with whitened inputs learns the singular directions of its target one by one,
    each by itself, when it starts aligned with them and balanced, that is equally large in all
    layers. The singular value of the product of the weights then follows this curve. From a small
    start in a network of at least two layers it stays near 0 for a time that grows with depth,
    then rises quickly to its strength.

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
    u = number("start", start, least=0)
    layers = whole("depth", depth)
    if u > s:
        raise ValueError(f"start must be at most strength, which is {s:g}, got {u:g}")
    if layers == 1:
        return np.asarray(s - (s - u) * np.exp(-t))
    if u in (0.0, s):
        return np.full(t.shape, u)
    share = u / s
    if share < np.finfo(np.float64).tiny:
        raise ValueError(f"start must be 0 or a share of strength above 1e-307, got {u:g}")
    if layers == 2:
        return np.asarray(s * (u / (u + (s - u) * np.exp(-2 * s * t))))
    with np.errstate(over="ignore"):
        speed = layers * np.float64(s) ** (2 - 2 / layers)
        scaled = speed * t
    if not np.isfinite(scaled).all():
        raise ValueError(f"times must leave a finite product with the speed {speed:g} of the mode")
    return s * _share_after(share, scaled, 1 - 2 / layers)


def _copies(layers: Sequence[Layer], replicas: tuple[int, ...]) -> list[Layer]:
    """Return copies of the layers, each with the replica axis."""
    copies = []
    for weight, bias in layers:
        own_weight = np.broadcast_to(weight, (*replicas, *weight.shape[-2:])).copy()
        own_bias = None
        if bias is not None:
            own_bias = np.broadcast_to(bias, (*replicas, bias.shape[-1])).copy()
        copies.append(Layer(own_weight, own_bias))
    return copies


def _with_replicas(columns: Array, replicas: tuple[int, ...]) -> Array:
    """Return the columns with the whole replica axis when they have one, and else as they are."""
    return columns if columns.ndim == 2 else np.broadcast_to(columns, replicas + columns.shape[-2:])


def _blocks(
    network: Network, replicas: tuple[int, ...], columns: Array, batch: int | None
) -> list[slice]:
    """Return slices of replicas so that the widest layer of a block stays in the cache.

    Many replicas have hidden values of many megabytes, and every pass over them waits for the
    memory; a block of them stays in the cache through all passes.
    """
    if not replicas:
        return [slice(None)]
    widest = max(layer.weight.shape[-2] for layer in network.layers)
    bytes_each = widest * (batch or columns.shape[-1]) * columns.itemsize
    size = max(1, int(_CACHE_BYTES // bytes_each))
    return [slice(start, start + size) for start in range(0, replicas[0], size)]


def _in_blocks(
    network: Network,
    columns: Array,
    target: Array,
    kind: str,
    masks: Sequence[Array],
    blocks: Sequence[slice],
    buffers: Sequence[Buffers],
    on_cores: Callable[..., Iterable[Any]],
) -> tuple[Array, list[Layer]]:
    """Return the loss and its gradients, block of replicas after block.

    As many threads share the blocks as there are sets of buffers. Replicas do not mix, so that
    neither blocks nor threads change anything but the time.
    """
    if len(blocks) == 1:
        return loss_gradients(network, columns, target, kind, masks, buffers[0])

    def gradients_of(block: slice, own: Buffers) -> tuple[Array, list[Layer]]:
        part = network._replace(layers=map_layers(itemgetter(block), network.layers))
        inputs = columns if columns.ndim == 2 else columns[block]
        targets = target if target.ndim == 2 else target[block]
        masked = [mask[block] for mask in masks]
        with np.errstate(all="ignore"):  # each thread has a state of its own
            return loss_gradients(part, inputs, targets, kind, masked, own)

    def share_of(worker: int) -> list[tuple[Array, list[Layer]]]:
        start, stop = (len(blocks) * k // workers for k in (worker, worker + 1))
        return [gradients_of(block, buffers[worker]) for block in blocks[start:stop]]

    workers = len(buffers)
    others = on_cores(share_of, range(1, workers))
    parts = share_of(0)  # this thread works too, as waiting for others costs more
    for other in others:
        parts += other
    values, gradients = zip(*parts, strict=True)
    return np.concatenate(values), map_layers(lambda *arrays: np.concatenate(arrays), *gradients)


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
        raise TypeError(f"betas must be a pair of numbers, got {shown(betas)}")
    first = number("betas[0]", betas[0], least=0, below=1)
    second = number("betas[1]", betas[1], least=0, below=1)
    epsilon = number("epsilon", epsilon, above=0)
    if optimizer == "gradient":
        if (first, second) != (0.9, 0.999):
            raise ValueError(
                f"betas must be left out with optimizer='gradient', got {shown(betas)}"
            )
        return partial(_heavy_ball, momentum=momentum, decay=decay)
    if momentum:
        raise ValueError(f"momentum must be 0 with optimizer='adam', got {momentum:g}")
    return partial(_adam, betas=(first, second), epsilon=epsilon, decay=decay)


def _heavy_ball(
    parameters: list[Layer],
    gradients: list[Layer],
    memory: list[Layer] | None,
    rates: list[Layer],
    *,
    momentum: float,
    decay: float,
) -> tuple[list[Layer], list[Layer] | None]:
    """Step against the velocity, which without momentum is the gradient; memory is the velocity."""
    velocity = _decayed(gradients, parameters, decay)
    if momentum and memory is not None:
        velocity = map_layers(lambda v, g: momentum * v + g, memory, velocity)
    moved = map_layers(lambda p, r, v: p - r * v, parameters, rates, velocity)
    return moved, velocity if momentum else None


def _adam(
    parameters: list[Layer],
    gradients: list[Layer],
    memory: tuple[int, list[Layer], list[Layer]] | None,
    rates: list[Layer],
    *,
    betas: tuple[float, float],
    epsilon: float,
    decay: float,
) -> tuple[list[Layer], tuple[int, list[Layer], list[Layer]]]:
    """Step by the average gradient over the root of the average square; memory has both."""
    beta1, beta2 = betas
    gradients = _decayed(gradients, parameters, decay)
    if memory is None:
        zeros = map_layers(np.zeros_like, gradients)
        memory = (0, zeros, zeros)
    step, means, squares = memory
    step += 1
    means = map_layers(lambda m, g: beta1 * m + (1 - beta1) * g, means, gradients)
    squares = map_layers(lambda s, g: beta2 * s + (1 - beta2) * g * g, squares, gradients)
    # Both averages began at 0; what that still takes from them is given back.
    mean_correction = 1 - beta1**step
    root_correction = math.sqrt(1 - beta2**step)

    def step_from(p: Array, r: float, m: Array, s: Array) -> Array:
        return p - (r / mean_correction) * m / (np.sqrt(s) / root_correction + epsilon)

    moved = map_layers(step_from, parameters, rates, means, squares)
    return moved, (step, means, squares)


def _decayed(gradients: list[Layer], parameters: list[Layer], decay: float) -> list[Layer]:
    """Return the gradients with the share of the parameters that decay adds."""
    if not decay:
        return gradients
    return map_layers(lambda g, p: g + decay * p, gradients, parameters)


def _batches(
    columns: Array, target: Array, batch: int | None, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Return an endless iterator over what each step sees."""
    if batch is None:
        return repeat((columns, target))
    return _mini_batches(columns, target, whole("batch", batch, most=columns.shape[-1]), rng)


def _mini_batches(
    columns: Array, target: Array, size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield mini-batches, epoch after epoch, each of which has every sample once."""
    while True:
        order = rng.permutation(columns.shape[-1])
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            yield columns.take(chosen, axis=-1), target.take(chosen, axis=-1)


def _masks(
    network: Network,
    replicas: tuple[int, ...],
    columns: Array,
    dropout: float,
    rng: np.random.Generator,
) -> list[Array]:
    """Draw what multiplies each hidden value: 0 with probability dropout, or 1 / (1 - dropout)."""
    kept = columns.dtype.type(1 / (1 - dropout))
    masks = []
    for layer in network.layers[:-1]:
        shape = (*replicas, layer.weight.shape[-2], columns.shape[-1])
        drawn = rng.random(shape, dtype=columns.dtype)
        masks.append((drawn >= dropout) * kept)
    return masks


def _share_after(share: float, time: Array, power: float) -> npt.NDArray[np.float64]:
    """Return where y = share has come after each time by dy/dt = y^(1 + power) (1 - y).

    The time since y = 0 would be the integral of y^(-1 - power) / (1 - y), a power that diverges
    plus a series: in y, or beyond 1/2 in 1 - y.
    """
    from scipy.special import digamma, expit, logit  # here, as its import takes its time

    k = np.arange(1, 60)  # terms: both series are used at arguments up to 1/2 only
    small = 1 / (k - power)
    large = np.append(0, np.cumprod((k - 1 + power) / k) / k)

    def elapsed(odds: Any) -> Any:
        y = expit(odds)
        rest = expit(np.negative(odds))
        below = y ** (1 - power) * polyval(y, small)
        above = np.logaddexp(0, odds) - digamma(1 - power) - np.euler_gamma - polyval(rest, large)
        return np.where(y < 0.5, below, above) - y**-power / power

    goal = elapsed(logit(share)) + time
    time_to_half = np.maximum(elapsed(0.0) - goal, 0.0)
    # Without the factor 1 - y the equation has this solution, which grows faster: going back from
    # y = 1/2 it is below the true one.
    odds = logit((power * time_to_half + 2**power) ** (-1 / power))
    # Newton's method for elapsed(odds) = goal. In these odds `elapsed` is concave, so that from
    # below it cannot step over the root; twelve steps reach rounding from this start.
    for _ in range(12):
        odds = odds + (goal - elapsed(odds)) * expit(odds) ** power
    return np.asarray(expit(odds))


def _finite_replicas(parameters: list[Layer], replicas: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return whether all parameters of each replica are finite."""
    finite = np.ones(replicas, dtype=np.bool_)
    for layer in parameters:
        for array in layer:
            if array is not None:
                finite &= np.isfinite(array).reshape(*replicas, -1).all(axis=-1)
    return finite


def _divergence(what: str, finite: npt.NDArray[np.bool_], rate: object) -> FloatingPointError:
    """Return the error that says what is not finite, where, and what to do."""
    where = ""
    if np.ndim(finite):
        bad = np.flatnonzero(~finite)
        where = f" in {len(bad)} of {finite.size} replicas, first in replica {bad[0]}"
    return FloatingPointError(
        f"{what} is not finite{where}, with rate {shown(rate)}; take a smaller rate"
    )
