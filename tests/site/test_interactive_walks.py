"""The scripts of three interactive figures, run without a browser and held against the library."""

import io
import json
from contextlib import redirect_stdout
from itertools import product

import numpy as np
import pytest
import walks
from sklearn.datasets import load_digits

from symlib.designs import hadamard
from symlib.nullspace import metamer
from symlib.propagation import (
    correlation_map,
    critical_weight_variance,
    fixed_point,
    length_map,
)
from symlib.spectrum import marchenko_pastur, tracy_widom

DIGITS = load_digits().data[list(walks.SAMPLES)] / 16
WEIGHTS = {
    "half": lambda units, draw: np.full((units, 64), 0.5),
    "random": lambda units, draw: np.random.default_rng(draw).uniform(-1, 1, (units, 64)),
    "hadamard": lambda units, draw: hadamard(64)[:units] / 2,
}
ROOT = np.sqrt(3)
ENTRIES = {
    "gauss": lambda rng, shape: rng.standard_normal(shape),
    "sign": lambda rng, shape: np.where(rng.random(shape) < 0.5, -1.0, 1.0),
    "uniform": lambda rng, shape: rng.uniform(-ROOT, ROOT, shape),
    "none": lambda rng, shape: np.zeros(shape),
}
COLUMNS = 160


@pytest.fixture(scope="module")
def script(scripts):
    """Return a function that runs an expression after the scripts of the figures."""
    return scripts("nullspace", "spectrum", "chaos")


def printed(program):
    """Run a program; return the lines that it prints, and those that its comments promise."""
    said = io.StringIO()
    with redirect_stdout(said):
        exec(program, {})
    promised = [line.split("  # ")[1] for line in program.splitlines() if "  # " in line]
    return said.getvalue().splitlines(), promised


# The null-space walk


@pytest.mark.parametrize("kind", WEIGHTS)
def test_the_walk_is_that_of_the_library(script, kind):
    """Weights to the last bit; rank, moved image and part of the way up to 1e-10."""
    three, eight = DIGITS
    for units, draw in product((1, 2, 8, 33, 63, 64), (1, 2, 12345)):
        weight = WEIGHTS[kind](units, draw)
        asked = {"kind": kind, "units": units, "draw": draw, "images": DIGITS.tolist()}
        rows = script("rows = figures.nullspace.layer(kind, units, draw)", **asked)
        assert np.array_equal(rows, weight)
        found = script("figures.nullspace.walk(rows, ...images)")
        way = metamer(weight, [three], [eight])[0] - three
        assert found["rank"] == np.linalg.matrix_rank(weight)
        assert np.abs(np.array(found["lost"]) - way).max() <= 1e-10
        assert abs(found["reach"] - np.linalg.norm(way) / np.linalg.norm(eight - three)) <= 1e-10
        assert np.abs(weight @ found["lost"]).max() <= 1e-10


def test_what_the_prose_says_of_the_walk_is_so(script):
    """Eight random units leave most of the way, eight rows of a Hadamard matrix no less."""
    reach = {
        (kind, units): script(
            "figures.nullspace.walk(figures.nullspace.layer(kind, units, 1), ...images).reach",
            kind=kind,
            units=units,
            images=DIGITS.tolist(),
        )
        for kind in ("random", "hadamard")
        for units in (8, 64)
    }
    assert reach["hadamard", 8] >= reach["random", 8] > 0.7
    assert reach["random", 64] == 0


def test_no_random_layer_makes_the_walk_inexact(script):
    """In a hundred draws of 63 units, some of which are nearly singular."""
    worst = 0.0
    for draw in range(100):
        weight = WEIGHTS["random"](63, draw)
        asked = {"draw": draw, "images": DIGITS.tolist()}
        walk = "figures.nullspace.walk(figures.nullspace.layer('random', 63, draw), ...images)"
        found = script(walk, **asked)
        assert found["rank"] == 63
        way = metamer(weight, DIGITS[:1], DIGITS[1:])[0] - DIGITS[0]
        assert np.abs(np.array(found["lost"]) - way).max() <= 1e-10
        worst = max(worst, np.abs(weight @ found["lost"]).max())
    assert worst <= 2e-14


