"""Networks: forward and backward, what comes through, and how strict they are at the door."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symlib._activations import ACTIVATIONS
from symlib.network import (
    Gradients,
    Layer,
    Network,
    dead_units,
    forward,
    gradients,
    jacobian,
    layer_ranks,
    local_metamer,
    loss,
)
from symlib.nullspace import metamer, split

NAMES = sorted(ACTIVATIONS)
KINDS = ["squared", "half_squares", "cross_entropy"]
EPS = np.finfo(float).eps
seeds = st.integers(0, 2**32 - 1)
widths_of_any_depth = st.lists(st.integers(1, 5), min_size=2, max_size=5)


def network(
    rng, widths, activation="relu", *, replicas=(), dtype=np.float64, bias=True, same_order=False
):
    """Return a random network with the given widths, from the features to the outputs."""
    layers = []
    for fan_in, fan_out in pairwise(widths):
        weight = rng.normal(size=(*replicas, fan_out, fan_in)) / np.sqrt(fan_in)
        layer = Layer(weight.astype(dtype))
        if bias:
            layer = layer._replace(bias=rng.normal(size=(*replicas, fan_out)).astype(dtype))
        layers.append(layer)
    return Network(layers, activation, same_order)


def targets(rng, kind, samples, outputs):
    """Return targets for a kind of loss."""
    if kind == "cross_entropy":
        return rng.integers(outputs, size=samples)
    return rng.normal(size=(samples, outputs))


def arrays(layers):
    """Return the weights and biases that there are, as a flat list."""
    return [array for layer in layers for array in layer if array is not None]


def with_layer(net, k, **fields):
    """Return the network with some fields of layer k replaced."""
    layers = list(net.layers)
    layers[k] = layers[k]._replace(**fields)
    return net._replace(layers=layers)


def one_replica(net, r):
    """Return replica r of a network, of whose arrays not all need a replica axis."""
    layers = [
        Layer(
            weight[r] if weight.ndim == 3 else weight,
            bias[r] if bias is not None and bias.ndim == 2 else bias,
        )
        for weight, bias in net.layers
    ]
    return net._replace(layers=layers)


def assert_close(found, wanted, *, units=64):
    """Assert equality up to some rounding units of the largest number."""
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=units * EPS * scale)


# --- forward -----------------------------------------------------------------------------------


@pytest.mark.parametrize("same_order", [False, True])
@pytest.mark.parametrize("activation", NAMES)
def test_forward_is_the_textbook_formula(activation, same_order):
    """The outputs are W3 phi(W2 phi(W1 x + b1) + b2) + b3, sample by sample."""
    rng = np.random.default_rng(1)
    net = network(rng, (3, 5, 4, 2), activation, same_order=same_order)
    x = rng.normal(size=(6, 3))
    phi = ACTIVATIONS[activation].value
    for row, outputs in zip(x, forward(net, x), strict=True):
        h = row
        for weight, bias in net.layers[:-1]:
            h = phi(np.array([unit @ h for unit in weight]) + bias)
        last = net.layers[-1]
        assert_close(outputs, last.weight @ h + last.bias)


def test_each_hidden_layer_may_have_its_own_activation():
    """By hand: relu(-1, 2) = (0, 2), tanh(0 + 2, 1 - 2) and 3 tanh(2) - tanh(-1)."""
    layers = [
        Layer([[1.0], [-2.0]]),
        Layer([[1.0, 1.0], [1.0, -1.0]], [0.0, 1.0]),
        Layer([[3.0, -1.0]]),
    ]
    wanted = 3 * np.tanh(2.0) - np.tanh(-1.0)
    for activation in (("relu", "tanh"), ["relu", "tanh"]):
        assert_close(forward(Network(layers, activation), [[-1.0]]), [[wanted]])
    swapped = 3 * max(0, np.tanh(-1.0) + np.tanh(2.0)) - max(0, 1 + np.tanh(-1.0) - np.tanh(2.0))
    assert_close(forward(Network(layers, ("tanh", "relu")), [[-1.0]]), [[swapped]])


def test_one_layer_is_linear():
    """The last layer has no activation."""
    net = Network([Layer(np.array([[1.0, -1.0]]), np.array([0.5]))], "relu")
    assert forward(net, [[0.0, 2.0]]).tolist() == [[-1.5]]


def test_plain_tuples_and_whole_numbers_are_welcome():
    """A layer may be any pair, and whole numbers become float64."""
    outputs = forward(Network([([[2, 3]], [1])], "relu"), [[1, 1]])
    assert outputs.tolist() == [[6.0]]
    assert outputs.dtype == np.float64


# --- the loss ----------------------------------------------------------------------------------


def test_squared_loss_is_the_mean_over_samples_and_outputs():
    """There is no factor 1/2, and both axes are averaged; half_squares is half the sum."""
    net = Network([Layer(np.zeros((2, 1)))], "relu")
    x, y = [[1.0], [1.0]], [[1.0, 2.0], [3.0, 4.0]]
    assert loss(net, x, y) == (1 + 4 + 9 + 16) / 4
    assert loss(net, x, y, kind="half_squares") == (1 + 4 + 9 + 16) / 2


def test_half_squares_is_the_squared_loss_at_another_rate():
    """The one is samples times outputs / 2 times the other, and so are its gradients."""
    rng = np.random.default_rng(2)
    net = network(rng, (3, 4, 2), "tanh")
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    mean = gradients(net, x, y)
    half = gradients(net, x, y, kind="half_squares")
    assert_close(half.loss, mean.loss * (5 * 2 / 2))
    for one, other in zip(arrays(half.layers), arrays(mean.layers), strict=True):
        assert_close(one, other * (5 * 2 / 2))


def test_cross_entropy_of_equal_outputs_is_the_logarithm_of_their_number():
    """Equal outputs mean equal probabilities."""
    net = Network([Layer(np.zeros((5, 1)), np.full(5, 3.0))], "relu")
    value = loss(net, [[1.0], [2.0]], [0, 4], kind="cross_entropy")
    np.testing.assert_allclose(value, np.log(5), rtol=1e-15)


def test_cross_entropy_does_not_overflow():
    """Outputs of a thousand, whose exponential is infinite, give a finite loss."""
    net = Network([Layer(np.zeros((2, 1)), np.array([1000.0, -1000.0]))], "relu")
    assert loss(net, [[1.0]], [1], kind="cross_entropy") == 2000


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_return_the_loss(kind):
    """The loss that comes with the gradients is the loss."""
    rng = np.random.default_rng(2)
    net, x, y = network(rng, (3, 4, 2)), rng.normal(size=(5, 3)), targets(rng, kind, 5, 2)
    result = gradients(net, x, y, kind=kind)
    assert isinstance(result, Gradients)
    assert result.loss == loss(net, x, y, kind=kind)


# --- derivatives against torch and against differences ------------------------------------------


def torch_activations():
    """Return the functions of torch by our names."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    functions = torch.nn.functional
    special = {
        "identity": lambda z: z,
        "erf": torch.erf,
        "gelu_tanh": lambda z: functions.gelu(z, approximate="tanh"),
        "softplus": lambda z: functions.softplus(z, threshold=40),  # by default linear above 20
    }
    return {name: special.get(name) or getattr(functions, name) for name in NAMES}


