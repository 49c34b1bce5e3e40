"""Where a scenario comes from: Python, parameters, bases that it extends, anchors."""

import pytest

from sim import Scenario, ScenarioError, load_scenario
from sim.scenario.source import read_yaml
from tests.helpers.workloads import MINUTE, SECOND, crew, order_times, same

# Scenarios from Python

KEYS = """
scenario: 1
name: story
params: {cook: 3m, mix: {VIP: 30%, NORMAL: 70%}}
clock: {start: "11:00", until: 2h}
service: {VIP: $cook, NORMAL: {gamma: {mean: $cook, cv: 0.5}}}
bots: {initial: 2, schedule: [{at: "12:00", count: 3}]}
arrivals: [{class: $mix, poisson: {rate: 30/h}}]
thresholds: {wait.p95: "< 5m", utilisation: ["> 1%", "< 99%"]}
"""


def test_a_dict_and_a_text_are_the_scenario_of_a_file(tmp_path):
    (tmp_path / "s.yaml").write_text(KEYS, encoding="utf-8")
    loaded = load_scenario(tmp_path / "s.yaml", cook="2m")
    plain = read_yaml(KEYS, "s", []).plain()
    for twin in (Scenario.parse(KEYS, cook="2m"), load_scenario(plain, cook="2m"), load_scenario(plain).set(cook="2m")):
        assert (twin.text, twin.parameters) == (loaded.text, loaded.parameters)
        assert same(twin.workload(seed=3), loaded.workload(seed=3))
        assert [*map(str, twin.thresholds)] == [*map(str, loaded.thresholds)]


