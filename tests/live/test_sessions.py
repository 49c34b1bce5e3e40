"""Sessions: whatever is done by hand, the scenario that is saved does it again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import Scenario, check, load_scenario, run
from sim.errors import ArgumentError, ScenarioError, SimulationError
from sim.live import Session
from sim.live import session as live
from sim.output.text import event_lines
from sim.scenario import rules
from tests.helpers.sessions import ACTIONS, KITCHENS, STEPS, played

KEYS = st.sampled_from(sorted(KITCHENS))


def opened(keys: str) -> Session:
    text = "\n".join(line.removeprefix("        ") for line in KITCHENS[keys].splitlines())
    text += "\nservice: 10s\n" if keys == "schedule" else ""
    return Session(Scenario.parse(f"scenario: 1\nname: {keys}\n{text}"))


# The run is the replay


@given(KEYS, STEPS)
def test_what_is_told_on_the_way_is_what_the_saved_scenario_logs(keys, steps):
    session = opened(keys)
    lines = played(session, steps) + session.finish()
    again = run(Scenario.parse(session.lines("again").text))
    assert lines == [line for _, line in event_lines(again)]
    assert again.fingerprint == session.run.fingerprint


@given(KEYS, STEPS)
def test_facts_that_are_saved_hold_when_it_runs_again(keys, steps):
    session = opened(keys)
    played(session, steps)
    again = run(Scenario.parse(session.lines("again", expect=True).text))
    log = again.log.until(session.now)
    assert len(again.verdicts) == len(set(log.order.tolist()) - {-1}) + len(set(log.bot.tolist()) - {-1})
    assert all(verdict.held for verdict in again.verdicts)


@given(KEYS, STEPS, st.sampled_from(ACTIONS))
def test_what_has_been_told_stays_true_whatever_is_done_next(keys, steps, action):
    session = opened(keys)
    lines = played(session, steps)
    session.do(**action)
    assert [line for _, line in event_lines(session.run)][: len(lines)] == lines


@settings(max_examples=15)
@given(KEYS, STEPS)
def test_the_state_that_is_shown_is_that_of_the_orders(keys, steps):
    session = opened(keys)
    played(session, steps)
    log = session.run.log.part(0, session.events_told, session.now)
    last = {order: kind for order, kind in zip(log.order.tolist(), log.kind.tolist(), strict=True) if order >= 0}
    pending, processing, bots = session.levels
    assert pending == sum(kind in (0, 3, 5) for kind in last.values())
    assert processing == sum(kind == 1 for kind in last.values())
    assert bots == int(np.sum(log.kind == 6) - np.sum(log.kind == 8))


# Where what is done by hand stands


def test_a_bot_by_hand_does_not_outlive_the_next_shift_since_a_schedule_names_targets(scenario):
    session = Session(scenario("bots: {initial: 1, schedule: [{at: 20s, count: 1}]}"))
    session.wait("10s")
    session.do(add_bots=1)
    assert session.finish()[-1] == "[00:00:20] Bot 2 removed while IDLE"


def test_by_hand_comes_behind_the_files_own_entries_of_an_instant_and_before_its_schedule_and_arrivals(scenario):
    session = Session(
        scenario("""
            timeline: [{at: 5s, order: NORMAL}]
            bots: {schedule: [{at: 5s, count: 1}]}
            arrivals: [{class: VIP, every: 1m, from: 5s, limit: 1}]
        """)
    )
    session.wait("5s")
    assert session.news() == ["[00:00:05] Order 1001 (NORMAL) PENDING"]
    session.do(order="VIP")
    assert session.news() == ["[00:00:05] Order 1002 (VIP) PENDING"]
    assert session.finish()[:3] == [
        "[00:00:05] Bot 1 added",
        "[00:00:05] Order 1002 (VIP) PROCESSING by Bot 1",
        "[00:00:05] Order 1003 (VIP) PENDING",
    ]


def test_bots_that_a_file_begins_with_are_there_at_once(scenario):
    session = Session(scenario("bots: {initial: 1, schedule: [{at: 0s, count: 2}]}"))
    assert session.news() == ["[00:00:00] Bot 1 added", "[00:00:00] Bot 1 IDLE"]
    session.do(remove_bots=1)
    assert session.news() == ["[00:00:00] Bot 1 removed while IDLE"]


def test_an_instant_is_written_to_the_microsecond():
    session = Session()
    session.wait(1)
    session.do(order="VIP")
    assert session.lines("x").timeline == ["{at: 0.000001s, order: VIP}"]


def test_an_order_by_hand_changes_no_number_of_another_order(scenario):
    keys = "service: {exponential: {mean: 20s}}\nclock: {until: 5m}\narrivals: [{class: NORMAL, every: 7s}]"
    session = Session(scenario(keys))
    before = session.run.workload.service.tolist()
    session.wait("10s")
    session.do(order="VIP")
    after = session.run.workload.service.tolist()
    assert after[:2] + after[3:][: len(before) - 2] == before


def test_time_stops_at_the_horizon_and_one_can_still_act_at_that_instant(scenario):
    session = Session(scenario("clock: {until: 30s}"))
    session.wait("5h")
    session.do(order="VIP")
    assert session.finish() == ["[00:00:30] Order 1001 (VIP) PENDING"]


# What is saved


def test_a_saved_scenario_reads_as_a_person_writes_it(scenario, elsewhere):
    (elsewhere / "base.yaml").write_text(
        'scenario: 1\nname: base\nclock: {start: "11:00:00"}\nqueue: {returned_to: front}\n'
        "timeline: [{at: 99s, order: VIP}]\n"
    )
    session = Session(
        scenario("""
            extends: base.yaml
            params: {crew: 2, cook: 90s}
            description: 'yes, "all" of it'
            seed: 7
            service: $cook
            bots: {initial: $crew, on_remove: finish, dispatch: longest-idle}
            timeline: [{at: 5s, order: NORMAL, service: 12.5s}]
            expect: [{bot: 1, at: 1s, status: IDLE}]
            thresholds: {wait.VIP.p95: "< 2m"}
            sweep: {crew: [1, 2]}
        """)
    )
    session.wait("62.25s")
    session.do(order="VIP")
    session.wait("13h")
    session.do(remove_bots=1)
    session.save("lunch rush!.yaml")
    assert (elsewhere / "lunch rush!.yaml").read_text() == (
        "# A session of sim kitchen; sim run does it again.\n"
        "scenario: 1\n"
        "name: lunch-rush\n"
        'clock: {start: "11:00:00"}\n'
        "queue: {returned_to: front}\n"
        'description: "yes, \\"all\\" of it"\n'
        "seed: 7\n"
        "service: 90s\n"
        "bots: {initial: 2, on_remove: finish, dispatch: longest-idle}\n"
        'thresholds: {"wait.VIP.p95": "< 2m"}\n'
        "timeline:\n"
        "  - {at: 5s, order: NORMAL, service: 12.5s}\n"
        '  - {at: "11:01:02.25", order: VIP}\n'
        "  - {at: 13h1m2.25s, remove_bots: 1}\n"
    )


@settings(max_examples=40)
@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_characters_a_text_has_it_reads_back_as_it_was(first, second):
    base = load_scenario({"scenario": 1, "name": "x", "description": "d", "params": {"text": "t"}})
    try:
        hostile = base.with_keys(description=first, params={"text": second})
    except ScenarioError:  # half a character
        return
    again = Scenario.parse(Session(hostile).lines("x").text)
    assert again.plain["description"] == first


@pytest.mark.parametrize(
    "text", ["yes", "no", "null", "~", "1", "1e3", "0x10", "- a", "a: b", "a #b", "{", "12:30", "10s", "*"]
)
def test_text_that_yaml_would_take_for_something_else_stays_text(text):
    session = Session(load_scenario({"scenario": 1, "name": "x", "description": text}))
    assert Scenario.parse(session.lines("x").text).plain["description"] == text


def test_a_warm_up_is_left_out_since_a_kitchen_that_is_changed_has_no_steady_state(scenario):
    keys = "clock: {until: 1h}\nservice: {exponential: {mean: 10s}}\narrivals: [{class: VIP, poisson: {rate: 3/m}}]"
    for warmup in ("mser5", "10m"):
        session = Session(scenario(f"warmup: {warmup}\n{keys}"))
        session.wait("20m")
        session.do(order="VIP")
        assert Scenario.parse(session.lines("x").text).warmup == 0


def test_a_session_of_a_scenario_with_data_files_is_saved_beside_them(scenario, elsewhere):
    (elsewhere / "orders.csv").write_text("time,class\n5s,VIP\n")
    session = Session(scenario("arrivals: [{trace: orders.csv}]"))
    session.do(add_bots=1)
    (elsewhere / "sub").mkdir()
    with pytest.raises(ArgumentError, match=r"sub/x.yaml does not lie beside orders.csv, which it names; save it into"):
        session.save("sub/x.yaml")
    session.save("x.yaml")
    assert run(load_scenario("x.yaml")).fingerprint == session.run.fingerprint


def test_only_a_session_is_overwritten(scenario, elsewhere):
    session = Session(scenario(""))
    session.do(add_bots=1)
    session.save("x.yaml")
    session.save("x.yaml", expect=True)
    assert check("x.yaml").outcome == "PASS"
    (elsewhere / "precious.yaml").write_text("scenario: 1\n")
    with pytest.raises(ArgumentError, match=r"precious.yaml exists already and is not a session; name another file"):
        session.save("precious.yaml")
    with pytest.raises(ArgumentError, match=r"story.yaml exists already"):
        session.save("story.yaml")


def test_a_file_that_is_too_large_for_a_scenario_is_not_written(scenario, elsewhere, monkeypatch):
    monkeypatch.setattr(live, "LARGEST_FILE", 1000)
    session = Session(scenario("timeline: [{at: 0s, order: VIP, count: 30}]"))
    with pytest.raises(ArgumentError, match=r"x.yaml would be larger than 1 MiB; save it without expect"):
        session.save("x.yaml", expect=True)
    assert not (elsewhere / "x.yaml").exists()


# What is refused


def test_a_wrong_action_changes_nothing(scenario, monkeypatch):
    monkeypatch.setattr(rules, "MOST_BOTS", 10)
    session = Session(scenario("clock: {until: 1m}"))
    session.do(add_bots=9)
    for action in ({"order": "VPI"}, {"add_bots": 2}, {"order": "VIP", "add_bots": 1}, {}):
        with pytest.raises(ScenarioError):
            session.do(**action)
    for duration in ("5", "soon", "-1s"):
        with pytest.raises(ValueError, match="write"):
            session.wait(duration)
    assert (session.now, session.levels) == (0, (0, 0, 0))
    session.news()
    assert session.levels == (0, 0, 9)


def test_a_kitchen_with_more_orders_than_can_be_replayed_is_refused(scenario):
    with pytest.raises(
        SimulationError, match="story: has 50,001 orders; a live kitchen has at most 50,000, so shorten it"
    ):
        Session(scenario("timeline: [{at: 0s, order: VIP, count: 50001}]"))


def test_a_clock_does_not_run_beyond_the_longest_time():
    session = Session()
    session.wait("36525d")
    with pytest.raises(ValueError, match="the clock would pass 36525d, the longest time; wait less"):
        session.wait("1us")
