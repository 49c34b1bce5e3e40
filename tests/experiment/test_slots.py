"""Thresholds that must hold in each slot of a regular window, and on a share of days."""

import pytest

from sim import Replications, Scenario, replicate
from sim.experiment import Sweep
from sim.output.estimates import replications_reports
from sim.output.reports import sweep_report
from tests.helpers.verdicts import FAIL, NONE, OPEN, PASS

SLOTS = """
seed: 5
clock: {start: "12:00:00", until: 40m}
service: {exponential: {mean: 30s}}
bots: {initial: 2}
arrivals:
  - {class: NORMAL, poisson: {phases: [{for: 10m, rate: 1/m}, {for: 10m, rate: 3/m}, {for: 10m, rate: 2/m}]}}
windows: {slots: {every: 10m}}
metrics: [wait.mean@slots]
"""
WORST = "wait.mean@12:10"


@pytest.fixture(scope="module")
def rush(load) -> Replications:
    return replicate(load(SLOTS), 30)


def promised(rush: Replications, *conditions: str) -> Replications:
    scenario: Scenario = rush.scenario.with_keys(thresholds={"wait.mean@slots": list(conditions)})
    return Replications(scenario, rush.seed, rush.results)


def judged(rush: Replications, *conditions: str) -> list:
    return list(promised(rush, *conditions).verdicts)


def test_a_promise_passes_when_the_95_percent_interval_of_each_slot_keeps_it(rush):
    high = rush.estimate(WORST).high
    below, above = judged(rush, f"< {high - 0.001:.6f}s", f"< {high + 0.001:.6f}s")
    assert (below.judgement, above.judgement) == (OPEN, PASS)


def test_a_promise_fails_when_the_interval_of_one_slot_breaks_it_at_its_share_of_the_level(rush):
    low, low_of_share = (rush.estimate(WORST, 1 - 2 * level).low for level in (0.025, 0.025 / 4))
    assert low_of_share < low - 1, "of four slots, each has a quarter"
    between, below = judged(rush, f"< {low - 0.001:.6f}s", f"< {low_of_share - 0.001:.6f}s")
    assert (between.judgement, below.judgement) == (OPEN, FAIL)
    for verdict in (between, below):
        assert verdict.estimate.low == pytest.approx(low_of_share), "the interval is the one that judged"
        assert "; 98.8% interval, since one of many slots fails by chance more easily" in verdict.note
    broken = promised(rush, f"< {low - 0.001:.6f}s")
    for report in (list(replications_reports(broken))[-1], sweep_report(Sweep(rush.scenario, 0, [], [broken]))):
        assert report.notes[-1].endswith("so FAIL asks there for a longer interval than the one shown")
    assert not list(replications_reports(promised(rush, "< 1h")))[-1].notes


def test_the_verdict_names_the_worst_slot_and_counts_those_without_orders(rush):
    [verdict] = judged(rush, "< 1h")
    assert (verdict.judgement, verdict.metric) == (PASS, WORST)
    assert verdict.note == "worst of 3 slots: 12:10; 1 slot without orders"
    assert verdict.estimate == rush.estimate(WORST)
    [verdict] = judged(rush, "> 1us")
    assert verdict.metric == "wait.mean@12:00", "of a promise to wait longer it is another"


def test_where_no_slot_has_orders_there_is_no_data(scenario):
    keys = SLOTS[: SLOTS.index("arrivals")] + "windows: {slots: {every: 10m}}\nthresholds: {wait.mean@slots: '< 1h'}\n"
    [verdict] = replicate(scenario(keys)).verdicts
    assert verdict.judgement == NONE


def test_a_promise_about_days_holds_in_each_slot_too(load):
    days = (
        "thresholds: {wait.mean@slots: {check: '< 10m', days: '>= 90%'}, wait.p50: {check: '< 1s', days: '>= 90%'}}\n"
    )
    done = replicate(load(SLOTS + days))
    assert len(done.results) == 36, "as many as it takes to prove nine in ten"
    in_slots, of_day = done.verdicts
    assert in_slots.judgement == PASS
    assert in_slots.note.startswith("worst of 3 slots: ")
    assert "held on 36 of 36 days" in in_slots.note
    values = done.values("wait.p50")
    assert of_day.judgement == FAIL
    assert of_day.note == f"held on {sum(value < 1 for value in values)} of 36 days"


def test_one_slot_with_orders_is_the_worst_of_one_slot(scenario):
    late = SLOTS.replace("rate: 1/m", "rate: 0/m").replace("rate: 3/m", "rate: 0/m").replace("every: 10m", "every: 20m")
    [verdict] = replicate(scenario(late + "thresholds: {wait.mean@slots: '< 1h'}\n")).verdicts
    assert verdict.note == "worst of 1 slot: 12:20; 1 slot without orders"
