"""What commands that run many replications share: options, and keeping what is finished."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Literal

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
from sim.errors import SimulationError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.experiment import Options, Replication, Results
    from sim.scenario import Scenario
    from sim.storage import Address, Experiment

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
_FLUSH = 5  # seconds of work that a power cut may take
_LONG = 1  # seconds after which it is worth saying what would be quicker


class Keeper:
    """Keeps replications in the embedded file as they come, and at the end on a server where one is asked for.

    They belong to an experiment of `scenario`, whose seed they have, or without it each to one of its own scenario.
    """

    def __init__(
        self,
        kind: Literal["replicate", "sweep", "compare", "select"],
        scenario: "Scenario | None",
        seed: int | None,
        address: "Address | None",
        tags: list[str] | None,
    ) -> None:
        self.kind, self.scenario, self.address, self.tags = kind, scenario, address, tags or []
        self.seed = seed
        self.experiments: dict[str, Experiment] = {}  # by the text of the scenario that they are of
        self.scenarios: dict[str, Scenario] = {}  # by their text
        self.waiting: list[tuple[Scenario, list[str], Results]] = []  # with the ids of their runs
        self.count, self.flushed = 0, monotonic()
        self.problems: list[str] = []
        self.damaged: set[str] = set()  # what was said of damaged runs

    def seed_of(self, scenario: "Scenario") -> int:
        """Return the seed that replications of a scenario have."""
        return (self.scenario or scenario).seed if self.seed is None else self.seed

    @contextmanager
    def at_work(self, jobs: int, engine: Engine, dask: str | None) -> "Iterator[Options]":
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
                    "seed": self.seed,
                    "jobs": jobs,
                    "engine": engine,
                    "executor": executor,
                    "earlier": self.earlier,
                    "finished": self.take,
                    "progress": progress,
                    "fingerprints": self.address is not None,
                }
        except KeyboardInterrupt:
            self.close()
            raise InterruptedWorkError("; ".join(self.problems) or self._count_text() or "nothing is kept") from None
        except SimulationError as error:
            self.close()
            raise SimulationError("; ".join(filter(None, (str(error), self._count_text())))) from None
        except BaseException:  # such as the end of a reader, or a fault of ours
            self.close()
            self.tell()
            raise
        if engine == "compiled" or monotonic() - began > _LONG:
            hint_at_numba(engine)
        self.close()

    def _count_text(self) -> str:
        """Return how much is kept of what is not finished, nothing where that is nothing."""
        if self.address is None or not self.count:
            return ""
        return f"{self.count} finished replications are kept, the same command goes on"

    def earlier(self, scenario: "Scenario") -> list["Replication"]:
        """Return the replications that the embedded file has; what is wrong with it shows when others are kept."""
        from sim.storage import earlier_replications, find_address, open_database

        if self.address is None:
            return []
        self.scenarios[scenario.text] = scenario
        if not Path(find_address(self._local()).target).exists():
            return []
        try:
            with open_database(self._local()) as database:
                return earlier_replications(database, scenario, self.seed_of(scenario), self._damaged)
        except StorageError:
            return []

    def _damaged(self, error: StorageError) -> None:
        """Say which run is of no use here; a sweep asks for the same ones again and again."""
        if str(error) not in self.damaged:
            self.damaged.add(str(error))
            complain(f"sim: {error}; its replication is run again")

    def take(self, scenario: "Scenario", block: "Results") -> None:
        """Keep a block, now or with others a little later; what goes wrong is tried again at the end."""
        self.count += len(block)
        if self.address is not None:
            from sim.storage import new_run_id

            self.waiting.append((scenario, [new_run_id() for _ in block], block))
            if monotonic() - self.flushed > _FLUSH:
                with suppress(StorageError):
                    self._flush()
                self.flushed = monotonic()

    def close(self) -> None:
        """Keep what is not kept yet; what could not be kept becomes one of the problems."""
        if self.address is None:
            return
        local = self._local()
        try:
            self._flush()
        except StorageError as error:
            self.problems.append(f"{error}; these replications are not in a database")
            return
        if not self.address.is_remote:
            return
        from sim.storage import open_database, push_replications

        def damaged(error: StorageError) -> None:
            self.problems.append(f"{error}; it is not pushed")

        try:
            with open_database(self.address) as target, open_database(local) as source:
                for scenario in self.scenarios.values():
                    push_replications(source, target, scenario, self.seed_of(scenario), damaged)
        except StorageError as error:
            problem = f"{error}; these replications are in {local}, not all pushed; sim push sends them"
            self.problems.append(problem)

    def _local(self) -> str:
        """Return the embedded file that goes before a server, or the one that is asked for."""
        from sim.storage import LOCAL

        assert self.address is not None
        return LOCAL if self.address.is_remote else self.address.url

    def _flush(self) -> None:
        from sim.storage import new_experiment, open_database, save_replications

        if not self.waiting:
            return
        with open_database(self._local()) as database:
            while self.waiting:
                scenario, ids, block = self.waiting[0]
                of = self.scenario or scenario
                experiment = self.experiments.setdefault(of.text, new_experiment(self.kind, of))
                save_replications(database, scenario, self.seed_of(scenario), block, self.tags, experiment, ids)
                del self.waiting[0]

    def write(self, write: "Callable[[Path], None]", path: Path, option: str = "--out") -> list[str]:
        """Write to a folder or file, and return the line that says where that is, or make a problem of it; `option`
        names another place.
        """
        try:
            write(path)
        except OSError as error:
            self.problems.append(cannot_write(error, path, option))
            return []
        return [f"Files: {path}/"]

    def tell(self) -> None:
        """Tell of problems."""
        for problem in self.problems:
            complain(f"sim: {problem}")

    def leave(self, status: int = 0) -> None:
        """Tell of problems, and exit with their status or, where there are none, with the one given."""
        self.tell()
        if self.problems or status:
            raise typer.Exit(NOT_SAVED if self.problems else status)


@contextmanager
def _without_logs() -> "Iterator[None]":
    """Log nothing: dask tells in many lines of what is lost, and one of ours is enough."""
    level = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(level)
