"""Paired differences and many tests at once, against published values and scipy."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from sim.statistics import (
    difference_bounds,
    hall_bounds,
    hall_level,
    holm,
    mean_interval,
    p_value,
    paired_difference,
)

# Paired differences

DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_the_difference_of_students_two_drugs_is_the_published_one():
    """Student (1908); interval and p-value as in R's documentation of t.test with the data set sleep. Its upper end is
    too near: a few differences are large."""
    found = paired_difference(DRUG_2, DRUG_1)
    assert found.interval[:2] == (pytest.approx(1.58), pytest.approx(0.7001142))
    assert found.interval.high == hall_bounds(np.subtract(DRUG_2, DRUG_1), 0.025).high > 2.4598858
    assert found.p == pytest.approx(0.002833, abs=5e-7)


@pytest.mark.parametrize("n", [2, 3, 30, 1000])
@pytest.mark.parametrize("shared", [0.0, 0.5, 3.0, -3.0])
def test_a_paired_difference_has_the_wider_interval_of_students_by_scipy_and_of_halls(n, shared):
    rng = np.random.default_rng(n)
    common = rng.exponential(1, n)
    ours, theirs = rng.normal(0.1, 1, n) + common, rng.normal(0, 1, n) + shared * common
    found, test = paired_difference(ours, theirs, 0.9), stats.ttest_rel(ours, theirs)
    student, skewed = test.confidence_interval(0.9), hall_bounds(ours - theirs, 0.05)
    wider = min(student.low, skewed.low), max(student.high, skewed.high)
    assert found.interval == pytest.approx((np.mean(ours) - np.mean(theirs), *wider, n))
    assert found.p == pytest.approx(max(test.pvalue, 2 * hall_level(ours - theirs, 0)))
    assert found.correlation == pytest.approx(np.corrcoef(ours, theirs)[0, 1])
    apart = np.var(ours, ddof=1) + np.var(theirs, ddof=1)
    assert found.variance_ratio == pytest.approx(apart / np.var(ours - theirs, ddof=1))
    assert (found.variance_ratio > 1) == (found.correlation > 0)


@given(st.lists(st.integers(-9, 30) | st.just(0), min_size=2, max_size=40))
def test_a_difference_is_significant_where_its_interval_excludes_0(differences):
    found = paired_difference(differences, [0] * len(differences))
    assume(len(set(differences)) > 1 and abs(found.p - 0.05) > 1e-9)
    assert (found.p < 0.05) == (found.interval.low > 0 or found.interval.high < 0)


def covered(judge, draws: np.ndarray, truth: float) -> float:
    """In which share of experiments an interval covers the truth."""
    return np.mean([interval.low <= truth <= interval.high for interval in map(judge, draws)])


def test_an_interval_of_differences_is_right_where_systems_are_alike_and_where_they_differ_on_few_days():
    rng = np.random.default_rng(5)
    alike = rng.exponential(1, (2000, 30)) ** 2 - rng.exponential(1, (2000, 30)) ** 2
    rare = (rng.random((2000, 30)) < 0.3) * rng.exponential(1, (2000, 30))
    ours = partial(difference_bounds, level=0.025)
    assert covered(partial(hall_bounds, level=0.025), alike, 0) < 0.93
    assert covered(mean_interval, rare, 0.3) < 0.9
    assert covered(ours, alike, 0) > 0.95
    assert covered(ours, rare, 0.3) > 0.95


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
