"""The arms of the study: eighteen ways to fill the layers of a network."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from symlib import designs, weights

WIDTH, SEEDS = 64, 15  # units of a layer; starts of an arm with dice


class Arm(NamedTuple):
    """One way to fill the layers.

    ``weight(shape, layer, rng)`` is the weight of one layer, for all replicas if they differ.
    """

    weight: Callable[[tuple[int, ...], int, np.random.Generator], np.ndarray]
    bits: str
    says: str
    mirrored: bool = False
    wide: int = 1


def scaled(weight: np.ndarray) -> np.ndarray:
    """Return the weights with the mean square 2 / fan_in, which He's start has on average."""
    return weight * np.sqrt(2 / weight.shape[-1] / np.mean(weight**2))


def signs(shape: tuple[int, ...]) -> np.ndarray:
    """Return the upper left part of Sylvester's Hadamard matrix."""
    order = 2 ** (max(shape[-2:]) - 1).bit_length()
    return designs.hadamard(order)[: shape[-2], : shape[-1]]


def paley(shape: tuple[int, ...]) -> np.ndarray:
    """Return a part of Paley's Hadamard matrix of order 68, without its row and column of 1."""
    return designs.hadamard(68, construction="paley")[1 : shape[0] + 1, 1 : shape[1] + 1]


def isometric(weight: np.ndarray) -> np.ndarray:
    """Return a matrix of signs as an isometry: its columns or rows are orthonormal."""
    return weight / np.sqrt(max(weight.shape[-2:]))


def gaussian(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return He's start, for all replicas if the shape has them in front."""
    replicas = shape[0] if len(shape) == 3 else None
    return weights.he(shape[-2:], replicas=replicas, rng=rng)


def rotations(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return matrices of the Haar law by the QR decomposition of Gaussian ones.

    This is how symlib drew them when the study was run, and so how its table is found again,
    however `symlib.weights.orthogonal` may draw the same law.
    """
    *replicas, rows, columns = shape
    tall = (*replicas, max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(rng.standard_normal(tall))
    q *= np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., np.newaxis, :]
    return q if rows > columns else np.ascontiguousarray(q.mT)


def haar(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return rotations with the mean square 2 / fan_in."""
    return np.sqrt(2 * max(shape[-2:]) / shape[-1]) * rotations(shape, rng)


def coins(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return one random sign for each input, for each replica."""
    return rng.choice([-1.0, 1.0], (*shape[:-2], 1, shape[-1]))


ARMS = {
    "Gaussian": Arm(
        lambda s, k, rng: gaussian(s, rng), "one normal per weight", "He's start: the band"
    ),
    "Gaussian, 128 units": Arm(
        lambda s, k, rng: gaussian(s, rng),
        *("one normal per weight", "the control for the mirrored arms, which are as wide"),
        wide=2,
    ),
    "Haar": Arm(lambda s, k, rng: haar(s, rng), "one normal per weight", "random rotations"),
    "Hadamard, random signs": Arm(
        lambda s, k, rng: scaled(signs(s)) * coins(s, rng),
        *("1 per input", "Sylvester's matrix, its columns times random signs in each layer"),
    ),
    "Hadamard": Arm(lambda s, k, rng: scaled(signs(s)), "0", "the same matrix in each layer"),
    "Hadamard, quadratic signs": Arm(
        lambda s, k, rng: scaled(signs(s) * designs.quadratic_signs(s[-1], layer=k)),
        *("0", "its columns times signs from the squares and √2, others in each layer"),
    ),
    "Paley": Arm(
        lambda s, k, rng: scaled(paley(s)),
        *("0", "rows of Paley's Hadamard matrix of order 68, the same in each layer"),
    ),
    "cosine": Arm(
        lambda s, k, rng: scaled(designs.cosine(max(s))[: s[0], : s[1]]),
        *("0", "the discrete cosine transform, the same in each layer"),
    ),
    "Kronecker": Arm(
        lambda s, k, rng: scaled(designs.quasi_gaussian(s, skip=k * s[0])),
        *("0", "normal quantiles of multiples of √2, √3, √5, ..., the next rows in each layer"),
    ),
    "Sobol": Arm(
        lambda s, k, rng: scaled(designs.quasi_gaussian(s, sequence="sobol", skip=k * s[0])),
        *("0", "normal quantiles of Sobol's sequence, the next rows in each layer"),
    ),
    "sinusoidal": Arm(
        lambda s, k, rng: scaled(designs.sinusoidal(s)),
        *("0", "balanced waves, the same in each layer"),
    ),
    "chirp cosines": Arm(
        lambda s, k, rng: scaled(designs.chirp_cosines(s)),
        *("0", "cosines of growing frequency, the same in each layer"),
    ),
    "partial identity": Arm(
        lambda s, k, rng: weights.identity(s), "0", "each unit passes one input on; an isometry"
    ),
    "[I; -I]": Arm(
        lambda s, k, rng: weights.identity(s), "0", "the identity, mirrored", mirrored=True
    ),
    "LL Hadamard": Arm(
        lambda s, k, rng: isometric(signs(s)), "0", "Hadamard, mirrored", mirrored=True
    ),
    "LL Hadamard, quadratic signs": Arm(
        lambda s, k, rng: isometric(signs(s) * designs.quadratic_signs(s[-1], layer=k)),
        *("0", "Hadamard, quadratic signs, mirrored"),
        mirrored=True,
    ),
    "LL Haar": Arm(
        lambda s, k, rng: rotations(s, rng),
        *("one normal per weight", "random rotations, mirrored"),
        mirrored=True,
    ),
    "constant": Arm(
        lambda s, k, rng: weights.constant(s, 1 / s[-1]),
        *("0", "1 / fan_in in each weight: the negative control, all units tied"),
    ),
}
ZERO = [name for name, arm in ARMS.items() if arm.bits == "0" and name != "constant"]
NARROW = [name for name in ZERO if not ARMS[name].mirrored]  # with as many units as inputs
DICE = [name for name, arm in ARMS.items() if arm.bits != "0"]
MIRRORED = [name for name in ZERO if ARMS[name].mirrored]


def generator(*names: object) -> np.random.Generator:
    """Return a source of randomness that depends on names alone."""
    seeds = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence(seeds))


def hidden_layers(
    name: str, features: int, depth: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the weights of the hidden layers of an arm, with a replica axis if there are dice."""
    arm = ARMS[name]
    units, replicas = WIDTH * arm.wide, (SEEDS,) if name in DICE else ()
    layers = []
    for k in range(depth):
        weight = arm.weight((*replicas, units, units if k else features), k, rng)
        layers.append(mirror(weight, inputs=k > 0) if arm.mirrored else weight)
    return layers


def mirror(weight: np.ndarray, *, inputs: bool) -> np.ndarray:
    """Return the weight with each unit beside its opposite, and each input if it is a unit."""
    if inputs:
        weight = np.concatenate([weight, -weight], axis=-1)
    return np.concatenate([weight, -weight], axis=-2)
