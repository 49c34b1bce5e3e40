"""`sim replicate` and `sim check`: what a random scenario says, and whether its thresholds hold."""

import json
import logging
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.common import (
    FAILED,
    INCONCLUSIVE,
    NOT_SAVED,
    ChartsOption,
    DatabaseOption,
    EngineOption,
    FileArgument,
    InterruptedWorkError,
    JsonOption,
    OutOption,
    SaveOption,
    SeedOption,
    SettingsOption,
    TagsOption,
    cannot_write,
    hint_at_numba,
    prepared,
    progress_bar,
)
from sim.engines import Engine
from sim.errors import SimulationError, StorageError

if TYPE_CHECKING:
    from sim.experiment import Replication, Replications, Results
    from sim.scenario import Scenario
    from sim.storage import Address

TimesOption = Annotated[
    int | None,
    typer.Option("-n", "--replications", min=1, metavar="N", help="How many replications. Default: as the file says."),
]
JobsOption = Annotated[int, typer.Option(min=1, help="Processes that share the work.")]
DaskOption = Annotated[
    str | None, typer.Option("--dask", metavar="ADDRESS", help="Scheduler of a dask cluster that does the work.")
]
_FLUSH = 5  # seconds of work that a power cut may take
_LONG = 1  # seconds after which it is worth saying what would be quicker


