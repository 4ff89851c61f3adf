"""What is called surprising is so by its law, and what is called a fault is one."""

import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from symlib import _audit_laws as laws
from symlib._audit_array import examine
from symlib._audit_command import progress
from symlib._audit_verdicts import KINDS
from symlib.audit import Finding, audit, check_start, compare, main, table
from symlib.designs import hadamard, sinusoidal
from symlib.network import Layer, Network
from symlib.training import descend
from symlib.weights import constant

ROOT = Path(__file__).parents[1]
SHAPES = [(32, 3), (64, 4), (96, 9), (64, 27), (64, 147), (128, 64), (64, 128), (64, 576)]


def orthogonal(rng, shape):
    """Draw orthonormal rows or columns."""
    rows, columns = shape
    frame = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))[0]
    return frame if rows >= columns else frame.T


ENTRIES = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "cut normal": lambda rng, shape: stats.truncnorm.rvs(-2, 2, size=shape, random_state=rng),
    "orthogonal": orthogonal,
    "signs": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
}


def drawn(law="normal", shape=(64, 32), seed=0, dtype=np.float32):
    """Return a random start."""
    return ENTRIES[law](np.random.default_rng(seed), shape).astype(dtype)


def saved(path, arrays):
    """Write a safetensors file, and return its path."""
    codes = {"float32": "F32", "complex64": "C64"}
    header, content = {}, b""
    for name, array in arrays.items():
        offsets = [len(content), len(content) + array.nbytes]
        content += array.tobytes()
        code = codes[array.dtype.name]
        header[name] = {"dtype": code, "shape": array.shape, "data_offsets": offsets}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return path


def kinds(found):
    """Return what was found, in short."""
    return [(one.kind, one.verdict) for one in found]


