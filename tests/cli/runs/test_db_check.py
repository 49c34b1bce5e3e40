"""`sim db check`, with files and real servers."""

import re
from pathlib import Path

from tests.helpers.commands import NOBODY, complaint, names, sim
from tests.helpers.runs import SHORT, TABLES, checked, listed, stored
from tests.helpers.server import Server


def test_check_says_that_there_is_no_file_yet_and_makes_none():
    assert checked() == {
        "database": "file:sim.db (the default)",
        "reached": "no, there is no such file yet; sim run FILE makes it",
    }
    assert names(".") == {"kitchen.yaml", "short.yaml"}


def test_check_of_a_new_server_changes_nothing_there_and_a_run_does(token_server):
    stored()
    Path(".env").write_text(f"TURSO_DATABASE_URL={token_server.url}\nTURSO_AUTH_TOKEN={token_server.token()}\n")
    told = checked()
    assert told.pop("reached").startswith("yes; round trip ")
    assert told == {
        "database": f"{token_server.url} (TURSO_DATABASE_URL in .env)",
        "token": "TURSO_AUTH_TOKEN in .env",
        "schema": "none yet; the first run makes it",
        "not pushed": "the runs in file:sim.db; sim push sends them",
    }
    assert token_server.read("SELECT name FROM sqlite_schema") == []
    sim("push")
    told = checked()
    assert (told["schema"], told["runs"]) == ("version 7 of 7", "1")
    assert told["not pushed"] == "none of the runs in file:sim.db"


def test_check_never_shows_a_token_whether_it_is_taken_or_refused(token_server, monkeypatch):
    monkeypatch.setenv("TURSO_DATABASE_URL", token_server.url)
    for token, status in ((token_server.token(), 0), (token_server.token("ro"), 2), (token_server.token()[:-8], 2)):
        monkeypatch.setenv("TURSO_AUTH_TOKEN", token)
        said = sim("db", "check", "--write", status=status)
        assert "\ntoken       TURSO_AUTH_TOKEN in the environment\n" in said.stdout
        for part in token.split("."):
            assert part not in said.stdout + said.stderr
        assert len(said.stderr.splitlines()) == (status != 0)


def test_check_write_leaves_nothing_behind_and_purges_nothing_else(backend):
    to = ("--db", backend.url)
    told = checked(*to, "--write")
    assert (told["schema"], told["runs"]) == ("version 7 of 7", "0")
    assert backend.count(*TABLES) == (*(0,) * (len(TABLES) - 1), 4)  # the sample users
    stored("short.yaml", *to)
    gone = stored("short.yaml", *to)
    sim("runs", "delete", gone, *to)
    before = backend.count(*TABLES)
    told = checked(*to, "--write")
    assert re.fullmatch(r"yes; a run of \d+ events was written, read back the same, and removed", told["write"])
    assert told["runs"] == "1"
    assert backend.count(*TABLES) == before
    assert listed(*to, "--deleted") == [gone]


def test_check_of_a_server_that_cannot_be_reached_is_one_line_and_makes_status_2():
    said = sim("db", "check", "--db", NOBODY, status=2)
    assert said.stdout == f"database    {NOBODY} (--db)\ntoken       none\n"
    problem = "cannot be reached (Connection refused); check the URL and the network"
    assert said.stderr == f"database {NOBODY}: {problem}\n"


def test_check_of_something_else_than_a_database_is_one_line():
    line = complaint("db", "check", "--db", "file:short.yaml", status=2)
    assert line == "database file:short.yaml: file is not a database; name another file with --db"
    assert Path("short.yaml").read_text() == SHORT


def test_check_of_another_server_counts_what_that_one_lacks(server, tmp_path):
    for _ in range(2):
        sim("run", "short.yaml", "--no-charts", "--db", server.url)
    stored("short.yaml")
    assert checked("--db", server.url)["not pushed"] == "1 of the runs in file:sim.db; sim push sends them"
    with Server(tmp_path / "other") as other:
        sim("db", "check", "--write", "--db", other.url)
        assert checked("--db", other.url)["not pushed"].startswith("3 of the runs ")
