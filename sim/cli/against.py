"""`sim check --against`: what other versions of the checked scenarios gave."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import typer

from sim.checks import Judgement
from sim.cli.common import existing_database
from sim.engines import Engine
from sim.errors import Fault, ScenarioError, SimulationError
from sim.experiment import Pair, Replication, Replications, Workers, adjusted, asked_metrics, paired, replicate_by
from sim.model import UNITS, WORSE
from sim.output.findings import Checked, Finding, Outcome
from sim.output.reports import Report, against_report, difference_text
from sim.scenario import Place, load_scenario
from sim.storage import StoredRun, fellow_replications, find_run

_NO_TIME = datetime.fromtimestamp(0, UTC)


class Base:
    """What checked scenarios are compared with: a folder of scenario files, one of what runs left behind, or a run of
    the database with those that belong to it.
    """

    def __init__(self, name: str, db: str | None) -> None:
        self.name, self.folder = name, Path(name)
        self.stored: tuple[StoredRun, list[Replication]] | None = None
        if name and self.folder.is_dir():
            return
        if not name or set(name) - set("0123456789abcdef-"):
            raise typer.BadParameter(f"{name!r} is neither a folder nor the id of a run", param_hint="--against")
        with existing_database(db) as database:
            run = find_run(database, name)
            self.stored = run, fellow_replications(database, run)

    def compare(self, checked: Checked, below: Path, workers: Workers, engine: Engine) -> None:
        """Put metrics of a checked file beside the base's, if that has such a scenario; `below` is its path in the
        folder in which it was found.

        Raises:
            ScenarioError: what the base has of it cannot be read, or not be run.

        """
        done = checked.done
        assert done is not None
        base = self._replications(done, Path(checked.file), below, workers, engine)
        if base is not None:
            metrics = asked_metrics([done.scenario, base.scenario])
            checked.pairs = [paired(checked.file, done, base, metric) for metric in metrics]

    def _replications(
        self, done: Replications, file: Path, below: Path, workers: Workers, engine: Engine
    ) -> Replications | None:
        """Return what the base gave of a scenario, None where it has none."""
        scenario = done.scenario
        if self.stored is not None:
            run, found = self.stored
            return Replications(scenario, run.seed, found) if run.scenario == scenario.name else None
        for candidate in (self.folder / file, self.folder / below):
            if candidate.is_file() and candidate.resolve() != file.resolve():
                other = load_scenario(candidate)
                try:
                    return replicate_by(workers, other, len(done.results), done.seed, engine, fingerprints=False)
                except SimulationError as error:
                    raise ScenarioError([Fault(str(candidate), 1, 1, "", str(error))]) from None
        found = _left_behind(self.folder / scenario.name)
        return Replications(scenario, done.seed, found) if found else None

    def report(self, files: Sequence[Checked], no_regressions: bool) -> Report:
        """Adjust all pairs of checked files together, make findings of what must be no worse than the base, and return
        how all differ.
        """
        pairs = adjusted([pair for checked in files for pair in checked.pairs or []])
        rest = iter(pairs)
        for checked in files:
            if checked.pairs is not None and checked.done is not None:
                checked.pairs = [next(rest) for _ in checked.pairs]
                place = checked.done.scenario.root.place
                asked = [pair for pair in checked.pairs if no_regressions and WORSE[pair.metric] and pair.difference]
                checked.regressions = [self._finding(place, pair) for pair in asked]
        return against_report(pairs, self.name)

    def _finding(self, place: Place, pair: Pair) -> Finding:
        judgement, outcome = (Judgement.FAIL, Outcome.FAIL) if pair.is_worse else (Judgement.PASS, Outcome.PASS)
        asked = f"{pair.metric} no worse than in {self.name}"
        return Finding("comparison", place, asked, judgement, outcome, difference_text(pair))


def _left_behind(folder: Path) -> list[Replication]:
    """Return the replications that `sim replicate` or `sim run` left behind in a folder."""
    values, single = folder / "replications.csv", folder / "metrics.json"
    file = values if values.is_file() else single
    try:
        if values.is_file():
            return _of_table(values.read_text(encoding="utf-8").splitlines())
        if single.is_file():
            document = json.loads(single.read_text(encoding="utf-8"))
            return [_replication(document["replication"], document["metrics"])]
    except (OSError, csv.Error, ValueError, LookupError, TypeError, AttributeError):
        message = "is not what sim replicate or sim run left behind; run that again, or name another folder"
        raise ScenarioError([Fault(str(file), 1, 1, "", message)]) from None
    return []


def _of_table(lines: list[str]) -> list[Replication]:
    heading, *rows = csv.reader(lines)
    if not rows or heading != ["replication", "metric", "value"]:
        raise ValueError
    groups = groupby(rows, itemgetter(0))
    return [_replication(int(number), {row[1]: row[2] for row in group}) for number, group in groups]


def _replication(number: int, metrics: dict[str, str | float | None]) -> Replication:
    values = {name: None if metrics[name] in ("", None) else float(metrics[name] or 0) for name in UNITS}
    return Replication(number, values, {}, None, "", 0, _NO_TIME, _NO_TIME)