class TestLevel:
    """Clean arrays pass each law about as often as it says."""

    @pytest.mark.parametrize("draws", [12, pytest.param(120, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("law", ENTRIES)
    def test_laws_are_passed_as_often_as_they_say(self, law, draws):
        """At 5 %, over eight shapes; a factor of 1.6 is left for laws that are not Gaussian."""
        rng = np.random.default_rng(1)
        passed: dict[str, list[bool]] = {}
        for shape in SHAPES:
            for _ in range(draws):
                array = ENTRIES[law](rng, shape).astype(np.float32)
                _, evidence = examine("w", array, layout="torch", thorough=True)
                for one in evidence:
                    passed.setdefault(one.kind, []).append(one.chance < 0.05)
        assert {"equal rows", "equal columns", "one-signed rows"} <= set(passed)
        for kind, found in passed.items():
            allowed = 0.08 + 4 * (0.05 * 0.95 / len(found)) ** 0.5
            assert np.mean(found) < allowed, (kind, np.mean(found))

    def test_the_law_of_cosines_is_exact(self):
        """Over 4,000 pairs of Gaussian rows, the chance of one pair is uniform."""
        rng = np.random.default_rng(2)
        for features in (2, 3, 9, 64):
            first, second = rng.standard_normal((2, 4000, features))
            lengths = (first**2).sum(axis=1) * (second**2).sum(axis=1)
            sines = 1 - (first * second).sum(axis=1) ** 2 / lengths
            chances = [laws.cosine_chance(sine, features, 1) for sine in sines]
            assert stats.kstest(chances, "uniform").pvalue > 1e-4

    def test_the_law_of_pivots_is_exact(self):
        """Bartlett's distances, of all rows but the minimum over them."""
        rng = np.random.default_rng(3)
        least = []
        for _ in range(2000):
            triangle = np.linalg.qr(rng.standard_normal((9, 6)), mode="r")
            least.append(laws.pivot_chances(np.diag(triangle) ** 2, 9)[2])
        # 6 times a uniform number, cut at 1
        assert abs(np.mean(np.array(least) < 0.6) - 0.1) < 4 * (0.09 / 2000) ** 0.5

    def test_the_law_of_norms_is_exact_for_gaussian_entries(self):
        """The ratio of the first row to all others, over 2,000 matrices."""
        rng = np.random.default_rng(4)
        chances = []
        for _ in range(2000):
            squares = (rng.standard_normal((5, 7)) ** 2).sum(axis=1)
            others = squares[1:].mean()
            chances.append(laws.row_norm_chance(squares[0], others, 5, 7, 3.0))
        above = np.array(chances)[:, 0]
        # 5 times a uniform number, cut at 1
        assert abs(np.mean(above < 0.5) - 0.1) < 4 * (0.09 / 2000) ** 0.5

    @pytest.mark.parametrize("count", [2, 10])
    def test_the_law_of_the_mean_is_exact_for_gaussian_entries(self, count):
        """A mean on either side counts: the chance is a uniform number, over 2,000 arrays."""
        entries = np.random.default_rng(6).standard_normal((2000, count))
        deviations = entries.std(axis=1, ddof=1)
        means = zip(entries.mean(axis=1), deviations, strict=True)
        chances = [laws.mean_chance(mean, deviation, count) for mean, deviation in means]
        assert stats.kstest(chances, "uniform").pvalue > 1e-4

    def test_the_law_of_single_entries_is_exact_for_one(self):
        """An entry on either side counts; of several, the chances are added."""
        entries = np.random.default_rng(7).standard_normal(2000)
        chances = [laws.entry_chance(abs(entry), 1) for entry in entries]
        assert stats.kstest(chances, "uniform").pvalue > 1e-4
        assert laws.entry_chance(4.0, 10) == pytest.approx(10 * laws.entry_chance(4.0, 1))

    def test_the_law_of_biases_is_exact_for_one_unit(self):
        """A bias as large as the sums of a unit, which has few entries, over 2,000 units."""
        rng = np.random.default_rng(8)
        norms = np.linalg.norm(rng.standard_normal((2000, 3)) / 3**0.5, axis=1)
        ratios = np.abs(rng.standard_normal(2000)) / norms
        chances = [laws.bias_chance(ratio, 3, 1) for ratio in ratios]
        assert stats.kstest(chances, "uniform").pvalue > 1e-4

    def test_the_edge_is_a_bound(self):
        """Davidson and Szarek: passed no more often than said."""
        rng = np.random.default_rng(5)
        largest = np.linalg.svdvals(rng.standard_normal((500, 8, 20)))[:, 0]
        for level in (0.5, 0.1):
            passed = [laws.edge_chance(value, 8, 20) <= level for value in largest]
            assert np.mean(passed) <= level

    def test_extreme_arguments_have_a_chance(self):
        """Nothing, everything, and no room."""
        assert laws.mean_chance(0.0, 0.0, 5) == 1.0
        assert laws.mean_chance(1.0, 0.0, 5) == 0.0
        assert laws.cosine_chance(0.0, 1, 10) == 1.0
        assert laws.cosine_chance(-1e-20, 9, 10) == 0.0
        assert laws.correlation_chance(1.0, 24, 10) == 0.0
        assert laws.coincidence_chance(0.5, 3, 100) == 1.0
        assert laws.row_norm_chance(1.0, 0.0, 3, 3, 3.0) == (0.0, 1.0)
        assert laws.scale_chance(1.0, 100, 200, 3.0) > 0.5

    @pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16, np.float64])
    def test_low_precision_is_no_finding(self, dtype):
        """Rounded starts have equal entries, and no equal rows."""
        for law in ("normal", "uniform"):
            for shape in ((64, 576), (256, 9), (2000, 64)):
                array = drawn(law, shape).astype(dtype)
                assert audit({"w": array}) == []


class TestPower:
    """What is planted is found at every shape where chance could not have done it."""

    @pytest.mark.parametrize("law", ["normal", "uniform", "cut normal", "orthogonal"])
    @pytest.mark.parametrize("shape", SHAPES)
    def test_faults_within_an_array(self, law, shape):
        """Copies from 3 entries on, one sign from 64 on, outliers and long rows from 9 on."""
        clean = drawn(law, shape, seed=9)
        features = shape[1]
        copied, signed, far, long, moved = (clean.copy() for _ in range(5))
        copied[5] = copied[2]
        signed[5] = -abs(signed[5])
        far[5, 1] = -100 * clean.std()
        long[5] *= 5
        moved += 0.2 * clean.std()
        assert ("equal rows", "fault") in kinds(audit({"w": copied}))
        if clean.size >= 864:
            assert ("single entries", "fault") in kinds(audit({"w": far}))
            found = kinds(audit({"w": long}))
            assert {("row norms", "look"), ("single entries", "look")} & set(found)
        if features >= 64:
            assert ("one-signed rows", "fault") in kinds(audit({"w": signed}))
        if clean.size >= 1700:
            assert ("shared mean", "look") in kinds(audit({"w": moved}))

    def test_a_few_signs_are_no_fault(self):
        """A row of 24 signs is one in 10^5, and no more than a look."""
        array = drawn(shape=(16, 24))
        array[3] = abs(array[3])
        assert ("one-signed rows", "look") in kinds(audit({"w": array}, chance=0.5))

    def test_all_rows_are_searched_for_copies(self):
        """However many, and whichever way: up to the sign and to a factor."""
        for factor, how in ((1, "equal"), (-1, "up to the sign"), (1.7, "up to a factor")):
            array = drawn(shape=(5000, 24))
            array[4321] = factor * array[17]
            (found,) = audit({"w": array})
            assert (found.kind, found.measured, found.expected) == ("equal rows", 4999, 5000)
            assert "rows 17 and 4321" in found.why
            assert how in found.why

    def test_crowds_of_copies(self):
        """Thousands in one place, and none of them is compared with all others."""
        few = drawn(shape=(7, 12))
        array = few[np.random.default_rng(1).integers(0, 7, 30_000)]
        (found,) = audit({"w": array})
        assert (found.kind, found.measured, found.expected) == ("equal rows", 7, 30_000)
        (found,) = audit({"w": np.tile(drawn(shape=(1, 150)), (40_000, 1))})
        assert found.why.startswith("at most ")

    def test_axes_of_length_one_in_front(self):
        """As tokens and positions have them."""
        array = drawn(shape=(1, 64, 32))
        array[0, 7] = array[0, 3]
        assert kinds(audit({"tokens": array})) == [("equal rows", "fault")]

    def test_copies_in_low_precision(self):
        """A factor rounds the copy again, at the precision of the file."""
        for dtype in (ml_dtypes.bfloat16, np.float16):
            array = drawn(shape=(300, 64)).astype(dtype)
            array[7] = (1.7 * array[3].astype(float)).astype(dtype)
            (found,) = audit({"w": array})
            assert (found.kind, found.verdict) == ("equal rows", "fault")

    def test_thorough_compares_all_pairs(self):
        """A pair that the sample leaves out."""
        array = drawn(shape=(301, 64), dtype=np.float64)
        array[201] = 0.8 * array[100] + 0.6 * array[201]
        assert audit({"w": array}) == []
        (found,) = audit({"w": array}, thorough=True)
        assert (found.kind, found.verdict) == ("similar rows", "look")
        assert "rows 100 and 201" in found.why or "rows 201 and 100" in found.why

    def test_rows_that_rounding_merges(self):
        """One number and a speck: many rows in float32, few in bfloat16."""
        array = 0.5 + 1e-4 * drawn(shape=(256, 4))
        found = {one.kind: one for one in audit({"w": array})}
        assert found["low-precision ties"].measured < 256
        assert "bfloat16" in found["low-precision ties"].why

    @pytest.mark.parametrize(("value", "noise"), [(1, 1e-2), (1, 1e-5), (0.1, 3e-6), (0.02, 1e-6)])
    def test_a_constant_with_a_little_noise(self, value, noise):
        """Found in single precision too, where rounding is most of the noise."""
        for seed in range(10):
            array = (value + noise * drawn(seed=seed)).astype(np.float32)
            assert ("constant", "look") in kinds(audit({"w": array}))

    @pytest.mark.parametrize("mean", [3, 5, 10])
    def test_a_large_mean_is_told_once(self, mean):
        """Rows are as long as they are because of it."""
        assert kinds(audit({"w": mean + drawn(shape=(128, 64))})) == [("shared mean", "look")]


class TestInvariance:
    """What is found does not depend on units, or on where they stand."""

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 2**31), st.integers(-8, 8), st.booleans())
    def test_order_and_scale(self, seed, exponent, is_turned):
        """Rows in another order, a power of two, and the other side of the matrix."""
        rng = np.random.default_rng(seed)
        array = drawn(shape=(40, 30), seed=seed)
        array[3] = -array[9]
        changed = np.ldexp(array[rng.permutation(40)], exponent)
        (found,) = audit({"w": changed.T if is_turned else changed})
        assert (found.verdict, found.measured, found.expected) == ("fault", 39, 40)
        assert found.kind == ("equal columns" if is_turned else "equal rows")


