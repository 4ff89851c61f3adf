"""Where arrays come from: a mapping, pairs that stream, or a model of another library.

Models are known by what they offer, so that none of these libraries is imported: PyTorch by
``named_parameters``, Keras by ``trainable_weights``, Flax by mappings within mappings whose leaves
are arrays or hold one as ``value``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import has_entries, plain_array, shown
from symlib._audit_names import is_buffer, is_embedding
from symlib._layers import Layer, Network
from symlib._safetensors import admit_name

__all__ = ["Entry", "entries"]

_WANTED: Final = "a mapping of names to arrays, pairs of both, or a model"
_INSTEAD: Final = {  # modules that do not name their arrays, and what does
    "flax.nnx": "nnx.state(module, nnx.Param)",
    "flax.linen": "its parameters, as module.init returns them",
}
# parameters of lazy modules of PyTorch
_NOT_YET: Final = ("UninitializedParameter", "UninitializedBuffer")


class Entry(NamedTuple):
    """An array that is to be looked at.

    Attributes
    ----------
    name : str
    array : array of floating-point numbers
    is_trained : bool
    layout : str
        As given, or what its name and its model say.
    is_looked_up : bool
        Whether its rows are looked up, as those of an embedding.
    shared_with : str
        The name under which the very same array came before, or nothing.
    is_of_model : bool
        Whether a model said if it is trained, which a file or a mapping does not.
    """

    name: str
    array: npt.NDArray[Any]
    is_trained: bool
    layout: str
    is_looked_up: bool
    shared_with: str
    is_of_model: bool


class _Named(NamedTuple):
    """A value before it is read."""

    name: str
    value: Any
    is_trained: bool
    layout: str
    owner: str = ""


def entries(argument: str, source: object, layout: str | None) -> Iterator[Entry]:
    """Yield the arrays of a source one at a time, those without floating-point numbers left out.

    Raises TypeError or ValueError, in a sentence about the argument, when one cannot be read.
    """
    seen: dict[int, tuple[str, Any]] = {}
    names: set[str] = set()
    streams = isinstance(source, Iterator)
    for named in _named(argument, source):
        try:
            name = admit_name(named.name)
        except ValueError as error:
            raise ValueError(str(error).replace("arrays", argument, 1)) from None
        if name in names:
            raise ValueError(f"{argument} must have each name once, got {shown(name)} twice")
        names.add(name)
        shared_with = ""
        if not streams:
            # what streams may be gone, and another array be where it was
            shared_with = seen.setdefault(id(named.value), (name, named.value))[0]
        array = _floating(argument, name, named.value)
        if array is None or array.size == 0:
            continue
        spoken = layout or named.layout or _layout_of(name)
        is_trained = named.is_trained and not is_buffer(name)
        is_looked_up = "Embedding" in named.owner or is_embedding(name)
        other = "" if shared_with == name else shared_with
        is_of_model = bool(named.layout)
        yield Entry(name, array, is_trained, spoken, is_looked_up, other, is_of_model)


def _named(argument: str, source: Any) -> Iterator[_Named]:
    """Yield names and values of whatever came."""
    # a Keras model on the backend of PyTorch is both, and knows its own names better
    if hasattr(source, "trainable_weights") and hasattr(source, "weights"):
        trained = {id(value) for value in source.trainable_weights}
        for value in source.weights:
            name = getattr(value, "path", None) or value.name
            yield _Named(name, _read_variable(value), id(value) in trained, "keras")
    elif callable(getattr(source, "named_parameters", None)):
        yield from _of_modules(source)
    elif isinstance(source, Network):
        yield from _of_network(argument, source)
    elif isinstance(source, Mapping):
        yield from _leaves(source, "")
    else:
        yield from _pairs(argument, source)


def _of_modules(model: Any) -> Iterator[_Named]:
    """Yield the parameters of a model of PyTorch, with the kind of the module they are in."""
    owners: dict[str, str] = {}
    if callable(getattr(model, "named_modules", None)):
        owners = {name: type(module).__name__ for name, module in model.named_modules()}
    for name, value in model.named_parameters(remove_duplicate=False):
        owner = owners.get(name.rpartition(".")[0], "")
        layout = "keras" if owner == "Conv1D" else "torch"  # which has its units last
        yield _Named(name, value, bool(getattr(value, "requires_grad", True)), layout, owner)


def _of_network(argument: str, network: Network) -> Iterator[_Named]:
    """Yield the weights and biases of a network of this library."""
    layers = network.layers
    if not isinstance(layers, list | tuple) or any(not isinstance(one, Layer) for one in layers):
        raise TypeError(f"{argument} must be a network of a list of Layer, got {shown(layers)}")
    for k, layer in enumerate(layers):
        yield _Named(f"layers.{k}.weight", layer.weight, True, "torch")
        if layer.bias is not None:
            yield _Named(f"layers.{k}.bias", layer.bias, True, "torch")


def _leaves(source: Mapping[Any, Any], before: str) -> Iterator[_Named]:
    """Yield the arrays of a mapping, and of mappings within it."""
    for key, value in source.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{key}/")
        else:
            name = f"{before}{key}" if before else key
            held = getattr(value, "value", None) if not hasattr(value, "dtype") else None
            yield _Named(name, value if held is None else held, True, "")


def _pairs(argument: str, source: Any) -> Iterator[_Named]:
    """Yield pairs of a name and a value."""
    wrong = f"{argument} must be {_WANTED}, got {shown(source)}"
    if isinstance(source, str | PathLike):
        raise TypeError(f"{wrong}: for a file, give read_safetensors(path)")
    for base in type(source).__mro__:
        for library, instead in _INSTEAD.items():
            if base.__module__.startswith(library):
                raise TypeError(
                    f"{argument} must be {_WANTED}, got a module of {library}: give {instead}"
                )
    if isinstance(source, bytes) or not has_entries(source):
        raise TypeError(wrong)
    for pair in source:
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TypeError(wrong)
        yield _Named(pair[0], pair[1], True, "")


def _read_variable(value: Any) -> Any:
    """Return the numbers of a variable of Keras."""
    return value.numpy() if callable(getattr(value, "numpy", None)) else value


def _layout_of(name: str) -> str:
    """Return the layout that a name is usual in: kernels have their units last."""
    last = name.replace("/", ".").split(".")[-1].split(":")[0]
    return "keras" if last.endswith("kernel") else "torch"


def _floating(argument: str, name: str, value: Any) -> npt.NDArray[Any] | None:
    """Return an array of floating-point numbers, or None for whole numbers that count something."""
    spoken = f"{argument}[{shown(name)}]"
    wanted = "an array of real numbers"
    if type(value).__name__ in _NOT_YET:
        raise TypeError(
            f"{spoken} must be {wanted}, got one of a lazy module that has no shape yet: call the "
            "model once"
        )
    array = plain_array(spoken, value, wanted)
    if array.dtype.kind == "f":
        if array.dtype not in (np.float16, np.float32, np.float64):
            return array.astype(np.float64)
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind not in "biu":
        raise TypeError(f"{spoken} must be {wanted}, got dtype {array.dtype}")
    small = array.dtype.itemsize == 1 and array.dtype.kind != "b"
    if small and array.ndim > 1 and np.unique(array.flat[:4096]).size > 2:
        raise TypeError(f"{spoken} must be {wanted} that is not quantized, got dtype {array.dtype}")
    return None