def torch_outputs(leaves, x, names):
    """Return what torch makes of the same layers and inputs."""
    phis = torch_activations()
    import torch

    for k, (weight, bias) in enumerate(leaves):
        x = torch.nn.functional.linear(x, weight, bias)
        if k < len(names):
            x = phis[names[k]](x)
    return x


def torch_loss(outputs, y, kind):
    """Return the loss in terms of torch."""
    from torch.nn import functional

    if kind == "half_squares":
        return functional.mse_loss(outputs, y, reduction="sum") / 2
    return {"squared": functional.mse_loss, "cross_entropy": functional.cross_entropy}[kind](
        outputs, y
    )


@pytest.mark.parametrize("activation", NAMES)
@settings(max_examples=25)
@given(data=st.data(), widths=widths_of_any_depth, samples=st.integers(1, 6), seed=seeds)
def test_outputs_gradients_and_jacobian_are_those_of_torch(activation, data, widths, samples, seed):
    """Automatic differentiation of a random network gives the same numbers, up to rounding."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    kind = data.draw(st.sampled_from(KINDS if widths[-1] > 1 else KINDS[:2]), label="kind")
    others = data.draw(st.lists(st.sampled_from(NAMES), min_size=4, max_size=4), label="others")
    names = (activation, *others)[: len(widths) - 2]
    rng = np.random.default_rng(seed)
    net = network(
        rng, widths, names, bias=data.draw(st.booleans(), label="bias"),
        same_order=data.draw(st.booleans(), label="same_order"),
    )  # fmt: skip
    x, y = rng.normal(size=(samples, widths[0])), targets(rng, kind, samples, widths[-1])
    leaves = [
        Layer(*(None if a is None else torch.tensor(a, requires_grad=True) for a in layer))
        for layer in net.layers
    ]
    outputs = torch_outputs(leaves, torch.tensor(x), names)
    assert_close(forward(net, x), outputs.detach().numpy())
    wanted = torch_loss(outputs, torch.tensor(y), kind)
    wanted.backward()
    value, slopes = gradients(net, x, y, kind=kind)
    assert_close(value, wanted.item())
    for slope, leaf in zip(slopes, leaves, strict=True):
        assert_close(slope.weight, leaf.weight.grad.numpy(), units=256)
        if leaf.bias is None:
            assert slope.bias is None
        else:
            assert_close(slope.bias, leaf.bias.grad.numpy(), units=256)
    rows = torch.tensor(x, requires_grad=True)
    outputs = torch_outputs(leaves, rows, names)
    by_output = [
        torch.autograd.grad(column.sum(), rows, retain_graph=True)[0] for column in outputs.T
    ]
    assert_close(jacobian(net, x), torch.stack(by_output, dim=1).numpy(), units=256)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(
    activation=st.sampled_from([name for name in NAMES if ACTIVATIONS[name].kinks is None]),
    widths=st.lists(st.integers(2, 4), min_size=2, max_size=4),
    seed=seeds,
)
def test_derivatives_agree_with_central_differences(activation, kind, widths, seed):
    """A small step in all weights and biases, or in an input, changes what the slopes say."""
    rng = np.random.default_rng(seed)
    net = network(rng, widths, activation)
    x, y = rng.normal(size=(3, widths[0])), targets(rng, kind, 3, widths[-1])
    step = 1e-5
    way = network(rng, widths).layers

    def moved(t):
        layers = [
            Layer(layer.weight + t * by.weight, layer.bias + t * by.bias)
            for layer, by in zip(net.layers, way, strict=True)
        ]
        return loss(net._replace(layers=layers), x, y, kind=kind)

    slopes = gradients(net, x, y, kind=kind).layers
    along = sum((s * w).sum() for s, w in zip(arrays(slopes), arrays(way), strict=True))
    np.testing.assert_allclose((moved(step) - moved(-step)) / (2 * step), along, 1e-5, 1e-6)
    change = rng.normal(size=x.shape)
    quotient = (forward(net, x + step * change) - forward(net, x - step * change)) / (2 * step)
    along = (jacobian(net, x) @ change[..., np.newaxis])[..., 0]
    np.testing.assert_allclose(quotient, along, 1e-5, 1e-6)


# --- what people hand in -----------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("held", ["module", "state", "parameter"])
def test_the_weights_of_a_torch_model_are_taken_as_they_are(held, bias):
    """The weight and the bias of nn.Linear, or None, are those of a Layer."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(5, 7, bias=bias), torch.nn.GELU(), torch.nn.Linear(7, 3, bias=bias)
    )
    state = model.state_dict()
    if held == "state":
        layers = [Layer(state[f"{k}.weight"], state.get(f"{k}.bias")) for k in (0, 2)]
    elif held == "parameter":
        layers = [Layer(model[k].weight, model[k].bias) for k in (0, 2)]
    else:
        layers = [
            Layer(*(None if a is None else a.detach().numpy() for a in (part.weight, part.bias)))
            for part in (model[0], model[2])
        ]
    x = torch.randn(4, 5)
    found = forward(Network(layers, "gelu"), x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_weights_in_half_precision_of_brains_are_taken_in_single():
    """The numbers are those of the tensors, and the sums are better than torch's own."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of this test")
    torch.manual_seed(0)
    first, second = torch.nn.Linear(5, 7).bfloat16(), torch.nn.Linear(7, 3).bfloat16()
    x = torch.randn(4, 5).bfloat16()
    net = Network([Layer(first.weight, first.bias), Layer(second.weight, second.bias)], "relu")
    found = forward(net, x)
    assert found.dtype == np.float32
    wanted = second.float()(torch.relu(first.float()(x.float()))).detach().numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("activation", NAMES)
def test_a_missing_bias_is_a_bias_of_zero_without_a_gradient(activation):
    """Outputs, loss, jacobian and the gradients of the weights are the same to the bit."""
    rng = np.random.default_rng(3)
    none = network(rng, (3, 5, 4, 2), activation, bias=False)
    zeros = [Layer(weight, np.zeros(len(weight))) for weight, _ in none.layers]
    zero = none._replace(layers=zeros)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    assert (forward(none, x) == forward(zero, x)).all()
    assert (jacobian(none, x) == jacobian(zero, x)).all()
    without, with_zeros = gradients(none, x, y), gradients(zero, x, y)
    assert without.loss == with_zeros.loss
    assert [slope.bias for slope in without.layers] == [None] * 3
    for one, other in zip(without.layers, with_zeros.layers, strict=True):
        assert (one.weight == other.weight).all()


def test_one_layer_of_several_may_lack_its_bias():
    """Each layer says for itself."""
    rng = np.random.default_rng(4)
    net = with_layer(network(rng, (3, 4, 2)), 1, bias=None)
    found = gradients(net, rng.normal(size=(5, 3)), rng.normal(size=(5, 2))).layers
    assert found[0].bias.shape == (4,)
    assert found[1].bias is None


# --- replicas and precision --------------------------------------------------------------------


@pytest.mark.parametrize("same_order", [False, True])
@pytest.mark.parametrize(
    "replicated", ["layers", "x", "y", "all", "first weight", "last weight", "biases", "no bias"]
)
def test_replicas_equal_the_loop_over_replicas(replicated, same_order):
    """One batched call gives what a call for each replica gives, whatever has the replicas."""
    rng = np.random.default_rng(4)
    widths = (3, 5, 4, 2)
    stacked = (4,) if replicated in ("layers", "all", "no bias") else ()
    net = network(
        rng, widths, "tanh", replicas=stacked, bias=replicated != "no bias", same_order=same_order
    )
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    if replicated == "first weight":
        net = with_layer(net, 0, weight=rng.normal(size=(4, 5, 3)))
    elif replicated == "last weight":
        net = with_layer(net, 2, weight=rng.normal(size=(4, 2, 4)))
    elif replicated == "biases":
        for k in range(3):
            weight = np.stack([net.layers[k].weight] * 4)
            net = with_layer(net, k, weight=weight, bias=rng.normal(size=(4, widths[k + 1])))
    if replicated in ("x", "all"):
        x = rng.normal(size=(4, 6, 3))
    if replicated in ("y", "all"):
        y = rng.normal(size=(4, 6, 2))
    outputs, slopes = forward(net, x), jacobian(net, x)
    value, gradient = gradients(net, x, y)
    assert value.shape == (4,)
    np.testing.assert_array_equal(value, loss(net, x, y))
    for r in range(4):
        own = one_replica(net, r)
        own_x, own_y = (a[r] if a.ndim == 3 else a for a in (x, y))
        own_value, own_gradient = gradients(own, own_x, own_y)
        np.testing.assert_allclose(value[r], own_value, rtol=1e-13)
        for slope, own_slope in zip(arrays(gradient), arrays(own_gradient), strict=True):
            assert_close(slope[r], own_slope)
        if replicated != "y":
            assert_close(outputs[r], forward(own, own_x))
            assert_close(slopes[r], jacobian(own, own_x))


@pytest.mark.parametrize("same_order", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_layers_decide_the_precision(kind, same_order):
    """With float32 layers everything is float32, even where the data are float64."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(5, 3)), targets(rng, kind, 5, 2)
    for activation in NAMES:
        net = network(rng, (3, 4, 2), activation, dtype=np.float32, same_order=same_order)
        assert forward(net, x).dtype == np.float32
        assert jacobian(net, x).dtype == np.float32
        value, slopes = gradients(net, x, y, kind=kind)
        assert value.dtype == np.float32
        assert {a.dtype for a in arrays(slopes)} == {np.dtype(np.float32)}
    mixed = with_layer(net, 0, weight=net.layers[0].weight.astype(np.float64))
    assert forward(mixed, x).dtype == np.float64


@pytest.mark.parametrize("activation", NAMES)
def test_no_argument_is_written_to(activation):
    """Forward and backward leave the layers and the data as they are."""
    rng = np.random.default_rng(7)
    net = network(rng, (3, 4, 2), activation)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    for array in (x, y, *arrays(net.layers)):
        array.flags.writeable = False
    gradients(net, x, y)
    jacobian(net, x)
    dead_units(net, x)
    layer_ranks(net, x)
    if ACTIVATIONS[activation].kinks is not None:
        local_metamer(net, x, 2 * x)


# --- same_order: equal units have equal bits ---------------------------------------------------


def tied(rng, widths, activation, **options):
    """Return a network whose first hidden layer has equal units."""
    net = network(rng, widths, activation, same_order=True, **options)
    width = widths[1]
    first, second = net.layers[:2]
    net = with_layer(
        net, 0, weight=np.repeat(first.weight[..., :1, :], width, axis=-2),
        bias=np.repeat(first.bias[..., :1], width, axis=-1),
    )  # fmt: skip
    return with_layer(net, 1, weight=np.repeat(second.weight[..., :1], width, axis=-1))


def assert_tied(net, x, y, **options):
    """Assert that hidden values and gradients of the first hidden layer are equal to the bit."""
    hidden = forward(Network(net.layers[:1], "identity", same_order=True), x)
    assert (hidden == hidden[..., :1]).all()
    first, second, *_ = gradients(net, x, y, **options).layers
    assert (first.weight == first.weight[..., :1, :]).all()
    assert (first.bias == first.bias[..., :1]).all()
    assert (second.weight == second.weight[..., :1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 65])
def test_tied_units_have_equal_bits_at_every_width(width, dtype):
    """With same_order, values and gradients of equal units are equal to the bit.

    The widths are those around the blocks in which BLAS goes through the rows.
    """
    rng = np.random.default_rng(width)
    for trial, activation in enumerate(NAMES):
        samples, features = rng.integers(1, 131), rng.integers(1, 81)
        second, outputs = rng.integers(1, 65), rng.integers(2, 11)
        replicas = ((), (3,))[trial % 2]
        kind = KINDS[trial % 3]
        net = tied(
            rng, (features, width, second, outputs), activation, replicas=replicas, dtype=dtype
        )
        x = rng.normal(size=(*(replicas if trial < 5 else ()), samples, features))
        assert_tied(net, x, targets(rng, kind, samples, outputs), kind=kind)


@pytest.mark.parametrize(("samples", "features"), [(9, 20_001), (20_001, 3)])
def test_tied_units_have_equal_bits_on_long_sums(samples, features):
    """A sum longer than NumPy's buffers is cut at the same places for every unit."""
    rng = np.random.default_rng(8)
    net = tied(rng, (features, 7, 5, 2), "tanh", dtype=np.float32)
    assert_tied(net, rng.normal(size=(samples, features)), rng.normal(size=(samples, 2)))


def test_tied_units_have_equal_bits_whatever_the_memory_order():
    """Transposed, strided and reversed arrays change nothing."""
    rng = np.random.default_rng(9)
    net = tied(rng, (13, 11, 6, 3), "tanh")
    x, y = rng.normal(size=(17, 13)), rng.normal(size=(17, 3))
    fortran = [Layer(np.asfortranarray(w), b) for w, b in net.layers]
    strided = [Layer(np.repeat(w, 2, axis=1)[:, ::2], b) for w, b in net.layers]
    for layers in (fortran, strided):
        for rows in (x, np.asfortranarray(x), x[::-1], np.repeat(x, 2, axis=1)[:, 1::2]):
            assert_tied(net._replace(layers=layers), rows, y)


@settings(max_examples=30)
@given(width=st.integers(2, 40), seed=seeds)
def test_gradients_follow_a_permutation_of_the_units_to_the_bit(width, seed):
    """Permuting the units of a layer, and their targets, permutes the gradients bit by bit."""
    rng = np.random.default_rng(seed)
    net = network(rng, (5, width), same_order=True)
    x, y = rng.normal(size=(12, 5)), rng.normal(size=(12, width))
    order = rng.permutation(width)
    weight, bias = net.layers[0]
    moved = net._replace(layers=[Layer(weight[order], bias[order])])
    (slope,) = gradients(net, x, y).layers
    (moved_slope,) = gradients(moved, x, y[:, order]).layers
    assert (moved_slope.weight == slope.weight[order]).all()
    assert (moved_slope.bias == slope.bias[order]).all()


def test_both_orders_agree_to_rounding():
    """The switch changes the order of sums and nothing else."""
    rng = np.random.default_rng(10)
    net = network(rng, (30, 40, 20, 3), "tanh")
    x, y = rng.normal(size=(50, 30)), rng.normal(size=(50, 3))
    fast = gradients(net, x, y).layers
    slow = gradients(net._replace(same_order=True), x, y).layers
    for one, other in zip(arrays(fast), arrays(slow), strict=True):
        assert_close(one, other)


# --- dead units --------------------------------------------------------------------------------


def test_planted_dead_units_are_found():
    """A relu unit with a low enough bias is off at every sample, and no other unit is dead."""
    rng = np.random.default_rng(11)
    net = network(rng, (4, 30, 20, 2), "relu", bias=False)
    x = rng.normal(size=(200, 4))
    planted = [rng.random(30) < 0.3, rng.random(20) < 0.3]
    for k in (0, 1):
        net = with_layer(net, k, bias=np.where(planted[k], -100.0, 1.0))
    for found, wanted in zip(dead_units(net, x), planted, strict=True):
        assert found.dtype == np.bool_
        assert (found == wanted).all()


@settings(max_examples=40)
@given(activation=st.sampled_from(NAMES), low=st.floats(-60, 0), seed=seeds)
def test_a_unit_is_dead_exactly_when_no_loss_moves_it(activation, low, seed):
    """With enough outputs the gradient of its bias is 0 at each sample, or at some it is not."""
    rng = np.random.default_rng(seed)
    net = network(rng, (3, 6, 6), activation)
    net = with_layer(net, 0, bias=net.layers[0].bias + rng.uniform(low, 0, size=6))
    x = rng.normal(size=(5, 3))
    moves = np.zeros(6, dtype=bool)
    for row in x[:, np.newaxis]:
        for y in np.eye(6):
            slope = gradients(net, row, forward(net, row) - y, kind="half_squares").layers[0]
            moves |= slope.bias != 0
    assert (dead_units(net, x)[0] == ~moves).all()


def test_saturated_units_are_dead():
    """Where the slope of tanh rounds to 0 at every sample no gradient comes through."""
    net = Network([Layer([[25.0], [-25.0], [5.0]]), Layer([[1.0, 1.0, 1.0]])], "tanh")
    assert dead_units(net, [[1.0], [-2.0]])[0].tolist() == [True, True, False]
    assert dead_units(net, [[1.0], [0.1]])[0].tolist() == [False, False, False]
    hard = net._replace(activation="hardtanh")
    assert dead_units(hard, [[1.0], [-2.0]])[0].tolist() == [True, True, True]


@pytest.mark.parametrize("activation", ["leaky_relu", "identity"])
def test_units_without_a_flat_piece_are_never_dead(activation):
    """Whatever the bias."""
    net = Network([Layer([[1.0]], [-1e9]), Layer([[1.0]], [-1e9]), Layer([[1.0]])], activation)
    assert not any(dead.any() for dead in dead_units(net, [[1.0], [-1.0]]))


def test_each_replica_has_its_own_dead_units():
    """And each of several data sets; one layer has no hidden units."""
    rng = np.random.default_rng(12)
    net = network(rng, (3, 8, 5, 2), replicas=(4,))
    net = with_layer(net, 0, bias=net.layers[0].bias - 2)
    x = rng.normal(size=(6, 3))
    first, second = dead_units(net, x)
    assert first.shape == (4, 8)
    assert second.shape == (4, 5)
    assert 0 < first.sum() < first.size
    for r in range(4):
        own = dead_units(one_replica(net, r), x)
        assert (own[0] == first[r]).all()
        assert (own[1] == second[r]).all()
    sets = np.stack([x, -5 * x])
    found = dead_units(one_replica(net, 0), sets)[0]
    assert (found == [dead_units(one_replica(net, 0), part)[0] for part in sets]).all()
    assert dead_units(Network([Layer([[1.0]])], "relu"), [[1.0]]) == []


# --- the ranks of the layers -------------------------------------------------------------------


def test_the_last_forward_rank_is_that_of_the_jacobian():
    """And the first backward rank is at least as large."""
    rng = np.random.default_rng(0)
    net, x = network(rng, (6, 5, 4, 6, 3)), 2 * rng.normal(size=(50, 6))
    ranks = layer_ranks(net, x)
    assert ranks.forward.shape == ranks.backward.shape == (50, 4)
    whole = np.linalg.matrix_rank(jacobian(net, x))
    assert (ranks.forward[:, -1] == whole).all()
    assert (ranks.backward[:, 0] >= whole).all()
    assert len(set(whole.tolist())) > 1


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "hardtanh", "tanh"])
def test_no_rank_grows_on_its_way(activation):
    """Forward it falls with the layers, backward it falls towards the inputs."""
    rng = np.random.default_rng(1)
    ranks = layer_ranks(network(rng, (6, 8, 5, 9, 4), activation), rng.normal(size=(50, 6)))
    assert (np.diff(ranks.forward) <= 0).all()
    assert (np.diff(ranks.backward) >= 0).all()
    assert (ranks.backward[:, -1] == 4).all()


