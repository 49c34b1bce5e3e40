"""Days that are drawn once, and the crews that are tried on them: all crews meet the same customers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine, can_compile, run_engine
from sim.engines.contract import CREATE_ORDER, DISPATCH, GONE, ON_REMOVE, PENDING, RETURNED_TO
from sim.errors import NO_MEMORY, SimulationError
from sim.metrics import attempts_of, final_of, orders_of
from sim.model import NONE, Action, Ints, OrderClass, Workload
from sim.scenario import Scenario
from sim.scenario.schedules import Schedule, Slot, plan_of, slots_of, with_schedule, without_crew
from sim.scenario.staffing import StaffPlan
from sim.scenario.workload import crew_changes

Floats = NDArray[np.float64]


class Days(NamedTuple):
    """Some replications without their crew, behind one another in columns; see `schedules.count_late`."""

    first: int  # the number of the first replication
    action_ends: Ints  # (days + 1,)
    order_ends: Ints  # (days + 1,)
    key: Ints  # (actions,)
    action: NDArray[np.uint8]  # (actions,)
    order_class: NDArray[np.uint8]  # (orders,)
    service: Ints  # (orders,)
    patience: Ints  # (orders,), or empty where everybody waits for ever
    created: Ints  # (days, slots, promises), the orders of which each promise is

    @property
    def size(self) -> int:
        """How many days they are."""
        return len(self.order_ends) - 1

    def beginning(self, count: int) -> "Days":
        """Return the first days alone."""
        return self._replace(
            action_ends=self.action_ends[: count + 1],
            order_ends=self.order_ends[: count + 1],
            created=self.created[:count],
        )


class Sample(NamedTuple):
    """How many orders each slot of each day has to which something is promised, and how many of these are hits."""

    orders: Ints  # (days, slots, promises)
    hits: Ints  # (days, slots, promises)

    @classmethod
    def of(cls, parts: "Sequence[Sample]") -> "Sample":
        """Return the days of all parts."""
        return cls(np.concatenate([part.orders for part in parts]), np.concatenate([part.hits for part in parts]))

    @classmethod
    def none(cls, kitchen: "Kitchen") -> "Sample":
        """Return no days."""
        nothing = np.zeros((0, len(kitchen.slots), len(kitchen.plan.promise)), np.int64)
        return cls(nothing, nothing)


@dataclass(frozen=True)
class Kitchen:
    """A scenario whose crew is asked for: what draws its days, and runs crews on them.

    The counts are the same in either engine. `auto` is the compiled one wherever numba is installed.
    """

    scenario: Scenario
    seed: int
    engine: Engine = "auto"

    @cached_property
    def plan(self) -> StaffPlan:
        """What the file asks of its crew."""
        return plan_of(self.scenario.file)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, in order of time."""
        return slots_of(self.scenario.file)

    @cached_property
    def edges(self) -> Ints:
        """The instants between which the slots lie, the last one behind the last order of the last slot."""
        last = self.slots[-1]
        return np.array([*(slot.start for slot in self.slots), last.stop + int(last.holds_end)], np.int64)

    @cached_property
    def is_compiled(self) -> bool:
        """Whether the compiled engine runs it."""
        return self.engine == "compiled" or (self.engine == "auto" and can_compile())

    @cached_property
    def _beyond(self) -> int:
        """How long orders are followed behind the end: later than that, whoever is PENDING is late for any promise."""
        return max(promise.limit for promise in self.plan.promise) if self.scenario.is_followed else 0

    @cached_property
    def _without_crew(self) -> Scenario:
        return replace(self.scenario, file=without_crew(self.scenario.file))

    def draw(self, first: int, count: int) -> Days:
        """Return replications `first` to before `first` + `count`, without their crew.

        Raises:
            SimulationError: a replication is too large.

        """
        workloads = self._without_crew.workloads(self.seed, range(first, first + count), self._beyond)
        columns = workloads.columns
        is_patient = (columns.patience == NONE).all()
        created = [self._orders(workload) for workload in workloads]
        return Days(
            first,
            workloads.actions,
            workloads.orders,
            _keys(columns),
            columns.action,
            np.ascontiguousarray(columns.order_class),
            np.ascontiguousarray(columns.service),
            np.empty(0, np.int64) if is_patient else np.ascontiguousarray(columns.patience),
            np.array(created, np.int64).reshape(count, len(self.slots), len(self.plan.promise)),
        )

    def offered(self, days: Days) -> Floats:
        """Return how many bots each slot would keep busy in the mean if there were always one for the next order.

        What work reaches into a slot from orders before it counts there.
        """
        created = _created(days)
        begun = np.array([np.clip(edge - created, 0, days.service).sum(dtype=float) for edge in self.edges])
        return np.diff(begun) / np.diff(self.edges) / days.size

    def arrivals(self, days: Days) -> tuple[Floats, Floats]:
        """Return how many orders of each class come to each slot in a microsecond, (slots, classes), and how many bots
        they would keep busy if each were over in its slot, (slots,).
        """
        created = _created(days)
        rates, work = np.zeros((len(self.slots), len(OrderClass))), np.zeros(len(self.slots))
        slot = self.edges.searchsorted(created, side="right") - 1
        is_within = (slot >= 0) & (slot < len(self.slots))
        np.add.at(rates, (slot[is_within], days.order_class[is_within]), 1)
        np.add.at(work, slot[is_within], days.service[is_within])
        lengths = np.diff(self.edges) * days.size
        return rates / lengths[:, np.newaxis], work / lengths

    def _orders(self, workload: Workload) -> Ints:
        """Return how many orders each slot has to which each promise is given."""
        created = workload.action_time[workload.action == CREATE_ORDER]
        if self.scenario.end is not None:
            created = created[: created.searchsorted(self.scenario.end, side="right")]
        slot = self.edges.searchsorted(created, side="right") - 1
        of_class = workload.order_class[: len(created)]
        counts = np.zeros((len(self.slots), len(self.plan.promise)), np.int64)
        for column, promise in enumerate(self.plan.promise):
            chosen = slot if promise.order_class is None else slot[of_class == promise.order_class]
            chosen = chosen[(chosen >= 0) & (chosen < len(self.slots))]
            counts[:, column] = np.bincount(chosen, minlength=len(self.slots))
        return counts

    def run(self, days: Days, schedule: Schedule) -> Sample:
        """Return how many orders of each slot are hits when its crew is that of a schedule.

        Raises:
            SimulationError: there is not enough memory.

        """
        late = np.zeros(days.created.shape, np.int64)
        crew = self._crew(schedule)
        try:
            if self.is_compiled:
                self._compiled(days, crew, late)
            else:
                for day in range(days.size):
                    self._reference(days, day, crew, late[day])
        except MemoryError:
            raise SimulationError(NO_MEMORY) from None
        return Sample(days.created, days.created - late)

    def _crew(self, schedule: Schedule) -> tuple[Ints, NDArray[np.uint8]]:
        """Return when bots are added and removed by the file's schedule or at the start, and the action of each."""
        file = with_schedule(self.scenario.file, self.slots, schedule)
        changes = [(change.time, change.bots) for change in crew_changes(file) if change.is_scheduled]
        times, bots = (np.array(column, np.int64) for column in zip((0, file.bots.initial), *changes, strict=True))
        actions = np.where(bots > 0, Action.ADD_BOT, Action.REMOVE_BOT).astype(np.uint8)
        times[0] = -1  # before all that the timeline does at the start
        return np.repeat(times, np.abs(bots)), np.repeat(actions, np.abs(bots))

    def _compiled(self, days: Days, crew: tuple[Ints, NDArray[np.uint8]], late: Ints) -> None:
        from sim.engines.compiled import cooking, schedules  # which load numba

        rules, promises = self.scenario.file, self.plan.promise
        promote_after = rules.queue.promote_after
        numbers = (
            ON_REMOVE.index(rules.bots.on_remove),
            DISPATCH.index(rules.bots.dispatch),
            RETURNED_TO.index(rules.queue.returned_to),
            NONE if promote_after is None else promote_after,
        )
        end = self.scenario.end
        fixed: tuple[Any, ...] = (
            *days[1:-1],
            *crew,
            NONE if end is None else end + self._beyond,
            cooking.NEVER if end is None else end,
            np.array(numbers, np.int64),
            self.edges,
            np.array([NONE if promise.order_class is None else promise.order_class for promise in promises], np.int64),
            np.array([promise.limit for promise in promises], np.int64),
            late,
        )
        schedules.count_late(0, days.size, *fixed)

    def _reference(self, days: Days, day: int, crew: tuple[Ints, NDArray[np.uint8]], late: Ints) -> None:
        """Count the late orders of one day by the reference engine."""
        workload = self.workload(days, day, crew)
        log = run_engine(workload, "reference")
        final = final_of(workload, log, self.scenario.end)
        orders = orders_of(workload, log, attempts_of(workload, log))
        created = orders.created[: len(final.wait)]
        slot = self.edges.searchsorted(created, side="right") - 1
        is_lost = (final.status == GONE) | (final.status == PENDING)
        is_within = (slot >= 0) & (slot < len(self.slots))
        for column, promise in enumerate(self.plan.promise):
            chosen = is_within & (is_lost | (final.wait > promise.limit))
            if promise.order_class is not None:
                chosen &= workload.order_class[: len(created)] == promise.order_class
            late[:, column] += np.bincount(slot[chosen], minlength=len(self.slots))

    def workload(self, days: Days, day: int, crew: tuple[Ints, NDArray[np.uint8]]) -> Workload:
        """Return one of some days with a crew."""
        from sim.engines.compiled import schedules

        workload = self._without_crew.workload(self.seed, days.first + day, self._beyond)
        actions = slice(days.action_ends[day], days.action_ends[day + 1])
        size = len(workload.action) + len(crew[0])
        time, action = np.empty(size, np.int64), np.empty(size, np.uint8)
        schedules.put_in(days.key[actions], days.action[actions], *crew, time, action)
        return replace(workload, action_time=time, action=action)


def _created(days: Days) -> Ints:
    """Return when each order was created."""
    created: Ints = days.key[days.action == CREATE_ORDER] >> 1
    return created


def _keys(workload: Workload) -> Ints:
    """Return twice the time of each action, and one more for the arrivals of streams."""
    is_arrival = workload.action == CREATE_ORDER
    is_arrival[is_arrival] = workload.stream > 0
    keys: Ints = 2 * workload.action_time + is_arrival
    return keys
