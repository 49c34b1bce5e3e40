"""The rules of docs/rules.md as one loop.

What is due next is the head of a heap or stands under a cursor, so an event costs at most the logarithm of the bots and
of the orders PENDING.
"""

import numpy as np

from sim.engines.compiled.heaps import pop, push
from sim.engines.compiled.jit import Array, jit
from sim.engines.contract import (
    ABANDONED,
    ABANDONMENT,
    ACTION,
    ADD_BOT,
    ADDED,
    ALL,
    BOTS,
    BUSY,
    COMPLETE,
    COMPLETED,
    COMPLETION,
    CREATE_ORDER,
    CREATED,
    FINISH,
    FRONT,
    GONE,
    IDLE,
    IGNORED,
    LEVELS,
    LONGEST_IDLE,
    NORMAL,
    PENDING,
    PENDING_AGAIN,
    PICKED_UP,
    PLACE,
    PROCESSING,
    PROMOTED,
    PROMOTION,
    REMOVED,
    RESUME,
    RETURNED,
    ROOM,
    VIP,
)
from sim.model import NONE

NEVER = 2**63 - 1
BOT_BITS = 20  # a scenario adds at most a million bots
BOT_MASK = 2**BOT_BITS - 1


# One function: numba keeps the state in registers, where calls with all of it would take longer than the work.
@jit
def simulate(  # noqa: C901, PLR0912, PLR0915
    action_time: Array,
    action: Array,
    order_class: Array,
    service: Array,
    patience: Array,  # empty where everybody waits for ever
    first_number: int,
    horizon: int,
    on_remove: int,
    dispatch: int,
    returned_to: int,
    promote_after: int,
    times: Array,
    kinds: Array,
    numbers: Array,
    classes: Array,
    bots: Array,
    measured: bool,
    end: int,
    created_at: Array,
    completed_at: Array,
    wait: Array,
    lost: Array,
    status: Array,
    state: Array,
    returned: Array,
    breaks: Array,
    levels: Array,
    highest: Array,
    area: Array,
) -> tuple[int, int, int, int, int, float]:
    """Run a workload to its end, write its log where there is room for one, and its outcome where it is measured.

    Orders created until the end are followed behind it, at most to the horizon. Return how many events and orders there
    were until the end, when that was, until when orders were followed, the sum of all waits until the end, and about
    what the largest integral is: see `Outcome`.
    """
    orders, n, logged, most_bots = len(service), 0, len(times) > 0, np.count_nonzero(action == ADD_BOT)
    if most_bots > BOT_MASK:
        return -1, 0, 0, 0, 0, 0.0
    level = np.zeros(LEVELS, np.int64)
    gathered, peak = np.zeros(LEVELS, np.int64), np.zeros(LEVELS, np.int64)  # since the last break
    passed = unsettled = wait_time = 0  # passed: how many breaks; unsettled: orders, once they are followed
    next_break = breaks[0] if len(breaks) else NEVER
    events_at_end, orders_at_end, is_followed, reach = 0, 0, False, 0.0
    since = np.empty(len(wait), np.int64)  # when the order came to PENDING
    promoted = np.zeros(orders if promote_after != NONE else 1, np.uint8)
    need = service.copy() if on_remove == RESUME else service
    born = np.empty(orders if promote_after != NONE else 0, np.int64)
    vip_key, vip_item, vips = np.empty(orders, np.int64), np.empty(orders, np.int64), 0
    normal_key, normal_item, normals = np.empty(orders, np.int64), np.empty(orders, np.int64), 0
    busy_key, busy_item, busy = np.empty(most_bots, np.int64), np.empty(most_bots, np.int64), 0
    idle_key, idle_item, idle = np.empty(most_bots, np.int64), np.empty(most_bots, np.int64), 0
    patient_key, patient_item, patient = np.empty(len(patience), np.int64), np.empty(len(patience), np.int64), 0
    order_of, began = np.full(most_bots + 1, NONE, np.int64), np.empty(most_bots + 1, np.int64)
    # A removed bot is absent at once but stays in the heap of the busy or the idle ones; a leaving one still works.
    absent, leaving = np.zeros(most_bots + 1, np.bool_), np.zeros(most_bots + 1, np.bool_)
    crew, crew_size = np.empty(most_bots, np.int64), 0  # those that can be removed, newest last
    created = added = turn = next_action = now = 0
    # All orders reach the age of promotion in the order in which they were created, so a cursor does for a heap. One
    # that was with a bot then is overdue: it is promoted when it returns, as the next thing at that instant.
    young, overdue = 0, NONE

    while True:
        # What is due next. Looked for in reverse order of the tie rule: a later find goes before an earlier one.
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
        over = rank == NONE or (horizon != NONE and due > horizon) or (is_followed and unsettled == 0)
        if over:
            due = now if horizon == NONE else horizon
        elif rank == PROMOTION:
            order, overdue = overdue, NONE
            if order == NONE:
                order, young = young, young + 1
            if (state[order] != PENDING and state[order] != PENDING_AGAIN) or promoted[order]:
                continue

        # Time passes, with the levels that the last event has left; they count until the end.
        if measured and min(due, end) > now and not is_followed:
            level[ALL] = level[VIP] + level[NORMAL]
            until = min(due, end)
            reach += (float(level[ALL]) + float(level[BOTS])) * float(until - now)
            while next_break < until:
                for column in range(LEVELS if next_break > now else 0):
                    gathered[column] += level[column] * (next_break - now)
                    peak[column] = max(peak[column], level[column])
                if passed:
                    area[passed - 1], highest[passed - 1] = gathered, peak
                gathered[:], peak[:] = 0, 0
                levels[passed] = level
                now, passed = next_break, passed + 1
                next_break = breaks[passed] if passed < len(breaks) else NEVER
            for column in range(LEVELS):
                gathered[column] += level[column] * (until - now)
                peak[column] = max(peak[column], level[column])
        if not is_followed and (over or due > end):
            is_followed, now = True, min(due, end)
            events_at_end, orders_at_end, end = n, created, now
            level[ALL] = level[VIP] + level[NORMAL]
            levels[passed:] = level
            if measured and passed:
                area[passed - 1], highest[passed - 1] = gathered, peak
            for order in range(created):
                status[order] = PENDING if state[order] == PENDING_AGAIN else state[order]
                unsettled += status[order] == PENDING or status[order] == PROCESSING
                if measured:
                    wait_time += wait[order] + (now - since[order] if status[order] == PENDING else 0)
            over = over or unsettled == 0
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
            unsettled -= is_followed and order < orders_at_end
            if measured:
                completed_at[order] = now
                level[BUSY] -= 1
        elif rank == ABANDONMENT:
            kind, order = ABANDONED, pop(patient_key, patient_item, patient)
            patient -= 1
            state[order] = GONE  # it stays in PENDING until a bot meets it there and passes it by
            unsettled -= is_followed and order < orders_at_end
            if measured:
                wait[order] += now - since[order]
                level[order_class[order]] -= 1
        elif rank == PROMOTION:
            kind, promoted[order] = PROMOTED, True  # it stays among the NORMAL ones too, where bots pass it by
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
                    completed_at[order] = NONE
                    level[order_class[order]] += 1
            elif command == ADD_BOT:
                added += 1
                kind, bot, freed, crew[crew_size] = ADDED, added, added, added
                crew_size += 1
                level[BOTS] += 1
            elif crew_size == 0:
                kind = IGNORED
            else:
                crew_size -= 1
                newest = crew[crew_size]
                if order_of[newest] != NONE and on_remove == FINISH:
                    leaving[newest] = True
                else:
                    kind, bot, coming = REMOVED, newest, order_of[newest]
                    absent[bot] = True
                    level[BOTS] -= 1
        if logged and kind != NONE:
            times[n], kinds[n], numbers[n], bots[n] = now, kind, order, bot
            n += 1
        if freed != NONE and leaving[freed]:
            if logged:
                times[n], kinds[n], numbers[n], bots[n] = now, REMOVED, NONE, freed
                n += 1
            freed = NONE
            level[BOTS] -= 1
        if kind == REMOVED and coming != NONE:
            if logged:
                times[n], kinds[n], numbers[n], bots[n] = now, RETURNED, coming, bot
                n += 1
            if measured:
                if on_remove != RESUME:
                    lost[coming] += now - began[bot]
                since[coming], returned[coming] = now, True
                level[order_class[coming]] += 1
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

        # What follows at once: an idle bot takes what comes, or a free one the head of PENDING.
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
                idle = push(idle_key, idle_item, idle, turn if dispatch == LONGEST_IDLE else freed, freed)
            else:
                state[coming], began[freed] = PROCESSING, now
                # Completions of one instant come in the order in which the work began: by turn, not by bot.
                busy = push(busy_key, busy_item, busy, now + need[coming], turn << BOT_BITS | freed)
                if measured:
                    wait[coming] += now - since[coming]
                    level[order_class[coming]] -= 1
                    level[BUSY] += 1
            if logged:
                times[n], numbers[n], bots[n] = now, coming, freed
                kinds[n] = IDLE if coming == NONE else PICKED_UP
                n += 1

    for order in range(created):
        if state[order] == PENDING_AGAIN:
            state[order] = PENDING
        if measured and state[order] == PENDING:
            wait[order] += now - since[order]
    for event in range(events_at_end):  # in the loop an order is its row
        order = numbers[event]
        classes[event] = NONE if order == NONE else order_class[order]
        numbers[event] += 0 if order == NONE else first_number
    return events_at_end, orders_at_end, end, now if unsettled else end, wait_time, reach
