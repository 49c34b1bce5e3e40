"""Selection: the candidate that is best among those that keep all promises, with a confidence for that whole statement.

A gatekeeping sequence of tests, in the manner of constrained ranking and selection (Andradóttir and Kim 2010, Fully
sequential procedures for comparing constrained systems via simulation, Naval Research Logistics 57), without an
indifference zone: what cannot be told apart within the budget stays open. With K candidates and an error of at most A:

- A candidate is feasible once all its thresholds are shown to hold, each at level A/2K (an intersection-union test
  needs no adjustment for their number: Berger 1982, Multiparameter hypothesis testing and acceptance sampling,
  Technometrics 24).
- It is infeasible once one of its m limits is shown not to hold, at level A/2m. That is an error that matters only for
  the right answer, so that K needs no adjustment (Westfall and Krishen 2001, Optimally weighted, fixed sequence and
  gatekeeper multiple testing procedures, Journal of Statistical Planning and Inference 99).
- By a metric, it is worse once its paired difference to a feasible one is shown to be on the wrong side, at level A/2K.

A wrong candidate can be selected only by a false test of the first or third kind, of which one for each other candidate
matters, or by a false one of the second kind about the right answer: (K - 1) A/2K + A/2 < A (Bonferroni). Tests are
looked at whenever replications have doubled, with the level split in proportion to them (Jennison and Turnbull 2000,
Group Sequential Methods). They are t tests corrected for skewness (`sim.statistics.bounds`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Unpack

import numpy as np

from sim.errors import ScenarioError
from sim.experiment.points import headings, label, swept
from sim.experiment.presenting import SelectionPlots, presenter
from sim.experiment.replicating import MOST_TIMES, Options, replicator
from sim.experiment.replications import Replications
from sim.model import full_metric_name
from sim.scenario import Scenario, SelectPlan, quantity
from sim.statistics import bounds
from sim.verdicts import NOTHING_OBSERVED, STILL_PENDING, Judgement

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 1_000
_FIRST = 30  # replications below which there is no look

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


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """What was selected, if anything can be said with the asked confidence, and where each candidate stands."""

    scenario: Scenario
    seed: int
    plan: SelectPlan
    budget: int
    parameters: Sequence[str]  # that candidates differ in
    candidates: Sequence[Candidate]
    selected: Candidate | None

    def __repr__(self) -> str:
        """Return what was selected, in one line."""
        return f"<Selection {self.scenario.name}, seed {self.seed}: {self.outcome}>"

    @property
    def plot(self) -> SelectionPlots:
        """The charts, as `choice.plot.candidates()`."""
        return presenter().selection_plots(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    @property
    def outcome(self) -> str:
        """What was selected, `none` when no candidate keeps all promises, or `INCONCLUSIVE`."""
        if self.selected is not None:
            return self.selected.label
        is_none = all(candidate.standing == "infeasible" for candidate in self.candidates)
        return "none" if is_none else "INCONCLUSIVE"

    @property
    def metric_names(self) -> list[str]:
        """The metrics that thresholds name, and the one that is asked for."""
        scenario = self.candidates[0].replications.scenario
        names = [threshold.metric for threshold in scenario.thresholds]
        objective = None if self.plan.objective in self.parameters else full_metric_name(self.plan.objective)
        if objective is not None:
            names.append(objective)
        return list(dict.fromkeys(names))

    @property
    def replication_count(self) -> int:
        """How many replications all candidates took together."""
        return sum(len(candidate.replications.results) for candidate in self.candidates)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each candidate: its parameters, standing, reason, replications."""
        import pandas as pd

        rows = [
            (
                *(candidate.parameters[name] for name in self.parameters),
                candidate.standing,
                candidate.reason,
                len(candidate.replications.results),
            )
            for candidate in self.candidates
        ]
        columns = ["standing", "reason", "replications"]
        return pd.DataFrame(rows, columns=[*headings(self.parameters, columns), *columns])


def steps_to(budget: int) -> list[int]:
    """Return the numbers of replications at which tests are looked at: each about twice the one before."""
    steps = [budget]
    while steps[0] >= 2 * _FIRST:
        steps.insert(0, math.ceil(steps[0] / 2))
    return steps


def select(scenario: Scenario, budget: int | None = None, **options: Unpack[Options]) -> Selection:
    """Return the best candidate of the scenario's `sweep` that keeps all promises, as its `select` asks.

    Each candidate runs at most `budget` replications: by default as many as the file's `replications` has as `max`,
    else 1,000. Options are those of `Options`.

    Raises:
        ScenarioError: the file has no select, or is wrong with some values of its sweep.
        SimulationError: a replication cannot be run.
        ValueError: budget, seed, jobs or engine is out of range.

    """
    plan = scenario.file.select
    if plan is None:
        missing = "missing key 'select'; write one such as select: {minimise: bots}"
        raise ScenarioError([scenario.root.place.fault("", missing)])
    points = scenario.points()
    if budget is not None and not 1 <= budget <= MOST_TIMES:
        raise ValueError(f"budget {budget} is out of range; give 1 to {MOST_TIMES}")
    if budget is None:
        replication_plan = scenario.file.replications
        most = None if replication_plan is None else replication_plan.max
        budget = BUDGET if most is None else most
    steps = steps_to(budget) if any(point.is_random for point in points) else [1]
    names = swept(scenario)
    with replicator(scenario, options) as runs:
        candidates = [Candidate(label(point, names), Replications(point, runs.seed, [])) for point in points]
        contest = _Contest(plan, names, candidates)
        for step in steps:
            undecided = contest.undecided()
            known = [contest.candidates[index].replications for index in undecided]
            extended = runs.run(
                [replications.scenario for replications in known],
                step,
                [replications.results for replications in known],
            )
            contest.test(dict(zip(undecided, extended, strict=True)), step / sum(steps))
            if contest.is_settled:
                break
    return Selection(scenario, runs.seed, plan, steps[-1], names, contest.results(), contest.selected())


