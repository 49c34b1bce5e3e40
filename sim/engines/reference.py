"""The reference engine: the rules of docs/rules.md as SimPy processes, to be read from top to bottom.

Bots and the manager are processes. PENDING is two priority stores, VIP and NORMAL; idle bots wait in a third. Our
events rank behind SimPy's own, so that all that follows from one of them (a pick-up, a bot going idle, an interrupt) is
over before the next begins; their ranks are the tie rules of one instant.
"""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from itertools import count
from struct import Struct
from typing import Any

from simpy import Environment, Event, Interrupt, PriorityStore, Process

from sim.engines.contract import (
    ABANDONED,
    ABANDONMENT,
    ACTION,
    ADD_BOT,
    ADDED,
    COMPLETED,
    COMPLETION,
    CREATE_ORDER,
    CREATED,
    GONE,
    HORIZON,
    IDLE,
    IGNORED,
    NORMAL,
    PENDING,
    PENDING_AGAIN,
    PICKED_UP,
    PROCESSING,
    PROMOTED,
    PROMOTION,
    REMOVED,
    RETURNED,
    ROOM,
    VIP,
    Progress,
)
from sim.events import EventLog
from sim.model import NONE, Workload

FIRST_RANK = 2  # behind SimPy's 0 and 1
CHUNK = 10_000

Steps = Generator[Event, Any, None]


