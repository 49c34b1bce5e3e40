"""The chart of a staffing: what comes, the crew for it, and what it promises, slot by slot."""

from collections.abc import Iterator, Sequence
from typing import Any, Never

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.experiment.presenting import StaffingPlots
from sim.experiment.staffing import Cell, Staffing
from sim.model import OrderClass
from sim.output.charts.canvas import (
    COLOURS,
    GREY,
    INK,
    LIMIT,
    PRESENT,
    clock_axis,
    finite_ends,
    heading,
    legend,
    plain,
    unit_axis,
)
from sim.output.charts.drawing import FigureChart
from sim.units import count
from sim.verdicts import Judgement

_HEIGHT = 2.1  # of a panel, in inches


def draw_slots(staffing: Staffing, figure: FigureBase) -> FigureBase:
    """Draw the crew of each slot over the load that is offered to it, beside what Erlang C says, and below each promise
    with the shares that are kept. Times are microseconds from the start.
    """
    promises = staffing.plan.promise
    panels = figure.subplots(1 + len(promises), 1, sharex=True, squeeze=False)[:, 0]
    handles: dict[Any, Any] = {handle.get_label(): handle for handle in _draw_crew(panels[0], staffing)}
    for place, axes in enumerate(panels[1:]):
        of_promise = staffing.cells[place :: len(promises)]
        handles |= {handle.get_label(): handle for handle in _draw_promise(axes, of_promise)}
    for axes in panels:
        plain(axes)
    end = staffing.slots[-1].stop
    clock_axis(panels[-1], staffing.scenario.clock, end)
    panels[-1].set_xlim(staffing.slots[0].start, end)
    days = f"{count(staffing.days, 'fresh day')}" if staffing.days else "not certified"
    subject = f"{staffing.verdict}: {staffing.bot_hours:,.4g} bot-hours"
    heading(panels[0], subject, f"{staffing.scenario.name}, seed {staffing.seed}, {days}")
    legend(figure, list(handles.values()))
    return figure


def _draw_crew(axes: Axes, staffing: Staffing) -> Iterator[Patch | Line2D]:
    starts = np.array([slot.start for slot in staffing.slots])
    widths = np.array([slot.stop - slot.start for slot in staffing.slots])
    axes.bar(starts, staffing.schedule, widths, align="edge", color=PRESENT, edgecolor="white", linewidth=0.8)
    yield Patch(color=PRESENT, label="bots")
    edges = [*starts.tolist(), staffing.slots[-1].stop]
    load: dict[str, Any] = {"color": INK, "linewidth": 1.6}
    axes.stairs(staffing.offered, edges, baseline=None, **load)
    yield Line2D([], [], label="offered load", **load)
    erlang: dict[str, Any] = {"color": GREY, "linewidth": 1.2, "linestyle": ":"}
    axes.stairs(staffing.erlang.schedule, edges, baseline=None, **erlang)
    yield Line2D([], [], label="Erlang C by slots", **erlang)
    axes.set_ylabel("crew\n(bots)")
    axes.set_ylim(0, None)


def _draw_promise(axes: Axes, cells: Sequence[Cell]) -> Iterator[Line2D]:
    """Draw the shares of a promise in all slots with their intervals; marks are hollow where it is not shown."""
    promise = cells[0].promise
    colour = INK if promise.order_class is None else COLOURS[promise.order_class]
    style: dict[str, Any] = {
        "color": colour,
        "marker": "s" if promise.order_class is OrderClass.VIP else "o",
        "markeredgecolor": INK,
        "linestyle": "",
    }
    lowest = promise.share
    for cell in cells:
        if cell.share is None:
            continue
        middle = (cell.slot.start + cell.slot.stop) / 2
        if ends := finite_ends(cell.share):
            axes.vlines(middle, *ends, color=colour, linewidth=4, alpha=0.5)
            lowest = min(lowest, ends[0])
        face = colour if cell.judgement is Judgement.PASS else "white"
        axes.plot([middle], [cell.share.estimate], **style, markerfacecolor=face)
        lowest = min(lowest, cell.share.estimate)
    axes.axhline(promise.share, **LIMIT)
    axes.set_ylim(max(0, lowest - 0.25 * (1 - lowest)), 1 + 0.04 * (1 - lowest))
    axes.set_ylabel(promise.label)
    unit_axis(axes.yaxis, "share", 5)
    yield Line2D([], [], label=f"kept, {promise.label}", **style)
    yield Line2D([], [], label="promise", **LIMIT)


def staffing_plots(staffing: Staffing) -> StaffingPlots:
    """Return the chart of a staffing."""
    size = (9.0, 1.2 + _HEIGHT * (1 + len(staffing.plan.promise)))
    return StaffingPlots(FigureChart[Staffing, Never](staffing, draw_slots, size))
