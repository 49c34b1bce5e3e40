"""Files of real orders, as tills and call centres write them."""

from sim.scenario.records.columns import ClassWords, Columns
from sim.scenario.records.dates import find_zone
from sim.scenario.records.reading import Records, read_records

__all__ = ["ClassWords", "Columns", "Records", "find_zone", "read_records"]
