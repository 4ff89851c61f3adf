"""Each check returns what it promises, and refuses the rest with one sentence."""

import math
import re

import numpy as np
import pytest

from symlib import _arrays


def refused(error, message):
    """Expect an error whose text is exactly the message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


class TestRealArray:
    """Finite floating-point arrays with the named axes."""

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_floats_are_kept_as_they_come(self, dtype):
        """The array itself is returned, not a copy."""
        array = np.ones((2, 3), dtype)
        assert _arrays.real_array("x", array, ("samples", "features")) is array

    @pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.longdouble, ">f4"])
    def test_other_real_numbers_become_double(self, dtype):
        """Whole numbers, booleans and other floats are converted by value."""
        array = _arrays.real_array("x", np.array([0, 1], dtype), ("samples",))
        assert array.dtype == np.float64
        assert array.dtype.isnative
        assert array.tolist() == [0.0, 1.0]

    def test_lists_become_arrays(self):
        """Nested lists of numbers will do."""
        assert _arrays.real_array("x", [[1, 2.5]], ("samples", 2)).tolist() == [[1.0, 2.5]]

    def test_an_axis_may_be_given_by_its_length(self):
        """A number among the axes must be met."""
        assert _arrays.real_array("x", np.ones((2, 3)), ("samples", 3)).shape == (2, 3)
        with refused(ValueError, "x must be an array of shape (samples, 4), got shape (2, 3)"):
            _arrays.real_array("x", np.ones((2, 3)), ("samples", 4))

    @pytest.mark.parametrize("shape", [(2, 3), (5, 2, 3), (4, 5, 2, 3)])
    def test_leading_axes_are_free_in_number(self, shape):
        """With a name for them, any number of further axes may come first."""
        array = _arrays.real_array("x", np.ones(shape), ("samples", 3), leading="replicas")
        assert array.shape == shape

    @pytest.mark.parametrize("shape", [(), (3,), (2, 4), (5, 2, 4), (5, 3, 2)])
    def test_with_leading_axes_the_last_ones_are_checked(self, shape):
        """The message writes the leading axes in brackets."""
        message = f"x must be an array of shape ([replicas], samples, 3), got shape {shape}"
        with refused(ValueError, message):
            _arrays.real_array("x", np.ones(shape), ("samples", 3), leading="replicas")

    @pytest.mark.parametrize("shape", [(), (2, 3)])
    def test_the_number_of_axes_is_checked(self, shape):
        """One axis is written as Python writes it."""
        with refused(ValueError, f"x must be an array of shape (samples,), got shape {shape}"):
            _arrays.real_array("x", np.ones(shape), ("samples",))

    @pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
    def test_empty_axes_are_refused(self, shape):
        """There is nothing to compute on."""
        message = "x must be an array of shape (samples, features) with no empty axis, got shape "
        with refused(ValueError, f"{message}{shape}"):
            _arrays.real_array("x", np.ones(shape), ("samples", "features"))

    @pytest.mark.parametrize(
        ("value", "dtype"), [([1j], "complex128"), (["a"], "<U1"), ([None], "object")]
    )
    def test_what_is_not_real_is_refused(self, value, dtype):
        """The message names the dtype that came."""
        message = f"x must be an array of shape (samples,) of real numbers, got dtype {dtype}"
        with refused(TypeError, message):
            _arrays.real_array("x", value, ("samples",))

    def test_rows_of_unequal_length_are_refused(self):
        """A ragged list is no array."""
        message = "x must be an array of shape (samples, features), got rows of unequal length"
        with refused(ValueError, message):
            _arrays.real_array("x", [[1], [1, 2]], ("samples", "features"))

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_the_first_number_that_is_not_finite_is_named(self, value, dtype):
        """With its index as plain whole numbers."""
        array = np.ones((3, 4), dtype)
        array[1, 2] = array[2, 0] = value
        with refused(ValueError, f"x must be finite, got {value} at index (1, 2)"):
            _arrays.real_array("x", array, ("samples", "features"))


class TestLabels:
    """Whole numbers from 0 up to the number of classes."""

    @pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.int64])
    def test_labels_become_indices(self, dtype):
        """Any whole-number dtype becomes the one that NumPy indexes with."""
        labels = _arrays.labels("y", np.array([0, 2, 1], dtype), ("samples",), classes=3)
        assert labels.dtype == np.intp
        assert labels.tolist() == [0, 2, 1]

    def test_no_labels_are_labels(self):
        """An empty whole-number array has nothing out of range."""
        assert _arrays.labels("y", np.zeros(0, int), ("samples",), classes=1).size == 0

    @pytest.mark.parametrize(("value", "worst"), [([0, 3], 3), ([-1, 1], -1), ([-2, 7], -2)])
    def test_labels_out_of_range_are_refused(self, value, worst):
        """The message names one of them, negative ones first."""
        message = "y must be an array of shape (samples,) of whole numbers from 0 to 2, got "
        with refused(ValueError, f"{message}{worst}"):
            _arrays.labels("y", value, ("samples",), classes=3)

    @pytest.mark.parametrize(
        ("value", "dtype"), [([0.0], "float64"), ([True], "bool"), (["0"], "<U1")]
    )
    def test_labels_are_whole_numbers(self, value, dtype):
        """Floats and booleans are refused even where their values would do."""
        message = "y must be an array of shape (samples,) of whole numbers from 0 to 1, got dtype "
        with refused(TypeError, f"{message}{dtype}"):
            _arrays.labels("y", value, ("samples",), classes=2)

    @pytest.mark.parametrize(
        ("axes", "written"), [(("samples", "replicas"), "(samples, replicas)"), ((3,), "(3,)")]
    )
    def test_the_shape_is_checked(self, axes, written):
        """The number of axes, and their lengths where they are given."""
        message = f"y must be an array of shape {written} of whole numbers from 0 to 1, got shape "
        with refused(ValueError, f"{message}(2,)"):
            _arrays.labels("y", [0, 1], axes, classes=2)

    def test_rows_of_unequal_length_are_refused(self):
        """A ragged list is no array."""
        with pytest.raises(ValueError, match=r"^y must be .* to 1, got rows of unequal length$"):
            _arrays.labels("y", [[0], [0, 1]], ("samples",), classes=2)


class TestNumber:
    """Finite floats within bounds."""

    @pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2), np.int8(2)])
    def test_a_number_becomes_a_float(self, value):
        """Python's and NumPy's scalars and arrays without axes will do."""
        result = _arrays.number("rate", value)
        assert type(result) is float
        assert result == 2.0

    @pytest.mark.parametrize(
        ("bounds", "wanted", "good", "bad"),
        [
            ({}, "a finite number", [-1e308, 0], [math.inf, math.nan]),
            ({"above": 0}, "a finite number above 0", [5e-324], [0, -1]),
            ({"least": 0}, "a finite number of at least 0", [0, 1], [-1]),
            ({"below": 1}, "a finite number below 1", [-3, 0.5], [1, 2]),
            ({"above": 0, "below": 1}, "a finite number above 0 and below 1", [0.5], [0, 1]),
            (
                {"least": 0, "below": 1},
                "a finite number of at least 0 and below 1",
                [0, 0.5],
                [-1, 1, math.nan],
            ),
        ],
    )
    def test_bounds_are_kept_and_written(self, bounds, wanted, good, bad):
        """``least`` holds its bound; ``above`` and ``below`` do not."""
        for value in good:
            assert _arrays.number("rate", value, **bounds) == value
        for value in bad:
            with refused(ValueError, f"rate must be {wanted}, got {value:g}"):
                _arrays.number("rate", value, **bounds)

    @pytest.mark.parametrize("value", ["1", b"1", None, 1j, [1.0], [[1], [1, 2]], np.ones(1), {}])
    def test_what_is_no_number_is_refused(self, value):
        """Text, complex numbers, and anything with axes."""
        with refused(TypeError, f"rate must be a finite number, got {value!r}"):
            _arrays.number("rate", value)

    def test_a_whole_number_too_large_for_a_float_is_refused(self):
        """The message shortens it."""
        with refused(ValueError, f"rate must be a finite number, got 1{'0' * 56}..."):
            _arrays.number("rate", 10**400)


class TestWhole:
    """Whole numbers within bounds."""

    @pytest.mark.parametrize("value", [3, np.int8(3), np.array(3)])
    def test_a_whole_number_becomes_an_int(self, value):
        """Python's and NumPy's whole numbers will do."""
        result = _arrays.whole("depth", value)
        assert type(result) is int
        assert result == 3

    @pytest.mark.parametrize(
        ("bounds", "wanted", "good", "bad"),
        [
            ({}, "of at least 1", [1, 2**40], [0, -1]),
            ({"least": 0}, "of at least 0", [0], [-1]),
            ({"least": 2, "most": 4}, "from 2 to 4", [2, 4], [1, 5]),
        ],
    )
    def test_bounds_are_kept_and_written(self, bounds, wanted, good, bad):
        """Both bounds are allowed values."""
        for value in good:
            assert _arrays.whole("depth", value, **bounds) == value
        for value in bad:
            with refused(ValueError, f"depth must be a whole number {wanted}, got {value}"):
                _arrays.whole("depth", value, **bounds)

    @pytest.mark.parametrize("value", [3.0, "3", None, True, np.True_, [3], np.array([1, 2])])
    def test_what_is_no_whole_number_is_refused(self, value):
        """Floats and booleans are refused even where their values would do."""
        with refused(TypeError, f"depth must be a whole number of at least 1, got {value!r}"):
            _arrays.whole("depth", value)


class TestShape:
    """Shapes of one weight matrix or of a stack of them."""

    @pytest.mark.parametrize("value", [(2, 3), [2, 3], np.array([2, 3]), (np.int8(2), 3)])
    def test_a_shape_becomes_a_tuple_of_ints(self, value):
        """Any sequence of whole numbers will do."""
        result = _arrays.shape("shape", value)
        assert result == (2, 3)
        assert [type(length) for length in result] == [int, int]

    def test_leading_axes_are_kept(self):
        """A stack of stacks has four axes."""
        assert _arrays.shape("shape", (5, 4, 2, 3)) == (5, 4, 2, 3)

    @pytest.mark.parametrize(
        ("value", "error", "came"),
        [
            (3, TypeError, "3"),
            (None, TypeError, "None"),
            ("23", TypeError, "'23'"),
            ((2.0, 3), TypeError, "(2.0, 3)"),
            ((3,), ValueError, "(3,)"),
            ((), ValueError, "()"),
            ((2, 0), ValueError, "(2, 0)"),
            ([-2, 3], ValueError, "(-2, 3)"),
        ],
    )
    def test_what_is_no_shape_is_refused(self, value, error, came):
        """The message writes both shapes that are wanted."""
        wanted = "(fan_out, fan_in) or (replicas, fan_out, fan_in) in positive whole numbers"
        with refused(error, f"shape must be {wanted}, got {came}"):
            _arrays.shape("shape", value)


class TestChoice:
    """One of a few words."""

    def test_an_option_is_returned(self):
        """The word itself comes back, and the options may come from a generator."""
        assert _arrays.choice("activation", "relu", (word for word in ("relu", "tanh"))) == "relu"

    @pytest.mark.parametrize("value", ["Relu", "", None, 0, ["relu"]])
    def test_anything_else_is_refused(self, value):
        """The message lists the options in their order."""
        message = f"activation must be one of 'relu', 'tanh', got {value!r}"
        with refused(ValueError, message):
            _arrays.choice("activation", value, ("relu", "tanh"))

    def test_a_long_value_is_shortened(self):
        """60 characters of what came are enough."""
        with refused(ValueError, f"activation must be one of 'relu', got '{'x' * 56}..."):
            _arrays.choice("activation", "x" * 100, ("relu",))
        with refused(ValueError, f"activation must be one of 'relu', got '{'x' * 58}'"):
            _arrays.choice("activation", "x" * 58, ("relu",))


class TestGenerator:
    """The source of randomness."""

    def test_a_generator_is_returned_itself(self):
        """Its state moves on with every use."""
        rng = np.random.default_rng(0)
        assert _arrays.generator(rng) is rng

    @pytest.mark.parametrize("seed", [5, np.int64(5), [5, 6], np.random.SeedSequence(5)])
    def test_a_seed_makes_the_generator_of_numpy(self, seed):
        """The stream is that of numpy.random.default_rng."""
        expected = np.random.default_rng(seed).random(3)
        assert np.array_equal(_arrays.generator(seed).random(3), expected)

    def test_none_is_fresh(self):
        """Two fresh generators differ."""
        assert _arrays.generator(None).random() != _arrays.generator(None).random()

    @pytest.mark.parametrize(
        ("value", "error"), [("seed", TypeError), (1.5, TypeError), (-1, ValueError)]
    )
    def test_anything_else_is_refused(self, value, error):
        """The kind of error is NumPy's, the sentence is ours."""
        message = f"rng must be None, a seed or a numpy.random.Generator, got {value!r}"
        with refused(error, message):
            _arrays.generator(value)


