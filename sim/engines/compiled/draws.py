"""What `sim.scenario` draws with numpy, compiled, for many days at once: the same numbers to the last bit.

Only `+ - * /`, `sqrt` and rounding are used, each of which IEEE 754 fixes; numba never fuses a product with a sum.
"""

import numpy as np

from sim.engines.compiled.cooking import NEVER
from sim.engines.compiled.jit import Array, jit, natural, product
from sim.engines.contract import CREATE_ORDER
from sim.units import LONGEST

Word = np.uint64

_MULTIPLIERS = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)  # of Philox4x64, and what its keys grow by
_STEPS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_BLOCK = 64  # numbers drawn at once where it is not known how many are needed; a multiple of 4
_SHIFT = 52 - 9  # as in `sim.scenario.inverses`


@jit
def _fill(seed: Word, part: Word, replication: Word, word: Word, drawn: int, numbers: Array) -> None:
    """Fill in the numbers of a stream that follow the first `drawn` ones, a multiple of 4."""
    for index in range(0, len(numbers), 4):
        start = natural(index)
        first, second, third, fourth = np.uint64(((drawn + start) >> 2) + 1), part, replication, word
        key, other_key = seed, np.uint64(0)
        for _ in range(_ROUNDS):
            high, low = product(_MULTIPLIERS[0], first)
            other_high, other_low = product(_MULTIPLIERS[1], third)
            first, second, third, fourth = other_high ^ second ^ key, other_low, high ^ fourth ^ other_key, low
            key, other_key = key + _STEPS[0], other_key + _STEPS[1]
        numbers[start] = first
        if start + 3 < len(numbers):
            numbers[start + 1], numbers[start + 2], numbers[start + 3] = second, third, fourth
        else:
            for place, number in enumerate((second, third, fourth)):
                if start + 1 + place < len(numbers):
                    numbers[start + 1 + place] = number


@jit
def numbers(seed: Word, replications: Array, word: Word, counts: Array) -> Array:
    """Return the first numbers of a stream and purpose, so many of each replication, one after the other."""
    drawn, size = np.empty(counts.sum(), np.uint64), 0
    for day in range(len(counts)):
        _fill(seed, np.uint64(0), replications[day], word, 0, drawn[size : size + counts[day]])
        size += counts[day]
    return drawn


@jit
def _look_up(lines: Array, numbers: Array, values: Array) -> None:
    """Fill in the values of numbers in straight lines."""
    bits = values.view(np.int64)
    for index in range(len(numbers)):
        place = natural(index)
        x = float(np.int64(numbers[place]))
        values[place] = x
        line = lines[bits[place] >> _SHIFT]
        values[place] = x * line.imag + line.real


@jit
def _rounded(duration: float) -> int:
    return np.int64(np.rint(min(duration, float(LONGEST))))  # type: ignore[return-value]


@jit
def classes(seed: Word, replications: Array, word: Word, counts: Array, first_normal: Word) -> Array:
    """Return the classes of the orders of each replication: NORMAL from a number on, which is 1."""
    order_class, chunk, size = np.empty(counts.sum(), np.uint8), np.empty(_BLOCK, np.uint64), 0
    for day in range(len(counts)):
        for drawn in range(0, counts[day], _BLOCK):
            drawn_numbers = chunk[: counts[day] - drawn]
            _fill(seed, np.uint64(0), replications[day], word, drawn, drawn_numbers)
            for number in drawn_numbers:
                order_class[natural(size)] = number >= first_normal
                size += 1
    return order_class


@jit
def durations(
    seed: Word,
    replications: Array,
    word: Word,
    counts: Array,
    lines: Array,
    scale: float,
    start: float,
    vip_lines: Array,
    vip_scale: float,
    vip_start: float,
    order_class: Array,
) -> Array:
    """Return the durations of the orders of each replication, each under the law of its class: 0 for VIP. There are no
    classes where all have the first law.
    """
    lengths, size = np.empty(counts.sum(), np.int64), 0
    chunk, values, vip_values = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK), np.empty(_BLOCK)
    for day in range(len(counts)):
        for drawn in range(0, counts[day], _BLOCK):
            drawn_numbers = chunk[: counts[day] - drawn]
            _fill(seed, np.uint64(0), replications[day], word, drawn, drawn_numbers)
            _look_up(lines, drawn_numbers, values)
            if len(order_class):
                _look_up(vip_lines, drawn_numbers, vip_values)
            for index in range(len(drawn_numbers)):
                place, size = natural(index), natural(size)
                if len(order_class) and order_class[size] == 0:
                    lengths[size] = _rounded(vip_values[place] * vip_scale + vip_start)
                else:
                    lengths[size] = _rounded(values[place] * scale + start)
                size += 1
    return lengths


