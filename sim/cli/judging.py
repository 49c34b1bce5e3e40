"""How `sim check` judges scenario files, in their order."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.common import complain, refuse_sources
from sim.cli.keeping import Keeper
from sim.errors import Fault, ScenarioError, SimulationError

if TYPE_CHECKING:
    from sim.cli.against import Base
    from sim.experiment import Look, Options, Replications, Workers
    from sim.output.findings import Checked
    from sim.scenario import Scenario
    from sim.verdicts import Outcome


@dataclass
class Check:
    """How scenario files are checked. `targets` are the files to write, by the options that name them; none of them may
    be one that a scenario is read from. Golden logs count `with_golden`; with `update` they are stored anew.
    """

    keeper: Keeper
    options: "Options"
    times: int | None
    base: "Base | None"
    inconclusive: "Outcome"
    update: bool
    targets: dict[str, Path | None]
    with_golden: bool
    require_golden: bool

    def all(self, files: Sequence[tuple[Path, Path]], parameters: dict[str, Any]) -> "Iterator[Checked]":
        """Yield what is found of each file, in their order, while workers are at those to come. Each of `files` is a
        path with the path below what was named.

        Raises:
            BadParameter: a target is a file that a scenario is read from, or the base has none of the scenarios.

        """
        from sim.experiment import Workers, is_long, looks
        from sim.output.findings import Checked

        loaded = [_loaded(file, parameters) for file, _ in files]
        scenarios = [scenario for scenario in loaded if not isinstance(scenario, ScenarioError)]
        sources = [*(file for file, _ in files), *(source for scenario in scenarios for source in scenario.sources)]
        for option, target in self.targets.items():
            refuse_sources([] if target is None else [target], sources, option)
        if self.base is not None:
            pairs = zip(files, loaded, strict=True)
            self.base.pair([(*paths, scenario) for paths, scenario in pairs if not isinstance(scenario, ScenarioError)])
        jobs, engine, seed = self.options["jobs"], self.options["engine"], self.keeper.seed
        pays = jobs > 1 and is_long(scenarios, seed, [self._count(scenario) for scenario in scenarios])
        with (
            closing(Workers(jobs if pays else 1, self.options["executor"])) as workers,
            closing(looks(scenarios, seed, engine, workers)) as first_looks,
        ):
            for (file, _), scenario in zip(files, loaded, strict=True):
                try:
                    if isinstance(scenario, ScenarioError):
                        raise scenario
                    yield self._judged(Checked(str(file), first=_without_error(next(first_looks))), scenario, workers)
                except ScenarioError as error:
                    yield Checked(str(file), error.faults)
                except SimulationError as error:
                    yield Checked(str(file), [Fault(str(file), 1, 1, "", str(error))])

    def _judged(self, checked: "Checked", scenario: "Scenario", workers: "Workers") -> "Checked":
        """Judge a scenario of which there was a first look."""
        from sim.output.golden import golden_finding, update_golden

        assert checked.first is not None
        file = Path(checked.file)
        checked.done, checked.inconclusive = self._replicated(scenario, checked.first, workers), self.inconclusive
        if self.update:
            try:
                checked.stored = update_golden(file, scenario, checked.first)
            except OSError as error:
                where = error.filename or file.parent / "golden"
                self.keeper.problems.append(f"{where}: cannot be written ({error.strerror})")
        if self.with_golden:
            checked.golden = golden_finding(file, scenario, checked.first, self.require_golden)
        if self.base is not None:
            self.base.compare(checked, workers, self.options["engine"])
        return checked

    def _count(self, scenario: "Scenario") -> int:
        """Return how many replications of a scenario are needed at most."""
        from sim.experiment import most_replications

        is_asked = scenario.thresholds or self.base is not None or self.keeper.address is not None
        return most_replications(scenario, self.times) if is_asked else 1

    def _replicated(self, scenario: "Scenario", first: "Look", workers: "Workers") -> "Replications":
        """Run the replications that are needed to judge a scenario, and keep them where that is asked."""
        from sim.experiment import Replications, Results, replicate_by

        keeper, seed = self.keeper, self.keeper.seed_of(scenario)
        if self._count(scenario) == 1 and keeper.address is None:
            return Replications(scenario, seed, [first.replication])
        earlier = keeper.earlier(scenario)
        if not any(replication.number == 1 for replication in earlier):
            earlier.append(first.replication)
            keeper.take(scenario, Results.of([first.replication]))
        options: Options = {**self.options, "seed": seed, "earlier": lambda _: earlier}
        return replicate_by(workers, scenario, self.times, **options)


def _loaded(file: Path, parameters: dict[str, Any]) -> "Scenario | ScenarioError":
    """Return a scenario, of which notes are told, or what is wrong with it."""
    from sim.scenario import load_scenario

    try:
        scenario = load_scenario(file, **parameters)
    except ScenarioError as error:
        return error
    complain(*scenario.notes)
    return scenario


def _without_error(first: "Look | SimulationError") -> "Look":
    """Return a first look.

    Raises:
        SimulationError: the scenario could not be run.

    """
    if isinstance(first, SimulationError):
        raise first
    return first
