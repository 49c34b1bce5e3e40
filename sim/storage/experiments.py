"""Experiments: their runs, without logs, into a database and out of it again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from sim.experiment import Replication
from sim.model import UNITS
from sim.scenario import Scenario
from sim.storage.connection import Connection, Statement
from sim.storage.metrics import metric_names, name_statement, stored_metrics
from sim.storage.migrations import now
from sim.storage.reading import (
    Damaged,
    DamagedRunError,
    StoredRun,
    damaged_run,
    read_replication,
    read_versions,
    warn_of,
)
from sim.storage.rows import closing, insert, new_id, new_run_id, of_scenario, run_row, scenario_row, versions
from sim.storage.saving import file_statements, prove, push_run, runs_to_push, store

_SAME = ("kitchensim", "numpy", "draws")  # what decides by its version which numbers a replication has
_REPLICATION = (
    "runs.id, runs.replication, runs.worst_waits, runs.fingerprint, runs.engine, runs.warmup_us, runs.started_at, "
    "runs.finished_at, runs.metric_set, runs.metrics"
)
_OF_MODEL = "(model_sha256 = ? OR sha256 = ?)"  # databases of schema 3 have the latter alone

Kind = Literal["replicate", "sweep", "compare", "select"]


class Experiment(NamedTuple):
    """What replications belong to: what it is, of which scenario, and its id."""

    kind: Kind
    scenario: Scenario
    id: str


def new_experiment(kind: Kind, scenario: Scenario) -> Experiment:
    """Return an experiment that is not stored yet."""
    return Experiment(kind, scenario, new_id())


def save_replications(
    connection: Connection,
    scenario: Scenario,
    seed: int,
    results: Iterable[Replication],
    tags: Iterable[str] = (),
    experiment: Experiment | None = None,
    run_ids: Sequence[str] | None = None,
) -> list[str]:
    """Store replications of a scenario, without their logs, in an experiment that may go on, by default in a new one of
    their own, and return the ids of their runs, which are new ones of `new_run_id` by default.

    Raises:
        StorageError: the database refuses it, or cannot be reached.

    """
    prove(connection, scenario)
    results, tags = list(results), list(tags)
    stamp = now()
    experiment = experiment or new_experiment("replicate", scenario)
    prove(connection, experiment.scenario)
    ids = [new_run_id() for _ in results] if run_ids is None else list(run_ids)

    own_row = scenario_row(scenario)
    begin = [*_beginning(experiment, seed, stamp), insert("scenarios", own_row)]
    for run_id, replication in zip(ids, results, strict=True):
        row = {**run_row(scenario, seed, replication, run_id, tags), "experiment_id": experiment.id}
        begin.append(of_scenario("runs", row, own_row))

    def statements() -> Iterator[Statement]:
        yield from file_statements(scenario)
        yield from map(name_statement, {tuple(replication.values) for replication in results})
        for run_id, replication in zip(ids, results, strict=True):
            yield from closing(run_id, stored_metrics(replication.values), stamp)
        yield _note_replications(experiment, stamp)

    store(connection, ids[-1] if ids else "", begin, statements())
    return ids


def _beginning(experiment: Experiment, seed: int, stamp: str) -> Iterator[Statement]:
    """Yield what makes an experiment known. Its scenario has the sweep, those of its runs have the values of points."""
    row = scenario_row(experiment.scenario)
    yield insert("scenarios", row)
    experiment_row = {
        "id": experiment.id,
        "kind": experiment.kind,
        "parameters": json.dumps({"seed": seed, **experiment.scenario.study}),
        "created_at": stamp,
        "updated_at": stamp,
    }
    yield of_scenario("experiments", experiment_row, row)


def _note_replications(experiment: Experiment, stamp: str) -> Statement:
    """Return what notes in an experiment which replications it has; they come a block at a time."""
    numbers = (
        "SELECT json_group_array(replication) FROM "
        "(SELECT DISTINCT replication FROM runs WHERE experiment_id = ? ORDER BY replication)"
    )
    return (
        f"UPDATE experiments SET parameters = json_set(parameters, '$.replications', json(({numbers}))), "
        "updated_at = ? WHERE id = ?",
        (experiment.id, stamp, experiment.id),
    )


def earlier_replications(
    connection: Connection, scenario: Scenario, seed: int, damaged: Damaged = warn_of
) -> list[Replication]:
    """Return the replications of a scenario under a seed that are stored already, by number, each number once.

    Only those count that were made by the same kitchensim, numpy and draws as now.
    `damaged` is told of each damaged run, which is left out.

    Raises:
        StorageError: the database cannot be read.

    """
    rows = connection.query(
        f"SELECT {_REPLICATION}, versions FROM runs JOIN scenarios ON scenarios.id = scenario_id "
        f"WHERE {_OF_MODEL} AND seed = ? AND worst_waits IS NOT NULL AND status = 'complete' "
        "AND runs.deleted_at IS NULL AND scenarios.deleted_at IS NULL ORDER BY replication",
        scenario.model_sha256,
        scenario.sha256,
        seed,
        width=11,
    )
    present_versions = versions()
    names = metric_names(connection)
    replications: dict[int, Replication] = {}
    for *row, made_by in rows:
        try:
            run_versions = read_versions(connection, row[0], made_by)
            is_same = all(run_versions.get(name) == present_versions[name] for name in _SAME)
            if row[1] not in replications and is_same:
                replication = read_replication(connection, names, row)
                if replication.values.keys() != UNITS.keys():  # this version stores no others
                    raise damaged_run(connection, row[0], "metrics", row[-1], "the metrics of this version")
                replications[replication.number] = replication
        except DamagedRunError as error:
            damaged(error)
    return list(replications.values())


def fellow_replications(connection: Connection, stored: StoredRun) -> list[Replication]:
    """Return a run, and those of the same scenario, seed and experiment, by their numbers.

    Raises:
        StorageError: the database cannot be read, or one of these runs is damaged.

    """
    rows = connection.query(
        f"SELECT {_REPLICATION} FROM runs JOIN runs AS named ON named.id = ? AND runs.seed = named.seed "
        "AND runs.scenario_id IS named.scenario_id "
        "AND (runs.experiment_id = named.experiment_id OR runs.id = named.id) "
        "WHERE runs.status = 'complete' AND runs.deleted_at IS NULL ORDER BY runs.replication",
        stored.id,
        width=10,
    )
    names = metric_names(connection)
    return [read_replication(connection, names, row) for row in rows]


def push_replications(
    source: Connection, target: Connection, scenario: Scenario, seed: int, damaged: Damaged = warn_of
) -> None:
    """Copy the runs of a scenario under a seed that `target` lacks; nothing is there twice. `damaged` is told of each
    damaged run, which is left out.

    Raises:
        StorageError: a database refuses it, or cannot be reached.

    """
    sql = f"SELECT runs.id FROM runs JOIN scenarios ON scenarios.id = scenario_id WHERE {_OF_MODEL} AND seed = ?"
    wanted = {run_id for (run_id,) in source.query(sql, scenario.model_sha256, scenario.sha256, seed)}
    for run_id in runs_to_push(source, target)[0]:
        if run_id in wanted:
            try:
                push_run(source, target, run_id)
            except DamagedRunError as error:
                damaged(error)
