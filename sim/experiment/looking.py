"""A first look at scenarios, by several workers where that pays, and what a check finds of a file after it.

A look is what CI needs of replication 1. `sim.checking` finds the rest, and `sim.output.ci` puts it into words.
"""

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.engines import LONG, Engine, choose_engine
from sim.errors import NO_MEMORY, Fault, SimulationError
from sim.experiment.comparing import Pair
from sim.experiment.frames import Verdicts
from sim.experiment.observing import replication_of
from sim.experiment.replications import Replications
from sim.experiment.results import Replication
from sim.experiment.sharing import in_order
from sim.experiment.single import run
from sim.experiment.workers import Workers
from sim.metrics import FROM_PENDING, TO_PENDING, steps
from sim.scenario import Scenario
from sim.verdicts import Finding, Outcome, worst

SPANS = 40


class Look(NamedTuple):
    """Replication 1: what became of `expect`, its metrics, and how many orders were PENDING at most in each of so many
    equal spans from its start to its end.
    """

    verdicts: Verdicts
    replication: Replication
    queue: list[int]


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """What a check finds of one file: `faults` of one that cannot be run; else a first look at it, its replications and
    what became of each thing that it asks.

    `pairs` are its metrics beside those that it is compared with, None where there are none. `problem` says why its
    golden log could not be stored.
    """

    file: str
    faults: Sequence[Fault] = ()
    look: Look | None = None
    replications: Replications | None = None
    findings: Sequence[Finding] = ()
    pairs: Sequence[Pair] | None = None
    is_golden_stored: bool = False
    problem: str = ""

    @property
    def outcome(self) -> Outcome:
        """The worst of what became of it."""
        if self.faults:
            return Outcome.WRONG
        return worst(finding.outcome for finding in self.findings) if self.findings else Outcome.NOTHING


def look(scenario: Scenario, seed: int | None = None, engine: Engine = "auto") -> Look | SimulationError:
    """Return what replication 1 of a scenario says, or why it cannot be run."""
    try:
        first_run = run(scenario, seed, 1, engine)
        times, levels = steps(first_run.log, TO_PENDING, FROM_PENDING)
        ends = np.linspace(0, first_run.log.end, SPANS + 1).astype(np.int64)
        rows = (np.searchsorted(times, ends, side="right") - 1).tolist()
        queue = [int(levels[first : last + 1].max()) for first, last in pairwise(rows)]
        chosen = choose_engine(engine, len(first_run.workload.action))
        return Look(first_run.verdicts, replace(replication_of(first_run), engine=chosen), queue)
    except SimulationError as error:
        return error
    except MemoryError:
        return SimulationError(NO_MEMORY)


def looks(
    scenarios: Sequence[Scenario], seed: int | None, engine: Engine, workers: Workers
) -> Generator[Look | SimulationError, None, None]:
    """Yield a look at each scenario, while workers are at those to come; once workers die again and again, that."""
    try:
        yield from in_order((partial(look, scenario, seed, engine) for scenario in scenarios), workers, len(scenarios))
    except SimulationError as error:
        while True:
            yield error


def is_long(scenarios: Sequence[Scenario], seed: int | None, counts: Sequence[int]) -> bool:
    """Whether it takes so long to run each scenario so many times that other processes pay: about a second."""
    actions = 0
    for scenario, count in zip(scenarios, counts, strict=True):
        with suppress(SimulationError, MemoryError):  # of which a look tells
            actions += len(scenario.workload(seed).action) * count
        if actions > LONG:
            return True
    return False
