"""The pytest plugin: scenario files as test files, and fixtures for tests in Python."""

import os
import warnings
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sim.errors import ScenarioError, SimulationError

if TYPE_CHECKING:
    from sim.experiment import Look, Replications, Run
    from sim.output.findings import Finding
    from sim.scenario import Place, Scenario

_PATTERN = "*.scenario.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what goes into the ini file."""
    more = f"more scenario files than {_PATTERN}: patterns of names, or of paths below the rootdir"
    parser.addini("sim_scenarios", more, type="args", default=[])
    parser.addini(
        "sim_inconclusive", "what counts where it is too early to say: fail (default) or pass", default="fail"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what the ini file cannot mean."""
    given = config.getini("sim_inconclusive")
    if given not in ("fail", "pass"):
        raise pytest.UsageError(f"sim_inconclusive is {given!r}; write fail or pass")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """Collect a scenario file, if it is called like one."""
    path = Path(os.path.relpath(file_path, parent.config.rootpath)).as_posix()
    patterns = (_PATTERN, *parent.config.getini("sim_scenarios"))
    if any(fnmatch(name, pattern) for name in (path, file_path.name) for pattern in patterns):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario: an item for each thing that it asks, all of one run."""

    scenario: "Scenario"

    def collect(self) -> "Iterator[ScenarioItem]":
        """Yield an item for each expectation, each threshold and the golden log, or one that the scenario runs.

        Raises:
            CollectError: with every fault of the file.

        """
        from sim.checks import in_words
        from sim.output.findings import unique
        from sim.output.golden import has_golden
        from sim.scenario import load_scenario

        try:
            self.scenario = load_scenario(os.path.relpath(self.path, self.config.invocation_params.dir))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        top = self.scenario.root.place
        asked: list[tuple[str, Place, Callable[[int], Finding | None]]] = [
            *((in_words(entry), place, self._expectation) for place, entry in self.scenario.expectations),
            *((str(threshold), place, self._threshold) for place, threshold in self.scenario.thresholds),
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
            return replicate(self.scenario, earlier=[self._seen().replication], fingerprints=False)
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
        from sim.output.findings import Outcome, of_demand, of_threshold

        if isinstance(self._done, SimulationError):
            raise self._done
        may_be = self.config.getini("sim_inconclusive") == "pass"
        verdict = self._done.thresholds[index - len(self.scenario.expectations)]
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
                message = f"{finding.asked}: {finding.result}"
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
        return "\n".join((finding.result, f"asked: {finding.asked}", place, f"    {self.source}", *finding.diff))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is asked; pytest takes dots at the end of an id for those of a module, but for the file."""
        return self.file, self.place.line - 1, f"{self.path.name}: {self.name}"


class ScenarioWarning(UserWarning):
    """A threshold that only warns did not hold."""


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> "Callable[..., Scenario]":
    """Load a scenario, with values for its parameters, by its path from the folder of the test."""
    from sim.scenario import load_scenario

    def load(path: str, **parameters: Any) -> "Scenario":
        try:
            return load_scenario(os.path.relpath(request.path.parent / path), **parameters)
        except ScenarioError as error:
            message = str(error)
        pytest.fail(message, pytrace=False)

    return load


@pytest.fixture
def run() -> "Callable[..., Run]":
    """Run a scenario: `run(scenario("rush.yaml").set(peak_bots=3))`."""
    import sim

    return sim.run
