"""Bad calls: whatever comes instead of an argument, the answer is a sentence about that argument.

Each public function has one valid call in a table. From it bad ones are made, in which an argument
is replaced by something of another type, NaN, infinity, another shape, nothing, a negative or a
huge number, text, None: each argument by each of these, and, among the slow tests, one or two of
them by some of these or by random numbers, texts and lists. Each call raises a `TypeError` or a
`ValueError` that begins with the name of an argument, or returns a result without NaN, since some
replacements are as good as what they replace. NumPy's warning is an answer too where a number
beyond 1e90 or below 1e-90 came, whose powers leave the range of numbers. Sizes between a few and
10^15 are not tried: they may be meant, and take the time and the memory that they take.
"""

import contextlib
import importlib
import inspect
import io
import math
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symlib
from symlib import spectrum
from symlib.network import Layer, Network

MODULES = sorted(m.name for m in pkgutil.iter_modules(symlib.__path__) if m.name[0] != "_")


def public():
    """Yield the name and the function of each public function."""
    for module in MODULES:
        home = importlib.import_module(f"symlib.{module}")
        for name in home.__all__:
            if inspect.isfunction(getattr(home, name)):
                yield f"{module}.{name}", getattr(home, name)


FUNCTIONS = dict(public())

MATRIX = [[1.0, 0.5], [-0.3, 1.0], [0.2, -1.0]]  # (3, 2)
WIDE = np.array(MATRIX).T  # (2, 3)
POINTS = [[0.0, 1.0], [1.0, 0.5], [0.3, -1.0], [2.0, 2.0]]
UNIT = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-0.6, 0.8]]
LAYERS = [Layer(np.array(MATRIX), np.zeros(3)), Layer(np.ones((1, 3)), np.zeros(1))]
NETWORK = Network(LAYERS, "tanh")
TIED = Network([Layer(np.ones((3, 2)), np.zeros(3)), LAYERS[1]], "tanh")
TARGETS = [[0.0], [1.0], [0.5], [1.0]]
WEIGHT = {"shape": (2, 4), "replicas": 2, "kernel": False}
DRAWN = WEIGHT | {"rng": 0}
SCALED = DRAWN | {"gain": 1.0, "distribution": "uniform"}
NET = {"network": NETWORK, "x": POINTS}
LOSS = NET | {"y": TARGETS, "kind": "squared"}
RANK = {"tolerance": 1e-9, "precision": None}
VARIANCES = {"weight_variance": 1.5, "bias_variance": 0.1, "activation": "tanh"}
ENDS = VARIANCES | {"start": 1.0}
UNITS = {"layer": Layer(MATRIX, [0.0, 0.1, 0.2]), "after": Layer(WIDE), "up_to": "equality"}

STORED = Path(__file__).parent / "data" / "start.safetensors"
START = {"w": np.array([[0.5, -1.0, 0.3], [0.2, 0.7, -0.4]])}
LATER = {"w": np.array([[0.4, -1.0, 0.3], [0.2, 0.6, -0.4]])}

