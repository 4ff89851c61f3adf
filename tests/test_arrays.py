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

    @pytest.mark.parametrize("shape", [(2, 3), (5, 2, 3)])
    def test_one_leading_axis_is_free(self, shape):
        """With a name for it, one further axis may come first."""
        array = _arrays.real_array("x", np.ones(shape), ("samples", 3), leading="replicas")
        assert array.shape == shape

    @pytest.mark.parametrize("leading", ["replicas", None])
    @pytest.mark.parametrize("axes", [("units", "features"), ("units", 3)])
    def test_the_kernel_of_a_convolution_is_no_stack_of_matrices(self, leading, axes):
        """Where a matrix is wanted, four axes are answered by what to do with them."""
        wanted = "([replicas], units, " if leading else "(units, "
        message = (
            f"x must be an array of shape {wanted}{axes[1]}), got shape (8, 8, 3, 3); "
            "reshape a kernel (out, in, height, width) to (out, in * height * width)"
        )
        if leading:
            message += ", and a stack with several axes to one axis of replicas"
        with refused(ValueError, message):
            _arrays.real_array("x", np.ones((8, 8, 3, 3)), axes, leading=leading)

    def test_only_a_kernel_is_answered_by_its_cure(self):
        """Nobody holds a kernel who hands in three axes, or wants a single one."""
        with refused(ValueError, "x must be an array of shape (units, 3), got shape (2, 2, 3)"):
            _arrays.real_array("x", np.ones((2, 2, 3)), ("units", 3))
        with refused(ValueError, "x must be an array of shape (3,), got shape (2, 2, 2, 3)"):
            _arrays.real_array("x", np.ones((2, 2, 2, 3)), (3,))

    @pytest.mark.parametrize("shape", [(), (3,), (2, 4), (5, 2, 4), (5, 3, 2)])
    def test_with_a_leading_axis_the_last_ones_are_checked(self, shape):
        """The message writes the leading axis in brackets."""
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


class TestTensors:
    """What PyTorch and JAX hand out is read as the array that it holds, or named."""

    def test_half_precision_of_brains_becomes_single(self):
        """Every bfloat16 number is a float32 number."""
        bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
        array = _arrays.real_array("x", np.array([1.0, 3.14], bfloat16), ("samples",))
        assert array.dtype == np.float32
        assert array.tolist() == [1.0, 3.140625]

    def test_smaller_floats_are_named(self):
        """What NumPy does not count among its numbers is refused by its name."""
        float8 = pytest.importorskip("ml_dtypes").float8_e4m3fn
        message = "x must be an array of shape (samples,) of real numbers, got dtype float8_e4m3fn"
        with refused(TypeError, message):
            _arrays.real_array("x", np.ones(2, float8), ("samples",))

    @pytest.mark.parametrize(
        ("name", "dtype"),
        [
            ("float16", np.float64),
            ("bfloat16", np.float32),
            ("float32", np.float32),
            ("float64", np.float64),
            ("int64", np.float64),
        ],
    )
    def test_tensors_are_arrays(self, name, dtype):
        """A tensor of PyTorch has the numbers that it shows."""
        torch = pytest.importorskip("torch")
        tensor = torch.tensor([1.0, 3.0], dtype=getattr(torch, name))
        array = _arrays.real_array("x", tensor, ("samples",))
        assert array.dtype == dtype
        assert array.tolist() == [1.0, 3.0]

    @pytest.mark.parametrize("name", ["float32", "bfloat16"])
    def test_parameters_that_need_a_gradient_are_arrays(self, name):
        """Also when they are a view, and nothing is recorded on their graph."""
        torch = pytest.importorskip("torch")
        values = torch.arange(6).reshape(2, 3).to(getattr(torch, name))
        parameter = torch.nn.Parameter(values)
        for tensor in (parameter, parameter.T.T, 1 * parameter):
            array = _arrays.real_array("x", tensor, ("samples", 3))
            assert array.dtype == np.float32
            assert array.tolist() == [[0, 1, 2], [3, 4, 5]]

    @pytest.mark.parametrize("kind", ["list of parameters", "sparse", "meta"])
    def test_tensors_without_an_array_are_named(self, kind):
        """Whatever the library of the tensor says is told with the name of the argument."""
        torch = pytest.importorskip("torch")
        if kind == "list of parameters":
            value = [torch.nn.Parameter(torch.ones(2))]
        elif kind == "sparse":
            value = torch.eye(2).to_sparse()
        else:
            value = torch.ones((1, 2), device="meta")
        message = r"^x must be an array of shape \(samples, 2\), got \w+ that NumPy cannot read: "
        with pytest.raises(TypeError, match=message):
            _arrays.real_array("x", value, ("samples", 2))

    def test_numbers_may_be_tensors(self):
        """A tensor without axes is a number, also when it needs a gradient."""
        torch = pytest.importorskip("torch")
        assert _arrays.number("rate", torch.nn.Parameter(torch.tensor(0.5))) == 0.5
        assert _arrays.whole("depth", torch.tensor(3)) == 3
        with pytest.raises(TypeError, match=r"^rate must be a finite number, got tensor\("):
            _arrays.number("rate", torch.tensor(0.5, device="meta"))


