"""What replications say of a metric: of all orders, of what is known exactly, and when it is known well enough."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import Replications, Scenario, replicate, run
from sim.experiment import compare
from sim.experiment.estimating import day_values, replications_to_settle
from sim.experiment.results import Results
from tests.helpers.experiments import SHIFT, said

SECOND = 1_000_000
NAMED = "metrics: [wait.p50, wait.p80, wait.p95, wait.p99.5, wait.p95.daily, wait.within(10s), flow.within(30s)]\n"


@pytest.fixture(scope="module")
def named(load) -> Scenario:
    return load(SHIFT + NAMED)


@pytest.fixture(scope="module")
def thirty(named) -> Replications:
    return replicate(named)


@pytest.fixture(scope="module")
def orders(named):
    """The final waits and flows of all orders of the thirty runs, in microseconds, from their tables."""
    tables = [run(named, replication=number).orders for number in range(1, 31)]
    waits = [table["final_wait_us"].to_numpy(np.int64) for table in tables]
    flows = [(table["final_completed_us"] - table["created_us"]).to_numpy(np.int64) for table in tables]
    return waits, flows


# Percentiles


@pytest.mark.parametrize(
    ("name", "share"), [("p50", 0.5), ("p80", 0.8), ("p95", 0.95), ("p99", 0.99), ("p99.5", 0.995)]
)
def test_a_percentile_is_that_of_all_orders_of_all_replications(thirty, orders, name, share):
    pooled = np.quantile(np.concatenate(orders[0]), share, method="inverted_cdf") / SECOND
    assert thirty.estimate(f"wait.{name}").estimate == pytest.approx(pooled, rel=1 / 4096)


def test_a_percentile_that_the_file_does_not_name_has_no_interval(thirty):
    assert thirty.estimate("flow.p99")[1:3] == (None, None)
    estimate, low, high, n = thirty.estimate("wait.p95")
    assert low < estimate < high
    assert n == 30


def test_a_percentile_of_one_replication_is_one_of_its_waits_to_the_last_bit(named, scenario):
    assert replicate(named, 1).estimate("wait.p95").estimate == run(named).measures.values["wait.p95"]
    odd = scenario("bots: {initial: 1}\nservice: 10.000001s\ntimeline: [{at: 0s, order: VIP, count: 20}]\n")
    assert replicate(odd, 3).estimate("wait.p95") == (180.000018, 180.000018, 180.000018, 3)


def test_the_daily_percentile_is_the_mean_of_the_days_values(thirty, orders):
    of_days = [np.quantile(waits, 0.95, method="inverted_cdf") / SECOND for waits in orders[0]]
    assert thirty.values("wait.p95.daily") == pytest.approx(of_days)
    assert thirty.estimate("wait.p95.daily").estimate == pytest.approx(np.mean(of_days))


def test_ten_extended_to_thirty_say_of_named_percentiles_what_thirty_say_at_once(named, thirty):
    extended = replicate(named, earlier=lambda _: replicate(named, 10).results)
    assert said(extended) == said(thirty)
    for name in ("wait.p50", "wait.p95", "wait.p99.5", "wait.within(10s)"):
        assert extended.estimate(name) == thirty.estimate(name)


# Shares


def test_a_share_is_that_of_all_orders_to_the_last_bit(thirty, orders):
    waits, flows = (np.concatenate(days) for days in orders)
    assert thirty.estimate("wait.within(10s)").estimate == (waits <= 10 * SECOND).sum() / len(waits)
    assert thirty.estimate("flow.within(30s)").estimate == (flows <= 30 * SECOND).sum() / len(flows)


@pytest.mark.parametrize("name", ["wait.mean", "wait.within(10s)", "wait.p50", "wait.p95"])
def test_the_values_of_days_have_the_estimate_as_their_mean(thirty, name):
    days = day_values(thirty.columns, name)
    assert np.isfinite(days).all()
    assert days.mean() == pytest.approx(thirty.estimate(name).estimate)


def test_a_percentile_without_an_upper_end_has_no_values_of_days(named, thirty):
    few = Replications(named, 7, thirty.results[:3])
    assert few.estimate("wait.p99.5").high == np.inf
    assert np.isnan(day_values(few.columns, "wait.p99.5")).all()


TILED = """
clock: {until: 5m}
service: {exponential: {mean: 10s}}
bots: {initial: 3, schedule: [{at: 70s, count: 1}, {at: 130s, count: 4}, {at: 200s, count: 2}]}
arrivals: [{class: {NORMAL: 70%, VIP: 30%}, poisson: {rate: 10/m}}]
windows: {slots: {every: 50s}}
metrics: [orders.created@slots, orders.completed@slots, wait.within(10s)@slots, queue.mean@slots, wasted@slots,
          wait.within(10s)]
