"""Comparisons with a baseline, replication by replication."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Unpack

import numpy as np

from sim.errors import ScenarioError
from sim.experiment.estimating import day_values
from sim.experiment.frames import bound_word, frame_of_rows, interval_cells
from sim.experiment.points import differing, label
from sim.experiment.presenting import ComparisonPlots, presenter
from sim.experiment.replicating import Options, most_replications, replicator
from sim.experiment.replications import Replications
from sim.experiment.results import Floats
from sim.experiment.shown_metrics import metrics_of_study
from sim.model import metric_named, unit_of
from sim.scenario import Scenario, can_fall, never_varies
from sim.statistics import Difference, holm, paired_difference
from sim.units import count

if TYPE_CHECKING:
    import pandas as pd

SIGNIFICANT = 0.05


class Pair(NamedTuple):
    """One metric of one alternative beside the baseline's, over the replications in which both observed it.

    `adjusted` is the p-value after Holm's procedure over all pairs of the comparison that are tests. `difference` is
    None where there are no pairs, and the means are then those of each alone, None where it observed nothing; where
    nothing is random, any difference is significant.
    """

    alternative: str
    metric: str
    baseline_mean: float | None
    mean: float | None
    difference: Difference | None
    adjusted: float
    bounds: tuple[bool, bool]  # whether the baseline's values, and the alternative's, are counted so far
    is_random: bool = True
    can_fall: bool = False  # whether values that are counted so far may still become smaller
    is_of_days: bool = False  # whether the mean of the days' percentiles stands in place of that of all orders

    @property
    def is_single(self) -> bool:
        """Whether one pair of random replications is all there is, of which nothing can be said."""
        return self.difference is not None and self.is_random and self.difference.interval.n == 1

    @property
    def is_test(self) -> bool:
        """Whether chance may have made the difference and can be told from it, so that it counts among many tests."""
        return self.difference is not None and self.is_random and not self.is_single

    @property
    def p_adjusted(self) -> float | None:
        """The adjusted p-value, None where nothing was tested."""
        return self.adjusted if self.is_test else None

    @property
    def is_open(self) -> bool:
        """Whether open orders could turn the difference round, as those of the smaller side."""
        if self.can_fall or self.difference is None:
            return any(self.bounds)
        return self.bounds[0 if self.difference.interval.estimate > 0 else 1]

    @property
    def is_significant(self) -> bool:
        """Whether there is a difference, with at most 5% false alarms over all pairs, whatever open orders bring."""
        return self.adjusted <= SIGNIFICANT and not self.is_open

    @property
    def is_worse(self) -> bool:
        """Whether there is such a difference, and customers would not have it."""
        return (
            self.difference is not None
            and self.is_significant
            and self.difference.interval.estimate * metric_named(self.metric).worse > 0
        )


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Alternatives beside a baseline, under common random numbers."""

    scenario: Scenario  # the one that was given first: of the baseline, or with the sweep
    baseline: Replications
    alternatives: Sequence[Replications]
    metric_names: Sequence[str]

    def __repr__(self) -> str:
        """Return what this compares, in one line."""
        alternatives = count(len(self.alternatives), "alternative")
        return f"<Comparison of {self.labels[0]} with {alternatives}, seed {self.baseline.seed}>"

    @property
    def plot(self) -> ComparisonPlots:
        """The charts, as `comparison.plot.differences()`."""
        return presenter().comparison_plots(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    @cached_property
    def labels(self) -> list[str]:
        """What the baseline and each alternative is called: its name, the parameters that differ, or its file."""
        scenarios = [replications.scenario for replications in (self.baseline, *self.alternatives)]
        parameters = differing(scenarios)
        names = [scenario.name for scenario in scenarios]
        labels = [label(scenario, parameters) for scenario in scenarios]
        files = [scenario.root.place.file for scenario in scenarios]
        # The first of these that tells all apart; where none does, the labels are numbered.
        for texts in (names, labels, files):
            if len(set(texts)) == len(scenarios):
                return texts
        counts = [labels[: index + 1].count(text) for index, text in enumerate(labels)]
        return [text if count == 1 else f"{text} ({count})" for text, count in zip(labels, counts, strict=True)]

    @cached_property
    def pairs(self) -> list[Pair]:
        """Each metric of each alternative beside the baseline's."""
        return adjusted(
            [
                paired(name, replications, self.baseline, metric)
                for name, replications in zip(self.labels[1:], self.alternatives, strict=True)
                for metric in self.metric_names
            ]
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each alternative and metric: alternative, metric, baseline, mean, difference, low, high, n,
        p_adjusted, significant, correlation, variance_ratio, unit, baseline_bound, bound.

        `low` and `high` are the unadjusted 95% interval of the mean difference; `significant` is by Holm's procedure.
        `p_adjusted` is NA where nothing is random, or where there is one pair of replications. `baseline_bound` and
        `bound` are "lower" where the baseline, or the mean, is a lower bound.
        """
        rows = [
            (
                pair.alternative,
                pair.metric,
                pair.baseline_mean,
                pair.mean,
                *interval_cells(pair.difference and pair.difference.interval),
                pair.p_adjusted,
                pair.is_significant,
                pair.difference and pair.difference.correlation,
                pair.difference and pair.difference.variance_ratio,
                unit_of(pair.metric),
                *map(bound_word, pair.bounds),
            )
            for pair in self.pairs
        ]
        interval = ["difference", "low", "high", "n"]
        shared = ["correlation", "variance_ratio"]
        columns = ["alternative", "metric", "baseline", "mean", *interval, "p_adjusted", "significant", *shared, "unit"]
        columns += ["baseline_bound", "bound"]
        numbers = ["baseline", "mean", "difference", "low", "high", "p_adjusted", *shared]
        return frame_of_rows(rows, columns, numbers)


def adjusted(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs of one family of tests with their p-values after Holm's procedure (1979)."""
    p_values = iter(holm([pair.adjusted for pair in pairs if pair.is_test]))
    return [pair._replace(adjusted=next(p_values)) if pair.is_test else pair for pair in pairs]


def paired(name: str, replications: Replications, baseline: Replications, metric: str) -> Pair:
    """Return a metric over the replications in which both observed it, not adjusted yet; they pair by their numbers.

    Where a percentile of all orders has no interval, since days are few or only their own values were kept, it is the
    mean of these, and says so by its name.
    """
    sides = replications, baseline
    if not all(metric in side.metric_names for side in sides):
        alone = [side.estimate(metric) if metric in side.metric_names else None for side in sides]
        mean, baseline_mean = (interval and interval.estimate for interval in alone)
        return Pair(name, metric, baseline_mean, mean, None, 1.0, (False, False))
    columns = [side.columns for side in sides]
    is_random = not all(never_varies(metric, side.scenario.file) for side in sides)
    values, baseline_values = (day_values(of_side, metric) for of_side in columns)
    bounds = columns[1].is_bound(metric), columns[0].is_bound(metric)
    falls = any(can_fall(metric, side.scenario.file) for side in sides)
    is_of_days = False
    if metric_named(metric).is_pooled and (np.isnan(values).all() or np.isnan(baseline_values).all()):
        values, baseline_values = (of_side.of_metric(metric) for of_side in columns)
        if is_random:
            is_of_days, metric = True, metric_named(metric).daily
    _, rows, baseline_rows = np.intersect1d(
        replications.columns.numbers, baseline.columns.numbers, assume_unique=True, return_indices=True
    )
    means = (_mean_of_values(baseline_values), _mean_of_values(values))
    values, baseline_values = values[rows], baseline_values[baseline_rows]
    is_pair = ~np.isnan(values) & ~np.isnan(baseline_values)
    if not is_pair.any():
        return Pair(name, metric, *means, None, 1.0, bounds)
    difference = paired_difference(values[is_pair], baseline_values[is_pair])
    if not is_random:  # any difference is certain, and so is that there is none
        difference = difference._replace(p=float(difference.interval.estimate == 0))
    baseline_mean, mean = float(baseline_values[is_pair].mean()), float(values[is_pair].mean())
    return Pair(name, metric, baseline_mean, mean, difference, difference.p, bounds, is_random, falls, is_of_days)


def _mean_of_values(values: Floats) -> float | None:
    observed = values[~np.isnan(values)]
    return float(observed.mean()) if len(observed) else None


def compare(
    baseline: Scenario,
    *alternatives: Scenario,
    metric_names: Sequence[str] = (),
    times: int | None = None,
    **options: Unpack[Options],
) -> Comparison:
    """Run `times` replications of each scenario and return how the alternatives differ from the baseline.

    Without alternatives, they are the points of the scenario's `sweep`, and its `compare` names the baseline.
    Replication n of all scenarios meets the same customers, as far as they come from streams of the same name, and
    pairs with the others'. `metric_names` are by default those that `compare` names, or the thresholds. Options are
    those of `Options`; without a seed it is that of the baseline.

    Raises:
        ScenarioError: the file has no sweep, or is wrong with some of its values.
        SimulationError: a replication cannot be run.
        ValueError: times, seed, jobs or engine is out of range, or there is no such metric.

    """
    plan = baseline.file.compare
    named = [baseline.metric_name(name) for name in metric_names] or (plan and plan.metrics) or []
    names = list(dict.fromkeys(named)) or metrics_of_study([baseline, *alternatives])
    scenarios = [baseline, *alternatives]
    if not alternatives:
        point_of_baseline = baseline.baseline()
        points = [point for point in baseline.points() if differing([point_of_baseline, point])]
        scenarios = [point_of_baseline, *points]
        if len(scenarios) == 1:
            place = baseline.root.find(("sweep",))[0].place
            raise ScenarioError([place.fault("sweep", "has no other point than the baseline; write other values")])
    scenarios = [scenario.with_metrics(names) for scenario in scenarios]
    if times is None:
        times = max(map(most_replications, scenarios))  # of all as many, since only pairs count
    with replicator(baseline, options) as runs:
        replications = runs.run(scenarios, times)
    return Comparison(baseline, replications[0], replications[1:], names)
