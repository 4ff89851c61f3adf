"""Faults that are planted in clean starts are found, each by its kind, and nothing else is."""

import ml_dtypes
import numpy as np
import pytest

from symlib.audit import audit

FINE = np.float32


def normal(rng, shape, std):
    """Draw Gaussian weights."""
    return (std * rng.standard_normal(shape)).astype(FINE)


def uniform(rng, shape, fan_in):
    """Draw the weights that PyTorch draws by default."""
    bound = fan_in**-0.5
    return rng.uniform(-bound, bound, shape).astype(FINE)


def language_model(rng, width=64, layers=3):
    """Return the arrays of a small GPT-2, with a layer of experts."""
    arrays = {"wte.weight": normal(rng, (500, width), 0.02)}
    for k in range(layers):
        block = {
            "attn.c_attn": normal(rng, (3 * width, width), 0.02),
            "attn.c_proj": normal(rng, (width, width), 0.02 / (2 * layers) ** 0.5),
            "mlp.c_fc": normal(rng, (4 * width, width), 0.02),
            "mlp.c_proj": normal(rng, (width, 4 * width), 0.02 / (2 * layers) ** 0.5),
        }
        for name, weight in block.items():
            arrays[f"h.{k}.{name}.weight"] = weight
            arrays[f"h.{k}.{name}.bias"] = np.zeros(len(weight), FINE)
        arrays[f"h.{k}.ln_1.weight"] = np.ones(width, FINE)
    arrays["experts.up"] = normal(rng, (4, 48, 32), 0.02)
    return arrays


def convolutional(rng):
    """Return the arrays of a small network of convolutions, one of them depthwise."""
    arrays = {}
    channels = 3
    for k, out in enumerate((32, 64, 64, 64, 64)):
        arrays[f"features.{k}.weight"] = normal(rng, (out, channels, 3, 3), (9 * channels) ** -0.5)
        arrays[f"features.{k}.bias"] = uniform(rng, out, 9 * channels)
        channels = out
    arrays["depthwise.weight"] = normal(rng, (128, 1, 3, 3), 0.3)
    arrays["fc.weight"] = uniform(rng, (10, 128), 128)
    arrays["fc.bias"] = uniform(rng, 10, 128)
    return arrays


def perceptron(rng):
    """Return the arrays of a network of affine layers, as PyTorch starts it."""
    arrays = {}
    for k, (fan_in, out) in enumerate(((20, 64), (64, 64), (64, 64), (64, 64), (64, 10))):
        arrays[f"layers.{k}.weight"] = uniform(rng, (out, fan_in), fan_in)
        arrays[f"layers.{k}.bias"] = uniform(rng, out, fan_in)
    return arrays


MODELS = {
    "language model": (language_model, ("h.0.attn.c_proj", "h.1.mlp.c_fc", "h.2.mlp.c_proj")),
    "convolutional": (convolutional, ("features.1", "features.2", "features.3")),
    "perceptron": (perceptron, ("layers.1", "layers.2", "layers.3")),
}


def rows(change):
    """Return a way to plant a fault that changes the rows of a weight, in its arrays."""

    def plant(arrays, name, rng):
        weight = arrays[f"{name}.weight"]
        matrix = weight.reshape(len(weight), -1).astype(float)
        changed = change(matrix, rng)
        arrays[f"{name}.weight"] = np.asarray(changed, FINE).reshape(weight.shape)

    return plant


def with_row(make):
    """Return a way to plant a fault in row 5, made of rows 2 and the matrix."""

    def change(matrix, rng):
        matrix[5] = make(matrix[2], matrix, rng)
        return matrix

    return rows(change)


def near(row, _, rng):
    """Return a row whose cosine with the given one is 0.9."""
    other = rng.standard_normal(row.size)
    other -= row * (other @ row) / (row @ row)
    other *= np.linalg.norm(row) / np.linalg.norm(other)
    return 0.9 * row + (1 - 0.81) ** 0.5 * other


def dependent(_, matrix, __):
    """Return a sum of four rows."""
    return matrix[[0, 1, 8, 9]].T @ [0.5, -0.5, 0.5, 0.5]


