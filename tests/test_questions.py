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
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import nct, norm, t, truncnorm
from sklearn.datasets import load_digits

from symlib import weights
from symlib.network import Layer, Network, forward
from symlib.symmetry import merge_units
from symlib.training import descend

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
    """What is printed of a layer."""

    size: float
    spread: float
    alike: float


def run(code, names, told=""):
    """Run a block, and return what it printed, which is what the page says that it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    assert not told or printed.getvalue() == told
    return printed.getvalue()


def see(symptom, model, x, y, **more):
    """Return what the first block of a symptom prints, for a model and a batch."""
    names = {"model": model, "x": x, "y": y}
    exec(TOOLS, names)
    names |= more
    ((code, _), *_) = SYMPTOMS[symptom]
    return run(code, names)


def lines(printed):
    """Return for each layer that was walked through what was printed, as numbers."""
    pattern = r"^(\S*): size (\S+), spread (\S+), alike (\S+)$"
    return {
        name: Line(float(size), float(spread), float(alike))
        for name, size, spread, alike in re.findall(pattern, printed, re.M)
        if name != "inputs"
    }


def said_of_the_loss(printed):
    """Return what is printed of a loss that stays: entropy, ln(classes), loss, spread, size."""
    return map(float, re.findall(r"(\d\.\d{3}|\d\.\de[+-]\d+)(?=,|\n)", printed))


def silent_rows(printed):
    """Return for each array how many of its rows have no gradient."""
    found = re.findall(r"^(\S+): (\d+) of \d+ rows without gradient$", printed, re.M)
    return {name: int(count) for name, count in found}


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
    assert counts.pop("seen-first") == 2  # what all use, and what to change
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
    assert len(BLOCK.findall(TEXT)) == 2 + 10 + 8


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


def walked(torch, model, x):
    """Return what a walk prints."""
    return run("walk(model, x)", {**tools_of(torch), "model": model, "x": x})


def test_a_walk_through_other_models(torch):
    """A recurrent layer returns a pair; attention and weight norms have parts of their own."""
    nn = torch.nn
    images = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 2))
    nn.init.constant_(images[0].bias[:2].data, -50)
    assert list(lines(walked(torch, images, torch.randn(8, 1, 8, 8)))) == ["0", "1", "2", "3"]
    recurrent = nn.LSTM(4, 9, batch_first=True)
    assert len(lines(walked(torch, recurrent, torch.randn(8, 5, 4)))) == 1
    block = nn.TransformerEncoderLayer(32, 4, 48, batch_first=True)
    found = lines(walked(torch, block, torch.randn(8, 5, 32)))
    assert {"self_attn", "linear1", "norm1"} <= set(found)
    nn.init.zeros_(block.self_attn.in_proj_weight)
    found = lines(walked(torch, block, torch.randn(8, 5, 32)))
    assert found["self_attn"] == Line(0, 0, 0)
    normalized = nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(20, 8)),
        nn.utils.parametrizations.spectral_norm(nn.Linear(8, 3, bias=False)),
    )
    assert list(lines(walked(torch, normalized, torch.randn(8, 20)))) == ["0", "1"]
    tokens = nn.Sequential(nn.Embedding(50, 8), nn.Flatten(0))
    assert "inputs" not in walked(torch, tokens, torch.randint(50, (8, 4)))


def test_a_look_leaves_the_model_as_it_is(torch, batch):
    """Modes, running statistics, gradients and hooks, and also where a layer refuses its inputs."""
    x, y = batch
    nn = torch.nn
    model = nn.Sequential(nn.Linear(20, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, CLASSES))
    model[0].requires_grad_(False)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for symptom in ("seen-nan", "seen-large", "seen-ln", "seen-zero-gradient", "seen-dead"):
        see(symptom, model, x, y)
    with pytest.raises(RuntimeError):
        walked(torch, model, x.double())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(layer.training for layer in model.modules())
    assert not any(layer._forward_hooks for layer in model.modules())
    assert all(p.grad is None for p in model.parameters())
    assert len(lines(walked(torch, model, x))) == 4


def test_dropout_is_off_in_a_look(torch, batch):
    """In a recurrent layer too, which stays in the mode of training, as some GPUs want it."""
    x, _ = batch
    nn = torch.nn
    model = nn.LSTM(20, 8, num_layers=2, dropout=0.5, batch_first=True)
    for _ in range(2):
        twin = tools_of(torch)["still"](model.eval())
        assert twin.training
        one, other = (twin(x[:, None])[0] for _ in range(2))
        assert torch.equal(one, other)
    drop = nn.Sequential(nn.Linear(20, 8), nn.Dropout())
    assert lines(walked(torch, drop, x))["0"] == lines(walked(torch, drop, x))["1"]


def test_a_walk_sees_a_batch_norm_as_training_does(torch, batch):
    """Sizes behind it are those of a batch that is normalized; one that is frozen stays so."""
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
    assert lines(walked(torch, model, x))["21"].size < 0.5


def test_a_walk_reads_very_small_outputs(torch, batch):
    """Thirty layers without biases, at PyTorch's scale: all point in one direction."""
    x, y = batch
    model = chain(torch, depth=30)
    for layer in model[::2]:
        layer.weight.data /= 6**0.5
    found = list(lines(see("seen-same", model, x, y)).values())
    assert found[-1].size < 1e-9
    assert found[-1].alike > 0.9


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

    names = {"model": unwritten, "x": x, "y": y}
    exec(TOOLS, names)
    ((code, _),) = SYMPTOMS["seen-nan"]
    assert "weights: []" in run(code, {**names, "model": chain(torch)})  # built anew

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
    assert see("seen-large", small, x, y).startswith("first loss 1.4, ln(classes) 1.4\ninputs: ")

    growing = chain(torch, depth=6)
    for layer in growing[::2]:
        layer.weight.data *= 3
    sizes = [line.size for line in lines(see("seen-large", growing, x, y)).values()][::2]
    factors = np.array(sizes[1:]) / sizes[:-1]
    assert np.all((factors > 1.5) & (factors < 6))
    loss = float(re.match(r"first loss (\S+),", see("seen-large", growing, x, y))[1])
    assert loss > 10 * math.log(CLASSES)

    printed = see("seen-large", chain(torch), 100 * x, y)
    assert float(re.search(r"inputs: size (\S+),", printed)[1]) > 50
    assert lines(printed)["0"].size > 50

    wide = chain(torch, depth=2, activation="Tanh")
    for layer in wide[::2]:
        layer.weight.data *= 30
    printed = see("seen-large", wide, x, y)
    assert re.search(r"inputs: size 1\.0e\+00|inputs: size 9\.\de-01", printed)
    sizes = [line.size for line in lines(printed).values()]
    assert min(sizes[::2]) > 10
    assert max(sizes[1::2]) <= 1

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
    entropy, _, loss, spread, _ = said_of_the_loss(see("seen-ln", stuck, x, y))
    assert abs(loss - entropy) < 0.0015
    assert spread == 0

    learning = chain(torch, classes=2)
    train(torch, learning, x, y, 300, rate=0.5)
    entropy, _, loss, spread, _ = said_of_the_loss(see("seen-ln", learning, x, y))
    assert loss < entropy / 2
    assert spread > 1


