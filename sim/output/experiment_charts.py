"""Charts over replications: intervals by class, the queue with a band, and the warm-up."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from sim.experiment import Replications, Series
from sim.model import OrderClass
from sim.output import EXPERIMENT_CHART_NAMES
from sim.output.charts import COLOURS, INK, PRESENT, Chart, clock_figure, head, legend, plain, time_unit
from sim.output.estimates import CONFIDENCE, shown
from sim.output.study_charts import theory_chart
from sim.statistics import Interval
from sim.units import SECOND, format_duration

Floats = NDArray[np.float64]

_INTERVALS = {"mean wait": "wait.{}.mean", "95th percentile of waits": "wait.{}.p95", "mean flow time": "flow.{}.mean"}
_BAND = (0.05, 0.95)
_MOST_EXTREME = 20  # replications below which the band is that from the lowest to the highest
_WINDOWS = 40  # half a window of the moving average is this part of the orders
_GOLDEN = 0.618034
_RAW = "#b9b9b9"
_LIGHT = {OrderClass.VIP: 0.45, OrderClass.NORMAL: 0.6}
_SIDE_BY_SIDE = {tuple: HandlerTuple(ndivide=None)}


def intervals_chart(done: Replications) -> Figure | None:
    """Return means over replications with their 95% intervals by class, before dots for the single replications.

    None when no replication observed anything.
    """
    names = [form.format(one.name) for form in _INTERVALS.values() for one in OrderClass]
    if not any(done.values(name) for name in names):
        return None
    figure = Chart(figsize=(9, 5.4), layout="constrained")
    for axes, (title, form) in zip(figure.subplots(len(_INTERVALS), 1), _INTERVALS.items(), strict=True):
        _intervals(axes, done, title, form)
    n = len(done.results)
    head(figure.axes[0], f"Intervals: {done.scenario.name}")
    dots = tuple(_dots(colour) for colour in COLOURS.values())
    if n > 1:
        line = Line2D([], [], color=INK, linewidth=2, marker="D", markersize=6)
        labels = ["mean, 95% interval (Student's t)", f"each of {n} replications"]
        legend(figure, [line, dots], labels=labels, handler_map=_SIDE_BY_SIDE)
    else:
        words = "no interval: run more replications" if done.scenario.is_random else "nothing is random"
        legend(figure, [dots], labels=[f"one replication, {words}"], handler_map=_SIDE_BY_SIDE)
    return figure


def _intervals(axes: Axes, done: Replications, title: str, form: str) -> None:
    """Draw a row for each class."""
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    names = {one: form.format(one.name) for one in OrderClass}
    found = {one: done.estimate(name, CONFIDENCE) for one, name in names.items()}
    ends = [value for name in names.values() for value in done.values(name)]
    ends += [end for one in found.values() if one for end in (one.low, one.high) if end is not None]
    unit, word = time_unit(max(ends, default=0))
    scale = SECOND / unit
    for one, name in names.items():
        estimate = found[one]
        axes.text(1.02, one, _in_words(done, name, estimate), transform=axes.get_yaxis_transform(), va="center")
        if estimate is not None:
            _interval(axes, one, np.array(done.values(name)) * scale, estimate, scale)
    left, right = min([0.0, *ends]) * scale, max([0.0, *ends]) * scale or 1
    margin = 0.02 * (right - left)
    axes.set_xlim(left - margin if left < 0 else 0, right + margin)
    axes.set_ylim(len(OrderClass) - 0.5, -0.5)
    axes.set_yticks(list(OrderClass), [one.name for one in OrderClass])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
    axes.set_ylabel("class")
    axes.set_xlabel(f"{title} ({word})")


def _interval(axes: Axes, row: OrderClass, values: Floats, estimate: Interval, scale: float) -> None:
    """Draw a dot for each replication, apart from each other, and the interval over them."""
    apart = (np.arange(len(values)) * _GOLDEN % 1 - 0.5) * 0.6 * (len(values) > 1)
    light: dict[str, Any] = {"alpha": 0.55 if len(values) <= 100 else 0.3, "markeredgewidth": 0, "clip_on": False}
    axes.plot(values, row + apart, "o", color=COLOURS[row], markersize=5, **light)
    if estimate.low is not None and estimate.high is not None:
        ends = [estimate.low * scale, estimate.high * scale]
        axes.plot(ends, [row, row], color=INK, linewidth=2, marker="|", markersize=12)
        axes.plot(estimate.mean * scale, row, "D", color=INK, markeredgecolor="white", markersize=7)


def _in_words(done: Replications, name: str, estimate: Interval | None) -> str:
    """Return an estimate as text: the mean, of how many replications when not of all, and the interval below."""
    if estimate is None:
        return "no data"
    bound = "≥ " if done.columns.is_bound(name) else ""
    few = f" (in {estimate.n} of {len(done.results)})" if estimate.n < len(done.results) else ""
    mean = f"{bound}{shown(name, estimate.mean)}{few}"
    if estimate.low is None or estimate.high is None:
        return mean
    return f"{mean}\n{shown(name, estimate.low)} to {shown(name, estimate.high)}"


def _dots(colour: str) -> Line2D:
    return Line2D([], [], color=colour, alpha=0.55, marker="o", linestyle="", markersize=6, markeredgewidth=0)


def queue_chart(done: Replications) -> Figure | None:
    """Return how many orders are PENDING over time: the mean over replications, in a band of most of them.

    None without a horizon, or when no replication kept its queue (those from a database do not).
    """
    queues = [one.queue for one in _series(done) if one.queue is not None]
    end = done.scenario.file.clock.until
    if not queues or end is None:
        return None
    levels = np.array(queues)
    n = len(levels)
    figure, panels = clock_figure(done.scenario, end, "Orders PENDING over replications", height=4.6, panels=2)
    instants = np.linspace(0, end, levels.shape[2])
    for axes, (order_class, colour) in zip(panels, COLOURS.items(), strict=True):
        of_class = levels[:, order_class]
        low, high = np.quantile(of_class, _BAND, axis=0, method="inverted_cdf")
        if n > 1:
            axes.fill_between(instants, low, high, step="post", color=colour, alpha=_LIGHT[order_class], linewidth=0)
        axes.plot(instants, of_class.mean(axis=0), drawstyle="steps-post", color=INK, linewidth=1.4)
        axes.set_ylim(0, max(1, int(high.max())) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_ylabel(f"{order_class.name} (orders)")
    handles: list[Any] = [Line2D([], [], color=INK, linewidth=1.4)]
    labels = [_mean_of(n, done)]
    if n > 1:
        handles.append(tuple(Patch(color=colour, alpha=_LIGHT[one], linewidth=0) for one, colour in COLOURS.items()))
        labels.append("from the lowest to the highest" if n < _MOST_EXTREME else "5% to 95% of the replications")
    legend(figure, handles, labels=labels, handler_map=_SIDE_BY_SIDE)
    return figure


def warmup_chart(done: Replications) -> Figure | None:
    """Return Welch's plot: waits by number of order, averaged over replications, with a moving average.

    Where the moving average becomes flat, the warm-up may end. The average at an order is that of as many orders before
    as after it, up to half a window; near the beginning the window is shorter. Only as many orders are drawn as each
    replication has. Source: Welch (1983), The statistical analysis of simulation results, in Lavenberg (ed.), The
    Computer Performance Modeling Handbook, 268-328.

    None when a replication has no waits, or none kept them (those from a database do not).
    """
    series = _series(done)
    count = min((len(one.waits) for one in series), default=0)
    if not count:
        return None
    half = min(max(count // _WINDOWS, 1), (count - 1) // 2)
    averages = np.mean([one.waits[:count] for one in series], axis=0)
    unit, word = time_unit(float(averages.max()))
    figure = Chart(figsize=(11, 4.2), layout="constrained")
    axes = figure.add_subplot()
    plain(axes)
    numbers, scale = np.arange(1, count + 1), SECOND / unit
    mean = _mean_of(len(series), done)
    smooth = f"moving average over {2 * half + 1} orders"
    axes.plot(numbers, averages * scale, color=_RAW, linewidth=0.9, marker="." if count <= 60 else "", label=mean)
    axes.plot(numbers[: count - half], _moving(averages, half) * scale, color=INK, linewidth=2, label=smooth)
    axes.set_xlim(0.5, count + 0.5)
    axes.set_ylim(0, float(averages.max()) * scale * 1.06 or 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    so_far = "; those PENDING at the end with their waits so far" * done.columns.is_bound()
    axes.set_xlabel(f"order (number in order of creation{so_far})")
    axes.set_ylabel(f"wait ({word})")
    head(axes, f"Warm-up: {done.scenario.name}")
    legend(figure, [*axes.get_lines(), _mark_warmup(axes, done, count)])
    return figure


def _mark_warmup(axes: Axes, done: Replications, count: int) -> Patch:
    """Shade the orders that were left out, and return what the legend says of them."""
    asked = done.scenario.warmup
    name = (
        "warm-up" if asked == 0 else "warm-up by MSER-5" if asked == "mser5" else f"warm-up of {format_duration(asked)}"
    )
    cuts = [one.left_out for one in _series(done)]
    if not max(cuts):
        return Patch(facecolor="none", label=f"{name}: none")
    mean = float(np.mean(cuts))
    axes.axvspan(0.5, mean + 0.5, color=PRESENT, zorder=0, linewidth=0)
    axes.axvline(mean + 0.5, color=INK, linewidth=1.2, linestyle="--")
    words = f"{mean:,.0f} orders"
    if min(cuts) < max(cuts):
        words += f" ({min(cuts):,} to {max(cuts):,})"
    words += ", more than are drawn" if mean > count else ""
    return Patch(facecolor=PRESENT, edgecolor=INK, linestyle="--", label=f"{name}: {words}")


def _moving(values: Floats, half: int) -> Floats:
    """Return Welch's moving average over `2 * half + 1` values, over fewer near the beginning; `half` fewer in all."""
    sums = np.concatenate(([0], np.cumsum(values)))
    at = np.arange(len(values) - half)
    reach = np.minimum(at, half)
    means: Floats = (sums[at + reach + 1] - sums[at - reach]) / (2 * reach + 1)
    return means


