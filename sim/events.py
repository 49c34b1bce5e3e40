"""The event log: what happened, in columns, with its fingerprint."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model import NONE, OrderClass, Workload

_CHUNK = 65_536


class EventKind(IntEnum):
    """What happened. The numbers are part of the fingerprint and never change."""

    ORDER_CREATED = 0
    ORDER_PICKED_UP = 1
    ORDER_COMPLETED = 2
    ORDER_RETURNED = 3
    ORDER_ABANDONED = 4
    ORDER_PROMOTED = 5
    BOT_ADDED = 6
    BOT_IDLE = 7
    BOT_REMOVED = 8
    REMOVE_IGNORED = 9

    @property
    def label(self) -> str:
        """The name in files and tables, such as `order_created`."""
        return self.name.lower()


class Event(NamedTuple):
    """One row of the log; `time` in microseconds, None where a column does not apply."""

    seq: int
    time: int
    kind: EventKind
    order: int | None
    order_class: OrderClass | None
    bot: int | None


RECORD = np.dtype([("time", "<i8"), ("order", "<i4"), ("bot", "<i4"), ("kind", "u1")])
"""How an engine writes an event: packed little-endian, the order as its row in the workload."""

_FINGERPRINTED = np.dtype([*RECORD.descr, ("order_class", "u1")])


@dataclass(frozen=True, slots=True)
class EventLog:
    """The trajectory of one run as columns of equal length, in the order in which things happened.

    `end` is the instant at which the run stopped, in microseconds: its horizon, or its last event.
    """

    time: NDArray[np.int64]  # (events,), microseconds
    kind: NDArray[np.uint8]  # (events,), of EventKind
    order: NDArray[np.int32]  # (events,), order number or NONE
    order_class: NDArray[np.int8]  # (events,), of OrderClass or NONE
    bot: NDArray[np.int32]  # (events,), bot number or NONE
    end: int

    @classmethod
    def from_records(cls, records: bytes | bytearray, workload: Workload) -> "EventLog":
        """Return the log of an engine's packed RECORDs, whose orders are rows of `workload`."""
        rows = np.frombuffer(records, RECORD)
        has_order = rows["order"] != NONE
        time = np.ascontiguousarray(rows["time"])
        order_class = np.full(len(rows), NONE, np.int8)
        order_class[has_order] = workload.order_class[rows["order"][has_order]]
        last = int(time[-1]) if len(time) else 0
        return cls(
            time=time,
            kind=np.ascontiguousarray(rows["kind"]),
            order=np.where(has_order, rows["order"] + np.int32(workload.first_number), np.int32(NONE)),
            order_class=order_class,
            bot=np.ascontiguousarray(rows["bot"]),
            end=last if workload.horizon is None else workload.horizon,
        )

    def part(self, first: int, last: int, end: int) -> "EventLog":
        """Return a log of the events from row `first` to before row `last`, whose run ended at `end`."""
        columns = (self.time, self.kind, self.order, self.order_class, self.bot)
        return EventLog(*[column[first:last] for column in columns], end=end)  # type: ignore[misc, arg-type]

    def until(self, end: int) -> "EventLog":
        """Return the log of the same run as it ended at an earlier instant."""
        return self.part(0, int(np.searchsorted(self.time, end, side="right")), end)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.time)

    def __iter__(self) -> Iterator[Event]:
        """Yield the events one by one."""
        return self.between(0, len(self))

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield time, kind, order, class and bot of each event from row `start` to before row `stop` as plain numbers,
        which is some times as fast; never all at once, since Python's numbers take much memory.
        """
        columns = (self.time, self.kind, self.order, self.order_class, self.bot)
        for first in range(start, stop, _CHUNK):
            chunk = slice(first, min(first + _CHUNK, stop))
            yield from zip(*(column[chunk].tolist() for column in columns), strict=True)

    def between(self, start: int, stop: int) -> Iterator[Event]:
        """Yield the events from row `start` to before row `stop`."""
        kinds, classes = tuple(EventKind), tuple(OrderClass)
        for seq, (time, kind, order, order_class, bot) in enumerate(self.rows(start, stop), start):
            yield Event(
                seq,
                time,
                kinds[kind],
                None if order == NONE else order,
                None if order_class == NONE else classes[order_class],
                None if bot == NONE else bot,
            )

    def first_difference(self, log: "EventLog") -> int | None:
        """Return the row of the first event that is not the same in `log`, None if there is none."""
        shared = min(len(self), len(log))
        differs = np.zeros(shared, bool)
        for name in ("time", "kind", "order", "order_class", "bot"):
            differs |= getattr(self, name)[:shared] != getattr(log, name)[:shared]
        differing = np.flatnonzero(differs)
        if len(differing):
            return int(differing[0])
        return None if len(self) == len(log) else shared

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256 of all rows in a fixed little-endian form."""
        digest = hashlib.sha256()
        for start in range(0, len(self), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            rows = np.empty(len(self.time[chunk]), _FINGERPRINTED)
            for name in ("time", "order", "bot", "kind"):
                rows[name] = getattr(self, name)[chunk]
            rows["order_class"] = self.order_class[chunk].view(np.uint8)
            digest.update(rows.tobytes())
        return digest.hexdigest()[:16]
