"""ordersim: a kitchen of cooking bots, simulated: how many bots, how long a wait, what a VIP promise costs.

Names are imported when they are first used, so that the command can say something before it has loaded everything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import OrdersimError, ScenarioError, SimulationError, StorageError
    from sim.experiment import Run, run
    from sim.scenario import Scenario, load_scenario

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


def __getattr__(name: str) -> Any:
    """Return one of the public names; Run gets its charts and its look in notebooks here, which it must not know."""
    if name not in __all__:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    if name in ("Run", "run"):
        module = import_module("sim.experiment")
        module.Run.plot = property(_plot)
        module.Run._repr_html_ = import_module("sim.output.tables").run_html
    else:
        module = import_module("sim.scenario" if name in ("Scenario", "load_scenario") else "sim.errors")
    value = globals()[name] = getattr(module, name)
    return value


def _plot(run: "Run") -> Any:
    from sim.output.charts import Plots

    return Plots(run)