def plain(torch, layers):
    """Return plain ReLU layers of 64 units with the default start of PyTorch, for digits."""
    nn = torch.nn
    parts = []
    for _ in range(layers):
        parts += [nn.Linear(64, 64), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(64, 10))


@pytest.fixture(scope="module")
def digits():
    """Return standardized digits and their labels."""
    torch = pytest.importorskip("torch")
    images, labels = load_digits(return_X_y=True)
    images = (images - images.mean(0)) / (images.std(0) + 0.01)
    return torch.tensor(images, dtype=torch.float32), torch.tensor(labels)


def test_a_start_that_is_too_small_is_named(torch, digits):
    """Twelve layers: next to nothing arrives at first or later, and drawn anew they learn."""
    x, y = digits
    model = plain(torch, 12)
    _, most, loss, spread, size = said_of_the_loss(see("seen-ln", model, x, y))
    assert abs(loss - most) < 0.02
    assert 1e-6 < spread / size < 1e-3
    found = list(lines(see("seen-same", model, x, y)).values())[::2]
    assert found[-3].spread < found[0].spread / 1000
    assert 0.7 < found[-2].size / found[-5].size < 1.4  # that of the biases

    train(torch, model, x, y, 300)
    _, most, loss, spread, size = said_of_the_loss(see("seen-ln", model, x, y))
    assert abs(loss - most) < 0.02
    assert spread / size < 1e-3

    names = {**tools_of(torch), "model": model}
    _, (code, _) = SYMPTOMS["seen-half"]
    run(code, names)
    _, _, _, spread, size = said_of_the_loss(see("seen-ln", model, x, y))
    assert spread / size > 0.1
    assert train(torch, model, x, y, 300) > 0.9


