"""From a scenario to the workload of one replication: the only place where chance enters.

For each order and purpose one number is drawn, whatever its class; each distribution is then applied to these numbers.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimulationError
from sim.model import NONE, Action, Ints, OrderClass, Rules, Workload
from sim.scenario.arrivals import Stream
from sim.scenario.busyness import Busyness
from sim.scenario.distributions import Distribution
from sim.scenario.generators import Chance
from sim.scenario.inverses import Numbers
from sim.scenario.mapping import WrongValueError
from sim.scenario.parts import MOST_ORDERS
from sim.scenario.schema import ByClass, ScenarioFile
from sim.units import LONGEST

_LATEST = 2**62
_CREATE, _VIP, _NORMAL = int(Action.CREATE_ORDER), int(OrderClass.VIP), int(OrderClass.NORMAL)  # members are slow


class _Block(NamedTuple):
    """Actions from one source, sorted by time; the order columns have a row for each CREATE_ORDER."""

    time: Ints
    action: NDArray[np.uint8]
    order_class: NDArray[np.uint8]
    service: Numbers
    patience: Numbers
    measured: Ints  # the service time where the file itself says it, else NONE
    stream: NDArray[np.int32]


class Demand:
    """What a scenario asks of the kitchen, ready to be drawn; what is the same every time is worked out once."""

    def __init__(self, file: ScenarioFile) -> None:
        self.file = file
        self.names = ("timeline", *stream_names(file))
        self.rules = Rules(file.bots.on_remove, file.bots.dispatch, file.queue.returned_to, file.queue.promote_after)
        self.initial = _crew([0], [file.bots.initial])
        scheduled = [change for change in crew_changes(file) if change.is_scheduled]
        self.schedule = _crew([change.time for change in scheduled], [change.bots for change in scheduled])

    def workload(self, seed: int, replication: int, beyond: int = 0) -> Workload:
        """Return the workload of `replication` (from 1) under `seed`; arrivals go on `beyond` the horizon.

        Raises:
            SimulationError: chance made too many orders, or the simulated time could overflow.

        """
        file, chance = self.file, Chance(seed, replication)
        horizon = None if file.clock.until is None else file.clock.until + beyond
        # What happens at one instant happens in this order: sorting by time keeps it.
        blocks = [self.initial]
        if file.timeline:
            blocks.append(_timeline(file, chance))
        blocks.append(self.schedule)
        day = _factor(file.busyness, "day", chance)
        for number, stream in enumerate(file.arrivals, 1):
            end = stream.end(file.clock.until if stream.trace is not None else horizon)
            blocks.append(_arrivals(stream, self.names[number], number, end, file, chance, day))
        time = np.concatenate([block.time for block in blocks])
        action = np.concatenate([block.action for block in blocks])
        with_orders = [block for block in blocks if len(block.service)] or [self.initial]
        # Columns of one block alone are used as they are; the rows of several are put in the order of creation.
        rows = time[action == _CREATE].argsort(kind="stable") if len(with_orders) > 1 else None
        if not _are_in_order(blocks):
            in_time = time.argsort(kind="stable")
            time, action = time[in_time], action[in_time]
        if horizon is not None:
            within = int(time.searchsorted(horizon, side="right"))
            time, action = time[:within], action[:within]
        orders = len(action) - int(np.count_nonzero(action))  # CREATE_ORDER is 0

        columns: Any = [column[:orders] for column in with_orders[0][2:]]
        if rows is not None:
            each_block = zip(*(block[2:] for block in with_orders), strict=True)
            columns = [_merged(parts, rows[:orders]) for parts in each_block]
        order_class, service_numbers, patience_numbers, measured, stream_of_order = columns
        service = _durations(file.service, order_class, service_numbers)
        if measured.strides != (0,):
            service = np.where(measured == NONE, service, measured)
        _check_size(file, time, action, service)
        return Workload(
            action_time=time,
            action=action,
            order_class=order_class,
            service=service,
            patience=_durations(file.patience, order_class, patience_numbers),
            stream=stream_of_order,
            stream_names=self.names,
            first_number=file.orders.first_number,
            horizon=horizon,
            rules=self.rules,
        )


def _are_in_order(blocks: list[_Block]) -> bool:
    """Whether actions are sorted when each block begins behind the one before."""
    last = 0
    for block in blocks:
        if len(block.time):
            if block.time[0] < last:
                return False
            last = block.time[-1]
    return True


def _merged(columns: Sequence[NDArray[Any]], rows: NDArray[np.intp]) -> NDArray[Any]:
    """Return one column of all sources, in some order; one value for all stays so."""
    if all(column.strides == (0,) for column in columns) and len({int(column[0]) for column in columns}) == 1:
        return _all(int(columns[0][0]), len(rows), columns[0].dtype)
    return np.concatenate(columns)[rows]


def _all(value: int, count: int, kind: Any = np.int64) -> NDArray[Any]:
    """Return a column of one value, which takes no memory."""
    return np.ndarray(count, kind, _single(value, kind), strides=(0,))


@cache
def _single(value: int, kind: Any) -> NDArray[Any]:
    return np.array([value], kind)


def service_by_hand(file: ScenarioFile, order_class: OrderClass, count: int) -> Ints:
    """Return service times of a class in microseconds for orders that somebody creates in a live kitchen."""
    numbers = Chance(file.seed, 1).numbers("by hand", "service", count)  # no stream has a blank in its name
    return file.service.of(order_class.value).durations(numbers)


def stream_names(file: ScenarioFile) -> list[str]:
    """Return the name of each arrival stream."""
    return [stream_name(stream, number) for number, stream in enumerate(file.arrivals, 1)]


def stream_name(stream: Stream, number: int) -> str:
    """Return the name of a stream, which is that of its place, from 1, where it has none of its own."""
    return stream.name or f"stream-{number}"


class CrewChange(NamedTuple):
    """A change of the crew: how many bots are added, or removed where that is negative, and how many there are then.

    The size is without bots that are leaving. It depends on actions alone, never on orders; ignored removals count.
    """

    time: int
    bots: int
    size: int
    is_scheduled: bool


def crew_changes(file: ScenarioFile) -> list[CrewChange]:
    """Return how the crew changes, in order of time."""
    steps = [(0, 0, file.bots.initial, False)]
    steps += [(entry.at, 1, entry.bots, False) for entry in file.timeline if entry.order is None]
    steps += [(step.at, 2, step.count, True) for step in file.bots.schedule]
    changes, size = list[CrewChange](), 0
    for time, _, number, is_scheduled in sorted(steps, key=lambda step: step[:2]):
        bots = number - size if is_scheduled else number
        size = max(0, size + bots)
        changes.append(CrewChange(time, bots, size, is_scheduled))
    return changes


def _crew(times: list[int], changes: list[int]) -> _Block:
    """Return bots added (positive changes) and removed (negative), one action each."""
    counts = np.abs(np.array(changes, np.int64))
    kinds = np.where(np.array(changes) > 0, Action.ADD_BOT, Action.REMOVE_BOT).astype(np.uint8)
    nothing = np.empty(0, np.int64)
    return _Block(
        time=np.repeat(np.array(times, np.int64), counts),
        action=np.repeat(kinds, counts),
        order_class=nothing.astype(np.uint8),
        service=nothing.view(np.uint64),
        patience=nothing.view(np.uint64),
        measured=nothing,
        stream=nothing.astype(np.int32),
    )


def _timeline(file: ScenarioFile, chance: Chance) -> _Block:
    entries = sorted(file.timeline, key=lambda entry: entry.at)
    kinds = [entry.action for entry in entries]
    counts = [abs(entry.bots) if entry.order is None else entry.count for entry in entries]
    orders = [entry for entry in entries if entry.order is not None]
    repeats = [entry.count for entry in orders]
    orders_at = Counter[int]()
    for entry in orders:
        orders_at[entry.at] += entry.count

    def numbers(laws: ByClass, purpose: str) -> Numbers:
        """Return numbers that belong to an instant and the rank among its orders: one order more moves no other."""
        if not laws.is_drawn:
            return _all(0, sum(repeats), np.uint64)
        parts = [chance.numbers("timeline", purpose, count, instant) for instant, count in orders_at.items()]
        return np.concatenate([*parts, np.empty(0, np.uint64)])

    return _Block(
        time=np.repeat(np.array([entry.at for entry in entries], np.int64), counts),
        action=np.repeat(np.array(kinds, np.uint8), counts),
        order_class=np.repeat(np.array([entry.order for entry in orders], np.uint8), repeats),
        service=numbers(file.service, "service"),
        patience=numbers(file.patience, "patience"),
        measured=np.repeat(
            np.array([NONE if entry.service is None else entry.service for entry in orders], np.int64), repeats
        ),
        stream=_all(0, sum(repeats), np.int32),
    )


def _factor(busyness: Busyness | None, name: str, chance: Chance) -> float:
    """Return how busy a day is for one stream, or for all."""
    return 1.0 if busyness is None else busyness.factor(chance.numbers(name, "busyness", 1))


def _arrivals(
    stream: Stream, name: str, number: int, end: int | None, file: ScenarioFile, chance: Chance, day: float
) -> _Block:
    factor = day * _factor(stream.busyness, name, chance)
    times = stream.times(lambda part: chance.opened(name, "arrivals", part), end, factor)
    chosen = stream.chosen(times, end)
    times, arrival = times[chosen], None  # of each order: the arrival that brings it, None where each brings one
    if stream.batch_sizes is not None:
        sizes = stream.batch_sizes.durations(chance.numbers(name, "batch", len(times)))
        if stream.limit is not None:  # it counts orders, so the batch that reaches it is cut below
            sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), stream.limit)) + 1]
        arrival = np.repeat(np.arange(len(sizes)), sizes)
        times = times[arrival]
    times = times[: stream.limit]
    count = len(times)
    if _in_run(times, file) > MOST_ORDERS:
        raise SimulationError(f"stream {name} made more than {MOST_ORDERS} orders; lower its rate or set its limit")
    if stream.trace is not None:
        placed = slice(None) if arrival is None else arrival[: stream.limit]
        order_class = stream.trace.order_class[chosen][placed][: stream.limit]
        measured = stream.trace.service[chosen][placed][: stream.limit]
    else:
        order_class, measured = _classes(stream, name, count, chance), _all(NONE, count)

    def numbers(laws: ByClass, purpose: str) -> Numbers:
        return chance.numbers(name, purpose, count) if laws.is_drawn else _all(0, count, np.uint64)

    return _Block(
        time=times,
        action=np.zeros(count, np.uint8),  # CREATE_ORDER
        order_class=order_class,
        service=numbers(file.service, "service"),
        patience=numbers(file.patience, "patience"),
        measured=measured,
        stream=_all(number, count, np.int32),
    )


def _classes(stream: Stream, name: str, count: int, chance: Chance) -> NDArray[np.uint8]:
    """Return the class of each order of a stream without a trace."""
    if stream.first_normal is None:
        return np.full(count, _VIP if stream.vip_share else _NORMAL, np.uint8)
    is_normal = chance.numbers(name, "class", count) >= stream.first_normal
    return is_normal.view(np.uint8)  # the numbers of the classes are those of false and true


def _durations(laws: ByClass, order_class: NDArray[np.uint8], numbers: Numbers) -> Ints:
    """Return the duration of each order's number under the law of its class, NONE where that has none."""
    if laws.is_empty:
        return _all(NONE, len(numbers))
    durations = _of_class(laws.NORMAL, numbers)
    if not laws.is_same:
        vips = np.flatnonzero(order_class == _VIP)
        durations[vips] = _of_class(laws.VIP, numbers[vips])
    return durations


