"""The reference of the Python API: its calls are there, and its tables have the columns that it names."""

import re
from operator import attrgetter

import pytest

from sim import check, compare, keep, load_scenario, open_database, replicate, run, select, sweep, theory
from tests.helpers import ROOT

PAGE = (ROOT / "docs/api.md").read_text()
ROWS = re.findall(r"^\| (`.*?) \| (.*?)(?: \|.*)?$", PAGE, re.MULTILINE)


@pytest.fixture
def things(elsewhere):
    """What the page calls run, month, checks and so on."""
    (elsewhere / "scenarios").symlink_to(ROOT / "scenarios")
    scenario = load_scenario("scenarios/replay.yaml")
    a, b = (keep(run(scenario, seed=seed)) for seed in (1, 2))
    with open_database() as database:
        yield {
            "scenario": scenario,
            "run": run(scenario),
            "month": replicate(scenario, times=2),
            "checks": check("scenarios/replay.yaml"),
            "database": database,
            "theory": theory,
            "a": a,
            "b": b,
        }


def test_each_attribute_of_the_api_is_there(things):
    paths = re.findall(r"`(scenario|run|month|checks|database)\.([a-z0-9_.]+)", "".join(cell for cell, _ in ROWS))
    assert len(paths) > 30
    for name, path in paths:
        attrgetter(path)(things[name])


def test_each_table_has_the_columns_that_are_named(things):
    calls = [(re.findall("`([^`]+)`", cell)[0], text) for cell, text in ROWS if text.startswith("DataFrame")]
    tables = {call: re.search(": ([^:;]+)(;|$)", text)[1].split(", ") for call, text in calls if ": " in text}
    assert {call: list(eval(call, things)) for call in tables} == tables
    assert len(tables) == 7


@pytest.mark.parametrize(
    ("name", "experiment", "size"),
    [("sweep", sweep, {"times": 2}), ("compare", compare, {"times": 2}), ("select", select, {"budget": 30})],
)
def test_the_table_of_an_experiment_has_the_columns_that_the_page_on_outputs_names(name, experiment, size):
    table = experiment(load_scenario(ROOT / "scenarios/lunch_staffing.yaml"), **size).to_frame()
    row = re.search(rf"^\| `{name}\.csv` \| (.*) \|$", (ROOT / "docs/outputs.md").read_text(), re.MULTILINE)[1]
    named = re.findall("the parameters|`([a-z_]+)`", row)
    assert [column or "peak_bots" for column in named] == list(table)
