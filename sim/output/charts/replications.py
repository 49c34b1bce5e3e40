"""Charts over replications: intervals by class, the queue with a band, and the warm-up."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from sim.experiment import Replications, Series
from sim.experiment.presenting import ReplicationsPlots
from sim.model import OrderClass, unit_of
from sim.output.charts.canvas import (
    COLOURS,
    INK,
    PRESENT,
    clock_axis,
    duration_axis,
    finite_ends,
    heading,
    left_out,
    legend,
    mark_interval,
    note,
    of_replications,
    plain,
)
from sim.output.charts.day import draw_replications_day
from sim.output.charts.differences import draw_theory, size_of_theory
from sim.output.charts.drawing import AxesChart, FigureChart
from sim.output.wording import CONFIDENCE, at_least, interval_text, shown
from sim.statistics import Interval
from sim.units import format_duration

Floats = NDArray[np.float64]

_INTERVALS = {"mean wait": "wait.{}.mean", "95th percentile of waits": "wait.{}.p95", "mean flow time": "flow.{}.mean"}
_BAND = (0.05, 0.95)
_MOST_EXTREME = 20  # replications below which the band is that from the lowest to the highest
_WINDOWS = 40  # half a window of the moving average is this part of the orders
_GOLDEN = 0.618034
_RAW = "#b9b9b9"
_LIGHT = {OrderClass.VIP: 0.45, OrderClass.NORMAL: 0.6}
_SIDE_BY_SIDE = {tuple: HandlerTuple(ndivide=None)}


def draw_intervals(replications: Replications, figure: FigureBase) -> FigureBase | None:
    """Draw means over replications with their 95% intervals by class, before dots for the single replications."""
    names = [form.format(order_class.name) for form in _INTERVALS.values() for order_class in OrderClass]
    if not any(replications.values(name) for name in names):
        return None
    panels = figure.subplots(len(_INTERVALS), 1)
    for axes, (title, form) in zip(panels, _INTERVALS.items(), strict=True):
        _intervals(axes, replications, title, form)
    heading(panels[0], "Estimates of all replications", of_replications([replications]) + left_out([replications]))
    dots = tuple(_dots(colour) for colour in COLOURS.values())
    if len(replications.results) > 1:
        box = (
            Patch(facecolor="none", edgecolor=INK),
            Line2D([], [], color=INK, marker="|", linestyle="", markersize=12),
        )
        labels = ["estimate, in its 95% interval", f"each of {len(replications.results):,} replications"]
        legend(figure, [box, dots], labels=labels, handler_map=_SIDE_BY_SIDE)
    else:
        words = "no interval: run more replications" if replications.scenario.is_random else "nothing is random"
        legend(figure, [dots], labels=[f"one replication, {words}"], handler_map=_SIDE_BY_SIDE)
    return figure


def _intervals(axes: Axes, replications: Replications, title: str, form: str) -> None:
    """Draw a row for each class, in seconds."""
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    ends = [0.0]
    for order_class in OrderClass:
        name = form.format(order_class.name)
        values, estimate = replications.values(name), replications.estimate(name, CONFIDENCE)
        words = _in_words(replications, name, estimate)
        axes.text(1.02, order_class, words, transform=axes.get_yaxis_transform(), va="center")
        if estimate is None:
            continue
        ends += [*values, estimate.estimate, *(finite_ends(estimate) or ())]
        _draw_dots(axes, order_class, np.array(values))
        if len(values) > 1:
            mark_interval(axes, order_class, estimate, INK, filled=False)
    margin = 0.02 * (max(ends) - min(ends))
    axes.set_xlim(min(ends) - margin if min(ends) < 0 else 0, max(ends) + margin or 1)
    axes.set_ylim(len(OrderClass) - 0.5, -0.5)
    axes.set_yticks(list(OrderClass), [order_class.name for order_class in OrderClass])
    duration_axis(axes.xaxis)
    axes.set_ylabel("class")
    axes.set_xlabel(title)


def _draw_dots(axes: Axes, row: OrderClass, values: Floats) -> None:
    """Draw a dot for each replication, apart from each other."""
    # Multiples of the golden ratio fill a row evenly, however many there are, and neighbours in number lie apart.
    shift = (np.arange(len(values)) * _GOLDEN % 1 - 0.5) * 0.6 if len(values) > 1 else np.zeros(len(values))
    light: dict[str, Any] = {"alpha": 0.55 if len(values) <= 100 else 0.3, "markeredgewidth": 0, "clip_on": False}
    axes.plot(values, row + shift, "o", color=COLOURS[row], markersize=5, **light)


def _in_words(replications: Replications, name: str, estimate: Interval | None) -> str:
    """Return an estimate as text: the mean, of how many replications when not of all, and the interval below."""
    if estimate is None:
        return "no data"
    text = at_least(shown(name, estimate.estimate), replications.columns.is_bound(name))
    if estimate.n < len(replications.results):
        text += f" (in {estimate.n} of {len(replications.results)})"
    return f"{text}\n{interval_text(unit_of(name), estimate)}".rstrip()


def _dots(colour: str) -> Line2D:
    return Line2D([], [], color=colour, alpha=0.55, marker="o", linestyle="", markersize=6, markeredgewidth=0)


def draw_queue(replications: Replications, figure: FigureBase) -> FigureBase | None:
    """Draw how many orders are PENDING over time: the mean over replications, in a band of most of them."""
    queues = [series.queue for series in _series(replications) if series.queue is not None]
    end = replications.scenario.file.clock.until
    if not queues or end is None or not any(replications.values("orders.created")):
        return None
    levels = np.array(queues)  # (replications, classes, instants)
    n = len(levels)
    panels = figure.subplots(2, 1, sharex=True)
    instants = np.linspace(0, end, levels.shape[2])
    for axes, (order_class, colour) in zip(panels, COLOURS.items(), strict=True):
        plain(axes)
        of_class = levels[:, order_class]
        low, high = np.quantile(of_class, _BAND, axis=0, method="inverted_cdf")
        if n > 1:
            axes.fill_between(instants, low, high, step="post", color=colour, alpha=_LIGHT[order_class], linewidth=0)
        axes.plot(instants, of_class.mean(axis=0), drawstyle="steps-post", color=INK, linewidth=1.4)
        axes.set_ylim(0, max(1, int(high.max())) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_ylabel(f"{order_class.name} (orders)")
        if not any(replications.values(f"orders.{order_class.name}.created")):
            note(axes, f"no {order_class.name} orders")
    clock_axis(panels[1], replications.scenario.clock, end)
    heading(panels[0], "Orders PENDING over replications", of_replications([replications]))
    handles: list[Any] = [Line2D([], [], color=INK, linewidth=1.4)]
    labels = [_mean_of(n, replications)]
    if n > 1:
        handles.append(tuple(Patch(color=COLOURS[key], alpha=alpha, linewidth=0) for key, alpha in _LIGHT.items()))
        labels.append("from the lowest to the highest" if n < _MOST_EXTREME else "5% to 95% of the replications")
    legend(figure, handles, labels=labels, handler_map=_SIDE_BY_SIDE)
    return figure


def draw_warmup(replications: Replications, axes: Axes) -> Axes | None:
    """Draw Welch's plot: waits in seconds by number of order, averaged over replications, with a moving average.

    Where the moving average becomes flat, the warm-up may end. The average at an order is that of as many orders before
    as after it, up to half a window; near the beginning the window is shorter. Only as many orders are drawn as each
    replication has. Source: Welch (1983), The statistical analysis of simulation results, in Lavenberg (ed.), The
    Computer Performance Modeling Handbook, 268-328.
    """
    series = _series(replications)
    length = min((len(of_replication.waits) for of_replication in series), default=0)
    if not length:
        return None
    half = min(max(length // _WINDOWS, 1), (length - 1) // 2)
    averages = np.mean([of_replication.waits[:length] for of_replication in series], axis=0)
    plain(axes)
    numbers, mean = np.arange(1, length + 1), _mean_of(len(series), replications)
    smooth = f"moving average over {2 * half + 1} orders"
    [raw] = axes.plot(numbers, averages, color=_RAW, linewidth=0.9, marker="." if length <= 60 else "", label=mean)
    [moving] = axes.plot(numbers[: length - half], _moving(averages, half), color=INK, linewidth=2, label=smooth)
    axes.set_xlim(0.5, length + 0.5)
    axes.set_ylim(0, float(averages.max()) * 1.06 or 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    duration_axis(axes.yaxis, 6)
    so_far = "; those PENDING at the end with their waits so far" if replications.columns.is_bound() else ""
    axes.set_xlabel(f"order (number in order of creation{so_far})")
    axes.set_ylabel("wait (time PENDING)")
    heading(
        axes,
        "Where the warm-up ends: waits by number of order",
        of_replications([replications]) + left_out([replications]),
    )
    legend(axes, [raw, moving, _mark_warmup(axes, replications, length)])
    return axes


def _mark_warmup(axes: Axes, replications: Replications, length: int) -> Patch:
    """Shade the orders that were left out, and return what the legend says of them."""
    warmup = replications.scenario.warmup
    if warmup == 0:
        return Patch(facecolor="none", label="the scenario has no warm-up")
    name = "warm-up by MSER-5" if warmup == "mser5" else f"warm-up of {format_duration(warmup)}"
    cuts = [series.left_out for series in _series(replications)]
    if not max(cuts):
        return Patch(facecolor="none", label=f"{name}: no orders")
    mean = float(np.mean(cuts))
    axes.axvspan(0.5, mean + 0.5, color=PRESENT, zorder=0, linewidth=0)
    axes.axvline(mean + 0.5, color=INK, linewidth=1.2, linestyle="--")
    words = f"{mean:,.0f} orders"
    if min(cuts) < max(cuts):
        words += f" ({min(cuts):,} to {max(cuts):,})"
    if mean > length:
        words += ", more than are drawn"
    return Patch(facecolor=PRESENT, edgecolor=INK, linestyle="--", label=f"{name}: {words}")


def _moving(values: Floats, half: int) -> Floats:
    """Return Welch's moving average over `2 * half + 1` values, over fewer near the beginning; `half` fewer in all."""
    sums = np.concatenate(([0], np.cumsum(values)))
    centre = np.arange(len(values) - half)
    reach = np.minimum(centre, half)
    means: Floats = (sums[centre + reach + 1] - sums[centre - reach]) / (2 * reach + 1)
    return means


def _series(replications: Replications) -> list[Series]:
    return [row.series for row in replications.columns.records if row.series is not None]


def _mean_of(n: int, replications: Replications) -> str:
    """Return how many replications a mean is of; those from a database keep metrics alone."""
    total = len(replications.results)
    if n < total:
        return f"mean over the {n} of {total} replications that are not from a database"
    return f"mean over {n} replications" if n > 1 else "one replication"


def replications_plots(replications: Replications) -> ReplicationsPlots:
    """Return the charts of replications."""
    return ReplicationsPlots(
        intervals=FigureChart[Replications, None](replications, draw_intervals, (9, 5.8)),
        queue=FigureChart[Replications, None](replications, draw_queue, (11, 5)),
        warmup=AxesChart[Replications, None](replications, draw_warmup, (11, 4.4)),
        theory=AxesChart[Replications, None](replications, draw_theory, size_of_theory),
        day=FigureChart[Replications, None](replications, draw_replications_day, (11, 7.6)),
    )
