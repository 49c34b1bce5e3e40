"""The statistics against published values, against scipy, and against plain slow ones."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.signal import lfilter

from sim.statistics import (
    batch_means,
    bounds,
    holm,
    mean_interval,
    mser5,
    p_value,
    paired_difference,
    replications_for,
    share_interval,
    t_quantile,
)

SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]  # Student (1908), hours of sleep gained
CONFIDENCES = (0.5, 0.9, 0.95, 0.99)
SETTLED = [1, 3, 2, 5, 2, 4, 1, 6, 3, 3] * 10


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
    found = bounds(values, level)
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


def test_bounds_of_equal_values_of_one_value_and_of_none():
    assert bounds([0.25] * 5, 0.01) == (0.25, 0.25, 0.25, 5)
    unseen = stats.binomtest(0, 5).proportion_ci(0.98, "exact").high
    assert bounds([0.25] * 5, 0.01, reach=2) == pytest.approx((0.25, 0.25 - 2 * unseen, 0.25 + 2 * unseen, 5))
    assert bounds([7], 0.01) == (7.0, None, None, 1)
    with pytest.raises(ValueError, match="no values"):
        bounds([], 0.01)


@given(NUMBERS)
def test_bounds_contain_the_mean_and_are_wider_the_smaller_the_level(values):
    found = [bounds(values, level) for level in LEVELS]
    assert {(one.mean, one.n) for one in found} == {(np.mean(values), len(values))}
    lows, highs = [one.low for one in found], [one.high for one in found]
    assert [*lows[::-1], np.mean(values), *highs] == sorted([*lows, np.mean(values), *highs])
    if len(set(values)) > 1:
        assert len({*lows, *highs}) == 2 * len(LEVELS)


@given(NUMBERS, st.sampled_from(LEVELS), st.integers(-50, 50))
def test_bounds_turn_and_move_with_the_values(values, level, shift):
    found = bounds(values, level)
    turned = bounds([shift - 3 * value for value in values], level)
    close = {"rel": 1e-9, "abs": 1e-6}
    assert turned.low == pytest.approx(shift - 3 * found.high, **close)
    assert turned.high == pytest.approx(shift - 3 * found.low, **close)


# Shares


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(hits, n, low, high):
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3."""
    share = share_interval(hits, n)
    assert share == (hits / n, pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5), n)


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (29, 30), (500, 1000)])
def test_the_interval_of_a_share_is_that_of_scipy_and_stays_between_0_and_1(hits, n, confidence):
    share = share_interval(hits, n, confidence)
    theirs = stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    assert share[1:3] == pytest.approx(tuple(theirs), abs=1e-12)
    assert 0 <= share.low <= share.high <= 1
    assert share.low - 1e-12 <= share.mean <= share.high + 1e-12


def test_no_runs_have_no_share():
    with pytest.raises(ValueError, match="no runs"):
        share_interval(0, 0)


# How many replications


def smallest_number(values: list[float], half_width: float) -> int:
    sd, n = np.std(values, ddof=1), len(values)
    while stats.t.ppf(0.975, n - 1) * sd / n**0.5 > half_width:
        n += 1
    return n


def test_values_that_are_known_well_enough_need_no_more():
    assert replications_for(SLEEP, 0.88) == 10
    assert replications_for([3, 3], 1e-9) == 2


def test_half_the_half_width_needs_about_four_times_as_many():
    values = np.random.default_rng(1).normal(10, 2, 200)
    now = mean_interval(values).half_width
    assert replications_for(values, now / 2) == pytest.approx(800, rel=0.02)


@pytest.mark.parametrize(("values", "half_width"), [([0, 1], 0.7), (SLEEP, 0.4), (list(range(30)), 0.5)])
def test_it_is_the_smallest_number_whose_interval_is_narrow_enough(values, half_width):
    assert replications_for(values, half_width) == smallest_number(values, half_width)


def test_what_was_seen_says_how_many_are_needed_only_from_two_values_on():
    for values, half_width in (([1], 1), ([], 1), ([1, 2], 0), ([1, 2], -1)):
        with pytest.raises(ValueError, match="give two values or more, and a half-width above 0"):
            replications_for(values, half_width)


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
    assert batch_means(range(20)).interval.mean == 9.5


# Paired differences

DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_the_difference_of_students_two_drugs_is_the_published_one():
    """Student (1908); interval and p-value as in R's documentation of t.test with the data set sleep."""
    found = paired_difference(DRUG_2, DRUG_1)
    assert found.interval == (pytest.approx(1.58), pytest.approx(0.7001142), pytest.approx(2.4598858), 10)
    assert found.p == pytest.approx(0.002833, abs=5e-7)


