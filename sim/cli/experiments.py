"""`sim replicate` and `sim check`: what a random scenario says, and whether its thresholds hold."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.checks import Judgement
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
    prepared,
    progress_bar,
)
from sim.engines import Engine
from sim.errors import OrdersimError, StorageError
from sim.experiment import Replication, Replications, replicate, run
from sim.output.estimates import estimate_lines, threshold_lines
from sim.output.folder import write_replications
from sim.output.tables import replications_document
from sim.output.text import verdict_lines
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.storage import Address

TimesOption = Annotated[
    int | None,
    typer.Option("-n", "--replications", min=1, metavar="N", help="How many replications. Default: as the file says."),
]
JobsOption = Annotated[int, typer.Option(min=1, help="Processes that share the work.")]


def replicate_command(
    file: FileArgument,
    times: TimesOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    jobs: JobsOption = 1,
    engine: EngineOption = "auto",
    out: OutOption = None,
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    charts: ChartsOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run a scenario many times; show means with their uncertainty."""
    scenario, address = prepared(file, settings, tags, db, save)
    done, problems = _replicated(scenario, times, seed, jobs, engine, address, tags or [])
    folder = out or Path("out") / scenario.name
    lines = list(estimate_lines(done))
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
    engine: EngineOption = "auto",
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    as_json: JsonOption = False,
) -> None:
    """Judge what a scenario expects, and its thresholds."""
    scenario, address = prepared(file, settings, tags, db, save)
    done, problems = _replicated(scenario, times, seed, jobs, engine, address, tags or [])
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
    scenario: Scenario,
    times: int | None,
    seed: int | None,
    jobs: int,
    engine: Engine,
    address: "Address | None",
    tags: list[str],
) -> tuple[Replications, list[str]]:
    """Run what is not in the database yet, keep it there, and return all with what could not be kept."""
    seed = scenario.seed if seed is None else seed
    problems: list[str] = []
    earlier = [] if address is None else _earlier(scenario, seed, address)
    fresh: list[Replication] = []
    try:
        with progress_bar("replications") as progress:
            done = replicate(
                scenario, times, seed, jobs, engine, earlier=earlier, progress=progress, finished=fresh.append
            )
    except KeyboardInterrupt:
        _keep(scenario, seed, fresh, address, tags, problems)
        kept = f"{len(fresh)} finished replications are kept, the same command goes on"
        nothing = address is None or not fresh
        raise InterruptedWorkError("; ".join(problems) or ("nothing is kept" if nothing else kept)) from None
    except OrdersimError:
        _keep(scenario, seed, fresh, address, tags, problems)
        raise
    _keep(scenario, seed, fresh, address, tags, problems)
    return done, problems


def _earlier(scenario: Scenario, seed: int, address: "Address") -> list[Replication]:
    """Return the replications that the embedded file has already; what is wrong with it is told when they are kept."""
    from sim.storage import LOCAL, earlier_replications, find_address, open_database

    local = find_address(LOCAL) if address.is_remote else address
    if not Path(local.target).exists():
        return []
    try:
        with open_database(local.url) as database:
            return earlier_replications(database, scenario, seed)
    except StorageError:
        return []


def _keep(
    scenario: Scenario,
    seed: int,
    fresh: list[Replication],
    address: "Address | None",
    tags: list[str],
    problems: list[str],
) -> None:
    """Keep replications in the embedded file, then on a server where one is asked for."""
    from sim.storage import LOCAL, open_database, push_replications, save_replications

    if address is None:
        return
    local = LOCAL if address.is_remote else address.url
    try:
        if fresh:
            with open_database(local) as database:
                save_replications(database, scenario, seed, fresh, tags)
    except StorageError as error:
        problems.append(f"{error}; these replications are not in a database")
        return
    if address.is_remote:
        try:
            with open_database(address.url) as target, open_database(local) as source:
                push_replications(source, target, scenario, seed)
        except StorageError as error:
            problems.append(f"{error}; these replications are in {local}, not all pushed; sim push sends them")