def test_none_is_named():
    """NumPy would make an array of one object of it."""
    with refused(TypeError, "x must be an array of shape (samples,), got None"):
        _arrays.real_array("x", None, ("samples",))
    with refused(TypeError, "x must be an array, got None"):
        _arrays.numbers("x", None)
    with pytest.raises(TypeError, match=r"^y must be .* to 1, got None$"):
        _arrays.labels("y", None, ("samples",), classes=2)


class TestNumbers:
    """Finite real numbers of any shape, in double precision."""

    @pytest.mark.parametrize("value", [2, [1.0, 2.0], np.ones((2, 3, 4, 5), np.float32), True])
    def test_the_shape_is_kept(self, value):
        """A number has no axes, and stays so."""
        array = _arrays.numbers("theta", value)
        assert array.dtype == np.float64
        assert array.shape == np.shape(value)
        assert (array == value).all()

    @pytest.mark.parametrize(
        ("value", "error", "message"),
        [
            ([], ValueError, "theta must be an array with no empty axis, got shape (0,)"),
            ([0.0, math.nan], ValueError, "theta must be finite, got nan at index (1,)"),
            (math.inf, ValueError, "theta must be finite, got inf at index ()"),
            (1j, TypeError, "theta must be an array of real numbers, got dtype complex128"),
            ("1", TypeError, "theta must be an array of real numbers, got dtype <U1"),
            ([[1], [1, 2]], ValueError, "theta must be an array, got rows of unequal length"),
        ],
    )
    def test_what_is_no_finite_number_is_refused(self, value, error, message):
        """In the words of the other arrays."""
        with refused(error, message):
            _arrays.numbers("theta", value)


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


class TestMatrixShape:
    """The shape of one matrix."""

    @pytest.mark.parametrize("value", [(2, 3), [2, 3], np.array([2, 3]), (np.int8(2), 3)])
    def test_a_shape_becomes_a_tuple_of_ints(self, value):
        """Any sequence of two whole numbers will do."""
        result = _arrays.matrix_shape("shape", value)
        assert result == (2, 3)
        assert [type(length) for length in result] == [int, int]

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
            ((5, 2, 3), ValueError, "(5, 2, 3)"),
        ],
    )
    def test_what_is_no_shape_is_refused(self, value, error, came):
        """A stack of matrices is asked for in another way."""
        wanted = "(fan_out, fan_in) in positive whole numbers"
        with refused(error, f"shape must be {wanted}, got {came}"):
            _arrays.matrix_shape("shape", value)


