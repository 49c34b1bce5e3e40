"""A value that is counted so far is marked in each table, so that no script takes it for the whole."""

from io import StringIO

import pytest

from sim import Scenario, compare, replicate, run, sweep
from sim.checking.results_files import read_results
from sim.output.documents import experiment_document, metrics_json
from sim.output.tables import write_values


@pytest.fixture
def overrun(scenario) -> Scenario:
    """One bot cannot begin six orders of ten seconds within twice the time; six bots can."""
    return scenario("""
        params: {crew: 1}
        clock: {until: 20s}
        service: 10s
        bots: {initial: $crew}
        timeline: [{at: 0s, order: NORMAL, count: 6}]
        thresholds: {wait.max: "< 1h"}
        sweep: {crew: [1, 6]}
        compare: {baseline: {crew: 1}, metrics: [wait.max, wait.min]}
    """)


def marks(table) -> dict[str, str]:
    """Return the bound of each metric of a table."""
    return dict(zip(table["metric"], table["bound"], strict=True))


def test_tables_of_runs_and_replications_mark_lower_bounds(overrun):
    once, replications = run(overrun), replicate(overrun)
    for table in (once.metrics, replications.to_frame(), replications.runs):
        assert {name for name, bound in marks(table).items() if bound == "lower"} == once.measures.bounds
        assert marks(table)["wait.max"] == "lower"
        assert marks(table)["wait.min"] == ""
    assert marks(replications.verdicts.to_frame()) == {"wait.max": "lower"}


def test_tables_of_sweeps_and_comparisons_mark_the_side_whose_orders_are_open(overrun):
    crews, comparison = sweep(overrun), compare(overrun)
    table = crews.to_frame().query("metric == 'wait.max'")
    assert table["bound"].tolist() == crews.verdicts["bound"].tolist() == ["lower", ""]
    sides = comparison.to_frame().set_index("metric")[["baseline_bound", "bound"]]
    assert sides.loc["wait.max"].tolist() == ["lower", ""]
    assert sides.loc["wait.min"].tolist() == ["", ""]
    [of_max, of_min] = experiment_document(comparison)["pairs"]
    assert of_max["baseline_bound"] == "lower"
    assert not {"bound", "baseline_bound"} & {*of_min}
    assert "bound" not in of_max


def test_what_runs_leave_behind_is_read_again_with_its_bounds(overrun, tmp_path):
    once, replications = run(overrun), replicate(overrun)
    text = StringIO()
    write_values(replications, text)
    assert "\n1,wait.max,40.0,lower\n" in text.getvalue()
    assert "\n1,wait.min,0.0,\n" in text.getvalue()
    for name, content in (("replications.csv", text.getvalue()), ("metrics.json", metrics_json(once))):
        (tmp_path / name).write_text(content)
        [replication] = read_results(tmp_path / name)
        assert replication.bounds == once.measures.bounds
