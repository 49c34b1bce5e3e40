"""Change points, dispersion, Lewis' test, day factors and laws: what is true of each for known numbers."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.statistics import (
    FittedLaw,
    change_points,
    day_factor,
    lewis_test,
    likeliest_law,
    misfit,
    rank_test,
    ratio_interval,
    table_dispersion,
    weibull_parameters,
)

GENERATOR = np.random.default_rng


def likelihood(counts, begins, penalty):
    parts = np.split(np.asarray(counts, float), begins[1:])
    sums = [(part.sum(), len(part)) for part in parts]
    return sum(total * np.log(total / n) for total, n in sums if total) - penalty * len(parts)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.floats(0.1, 8))
def test_no_partition_is_likelier_than_the_one_that_is_found(counts, penalty):
    found = change_points(np.array(counts, float), penalty)
    everywhere = range(1, len(counts))
    all_partitions = [[0, *cut] for number in range(len(counts)) for cut in combinations(everywhere, number)]
    assert found in all_partitions
    best = max(likelihood(counts, begins, penalty) for begins in all_partitions)
    assert likelihood(counts, found, penalty) == pytest.approx(best, abs=1e-9)


def test_the_dispersion_of_a_table_is_that_of_scipy():
    table = GENERATOR(1).poisson(9, (6, 5))
    expected = stats.chi2_contingency(table, correction=False)
    assert table_dispersion(table).ratio == pytest.approx(expected.statistic / expected.dof)
    assert table_dispersion(table).p_high == pytest.approx(expected.pvalue)


def test_poisson_counts_have_a_dispersion_of_1_also_when_days_and_slots_differ():
    generator = GENERATOR(2)
    rates = np.outer(generator.gamma(20, 1, 60), [1, 4, 2, 1])
    assert table_dispersion(generator.poisson(rates)).ratio == pytest.approx(1, abs=0.2)
    assert table_dispersion(np.zeros((3, 4), np.int64)) == (1, 1, 1)


def test_lewis_test_is_wrong_as_often_as_it_says_and_sees_regular_gaps():
    generator = GENERATOR(3)
    p_values = [lewis_test([np.sort(generator.random(generator.poisson(9))) for _ in range(40)]).p for _ in range(400)]
    assert 0.03 < np.mean(np.array(p_values) < 0.05) < 0.08
    regular = [np.sort((np.arange(20) + generator.random(20)) / 20) for _ in range(40)]
    assert lewis_test(regular).p < 1e-6
    assert stats.kstest(np.concatenate(regular), "uniform").pvalue > 0.5  # which sees nothing of them
    assert lewis_test([]).p == 1


def test_a_day_factor_is_what_is_left_beyond_chance():
    generator = GENERATOR(4)
    busy = [
        day_factor(generator.poisson(300 * generator.gamma(44.4, 0.0225, 14)).astype(float), [0] * 14)
        for _ in range(400)
    ]
    assert np.mean([factor.cv for factor in busy]) == pytest.approx(0.15, abs=0.01)
    assert np.mean([factor.low < 0.15 < factor.high for factor in busy]) > 0.91
    plain = [day_factor(generator.poisson(300, 14).astype(float), [0] * 14).p < 0.05 for _ in range(400)]
    assert np.mean(plain) < 0.08
    grouped = day_factor(np.array([100.0] * 5 + [200.0] * 5), [0] * 5 + [1] * 5)
    assert grouped.cv == 0
    with pytest.raises(ValueError, match="too few days"):
        day_factor(np.array([1.0, 2.0]), [0, 1])


def test_a_ratio_of_totals_has_an_interval_by_days():
    generator = GENERATOR(5)
    hits = 0
    for _ in range(400):
        counts = generator.poisson(50, 12).astype(float)
        offset = generator.normal(0, 5, 12)  # service is slower on some days
        sums = np.array(
            [generator.normal(100 + shift, 20, int(n)).sum() for shift, n in zip(offset, counts, strict=True)]
        )
        interval = ratio_interval(sums, counts)
        hits += interval.low < 100 < interval.high
    assert 0.91 < hits / 400 < 0.98
    assert ratio_interval(np.array([6.0]), np.array([2.0])) == (3, None, None, 1)


LAWS = {
    "exponential": (stats.expon(scale=100), FittedLaw("exponential", {"mean": 100}, 0, 0)),
    "erlang": (stats.gamma(3, scale=40), FittedLaw("erlang", {"mean": 120, "shape": 3}, 0, 1)),
    "gamma": (stats.gamma(2.5, scale=40), FittedLaw("gamma", {"mean": 100, "cv": 2.5**-0.5}, 0, 2)),
    "lognormal": (
        stats.lognorm(0.6, scale=100),
        FittedLaw("lognormal", {"mean": 100 * np.exp(0.18), "cv": np.expm1(0.36) ** 0.5}, 0, 2),
    ),
    "weibull": (stats.weibull_min(1.7, scale=80), FittedLaw("weibull", {"scale": 80, "shape": 1.7}, 0, 2)),
    "normal": (stats.norm(100, 20), FittedLaw("normal", {"mean": 100, "sd": 20}, 0, 2)),
    "uniform": (stats.uniform(20, 70), FittedLaw("uniform", {"low": 20, "high": 90}, 0, 2)),
}


@pytest.mark.parametrize("name", LAWS)
def test_each_law_agrees_with_scipy_and_is_found_again(name):
    theirs, law = LAWS[name]
    values = theirs.ppf(np.linspace(0.01, 0.99, 25))
    assert law.cdf(values) == pytest.approx(theirs.cdf(values), abs=1e-6)
    assert law.quantiles(theirs.cdf(values)) == pytest.approx(values, rel=1e-4)
    sample = np.abs(theirs.rvs(1500, random_state=6))
    found = likeliest_law(sample)
    assert found.name in (name, "gamma" if name == "erlang" else name)  # shape 3 is a gamma law too
    assert found.log_likelihood == pytest.approx(theirs.logpdf(sample).sum(), abs=9)
    assert found.log_likelihood >= theirs.logpdf(sample).sum() - 1
    assert misfit(found, sample, GENERATOR(7)) > 0.01


def test_what_follows_no_law_is_found_out():
    generator = GENERATOR(8)
    mixed = np.concatenate([generator.normal(50, 5, 400), generator.normal(200, 9, 400)])
    assert misfit(likeliest_law(mixed), mixed, generator) < 0.01


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.5])
def test_durations_that_are_not_over_count_as_lower_bounds(shape):
    generator = GENERATOR(9)
    limits, ends = 600 * generator.weibull(shape, 4000), generator.exponential(400, 4000)
    scale, found = weibull_parameters(np.minimum(limits, ends), limits < ends)
    assert scale == pytest.approx(600, rel=0.08)
    assert found == pytest.approx(shape, rel=0.08)


def test_ranks_of_the_right_model_are_unlikely_as_often_as_they_say():
    generator = GENERATOR(10)
    wrong_level, wrong_spread = [], []
    for number in range(300):
        fitted = generator.normal(100, 10, 14)
        simulated = generator.normal(fitted.mean(), fitted.std(ddof=1), 199)
        ranks = rank_test(generator.normal(100, 10, 10), simulated, number, 14, True)
        wrong_level.append(ranks.p_level < 0.05)
        wrong_spread.append(ranks.p_spread < 0.05)
    assert np.mean(wrong_level) < 0.09  # Student's tails are longer than the normal ones of the scores
    assert np.mean(wrong_spread) < 0.08
    assert rank_test(np.full(5, 130.0), generator.normal(100, 10, 199), 0, None, False).p_level < 1e-4
    assert rank_test(generator.normal(100, 40, 12), generator.normal(100, 10, 199), 0, None, False).p_spread < 1e-3
