"""`sim kitchen`: a kitchen whose clock runs, with orders and bots by hand."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Model, composed, option
from sim.cli.statuses import WRONG, InterruptedWorkError, leave


@composed
def kitchen_command(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A scenario that goes on by itself, too. Default: none.")
    ] = None,
    *,
    terminal: Annotated[bool, option("Play here, with words; help shows them.", None, "--terminal")] = False,
    options: Model,
) -> None:
    """Open a kitchen whose clock runs: orders come and bots go by hand."""
    from sim.live import Session, play

    if not terminal:
        raise typer.BadParameter("is needed; write sim kitchen --terminal", param_hint="--terminal")
    session = Session(None if file is None else options.load(file), options.seed, options.engine)
    try:
        wrong = play(session)
    except KeyboardInterrupt as interrupt:
        raise InterruptedWorkError(str(interrupt)) from None
    leave([], WRONG if wrong else 0)
