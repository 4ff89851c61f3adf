"""How fast ties by sums part: against the whole Hessian, and against training."""

from itertools import pairwise

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import hessian

from symlib.network import Layer, Network
from symlib.symmetry import escape_rate, tie_escape_rate, tied_units
from symlib.training import descend

FEATURES = 2
X = np.array([[-1.0, 0.4], [0.3, 1.2], [0.8, -0.5], [-0.2, -0.9], [1.4, 0.1]])
Y = np.array([[0.6], [-0.4], [0.9], [0.1], [-0.7]])
ACTIVATIONS = {"tanh": anp.tanh, "sigmoid": lambda z: 1 / (1 + anp.exp(-z))}


def balanced(rng, rows, columns, classes_of_rows, classes_of_columns):
    """Return a random matrix whose sums over classes are equal within classes."""
    matrix = rng.standard_normal((rows, columns))
    means_of_rows = projection(classes_of_rows)
    means_of_columns = projection(classes_of_columns)
    both = means_of_rows @ matrix @ means_of_columns
    neither = (np.eye(rows) - means_of_rows) @ matrix @ (np.eye(columns) - means_of_columns)
    return both + neither


def projection(classes):
    """Return the matrix that replaces each unit by the mean of its class."""
    member = np.equal.outer(classes, np.unique(classes)).astype(float)
    return member @ (member / member.sum(axis=0)).T