class TestWeightShape:
    """The shape of one weight, and how many of them."""

    def shape(self, value, *, replicas=None, kernel=False):
        """Return the two parts, without an option unless it is given."""
        return _arrays.weight_shape("shape", value, replicas=replicas, kernel=kernel)

    def test_replicas_are_asked_for_by_a_keyword(self):
        """They become an axis of their own."""
        assert self.shape((2, 3)) == ((), (2, 3))
        assert self.shape([2, 3], replicas=np.int8(5)) == ((5,), (2, 3))
        assert self.shape((2, 3), replicas=1) == ((1,), (2, 3))

    def test_kernels_have_further_axes(self):
        """Four axes and more are a kernel by themselves; three need the word."""
        assert self.shape((8, 4, 3, 3)) == ((), (8, 4, 3, 3))
        assert self.shape((8, 4, 3, 3), replicas=5) == ((5,), (8, 4, 3, 3))
        assert self.shape((8, 4, 3, 3, 3), kernel=True) == ((), (8, 4, 3, 3, 3))
        assert self.shape((8, 4, 3), kernel=True) == ((), (8, 4, 3))

    @pytest.mark.parametrize("replicas", [None, 5])
    def test_three_axes_alone_are_refused(self, replicas):
        """The sentence names both readings."""
        message = (
            "shape must say what its three axes are: (4, 3) with replicas=8, or kernel=True for "
            "the kernel of a one-dimensional convolution, got (8, 4, 3)"
        )
        with refused(ValueError, message):
            self.shape((8, 4, 3), replicas=replicas)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            (
                {"value": (3,)},
                ValueError,
                "shape must be (fan_out, fan_in) or that of a kernel, in positive whole numbers, "
                "got (3,)",
            ),
            (
                {"value": (2, 3), "kernel": True},
                ValueError,
                "shape must be (fan_out, fan_in, taps, ...) with kernel=True, got (2, 3)",
            ),
            (
                {"value": (2, 3), "kernel": 1},
                TypeError,
                "kernel must be True or False, got 1",
            ),
            (
                {"value": (2, 3), "replicas": 0},
                ValueError,
                "replicas must be a whole number of at least 1, got 0",
            ),
            (
                {"value": (2, 3), "replicas": (5,)},
                TypeError,
                "replicas must be a whole number of at least 1, got (5,)",
            ),
            (
                {"value": (2**20, 2**20), "replicas": 2},
                ValueError,
                f"shape must ask for at most {2**40} numbers, got 2 times 1048576 times 1048576",
            ),
        ],
    )
    def test_what_is_no_weight_is_refused(self, options, error, message):
        """Each part by its own sentence."""
        with refused(error, message):
            self.shape(**options)


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
        message = (
            f"rng must be None, a seed of at least 0 or a numpy.random.Generator, got {value!r}"
        )
        with refused(error, message):
            _arrays.generator(value)


def test_what_came_is_shown_in_one_line():
    """The lines of an array are joined, and the rest of a long value is left out."""
    assert _arrays.shown("a\nb") == r"'a\nb'"
    assert _arrays.shown(np.eye(2)) == "array([[1., 0.], [0., 1.]])"
    assert _arrays.shown("x" * 58) == f"'{'x' * 58}'"
    assert _arrays.shown("x" * 59) == f"'{'x' * 56}..."


def test_a_long_double_beyond_the_range_of_double_is_refused():
    """It would become infinite, and NumPy warn of it."""
    if np.finfo(np.longdouble).max > np.finfo(np.float64).max:
        with refused(ValueError, "x must be finite, got inf at index (1,)"):
            _arrays.real_array("x", np.array([1, "1e4000"], np.longdouble), ("samples",))


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
        result = _arrays.flag("same_order", value)
        assert result is bool(value)

    @pytest.mark.parametrize("value", [None, 1, "yes", [], np.empty(0)])
    def test_what_merely_counts_as_true_or_false_is_refused(self, value):
        """A text like "no" would count as true."""
        with pytest.raises(TypeError, match=r"^same_order must be True or False, got "):
            _arrays.flag("same_order", value)


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
            _arrays.matrix_shape("shape", (10**12, 10**12))


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
