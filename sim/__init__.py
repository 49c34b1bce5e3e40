"""kitchensim: a kitchen of cooking bots, simulated: how many bots, how long a wait, what a VIP promise costs.

Names, and the rooms that they come from, are imported when they are first used, so that the command can say something
before it has loaded everything.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.checking import Checks, check
    from sim.errors import ArgumentError, FileError, KitchensimError, ScenarioError, SimulationError, StorageError
    from sim.experiment import (
        Comparison,
        InputUncertainty,
        Replications,
        Run,
        Selection,
        Staffing,
        Sweep,
        Theory,
        compare,
        input_uncertainty,
        replicate,
        run,
        select,
        staff,
        sweep,
        theory,
    )
    from sim.fitting import Calibration, Fit, calibrate, fit
    from sim.scenario import Scenario, load_scenario
    from sim.storage import Database, keep, open_database

__all__ = [
    "ArgumentError",
    "Calibration",
    "Checks",
    "Comparison",
    "Database",
    "FileError",
    "Fit",
    "InputUncertainty",
    "KitchensimError",
    "Replications",
    "Run",
    "Scenario",
    "ScenarioError",
    "Selection",
    "SimulationError",
    "Staffing",
    "StorageError",
    "Sweep",
    "Theory",
    "calibrate",
    "check",
    "compare",
    "fit",
    "input_uncertainty",
    "keep",
    "load_scenario",
    "open_database",
    "replicate",
    "run",
    "select",
    "staff",
    "sweep",
    "theory",
]


_HOMES = {
    "sim.checking": ["Checks", "check"],
    "sim.errors": ["ArgumentError", "FileError", "KitchensimError", "ScenarioError", "SimulationError", "StorageError"],
    "sim.fitting": ["Calibration", "Fit", "calibrate", "fit"],
    "sim.scenario": ["Scenario", "load_scenario"],
    "sim.storage": ["Database", "keep", "open_database"],
}
"""Where public names live, all others in `sim.experiment`; one more is written above for mypy, and in `__all__`."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Return one of the public names, or a room that has some."""
    if f"sim.{name}" in {*_HOMES, "sim.experiment"}:
        return import_module(f"sim.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME.get(name, "sim.experiment")), name)
    return value


def __dir__() -> list[str]:
    """Return the public names, also those that nobody has used yet."""
    return [*globals(), *__all__]
