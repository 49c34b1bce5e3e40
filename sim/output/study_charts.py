"""Charts of sweeps, comparisons and selections, and of theory beside simulation."""

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, PercentFormatter, StrMethodFormatter

from sim.checks import Judgement
from sim.experiment import Comparison, Replications, Selection, Sweep, label, shared_conditions, theory
from sim.model import UNITS
from sim.output.charts import INK, PRESENT, Chart, legend, plain, time_unit
from sim.output.estimates import CONFIDENCE
from sim.scenario import metric_of, quantity
from sim.units import SECOND

Look = tuple[str, str, Literal["-", "--", ":"]]
"""The colour, marker and line of a curve."""

_LOOKS: list[Look] = [
    ("#1b4f8f", "o", "-"),
    ("#f5b25c", "s", "-"),
    ("#7a7a7a", "D", "--"),
    (INK, "^", ":"),
]
_LIMIT: dict[str, Any] = {"color": "#a02020", "linewidth": 1.3, "linestyle": "--", "zorder": 1}
_WIDE = 20  # times the smallest mean: beyond that an axis is logarithmic

Filled = Callable[[int, str], bool]


def study_chart(done: Sweep | Comparison | Selection) -> Figure:
    """Return the chart of a study."""
    if isinstance(done, Sweep):
        return sweep_chart(done)
    return select_chart(done) if isinstance(done, Selection) else compare_chart(done)


def sweep_chart(done: Sweep, metrics: Sequence[str] = ()) -> Figure:
    """Return a panel for each metric: its mean by the parameter with most values, with a band for the 95% interval of
    each point alone, a curve for each combination of the others, and limits of thresholds as lines.
    """

    def passes(at: int, metric: str) -> bool:
        verdicts = [one for one in done.points[at].thresholds if one.threshold.metric == metric]
        return all(one.judgement is Judgement.PASS for one in verdicts)

    figure = _curves(done.points, done.parameters, metrics or done.metrics, passes, "does not PASS")
    _head(figure, f"Sweep: {done.scenario.name}")
    return figure


def select_chart(done: Selection) -> Figure:
    """Return the curves of the candidates, those that are not feasible hollow, and what was selected marked."""
    points = [one.done for one in done.candidates]

    def feasible(at: int, _: str) -> bool:
        return done.candidates[at].standing in ("feasible", "worse")

    figure = _curves(points, done.parameters, done.metrics, feasible, "not feasible")
    _head(figure, f"Select: {done.scenario.name}: {done.outcome}")
    if done.selected is not None:
        name = _main(points, done.parameters)
        x = _positions(points, name)[done.candidates.index(done.selected)]
        for axes in figure.axes:
            axes.axvline(x, color=PRESENT, linewidth=16, zorder=0)
    return figure


def _head(figure: Figure, text: str) -> None:
    """Write a title above all panels, whose left edges depend on what stands beside them."""
    figure.suptitle(fill(text, 90), x=0.01, ha="left", fontsize="large")


def _curves(
    points: Sequence[Replications], parameters: Sequence[str], metrics: Sequence[str], filled: Filled, hollow: str
) -> Figure:
    """Return a panel for each metric with its curves."""
    main = _main(points, parameters)
    others = [name for name in parameters if name != main]
    curves: dict[str, list[int]] = {}
    for at, point in enumerate(points):
        curves.setdefault(label(point.scenario, others) if others else "", []).append(at)
    figure = Chart(figsize=(9, 1 + 2.7 * len(metrics)), layout="constrained")
    all_axes = figure.subplots(len(metrics), 1, sharex=True, squeeze=False)[:, 0]
    x = _positions(points, main)
    for axes, metric in zip(all_axes, metrics, strict=True):
        _panel(axes, points, metric, x, curves, filled)
    ticks = dict(zip(x, (str(point.scenario.parameters[main]) for point in points), strict=True))
    all_axes[-1].set_xticks(list(ticks), list(ticks.values()))
    all_axes[-1].set_xlabel(main)
    handles: list[Any] = [
        Line2D([], [], color=colour, marker=marker, linestyle=line, label=name or "mean over replications")
        for name, (colour, marker, line) in zip(curves, _looks(len(curves)), strict=True)
    ]
    handles.append(Patch(color=INK, alpha=0.2, label="95% interval of each point alone"))
    if any(shared_conditions(points, metric) for metric in metrics):
        handles.append(Line2D([], [], label="limit of a threshold", **_LIMIT))
    if any(threshold.metric in metrics for point in points for _, threshold in point.scenario.thresholds):
        handles.append(Line2D([], [], color=INK, marker="o", linestyle="", markerfacecolor="white", label=hollow))
    legend(figure, handles, fontsize=9)
    return figure


