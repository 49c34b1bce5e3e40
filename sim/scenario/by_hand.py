"""What is done to a kitchen by hand, as entries of `timeline`, and the scenario file that does it again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sim.errors import ScenarioError
from sim.scenario.rules import broken_rules
from sim.scenario.scenario import Scenario
from sim.scenario.study import BLOCKS
from sim.scenario.text import json_text
from sim.units import Clock, format_duration

_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z][a-z0-9_-]*", re.IGNORECASE)
_QUANTITY = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:d|h|m|s|ms|us))+|[0-9]+(?:\.[0-9]+)?(?:%|/[dhms])")


_NOT_PLAYED = ("expect", "warmup", *BLOCKS)
"""What does not hold any more once something else happens: facts, and when the kitchen is warm; and what speaks of
other versions of the scenario. All else stays: seed, rules, and also thresholds, so that they can be judged.
"""


def playable(scenario: Scenario) -> Scenario:
    """Return a scenario in which something else may happen than it says."""
    return scenario.with_keys(**dict.fromkeys(_NOT_PLAYED))


def with_entry(scenario: Scenario, entry: Mapping[str, Any]) -> Scenario:
    """Return a scenario in whose timeline an entry stands behind all others. So it acts behind those of its instant,
    and before the schedule, whose numbers of bots are targets, and arrivals.

    Raises:
        ScenarioError: there is no such entry, or it does not go together with the scenario.

    """
    # The entry alone is read, so that reading the thousandth one takes no longer than reading the first.
    read = scenario.with_keys(timeline=[entry]).file.timeline
    file = scenario.file.model_copy(update={"timeline": [*scenario.file.timeline, *read]})
    faults = [scenario.root.fault(steps, problem) for steps, problem in broken_rules(file) if isinstance(problem, str)]
    if faults:
        raise ScenarioError(faults)
    timeline = [*scenario.plain.get("timeline", []), dict(entry)]
    return replace(scenario, file=file, plain=scenario.plain | {"timeline": timeline})


def written_instant(instant: int, clock: Clock, horizon: int | None) -> str:
    """Return an instant as an entry writes it: what the clock reads, where it has a start and that means this instant
    in a run with this horizon; else the time since the start.
    """
    reading = clock.exact_reading(instant)
    try:
        is_meant = clock.start > 0 and clock.instant_of_run(reading, horizon) == instant
    except ValueError:
        is_meant = False
    return reading if is_meant else format_duration(instant, 6)


class Lines(NamedTuple):
    """A scenario as lines of a file: entries of `timeline` and `expect`, a line each; those of all keys before them."""

    keys: list[str]
    timeline: list[str]
    expect: list[str]

    @property
    def text(self) -> str:
        """The file."""
        lines = [*self.keys]
        for key, entries in (("timeline", self.timeline), ("expect", self.expect)):
            lines += [f"{key}:", *(f"  - {entry}" for entry in entries)] if entries else []
        return "".join(f"{line}\n" for line in lines)


def lines_of(plain: Mapping[str, Any], name: str, expect: Sequence[Mapping[str, Any]] = ()) -> Lines:
    """Return the lines of a scenario that is played, under a name of its own, with facts that it is to expect.

    `plain` is the scenario as resolved: what it extends is merged in, and parameters have their values. A line is
    written for each key and for each item of a list. What a person writes without quotes has none. A name of a data
    file stays as it is, so the file belongs into the folder of the scenario.
    """
    values = {key: value for key, value in plain.items() if key not in ("timeline", *_NOT_PLAYED)} | {"name": name}
    keys = [line for key, value in values.items() for line in _key_lines(key, value)]
    return Lines(keys, [*map(_written, plain.get("timeline", []))], [*map(_written, expect)])


def _key_lines(key: str, value: object) -> list[str]:
    if isinstance(value, list) and value:
        return [f"{_written(key)}:", *(f"  - {_written(item)}" for item in value)]
    return [f"{_written(key)}: {_written(value)}"]


def _written(value: object) -> str:
    """Return a value as YAML in one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_written(key)}: {_written(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, str) and (_PLAIN.fullmatch(value) or _QUANTITY.fullmatch(value)):
        return value
    return json_text(value)
