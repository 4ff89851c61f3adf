"""The fit of noise and outliers: its level, what it finds, and what it refuses."""

import numpy as np
import pytest
from scipy.optimize import brentq

from symlib.spectrum import fit_bulk, kolmogorov_distance, marchenko_pastur, tracy_widom

LAWS = {
    "Gaussian": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "signs": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
}
SHAPES = [(6, 9), (8, 80), (30, 30), (30, 200), (100, 60)]


def noise(shape, *, seed=0):
    """Return independent Gaussian entries of variance 1."""
    return np.random.default_rng(seed).standard_normal(shape)


def directions(shape, strengths, *, seed=1):
    """Return a matrix with these singular values and random directions."""
    rng = np.random.default_rng(seed)
    left, _ = np.linalg.qr(rng.standard_normal((shape[0], len(strengths))))
    right, _ = np.linalg.qr(rng.standard_normal((shape[1], len(strengths))))
    return left * np.asarray(strengths) @ right.T


def threshold(shape):
    """Return the strength below which a direction does not show in noise of variance 1."""
    return (shape[0] * shape[1]) ** (1 / 4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("law", LAWS)
def test_noise_has_outliers_no_oftener_than_was_asked(law, shape):
    """At the level of 5 %, up to four standard errors, for three laws and five shapes."""
    rng = np.random.default_rng([shape[0], shape[1], len(law)])
    draws = 300
    found = [fit_bulk(LAWS[law](rng, shape), chance=0.05).outliers > 0 for _ in range(draws)]
    assert np.mean(found) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / draws)


def test_chances_of_large_noise_are_near_uniform():
    """They are probabilities, not only small ones where something is found."""
    rng = np.random.default_rng(7)
    chances = [
        fit_bulk(rng.standard_normal((100, 200)), chance=1e-6).chances[0] for _ in range(300)
    ]
    for level in (0.25, 0.5, 0.75):  # four standard errors, and .06 for the finite size
        assert np.mean(np.asarray(chances) < level) == pytest.approx(
            level, abs=0.06 + 4 / 2 / 300**0.5
        )


@pytest.mark.parametrize("shape", [(60, 100), (100, 60), (200, 200)], ids=str)
@pytest.mark.parametrize("count", [1, 3, 20])
def test_directions_beyond_twice_the_threshold_are_found_whatever_else_is_there(shape, count):
    """Strong ones do not hide weak ones, and nothing else is found."""
    strengths = np.geomspace(2, 50, count) * threshold(shape)
    for seed in range(10):
        bulk = fit_bulk(
            noise(shape, seed=seed) + directions(shape, strengths, seed=seed), chance=1e-4
        )
        assert bulk.outliers == count
        assert (bulk.chances[:-1] <= 1e-4).all()
        assert bulk.chances[-1] > 1e-4
        assert (bulk.singular_values[:count] > bulk.edge).all()
        assert (bulk.singular_values[count:] < bulk.edge).all()


def test_directions_far_below_the_threshold_are_not_found():
    """They are found as often as noise has outliers."""
    shape = (200, 200)
    found = []
    for seed in range(40):
        added = directions(shape, [0.4 * threshold(shape)], seed=seed)
        found.append(fit_bulk(noise(shape, seed=seed) + added).outliers)
    assert np.mean(np.asarray(found) > 0) < 0.01 + 4 * np.sqrt(0.01 * 0.99 / 40)


