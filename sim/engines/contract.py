"""What an engine takes and gives, and the plain numbers that all engines share; docs/rules.md says what it does.

An engine is a pure function: it draws no numbers, reads no clock, and gives the same log for the same workload, bit for
bit, as every other engine. It stands behind `--engine` once it is named in `sim.engines`. The names in capitals, and
`sim.model.NONE`, are what an engine in another language must have as well.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, get_args

from numpy import array, bool_, float64, uint8
from numpy.typing import NDArray

from sim.events import EventKind, EventLog
from sim.model import Action, Dispatch, Ints, OnRemove, OrderClass, OrderStatus, ReturnedTo, Workload

Progress = Callable[[int, int], None]
"""Is told from time to time how many of the actions are carried out, and how many there are."""


class Simulate(Protocol):
    """An engine: run `workload` to its horizon, or until nothing is left to happen, and return what happened."""

    def __call__(self, workload: Workload, progress: Progress | None = None) -> EventLog: ...


class Outcome(NamedTuple):
    """What became of each order, and the levels over time: all that metrics are made of. Times are microseconds.

    Orders are those created until the end of the run, and are followed behind it, where the crew stays what it is,
    until they are completed or abandoned, at most to the instant `followed`. Levels are at breaks, the first of which
    is 0, and between them; their columns are VIP and NORMAL, the orders PENDING of each class, then ALL, BOTS and BUSY.
    """

    order_class: NDArray[uint8]  # (orders,)
    created: Ints  # (orders,)
    completed: Ints  # (orders,), NONE where it is not
    wait: Ints  # (orders,), over all stays in PENDING; so far where the order is still PENDING
    lost: Ints  # (orders,), service time thrown away by removals
    status: NDArray[uint8]  # (orders,), of OrderStatus, at the end
    final_status: NDArray[uint8]  # (orders,), likewise at the last instant
    returned: NDArray[bool_]  # (orders,)
    breaks: Ints  # (breaks,)
    levels: Ints  # (breaks + 1, LEVELS), from each break on, and at the end
    highest: Ints  # (breaks, LEVELS), from each break to the next one or the end
    area: NDArray[Any]  # (breaks, LEVELS), likewise the integral: whole microseconds, floats beyond LARGEST
    wait_time: int  # sum of all waits until the end: the integral of ALL in any run
    reach: float  # about what the largest of all integrals is: what passes 64 bits is wrong
    end: int
    followed: int


class Outcomes(NamedTuple):
    """The outcomes of some days with the same breaks, which are long columns together: see `Outcome`."""

    order_class: NDArray[uint8]  # (orders of all days,), as are those to `returned`
    created: Ints
    completed: Ints
    wait: Ints
    lost: Ints
    status: NDArray[uint8]
    final_status: NDArray[uint8]
    returned: NDArray[bool_]
    rows: Ints  # (days, 2), the first order of each day, and the first one behind it
    breaks: Ints  # (breaks,)
    levels: Ints  # (days, breaks + 1, LEVELS)
    highest: Ints  # (days, breaks, LEVELS)
    area: NDArray[Any]  # (days, breaks, LEVELS)
    wait_time: Ints  # (days,), as are the others
    reach: NDArray[float64]
    end: Ints
    followed: Ints

    @classmethod
    def of(cls, outcome: Outcome) -> "Outcomes":
        """Return the outcome of a single day."""
        columns, sums = outcome[:8], outcome[9:]
        return cls._make(
            (*columns, array([[0, len(outcome.created)]]), outcome.breaks, *(array([sum_]) for sum_ in sums))
        )

    @property
    def columns(self) -> tuple[Any, ...]:
        """The columns of orders."""
        return self[:8]

    def take(self, days: NDArray[bool_]) -> "Outcomes":
        """Return some of the days."""
        return Outcomes._make((*self[:8], self.rows[days], self.breaks, *(of_days[days] for of_days in self[10:])))

    def day(self, place: int) -> Outcome:
        """Return the outcome of one day."""
        first, last = self.rows[place]
        columns, sums = self[:8], self[10:]
        return Outcome._make(
            (*(column[first:last] for column in columns), self.breaks, *(of_day[place] for of_day in sums))
        )


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