class _Contest:
    """Where the candidates of a selection stand. They are named by their index, in the order of the sweep."""

    def __init__(self, plan: SelectPlan, parameters: Sequence[str], candidates: list[Candidate]) -> None:
        self.candidates = candidates
        self._sign = 1 if plan.minimise is not None else -1
        self._half_error = (1 - plan.confidence) / 2
        self._ranks: list[float] | None = None  # by the parameter that is asked for, the best first
        self._metric = ""
        if plan.objective in parameters:
            values = [candidate.parameters[plan.objective] for candidate in candidates]
            self._ranks = [self._sign * (quantity(value).order or 0) for value in values]
        else:
            self._metric = full_metric_name(plan.objective) or ""

    def _who(self, *standings: Standing) -> list[int]:
        """Return the candidates that stand so."""
        return [index for index, candidate in enumerate(self.candidates) if candidate.standing in standings]

    def undecided(self) -> list[int]:
        """Return the candidates that must be known better before anything can be selected."""
        if self._ranks is None:
            return self._who("undecided", "feasible")
        best = min((self._ranks[index] for index in self._who("feasible")), default=math.inf)
        return [index for index in self._who("undecided") if self._ranks[index] < best]

    @property
    def is_settled(self) -> bool:
        """Whether one candidate is selected, or none can be."""
        undecided = self.undecided()
        if self._ranks is not None:
            return not undecided
        return not undecided or (len(undecided) == 1 and not self._who("undecided"))

    def selected(self) -> Candidate | None:
        """Return the candidate that is selected."""
        feasible = self._who("feasible")
        if not (feasible and self.is_settled):
            return None
        best = feasible[0] if self._ranks is None else min(feasible, key=self._ranks.__getitem__)
        return self.candidates[best]

    def results(self) -> list[Candidate]:
        """Return the candidates; what is undecided and could not be selected any more is not needed."""
        undecided = self.undecided()
        return [
            candidate._replace(standing="not needed")
            if candidate.standing == "undecided" and index not in undecided
            else candidate
            for index, candidate in enumerate(self.candidates)
        ]

    def test(self, extended: dict[int, Replications], share: float) -> None:
        """Test what new replications of some candidates say, with this share of all levels."""
        level = self._half_error * share
        for index, replications in extended.items():
            candidate = self.candidates[index]._replace(replications=replications)
            self.candidates[index] = self._judged(candidate, level)
        if self._ranks is None:
            self._compare(level / len(self.candidates))

    def _judged(self, candidate: Candidate, level: float) -> Candidate:
        """Return a candidate with what tests say of its feasibility; what was shown stays, but for == and !=."""
        replications = candidate.replications
        thresholds = [threshold for threshold in replications.scenario.thresholds if threshold.severity == "fail"]
        limits = sum(2 if threshold.condition.operator == "between" else 1 for threshold in thresholds)
        if candidate.standing != "undecided":
            thresholds = [threshold for threshold in thresholds if threshold.condition.operator in ("==", "!=")]
        for threshold in thresholds:
            judgement = replications.judged(threshold, level / limits).judgement
            if judgement is Judgement.FAIL or (judgement is Judgement.NO_DATA and not replications.scenario.is_random):
                return candidate._replace(standing="infeasible", reason=f"{threshold} does not hold")
        verdicts = [replications.judged(threshold, level / len(self.candidates)) for threshold in thresholds]
        if all(verdict.judgement is Judgement.PASS for verdict in verdicts):
            return candidate._replace(standing="feasible", reason="")
        notes = [verdict.note for verdict in verdicts if verdict.note in (STILL_PENDING, NOTHING_OBSERVED)]
        return candidate._replace(reason=notes[0] if notes else "")

    def _compare(self, level: float) -> None:
        """Mark what is worse than a feasible candidate by the metric that is asked for."""
        feasible = self._who("feasible")
        for index in self.undecided():
            for better in feasible:
                if self._is_worse(index, better, level):
                    reason = f"than {self.candidates[better].label}"
                    self.candidates[index] = self.candidates[index]._replace(standing="worse", reason=reason)
                    break

    def _is_worse(self, index: int, rival: int, level: float) -> bool:
        """Whether a candidate is worse than its rival; of two that do not differ without chance, the later one is."""
        replications, of_rival = self.candidates[index].replications, self.candidates[rival].replications
        values, values_of_rival = replications.columns.of_metric(self._metric), of_rival.columns.of_metric(self._metric)
        differences = self._sign * (values - values_of_rival)
        differences = differences[~np.isnan(differences)]
        if not len(differences):
            return False
        if not (replications.scenario.is_random or of_rival.scenario.is_random):
            return bool(differences[0] > 0 or (differences[0] == 0 and index > rival))
        if np.ptp(differences) == 0:
            return False  # which tells nothing of what other replications would show
        low = bounds(differences, level).low
        return low is not None and low > 0
