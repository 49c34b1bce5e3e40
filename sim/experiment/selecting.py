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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Unpack

import numpy as np

from sim.errors import ScenarioError
from sim.experiment.replications import MOST_TIMES, Replications
from sim.experiment.several import Options, headings, label, several, swept
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
    done: Replications
    standing: Standing = "undecided"
    reason: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of its scenario."""
        return self.done.scenario.parameters


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """What was selected, if anything can be said with the asked confidence, and where each candidate stands."""

    plot: ClassVar[Any]  # the charts, attached in sim/__init__.py
    _repr_html_: ClassVar[Callable[["Selection"], str]]  # likewise, what a notebook shows

    scenario: Scenario
    seed: int
    block: SelectPlan
    budget: int
    parameters: Sequence[str]  # that candidates differ in
    candidates: Sequence[Candidate]
    selected: Candidate | None

    def __repr__(self) -> str:
        """Return what was selected, in one line."""
        return f"<Selection {self.scenario.name}, seed {self.seed}: {self.outcome}>"

    @property
    def outcome(self) -> str:
        """What was selected, `none` when no candidate keeps all promises, or `INCONCLUSIVE`."""
        if self.selected is not None:
            return self.selected.label
        return "none" if all(one.standing == "infeasible" for one in self.candidates) else "INCONCLUSIVE"

    @property
    def metric_names(self) -> list[str]:
        """The metrics that thresholds name, and the one that is asked for."""
        named = [threshold.metric for threshold in self.candidates[0].done.scenario.thresholds]
        asked = None if self.block.objective in self.parameters else full_metric_name(self.block.objective)
        return list(dict.fromkeys([*named, *([asked] if asked else [])]))

    @property
    def replications(self) -> int:
        """How many replications all candidates took together."""
        return sum(len(one.done.results) for one in self.candidates)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each candidate: its parameters, standing, reason, replications."""
        import pandas as pd

        rows = [
            (
                *(one.parameters[name] for name in self.parameters),
                *(one.standing, one.reason, len(one.done.results)),
            )
            for one in self.candidates
        ]
        columns = ["standing", "reason", "replications"]
        return pd.DataFrame(rows, columns=[*headings(self.parameters, columns), *columns])


def looks(budget: int) -> list[int]:
    """Return the numbers of replications at which tests are looked at: each about twice the one before."""
    found = [budget]
    while found[0] >= 2 * _FIRST:
        found.insert(0, math.ceil(found[0] / 2))
    return found


def select(scenario: Scenario, budget: int | None = None, **options: Unpack[Options]) -> Selection:
    """Return the best candidate of the scenario's `sweep` that keeps all promises, as its `select` asks.

    Each candidate runs at most `budget` replications: by default as many as the file's `replications` has as `max`,
    else 1,000. Options are those of `Options`.

    Raises:
        ScenarioError: the file has no select, or is wrong with some values of its sweep.
        SimulationError: a replication cannot be run.
        ValueError: budget, seed, jobs or engine is out of range.

    """
    block = scenario.file.select
    if block is None:
        missing = "missing key 'select'; write one such as select: {minimise: bots}"
        raise ScenarioError([scenario.root.place.fault("", missing)])
    points = scenario.points()
    plan = scenario.file.replications
    if budget is not None and not 1 <= budget <= MOST_TIMES:
        raise ValueError(f"budget {budget} is out of range; give 1 to {MOST_TIMES}")
    if budget is None:
        budget = plan.max if plan is not None and plan.max is not None else BUDGET
    steps = looks(budget) if any(point.is_random for point in points) else [1]
    names = swept(scenario)
    with several(scenario, options) as runs:
        nothing = [Replications(point, runs.seed, []) for point in points]
        contest = _Contest(block, names, [Candidate(label(done.scenario, names), done) for done in nothing])
        for step in steps:
            chosen = contest.open()
            known = [contest.candidates[at].done for at in chosen]
            done = runs.run([one.scenario for one in known], step, [one.results for one in known])
            contest.look(dict(zip(chosen, done, strict=True)), step / sum(steps))
            if contest.is_settled:
                break
    return Selection(scenario, runs.seed, block, steps[-1], names, contest.result(), contest.selected())


