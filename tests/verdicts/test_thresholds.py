"""Thresholds: what passes, what fails, and what is not known yet."""

import numpy as np
import pytest

from sim import replicate
from sim.model import unit_of
from sim.scenario import Place, Threshold
from sim.scenario.thresholds import condition
from sim.statistics import bounds, clopper_pearson
from sim.verdicts import LEVEL, Sample, judge_threshold
from tests.helpers.verdicts import FAIL, NONE, OPEN, PASS

SPREAD = [9.0, 10.0, 11.0]  # 95% interval: 7.52 to 12.48
LOW, HIGH = bounds(SPREAD, LEVEL)[1:3]


def judged(
    threshold: Threshold,
    values: list,
    is_random: bool = True,
    is_bound: bool = False,
    to_settle: int | None = 1000,
    level_to_fail: float = LEVEL,
):
    """Return what becomes of a threshold for a metric whose estimate is the mean of its values."""
    sample = Sample(np.array(values, float), np.full(len(values), is_bound), is_random)
    observed = sample.values[~np.isnan(sample.values)]
    return judge_threshold(
        threshold,
        threshold.metric,
        sample,
        lambda level: bounds(observed, level),
        lambda _: to_settle,
        LEVEL,
        level_to_fail,
    )


def verdict(metric: str, text: str, values: list, **options):
    return judged(Threshold(metric, condition(text, unit_of(metric)), "fail", Place("story.yaml")), values, **options)


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
        at_limit = condition(f"{operator} 1s", "s")._replace(low=limit, high=limit)
        assert judged(Threshold("wait.mean", at_limit, "fail", Place("x")), SPREAD).judgement == expected


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
    assert missed.note == "held in 29 of 30 replications (97%; 95% interval 83% to 100%)"
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
        assert verdict("wait.VIP.mean", text, values, is_random=is_random)[2:5] == (NONE, None, "nothing was observed")


def test_what_is_open_says_how_many_replications_would_likely_settle_it():
    note = verdict("wait.mean", "< 11s", SPREAD, to_settle=1802).note
    assert (
        note
        == "about 1,802 replications (-n 1802) would likely settle it; after extending, the confidence is only nominal"
    )
    assert "more replications are unlikely" in verdict("wait.mean", "< 10s", SPREAD, to_settle=None).note


@pytest.mark.parametrize(("text", "n"), [("< 90%", 60), (">= 95%", 72), (">= 99%", 368)])
def test_where_what_was_not_seen_keeps_it_open_twice_as_many_are_advised_or_what_the_share_needs(text, n):
    threshold = Threshold("orders.completed.rate", condition(text, "share"), "fail", Place("story.yaml"))
    note = judged(threshold, [0.5, 1.5] * 15, to_settle=2).note
    assert note.startswith(f"about {n} replications (-n {n}) would likely settle it")


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


def test_an_unknown_metric_is_a_key_error_that_says_what_may_be_meant(scenario):
    done = replicate(scenario("timeline: [{at: 0s, order: NORMAL}, {at: 5s, add_bots: 1}]\n"))
    assert done.values("wait.NORMAL") == done.values("wait.NORMAL.mean") == [5]
    meant = r"unknown metric 'wait.NORMLA.p95'; did you mean 'wait.NORMAL.p95'\?"
    with pytest.raises(KeyError, match=meant):
        done.values("wait.NORMLA.p95")
    with pytest.raises(KeyError, match=meant):
        done.estimate("wait.NORMLA.p95")


# Lower bounds

BOUND = (OPEN, "orders unfinished at the end could push it over the limit")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("< 20s", BOUND), ("<= 20s", BOUND), ("between 1s and 20s", BOUND)),
        *(("< 5s", (FAIL, "")), ("<= 5s", (FAIL, "")), ("> 5s", (PASS, "")), (">= 5s", (PASS, ""))),
        *(("> 20s", BOUND), ("between 20s and 30s", BOUND), ("> 10s", BOUND)),
        ("between 1s and 5s", (FAIL, "")),
    ],
)
def test_a_lower_bound_fails_or_passes_only_as_any_larger_value_would(text, expected):
    found = verdict("wait.mean", text, SPREAD, is_bound=True)
    assert (found.judgement, found.note) == expected