def half_rank(matrix, _):
    """Return the matrix without the lower half of its singular values."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values[len(values) // 2 :] = 0
    return (left * values) @ right


def outlier(matrix, _):
    """Put an entry of -100 standard deviations in."""
    matrix[5, 3] = -100 * matrix.std()
    return matrix


def heads(matrix, _):
    """Make the second quarter of the rows that of the first."""
    quarter = len(matrix) // 4
    matrix[quarter : 2 * quarter] = matrix[:quarter]
    return matrix


def with_nan(matrix, _):
    """Leave one entry unwritten."""
    matrix[-1, -1] = np.nan
    return matrix


def random_bits(matrix, rng):
    """Return what memory holds that nobody wrote to."""
    bits = rng.integers(0, 2**32, matrix.shape, dtype=np.uint32)
    return np.nan_to_num(bits.view(np.float32), nan=1.0, posinf=1e38, neginf=-1e38)


def one_factor(matrix, rng):
    """Give all rows a common part of a tenth of their variance."""
    common = matrix.std() * rng.standard_normal(matrix.shape[1])
    return 0.9**0.5 * matrix + 0.1**0.5 * common


def other_name(arrays, name):
    """Return another weight of the same shape, if there is one, or of another shape."""
    shape = arrays[f"{name}.weight"].shape
    names = [key for key, value in arrays.items() if value.ndim > 1 and key != f"{name}.weight"]
    equal = [key for key in names if arrays[key].shape == shape]
    return equal[0] if equal else None


def equal_layers(arrays, name, _):
    """Copy a whole layer."""
    arrays[f"{name}.weight"] = arrays[other_name(arrays, name)].copy()


def layer_and_noise(arrays, name, rng):
    """Make a layer of another one and noise, with the correlation 0.7."""
    other = arrays[other_name(arrays, name)]
    noise = other.std() * rng.standard_normal(other.shape)
    arrays[f"{name}.weight"] = ((other + noise) / 2**0.5).astype(FINE)


def same_seed(arrays, name, _):
    """Draw two layers of different shapes and scales from one seed."""
    fixed = "fc.weight" if "fc.weight" in arrays else next(iter(arrays))
    for key in (f"{name}.weight", fixed):
        shape, std = arrays[key].shape, arrays[key].std()
        arrays[key] = normal(np.random.default_rng(3), shape, std)


def same_seed_and_shape(arrays, name, _):
    """Draw two layers of one shape and two scales from one seed."""
    other = other_name(arrays, name)
    for key, std in ((f"{name}.weight", 0.1), (other, 0.02)):
        arrays[key] = normal(np.random.default_rng(3), arrays[key].shape, std)


def heavy_tails(matrix, rng):
    """Draw from Student's law with three degrees of freedom."""
    return matrix.std() * rng.standard_t(3, matrix.shape) / 3**0.5


def equal_experts(arrays, name, _):
    """Copy an expert."""
    arrays["experts.up"] = normal(np.random.default_rng(0), (4, 48, 32), 0.02)
    arrays["experts.up"][2] = arrays["experts.up"][0]


def dead_bias(arrays, name, _):
    """Shift a unit by eight times the norm of its weights."""
    weight = arrays[f"{name}.weight"]
    norm = np.linalg.norm(weight[5])
    arrays[f"{name}.bias"] = np.zeros(len(weight), FINE)
    arrays[f"{name}.bias"][5] = -8 * norm


