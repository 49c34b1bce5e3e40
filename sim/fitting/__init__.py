"""From real orders to a scenario, and whether it is true."""

from sim.fitting.calibrating import Calibration, calibrate
from sim.fitting.fits import Fit, fit

__all__ = ["Calibration", "Fit", "calibrate", "fit"]
