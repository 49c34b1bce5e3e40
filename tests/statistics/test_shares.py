"""Shares of runs and of orders, against published values, against scipy, and against plain slow ones."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from sim.statistics import clopper_pearson, days_needed, hall_bounds, mean_interval, share_bounds
from tests.helpers.campaigns import some

# Of runs


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_the_exact_bounds_of_a_share_are_the_published_ones(hits, n, low, high):
    """Newcombe (1998), table I, method 5."""
    assert clopper_pearson(hits, n, 0.025) == (hits / n, pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5), n)


@pytest.mark.parametrize("level", [0.1, 0.025, 1e-4])
@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (29, 30), (500, 1000)])
def test_beyond_an_exact_bound_what_came_has_no_more_than_its_level(hits, n, level):
    share = clopper_pearson(hits, n, level)
    if hits:
        assert stats.binom.sf(hits - 1, n, share.low) == pytest.approx(level)
    if hits < n:
        assert stats.binom.cdf(hits, n, share.high) == pytest.approx(level)
    assert (share.low == 0, share.high == 1) == (hits == 0, hits == n)


def test_no_runs_have_no_bounds():
    with pytest.raises(ValueError, match="no runs"):
        clopper_pearson(0, 0, 0.025)


# Of the orders of many days


@st.composite
def days(draw, most: int = 40) -> tuple[list[int], list[int]]:
    """Hits and orders by day, on at least two days with orders."""
    orders = draw(st.lists(st.integers(1, 60), min_size=2, max_size=most))
    return [draw(st.integers(0, count)) for count in orders], orders


def hall_alone(hits, orders, level: float) -> tuple[float, float]:
    """The ends by the definition: where Hall's bound of hits - p * orders is 0, or where all p are accepted 0 and 1."""
    hits, orders = np.array(hits), np.array(orders)
    share = hits.sum() / orders.sum()

    def end(bound: str, last: int) -> float:
        def at(p: float) -> float:
            return getattr(hall_bounds(hits - p * orders, level), bound)

        return brentq(at, share, last) if at(share) * at(last) < 0 else last

    return end("low", 0), end("high", 1)


@pytest.mark.parametrize("level", [0.1, 0.025, 0.001])
@pytest.mark.parametrize("n", [20, 200])
def test_the_ends_are_where_halls_bounds_of_what_a_day_lacks_are_0(n, level):
    rng = np.random.default_rng(n)
    orders = rng.poisson(50, n) + 1
    hits = rng.binomial(orders, rng.beta(8, 2, n))
    found = share_bounds(hits, orders, level)
    assert (found.estimate, found.n) == (hits.sum() / orders.sum(), n)
    assert found[1:3] == pytest.approx(hall_alone(hits, orders, level), abs=1e-9)


def test_days_that_are_alike_but_for_chance_have_nearly_the_interval_of_their_mean():
    hits = np.random.default_rng(1).binomial(100, 0.5, 1000)
    theirs = mean_interval(hits / 100)
    assert share_bounds(hits, [100] * 1000, 0.025)[:3] == pytest.approx(theirs[:3], abs=2e-4)


@given(days(), st.sampled_from([0.2, 0.025, 1e-3]))
def test_a_share_lies_within_its_bounds_and_these_between_0_and_1(counts, level):
    found = share_bounds(*counts, level)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.n == len(counts[0])


@given(days(), st.floats(1e-6, 0.3), st.floats(1e-6, 0.3))
def test_bounds_of_a_share_are_wider_the_smaller_the_level(counts, level, other):
    wide, narrow = (share_bounds(*counts, each) for each in sorted([level, other]))
    assert wide.low <= narrow.low + 1e-9
    assert narrow.high <= wide.high + 1e-9


@given(days())
def test_the_share_of_misses_has_the_mirrored_bounds(counts):
    hits, orders = counts
    ours = share_bounds(hits, orders, 0.025)
    theirs = share_bounds([count - hit for hit, count in zip(hits, orders, strict=True)], orders, 0.025)
    assert (ours.low, ours.high) == pytest.approx((1 - theirs.high, 1 - theirs.low), abs=1e-9)


@given(days(), st.data())
def test_the_order_of_days_and_days_without_orders_do_not_matter(counts, data):
    hits, orders = counts
    places = data.draw(st.permutations([*range(len(hits)), None, None]))
    mixed = [(0, 0) if place is None else (hits[place], orders[place]) for place in places]
    assert share_bounds(*zip(*mixed, strict=True), 0.025) == pytest.approx(share_bounds(hits, orders, 0.025), abs=1e-9)


