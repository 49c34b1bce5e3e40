"""Replications, warm-up and thresholds as a file plans them."""

import pytest

from sim import ScenarioError
from tests.helpers.workloads import HOUR, MINUTE, SECOND

# Replications, warm-up and thresholds


def test_replications_are_a_number_or_go_on_until_a_metric_is_known(scenario):
    assert scenario("replications: 7\n").file.replications.times == 7
    plan = scenario("replications: {max: 500, until: {metric: wait.VIP.p95, half_width: 10%}}\n").file.replications
    assert (plan.times, plan.min, plan.max) == (None, 20, 500)
    assert plan.until.confidence == 0.95
    assert (plan.until.reached(100, 10.1), plan.until.reached(100, 10)) == (False, True)
    until = "{metric: wait, half_width: 5s, confidence: 99%}"
    plan = scenario(f"replications: {{min: 30, max: 30, until: {until}}}\n").file.replications
    assert (plan.min, plan.until.metric, plan.until.confidence) == (30, "wait.mean", 0.99)
    assert (plan.until.reached(100, 5.1), plan.until.reached(1, 5)) == (False, True)


def test_a_warm_up_is_a_duration_or_mser5(scenario):
    assert scenario("warmup: 30m\n").warmup == 30 * MINUTE
    assert scenario("warmup: mser5\n").warmup == "mser5"
    assert scenario("").warmup == 0


def test_a_threshold_is_a_condition_or_several_in_the_unit_of_its_metric(scenario):
    loaded = scenario("""
        thresholds:
          wait.VIP: "< 2m"
          orders.completed.count: ">= 40"
          utilisation: ["> 60%", "< 85%"]
          wait.p99: {check: "<=1h30m", severity: warn}
          throughput: "between 30/h and 1/m"
          orders.NORMAL.abandoned.rate: "== 0%"
          queue.max: {check: ["!= 7.5"]}
    """)
    told = [(threshold.place.line, threshold.metric, *threshold.condition, threshold.severity)
            for threshold in loaded.thresholds]  # fmt: skip
    assert told == [
        (5, "wait.VIP.mean", "<", 120, 120, "< 2m", "fail"),
        (6, "orders.completed", ">=", 40, 40, ">= 40", "fail"),
        (7, "utilisation", ">", 0.6, 0.6, "> 60%", "fail"),
        (7, "utilisation", "<", 0.85, 0.85, "< 85%", "fail"),
        (8, "wait.p99", "<=", 5400, 5400, "<= 1h30m", "warn"),
        (9, "throughput", "between", 30, 60, "between 30/h and 1/m", "fail"),
        (10, "orders.NORMAL.abandoned.rate", "==", 0, 0, "== 0%", "fail"),
        (11, "queue.max", "!=", 7.5, 7.5, "!= 7.5", "fail"),
    ]


def test_a_promise_about_days_is_a_share_of_replications(scenario):
    loaded = scenario("""
        clock: {until: 2h}
        windows: {slots: {every: 1h}}
        thresholds:
          wait.VIP.p95@slots: {check: "< 2m", days: ">= 90%"}
          orders.completed: {check: ["> 4", "!= 7"], days: between 50% and 80%, severity: warn}
          wait.p95: "< 2m"
    """)
    told = [(str(threshold), threshold.days and threshold.days[:3], threshold.severity, len(threshold.metrics))
            for threshold in loaded.thresholds]  # fmt: skip
    assert told == [
        ("wait.VIP.p95@slots < 2m on >= 90% of days", (">=", 0.9, 0.9), "fail", 2),
        ("orders.completed > 4 on between 50% and 80% of days", ("between", 0.5, 0.8), "warn", 1),
        ("orders.completed != 7 on between 50% and 80% of days", ("between", 0.5, 0.8), "warn", 1),
        ("wait.p95 < 2m", None, "fail", 1),
    ]


RANDOM = "service: {exponential: {mean: 1s}}\n"


@pytest.mark.parametrize(
    ("thresholds", "needed"),
    [
        ("wait.p95: '< 2m'", 30),
        ("utilisation: '< 99%'", 30),  # no share of orders
        ("wait.within(5m): '>= 80%'", 30),
        ("wait.within(5m): '>= 90%'", 36),
        ("wait.VIP.within(5m): '> 95%'", 72),
        ("service.within(5m): '>= 99%'", 368),
        ("orders.abandoned.rate: '< 5%'", 72),
        ("orders.NORMAL.abandoned.rate: '<= 1%'", 368),
        ("orders.completed.rate: between 90% and 99%", 36),
        ("orders.completed.rate: between 1% and 10%", 36),
        ("wait.within(5m): ['>= 90%', '> 95%', '< 99.9%']", 72),
        ("wait.p95: {check: '< 2m', days: '>= 99%'}", 368),
        ("wait.within(5m): {check: '>= 99%', days: '>= 90%'}", 36),  # of a day it is not proved
        ("wait.within(5m): '>= 100%'", 30),  # which no number of replications proves
        ("wait.within(5m): '> 0%'", 30),
        ("wait.within(5m): '== 100%'", 30),
        ("wait.within(5m): '>= 99.99999%'", 1_000_000),
    ],
)
def test_a_strict_share_needs_more_replications_than_30(scenario, thresholds, needed):
    assert scenario(f"{RANDOM}thresholds: {{{thresholds}}}\n").file.default_replications == needed
    assert scenario(f"service: 10s\nthresholds: {{{thresholds}}}\n").file.default_replications == 1


