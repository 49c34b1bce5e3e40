"""What is said and drawn slot by slot: tables and charts over the time of day, and lower bounds."""

import json

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sim import compare, replicate, run, sweep
from sim.output.charts.canvas import COLOURS, LIMIT
from sim.output.documents import metrics_document, replications_document
from sim.output.reports import compare_report, experiment_lines, sweep_report

LUNCH = """
    clock: {start: "11:00:00", until: 2h}
    service: {exponential: {mean: 3m}}
    bots: {initial: $crew}
    params: {crew: 6}
    arrivals:
      - {class: {NORMAL: 85%, VIP: 15%}, poisson: {phases: [{for: 1h, rate: 60/h}, {for: 1h, rate: 110/h}]}}
    windows: {slots: {every: 30m}, lunch: {from: "12:00:00"}}
    """
PROMISE = (
    LUNCH
    + """
    thresholds: {"wait.NORMAL.within(5m)@slots": ">= 60%"}
    sweep: {crew: [5, 6]}
    compare: {baseline: {crew: 5}}
    """
)
SLOTS = ["11:00", "11:30", "12:00", "12:30"]
STARVING = """
    clock: {until: 10s}
    timeline: [{at: 1s, order: NORMAL}]
    """


def text(result):
    return list(experiment_lines(result))


def test_slots_have_a_table_of_their_own_with_a_verdict_for_each(scenario):
    lines = text(replicate(scenario(PROMISE), 36))
    title = lines.index("wait.NORMAL.within(5m)@slots, slot by slot")
    assert not any("@" in line for line in lines[:title])
    rows = [line.split() for line in lines[title + 2 : title + 6]]
    assert [row[0] for row in rows] == SLOTS
    assert {row[-1] for row in rows} <= {"PASS", "FAIL", "INCONCLUSIVE"}
    assert all(len(line) <= 80 for line in lines)


def test_a_window_and_a_single_slot_stand_among_the_other_metrics(scenario):
    named = "metrics: [wait.p95@lunch, queue.mean@12:30]"
    lines = text(replicate(scenario(LUNCH + named), 5))
    assert any(line.startswith("  wait.p95@lunch ") for line in lines)
    assert any(line.startswith("  queue.mean@12:30 ") for line in lines)
    assert not any("slot by slot" in line for line in lines)


def test_a_percentile_that_no_replication_keeps_has_no_interval_and_a_line_says_what_to_do(scenario):
    said = " ".join(text(replicate(scenario(LUNCH), 40)))
    assert "no interval of wait.VIP.p95, wait.NORMAL.p95: name a percentile under metrics in the file" in said
    named = " ".join(text(replicate(scenario(LUNCH + "metrics: [wait.VIP.p95, wait.NORMAL.p95]"), 40)))
    assert "no interval" not in named


def test_a_sweep_has_one_column_for_all_slots_which_names_the_worst(scenario):
    done = sweep(scenario(PROMISE), 36)
    headings, *rows = sweep_report(done).rows
    assert headings[2:] == ("wait.NORMAL.within(5m)@slots >= 60%",)
    for point, row in zip(done.points, rows, strict=True):
        [verdict] = point.verdicts
        assert row[2].endswith(f" at {verdict.metric.partition('@')[2]}")
    assert len(done.plot.curves().axes) == 1


def test_a_comparison_is_of_all_orders_or_says_that_it_is_of_days(scenario):
    two = scenario(PROMISE)

    def report(times):
        return compare_report(compare(two, metric_names=["wait.NORMAL.p95"], times=times))

    def metrics(times):
        return [row[1] for row in report(times).rows if len(row) > 1][1:]

    assert metrics(40) == ["wait.NORMAL.p95"]
    assert metrics(3) == ["wait.NORMAL.p95.daily"], "days are too few for an interval of a percentile of all orders"
    assert [".daily is the mean" in report(times).notes[-1] for times in (40, 3)] == [False, True]


def test_lower_bounds_are_marked_in_json_and_nothing_is_infinite(scenario):
    starving = scenario(STARVING)
    document = metrics_document(run(starving))
    assert document["metrics"]["wait.p95"] == 19
    assert document["bounds"]["wait.p95"] == "lower"
    assert "orders.pending" not in document["bounds"]
    assert "bounds" not in metrics_document(run(scenario(STARVING + "bots: {initial: 1}")))
    metrics = replications_document(replicate(starving, 1))["metrics"]
    assert (metrics["wait.p95"]["estimate"], metrics["wait.p95"]["bound"]) == (pytest.approx(19, rel=1 / 4096), "lower")
    few = replications_document(replicate(scenario(LUNCH + "metrics: [wait.p95]"), 3))
    assert json.dumps(few, allow_nan=False)
    assert few["metrics"]["wait.p95"]["high"] is None


# The chart over the time of day


def bars(axes):
    return [(bar.get_x(), bar.get_height()) for bar in axes.patches]


def test_the_day_of_a_run_has_four_panels_that_share_the_clock(scenario):
    done = run(scenario(PROMISE))
    created, queue, crew, share = done.plot.day().axes
    normal, vip = (done.orders["class"].value_counts()[name] for name in ("NORMAL", "VIP"))
    assert sum(height for _, height in bars(created)) == normal + vip
    assert [x for x, _ in bars(queue)] == [slot * 30 * 60e6 for slot in range(4)]
    mean = np.mean([height for _, height in bars(queue)])
    assert mean == pytest.approx(done.measures.values["queue.mean"])
    assert [height for _, height in bars(crew)[:4]] == [6] * 4
    busy = np.mean([height for _, height in bars(crew)[4:]]) / 6
    assert busy == pytest.approx(done.measures.values["utilisation"])
    of_orders, limit = share.get_lines()
    assert list(of_orders.get_ydata()) == [done.measures.values[f"wait.NORMAL.within(5m)@{slot}"] for slot in SLOTS]
    assert (list(limit.get_ydata()), limit.get_color()) == ([0.6, 0.6], LIMIT["color"])


def test_a_run_without_windows_has_slots_of_a_round_length_and_mean_waits(scenario):
    keys = 'clock: {start: "11:00:00", until: 3h}\nbots: {initial: 1}\narrivals: [{class: VIP, every: 60s}]'
    *_, waits = run(scenario(keys)).plot.day().axes
    [vip] = waits.get_lines()
    assert list(vip.get_ydata()) == [0] * 12
    assert to_rgb(vip.get_color()) == to_rgb(next(iter(COLOURS.values())))


def test_the_day_of_replications_has_means_of_orders_queue_and_crew_and_promises_with_intervals(scenario):
    done = replicate(scenario(PROMISE), 36)
    created, queue, crew, share = done.plot.day().axes
    heights = [done.estimate(f"orders.{name}.created@{slot}").estimate for name in ("VIP", "NORMAL") for slot in SLOTS]
    assert [height for _, height in bars(created)] == pytest.approx(heights)
    assert max(height for _, height in bars(crew)) == done.estimate("bots.max").estimate
    assert np.mean([height for _, height in bars(queue)]) == pytest.approx(
        done.estimate("queue.mean").estimate, rel=0.1
    )
    ends = [collection.get_segments()[0][:, 1].tolist() for collection in share.collections]
    estimates = [done.estimate(f"wait.NORMAL.within(5m)@{slot}") for slot in SLOTS]
    assert ends == [[pytest.approx(one.low), pytest.approx(one.high)] for one in estimates]
    assert replicate(scenario(LUNCH), 2).plot.day() is None, "no metric of a slot is kept"
