"""The chart over the time of day: orders created, the queue, the crew, and what is promised, slot by slot."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sim.engines.outcomes import Outcomes
from sim.experiment import Replications, Run
from sim.metrics import breaks_of, measure, outcome_of
from sim.model import OF_SLOTS, Ints, MetricSet, OrderClass, Window, metric_named, unit_of
from sim.output.charts.canvas import (
    CLOCK_STEPS,
    COLOURS,
    INK,
    LIMIT,
    PRESENT,
    clock_axis,
    finite_ends,
    heading,
    legend,
    of_replications,
    of_run,
    plain,
    unit_axis,
)
from sim.output.wording import CONFIDENCE
from sim.scenario import Scenario, Threshold
from sim.statistics import Interval

Estimates = Mapping[str, Sequence[Interval | None]]
"""What is known of a metric in each slot, by its name without a window."""

_SLOTS = 12  # that a run has at most whose file has no regular window
_BUSY = "#8c8c8c"
_CREATED = {order_class: f"orders.{order_class.name}.created" for order_class in OrderClass}
_WAITS = [f"wait.{order_class.name}.mean" for order_class in OrderClass]
_IN_WORDS = {"share": "share of orders", "s": "duration"}


class _Slots(NamedTuple):
    """The slots of a chart: their windows, and from when to when they last, in microseconds from the start."""

    windows: Sequence[Window]
    starts: Ints
    stops: Ints

    @property
    def middles(self) -> NDArray[np.float64]:
        """The instants in the middle of slots."""
        return (self.starts + self.stops) / 2


def _slots_of(windows: Sequence[Window], end: int) -> _Slots:
    """Return slots until the end of a run; of such that come each day, those of the first one."""
    spans = [window.spans[0] for window in windows]
    stops = [end if stop is None else min(stop, end) for _, stop in spans]
    return _Slots(windows, np.array([start for start, _ in spans]), np.array(stops))


def _regular(scenario: Scenario) -> list[Window]:
    """Return the slots of the file's regular window, of several that of the first threshold for each slot."""
    groups = [metric_named(threshold.metric).window for threshold in scenario.thresholds if threshold.slots]
    groups += [window.group for window in scenario.windows if window.group]
    return [window for window in scenario.windows if window.group == groups[0]] if groups else []


