"""What all charts share: figures, headings, legends, intervals, and axes of durations and of clock times."""

from collections.abc import Iterable, Sequence
from math import inf
from textwrap import fill
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, PercentFormatter

from sim.experiment import Replications, Run
from sim.model import OrderClass, unit_of
from sim.output.charts.drawing import Chart
from sim.output.wording import how_often
from sim.scenario import Scenario
from sim.statistics import Interval
from sim.units import DAY, HOUR, MICROSECONDS, SECOND, Clock, count, format_duration, printable

# Blue and light orange: told apart with every common colour blindness, and dark against light in grey.
COLOURS = {OrderClass.VIP: "#1b4f8f", OrderClass.NORMAL: "#f5b25c"}
PRESENT, INK, GREY = "#e4e4e4", "#222222", "#666666"
CLOCK_STEPS = [
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MICROSECONDS["m"] * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
]
_BELOW_A_SECOND = [n * 10**power for power in range(6) for n in (1, 2, 5)]
_DURATION_STEPS = [*_BELOW_A_SECOND, *CLOCK_STEPS, *(DAY * n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000))]
RED = "#a02020"
LIMIT: dict[str, Any] = {"color": RED, "linewidth": 1.3, "linestyle": "--", "zorder": 1}
PIXELS = 2_000  # across a chart, as far as somebody can see
_ROOM = 0.25  # of the height of a caller's axes, for a legend
_LETTERS = 13  # that fit into an inch of a heading
_MOST_LINES = 4  # of each part of a heading

Corner = Literal["upper right", "lower right"]


def heading(canvas: Axes | FigureBase, subject: str, source: str) -> None:
    """Write what a chart shows, and below of which runs, folded to the width that there is."""
    root = canvas.get_figure(root=True)
    assert root is not None
    width = int(canvas.get_window_extent().width / root.dpi * _LETTERS)
    parts = (
        fill(printable(part), max(width, 20), max_lines=_MOST_LINES, placeholder=" …") for part in (subject, source)
    )
    text = "\n".join(parts)
    if isinstance(canvas, Axes):
        canvas.set_title(text, loc="left", fontsize="medium")
    else:
        canvas.suptitle(text, x=0.01, ha="left", fontsize="medium")


def of_run(run: Run) -> str:
    """Return which run a chart is of."""
    return f"{_with_parameters(run.scenario)}, seed {run.seed}, replication {run.replication}"


def of_replications(points: Sequence[Replications]) -> str:
    """Return which replications a chart is of: the scenario, the seed, and how many there are of each point."""
    scenario, seed = points[0].scenario, points[0].seed
    if len(points) == 1:
        return f"{_with_parameters(scenario)}, seed {seed}, {how_often(points)}"
    return f"{scenario.name}, seed {seed}, {count(len(points), 'point')} of {how_often(points)}"


def _with_parameters(scenario: Scenario) -> str:
    """Return a scenario's name with the parameters in force."""
    return ", ".join([scenario.name, *(f"{name}={value}" for name, value in scenario.parameters.items())])


def left_out(points: Iterable[Replications], metric_names: Iterable[str] = ("wait",)) -> str:
    """Return what a heading says where waits leave out orders that were ABANDONED, '' where there are none."""
    rates = [point.estimate("orders.abandoned.rate") for point in points]
    highest = max((rate.estimate for rate in rates if rate is not None), default=0.0)
    if not highest or not any(metric.startswith("wait") for metric in metric_names):
        return ""
    share = f"up to {highest:.1%}" if len(rates) > 1 else f"{highest:.1%}"
    return f"; {share} of the orders were ABANDONED and are not in waits"


