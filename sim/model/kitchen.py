"""The kitchen: order classes and states, and the workload that an engine runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = -1
"""Stands in integer columns for "does not apply"."""


Ints = NDArray[np.int64]


class Coded(NamedTuple):
    """A column of words, stored as their numbers in `names`; NONE for no word."""

    codes: NDArray[Any]
    names: tuple[str, ...]


Table = dict[str, NDArray[Any] | Coded | list[str]]
"""Columns of equal length by name: whole numbers with NONE for "unknown", or words."""


class OrderClass(IntEnum):
    """The class of an order, in the order in which classes are served."""

    VIP = 0
    NORMAL = 1


class OrderStatus(IntEnum):
    """The state of an order, in the words of the brief."""

    PENDING = 0
    PROCESSING = 1
    COMPLETE = 2
    ABANDONED = 3


class Action(IntEnum):
    """What happens to the kitchen from outside."""

    CREATE_ORDER = 0
    ADD_BOT = 1
    REMOVE_BOT = 2


OnRemove = Literal["restart", "resume", "finish"]
Dispatch = Literal["oldest", "longest-idle"]
ReturnedTo = Literal["place", "front", "back"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The choices a scenario makes among the rules of the kitchen: what becomes of the order of a busy bot
    that is removed, which idle bot takes an order, where in its class a returned order stands, and the age in
    microseconds at which a NORMAL order is promoted, None for never.
    """

    on_remove: OnRemove = "restart"
    dispatch: Dispatch = "oldest"
    returned_to: ReturnedTo = "place"
    promote_after: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """All that happens to the kitchen from outside, with every random number already drawn.

    Actions are sorted by time; those of one instant stand in the order in which they act. The k-th
    `CREATE_ORDER` creates order `first_number + k`, to which row k of the order columns belongs.
    Times are microseconds. `horizon` is None for a run that ends when nothing is left to happen.
    """

    action_time: NDArray[np.int64]  # (actions,)
    action: NDArray[np.uint8]  # (actions,), of Action
    order_class: NDArray[np.uint8]  # (orders,), of OrderClass
    service: NDArray[np.int64]  # (orders,)
    patience: NDArray[np.int64]  # (orders,), NONE for ever
    stream: NDArray[np.int32]  # (orders,), index into stream_names
    stream_names: tuple[str, ...]
    first_number: int
    horizon: int | None
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class Workloads:
    """The workloads of some days, with the same rules and horizon, in long columns."""

    columns: Workload  # of all days, one after the other
    actions: Ints  # (days + 1,), where the actions of a day begin, and where those of the last one end
    orders: Ints  # (days + 1,), likewise

    @classmethod
    def join(cls, days: Sequence[Workload]) -> "Workloads":
        """Return the workloads of some days in columns."""
        names = ("action_time", "action", "order_class", "service", "patience", "stream")
        columns: dict[str, Any] = {}
        if len(days) > 1:
            columns = {name: np.concatenate([getattr(day, name) for day in days]) for name in names}
        actions, orders = [len(day.action) for day in days], [len(day.service) for day in days]
        return cls(replace(days[0], **columns), np.cumsum([0, *actions]), np.cumsum([0, *orders]))

    def __len__(self) -> int:
        """Return the number of days."""
        return len(self.actions) - 1

    def __iter__(self) -> Iterator[Workload]:
        """Yield the workload of each day."""
        return map(self.day, range(len(self)))

    def day(self, place: int) -> Workload:
        """Return the workload of one day."""
        actions = slice(self.actions[place], self.actions[place + 1])
        orders = slice(self.orders[place], self.orders[place + 1])
        columns = self.columns
        return replace(
            columns,
            action_time=columns.action_time[actions],
            action=columns.action[actions],
            order_class=columns.order_class[orders],
            service=columns.service[orders],
            patience=columns.patience[orders],
            stream=columns.stream[orders],
        )
