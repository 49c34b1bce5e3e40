"""What a worker does: it runs replications and observes them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from sim.engines import Engine, choose_engine, run_engine
from sim.errors import NO_MEMORY, SimulationError
from sim.events import EventLog
from sim.experiment.results import Record, Replication, Results, Series
from sim.experiment.single import Run
from sim.metrics import WAITS, Observation, measure, observation
from sim.model import UNITS, Ints, OrderClass, OrderStatus, Workload
from sim.scenario import Scenario
from sim.statistics import Histogram
from sim.units import SECOND

INSTANTS = 201  # of the queue in charts
_MOST_WAITS = 10_000  # of one replication in charts
_MOST_SERIES = 200  # replications of which charts are made
_ABANDONED = int(OrderStatus.ABANDONED)
_NO_INSTANTS = np.empty(0, np.int64)


def observe(
    scenario: Scenario,
    seed: int,
    engine: Engine,
    numbers: Sequence[int],
    fingerprints: bool = True,
    numpy_version: str = np.__version__,
) -> Results:
    """Run some replications and return what they say; this is what a worker does, if it has the right numpy.

    Raises:
        SimulationError: a replication is too large, its warm-up has no end, or numpy may draw other numbers here.

    """
    if _minor(numpy_version) != _minor(np.__version__):
        raise SimulationError(
            f"a worker has numpy {np.__version__}, which may draw other numbers than {numpy_version}; install the same"
        )
    values = np.empty((len(numbers), len(UNITS)))
    worst = np.empty((len(numbers), len(WAITS)))
    records = []
    waits = tuple(Histogram() for _ in OrderClass)
    started = datetime.now(UTC)
    for row, number in enumerate(numbers):
        try:
            workload = scenario.workload(seed, number)
            chosen = choose_engine(engine, len(workload.action))
            instants = _instants(workload) if number <= _MOST_SERIES else _NO_INSTANTS
            observed, log = _run(workload, chosen, scenario.warmup, fingerprints, instants, waits)
        except (SimulationError, MemoryError) as error:
            reason = NO_MEMORY if isinstance(error, MemoryError) else error
            raise SimulationError(f"{scenario.name}, replication {number}: {reason}") from None
        values[row] = observed.values
        worst[row] = observed.worst
        fingerprint = log.fingerprint if fingerprints else None
        series = _series(observed) if number <= _MOST_SERIES else None
        finished = datetime.now(UTC)
        records.append(Record(fingerprint, chosen, observed.warmup, started, finished, series))
        started = finished
    return Results(numbers, values, worst, records, waits)


def _run(
    workload: Workload,
    engine: Engine,
    warmup: int | Literal["mser5"],
    logged: bool,
    instants: Ints,
    waits: Sequence[Histogram],
) -> tuple[Observation, EventLog]:
    """Run a workload; return what is observed of it and its log, and count the waits that `wait` is made of, by class.

    The compiled engine leaves the log empty where it need not be `logged`.
    """
    if engine == "compiled":
        from sim.metrics import tally  # which loads numba

        observed, log = tally.observe(workload, warmup, logged, instants)
        tally.count_waits(observed, waits)
        return observed, log
    log = run_engine(workload, engine)
    observed = observation(measure(workload, log, warmup), log, instants)
    is_counted = (observed.status != _ABANDONED) & (observed.created >= observed.warmup)
    for order_class, histogram in enumerate(waits):
        histogram.add(observed.wait[is_counted & (observed.order_class == order_class)])
    return observed, log


def replication_of(run: Run) -> Replication:
    """Return what is kept of a run."""
    observed = observation(run.measures, run.log, _instants(run.workload))
    record = Record(run.fingerprint, run.engine, observed.warmup, run.started_at, run.finished_at, _series(observed))
    return Results([run.replication], observed.values[None], observed.worst[None], [record], None)[0]


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _instants(workload: Workload) -> Ints:
    """Return the instants at which charts over replications show the queue, none without a horizon."""
    return _NO_INSTANTS if workload.horizon is None else np.linspace(0, workload.horizon, INSTANTS).astype(np.int64)


def _series(observed: Observation) -> Series:
    stayed = observed.status != _ABANDONED
    left_out = int((observed.created[stayed] < observed.warmup).sum())
    queue = observed.queue if observed.queue.size else None
    return Series(queue, observed.wait[stayed][:_MOST_WAITS] / SECOND, left_out)
