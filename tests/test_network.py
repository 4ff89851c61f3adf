"""Forward, loss, gradients and jacobian: right, batched, exact, and strict at the door."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symlib._activations import ACTIVATIONS
from symlib.network import Layer, forward, gradients, jacobian, loss

NAMES = sorted(ACTIVATIONS)
KINDS = ["squared", "cross_entropy"]


def network(rng, widths, *, replicas=(), dtype=np.float64):
    """Return layers with the given widths, from the features to the outputs."""
    layers = []
    for fan_in, fan_out in pairwise(widths):
        weight = rng.normal(size=(*replicas, fan_out, fan_in)) / np.sqrt(fan_in)
        layers.append(
            Layer(weight.astype(dtype), rng.normal(size=(*replicas, fan_out)).astype(dtype))
        )
    return layers


def targets(rng, kind, samples, outputs):
    """Return targets for a kind of loss."""
    if kind == "squared":
        return rng.normal(size=(samples, outputs))
    return rng.integers(outputs, size=samples)


def quotients(function, array, *, step=1e-6):
    """Return the central differences of a function in each entry of an array, last axes."""
    result = []
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += step
        down[index] -= step
        result.append((function(up) - function(down)) / (2 * step))
    return np.stack(result, axis=-1)


def near_kink(layers, x, margin=1e-4):
    """Return whether some relu is so close to its kink that a difference quotient straddles it."""
    depths = range(1, len(layers))
    return any(np.abs(forward(layers[:depth], x)).min() < margin for depth in depths)


# --- forward -----------------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("activation", NAMES)
def test_forward_is_the_textbook_formula(activation, exact):
    """The outputs are W3 phi(W2 phi(W1 x + b1) + b2) + b3, sample by sample."""
    rng = np.random.default_rng(1)
    layers, x = network(rng, (3, 5, 4, 2)), rng.normal(size=(6, 3))
    phi = ACTIVATIONS[activation].value
    for row, outputs in zip(x, forward(layers, x, activation=activation, exact=exact), strict=True):
        h = row
        for weight, bias in layers[:-1]:
            h = phi(np.array([unit @ h for unit in weight]) + bias)
        np.testing.assert_allclose(outputs, layers[-1].weight @ h + layers[-1].bias, rtol=1e-13)


def test_one_layer_is_linear():
    """The last layer has no activation."""
    layers = [Layer(np.array([[1.0, -1.0]]), np.array([0.5]))]
    assert forward(layers, [[0.0, 2.0]]).tolist() == [[-1.5]]


def test_plain_tuples_and_whole_numbers_are_welcome():
    """A layer may be any pair, and whole numbers become float64."""
    outputs = forward([([[2, 3]], [1])], [[1, 1]])
    assert outputs.tolist() == [[6.0]]
    assert outputs.dtype == np.float64


# --- the loss ----------------------------------------------------------------------------------


def test_squared_loss_is_the_mean_over_samples_and_outputs():
    """There is no factor 1/2, and both axes are averaged."""
    layers = [Layer(np.zeros((2, 1)), np.zeros(2))]
    assert loss(layers, [[1.0], [1.0]], [[1.0, 2.0], [3.0, 4.0]]) == (1 + 4 + 9 + 16) / 4


def test_cross_entropy_of_equal_outputs_is_the_logarithm_of_their_number():
    """Equal outputs mean equal probabilities."""
    layers = [Layer(np.zeros((5, 1)), np.full(5, 3.0))]
    value = loss(layers, [[1.0], [2.0]], [0, 4], kind="cross_entropy")
    np.testing.assert_allclose(value, np.log(5), rtol=1e-15)


def test_cross_entropy_does_not_overflow():
    """Outputs of a thousand, whose exponential is infinite, give a finite loss."""
    layers = [Layer(np.zeros((2, 1)), np.array([1000.0, -1000.0]))]
    assert loss(layers, [[1.0]], [1], kind="cross_entropy") == 2000


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_return_the_loss(kind):
    """The loss that comes with the gradients is the loss."""
    rng = np.random.default_rng(2)
    layers, x, y = network(rng, (3, 4, 2)), rng.normal(size=(5, 3)), targets(rng, kind, 5, 2)
    assert gradients(layers, x, y, kind=kind)[0] == loss(layers, x, y, kind=kind)


# --- gradients and jacobian against differences and torch --------------------------------------


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", NAMES)
@settings(max_examples=8, deadline=None)
@given(
    widths=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    samples=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_gradients_agree_with_central_differences(activation, kind, exact, widths, samples, seed):
    """Every entry of the gradient is the difference quotient of the loss."""
    rng = np.random.default_rng(seed)
    layers, x = network(rng, widths), rng.normal(size=(samples, widths[0]))
    y = targets(rng, kind, samples, widths[-1])
    if activation == "relu" and near_kink(layers, x):
        return
    options = {"kind": kind, "activation": activation, "exact": exact}
    _, slopes = gradients(layers, x, y, **options)
    for k, layer in enumerate(layers):
        for field in Layer._fields:

            def moved(entries, k=k, field=field):
                return loss(
                    [*layers[:k], layers[k]._replace(**{field: entries}), *layers[k + 1 :]],
                    x,
                    y,
                    **options,
                )

            wanted = quotients(moved, getattr(layer, field)).reshape(getattr(layer, field).shape)
            scale = max(1.0, float(np.abs(wanted).max()))
            np.testing.assert_allclose(
                getattr(slopes[k], field), wanted, rtol=1e-6, atol=1e-8 * scale
            )


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("activation", NAMES)
@settings(max_examples=10, deadline=None)
@given(
    widths=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    seed=st.integers(0, 2**32 - 1),
)
def test_jacobian_agrees_with_central_differences(activation, exact, widths, seed):
    """Every entry of the jacobian is a difference quotient of an output in a feature."""
    rng = np.random.default_rng(seed)
    layers, x = network(rng, widths), rng.normal(size=(3, widths[0]))
    if activation == "relu" and near_kink(layers, x):
        return
    result = jacobian(layers, x, activation=activation, exact=exact)
    assert result.shape == (3, widths[-1], widths[0])
    for row, matrix in zip(x, result, strict=True):
        wanted = quotients(lambda r: forward(layers, r[None], activation=activation)[0], row)
        np.testing.assert_allclose(matrix, wanted, rtol=1e-6, atol=1e-8 * max(1, abs(wanted).max()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", ["relu", "tanh", "erf"])
def test_gradients_agree_with_torch(activation, kind):
    """Automatic differentiation of the same network gives the same loss and the same gradients."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    rng = np.random.default_rng(3)
    layers, x, y = network(rng, (5, 7, 6, 3)), rng.normal(size=(9, 5)), targets(rng, kind, 9, 3)
    leaves = [Layer(*(torch.tensor(a, requires_grad=True) for a in layer)) for layer in layers]
    h = torch.tensor(x)
    for k, (weight, bias) in enumerate(leaves):
        h = torch.nn.functional.linear(h, weight, bias)
        if k < 2:
            h = getattr(torch, activation)(h)
    measure = {"squared": "mse_loss", "cross_entropy": "cross_entropy"}[kind]
    wanted = getattr(torch.nn.functional, measure)(h, torch.tensor(y))
    wanted.backward()
    value, slopes = gradients(layers, x, y, kind=kind, activation=activation)
    np.testing.assert_allclose(value, wanted.item(), rtol=1e-13)
    for slope, leaf in zip(slopes, leaves, strict=True):
        np.testing.assert_allclose(slope.weight, leaf.weight.grad.numpy(), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(slope.bias, leaf.bias.grad.numpy(), rtol=1e-10, atol=1e-14)


# --- replicas and precision --------------------------------------------------------------------


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("replicated", ["layers", "x", "y", "all", "first weight", "biases"])
def test_replicas_equal_the_loop_over_replicas(replicated, exact):
    """One batched call gives what a call for each replica gives, whatever has the replicas."""
    rng = np.random.default_rng(4)
    layers, x, y = network(rng, (3, 5, 4, 2)), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    if replicated in ("layers", "all"):
        layers = network(rng, (3, 5, 4, 2), replicas=(4,))
    elif replicated == "first weight":
        layers[0] = layers[0]._replace(weight=rng.normal(size=(4, 5, 3)))
    elif replicated == "biases":
        layers = [layer._replace(bias=rng.normal(size=(4, len(layer.bias)))) for layer in layers]
    if replicated in ("x", "all"):
        x = rng.normal(size=(4, 6, 3))
    if replicated in ("y", "all"):
        y = rng.normal(size=(4, 6, 2))
    options = {"activation": "tanh", "exact": exact}
    outputs, slopes = forward(layers, x, **options), jacobian(layers, x, **options)
    value, gradient = gradients(layers, x, y, **options)
    assert value.shape == (4,)
    np.testing.assert_array_equal(value, loss(layers, x, y, **options))
    for r in range(4):
        own = [Layer(w[r] if w.ndim == 3 else w, b[r] if b.ndim == 2 else b) for w, b in layers]
        own_x, own_y = (a[r] if a.ndim == 3 else a for a in (x, y))
        own_value, own_gradient = gradients(own, own_x, own_y, **options)
        np.testing.assert_allclose(value[r], own_value, rtol=1e-13)
        for g, own_g in zip(gradient, own_gradient, strict=True):
            np.testing.assert_allclose(g.weight[r], own_g.weight, rtol=1e-11, atol=1e-14)
            np.testing.assert_allclose(g.bias[r], own_g.bias, rtol=1e-11, atol=1e-14)
        if replicated != "y":
            np.testing.assert_allclose(outputs[r], forward(own, own_x, **options), rtol=1e-12)
            np.testing.assert_allclose(slopes[r], jacobian(own, own_x, **options), rtol=1e-11)


def test_two_replica_axes_are_kept_apart():
    """Three starts on two data sets give a table of losses."""
    rng = np.random.default_rng(5)
    layers, x = network(rng, (3, 4, 2), replicas=(3, 1)), rng.normal(size=(2, 6, 3))
    y = rng.integers(2, size=6)
    value, slopes = gradients(layers, x, y, kind="cross_entropy")
    assert value.shape == (3, 2)
    assert slopes[0].weight.shape == (3, 2, 4, 3)
    assert jacobian(layers, x).shape == (3, 2, 6, 2, 3)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_layers_decide_the_precision(kind, exact):
    """With float32 layers everything is float32, even where the data are float64."""
    rng = np.random.default_rng(6)
    layers, x = network(rng, (3, 4, 2), dtype=np.float32), rng.normal(size=(5, 3))
    y = targets(rng, kind, 5, 2)
    for activation in NAMES:
        options = {"activation": activation, "exact": exact}
        assert forward(layers, x, **options).dtype == np.float32
        assert jacobian(layers, x, **options).dtype == np.float32
        value, slopes = gradients(layers, x, y, kind=kind, **options)
        assert value.dtype == np.float32
        assert {a.dtype for slope in slopes for a in slope} == {np.dtype(np.float32)}
    layers[0] = layers[0]._replace(weight=layers[0].weight.astype(np.float64))
    assert forward(layers, x).dtype == np.float64


def test_no_argument_is_written_to():
    """Forward and backward leave the layers and the data as they are."""
    rng = np.random.default_rng(7)
    layers, x, y = network(rng, (3, 4, 2)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    for array in (x, y, *(a for layer in layers for a in layer)):
        array.flags.writeable = False
    for activation in NAMES:
        gradients(layers, x, y, activation=activation)
        jacobian(layers, x, activation=activation)


# --- exact: equal units have equal bits --------------------------------------------------------


def tied(rng, features, width, second, outputs, replicas, dtype):
    """Return a network whose first hidden layer has equal units."""
    layers = network(rng, (features, width, second, outputs), replicas=replicas, dtype=dtype)
    weight, bias = (
        np.repeat(a, width, axis=-k)
        for a, k in zip(
            (layers[0].weight[..., :1, :], layers[0].bias[..., :1]), (2, 1), strict=True
        )
    )
    layers[0] = Layer(weight, bias)
    layers[1] = layers[1]._replace(weight=np.repeat(layers[1].weight[..., :1], width, axis=-1))
    return layers


def assert_tied(layers, x, y, **options):
    """Assert that hidden values and gradients of the first hidden layer are equal to the bit."""
    hidden = forward(layers[:1], x, exact=True)
    assert (hidden == hidden[..., :1]).all()
    _, slopes = gradients(layers, x, y, exact=True, **options)
    assert (slopes[0].weight == slopes[0].weight[..., :1, :]).all()
    assert (slopes[0].bias == slopes[0].bias[..., :1]).all()
    assert (slopes[1].weight == slopes[1].weight[..., :1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", range(2, 65))
def test_tied_units_have_equal_bits_at_every_width(width, dtype):
    """With exact=True, values and gradients of equal units are equal to the bit."""
    rng = np.random.default_rng(width)
    for trial in range(6):
        samples, features = rng.integers(1, 131), rng.integers(1, 81)
        second, outputs = rng.integers(1, 65), rng.integers(1, 11)
        replicas = ((), (3,), (2, 2))[trial % 3]
        kind = KINDS[trial % 2]
        layers = tied(rng, features, width, second, outputs, replicas, dtype)
        x = rng.normal(size=(*(replicas if trial < 3 else ()), samples, features))
        y = targets(rng, kind, samples, outputs)
        assert_tied(layers, x, y, kind=kind, activation=NAMES[(width + trial) % 4])


@pytest.mark.parametrize(("samples", "features"), [(9, 20_001), (20_001, 3)])
def test_tied_units_have_equal_bits_on_long_sums(samples, features):
    """A sum longer than NumPy's buffers is cut at the same places for every unit."""
    rng = np.random.default_rng(8)
    layers = tied(rng, features, 7, 5, 2, (), np.float32)
    x, y = rng.normal(size=(samples, features)), rng.normal(size=(samples, 2))
    assert_tied(layers, x, y, activation="tanh")


def test_tied_units_have_equal_bits_whatever_the_memory_order():
    """Transposed, strided and reversed arrays change nothing."""
    rng = np.random.default_rng(9)
    layers = tied(rng, 13, 11, 6, 3, (), np.float64)
    x, y = rng.normal(size=(17, 13)), rng.normal(size=(17, 3))
    fortran = [Layer(np.asfortranarray(w), b) for w, b in layers]
    strided = [Layer(np.repeat(w, 2, axis=1)[:, ::2], b) for w, b in layers]
    for other in (fortran, strided):
        for data in (x, np.asfortranarray(x), x[::-1], np.repeat(x, 2, axis=1)[:, 1::2]):
            assert_tied(other, data, y, activation="tanh")


@settings(max_examples=30, deadline=None)
@given(width=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
def test_exact_gradients_follow_a_permutation_of_the_units_to_the_bit(width, seed):
    """Permuting the units of a layer, and their targets, permutes the gradients bit by bit."""
    rng = np.random.default_rng(seed)
    layers, x = network(rng, (5, width)), rng.normal(size=(12, 5))
    order = rng.permutation(width)
    moved = [Layer(layers[0].weight[order], layers[0].bias[order])]
    y = rng.normal(size=(12, width))
    _, slopes = gradients(layers, x, y, exact=True)
    _, moved_slopes = gradients(moved, x, y[:, order], exact=True)
    assert (moved_slopes[0].weight == slopes[0].weight[order]).all()
    assert (moved_slopes[0].bias == slopes[0].bias[order]).all()


def test_exact_and_fast_agree_to_rounding():
    """The switch changes the order of sums and nothing else."""
    rng = np.random.default_rng(10)
    layers, x, y = (
        network(rng, (30, 40, 20, 3)),
        rng.normal(size=(50, 30)),
        rng.normal(size=(50, 3)),
    )
    fast, slow = (gradients(layers, x, y, activation="tanh", exact=e)[1] for e in (False, True))
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_allclose(one.weight, other.weight, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(one.bias, other.bias, rtol=1e-11, atol=1e-14)


# --- the door ----------------------------------------------------------------------------------

GOOD = [Layer(np.ones((3, 2)), np.ones(3)), Layer(np.ones((1, 3)), np.ones(1))]
X, Y = np.ones((4, 2)), np.ones((4, 1))


def replaced(k, **fields):
    """Return the good layers with some fields of layer k replaced."""
    return [*GOOD[:k], GOOD[k]._replace(**fields), *GOOD[k + 1 :]]


WRONG_LAYERS = [
    ([], TypeError, "layers must be a non-empty list of Layer, got []"),
    (3, TypeError, "layers must be a non-empty list of Layer, got 3"),
    ([np.ones((2, 2))], TypeError, "layers[0] must be a Layer(weight, bias), got array([["),
    ([(1, 2, 3)], TypeError, "layers[0] must be a Layer(weight, bias), got (1, 2, 3)"),
    (
        replaced(1, weight=np.ones((4, 2))),
        ValueError,
        "layers[1].weight must be an array of shape ([replicas], fan_out, 3), got shape (4, 2)",
    ),
    (
        replaced(0, bias=np.ones(2)),
        ValueError,
        "layers[0].bias must be an array of shape ([replicas], 3), got shape (2,)",
    ),
    (
        replaced(0, weight=np.full((3, 2), np.nan)),
        ValueError,
        "layers[0].weight must be finite, got nan at index (0, 0)",
    ),
    (
        replaced(0, weight=np.ones((0, 2))),
        ValueError,
        "layers[0].weight must be an array of shape ([replicas], fan_out, fan_in) with no empty",
    ),
    (
        replaced(0, weight=np.ones((3, 2), dtype=complex)),
        TypeError,
        "layers[0].weight must be an array of shape ([replicas], fan_out, fan_in) of real numbers",
    ),
    (
        [Layer(np.ones((5, 3, 2)), np.ones(3)), Layer(np.ones((4, 1, 3)), np.ones(1))],
        ValueError,
        "layers[1].weight must have replica axes that broadcast with (5,), got shape (4, 1, 3)",
    ),
    (
        [Layer(np.ones((5, 3, 2)), np.ones((4, 3)))],
        ValueError,
        "layers[0].bias must have replica axes that broadcast with (5,), got shape (4, 3)",
    ),
]


@pytest.mark.parametrize(("layers", "error", "text"), WRONG_LAYERS)
def test_wrong_layers_are_named(layers, error, text):
    """The message says which layer, what was wanted and what came."""
    for function in (forward, jacobian):
        with pytest.raises(error, match=re.escape(text)):
            function(layers, X)
    for function in (loss, gradients):
        with pytest.raises(error, match=re.escape(text)):
            function(layers, X, Y)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.ones((4, 3)), "x must be an array of shape ([replicas], samples, 2), got shape (4, 3)"),
        (np.ones(2), "x must be an array of shape ([replicas], samples, 2), got shape (2,)"),
        (np.ones((0, 2)), "x must be an array of shape ([replicas], samples, 2) with no empty"),
        ([[1.0, np.inf]], "x must be finite, got inf at index (0, 1)"),
    ],
)
def test_wrong_inputs_are_named(x, text):
    """The message says how many features the layers want."""
    with pytest.raises(ValueError, match=re.escape(text)):
        forward(GOOD, x)


def test_replicas_of_the_inputs_must_fit():
    """Five networks and four data sets do not pair up."""
    layers = [Layer(np.ones((5, 1, 2)), np.ones(1))]
    text = "x must have replica axes that broadcast with (5,), got shape (4, 4, 2)"
    with pytest.raises(ValueError, match=re.escape(text)):
        forward(layers, np.ones((4, 4, 2)))
    text = "y must have replica axes that broadcast with (5,), got shape (4, 4, 1)"
    with pytest.raises(ValueError, match=re.escape(text)):
        loss(layers, X, np.ones((4, 4, 1)))


@pytest.mark.parametrize(
    ("y", "kind", "error", "text"),
    [
        (
            np.ones(4),
            "squared",
            ValueError,
            "y must be an array of shape ([replicas], 4, 1), got shape (4,)",
        ),
        (np.ones((3, 1)), "squared", ValueError, "y must be an array of shape ([replicas], 4, 1)"),
        (
            np.ones((4, 1)),
            "cross_entropy",
            TypeError,
            "y must be an array of shape (4,) of whole numbers from 0 to 0, got dtype float64",
        ),
        (
            [0, 0, 0],
            "cross_entropy",
            ValueError,
            "y must be an array of shape (4,) of whole numbers from 0 to 0, got shape (3,)",
        ),
        (
            [0, 0, 1, 0],
            "cross_entropy",
            ValueError,
            "y must be an array of shape (4,) of whole numbers from 0 to 0, got 1",
        ),
        (Y, "hinge", ValueError, "kind must be one of 'squared', 'cross_entropy', got 'hinge'"),
    ],
)
def test_wrong_targets_are_named(y, kind, error, text):
    """The message says which targets the loss wants."""
    for function in (loss, gradients):
        with pytest.raises(error, match=re.escape(text)):
            function(GOOD, X, y, kind=kind)


def test_unknown_activation_is_named():
    """The message lists the activations."""
    text = "activation must be one of 'identity', 'relu', 'tanh', 'erf', 'selu', got 'gelu'"
    for function, data in ((forward, (X,)), (jacobian, (X,)), (loss, (X, Y)), (gradients, (X, Y))):
        with pytest.raises(ValueError, match=re.escape(text)):
            function(GOOD, *data, activation="gelu")
