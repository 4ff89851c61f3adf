"""The coarsest balanced partition: against brute force, plants, a finite field, and training."""

import itertools

import numpy as np
import pytest

from symlib import designs
from symlib.network import Layer, Network, forward
from symlib.symmetry import tied_units, unit_classes
from symlib.training import descend

PRIME = 2**31 - 1
DUERER = np.array([[16, 3, 2, 13], [5, 10, 11, 8], [9, 6, 7, 12], [4, 15, 14, 1]])


def between_constants(square, *, inputs=3, outputs=2, activation="tanh"):
    """Return a network with the square between two constant layers."""
    units = len(square)
    first = Layer(np.full((units, inputs), 0.5), np.full(units, 0.25))
    last = Layer(np.full((outputs, units), 0.5), np.zeros(outputs))
    return Network([first, Layer(square, np.full(units, 0.25)), last], activation)


def in_order(labels):
    """Return labels numbered in the order of first appearance."""
    known = {}
    return [known.setdefault(label, len(known)) for label in labels]


def partitions(units):
    """Return all partitions of some units, as lists of labels."""
    found = [[0]]
    for _ in range(units - 1):
        found = [[*one, new] for one in found for new in range(max(one) + 2)]
    return found


def is_balanced(labels, weights, biases, loops=()):
    """Say whether integer weights are balanced, by the definition, class by class."""
    ends = [list(range(weights[0].shape[1])), *labels, list(range(len(weights[-1])))]
    arrows = [(k, k + 1, weight) for k, weight in enumerate(weights)]
    arrows += [(hidden + 1, hidden + 1, matrix) for hidden, matrix in loops]
    for hidden, bias in enumerate(biases):
        for j, k in mates(labels[hidden]):
            if bias[j] != bias[k]:
                return False
    for source, target, weight in arrows:
        if 0 < target < len(ends) - 1 and not equal_sums(weight, ends[target], ends[source]):
            return False
        if 0 < source < len(ends) - 1 and not equal_sums(weight.T, ends[source], ends[target]):
            return False
    return True


def mates(labels):
    """Return the pairs of units of one class."""
    return [
        (j, k) for j, k in itertools.combinations(range(len(labels)), 2) if labels[j] == labels[k]
    ]


def equal_sums(weight, own, other):
    """Say whether classmates have equal sums over each class at the other end."""
    for j, k in mates(own):
        for one in set(other):
            members = [i for i, label in enumerate(other) if label == one]
            if weight[j, members].sum() != weight[k, members].sum():
                return False
    return True


def coarsest(widths, weights, biases, loops=()):
    """Return the balanced partition with the fewest classes, of all that there are."""
    choices = itertools.product(*(partitions(width) for width in widths))
    balanced = [one for one in choices if is_balanced(one, weights, biases, loops)]
    fewest = min(sum(max(labels) + 1 for labels in one) for one in balanced)
    (best,) = [one for one in balanced if sum(max(labels) + 1 for labels in one) == fewest]
    return list(best)


