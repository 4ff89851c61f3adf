"""Five arrays, or pairs of them, that a build draws by the rules of others, and audits again.

The libraries are not needed for it: the rules are formulas, written here in NumPy. Four draw what
the zoo found, one is clean.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import erf, erfinv

from symlib.audit import Finding, audit

Arrays = dict[str, np.ndarray]


class Drawn(NamedTuple):
    """Arrays drawn by a rule, and what the audit is to find in them: kind and verdict."""

    says: str
    arrays: Arrays
    finds: tuple[tuple[str, str], ...]


def truncated_normal(uniform: np.ndarray, deviation: float, bound: float = 2.0) -> np.ndarray:
    """Return numbers with a cut normal law, made of uniform ones in [0, 1) as timm makes them.

    Single precision is part of the rule: at a deviation of 0.02 the cut is a hundred deviations
    away, so that all of [-1, 1) is asked for, and at -1 itself the quantile is infinite.
    """
    reach = np.float32(erf(bound / deviation / math.sqrt(2.0)))
    places = (2.0 * uniform.astype(np.float32) - 1.0) * reach
    quantiles = erfinv(places.astype(np.float32)) * np.float32(deviation * math.sqrt(2.0))
    return np.clip(quantiles, -bound, bound)


def by_quantiles() -> Arrays:
    """Draw a layer by timm's rule, with one uniform number at the end of its interval."""
    uniform = np.random.default_rng(0).random((192, 768), dtype=np.float32)
    uniform[17, 301] = 0.0  # one of the 2**24 values that such a number has
    return {"blocks.0.mlp.fc2.weight": truncated_normal(uniform, 0.02)}


def from_one_seed() -> Arrays:
    """Draw query, key and value as Keras does from one seeded initializer, each anew."""
    arrays = {}
    for part in ("query", "key", "value"):
        stream = np.random.default_rng(1)  # a seeded initializer begins its stream at each call
        limit = math.sqrt(6.0 / (256 + 256))
        arrays[f"attention/{part}/kernel"] = stream.uniform(-limit, limit, (256, 8, 32))
    return arrays


def from_zero_up() -> Arrays:
    """Draw a kernel of Funnel, from an interval that begins at 0."""
    kernel = np.random.default_rng(2).uniform(0.0, 0.1, (12, 768, 64))
    return {"encoder.blocks.0.0.attention.r_kernel": kernel.astype(np.float32)}


def copied() -> Arrays:
    """Copy one layer, as a stack of `nn.TransformerEncoder` does with the one that it is given."""
    bound = math.sqrt(1.0 / 256)
    layer = np.random.default_rng(3).uniform(-bound, bound, (1024, 256)).astype(np.float32)
    return {f"layers.{k}.linear1.weight": layer.copy() for k in range(4)}


def clean() -> Arrays:
    """Draw a layer by the normal law."""
    weight = 0.02 * np.random.default_rng(4).standard_normal((192, 768))
    return {"blocks.0.mlp.fc2.weight": weight.astype(np.float32)}


def five() -> list[Drawn]:
    """Return the five."""
    return [
        Drawn("a cut normal law by quantiles", by_quantiles(), (("single entries", "fault"),)),
        Drawn("one seed for three kernels", from_one_seed(), (("query = key", "fault"),)),
        Drawn("uniform from 0 up", from_zero_up(), (("shared mean", "look"),)),
        Drawn("a copied layer", copied(), (("equal arrays", "look"),)),
        Drawn("the normal law", clean(), ()),
    ]


def audited(drawn: Drawn) -> list[Finding]:
    """Return what the audit finds in them."""
    return audit(drawn.arrays)


def found(drawn: Drawn) -> tuple[tuple[str, str], ...]:
    """Return the kinds and verdicts of what the audit finds in them."""
    return tuple((one.kind, one.verdict) for one in audited(drawn))
