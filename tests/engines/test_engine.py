"""What must always hold: all engines say the same, obey the rules, and agree with the oracle.

Workloads are full of ties. `python -m tests.engines.test_engine 100000` runs as many as you like; a difference is
shrunk and printed as a scenario file.
"""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sim.engines import compiled, reference
from sim.engines.contract import LARGEST
from sim.engines.outcomes import Outcomes
from sim.events import EventKind
from sim.metrics import measure
from sim.model import NONE, Action, MetricSet, OrderClass, Rules, Workload
from sim.scenario import restore_scenario
from tests.helpers.engines import (
    both_say_the_same,
    ends,
    outcome_by_log,
    random_workload,
    same_log,
    scenarios,
    warmups,
    workloads,
)
from tests.helpers.javascript import JavaScriptEngine
from tests.helpers.oracle import check_rules, log_rows, oracle_rows

pytestmark = pytest.mark.usefixtures("compiled_engine")


@given(st.data(), workloads(), warmups)
def test_both_engines_say_the_same(data, workload, warmup):
    assert both_say_the_same(workload, data.draw(ends(workload)), warmup)


def test_the_first_thing_behind_the_end_happens_to_the_order_that_it_is_due_for():
    """At 12 the second order is promoted, and not the last one, of which the state at the end was noted down last."""
    workload = Workload(
        action_time=np.array([0, 0, 1, 5]),
        action=np.array([Action.ADD_BOT] + [Action.CREATE_ORDER] * 3, np.uint8),
        order_class=np.full(3, OrderClass.NORMAL.value, np.uint8),
        service=np.array([13, 1, 1]),
        patience=np.full(3, NONE, np.int64),
        stream=np.zeros(3, np.int32),
        stream_names=("timeline",),
        first_number=1,
        horizon=60,
        rules=Rules(promote_after=11),
    )
    log = compiled.simulate(workload)
    is_promotion = log.kind == EventKind.ORDER_PROMOTED.value
    assert (log.time[is_promotion].tolist(), log.order[is_promotion].tolist()) == ([12], [2])
    assert both_say_the_same(workload, 10)


@given(workloads())
def test_all_engines_obey_the_rules_and_say_what_the_oracle_says(javascript, workload):
    log = reference.simulate(workload)
    rows = log_rows(log)
    check_rules(workload, rows)
    assert rows == oracle_rows(workload)
    assert same_log(log, compiled.simulate(workload))
    assert same_log(log, javascript.simulate(workload))


def test_the_compiled_engine_takes_columns_that_cannot_be_written_or_are_not_contiguous():
    workload = random_workload(np.random.default_rng(5))
    log = compiled.simulate(workload)
    strange = {}
    for name in ("action_time", "action", "order_class", "service", "patience"):
        column = np.repeat(getattr(workload, name), 2)[::2]
        column.flags.writeable = False
        strange[name] = column
    assert same_log(log, compiled.simulate(replace(workload, **strange)))


def steps_of(module, scenario: str) -> int:
    """Count the instructions of Python that an engine takes for a scenario."""
    workload, steps = restore_scenario(scenario, {}, "steps.yaml").workload(), 0

    def trace(frame, event, _):
        nonlocal steps
        if frame.f_code.co_filename != module.__file__:
            return None
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        module.simulate(workload)
    finally:
        sys.settrace(before)
    return steps


def test_a_bot_is_removed_in_as_many_steps_however_many_others_are_idle():
    toggle = "scenario: 1\nname: toggle\nbots: {{initial: {}, schedule: [{{at: 1s, count: 0}}]}}\n"
    assert steps_of(reference, toggle.format(400)) < 2.1 * steps_of(reference, toggle.format(200))


def test_where_64_bits_do_not_do_the_metrics_are_those_of_the_slow_way():
    century, orders = 36_525 * 86_400_000_000, 5_000
    workload = Workload(
        action_time=np.zeros(orders, np.int64),
        action=np.zeros(orders, np.uint8),
        order_class=np.zeros(orders, np.uint8),
        service=np.ones(orders, np.int64),
        patience=np.full(orders, NONE, np.int64),
        stream=np.zeros(orders, np.int32),
        stream_names=("timeline",),
        first_number=1,
        horizon=century,
    )
    breaks = np.zeros(1, np.int64)
    assert compiled.run(workload, False, breaks, century)[1].reach > LARGEST
    _, outcome = outcome_by_log(workload, century, breaks)
    measured = measure(MetricSet(), Outcomes.of(outcome), is_followed=False)
    assert measured.values[0, MetricSet().columns["wait.mean"]] == 36_525 * 86_400
    assert measured.values[0, MetricSet().columns["queue.mean"]] == orders


def check_scenario(entries: dict) -> None:
    """Hold the engines against each other on a scenario; it is printed as a file when they differ."""
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in entries.items())
    scenario = restore_scenario(text, {}, "difference.yaml")
    note(f"difference.yaml\n{text}")
    beyond = 0 if scenario.end is None else scenario.end
    assert both_say_the_same(scenario.workload(beyond=beyond), scenario.end)


@given(scenarios)
def test_both_engines_say_the_same_of_a_scenario(entries):
    check_scenario(entries)


if __name__ == "__main__":
    many = int(sys.argv[1])
    kitchens = {"max_examples": many, "deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    settings(**kitchens)(given(scenarios)(check_scenario))()
    print(f"{many} scenarios: both engines say the same")  # noqa: T201
    generator = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    events = 0
    with JavaScriptEngine() as javascript:
        for number in range(many):
            one = random_workload(generator)
            log = compiled.simulate(one)
            rows = log_rows(log)
            events += len(rows)
            end = None if one.horizon is None else int(generator.integers(0, one.horizon + 1))
            assert both_say_the_same(one, end), f"workload {number}, until {end}: {one}"
            check_rules(one, rows)
            assert rows == oracle_rows(one), f"workload {number}: {one}"
            assert same_log(log, javascript.simulate(one)), f"workload {number}: {one}"
    print(f"{many} workloads, {events} events: compiled and in JavaScript the rules are obeyed, as the oracle says")  # noqa: T201
