"""Faults that once were: each stays mended."""

import pytest

from sim.output.charts.runs import CHARTS


@pytest.mark.parametrize("name", CHARTS)
def test_a_long_run_of_no_time_can_be_drawn(story, name):
    one = story("service: 0s\nbots: {initial: 1}\ntimeline: [{at: 0s, order: VIP, count: 30000}]")
    assert CHARTS[name](one).axes
