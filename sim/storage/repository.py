"""Runs into the database and out of it."""

import json
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from platform import python_version
from typing import Any, NamedTuple

from numpy.typing import NDArray
from uuid6 import uuid7

from sim.errors import StorageError
from sim.events import EventKind
from sim.experiment import Run
from sim.model import NONE, OrderClass, OrderStatus
from sim.storage.connection import Database, Statement, Value
from sim.storage.migrations import now

_ROWS = 1_000  # in one INSERT
_PACKAGES = ("ordersim", "numpy", "simpy")


class StoredRun(NamedTuple):
    """A row of `sim runs`; instants are wall-clock, UTC, ISO 8601."""

    id: str
    scenario: str | None
    seed: int
    replication: int
    engine: str
    fingerprint: str
    started_at: str
    finished_at: str
    parameters: dict[str, Any]
    versions: dict[str, str]


def save_run(database: Database, run: Run) -> str:
    """Store a run whole or not at all and return its id, a UUIDv7.

    Raises:
        StorageError: the database refuses it.

    """
    run_id = str(uuid7())
    users = dict(database.query("SELECT role, id FROM users WHERE deleted_at IS NULL"))
    database.write(_statements(run, run_id, users))
    return run_id


def _statements(run: Run, run_id: str, users: dict[str, str]) -> Iterator[Statement]:
    stamp, scenario = now(), run.scenario
    yield (
        "INSERT INTO scenarios (id, name, sha256, yaml, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (sha256) WHERE deleted_at IS NULL DO NOTHING",
        (str(uuid7()), scenario.name, scenario.sha256, scenario.text, stamp, stamp),
    )
    versions = {name: version(name) for name in _PACKAGES} | {"python": python_version()}
    yield (
        "INSERT INTO runs (id, scenario_id, replication, seed, engine, parameters, fingerprint, versions, status, "
        "started_at, finished_at, created_at, updated_at) "
        "VALUES (?, (SELECT id FROM scenarios WHERE sha256 = ? AND deleted_at IS NULL), "
        "?, ?, ?, ?, ?, ?, 'complete', ?, ?, ?, ?)",
        (
            *(run_id, scenario.sha256, run.replication, run.seed, run.engine),
            *(json.dumps(scenario.parameters), run.fingerprint, json.dumps(versions)),
            *(run.started_at.isoformat(), run.finished_at.isoformat(), stamp, stamp),
        ),
    )
    order_ids = [str(uuid7()) for _ in run.measures.orders.number]
    bot_ids = [str(uuid7()) for _ in range(int((run.log.kind == EventKind.BOT_ADDED).sum()))]
    yield from _inserts("bots", _bots(run, run_id, bot_ids, order_ids, users.get("MANAGER")))
    yield from _inserts("orders", _orders(run, run_id, bot_ids, order_ids, users, stamp))
    yield from _inserts("events", _events(run, run_id))
    yield from _inserts("metrics", _metrics(run, run_id))


def _inserts(table: str, rows: Iterator[dict[str, Value]]) -> Iterator[Statement]:
    """Yield one INSERT for each thousand rows."""
    while chunk := list(islice(rows, _ROWS)):
        columns = ", ".join(chunk[0])
        one = f"({', '.join('?' * len(chunk[0]))})"
        values = tuple(value for row in chunk for value in row.values())
        yield f"INSERT INTO {table} ({columns}) VALUES {', '.join([one] * len(chunk))}", values


def _known(column: NDArray[Any]) -> list[int | None]:
    """Return a column as Python integers (numpy's would be stored as blobs), None where unknown."""
    return [None if value == NONE else value for value in column.tolist()]


