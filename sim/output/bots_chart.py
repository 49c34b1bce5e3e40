"""The bots' timeline of a run: a row for each bot that is present at once, and the orders it worked on."""

from heapq import heappop, heappush
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.events import EventKind
from sim.experiment import Run
from sim.metrics import OUTCOMES
from sim.model import NONE, Ints, OrderClass
from sim.output.canvas import (
    COLOURS,
    INK,
    PIXELS,
    PRESENT,
    Chart,
    Size,
    clock_axis,
    heading,
    legend,
    note,
    of_run,
    plain,
)

_HATCHED: dict[str, Any] = {"facecolor": "white", "hatch": "//////", "linewidth": 0}
_MOST_LABELS = 60
_MOST_APART = 120  # orders of one row
_MOST_BARS = 20_000
_MOST_NAMED = 12  # rows whose bots are named
_MOST_NUMBERS = 4  # bots that are named before a row


def bots_chart(run: Run, figsize: Size | None = None) -> Chart:
    """Return the bots' timeline."""
    chart = Chart(figsize or (11, min(2.4 + 0.32 * _rows(run).max(initial=0), 9)))
    draw_bots(run, chart.add_subplot())
    return chart


def draw_bots(run: Run, axes: Axes) -> Axes:
    """Draw the bots' timeline: a row for each bot that is present at once, and the orders it worked on."""
    births, deaths = _lifetimes(run)
    rows = _rows(run)
    last = int(rows.max(initial=0))
    plain(axes)
    clock_axis(axes, run.scenario.clock, run.log.end)
    heading(axes, "Bots and the orders they worked on", of_run(run))
    _bars(axes, births, deaths, rows, 0.9, facecolor=PRESENT, edgecolor="white", linewidth=0.8)
    attempts = run.measures.attempts
    ended = np.where(attempts.ended == NONE, run.log.end, attempts.ended)
    returned = attempts.outcome == OUTCOMES.index("returned")
    looks = run.measures.orders.order_class[attempts.row] * 2 + returned
    start, end, row, look = _fused(attempts.picked_up, ended, rows[attempts.bot - 1], looks, run.log.end)
    apart = 0.8 if len(start) <= _MOST_APART * last else 0
    for order_class, colour in COLOURS.items():
        whole, back = look == order_class * 2, look == order_class * 2 + 1
        _bars(axes, start[whole], end[whole], row[whole], 0.66, facecolor=colour, edgecolor="white", linewidth=apart)
        _bars(axes, start[back], end[back], row[back], 0.66, edgecolor=colour, **_HATCHED)
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
    for place, (birth, death) in enumerate(zip(births.tolist(), deaths.tolist(), strict=True)):
        while taken and taken[0][0] <= birth:
            heappush(free, heappop(taken)[1])
        rows[place] = heappop(free) if free else len(taken) + 1
        heappush(taken, (death, int(rows[place])))
    return rows


def _label_rows(axes: Axes, rows: Ints) -> None:
    """Name the bots of each row where there are few rows, else number the rows."""
    last = int(rows.max(initial=0))
    axes.set_ylim(max(last, 1) + 0.6, 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.set_ylabel("bot (number)" if last == len(rows) else "bots present at once (rows)")
    if last <= _MOST_NAMED:
        numbers = [(np.flatnonzero(rows == row) + 1).tolist() for row in range(1, last + 1)]
        labels = [", ".join(map(str, of_row[:_MOST_NUMBERS])) for of_row in numbers]
        more = [" …" if len(of_row) > _MOST_NUMBERS else "" for of_row in numbers]
        axes.set_yticks(range(1, last + 1), [label + end for label, end in zip(labels, more, strict=True)])
        axes.set_ylabel("bot (number)")


def _bars(
    axes: Axes,
    start: Ints,
    end: Ints,
    row: Ints,
    height: float,
    **look: Any,
) -> None:
    """Draw a bar from `start` to `end` in each row."""
    low, high = row - height / 2, row + height / 2
    corners = np.stack([start, low, start, high, end, high, end, low], axis=1).reshape(-1, 4, 2)
    axes.add_collection(PolyCollection(list(corners), **look))


def _fused(
    start: Ints,
    end: Ints,
    row: Ints,
    look: Ints,
    span: int,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw as one the bars of a row that begin in the same pixel, with the look that has most of their time."""
    if len(start) <= _MOST_BARS:
        return start, end, row, look
    order = np.lexsort((start, row))
    start, end, row, look = start[order], end[order], row[order], look[order]
    pixel = start // max(span // PIXELS, 1)
    first = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(pixel, prepend=-1) != 0))
    time_by_look = [np.add.reduceat(np.where(look == each, end - start, 0), first) for each in range(4)]
    return start[first], np.maximum.reduceat(end, first), row[first], np.argmax(time_by_look, axis=0)


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
        dark = run.measures.orders.order_class[order] == OrderClass.VIP.value and outcome != returned
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if outcome == returned else None
        number = str(order + run.workload.first_number)
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "bbox": box}
        axes.text((start + end) / 2, rows[bot - 1], number, color="white" if dark else INK, **style)