def test_gradients_of_a_layer_have_at_most_the_backward_rank():
    """All errors at one input span what comes back: here exactly that many dimensions."""
    rng = np.random.default_rng(3)
    net, x = network(rng, (4, 7, 6, 5)), rng.normal(size=(9, 4))
    ranks = layer_ranks(net, x).backward
    for n, row in enumerate(x[:, np.newaxis]):
        errors = np.eye(5) + forward(net, row)
        slopes = [gradients(net, row, error[np.newaxis]).layers for error in errors]
        for k in range(3):
            spanned = np.linalg.matrix_rank([slope[k].bias for slope in slopes], tol=1e-9)
            assert spanned == ranks[n, k]


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_constant_layers_let_one_dimension_through(activation):
    """In both directions."""
    layers = [Layer(np.full((9, 5), 0.25)), Layer(np.full((4, 9), 0.25))]
    ranks = layer_ranks(Network(layers, activation), np.ones((1, 5)))
    assert ranks.forward.tolist() == [[1, 1]]
    assert ranks.backward.tolist() == [[1, 4]]


def test_a_dead_layer_lets_nothing_through():
    """Nor does anything come back beyond it."""
    net = network(np.random.default_rng(0), (3, 4, 5, 2))
    net = with_layer(net, 1, bias=np.full(5, -1e9))
    ranks = layer_ranks(net, np.ones((1, 3)))
    assert ranks.forward[0, 1:].tolist() == [0, 0]
    assert ranks.backward.tolist() == [[0, 0, 2]]