def _main(points: Sequence[Replications], parameters: Sequence[str]) -> str:
    """Return the parameter with most values, which runs along the x axis."""
    return max(parameters, key=lambda name: len({str(point.scenario.parameters[name]) for point in points}))


def _positions(points: Sequence[Replications], name: str) -> list[float]:
    """Return where each point stands along the axis of a parameter: numbers as they are, others in their order."""
    found = [quantity(point.scenario.parameters[name]) for point in points]
    if all(one.kind == "a number" for one in found):
        return [float(one.value) for one in found]
    known = list(dict.fromkeys(found))
    if all(one.order is not None for one in found):
        known.sort(key=lambda one: one.order or 0)
    return [float(known.index(one)) for one in found]


def _looks(count: int) -> list[Look]:
    return [_LOOKS[place % len(_LOOKS)] for place in range(count)]


def _panel(
    axes: Axes,
    points: Sequence[Replications],
    metric: str,
    x: Sequence[float],
    curves: dict[str, list[int]],
    filled: Filled,
) -> None:
    plain(axes)
    estimates = [point.estimate(metric, CONFIDENCE) for point in points]
    limits = {limit for condition in shared_conditions(points, metric) for limit in (condition.low, condition.high)}
    means = [one.mean for one in estimates if one]
    scale, word = _unit(metric, max([*means, *limits], default=0))
    for places, (colour, marker, line) in zip(curves.values(), _looks(len(curves)), strict=True):
        seen = sorted((at for at in places if estimates[at]), key=lambda at: x[at])
        rows = [
            (x[at], *(end if end is not None else found.mean for end in found[:3]))
            for at in seen
            if (found := estimates[at])
        ]
        where, mean, low, high = np.array(rows).reshape(-1, 4).T
        axes.fill_between(where, low * scale, high * scale, color=colour, alpha=0.2, linewidth=0)
        axes.plot(where, mean * scale, color=colour, linestyle=line, linewidth=1.8)
        for at, value in zip(seen, mean, strict=True):
            face = colour if filled(at, metric) else "white"
            axes.plot(x[at], value * scale, marker, color=colour, markerfacecolor=face, markersize=7)
    for limit in limits:
        axes.axhline(limit * scale, **_LIMIT)
    words = [word] if word else []
    if means and min(means) > 0 and max(means) > _WIDE * min(means):
        words.append("logarithmic")
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    elif all(one is None or one.low is None or one.low >= 0 for one in estimates):
        axes.set_ylim(0)
    if UNITS[metric] == "share":
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_ylabel(f"{metric}\n({', '.join(words)})" if words else metric)


def _unit(metric: str, largest: float) -> tuple[float, str]:
    """Return what values of a metric are multiplied with, and the word for its unit."""
    if UNITS[metric] == "s":
        unit, word = time_unit(largest)
        return SECOND / unit, word
    return 1, {"share": "", "orders/h": "orders an hour"}.get(UNITS[metric], UNITS[metric])


