"""Runs into a database: from the simulation, and from one database to another."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain

from sim.errors import Fault, ScenarioError
from sim.experiment import Run, replication_of
from sim.scenario import Scenario
from sim.scenario.source import read_yaml
from sim.scenario.text import resolved_text
from sim.storage.connection import Connection, Statement, Value
from sim.storage.listing import check_run
from sim.storage.metrics import StoredMetrics, metric_names, name_statement, stored_metrics
from sim.storage.migrations import now
from sim.storage.pages import pages
from sim.storage.reading import Damaged, DamagedRunError, damaged_run, is_text, warn_of
from sim.storage.rows import (
    PAGED,
    closing,
    file_parts,
    insert,
    new_run_id,
    of_scenario,
    opening,
    page,
    read_pages,
    run_row,
    scenario_row,
)

Progress = Callable[[int, int], None]

_BATCH = 2_000_000  # characters; well below the 5 s after which a server gives a transaction up
_RUNS = "SELECT id FROM runs WHERE"
_RUN = (
    "id",
    "replication",
    "seed",
    "engine",
    "parameters",
    "fingerprint",
    "versions",
    "tags",
    "warmup_us",
    "bounds",
    "counts",
    "followed_us",
    "started_at",
    "finished_at",
    "created_at",
    "updated_at",
)
_SCENARIO = ("id", "name", "sha256", "model_sha256", "yaml", "created_at", "updated_at")
_EXPERIMENT = ("id", "kind", "parameters", "answer", "created_at", "updated_at")
_FILE = ("sha256", "part", "content")
_SCENARIO_OF = "scenarios WHERE deleted_at IS NULL AND id = (SELECT scenario_id FROM runs WHERE id = ?)"
_EXPERIMENT_OF = "experiments WHERE deleted_at IS NULL AND id = (SELECT experiment_id FROM runs WHERE id = ?)"
_SCENARIO_OF_EXPERIMENT = f"scenarios WHERE deleted_at IS NULL AND id = (SELECT scenario_id FROM {_EXPERIMENT_OF})"
_PROVEN: set[str] = set()  # the scenarios that this process read back, by their SHA-256
_NAMED = r'^# (".*") sha256 ([0-9a-f]{64})$'


def prove(connection: Connection, scenario: Scenario) -> None:
    """Read the text back that is stored of a scenario, before anything is stored: written again it must be the same.

    Raises:
        StorageError: it cannot be read, or says something else.

    """
    if scenario.sha256 in _PROVEN:
        return
    faults: list[Fault] = []
    try:
        written_text = resolved_text(read_yaml(scenario.text, "its text", faults).plain(), scenario.files)
    except ScenarioError as error:
        faults = error.faults
    digests = {name: sha256(data).hexdigest() for name, data in scenario.files.items()}
    if faults or written_text != scenario.text or named_files(scenario.text) != digests:
        reason = faults[0] if faults else "it would be another one"
        problem = f"does not take the scenario {scenario.name}, which could not be read back from its text: {reason}"
        raise connection.error(problem, "SCENARIO")
    _PROVEN.add(scenario.sha256)


def save_run(
    connection: Connection,
    run: Run,
    tags: Iterable[str] = (),
    run_id: str | None = None,
    experiment: Sequence[Statement] = (),
    experiment_id: str | None = None,
) -> str:
    """Store a run and return its id, one of `new_run_id`; other readers see it whole or not at all.

    It may belong to an experiment, which `experiment` makes known.

    Raises:
        StorageError: the database refuses it, or cannot be reached.

    """
    prove(connection, run.scenario)
    run_id = run_id or new_run_id()
    row = run_row(run.scenario, run.seed, replication_of(run), run_id, tags)
    row |= {"followed_us": run.final.until, "experiment_id": experiment_id}

    def statements() -> Iterator[Statement]:
        yield from file_statements(run.scenario)
        yield from pages(run, run_id, connection.address.is_remote)
        yield name_statement(list(run.measures.values))
        yield from closing(run_id, stored_metrics(run.measures.values), row["updated_at"])

    store(connection, run_id, [*experiment, *opening(row, scenario_row(run.scenario))], statements())
    return run_id


def file_statements(scenario: Scenario) -> Iterator[Statement]:
    """Yield what stores the data files of a scenario."""
    for data in scenario.files.values():
        yield from file_parts(sha256(data).hexdigest(), data.decode())


def store(connection: Connection, run_id: str, begin: Sequence[Statement], statements: Iterable[Statement]) -> None:
    """Write a run in one transaction into a file, or in several that can be repeated to a server.

    `begin` is in the first one: the run with all that it names and that names it, so that a purge by another client
    never meets one without the other.
    """
    if not connection.address.is_remote:
        connection.write(chain(begin, statements))
        return
    batch = list(begin)
    size = 0  # of texts: they are nearly all that is sent
    for statement in statements:
        batch.append(statement)
        size += sum(len(value) for value in statement[1] if isinstance(value, str))
        if size > _BATCH:
            connection.write([*batch, _sign_of_life(run_id)])
            batch = []
            size = 0
    connection.write(batch)


def _sign_of_life(run_id: str) -> Statement:
    return "UPDATE runs SET updated_at = ? WHERE id = ? AND status = 'writing'", (now(), run_id)


def push_all(
    source: Connection, target: Connection, progress: Progress | None = None, damaged: Damaged = warn_of
) -> int:
    """Copy all runs of `source` that `target` lacks, the oldest first, and return how many they were.

    What is deleted in either of them is left alone. `progress(done, total)` is called now and then with rows, `damaged`
    is told of each damaged run, which is left out.

    Raises:
        StorageError: a database refuses it, or cannot be reached; it can be called again.

    """
    lacking, known = runs_to_push(source, target)
    rows_sent = 0
    total = _count_rows(source, lacking) if progress else 0

    def sent(rows: int) -> None:
        nonlocal rows_sent
        rows_sent += rows
        if progress:
            progress(rows_sent, total)

    pushed = 0
    for run_id in lacking:
        try:
            push_run(source, target, run_id, sent)
            pushed += 1
        except DamagedRunError as error:
            damaged(error)
    source.write([_mark(known)])  # also those that another program pushed
    return pushed


def runs_to_push(source: Connection, target: Connection) -> tuple[list[str], list[str]]:
    """Return the ids of the runs of `source` that `target` lacks, the oldest first, and of those that it knows.

    Raises:
        StorageError: a database cannot be read.

    """
    # what is deleted there counts as known: a push must not bring it back
    known = {run_id for (run_id,) in target.query(f"{_RUNS} status = 'complete' OR deleted_at IS NOT NULL")}
    ids = [run_id for (run_id,) in source.query(f"{_RUNS} status = 'complete' AND deleted_at IS NULL ORDER BY id")]
    return [run_id for run_id in ids if run_id not in known], [run_id for run_id in ids if run_id in known]


def _count_rows(source: Connection, run_ids: list[str]) -> int:
    counts = " + ".join(f"(SELECT count(*) FROM {table} WHERE run_id = value)" for table in PAGED)
    return source.number(f"SELECT coalesce(sum({counts}), 0) FROM json_each(?)", json.dumps(run_ids))


def _mark(run_ids: list[str]) -> Statement:
    sql = "UPDATE runs SET pushed_at = ? WHERE pushed_at IS NULL AND id IN (SELECT value FROM json_each(?))"
    return sql, (now(), json.dumps(run_ids))


def push_run(source: Connection, target: Connection, run_id: str, sent: Callable[[int], None] = lambda _: None) -> None:
    """Copy a run from one database to another, from where an earlier attempt ended; nothing is there twice.

    `sent` is told how many rows went since it was told last.

    Raises:
        DamagedRunError: the run is damaged.
        StorageError: a database refuses it, or cannot be reached.

    """
    check_run(source, run_id)
    [run] = _rows(source, _RUN, "runs WHERE id = ?", run_id)
    [scenario] = _rows(source, _SCENARIO, _SCENARIO_OF, run_id) or [{}]
    metrics = StoredMetrics(*source.row("SELECT metric_set, metrics FROM runs WHERE id = ?", run_id, width=2))
    begin = list(_beginning(source, run_id, run, scenario))
    digests = set(named_files(scenario.get("yaml")).values())
    if digests:  # what is there already must not be purged by another client after we looked
        target.write([*begin, _sign_of_life(run_id)])
        begin = []
    # data files may be large, and other runs may have brought them there already
    lacking = {digest: parts for digest in digests if (parts := _parts(source, digest)) != _parts(target, digest)}
    # the rows of each table were sent in the order of their numbers, so nothing lacks before the last one
    lasts = ", ".join(f"(SELECT max({columns[0]}) FROM {table} WHERE run_id = ?)" for table, columns in PAGED.items())
    last_numbers = target.row(f"SELECT {lasts}", *[run_id] * len(PAGED), width=len(PAGED))

    def statements() -> Iterator[Statement]:
        for digest, parts in lacking.items():
            for part in range(parts):
                [row] = _rows(source, _FILE, "files WHERE sha256 = ? AND part = ?", digest, part)
                yield insert("files", row)
        for table, last in zip(PAGED, last_numbers, strict=True):
            for rows, count in read_pages(source, table, run_id, -1 if last is None else last):
                yield page(table, run_id, rows)
                sent(count)
        yield name_statement(metric_names(source).get(metrics.metric_set, []))
        yield from closing(run_id, metrics, run["updated_at"])

    store(target, run_id, begin, statements())
    source.write([_mark([run_id])])


def _beginning(
    source: Connection, run_id: str, run: dict[str, Value], scenario: dict[str, Value]
) -> Iterator[Statement]:
    """Yield what makes a run known, with its experiment, if it has one, and the scenarios of both."""
    [experiment_scenario] = _rows(source, _SCENARIO, _SCENARIO_OF_EXPERIMENT, run_id) or [{}]
    if experiment_scenario:
        yield insert("scenarios", experiment_scenario)
    for experiment in _rows(source, _EXPERIMENT, _EXPERIMENT_OF, run_id):
        yield of_scenario("experiments", experiment, experiment_scenario)
        run = {**run, "experiment_id": experiment["id"]}
    yield from opening({**run, "status": "writing"}, scenario)


def _rows(source: Connection, columns: tuple[str, ...], where: str, *values: Value) -> list[dict[str, Value]]:
    rows = source.query(f"SELECT {', '.join(columns)} FROM {where}", *values, width=len(columns))
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, str) and not is_text(value):
                raise damaged_run(
                    source, values[0], f"{column} in {where.split(maxsplit=1)[0]}", value, "text in UTF-8"
                )
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _parts(connection: Connection, digest: str) -> int:
    return connection.number("SELECT count(*) FROM files WHERE sha256 = ?", digest)


def named_files(yaml: Value) -> dict[str, str]:
    """Return the SHA-256 of each data file that a stored scenario names, by its name."""
    return {json.loads(name): digest for name, digest in re.findall(_NAMED, str(yaml or ""), re.MULTILINE)}