def test_a_dict_and_a_text_name_files_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "orders.csv").write_text("time,class,service\n0s,VIP,1s\n", encoding="utf-8")
    (tmp_path / "base.yaml").write_text("scenario: 1\nname: base\narrivals: [{trace: orders.csv}]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for child in (load_scenario({"extends": "base.yaml", "seed": 5}), Scenario.parse("extends: base.yaml\nseed: 5\n")):
        assert (child.name, child.seed, len(child.workload().service)) == ("base", 5, 1)


def test_faults_of_a_dict_and_a_text_say_where_they_are(tmp_path):
    circle = {"scenario": 1}
    circle["params"] = circle
    for wrong, told in {
        "service: 10\n": "text:1:10: service: 10 has no unit; write 10s, 10m or 10ms",
        "a: [": "text:1:5: is not valid YAML",
        "\ud800": "text:1:1: U+D800 is not allowed",
    }.items():
        with pytest.raises(ScenarioError) as caught:
            Scenario.parse(wrong)
        assert any(line.startswith(told) for line in caught.value.lines), caught.value.lines
    for wrong, told in [
        ({"service": 10}, "dict:1:1: service: 10 has no unit; write 10s, 10m or 10ms"),
        ({"arrivals": [{"clas": "VIP"}]}, "dict:1:1: arrivals[0]: unknown key 'clas'; did you mean 'class'?"),
        ({"params": {"a-b": 1}}, "dict:1:1: params: 'a-b' is not a name; write letters, digits and _"),
        ({}, "dict:1:1: missing key 'name'; write 'name: lunch' here"),
        (circle, "dict:1:1: is nested more than 64 deep; write it flatter"),
    ]:
        with pytest.raises(ScenarioError) as caught:
            load_scenario(wrong)
        assert told in caught.value.lines
    with pytest.raises(ScenarioError, match=r"text:1:1: is not a path; give YAML text to Scenario\.parse"):
        load_scenario(KEYS)
    strange = tmp_path / "two\nlines.yaml"  # a path, whatever its name
    strange.write_text(KEYS)
    assert load_scenario(strange).name == Scenario.parse(KEYS).name


# Parameters, extends, anchors


def test_a_parameter_is_a_whole_typed_value(scenario):
    text = """
        params: {cook: 3m, bots: 2, crew: [{at: 30s, count: 1}], mix: {VIP: 100%}, kind: {gamma: {mean: 9s, cv: 1}}}
        service: {VIP: $cook, NORMAL: $kind}
        bots: {initial: $bots, schedule: $crew}
        arrivals: [{class: $mix, every: $cook, limit: $bots}]
    """
    loaded = scenario(text)
    assert crew(loaded.workload()) == [(0, 2), (30, -1)]
    assert order_times(loaded.workload()) == [0, 180]
    assert loaded.file.service.NORMAL.gamma.cv == 1
    other = loaded.set(bots=3, cook="10s")
    assert order_times(other.workload()) == [0, 10, 20]
    assert (loaded.parameters["bots"], other.parameters["bots"], other.parameters["cook"]) == (2, 3, "10s")
    assert order_times(other.set(bots=1).workload()) == [0]
    assert same(scenario(text, bots=3, cook="10s").workload(), other.workload())
    assert loaded.set(bots=2).sha256 == loaded.sha256 != other.sha256


def test_what_looks_like_a_parameter_inside_text_is_text(scenario):
    assert scenario("params: {n: 1}\ndescription: costs $n\n").file.description == "costs $n"


@pytest.fixture
def folder(tmp_path):
    """A base scenario in a subfolder, with a trace of its own."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base/orders.csv").write_text("time,class\n5s,VIP\n", encoding="utf-8")
    (tmp_path / "base/base.yaml").write_text(
        "scenario: 1\nname: base\nseed: 7\nparams: {cook: 3m, bots: 2}\n"
        "service: {VIP: {gamma: {mean: $cook, cv: 1}}, NORMAL: 5s}\n"
        "bots: {initial: $bots, dispatch: longest-idle, schedule: [{at: 1m, count: 3}, {at: 2m, count: 4}]}\n"
        "arrivals: [{trace: orders.csv}]\n",
        encoding="utf-8",
    )
    return tmp_path


def test_extends_merges_mappings_and_replaces_lists_and_distributions(folder):
    path = folder / "s.yaml"
    path.write_text(
        "extends: base/base.yaml\nname: child\nparams: {bots: 9}\n"
        "service: {VIP: {exponential: {mean: $cook}}}\nbots: {schedule: [{at: 5m, count: 1}]}\n",
        encoding="utf-8",
    )
    loaded = load_scenario(path)
    assert (loaded.name, loaded.seed, loaded.parameters) == ("child", 7, {"cook": "3m", "bots": 9})
    assert loaded.file.service.VIP.gamma is None
    assert loaded.file.service.VIP.exponential.mean == 3 * MINUTE
    assert loaded.file.service.NORMAL.constant == 5 * SECOND
    assert loaded.file.bots.dispatch == "longest-idle"
    workload = loaded.workload()
    assert crew(workload) == [(0, 9), (300, -8)]
    assert order_times(workload) == [5]  # the trace beside the base
    path.write_text("extends: base/base.yaml\nservice: 1s\narrivals: []\n", encoding="utf-8")
    assert load_scenario(path).file.service.NORMAL.constant == SECOND
    assert order_times(load_scenario(path).workload()) == []


def test_extends_goes_on_from_file_to_file(folder):
    (folder / "middle.yaml").write_text("extends: base/base.yaml\nseed: 8\n", encoding="utf-8")
    (folder / "s.yaml").write_text("extends: middle.yaml\nname: last\n", encoding="utf-8")
    loaded = load_scenario(folder / "s.yaml")
    assert (loaded.name, loaded.seed) == ("last", 8)


def test_the_resolved_text_is_a_scenario_that_means_the_same(folder):
    (folder / "s.yaml").write_text("extends: base/base.yaml\nname: child\n", encoding="utf-8")
    loaded = load_scenario(folder / "s.yaml", bots=1)
    (folder / "again.yaml").write_text(loaded.text, encoding="utf-8")
    again = load_scenario(folder / "again.yaml")
    assert same(loaded.workload(), again.workload())
    assert again.sha256 == loaded.sha256


def test_anchors_and_merge_keys(scenario):
    loaded = scenario("""
        params: {common: &common {class: VIP, limit: 2}, other: &other {limit: 9, every: 3s}}
        arrivals:
          - {<<: *common, every: 1s}
          - {every: 10s, limit: 1, <<: *common}
          - {<<: [*common, *other], name: both}
    """)
    workload = loaded.workload()
    assert order_times(workload, "stream-1") == [0, 1]
    assert order_times(workload, "stream-2") == [0]
    assert order_times(workload, "both") == [0, 3]  # the first of a list wins
