"""`sim run`: simulate, write files, keep the run."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.common import (
    FAILED,
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
    columns,
    complain,
    hint_at_numba,
    number_from,
    output_folder,
    prepared,
    progress_bar,
    say,
    say_json,
)
from sim.engines import LONG
from sim.errors import StorageError

if TYPE_CHECKING:
    from sim.experiment import Run
    from sim.storage import Address


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

    scenario, address = prepared(file, settings, tags, db, save)
    with output_folder("run", [scenario], out) as folder:
        with progress_bar("simulating") as progress:
            run = simulate(scenario, seed, replication, engine, progress)
        if engine == "compiled" or len(run.workload.action) >= LONG:
            hint_at_numba(engine)
        assert folder is not None
        outcome = _keep(run, folder, charts, address, tags or [])
    if as_json:
        say_json({"run": outcome.run_id, **metrics_document(run)})
    else:
        _show(run, outcome)
    for problem in outcome.problems:
        complain(f"sim: {problem}")
    if any(not verdict.held for verdict in run.verdicts):
        raise typer.Exit(FAILED)
    if outcome.problems:
        raise typer.Exit(NOT_SAVED)


@dataclass
class _Kept:
    """What was kept of a run, and what could not be. `stored` tells in which database it is."""

    folder: Path
    run_id: str | None = None
    stored: str | None = None
    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _keep(run: "Run", folder: Path, charts: bool, address: "Address | None", tags: list[str]) -> _Kept:
    """Keep a run in a file of its own database, then in files, then on a server; that one fails does not keep
    the others from it.
    """
    from sim.output.folder import write_run

    outcome = _Kept(folder)
    try:
        if address is not None:
            _save(run, address, tags, outcome)
        try:
            write_run(run, folder, charts=charts, wrote=outcome.files.append)
        except OSError as error:
            outcome.problems.append(cannot_write(error, folder, "--out"))
        if address is not None and address.is_remote and outcome.run_id is not None:
            _push(address, outcome.run_id, outcome)
    except KeyboardInterrupt:
        places = [
            *([] if outcome.stored is None else [f"run {outcome.run_id} {outcome.stored}"]),
            *map(str, outcome.files),
        ]
        raise InterruptedWorkError(f"kept of the simulated run: {', '.join(places) or 'nothing'}") from None
    return outcome


def _save(run: "Run", address: "Address", tags: list[str], outcome: _Kept) -> None:
    from sim.storage import LOCAL, find_run, new_run_id, open_database, save_run

    url, run_id = LOCAL if address.is_remote else address.url, new_run_id()
    push = f"sim push --db {address.url}" if address.url_from == "--db" else "sim push"
    stored = f"in {url}, not pushed; {push} sends it" if address.is_remote else f"in {url}"
    try:
        with open_database(url) as database:
            try:
                save_run(database, run, tags, run_id)
            except KeyboardInterrupt:  # it may have come too late to keep the run from being stored
                with suppress(StorageError):
                    outcome.run_id, outcome.stored = find_run(database, run_id).id, stored
                raise
    except StorageError as error:
        why = "runs are kept there before they are pushed, so " * address.is_remote
        outcome.problems.append(f"{error}; {why}this run is not in a database")
    else:
        outcome.run_id, outcome.stored = run_id, stored


def _push(address: "Address", run_id: str, outcome: _Kept) -> None:
    from sim.storage import LOCAL, open_database, push_run

    try:
        with open_database(address) as target, open_database(LOCAL) as source:
            push_run(source, target, run_id)
    except StorageError as error:
        outcome.problems.append(f"{error}; this run is {outcome.stored}")
    else:
        outcome.stored = f"in {address.url}"


def _show(run: "Run", outcome: _Kept) -> None:
    from sim.output.text import summary_lines, verdict_lines

    lines = [*summary_lines(run, columns()), *verdict_lines(run, columns())]
    if outcome.files:
        lines.append(f"Files: {outcome.folder}/")
    if outcome.stored is not None:
        lines.append(f"Stored: run {outcome.run_id} {outcome.stored}")
    say(*lines)
