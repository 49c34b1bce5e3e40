"""The exit statuses of commands, and how a command ends with one. That of a reader who leaves is in output/streams."""

from collections.abc import Sequence

import typer

from sim.output.terminal import complain

FAILED = 1  # something does not hold
WRONG = 2  # a file, an option, or what a command cannot do
INCONCLUSIVE = 3  # too early to say
NOT_SAVED = 4  # a result could not be kept everywhere
FAULT = 70  # of the program
INTERRUPTED = 130

STATUSES = {"FAIL": FAILED, "none": FAILED, "WRONG": WRONG, "INCONCLUSIVE": INCONCLUSIVE}
"""By the word for what became of files, crews and selections; all other words are good."""


class InterruptedWorkError(Exception):
    """Ctrl-C, or another signal that ends a command, with what there is to say of it: typer has no ears for that."""


def leave(status: int, problems: Sequence[str] = ()) -> None:
    """Tell what could not be kept, and exit with what is worst, if anything is wrong."""
    complain(*(f"sim: {problem}" for problem in problems))
    if problems and status not in (WRONG, FAILED):
        status = NOT_SAVED
    if status:
        raise typer.Exit(status)
