"""Experiments: one run, many replications of it, and many scenarios beside each other."""

from sim.experiment.checking import Look, is_long, look, looks
from sim.experiment.closed_forms import Beside, Theory, theory
from sim.experiment.comparing import Comparison, Pair, adjusted, compare, paired
from sim.experiment.frames import ThresholdVerdicts, Verdicts
from sim.experiment.replications import AllOrders, Replications, most_replications, replicate, replicate_by
from sim.experiment.results import Replication, Results, Series, replication_of
from sim.experiment.selecting import Candidate, Selection, select
from sim.experiment.several import Options, asked_metrics, label, shared_conditions
from sim.experiment.single import Run, TableName, run
from sim.experiment.sweeping import Sweep, sweep
from sim.experiment.workers import Workers

__all__ = [
    "AllOrders",
    "Beside",
    "Candidate",
    "Comparison",
    "Look",
    "Options",
    "Pair",
    "Replication",
    "Replications",
    "Results",
    "Run",
    "Selection",
    "Series",
    "Sweep",
    "TableName",
    "Theory",
    "ThresholdVerdicts",
    "Verdicts",
    "Workers",
    "adjusted",
    "asked_metrics",
    "compare",
    "is_long",
    "label",
    "look",
    "looks",
    "most_replications",
    "paired",
    "replicate",
    "replicate_by",
    "replication_of",
    "run",
    "select",
    "shared_conditions",
    "sweep",
    "theory",
]
