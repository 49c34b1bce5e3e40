"""What a worker does: it runs replications and observes them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sim.engines import Engine
from sim.engines.contract import GONE, NORMAL, VIP
from sim.engines.outcomes import Outcomes
from sim.experiment.results import Record, Replication, Results, Series, instants_of
from sim.experiment.simulating import observed
from sim.experiment.single import Run
from sim.metrics import Measured, breaks_of, counts_of_pools, definition, measure, new_pools
from sim.model import Ints
from sim.scenario import Scenario
from sim.units import SECOND

_MOST_WAITS = 10_000  # of one replication in charts
_MOST_SERIES = 200  # replications of which charts are made


def observe(
    scenario: Scenario, seed: int, engine: Engine, numbers: Sequence[int], warmup: int, fingerprints: bool
) -> Results:
    """Run replications of some ascending numbers and return what they say behind a warm-up of microseconds; this
    is what a worker does.

    Raises:
        SimulationError: a replication is too large.

    """
    metric_set, is_followed, instants = scenario.metric_set.after(warmup), scenario.is_followed, instants_of(scenario)
    can_abandon = scenario.file.patience.is_limited
    pools, parts, records, order = new_pools(), list[Measured](), list[Record](), list[int]()
    for has_series in (True, False):
        some = [number for number in numbers if (number <= _MOST_SERIES) is has_series]
        breaks = breaks_of(metric_set, instants if has_series else instants[:0], scenario.end)
        started = datetime.now(UTC)
        for runs in observed(scenario, seed, some, engine, breaks, fingerprints):
            kernel = _kernel(runs.engine)
            parts.append(measure(metric_set, runs.outcomes, is_followed, kernel, pools, can_abandon))
            series: list[Series | None] = [None] * len(runs.numbers)
            if has_series:
                series = list(_series(runs.outcomes, instants, warmup))
            finished = datetime.now(UTC)
            duration = (finished - started) / len(runs.numbers)
            for row, (fingerprint, of_row) in enumerate(zip(runs.fingerprints, series, strict=True)):
                times = started + row * duration, started + (row + 1) * duration
                records.append(Record(fingerprint, runs.engine, warmup, *times, of_row))
            order += runs.numbers
            started = finished
    measured, days = Measured.join(parts), np.argsort(order)
    return Results(
        metric_set,
        numbers,
        measured.values[days],
        measured.bounds[days],
        measured.by_name(days),
        [records[day] for day in days],
        counts_of_pools(pools),
    )


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
        next(_series(Outcomes.of(measures.outcome), instants_of(run.scenario), run.warmup)),
    )


def _kernel(engine: str) -> Any:
    """Return the definition of the metrics, compiled where the engine is."""
    if engine != "compiled":
        return definition
    from sim.metrics import volume

    return volume


def _series(outcomes: Outcomes, instants: Ints, warmup: int) -> Iterator[Series]:
    """Yield what charts need of each day, with the queue at some instants, which are breaks of the outcomes."""
    has_stayed, is_left_out, waits = outcomes.final_status != GONE, outcomes.created < warmup, outcomes.wait / SECOND
    queues = outcomes.levels[:, np.searchsorted(outcomes.breaks, instants)][:, :, (VIP, NORMAL)].transpose(0, 2, 1)
    for (first, last), queue in zip(outcomes.rows.tolist(), queues, strict=True):
        stayed = has_stayed[first:last]
        left_out = int((is_left_out[first:last] & stayed).sum())
        yield Series(queue if len(instants) else None, waits[first:last][stayed][:_MOST_WAITS], left_out)
