"""Another program that holds a database file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.programs import start

HOLD = """
import sqlite3, sys, time
file, statements, seconds = sys.argv[1:]
other = sqlite3.connect(file, isolation_level=None)
for sql in statements.split(";"):
    other.execute(sql).fetchone()
print("held", flush=True)
time.sleep(float(seconds))
other.execute("COMMIT")
"""
WRITES = "BEGIN IMMEDIATE"
READS = "BEGIN; SELECT * FROM users"
ALONE = "BEGIN EXCLUSIVE"


@contextmanager
def held(file: Path, statements: str, seconds: float) -> Iterator[None]:
    """Let another process hold the lock on the file that these statements take."""
    with start(str(file), statements, str(seconds), code=HOLD) as other:
        assert other.stdout.readline() == "held\n"
        yield
        other.kill()
