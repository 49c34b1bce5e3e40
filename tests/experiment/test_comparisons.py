"""Comparisons: pairs of replications, their differences, and how sure these are."""

from itertools import product

import numpy as np
import pytest

from sim.experiment import compare, select, sweep
from sim.model import STANDARD
from sim.statistics import difference_bounds, holm
from tests.helpers.studies import KITCHEN, SIX, faults_of


def test_each_alternative_differs_from_the_baseline_by_the_mean_of_its_pairs(crews):
    done = compare(crews, metric_names=["wait", "utilisation"])
    assert [(pair.alternative, pair.metric) for pair in done.pairs] == [
        *product(["crew=3", "crew=4"], ["wait.mean", "utilisation"])
    ]
    found = iter(done.pairs)
    for alternative in done.alternatives:
        for metric in ("wait.mean", "utilisation"):
            ours, theirs = alternative.values(metric), done.baseline.values(metric)
            pair = next(found)
            assert pair.difference.interval == pytest.approx(difference_bounds(np.subtract(ours, theirs), 0.025))
            assert (pair.mean, pair.baseline_mean) == pytest.approx((np.mean(ours), np.mean(theirs)))
            assert pair.difference.correlation == pytest.approx(np.corrcoef(ours, theirs)[0, 1])


def test_p_values_are_adjusted_over_all_pairs_and_metrics(crews):
    done = compare(crews, metric_names=["wait", "flow", "service.min", "throughput"], times=20)
    alone = [pair.difference.p for pair in done.pairs]
    assert len(alone) == 8
    assert [pair.adjusted for pair in done.pairs] == holm(alone)
    assert [pair.is_significant for pair in done.pairs] == [p <= 0.05 for p in holm(alone)]
    assert len({pair.is_significant for pair in done.pairs}) == 2
    assert done.to_frame()["p_adjusted"].tolist() == holm(alone)


def test_common_customers_narrow_the_interval_where_the_correlation_is_positive(load):
    keys = KITCHEN + "sweep: {cook: [10s, 11s]}\nreplications: 30\n"
    [pair] = compare(load(keys), metric_names=["service"]).pairs
    assert pair.difference.correlation > 0.9
    assert pair.difference.variance_ratio > 10
    [other] = compare(load(keys), load(keys.replace("door", "back"), "other"), metric_names=["service"]).pairs
    assert other.difference.variance_ratio < 2, "streams of other names bring other customers"


def test_the_baselines_own_point_is_left_out(load):
    keys = KITCHEN + "sweep: {crew: [2, 3], cook: [10s, 5s]}\nreplications: 2\n"
    done = compare(load(keys + "compare: {baseline: {crew: 3}}"))
    assert done.labels == [
        *("crew=3, cook=10s", "crew=2, cook=10s"),
        *("crew=2, cook=5s", "crew=3, cook=5s"),
    ]
    assert compare(load(keys)).labels[0] == "crew=2, cook=10s", "without compare it is the file as it stands"


def test_the_baselines_own_point_is_left_out_also_when_its_values_are_written_otherwise(load):
    keys = SIX + "sweep: {cook: [10s, 5s]}\ncompare: {baseline: {cook: 10000ms}}"
    assert len(compare(load(keys)).alternatives) == 1


def test_a_sweep_of_the_baseline_alone_is_refused(load):
    [told] = faults_of(lambda: compare(load(KITCHEN + "sweep: {crew: [2]}\ncompare: {baseline: {crew: 2}}")))
    assert told.endswith("story.yaml:10:8: sweep: has no other point than the baseline; write other values")


def test_two_files_are_compared_by_their_names_parameters_or_files(load):
    one, other = load(SIX, "one"), load(SIX.replace("crew: 1", "crew: 3"), "other")
    assert compare(one, other).labels == ["one", "other"]
    same = other.with_keys(name="one")
    assert compare(one, same).labels == ["crew=1", "crew=3"]
    assert compare(one, same).to_frame()["alternative"].unique().tolist() == ["crew=3"]
    twins = compare(one, load(SIX.replace("count: 6", "count: 7"), "one"))
    assert [name.endswith("one.yaml") for name in twins.labels] == [True, True]
    assert len(set(twins.labels)) == 2


def test_two_versions_of_one_file_have_labels_of_their_own(load):
    one = load(SIX)
    assert len(set(compare(one, one.with_keys(service="5s")).labels)) == 2


def test_a_parameter_may_have_the_name_of_a_column(load):
    table = sweep(load(SIX.replace("crew", "n") + "sweep: {n: [1, 2]}")).to_frame()
    assert len(set(table)) == len(table.columns)


def test_metrics_are_those_asked_for_or_those_of_compare_or_of_thresholds_or_those_that_matter(load):
    keys = SIX + "sweep: {crew: [1, 2]}\n"
    thresholds = "thresholds: {wait.max: '< 1h', flow: '< 1h'}\n"
    named = "compare: {metrics: [utilisation, wait.p95, utilisation.value]}\n"
    general = ["wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95"]
    assert compare(load(keys)).metric_names == general
    assert compare(load(keys + thresholds)).metric_names == ["wait.max", "flow.mean"]
    assert compare(load(keys + thresholds + named)).metric_names == ["utilisation", "wait.p95"]
    assert compare(load(keys + thresholds + named), metric_names=["flow"]).metric_names == ["flow.mean"]
    with pytest.raises(ValueError, match=r"unknown metric 'wait.VPI'; did you mean"):
        compare(load(keys), metric_names=["wait.VPI"])


