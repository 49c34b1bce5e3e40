"""The scenario file: loading, checking, and drawing workloads from it."""

from sim.scenario.analysis import Condition, Replications, Threshold
from sim.scenario.loading import Scenario, load_scenario, prepare, restore_scenario
from sim.scenario.schema import Expectation, json_schema
from sim.scenario.source import Place, parse_value

__all__ = [
    "Condition",
    "Expectation",
    "Place",
    "Replications",
    "Scenario",
    "Threshold",
    "json_schema",
    "load_scenario",
    "parse_value",
    "prepare",
    "restore_scenario",
]