def test_an_equality_is_open_while_a_larger_value_could_change_it():
    alike = [5.0] * 3
    for text, expected in (("== 5s", OPEN), ("== 6s", OPEN), ("== 4s", FAIL), ("!= 5s", OPEN), ("!= 6s", OPEN)):
        assert verdict("wait.mean", text, alike, is_bound=True).judgement == expected, text
    assert verdict("wait.mean", "!= 4s", alike, is_bound=True).judgement == PASS


def test_a_class_is_not_blamed_for_the_other_that_waits(scenario):
    vip = "service: 1s\nclock: {until: 10s, closes: true}\nbots: {initial: 1}\ntimeline: [{at: 0s, order: VIP}, "
    keys = vip + '{at: 5s, remove_bots: 1}, {at: 6s, order: NORMAL}]\nthresholds: {wait.VIP.max: "< 1s", wait.max: '
    assert [found.judgement for found in replicate(scenario(keys + '"< 1m"}')).verdicts] == [PASS, OPEN]


# Shares of days


def on_days(text: str, days: str, values: list, **options):
    condition_of_days = condition(days, "share")
    return judged(
        Threshold("wait.mean", condition(text, "s"), "fail", Place("story.yaml"), (), condition_of_days),
        values,
        **options,
    )


@pytest.mark.parametrize(("held", "expected"), [(36, PASS), (30, OPEN), (18, FAIL)])
def test_a_promise_about_days_is_judged_by_how_many_days_keep_it(held, expected):
    found = on_days("< 5s", ">= 90%", [4.0] * held + [6.0] * (36 - held))
    assert found.judgement == expected
    assert found.estimate == clopper_pearson(held, 36, LEVEL)
    assert found.note.startswith(f"held on {held} of 36 days")


def test_of_thirty_five_days_not_even_all_prove_nine_in_ten():
    assert on_days("< 5s", ">= 90%", [4.0] * 35).judgement == OPEN


def test_that_days_break_a_promise_in_one_of_many_slots_takes_more_of_them():
    values = [4.0] * 26 + [6.0] * 10
    assert on_days("< 5s", ">= 90%", values).judgement == FAIL
    assert on_days("< 5s", ">= 90%", values, level_to_fail=LEVEL / 1000).judgement == OPEN


def test_days_on_which_nothing_was_observed_do_not_count():
    found = on_days("< 5s", ">= 50%", [4.0] * 10 + [None] * 90)
    assert (found.judgement, found.estimate.n) == (PASS, 10)


@pytest.mark.parametrize(
    ("text", "held", "expected"),
    [
        *(("< 5s", 0, OPEN), ("between 1s and 5s", 0, OPEN), ("== 4s", 0, OPEN), ("!= 5s", 0, OPEN)),
        *(("< 3s", 0, FAIL), ("between 1s and 3s", 0, FAIL), ("== 3s", 0, FAIL)),
        *(("> 3s", 30, PASS), ("!= 3s", 30, PASS), ("> 5s", 0, OPEN)),
    ],
)
def test_a_day_that_keeps_a_promise_only_as_a_lower_bound_is_not_counted_as_kept_and_not_as_broken(
    text, held, expected
):
    found = on_days(text, ">= 50%", [4.0] * 30, is_bound=True)
    assert found.judgement == expected
    assert found.note.startswith(f"held on {held} of 30 days")


def test_a_single_day_that_chance_made_says_nothing_of_days_and_one_without_chance_says_all():
    assert on_days("< 5s", ">= 90%", [4.0]).judgement == OPEN
    assert on_days("< 5s", ">= 90%", [4.0], is_random=False).judgement == PASS
    assert on_days("< 3s", ">= 90%", [4.0], is_random=False).judgement == FAIL


# Whole scenarios


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
    assert done.estimate("orders.NORMAL.completed.rate").high < 0.8
    assert found.estimate.low > 3600
