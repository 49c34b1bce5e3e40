"""The rules of docs/rules.md as one loop.

What is due next is the head of a heap or stands under a cursor, so an event costs at most the logarithm of the bots and
of the orders PENDING. What must leave the middle of a heap stays there until it comes to the head, where it is passed
by.
"""

import numpy as np

from sim.engines.compiled.jit import Array, jit
from sim.events import EventKind
from sim.model import NONE, Action, OrderClass, OrderStatus

NEVER = 2**63 - 1
ROOM = 2**32  # between the places of two orders, for those sent to the back
BOT_BITS = 20  # a scenario adds at most a million bots
BOT_MASK = 2**BOT_BITS - 1

# Plain numbers: compiled code knows no enumerations.
CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, PROMOTED = (int(kind) for kind in list(EventKind)[:6])
ADDED, IDLE, REMOVED, IGNORED = (int(kind) for kind in list(EventKind)[6:])
CREATE_ORDER, ADD_BOT = int(Action.CREATE_ORDER), int(Action.ADD_BOT)
VIP, NORMAL = (int(order_class) for order_class in OrderClass)
COMPLETION, ABANDONMENT, PROMOTION, ACTION = range(4)
PENDING, PROCESSING, COMPLETE, GONE = (int(status) for status in OrderStatus)
PENDING_AGAIN = len(OrderStatus)  # after its bot was removed
ON_REMOVE = ("restart", "resume", "finish")
RESUME, FINISH = ON_REMOVE.index("resume"), ON_REMOVE.index("finish")
RETURNED_TO = ("place", "front", "back")
PLACE, FRONT = RETURNED_TO.index("place"), RETURNED_TO.index("front")

LEVEL, HIGHEST, AREA, BY_CLASS, ROWS = range(5)
"""Rows of counts: the last level, the highest level and the integral of the five below; and what is counted by class.
Highest level and integral are those from the start on, WASTED that of orders created from then on, COMPLETIONS those
after it; QUEUE_TIME is the integral of all PENDING from time 0 on, WAIT_TIME the sum of all waits.
"""
ALL, BOTS, BUSY = 2, 3, 4  # behind the orders PENDING of each class
WASTED, COMPLETIONS, QUEUE_TIME, WAIT_TIME, COLUMNS = 0, 2, 4, 5, 6


@jit
def push(keys: Array, items: Array, size: int, key: int, item: int) -> int:
    """Add a pair to a binary heap of `size` pairs, least key and then least item first, and return its new size."""
    hole = size
    while hole > 0:
        up = (hole - 1) >> 1
        if keys[up] < key or (keys[up] == key and items[up] < item):
            break
        keys[hole], items[hole] = keys[up], items[up]
        hole = up
    keys[hole], items[hole] = key, item
    return size + 1


@jit
def pop(keys: Array, items: Array, size: int) -> int:
    """Take the first pair out of a heap of `size` pairs, which are one less then, and return its item."""
    first: int = items[0]
    last = size - 1
    key, item = keys[last], items[last]
    hole, down = 0, 1
    while down < last:
        right = down + 1
        if right < last and (keys[right] < keys[down] or (keys[right] == keys[down] and items[right] < items[down])):
            down = right
        if key < keys[down] or (key == keys[down] and item < items[down]):
            break
        keys[hole], items[hole] = keys[down], items[down]
        hole, down = down, 2 * down + 1
    keys[hole], items[hole] = key, item
    return first


