"""The engines, each a pure function from a workload to an event log, and the choice between them."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from sim.events import EventLog
    from sim.model import Workload

Progress = Callable[[int, int], None]
Engine = Literal["auto", "reference", "compiled"]
LONG = 300_000
"""From how many actions on the compiled engine pays: about a second of the reference engine's work."""

__all__ = ["LONG", "Engine", "Progress", "can_compile", "choose_engine", "run_engine"]


def choose_engine(engine: Engine, actions: int) -> Engine:
    """Return the engine for so many actions in all; `auto` takes the compiled one for many, once it is compiled.

    Raises:
        ValueError: there is no such engine.

    """
    if engine in ("reference", "compiled"):
        return engine
    if engine != "auto":
        raise ValueError(f"engine {engine!r} is not known; write one of {', '.join(get_args(Engine))}")
    if actions < LONG or not can_compile():
        return "reference"
    from sim.engines.compiled import jit

    mark = jit.kept_mark()
    return "compiled" if mark is not None and mark.exists() else "reference"


def can_compile() -> bool:
    """Whether numba, the extra `fast`, is installed."""
    try:
        return find_spec("numba") is not None
    except ValueError:  # it is kept from being imported
        return False


def run_engine(workload: "Workload", engine: Engine, progress: Progress | None = None) -> "EventLog":
    """Return the log of `workload`, which is the same whichever engine makes it.

    Raises:
        ValueError: there is no such engine.

    """
    if choose_engine(engine, len(workload.action)) == "compiled":
        from sim.engines import compiled

        return compiled.simulate(workload)
    from sim.engines.reference import simulate

    return simulate(workload, progress)
