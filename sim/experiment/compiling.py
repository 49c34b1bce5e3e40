"""Compiling in the background: nobody waits for it, and the next experiment finds it done."""

import subprocess
from functools import cache

import numpy as np

from sim.engines import LONG, can_compile, kernel_of
from sim.experiment.workers import python_command
from sim.metrics import breaks_of, measure, new_pools
from sim.model import NONE, Action, MetricSet, OrderClass, Workload, Workloads
from sim.scenario import Scenario

_DRAWN = """
scenario: 1
name: drawn
clock: {until: 1s}
service: {exponential: {mean: 1s}}
arrivals: [{poisson: {rate: 1/s}, class: {VIP: 50%, NORMAL: 50%}}]
"""
_STAFFED = """
scenario: 1
name: staffed
clock: {until: 1s}
timeline: [{at: 0s, order: VIP}]
staff: {every: 1s, promise: {wait.within(1s): 90%}, bots: 1..1}
"""


def compile_in_background(actions: int) -> None:
    """Begin to compile what many `actions` are worth compiling for, in a process of its own, where it can be kept."""
    if actions >= LONG and can_compile():
        _begin()


@cache
def _begin() -> None:
    from sim.engines.compiled.jit import kept_mark

    if kept_mark() is not None:
        nothing = subprocess.DEVNULL
        command = python_command("from sim.experiment.compiling import compile_now; compile_now()")
        subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )


def compile_now() -> None:
    """Compile the engine, its draws, the metrics and the trial of crews, if they are not yet; a mark then says so."""
    from sim.engines import compiled
    from sim.engines.compiled.jit import kept_mark
    from sim.experiment.staffing.days import Kitchen
    from sim.metrics import volume

    workload = Workload(
        action_time=np.zeros(1, np.int64),
        action=np.array([Action.CREATE_ORDER], np.uint8),
        order_class=np.array([OrderClass.VIP], np.uint8),
        service=np.ones(1, np.int64),
        patience=np.full(1, NONE, np.int64),
        stream=np.zeros(1, np.int32),
        stream_names=("timeline",),
        first_number=1,
        horizon=None,
    )
    metric_set = MetricSet()
    workloads, breaks = Workloads.join([workload]), breaks_of(metric_set, np.empty(0, np.int64), None)
    _, outcomes = compiled.run_days(workloads, False, breaks, None)
    measure(metric_set, outcomes, False, volume, new_pools())
    Scenario.parse(_DRAWN).workloads(0, [1, 2], kernel=kernel_of("compiled"))
    kitchen = Kitchen(Scenario.parse(_STAFFED), 0, "compiled")
    kitchen.run(kitchen.draw(1, 1), (1,))
    mark = kept_mark()
    if mark is not None:
        mark.touch()
