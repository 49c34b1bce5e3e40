"""ordersim: a kitchen of cooking bots, simulated: how many bots, how long a wait, what a VIP promise costs.

Names are imported when they are first used, so that the command can say something before it has loaded everything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import OrdersimError, ScenarioError, SimulationError, StorageError
    from sim.experiment import Run, run
    from sim.scenario import Scenario, load_scenario
    from sim.storage import Database, open_database

__all__ = [
    "Database",
    "OrdersimError",
    "Run",
    "Scenario",
    "ScenarioError",
    "SimulationError",
    "StorageError",
    "load_scenario",
    "open_database",
    "run",
]


_HOMES = {
    "Database": "sim.storage",
    "Run": "sim.experiment",
    "Scenario": "sim.scenario",
    "load_scenario": "sim.scenario",
    "open_database": "sim.storage",
    "run": "sim.experiment",
}


def __getattr__(name: str) -> Any:
    """Return one of the public names; Run gets its charts and its look in notebooks here, which it must not know."""
    if name not in __all__:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES.get(name, "sim.errors")), name)
    if name in ("Database", "Run", "open_database", "run"):
        run_class = import_module("sim.experiment").Run
        run_class.plot = property(_plot)
        run_class._repr_html_ = import_module("sim.output.tables").run_html
    return value


def _plot(run: "Run") -> Any:
    from sim.output.charts import Plots

    return Plots(run)
