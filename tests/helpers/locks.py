"""Another program that holds a database file, and what tells that somebody waits for it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

from sim.storage import patience

WRITES = "BEGIN IMMEDIATE"
READS = "BEGIN; SELECT * FROM users"
ALONE = "BEGIN EXCLUSIVE"


@contextmanager
def held(file: Path, statements: str) -> Iterator[Callable[[], object]]:
    """Take the lock on a file that these statements take, until what is yielded is called, from any thread."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        for sql in statements.split(";"):
            other.execute(sql).fetchone()
        yield lambda: other.execute("COMMIT")


@contextmanager
def when_somebody_waits(act: Callable[[], object]) -> Iterator[list[int]]:
    """Act when this process has found a database busy for the second time; gives a number for each time."""
    times: list[int] = []

    def wait() -> float:
        times.append(len(times) + 1)
        if len(times) == 2:
            act()
        return 0.0

    with patch.object(patience, "random", wait):
        yield times
