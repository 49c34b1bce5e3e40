"""What a run leaves behind: words, tables and metrics."""

import json
from io import StringIO

import pandas as pd
import pytest

from sim import load_scenario, run
from sim.output.documents import metrics_json
from sim.output.folder import write_run
from sim.output.tables import tables, write_csv
from sim.output.text import result_lines

ASSIGNMENT = "scenarios/assignment.yaml"


@pytest.fixture
def assignment(pytestconfig):
    return run(load_scenario(pytestconfig.rootpath / ASSIGNMENT))


def lines(story_run) -> list[str]:
    return list(result_lines(story_run))


def test_result_txt_of_the_assignment(assignment, golden):
    golden("assignment/result.txt", "\n".join(lines(assignment)) + "\n")


@pytest.mark.parametrize("name", ["orders", "attempts", "events"])
def test_csv_files_of_the_assignment(assignment, golden, name):
    text = StringIO()
    write_csv(tables(assignment)[name], text)
    golden(f"assignment/{name}.csv", text.getvalue())


def test_metrics_json_of_the_assignment(assignment, golden):
    golden("assignment/metrics.json", metrics_json(assignment))


def test_fingerprints_stay(pytestconfig, golden):
    """A changed fingerprint is a changed rule, or a changed stream of random numbers."""
    scenarios = sorted((pytestconfig.rootpath / "scenarios").glob("*.yaml"))
    text = "".join(f"{path.stem} {run(load_scenario(path)).fingerprint}\n" for path in scenarios)
    golden("fingerprints.txt", text)


def test_each_event_has_its_words(story):
    found = lines(
        story("""
            clock: {start: "14:32:00"}
            orders: {first_number: 7}
            timeline:
              - {at: 1500ms, order: NORMAL, service: 12345678us}
              - {at: 2s, add_bots: 2}
              - {at: 4s, order: VIP}
              - {at: 5s, remove_bots: 1}
              - {at: 20s, remove_bots: 1}
              - {at: 21s, remove_bots: 1}
        """)
    )
    assert found[: found.index("")] == [
        "[14:32:01] Order 7 (NORMAL) PENDING",
        "[14:32:02] Bot 1 added",
        "[14:32:02] Order 7 (NORMAL) PROCESSING by Bot 1",
        "[14:32:02] Bot 2 added",
        "[14:32:02] Bot 2 IDLE",
        "[14:32:04] Order 8 (VIP) PENDING",
        "[14:32:04] Order 8 (VIP) PROCESSING by Bot 2",
        "[14:32:05] Bot 2 removed; Order 8 (VIP) back to PENDING",
        "[14:32:14] Order 7 (NORMAL) COMPLETE by Bot 1 after 12.346s",
        "[14:32:14] Order 8 (VIP) PROCESSING by Bot 1",
        "[14:32:20] Bot 1 removed; Order 8 (VIP) back to PENDING",
        "[14:32:21] No bot to remove",
    ]


def test_a_bot_that_finished_its_order_is_removed_without_more_words(story):
    found = lines(
        story("""
            bots: {initial: 1, on_remove: finish}
            timeline: [{at: 0s, order: VIP}, {at: 1s, remove_bots: 1}]
        """)
    )
    assert found[4:6] == ["[00:00:10] Order 1001 (VIP) COMPLETE by Bot 1 after 10s", "[00:00:10] Bot 1 removed"]


def test_past_midnight_the_clock_wraps_and_a_line_marks_the_day(story):
    found = lines(
        story("""
            clock: {start: "23:59:55"}
            timeline:
              - {at: 4999ms, order: NORMAL}
              - {at: 5s, add_bots: 1}
              - {at: 3d, remove_bots: 1}
        """)
    )
    assert found[: found.index("")] == [
        "[23:59:59] Order 1001 (NORMAL) PENDING",
        "[00:00:00] Day 2",
        "[00:00:00] Bot 1 added",
        "[00:00:00] Order 1001 (NORMAL) PROCESSING by Bot 1",
        "[00:00:10] Order 1001 (NORMAL) COMPLETE by Bot 1 after 10s",
        "[00:00:10] Bot 1 IDLE",
        "[00:00:00] Day 4",
        "[23:59:55] Bot 1 removed while IDLE",
    ]


def test_waits_of_orders_that_still_wait_are_marked_as_lower_bounds(story):
    summary = lines(story("clock: {until: 30s}\ntimeline: [{at: 10s, order: NORMAL}]"))
    assert "  Wait NORMAL:          mean ≥ 20s, p50 ≥ 20s, p95 ≥ 20s, max ≥ 20s" in summary
    assert "  Wait VIP:             no orders" in summary


def test_the_same_scenario_and_seed_give_the_same_bytes(pytestconfig, tmp_path):
    for name in ("a", "b"):
        scenario = load_scenario(pytestconfig.rootpath / "scenarios/lunch_rush.yaml")
        write_run(run(scenario), tmp_path / name, charts=False)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_another_seed_or_replication_gives_another_run(pytestconfig):
    scenario = load_scenario(pytestconfig.rootpath / "scenarios/lunch_rush.yaml")
    runs = [run(scenario), run(scenario, seed=1), run(scenario, replication=2)]
    assert len({one.fingerprint for one in runs}) == 3


