"""Replications, however they are shared out, and when there are enough of them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from sim import Replications, replicate, run
from sim.model import metric_named
from sim.statistics import bounds, day_range
from tests.helpers.experiments import CERTAIN, PLAN, SHIFT, said

# Replications


def test_a_replication_is_the_run_of_its_number(kitchen):
    done = replicate(kitchen, times=3, seed=5)
    assert [one.number for one in done.results] == [1, 2, 3]
    for one in done.results:
        alone = run(kitchen, seed=5, replication=one.number)
        assert (one.fingerprint, one.values) == (alone.fingerprint, alone.measures.values)
    assert len({one.fingerprint for one in done.results}) == 3


@pytest.mark.usefixtures("forked_workers")
def test_the_numbers_are_the_same_however_the_work_is_shared(kitchen, hundred):
    with ThreadPoolExecutor(3) as threads:
        shared = [replicate(kitchen, times=70, jobs=2), replicate(kitchen, times=12, executor=threads)]
        assert threads.submit(int).result() == 0, "who gave the workers shuts them down"
    for done in shared:
        assert said(done) == said(hundred)[: len(done.results)]
        for one, other in zip(done.results, hundred.results, strict=False):
            assert np.array_equal(one.series.waits, other.series.waits)
            assert np.array_equal(one.series.queue, other.series.queue)


def test_thirty_extended_to_a_hundred_are_a_hundred_at_once_but_for_percentiles_that_the_file_does_not_name(
    kitchen, hundred
):
    fresh = []
    extended = replicate(
        kitchen, 100, earlier=lambda _: replicate(kitchen, 30).results, finished=lambda _, block: fresh.append(block)
    )
    assert said(extended) == said(hundred)
    assert [number for block in fresh for number in block.numbers] == list(range(31, 101))
    table, at_once = extended.to_frame(), hundred.to_frame()
    is_known = table["estimate"].notna()
    assert set(table["metric"][~is_known]) == {name for name in hundred.metric_names if metric_named(name).is_pooled}
    pd.testing.assert_frame_equal(table[is_known], at_once[is_known])


def test_earlier_ones_may_have_gaps_and_be_more_than_are_asked_for(kitchen, hundred):
    fresh = []
    some = [hundred.results[number - 1] for number in (7, 2, 5)]
    assert (
        said(replicate(kitchen, times=6, earlier=lambda _: some, finished=lambda _, block: fresh.append(block)))
        == said(hundred)[:6]
    )
    assert [number for block in fresh for number in block.numbers] == [1, 3, 4, 6]


def test_who_listens_hears_of_each_in_order(kitchen):
    heard, finished = [], []
    with ThreadPoolExecutor(3) as threads:
        replicate(
            kitchen,
            5,
            executor=threads,
            progress=lambda *how: heard.append(how),
            finished=lambda _, block: finished.append(block),
        )
    assert heard[-1] == (5, 5)
    assert heard == sorted(heard)
    assert [number for block in finished for number in block.numbers] == [1, 2, 3, 4, 5]


def test_what_is_random_runs_thirty_times_and_what_is_not_once_if_the_file_says_nothing(scenario):
    assert len(replicate(scenario(SHIFT)).results) == 30
    assert len(replicate(scenario(CERTAIN)).results) == 1
    assert len(replicate(scenario(SHIFT + "replications: 4")).results) == 4
    assert len(replicate(scenario(CERTAIN + "replications: 4")).results) == 4
    assert len(replicate(scenario(SHIFT + "replications: 4"), times=2).results) == 2
    assert len(replicate(scenario(SHIFT + PLAN), times=2).results) == 2


@pytest.mark.parametrize("options", [{"times": 0}, {"times": -1}, {"jobs": 0}, {"times": 1, "seed": -1}])
def test_what_is_out_of_range_is_refused(kitchen, options):
    with pytest.raises(ValueError, match="out of range"):
        replicate(kitchen, **options)


def test_an_estimate_is_the_mean_over_replications_that_observed_something(kitchen, hundred):
    done = Replications(kitchen, 7, hundred.results[:30])
    seen = [one.values["wait.VIP.mean"] for one in done.results if one.values["wait.VIP.n"]]
    assert 3 < len(seen) < 30
    assert done.values("wait.VIP.mean") == seen
    assert done.estimate("wait.VIP.mean") == pytest.approx(bounds(seen, 0.025))
    assert done.estimate("wait.VIP.mean", 0.5) == bounds(seen, 0.25)
    assert Replications(kitchen, 7, hundred.results[:1]).estimate("wait.mean").low is None
    summary = done.to_frame().set_index("metric")
    mean, low, high, n = done.estimate("wait.VIP.mean")
    assert summary.loc["wait.VIP.mean"].tolist() == [mean, mean, low, high, n, "s", *day_range(seen)[:2], ""]
    assert list(summary.index) == list(done.metric_names)
    assert len(done.runs) == 30 * len(done.metric_names)
    assert done.runs["value"].isna().sum() == sum(v is None for one in done.results for v in one.values.values())


def test_what_nobody_observed_has_no_estimate(scenario):
    done = replicate(scenario("clock: {until: 1m}\nbots: {initial: 1}"))
    assert done.estimate("wait.mean") is None
    row = done.to_frame().set_index("metric").loc["wait.mean"]
    assert (row["n"], row[["mean", "low", "high"]].isna().all()) == (0, True)


# Until a metric is known well enough


def enough(values: list[float]) -> bool:
    interval = bounds(values, 0.025)
    return interval.half_width <= 0.25 * abs(interval.estimate)


def test_it_stops_at_the_first_number_from_twenty_on_that_is_narrow_enough(scenario):
    done = replicate(scenario(SHIFT + PLAN))
    values = done.values("wait.mean")
    assert 20 < len(values) < 200
    assert [n for n in range(20, len(values) + 1) if enough(values[:n])] == [len(values)]


@pytest.mark.usefixtures("forked_workers")
def test_where_it_stops_depends_on_nobody_but_the_numbers(scenario):
    kitchen = scenario(SHIFT + PLAN)
    alone = replicate(kitchen)
    with ThreadPoolExecutor(3) as threads:
        assert said(replicate(kitchen, executor=threads)) == said(alone)
    assert said(replicate(kitchen, jobs=2)) == said(alone)
    assert said(replicate(kitchen, earlier=lambda _: replicate(kitchen, len(alone.results) + 5).results)) == said(alone)


def test_it_takes_twenty_also_where_fewer_would_do_and_the_most_where_no_number_does(scenario):
    easy = PLAN.replace("25%", "1h")
    assert len(replicate(scenario(SHIFT + easy)).results) == 20
    assert len(replicate(scenario(SHIFT + easy.replace("min: 20", "min: 25"))).results) == 25
    assert len(replicate(scenario(SHIFT + PLAN.replace("25%", "1us").replace("200", "23"))).results) == 23
    never = PLAN.replace("wait.mean", "flow.VIP.sd").replace("200", "22")
    assert len(replicate(scenario(SHIFT.replace("NORMAL: 98%, VIP: 2%", "NORMAL: 100%") + never)).results) == 22
