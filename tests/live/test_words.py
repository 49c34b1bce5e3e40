"""Words from a pipe: each does its thing in simulated time, and what is wrong is told and changes nothing."""

import sys
from errno import ENOSPC
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from sim import check, load_scenario, run
from sim.live import session
from tests.helpers.commands import sim
from tests.helpers.pressing import run_whole
from tests.helpers.sessions import Pipe


@pytest.fixture(autouse=True)
def folder(elsewhere) -> Path:
    return elsewhere


@pytest.fixture
def piped(monkeypatch):
    """Run `sim kitchen --terminal` with a text as its standard input."""

    def run_with(text: str, *args: str, status: int = 0):
        monkeypatch.setattr(sys, "stdin", Pipe(text))
        return sim("kitchen", "--terminal", *args, status=status)

    return run_with


def events(out: str) -> list[str]:
    """Return what is told before the summary."""
    return out.partition("\n\nSummary\n")[0].splitlines()


def test_a_lunch_from_a_pipe_is_told_saved_and_run_again(piped):
    out = piped("normal\nvip\n+bot\nwait 30s\nsave lunch.yaml\n").stdout
    assert events(out) == [
        "[00:00:00] Order 1001 (NORMAL) PENDING",
        "[00:00:00] Order 1002 (VIP) PENDING",
        "[00:00:00] Bot 1 added",
        "[00:00:00] Order 1002 (VIP) PROCESSING by Bot 1",
        "[00:00:10] Order 1002 (VIP) COMPLETE by Bot 1 after 10s",
        "[00:00:10] Order 1001 (NORMAL) PROCESSING by Bot 1",
        "[00:00:20] Order 1001 (NORMAL) COMPLETE by Bot 1 after 10s",
        "[00:00:20] Bot 1 IDLE",
        "Saved: lunch.yaml, fingerprint 5b0d75d70467dad5",
    ]
    sim("run", "lunch.yaml", "--no-save", "--no-charts")
    log, summary = Path("out/lunch/result.txt").read_text().split("\n\n")
    assert log.splitlines() == events(out)[:-1]
    assert out.endswith(summary.replace("lunch,", "kitchen,"))


def test_the_end_of_the_words_lets_the_run_go_on_to_its_end(piped):
    assert events(piped("+bot\nvip\nquit\nnormal\n").stdout)[-2:] == [
        "[00:00:10] Order 1001 (VIP) COMPLETE by Bot 1 after 10s",
        "[00:00:10] Bot 1 IDLE",
    ]


def test_words_may_be_short_and_in_capitals_with_blanks_and_empty_lines(piped):
    words = "normal\nvip\n+bot\nwait 5s\n-bot\nquit\n"
    assert piped("N\n\n  V  \n+\nw   5s\n-\n\tq").stdout == piped(words).stdout


def test_a_file_brings_its_own_day_under_a_seed_and_parameters_of_ones_own(piped):
    Path("day.yaml").write_text(
        "scenario: 1\nname: day\nparams: {crew: 1}\nservice: {exponential: {mean: 20s}}\nbots: {initial: $crew}\n"
        'clock: {start: "11:00:00", until: 5m}\narrivals: [{class: NORMAL, poisson: {rate: 3/m}}]\n'
    )
    out = piped("wait 1m\nvip\nsave x.yaml\n", "day.yaml", "--seed", "7", "--set", "crew=2").stdout
    again = run(load_scenario("x.yaml"))
    assert f"Fingerprint:          {again.fingerprint}" in out
    assert 'at: "11:01:00", order: VIP' in Path("x.yaml").read_text()
    assert (again.seed, out.count("added")) == (7, 2)


def test_what_has_happened_is_saved_as_facts_where_that_is_wanted(piped):
    piped("normal\n+bot\nvip\nwait 12s\n-bot\nsave x.yaml expect\nwait 5s\nsave y.yaml\n")
    assert Path("x.yaml").read_text().split("expect:\n")[1].splitlines() == [
        "  - {order: 1001, picked_up: 0s, completed: 10s, bot: 1, attempts: 1}",
        "  - {order: 1002, at: 12s, status: PENDING}",
        "  - {bot: 1, at: 12s, status: REMOVED}",
    ]
    assert "expect" not in Path("y.yaml").read_text()
    assert check("x.yaml").outcome == "PASS"


