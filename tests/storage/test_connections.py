"""A database that is no longer open, or was opened elsewhere."""

import gc
import re

import pytest

from sim import StorageError
from sim.storage import find_address
from sim.storage.connection import Connection
from tests.helpers.programs import ended, fork


def test_a_database_that_was_closed_says_so(backend):
    with backend.open() as database:
        pass
    for use in (database.runs, lambda: database.write([])):
        with pytest.raises(StorageError, match=rf"^database {re.escape(backend.url)}: is closed; open it again$"):
            use()
    database.close()


@pytest.mark.parametrize("backend", ["file", "server"], indirect=True)
def test_a_database_used_in_a_fork_says_so_and_stays_usable_where_it_was_opened(backend):
    code = """
import os, sys
from sim import StorageError, open_database
database = open_database(sys.argv[1])
child = os.fork()
if child == 0:
    try:
        database.runs()
    except StorageError as error:
        print(error, flush=True)
    database.close()
    sys.exit()
os.waitpid(child, 0)
print(len(database.runs()))
"""
    line = "was opened before this process was forked; open it in the process that uses it"
    assert ended(fork(backend.url, code=code)) == (0, f"database {backend.url}: {line}\n0\n", "")


def test_ctrl_c_right_after_a_database_was_opened_closes_it(monkeypatch, caplog):
    wait = Connection._wait

    def interrupted(connection, work):
        wait(connection, work)
        raise KeyboardInterrupt

    monkeypatch.setattr(Connection, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Connection(find_address("http://127.0.0.1:1"))
    gc.collect()
    assert caplog.text == ""  # where aiohttp tells of sessions that nobody closed
