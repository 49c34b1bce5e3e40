"""Simulation beside numbers that others published: textbook queues, of which several bring percentiles and shares."""

import numpy as np
import pytest
from scipy.stats import poisson

from sim import replicate
from sim.experiment import select

pytestmark = pytest.mark.usefixtures("compiled_engine")

SURE = 0.999  # of an interval, since there are many

CALLS = """
seed: 1
params: {agents: 14}
clock: {until: 61h}
warmup: 1h
service: {exponential: {mean: 3m}}
bots: {initial: $agents}
arrivals: [{name: calls, class: NORMAL, poisson: {rate: 200/h}}]
thresholds: {wait.within(20s): ">= 80%"}
sweep: {agents: [13, 14]}
select: {minimise: agents}
"""
HOSPITAL = """
params: {doctors: 1}
clock: {until: 2100h}
warmup: 100h
service: {exponential: {mean: 20m}}
bots: {initial: $doctors}
metrics: [wait.within(0s), wait.within(30m), wait.within(1h)]
arrivals: [{name: door, class: NORMAL, poisson: {rate: 2/h}}]
"""
LINES = """
clock: {until: 26h}
warmup: 1h
service: {lognormal: {mean: 1m, cv: 1.5}}
patience: {NORMAL: 0s}
bots: {initial: 15}
arrivals: [{name: calls, class: NORMAL, poisson: {rate: 8.108/m}}]
"""
BANK = """
clock: {start: "09:00:00", until: "17:00:00"}
service: {exponential: {mean: 4m}}
bots: {initial: 5}
metrics: [wait.within(5m)]
arrivals: [{name: door, class: NORMAL, poisson: {rate: 1/m}}]
"""


def holds(replications, metric: str, published: float, digits: int, width: float) -> bool:
    """Whether an interval holds a published number, of which so many digits are known, and is no wider than that."""
    interval = replications.estimate(metric, SURE)
    assert interval.high - interval.low < width, f"{metric}: an interval too wide to find anything"
    rounding = 0.5 * 10**-digits
    return interval.low - rounding <= published <= interval.high + rounding


def test_200_calls_an_hour_of_3_minutes_need_fourteen_agents_to_answer_80_percent_within_20_seconds(load):
    """R. Arenas, pyworkforce 0.5.1 (Python package), README, where 13 agents answer 79.6%, and 14 answer 88.8%."""
    found = select(load(CALLS))
    assert found.outcome == "agents=14"
    assert [candidate.standing for candidate in found.candidates] == ["infeasible", "feasible"]
    for candidate, published in zip(found.candidates, (0.7955947884, 0.8883500192), strict=True):
        assert holds(candidate.replications, "wait.within(20s)", published, 10, 0.05)


@pytest.mark.parametrize(
    ("doctors", "wait", "at_once", "half_hour", "hour"),
    [(1, 0.667, 0.333, 0.596, 0.755), (2, 0.0417, 0.833, 0.978, 0.997)],
)
def test_patients_of_the_county_hospital_wait_as_published_with_one_doctor_and_with_two(
    load, doctors, wait, at_once, half_hour, hour
):
    """Hillier and Lieberman, Introduction to operations research, the emergency room of County Hospital: mean waits of
    2/3 and 1/24 of an hour; 0.667, 0.404 and 0.245 of the patients wait at all, longer than half an hour and longer
    than an hour with one doctor, and 0.167, 0.022 and 0.003 with two."""
    found = replicate(load(HOSPITAL).set(doctors=doctors), times=40, fingerprints=False)
    assert holds(found, "wait.mean", wait * 3600, -1, 400)
    assert holds(found, "wait.within(0s)", at_once, 3, 0.02)
    assert holds(found, "wait.within(30m)", half_hour, 3, 0.03)
    assert holds(found, "wait.within(1h)", hour, 3, 0.03)


def test_callers_who_lose_patience_leave_as_published_for_erlang_a(load):
    """R. Arenas, pyworkforce, tests/test_abandonment.py: 100 calls in half an hour, 5 minutes of patience."""
    keys = CALLS.replace("bots:", "patience: {NORMAL: {exponential: {mean: 5m}}}\nbots:")
    found = replicate(load(keys), times=30, fingerprints=False)
    assert holds(found, "orders.abandoned.rate", 0.013984, 6, 0.003)
    assert holds(found, "utilisation", 0.704297, 6, 0.015)


def test_fifteen_lines_lose_one_call_in_a_hundred_of_8108_erlang_whatever_the_law_of_the_calls(load):
    """Westbay Engineers, manual of the Erlang calculator, erlang.com/calculatormanual: 15 lines and a blocking of 0.01
    carry 8.108 Erlangs by Erlang B, which knows of the calls no more than their mean."""
    found = replicate(load(LINES), times=30, fingerprints=False)
    assert holds(found, "orders.abandoned.rate", 0.01, 5, 0.003)


def bank_within(minutes: float) -> float:
    """Return the share of Law's customers that wait at most so many minutes, by the equations of his queue.

    Customers come at any time of the day alike, and wait as the state is then (Poisson arrivals see time averages).
    """
    most, step, rate, service = 150, 1 / 60, 1.0, 4.0
    leaving = np.minimum(np.arange(most), 5) / service
    state = np.eye(most)[0]
    served = 5 / service * minutes
    ahead = np.arange(most) - 5  # how many of those inside must leave beside the next one
    in_time = np.where(ahead < 0, 1.0, poisson.sf(ahead, served))
    total = 0.0
    for _ in range(round(480 / step)):
        total += state @ in_time
        flow = -state * (rate + leaving)
        flow[1:] += state[:-1] * rate
        flow[:-1] += state[1:] * leaving[1:]
        state = state + step * flow
    return total * step / 480


def test_customers_of_laws_bank_wait_as_he_published(load):
    """Law and Kelton, Simulation modeling and analysis, the bank with five tellers and one queue, whose doors are open
    from 9 to 5: ten days of it, of which they say 2.03 ± 0.32 minutes and 0.853 ± 0.036 with 90%."""
    found = replicate(load(BANK), times=1000, fingerprints=False)
    assert found.estimate("wait.mean").estimate / 60 == pytest.approx(2.03, abs=0.32)
    assert found.estimate("wait.within(5m)").estimate == pytest.approx(0.853, abs=0.036)
    assert holds(found, "wait.within(5m)", bank_within(5), 6, 0.03)
