"""What the database tests run on: a file, a server, a server with tokens; and runs to store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import pytest

from sim import Database, Run, StorageError, load_scenario, open_database, run
from sim.events import EventLog
from sim.storage import new_run_id

KINDS = ("file", "server", "turso")
with_tokens_too = pytest.mark.parametrize("backend", [*KINDS, "token_server"], indirect=True)
# of several threads Turso 0.8.3 tells one at times "cannot start a transaction within a transaction"
of_many_at_once = pytest.mark.parametrize("backend", ["file", "server", "token_server"], indirect=True)
on_a_file = pytest.mark.parametrize("backend", ["file"], indirect=True)
TABLES = {
    "users": "id",
    "scenarios": "sha256",
    "experiments": "id",
    "runs": "id",
    "bots": "run_id, number",
    "orders": "run_id, order_number",
    "events": "run_id, seq",
    "metric_names": "metric_set, name",
    "metrics": "run_id, name",
    "files": "sha256, part",
}
"""The tables of the schema and its view `metrics`, and what to sort their rows by."""
OWN = ("runs", "bots", "orders", "events", "metrics")
"""The tables that hold rows of one run alone."""

# Ends with a bot that is busy, an idle one and a removed one, an order that came back, and an ignored removal.
BUSY = """
scenario: 1
name: busy
description: "Zürich 'am' \\"Abend\\" 🍔\\n\\t\\0end"
params: {cook: 10s}
seed: 9223372036854775807
service: {VIP: $cook, NORMAL: {exponential: {mean: 7s}}}
clock: {until: 25s}
timeline:
  - {at: 0s, remove_bots: 1}
  - {at: 0s, add_bots: 2}
  - {at: 1s, order: NORMAL, service: 10s}
  - {at: 2s, order: NORMAL, service: 10s}
  - {at: 3s, order: VIP}
  - {at: 5s, remove_bots: 1}
  - {at: 18s, add_bots: 2}
  - {at: 20s, order: VIP}
expect:
  - {order: 1001, completed: 11s}
  - {order: 1003, status: PENDING}
"""
TRACED = """
scenario: 1
name: traced
bots: {initial: 1}
clock: {until: 40s}
service: 10s
arrivals:
  - {name: measured, trace: "Küche 'Ost' 🍔.csv"}
  - {name: late, class: {VIP: 30%, NORMAL: 70%}, poisson: {rate: 0.3/s}}
"""
TRACE = "time,class,service\r\n1s,NORMAL,3s\r\n2s,VIP,\r\n\r\n2s,NORMAL,1234567us\r\n"
EMPTY = "scenario: 1\nname: empty\n"
# Has windows that do not follow the alphabet, percentiles with counts, and orders that are not over at the last.
LUNCH = """
scenario: 1
name: lunch
bots: {initial: 1}
clock: {until: 2m}
service: {exponential: {mean: 9s}}
windows: {night: {from: 0s, until: 1m}, day: {from: 1m, until: 2m}}
metrics: [wait.NORMAL.p98@night, wait.p95@day, flow.p90]
arrivals: [{class: {VIP: 20%, NORMAL: 80%}, poisson: {rate: 15/m}}]
"""


@dataclass
class Backend:
    """A database that is still empty; `read` asks it without our code."""

    url: str
    read: Callable[..., list[tuple]]

    def open(self) -> Database:
        return open_database(self.url)

    def rows(self, table: str) -> list[tuple]:
        return self.read(f"SELECT * FROM {table} ORDER BY {TABLES[table]}")

    def count(self, *tables: str) -> tuple[int, ...]:
        [counts] = self.read("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
        return counts


def run_text(folder: Path, text: str, **options) -> Run:
    """Run a scenario from its text."""
    folder.mkdir(exist_ok=True)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    if "trace:" in text:
        (folder / "Küche 'Ost' 🍔.csv").write_bytes(TRACE.encode())
    return run(load_scenario(folder / "scenario.yaml"), **options)


def event_rows(log: EventLog) -> list[tuple]:
    """Return the events as the database has them."""
    return [(one.seq, one.time, one.kind.label, one.order, one.bot) for one in log]


def own_rows(backend: Backend, run_id: str) -> dict[str, list[tuple]]:
    """Return all rows of a run."""
    column = {"runs": "id"}
    return {
        table: backend.read(
            f"SELECT * FROM {table} WHERE {column.get(table, 'run_id')} = ? ORDER BY {TABLES[table]}", run_id
        )
        for table in OWN
    }


def change(database: Database, sql: str, *values: str | int) -> None:
    assert database.write([(sql, values)]) >= 1, f"nothing changed by {sql}"


def add_experiment(database: Database) -> None:
    """Add an experiment with a scenario that is there, and make all runs its own."""
    sql = (
        "INSERT INTO experiments (id, kind, scenario_id, parameters, created_at, updated_at) "
        "SELECT ?, 'sweep', id, '{}', '', '' FROM scenarios LIMIT 1"
    )
    newest = "UPDATE runs SET experiment_id = (SELECT max(id) FROM experiments)"
    database.write([(sql, (new_run_id(),)), (newest, ())])


def at_once(count: int, act: Callable[[], object]) -> None:
    """Let so many threads do something at the same time; what one of them raises is raised."""
    together = Barrier(count)

    def one(_: int) -> None:
        together.wait()
        act()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))


def refuses(database: Database, sql: str, message: str) -> bool:
    """Tell whether the database refuses a statement for that reason."""
    try:
        database.write([(sql, ())])
    except StorageError as error:
        return message in str(error)
    return False
