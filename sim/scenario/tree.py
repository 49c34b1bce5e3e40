"""The tree of a YAML file, in which each value knows where it stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import Fault

Steps = tuple[int | str, ...]
"""The keys and indices that lead from a mapping to something in it."""

KEY = "[key]"
"""The last step to a key itself, not to its value; pydantic's own word for it."""


class Place(NamedTuple):
    """Where something stands in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def fault(self, path: str, message: str) -> Fault:
        """Return a fault at this place."""
        return Fault(self.file, self.line, self.column, path, message)


@dataclass(slots=True)
class Node:
    """A value of a YAML file: a mapping or list of nodes, or a scalar. `keys` has the place of each key.

    `size` counts the values in it and `height` the levels below it, aliases and parameters written out. `bases` are the
    files that the file of a root extends.
    """

    value: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1
    height: int = 0
    bases: tuple[Path, ...] = ()

    def measured(self) -> "Node":
        """Take `size` and `height` from the children, and return the node."""
        children = self.value.values() if isinstance(self.value, dict) else self.value
        self.size = 1 + sum(child.size for child in children)
        self.height = 1 + max((child.height for child in children), default=0)
        return self

    def plain(self) -> Any:
        """Return the value as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def find(self, steps: Steps) -> tuple["Node", str]:
        """Return the node that `steps` lead to and its path as text; steps that lead nowhere are passed over."""
        node, path = self, ""
        for step in steps:
            if isinstance(node.value, dict) and step in node.value:
                node, path = node.value[step], f"{path}.{step}" if path else str(step)
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node, path = node.value[step], f"{path}[{step}]"
        return node, path

    def place_of(self, steps: Steps) -> Place:
        """Return where the value stands to which steps lead, or its key."""
        if steps and steps[-1] == KEY:
            parent, _ = self.find(steps[:-2])
            return parent.keys.get(str(steps[-2]), parent.place)
        return self.find(steps)[0].place

    def fault(self, steps: Steps, message: str) -> Fault:
        """Return what is wrong with the value to which steps lead, or with its key, as a fault at its place."""
        _, path = self.find(steps[:-2] if steps and steps[-1] == KEY else steps)
        return self.place_of(steps).fault(path, message)
