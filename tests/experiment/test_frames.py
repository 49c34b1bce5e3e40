"""Tables in Python: fresh each time, with times as one asks for them, and shown by notebooks."""

import pandas as pd
import pytest

from sim import load_scenario, replicate, run, theory

LATE = """
    clock: {start: "23:59:50", until: 30s}
    bots: {initial: 1}
    timeline: [{at: 2s, order: VIP}, {at: 3s, order: NORMAL, count: 2}]
    expect: [{order: 1001, completed: 12s}, {order: 1002, completed: 13s}]
    thresholds: {wait.VIP.max: "< 1s", wait.NORMAL.max: ["< 5s", "> 2s"]}
    """


@pytest.mark.parametrize("name", ["orders", "attempts", "events", "metrics"])
def test_a_cell_that_changes_a_table_may_be_run_twice(story, name):
    late = story(LATE)
    column = next(column for column in getattr(late, name) if column.endswith("_us") or column == "value")
    before = getattr(late, name)
    for _ in range(2):
        table = getattr(late, name)
        table[column] = table[column] / 1_000_000
        assert table.iloc[0][column] == before.iloc[0][column] / 1_000_000
    pd.testing.assert_frame_equal(getattr(late, name), before)
    assert late.fingerprint == story(LATE).fingerprint


def test_parameters_that_a_caller_changes_are_the_callers_own(scenario):
    kitchen = scenario("params: {crew: 1}\nbots: {initial: $crew}")
    kitchen.parameters["crew"] = 9
    assert kitchen.parameters == {"crew": 1}
    assert "{'crew': 1}" in repr(kitchen)
    assert run(kitchen).measures.values["bots.end"] == 1


def test_times_as_timedeltas(story):
    orders = story(LATE).to_frame("orders", times="timedelta").set_index("order")
    assert list(orders.columns) == [
        *("class", "stream", "status", "created", "picked_up", "completed", "bot", "attempts", "wait", "flow"),
        *("final_status", "final_picked_up", "final_completed", "final_wait"),
    ]
    assert orders.loc[1002, "created"] == pd.Timedelta("3s")
    assert orders.loc[1002, "wait"] == pd.Timedelta("9s")
    assert pd.isna(orders.loc[1003, "completed"])
    assert orders["wait"].mean() == pd.Timedelta("9.333333s")
    assert str(orders["flow"].dtype) == "timedelta64[us]"


def test_times_on_the_clock_go_past_midnight(story):
    late = story(LATE)
    orders = late.to_frame("orders", times="clock").set_index("order")
    assert orders.loc[1001, "created"] == pd.Timestamp("1970-01-01 23:59:52")
    assert orders.loc[1001, "completed"] == pd.Timestamp("1970-01-02 00:00:02")
    assert orders.loc[1001, "flow"] == pd.Timedelta("10s")
    assert (orders["completed"] - orders["created"]).equals(orders["flow"])
    assert list(orders["created"].dt.hour) == [23, 23, 23]
    assert late.to_frame("attempts", times="clock").iloc[-1]["ended"] is pd.NaT
    events = late.to_frame("events", times="clock")
    assert list(events["t"].dt.strftime("%H:%M:%S")) == list(events["clock"])


def test_a_clock_with_a_date_keeps_it(story):
    orders = story(LATE.replace("23:59:50", "2026-02-28T23:59:50")).to_frame("orders", times="clock")
    assert orders["completed"].iloc[0] == pd.Timestamp("2026-03-01 00:00:02")


def test_an_unknown_table_or_kind_of_times_is_named(story):
    with pytest.raises(ValueError, match=r"^unknown table 'order'; give orders, attempts, events$"):
        story(LATE).to_frame("order")
    with pytest.raises(ValueError, match=r"^unknown times 'seconds'; give microseconds, timedelta, clock$"):
        story(LATE).to_frame("orders", times="seconds")


def test_verdicts_on_expectations_are_a_table(story):
    late = story(LATE)
    table = late.verdicts.to_frame()
    assert list(table.columns) == ["file", "line", "expected", "got", "held"]
    assert list(table["held"]) == [True, False]
    assert table["got"][1] == "completed 22s"
    html = late.verdicts._repr_html_()
    assert "order 1002: completed 13s" in html
    assert "<table" in html
    assert list(run(late.scenario, replication=2).verdicts.to_frame().columns) == list(table.columns)


def test_verdicts_on_thresholds_are_a_table(scenario):
    thresholds = replicate(scenario(LATE)).verdicts
    table = thresholds.to_frame().set_index(["metric", "condition"])
    assert table["judgement"].to_dict() == {
        ("wait.VIP.max", "< 1s"): "PASS",
        ("wait.NORMAL.max", "< 5s"): "FAIL",
        ("wait.NORMAL.max", "> 2s"): "PASS",
    }
    assert table.loc[("wait.NORMAL.max", "< 5s"), "mean"] == 19
    assert "wait.NORMAL.max" in thresholds._repr_html_()
    assert len(replicate(scenario("")).verdicts.to_frame()) == 0


def test_theory_is_a_table_without_replications_too():
    known = theory(load_scenario("scenarios/steady_state.yaml"))
    table = known.to_frame()
    assert dict(zip(table["metric"], table["theory"], strict=True)) == known.values
    assert table.set_index("metric").loc[["wait.VIP.mean", "utilisation"], "unit"].tolist() == ["s", "share"]
    html = known._repr_html_()
    assert "M/M/4 with non-preemptive priority (Cobham 1954)" in html
    assert html.count("<tr>") == 1 + len(table)


def test_a_theory_that_does_not_hold_says_why_in_a_notebook(scenario):
    none = theory(scenario(LATE))
    assert none.to_frame().empty
    assert none._repr_html_() == "<div>no theory, since orders of the timeline are not Poisson arrivals</div>"


def test_replications_in_a_notebook_are_a_table_of_metrics_and_one_of_verdicts(scenario):
    metrics, verdicts, rest = replicate(scenario(LATE))._repr_html_().split("</table>")
    assert "story, seed 0, 1 replication" in metrics
    assert ">19s</td>" in metrics[metrics.index("wait.NORMAL.max") :]
    assert ">FAIL</td>" in verdicts
    assert not rest
