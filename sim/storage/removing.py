"""Deleting runs, undoing that, and removing them for good."""

import json
from datetime import datetime, timedelta

from sim.storage.connection import Connection
from sim.storage.migrations import now
from sim.storage.rows import PAGED
from sim.storage.sizes import file_size

_PIECE = 20_000  # rows deleted in one transaction, since a server gives up what takes long
_STALE = timedelta(days=-1)
_MARK = "UPDATE runs SET deleted_at = ?, updated_at = ? WHERE deleted_at IS NULL AND status = 'complete'"
_DOOMED = "UPDATE runs SET status = 'writing', deleted_at = ? WHERE"  # cannot be restored from here on


def delete_run(connection: Connection, key: str) -> int:
    """Mark a run, or all runs of an experiment, as deleted: nothing shows them any more, until they are restored or
    purged. Return how many they are.

    Raises:
        StorageError: the database refuses it.

    """
    stamp = now()
    return connection.write([(f"{_MARK} AND (id = ? OR experiment_id = ?)", (stamp, stamp, key, key))])


def delete_before(connection: Connection, instant: datetime) -> int:
    """Mark all runs begun before `instant` as deleted, and return how many they are.

    Raises:
        StorageError: the database refuses it.

    """
    stamp = now()
    return connection.write([(f"{_MARK} AND started_at < ?", (stamp, stamp, instant.isoformat()))])


def restore_run(connection: Connection, key: str) -> int:
    """Undo `delete_run`, and return how many runs that are.

    Raises:
        StorageError: the database refuses it.

    """
    sql = (
        "UPDATE runs SET deleted_at = NULL, updated_at = ? WHERE deleted_at IS NOT NULL AND status = 'complete' "
        "AND (id = ? OR experiment_id = ?)"
    )
    return connection.write([(sql, (now(), key, key))])


def purge(connection: Connection) -> int:
    """Remove for good what is marked as deleted, runs that nobody has gone on writing for a day, and scenarios and
    data files that nothing names any more.

    Returns the number of runs removed. A removed bot of a run that stays is not marked so: it belongs to the run.

    Raises:
        StorageError: the database refuses it; it can be called again.

    """
    stale = "deleted_at IS NOT NULL OR (status = 'writing' AND updated_at < ?)"
    # marked first, in a statement of its own: nobody restores or goes on pushing what is being removed piece by piece
    connection.write([(f"{_DOOMED} {stale}", (now(), now(_STALE)))])
    doomed = connection.query("SELECT id FROM runs WHERE status = 'writing' AND deleted_at IS NOT NULL")
    _remove(connection, [run_id for (run_id,) in doomed])
    marked = "deleted_at IS NOT NULL"
    unused = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} WHERE scenario_id = scenarios.id)" for table in ("runs", "experiments")
    )
    connection.write(
        [
            *((f"DELETE FROM {table} WHERE {marked}", ()) for table in ("orders", "users")),
            (
                f"DELETE FROM experiments WHERE {marked} "
                "OR NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id)",
                (),
            ),
            (f"DELETE FROM scenarios WHERE {marked} OR ({unused})", ()),
            ("DELETE FROM files WHERE NOT EXISTS (SELECT 1 FROM scenarios WHERE instr(yaml, files.sha256) > 0)", ()),
        ]
    )
    return len(doomed)


def purge_run(connection: Connection, run_id: str) -> None:
    """Remove a run for good.

    Raises:
        StorageError: the database refuses it; it can be called again.

    """
    connection.write([(f"{_DOOMED} id = ?", (now(), run_id))])
    _remove(connection, [run_id])


def _remove(connection: Connection, run_ids: list[str]) -> None:
    listed = json.dumps(run_ids)
    # what refers to others goes first, the run itself last: a purge that is killed can be repeated
    for table, key in (*((table, "run_id") for table in reversed(PAGED)), ("runs", "id")):
        piece = f"SELECT rowid FROM {table} WHERE {key} IN (SELECT value FROM json_each(?)) LIMIT {_PIECE}"
        while connection.write([(f"DELETE FROM {table} WHERE rowid IN ({piece})", (listed,))]):
            pass


def shrink(connection: Connection) -> int:
    """Give the room of what was removed back to the disk, where the database is a file; return how many bytes.

    Raises:
        StorageError: there is no room for the smaller copy, or another program holds the file.

    """
    if connection.address.is_remote or not connection.number("PRAGMA freelist_count"):
        return 0
    old_size, _ = file_size(connection)
    connection.query("VACUUM")
    new_size, _ = file_size(connection)
    return old_size - new_size
