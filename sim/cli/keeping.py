"""What commands that run many replications share: options, and keeping what is finished."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.common import (
    NOT_SAVED,
    InterruptedWorkError,
    cannot_write,
    complain,
    hint_at_numba,
    number_from,
    progress_bar,
)
from sim.engines import Engine
from sim.errors import KitchensimError, SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.experiment import Options
    from sim.scenario import Scenario
    from sim.storage import Address, Keeper
    from sim.storage.experiments import Kind

TimesOption = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--replications",
        parser=number_from(1, 1_000_000),
        metavar="N",
        help="How many replications. Default: as the file says.",
    ),
]
JobsOption = Annotated[int, typer.Option(parser=number_from(1), metavar="N", help="Processes that share the work.")]
DaskOption = Annotated[
    str | None, typer.Option("--dask", metavar="ADDRESS", help="Scheduler of a dask cluster that does the work.")
]
FilesOption = Annotated[bool, typer.Option("--files/--no-files", help="Write the files.")]
_LONG = 1  # seconds after which it is worth saying what would be quicker


def keeper_of(
    kind: "Kind", scenario: "Scenario | None", seed: int | None, address: "Address | None", tags: list[str] | None
) -> "Keeper":
    """Return what keeps the replications of a command; damaged runs among earlier ones are told."""
    from sim.storage import Keeper

    def damaged(error: KitchensimError) -> None:
        complain(f"sim: {error}; its replication is run again")

    return Keeper(address, tags or [], kind, scenario, seed, damaged)


@contextmanager
def at_work(keeper: "Keeper", jobs: int, engine: Engine, dask: str | None) -> "Iterator[Options]":
    """Give the options of an experiment; what is finished is kept, also when it is interrupted."""
    from sim.experiment.cluster import cluster

    began = monotonic()
    try:
        with (
            progress_bar("replications") as progress,
            nullcontext() if dask is None else _without_logs(),
            nullcontext() if dask is None else cluster(dask) as executor,
        ):
            yield {
                "seed": keeper.seed,
                "jobs": jobs,
                "engine": engine,
                "executor": executor,
                "earlier": keeper.earlier,
                "finished": keeper.finished,
                "progress": progress,
                "fingerprints": keeper.address is not None,
            }
    except KeyboardInterrupt:
        keeper.close()
        raise InterruptedWorkError("; ".join(keeper.problems) or _count_text(keeper) or "nothing is kept") from None
    except SimulationError as error:
        keeper.close()
        raise SimulationError("; ".join(filter(None, (str(error), _count_text(keeper))))) from None
    except BaseException:  # such as the end of a reader, or a fault of ours
        keeper.close()
        tell(keeper.problems)
        raise
    if engine == "compiled" or monotonic() - began > _LONG:
        hint_at_numba(engine)
    keeper.close()


def _count_text(keeper: "Keeper") -> str:
    """Return how much is kept of what is not finished, nothing where that is nothing."""
    if keeper.address is None or not keeper.count:
        return ""
    return f"{keeper.count} finished replications are kept, the same command goes on"


def write_to(keeper: "Keeper", write: "Callable[[Path], None]", path: Path, option: str = "--out") -> list[str]:
    """Write to a folder or file, and return the line that says where that is, or make a problem of it; `option` names
    another place.
    """
    try:
        write(path)
    except OSError as error:
        keeper.problems.append(cannot_write(error, path, option))
        return []
    return [f"Files: {path}/"]


def tell(problems: Iterable[str]) -> None:
    """Tell of problems."""
    for problem in problems:
        complain(f"sim: {problem}")


def leave(problems: list[str], status: int = 0) -> None:
    """Tell of problems, and exit with their status or, where there are none, with the one given."""
    tell(problems)
    if problems or status:
        raise typer.Exit(NOT_SAVED if problems else status)


@contextmanager
def _without_logs() -> "Iterator[None]":
    """Log nothing: dask tells in many lines of what is lost, and one of ours is enough."""
    level = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(level)