def test_a_batch_of_many_classes_has_too_small_an_entropy(torch):
    """A model that says nothing is at ln(classes), which is printed, or at all labels' entropy."""
    classes = 100
    all_labels = torch.arange(5000) % classes
    batch = all_labels[torch.randperm(5000)[:32]]
    x = torch.randn(32, 20)
    stuck = fill(torch, chain(torch, classes=classes), 0)
    entropy, most, loss, _, _ = said_of_the_loss(see("seen-ln", stuck, x, batch))
    assert loss == most == round(math.log(classes), 3)
    assert entropy < loss - 1
    ((code, _),) = SYMPTOMS["seen-ln"]
    asked = code.replace("labels = y ", "labels = all_labels ")
    names = {**tools_of(torch), "model": stuck, "x": x, "y": batch, "all_labels": all_labels}
    entropy, _, loss, _, _ = said_of_the_loss(run(asked, names))
    assert entropy == loss


def test_one_logit_is_read_as_two_classes(torch, batch):
    """With labels as the usual loss of one number has them."""
    x, y = batch
    wanted = (y % 2).float()[:, None]
    _, (code, _) = SYMPTOMS["seen-first"]
    for model, stuck in ((chain(torch, classes=1), False), (chain(torch, classes=1), True)):
        if stuck:
            fill(torch, model, 0)
        names = {"model": model, "x": x, "y": wanted}
        exec(TOOLS, names)
        run(code, names)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x), wanted).item()
        ((block, _),) = SYMPTOMS["seen-ln"]
        _, most, told, spread, _ = said_of_the_loss(run(block, names))
        assert most == 0.693
        assert told == pytest.approx(loss, abs=6e-4)
        assert (spread == 0) == stuck
        ((block, _),) = SYMPTOMS["seen-zero-gradient"]
        assert ("zero: []" in run(block, names)) != stuck
    spared = {"model": chain(torch, classes=1), "x": x, "y": wanted.flatten().long() * 0}
    exec(TOOLS, spared)
    ((block, _),) = SYMPTOMS["seen-zero-gradient"]
    everything = "zero: ['0.weight', '0.bias', '2.weight', '2.bias']"
    assert everything in run(block, spared)  # a softmax of one number


def test_a_language_model_and_other_outputs(torch):
    """What the page says to write in place of the outputs and labels, and labels of -100."""
    nn = torch.nn
    model = nn.Sequential(nn.Embedding(50, 16), nn.Linear(16, 50))
    x = torch.randint(50, (8, 12))
    y = torch.where(torch.arange(12) < 3, -100, x)
    kept = y.flatten() != -100
    flat = {"outputs": lambda model, x: model(x).flatten(0, 1)[kept]}
    for symptom in ("seen-large", "seen-ln", "seen-zero-gradient"):
        printed = see(symptom, model, x, y.flatten()[kept], **flat)
        assert "nan" not in printed
    assert "ln(classes) 3.912" in see("seen-ln", model, x, y.flatten()[kept], **flat)


def test_a_softmax_too_many_keeps_the_loss_near_the_entropy(torch, batch):
    """The model depends on the input, and its loss cannot fall below what a softmax allows."""
    x, y = batch
    model = torch.nn.Sequential(*chain(torch), torch.nn.Softmax(1))
    train(torch, model, x, y, 300)
    _, _, loss, spread, size = said_of_the_loss(see("seen-ln", model, x, y))
    assert spread > size / 10
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
    assert found["2"].spread == 0
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


