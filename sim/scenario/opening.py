"""From a file, a dict or stored text to a scenario."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import Fault, ScenarioError
from sim.scenario.resolving import node_of, read_scenario, with_base
from sim.scenario.scenario import Scenario, checked
from sim.scenario.schema import ScenarioFile
from sim.scenario.source import read_yaml
from sim.scenario.tree import Place


def prepare() -> None:
    """Build what validates scenarios, which the first one that is loaded needs otherwise."""
    ScenarioFile.model_rebuild()


def load_scenario(source: str | Path | Mapping[str, Any], /, **parameters: Any) -> Scenario:
    """Return the scenario of a YAML file, or of a dict with the keys of one, with `parameters` in place of its own.

    Files that a dict names are found from the working folder. `Scenario.parse` takes YAML text.

    Raises:
        ScenarioError: with every fault, each with its place.

    """
    faults: list[Fault] = []
    if isinstance(source, Mapping):
        root = with_base(node_of(dict(source), Place("dict")), Path("dict"), faults)
        return checked(root, Path(), parameters, faults, {})
    if isinstance(source, str) and "\n" in source:
        raise ScenarioError([Place("text").fault("", "is not a path; give YAML text to Scenario.parse")])
    root = read_scenario(Path(source), str(source), faults)
    return checked(root, Path(source).parent, parameters, faults, {})


def restore_scenario(text: str, files: Mapping[str, bytes], label: str) -> Scenario:
    """Return the scenario that had this `text` and these `files`; `label` stands for its name in faults.

    Raises:
        ScenarioError: with every fault.

    """
    faults: list[Fault] = []
    return checked(read_yaml(text, label, faults), Path(), {}, faults, files)
