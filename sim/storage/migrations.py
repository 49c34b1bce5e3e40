"""The schema, as an ordered list of migrations; each is applied in one transaction and noted by its version.

Migrations 1 and 2 made tables WITHOUT ROWID until migration 5, which carries those over: docs/decisions/0009.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sim.errors import StorageError
from sim.storage.connection import Connection, Statement
from sim.storage.metrics import in_order, name_statement, stored_metrics
from sim.units import shown

USERS = {role: f"019aa000-0000-7000-8000-00000000000{n}" for n, role in enumerate(("NORMAL", "VIP", "MANAGER", "BOT"))}
"""The ids of the sample users by role: the same in every database, so that a run can move from one to another."""

_ID = "id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36)"
_STAMPS = "created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT"

_MIGRATIONS_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_migrations "
    "(version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT"
)


def now(offset: timedelta = timedelta()) -> str:
    """Return the wall-clock time, moved by `offset`, as UTC in ISO 8601, with milliseconds."""
    return (datetime.now(UTC) + offset).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first_schema(_: Connection) -> list[Statement]:
    tables = [
        f"CREATE TABLE users ({_ID}, username TEXT NOT NULL, "
        f"role TEXT NOT NULL CHECK (role IN {tuple(USERS)}), {_STAMPS}) STRICT",
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
        "PRIMARY KEY (run_id, seq)) STRICT",
        "CREATE TABLE metrics (run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL, "
        "value REAL, PRIMARY KEY (run_id, name)) STRICT",
    ]
    return [(sql, ()) for sql in tables]


def _push_and_lineage(_: Connection) -> list[Statement]:
    """Give each sample user the same id everywhere, and runs what pushing, tagging and repeating them needs."""
    stamp = now()
    shared_ids = ", ".join(f"'{user}'" for user in USERS.values())
    earlier = f"username = lower(role) AND id NOT IN ({shared_ids})"
    renamed = "(SELECT ours.id FROM users AS was JOIN users AS ours ON ours.role = was.role AND ours.id IN"
    return [
        (f"UPDATE users SET deleted_at = ? WHERE {earlier} AND deleted_at IS NULL", (stamp,)),
        *(
            (
                "INSERT INTO users (id, username, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                (user, role.lower(), role, stamp, stamp),
            )
            for role, user in USERS.items()
        ),
        *(
            (
                f"UPDATE {table} SET user_id = {renamed} ({shared_ids}) WHERE was.id = {table}.user_id) "
                f"WHERE user_id IN (SELECT id FROM users WHERE {earlier})",
                (),
            )
            for table in ("orders", "bots")
        ),
        (f"DELETE FROM users WHERE {earlier}", ()),
        ("ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'", ()),
        ("ALTER TABLE runs ADD COLUMN pushed_at TEXT", ()),
        ("DROP INDEX orders_run", ()),
        ("CREATE INDEX orders_run ON orders (run_id, order_number)", ()),
        (
            "CREATE TABLE files (sha256 TEXT NOT NULL, part INTEGER NOT NULL, content TEXT NOT NULL, "
            "PRIMARY KEY (sha256, part)) STRICT",
            (),
        ),
    ]


def _replications(_: Connection) -> list[Statement]:
    """Let runs without a log be judged again: where their warm-up ended, and what unfinished orders could still do."""
    return [
        ("ALTER TABLE runs ADD COLUMN warmup_us INTEGER NOT NULL DEFAULT 0", ()),
        ("ALTER TABLE runs ADD COLUMN worst_waits TEXT", ()),
        ("CREATE INDEX runs_seed ON runs (scenario_id, seed, replication)", ()),
    ]


def _models(_: Connection) -> list[Statement]:
    """Let replications be found whatever is judged of them."""
    return [
        ("ALTER TABLE scenarios ADD COLUMN model_sha256 TEXT", ()),
        ("CREATE INDEX scenarios_model ON scenarios (model_sha256)", ()),
    ]


def _a_row_a_replication(connection: Connection) -> Iterator[Statement]:
    """Put the metrics of a run into its row, and tables WITHOUT ROWID into ordinary ones.

    SQL would round metrics on their way into JSON, so they are read here, before the transaction begins.
    """
    carried = list(_carried_metrics(connection))
    columns = {
        "events": (
            "run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, seq INTEGER NOT NULL, "
            "time_us INTEGER NOT NULL, kind TEXT NOT NULL, order_number INTEGER, bot_number INTEGER, "
            "PRIMARY KEY (run_id, seq)"
        ),
        "files": "sha256 TEXT NOT NULL, part INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (sha256, part)",
    }
    for table, definition in columns.items():
        yield f"CREATE TABLE new_{table} ({definition}) STRICT", ()
        yield f"INSERT INTO new_{table} SELECT * FROM {table}", ()
        yield f"DROP TABLE {table}", ()
        yield f"ALTER TABLE new_{table} RENAME TO {table}", ()
    yield "DROP INDEX runs_scenario", ()  # runs_seed begins with the same column
    yield "ALTER TABLE runs ADD COLUMN metric_set TEXT", ()
    yield "ALTER TABLE runs ADD COLUMN metrics TEXT", ()
    yield (
        "CREATE TABLE metric_names (metric_set TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, "
        "PRIMARY KEY (metric_set, name)) STRICT",
        (),
    )
    yield from carried
    # fails where an earlier kitchensim wrote another run meanwhile; the migration is undone and can be repeated
    yield (
        "UPDATE runs SET fingerprint = NULL WHERE metrics IS NULL AND status = 'complete' "
        "AND EXISTS (SELECT 1 FROM metrics WHERE run_id = runs.id)",
        (),
    )
    yield "DROP TABLE metrics", ()
    yield (
        "CREATE VIEW metrics AS SELECT runs.id AS run_id, metric_names.name AS name, "
        "CAST(json_extract(runs.metrics, '$[' || position || ']') AS REAL) AS value "
        "FROM runs JOIN metric_names ON metric_names.metric_set = runs.metric_set",
        (),
    )


def _carried_metrics(connection: Connection) -> Iterator[Statement]:
    """Yield what puts the metrics of all complete runs, a row each until now, into the rows of the runs."""
    sets = dict[tuple[str, ...], None]()
    last_id = ""
    sql = "SELECT id FROM runs WHERE id > ? AND status = 'complete' ORDER BY id LIMIT 500"
    while ids := [run_id for (run_id,) in connection.query(sql, last_id)]:
        last_id = ids[-1]
        rows = connection.query(
            "SELECT run_id, name, value FROM metrics WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id",
            json.dumps(ids),
            width=3,
        )
        for run_id, group in groupby(rows, itemgetter(0)):
            values = {name: value for _, name, value in group}
            metrics = {name: values[name] for name in in_order(values)}
            sets[tuple(metrics)] = None
            yield (
                "UPDATE runs SET metric_set = ?, metrics = ? WHERE id = ?",
                (*stored_metrics(metrics), run_id),
            )
    yield from map(name_statement, sets)


def _followed_orders(_: Connection) -> Iterator[Statement]:
    """Let runs say what became of orders behind the horizon, which metrics are bounds, and how many orders had which
    value. Nobody can judge anew with the bounds of single waits that runs had: nothing followed their orders.
    """
    yield "ALTER TABLE runs DROP COLUMN worst_waits", ()
    for column in ("bounds TEXT", "counts TEXT", "followed_us INTEGER"):
        yield f"ALTER TABLE runs ADD COLUMN {column}", ()
    states = "CHECK (final_status IN ('PENDING', 'PROCESSING', 'COMPLETE', 'ABANDONED'))"
    yield f"ALTER TABLE orders ADD COLUMN final_status TEXT {states}", ()
    for column in ("final_picked_up_us", "final_completed_us", "final_wait_us"):
        yield f"ALTER TABLE orders ADD COLUMN {column} INTEGER", ()


def _staffings(_: Connection) -> Iterator[Statement]:
    """Let experiments be staffings, and have an answer of their own. A check goes with its column alone."""
    kinds = "CHECK (new_kind IN ('replicate', 'sweep', 'compare', 'select', 'staff'))"
    yield f"ALTER TABLE experiments ADD COLUMN new_kind TEXT NOT NULL DEFAULT 'replicate' {kinds}", ()
    yield "UPDATE experiments SET new_kind = kind", ()
    yield "ALTER TABLE experiments DROP COLUMN kind", ()
    yield "ALTER TABLE experiments RENAME COLUMN new_kind TO kind", ()
    yield "ALTER TABLE experiments ADD COLUMN answer TEXT", ()


MIGRATIONS = [
    ("first schema", _first_schema),
    ("push and lineage", _push_and_lineage),
    ("replications", _replications),
    ("models", _models),
    ("a row a replication", _a_row_a_replication),
    ("followed orders", _followed_orders),
    ("staffings", _staffings),
]


APPLICATION_ID = int.from_bytes(b"ksim")
"""What says of an SQLite file that it is ours; servers do not let it be set."""

_INTERNAL = ("sqlite_", "libsql_", "__turso_")  # how tables of the database's own begin


def migrate(connection: Connection) -> None:
    """Bring the database's schema up to date, each migration in one transaction.

    Raises:
        StorageError: it is another program's, its schema is newer than this program, or it cannot be changed.

    """
    present = schema_version(connection)
    if present > len(MIGRATIONS):
        raise connection.error("was written by a newer kitchensim", "NEWER")
    for version, (name, statements) in enumerate(MIGRATIONS[present:], present + 1):
        notes: list[Statement] = [
            (_MIGRATIONS_TABLE, ()),
            ("INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)", (version, name, now())),
        ]
        if not connection.address.is_remote:
            notes.append((f"PRAGMA application_id = {APPLICATION_ID}", ()))
        try:
            connection.write([*notes, *statements(connection)])
        except StorageError:
            if schema_version(connection) < version:  # else another process was quicker
                raise


def schema_version(connection: Connection) -> int:
    """Return the number of the last migration applied, 0 for an empty database.

    Raises:
        StorageError: the database is another program's, or cannot be read.

    """
    schema = connection.query("SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view')", width=2)
    if not all(isinstance(text, str) for row in schema for text in row):
        raise connection.untrue()
    tables = dict(schema)
    names = sorted(name for name in tables if not name.startswith(_INTERNAL))
    application = 0
    if not connection.address.is_remote:
        application = connection.number("PRAGMA application_id")
    if not names and application in (0, APPLICATION_ID):
        return 0
    versions = []
    if "applied_at" in tables.get("schema_migrations", ""):
        versions = connection.query("SELECT version, name FROM schema_migrations ORDER BY version", width=2)
    is_ours = application == APPLICATION_ID or versions[:1] == [(1, MIGRATIONS[0][0])]
    if application not in (0, APPLICATION_ID) or not is_ours:
        tables_text = ", ".join(map(shown, names[:3])) + (", …" if len(names) > 3 else "")
        with_tables = f", with the tables {tables_text}" if names else ""
        raise connection.error(f"belongs to another program{with_tables}", "FOREIGN")
    numbers = [number if isinstance(number, int) else 0 for number, _ in versions]
    # a newer kitchensim may number in its own way, and is told as such
    if numbers != list(range(1, len(numbers) + 1)) and max(numbers, default=0) <= len(MIGRATIONS):
        raise connection.error("is damaged: schema_migrations lacks entries", "SQLITE_CORRUPT")
    return max(numbers, default=0)
