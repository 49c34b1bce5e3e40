"""`sim new`, `sim validate` and `sim schema`: scenario files, without running them."""

from functools import partial
from importlib import resources
from pathlib import Path
from shlex import quote

import sim
from sim import output
from sim.cli.options import argument, option, word_of
from sim.cli.statuses import WRONG, leave
from sim.cli.work import write_or_leave
from sim.errors import KitchensimError
from sim.output.terminal import complain, say, say_json
from sim.units import printable


def new_command(
    kind: str = argument("Kind of scenario.", "KIND", parse=word_of("lunch", "night", "call-centre")),
    to: Path | None = option("The file to write. Default: KIND.yaml.", "FILE"),
) -> None:
    """Write a first scenario to edit: lunch, night or call-centre."""
    path = to or Path(f"{kind}.yaml")
    if path.exists():
        raise KitchensimError(f"{printable(str(path))} exists already; name another file with --to FILE")
    text = resources.files("sim").joinpath(f"scenario/starters/{kind}.yaml").read_text(encoding="utf-8")
    write_or_leave(path, partial(output.files.write_text, text=text), "--to")
    word = quote(str(path))
    say(f"{printable(str(path))} is written; edit it, then try:", f"  sim run {word}", f"  sim check {word} -v")


def validate_command(files: list[Path] = argument("The scenario files.", "FILE")) -> None:
    """Check scenario files for mistakes, without running them."""
    is_wrong = False
    for file in files:
        try:
            scenario = sim.load_scenario(file)
            scenario.check_study()
        except KitchensimError as error:
            is_wrong = True
            complain(*error.lines)
        else:
            say(f"{file}: valid")
            complain(*scenario.notes)
    leave(WRONG if is_wrong else 0)


def schema_command() -> None:
    """Print the JSON Schema of scenario files, for editors.

    Example: sim schema > scenario.schema.json
    """
    say_json(sim.scenario.json_schema())
