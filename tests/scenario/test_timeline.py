"""Demand and bots of a scenario, as the timeline of its workload."""

import math

import numpy as np
import pytest

from sim.model import NONE, Action, OrderClass
from tests.helpers.workloads import SECOND, crew, order_times, same

# Demand


def test_a_trace_names_time_class_and_service_in_any_order(scenario, tmp_path):
    (tmp_path / "orders.csv").write_text(
        'service,time,class\n,11:00:05,VIP\n"2s",1s,NORMAL\n\n3s,1s,VIP\n', encoding="utf-8"
    )
    loaded = scenario("clock: {start: 11:00}\narrivals: [{trace: orders.csv}]\n")
    workload = loaded.workload()
    assert loaded.notes == (f"{tmp_path}/orders.csv: 1 of 3 rows without a service time take the scenario's",)
    assert order_times(workload) == [1, 1, 5]  # sorted; equal times keep their written order
    assert workload.order_class.tolist() == [OrderClass.NORMAL, OrderClass.VIP, OrderClass.VIP]
    assert workload.service.tolist() == [2 * SECOND, 3 * SECOND, 10 * SECOND]
    assert NONE not in workload.service


def test_from_until_and_limit_choose_from_a_trace(scenario, tmp_path):
    rows = "".join(f"{second}s,VIP,{second + 1}s\n" for second in range(10))
    (tmp_path / "orders.csv").write_text("time,class,service\n" + rows, encoding="utf-8")
    workload = scenario("arrivals: [{trace: orders.csv, from: 3s, until: 7s, limit: 3}]\n").workload()
    assert order_times(workload) == [3, 4, 5]
    assert workload.service.tolist() == [4 * SECOND, 5 * SECOND, 6 * SECOND]


def test_the_timeline_is_sorted_and_counts_are_actions_in_a_row(scenario):
    workload = scenario("""
        timeline:
          - {at: 5s, remove_bots: 2}
          - {at: 1s, order: NORMAL, count: 2}
          - {at: 1s, add_bots: 3}
          - {at: 1s, order: VIP, service: 1s}
          - {at: 6s, add_bots: 2, count: 2}
          - {at: 7s, add_bots: 0}
    """).workload()
    create, add, remove = Action.CREATE_ORDER, Action.ADD_BOT, Action.REMOVE_BOT
    assert workload.action.tolist() == [*[create] * 2, *[add] * 3, create, *[remove] * 2, *[add] * 4]
    assert (workload.action_time // SECOND).tolist() == [1] * 6 + [5] * 2 + [6] * 4
    assert workload.service.tolist() == [10 * SECOND, 10 * SECOND, SECOND]


def test_from_is_inclusive_until_exclusive_and_the_horizon_inclusive(scenario):
    assert order_times(scenario("arrivals: [{class: VIP, every: 2s, from: 2s, until: 6s}]\n").workload()) == [2, 4]
    assert order_times(scenario("clock: {until: 6s}\narrivals: [{class: VIP, every: 2s}]\n").workload()) == [0, 2, 4, 6]
    at_the_horizon = "clock: {until: 6s}\ntimeline: [{at: 6s, order: VIP}]\n"
    assert order_times(scenario(at_the_horizon).workload()) == [6]
    assert order_times(scenario("arrivals: [{class: VIP, every: 1s, from: 6s, until: 6s}]\n").workload()) == []


def test_a_batch_comes_at_one_instant_and_a_limit_counts_orders(scenario):
    assert order_times(scenario("arrivals: [{class: VIP, every: 1s, batch: 3, limit: 7}]\n").workload()) == [
        *(0, 0, 0, 1, 1, 1, 2)
    ]
    assert order_times(scenario("arrivals: [{class: VIP, every: 1s, limit: 0}]\n").workload()) == []
    mixed = scenario("arrivals: [{class: VIP, every: 1s, batch: {1: 90%, 2: 10%}, until: 1000s}]\n").workload()
    _, sizes = np.unique(mixed.action_time, return_counts=True)
    assert set(sizes.tolist()) == {1, 2}
    assert 60 < (sizes == 2).sum() < 140


def test_poisson_arrivals_have_their_rate_and_classes_their_shares(scenario):
    workload = scenario(
        "clock: {until: 100h}\narrivals: [{class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 90/h}, from: 1h}]\n"
    ).workload()
    times = np.array(order_times(workload))
    assert abs(len(times) - 99 * 90) < 4 * math.sqrt(99 * 90)
    assert times.min() >= 3600
    vip = (workload.order_class == OrderClass.VIP).mean()
    assert abs(vip - 0.15) < 4 * math.sqrt(0.15 * 0.85 / len(times))


RANDOM = (
    "{name: walk-in, class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 60/h}, limit: 300},"
    "{name: app, class: VIP, poisson: {rate: 60/h}, limit: 300, batch: {1: 50%, 2: 50%}}"
)
SERVICE = "service: {VIP: {gamma: {mean: 10s, cv: 1}}, NORMAL: {exponential: {mean: 10s}}}\n"


def test_the_same_seed_is_the_same_workload_and_any_other_number_another(scenario):
    loaded = scenario(f"seed: 5\n{SERVICE}arrivals: [{RANDOM}]\n")
    first = loaded.workload()
    assert same(first, loaded.workload(seed=5, replication=1))
    others = [loaded.workload(seed=6), loaded.workload(replication=2), loaded.workload(seed=6, replication=2)]
    for index, workload in enumerate(others):
        assert not any(same(workload, other) for other in [first, *others[:index]])
        assert not set(workload.service.tolist()) & set(first.service.tolist())


def test_streams_without_a_name_are_called_by_their_place(scenario):
    loaded = scenario("arrivals: [{class: VIP, every: 1s, limit: 1}, {name: app, class: VIP, every: 1s, limit: 1}, "
                      "{class: VIP, every: 1s, limit: 1}]\n")  # fmt: skip
    assert loaded.workload().stream_names == ("timeline", "stream-1", "app", "stream-3")


@pytest.mark.parametrize(("seed", "replication"), [(-1, 1), (2**63, 1), (0, 0), (0, 2**63)])
def test_seeds_and_replications_have_their_range(scenario, seed, replication):
    with pytest.raises(ValueError, match="out of range; "):
        scenario("").workload(seed, replication)


# Bots


def test_a_schedule_reaches_a_number_of_bots_whatever_the_timeline_did(scenario):
    workload = scenario("""
        bots:
          initial: 2
          schedule: [{at: 20s, count: 5}, {at: 10s, count: 4}, {at: 30s, count: 0}, {at: 40s, count: 1}]
        timeline: [{at: 5s, add_bots: 3}, {at: 15s, remove_bots: 9}, {at: 20s, add_bots: 1}]
    """).workload()
    # 2, then 5; down to 4; ignored removals leave 0; at 20s the timeline comes first, so four more make 5
    assert crew(workload) == [(0, 2), (5, 3), (10, -1), (15, -9), (20, 5), (30, -5), (40, 1)]


def test_a_step_of_the_schedule_acts_after_the_timeline_and_before_arrivals(scenario):
    workload = scenario("""
        bots: {schedule: [{at: 1s, count: 1}]}
        arrivals: [{class: VIP, every: 1s, from: 1s, limit: 1}]
        timeline: [{at: 1s, order: NORMAL}]
    """).workload()
    assert workload.action.tolist() == [Action.CREATE_ORDER, Action.ADD_BOT, Action.CREATE_ORDER]
    assert workload.order_class.tolist() == [OrderClass.NORMAL, OrderClass.VIP]
