"""kitchensim: a kitchen of cooking bots, simulated: how many bots, how long a wait, what a VIP promise costs.

Names are imported when they are first used, so that the command can say something before it has loaded everything.
"""

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.checking import Checks, check
    from sim.errors import ArgumentError, FileError, KitchensimError, ScenarioError, SimulationError, StorageError
    from sim.experiment import (
        Comparison,
        Replications,
        Run,
        Selection,
        Sweep,
        Theory,
        compare,
        replicate,
        run,
        select,
        sweep,
        theory,
    )
    from sim.scenario import Scenario, load_scenario
    from sim.storage import Database, keep, open_database

__all__ = [
    "ArgumentError",
    "Checks",
    "Comparison",
    "Database",
    "FileError",
    "KitchensimError",
    "Replications",
    "Run",
    "Scenario",
    "ScenarioError",
    "Selection",
    "SimulationError",
    "StorageError",
    "Sweep",
    "Theory",
    "check",
    "compare",
    "keep",
    "load_scenario",
    "open_database",
    "replicate",
    "run",
    "select",
    "sweep",
    "theory",
]


_HOMES = {
    "sim.checking": ("Checks", "check"),
    "sim.experiment": (
        *("Comparison", "Replications", "Run", "Selection", "Sweep", "Theory"),
        *("compare", "replicate", "run", "select", "sweep", "theory"),
    ),
    "sim.scenario": ("Scenario", "load_scenario"),
    "sim.storage": ("Database", "keep", "open_database"),
}


def __getattr__(name: str) -> Any:
    """Return one of the public names; results get their charts and their look in notebooks here, which they must not
    know.
    """
    if name not in __all__:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "sim.errors")
    value = globals()[name] = getattr(import_module(home), name)
    if home in ("sim.checking", "sim.experiment", "sim.storage"):
        _dress()
    return value


def _dress() -> None:
    """Give results their charts and their look in notebooks."""
    experiment, tables, reports = map(import_module, ("sim.experiment", "sim.output.notebooks", "sim.output.reports"))
    for kind, charts, plots in (
        ("Run", "charts.runs", "Plots"),
        ("Replications", "charts.replications", "ExperimentPlots"),
        ("Sweep", "charts.studies", "SweepPlots"),
        ("Comparison", "charts.differences", "ComparisonPlots"),
        ("Selection", "charts.studies", "SelectionPlots"),
    ):
        getattr(experiment, kind).plot = property(partial(_plots, charts, plots))
    experiment.Run._repr_html_, experiment.Replications._repr_html_ = tables.run_html, tables.replications_html
    experiment.Theory._repr_html_ = tables.theory_html
    for verdicts in (experiment.Verdicts, experiment.ThresholdVerdicts):
        verdicts._repr_html_ = lambda rows: rows.to_frame()._repr_html_()
    experiment.Sweep._repr_html_ = lambda done: reports.sweep_report(done).html()
    experiment.Comparison._repr_html_ = lambda done: reports.compare_report(done).html()
    experiment.Selection._repr_html_ = lambda done: reports.select_report(done).html()


def _plots(module: str, name: str, done: Any) -> Any:
    return getattr(import_module(f"sim.output.{module}"), name)(done)
