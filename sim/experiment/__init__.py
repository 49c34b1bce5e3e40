"""Experiments: one run, many replications of it, and many scenarios beside each other.

Names are imported when they are first used, so that a single run does not load what many of them take.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.experiment.closed_forms import Theory, theory
    from sim.experiment.comparing import Comparison, Pair, adjusted, compare, paired
    from sim.experiment.contests import OPEN_REASONS, Candidate
    from sim.experiment.looking import CheckedFile, Look, is_long, look, looks
    from sim.experiment.observing import replication_of
    from sim.experiment.points import label, shared_thresholds
    from sim.experiment.presenting import Size
    from sim.experiment.replicating import Options, most_replications, refuse_unknown, replicate, replicate_by
    from sim.experiment.replications import Replications
    from sim.experiment.results import Replication, Results, Series
    from sim.experiment.selecting import Selection, select
    from sim.experiment.shown_metrics import BY_CLASS, OF_KITCHEN, key_metrics, metrics_of_study, of_class
    from sim.experiment.single import Run, TableName, run
    from sim.experiment.staffing import Staffing, staff
    from sim.experiment.sweeping import Sweep, sweep
    from sim.experiment.uncertain import InputUncertainty, input_uncertainty, refuse_unfitted
    from sim.experiment.unkept import Unkept
    from sim.experiment.workers import Workers, available_processors

__all__ = [
    "BY_CLASS",
    "OF_KITCHEN",
    "OPEN_REASONS",
    "Candidate",
    "CheckedFile",
    "Comparison",
    "InputUncertainty",
    "Look",
    "Options",
    "Pair",
    "Replication",
    "Replications",
    "Results",
    "Run",
    "Selection",
    "Series",
    "Size",
    "Staffing",
    "Sweep",
    "TableName",
    "Theory",
    "Unkept",
    "Workers",
    "adjusted",
    "available_processors",
    "compare",
    "input_uncertainty",
    "is_long",
    "key_metrics",
    "label",
    "look",
    "looks",
    "metrics_of_study",
    "most_replications",
    "of_class",
    "paired",
    "refuse_unfitted",
    "refuse_unknown",
    "replicate",
    "replicate_by",
    "replication_of",
    "run",
    "select",
    "shared_thresholds",
    "staff",
    "sweep",
    "theory",
]

_HOMES = {
    "closed_forms": ["Theory", "theory"],
    "comparing": ["Comparison", "Pair", "adjusted", "compare", "paired"],
    "contests": ["OPEN_REASONS", "Candidate"],
    "shown_metrics": ["BY_CLASS", "OF_KITCHEN", "key_metrics", "metrics_of_study", "of_class"],
    "looking": ["CheckedFile", "Look", "is_long", "look", "looks"],
    "observing": ["replication_of"],
    "points": ["label", "shared_thresholds"],
    "presenting": ["Size"],
    "replicating": ["Options", "most_replications", "refuse_unknown", "replicate", "replicate_by"],
    "replications": ["Replications"],
    "results": ["Replication", "Results", "Series"],
    "selecting": ["Selection", "select"],
    "single": ["Run", "TableName", "run"],
    "staffing": ["Staffing", "staff"],
    "sweeping": ["Sweep", "sweep"],
    "uncertain": ["InputUncertainty", "input_uncertainty", "refuse_unfitted"],
    "unkept": ["Unkept"],
    "workers": ["Workers", "available_processors"],
}
"""Where these names live; one more is written above for mypy, and in `__all__`."""
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Return one of the names."""
    if name not in _HOME:
        raise AttributeError(f"module 'sim.experiment' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"sim.experiment.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    """Return the names, also those that nobody has used yet."""
    return [*globals(), *__all__]