def test_equal_units_cannot_tell_the_three_from_the_eight(script):
    """Both digits have the same sum, so 64 units of 0.5 let one become the other, wholly."""
    data = json.loads(walks.nullspace())
    assert np.array_equal(np.array(data["images"]) / 16, DIGITS)
    assert len({sum(image) for image in data["images"]}) == 1
    walk = "figures.nullspace.walk(figures.nullspace.layer('half', 64, 1), ...images)"
    found = script(walk, images=DIGITS.tolist())
    assert found["rank"] == 1
    assert abs(found["reach"] - 1) <= 1e-12
    assert np.abs(DIGITS[0] + found["lost"] - DIGITS[1]).max() <= 1e-12


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize(("units", "share"), [(1, 0), (8, 100), (8, 37), (64, 100)])
def test_the_program_of_the_walk_prints_the_number_of_the_page(script, kind, units, share):
    """The part of the way, and an output that changes by rounding alone."""
    state = {"layer": kind, "units": units, "walk": share, "draw": 3}
    weight = WEIGHTS[kind](units, 3)
    way = metamer(weight, DIGITS[:1], DIGITS[1:])[0] - DIGITS[0]
    reach = np.linalg.norm(way) / np.linalg.norm(DIGITS[1] - DIGITS[0])
    given = {"state": state, "samples": walks.SAMPLES, "images": DIGITS.tolist()}
    found = script(
        "(({ reach }) => [reach, figures.nullspace.program(state, samples, reach)])"
        "(figures.nullspace.walk(figures.nullspace.layer(state.layer, state.units, state.draw), "
        "...images))",
        **given,
    )
    assert abs(found[0] - reach) <= 1e-10
    (moved, change), (promised, _) = printed(found[1])
    assert moved == promised
    assert float(change) < 1e-12


# The spectrum


@pytest.mark.parametrize("seed", [0, 1, 2, 2**31, 2**53 - 1])
def test_normal_numbers_are_those_of_numpy(script, seed):
    """40,000 of them, with about ten from the tail, up to the rounding of a logarithm."""
    found = script("figures.spectrum.entries('gauss', 40000, seed)", seed=seed)
    wanted = np.random.default_rng(seed).standard_normal(40000)
    assert np.abs(wanted).max() > 3.66  # the tail of the ziggurat
    assert np.abs(np.array(found) - wanted).max() <= 1e-13


@pytest.mark.parametrize("law", ["sign", "uniform", "none"])
def test_other_entries_are_those_of_numpy(script, law):
    """To the last bit."""
    for seed in (0, 1, 12345):
        found = script("figures.spectrum.entries(law, 5000, seed)", law=law, seed=seed)
        assert np.array_equal(found, ENTRIES[law](np.random.default_rng(seed), 5000))


@pytest.mark.parametrize("law", ENTRIES)
@pytest.mark.parametrize(
    ("rows", "constant"), [(1, 0.3), (2, 0.0), (8, 0.5), (80, 0.2), (160, 0.0)]
)
def test_eigenvalues_are_those_of_numpy(script, law, rows, constant):
    """Up to 1e-12 of the largest, for the same matrix drawn by its seed."""
    x = ENTRIES[law](np.random.default_rng(1), (rows, COLUMNS)) + constant
    wanted = np.linalg.eigvalsh(x @ x.T / COLUMNS)
    found = script(
        "(({ entries, gram, eigvalsh, COLUMNS: n }) => "
        "eigvalsh(gram(entries(law, n * n, 1), rows, n, constant), rows))(figures.spectrum)",
        law=law,
        rows=rows,
        constant=constant,
    )
    assert len(found) == rows
    assert np.abs(np.array(found) - wanted).max() <= 1e-12 * max(1, wanted[-1])


