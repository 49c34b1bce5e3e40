"""Kitchens whose crew is asked for slot by slot."""

import numpy as np

from sim.experiment.staffing.days import Kitchen

BUSY = """
seed: 7
clock: {start: "11:30:00", until: 40m}
service: {VIP: 1m, NORMAL: {exponential: {mean: 90s}}}
bots: {initial: 2, on_remove: finish}
arrivals:
  - class: {NORMAL: 80%, VIP: 20%}
    poisson: {phases: [{for: 10m, rate: 60/h}, {for: 20m, rate: 180/h}, {for: 10m, rate: 60/h}]}
"""
STAFF = "staff: {every: 10m, promise: {wait.NORMAL.within(3m): 85%, wait.VIP.within(1m): 85%}, bots: 1..12}\n"
CERTAIN = """
clock: {until: 40s}
service: 9s
arrivals: [{class: NORMAL, every: 4s}]
staff: {every: 10s, promise: {wait.within(2s): 90%}, bots: 1..5}
"""  # orders come every 4 seconds and take 9: two bots are too few, and three hardly keep up
UNSURE = """
clock: {until: 8m}
service: {exponential: {mean: 9s}}
arrivals: [{class: NORMAL, every: 4s}]
staff: {every: 2m, promise: {wait.within(5s): 85%}, bots: 1..5}
"""
STORMY = """
seed: 3
clock: {start: "10:00:00", until: 1h}
service: {VIP: {exponential: {mean: 50s}}, NORMAL: {gamma: {mean: 1m, cv: 1.5}}}
patience: {NORMAL: {exponential: {mean: 2m}}}
queue: {promote_after: 90s, returned_to: front}
bots: {initial: 2, dispatch: longest-idle, schedule: [{at: 5m, count: 4}, {at: 55m, count: 1}]}
timeline:
  - {at: 0s, add_bots: 1}
  - {at: 0s, order: VIP, count: 3}
  - {at: 20m, order: NORMAL, count: 4}
  - {at: 55m, order: VIP}
  - {at: 57m, remove_bots: 1}
busyness: {gamma: {mean: 1, cv: 30%}}
arrivals:
  - {class: {NORMAL: 70%, VIP: 30%}, poisson: {rate: 150/h}, batch: {1: 80%, 4: 20%}}
  - {name: clock, class: NORMAL, every: 10m}
staff:
  every: 10m
  from: "10:10:00"
  until: "10:50:00"
  promise: {wait.NORMAL.within(1m): 80%, wait.VIP.within(30s): 90%, wait.within(2m): 90%}
  bots: 0..9
"""
"""All that a crew may meet: changes at one instant with orders, returns, promotions, people who leave, busy days,
and slots that do not reach to the ends of the run."""


def some_schedules(kitchen: Kitchen, number: int) -> list[tuple[int, ...]]:
    """Return schedules within the range of a plan, the same ones each time."""
    chance = np.random.default_rng(1)
    least, most = kitchen.plan.bots
    return [tuple(chance.integers(least, most + 1, len(kitchen.slots)).tolist()) for _ in range(number)]