def _sensible(end: int) -> list[Window]:
    """Return slots of a round length for a run until `end`."""
    width = next((step for step in CLOCK_STEPS if end / step <= _SLOTS), -(-end // _SLOTS))
    starts = range(0, max(end, 1), width)
    return [Window(str(start), ((start, start + width if start + width < end else None),)) for start in starts]


def _promises(scenario: Scenario, group: str) -> dict[str, list[Threshold]]:
    """Return the thresholds for each slot by their metrics without a window, else those on service levels."""
    by_metric: dict[str, list[Threshold]] = {}
    for threshold in scenario.thresholds:
        by_metric.setdefault(threshold.metric, []).append(threshold)
    metrics = {name: metric_named(name) for name in by_metric}
    names = [name for name, metric in metrics.items() if group and metric.window == group]
    names = names or [name for name, metric in metrics.items() if metric.limit is not None]
    return {metrics[name]._replace(window="").name: by_metric[name] for name in names}


def draw_run_day(run: Run, figure: FigureBase) -> FigureBase:
    """Draw a run slot by slot: orders created, the queue, bots and how many were busy, and the share of orders within
    the limit of a threshold, or the mean wait where none has one. Times are microseconds from the start.
    """
    windows = _regular(run.scenario) or _sensible(run.log.end)
    slots = _slots_of(windows, run.log.end)
    promises = _promises(run.scenario, windows[0].group) or {name: [] for name in _WAITS}
    names = [*OF_SLOTS, *promises]
    metric_set = MetricSet.of([f"{name}@{window.name}" for name in names for window in windows], windows)
    orders, attempts = run.measures.orders, run.measures.attempts
    breaks = breaks_of(metric_set, np.empty(0, np.int64), run.scenario.end)
    outcome = outcome_of(run.workload, run.log, orders, attempts, run.final, breaks)
    values = measure(metric_set, Outcomes.of(outcome), run.scenario.is_followed).values[0]

    def known(name: str) -> Interval | None:
        value = float(values[metric_set.columns[name]])
        return None if np.isnan(value) else Interval(value, None, None, 1)

    estimates = {name: [known(f"{name}@{window.name}") for window in windows] for name in names}
    return _draw(figure, slots, estimates, promises, run.scenario, ("A run by time of day", of_run(run)))


def draw_replications_day(replications: Replications, figure: FigureBase) -> FigureBase | None:
    """Draw replications slot by slot where the file names metrics of slots: the means of orders created, the queue,
    bots and how many were busy, and what is promised, with 95% intervals. Times are microseconds from the start.
    """
    scenario, recorded = replications.scenario, set(replications.metric_names)
    windows = [window for window in _regular(scenario) if any(name.endswith(f"@{window.name}") for name in recorded)]
    if not windows or scenario.end is None:
        return None
    slots = _slots_of(windows, scenario.end)
    named = (metric_named(name) for name in replications.metric_names)
    of_slots = [metric._replace(window="").name for metric in named if metric.window == windows[0].name]
    promises = _promises(scenario, windows[0].group)
    if not promises.keys() <= set(of_slots):
        promises = {name: [] for name in of_slots if name not in OF_SLOTS}

    def known(name: str) -> Interval | None:
        return replications.estimate(name, CONFIDENCE) if name in recorded else None

    estimates = {
        name: [known(f"{name}@{window.name}") for window in windows] for name in dict.fromkeys([*OF_SLOTS, *promises])
    }
    subject = f"{'Replications' if len(replications.results) > 1 else 'A replication'} by time of day"
    return _draw(figure, slots, estimates, promises, scenario, (subject, of_replications([replications])))


def _draw(
    figure: FigureBase,
    slots: _Slots,
    estimates: Estimates,
    promises: Mapping[str, Sequence[Threshold]],
    scenario: Scenario,
    headings: tuple[str, str],
) -> FigureBase:
    """Draw a panel for each kind of metrics of which anything is known, one below the other along the clock."""
    is_known = {name: any(of_slots) for name, of_slots in estimates.items()}
    drawings: list[Callable[[Axes, _Slots, Estimates], Iterable[Any]]] = []
    if any(is_known[name] for name in _CREATED.values()):
        drawings.append(_draw_orders)
    if is_known["queue.mean"]:
        drawings.append(_draw_queue)
    if is_known["bots.mean"]:
        drawings.append(_draw_crew)
    for unit in dict.fromkeys(unit_of(name) for name in promises if is_known[name]):
        of_unit = {name: promises[name] for name in promises if is_known[name] and unit_of(name) == unit}
        drawings.append(partial(_draw_promises, of_unit))
    panels = figure.subplots(len(drawings), 1, sharex=True, squeeze=False)[:, 0]
    handles: dict[str, Any] = {}
    for axes, draw in zip(panels, drawings, strict=True):
        handles |= {handle.get_label(): handle for handle in draw(axes, slots, estimates)}
        plain(axes)
    clock_axis(panels[-1], scenario.clock, int(slots.stops[-1]))
    panels[-1].set_xlim(slots.starts[0], max(slots.stops[-1], slots.starts[0] + 1))
    heading(panels[0], *headings)
    legend(figure, list(handles.values()))
    return figure


def _heights(estimates: Iterable[Interval | None]) -> NDArray[np.float64]:
    return np.array([0.0 if estimate is None else estimate.estimate for estimate in estimates])


def _bars(slots: _Slots) -> dict[str, Any]:
    """Return what bars over slots have in common: where they stand, and a gap between them."""
    return {"width": slots.stops - slots.starts, "align": "edge", "edgecolor": "white", "linewidth": 0.8}


def _draw_orders(axes: Axes, slots: _Slots, estimates: Estimates) -> Iterator[Patch]:
    """Draw how many orders were created in each slot, those of one class above the other's."""
    below = np.zeros(len(slots.starts))
    for order_class, name in _CREATED.items():
        if any(estimates[name]):
            heights = _heights(estimates[name])
            axes.bar(slots.starts, heights, bottom=below, **_bars(slots), color=COLOURS[order_class])
            below += heights
            yield Patch(color=COLOURS[order_class], label=order_class.name)
    axes.set_ylabel("created\n(orders a slot)")


def _draw_queue(axes: Axes, slots: _Slots, estimates: Estimates) -> Iterable[Patch]:
    """Draw how many orders were PENDING in the mean of each slot."""
    axes.bar(slots.starts, _heights(estimates["queue.mean"]), **_bars(slots), color=INK)
    axes.set_ylabel("PENDING\n(orders, mean)")
    return ()


def _draw_crew(axes: Axes, slots: _Slots, estimates: Estimates) -> Iterator[Patch]:
    """Draw how many bots there were in each slot in the mean, and how many of them were busy."""
    crew, busy = _heights(estimates["bots.mean"]), _heights(estimates["utilisation"])
    axes.bar(slots.starts, crew, **_bars(slots), color=PRESENT)
    yield Patch(color=PRESENT, label="bots")
    if any(estimates["utilisation"]):
        axes.bar(slots.starts, crew * busy, **_bars(slots), color=_BUSY)
        yield Patch(color=_BUSY, label="bots at work")
    axes.set_ylabel("crew\n(bots, mean)")


def _draw_promises(
    promises: Mapping[str, Sequence[Threshold]], axes: Axes, slots: _Slots, estimates: Estimates
) -> Iterator[Line2D]:
    """Draw metrics of one unit in each slot with their intervals, and limits as lines across."""
    highest = 0.0
    for place, (name, thresholds) in enumerate(promises.items()):
        order_class = metric_named(name).order_class
        colour = INK if order_class is None else COLOURS[order_class]
        shift = (place + 1) / (len(promises) + 1) - 0.5  # so that intervals do not hide each other
        instants = slots.middles + 0.5 * shift * (slots.stops - slots.starts)
        points = [(x, estimate) for x, estimate in zip(instants, estimates[name], strict=True) if estimate is not None]
        for x, estimate in points:
            if ends := finite_ends(estimate):
                axes.vlines(x, *ends, color=colour, linewidth=4, alpha=0.5)
                highest = max(highest, ends[1])
        marker = "s" if order_class is OrderClass.VIP else "o"
        style: dict[str, Any] = {"color": colour, "marker": marker, "markeredgecolor": INK}
        values = [estimate.estimate for _, estimate in points]
        axes.plot([x for x, _ in points], values, linewidth=1, **style)
        yield Line2D([], [], label=name, **style)
        limits = {limit for threshold in thresholds for limit in threshold.condition[1:3]}
        for limit in limits:
            axes.axhline(limit, **LIMIT)
            yield Line2D([], [], label="limit of a threshold", **LIMIT)
        highest = max(highest, *values, *limits)
    axes.set_ylim(0, highest * 1.08 or 1)
    unit = unit_of(next(iter(promises)))
    unit_axis(axes.yaxis, unit, 5)
    axes.set_ylabel(_IN_WORDS.get(unit, unit))
