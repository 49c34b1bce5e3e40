"""The course of an experiment: which of its replications there are, and whether they are enough."""

from collections.abc import Sequence

import numpy as np

from sim.experiment.results import Replication, Results
from sim.model import OrderClass
from sim.scenario import ReplicationPlan
from sim.statistics import Histogram, mean_interval


class Course:
    """How far an experiment of `most` replications at most is; `known` ones need not be run.

    With a plan it ends as soon as the plan's metric is known well enough.
    """

    def __init__(self, most: int, known: Sequence[Replication], plan: ReplicationPlan | None) -> None:
        self.most = most
        self.reached = 0  # replications 1 to this one are there
        self.is_enough = False  # because the metric is known well enough
        self._until = None if plan is None else plan.until
        self._fewest = 0 if plan is None else plan.min
        self._parts: list[Results] = []
        self._values: dict[int, float] = {}  # of the plan's metric, by the number of the replication
        # Waits of single orders are counted by whole blocks: not of known replications, nor where the experiment may
        # end in the middle of a block.
        is_countable = not known and self._until is None
        self._waits = tuple(Histogram() for _ in OrderClass) if is_countable else None
        if known:
            self._add(Results.of(known))
        self.missing = [number for number in range(1, most + 1) if number not in self._values]

    @property
    def is_over(self) -> bool:
        """Whether nothing more need be run."""
        return self.is_enough or self.reached == self.most

    def take(self, block: Results) -> Results:
        """Add a block, and return what is needed of it."""
        waits, block.waits = block.waits, None
        self._add(block)
        if self._waits is not None and waits is not None:
            for all_waits, waits_of_block in zip(self._waits, waits, strict=True):
                all_waits.merge(waits_of_block)
        if not self.is_enough:
            return block
        return block.first(sum(number <= self.reached for number in block.numbers))

    def results(self) -> Results:
        """Return all that are needed, in the order of their numbers."""
        results = Results.join(self._parts).first(self.reached)
        results.waits = self._waits
        return results

    def _add(self, part: Results) -> None:
        self._parts.append(part)
        # Without a metric to know, it only matters which numbers are there.
        values = np.zeros(len(part)) if self._until is None else part.of_metric(self._until.metric)
        self._values.update(zip(part.numbers, values.tolist(), strict=True))
        # One by one, so that an experiment ends at the same replication however its work was cut into blocks.
        while not self.is_over and self.reached + 1 in self._values:
            self.reached += 1
            self.is_enough = self._knows_enough()

    def _knows_enough(self) -> bool:
        """Whether the metric of a sequential plan is known well enough (Chow and Robbins 1965)."""
        if self._until is None or self.reached < self._fewest:
            return False
        values = np.array([self._values[number] for number in range(1, self.reached + 1)])
        observed = values[~np.isnan(values)]
        if len(observed) < 2:
            return False
        interval = mean_interval(observed, self._until.confidence)
        return interval.half_width is not None and self._until.reached(interval.estimate, interval.half_width)