def compare_chart(done: Comparison) -> Figure:
    """Return a panel for each metric: the difference of each alternative from the baseline with its 95% interval,
    filled where it is significant by Holm's procedure over all of them.
    """
    figure = Chart(figsize=(9, 1.2 + len(done.metrics) * (0.8 + 0.3 * len(done.alternatives))), layout="constrained")
    all_axes = figure.subplots(len(done.metrics), 1, squeeze=False)[:, 0]
    for axes, metric in zip(all_axes, done.metrics, strict=True):
        plain(axes)
        axes.grid(visible=False, axis="y")
        pairs = [pair for pair in done.pairs if pair.metric == metric]
        ends = [
            abs(end) for pair in pairs if pair.difference for end in pair.difference.interval[:3] if end is not None
        ]
        scale, word = _unit(metric, max(ends, default=0))
        axes.axvline(0, color=INK, linewidth=1)
        for row, pair in enumerate(pairs):
            if pair.difference is None:
                continue
            mean, low, high, _ = pair.difference.interval
            if low is not None and high is not None:
                axes.plot([low * scale, high * scale], [row, row], color=INK, linewidth=2, marker="|", markersize=9)
            face = _LOOKS[0][0] if pair.is_significant else "white"
            axes.plot(mean * scale, row, "D", color=_LOOKS[0][0], markerfacecolor=face, markersize=7)
        axes.set_yticks(range(len(pairs)), [pair.alternative for pair in pairs])
        axes.set_ylim(len(pairs) - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
        if UNITS[metric] == "share":
            axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_ylabel("alternative")
        axes.set_xlabel(f"difference of {metric}{f' ({word})' * bool(word)}")
    _head(figure, f"Compare: {done.baseline.scenario.name}, baseline {done.labels[0]}")
    _interval_legend(figure, "significant (Holm)", "not significant")
    return figure


def _interval_legend(figure: Figure, filled: str, hollow: str) -> None:
    blue = _LOOKS[0][0]
    handles = [
        Line2D([], [], color=INK, linewidth=2, marker="|", markersize=9, label="95% interval, unadjusted"),
        Line2D([], [], color=blue, marker="D", linestyle="", label=filled),
        Line2D([], [], color=blue, marker="D", linestyle="", markerfacecolor="white", label=hollow),
    ]
    legend(figure, handles)


def theory_chart(done: Replications) -> Figure | None:
    """Return how far each mean lies from its closed form, with its 95% interval; None where no theory holds."""
    found = theory(done.scenario)
    rows = [one for one in found.beside(done) if one.estimate is not None and one.theory]
    if not rows:
        return None
    figure = Chart(figsize=(9, 1.4 + 0.32 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=INK, linewidth=1)
    for row, one in enumerate(rows):
        assert one.estimate is not None
        mean, low, high, _ = one.estimate
        if low is not None and high is not None:
            axes.plot(
                [low / one.theory - 1, high / one.theory - 1],
                [row, row],
                color=INK,
                linewidth=2,
                marker="|",
                markersize=9,
            )
        face = _LOOKS[0][0] if one.agrees else "white"
        axes.plot(mean / one.theory - 1, row, "D", color=_LOOKS[0][0], markerfacecolor=face, markersize=7)
    axes.set_yticks(range(len(rows)), [one.metric for one in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("how far the simulated mean lies above its closed form (%)")
    axes.set_ylabel("metric")
    _head(figure, f"Theory: {done.scenario.name}, {found.model}")
    _interval_legend(figure, "agrees (Holm)", "differs")
    return figure


class SweepPlots:
    """The chart of a sweep, as `done.plot.curves()`."""

    def __init__(self, done: Sweep) -> None:
        """Draw from `done`."""
        self._done = done

    def curves(self, *metrics: str) -> Figure:
        """Return the curves of some metrics, by default of those that thresholds name."""
        return sweep_chart(self._done, [metric_of(name) for name in metrics])


class ComparisonPlots:
    """The chart of a comparison, as `done.plot.differences()`."""

    def __init__(self, done: Comparison) -> None:
        """Draw from `done`."""
        self._done = done

    def differences(self) -> Figure:
        """Return the differences from the baseline."""
        return compare_chart(self._done)


class SelectionPlots:
    """The chart of a selection, as `done.plot.candidates()`."""

    def __init__(self, done: Selection) -> None:
        """Draw from `done`."""
        self._done = done

    def candidates(self) -> Figure:
        """Return the curves of the candidates."""
        return select_chart(self._done)
