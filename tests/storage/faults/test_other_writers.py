"""Other writers: programs wait for each other, and nothing is lost."""

import json
import shutil
import time
import urllib.request

import pytest

from sim.storage import open_database
from tests.helpers.databases import push, same_rows, whole_file, whole_runs
from tests.helpers.locks import READS, WRITES, held
from tests.helpers.programs import do, ended, start, until
from tests.helpers.server import Server

FIVE = """
import sys
from sim import load_scenario, open_database, run
for seed in range(5):
    with open_database() as database:
        database.save(run(load_scenario("small.yaml"), int(sys.argv[1]) + seed))
"""


@pytest.mark.parametrize("statements", [WRITES, READS])
def test_a_run_and_a_push_wait_for_who_holds_the_file(statements, folder, server):
    do("run", "small.yaml", "--no-charts")
    with held(folder / "sim.db", statements, 2.5):
        began = time.monotonic()
        two = [start("run", "small.yaml", "--no-charts", "--db", server.url), start("push", "--db", server.url)]
        for process in two:
            status, _, errors = ended(process)
            assert (status, errors) == (0, "")
        assert time.monotonic() - began > 1.5
    assert whole_file(folder / "sim.db") == 2
    assert push(folder / "sim.db", server) in (0, 1)  # the push may have been before the run
    assert same_rows(folder / "sim.db", server)


def test_processes_that_save_and_push_at_once_lose_nothing_and_see_no_lock(folder, server):
    savers = [start(str(10 * number), code=FIVE) for number in range(2)]
    savers += [start("run", "small.yaml", "--no-charts", "--out", str(seed), "--db", server.url) for seed in range(2)]
    until(lambda: not all(one.poll() is None for one in savers), savers[0])
    pushers = [start("push", "--db", server.url) for _ in range(2)]
    for process in (*savers, *pushers):
        status, _, errors = ended(process)
        assert (status, errors) == (0, "")
    assert whole_file(folder / "sim.db") == 12
    push(folder / "sim.db", server)
    assert whole_runs(server.read) == 12
    assert same_rows(folder / "sim.db", server)


def test_pushes_of_one_large_run_at_once_leave_each_row_once(sudden, folder, server):
    shutil.copy(sudden.source / "sim.db", "sim.db")
    for process in [start("push", "--db", server.url) for _ in range(2)]:
        status, _, errors = ended(process)
        assert (status, errors) == (0, "")
    assert same_rows(folder / "sim.db", server)
    assert whole_runs(server.read) == 1


def ask(server: Server, *statements: str, baton: str | None = None, close: bool = False) -> str | None:
    """Ask a server by plain HTTP in a transaction that may stay open, and return what names it."""
    requests: list[dict] = [{"type": "execute", "stmt": {"sql": sql}} for sql in statements]
    body = json.dumps({"baton": baton, "requests": requests + [{"type": "close"}] * close}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v2/pipeline", body)) as response:
        answer = json.load(response)
    assert all(result["type"] == "ok" for result in answer["results"]), answer
    return answer["baton"]


def test_a_push_waits_for_another_client_in_the_middle_of_a_transaction(folder, server):
    do("run", "small.yaml", "--no-charts")
    with open_database(server.url):
        pass
    baton = ask(server, "BEGIN IMMEDIATE", "INSERT INTO files VALUES ('theirs', 0, '')")
    process = start("push", "--db", server.url)
    time.sleep(2)
    assert process.poll() is None
    ask(server, "COMMIT", baton=baton, close=True)
    assert ended(process)[::2] == (0, "")
    assert server.read("SELECT sha256 FROM files") == [("theirs",)]
    ask(server, "DELETE FROM files", close=True)
    assert same_rows(folder / "sim.db", server)