def _series(done: Replications) -> list[Series]:
    return [one.series for one in done.columns.kept if one.series is not None]


def _mean_of(n: int, done: Replications) -> str:
    """Return how many replications a mean is of; those from a database keep metrics alone."""
    whole = len(done.results)
    if n < whole:
        return f"mean over the {n} of {whole} replications that are not from a database"
    return f"mean over {n} replications" if n > 1 else "one replication"


EXPERIMENT_CHARTS: dict[str, Callable[[Replications], Figure | None]] = dict(
    zip(EXPERIMENT_CHART_NAMES, (intervals_chart, queue_chart, warmup_chart, theory_chart), strict=True)
)


class ExperimentPlots:
    """The charts of replications, as `week.plot.queue()` and so on: a Figure, None where there is nothing to draw."""

    def __init__(self, done: Replications) -> None:
        """Draw from `done`."""
        self._done = done

    def intervals(self) -> Figure | None:
        """Return means with their intervals by class."""
        return intervals_chart(self._done)

    def queue(self) -> Figure | None:
        """Return both queues over time, with a band."""
        return queue_chart(self._done)

    def warmup(self) -> Figure | None:
        """Return Welch's plot of the warm-up."""
        return warmup_chart(self._done)

    def theory(self) -> Figure | None:
        """Return how far means lie from closed forms."""
        return theory_chart(self._done)
