"""The connection to a database: libsql-client, behind one class of ours.

libsql-client's own synchronous client keeps a process alive when it is not closed; here its coroutines
run on a daemon thread. Its file mode opens SQLite anew for each call, without foreign keys and without
patience for other writers; both are switched on here.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from libsql_client.client import Client, LibsqlError
from libsql_client.sqlite3_utils import Sqlite3Client

from sim.errors import StorageError

T = TypeVar("T")
Value = str | int | float | None
Statement = tuple[str, tuple[Value, ...]]

_PATIENCE = 30.0  # seconds to wait for another writer
_CURES = {
    "SQLITE_BUSY": "another program is writing; try again when it is done",
    "SQLITE_CANTOPEN": "name a file in a folder that exists and is writable",
    "SQLITE_CONSTRAINT": "the database holds something else under that key",
    "SQLITE_CORRUPT": "the file is damaged; restore it, or name another with --db",
    "SQLITE_FULL": "the disk is full; make room, or name another place with --db",
    "SQLITE_IOERR": "the disk cannot be read or written; check it, or name another place with --db",
    "SQLITE_NOTADB": "the file is no database; name another with --db",
    "SQLITE_READONLY": "the file cannot be written; change its permissions, or name another with --db",
}


class _FileClient(Sqlite3Client):
    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {round(_PATIENCE * 1000)}")
        return connection


def database_file(url: str) -> Path:
    """Return the file that a `file:` URL names.

    Raises:
        StorageError: the URL is none, or names no file.

    """
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise StorageError(f"database {_without_secrets(url)}: is not supported; write file:NAME, such as file:sim.db")
    if parts.path in ("", ":memory:"):
        raise StorageError(f"database {url}: names no file; write file:NAME, such as file:sim.db")
    return Path(parts.path)


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" if parts.scheme and parts.netloc else url.partition("?")[0]


class Database:
    """An open database; every call is one transaction. Use it in a `with` block, or close it."""

    def __init__(self, url: str) -> None:
        """Open the database at `url` (`file:NAME`); the file is made when something is written.

        Raises:
            StorageError: the URL names no database that can be opened.

        """
        self.url = url
        self._client: Client = _FileClient(str(database_file(url)))
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="libsql", daemon=True).start()

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    def query(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return the rows of one statement.

        Raises:
            StorageError: the database refuses it.

        """
        result = self._wait(self._client.execute(sql, values))
        return [tuple(row) for row in result.rows]

    def write(self, statements: Iterable[Statement]) -> None:
        """Carry out all statements or, when one fails or the process dies, none. They are taken one by one.

        Raises:
            StorageError: the database refuses one.

        """
        self._wait(self._client.batch(statements))  # type: ignore[arg-type]  # it only iterates

    def close(self) -> None:
        """Let go of the database."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _wait(self, task: Coroutine[Any, Any, T]) -> T:
        try:
            return asyncio.run_coroutine_threadsafe(task, self._loop).result()
        except LibsqlError as error:
            raise StorageError(self._message(error.code, error.explanation)) from error
        except sqlite3.Error as error:
            raise StorageError(self._message(getattr(error, "sqlite_errorname", ""), str(error))) from error

    def _message(self, code: str, explanation: str) -> str:
        cure = next((cure for prefix, cure in _CURES.items() if code.startswith(prefix)), "see docs/database.md")
        return f"database {self.url}: {explanation}; {cure}"
