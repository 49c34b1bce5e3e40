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
    assert "  Wait NORMAL:          mean ≥ 50s, p50 ≥ 50s, p95 ≥ 50s, max ≥ 50s" in summary
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