VALID = {
    "audit.audit": {"arrays": START, "layout": "torch", "chance": 1e-3, "allow": ["a*"]}
    | {"thorough": True},
    "audit.check_start": {"arrays": START, "layout": "torch", "allow": ["a*"], "strict": True},
    "audit.compare": {"before": START, "after": LATER, "layout": "torch", "allow": ["a*"]},
    "audit.read_safetensors": {"path": STORED},
    "audit.table": {"findings": []},
    "claims.check": {"claim": "S01", "what": "one", "measured": 1.0, "expected": 1.0}
    | {"relation": "==", "atol": 0.1, "rtol": 0.1, "rounding": 0.0}
    | {"shows": "claim", "reason": "a few words"},
    "claims.check_mean": {"claim": "S01", "what": "one", "samples": [1.0, 2.0], "expected": 1.5}
    | {"sigmas": 4.0, "bias": 0.1, "relation": "==", "shows": "claim", "reason": "a few words"},
    "claims.summary": {},
    "designs.chirp": {"p": 5},
    "designs.chirp_cosines": {"shape": (3, 5), "gain": 1.0},
    "designs.cosine": {"n": 4},
    "designs.devore": {"p": 3, "degree": 1},
    "designs.fibonacci_sphere": {"points": 5},
    "designs.fourier": {"n": 4},
    "designs.hadamard": {"n": 4, "construction": "any"},
    "designs.identity_hadamard": {"shape": (4, 4), "gain": 1.0},
    "designs.paley": {"q": 5},
    "designs.quadratic_signs": {"n": 4, "layer": 0},
    "designs.quasi_gaussian": {"shape": (4, 3), "std": 1.0, "sequence": "kronecker", "skip": 0},
    "designs.sinusoidal": {"shape": (3, 4), "gain": 1.0},
    "designs.zero_asymmetric": {"width": 3, "depth": 3},
    "gram.convergence_bound": {"initial": 8.0, "least_eigenvalue": 0.5, "rate": 2.0, "steps": 4},
    "gram.limit_gram": {"x": UNIT},
    "gram.relu_gram": {"weight": MATRIX, "x": POINTS},
    "gram.required_width": {"samples": 10, "least_eigenvalue": 0.5, "failure": 0.1},
    "isometry.coherence": {"frame": WIDE},
    "isometry.distortion": {"x": POINTS, "image": POINTS},
    "isometry.donoho_tanner": {"delta": 0.5},
    "isometry.null_space_constant": {"frame": WIDE, "k": 1, "limit": 100},
    "isometry.restricted_isometry": {"frame": WIDE, "k": 2, "limit": 100},
    "isometry.welch_bound": {"m": 2, "n": 3},
    "network.dead_units": NET,
    "network.forward": NET,
    "network.gradients": LOSS,
    "network.jacobian": NET,
    "network.layer_ranks": NET | RANK,
    "network.local_metamer": {"network": Network(LAYERS, "relu"), "x": POINTS[:2]}
    | {"towards": POINTS[2:], "precision": None},
    "network.loss": LOSS,
    "nullspace.count_regions": {"units": 3, "features": 2},
    "nullspace.dead_cone_probability": {"units": 3, "features": 2},
    "nullspace.degenerate_cells": {"weight": MATRIX, "tolerance": 1e-9},
    "nullspace.has_dead_cone": {"weight": MATRIX},
    "nullspace.is_injective": {"weight": MATRIX, "tolerance": 1e-9},
    "nullspace.metamer": {"weight": [[1.0, 0.5]], "x": POINTS[:2], "towards": POINTS[2:]} | RANK,
    "nullspace.null_basis": {"matrix": WIDE} | RANK,
    "nullspace.sign_patterns": {"weight": MATRIX, "tolerance": 1e-9},
    "nullspace.split": {"matrix": [[1.0, 0.5]], "x": [[1.0, 0.5]]} | RANK,
    "propagation.angle_map": {"theta": 1.0, "depth": 2},
    "propagation.correlation_map": {"c": 0.5, "q": 1.0, "q2": 1.0} | VARIANCES,
    "propagation.critical_weight_variance": {"bias_variance": 0.1, "activation": "tanh"},
    "propagation.depth_scales": ENDS,
    "propagation.fixed_point": ENDS,
    "propagation.gaussian_expectations": {"q": 1.0, "activation": "gelu"},
    "propagation.jacobian_moments": {"depth": 3, "orthogonal": False} | ENDS,
    "propagation.length_map": {"q": 1.0} | VARIANCES,
    "propagation.squared_distance_ratio": {"theta": 1.0},
    "spectrum.fit_bulk": {
        "matrix": [[1.0, 0.5, -0.2], [-0.3, 1.0, 0.1], [0.2, -1.0, 0.7]],
        "chance": 0.01,
    },
    "spectrum.fuss_catalan": {"factors": 2},
    "spectrum.gaussian_lyapunov_exponents": {"n": 3, "variance": 1.0},
    "spectrum.ginibre_eigenvalues": {"n": 3, "size": 2, "rng": 0},
    "spectrum.hermite_eigenvalues": {"n": 3, "beta": 2.0, "size": 2, "largest": 2, "rng": 0},
    "spectrum.kolmogorov_distance": {"values": [0.0, 0.5], "law": spectrum.semicircle()}
    | {"precision": None},
    "spectrum.laguerre_eigenvalues": {"n": 3, "m": 4, "beta": 1.0, "size": 2, "rng": 0},
    "spectrum.lyapunov_exponents": {"matrices": [np.eye(2), [[1.0, 0.5], [0.2, 1.0]]]},
    "spectrum.marchenko_pastur": {"ratio": 0.5, "scale": 1.0},
    "spectrum.quarter_circle": {"scale": 1.0},
    "spectrum.semicircle": {"scale": 1.0},
    "spectrum.smallest_singular_value": {},
    "spectrum.tracy_widom": {"beta": 2},
    "symmetry.align_units": UNITS | {"to": (Layer(MATRIX, [0.0, 0.1, 0.2]), Layer(WIDE))},
    "symmetry.escape_rate": LOSS
    | {"network": TIED, "rate": 0.1, "hidden": 0, "unit": 0, "weight_decay": 0.0},
    "symmetry.merge_units": UNITS | {"tolerance": 0.0},
    "symmetry.tie_escape_rate": LOSS | {"network": TIED, "rate": 0.1, "tolerance": None},
    "symmetry.tied_units": {"network": TIED, "recurrent": {0: np.eye(len(TIED.layers[0].weight))}}
    | {"stream": (0,), "tolerance": 0.0, "up_to": "equality"},
    "symmetry.unit_classes": UNITS | {"tolerance": 0.0},
    "tangent.empirical_tangent_kernel": NET | {"x2": POINTS, "rate": 1.0, "average": True},
    "tangent.linearized_residuals": {"kernel": [[1.0, 0.2], [0.2, 1.0]], "residual": [1.0, -1.0]}
    | {"rate": 0.1, "steps": 3},
    "tangent.wide_kernels": {"x1": UNIT, "x2": UNIT, "depth": 2, "activation": "relu"}
    | {"weight_variance": 2.0, "bias_variance": 0.1},
    "training.descend": LOSS
    | {"steps": 2, "rate": 0.1, "optimizer": "gradient", "momentum": 0.0, "betas": (0.9, 0.999)}
    | {"epsilon": 1e-8, "weight_decay": 0.0, "batch": 2, "dropout": 0.1, "record": None}
    | {"every": 1, "rng": 0},
    "training.linear_mode": {"times": [0.0, 1.0], "strength": 3.0, "start": 0.1, "depth": 2},
    "weights.activation_gain": {"activation": "gelu"},
    "weights.constant": WEIGHT | {"value": 0.5},
    "weights.flax_default": DRAWN,
    "weights.gaussian": DRAWN | {"std": 1.0},
    "weights.glorot": SCALED,
    "weights.he": SCALED,
    "weights.identity": WEIGHT | {"gain": 1.0},
    "weights.keras_default": DRAWN,
    "weights.lecun": SCALED,
    "weights.looks_linear": {"shape": (2, 4), "replicas": 2, "rng": 0}
    | {"mirror": ("out", "in"), "gain": 1.0},
    "weights.orthogonal": DRAWN | {"gain": 1.0},
    "weights.pytorch_default": DRAWN,
    "weights.truncated_gaussian": DRAWN | {"std": 1.0, "cut": 2.0},
    "weights.uniform": DRAWN | {"bound": 1.0},
}

