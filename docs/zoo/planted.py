"""Faults that are planted in clean starts of twelve networks, to see which of them the audit finds.

Each of the 27 faults is planted in one array of each network, drawn at random, by a rule that says
what becomes of the matrix whose rows are the units. A fault that does not fit an array, such as
equal experts where there is one matrix only, is not planted there. What counts as found is a
finding that the clean start does not have and that names the array.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import networks
import numpy as np
from networks import SEED, Architecture, built, of_transformers
from tables import VERDICTS, Planted

from symlib.audit import Finding, audit

Matrix = np.ndarray
PLACES = 1  # arrays of each network in which a fault is planted, one at a time
CLEAN = 4  # further seeds of each network without a fault
FEWEST = 8  # units, and inputs of each, of an array in which faults are planted

_SMALL = {"vocab_size": 1000, "num_attention_heads": 8, "num_hidden_layers": 3}
_SMALL |= {"hidden_size": 256, "intermediate_size": 512}


def _chosen() -> tuple[Architecture, ...]:
    """Return the twelve networks: of all five libraries, and small, as each is audited often."""
    names = ("perceptron", "autoencoder of convolutions", "nn.LSTM", "nn.Transformer")
    names += ("convnextv2_atto", "starnet_s1", "vit_tiny_patch16_224")
    names += ("encoder of Keras", "encoder of Flax")
    found = [one for one in networks.HUNDRED if one.name in names]
    experts = {**_SMALL, "num_key_value_heads": 4, "num_local_experts": 4}
    small = {"n_embd": 256, "n_layer": 3, "n_head": 8, "vocab_size": 1000}
    options = {
        "bert": ("MaskedLM", _SMALL),
        "gpt2": ("CausalLM", small),
        "mixtral": ("CausalLM", experts),
    }
    for kind, (purpose, one) in options.items():
        build = partial(of_transformers, kind, purpose, one)
        found.append(Architecture("transformers", f"small {kind}", build))
    return tuple(found)


TWELVE = _chosen()


# The arrays of a model, and a way to change them


class Place(NamedTuple):
    """An array of a model: its numbers, where its units are, and how it is written to."""

    array: np.ndarray
    units_last: bool
    write: Callable[[np.ndarray], None]


def places(model: Any) -> dict[str, Place]:
    """Return the arrays of a model by the names that the audit gives them."""
    if hasattr(model, "trainable_weights"):
        return {one.path: Place(one.numpy().copy(), True, one.assign) for one in model.weights}
    if hasattr(model, "named_parameters"):
        return dict(_of_modules(model))
    return dict(_of_mapping(model, ""))


def _of_modules(model: Any) -> Iterator[tuple[str, Place]]:
    import torch

    def writer(parameter: Any) -> Callable[[np.ndarray], None]:
        def write(array: np.ndarray) -> None:
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)))

        return write

    seen: set[int] = set()  # an array that has two names has its first one
    for place, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            array = parameter.detach().numpy().copy()
            units_last = type(module).__name__ == "Conv1D"
            yield f"{place}.{name}".lstrip("."), Place(array, units_last, writer(parameter))


def _of_mapping(tree: dict[str, Any], before: str) -> Iterator[tuple[str, Place]]:
    def writer(key: str) -> Callable[[np.ndarray], None]:
        return lambda array: tree.__setitem__(key, np.array(array, dtype=np.float32))  # a copy

    for key, value in list(tree.items()):
        if isinstance(value, dict):
            yield from _of_mapping(value, f"{before}{key}/")
        else:
            yield f"{before}{key}", Place(np.array(value), True, writer(key))


def matrix_of(place: Place) -> Matrix:
    """Return an array as a matrix whose rows are its units."""
    array = np.moveaxis(place.array, -1, 0) if place.units_last else place.array
    return array.reshape(len(array), -1).astype(np.float64)


def array_of(matrix: Matrix, place: Place) -> np.ndarray:
    """Return a matrix of units in the shape of its array: what `matrix_of` undoes."""
    if not place.units_last:
        return matrix.reshape(place.array.shape)
    turned = matrix.reshape(np.moveaxis(place.array, -1, 0).shape)
    return np.moveaxis(turned, 0, -1)


# What becomes of the matrix of an array; unit i is the one that changes, j is another one


def _one_row(make: Callable[..., Matrix]) -> Callable[..., Matrix]:
    """Return a rule that gives one unit other weights, made of those of another one."""

    def rule(matrix: Matrix, rng: np.random.Generator) -> Matrix:
        i, j = rng.choice(len(matrix), 2, replace=False)
        changed = matrix.copy()
        changed[i] = make(matrix[i], matrix[j], rng)
        return changed

    return rule


def _rounded(values: Matrix) -> Matrix:
    """Round to bfloat16: to the nearest number whose lower sixteen bits are 0."""
    bits = np.asarray(values, dtype=np.float32).view(np.uint32)
    nearest = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (nearest & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


def _near(_: Matrix, other: Matrix, rng: np.random.Generator) -> Matrix:
    """Return weights whose cosine with others is 0.9."""
    rest = rng.standard_normal(other.size)
    rest -= other * (rest @ other) / (other @ other)
    rest *= np.linalg.norm(other) / np.linalg.norm(rest)
    return 0.9 * other + np.sqrt(0.19) * rest


def _sum_of_rows(matrix: Matrix, rng: np.random.Generator) -> Matrix | None:
    if len(matrix) > matrix.shape[1]:
        return None
    chosen = rng.choice(len(matrix), 5, replace=False)
    changed = matrix.copy()
    changed[chosen[0]] = np.array([0.5, -0.5, 0.5, 0.5]) @ matrix[chosen[1:]]
    return changed


def _half_rank(matrix: Matrix, _: np.random.Generator) -> Matrix:
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values[len(values) // 2 :] = 0.0
    return (left * values) @ right


def _outlier(matrix: Matrix, rng: np.random.Generator) -> Matrix:
    changed = matrix.copy()
    changed[rng.integers(len(matrix)), rng.integers(matrix.shape[1])] = -100.0 * matrix.std()
    return changed


def _heads(matrix: Matrix, _: np.random.Generator) -> Matrix | None:
    quarter, left = divmod(len(matrix), 4)
    if left or quarter < 4:
        return None
    changed = matrix.copy()
    changed[quarter : 2 * quarter] = matrix[:quarter]
    return changed


def _one_factor(matrix: Matrix, rng: np.random.Generator) -> Matrix:
    common = matrix.std() * rng.standard_normal(matrix.shape[1])
    return np.sqrt(0.9) * matrix + np.sqrt(0.1) * common


def _unwritten(matrix: Matrix, _: np.random.Generator) -> Matrix:
    changed = matrix.copy()
    changed[-1, -1] = np.nan
    return changed


def _garbage(matrix: Matrix, rng: np.random.Generator) -> Matrix:
    bits = rng.integers(0, 2**32, matrix.shape, dtype=np.uint32)
    return np.nan_to_num(bits.view(np.float32), nan=1.0, posinf=1e38, neginf=-1e38)


def _heavy(matrix: Matrix, rng: np.random.Generator) -> Matrix:
    return matrix.std() * rng.standard_t(3, matrix.shape) / np.sqrt(3.0)


def _fans_swapped(matrix: Matrix, _: np.random.Generator) -> Matrix | None:
    ratio = matrix.shape[1] / len(matrix)
    return matrix * np.sqrt(ratio) if max(ratio, 1.0 / ratio) >= 2.0 else None


OF_A_MATRIX: dict[str, Callable[..., Matrix | None]] = {
    "copy": _one_row(lambda _, other, __: other),
    "copy up to the sign": _one_row(lambda _, other, __: -other),
    "copy up to a factor": _one_row(lambda _, other, __: 1.7 * other),
    "copy rounded to bfloat16": _one_row(lambda _, other, __: _rounded(other)),
    "cosine 0.9": _one_row(_near),
    "constant": lambda matrix, _: np.full_like(matrix, 0.5),
    "zero": lambda matrix, _: np.zeros_like(matrix),
    "twice the scale": lambda matrix, _: 2.0 * matrix,
    "five times the scale": lambda matrix, _: 5.0 * matrix,
    "fans swapped": _fans_swapped,
    "a row five times as long": _one_row(lambda own, _, __: 5.0 * own),
    "an entry of -100 sigma": _outlier,
    "a sum of rows": _sum_of_rows,
    "half the rank": _half_rank,
    "one sign": _one_row(lambda own, _, __: -np.abs(own)),
    "equal heads": _heads,
    "a mean of 0.2 sigma": lambda matrix, _: matrix + 0.2 * matrix.std(),
    "correlated rows": _one_factor,
    "heavy tails": _heavy,
    "NaN": _unwritten,
    "garbage": _garbage,
}


# Faults that concern two arrays, or an axis: they return the arrays that change, by name

Changes = dict[str, np.ndarray]


def _others(all_places: dict[str, Place], name: str, *, same_shape: bool) -> list[str]:
    """Return the names of other matrices, of the same shape or of another size."""
    own = all_places[name].array
    found = [key for key in targets(all_places) if key != name]
    if same_shape:
        return [key for key in found if all_places[key].array.shape == own.shape]
    return [key for key in found if all_places[key].array.size != own.size]


def _dead_bias(name: str, all_places: dict[str, Place], rng: np.random.Generator) -> Changes:
    head, _, _ = name.rpartition("kernel" if name.endswith("kernel") else "weight")
    matrix = matrix_of(all_places[name])
    bias = all_places.get(f"{head}bias")
    if bias is None or bias.array.shape != (len(matrix),):
        return {}
    unit = int(rng.integers(len(matrix)))
    shifted = bias.array.copy()
    shifted[unit] = -8.0 * np.linalg.norm(matrix[unit])
    return {f"{head}bias": shifted}


def _equal_experts(name: str, all_places: dict[str, Place], _: np.random.Generator) -> Changes:
    changed = all_places[name].array.copy()
    changed[1] = changed[0]
    return {name: changed}


def _equal_layers(name: str, all_places: dict[str, Place], rng: np.random.Generator) -> Changes:
    others = _others(all_places, name, same_shape=True)
    return {name: all_places[rng.choice(others)].array} if others else {}


def _layer_and_noise(name: str, all_places: dict[str, Place], rng: np.random.Generator) -> Changes:
    others = _others(all_places, name, same_shape=True)
    if not others:
        return {}
    other = all_places[rng.choice(others)].array
    noise = other.std() * rng.standard_normal(other.shape)
    return {name: (other + noise) / np.sqrt(2.0)}


def _one_seed(
    name: str, all_places: dict[str, Place], rng: np.random.Generator, *, same_shape: bool
) -> Changes:
    others = _others(all_places, name, same_shape=same_shape)
    if not others:
        return {}
    changes = {}
    for key, factor in ((name, 1.0), (str(rng.choice(others)), 0.5)):
        array = all_places[key].array
        drawn = np.random.default_rng(3).standard_normal(array.shape)
        changes[key] = factor * array.std() * drawn
    return changes


OF_ARRAYS: dict[str, Callable[..., Changes]] = {
    "one seed, same shape": partial(_one_seed, same_shape=True),
    "one seed, other shape": partial(_one_seed, same_shape=False),
    "dead bias": _dead_bias,
    "equal experts": _equal_experts,
    "equal layers": _equal_layers,
    "a layer and noise": _layer_and_noise,
}

FAULTS = (*OF_A_MATRIX, *OF_ARRAYS)


# The run


def targets(all_places: dict[str, Place]) -> list[str]:
    """Return the names of the random matrices of a model, in which faults are planted."""
    found = []
    for name, place in all_places.items():
        if place.array.ndim < 2:
            continue
        matrix = matrix_of(place)
        is_random = np.unique(matrix[:FEWEST, :FEWEST]).size > FEWEST
        if min(matrix.shape) >= FEWEST and is_random:
            found.append(name)
    return found


def experts(all_places: dict[str, Place]) -> list[str]:
    """Return the names of the arrays that hold one matrix for each expert."""
    stacks = [name for name, place in all_places.items() if place.array.ndim == 3]
    return [name for name in stacks if "expert" in name]


def changes(
    fault: str, name: str, all_places: dict[str, Place], rng: np.random.Generator
) -> Changes:
    """Return the arrays that a fault changes, or none where it does not fit."""
    if fault in OF_ARRAYS:
        return OF_ARRAYS[fault](name, all_places, rng)
    place = all_places[name]
    changed = OF_A_MATRIX[fault](matrix_of(place), rng)
    return {} if changed is None else {name: array_of(changed, place)}


def planted(one: Architecture) -> list[Planted]:
    """Return the rows of one network: its clean starts, and each fault in each place."""
    rows = []
    model = built(one)
    usual = audit(model)
    for seed in range(SEED + 1, SEED + 1 + CLEAN):
        new = _new(audit(built(one, seed)), usual)
        whys = " | ".join(f"{found.kind}: {found.why}" for found in new)
        rows.append(Planted("none", one.name, f"seed {seed}", "", "", whys, len(new)))
    all_places = places(model)
    for fault in FAULTS:
        rng = np.random.default_rng([zlib.crc32(f"{fault}, {one.name}".encode()), SEED])
        done = 0
        fitting = experts(all_places) if fault == "equal experts" else targets(all_places)
        for name in rng.permutation(fitting):
            if done == PLACES:
                break
            row = _plant(fault, str(name), one, model, all_places, usual, rng)
            if row is not None:
                rows.append(row)
                done += 1
    return rows


def _plant(
    fault: str,
    name: str,
    one: Architecture,
    model: Any,
    all_places: dict[str, Place],
    usual: list[Finding],
    rng: np.random.Generator,
) -> Planted | None:
    """Plant a fault, audit the model, and take the fault out again."""
    changed = changes(fault, name, all_places, rng)
    if not changed:
        return None
    for key, array in changed.items():
        all_places[key].write(array)
    new = _new(audit(model), usual)
    for key in changed:
        all_places[key].write(all_places[key].array)
    named = [found for found in new if set(found.arrays) & {name, *changed}]
    verdicts = [found.verdict for found in named]
    worst = min(verdicts, key=VERDICTS.index, default="")
    kinds = " | ".join(dict.fromkeys(found.kind for found in named))
    shape = " ".join(map(str, all_places[name].array.shape))
    return Planted(fault, one.name, name, shape, worst, kinds, len(new) - len(named))


def _new(found: list[Finding], usual: list[Finding]) -> list[Finding]:
    """Return the findings that the clean start does not have, about these arrays or more."""

    def is_usual(one: Finding) -> bool:
        return any(
            one.kind == other.kind and set(one.arrays) <= set(other.arrays) for other in usual
        )

    return [one for one in found if not is_usual(one)]
