"""Durations as tills write them: with units, as h:mm:ss, or as plain numbers whose unit the header or somebody says."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model import NONE
from sim.units import LONGEST, MICROSECONDS, as_meant, parse_duration, shown

UNITS = ("s", "m", "h", "ms")
_NUMBER = re.compile(r"[-+]?[\d.,' \u00a0]*\d[\d.,]*")
_CLOCK_LIKE = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,6}))?")
_IN_HEADER = {
    "s": r"(?:^|[^a-z])(?:s|secs?|seconds?|sekunden|sek)(?:$|[^a-z])",
    "m": r"(?:^|[^a-z])(?:m|mins?|minutes?|minuten|minuti)(?:$|[^a-z])",
    "h": r"(?:^|[^a-z])(?:h|hrs?|hours?|stunden|std)(?:$|[^a-z])",
    "ms": r"(?:^|[^a-z])(?:ms|millis|milliseconds?)(?:$|[^a-z])",
}


class Durations(NamedTuple):
    """The durations of a column in microseconds, NONE where a cell is empty; `wrong` has what is wrong, by row."""

    values: NDArray[np.int64]
    wrong: dict[int, str]
    notes: list[str]


def unit_in(header: str) -> str | None:
    """Return the unit that a header names, such as `Prep (min)`, None where it names none."""
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", header).lower().replace("_", " ")
    units = [unit for unit, pattern in _IN_HEADER.items() if re.search(pattern, text)]
    return units[0] if len(units) == 1 else None


def read_durations(texts: Sequence[str], header: str, unit: str | None, separator: str, option: str) -> Durations:
    """Return the durations of a column. Plain numbers are in `unit`, or in that which the header names.

    Raises:
        ValueError: they are plain numbers, and nobody says their unit.

    """
    plain = [text for text in texts if _NUMBER.fullmatch(text)]
    clocks = [text for text in texts if _CLOCK_LIKE.fullmatch(text)]
    notes: list[str] = []
    said = unit or unit_in(header)
    is_two_part = bool(clocks) and all(text.count(":") == 1 for text in clocks)
    if said is None and (plain or is_two_part):
        example = plain[0] if plain else clocks[0]
        cures = " or ".join(option.format("unit", each_unit) for each_unit in ("s", "m"))
        raise ValueError(f"{shown(example)} has no unit; write {cures}")
    if plain and unit is None:
        notes.append(f"{shown(header)} is read in {said}, as its header says")
    has_comma = decimal_comma(plain, separator)
    values = np.full(len(texts), NONE, np.int64)
    wrong: dict[int, str] = {}
    for row, text in enumerate(texts):
        if not text:
            continue
        try:
            values[row] = _duration(text, said, has_comma)
        except ValueError as error:
            wrong[row] = str(error)
    return Durations(values, wrong, notes)


def decimal_comma(texts: Sequence[str], separator: str) -> bool:
    """Whether numbers have a decimal comma: some have no three digits behind it, or cells are separated by no comma and
    no number has a decimal point.
    """
    with_comma = [text for text in texts if "," in text]
    if not with_comma:
        return False
    if any(not re.search(r",\d{3}(?!\d)", text) for text in with_comma):
        return True
    return separator == ";" and not any("." in text for text in texts)


def _duration(text: str, unit: str | None, has_comma: bool) -> int:
    if match := _CLOCK_LIKE.fullmatch(text):
        hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3])
        if match[1] is None and unit == "h":
            hours, minutes, seconds = minutes, seconds, 0
        return (hours * 3600 + minutes * 60 + seconds) * MICROSECONDS["s"] + int((match[4] or "").ljust(6, "0"))
    if not _NUMBER.fullmatch(text):
        return parse_duration(as_meant(text))
    digits = re.sub(r"[' \u00a0]", "", text)
    digits = digits.replace(".", "").replace(",", ".") if has_comma else digits.replace(",", "")
    value = round(float(digits) * MICROSECONDS[unit or "s"])
    if value < 0:
        raise ValueError(f"{shown(text)} is negative; write 0 or more")
    if value > LONGEST:
        raise ValueError(f"{shown(text)} is too long for a duration; correct it")
    return value
