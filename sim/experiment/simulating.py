"""From a scenario to what happened: orders are followed behind the horizon until none is PENDING or PROCESSING."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from sim.engines import Engine, Progress, choose_engine, run_engine
from sim.engines.contract import COMPLETE, GONE, LARGEST, Outcome
from sim.events import EventLog
from sim.metrics import Final, attempts_of, final_of, orders_of, outcome_of
from sim.model import Ints, Workload
from sim.scenario import Scenario

T = TypeVar("T")

_FIRST = 16  # the part of the run by which it is longer at first


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


def observed(
    scenario: Scenario, seed: int, replication: int, engine: Engine, breaks: Ints, with_fingerprint: bool
) -> Observed:
    """Return what metrics are made of, with the levels at `breaks`; the compiled engine makes no log that nobody needs.

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

    return _followed(scenario, seed, replication, execute)


def _followed(scenario: Scenario, seed: int, replication: int, execute: Callable[[Workload], tuple[T, bool]]) -> T:
    """Return what `execute` makes of a workload whose arrivals go on behind the horizon for as long as orders need; it
    also says whether all of them are settled.

    They are followed at most as long again as the run lasts. Draws are prefix-stable: however much longer a workload
    is, nothing before the horizon is another.
    """
    if scenario.end is None or not scenario.is_followed:
        return execute(scenario.workload(seed, replication))[0]
    while True:
        beyond = scenario.learned.get("beyond", scenario.end // _FIRST)
        result, is_settled = execute(scenario.workload(seed, replication, beyond))
        if is_settled or beyond >= scenario.end:
            return result
        # Replications to come will need about as much: it is asked for at once.
        scenario.learned["beyond"] = min(scenario.end, 2 * beyond + 1)
