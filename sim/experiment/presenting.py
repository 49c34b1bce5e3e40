"""What draws and shows results: `sim.output`, which stands above experiments, so that they must not import it.

Results know only these types, and find who keeps them when somebody asks for a chart. Why is told in
docs/decisions/0012.
"""

from dataclasses import dataclass
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Never, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

    from sim.experiment.closed_forms import Theory
    from sim.experiment.comparing import Comparison
    from sim.experiment.replications import Replications
    from sim.experiment.selecting import Selection
    from sim.experiment.single import Run
    from sim.experiment.staffing.result import Staffing
    from sim.experiment.sweeping import Sweep

Size = tuple[float, float]
"""Width and height of a figure in inches."""

Absent_co = TypeVar("Absent_co", covariant=True)
"""What comes in place of a chart where there is nothing to draw: None, or Never if there always is something."""


class OnAxes(Protocol[Absent_co]):
    """Draws a chart of one panel: on a new matplotlib Figure of `figsize` inches, or on axes of the caller.

    Raises:
        ValueError: both are given.

    """

    @overload
    def __call__(self, ax: None = None, figsize: Size | None = None) -> "Figure | Absent_co": ...
    @overload
    def __call__(self, ax: "Axes", figsize: None = None) -> "Axes | Absent_co": ...


class OnFigure(Protocol[Absent_co]):
    """Draws a chart of several panels: on a new matplotlib Figure of `figsize` inches, or on an empty figure or
    subfigure of the caller.

    Raises:
        ValueError: both are given.

    """

    @overload
    def __call__(self, figure: None = None, figsize: Size | None = None) -> "Figure | Absent_co": ...
    @overload
    def __call__(self, figure: "FigureBase", figsize: None = None) -> "FigureBase | Absent_co": ...


@dataclass(eq=False, repr=False)
class RunPlots:
    """The charts of a run, as `run.plot.bots()` and so on."""

    bots: OnAxes[Never]
    """The bots' timeline; times are microseconds from the start."""
    queues: OnFigure[Never]
    """Both queues over time; times are microseconds from the start."""
    waits: OnAxes[Never]
    """The distribution of waits by class, in seconds."""
    day: OnFigure[Never]
    """Orders, queue, crew and promises by time of day; times are microseconds from the start."""


@dataclass(eq=False, repr=False)
class ReplicationsPlots:
    """The charts of replications, as `week.plot.queue()` and so on; None where there is nothing to draw."""

    intervals: OnFigure[None]
    """Means with their intervals by class, in seconds."""
    queue: OnFigure[None]
    """Both queues over time, with a band; times are microseconds from the start."""
    warmup: OnAxes[None]
    """Welch's plot, whether the scenario has a warm-up or is to get one; waits are in seconds."""
    theory: OnAxes[None]
    """How far estimates lie from closed forms, as shares of them."""
    day: OnFigure[None]
    """The same in the mean, where the file names metrics of slots; times are microseconds from the start."""


class SweepPlots(Protocol):
    """The chart of a sweep, as `crews.plot.curves()`: the curves of some metrics, by default of those that thresholds
    name, in the units of the metrics: seconds, shares and so on.
    """

    @overload
    def curves(self, *metric_names: str, figure: None = None, figsize: Size | None = None) -> "Figure": ...
    @overload
    def curves(self, *metric_names: str, figure: "FigureBase", figsize: None = None) -> "FigureBase": ...


@dataclass(eq=False, repr=False)
class ComparisonPlots:
    """The chart of a comparison, as `comparison.plot.differences()`."""

    differences: OnFigure[Never]
    """The differences from the baseline, in the units of the metrics: seconds, shares and so on."""


@dataclass(eq=False, repr=False)
class SelectionPlots:
    """The chart of a selection, as `choice.plot.candidates()`."""

    candidates: OnFigure[Never]
    """The curves of the candidates, in the units of the metrics: seconds, shares and so on."""


@dataclass(eq=False, repr=False)
class StaffingPlots:
    """The chart of a staffing, as `answer.plot.slots()`."""

    slots: OnFigure[Never]
    """Offered load, crew and promises by time of day; times are microseconds from the start."""


@dataclass(eq=False, repr=False)
class Page:
    """A page in one HTML file, which sends no request.

    Notebooks show it, also when they are converted to HTML, and below it `summary`, a table in HTML: one that is not
    trusted, or is sanitised, shows that alone.
    """

    html: str
    title: str
    summary: str

    def __repr__(self) -> str:
        """Return what it shows, in one line."""
        return f"<Page of {self.title}>"

    def save(self, path: str | Path) -> Path:
        """Write the file, and return its path."""
        path = Path(path)
        path.write_text(self.html, encoding="utf-8", newline="\n")
        return path

    def _repr_html_(self) -> str:
        style = "width: 100%; height: 860px; border: 0"
        return (
            f'<iframe style="{style}" title="{escape(self.title)}" srcdoc="{escape(self.html)}"></iframe>{self.summary}'
        )


class Presenter(Protocol):
    """Who draws and shows results."""

    def run_plots(self, run: "Run") -> RunPlots: ...
    def replications_plots(self, replications: "Replications") -> ReplicationsPlots: ...
    def sweep_plots(self, sweep: "Sweep") -> SweepPlots: ...
    def comparison_plots(self, comparison: "Comparison") -> ComparisonPlots: ...
    def selection_plots(self, selection: "Selection") -> SelectionPlots: ...

    def staffing_plots(self, staffing: "Staffing") -> StaffingPlots: ...

    def page(self, run: "Run") -> Page: ...

    def html(self, result: "Run | Replications | Sweep | Comparison | Selection | Staffing | Theory") -> str:
        """Return what notebooks show of a result."""


def presenter() -> Presenter:
    """Return who draws and shows results; it loads matplotlib when something is drawn."""
    notebooks: Presenter = import_module("sim.output.notebooks").PRESENTER
    return notebooks
