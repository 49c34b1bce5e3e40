"""Thresholds: what passes, what fails, and what is not known yet."""

import numpy as np
import pytest

from sim import replicate
from sim.model import UNITS
from sim.scenario import Place, Threshold
from sim.scenario.thresholds import condition
from sim.statistics import mean_interval
from sim.verdicts import Judgement, judge_threshold
from tests.helpers.verdicts import FAIL, NONE, OPEN, PASS

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
    found = verdict("wait.mean", f"< {mean_interval(values).estimate + distance:.6f}s", values)
    words = found.note.split()
    assert 1_750 < int(words[1].replace(",", "")) < 1_900
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
