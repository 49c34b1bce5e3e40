"""Experiments: replications however they are shared out, warm-up, thresholds, and what is stored of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from sim import (
    Replications,
    Scenario,
    SimulationError,
    StorageError,
    load_scenario,
    replicate,
    run,
)
from sim.metrics import measure
from sim.model import UNITS, OrderClass
from sim.output.text import summary
from sim.scenario import Place, Threshold
from sim.scenario.analysis import condition
from sim.statistics import batch_means, mean_interval, mser5
from sim.storage import (
    delete_run,
    earlier_replications,
    find_run,
    list_runs,
    load_run,
    purge,
    push_all,
    reproduce,
    run_metrics,
    save_replications,
    save_run,
)
from sim.verdicts import Judgement, judge_threshold
from tests.helpers.backends import change
from tests.helpers.server import read_file

# Some orders are still PENDING at the end of most replications, and some replications have no VIP at all.
KITCHEN = """
seed: 7
clock: {until: 5m}
service: {exponential: {mean: 10s}}
bots: {initial: 2}
arrivals: [{class: {NORMAL: 98%, VIP: 2%}, poisson: {rate: 10/m}}]
"""
PLAN = "replications: {min: 20, max: 200, until: {metric: wait.mean, half_width: 25%}}\n"
CERTAIN = "bots: {initial: 1}\ntimeline: [{at: 0s, order: NORMAL, count: 3}, {at: 5s, order: VIP}]\n"
MINUTE = 60_000_000


def said(done: Replications) -> list[tuple]:
    """All that replications say, but for wall-clock times."""
    return [(one.number, one.values, one.worst_waits, one.fingerprint, one.warmup) for one in done.results]


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory) -> Scenario:
    path = tmp_path_factory.mktemp("kitchen") / "kitchen.yaml"
    path.write_text(f"scenario: 1\nname: kitchen\n{KITCHEN}")
    return load_scenario(path)


@pytest.fixture(scope="module")
def hundred(kitchen) -> Replications:
    return replicate(kitchen, times=100)


# Replications


def test_a_replication_is_the_run_of_its_number(kitchen):
    done = replicate(kitchen, times=3, seed=5)
    assert [one.number for one in done.results] == [1, 2, 3]
    for one in done.results:
        alone = run(kitchen, seed=5, replication=one.number)
        assert (one.fingerprint, one.values) == (alone.fingerprint, alone.measures.values)
    assert len({one.fingerprint for one in done.results}) == 3


def test_the_numbers_are_the_same_however_the_work_is_shared(kitchen, hundred):
    with ThreadPoolExecutor(3) as threads:
        shared = [replicate(kitchen, times=70, jobs=2), replicate(kitchen, times=12, executor=threads)]
        assert threads.submit(int).result() == 0, "who gave the workers shuts them down"
    for done in shared:
        assert said(done) == said(hundred)[: len(done.results)]
        for one, other in zip(done.results, hundred.results, strict=False):
            assert np.array_equal(one.series.waits, other.series.waits)
            assert np.array_equal(one.series.queue, other.series.queue)


def test_thirty_extended_to_a_hundred_are_a_hundred_at_once(kitchen, hundred):
    fresh = []
    extended = replicate(
        kitchen, 100, earlier=lambda _: replicate(kitchen, 30).results, finished=lambda _, block: fresh.append(block)
    )
    assert said(extended) == said(hundred)
    assert [number for block in fresh for number in block.numbers] == list(range(31, 101))
    pd.testing.assert_frame_equal(extended.to_frame(), hundred.to_frame())


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
    assert len(replicate(scenario(KITCHEN)).results) == 30
    assert len(replicate(scenario(CERTAIN)).results) == 1
    assert len(replicate(scenario(KITCHEN + "replications: 4")).results) == 4
    assert len(replicate(scenario(CERTAIN + "replications: 4")).results) == 4
    assert len(replicate(scenario(KITCHEN + "replications: 4"), times=2).results) == 2
    assert len(replicate(scenario(KITCHEN + PLAN), times=2).results) == 2


@pytest.mark.parametrize("options", [{"times": 0}, {"times": -1}, {"jobs": 0}, {"times": 1, "seed": -1}])
def test_what_is_out_of_range_is_refused(kitchen, options):
    with pytest.raises(ValueError, match="out of range"):
        replicate(kitchen, **options)


def test_an_estimate_is_the_mean_over_replications_that_observed_something(kitchen, hundred):
    done = Replications(kitchen, 7, hundred.results[:30])
    seen = [one.values["wait.VIP.mean"] for one in done.results if one.values["wait.VIP.n"]]
    assert 3 < len(seen) < 30
    assert done.values("wait.VIP.mean") == seen
    assert done.estimate("wait.VIP.mean") == mean_interval(seen)
    assert done.estimate("wait.VIP.mean", 0.5) == mean_interval(seen, 0.5)
    assert Replications(kitchen, 7, hundred.results[:1]).estimate("wait.mean").low is None
    summary = done.to_frame().set_index("metric")
    assert summary.loc["wait.VIP.mean"].tolist() == [*mean_interval(seen), "s"]
    assert list(summary.index) == list(UNITS)
    assert len(done.runs) == 30 * len(UNITS)
    assert done.runs["value"].isna().sum() == sum(v is None for one in done.results for v in one.values.values())


def test_what_nobody_observed_has_no_estimate(scenario):
    done = replicate(scenario("clock: {until: 1m}\nbots: {initial: 1}"))
    assert done.estimate("wait.mean") is None
    row = done.to_frame().set_index("metric").loc["wait.mean"]
    assert (row["n"], row[["mean", "low", "high"]].isna().all()) == (0, True)


# Until a metric is known well enough


def enough(values: list[float]) -> bool:
    interval = mean_interval(values)
    return interval.half_width <= 0.25 * abs(interval.mean)


def test_it_stops_at_the_first_number_from_twenty_on_that_is_narrow_enough(scenario):
    done = replicate(scenario(KITCHEN + PLAN))
    values = done.values("wait.mean")
    assert 20 < len(values) < 200
    assert [n for n in range(20, len(values) + 1) if enough(values[:n])] == [len(values)]


def test_where_it_stops_depends_on_nobody_but_the_numbers(scenario):
    kitchen = scenario(KITCHEN + PLAN)
    alone = replicate(kitchen)
    with ThreadPoolExecutor(3) as threads:
        assert said(replicate(kitchen, executor=threads)) == said(alone)
    assert said(replicate(kitchen, jobs=2)) == said(alone)
    assert said(replicate(kitchen, earlier=lambda _: replicate(kitchen, len(alone.results) + 5).results)) == said(alone)


def test_it_takes_twenty_also_where_fewer_would_do_and_the_most_where_no_number_does(scenario):
    easy = PLAN.replace("25%", "1h")
    assert len(replicate(scenario(KITCHEN + easy)).results) == 20
    assert len(replicate(scenario(KITCHEN + easy.replace("min: 20", "min: 25"))).results) == 25
    assert len(replicate(scenario(KITCHEN + PLAN.replace("25%", "1us").replace("200", "23"))).results) == 23
    never = PLAN.replace("wait.mean", "flow.VIP.sd").replace("200", "22")
    assert len(replicate(scenario(KITCHEN.replace("NORMAL: 98%, VIP: 2%", "NORMAL: 100%") + never)).results) == 22


# Warm-up


def plain_metrics(done, start: int) -> dict[str, float]:
    """The metrics from an instant on, microsecond by microsecond as the definitions say, from the tables alone."""
    orders, events = done.orders[done.orders["created_us"] >= start], done.events
    complete = orders[orders["status"] == "COMPLETE"]
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
    waits = sorted(orders["wait_us"])
    returned = done.attempts[(done.attempts["outcome"] == "returned") & done.attempts["order"].isin(orders["order"])]
    return {
        "wait.mean": sum(waits) / len(waits) / 1e6,
        "wait.p95": waits[-(-95 * len(waits) // 100) - 1] / 1e6,
        "wait.n": len(waits),
        "flow.mean": complete["flow_us"].mean() / 1e6,
        "service.max": (complete["flow_us"] - complete["wait_us"]).max() / 1e6,
        "queue.mean": integral["queue"] / span,
        "queue.max": levels["queue"].max(),
        "queue.end": levels["queue"][-1],
        "orders.created": len(orders),
        "orders.completed": len(complete),
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
    assert measured.warmup == start
    assert len(measured.orders.number) > plain["orders.created"], "the tables keep all orders"


def test_an_order_of_the_warm_ups_last_instant_counts_and_one_before_it_does_not(story):
    keys = "warmup: 10s\nclock: {until: 1m}\ntimeline: [{at: 9s, order: VIP}, {at: 10s, order: VIP}]\n"
    metrics = story(keys).measures.values
    assert (metrics["orders.created"], metrics["wait.max"]) == (1, 50.0)
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


def test_mser5_cuts_each_replication_where_its_own_waits_say(scenario):
    kitchen = scenario(STEADY + "warmup: mser5")
    cuts = set()
    for number in range(1, 11):
        plain = run(scenario(STEADY), replication=number)
        cut = mser5(plain.orders["wait_us"].to_numpy(float) / 1e6)
        done = run(kitchen, replication=number).measures
        assert done.warmup == (done.orders.created[cut] if cut else 0)
        assert done.values["orders.created"] == (done.orders.created >= done.warmup).sum()
        cuts.add(cut)
    assert len(cuts) > 3
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
    assert done.batch_means() == batch_means(orders["wait_us"].to_numpy(float) / 1e6)
    vip = orders[orders["class"] == "VIP"]
    assert done.batch_means(OrderClass.VIP) == batch_means(vip["wait_us"].to_numpy(float) / 1e6)


def test_batch_means_warn_when_a_run_is_too_short_for_them(scenario):
    done = run(scenario(LONG.replace("3d", "5h").replace("40/h", "58/h")))
    with pytest.warns(UserWarning, match="neighbouring batches are correlated .* the interval is too short; lengthen"):
        done.batch_means()


def test_the_summary_of_a_run_says_what_its_warm_up_left_out(scenario):
    assert ("Warm-up", "2h, left out of what follows") in summary(run(scenario(LONG)))


# Little's identity


def tampered(done, **columns):
    """The measures of a run whose log somebody changed; each event stands `columns` times or at another time."""
    rows = np.arange(len(done.log)).repeat(columns.get("times", 1))
    log = done.log
    names = ("time", "kind", "order", "order_class", "bot")
    copy = {name: getattr(log, name)[rows] for name in names}
    copy["time"] = copy["time"] + columns.get("later", 0)
    return measure(done.workload, replace(log, **copy))


def test_a_log_that_contradicts_littles_identity_is_an_internal_error_and_no_number(story):
    done = story(CERTAIN)
    assert tampered(done).values == done.measures.values
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


# Thresholds

PASS, FAIL, OPEN, NONE = Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE, Judgement.NO_DATA
SPREAD = [9.0, 10.0, 11.0]  # 95% interval: 7.52 to 12.48
LOW, HIGH = mean_interval(SPREAD)[1:3]


def verdict(metric: str, text: str, values: list, worst: list | None = None, is_random: bool = True):
    threshold = Threshold(metric, condition(text, UNITS[metric]), "fail", Place("story.yaml"))
    return judge_threshold(threshold, values, worst or [None] * len(values), is_random)


@pytest.mark.parametrize(
    ("text", "right", "between", "wrong"),
    [
        ("< {}s", 13, 10, 7),
        ("<= {}s", 13, 10, 7),
        ("> {}s", 7, 10, 13),
        (">= {}s", 7, 10, 13),
        ("between 7s and {}s", 13, 10, 7.2),
        ("between {}s and 13s", 7, 10, 12.9),
    ],
)
def test_the_whole_interval_on_the_right_side_passes_on_the_wrong_one_fails_and_else_nothing_is_known(
    text, right, between, wrong
):
    limits = {right: PASS, between: OPEN, wrong: FAIL}
    assert {limit: verdict("wait.p95", text.format(limit), SPREAD).judgement for limit in limits} == limits


@pytest.mark.parametrize(
    ("operator", "at_low", "at_high"), [("<", FAIL, OPEN), ("<=", OPEN, PASS), (">", OPEN, FAIL), (">=", PASS, OPEN)]
)
def test_an_interval_that_touches_the_limit(operator, at_low, at_high):
    for limit, expected in ((LOW, at_low), (HIGH, at_high)):
        found = condition(f"{operator} 1s", "s")._replace(low=limit, high=limit)
        threshold = Threshold("wait.mean", found, "fail", Place("x"))
        assert judge_threshold(threshold, SPREAD, [None] * 3, is_random=True).judgement == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("< 5s", FAIL), ("<= 5s", PASS), ("> 5s", FAIL), (">= 5s", PASS), ("== 5s", PASS), ("!= 5s", FAIL)),
        *(("between 5s and 6s", PASS), ("between 4s and 5s", PASS), ("between 6s and 7s", FAIL)),
    ],
)
@pytest.mark.parametrize(("values", "is_random"), [([5.0], False), ([5.0, 5.0, 5.0], True)])
def test_a_value_that_is_the_limit(text, expected, values, is_random):
    assert verdict("wait.mean", text, values, is_random=is_random).judgement == expected


@pytest.mark.parametrize(
    ("metric", "text", "values", "expected"),
    [
        ("utilisation", "< 85%", [0.79, 0.8, 0.81], PASS),
        ("utilisation", "between 60% and 85%", [0.79, 0.8, 0.81], PASS),
        ("orders.abandoned.rate", "<= 1%", [0.05, 0.06], OPEN),
        ("throughput", "> 40/h", [50, 51, 52], PASS),
        ("throughput", "> 1/m", [50, 51, 52], FAIL),
        ("orders.completed", ">= 40", [50, 51, 52], PASS),
        ("bots.max", "< 7", [7, 7, 7], FAIL),
        ("wait.VIP.p95", "< 1m30s", [89.9, 89.9, 89.9], PASS),
    ],
)
def test_limits_are_in_the_unit_of_the_metric(metric, text, values, expected):
    assert verdict(metric, text, values).judgement == expected


def test_equal_and_unequal_are_judged_run_by_run():
    assert verdict("orders.pending", "== 0", [0, 0, 0]).judgement == PASS
    assert verdict("orders.pending", "!= 3", [0, 1, 2]).judgement == PASS
    missed = verdict("orders.pending", "== 0", [0] * 29 + [1])
    assert missed.judgement == FAIL
    assert missed.note == "held in 29 of 30 replications (97%, 95% interval 83% to 99%)"
    assert verdict("orders.pending", "!= 1", [1] + [0] * 29).judgement == FAIL
    assert verdict("orders.pending", "== 0", [1], is_random=False).note == ""


def test_one_run_of_a_random_scenario_decides_nothing_but_that_a_run_missed_its_fact():
    for text in ("< 1s", "> 1s", "between 1s and 2s", "== 5s", "!= 1s"):
        found = verdict("wait.mean", text, [5.0])
        assert found.judgement == OPEN
        assert found.note == "one run of a random scenario has no interval; run more with -n"
    assert verdict("wait.mean", "== 1s", [5.0]).judgement == FAIL


def test_one_replication_among_many_with_an_observation_decides_nothing_either():
    found = verdict("wait.VIP.mean", "< 1h", [None, 5.0, None])
    assert (found.judgement, found.note) == (OPEN, "only one replication observed it; run more")


@pytest.mark.parametrize("text", ["< 1s", "> 1s", "== 1s", "!= 1s", "between 1s and 2s"])
@pytest.mark.parametrize("is_random", [True, False])
def test_without_an_observation_there_is_no_data(text, is_random):
    for values in ([None], [None, None]):
        assert verdict("wait.VIP.mean", text, values, is_random=is_random)[1:] == (NONE, None, "nothing was observed")


def test_what_is_open_says_how_many_replications_would_likely_settle_it():
    values = np.random.default_rng(1).normal(10, 2, 100).tolist()
    distance = mean_interval(values).half_width / 3
    found = verdict("wait.mean", f"< {mean_interval(values).mean + distance:.6f}s", values)
    words = found.note.split()
    assert 850 < int(words[1]) < 950
    assert found.note.endswith(") would likely settle it; a verdict after extending is nominal")
    assert "no number of replications" in verdict("wait.mean", "< 10s", SPREAD).note


def test_a_list_is_as_many_conditions_and_each_keeps_its_place_and_severity(scenario):
    done = replicate(
        scenario(
            """
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 3}]
            thresholds:
              wait: ["> 5s", "< 5s"]
              wait.max: {check: ["== 20s", "between 1s and 2s"], severity: warn}
              wait.VIP: "< 1s"
            """
        )
    )
    assert [(one.place.line, one.threshold.metric, one.threshold.severity, one.judgement) for one in done.verdicts] == [
        (7, "wait.mean", "fail", PASS),
        (7, "wait.mean", "fail", FAIL),
        (8, "wait.max", "warn", PASS),
        (8, "wait.max", "warn", FAIL),
        (9, "wait.VIP.mean", "fail", NONE),
    ]


def left_waiting(scenario, pending: int, *conditions: str) -> list[tuple[Judgement, str]]:
    """Judge forty orders, of which some are PENDING at the end with a wait so far of a second; nobody else waits."""
    done = replicate(
        scenario(
            f"clock: {{until: 100s}}\nservice: 1s\nbots: {{initial: 40}}\ntimeline:\n"
            f"  - {{at: 0s, order: NORMAL, count: {40 - pending}}}\n  - {{at: 9s, remove_bots: 40}}\n"
            f"  - {{at: 99s, order: NORMAL, count: {pending}}}\nthresholds: {{{', '.join(conditions)}}}\n"
        )
    )
    return [(one.judgement, one.note) for one in done.verdicts]


CARRIED = (OPEN, "orders still PENDING could carry it over the limit; run longer")


def test_a_percentile_does_not_pass_while_more_orders_are_pending_than_may_exceed_it(scenario):
    p95 = 'wait.p95: ["< 1m", "<= 1m", "between 0s and 1m"]'
    assert left_waiting(scenario, 2, p95) == [(PASS, "")] * 3
    assert left_waiting(scenario, 3, p95) == [CARRIED] * 3
    assert left_waiting(scenario, 3, 'wait.p90: "< 1m"', 'wait.max: "< 1h"', 'wait.sd: "< 1h"') == [
        (PASS, ""),
        CARRIED,
        CARRIED,
    ]


def test_a_mean_may_pass_with_an_order_pending_among_many(scenario):
    assert left_waiting(scenario, 1, 'wait.mean: ["< 3s", "< 2s"]') == [(PASS, ""), CARRIED]


def test_more_than_something_does_not_ask_who_still_waits(scenario):
    conditions = ('wait.max: ["> 500ms", "== 1s"]', 'wait.mean: ">= 1ms"', 'orders.pending: "< 5"')
    assert left_waiting(scenario, 3, *conditions) == [(PASS, "")] * 4
    assert left_waiting(scenario, 3, 'wait.max: "< 500ms"') == [(FAIL, "")]


def test_an_unknown_metric_is_a_key_error_that_says_what_may_be_meant(scenario):
    done = replicate(scenario("timeline: [{at: 0s, order: NORMAL}, {at: 5s, add_bots: 1}]\n"))
    assert done.values("wait.NORMAL") == done.values("wait.NORMAL.mean") == [5]
    meant = r"unknown metric 'wait.NORMLA.p95'; did you mean 'wait.NORMAL.p95'\?"
    with pytest.raises(KeyError, match=meant):
        done.values("wait.NORMLA.p95")
    with pytest.raises(KeyError, match=meant):
        done.estimate("wait.NORMLA.p95")


def test_a_class_is_not_blamed_for_the_other_that_waits(scenario):
    vip = "service: 1s\nclock: {until: 10s}\nbots: {initial: 1}\ntimeline: [{at: 0s, order: VIP}, "
    keys = vip + '{at: 5s, remove_bots: 1}, {at: 6s, order: NORMAL}]\nthresholds: {wait.VIP.max: "< 1s", wait.max: '
    assert [one.judgement for one in replicate(scenario(keys + '"< 1m"}')).verdicts] == [PASS, OPEN]


def test_starving_normal_orders_fail_the_promise_although_few_were_served(scenario):
    done = replicate(
        scenario(
            """
            clock: {until: 4h}
            service: {exponential: {mean: 1m}}
            bots: {initial: 1}
            arrivals:
              - {name: vip, class: VIP, poisson: {rate: 57/h}}
              - {name: normal, class: NORMAL, poisson: {rate: 10/h}}
            thresholds: {wait.NORMAL.p95: "< 30m"}
            """
        )
    )
    [found] = done.verdicts
    assert found.judgement == FAIL
    assert done.estimate("orders.NORMAL.completed.rate").high < 0.7
    assert found.estimate.low > 3600


# In the database


def test_replications_extended_from_the_database_are_a_hundred_at_once(database, kitchen, hundred):
    save_replications(database, kitchen, 7, hundred.results[:30])
    earlier = earlier_replications(database, kitchen, 7)
    fresh = []
    extended = replicate(kitchen, 100, earlier=lambda _: earlier, finished=lambda _, block: fresh.append(block))
    assert said(extended) == said(hundred)
    assert [number for block in fresh for number in block.numbers] == list(range(31, 101))
    save_replications(database, kitchen, 7, [one for block in fresh for one in block])
    assert said(Replications(kitchen, 7, earlier_replications(database, kitchen, 7))) == said(hundred)


def test_unfinished_orders_of_stored_replications_still_count(database, scenario):
    kitchen = scenario(KITCHEN + 'thresholds: {wait.max: "< 2h", wait.mean: "< 20s", wait.p50: "< 1h"}')
    done = replicate(kitchen)
    save_replications(database, kitchen, 7, done.results)
    back = replicate(kitchen, earlier=lambda _: earlier_replications(database, kitchen, 7))
    assert any(one.worst_waits.get("wait.max") == float("inf") for one in back.results)
    assert back.verdicts == done.verdicts
    assert [one.judgement for one in back.verdicts] == [OPEN, OPEN, PASS]


def test_only_the_same_scenario_and_seed_by_the_same_versions_that_is_not_deleted_counts(
    database, kitchen, hundred, scenario
):
    done = Replications(kitchen, 7, hundred.results[:3])
    ids = save_replications(database, kitchen, 7, done.results)

    def earlier(kitchen=kitchen, seed: int = 7) -> list[int]:
        return [one.number for one in earlier_replications(database, kitchen, seed)]

    assert earlier() == [1, 2, 3]
    assert earlier(seed=8) == []
    assert earlier(scenario(KITCHEN.replace("2}", "3}"))) == []
    delete_run(database, ids[1])
    assert earlier() == [1, 3]
    versions = '{"kitchensim": "0.0.1", "numpy": "2.0.0"}'
    change(database, "UPDATE runs SET versions = ? WHERE id = ?", versions, ids[2])
    assert earlier() == [1]
    change(database, "UPDATE runs SET status = 'writing' WHERE id = ?", ids[0])
    assert earlier() == []


def test_a_run_with_its_events_is_an_earlier_replication_too(database, kitchen):
    save_run(database, run(kitchen, replication=2))
    assert said(replicate(kitchen, 3, earlier=lambda _: earlier_replications(database, kitchen, 7))) == said(
        replicate(kitchen, 3)
    )


def test_a_run_of_before_worst_waits_were_stored_is_no_earlier_replication(database, kitchen):
    saved = save_run(database, run(kitchen))
    change(database, "UPDATE runs SET warmup_us = 0, worst_waits = NULL WHERE id = ?", saved)  # as migration 3 does
    assert earlier_replications(database, kitchen, 7) == []


def test_an_experiment_is_a_row_and_its_runs_have_metrics_and_no_events(database, backend, kitchen, hundred):
    done = Replications(kitchen, 7, hundred.results[:3])
    ids = save_replications(database, kitchen, 7, done.results, ["pilot"])
    [(experiment, kind, parameters, scenario_id, deleted)] = backend.read(
        "SELECT id, kind, parameters, scenario_id, deleted_at FROM experiments"
    )
    assert (kind, json.loads(parameters), deleted) == ("replicate", {"seed": 7, "replications": [1, 2, 3]}, None)
    assert backend.read("SELECT id FROM scenarios") == [(scenario_id,)]
    assert backend.read("SELECT DISTINCT experiment_id, scenario_id, status, tags FROM runs") == [
        (experiment, scenario_id, "complete", '["pilot"]')
    ]
    assert [(run_id, number) for run_id, number in backend.read("SELECT id, replication FROM runs ORDER BY 2")] == [
        *zip(ids, (1, 2, 3), strict=True)
    ]
    assert backend.count("events", "orders", "bots", "metrics") == (0, 0, 0, 3 * len(UNITS))
    for run_id, one in zip(ids, done.results, strict=True):
        assert run_metrics(database, run_id) == one.values
        stored = find_run(database, run_id)
        assert (stored.replication, stored.fingerprint, stored.tags) == (one.number, one.fingerprint, ["pilot"])
        assert datetime.fromisoformat(stored.started_at) == one.started_at
    assert len(database.runs(tag="pilot")) == 3


def test_the_end_of_the_warm_up_is_stored(database, backend, scenario):
    kitchen = scenario(KITCHEN + "warmup: 1m")
    save_replications(database, kitchen, 7, replicate(kitchen, times=2).results)
    assert backend.read("SELECT warmup_us FROM runs") == [(MINUTE,), (MINUTE,)]


def test_each_kind_of_experiment_can_be_stored_and_no_other(database, kitchen, hundred):
    save_replications(database, kitchen, 7, hundred.results[:1])
    for kind in ("sweep", "compare", "select", "replicate"):
        change(database, "UPDATE experiments SET kind = ?", kind)
    with pytest.raises(StorageError, match="CHECK"):
        change(database, "UPDATE experiments SET kind = 'guess'")


def test_an_experiment_that_is_removed_leaves_its_runs_and_a_run_its_experiment(database, backend, kitchen, hundred):
    ids = save_replications(database, kitchen, 7, hundred.results[:2])
    delete_run(database, ids[0])
    assert purge(database) == 1
    assert backend.count("runs", "experiments", "metrics") == (1, 1, len(UNITS))
    change(database, "DELETE FROM experiments")
    assert backend.read("SELECT id, experiment_id FROM runs") == [(ids[1], None)]
    change(database, "DELETE FROM scenarios")
    assert [one.scenario for one in list_runs(database)] == [None]


def test_an_experiment_whose_last_run_is_purged_goes_with_it(database, backend, kitchen, hundred):
    for run_id in save_replications(database, kitchen, 7, hundred.results[:2]):
        delete_run(database, run_id)
    purge(database)
    assert backend.count("runs", "experiments", "scenarios") == (0, 0, 0)


def test_what_needs_the_events_says_that_they_were_not_stored(database, kitchen, hundred):
    [run_id] = save_replications(database, kitchen, 7, hundred.results[:1])
    stored = find_run(database, run_id)
    before, again = reproduce(database, stored)
    assert (before, again.fingerprint) == (None, stored.fingerprint)
    for read in (load_run, lambda *_: database.run(run_id), lambda *_: database.orders(run_id)):
        with pytest.raises(StorageError, match=f"run {run_id} .* its events were not stored"):
            read(database, stored)


def test_an_experiment_is_pushed_with_its_runs_once(database, backend, source, kitchen, hundred, tmp_path):
    done = Replications(kitchen, 7, hundred.results[:3])
    save_replications(source, kitchen, 7, done.results, ["pilot"])
    assert push_all(source, database) == 3
    assert push_all(source, database) == 0
    for table, columns in {
        "experiments": "*",
        "metrics": "*",
        "runs": "id, experiment_id, replication, seed, fingerprint, warmup_us, worst_waits, tags, status",
    }.items():
        sql = f"SELECT {columns} FROM {table} ORDER BY 1, 2"
        assert backend.read(sql) == read_file(tmp_path / "source.db", sql)
    assert said(replicate(kitchen, 3, earlier=lambda _: earlier_replications(database, kitchen, 7))) == said(done)
