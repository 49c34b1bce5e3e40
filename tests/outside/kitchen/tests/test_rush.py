"""Questions to the noon rush that no threshold asks."""

from pathlib import Path

import pytest

RUSH = Path("../scenarios/rush.yaml")


@pytest.fixture
def rush(scenario):
    return scenario(RUSH)


def test_a_fourth_bot_is_worth_more_than_a_fifth(rush, run):
    three, four, five = (run(rush.set(peak_bots=bots)).measures.values["wait.mean"] for bots in (3, 4, 5))
    assert three - four > four - five > 0


def test_slow_dishes_make_long_waits(rush, scenario, run):
    waits = run(scenario(RUSH, cook="2m")).orders["wait_us"]
    assert waits.mean() > run(rush).orders["wait_us"].mean()
