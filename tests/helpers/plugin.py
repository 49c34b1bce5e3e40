"""Scenario files for pytest, and what pytest makes of them."""

import re
from pathlib import Path

import pytest

RUSH = """scenario: 1
name: rush
params: {bots: 1}
service: 10s
bots: {initial: $bots}
timeline: [{at: 0s, order: NORMAL, count: 4}]
expect:
  - {order: 1001, completed: 10s}
  - {order: 1002, picked_up: 5s, bot: 1}
thresholds:
  wait.max: "< 20s"
  orders.completed: "== 4"
"""
CALM = "scenario: 1\nname: calm\nbots: {initial: 1}\n"
IDLE = CALM + "expect: [{bot: 1, status: IDLE}]\n"
BARE = RUSH[: RUSH.index("expect")]
HOPEFUL = BARE + 'thresholds:\n  wait.max: {check: "< 20s", severity: warn}\n'
GUESTS = """scenario: 1
name: guests
seed: 3
clock: {until: 1h}
service: {exponential: {mean: 1m}}
bots: {initial: 3}
arrivals: [{class: NORMAL, poisson: {rate: 2/m}}]
replications: 5
"""
HASTY = GUESTS + 'thresholds: {wait.p95: "< 1m30s"}\n'
ENDLESS = GUESTS.replace("rate: 2/m", "rate: 20/m") + "warmup: mser5\n"
WRONG = "scenario: 1\nname: wrong\nservice: 1 minute\nbots: {initial: 2, on_removal: finish}\n"
FAULTS = [
    "wrong.scenario.yaml:3:10: service: '1 minute' is not a duration; write 1m",
    "wrong.scenario.yaml:4:20: bots: unknown key 'on_removal'; did you mean 'on_remove'?",
]
ASKED = [
    "rush.scenario.yaml::order 1001: completed 10s",
    "rush.scenario.yaml::order 1002: picked_up 5s, bot 1",
    "rush.scenario.yaml::wait.max < 20s",
    "rush.scenario.yaml::orders.completed == 4",
]
LATE = "rush.scenario.yaml::order 1002: picked_up 5s, bot 1"
LONG = "rush.scenario.yaml::wait.max < 20s"
COUNTING = """
from pathlib import Path
import sim.engines.reference as engine

simulate = engine.simulate

def counted(*args):
    with Path(__file__).with_name("runs").open("a") as file:
        file.write("run\\n")
    return simulate(*args)

engine.simulate = counted
"""


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def collected(pytester: pytest.Pytester, *options: str) -> list[str]:
    """Return the ids of what pytest collects."""
    listed = pytester.runpytest("--collect-only", "-q", *options)
    return [line for line in listed.outlines if "::" in line]


def failures(done: pytest.RunResult) -> list[str]:
    """Return what is said about what failed, between the headline and the summary."""
    lines = done.outlines
    start = next(place for place, line in enumerate(lines) if re.fullmatch("=+ (FAILURES|ERRORS) =+", line))
    return lines[start + 1 : next(place for place, line in enumerate(lines) if "short test summary" in line)]


def passed(done: pytest.RunResult) -> set[str]:
    """Return the ids of what passed, of a run with -rA."""
    return {line.removeprefix("PASSED ") for line in done.outlines if line.startswith("PASSED ")}


def outcome(done: pytest.RunResult, status: int, **counts: int) -> None:
    """Check how a run ended: its exit status, and how many items came to which end."""
    assert done.parseoutcomes() == counts
    assert done.ret == status
