"""Stored runs: finding them, reading them back as runs, running them again, deleting them."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine
from sim.errors import ScenarioError, StorageError
from sim.events import RECORD, EventKind, EventLog
from sim.experiment import Run, run
from sim.model import NONE, OrderClass, Workload
from sim.scenario import Scenario, restore_scenario
from sim.storage.connection import Connection, Value
from sim.storage.metrics import in_order, metric_names
from sim.storage.migrations import now
from sim.storage.reading import Damaged, DamagedRunError, StoredRun, read_metrics, read_run, warn_of
from sim.storage.rows import PAGED, read_pages
from sim.storage.saving import named_files

_PIECE = 20_000  # rows deleted in one transaction
_STALE = timedelta(days=-1)


_RUNS = (
    "SELECT runs.id, scenarios.name, tags, seed, replication, engine, fingerprint, started_at, finished_at, pushed_at, "
    "parameters, versions, experiment_id FROM runs LEFT JOIN scenarios ON scenarios.id = scenario_id "
    "AND scenarios.deleted_at IS NULL WHERE status = 'complete'"
)


def list_runs(
    connection: Connection,
    scenario: str | None = None,
    since: datetime | None = None,
    tag: str | None = None,
    deleted: bool = False,
    damaged: Damaged = warn_of,
) -> list[StoredRun]:
    """Return the runs, the newest first: those of a scenario's name, begun at `since` (of UTC, if it names no zone) or
    later, and with a tag. `deleted` asks for deleted ones instead. `damaged` is told of each damaged run, which is left
    out.

    Raises:
        StorageError: the database cannot be read.

    """
    if since is not None:
        since = (since if since.tzinfo else since.replace(tzinfo=UTC)).astimezone(UTC)
    conditions: list[tuple[str, Value]] = [
        ("scenarios.name = ?", scenario),
        ("started_at >= ?", None if since is None else since.isoformat()),
        ("CASE WHEN json_valid(tags) THEN EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?) ELSE 1 END", tag),
    ]
    conditions = [(condition, value) for condition, value in conditions if value is not None]
    asked = "".join(f" AND {condition}" for condition, _ in conditions)
    sql = f"{_RUNS} AND runs.deleted_at IS {'NOT ' * deleted}NULL{asked} ORDER BY started_at DESC, runs.id DESC"
    runs = []
    for row in connection.query(sql, *(value for _, value in conditions), width=len(StoredRun._fields)):
        try:
            runs.append(read_run(connection, row))
        except DamagedRunError as error:
            damaged(error)
    return runs


def find_run(connection: Connection, prefix: str, deleted: bool = False) -> StoredRun:
    """Return the run whose id starts with `prefix`, among the deleted ones if `deleted`.

    Raises:
        StorageError: there is none, or more than one, or it is damaged.

    """
    sql = f"{_RUNS} AND runs.deleted_at IS {'NOT ' * deleted}NULL AND runs.id >= ? AND runs.id < ? LIMIT 2"
    rows = []
    if re.fullmatch("[0-9a-f-]{1,36}", prefix):
        rows = connection.query(sql, prefix, f"{prefix}~", width=len(StoredRun._fields))
    if len(rows) != 1:
        problem = f"{'more than one' if rows else 'no'} {'deleted ' * deleted}run starts"
        lists = f"sim runs{' --deleted' * deleted} lists them"
        raise StorageError(f"database {connection.address.url}: {problem} with id {prefix!r}; {lists}")
    return read_run(connection, rows[0])


def run_metrics(connection: Connection, run_id: str) -> dict[str, float | None]:
    """Return the metrics of a run by name, in the order in which they are shown.

    Raises:
        StorageError: the database cannot be read, or the run is damaged.

    """
    rows = connection.query("SELECT id, metric_set, metrics FROM runs WHERE id = ?", run_id, width=3)
    values = read_metrics(connection, metric_names(connection), rows[0]) if rows else {}
    return {name: values[name] for name in in_order(values)}


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


def stored_scenario(connection: Connection, stored: StoredRun) -> Scenario:
    """Return the scenario of a run as it was then, with its data files.

    Raises:
        StorageError: it is not in the database, or this version cannot read it.

    """
    rows = connection.query(
        "SELECT yaml FROM scenarios JOIN runs ON scenarios.id = scenario_id "
        "WHERE runs.id = ? AND scenarios.deleted_at IS NULL",
        stored.id,
    )
    if not rows:
        raise _gone(connection, stored, "its scenario was deleted")
    [(yaml,)] = rows
    files = {}
    for name, digest in named_files(yaml).items():
        parts = connection.query("SELECT content FROM files WHERE sha256 = ? ORDER BY part", digest)
        files[name] = "".join(part for (part,) in parts).encode()
        if sha256(files[name]).hexdigest() != digest:
            raise _gone(connection, stored, f"its data file {name} is not in the database")
    try:
        restored = restore_scenario(yaml, files, f"scenario of run {stored.id}")
    except ScenarioError as error:
        raise _gone(connection, stored, f"this version cannot read its scenario: {error.faults[0]}") from None
    return replace(restored, parameters=stored.parameters)


def _gone(connection: Connection, stored: StoredRun, reason: str) -> StorageError:
    return connection.error(f"run {stored.id} cannot be read back, since {reason}", "GONE")


def load_run(connection: Connection, stored: StoredRun) -> Run:
    """Return a run as it was stored, with its log, tables and charts; nothing is simulated.

    Raises:
        StorageError: it is damaged, or its scenario cannot be read.

    """
    run = _read(connection, stored)
    if not len(run.log) and run.fingerprint != stored.fingerprint:
        again = f"sim run FILE --seed {stored.seed} --replication {stored.replication} makes them"
        raise _gone(connection, stored, f"its events were not stored, as always in an experiment; {again}")
    if run.fingerprint != stored.fingerprint:
        raise _gone(connection, stored, "its events are not those of its fingerprint")
    return run


def _read(connection: Connection, stored: StoredRun) -> Run:
    scenario = stored_scenario(connection, stored)
    try:
        workload = _workload(connection, stored, scenario)
        log = _log(connection, stored, workload)
        began, ended = (datetime.fromisoformat(instant) for instant in (stored.started_at, stored.finished_at))
    except (IndexError, KeyError, OverflowError, ValueError):
        raise _gone(connection, stored, "its rows are damaged") from None
    return Run(scenario, stored.seed, stored.replication, stored.engine, workload, log, began, ended)


def _workload(connection: Connection, stored: StoredRun, scenario: Scenario) -> Workload:
    """Return the workload of a run; what its files tell of is as stored, also where numpy draws other numbers now."""
    drawn = scenario.workload(stored.seed, stored.replication)
    streams = {name: code for code, name in enumerate(drawn.stream_names)}
    orders = _columns(
        connection,
        "orders",
        stored.id,
        {
            "class": lambda names: np.array([OrderClass[name] for name in names], np.uint8),
            "stream": lambda names: np.array([streams.setdefault(name, len(streams)) for name in names], np.int32),
        },
    )
    return replace(
        drawn,
        order_class=orders["class"],
        stream=orders["stream"],
        stream_names=tuple(streams),
    )


def _log(connection: Connection, stored: StoredRun, workload: Workload) -> EventLog:
    kinds = {kind.label: kind for kind in EventKind}
    columns = _columns(
        connection,
        "events",
        stored.id,
        {
            "time_us": lambda times: np.array(times, np.int64),
            "kind": lambda names: np.array([kinds[name] for name in names], np.uint8),
            "order_number": lambda numbers: _numbers(numbers, workload.first_number),
            "bot_number": _numbers,
        },
    )
    rows = np.empty(len(columns["kind"]), RECORD)
    for name, column in zip(("time", "kind", "order", "bot"), columns.values(), strict=True):
        rows[name] = column
    return EventLog.from_records(rows.tobytes(), workload)


def _numbers(values: Sequence[int | None], first: int = 0) -> NDArray[np.int32]:
    return np.array([NONE if value is None else value - first for value in values], np.int32)


def _columns(
    connection: Connection, table: str, run_id: str, kept: dict[str, Callable[[Sequence[Any]], NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Return some columns of the rows of a run, each made of the values of a page by its function."""
    at = {name: PAGED[table].index(name) for name in kept}
    parts: dict[str, list[NDArray[Any]]] = {name: [make(())] for name, make in kept.items()}
    for rows, _ in read_pages(connection, table, run_id):
        columns = list(zip(*json.loads(rows), strict=True))
        for name, make in kept.items():
            parts[name].append(make(columns[at[name]]))
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def reproduce(connection: Connection, stored: StoredRun) -> tuple[Run | None, Run]:
    """Return a run as it was stored, also where it was changed since, and as it is when it is run again.

    The first is None of a run of an experiment, whose events are not stored.

    Raises:
        StorageError: its scenario or its rows cannot be read.

    """
    before = _read(connection, stored)
    engine = cast(Engine, stored.engine if stored.engine in get_args(Engine) else "auto")
    again = run(before.scenario, stored.seed, stored.replication, engine)
    return (before if len(before.log) or not len(again.log) else None), again


