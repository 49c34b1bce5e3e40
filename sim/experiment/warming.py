"""The end of the warm-up: one instant for all replications of a scenario."""

import numpy as np

from sim.engines import Engine
from sim.engines.contract import GONE
from sim.errors import SimulationError
from sim.experiment.simulating import observed
from sim.scenario import Scenario
from sim.statistics import mser5_cut
from sim.units import SECOND

_REPLICATIONS = 30
_START = np.zeros(1, np.int64)


def warmup_of(scenario: Scenario, seed: int, engine: Engine) -> int:
    """Return how many microseconds at the beginning metrics leave out.

    With `mser5` it is found once for all replications, from the waits of replications 1 to 30, order by order: an order
    that is early in one replication is early in all. It is the mean instant at which the order at the cut was created.

    Raises:
        SimulationError: there is no cut in the first half of the run, or a replication cannot be run.

    """
    if scenario.warmup != "mser5":
        return scenario.warmup
    key = f"mser5 under seed {seed}"
    if key not in scenario.learned:
        scenario.learned[key] = _mser5(scenario, seed, engine)
    return scenario.learned[key]


def _mser5(scenario: Scenario, seed: int, engine: Engine) -> int:
    waits, instants = {}, {}
    numbers = range(1, _REPLICATIONS + 1 if scenario.is_random else 2)
    for runs in observed(scenario, seed, numbers, engine, _START, with_fingerprints=False):
        for row, number in enumerate(runs.numbers):
            outcome = runs.outcomes.day(row)
            has_stayed = outcome.final_status != GONE
            waits[number] = outcome.wait[has_stayed] / SECOND
            instants[number] = outcome.created[has_stayed]
    cut = mser5_cut([waits[number] for number in numbers])
    if cut is None:
        raise SimulationError(
            "mser5 finds no end of the warm-up in the first half of the run; lengthen the run, or write warmup: 30m"
        )
    return round(float(np.mean([created[cut] for created in instants.values()]))) if cut else 0
