"""Charts of sweeps, comparisons and selections."""

from collections.abc import Sequence
from functools import partial

from matplotlib.figure import FigureBase

from sim.experiment import Comparison, Selection, Sweep
from sim.output.charts.canvas import Chart, Size, heading, left_out, legend, of_replications, placed
from sim.output.charts.curves import Curves
from sim.output.charts.differences import compare_chart
from sim.scenario import metric_of
from sim.verdicts import Judgement


def study_chart(study: Sweep | Comparison | Selection) -> Chart:
    """Return the chart of a study."""
    if isinstance(study, Sweep):
        return sweep_chart(study)
    return select_chart(study) if isinstance(study, Selection) else compare_chart(study)


def sweep_chart(sweep: Sweep, figsize: Size | None = None, metrics: Sequence[str] = ()) -> Chart:
    """Return the curves of some metrics, by default of those that thresholds name."""
    curves = Curves(sweep.points, sweep.parameters)
    chart = Chart(figsize or curves.size(metrics or sweep.metric_names))
    draw_sweep(sweep, chart, metrics)
    return chart


def draw_sweep(sweep: Sweep, figure: FigureBase, metrics: Sequence[str] = ()) -> FigureBase:
    """Draw the curves of some metrics; marks are hollow where not all thresholds on a metric PASS."""

    def standing(index: int, metric: str) -> str:
        verdicts = [verdict for verdict in sweep.points[index].verdicts if verdict.threshold.metric == metric]
        if not verdicts:
            return ""
        return "PASS" if all(verdict.judgement is Judgement.PASS for verdict in verdicts) else "does not PASS"

    metrics = metrics or sweep.metric_names
    handles = Curves(sweep.points, sweep.parameters).draw(figure, metrics, standing, None)
    heading(figure, "Sweep: means by parameter", of_replications(sweep.points) + left_out(sweep.points, metrics))
    legend(figure, handles, fontsize=9)
    return figure


def select_chart(selection: Selection, figsize: Size | None = None) -> Chart:
    """Return the curves of the candidates."""
    curves = _curves_of(selection)
    chart = Chart(figsize or curves.size(selection.metric_names))
    draw_selection(selection, chart)
    return chart


def draw_selection(selection: Selection, figure: FigureBase) -> FigureBase:
    """Draw the curves of the candidates, each with a mark of where it stands, and a ring round the selected one."""
    points = [candidate.replications for candidate in selection.candidates]

    def standing(index: int, _: str) -> str:
        return selection.candidates[index].standing

    selected = None if selection.selected is None else selection.candidates.index(selection.selected)
    handles = _curves_of(selection).draw(figure, selection.metric_names, standing, selected)
    subject = f"Nothing selected: {selection.outcome}" if selected is None else f"Selected: {selection.outcome}"
    heading(figure, subject, of_replications(points) + left_out(points, selection.metric_names))
    legend(figure, handles, fontsize=9)
    return figure


def _curves_of(selection: Selection) -> Curves:
    return Curves([candidate.replications for candidate in selection.candidates], selection.parameters)


class SweepPlots:
    """The chart of a sweep, as `crews.plot.curves()`: a new matplotlib Figure of `figsize` inches, or the empty figure
    that it is given.
    """

    def __init__(self, sweep: Sweep) -> None:
        """Draw from `sweep`."""
        self._sweep = sweep

    def curves(
        self, *metrics: str, figure: FigureBase | None = None, figsize: Size | None = None
    ) -> Chart | FigureBase | None:
        """Return the curves of some metrics, by default of those that thresholds name, in the units of the metrics:
        seconds, shares and so on.
        """
        names = [metric_of(name) for name in metrics]
        new, draw = partial(sweep_chart, metrics=names), partial(draw_sweep, metrics=names)
        return placed(self._sweep, new, draw, figure, figsize)


class SelectionPlots:
    """The chart of a selection, as `choice.plot.candidates()`: a new matplotlib Figure of `figsize` inches, or the
    empty figure that it is given.
    """

    def __init__(self, selection: Selection) -> None:
        """Draw from `selection`."""
        self._selection = selection

    def candidates(self, figure: FigureBase | None = None, figsize: Size | None = None) -> Chart | FigureBase | None:
        """Return the curves of the candidates, in the units of the metrics: seconds, shares and so on."""
        return placed(self._selection, select_chart, draw_selection, figure, figsize)
