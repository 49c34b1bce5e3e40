"""The rules of docs/rules.md for nearly all events, as one loop: orders come, bots cook them and take the next ones.

What is due next is the head of a heap or stands under a cursor, and who is next the head of a line or a heap, so an
event costs at most the logarithm of the bots, and of the orders that have a patience or have come back.
"""

from typing import Any

from sim.engines.compiled.heaps import pop, push
from sim.engines.compiled.jit import Array, jit, natural
from sim.engines.contract import (
    ABANDONMENT,
    ACTION,
    ALL,
    BOTS,
    BUSY,
    COMPLETE,
    COMPLETED,
    COMPLETION,
    CREATE_ORDER,
    CREATED,
    GONE,
    IDLE,
    LONGEST_IDLE,
    NORMAL,
    PENDING,
    PICKED_UP,
    PROCESSING,
    PROMOTION,
    REMOVED,
    ROOM,
    VIP,
)
from sim.model import NONE

NEVER = 2**63 - 1
BOT_BITS = 20  # a scenario adds at most a million bots
BOT_MASK = 2**BOT_BITS - 1


@jit
def _take(line: Array, first: int, last: int, keys: Array, items: Array, size: int) -> tuple[int, int, int]:
    """Take the order whose place comes first, of a line or of a heap of those that have come back."""
    if size and (first == last or keys[0] < line[natural(first)] * ROOM):
        return natural(pop(keys, items, size)), first, size - 1
    return natural(line[natural(first)]), first + 1, size


