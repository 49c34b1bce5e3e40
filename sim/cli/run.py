"""`sim run`: simulate, write files, keep the run."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.common import (
    FAILED,
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
    columns,
    hint_at_numba,
    number_from,
    output_folder,
    prepared,
    progress_bar,
    say,
    say_json,
)
from sim.cli.keeping import leave, tell, write_to
from sim.engines import LONG

if TYPE_CHECKING:
    from sim.experiment import Run
    from sim.storage import Keeper


def run_command(
    file: FileArgument,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    replication: Annotated[int, typer.Option(parser=number_from(1), metavar="K", help="Which replication to run.")] = 1,
    engine: EngineOption = "auto",
    out: OutOption = None,
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    charts: ChartsOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run a scenario, write its files, and keep the run."""
    from sim.experiment import run as simulate
    from sim.output.documents import metrics_document
    from sim.output.text import summary_lines, verdict_lines
    from sim.storage import Keeper

    scenario, address = prepared(file, settings, tags, db, save)
    keeper = Keeper(address, tags or [])
    with output_folder("run", [scenario], out) as folder:
        with progress_bar("simulating") as progress:
            run = simulate(scenario, seed, replication, engine, progress)
        if engine == "compiled" or len(run.workload.action) >= LONG:
            hint_at_numba(engine)
        assert folder is not None
        lines = [*summary_lines(run, columns()), *verdict_lines(run, columns()), *_keep(run, keeper, folder, charts)]
    if as_json:
        say_json({"run": keeper.run_id, **metrics_document(run)})
    else:
        say(*lines)
    if any(not verdict.held for verdict in run.verdicts):
        tell(keeper.problems)
        raise typer.Exit(FAILED)
    leave(keeper.problems)


def _keep(run: "Run", keeper: "Keeper", folder: Path, charts: bool) -> list[str]:
    """Keep a run in a file of its own database, then in files, then on a server; that one fails does not keep the
    others from it. Return the lines that say where it is.
    """
    from sim.output.folder import write_run

    files: list[Path] = []
    try:
        keeper.keep_run(run)
        write_to(keeper, partial(write_run, run, charts=charts, wrote=files.append), folder)
        keeper.close()
    except KeyboardInterrupt:
        places = [*_place(keeper), *map(str, files)]
        raise InterruptedWorkError(f"kept of the simulated run: {', '.join(places) or 'nothing'}") from None
    lines = [f"Stored: {place}" for place in _place(keeper)]
    return [f"Files: {folder}/", *lines] if files else lines


def _place(keeper: "Keeper") -> list[str]:
    """Return which run is stored where, if it is."""
    return [] if keeper.run_id is None else [f"run {keeper.run_id} {keeper.place}"]
