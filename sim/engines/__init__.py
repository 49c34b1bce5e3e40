"""The engines, each a pure function from a workload to an event log, and the choice between them."""

from typing import Literal, get_args

from sim.engines.reference import Progress, simulate
from sim.events import EventLog
from sim.model import Workload

Engine = Literal["auto", "reference"]

__all__ = ["Engine", "Progress", "run_engine"]


def run_engine(workload: Workload, engine: Engine, progress: Progress | None = None) -> tuple[EventLog, str]:
    """Return the log of `workload` and the name of the engine that made it; `auto` takes the quickest at hand.

    Raises:
        ValueError: there is no such engine.

    """
    if engine not in get_args(Engine):
        raise ValueError(f"engine {engine!r} is not known; write one of {', '.join(get_args(Engine))}")
    return simulate(workload, progress), "reference"
