"""Stories: scenarios from their keys, and the events of a run as lines."""


def with_service(keys: str) -> str:
    """Return the text of a scenario's keys with a service time at the end, where orders arrive and it has none."""
    return f"{keys.rstrip()}\nservice: 10s\n" if "arrivals:" in keys and "service:" not in keys else keys


def told(run) -> list[str]:
    """Return a run's events as `SECONDS event SUBJECT`, idle bots left out."""
    lines = []
    for event in run.log:
        subject = " ".join(filter(None, (event.order and f"order {event.order}", event.bot and f"bot {event.bot}")))
        if event.kind.label != "bot_idle":
            lines.append(f"{event.time / 1e6:g} {event.kind.label} {subject}".strip())
    return lines


def picked_up(run) -> list[tuple[float, int, int]]:
    """Return (second, order, bot) of each pick-up, orders counted from 1."""
    return [
        (event.time / 1e6, event.order - 1000, event.bot) for event in run.log if event.kind.label == "order_picked_up"
    ]