def test_pooling_makes_outputs_alike_and_the_model_learns(torch):
    """Pixels that are not centered are alike before any layer, and a mean makes them more so."""
    nn = torch.nn
    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16, dtype=torch.float32).view(-1, 1, 8, 8), torch.tensor(labels)
    parts = []
    for channels, filters in ((1, 16), (16, 32), (32, 32)):
        parts += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
    model = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    printed = see("seen-same", model, x[:256], y)
    assert float(re.match(r"inputs: .*alike (\S+)", printed)[1]) > 0.4
    assert lines(printed)["8"].alike > 0.99
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for number in range(300):
        part = torch.arange(64 * number, 64 * number + 64) % 1400
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()
    assert (model(x[1400:]).argmax(1) == y[1400:]).float().mean() > 0.6


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

    class WithUnused(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = chain(torch), torch.nn.Linear(2, 2)

        def forward(self, x):
            return self.used(x)

    frozen = WithUnused()
    frozen.used[0].weight.requires_grad_(False)
    printed = see("seen-zero-gradient", frozen, x, y)
    assert printed == "None: ['used.0.weight', 'unused.weight', 'unused.bias']\nzero: []\n"

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


def test_the_gradient_of_an_embedding(torch):
    """Rows of tokens that did not come, and of padding, have none, also where it is sparse."""
    nn = torch.nn
    x = torch.tensor([[0, 1], [2, 0]])
    for sparse in (False, True):
        table = nn.Embedding(5, 8, padding_idx=0, sparse=sparse)
        model = nn.Sequential(table, nn.Flatten(), nn.Linear(16, 3))
        names = {**tools_of(torch), "model": model, "x": x, "y": torch.tensor([0, 1])}
        ((code, _),) = SYMPTOMS["seen-zero-gradient"]
        assert "zero: []" in run(code, names)
        moved = names["slopes"]["0.weight"].to_dense().any(1)
        assert moved.tolist() == [False, True, True, False, False]
        assert silent_rows(see("seen-dead", model, x, names["y"]))["0.weight"] == 3


def moves(printed):
    """Return for each array how many entries moved, and how many are not finite."""
    found = re.findall(r"^(\S+): (\d+) of \d+ moved, (\d+) not finite$", printed, re.M)
    return {name: (int(moved), int(wrong)) for name, moved, wrong in found}


def test_a_step_that_is_rounded_away(torch, batch):
    """In bfloat16 nothing moves at a rate at which float32 moves."""
    x, y = batch
    model = chain(torch)
    many = model[0].weight.numel() // 2
    found = moves(see("seen-bits", model, x, y, step=lambda: step(torch, model, x, y, 1e-5)))
    assert found["0.weight"][0] > many

    coarse = chain(torch).bfloat16()
    x = x.bfloat16()
    found = moves(see("seen-bits", coarse, x, y, step=lambda: step(torch, coarse, x, y, 1e-5)))
    assert found["0.weight"][0] < many / 100
    assert coarse[0].weight.grad.any()
    found = moves(see("seen-bits", coarse, x, y, step=lambda: step(torch, coarse, x, y, 1e2)))
    assert found["0.weight"][0] > many


def test_a_step_of_nothing_in_float32(torch, batch):
    """A rate of 0, or an optimizer that holds another copy, moves nothing in any format."""
    x, y = batch
    model = chain(torch)
    still = dict.fromkeys(("0.weight", "0.bias", "2.weight", "2.bias"), (0, 0))
    assert moves(see("seen-bits", model, x, y, step=lambda: step(torch, model, x, y, 0))) == still
    other = torch.optim.SGD(chain(torch).parameters(), 0.1)

    def of_another_copy():
        torch.nn.functional.cross_entropy(model(x), y).backward()
        other.step()

    assert moves(see("seen-bits", model, x, y, step=of_another_copy)) == still
    assert "rate is 0" in TEXT
    assert "another copy" in TEXT


def test_adam_in_float16_divides_by_zero(torch, batch):
    """Its eps is rounded to 0; what became NaN has not moved, and is counted."""
    x, y = batch
    assert torch.tensor(1e-8, dtype=torch.float16) == 0
    for kind, wrong in ((torch.float16, True), (torch.float32, False)):
        model = chain(torch).to(kind)
        model[0].bias.data[:2] = -50  # dead, so that their gradient is 0
        optimizer = torch.optim.Adam(model.parameters(), 1e-3, foreach=False)

        def adam(model=model, optimizer=optimizer, kind=kind):
            torch.nn.functional.cross_entropy(model(x.to(kind)).float(), y).backward()
            optimizer.step()

        found = moves(see("seen-bits", model, x, y, step=adam))
        assert (found["0.weight"][1] >= 2 * 20) == wrong
        assert all(
            moved + bad <= p.numel()
            for (moved, bad), p in zip(found.values(), model.parameters(), strict=True)
        )


def test_dead_units_are_counted(torch, batch):
    """None in order, all behind a bias of -50, a part where a part are given such a bias."""
    x, y = batch
    assert silent_rows(see("seen-dead", chain(torch), x, y)) == {"0.weight": 0, "2.weight": 0}

    dead = chain(torch)
    torch.nn.init.constant_(dead[0].bias, -50)
    printed = see("seen-dead", dead, x, y)
    assert silent_rows(printed)["0.weight"] == UNITS
    assert "least bias: {'0.bias': '-50.0', '2.bias': '0.0'}" in printed

    some = chain(torch)
    torch.nn.init.constant_(some[0].bias.data[:16], -50)
    assert silent_rows(see("seen-dead", some, x, y)) == {"0.weight": 16, "2.weight": 0}

    one_sign = chain(torch)
    one_sign[0].weight.data.abs_()
    assert silent_rows(see("seen-dead", one_sign, -x.abs(), y))["0.weight"] == UNITS

    gelu = chain(torch, activation="GELU")
    torch.nn.init.constant_(gelu[0].bias.data[:16], -50)
    assert silent_rows(see("seen-dead", gelu, x, y))["0.weight"] == 16


def test_dead_units_in_other_models(torch, batch):
    """ReLU as a function, and channels, first or last."""
    x, y = batch
    nn = torch.nn

    class Written(nn.Module):
        def __init__(self, first, axes):
            super().__init__()
            self.first, self.axes = first, axes
            self.last = nn.Linear(8, CLASSES)

        def forward(self, x):
            said = torch.relu(self.first(x))
            return self.last(said.mean(self.axes) if self.axes else said)

    cases = (
        (nn.Linear(20, 8), (), x),
        (nn.Conv1d(4, 8, 3), (2,), torch.randn(256, 4, 16)),
        (nn.Conv2d(3, 8, 3), (2, 3), torch.randn(256, 3, 5, 5)),
        (nn.Conv3d(1, 8, 3), (2, 3, 4), torch.randn(256, 1, 4, 4, 4)),
        (nn.Linear(3, 8), (1, 2), torch.randn(256, 5, 5, 3)),
    )
    for first, axes, inputs in cases:
        for dead in (0, 6):
            nn.init.constant_(first.bias.data[:dead], -50)
            found = silent_rows(see("seen-dead", Written(first, axes), inputs, y))
            assert found == {"first.weight": dead, "last.weight": 0}


def test_a_unit_that_is_constant_and_on_is_not_dead(torch, batch):
    """Zero weights and positive biases: it has a gradient, and learns."""
    x, y = batch
    model = chain(torch)
    torch.nn.init.zeros_(model[0].weight)
    torch.nn.init.uniform_(model[0].bias, 0.1, 1)
    assert silent_rows(see("seen-dead", model, x, y)) == {"0.weight": 0, "2.weight": 0}
    assert train(torch, model, x, y, 500) > 0.9


def test_a_rate_that_is_too_large_kills_units(torch, batch):
    """After some steps most of them are off for the whole batch."""
    x, y = batch
    model = chain(torch)
    train(torch, model, x + 2, y, 20, rate=20.0)
    assert silent_rows(see("seen-dead", model, x + 2, y))["0.weight"] > UNITS / 2


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


def test_what_is_not_drawn_anew_is_still_told(torch):
    """Convolutions of each kind are; embeddings and the queries of attention are named."""
    nn = torch.nn
    parts = (nn.Conv1d(2, 4, 3), nn.Conv3d(1, 4, 2), nn.Embedding(5, 8), nn.LSTM(4, 8))
    model = nn.ModuleList([*parts, nn.MultiheadAttention(8, 2, batch_first=True)])
    model.forward = lambda x: model[2](x)
    for p in model.parameters():
        nn.init.constant_(p, 0.5)
    _, (code, _) = SYMPTOMS["seen-half"]
    run(code, {**tools_of(torch), "model": model})
    told = see("seen-half", model, torch.randint(5, (8,)), None)
    left = ["2.weight", "3.weight_ih_l0", "3.weight_hh_l0", "4.in_proj_weight"]
    assert told.startswith(f"constant: {left}\n")


# Code in answers


def answer(start):
    """Return the answer to the question that begins like this."""
    (body,) = (body for asked, body in QUESTIONS.items() if asked.startswith(start))
    return body


def code_of(question):
    """Return the blocks of a question with what they print."""
    return BLOCK.findall(answer(question))


def tools_of(torch):
    """Return the names that blocks of PyTorch use."""
    names = {}
    exec(TOOLS, names)
    return names


def test_a_cloned_encoder_is_drawn_anew(torch):
    """Queries, keys and values too, which the parts do not reset."""
    ((code, told),) = code_of("nn.TransformerEncoder")
    run(code, {}, told)
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
    names = {}
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
    ((code, shown),) = code_of("My embedding")
    printed = run(code, {})
    assert printed == shown
    large, small = re.findall(r"loss (\d+), ln\(classes\) 7", printed)
    assert int(large) > 5 * math.log(1000)
    assert int(small) in (7, 8)
    assert math.sqrt(256) == 16
    assert torch.nn.Embedding(1000, 256).weight.std().item() == pytest.approx(1, abs=0.01)


def test_the_start_without_dice_in_pytorch(torch):
    """Is the matrix of the cell, and keeps inputs apart."""
    ((code, _),) = code_of("Can I start without")
    names = {}
    run(code, names)
    cells = {}
    printed = run(CELL.search(answer("Can I start without"))[1], cells)
    assert printed == "(128, 64) different rows: 128\n"
    np.testing.assert_array_equal(names["layer"].weight.detach(), cells["first"].astype(np.float32))
    x = np.random.default_rng(0).standard_normal((50, 64))
    out = forward(Network([Layer(cells["first"]), Layer(np.eye(128))], "relu"), x)
    before = np.sum((x[:, np.newaxis] - x) ** 2, axis=2)
    after = np.sum((out[:, np.newaxis] - out) ** 2, axis=2)
    pairs = ~np.eye(50, dtype=bool)
    shares = after[pairs] / before[pairs]
    assert 1 / 2 < shares.min() < shares.max() < 1


def test_equal_units_may_be_removed_and_then_train_otherwise():
    """The sum of four outgoing weights moves four times as far as one outgoing weight."""
    assert "took $n$ times the step that one takes" in answer("May I remove units")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 3))
    y = rng.standard_normal((20, 2))
    layer = Layer(np.tile(rng.standard_normal(3), (4, 1)), np.full(4, 0.3))
    after = Layer(rng.standard_normal((2, 4)))
    four = Network([layer, after], "tanh")
    merged = merge_units(layer, after)
    one = Network([merged.layer, merged.after], "tanh")
    np.testing.assert_allclose(forward(one, x), forward(four, x), rtol=1e-12)
    moved = []
    for network in (four, one):
        trained = descend(network, x, y, steps=1, rate=0.01).network
        step = trained.layers[1].weight - network.layers[1].weight
        moved.append(step.sum(axis=1))
    np.testing.assert_allclose(moved[0], 4 * moved[1], rtol=1e-9)


