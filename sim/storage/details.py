"""All there is to say of one stored run or experiment, and of two runs."""

from typing import Any, NamedTuple

from sim.storage.connection import Connection
from sim.storage.experiments import read_answer
from sim.storage.listing import find_entry, find_run, run_metrics, runs_of
from sim.storage.reading import Damaged, Entry, StoredRun, warn_of


class RunDetails(NamedTuple):
    """A run with the values of its metrics, in the order in which they are shown."""

    run: StoredRun
    values: dict[str, float | None]


class ExperimentDetails(NamedTuple):
    """An experiment with its runs, in the order in which they were stored, and its answer if it has one of its own."""

    entry: Entry
    members: list[StoredRun]
    answer: dict[str, Any] | None = None


class ComparedRuns(NamedTuple):
    """Two runs, and of each metric that one of them has the values of both, those that only the second has at the end;
    None where nothing was observed.
    """

    first: StoredRun
    second: StoredRun
    metrics: dict[str, tuple[float | None, float | None]]


def find_details(connection: Connection, prefix: str, damaged: Damaged = warn_of) -> RunDetails | ExperimentDetails:
    """Return the run or experiment whose id starts with `prefix`; see `find_id`. `damaged` is told of each damaged run
    of an experiment, which is left out.

    Raises:
        StorageError: there is none, or more than one, or it is damaged.

    """
    entry = find_entry(connection, prefix)
    if entry.kind == "run":
        return RunDetails(find_run(connection, entry.id), run_metrics(connection, entry.id))
    return ExperimentDetails(entry, runs_of(connection, entry.id, damaged), read_answer(connection, entry.id))


def compare_runs(connection: Connection, first: str, second: str) -> ComparedRuns:
    """Return two runs, which are named by how their ids start, side by side.

    Raises:
        StorageError: there is no such run, or it is damaged.

    """
    runs = find_run(connection, first), find_run(connection, second)
    values = [run_metrics(connection, run.id) for run in runs]
    names = {**values[0], **values[1]}
    return ComparedRuns(*runs, {name: (values[0].get(name), values[1].get(name)) for name in names})
