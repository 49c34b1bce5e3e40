"""ordersim: a kitchen of cooking bots, simulated: how many bots, how long a wait, what a VIP promise costs."""

from typing import TYPE_CHECKING

from sim.errors import OrdersimError, ScenarioError, SimulationError, StorageError
from sim.experiment import Run, run
from sim.output.tables import run_html
from sim.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    from sim.output.charts import Plots

__all__ = [
    "OrdersimError",
    "Run",
    "Scenario",
    "ScenarioError",
    "SimulationError",
    "StorageError",
    "load_scenario",
    "run",
]


def _plot(run: Run) -> "Plots":
    """Return the charts of a run; matplotlib is imported only here."""
    from sim.output.charts import Plots

    return Plots(run)


Run.plot = property(_plot)
Run._repr_html_ = run_html
