"""The reference engine: the rules of docs/rules.md as SimPy processes, to be read from top to bottom.

Bots and the manager are processes. PENDING is two priority stores, VIP and NORMAL; idle bots wait in a
third. Our events rank behind SimPy's own (0 and 1), so that all that follows from one of them (a pick-up,
a bot going idle, an interrupt) is over before the next begins; their ranks are the tie rules of one instant.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from struct import Struct
from typing import Any

from simpy import Environment, Event, Interrupt, PriorityStore, Process

from sim.events import EventKind, EventLog
from sim.model import NONE, Action, OrderClass, Workload

COMPLETION, ACTION, HORIZON = 2, 3, 4
ROOM = 2**32  # between the places of two orders, for those sent to the back
CHUNK = 10_000

CREATED, PICKED_UP, COMPLETED, RETURNED = (int(kind) for kind in list(EventKind)[:4])
ADDED, IDLE, REMOVED, IGNORED = (int(kind) for kind in list(EventKind)[6:])

Steps = Generator[Event, Any, None]
Progress = Callable[[int, int], None]


class Alarm(Event):
    """An event to be set again and again: one object for each process instead of one for each wait."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._ok, self._value, self._schedule = True, None, env.schedule

    def set(self, rank: int, delay: int) -> "Alarm":
        """Ring after `delay` microseconds, behind all events of a lower rank at that instant."""
        self.callbacks = []
        self._schedule(self, rank, delay)  # type: ignore[arg-type]  # our ranks go on after SimPy's
        return self


class Line(PriorityStore):
    """A priority store that nobody waits for: items go in and out at once, without an event."""

    def add(self, place: int, item: Any) -> None:
        """Put `item` in at its place; places are unique."""
        heappush(self.items, (place, item))

    def take(self) -> Any:
        """Take the first item out."""
        return heappop(self.items)[1]

    def drop(self, item: Any) -> None:
        """Take out one item, wherever it stands."""
        self.items[:] = [entry for entry in self.items if entry[1] is not item]
        heapify(self.items)


@dataclass(slots=True, eq=False)
class Bot:
    """A bot: its number, what it works on, and where an idle one gets its next order."""

    number: int
    inbox: Event
    order: int | None = None
    leaving: bool = False
    process: Process | None = None


def logger(env: Environment, records: bytearray) -> Callable[[int, int, int], None]:
    """Return a function that appends an event to `records`; a closure, since it is called most of all."""
    pack, extend = Struct("<qiiB").pack, records.extend

    def log(kind: int, order: int, bot: int) -> None:
        extend(pack(env.now, order, bot, kind))

    return log


class Kitchen:
    """The state of one run and the processes that change it."""

    def __init__(self, workload: Workload, progress: Progress | None) -> None:
        self.workload, self.rules, self.progress = workload, workload.rules, progress
        self.env = Environment()
        self.vip, self.normal = Line(self.env), Line(self.env)
        self.idle = Line(self.env)
        self.crew: list[Bot] = []  # those that can be removed, newest last
        self.bots, self.turns = count(1), count(1)
        self.created = 0
        self.need = workload.service.tolist()
        self.is_vip = (workload.order_class == OrderClass.VIP).tolist()
        self.records = bytearray()
        self.log = logger(self.env, self.records)

    def bot(self, me: Bot) -> Steps:
        """Work off PENDING, VIP before NORMAL; wait idle when nothing is there; leave when removed."""
        env, log, need, vip, normal = self.env, self.log, self.need, self.vip, self.normal
        alarm, began = Alarm(env), env.now
        log(ADDED, NONE, me.number)
        try:
            while not me.leaving:
                if vip.items:
                    order = vip.take()
                elif normal.items:
                    order = normal.take()
                else:
                    log(IDLE, NONE, me.number)
                    order = yield self.wait_for_order(me)
                me.order, began = order, env.now
                log(PICKED_UP, order, me.number)
                yield alarm.set(COMPLETION, need[order])
                log(COMPLETED, order, me.number)
                me.order = None
            log(REMOVED, NONE, me.number)
        except Interrupt:
            log(REMOVED, NONE, me.number)
            if me.order is None:
                self.idle.drop(me)
                return
            if self.rules.on_remove == "resume":
                need[me.order] -= env.now - began
            log(RETURNED, me.order, me.number)
            self.to_pending(me.order, self.place_of_returned(me.order))

    def wait_for_order(self, me: Bot) -> Event:
        me.inbox = self.env.event()
        longest_idle = self.rules.dispatch == "longest-idle"
        self.idle.add(next(self.turns) if longest_idle else me.number, me)
        return me.inbox

    def to_pending(self, order: int, place: int) -> None:
        """Add an order to PENDING; an idle bot, if there is one, takes it at once."""
        if self.idle.items:
            self.idle.take().inbox.succeed(order)
        else:
            (self.vip if self.is_vip[order] else self.normal).add(place, order)

    def place_of_returned(self, order: int) -> int:
        match self.rules.returned_to:
            case "place":
                return order * ROOM
            case "front":
                return -next(self.turns)
            case "back":
                return (self.created - 1) * ROOM + next(self.turns)

    def manager(self) -> Steps:
        """Carry out the workload's actions, one at a time."""
        env, alarm, total = self.env, Alarm(self.env), len(self.workload.action)
        for start in range(0, total, CHUNK):
            if self.progress:
                self.progress(start, total)
            times = self.workload.action_time[start : start + CHUNK].tolist()
            actions = self.workload.action[start : start + CHUNK].tolist()
            for time, action in zip(times, actions, strict=True):
                yield alarm.set(ACTION, time - env.now)
                if action == Action.CREATE_ORDER:
                    order = self.created
                    self.created += 1
                    self.log(CREATED, order, NONE)
                    self.to_pending(order, order * ROOM)
                elif action == Action.ADD_BOT:
                    self.add_bot()
                else:
                    self.remove_bot()

    def add_bot(self) -> None:
        bot = Bot(next(self.bots), self.env.event())
        bot.process = self.env.process(self.bot(bot))
        self.crew.append(bot)

    def remove_bot(self) -> None:
        """Remove the newest bot, busy or idle; with `finish` a busy one stays until its order is complete."""
        if not self.crew:
            self.log(IGNORED, NONE, NONE)
            return
        bot = self.crew.pop()
        if bot.order is not None and self.rules.on_remove == "finish":
            bot.leaving = True
        elif bot.process is not None:
            bot.process.interrupt()


def simulate(workload: Workload, progress: Progress | None = None) -> EventLog:
    """Run `workload` and return its event log; `progress` is told actions done and actions in all."""
    kitchen = Kitchen(workload, progress)
    kitchen.env.process(kitchen.manager())
    if workload.horizon is None:
        kitchen.env.run()
    else:
        kitchen.env.run(until=Alarm(kitchen.env).set(HORIZON, workload.horizon))
    return EventLog.from_records(kitchen.records, workload)
