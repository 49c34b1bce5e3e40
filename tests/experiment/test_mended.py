"""Faults that once were: each stays mended."""

import numpy as np
import pytest

from sim import run


def test_an_engine_that_is_not_there_is_refused(scenario):
    with pytest.raises(ValueError, match="engine 'warp' is not known; write one of auto, reference, compiled"):
        run(scenario("timeline: []"), engine="warp")


@pytest.mark.parametrize("options", [{"seed": 1.5}, {"replication": 1.5}])
def test_seed_and_replication_are_whole_numbers(scenario, options):
    with pytest.raises(TypeError):
        run(scenario("timeline: []"), **options)


def test_parameters_may_come_from_numpy(scenario):
    crew = scenario("params: {crew: 1}\nbots: {initial: $crew}")
    assert [run(crew.set(crew=n)).measures.values["bots.end"] for n in np.arange(1, 4)] == [1, 2, 3]
