"""The rules of docs/rules.md as a loop over what happens seldom; `cook` does what happens most of the time."""

import numpy as np

from sim.engines.compiled.cooking import BOT_MASK, NEVER, cook
from sim.engines.compiled.heaps import pop, push
from sim.engines.compiled.jit import Array, borrowed, jit, natural
from sim.engines.contract import (
    ABANDONED,
    ABANDONMENT,
    ADD_BOT,
    ADDED,
    ALL,
    BOTS,
    BUSY,
    COMPLETION,
    CREATE_ORDER,
    FINISH,
    FRONT,
    GONE,
    IGNORED,
    LEVELS,
    NORMAL,
    PENDING,
    PENDING_AGAIN,
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


# One function, since each part would need nearly all of the state.
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
    what the largest integral is: see `Outcome`. While an order is PENDING its wait is less by the instant it came at.
    """
    orders, n, logged, most_bots = len(service), 0, len(times) > 0, np.count_nonzero(action == ADD_BOT)
    if most_bots > BOT_MASK:
        return -1, 0, 0, 0, 0, 0.0
    level = np.zeros(LEVELS, np.int64)
    gathered, peak = np.zeros(LEVELS, np.int64), np.zeros(LEVELS, np.int64)  # since the last break
    passed = unsettled = wait_time = 0  # passed: how many breaks; unsettled: orders, once they are followed
    next_break = breaks[0] if len(breaks) else NEVER
    events_at_end, orders_at_end, reach = 0, NONE, 0.0
    promoted = np.zeros(orders if promote_after != NONE else 1, np.uint8)
    need = service.copy() if on_remove == RESUME else service
    born = np.empty(orders if promote_after != NONE else 0, np.int64)
    # Orders that come stand in a line for each class, those that come back or are promoted in a heap.
    vip_line, vip_first, vip_last = np.empty(orders, np.int64), 0, 0
    normal_line, normal_first, normal_last = np.empty(orders, np.int64), 0, 0
    vip_key, vip_item, vip_size = np.empty(orders, np.int64), np.empty(orders, np.int64), 0
    normal_key, normal_item, normal_size = np.empty(orders, np.int64), np.empty(orders, np.int64), 0
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
    freed = NONE

    while True:
        is_followed = orders_at_end != NONE
        quiet_until = NEVER if horizon == NONE else horizon
        if not is_followed:
            quiet_until = min(quiet_until, end, next_break)
        # Here the arrays are borrowed, not before: their memory is kept as long as there is a next time.
        arguments = (
            borrowed((action_time, action, order_class, need, patience)),
            borrowed((times, kinds, numbers, bots)),
            borrowed((created_at, completed_at, wait, state, born, promoted)),
            borrowed((order_of, began, absent, leaving)),
            borrowed((vip_line, normal_line, vip_key, vip_item, normal_key, normal_item)),
            borrowed((busy_key, busy_item, idle_key, idle_item, patient_key, patient_item)),
            borrowed((level, gathered, peak)),
            dispatch,
            promote_after,
            measured,
            orders_at_end,
            quiet_until,
            now,
            n,
            freed,
            created,
            next_action,
            turn,
            young,
            overdue,
            (vip_first, vip_last, vip_size, normal_first, normal_last, normal_size, busy, idle, patient),
            unsettled,
            reach,
        )
        if logged or not measured or len(patience) or promote_after != NONE or is_followed:
            due, rank, now, n, created, next_action, turn, young, ends, unsettled, reach = cook(*arguments, None)
        else:
            due, rank, now, n, created, next_action, turn, young, ends, unsettled, reach = cook(*arguments, True)
        vip_first, vip_last, vip_size, normal_first, normal_last, normal_size, busy, idle, patient = ends
        freed = coming = NONE
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
            now = min(due, end)
            events_at_end, orders_at_end, end = n, created, now
            level[ALL] = level[VIP] + level[NORMAL]
            levels[passed:] = level
            if measured and passed:
                area[passed - 1], highest[passed - 1] = gathered, peak
            for place in range(created):
                row = natural(place)  # not `order`, which may be due
                status[row] = PENDING if state[row] == PENDING_AGAIN else state[row]
                unsettled += status[row] == PENDING or status[row] == PROCESSING
                if measured:
                    wait_time += wait[row] + (now if status[row] == PENDING else 0)
            over = over or unsettled == 0
        now = due
        if over:
            break

        # It happens; what is left to `cook` is left to it, now that it is due.
        if rank == ABANDONMENT:
            kind, order, bot = ABANDONED, pop(patient_key, patient_item, patient), NONE
            patient -= 1
            state[order] = GONE  # it stays in line until a bot meets it there and passes it by
            unsettled -= order < orders_at_end
            level[order_class[order]] -= 1
            if measured:
                wait[order] += now
        elif rank == PROMOTION:
            kind, bot, promoted[order] = PROMOTED, NONE, True  # it stays among the NORMAL ones too: bots pass it by
            vip_size = push(vip_key, vip_item, vip_size, order * ROOM, order)
        elif rank == COMPLETION or action[next_action] == CREATE_ORDER:
            continue
        else:
            kind, order, bot, command = NONE, NONE, NONE, action[next_action]
            next_action += 1
            if command == ADD_BOT:
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
        if coming != NONE:
            if logged:
                times[n], kinds[n], numbers[n], bots[n] = now, RETURNED, coming, bot
                n += 1
            level[order_class[coming]] += 1
            level[BUSY] -= 1
            if measured:
                if on_remove != RESUME:
                    lost[coming] += now - began[bot]
                wait[coming] -= now
                returned[coming] = True
            if on_remove == RESUME:
                need[coming] -= now - began[bot]
            state[coming] = PENDING_AGAIN
            turn += 1
            place = coming * ROOM
            if returned_to != PLACE:
                place = -turn if returned_to == FRONT else (created - 1) * ROOM + turn
            if promote_after != NONE and coming < young and order_class[coming] == NORMAL and not promoted[coming]:
                overdue = coming
            if order_class[coming] == VIP or (promote_after != NONE and promoted[coming]):
                vip_size = push(vip_key, vip_item, vip_size, place, coming)
            else:
                normal_size = push(normal_key, normal_item, normal_size, place, coming)
            while idle and freed == NONE:
                bot = pop(idle_key, idle_item, idle)
                idle -= 1
                if not absent[bot]:
                    freed = bot

    for place in range(created):
        order = natural(place)
        if state[order] == PENDING_AGAIN:
            state[order] = PENDING
        if measured and state[order] == PENDING:
            wait[order] += now
    for event in range(events_at_end):  # in the loop an order is its row
        order = numbers[event]
        classes[event] = NONE if order == NONE else order_class[order]
        numbers[event] += 0 if order == NONE else first_number
    return events_at_end, orders_at_end, end, now if unsettled else end, wait_time, reach
