"""Sweeps: a scenario with many values of its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from sim.experiment.frames import bound_word, frame_of_rows
from sim.experiment.points import headings, swept
from sim.experiment.presenting import SweepPlots, presenter
from sim.experiment.replicating import Options, replicator
from sim.experiment.replications import COLUMNS, NUMBERS, Replications
from sim.experiment.shown_metrics import metrics_of_study
from sim.scenario import Scenario
from sim.units import count

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """The replications of each point of a sweep, in the order of its values; all points met the same customers."""

    scenario: Scenario
    seed: int
    parameters: Sequence[str]  # that the sweep goes through
    points: Sequence[Replications]

    def __repr__(self) -> str:
        """Return which sweep this is, in one line."""
        return f"<Sweep {self.scenario.name}, seed {self.seed}, {count(len(self.points), 'point')}>"

    @property
    def plot(self) -> SweepPlots:
        """The charts, as `crews.plot.curves()`."""
        return presenter().sweep_plots(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    @property
    def metric_names(self) -> list[str]:
        """The metrics that are shown, as the scenario's thresholds name them, or those that matter in general."""
        scenarios = [point.scenario for point in self.points]
        promised = [threshold.metric for scenario in scenarios for threshold in scenario.thresholds]
        return list(dict.fromkeys(promised)) or metrics_of_study(scenarios)

    def to_frame(self, confidence: float = 0.95) -> "pd.DataFrame":
        """Return a row for each point and metric: the parameters, and the columns of `Replications.to_frame`."""
        rows = [
            (*self._values(point), *row)
            for point in self.points
            for row in point.to_frame(confidence).itertuples(index=False, name=None)
        ]
        return frame_of_rows(rows, [*headings(self.parameters, COLUMNS), *COLUMNS], NUMBERS)

    @property
    def verdicts(self) -> "pd.DataFrame":
        """A row for each point and condition: the parameters, metric, condition, severity, judgement, note,
        bound.
        """
        import pandas as pd

        rows = [
            (
                *self._values(point),
                verdict.threshold.metric,
                verdict.threshold.condition.text,
                verdict.threshold.severity,
                str(verdict.judgement),
                verdict.note,
                bound_word(verdict.is_bound),
            )
            for point in self.points
            for verdict in point.verdicts
        ]
        columns = ["metric", "condition", "severity", "judgement", "note", "bound"]
        return pd.DataFrame(rows, columns=[*headings(self.parameters, columns), *columns])

    def _values(self, point: Replications) -> list[Any]:
        """Return the values of the parameters at a point."""
        return [point.scenario.parameters[name] for name in self.parameters]


def sweep(scenario: Scenario, times: int | None = None, **options: Unpack[Options]) -> Sweep:
    """Run `times` replications of each point of the scenario's `sweep` and return all of them.

    Without `times` each point runs as often as the file says. The n-th replication of each point meets the same
    customers, as far as they come from streams of the same name. Options are those of `Options`.

    Raises:
        ScenarioError: the file has no sweep, or is wrong with some of its values.
        SimulationError: a replication cannot be run.
        ValueError: times, seed, jobs or engine is out of range.

    """
    points = scenario.points()
    names = metrics_of_study(points)
    points = [point.with_metrics(names) for point in points]
    with replicator(scenario, options) as runs:
        return Sweep(scenario, runs.seed, swept(scenario), runs.run(points, times))