def test_a_whole_number_that_nothing_can_have_is_refused():
    """A loop over it would never end."""
    wanted = f"depth must be a whole number of at least 1 and at most {2**40}, got {10**30}"
    with refused(ValueError, wanted):
        _arrays.whole("depth", 10**30)


class TestFlag:
    """Switches are True or False."""

    @pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
    def test_a_truth_value_is_kept(self, value):
        """Those of numpy are as good."""
        result = _arrays.flag("exact", value)
        assert result is bool(value)

    @pytest.mark.parametrize("value", [None, 1, "yes", [], np.empty(0)])
    def test_what_merely_counts_as_true_or_false_is_refused(self, value):
        """A text like "no" would count as true."""
        with pytest.raises(TypeError, match=r"^exact must be True or False, got "):
            _arrays.flag("exact", value)


class TestRoom:
    """Arrays that no computer holds are refused before anything is filled."""

    def test_the_largest_array_passes_and_a_larger_one_is_refused(self):
        """The message says what was asked for."""
        _arrays.room("n", 2**20, 2**20)
        with pytest.raises(ValueError, match=r"^n must ask for at most 1099511627776 numbers, "):
            _arrays.room("n", 2**20, 2**20 + 1)

    def test_a_shape_without_room_is_refused(self):
        """Numpy would say it in words of its own, or not before the memory is full."""
        with pytest.raises(ValueError, match=r"^shape must ask for at most "):
            _arrays.shape("shape", (10**12, 10**12))


def test_a_masked_array_is_refused():
    """The numbers under its mask would be taken for data."""
    masked = np.ma.masked_array([1.0, 2.0], [True, False])
    with pytest.raises(
        TypeError, match=r"^x must be an array of shape \(samples,\) without a mask"
    ):
        _arrays.real_array("x", masked, ("samples",))
    with pytest.raises(TypeError, match=r"^rate must be a finite number, got masked"):
        _arrays.number("rate", np.ma.masked)


def test_every_check_is_public_within_the_library():
    """``__all__`` holds the checks and the type, in order."""
    assert _arrays.__all__ == sorted(_arrays.__all__, key=lambda name: (name.islower(), name))
    assert all(hasattr(_arrays, name) for name in _arrays.__all__)
