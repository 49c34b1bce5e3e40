"""How scenario files are judged, one after the other."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sim.checking.base import Base
from sim.checking.files import LoadedFile
from sim.checking.findings import demand_finding, expectation_finding, threshold_finding
from sim.checking.golden import golden_finding, update_golden
from sim.engines import Engine
from sim.errors import Fault, FileError, ScenarioError, SimulationError
from sim.experiment import (
    CheckedFile,
    Look,
    Options,
    Replications,
    Results,
    Workers,
    is_long,
    looks,
    metrics_of_study,
    most_replications,
    replicate_by,
)
from sim.scenario import Scenario
from sim.verdicts import Finding, Outcome


@dataclass(frozen=True)
class Judge:
    """Judges scenario files. `inconclusive` is what counts where it is too early to say; golden logs count
    `with_golden`, must be there where they are `require_golden`, and are stored anew with `update_golden`.
    """

    times: int | None
    base: Base | None
    inconclusive: Outcome
    with_golden: bool
    update_golden: bool
    require_golden: bool
    options: Options

    def judge(self, files: Sequence[LoadedFile]) -> Generator[CheckedFile, None, None]:
        """Yield what is found of each file, in their order, while workers are at those to come.

        Raises:
            ArgumentError: the base has none of the scenarios.

        """
        if self.base is not None:
            self.base.pair(files)
            files = [file._replace(scenario=_compared(file.scenario)) for file in files]
        scenarios = [file.scenario for file in files if isinstance(file.scenario, Scenario)]
        jobs = self.options.get("jobs", 1)
        seed = self.options.get("seed")
        # Processes take a while to start: CI mostly checks small scenarios, which are judged before those are there.
        if jobs > 1 and not is_long(scenarios, seed, [self._most(scenario) for scenario in scenarios]):
            jobs = 1
        with (
            closing(Workers(jobs, self.options.get("executor"))) as workers,
            closing(looks(scenarios, seed, self._engine, workers)) as first_looks,
        ):
            for path, _, scenario in files:
                if isinstance(scenario, ScenarioError):
                    yield CheckedFile(str(path), scenario.faults)
                else:
                    yield self._checked(path, scenario, next(first_looks), workers)

    @property
    def _engine(self) -> Engine:
        return self.options.get("engine", "auto")

    @property
    def _is_told(self) -> bool:
        """Whether somebody wants to know of all replications, such as a database."""
        return "finished" in self.options

    def _most(self, scenario: Scenario) -> int:
        """Return how many replications of a scenario are needed at most: one where nobody asks for more."""
        is_asked = scenario.thresholds or self.base is not None or self._is_told
        return most_replications(scenario, self.times) if is_asked else 1

    def _checked(self, path: Path, scenario: Scenario, look: Look | SimulationError, workers: Workers) -> CheckedFile:
        """Return what is found of a scenario of which there was a first look."""
        is_stored = False
        problem = ""
        try:
            if isinstance(look, SimulationError):
                raise look
            replications = self._replications(scenario, look, workers)
            findings = self._findings(look, replications)
            if self.update_golden:  # before it is compared with what is kept
                is_stored, problem = _stored(path, scenario, look)
            if self.with_golden:
                golden = golden_finding(path, scenario, look, self.require_golden)
                if golden is not None:
                    findings.append(golden)
            pairs = None if self.base is None else self.base.pairs(path, replications, workers, self._engine)
        except FileError as error:
            return CheckedFile(str(path), error.faults, problem=problem)
        except SimulationError as error:
            return CheckedFile(str(path), [Fault(str(path), 1, 1, "", str(error))], problem=problem)
        return CheckedFile(str(path), (), look, replications, findings, pairs, is_stored, problem)

    def _findings(self, look: Look, replications: Replications) -> list[Finding]:
        """Return what became of expectations and thresholds, after whether there was anything to judge."""
        demand = demand_finding(replications)
        findings = [] if demand is None else [demand]
        findings += map(expectation_finding, look.verdicts)
        findings += (threshold_finding(verdict, self.inconclusive) for verdict in replications.verdicts)
        return findings

    def _replications(self, scenario: Scenario, look: Look, workers: Workers) -> Replications:
        """Run the replications that are needed to judge a scenario; the look at it is the first one."""
        seed = self.options.get("seed")
        seed = scenario.seed if seed is None else seed
        if not self._is_told and self._most(scenario) == 1:
            return Replications(scenario, seed, [look.replication])
        earlier = list(self.options["earlier"](scenario)) if "earlier" in self.options else []
        if not any(replication.number == 1 for replication in earlier):
            # Nobody else runs it again, so it is told from here.
            earlier.append(look.replication)
            if "finished" in self.options:
                self.options["finished"](scenario, Results.of(scenario.metric_set, [look.replication]))
        options: Options = {"fingerprints": self._is_told, **self.options, "seed": seed, "earlier": lambda _: earlier}
        return replicate_by(workers, scenario, self.times, **options)


def _stored(path: Path, scenario: Scenario, look: Look) -> tuple[bool, str]:
    """Return whether a golden log was stored, and why it could not be."""
    try:
        return update_golden(path, scenario, look), ""
    except OSError as error:
        return False, f"{error.filename or path.parent / 'golden'}: cannot be written ({error.strerror})"


def _compared(scenario: Scenario | ScenarioError) -> Scenario | ScenarioError:
    """Return a scenario with the metrics that are compared, so that replications keep what their differences need."""
    return scenario if isinstance(scenario, ScenarioError) else scenario.with_metrics(metrics_of_study([scenario]))
