"""Common random numbers: what changes one thing in a scenario leaves all other customers as they were."""

import numpy as np
import pytest
from scipy import stats

from sim import replicate
from sim.model import Action, OrderClass

KITCHEN = """
    seed: 18
    clock: {until: 6h}
    service: {VIP: SERVICE_OF_VIPS, NORMAL: SERVICE}
    patience: {NORMAL: PATIENCE}
    bots: {initial: 4}
    arrivals:
      - {name: guests, class: CLASS, poisson: {rate: RATE}}
      - {name: app, class: {NORMAL: 50%, VIP: 50%}, renewal: {gamma: {mean: 5m, cv: 1.5}}, batch: BATCH}
      - {name: bus, class: NORMAL, mmpp: {states: [{rate: 2/h, stay: 20m}, {rate: 60/h, stay: 5m}]}}
"""
USUAL = {
    "SERVICE_OF_VIPS": "{lognormal: {mean: 3m, cv: 0.5}}",
    "SERVICE": "{lognormal: {mean: 3m, cv: 0.5}}",
    "PATIENCE": "{exponential: {mean: 20m}}",
    "CLASS": "{NORMAL: 80%, VIP: 20%}",
    "RATE": "30/h",
    "BATCH": "{1: 60%, 2: 40%}",
}


@pytest.fixture
def kitchen(scenario):
    def load(keys=KITCHEN, **changes):
        for word, text in {**USUAL, **changes}.items():
            keys = keys.replace(f"{word}}}", f"{text}}}").replace(f"{word},", f"{text},")
        return scenario(keys)

    return load


def customers(workload, name="guests"):
    """Return when the orders of a stream come, their class, service and patience."""
    times = workload.action_time[workload.action == Action.CREATE_ORDER]
    rows = workload.stream == workload.stream_names.index(name)
    return times[rows], workload.order_class[rows], workload.service[rows], workload.patience[rows]


def test_a_law_of_vips_alone_leaves_normal_customers_as_they_were(kitchen):
    usual, changed = (
        kitchen(**changes).workload() for changes in ({}, {"SERVICE_OF_VIPS": "{gamma: {mean: 2m, cv: 1}}"})
    )
    for name in ("guests", "app", "bus"):
        (times, classes, service, patience), (*others, service_changed, patience_changed) = (
            customers(workload, name) for workload in (usual, changed)
        )
        assert np.array_equal((times, classes), others)
        normal = classes == OrderClass.NORMAL
        assert np.array_equal(service[normal], service_changed[normal])
        assert np.array_equal(patience, patience_changed)
        assert stats.spearmanr(service[~normal], service_changed[~normal]).statistic > 0.999 or name == "bus"


def test_more_vips_are_those_of_before_and_some_who_were_normal(kitchen):
    (times, few, service, _), (times_of_many, many, service_of_many, _) = (
        customers(kitchen(CLASS=text).workload()) for text in ("{NORMAL: 80%, VIP: 20%}", "{VIP: 30%, NORMAL: 70%}")
    )
    assert np.array_equal((times, service), (times_of_many, service_of_many))
    assert np.all(many[few == OrderClass.VIP] == OrderClass.VIP)
    assert (few == OrderClass.VIP).sum() < (many == OrderClass.VIP).sum()


@pytest.mark.parametrize(
    "service",
    [
        "{exponential: {mean: 3m}}",
        "{erlang: {mean: 3m, shape: 3}}",
        "{gamma: {mean: 2m, cv: 1.2}}",
        "{weibull: {scale: 3m, shape: 2}}",
        "{uniform: {low: 1m, high: 5m}}",
        "{triangular: {low: 1m, mode: 2m, high: 6m}}",
        "{pert: {low: 1m, mode: 2m, high: 6m}}",
        "{normal: {mean: 3m, sd: 2m}}",
    ],
)
def test_customers_of_another_law_keep_their_ranks(kitchen, service):
    usual, changed = (
        kitchen(**changes).workload() for changes in ({}, {"SERVICE": service, "SERVICE_OF_VIPS": service})
    )
    assert np.array_equal(np.argsort(usual.service, kind="stable"), np.argsort(changed.service, kind="stable"))
    assert np.array_equal(usual.action_time, changed.action_time)


