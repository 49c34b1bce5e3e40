"""Ctrl-C: one line, and nothing is lost or left behind."""

import re
import shutil
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.campaigns import some
from tests.helpers.databases import COMMANDS, push, same_rows, whole_file
from tests.helpers.locks import ALONE, held, when_somebody_waits
from tests.helpers.pressing import at_statement, ctrl_c, run_whole
from tests.helpers.programs import GO, MAIN, ended, fork, start, until
from tests.helpers.server import port_that

LINE = "sim: interrupted(; .+)?\n"
PATIENT = "import sim.storage.server as server; server._SILENCE = server._TOTAL = 3600\n"


def words(what: str, url: str) -> list[str]:
    return [url if word == "URL" else word for word in COMMANDS[what]]


@pytest.mark.parametrize("what", COMMANDS)
def test_ctrl_c_at_any_statement_is_one_line_and_nothing_is_lost_or_left_behind(what, small_run, server):
    file = Path(shutil.copy(small_run, "sim.db"))
    args = words(what, server.url)

    def unpushed() -> None:
        if what == "push":
            server.start_anew()
            with closing(sqlite3.connect(file)) as fresh, fresh:
                fresh.execute("UPDATE runs SET pushed_at = NULL")

    assert run_whole(*args)[::2] == (0, "")
    unpushed()
    with at_statement(-1, lambda: None) as statements:
        assert run_whole(*args)[::2] == (0, "")
    for number in some(some(range(len(statements)), 12), 3):
        unpushed()
        before = whole_file(file)
        with ctrl_c() as key, at_statement(number, key.press):
            status, _, line = run_whole(*args)
        assert (status, re.fullmatch(LINE, line) is not None) == (130, True), line
        after = whole_file(file)
        assert after - before in ((0, 1) if what == "run" else (0,))
        if "kept of" in line:
            assert ("kept of the simulated run: run " in line) == (after > before), line
        if what != "reproduce":  # which asks no server
            push(file, server)
            sql = "SELECT count(*) FROM runs WHERE status = 'writing' AND deleted_at IS NULL"
            assert server.read(sql) == [(0,)]
    if what in ("run", "push"):
        assert same_rows(file, server)


@pytest.mark.parametrize("args", [("run", "small.yaml", "--no-charts"), ("check", ".")], ids=["run", "check"])
def test_ctrl_c_as_soon_as_a_program_has_begun_is_one_line(args):
    process = start(*args, code=GO)
    assert process.stdout.readline() == "go\n"
    process.send_signal(signal.SIGINT)
    status, _, line = ended(process)
    assert (status, re.fullmatch(LINE, line) is not None) == (130, True), line
    assert whole_file(Path("sim.db")) == 0


def test_ctrl_c_where_python_cannot_raise_it_is_not_lost():
    swallowed = """
import runpy, sys, time

class Swallows:
    def __del__(self):
        raise KeyboardInterrupt

class CtrlC:
    def find_spec(self, name, *_):
        if name == "sim.cli":
            Swallows()
            time.sleep(3600)

sys.meta_path.insert(0, CtrlC())
runpy.run_module("sim", run_name="__main__")
"""
    assert ended(start(code=swallowed)) == (130, "", "sim: interrupted\n")


@pytest.mark.parametrize("what", ["run", "push", "check"])
def test_ctrl_c_does_not_wait_for_a_server_that_never_answers(what, small_run, server):
    file = Path(shutil.copy(small_run, "sim.db"))
    asked = threading.Event()
    with port_that(None, asked=asked) as port:
        process = fork(*words(what, f"http://127.0.0.1:{port}"), code=PATIENT + MAIN)
        until(asked.is_set, process)
        process.send_signal(signal.SIGINT)
        status, _, line = ended(process)
    assert (status, re.fullmatch(LINE, line) is not None) == (130, True), line
    assert ", not pushed; sim push " in line or what != "run"
    push(file, server)
    assert same_rows(file, server)


@pytest.mark.parametrize("what", ["run", "push", "reproduce"])
def test_ctrl_c_does_not_wait_for_another_writer(what, small_run, server):
    file = Path(shutil.copy(small_run, "sim.db"))
    with held(file, ALONE), ctrl_c() as key, when_somebody_waits(key.press):
        status, _, line = run_whole(*words(what, server.url))
    assert (status, re.fullmatch(LINE, line) is not None) == (130, True), line
    assert line.endswith("kept of the simulated run: nothing\n") or "kept of" not in line
    assert whole_file(file) == 1
