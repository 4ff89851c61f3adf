"""Copies are found exactly, however the units are ordered and however close others come."""

import itertools
import math
import time
import tracemalloc
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from symlib import weights
from symlib.network import Layer, forward, gradients
from symlib.symmetry import align_units, escape_rate, merge_units, unit_classes
from symlib.training import descend

EPS = np.finfo(float).eps


def in_order(partition):
    """Return the classes of a partition, numbered in the order of first appearance."""
    seen = {}
    return np.array([seen.setdefault(name, len(seen)) for name in partition], dtype=np.intp)


def by_definition(rows, tolerance=0.0):
    """Compare every pair of rows and take connected components."""
    near = (abs(rows[:, None] - rows[None]) <= tolerance).all(axis=-1)
    return in_order(connected_components(near, directed=False)[1].tolist())


def by_definition_of_sign(rows, tolerance=0.0):
    """Compare every pair of rows, and each row with the negative of every other."""
    near = (abs(rows[:, None] - rows[None]) <= tolerance).all(axis=-1)
    near |= (abs(rows[:, None] + rows[None]) <= tolerance).all(axis=-1)
    return in_order(connected_components(near, directed=False)[1].tolist())


def changed(parts, factor):
    """Multiply what each unit reads by its factor, and divide what is made of it."""
    incoming, outgoing, bias = parts
    return incoming * factor[:, np.newaxis], outgoing / factor, bias * factor


def network(incoming, outgoing, bias, offset=(0.5, -0.25)):
    """Return the network of one hidden layer."""
    return [Layer(incoming, bias), Layer(outgoing, np.array(offset[: len(outgoing)]))]


def layer(seed, partition, fan_in=3, next_units=2):
    """Draw different units, and repeat them as the partition says."""
    rng = np.random.default_rng(seed)
    partition = np.asarray(partition)
    distinct = partition.max() + 1
    incoming = rng.standard_normal((distinct, fan_in))[partition]
    outgoing = rng.standard_normal((next_units, distinct))[:, partition]
    return incoming, outgoing, rng.standard_normal(distinct)[partition]


partitions = st.lists(st.integers(0, 6), min_size=1, max_size=25)
seeds = st.integers(0, 2**32 - 1)
small = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 4)),
    elements=st.sampled_from([0.0, -0.0, 0.5, 1.0, 1.5, 2.0, -1.0, 5e-324, 1e-300, 1.7e308]),
)


class TestEqual:
    """Without a tolerance, copies agree in every entry."""

    @given(partitions, seeds)
    def test_planted_copies_are_found(self, partition, seed):
        """Units repeated by any partition get the labels of that partition."""
        expected = in_order(partition)
        assert np.array_equal(unit_classes(*layer(seed, partition)), expected)

    @given(small)
    def test_classes_are_those_of_all_pairs(self, rows):
        """On small whole multiples, huge and tiny numbers, the definition is met to the letter."""
        ones = np.ones((1, len(rows)))
        assert np.array_equal(unit_classes(rows, ones), by_definition(rows))

    @given(partitions, seeds)
    def test_a_permutation_of_the_units_permutes_the_classes(self, partition, seed):
        """Whether two units are copies does not depend on where they stand."""
        incoming, outgoing, bias = layer(seed, partition)
        order = np.random.default_rng(seed).permutation(len(partition))
        labels = unit_classes(incoming, outgoing, bias)
        moved = unit_classes(incoming[order], outgoing[:, order], bias[order])
        assert np.array_equal(moved, in_order(labels[order].tolist()))

    @given(partitions, seeds)
    def test_labels_count_from_zero_in_order_of_appearance(self, partition, seed):
        """Each label is at most one more than all before it, so the last counts the classes."""
        labels = unit_classes(*layer(seed, partition))
        assert labels[0] == 0
        assert (labels[1:] <= np.maximum.accumulate(labels)[:-1] + 1).all()
        assert labels.max() + 1 == len(set(partition))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("replicas", [(), (2,)])
    def test_copies_in_a_large_layer_are_found_without_a_copy_of_it(self, dtype, replicas):
        """Units far apart in memory meet, and next to no memory is taken for all the others."""
        rng = np.random.default_rng(0)
        incoming = rng.standard_normal((*replicas, 3000, 400)).astype(dtype)
        outgoing = rng.standard_normal((*replicas, 5, 3000)).astype(dtype)
        partition = np.arange(3000)
        partition[1::300] = partition[::300][::-1]
        incoming = np.ascontiguousarray(incoming[..., partition, :])
        outgoing = outgoing[..., partition]
        incoming[..., 1, 7] = np.nextafter(incoming[..., 1, 7], dtype(9))  # and no copy any more
        partition[1] = 1
        tracemalloc.start()
        labels = unit_classes(incoming, outgoing)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert np.array_equal(labels, np.broadcast_to(in_order(partition), labels.shape))
        assert peak < incoming.nbytes / 2

    def test_a_constant_layer_has_one_unit(self):
        """All units of a constant layer before a constant layer are copies."""
        labels = unit_classes(weights.constant((7, 4)), weights.constant((3, 7)))
        assert np.array_equal(labels, np.zeros(7))
        assert labels.dtype == np.intp

    def test_one_unit_is_one_class(self):
        """The smallest layer of all has the label 0."""
        assert unit_classes([[0.0]], [[0.0]], [0.0]).tolist() == [0]

    def test_units_that_are_used_differently_are_different(self):
        """Equal incoming weights and biases do not make a copy."""
        assert unit_classes([[1, 2], [1, 2]], [[3, 4]], [5, 5]).tolist() == [0, 1]

    def test_units_that_read_differently_are_different(self):
        """Equal biases and outgoing weights do not make a copy."""
        assert unit_classes([[1, 2], [1, 3]], [[4, 4]], [5, 5]).tolist() == [0, 1]

    def test_units_of_different_bias_are_different(self):
        """Equal incoming and outgoing weights do not make a copy; without biases they do."""
        assert unit_classes([[1], [1]], [[2, 2]], [3, 4]).tolist() == [0, 1]
        assert unit_classes([[1], [1]], [[2, 2]]).tolist() == [0, 0]

    @pytest.mark.parametrize("where", ["incoming", "outgoing", "bias"])
    def test_the_sign_of_zero_is_of_no_account(self, where):
        """0.0 and -0.0 are equal, wherever they stand."""
        parts = {"incoming": np.zeros((2, 3)), "outgoing": np.zeros((3, 2)), "bias": np.zeros(2)}
        parts[where].T[..., 1] = -0.0
        assert unit_classes(**parts).tolist() == [0, 0]

    def test_the_last_bit_of_one_entry_counts(self):
        """Units that differ by one rounding in one of 1000 entries are different."""
        incoming = np.full((3, 1000), 0.5)
        incoming[1, 777] = np.nextafter(0.5, 1)
        assert unit_classes(incoming, np.ones((1, 3))).tolist() == [0, 1, 0]

    def test_units_a_rounding_apart_are_told_apart_by_their_entries(self):
        """No projection can separate them, and a permuted answer would show."""
        rng = np.random.default_rng(0)
        partition = rng.integers(0, 20, 60)
        distinct = 0.5 + EPS * rng.integers(0, 3, (20, 30))
        labels = unit_classes(distinct[partition], np.ones((1, 60)))
        assert np.array_equal(labels, in_order(partition.tolist()))

    @pytest.mark.parametrize("scale", [1e-320, 1e-200, 1.0, 1e200, 1.7e308])
    def test_copies_are_found_at_every_scale(self, scale):
        """Neither overflow nor subnormal numbers change an answer, and nothing warns."""
        rng = np.random.default_rng(0)
        partition = rng.integers(0, 40, 100)
        distinct = rng.choice([-1.0, -0.75, -0.5, 0.5, 0.75, 1.0], (40, 50)) * scale
        labels = unit_classes(distinct[partition], np.ones((1, 100)))
        assert np.array_equal(labels, in_order(partition.tolist()))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.int8, bool])
    def test_any_real_numbers_will_do(self, dtype):
        """Single precision, whole numbers and booleans are compared by value."""
        rows = np.array([[0, 1], [1, 1], [0, 1], [1, 0]]).astype(dtype)
        assert unit_classes(rows, np.ones((2, 4), dtype)).tolist() == [0, 1, 0, 2]

    def test_a_view_in_any_order_will_do(self):
        """Strided, transposed and read-only arrays give what their copies give."""
        incoming, outgoing, bias = layer(0, [0, 1, 0, 2, 1, 1])
        strided = np.repeat(incoming, 2, axis=1)[:, ::2]
        assert not strided.flags.contiguous
        fortran = np.asfortranarray(outgoing)
        bias.flags.writeable = False
        before = incoming.copy()
        assert unit_classes(strided, fortran, bias).tolist() == [0, 1, 0, 2, 1, 1]
        assert np.array_equal(before, incoming)

    @pytest.mark.parametrize(
        "incoming",
        [
            weights.identity((64, 64)),
            np.sign(weights.gaussian((200, 64), rng=0)),
            weights.looks_linear((64, 64), rng=0),
            weights.identity((64, 64)) * EPS + 1,
        ],
        ids=["identity", "signs", "looks_linear", "almost constant"],
    )
    @pytest.mark.parametrize("tolerance", [0.0, 1e-17])
    def test_no_pattern_is_mistaken_for_copies(self, incoming, tolerance):
        """Matrices whose bits or sums repeat have as many classes as rows."""
        labels = unit_classes(incoming, np.ones((1, len(incoming))), tolerance=tolerance)
        assert np.array_equal(labels, np.arange(len(incoming)))


