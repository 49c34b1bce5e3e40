"""The client of an embedded file: SQLite by way of libsql-client, repaired.

Its own file mode opens SQLite anew for each call, without foreign keys and without patience for other writers: see
docs/decisions/0003.
"""

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from threading import Event
from typing import Any

from libsql_client.client import LibsqlError
from libsql_client.result import ResultSet
from libsql_client.sqlite3_utils import Sqlite3Client, _execute_stmt

from sim.storage.patience import patiently


class FileClient(Sqlite3Client):
    """An embedded file, opened anew for each call. All that goes wrong raises LibsqlError, or sqlite3.Error."""

    def __init__(self, path: str, interrupted: Event) -> None:
        """Name the file; nothing is opened yet. `interrupted` ends what is going on."""
        super().__init__(path)
        self._interrupted = interrupted

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.execute("PRAGMA foreign_keys = ON")
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")  # what is no UTF-8 is found later
        connection.set_progress_handler(self._interrupted.is_set, 100_000)
        return connection

    async def execute(self, stmt: Any, args: Any = None) -> ResultSet:
        """Carry out one statement."""
        with closing(self._connect()) as connection:
            return await self._attempt(connection, stmt, args)

    async def batch(self, stmts: Iterable[Any]) -> list[ResultSet]:
        """Carry out all statements or none; they may be made one by one while this goes on."""
        try:
            with closing(self._connect()) as connection:
                await self._attempt(connection, "BEGIN IMMEDIATE")
                results = []
                for sql, values in stmts:
                    results.append(_change(connection, sql, values))
                    await asyncio.sleep(0)  # where an interrupt gets in
                await self._attempt(connection, "COMMIT")
                return results
        except (LibsqlError, sqlite3.Error):
            self._roll_back()
            raise

    def forget(self) -> None:
        """Let go of the file in a fork, where nothing of it is open."""

    def _roll_back(self) -> None:
        """Give back the space of what was not written: on a full disk SQLite leaves that to the next reader."""
        with suppress(LibsqlError, sqlite3.Error), closing(self._connect()) as connection:
            connection.execute("SELECT 1 FROM sqlite_schema").fetchall()

    async def _attempt(self, connection: sqlite3.Connection, stmt: Any, args: Any = None) -> ResultSet:
        async def attempt() -> ResultSet:
            return _execute_stmt(connection, stmt, args)

        return await patiently(attempt)


def _change(connection: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> ResultSet:
    """Carry out one statement of a batch as it is: libsql-client looks at each value first, which takes half as long as
    all the rest.
    """
    return ResultSet((), [], connection.execute(sql, values).rowcount, None)
