"""Work that takes a while: with a bar, by several workers, and kept also where it is interrupted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import TypeVar

import sim
from sim import output
from sim.cli.options import Work
from sim.cli.statuses import leave
from sim.engines import Engine, can_compile
from sim.errors import INSTALL, SimulationError
from sim.output.terminal import complain, progress_bar

T = TypeVar("T")
_LONG = 20  # seconds of work from which on numba saves time, although it compiles for half a minute once


def carry_out(experiment: Callable[..., T], work: Work, keeper: "sim.storage.Keeper") -> T:
    """Return what an experiment returns that is given its options; what is finished is kept, also when it is
    interrupted.
    """
    from sim.experiment.cluster import cluster

    try:
        with (
            keeper,
            numba_hint(work.engine),
            progress_bar("replications") as progress,
            nullcontext() if work.dask is None else cluster(work.dask) as executor,
        ):
            options: sim.experiment.Options = {
                "seed": work.seed,
                "jobs": work.jobs or sim.experiment.available_processors(),
                "engine": work.engine,
                "executor": executor,
                "progress": progress,
                "fingerprints": keeper.address is not None,
            }
            if keeper.address is not None:  # else sim check need not run all replications, so that they can be kept
                options |= {"earlier": keeper.earlier, "finished": keeper.finished}
            return experiment(**options)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("; ".join(keeper.problems) or keeper.kept_text or "nothing is kept") from None
    except SimulationError as error:
        raise SimulationError("; ".join(filter(None, (str(error), keeper.kept_text)))) from None
    except BaseException:  # such as the end of a reader, or a fault of ours
        complain(*(f"sim: {problem}" for problem in keeper.problems))
        raise


@contextmanager
def numba_hint(engine: Engine) -> Iterator[None]:
    """Say what would be faster, where numba is missing, after work that was long or was to be compiled."""
    began = monotonic()
    yield
    is_worth_it = engine == "compiled" or (engine == "auto" and monotonic() - began > _LONG)
    if is_worth_it and not can_compile():
        complain(f"sim: with numba this would be many times faster; {INSTALL.format('[fast]')}")


def write_or_leave(path: Path, write: Callable[[Path], object], option: str) -> None:
    """Write what a command is for; where that does not work, exit."""
    problems: list[str] = []
    output.files.write_to(path, write, problems, option)
    leave(0, problems)