# What is planted, by which kinds it is found, and with which verdict
PLANTED = {
    "copy": (with_row(lambda row, *_: row), {"equal rows"}, "fault"),
    "copy up to the sign": (with_row(lambda row, *_: -row), {"equal rows"}, "fault"),
    "copy up to a factor": (with_row(lambda row, *_: 1.7 * row), {"equal rows"}, "fault"),
    "copy rounded to bfloat16": (
        with_row(lambda row, *_: row.astype(ml_dtypes.bfloat16)),
        {"similar rows", "low-precision ties"},
        "look",
    ),
    "cosine 0.9": (with_row(near), {"similar rows"}, "look"),
    "constant": (rows(lambda matrix, _: np.full_like(matrix, 0.5)), {"constant"}, "look"),
    "zero": (rows(lambda matrix, _: 0 * matrix), {"zero"}, "look"),
    "twice the scale": (rows(lambda matrix, _: 2 * matrix), {"scale"}, "note"),
    "five times the scale": (rows(lambda matrix, _: 5 * matrix), {"scale"}, "note"),
    "a fifth of the scale": (rows(lambda matrix, _: matrix / 5), {"scale"}, "note"),
    "a row five times as long": (
        with_row(lambda _, matrix, __: 5 * matrix[5]),
        {"row norms", "single entries"},
        "look",
    ),
    "an entry of -100 sigma": (rows(outlier), {"single entries"}, "fault"),
    "a sum of rows": (with_row(dependent), {"lost rank"}, "look"),
    "half the rank": (rows(half_rank), {"lost rank"}, "look"),
    "one seed, same shape": (same_seed_and_shape, {"same stream"}, "look"),
    "heavy tails": (rows(heavy_tails), {"single entries", "row norms"}, "look"),
    "one seed, other shape": (same_seed, {"same stream"}, "look"),
    "one sign": (with_row(lambda _, matrix, __: -abs(matrix[5])), {"one-signed rows"}, "fault"),
    "dead bias": (dead_bias, {"dead biases"}, "look"),
    "equal heads": (rows(heads), {"equal slices"}, "fault"),
    "equal experts": (equal_experts, {"equal slices"}, "fault"),
    "a mean of 0.2 sigma": (rows(lambda m, _: m + 0.2 * m.std()), {"shared mean"}, "look"),
    "correlated rows": (rows(one_factor), {"correlated rows"}, "look"),
    "equal layers": (equal_layers, {"equal arrays"}, "look"),
    "a layer and noise": (layer_and_noise, {"similar arrays"}, "look"),
    "NaN": (rows(with_nan), {"not finite"}, "fault"),
    "garbage": (rows(random_bits), {"garbage"}, "fault"),
}


def planted(fault, model, number):
    """Return the arrays of a model with a fault in one of its layers."""
    rng = np.random.default_rng([number, 7])
    make, targets = MODELS[model]
    arrays = make(rng)
    plant, kinds, verdict = PLANTED[fault]
    plant(arrays, targets[number], rng)
    return arrays, kinds, verdict


@pytest.mark.parametrize("model", MODELS)
def test_clean_models_show_nothing(model):
    """Ten starts of each, for which one probability of 1e-3 is allowed."""
    make, _ = MODELS[model]
    for seed in range(10):
        found = audit(make(np.random.default_rng(seed)))
        assert found == [], (seed, found)


def test_one_probability_holds_for_the_whole_model():
    """Of forty clean starts about a fifth may show something, where a fifth is allowed."""
    shown = []
    for seed in range(40):
        arrays = perceptron(np.random.default_rng([seed, 3]))
        shown.append(bool(audit(arrays, chance=0.2)))
    assert np.mean(shown) <= 0.2 + 4 * (0.2 * 0.8 / 40) ** 0.5


def is_impossible(fault, model, number):
    """Tell whether a fault needs a layer of the same shape, or fewer rows than columns."""
    name = MODELS[model][1][number]
    shape = MODELS[model][0](np.random.default_rng(0))[f"{name}.weight"].shape
    if fault == "a sum of rows":
        return shape[0] > np.prod(shape[1:])
    wants = {"twice the scale", "five times the scale", "a fifth of the scale"}
    wants |= {"equal layers", "a layer and noise", "one seed, same shape"}
    return fault in wants and model == "convolutional" and number == 0


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", PLANTED)
def test_planted_faults_are_found(fault, model, number):
    """By a kind that names them, with their verdict, and with nothing that is worse."""
    if is_impossible(fault, model, number):
        pytest.skip("the layer is not fit for it")
    arrays, kinds, verdict = planted(fault, model, number)
    found = audit(arrays)
    assert any(one.kind in kinds for one in found), found
    assert any(one.verdict == verdict for one in found if one.kind in kinds), found
    order = ("fault", "look", "note")
    assert order[min(order.index(one.verdict) for one in found)] == verdict, found
