"""Faults that once were: each stays mended."""

import numpy as np
import pytest

from sim import ScenarioError, load_scenario, run
from sim.output.charts.runs import CHARTS


def test_the_integral_of_a_queue_may_pass_64_bits(story):
    metrics = story("clock: {until: 36525d}\ntimeline: [{at: 0s, order: VIP, count: 5000}]").measures.values
    assert metrics["queue.mean"] == 5000.0
    assert metrics["wait.mean"] == 36525 * 86400.0


def test_a_parameter_may_be_called_like_a_distribution(tmp_path, scenario):
    (tmp_path / "base.yaml").write_text("scenario: 1\nname: base\nparams: {gamma: 3}\nbots: {initial: $gamma}\n")
    assert scenario("extends: base.yaml\nparams: {n: 2}").parameters == {"gamma": 3, "n": 2}


def test_a_file_that_a_base_names_by_a_parameter_lies_beside_the_base(tmp_path, scenario):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/demand.csv").write_text("time,class\n1s,VIP\n")
    base = "scenario: 1\nname: base\nparams: {file: demand.csv}\nservice: 10s\narrivals: [{trace: $file}]\n"
    (tmp_path / "sub/base.yaml").write_text(base)
    assert len(scenario("extends: sub/base.yaml").workload().service) == 1


def test_the_stored_text_tells_the_data_it_was_run_with(tmp_path, scenario):
    texts = set()
    for second in (1, 2):
        (tmp_path / "demand.csv").write_text(f"time,class\n{second}s,VIP\n")
        texts.add(scenario("arrivals: [{trace: demand.csv}]").text)
    assert len(texts) == 2
    for text in texts:
        (tmp_path / "again.yaml").write_text(text)
        assert load_scenario(tmp_path / "again.yaml").name == "story"


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


@pytest.mark.parametrize(
    "keys", ['description: "\\ud800"', 'description: "\\ud800"\ntimeline: [{at: 11:00, order: VIP}]']
)
def test_half_a_character_is_a_fault(scenario, keys):
    with pytest.raises(ScenarioError, match=r"story.yaml:3:1\d: "):
        scenario(keys)


def test_a_first_line_that_looks_like_a_duration_is_no_header(tmp_path, scenario):
    (tmp_path / "times.csv").write_text("-5s\n10s\n")
    with pytest.raises(ScenarioError, match=r"times.csv:1:1: '-5s' is negative"):
        scenario("service: {empirical: times.csv}")


@pytest.mark.parametrize("value", [".inf", ".nan"])
def test_a_parameter_is_a_number_that_json_knows(scenario, value):
    with pytest.raises(ScenarioError, match=r"params\.a: "):
        scenario(f"params: {{a: {value}}}")


@pytest.mark.parametrize("name", CHARTS)
def test_a_long_run_of_no_time_can_be_drawn(story, name):
    one = story("service: 0s\nbots: {initial: 1}\ntimeline: [{at: 0s, order: VIP, count: 30000}]")
    assert CHARTS[name](one).axes


def test_an_expectation_on_an_order_that_another_seed_never_creates_fails(story):
    one = story(
        """
        seed: 1
        clock: {until: 1h}
        arrivals: [{class: VIP, poisson: {rate: 5/h}}]
        expect: [{order: 1004, attempts: 0}]
        """,
        seed=2,
    )
    assert [verdict.got for verdict in one.verdicts] == ["attempts of an order that was never created"]