def test_facts_tell_each_attempt_of_an_order(piped):
    piped("vip\n+bot\nwait 4s\n-bot\nwait 1s\n+bot\nwait 10s\nsave x.yaml expect\n")
    assert "{order: 1001, picked_up: 5s, completed: 15s, bot: 2, attempts: 2}" in Path("x.yaml").read_text()
    assert not Path("out").exists()  # a pipe has its words; only what was typed is kept


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("vpi", "'vpi' is not known; did you mean 'vip'?"),
        ("+bto", "'+bto' is not known; did you mean '+bot'?"),
        ("xyz", "'xyz' is not known; write one of normal, vip, +bot, -bot, wait, save, help, quit"),
        ("vip 3", "vip takes nothing more; write vip alone, without '3'"),
        ("wait", "wait: '' is not a duration; write 10s, 1m30s, 250ms or 2h (units d, h, m, s, ms, us)"),
        ("wait 5", "wait: '5' has no unit; write 5s, 5m or 5ms"),
        ("wait 99999d", "wait: '99999d' is too long; the longest duration is 36525d"),
        ("save", "save: there is no file; write save FILE, such as save lunch.yaml"),
        (
            "save no/such/x.yaml",
            "save: no/such/x.yaml cannot be written (No such file or directory); name another place",
        ),
        ("save x\x00y", r"save: 'x\x00y' is not a file name; write save FILE, such as save lunch.yaml"),
        ("pause", "pause works only on a terminal; here wait moves the clock"),
        ("speed 3", "speed works only on a terminal; here wait moves the clock"),
        ("\x1b[2J", r"'\x1b[2J' is not known; write one of normal, vip, +bot, -bot, wait, save, help, quit"),
    ],
)
def test_a_wrong_word_is_one_line_with_its_place_and_a_cure_and_nothing_is_lost(piped, word, told):
    wrong = piped(f"normal\n{word}\n+bot\n", status=2)
    assert wrong.stderr.splitlines() == [f"input:2:1: {told}"]
    assert wrong.stdout == piped("normal\n+bot\n").stdout


def test_bytes_that_are_no_text_are_a_wrong_word_as_any_other(monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"vip\n\xff\xfe\n+bot\n"), "utf-8"))
    wrong = sim("kitchen", "--terminal", status=2)
    assert wrong.stderr.startswith(r"input:2:1: '\\xff\\xfe' is not known; write one of ")
    assert "[00:00:10] Order 1001 (VIP) COMPLETE by Bot 1 after 10s" in wrong.stdout


def test_help_tells_each_word(piped):
    out = events(piped("help\n").stdout)
    assert out[:2] == ["  normal, n          a NORMAL order comes", "  vip, v             a VIP order comes"]
    assert max(map(len, out)) <= 80


def test_ctrl_c_keeps_what_was_done_and_says_where(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe("vip\nwait 3s\n+bot\nwait 4s\n", interrupted=True))
    status, out, errors = run_whole("kitchen", "--terminal")
    assert (status, errors) == (130, "sim: interrupted; the session is kept in out/kitchen/session.yaml\n")
    assert out.splitlines()[-1] == "[00:00:03] Order 1001 (VIP) PROCESSING by Bot 1"
    assert Path("out/kitchen/session.yaml").read_text().splitlines()[3:] == [
        "timeline:",
        "  - {at: 0s, order: VIP}",
        "  - {at: 3s, add_bots: 1}",
    ]


def test_ctrl_c_keeps_a_session_with_data_files_beside_them(monkeypatch):
    Path("in").mkdir()
    Path("in/orders.csv").write_text("time,class\n5s,VIP\n")
    Path("in/day.yaml").write_text("scenario: 1\nname: day\nservice: 9s\narrivals: [{trace: orders.csv}]\n")
    monkeypatch.setattr(sys, "stdin", Pipe("+bot\n", interrupted=True))
    _, _, errors = run_whole("kitchen", "--terminal", "in/day.yaml")
    assert errors.splitlines()[-1] == "sim: interrupted; the session is kept in in/day-session.yaml"
    assert check("in/day-session.yaml").files[0].replications.values("orders.completed") == [1]


def test_ctrl_c_prints_what_was_done_where_it_cannot_be_kept(monkeypatch):
    def full(*_):
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(session, "write_text", full)
    monkeypatch.setattr(sys, "stdin", Pipe("vip\n", interrupted=True))
    status, _, errors = run_whole("kitchen", "--terminal")
    assert status == 130
    assert errors.splitlines()[2:] == [
        "timeline:",
        "  - {at: 0s, order: VIP}",
        "# out/kitchen/session.yaml cannot be written (No space left on device)",
        "sim: interrupted; the session stands above",
    ]


def test_ctrl_c_has_nothing_to_keep_where_all_is_saved(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe("vip\nsave x.yaml\n", interrupted=True))
    status, _, errors = run_whole("kitchen", "--terminal")
    assert (status, errors) == (130, "sim: interrupted; nothing was done that is not saved\n")
    assert not Path("out").exists()
