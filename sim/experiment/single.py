"""Runs: one replication of a scenario, executed and measured."""

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from sim.engines import Engine
from sim.engines.contract import Progress
from sim.engines.outcomes import Outcome, Outcomes
from sim.errors import NO_MEMORY, SimulationError
from sim.events import EventLog
from sim.experiment.frames import Times, Verdicts, bound_word, frame_of
from sim.experiment.presenting import Page, RunPlots, presenter
from sim.experiment.results import Values, instants_of, values_by_name
from sim.experiment.simulating import simulated
from sim.experiment.warming import warmup_of
from sim.metrics import (
    Attempts,
    Final,
    Orders,
    attempts_of,
    attempts_table,
    breaks_of,
    events_table,
    measure,
    orders_of,
    orders_table,
    outcome_of,
)
from sim.model import OrderClass, OrderStatus, Table, Workload, unit_of
from sim.scenario import Scenario
from sim.statistics import BatchMeans, Counts, batch_means
from sim.units import SECOND, count
from sim.verdicts import judge_expectations

if TYPE_CHECKING:
    import pandas as pd

TableName = Literal["orders", "attempts", "events"]


class Measures(NamedTuple):
    """All that is measured of one run: `values` by the full names of metrics, durations in seconds, None where nothing
    was observed; those in `bounds` are lower bounds, since orders were not over at the last. `counts` are how many
    orders had which duration, by the names of distributions of which the file names percentiles.
    """

    orders: Orders
    attempts: Attempts
    values: Values
    bounds: frozenset[str]
    counts: dict[str, Counts]
    outcome: Outcome


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """One finished run. Its tables are pandas DataFrames, a new one whenever they are asked for, so that a cell of a
    notebook which changes one may be run twice; times ending in `_us` are microseconds from the start.
    """

    scenario: Scenario
    seed: int
    replication: int
    engine: str  # as it was given: which one `auto` takes may differ from day to day, but nothing that it makes
    warmup: int  # microseconds at the beginning that metrics leave out
    workload: Workload
    log: EventLog
    final: Final
    started_at: datetime
    finished_at: datetime

    def __repr__(self) -> str:
        """Return which run this is, in one line."""
        events = count(len(self.log), "event")
        return f"<Run {self.scenario.name}, seed {self.seed}, replication {self.replication}, {events}>"

    @property
    def plot(self) -> RunPlots:
        """The charts, as `run.plot.bots()`."""
        return presenter().run_plots(self)

    def page(self) -> Page:
        """Return the page that replays the run and answers "what if"; in a notebook it is shown.

        Raises:
            KitchensimError: the run is too large for one.

        """
        return presenter().page(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    @cached_property
    def measures(self) -> Measures:
        """Orders, attempts and metrics as numpy columns and a dict, for code that does without pandas."""
        attempts = attempts_of(self.workload, self.log)
        orders = orders_of(self.workload, self.log, attempts)
        metric_set = self.scenario.metric_set.after(self.warmup)
        breaks = breaks_of(metric_set, instants_of(self.scenario), self.scenario.end)
        outcome = outcome_of(self.workload, self.log, orders, attempts, self.final, breaks)
        can_abandon = self.scenario.file.patience.is_limited
        measured = measure(metric_set, Outcomes.of(outcome), self.scenario.is_followed, can_abandon=can_abandon)
        values = values_by_name(metric_set, measured.values[0])
        bounds = frozenset(name for name, is_bound in zip(values, measured.bounds[0], strict=True) if is_bound)
        counts = {name: days[0] for name, days in measured.by_name(np.zeros(1, np.int64)).items()}
        return Measures(orders, attempts, values, bounds, counts, outcome)

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of the event log: equal for equal trajectories."""
        return self.log.fingerprint

    @cached_property
    def verdicts(self) -> Verdicts:
        """What became of each `expect` entry of the scenario; they are facts about replication 1 alone."""
        if self.replication != 1:
            return Verdicts()
        return Verdicts(judge_expectations(self.scenario, self.measures.orders, self.log))

    def batch_means(self, order_class: OrderClass | None = None, confidence: float = 0.95) -> BatchMeans:
        """Return the mean wait in seconds of one long run, with an interval from the means of 20 equal batches of waits
        in order of creation, behind the warm-up. It warns when neighbouring batches are so alike that the interval is
        too short; one from single waits, which depend on each other, is far too short always.

        Raises:
            ValueError: there are fewer orders than batches.

        """
        orders = self.measures.orders
        chosen = (orders.created >= self.warmup) & (self.final.status != OrderStatus.ABANDONED.value)
        if order_class is not None:
            chosen &= orders.order_class == order_class.value
        means = batch_means(self.final.wait[chosen] / SECOND, confidence)
        # The correlation of n independent batches is about normal with variance 1/n: one in 20 is above this.
        if means.correlation > 1.645 / means.batches**0.5:
            warnings.warn(
                f"neighbouring batches are correlated ({means.correlation:.2f}): the interval is too short; "
                "lengthen the run, or take replications",
                stacklevel=2,
            )
        return means

    @property
    def orders(self) -> "pd.DataFrame":
        """A row for each order, with the columns of `orders.csv`: order, class, stream, status (words),
        created_us, picked_up_us, completed_us (microseconds), bot, attempts, wait_us, flow_us (microseconds), and, as
        orders are followed behind the horizon, final_status, final_picked_up_us, final_completed_us, final_wait_us;
        NA while unknown. Pick-up and bot are those of the last attempt; the wait of a PENDING order is so far.
        """
        return self.to_frame("orders")

    @property
    def attempts(self) -> "pd.DataFrame":
        """A row for each stay of an order with a bot, with the columns of `attempts.csv`: order, attempt (from 1),
        bot, picked_up_us, ended_us (microseconds, NA while running), outcome (completed, returned, running).
        """
        return self.to_frame("attempts")

    @property
    def events(self) -> "pd.DataFrame":
        """A row for each event, with the columns of `events.csv`: seq (from 0), t_us (microseconds),
        clock (HH:MM:SS), event (a word), order, class, bot; NA where a column does not apply.
        """
        return self.to_frame("events")

    def to_frame(self, name: TableName, times: Times = "microseconds") -> "pd.DataFrame":
        """Return `orders`, `attempts` or `events` as a new DataFrame.

        By default times are whole microseconds from the start, in columns that end in `_us`. With `timedelta` they are
        timedeltas, and the columns lose that ending. With `clock`, instants are what the scenario's clock reads, as
        datetimes, and `wait` and `flow` timedeltas; the first day of a clock without a date is 1970-01-01.

        Raises:
            ValueError: there is no such table, or no such kind of times.

        """
        if name not in get_args(TableName):
            raise ValueError(f"unknown table {name!r}; give {', '.join(get_args(TableName))}")
        return frame_of(self.columns(name), self.scenario.clock, times)

    def columns(self, name: TableName) -> Table:
        """Return the columns of `orders.csv`, `attempts.csv` or `events.csv` by name."""
        if name == "orders":
            return orders_table(self.measures.orders, self.final, self.workload)
        if name == "attempts":
            return attempts_table(self.measures.attempts, self.workload)
        return events_table(self.log, self.scenario.clock)

    @property
    def metrics(self) -> "pd.DataFrame":
        """A row for each metric: metric (its full name), value, unit and bound; NA where nothing was observed.

        Units: s (seconds), orders, bots, share (0 to 1), orders/h. `bound` is "lower" where the value is a lower bound.
        """
        import pandas as pd

        values = self.measures.values
        return pd.DataFrame(
            {
                "metric": list(values),
                "value": pd.array(list(values.values()), dtype="Float64"),
                "unit": [unit_of(name) for name in values],
                "bound": [bound_word(name in self.measures.bounds) for name in values],
            }
        )


def run(
    scenario: Scenario,
    seed: int | None = None,
    replication: int = 1,
    engine: Engine = "auto",
    progress: Progress | None = None,
) -> Run:
    """Execute one replication of `scenario` (from 1) under `seed` (default: the scenario's) and return the run.

    Nothing is written anywhere. `progress(done, total)` is called now and then with actions done and in all.

    Raises:
        SimulationError: the workload is too large, also for the memory that there is.
        ValueError: seed or replication is out of range.

    """
    started = datetime.now(UTC)
    seed = scenario.seed if seed is None else seed
    warmup = warmup_of(scenario, seed, engine)
    try:
        workload, log, final = simulated(scenario, seed, replication, engine, progress)
    except MemoryError:
        raise SimulationError(f"{scenario.name}: {NO_MEMORY}") from None
    return Run(scenario, seed, replication, engine, warmup, workload, log, final, started, datetime.now(UTC))
