"""Replications that are drawn at once are those that are drawn alone, also where what draws them is compiled."""

import numpy as np
import pytest

from sim import load_scenario
from sim.engines import kernel_of
from sim.engines.compiled import draws, jit
from sim.errors import SimulationError
from sim.experiment.simulating import observed
from sim.scenario.generators import Chance, word_of
from tests.helpers.workloads import same

pytestmark = pytest.mark.usefixtures("compiled_engine")

KITCHEN = {"scenario": 1, "name": "kitchen", "clock": {"until": "5h"}, "bots": {"initial": 2}, "service": "2m"}
CLASS = {"class": {"VIP": "30%", "NORMAL": "70%"}}
STREAMS = {
    "poisson": {"poisson": {"rate": "60/h"}},
    "with a pause between": {"poisson": {"rate": "60/h"}, "from": "1h", "until": "2h"},
    "phases": {"poisson": {"phases": [{"for": "1h", "rate": "0/h", "ramp_to": "90/h"}, {"for": "2h", "rate": "30/h"}]}},
    "mmpp": {"mmpp": {"states": [{"rate": "90/h", "stay": "10m"}, {"rate": "5/h", "stay": "20m"}]}},
    "renewal": {"renewal": {"lognormal": {"mean": "2m", "cv": 3}}, "limit": 20},
    "renewal without end": {"renewal": {"uniform": {"low": "0s", "high": "4m"}}},
    "every": {"every": "7m"},
    "batches without limit": {"poisson": {"rate": "30/h"}, "batch": {"1": "50%", "4": "50%"}},
    "many": {"poisson": {"rate": "3000/h"}},
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
    alone = [scenario.workload(3, number, beyond) for number in numbers]
    for workloads in (
        scenario.workloads(3, numbers, beyond),
        scenario.workloads(3, numbers, beyond, draws),
        [scenario.workload(3, number, beyond, draws) for number in numbers],
    ):
        assert [same(*pair) for pair in zip(alone, workloads, strict=True)] == [True] * len(numbers)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("part", PARTS)
def test_replications_drawn_at_once_are_those_drawn_alone(part, stream):
    if part == "busy days" and stream in ("renewal", "renewal without end", "every"):
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

    def no_sevens(scenario, seed, replications, beyond=0, kernel=None):
        if 7 in replications:
            raise SimulationError("too large")
        return workloads(scenario, seed, replications, beyond, kernel)

    monkeypatch.setattr(type(scenario), "workloads", no_sevens)
    met = observed(scenario, 1, range(1, 20), "reference", np.zeros(1, np.int64), with_fingerprints=False)
    assert [next(met).numbers for _ in range(6)] == [[number] for number in range(1, 7)]
    with pytest.raises(SimulationError, match="replication 7: too large"):
        next(met)


def test_sources_are_merged_day_by_day_and_left_alone_where_one_is_not_in_order_of_time():
    time, action = np.array([5, 3, 4]), np.zeros(3, np.uint8)
    assert draws.merged(time, action, np.array([[1, 0], [1, 1]]))[0].tolist() == [3, 5, 4]
    assert not draws.merged(time, action, np.array([[2, 0], [1, 0]]))[-1]


def test_numbers_of_compiled_draws_are_those_of_numpy_however_many():
    counts, word = np.array([0, 1, 2, 3, 4, 5, 63, 1000]), word_of("walk-in", "service")
    replications = np.arange(2**63 - 4, 2**63 + 4, dtype=np.uint64)
    numbers = draws.numbers(np.uint64(2**63 - 1), replications, np.uint64(word), counts)
    alone = [
        Chance(2**63 - 1, int(replication)).numbers("walk-in", "service", int(count))
        for replication, count in zip(replications, counts, strict=True)
    ]
    assert np.array_equal(numbers, np.concatenate(alone))


@pytest.mark.parametrize("part", ["two laws", "crew and timeline"])
def test_the_loops_that_draw_say_the_same_as_plain_python(part, monkeypatch):
    streams = [CLASS | STREAMS[name] for name in ("poisson", "phases", "with a pause between")]
    scenario = load_scenario({**KITCHEN, **PARTS[part], "arrivals": streams})
    compiled = scenario.workloads(3, [1, 2], kernel=draws)
    for name, function in vars(draws).copy().items():
        if hasattr(function, "py_func"):
            monkeypatch.setattr(draws, name, function.py_func)
    monkeypatch.setattr(draws, "product", jit._product)
    monkeypatch.setattr(draws, "natural", int)
    with np.errstate(over="ignore"):  # keys of Philox wrap around
        plain = scenario.workloads(3, [1, 2], kernel=draws)
    assert all(same(*pair) for pair in zip(plain, compiled, strict=True))


def test_only_the_compiled_engine_has_compiled_draws():
    assert (kernel_of("compiled"), kernel_of("reference"), kernel_of("auto")) == (draws, None, None)
