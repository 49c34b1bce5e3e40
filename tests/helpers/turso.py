"""Turso's new engine, as pyturso embeds it, at the place of the SQLite that our connection opens for a file."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import turso

_CODES = {"locked": "SQLITE_BUSY", "busy": "SQLITE_BUSY", "constraint failed": "SQLITE_CONSTRAINT"}


class TursoConnection:
    """What our code asks of a `sqlite3.Connection`, answered by the other engine."""

    def __init__(self, path: str) -> None:
        self._connection = turso.connect(path, isolation_level=None)

    def execute(self, sql: str, values: Iterable[Any] = ()) -> Any:
        try:
            return self._connection.execute(sql, tuple(values))
        except turso.Error as error:
            raise _as_sqlite(error) from error

    def set_progress_handler(self, *_: object) -> None:
        """It has none: Ctrl-C comes between two statements."""

    def close(self) -> None:
        self._connection.close()


def connects_to(file: Path, sqlite: Callable[[Any], sqlite3.Connection]) -> Callable[[Any], Any]:
    """Return what stands for `Sqlite3Client._connect`: one file is opened by Turso, all others by SQLite."""

    def connect(client: Any) -> Any:
        return TursoConnection(client._path) if client._path == str(file) else sqlite(client)

    return connect


def read_turso(file: Path, sql: str, *values: object) -> list[tuple]:
    """Ask a database file by plain pyturso."""
    with closing(turso.connect(str(file))) as connection:
        return connection.execute(sql, values).fetchall()


def _as_sqlite(error: turso.Error) -> sqlite3.Error:
    told = str(error)
    kind = sqlite3.IntegrityError if isinstance(error, turso.IntegrityError) else sqlite3.OperationalError
    same = kind(told)
    same.sqlite_errorname = next((code for words, code in _CODES.items() if words in told), "SQLITE_ERROR")
    return same
