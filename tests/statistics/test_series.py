"""Series with a memory: where a warm-up ends, and means of batches."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from sim.statistics import batch_means, mean_interval, mser5, mser5_cut

SETTLED = [1, 3, 2, 5, 2, 4, 1, 6, 3, 3] * 10


# MSER-5


def plain_mser5(series: list[int]) -> int | None:
    """Each cut up to the middle tried by the definition, with fractions in place of floats."""
    batches = [Fraction(sum(series[at : at + 5]), 5) for at in range(0, len(series) // 5 * 5, 5)]
    half = len(batches) // 2
    errors = []
    for cut in range(half + 1):
        left = batches[cut:]
        mean = sum(left) / len(left)
        errors.append(sum((value - mean) ** 2 for value in left) / len(left) ** 2)
    cut = errors.index(min(errors))
    return cut * 5 if cut < half else None


@pytest.mark.parametrize("end", [5, 20, 45])
def test_a_transient_that_ends_at_a_known_place_is_cut_there(end):
    assert mser5([50] * end + SETTLED) == end


def test_a_transient_that_ends_within_a_batch_is_cut_behind_it():
    assert mser5([50] * 12 + SETTLED) == 15


@pytest.mark.parametrize("value", [0, 3, 0.1, 1 / 3, 1e9 + 0.1])
@pytest.mark.parametrize("n", [10, 333])
def test_a_series_that_never_changes_has_no_warm_up(value, n):
    assert mser5([value] * n) == 0


def test_a_trend_has_no_end_of_its_warm_up():
    assert mser5(range(100)) is None
    assert mser5(range(1000, 0, -1)) is None
    assert mser5([50] * 50 + SETTLED[:50]) is None, "it ends in the middle, where nobody looks further"


@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_a_series_of_less_than_two_batches_has_none_either(n):
    assert mser5([1] * n) is None


def test_what_is_over_after_the_last_whole_batch_does_not_count():
    series = [50] * 10 + SETTLED
    assert mser5(series) == mser5([*series, 10**6, 10**6, 10**6, 10**6]) == 10


@pytest.mark.parametrize("shift", [0, 1e6, -1e9])
def test_the_cut_does_not_depend_on_the_unit_nor_on_where_0_is(shift):
    series = np.array([50] * 20 + SETTLED, float)
    assert mser5(series * 1e-3 + shift) == mser5(series) == 20


@given(st.lists(st.integers(-(10**6), 10**6), min_size=15, max_size=120, unique=True))
def test_the_cut_is_that_of_a_plain_slow_search(series):
    assert mser5(series) == plain_mser5(series)


@pytest.mark.parametrize("waiting", [20, 40])
def test_once_nobody_waits_any_more_the_warm_up_is_over(waiting):
    series = np.append(np.random.default_rng(1).exponential(3, waiting), np.zeros(200 - waiting))
    assert mser5(series) == waiting


def test_a_series_without_a_warm_up_is_hardly_ever_refused():
    noise = np.random.default_rng(1).exponential(1, (200, 500))
    assert sum(mser5(series) is None for series in noise) <= 4


# One cut for all replications


def test_a_warm_up_that_chance_hides_in_each_replication_shows_in_their_average():
    rng = np.random.default_rng(1)
    series = 3 * np.exp(-np.arange(600) / 20) + rng.normal(0, 1, (400, 600))
    alone = [mser5(row) for row in series]
    cuts = [mser5_cut(rows) for rows in series.reshape(10, 40, 600)]
    assert np.mean(alone) < 45
    assert np.mean(cuts) > 60


def test_the_cut_is_that_of_the_average_up_to_the_end_of_the_shortest():
    rows = [[50] * 20 + SETTLED, [30] * 20 + SETTLED[:60] + [10**9], [40] * 20 + SETTLED[:60]]
    average = np.mean([row[:80] for row in rows], axis=0)
    assert mser5_cut(rows) == mser5(average) == 20


@given(st.lists(st.integers(-(10**6), 10**6), min_size=15, max_size=60, unique=True), st.integers(1, 4))
def test_replications_that_are_alike_have_the_cut_of_each(series, count):
    assert mser5_cut([series] * count) == mser5(series)


def test_without_replications_there_is_no_cut_and_short_ones_have_no_end():
    assert mser5_cut([[1] * 100, [1] * 9]) is None
    with pytest.raises(ValueError, match="no replications"):
        mser5_cut([])


# Batch means


def ar1(count: int, n: int, past: float, mean: float) -> np.ndarray:
    """Series in which each value remembers this share of the one before, from their equilibrium."""
    rng = np.random.default_rng(1982)
    first = rng.normal(0, (1 - past**2) ** -0.5, (count, 1))
    later, _ = lfilter([1], [1, -past], rng.normal(0, 1, (count, n - 1)), axis=1, zi=first * past)
    return mean + np.hstack((first, later))


def test_batch_means_cover_the_mean_of_a_series_with_a_memory_where_a_plain_interval_does_not():
    series = ar1(count=600, n=6000, past=0.9, mean=10)

    def coverage(intervals) -> float:
        return np.mean([interval.low <= 10 <= interval.high for interval in intervals])

    assert coverage(batch_means(one).interval for one in series) == pytest.approx(0.95, abs=0.03)
    assert coverage(map(mean_interval, series)) < 0.5


def test_the_correlation_of_batches_tells_whether_they_are_long_enough():
    series = ar1(count=200, n=6000, past=0.9, mean=10)
    long, short = (np.mean([batch_means(one, batches=n).correlation for one in series]) for n in (20, 1200))
    assert abs(long) < 0.1
    assert short > 0.5


def test_batches_are_equal_and_the_first_values_are_those_left_over():
    found = batch_means([99, 1, 3, 5, 7], batches=2)
    assert found.batches == 2
    assert found.interval == mean_interval([2, 6])
    assert found.correlation == -0.5


def test_one_batch_is_refused_and_equal_batches_have_no_correlation():
    with pytest.raises(ValueError, match="2 observations make no 1 batches"):
        batch_means([1, 3], batches=1)
    assert batch_means([4] * 40) == ((4.0, 4.0, 4.0, 20), 20, 0.0)


def test_fewer_observations_than_batches_are_refused():
    with pytest.raises(ValueError, match="19 observations make no 20 batches"):
        batch_means(range(19))
    assert batch_means(range(20)).interval.estimate == 9.5
