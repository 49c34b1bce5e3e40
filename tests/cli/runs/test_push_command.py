"""`sim push`, with files and real servers."""

from pathlib import Path

import pytest

from tests.helpers.commands import LONG_TIME, NO_TIME, NOBODY, complaint, names, on_terminal, screen, sim, sim_process
from tests.helpers.runs import listed, stored


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


NO_SERVER = "is not a server; set TURSO_DATABASE_URL, or write --db libsql://HOST"
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


def test_a_long_push_shows_a_bar_on_a_terminal_and_leaves_one_line_there(server):
    for _ in range(3):
        stored()
    with on_terminal("push", "--db", server.url, status=0, code=LONG_TIME) as (_, written):
        text = "".join(written)
    assert "pushing" in text
    assert screen(text) == [f"3 runs pushed from file:sim.db to {server.url}", ""]


def test_a_short_push_shows_no_bar(server):
    stored()
    with on_terminal("push", "--db", server.url, status=0, code=NO_TIME) as (_, written):
        assert "pushing" not in "".join(written)
