"""Replicating: one scenario or several under one seed, so that all meet the same customers (common random numbers)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from functools import partial
from typing import TypedDict, Unpack

from sim.engines import Engine
from sim.engines.contract import Progress
from sim.experiment.course import Course
from sim.experiment.observing import observe
from sim.experiment.replications import Replications
from sim.experiment.results import Replication, Results
from sim.experiment.sharing import shared
from sim.experiment.warming import warmup_of
from sim.experiment.workers import Workers
from sim.scenario import Scenario

MOST_TIMES = 1_000_000


class Options(TypedDict, total=False):
    """How scenarios are run, in `replicate`, `sweep`, `compare` and `select` alike; all may be left out.

    `seed` is by default that of the scenario. `jobs` workers share the work, or those of `executor`; the
    numbers are the same however many there are, in each `engine`. `earlier(scenario)` returns replications that need
    not be run again. `finished(scenario, results)` is told new ones as they come, in the order of their numbers,
    `progress(done, total)` how many there are of all. Without `fingerprints` no log is hashed, and the compiled engine
    makes none.
    """

    seed: int | None
    jobs: int
    engine: Engine
    executor: Executor | None
    earlier: Callable[[Scenario], Iterable[Replication]]
    finished: Callable[[Scenario, Results], None]
    progress: Progress | None
    fingerprints: bool


def replicate(scenario: Scenario, times: int | None = None, **options: Unpack[Options]) -> Replications:
    """Run replications 1 to `times` of a scenario and return what they say together.

    `times` is as the scenario says by default: a number, or until its metric is known well enough; without either 30 of
    a random scenario, or as many as its strictest share needs, and 1 of another. Options are those of `Options`.

    Raises:
        SimulationError: a replication is too large, its warm-up has no end, or workers die again and again.
        ValueError: times, seed, jobs or engine is out of range.

    """
    with replicator(scenario, options) as runs:
        return runs.run([scenario], times)[0]


class Replicator:
    """Replicates scenarios with the same seed and workers."""

    def __init__(self, seed: int, workers: Workers, options: Options) -> None:
        self.seed = seed
        self._workers = workers
        self._options = options
        self._earlier: dict[str, list[Replication]] = {}  # by the text of their scenario

    def run(
        self, scenarios: Sequence[Scenario], times: int | None, known: Sequence[Sequence[Replication]] = ()
    ) -> list[Replications]:
        """Run each scenario `times` times, or as often as it says, but for replications of it that are `known`."""
        counts = [most_replications(scenario, times) for scenario in scenarios]
        total = sum(counts)
        progress = self._options.get("progress")
        experiments = []
        for index, scenario in enumerate(scenarios):
            reached = sum(counts[:index])  # of all, before those of this scenario

            def tell(count: int, _: int, reached: int = reached) -> None:
                if progress:
                    progress(reached + count, total)

            options: Options = {**self._options, "seed": self.seed, "earlier": self._earlier_of, "progress": tell}
            later = total - reached - counts[index]
            known_of_it = known[index] if known else ()
            experiments.append(replicate_by(self._workers, scenario, times, known_of_it, later, **options))
        return experiments

    def _earlier_of(self, scenario: Scenario) -> list[Replication]:
        """Return earlier replications; a selection needs them again and again, and a database is asked once."""
        if scenario.text not in self._earlier:
            self._earlier[scenario.text] = list(self._options.get("earlier", _nothing)(scenario))
        return self._earlier[scenario.text]


def replicate_by(
    workers: Workers,
    scenario: Scenario,
    times: int | None = None,
    known: Iterable[Replication] = (),
    later: int = 0,
    **options: Unpack[Options],
) -> Replications:
    """Do what `replicate` does, with `workers` in place of those of the options; they may go on to `later` replications
    of other scenarios. `known` are replications that are at hand, beside those from earlier.

    Raises:
        SimulationError: as in `replicate`.
        ValueError: likewise.

    """
    most = most_replications(scenario, times)
    if not 1 <= most <= MOST_TIMES:
        raise ValueError(f"times {most} is out of range; give 1 to {MOST_TIMES}")
    seed = _seed(scenario, options)
    progress, finished = options.get("progress"), options.get("finished")
    earlier = options.get("earlier", _nothing)(scenario)
    at_hand = {
        replication.number: replication
        for replication in (*earlier, *known)
        if replication.number <= most and replication.covers(scenario.metric_set)
    }
    plan = scenario.file.replications if times is None else None
    course = Course(scenario, most, list(at_hand.values()), plan)
    if not course.is_over:
        engine = options.get("engine", "auto")
        warmup, fingerprints = warmup_of(scenario, seed, engine), options.get("fingerprints", True)
        work = partial(observe, scenario, seed, warmup=warmup, fingerprints=fingerprints)
        with closing(shared(work, engine, course.missing, workers, later)) as blocks:
            for block in blocks:
                fresh = course.take(block)
                if finished:
                    finished(scenario, fresh)
                if progress:
                    progress(course.reached, most)
                if course.is_over:
                    break
    return Replications(scenario, seed, course.results(), course.is_enough)


def most_replications(scenario: Scenario, times: int | None = None) -> int:
    """Return how often a scenario is run at most: `times`, as its file says, or by default."""
    plan = scenario.file.replications
    if times is not None:
        return times
    if plan is None:
        return scenario.file.default_replications
    most = plan.times or plan.max
    assert most is not None
    return most


@contextmanager
def replicator(scenario: Scenario, options: Options) -> Iterator[Replicator]:
    """Give what replicates scenarios, by default under the seed of `scenario`."""
    refuse_unknown(options)
    with closing(Workers(options.get("jobs", 1), options.get("executor"))) as workers:
        yield Replicator(_seed(scenario, options), workers, options)


def refuse_unknown(options: Options) -> None:
    """Refuse options of other names: Python does not for keywords that a function takes together.

    Raises:
        TypeError: there are some.

    """
    if unknown := options.keys() - Options.__annotations__.keys():
        names = ", ".join(Options.__annotations__)
        raise TypeError(f"unknown option {', '.join(sorted(unknown))}; give some of {names}")


def _seed(scenario: Scenario, options: Options) -> int:
    seed = options.get("seed")
    return scenario.seed if seed is None else seed


def _nothing(_: Scenario) -> Iterable[Replication]:
    return ()
