"""What happens to a file before the schema sees it: `extends` is merged in, and parameters are put in place."""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.errors import Fault, ScenarioError
from sim.scenario.distributions import Distribution
from sim.scenario.files import LARGEST_FILE, fault_of, inside, read_bytes
from sim.scenario.hints import did_you_mean
from sim.scenario.schema import PARAMETER
from sim.scenario.source import DEEPEST, MOST_VALUES, decoded, parse_value, read_yaml
from sim.scenario.study import BLOCKS
from sim.scenario.text import HALF_CHARACTER, HALF_MESSAGE
from sim.scenario.tree import Node, Place
from sim.units import shown

_FILE_KEYS = {"trace", "file", "empirical", "rates", "uncertainty"}
_MOST_BASES = 16


def read_scenario(path: Path, label: str, faults: list[Fault]) -> Node:
    """Return the tree of a file merged onto the one that it extends, alone if that one cannot be had.

    `faults` gets what can be seen without knowing the schema.

    Raises:
        ScenarioError: with all faults, when there is no tree at all.

    """
    try:
        data = read_bytes(path, LARGEST_FILE)
    except ValueError as error:
        raise ScenarioError([Place(label).fault("", str(error))]) from None
    return with_base(read_yaml(decoded(data, label), label, faults), path, faults)


def parse_setting(text: str) -> tuple[str, Any]:
    """Return the name and the value of a parameter in a text such as `bots=3`, as `--set` takes it.

    Raises:
        ValueError: it is none, or the value is not YAML.

    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"{text!r} is not a setting; write --set NAME=VALUE")
    try:
        return name, parse_value(value)
    except ScenarioError:
        raise ValueError(f"{text!r} has no YAML value; write --set {name}=VALUE") from None


def with_base(root: Node, path: Path, faults: list[Fault], above: tuple[Path, ...] = ()) -> Node:
    """Return the tree of what is in the file `path` merged onto the one that it extends; `above` extend `path`.

    It still has the key `extends` when a base could not be had.
    """
    base = root.value.get("extends")
    if base is None:
        return root
    if not isinstance(base.value, str):
        message = f"{shown(base.value)} is not a file name; write the name of a scenario file"
        faults.append(base.place.fault("extends", message))
        return root
    trail = (*above, path.resolve())
    try:
        base_path = _base_path(base.value, trail)
        base_data = read_bytes(base_path, LARGEST_FILE)
        label = str(Path(root.place.file).parent / base.value)
        below = with_base(read_yaml(decoded(base_data, label), label, faults), base_path, faults, trail)
    except ValueError as error:
        faults.append(base.place.fault("extends", fault_of(base.value, error)))
        return root
    except ScenarioError as error:
        faults += error.faults
        return root
    merged = replace(_merged(below, root), bases=(base_path, *below.bases))
    if "extends" not in below.value:
        del merged.value["extends"]
    return merged


def _base_path(name: str, trail: tuple[Path, ...]) -> Path:
    """Return the path of the file that the last one of `trail` extends.

    Raises:
        ValueError: it is none that this one may extend.

    """
    path = inside(trail[-1].parent, name)
    if path in trail:
        raise ValueError("leads back to this file; remove an extends of this circle")
    if len(trail) > _MOST_BASES:
        raise ValueError(f"is one base too many; use at most {_MOST_BASES}")
    return path


def _merged(below: Node, above: Node) -> Node:
    """Return `above` laid over `below`, mapping by mapping; distributions and studies are replaced whole."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    value = below.value | above.value
    for key in below.value.keys() & above.value.keys():
        lower, upper = below.value[key], above.value[key]
        # A parameter may be called `gamma`; elsewhere, that is a distribution, of which there is one at a time.
        is_whole = key != "params" and (_is_distribution(lower) or _is_distribution(upper))
        if key not in BLOCKS and not is_whole:
            value[key] = _merged(lower, upper)
    return replace(above, value=value, keys=below.keys | above.keys)


def _is_distribution(node: Node) -> bool:
    return isinstance(node.value, dict) and len(node.value) == 1 and next(iter(node.value)) in Distribution.exactly_one


class Resolved(NamedTuple):
    """A tree as its parameters make it, and their values.

    `unknown` are faults of parameters that a base would explain, had there been one.
    """

    tree: Node
    in_force: dict[str, Any]
    unknown: list[Fault]


