"""The command `sim`: what it says of itself, its commands, and how it ends."""

import os
import sys
from functools import cache
from importlib import import_module
from inspect import getdoc
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from sim.cli.options import SETTINGS, composed
from sim.cli.statuses import INTERRUPTED, WRONG, InterruptedWorkError
from sim.errors import KitchensimError
from sim.output.terminal import complain, say

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it has none of ours, and searching takes 12 ms
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nobody here multiplies matrices, and idle threads take 80 ms

_INDENT = 15  # columns before what a command does
_GROUPS = {
    "Write a scenario": {
        "new": "scenarios:new_command",
        "fit": "fitting:fit_command",
        "calibrate": "fitting:calibrate_command",
        "validate": "scenarios:validate_command",
        "schema": "scenarios:schema_command",
    },
    "Run it": {
        "run": "run:run_command",
        "replicate": "experiments:replicate_command",
        "theory": "experiments:theory_command",
        "check": "checking:check_command",
    },
    "Find a crew": {
        "sweep": "experiments:sweep_command",
        "compare": "experiments:compare_command",
        "select": "experiments:select_command",
        "staff": "experiments:staff_command",
    },
    "Show it": {"kitchen": "pages:kitchen_command", "site": "pages:site_command"},
    "Stored runs": {"runs": "runs:app", "push": "runs:push_command", "db": "runs:database_app"},
}
"""The commands as `sim --help` groups them, and where they are: each is loaded when it is called."""
_PLACES = {name: place for commands in _GROUPS.values() for name, place in commands.items()}


def _load(name: str) -> Any:
    """Return the function of a command, or the app of a group of commands."""
    module, attribute = _PLACES[name].split(":")
    return getattr(import_module(f"sim.cli.{module}"), attribute)


@cache
def _built(name: str) -> Any:
    """Return a command with its options, or a group of commands with all that stand below it."""
    app = _load(name)
    if not isinstance(app, typer.Typer):
        command, app = app, typer.Typer(**SETTINGS)
        app.command(name)(composed(command))
    return get_command(app)


def _help(name: str) -> TyperCommand:
    """Return a command that has nothing but its help: options take as long to build as all else of `sim --help`."""
    command = _load(name)
    return TyperCommand(name, help=command.info.help if isinstance(command, typer.Typer) else getdoc(command))


class _Commands(TyperGroup):
    """Shows the commands in groups, in the order in which a newcomer needs them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(dict[str, Any], dict.fromkeys(_PLACES))  # none is built before it is called

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return _built(cmd_name) if cmd_name in _PLACES else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        width = formatter.width - _INDENT
        for heading, commands in _GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, _help(name).get_short_help_str(width)) for name in commands])


app = typer.Typer(cls=_Commands, no_args_is_help=True, **SETTINGS)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"kitchensim {version('kitchensim')}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Simulate an order kitchen: cooking bots, VIP and NORMAL orders, in simulated time."""


_sim = get_command(app)  # once: typer would build it anew for each call


def main() -> None:
    """Run the command line and exit with its status, unless Ctrl-C ends it."""
    try:
        _sim()
    except KitchensimError as error:
        complain(*error.lines)
        sys.exit(WRONG)
    except InterruptedWorkError as error:
        raise KeyboardInterrupt(*error.args) from None
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            raise KeyboardInterrupt from None
        raise
