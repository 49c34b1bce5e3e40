"""Input uncertainty: how sure a result is when the parameters of its scenario are themselves estimates."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Unpack

import numpy as np

from sim.errors import ScenarioError
from sim.experiment.replicating import Options, replicate
from sim.experiment.replications import Replications
from sim.experiment.shown_metrics import key_metrics
from sim.model import unit_of
from sim.scenario import Scenario
from sim.statistics import t_quantile

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["metric", "estimate", "low", "high", "low_with_data", "high_with_data", "data_share", "unit"]
_FEWEST_PAIRS = 5


class Uncertain(NamedTuple):
    """An estimate with its interval by chance alone, and with that of the data too; `data_share` is the share of the
    latter's variance that is the data's.
    """

    metric: str
    estimate: float
    low: float
    high: float
    low_with_data: float
    high_with_data: float
    data_share: float


@dataclass(frozen=True, repr=False)
class InputUncertainty:
    """Replications of a scenario as it is, and of it with parameters drawn anew, under the same numbers."""

    plain: Replications
    redrawn: Replications

    def of_metric(self, name: str) -> Uncertain | None:
        """Return how sure a metric is, None where there is no interval.

        Two replications that follow each other have the same parameters and different chance, so that the covariance
        of what parameters changed in the two is the variance that they make, and nothing else.
        """
        estimate = self.plain.estimate(name)
        if estimate is None or estimate.low is None or estimate.high is None:
            return None
        changes = self.redrawn.columns.of_metric(name) - self.plain.columns.of_metric(name)
        pairs = changes[: len(changes) // 2 * 2].reshape(-1, 2)
        pairs = pairs[~np.isnan(pairs).any(axis=1)]
        if len(pairs) < _FEWEST_PAIRS:
            return None
        variance = max(0.0, float(np.cov(pairs.T)[0, 1]))
        table = self.plain.scenario.file.uncertainty
        assert table is not None
        of_data = t_quantile(0.95, len(table.dates) - 1) * math.sqrt(variance)
        below, above = estimate.estimate - estimate.low, estimate.high - estimate.estimate
        half = (below + above) / 2
        share = of_data**2 / (of_data**2 + half**2) if of_data or half else 0.0
        low, high = estimate.estimate - math.hypot(below, of_data), estimate.estimate + math.hypot(above, of_data)
        low = max(0.0, low)  # as all metrics are
        if unit_of(name) == "share":
            high = min(1.0, high)
        return Uncertain(name, estimate.estimate, estimate.low, estimate.high, low, high, share)

    @property
    def estimates(self) -> list[Uncertain]:
        """How sure each of the metrics is that matter."""
        names = key_metrics(self.plain.scenario)
        return [uncertain for name in names if (uncertain := self.of_metric(name)) is not None]

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each metric that matters: metric, estimate, low and high by chance alone, low_with_data and
        high_with_data, data_share (0 to 1) and unit.
        """
        import pandas as pd

        rows = [(*uncertain, unit_of(uncertain.metric)) for uncertain in self.estimates]
        return pd.DataFrame(rows, columns=_COLUMNS)


def input_uncertainty(
    scenario: Scenario, times: int | None = None, plain: Replications | None = None, **options: Unpack[Options]
) -> InputUncertainty:
    """Replicate a scenario that was fitted as it is, and with parameters as other days would have given them.

    `plain` are replications of it as it is, where there are some; else they are run. Options are those of `replicate`.

    Raises:
        ScenarioError: the scenario was not fitted, or to one day alone.
        SimulationError: as in `replicate`.

    """
    refuse_unfitted(scenario)
    plain = plain or replicate(scenario, times, **options)
    options["seed"] = plain.seed
    options.pop("earlier", None)  # these are of the scenario as it is
    options.pop("finished", None)
    return InputUncertainty(plain, replicate(scenario.redrawn(), len(plain.columns.numbers), **options))


def refuse_unfitted(scenario: Scenario) -> None:
    """Refuse a scenario of which nobody knows to which days it was fitted.

    Raises:
        ScenarioError: it is such.

    """
    table = scenario.file.uncertainty
    if table is None or len(table.dates) < 2:
        problem = "does not say to which days it was fitted; write uncertainty: NAME.days.csv, as sim fit does"
        raise ScenarioError([scenario.root.place.fault("uncertainty", problem)])