MATRICES = {
    "zero": np.zeros((5, 5)),
    "identity": np.eye(6),
    "rank one": np.ones((7, 7)),
    "diagonal": np.diag([3.0, -1.0, 2.0, 2.0, 0.0]),
    "tridiagonal": np.diag([2.0] * 40) - np.diag([1.0] * 39, 1) - np.diag([1.0] * 39, -1),
    "two blocks": np.kron(np.eye(2), np.ones((4, 4)) + np.eye(4)),
    "small and large": np.diag(10.0 ** np.arange(-8, 9)) + 1e-9,
    "one": np.array([[4.0]]),
    "zeros on the diagonal": np.ones((4, 4)) - np.eye(4),
}


@pytest.mark.parametrize("name", MATRICES)
def test_special_matrices_have_the_eigenvalues_of_numpy(script, name):
    """Zeros, repeated values and negative ones end the iteration as any other."""
    matrix = MATRICES[name]
    asked = {"matrix": matrix.ravel().tolist(), "n": len(matrix)}
    found = script("figures.spectrum.eigvalsh(matrix, n)", **asked)
    wanted = np.linalg.eigvalsh(matrix)
    assert np.abs(np.array(found) - wanted).max() <= 1e-13 * max(1, np.abs(wanted).max())


def test_the_curve_is_the_law_of_marchenko_and_pastur(script):
    """Its ends and its density are those of the library."""
    for ratio in np.arange(1, 21) / 20:
        law = marchenko_pastur(ratio)
        places = np.linspace(0.001, 4.1, 200)
        asked = {"ratio": float(ratio), "places": places.tolist()}
        found = script(
            "(({ ends, density }) => [ends, places.map(density)])(figures.spectrum.bulk(ratio))",
            **asked,
        )
        assert np.allclose(found[0], law.support(), rtol=0, atol=1e-12)
        assert np.abs(np.array(found[1]) - law.pdf(places)).max() <= 1e-12


def test_the_constant_is_seen_from_the_threshold_of_the_theory_on(script):
    """Its strength plus 1 is the planted variance of the ledger's claim R03."""
    for rows, constant in product((8, 40, 80, 160), (0.0, 0.05, 0.08, 0.1, 0.12, 0.2, 0.5)):
        asked = {"rows": rows, "constant": constant}
        found = script("figures.spectrum.spike(rows, COLUMNS, constant)", COLUMNS=COLUMNS, **asked)
        ratio, planted = rows / COLUMNS, 1 + rows * constant**2
        seen = planted > 1 + np.sqrt(ratio)
        assert seen == (constant > found["threshold"])
        assert seen == ("place" in found)
        if seen:
            place = planted + ratio * planted / (planted - 1)
            assert abs(found["place"] - place) <= 1e-10


def largest(law, rows, constant, draws, seed):
    """Return the largest eigenvalues of random matrices."""
    rng = np.random.default_rng(seed)
    x = ENTRIES[law](rng, (draws, rows, COLUMNS)) + constant
    return np.linalg.svdvals(x)[:, 0] ** 2 / COLUMNS


@pytest.mark.parametrize(("rows", "constant"), [(8, 0.5), (40, 0.2), (80, 0.12), (160, 0.1)])
def test_the_scatter_of_the_constant_follows_from_the_resolvents_of_the_noise(
    script, rows, constant
):
    """Its variance to first order in 1/n, from means over the law of Marchenko and Pastur.

    With s a singular value of noise Z plus the constant, in the directions u and v, the matrix
    H = [[0, Z], [Z', 0]] and G = 1 / (H - s), it is where strength (u' G u)(v' G v) equals
    (1 + root of strength u' G v) squared. For Haar distributed u and v the three are nearly
    independent and normal about their means over the spectrum.
    """
    asked = {"rows": rows, "constant": constant}
    said = script("figures.spectrum.spike(rows, figures.spectrum.COLUMNS, constant)", **asked)
    ratio, strength = rows / COLUMNS, rows * constant**2
    t = (np.arange(4000) + 0.5) * np.pi / 4000
    spectrum = 1 + ratio - 2 * np.sqrt(ratio) * np.cos(t)
    weight = 2 * np.sin(t) ** 2 / spectrum / 4000

    def means(s):
        """Return the means of u' G u and of v' G v."""
        one = weight @ (s / (spectrum - s**2))
        return one, ratio * one - (1 - ratio) / s

    s = np.sqrt(said["place"])
    one, other = means(s)
    assert abs(strength * one * other - 1) < 1e-9
    step = 1e-5
    slope = (np.prod(means(s + step)) - np.prod(means(s - step))) / (2 * step)
    square = weight @ (s / (spectrum - s**2)) ** 2
    scatter_one = 2 / ratio * (square - one**2)
    scatter_other = 2 * (ratio * square + (1 - ratio) / s**2 - other**2)
    scatter_both = weight @ (spectrum / (spectrum - s**2) ** 2)
    sums = scatter_one * other**2 + scatter_other * one**2 + 4 * scatter_both / strength
    deviation = 2 * s * np.sqrt(sums / COLUMNS) / abs(slope)
    assert abs(said["deviation"] / deviation - 1) < 1e-6


