"""Faults that once were: each stays mended."""

import pytest

from sim.output import CHART_NAMES
from sim.output.charts.files import charts


@pytest.mark.parametrize("name", CHART_NAMES["run"])
def test_a_long_run_of_no_time_can_be_drawn(story, name):
    one = story("service: 0s\nbots: {initial: 1}\ntimeline: [{at: 0s, order: VIP, count: 30000}]")
    assert charts(one)[name]().axes
