"""What an engine takes and gives, and the plain numbers that all engines share; docs/rules.md says what it does.

An engine is a pure function: it draws no numbers, reads no clock, and gives the same log for the same workload, bit for
bit, as every other engine. It stands behind `--engine` once it is named in `sim.engines`. The names in capitals, and
`sim.model.NONE`, are what an engine in another language must have as well.
"""

from collections.abc import Callable
from typing import Protocol, get_args

from sim.events import EventKind, EventLog
from sim.model import Action, Dispatch, OnRemove, OrderClass, OrderStatus, ReturnedTo, Workload

Progress = Callable[[int, int], None]
"""Is told from time to time how many of the actions are carried out, and how many there are."""


class Simulate(Protocol):
    """An engine: run `workload` to its horizon, or until nothing is left to happen, and return what happened."""

    def __call__(self, workload: Workload, progress: Progress | None = None) -> EventLog: ...


CREATE_ORDER, ADD_BOT, REMOVE_BOT = (action.value for action in Action)
VIP, NORMAL = (order_class.value for order_class in OrderClass)
CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, PROMOTED = (kind.value for kind in list(EventKind)[:6])
ADDED, IDLE, REMOVED, IGNORED = (kind.value for kind in list(EventKind)[6:])

PENDING, PROCESSING, COMPLETE, GONE = (status.value for status in OrderStatus)
PENDING_AGAIN = len(OrderStatus)  # its bot was removed: PENDING, but it abandons no more

ON_REMOVE, DISPATCH, RETURNED_TO = get_args(OnRemove), get_args(Dispatch), get_args(ReturnedTo)
RESTART, RESUME, FINISH = range(len(ON_REMOVE))
OLDEST, LONGEST_IDLE = range(len(DISPATCH))
PLACE, FRONT, BACK_OF_CLASS = range(len(RETURNED_TO))

COMPLETION, ABANDONMENT, PROMOTION, ACTION, HORIZON = range(5)
"""The tie rule: what is due at one instant happens in this order, and what follows from one is over before the next."""

ROOM = 2**32
"""An order's place in its class is its number times this: so many orders can be sent to the back, each behind the
newest order and the last one sent there, and before the next order that comes. Places at the front are below 0.
"""

ALL, BOTS, BUSY, LEVELS = range(2, 6)

LARGEST = 2.0**62
"""Microseconds, 146,000 years: integrals of levels beyond it do not surely fit into 64 bits."""
