"""Experiments: one run, many replications of it, and many scenarios beside each other."""

from sim.experiment.closed_forms import Theory, theory
from sim.experiment.comparing import Comparison, Pair, adjusted, compare, paired
from sim.experiment.contests import OPEN_REASONS, Candidate
from sim.experiment.key_metrics import BY_CLASS, OF_KITCHEN, key_metrics, metrics_of_study, of_class
from sim.experiment.looking import CheckedFile, Look, is_long, look, looks
from sim.experiment.observing import replication_of
from sim.experiment.points import label, shared_thresholds
from sim.experiment.presenting import Size
from sim.experiment.replicating import Options, most_replications, refuse_unknown, replicate, replicate_by
from sim.experiment.replications import Replications
from sim.experiment.results import Replication, Results, Series
from sim.experiment.selecting import Selection, select
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
