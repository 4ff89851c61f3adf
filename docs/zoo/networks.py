"""The architectures of the zoo, by their libraries: how each is built from its configuration.

Nothing is downloaded: a model is built with the start that its library draws. Widths are those that
people use; what is left out are layers that repeat others, and most of the vocabulary, so that none
has more than 200 million parameters.

`HUNDRED` is what the audit was tried on. `HELD_OUT` was named before, and is audited once, at the
end: nothing in the audit may be changed after what it shows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple
from unittest import mock

SEED = 1  # of all starts
WORDS = 4000  # of a vocabulary, where the configuration has many more


class Architecture(NamedTuple):
    """One architecture: the library that it comes from, its name there, and how it is built."""

    family: str
    name: str
    build: Callable[[], Any]


# torch.nn: networks of the layers of PyTorch, as its tutorials have them


def perceptron() -> Any:
    """Build a perceptron with three hidden layers."""
    from torch import nn

    widths = (784, 512, 512, 512)
    pairs = pairwise(widths)
    hidden = [part for pair in pairs for part in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(widths[-1], 10))


def convolutions() -> Any:
    """Build an autoencoder of convolutions."""
    from torch import nn

    down = [nn.Conv2d(a, b, 4, 2, 1) for a, b in ((3, 64), (64, 128), (128, 256))]
    up = [nn.ConvTranspose2d(a, b, 4, 2, 1) for a, b in ((256, 128), (128, 64), (64, 3))]
    return nn.Sequential(*(part for one in (*down, *up) for part in (one, nn.ReLU())))


def u_net() -> Any:
    """Build a network that goes down to coarse images and up again, with group normalization."""
    from torch import nn

    widths = (64, 128, 256, 512)
    pairs = list(pairwise(widths))
    down = [nn.Sequential(nn.GroupNorm(8, a), nn.Conv2d(a, b, 3, 2, 1)) for a, b in pairs]
    up = [nn.Sequential(nn.ConvTranspose2d(b, a, 2, 2), nn.Conv2d(2 * a, a, 3)) for a, b in pairs]
    ends = {"first": nn.Conv2d(3, 64, 3), "last": nn.Conv2d(64, 3, 1), "time": nn.Linear(128, 512)}
    return nn.ModuleDict({**ends, "down": nn.ModuleList(down), "up": nn.ModuleList(up)})


def of_torch(name: str, *numbers: int, **options: Any) -> Callable[[], Any]:
    """Return how a module of torch.nn is built, by its name."""

    def build() -> Any:
        from torch import nn

        return getattr(nn, name)(*numbers, **options)

    return build


def stack(name: str, copies: int, *numbers: int) -> Callable[[], Any]:
    """Return how a stack of encoder or decoder layers of torch.nn is built."""

    def build() -> Any:
        from torch import nn

        return getattr(nn, name)(getattr(nn, f"{name}Layer")(*numbers), copies)

    return build


TORCH = {
    "perceptron": perceptron,
    "autoencoder of convolutions": convolutions,
    "nn.RNN": of_torch("RNN", 64, 256, num_layers=2),
    "nn.LSTM": of_torch("LSTM", 128, 512, num_layers=2, bidirectional=True),
    "nn.GRU": of_torch("GRU", 128, 512, num_layers=2),
    "nn.Bilinear": of_torch("Bilinear", 64, 64, 32),
    "nn.EmbeddingBag": of_torch("EmbeddingBag", 5000, 128, padding_idx=0),
    "nn.MultiheadAttention": of_torch("MultiheadAttention", 512, 8, kdim=256, vdim=256),
    "nn.TransformerEncoder": stack("TransformerEncoder", 4, 512, 8, 2048),
    "nn.Transformer": of_torch("Transformer", 256, 8, 3, 3, 1024),
}
TORCH_HELD_OUT = {"U-Net of torch.nn": u_net}


# timm: as named there

TIMM = (
    *("beit_base_patch16_224", "cait_xxs24_224", "coatnet_nano_rw_224", "convnext_tiny"),
    *("convnextv2_atto", "davit_tiny", "deit_tiny_patch16_224", "densenet121", "edgenext_xx_small"),
    *("efficientformer_l1", "efficientnet_b0", "eva02_tiny_patch14_224", "fastvit_t8"),
    *("ghostnet_050", "gmlp_ti16_224", "hiera_tiny_224", "hrnet_w18_small", "inception_v3"),
    *("levit_128s", "mambaout_femto", "mixer_s32_224", "mobilenetv2_100", "mobilenetv3_small_100"),
    *("mobilevit_xxs", "nf_regnet_b0", "poolformer_s12", "pvt_v2_b0", "regnety_004", "repvgg_a0"),
    *("resmlp_12_224", "resnet18", "resnetv2_50", "resnext50_32x4d", "rexnet_100", "skresnet18"),
    *("starnet_s1", "swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "vgg11_bn"),
    *("vit_tiny_patch16_224", "volo_d1_224", "xcit_nano_12_p16_224"),
)
TIMM_HELD_OUT = (
    *("crossvit_tiny_240", "dla34", "efficientvit_b0", "focalnet_tiny_srf", "gcvit_xxtiny"),
    *("nest_tiny", "pit_xs_224", "sequencer2d_s", "twins_pcpvt_small"),
)


def of_timm(name: str) -> Any:
    """Build a model of timm."""
    return timm().create_model(name, pretrained=False)


@cache
def timm() -> Any:
    """Import timm without torchvision, with which it does no more than load images here.

    The wheel of torchvision on PyPI was made for a build of PyTorch with CUDA, and does not import
    beside one without. So names that it would have are there while timm is imported, and no longer.
    """
    parts = ("transforms", "transforms.functional", "datasets", "io", "ops", "ops.misc", "models")
    names = ["torchvision", "torchvision.models.feature_extraction"]
    names += [f"torchvision.{part}" for part in parts]
    sys.modules.update({name: mock.MagicMock() for name in names})
    try:
        import timm as imported
    finally:
        for name in names:
            del sys.modules[name]
    return imported


# transformers: the type of a model, what it is for, and what differs from its default configuration

_FEW = {"vocab_size": WORDS}
_TWO = {"num_hidden_layers": 2, **_FEW}
_LLAMA = {"hidden_size": 1024, "intermediate_size": 2816, "num_attention_heads": 16}
_LLAMA_TYPE = {**_TWO, **_LLAMA, "num_key_value_heads": 8}
_BOTH_TWO = {"encoder_layers": 2, "decoder_layers": 2, **_FEW}
_VISION = {"num_hidden_layers": 2}
_NO_TOKENS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}

TRANSFORMERS = {
    "albert": ("MaskedLM", {**_FEW, "hidden_size": 768, "num_attention_heads": 12}),
    "bart": ("Seq2SeqLM", _BOTH_TWO),
    "beit": ("ImageClassification", _VISION),
    "bert": ("MaskedLM", _TWO),
    "bloom": ("CausalLM", {"n_layer": 2, "hidden_size": 1024, "n_head": 16, **_FEW}),
    "clip": ("", {"text_config": _TWO, "vision_config": _VISION}),
    "deberta-v2": ("MaskedLM", {**_TWO, "relative_attention": True, "hidden_size": 768}),
    "dinov2": ("ImageClassification", _VISION),
    "distilbert": ("MaskedLM", {"n_layers": 2, **_FEW}),
    "electra": ("PreTraining", _TWO),
    "falcon": ("CausalLM", {**_TWO, "hidden_size": 1024, "num_attention_heads": 16}),
    "funnel": ("MaskedLM", {"block_sizes": [2, 2], **_FEW}),
    "gemma": ("CausalLM", {**_LLAMA_TYPE, "head_dim": 64}),
    "gpt2": ("CausalLM", {"n_layer": 3, **_FEW}),
    "gpt_neo": (
        "CausalLM",
        {
            "num_layers": 2,
            "attention_types": [[["global", "local"], 1]],
            "hidden_size": 1024,
            **_FEW,
        },
    ),
    "gpt_neox": ("CausalLM", {**_TWO, **_LLAMA}),
    "gptj": ("CausalLM", {"n_layer": 2, "n_embd": 1024, "n_head": 16, **_FEW}),
    "llama": ("CausalLM", _LLAMA_TYPE),
    "mamba": ("CausalLM", _TWO),
    "mamba2": (
        "CausalLM",
        {**_TWO, "hidden_size": 768, "num_heads": 24, "n_groups": 1, **_NO_TOKENS},
    ),
    "mixtral": ("CausalLM", {**_LLAMA_TYPE, "intermediate_size": 1408}),
    "opt": ("CausalLM", {**_TWO, "num_hidden_layers": 3}),
    "phi": ("CausalLM", {**_TWO, **_LLAMA}),
    "qwen2_moe": (
        "CausalLM",
        {**_LLAMA_TYPE, "num_experts": 8, "moe_intermediate_size": 704}
        | {"shared_expert_intermediate_size": 704},
    ),
    "roberta": ("MaskedLM", _TWO),
    "rwkv": ("CausalLM", {**_TWO, "hidden_size": 768}),
    "segformer": ("SemanticSegmentation", {}),
    "swin": ("ImageClassification", {"depths": [2, 2], "num_heads": [3, 6]}),
    "switch_transformers": (
        "Seq2SeqLM",
        {"num_layers": 4, "num_decoder_layers": 4, "num_experts": 4, **_FEW},
    ),
    "t5": ("Seq2SeqLM", {"num_layers": 3, **_FEW}),
    "vit_mae": ("PreTraining", {"num_hidden_layers": 2, "decoder_num_hidden_layers": 2}),
    "wav2vec2": ("CTC", {"num_hidden_layers": 2}),
    "whisper": (
        "SpeechSeq2Seq",
        {**_BOTH_TWO, "d_model": 384, **_NO_TOKENS},
    ),
    "xlnet": ("CausalLM", {"n_layer": 2, **_FEW}),
}
TRANSFORMERS_HELD_OUT = {
    "big_bird": ("MaskedLM", _TWO),
    "blip": ("", {"text_config": _TWO, "vision_config": _VISION}),
    "convbert": ("MaskedLM", _TWO),
    "granitemoe": ("CausalLM", {**_LLAMA_TYPE, "intermediate_size": 704, "num_local_experts": 8}),
    "hubert": ("CTC", {"num_hidden_layers": 2}),
    "modernbert": ("MaskedLM", {**_TWO, **_NO_TOKENS, "cls_token_id": 3, "sep_token_id": 4}),
    "olmo2": ("CausalLM", {**_LLAMA_TYPE, **_NO_TOKENS}),
    "pegasus": ("Seq2SeqLM", _BOTH_TWO),
    "perceiver": ("MaskedLM", {"num_self_attends_per_block": 2, "d_latents": 512}),
    "siglip": ("", {"text_config": _TWO, "vision_config": _VISION}),
}


def of_transformers(kind: str, purpose: str, options: dict[str, Any]) -> Any:
    """Build a model of transformers from its configuration."""
    import transformers

    config = transformers.AutoConfig.for_model(kind, **options)
    suffix = f"For{purpose}" if purpose else ""
    return getattr(transformers, f"AutoModel{suffix}").from_config(config)


# Keras: its applications, and networks of its layers

KERAS = (
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2"),
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "ResNet50", "ResNet50V2", "VGG16"),
)
KERAS_HELD_OUT = ("InceptionV3", "MobileNetV3Large", "Xception")


def of_keras(name: str) -> Any:
    """Build an application of Keras."""
    import keras

    return getattr(keras.applications, name)(weights=None)


def keras_encoder() -> Any:
    """Build an encoder of words with attention, of the layers of Keras."""
    import keras
    from keras import layers

    words = keras.Input((64,), dtype="int32")
    values = layers.Embedding(WORDS, 256)(words)
    for _ in range(2):
        values = layers.LayerNormalization()(
            values + layers.MultiHeadAttention(8, 32)(values, values)
        )
        hidden = layers.Dense(256)(layers.Dense(1024, activation="gelu")(values))
        values = layers.LayerNormalization()(values + hidden)
    return keras.Model(words, layers.Dense(10)(layers.GlobalAveragePooling1D()(values)))


def keras_recurrent() -> Any:
    """Build a recurrent network of the layers of Keras."""
    import keras
    from keras import layers

    inputs = keras.Input((64, 80))
    values = layers.Bidirectional(layers.LSTM(256, return_sequences=True))(inputs)
    return keras.Model(inputs, layers.Dense(30)(layers.GRU(256)(values)))


def keras_separable() -> Any:
    """Build an autoencoder of separable and transposed convolutions, of the layers of Keras."""
    import keras
    from keras import layers

    inputs = keras.Input((64, 64, 3))
    values = layers.SeparableConv2D(128, 3, strides=2, activation="relu")(inputs)
    values = layers.SeparableConv2D(256, 3, strides=2, activation="relu")(values)
    flat = layers.Reshape((-1, 256))(values)
    looked = layers.GroupQueryAttention(32, 8, 4)(flat, flat)
    values = layers.Reshape((15, 15, 256))(looked)
    values = layers.Conv2DTranspose(128, 3, strides=2, activation="relu")(values)
    return keras.Model(inputs, layers.Conv2DTranspose(3, 4, strides=2)(values))


# Flax: networks of its layers, whose arrays are handed on as a mapping


def flax_arrays(module: Any, *inputs: Any) -> Any:
    """Return the arrays that a module of Flax starts with."""
    import jax

    return module.init(jax.random.key(SEED), *inputs)["params"]


def flax_convolutions() -> Any:
    """Build a small network of convolutions of the layers of Flax."""
    import jax.numpy as jnp
    from flax import linen as nn

    parts = [part for width in (32, 64, 128) for part in (nn.Conv(width, (3, 3)), nn.relu)]
    network = nn.Sequential([*parts, lambda x: x.mean(axis=(1, 2)), nn.Dense(256), nn.Dense(10)])
    return flax_arrays(network, jnp.ones((1, 32, 32, 3)))


def flax_perceptron() -> Any:
    """Build a perceptron of the layers of Flax."""
    import jax.numpy as jnp
    from flax import linen as nn

    network = nn.Sequential([nn.Dense(512), nn.relu, nn.Dense(512), nn.relu, nn.Dense(10)])
    return flax_arrays(network, jnp.ones((1, 784)))


def flax_recurrent() -> Any:
    """Build a recurrent network of the layers of Flax."""
    import jax.numpy as jnp
    from flax import linen as nn

    return flax_arrays(nn.RNN(nn.OptimizedLSTMCell(256)), jnp.ones((1, 16, 80)))


def flax_encoder() -> Any:
    """Build two layers of attention of the layers of Flax."""
    import jax.numpy as jnp
    from flax import linen as nn

    layer = [nn.MultiHeadDotProductAttention(8), nn.LayerNorm(), nn.Dense(1024), nn.Dense(256)]
    second = [nn.MultiHeadDotProductAttention(8), nn.LayerNorm(), nn.Dense(1024), nn.Dense(256)]
    words = nn.Embed(WORDS, 256)
    return flax_arrays(nn.Sequential([words, *layer, *second]), jnp.ones((1, 16), int))


def flax_separable() -> Any:
    """Build depthwise convolutions with 1 by 1 ones between them, of the layers of Flax."""
    import jax.numpy as jnp
    from flax import linen as nn

    parts = []
    for width in (64, 128, 256):
        parts += [nn.Conv(width, (1, 1)), nn.Conv(width, (3, 3), feature_group_count=width)]
    network = nn.Sequential([*parts, nn.ConvTranspose(64, (3, 3)), nn.Conv(3, (1, 1))])
    return flax_arrays(network, jnp.ones((1, 32, 32, 3)))


FLAX = {
    "perceptron of Flax": flax_perceptron,
    "convolutions of Flax": flax_convolutions,
    "recurrent network of Flax": flax_recurrent,
    "encoder of Flax": flax_encoder,
}
FLAX_HELD_OUT = {"separable convolutions of Flax": flax_separable}
OF_KERAS_LAYERS = {
    "encoder of Keras": keras_encoder,
    "recurrent network of Keras": keras_recurrent,
}

OF_KERAS_LAYERS_HELD_OUT = {"separable convolutions of Keras": keras_separable}


# All of them


def _listed(
    torch: dict[str, Callable[[], Any]],
    of_timm_names: tuple[str, ...],
    of_types: dict[str, tuple[str, dict[str, Any]]],
    applications: tuple[str, ...],
    of_layers: dict[str, Callable[[], Any]],
    flax: dict[str, Callable[[], Any]],
) -> tuple[Architecture, ...]:
    """Return the architectures of all libraries in one list."""
    found = [Architecture("torch.nn", name, build) for name, build in torch.items()]
    found += [Architecture("timm", name, partial(of_timm, name)) for name in of_timm_names]
    for kind, (purpose, options) in of_types.items():
        build = partial(of_transformers, kind, purpose, options)
        found.append(Architecture("transformers", kind, build))
    found += [Architecture("Keras", name, partial(of_keras, name)) for name in applications]
    found += [Architecture("Keras", name, build) for name, build in of_layers.items()]
    found += [Architecture("Flax", name, build) for name, build in flax.items()]
    return tuple(found)


HUNDRED = _listed(TORCH, TIMM, TRANSFORMERS, KERAS, OF_KERAS_LAYERS, FLAX)
HELD_OUT = _listed(
    *(TORCH_HELD_OUT, TIMM_HELD_OUT, TRANSFORMERS_HELD_OUT, KERAS_HELD_OUT),
    *(OF_KERAS_LAYERS_HELD_OUT, FLAX_HELD_OUT),
)


def stay_offline() -> None:
    """Let no library download, and all of them compute on the processor, before any is imported."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "KERAS_BACKEND": "torch"}
    os.environ |= {"JAX_PLATFORMS": "cpu", "TRANSFORMERS_VERBOSITY": "error"}


def built(one: Architecture, seed: int = SEED) -> Any:
    """Return a new model, with the seeds of all libraries set before."""
    import keras

    keras.utils.set_random_seed(seed)  # those of NumPy and PyTorch as well
    return one.build()