def test_a_linear_layer_has_the_rank_of_its_weight():
    """Nothing is switched off in the last layer."""
    ranks = layer_ranks(Network([Layer(-np.ones((2, 3)), -np.ones(2))], "relu"), np.ones((1, 3)))
    assert (ranks.forward.tolist(), ranks.backward.tolist()) == ([[1]], [[2]])


@pytest.mark.parametrize("replicated", ["layers", "last weight", "x"])
def test_replicas_have_the_ranks_of_the_loop(replicated):
    """All networks at once, also where the first layers have no replica axis."""
    rng = np.random.default_rng(5)
    net = network(rng, (4, 5, 6, 2), replicas=(3,) if replicated == "layers" else ())
    x = rng.normal(size=(7, 4))
    if replicated == "last weight":
        net = with_layer(net, 2, weight=np.stack([np.ones((2, 6)), *rng.normal(size=(2, 2, 6))]))
    elif replicated == "x":
        x = rng.normal(size=(3, 7, 4))
    ranks = layer_ranks(net, x)
    assert ranks.forward.shape == ranks.backward.shape == (3, 7, 3)
    for r in range(3):
        own = layer_ranks(one_replica(net, r), x if x.ndim == 2 else x[r])
        assert (own.forward == ranks.forward[r]).all()
        assert (own.backward == ranks.backward[r]).all()


