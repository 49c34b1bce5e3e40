"""What drawn days say of schedules: how far each promise is kept or broken in each slot."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.experiment.staffing.days import Days, Floats, Kitchen, Sample
from sim.scenario.schedules import Schedule


class Trial(NamedTuple):
    """A schedule on some days: how many orders more than promised are hits, by slot and promise, on a day's average."""

    surplus: Floats  # (slots, promises), below 0 where a promise is broken; infinite where nobody comes
    error: Floats  # (slots, promises), its standard error
    orders: Floats  # (slots, promises), on a day's average

    def slack(self, margin: float) -> Floats:
        """Return what is left of the surplus behind a margin of so many standard errors."""
        return self.surplus - margin * self.error

    def shortfall(self, margin: float) -> float:
        """Return how many hits all slots lack together."""
        return float(-np.minimum(self.slack(margin), 0).sum())

    def holds(self, margin: float) -> bool:
        """Whether each promise is kept in each slot."""
        return bool((self.slack(margin) >= 0).all())

    def broken_slots(self, margin: float) -> NDArray[np.bool_]:
        """Return which slots break a promise."""
        is_broken: NDArray[np.bool_] = np.any(self.slack(margin) < 0, axis=1)
        return is_broken

    def weakest(self) -> tuple[int, int]:
        """Return the slot and the promise that are broken most clearly."""
        clearness = np.where(self.surplus < 0, self.surplus / np.maximum(self.error, 1e-12), np.inf)
        slot, promise = np.unravel_index(int(np.argmin(clearness)), clearness.shape)
        return int(slot), int(promise)

    def slack_of_slots(self, margin: float) -> Floats:
        """Return the slack of the worst promise of each slot, as a share of its orders."""
        shares: Floats = (self.slack(margin) / np.maximum(self.orders, 1e-9)).min(axis=1)
        return shares


_GLANCE = 8  # the part of the days that tells of most schedules that they will not do
_HOPELESS = 4  # standard errors by which a promise is broken then


class Trials:
    """Schedules on the same days, each of which is run once."""

    def __init__(self, kitchen: Kitchen, days: Days) -> None:
        self.kitchen = kitchen
        self.days = days
        self._glance = days.beginning(days.size // _GLANCE)
        self.shares = np.array([promise.share for promise in kitchen.plan.promise])
        self._known: dict[Schedule, Trial] = {}

    @property
    def count(self) -> int:
        """How many schedules were run on all days."""
        return len(self._known)

    def of(self, schedule: Schedule) -> Trial:
        """Return what the days say of a schedule."""
        if schedule not in self._known:
            self._known[schedule] = _trial(self.kitchen.run(self.days, schedule), self.shares)
        return self._known[schedule]

    def holds(self, schedule: Schedule, margin: float) -> bool:
        """Whether a schedule keeps each promise in each slot; few days are enough where it clearly does not."""
        if schedule not in self._known and self._glance.size > 1:
            glance = _trial(self.kitchen.run(self._glance, schedule), self.shares)
            if glance.broken_slots(-_HOPELESS).any():
                return False
        return self.of(schedule).holds(margin)


def _trial(sample: Sample, shares: Floats) -> Trial:
    surplus = sample.hits - shares * sample.orders
    days = len(surplus)
    error = surplus.std(axis=0, ddof=1) / np.sqrt(days) if days > 1 else np.zeros(surplus.shape[1:])
    nobody = sample.orders.sum(axis=0) == 0
    return Trial(np.where(nobody, np.inf, surplus.mean(axis=0)), error, sample.orders.mean(axis=0))
