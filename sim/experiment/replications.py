"""Replications: the same scenario and seed, other random numbers, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sim.experiment.frames import ThresholdVerdicts, frame_of_rows, interval_cells
from sim.experiment.presenting import ReplicationsPlots, presenter
from sim.experiment.results import Replication, Results
from sim.model import UNITS, OrderClass, unit_of
from sim.scenario import Scenario, Threshold, metric_of
from sim.statistics import Interval, bounds, mean_interval
from sim.units import SECOND, count
from sim.verdicts import ThresholdVerdict, judge_threshold

if TYPE_CHECKING:
    import pandas as pd

_REACH = 10  # limits that a value may lie away from those that were seen, where all were equal and a crew need not be


class AllOrders(NamedTuple):
    """The waits of the orders of all replications together, in seconds; quantiles are off by less than 1.2e-4 of
    themselves.
    """

    n: int
    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, eq=False, repr=False)
class Replications:
    """Replications 1 to n of a scenario under one seed."""

    scenario: Scenario
    seed: int
    results: Sequence[Replication]
    stopped: bool = False  # because a metric was known well enough

    def __repr__(self) -> str:
        """Return which experiment this is, in one line."""
        return f"<Replications {self.scenario.name}, seed {self.seed}, {count(len(self.results), 'replication')}>"

    @property
    def plot(self) -> ReplicationsPlots:
        """The charts, as `week.plot.queue()`."""
        return presenter().replications_plots(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    @cached_property
    def columns(self) -> Results:
        """The results in columns."""
        return self.results if isinstance(self.results, Results) else Results.of(self.results)

    def values(self, metric: str) -> list[float]:
        """Return the values of a metric, in the order of replications, without those where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        try:
            name = metric_of(metric)
        except ValueError as error:
            raise KeyError(str(error)) from None
        column = self.columns.of_metric(name)
        observed: list[float] = column[~np.isnan(column)].tolist()
        return observed

    def estimate(self, metric: str, confidence: float = 0.95) -> Interval | None:
        """Return the mean of a metric over replications, with Student's t interval; None where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        values = self.values(metric)
        return mean_interval(values, confidence) if values else None

    @cached_property
    def verdicts(self) -> ThresholdVerdicts:
        """What became of each of the scenario's thresholds."""
        return ThresholdVerdicts(
            judge_threshold(threshold, *self._values_and_worst(threshold.metric), self.scenario.is_random)
            for threshold in self.scenario.thresholds
        )

    def judged(self, threshold: Threshold, level: float) -> ThresholdVerdict:
        """Return what becomes of a threshold when either judgement may be wrong with probability `level` at most."""
        # Where all observed values are equal, others may still lie so far away (see `bounds`): none of a crew, which
        # the file fixes, and no share leaves 0 to 1.
        match unit_of(threshold.metric):
            case "bots":
                reach = 0.0
            case "share":
                reach = 1.0
            case _:
                reach = _REACH * threshold.condition.high
        interval = partial(bounds, level=level, reach=reach) if self.scenario.is_random else mean_interval
        return judge_threshold(threshold, *self._values_and_worst(threshold.metric), self.scenario.is_random, interval)

    def _values_and_worst(self, metric: str) -> tuple[list[float | None], list[float | None]]:
        """Return the values of a metric, and what unfinished orders could make of them, None where there is none."""
        columns = (self.columns.of_metric(metric), self.columns.worst_of(metric))
        values, worst = ([None if np.isnan(value) else value for value in column.tolist()] for column in columns)
        return values, worst

    def to_frame(self, confidence: float = 0.95) -> "pd.DataFrame":
        """Return a row for each metric: metric, mean, low, high, n, unit; low and high are NA without an interval.

        A single replication of a random scenario has no interval; n counts the replications with an observation.
        """
        rows = [(name, *interval_cells(self.estimate(name, confidence)), unit) for name, unit in UNITS.items()]
        return frame_of_rows(rows, ["metric", "mean", "low", "high", "n", "unit"])

    def all_orders(self, order_class: OrderClass | Literal["VIP", "NORMAL"]) -> AllOrders | None:
        """Return what all orders of a class waited, in all replications together; None when some of these were not run
        just now, when they ended by a rule, or when there was no order.
        """
        if self.columns.waits is None:
            return None
        waits = self.columns.waits[OrderClass[order_class] if isinstance(order_class, str) else order_class]
        if not waits.n:
            return None
        quantiles = (waits.quantile(share) / SECOND for share in (0.5, 0.95, 0.99))
        return AllOrders(waits.n, waits.total / waits.n / SECOND, *quantiles)

    @property
    def runs(self) -> "pd.DataFrame":
        """A row for each replication and metric: replication, metric, value (NA where nothing was observed)."""
        import pandas as pd

        rows = [
            (replication.number, name, value)
            for replication in self.results
            for name, value in replication.values.items()
        ]
        frame = pd.DataFrame(rows, columns=["replication", "metric", "value"])
        return frame.astype({"value": "Float64"})
