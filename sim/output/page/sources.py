"""What a page is made of: a scenario and its customers, what it asks for, and how it is written down again.

session.js explains the columns. Times are microseconds from the start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment import Run
from sim.model import NONE, Action, Metric, OrderClass, Workload, metric_named
from sim.output.page.asked import asked_of
from sim.scenario import Scenario, Threshold, lines_of, service_by_hand
from sim.units import SECOND, Clock, count, printable

_LONGEST_NAME = 100
_BY_HAND = 100  # service times that orders by hand take in turn


def run_source(run: Run) -> dict[str, Any]:
    """Return what replays a run, under the names of `Source` in session.js."""
    parameters = (f"{name} {value}" for name, value in run.scenario.parameters.items())
    facts = [f"seed {run.seed}", f"replication {run.replication}", *map(printable, parameters)]
    return {
        **_customers(run.scenario, _followed(run)),
        "facts": facts,
        "fingerprint": run.fingerprint,
        "warmup": run.warmup,
        "by_hand": [],
        "asked": list(asked_of(run)),
        "yaml": _yaml(run.scenario, run.seed, "what-if", run.replication),
    }


def _followed(run: Run) -> Workload:
    """Return the workload with the customers behind the horizon until whom orders were followed; a run that was read
    from a database has those of the run alone.
    """
    end = run.scenario.end
    if end is None or run.workload.horizon != end or run.final.until <= end:
        return run.workload
    return run.scenario.workload(run.seed, run.replication, run.final.until - end)


def live_source(scenario: Scenario) -> dict[str, Any]:
    """Return what opens a scenario as a live kitchen: its first replication, and what orders by hand take."""
    workload = scenario.workload()
    return {
        **_customers(scenario, workload),
        "facts": [f"seed {scenario.seed}", f"{count(len(workload.service), 'order')} by themselves"],
        "fingerprint": None,
        "warmup": 0,
        "by_hand": [_by_hand(scenario, order_class) for order_class in OrderClass],
        "asked": [],
        "yaml": _yaml(scenario, scenario.seed, "live"),
    }


def _customers(scenario: Scenario, workload: Workload) -> dict[str, Any]:
    """Return who comes when, and the crew: apart from each other, since a schedule reaches its targets also where the
    crew is another one.
    """
    of_timeline = workload.stream == 0
    times = workload.action_time[workload.action == Action.CREATE_ORDER]
    bots = scenario.file.bots
    return {
        "name": scenario.name,
        "description": printable(scenario.file.description),
        "clock": _clock(scenario.clock),
        "end": scenario.end,
        "followed": workload.horizon,
        "rules": asdict(workload.rules),
        "first_number": workload.first_number,
        "initial": bots.initial,
        "schedule": [[step.at, step.count] for step in bots.schedule],
        "timeline": {"actions": list(_actions(scenario)), **_orders(workload, of_timeline)},
        "arrivals": {"time": times[~of_timeline].tolist(), **_orders(workload, ~of_timeline)},
        "limits": [_limit(scenario.thresholds, order_class) for order_class in OrderClass],
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {"start": clock.start, "day": None if clock.day is None else clock.day.isoformat()}


def _actions(scenario: Scenario) -> Iterator[list[int]]:
    """Yield the instant and the action of each single thing in the timeline."""
    for entry in sorted(scenario.file.timeline, key=lambda entry: entry.at):
        number = entry.count if entry.order is not None else abs(entry.bots)
        for _ in range(number):
            yield [entry.at, entry.action.value]


def _orders(workload: Workload, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    """Return columns of some orders; one number stands for a column of that number."""
    columns = {name: getattr(workload, name)[chosen] for name in ("order_class", "service", "patience")}
    return {name: _column(column) for name, column in columns.items()}


def _column(column: NDArray[Any]) -> list[int] | int:
    if len(column) and (column == column[0]).all():
        return int(column[0])
    numbers: list[int] = column.tolist()
    return numbers


def _limit(thresholds: Sequence[Threshold], order_class: OrderClass) -> int | None:
    """Return the limit of what a class is promised, in microseconds: that of a service level, else of a percentile."""
    of_percentile = None
    for threshold in thresholds:
        metric = metric_named(threshold.metric)
        if metric.family.name != "wait" or metric.order_class not in (None, order_class):
            continue
        if metric.limit is not None:
            return metric.limit
        if of_percentile is None and _is_promise(metric, threshold):
            of_percentile = round(threshold.condition.high * SECOND)
    return of_percentile


def _is_promise(metric: Metric, threshold: Threshold) -> bool:
    has_limit = metric.per_mille is not None or metric.statistic == "max"
    return has_limit and threshold.condition.operator in ("<", "<=", "between")


def _by_hand(scenario: Scenario, order_class: OrderClass) -> dict[str, Any]:
    """Return what orders by hand take one after the other, and whether a saved entry has to say so."""
    service, patience = (laws.of(order_class.value) for laws in (scenario.file.service, scenario.file.patience))
    is_drawn = service is None or service.constant is None
    return {
        "service": service_by_hand(scenario.file, order_class, _BY_HAND if is_drawn else 1).tolist(),
        "patience": NONE if patience is None else patience.constant,
        "says_service": is_drawn,
    }


def _yaml(scenario: Scenario, seed: int, ending: str, replication: int = 1) -> dict[str, Any]:
    """Return the scenario as it is saved: the text of all but its timeline, the lines of that, its data files, and the
    command that runs it.
    """
    name = f"{scenario.name[: _LONGEST_NAME - len(ending) - 1]}-{ending}"
    lines = lines_of(scenario.plain | {"seed": seed}, name)
    text = "".join(f"{line}\n" for line in lines.keys)
    command = f"sim run {name}.yaml" + (f" --replication {replication}" if replication > 1 else "")
    return {
        "name": name,
        "text": text,
        "timeline": lines.timeline,
        "data": list(scenario.files),
        "command": command,
    }
