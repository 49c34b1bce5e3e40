"""What a scenario asks for beside what one run gave, each with the instant at which to look."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.experiment import Run
from sim.metrics import FROM_PENDING, TO_PENDING, steps
from sim.model import NONE, Metric, metric_named
from sim.output.wording import at_least, shown
from sim.scenario import Expectation, Scenario, Threshold, can_fall
from sim.statistics import Interval
from sim.verdicts import Judgement, Sample, judge_threshold


def asked_of(run: Run) -> Iterator[dict[str, Any]]:
    """Yield what `Asked` in session.js has: each entry of `expect`, and each threshold as this run alone has it."""
    for expectation, verdict in zip(run.scenario.expectations, run.verdicts, strict=bool(run.verdicts)):
        place = f"{verdict.place.file}:{verdict.place.line} {verdict.expected}"
        order = expectation.order if expectation.order in run.measures.orders.number else None
        instant = _instant_of(run, expectation)
        yield {"asked": place, "got": verdict.got, "held": verdict.held, "at": instant, "order": order}
    for threshold in run.scenario.thresholds:
        yield from _threshold(run, threshold)


def _instant_of(run: Run, expectation: Expectation) -> int:
    """Return the instant that an entry is about: the one at which it looks, or at which something should have been."""
    for instant in (expectation.at, expectation.completed, expectation.picked_up):
        if instant is not None:
            return min(int(instant), run.log.end)
    rows = run.log.order == expectation.order if expectation.bot is None else run.log.bot == expectation.bot
    return int(run.log.time[rows][-1]) if rows.any() else run.log.end


def _threshold(run: Run, threshold: Threshold) -> Iterator[dict[str, Any]]:
    """Yield what became of a threshold: for each slot that fails, or once where none does."""
    all_held = True
    for name in threshold.metrics:
        value, is_bound = run.measures.values[name], name in run.measures.bounds
        held = _holds(run.scenario, threshold, name, value, is_bound)
        all_held = all_held and held
        if held and len(threshold.metrics) > 1:
            continue
        got = "no data" if value is None else at_least(shown(name, value), is_bound)
        instant, order = _worst(run, metric_named(name))
        requirement = f"{name} {threshold.condition.text}"
        yield {"asked": requirement, "got": got, "held": held, "at": instant, "order": order}
    if all_held and len(threshold.metrics) > 1:
        requirement = f"{threshold.metric} {threshold.condition.text}"
        yield {"asked": requirement, "got": "in each slot", "held": True, "at": None, "order": None}


def _holds(scenario: Scenario, threshold: Threshold, metric: str, value: float | None, is_bound: bool) -> bool:
    """Whether a threshold holds in a run, whatever other days would bring."""
    values, falls = np.array([np.nan if value is None else value], np.float64), can_fall(metric, scenario.file)
    sample = Sample(values, np.array([is_bound]), False, falls)
    interval = None if value is None else Interval(value, None, None, 1)
    of_this_day = threshold._replace(days=None)
    verdict = judge_threshold(of_this_day, metric, sample, lambda _: interval, lambda _: None, 0.0, 0.0)
    return verdict.judgement is Judgement.PASS


def _worst(run: Run, metric: Metric) -> tuple[int | None, int | None]:
    """Return where to look for a metric's value: when the order came that waited longest, with its number; or when the
    queue was longest.
    """
    windows = {window.name: window.spans for window in run.scenario.windows}
    spans = windows.get(metric.window, ((run.warmup, None),))
    if metric.family.is_of_durations:
        orders, final = run.measures.orders, run.final
        waits = np.where(_within(orders.created, spans), final.wait, NONE)
        if metric.order_class is not None:
            waits = np.where(orders.order_class == metric.order_class.value, waits, NONE)
        if not len(waits) or waits.max() == NONE:
            return None, None
        row = int(waits.argmax())
        return int(orders.created[row]), int(orders.number[row])
    if metric.family.name == "queue":
        times, levels = steps(run.log, TO_PENDING, FROM_PENDING, metric.order_class)
        levels = np.where(_within(times, spans), levels, NONE)
        return (int(times[levels.argmax()]), None) if levels.max() != NONE else (None, None)
    return None, None


def _within(times: Any, spans: tuple[tuple[int, int | None], ...]) -> Any:
    """Return which times lie in one of some spans."""
    inside = np.zeros(len(times), bool)
    for start, stop in spans:
        inside |= (times >= start) & (times < (np.inf if stop is None else stop))
    return inside