@pytest.mark.parametrize("law", ["gauss", "sign", "uniform"])
@pytest.mark.parametrize(("rows", "constant"), [(40, 0.2), (80, 0.15), (80, 0.2), (160, 0.3)])
def test_the_scatter_of_the_constant_is_as_said(script, law, rows, constant):
    """Place and standard deviation over 300 draws, whatever the entries are."""
    asked = {"rows": rows, "constant": constant}
    said = script("figures.spectrum.spike(rows, figures.spectrum.COLUMNS, constant)", **asked)
    draws = 300
    found = largest(law, rows, constant, draws, seed=rows)
    error = said["deviation"] / np.sqrt(draws)
    bias = 5 / COLUMNS  # the theory is that of infinite size
    assert abs(found.mean() - said["place"]) <= 4 * error + bias
    assert abs(found.std() / said["deviation"] - 1) <= 4 / np.sqrt(2 * draws) + bias


@pytest.mark.parametrize("law", ["gauss", "sign", "uniform"])
@pytest.mark.parametrize("rows", [40, 80, 160])
def test_the_scatter_of_the_bulks_end_is_as_said(script, law, rows):
    """The law of Tracy and Widom, shifted and scaled, over 300 draws without a constant."""
    said = script("figures.spectrum.edge(rows, figures.spectrum.COLUMNS)", rows=rows)
    wide = tracy_widom(1)
    scale = said["deviation"] / wide.var() ** 0.5
    end = said["place"] - scale * wide.mean()
    assert abs(end - (1 + np.sqrt(rows / COLUMNS)) ** 2) <= 5 / COLUMNS
    draws = 300
    found = largest(law, rows, 0.0, draws, seed=rows + 1)
    error = said["deviation"] / np.sqrt(draws)
    assert abs(found.mean() - said["place"]) <= 4 * error + scale / 3  # lower order
    assert abs(found.std() / said["deviation"] - 1) <= 4 / np.sqrt(2 * draws) + 0.1


@pytest.mark.parametrize("law", ENTRIES)
@pytest.mark.parametrize(("ratio", "constant"), [(0.05, 0.5), (0.5, 0.2), (0.35, 0.0), (1.0, 0.01)])
def test_the_program_of_the_spectrum_prints_the_number_of_the_page(script, law, ratio, constant):
    """The largest eigenvalue, to six digits after the point."""
    program = script(
        "(({ entries, gram, eigvalsh, program, COLUMNS: n }) => {"
        "  const rows = Math.round(state.ratio * n);"
        "  const values = eigvalsh(gram(entries(state.law, n * n, 7), rows, n, state.mu), rows);"
        "  return program(state, values[rows - 1]);"
        "})(figures.spectrum)",
        state={"law": law, "ratio": ratio, "mu": constant, "draw": 7},
    )
    lines, promised = printed(program)
    assert lines == promised


# Order and chaos

VARIANCES = (0.2, 0.9, 1, 1.3, 1.760955, 2, 2.5, 4, 8)
BIASES = (0, 0.01, 0.05, 0.5, 1)
NETWORKS = [
    {"phi": phi, "weights": weights, "biases": biases, "depth": 50, "draw": 1}
    for phi, weights, biases in product(("tanh", "relu"), VARIANCES, BIASES)
]
PHI = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}


