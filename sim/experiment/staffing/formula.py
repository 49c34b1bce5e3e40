"""What queueing theory says of each slot alone: Erlang C by slots, as tools for workforce planning use it."""

from sim.experiment.staffing.days import Floats, Kitchen
from sim.model import OrderClass
from sim.scenario.schedules import Schedule
from sim.scenario.staffing import Promise
from sim.statistics import late_share
from sim.units import SECOND


def erlang_schedule(kitchen: Kitchen, rates: Floats, service: float, offered: Floats) -> Schedule:
    """Return the fewest bots of each slot with which Erlang C keeps all promises, within the range of the plan.

    Arrivals are taken for Poisson and service for exponential, and each slot for one that goes on for ever (Green,
    Kolesar and Whitt 2007, Coping with time-varying demand when setting staffing requirements for a service system,
    Production and Operations Management 16).

    Args:
        kitchen: whose promises are to be kept.
        rates: (slots, classes), how many orders come, of which only the shares of the classes matter here.
        service: the mean service time in seconds.
        offered: (slots,), how many bots orders keep busy.

    """
    return tuple(
        _fewest(kitchen, of_slot / of_slot.sum() * load / service, service)
        if of_slot.sum() and service
        else kitchen.plan.bots.least
        for of_slot, load in zip(rates, offered, strict=True)
    )


def _fewest(kitchen: Kitchen, rates: Floats, service: float) -> int:
    """Return the fewest bots of a slot; `rates` are orders a second by class."""
    least, most = kitchen.plan.bots
    by_class = [float(rate) for rate in rates]
    for bots in range(max(least, 1), most):
        if all(_late(promise, by_class, service, bots) <= 1 - promise.share for promise in kitchen.plan.promise):
            return bots
    return most


def _late(promise: Promise, rates: list[float], service: float, bots: int) -> float:
    """Return the share of orders of a promise that are late."""
    limit = promise.limit / SECOND
    if promise.order_class is not None:
        return late_share(rates, service, bots, promise.order_class, limit)
    parts = [rates[place] * late_share(rates, service, bots, place, limit) for place in OrderClass]
    return sum(parts) / sum(rates)
