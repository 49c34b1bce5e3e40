"""Charts of differences: of alternatives from a baseline, and of simulated means from their closed forms."""

from collections.abc import Sequence
from typing import Never

from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sim.experiment import Comparison, Pair, Replications, Size, theory
from sim.experiment.presenting import ComparisonPlots
from sim.model import unit_of
from sim.output.charts.canvas import (
    COLOURS,
    INK,
    heading,
    left_out,
    legend,
    mark_interval,
    of_replications,
    plain,
    unit_axis,
    with_unit,
)
from sim.output.charts.drawing import FigureChart
from sim.statistics import Interval
from sim.units import count

_BLUE = next(iter(COLOURS.values()))
_MOST_ROWS = 100


def _size_of_comparison(comparison: Comparison) -> Size:
    rows = min(len(comparison.alternatives), _MOST_ROWS)
    return 9, 1.4 + len(comparison.metric_names) * (0.8 + 0.3 * rows)


def draw_comparison(comparison: Comparison, figure: FigureBase) -> FigureBase:
    """Draw a panel for each metric: the difference of each alternative from the baseline with its 95% interval, filled
    where it is significant by Holm's procedure over all of them.
    """
    panels = figure.subplots(len(comparison.metric_names), 1, squeeze=False)[:, 0]
    for index, axes in enumerate(panels):
        _draw_pairs(axes, comparison.pairs[index :: len(panels)][:_MOST_ROWS])
    replications = [comparison.baseline, *comparison.alternatives]
    subject = f"Differences from the baseline {comparison.labels[0]}"
    if len(comparison.alternatives) > _MOST_ROWS:
        subject += f", of the first {_MOST_ROWS} of {count(len(comparison.alternatives), 'alternative')}"
    heading(figure, subject, of_replications(replications) + left_out(replications, comparison.metric_names))
    is_random = any(pair.is_test for pair in comparison.pairs)
    _interval_legend(figure, "significant (Holm)" if is_random else "differs; nothing is random", "not significant")
    return figure


def _draw_pairs(axes: Axes, pairs: Sequence[Pair]) -> None:
    _rows(axes, [pair.alternative for pair in pairs])
    for row, pair in enumerate(pairs):
        if pair.difference is None:
            axes.text(0, row, "  no data", va="center")
        else:
            mark_interval(axes, row, pair.difference.interval, _BLUE, filled=pair.is_significant)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
    unit_axis(axes.xaxis, unit_of(pairs[0].metric))
    axes.set_ylabel("alternative")
    axes.set_xlabel(f"difference of {with_unit(pairs[0].metric)}")


def size_of_theory(replications: Replications) -> Size:
    """Return the size of the chart of closed forms: as high as its rows need."""
    return 9, 1.6 + 0.32 * len(theory(replications.scenario).values)


def draw_theory(replications: Replications, axes: Axes) -> Axes | None:
    """Draw how far each mean lies from its closed form, as a share of that, with its 95% interval."""
    formulas = theory(replications.scenario)
    rows = [row for row in formulas.beside(replications) if row.estimate is not None and row.theory]
    if not rows:
        return None
    _rows(axes, [row.metric for row in rows])
    for index, row in enumerate(rows):
        assert row.estimate is not None
        mean, low, high = (None if end is None else end / row.theory - 1 for end in row.estimate[:3])
        assert mean is not None
        mark_interval(axes, index, Interval(mean, low, high, row.estimate.n), _BLUE, filled=bool(row.agrees))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("how far the estimate lies above its closed form (%)")
    axes.set_ylabel("metric")
    heading(axes, f"Simulation beside theory: {formulas.model}", of_replications([replications]))
    _interval_legend(axes, "agrees (Holm)", "differs")
    return axes


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """Prepare a row for each name, and a line at no difference."""
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)


def _interval_legend(canvas: Axes | FigureBase, filled: str, hollow: str) -> None:
    handles = [
        Line2D(
            [],
            [],
            color=INK,
            marker="|",
            linestyle="",
            markersize=12,
            label="estimate, in its 95% interval, unadjusted",
        ),
        Patch(facecolor=_BLUE, edgecolor=_BLUE, label=filled),
        Patch(facecolor="none", edgecolor=_BLUE, label=hollow),
    ]
    legend(canvas, handles)


def comparison_plots(comparison: Comparison) -> ComparisonPlots:
    """Return the chart of a comparison."""
    return ComparisonPlots(FigureChart[Comparison, Never](comparison, draw_comparison, _size_of_comparison))