@jit
def simulate(  # noqa: C901, PLR0912, PLR0915 - calls with all that state would take longer than the work
    action_time: Array,
    action: Array,
    order_class: Array,
    service: Array,
    patience: Array,  # empty where everybody waits for ever
    first_number: int,
    horizon: int,
    on_remove: int,
    longest_idle: bool,
    returned_to: int,
    promote_after: int,
    times: Array,
    kinds: Array,
    numbers: Array,
    classes: Array,
    bots: Array,
    measured: bool,
    start: int,
    created_at: Array,
    wait: Array,
    flow: Array,
    state: Array,
    returned: Array,
    counts: Array,
    instants: Array,
    queue: Array,
) -> tuple[int, int, int, float]:
    """Run a workload, write its log where there is room for one, and its outcome where it is measured.

    Return how many events and orders there were, when the run ended, and about what the largest integral is.
    """
    orders, n, logged, most_bots = len(service), 0, len(times) > 0, 0
    for command in action:
        most_bots += command == ADD_BOT
    if most_bots > BOT_MASK:
        return -1, 0, 0, 0.0
    level, highest, area, by_class = counts[LEVEL], counts[HIGHEST], counts[AREA], counts[BY_CLASS]
    since, reach, sampled = np.empty(len(wait), np.int64), 0.0, 0
    promoted = np.zeros(orders if promote_after != NONE else 1, np.uint8)
    need = service.copy() if on_remove == RESUME else service
    born = np.empty(orders if promote_after != NONE else 0, np.int64)
    vip_key, vip_item, vips = np.empty(orders, np.int64), np.empty(orders, np.int64), 0
    normal_key, normal_item, normals = np.empty(orders, np.int64), np.empty(orders, np.int64), 0
    busy_key, busy_item, busy = np.empty(most_bots, np.int64), np.empty(most_bots, np.int64), 0
    idle_key, idle_item, idle = np.empty(most_bots, np.int64), np.empty(most_bots, np.int64), 0
    patient_key, patient_item, patient = np.empty(len(patience), np.int64), np.empty(len(patience), np.int64), 0
    order_of, began = np.full(most_bots + 1, NONE, np.int64), np.empty(most_bots + 1, np.int64)
    absent, leaving = np.zeros(most_bots + 1, np.bool_), np.zeros(most_bots + 1, np.bool_)
    crew, crew_size = np.empty(most_bots, np.int64), 0  # those that can be removed, newest last
    created = added = turn = next_action = now = 0
    young, overdue = 0, NONE  # the first order that has not reached the age of promotion; one that returned older

    while True:
        # What is due next: of what is due at one instant, the last that is found here.
        due, rank = NEVER, NONE
        if next_action < len(action):
            due, rank = action_time[next_action], ACTION
        if overdue != NONE:
            due, rank = now, PROMOTION
        elif promote_after != NONE:
            while young < created and order_class[young] != NORMAL:
                young += 1
            if young < created and born[young] + promote_after <= due:
                due, rank = born[young] + promote_after, PROMOTION
        while patient and state[patient_item[0]] != PENDING:
            pop(patient_key, patient_item, patient)
            patient -= 1
        if patient and patient_key[0] <= due:
            due, rank = patient_key[0], ABANDONMENT
        while busy and absent[busy_item[0] & BOT_MASK]:
            pop(busy_key, busy_item, busy)
            busy -= 1
        if busy and busy_key[0] <= due:
            due, rank = busy_key[0], COMPLETION
        over = rank == NONE or (horizon != NONE and due > horizon)
        if over:
            due = now if horizon == NONE else horizon
        elif rank == PROMOTION:
            order = overdue
            if order == NONE:
                order = young
                young += 1
            overdue = NONE
            if (state[order] != PENDING and state[order] != PENDING_AGAIN) or promoted[order]:
                continue

        # Time passes.
        if measured and due > now:
            by_class[QUEUE_TIME] += level[ALL] * (due - now)
            reach += (float(level[ALL]) + float(level[BOTS])) * float(due - now)
            if due > start:
                span = due - max(now, start)
                for column in range(5):
                    area[column] += level[column] * span
                    highest[column] = max(highest[column], level[column])
            while sampled < len(instants) and instants[sampled] < due:
                queue[0, sampled], queue[1, sampled] = level[VIP], level[NORMAL]
                sampled += 1
        now = due
        if over:
            break

        # It happens: an order may come to PENDING, at its place, or a bot be free.
        kind, bot, coming, place, freed = NONE, NONE, NONE, 0, NONE
        if rank == COMPLETION:
            kind, bot = COMPLETED, pop(busy_key, busy_item, busy) & BOT_MASK
            busy -= 1
            order, freed = order_of[bot], bot
            state[order] = COMPLETE
            if measured:
                flow[order] = now - created_at[order]
                level[BUSY] -= 1
                if start == 0 or now > start:
                    by_class[COMPLETIONS + order_class[order]] += 1
        elif rank == ABANDONMENT:
            kind, order = ABANDONED, pop(patient_key, patient_item, patient)
            patient -= 1
            state[order] = GONE
            if measured:
                wait[order] += now - since[order]
                level[order_class[order]] -= 1
                level[ALL] -= 1
        elif rank == PROMOTION:
            kind, promoted[order] = PROMOTED, True
            vips = push(vip_key, vip_item, vips, order * ROOM, order)
        else:
            order, command = NONE, action[next_action]
            next_action += 1
            if command == CREATE_ORDER:
                kind, order, coming, place = CREATED, created, created, created * ROOM
                created += 1
                if promote_after != NONE:
                    born[order] = now
                if len(patience) and patience[order] != NONE:
                    patient = push(patient_key, patient_item, patient, now + patience[order], order)
                if measured:
                    created_at[order] = since[order] = now
                    wait[order], flow[order] = 0, NONE
                    level[order_class[order]] += 1
                    level[ALL] += 1
            elif command == ADD_BOT:
                added += 1
                kind, bot, freed, crew[crew_size] = ADDED, added, added, added
                crew_size += 1
                level[BOTS] += 1
            elif crew_size == 0:
                kind = IGNORED
            else:
                crew_size -= 1
                if order_of[crew[crew_size]] != NONE and on_remove == FINISH:
                    leaving[crew[crew_size]] = True
                else:
                    kind, bot = REMOVED, crew[crew_size]
                    absent[bot] = True
                    coming = order_of[bot]
                    level[BOTS] -= 1
        if logged and kind != NONE:
            times[n], kinds[n], bots[n] = now, kind, bot
            numbers[n] = NONE if order == NONE else order + first_number
            classes[n] = NONE if order == NONE else order_class[order]
            n += 1
        if freed != NONE and leaving[freed]:
            if logged:
                times[n], kinds[n], numbers[n], classes[n], bots[n] = now, REMOVED, NONE, NONE, freed
                n += 1
            freed = NONE
            level[BOTS] -= 1
        if kind == REMOVED and coming != NONE:
            if logged:
                times[n], kinds[n], numbers[n], bots[n] = now, RETURNED, coming + first_number, bot
                classes[n] = order_class[coming]
                n += 1
            if measured:
                if on_remove != RESUME and created_at[coming] >= start:
                    by_class[WASTED + order_class[coming]] += now - began[bot]
                since[coming], returned[coming] = now, True
                level[order_class[coming]] += 1
                level[ALL] += 1
                level[BUSY] -= 1
            if on_remove == RESUME:
                need[coming] -= now - began[bot]
            state[coming] = PENDING_AGAIN
            turn += 1
            place = coming * ROOM
            if returned_to != PLACE:
                place = -turn if returned_to == FRONT else (created - 1) * ROOM + turn
            if promote_after != NONE and coming < young and order_class[coming] == NORMAL and not promoted[coming]:
                overdue = coming

        # What follows: an idle bot takes what comes, or a free one the head of PENDING.
        if coming != NONE:
            while idle and freed == NONE:
                bot = pop(idle_key, idle_item, idle)
                idle -= 1
                if not absent[bot]:
                    freed = bot
            if freed == NONE:
                if order_class[coming] == VIP or (promote_after != NONE and promoted[coming]):
                    vips = push(vip_key, vip_item, vips, place, coming)
                else:
                    normals = push(normal_key, normal_item, normals, place, coming)
        if freed != NONE:
            while vips and coming == NONE:
                order = pop(vip_key, vip_item, vips)
                vips -= 1
                if state[order] != GONE:
                    coming = order
            while normals and coming == NONE:
                order = pop(normal_key, normal_item, normals)
                normals -= 1
                if state[order] != GONE and not (promote_after != NONE and promoted[order]):
                    coming = order
            turn += 1
            order_of[freed] = coming
            if coming == NONE:
                idle = push(idle_key, idle_item, idle, turn if longest_idle else freed, freed)
            else:
                state[coming], began[freed] = PROCESSING, now
                busy = push(busy_key, busy_item, busy, now + need[coming], turn << BOT_BITS | freed)
                if measured:
                    wait[coming] += now - since[coming]
                    level[order_class[coming]] -= 1
                    level[ALL] -= 1
                    level[BUSY] += 1
            if logged:
                times[n], bots[n] = now, freed
                kinds[n] = IDLE if coming == NONE else PICKED_UP
                numbers[n] = NONE if coming == NONE else coming + first_number
                classes[n] = NONE if coming == NONE else order_class[coming]
                n += 1

    for column in range(5):
        highest[column] = max(highest[column], level[column])
    for sample in range(sampled, len(instants)):
        queue[0, sample], queue[1, sample] = level[VIP], level[NORMAL]
    for order in range(created):
        if state[order] == PENDING_AGAIN:
            state[order] = PENDING
        if measured:
            if state[order] == PENDING:
                wait[order] += now - since[order]
            by_class[WAIT_TIME] += wait[order]
    return n, created, now, reach
