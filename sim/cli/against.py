"""`sim check --against`: what other versions of the checked scenarios gave."""

import csv
import json
import math
import os
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import typer

from sim.cli.common import existing_database
from sim.engines import Engine
from sim.errors import Fault, ScenarioError, SimulationError
from sim.experiment import Pair, Replication, Replications, Workers, adjusted, metrics_of_study, paired, replicate_by
from sim.model import UNITS, WORSE
from sim.output.findings import Checked
from sim.output.reports import Report, against_report, difference_text
from sim.scenario import Scenario, load_scenario
from sim.scenario.files import read_bytes
from sim.storage import StoredRun, fellow_replications, find_run
from sim.units import printable
from sim.verdicts import NOTHING_OBSERVED, Finding, Judgement, Outcome

_NO_TIME = datetime.fromtimestamp(0, UTC)


class _Counterpart(NamedTuple):
    """What a scenario is compared with: a scenario file, a file that runs left behind, or a stored run."""

    name: str
    is_scenario: bool = False


class Base:
    """What checked scenarios are compared with: a folder of scenario files, one of what runs left behind, or a run of
    the database with those that belong to it.
    """

    def __init__(self, name: str, db: str | None) -> None:
        self.name, self.folder = name, Path(name)
        self.stored: tuple[StoredRun, list[Replication]] | None = None
        self.counterparts: dict[Path, _Counterpart] = {}  # by the path of the checked file
        self.faults: dict[Path, Fault] = {}  # of files that cannot be compared, likewise
        if name and os.path.isdir(name):  # noqa: PTH112  # False also where Path.is_dir raises
            return
        if not name or set(name) - set("0123456789abcdef-"):
            raise typer.BadParameter(f"{name!r} is neither a folder nor the id of a run", param_hint="--against")
        with existing_database(db) as database:
            run = find_run(database, name)
            self.stored = run, fellow_replications(database, run)

    def pair(self, checked: Sequence[tuple[Path, Path, Scenario]]) -> None:
        """Find what each scenario is compared with: of each its file, and that one's path in the folder in which it was
        found. Several with the same counterpart cannot be told apart, which is a fault of each of them.

        Raises:
            BadParameter: the base has none of them.

        """
        users = defaultdict[str, list[tuple[Path, Scenario]]](list)
        for file, below, scenario in checked:
            try:
                counterpart = self._counterpart(file, below, scenario.name)
            except OSError as error:
                message = f"cannot be read ({error.strerror}); name a folder that is readable with --against"
                self.faults[file] = Fault(str(error.filename), 1, 1, "", message)
                continue
            if counterpart is not None:
                self.counterparts[file] = counterpart
                users[counterpart.name].append((file, scenario))
        if checked and not users and not self.faults:
            advice = "name a folder with the same paths, or results of them"
            message = printable(f"{self.name} has none of these scenarios; {advice}")
            raise typer.BadParameter(message, param_hint="--against")
        for name, sharing in users.items():
            for file, scenario in sharing if len(sharing) > 1 else []:
                files = ", ".join(str(neighbour) for neighbour, _ in sharing if neighbour != file)
                message = f"{scenario.name!r} shares {name} with {files}; give each scenario a name of its own"
                place = scenario.root.value.get("name", scenario.root).place
                self.faults[file] = place.fault("name", message)

    def _counterpart(self, file: Path, below: Path, name: str) -> _Counterpart | None:
        """Return what the base has of a scenario, None where it has nothing."""
        if self.stored is not None:
            run, _ = self.stored
            return _Counterpart(f"run {run.id}") if run.scenario == name else None
        for path in (self.folder / file, self.folder / below):
            if path.is_file() and path.resolve() != file.resolve():
                return _Counterpart(str(path), is_scenario=True)
        for path in (self.folder / name / "replications.csv", self.folder / name / "metrics.json"):
            if path.is_file():
                return _Counterpart(str(path))
        return None

    def compare(self, checked: Checked, workers: Workers, engine: Engine) -> None:
        """Put metrics of a checked file beside the base's, if that has such a scenario.

        Raises:
            ScenarioError: what the base has of it cannot be read, or not be run, or is another one's too.

        """
        file, done = Path(checked.file), checked.done
        assert done is not None
        if file in self.faults:
            raise ScenarioError([self.faults[file]])
        if file in self.counterparts:
            base = self._replications(done, self.counterparts[file], workers, engine)
            metrics = metrics_of_study([done.scenario, base.scenario])
            checked.pairs = [paired(checked.file, done, base, metric) for metric in metrics]

    def _replications(
        self, done: Replications, counterpart: _Counterpart, workers: Workers, engine: Engine
    ) -> Replications:
        """Return what the base gave of a scenario."""
        if self.stored is not None:
            run, replications = self.stored
            return Replications(done.scenario, run.seed, replications)
        if not counterpart.is_scenario:
            return Replications(done.scenario, done.seed, _left_behind(Path(counterpart.name)))
        scenario = load_scenario(counterpart.name)
        try:
            return replicate_by(workers, scenario, len(done.results), seed=done.seed, engine=engine, fingerprints=False)
        except SimulationError as error:
            raise ScenarioError([Fault(counterpart.name, 1, 1, "", str(error))]) from None

    def report(self, files: Sequence[Checked], no_regressions: bool) -> Report:
        """Adjust all pairs of checked files together, make findings of what must be no worse than the base, and return
        how all differ.
        """
        pairs = adjusted([pair for checked in files for pair in checked.pairs or []])
        remaining = iter(pairs)
        for checked in files:
            if checked.pairs is not None:
                checked.pairs = [next(remaining) for _ in checked.pairs]
                if no_regressions:
                    checked.regressions = self._regressions(checked)
        missing = [checked.file for checked in files if checked.done is not None and checked.pairs is None]
        return against_report(pairs, self.name, missing)

    def _regressions(self, checked: Checked) -> list[Finding]:
        """Return whether each metric of which more or less is worse is no worse; one that the base observed must be
        observed still.
        """
        assert checked.done is not None
        place, findings = checked.done.scenario.root.place, []
        for pair in checked.pairs or []:
            if WORSE[pair.metric] and (pair.difference is not None or pair.baseline_mean is not None):
                judgement, note = _judged(pair)
                outcomes = {Judgement.PASS: Outcome.PASS, Judgement.INCONCLUSIVE: checked.inconclusive}
                outcome = outcomes.get(judgement, Outcome.FAIL)
                got = "" if pair.difference is None else difference_text(pair)
                limit = f"{pair.metric} no worse than in {self.name}"
                findings.append(Finding("comparison", place, limit, judgement, outcome, got, note))
        return findings


