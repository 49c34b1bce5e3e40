"""The charts that are files, of each kind of result."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from sim.experiment import Comparison, Replications, Run, Selection, Staffing, Sweep
from sim.fitting import Fit
from sim.output.charts.drawing import own_style
from sim.output.files import Write

DPI = 150
"""Dots an inch of the charts that are files."""

Result = Run | Replications | Sweep | Comparison | Selection | Staffing


def charts(result: Result) -> dict[str, Callable[[], Figure | None]]:
    """Return what draws the charts of a result, by the names of their files without `.png`."""
    match result:
        case Run():
            of_run = result.plot
            return {"bots": of_run.bots, "queues": of_run.queues, "waits": of_run.waits, "day": of_run.day}
        case Replications():
            plots = result.plot
            drawings: dict[str, Callable[[], Figure | None]] = {"intervals": plots.intervals, "queue": plots.queue}
            if result.scenario.warmup != 0:  # others need not look at one
                drawings["warmup"] = plots.warmup
            return {**drawings, "theory": plots.theory, "day": plots.day}
        case Sweep():
            return {"sweep": result.plot.curves}
        case Comparison():
            return {"compare": result.plot.differences}
        case Selection():
            return {"select": result.plot.candidates}
        case Staffing():
            return {"staffing": result.plot.slots}


def chart_files(result: Result) -> dict[str, Write]:
    """Draw the charts of a result, and return what writes those that are not None, by the paths of their files."""
    with own_style():
        figures = {name: draw() for name, draw in charts(result).items()}
    return {f"charts/{name}.png": partial(_save, figure) for name, figure in figures.items() if figure is not None}


def evidence_file(fit: Fit) -> Write:
    """Draw the picture of a fit, and return what writes it."""
    with own_style():
        return partial(_save, fit.plot.evidence())


def _save(figure: Figure, path: Path) -> None:
    with own_style():
        figure.savefig(path, format="png", dpi=DPI)
