"""From the tree of a file to what it says, or to everything that is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sim.errors import Fault, ScenarioError
from sim.scenario.hints import few_hints
from sim.scenario.mapping import Finding, WrongValueError
from sim.scenario.parts import UNKNOWN, Context
from sim.scenario.resolving import with_parameters
from sim.scenario.rules import broken_rules
from sim.scenario.schema import ScenarioFile
from sim.scenario.tree import Node
from sim.units import Clock

T = TypeVar("T")


class Loaded(NamedTuple):
    """A file without fault, as schema and as plain values, and what else is known from reading it."""

    file: ScenarioFile
    plain: dict[str, Any]
    in_force: dict[str, Any]
    files: dict[str, bytes]
    notes: tuple[str, ...]


@few_hints()
def check_tree(
    root: Node, folder: Path, parameters: Mapping[str, Any], faults: list[Fault], known: Mapping[str, bytes]
) -> Loaded:
    """Put parameters into the tree of a file, read its values and apply its rules.

    `faults` are those known before. Data files that it names lie in `folder`, unless they are `known` by name.

    Raises:
        ScenarioError: with every fault, each with its place.

    """
    tree, in_force, unknown = with_parameters(root, parameters, faults)
    plain = tree.plain()

    # A base that cannot be had is a fault already. What is absent may stand in it: nobody can say that it is missing.
    lacks_base = "extends" in root.value
    absent = ScenarioFile.model_fields.keys() - plain if lacks_base else ()
    values = plain | dict.fromkeys(absent, WrongValueError())
    label = str(Path(root.place.file).parent / "_").removesuffix("_")
    windows: Mapping[str, Any] | None = None if "windows" in values else {}
    context = Context(*_clock_of(plain), "service" in values, folder, label, known, in_force, root, windows=windows)
    file = ScenarioFile.model_validate(values, context=context)

    # What YAML or an unknown parameter made wrong is wrong as a value too: a value is told once.
    faulty_values = {_value(fault, root) for fault in (*faults, *unknown)}
    wrong = [fault for fault in _faults(file.findings, tree) if _value(fault, root) not in faulty_values]
    wrong += _faults(broken_rules(file), tree)
    if lacks_base:
        faults += [fault for fault in wrong if not fault.message.startswith("missing key")]
    else:
        faults += [*unknown, *wrong]
    if faults:
        raise ScenarioError(faults)
    return Loaded(file, plain, in_force, context.files, (*context.notes, *_too_few_replications(file)))


def all_valid(attempts: Iterable[Callable[[], T]]) -> list[T]:
    """Return what each attempt makes.

    Raises:
        ScenarioError: with the faults of all attempts together.

    """
    results, faults = list[T](), list[Fault]()
    for attempt in attempts:
        try:
            results.append(attempt())
        except ScenarioError as error:
            faults += error.faults
    if faults:
        raise ScenarioError(faults)
    return results


def _too_few_replications(file: ScenarioFile) -> Iterator[str]:
    """Yield which threshold is so strict that the replications of a file may not be enough to prove it."""
    plan = file.replications
    if plan is None or not file.thresholds or not file.is_random:
        return
    stated = plan.times or plan.max or 1
    strictest = max(file.thresholds, key=lambda threshold: threshold.replications_needed)
    if strictest.replications_needed > stated:
        needed = f"can need {strictest.replications_needed:,} replications to pass"
        yield f"thresholds: {strictest} {needed}; the file has {stated:,}"


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
        return Clock(), UNKNOWN
    until = section.get("until", "drained")
    try:
        return clock, None if until == "drained" else clock.instant(until)
    except ValueError:
        return clock, UNKNOWN
