"""Sweeps: the replications of each point, with the same customers."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
import pytest

from sim import replicate
from sim.experiment import compare, sweep
from sim.experiment.replications import COLUMNS, NUMBERS
from tests.helpers.experiments import said
from tests.helpers.studies import CREWS, DRAINED, KITCHEN, SIX, SOMETIMES


def test_all_points_meet_the_same_customers(crews):
    for number in (1, 2, 30):
        first, *others = [point.workload(7, number) for point in crews.points()]
        for one in others:
            assert np.array_equal(one.service, first.service)
            assert np.array_equal(one.order_class, first.order_class)
            assert np.array_equal(one.stream, first.stream)
    created = [point.values("orders.created") for point in sweep(crews).points]
    assert created[0] == created[1] == created[2]
    assert len(set(created[0])) > 1


def test_streams_of_other_names_bring_other_customers(load):
    keys = KITCHEN.replace("name: door", "name: $note")
    done = sweep(load(keys + "sweep: {note: [a, b]}\nreplications: 6\n"))
    one, other = (point.values("orders.created") for point in done.points)
    assert one != other


def test_a_sweep_is_the_replications_of_each_of_its_points(crews):
    done = sweep(crews)
    assert (done.seed, done.parameters, len(done.points)) == (7, ["crew"], 3)
    for point, found in zip(crews.points(), done.points, strict=True):
        assert found.scenario.sha256 == point.sha256
        assert said(found) == said(replicate(point.with_metrics(done.metric_names)))
    for point, found in zip(crews.points(), sweep(crews, times=2, seed=5).points, strict=True):
        assert said(found) == said(replicate(point.with_metrics(done.metric_names), times=2, seed=5))


@pytest.mark.slow
@pytest.mark.usefixtures("forked_workers")
def test_the_numbers_are_the_same_however_the_work_is_shared(crews):
    alone = [said(point) for point in sweep(crews).points]
    with ThreadPoolExecutor(3) as threads:
        assert [said(point) for point in sweep(crews, executor=threads).points] == alone
        assert threads.submit(int).result() == 0, "who gave the workers shuts them down"
    assert [said(point) for point in sweep(crews, jobs=2).points] == alone
    assert [said(point) for point in sweep(crews, engine="reference").points] == alone


@pytest.mark.parametrize("options", [{"times": 0}, {"times": 2, "jobs": 0}, {"times": 1, "seed": -1}])
def test_what_is_out_of_range_is_refused(crews, options):
    for experiment in (sweep, compare):
        with pytest.raises(ValueError, match="out of range"):
            experiment(crews, **options)


def test_earlier_replications_are_not_run_again_and_new_ones_are_told(crews):
    names = sweep(crews, times=1).metric_names
    points = [point.with_metrics(names) for point in crews.points()]
    stored = {point.sha256: replicate(point, times=4).results for point in points[:2]}
    asked, told, heard = [], [], []
    done = sweep(
        crews,
        earlier=lambda one: asked.append(one.sha256) or stored.get(one.sha256, ()),
        finished=lambda one, block: told.extend((one.parameters["crew"], number) for number in block.numbers),
        progress=lambda *how: heard.append(how),
    )
    assert asked == [point.sha256 for point in crews.points()]
    assert told == [*product([2, 3], [5, 6]), *product([4], range(1, 7))]
    assert [said(point) for point in done.points] == [said(point) for point in sweep(crews).points]
    assert heard == sorted(heard)
    assert heard[-1] == (18, 18)


def test_the_table_of_a_sweep_has_a_row_for_each_point_and_metric(crews):
    done = sweep(crews)
    table = done.to_frame()
    assert list(table) == ["crew", *COLUMNS]
    names = done.points[0].metric_names
    assert list(zip(table["crew"], table["metric"], strict=True)) == list(product([2, 3, 4], names))
    assert [str(kind) for kind in table.dtypes[[*NUMBERS, "n"]]] == ["Float64"] * len(NUMBERS) + ["Int64"]
    for point, rows in zip(done.points, np.split(np.arange(len(table)), 3), strict=True):
        found = table.iloc[rows].drop(columns="crew").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, point.to_frame())
    wide, narrow = (done.to_frame(confidence).set_index("metric").loc["wait.mean"] for confidence in (0.99, 0.5))
    assert ((wide["high"] - wide["low"]) > (narrow["high"] - narrow["low"])).all()


def test_thresholds_are_judged_at_each_point(load):
    thresholds = "thresholds: {wait.max: '<= 20s', orders.completed: {check: ['== 6', '> 6'], severity: warn}}\n"
    found = sweep(load(SIX + "sweep: {crew: [1, 2]}\n" + thresholds)).verdicts
    assert list(found) == ["crew", "metric", "condition", "severity", "judgement", "note", "bound"]
    assert found.drop(columns=["note", "bound"]).to_numpy().tolist() == [
        [crew, *row]
        for crew, judgement in ((1, "FAIL"), (2, "PASS"))
        for row in (
            ["wait.max", "<= 20s", "fail", judgement],
            ["orders.completed", "== 6", "warn", "PASS"],
            ["orders.completed", "> 6", "warn", "FAIL"],
        )
    ]


def test_shown_are_the_metrics_of_thresholds_or_those_that_matter_in_general(load):
    keys = SIX + "sweep: {crew: [1, 2]}\n"
    general = ["wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95"]
    assert sweep(load(keys)).metric_names == general
    asked = "thresholds: {utilisation: '> 1%', wait.p95: ['< 1h', '> 0s']}\n"
    assert sweep(load(keys + asked)).metric_names == ["utilisation", "wait.p95"]


def test_a_point_without_chance_runs_once_among_random_ones(load):
    done = sweep(load(SOMETIMES))
    assert [(point.scenario.is_random, len(point.results)) for point in done.points] == [(False, 1), (True, 30)]
    table = done.to_frame().set_index("metric").loc["wait.mean"]
    assert table["n"].tolist() == [1, 30]
    assert table["low"].isna().tolist() == [True, False]
    assert [len(point.results) for point in sweep(load(SOMETIMES), times=3).points] == [3, 3]


def test_each_point_runs_until_its_own_metric_is_known_well_enough(load):
    keys = DRAINED + CREWS + "replications: {min: 20, max: 40, until: {metric: flow.mean, half_width: 9%}}\n"
    done = sweep(load(keys))
    counts = [len(point.results) for point in done.points]
    assert counts == [len(replicate(point).results) for point in load(keys).points()]
    assert len(set(counts)) > 1
    assert [point.stopped for point in done.points] == [count < 40 for count in counts]
    assert [len(point.results) for point in sweep(load(keys), times=2).points] == [2, 2, 2]


def test_an_unknown_option_is_refused(load):
    with pytest.raises(TypeError, match="unknown option sead; give some of seed, jobs"):
        sweep(load(KITCHEN + CREWS), 2, sead=9)
