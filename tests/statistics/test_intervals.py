"""Means, bounds and where days lie, against published values, against scipy, and against plain slow ones."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from sim.statistics import (
    bounds,
    day_range,
    hall_bounds,
    hall_level,
    mean_interval,
    replications_for,
    replications_to_tell,
    t_quantile,
)
from sim.statistics.intervals import hall_distance

SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]  # Student (1908), hours of sleep gained
CONFIDENCES = (0.5, 0.9, 0.95, 0.99)


# Means


def test_the_interval_of_students_own_data_is_the_published_one():
    interval = mean_interval(SLEEP)
    assert interval == (pytest.approx(1.58), pytest.approx(0.7001142), pytest.approx(2.4598858), 10)
    assert interval.half_width == pytest.approx(0.8798858)


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("n", [2, 3, 30, 1000])
def test_an_interval_of_a_mean_is_that_of_scipy(n, confidence):
    values = np.random.default_rng(n).exponential(3, n)
    low, high = stats.t.interval(confidence, n - 1, values.mean(), stats.sem(values))
    assert mean_interval(values, confidence) == pytest.approx((values.mean(), low, high, n))
    assert t_quantile(confidence, n - 1) == pytest.approx(stats.t.ppf((1 + confidence) / 2, n - 1))


def test_one_value_has_a_mean_and_no_interval():
    assert mean_interval([7]) == (7.0, None, None, 1)
    assert mean_interval([7]).half_width is None


def test_equal_values_have_an_interval_without_width():
    assert mean_interval([0.25] * 5) == (0.25, 0.25, 0.25, 5)
    assert mean_interval([0.25] * 5).half_width == 0


def test_no_values_have_no_mean():
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


# Bounds of a mean that may each be wrong with a small probability

LEVELS = (0.25, 0.1, 0.025, 0.001)
NUMBERS = st.lists(st.integers(-1000, 1000), min_size=2, max_size=40)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [2, 3, 10, 101])
def test_bounds_of_symmetric_values_are_students(n, level):
    assert bounds(range(n), level) == pytest.approx(mean_interval(range(n), 1 - 2 * level))


def test_bounds_of_nearly_symmetric_values_are_nearly_students():
    values = np.random.default_rng(1).normal(10, 2, 1000)
    theirs = mean_interval(values, 0.95)
    assert bounds(values, 0.025) == pytest.approx(theirs, abs=0.05 * theirs.half_width)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [5, 30, 200])
def test_bounds_are_where_halls_transformation_of_t_is_students_quantile(n, level):
    """Hall (1992), On the removal of skewness by transformation, the cubic one."""
    values = np.random.default_rng(n).exponential(1, n)
    skewness = (((values - values.mean()) / values.std(ddof=1)) ** 3).mean()
    found = hall_bounds(values, level)
    for bound, sign in ((found.low, 1), (found.high, -1)):
        t = (values.mean() - bound) / stats.sem(values)
        bent = t + skewness * t**2 / (3 * n**0.5) + skewness**2 * t**3 / (27 * n) + skewness / (6 * n**0.5)
        assert bent == pytest.approx(sign * stats.t.ppf(1 - level, n - 1))


@pytest.mark.parametrize("mirror", [1, -1])
def test_bounds_of_skewed_values_keep_their_level_better_than_students(mirror):
    draws = np.random.default_rng(1908).exponential(1, (3000, 30))
    ours, theirs = [
        [found(values * mirror) for values in draws]
        for found in (lambda values: bounds(values, 0.025), lambda values: mean_interval(values, 0.95))
    ]

    def wrong(intervals) -> tuple[float, float]:
        """How often the true mean lies beyond the bound on the long and on the short side of the values."""
        beyond = [(one.high < mirror, one.low > mirror)[::mirror] for one in intervals]
        return tuple(np.mean(beyond, axis=0))

    long, short = wrong(theirs)
    assert long > 0.06, "Student's promise of 2.5% is not kept"
    assert short < 0.01
    assert wrong(ours)[0] < 0.045
    assert 0.01 < wrong(ours)[1] < 0.035


@pytest.mark.parametrize("level", LEVELS)
def test_where_few_values_are_large_the_upper_bound_is_five_times_as_far_as_students(level):
    few = [0.0] * 26 + [1.0, 2.0, 2.0, 9.0]  # as unevenly as 14**2 / 90 = 2.2 equal ones among 30
    student, hall, found = mean_interval(few, 1 - 2 * level), hall_bounds(few, level), bounds(few, level)
    assert found.high == pytest.approx(14 / 30 + 5 * student.half_width)
    assert found.high > hall.high
    assert found[:2] == hall[:2], "there are enough small ones"
    below = bounds([-value for value in few], level)
    assert below[1:3] == pytest.approx((-found.high, -found.low))


@pytest.mark.parametrize(("large", "n", "is_few"), [(10, 31, False), (9, 31, True), (5, 14, False), (5, 16, True)])
def test_ten_large_values_or_a_third_of_all_are_enough(large, n, is_few):
    values = [3.0] * large + [1.0] * (n - large)
    assert (bounds(values, 0.025).high > hall_bounds(values, 0.025).high) == is_few
    assert (bounds(values, 0.025) == hall_bounds(values, 0.025)) != is_few


def test_bounds_of_days_of_which_few_have_a_queue_keep_their_level_better_than_halls():
    rng = np.random.default_rng(30)
    has_queue, has_wait = rng.random((2, 3000, 30)) < np.array([0.15, 0.5]).reshape(2, 1, 1)
    days = np.where(has_queue, rng.exponential(8, (3000, 30)), has_wait * rng.exponential(1, (3000, 30)))
    mean = 0.15 * 8 + 0.85 * 0.5
    halls, ours = (np.mean([found(day, 0.025).high < mean for day in days]) for found in (hall_bounds, bounds))
    assert halls > 0.06
    assert ours < 0.04


@pytest.mark.parametrize("level", [0.025, 0.001])
@pytest.mark.parametrize("n", [50, 1000])
def test_halls_bounds_lie_at_most_about_four_times_as_far_away_as_students(n, level):
    t = t_quantile(1 - 2 * level, n - 1)
    farthest = max(-hall_distance(-t, skewness, n) for skewness in np.arange(0.1, 40, 0.1))
    assert 3.8 < farthest / (t / n**0.5) < 4.2


@given(NUMBERS, st.integers(-1000, 1000))
def test_halls_bound_at_the_level_of_a_limit_is_the_limit(values, limit):
    assume(len(set(values)) > 1)
    level = hall_level(values, limit)
    if 1e-9 < level < 0.4:  # farther out, quantiles of Student's law have fewer digits
        found = hall_bounds(values, level)
        assert (found.low if limit < found.estimate else found.high) == pytest.approx(limit, rel=1e-6, abs=1e-4)


def test_the_level_of_a_limit_needs_two_different_values():
    for values in ([], [1], [2, 2, 2]):
        with pytest.raises(ValueError, match="give two different values or more"):
            hall_level(values, 0)


def test_bounds_of_equal_values_of_one_value_and_of_none():
    assert bounds([0.25] * 5, 0.01) == (0.25, 0.25, 0.25, 5)
    unseen = stats.binomtest(0, 5).proportion_ci(0.98, "exact").high
    assert bounds([0.25] * 5, 0.01, reach=2) == pytest.approx((0.25, 0.25 - 2 * unseen, 0.25 + 2 * unseen, 5))
    assert bounds([0.1] * 30, 0.01) == (0.1, 0.1, 0.1, 30), "whatever rounding makes of their mean"
    assert bounds([7], 0.01) == (7.0, None, None, 1)
    with pytest.raises(ValueError, match="no values"):
        bounds([], 0.01)


@given(NUMBERS)
def test_bounds_contain_the_mean_and_are_wider_the_smaller_the_level(values):
    found = [bounds(values, level) for level in LEVELS]
    assert {(one.estimate, one.n) for one in found} == {(np.mean(values), len(values))}
    lows, highs = [one.low for one in found], [one.high for one in found]
    assert [*lows[::-1], np.mean(values), *highs] == sorted([*lows, np.mean(values), *highs])
    if len(set(values)) > 1:
        assert len({*lows, *highs}) == 2 * len(LEVELS)


@given(st.lists(st.sampled_from([0, 1, 10**6]), min_size=2, max_size=40), st.floats(1e-9, 0.3), st.floats(1e-9, 0.3))
def test_bounds_are_wider_the_smaller_the_level_however_skewed_the_values(values, level, other):
    wide, narrow = (bounds(values, each, reach=1) for each in sorted([level, other]))
    assert wide.low <= narrow.low <= wide.estimate <= narrow.high <= wide.high


@given(NUMBERS, st.sampled_from(LEVELS), st.integers(-50, 50))
def test_bounds_turn_and_move_with_the_values(values, level, shift):
    found = bounds(values, level)
    turned = bounds([shift - 3 * value for value in values], level)
    close = {"rel": 1e-9, "abs": 1e-6}
    assert turned.low == pytest.approx(shift - 3 * found.high, **close)
    assert turned.high == pytest.approx(shift - 3 * found.low, **close)


# How many replications


def test_a_mean_far_from_its_limit_needs_two_and_no_more():
    assert replications_for(SLEEP, 1e6) == 2
    assert replications_for([3, 3], 1e-9) == 2


def test_half_the_distance_needs_about_four_times_as_many():
    values = np.random.default_rng(1).normal(10, 2, 200)
    assert replications_for(values, 0.1) == pytest.approx(4 * replications_for(values, 0.2), rel=0.01)


@pytest.mark.parametrize(("values", "distance"), [([0, 1], 0.3), (SLEEP, 0.4), (SLEEP, 1.2), (list(range(30)), 0.5)])
def test_that_many_replications_decide_four_experiments_in_five(values, distance):
    """The power by the noncentral t distribution, of which the sum of two quantiles is a close approximation."""
    n, sd = replications_for(values, distance), np.std(values, ddof=1)
    power = stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, distance * n**0.5 / sd)
    assert power == pytest.approx(0.8, abs=0.045)


def test_values_say_how_many_are_needed_only_from_two_on():
    for values, distance in (([1], 1), ([], 1), ([1, 2], 0), ([1, 2], -1)):
        with pytest.raises(ValueError, match="give two values or more, and a distance above 0"):
            replications_for(values, distance)


@pytest.mark.parametrize("limit", [0.6, 1, 2, 8])
def test_where_few_values_are_large_so_many_replications_bring_the_bound_below_the_limit(limit):
    few = [0.0] * 26 + [1.0, 2.0, 2.0, 9.0]
    n = replications_to_tell(few, limit)
    assert n >= replications_for(few, limit - np.mean(few))
    times = -(-n // len(few))
    assert bounds(few * times, 0.025).high < limit
    assert bounds(few, 0.025).high >= limit or times == 1


def test_the_side_on_which_the_limit_lies_decides_whether_large_values_are_few():
    few = [0.0] * 26 + [1.0, 2.0, 2.0, 9.0]
    assert replications_to_tell(few, 0.2) == replications_for(few, np.mean(few) - 0.2)
    assert replications_to_tell(few, np.mean(few) + 2) > 2 * replications_for(few, 2)
    assert replications_to_tell(range(30), 20) == replications_for(range(30), 5.5)


# Where a day lies


@pytest.mark.parametrize(
    ("n", "rank", "coverage"), [(1, 1, 0), (30, 1, 29 / 31), (39, 1, 0.95), (79, 2, 0.95), (100, 2, 97 / 101)]
)
def test_a_coming_day_lies_between_the_smallest_and_largest_of_39(n, rank, coverage):
    days = np.random.default_rng(n).permutation(n)
    assert day_range(days) == (rank - 1, n - rank, pytest.approx(coverage))


@pytest.mark.parametrize("n", [20, 39, 100])
def test_a_coming_day_lies_there_as_often_as_it_says(n):
    draws = np.random.default_rng(n).lognormal(size=(20_000, n + 1))
    low, high, coverage = zip(*(day_range(days) for days in draws[:, :-1]), strict=True)
    assert np.mean((low <= draws[:, -1]) & (draws[:, -1] <= high)) == pytest.approx(coverage[0], abs=0.006)


def test_no_days_say_nothing_of_a_coming_one():
    with pytest.raises(ValueError, match="no values"):
        day_range([])