@jit
def instants(
    seed: Word,
    replications: Array,
    word: Word,
    lines: Array,
    scales: Array,
    start: float,
    arrivals: float,
    bounds: Array,
    columns: Array,
    begin: int,
    end: int,
    most: int,
    likely: int,
) -> tuple[Array, Array]:
    """Return the arrivals of a stream from `begin` to before `end`, at most so many on a day, and how many each has.

    The gaps between them, or where there are `columns`, of rates that change, those of the process of one rate, have
    the scale of their day.
    """
    times, counts, size = np.empty(likely * len(scales) + _BLOCK, np.int64), np.zeros(len(scales), np.int64), 0
    numbers, values = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK)
    for day in range(len(scales)):
        time, point, stretch, drawn = begin, 0.0, 0, 0
        is_over = scales[day] == np.inf
        while not is_over:
            if size + _BLOCK > len(times):
                longer = np.empty(2 * len(times), np.int64)
                longer[:size] = times[:size]
                times = longer
            _fill(seed, np.uint64(0), replications[day], word, drawn, numbers)
            _look_up(lines, numbers, values)
            for index in range(_BLOCK):
                place, size, stretch = natural(index), natural(size), natural(stretch)
                gap = values[place] * scales[day] + start
                if len(bounds):
                    point += gap
                    is_over = point >= arrivals
                    while not is_over and point >= bounds[stretch + 1]:
                        stretch += 1
                    above = point - columns[1, stretch]
                    speed = np.sqrt(max(columns[4, stretch] * above + columns[3, stretch], 0.0))
                    time = begin + _rounded(above / (speed + columns[2, stretch]) + columns[0, stretch])
                else:
                    time += _rounded(gap)
                is_over |= time >= end or drawn + place == most
                if is_over:
                    break
                times[size] = time
                size += 1
                counts[day] += 1
            drawn += _BLOCK
    return times[:size], counts


@jit
def _is_in_time(time: Array, counts: Array) -> bool:
    """Whether each day of each source is in order of time."""
    first = 0
    for count in counts.flat:
        for place in range(first + 1, first + count):
            if time[natural(place)] < time[natural(place - 1)]:
                return False
        first += count
    return True


@jit
def _next_source(time: Array, row_of: Array, end_of: Array, day: int) -> tuple[int, int]:
    """Return the source whose turn it is on a day, each being at its row, and until which instant it stays so: at one
    instant those before it go first.
    """
    first, earliest, latest = 0, NEVER, NEVER
    for source in range(len(row_of)):
        row = row_of[source, day]
        if row < end_of[source, day]:
            if time[row] < earliest:
                first, earliest, latest = source, time[row], earliest - 1
            else:
                latest = min(latest, time[row])
    return first, latest


@jit
def merged(time: Array, action: Array, counts: Array) -> tuple[Array, Array, Array, bool]:
    """Return the times and actions of each day in order of time and of sources, and the place that each order had.

    `time` and `action` hold source after source, and day after day of each; `counts` are (sources, days). Where a
    source is not in order of time they are returned as they are, and False.
    """
    if not _is_in_time(time, counts):
        return time, action, np.empty(0, np.int64), False
    sources, days = counts.shape
    row_of, order_of = np.empty((2, sources, days), np.int64)
    place = orders = 0
    for source in range(sources):
        for day in range(days):
            row_of[source, day], order_of[source, day] = place, orders
            for _ in range(counts[source, day]):
                orders += action[natural(place)] == CREATE_ORDER
                place += 1
    end_of = row_of + counts
    times, actions, rows = np.empty_like(time), np.empty_like(action), np.empty(orders, np.int64)
    place = orders = 0
    for day in range(days):
        behind = place + counts[:, day].sum()
        while place < behind:
            first, latest = _next_source(time, row_of, end_of, day)
            row, order, stop = row_of[first, day], order_of[first, day], end_of[first, day]
            while row < stop and time[natural(row)] <= latest:
                row, order, place, orders = natural(row), natural(order), natural(place), natural(orders)
                times[place], actions[place] = time[row], action[row]
                if action[row] == CREATE_ORDER:
                    rows[orders] = order
                    order += 1
                    orders += 1
                place += 1
                row += 1
            row_of[first, day], order_of[first, day] = row, order
    return times, actions, rows, True
