"""Several scenarios replicated under one seed, so that all meet the same customers (common random numbers)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import TypedDict

from sim.engines import Engine, Progress
from sim.experiment.replications import Replications, most_replications, replicate_by
from sim.experiment.results import Replication, Results
from sim.experiment.workers import Workers
from sim.model import UNITS
from sim.scenario import Condition, Scenario, quantity

_GENERAL = ("wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95")


class Options(TypedDict, total=False):
    """How several scenarios are run; each is as in `replicate`, but that `earlier` is asked for the replications of a
    scenario, and that `finished` is told the scenario of new ones.
    """

    seed: int | None
    jobs: int
    engine: Engine
    executor: Executor | None
    earlier: Callable[[Scenario], Iterable[Replication]]
    finished: Callable[[Scenario, Results], None]
    progress: Progress | None
    fingerprints: bool


class Several:
    """Replicates scenarios with the same seed and workers."""

    def __init__(self, seed: int, workers: Workers, options: Options) -> None:
        self.seed, self.workers, self.options = seed, workers, options
        self.stored: dict[str, list[Replication]] = {}  # by the scenario's text

    def run(
        self, scenarios: Sequence[Scenario], times: int | None, known: Sequence[Sequence[Replication]] = ()
    ) -> list[Replications]:
        """Run each scenario `times` times, or as often as it says, but for replications of it that are `known`."""
        counts = [most_replications(scenario, times) for scenario in scenarios]
        total, progress = sum(counts), self.options.get("progress")
        found = []
        for place, scenario in enumerate(scenarios):
            before = sum(counts[:place])

            def told(done: int, _: int, before: int = before) -> None:
                if progress:
                    progress(before + done, total)

            later = total - before - counts[place]
            found.append(self._one(scenario, times, known[place] if known else (), told, later))
        return found

    def _one(
        self,
        scenario: Scenario,
        times: int | None,
        known: Sequence[Replication],
        progress: Progress,
        later: int,
    ) -> Replications:
        if scenario.text not in self.stored:
            self.stored[scenario.text] = list(self.options.get("earlier", _nothing)(scenario))
        there = {one.number for one in known}
        return replicate_by(
            self.workers,
            scenario,
            times,
            self.seed,
            self.options.get("engine", "auto"),
            [*known, *(one for one in self.stored[scenario.text] if one.number not in there)],
            progress,
            partial(self.options.get("finished", lambda *_: None), scenario),
            self.options.get("fingerprints", True),
            later,
        )


def _nothing(_: Scenario) -> Iterable[Replication]:
    return ()


@contextmanager
def several(scenario: Scenario, options: Options) -> Iterator[Several]:
    """Give what replicates scenarios, by default under the seed of `scenario`."""
    if unknown := options.keys() - Options.__annotations__.keys():
        raise TypeError(
            f"unknown option {', '.join(sorted(unknown))}; give some of {', '.join(Options.__annotations__)}"
        )
    workers = Workers(options.get("jobs", 1), options.get("executor"))
    seed = options.get("seed")
    try:
        yield Several(scenario.seed if seed is None else seed, workers, options)
    finally:
        workers.close()


def swept(scenario: Scenario) -> list[str]:
    """Return the names of the parameters that the scenario's sweep goes through."""
    return [] if scenario.file.sweep is None else list(scenario.file.sweep.values)


def asked_metrics(scenarios: Iterable[Scenario]) -> list[str]:
    """Return the metrics that thresholds of these scenarios name, or without any those that matter in general."""
    asked = {threshold.metric for scenario in scenarios for threshold in scenario.thresholds}
    return [name for name in UNITS if name in (asked or _GENERAL)]


def shared_conditions(points: Iterable[Replications], metric: str) -> list[Condition]:
    """Return the conditions that thresholds put on a metric, none where they are not the same at all points."""
    first, *others = (
        [threshold.condition for threshold in point.scenario.thresholds if threshold.metric == metric]
        for point in points
    )
    return first if all(other == first for other in others) else []


def differing(scenarios: Sequence[Scenario]) -> list[str]:
    """Return the names of the parameters that all scenarios have and in which they differ, as the first has them."""
    first, *others = ({name: quantity(value) for name, value in one.parameters.items()} for one in scenarios)
    return [
        name
        for name, value in first.items()
        if all(name in other for other in others) and any(other[name] != value for other in others)
    ]


def headings(parameters: Iterable[str], others: Sequence[str]) -> list[str]:
    """Return what columns of parameters are called in a table with other columns."""
    return [f"params.{name}" if name in others else name for name in parameters]


def label(scenario: Scenario, names: Iterable[str]) -> str:
    """Return the values of some parameters as text, or the scenario's name where there are none."""
    return ", ".join(f"{name}={scenario.parameters[name]}" for name in names) or scenario.name