def with_parameters(root: Node, given: Mapping[str, Any], faults: list[Fault]) -> Resolved:
    """Return the tree without `extends` and `params`, each `$name` replaced by the parameter's value.

    Those `given` stand in place of those of the file. Faults in such a value will point at it.

    Raises:
        ScenarioError: the tree gets too large.

    """
    unknown: list[Fault] = []
    values = _parameters(root, given, faults, unknown)
    keys = {key: node for key, node in root.value.items() if key not in ("extends", "params")}
    tree = _filled(replace(root, value=keys), "", {f"${name}": node for name, node in values.items()}, unknown)
    if tree.size > MOST_VALUES:
        message = f"parameters make more than {MOST_VALUES} values of this file; repeat less"
        raise ScenarioError([*faults, *unknown, root.place.fault("", message)])
    if root.bases:
        tree = _with_moved_files(tree, Path(root.place.file).parent)
    return Resolved(tree, {name: node.plain() for name, node in values.items()}, unknown)


def _parameters(root: Node, given: Mapping[str, Any], faults: list[Fault], unknown: list[Fault]) -> dict[str, Node]:
    params = root.value.get("params", Node({}, root.place))
    if not isinstance(params.value, dict):
        faults.append(params.place.fault("params", f"{shown(params.value)} is not a mapping; write names and values"))
        return {}
    values = {}
    for name, node in params.value.items():
        values[name] = node
        if not re.fullmatch(PARAMETER, f"${name}"):
            del values[name]
            faults.append(
                params.keys[name].fault("params", f"{shown(name)} is not a name; write letters, digits and _")
            )
        elif isinstance(node.value, str) and re.fullmatch(PARAMETER, node.value):
            message = "a parameter cannot stand for another one; write its value"
            unknown.append(node.place.fault(f"params.{name}", message))
        elif isinstance(node.value, float) and not isfinite(node.value):
            faults.append(node.place.fault(f"params.{name}", f"{shown(node.value)} is not a number; write one"))
    for name, value in given.items():
        if name not in values:
            hint = did_you_mean(name, values) if values else "; write params: {…} with its value"
            faults.append(params.place.fault("params", f"no parameter {shown(name)} to set{hint}"))
        elif isinstance(value, Node):
            values[name] = value
        elif values[name].plain() != value or type(values[name].plain()) is not type(value):
            values[name] = node_of(value, values[name].place)
        # else the node of the file stays, which knows the places of what is in it
    return values


def node_of(value: Any, place: Place, depth: int = 0) -> Node:
    """Return a plain value as a node that stands at `place`, so deep in others.

    Raises:
        ScenarioError: it is nested too deep, or a text in it has half a character, which no file can hold.

    """
    if depth > DEEPEST:
        raise ScenarioError([place.fault("", f"is nested more than {DEEPEST} deep; write it flatter")])
    if isinstance(value, np.generic):  # from a notebook, as in rush.set(bots=crews[0])
        value = value.item()
    if isinstance(value, dict):
        items = {_without_halves(str(key), place): node_of(item, place, depth + 1) for key, item in value.items()}
        return Node(items, place, dict.fromkeys(items, place)).measured()
    if isinstance(value, list | tuple | range | np.ndarray):
        return Node([node_of(item, place, depth + 1) for item in value], place).measured()
    return Node(_without_halves(value, place) if isinstance(value, str) else value, place)


def _without_halves(text: str, place: Place) -> str:
    if HALF_CHARACTER.search(text):
        raise ScenarioError([place.fault("", f"{shown(text)} {HALF_MESSAGE}")])
    return text


def _filled(node: Node, path: str, values: dict[str, Node], faults: list[Fault]) -> Node:
    """Return the tree with what stands in `values` in place of each `$name`."""
    if isinstance(node.value, dict):
        value = {key: _filled(item, f"{path}.{key}".lstrip("."), values, faults) for key, item in node.value.items()}
        return replace(node, value=value).measured()
    if isinstance(node.value, list):
        items = [_filled(item, f"{path}[{index}]", values, faults) for index, item in enumerate(node.value)]
        return replace(node, value=items).measured()
    if isinstance(node.value, str) and re.fullmatch(PARAMETER, node.value):
        if node.value in values:
            return values[node.value]
        hint = did_you_mean(node.value, values) if values else "; write params: {…} with its value"
        faults.append(node.place.fault(path, f"unknown parameter {shown(node.value)}{hint}"))
    return node


def _with_moved_files(node: Node, home: Path) -> Node:
    """Return the tree with the name of each file as seen from the folder `home`, not from that of the file it is in."""
    if isinstance(node.value, list):
        return replace(node, value=[_with_moved_files(item, home) for item in node.value])
    if not isinstance(node.value, dict):
        return node
    value = {key: _with_moved_files(item, home) for key, item in node.value.items()}
    for key in _FILE_KEYS & value.keys():
        name, folder = value[key].value, Path(value[key].place.file).parent
        if isinstance(name, str) and folder != home:
            value[key] = replace(value[key], value=str(folder.relative_to(home) / name))
    return replace(node, value=value)
