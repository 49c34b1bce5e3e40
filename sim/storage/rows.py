"""Runs as statements: what a run is in the tables, whichever database it comes from or goes to.

The rows of bots, orders and events travel in pages. To a server a page is one text of JSON, which the database takes
apart; over HTTP that is four times as quick as a value for each column, and into a file it takes twice as long
(docs/decisions/0004). All keys follow from the run's, so writing a run again changes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from platform import python_version
from uuid import UUID

from sim.experiment import Replication
from sim.metrics import METRICS
from sim.scenario import DRAWS, Scenario
from sim.storage.connection import Connection, Statement, Value
from sim.storage.metrics import StoredMetrics, counts_text
from sim.storage.migrations import now
from sim.storage.reading import damaged_run, is_text

PAGED = {
    "bots": ("number", "id", "user_id", "status", "created_at", "updated_at", "deleted_at"),
    "orders": (
        "order_number",
        "id",
        "user_id",
        "bot_id",
        "class",
        "stream",
        "status",
        "created_us",
        "picked_up_us",
        "completed_us",
        "wait_us",
        "attempts",
        "final_status",
        "final_picked_up_us",
        "final_completed_us",
        "final_wait_us",
        "created_at",
        "updated_at",
        "deleted_at",
    ),
    "events": ("seq", "time_us", "kind", "order_number", "bot_number"),
}
"""The tables with a row for each bot, order and event of a run, in the order of writing, and their columns beside
`run_id`: first the one that counts the rows of a run. The order that a bot is working on follows from the orders.
"""

ROWS = {"bots": 2_000, "orders": 2_000, "events": 10_000}  # in a page: some hundred kilobytes
_PART = 500_000  # characters of a file
_PACKAGES = ("kitchensim", "numpy", "simpy")
_ROOM = 1 << 61  # the bit that is 0 in the id of a run


def new_id() -> str:
    """Return a UUIDv7."""
    from uuid6 import uuid7

    return str(uuid7())


def new_run_id() -> str:
    """Return a UUIDv7 whose random part has room to count on; the ids of a run's bots and orders do.

    Source: monotonic random, method 2 of section 6.2 of RFC 9562 (Davis, Peabody, Leach 2024).
    """
    return str(UUID(int=UUID(new_id()).int & ~_ROOM))


def run_row(scenario: Scenario, seed: int, run: Replication, run_id: str, tags: Iterable[str]) -> dict[str, Value]:
    """Return the row of a run, `writing`, without its scenario."""
    stamp = now()
    return {
        "id": run_id,
        "replication": run.number,
        "seed": seed,
        "engine": run.engine,
        "parameters": json.dumps(scenario.parameters),
        "fingerprint": run.fingerprint,
        "versions": json.dumps(versions()),
        "warmup_us": run.warmup,
        "bounds": json.dumps(sorted(run.bounds)),
        "counts": counts_text(run.counts),
        "tags": json.dumps(sorted(set(tags)), ensure_ascii=False),
        "status": "writing",
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat(),
        "created_at": stamp,
        "updated_at": stamp,
    }


def versions() -> dict[str, str]:
    """Return the versions that a fingerprint or a metric may depend on."""
    return {**_installed_versions(), "python": python_version(), "draws": DRAWS, "metrics": METRICS}


@cache  # finding them takes longer than storing a replication
def _installed_versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in _PACKAGES}


def scenario_row(scenario: Scenario) -> dict[str, Value]:
    """Return the row of a scenario."""
    stamp = now()
    return {
        "id": new_id(),
        "name": scenario.name,
        "sha256": scenario.sha256,
        "model_sha256": scenario.model_sha256,
        "yaml": scenario.text,
        "created_at": stamp,
        "updated_at": stamp,
    }


def opening(run: Mapping[str, Value], scenario: Mapping[str, Value]) -> Iterator[Statement]:
    """Yield what makes a run known, with a scenario of the same text if there is one; `scenario` may be empty."""
    if scenario:
        yield insert("scenarios", scenario)
    yield of_scenario("runs", run, scenario)


def of_scenario(table: str, row: Mapping[str, Value], scenario: Mapping[str, Value]) -> Statement:
    """Return the statement that adds a row that belongs to the live scenario of this text."""
    names, marks = _columns(row)
    # looked up there: another program may have stored the same scenario, under an id of its own
    return (
        f"INSERT INTO {table} (scenario_id, {names}) VALUES ((SELECT id FROM scenarios WHERE sha256 = ? "
        f"AND deleted_at IS NULL), {marks}) ON CONFLICT DO NOTHING",
        (scenario.get("sha256"), *row.values()),
    )


def file_parts(sha256: str, content: str) -> Iterator[Statement]:
    """Yield what stores a data file."""
    for part, start in enumerate(range(0, len(content), _PART)):
        yield insert("files", {"sha256": sha256, "part": part, "content": content[start : start + _PART]})


def closing(run_id: str, metrics: StoredMetrics, stamp: Value) -> Iterator[Statement]:
    """Yield what makes a run complete, once its pages are there; `stamp` is when it was changed last."""
    yield (
        "UPDATE bots SET current_order_id = (SELECT id FROM orders WHERE bot_id = bots.id AND status = 'PROCESSING') "
        "WHERE run_id = ? AND status = 'PROCESSING'",
        (run_id,),
    )
    yield (
        "UPDATE runs SET status = 'complete', metric_set = ?, metrics = ?, updated_at = ? "
        "WHERE id = ? AND status = 'writing' AND deleted_at IS NULL",
        (*metrics, stamp, run_id),
    )


def insert(table: str, row: Mapping[str, Value]) -> Statement:
    """Return the statement that adds a row where it is not there yet."""
    names, marks = _columns(row)
    return f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", tuple(row.values())


def _columns(row: Mapping[str, Value]) -> tuple[str, str]:
    """Return the names of columns, and as many marks for their values."""
    return ", ".join(row), ", ".join("?" for _ in row)


def page(table: str, run_id: str, rows: str) -> Statement:
    """Return the statement that adds rows, a JSON list of lists in the order of PAGED, where they are not there yet."""
    values = terms(table, [f"json_extract(value, '$[{index}]')" for index in range(len(PAGED[table]))])
    return f"{adding(table)} SELECT ?, {values} FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", (run_id, rows)


def adding(table: str) -> str:
    """Return how the statement begins that adds rows to a table of PAGED."""
    return f"INSERT INTO {table} (run_id, {', '.join(PAGED[table])})"


def terms(table: str, values: list[str]) -> str:
    """Return the terms of a row of values that SQL finds; a user who was purged there stays away."""
    names = PAGED[table]
    return ", ".join(
        f"(SELECT id FROM users WHERE id = {value})" if name == "user_id" else value
        for name, value in zip(names, values, strict=True)
    )


def read_pages(connection: Connection, table: str, run_id: str, previous: int = -1) -> Iterator[tuple[str, int]]:
    """Yield the rows of a run behind the one that is numbered `previous`, as JSON for `page`, and how many they are."""
    names = ", ".join(PAGED[table])
    number = PAGED[table][0]
    sql = (
        f"SELECT json_group_array(json_array({names})), max({number}), count(*) FROM (SELECT * FROM {table} "
        f"WHERE run_id = ? AND {number} > ? ORDER BY {number} LIMIT {ROWS[table]})"
    )
    while True:
        rows, last, count = connection.row(sql, run_id, previous, width=3)
        if not is_text(rows):
            raise damaged_run(connection, run_id, f"part of {table}", rows, "text in UTF-8")
        if count == 0:
            return
        if not isinstance(count, int) or not isinstance(last, int) or last <= previous:  # else it would never end
            raise connection.untrue()
        yield rows, count
        previous = last
