"""Sweeps: a scenario with many values of its parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from sim.experiment.replications import Replications
from sim.experiment.several import Options, asked_metrics, headings, several, swept
from sim.model import UNITS
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """The replications of each point of a sweep, in the order of its values; all points met the same customers."""

    plot: ClassVar[Any]  # the charts, attached in sim/__init__.py
    _repr_html_: ClassVar[Callable[["Sweep"], str]]  # likewise, what a notebook shows

    scenario: Scenario
    seed: int
    parameters: Sequence[str]  # that the sweep goes through
    points: Sequence[Replications]

    def __repr__(self) -> str:
        """Return which sweep this is, in one line."""
        return f"<Sweep {self.scenario.name}, seed {self.seed}, {len(self.points)} points>"

    @property
    def metric_names(self) -> list[str]:
        """The metrics that are shown: those of the scenario's thresholds, or those that matter in general."""
        return asked_metrics([self.scenario])

    def to_frame(self, confidence: float = 0.95) -> "pd.DataFrame":
        """Return a row for each point and metric: the parameters, metric, mean, low, high, n, unit.

        `low` and `high` are Student's t interval for that point alone, NA without one.
        """
        import pandas as pd

        rows = []
        for point in self.points:
            values = [point.scenario.parameters[name] for name in self.parameters]
            for name, unit in UNITS.items():
                rows.append((*values, name, *(point.estimate(name, confidence) or (None, None, None, 0)), unit))
        columns = ["metric", "mean", "low", "high", "n", "unit"]
        frame = pd.DataFrame(rows, columns=[*headings(self.parameters, columns), *columns])
        return frame.astype({"mean": "Float64", "low": "Float64", "high": "Float64", "n": "Int64"})

    @property
    def verdicts(self) -> "pd.DataFrame":
        """A row for each point and condition: the parameters, metric, condition, severity, judgement, note."""
        import pandas as pd

        rows = [
            (
                *(point.scenario.parameters[name] for name in self.parameters),
                *(one.threshold.metric, one.threshold.condition.text, one.threshold.severity),
                *(str(one.judgement), one.note),
            )
            for point in self.points
            for one in point.verdicts
        ]
        columns = ["metric", "condition", "severity", "judgement", "note"]
        return pd.DataFrame(rows, columns=[*headings(self.parameters, columns), *columns])


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
    with several(scenario, options) as runs:
        return Sweep(scenario, runs.seed, swept(scenario), runs.run(points, times))
