"""Stored runs, read back as runs and run again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from operator import index
from typing import Any, NamedTuple, cast, get_args

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine
from sim.errors import ScenarioError, StorageError
from sim.events import RECORD, EventKind, EventLog
from sim.experiment import Run, run
from sim.metrics import Final, final_of
from sim.model import NONE, OrderClass, OrderStatus, Workload
from sim.scenario import Scenario, restore_scenario
from sim.storage.connection import Connection
from sim.storage.reading import StoredRun
from sim.storage.rows import PAGED, read_pages
from sim.storage.saving import named_files


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
    [yaml] = rows[0]
    if len(rows) > 1 or not isinstance(yaml, str):
        raise connection.untrue()
    files = {}  # as they were: those on this disk may have changed since
    for name, digest in named_files(yaml).items():
        parts = connection.query("SELECT content FROM files WHERE sha256 = ? ORDER BY part", digest)
        files[name] = "".join(str(part) for (part,) in parts).encode(errors="surrogateescape")
        if sha256(files[name]).hexdigest() != digest:
            raise _gone(connection, stored, f"its data file {name} is not in the database")
    try:
        restored = restore_scenario(yaml, files, f"scenario of run {stored.id}")
    except ScenarioError as error:
        raise _gone(connection, stored, f"this version cannot read its scenario: {error.faults[0]}") from None
    return replace(restored, in_force=stored.parameters)


def _gone(connection: Connection, stored: StoredRun, reason: str) -> StorageError:
    return connection.error(f"run {stored.id} cannot be read back, since {reason}", "GONE")


def load_run(connection: Connection, stored: StoredRun) -> Run:
    """Return a run as it was stored, with its log, tables and charts; nothing is simulated.

    Raises:
        StorageError: it is damaged, or its scenario cannot be read.

    """
    run = _read(connection, stored)
    if not len(run.log) and run.fingerprint != stored.fingerprint:
        cure = f"sim run FILE --seed {stored.seed} --replication {stored.replication} makes them"
        raise _gone(connection, stored, f"its events were not stored, as always in an experiment; {cure}")
    if run.fingerprint != stored.fingerprint:
        raise _gone(connection, stored, "its events do not match its fingerprint")
    return run


def _read(connection: Connection, stored: StoredRun) -> Run:
    scenario = stored_scenario(connection, stored)
    try:
        warmup, until = connection.row("SELECT warmup_us, followed_us FROM runs WHERE id = ?", stored.id, width=2)
        workload, final = _workload(connection, stored, scenario, until)
        log = _log(connection, stored, workload)
        began, ended = (datetime.fromisoformat(instant) for instant in (stored.started_at, stored.finished_at))
    except (IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise _gone(connection, stored, "its rows are damaged") from None
    final = final or final_of(workload, log, scenario.end)
    facts = (stored.seed, stored.replication, stored.engine, index(warmup))
    return Run(scenario, *facts, workload, log, final, began, ended)


def _workload(
    connection: Connection, stored: StoredRun, scenario: Scenario, until: int | None
) -> tuple[Workload, Final | None]:
    """Return the workload of a run, and what became of its orders until the last instant, None where they were not
    followed. What its files tell of is as stored, also where numbers are drawn in another way now.
    """
    drawn = scenario.workload(stored.seed, stored.replication)
    streams = {name: code for code, name in enumerate(drawn.stream_names)}
    readers: dict[str, Callable[[Sequence[Any]], NDArray[Any]]] = {
        "class": lambda names: np.array([OrderClass[name] for name in names], np.uint8),
        "stream": lambda names: np.array([streams[name] for name in names], np.int32),
    }
    if until is not None:
        readers["final_status"] = lambda names: np.array([OrderStatus[name] for name in names], np.uint8)
        readers |= dict.fromkeys(("final_picked_up_us", "final_completed_us", "final_wait_us"), _instants)
    columns = _columns(connection, "orders", stored.id, readers)
    workload = replace(drawn, order_class=columns["class"], stream=columns["stream"])
    if until is None:
        return workload, None
    status, picked_up, completed, wait = (column for name, column in columns.items() if name.startswith("final_"))
    return workload, Final(status, picked_up, completed, wait, index(until))


def _log(connection: Connection, stored: StoredRun, workload: Workload) -> EventLog:
    kinds = {kind.label: kind for kind in EventKind}
    columns = _columns(
        connection,
        "events",
        stored.id,
        {
            "time_us": _instants,
            "kind": lambda names: np.array([kinds[name] for name in names], np.uint8),
            "order_number": lambda numbers: _numbers(numbers, workload.first_number),
            "bot_number": _numbers,
        },
    )
    rows = np.empty(len(columns["kind"]), RECORD)
    for name, column in zip(("time", "kind", "order", "bot"), columns.values(), strict=True):
        rows[name] = column
    return EventLog.from_records(rows.tobytes(), workload)


def _instants(values: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([NONE if value is None else index(value) for value in values], np.int64)


def _numbers(values: Sequence[int | None], first: int = 0) -> NDArray[np.int32]:
    return np.array([NONE if value is None else index(value) - first for value in values], np.int32)


def _columns(
    connection: Connection, table: str, run_id: str, readers: dict[str, Callable[[Sequence[Any]], NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Return some columns of the rows of a run, each made of the values of a page by its function."""
    places = {name: PAGED[table].index(name) for name in readers}
    parts: dict[str, list[NDArray[Any]]] = {name: [read(())] for name, read in readers.items()}
    for rows, _ in read_pages(connection, table, run_id):
        columns = list(zip(*json.loads(rows), strict=True))
        for name, read in readers.items():
            parts[name].append(read(columns[places[name]]))
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


class Reproduced(NamedTuple):
    """What is stored of a run, the run as it was stored, also where it was changed since, and run again.

    Of a run of an experiment, whose events are not stored, `stored_run` is None.
    """

    stored: StoredRun
    stored_run: Run | None
    new_run: Run

    @property
    def is_same(self) -> bool:
        """Whether it is what it was: its fingerprint, and its events where they are stored."""
        has_same_events = self.stored_run is None or self.stored_run.log.first_difference(self.new_run.log) is None
        return has_same_events and self.new_run.fingerprint == self.stored.fingerprint


def reproduce(connection: Connection, stored: StoredRun) -> Reproduced:
    """Return a stored run, run again.

    Raises:
        StorageError: its scenario or its rows cannot be read.

    """
    stored_run = _read(connection, stored)
    # an engine of a later version may be unknown here, and all of them make the same
    engine = cast(Engine, stored.engine if stored.engine in get_args(Engine) else "auto")
    new_run = run(stored_run.scenario, stored.seed, stored.replication, engine)
    has_events = len(stored_run.log) or not len(new_run.log)
    return Reproduced(stored, stored_run if has_events else None, new_run)
