"""Other writers: programs wait for each other, and nothing is lost."""

import json
import shutil
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.helpers.backends import at_once
from tests.helpers.databases import push, same_rows, whole_file, whole_runs
from tests.helpers.gates import gate_before
from tests.helpers.locks import READS, WRITES, held, when_somebody_waits
from tests.helpers.pressing import run_whole
from tests.helpers.programs import ended, fork
from tests.helpers.server import Server

FIVE = """
from sim import keep, load_scenario, run
for seed in range(5):
    keep(run(load_scenario("small.yaml"), seed))
"""


@pytest.mark.parametrize("statements", [WRITES, READS])
@pytest.mark.parametrize("what", ["run", "push"])
def test_a_run_and_a_push_wait_for_who_holds_the_file(statements, what, small_run, server):
    file = Path(shutil.copy(small_run, "sim.db"))
    args = ["run", "small.yaml", "--no-charts"] if what == "run" else ["push"]
    with held(file, statements) as let_go, when_somebody_waits(let_go) as waits:
        assert run_whole(*args, "--db", server.url)[::2] == (0, "")
    assert waits
    assert whole_file(file) == (2 if what == "run" else 1)
    push(file, server)
    assert same_rows(file, server)


def test_processes_that_save_and_push_at_once_lose_nothing_and_see_no_lock(server):
    file = Path("sim.db")
    savers = [fork(code=FIVE), fork("run", "small.yaml", "--no-charts", "--db", server.url)]
    while any(saver.poll() is None for saver in savers):
        push(file, server)
    for process in savers:
        status, _, errors = ended(process)
        assert (status, errors) == (0, "")
    assert whole_file(file) == 6
    push(file, server)
    assert whole_runs(server.read) == 6
    assert same_rows(file, server)


def test_pushes_of_one_large_run_at_once_leave_each_row_once(large_run, server):
    file = Path(shutil.copy(large_run, "sim.db"))
    at_once(2, lambda: push(file, server))
    assert same_rows(file, server)
    assert whole_runs(server.read) == 1


def ask(server: Server, *statements: str, baton: str | None = None, close: bool = False) -> str | None:
    """Ask a server by plain HTTP in a transaction that may stay open, and return what names it."""
    requests: list[dict] = [{"type": "execute", "stmt": {"sql": sql}} for sql in statements]
    body = json.dumps({"baton": baton, "requests": requests + [{"type": "close"}] * close}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v2/pipeline", body)) as response:
        answer = json.load(response)
    assert all(result["type"] == "ok" for result in answer["results"]), answer
    return answer["baton"]


def test_a_push_waits_for_another_client_in_the_middle_of_a_transaction(small_run, server):
    file = Path(shutil.copy(small_run, "sim.db"))
    happened = []

    def commit(baton: str | None) -> None:
        happened.append("committed")
        ask(server, "COMMIT", baton=baton, close=True)

    def begin() -> None:
        baton = ask(server, "BEGIN IMMEDIATE", "INSERT INTO files VALUES ('theirs', 0, '')")
        threading.Timer(0.2, commit, [baton]).start()  # when the request that comes now waits in the server

    with gate_before(server) as gate:
        gate.at(b"INSERT INTO orders", begin, passes=True)
        assert run_whole("push", "--db", gate.url)[::2] == (0, "")
        happened.append("pushed")
    assert happened == ["committed", "pushed"]
    assert server.read("SELECT sha256 FROM files") == [("theirs",)]
    ask(server, "DELETE FROM files", close=True)
    assert same_rows(file, server)
