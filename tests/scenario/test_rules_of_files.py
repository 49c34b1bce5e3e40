"""Rules between the values of a file: they look at what is right, whatever else is wrong, and accuse nobody falsely."""

import pytest

from sim.errors import ScenarioError
from sim.scenario import Scenario, load_scenario

HEAD = "scenario: 1\nname: story\n"
ENDLESS = "{class: VIP, every: 5s}"


def faults_of(keys: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        Scenario.parse(HEAD + keys)
    return [f"{fault.path}: {fault.message.split(';')[0]}" for fault in error.value.faults]


NEVER_ENDS = "never ends, and the run is until drained"
TOGETHER = {
    "a stream that never ends beside one that is no mapping": (
        f"service: 1s\narrivals: [10s, {ENDLESS}]",
        ["arrivals[0]: '10s' is not a mapping", f"arrivals[1]: {NEVER_ENDS}"],
    ),
    "a stream that never ends and one of whose values is wrong": (
        "service: 1s\narrivals: [{class: VIP, every: 5s, batch: x}]",
        [f"arrivals[0]: {NEVER_ENDS}", "arrivals[0].batch: 'x' is not a batch size"],
    ),
    "a stream that never ends beside a wrong action": (
        f"service: 1s\ntimeline: [1]\narrivals: [{ENDLESS}]",
        ["timeline[0]: 1 is not a mapping", f"arrivals[0]: {NEVER_ENDS}"],
    ),
    "orders that never come, in an entry one of whose values is wrong": (
        "service: 1s\nexpect: [{order: 7, attempts: x}]",
        [
            "expect[0].attempts: 'x' is not a whole number",
            "expect[0].order: order 7 is never created by this scenario",
        ],
    ),
    "numbers that do not go together, in a place that does not matter to other rules": (
        "service: {VIP: {uniform: {low: 9s, high: 1s}}, NORMAL: 1}\nexpect: [{order: 7, attempts: 1}]",
        [
            "service.NORMAL: 1 has no unit",
            "service.VIP.uniform: low is above high",
            "expect[0].order: order 7 is never created by this scenario",
        ],
    ),
    "a key that excludes another, with a wrong value": (
        "timeline: [{at: 0s, add_bots: -1, service: 1s}]",
        ["timeline[0]: service belongs to an order", "timeline[0].add_bots: -1 is too small"],
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_rules_look_at_what_is_right(name):
    keys, expected = TOGETHER[name]
    assert sorted(faults_of(keys)) == sorted(expected)


FALSE_ALARMS = {
    "a misspelt limit": "service: 1s\narrivals: [{class: VIP, every: 5s, limt: 3}]",
    "a word for limit": "service: 1s\narrivals: [{class: VIP, every: 5s, count: 3}]",
    "a misspelt sweep": "params: {bots: 5}\nsweeep: {bots: [5, 6]}\nselect: {minimise: bots}\nthresholds: {wait: < 2s}",
    "misspelt thresholds": "params: {bots: 5}\nsweep: {bots: [5]}\nselect: {minimise: bots}\ntresholds: {wait: < 2s}",
    "misspelt orders": "order: {first_number: 7}\ntimeline: [{at: 0s, order: VIP}]\nexpect: [{order: 7, attempts: 0}]",
    "gaps of nothing": "service: 1s\narrivals: [{class: VIP, renewal: 0s, limit: 3}]\nexpect: [{order: 2000, bot: 1}]",
    "no rate in any state": "service: 1s\narrivals: [{class: VIP, mmpp: {states: [{rate: 0/h, stay: 1h}]}, limit: 3}]",
    "a base that is not there": f"extends: none.yaml\narrivals: [{ENDLESS}]\nselect: {{minimise: bots}}",
}


@pytest.mark.parametrize("name", FALSE_ALARMS)
def test_what_is_wrong_breaks_no_rule_besides(name):
    assert len(faults_of(FALSE_ALARMS[name])) == 1


def test_the_values_of_a_dict_have_no_place_and_are_all_told():
    keys = {"scenario": 1, "name": "story", "seed": "$x", "service": 10, "bots": {"initial": "$y", "dispach": "x"}}
    with pytest.raises(ScenarioError) as error:
        load_scenario(keys)
    assert [str(fault).split("; ")[0] for fault in error.value.faults] == [
        "dict:1:1: bots: unknown key 'dispach'",
        "dict:1:1: bots.initial: unknown parameter '$y'",
        "dict:1:1: seed: unknown parameter '$x'",
        "dict:1:1: service: 10 has no unit",
    ]


STREAM = "service: 1s\narrivals: [{class: VIP, limit: 1, X}]"


@pytest.mark.parametrize(
    ("keys", "wrong", "cure"),
    [
        ("X", "patience: 10 min", "patience: {NORMAL: 10m}"),
        ("X", "patience: 10", "patience: {NORMAL: 10s}"),
        ("X", "patience: 1,5 hours", "patience: {NORMAL: 1.5h}"),
        ("X", "clock: 9:30 pm", "clock: {start: '21:30'}"),
        ("X", "clock: 9:30", "clock: {start: '09:30'}"),
        ("X", "bots: 3", "bots: {initial: 3}"),
        ("service: {X}", "exponential: 3 minutes", "exponential: {mean: 3m}"),
        (STREAM, "poisson: 30 per hour", "poisson: {rate: 30/h}"),
        (STREAM, "poisson: 30", "poisson: {rate: 30/h}"),
    ],
)
def test_a_value_in_place_of_a_mapping_gets_its_whole_cure_at_once(keys, wrong, cure):
    with pytest.raises(ScenarioError) as error:
        Scenario.parse(HEAD + keys.replace("X", wrong))
    [fault] = error.value.faults
    assert fault.message.endswith(f"is not a mapping; write {cure}")
    Scenario.parse(HEAD + keys.replace("X", cure))
