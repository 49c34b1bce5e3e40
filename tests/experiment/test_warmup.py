"""Warm-up: what it leaves out of the metrics; and Little's identity, which each log obeys."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from sim import SimulationError, replicate, run
from sim.engines.outcomes import Outcomes
from sim.metrics import attempts_of, measure, orders_of, outcome_of
from sim.model import MetricSet, OrderClass
from sim.output.text import summary
from sim.statistics import batch_means, mser5_cut
from tests.helpers.experiments import CERTAIN, said

SECOND = 1_000_000

# Warm-up


def plain_metrics(done, start: int) -> dict[str, float]:
    """The metrics from an instant on, microsecond by microsecond as the definitions say, from the tables alone."""
    orders, events = done.orders[done.orders["created_us"] >= start], done.events
    complete = orders[orders["final_status"] == "COMPLETE"]
    flows = complete["final_completed_us"] - complete["created_us"]
    changes = {
        "queue": {"order_created": 1, "order_returned": 1, "order_picked_up": -1},
        "bots": {"bot_added": 1, "bot_removed": -1},
        "busy": {"order_picked_up": 1, "order_returned": -1, "order_completed": -1},
    }
    levels = {}
    for name, steps in changes.items():
        level = np.zeros(done.log.end + 1, np.int64)
        for time, event in zip(events["t_us"], events["event"], strict=True):
            level[time:] += steps.get(event, 0)
        levels[name] = level[start:]
    integral = {name: int(level[:-1].sum()) for name, level in levels.items()}
    span = done.log.end - start
    waits = sorted(orders["final_wait_us"])
    returned = done.attempts[(done.attempts["outcome"] == "returned") & done.attempts["order"].isin(orders["order"])]
    return {
        "wait.mean": sum(waits) / len(waits) / 1e6,
        "wait.p95": waits[-(-95 * len(waits) // 100) - 1] / 1e6,
        "wait.n": len(waits),
        "flow.mean": flows.mean() / 1e6,
        "service.max": (flows - complete["final_wait_us"]).max() / 1e6,
        "queue.mean": integral["queue"] / span,
        "queue.max": levels["queue"].max(),
        "queue.end": levels["queue"][-1],
        "orders.created": len(orders),
        "orders.completed": (orders["status"] == "COMPLETE").sum(),
        "orders.completed.rate": len(complete) / len(orders),
        "orders.returned": returned["order"].nunique(),
        "throughput": (done.orders["completed_us"] > start).sum() / (span / 3600e6),
        "wasted": (returned["ended_us"] - returned["picked_up_us"]).sum() / 1e6,
        "bots.mean": integral["bots"] / span,
        "bots.max": levels["bots"].max(),
        "utilisation": integral["busy"] / integral["bots"],
    }


@pytest.mark.parametrize("start", [2_000, 10_000, 24_000])
def test_after_a_warm_up_the_metrics_are_those_of_a_plain_count(story, start):
    done = story(
        f"""
        clock: {{until: 30ms}}
        warmup: {start}us
        service: {{uniform: {{low: 500us, high: 3ms}}}}
        bots: {{initial: 1, schedule: [{{at: 5ms, count: 3}}, {{at: 12ms, count: 1}}, {{at: 20ms, count: 2}}]}}
        timeline: [{{at: 2ms, order: VIP}}, {{at: 10ms, order: VIP}}, {{at: 24ms, order: VIP}}]
        arrivals: [{{class: {{VIP: 30%, NORMAL: 70%}}, poisson: {{rate: 1000/s}}}}]
        """
    )
    plain = plain_metrics(done, start)
    measured = done.measures
    assert {name: measured.values[name] for name in plain} == pytest.approx(plain)
    assert done.warmup == start
    assert len(measured.orders.number) > plain["orders.created"], "the tables keep all orders"


def test_an_order_of_the_warm_ups_last_instant_counts_and_one_before_it_does_not(story):
    keys = "warmup: 10s\nclock: {until: 1m}\ntimeline: [{at: 9s, order: VIP}, {at: 10s, order: VIP}]\n"
    metrics = story(keys).measures.values
    assert (metrics["orders.created"], metrics["wait.max"]) == (1, 110.0)
    assert (metrics["queue.mean"], metrics["queue.max"]) == (2.0, 2), "the queue is as long as it is"


def test_a_warm_up_without_end_leaves_nothing_to_observe(story):
    metrics = story("warmup: 1h\nbots: {initial: 1}\ntimeline: [{at: 0s, order: VIP}]").measures.values
    assert (metrics["orders.created"], metrics["wait.mean"], metrics["utilisation"]) == (0, None, None)


STEADY = """
seed: 3
service: {exponential: {mean: 10s}}
bots: {initial: 3}
timeline: [{at: 0s, order: NORMAL, count: 60}]
arrivals: [{class: NORMAL, poisson: {rate: 12/m}, limit: 600}]
"""


@pytest.fixture(scope="module")
def steady(load):
    return load(STEADY + "warmup: mser5\n")


def test_mser5_finds_one_cut_for_all_replications_from_the_waits_of_the_first_thirty(load, steady):
    tables = [run(load(STEADY), replication=number).orders for number in range(1, 31)]
    cut = mser5_cut([table["final_wait_us"].to_numpy(float) / SECOND for table in tables])
    assert cut
    warmup = round(float(np.mean([table["created_us"].iloc[cut] for table in tables])))
    done = replicate(steady, times=4)
    assert {replication.warmup for replication in done.results} == {warmup}
    for number, replication in enumerate(done.results, 1):
        created = run(load(STEADY), replication=number).orders["created_us"]
        assert replication.values["orders.created"] == (created >= warmup).sum()


def test_the_cut_of_mser5_depends_on_no_number_of_replications_and_on_no_workers(load, steady):
    alone = replicate(steady, times=3)
    assert run(steady).measures.values == alone.results[0].values
    afresh = load(STEADY + "warmup: mser5\n")
    with ThreadPoolExecutor(2) as threads:
        assert said(replicate(afresh, times=3, executor=threads)) == said(alone)
    assert said(replicate(steady, times=2)) == said(alone)[:2]


def test_mser5_says_so_where_the_first_half_of_the_run_has_no_end_of_the_warm_up(scenario):
    with pytest.raises(SimulationError, match="mser5 finds no end of the warm-up in the first half of the run"):
        replicate(scenario(STEADY.replace("12/m", "60/m") + "warmup: mser5"), times=1)


LONG = """
seed: 1
warmup: 2h
clock: {until: 3d}
service: {exponential: {mean: 4m}}
bots: {initial: 4}
arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 40/h}}]
"""


def test_one_long_run_has_an_interval_from_batch_means_of_its_waits_behind_the_warm_up(scenario):
    done = run(scenario(LONG))
    orders = done.orders[done.orders["created_us"] >= 2 * 3600 * 1_000_000]
    assert done.batch_means() == batch_means(orders["final_wait_us"].to_numpy(float) / 1e6)
    vip = orders[orders["class"] == "VIP"]
    assert done.batch_means(OrderClass.VIP) == batch_means(vip["final_wait_us"].to_numpy(float) / 1e6)


def test_batch_means_warn_when_a_run_is_too_short_for_them(scenario):
    done = run(scenario(LONG.replace("3d", "5h").replace("40/h", "58/h")))
    with pytest.warns(UserWarning, match="neighbouring batches are correlated .* the interval is too short; lengthen"):
        done.batch_means()


def test_the_summary_of_a_run_says_what_its_warm_up_left_out(scenario):
    assert ("Warm-up", "2h, left out of what follows") in summary(run(scenario(LONG)))


# Little's identity


def tampered(run, **columns):
    """The metrics of a run whose log somebody changed; each event stands `times` times, or is `later`."""
    rows = np.arange(len(run.log)).repeat(columns.get("times", 1))
    copy = {name: getattr(run.log, name)[rows] for name in ("time", "kind", "order", "order_class", "bot")}
    copy["time"] = copy["time"] + columns.get("later", 0)
    log = replace(run.log, **copy)
    attempts = attempts_of(run.workload, log)
    orders = orders_of(run.workload, log, attempts)
    outcome = outcome_of(run.workload, log, orders, attempts, run.final, np.zeros(1, np.int64))
    return measure(MetricSet(), Outcomes.of(outcome), is_followed=True).values[0].tolist()


def test_a_log_that_contradicts_littles_identity_is_an_internal_error_and_no_number(story):
    done = story(CERTAIN)
    assert tampered(done) == pytest.approx(
        [np.nan if value is None else value for value in done.measures.values.values()], nan_ok=True
    )
    picked_up = done.log.kind == 1
    assert picked_up.sum() == 4
    last = np.flatnonzero(picked_up)[-1]
    message = (
        r"^internal error: the queue's integral is \d+ and the waits' sum \d+ microseconds; "
        "please report this with the scenario and its seed$"
    )
    with pytest.raises(SimulationError, match=message):
        tampered(done, times=np.where(np.arange(len(picked_up)) == last, 2, 1))
    with pytest.raises(SimulationError, match=message):
        tampered(done, later=np.where(np.arange(len(picked_up)) == last, -20_000_000, 0))
