"""What became of the orders of a run, and of those of many days, as an engine for volume gives it without a log."""

from typing import Any, NamedTuple

from numpy import array, bool_, float64, uint8
from numpy.typing import NDArray

from sim.model import Ints


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
