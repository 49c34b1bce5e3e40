"""What draws and shows fits: `sim.output`, which stands above, so that it must not be imported here (decision 12)."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Never

from sim.experiment.presenting import OnFigure

if TYPE_CHECKING:
    from sim.fitting.fits import Fit


@dataclass(frozen=True)
class FitPlots:
    """The picture of a fit, as `fit.plot.evidence()`."""

    evidence: OnFigure[Never]
    """Rates with their intervals, service times beside their laws, day totals, and what tests say."""


def plots_of(fit: "Fit") -> FitPlots:
    """Return what draws a fit; it loads matplotlib."""
    plots: FitPlots = import_module("sim.output.charts.fits").fit_plots(fit)
    return plots


def html_of(fit: "Fit") -> str:
    """Return what notebooks show of a fit."""
    html: str = import_module("sim.output.fits").fit_report(fit).html()
    return html