class TestDesigns:
    """What is written by a formula is told, and is no fault."""

    @pytest.mark.parametrize(
        "array",
        [
            hadamard(64),
            sinusoidal((64, 64)),
            np.eye(64),
            np.random.default_rng(0).choice([-1.0, 1.0], (512, 9)),
            np.ones(64),
            np.zeros(64),
            np.full(64, 1e-6),
            np.float32(0.07),
            np.tril(np.ones((32, 32))),
        ],
        ids=[
            "hadamard",
            "sinusoidal",
            "identity",
            "signs",
            "ones",
            "zeros",
            "scale",
            "one",
            "mask",
        ],
    )
    def test_designs_are_no_fault(self, array):
        """With the exception of rows of a few signs, which must be equal by counting."""
        assert [one for one in audit({"w": array}) if one.verdict == "fault"] == []

    def test_a_ramp_in_all_rows_is_no_fault(self):
        """As in state-space models."""
        ramp = np.log(np.tile(np.arange(1.0, 17), (96, 1)))
        arrays = {f"layers.{k}.A": ramp for k in range(3)}
        found = audit(arrays | {"layers.0.w": drawn()})
        assert all(one.verdict != "fault" for one in found)
        assert ("equal tables", "note") in kinds(audit({k: v.copy() for k, v in arrays.items()}))

    def test_rows_made_for_a_pixel_shuffle(self):
        """Each stands four times, side by side."""
        (found,) = audit({"up.weight": np.repeat(drawn(shape=(16, 72)), 4, axis=0)})
        assert (found.kind, found.verdict, found.measured) == ("equal rows", "look", 16)
        assert "pixel shuffles" in found.why

    def test_all_rows_equal_is_a_fault(self):
        """One random row for all units."""
        (found,) = audit({"w": np.tile(drawn(shape=(1, 72)), (16, 1))})
        assert (found.kind, found.verdict, found.measured) == ("equal rows", "fault", 1)

    def test_a_row_for_padding(self):
        """One row of an embedding may be 0, two may not, nor may units."""
        array = drawn(shape=(100, 16))
        array[0] = 0
        assert kinds(audit({"embed.weight": array})) == [("padding", "note")]
        assert kinds(audit({"fc.weight": array})) == [("zero rows", "look")]
        array[1] = 0
        assert kinds(audit({"embed.weight": array})) == [("zero rows", "look")]

    def test_a_mask_of_infinities(self):
        """Not trained, and no more than a look."""
        mask = np.triu(np.full((8, 8), -np.inf), 1)
        assert kinds(audit({"w": mask})) == [("not finite", "look")]

    def test_buffers_are_no_fault(self):
        """What a layer keeps beside its weights is not trained."""
        array = drawn()
        array[0, 0] = np.nan
        assert kinds(audit({"bn.running_mean": array})) == [("not finite", "look")]

    def test_tables_by_name_are_no_fault(self):
        """What random entries would be a fault in a weight."""
        array = drawn()
        array[0] = array[1]
        assert kinds(audit({"rel_pos_table": array})) == [("equal rows", "look")]

    def test_sparse_starts(self):
        """Few entries that are not 0."""
        rng = np.random.default_rng(0)
        array = drawn(shape=(128, 128)) * (rng.random((128, 128)) < 0.1)
        assert audit({"w": array}) == []


class TestSlices:
    """Heads, experts, members and channels."""

    def test_packed_query_key_value(self):
        """Equal thirds of one matrix."""
        array = np.tile(drawn(shape=(32, 32)), (3, 1))
        (found,) = audit({"in_proj_weight": array})
        assert (found.kind, found.verdict) == ("equal slices", "fault")
        assert "32 apart" in found.why

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_stacks_of_matrices(self, axis):
        """Whichever axis the experts or heads are on, in every layout."""
        array = drawn(shape=(12, 16, 20))
        first, second = [slice(None)] * 3, [slice(None)] * 3
        first[axis], second[axis] = 2, 5
        array[tuple(second)] = array[tuple(first)]
        for layout in ("torch", "keras", "flax"):
            found = audit({"w": array}, layout=layout)
            assert {one.verdict for one in found} == {"fault"}, (layout, found)

    def test_kernels_in_both_layouts(self):
        """Filters along the first axis or the last one; channels that are read."""
        for layout, axes in (("torch", (0, 1)), ("keras", (3, 2))):
            for axis in axes:
                array = drawn(shape=(16, 16, 16, 16))
                moved = np.moveaxis(array, axis, 0)
                moved[3] = moved[9]
                assert "fault" in {one.verdict for one in audit({"w": array}, layout=layout)}

    def test_a_depthwise_kernel(self):
        """Its units are channels, as many as the third axis is long."""
        array = drawn(shape=(3, 3, 64, 1))
        array[..., 5, :] = array[..., 9, :]
        (found,) = audit({"conv/depthwise_kernel": array})
        assert (found.kind, found.verdict) == ("equal slices", "fault")