def test_the_tolerance_is_a_share_of_the_largest_singular_value():
    """A dimension that is a thousand times weaker does not count with 1/100."""
    net = Network([Layer(np.diag([1.0, 1e-3]))], "relu")
    assert layer_ranks(net, [[1.0, 1.0]]).forward.tolist() == [[2]]
    assert layer_ranks(net, [[1.0, 1.0]], tolerance=0.01).forward.tolist() == [[1]]
    for tolerance in (-0.1, 1, np.nan):
        with pytest.raises(ValueError, match=r"^tolerance must be a finite number of at least 0"):
            layer_ranks(net, [[1.0, 1.0]], tolerance=tolerance)


@pytest.mark.parametrize("form", ["float16", "float32", ">f4", "float64", "bfloat16", "torch"])
def test_the_rank_is_counted_at_the_precision_that_the_weights_came_in(form):
    """A matrix 8 x 8 of rank 3 has rank 3, whatever it was rounded to."""
    rng = np.random.default_rng(0)
    planted = rng.normal(size=(8, 3)) @ rng.normal(size=(3, 8))
    if form == "torch":
        planted = pytest.importorskip("torch").tensor(planted).half()
    elif form == "bfloat16":
        planted = planted.astype(pytest.importorskip("ml_dtypes").bfloat16)
    else:
        planted = planted.astype(form)
    net = Network([Layer(planted), Layer(np.eye(8))], "identity")
    assert layer_ranks(net, np.ones((1, 8))).forward.tolist() == [[3, 3]]


