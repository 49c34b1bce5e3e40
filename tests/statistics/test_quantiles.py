"""Quantiles of many numbers: counts that merge, and intervals with days as clusters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.statistics import Counts, DailyCounts, hall_bounds, quantile_bounds, woodruff_bounds
from tests.helpers.campaigns import some

NUMBERS = st.lists(st.integers(0, 2**50) | st.integers(0, 9), max_size=60)
SHARES = (0.01, 0.5, 0.9, 0.95, 0.995, 1)


# Counts


def bounds_of(days, share, level):
    return quantile_bounds(DailyCounts.of(days), share, level)


def same(ours: Counts, theirs: Counts) -> bool:
    return np.array_equal(ours.places, theirs.places) and np.array_equal(ours.counts, theirs.counts)


@given(NUMBERS, st.data())
def test_counting_parts_and_joining_them_is_counting_all_at_once(numbers, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(numbers)), max_size=4)))
    parts = [Counts.of(numbers[start:end]) for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    whole = Counts.of(numbers)
    assert same(Counts.join(parts), whole)
    assert whole.n == len(numbers)


@given(NUMBERS)
def test_a_quantile_is_that_of_the_numbers_to_within_what_it_says(numbers):
    counts = Counts.of(numbers)
    assert counts.n == len(numbers)
    for share in SHARES if numbers else ():
        truth = np.quantile(np.array(numbers, np.int64), share, method="inverted_cdf")
        assert abs(counts.quantile(share) - truth) <= truth / 8192


@given(NUMBERS, st.integers(0, 8191))
def test_how_many_numbers_are_at_most_a_small_one_is_counted_exactly(numbers, limit):
    assert Counts.of(numbers).up_to(limit) == sum(number <= limit for number in numbers)


def test_counts_of_nothing_have_no_quantile_and_join_to_nothing():
    for nothing in (Counts.of([]), Counts.join([]), Counts.join([Counts.of([])])):
        assert nothing.n == 0
        with pytest.raises(ValueError, match="no numbers"):
            nothing.quantile(0.5)


@given(NUMBERS)
def test_counts_survive_being_stored(numbers):
    counts = Counts.of(numbers)
    content = counts.to_bytes()
    assert same(Counts.from_bytes(content), counts)
    assert content == Counts.of(numbers[::-1]).to_bytes(), "in whichever order they came"


def test_very_many_numbers_are_stored_too():
    many = Counts(np.array([0, 7, 212_991], np.int32), np.array([2**62, 1, 129]))
    assert same(Counts.from_bytes(many.to_bytes()), many)


def test_stored_counts_are_these_bytes_and_few():
    assert Counts.of([0, 0, 0, 5, 300]).to_bytes() == bytes([3, 1, 10, 0xCE, 0x04, 1])
    waits = np.rint(np.random.default_rng(1).exponential(6e7, 500)).astype(np.int64)
    assert len(Counts.of(waits).to_bytes()) < 700


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x02\x01", b"\x01\x01", b"\x01\x00\x00"])
def test_other_bytes_are_no_counts(content):
    with pytest.raises(ValueError, match="these bytes are not counts"):
        Counts.from_bytes(content)


# Quantiles of all numbers of all days


def plain_woodruff(days: list[np.ndarray], share: float, level: float) -> tuple[float, float, float]:
    """The interval by the definition, from the numbers themselves."""
    pooled = np.concatenate(days)
    quantile = np.quantile(pooled, share, method="inverted_cdf")
    below, sizes = np.array([(day <= quantile).sum() for day in days]), np.array([len(day) for day in days])
    residual, n = below - (pooled <= quantile).mean() * sizes, len(days)
    away = stats.t.isf(level, n - 1) * np.sqrt(n / (n - 1) * (residual**2).sum()) / len(pooled)
    low, high = (np.quantile(pooled, end, method="inverted_cdf") for end in (share - away, share + away))
    return quantile, low, high


def plain_test_of_each_number(days: list[np.ndarray], share: float, level: float) -> tuple[float, float]:
    """The first number that is not shown to lie below the quantile, and the first that is shown to lie above."""
    numbers = np.sort(np.concatenate(days))
    up_to = np.array([np.searchsorted(np.sort(day), numbers, side="right") for day in days])
    sizes = np.array([[len(day)] for day in days])
    excess = [hall_bounds(by_day, level) for by_day in (up_to - share * sizes).T]
    first = next(number for number, interval in zip(numbers, excess, strict=True) if interval.high >= 0)
    last = next(number for number, interval in zip(numbers, excess, strict=True) if interval.low > 0)
    return first, last


@pytest.mark.parametrize("share", some([0.1, 0.5, 0.8, 0.9], 2))
@pytest.mark.parametrize("n", [40, 300])
def test_the_interval_of_a_quantile_is_the_wider_of_woodruffs_and_that_of_the_numbers_not_excluded(n, share):
    rng = np.random.default_rng(n)
    days = [np.rint(rng.exponential(3e7 * rng.lognormal(0, 0.3), rng.poisson(20) + 1)) for _ in range(n)]
    counts = DailyCounts.of([Counts.of(day) for day in days])
    quantile, low, high = plain_woodruff(days, share, 0.025)
    assert woodruff_bounds(counts, share, 0.025) == pytest.approx((quantile, low, high, n), rel=1 / 4096)
    first, last = plain_test_of_each_number(days, share, 0.025)
    wider = (quantile, min(low, first), max(high, last), n)
    assert quantile_bounds(counts, share, 0.025) == pytest.approx(wider, rel=1 / 4096)


@given(st.lists(NUMBERS, min_size=2, max_size=12), st.sampled_from(SHARES), st.floats(1e-6, 0.3))
def test_a_quantile_is_that_of_all_numbers_and_lies_within_its_bounds(days, share, level):
    pooled = sorted(number for day in days for number in day)
    if sum(map(bool, days)) < 2:
        return
    found = bounds_of([Counts.of(day) for day in days], share, level)
    assert found.estimate == pytest.approx(np.quantile(pooled, share, method="inverted_cdf"), rel=1 / 4096)
    assert 0 <= found.low <= found.estimate <= found.high
    assert found.n == sum(map(bool, days))
    narrow = bounds_of([Counts.of(day) for day in days], share, 2 * level)
    assert found.low <= narrow.low
    assert narrow.high <= found.high


def test_a_bound_beyond_all_numbers_is_infinite_above_and_0_below():
    days = [Counts.of([10, 20]), Counts.of([30, 40])]
    assert bounds_of(days, 0.5, 0.025) == (20, 0, math.inf, 2)


def test_days_that_are_alike_prove_no_more_than_their_number():
    """As many days as prove a strict share of 90%: below, days that did not come could change the quantile."""
    day = Counts.of([7] * 50)
    assert bounds_of([day] * 35, 0.9, 0.025) == (7, 7, math.inf, 35)
    assert bounds_of([day] * 36, 0.9, 0.025) == (7, 7, 7, 36)


def test_a_day_alone_has_no_bounds_and_days_without_numbers_do_not_count():
    empty, day = Counts.of([]), Counts.of([1, 2, 3])
    assert bounds_of([empty, day, empty], 0.5, 0.025) == (2, None, None, 1)
    assert bounds_of([day, empty, day], 0.5, 0.025) == bounds_of([day, day], 0.5, 0.025)
    for nothing in ([], [empty, empty]):
        with pytest.raises(ValueError, match="no numbers"):
            bounds_of(nothing, 0.5, 0.025)


@pytest.mark.slow
def test_the_interval_covers_the_quantile_of_all_days_though_orders_of_a_day_are_alike():
    rng = np.random.default_rng(1952)
    spread = 0.5  # of the days' medians, in the logarithm; with 0.8 within a day, the whole is lognormal too
    truth = 6e7 * math.exp(stats.norm.ppf(0.9) * math.hypot(spread, 0.8))
    found = [
        bounds_of(
            [Counts.of(np.rint(6e7 * np.exp(rng.normal(0, spread) + rng.normal(0, 0.8, 100)))) for _ in range(30)],
            0.9,
            0.025,
        )
        for _ in range(400)
    ]
    assert np.mean([interval.low <= truth <= interval.high for interval in found]) > 0.91
    assert np.mean([interval.high < truth for interval in found]) < 0.055


def test_counts_of_days_in_columns_are_those_of_each_day():
    rng = np.random.default_rng(4)
    days = [Counts.of(rng.integers(0, 10**6, size)) for size in (0, 3, 50, 0, 0, 7)]
    columns = DailyCounts.of(days)
    assert len(columns) == len(days)
    assert all(same(*pair) for pair in zip(columns, days, strict=True))
    assert columns.n.tolist() == [day.n for day in days]
    for number in (0, 5_000, 400_000, 10**7):
        assert columns.up_to(number).tolist() == [day.up_to(number) for day in days]
    up_to_place = columns.counter()
    for place in (0, 5_000, 30_000, 10**5):
        assert up_to_place(place).tolist() == columns.up_to_place(place).tolist()
    rows = np.array([5, 1, 1, 0])
    assert all(same(ours, days[row]) for ours, row in zip(columns.take(rows), rows, strict=True))
    joined = DailyCounts.join([columns.take(rows[:1]), DailyCounts.of([]), columns])
    assert all(same(*pair) for pair in zip(joined, [days[5], *days], strict=True))
    with pytest.raises(IndexError):
        columns[6]