class TestAcross:
    """Arrays beside each other."""

    def test_equal_layers_are_a_look(self):
        """And no second finding for the same reason."""
        weight = drawn()
        arrays = {"layers.0.weight": weight, "layers.1.weight": weight.copy()}
        (found,) = audit(arrays)
        assert (found.kind, found.verdict) == ("equal arrays", "look")
        assert found.arrays == tuple(arrays)

    @pytest.mark.parametrize(
        "names",
        [
            ("attn.query.weight", "attn.key.weight", "attn.value.weight"),
            ("attn.q_proj.weight", "attn.k_proj.weight"),
            ("attention/query/kernel", "attention/key/kernel"),
            ("h.0.attn.wq", "h.0.attn.wk"),
        ],
    )
    def test_query_key_and_value(self, names):
        """Equal parts of one attention, in several namings."""
        found = audit({name: drawn() for name in names})
        assert kinds(found) == [("query = key", "fault")]

    @pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (0, 2)])
    @pytest.mark.parametrize("name", ["attn.in_proj_weight", "blocks.0.attn.qkv.weight"])
    def test_two_thirds_of_a_packed_attention(self, name, first, second):
        """Query, key and value one below the other, two of them equal."""
        packed = drawn(shape=(96, 32)).reshape(3, 32, 32)
        packed[second] = packed[first]
        (found,) = audit({name: packed.reshape(96, 32)})
        assert (found.kind, found.verdict) == ("equal slices", "fault")
        assert "by the name are two of query, key and value" in found.why

    def test_heads_of_a_packed_attention(self):
        """A run that is not a third is a head."""
        packed = drawn(shape=(96, 32))
        packed[8:16] = packed[:8]
        thirds = np.concatenate([drawn(shape=(32, 32), seed=1)] * 2 + [drawn(shape=(32, 32))])
        for name, array in {"attn.qkv.weight": packed, "mixer.weight": thirds}.items():
            (found,) = audit({name: array})
            assert (found.kind, found.verdict) == ("equal slices", "fault")
            assert "query" not in found.why

    def test_the_query_of_two_layers(self):
        """Equal layers, not equal parts."""
        arrays = {f"h.{k}.attn.q_proj.weight": drawn() for k in range(2)}
        assert kinds(audit(arrays)) == [("equal arrays", "look")]

    @pytest.mark.parametrize(
        "name", ["experts.{}.w", "heads.{}.w", "branch_{}/kernel", "critic{}.w"]
    )
    def test_parallel_parts(self, name):
        """Experts, heads and branches that are equal."""
        found = audit({name.format(k): drawn() for k in range(3)})
        assert kinds(found) == [("equal slices", "fault")]

    def test_experts_of_equal_layers(self):
        """Layers are equal, and the experts of each differ."""
        arrays = {f"layers.{k}.experts.{j}.w": drawn(seed=j) for k in range(2) for j in range(3)}
        assert set(kinds(audit(arrays))) == {("equal arrays", "look")}

    def test_an_embedding_that_is_read_backwards(self):
        """Equal in a file, as it is one array in the model."""
        found = audit({"model.embed_tokens.weight": drawn(), "lm_head.weight": drawn()})
        assert kinds(found) == [("shared", "note")]

    def test_one_array_under_two_names(self):
        """A mapping says so by itself."""
        weight = drawn()
        assert kinds(audit({"a": weight, "b": weight})) == [("shared", "note")]
        assert kinds(audit(iter([("a", weight), ("b", weight)]))) == [("equal arrays", "look")]

    def test_one_seed_for_layers_of_other_shapes_and_laws(self):
        """Up to a factor and a shift, also when a layer is stored the other way round."""
        rng = np.random.default_rng
        pairs = [
            (rng(1).standard_normal((64, 32)), 3 * rng(1).standard_normal((48, 20))),
            (rng(1).uniform(-1, 1, (64, 32)), rng(1).uniform(-0.1, 0.1, (16, 32))),
            (rng(1).standard_normal((64, 32)), rng(1).standard_normal((32, 48)).T),
        ]
        for first, second in pairs:
            (found,) = audit({"a": first, "b": second})
            assert (found.kind, found.verdict) == ("same stream", "look")

    def test_low_precision_keeps_the_stream(self):
        """Rounded to 8 bits."""
        first = drawn(shape=(64, 32))
        second = (0.02 * drawn(shape=(32, 32))).astype(ml_dtypes.bfloat16)
        assert kinds(audit({"a": first, "b": second})) == [("same stream", "look")]

    def test_many_arrays_are_told_apart(self):
        """Two hundred from one generator have nothing in common."""
        rng = np.random.default_rng(0)
        arrays = {f"layers.{k}.w": rng.standard_normal((20, 20)) for k in range(200)}
        assert audit(arrays) == []

    def test_a_layer_of_another_one_and_noise(self):
        """The correlation is told."""
        first, noise = drawn(seed=1), drawn(seed=2)
        (found,) = audit({"a": first, "b": first + noise})
        assert (found.kind, found.verdict) == ("similar arrays", "look")
        assert abs(found.measured - 0.5**0.5) < 0.1

    def test_both_factors_zero(self):
        """An adapter that never learns; with one factor it is right."""
        both = {"lora_A.weight": np.zeros((4, 32)), "lora_B.weight": np.zeros((32, 4))}
        assert kinds(audit(both)) == [("zero path", "look")]
        right = both | {"lora_A.weight": drawn(shape=(4, 32))}
        assert kinds(audit(right)) == [("zero", "look")]
        assert audit(right, allow=["zero:*lora_B*"]) == []

    def test_biases_of_several_axes_start_at_zero_as_others_do(self):
        """Of Keras and Flax, for each head, and those of relative places; a weight is told."""
        axes = {"query/bias": (8, 32), "key/bias": (8, 32), "attention_biases": (4, 49)}
        biases = {name: np.zeros(shape) for name, shape in axes.items()}
        assert audit(biases) == []
        filled = {name: np.full(shape, 0.5) for name, shape in axes.items()}
        assert audit(filled) == []
        weights = {"query/kernel": np.zeros((8, 32)), "key/kernel": np.zeros((8, 32))}
        assert kinds(audit(weights)) == [("zero path", "look")]
        unwritten = biases | {"key/bias": np.full((8, 32), np.nan)}
        assert kinds(audit(unwritten)) == [("not finite", "fault")]

    def test_a_bias_beyond_its_row(self):
        """In both layouts, whichever of the two comes first."""
        weight = drawn(shape=(32, 32))
        weight[:, 5] *= 0.1
        bias = np.zeros(32)
        bias[5] = 4.0
        layer = {"fc.bias": bias, "fc.weight": weight}
        assert "dead biases" not in dict(kinds(audit(layer)))
        flat = {"fc/bias": bias, "fc/kernel": weight}
        assert ("dead biases", "look") in kinds(audit(flat))
        assert ("dead biases", "look") in kinds(audit({"a.weight": weight.T, "a.bias": bias}))

    def test_biases_without_their_rows(self):
        """Of another length, or of rows that are 0."""
        bias = np.full(32, 9.0)
        bias[0] = 8.0
        assert audit({"fc.bias": bias, "fc.weight": drawn(shape=(20, 24))}) == []
        found = audit({"fc.bias": bias, "fc.weight": np.zeros((32, 24))})
        assert kinds(found) == [("zero", "look")]

    def test_the_scale_is_a_note(self):
        """Among three of a name and shape or more."""
        arrays = {f"h.{k}.w": drawn(seed=k) for k in range(3)}
        arrays["h.1.w"] *= 5
        (found,) = audit(arrays)
        assert (found.kind, found.verdict, found.arrays) == ("scale", "note", ("h.1.w",))
        assert abs(found.measured - 5) < 0.2


