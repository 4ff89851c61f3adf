"""Products of reflections are what the reflections give one after another."""

import numpy as np
import pytest

from symlib._reflections import reflect


def one_by_one(vectors, x):
    """Reflect by the last vector, then by the one before it, and so on."""
    for v in vectors.T[::-1]:
        x = x - 2 * np.outer(v, v @ x) / (v @ v)
    return x


@pytest.mark.parametrize(
    ("rows", "count", "columns"), [(1, 1, 1), (7, 3, 2), (5, 5, 9), (90, 70, 4)]
)
def test_all_at_once_is_one_after_another(rows, count, columns):
    """Any number of vectors, of any lengths, in either precision."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        vectors = rng.standard_normal((rows, count)) * 10.0 ** rng.uniform(-3, 3, count)
        x = rng.standard_normal((rows, columns))
        expected = one_by_one(vectors, x)
        for dtype, digits in ((np.float64, 1e-12), (np.float32, 1e-4)):
            turned = x.astype(dtype)
            reflect(vectors.astype(dtype), turned)
            assert turned.dtype == dtype
            np.testing.assert_allclose(turned, expected, atol=digits * np.abs(x).max())


def test_replicas_are_reflected_by_their_own_vectors():
    """Leading axes are replicas."""
    vectors, x = np.random.default_rng(0).standard_normal((2, 4, 6, 3))
    expected = [one_by_one(*pair) for pair in zip(vectors, x, strict=True)]
    reflect(vectors, x)
    np.testing.assert_allclose(x, expected, atol=1e-13)


def test_a_vector_of_zeros_reflects_nothing():
    """It may stand anywhere among the others."""
    rng = np.random.default_rng(0)
    vectors, x = rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    vectors[:, [0, 2]] = 0
    expected = one_by_one(vectors[:, [1, 3]], x)
    reflect(vectors, x)
    np.testing.assert_allclose(x, expected, atol=1e-13)


def test_what_is_overwritten_may_be_a_part_of_an_array():
    """As it is where a large matrix is turned block by block."""
    rng = np.random.default_rng(0)
    vectors, whole = rng.standard_normal((4, 2)), rng.standard_normal((6, 5))
    before = whole.copy()
    reflect(vectors, whole[2:, 1:])
    np.testing.assert_allclose(whole[2:, 1:], one_by_one(vectors, before[2:, 1:]), atol=1e-13)
    whole[2:, 1:] = before[2:, 1:]
    assert np.array_equal(whole, before)
