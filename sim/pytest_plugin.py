"""The pytest plugin: scenario files as test files, and fixtures for tests in Python."""

import os
import warnings
from collections import Counter
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
    from sim.scenario import Scenario

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
        from sim.output.golden import has_golden
        from sim.scenario import load_scenario

        try:
            self.scenario = load_scenario(os.path.relpath(self.path, self.config.invocation_params.dir))
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        asked: list[tuple[str, int, Callable[[int], Finding | None]]] = [
            *((in_words(entry), place.line, self._expectation) for place, entry in self.scenario.expectations),
            *((str(threshold), place.line, self._threshold) for place, threshold in self.scenario.thresholds),
        ]
        if has_golden(self.scenario):
            asked.append(("golden log", self.scenario.root.place.line, self._golden))
        names = Counter(name for name, *_ in asked)
        for index, (name, line, judge) in enumerate(asked):
            unique = name if names[name] == 1 else f"{name} (line {line})"
            yield ScenarioItem.from_parent(self, name=unique, line=line, judge=partial(judge, index))
        if not asked:
            yield ScenarioItem.from_parent(self, name="runs", line=1, judge=self._runs)

    @cached_property
    def first(self) -> "Look":
        """Replication 1, which all items share."""
        from sim.experiment import look

        first = look(self.scenario)
        if isinstance(first, SimulationError):
            raise first
        return first

    @cached_property
    def done(self) -> "Replications":
        """All replications, which all thresholds share."""
        from sim.experiment import replicate

        return replicate(self.scenario, earlier=[self.first.replication], fingerprints=False)

    def _runs(self) -> None:
        _ = self.first

    def _expectation(self, index: int) -> "Finding":
        from sim.output.findings import of_expectation

        return of_expectation(self.first.verdicts[index])

    def _threshold(self, index: int) -> "Finding":
        from sim.output.findings import Outcome, of_threshold

        may_be = self.config.getini("sim_inconclusive") == "pass"
        verdict = self.done.thresholds[index - len(self.scenario.expectations)]
        return of_threshold(verdict, Outcome.PASS if may_be else Outcome.FAIL)

    def _golden(self, _: int) -> "Finding | None":
        from sim.output.golden import golden_finding

        return golden_finding(self.scenario, self.first)


class NotHeldError(Exception):
    """What a scenario asks did not hold; the finding says what and where."""

    def __init__(self, finding: "Finding") -> None:
        self.finding = finding
        super().__init__(str(finding))


class ScenarioItem(pytest.Item):
    """One thing that a scenario asks."""

    def __init__(self, *, line: int, judge: "Callable[[], Finding | None]", **options: Any) -> None:
        super().__init__(**options)
        self.line, self.judge = line, judge

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
                warnings.warn_explicit(str(finding), ScenarioWarning, str(self.path), self.line)
        elif finding.outcome != "PASS":
            raise NotHeldError(finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the line of the file, what was asked and what came, instead of a traceback."""
        error = excinfo.value
        if isinstance(error, SimulationError | ScenarioError):
            return str(error)
        if not isinstance(error, NotHeldError):
            return super().repr_failure(excinfo, style)
        finding = error.finding
        lines = Path(finding.place.file).read_text(encoding="utf-8").splitlines()
        head = f"{finding.verdict}: asked {finding.asked}, got {finding.came}"
        place = f"{finding.place.file}:{finding.place.line}"
        return "\n".join((head, place, f"    {lines[finding.place.line - 1].strip()}", *finding.diff))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is asked."""
        return self.path, self.line - 1, self.name


class ScenarioWarning(UserWarning):
    """A threshold that only warns did not hold."""


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> "Callable[..., Scenario]":
    """Load a scenario, with values for its parameters, by its path from the folder of the test."""
    from sim.scenario import load_scenario

    return lambda path, **parameters: load_scenario(request.path.parent / path, **parameters)


@pytest.fixture
def run() -> "Callable[..., Run]":
    """Run a scenario: `run(scenario("rush.yaml").set(peak_bots=3))`."""
    import sim

    return sim.run