class TestWithin:
    """With a tolerance, classes are chains of units that are near in every entry."""

    @settings(deadline=None)
    @given(small, st.sampled_from([1e-300, 0.25, 0.5, 0.75, 1.0, 1e308]))
    def test_classes_are_those_of_all_pairs(self, rows, tolerance):
        """The definition is met to the letter, on the edge as well."""
        with np.errstate(over="ignore"):
            expected = by_definition(rows, tolerance)
        labels = unit_classes(rows, np.ones((1, len(rows))), tolerance=tolerance)
        assert np.array_equal(labels, expected)

    @pytest.mark.parametrize("dimensions", [1, 2, 5])
    @pytest.mark.parametrize("tolerance", [0.02, 0.1, 0.3, 1.0])
    def test_a_cloud_is_cut_as_by_all_pairs(self, dimensions, tolerance):
        """Chains that no coordinate separates are found by comparing pairs."""
        rng = np.random.default_rng(dimensions)
        rows = rng.uniform(0, 1, (150, dimensions))
        labels = unit_classes(rows, np.ones((1, 150)), tolerance=tolerance)
        assert np.array_equal(labels, by_definition(rows, tolerance))

    def test_interlocked_chains_stay_apart(self):
        """Two chains that overlap in every entry, and are never near, are two classes."""
        walk = np.arange(0, 10, 0.125)
        ring = np.stack([np.cos(walk), np.sin(walk)], axis=1)
        rows = np.concatenate([2 * ring, ring])
        rows = rows[np.random.default_rng(0).permutation(len(rows))]
        labels = unit_classes(rows, np.ones((1, len(rows))), tolerance=0.25)
        assert np.array_equal(labels, in_order(np.linalg.norm(rows, axis=1).round().tolist()))
        assert labels.max() == 1

    @pytest.mark.parametrize("where", ["incoming", "outgoing", "bias"])
    def test_the_edge_belongs_to_the_tolerance(self, where):
        """A difference of exactly the tolerance counts as equal, and the next float does not."""
        parts = {"incoming": np.zeros((2, 3)), "outgoing": np.zeros((3, 2)), "bias": np.zeros(2)}
        for gap, expected in ((0.125, [0, 0]), (np.nextafter(0.125, 1), [0, 1])):
            last = (0, 1) if where == "outgoing" else (1, *(0,) * (parts[where].ndim - 1))
            parts[where][last] = gap
            assert unit_classes(**parts, tolerance=0.125).tolist() == expected

    def test_a_chain_is_one_class(self):
        """Units in steps of the tolerance are one class, though its ends are far apart."""
        steps = np.random.default_rng(0).permutation(50)[:, np.newaxis] * 0.25
        assert unit_classes(steps, np.ones((1, 50)), tolerance=0.25).max() == 0
        assert unit_classes(steps, np.ones((1, 50)), tolerance=0.24).max() == 49

    @given(partitions, seeds)
    def test_noise_below_the_tolerance_does_not_part_copies(self, partition, seed):
        """Copies and noise of 1e-9 are copies within 1e-6, and are not copies without."""
        rng = np.random.default_rng(seed)
        incoming, outgoing, bias = layer(seed, partition)
        incoming += 1e-9 * rng.standard_normal(incoming.shape)
        expected = in_order(partition)
        assert np.array_equal(unit_classes(incoming, outgoing, bias, tolerance=1e-6), expected)
        assert unit_classes(incoming, outgoing, bias).max() == len(partition) - 1

    def test_single_precision_differs_as_double(self):
        """The difference of two float32 numbers is not rounded before it is compared."""
        rows = np.array([[1.0], [1e-9]], np.float32)
        gap = float(rows[0, 0]) - float(rows[1, 0])
        ones = np.ones((1, 2), np.float32)
        assert unit_classes(rows, ones, tolerance=gap).tolist() == [0, 0]
        assert unit_classes(rows, ones, tolerance=np.nextafter(gap, 0)).tolist() == [0, 1]

    def test_everything_is_within_a_large_tolerance(self):
        """One class, at the largest float too."""
        rows = weights.gaussian((30, 4), rng=0)
        for tolerance in (10.0, 1.7e308):
            assert unit_classes(rows, np.ones((1, 30)), tolerance=tolerance).max() == 0


