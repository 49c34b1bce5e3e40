"""What happens to a file before the schema sees it: `extends` is merged in, and parameters are put in place."""

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from sim.errors import Fault, ScenarioError
from sim.scenario.distributions import Distribution
from sim.scenario.parts import did_you_mean
from sim.scenario.schema import PARAMETER
from sim.scenario.source import LARGEST_FILE, Node, Place, read_file, read_yaml
from sim.scenario.tables import inside
from sim.units import shown

_FILE_KEYS = ("trace", "empirical")


def read_scenario(path: Path, label: str, above: tuple[Path, ...] = ()) -> Node:
    """Return the tree of a file merged onto the one that it extends; `above` are those that extend it.

    Raises:
        ScenarioError: with all faults that can be seen without knowing the schema.

    """
    root = read_yaml(read_file(path, label, LARGEST_FILE), label)
    base = root.value.get("extends")
    if base is None:
        return root
    if not isinstance(base.value, str):
        message = f"{shown(base.value)} is not a file name; write the name of a scenario file"
        raise ScenarioError([base.place.fault("extends", message)])
    try:
        base_path = inside(path.parent, base.value)
    except ValueError as error:
        raise ScenarioError([base.place.fault("extends", str(error))]) from None
    trail = (*above, path.resolve())
    if base_path in trail:
        raise ScenarioError([base.place.fault("extends", f"{shown(base.value)} extends this file; break the circle")])
    try:
        below = read_scenario(base_path, str(Path(label).parent / base.value), trail)
    except ScenarioError as error:
        if all(
            fault.message.startswith(("cannot be read", "is a folder", "is not a regular")) for fault in error.faults
        ):
            raise ScenarioError(
                [base.place.fault("extends", f"{shown(base.value)} {error.faults[0].message}")]
            ) from None
        raise
    folder = PurePosixPath(base.value).parent
    return _merged(_moved(below, folder) if folder.name else below, root)


def _moved(node: Node, folder: PurePosixPath) -> Node:
    """Return the tree with the names of files in `folder` written as seen from above it."""
    if isinstance(node.value, list):
        return replace(node, value=[_moved(item, folder) for item in node.value])
    if not isinstance(node.value, dict):
        return node
    value = {key: _moved(item, folder) for key, item in node.value.items()}
    for key in _FILE_KEYS:
        if key in value and isinstance(value[key].value, str) and not value[key].value.startswith("$"):
            value[key] = replace(value[key], value=str(folder / value[key].value))
    return replace(node, value=value)


def _merged(below: Node, above: Node) -> Node:
    """Return `above` laid over `below`, mapping by mapping; a distribution is one value and is replaced whole."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    if _is_distribution(below) or _is_distribution(above):
        return above
    value = below.value | above.value
    for key in below.value.keys() & above.value.keys():
        value[key] = _merged(below.value[key], above.value[key])
    return replace(above, value=value, keys=below.keys | above.keys)


def _is_distribution(node: Node) -> bool:
    return len(node.value) == 1 and next(iter(node.value)) in Distribution.exactly_one


def parameter_nodes(root: Node, given: dict[str, Any], faults: list[Fault]) -> dict[str, Node]:
    """Return the values of all parameters, those of the file and those `given` in their place."""
    params = root.value.get("params", Node({}, root.place))
    if not isinstance(params.value, dict):
        faults.append(params.place.fault("params", f"{shown(params.value)} is not a mapping; write names and values"))
        return {}
    values = dict(params.value)
    for name, node in params.value.items():
        if not re.match(PARAMETER, f"${name}"):
            faults.append(
                params.keys[name].fault("params", f"{shown(name)} is not a name; write letters, digits and _")
            )
        elif isinstance(node.value, str) and re.match(PARAMETER, node.value):
            message = "a parameter cannot stand for another one; write its value"
            faults.append(node.place.fault(f"params.{name}", message))
    for name, value in given.items():
        if name not in values:
            hint = did_you_mean(name, list(values)) if values else "; this file has no params"
            faults.append(params.place.fault("params", f"no parameter {name!r} to set{hint}"))
        elif values[name].plain() != value or type(values[name].plain()) is not type(value):
            values[name] = _node_of(value, values[name].place)
    return values


def _node_of(value: Any, place: Place) -> Node:
    if isinstance(value, dict):
        return Node({str(key): _node_of(item, place) for key, item in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([_node_of(item, place) for item in value], place)
    return Node(value, place)


def with_parameters(node: Node, values: dict[str, Node], faults: list[Fault], top: bool = True) -> Node:
    """Return the tree with each `$name` replaced by the parameter's value; faults point at that value."""
    if isinstance(node.value, dict):
        value = {
            key: item if top and key == "params" else with_parameters(item, values, faults, top=False)
            for key, item in node.value.items()
        }
        return replace(node, value=value)
    if isinstance(node.value, list):
        return replace(node, value=[with_parameters(item, values, faults, top=False) for item in node.value])
    if isinstance(node.value, str) and re.match(PARAMETER, node.value):
        name = node.value[1:]
        if name in values:
            return values[name]
        hint = did_you_mean(name, list(values)) if values else "; write params: {…} with its value"
        faults.append(node.place.fault("", f"unknown parameter '${name}'{hint}"))
    return node
