"""Charts of sweeps and selections."""

from collections.abc import Sequence
from functools import partial
from typing import Never, overload

from matplotlib.figure import FigureBase

from sim.experiment import Selection, Size, Sweep
from sim.experiment.presenting import SelectionPlots
from sim.output.charts.canvas import heading, left_out, legend, of_replications
from sim.output.charts.curves import Curves
from sim.output.charts.drawing import Chart, FigureChart
from sim.verdicts import Judgement


def draw_sweep(sweep: Sweep, figure: FigureBase, metric_names: Sequence[str]) -> FigureBase:
    """Draw the curves of some metrics; marks are hollow where not all thresholds on a metric PASS."""

    def standing(index: int, metric: str) -> str:
        verdicts = [verdict for verdict in sweep.points[index].verdicts if verdict.threshold.metric == metric]
        if not verdicts:
            return ""
        return "PASS" if all(verdict.judgement is Judgement.PASS for verdict in verdicts) else "does not PASS"

    handles = Curves(sweep.points, sweep.parameters).draw(figure, metric_names, standing, None)
    heading(
        figure, "Sweep: estimates by parameter", of_replications(sweep.points) + left_out(sweep.points, metric_names)
    )
    legend(figure, handles, fontsize=9)
    return figure


def draw_selection(selection: Selection, figure: FigureBase) -> FigureBase:
    """Draw the curves of the candidates, each with a mark of where it stands, and a ring round the selected one."""
    points = [candidate.replications for candidate in selection.candidates]

    def standing(index: int, _: str) -> str:
        return selection.candidates[index].standing

    selected = None if selection.selected is None else selection.candidates.index(selection.selected)
    handles = _curves_of(selection).draw(figure, selection.metric_names, standing, selected)
    subject = f"Nothing selected: {selection.outcome}" if selected is None else f"Selected: {selection.outcome}"
    tested = [point for point in points if point.results]
    heading(figure, subject, of_replications(tested) + left_out(tested, selection.metric_names))
    legend(figure, handles, fontsize=9)
    return figure


def _curves_of(selection: Selection) -> Curves:
    return Curves([candidate.replications for candidate in selection.candidates], selection.parameters)


class SweepCurves:
    """The chart of a sweep, whose caller may say of which metrics."""

    def __init__(self, sweep: Sweep) -> None:
        """Draw from `sweep`."""
        self._sweep = sweep

    @overload
    def curves(self, *metric_names: str, figure: None = None, figsize: Size | None = None) -> Chart: ...
    @overload
    def curves(self, *metric_names: str, figure: FigureBase, figsize: None = None) -> FigureBase: ...
    def curves(
        self, *metric_names: str, figure: FigureBase | None = None, figsize: Size | None = None
    ) -> Chart | FigureBase:
        """Return the curves of some metrics, by default of those that thresholds name."""
        names = [self._sweep.scenario.metric_name(name) for name in metric_names] or self._sweep.metric_names
        size = Curves(self._sweep.points, self._sweep.parameters).size(names)
        chart = FigureChart[Sweep, Never](self._sweep, partial(draw_sweep, metric_names=names), size)
        return chart(figsize=figsize) if figure is None else chart.draw_on(figure, figsize)


def selection_plots(selection: Selection) -> SelectionPlots:
    """Return the chart of a selection."""
    size = _curves_of(selection).size(selection.metric_names)
    return SelectionPlots(FigureChart[Selection, Never](selection, draw_selection, size))
