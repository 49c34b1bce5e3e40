"""Ctrl-C: one line, and nothing is lost or left behind."""

import threading
import time

import pytest

from benchmarks.interruptions import COMMANDS, interrupt, interrupted
from tests.helpers.databases import push, same_rows, whole_file
from tests.helpers.locks import ALONE, held
from tests.helpers.programs import do, ended, start
from tests.helpers.server import port_that


@pytest.mark.parametrize(("what", "moments"), [("run", 6), ("push", 4), ("reproduce", 3), ("check", 3)])
def test_ctrl_c_at_any_moment_is_one_line_and_nothing_is_lost_or_left_behind(what, moments, folder):
    said = interrupted(what, moments, folder / "work")
    assert said["sim: interrupted"] >= moments / 3


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
            time.sleep(10)

sys.meta_path.insert(0, CtrlC())
runpy.run_module("sim", run_name="__main__")
"""
    began = time.monotonic()
    assert ended(start(code=swallowed)) == (130, "", "sim: interrupted\n")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("what", ["run", "push", "check"])
def test_ctrl_c_does_not_wait_for_a_server_that_never_answers(what, folder, server):
    do("run", "small.yaml", "--no-charts")
    asked = threading.Event()
    with port_that(None, asked=asked) as port:
        args = [f"http://127.0.0.1:{port}" if one == "URL" else one for one in COMMANDS[what]]
        status, line, took = interrupt(args, asked, folder)
    assert (status, took < 1.5) == (130, True)
    assert ", not pushed; sim push " in line or what != "run"
    push(folder / "sim.db", server)
    assert same_rows(folder / "sim.db", server)


@pytest.mark.parametrize("what", ["run", "push", "reproduce"])
def test_ctrl_c_does_not_wait_for_another_writer(what, folder, server):
    do("run", "small.yaml", "--no-charts")
    with held(folder / "sim.db", ALONE, 60):
        args = [server.url if one == "URL" else one for one in COMMANDS[what]]
        status, line, took = interrupt(args, 1.0, folder)
        assert (status, took < 1.5) == (130, True)
        assert line.endswith("kept of the simulated run: nothing\n") or "kept of" not in line
    assert whole_file(folder / "sim.db") == 1