# It is a function of its own since it is all that most events need: numba keeps what it uses in registers, which it
# could not among all that happens seldom.
@jit
def cook(  # noqa: C901, PLR0912, PLR0915
    drawn: tuple[Array, ...],
    log: tuple[Array, ...],
    orders: tuple[Array, ...],
    crew: tuple[Array, ...],
    pending: tuple[Array, ...],
    heaps: tuple[Array, ...],
    sums: tuple[Array, ...],
    dispatch: int,
    promote_after: int,
    measured: bool,
    counted: int,
    until: int,
    now: int,
    n: int,
    freed: int,
    created: int,
    next_action: int,
    turn: int,
    young: int,
    overdue: int,
    ends: tuple[int, ...],
    unsettled: int,
    reach: float,
    is_plain: bool | None,
) -> tuple[Any, ...]:
    """Let a bot that is `freed` take the head of PENDING, if there is one; then let orders come and be cooked until
    something else is due, or nothing until the instant `until`.

    Orders below `counted` are those that are followed behind the end of the run; it is NONE until then, while levels
    add up. Return what is due and when, what `simulate` hands in again, and `reach`.

    `is_plain` is None or True, for each of which numba compiles all this once. True leaves out what is not asked then:
    levels add up, there is no log, nobody has a patience, nothing is promoted and nothing is followed.
    """
    action_time, action, order_class, need, patience = drawn
    times, kinds, numbers, bots = log
    created_at, completed_at, wait, state, born, promoted = orders
    order_of, began, absent, leaving = crew
    vip_line, normal_line, vip_key, vip_item, normal_key, normal_item = pending
    busy_key, busy_item, idle_key, idle_item, patient_key, patient_item = heaps
    level, gathered, peak = sums
    vip_first, vip_last, vip_size, normal_first, normal_last, normal_size, busy, idle, patient = ends
    logged, is_impatient, is_followed = len(times) > 0, len(patience) > 0, counted != NONE
    if is_plain is not None:
        logged, is_impatient, is_followed, patient = False, False, False, 0
        promote_after, overdue, measured = NONE, NONE, True
    vips, normals, working, crew_size = level[VIP], level[NORMAL], level[BUSY], level[BOTS]
    vip_area = normal_area = busy_area = bot_area = 0
    vip_peak, normal_peak, all_peak, bot_peak, busy_peak = peak[VIP], peak[NORMAL], peak[ALL], peak[BOTS], peak[BUSY]

    while True:
        n, created, next_action = natural(n), natural(created), natural(next_action)
        vip_last, normal_last = natural(vip_last), natural(normal_last)

        # What follows at once: a free bot takes the head of PENDING.
        if freed != NONE:
            coming, bot = NONE, natural(freed)
            while coming == NONE and (vip_first < vip_last or vip_size):
                order, vip_first, vip_size = _take(vip_line, vip_first, vip_last, vip_key, vip_item, vip_size)
                if state[order] != GONE:
                    coming = order
            while coming == NONE and (normal_first < normal_last or normal_size):
                order, normal_first, normal_size = _take(
                    normal_line, normal_first, normal_last, normal_key, normal_item, normal_size
                )
                if state[order] != GONE and not (promote_after != NONE and promoted[order]):
                    coming = order
            turn += 1
            order_of[bot] = coming
            if coming == NONE:
                idle = push(idle_key, idle_item, idle, turn if dispatch == LONGEST_IDLE else bot, bot)
            else:
                coming = natural(coming)
                state[coming], began[bot] = PROCESSING, now
                # Completions of one instant come in the order in which the work began: by turn, not by bot.
                busy = push(busy_key, busy_item, busy, now + need[coming], turn << BOT_BITS | bot)
                working += 1
                if order_class[coming] == VIP:
                    vips -= 1
                else:
                    normals -= 1
                if measured:
                    wait[coming] += now
            if logged:
                times[n], numbers[n], bots[n] = now, coming, bot
                kinds[n] = IDLE if coming == NONE else PICKED_UP
                n += 1

        # What is due next. Looked for in reverse order of the tie rule: a later find goes before an earlier one.
        due, rank, is_seldom = NEVER, NONE, True
        if next_action < len(action):
            due, rank, is_seldom = action_time[next_action], ACTION, action[next_action] != CREATE_ORDER
        if overdue != NONE:
            due, rank, is_seldom = now, PROMOTION, True
        elif promote_after != NONE:
            while young < created and order_class[young] != NORMAL:
                young += 1
            if young < created and born[young] + promote_after <= due:
                due, rank, is_seldom = born[young] + promote_after, PROMOTION, True
        while patient and state[patient_item[0]] != PENDING:
            pop(patient_key, patient_item, patient)
            patient -= 1
        if patient and patient_key[0] <= due:
            due, rank, is_seldom = patient_key[0], ABANDONMENT, True
        while busy and absent[busy_item[0] & BOT_MASK]:
            pop(busy_key, busy_item, busy)
            busy -= 1
        if busy and busy_key[0] <= due:
            due, rank, is_seldom = busy_key[0], COMPLETION, False
        if is_seldom or due > until or (is_followed and unsettled == 0):
            break

        # Time passes, with the levels that the last event has left.
        if measured and due > now and not is_followed:
            passed = due - now
            reach += (float(vips + normals) + float(crew_size)) * float(passed)
            vip_area += vips * passed
            normal_area += normals * passed
            busy_area += working * passed
            bot_area += crew_size * passed
            vip_peak, normal_peak = max(vip_peak, vips), max(normal_peak, normals)
            all_peak, busy_peak, bot_peak = (
                max(all_peak, vips + normals),
                max(busy_peak, working),
                max(bot_peak, crew_size),
            )
        now = due

        # It happens: an order is completed, or comes.
        if rank == COMPLETION:
            bot = natural(pop(busy_key, busy_item, busy) & BOT_MASK)
            busy -= 1
            working -= 1
            order, freed = natural(order_of[bot]), bot
            state[order] = COMPLETE
            unsettled -= order < counted
            if measured:
                completed_at[order] = now
            if logged:
                times[n], kinds[n], numbers[n], bots[n] = now, COMPLETED, order, bot
                n += 1
            if leaving[bot]:
                if logged:
                    times[n], kinds[n], numbers[n], bots[n] = now, REMOVED, NONE, bot
                    n += 1
                freed = NONE
                crew_size -= 1
        else:
            next_action += 1
            order, freed = created, NONE
            created += 1
            if promote_after != NONE:
                born[order] = now
            if is_impatient and patience[order] != NONE:
                patient = push(patient_key, patient_item, patient, now + patience[order], order)
            if order_class[order] == VIP:
                if vip_first == vip_last:
                    vip_first = vip_last = 0  # the same memory again
                vip_line[vip_last] = order
                vip_last += 1
                vips += 1
            else:
                if normal_first == normal_last:
                    normal_first = normal_last = 0
                normal_line[normal_last] = order
                normal_last += 1
                normals += 1
            if measured:
                created_at[order], wait[order], completed_at[order] = now, -now, NONE
            if logged:
                times[n], kinds[n], numbers[n], bots[n] = now, CREATED, order, NONE
                n += 1
            while idle and freed == NONE:
                bot = natural(pop(idle_key, idle_item, idle))
                idle -= 1
                if not absent[bot]:
                    freed = bot

    level[VIP], level[NORMAL], level[BOTS], level[BUSY] = vips, normals, crew_size, working
    gathered[VIP] += vip_area
    gathered[NORMAL] += normal_area
    gathered[ALL] += vip_area + normal_area
    gathered[BOTS] += bot_area
    gathered[BUSY] += busy_area
    peak[VIP], peak[NORMAL], peak[ALL], peak[BOTS], peak[BUSY] = vip_peak, normal_peak, all_peak, bot_peak, busy_peak
    ends = vip_first, vip_last, vip_size, normal_first, normal_last, normal_size, busy, idle, patient
    return due, rank, now, n, created, next_action, turn, young, ends, unsettled, reach
