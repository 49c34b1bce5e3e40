"""Runs: one replication of a scenario, executed and measured."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sim.checks import Verdict, judge
from sim.engines import Engine, Progress, run_engine
from sim.events import EventLog
from sim.metrics import Measures, attempts_table, events_table, measure, orders_table
from sim.model import NONE, UNITS, Coded, OrderClass, OrderStatus, Table, Workload
from sim.scenario import Scenario
from sim.statistics import BatchMeans, batch_means
from sim.units import SECOND

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """One finished run. Its tables are pandas DataFrames; times ending in `_us` are microseconds from the start."""

    plot: ClassVar[Any]  # the charts, attached in sim/__init__.py
    _repr_html_: ClassVar[Callable[["Run"], str]]  # likewise, what a notebook shows

    scenario: Scenario
    seed: int
    replication: int
    engine: str
    workload: Workload
    log: EventLog
    started_at: datetime
    finished_at: datetime

    def __repr__(self) -> str:
        """Return which run this is, in one line."""
        return f"<Run {self.scenario.name}, seed {self.seed}, replication {self.replication}, {len(self.log)} events>"

    @cached_property
    def measures(self) -> Measures:
        """Orders, attempts and metrics as numpy columns and a dict, for code that does without pandas."""
        return measure(self.workload, self.log, self.scenario.warmup)

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of the event log: equal for equal trajectories."""
        return self.log.fingerprint

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What became of each `expect` entry of the scenario; they are facts about replication 1 alone."""
        if self.replication != 1:
            return []
        return judge(self.scenario.expectations, self.measures.orders, self.log)

    def batch_means(self, order_class: OrderClass | None = None, confidence: float = 0.95) -> BatchMeans:
        """Return the mean wait in seconds of one long run, with an interval from the means of 20 equal batches of waits
        in order of creation, behind the warm-up. It warns when neighbouring batches are so alike that the interval is
        too short; one from single waits, which depend on each other, is far too short always.

        Raises:
            ValueError: there are fewer orders than batches.

        """
        orders, start = self.measures.orders, self.measures.warmup
        chosen = (orders.created >= start) & (orders.status != OrderStatus.ABANDONED.value)
        if order_class is not None:
            chosen &= orders.order_class == order_class.value
        found = batch_means(orders.wait[chosen] / SECOND, confidence)
        if found.correlation > 1.645 / found.batches**0.5:
            warnings.warn(
                f"neighbouring batches are correlated ({found.correlation:.2f}): the interval is too short; "
                "lengthen the run, or take replications",
                stacklevel=2,
            )
        return found

    @cached_property
    def orders(self) -> "pd.DataFrame":
        """A row for each order, with the columns of `orders.csv`: order, class, stream, status (words),
        created_us, picked_up_us, completed_us (microseconds), bot, attempts, wait_us, flow_us (microseconds);
        NA while unknown. Pick-up and bot are those of the last attempt; the wait of a PENDING order is so far.
        """
        return _frame(orders_table(self.measures.orders, self.workload))

    @cached_property
    def attempts(self) -> "pd.DataFrame":
        """A row for each stay of an order with a bot, with the columns of `attempts.csv`: order, attempt (from 1),
        bot, picked_up_us, ended_us (microseconds, NA while running), outcome (completed, returned, running).
        """
        return _frame(attempts_table(self.measures.attempts, self.workload))

    @cached_property
    def events(self) -> "pd.DataFrame":
        """A row for each event, with the columns of `events.csv`: seq (from 0), t_us (microseconds),
        clock (HH:MM:SS), event (a word), order, class, bot; NA where a column does not apply.
        """
        return _frame(events_table(self.log, self.scenario.clock))

    @cached_property
    def metrics(self) -> "pd.DataFrame":
        """A row for each metric: metric (its full name), value, and unit; NA where nothing was observed.

        Units: s (seconds), orders, bots, share (0 to 1), orders/h.
        """
        import pandas as pd

        values = self.measures.metrics
        return pd.DataFrame(
            {
                "metric": list(values),
                "value": pd.array(list(values.values()), dtype="Float64"),
                "unit": [UNITS[name] for name in values],
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
        SimulationError: the workload is too large.
        ValueError: seed or replication is out of range.

    """
    started = datetime.now(UTC)
    seed = scenario.seed if seed is None else seed
    workload = scenario.workload(seed, replication)
    log, engine_used = run_engine(workload, engine, progress)
    return Run(scenario, seed, replication, engine_used, workload, log, started, datetime.now(UTC))


def _frame(table: Table) -> "pd.DataFrame":
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, column in table.items():
        if isinstance(column, Coded):
            columns[name] = pd.Categorical.from_codes(column.codes.astype(np.int64), pd.Index(column.names))
        elif isinstance(column, list):
            columns[name] = column
        else:
            columns[name] = pd.arrays.IntegerArray(column.astype(np.int64), column == NONE)
    return pd.DataFrame(columns)
