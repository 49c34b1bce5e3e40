"""The command `sim`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import database, experiments, removing, runs, studies
from sim.cli.checking import check_command
from sim.cli.common import INTERRUPTED, WRONG, InterruptedWorkError, complain, say, say_json
from sim.cli.process import ending
from sim.cli.run import run_command
from sim.errors import KitchensimError

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it has none of ours, and searching takes 12 ms

app = typer.Typer(
    help="Simulate an order kitchen: cooking bots, VIP and NORMAL orders, in simulated time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run_command)
app.command("replicate")(experiments.replicate_command)
app.command("check")(check_command)
app.command("sweep")(studies.sweep_command)
app.command("compare")(studies.compare_command)
app.command("select")(studies.select_command)
app.command("theory")(experiments.theory_command)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed_version

        say(f"kitchensim {installed_version('kitchensim')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="The scenario files.")],
) -> None:
    """Check scenario files; print every fault with its place."""
    from sim.scenario import load_scenario

    wrong = False
    for file in files:
        try:
            scenario = load_scenario(file)
            scenario.check_study()
        except KitchensimError as error:
            wrong = True
            complain(*error.lines)
        else:
            say(f"{file}: valid")
            complain(*scenario.notes)
    if wrong:
        raise typer.Exit(WRONG)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from sim.scenario import json_schema

    say_json(json_schema())


runs.app.command("delete")(removing.delete_command)
runs.app.command("restore")(removing.restore_command)
runs.app.command("purge")(removing.purge_command)
app.add_typer(runs.app, name="runs")
app.command("push")(database.push_command)
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        app()
    except KitchensimError as error:
        complain(*error.lines)
        sys.exit(WRONG)
    except InterruptedWorkError as error:
        complain(f"sim: {ending.word}; {error}")
        sys.exit(ending.status)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            complain(f"sim: {ending.word}")
            sys.exit(ending.status)
        raise