class TestReplicas:
    """Each replica is labeled by itself, all in one call."""

    @pytest.mark.parametrize("tolerance", [0.0, 1e-6])
    @pytest.mark.parametrize("leading", [(5,), (2, 3), (1,)])
    def test_replicas_equal_the_loop(self, leading, tolerance):
        """A stack gives the labels of its members, stacked."""
        rng = np.random.default_rng(0)
        incoming = rng.integers(0, 2, (*leading, 9, 2)) + 0.5
        outgoing = rng.integers(0, 2, (*leading, 1, 9)) * 1.0
        bias = rng.integers(0, 2, (*leading, 9)) * 1.0
        labels = unit_classes(incoming, outgoing, bias, tolerance=tolerance)
        assert labels.shape == (*leading, 9)
        for where in np.ndindex(*leading):
            one = unit_classes(incoming[where], outgoing[where], bias[where], tolerance=tolerance)
            assert np.array_equal(labels[where], one)

    def test_copies_in_another_replica_are_of_no_account(self):
        """Equal replicas have equal labels that count from 0 in each."""
        incoming = np.broadcast_to([[1.0], [2.0], [1.0]], (4, 3, 1))
        labels = unit_classes(incoming, np.ones((4, 1, 3)))
        assert np.array_equal(labels, np.tile([0, 1, 0], (4, 1)))

    @pytest.mark.parametrize("tolerance", [0.0, 0.5])
    def test_the_last_of_one_replica_is_no_copy_of_the_first_of_the_next(self, tolerance):
        """Neighbors in the order of sorting are not joined across replicas."""
        incoming = np.array([[[1.0], [2.0]], [[2.0], [3.0]], [[3.0], [3.0]]])
        labels = unit_classes(incoming, np.ones((3, 1, 2)), tolerance=tolerance)
        assert labels.tolist() == [[0, 1], [0, 1], [0, 0]]


class TestUpToSign:
    """An odd activation does not tell (w, b, a) from (-w, -b, -a)."""

    @settings(deadline=None)
    @given(partitions, seeds, st.booleans())
    def test_planted_copies_of_either_sign_are_found(self, partition, seed, noisy):
        """Units repeated by any partition, each with any sign, get the labels of that partition."""
        rng = np.random.default_rng(seed)
        parts = changed(layer(seed, partition), rng.choice([-1.0, 1.0], len(partition)))
        if noisy:
            parts = tuple(part + 1e-9 * rng.uniform(-1, 1, part.shape) for part in parts)
        labels = unit_classes(*parts, tolerance=1e-6 if noisy else 0.0, up_to="sign")
        assert np.array_equal(labels, in_order(partition))

    @settings(deadline=None)
    @given(small, st.sampled_from([0.0, 1e-300, 0.25, 0.5, 0.75, 1.0, 1e308]))
    def test_classes_are_those_of_all_pairs(self, rows, tolerance):
        """The definition is met to the letter, near 0 and on the edge as well."""
        with np.errstate(over="ignore"):
            expected = by_definition_of_sign(rows, tolerance)
        labels = unit_classes(rows, np.zeros((1, len(rows))), tolerance=tolerance, up_to="sign")
        assert np.array_equal(labels, expected)

    @pytest.mark.parametrize("dimensions", [1, 2, 5])
    @pytest.mark.parametrize("tolerance", [0.02, 0.1, 0.3])
    def test_a_cloud_around_zero_is_cut_as_by_all_pairs(self, dimensions, tolerance):
        """Units near 0 are near their own negatives, and may join what lies on both sides."""
        rows = np.random.default_rng(dimensions).uniform(-1, 1, (150, dimensions))
        labels = unit_classes(rows, np.zeros((1, 150)), tolerance=tolerance, up_to="sign")
        assert np.array_equal(labels, by_definition_of_sign(rows, tolerance))

    def test_the_sign_is_common_to_all_three(self):
        """Units that agree up to a sign of one part only are different."""
        assert unit_classes([[1], [-1]], [[1, 1]], [1, -1], up_to="sign").tolist() == [0, 1]
        assert unit_classes([[1], [-1]], [[1, -1]], [1, 1], up_to="sign").tolist() == [0, 1]
        assert unit_classes([[1], [-1]], [[1, -1]], [1, -1], up_to="sign").tolist() == [0, 0]

    def test_replicas_are_labeled_by_themselves(self):
        """A stack with units at 0, whose sign nobody can tell, gives the labels of its members."""
        rng = np.random.default_rng(0)
        incoming = rng.integers(-1, 2, (6, 9, 2))
        outgoing = rng.integers(-1, 2, (6, 1, 9))
        labels = unit_classes(incoming, outgoing, up_to="sign")
        for one, *parts in zip(labels, incoming, outgoing, strict=True):
            assert np.array_equal(one, unit_classes(*parts, up_to="sign"))
            rows = np.concatenate([parts[0], parts[1].T], axis=1)
            assert np.array_equal(one, by_definition_of_sign(rows))