def test_all_run_as_often_as_the_one_that_asks_for_most(load):
    few, many = load(KITCHEN + "replications: 2"), load(KITCHEN + "replications: 4", "other")
    done = compare(few, many, metric_names=["wait"])
    assert [len(one.results) for one in (done.baseline, *done.alternatives)] == [4, 4]
    assert compare(few, many, metric_names=["wait"], times=3).pairs[0].difference.interval.n == 3


def test_pairs_are_replications_in_which_both_observed_it(load):
    rare = KITCHEN.replace("VIP: 20%", "VIP: 2%").replace("NORMAL: 80%", "NORMAL: 98%").replace("10s", "1m")
    rare += "patience: {VIP: 10s}\nsweep: {crew: [12]}\n"
    done = compare(load(rare), metric_names=["service.VIP.mean"])
    [pair] = done.pairs
    theirs, ours = (
        [run.values["service.VIP.mean"] for run in one.results] for one in (done.baseline, *done.alternatives)
    )
    both = [(one, other) for one, other in zip(ours, theirs, strict=True) if None not in (one, other)]
    assert len(ours) - ours.count(None) > len(both), "some of the alternative have no partner"
    interval = difference_bounds([one - other for one, other in both], 0.025)
    assert pair.difference.interval == pytest.approx(interval)
    assert pair.mean - pair.baseline_mean == pytest.approx(interval.estimate)


def test_what_nobody_observed_does_not_differ(load):
    done = compare(load(SIX + "sweep: {crew: [1, 2]}"), metric_names=["wait.VIP", "wait"])
    nothing, something = done.pairs
    assert nothing[2:] == (None, None, None, 1.0, (False, False), True, False, False)
    assert (nothing.is_significant, something.is_significant) == (False, True)
    row = done.to_frame().iloc[0]
    assert (row["n"], row["significant"], row["unit"]) == (0, False, "s")
    assert row[["baseline", "mean", "difference", "low", "high", "correlation"]].isna().all()


def test_waits_that_never_end_since_the_kitchen_closes_make_a_pair_a_bound(load):
    closes = KITCHEN.replace("{until: 5m}", "{until: 5m, closes: true}")
    done = compare(load(closes + "sweep: {crew: [2, 4]}"), metric_names=["wait", "service"])
    assert [pair.bounds for pair in done.pairs] == [(True, False), (False, False)]


def test_what_orders_that_are_never_served_could_turn_round_is_no_difference(load):
    keys = "clock: {until: 2h, closes: $c}\nservice: 2m\nbots: {initial: 1}\nparams: {c: false}\nreplications: 12\n"
    arrivals = "{class: VIP, poisson: {rate: 20/h}}, {class: NORMAL, poisson: {rate: 20/h}}"
    scenario = load(
        f"{keys}arrivals: [{arrivals}]\nsweep: {{c: [false, true]}}\nselect: {{minimise: wait.NORMAL.mean}}\n"
    )
    [pair] = compare(scenario, metric_names=["wait.NORMAL.mean"]).pairs
    assert (pair.adjusted < 0.05, pair.is_open, pair.is_significant) == (True, True, False)
    assert select(scenario, 64).selected is None


def test_a_scenario_does_not_differ_from_itself_under_another_name(load):
    one = load(KITCHEN + "replications: 8")
    done = compare(one, one.with_keys(name="twin"), metric_names=[metric.name for metric in STANDARD])
    assert done.labels == ["story", "twin"]
    seen = [pair.difference for pair in done.pairs if pair.difference is not None]
    assert len(seen) > 40
    assert {(found.interval.estimate, found.interval.low, found.interval.high) for found in seen} == {(0, 0, 0)}
    assert not any(pair.is_significant for pair in done.pairs)


def test_where_nothing_is_random_any_difference_is_significant(load):
    pairs = compare(load(SIX + "sweep: {crew: [1, 2]}"), metric_names=["wait.max", "orders.completed"]).pairs
    assert [(pair.difference.interval, pair.is_significant) for pair in pairs] == [
        ((-30.0, None, None, 1), True),
        ((0.0, None, None, 1), False),
    ]


def test_one_replication_of_what_is_random_says_nothing(crews):
    pairs = compare(crews, metric_names=["wait"], times=1).pairs
    assert [(pair.adjusted, pair.is_significant) for pair in pairs] == [(1.0, False)] * 2


def test_the_table_of_a_comparison_has_a_row_for_each_pair(crews):
    done = compare(crews, metric_names=["wait", "utilisation"])
    table = done.to_frame()
    numbers = ["baseline", "mean", "difference", "low", "high"]
    assert list(table) == [
        *("alternative", "metric", *numbers, "n"),
        *("p_adjusted", "significant", "correlation", "variance_ratio", "unit", "baseline_bound", "bound"),
    ]
    assert table["unit"].tolist() == ["s", "share"] * 2
    for row, pair in zip(table.itertuples(), done.pairs, strict=True):
        assert (row.alternative, row.metric, row.significant) == (pair.alternative, pair.metric, pair.is_significant)
        assert (row.baseline, row.mean, row.difference) == (*pair[2:4], pair.difference.interval.estimate)
    assert {str(table[name].dtype) for name in (*numbers, "p_adjusted", "correlation")} == {"Float64"}
    assert (table["mean"] - table["baseline"]).tolist() == pytest.approx(table["difference"].tolist())


def test_files_with_other_parameters_can_be_compared(load):
    one, other = load(SIX.replace("params: {", "params: {x: 3, "), "one"), load(SIX, "other")
    assert compare(one, other).labels == ["one", "other"]
    assert compare(other, one).labels == ["other", "one"]
    assert len(set(compare(one, other.with_keys(name="one"), one).labels)) == 3
