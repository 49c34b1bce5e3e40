"""Charts of a run, drawn from its log. Times run along the clock; colours differ in grey too."""

from typing import Never

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from sim.experiment import Run
from sim.experiment.presenting import RunPlots
from sim.metrics import FROM_PENDING, TO_PENDING, steps
from sim.model import OrderClass, OrderStatus
from sim.output.charts.bots import draw_bots, size_of_bots
from sim.output.charts.canvas import (
    COLOURS,
    INK,
    PIXELS,
    clock_axis,
    duration_axis,
    heading,
    legend,
    note,
    of_run,
    plain,
)
from sim.output.charts.day import draw_run_day
from sim.output.charts.drawing import AxesChart, FigureChart
from sim.output.wording import at_least
from sim.units import SECOND, count, format_duration


def draw_queues(run: Run, figure: FigureBase) -> FigureBase:
    """Draw how many orders are PENDING over time, a panel for each class."""
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (order_class, colour) in zip(panels, COLOURS.items(), strict=True):
        plain(axes)
        times, levels = steps(run.log, TO_PENDING, FROM_PENDING, order_class)
        times, levels = _thinned(np.append(times, run.log.end), np.append(levels, levels[-1]))
        axes.fill_between(times, levels, step="post", color=colour, linewidth=0.8)
        axes.set_ylim(0, max(1, int(levels.max())) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_ylabel(f"{order_class.name} (orders)")
        if not levels.any():
            is_empty = not (run.measures.orders.order_class == order_class.value).any()
            note(axes, f"no {order_class.name} orders" if is_empty else f"no {order_class.name} order had to wait")
    clock_axis(panels[1], run.scenario.clock, run.log.end)
    heading(panels[0], "Orders PENDING", of_run(run))
    return figure


def draw_waits(run: Run, axes: Axes) -> Axes:
    """Draw the empirical distribution of waits by class, in seconds, with each class's 95th percentile marked."""
    plain(axes)
    lines = [_draw_waits_of(axes, run, order_class) for order_class in OrderClass]
    # Axes of the caller may share this one's scale with others, which have curves too.
    together = axes.get_shared_x_axes().get_siblings(axes)
    longest = max(float(np.max(line.get_xdata(), initial=0)) for panel in together for line in panel.get_lines())
    axes.axhline(0.95, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, longest * 1.04 or 1)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 0.95]))
    duration_axis(axes.xaxis)
    if not longest and not run.measures.values["wait.n"]:
        note(axes, "no order has a wait")
    so_far = "; of orders still PENDING at the last: so far" if "wait.max" in run.measures.bounds else ""
    axes.set_xlabel(f"wait (time PENDING{so_far})")
    axes.set_ylabel("share that waits at most so long")
    warmup = f", without a warm-up of {format_duration(run.warmup)}" if run.warmup else ""
    heading(axes, "How long orders wait", of_run(run) + warmup)
    legend(axes, lines, inside="lower right")
    return axes


def _draw_waits_of(axes: Axes, run: Run, order_class: OrderClass) -> Line2D:
    """Draw the distribution of a class with its mark, and return its line, which has what the legend says."""
    values, orders, final = run.measures.values, run.measures.orders, run.final
    colour = COLOURS[order_class]
    counted = (orders.order_class == order_class.value) & (orders.created >= run.warmup)
    abandoned = final.status == OrderStatus.ABANDONED.value
    waits = np.sort(final.wait[counted & ~abandoned]) / SECOND
    label = f"{order_class.name}: {count(len(waits), 'order') if len(waits) else 'no orders'}"
    if len(waits):
        name = f"wait.{order_class.name}.p95"
        p95 = values[name]
        assert p95 is not None
        text = format_duration(round(p95 * SECOND), 0 if p95 >= 10 else 1)
        label += f", p95 {at_least(text, name in run.measures.bounds)}"
        # Above the end of its curve a mark must not be cut off, nor tell classes apart by colour alone.
        marker = "o" if order_class is OrderClass.VIP else "s"
        axes.plot(p95, 0.95, marker, color=colour, markeredgecolor=INK, markersize=8, zorder=3, clip_on=False)
    if leavers := int((counted & abandoned).sum()):
        label += f"; {leavers:,} ABANDONED, left out"
    shares = np.arange(1, len(waits) + 1) / len(waits)
    shown = np.unique(np.linspace(0, len(waits) - 1, min(len(waits), PIXELS)).astype(int))
    shortest = waits[:1]  # where the curve leaves 0
    x = np.concatenate(([0], shortest, waits[shown]))
    y = np.concatenate(([0], np.zeros_like(shortest), shares[shown]))
    [line] = axes.step(x, y, where="post", color=colour, linewidth=2.2, label=label)
    return line


def _thinned(times: NDArray[np.int64], levels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep the first, lowest, highest and last level in each of some thousand spans: the picture stays the same."""
    if len(times) <= 4 * PIXELS:
        return times, levels
    span = times // max(int(times[-1]) // PIXELS, 1)
    first = np.flatnonzero(np.diff(span, prepend=-1))
    order = np.lexsort((levels, span))
    lowest, highest = order[first], order[np.append(first[1:], len(order)) - 1]
    last = np.append(first[1:], len(times)) - 1
    shown = np.unique(np.concatenate((first, lowest, highest, last)))
    return times[shown], levels[shown]


def run_plots(run: Run) -> RunPlots:
    """Return the charts of a run."""
    return RunPlots(
        bots=AxesChart[Run, Never](run, draw_bots, size_of_bots),
        queues=FigureChart[Run, Never](run, draw_queues, (11, 4.8)),
        waits=AxesChart[Run, Never](run, draw_waits, (9, 4.4)),
        day=FigureChart[Run, Never](run, draw_run_day, (11, 7.6)),
    )
