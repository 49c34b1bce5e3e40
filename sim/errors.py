"""The error types. Each message is one line that says where, what, and what to do instead."""

from typing import NamedTuple

from sim.units import printable

INSTALL = "pip install '.{}' in a checkout of kitchensim"
"""How to install, the only place that says it; `{}` takes an extra such as `[fast]`."""


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


class ScenarioError(KitchensimError):
    """A scenario that cannot be used; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        """Sort the faults by place and name each one once."""
        self.faults = sorted(set(faults))
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A line for each fault."""
        return [str(fault) for fault in self.faults]


class SimulationError(KitchensimError):
    """A run that cannot be finished, such as one whose clock would overflow."""


class StorageError(KitchensimError):
    """A database that cannot be opened, read or written."""
