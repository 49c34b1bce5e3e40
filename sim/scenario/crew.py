"""What a file fixes of its crew: the parameters that set only that, its bot-hours, and what no chance can change."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sim.model import Metric, OrderClass, metric_named
from sim.scenario.schema import PARAMETER, ScenarioFile
from sim.scenario.study import BLOCKS
from sim.scenario.tree import Node, Steps
from sim.scenario.workload import crew_changes
from sim.units import DAY, HOUR


def crew_parameters(root: Node) -> set[str]:
    """Return the parameters that stand in a file as the number of bots that come or are there, and nowhere else.

    `root` is the tree of the file as written, where `$name` still stands. The larger such a number, the more bots are
    there at each instant, or as many.
    """
    of_crew, of_more = set[str](), set[str]()
    for key, node in root.value.items():
        if key not in ("params", *BLOCKS):
            for name, steps in _mentions(node, (key,)):
                (of_crew if _is_crew(steps) else of_more).add(name)
    return of_crew - of_more


def _mentions(node: Node, steps: Steps) -> Iterator[tuple[str, Steps]]:
    """Yield each parameter that is mentioned in a node, and where."""
    if isinstance(node.value, dict):
        for key, item in node.value.items():
            yield from _mentions(item, (*steps, key))
    elif isinstance(node.value, list):
        for item in node.value:
            yield from _mentions(item, steps)
    elif isinstance(node.value, str) and re.fullmatch(PARAMETER, node.value):
        yield node.value[1:], steps


def _is_crew(steps: Steps) -> bool:
    """Whether what stands there is a number of bots that come or are there; steps are without places in lists."""
    return steps in (("bots", "initial"), ("bots", "schedule", "count"), ("timeline", "add_bots"))


def bot_hours(file: ScenarioFile) -> float:
    """Return the hours that all bots of the crew are there together, as the file plans it, up to the horizon.

    A bot that finishes its order after its removal counts up to that. A run without a horizon counts as a day.
    """
    until = DAY if file.clock.until is None else file.clock.until
    changes = [(min(change.time, until), change.size) for change in crew_changes(file)]
    return sum(size * (end - start) for (start, size), (end, _) in pairwise([*changes, (until, 0)])) / HOUR


def can_fall(metric: str, file: ScenarioFile) -> bool:
    """Whether a duration that is counted until the last may still become smaller, so that it is no lower bound: an open
    order may be ABANDONED, and is then in no duration; and long ones can come closer to each other.
    """
    named = metric_named(metric)
    if not named.family.is_of_durations or named.limit is not None:
        return False
    return named.statistic == "sd" or _can_abandon(named, file)


def never_varies(metric: str, file: ScenarioFile) -> bool:
    """Whether a metric, by its full name, is the same number in all replications, since no chance can change it.

    Such are the orders created where no stream is random, those abandoned where nobody loses patience, and the crew
    unless removed bots finish an order first or the run ends by chance. A warm-up that is found from the run itself
    leaves out what chance says.
    """
    if not file.is_random:
        return True
    family = metric_named(metric).family.name
    if family == "orders.abandoned":
        return not _can_abandon(metric_named(metric), file)
    if file.warmup == "mser5":
        return False
    if family == "orders.created":
        return not any(stream.is_random for stream in file.arrivals)
    ends_by_chance = file.clock.until is None and bool(file.warmup or len(crew_changes(file)) > 1)
    return family == "bots" and file.bots.on_remove != "finish" and not ends_by_chance


def _can_abandon(metric: Metric, file: ScenarioFile) -> bool:
    """Whether orders of which a metric speaks have a patience."""
    classes = OrderClass if metric.order_class is None else [metric.order_class]
    return any(file.patience.of(member.value) is not None for member in classes)
