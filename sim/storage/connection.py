"""The connection to a database: libsql-client, behind one class of ours.

libsql-client's own synchronous client keeps a process alive when it is not closed; here its coroutines
run on a daemon thread. Its file mode opens SQLite anew for each call, without foreign keys and without
patience for other writers; both are switched on here.
"""

import asyncio
import re
import sqlite3
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar

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
    "SQLITE_CORRUPT": "restore the file, or name another with --db",
    "SQLITE_FULL": "make room, or name another place with --db",
    "SQLITE_IOERR": "the disk cannot be read or written; check it, or name another place with --db",
    "SQLITE_NOTADB": "name another file with --db",
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
    if is_remote(url):
        problem = "remote databases come with a later version"
    elif not (match := re.fullmatch(r"file:(?://(?:localhost)?(?=/))?((?!//)[^?#]*)", url)):
        problem = "is not supported"
    elif match[1] in ("", ":memory:"):
        problem = "names no file"
    else:
        return Path(match[1])
    raise StorageError(f"database {without_secrets(url)}: {problem}; write file:NAME, such as file:sim.db")


def is_remote(url: str) -> bool:
    """Tell whether a URL names a database on a server."""
    return url.partition(":")[0] in ("libsql", "https", "http", "wss", "ws")


def without_secrets(url: str) -> str:
    """Return what may be shown of a URL: passwords stand before an `@`, tokens behind `?` or `#`."""
    return f"{url.partition(':')[0]}:…" if "@" in url else re.split("[?#]", url)[0]


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
        self._interrupted = False
        Thread(target=self._serve, name="libsql", daemon=True).start()

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    def _serve(self) -> None:
        with closing(self._loop):
            self._loop.run_forever()

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
        self._wait(self._client.batch(self._until_interrupted(statements)))  # type: ignore[arg-type]  # it only iterates

    def _until_interrupted(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        for statement in statements:
            if self._interrupted:
                raise StorageError(f"database {self.url}: interrupted")
            yield statement

    def close(self) -> None:
        """Let go of the database."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _wait(self, task: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(task, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._interrupted = True
            future.exception()  # until what was begun is undone, so that nothing is written behind our back
            raise
        except LibsqlError as error:
            raise StorageError(self._message(error.code, error.explanation)) from error
        except sqlite3.Error as error:
            raise StorageError(self._message(getattr(error, "sqlite_errorname", ""), str(error))) from error

    def _message(self, code: str, explanation: str) -> str:
        cure = next((cure for prefix, cure in _CURES.items() if code.startswith(prefix)), "see docs/database.md")
        return f"database {self.url}: {explanation}; {cure}"
