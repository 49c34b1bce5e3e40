"""`sim db check`: where runs go, and whether that works."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from sim.experiment import run
from sim.scenario import restore_scenario
from sim.storage.addresses import LOCAL, Address, find_address
from sim.storage.connection import Connection
from sim.storage.listing import find_run
from sim.storage.migrations import MIGRATIONS, migrate, schema_version
from sim.storage.removing import purge_run
from sim.storage.runs import load_run
from sim.storage.saving import runs_to_push, save_run

_TRIPS = 5
_TRIAL = """
scenario: 1
name: database-check
bots: {initial: 2}
timeline:
  - {at: 0s, order: NORMAL, count: 3}
  - {at: 1s, order: VIP}
  - {at: 2s, remove_bots: 1}
"""


def check(address: Address, write: bool) -> Iterator[tuple[str, str]]:
    """Yield what is found out about a database, as labels and texts; `write` tries a run and takes it out again.

    Raises:
        StorageError: it cannot be reached, read or written, or is newer than this program.

    """
    yield "database", f"{address.url} ({address.url_from})"
    if address.is_remote:
        yield "token", address.token_from or f"none; {address.token_left}".removesuffix("; None")
    elif not (write or Path(address.target).exists()):
        yield "reached", "no, there is no such file yet; sim run FILE makes it"
        return
    with Connection(address) as connection:
        yield "reached", f"yes; round trip {_round_trip(connection):.1f} ms, median of {_TRIPS}"
        if write:
            migrate(connection)
        version = schema_version(connection)
        if version > len(MIGRATIONS):
            migrate(connection)
        yield "schema", f"version {version} of {len(MIGRATIONS)}" if version else "none yet; the first run makes it"
        if version:
            runs = "SELECT count(*) FROM runs WHERE status = 'complete' AND deleted_at IS NULL"
            yield "runs", str(connection.number(runs))
        if address.is_remote and Path(LOCAL.removeprefix("file:")).exists():
            yield "not pushed", _lacking(connection) if version else f"the runs in {LOCAL}; sim push sends them"
        if write:
            yield "write", _tried(connection)


def _round_trip(connection: Connection) -> float:
    """Return how many milliseconds the smallest query takes; the first one, which connects, is not counted."""
    times = []
    for _ in range(_TRIPS + 1):
        began = perf_counter()
        connection.number("SELECT 1")
        times.append(1000 * (perf_counter() - began))
    return median(times[1:])  # one slow answer says nothing


def _lacking(connection: Connection) -> str:
    with Connection(find_address(LOCAL)) as local:
        lacking, _ = runs_to_push(local, connection)
    return f"{len(lacking)} of the runs in {LOCAL}; sim push sends them" if lacking else f"none of the runs in {LOCAL}"


def _tried(connection: Connection) -> str:
    """Write a run, read it back, and remove it."""
    trial = run(restore_scenario(_TRIAL, {}, "trial"))
    run_id = save_run(connection, trial)
    try:
        loaded = load_run(connection, find_run(connection, run_id))
    finally:
        purge_run(connection, run_id)
        unused = "NOT EXISTS (SELECT 1 FROM runs WHERE scenario_id = scenarios.id)"
        connection.write([(f"DELETE FROM scenarios WHERE sha256 = ? AND {unused}", (trial.scenario.sha256,))])
    if loaded.fingerprint != trial.fingerprint or loaded.measures.values != trial.measures.values:
        raise connection.error("gave back a different run", "")
    return f"yes; a run of {len(trial.log)} events was written, read back the same, and removed"
