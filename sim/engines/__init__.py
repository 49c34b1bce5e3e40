"""The choice between the engines, each of which is a pure function from a workload to an event log: see `contract`."""

from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:  # numpy would take most of the time of `sim --help`, which names the engines
    from sim.engines.contract import Progress, Simulate
    from sim.events import EventLog
    from sim.model import Workload

Engine = Literal["auto", "reference", "compiled"]
LONG = 300_000
"""From how many actions on the compiled engine pays: about a second of the reference engine's work."""

__all__ = ["LONG", "Engine", "can_compile", "choose_engine", "kernel_of", "run_engine", "runs_in_threads"]


def choose_engine(engine: Engine, actions: int) -> Literal["reference", "compiled"]:
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


def kernel_of(engine: Engine) -> ModuleType | None:
    """Return what draws workloads quicker for the compiled engine, with the same numbers; None for others."""
    if engine != "compiled" or not can_compile():
        return None
    from sim.engines.compiled import draws

    return draws


def runs_in_threads(engine: Engine) -> bool:
    """Whether several threads run an engine at once: compiled code lets go of the interpreter's lock."""
    return engine == "compiled" and can_compile()


def run_engine(workload: "Workload", engine: Engine, progress: "Progress | None" = None) -> "EventLog":
    """Return the log of `workload`, which is the same whichever engine makes it.

    Raises:
        ValueError: there is no such engine.

    """
    return _engine(choose_engine(engine, len(workload.action)))(workload, progress)


def _engine(name: Literal["reference", "compiled"]) -> "Simulate":
    """Return an engine; each is imported when it is used first, since SimPy and numba take their time."""
    if name == "compiled":
        from sim.engines import compiled

        return compiled.simulate
    from sim.engines import reference

    return reference.simulate
