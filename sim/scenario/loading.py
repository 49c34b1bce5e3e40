"""From the tree of a file to what it says, or to everything that is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import Fault, ScenarioError
from sim.scenario.hints import few_hints
from sim.scenario.mapping import Finding, WrongValueError
from sim.scenario.parts import Context
from sim.scenario.resolving import parameter_nodes, with_moved_files, with_parameters
from sim.scenario.rules import broken_rules
from sim.scenario.schema import ScenarioFile
from sim.scenario.tree import Node
from sim.units import LONGEST, Clock


class Loaded(NamedTuple):
    """A file without fault, as schema and as plain values, and what else is known from reading it."""

    file: ScenarioFile
    plain: dict[str, Any]
    in_force: dict[str, Any]
    files: dict[str, bytes]
    notes: tuple[str, ...]


@few_hints()
def check_tree(
    root: Node, folder: Path, parameters: dict[str, Any], faults: list[Fault], known: Mapping[str, bytes]
) -> Loaded:
    """Put parameters into the tree of a file, read its values and apply its rules.

    `faults` are those known before. Data files that it names lie in `folder`, unless they are `known` by name.

    Raises:
        ScenarioError: with every fault, each with its place.

    """
    nodes = parameter_nodes(root, parameters, faults, unknown := list[Fault]())
    home = Path(root.place.file).parent
    tree = with_moved_files(with_parameters(root, nodes, unknown), home)
    plain, in_force = tree.plain(), {name: node.plain() for name, node in nodes.items()}

    # A base that cannot be had is a fault; any key that is absent, and any parameter, may stand in it.
    has_base = "extends" not in root.value
    absent = () if has_base else ScenarioFile.model_fields.keys() - plain
    has_service = "service" in plain or "service" in absent
    label = str(home / "_")[:-1].removeprefix("./")
    context = Context(*_clock_of(plain), has_service, folder, label, known, in_force, root)
    file = ScenarioFile.model_validate(plain | dict.fromkeys(absent, WrongValueError()), context=context)

    # What YAML or an unknown parameter made wrong is wrong as a value too: a value is told once.
    faulty_values = {_value(fault, root) for fault in (*faults, *unknown)}
    values = [fault for fault in _faults(file.findings, tree) if _value(fault, root) not in faulty_values]
    new = [*values, *_faults(broken_rules(file), tree)]
    if has_base:
        faults += [*unknown, *new]
    else:
        faults += [fault for fault in new if not fault.message.startswith("missing key")]
    if faults:
        raise ScenarioError(faults)
    return Loaded(file, plain, in_force, context.files, tuple(context.notes))


def _faults(findings: Iterable[Finding], tree: Node) -> Iterator[Fault]:
    for steps, problem in findings:
        yield problem if isinstance(problem, Fault) else tree.fault(steps, problem)


def _value(fault: Fault, root: Node) -> tuple[str | int, ...]:
    """Return what tells values apart: their place, but for those of a dict, which all stand at that of the root."""
    return fault[:4] if fault[:3] == root.place else fault[:3]


def _clock_of(plain: dict[str, Any]) -> tuple[Clock, int | None]:
    """Return the clock that instants are read with, and the horizon; what is wrong there is told where it is read."""
    section = plain.get("clock")
    section = section if isinstance(section, dict) else {}
    try:
        clock = Clock.parse(section.get("start", "00:00"))
    except ValueError:
        return Clock(), LONGEST
    until = section.get("until", "drained")
    try:
        return clock, None if until == "drained" else clock.instant(until)
    except ValueError:
        return clock, LONGEST
