"""What the name of an array tells: what it belongs to, and what it is there for.

Names are all that a file says beside numbers. They decide no fault by themselves: they tell a note
from a look, and which arrays are read side by side.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

__all__ = [
    "bias_name",
    "has_parallel_copies",
    "is_bias",
    "is_buffer",
    "is_embedding",
    "is_packed_attention",
    "is_shared_by_name",
    "is_table_by_name",
    "matches",
    "module_of",
    "partner_words",
    "pattern_of",
    "query_key_value",
]

_BUFFER: Final = re.compile(
    r"(running_mean|running_var|num_batches_tracked|moving_(mean|variance)|position_ids|inv_freq"
    r"|masked_bias|attn_mask|causal_mask|relative_position_index|batch_stats)",
    re.IGNORECASE,
)
_TABLE: Final = re.compile(
    r"(position|pos_emb|rel_pos|relative_|sinus|rotary|freq|anchor|_mask|A_log|time_(mix|decay))",
    re.IGNORECASE,
)
_EMBEDDING: Final = re.compile(r"(emb|wte|wpe|shared|token|vocab|lookup)", re.IGNORECASE)
_HEAD: Final = re.compile(
    r"(lm_head|head|decoder|output|logits|predictions|proj_out|generator|softmax)", re.IGNORECASE
)
_PARALLEL: Final = re.compile(
    r"(expert|head|branch|branche|member|ensemble|tower|critic|qf)s?[._/-]?\d+",
    re.IGNORECASE,
)
_SELF_ATTENTION: Final = re.compile(
    r"(?<![a-z])(query|key|value|q|k|v|wq|wk|wv)(?![a-z])(_?proj(ection)?|_?lin|_dense)?",
    re.IGNORECASE,
)
_PACKED: Final = re.compile(r"(in_proj|qkv|c_attn|Wqkv|query_key_value)", re.IGNORECASE)
_WEIGHT_ENDINGS: Final = ("weight", "kernel")
_PARTNERS: Final = (  # two factors of one path: while both are 0, neither has a gradient
    ("lora_A", "lora_B"),
    ("lora_a", "lora_b"),
    ("lora_down", "lora_up"),
    ("hada_w1_a", "hada_w1_b"),
    ("hada_w2_a", "hada_w2_b"),
    ("down_proj", "up_proj"),
    ("q_proj", "k_proj"),
    ("query", "key"),
    ("linear1", "linear2"),
    ("fc1", "fc2"),
    ("c_fc", "c_proj"),
    ("conv1", "conv2"),
    ("wi", "wo"),
)


def pattern_of(name: str) -> str:
    """Return the name with ``#`` for each number, the same for all blocks of a model."""
    return re.sub(r"\d+", "#", name)


def module_of(name: str) -> str:
    """Return the name without its last part."""
    parts = re.split(r"[./]", name)
    return name[: len(name) - len(parts[-1])].rstrip("./")


def bias_name(name: str) -> str | None:
    """Return the name of the bias that belongs to a weight, if this is one."""
    for ending in _WEIGHT_ENDINGS:
        head, found, tail = name.rpartition(ending)
        if found and not tail.strip(":0123456789"):
            return f"{head}bias{tail}"
    return None


def is_bias(name: str) -> bool:
    """Tell whether this is added and not multiplied, such as a bias for each place of each head."""
    return "bias" in re.split(r"[./]", name)[-1].lower()


def is_buffer(name: str) -> bool:
    """Tell whether this is what a layer keeps beside its weights, such as a moving average."""
    return bool(_BUFFER.search(name))


def is_table_by_name(name: str) -> bool:
    """Tell whether this is likely to be written by a formula, such as positions."""
    return bool(_TABLE.search(name))


def is_embedding(name: str) -> bool:
    """Tell whether the rows of this are looked up, so that one may be there for padding."""
    return bool(_EMBEDDING.search(name))


def is_shared_by_name(names: list[str]) -> bool:
    """Tell whether equal arrays are an embedding and the layer that reads it backwards."""
    reads = [name for name in names if _EMBEDDING.search(name)]
    writes = [name for name in names if _HEAD.search(name) and name not in reads]
    return bool(reads) and len(reads) + len(writes) == len(names)


def has_parallel_copies(names: list[str]) -> bool:
    """Tell whether two names differ in the number of an expert, head, branch or member only."""
    masked = []
    for name in names:
        found = _PARALLEL.search(name)
        if found:
            without_number = re.sub(r"\d+", "#", found[0])
            masked.append(name[: found.start()] + without_number + name[found.end() :])
    return len(set(masked)) < len(masked)


def query_key_value(names: list[str]) -> bool:
    """Tell whether two of the names are the query, key and value of one attention."""
    parts: dict[str, set[str]] = {}
    for name in names:
        found = _SELF_ATTENTION.search(name)
        if found:
            place = name[: found.start()] + "?" + name[found.end() :]
            parts.setdefault(place, set()).add(found[1].lower())
    return any(len(words) >= 2 for words in parts.values())


def is_packed_attention(name: str) -> bool:
    """Tell whether this is likely to hold query, key and value, one below the other."""
    return bool(_PACKED.search(name))


def partner_words(name: str) -> list[str]:
    """Return the names that the other factor of a path may have, if this is the first one."""
    found = []
    for first, second in _PARTNERS:
        other = re.sub(rf"(?<![A-Za-z0-9]){first}(?![A-Za-z0-9])", second, name)
        if other != name:
            found.append(other)
    return found


def matches(pattern: str, kind: str, name: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether a pattern such as ``zero:*lora_B*`` or ``*head*`` means this finding."""
    before, colon, after = pattern.partition(":")
    if colon and before in kinds:
        return before == kind and fnmatchcase(name, after)
    return fnmatchcase(name, pattern) or pattern == kind