def test_numbers_are_those_of_the_definition():
    """Each field, written out by loops."""
    shape = (30, 50)
    matrix = noise(shape) + directions(shape, [12.0, 30.0])
    bulk = fit_bulk(matrix, chance=0.02)
    k = bulk.outliers
    assert k == 2
    values = np.sort(np.linalg.svd(matrix, compute_uv=False))[::-1]
    np.testing.assert_allclose(bulk.singular_values, values, rtol=1e-12)
    rows, columns = 30 - k, 50 - k
    rest = values[k:] ** 2
    assert bulk.scale == pytest.approx(rest.sum() / (rows * columns), rel=1e-12)

    def johnstone(largest, scale, p, n):
        """Return the chance of Johnstone's theorem 1.1, for p by n noise of this scale."""
        center = (np.sqrt(n - 1) + np.sqrt(p)) ** 2
        unit = (np.sqrt(n - 1) + np.sqrt(p)) * (1 / np.sqrt(n - 1) + 1 / np.sqrt(p)) ** (1 / 3)
        return float(tracy_widom(1).sf((largest / scale - center) / unit))

    for i in range(k + 1):
        scale = (values[i:] ** 2).sum() / ((30 - i) * (50 - i))
        assert bulk.chances[i] == pytest.approx(johnstone(values[i] ** 2, scale, 30 - i, 50 - i))
    edge = brentq(lambda s: johnstone(s**2, bulk.scale, rows, columns) - 0.02, 1, 30)
    assert bulk.edge == pytest.approx(edge)
    law = marchenko_pastur(rows / columns, scale=bulk.scale)
    assert bulk.law.support() == pytest.approx(law.support())
    assert bulk.distance == pytest.approx(kolmogorov_distance(rest / columns, law))


@pytest.mark.parametrize("factor", [1e-140, 1e-3, -7.0, 1e140])
def test_scale_goes_with_the_matrix(factor):
    """The unit of the weights changes no decision, also near the ends of the range."""
    matrix = noise((20, 30)) + directions((20, 30), [20.0])
    one, other = fit_bulk(matrix), fit_bulk(factor * matrix)
    assert other.outliers == one.outliers == 1
    assert other.scale / factor**2 == pytest.approx(one.scale)
    assert other.edge / abs(factor) == pytest.approx(one.edge)
    np.testing.assert_allclose(other.chances, one.chances, rtol=1e-6)
    assert other.distance == pytest.approx(one.distance)


def test_a_matrix_and_its_transpose_are_the_same():
    """Rows and columns play the same part."""
    matrix = noise((20, 50)) + directions((20, 50), [20.0])
    one, other = fit_bulk(matrix), fit_bulk(matrix.T)
    assert one.outliers == other.outliers == 1
    assert one.scale == pytest.approx(other.scale)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_lower_precision_is_taken(dtype):
    """Half and single precision give what double gives, up to their rounding."""
    matrix = noise((40, 60)) + directions((40, 60), [30.0])
    one, other = fit_bulk(matrix), fit_bulk(matrix.astype(dtype))
    assert other.outliers == one.outliers == 1
    assert other.scale == pytest.approx(one.scale, rel=2 * float(np.finfo(dtype).eps))


def test_a_product_of_few_directions_is_refused_in_each_precision():
    """Rounding is no noise of the start."""
    product = noise((50, 10)) @ noise((10, 40), seed=1)
    for dtype in (np.float16, np.float32, np.float64):
        with pytest.raises(ValueError, match=r"^matrix must have a rank above 20 for shape"):
            fit_bulk(product.astype(dtype))
    with pytest.raises(ValueError, match=r"^matrix must have a rank above"):
        fit_bulk(np.zeros((4, 4)))


def test_at_most_half_of_the_values_are_outliers():
    """Where more stick out, half are named."""
    matrix = noise((20, 20))
    matrix[:9] *= 1e-3
    bulk = fit_bulk(matrix)
    assert bulk.outliers == 10
    assert bulk.chances.shape == (11,)


def test_dimensions_and_sizes_are_refused_in_a_sentence():
    """Each names the argument."""
    with pytest.raises(ValueError, match=r"each at least 3, got shape \(2, 9\)"):
        fit_bulk(noise((2, 9)))
    with pytest.raises(ValueError, match=r"matrix must be an array of shape \(rows, columns\)"):
        fit_bulk(noise((3, 4, 5)))
    with pytest.raises(ValueError, match=r"^matrix must have entries whose squares"):
        fit_bulk(1e-170 * noise((4, 4)))
    with pytest.raises(ValueError, match=r"^chance must be a finite number above 0 and below 0\.2"):
        fit_bulk(noise((4, 4)), chance=0)