class _Contest:
    """Where the candidates of a selection stand."""

    def __init__(self, block: SelectPlan, parameters: Sequence[str], candidates: list[Candidate]) -> None:
        self.candidates = candidates
        self.sign = 1 if block.minimise is not None else -1
        self.half = (1 - block.confidence) / 2
        self.orders: list[float] | None = None  # of the parameter that is asked for, the best first
        self.metric = ""
        if block.objective in parameters:
            values = [one.parameters[block.objective] for one in candidates]
            self.orders = [self.sign * (quantity(value).order or 0) for value in values]
        else:
            self.metric = full_metric_name(block.objective) or ""

    def _standing(self, *standings: Standing) -> list[int]:
        return [at for at, one in enumerate(self.candidates) if one.standing in standings]

    def open(self) -> list[int]:
        """Return the candidates that must be known better before anything can be selected."""
        if self.orders is None:
            return self._standing("undecided", "feasible")
        best = min((self.orders[at] for at in self._standing("feasible")), default=math.inf)
        return [at for at in self._standing("undecided") if self.orders[at] < best]

    @property
    def is_settled(self) -> bool:
        """Whether one candidate is selected, or none can be."""
        chosen = self.open()
        return not chosen or (self.orders is None and len(chosen) == 1 and not self._standing("undecided"))

    def selected(self) -> Candidate | None:
        """Return the candidate that is selected."""
        feasible = self._standing("feasible")
        if not (feasible and self.is_settled):
            return None
        return self.candidates[min(feasible, key=self.orders.__getitem__) if self.orders is not None else feasible[0]]

    def result(self) -> list[Candidate]:
        """Return the candidates; what is undecided and could not be selected any more is not needed."""
        matter = self.open()
        return [
            one._replace(standing="not needed") if one.standing == "undecided" and at not in matter else one
            for at, one in enumerate(self.candidates)
        ]

    def look(self, done: dict[int, Replications], share: float) -> None:
        """Test what new replications of some candidates say, with this share of all levels."""
        level = self.half * share
        for at, replications in done.items():
            one = self.candidates[at]._replace(done=replications)
            self.candidates[at] = self._judged(one, level)
        if self.orders is None:
            self._compare(level / len(self.candidates))

    def _judged(self, one: Candidate, level: float) -> Candidate:
        """Return a candidate with what tests say of its feasibility; what was shown stays, but for == and !=."""
        asked = [threshold for threshold in one.done.scenario.thresholds if threshold.severity == "fail"]
        limits = sum(2 if threshold.condition.operator == "between" else 1 for threshold in asked)
        tested = [limit for limit in asked if one.standing == "undecided" or limit.condition.operator in ("==", "!=")]
        for threshold in tested:
            judgement = one.done.judged(threshold, level / limits).judgement
            if judgement is Judgement.FAIL or (judgement is Judgement.NO_DATA and not one.done.scenario.is_random):
                reason = f"{threshold} does not hold"
                return one._replace(standing="infeasible", reason=reason)
        verdicts = [one.done.judged(threshold, level / len(self.candidates)) for threshold in tested]
        if all(verdict.judgement is Judgement.PASS for verdict in verdicts):
            return one._replace(standing="feasible", reason="")
        notes = [verdict.note for verdict in verdicts if verdict.note in (STILL_PENDING, NOTHING_OBSERVED)]
        return one._replace(reason=notes[0] if notes else "")

    def _compare(self, level: float) -> None:
        """Mark what is worse than a feasible candidate by the metric that is asked for."""
        feasible = self._standing("feasible")
        for at in self.open():
            for better in feasible:
                if self._is_worse(at, better, level):
                    name = self.candidates[better].label
                    self.candidates[at] = self.candidates[at]._replace(standing="worse", reason=f"than {name}")
                    break

    def _is_worse(self, at: int, other: int, level: float) -> bool:
        """Whether a candidate is worse than another one; of two that do not differ without chance, the later one is."""
        one, best = (self.candidates[place].done for place in (at, other))
        differences = self.sign * (one.columns.of_metric(self.metric) - best.columns.of_metric(self.metric))
        differences = differences[~np.isnan(differences)]
        if not len(differences):
            return False
        if not (one.scenario.is_random or best.scenario.is_random):
            return bool(differences[0] > 0 or (differences[0] == 0 and at > other))
        if np.ptp(differences) == 0:
            return False  # which tells nothing of what other replications would show
        low = bounds(differences, level).low
        return low is not None and low > 0
