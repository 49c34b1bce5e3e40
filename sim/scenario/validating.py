"""Around the schema: the clock that instants are read with, and what is wrong with a file as faults at their places."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from sim.errors import Fault
from sim.scenario.consistency import inconsistencies
from sim.scenario.parts import Context
from sim.scenario.schema import ScenarioFile
from sim.scenario.tree import Node
from sim.units import LONGEST, Clock


def inconsistencies_of_sound_parts(
    plain: dict[str, Any], error: ValidationError, context: Context, root: Node
) -> list[Fault]:
    """Return what is wrong beyond the schema with those parts of a file that the schema finds nothing wrong with."""
    wrong: dict[str, set[int]] = {key: set() for key in ("timeline", "arrivals", "expect")}
    sound = plain | {"scenario": 1, "name": "sound"}
    touched = {str(line["loc"][0]) for line in error.errors() if line["loc"]}
    for line in error.errors():
        match line["loc"]:
            case ("timeline" | "arrivals" | "expect" as key, int(item), *_):
                wrong[key].add(item)
            case (key, *_) if key not in ("scenario", "name"):
                sound.pop(str(key), None)
    sound.setdefault("service", "10s")
    places = {}
    for key in wrong.keys() & sound.keys():
        places[key] = [item for item in range(len(sound[key])) if item not in wrong[key]]
        sound[key] = [sound[key][item] for item in places[key]]
    if "clock" in touched:
        sound["clock"] = {"until": "0s"}  # no stream is endless then
    try:
        file = ScenarioFile.model_validate(sound, context=replace(context, faults=[]))
    except ValidationError:
        return []
    return inconsistencies(file, root, places, touched)


def clock_of(plain: dict[str, Any]) -> tuple[Clock, int | None]:
    """Return the clock that instants are read with, and the horizon; a wrong one is reported by the schema alone."""
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


def fault_at(root: Node, line: Any) -> Fault:
    """Return a pydantic error as a fault at its place: that of the key for an unknown key, else of the value."""
    steps, message = line["loc"], line["msg"]
    if steps and (steps[-1] == "[key]" or message.startswith("unknown key")):
        steps = steps[:-1] if steps[-1] == "[key]" else steps
        parent, path = root.find(steps[:-1])
        return parent.keys.get(str(steps[-1]), parent.place).fault(path, message)
    node, path = root.find(steps)
    return node.place.fault(path, message)
