"""From a scenario to the workload of one replication: the only place where chance enters.

For each order and purpose one number is drawn, whatever its class; each distribution is then applied to these numbers.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimulationError
from sim.model import Ints, OrderClass, Rules, Workload, Workloads
from sim.scenario import sources
from sim.scenario.arrivals import Stream
from sim.scenario.generators import Chance
from sim.scenario.mapping import WrongValueError
from sim.scenario.parts import MOST_ORDERS
from sim.scenario.schema import ScenarioFile
from sim.scenario.sources import CREATE, Kernel, Source, all_of, in_run
from sim.units import LONGEST

_LATEST = 2**62


class Demand:
    """What a scenario asks of the kitchen, ready to be drawn; what is the same every time is worked out once."""

    def __init__(self, file: ScenarioFile) -> None:
        self.file = file
        self.names = ("timeline", *stream_names(file))
        self.rules = Rules(file.bots.on_remove, file.bots.dispatch, file.queue.returned_to, file.queue.promote_after)
        self.initial = sources.crew([0], [file.bots.initial])
        scheduled = [change for change in crew_changes(file) if change.is_scheduled]
        self.schedule = sources.crew([change.time for change in scheduled], [change.bots for change in scheduled])

    def workloads(
        self, seed: int, replications: Sequence[int], beyond: int = 0, kernel: Kernel | None = None
    ) -> Workloads:
        """Return the workloads of `replications` (from 1) under `seed`; arrivals go on `beyond` the horizon.

        Each is the same however many are drawn at once, and with a `kernel` or without. Small ones take much less time
        together.

        Raises:
            SimulationError: chance made too many orders, or the simulated time could overflow.

        """
        file, days = self.file, [Chance(seed, replication) for replication in replications]
        horizon = None if file.clock.until is None else file.clock.until + beyond
        parts = self._sources(days, horizon, kernel)
        length = 1 + max(int(part.time.max(initial=0)) for part in parts)  # of the longest day
        if len(days) * length > _LATEST and len(days) > 1:
            return Workloads.join([self.workloads(seed, [day], beyond, kernel).columns for day in replications])
        time, action = sources.joined([part.time for part in parts]), sources.joined([part.action for part in parts])
        with_orders = [part for part in parts if len(part.service)] or parts[:1]
        counts = np.array([part.counts for part in parts])
        actions = counts.sum(axis=0)
        rows: Any = slice(None)
        is_sorted = len(days) == 1 and _are_in_order(parts)
        if kernel is not None and not is_sorted:
            time, action, order_rows, is_sorted = kernel.merged(time, action, counts)
            if is_sorted and len(with_orders) > 1:
                rows = order_rows
        if not is_sorted:
            begin = np.arange(len(days)) * length  # as if days followed each other
            time = time + np.concatenate([np.repeat(begin, part.counts) for part in parts])
            in_time = time.argsort(kind="stable")
            if len(with_orders) > 1:
                is_order = action == CREATE
                rows = (is_order.cumsum() - 1)[in_time[is_order[in_time]]]
            time, action = time[in_time] - np.repeat(begin, actions), action[in_time]

        columns: Any = with_orders[0][3:]
        if len(with_orders) > 1:
            columns = [_merged(of_parts, rows) for of_parts in zip(*(part[3:] for part in with_orders), strict=True)]
        order_class, service, patience, stream_of_order = columns
        workload = Workload(
            action_time=time,
            action=action,
            order_class=order_class,
            service=service,
            patience=patience,
            stream=stream_of_order,
            stream_names=self.names,
            first_number=file.orders.first_number,
            horizon=horizon,
            rules=self.rules,
        )
        orders = np.sum([part.orders for part in parts], axis=0)
        workloads = Workloads(workload, np.cumsum([0, *actions]), np.cumsum([0, *orders]))
        _check_sizes(file, workloads, length)
        return workloads

    def _sources(self, days: sources.Days, horizon: int | None, kernel: Kernel | None) -> list[Source]:
        """Return all sources of actions. What happens at one instant happens in their order, which sorting keeps."""
        file = self.file
        parts = [sources.each_day(self.initial, len(days))]
        if file.timeline:
            parts.append(sources.timeline(file, days))
        parts.append(sources.each_day(self.schedule, len(days)))
        factors = [sources.factor(file.busyness, "day", chance) for chance in days]
        for number, stream in enumerate(file.arrivals, 1):
            end = stream.end(file.clock.until if stream.trace is not None else horizon)
            parts.append(sources.arrivals(stream, self.names[number], number, end, file, days, factors, kernel))
        return parts if horizon is None else [part.until(horizon) for part in parts]


def _are_in_order(parts: list[Source]) -> bool:
    """Whether actions are sorted when each source begins behind the one before."""
    last = 0
    for part in parts:
        if len(part.time):
            if part.time[0] < last:
                return False
            last = part.time[-1]
    return True


def _merged(columns: Sequence[NDArray[Any]], rows: Any) -> NDArray[Any]:
    """Return one column of all sources, in some order; one value for all stays so."""
    if all(column.strides == (0,) for column in columns) and len({int(column[0]) for column in columns}) == 1:
        return all_of(int(columns[0][0]), sum(map(len, columns)), columns[0].dtype)
    merged: NDArray[Any] = np.concatenate(columns)[rows]
    return merged


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


def _check_sizes(file: ScenarioFile, workloads: Workloads, length: int) -> None:
    """Refuse what could overflow; days are shorter than `length`."""
    most = int(np.diff(workloads.orders).max())
    if most <= MOST_ORDERS and (file.clock.until is not None or length + most * LONGEST <= _LATEST):
        return
    for workload in workloads:
        _check_size(file, workload)


def _check_size(file: ScenarioFile, workload: Workload) -> None:
    """Refuse what could overflow: after the last action the kitchen needs at most the sum of all service times."""
    time, service = workload.action_time, workload.service
    if len(service) > MOST_ORDERS and in_run(time[workload.action == CREATE], file) > MOST_ORDERS:
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
        return Demand(file).workloads(file.seed, [1]).columns
    except WrongValueError:  # maybe of a key that decides nothing of which orders and bots come
        defaults = ScenarioFile.model_validate({"scenario": 1, "name": "stand-in"})
        stand_ins = {key: getattr(defaults, key) for key in ("service", "patience", "queue")}
        return Demand(file.model_copy(update=stand_ins)).workloads(file.seed, [1]).columns
