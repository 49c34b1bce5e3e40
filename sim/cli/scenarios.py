"""`sim validate` and `sim schema`: scenario files, without running them."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.printing import complain, say, say_json
from sim.cli.statuses import WRONG, leave
from sim.errors import KitchensimError


def validate_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="The scenario files.")],
) -> None:
    """Check scenario files; print every fault with its place."""
    from sim.scenario import load_scenario

    is_wrong = False
    for file in files:
        try:
            scenario = load_scenario(file)
            scenario.check_study()
        except KitchensimError as error:
            is_wrong = True
            complain(*error.lines)
        else:
            say(f"{file}: valid")
            complain(*scenario.notes)
    leave([], WRONG if is_wrong else 0)


def schema_command() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from sim.scenario import json_schema

    say_json(json_schema())