def trained(network, steps=3):
    """Return the arrays of a network before and after some steps."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))
    later = descend(network, x, y, steps=steps, rate=0.1).network
    return named(network), named(later)


def named(network):
    """Return the arrays of a network by their names."""
    arrays = {}
    for k, layer in enumerate(network.layers):
        arrays[f"layers.{k}.weight"] = layer.weight
        if layer.bias is not None:
            arrays[f"layers.{k}.bias"] = layer.bias
    return arrays


class TestCompare:
    """What two snapshots prove."""

    def test_a_constant_start_stays_tied(self):
        """All units of the hidden layer, in exact order of sums."""
        layers = [
            Layer(constant((5, 3), value=0.5), np.zeros(5)),
            Layer(constant((2, 5), value=0.5)),
        ]
        before, after = trained(Network(layers, "tanh", same_order=True))
        found = compare(before, after)
        assert {one.verdict for one in found} == {"fault"}
        tied = {one.arrays[0]: one for one in found if one.kind == "still equal"}
        assert set(tied) == {"layers.0.weight", "layers.0.bias", "layers.1.weight"}
        assert tied["layers.0.weight"].measured == 1
        assert "columns 0 and 1" in tied["layers.1.weight"].why

    def test_equal_rows_that_part_are_nothing(self):
        """What is made of them differs."""
        layers = [Layer(constant((5, 3), value=0.5), np.zeros(5)), Layer(drawn(shape=(2, 5)))]
        assert compare(*trained(Network(layers, "tanh"))) == []

    def test_zero_on_both_sides_stays(self):
        """No gradient reaches either; one side alone moves."""
        zero = np.zeros((5, 3)), np.zeros((2, 5))
        both = Network([Layer(zero[0]), Layer(zero[1])], "tanh")
        last = Network([Layer(drawn(shape=(5, 3))), Layer(zero[1])], "tanh")
        found = compare(*trained(both))
        assert kinds(found) == [("never moved", "fault")]
        assert "no array changed at all" in found[0].why
        assert compare(*trained(last)) == []

    def test_entries_that_no_start_draws(self):
        """Products with them are no numbers, so that nothing else is asked."""
        before = drawn()
        before[0, 0] = 3e38
        (found,) = compare({"a": before}, {"a": before / 2})
        assert (found.kind, found.verdict) == ("garbage", "fault")

    def test_an_array_that_stays(self):
        """Zero or not; a table may."""
        before = {"a": drawn(), "b": np.zeros(5), "c": drawn(seed=1), "pos_embed": drawn(seed=2)}
        after = before | {"a": before["a"] + 1}
        found = compare(before, after)
        assert [(one.kind, one.verdict, one.arrays[0]) for one in found] == [
            ("still zero", "fault", "b"),
            ("never moved", "look", "c"),  # a mapping does not say what is trained
            ("never moved", "look", "pos_embed"),
        ]

    def test_copies_up_to_the_sign(self):
        """Of an odd activation."""
        before = drawn(shape=(8, 5))
        before[3] = -before[1]
        after = before + 0.1 * drawn(shape=(8, 5), seed=1)
        assert compare({"w": before}, {"w": after}) == []
        after[3] = -after[1]
        (found,) = compare({"w": before}, {"w": after})
        assert (found.kind, found.measured, found.expected) == ("still equal", 7, 8)

    def test_slices_and_whole_arrays(self):
        """Heads along the second axis; experts in arrays of their own."""
        before, after = drawn(shape=(8, 10, 9)), drawn(shape=(8, 10, 9), seed=1)
        before[:, 3] = before[:, 1]
        after[:, 3] = after[:, 1]
        found = compare({"w": before}, {"w": after})
        assert "slices along axis 1" in " ".join(one.why for one in found)
        twice = [{f"{name}.weight": array for name in ("a", "b")} for array in (before, after)]
        found = compare(iter(twice[0].items()), iter(twice[1].items()))
        assert ("a.weight", "b.weight") in [one.arrays for one in found]

    def test_shared_arrays_are_a_note(self):
        """One array, stored twice."""
        names = "embed.weight", "lm_head.weight"
        before = iter([(name, drawn()) for name in names])
        after = iter([(name, drawn(seed=1)) for name in names])
        assert kinds(compare(before, after)) == [("shared", "note")]

    def test_rows_that_never_moved(self):
        """Units that were never on; rows of an embedding that were not read."""
        before = drawn()
        after = before + 0.1
        after[4] = before[4]
        assert kinds(compare({"w": before}, {"w": after})) == [("rows never moved", "look")]
        assert compare({"embed.weight": before}, {"embed.weight": after}) == []

    def test_what_is_not_finite_any_more(self):
        """Training diverged."""
        after = drawn(seed=1)
        after[0, 0] = np.inf
        assert kinds(compare({"w": drawn()}, {"w": after})) == [("not finite", "fault")]

    @pytest.mark.parametrize(
        ("after", "told"),
        [
            ({"w": drawn(shape=(3, 3))}, r"after\['w'\] must be an array of shape \(64, 32\)"),
            ({"v": drawn()}, "after must have arrays of the names in before"),
            ({"w": drawn().astype(complex)}, r"after\['w'\] must be an array of real numbers"),
            (3, "after must be a mapping"),
        ],
    )
    def test_snapshots_of_something_else(self, after, told):
        """One sentence."""
        with pytest.raises((TypeError, ValueError), match=told):
            compare({"w": drawn()}, after)


class Parameter:
    """A stand-in for a tensor."""

    def __init__(self, array, requires_grad=True):
        self.array, self.requires_grad = array, requires_grad
        self.dtype = array.dtype

    def detach(self):
        """Return what has no gradient."""
        return self

    def cpu(self):
        """Return what NumPy can read."""
        return self.array


class TestModels:
    """Models are known by what they offer."""

    def test_what_a_model_trains_and_never_moves(self):
        """A matrix is at fault; some vectors need no gradient, and say so."""
        named = [("a.weight", drawn()), ("a.bias", drawn(shape=(64,))), ("b.weight", drawn(seed=1))]

        def model(moved):
            parameters = [(name, Parameter(array)) for name, array in named]
            parameters[2] = ("b.weight", Parameter(named[2][1] + moved))
            return SimpleNamespace(
                named_parameters=lambda remove_duplicate: iter(parameters),
                named_modules=lambda: iter([("", None)]),
            )

        found = compare(model(0), model(1))
        assert [(one.kind, one.verdict, one.arrays[0]) for one in found] == [
            ("never moved", "fault", "a.weight"),
            ("never moved", "look", "a.bias"),
        ]
        assert "a bias of keys" in found[1].why

    @pytest.mark.parametrize("path", ["start.safetensors", Path("start.safetensors")])
    def test_a_path_is_no_model(self, path):
        """The sentence says what reads it."""
        with pytest.raises(TypeError, match=r"for a file, give read_safetensors\(path\)"):
            audit(path)

    def test_a_model_like_those_of_pytorch(self):
        """Frozen and shared arrays are told apart."""
        bad = drawn()
        bad[0] = bad[1]
        trained, frozen = Parameter(bad), Parameter(2 * bad[::-1], requires_grad=False)
        named = [("a.weight", trained), ("b.weight", frozen), ("c.weight", trained)]
        model = SimpleNamespace(
            named_parameters=lambda remove_duplicate: iter(named),
            named_modules=lambda: iter([("", None), ("a", None)]),
        )
        found = audit(model)
        assert [(one.kind, one.verdict, one.arrays) for one in found] == [
            ("equal rows", "fault", ("a.weight",)),
            ("equal rows", "look", ("b.weight",)),
            ("shared", "note", ("c.weight",)),
        ]

    def test_a_table_that_is_not_trained_follows_no_law_of_chance(self):
        """Sines for positions have one-signed columns, and a lower rank; 0 and NaN are told."""
        waves = np.outer(np.arange(200), 1e4 ** (-np.arange(48) / 48))
        sines = np.concatenate([np.sin(waves), np.cos(waves)], axis=1)

        def told(array, requires_grad):
            named = [("embed_positions.weight", Parameter(array, requires_grad))]
            model = SimpleNamespace(
                named_parameters=lambda remove_duplicate: iter(named),
                named_modules=lambda: iter([("", None)]),
            )
            return kinds(audit(model))

        assert told(sines, False) == []
        assert ("one-signed rows", "look") in told(sines, True)
        assert told(0 * sines, False) == [("zero", "look")]
        assert told(np.where(sines == 1, np.nan, sines), False) == [("not finite", "look")]

    def test_a_model_like_those_of_keras(self):
        """Units are along the last axis."""
        kernel = drawn(shape=(32, 64))
        bias = np.zeros(64)
        bias[3] = 60.0
        weights = [
            SimpleNamespace(path="dense/kernel", numpy=lambda: kernel),
            SimpleNamespace(path="dense/bias", numpy=lambda: bias),
            SimpleNamespace(path="mean", numpy=lambda: np.full((9, 9), np.nan)),
        ]
        model = SimpleNamespace(weights=weights, trainable_weights=weights[:2])
        assert sorted(kinds(audit(model))) == [("dead biases", "look"), ("not finite", "look")]

    def test_parameters_like_those_of_flax(self):
        """Mappings within mappings, whose leaves may hold an array as a value."""
        kernel = drawn(shape=(32, 64))
        kernel[:, 1] = kernel[:, 2]
        tree = {"params": {"dense": {"kernel": SimpleNamespace(value=kernel), "step": 3}}}
        (found,) = audit(tree)
        assert (found.arrays, found.kind) == (("params/dense/kernel",), "equal columns")

    def test_a_network_of_this_library(self):
        """The order of its layers tells what is tied, by sums too."""
        square = [[2.0, 7, 6], [9, 5, 1], [4, 3, 8]]
        ones = Layer(np.ones((3, 2)), np.zeros(3)), Layer(np.ones((2, 3)))
        found = audit(Network([ones[0], Layer(square), ones[1]], "tanh"))
        assert [(one.kind, one.verdict, one.measured) for one in found][:2] == [
            ("tied units", "fault", 1),
            ("tied units", "fault", 1),
        ]
        layers = [Layer(drawn(shape=(8, 5)), np.zeros(8)), Layer(drawn(shape=(3, 8), seed=1))]
        assert audit(Network(layers, "tanh")) == []
        broken = Layer(np.full((8, 5), np.nan)), layers[1]
        assert kinds(audit(Network(list(broken), "tanh"))) == [("not finite", "fault")]
        with pytest.raises(ValueError, match="arrays must be a network whose parts fit"):
            audit(Network(layers[::-1], "tanh"))
        with pytest.raises(TypeError, match="arrays must be a network of a list of Layer"):
            audit(Network(3, "tanh"))

    def test_a_lazy_module_has_no_shape_yet(self):
        """One sentence, with what to do."""
        torch = pytest.importorskip("torch")
        with pytest.raises(TypeError, match="got one of a lazy module that has no shape yet"):
            audit(torch.nn.Sequential(torch.nn.LazyLinear(8)))

    @pytest.mark.parametrize(
        ("library", "instead"), [("flax.nnx", "nnx.state"), ("flax.linen", "module.init")]
    )
    def test_a_module_that_does_not_name_its_arrays(self, library, instead):
        """It is told what does."""
        module = type("Dense", (), {"__module__": f"{library}.module"})()
        with pytest.raises(TypeError, match=f"got a module of {library}: give .*{instead}"):
            audit(module)

    def test_a_model_of_pytorch(self):
        """Its encoder has equal layers, and half precision is read."""
        torch = pytest.importorskip("torch")
        torch.manual_seed(0)
        layer = torch.nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        model = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        found = audit(model)
        assert {one.verdict for one in found} == {"look"}
        assert {one.kind for one in found} == {"equal arrays"}
        linear = torch.nn.Linear(32, 64)
        linear.weight.requires_grad_(False)
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            assert audit(linear.to(dtype)) == []
            assert audit(linear.to(dtype).state_dict()) == []
        embedding = torch.nn.Sequential(torch.nn.Embedding(50, 32, padding_idx=0))
        assert kinds(audit(embedding)) == [("padding", "note")]
        tied = torch.nn.Sequential(torch.nn.Embedding(50, 32), torch.nn.Linear(32, 50, bias=False))
        tied[1].weight = tied[0].weight
        assert kinds(audit(tied)) == [("shared", "note")]


class TestArguments:
    """Wrong arguments are answered by one sentence."""

    @pytest.mark.parametrize(
        ("arrays", "told"),
        [
            (None, "arrays must be a mapping of names to arrays, pairs of both, or a model"),
            ("model.npz", "arrays must be a mapping"),
            ([drawn()], "arrays must be a mapping"),
            ([(1, drawn())], "arrays must be a mapping"),
            ({}, "arrays must hold at least one array"),
            ({"step": np.arange(3)}, "arrays must hold at least one array"),
            ({"w": np.zeros((0, 3))}, "arrays must hold at least one array"),
            ({3: drawn()}, "arrays must have names"),
            ({"a\x1b[0m": drawn()}, "arrays must have names in printable characters"),
            ([("a", drawn()), ("a", drawn())], "arrays must have each name once, got 'a' twice"),
            ({"w": drawn().astype(complex)}, r"arrays\['w'\] must be an array of real numbers"),
            ({"w": np.array([["a"]])}, r"arrays\['w'\] must be an array of real numbers"),
            ({"w": np.arange(30, dtype=np.int8).reshape(5, 6)}, "not quantized, got dtype int8"),
            ({"w": drawn().astype(ml_dtypes.float8_e4m3fn)}, "real numbers, got dtype float8"),
        ],
    )
    def test_arrays(self, arrays, told):
        """Whatever comes instead of a model."""
        with pytest.raises((TypeError, ValueError), match=f"^{told}|{told}") as caught:
            audit(arrays)
        assert str(caught.value).isprintable()

    def test_options(self):
        """Names, numbers and patterns."""
        arrays = {"w": drawn()}
        for options, told in [
            ({"layout": "jax"}, "layout must be one of"),
            ({"chance": 0}, "chance must be a finite number above 0 and below 1"),
            ({"allow": "a*"}, "allow must be a sequence of patterns"),
            ({"allow": [3]}, "allow must be a sequence of patterns"),
            ({"thorough": 1}, "thorough must be True or False"),
        ]:
            with pytest.raises((TypeError, ValueError), match=told):
                audit(arrays, **options)
        for findings in ("x", 3, [3], [("a",)]):
            with pytest.raises(TypeError, match="findings must be findings of audit"):
                table(findings)

    def test_other_floats_and_layouts_in_memory(self):
        """Long doubles, other byte orders, views backwards and across."""
        array = drawn(shape=(64, 48))
        array[3] = array[9]
        views = [array.astype(np.longdouble), array.astype(">f4"), array[::-1, ::-1]]
        views += [np.asfortranarray(array), np.repeat(array, 2, axis=1)[:, ::2]]
        for view in views:
            assert kinds(audit({"w": view})) == [("equal rows", "fault")]
        assert array.flags.writeable

    def test_memory_stays_below_twice_the_largest_array(self):
        """Arrays that stream are read in blocks."""
        size = 2**21

        def stream():
            for k in range(3):
                yield f"layers.{k}.w", drawn(shape=(size // 512, 512), seed=k)

        drawn(shape=(4, 4))
        tracemalloc.start()
        found = audit(stream())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found == []
        # drawing alone takes the array in double precision beside that in single precision
        assert peak < (2 + 2.5) * 4 * size


class TestReport:
    """Verdicts, the table and the assertion."""

    def test_each_kind_has_a_page_that_exists(self):
        """Of the gallery, the explanations or the how-to pages."""
        for kind, rule in KINDS.items():
            places = [ROOT / f"{rule.page}.py", ROOT / "docs" / f"{rule.page}.md"]
            assert any(place.exists() for place in places), kind
            assert rule.verdict in ("fault", "look", "note")
            assert len(rule.do) < 80

    def test_the_reference_names_each_kind(self):
        """The table of the page is that of the library."""
        text = (ROOT / "docs" / "reference" / "audit.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| ([^|]+?) \| [^|]+ \| [^|]+ \| ([^|]+?) \|", text, re.MULTILINE)
        told = {kind: verdict for names, verdict in rows for kind in names.split(", ")}
        assert {kind: told.get(kind) for kind in KINDS} == {
            kind: rule.verdict for kind, rule in KINDS.items()
        }

    def test_two_findings_in_one_array_are_told_as_one_array(self):
        """Slices along two axes are equal; both reasons stand there."""
        array = drawn(shape=(4, 16, 16))
        array[2] = array[0]
        array[:, 5] = array[:, 9]
        found = [one for one in audit({"w.3": array}) if one.kind == "equal slices"]
        assert len(found) > 1
        text = table(found)
        assert "w.3\n" in text
        assert all(one.why.split(":")[0] in " ".join(text.split()) for one in found)

    def test_the_table_has_a_line_for_each_pattern(self):
        """Twelve layers, one entry; the worst first; no more than twelve entries."""
        arrays = {}
        for k in range(12):
            arrays[f"h.{k}.w"] = drawn(seed=k)
            arrays[f"h.{k}.w"][3] = arrays[f"h.{k}.w"][1]
        text = table(audit(arrays | {"head": np.zeros((10, 32))}))
        assert text.startswith("12 faults, 1 look\n\nFAULT equal rows          h.#.w (12 arrays)")
        assert text.index("LOOK") > text.index("h.0.w: 63 of 64 rows are distinct")
        assert max(map(len, text.splitlines())) <= 96
        many = {f"{name}.w": np.zeros((3, 3)) for name in "abcdefghijklmnop"}
        assert table(audit(many)).endswith("and 4 more kinds and names")
        assert table([]) == "nothing found"

    def test_the_assertion(self):
        """Faults are errors, looks where asked, and what is allowed is not."""
        bad = drawn()
        bad[0] = bad[1]
        with pytest.raises(AssertionError, match="initial weights must be in order, got 1 fault"):
            check_start({"w": bad})
        check_start({"w": bad}, allow=["equal rows:w"])
        check_start({"w": bad}, allow=["w"])
        head = {"head": np.zeros((3, 3))}
        check_start(head)
        with pytest.raises(AssertionError, match="1 look"):
            check_start(head, strict=True)
        check_start(head, strict=True, allow=["zero"])

    def test_a_finding_is_a_record(self):
        """Made of plain values, which JSON knows."""
        (found,) = audit({"head": np.zeros((3, 3))})
        assert Finding(*found) == found
        assert json.loads(json.dumps(found._asdict()))["kind"] == "zero"


class TestCommand:
    """What a shell is answered."""

    @pytest.fixture
    def start(self, tmp_path):
        """Write a clean start, and return its path."""
        arrays = {f"layers.{k}.weight": drawn(seed=k) for k in range(3)}
        return saved(tmp_path / "start.safetensors", arrays)

    @pytest.fixture
    def faulty(self, tmp_path):
        """Write a start with a fault, a look and a note, and return its path."""
        bad = drawn(seed=5)
        bad[0] = bad[1]
        arrays = {"fc.weight": bad, "head.weight": np.zeros((10, 64), np.float32)}
        arrays["embed.weight"] = drawn(shape=(30, 20), seed=6)
        arrays["embed.weight"][0] = 0
        return saved(tmp_path / "bad.safetensors", arrays)

    def test_as_a_module(self, start):
        """In a process of its own, with nothing on standard error."""
        command = [sys.executable, "-W", "error", "-m", "symlib.audit", str(start)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "nothing found\n", "")

    def test_who_reads_may_stop(self, faulty):
        """As `head` does: the status is that of what was found, and nothing is complained of."""
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "symlib.audit", str(faulty)]
        done = subprocess.run(
            command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (1, "")

    def test_exit_codes(self, start, faulty, capsys):
        """0 for nothing, notes and looks, 1 for what counts."""
        assert main([str(start)]) == 0
        assert main([str(faulty)]) == 1
        assert capsys.readouterr().out.count("FAULT") == 1
        assert main([str(faulty), "--allow", "equal rows:fc*"]) == 0
        assert main([str(faulty), "--allow", "equal rows:fc*", "--strict"]) == 1
        assert main([str(faulty), "--allow", "fc*", "--allow", "zero", "--strict"]) == 0

    def test_a_pattern_that_allows_nothing_is_told(self, faulty, capsys):
        """A misspelled name would otherwise look as if it were in force."""
        main([str(faulty), "--allow", "equal rows:fx*", "--allow", "zero"])
        said = capsys.readouterr().err
        assert said == "symlib-audit: note: --allow 'equal rows:fx*' matches no finding\n"

    def test_json(self, faulty, capsys):
        """All of a finding, the worst first."""
        assert main([str(faulty), "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
        assert [one["verdict"] for one in found] == ["fault", "look", "note"]
        assert set(found[0]) == set(Finding._fields)

    def test_json_without_infinities(self, tmp_path, capsys):
        """What JSON has no number for is null."""
        spike = np.zeros((9, 9), np.float32)
        spike[:, ::2] = 1e-30
        spike[0, 0] = 3.0
        main([str(saved(tmp_path / "a.safetensors", {"w": spike})), "--json"])
        assert "Infinity" not in capsys.readouterr().out

    def test_two_snapshots(self, start, tmp_path, capsys):
        """Nothing moved, or all did."""
        moved = {f"layers.{k}.weight": drawn(seed=k + 10) for k in range(3)}
        after = saved(tmp_path / "after.safetensors", moved)
        assert main([str(start), "--after", str(after)]) == 0
        assert main([str(start), "--after", str(start)]) == 1
        assert "no array changed at all" in capsys.readouterr().out

    def test_an_archive_of_keras(self, tmp_path, capsys):
        """The layout is that of the names, or as said."""
        kernel = drawn(shape=(32, 64))
        bias = np.zeros(64)
        bias[3] = 60.0
        np.savez(tmp_path / "a.npz", **{"dense/kernel": kernel, "dense/bias": bias})
        assert main([str(tmp_path / "a.npz"), "--layout", "keras"]) == 0
        assert "dead biases" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("none.npz", None, "path must be the path of a file"),
            ("model.pt", b"x", "pickles, which run code"),
            ("a.safetensors", b"x", "path must be a safetensors file, got 1 bytes"),
            ("a.npz", b"x", "path must be a whole npz archive"),
        ],
    )
    def test_bad_files(self, name, content, told, tmp_path, capsys):
        """One sentence on standard error, and status 2."""
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        assert main([str(path)]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert re.fullmatch(rf"symlib-audit: error: [^\n]*{told}[^\n]*\n", said.err)

    def test_complex_numbers_in_a_file(self, tmp_path, capsys):
        """The array is named."""
        path = saved(tmp_path / "a.safetensors", {"w": drawn().astype(np.complex64)})
        assert main([str(path)]) == 2
        assert "path['w'] must be an array of real numbers" in capsys.readouterr().err

    @pytest.mark.parametrize("words", [[], ["--layout", "jax", "a"], ["a", "--chance", "2"]])
    def test_bad_calls(self, words, capsys):
        """The status of a wrong call is 2."""
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 2
        assert "usage: symlib-audit" in capsys.readouterr().err

    def test_help_teaches(self, capsys):
        """All kinds, the verdicts, how to save a model, and why pickles are refused."""
        with pytest.raises(SystemExit) as caught:
            main(["--help"])
        assert caught.value.code == 0
        text = " ".join(capsys.readouterr().out.split())
        for word in (*KINDS, "save_file", "run code", "exit status", "--after", "1e-12"):
            assert word in text

    def test_progress_is_for_terminals_that_wait(self, monkeypatch, capsys):
        """Nothing within a second, nothing in a file, and the line is wiped at the end."""
        with progress() as tell:
            tell("a")
        assert capsys.readouterr().err == ""
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr("symlib._audit_command._PATIENCE", 0.0)
        monkeypatch.setattr("symlib._audit_command._INTERVAL", 0.0)
        with progress() as tell:
            tell("layers.0.weight")
        text = capsys.readouterr().err
        assert "1 arrays, 0 s: layers.0.weight" in text
        assert text.endswith("\r\x1b[K")