def delete_run(connection: Connection, run_id: str) -> None:
    """Mark a run as deleted: nothing shows it any more, until it is restored or purged.

    Raises:
        StorageError: the database refuses it.

    """
    sql, stamp = "UPDATE runs SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL", now()
    connection.write([(sql, (stamp, stamp, run_id))])


def restore_run(connection: Connection, run_id: str) -> None:
    """Undo `delete_run`.

    Raises:
        StorageError: the database refuses it.

    """
    sql = "UPDATE runs SET deleted_at = NULL, updated_at = ? WHERE id = ? AND status = 'complete'"
    connection.write([(sql, (now(), run_id))])


def purge(connection: Connection) -> int:
    """Remove for good what is marked as deleted, runs that nobody has gone on writing for a day, and scenarios and
    data files that nothing names any more.

    Returns the number of runs removed. A removed bot of a run that stays is not marked so: it belongs to the run.

    Raises:
        StorageError: the database refuses it; it can be called again.

    """
    sql = "SELECT id FROM runs WHERE deleted_at IS NOT NULL OR (status = 'writing' AND updated_at < ?)"
    doomed = [run_id for (run_id,) in connection.query(sql, now(_STALE))]
    for run_id in doomed:
        purge_run(connection, run_id)
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
    """Remove a run for good, in pieces, since a server gives up what takes long.

    Raises:
        StorageError: the database refuses it; it can be called again.

    """
    # from here on it cannot be restored, only purged once more
    connection.write([("UPDATE runs SET status = 'writing', deleted_at = ? WHERE id = ?", (now(), run_id))])
    for table, (number, *_) in reversed(PAGED.items()):
        piece = f"(SELECT {number} FROM {table} WHERE run_id = ? ORDER BY {number} LIMIT {_PIECE})"
        while connection.write([(f"DELETE FROM {table} WHERE run_id = ? AND {number} IN {piece}", (run_id, run_id))]):
            pass
    connection.write([("DELETE FROM runs WHERE id = ?", (run_id,))])