def by_name(state):
    """Return the state of the figure in the words of the library."""
    return {
        "weight_variance": state["weights"],
        "bias_variance": state["biases"],
        "activation": state["phi"],
    }


def followed(state, starts):
    """Return lengths and correlations from layer to layer, as the library has them.

    Variances may be arrays, of networks that are followed side by side.
    """
    network = by_name(state)
    lengths = [np.ones_like(network["weight_variance"], dtype=float)]
    paths = [np.add.outer(starts, 0 * lengths[0])]
    for _ in range(state["depth"]):
        paths.append(correlation_map(paths[-1], lengths[-1], **network))
        lengths.append(length_map(lengths[-1], **network))
    return np.array(lengths), np.moveaxis(paths, 0, -1)


def drawn(state, starts, width=500):
    """Return lengths and correlations in a network whose sums are drawn layer by layer."""
    rng = np.random.default_rng(state["draw"])
    phi, weights, biases = PHI[state["phi"]], state["weights"], state["biases"]
    one, others, c = 1.0, np.ones(len(starts)), np.array(starts)
    lengths, paths = [one], [c]
    for _ in range(state["depth"]):
        far, turn = rng.random((width, 2)).T
        far, turn = np.sqrt(-2 * np.log(1 - far)), 2 * np.pi * turn
        z, rest = far * np.cos(turn), far * np.sin(turn)
        g = phi(np.sqrt(one) * z)
        h = phi(np.sqrt(others)[:, None] * (c[:, None] * z + np.sqrt(1 - c**2)[:, None] * rest))
        one = weights * np.mean(g**2) + biases
        others = weights * np.mean(h**2, axis=1) + biases
        c = np.minimum((weights * np.mean(g * h, axis=1) + biases) / np.sqrt(one * others), 1)
        lengths.append(one)
        paths.append(c)
    return np.array(lengths), np.array(paths).T


@pytest.mark.parametrize("phi", PHI)
def test_the_lines_of_order_and_chaos_are_those_of_the_library(script, phi):
    """Lengths to 1e-9 of themselves; correlations to 1e-6, from nearly equal and opposite ones."""
    starts = [-0.9, 0.0, 0.2, 0.99, 0.999999]
    for state in (one for one in NETWORKS if one["phi"] == phi):
        found = script("figures.chaos.follow(state, starts)", state=state, starts=starts)
        lengths, paths = followed(state, starts)
        assert np.abs(np.array(found["lengths"]) / lengths - 1).max() <= 1e-9, state
        assert np.abs(np.array(found["paths"]) - paths).max() <= 1e-6, state


def test_where_depth_leads_is_what_the_library_says(script):
    """Length, correlation and slope; what is infinite or nothing there has no number here."""
    for state in NETWORKS:
        found = script("figures.chaos.end(state)", state=state)
        length, correlation, slope = fixed_point(**by_name(state))
        assert (found["length"] is None) == np.isinf(length), state
        assert (found["correlation"] is None) == np.isnan(correlation), state
        if np.isfinite(length):
            assert abs(found["length"] - length) <= 1e-9, state
        if np.isfinite(correlation):
            assert abs(found["correlation"] - correlation) <= 1e-6, state
        assert abs(found["slope"] - slope) <= 1e-9, state


def test_the_borders_among_the_variances_are_those_of_the_library(script):
    """To the six digits that a link writes."""
    for biases in (0, 0.01, 0.05, 0.1, 0.2, 0.5, 1):
        border = critical_weight_variance(biases, activation="tanh")
        found = script("figures.chaos.border(biases)", biases=biases)
        assert found == round(float(border), 6)


@pytest.mark.parametrize("state", NETWORKS[::4])
def test_the_points_of_order_and_chaos_are_a_network_of_its_seed(script, state):
    """The same as drawn here from default_rng; the map takes a rounding error to 1e-7 at most."""
    starts = [0.2, 0.9]
    for draw in (1, 77):
        asked = {"state": state | {"draw": draw}, "starts": starts}
        found = script("figures.chaos.network(state, starts)", **asked)
        lengths, paths = drawn(asked["state"], starts)
        assert np.abs(np.array(found["lengths"]) / lengths - 1).max() <= 1e-7
        assert np.abs(np.array(found["paths"]) - paths).max() <= 1e-7


