"""`sim push`, with files and real servers."""

import json
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.commands import NOBODY, complaint, names, on_terminal, screen, sim, sim_process
from tests.helpers.programs import until
from tests.helpers.runs import listed, stored
from tests.helpers.server import Server


def test_push_copies_what_the_server_lacks_and_then_nothing(token_server, monkeypatch):
    first, second = stored("kitchen.yaml", "--tag", "a"), stored()
    sim("runs", "delete", stored())
    monkeypatch.setenv("TURSO_DATABASE_URL", token_server.url)
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token())
    said = sim_process("push")
    assert (said.stdout, said.stderr) == (f"2 runs pushed from file:sim.db to {token_server.url}\n", "")
    assert sim("push").stdout == f"nothing to push: {token_server.url} has all runs of file:sim.db\n"
    assert listed() == [second, first]
    assert sim("runs", "--db", "file:sim.db").stdout == sim("runs").stdout
    stored("short.yaml", "--db", "file:sim.db")
    assert sim("push").stdout == f"1 run pushed from file:sim.db to {token_server.url}\n"


def test_push_takes_another_file_by_from(server):
    run_id = stored("short.yaml", "--db", "file:laptop.db")
    said = sim("push", "--from", "file:laptop.db", "--db", server.url)
    assert said.stdout == f"1 run pushed from file:laptop.db to {server.url}\n"
    assert listed("--db", server.url) == [run_id]
    assert not Path("sim.db").exists()


NO_SERVER = "is no server; set TURSO_DATABASE_URL, or write --db libsql://HOST"
NONE_YET = "there is none yet; sim run FILE makes it, or name another with --from"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), f"database file:sim.db: {NO_SERVER}"),
        (("--db", "file:other.db"), f"database file:other.db: {NO_SERVER}"),
        (("--db", NOBODY), f"database file:sim.db: {NONE_YET}"),
        (("--db", NOBODY, "--from", "file:laptop.db"), f"database file:laptop.db: {NONE_YET}"),
        (("--db", NOBODY, "--from", "libsql://x"), "--from libsql://x: is on a server; write --from file:NAME"),
    ],
)
def test_push_says_what_it_needs_and_makes_no_file(options, said):
    assert complaint("push", *options, status=2) == said
    assert names(".") == {"kitchen.yaml", "short.yaml"}


def hold(server: Server) -> Callable[[], object]:
    """Take the write lock of a server as another program would, and return what lets go of it."""

    def ask(baton: str | None, sql: str, *more: dict) -> str | None:
        requests = [{"type": "execute", "stmt": {"sql": sql}}, *more]
        body = json.dumps({"baton": baton, "requests": requests}).encode()
        request = urllib.request.Request(f"{server.url}/v2/pipeline", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)["baton"]

    baton = ask(None, "BEGIN IMMEDIATE")
    return lambda: ask(baton, "ROLLBACK", {"type": "close"})


def test_a_long_push_shows_a_bar_on_a_terminal_and_leaves_one_line_there(server):
    sim("run", "short.yaml", "--no-charts", "--db", server.url)
    for _ in range(3):
        stored()
    # a server takes the lock away after 5 s, so it is taken when all that takes long is loaded
    code = (
        "import time, pathlib, rich.progress, sim.cli, sim.storage; ready = pathlib.Path('ready'); ready.touch()\n"
        "while ready.exists(): time.sleep(0.01)\n"
        "sim.cli.main()"
    )
    with on_terminal("push", "--db", server.url, status=0, code=code) as (process, written):
        until(Path("ready").exists, process)
        let_go = hold(server)
        Path("ready").unlink()
        text = next(written)
        timer = threading.Timer(1.3, let_go)
        timer.start()
        text += "".join(written)
        timer.join()
    assert "pushing" in text
    assert screen(text) == [f"3 runs pushed from file:sim.db to {server.url}", ""]


def test_a_short_push_shows_no_bar(server):
    stored()
    with on_terminal("push", "--db", server.url, status=0) as (_, written):
        assert "pushing" not in "".join(written)
