"""Facts: what happened up to an instant, as entries of `expect` that say so."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from sim.events import EventKind, EventLog
from sim.verdicts.expectations import BOT_STATUS, ORDER_STATUS


def facts(log: EventLog, instant: int, written: Callable[[int], str]) -> list[dict[str, Any]]:
    """Return an entry of `expect` for each order that was created, and for each bot that was added, up to an instant of
    a log: how an order became complete, and the status of all others then. `written` writes an instant.
    """
    moment = written(instant)
    orders, bots = dict[int | None, dict[str, Any]](), dict[int | None, dict[str, Any]]()
    attempts, picked_up = Counter[int | None](), dict[int | None, int]()
    for _, time, kind, order, _, bot in log.until(instant):
        if kind is EventKind.ORDER_PICKED_UP:
            attempts[order] += 1
            picked_up[order] = time
        if kind is EventKind.ORDER_COMPLETED:
            instants = {"picked_up": written(picked_up[order]), "completed": written(time)}
            orders[order] = {"order": order, **instants, "bot": bot, "attempts": attempts[order]}
        elif kind in ORDER_STATUS:
            orders[order] = {"order": order, "at": moment, "status": ORDER_STATUS[kind]}
        if kind in BOT_STATUS:
            bots[bot] = {"bot": bot, "at": moment, "status": BOT_STATUS[kind]}
    return [*orders.values(), *bots.values()]
