"""The command `sim`."""

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from sim.engines import Engine, Progress
from sim.errors import OrdersimError, StorageError
from sim.experiment import Run, run
from sim.output.folder import write_run
from sim.output.tables import metrics_document
from sim.output.text import summary_lines, verdict_lines
from sim.scenario import json_schema, load_scenario, parse_value

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it has none of ours, and searching takes 12 ms
gc.freeze()  # what is imported stays; going through it again when the command ends would take 30 ms

FAILED, WRONG, NOT_SAVED, INTERRUPTED = 1, 2, 4, 130

app = typer.Typer(
    help="Simulate an order kitchen: cooking bots, VIP and NORMAL orders, in simulated time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
runs_app = typer.Typer(help="List the runs in the database, or show one.", rich_markup_mode=None)
app.add_typer(runs_app, name="runs")

DatabaseOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Database: file:NAME. Default: TURSO_DATABASE_URL, else file:sim.db."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


class _InterruptedError(Exception):
    """Ctrl-C after the simulation; the message says what is kept."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed_version

        print(f"ordersim {installed_version('ordersim')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command("run")
def run_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file.")],
    seed: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="Seed in place of the file's.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Value of a parameter; may be repeated.")
    ] = None,
    replication: Annotated[int, typer.Option(min=1, max=2**63 - 1, help="Which replication to run.")] = 1,
    engine: Annotated[Engine, typer.Option(help="Which engine runs it.")] = "auto",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where files go. Default: out/NAME.")] = None,
    db: DatabaseOption = None,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Keep the run in the database.")] = True,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw the charts.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Run one replication of a scenario, write its files, and keep it in the database."""
    scenario = load_scenario(file, **_parameters(settings or []))
    url = _checked_url(db) if save else None
    with _progress_bar() as progress:
        done = run(scenario, seed, replication, engine, progress)
    kept = _keep(done, out or Path("out") / scenario.name, charts, url)
    if as_json:
        print(json.dumps({"run": kept.run_id, **metrics_document(done)}, indent=2))
    else:
        _show(done, kept)
    for problem in kept.problems:
        print(f"sim: {problem}", file=sys.stderr)
    if any(not verdict.held for verdict in done.verdicts):
        raise typer.Exit(FAILED)
    if kept.problems:
        raise typer.Exit(NOT_SAVED)


@dataclass
class _Kept:
    """What was kept of a run, and what could not be."""

    folder: Path
    run_id: str | None = None
    files: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _keep(done: Run, folder: Path, charts: bool, url: str | None) -> _Kept:
    """Keep a run in the database and in files; that one fails does not keep the other from it."""
    kept = _Kept(folder)
    try:
        if url is not None:
            try:
                kept.run_id = _save(done, url, kept.problems)
            except StorageError as error:
                kept.problems.append(f"{error}; this run is not in a database")
        try:
            write_run(done, folder, charts=charts, wrote=kept.files.append)
        except OSError as error:
            where, reason = error.filename or folder, error.strerror or error
            kept.problems.append(f"{where}: cannot be written ({reason}); name another place with --out")
    except KeyboardInterrupt:
        there = [*([] if kept.run_id is None else [f"run {kept.run_id} in the database"]), *map(str, kept.files)]
        raise _InterruptedError(f"kept of the simulated run: {', '.join(there) or 'nothing'}") from None
    return kept


def _checked_url(db: str | None) -> str:
    """Return the URL of the database that a run goes to; a wrong one is found before the run."""
    from sim.storage import database_file, database_url, is_remote

    url = database_url(db)
    if not is_remote(url):
        database_file(url)
    return url


def _save(done: Run, url: str, problems: list[str]) -> str:
    from sim.storage import LOCAL, is_remote, open_database, save_run, without_secrets

    with open_database(LOCAL if is_remote(url) else url) as database:
        run_id = save_run(database, done)
    if is_remote(url):
        problem = "remote databases come with a later version"
        problems.append(f"database {without_secrets(url)}: {problem}; this run is in {LOCAL}")
    return run_id


def _parameters(settings: list[str]) -> dict[str, Any]:
    parameters = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{setting!r} is no setting; write --set NAME=VALUE")
        try:
            parameters[name] = parse_value(text)
        except OrdersimError:
            raise typer.BadParameter(f"{setting!r} has no YAML value; write --set {name}=VALUE") from None
    return parameters


@contextmanager
def _progress_bar() -> Iterator[Progress | None]:
    """Show a bar from the second second on, when a person is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    began = monotonic()
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", visible=False, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=monotonic() - began > 1)


def _show(done: Run, kept: _Kept) -> None:
    lines = [*summary_lines(done), *verdict_lines(done)]
    if kept.files:
        lines.append(f"Files: {kept.folder}/")
    if kept.run_id is not None:
        lines.append(f"Stored: run {kept.run_id}")
    print("\n".join(lines))


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The scenario files.")],
) -> None:
    """Check scenario files without running them; print every fault with its place."""
    wrong = False
    for file in files:
        try:
            load_scenario(file)
        except OrdersimError as error:
            wrong = True
            print(error, file=sys.stderr)
        else:
            print(f"{file}: valid")
    if wrong:
        raise typer.Exit(WRONG)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    print(json.dumps(json_schema(), indent=2))


@runs_app.callback(invoke_without_command=True)
def list_command(context: typer.Context, db: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List the runs in the database, the newest first."""
    if context.invoked_subcommand is not None:
        context.default_map = {context.invoked_subcommand: {"db": db, "as_json": as_json}}
        return
    from sim.storage import list_runs

    with _existing_database(db) as database:
        stored = list_runs(database)
    if as_json:
        print(json.dumps([one._asdict() for one in stored], indent=2))
        return
    if not stored:
        print(f"{database.url} has no runs yet; sim run FILE makes one")
    for one in stored:
        where = f"seed {one.seed}  replication {one.replication}"
        print(f"{one.id}  {one.started_at[:19]}Z  {one.fingerprint}  {one.scenario or '(deleted)'}  {where}")


@runs_app.command("show")
def show_command(
    run_id: Annotated[str, typer.Argument(metavar="ID", help="The run's id, or how it starts.")],
    db: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a stored run: where it came from, and its metrics."""
    from sim.storage import find_run, run_metrics

    with _existing_database(db) as database:
        stored = find_run(database, run_id)
        metrics = run_metrics(database, stored.id)
    if as_json:
        print(json.dumps({**stored._asdict(), "metrics": metrics}, indent=2))
        return
    for label, value in stored._asdict().items():
        text = ", ".join(f"{name} {one}" for name, one in value.items()) if isinstance(value, dict) else value
        print(f"{label:12} {'none' if text in (None, '') else text}")
    print()
    for name, number in metrics.items():
        print(f"{name:28} {'no data' if number is None else f'{number:.6g}'}")


def _existing_database(db: str | None) -> Any:
    from sim.storage import database_file, database_url, open_database

    url = database_url(db)
    if not os.path.exists(database_file(url)):  # noqa: PTH110  # False also where Path.exists raises
        raise StorageError(f"database {url}: there is none yet; sim run FILE makes it, or name another with --db")
    return open_database(url)


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        try:
            app()
        finally:
            print(end="", flush=True)  # here, where a reader that left or a full disk can be told of
    except OrdersimError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG)
    except _InterruptedError as error:
        print(f"sim: interrupted; {error}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except OSError as error:  # of standard output; others are caught where they happen
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
        if not isinstance(error, BrokenPipeError):
            print(f"sim: standard output: cannot be written ({error.strerror})", file=sys.stderr)
        sys.exit(NOT_SAVED)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            print("sim: interrupted", file=sys.stderr)
        raise
