"""Experiments: one run, or many replications of it."""

from sim.experiment.replications import Replication, Replications, replicate, replication_of
from sim.experiment.single import Run, run

__all__ = ["Replication", "Replications", "Run", "replicate", "replication_of", "run"]