def test_the_precision_of_rounded_numbers_can_be_told():
    """Half-precision numbers that are held as float64 look regular, unless it is told."""
    rng = np.random.default_rng(0)
    planted = (rng.normal(size=(8, 3)) @ rng.normal(size=(3, 8))).astype(np.float16)
    net = Network([Layer(planted.astype(np.float64))], "relu")
    x = np.ones((1, 8))
    assert layer_ranks(net, x).forward.tolist() == [[8]]
    assert layer_ranks(net, x, precision="float16").forward.tolist() == [[3]]
    with pytest.raises(ValueError, match=r"^precision must be one of 'bfloat16', "):
        layer_ranks(net, x, precision="half")


# --- metamers of a whole network ---------------------------------------------------------------

STRAIGHT = [name for name in NAMES if ACTIVATIONS[name].kinks is not None]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_what_is_left_of_layers_that_cancel_is_no_rank(dtype):
    """Rank 3, then the projection on what it does not reach, then a random layer: 3, 0, 0."""
    rng = np.random.default_rng(30)
    weight = rng.normal(size=(8, 3)) @ rng.normal(size=(3, 8))
    beyond = np.linalg.svd(weight)[0][:, 3:]
    matrices = [weight, beyond @ beyond.T, rng.normal(size=(8, 8))]
    net = Network([Layer(matrix.astype(dtype)) for matrix in matrices], "identity")
    assert layer_ranks(net, np.ones((1, 8))).forward.tolist() == [[3, 0, 0]]


@pytest.mark.parametrize("tolerance", [None, 1e-12, 1e-6])
def test_halves_that_cancel_let_nothing_through(tolerance):
    """A network that is Q x - Q x by its weights has forward ranks 5 and 0, and all is lost."""
    half = np.random.default_rng(31).normal(size=(5, 10))
    out = np.linalg.qr(np.random.default_rng(32).normal(size=(8, 5)))[0]
    layers = [Layer(np.vstack([half, half])), Layer(np.hstack([out, -out]))]
    net = Network(layers, "identity")
    x = np.ones((1, 10))
    assert layer_ranks(net, x, tolerance=tolerance).forward.tolist() == [[5, 0]]
    np.testing.assert_array_equal(local_metamer(net, x, 3 * x), 3 * x)


def test_a_constant_layer_before_rows_of_sum_zero_lets_nothing_through():
    """Rows that sum to 0 up to rounding read nothing of equal units."""
    rows = np.random.default_rng(33).normal(size=(6, 10))
    rows -= rows.mean(axis=1, keepdims=True)
    net = Network([Layer(np.full((10, 4), 0.3)), Layer(rows)], "identity")
    assert layer_ranks(net, np.ones((1, 4))).forward.tolist() == [[1, 0]]


@pytest.mark.parametrize("activation", STRAIGHT)
@settings(max_examples=30)
@given(seed=seeds)
def test_a_local_metamer_is_the_same_to_the_network_and_nearer_to_the_other_input(activation, seed):
    """The outputs agree to rounding behind two wide layers, and every input moves."""
    rng = np.random.default_rng(seed)
    net = network(rng, (12, 20, 16, 3), activation)
    x, towards = rng.normal(size=(2, 8, 12))
    moved = local_metamer(net, x, towards)
    np.testing.assert_allclose(forward(net, moved), forward(net, x), rtol=0, atol=1e-10)
    assert (np.linalg.norm(towards - moved, axis=1) < np.linalg.norm(towards - x, axis=1)).all()


