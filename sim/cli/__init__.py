"""The command `sim`: what it says of itself, its commands, and how it ends."""

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
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

_INDENT = 15  # columns before what a command does


class _Grouped(TyperGroup):
    """Shows the commands in groups, in the order in which a newcomer needs them."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        width = formatter.width - _INDENT
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(width)) for name in commands])


app = typer.Typer(
    cls=_Grouped,
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


GROUPS: dict[str, dict[str, Callable[..., None] | typer.Typer]] = {
    "Write a scenario": {
        "new": scenarios.new_command,
        "fit": fitting.fit_command,
        "calibrate": fitting.calibrate_command,
        "validate": scenarios.validate_command,
        "schema": scenarios.schema_command,
    },
    "Run it": {
        "run": run_command,
        "replicate": experiments.replicate_command,
        "theory": experiments.theory_command,
        "check": checking.check_command,
    },
    "Find a crew": {
        "sweep": experiments.sweep_command,
        "compare": experiments.compare_command,
        "select": experiments.select_command,
        "staff": staffing.staff_command,
    },
    "Show it": {"kitchen": kitchen_command, "site": site_command},
    "Stored runs": {"runs": runs.app, "push": database.push_command, "db": database.app},
}
"""The commands as `sim --help` groups them."""
for commands in GROUPS.values():
    for name, command in commands.items():
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)


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
