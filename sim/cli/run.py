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
    from sim.experiment import run
    from sim.output.documents import metrics_document

    scenario, address = prepared(file, settings, tags, db, save)
    with output_folder("run", [scenario], out) as folder:
        with progress_bar("simulating") as progress:
            done = run(scenario, seed, replication, engine, progress)
        if engine == "compiled" or len(done.workload.action) >= LONG:
            hint_at_numba(engine)
        assert folder is not None
        kept = _keep(done, folder, charts, address, tags or [])
    if as_json:
        say_json({"run": kept.run_id, **metrics_document(done)})
    else:
        _show(done, kept)
    for problem in kept.problems:
        complain(f"sim: {problem}")
    if any(not verdict.held for verdict in done.verdicts):
        raise typer.Exit(FAILED)
    if kept.problems:
        raise typer.Exit(NOT_SAVED)


@dataclass
class _Kept:
    """What was kept of a run, and what could not be. `stored` tells in which database it is."""

    folder: Path
    run_id: str | None = None
    stored: str | None = None
    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _keep(done: "Run", folder: Path, charts: bool, address: "Address | None", tags: list[str]) -> _Kept:
    """Keep a run in a file of its own database, then in files, then on a server; that one fails does not keep
    the others from it.
    """
    from sim.output.folder import write_run

    kept = _Kept(folder)
    try:
        if address is not None:
            _save(done, address, tags, kept)
        try:
            write_run(done, folder, charts=charts, wrote=kept.files.append)
        except OSError as error:
            kept.problems.append(cannot_write(error, folder, "--out"))
        if address is not None and address.is_remote and kept.run_id is not None:
            _push(address, kept.run_id, kept)
    except KeyboardInterrupt:
        there = [*([] if kept.stored is None else [f"run {kept.run_id} {kept.stored}"]), *map(str, kept.files)]
        raise InterruptedWorkError(f"kept of the simulated run: {', '.join(there) or 'nothing'}") from None
    return kept


def _save(done: "Run", address: "Address", tags: list[str], kept: _Kept) -> None:
    from sim.storage import LOCAL, find_run, new_run_id, open_database, save_run

    url, run_id = LOCAL if address.is_remote else address.url, new_run_id()
    push = f"sim push --db {address.url}" if address.url_from == "--db" else "sim push"
    stored = f"in {url}" + f", not pushed; {push} sends it" * address.is_remote
    try:
        with open_database(url) as database:
            try:
                save_run(database, done, tags, run_id)
            except KeyboardInterrupt:  # it may have come too late to keep the run from being stored
                with suppress(StorageError):
                    kept.run_id, kept.stored = find_run(database, run_id).id, stored
                raise
    except StorageError as error:
        why = "runs are kept there before they are pushed, so " * address.is_remote
        kept.problems.append(f"{error}; {why}this run is not in a database")
    else:
        kept.run_id, kept.stored = run_id, stored


def _push(address: "Address", run_id: str, kept: _Kept) -> None:
    from sim.storage import LOCAL, open_database, push_run

    try:
        with open_database(address) as target, open_database(LOCAL) as source:
            push_run(source, target, run_id)
    except StorageError as error:
        kept.problems.append(f"{error}; this run is {kept.stored}")
    else:
        kept.stored = f"in {address.url}"


def _show(done: "Run", kept: _Kept) -> None:
    from sim.output.text import summary_lines, verdict_lines

    lines = [*summary_lines(done, columns()), *verdict_lines(done, columns())]
    if kept.files:
        lines.append(f"Files: {kept.folder}/")
    if kept.stored is not None:
        lines.append(f"Stored: run {kept.run_id} {kept.stored}")
    say(*lines)