class Alarm(Event):
    """An event to be set again and again: one object for each process instead of one for each wait."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._ok, self._value = True, None  # what SimPy asks of an event that is due
        self._schedule = env.schedule

    def set(self, rank: int, delay: int) -> "Alarm":
        """Ring after `delay` microseconds, behind all events of a lower rank at that instant."""
        self.callbacks = []  # SimPy has taken the list away when it rang last
        self._schedule(self, FIRST_RANK + rank, delay)  # type: ignore[arg-type]  # our ranks go on after SimPy's
        return self


class Bot(Process):
    """A bot: a process that knows its number, the order it works on, and whether it leaves after that."""

    def __init__(self, kitchen: "Kitchen", number: int) -> None:
        self.number = number
        self.order = NONE
        self.leaving = False
        super().__init__(kitchen.env, kitchen.work(self))


def logger(records: bytearray) -> Callable[[float, int, int, int], None]:
    """Return a function that appends an event to `records`; SimPy types times as `float`."""
    pack, extend = Struct("<qiiB").pack, records.extend  # the fields of `sim.events.RECORD`

    def log(time: float, kind: int, order: int, bot: int) -> None:
        extend(pack(time, order, bot, kind))

    return log


class Kitchen:
    """The state of one run and the processes that change it."""

    def __init__(self, workload: Workload, progress: Progress | None) -> None:
        self.workload, self.rules, self.progress = workload, workload.rules, progress
        self.env = Environment()
        # Nobody waits for these stores: `heappush` and `heappop` work on their items, (place, item), at once.
        self.pending = PriorityStore(self.env), PriorityStore(self.env)  # by OrderClass
        self.idle = PriorityStore(self.env)
        self.crew: list[Bot] = []  # those that can be removed, newest last
        self.numbers, self.turns = count(1), count(1)
        self.created = 0
        self.order_class = workload.order_class.tolist()
        self.need = workload.service.tolist()
        self.state = bytearray(len(self.need))  # PENDING at first; PROCESSING also when complete, as no rule asks
        self.promoted = bytearray(len(self.need))
        self.overdue: set[int] = set()  # orders that were not PENDING when they reached the age of promotion
        self.records = bytearray()
        self.log = logger(self.records)

    def work(self, me: Bot) -> Steps:
        """Work off PENDING, VIP before NORMAL; wait idle when nothing is there; leave when removed."""
        # Locals: a bot does this for each order, and looking names up in `self` takes as long as the work.
        env, log, need, state, promoted, number = self.env, self.log, self.need, self.state, self.promoted, me.number
        vip, normal = (line.items for line in self.pending)
        alarm, inbox, now = Alarm(env), Event(env), env.now
        log(now, ADDED, NONE, number)
        try:
            while not me.leaving:
                if vip:
                    _, order = heappop(vip)
                elif normal:
                    _, order = heappop(normal)
                    if promoted[order]:
                        continue  # it stands among the VIPs
                else:
                    log(now, IDLE, NONE, number)
                    me.order, inbox = NONE, Event(env)
                    heappush(self.idle.items, (self.turn(me), inbox))
                    order = yield inbox
                    now = env.now
                if state[order] == GONE:
                    continue  # nothing is taken out of the middle of PENDING: who meets it passes it by
                me.order, state[order] = order, PROCESSING
                log(now, PICKED_UP, order, number)
                yield alarm.set(COMPLETION, need[order])
                now = env.now
                log(now, COMPLETED, order, number)
            log(now, REMOVED, NONE, number)
        except Interrupt:  # from `remove`, at one of the two waits; SimPy has let go of what this bot waited for
            log(env.now, REMOVED, NONE, number)
            if me.order == NONE:
                return  # its place among the idle bots is passed by when its turn comes
            if self.rules.on_remove == "resume":
                need[me.order] -= env.now - now
            log(env.now, RETURNED, me.order, number)
            state[me.order] = PENDING_AGAIN
            self.to_pending(me.order, self.place_of_returned(me.order))
            if me.order in self.overdue:
                self.at(PROMOTION, 0, self.promote, me.order)  # a new event, for the pick-up by an idle bot goes first

    def turn(self, bot: Bot) -> int:
        """Return the place of an idle bot."""
        return next(self.turns) if self.rules.dispatch == "longest-idle" else bot.number

    def to_pending(self, order: int, place: int) -> None:
        """Add an order to PENDING; an idle bot, if there is one, takes it at once."""
        while self.idle.items:
            inbox = heappop(self.idle.items)[1]
            if inbox.callbacks:  # a bot waits for it; one that was removed does not
                inbox.succeed(order)
                return
        heappush(self.pending[self.order_class[order]].items, (place, order))

    def place_of_returned(self, order: int) -> int:
        """Return the place in its class of an order whose bot was removed; see ROOM."""
        match self.rules.returned_to:
            case "place":
                return order * ROOM
            case "front":
                return -next(self.turns)
            case "back":
                return (self.created - 1) * ROOM + next(self.turns)

    def at(self, rank: int, delay: int, act: Callable[[int], None], order: int) -> None:
        """Call `act` with an order after `delay` microseconds; those due at once come in order of number."""
        alarm = Alarm(self.env).set(rank, delay)
        alarm.callbacks = [lambda _: act(order)]

    def abandon(self, order: int) -> None:
        """Let an order go that no bot has picked up until its patience ended."""
        if self.state[order] == PENDING:
            self.state[order] = GONE
            self.log(self.env.now, ABANDONED, order, NONE)

    def promote(self, order: int) -> None:
        """Serve a NORMAL order as a VIP from now on, by its number, or after its return when it is with a bot."""
        if self.state[order] == PROCESSING:
            self.overdue.add(order)
        elif self.state[order] != GONE and not self.promoted[order]:
            self.order_class[order], self.promoted[order] = VIP, True
            heappush(self.pending[VIP].items, (order * ROOM, order))
            self.log(self.env.now, PROMOTED, order, NONE)

    def manager(self) -> Steps:
        """Carry out the workload's actions, one at a time."""
        alarm, log, now, total = Alarm(self.env), self.log, 0, len(self.workload.action)
        patience, promote_after = self.workload.patience.tolist(), self.rules.promote_after
        impatient = max(patience, default=NONE) != NONE
        for start in range(0, total, CHUNK):
            if self.progress:
                self.progress(start, total)
            times = self.workload.action_time[start : start + CHUNK].tolist()
            actions = self.workload.action[start : start + CHUNK].tolist()
            for time, action in zip(times, actions, strict=True):
                # A wait also when nothing passes: what follows from the action before comes first, as do completions.
                yield alarm.set(ACTION, time - now)
                now = time
                if action == CREATE_ORDER:
                    order = self.created
                    self.created += 1
                    log(now, CREATED, order, NONE)
                    self.to_pending(order, order * ROOM)
                    if impatient and patience[order] != NONE:
                        self.at(ABANDONMENT, patience[order], self.abandon, order)
                    if promote_after is not None and self.order_class[order] == NORMAL:
                        self.at(PROMOTION, promote_after, self.promote, order)
                elif action == ADD_BOT:
                    self.crew.append(Bot(self, next(self.numbers)))
                elif self.crew:
                    self.remove(self.crew.pop())
                else:
                    log(now, IGNORED, NONE, NONE)

    def remove(self, bot: Bot) -> None:
        """Remove a bot, busy or idle; with `finish` a busy one stays until its order is complete."""
        if bot.order != NONE and self.rules.on_remove == "finish":
            bot.leaving = True
        else:
            bot.interrupt()


def simulate(workload: Workload, progress: Progress | None = None) -> EventLog:
    """Run `workload` and return its event log; `progress` is told actions done and actions in all."""
    kitchen = Kitchen(workload, progress)
    kitchen.env.process(kitchen.manager())
    if workload.horizon is None:
        kitchen.env.run()
    else:
        kitchen.env.run(until=Alarm(kitchen.env).set(HORIZON, workload.horizon))
    return EventLog.from_records(kitchen.records, workload)
