"""Kitchens for sweeps, comparisons and selections."""

import pytest

from sim import ScenarioError

KITCHEN = """
seed: 7
params: {crew: 2, cook: 10s, note: a}
clock: {until: 5m}
service: {exponential: {mean: $cook}}
bots: {initial: $crew}
arrivals: [{name: door, class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 10/m}}]
"""
CREWS = "sweep: {crew: [2, 3, 4]}\n"
DRAINED = KITCHEN.replace("clock: {until: 5m}\n", "").replace("10/m}}", "10/m}, limit: 30}")
SIX = """
params: {crew: 1, cook: 10s}
service: $cook
bots: {initial: $crew}
timeline: [{at: 0s, order: NORMAL, count: 6}]
"""
MAX_WAITS = {1: 50, 2: 20, 3: 10, 4: 10, 6: 0}  # seconds that the last of the six waits, by crew
ALL_CREWS = f"sweep: {{crew: {list(MAX_WAITS)}}}\n"
NUMBERS = ["mean", "low", "high"]


def faults_of(call) -> list[str]:
    """Return the lines of the ScenarioError that a call ends with."""
    with pytest.raises(ScenarioError) as caught:
        call()
    return str(caught.value).splitlines()


SOMETIMES = """
params: {vip: 0%, normal: 100%}
clock: {until: 2m}
service: 10s
bots: {initial: 1}
arrivals: [{class: {VIP: $vip, NORMAL: $normal}, every: 8s}]
sweep: {vip: [0%, 40%], normal: [100%, 60%], where: vip == 0% and normal == 100% or vip == 40% and normal == 60%}
"""