# What a docstring announces besides
ANNOUNCED = {
    "claims.check": AssertionError,  # ClaimFailed
    "claims.check_mean": AssertionError,
    "isometry.null_space_constant": ArithmeticError,
    "symmetry.escape_rate": FloatingPointError,
    "tangent.empirical_tangent_kernel": FloatingPointError,
    "tangent.linearized_residuals": FloatingPointError,
    "training.descend": FloatingPointError,
}
NAN = {"propagation.depth_scales", "propagation.fixed_point"}  # where there is no such thing

RAGGED = [[1.0, 2.0], [3.0]]
BAD = [
    *(None, True, False, "", "x", "relu", b"x", object(), {}, {"a": 1}, set(), slice(3), len, int),
    *(math.nan, math.inf, -math.inf, -1, 0, -0.5, 2.5, 1e-320, 1e300, -1e300, 1j, complex("nan")),
    *(10**18, 10**30, -(10**18), 2**63, 2**64, np.int8(-3), np.float32("nan")),
    *(np.datetime64("NaT", "s"), np.zeros(3, "M8[s]"), np.ones((3, 2), bool)),
    *([], (), [[]], [None], ["a", "b"], RAGGED, [RAGGED, 1], [{}], [[1, "a"]], [object()]),
    *((0, 3), (3, -1), (2, 3, 0), (2.5, 3), (10**12, 10**12), (10**30, 1), (3,), ("2", "3")),
    *(np.empty(0), np.empty((0, 2)), np.empty((2, 0)), np.zeros(2), np.zeros((3, 2)), np.ones(5)),
    *(np.ones((7, 5)), np.ones((2, 3, 2)), np.ones((1, 1, 1, 1)), np.eye(2), -np.eye(2)),
    *(np.full((3, 2), np.nan), np.full((4, 2), np.inf), np.array(math.nan), np.array([[math.nan]])),
    *(np.full((3, 2), 1e300), np.full((4, 2), 1e-320), np.ones((4, 2), complex), np.array("x")),
    *(np.array([1, None]), np.ones((4, 2), np.float16)),
    *(np.ma.masked_array([1.0, 2.0], [True, False]), np.zeros(2, [("a", float)]), iter([1, 2])),
    *([LAYERS[0]], LAYERS[::-1], [LAYERS, LAYERS], [Layer(1, 2)], Layer(None, None), [(1, 2, 3)]),
    *([Layer(np.full((3, 2), np.nan), np.zeros(3))], [Layer(np.zeros(3), np.zeros(3))], [[], []]),
    *(Network([], "tanh"), Network(LAYERS, "swish"), Network(LAYERS, ("tanh",) * 2), Network(1, 2)),
    *(Network(LAYERS[::-1], "relu"), Network(LAYERS, "relu", 1), Layer(np.ones((8, 8, 3, 3)))),
]
bad = (
    st.sampled_from(BAD)
    | st.floats()
    | st.integers(max_value=0)
    | st.integers(min_value=10**15)
    | st.text(max_size=3)
    | st.lists(st.floats(), max_size=4)
    | st.lists(st.lists(st.floats(), max_size=2), max_size=3)
)


