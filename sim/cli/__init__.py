"""The command `sim`: what it says of itself, its commands, and how it ends."""

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer
from typer.main import get_command

from sim.cli import checking, database, experiments, fitting, runs, scenarios, staffing
from sim.cli.kitchen import kitchen_command
from sim.cli.printing import complain, say
from sim.cli.process import ending
from sim.cli.run import run_command
from sim.cli.site import site_command
from sim.cli.statuses import INTERRUPTED, WRONG, InterruptedWorkError
from sim.errors import KitchensimError

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it has none of ours, and searching takes 12 ms

app = typer.Typer(
    help="Simulate an order kitchen: cooking bots, VIP and NORMAL orders, in simulated time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


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


COMMANDS: dict[str, Callable[..., None]] = {
    "run": run_command,
    "replicate": experiments.replicate_command,
    "check": checking.check_command,
    "sweep": experiments.sweep_command,
    "compare": experiments.compare_command,
    "select": experiments.select_command,
    "staff": staffing.staff_command,
    "theory": experiments.theory_command,
    "fit": fitting.fit_command,
    "calibrate": fitting.calibrate_command,
    "new": scenarios.new_command,
    "kitchen": kitchen_command,
    "site": site_command,
    "validate": scenarios.validate_command,
    "schema": scenarios.schema_command,
    "push": database.push_command,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(runs.app, name="runs")
app.add_typer(database.app, name="db")


@cache
def _whole_command() -> Callable[[], None]:
    """Return the command with all that stand below it; typer would build them anew for each call."""
    return get_command(app)


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        _whole_command()()
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
