"""Histograms: counts that merge."""

import numpy as np
import pytest

from sim.statistics import Histogram


def test_a_histogram_has_the_quantiles_of_its_numbers_to_within_what_it_says():
    rng = np.random.default_rng(1)
    for numbers in (
        rng.integers(0, 9_000, 5_000),
        np.rint(rng.exponential(6e7, 5_000)).astype(np.int64),
        np.array([0, 2**62, 8_191, 8_192]),
    ):
        counted = Histogram()
        counted.add(numbers)
        assert (counted.n, counted.total) == (len(numbers), int(numbers.sum()))
        for share in (0.01, 0.5, 0.95, 0.99, 1):
            truth = np.quantile(numbers, share, method="inverted_cdf")
            assert abs(counted.quantile(share) - truth) <= truth * Histogram.relative_error
    with pytest.raises(ValueError, match="no numbers"):
        Histogram().quantile(0.5)


def test_histograms_merge_exactly_however_the_numbers_are_divided():
    numbers = np.random.default_rng(2).integers(0, 2**40, 1_000)
    whole = Histogram()
    whole.add(numbers)
    parts = Histogram()
    for part in np.array_split(numbers, 7):
        one = Histogram()
        one.add(part)
        parts.merge(one)
    assert (parts.n, parts.total) == (whole.n, whole.total)
    assert np.array_equal(parts.counts, whole.counts)