def without_nan(result):
    """Tell whether no number of a result is NaN."""
    if isinstance(result, tuple | list):
        return all(without_nan(one) for one in result)
    numbers = isinstance(result, np.ndarray | np.generic | float | complex)
    return not numbers or not np.isnan(result).any()


def extreme(value):
    """Tell whether some number is so large or small that its products leave the range."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        size = np.abs(np.asarray(value, dtype=np.complex128))
        return bool(((size > 1e90) | ((size < 1e-90) & (size > 0))).any())
    return False


def fault(name, changed):
    """Make a bad call, and return what is wrong with the answer, or nothing."""
    arguments = VALID[name] | changed
    names = "|".join(sorted(arguments, key=len, reverse=True))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = FUNCTIONS[name](**arguments)
    except (TypeError, ValueError) as answer:
        return "" if re.match(rf"({names})\b", str(answer)) else repr(answer)
    except ANNOUNCED.get(name, ()):
        return ""
    except RuntimeWarning as warning:
        return "" if any(map(extreme, changed.values())) else repr(warning)
    except Exception as other:
        return repr(other)
    return "" if name in NAN or without_nan(result) else f"a silent NaN: {result!r}"


def test_every_public_function_has_a_valid_call():
    """The table grows with the library: no function and no argument is forgotten."""
    assert sorted(VALID) == sorted(FUNCTIONS)
    for name, function in FUNCTIONS.items():
        assert set(VALID[name]) == set(inspect.signature(function).parameters), name


def test_each_valid_call_is_valid():
    """Otherwise the bad ones would prove nothing."""
    for name, arguments in VALID.items():
        with contextlib.redirect_stdout(io.StringIO()):
            assert without_nan(FUNCTIONS[name](**arguments)), name


def is_a_listener(argument, value):
    """Tell whether a value is right where `descend` wants a function: it may do anything."""
    return argument == "record" and callable(value)


@pytest.mark.parametrize("name", VALID)
def test_a_bad_argument_is_answered_by_a_sentence_about_it(name):
    """No other exception, and no NaN that nobody is told about."""
    for argument in VALID[name]:
        for value in BAD:
            if not is_a_listener(argument, value):
                assert fault(name, {argument: value}) == "", (argument, value)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in VALID if VALID[name]])
def test_a_bad_call_is_answered_by_a_sentence_about_an_argument(name):
    """Two arguments may be wrong, and numbers may be any."""
    changes = st.dictionaries(st.sampled_from(sorted(VALID[name])), bad, min_size=1, max_size=2)

    @settings(
        max_examples=300,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes.filter(lambda changed: not is_a_listener("record", changed.get("record"))))
    def answered(changed):
        assert fault(name, changed) == "", changed

    answered()