class TestUpToScale:
    """ReLU does not tell (w, b, a) from (c w, c b, a / c) with c > 0."""

    @settings(deadline=None)
    @given(partitions, seeds)
    def test_planted_powers_of_two_are_found_without_a_tolerance(self, partition, seed):
        """Multiplying by a power of two rounds nothing, nor does the balanced form."""
        factor = 2.0 ** np.random.default_rng(seed).integers(-20, 20, len(partition))
        parts = changed(layer(seed, partition), factor)
        assert np.array_equal(unit_classes(*parts, up_to="scale"), in_order(partition))

    @settings(deadline=None)
    @given(partitions, seeds)
    def test_planted_factors_are_found_within_a_tolerance(self, partition, seed):
        """Factors from 1/20 to 20 round the entries, and 1e-12 allows for that."""
        factor = np.exp(np.random.default_rng(seed).uniform(-3, 3, len(partition)))
        parts = changed(layer(seed, partition), factor)
        labels = unit_classes(*parts, tolerance=1e-12, up_to="scale")
        assert np.array_equal(labels, in_order(partition))

    @settings(deadline=None)
    @given(partitions, seeds, st.sampled_from([0.1, 0.3, 1.0]))
    def test_the_tolerance_does_not_depend_on_the_scale_of_a_unit(self, partition, seed, tolerance):
        """Rescaling units leaves their classes, near misses included."""
        parts = layer(seed, range(len(partition)))
        factor = 2.0 ** np.random.default_rng(seed).integers(-9, 9, len(partition))
        labels = unit_classes(*parts, tolerance=tolerance, up_to="scale")
        moved = unit_classes(*changed(parts, factor), tolerance=tolerance, up_to="scale")
        assert np.array_equal(labels, moved)

    def test_the_tolerance_is_a_difference_of_balanced_forms(self):
        """(8, 2) is balanced as (4, 4), and (4, 4.25) nearly is as it stands."""
        gap = math.sqrt(4 * 4.25) - 4
        for factor, expected in ((1 + 1e-9, [0, 0]), (1 - 1e-9, [0, 1])):
            labels = unit_classes([[8], [4]], [[2, 4.25]], tolerance=factor * gap, up_to="scale")
            assert labels.tolist() == expected

    def test_negative_multiples_are_different(self):
        """ReLU has no part of what the opposite direction sees."""
        assert unit_classes([[1], [-1]], [[1, -1]], up_to="scale").tolist() == [0, 1]

    def test_what_is_read_and_what_is_used_scale_oppositely(self):
        """Twice the incoming weights and twice the outgoing weights make another unit."""
        assert unit_classes([[1], [2]], [[2, 4]], up_to="scale").tolist() == [0, 1]
        assert unit_classes([[1], [2]], [[4, 2]], up_to="scale").tolist() == [0, 0]
        assert unit_classes([[1], [2]], [[4, 2]], [1, 1], up_to="scale").tolist() == [0, 1]
        assert unit_classes([[1], [2]], [[4, 2]], [1, 2], up_to="scale").tolist() == [0, 0]

    def test_a_unit_that_is_not_used_is_its_direction(self):
        """With a = 0 the positive multiples of (w, b) are one family."""
        incoming = [[1, 3], [2, 6], [2, 5], [0, 0]]
        assert unit_classes(incoming, np.zeros((2, 4)), up_to="scale").tolist() == [0, 0, 1, 2]

    def test_a_unit_that_reads_nothing_is_the_direction_of_its_use(self):
        """With (w, b) = 0 the positive multiples of a are one family."""
        outgoing = [[1, 4, 1, 0, -1], [3, 12, 2, 0, -3]]
        labels = unit_classes(np.zeros((5, 3)), outgoing, np.zeros(5), up_to="scale")
        assert labels.tolist() == [0, 0, 1, 2, 3]

    @pytest.mark.parametrize("scale", [1e-150, 1e-100, 1.0, 1e100, 1e300])
    def test_copies_are_found_at_every_scale(self, scale):
        """Squares neither overflow nor vanish on the way to a norm."""
        incoming = np.array([[3.0, 4.0], [1.5, 2.0], [3.0, 4.5]]) * scale
        outgoing = np.array([[5.0, 10.0, 5.0]]) * scale
        assert unit_classes(incoming, outgoing, up_to="scale").tolist() == [0, 0, 1]

    def test_norms_without_a_ratio_are_named(self):
        """Parts that no float can balance are refused."""
        message = "^incoming, bias and outgoing must have norms with a finite ratio where up_to="
        with pytest.raises(ValueError, match=message + "'scale', got 1e-200 and 1e\\+200$"):
            unit_classes([[1.0], [1e-200]], [[1.0, 1e200]], up_to="scale")
        with pytest.raises(ValueError, match=message):
            unit_classes([[1e200], [1.0]], [[1e-200, 1.0]], up_to="scale")
        with pytest.raises(ValueError, match=message):
            unit_classes([[1.7e308, 1.7e308]], [[1.0]], up_to="scale")

    def test_replicas_equal_the_loop(self):
        """A stack gives the labels of its members, stacked."""
        rng = np.random.default_rng(0)
        incoming = rng.integers(0, 3, (2, 3, 9, 2))
        outgoing = rng.integers(0, 3, (2, 3, 1, 9))
        labels = unit_classes(incoming, outgoing, up_to="scale")
        for where in np.ndindex(2, 3):
            one = unit_classes(incoming[where], outgoing[where], up_to="scale")
            assert np.array_equal(labels[where], one)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("tolerance", [0.0, 1e-9])
@pytest.mark.parametrize("up_to", ["equality", "sign", "scale"])
def test_a_large_layer_takes_seconds_at_most(dtype, tolerance, up_to):
    """30,000 units of 512 inputs, with 600 planted copies (0.05 to 0.2 s when it was written)."""
    rng = np.random.default_rng(0)
    incoming = rng.standard_normal((30_000, 512)).astype(dtype)
    source, copy = rng.permutation(30_000)[:1200].reshape(2, 600)
    factor = {"equality": 1, "sign": -1, "scale": 4}[up_to]
    incoming[copy] = factor * incoming[source]
    outgoing = np.ones((1, 30_000), dtype)
    outgoing[:, copy] /= factor
    begin = time.perf_counter()
    labels = unit_classes(incoming, outgoing, tolerance=tolerance, up_to=up_to)
    assert time.perf_counter() - begin < 20
    assert labels.max() + 1 == 30_000 - 600
    assert np.array_equal(labels[copy], labels[source])


class TestErrors:
    """Each wrong argument is answered at the door."""

    @pytest.mark.parametrize("where", ["incoming", "outgoing", "bias"])
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_numbers_that_are_not_finite_are_refused(self, where, value):
        """NaN equals nothing, itself included, so it has no class."""
        parts = {"incoming": np.zeros((2, 3)), "outgoing": np.zeros((3, 2)), "bias": np.zeros(2)}
        parts[where].flat[1] = value
        with pytest.raises(ValueError, match=rf"^{where} must be finite, got {value} at index"):
            unit_classes(**parts)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"incoming": np.zeros(3)}, r"incoming must be .*\(\[replicas\], units, fan_in\), got"),
            ({"incoming": np.zeros((2, 0))}, "incoming must be .* with no empty axis, got shape"),
            ({"incoming": [[1], [1, 2]]}, "incoming must be .*, got rows of unequal length"),
            ({"outgoing": np.zeros((3, 4))}, r"outgoing must be .*\(next_units, 2\), got shape"),
            ({"outgoing": np.zeros(2)}, r"outgoing must be .*\(next_units, 2\), got shape"),
            ({"outgoing": np.zeros((0, 2))}, "outgoing must be .* with no empty axis, got shape"),
            ({"outgoing": np.zeros((5, 3, 2))}, r"outgoing must be .*\(next_units, 2\), got"),
            ({"bias": np.zeros(3)}, r"bias must be an array of shape \(2,\), got shape \(3,\)"),
            ({"bias": np.zeros((2, 1))}, r"bias must be an array of shape \(2,\), got shape"),
            ({"bias": 0.0}, r"bias must be an array of shape \(2,\), got shape \(\)"),
            ({"tolerance": -1e-9}, "tolerance must be a finite number of at least 0, got -1e-09"),
            ({"tolerance": math.nan}, "tolerance must be a finite number of at least 0, got nan"),
            ({"tolerance": math.inf}, "tolerance must be a finite number of at least 0, got inf"),
        ],
    )
    def test_wrong_values_are_named(self, changed, message):
        """The sentence names the argument, what it must be and what came."""
        right = {"incoming": np.zeros((2, 3)), "outgoing": np.zeros((3, 2)), "bias": np.zeros(2)}
        with pytest.raises(ValueError, match=f"^{message}"):
            unit_classes(**(right | changed))

    def test_replicas_agree_between_arguments(self):
        """Leading axes are not broadcast, and the message says which are wanted."""
        with pytest.raises(ValueError, match=r"^outgoing must be .*\(4, next_units, 2\), got"):
            unit_classes(np.zeros((4, 2, 3)), np.zeros((3, 2)))
        with pytest.raises(ValueError, match=r"^bias must be .*\(4, 2\), got shape \(2,\)"):
            unit_classes(np.zeros((4, 2, 3)), np.zeros((4, 3, 2)), np.zeros(2))

    @pytest.mark.parametrize(
        "changed",
        [
            {"incoming": [["a"], ["b"]]},
            {"incoming": np.zeros((2, 3), complex)},
            {"outgoing": np.zeros((1, 2), object)},
            {"bias": ["a", "b"]},
            {"tolerance": "0"},
            {"tolerance": None},
            {"tolerance": [0.0]},
        ],
    )
    def test_wrong_types_are_named(self, changed):
        """What is no real number is refused by its type."""
        right = {"incoming": np.zeros((2, 3)), "outgoing": np.zeros((3, 2)), "bias": np.zeros(2)}
        with pytest.raises(TypeError, match=f"^{next(iter(changed))} must be .*, got "):
            unit_classes(**(right | changed))

    def test_options_are_named(self):
        """The tolerance has to be given by name."""
        with pytest.raises(TypeError, match="positional"):
            unit_classes(np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(2), 0.0)