def _bots(
    run: Run, run_id: str, bot_ids: list[str], order_ids: Sequence[str], manager: str | None
) -> Iterator[dict[str, Value]]:
    log, attempts = run.log, run.measures.attempts
    added = log.time[log.kind == EventKind.BOT_ADDED].tolist()
    gone = log.kind == EventKind.BOT_REMOVED
    removed = dict(zip(log.bot[gone].tolist(), log.time[gone].tolist(), strict=True))
    running = attempts.ended == NONE
    working = dict(zip(attempts.bot[running].tolist(), attempts.row[running].tolist(), strict=True))
    for number, (bot_id, since) in enumerate(zip(bot_ids, added, strict=True), 1):
        yield {
            "id": bot_id,
            "run_id": run_id,
            "user_id": manager,
            "number": number,
            "status": "REMOVED" if number in removed else "PROCESSING" if number in working else "IDLE",
            "current_order_id": order_ids[working[number]] if number in working else None,
            "created_at": since,
            "updated_at": removed.get(number, since),
            "deleted_at": removed.get(number),
        }


def _orders(
    run: Run, run_id: str, bot_ids: list[str], order_ids: list[str], users: dict[str, str], stamp: str
) -> Iterator[dict[str, Value]]:
    orders = run.measures.orders
    classes, states = tuple(OrderClass.__members__), tuple(OrderStatus.__members__)
    columns = (orders.number, orders.order_class, orders.stream, orders.status, orders.created, orders.wait)
    certain = zip(order_ids, *(column.tolist() for column in columns), orders.attempts.tolist(), strict=True)
    unknown = zip(_known(orders.picked_up), _known(orders.completed), _known(orders.bot), strict=True)
    for (order_id, number, order_class, stream, status, created, wait, attempts), (picked_up, completed, bot) in zip(
        certain, unknown, strict=True
    ):
        yield {
            "id": order_id,
            "run_id": run_id,
            "user_id": users.get(classes[order_class]),
            "bot_id": None if bot is None else bot_ids[bot - 1],
            "order_number": number,
            "class": classes[order_class],
            "stream": run.workload.stream_names[stream],
            "status": states[status],
            "created_us": created,
            "picked_up_us": picked_up,
            "completed_us": completed,
            "wait_us": wait,
            "attempts": attempts,
            "created_at": stamp,
            "updated_at": stamp,
        }


def _events(run: Run, run_id: str) -> Iterator[dict[str, Value]]:
    for event in run.log:
        yield {
            "run_id": run_id,
            "seq": event.seq,
            "time_us": event.time,
            "kind": event.kind.label,
            "order_number": event.order,
            "bot_number": event.bot,
        }


def _metrics(run: Run, run_id: str) -> Iterator[dict[str, Value]]:
    for name, value in run.measures.metrics.items():
        yield {"run_id": run_id, "name": name, "value": None if value is None else float(value)}


_RUNS = (
    "SELECT runs.id, scenarios.name, seed, replication, engine, fingerprint, started_at, finished_at, "
    "parameters, versions FROM runs LEFT JOIN scenarios ON scenarios.id = scenario_id "
    "AND scenarios.deleted_at IS NULL WHERE runs.deleted_at IS NULL AND status = 'complete'"
)


def list_runs(database: Database) -> list[StoredRun]:
    """Return all runs, the newest first."""
    return [_stored(row) for row in database.query(f"{_RUNS} ORDER BY started_at DESC, runs.id DESC")]


def find_run(database: Database, prefix: str) -> StoredRun:
    """Return the run whose id starts with `prefix`.

    Raises:
        StorageError: there is none, or more than one.

    """
    rows = []
    if re.fullmatch("[0-9a-f-]{1,36}", prefix):
        rows = database.query(f"{_RUNS} AND runs.id >= ? AND runs.id < ? LIMIT 2", prefix, f"{prefix}~")
    if len(rows) != 1:
        problem = "more than one run starts" if rows else "no run starts"
        raise StorageError(f"database {database.url}: {problem} with id {prefix!r}; sim runs lists them")
    return _stored(rows[0])


def run_metrics(database: Database, run_id: str) -> dict[str, float | None]:
    """Return the metrics of a run by name, in the order of their names."""
    return dict(database.query("SELECT name, value FROM metrics WHERE run_id = ? ORDER BY name", run_id))


def _stored(row: tuple[Any, ...]) -> StoredRun:
    *plain, parameters, versions = row
    return StoredRun._make((*plain, json.loads(parameters), json.loads(versions)))