def small_integers(seed, shapes):
    """Return small whole weights and biases, so that sums often agree."""
    rng = np.random.default_rng(seed)
    largest = rng.integers(1, 3)
    weights = [rng.integers(0, largest + 1, shape) for shape in shapes]
    biases = [rng.integers(0, 2, shape[0]) // rng.integers(1, 3) for shape in shapes[:-1]]
    return weights, biases


def found(weights, biases, **options):
    """Return the labels of a network as lists."""
    layers = [Layer(w, b) for w, b in zip(weights, [*biases, None], strict=True)]
    ties = tied_units(Network(layers, "tanh"), **options)
    return [labels.tolist() for labels in ties.labels]


# Against brute force


def test_two_hidden_layers_agree_with_all_partitions():
    """The coarsest one is unique, and is found, in 200 networks, many of which have ties."""
    tied = 0
    for seed in range(200):
        weights, biases = small_integers(seed, [(4, 1), (4, 4), (1, 4)])
        if seed % 2:  # sums decide where the outer layers are constant
            weights[0][:] = weights[-1][:] = 1
            biases = [0 * bias for bias in biases]
        wanted = coarsest((4, 4), weights, biases)
        assert found(weights, biases) == wanted
        tied += any(max(labels) < 3 for labels in wanted)
    assert tied > 50


def test_three_hidden_layers_agree_with_all_partitions():
    """Each layer looks at both sides."""
    for seed in range(40):
        weights, biases = small_integers(seed, [(3, 1), (3, 3), (3, 3), (1, 3)])
        assert found(weights, biases) == coarsest((3, 3, 3), weights, biases)


def test_recurrent_networks_agree_with_all_partitions():
    """One partition for the rows and the columns of each gate."""
    for seed in range(100):
        weights, biases = small_integers(seed, [(5, 1), (1, 5)])
        gates = np.random.default_rng(seed).integers(0, 2, (1 + seed % 2, 5, 5))
        wanted = coarsest((5,), weights, biases, [(0, gate) for gate in gates])
        assert found(weights, biases, recurrent={0: gates}) == wanted


def test_a_stream_has_one_partition():
    """The coarsest one among those that are equal before and after the block."""
    for seed in range(60):
        weights, biases = small_integers(seed, [(4, 1), (3, 4), (4, 3), (1, 4)])
        choices = [[one, inner, one] for one in partitions(4) for inner in partitions(3)]
        balanced = [one for one in choices if is_balanced(one, weights, biases)]
        wanted = min(balanced, key=lambda one: sum(max(labels) for labels in one))
        assert found(weights, biases, stream=(0, 2)) == wanted


# Against plants


def planted(rng, widths, classes, *, signs=False):
    """Return a network with ties in each hidden layer, and its labels and signs.

    A block between two classes is one number plus a matrix whose rows and columns sum to 0.
    """
    labels = [np.arange(widths[0])]
    for width, count in zip(widths[1:-1], classes, strict=True):
        labels.append(rng.permutation(np.arange(width) % count))
    labels.append(np.arange(widths[-1]))
    turned = [np.ones(len(one)) for one in labels]
    if signs:
        turned[1:-1] = [rng.choice([-1.0, 1.0], len(one)) for one in labels[1:-1]]
    layers = []
    for k in range(len(widths) - 1):
        own, other = labels[k + 1], labels[k]
        weight = rng.standard_normal((own.max() + 1, other.max() + 1))[own][:, other]
        noise = rng.standard_normal(weight.shape)
        for side, axis in ((own, 0), (other, 1)):
            same = side[:, np.newaxis] == side
            mean = same / same.sum(axis=1)
            noise = noise - (mean @ noise if axis == 0 else noise @ mean)
        weight = (weight + noise) * turned[k + 1][:, np.newaxis] * turned[k]
        last = k == len(widths) - 2
        bias = rng.standard_normal(own.max() + 1)[own] * turned[k + 1]
        layers.append(Layer(weight, None if last else bias))
    return Network(layers, "tanh"), labels[1:-1], turned[1:-1]


def test_planted_classes_are_found():
    """Where all weights differ but the sums agree, in 50 networks of three hidden layers."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        network, labels, _ = planted(rng, (3, 8, 12, 9, 2), (2, 3, 4))
        ties = tied_units(network)
        assert [one.tolist() for one in ties.labels] == [in_order(one.tolist()) for one in labels]
        assert 0 < ties.defect < 1e-13
        assert all((signs == 1).all() for signs in ties.signs)


def test_planted_signs_are_found():
    """Up to the sign, and relative to the first unit of the class."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        network, labels, turned = planted(rng, (3, 8, 12, 2), (2, 3), signs=True)
        ties = tied_units(network, up_to="sign")
        for found_labels, found_signs, own, sign in zip(
            ties.labels, ties.signs, labels, turned, strict=True
        ):
            assert found_labels.tolist() == in_order(own.tolist())
            first = np.array([np.flatnonzero(own == one)[0] for one in own])
            assert (found_signs == sign * sign[first]).all()


def test_precision_of_the_weights_is_allowed_for():
    """A tie that was stored in single precision is found, and 1e-4 beside it is none."""
    rng = np.random.default_rng(0)
    network, labels, _ = planted(rng, (3, 40, 60, 2), (2, 3))
    single = [
        Layer(*(None if a is None else a.astype(np.float32) for a in one)) for one in network.layers
    ]
    ties = tied_units(Network(single, "tanh"))
    assert [one.tolist() for one in ties.labels] == [in_order(one.tolist()) for one in labels]
    single[1].weight[0, 0] += 1e-4
    assert max(tied_units(Network(single, "tanh")).labels[1]) > 2


def test_half_precision_is_allowed_for():
    """Equal sums that were rounded to float16 are found, and a hundredth beside them is none."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((6, 6))
    noise -= noise.mean(axis=1, keepdims=True)
    noise -= noise.mean(axis=0)
    layers = [Layer(np.full((6, 3), 0.5)), Layer(0.3 + noise), Layer(np.full((1, 6), 0.5))]
    halves = [Layer(layer.weight.astype(np.float16)) for layer in layers]
    ties = tied_units(Network(halves, "tanh"))
    assert ties.labels[1].tolist() == [0] * 6
    assert 0 < ties.defect < 0.01
    halves[1].weight[0, 0] += 0.05
    assert tied_units(Network(halves, "tanh")).labels[1].max() > 0


def test_a_small_difference_in_a_wide_layer_is_one():
    """A part in ten billion of one weight of a thousand, in double precision."""
    layers = [Layer(np.ones((1000, 1))), Layer(np.ones((1000, 1000))), Layer(np.ones((1, 1000)))]
    layers[1].weight[0, 0] += 1e-10
    assert tied_units(Network(layers, "tanh")).labels[1].tolist() == [0] + [1] * 999


def test_whole_numbers_are_compared_exactly():
    """In single precision as well: their sums are not rounded."""
    weight = np.full((100, 100), 1e5, np.float32)
    weight[0, 0] += 1
    layers = [Layer(np.ones((100, 1), np.float32)), Layer(weight), Layer(np.ones((1, 100)))]
    assert tied_units(Network(layers, "tanh")).labels[1].tolist() == [0] + [1] * 99


def test_a_tolerance_is_a_difference_of_sums():
    """What lies within it counts as equal, and is reported."""
    square = DUERER / 34
    square[0, 0] += 1e-6
    assert tied_units(between_constants(square), tolerance=1e-7).labels[1].max() == 3
    ties = tied_units(between_constants(square), tolerance=1e-5)
    assert ties.labels[1].tolist() == [0] * 4
    assert ties.defect == pytest.approx(1e-6, rel=1e-6)
    exact = between_constants(DUERER.astype(float))
    assert tied_units(exact, tolerance=0).labels[1].tolist() == [0] * 4


# What is known


def test_examples_between_constant_layers():
    """A magic square, a Hadamard matrix, a Toeplitz matrix, a cycle, and no tie."""
    ones = np.ones(5)
    toeplitz = np.eye(6) / 2 + np.diag(ones, 1) + np.diag(ones, -1)
    wanted = {
        "magic": (DUERER / 34, [0] * 4),
        "Hadamard": (designs.hadamard(8) / 8**0.5, [0] + [1] * 7),
        "Toeplitz": (toeplitz, [0, 1, 2, 2, 1, 0]),
        "cycle": (np.roll(np.eye(6), 1, axis=0), [0] * 6),
        "cosine": (designs.cosine(8), list(range(8))),
    }
    for square, labels in wanted.values():
        ties = tied_units(between_constants(square))
        assert ties.labels[0].max() == max(labels)
        assert ties.labels[1].tolist() == labels


def test_one_hidden_layer_is_the_case_of_copies():
    """Inputs and outputs are classes of their own, and so sums are entries."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        layer = Layer(rng.integers(0, 2, (8, 2)), rng.integers(0, 2, 8))
        after = Layer(rng.integers(0, 2, (1, 8)))
        (labels,) = tied_units(Network([layer, after], "relu")).labels
        assert (labels == unit_classes(layer, after)).all()


def test_copies_are_tied():
    """Equal triples are a special case, in each layer of a deeper network."""
    rng = np.random.default_rng(0)
    copy = [0, 1, 0, 2, 1]
    weights = [rng.standard_normal((3, 4))[copy], rng.standard_normal((6, 3))[:, copy]]
    layers = [Layer(weights[0]), Layer(weights[1]), Layer(rng.standard_normal((2, 6)))]
    assert tied_units(Network(layers, "relu")).labels[0].tolist() == copy
    assert unit_classes(*layers[:2]).tolist() == copy


def test_a_silent_unit_is_seen_up_to_the_sign():
    """Its incoming weights cancel over two tied units, and tanh keeps it at 0."""
    first = Layer([[1.0, 2.0], [1.0, 2.0], [3.0, 1.0]])
    middle = Layer([[1.0, -1.0, 0.0], [0.5, 0.5, 0.5]], np.zeros(2))
    network = Network([first, middle, Layer([[0.0, 1.0]])], "tanh")
    ties = tied_units(network, up_to="sign")
    assert [one.tolist() for one in ties.labels] == [[0, 0, 1], [0, 1]]
    assert [one.tolist() for one in ties.signs] == [[1, 1, 1], [0, 1]]
    assert [one.tolist() for one in tied_units(network).labels] == [[0, 1, 2], [0, 1]]


def test_an_identity_recurrence_ties_all_and_a_rotation_none():
    """Behind constant input and output weights."""
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))
    network = Network([Layer(np.full((6, 2), 0.5)), Layer(np.full((1, 6), 0.5))], "tanh")
    for matrix, classes in ((np.eye(6), 1), (np.roll(np.eye(6), 1, axis=0), 1), (rotation, 6)):
        assert tied_units(network, recurrent={0: matrix}).labels[0].max() == classes - 1