def test_what_is_left_out_of_account_is_named():
    """The three functions know the same three symmetries."""
    parts = np.ones((2, 3)), np.ones((1, 2))
    message = "^up_to must be one of 'equality', 'sign', 'scale', got 'order'$"
    for call in (unit_classes, merge_units):
        with pytest.raises(ValueError, match=message):
            call(*parts, up_to="order")
    with pytest.raises(ValueError, match=message):
        align_units(*parts, to=parts, up_to="order")


activations = {"equality": "tanh", "sign": "erf", "scale": "relu"}
symmetries = st.sampled_from(["equality", "sign", "scale"])


def factors(seed, units, up_to):
    """Draw for each unit by what the symmetry may multiply it."""
    rng = np.random.default_rng(seed)
    if up_to == "sign":
        return rng.choice([-1.0, 1.0], units)
    return np.exp(rng.uniform(-2, 2, units)) if up_to == "scale" else np.ones(units)


class TestMerge:
    """One unit for each class computes, and learns, what the class does."""

    @settings(max_examples=1000, deadline=None)
    @given(partitions, seeds, symmetries)
    def test_the_function_stays(self, partition, seed, up_to):
        """Units that read the same, whatever is made of them, are as good as one."""
        rng = np.random.default_rng(seed)
        incoming, outgoing, bias = layer(seed, partition)
        outgoing = rng.standard_normal(outgoing.shape)
        parts = changed((incoming, outgoing, bias), factors(seed, len(partition), up_to))
        merged = merge_units(*parts, tolerance=1e-12 * (up_to == "scale"), up_to=up_to)
        assert np.array_equal(merged.labels, in_order(partition))
        assert np.array_equal(merged.counts, np.bincount(in_order(partition)))
        x = rng.standard_normal((5, 3))
        before = forward(network(*parts), x, activation=activations[up_to])
        after = forward(network(*merged[:3]), x, activation=activations[up_to])
        assert abs(before - after).max() <= 1e-12 * max(1, abs(outgoing).sum())

    @given(partitions, seeds)
    def test_what_is_read_is_kept_to_the_bit(self, partition, seed):
        """Each merged unit reads what the first of its class does, and nothing is averaged."""
        incoming, outgoing, bias = layer(seed, partition)
        merged = merge_units(incoming, outgoing, bias)
        assert np.array_equal(merged.incoming[merged.labels], incoming)
        assert np.array_equal(merged.bias[merged.labels], bias)
        assert np.allclose(
            merged.outgoing,
            merged.counts * outgoing[:, np.unique(merged.labels, return_index=True)[1]],
        )

    def test_a_layer_without_copies_stays(self):
        """Nothing is merged, reordered or rounded."""
        parts = layer(0, range(6))
        for up_to in activations:
            merged = merge_units(*parts, up_to=up_to)
            assert all(map(np.array_equal, merged[:3], parts))
            assert merged.labels.tolist() == [0, 1, 2, 3, 4, 5]

    def test_copies_of_opposite_sign_cancel(self):
        """tanh(x) - tanh(x) = tanh(x) + tanh(-x) = 0."""
        merged = merge_units([[1], [-1]], [[2, 2]], [3, -3], up_to="sign")
        assert merged.incoming.tolist() == [[1]]
        assert merged.outgoing.tolist() == [[0]]
        assert merged.bias.tolist() == [3]
        assert merge_units([[1], [-1]], [[2, 2]], [3, 3], up_to="sign").labels.tolist() == [0, 1]

    def test_units_that_read_nothing_are_one(self):
        """They have the same value on every input, whatever the symmetry."""
        for up_to in activations:
            merged = merge_units(np.zeros((3, 2)), [[1, 2, 4]], np.zeros(3), up_to=up_to)
            assert abs(merged.outgoing).max() in (1, 7)
            assert merged.counts.tolist() == [3]

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    def test_signs_and_scales_are_found_at_every_size(self, scale):
        """Neither a norm nor a product on the way overflows or vanishes."""
        reads = np.array([[3.0, 4.0], [-3.0, -4.0]]) * scale
        assert merge_units(reads, [[1.0, 2.0]], up_to="sign").outgoing.tolist() == [[-1]]
        reads[1] *= -0.5
        assert merge_units(reads, [[1.0, 2.0]], up_to="scale").outgoing.tolist() == [[2]]

    def test_signs_are_found_at_the_largest_float(self):
        """The sum of two units would be above it."""
        merged = merge_units([[1.7e308], [-1.7e308]], [[1.0, 2.0]], up_to="sign")
        assert merged.outgoing.tolist() == [[-1]]

    def test_single_precision_stays(self):
        """The merged layer has the precision of the layer."""
        parts = [part.astype(np.float32) for part in layer(0, [0, 1, 0])]
        assert {part.dtype for part in merge_units(*parts)[:3]} == {np.dtype(np.float32)}

    def test_without_biases_there_are_none(self):
        """None stays None."""
        assert merge_units([[1], [1]], [[2, 3]]).bias is None

    @pytest.mark.parametrize("up_to", ["equality", "sign"])
    @pytest.mark.parametrize("next_units", [1, 2])
    def test_copies_train_as_one_unit_with_its_own_rates(self, up_to, next_units):
        """Three classes of four copies predict at every step what three units predict."""
        partition = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], 4))
        sign = factors(1, 12, up_to)
        parts = changed(layer(0, partition, next_units=next_units), sign)
        merged = merge_units(*parts, up_to=up_to)
        assert np.array_equal(merged.labels, unit_classes(*parts, up_to=up_to))
        rng = np.random.default_rng(2)
        x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, next_units))
        rates = [Layer(0.05 / 4, 0.05 / 4), Layer(0.05 * 4, 0.05)]
        options = {"steps": 200, "activation": "tanh"}
        copies = descend(network(*parts), x, y, rate=0.05, **options, exact=True)
        units = descend(network(*merged[:3]), x, y, rate=rates, **options, exact=True)
        assert abs(copies.losses - units.losses).max() <= 1e-12
        assert copies.losses[-1] < 0.9 * copies.losses[0]
        same = descend(network(*merged[:3]), x, y, rate=0.05, **options)
        assert abs(copies.losses - same.losses).max() > 1e-3

    @pytest.mark.parametrize("activation", ["relu", "tanh", "erf"])
    def test_classes_of_unequal_size_train_as_one_unit_each(self, activation):
        """The rates are those of each class: by its size less for incoming, more for outgoing."""
        parts = layer(3, [0, 1, 0, 2, 0, 1])
        merged = merge_units(*parts)
        rng = np.random.default_rng(4)
        x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))
        copies, units = network(*parts), network(*merged[:3])
        for _ in range(200):
            value, slopes = gradients(copies, x, y, activation=activation, exact=True)
            copies = [
                Layer(*(p - 0.05 * g for p, g in zip(*k, strict=True)))
                for k in zip(copies, slopes, strict=True)
            ]
            other, (hidden, last) = gradients(units, x, y, activation=activation, exact=True)
            assert abs(value - other) <= 1e-12
            rate = 0.05 / merged.counts
            units = [
                Layer(
                    units[0].weight - rate[:, np.newaxis] * hidden.weight,
                    units[0].bias - rate * hidden.bias,
                ),
                Layer(
                    units[1].weight - 0.05 * merged.counts * last.weight,
                    units[1].bias - 0.05 * last.bias,
                ),
            ]

    def test_one_network_at_a_time(self):
        """Replicas would have different numbers of classes."""
        with pytest.raises(ValueError, match=r"^incoming must be .*\(units, fan_in\), got shape"):
            merge_units(np.zeros((2, 3, 4)), np.zeros((2, 1, 3)))

    def test_wrong_arguments_are_named(self):
        """The sentence names the argument, what it must be and what came."""
        with pytest.raises(ValueError, match=r"^outgoing must be .*\(next_units, 2\), got shape"):
            merge_units(np.zeros((2, 3)), np.zeros((1, 3)))
        with pytest.raises(ValueError, match=r"^bias must be .*\(2,\), got shape"):
            merge_units(np.zeros((2, 3)), np.zeros((1, 2)), np.zeros(3))
        with pytest.raises(ValueError, match=r"^tolerance must be .*, got -1"):
            merge_units(np.zeros((2, 3)), np.zeros((1, 2)), tolerance=-1)


