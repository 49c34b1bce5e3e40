"""Charts of a run, drawn from its log. Times run along the clock; colours differ in grey too."""

from collections.abc import Callable
from io import BytesIO
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from sim.events import EventKind
from sim.experiment import Run
from sim.metrics import FROM_PENDING, OUTCOMES, TO_PENDING, steps
from sim.model import NONE, OrderClass, OrderStatus
from sim.output import CHART_NAMES
from sim.scenario import Scenario
from sim.units import DAY, HOUR, MICROSECONDS, SECOND, Clock, format_duration

# Blue and light orange: told apart with every common colour blindness, and dark against light in grey.
COLOURS = {OrderClass.VIP: "#1b4f8f", OrderClass.NORMAL: "#f5b25c"}
PRESENT, INK = "#e4e4e4", "#222222"
_HATCHED: dict[str, Any] = {"facecolor": "white", "hatch": "//////", "linewidth": 0}
_PIXELS = 2_000
_MOST_LABELS = 60
_MOST_APART = 120  # orders of one bot
_MOST_BARS = 20_000
_TICKS = [
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MICROSECONDS["m"] * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
]


class Chart(Figure):
    """A matplotlib Figure that notebooks show without further ado."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=100)
        return picture.getvalue()


def bots_chart(run: Run) -> Figure:
    """Return the bots' timeline: a row for each bot, its lifetime, and the orders it worked on."""
    births, deaths = _lifetimes(run)
    count = len(births)
    figure, (axes,) = clock_figure(
        run.scenario, run.log.end, "Bots and their orders", height=min(2.2 + 0.32 * count, 9)
    )
    _bars(axes, births, deaths, np.arange(1, count + 1), 0.9, color=PRESENT)
    attempts = run.measures.attempts
    ended = np.where(attempts.ended == NONE, run.log.end, attempts.ended)
    returned = attempts.outcome == OUTCOMES.index("returned")
    looks = run.measures.orders.order_class[attempts.row] * 2 + returned
    start, end, bot, look = _fused(attempts.picked_up, ended, attempts.bot, looks, run.log.end)
    apart = 0.8 if len(start) <= _MOST_APART * count else 0
    for order_class, colour in COLOURS.items():
        done, back = look == order_class * 2, look == order_class * 2 + 1
        _bars(axes, start[done], end[done], bot[done], 0.66, facecolor=colour, edgecolor="white", linewidth=apart)
        _bars(axes, start[back], end[back], bot[back], 0.66, edgecolor=colour, **_HATCHED)
    _label_orders(axes, run, ended)
    axes.set_ylim(max(count, 1) + 0.6, 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.set_ylabel("bot (number)")
    handles = [Patch(color=colour, label=order_class.name) for order_class, colour in COLOURS.items()]
    if returned.any():
        handles.append(Patch(edgecolor=INK, label="returned to PENDING", **_HATCHED))
    handles.append(Patch(color=PRESENT, label="present, IDLE"))
    legend(figure, handles)
    return figure


def queues_chart(run: Run) -> Figure:
    """Return how many orders are PENDING over time, a panel for each class."""
    figure, (above, below) = clock_figure(run.scenario, run.log.end, "Orders PENDING", height=4.6, panels=2)
    for axes, (order_class, colour) in zip((above, below), COLOURS.items(), strict=True):
        times, levels = steps(run.log, TO_PENDING, FROM_PENDING, order_class)
        times, levels = _thinned(np.append(times, run.log.end), np.append(levels, levels[-1]))
        axes.fill_between(times, levels, step="post", color=colour, linewidth=0.8)
        axes.set_ylim(0, max(1, int(levels.max())) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_ylabel(f"{order_class.name} (orders)")
    return figure


def waits_chart(run: Run) -> Figure:
    """Return the empirical distribution of waits by class, with each class's 95th percentile marked."""
    figure = Chart(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    plain(axes)
    values, orders = run.measures.metrics, run.measures.orders
    longest = values["wait.max"] or 0
    unit, word = time_unit(longest)
    for order_class, colour in COLOURS.items():
        p95 = values[f"wait.{order_class.name}.p95"]
        if p95 is None:
            axes.plot([], [], color=colour, label=f"{order_class.name}: no orders")
            continue
        of_class = (orders.order_class == order_class.value) & (orders.status != OrderStatus.ABANDONED.value)
        waits = np.sort(orders.wait[of_class]) / unit
        shares = np.arange(1, len(waits) + 1) / len(waits)
        kept = np.unique(np.linspace(0, len(waits) - 1, min(len(waits), _PIXELS)).astype(int))
        bound = "≥ " if values[f"orders.{order_class.name}.pending"] else ""
        shown = format_duration(round(p95 * SECOND), 0 if p95 >= 10 else 1)
        x, y = np.concatenate(([0, waits[0]], waits[kept])), np.concatenate(([0, 0], shares[kept]))
        label = f"{order_class.name}: {len(waits)} order{'s'[: len(waits) != 1]}, p95 {bound}{shown}"
        axes.step(x, y, where="post", color=colour, linewidth=2.2, label=label)
        marker = "o" if order_class is OrderClass.VIP else "s"
        at = p95 * SECOND / unit
        axes.plot([at], [0.95], marker, color=colour, markeredgecolor=INK, markersize=8, zorder=3, clip_on=False)
    axes.axhline(0.95, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, longest * SECOND / unit * 1.04 or 1)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 0.95]))
    axes.set_xlabel(f"wait ({word})")
    axes.set_ylabel("share of orders that wait at most so long")
    head(axes, f"Waits: {run.scenario.name}")
    legend(figure, [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")])
    return figure


CHARTS: dict[str, Callable[[Run], Figure]] = dict(
    zip(CHART_NAMES, (bots_chart, queues_chart, waits_chart), strict=True)
)


class Plots:
    """The charts of a run, as `run.plot.bots()` and so on; each returns a matplotlib Figure."""

    def __init__(self, run: Run) -> None:
        """Draw from `run`."""
        self._run = run

    def bots(self) -> Figure:
        """Return the bots' timeline."""
        return bots_chart(self._run)

    def queues(self) -> Figure:
        """Return both queues over time."""
        return queues_chart(self._run)

    def waits(self) -> Figure:
        """Return the distribution of waits by class."""
        return waits_chart(self._run)


def clock_figure(scenario: Scenario, end: int, title: str, height: float, panels: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure of panels, one above the other, whose x axis is a run until `end`, read on its clock."""
    figure = Chart(figsize=(11, height), layout="constrained")
    axes: list[Axes] = list(figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])
    for panel in axes:
        plain(panel)
    clock, span = scenario.clock, max(end, 1)
    step = next((tick for tick in _TICKS if span / tick <= 10), -(-span // (10 * DAY)) * DAY)
    first, low = -clock.start % step, axes[-1]
    low.xaxis.set_major_locator(FixedLocator(np.arange(first, span + 1, step).tolist() or [0]))
    low.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _clock_label(clock, int(x), step, end)))
    low.set_xlim(0, span)
    words = "day, HH:MM" if span > DAY else "HH:MM:SS" if step % MICROSECONDS["m"] else "HH:MM"
    low.set_xlabel(f"clock ({words})")
    head(axes[0], f"{title}: {scenario.name}")
    return figure, axes


def _clock_label(clock: Clock, time: int, step: int, end: int) -> str:
    reading = clock.reading(time)
    if end > DAY:
        return f"day {clock.second(time) * SECOND // DAY + 1}\n{reading[:5]}"
    return reading if step % MICROSECONDS["m"] else reading[:5]


def time_unit(longest: float) -> tuple[int, str]:
    """Return the unit in microseconds, and its word, for an axis of durations of up to `longest` seconds."""
    return (MICROSECONDS["m"], "minutes") if longest >= 300 else (SECOND, "seconds")


def head(axes: Axes, text: str) -> None:
    """Write a title, on two lines where a scenario's name is long."""
    axes.set_title(fill(text, 75), loc="left")


def plain(axes: Axes) -> None:
    """Leave away what says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def legend(figure: Figure, handles: list[Any], **options: Any) -> None:
    """Put a legend below all panels."""
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4), frameon=False, **options)


def _lifetimes(run: Run) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when each bot was added and removed, in order of number; a bot that stays has the end of the run."""
    log = run.log
    births = log.time[log.kind == EventKind.BOT_ADDED.value]
    deaths = np.full(len(births), log.end, np.int64)
    removed = log.kind == EventKind.BOT_REMOVED.value
    deaths[log.bot[removed] - 1] = log.time[removed]
    return births, deaths


def _bars(
    axes: Axes,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    row: NDArray[np.int64],
    height: float,
    **look: Any,
) -> None:
    """Draw a bar from `start` to `end` in each row."""
    low, high = row - height / 2, row + height / 2
    corners = np.stack([start, low, start, high, end, high, end, low], axis=1).reshape(-1, 4, 2)
    axes.add_collection(PolyCollection(list(corners), **look))


def _fused(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    bot: NDArray[np.int64],
    look: NDArray[np.int64],
    span: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw as one the bars of a bot that begin in the same pixel, with the look that has most of their time."""
    if len(start) <= _MOST_BARS:
        return start, end, bot, look
    order = np.lexsort((start, bot))
    start, end, bot, look = start[order], end[order], bot[order], look[order]
    pixel = start // max(span // _PIXELS, 1)
    first = np.flatnonzero((np.diff(bot, prepend=-1) != 0) | (np.diff(pixel, prepend=-1) != 0))
    time_by_look = [np.add.reduceat(np.where(look == one, end - start, 0), first) for one in range(4)]
    return start[first], np.maximum.reduceat(end, first), bot[first], np.argmax(time_by_look, axis=0)


def _label_orders(axes: Axes, run: Run, ended: NDArray[np.int64]) -> None:
    """Write order numbers into the bars where all of them fit."""
    attempts = run.measures.attempts
    width = (ended - attempts.picked_up) / max(run.log.end, 1)
    if len(width) > _MOST_LABELS or len(width) == 0 or width.min() < 0.035 or attempts.bot.max() > 20:
        return
    returned = OUTCOMES.index("returned")
    for row, bot, start, end, outcome in zip(
        attempts.row, attempts.bot, attempts.picked_up, ended, attempts.outcome, strict=True
    ):
        dark = run.measures.orders.order_class[row] == OrderClass.VIP.value and outcome != returned
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if outcome == returned else None
        number = str(row + run.workload.first_number)
        colour = "white" if dark else INK
        axes.text((start + end) / 2, bot, number, ha="center", va="center", fontsize=8, color=colour, bbox=box)


def _thinned(times: NDArray[np.int64], levels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep the first, lowest, highest and last level in each of some thousand spans: the picture stays the same."""
    if len(times) <= 4 * _PIXELS:
        return times, levels
    span = times // max(int(times[-1]) // _PIXELS, 1)
    first = np.flatnonzero(np.diff(span, prepend=-1))
    order = np.lexsort((levels, span))
    lowest, highest = order[first], order[np.append(first[1:], len(order)) - 1]
    last = np.append(first[1:], len(times)) - 1
    kept = np.unique(np.concatenate((first, lowest, highest, last)))
    return times[kept], levels[kept]
