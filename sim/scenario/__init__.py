"""The scenario file: loading, checking, and drawing workloads from it."""

from sim.scenario.by_hand import Lines, lines_of, playable, with_entry, written_instant
from sim.scenario.crew import bot_hours, can_fall, crew_parameters, never_varies
from sim.scenario.expectations import Expectation
from sim.scenario.generators import DRAWS
from sim.scenario.hints import did_you_mean, one_of
from sim.scenario.metric_names import metric_of
from sim.scenario.opening import load_scenario, prepare, restore_scenario
from sim.scenario.replications import ReplicationPlan
from sim.scenario.resolving import parse_setting
from sim.scenario.scenario import Scenario
from sim.scenario.schema_json import json_schema
from sim.scenario.source import parse_value
from sim.scenario.study import BOT_HOURS, SelectPlan
from sim.scenario.thresholds import Condition, Threshold, limit
from sim.scenario.tree import Place
from sim.scenario.where import quantity
from sim.scenario.workload import crew_changes, service_by_hand, stream_names

__all__ = [
    "BOT_HOURS",
    "DRAWS",
    "Condition",
    "Expectation",
    "Lines",
    "Place",
    "ReplicationPlan",
    "Scenario",
    "SelectPlan",
    "Threshold",
    "bot_hours",
    "can_fall",
    "crew_changes",
    "crew_parameters",
    "did_you_mean",
    "json_schema",
    "limit",
    "lines_of",
    "load_scenario",
    "metric_of",
    "never_varies",
    "one_of",
    "parse_setting",
    "parse_value",
    "playable",
    "prepare",
    "quantity",
    "restore_scenario",
    "service_by_hand",
    "stream_names",
    "with_entry",
    "written_instant",
]
