"""The recipes of the explanations, run as they stand on their pages."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from symlib.network import Layer, Network, forward
from symlib.weights import activation_gain

PAGES = Path(__file__).parents[1] / "docs" / "explanation"


def recipe(name, **given):
    """Run the first block of Python on a page, and return the names that it leaves behind."""
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    (code, *_) = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    exec(code, given)
    return given


def test_the_start_without_dice_keeps_all_distances():
    """Read out by its last layer it is an isometry; behind ReLU the factor is 1/2 to 1."""
    made = recipe("can_dice_be_replaced")
    matrices = [made["first"], *made["hidden"], made["last"]]
    network = Network([Layer(matrix) for matrix in matrices], "relu")
    x = np.random.default_rng(0).standard_normal((50, made["d"]))
    x[1] = -x[0]
    before = np.linalg.norm(x[:, np.newaxis] - x, axis=2)
    read_out = forward(network, x)
    after = np.linalg.norm(read_out[:, np.newaxis] - read_out, axis=2)
    np.testing.assert_allclose(after, before, atol=1e-12)

    units = np.maximum(x @ made["first"].T, 0)
    for hidden in made["hidden"]:
        units = np.maximum(units @ hidden.T, 0)
    squared = np.sum((units[:, np.newaxis] - units) ** 2, axis=2)
    pairs = ~np.eye(len(x), dtype=bool)
    shares = squared[pairs] / before[pairs] ** 2
    assert shares.min() == pytest.approx(1 / 2, rel=1e-12)
    assert shares.max() < 1
    np.testing.assert_allclose(np.sum(units**2, axis=1), np.sum(x**2, axis=1))


def test_the_start_without_dice_differs_from_layer_to_layer():
    """The signs of each layer are its own."""
    hidden = recipe("can_dice_be_replaced")["hidden"]
    assert len({layer.tobytes() for layer in hidden}) == len(hidden) == 9


def test_the_scale_of_the_recipe_is_the_variance_that_the_table_asks_for():
    """In NumPy and in the call of PyTorch."""
    called = {}

    def normal_(weight, std):
        called.update(weight=weight, std=std)

    torch = SimpleNamespace(nn=SimpleNamespace(init=SimpleNamespace(normal_=normal_)))
    layer = SimpleNamespace(weight=object())
    given = {"rng": np.random.default_rng(0), "m": 400, "n": 300, "g": 2.35}
    made = recipe("the_scale_of_the_weights", torch=torch, layer=layer, **given)
    assert made["weight"].shape == (400, 300)
    wanted = 2.35 / 300
    error = 4 * wanted * np.sqrt(2 / made["weight"].size)
    assert abs(made["weight"].var() - wanted) < error
    assert called == {"weight": layer.weight, "std": pytest.approx(wanted**0.5)}


def test_the_whole_layers_of_the_recipe_have_the_factor_of_gelu():
    """In PyTorch, Keras and JAX, to the two decimals that the page shows."""
    text = (PAGES / "the_scale_of_the_weights.md").read_text(encoding="utf-8")
    gelu = f"{activation_gain('gelu') ** 2:.2f}"
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)[1:]
    assert [gelu in block for block in blocks] == [True, True, True]
