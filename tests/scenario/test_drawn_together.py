"""Replications that are drawn at once are those that are drawn alone."""

import numpy as np
import pytest

from sim import load_scenario
from sim.errors import SimulationError
from sim.experiment.simulating import observed
from tests.helpers.workloads import same

KITCHEN = {"scenario": 1, "name": "kitchen", "clock": {"until": "5h"}, "bots": {"initial": 2}, "service": "2m"}
CLASS = {"class": {"VIP": "30%", "NORMAL": "70%"}}
STREAMS = {
    "poisson": {"poisson": {"rate": "60/h"}},
    "with a pause between": {"poisson": {"rate": "60/h"}, "from": "1h", "until": "2h"},
    "phases": {"poisson": {"phases": [{"for": "1h", "rate": "0/h", "ramp_to": "90/h"}, {"for": "2h", "rate": "30/h"}]}},
    "mmpp": {"mmpp": {"states": [{"rate": "90/h", "stay": "10m"}, {"rate": "5/h", "stay": "20m"}]}},
    "renewal": {"renewal": {"lognormal": {"mean": "2m", "cv": 3}}, "limit": 20},
    "every": {"every": "7m"},
    "batches": {"poisson": {"rate": "30/h"}, "batch": {"1": "50%", "4": "50%"}, "limit": 33},
}
PARTS = {
    "busy days": {"busyness": {"choice": {"0": "30%", "1": "40%", "2": "30%"}}},
    "two laws": {"service": {"VIP": {"exponential": {"mean": "1m"}}, "NORMAL": {"gamma": {"mean": "3m", "cv": 0.5}}}},
    "patience": {"patience": {"NORMAL": {"uniform": {"low": "1m", "high": "9m"}}}},
    "crew and timeline": {
        "bots": {"initial": 1, "schedule": [{"at": "1h", "count": 3}, {"at": "4h", "count": 1}]},
        "timeline": [
            {"at": "0s", "order": "VIP"},
            {"at": "90m", "order": "NORMAL", "count": 3, "service": "1m"},
            {"at": "2h", "add_bots": 1},
        ],
    },
}


def assert_alike(scenario, numbers, beyond):
    together = scenario.workloads(3, numbers, beyond)
    alone = [scenario.workload(3, number, beyond) for number in numbers]
    assert [same(*pair) for pair in zip(alone, together, strict=True)] == [True] * len(numbers)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("part", PARTS)
def test_replications_drawn_at_once_are_those_drawn_alone(part, stream):
    if part == "busy days" and stream in ("renewal", "every"):
        pytest.skip("such streams have no rates")
    scenario = load_scenario({**KITCHEN, **PARTS[part], "arrivals": [CLASS | STREAMS[stream]]})
    assert_alike(scenario, range(1, 9), beyond=0)
    assert_alike(scenario, [7, 2, 40], beyond=10**9)


def test_all_streams_together_are_merged_in_the_same_order():
    scenario = load_scenario(
        {**KITCHEN, **PARTS["crew and timeline"], "arrivals": [CLASS | stream for stream in STREAMS.values()]}
    )
    assert_alike(scenario, range(1, 30), beyond=0)


def test_an_endless_run_is_drawn_at_once_too():
    stream = {"poisson": {"rate": "60/h"}, "limit": 50}
    scenario = load_scenario({**KITCHEN, "clock": {}, "arrivals": [CLASS | stream]})
    assert_alike(scenario, range(1, 5), beyond=0)


def test_a_replication_that_is_too_large_is_met_in_its_turn(monkeypatch):
    scenario = load_scenario({**KITCHEN, "arrivals": [CLASS | STREAMS["poisson"]]})
    workloads = type(scenario).workloads

    def no_sevens(scenario, seed, replications, beyond=0):
        if 7 in replications:
            raise SimulationError("too large")
        return workloads(scenario, seed, replications, beyond)

    monkeypatch.setattr(type(scenario), "workloads", no_sevens)
    met = observed(scenario, 1, range(1, 20), "reference", np.zeros(1, np.int64), with_fingerprints=False)
    assert [next(met).numbers for _ in range(6)] == [[number] for number in range(1, 7)]
    with pytest.raises(SimulationError, match="replication 7: too large"):
        next(met)
