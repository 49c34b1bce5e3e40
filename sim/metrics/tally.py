"""The metrics of a run without its log, for volume: bit for bit those of `measures`.

numba compiles it as it does the compiled engine.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from sim.engines.compiled import NO_INSTANTS, run, simulate
from sim.engines.compiled.jit import Array, jit
from sim.engines.contract import ALL, BOTS, BUSY, COMPLETE, GONE, PENDING
from sim.events import EventLog
from sim.metrics.measures import WAITS, check_littles_law, end_of_warmup, measure
from sim.metrics.observing import Observation, observation
from sim.model import NONE, UNITS, Ints, OrderStatus, Workload
from sim.statistics import Histogram
from sim.units import HOUR, SECOND

RETURNED_ONCE, CREATED_AT_ALL = len(OrderStatus), len(OrderStatus) + 1
BITS = Histogram.bits

_INDEX = {name: index for index, name in enumerate(UNITS)}
WAIT, FLOW, SERVICE = (_INDEX[f"{name}.mean"] for name in ("wait", "flow", "service"))
QUEUE, BOT_COUNT, UTILISATION = _INDEX["queue.mean"], _INDEX["bots.mean"], _INDEX["utilisation"]
THROUGHPUT, WASTED_TIME = _INDEX["throughput"], _INDEX["wasted"]
FATES = np.array(
    [_INDEX[f"orders.{fate}"] for fate in ("pending", "processing", "completed", "abandoned", "returned", "created")]
)
_NOTHING = np.full(len(UNITS), np.nan)
_LARGEST = 2**62  # of an integral of levels, and of the sums that it bounds
STATISTICS = 9  # of durations
SHARES = (50, 90, 95, 99)
RANGES = 256


def observe(
    workload: Workload,
    warmup: int | Literal["mser5"] = 0,
    logged: bool = False,
    instants: Ints = NO_INSTANTS,
) -> tuple[Observation, EventLog]:
    """Run a workload in the compiled engine and return what `measure` says of it, as an observation, and its log, or an
    empty one. `instants` are those at which the observation has the queue.

    Raises:
        SimulationError: MSER-5 finds no end of the warm-up in the first half of the run, or the engine contradicts
            itself.

    """
    start = 0 if warmup == "mser5" else warmup
    log, outcome = run(workload, logged, measured=True, start=start, instants=instants)
    if outcome.reach > _LARGEST:
        log = simulate(workload)
        return observation(measure(workload, log, warmup), log, instants), log
    queue = outcome.queue
    check_littles_law(outcome.queue_time, outcome.wait_time)
    if warmup == "mser5" and (start := end_of_warmup(outcome.created, outcome.wait, outcome.status)):
        _, outcome = run(workload, logged=False, measured=True, start=start)
    values, worst = _NOTHING.copy(), _NOTHING[: len(WAITS)].copy()
    _tally(*outcome[:8], outcome.start, outcome.end, values, worst)
    return Observation(values, worst, outcome.start, *outcome[:3], outcome.status, queue), log


def count_waits(observed: Observation, histograms: Sequence[Histogram]) -> None:
    """Count the waits that the metric `wait` is made of, in a histogram for each class."""
    for histogram, (n, total) in zip(
        histograms,
        _count_waits(
            observed.wait,
            observed.status,
            observed.order_class,
            observed.created,
            observed.warmup,
            *(histogram.counts for histogram in histograms),
        ),
        strict=True,
    ):
        histogram.n += n
        histogram.total += total


@jit
def _count_waits(
    wait: Array, status: Array, order_class: Array, created: Array, start: int, of_vip: Array, of_normal: Array
) -> tuple[tuple[int, int], tuple[int, int]]:
    n, total = np.zeros(2, np.int64), np.zeros(2, np.int64)
    as_float = np.zeros(1)
    as_bits = as_float.view(np.int64)  # whose upper bits are the power of two
    for row in range(len(wait)):
        if status[row] == GONE or created[row] < start:
            continue
        value, of = wait[row], order_class[row]
        n[of] += 1
        total[of] += value
        as_float[0] = value
        power = max((as_bits[0] >> 52) - 1023 - BITS, 0)
        place = (power << BITS) + (value >> power)
        if of == 0:
            of_vip[place] += 1
        else:
            of_normal[place] += 1
    return (n[0], total[0]), (n[1], total[1])


@jit
def _tally(
    order_class: Array,
    created: Array,
    wait: Array,
    flow: Array,
    status: Array,
    returned: Array,
    levels: Array,
    by_class: Array,
    start: int,
    end: int,
    values: Array,
    worst: Array,
) -> None:
    """Fill in `values` and `worst`."""
    level, highest, area = levels[0], levels[1], levels[2]
    wasted, completed = by_class[0], by_class[1]
    span = float(end - start)
    for place, group in ((QUEUE, ALL), (QUEUE + 3, 0), (QUEUE + 6, 1), (BOT_COUNT, BOTS)):
        if end > start:
            values[place] = area[group] / span
        values[place + 1], values[place + 2] = highest[group], level[group]
    if area[BOTS]:
        values[UTILISATION] = float(area[BUSY]) / float(area[BOTS])
    for place, group in ((0, ALL), (1, 0), (2, 1)):
        if end > start:
            completions = completed[0] + completed[1] if group == ALL else completed[group]
            values[THROUGHPUT + place] = completions / (span / HOUR)
        lost = wasted[0] + wasted[1] if group == ALL else wasted[group]
        values[WASTED_TIME + place] = float(lost) / SECOND
        _of_class(group, place, start, end, created, order_class, status, returned, wait, flow, values, worst)


@jit
def _of_class(
    group: int,
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
        if created[row] < start or (group != ALL and order_class[row] != group):
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
        first = STATISTICS * place
        worst[first] = (float(so_far) + float(count[PENDING]) * float(end)) / waits / SECOND
        worst[first + 1] = worst[first + 7] = np.inf
        ordered = np.sort(settled[:finished])
        worst[first + 2] = ordered[0] / SECOND if finished else np.inf
        for index in range(len(SHARES)):
            rank = -(-SHARES[index] * waits // 100) - 1
            worst[first + 3 + index] = ordered[rank] / SECOND if rank < finished else np.inf


@jit
def _durations(durations: Array, values: Array, first: int) -> None:
    """Fill in the statistics of durations."""
    n = len(durations)
    values[first + 8] = n
    if n == 0:
        return
    total, least, most = 0, durations[0], durations[0]
    for value in durations:
        total += value
        least, most = min(least, value), max(most, value)
    mean = float(total) / n
    values[first] = mean / SECOND
    if n > 1:
        squares = 0.0
        for value in durations:
            squares += (value - mean) * (value - mean)
        values[first + 1] = np.sqrt(squares / (n - 1)) / SECOND
    values[first + 2], values[first + 7] = least / SECOND, most / SECOND
    _percentiles(durations, least, most, values, first + 3)


@jit
def _percentiles(durations: Array, least: int, most: int, values: Array, first: int) -> None:
    """Fill in p50, p90, p95 and p99; only what shares one of many ranges with one of them needs sorting."""
    n, shift = len(durations), 0
    while (most - least) >> shift >= RANGES - 1:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least number alone, which may be that of the greatest
    count, wanted = np.zeros(RANGES + 1, np.int64), np.zeros(RANGES + 1, np.bool_)
    for value in durations:
        count[(value + up) >> shift] += 1
    group = below = skipped = 0  # the range that is looked at, numbers in ranges below it, and those not wanted
    places = np.empty(len(SHARES), np.int64)  # among the wanted ones
    for index in range(len(SHARES)):
        rank = -(-SHARES[index] * n // 100) - 1
        while below + count[group] <= rank:
            below += count[group]
            skipped += 0 if wanted[group] else count[group]
            group += 1
        wanted[group] = group > 0
        places[index] = rank - skipped if group else NONE
    near, size = np.empty(n + 1, np.int64), 0
    for value in durations:
        near[size] = value
        size += wanted[(value + up) >> shift]
    near[:size].sort()
    for index in range(len(SHARES)):
        values[first + index] = (least if places[index] == NONE else near[places[index]]) / SECOND
