"""What results leave behind: text, tables, charts and documents, each a function from a result.

Modules are imported when they are first used, since no command needs all of them.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.output import documents, estimates, files, fits, folder, leaving, page, reports, staffing, stored, text

__all__ = [
    "CHART_NAMES",
    "OUTPUT_FILES",
    "documents",
    "estimates",
    "files",
    "fits",
    "folder",
    "leaving",
    "page",
    "reports",
    "staffing",
    "stored",
    "text",
]

CHART_NAMES = {
    "run": ("bots", "queues", "waits", "day"),
    "replicate": ("intervals", "queue", "warmup", "theory", "day"),
    "sweep": ("sweep",),
    "compare": ("compare",),
    "select": ("select",),
    "staff": ("staffing",),
}
"""The charts that each command may draw."""

_TABLES = {
    "run": ("result.txt", "orders.csv", "attempts.csv", "events.csv", "metrics.json", "page.html"),
    "replicate": ("replications.csv",),
    "sweep": ("sweep.csv",),
    "compare": ("compare.csv", "compare.html"),
    "select": ("select.csv",),
    "staff": ("staffing.csv", "staffing.html"),
}
OUTPUT_FILES = {
    command: (*files, *(f"charts/{name}.png" for name in CHART_NAMES[command])) for command, files in _TABLES.items()
}
"""The files that each command may write into its folder."""


def __getattr__(name: str) -> ModuleType:
    """Return one of the modules."""
    if name not in __all__:
        raise AttributeError(f"module 'sim.output' has no attribute {name!r}")
    return import_module(f"sim.output.{name}")
