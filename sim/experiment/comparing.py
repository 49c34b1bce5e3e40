"""Comparisons with a baseline, replication by replication."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Unpack

import numpy as np

from sim.errors import ScenarioError
from sim.experiment.replications import Replications, most_replications
from sim.experiment.several import Options, asked_metrics, differing, label, several
from sim.model import UNITS, WORSE
from sim.scenario import Scenario, metric_of
from sim.statistics import Difference, holm, paired_difference

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
    is_bound: bool
    is_random: bool = True

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
    def is_significant(self) -> bool:
        """Whether there is a difference, with at most 5% false alarms over all pairs."""
        return self.adjusted <= SIGNIFICANT

    @property
    def is_worse(self) -> bool:
        """Whether there is such a difference, and customers would not have it."""
        return (
            self.difference is not None
            and self.is_significant
            and self.difference.interval.mean * WORSE[self.metric] > 0
        )


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Alternatives beside a baseline, under common random numbers."""

    plot: ClassVar[Any]  # the charts, attached in sim/__init__.py
    _repr_html_: ClassVar[Callable[["Comparison"], str]]  # likewise, what a notebook shows

    baseline: Replications
    alternatives: Sequence[Replications]
    metric_names: Sequence[str]

    def __repr__(self) -> str:
        """Return what this compares, in one line."""
        return f"<Comparison of {self.labels[0]} with {len(self.alternatives)} alternatives, seed {self.baseline.seed}>"

    @cached_property
    def labels(self) -> list[str]:
        """What the baseline and each alternative is called: its name, the parameters that differ, or its file."""
        scenarios = [one.scenario for one in (self.baseline, *self.alternatives)]
        names = differing(scenarios)
        named = [one.name for one in scenarios]
        labels = [label(one, names) for one in scenarios]
        for unique in (named, labels, [one.root.place.file for one in scenarios]):
            if len(set(unique)) == len(scenarios):
                return unique
        counts = [labels[: at + 1].count(one) for at, one in enumerate(labels)]
        return [one if count == 1 else f"{one} ({count})" for one, count in zip(labels, counts, strict=True)]

    @cached_property
    def pairs(self) -> list[Pair]:
        """Each metric of each alternative beside the baseline's."""
        return adjusted(
            [
                paired(name, done, self.baseline, metric)
                for name, done in zip(self.labels[1:], self.alternatives, strict=True)
                for metric in self.metric_names
            ]
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each alternative and metric: alternative, metric, baseline, mean, difference, low, high, n,
        p_adjusted, significant, correlation, variance_ratio, unit.

        `low` and `high` are the unadjusted 95% interval of the mean difference; `significant` is by Holm's procedure.
        `p_adjusted` is NA where nothing is random, or where there is one pair of replications.
        """
        import pandas as pd

        rows = []
        for pair in self.pairs:
            found = pair.difference
            interval = found.interval if found else (None, None, None, 0)
            shared = (found.correlation, found.variance_ratio) if found else (None, None)
            rows.append(
                (
                    *(pair.alternative, pair.metric, pair.baseline_mean, pair.mean, *interval, pair.p_adjusted),
                    *(pair.is_significant, *shared, UNITS[pair.metric]),
                )
            )
        numbers = ["baseline", "mean", "difference", "low", "high", "n", "p_adjusted"]
        shown = [*numbers, "significant", "correlation", "variance_ratio", "unit"]
        frame = pd.DataFrame(rows, columns=["alternative", "metric", *shown])
        kinds = dict.fromkeys((*numbers, "correlation", "variance_ratio"), "Float64")
        return frame.astype({**kinds, "n": "Int64"})


def adjusted(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs of one family of tests with their p-values after Holm's procedure (1979)."""
    found = iter(holm([pair.adjusted for pair in pairs if pair.is_test]))
    return [pair._replace(adjusted=next(found)) if pair.is_test else pair for pair in pairs]


def paired(name: str, done: Replications, baseline: Replications, metric: str) -> Pair:
    """Return a metric over the replications in which both observed it, not adjusted yet."""
    numbers, others = (np.asarray(one.columns.numbers) for one in (done, baseline))
    _, here, there = np.intersect1d(numbers, others, assume_unique=True, return_indices=True)
    ours, theirs = done.columns.of_metric(metric)[here], baseline.columns.of_metric(metric)[there]
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    bound = done.columns.is_bound(metric) or baseline.columns.is_bound(metric)
    if not both.any():
        before, now = (alone and alone.mean for alone in (baseline.estimate(metric), done.estimate(metric)))
        return Pair(name, metric, before, now, None, 1.0, bound)
    found = paired_difference(ours[both], theirs[both])
    is_random = done.scenario.is_random or baseline.scenario.is_random
    if not is_random:
        found = found._replace(p=float(found.interval.mean == 0))
    means = (float(theirs[both].mean()), float(ours[both].mean()))
    return Pair(name, metric, *means, found, found.p, bound, is_random)


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
    named = [metric_of(name) for name in metric_names] or (plan and plan.metrics) or []
    names = list(dict.fromkeys(named)) or asked_metrics([baseline, *alternatives])
    scenarios = [baseline, *alternatives]
    if not alternatives:
        first = baseline.baseline()
        scenarios = [first, *(point for point in baseline.points() if differing([first, point]))]
        if len(scenarios) == 1:
            place = baseline.root.find(("sweep",))[0].place
            raise ScenarioError([place.fault("sweep", "has no other point than the baseline; write other values")])
    if times is None:
        times = max(map(most_replications, scenarios))
    with several(baseline, options) as runs:
        done = runs.run(scenarios, times)
    return Comparison(done[0], done[1:], names)
