"""Persistence: every run is kept in a libSQL database, by default in an embedded file."""

import os

from dotenv import dotenv_values

from sim.errors import StorageError
from sim.storage.connection import Database, database_file, is_remote, without_secrets
from sim.storage.migrations import migrate
from sim.storage.repository import StoredRun, find_run, list_runs, run_metrics, save_run

__all__ = [
    "LOCAL",
    "Database",
    "StoredRun",
    "database_file",
    "database_url",
    "find_run",
    "is_remote",
    "list_runs",
    "open_database",
    "run_metrics",
    "save_run",
    "without_secrets",
]

LOCAL = "file:sim.db"


def database_url(asked: str | None = None) -> str:
    """Return where runs go: `asked`, else TURSO_DATABASE_URL of the environment or of `.env`, else file:sim.db.

    Raises:
        StorageError: `.env` cannot be read.

    """
    variable = "TURSO_DATABASE_URL"
    try:
        return asked or os.environ.get(variable) or dotenv_values(".env").get(variable) or LOCAL
    except (OSError, UnicodeDecodeError):
        raise StorageError(".env: cannot be read as UTF-8 text; mend it, or name the database with --db") from None


def open_database(url: str | None = None) -> Database:
    """Open the database at `url` (default: as `database_url`) and bring its schema up to date.

    Raises:
        StorageError: it cannot be opened, or is newer than this program.

    """
    database = Database(database_url(url))
    migrate(database)
    return database