@pytest.mark.parametrize("activation", STRAIGHT)
@settings(max_examples=30)
@given(seed=seeds)
def test_a_local_metamer_goes_as_far_as_the_region(activation, seed):
    """It ends where a unit meets a kink, unless it got all the way that the outputs do not see."""
    rng = np.random.default_rng(seed)
    net = network(rng, (6, 9, 7, 2), activation)
    x, towards = rng.normal(size=(2, 5, 6))
    moved = local_metamer(net, x, towards)
    slopes = jacobian(net, x)
    whole = [x[n] + split(slopes[n], (towards - x)[n : n + 1]).lost[0] for n in range(5)]
    stopped = np.abs(moved - whole).max(axis=1) > 1e-9
    gap = np.full(5, np.inf)
    for depth in (1, 2):
        sums = forward(net._replace(layers=net.layers[:depth]), moved)
        for kink in ACTIVATIONS[activation].kinks:
            gap = np.minimum(gap, np.abs(sums - kink).min(axis=1))
    assert (gap[stopped] < 1e-12).all()  # and so the identity, without a kink, is never stopped


def test_a_local_metamer_of_a_linear_layer_is_its_metamer():
    """Without hidden layers there is one region, the whole space."""
    rng = np.random.default_rng(0)
    net = network(rng, (7, 3))
    x, towards = rng.normal(size=(2, 4, 7))
    wanted = metamer(net.layers[0].weight, x, towards)
    np.testing.assert_allclose(local_metamer(net, x, towards), wanted, atol=1e-13)


def test_an_input_whose_derivative_sees_everything_stays():
    """As many outputs as inputs and all units on: nothing can be changed."""
    net = Network([Layer(np.eye(3), np.full(3, 9.0)), Layer(np.eye(3))], "relu")
    x = np.ones((2, 3))
    np.testing.assert_array_equal(local_metamer(net, x, np.zeros((2, 3))), x)


@pytest.mark.parametrize(("activation", "kink"), [("relu", 0.0), ("hardtanh", 1.0)])
def test_an_input_at_a_kink_stays(activation, kink):
    """Its neighbors on one side are seen in another way; the other samples move."""
    net = Network([Layer([[1.0, 0.0], [0.0, 1.0]]), Layer([[1.0, 0.0]])], activation)
    x = np.array([[0.5, kink], [0.5, kink - 0.5]])
    moved = local_metamer(net, x, [[9.0, 9.0], [9.0, -9.0]])
    assert moved[0].tolist() == x[0].tolist()
    assert moved[1, 0] == 0.5
    assert moved[1, 1] < kink - 0.5


def test_an_input_at_a_kink_of_a_unit_that_the_move_does_not_change_moves():
    """A change that is rounding only is none."""
    rng = np.random.default_rng(34)
    for _ in range(50):
        row = rng.normal(size=6)
        x = rng.normal(size=6)
        x -= row * (row @ x) / (row @ row)
        x -= row * (row @ x) / (row @ row)
        bias = -(row @ x)
        net = Network([Layer(row[np.newaxis], [bias]), Layer([[1.0]])], "leaky_relu")
        goal = rng.normal(size=6)
        moved = local_metamer(net, x[np.newaxis], goal[np.newaxis])[0]
        wanted = goal - row * (row @ (goal - x)) / (row @ row)
        np.testing.assert_allclose(moved, wanted, atol=1e-12)


def test_local_metamers_follow_the_precision_that_is_named():
    """Weights of rank 2 that went through bfloat16 lose four of six directions."""
    rng = np.random.default_rng(35)
    torch = pytest.importorskip("torch", reason="torch rounds to bfloat16")
    weight = torch.tensor(rng.normal(size=(6, 2)) @ rng.normal(size=(2, 6))).bfloat16().float()
    net = Network([Layer(weight)], "identity")
    x, goal = rng.normal(size=(2, 1, 6))
    np.testing.assert_array_equal(local_metamer(net, x, goal), x)
    moved = local_metamer(net, x, goal, precision="bfloat16")
    assert np.linalg.norm(moved - x) > 0.1 * np.linalg.norm(goal - x)


def test_a_row_for_a_bias_is_refused():
    """It would be a replica axis, and the outputs would have one more axis than was meant."""
    text = "network.layers[0].bias must be an array of shape (4,), got shape (1, 4)"
    with pytest.raises(ValueError, match=re.escape(text)):
        forward(Network([Layer(np.ones((4, 3)), np.ones((1, 4)))], "relu"), np.ones((5, 3)))


def test_a_local_metamer_wants_one_piecewise_linear_network_and_inputs_that_fit():
    """Curved units see every step, and replicas have regions of their own."""
    ones = np.ones((1, 3))
    curved = Network([Layer(np.ones((4, 3))), Layer(np.ones((1, 4)))], ["tanh"])
    text = "^network must have piecewise linear activations, got 'tanh'$"
    with pytest.raises(ValueError, match=text):
        local_metamer(curved, ones, ones)
    replicas = Network([Layer(np.ones((2, 4, 3))), Layer(np.ones((1, 4)))], "relu")
    with pytest.raises(ValueError, match=r"^network must be one network, got 2 replicas$"):
        local_metamer(replicas, ones, ones)
    one = Network([Layer(np.ones((1, 3)))], "relu")
    with pytest.raises(ValueError, match=r"^towards must be an array of shape"):
        local_metamer(one, ones, np.ones((2, 3)))


# --- the door ----------------------------------------------------------------------------------

GOOD = Network([Layer(np.ones((3, 2)), np.ones(3)), Layer(np.ones((2, 3)), np.ones(2))], "relu")
X, Y = np.ones((4, 2)), np.ones((4, 2))
CALLS = [
    lambda net: forward(net, X),
    lambda net: loss(net, X, Y),
    lambda net: gradients(net, X, Y),
    lambda net: jacobian(net, X),
    lambda net: dead_units(net, X),
    lambda net: layer_ranks(net, X),
    lambda net: local_metamer(net, X, X),
]

