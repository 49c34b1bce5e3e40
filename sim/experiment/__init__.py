"""Experiments: one run, or many replications of it."""

from sim.experiment.replications import AllOrders, Replications, replicate
from sim.experiment.results import Replication, Results, Series, replication_of
from sim.experiment.single import Run, run

__all__ = [
    "AllOrders",
    "Replication",
    "Replications",
    "Results",
    "Run",
    "Series",
    "replicate",
    "replication_of",
    "run",
]