class TestAlign:
    """The units of a layer are found again in another one."""

    @settings(deadline=None)
    @given(partitions, seeds, symmetries)
    def test_a_planted_change_is_undone(self, partition, seed, up_to):
        """A permuted layer, with signs or scales, comes back; copies included."""
        parts = layer(seed, partition)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(partition))
        factor = factors(seed, len(partition), up_to)
        incoming, outgoing, bias = changed(parts, factor)
        moved = incoming[order], outgoing[:, order], bias[order]
        found = align_units(*moved, to=parts, up_to=up_to)
        assert sorted(found.order) == list(range(len(partition)))
        back = changed(
            (moved[0][found.order], moved[1][:, found.order], moved[2][found.order]), found.factor
        )
        exact = up_to != "scale"
        for one, other in zip(back, parts, strict=True):
            assert np.array_equal(one, other) if exact else np.allclose(one, other, rtol=1e-12)
        assert found.distance == 0 if exact else found.distance < 1e-12
        if len(set(partition)) == len(partition):
            assert np.array_equal(order[found.order], np.arange(len(order)))
            assert np.allclose(found.factor, 1 / factor, rtol=1e-12)

    @pytest.mark.parametrize("up_to", activations)
    def test_exact_copies_are_found_without_an_assignment(self, up_to, monkeypatch):
        """Sorting does, if every unit has its copy, as often as it is there."""
        monkeypatch.setattr("scipy.optimize.linear_sum_assignment", None)
        parts = layer(0, [0, 1, 2, 1, 3, 1])
        order = np.array([5, 2, 0, 4, 1, 3])
        factor = {
            "equality": np.ones(6),
            "sign": [1, -1, 1, 1, -1, -1],
            "scale": [2, 4, 8, 1, 1, 0.5],
        }
        incoming, outgoing, bias = changed(parts, np.array(factor[up_to]))
        found = align_units(incoming[order], outgoing[:, order], bias[order], to=parts, up_to=up_to)
        assert found.distance == 0.0
        assert math.copysign(1, found.distance) == 1
        with pytest.raises(TypeError, match="not callable"):
            align_units(
                incoming[order] + EPS, outgoing[:, order], bias[order], to=parts, up_to=up_to
            )

    @pytest.mark.parametrize("up_to", activations)
    def test_noise_asks_for_an_assignment_only_where_two_units_want_the_same(
        self, up_to, monkeypatch
    ):
        """Where each unit's best is its own, that is the closest order of all."""
        asked = []
        monkeypatch.setattr(
            "scipy.optimize.linear_sum_assignment",
            lambda gain, **rest: asked.append(gain) or linear_sum_assignment(gain, **rest),
        )
        for seed in range(100):
            parts = layer(seed, range(20), fan_in=9)
            noise = 1e-3 * np.random.default_rng(seed).standard_normal(9)
            align_units(parts[0] + noise, *parts[1:], to=parts, up_to=up_to)
        assert not asked
        incoming, outgoing, bias = layer(0, [0, 0, 1])
        far = incoming + np.array([[1e-3], [2e-3], [0.0]])
        align_units(far, outgoing, bias, to=(incoming, outgoing, bias), up_to=up_to)
        assert len(asked) == 1

    @settings(max_examples=40, deadline=None)
    @given(seeds, symmetries, st.booleans())
    def test_no_order_is_closer(self, seed, up_to, common):
        """Of all 120 orders of five units, with the best signs, none has a smaller distance."""
        rng = np.random.default_rng(seed)
        first, second = (
            (1e4 * common + rng.standard_normal((5, 2)), 1e4 * common + rng.standard_normal((1, 5)))
            for _ in range(2)
        )
        found = align_units(*first, to=second, up_to=up_to)
        rows, goal = (np.concatenate([w, a.T], axis=1) for w, a in (first, second))
        if up_to == "scale":
            for units in (rows, goal):
                ratio = np.sqrt(abs(units[:, 2]) / np.linalg.norm(units[:, :2], axis=1))
                units *= np.stack([ratio, ratio, 1 / ratio], axis=1)
        squares = ((rows[:, None] - goal) ** 2).sum(axis=-1)
        if up_to == "sign":
            squares = np.minimum(squares, ((rows[:, None] + goal) ** 2).sum(axis=-1))
        least = min(
            squares[list(order), range(5)].sum() for order in itertools.permutations(range(5))
        )
        assert found.distance == pytest.approx(math.sqrt(least), rel=1e-9)
        assert squares[found.order, range(5)].sum() == pytest.approx(least, rel=1e-9)

    @pytest.mark.parametrize("up_to", activations)
    def test_noise_does_not_hide_the_order(self, up_to):
        """With noise of 1e-3 the order is found, and the distance is that of the noise."""
        parts = layer(0, range(40), fan_in=20, next_units=10)
        rng = np.random.default_rng(1)
        order, factor = rng.permutation(40), factors(2, 40, up_to)
        noisy = [part + 1e-3 * rng.standard_normal(part.shape) for part in parts]
        incoming, outgoing, bias = changed(noisy, factor)
        found = align_units(incoming[order], outgoing[:, order], bias[order], to=parts, up_to=up_to)
        assert np.array_equal(order[found.order], np.arange(40))
        assert np.allclose(found.factor, 1 / factor[order[found.order]], rtol=1e-2)
        noise = math.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(noisy, parts, strict=True)))
        assert found.distance == pytest.approx(noise, rel=0.2 if up_to == "scale" else 1e-9)

    @pytest.mark.parametrize("up_to", ["equality", "scale"])
    def test_what_units_have_in_common_does_not_hide_the_order(self, up_to):
        """Differences of 1 are told apart at entries of 1e8, whose products round by 1."""
        incoming, outgoing, bias = layer(0, range(40))
        parts = 1e8 + incoming, 1e8 + outgoing, bias
        noise = np.random.default_rng(1).uniform(-1e-3, 1e-3, incoming.shape)
        order = np.random.default_rng(2).permutation(40)
        moved = (1e8 + incoming + noise)[order], parts[1][:, order], bias[order]
        assert np.array_equal(order[align_units(*moved, to=parts, up_to=up_to).order], range(40))

    @pytest.mark.parametrize("up_to", activations)
    def test_the_aligned_layer_has_the_same_function(self, up_to):
        """Order and factor are symmetries, however far the layers are apart."""
        parts, others = layer(0, range(7)), layer(1, range(7))
        order, factor, distance = align_units(*parts, to=others, up_to=up_to)
        incoming, outgoing, bias = parts
        moved = changed((incoming[order], outgoing[:, order], bias[order]), factor)
        x = np.random.default_rng(2).standard_normal((9, 3))
        before = forward(network(*parts), x, activation=activations[up_to])
        assert np.allclose(forward(network(*moved), x, activation=activations[up_to]), before)
        assert distance > 0.1

    def test_the_distance_does_not_depend_on_scales(self):
        """Rescaling either layer changes nothing but the factors."""
        parts, others = layer(0, range(7)), layer(1, range(7))
        found = align_units(*parts, to=others, up_to="scale")
        factor = factors(3, 7, "scale")
        for one, other in ((changed(parts, factor), others), (parts, changed(others, factor))):
            again = align_units(*one, to=other, up_to="scale")
            assert np.array_equal(again.order, found.order)
            assert again.distance == pytest.approx(found.distance, rel=1e-12)

    @pytest.mark.parametrize("scale", [1e-300, 1e300])
    @pytest.mark.parametrize("up_to", ["equality", "sign"])
    def test_layers_of_every_size_are_aligned(self, scale, up_to):
        """Products on the way neither overflow nor vanish."""
        reads, uses = np.array([[1.0], [2.0], [4.0]]) * scale, np.zeros((1, 3))
        found = align_units(reads, uses, to=(reads[::-1] + 0.125 * scale, uses), up_to=up_to)
        assert found.order.tolist() == [2, 1, 0]
        assert found.distance == pytest.approx(0.125 * math.sqrt(3) * scale)

    @pytest.mark.parametrize(
        ("to", "error", "message"),
        [
            (None, TypeError, r"to must be \(incoming, outgoing\), got None"),
            ("ab", TypeError, r"to must be \(incoming, outgoing\), got 'ab'"),
            (([[1]],), ValueError, r"to must be \(incoming, outgoing\), got 1 arrays"),
            (([[1]], [[1]], [1]), ValueError, r"to must be \(incoming, outgoing\), got 3 arrays"),
            (([[1, 2]], [[1]]), ValueError, r"to\[0\] must be an array of shape \(1, 1\), got"),
            (([[1]], [[1], [2]]), ValueError, r"to\[1\] must be an array of shape \(1, 1\), got"),
            (([[math.nan]], [[1]]), ValueError, r"to\[0\] must be finite, got nan"),
        ],
    )
    def test_wrong_targets_are_named(self, to, error, message):
        """The other layer has the shapes of the first."""
        with pytest.raises(error, match=f"^{message}"):
            align_units([[1]], [[1]], to=to)

    def test_both_layers_have_biases_or_none_has(self):
        """A bias cannot be compared with nothing."""
        with pytest.raises(ValueError, match=r"^to must be \(incoming, outgoing, bias\), got 2"):
            align_units([[1]], [[1]], [1], to=([[1]], [[1]]))
        with pytest.raises(ValueError, match=r"^to\[2\] must be an array of shape \(1,\), got"):
            align_units([[1]], [[1]], [1], to=([[1]], [[1]], [1, 2]))

    def test_one_network_at_a_time(self):
        """Replicas are refused."""
        with pytest.raises(ValueError, match=r"^incoming must be .*\(units, fan_in\), got shape"):
            align_units(np.zeros((2, 3, 4)), np.zeros((2, 1, 3)), to=())


