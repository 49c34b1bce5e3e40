"""The printed JSON schema: it accepts what loading accepts and refuses what loading refuses."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sim import ScenarioError, load_scenario
from sim.scenario import json_schema
from sim.scenario.source import read_yaml
from tests.helpers.commands import sim

SCENARIOS = Path(__file__).parents[2] / "scenarios"
VALIDATOR = Draft202012Validator(json_schema())


def schema_accepts(text):
    return VALIDATOR.is_valid(read_yaml(text, "s", []).plain())


def test_the_printed_schema_is_valid():
    printed = json.loads(sim("schema").stdout)
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
    *("windows: {lunch: {from: '12:00', until: $end}, slots: {every: $slot, daily: $d}}\n", "windows: $all\n"),
    *("thresholds: {wait: {check: $c, days: '>= 90%', severity: warn}}\n", "clock: {until: 22h, closes: $c}\n"),
    *("metrics: [wait.NORMAL.p98@slots, flow.within(1h30m), $m]\n", "metrics: $all\n"),
    *("thresholds: {wait.p99.5.daily@12:30+1d: '< 2m', wait.VIP.within(90s)@a-b: $c, orders.VIP.created: $c}\n",),
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
    *("windows: {1: {every: 1h}}\n", "windows: [1h]\n", "windows: {a: {every: 1}}\n", "metrics: [wait.p100]\n"),
    *("thresholds: {wait: {check: '< 2m', days: 9}}\n", "clock: {until: 2h, closes: 1}\n"),
    *("thresholds: {wait.within(5): '> 9%'}\n", "thresholds: {queue.p95: '> 9%'}\n", "metrics: [wait@1:30]\n"),
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
