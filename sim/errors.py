"""The error types. Each message is one line that says where, what, and what to do instead."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from traceback import extract_tb
from typing import NamedTuple

from sim.units import printable

INSTALL = "pip install '.{}' in a checkout of kitchensim"
"""How to install, the only place that says it; `{}` takes an extra such as `[fast]`."""

NO_MEMORY = "needs more memory than there is; make it shorter, or use fewer jobs"


_OF_ONE_KIND = 10
_DETAILS = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[0-9]+""")


class KitchensimError(Exception):
    """Anything that kitchensim refuses to do; the message is meant for the person who asked."""

    @property
    def lines(self) -> list[str]:
        """The message, a line for each thing that is wrong."""
        return [str(self)]


class Fault(NamedTuple):
    """One thing that is wrong in a file. `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """Return `file:line:column: path: message` in one line, without the path where there is none."""
        where = f"{self.file}:{self.line}:{self.column}"
        return printable(f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}")


def few_of_a_kind(faults: Iterable[Fault]) -> list[Fault]:
    """Return the first ten faults of each kind, sorted by place, with a count of the others where the next one stands.

    Faults are of one kind in one file under one top-level key when only names and numbers in what they say differ.
    """
    shown: list[Fault] = []
    counts = Counter[tuple[str, str, str]]()
    hidden: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        key = re.split(r"[.\[]", fault.path, maxsplit=1)[0]
        wording = _DETAILS.sub("", fault.message).split("; ")[0]
        kind = (fault.file, key, wording)
        counts[kind] += 1
        if counts[kind] <= _OF_ONE_KIND:
            shown.append(fault)
        else:
            hidden.setdefault(kind, fault)
    for kind, fault in hidden.items():
        message = f"{counts[kind] - _OF_ONE_KIND:,} more like the {_OF_ONE_KIND} above; correct them in the same way"
        shown.append(fault._replace(path=kind[1], message=message))
    return sorted(shown)


class FileError(KitchensimError):
    """A file that cannot be used; `faults` lists what is wrong with it, of one kind the first ten and a count."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Sort the faults by place and name each one once."""
        self.faults = few_of_a_kind(sorted(set(faults)))
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A line for each fault."""
        return [str(fault) for fault in self.faults]


class ScenarioError(FileError):
    """A scenario that cannot be used."""


class ArgumentError(KitchensimError):
    """An argument of a function that cannot be used: its name, and what is wrong with it and what to give instead.

    A command has an option for it, which it names in its own words.
    """

    def __init__(self, argument: str, problem: str) -> None:
        self.argument, self.problem = argument, problem
        super().__init__(f"{argument}: {problem}")


class SimulationError(KitchensimError):
    """A run that cannot be finished, such as one whose clock would overflow."""


class StorageError(KitchensimError):
    """A database that cannot be opened, read or written."""


def program_fault(error: Exception) -> str:
    """Return what went wrong in the program itself, where, and what to do."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    report = "please report it with this line and the scenario file"
    return f"internal error: {type(error).__name__}: {error} ({where}); {report}"