class TestEscape:
    """A difference of copies grows by what one small matrix tells."""

    x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    y = np.array([[-1.0], [1.0], [1.0], [-1.0]])
    # with half the squared loss: rate 0.2 and weight decay 0.005
    options: ClassVar = {"activation": "tanh", "rate": 0.1, "weight_decay": 0.01}

    def at_rest(self, width):
        """Train the network of all 0.5 on XOR until it rests, and predict how it leaves."""
        start = [
            Layer(np.full((width, 2), 0.5), np.full(width, 0.5)),
            Layer(np.full((1, width), 0.5), np.full(1, 0.5)),
        ]
        rest = descend(start, self.x, self.y, steps=20_000, exact=True, **self.options).layers
        hidden, last = rest
        delta = 2 * (forward(rest, self.x, activation="tanh", exact=True) - self.y) / self.y.size
        escape = escape_rate(
            hidden.weight[0], last.weight[:, 0], hidden.bias[0], self.x, delta, **self.options
        )
        return start, rest, escape

    def decade(self, layers, sizes, steps):
        """Nudge one weight of one unit by each size, and fit the steps per decade."""
        stack = [Layer(*(np.repeat(a[None], len(sizes), axis=0) for a in k)) for k in layers]
        stack[0].weight[:, 0, 0] += sizes
        run = descend(
            stack,
            self.x,
            self.y,
            steps=steps,
            exact=True,
            **self.options,
            record=lambda now: np.ptp(now[0].weight, axis=-2).max(axis=-1),
        )
        spread = np.array(run.records)
        assert (spread[-1] > 0.05).all()
        return -np.polyfit(np.log10(sizes), (spread > 0.05).argmax(axis=0), 1)[0]

    @pytest.mark.parametrize(
        ("width", "growth", "steps"),
        [(3, 0.025935, 445.07), (4, 0.034600, 333.89), (5, 0.042772, 270.32)],
    )
    def test_xor_leaves_the_tie_as_predicted(self, width, growth, steps):
        """All weights and biases 0.5: the steps per decade are measured within 2 %.

        From rest the law is met within 0.2 %, for every size. The start has to come to rest first,
        which only sizes up to 1e-8 leave the time for. Predictions were computed independently.
        """
        start, rest, escape = self.at_rest(width)
        assert escape.growth / 2 == pytest.approx(growth, abs=5e-7)
        assert escape.steps_per_decade == pytest.approx(steps, abs=5e-3)
        assert self.decade(rest, np.logspace(-10, -6, 5), 6000) == pytest.approx(steps, rel=0.005)
        assert self.decade(start, np.logspace(-12, -8, 5), 6000) == pytest.approx(steps, rel=0.02)

    @pytest.mark.parametrize("activation", ["tanh", "relu", "erf"])
    @pytest.mark.parametrize(
        ("outputs", "kind"), [(1, "squared"), (2, "squared"), (3, "cross_entropy")]
    )
    @pytest.mark.parametrize("with_bias", [True, False])
    def test_the_block_is_the_hessian_of_opposite_moves(self, activation, outputs, kind, with_bias):
        """Central differences of the gradient agree, at rest or not."""
        rng = np.random.default_rng(outputs)
        x = rng.standard_normal((15, 3))
        y = rng.standard_normal((15, outputs))
        y = rng.integers(0, outputs, 15) if kind == "cross_entropy" else y
        unit, use, offset = rng.standard_normal(3), rng.standard_normal(outputs), 0.3 * with_bias
        point = np.concatenate([unit, [offset], use])
        parameters = [0, 1, 2, *[3] * with_bias, *range(4, 4 + outputs)]

        def pair(move):
            both = np.stack([point + move, point - move])
            last = Layer(both[:, 4:].T, np.linspace(0, 1, outputs))
            return [Layer(both[:, :3], both[:, 3]), last]

        def slope(move):
            _, (hidden, last) = gradients(pair(move), x, y, kind=kind, activation=activation)
            each = np.column_stack([hidden.weight, hidden.bias, last.weight.T])
            return (each[0] - each[1]) / 2

        steps = 1e-5 * np.eye(len(point))
        hessian = np.array([(slope(step) - slope(-step)) / 2e-5 for step in steps])
        given = forward(pair(0 * point), x, activation=activation)
        if kind == "squared":
            delta = 2 * (given - y) / y.size
        else:
            odds = np.exp(given)
            delta = (odds / odds.sum(axis=1, keepdims=True) - np.eye(outputs)[y]) / 15
        bias = offset if with_bias else None
        escape = escape_rate(unit, use, bias, x, delta, activation=activation, rate=0.1)
        assert abs(escape.block - hessian[np.ix_(parameters, parameters)]).max() < 1e-6
        assert np.allclose(escape.eigenvalues, np.linalg.eigvalsh(escape.block))

    def test_weight_decay_holds_units_together(self):
        """It adds itself to every eigenvalue, and large enough lets nothing grow."""
        args = [0.5, -0.5], [0.25], 0.1, self.x, 0.1 * self.y
        free, held, tied = (
            escape_rate(*args, activation="tanh", rate=0.1, weight_decay=decay)
            for decay in (0.0, 0.05, 10.0)
        )
        assert np.allclose(held.eigenvalues, free.eigenvalues + 0.05)
        assert held.growth == pytest.approx(free.growth - 0.05)
        assert tied.growth < 0
        assert tied.steps_per_decade == math.inf

    @pytest.mark.parametrize(("rate", "steps"), [(1.0, 1 / math.log10(1.5)), (18.0, 1.0)])
    def test_steps_per_decade_follow_from_rate_and_growth(self, rate, steps):
        """The block ((0, -1/2), (-1/2, 0)) grows by 1 + rate / 2 at each step."""
        escape = escape_rate([0], [0], None, [[1]], [[-0.5]], activation="tanh", rate=rate)
        assert escape.growth == 0.5
        assert escape.steps_per_decade == pytest.approx(steps)

    def test_without_any_pull_nothing_grows(self):
        """The block is 0, and so is the growth; nothing is divided by it aloud."""
        escape = escape_rate([1], [1], 0, [[1]], [[0]], activation="tanh", rate=0.1)
        assert not escape.block.any()
        assert escape.growth == 0
        assert math.copysign(1, escape.growth) == 1
        assert escape.steps_per_decade == math.inf

    def test_ties_of_relu_at_rest_are_neutral(self):
        """Where the gradient of a unit vanishes, so does its block."""
        x, delta = np.array([[1.0], [2.0], [3.0], [-5.0]]), np.array([[1.0], [-2.0], [1.0], [7.0]])
        escape = escape_rate([1.0], [2.0], 0.5, x, delta, activation="relu", rate=0.1)
        assert np.array_equal(escape.eigenvalues, np.zeros(3))

    def test_replicas_equal_the_loop(self):
        """All units of a layer, or of many networks, are one call."""
        rng = np.random.default_rng(0)
        unit, use = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 2))
        bias, x = rng.standard_normal((2, 3)), rng.standard_normal((7, 4))
        delta = rng.standard_normal((2, 3, 7, 2))
        every = escape_rate(unit, use, bias, x, delta, activation="erf", rate=0.1)
        assert every.block.shape == (2, 3, 7, 7)
        assert every.steps_per_decade.shape == (2, 3)
        for where in np.ndindex(2, 3):
            args = unit[where], use[where], bias[where], x, delta[where]
            one = escape_rate(*args, activation="erf", rate=0.1)
            for part, whole in zip(one, every, strict=True):
                assert np.allclose(part, whole[where], rtol=1e-12, atol=1e-14)

    def test_single_precision_is_computed_in_double(self):
        """A block of float32 weights is that of the same numbers in float64."""
        args = [[0.1, 0.7], [0.3], 0.2, self.x, 0.1 * self.y]
        args = [np.asarray(a, np.float32) for a in args]
        block = escape_rate(*args, activation="tanh", rate=0.1).block
        exact = escape_rate(*(a.astype(float) for a in args), activation="tanh", rate=0.1).block
        assert np.array_equal(block, exact)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"incoming": 1.0}, r"incoming must be .*\(\[replicas\], fan_in\), got shape"),
            ({"outgoing": [[1.0]]}, r"outgoing must be .*\(next_units,\), got shape \(1, 1\)"),
            ({"bias": [1.0]}, r"bias must be an array of shape \(\), got shape \(1,\)"),
            ({"x": [[1.0]]}, r"x must be an array of shape \(samples, 2\), got shape \(1, 1\)"),
            ({"delta": [1.0] * 4}, r"delta must be an array of shape \(4, 1\), got shape \(4,\)"),
            ({"delta": [[1.0]] * 3}, r"delta must be an array of shape \(4, 1\), got shape"),
            ({"x": [[math.nan, 0]] * 4}, "x must be finite, got nan"),
            ({"activation": "sin"}, "activation must be one of 'identity', 'relu', 'tanh', 'erf'"),
            ({"rate": 0}, "rate must be a finite number above 0, got 0"),
            ({"weight_decay": -1}, "weight_decay must be a finite number of at least 0, got -1"),
        ],
    )
    def test_wrong_values_are_named(self, changed, message):
        """The sentence names the argument, what it must be and what came."""
        right = {"incoming": [1.0, 2.0], "outgoing": [1.0], "bias": 0.0, "x": self.x}
        right |= {"delta": self.y, "activation": "tanh", "rate": 0.1}
        with pytest.raises(ValueError, match=f"^{message}"):
            escape_rate(**(right | changed))
