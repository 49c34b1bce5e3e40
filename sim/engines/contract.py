"""What an engine takes and gives, and the plain numbers that all engines share; docs/rules.md says what it does.

An engine is a pure function: it draws no numbers, reads no clock, and gives the same log for the same workload, bit for
bit, as every other engine. It stands behind `--engine` once it is named in `sim.engines`. The names in capitals, and
`sim.model.NONE`, are what an engine in another language must have as well.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, get_args

from numpy import bool_, uint8
from numpy.typing import NDArray

from sim.events import EventKind, EventLog
from sim.model import Action, Dispatch, Ints, OnRemove, OrderClass, OrderStatus, ReturnedTo, Workload

Progress = Callable[[int, int], None]
"""Is told from time to time how many of the actions are carried out, and how many there are."""


class Simulate(Protocol):
    """An engine: run `workload` to its horizon, or until nothing is left to happen, and return what happened."""

    def __call__(self, workload: Workload, progress: Progress | None = None) -> EventLog: ...


class Outcome(NamedTuple):
    """What an engine may give in place of a log, for volume: what became of each order, and the levels over time.

    Times are microseconds. What is counted or integrated is so from `start` on, the end of the warm-up; the columns of
    levels are VIP and NORMAL, the orders PENDING of each class, then ALL, BOTS and BUSY.
    """

    order_class: NDArray[uint8]  # (orders,), of those that were created
    created: Ints  # (orders,)
    wait: Ints  # (orders,), over all stays in PENDING; so far where the order is PENDING at the end
    flow: Ints  # (orders,), NONE where it is not complete
    status: NDArray[uint8]  # (orders,), of OrderStatus
    returned: NDArray[bool_]  # (orders,)
    levels: Ints  # (3, LEVELS): at the end, the highest, and the integrals
    by_class: Ints  # (2, classes): time lost to removals, of orders created from the start on; completions after it
    queue: Ints  # (classes, instants), orders PENDING at the instants that were asked for
    queue_time: int  # integral of all PENDING from time 0 on
    wait_time: int  # sum of `wait`: the same as `queue_time` in any run
    reach: float  # about what the largest of all integrals is: what passes 64 bits is wrong
    start: int
    end: int


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
