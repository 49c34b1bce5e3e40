"""What a scenario file may say, and what it means."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sim import Scenario, ScenarioError, load_scenario
from sim.model import NONE, Action, OrderClass
from sim.scenario import json_schema, parse_value, restore_scenario
from sim.scenario.source import read_yaml
from sim.scenario.text import resolved_text

SECOND, MINUTE, HOUR = 10**6, 60 * 10**6, 3600 * 10**6
SCENARIOS = Path(__file__).parent.parent / "scenarios"


def order_times(workload, stream=None):
    """Return when orders are created, in seconds; those of one stream if it is named."""
    times = workload.action_time[workload.action == Action.CREATE_ORDER]
    if stream is not None:
        times = times[workload.stream == workload.stream_names.index(stream)]
    return [int(time) / SECOND for time in times]


def crew(workload):
    """Return how the crew changes: (second, bots added or removed), of one instant in one number."""
    changes = {}
    for time, action in zip(workload.action_time.tolist(), workload.action.tolist(), strict=True):
        if action != Action.CREATE_ORDER:
            changes[time // SECOND] = changes.get(time // SECOND, 0) + (1 if action == Action.ADD_BOT else -1)
    return list(changes.items())


def same(one, other):
    """Whether two workloads say the same in every column."""
    columns = ("action_time", "action", "order_class", "service", "patience", "stream")
    return all(np.array_equal(getattr(one, column), getattr(other, column)) for column in columns)


# Values


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        *[("250ms", 250_000), ("10s", 10**7), ("1.5m", 90 * SECOND), ("2h", 2 * HOUR), ("1h30m", 90 * MINUTE)],
        *[("2d", 48 * HOUR), ("0s", 0), ("7us", 7), ("1m0.5s", 60_500_000), ("0.0000004s", 0), ("0.0000006s", 1)],
        *[("1d1h1m1s1ms1us", 90_061_001_001), ("36525d", 36525 * 24 * HOUR)],
    ],
)
def test_a_duration_is_a_whole_number_of_microseconds(scenario, text, microseconds):
    loaded = scenario(f"timeline: [{{at: 0s, order: VIP, service: {text}}}]\n")
    assert loaded.workload().service.tolist() == [microseconds]


@pytest.mark.parametrize(
    ("start", "instant", "seconds"),
    [
        ("'11:00:00'", "'11:30:00'", 1800),
        ("'11:00:00'", "11:30:00", 1800),
        ("11:00", "11:30", 1800),
        ("'11:00:00'", "11:00:00", 0),
        ("'22:00:00'", "06:00:00", 8 * 3600),  # before the start: the next day
        ("'11:00:00'", "23:00:00", 12 * 3600),
        ("'12:00:01'", "00:00:01", 12 * 3600),
        ("'11:00:00'", "11:00:00.25", 0.25),
        ("'11:00:00'", "1m30s", 90),
        ("2026-03-01T11:00:00", "2026-03-01T11:30:00", 1800),
        ("'2026-03-01T11:00:00'", "'2026-03-02T11:00:00'", 86400),
        ("2026-02-28T23:00:00", "2026-03-01 00:00:00", 3600),
        ("2026-03-01T21:00:00", "10:00:00", 13 * 3600),
    ],
)
def test_an_instant_is_a_duration_or_a_clock_time(scenario, start, instant, seconds):
    until = ", until: 24h" if seconds > 12 * 3600 else ""  # a horizon allows later times of the next day
    loaded = scenario(f"clock: {{start: {start}{until}}}\ntimeline: [{{at: {instant}, order: VIP}}]\n")
    assert order_times(loaded.workload()) == [seconds]
    assert loaded.notes == ()


@pytest.mark.parametrize(
    ("rate", "per_second"), [("12/h", 12 / 3600), ("3/m", 0.05), ("0.5/s", 0.5), ("48/d", 1 / 1800)]
)
def test_a_rate_has_a_unit(scenario, rate, per_second):
    loaded = scenario(f"arrivals: [{{class: VIP, poisson: {{rate: {rate}}}, limit: 1}}]\n")
    assert loaded.file.arrivals[0].poisson.rate == per_second


def test_shares_are_exact(scenario):
    tenths = scenario("service: {choice: {1s: 33.3%, 2s: 33.3%, 3s: 33.4%}}\n")
    assert sum(tenths.file.service.VIP.choice.values()) == 1
    only_vip = scenario("arrivals: [{class: {VIP: 100%, NORMAL: 0%}, every: 1s, limit: 50}]\n")
    assert set(only_vip.workload().order_class.tolist()) == {OrderClass.VIP}


def test_scalars_are_read_by_yaml_1_2(scenario):
    assert scenario("description: yes\n").file.description == "yes"
    assert scenario("seed: 0o17\n").seed == 15
    assert scenario("seed: 0x1F\n").seed == 31
    assert scenario("seed: 017\n").seed == 17
    assert scenario("description: >-\n  two\n  lines\n").file.description == "two lines"
    assert [parse_value(text) for text in ("3", "1.5", "true", "~", "3m", "'3'", "12:30:00", "no", "")] == [
        *(3, 1.5, True, None, "3m", "3", "12:30:00", "no", None)
    ]


def test_a_byte_order_mark_a_directive_and_windows_lines_are_no_faults(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf%YAML 1.2\r\n---\r\nscenario: 1\r\nname: s\r\n...\r\n")
    assert load_scenario(path).name == "s"


def test_defaults(scenario):
    loaded = scenario("")
    assert (loaded.seed, loaded.clock.start, loaded.file.clock.until) == (0, 0, None)
    workload = loaded.workload()
    assert (workload.first_number, workload.horizon, len(workload.action)) == (1001, None, 0)
    assert (workload.rules.on_remove, workload.rules.dispatch, workload.rules.returned_to) == (
        *("restart", "oldest", "place"),
    )
    assert workload.rules.promote_after is None
    assert (loaded.file.replications, loaded.file.warmup, loaded.thresholds, loaded.is_random) == (
        None,
        None,
        [],
        False,
    )
    one = scenario("timeline: [{at: 0s, order: VIP}]\n").workload()
    assert (one.service.tolist(), one.patience.tolist()) == ([10 * SECOND], [NONE])


# Characters

BREAKS = "\x85\u2028\u2029"  # of lines in YAML 1.1, no breaks in YAML 1.2
EVERY = "".join(chr(number) for number in range(0x110000) if not 0xD800 <= number < 0xE000)
RAW = re.sub("[^\t\n -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", EVERY)


def test_the_resolved_text_reads_back_whatever_characters_it_has():
    parts = [EVERY[start : start + 997] for start in range(0, len(EVERY), 997)]
    plain = {"description": EVERY[:70_000], "list": parts[70:], "map": {part[::-50]: part[::50] for part in parts}}
    assert read_yaml(resolved_text(plain, {f"a{EVERY[:9000]}.csv": b""}), "s", []).plain() == plain


@given(
    st.dictionaries(
        st.from_regex("[a-z]{1,9}", fullmatch=True),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"])),
            lambda inner: st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
            max_leaves=12,
        ),
        min_size=1,
        max_size=4,
    )
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_the_resolved_text_reads_back_whatever_values_it_has(plain):
    read = read_yaml(resolved_text(plain, {}), "s", []).plain()
    assert read == plain
    assert repr(read) == repr(plain)  # 1, 1.0 and true are three values


def test_what_a_file_may_hold_is_read_as_it_stands():
    raw = re.sub("[\t\n\U00020000-\U0010ffff]", "", RAW)
    in_quotes = raw.replace("'", "''")
    text = (
        f"a: '{in_quotes}'\nb: |\n  x{raw}\nc: \"x\\ue000{BREAKS}\\N\\L\\P\"\nd: plain{BREAKS}text # and{BREAKS}e: 5\n"
    )
    assert read_yaml(text, "s", []).plain() == {
        "a": raw,
        "b": f"x{raw}\n",
        "c": f"x\ue000{BREAKS}{BREAKS}",
        "d": f"plain{BREAKS}text",
    }


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x80", "\x9f", "\ufffe", "\uffff"])
def test_a_character_that_yaml_does_not_print_is_refused_where_it_stands(character):
    with pytest.raises(ScenarioError) as caught:
        read_yaml(f"a: {BREAKS}\r\nb: '{BREAKS}{character}'", "s", [])
    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (2, 8)
    assert fault.message.startswith(f"U+{ord(character):04X} is not allowed; remove it, or ")


def test_a_character_in_two_halves_is_that_character_as_in_json():
    plain = {"a": "🍔 😀", "🍔": ["\U0010ffff"], "t": "11:00"}
    assert read_yaml(json.dumps(plain), "s", []).plain() == plain
    assert read_yaml(f"# {BREAKS}\n{json.dumps(plain)}", "s", []).plain() == plain
    faults = []
    read_yaml('a: "\\ud83c"\nb: ["\\udf54\\ud83c", \'\\ud83c\']\n"\\ud83c": 1\n', "s", faults)
    assert [(fault.line, fault.column, fault.message) for fault in faults] == [
        (line, column, "has half a character (\\ud800 to \\udfff); write the whole character")
        for line, column in ((1, 4), (2, 5), (3, 1))
    ]
    with pytest.raises(ScenarioError, match="s:1:7: is not valid YAML: found invalid Unicode character escape code"):
        read_yaml('a: "\\UFFFFFFFF \\ud83c"', "s", [])


def test_a_parameter_from_python_has_whole_characters(scenario):
    loaded = scenario("params: {note: x}\ndescription: $note\n")
    assert loaded.set(note=EVERY).file.description == EVERY
    for note in ("\ud800", {"\udfff": 1}, ["a", "\ud83c\udf54"]):
        with pytest.raises(ScenarioError, match=r"story.yaml:3:16: .* has half a character"):
            loaded.set(note=note)


@pytest.mark.parametrize("name", ["a\u2028b.csv", "a\x85b.csv", "a\x1b[31m.csv", "a\n# b.csv", "\ufffe.csv"])
def test_a_scenario_with_strange_characters_is_restored_from_its_text(scenario, tmp_path, name):
    (tmp_path / name).write_text("time,class,service\n0s,VIP,1s\n", encoding="utf-8")
    loaded = scenario(f"description: {json.dumps(EVERY[:300] + name)}\narrivals: [{{trace: {json.dumps(name)}}}]\n")
    restored = restore_scenario(loaded.text, loaded.files, "stored")
    assert (restored.text, restored.sha256, restored.model_sha256) == (loaded.text, loaded.sha256, loaded.model_sha256)
    assert same(restored.workload(), loaded.workload())


# Service times


def test_measured_durations_come_from_a_csv_file(scenario, tmp_path):
    (tmp_path / "times.csv").write_text("8s\n 12.5s\n", encoding="utf-8")
    loaded = scenario("service: {empirical: times.csv}\ntimeline: [{at: 0s, order: VIP, count: 1000}]\n")
    drawn, counts = np.unique(loaded.workload().service, return_counts=True)
    assert drawn.tolist() == [8 * SECOND, 12_500_000]
    assert min(counts) > 400


def test_each_class_may_have_its_service_time(scenario):
    loaded = scenario("service: {VIP: 8s, NORMAL: {uniform: {low: 20s, high: 20s}}}\n"
                      "timeline: [{at: 0s, order: VIP}, {at: 0s, order: NORMAL}]\n")  # fmt: skip
    assert loaded.workload().service.tolist() == [8 * SECOND, 20 * SECOND]


# Patience and the queue


def test_only_classes_that_are_named_have_patience(scenario):
    both = "timeline: [{at: 0s, order: VIP}, {at: 0s, order: NORMAL}]\n"
    assert scenario(f"patience: {{NORMAL: 5m}}\n{both}").workload().patience.tolist() == [NONE, 5 * MINUTE]
    assert scenario(f"patience: {{VIP: 0s, NORMAL: 1s}}\n{both}").workload().patience.tolist() == [0, SECOND]
    assert scenario(f"patience: {{}}\n{both}").workload().patience.tolist() == [NONE, NONE]
    drawn = scenario(f"patience: {{VIP: {{exponential: {{mean: 5m}}}}}}\n{both}").workload().patience.tolist()
    assert drawn[0] > 0
    assert drawn[1] == NONE


def test_the_age_of_promotion_is_a_duration(scenario):
    assert scenario("queue: {promote_after: 20m}\n").workload().rules.promote_after == 20 * MINUTE
    assert scenario("queue: {promote_after: 0s, returned_to: back}\n").workload().rules.promote_after == 0


def test_never_undoes_the_promotion_of_a_base(scenario, tmp_path):
    (tmp_path / "base.yaml").write_text("scenario: 1\nname: base\nqueue: {promote_after: 20m, returned_to: back}\n")
    rules = scenario("extends: base.yaml\nqueue: {promote_after: never}\n").workload().rules
    assert (rules.promote_after, rules.returned_to) == (None, "back")


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
    with pytest.raises(ScenarioError, match=r"text:1:1: is no path; give YAML text to Scenario\.parse"):
        load_scenario(KEYS)
    strange = tmp_path / "two\nlines.yaml"  # a path, whatever its name
    strange.write_text(KEYS)
    assert load_scenario(strange).name == Scenario.parse(KEYS).name


# Replications, warm-up and thresholds


def test_replications_are_a_number_or_go_on_until_a_metric_is_known(scenario):
    assert scenario("replications: 7\n").file.replications.times == 7
    plan = scenario("replications: {max: 500, until: {metric: wait.VIP.p95, half_width: 10%}}\n").file.replications
    assert (plan.times, plan.min, plan.max) == (None, 20, 500)
    assert plan.until.confidence == 0.95
    assert (plan.until.reached(100, 10.1), plan.until.reached(100, 10)) == (False, True)
    until = "{metric: wait, half_width: 5s, confidence: 99%}"
    plan = scenario(f"replications: {{min: 30, max: 30, until: {until}}}\n").file.replications
    assert (plan.min, plan.until.metric, plan.until.confidence) == (30, "wait.mean", 0.99)
    assert (plan.until.reached(100, 5.1), plan.until.reached(1, 5)) == (False, True)


def test_a_warm_up_is_a_duration_or_mser5(scenario):
    assert scenario("warmup: 30m\n").warmup == 30 * MINUTE
    assert scenario("warmup: mser5\n").warmup == "mser5"
    assert scenario("").warmup == 0


def test_a_threshold_is_a_condition_or_several_in_the_unit_of_its_metric(scenario):
    loaded = scenario("""
        thresholds:
          wait.VIP: "< 2m"
          orders.completed.count: ">= 40"
          utilisation: ["> 60%", "< 85%"]
          wait.p99: {check: "<=1h30m", severity: warn}
          throughput: "between 30/h and 1/m"
          orders.NORMAL.abandoned.rate: "== 0%"
          queue.max: {check: ["!= 7.5"]}
    """)
    told = [(threshold.place.line, threshold.metric, *threshold.condition, threshold.severity)
            for threshold in loaded.thresholds]  # fmt: skip
    assert told == [
        (5, "wait.VIP.mean", "<", 120, 120, "< 2m", "fail"),
        (6, "orders.completed", ">=", 40, 40, ">= 40", "fail"),
        (7, "utilisation", ">", 0.6, 0.6, "> 60%", "fail"),
        (7, "utilisation", "<", 0.85, 0.85, "< 85%", "fail"),
        (8, "wait.p99", "<=", 5400, 5400, "<= 1h30m", "warn"),
        (9, "throughput", "between", 30, 60, "between 30/h and 1/m", "fail"),
        (10, "orders.NORMAL.abandoned.rate", "==", 0, 0, "== 0%", "fail"),
        (11, "queue.max", "!=", 7.5, 7.5, "!= 7.5", "fail"),
    ]


@pytest.mark.parametrize(
    "keys",
    [
        "service: {exponential: {mean: 1s}}",
        "patience: {VIP: {choice: {1s: 50%, 2s: 50%}}}",
        "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 1/h}]}}]",
        "arrivals: [{class: VIP, mmpp: {states: [{rate: 1/h, stay: 1h}]}, limit: 1}]",
        "arrivals: [{class: VIP, renewal: {exponential: {mean: 1m}}, limit: 1}]",
        "arrivals: [{class: {VIP: 50%, NORMAL: 50%}, every: 1s, limit: 1}]",
        "arrivals: [{class: VIP, every: 1s, limit: 1, batch: {1: 50%, 2: 50%}}]",
    ],
)
def test_chance_makes_a_scenario_random(scenario, keys):
    assert scenario(keys).is_random
    assert not scenario(
        "patience: {VIP: 5m}\narrivals: [{class: {VIP: 100%, NORMAL: 0%}, renewal: 1s, limit: 9}]"
    ).is_random


# What changes with time, and what mser5 makes no sense of

STEADY = [
    "clock: {until: 9h}\narrivals: [{class: VIP, poisson: {rate: 9/h}}, {class: NORMAL, renewal: 1m, limit: 9}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, mmpp: {states: [{rate: 9/h, stay: 1h}]}, from: 0s, until: 9h}]",
    "clock: {until: 9h}\nbots: {schedule: [{at: 0s, count: 3}, {at: 9h, count: 5}]}",
    "arrivals: [{class: VIP, every: 5s, limit: 100}]\ntimeline: [{at: 0s, add_bots: 3}, {at: 0s, order: VIP}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, every: 5s, from: 9h}]\ntimeline: [{at: 9h, remove_bots: 1}]",
]
CHANGING = [
    "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 9/h}]}}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, poisson: {rate: 9/h}, from: 1us}]",
    "clock: {until: 9h}\narrivals: [{class: VIP, poisson: {rate: 9/h}, until: 8h}]",
    "arrivals: [{class: VIP, poisson: {rate: 9/h}, until: 8h}]",
    "arrivals: [{trace: orders.csv}]",
    "bots: {schedule: [{at: 1us, count: 3}]}",
    "timeline: [{at: 1us, remove_bots: 3}]",
    "timeline: [{at: 1us, order: VIP}]",
]


@pytest.mark.parametrize("keys", STEADY)
def test_mser5_goes_with_demand_and_crew_that_stay_the_same(scenario, keys):
    assert scenario(f"warmup: mser5\n{keys}\n").warmup == "mser5"


@pytest.mark.parametrize("keys", CHANGING)
def test_mser5_makes_no_sense_where_demand_or_crew_change(scenario, tmp_path, keys):
    (tmp_path / "orders.csv").write_text("time,class\n0s,VIP\n", encoding="utf-8")
    assert scenario(f"warmup: 1m\n{keys}\n").warmup == MINUTE
    with pytest.raises(
        ScenarioError, match=r"story.yaml:3:9: warmup: mser5 makes no sense where demand or crew change"
    ):
        scenario(f"warmup: mser5\n{keys}\n")


def test_a_warm_up_is_over_before_the_horizon(scenario):
    assert scenario("clock: {until: 1h}\nwarmup: 3599s\n").warmup == 3599 * SECOND
    assert scenario("clock: {until: 0s}\nwarmup: 0s\n").warmup == 0
    assert scenario("warmup: 99d\n").warmup == 99 * 24 * HOUR
    for warmup in ("1h", "2h"):
        with pytest.raises(ScenarioError, match="warmup: is not over before the horizon at 1h; write a shorter one"):
            scenario(f"clock: {{until: 1h}}\nwarmup: {warmup}\n")


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


# Demand


def test_a_trace_names_time_class_and_service_in_any_order(scenario, tmp_path):
    (tmp_path / "orders.csv").write_text(
        'service,time,class\n,11:00:05,VIP\n"2s",1s,NORMAL\n\n3s,1s,VIP\n', encoding="utf-8"
    )
    loaded = scenario("clock: {start: 11:00}\narrivals: [{trace: orders.csv}]\n")
    workload = loaded.workload()
    assert loaded.notes == (f"{tmp_path}/orders.csv: 1 of 3 rows without a service time take the scenario's",)
    assert order_times(workload) == [1, 1, 5]  # sorted; equal times keep their written order
    assert workload.order_class.tolist() == [OrderClass.NORMAL, OrderClass.VIP, OrderClass.VIP]
    assert workload.service.tolist() == [2 * SECOND, 3 * SECOND, 10 * SECOND]
    assert NONE not in workload.service


def test_from_until_and_limit_choose_from_a_trace(scenario, tmp_path):
    rows = "".join(f"{second}s,VIP,{second + 1}s\n" for second in range(10))
    (tmp_path / "orders.csv").write_text("time,class,service\n" + rows, encoding="utf-8")
    workload = scenario("arrivals: [{trace: orders.csv, from: 3s, until: 7s, limit: 3}]\n").workload()
    assert order_times(workload) == [3, 4, 5]
    assert workload.service.tolist() == [4 * SECOND, 5 * SECOND, 6 * SECOND]


def test_the_timeline_is_sorted_and_counts_are_actions_in_a_row(scenario):
    workload = scenario("""
        timeline:
          - {at: 5s, remove_bots: 2}
          - {at: 1s, order: NORMAL, count: 2}
          - {at: 1s, add_bots: 3}
          - {at: 1s, order: VIP, service: 1s}
          - {at: 6s, add_bots: 2, count: 2}
          - {at: 7s, add_bots: 0}
    """).workload()
    create, add, remove = Action.CREATE_ORDER, Action.ADD_BOT, Action.REMOVE_BOT
    assert workload.action.tolist() == [*[create] * 2, *[add] * 3, create, *[remove] * 2, *[add] * 4]
    assert (workload.action_time // SECOND).tolist() == [1] * 6 + [5] * 2 + [6] * 4
    assert workload.service.tolist() == [10 * SECOND, 10 * SECOND, SECOND]


def test_from_is_inclusive_until_exclusive_and_the_horizon_inclusive(scenario):
    assert order_times(scenario("arrivals: [{class: VIP, every: 2s, from: 2s, until: 6s}]\n").workload()) == [2, 4]
    assert order_times(scenario("clock: {until: 6s}\narrivals: [{class: VIP, every: 2s}]\n").workload()) == [0, 2, 4, 6]
    at_the_horizon = "clock: {until: 6s}\ntimeline: [{at: 6s, order: VIP}]\n"
    assert order_times(scenario(at_the_horizon).workload()) == [6]
    assert order_times(scenario("arrivals: [{class: VIP, every: 1s, from: 6s, until: 6s}]\n").workload()) == []


def test_a_batch_comes_at_one_instant_and_a_limit_counts_orders(scenario):
    assert order_times(scenario("arrivals: [{class: VIP, every: 1s, batch: 3, limit: 7}]\n").workload()) == [
        *(0, 0, 0, 1, 1, 1, 2)
    ]
    assert order_times(scenario("arrivals: [{class: VIP, every: 1s, limit: 0}]\n").workload()) == []
    mixed = scenario("arrivals: [{class: VIP, every: 1s, batch: {1: 90%, 2: 10%}, until: 1000s}]\n").workload()
    _, sizes = np.unique(mixed.action_time, return_counts=True)
    assert set(sizes.tolist()) == {1, 2}
    assert 60 < (sizes == 2).sum() < 140


def test_poisson_arrivals_have_their_rate_and_classes_their_shares(scenario):
    workload = scenario(
        "clock: {until: 100h}\narrivals: [{class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 90/h}, from: 1h}]\n"
    ).workload()
    times = np.array(order_times(workload))
    assert abs(len(times) - 99 * 90) < 4 * math.sqrt(99 * 90)
    assert times.min() >= 3600
    vip = (workload.order_class == OrderClass.VIP).mean()
    assert abs(vip - 0.15) < 4 * math.sqrt(0.15 * 0.85 / len(times))


RANDOM = (
    "{name: walk-in, class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 60/h}, limit: 300},"
    "{name: app, class: VIP, poisson: {rate: 60/h}, limit: 300, batch: {1: 50%, 2: 50%}}"
)
SERVICE = "service: {VIP: {gamma: {mean: 10s, cv: 1}}, NORMAL: {exponential: {mean: 10s}}}\n"


def test_the_same_seed_is_the_same_workload_and_any_other_number_another(scenario):
    loaded = scenario(f"seed: 5\n{SERVICE}arrivals: [{RANDOM}]\n")
    first = loaded.workload()
    assert same(first, loaded.workload(seed=5, replication=1))
    others = [loaded.workload(seed=6), loaded.workload(replication=2), loaded.workload(seed=6, replication=2)]
    for index, workload in enumerate(others):
        assert not any(same(workload, other) for other in [first, *others[:index]])
        assert not set(workload.service.tolist()) & set(first.service.tolist())


def test_streams_without_a_name_are_called_by_their_place(scenario):
    loaded = scenario("arrivals: [{class: VIP, every: 1s, limit: 1}, {name: app, class: VIP, every: 1s, limit: 1}, "
                      "{class: VIP, every: 1s, limit: 1}]\n")  # fmt: skip
    assert loaded.workload().stream_names == ("timeline", "stream-1", "app", "stream-3")


@pytest.mark.parametrize(("seed", "replication"), [(-1, 1), (2**63, 1), (0, 0), (0, 2**63)])
def test_seeds_and_replications_have_their_range(scenario, seed, replication):
    with pytest.raises(ValueError, match="out of range; "):
        scenario("").workload(seed, replication)


# Bots


def test_a_schedule_reaches_a_number_of_bots_whatever_the_timeline_did(scenario):
    workload = scenario("""
        bots:
          initial: 2
          schedule: [{at: 20s, count: 5}, {at: 10s, count: 4}, {at: 30s, count: 0}, {at: 40s, count: 1}]
        timeline: [{at: 5s, add_bots: 3}, {at: 15s, remove_bots: 9}, {at: 20s, add_bots: 1}]
    """).workload()
    # 2, then 5; down to 4; ignored removals leave 0; at 20s the timeline comes first, so four more make 5
    assert crew(workload) == [(0, 2), (5, 3), (10, -1), (15, -9), (20, 5), (30, -5), (40, 1)]


def test_a_step_of_the_schedule_acts_after_the_timeline_and_before_arrivals(scenario):
    workload = scenario("""
        bots: {schedule: [{at: 1s, count: 1}]}
        arrivals: [{class: VIP, every: 1s, from: 1s, limit: 1}]
        timeline: [{at: 1s, order: NORMAL}]
    """).workload()
    assert workload.action.tolist() == [Action.CREATE_ORDER, Action.ADD_BOT, Action.CREATE_ORDER]
    assert workload.order_class.tolist() == [OrderClass.NORMAL, OrderClass.VIP]


# Limits


@pytest.mark.parametrize(
    "keys",
    [
        "bots: {initial: 10000}\n",
        "bots: {initial: 9999}\ntimeline: [{at: 0s, add_bots: 1}]\n",
        "timeline: [{at: 0s, order: VIP, count: 10000000}]\n",
        "clock: {until: 9999999s}\narrivals: [{class: VIP, every: 1s}]\n",
        "arrivals: [{class: VIP, every: 1s, limit: 9999999}]\ntimeline: [{at: 0s, order: VIP}]\n",
        "seed: 9223372036854775807\n",
        "orders: {first_number: 2000000000}\n",
        "orders: {first_number: 2000000000}\ntimeline: [{at: 0s, order: VIP, count: 9}]\n"
        "expect: [{order: 2000000008, attempts: 0}]\n",
        *[
            f"service: {{{law}}}\ntimeline: [{{at: 0s, order: VIP}}]\nexpect: [{{order: 1001, attempts: 0}}]\n"
            for limit in (0.001, 1000000)
            for law in (
                f"gamma: {{mean: 1s, cv: {limit}}}",
                f"lognormal: {{mean: 1s, cv: {limit}}}",
                f"weibull: {{scale: 1s, shape: {limit}}}",
            )
        ],
        "clock: {until: 9999s}\narrivals: [{class: VIP, mmpp: {states: [{rate: 1/h, stay: 1ms}]}}]\n",
        "clock: {until: 9999s}\narrivals: [{class: VIP, poisson: {phases: [{for: 9999s, rate: 1000/s}]}}]\n",
        "arrivals: [{class: VIP, renewal: 1us, limit: 10000000}]\n",
        "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 0/h}]}}]\n",
        "replications: 1000000\n",
        f"params: {{deep: {'[' * 62}{']' * 62}}}\n",
    ],
)
def test_what_is_just_within_the_limits_is_accepted(scenario, keys):
    assert scenario(keys).name == "story"


def test_names_and_files_up_to_their_limit(tmp_path):
    path = tmp_path / "s.yaml"
    text = f"scenario: 1\nname: {'x' * 100}\n#"
    path.write_text(text + "." * (2**20 - len(text)), encoding="utf-8")
    assert load_scenario(path).name == "x" * 100


def test_an_expectation_may_name_the_last_order_bot_and_instant(scenario):
    keys = "clock: {until: 5s}\ntimeline: [{at: 5s, order: VIP, count: 2}, {at: 1s, add_bots: 2}]\n"
    loaded = scenario(keys + "expect:\n  - {order: 1002, at: 5s, bot: 2}\n  - {bot: 2, status: PROCESSING}\n")
    assert [expectation.place.line for expectation in loaded.expectations] == [6, 7]
    with pytest.raises(ScenarioError, match="order 1003 is never created"):
        scenario(keys + "expect: [{order: 1003, attempts: 1}]\n")


# The schema


VALIDATOR = Draft202012Validator(json_schema())


def schema_accepts(text):
    return VALIDATOR.is_valid(read_yaml(text, "s", []).plain())


def test_the_printed_schema_is_valid():
    done = subprocess.run([sys.executable, "-m", "sim", "schema"], capture_output=True, text=True, check=True)
    printed = json.loads(done.stdout)
    Draft202012Validator.check_schema(printed)
    assert printed == json_schema()
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_accepts_every_scenario_here(path):
    text = path.read_text(encoding="utf-8")
    assert list(VALIDATOR.iter_errors(read_yaml(text, path.name, []).plain())) == []


RIGHT = [
    *("seed: $seed\n", "clock: {until: drained}\n", "clock: {start: $start, until: $end}\n", "service: $cook\n"),
    *("service: {VIP: $cook, NORMAL: {gamma: {mean: $cook, cv: $cv}}}\n", "service: {choice: {8s: $p, 20s: 30%}}\n"),
    *("arrivals: $all\n", "timeline: [$first, {at: $when, order: $who, count: $n}]\n", "bots: {schedule: [$step]}\n"),
    *("arrivals: [{class: $mix, poisson: $p, from: $f, batch: $b, limit: $l, name: $n, trace: $t, every: $e}]\n",),
    *("arrivals: [{class: {VIP: $share, NORMAL: 50%}, every: 1s, batch: {1: $one, 2: 50%}}]\n",),
    *("arrivals: [{class: VIP, every: 1s, batch: 2, until: '11:30:00'}]\n", "expect: [{order: $n, at: $t}]\n"),
    *("service: {empirical: times.csv}\n", "extends: base.yaml\nparams: {anything: [1, {a: b}]}\n", "bots: $bots\n"),
    *("patience: {VIP: $p}\n", "patience: $p\n", "queue: {promote_after: $age}\n", "warmup: $w\n", "warmup: mser5\n"),
    *("replications: $n\n", "replications: 30\n", "replications: {max: $m, until: {metric: wait, half_width: 10%}}\n"),
    *("thresholds: $all\n", "thresholds: {wait.VIP: '< 2m', utilisation: ['> 60%']}\n", "warmup: 30m\n"),
    *("thresholds: {wait.p99: {check: ['< 6m'], severity: warn}}\n", "thresholds: {orders.completed.count: '> 3'}\n"),
    *("arrivals: [{class: VIP, poisson: {phases: [{for: $f, rate: $r, ramp_to: 0/h}, $last]}}]\n",),
    *("arrivals: [{class: VIP, renewal: $gap}, {class: VIP, renewal: {gamma: {mean: 1s, cv: $cv}}}]\n",),
    *("arrivals: [{class: VIP, mmpp: {states: [{rate: $r, stay: $s}, {rate: 0/h, stay: 5m}]}}]\n",),
]
WRONG = [
    *("arrivals: [{trace: {outside: drop}}]\n", "arrivals: [{trace: {file: a.csv, outside: keep}}]\n"),
    "queue: {promote_after: nevr}\n",
    *(
        "sevice: 10s\n",
        "seed: -1\n",
        "seed: '1'\n",
        "service: 10\n",
        "service: 10 s\n",
        "service: {gama: {mean: 1s}}\n",
    ),
    *("service: {gamma: {mean: 1s}}\n", "service: {VIP: 1s}\n", "bots: {initial: 10001}\n", "bots: {dispatch: new}\n"),
    *("timeline: [{order: VIP}]\n", "timeline: [{at: 5, order: VIP}]\n", "timeline: {at: 0s}\n", "seed: $a-b\n"),
    *("arrivals: [{class: GOLD, every: 1s}]\n", "arrivals: [{class: VIP, poisson: {rate: 30}}]\n", "seed:\n"),
    *("arrivals: [{class: VIP, batch: {two: 100%}, every: 1s}]\n", "name: a/b\n", "clock: {start: 24:00}\n"),
    *("patience: {GOLD: 1m}\n", "patience: 5m\n", "queue: {promote_after: 5}\n", "warmup: mser6\n", "warmup: 5\n"),
    *("replications: 0\n", "replications: '30'\n", "replications: {max: 30}\n", "thresholds: []\n"),
    *("thresholds: {wait.VPI: '< 2m'}\n", "thresholds: {wait: 2}\n", "thresholds: {wait: {severity: warn}}\n"),
    *(
        "arrivals: [{class: VIP, poisson: {phases: []}}]\n",
        "arrivals: [{class: VIP, poisson: {phases: [{for: 1h}]}}]\n",
    ),
    *("arrivals: [{class: VIP, mmpp: {states: []}, limit: 1}]\n", "arrivals: [{class: VIP, renewal: 5, limit: 1}]\n"),
    *(
        "arrivals: [{class: VIP, mmpp: {states: [{rate: 1/h}]}, limit: 1}]\n",
        "thresholds: {wait: {check: '< 1s', x: 1}}\n",
    ),
]


def test_the_schema_lets_a_parameter_stand_for_any_value():
    head = "scenario: 1\nname: s\n"
    assert [keys for keys in RIGHT if not schema_accepts(head + keys)] == []


def test_the_schema_refuses_what_loading_refuses(tmp_path):
    head = "scenario: 1\n"
    texts = [head + (keys if keys.startswith("name") else f"name: s\n{keys}") for keys in WRONG]
    assert [text for text in texts if schema_accepts(text)] == []
    for text in texts:
        (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError):
            load_scenario(tmp_path / "s.yaml")