def tied_network(seed, activation="tanh", with_bias=True):
    """Return a network of five and four units in two classes each, and the classes."""
    rng = np.random.default_rng(seed)
    classes = [np.arange(FEATURES), np.array([0, 0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.arange(1)]
    layers = []
    for below, above in pairwise(classes):
        weight = balanced(rng, len(above), len(below), above, below)
        bias = projection(above) @ rng.standard_normal(len(above)) if with_bias else None
        layers.append(Layer(weight, bias))
    return Network(layers, activation), classes


def whole_hessian(network, x, y):
    """Return the Hessian of the mean squared error in all weights and biases, by autograd."""
    phi = ACTIVATIONS[network.activation]

    def loss_of(flat):
        values = x
        at = 0
        for k, layer in enumerate(network.layers):
            size = layer.weight.size
            weight = flat[at : at + size].reshape(layer.weight.shape)
            at += size
            values = values @ weight.T
            if layer.bias is not None:
                values = values + flat[at : at + layer.bias.size]
                at += layer.bias.size
            if k < len(network.layers) - 1:
                values = phi(values)
        return anp.mean((values - y) ** 2)

    parts = [part.ravel() for layer in network.layers for part in layer if part is not None]
    return hessian(loss_of)(np.concatenate(parts))


def transverse_columns(network, classes):
    """Return, as columns, an orthonormal basis of all changes that part units to first order."""
    blocks = []
    for k, layer in enumerate(network.layers):
        below = projection(classes[k])
        above = projection(classes[k + 1])
        rest_below = np.eye(len(below)) - below
        rest_above = np.eye(len(above)) - above
        blocks.append(np.kron(rest_above, below) + np.kron(above, rest_below))
        if layer.bias is not None:
            blocks.append(rest_above)
    sizes = [len(block) for block in blocks]
    whole = np.zeros((sum(sizes), sum(sizes)))
    at = 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    eigenvalues, vectors = np.linalg.eigh(whole)
    return vectors[:, eigenvalues > 0.5]


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_matrix_is_the_whole_hessian_in_the_directions_that_part_units(
    activation, with_bias, seed
):
    """Its eigenvalues agree, and the whole Hessian maps these directions to themselves."""
    network, classes = tied_network(seed, activation, with_bias)
    found = tied_units(network)
    assert [list(labels) for labels in found.labels] == [[0, 0, 0, 1, 1], [0, 1, 0, 1]]
    escape = tie_escape_rate(network, X, Y, rate=0.1)
    whole = whole_hessian(network, X, Y)
    columns = transverse_columns(network, classes)
    within = columns.T @ whole @ columns
    np.testing.assert_allclose(escape.eigenvalues, np.linalg.eigvalsh(within), atol=1e-10)
    np.testing.assert_allclose(whole @ columns, columns @ within, atol=1e-10)
    assert escape.growth == -escape.eigenvalues[0]
    np.testing.assert_allclose(escape.block, escape.block.T, atol=1e-15)


def test_what_gradient_descent_leaves_as_it_is_has_no_curvature():
    """Along the frozen part of the middle weight, the whole Hessian is 0."""
    network, classes = tied_network(0)
    whole = whole_hessian(network, X, Y)
    rng = np.random.default_rng(1)
    rest_above = np.eye(4) - projection(classes[2])
    rest_below = np.eye(5) - projection(classes[1])
    frozen = rest_above @ rng.standard_normal((4, 5)) @ rest_below
    direction = np.zeros(len(whole))
    before = network.layers[0].weight.size + network.layers[0].bias.size
    direction[before : before + 20] = frozen.ravel()
    assert np.linalg.norm(direction) > 0.5
    np.testing.assert_allclose(whole @ direction, 0, atol=1e-12)


def test_copies_in_one_layer_have_the_rate_that_they_have_alone():
    """Of three copies each transverse eigenvalue comes twice."""
    rng = np.random.default_rng(2)
    row = rng.standard_normal(FEATURES)
    layers = [Layer(np.tile(row, (3, 1)), np.full(3, 0.3)), Layer(np.full((1, 3), 0.7), [0.1])]
    network = Network(layers, "tanh")
    together = tie_escape_rate(network, X, Y, rate=0.1)
    alone = escape_rate(network, X, Y, rate=0.1)
    np.testing.assert_allclose(together.eigenvalues, np.repeat(alone.eigenvalues, 2), atol=1e-12)
    assert together.steps_per_decade == pytest.approx(alone.steps_per_decade)


@pytest.mark.parametrize("kind", ["squared", "half_squares", "cross_entropy"])
def test_differences_grow_as_predicted(kind):
    """At rest a small difference comes to grow by the predicted factor at each step."""
    square = np.array([[16, 3, 2, 13], [5, 10, 11, 8], [9, 6, 7, 12], [4, 15, 14, 1]]) / 34
    if kind == "cross_entropy":
        y = np.array([0, 1, 1, 0, 1])
        best_constant = np.log([2 / 5, 3 / 5])
    else:
        y = Y
        best_constant = Y.mean(axis=0)
    outputs = len(best_constant)
    # at rest: neither the first weight nor the last one has a gradient, as the other one is 0
    rest = [
        Layer(np.zeros((4, FEATURES))),
        Layer(3 * square),
        Layer(np.zeros((outputs, 4)), best_constant),
    ]
    rate = 0.1
    escape = tie_escape_rate(Network(rest, "tanh"), X, y, rate=rate, kind=kind)
    assert escape.growth > 0
    rng = np.random.default_rng(5)
    apart = np.eye(4) - 1 / 4
    nudged = [
        Layer(1e-9 * apart @ rng.standard_normal((4, FEATURES))),
        rest[1],
        Layer(1e-9 * rng.standard_normal((outputs, 4)) @ apart, best_constant),
    ]
    # two decades let the fastest direction win, and the third is measured
    steps = int(np.ceil(escape.steps_per_decade))
    options = {"rate": rate, "kind": kind}
    before = descend(Network(nudged, "tanh"), X, y, steps=2 * steps, **options).network
    after = descend(before, X, y, steps=steps, **options).network
    spreads = [np.ptp(network.layers[0].weight, axis=0).max() for network in (before, after)]
    expected = (1 + rate * escape.growth) ** steps
    assert spreads[1] / spreads[0] == pytest.approx(expected, rel=0.02)


def test_a_network_without_ties_is_refused():
    """Nothing can part."""
    rng = np.random.default_rng(0)
    layers = [Layer(rng.standard_normal((3, FEATURES))), Layer(rng.standard_normal((1, 3)))]
    with pytest.raises(ValueError, match=r"network must have tied units .*, got none"):
        tie_escape_rate(Network(layers, "tanh"), X, Y, rate=0.1)


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_replica_axis_is_refused(name):
    """One network at a time: the classes of replicas would differ."""
    network, _ = tied_network(0)
    given = {"x": X, "y": Y}
    given[name] = np.stack([given[name]] * 3)
    with pytest.raises(ValueError, match=f"{name} must have no replica axis, got one of length 3"):
        tie_escape_rate(network, **given, rate=0.1)


def test_what_overflows_is_told():
    """The second derivative of a loss beyond the largest float is no number."""
    layers = [Layer(np.full((2, 1), 1e-3)), Layer(np.full((1, 2), 1e200))]
    with pytest.raises(FloatingPointError, match="second derivative"):
        tie_escape_rate(Network(layers, "tanh"), [[1.0]], [[1e300]], rate=0.1)
