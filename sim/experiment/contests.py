"""The tests of a selection: which candidates must be known better, and where each stands (see `selecting`)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from sim.experiment.chains import Chains, promises
from sim.experiment.estimating import day_values
from sim.experiment.replications import Replications
from sim.scenario import can_fall
from sim.statistics import difference_bounds
from sim.verdicts import NOTHING_OBSERVED, STILL_OPEN, Judgement, ThresholdVerdict

OPEN_METRIC = "orders unfinished at the end could change which one is best"
OPEN_REASONS = frozenset({STILL_OPEN, OPEN_METRIC})
"""Reasons why a candidate is not settled that more replications would not change."""
_REACH = 10  # zones that a difference may lie away from those that were observed, where all were equal

Standing = Literal["feasible", "infeasible", "worse", "not needed", "undecided"]


class Candidate(NamedTuple):
    """A point of the sweep, what it has run, where it stands after that, and why."""

    label: str
    replications: Replications
    standing: Standing = "undecided"
    reason: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of its scenario."""
        return self.replications.scenario.parameters


class Contest(ABC):
    """Where candidates stand, by their index in the order of the sweep. `error` is that of the whole statement.

    `steps` are the numbers of replications at which tests are looked at; `looks` is how many each candidate had.
    """

    def __init__(self, candidates: list[Candidate], steps: Sequence[int], error: float, ordered: Chains) -> None:
        self.candidates = candidates
        self.steps = steps
        self.looks = [0] * len(candidates)
        count = len(ordered.chains)
        self.level_infeasible = error / (min(count, 2) * ordered.depth)
        self.level_feasible = self.level_infeasible / max(count - 1, 1)

    @abstractmethod
    def ready(self) -> list[int]:
        """Return candidates that must be known better before anything is selected, all of which had as many looks."""

    @abstractmethod
    def results(self) -> list[Candidate]:
        """Return the candidates as they stand when no more is tested."""

    @abstractmethod
    def selected(self) -> int | None:
        """Return the candidate that is selected."""

    def test(self, extended: Mapping[int, Replications]) -> None:
        """Test what new replications of candidates that were ready say."""
        for index, replications in extended.items():
            share = self.steps[self.looks[index]] / sum(self.steps)
            self.looks[index] += 1
            candidate = self.candidates[index]._replace(replications=replications)
            self.candidates[index] = self._judged(candidate, share)

    def is_spent(self, index: int) -> bool:
        """Whether a candidate has had all looks and is still undecided."""
        return self.looks[index] == len(self.steps) and self.candidates[index].standing == "undecided"

    def standing(self, *standings: Standing) -> list[int]:
        """Return the candidates that stand so."""
        return [index for index, candidate in enumerate(self.candidates) if candidate.standing in standings]

    def _judged(self, candidate: Candidate, share: float) -> Candidate:
        """Return a candidate with what tests say of its feasibility; what was shown stays, but for == and !=."""
        replications = candidate.replications
        thresholds = promises(replications.scenario)
        limits = sum(2 if threshold.condition.operator == "between" else 1 for threshold in thresholds)
        if candidate.standing != "undecided":
            thresholds = [threshold for threshold in thresholds if threshold.condition.operator in ("==", "!=")]
        for threshold in thresholds:
            judgement = replications.judged(threshold, self.level_infeasible * share / limits).judgement
            if judgement is Judgement.FAIL or (judgement is Judgement.NO_DATA and not replications.scenario.is_random):
                return candidate._replace(standing="infeasible", reason=f"{threshold} does not hold")
        verdicts = [replications.judged(threshold, self.level_feasible * share) for threshold in thresholds]
        if all(verdict.judgement is Judgement.PASS for verdict in verdicts):
            return candidate._replace(standing="feasible", reason="")
        return candidate._replace(reason=_what_is_open(verdicts))


def _what_is_open(verdicts: Sequence[ThresholdVerdict]) -> str:
    """Return why it is not known of a candidate that all thresholds hold."""
    for note in (STILL_OPEN, NOTHING_OBSERVED):
        if any(note in verdict.note for verdict in verdicts):
            return note
    return next(
        f"{verdict.threshold}: too early to say" for verdict in verdicts if verdict.judgement is not Judgement.PASS
    )