def test_a_line_tells_when_a_file_has_too_few_replications_for_a_strict_share(scenario):
    strict = f"{RANDOM}thresholds: {{wait.within(5m): '>= 90%', wait.NORMAL.within(5m): '>= 95%', wait: '< 5m'}}\n"
    told = ("thresholds: wait.NORMAL.within(5m) >= 95% can need 72 replications to pass; the file has 30",)
    assert scenario(strict + "replications: 30\n").notes == told
    until = "{metric: wait, half_width: 10%}"
    assert scenario(strict + f"replications: {{max: 30, until: {until}}}\n").notes == told
    assert scenario(strict + "replications: 72\n").notes == ()
    assert scenario(strict).notes == ()
    assert scenario("replications: 2\nthresholds: {wait.within(5m): '>= 95%'}\n").notes == ()  # nothing is random
    assert scenario(f"{RANDOM}replications: 2\nthresholds: {{wait: '< 5m'}}\n").notes == ()


def test_a_kitchen_closes_where_the_file_says_so(scenario):
    assert scenario("clock: {until: 22h, closes: true}\n").file.clock.closes
    assert not scenario("clock: {until: 22h}\n").file.clock.closes
    assert not scenario("clock: {closes: false}\n").file.clock.closes


@pytest.mark.parametrize(
    "keys",
    [
        "service: {exponential: {mean: 1s}}",
        "patience: {VIP: {choice: {1s: 50%, 2s: 50%}}}",
        "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 1/h}]}}]",
        "arrivals: [{class: VIP, mmpp: {states: [{rate: 1/h, stay: 1h}]}, limit: 1}]",
        "arrivals: [{class: VIP, renewal: {exponential: {mean: 1m}}, limit: 1}]",
        "arrivals: [{class: {VIP: 50%, NORMAL: 50%}, every: 1s, limit: 1}]",
        "arrivals: [{class: VIP, every: 1s, limit: 1, batch: {1: 50%, 2: 50%}}]",
    ],
)
def test_chance_makes_a_scenario_random(scenario, keys):
    assert scenario(keys).is_random
    assert not scenario(
        "patience: {VIP: 5m}\narrivals: [{class: {VIP: 100%, NORMAL: 0%}, renewal: 1s, limit: 9}]"
    ).is_random


# What changes with time, and what mser5 makes no sense of

STEADY = [
    "clock: {until: 9h}\narrivals: [{class: VIP, poisson: {rate: 9/h}}, {class: NORMAL, renewal: 1m, limit: 9}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, mmpp: {states: [{rate: 9/h, stay: 1h}]}, from: 0s, until: 9h}]",
    "clock: {until: 9h}\nbots: {schedule: [{at: 0s, count: 3}, {at: 9h, count: 5}]}",
    "arrivals: [{class: VIP, every: 5s, limit: 100}]\ntimeline: [{at: 0s, add_bots: 3}, {at: 0s, order: VIP}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, every: 5s, from: 9h}]\ntimeline: [{at: 9h, remove_bots: 1}]",
]
CHANGING = [
    "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 9/h}]}}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, poisson: {rate: 9/h}, from: 1us}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, poisson: {rate: 9/h}, until: 8h}]",
    "arrivals: [{class: VIP, poisson: {rate: 9/h}, until: 8h}]",
    "arrivals: [{trace: orders.csv}]",
    "bots: {schedule: [{at: 1us, count: 3}]}",
    "timeline: [{at: 1us, remove_bots: 3}]",
    "timeline: [{at: 1us, order: VIP}]",
]


@pytest.mark.parametrize("keys", STEADY)
def test_mser5_goes_with_demand_and_crew_that_stay_the_same(scenario, keys):
    assert scenario(f"warmup: mser5\n{keys}\n").warmup == "mser5"


@pytest.mark.parametrize("keys", CHANGING)
def test_mser5_needs_constant_demand_and_a_constant_crew(scenario, tmp_path, keys):
    (tmp_path / "orders.csv").write_text("time,class\n0s,VIP\n", encoding="utf-8")
    assert scenario(f"warmup: 1m\n{keys}\n").warmup == MINUTE
    with pytest.raises(ScenarioError, match=r"story.yaml:3:9: warmup: mser5 needs constant demand and a constant crew"):
        scenario(f"warmup: mser5\n{keys}\n")


def test_a_warm_up_is_over_before_the_horizon(scenario):
    assert scenario("clock: {until: 1h}\nwarmup: 3599s\n").warmup == 3599 * SECOND
    assert scenario("clock: {until: 0s}\nwarmup: 0s\n").warmup == 0
    assert scenario("warmup: 99d\n").warmup == 99 * 24 * HOUR
    for warmup in ("1h", "2h"):
        with pytest.raises(ScenarioError, match="warmup: is not over before the horizon at 1h; write a shorter one"):
            scenario(f"clock: {{until: 1h}}\nwarmup: {warmup}\n")
