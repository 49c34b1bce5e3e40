"""The page: a run that can be replayed and changed, a kitchen whose clock runs, two runs side by side.

Each is one HTML file, which opens from a disk and sends no request. docs/decisions/0019 says how that works, and why
the engine is written in JavaScript once more.
"""

import os
import sys
from pathlib import Path

from sim.errors import KitchensimError
from sim.experiment import Run
from sim.model import OrderClass, Workload
from sim.output.page.bundle import page_of
from sim.output.page.document import html_page, policy_of
from sim.output.page.sources import live_source, run_source
from sim.scenario import Scenario

__all__ = [
    "MOST_ORDERS",
    "comparison_page",
    "html_page",
    "kitchen_page",
    "open_in_browser",
    "policy_of",
    "run_page",
    "title_of",
    "too_large",
]

MOST_ORDERS = 50_000
"""Orders, or changes of the crew, of a run that has a page."""


def too_large(workload: Workload) -> str:
    """Return why there is no page of a run, '' where there is one."""
    orders, changes = len(workload.service), len(workload.action) - len(workload.service)
    if max(orders, changes) <= MOST_ORDERS:
        return ""
    number = f"{orders:,} orders" if orders > MOST_ORDERS else f"{changes:,} changes of the crew"
    return f"no page of {number}; it has at most {MOST_ORDERS:,}"


def run_page(run: Run) -> str:
    """Return the HTML of a page that replays a run.

    Raises:
        KitchensimError: the run is too large for one.

    """
    _refuse(run.scenario, run.workload)
    return page_of(title_of(run), {"kind": "replay", "sources": [run_source(run)]})


def title_of(run: Run) -> str:
    """Return which run a page shows."""
    return f"{run.scenario.name}, seed {run.seed}, replication {run.replication}"


def kitchen_page(scenario: Scenario | None = None) -> str:
    """Return the HTML of a live kitchen: its clock runs, and orders and bots come by hand; what comes by itself is that
    of the scenario's first replication, nothing of an empty one.

    Raises:
        KitchensimError: the scenario has too many orders for one, or draws the patience of orders.

    """
    if scenario is None:
        return page_of("kitchen, live", None)
    for order_class in OrderClass:
        patience = scenario.file.patience.of(order_class.value)
        if patience is not None and patience.constant is None:
            problem = f"patience of {order_class.name} is drawn, which no file can state of an order by hand"
            raise KitchensimError(f"{scenario.name}: {problem}; write a duration")
    _refuse(scenario, scenario.workload())
    return page_of(f"{scenario.name}, live", {"kind": "live", "sources": [live_source(scenario)]})


def comparison_page(first: Run, second: Run) -> str:
    """Return the HTML of a page that replays two runs side by side, by one clock.

    Raises:
        KitchensimError: one of the runs is too large.

    """
    for run in (first, second):
        _refuse(run.scenario, run.workload)
    return page_of(
        f"{first.scenario.name} and {title_of(second)}",
        {"kind": "compare", "sources": [run_source(first), run_source(second)]},
    )


def open_in_browser(path: Path) -> None:
    """Open a page in a browser, if that has something to show itself on: one for terminals would only be in the way."""
    if sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def _refuse(scenario: Scenario, workload: Workload) -> None:
    if reason := too_large(workload):
        raise KitchensimError(f"{scenario.name}: {reason}")
