"""What a kitchen is at an instant, from the log of a run in Python."""

from typing import Any

from sim import Run
from sim.events import EventKind


def state_of(run: Run, instant: int) -> dict[str, Any]:
    """Return the orders PENDING with their waits so far, each bot's order, and how many orders are over."""
    since: dict[int, int] = {}
    waited: dict[int, int] = {}
    bots: dict[int, int | None] = {}
    completed = abandoned = 0
    for event in run.log:
        if event.time > instant:
            break
        match event.kind:
            case EventKind.ORDER_CREATED | EventKind.ORDER_RETURNED:
                since[event.order] = event.time
            case EventKind.ORDER_PICKED_UP | EventKind.ORDER_ABANDONED:
                waited[event.order] = waited.get(event.order, 0) + event.time - since.pop(event.order)
        match event.kind:
            case EventKind.BOT_ADDED | EventKind.BOT_IDLE:
                bots[event.bot] = None
            case EventKind.ORDER_PICKED_UP:
                bots[event.bot] = event.order
            case EventKind.ORDER_COMPLETED:
                bots[event.bot] = None
                completed += 1
            case EventKind.ORDER_ABANDONED:
                abandoned += 1
            case EventKind.BOT_REMOVED:
                del bots[event.bot]
    return {
        "pending": {order: waited.get(order, 0) + instant - start for order, start in since.items()},
        "processing": bots,
        "over": [completed, abandoned],
    }
