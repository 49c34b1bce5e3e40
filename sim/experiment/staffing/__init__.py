"""Staffing: how many bots each slot of the day needs."""

from sim.experiment.staffing.result import CHANCE, COLUMNS, Cell, Rival, Staffing
from sim.experiment.staffing.staffing import ORDERS, staff

__all__ = ["CHANCE", "COLUMNS", "ORDERS", "Cell", "Rival", "Staffing", "staff"]