class Bisection(Contest):
    """Candidates whose order by the objective is known: each chain is halved until its best feasible one is known."""

    def __init__(
        self, candidates: list[Candidate], steps: Sequence[int], error: float, ordered: Chains, ranks: Sequence[int]
    ) -> None:
        super().__init__(candidates, steps, error, ordered)
        self._chains = ordered.chains
        self._ranks = ranks

    def ready(self) -> list[int]:
        """Return the next candidate of some chain: first what takes the fewest replications, then the best."""
        following = [index for chain in self._chains if (index := self._next(chain)) is not None]
        return sorted(following, key=lambda index: (self.looks[index], self._ranks[index]))[:1]

    def _next(self, chain: Sequence[int]) -> int | None:
        """Return the candidate of a chain that comes next.

        The halves do not depend on what was tested before, so that tests of few candidates can go wrong. Behind one
        that stays undecided only those with more bots are tested, to tell which of them is feasible.
        """
        best, low, high = self._best(), 0, len(chain)
        while low < high:
            middle = (low + high - 1) // 2
            index = chain[middle]
            if self.candidates[index].standing == "infeasible" or self.is_spent(index):
                low = middle + 1
            elif self.candidates[index].standing == "feasible" or self._ranks[index] > best:
                high = middle
            else:
                return index
        return None

    def _best(self) -> int:
        """Return the rank of the best feasible candidate, one beyond all others where there is none."""
        return min((self._ranks[index] for index in self.standing("feasible")), default=len(self._ranks))

    def results(self) -> list[Candidate]:
        """Return the candidates with what those of more bots tell of them."""
        results, best = list(self.candidates), self._best()
        for chain in self._chains:
            larger: Candidate | None = None  # the next one with more bots that is infeasible or stays undecided
            for index in reversed(chain):
                candidate = self.candidates[index]
                if candidate.standing == "undecided" and self._ranks[index] > best:
                    results[index] = candidate._replace(standing="not needed", reason="")
                if candidate.standing == "infeasible" or self.is_spent(index):
                    larger = candidate
                elif results[index].standing != "undecided":
                    continue
                elif larger is not None and larger.standing == "infeasible":
                    reason = f"as {larger.label}, which has more bots"
                    results[index] = candidate._replace(standing="infeasible", reason=reason)
                elif larger is not None:
                    results[index] = candidate._replace(reason=f"not tested, since {larger.label} stayed undecided")
        return results

    def selected(self) -> int | None:
        """Return the best feasible candidate, unless a better one is undecided."""
        if any(candidate.standing == "undecided" for candidate in self.results()):
            return None
        return min(self.standing("feasible"), key=self._ranks.__getitem__, default=None)


class Elimination(Contest):
    """Candidates by a metric that must be estimated: those that are worse than a feasible one are left out."""

    def __init__(
        self, candidates: list[Candidate], steps: Sequence[int], error: float, metric: str, sign: int, zone: float
    ) -> None:
        super().__init__(candidates, steps, error, Chains("", [[index] for index in range(len(candidates))]))
        self._metric = metric
        self._sign = sign
        self._zone = zone
        self._selected: int | None = None

    def ready(self) -> list[int]:
        """Return all that may still be the best, as long as nothing is selected."""
        if self._selected is not None:
            return []
        return [index for index in self.standing("undecided", "feasible") if self.looks[index] < len(self.steps)]

    def results(self) -> list[Candidate]:
        """Return the candidates, with why those whose orders are open cannot be told apart."""
        if self._selected is not None:
            return self.candidates
        feasible = self.standing("feasible")
        return [
            candidate._replace(reason=OPEN_METRIC)
            if index in feasible and candidate.replications.columns.is_bound(self._metric)
            else candidate
            for index, candidate in enumerate(self.candidates)
        ]

    def selected(self) -> int | None:
        """Return the candidate that no other is better than, or not by more than the indifference zone."""
        return self._selected

    def test(self, extended: Mapping[int, Replications]) -> None:
        """Test promises, then the differences to feasible candidates."""
        share = self.steps[self.looks[next(iter(extended))]] / sum(self.steps)
        super().test(extended)
        level = self.level_feasible * share
        feasible = self.standing("feasible")
        for index in self.standing("undecided", "feasible"):
            for better in feasible:
                if index != better and self._lead(index, better, level) > 0:
                    reason = f"than {self.candidates[better].label}"
                    self.candidates[index] = self.candidates[index]._replace(standing="worse", reason=reason)
                    break
        remaining = self.standing("undecided", "feasible")
        for index in sorted(self.standing("feasible"), key=self._estimate):
            leads = (self._lead(rival, index, level) for rival in remaining if rival != index)
            if all(lead > -self._zone for lead in leads):
                self._selected = index
                break

    def _estimate(self, index: int) -> float:
        """Return the mean of the metric, the smaller the better."""
        values = self.candidates[index].replications.values(self._metric)
        return self._sign * float(np.mean(values)) if values else np.inf

    def _lead(self, index: int, rival: int, level: float) -> float:
        """Return by how much at least the rival is better than a candidate, -infinity where nothing is known."""
        replications, of_rival = self.candidates[index].replications, self.candidates[rival].replications
        values, values_of_rival = (
            day_values(replications.columns, self._metric),
            day_values(of_rival.columns, self._metric),
        )
        differences = self._sign * (values - values_of_rival)
        differences = differences[~np.isnan(differences)]
        # What orders that were not over at the last would add could take the lead from the rival.
        open_sides = [of_rival if self._sign > 0 else replications]
        if can_fall(self._metric, replications.scenario.file):
            open_sides = [replications, of_rival]
        if any(side.columns.is_bound(self._metric) for side in open_sides):
            return -np.inf
        # Equal differences tell nothing of other replications, unless it is said what would matter.
        if not len(differences) or (np.ptp(differences) == 0 and not self._zone):
            return -np.inf
        low = difference_bounds(differences, level, _REACH * self._zone).low
        return -np.inf if low is None else low
