"""What checked scenarios are compared with: other versions of them, what runs of those left behind, or a stored run."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sim.checking.files import LoadedFile
from sim.checking.results_files import read_results
from sim.engines import Engine
from sim.errors import ArgumentError, Fault, FileError, SimulationError
from sim.experiment import (
    Pair,
    Replication,
    Replications,
    Results,
    Workers,
    metrics_of_study,
    paired,
    replicate_by,
)
from sim.model import MetricSet, metric_named
from sim.scenario import Place, Scenario, load_scenario
from sim.units import printable

if TYPE_CHECKING:
    from sim.storage import StoredRun


class _Counterpart(NamedTuple):
    """What a scenario is compared with: what it is called, and what returns its replications beside the scenario's."""

    name: str
    replications: Callable[[Replications, Workers, Engine], Replications]


class Base:
    """What checked scenarios are compared with, which `name` names: a folder of scenario files, one of what runs left
    behind, or a run of the database with those that belong to it.

    Raises:
        ArgumentError: it is none of that.
        StorageError: there is no such run, or it cannot be read.

    """

    def __init__(self, name: str, database: str | None) -> None:
        self.name = name
        self._counterparts: dict[Path, _Counterpart] = {}  # by the path of the checked file
        self._faults: dict[Path, Fault] = {}  # of files that cannot be compared, likewise
        self._counterpart: Callable[[LoadedFile, str], _Counterpart | None]
        if name and os.path.isdir(name):  # noqa: PTH112  # False also where Path.is_dir raises
            self._counterpart = partial(_in_folder, Path(name))
        elif not name or set(name) - set("0123456789abcdef-"):
            raise ArgumentError("against", f"{name!r} is neither a folder nor the id of a run")
        else:
            from sim.storage import fellow_replications, find_run, open_existing_database  # takes a while to load

            with open_existing_database(database) as opened:
                run = find_run(opened, name)
                self._counterpart = partial(_of_run, run, fellow_replications(opened, run))

    def pair(self, files: Sequence[LoadedFile]) -> None:
        """Find what each scenario is compared with. Several with the same counterpart cannot be told apart, which is a
        fault of each of them.

        Raises:
            ArgumentError: the base has none of them.

        """
        scenarios = {file.path: file.scenario for file in files if isinstance(file.scenario, Scenario)}
        users = defaultdict[str, list[Path]](list)  # paths of checked files by the name of their counterpart
        for file in files:
            if file.path in scenarios and (counterpart := self._find(file, scenarios[file.path].name)):
                self._counterparts[file.path] = counterpart
                users[counterpart.name].append(file.path)
        if scenarios and not users and not self._faults:
            advice = "name a folder with the same paths, or results of them"
            raise ArgumentError("against", printable(f"{self.name} has none of these scenarios; {advice}"))
        for name, paths in users.items():
            for path in paths if len(paths) > 1 else []:
                neighbours = ", ".join(str(neighbour) for neighbour in paths if neighbour != path)
                self._faults[path] = _shared_name(scenarios[path], name, neighbours)

    def _find(self, file: LoadedFile, name: str) -> _Counterpart | None:
        """Return what the base has of a file whose scenario is called `name`, None where it has nothing; what cannot be
        read becomes a fault.
        """
        try:
            return self._counterpart(file, name)
        except OSError as error:
            message = f"cannot be read ({error.strerror}); name a folder that is readable with --against"
            self._faults[file.path] = Fault(str(error.filename), 1, 1, "", message)
            return None

    def pairs(self, path: Path, replications: Replications, workers: Workers, engine: Engine) -> list[Pair] | None:
        """Return metrics of a checked file beside the base's, not adjusted yet; None where that has no such scenario.

        Raises:
            FileError: what the base has of it cannot be read, or not be run, or is another one's too.

        """
        if path in self._faults:
            raise FileError([self._faults[path]])
        if path not in self._counterparts:
            return None
        of_base = self._counterparts[path].replications(replications, workers, engine)
        metric_names = metrics_of_study([replications.scenario, of_base.scenario])
        return [paired(str(path), replications, of_base, name) for name in metric_names]


def _shared_name(scenario: Scenario, counterpart: str, neighbours: str) -> Fault:
    message = f"{scenario.name!r} shares {counterpart} with {neighbours}; give each scenario a name of its own"
    place: Place = scenario.root.value.get("name", scenario.root).place
    return place.fault("name", message)


def _of_run(run: "StoredRun", stored: list[Replication], _: LoadedFile, name: str) -> _Counterpart | None:
    """Return a run with its fellows, if it is one of the scenario of that name."""
    if run.scenario != name:
        return None

    def replications_of_base(replications: Replications, *_: object) -> Replications:
        scenario = replications.scenario
        if not all(row.values.keys() >= set(scenario.metric_set.names) for row in stored):
            message = f"run {run.id} was stored without metrics that this file names; run it again with them"
            raise FileError([scenario.root.place.fault("", message)])
        return _of_now(scenario, run.seed, stored)

    return _Counterpart(f"run {run.id}", replications_of_base)


def _in_folder(folder: Path, file: LoadedFile, name: str) -> _Counterpart | None:
    """Return what a folder has of the scenario of a file, which is called `name`.

    Raises:
        OSError: the folder cannot be read.

    """
    # A checkout of another version has the path that was named, a copy of the folder that was named what lies below it.
    for path in (folder / file.path, folder / file.below):
        if path.is_file() and path.resolve() != file.path.resolve():
            return _Counterpart(str(path), partial(_replicated, path))
    for path in (folder / name / "replications.csv", folder / name / "metrics.json"):
        if path.is_file():
            return _Counterpart(str(path), partial(_read, path))
    return None


def _replicated(path: Path, replications: Replications, workers: Workers, engine: Engine) -> Replications:
    """Return replications of another version of a scenario, as many under the same seed.

    Raises:
        FileError: it cannot be run.

    """
    scenario = load_scenario(path)
    with suppress(ValueError):  # it has no such window
        scenario = scenario.with_metrics(metrics_of_study([replications.scenario]))
    times = len(replications.results)
    try:
        # Under the same seed both meet the same customers, so a few replications tell a small difference from chance.
        return replicate_by(workers, scenario, times, seed=replications.seed, engine=engine, fingerprints=False)
    except SimulationError as error:
        raise FileError([Fault(str(path), 1, 1, "", str(error))]) from None


def _read(path: Path, replications: Replications, *_: object) -> Replications:
    return _of_now(replications.scenario, replications.seed, read_results(path))


def _of_now(scenario: Scenario, seed: int, stored: Sequence[Replication]) -> Replications:
    """Return replications that were kept with the scenario of now, as it says which metrics are asked about, and
    whether anything is random; they have those of its metrics that all of them kept.
    """
    known = set.intersection(*(set(row.values) for row in stored))
    counted = set.intersection(*(set(row.counts) for row in stored))
    metrics = map(metric_named, scenario.metric_set.named & known)
    names = [
        metric.name
        for metric in metrics
        if (not metric.is_pooled or metric.distribution in counted)
        and (metric.weight is None or metric.weight in known)
    ]
    return Replications(scenario, seed, Results.of(MetricSet.of(names, scenario.windows), stored))