@pytest.mark.parametrize(
    ("phi", "weights", "biases"),
    [("tanh", 1.4, 0.05), ("tanh", 2, 0.05), ("tanh", 8, 0.05), ("relu", 2, 0), ("relu", 2.5, 0.5)],
)
def test_the_points_of_order_and_chaos_scatter_about_the_lines(script, phi, weights, biases):
    """Means of a hundred draws lie within four standard errors, and 10/width for the bias."""
    state = {"phi": phi, "weights": weights, "biases": biases, "depth": 10}
    asked = {"state": state, "starts": [0.2, 0.99]}
    ask = (
        "Array.from({ length: 100 }, (_, draw) => "
        "figures.chaos.network({ ...state, draw }, starts).paths)"
    )
    found = np.array(script(ask, **asked))
    _, paths = followed(state, asked["starts"])
    error = found.std(axis=0) / 10
    assert (np.abs(found.mean(axis=0) - paths) <= 4 * error + 10 / 500).all()
    assert error[:, 1:].min() > 0


def test_the_points_stray_where_nothing_pulls_them_back(script):
    """Tanh at the end of its border: four times the depth doubles the scatter, as errors add up."""
    state = {"phi": "tanh", "weights": 1, "biases": 0, "depth": 40}
    ask = (
        "Array.from({ length: 200 }, (_, draw) => "
        "figures.chaos.network({ ...state, draw }, [0.2]).paths[0])"
    )
    scatter = np.std(script(ask, state=state), axis=0)
    assert abs(scatter[40] / scatter[10] - 2) <= 4 * 2 * 200**-0.5  # four standard errors
    assert abs(scatter[1] - (1 - 0.2**2) / 500**0.5) <= 4 * 400**-0.5 * scatter[1]


def test_what_the_prose_says_of_order_and_chaos_is_so():
    """In fifty layers at 8 close pairs end beside unlike ones, and biases hurry pairs of ReLU."""
    state = {"phi": "tanh", "weights": 8, "biases": 0.05, "depth": 50}
    _, paths = followed(state, [0.2, 0.99, 0.999999])
    assert abs(paths[1, -1] - paths[0, -1]) < 1e-3
    assert abs(paths[2, -1] - paths[0, -1]) < 1e-2
    assert np.degrees(np.arccos(0.999999)) < 0.1
    state = {"phi": "relu", "weights": 2, "depth": 20}
    (_, without), (_, hurried) = (
        followed(state | {"biases": biases}, [0.2, 0.99]) for biases in (0, 0.5)
    )
    assert (hurried[:, 1:] > without[:, 1:]).all()


def told(script, state):
    """Return what the figure says of pairs and of lengths."""
    return script("figures.chaos.regime(state)", state=state)


def fades(state):
    """Tell whether tanh shrinks a length by a factor, which leaves the numbers of a machine."""
    return state["weights"] < 1 and not state["biases"]


@pytest.fixture(scope="module")
def far_down():
    """Return lengths and correlations far down in each network."""
    tanh = [one for one in NETWORKS if one["phi"] == "tanh"]
    groups = [
        ([one for one in tanh if not fades(one)], 2000),
        ([one for one in tanh if fades(one)], 200),
        ([one for one in NETWORKS if one["phi"] == "relu"], 200),
    ]
    found = {}
    for group, depth in groups:
        together = {key: np.array([one[key] for one in group]) for key in ("weights", "biases")}
        together |= {"phi": group[0]["phi"], "depth": depth}
        lengths, paths = followed(together, [0.2, 0.99])
        for at, one in enumerate(group):
            found[tuple(one.values())] = lengths[:, at], paths[:, at]
    return found


