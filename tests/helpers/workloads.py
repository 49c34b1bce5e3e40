"""What a workload says, in seconds and in words that a test can compare."""

import numpy as np

from sim.model import Action

SECOND, MINUTE, HOUR = 10**6, 60 * 10**6, 3600 * 10**6


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
