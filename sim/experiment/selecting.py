"""Selection: the candidate that is best among those that keep all promises, with a confidence for that whole statement.

A gatekeeping sequence of tests, in the manner of constrained ranking and selection (Andradóttir and Kim 2010, Fully
sequential procedures for comparing constrained systems via simulation, Naval Research Logistics 57). What cannot be
told apart within the budget stays open.

**The statement** for an error of at most A: with confidence 1 - A the selected candidate is feasible, its thresholds
hold, and none that is better by the objective is. Candidates stand in chains (see `sim.experiment.chains`) of at most
L, along which each has more bots than the one before it. A chain is halved: who is infeasible leaves those with more
bots, who is feasible those with fewer. That asks for d = ceil(log2(L + 1)) tests. Candidates that are not known to be
helped by more bots are n chains of one, d = 1.

- A candidate is feasible once all its thresholds are shown to hold, each at level A/2d(n - 1) (an intersection-union
  test needs no adjustment for their number: Berger 1982, Multiparameter hypothesis testing and acceptance sampling,
  Technometrics 24).
- It is infeasible once one of its m limits is shown not to hold, at level A/2dm. For n = 1 both levels are twice that.
- By a metric that must be estimated, it is worse once its paired difference to a feasible one is shown to be on the
  wrong side, at level A/2(n - 1); it is not better by more than an indifference zone (the idea of Kim and Nelson 2001,
  A fully sequential procedure for indifference-zone selection in simulation, ACM TOMACS 11) once that is.

**Why the level holds.** Where chains are halved does not depend on the data, so each has at most d candidates on the
way to its first feasible one, and the first wrong test is one of theirs. A wrong "feasible" matters of candidates that
are better than the right answer: at most d in each other chain. A wrong "infeasible" matters in the chain of the right
answer alone: on its way each candidate is either feasible or not, and is wrong in one way only. By Bonferroni that is
(n - 1) d A/2d(n - 1) + d A/2d = A, and d A/d for n = 1. By a metric each other candidate, infeasible or worse, has one
test that matters, which is (n - 1) A/2(n - 1), and the right answer A/2 (Westfall and Krishen 2001, Optimally weighted,
fixed sequence and gatekeeper multiple testing procedures, Journal of Statistical Planning and Inference 99).

**What rests on monotony.** That all tested candidates stand as is said holds without it. That those which were not
tested are infeasible, having fewer bots than an infeasible one, holds if more bots help in the mean; nothing asks that
they help in each replication, where they do not.

Tests are looked at whenever replications have doubled, with the level split in proportion to them (Jennison and
Turnbull 2000, Group Sequential Methods). They are t tests corrected for skewness (`sim.statistics.bounds`). What chance
cannot change is not tested: parameters, bot-hours, and metrics such as `bots.mean` of a crew that the file fixes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from sim.errors import ScenarioError
from sim.experiment.chains import chains, ranks
from sim.experiment.contests import Bisection, Candidate, Contest, Elimination
from sim.experiment.points import headings, label, swept
from sim.experiment.presenting import SelectionPlots, presenter
from sim.experiment.replicating import MOST_TIMES, Options, Replicator, replicator
from sim.experiment.replications import Replications
from sim.model import unit_of
from sim.scenario import Scenario, SelectPlan, limit, never_varies

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 1_000
_FIRST = 30  # replications below which there is no look


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
    bisected: str  # the parameter along which candidates were halved, empty where each was tested

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
        if (objective := self.plan.metric(self.parameters)) is not None:
            names.append(objective)
        return list(dict.fromkeys(names))

    @property
    def unsettled(self) -> "list[Candidate]":
        """The candidates that leave it open which one is best, none where that is known: those that are undecided after
        the whole budget, or feasible ones that cannot be told apart by the metric that is asked for.
        """
        if self.outcome != "INCONCLUSIVE":
            return []
        undecided = [candidate for candidate in self.candidates if candidate.standing == "undecided"]
        tested = [candidate for candidate in undecided if candidate.replications.results]
        return tested or undecided or [candidate for candidate in self.candidates if candidate.standing == "feasible"]

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
    points = scenario.points()
    names = swept(scenario)
    plan = scenario.file.select
    if plan is None:
        missing = f"missing key 'select'; write one such as select: {{minimise: {names[0]}}}"
        raise ScenarioError([scenario.root.place.fault("", missing)])
    if budget is not None and not 1 <= budget <= MOST_TIMES:
        raise ValueError(f"budget {budget} is out of range; give 1 to {MOST_TIMES}")
    if budget is None:
        replication_plan = scenario.file.replications
        most = None if replication_plan is None else replication_plan.max
        budget = BUDGET if most is None else most
    steps = steps_to(budget) if any(point.is_random for point in points) else [1]
    with replicator(scenario, options) as runs:
        candidates = [Candidate(label(point, names), Replications(point, runs.seed, [])) for point in points]
        contest, bisected = _contest(plan, names, candidates, steps, runs)
        while ready := contest.ready():
            known = [contest.candidates[index].replications for index in ready]
            extended = runs.run(
                [replications.scenario for replications in known],
                steps[contest.looks[ready[0]]],
                [replications.results for replications in known],
            )
            contest.test(dict(zip(ready, extended, strict=True)))
    results, selected = contest.results(), contest.selected()
    best = None if selected is None else results[selected]
    return Selection(scenario, runs.seed, plan, steps[-1], names, results, best, bisected)


def _contest(
    plan: SelectPlan, names: Sequence[str], candidates: list[Candidate], steps: Sequence[int], runs: Replicator
) -> tuple[Contest, str]:
    """Return the tests that a plan asks for, and the parameter along which they halve the candidates."""
    points = [candidate.replications.scenario for candidate in candidates]
    metric, error, values = plan.metric(names), 1 - plan.confidence, list[float]()
    if metric is not None:
        if not all(never_varies(metric, point.file) for point in points):
            zone = 0 if plan.indifference is None else limit(plan.indifference, unit_of(metric))
            return Elimination(candidates, steps, error, metric, 1 if plan.minimise is not None else -1, zone), ""
        # One replication tells it; where nothing was observed, any other is better.
        candidates = [
            candidate._replace(replications=first)
            for candidate, first in zip(candidates, runs.run(points, 1), strict=True)
        ]
        values = [next(iter(candidate.replications.values(metric)), math.nan) for candidate in candidates]
    rank_of = ranks(plan, points, names, values)
    ordered = chains(points, names, rank_of)
    return Bisection(candidates, steps, error, ordered, rank_of), ordered.parameter
