"""From a scenario to what happened: orders are followed behind the horizon until none is PENDING or PROCESSING."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from sim.engines import Engine, Progress, choose_engine, run_engine
from sim.engines.contract import COMPLETE, GONE, LARGEST, Outcome
from sim.errors import SimulationError
from sim.events import EventLog
from sim.metrics import Final, attempts_of, final_of, orders_of, outcome_of
from sim.model import Ints, Workload
from sim.scenario import Scenario

T = TypeVar("T")

_FIRST = 16  # the part of the run by which it is longer at first
_ACTIONS_AT_ONCE = 16_384  # about so many are drawn at once, so that they stay in the cache of a processor


class Simulated(NamedTuple):
    """A run with its log until its end, and what became of its orders at last."""

    workload: Workload
    log: EventLog
    final: Final


class Observed(NamedTuple):
    """A run without its log, and the engine that ran it."""

    engine: str
    outcome: Outcome
    fingerprint: str | None


def simulated(
    scenario: Scenario, seed: int, replication: int, engine: Engine, progress: Progress | None = None
) -> Simulated:
    """Return what happened in one replication.

    Raises:
        SimulationError: the workload is too large, also for the memory that there is.

    """

    def execute(workload: Workload) -> tuple[Simulated, bool]:
        log = run_engine(workload, engine, progress)
        final = final_of(workload, log, scenario.end)
        return Simulated(workload, log if scenario.end is None else log.until(scenario.end), final), final.is_settled

    return _followed(scenario, seed, replication, execute)


def drawn(scenario: Scenario, seed: int, replications: Sequence[int]) -> Iterator[Workload]:
    """Yield the workload of each replication, as long as most will need; small ones are drawn many at once.

    Raises:
        SimulationError: the next workload is too large, also for the memory that there is.

    """
    start, size = 0, 1
    while start < len(replications):
        block = replications[start : start + size]
        try:
            workloads = scenario.workloads(seed, block, _beyond(scenario))
        except (SimulationError, MemoryError):
            if len(block) == 1:
                raise
            size = 1  # which of them is too large shows when it is drawn alone
            continue
        yield from workloads
        start += len(block)
        size = max(1, _ACTIONS_AT_ONCE // max(1, len(workloads[-1].action)))


def observed(
    scenario: Scenario,
    seed: int,
    replication: int,
    engine: Engine,
    breaks: Ints,
    with_fingerprint: bool,
    workload: Workload | None = None,
) -> Observed:
    """Return what metrics are made of, with the levels at `breaks`; the compiled engine makes no log that nobody needs.

    `workload` is that of the replication where it is `drawn` already.

    Raises:
        SimulationError: as in `simulated`.

    """

    def execute(workload: Workload) -> tuple[Observed, bool]:
        chosen = choose_engine(engine, len(workload.action))
        if chosen == "compiled":
            from sim.engines import compiled  # which loads numba

            log, outcome = compiled.run(workload, with_fingerprint, breaks, scenario.end)
        if chosen != "compiled" or outcome.reach > LARGEST:  # whose sums do not fit into 64 bits
            followed = run_engine(workload, chosen)
            log = followed if scenario.end is None else followed.until(scenario.end)
            attempts = attempts_of(workload, log)
            final = final_of(workload, followed, scenario.end)
            outcome = outcome_of(workload, log, orders_of(workload, log, attempts), attempts, final, breaks)
        is_settled = ((outcome.final_status == COMPLETE) | (outcome.final_status == GONE)).all()
        return Observed(chosen, outcome, log.fingerprint if with_fingerprint else None), bool(is_settled)

    return _followed(scenario, seed, replication, execute, workload)


def _followed(
    scenario: Scenario,
    seed: int,
    replication: int,
    execute: Callable[[Workload], tuple[T, bool]],
    workload: Workload | None = None,
) -> T:
    """Return what `execute` makes of a workload whose arrivals go on behind the horizon for as long as orders need; it
    also says whether all of them are settled.

    They are followed at most as long again as the run lasts. Draws are prefix-stable: however much longer a workload
    is, nothing before the horizon is another.
    """
    end = scenario.end
    while True:
        if workload is None:
            workload = scenario.workload(seed, replication, _beyond(scenario))
        result, is_settled = execute(workload)
        if is_settled or end is None or not scenario.is_followed:
            return result
        assert workload.horizon is not None
        beyond = workload.horizon - end
        if beyond >= end:
            return result
        # Replications to come will need about as much: it is asked for at once.
        scenario.learned["beyond"] = max(_beyond(scenario), min(end, 2 * beyond + 1))
        workload = None


def _beyond(scenario: Scenario) -> int:
    """Return how much longer than the run a workload is drawn at first."""
    if scenario.end is None or not scenario.is_followed:
        return 0
    return scenario.learned.get("beyond", scenario.end // _FIRST)
