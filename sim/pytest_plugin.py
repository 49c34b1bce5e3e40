"""Scenario files as test files of pytest, for the plugin in `kitchensim_pytest`."""

import os
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sim.errors import ScenarioError, SimulationError

if TYPE_CHECKING:
    from sim.experiment import Look, Replications
    from sim.scenario import Place, Scenario
    from sim.verdicts import Finding


_NEXT = (
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
        from sim.output.findings import unique
        from sim.output.golden import has_golden
        from sim.scenario import load_scenario
        from sim.verdicts import expectation_text

        try:
            self.scenario = load_scenario(Path(os.path.relpath(self.path, self.config.invocation_params.dir)))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        top = self.scenario.root.place
        asked: list[tuple[str, Place, Callable[[int], Finding | None]]] = [
            *(
                (expectation_text(entry, self.scenario.clock), entry.place, self._expectation)
                for entry in self.scenario.expectations
            ),
            *((str(threshold), threshold.place, self._threshold) for threshold in self.scenario.thresholds),
            *([("golden log", top, self._golden)] if has_golden(self.path) else []),
        ]
        asked = asked or [("runs", top, self._runs)]
        for index, name in enumerate(unique(name for name, *_ in asked)):
            _, place, judge = asked[index]
            yield ScenarioItem.from_parent(self, name=name, place=place, judge=partial(judge, index))

    @cached_property
    def _first(self) -> "Look | SimulationError":
        """Replication 1, which all items share."""
        from sim.experiment import look

        return look(self.scenario)

    @cached_property
    def _done(self) -> "Replications | SimulationError":
        """All replications, which all thresholds share."""
        from sim.experiment import replicate

        try:
            return replicate(self.scenario, earlier=lambda _: [self._seen().replication], fingerprints=False)
        except SimulationError as error:
            return error

    def _seen(self) -> "Look":
        if isinstance(self._first, SimulationError):
            raise self._first
        return self._first

    def _runs(self, _: int) -> None:
        self._seen()

    def _expectation(self, index: int) -> "Finding":
        from sim.output.findings import of_expectation

        return of_expectation(self._seen().verdicts[index])

    def _threshold(self, index: int) -> "Finding":
        from sim.output.findings import of_demand, of_threshold
        from sim.verdicts import Outcome

        if isinstance(self._done, SimulationError):
            raise self._done
        may_be = self.config.getini("sim_inconclusive") == "pass"
        verdict = self._done.verdicts[index - len(self.scenario.expectations)]
        return of_demand(self._done) or of_threshold(verdict, Outcome.PASS if may_be else Outcome.FAIL)

    def _golden(self, _: int) -> "Finding":
        from sim.output.golden import golden_finding

        found = golden_finding(self.path, self.scenario, self._seen())
        if found is None:
            raise ScenarioError([self.scenario.root.place.fault("", "its golden log is gone; check it out again")])
        return found


class NotHeldError(Exception):
    """What a scenario asks did not hold; the finding says what and where."""

    def __init__(self, finding: "Finding") -> None:
        self.finding = finding
        super().__init__(str(finding))


class ScenarioItem(pytest.Item):
    """One thing that a scenario asks."""

    def __init__(self, *, place: "Place", judge: "Callable[[], Finding | None]", **options: Any) -> None:
        super().__init__(**options)
        self.place, self.judge = place, judge
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
        if isinstance(error, ScenarioError):
            return str(error)
        if not isinstance(error, NotHeldError):
            return super().repr_failure(excinfo, style)
        finding, place = error.finding, f"{self.place.file}:{self.place.line}"
        hint = [_NEXT] if finding.judgement == "INCONCLUSIVE" else []
        shown = (finding.result, f"asked: {finding.requirement}", place, f"    {self.source}", *finding.diff, *hint)
        return "\n".join(shown)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is asked; pytest takes dots at the end of an id for those of a module, but for the file."""
        return self.file, self.place.line - 1, f"{self.path.name}: {self.name}"


class ScenarioWarning(UserWarning):
    """A threshold that only warns did not hold."""