def test_the_order_of_the_keys_of_a_choice_moves_nobody(kitchen):
    usual = kitchen(SERVICE="{choice: {2m: 70%, 5m: 20%, 9m: 10%}}", BATCH="{1: 60%, 2: 40%}").workload()
    changed = kitchen(SERVICE="{choice: {9m: 10%, 2m: 70%, 5m: 20%}}", BATCH="{2: 40%, 1: 60%}").workload()
    assert np.array_equal(usual.service, changed.service)
    assert np.array_equal(usual.action_time, changed.action_time)


def test_the_same_customers_come_at_another_rate(kitchen):
    (times, *usual), (times_of_many, *many) = (customers(kitchen(RATE=rate).workload()) for rate in ("30/h", "60/h"))
    assert times_of_many[: len(times)] == pytest.approx(times / 2, abs=len(times))
    for column, column_of_many in zip(usual, many, strict=True):
        assert np.array_equal(column, column_of_many[: len(column)])


def test_a_longer_horizon_changes_nothing_before_the_shorter_one(kitchen):
    short, long = (kitchen(KITCHEN.replace("6h", hours)).workload() for hours in ("6h", "12h"))
    for name in ("guests", "app", "bus"):
        for column, column_of_long in zip(customers(short, name), customers(long, name), strict=True):
            assert np.array_equal(column, column_of_long[: len(column)])


TIMELINE = """
    service: {gamma: {mean: 3m, cv: 1}}
    patience: {VIP: {exponential: {mean: 20m}}}
    bots: {initial: 1}
    timeline:
      - {at: 1m, order: VIP}
      - {at: 1m, order: VIP, count: 2}
      - {at: 5m, order: NORMAL}
      - {at: 9m, order: VIP}
"""


def test_an_order_more_in_the_timeline_moves_nobody(scenario):
    usual = scenario(TIMELINE).workload()
    more = scenario(TIMELINE + "      - {at: 3m, order: NORMAL}\n      - {at: 1m, order: NORMAL}\n").workload()
    assert np.delete(more.service, (3, 4)).tolist() == usual.service.tolist()
    assert np.delete(more.patience, (3, 4)).tolist() == usual.patience.tolist()
    assert len(set(more.service.tolist())) == len(more.service)


def test_a_service_time_that_is_written_down_moves_nobody(scenario):
    usual = scenario(TIMELINE).workload()
    written = scenario(TIMELINE.replace("order: VIP}", "order: VIP, service: 7s}", 1)).workload()
    assert written.service.tolist() == [7_000_000, *usual.service.tolist()[1:]]


# What it is for


def test_which_of_two_cvs_is_less_is_told_by_five_replications(scenario):
    """Independent numbers would need some 15,000."""
    waits = [
        replicate(
            scenario(f"""
                seed: 18
                clock: {{until: 50h}}
                service: {{gamma: {{mean: 6m, cv: {cv}}}}}
                bots: {{initial: 1}}
                arrivals: [{{class: NORMAL, poisson: {{rate: 8/h}}}}]
            """),
            5,
        ).values("wait.mean")
        for cv in (0.98, 1)
    ]
    difference = np.subtract(waits[1], waits[0])
    assert difference.mean() > 0
    assert stats.ttest_1samp(difference, 0).pvalue < 0.02


def test_a_law_of_vips_alone_lets_normal_orders_be_compared_closely(kitchen):
    usual, changed = (
        np.array(replicate(kitchen(**changes), 20).values("wait.NORMAL.mean"))
        for changes in ({}, {"SERVICE_OF_VIPS": "{gamma: {mean: 3m, cv: 0.5}}"})
    )
    assert 2 * usual.var() / (changed - usual).var() > 50
