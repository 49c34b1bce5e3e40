"""Experiments: their runs, without logs, into a database and out of it again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from sim.experiment import Replication, Run, Staffing
from sim.scenario import Scenario
from sim.storage.connection import Connection, Statement
from sim.storage.metrics import metric_names, name_statement, stored_metrics
from sim.storage.migrations import now
from sim.storage.reading import (
    REPLICATION,
    Damaged,
    DamagedRunError,
    StoredRun,
    read_replication,
    read_versions,
    warn_of,
)
from sim.storage.rows import insert, new_id, new_run_id, of_scenario, run_row, scenario_row, versions
from sim.storage.saving import file_statements, prove, push_run, runs_to_push, save_run, store

_SAME = ("kitchensim", "draws", "metrics")  # what decides by its version which numbers a replication has
_OF_MODEL = "(model_sha256 = ? OR sha256 = ?)"  # databases of schema 3 have the latter alone

Kind = Literal["replicate", "sweep", "compare", "select", "staff"]


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
    if not results:
        return []
    stamp = now()
    experiment = experiment or new_experiment("replicate", scenario)
    prove(connection, experiment.scenario)
    ids = [new_run_id() for _ in results] if run_ids is None else list(run_ids)

    own_row = scenario_row(scenario)
    of_experiment = {"experiment_id": experiment.id, "status": "complete"}
    rows = [
        run_row(scenario, seed, replication, run_id, tags)
        | of_experiment
        | stored_metrics(replication.values)._asdict()
        for run_id, replication in zip(ids, results, strict=True)
    ]
    begin = [
        *_beginning(experiment, seed, stamp),
        insert("scenarios", own_row),
        *map(name_statement, {tuple(replication.values) for replication in results}),
        *file_statements(scenario),
    ]
    store(connection, "", begin, (of_scenario("runs", row, own_row) for row in rows))
    return ids


def save_staffing(connection: Connection, staffing: Staffing, first_day: Run, tags: Iterable[str], run_id: str) -> None:
    """Store a staffing as an experiment with its answer, to which the first day of its crew belongs.

    Raises:
        StorageError: the database refuses it, or cannot be reached.

    """
    prove(connection, staffing.scenario)
    experiment = new_experiment("staff", staffing.scenario)
    begin = list(_beginning(experiment, staffing.seed, now(), answer_text(staffing)))
    save_run(connection, first_day, tags, run_id, begin, experiment.id)


def answer_text(staffing: Staffing) -> str:
    """Return what is kept of a staffing beside its scenario, as JSON."""
    answer = {
        "verdict": str(staffing.verdict),
        "note": staffing.note,
        "confidence": staffing.plan.confidence,
        "bot_hours": staffing.bot_hours,
        "bots": {slot.name: bots for slot, bots in zip(staffing.slots, staffing.schedule, strict=True)},
        "needed": list(staffing.needed),
        "days": staffing.days,
    }
    return json.dumps(answer)


def read_answer(connection: Connection, experiment_id: str) -> dict[str, Any] | None:
    """Return what was answered in an experiment, None where its runs are all that there is.

    Raises:
        StorageError: the database cannot be read.

    """
    rows = connection.query("SELECT answer FROM experiments WHERE id = ?", experiment_id)
    try:
        answer = json.loads(rows[0][0]) if rows and rows[0][0] is not None else None
    except (TypeError, ValueError):
        raise connection.error(f"has a damaged answer of experiment {experiment_id}", "SQLITE_CORRUPT") from None
    return answer if isinstance(answer, dict) else None


def _beginning(experiment: Experiment, seed: int, stamp: str, answer: str | None = None) -> Iterator[Statement]:
    """Yield what makes an experiment known. Its scenario has the sweep, those of its runs have the values of points."""
    row = scenario_row(experiment.scenario)
    yield insert("scenarios", row)
    experiment_row = {
        "id": experiment.id,
        "kind": experiment.kind,
        "parameters": json.dumps({"seed": seed, **experiment.scenario.study}),
        "answer": answer,
        "created_at": stamp,
        "updated_at": stamp,
    }
    yield of_scenario("experiments", experiment_row, row)


def earlier_replications(
    connection: Connection, scenario: Scenario, seed: int, damaged: Damaged = warn_of
) -> list[Replication]:
    """Return the replications of a scenario under a seed that are stored already, by number, each number once.

    Only those count that were made by the same kitchensim, draws and metrics as now, and that have all metrics of the
    scenario: a replication may be stored again with more of them.
    `damaged` is told of each damaged run, which is left out.

    Raises:
        StorageError: the database cannot be read.

    """
    rows = connection.query(
        f"SELECT {REPLICATION}, versions FROM runs JOIN scenarios ON scenarios.id = scenario_id "
        f"WHERE {_OF_MODEL} AND seed = ? AND status = 'complete' "
        "AND runs.deleted_at IS NULL AND scenarios.deleted_at IS NULL ORDER BY replication, runs.id",
        scenario.model_sha256,
        scenario.sha256,
        seed,
        width=12,
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
                if replication.covers(scenario.metric_set):
                    replications[replication.number] = replication
        except DamagedRunError as error:
            damaged(error)
    return list(replications.values())


def fellow_replications(connection: Connection, stored: StoredRun) -> list[Replication]:
    """Return a run, and those of the same scenario, seed and experiment, by their numbers.

    Raises:
        StorageError: the database cannot be read, one of these runs is damaged, or the run has metrics of another
            version.

    """
    if stored.versions.get("metrics") != versions()["metrics"]:
        problem = f"has run {stored.id} of another version, whose metrics mean something else"
        raise connection.error(problem, "OTHER_VERSION")
    rows = connection.query(
        f"SELECT {REPLICATION} FROM runs JOIN runs AS named ON named.id = ? AND runs.seed = named.seed "
        "AND runs.scenario_id IS named.scenario_id "
        "AND (runs.experiment_id = named.experiment_id OR runs.id = named.id) "
        "WHERE runs.status = 'complete' AND runs.deleted_at IS NULL ORDER BY runs.replication",
        stored.id,
        width=11,
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
