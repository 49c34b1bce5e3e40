"""Checks: scenario files as tests, for the command, the pytest plugin and notebooks."""

from sim.checking.checks import Checks, check
from sim.checking.files import ScenarioFiles, load_files
from sim.checking.findings import demand_finding, expectation_finding, threshold_finding
from sim.checking.golden import golden_finding, has_golden

__all__ = [
    "Checks",
    "ScenarioFiles",
    "check",
    "demand_finding",
    "expectation_finding",
    "golden_finding",
    "has_golden",
    "load_files",
    "threshold_finding",
]
