"""Questions people ask: each block of the page is run, on models with a fault and without.

A symptom is no symptom if a model in order shows it, so each block is run on both. Blocks of Keras
and JAX are skipped where these are not installed; the build of the site executes the cells.
"""

import contextlib
import io
import itertools
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import truncnorm

from symlib import weights
from symlib.network import Layer, Network, forward

PAGE = Path(__file__).parents[1] / "docs" / "how_to" / "questions_people_ask.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.S | re.M)
CELL = re.compile(r"^```\{code-cell\} python\n(.*?)^```", re.S | re.M)
SYMPTOM = re.compile(r"^:::\{dropdown\} ([^\n]*)\n:name: (seen-[a-z-]+)\n(.*?)^:::$", re.S | re.M)
SYMPTOMS = {name: BLOCK.findall(body) for _, name, body in SYMPTOM.findall(TEXT)}
GROUPS = dict(re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", TEXT, re.S | re.M))
QUESTIONS = {
    question: body
    for group in GROUPS.values()
    for question, body in re.findall(r"^### ([^\n]*\n)(.*?)(?=^### |\Z)", group, re.S | re.M)
    if ":::{dropdown}" not in body
}
((TOOLS, _), *_) = BLOCK.findall(TEXT)

UNITS, CLASSES = 64, 4


class Line(NamedTuple):
    """What is printed of a layer; of the constant units their share."""

    size: float
    spread: float
    alike: float
    constant: float


def run(code, names, told=""):
    """Run a block, and return what it printed, which is what the page says that it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    assert not told or printed.getvalue() == told
    return printed.getvalue()


def see(symptom, model, x, y, **more):
    """Return what the first block of a symptom prints, for a model and a batch."""
    names = {"model": model, "x": x, "y": y, **more}
    exec(TOOLS, names)
    ((code, _), *_) = SYMPTOMS[symptom]
    return run(code, names)


def lines(printed):
    """Return for each layer that was walked through what was printed, as numbers."""
    pattern = r"^(\S*): size (\S+), spread (\S+), alike (\S+), (\d+) of (\d+) constant$"
    return {
        name: Line(float(size), float(spread), float(alike), int(constant) / int(units))
        for name, size, spread, alike, constant, units in re.findall(pattern, printed, re.M)
    }


@pytest.fixture
def torch():
    """Give PyTorch with a seed and one thread, or skip."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


@pytest.fixture
def batch(torch):
    """Return a batch of inputs and labels, which two sums of features decide."""
    x = torch.randn(256, 20)
    y = (x[:, :10].sum(1) > 0).long() + 2 * (x[:, 10:].sum(1) > 0).long()
    return x, y


def chain(torch, *, depth=1, activation="ReLU", classes=CLASSES):
    """Return a chain of linear layers of the scale of He, with zero biases."""
    nn = torch.nn
    sizes = [20] + [UNITS] * depth
    parts = []
    for fan_in, units in itertools.pairwise(sizes):
        parts += [nn.Linear(fan_in, units), getattr(nn, activation)()]
    model = nn.Sequential(*parts, nn.Linear(sizes[-1], classes))
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return model


def fill(torch, model, value):
    """Set all weights and biases to a number."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return model


def step(torch, model, x, y, rate=0.1):
    """Make a step of gradient descent."""
    model.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= rate * parameter.grad


def train(torch, model, x, y, steps, rate=0.1):
    """Make many steps, and return the share of the labels that are right in the end."""
    for _ in range(steps):
        step(torch, model, x, y, rate)
    return (model(x).argmax(1) == y).float().mean().item()


# The page


def test_each_block_is_run_here():
    """A new symptom or block fails this test, until it has one."""
    counts = {name: len(found) for name, found in SYMPTOMS.items()}
    assert counts.pop("seen-first") == 1
    two = {"seen-half": 2}
    assert counts == {
        f"seen-{name}": two.get(f"seen-{name}", 1)
        for name in (
            *("nan", "large", "ln", "same", "zero-gradient"),
            *("bits", "dead", "equal", "half"),
        )
    }
    with_code = {question.strip() for question, body in QUESTIONS.items() if BLOCK.search(body)}
    assert with_code == {
        "nn.TransformerEncoder copies one layer: are its layers tied?",
        "Keras: may two layers share an initializer object?",
        "JAX: may two layers use one key?",
        "Which initialization goes with ReLU, GELU, SiLU or tanh?",
        "My embedding is also the last layer, and the first loss is huge",
        "Can I start without any random number?",
    }
    assert len(BLOCK.findall(TEXT)) == 1 + 10 + 8


def test_each_answer_says_what_it_holds_for_and_where_to_read():
    """But for tools, which hold for whoever has them."""
    assert len(QUESTIONS) >= 45
    for question, body in QUESTIONS.items():
        assert body.count("*Read* ") == 1, question
        assert re.search(r"\*Read\*.*(\]\(|\{doc\}|\{py:obj\})", body), question
        if body not in GROUPS["Tools"]:
            assert body.count("*Holds* ") == 1, question


def test_each_answer_is_short():
    """Its first paragraph has about two lines."""
    for question, body in QUESTIONS.items():
        first, *_ = body.strip().split("\n\n")
        assert len(first) < 480, question


def test_the_losses_of_the_symptom_are_logarithms():
    """They stand in its title, as people read them in a log."""
    (title,) = (title for title, name, _ in SYMPTOM.findall(TEXT) if name == "seen-ln")
    numbers = re.findall(r"\d\.\d{3}", title)
    classes = re.findall(r"ln\((\d+)\)", title)
    assert numbers == [f"{math.log(int(count)):.3f}" for count in classes]
    assert classes == ["2", "3", "10"]


# What do you see?


def test_a_walk_through_other_models(torch):
    """Images have channels, sequences features, and a recurrent layer returns a pair."""
    nn = torch.nn
    names = {"model": nn.Identity()}
    exec(TOOLS, names)
    images = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 2))
    nn.init.constant_(images[0].bias[:2].data, -50)
    printed = run("walk(model, x)", {**names, "model": images, "x": torch.randn(8, 1, 8, 8)})
    assert "0: size 3e+01, " in printed
    assert "1: " in printed
    assert "2 of 6 constant\n2: " in printed
    recurrent = nn.LSTM(4, 9, batch_first=True)
    printed = run("walk(model, x)", {**names, "model": recurrent, "x": torch.randn(8, 5, 4)})
    assert "0 of 9 constant" in printed
    block = nn.TransformerEncoderLayer(32, 4, 48, batch_first=True).eval()
    printed = run("walk(model, x)", {**names, "model": block, "x": torch.randn(8, 5, 32)})
    assert "linear1: size" in printed
    assert "0 of 48 constant" in printed
    hooks = [layer._forward_hooks for layer in block.modules()]
    assert not any(hooks)


def test_a_walk_sees_a_batch_norm_as_training_does(torch, batch):
    """Sizes behind it are those of a batch that is normalized, and dropout is off."""
    x, y = batch
    nn = torch.nn
    parts = []
    for _ in range(6):
        parts += [nn.Linear(20, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.5)]
    model = nn.Sequential(*parts)
    found = lines(see("seen-same", model, x, y))
    for at in range(6):
        assert found[f"{4 * at + 1}"].size == 1
        assert found[f"{4 * at + 2}"] == found[f"{4 * at + 3}"]
    model.eval()
    assert (
        lines(run("walk(model, x)", {**tools_of(torch), "model": model, "x": x}))["21"].size < 0.5
    )


def test_nan_is_in_the_weights_the_data_or_the_outputs(torch, batch):
    """Each of three lines names one of them, and none does for a model in order."""
    x, y = batch
    in_order = "weights: []\ninputs: all finite True, largest 4e+00\noutputs: all finite True"
    assert see("seen-nan", chain(torch), x, y).startswith(in_order)

    unwritten = chain(torch)
    unwritten[2].weight.data[1, 2] = math.nan
    assert "weights: ['2.weight']" in see("seen-nan", unwritten, x, y)

    gap = x.clone()
    gap[3, 4] = math.inf
    printed = see("seen-nan", chain(torch), gap, y)
    assert "weights: []\ninputs: all finite False" in printed
    assert "outputs: all finite False" in printed

    large = chain(torch, depth=20)
    for layer in large[::2]:
        layer.weight.data *= 200
    printed = see("seen-nan", large, x, y)
    assert "weights: []\ninputs: all finite True" in printed
    assert "outputs: all finite False" in printed


def test_a_softmax_that_is_rounded_to_zero_has_no_logarithm(torch):
    """So that a loss made from it is infinite, where that of the outputs is not."""
    outputs, y = torch.tensor([[200.0, 0.0]]), torch.tensor([1])
    assert outputs.softmax(1).log()[0, 1] == -math.inf
    assert torch.nn.functional.cross_entropy(outputs, y).item() == pytest.approx(200)
    assert torch.finfo(torch.float16).max == 65504


@pytest.mark.filterwarnings("ignore:Error detected")
def test_the_operation_whose_gradient_is_nan_is_named(torch):
    """A loss can be finite, and its gradient not."""
    x = torch.zeros(2, requires_grad=True)
    loss = (x.sqrt() * 0).sum()
    assert loss.isfinite()
    with (
        torch.autograd.set_detect_anomaly(True, check_nan=True),
        pytest.raises(RuntimeError, match="SqrtBackward"),
    ):
        loss.backward()


def test_a_large_first_loss_has_a_layer(torch, batch):
    """Sizes grow, or are large from the first line on, or jump at the last."""
    x, y = batch
    small = chain(torch)
    small[-1].weight.data *= 0.01
    assert see("seen-large", small, x, y).startswith("first loss 1.4, ln(classes) 1.4\n0: size ")

    growing = chain(torch, depth=6)
    for layer in growing[::2]:
        layer.weight.data *= 3
    sizes = [line.size for line in lines(see("seen-large", growing, x, y)).values()][::2]
    factors = np.array(sizes[1:]) / sizes[:-1]
    assert np.all((factors > 1.5) & (factors < 6))
    loss = float(re.match(r"first loss (\S+),", see("seen-large", growing, x, y))[1])
    assert loss > 10 * math.log(CLASSES)

    found = lines(see("seen-large", chain(torch), 100 * x, y))
    assert found["0"].size > 50

    jump = chain(torch, depth=3)
    jump[-1].weight.data *= 100
    sizes = [line.size for line in lines(see("seen-large", jump, x, y)).values()]
    assert max(sizes[:-1]) < 5
    assert sizes[-1] > 50


def test_a_loss_at_the_entropy_of_the_labels(torch, batch):
    """From all zeros it stays there and nothing differs; a start in order leaves it."""
    x, y = batch
    y = (y == 0).long()  # labels that are not equally frequent
    stuck = fill(torch, chain(torch, classes=2), 0)
    train(torch, stuck, x, y, 300, rate=0.5)
    printed = see("seen-ln", stuck, x, y)
    entropy, loss, spread = map(
        float, re.findall(r"(?:labels|loss|outputs) (\S+?)(?:,|\n)", printed)
    )
    assert abs(loss - entropy) < 0.0015
    assert spread == 0

    learning = chain(torch, classes=2)
    train(torch, learning, x, y, 300, rate=0.5)
    printed = see("seen-ln", learning, x, y)
    entropy, loss, spread = map(
        float, re.findall(r"(?:labels|loss|outputs) (\S+?)(?:,|\n)", printed)
    )
    assert loss < entropy / 2
    assert spread > 1


def test_a_softmax_too_many_keeps_the_loss_near_the_entropy(torch, batch):
    """The model depends on the input, and its loss cannot fall below what a softmax allows."""
    x, y = batch
    model = torch.nn.Sequential(*chain(torch), torch.nn.Softmax(1))
    train(torch, model, x, y, 300)
    printed = see("seen-ln", model, x, y)
    loss, spread = map(float, re.findall(r"(?:loss|outputs) (\S+?)(?:,|\n)", printed))
    assert spread > 0.1
    assert loss > math.log(1 + (CLASSES - 1) / math.e) - 1e-3


def test_where_the_input_is_lost(torch, batch):
    """A layer of zeros and dead units drop to 0 at once; small weights and depth do it slowly."""
    x, y = batch
    in_order = lines(see("seen-same", chain(torch), x, y))
    assert min(line.spread / line.size for line in in_order.values()) > 0.3
    assert max(line.alike for line in in_order.values()) < 0.7

    last = chain(torch)
    torch.nn.init.zeros_(last[-1].weight)
    found = lines(see("seen-same", last, x, y))
    assert found["1"].spread > 0.5
    assert (found["2"].spread, found["2"].constant) == (0, 1)
    step(torch, last, x, y)
    assert lines(see("seen-same", last, x, y))["2"].spread > 0

    small = torch.nn.Sequential(*chain(torch, depth=12))
    for layer in small[::2]:
        layer.reset_parameters()  # the default of PyTorch
    found = list(lines(see("seen-same", small, x, y)).values())[::2]
    assert found[-1].spread < 1e-4 < 0.1 < found[0].spread
    assert found[3].size < found[0].size / 3

    saturated = fill(torch, chain(torch, depth=2, activation="Tanh"), 0.5)
    found = lines(see("seen-same", saturated, x.abs(), y))
    assert found["1"].size == 1
    assert found["1"].spread < 1e-3


def test_inputs_merge_in_depth_while_the_size_stays(torch, batch):
    """Sixty layers of the scale of He: outputs come to point in one direction."""
    x, y = batch
    found = list(lines(see("seen-same", chain(torch, depth=60), x, y)).values())[:-1:2]
    assert found[0].alike < 0.2
    assert found[-1].alike > 0.95
    assert found[-1].size > found[0].size / 100


def test_gradients_that_are_none_or_zero(torch, batch):
    """Unused, frozen, all zero, in front of a zero layer, two zero layers, dead."""
    x, y = batch
    assert see("seen-zero-gradient", chain(torch), x, y) == "None: []\nzero: []\n"

    frozen = chain(torch)
    frozen[0].weight.requires_grad_(False)
    frozen.unused = torch.nn.Linear(2, 2)
    frozen.forward = lambda x, model=frozen: model[2](model[1](model[0](x)))
    printed = see("seen-zero-gradient", frozen, x, y)
    assert printed == "None: ['0.weight', 'unused.weight', 'unused.bias']\nzero: []\n"

    zeros = fill(torch, chain(torch, depth=2), 0)
    all_but_the_last = "zero: ['0.weight', '0.bias', '2.weight', '2.bias', '4.weight']"
    assert all_but_the_last in see("seen-zero-gradient", zeros, x, y)

    last = chain(torch, depth=2)
    torch.nn.init.zeros_(last[-1].weight)
    before = "zero: ['0.weight', '0.bias', '2.weight', '2.bias']"
    assert before in see("seen-zero-gradient", last, x, y)
    train(torch, last, x, y, 2)
    assert "zero: []" in see("seen-zero-gradient", last, x, y)

    two = chain(torch, depth=2, activation="Tanh")
    torch.nn.init.zeros_(two[2].weight)
    torch.nn.init.zeros_(two[4].weight)
    train(torch, two, x, y, 20)
    assert all_but_the_last in see("seen-zero-gradient", two, x, y)

    dead = chain(torch)
    torch.nn.init.constant_(dead[0].bias, -50)
    assert "zero: ['0.weight', '0.bias', '2.weight']" in see("seen-zero-gradient", dead, x, y)


def test_a_step_that_is_rounded_away(torch, batch):
    """In bfloat16 nothing moves at a rate at which float32 moves."""
    x, y = batch
    model = chain(torch)
    moved = see("seen-bits", model, x, y, step=lambda: step(torch, model, x, y, 1e-5))
    assert "'0.weight': '0% moved'" not in moved

    coarse = chain(torch).bfloat16()
    x = x.bfloat16()
    moved = see("seen-bits", coarse, x, y, step=lambda: step(torch, coarse, x, y, 1e-5))
    assert "'0.weight': '0% moved'" in moved
    assert coarse[0].weight.grad.any()
    moved = see("seen-bits", coarse, x, y, step=lambda: step(torch, coarse, x, y, 1e2))
    assert "'0.weight': '0% moved'" not in moved


def test_dead_units_are_counted(torch, batch):
    """None in order, all behind a bias of -50, a third where a third are given such a bias."""
    x, y = batch
    assert lines(see("seen-dead", chain(torch), x, y))["1"].constant == 0

    dead = chain(torch)
    torch.nn.init.constant_(dead[0].bias, -50)
    printed = see("seen-dead", dead, x, y)
    assert lines(printed)["1"] == Line(size=0, spread=0, alike=0, constant=1)
    assert "least bias: {'0.bias': '-50.0'" in printed

    some = chain(torch)
    torch.nn.init.constant_(some[0].bias.data[:16], -50)
    assert lines(see("seen-dead", some, x, y))["1"].constant == 0.25

    one_sign = chain(torch)
    one_sign[0].weight.data.abs_()
    found = lines(see("seen-dead", one_sign, -x.abs(), y))
    assert found["1"].constant == 1


def test_a_rate_that_is_too_large_kills_units(torch, batch):
    """After some steps most of them are off for the whole batch."""
    x, y = batch
    model = chain(torch)
    train(torch, model, x + 2, y, 20, rate=20.0)
    assert lines(see("seen-dead", model, x + 2, y))["1"].constant > 0.5


def test_equal_units_and_equal_layers(torch, batch):
    """Equal rows stay if their outgoing weights agree, and part if not; so do layers in a row."""
    x, y = batch
    rows = "0.weight 64 different rows of 64\n2.weight 64 different rows of 64\n"
    assert see("seen-equal", chain(torch, depth=2), x, y).startswith(rows)

    tied = chain(torch)
    tied[0].weight.data[1:8] = tied[0].weight.data[0]
    tied[2].weight.data[:, 1:8] = tied[2].weight.data[:, :1]
    train(torch, tied, x, y, 5)
    assert "0.weight 57 different rows of 64" in see("seen-equal", tied, x, y)

    apart = chain(torch)
    apart[0].weight.data[1:8] = apart[0].weight.data[0]
    assert "0.weight 57 different rows of 64" in see("seen-equal", apart, x, y)
    train(torch, apart, x, y, 5)
    assert "0.weight 64 different rows of 64" in see("seen-equal", apart, x, y)

    layers = chain(torch, depth=3)
    layers[4].weight.data.copy_(layers[2].weight)
    assert "equal: [('2.weight', '4.weight')]" in see("seen-equal", layers, x, y)
    train(torch, layers, x, y, 1)
    assert "equal: []" in see("seen-equal", layers, x, y)


@pytest.mark.parametrize(("share", "different"), [(0.5, 64), (0.3, 128)])
def test_a_layer_that_is_widened_by_copies(torch, batch, share, different):
    """Says what it said; copies with equal shares stay copies, and others part."""
    x, y = batch
    model = chain(torch)
    nn = torch.nn
    wide = nn.Sequential(nn.Linear(20, 2 * UNITS), nn.ReLU(), nn.Linear(2 * UNITS, CLASSES))
    outgoing = model[2].weight
    with torch.no_grad():
        wide[0].weight.copy_(model[0].weight.repeat(2, 1))
        wide[0].bias.copy_(model[0].bias.repeat(2))
        wide[2].weight.copy_(torch.cat([share * outgoing, (1 - share) * outgoing], dim=1))
        wide[2].bias.copy_(model[2].bias)
    torch.testing.assert_close(wide(x), model(x))
    train(torch, wide, x, y, 3)
    assert f"0.weight {different} different rows of 128" in see("seen-equal", wide, x, y)


def test_equal_branches_side_by_side_stay_equal(torch, batch):
    """Their mean gives both the same gradient."""
    x, y = batch
    nn = torch.nn

    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = chain(torch), chain(torch)
            self.other.load_state_dict(self.one.state_dict())

        def forward(self, x):
            return (self.one(x) + self.other(x)) / 2

    model = Mean()
    train(torch, model, x, y, 5)
    printed = see("seen-equal", model, x, y)
    assert "('one.0.weight', 'other.0.weight')" in printed


def test_a_constant_start_is_named_and_mended(torch, batch):
    """Before, the model learns little; drawn anew, it learns."""
    x, y = batch
    assert "constant: []" in see("seen-half", chain(torch), x, y)
    model = fill(torch, chain(torch), 0.5)
    assert "constant: ['0.weight', '2.weight']" in see("seen-half", model, x, y)
    stuck = train(torch, model, x, y, 200)
    assert stuck < 0.6
    names = {"model": model}
    exec(TOOLS, names)
    _, (code, _) = SYMPTOMS["seen-half"]
    run(code, names)
    assert train(torch, model, x, y, 200) > 0.9


# Code in answers


def code_of(question):
    """Return the blocks of a question with what they print."""
    (body,) = (body for asked, body in QUESTIONS.items() if asked.startswith(question))
    return BLOCK.findall(body)


def tools_of(torch):
    """Return the names that blocks of PyTorch use."""
    names = {"model": torch.nn.Identity()}
    exec(TOOLS, names)
    return names


def test_a_cloned_encoder_is_drawn_anew(torch):
    """Queries, keys and values too, which the parts do not reset."""
    ((code, told),) = code_of("nn.TransformerEncoder")
    names = tools_of(torch)
    run(code, names, told)
    nn = torch.nn
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, batch_first=True), 2)
    for part in encoder.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    one, other = encoder.layers
    assert torch.equal(one.self_attn.in_proj_weight, other.self_attn.in_proj_weight)
    assert not torch.equal(one.linear1.weight, other.linear1.weight)


def test_the_layer_behind_gelu_in_pytorch(torch):
    """Its variance is that of the table, and so is that of the short name."""
    code, *_ = (code for code, _ in code_of("Which initialization") if "nn.Linear" in code)
    names = tools_of(torch)
    run(code, names)
    layer = names["layer"]
    assert has_variance(layer.weight.detach().numpy(), "gelu")
    assert not layer.bias.any()
    torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    assert has_variance(layer.weight.detach().numpy(), "relu")


def has_variance(matrix, activation, fan_in=256):
    """Tell whether a variance is within four standard errors of the one of an activation."""
    wanted = weights.activation_gain(activation) ** 2 / fan_in
    return abs(matrix.var() / wanted - 1) < 4 * math.sqrt(2 / matrix.size) + 0.001


@pytest.mark.filterwarnings("default")  # what these say of each other is not ours
def test_keras():
    """One object gives equal layers; a layer behind GELU has its variance."""
    keras = pytest.importorskip("keras")
    ((code, told),) = code_of("Keras:")
    run(code, {}, told)
    seeded = [keras.initializers.HeNormal(seed=7)((8, 8)) for _ in range(2)]
    one, other = (keras.ops.convert_to_numpy(draw) for draw in seeded)
    np.testing.assert_array_equal(one, other)
    generator = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(7))
    one, other = (keras.ops.convert_to_numpy(generator((8, 8))) for _ in range(2))
    assert not np.array_equal(one, other)
    cut = keras.initializers.TruncatedNormal(stddev=1.0, seed=0)((500, 400))
    cut = keras.ops.convert_to_numpy(cut)
    assert cut.std() == pytest.approx(truncnorm(-2, 2).std(), abs=0.01)
    (code,) = (code for code, _ in code_of("Which initialization") if "keras" in code)
    names = {}
    run(code, names)
    assert has_variance(names["layer"].kernel.numpy(), "gelu")
    drawn = keras.initializers.get("he_normal")((256, 512))
    assert has_variance(np.asarray(keras.ops.convert_to_numpy(drawn)), "relu")


@pytest.mark.filterwarnings("default")
def test_jax():
    """One key gives equal draws; a kernel behind GELU has its variance."""
    jax = pytest.importorskip("jax")
    ((code, told),) = code_of("JAX:")
    run(code, {}, told)
    (code,) = (code for code, _ in code_of("Which initialization") if "import jax" in code)
    names = {}
    run(code, names)
    assert has_variance(np.asarray(names["kernel"]), "gelu")
    drawn = jax.nn.initializers.he_normal()(jax.random.key(1), (256, 512))
    assert has_variance(np.asarray(drawn), "relu")


def test_an_embedding_as_last_layer(torch):
    """Of the default it is sixteen times too large; the loss tells."""
    ((code, _),) = code_of("My embedding")
    large, small = re.findall(r"loss (\d+), ln\(classes\) 7", run(code, tools_of(torch)))
    assert int(large) > 5 * math.log(1000)
    assert int(small) in (7, 8)
    assert math.sqrt(256) == 16
    assert torch.nn.Embedding(1000, 256).weight.std().item() == pytest.approx(1, abs=0.01)


def test_the_start_without_dice_in_pytorch(torch):
    """Is the matrix of the cell, and keeps inputs apart."""
    ((code, _),) = code_of("Can I start without")
    names = tools_of(torch)
    run(code, names)
    cells = {}
    (body,) = (body for asked, body in QUESTIONS.items() if asked.startswith("Can I start without"))
    printed = run(CELL.search(body)[1], cells)
    assert printed == "(128, 64) different rows: 128\n"
    np.testing.assert_array_equal(names["layer"].weight.detach(), cells["first"].astype(np.float32))
    x = np.random.default_rng(0).standard_normal((50, 64))
    out = forward(Network([Layer(cells["first"]), Layer(np.eye(128))], "relu"), x)
    before = np.sum((x[:, np.newaxis] - x) ** 2, axis=2)
    after = np.sum((out[:, np.newaxis] - out) ** 2, axis=2)
    pairs = ~np.eye(50, dtype=bool)
    shares = after[pairs] / before[pairs]
    assert 1 / 2 < shares.min() < shares.max() < 1


def test_part_of_the_columns_can_make_equal_rows():
    """Of Sylvester's matrix it does; of Paley's, here, not."""
    cells = {}
    (body,) = (body for asked, body in QUESTIONS.items() if asked.startswith("Can I start without"))
    run(CELL.search(body)[1], cells)
    (body,) = (body for asked, body in QUESTIONS.items() if asked.startswith("Where do I get"))
    assert run(CELL.search(body)[1], cells) == (
        "sylvester 8 different rows of 32\npaley 32 different rows of 32\n"
    )
    from symlib.designs import hadamard

    refused = []
    for order in range(4, 101, 4):
        try:
            hadamard(order)
        except ValueError:
            refused.append(order)
    assert refused == [52, 92, 100]


def test_zero_weights_with_random_biases():
    """One hidden layer learns with each activation; two layers of ReLU or sigmoid learn little."""
    (body,) = (body for asked, body in QUESTIONS.items() if asked.startswith("Why zero biases"))
    printed = run(CELL.search(body)[1], {})
    right = {
        (name, int(depth)): int(share)
        for name, depth, share in re.findall(
            r"^(\w+), hidden layers: (\d), .*: (\d+)%$", printed, re.M
        )
    }
    assert min(right[name, 1] for name in ("relu", "tanh", "sigmoid")) > 80
    assert right["tanh", 2] > 80
    assert max(right[name, 2] for name in ("relu", "sigmoid")) < 50


def test_zero_weights_and_balanced_labels(torch, batch):
    """The first step moves nothing but by rounding; with other labels it does."""
    x, _ = batch
    nn = torch.nn
    moves = []
    for y in (torch.arange(256) % CLASSES, torch.arange(256) % (CLASSES - 1)):
        model = chain(torch, activation="Tanh")
        nn.init.zeros_(model[0].weight)
        nn.init.uniform_(model[0].bias, -1, 1)
        nn.init.zeros_(model[2].weight)
        step(torch, model, x, y)
        moves.append(model[2].weight.abs().max().item())
    assert moves[0] < 1e-7
    assert moves[1] > 1e-3


def test_a_scale_of_zero_in_a_batch_norm_moves(torch):
    """And what is in front of it from the second step; with the layer after at 0 neither."""
    nn = torch.nn
    y = torch.arange(16) % 3
    x = torch.randn(16, 3, 6, 6) + y[:, None, None, None]

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(3))
            nn.init.zeros_(self.inner[2].weight)

        def forward(self, x):
            return x + self.inner(x)

    model = nn.Sequential(Block(), nn.Flatten(), nn.Linear(108, 3))
    conv, _, norm = model[0].inner
    before = conv.weight.detach().clone()
    step(torch, model, x, y)
    assert norm.weight.abs().max() > 0
    assert torch.equal(conv.weight, before)
    step(torch, model, x, y)
    assert not torch.equal(conv.weight, before)

    model = nn.Sequential(nn.Linear(20, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    nn.init.zeros_(model[1].weight)
    nn.init.zeros_(model[2].weight)
    before = model[0].weight.detach().clone()
    train(torch, model, torch.randn(16, 20), y, 5)
    assert torch.equal(model[0].weight, before)
    assert not model[1].weight.any()


def test_where_pytorch_cuts(torch):
    """At 2 and -2 as they are, so that a small standard deviation is not changed."""
    drawn = torch.empty(200_000)
    torch.nn.init.trunc_normal_(drawn, std=1.0)
    assert drawn.std().item() == pytest.approx(truncnorm(-2, 2).std(), abs=0.01)
    torch.nn.init.trunc_normal_(drawn, std=0.02)
    assert drawn.std().item() == pytest.approx(0.02, rel=0.01)
    assert drawn.abs().max() > 3 * 0.02


def test_a_rule_of_signs_does_not_find_the_shortest_solution(torch):
    """Adam is one that remembers; so the answer on linear regression names gradient descent."""
    x, y = torch.randn(5, 20), torch.randn(5)
    shortest = torch.linalg.pinv(x) @ y
    descended = torch.zeros(20)
    signed = torch.zeros(20)
    for number in range(20_000):
        descended -= 0.01 * x.T @ (x @ descended - y)
        signed -= 0.01 / (1 + number) ** 0.5 * torch.sign(x.T @ (x @ signed - y))
    torch.testing.assert_close(descended, shortest, atol=1e-4, rtol=1e-3)
    assert (x @ signed - y).abs().max() < 0.05
    assert (signed - shortest).norm() > 0.05


def test_a_normal_law_that_is_cut_at_two():
    """Has the standard deviation by which Keras divides."""
    assert f"{truncnorm(-2, 2).std():.4f}" == "0.8796"
    drawn = weights.truncated_gaussian((500, 400), std=1, rng=0)
    assert drawn.std() == pytest.approx(1, abs=0.01)
    assert np.abs(drawn).max() <= 2 / truncnorm(-2, 2).std()