WRONG_NETWORKS = [
    (GOOD.layers, TypeError, "network must be a Network(layers, activation), got list"),
    ((GOOD.layers, "relu"), TypeError, "network must be a Network(layers, activation), got tuple"),
    (None, TypeError, "network must be a Network(layers, activation), got NoneType"),
    (
        GOOD._replace(layers=[]),
        TypeError,
        "network.layers must be a non-empty list of Layer, got []",
    ),
    (
        GOOD._replace(layers=GOOD.layers[0]),
        TypeError,
        "network.layers must be a non-empty list of Layer, got Layer(",
    ),
    (
        GOOD._replace(layers=[np.ones((2, 2))]),
        TypeError,
        "network.layers[0] must be a Layer(weight, bias), got array([[",
    ),
    (
        GOOD._replace(layers=[(1, 2, 3)]),
        TypeError,
        "network.layers[0] must be a Layer(weight, bias), got (1, 2, 3)",
    ),
    (
        with_layer(GOOD, 1, weight=np.ones((4, 2))),
        ValueError,
        "network.layers[1].weight must be an array of shape ([replicas], fan_out, 3), "
        "got shape (4, 2)",
    ),
    (
        with_layer(GOOD, 0, bias=np.ones(2)),
        ValueError,
        "network.layers[0].bias must be an array of shape (3,), got shape (2,)",
    ),
    (
        with_layer(GOOD, 0, weight=None),
        TypeError,
        "network.layers[0].weight must be an array of shape ([replicas], fan_out, fan_in), "
        "got None",
    ),
    (
        with_layer(GOOD, 0, weight=np.full((3, 2), np.nan)),
        ValueError,
        "network.layers[0].weight must be finite, got nan at index (0, 0)",
    ),
    (
        with_layer(GOOD, 0, weight=np.ones((3, 2, 3, 3))),
        ValueError,
        "network.layers[0].weight must be an array of shape ([replicas], fan_out, fan_in), got "
        "shape (3, 2, 3, 3); reshape a kernel",
    ),
    (
        GOOD._replace(layers=[Layer(np.ones((5, 3, 2))), Layer(np.ones((4, 1, 3)))]),
        ValueError,
        "network.layers[1] must have a replica axis that broadcasts with (5,), got shape (4, 1, 3)",
    ),
    (
        GOOD._replace(layers=[Layer(np.ones((5, 3, 2)), np.ones((4, 3)))]),
        ValueError,
        "network.layers[0].bias must have a replica axis that broadcasts with (5,), "
        "got shape (4, 3)",
    ),
    (
        GOOD._replace(activation="swish"),
        ValueError,
        "network.activation must be one of 'identity', 'relu', ",
    ),
    (
        GOOD._replace(activation=None),
        ValueError,
        "network.activation must be one of 'identity', 'relu', ",
    ),
    (
        GOOD._replace(activation=["relu", "relu"]),
        ValueError,
        "network.activation must be a name or a list of 1 names, one for each hidden layer, got 2",
    ),
    (
        GOOD._replace(activation=["ReLU"]),
        ValueError,
        "network.activation[0] must be one of 'identity', 'relu', ",
    ),
    (
        GOOD._replace(same_order="yes"),
        TypeError,
        "network.same_order must be True or False, got 'yes'",
    ),
]


def test_the_activation_cannot_be_forgotten():
    """A network has no default for it, and a list of layers is no network."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'activation'"):
        Network(GOOD.layers)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("wrong", "error", "text"), WRONG_NETWORKS)
def test_wrong_networks_are_named(wrong, error, text, call):
    """The message says which part, what was wanted and what came."""
    with pytest.raises(error, match=f"^{re.escape(text)}"):
        call(wrong)


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


def test_replicas_of_the_data_must_fit():
    """Five networks and four data sets do not pair up."""
    net = Network([Layer(np.ones((5, 1, 2)))], "relu")
    text = "x must have a replica axis that broadcasts with (5,), got shape (4, 4, 2)"
    with pytest.raises(ValueError, match=re.escape(text)):
        forward(net, np.ones((4, 4, 2)))
    text = "y must have a replica axis that broadcasts with (5,), got shape (4, 4, 1)"
    with pytest.raises(ValueError, match=re.escape(text)):
        loss(net, X, np.ones((4, 4, 1)))


@pytest.mark.parametrize(
    ("y", "kind", "error", "text"),
    [
        (
            np.ones(4),
            "squared",
            ValueError,
            "y must be an array of shape ([replicas], 4, 2), got shape (4,)",
        ),
        (np.ones((3, 2)), "half_squares", ValueError, "y must be an array of shape ([replicas], 4"),
        (
            Y,
            "cross_entropy",
            TypeError,
            "y must be an array of shape (4,) of whole numbers from 0 to 1, got dtype float64",
        ),
        (
            [0, 0, 2, 0],
            "cross_entropy",
            ValueError,
            "y must be an array of shape (4,) of whole numbers from 0 to 1, got 2",
        ),
        (
            Y,
            "hinge",
            ValueError,
            "kind must be one of 'squared', 'half_squares', 'cross_entropy', got 'hinge'",
        ),
    ],
)
def test_wrong_targets_are_named(y, kind, error, text):
    """The message says which targets the loss wants."""
    for function in (loss, gradients):
        with pytest.raises(error, match=re.escape(text)):
            function(GOOD, X, y, kind=kind)


def test_the_cross_entropy_wants_an_output_for_each_class():
    """One output for the labels 0 and 1 is another loss than this one."""
    net = Network([Layer(np.ones((1, 2)))], "relu")
    text = "network must have one output for each class with kind='cross_entropy', at least two"
    with pytest.raises(ValueError, match=f"^{text}, got one output$"):
        loss(net, X, [0, 1, 1, 0], kind="cross_entropy")