def test_frames_have_the_columns_of_the_csv_files(assignment, tmp_path):
    write_run(assignment, tmp_path, charts=False)
    for name in ("orders", "attempts", "events"):
        frame = getattr(assignment, name)
        assert list(frame.columns) == (tmp_path / f"{name}.csv").read_text().split("\n", 1)[0].split(",")
        assert len(frame) == len((tmp_path / f"{name}.csv").read_text().splitlines()) - 1
        assert frame.to_csv(index=False) == (tmp_path / f"{name}.csv").read_text()


def test_what_is_unknown_is_na(story):
    orders = story("clock: {until: 1s}\ntimeline: [{at: 0s, order: NORMAL}]").orders
    assert orders.loc[0, ["picked_up_us", "completed_us", "bot", "flow_us"]].isna().all()
    assert orders.loc[0, "attempts"] == 0
    assert orders.dtypes["bot"] == pd.Int64Dtype()


class TestMetrics:
    def test_percentiles_are_observations(self, story):
        metrics = story("""
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 20}]
        """).measures.values
        # waits are 0, 10, ... 190 s: the 19th of 20 is the smallest that 95% do not exceed
        assert (metrics["wait.p50"], metrics["wait.p95"], metrics["wait.p99"]) == (90.0, 180.0, 190.0)
        assert (metrics["wait.min"], metrics["wait.max"], metrics["wait.n"]) == (0.0, 190.0, 20)
        assert metrics["wait.mean"] == 95.0
        assert metrics["wait.sd"] == pytest.approx(59.16079783)

    def test_levels_are_weighted_by_time(self, story):
        metrics = story("""
            clock: {until: 40s}
            timeline:
              - {at: 0s, order: VIP}
              - {at: 10s, add_bots: 1}
              - {at: 20s, add_bots: 1}
        """).measures.values
        assert (metrics["queue.mean"], metrics["queue.max"], metrics["queue.end"]) == (0.25, 1, 0)
        assert metrics["queue.VIP.mean"] == 0.25
        assert (metrics["bots.mean"], metrics["bots.max"], metrics["bots.end"]) == (50 / 40, 2, 2)
        assert metrics["utilisation"] == 10 / 50
        assert metrics["throughput"] == 90.0

    def test_a_queue_that_forms_for_no_time_is_no_queue(self, story):
        metrics = story("bots: {initial: 1}\ntimeline: [{at: 0s, order: VIP}]").measures.values
        assert metrics["queue.max"] == 0

    def test_an_order_waits_in_all_its_stays_and_is_served_in_all_its_attempts(self, story):
        one = story("""
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 3s, add_bots: 1}
              - {at: 7s, remove_bots: 1}
              - {at: 9s, add_bots: 1}
        """)
        metrics = one.measures.values
        assert (metrics["wait.mean"], metrics["service.mean"], metrics["flow.mean"]) == (5.0, 14.0, 19.0)
        assert (metrics["wasted"], metrics["orders.returned"], metrics["orders.returned.rate"]) == (4.0, 1, 1.0)
        assert one.attempts["outcome"].tolist() == ["returned", "completed"]

    def test_what_was_never_seen_has_no_value(self, story):
        metrics = story("timeline: []").measures.values
        assert metrics["wait.mean"] is None
        assert metrics["wait.n"] == 0
        assert metrics["utilisation"] is None
        assert metrics["throughput"] is None
        assert metrics["orders.completed.rate"] is None

    def test_the_integral_of_the_queue_is_the_sum_of_all_waits(self, pytestconfig):
        one = run(load_scenario(pytestconfig.rootpath / "scenarios/lunch_rush.yaml"))
        area = one.measures.values["queue.mean"] * one.log.end
        assert area == pytest.approx(one.measures.orders.wait.sum(), rel=1e-12)


class TestExpectations:
    def test_each_entry_says_what_came(self, story):
        one = story("""
            timeline: [{at: 0s, add_bots: 1}, {at: 1s, order: VIP}, {at: 30s, remove_bots: 1}]
            expect:
              - {order: 1001, picked_up: 1s, completed: 12s, bot: 1, attempts: 1}
              - {order: 1001, at: 0s, status: PENDING}
              - {order: 1001, at: 5s, status: PROCESSING, bot: 1}
              - {order: 1001, status: COMPLETE}
              - {bot: 1, at: 5s, status: PROCESSING}
              - {bot: 1, at: 11s, status: IDLE}
              - {bot: 1, status: REMOVED}
        """)
        assert [verdict.held for verdict in one.verdicts] == [False, False, True, True, True, True, True]
        assert [verdict.got for verdict in one.verdicts[:2]] == ["completed 11s", "status not created yet"]
        assert one.verdicts[0].expected == "order 1001: picked_up 1s, completed 12s, bot 1, attempts 1"
        assert one.verdicts[0].place.line == 6


def test_a_notebook_shows_the_summary(assignment):
    html = assignment._repr_html_()
    assert html.startswith("<table>")
    assert assignment.fingerprint in html


def test_metrics_json_is_what_the_frame_says(assignment):
    document = json.loads(metrics_json(assignment))
    frame = assignment.metrics.set_index("metric")["value"]
    assert list(document) == ["scenario", "seed", "replication", "engine", "fingerprint", "metrics"]
    for name, value in document["metrics"].items():
        assert (value is None and pd.isna(frame[name])) or frame[name] == value
