"""ordersim: a kitchen of cooking bots, simulated: how many bots, how long a wait, what a VIP promise costs.

Names are imported when they are first used, so that the command can say something before it has loaded everything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import OrdersimError, ScenarioError, SimulationError, StorageError
    from sim.experiment import Replications, Run, replicate, run
    from sim.scenario import Scenario, load_scenario
    from sim.storage import Database, open_database

__all__ = [
    "Database",
    "OrdersimError",
    "Replications",
    "Run",
    "Scenario",
    "ScenarioError",
    "SimulationError",
    "StorageError",
    "load_scenario",
    "open_database",
    "replicate",
    "run",
]


_HOMES = {
    "Database": "sim.storage",
    "Replications": "sim.experiment",
    "Run": "sim.experiment",
    "Scenario": "sim.scenario",
    "load_scenario": "sim.scenario",
    "open_database": "sim.storage",
    "replicate": "sim.experiment",
    "run": "sim.experiment",
}


def __getattr__(name: str) -> Any:
    """Return one of the public names; Run and Replications get their charts and their look in notebooks here, which
    they must not know.
    """
    if name not in __all__:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES.get(name, "sim.errors")), name)
    if _HOMES.get(name) in ("sim.experiment", "sim.storage"):
        experiment, tables = import_module("sim.experiment"), import_module("sim.output.tables")
        experiment.Run.plot, experiment.Run._repr_html_ = property(_plot), tables.run_html
        experiment.Replications.plot = property(_plot_replications)
        experiment.Replications._repr_html_ = tables.replications_html
    return value


def _plot(run: "Run") -> Any:
    from sim.output.charts import Plots

    return Plots(run)


def _plot_replications(done: "Replications") -> Any:
    from sim.output.experiment_charts import ExperimentPlots

    return ExperimentPlots(done)
