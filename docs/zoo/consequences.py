"""What the faults that the zoo found do: each is measured once, with the libraries themselves.

    nox -s zoo -- --consequences

writes ``consequences.json``. The numbers are counts and means that the page names; none is a
threshold of the audit.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import networks
import numpy as np
import tables

DRAWS = 96  # millions of entries drawn
FAR = 6.0  # standard deviations, beyond which an entry counts as far
ADAM_STEPS = 60
SEEDS = range(20)
WORDS, LENGTH, WIDTH, LAYERS = 12, 12, 32, 6  # of the task that reverses a sequence
MOST_STEPS = 160
STORED = tables.FOLDER / "consequences.json"


def truncated_normal() -> dict[str, Any]:
    """Count the entries far out that two implementations of a cut normal law draw."""
    import torch

    layers = networks.timm().layers
    found = {}
    laws = {
        "timm trunc_normal_": layers.trunc_normal_,
        "timm trunc_normal_tf_": layers.trunc_normal_tf_,
        "torch trunc_normal_": torch.nn.init.trunc_normal_,
    }
    for name, law in laws.items():
        torch.manual_seed(networks.SEED)
        far = []
        for _ in range(DRAWS // 8):
            drawn = law(torch.empty(8_000_000), std=0.02) / 0.02
            far += drawn[drawn.abs() > FAR].tolist()
        found[name] = {"far": len(far), "values": sorted({round(one, 3) for one in far})}
    return {"entries": DRAWS * 1_000_000, "expected": DRAWS * 1e6 / 2**24, **found}


def reused_initializer() -> dict[str, Any]:
    """Train four averaged branches of Keras, and count the pairs whose kernels are equal."""
    import keras
    from keras import layers

    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 16)).astype("float32")
    y = rng.standard_normal((256, 3)).astype("float32")
    made = {
        "a name": lambda: "glorot_uniform",
        "one object": keras.initializers.GlorotUniform,
        "one object with a seed": lambda: keras.initializers.GlorotUniform(seed=3),
    }
    found = {}
    for name, make in made.items():
        keras.utils.set_random_seed(networks.SEED)
        law = make()
        inputs = keras.Input((16,))
        hidden = [layers.Dense(32, "relu", kernel_initializer=law) for _ in range(4)]
        branches = [layers.Dense(3, kernel_initializer=law)(one(inputs)) for one in hidden]
        model = keras.Model(inputs, layers.Average()(branches))
        before = _equal_pairs(hidden)
        model.compile("adam", "mse")
        model.fit(x, y, epochs=ADAM_STEPS // 4, batch_size=64, verbose=0, shuffle=False)
        found[name] = {"pairs equal before": before, "pairs equal after": _equal_pairs(hidden)}
    return {"pairs": 6, "steps": ADAM_STEPS, **found}


def _equal_pairs(layers: list[Any]) -> int:
    """Count the pairs of layers whose kernels are equal to the bit."""
    kernels = [layer.kernel.numpy() for layer in layers]
    pairs = [(i, j) for i in range(len(kernels)) for j in range(i)]
    return sum(np.array_equal(kernels[i], kernels[j]) for i, j in pairs)


def seeded_attention() -> dict[str, Any]:
    """Compare the kernels of an attention layer of Keras that was given a seeded initializer."""
    import keras

    x = np.random.default_rng(0).standard_normal((32, 12, 64)).astype("float32")
    found: dict[str, Any] = {"one of": 12}
    made = {"a name": "glorot_uniform", "a seed": keras.initializers.GlorotUniform(seed=1)}
    for name, law in made.items():
        keras.utils.set_random_seed(networks.SEED)
        layer = keras.layers.MultiHeadAttention(4, 16, kernel_initializer=law)
        _, scores = layer(x, x, return_attention_scores=True)
        query, key, value = (layer.weights[k].numpy() for k in (0, 2, 4))
        to_itself = np.diagonal(np.asarray(scores.detach()), axis1=-2, axis2=-1)
        found[name] = {
            "query = key": bool(np.array_equal(query, key)),
            "query = value": bool(np.array_equal(query, value)),
            "attention to itself": float(to_itself.mean()),
        }
    return found


def funnel() -> dict[str, Any]:
    """Measure a kernel of Funnel, which is drawn from an interval that begins at 0."""
    import transformers

    options = {"block_sizes": [1], "num_decoder_layers": 1, "vocab_size": 100}
    model = networks.built(
        networks.Architecture(
            "", "", lambda: networks.of_transformers("funnel", "MaskedLM", options)
        )
    )
    weights = dict(model.named_parameters())
    name = next(key for key in weights if key.endswith("r_kernel"))
    kernel = weights[name].detach().numpy().astype(float)
    matrix = kernel.reshape(kernel.shape[0], -1)
    singular = np.linalg.svd(matrix, compute_uv=False)[0] / matrix.std()
    rule = inspect.getsource(transformers.models.funnel.modeling_funnel.FunnelPreTrainedModel)
    lines = [line.strip() for line in rule.splitlines() if "uniform_" in line]
    return {
        "array": tables.pattern_of(name),
        "shape": list(kernel.shape),
        "lowest": float(kernel.min()),
        "highest": float(kernel.max()),
        "mean over deviation": float(kernel.mean() / kernel.std()),
        "largest singular value over deviation": float(singular),
        "edge of independent entries": float(sum(np.sqrt(matrix.shape))),
        "lines": lines,
    }


def equal_layers() -> dict[str, Any]:
    """Count the steps to a loss of 1 with layers that start equal, and with layers that do not."""
    steps: dict[str, list[int]] = {"equal": [], "different": []}
    parted = 0
    for seed in SEEDS:
        for name, counted in steps.items():
            count, is_parted = _trained(seed, is_equal=name == "equal")
            counted.append(count)
            parted += is_parted if name == "equal" else 0
    return {"runs": len(SEEDS), "parted after 3 steps": parted, "most": MOST_STEPS, **steps}


def _trained(seed: int, *, is_equal: bool) -> tuple[int, bool]:
    """Train an encoder to reverse sequences; tell after how many steps the loss is below 1."""
    import torch
    from torch import nn

    torch.manual_seed(seed)

    def layer() -> Any:
        return nn.TransformerEncoderLayer(WIDTH, 4, 64, dropout=0.0, batch_first=True)

    body = nn.TransformerEncoder(layer(), LAYERS)
    if not is_equal:
        body.layers = nn.ModuleList(layer() for _ in range(LAYERS))
    words = nn.Embedding(WORDS, WIDTH)
    places = nn.Parameter(0.5 * torch.randn(LENGTH, WIDTH))
    head = nn.Linear(WIDTH, WORDS)
    parts = nn.ModuleList([body, words, head])
    optimizer = torch.optim.Adam([*parts.parameters(), places], lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    is_parted = False
    for step in range(1, MOST_STEPS + 1):
        x = torch.randint(1, WORDS, (64, LENGTH), generator=generator)
        sums = head(body(words(x) + places))
        loss = nn.functional.cross_entropy(sums.flatten(0, 1), x.flip(1).flatten())
        if step > 3 and float(loss.detach()) < 1.0:
            return step, is_parted
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == 3:
            kernels = [one.linear1.weight for one in body.layers]
            is_parted = not any(torch.equal(kernels[0], other) for other in kernels[1:])
    return MOST_STEPS, is_parted


def masked_autoencoder() -> dict[str, Any]:
    """Permute the patches of an image, and see what of it a masked autoencoder notices."""
    import torch
    import transformers

    torch.manual_seed(networks.SEED)
    options = {"num_hidden_layers": 2, "decoder_num_hidden_layers": 2, "mask_ratio": 0.0}
    model = transformers.ViTMAEForPreTraining(transformers.ViTMAEConfig(**options)).eval()
    places = {name: one for name, one in model.named_parameters() if "pos" in name}
    order = torch.randperm(14 * 14)
    image = torch.randn(1, 3, 14, 16, 14, 16)  # fourteen rows of patches, and columns
    patches = image.permute(0, 2, 4, 1, 3, 5).reshape(1, 196, 3, 16, 16)
    moved = patches[:, order].reshape(1, 14, 14, 3, 16, 16).permute(0, 3, 1, 4, 2, 5)
    kept = torch.arange(196.0)[None]  # the order in which patches are taken
    with torch.no_grad():
        first = model.vit(image.reshape(1, 3, 224, 224), noise=kept).last_hidden_state
        second = model.vit(moved.reshape(1, 3, 224, 224), noise=kept).last_hidden_state
    return {
        "largest position": {name: float(one.abs().max()) for name, one in places.items()},
        "trained": {name: one.requires_grad for name, one in places.items()},
        "largest output": float(first.abs().max()),
        "patches moved": float((first[:, 1:][:, order] - second[:, 1:]).abs().max()),
        "patches as they stood": float((first[:, 1:] - second[:, 1:]).abs().max()),
    }


MEASURED = (
    *(truncated_normal, reused_initializer, seeded_attention, funnel, masked_autoencoder),
    equal_layers,
)


def measure() -> None:
    """Measure all of them, and store what was found."""
    found = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    for one in MEASURED:
        print(one.__name__, flush=True)
        found[one.__name__] = one()
        STORED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
