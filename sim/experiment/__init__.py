"""Experiments: one run, many replications of it, and many scenarios beside each other."""

from sim.experiment.closed_forms import Beside, Theory, theory
from sim.experiment.comparing import Comparison, Pair, compare
from sim.experiment.replications import AllOrders, Replications, replicate
from sim.experiment.results import Replication, Results, Series, replication_of
from sim.experiment.selecting import Candidate, Selection, select
from sim.experiment.several import Options, label, shared_conditions
from sim.experiment.single import Run, run
from sim.experiment.sweeping import Sweep, sweep

__all__ = [
    "AllOrders",
    "Beside",
    "Candidate",
    "Comparison",
    "Options",
    "Pair",
    "Replication",
    "Replications",
    "Results",
    "Run",
    "Selection",
    "Series",
    "Sweep",
    "Theory",
    "compare",
    "label",
    "replicate",
    "replication_of",
    "run",
    "select",
    "shared_conditions",
    "sweep",
    "theory",
]