def _of_class(law: Distribution | None, numbers: Numbers) -> Ints:
    return np.full(len(numbers), NONE) if law is None else law.durations(numbers)


def _in_run(times: Ints, file: ScenarioFile) -> int:
    """Return how many instants lie in the run; others, behind its horizon, are there for orders that are followed."""
    return len(times) if file.clock.until is None else int(times.searchsorted(file.clock.until, side="right"))


def _check_size(file: ScenarioFile, time: Ints, action: NDArray[np.uint8], service: Ints) -> None:
    """Refuse what could overflow: after the last action the kitchen needs at most the sum of all service times."""
    if len(service) > MOST_ORDERS and _in_run(time[action == _CREATE], file) > MOST_ORDERS:
        raise SimulationError(f"{file.name} made more than {MOST_ORDERS} orders; lower a rate or set a limit")
    last = int(time[-1]) if len(time) else 0
    if file.clock.until is not None or last + len(service) * LONGEST <= _LATEST:
        return
    longest = int(service.max(initial=0))
    if last + len(service) * longest > _LATEST and last + float(service.sum(dtype=np.float64)) > _LATEST:
        raise SimulationError(f"{file.name} could last longer than 100,000 years; shorten the service times")


def first_workload(file: ScenarioFile) -> Workload:
    """Return what replication 1 has: drawing it is the only way to know how many orders chance makes."""
    try:
        return Demand(file).workload(file.seed, 1)
    except WrongValueError:  # maybe of a key that decides nothing of which orders and bots come
        defaults = ScenarioFile.model_validate({"scenario": 1, "name": "stand-in"})
        stand_ins = {key: getattr(defaults, key) for key in ("service", "patience", "queue")}
        return Demand(file.model_copy(update=stand_ins)).workload(file.seed, 1)
