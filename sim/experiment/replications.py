"""Replications: the same scenario and seed, other random numbers, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sim.experiment.estimating import interval_of, observed_values, replications_to_settle
from sim.experiment.frames import ThresholdVerdicts, bound_word, frame_of_rows, interval_cells
from sim.experiment.presenting import ReplicationsPlots, presenter
from sim.experiment.results import Replication, Results
from sim.model import unit_of
from sim.scenario import Scenario, Threshold, can_fall, never_varies
from sim.statistics import DayRange, Interval, day_range
from sim.units import count
from sim.verdicts import LEVEL, Sample, ThresholdVerdict, judge_threshold, worst_slot

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ["estimate", "mean", "low", "high", "day_low", "day_high"]
COLUMNS = ["metric", *NUMBERS[:4], "n", "unit", *NUMBERS[4:], "bound"]
_REACH = 10  # limits that a value may lie away from those that were seen, where all were equal


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
        if isinstance(self.results, Results):
            return self.results
        return Results.of(self.scenario.metric_set, self.results)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The full name of each metric, in the order in which they are shown."""
        return self.columns.metric_set.names

    def values(self, metric: str) -> list[float]:
        """Return the values of a metric, in the order of replications, without those where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        observed: list[float] = observed_values(self.columns, self._full_name(metric)).tolist()
        return observed

    def estimate(self, metric: str, confidence: float = 0.95) -> Interval | None:
        """Return the estimate of a metric with its interval: see `interval_of`; None where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        return interval_of(self.scenario, self.columns, self._full_name(metric), (1 - confidence) / 2)

    def day(self, metric: str) -> DayRange | None:
        """Return where a single day lies, between the values of two replications; None where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        values = self.values(metric)
        return day_range(values) if values else None

    def _full_name(self, text: str) -> str:
        try:
            name = self.scenario.metric_name(text)
        except ValueError as error:
            raise KeyError(str(error)) from None
        if name not in self.metric_names:
            raise KeyError(f"metric {name!r} was not recorded; name it under metrics in the scenario")
        return name

    @cached_property
    def verdicts(self) -> ThresholdVerdicts:
        """What became of each of the scenario's thresholds, each judgement wrong with a probability of 2.5% at most."""
        return ThresholdVerdicts(self.judged(threshold, LEVEL) for threshold in self.scenario.thresholds)

    def judged(self, threshold: Threshold, level: float) -> ThresholdVerdict:
        """Return what becomes of a threshold when either judgement may be wrong with probability `level` at most."""
        return worst_slot(self.judged_slots(threshold, level))

    def judged_slots(self, threshold: Threshold, level: float) -> list[ThresholdVerdict]:
        """Return what becomes of a threshold in each of its slots, or of the run as the only one.

        To hold in each slot needs no adjustment for their number (Berger 1982, Multiparameter hypothesis testing and
        acceptance sampling); to fail in this one does (Holm 1979, A simple sequentially rejective multiple test
        procedure).
        """
        levels = level, level / len(threshold.metrics)
        return [self._judged_in(threshold, metric, *levels) for metric in threshold.metrics]

    def _judged_in(self, threshold: Threshold, metric: str, level: float, level_to_fail: float) -> ThresholdVerdict:
        """Return what becomes of a threshold in one of its slots."""
        sample = Sample(
            self.columns.of_metric(metric),
            self.columns.bounds[:, self.columns.metric_set.columns[metric]],
            not never_varies(metric, self.scenario.file),
            can_fall(metric, self.scenario.file),
        )
        # Where all observed values are equal, others may still lie so far away (see `bounds`): no share leaves 0 to 1,
        # and the least that can happen to orders happens to one.
        reach = _REACH * threshold.condition.high
        if unit_of(metric) == "share":
            reach = 1.0
        elif unit_of(metric) == "orders":
            reach = max(reach, 1.0)

        def estimate(at_level: float) -> Interval | None:
            return interval_of(self.scenario, self.columns, metric, at_level, reach)

        def to_settle(limit: float) -> int | None:
            return replications_to_settle(self.columns, metric, limit)

        return judge_threshold(threshold, metric, sample, estimate, to_settle, level, level_to_fail)

    def to_frame(self, confidence: float = 0.95) -> "pd.DataFrame":
        """Return a row for each metric: metric, estimate, mean, low, high, n, unit, day_low, day_high, bound.

        `mean` is another name of `estimate`; low and high are NA without an interval, such as of a single replication
        of a random scenario. `n` counts the replications with an observation. A single day lies between `day_low` and
        `day_high`, with 95% from 39 replications on. `bound` is "lower" where the estimate is a lower bound.
        """
        rows = []
        for name in self.metric_names:
            estimate, low, high, n = interval_cells(self.estimate(name, confidence))
            day = self.day(name)
            days = day[:2] if day else (None, None)
            bound = bound_word(self.columns.is_bound(name))
            rows.append((name, estimate, estimate, low, high, n, unit_of(name), *days, bound))
        return frame_of_rows(rows, COLUMNS, NUMBERS)

    @property
    def runs(self) -> "pd.DataFrame":
        """A row for each replication and metric: replication, metric, value (NA where nothing was observed), bound."""
        import pandas as pd

        rows = [
            (number, name, value, bound_word(is_bound))
            for number, *row in zip(self.columns.numbers, self.columns.rows(), self.columns.bounds, strict=True)
            for name, value, is_bound in zip(self.metric_names, *row, strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["replication", "metric", "value", "bound"])
        return frame.astype({"value": "Float64"})
