"""Servers and programs that are killed in the middle: each row is there once after the next push."""

import re
import shutil
import signal
import subprocess
from itertools import product
from pathlib import Path

import pytest

from sim.storage import rows, saving
from tests.helpers.campaigns import some
from tests.helpers.databases import push, same_rows, whole_file, whole_runs, writing
from tests.helpers.gates import gate_before
from tests.helpers.pressing import run_whole
from tests.helpers.programs import ended, fork

# pages and batches so small that a run goes to a server in a dozen of them, as a very large one does
PAGES = {"bots": 20, "orders": 25, "events": 100}
BATCH = 4_000
CODE = f"""
import os, signal, sys
from sim.storage import file, rows, saving
rows.ROWS.update({PAGES})
saving._BATCH = {BATCH}
fatal = sys.argv.pop(1)
def deadly(execute):
    def execute_or_die(opened, statement, *args):
        if fatal and fatal in str(statement):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(opened, statement, *args)
    return execute_or_die
file._execute_stmt, file._change = deadly(file._execute_stmt), deadly(file._change)
from sim.__main__ import main; main()
"""


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(rows, "ROWS", PAGES)
    monkeypatch.setattr(saving, "_BATCH", BATCH)


@pytest.mark.usefixtures("small_parts")
def test_a_server_killed_before_any_request_or_answer_of_a_push_has_each_row_once_after_the_next(small_run, server):
    file = Path("sim.db")
    shutil.copy(small_run, file)
    with gate_before(server) as gate:
        assert run_whole("push", "--db", gate.url)[::2] == (0, "")
        requests, parts = len(gate.requests), set()
        for number, late in some(list(product(range(requests), (False, True))), 9):
            server.start_anew()
            shutil.copy(small_run, file)
            gate.at(number, server.kill, late)
            status, _, line = run_whole("push", "--db", gate.url)
            assert status == 4
            assert re.fullmatch(rf"sim: database {gate.url}: .*; sim push goes on where it stopped\n", line)
            server.start()
            parts.add(writing(server))
            if number == requests // 2:  # and once more in the middle of what is left
                gate.at(b"INSERT INTO metric_names", server.kill, late)
                assert run_whole("push", "--db", gate.url)[0] == 4
                server.start()
            push(file, server)
            assert push(file, server) == 0
            assert same_rows(file, server)
            assert whole_runs(server.read) == 1
    assert len(parts) >= 3


@pytest.mark.parametrize("statement", ["INSERT INTO orders", "INSERT INTO metric_names", "COMMIT"])
def test_a_program_killed_while_it_saves_leaves_no_part_of_its_run(statement, small_run):
    file = Path(shutil.copy(small_run, "sim.db"))
    status, _, _ = ended(fork(statement, "run", "small.yaml", "--no-charts", code=CODE))
    assert status == -signal.SIGKILL
    assert Path("sim.db-journal").exists()
    assert whole_file(file) == 1


@pytest.mark.parametrize(("what", "late"), [("run", False), ("push", True)])
def test_a_program_killed_while_it_pushes_leaves_its_run_in_the_file_and_a_push_completes_it(
    what, late, small_run, server
):
    file = Path("sim.db")
    if what == "push":
        shutil.copy(small_run, file)
    args = ("run", "small.yaml", "--no-charts") if what == "run" else ("push",)
    with gate_before(server) as gate:
        programs: list[subprocess.Popen] = []

        def kill() -> None:
            programs[0].kill()

        gate.at(b"INSERT INTO events", kill, late)
        programs.append(fork("", *args, "--db", gate.url, code=CODE))
        status, _, _ = ended(programs[0])
    assert status == -signal.SIGKILL
    assert whole_file(file) == 1
    assert writing(server) > 0
    push(file, server)
    assert same_rows(file, server)
    assert whole_runs(server.read) == 1
