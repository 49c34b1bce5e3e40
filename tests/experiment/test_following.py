"""Orders that are not over at the horizon: they are followed until they are, at most as long again as the run lasts."""

import pytest

from sim import replicate
from sim.output.wording import verdict_text
from tests.helpers.verdicts import FAIL, OPEN, PASS

SECOND = 1_000_000
LATE = """
clock: {until: 20s}
service: 10s
bots: {initial: 1}
timeline: [{at: 19s, order: NORMAL, count: COUNT}]
metrics: [wait.within(5s), wait.within(10s), service.within(10s)]
"""
CLOSES = LATE.replace("until: 20s", "until: 20s, closes: true")


def late(story, count: int, keys: str = LATE):
    return story(keys.replace("COUNT", str(count)))


def test_an_order_that_is_picked_up_behind_the_horizon_waits_until_then(story):
    measures = late(story, 2).measures
    values = measures.values
    assert (values["wait.max"], values["wait.mean"], values["flow.max"]) == (10, 5, 20)
    assert (values["wait.n"], values["flow.n"], values["service.n"]) == (2, 2, 2)
    assert (values["wait.within(5s)"], values["wait.within(10s)"]) == (0.5, 1)
    assert values["orders.completed.rate"] == 1, "rates are final fates"
    assert not measures.bounds


def test_the_log_the_states_the_counts_and_the_levels_end_at_the_horizon(story):
    run = late(story, 2)
    values = run.measures.values
    assert run.log.end == 20 * SECOND
    assert run.fingerprint == late(story, 2, CLOSES).fingerprint
    assert list(run.orders["status"]) == ["PROCESSING", "PENDING"]
    assert list(run.orders["wait_us"]) == [0, SECOND]
    assert list(run.orders["final_status"]) == ["COMPLETE", "COMPLETE"]
    assert list(run.orders["final_wait_us"]) == [0, 10 * SECOND]
    assert (values["orders.completed"], values["orders.processing"], values["orders.pending"]) == (0, 1, 1)
    assert (values["queue.end"], values["queue.mean"], values["throughput"]) == (1, 0.05, 0)


def test_nobody_is_followed_longer_than_the_run_lasts_and_who_still_waits_makes_a_bound(story):
    measures = late(story, 4).measures
    assert measures.values["wait.max"] == 21, "counted to 40s"
    assert {"wait.max", "wait.mean", "wait.sd", "wait.p95"} <= measures.bounds
    assert measures.bounds.isdisjoint({"wait.min", "wait.p50", "orders.pending", "queue.mean"})


def test_a_kitchen_that_closes_never_serves_who_is_left(story):
    measures = late(story, 2, CLOSES).measures
    values = measures.values
    assert (values["wait.within(5s)"], values["wait.within(10s)"]) == (0.5, 0.5), "who is never served is late"
    assert (values["wait.max"], values["orders.completed.rate"], values["orders.pending"]) == (1, 0, 1)
    assert {"wait.max", "wait.mean"} <= measures.bounds
    assert measures.bounds.isdisjoint({"wait.within(5s)", "wait.within(10s)", "orders.completed.rate"})


STARVING = """
seed: 3
clock: {until: 2h}
service: {exponential: {mean: 1m}}
bots: {initial: 1}
patience: {NORMAL: {exponential: {mean: 20h}}}
arrivals: [{class: VIP, poisson: {rate: 78/h}}, {class: NORMAL, poisson: {rate: 10/h}}]
replications: 12
"""


@pytest.mark.parametrize(
    ("metric", "generous", "broken"),
    [
        ("flow.NORMAL.p95", "< 5h", "< 5m"),
        ("wait.NORMAL.mean", "< 5h", "< 5m"),
        ("wait.NORMAL.p50", "< 5h", "< 5m"),
        ("wait.NORMAL.max", "<= 5h", "<= 5m"),
        ("orders.NORMAL.abandoned.rate", "< 90%", "< 1%"),
    ],
)
def test_a_promise_never_passes_while_orders_starve_and_fails_where_they_break_it_already(
    scenario, metric, generous, broken
):
    done = replicate(scenario(STARVING + f"thresholds: {{{metric}: ['{generous}', '{broken}']}}\n"))
    assert [verdict.judgement for verdict in done.verdicts] == [OPEN, FAIL]


ASKS = "thresholds: {wait.NORMAL.mean: ['> 5m', '> 5h'], wait.NORMAL.sd: '> 1s', wait.VIP.p50: '> 1s'}\n"


def test_that_somebody_waits_long_may_be_proved_while_orders_starve_for_ever(scenario):
    without_patience = "".join(line for line in STARVING.splitlines(True) if "patience" not in line)
    judgements = [verdict.judgement for verdict in replicate(scenario(without_patience + ASKS)).verdicts]
    assert judgements == [PASS, OPEN, OPEN, PASS], "long waits may come closer to each other, which a sd tells"


def test_who_may_still_leave_proves_no_long_wait(scenario):
    verdicts = list(replicate(scenario(STARVING + ASKS)).verdicts)
    assert [verdict.judgement for verdict in verdicts] == [OPEN, OPEN, OPEN, PASS]
    assert [verdict_text(verdict)[0] == "≥" for verdict in verdicts] == [True, True, True, False]


def test_nobody_without_patience_is_abandoned_whoever_still_waits(story):
    run = story(LATE.replace("COUNT", "9") + "thresholds: {orders.abandoned.rate: '<= 0%'}")
    assert "orders.completed.rate" in run.measures.bounds
    assert run.measures.bounds.isdisjoint({"orders.abandoned", "orders.abandoned.rate"})


def test_who_was_never_served_has_no_service_time_and_who_is_being_served_has_one_so_far(story):
    measures = late(story, 9).measures
    values = measures.values
    assert (values["wait.n"], values["service.n"]) == (9, 3)
    assert values["service.mean"] == (10 + 10 + 1) / 3
    assert values["service.within(10s)"] == 2 / 3
    assert {"service.mean", "service.within(10s)"} <= measures.bounds


def test_the_share_of_short_services_is_that_of_all_services(scenario):
    keys = STARVING + "thresholds: {service.NORMAL.within(1h): '>= 99%'}\n"
    done = replicate(scenario(keys))
    assert done.estimate("service.NORMAL.within(1h)").estimate > 0.95


def test_what_never_came_of_orders_may_come_to_one(scenario):
    keys = "clock: {until: 1h}\nbots: {initial: 9}\npatience: {NORMAL: 1h}\n"
    arrivals = "arrivals: [{class: NORMAL, poisson: {rate: 1/h}}]\n"
    done = replicate(scenario(keys + arrivals + "thresholds: {orders.abandoned: '< 0.02'}\n"), 60)
    [verdict] = done.verdicts
    assert verdict.judgement is OPEN, "one order in 60 hours is more often than 0.02 an hour"