@pytest.mark.parametrize("state", NETWORKS)
def test_the_words_of_order_and_chaos_are_true(script, far_down, state):
    """Each kind of sentence is said where far down the maps of the library do what it says."""
    pairs, lengths = told(script, state)
    q, paths = far_down[tuple(state.values())]
    gone = 1 - paths
    if "all pairs merge" in pairs:
        assert gone[:, -1].max() < 2e-2
    if pairs.startswith("order"):
        assert gone[:, -1].max() < 1e-9
    if pairs.startswith("border"):
        steady = np.diff(1 / gone[:, [1000, 1500, 2000]])  # 1 / (1 - c) gains the same
        assert np.allclose(steady[:, 0], steady[:, 1], rtol=0.02)
    if pairs.startswith("chaos"):
        end = float(pairs.split("correlation ")[1].split(";")[0])
        assert np.abs(paths[:, -1] - end).max() <= 5e-3 * max(end, 0.1)
        assert end < 0.99
    if "its start decides" in pairs:
        assert np.ptp(paths[:, -1]) > 0.5
        assert np.abs(paths[:, -1] - paths[:, -2]).max() < 1e-6
    if pairs.startswith("no chaos"):
        assert state["phi"] == "relu"
        assert (np.diff(gone) <= 1e-12).all()
    factors = q[1:] / q[:-1]
    if "multiplies" in lengths:
        factor = float(lengths.rstrip(".").split()[-1])
        more = "more than" in lengths
        assert (factors >= factor * (1 - 5e-5)).all()  # four digits are said
        assert more == (factors[0] > factor * (1 + 5e-5))
        assert abs(factors[-1] / factor - 1) <= 5e-5
    if "is kept" in lengths:
        assert np.allclose(q, 1)
    if "adds" in lengths:
        assert np.allclose(np.diff(q), float(lengths.split()[3]))
    if "settles" in lengths:
        assert abs(q[-1] / float(lengths.rstrip(".").split()[-1]) - 1) <= 5e-3
    if "fades to 0" in lengths:
        assert q[-1] < 1e-8
        assert (factors < 1).all()
    if "1/(2 depth)" in lengths:
        assert abs(2 * 2000 * q[-1] - 1) < 0.01


def test_each_kind_of_words_is_said_somewhere(script):
    """Else the test above could pass by silence."""
    words = " ".join(" ".join(told(script, state)) for state in NETWORKS)
    kinds = ["order, ", "border, ", "chaos, ", "end of the border", "neither order nor chaos"]
    kinds += ["no chaos: without biases", "no chaos, although", "its start decides", "is kept"]
    kinds += ["multiplies the length by 1.25", "by more than 1.25", "adds 0.05", "settles at"]
    kinds += ["fades to 0", "1/(2 depth)", "all pairs merge", "all pairs end at"]
    assert [kind for kind in kinds if kind not in words] == []


def test_relu_takes_no_pair_of_one_length_apart(script):
    """Neither at the scales of the figure nor beyond; biases only bring pairs nearer."""
    pairs = 1 - np.geomspace(1e-12, 2, 60)
    for weights, q in product((1e-3, 0.2, 2, 2.5, 8, 1e3), (1e-6, 1, 1e6)):
        without = correlation_map(pairs, q, weight_variance=weights, activation="relu")
        assert (without >= pairs - 1e-15).all()
        for biases in (1e-3, 0.05, 1, 100):
            network = {"weight_variance": weights, "bias_variance": biases, "activation": "relu"}
            assert (correlation_map(pairs, q, **network) >= without - 1e-15).all()
    apart = correlation_map(1.0, 0.1, 10, weight_variance=2.0, bias_variance=1, activation="relu")
    assert apart < 0.9  # inputs of one direction and two lengths do part


@pytest.mark.parametrize("state", NETWORKS[::3])
def test_the_program_of_order_and_chaos_prints_the_numbers_of_the_page(script, state):
    """Both correlations and the length after the layers, and where they would end."""
    for depth, start in ((5, -0.9), (50, 0.99)):
        asked = {"state": state | {"depth": depth}, "starts": [0.2, start]}
        lines, promised = printed(script("figures.chaos.program(state, starts)", **asked))
        assert lines == promised