"""


@given(st.integers(0, 2**32))
def test_windows_that_tile_the_run_add_up_to_it(seed):
    values = run(Scenario.parse(f"scenario: 1\nname: tiled\n{TILED}"), seed=seed).measures.values
    slots = sorted(name.partition("@")[2] for name in values if name.startswith("orders.created@"))
    assert len(slots) == 6

    def each(name: str) -> list:
        return [values[f"{name}@{slot}"] or 0 for slot in slots]

    assert sum(each("orders.created")) == values["orders.created"]
    assert sum(each("orders.completed")) == values["orders.completed"]
    hits = [share * n for share, n in zip(each("wait.within(10s)"), each("orders.created"), strict=True)]
    assert round(sum(hits)) == round((values["wait.within(10s)"] or 0) * values["orders.created"])
    for name, weight in (("queue.mean", 50 * SECOND), ("wasted", SECOND)):
        whole = weight * 6 if name == "queue.mean" else weight
        assert sum(round(value * weight) for value in each(name)) == round(values[name] * whole)


# What no chance can change


@pytest.mark.parametrize(
    ("keys", "metric"),
    [
        ("", "orders.abandoned.rate"),
        ("", "orders.VIP.abandoned"),
        ("patience: {VIP: 1m}\n", "orders.NORMAL.abandoned.rate"),
        ("", "bots.mean"),
        ("", "bots.max"),
    ],
)
def test_what_no_chance_can_change_has_an_interval_without_width(scenario, keys, metric):
    estimate, low, high, n = replicate(scenario(SHIFT + keys), times=4).estimate(metric)
    assert low == estimate == high
    assert n == 4


def test_a_share_that_patience_may_change_has_an_interval_though_nobody_left_yet(scenario):
    interval = replicate(scenario(SHIFT + "patience: {VIP: 1h}\n"), times=4).estimate("orders.VIP.abandoned.rate")
    assert (interval.estimate, interval.low) == (0, 0)
    assert interval.high > 0.5


def test_what_no_chance_can_change_is_judged_after_one_replication_and_never_tested(scenario, load):
    keys = SHIFT + "thresholds: {bots.mean: '<= 2', orders.abandoned.rate: '< 1%', orders.created: '> 1'}\n"
    assert [str(verdict.judgement) for verdict in replicate(scenario(keys), 1).verdicts] == [
        "PASS",
        "PASS",
        "INCONCLUSIVE",
    ]
    crew = SHIFT.replace("initial: 2", "initial: $crew") + "params: {crew: 2}\nsweep: {crew: [3]}\n"
    bots, wait = compare(load(crew), metric_names=["bots.mean", "wait.mean"], times=5).pairs
    assert (bots.p_adjusted, bots.is_significant) == (None, True)
    assert wait.p_adjusted == wait.difference.p, "one test needs no adjustment"


# How many replications


def test_as_many_more_are_advised_as_observe_nothing(named, thirty):
    rows = list(thirty.results)
    nothing = [replace(row, number=row.number + 30, values={**row.values, "wait.mean": None}) for row in rows]
    results = Results.of(named.metric_set, rows + nothing)
    limit = thirty.estimate("wait.mean").estimate * 1.02
    alone = replications_to_settle(thirty.columns, "wait.mean", limit)
    assert replications_to_settle(results, "wait.mean", limit) == 2 * alone


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "half_width"), [("wait.p90", "20.5%"), ("wait.within(10s)", "13%")])
def test_it_ends_at_the_first_number_at_which_the_interval_that_tables_show_is_narrow_enough(load, metric, half_width):
    plan = f"replications: {{min: 20, max: 90, until: {{metric: {metric}, half_width: {half_width}}}}}\n"
    kitchen = load(SHIFT + plan)
    done = replicate(kitchen)
    assert done.stopped
    assert 20 < len(done.results) < 90
    for count, is_enough in ((len(done.results) - 1, False), (len(done.results), True)):
        interval = Replications(kitchen, 7, done.results[:count]).estimate(metric)
        assert (interval.half_width <= float(half_width[:-1]) / 100 * interval.estimate) is is_enough
    again = replicate(kitchen, earlier=lambda _: replicate(kitchen, 88).results)
    assert said(again) == said(done), "however many there were before"