def replicate_command(
    file: FileArgument,
    times: TimesOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    jobs: JobsOption = 1,
    dask: DaskOption = None,
    engine: EngineOption = "auto",
    out: OutOption = None,
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    files: Annotated[bool, typer.Option("--files/--no-files", help="Write the files.")] = True,
    charts: ChartsOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run a scenario many times; show means with their uncertainty."""
    from sim.output.estimates import estimate_lines
    from sim.output.folder import write_replications
    from sim.output.tables import replications_document

    scenario, address = prepared(file, settings, tags, db, save)
    done, problems = _replicated(scenario, times, seed, jobs, dask, engine, address, tags or [])
    folder = out or Path("out") / scenario.name
    lines = list(estimate_lines(done))
    if files:
        try:
            write_replications(done, folder, charts=charts)
            lines.append(f"Files: {folder}/")
        except OSError as error:
            problems.append(cannot_write(error, folder, "--out"))
    print(json.dumps(replications_document(done), indent=2) if as_json else "\n".join(lines))
    for problem in problems:
        print(f"sim: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(NOT_SAVED)


def check_command(
    file: FileArgument,
    times: TimesOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    jobs: JobsOption = 1,
    dask: DaskOption = None,
    engine: EngineOption = "auto",
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    as_json: JsonOption = False,
) -> None:
    """Judge what a scenario expects, and its thresholds."""
    from sim.checks import Judgement
    from sim.experiment import run
    from sim.output.estimates import threshold_lines
    from sim.output.tables import replications_document
    from sim.output.text import verdict_lines

    scenario, address = prepared(file, settings, tags, db, save)
    done, problems = _replicated(scenario, times, seed, jobs, dask, engine, address, tags or [])
    first = run(scenario, done.seed, 1, engine)
    if as_json:
        print(json.dumps(replications_document(done, first), indent=2))
    else:
        print("\n".join([*threshold_lines(done), *verdict_lines(first)]))
    for problem in problems:
        print(f"sim: {problem}", file=sys.stderr)
    judgements = {one.judgement for one in done.thresholds if one.threshold.severity == "fail"}
    if judgements & {Judgement.FAIL, Judgement.NO_DATA} or not all(verdict.held for verdict in first.verdicts):
        raise typer.Exit(FAILED)
    if problems:
        raise typer.Exit(NOT_SAVED)
    if Judgement.INCONCLUSIVE in judgements:
        raise typer.Exit(INCONCLUSIVE)


def _replicated(
    scenario: "Scenario",
    times: int | None,
    seed: int | None,
    jobs: int,
    dask: str | None,
    engine: Engine,
    address: "Address | None",
    tags: list[str],
) -> tuple["Replications", list[str]]:
    """Run what is not in the database yet, keep it there, and return all with what could not be kept."""
    from sim.experiment import replicate
    from sim.experiment.cluster import cluster

    if dask is not None:
        logging.disable()  # it tells in many lines of what is lost; one of ours is enough
    seed = scenario.seed if seed is None else seed
    keeper = _Keeper(scenario, seed, address, tags)
    earlier = [] if address is None else _earlier(scenario, seed, address)
    began = monotonic()
    try:
        with progress_bar("replications") as progress, nullcontext() if dask is None else cluster(dask) as executor:
            done = replicate(
                scenario,
                times,
                seed,
                jobs,
                engine,
                executor,
                earlier,
                progress,
                finished=keeper.take,
                fingerprints=address is not None,
            )
    except KeyboardInterrupt:
        problems = keeper.close()
        kept = f"{keeper.count} finished replications are kept, the same command goes on"
        nothing = address is None or not keeper.count
        raise InterruptedWorkError("; ".join(problems) or ("nothing is kept" if nothing else kept)) from None
    except SimulationError as error:
        keeper.close()
        kept = f"; {keeper.count} finished replications are kept, the same command goes on"
        raise SimulationError(f"{error}{kept if address is not None and keeper.count else ''}") from None
    if engine == "compiled" or monotonic() - began > _LONG:
        hint_at_numba(engine)
    return done, keeper.close()


def _earlier(scenario: "Scenario", seed: int, address: "Address") -> list["Replication"]:
    """Return the replications that the embedded file has already; what is wrong with it is told when they are kept."""
    from sim.storage import earlier_replications, find_address, open_database

    local = _local(address)
    if not Path(find_address(local).target).exists():
        return []
    try:
        with open_database(local) as database:
            return earlier_replications(database, scenario, seed)
    except StorageError:
        return []


def _local(address: "Address") -> str:
    """Return the embedded file that goes before a server, or the one that is asked for."""
    from sim.storage import LOCAL

    return LOCAL if address.is_remote else address.url


class _Keeper:
    """Keeps replications in the embedded file as they come, and at the end on a server where one is asked for."""

    def __init__(self, scenario: "Scenario", seed: int, address: "Address | None", tags: list[str]) -> None:
        self.scenario, self.seed, self.address, self.tags = scenario, seed, address, tags
        self.experiment: str | None = None
        self.waiting: list[tuple[str, Replication]] = []  # with the ids of their runs
        self.count, self.flushed = 0, monotonic()

    def take(self, block: "Results") -> None:
        """Keep a block, now or with others a little later; what goes wrong is tried again at the end."""
        self.count += len(block)
        if self.address is not None:
            from sim.storage import new_run_id

            self.waiting += [(new_run_id(), one) for one in block]
            if monotonic() - self.flushed > _FLUSH:
                with suppress(StorageError):
                    self._flush(self.address)
                self.flushed = monotonic()

    def close(self) -> list[str]:
        """Keep what is not kept yet, and return what could not be."""
        if self.address is None:
            return []
        local = _local(self.address)
        try:
            self._flush(self.address)
        except StorageError as error:
            return [f"{error}; these replications are not in a database"]
        if not self.address.is_remote:
            return []
        from sim.storage import open_database, push_replications

        try:
            with open_database(self.address.url) as target, open_database(local) as source:
                push_replications(source, target, self.scenario, self.seed)
        except StorageError as error:
            return [f"{error}; these replications are in {local}, not all pushed; sim push sends them"]
        return []

    def _flush(self, address: "Address") -> None:
        from sim.storage import new_run_id, open_database, save_replications

        if not self.waiting:
            return
        self.experiment = self.experiment or new_run_id()
        ids, results = zip(*self.waiting, strict=True)
        with open_database(_local(address)) as database:
            save_replications(database, self.scenario, self.seed, results, self.tags, self.experiment, ids)
        self.waiting = []
