"""Copies are found exactly, however the units are ordered and however close others come."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse.csgraph import connected_components

from symlib import weights
from symlib.symmetry import unit_classes

EPS = np.finfo(float).eps


def in_order(partition):
    """Return the classes of a partition, numbered in the order of first appearance."""
    seen = {}
    return np.array([seen.setdefault(name, len(seen)) for name in partition], dtype=np.intp)


def by_definition(rows, tolerance=0.0):
    """Compare every pair of rows and take connected components."""
    near = (abs(rows[:, None] - rows[None]) <= tolerance).all(axis=-1)
    return in_order(connected_components(near, directed=False)[1].tolist())


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("tolerance", [0.0, 1e-9])
def test_a_large_layer_takes_seconds_at_most(dtype, tolerance):
    """30,000 units of 512 inputs, with 600 planted copies (0.05 s when it was written)."""
    rng = np.random.default_rng(0)
    incoming = rng.standard_normal((30_000, 512)).astype(dtype)
    source, copy = rng.permutation(30_000)[:1200].reshape(2, 600)
    incoming[copy] = incoming[source]
    begin = time.perf_counter()
    labels = unit_classes(incoming, np.ones((1, 30_000), dtype), tolerance=tolerance)
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