@pytest.mark.parametrize("n", [2, 3, 30, 1000])
@pytest.mark.parametrize("shared", [0.0, 0.5, 3.0, -3.0])
def test_a_paired_difference_is_that_of_scipy(n, shared):
    rng = np.random.default_rng(n)
    common = rng.exponential(1, n)
    ours, theirs = rng.normal(0.1, 1, n) + common, rng.normal(0, 1, n) + shared * common
    found, test = paired_difference(ours, theirs, 0.9), stats.ttest_rel(ours, theirs)
    assert found.interval == pytest.approx((np.mean(ours) - np.mean(theirs), *test.confidence_interval(0.9), n))
    assert found.p == pytest.approx(test.pvalue)
    assert found.correlation == pytest.approx(np.corrcoef(ours, theirs)[0, 1])
    apart = np.var(ours, ddof=1) + np.var(theirs, ddof=1)
    assert found.variance_ratio == pytest.approx(apart / np.var(ours - theirs, ddof=1))
    assert (found.variance_ratio > 1) == (found.correlation > 0)


def test_pairs_that_all_differ_by_the_same_are_as_sure_as_their_number():
    assert paired_difference([3, 5, 4], [1, 3, 2]) == ((2.0, 2.0, 2.0, 3), 0.25, pytest.approx(1), None)
    assert paired_difference([3, 5, 4], [3, 5, 4]) == ((0.0, 0.0, 0.0, 3), 1.0, pytest.approx(1), None)


def test_values_that_do_not_vary_have_no_correlation():
    assert paired_difference([3, 5, 4], [1, 1, 1])[2:] == (None, pytest.approx(1))
    assert paired_difference([3, 3], [1, 1]) == ((2.0, 2.0, 2.0, 2), 0.5, None, None)


def test_one_pair_says_nothing_and_no_pairs_are_refused():
    assert paired_difference([3], [1]) == ((2.0, None, None, 1), 1.0, None, None)
    with pytest.raises(ValueError, match="no values"):
        paired_difference([], [])


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=2, max_size=20))
def test_the_order_of_the_two_turns_the_difference_round(pairs):
    ours, theirs = zip(*pairs, strict=True)
    found, turned = paired_difference(ours, theirs), paired_difference(theirs, ours)
    assert turned.interval[:3] == tuple(-value for value in (found.interval[0], *found.interval[2:0:-1]))
    assert turned.p == found.p
    assert 0 <= found.p <= 1


@pytest.mark.parametrize("n", [2, 5, 30])
def test_equal_values_are_judged_by_their_signs(n):
    assert p_value(0, 0, n) == 1
    for mean in (1e-300, -5):
        assert p_value(mean, 0, n) == pytest.approx(stats.binomtest(0, n).pvalue)


@pytest.mark.parametrize("n", [2, 3, 50])
def test_a_p_value_is_that_of_scipy_on_either_side_of_0(n):
    values = np.random.default_rng(n).normal(0.3, 1, n)
    expected = stats.ttest_1samp(values, 0).pvalue
    for sign in (1, -1):
        assert p_value(sign * values.mean(), values.var(ddof=1), n) == pytest.approx(expected)
    assert p_value(0, 1, n) == 1
    assert p_value(1, 1e-12, n) < 1e-5


# Many tests at once

SHARES = st.lists(st.floats(0, 1), max_size=6)


def closed(p_values: list[float]) -> list[float]:
    """Each p-value after closed testing, where a set of hypotheses is tested by Bonferroni: the largest p-value of all
    sets that it is in.
    """
    places = range(len(p_values))
    sets = [some for count in range(1, len(p_values) + 1) for some in combinations(places, count)]
    found = {some: min(1.0, len(some) * min(p_values[place] for place in some)) for some in sets}
    return [max(found[some] for some in sets if place in some) for place in places]


@pytest.mark.parametrize(
    ("alone", "adjusted"),
    [
        ([0.05, 0.03, 0.01, 0.5], [0.1, 0.09, 0.04, 0.5]),
        ([1, 0.5, 0.1, 0.001, 0.0001, 0.002], [1, 1, 0.3, 0.005, 0.0006, 0.008]),
        ([0.05, 0.05, 0.05], [0.15, 0.15, 0.15]),
        ([0.50, 0.003, 0.32, 0.054, 0.0003], [0.64, 0.012, 0.64, 0.162, 0.0015]),
    ],
)
def test_adjusted_p_values_are_the_published_ones(alone, adjusted):
    """The first three from github.com/dirkschumacher/PValueAdjust.jl: test/holm.jl, the last from the documentation of
    pingouin.multicomp (Vallat 2018).
    """
    assert holm(alone) == pytest.approx(adjusted)


@given(SHARES)
def test_adjusted_p_values_are_those_of_closed_testing(p_values):
    assert holm(p_values) == closed(p_values)


@given(SHARES)
def test_adjusting_keeps_the_order_and_makes_nothing_smaller(p_values):
    adjusted = holm(p_values)
    assert all(alone <= many <= 1 for alone, many in zip(p_values, adjusted, strict=True))
    places = sorted(range(len(p_values)), key=lambda place: (p_values[place], adjusted[place]))
    in_order = [adjusted[place] for place in places]
    assert in_order == sorted(in_order)


@given(st.data())
def test_adjusted_p_values_go_with_their_tests_wherever_these_stand(data):
    p_values = data.draw(SHARES)
    places = data.draw(st.permutations(range(len(p_values))))
    adjusted = holm(p_values)
    assert holm([p_values[place] for place in places]) == [adjusted[place] for place in places]


def test_a_test_alone_is_not_adjusted_and_none_are_none():
    assert holm([0.03]) == [0.03]
    assert holm([]) == []
