"""Faults that once were: each stays mended."""

import pytest

from sim import ScenarioError, load_scenario


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