def legend(canvas: Axes | FigureBase, handles: list[Any], inside: Corner = "upper right", **options: Any) -> None:
    """Put a legend below all panels, in as many columns as fit, or `inside` the axes of a caller, which get room for it
    at the top.
    """
    if isinstance(canvas, Axes):
        if not isinstance(canvas.figure, Chart):
            columns = 1
            if inside == "upper right":
                columns = 2
                bottom, top = canvas.get_ylim()
                canvas.set_ylim(bottom, top + _ROOM * (top - bottom))
            canvas.legend(handles=handles, loc=inside, ncols=columns, fontsize="small", **options)
            return
        canvas = canvas.figure
    root = canvas.get_figure(root=True)
    assert root is not None
    if root.get_layout_engine() is None:
        root.set_layout_engine("constrained")
    for columns in (4, 3, 2, 1):
        box = canvas.legend(
            handles=handles, loc="outside lower center", ncols=min(len(handles), columns), frameon=False, **options
        )
        if columns == 1 or box.get_window_extent().width <= canvas.get_window_extent().width:
            return
        box.remove()


def plain(axes: Axes) -> None:
    """Leave away what says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def note(axes: Axes, text: str) -> None:
    """Say in the middle of a panel why nothing is drawn there."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def finite_ends(interval: Interval) -> tuple[float, float] | None:
    """Return the ends of an interval that can be drawn, None where it has none, or no upper one."""
    if interval.low is None or interval.high is None or interval.high == inf:
        return None
    return interval.low, interval.high


def mark_interval(axes: Axes, row: float, interval: Interval, colour: str, filled: bool) -> None:
    """Draw an interval as a box with its estimate as a line across, so that the shortest interval can be seen."""
    if ends := finite_ends(interval):
        low, high = ends
        face = colour if filled else "none"
        corner, width = (low, row - 0.18), high - low
        axes.add_patch(Rectangle(corner, width, 0.36, facecolor=face, edgecolor=colour, linewidth=1.4, zorder=3))
    axes.plot(interval.estimate, row, "|", color=INK, markersize=17, markeredgewidth=1.6, zorder=4)


class _DurationLocator(Locator):
    """Ticks of an axis of seconds at round durations."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self) -> Sequence[float]:
        assert self.axis is not None
        low, high = sorted(self.axis.get_view_interval())
        return self.tick_values(low, high)

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        span = (vmax - vmin) * SECOND
        step = next((step for step in _DURATION_STEPS if span / step <= self._most), span / self._most)
        ticks: list[float] = (np.arange(np.ceil(vmin * SECOND / step), vmax * SECOND / step + 1e-9) * step).tolist()
        return [tick / SECOND for tick in ticks]


def duration_axis(axis: Axis, most: int = 8) -> None:
    """Give an axis of seconds ticks that carry their own units, so that all axes of durations are in seconds."""
    axis.set_major_locator(_DurationLocator(most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _in_words(value)))


def unit_axis(axis: Axis, unit: str, most: int = 8) -> None:
    """Give an axis of a metric ticks in its unit."""
    if unit == "s":
        duration_axis(axis, most)
    elif unit == "share":
        axis.set_major_formatter(PercentFormatter(1))


def with_unit(metric: str) -> str:
    """Return a metric with its unit, where the ticks of `unit_axis` do not say that."""
    unit = unit_of(metric)
    return metric if unit in ("s", "share") else f"{metric} ({unit})"


def _in_words(seconds: float) -> str:
    text = format_duration(round(abs(seconds) * SECOND), 6)
    return f"-{text}" if seconds < 0 else text


def clock_axis(axes: Axes, clock: Clock, end: int) -> None:
    """Let an axis of microseconds from the start of a run until `end` show what the clock reads."""
    span = max(end, 1)
    step = next((step for step in CLOCK_STEPS if span / step <= 10), -(-span // (10 * DAY)) * DAY)
    first = -clock.start % step
    axes.xaxis.set_major_locator(FixedLocator(np.arange(first, span + 1, step).tolist() or [0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _clock_label(clock, int(x), step, end)))
    axes.set_xlim(0, span)
    form = "HH:MM:SS" if step % MICROSECONDS["m"] else "HH:MM"
    axes.set_xlabel(f"clock ({'day, HH:MM' if span > DAY else form})")


def _clock_label(clock: Clock, time: int, step: int, end: int) -> str:
    reading = clock.reading(time)
    if end > DAY:
        return f"day {clock.second(time) * SECOND // DAY + 1}\n{reading[:5]}"
    return reading if step % MICROSECONDS["m"] else reading[:5]
