"""The live kitchen on a terminal: its clock runs, lines come in above what is typed, and nothing is lost."""

import os
import signal
from pathlib import Path

import pytest

from sim import load_scenario
from tests.helpers.programs import MAIN
from tests.helpers.sessions import person

pytestmark = pytest.mark.slow

CLOCK = f"""
import itertools, sim.live.clock, sim.live.playing
sim.live.clock.monotonic = itertools.count(0, STEP).__next__
{MAIN}
"""
RUNNING, FROZEN = CLOCK.replace("STEP", "1"), CLOCK.replace("STEP", "0")
"""The command with a clock by which a second passes between two looks at it, or no time at all."""


@pytest.fixture(autouse=True)
def folder(elsewhere, monkeypatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return elsewhere


def test_the_clock_runs_and_what_happens_comes_in_above_what_is_typed():
    with person(code=RUNNING) as me:
        me.reads("> ")
        me.types("+bot\nvip\n")
        me.reads("PENDING 0  PROCESSING 1 of 1 bot > ")
        me.types("qui")
        me.reads("COMPLETE by Bot 1 after 10s")
        me.reads("PENDING 0  PROCESSING 0 of 1 bot > qui")
        me.types("t\n")
        lines = me.reads_to_the_end()
    assert lines[0] == "The clock runs; help shows the words."
    assert [line.split("] ")[1] for line in lines[1:7]] == [
        "Bot 1 added",
        "Bot 1 IDLE",
        "Order 1001 (VIP) PENDING",
        "Order 1001 (VIP) PROCESSING by Bot 1",
        "Order 1001 (VIP) COMPLETE by Bot 1 after 10s",
        "Bot 1 IDLE",
    ]
    assert lines[-2] == "Unsaved, so the session is kept in out/kitchen/session.yaml"
    assert [entry.bots for entry in load_scenario("out/kitchen/session.yaml").file.timeline] == [1, 0]


def test_a_paused_clock_stands_and_time_can_be_skipped_or_be_quicker():
    with person(code=RUNNING) as me:
        me.types("pause\n")
        me.reads("paused")
        me.types("+\nn\nwait 1m\nspeed 60\n")
        me.reads("paused  PENDING 0  PROCESSING 0 of 1 bot > ")
        me.types("p\n")
        me.reads("60x")
        me.types("speed 0\nsave x.yaml\n\x04")
        lines = me.reads_to_the_end()
    assert "speed: '0' is not a speed; write a number from 0.1 to 10000" in lines
    assert not Path("out").exists()
    first, second = load_scenario("x.yaml").file.timeline
    assert first.at == second.at < 60_000_000


def test_keys_that_write_nothing_are_passed_by_and_a_line_can_be_mended():
    with person(code=FROZEN) as me:
        me.types("\x1b[A\x1bOPx\x15voop\x7f\x7f\bip\x1b[3~\n")
        me.reads("[00:00:00] Order 1001 (VIP) PENDING")
        me.types("vpi\n")
        me.reads("'vpi' is not known; did you mean 'vip'?")
        me.types("save größe.yaml\nq\n")
        me.reads_to_the_end()
    assert load_scenario("größe.yaml").name == "gr-e"


def test_the_end_of_a_scenario_is_told_and_leaves_time_to_save():
    Path("day.yaml").write_text("scenario: 1\nname: day\nclock: {until: 5s}\n")
    with person("day.yaml", code=RUNNING) as me:
        me.reads("The run ends here; save it, or quit.")
        me.types("vip\nsave x.yaml\nquit\n")
        me.reads_to_the_end()
    assert [entry.at for entry in load_scenario("x.yaml").file.timeline] == [5_000_000]


@pytest.mark.parametrize(("number", "word", "status"), [("SIGINT", "interrupted", 130), ("SIGHUP", "terminated", 129)])
def test_who_is_interrupted_or_cut_off_finds_the_session_again(number, word, status):
    with person(code=FROZEN, status=status) as me:
        me.types("vip\nno")
        me.reads("> no")
        os.kill(me.process.pid, getattr(signal, number))
        assert f"sim: {word}; the session is kept in out/kitchen/session.yaml" in me.reads_to_the_end()
    assert len(load_scenario("out/kitchen/session.yaml").file.timeline) == 1
