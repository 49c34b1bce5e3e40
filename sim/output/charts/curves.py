"""Curves of metrics by a parameter: what the charts of sweeps and selections are made of."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.experiment import Replications, Size, label, shared_thresholds
from sim.model import unit_of
from sim.output.charts.canvas import INK, LIMIT, RED, finite_ends, plain, unit_axis, with_unit
from sim.output.wording import CONFIDENCE, shown, worst_metric
from sim.scenario import quantity
from sim.statistics import Interval

_FEW_COLOURS = ("#1b4f8f", "#f5b25c", "#7a7a7a", INK)
_MARKERS = ("o", "s", "D", "^", "v", "P", "*")
_LINES: tuple[Literal["-"], Literal["--"], Literal[":"], Literal["-."]] = ("-", "--", ":", "-.")
_RING: dict[str, Any] = {
    "marker": "o",
    "markersize": 15,
    "markerfacecolor": "none",
    "markeredgecolor": INK,
    "markeredgewidth": 1.8,
    "zorder": 5,
}
_MOST_TICKS = 16
_APART = 0.07  # of a panel's height, between the values of two limits

Standing = Callable[[int, str], str]
"""Where a point stands by a metric: one of MARKS, '' where nothing is asked."""

MARKS: dict[str, dict[str, Any]] = {
    "": {},
    "PASS": {},
    "does not PASS": {"markerfacecolor": "white"},
    "feasible": {},
    "worse": {"fillstyle": "left", "markerfacecoloralt": "white"},
    "infeasible": {"marker": "x", "markeredgewidth": 2},
    "undecided": {"markerfacecolor": "white"},
    "not needed": {"marker": ".", "markersize": 5},
}
"""How the mark of a point looks beside that of its curve."""


class _Look(NamedTuple):
    """How a curve looks."""

    colour: str
    marker: str
    line: Literal["-", "--", ":", "-."]


class Curves:
    """The points of a study as curves: the parameter with most values runs along the x axis; of three or more, the one
    with fewest values sets panels beside each other; the others tell curves apart.
    """

    def __init__(self, points: Sequence[Replications], parameters: Sequence[str]) -> None:
        """Lay out some points that differ in some parameters."""
        values = {name: list(dict.fromkeys(_text(point, name) for point in points)) for name in parameters}
        ranked = sorted(parameters, key=lambda name: -len(values[name]))
        differing = [name for name in ranked if len(values[name]) > 1] or ranked[:1]
        self.points = points
        self.x_name = differing[0]
        self.column_name = differing[-1] if len(differing) > 2 else None
        self.columns = [""] if self.column_name is None else values[self.column_name]
        names = [name for name in parameters if name in differing and name not in (self.x_name, self.column_name)]
        labels = [label(point.scenario, names) if names else "estimate" for point in points]
        self.looks = _looks(list(dict.fromkeys(labels)))
        self.indices: dict[tuple[str, str], list[int]] = {}  # of points, by column and curve
        for index, (point, name) in enumerate(zip(points, labels, strict=True)):
            column = "" if self.column_name is None else _text(point, self.column_name)
            self.indices.setdefault((column, name), []).append(index)
        self.x, self.is_ordered = _positions(points, self.x_name)

    def size(self, metric_names: Sequence[str]) -> Size:
        """Return the size of a figure: a row of panels for each metric, a line of the legend for three curves."""
        width = 9 if len(self.columns) == 1 else 2 + 3.4 * len(self.columns)
        return width, 1.4 + 2.7 * len(metric_names) + 0.2 * (len(self.looks) // 3)

    def draw(
        self, figure: FigureBase, metric_names: Sequence[str], standing: Standing, selected: int | None
    ) -> list[Any]:
        """Draw the panels and return what a legend has; what is `selected` gets a ring."""
        shape = (len(metric_names), len(self.columns))
        grid = figure.subplots(*shape, sharex=True, sharey="row", squeeze=False)
        limits = [limits_of(self.points, metric) for metric in metric_names]
        for row, metric, limits_of_metric in zip(grid, metric_names, limits, strict=True):
            for axes, column in zip(row, self.columns, strict=True):
                self._draw_panel(axes, column, metric, standing, selected)
            self._finish_row(row, metric, limits_of_metric)
        for axes, column in zip(grid[0], self.columns, strict=True):
            if self.column_name is not None:
                axes.set_title(f"{self.column_name}={column}", fontsize="medium")
        for axes in grid[-1]:
            self._label_x(axes)
        return self._handles(metric_names, standing, selected, any(limits))

    def _draw_panel(self, axes: Axes, column: str, metric: str, standing: Standing, selected: int | None) -> None:
        plain(axes)
        for number, (name, look) in enumerate(self.looks.items()):
            # Values without an order stand side by side, and so do the points of their curves.
            shift = 0 if self.is_ordered else 0.5 * ((number + 0.5) / len(self.looks) - 0.5)
            estimates = {
                index: estimate
                for index in self.indices.get((column, name), [])
                if (estimate := _worst(self.points[index], metric))
            }
            rows = [
                (self.x[index] + shift, estimate.estimate, *(finite_ends(estimate) or (estimate.estimate,) * 2))
                for index, estimate in estimates.items()
            ]
            x, mean, low, high = np.array(sorted(rows)).reshape(-1, 4).T
            if self.is_ordered:
                axes.fill_between(x, low, high, color=look.colour, alpha=0.2, linewidth=0)
                axes.plot(x, mean, color=look.colour, linestyle=look.line, linewidth=1.8)
            else:
                axes.vlines(x, low, high, color=look.colour, alpha=0.4, linewidth=6)
            for index, estimate in estimates.items():
                style = {"marker": look.marker, "markersize": 7, **MARKS[standing(index, metric)]}
                axes.plot(self.x[index] + shift, estimate.estimate, color=look.colour, **style)
                if index == selected:
                    axes.plot(self.x[index] + shift, estimate.estimate, **_RING)

    def _finish_row(self, row: Sequence[Axes], metric: str, limits: dict[float, str]) -> None:
        """Label the y axis of a row of panels, and draw the limits with their texts beside the row."""
        first, last = row[0], row[-1]
        for axes, limit in product(row, limits):
            axes.axhline(limit, **LIMIT)
        ends = [_worst(point, metric) for point in self.points]
        if all(estimate is None or estimate.low is None or estimate.low >= 0 for estimate in ends):
            first.set_ylim(bottom=0)
        unit_axis(first.yaxis, unit_of(metric), 6)
        first.set_ylabel(with_unit(metric).replace(" ", "\n"))
        bottom, top = first.get_ylim()
        labels: list[tuple[float, str]] = []
        for limit, text in sorted(limits.items()):
            if labels and limit - labels[-1][0] < _APART * (top - bottom):
                labels[-1] = (limit, f"{text}\n{labels[-1][1]}")
            else:
                labels.append((limit, text))
        for limit, text in labels:
            last.text(1.01, limit, text, transform=last.get_yaxis_transform(), va="center", color=RED, fontsize="small")

    def _label_x(self, axes: Axes) -> None:
        ticks = dict(
            sorted({x: _text(point, self.x_name) for x, point in zip(self.x, self.points, strict=True)}.items())
        )
        every = -(-len(ticks) * len(self.columns) // _MOST_TICKS)
        axes.set_xticks(list(ticks)[::every], list(ticks.values())[::every])
        axes.set_xlabel(self.x_name)
        if not self.is_ordered:
            axes.set_xlim(-0.6, len(ticks) - 0.4)

    def _handles(
        self, metric_names: Sequence[str], standing: Standing, selected: int | None, has_limits: bool
    ) -> list[Any]:
        handles: list[Any] = [
            Line2D(
                [],
                [],
                color=look.colour,
                marker=look.marker,
                linestyle=look.line if self.is_ordered else "",
                label=name,
            )
            for name, look in self.looks.items()
        ]
        handles.append(Patch(color=INK, alpha=0.2, label="95% interval of each point alone"))
        if has_limits:
            handles.append(Line2D([], [], label="limit of a threshold", **LIMIT))
        occurring = {standing(index, metric) for index in range(len(self.points)) for metric in metric_names}
        handles += [
            Line2D([], [], color=INK, linestyle="", label=name, **{"marker": "o", **style})
            for name, style in MARKS.items()
            if name and name in occurring
        ]
        if selected is not None:
            handles.append(Line2D([], [], linestyle="", label="selected", **_RING))
        return handles


def limits_of(points: Sequence[Replications], metric: str) -> dict[float, str]:
    """Return the limits that all points have for a metric, as a threshold of the file says them."""
    texts: dict[float, str] = {}
    for condition in (threshold.condition for threshold in shared_thresholds(points, metric)):
        if condition.operator == "between":
            texts[condition.low] = f"≥ {shown(metric, condition.low)}"
            texts[condition.high] = f"≤ {shown(metric, condition.high)}"
        else:
            texts[condition.low] = condition.text
    return texts


def _worst(point: Replications, metric: str) -> Interval | None:
    """Return the estimate of a metric, of one with slots that of the worst one."""
    return point.estimate(worst_metric(point, metric), CONFIDENCE)


def _text(point: Replications, name: str) -> str:
    return str(point.scenario.parameters[name])


def _positions(points: Sequence[Replications], name: str) -> tuple[list[float], bool]:
    """Return where each point stands along the axis of a parameter, and whether its values have an order: numbers stand
    as they are, others side by side.
    """
    values = [quantity(point.scenario.parameters[name]) for point in points]
    if all(value.kind == "a number" for value in values):
        return [float(value.value) for value in values], True
    known = list(dict.fromkeys(values))
    is_ordered = all(value.order is not None for value in values)
    if is_ordered:
        known.sort(key=lambda value: value.order or 0)
    return [float(known.index(value)) for value in values], is_ordered


def _looks(labels: Sequence[str]) -> dict[str, _Look]:
    """Return a look for each curve: no two have the same colour."""
    colours: Iterable[Any] = _FEW_COLOURS
    if len(labels) > len(_FEW_COLOURS):
        colours = colormaps["viridis"](np.linspace(0, 0.92, len(labels)))
    return {
        name: _Look(to_hex(colour), _MARKERS[number % len(_MARKERS)], _LINES[number % len(_LINES)])
        for number, (name, colour) in enumerate(zip(labels, colours, strict=False))
    }
