"""The picture of a fit: rates with their intervals, service times beside their laws, day totals, and tests in words."""

from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.fitting import Fit
from sim.fitting.arrivals import Stream
from sim.fitting.days import SLOT, Days
from sim.fitting.presenting import FitPlots
from sim.output.charts.canvas import COLOURS, GREY, INK, duration_axis, heading, legend, note, plain
from sim.output.charts.drawing import FigureChart
from sim.output.fits import findings
from sim.statistics import mean_interval
from sim.units import HOUR

_GROUP_COLOURS = ["#1b4f8f", "#b35806", "#3b7d4f", "#7b3294", "#666666", "#a02020", "#1f9e9e"]
_MOST_POINTS = 400  # of a QQ plot
_WORDS = 60  # letters in a line of what tests say


def draw_evidence(fit: Fit, figure: FigureBase) -> FigureBase:
    """Draw the evidence of a fit."""
    rows: list[Any] = [["rates", "rates"], ["days", "words"]]
    if fit.services:
        rows.insert(1, ["ecdf", "qq"])
    panels = figure.subplot_mosaic(rows)
    handles = _draw_rates(fit, panels["rates"])
    if fit.services:
        _draw_ecdf(fit, panels["ecdf"])
        _draw_qq(fit, panels["qq"])
    _draw_days(fit, panels["days"])
    _draw_words(fit, panels["words"])
    heading(figure, f"What {fit.source} says", f"{len(fit.overall.days.records):,} orders, {fit.span}")
    legend(figure, handles, fontsize=9)
    return figure


def _draw_rates(fit: Fit, axes: Axes) -> list[Line2D]:
    """Draw what each slot had, with intervals by days, and the rates of the scenario over it."""
    handles = []
    for number, group in enumerate(fit.groups or [fit.overall]):
        colour = _GROUP_COLOURS[number % len(_GROUP_COLOURS)]
        is_first = group.arrivals.is_first
        counts = np.asarray(group.days.counts(is_first) * (HOUR / SLOT), float)
        slots = [mean_interval(counts[:, slot]) for slot in range(group.days.slots)]
        middles = np.arange(group.days.slots) + 0.5
        means = np.array([slot.estimate for slot in slots])
        half_widths = np.array([slot.half_width or 0.0 for slot in slots])
        axes.errorbar(middles, means, yerr=half_widths, fmt="o", color=colour, markersize=4, elinewidth=1.2, zorder=3)
        rates = sum((_rates(stream, group.days) for stream in group.arrivals.streams), np.zeros(group.days.slots))
        axes.stairs(rates, np.arange(group.days.slots + 1), color=colour, linewidth=1.8, baseline=None)
        name = f"{group.name}: " if group.name else ""
        handles += [
            Line2D([], [], color=colour, marker="o", linestyle="none", label=f"{name}half-hours, 95% interval by days"),
            Line2D([], [], color=colour, linewidth=1.8, label=f"{name}rate of the scenario"),
        ]
    plain(axes)
    days = fit.overall.days
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, days.slots)
    axes.xaxis.set_major_locator(MaxNLocator(min(days.slots, 14), integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda slot, _: days.reading(slot)))
    axes.set_ylabel("arrivals per hour")
    axes.set_title("When orders come", loc="left", fontsize="medium")
    return handles


def _rates(stream: Stream, days: Days) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    rates = np.zeros(days.slots)
    for phase in stream.phases:
        rates[phase.first : phase.last] = phase.rate.estimate
    return rates


def _draw_ecdf(fit: Fit, axes: Axes) -> None:
    axes.set_title("Service times, and the law of the scenario", loc="left", fontsize="medium")
    for service in fit.services:
        colour, n = COLOURS[service.order_class], len(service.values)
        axes.step(service.values, np.arange(1, n + 1) / n, color=colour, where="post", label=service.order_class.name)
        if service.law is not None:
            grid = np.linspace(max(service.values[0], 1e-9), service.values[-1], 300)
            axes.plot(grid, service.law.cdf(grid), color=INK, linewidth=1, linestyle="--")
    plain(axes)
    duration_axis(axes.xaxis, 6)
    axes.set_ylabel("share of orders")
    axes.legend(fontsize="small", loc="lower right", frameon=False)


def _draw_qq(fit: Fit, axes: Axes) -> None:
    axes.set_title("The same as quantiles: on the line where the law fits", loc="left", fontsize="medium")
    highest = 0.0
    for service in fit.services:
        law = service.law or service.likeliest
        if law is None:
            continue
        shares = (np.arange(min(len(service.values), _MOST_POINTS)) + 0.5) / min(len(service.values), _MOST_POINTS)
        observed = np.quantile(service.values, shares)
        expected = law.quantiles(shares)
        label = f"{service.order_class.name}, {law.name}{'' if service.law else ' (does not fit)'}"
        axes.plot(expected, observed, ".", color=COLOURS[service.order_class], markersize=4, label=label)
        highest = max(highest, float(observed[-1]), float(expected[-1]))
    if not highest:
        note(axes, "no law to compare")
        return
    axes.plot([0, highest], [0, highest], color=GREY, linewidth=1)
    plain(axes)
    duration_axis(axes.xaxis, 5)
    duration_axis(axes.yaxis, 5)
    axes.set_xlabel("by the law")
    axes.set_ylabel("in the file")
    axes.legend(fontsize="small", loc="upper left", frameon=False)


def _draw_days(fit: Fit, axes: Axes) -> None:
    days = fit.overall.days
    totals = days.counts().sum(1)
    names = dict.fromkeys(range(7), _GROUP_COLOURS[0])
    for number, group in enumerate(fit.groups):
        names |= dict.fromkeys(group.days.weekdays, _GROUP_COLOURS[number % len(_GROUP_COLOURS)])
    axes.bar(range(len(totals)), totals, color=[names[weekday] for weekday in days.weekdays], width=0.75)
    axes.axhline(float(totals.mean()), color=GREY, linewidth=1)
    plain(axes)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda day, _: f"{days.dates[int(day)]:%m-%d}" if 0 <= day < len(totals) else "")
    )
    axes.set_ylabel("orders")
    axes.set_title("Orders by day", loc="left", fontsize="medium")


def _draw_words(fit: Fit, axes: Axes) -> None:
    axes.set_axis_off()
    axes.set_title("What tests say", loc="left", fontsize="medium")
    lines = [*findings(fit), *(f"NOTE: {problem}" for problem in fit.problems)]
    text = "\n".join(fill(line, _WORDS, subsequent_indent="  ") for line in lines)
    axes.text(0, 1, text, transform=axes.transAxes, va="top", ha="left", fontsize=8.5)


def fit_plots(fit: Fit) -> FitPlots:
    """Return what draws the picture of a fit."""
    return FitPlots(FigureChart(fit, draw_evidence, (11, 12 if fit.services else 8.5)))
