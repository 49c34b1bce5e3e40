"""What a worker does: it runs replications and observes them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sim.engines import Engine
from sim.engines.contract import GONE, NORMAL, VIP, Outcome
from sim.errors import NO_MEMORY, SimulationError
from sim.experiment.results import Record, Replication, Results, Series, instants_of
from sim.experiment.simulating import drawn, observed
from sim.experiment.single import Run
from sim.metrics import Counted, breaks_of, counts_of_pools, definition, measure, new_pools
from sim.model import Ints
from sim.scenario import Scenario
from sim.units import SECOND

_MOST_WAITS = 10_000  # of one replication in charts
_MOST_SERIES = 200  # replications of which charts are made


def observe(
    scenario: Scenario, seed: int, engine: Engine, numbers: Sequence[int], warmup: int, fingerprints: bool
) -> Results:
    """Run some replications and return what they say behind a warm-up of so many microseconds; this is what a worker
    does.

    Raises:
        SimulationError: a replication is too large.

    """
    metric_set, is_followed = scenario.metric_set.after(warmup), scenario.is_followed
    values = np.empty((len(numbers), len(metric_set.names)))
    bounds = np.empty(values.shape, bool)
    pools, counts, records = new_pools(), list[Counted](), []
    breaks = {size: breaks_of(metric_set, instants_of(scenario)[:size], scenario.end) for size in (0, None)}
    started = datetime.now(UTC)
    workloads = drawn(scenario, seed, numbers)
    for row, number in enumerate(numbers):
        has_series = number <= _MOST_SERIES
        try:
            breaks_of_row = breaks[None if has_series else 0]
            chosen, outcome, fingerprint = observed(
                scenario, seed, number, engine, breaks_of_row, fingerprints, next(workloads)
            )
            values[row], bounds[row], counted = measure(metric_set, outcome, is_followed, _kernel(chosen), pools)
        except (SimulationError, MemoryError) as error:
            reason = NO_MEMORY if isinstance(error, MemoryError) else error
            raise SimulationError(f"{scenario.name}, replication {number}: {reason}") from None
        counts.append(counted)
        series = _series(outcome, instants_of(scenario), warmup) if has_series else None
        finished = datetime.now(UTC)
        records.append(Record(fingerprint, chosen, warmup, started, finished, series))
        started = finished
    return Results(metric_set, numbers, values, bounds, Counted.of_days(counts), records, counts_of_pools(pools))


def replication_of(run: Run) -> Replication:
    """Return what is kept of a run."""
    measures = run.measures
    return Replication(
        run.replication,
        measures.values,
        measures.bounds,
        measures.counts,
        run.fingerprint,
        run.engine,
        run.warmup,
        run.started_at,
        run.finished_at,
        _series(measures.outcome, instants_of(run.scenario), run.warmup),
    )


def _kernel(engine: str) -> Any:
    """Return the definition of the metrics, compiled where the engine is."""
    if engine != "compiled":
        return definition
    from sim.metrics import volume

    return volume


def _series(outcome: Outcome, instants: Ints, warmup: int) -> Series:
    has_stayed = outcome.final_status != GONE
    left_out = int((outcome.created[has_stayed] < warmup).sum())
    queue = outcome.levels[np.searchsorted(outcome.breaks, instants)][:, (VIP, NORMAL)].T
    waits = outcome.wait[has_stayed][:_MOST_WAITS] / SECOND
    return Series(queue if len(instants) else None, waits, left_out)
