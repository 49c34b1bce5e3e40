"""The bots' timeline of a run: a row for each bot that is present at once, and the orders it worked on."""

from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.events import EventKind
from sim.experiment import Run, Size
from sim.metrics import OUTCOMES
from sim.model import NONE, Ints, OrderClass
from sim.output.charts.canvas import COLOURS, INK, PIXELS, PRESENT, clock_axis, heading, legend, note, of_run, plain

_HATCHED: dict[str, Any] = {"facecolor": "white", "hatch": "//////", "linewidth": 0}
_MOST_LABELS = 60
_MOST_APART = 120  # orders of one row
_MOST_BARS = 20_000
_MOST_NAMED = 12  # rows whose bots are named
_MOST_NUMBERS = 4  # bots that are named before a row


class _Bars(NamedTuple):
    """Bars as columns: from `start` to `end` (microseconds) in a row; those of one look are drawn alike."""

    start: Ints
    end: Ints
    row: Ints
    look: Ints

    def of_look(self, look: int) -> "_Bars":
        """Return the bars of one look."""
        return self._replace(**{name: column[self.look == look] for name, column in self._asdict().items()})


def size_of_bots(run: Run) -> Size:
    """Return the size of the bots' timeline: as high as its rows need."""
    return 11, min(2.4 + 0.32 * int(_rows(run).max(initial=0)), 9)


def draw_bots(run: Run, axes: Axes) -> Axes:
    """Draw the bots' timeline: a row for each bot that is present at once, and the orders it worked on."""
    births, deaths = _lifetimes(run)
    rows = _rows(run)
    last = int(rows.max(initial=0))
    plain(axes)
    clock_axis(axes, run.scenario.clock, run.log.end)
    heading(axes, "Bots and the orders they worked on", of_run(run))
    presence = _Bars(births, deaths, rows, np.zeros_like(rows))
    _draw_bars(axes, presence, 0.9, facecolor=PRESENT, edgecolor="white", linewidth=0.8)
    attempts = run.measures.attempts
    ended = np.where(attempts.ended == NONE, run.log.end, attempts.ended)
    returned = attempts.outcome == OUTCOMES.index("returned")
    looks = run.measures.orders.order_class[attempts.row] * 2 + returned
    bars = _fused(_Bars(attempts.picked_up, ended, rows[attempts.bot - 1], looks), run.log.end)
    gap = 0.8 if len(bars.start) <= _MOST_APART * last else 0
    for order_class, colour in COLOURS.items():
        _draw_bars(axes, bars.of_look(order_class * 2), 0.66, facecolor=colour, edgecolor="white", linewidth=gap)
        _draw_bars(axes, bars.of_look(order_class * 2 + 1), 0.66, edgecolor=colour, **_HATCHED)
    _label_orders(axes, run, rows, ended)
    _label_rows(axes, rows)
    if not last:
        note(axes, "there were no bots")
    handles = [Patch(color=colour, label=order_class.name) for order_class, colour in COLOURS.items()]
    if returned.any():
        handles.append(Patch(edgecolor=INK, label="returned to PENDING", **_HATCHED))
    handles.append(Patch(color=PRESENT, label="present, IDLE"))
    legend(axes, handles)
    return axes


def _lifetimes(run: Run) -> tuple[Ints, Ints]:
    """Return when each bot was added and removed, in order of number; a bot that stays has the end of the run."""
    log = run.log
    births = log.time[log.kind == EventKind.BOT_ADDED.value]
    deaths = np.full(len(births), log.end, np.int64)
    removed = log.kind == EventKind.BOT_REMOVED.value
    deaths[log.bot[removed] - 1] = log.time[removed]
    return births, deaths


def _rows(run: Run) -> Ints:
    """Return the row of each bot, from 1: the first that is free when it is added, so that there are as many rows as
    bots were ever present at once.
    """
    births, deaths = _lifetimes(run)
    deaths[deaths == run.log.end] += 1  # so that nobody takes the row of a bot that stays, at the last instant either
    rows = np.zeros(len(births), np.int64)
    free: list[int] = []
    taken: list[tuple[int, int]] = []  # until when, and the row
    for index, (birth, death) in enumerate(zip(births.tolist(), deaths.tolist(), strict=True)):
        while taken and taken[0][0] <= birth:
            heappush(free, heappop(taken)[1])
        rows[index] = heappop(free) if free else len(taken) + 1
        heappush(taken, (death, int(rows[index])))
    return rows


def _label_rows(axes: Axes, rows: Ints) -> None:
    """Name the bots of each row where there are few rows, else number the rows."""
    last = int(rows.max(initial=0))
    axes.set_ylim(max(last, 1) + 0.6, 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.set_ylabel("bot (number)" if last == len(rows) else "bots present at once (rows)")
    if last <= _MOST_NAMED:
        numbers = [(np.flatnonzero(rows == row) + 1).tolist() for row in range(1, last + 1)]
        axes.set_yticks(range(1, last + 1), [_names(of_row) for of_row in numbers])
        axes.set_ylabel("bot (number)")


def _names(numbers: list[int]) -> str:
    """Return what the bots of a row are called."""
    names = ", ".join(map(str, numbers[:_MOST_NUMBERS]))
    return f"{names} …" if len(numbers) > _MOST_NUMBERS else names


def _draw_bars(axes: Axes, bars: _Bars, height: float, **style: Any) -> None:
    start, end, low, high = bars.start, bars.end, bars.row - height / 2, bars.row + height / 2
    corners = np.stack([start, low, start, high, end, high, end, low], axis=1).reshape(-1, 4, 2)
    axes.add_collection(PolyCollection(list(corners), **style))


def _fused(bars: _Bars, span: int) -> _Bars:
    """Return as one the bars of a row that begin in the same pixel, with the look that has most of their time: nobody
    sees the difference, and a long run would take minutes to draw.
    """
    if len(bars.start) <= _MOST_BARS:
        return bars
    order = np.lexsort((bars.start, bars.row))
    start, end, row, look = (column[order] for column in bars)
    pixel = start // max(span // PIXELS, 1)
    first = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(pixel, prepend=-1) != 0))
    time_by_look = [np.add.reduceat(np.where(look == index, end - start, 0), first) for index in range(4)]
    return _Bars(start[first], np.maximum.reduceat(end, first), row[first], np.argmax(time_by_look, axis=0))


def _label_orders(axes: Axes, run: Run, rows: Ints, ended: Ints) -> None:
    """Write order numbers into the bars where all of them fit."""
    attempts = run.measures.attempts
    width = (ended - attempts.picked_up) / max(run.log.end, 1)
    if len(width) > _MOST_LABELS or len(width) == 0 or width.min() < 0.035 or rows.max() > 20:
        return
    returned = OUTCOMES.index("returned")
    for order, bot, start, end, outcome in zip(
        attempts.row, attempts.bot, attempts.picked_up, ended, attempts.outcome, strict=True
    ):
        is_dark = run.measures.orders.order_class[order] == OrderClass.VIP.value and outcome != returned
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if outcome == returned else None
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "bbox": box}
        number = str(order + run.workload.first_number)
        axes.text((start + end) / 2, rows[bot - 1], number, color="white" if is_dark else INK, **style)