def _judged(pair: Pair) -> tuple[Judgement, str]:
    """Return whether a metric is no worse than the base's, and what there is to say about that."""
    if pair.difference is None:
        return Judgement.NO_DATA, NOTHING_OBSERVED if pair.mean is None else "no replication in common"
    if pair.is_single:
        return Judgement.INCONCLUSIVE, "one pair of random replications has no interval; run more of both"
    return Judgement.FAIL if pair.is_worse else Judgement.PASS, ""


def _left_behind(file: Path) -> list[Replication]:
    """Return the replications in a `replications.csv` of `sim replicate`, or a `metrics.json` of `sim run`.

    Raises:
        ScenarioError: the file cannot be read, or is none of that.

    """
    try:
        text = read_bytes(file).decode()
        if file.suffix == ".csv":
            return _of_table(text.splitlines())
        document = json.loads(text)
        return [_replication(document["replication"], document["metrics"])]
    except (csv.Error, ValueError, LookupError, TypeError, OverflowError, RecursionError):
        message = "is not what sim replicate or sim run left behind; run that again, or name another folder"
        raise ScenarioError([Fault(str(file), 1, 1, "", message)]) from None


def _of_table(lines: list[str]) -> list[Replication]:
    """Return the replications of a table, whose rows stand in their order.

    Raises:
        ValueError: it is no such table.

    """
    heading, *rows = csv.reader(lines)
    if not rows or heading != ["replication", "metric", "value"]:
        raise ValueError
    replications = []
    for number, group in groupby(rows, itemgetter(0)):
        cells = [(metric, float(value) if value else None) for _, metric, value in group]
        metrics = dict(cells)
        if len(metrics) != len(cells):
            raise ValueError
        replications.append(_replication(int(number), metrics))
    if len({replication.number for replication in replications}) != len(replications):
        raise ValueError
    return replications


def _replication(number: int, metrics: dict[str, float | None]) -> Replication:
    """Return a replication that has just these metrics.

    Raises:
        ValueError: a value is no finite number, or the number of the replication none from 1 on.
        LookupError: a metric is missing.

    """
    values = {name: metrics[name] for name in UNITS}
    given = [number, *(value for value in values.values() if value is not None)]
    if not (all(type(value) in (int, float) and math.isfinite(value) for value in given) and type(number) is int):
        raise ValueError
    if number < 1:
        raise ValueError
    floats = {name: None if value is None else float(value) for name, value in values.items()}
    return Replication(number, floats, {}, None, "", 0, _NO_TIME, _NO_TIME)
