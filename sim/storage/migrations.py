"""The schema, as an ordered list of migrations; each is applied in one transaction and noted by its version."""

from datetime import UTC, datetime

from uuid6 import uuid7

from sim.errors import StorageError
from sim.storage.connection import Database, Statement

ROLES = ("NORMAL", "VIP", "MANAGER", "BOT")

_ID = "id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36)"
_STAMPS = "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT"


def now() -> str:
    """Return the wall-clock time as UTC in ISO 8601, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first_schema() -> list[Statement]:
    tables = [
        f"CREATE TABLE users ({_ID}, username TEXT NOT NULL, "
        f"role TEXT NOT NULL CHECK (role IN {ROLES}), {_STAMPS}) STRICT",
        "CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL",
        f"CREATE TABLE scenarios ({_ID}, name TEXT NOT NULL, sha256 TEXT NOT NULL, yaml TEXT NOT NULL, "
        f"{_STAMPS}) STRICT",
        "CREATE UNIQUE INDEX scenarios_sha256 ON scenarios (sha256) WHERE deleted_at IS NULL",
        f"CREATE TABLE experiments ({_ID}, "
        "kind TEXT NOT NULL CHECK (kind IN ('replicate', 'sweep', 'compare', 'select')), "
        "scenario_id TEXT REFERENCES scenarios (id) ON DELETE SET NULL, "
        f"parameters TEXT NOT NULL, {_STAMPS}) STRICT",
        f"CREATE TABLE runs ({_ID}, scenario_id TEXT REFERENCES scenarios (id) ON DELETE SET NULL, "
        "experiment_id TEXT REFERENCES experiments (id) ON DELETE SET NULL, "
        "replication INTEGER NOT NULL, seed INTEGER NOT NULL, engine TEXT NOT NULL, parameters TEXT NOT NULL, "
        "fingerprint TEXT NOT NULL, versions TEXT NOT NULL, "
        "status TEXT NOT NULL CHECK (status IN ('writing', 'complete')), "
        f"started_at TEXT NOT NULL, finished_at TEXT NOT NULL, {_STAMPS}) STRICT",
        "CREATE INDEX runs_scenario ON runs (scenario_id)",
        "CREATE INDEX runs_experiment ON runs (experiment_id)",
        f"CREATE TABLE bots ({_ID}, run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, "
        "user_id TEXT REFERENCES users (id) ON DELETE SET NULL, number INTEGER NOT NULL, "
        "status TEXT NOT NULL CHECK (status IN ('IDLE', 'PROCESSING', 'REMOVED')), "
        "current_order_id TEXT REFERENCES orders (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, "
        "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER) STRICT",
        "CREATE UNIQUE INDEX bots_number ON bots (run_id, number)",
        "CREATE INDEX bots_current_order ON bots (current_order_id)",
        f"CREATE TABLE orders ({_ID}, run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, "
        "user_id TEXT REFERENCES users (id) ON DELETE SET NULL, bot_id TEXT REFERENCES bots (id) ON DELETE SET NULL, "
        "order_number INTEGER NOT NULL, class TEXT NOT NULL CHECK (class IN ('VIP', 'NORMAL')), "
        "stream TEXT NOT NULL, "
        "status TEXT NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETE', 'ABANDONED')), "
        "created_us INTEGER NOT NULL, picked_up_us INTEGER, completed_us INTEGER, wait_us INTEGER NOT NULL, "
        f"attempts INTEGER NOT NULL, {_STAMPS}) STRICT",
        "CREATE UNIQUE INDEX orders_number ON orders (run_id, order_number) WHERE deleted_at IS NULL",
        "CREATE INDEX orders_run ON orders (run_id)",
        "CREATE INDEX orders_bot ON orders (bot_id)",
        "CREATE TABLE events (run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, seq INTEGER NOT NULL, "
        "time_us INTEGER NOT NULL, kind TEXT NOT NULL, order_number INTEGER, bot_number INTEGER, "
        "PRIMARY KEY (run_id, seq)) STRICT, WITHOUT ROWID",
        "CREATE TABLE metrics (run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL, "
        "value REAL, PRIMARY KEY (run_id, name)) STRICT, WITHOUT ROWID",
    ]
    stamp = now()
    users: list[Statement] = [
        (
            "INSERT INTO users (id, username, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            (str(uuid7()), role.lower(), role, stamp, stamp),
        )
        for role in ROLES
    ]
    return [(sql, ()) for sql in tables] + users


MIGRATIONS = [("first schema", _first_schema)]


def migrate(database: Database) -> None:
    """Bring the database's schema up to date.

    Raises:
        StorageError: its schema is newer than this program.

    """
    database.write(
        [
            (
                "CREATE TABLE IF NOT EXISTS schema_migrations "
                "(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT",
                (),
            )
        ]
    )
    for version, (name, statements) in enumerate(MIGRATIONS, 1):
        if schema_version(database) >= version:
            continue
        note = ("INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)", (version, name, now()))
        try:
            database.write([note, *statements()])
        except StorageError:
            if schema_version(database) < version:  # else another process was quicker
                raise
    if schema_version(database) > len(MIGRATIONS):
        raise StorageError(f"database {database.url}: was written by a newer ordersim; upgrade with pip install -U")


def schema_version(database: Database) -> int:
    """Return the number of the last migration applied, 0 for none."""
    [(version,)] = database.query("SELECT coalesce(max(version), 0) FROM schema_migrations")
    return int(version)