# Against training


def modular(weight, values):
    """Multiply over the field of the prime, where each product fits into 62 bits."""
    products = weight[:, :, np.newaxis] * values[np.newaxis] % PRIME
    return products.sum(axis=1) % PRIME


def trained_over_the_field(weights, x, y, steps, rate):
    """Train a network with squares for an activation, exactly; return the hidden values."""
    weights = [weight % PRIME for weight in weights]
    for step in range(steps + 1):
        values, sums = [x], []
        for weight in weights:
            sums.append(modular(weight, values[-1]))
            values.append(sums[-1] ** 2 % PRIME)
        if step == steps:
            return values[1:-1]
        signal = (sums[-1] - y) % PRIME
        for k in reversed(range(len(weights))):
            gradient = modular(signal, values[k].T)
            below = modular(weights[k].T, signal)
            weights[k] = (weights[k] - rate * gradient) % PRIME
            if k:
                signal = 2 * below % PRIME * sums[k - 1] % PRIME
    return None


@pytest.mark.parametrize("seed", range(10))
def test_over_a_finite_field_ties_are_exact(seed):
    """Tied units stay equal for 50 steps, and the others differ: nothing is rounded."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, PRIME, (3, 5))
    y = rng.integers(0, PRIME, (1, 5))
    square = DUERER.copy()
    if seed % 2:
        square[0, 0] += 1
    weights = [np.full((4, 3), 5), square, np.full((1, 4), 7)]
    (*_, labels) = found(weights, [None, None])
    wanted = [0, 1, 2, 3] if seed % 2 else [0, 0, 0, 0]
    assert labels == wanted
    for values in trained_over_the_field(weights, x, y, 50, 12345):
        assert in_order(map(tuple, values.tolist())) == wanted


def test_tied_units_stay_tied():
    """After 20 steps the values of a class agree to rounding, while the function moved."""
    rng = np.random.default_rng(0)
    network, _, _ = planted(rng, (3, 8, 12, 2), (2, 3))
    x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))
    labels = tied_units(network).labels
    end = descend(network, x, y, steps=20, rate=0.02).network
    assert np.abs(forward(end, x) - forward(network, x)).max() > 0.1
    hidden = np.tanh(x @ end.layers[0].weight.T + end.layers[0].bias)
    for layer, own in ((None, labels[0]), (end.layers[1], labels[1])):
        if layer is not None:
            hidden = np.tanh(hidden @ layer.weight.T + layer.bias)
        for one in range(own.max() + 1):
            assert np.ptp(hidden[:, own == one], axis=1).max() < 1e-11
    after = tied_units(end, tolerance=1e-10).labels
    assert all((a == b).all() for a, b in zip(after, labels, strict=True))


def equal_functions(network):
    """Return the partition of each hidden layer by equal values on 50 inputs."""
    values = np.random.default_rng(1).standard_normal((50, network.layers[0].weight.shape[1]))
    found = []
    for layer in network.layers[:-1]:
        values = np.tanh(values @ layer.weight.T + layer.bias)
        found.append(in_order(map(tuple, np.round(values.T, 9).tolist())))
    return found


def test_units_that_are_separated_part():
    """The converse: after some steps on single samples, equal functions are tied units.

    With an injective activation, trained biases and generic data. At the start more units agree
    than are tied.
    """
    more_at_the_start = 0
    for seed in range(40):
        weights, biases = small_integers(seed, [(4, 2), (4, 4), (2, 4)])
        weights = [weight / 4 + 0.1 for weight in weights]
        layers = [Layer(w, b) for w, b in zip(weights, [*biases, np.zeros(2)], strict=True)]
        network = Network([Layer(w, np.asarray(b, float)) for w, b in layers], "tanh")
        rng = np.random.default_rng(seed)
        x, y = rng.standard_normal((12, 2)), 2 * rng.standard_normal((12, 2))
        labels = [one.tolist() for one in tied_units(network).labels]
        more_at_the_start += equal_functions(network) != labels
        end = descend(network, x, y, steps=12, rate=0.05, batch=1, rng=seed).network
        assert equal_functions(end) == labels
    assert more_at_the_start > 5


# Wrong calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"up_to": "scale"}, "up_to must be"),
        ({"tolerance": -1.0}, "tolerance must be"),
        ({"stream": "01"}, "stream must be a sequence of hidden layers"),
        ({"stream": (0, 2)}, r"stream\[1\] must be"),
        ({"stream": (0, 1)}, r"stream must name layers of one width, got widths \[4, 5\]"),
        ({"recurrent": np.eye(4)}, "recurrent must be a dict of matrices"),
        ({"recurrent": {0: np.eye(3)}}, r"recurrent\[0\] must be an array of shape"),
        ({"recurrent": {2: np.eye(4)}}, r"recurrent.keys\(\) must be"),
    ],
)
def test_wrong_options_are_refused(options, message):
    """In one sentence that names the argument."""
    layers = [Layer(np.ones((4, 2))), Layer(np.ones((5, 4))), Layer(np.ones((1, 5)))]
    with pytest.raises((TypeError, ValueError), match=message):
        tied_units(Network(layers, "tanh"), **options)


def test_wrong_networks_are_refused():
    """One layer, replicas, an activation that is not odd."""
    one, two = Layer(np.ones((4, 2))), Layer(np.ones((1, 4)))
    with pytest.raises(ValueError, match="network must have a hidden layer"):
        tied_units(Network([one], "tanh"))
    stacked = Layer(np.ones((3, 4, 2)))
    with pytest.raises(ValueError, match="no replica axis, got one of length 3"):
        tied_units(Network([stacked, two], "tanh"))
    with pytest.raises(ValueError, match="network must have weights whose sums are finite"):
        tied_units(Network([Layer(np.full((4, 2), 1e308)), two], "tanh"))
    with pytest.raises(ValueError, match="activation must be odd where up_to='sign', got 'relu'"):
        tied_units(Network([one, two], "relu"), up_to="sign")