def test_the_slope_of_a_sigmoid_that_is_drawn_too_large():
    """Is the mean over a normal sum of as many inputs as the answer says."""
    found = re.search(
        r"for \{given\}`(\d+)` inputs .* slope is \{given\}`([.\d]+)`, .* \{given\}`([.\d]+)` at 0",
        answer("My sigmoid network"),
    )
    inputs, slope, most = map(float, found.groups())

    def weighted(z):
        return expit(z) * expit(-z) * norm.pdf(z, scale=math.sqrt(inputs))

    assert quad(weighted, -np.inf, np.inf)[0] == pytest.approx(slope, abs=0.005)
    assert expit(0) * expit(0) == most


def test_the_number_of_seeds_tells_two_starts_apart():
    """The power of a two-sided t-test with so many seeds is what the answer says, or nearly."""
    body = answer("Accuracy moves")
    numbers = re.findall(r"\{given\}`(\d+)(?: %)?`", body)
    factor, power, level, seeds = map(int, numbers)
    assert seeds == factor * 2**2
    for ratio in (1, 2, 4):
        runs = factor * ratio**2
        freedom = 2 * runs - 2
        bound = t.ppf(1 - level / 200, freedom)
        shift = math.sqrt(runs / 2) / ratio
        found = nct.sf(bound, freedom, shift) + nct.cdf(-bound, freedom, shift)
        assert found == pytest.approx(power / 100, abs=0.025)


