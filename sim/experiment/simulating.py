"""From a scenario to what happened: orders are followed behind the horizon until none is PENDING or PROCESSING."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine, choose_engine, kernel_of, run_engine
from sim.engines.contract import LARGEST, Progress
from sim.engines.outcomes import Outcomes
from sim.errors import NO_MEMORY, SimulationError
from sim.events import EventLog
from sim.metrics import Final, attempts_of, final_of, orders_of, outcome_of
from sim.model import Ints, Workload, Workloads
from sim.scenario import Scenario

_FIRST = 16  # the part of the run by which it is longer at first
_ACTIONS_AT_ONCE = 50_000  # about so many are drawn at once; a third less take 3% more time, a third more 15 MB more


class Simulated(NamedTuple):
    """A run with its log until its end, and what became of its orders at last."""

    workload: Workload
    log: EventLog
    final: Final


class Observed(NamedTuple):
    """Some replications without their logs, and the engine that ran them."""

    numbers: list[int]
    engine: str
    outcomes: Outcomes
    fingerprints: list[str | None]

    def take(self, rows: NDArray[np.bool_]) -> "Observed":
        """Return some of the replications."""
        places = np.flatnonzero(rows).tolist()
        return Observed(
            [self.numbers[place] for place in places],
            self.engine,
            self.outcomes.take(rows),
            [self.fingerprints[place] for place in places],
        )


def simulated(
    scenario: Scenario, seed: int, replication: int, engine: Engine, progress: Progress | None = None
) -> Simulated:
    """Return what happened in one replication.

    Raises:
        SimulationError: the workload is too large, also for the memory that there is.

    """
    while True:
        beyond = _beyond(scenario)
        workload = scenario.workload(seed, replication, beyond, kernel_of(engine))
        log = run_engine(workload, engine, progress)
        final = final_of(workload, log, scenario.end)
        if final.is_settled or not _can_go_on(scenario, beyond):
            return Simulated(workload, log if scenario.end is None else log.until(scenario.end), final)
        _go_on(scenario, beyond)


def observed(
    scenario: Scenario, seed: int, numbers: Iterable[int], engine: Engine, breaks: Ints, with_fingerprints: bool
) -> Iterator[Observed]:
    """Yield what metrics are made of, with the levels at `breaks`, for replications of some numbers, not always in
    their order; the compiled engine makes no log that nobody needs. Small ones are drawn and run many at once.

    Raises:
        SimulationError: a replication is too large, also for the memory that there is.

    """
    waiting, size, kernel = list(numbers), 1, kernel_of(engine)
    while waiting:
        block, beyond = waiting[:size], _beyond(scenario)
        try:
            workloads = scenario.workloads(seed, block, beyond, kernel)
            parts = list(_run(scenario, block, workloads, engine, breaks, with_fingerprints))
        except (SimulationError, MemoryError) as error:
            if len(block) > 1:
                size = 1  # which of them is too large shows when it is drawn alone
                continue
            reason = NO_MEMORY if isinstance(error, MemoryError) else error
            raise SimulationError(f"{scenario.name}, replication {block[0]}: {reason}") from None
        size = max(1, _ACTIONS_AT_ONCE // max(1, int(np.diff(workloads.actions)[-1])))
        waiting = waiting[len(block) :]
        for runs in parts:
            is_open = (runs.outcomes.followed > runs.outcomes.end) & _can_go_on(scenario, beyond)
            if not is_open.any():
                yield runs
                continue
            _go_on(scenario, beyond)
            waiting[:0] = [runs.numbers[place] for place in np.flatnonzero(is_open)]
            if not is_open.all():
                yield runs.take(~is_open)


def _run(
    scenario: Scenario,
    numbers: list[int],
    workloads: Workloads,
    engine: Engine,
    breaks: Ints,
    with_fingerprints: bool,
) -> Iterator[Observed]:
    """Yield what metrics are made of, once at best, else for each replication."""
    chosen = choose_engine(engine, int(np.diff(workloads.actions).max()))
    if chosen == "compiled":
        from sim.engines import compiled  # which loads numba

        logs, outcomes = compiled.run_days(workloads, with_fingerprints, breaks, scenario.end)
        if outcomes.reach.max() <= LARGEST:  # else sums do not fit into 64 bits
            fingerprints: list[str | None] = [None] * len(numbers)
            if with_fingerprints:
                fingerprints = [log.fingerprint for log in logs]
            yield Observed(numbers, chosen, outcomes, fingerprints)
            return
    for number, workload in zip(numbers, workloads, strict=True):
        followed = run_engine(workload, chosen)
        log = followed if scenario.end is None else followed.until(scenario.end)
        attempts = attempts_of(workload, log)
        final = final_of(workload, followed, scenario.end)
        outcome = outcome_of(workload, log, orders_of(workload, log, attempts), attempts, final, breaks)
        yield Observed([number], chosen, Outcomes.of(outcome), [log.fingerprint if with_fingerprints else None])


def _beyond(scenario: Scenario) -> int:
    """Return how much longer than the run a workload is drawn at first."""
    if scenario.end is None or not scenario.is_followed:
        return 0
    return scenario.learned.get("beyond", max(1, scenario.end // _FIRST))


def _can_go_on(scenario: Scenario, beyond: int) -> bool:
    """Whether orders may be followed further: at most as long again as the run lasts.

    Draws are prefix-stable: however much longer a workload is, nothing before the horizon is another.
    """
    return scenario.end is not None and scenario.is_followed and beyond < scenario.end


def _go_on(scenario: Scenario, beyond: int) -> None:
    """Have workloads drawn longer: replications to come will need about as much."""
    assert scenario.end is not None
    scenario.learned["beyond"] = max(_beyond(scenario), min(scenario.end, 2 * beyond + 1))
