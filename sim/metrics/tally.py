"""The metrics of a run in one pass over its log, for volume: bit for bit those of `measures`, without its tables.

numba compiles it as it does the compiled engine.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from sim.engines.compiled import ABANDONED, ADDED, COMPLETED, CREATED, PICKED_UP, REMOVED, RETURNED, Array, jit
from sim.events import EventLog
from sim.metrics.measures import WAITS, Observation, check_littles_law, end_of_warmup, measure, observation
from sim.model import NONE, UNITS, OrderStatus, Workload
from sim.statistics import Histogram
from sim.units import HOUR, SECOND

PENDING, PROCESSING, COMPLETE, GONE = (int(status) for status in OrderStatus)
RETURNED_ONCE, CREATED_AT_ALL = len(OrderStatus), len(OrderStatus) + 1
BITS = Histogram.bits
ALL, BOT_LEVEL, BUSY_LEVEL = 2, 3, 4  # counts behind the orders PENDING by class

_AT = {name: index for index, name in enumerate(UNITS)}
WAIT, FLOW, SERVICE = (_AT[f"{name}.mean"] for name in ("wait", "flow", "service"))
QUEUE, BOTS, UTILISATION = _AT["queue.mean"], _AT["bots.mean"], _AT["utilisation"]
THROUGHPUT, WASTED = _AT["throughput"], _AT["wasted"]
FATES = np.array(
    [_AT[f"orders.{fate}"] for fate in ("pending", "processing", "completed", "abandoned", "returned", "created")]
)
_LARGEST = 2**62  # of an integral of levels, and of the sums that it bounds
STATISTICS = 9  # of durations
SHARES = (50, 90, 95, 99)
RANGES = 256


def observe(workload: Workload, log: EventLog, warmup: int | Literal["mser5"] = 0) -> Observation:
    """Return what `measure` says of a run, as an observation.

    Raises:
        SimulationError: MSER-5 finds no end of the warm-up in the first half of the run, or the log contradicts itself.

    """
    start = 0 if warmup == "mser5" else min(warmup, log.end)
    found, queue, reach = _observed(workload, log, start)
    if reach > _LARGEST:
        return observation(measure(workload, log, warmup))
    check_littles_law(queue, int(found.wait.sum()))
    if warmup == "mser5" and (start := end_of_warmup(found.created, found.wait, found.status)):
        found, *_ = _observed(workload, log, start)
    return found


def _observed(workload: Workload, log: EventLog, start: int) -> tuple[Observation, int, float]:
    """Return the observation from an instant on, the integral of the queue over the whole run, and about what the
    largest of all integrals is.
    """
    values, worst = np.full(len(UNITS), np.nan), np.full(len(WAITS), np.nan)
    orders = np.count_nonzero(log.kind == CREATED)
    created, wait, status, queue, reach = _tally(
        log.time,
        log.kind,
        log.order,
        log.order_class,
        workload.first_number,
        log.end,
        start,
        workload.rules.on_remove == "resume",
        orders,
        values,
        worst,
    )
    return Observation(values, worst, start, workload.order_class[:orders], created, wait, status), int(queue), reach


def count_waits(found: Observation, histograms: Sequence[Histogram]) -> None:
    """Count the waits that the metric `wait` is made of, in a histogram for each class."""
    for histogram, (n, total) in zip(
        histograms,
        _count_waits(
            found.wait,
            found.status,
            found.order_class,
            found.created,
            found.warmup,
            *(one.counts for one in histograms),
        ),
        strict=True,
    ):
        histogram.n += n
        histogram.total += total


@jit
def _count_waits(
    wait: Array, status: Array, order_class: Array, created: Array, start: int, of_vip: Array, of_normal: Array
) -> tuple[tuple[int, int], tuple[int, int]]:
    n, total, power = np.zeros(2, np.int64), np.zeros(2, np.int64), 0
    for row in range(len(wait)):
        if status[row] == GONE or created[row] < start:
            continue
        value, of = wait[row], order_class[row]
        n[of] += 1
        total[of] += value
        place = value
        if value >= 2 << BITS:
            while value >> power >= 2 << BITS:
                power += 1
            while value >> power < 1 << BITS:
                power -= 1
            place = (power << BITS) + (value >> power)
        if of == 0:
            of_vip[place] += 1
        else:
            of_normal[place] += 1
    return (n[0], total[0]), (n[1], total[1])


@jit
def _tally(  # noqa: C901, PLR0912, PLR0915 - as in the engine
    times: Array,
    kinds: Array,
    numbers: Array,
    classes: Array,
    first_number: int,
    end: int,
    start: int,
    keeps_work: bool,
    orders: int,
    values: Array,
    worst: Array,
) -> tuple[Array, Array, Array, int, float]:
    """Walk through a log, fill `values` and `worst`, and return what became of the orders, and both integrals."""
    created, since, wait = np.empty(orders, np.int64), np.empty(orders, np.int64), np.zeros(orders, np.int64)
    flow, began = np.full(orders, NONE, np.int64), np.empty(orders, np.int64)
    status, returned, order_class = np.zeros(orders, np.uint8), np.zeros(orders, np.bool_), np.empty(orders, np.uint8)
    area, highest, level = np.zeros(5, np.int64), np.zeros(5, np.int64), np.zeros(5, np.int64)
    wasted, done = np.zeros(3, np.int64), np.zeros(3, np.int64)
    now, queue, reach = 0, 0, 0.0
    for at in range(len(times) + 1):
        due = times[at] if at < len(times) else end
        if due > now:
            queue += level[ALL] * (due - now)
            reach += (float(level[ALL]) + float(level[BOT_LEVEL])) * float(due - now)
            if due > start:
                span = due - max(now, start)
                for which in range(5):
                    area[which] += level[which] * span
                    highest[which] = max(highest[which], level[which])
            now = due
        if at == len(times):
            break
        kind, row, of = kinds[at], numbers[at] - first_number, classes[at]
        if kind == CREATED:
            created[row] = since[row] = now
            order_class[row] = of
            level[of] += 1
            level[ALL] += 1
        elif kind == PICKED_UP:
            wait[row] += now - since[row]
            began[row], status[row] = now, PROCESSING
            level[of] -= 1
            level[ALL] -= 1
            level[BUSY_LEVEL] += 1
        elif kind == COMPLETED:
            flow[row], status[row] = now - created[row], COMPLETE
            if start == 0 or now > start:
                done[of] += 1
            level[BUSY_LEVEL] -= 1
        elif kind == RETURNED:
            if created[row] >= start and not keeps_work:
                wasted[of] += now - began[row]
            since[row], status[row], returned[row] = now, PENDING, True
            level[of] += 1
            level[ALL] += 1
            level[BUSY_LEVEL] -= 1
        elif kind == ABANDONED:
            wait[row] += now - since[row]
            status[row] = GONE
            level[of] -= 1
            level[ALL] -= 1
        elif kind == ADDED:
            level[BOT_LEVEL] += 1
        elif kind == REMOVED:
            level[BOT_LEVEL] -= 1
    for row in range(orders):
        if status[row] == PENDING:
            wait[row] += end - since[row]
    wasted[ALL], done[ALL] = wasted[0] + wasted[1], done[0] + done[1]
    span = float(end - start)
    for which in range(5):
        highest[which] = max(highest[which], level[which])
    for place, which in ((QUEUE, ALL), (QUEUE + 3, 0), (QUEUE + 6, 1), (BOTS, BOT_LEVEL)):
        if end > start:
            values[place] = area[which] / span
        values[place + 1], values[place + 2] = highest[which], level[which]
    if area[BOT_LEVEL]:
        values[UTILISATION] = float(area[BUSY_LEVEL]) / float(area[BOT_LEVEL])
    for place, which in ((0, ALL), (1, 0), (2, 1)):
        if end > start:
            values[THROUGHPUT + place] = done[which] / (span / HOUR)
        values[WASTED + place] = float(wasted[which]) / SECOND
        _of_class(which, place, start, end, created, order_class, status, returned, wait, flow, values, worst)
    return created, wait, status, queue, reach


@jit
def _of_class(
    which: int,
    place: int,
    start: int,
    end: int,
    created: Array,
    order_class: Array,
    status: Array,
    returned: Array,
    wait: Array,
    flow: Array,
    values: Array,
    worst: Array,
) -> None:
    """Fill in what concerns the orders of one class, or all: how many became what, and their durations."""
    count = np.zeros(CREATED_AT_ALL + 1, np.int64)
    orders, waits, flows = len(created), 0, 0
    waited, stayed = np.empty(orders, np.int64), np.empty(orders, np.int64)
    served, settled = np.empty(orders, np.int64), np.empty(orders, np.int64)
    finished = so_far = 0
    for row in range(orders):
        if created[row] < start or (which != ALL and order_class[row] != which):
            continue
        count[status[row]] += 1
        count[RETURNED_ONCE] += returned[row]
        count[CREATED_AT_ALL] += 1
        if status[row] != GONE:
            waited[waits] = wait[row]
            waits += 1
            so_far += wait[row]
            if status[row] != PENDING:
                settled[finished] = wait[row]
                finished += 1
        if status[row] == COMPLETE:
            stayed[flows], served[flows] = flow[row], flow[row] - wait[row]
            flows += 1
    for fate in range(len(FATES)):
        values[FATES[fate] + 2 * place] = count[fate]
        if count[CREATED_AT_ALL]:
            values[FATES[fate] + 2 * place + 1] = count[fate] / count[CREATED_AT_ALL]
    _durations(waited[:waits], values, WAIT + STATISTICS * place)
    _durations(stayed[:flows], values, FLOW + STATISTICS * place)
    _durations(served[:flows], values, SERVICE + STATISTICS * place)
    if count[PENDING]:
        at = STATISTICS * place
        worst[at] = (float(so_far) + float(count[PENDING]) * float(end)) / waits / SECOND
        worst[at + 1] = worst[at + 7] = np.inf
        ordered = np.sort(settled[:finished])
        worst[at + 2] = ordered[0] / SECOND if finished else np.inf
        for one in range(len(SHARES)):
            rank = -(-SHARES[one] * waits // 100) - 1
            worst[at + 3 + one] = ordered[rank] / SECOND if rank < finished else np.inf


@jit
def _durations(found: Array, values: Array, at: int) -> None:
    """Fill in the statistics of durations."""
    n = len(found)
    values[at + 8] = n
    if n == 0:
        return
    total, least, most = 0, found[0], found[0]
    for value in found:
        total += value
        least, most = min(least, value), max(most, value)
    mean = float(total) / n
    values[at] = mean / SECOND
    if n > 1:
        squares = 0.0
        for value in found:
            squares += (value - mean) * (value - mean)
        values[at + 1] = np.sqrt(squares / (n - 1)) / SECOND
    values[at + 2], values[at + 7] = least / SECOND, most / SECOND
    _percentiles(found, least, most, values, at + 3)


@jit
def _percentiles(found: Array, least: int, most: int, values: Array, at: int) -> None:
    """Fill in p50, p90, p95 and p99; only what shares one of many ranges with one of them needs sorting."""
    n, shift = len(found), 0
    while (most - least) >> shift >= RANGES - 1:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least number alone, which may be that of most
    count, wanted = np.zeros(RANGES + 1, np.int64), np.zeros(RANGES + 1, np.bool_)
    for value in found:
        count[(value + up) >> shift] += 1
    which = below = before = 0  # the range that is looked at, numbers in ranges below it, and those not wanted
    places = np.empty(len(SHARES), np.int64)  # among the wanted ones
    for one in range(len(SHARES)):
        rank = -(-SHARES[one] * n // 100) - 1
        while below + count[which] <= rank:
            below += count[which]
            before += 0 if wanted[which] else count[which]
            which += 1
        wanted[which] = which > 0
        places[one] = rank - before if which else NONE
    near, size = np.empty(n + 1, np.int64), 0
    for value in found:
        near[size] = value
        size += wanted[(value + up) >> shift]
    near[:size].sort()
    for one in range(len(SHARES)):
        values[at + one] = (least if places[one] == NONE else near[places[one]]) / SECOND