def test_a_forget_gate_of_bias_1_keeps_most_of_the_state():
    """The sigmoid of its bias, in percent."""
    kept = re.findall(r"\{given\}`(\d+) %`", answer("All forget gates"))
    assert list(map(int, kept)) == [round(100 * expit(bias)) for bias in (1, 0)]


def test_identities_behind_relu_change_nothing_after_the_first():
    """What is negative becomes 0 once."""
    x = np.random.default_rng(0).standard_normal((20, 6))
    for depth in (1, 2, 10):
        layers = [Layer(np.eye(6)) for _ in range(depth + 1)]
        np.testing.assert_array_equal(forward(Network(layers, "relu"), x), np.maximum(x, 0))


def test_part_of_the_columns_can_make_equal_rows():
    """Of Sylvester's matrix it does; of Paley's, here, not."""
    cells = {}
    run(CELL.search(answer("Can I start without"))[1], cells)
    assert run(CELL.search(answer("Where do I get"))[1], cells) == (
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
    printed = run(CELL.search(answer("Why zero biases"))[1], {})
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


def test_all_zeros_behind_sigmoid_and_balanced_labels(torch, batch):
    """Nothing moves but by rounding; with other labels the units do, as one."""
    x, _ = batch
    for classes, stays in ((CLASSES, True), (CLASSES - 1, False)):
        model = fill(torch, chain(torch, activation="Sigmoid"), 0)
        train(torch, model, x, torch.arange(256) % classes, 3)
        largest = max(p.abs().max().item() for p in model.parameters())
        assert (largest < 1e-6) == stays
        assert len(model[0].weight.unique(dim=0)) == 1 or stays


def test_a_constant_filter_that_sees_all_pixels_alike(torch):
    """With circular borders and a mean it stays constant without an activation, and not with."""
    nn = torch.nn
    x, y = torch.randn(64, 1, 8, 8), torch.arange(64) % 3
    for activation, parts in ((nn.Identity(), False), (nn.ReLU(), True)):
        filters = nn.Conv2d(1, 4, 3, padding=1, padding_mode="circular")
        filters.weight.data[:] = torch.randn(4, 1, 1, 1)
        pool = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
        model = nn.Sequential(filters, activation, *pool)
        step(torch, model, x, y)
        kernels = filters.weight.detach().flatten(1)
        apart = (kernels.amax(1) - kernels.amin(1)).max().item()
        assert (apart > 1e-5) == parts


def test_rows_that_are_multiples_of_one_in_an_adapter():
    """With B = 0 the update has rank 1 while rounding lets it; with a random B more at once."""
    rng = np.random.default_rng(0)
    x, wanted = rng.standard_normal((40, 6)), rng.standard_normal((6, 6))
    one_row = rng.standard_normal((3, 1)) @ rng.standard_normal((1, 6))
    for start, rank in ((np.zeros((6, 3)), 1), (rng.standard_normal((6, 3)), 3)):
        left, right = start.copy(), one_row.copy()
        for _ in range(50):
            slope = x.T @ (x @ (left @ right - wanted).T) / 120
            left, right = left - 0.05 * slope.T @ right.T, right - 0.05 * left.T @ slope.T
        assert np.linalg.matrix_rank(left @ right, rtol=1e-9) == rank


def test_float32_rounds_a_noise_of_1e_minus_8_away():
    """Uniform noise all of it around 0.5, normal noise most of it; float64 none."""
    noise = np.random.default_rng(0).uniform(-1e-8, 1e-8, (256, 64))
    assert np.all(np.float32(0.5 + noise) == 0.5)
    assert np.all(0.5 + noise[noise != 0] != 0.5)
    normal = 1e-8 * np.random.default_rng(0).standard_normal((256, 64))
    assert np.mean(np.float32(0.5 + normal) == 0.5) > 0.9
    below, above = (abs(np.nextafter(np.float32(0.5), np.float32(to)) - 0.5) for to in (0, 1))
    assert (f"{below:.0e}", f"{above:.0e}") == ("3e-08", "6e-08")


def test_bfloat16_around_1_keeps_most_entries_at_1(torch):
    """Of a normal noise of 1e-3; units of hundreds of inputs differ, some of few are copies."""
    noise = 1e-3 * torch.randn(256, 784, generator=torch.Generator().manual_seed(0))
    rounded = (1 + noise).to(torch.bfloat16)
    body = answer("Does it matter that")
    (told,) = re.findall(r"\{given\}`(\d+) %` of the entries at 1", body)
    assert round(100 * (rounded == 1).float().mean().item()) == int(told)
    assert len(rounded.unique(dim=0)) == 256
    assert len(rounded[:, :8].unique(dim=0)) < 256


def test_how_many_starts_where_one_in_five_succeeds():
    """The page tells the least number that leaves at most 5 % for no success."""
    body = answer("Some seeds train")
    starts = int(re.search(r"\{given\}`(\d+)` starts", body)[1])
    chance = int(re.search(r"\{given\}`(\d+) %`", body)[1]) / 100
    assert 1 - 0.8**starts >= chance > 1 - 0.8 ** (starts - 1)


def test_the_chance_of_two_similar_rows():
    """The cell prints what draws of short rows show, where the chance is large enough to count."""
    body = answer("Two rows of my")
    code = CELL.search(body)[1]
    assert run(code, {}) == "one pair: 4e-12; any of 130816 pairs: 5e-07 at most\n"
    short = code.replace("512, 512, 0.3", "2, 20, 0.3").replace(":.0e", ":.6f")
    one, _ = map(float, re.findall(r"(\d\S*)(?:;| at most)", run(short, {})))
    rows = np.random.default_rng(0).standard_normal((2, 100_000, 20))
    products = np.einsum("nd,nd->n", *rows) / np.linalg.norm(rows, axis=2).prod(0)
    far = 4 * math.sqrt(one * (1 - one) / 100_000)  # four standard errors
    assert abs(np.mean(np.abs(products) > 0.3) - one) < far


def test_what_fan_in_and_fan_out_keep():
    """What is kept stays 1; the other changes by the first width and the last alone."""
    body = answer("kaiming_normal_")
    code = CELL.search(body)[1]
    for widths in ([64, 1024, 128, 512, 32], [32, 300, 200], [50, 50, 50]):
        printed = run(re.sub(r"widths = \[.*?\]", f"widths = {widths}", code), {})
        told = re.findall(r"(\w+): signals times (\S+), gradients times (\S+)\n", printed)
        ratio = widths[-1] / widths[0]
        # each layer adds 5 / width to the relative variance; 200 networks are drawn
        far = 4 * math.sqrt(sum(5 / width for width in widths) / 200)
        for mode, signals, gradients in told:
            laws = {"fan_in": (1, ratio), "fan_out": (1 / ratio, 1)}[mode]
            assert abs(float(signals) / laws[0] - 1) < far + 0.005 / laws[0], (mode, widths)
            assert abs(float(gradients) / laws[1] - 1) < far + 0.005 / laws[1], (mode, widths)
        assert [mode for mode, *_ in told] == ["fan_in", "fan_out"]


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
