"""Printing: the two ways in which commands say something."""

import json
import sys

from sim.output.terminal import print_lines


def say(*lines: object) -> None:
    """Print lines to standard output, at once, so that a log shows how far a command is; on a terminal the verdicts
    with which they begin are in colour.
    """
    print_lines(lines, sys.stdout)


def say_json(document: object) -> None:
    """Print a JSON document, with an escape of JSON for the one control character that `json.dumps` leaves as it is."""
    say(*json.dumps(document, indent=2).replace("\x7f", r"\u007f").split("\n"))


def complain(*lines: object) -> None:
    """Print lines to standard error."""
    print_lines(lines, sys.stderr)
