"""Work that takes a while: with a bar, by several workers, and kept also where it is interrupted."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

import sim
from sim import output
from sim.cli.options import Work
from sim.cli.statuses import leave
from sim.errors import SimulationError
from sim.output.terminal import complain, working

T = TypeVar("T")


def carry_out(experiment: Callable[..., T], work: Work, keeper: "sim.experiment.Unkept") -> T:
    """Return what an experiment returns that is given its options; what is finished is kept, also when it is
    interrupted.
    """
    from sim.experiment.cluster import cluster

    try:
        with (
            keeper,
            working("replications", work.engine) as progress,
            nullcontext() if work.dask is None else cluster(work.dask) as executor,
        ):
            jobs = work.jobs or sim.experiment.available_processors()
            how = {"seed": work.seed, "jobs": jobs, "engine": work.engine, "executor": executor, "progress": progress}
            return experiment(**how, **keeper.options)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("; ".join(keeper.problems) or keeper.kept_text or "nothing is kept") from None
    except SimulationError as error:
        raise SimulationError("; ".join(filter(None, (str(error), keeper.kept_text)))) from None
    except BaseException:  # such as the end of a reader, or a fault of ours
        complain(*(f"sim: {problem}" for problem in keeper.problems))
        raise


def write_or_leave(path: Path, write: Callable[[Path], object], option: str) -> None:
    """Write what a command is for; where that does not work, exit."""
    problems: list[str] = []
    output.files.write_to(path, write, problems, option)
    leave(0, problems)
