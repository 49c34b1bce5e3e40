"""One crew on many days in one call: how many orders of each stretch of the day waited too long.

The days lie behind one another in plain columns, without the crew, which is put in here: so a crew is tried on
thousands of days without a workload of its own for each.
"""

import numpy as np

from sim.engines.compiled.jit import Array, jit
from sim.engines.compiled.loop import simulate
from sim.engines.contract import GONE, LEVELS, PENDING
from sim.model import NONE


@jit
def put_in(key: Array, action: Array, crew_time: Array, crew_action: Array, time: Array, merged: Array) -> None:
    """Fill in the times and actions of a day together with those of a crew, in the order in which they act.

    A `key` is twice the time of an action, and one more for an arrival: at one instant the timeline acts first, then
    the crew is changed, then orders of streams arrive (`sim.scenario.workload`). A crew's time of -1 stands for the
    start, before all else.
    """
    changed = 0
    for place in range(len(key)):
        while changed < len(crew_time) and 2 * crew_time[changed] + 1 <= key[place]:
            time[place + changed], merged[place + changed] = max(0, crew_time[changed]), crew_action[changed]
            changed += 1
        time[place + changed], merged[place + changed] = key[place] >> 1, action[place]
    for place in range(changed, len(crew_time)):
        time[len(key) + place], merged[len(key) + place] = max(0, crew_time[place]), crew_action[place]


@jit
def count_late(
    first: int,
    last: int,
    action_ends: Array,
    order_ends: Array,
    key: Array,
    action: Array,
    order_class: Array,
    service: Array,
    patience: Array,  # empty where everybody waits for ever
    crew_time: Array,
    crew_action: Array,
    horizon: int,
    end: int,
    rules: Array,
    edges: Array,
    classes: Array,
    limits: Array,
    late: Array,
) -> None:
    """Run days `first` to before `last` with one crew, and count the orders that wait longer than they are promised.

    Args:
        first: the first day.
        last: the day behind the last one.
        action_ends: (days + 1,), where the actions of a day begin, and those of the last one end.
        order_ends: (days + 1,), likewise of orders.
        key: (actions,), see `put_in`.
        action: (actions,).
        order_class: (orders,).
        service: (orders,).
        patience: (orders,) or (0,).
        crew_time: (changes,), when a bot is added or removed.
        crew_action: (changes,).
        horizon: until when orders are followed, NONE for ever.
        end: of the run, behind which orders do not count.
        rules: on_remove, dispatch, returned_to, promote_after.
        edges: (slots + 1,), between which the slots lie.
        classes: (promises,), of whose orders each is, NONE for both.
        limits: (promises,), in microseconds.
        late: (days, slots, promises), added to. ABANDONED orders are late, and so are those still PENDING at last.

    """
    breaks, levels, sums = np.zeros(0, np.int64), np.zeros((1, LEVELS), np.int64), np.zeros((0, LEVELS), np.int64)
    times, kinds, numbers = np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int32)
    log_classes, bots = np.empty(0, np.int8), np.empty(0, np.int32)
    for day in range(first, last):
        actions, orders = slice(action_ends[day], action_ends[day + 1]), slice(order_ends[day], order_ends[day + 1])
        count = order_ends[day + 1] - order_ends[day]
        size = action_ends[day + 1] - action_ends[day] + len(crew_time)
        time, merged = np.empty(size, np.int64), np.empty(size, np.uint8)
        put_in(key[actions], action[actions], crew_time, crew_action, time, merged)
        created, completed = np.empty(count, np.int64), np.empty(count, np.int64)
        wait, lost, returned = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_)
        status, state = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
        of_day = order_class[orders]
        _, counted, _, _, _, _ = simulate(
            time,
            merged,
            of_day,
            service[orders],
            patience[orders],
            0,
            horizon,
            rules[0],
            rules[1],
            rules[2],
            rules[3],
            times,
            kinds,
            numbers,
            log_classes,
            bots,
            True,
            end,
            created,
            completed,
            wait,
            lost,
            status,
            state,
            returned,
            breaks,
            levels,
            sums,
            sums,
        )
        slot = 0
        for order in range(counted):
            if created[order] < edges[0]:
                continue
            while slot < len(edges) - 1 and created[order] >= edges[slot + 1]:
                slot += 1
            if slot == len(edges) - 1:
                break
            is_lost = state[order] == GONE or state[order] == PENDING
            for promise in range(len(limits)):
                if (classes[promise] == NONE or classes[promise] == of_day[order]) and (
                    is_lost or wait[order] > limits[promise]
                ):
                    late[day, slot, promise] += 1
