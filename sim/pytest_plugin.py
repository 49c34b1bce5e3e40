"""Scenario files as test files of pytest, for the plugin in `kitchensim_pytest`."""

import os
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sim.errors import FileError, ScenarioError, SimulationError

if TYPE_CHECKING:
    from sim.experiment import Look, Replications
    from sim.scenario import Place, Scenario
    from sim.verdicts import Finding


_RUN_MORE = (
    "too early to say: write more replications into the file, or let it pass with sim_inconclusive = pass in the "
    "ini file"
)


class ScenarioFile(pytest.File):
    """A scenario: an item for each thing that it asks, all of one run."""

    scenario: "Scenario"

    def collect(self) -> "Iterator[ScenarioItem]":
        """Yield an item for each expectation, each threshold and the golden log, or one that the scenario runs.

        Raises:
            CollectError: with every fault of the file.

        """
        from sim.checking import has_golden
        from sim.output.ci.lines import unique
        from sim.scenario import load_scenario
        from sim.verdicts import expectation_text

        try:
            self.scenario = load_scenario(Path(os.path.relpath(self.path, self.config.invocation_params.dir)))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        scenario = self.scenario
        top = scenario.root.place
        questions: list[tuple[str, Place, Callable[[], Finding | None]]] = []
        for index, expectation in enumerate(scenario.expectations):
            text = expectation_text(expectation, scenario.clock)
            questions.append((text, expectation.place, partial(self._expectation, index)))
        for index, threshold in enumerate(scenario.thresholds):
            questions.append((str(threshold), threshold.place, partial(self._threshold, index)))
        if has_golden(self.path):
            questions.append(("golden log", top, self._golden))
        if not questions:
            questions.append(("runs", top, self._runs))
        names = unique(requirement for requirement, _, _ in questions)
        for name, (_, place, judge) in zip(names, questions, strict=True):
            yield ScenarioItem.from_parent(self, name=name, place=place, judge=judge)

    # Errors are kept as values: a cached property that raises would run the scenario again for each item.

    @cached_property
    def _look_or_error(self) -> "Look | SimulationError":
        """Replication 1, which all items share, or why it cannot be run."""
        from sim.experiment import look

        return look(self.scenario)

    @property
    def _look(self) -> "Look":
        if isinstance(self._look_or_error, SimulationError):
            raise self._look_or_error
        return self._look_or_error

    @cached_property
    def _replications_or_error(self) -> "Replications | SimulationError":
        """All replications, which all thresholds share, or why they cannot be run."""
        from sim.experiment import replicate

        try:
            return replicate(self.scenario, earlier=lambda _: [self._look.replication], fingerprints=False)
        except SimulationError as error:
            return error

    def _runs(self) -> None:
        """Raise what keeps the scenario from running, if anything does."""
        _ = self._look

    def _expectation(self, index: int) -> "Finding":
        from sim.checking import expectation_finding

        return expectation_finding(self._look.verdicts[index])

    def _threshold(self, index: int) -> "Finding":
        from sim.checking import demand_finding, threshold_finding
        from sim.verdicts import Outcome

        replications = self._replications_or_error
        if isinstance(replications, SimulationError):
            raise replications
        may_be_open = self.config.getini("sim_inconclusive") == "pass"
        verdict = replications.verdicts[index]
        return demand_finding(replications) or threshold_finding(verdict, Outcome.PASS if may_be_open else Outcome.FAIL)

    def _golden(self) -> "Finding":
        from sim.checking import golden_finding

        finding = golden_finding(self.path, self.scenario, self._look)
        if finding is None:  # it was there when tests were collected
            raise FileError([self.scenario.root.place.fault("", "its golden log is gone; check it out again")])
        return finding


class NotHeldError(Exception):
    """What a scenario asks did not hold; the finding says what and where."""

    def __init__(self, finding: "Finding") -> None:
        self.finding = finding
        super().__init__(str(finding))


class ScenarioItem(pytest.Item):
    """One thing that a scenario asks."""

    def __init__(self, *, place: "Place", judge: "Callable[[], Finding | None]", **options: Any) -> None:
        super().__init__(**options)
        self.place = place
        self.judge = judge
        self.file = self.config.invocation_params.dir / place.file
        self.source = self.file.read_text(encoding="utf-8-sig").splitlines()[place.line - 1].strip()

    def runtest(self) -> None:
        """Judge it, and warn where it is only a warning.

        Raises:
            NotHeldError: it did not hold.

        """
        finding = self.judge()
        if finding is None:
            return
        if finding.is_warning:
            with warnings.catch_warnings():
                warnings.simplefilter("always")  # a warning of the scenario's own never fails it
                message = f"{finding.requirement}: {finding.result}"
                warnings.warn_explicit(message, ScenarioWarning, str(self.file), self.place.line)
        elif finding.outcome != "PASS":
            raise NotHeldError(finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what came and what was asked, with the line of the file, instead of a traceback."""
        error = excinfo.value
        if isinstance(error, SimulationError):
            return f"{self.place.file}: {error}"
        if isinstance(error, FileError):
            return str(error)
        if not isinstance(error, NotHeldError):
            return super().repr_failure(excinfo, style)
        finding = error.finding
        lines = [
            finding.result,
            f"asked: {finding.requirement}",
            f"{self.place.file}:{self.place.line}",
            f"    {self.source}",
            *finding.diff,
        ]
        if finding.judgement == "INCONCLUSIVE":
            lines.append(_RUN_MORE)
        return "\n".join(lines)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is asked; pytest takes dots at the end of an id for those of a module, but for the file."""
        return self.file, self.place.line - 1, f"{self.path.name}: {self.name}"


class ScenarioWarning(UserWarning):
    """A threshold that only warns did not hold."""