@pytest.mark.parametrize("n", [2, 30, 400])
def test_days_without_a_miss_are_bounded_as_clopper_and_pearson_bound_days(n):
    orders = [5, 50] * (n // 2)
    assert share_bounds(orders, orders, 0.025) == (1, pytest.approx(clopper_pearson(n, n, 0.025).low), 1, n)
    assert share_bounds([0] * n, orders, 0.025) == (0, 0, pytest.approx(clopper_pearson(0, n, 0.025).high), n)


def test_days_that_all_have_the_same_share_may_be_followed_by_any():
    unseen = clopper_pearson(0, 30, 0.025).high
    expected = 0.6, pytest.approx(0.6 * (1 - unseen)), pytest.approx(0.6 + 0.4 * unseen), 30
    assert share_bounds([3, 6] * 15, [5, 10] * 15, 0.025) == expected


@pytest.mark.parametrize("bad", [1, 3, 9])
def test_few_bad_days_on_which_all_is_missed_are_bounded_as_clopper_and_pearson_bound_days(bad):
    hits = [0] * bad + [20] * (200 - bad)
    found = share_bounds(hits, [20] * 200, 0.025)
    assert found.low == pytest.approx(
        min(clopper_pearson(200 - bad, 200, 0.025).low, hall_alone(hits, [20] * 200, 0.025)[0])
    )


def test_few_days_with_hardly_a_miss_are_worth_little_less_than_none():
    orders = [1000] * 36
    none, few = share_bounds(orders, orders, 0.025), share_bounds([999] * 5 + [1000] * 31, orders, 0.025)
    assert none.low - 0.001 < few.low < none.low
    assert few.low > 0.9
    assert hall_alone([999] * 5 + orders[5:], orders, 0.025)[0] > 0.9995, "Hall alone knows nothing of other days"


def test_ten_days_with_a_miss_tell_enough():
    orders = [1000] * 36
    hits = [990] * 10 + [1000] * 26
    assert share_bounds(hits, orders, 0.025).low == pytest.approx(hall_alone(hits, orders, 0.025)[0], abs=1e-9)


def test_bad_days_with_many_orders_weigh_as_much_as_they_have():
    hits, orders = [0] + [20] * 99, [200] + [20] * 99
    alike = share_bounds([0] + [20] * 99, [20] * 100, 0.025)
    assert 1 - share_bounds(hits, orders, 0.025).low > 5 * (1 - alike.low)


@pytest.mark.parametrize(("chance", "lost", "n"), some([(0.05, 0.8, 30), (0.02, 0.8, 100), (0.05, 0.02, 60)], 1))
def test_rare_bad_days_are_hardly_ever_overlooked(chance, lost, n):
    """Days of 60 orders, of which few lose a share of theirs, and the others next to nothing."""
    rng = np.random.default_rng(n)
    truth = 1 - chance * lost
    lows = [
        share_bounds(60 - rng.binomial(60, lost * (rng.random(n) < chance)), [60] * n, 0.025).low for _ in range(1000)
    ]
    assert np.mean(np.array(lows) > truth) < 0.035


def test_days_of_a_lunch_cover_their_share_and_promise_it_too_often_only_in_few_experiments():
    rng = np.random.default_rng(1)
    experiments = 1000
    orders = rng.poisson(150, (experiments, 30))
    hits = rng.binomial(orders, rng.beta(12, 2, (experiments, 30)))
    found = [share_bounds(*each, 0.025) for each in zip(hits, orders, strict=True)]
    lows, highs = np.array([(interval.low, interval.high) for interval in found]).T
    assert np.mean((lows <= 12 / 14) & (highs >= 12 / 14)) > 0.93
    assert np.mean(lows > 12 / 14) < 0.045


def test_a_day_alone_has_no_bounds_and_no_orders_have_no_share():
    assert share_bounds([3], [4], 0.025) == share_bounds([3, 0], [4, 0], 0.025) == (0.75, None, None, 1)
    for hits, orders in (([], []), ([0, 0], [0, 0])):
        with pytest.raises(ValueError, match="no orders"):
            share_bounds(hits, orders, 0.025)
    for hit in (-1, 5):
        with pytest.raises(ValueError, match="a day has more hits than orders, or fewer than none"):
            share_bounds([hit, 1], [4, 4], 0.025)


# How many days


@pytest.mark.parametrize(("share", "days"), [(0.9, 36), (0.95, 72), (0.99, 368), (0.8, 17), (0.5, 6), (0.01, 2)])
def test_a_strict_share_needs_days_before_it_can_be_proved(share, days):
    assert days_needed(share) == days


@given(st.integers(1, 999))
def test_it_is_the_first_number_of_days_without_a_miss_that_proves_it(thousandths):
    share = thousandths / 1000
    days = days_needed(share)
    assert Fraction(thousandths, 1000) ** days <= Fraction(1, 40)
    assert days == 2 or Fraction(thousandths, 1000) ** (days - 1) > Fraction(1, 40)
    assert share_bounds([9] * days, [9] * days, 0.025).low >= share
    assert days == 2 or share_bounds([9] * (days - 1), [9] * (days - 1), 0.025).low < share


@pytest.mark.parametrize("share", [0, 1, -0.5, 1.5, math.nan])
def test_all_or_none_can_never_be_proved(share):
    with pytest.raises(ValueError, match="is not between 0 and 1"):
        days_needed(share)
