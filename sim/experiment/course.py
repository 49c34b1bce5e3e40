"""The course of an experiment: which of its replications there are, and whether they are enough."""

from collections.abc import Sequence

from sim.experiment.estimating import interval_of
from sim.experiment.results import Replication, Results
from sim.scenario import ReplicationPlan, Scenario
from sim.statistics import Counts

_BETWEEN_LOOKS = 50  # by this part of themselves replications grow from one look to the next


class Course:
    """How far an experiment of `most` replications at most is; `known` ones need not be run.

    With a plan it ends at the first look at which the plan's metric is known well enough: of up to a hundred
    replications there is a look at each, of more whenever they have grown by a fiftieth.
    """

    def __init__(
        self, scenario: Scenario, most: int, known: Sequence[Replication], plan: ReplicationPlan | None
    ) -> None:
        self.most = most
        self.reached = 0  # replications 1 to this one are there
        self.is_enough = False  # because the metric is known well enough
        self._scenario = scenario
        self._until = None if plan is None else plan.until
        self._next_look = 0 if plan is None else plan.min
        self._parts: list[Results] = []
        self._numbers: set[int] = set()
        # Single orders are pooled by whole blocks: not of known replications, nor where the experiment may end in the
        # middle of a block.
        self._pools: dict[str, Counts] | None = {} if not known and self._until is None else None
        if known:
            self._add(Results.of(scenario.metric_set, known))
        self.missing = [number for number in range(1, most + 1) if number not in self._numbers]

    @property
    def is_over(self) -> bool:
        """Whether nothing more need be run."""
        return self.is_enough or self.reached == self.most

    def take(self, block: Results) -> Results:
        """Add a block, and return what is needed of it."""
        pools, block.pools = block.pools, None
        self._add(block)
        if self._pools is not None and pools is not None:
            for name, counts in pools.items():
                earlier = self._pools.get(name)
                self._pools[name] = counts if earlier is None else Counts.join([earlier, counts])
        if not self.is_enough:
            return block
        return block.first(sum(number <= self.reached for number in block.numbers))

    def results(self) -> Results:
        """Return all that are needed, in the order of their numbers."""
        results = self._first()
        if self._pools is not None:
            results.pools = dict(self._pools)
        return results

    def _first(self) -> Results:
        return Results.join(self._parts).first(self.reached)

    def _add(self, part: Results) -> None:
        self._parts.append(part)
        self._numbers.update(part.numbers)
        # One by one, so that an experiment ends at the same replication however its work was cut into blocks.
        while not self.is_over and self.reached + 1 in self._numbers:
            self.reached += 1
            self.is_enough = self._knows_enough()

    def _knows_enough(self) -> bool:
        """Whether the metric of a sequential plan is known well enough (Chow and Robbins 1965)."""
        if self._until is None or self.reached < self._next_look:
            return False
        self._next_look = self.reached + max(1, self.reached // _BETWEEN_LOOKS)
        level = (1 - self._until.confidence) / 2
        interval = interval_of(self._scenario, self._first(), self._until.metric, level)
        if interval is None or interval.half_width is None:
            return False
        return self._until.reached(interval.estimate, interval.half_width)
