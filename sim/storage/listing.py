"""Finding stored runs and experiments, and listing them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sim.errors import StorageError
from sim.storage.connection import Connection, Value
from sim.storage.metrics import metric_names
from sim.storage.reading import (
    REPLICATION,
    Damaged,
    DamagedRunError,
    Entry,
    StoredRun,
    damaged_run,
    read_experiment,
    read_metrics,
    read_replication,
    read_run,
    warn_of,
)
from sim.storage.sizes import entry_sizes
from sim.units import parse_duration

_COMPLETE = (
    "FROM runs LEFT JOIN scenarios ON scenarios.id = runs.scenario_id AND scenarios.deleted_at IS NULL "
    "WHERE status = 'complete'"
)
_RUNS = (
    "SELECT runs.id, scenarios.name, tags, seed, replication, engine, fingerprint, started_at, finished_at, pushed_at, "
    f"runs.parameters, versions, experiment_id {_COMPLETE}"
)
_EXPERIMENTS = (
    "SELECT experiment_id, (SELECT kind FROM experiments WHERE id = experiment_id), min(scenarios.name), min(seed), "
    "min(started_at), min(tags), CASE WHEN count(DISTINCT runs.parameters) = 1 THEN min(runs.parameters) END, "
    "count(*), count(pushed_at) "
    f"{_COMPLETE} AND experiment_id IS NOT NULL"
)
_LISTED = "(SELECT value FROM json_each(?))"
_LIVE, _DELETED = "runs.deleted_at IS NULL", "runs.deleted_at IS NOT NULL"


def list_runs(
    connection: Connection,
    scenario: str | None = None,
    since: datetime | None = None,
    tag: str | None = None,
    deleted: bool = False,
    damaged: Damaged = warn_of,
) -> list[StoredRun]:
    """Return the runs, the newest first, also those of experiments: those of a scenario's name, begun at `since` (of
    UTC, if it names no zone) or later, and with a tag. `deleted` asks for deleted ones instead. `damaged` is told of
    each damaged run, which is left out.

    Raises:
        StorageError: the database cannot be read.

    """
    conditions, values = _conditions(scenario, since, tag, deleted)
    return _read_runs(connection, f"{conditions} ORDER BY started_at DESC, runs.id DESC", values, damaged)


def list_entries(
    connection: Connection,
    scenario: str | None = None,
    since: datetime | None = None,
    tag: str | None = None,
    deleted: bool = False,
    most: int | None = None,
    damaged: Damaged = warn_of,
) -> tuple[list[Entry], int]:
    """Return the newest runs and experiments, the newest first, at `most` so many, and how many there are in all;
    an experiment counts by those of its runs that `list_runs` would return.

    Raises:
        StorageError: the database cannot be read.

    """
    conditions, values = _conditions(scenario, since, tag, deleted)
    ids = connection.query(
        f"SELECT coalesce(experiment_id, runs.id) AS entry {_COMPLETE} AND {conditions} "
        "GROUP BY entry ORDER BY max(started_at) DESC, entry DESC",
        *values,
    )
    newest = []  # read in one query, then put into this order again
    for (entry,) in ids[:most]:
        if isinstance(entry, str):
            newest.append(entry)
        else:
            damaged(damaged_run(connection, entry, "experiment_id", entry, "an id"))
    entries = _read_entries(connection, newest, conditions, values, damaged)
    return [entries[entry] for entry in newest if entry in entries], len(ids)


def find_run(connection: Connection, prefix: str, deleted: bool = False) -> StoredRun:
    """Return the run whose id starts with `prefix`, among the deleted ones if `deleted`.

    Raises:
        StorageError: there is none, or more than one, or it is damaged.

    """
    where, values = _starting("runs.id", prefix, deleted)
    rows = connection.query(f"{_RUNS} AND {where} LIMIT 2", *values, width=len(StoredRun._fields))
    if not rows and _experiments(connection, prefix, deleted):
        raise StorageError(
            f"database {connection.address.url}: {prefix!r} is an experiment; sim runs show {prefix} lists its runs"
        )
    if len(rows) != 1:
        raise _not_one(connection, prefix, deleted, len(rows))
    return read_run(connection, rows[0])


def find_id(connection: Connection, prefix: str, deleted: bool = False) -> tuple[str, str]:
    """Return `run` or `experiment`, and the id of the one that starts with `prefix`, among the deleted ones if
    `deleted`; an experiment goes before its own runs. It may be damaged.

    Raises:
        StorageError: there is none, or more than one.

    """
    experiments = _experiments(connection, prefix, deleted)
    where, values = _starting("runs.id", prefix, deleted)
    outside = f"(experiment_id IS NULL OR experiment_id NOT IN {_LISTED})"
    sql = f"SELECT runs.id {_COMPLETE} AND {where} AND {outside} LIMIT 2"
    runs = connection.query(sql, *values, json.dumps(experiments))
    entries = [("experiment", key) for key in experiments] + [("run", str(key)) for (key,) in runs]
    if len(entries) != 1:
        raise _not_one(connection, prefix, deleted, len(entries))
    return entries[0]


def find_entry(connection: Connection, prefix: str) -> Entry:
    """Return the run or experiment whose id starts with `prefix`; see `find_id`.

    Raises:
        StorageError: there is none, or more than one, or it is damaged.

    """

    def refuse(error: DamagedRunError) -> None:
        raise error

    kind, key = find_id(connection, prefix)
    if kind == "run":
        return Entry.of_run(find_run(connection, key))
    return _read_entries(connection, [key], _LIVE, [], refuse)[key]


def runs_of(connection: Connection, experiment: str, damaged: Damaged = warn_of) -> list[StoredRun]:
    """Return the runs of an experiment in the order in which they were stored; `damaged` is told of damaged ones.

    Raises:
        StorageError: the database cannot be read.

    """
    conditions = f"{_LIVE} AND experiment_id = ? ORDER BY runs.id"
    return _read_runs(connection, conditions, [experiment], damaged)


def check_run(connection: Connection, run_id: str) -> None:
    """Read the row of a run, if it is there.

    Raises:
        DamagedRunError: it says what no run says.
        StorageError: the database cannot be read.

    """
    for row in connection.query(f"{_RUNS} AND runs.id = ?", run_id, width=len(StoredRun._fields)):
        read_run(connection, row)
    for row in connection.query(f"SELECT {REPLICATION} FROM runs WHERE id = ?", run_id, width=11):
        read_replication(connection, metric_names(connection), row)


def run_metrics(connection: Connection, run_id: str) -> dict[str, float | None]:
    """Return the metrics of a run by name, in the order in which they are shown.

    Raises:
        StorageError: the database cannot be read, or the run is damaged.

    """
    rows = connection.query("SELECT id, metric_set, metrics FROM runs WHERE id = ?", run_id, width=3)
    return read_metrics(connection, metric_names(connection), rows[0]) if rows else {}


def all_metrics(
    connection: Connection, damaged: Damaged = warn_of
) -> Iterator[tuple[StoredRun, dict[str, float | None]]]:
    """Yield all runs with their metrics, the newest first; `damaged` is told of each damaged run, which is left out.

    Raises:
        StorageError: the database cannot be read.

    """
    names = metric_names(connection)
    rows = {row[0]: row for row in connection.query("SELECT id, metric_set, metrics FROM runs", width=3)}
    for stored in list_runs(connection, damaged=damaged):
        try:
            yield stored, read_metrics(connection, names, rows[stored.id])
        except DamagedRunError as error:
            damaged(error)


def _conditions(
    scenario: str | None, since: datetime | None, tag: str | None, deleted: bool
) -> tuple[str, list[Value]]:
    """Return what chooses runs, in SQL, and the values of its parameters."""
    conditions, values = [_DELETED if deleted else _LIVE], list[Value]()
    if scenario is not None:
        conditions.append("scenarios.name = ?")
        values.append(scenario)
    if since is not None:
        conditions.append("started_at >= ?")
        values.append((since if since.tzinfo else since.replace(tzinfo=UTC)).astimezone(UTC).isoformat())
    if tag is not None:  # what is no JSON is damaged, and told
        has_tag = "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)"
        conditions.append(f"CASE WHEN json_valid(tags) THEN {has_tag} ELSE 1 END")
        values.append(tag)
    return " AND ".join(conditions), values


def _read_runs(connection: Connection, where: str, values: list[Value], damaged: Damaged) -> list[StoredRun]:
    runs = []
    for row in connection.query(f"{_RUNS} AND {where}", *values, width=len(StoredRun._fields)):
        try:
            runs.append(read_run(connection, row))
        except DamagedRunError as error:
            damaged(error)
    return runs


def _read_entries(
    connection: Connection, ids: list[str], conditions: str, values: list[Value], damaged: Damaged
) -> dict[str, Entry]:
    """Return the runs and experiments with these ids."""
    values = [*values, json.dumps(ids)]
    alone = f"{conditions} AND experiment_id IS NULL AND runs.id IN {_LISTED}"
    entries = {run.id: Entry.of_run(run) for run in _read_runs(connection, alone, values, damaged)}
    sql = f"{_EXPERIMENTS} AND {conditions} AND experiment_id IN {_LISTED} GROUP BY experiment_id"
    for row in connection.query(sql, *values, width=9):
        try:
            entries[row[0]] = read_experiment(connection, row)
        except DamagedRunError as error:
            damaged(error)
    sizes = entry_sizes(connection, list(entries))
    return {key: entry._replace(size=sizes.get(key, 0)) for key, entry in entries.items()}


def _starting(column: str, prefix: str, deleted: bool) -> tuple[str, list[Value]]:
    """Return the condition for ids that start with `prefix`, and its values; an odd one has to be written in full."""
    chosen = _DELETED if deleted else _LIVE
    if re.fullmatch("[0-9a-f-]{1,36}", prefix):  # a range, since LIKE would use no index; ~ stands behind all of these
        return f"{chosen} AND {column} >= ? AND {column} < ?", [prefix, f"{prefix}~"]
    return f"{chosen} AND {column} = ?", [prefix]


def _experiments(connection: Connection, prefix: str, deleted: bool) -> list[str]:
    """Return the ids of at most two experiments that start with `prefix`."""
    where, values = _starting("experiment_id", prefix, deleted)
    return [
        key for (key,) in connection.query(f"SELECT DISTINCT experiment_id {_COMPLETE} AND {where} LIMIT 2", *values)
    ]


def _not_one(connection: Connection, prefix: str, deleted: bool, count: int) -> StorageError:
    kind, lists = ("deleted run", "sim runs --deleted") if deleted else ("run", "sim runs")
    problem = f"{'more than one' if count else 'no'} {kind} starts with id {prefix!r}"
    return StorageError(f"database {connection.address.url}: {problem}; {lists} lists them")


def parse_instant(text: str) -> datetime:
    """Return the instant that a text names: `2h` is two hours ago; dates and times as in ISO 8601 are in UTC.

    Raises:
        ValueError: it names none.

    """
    try:
        try:
            return datetime.now(UTC) - timedelta(microseconds=parse_duration(text))
        except ValueError:
            instant = datetime.fromisoformat(text)
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        problem = f"{text!r} is not an instant; write 2h for two hours ago, or a date such as 2026-11-23"
        raise ValueError(problem) from None
