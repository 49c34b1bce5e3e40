"""Durations, rates, shares and clock times, in and out.

Simulated time is a whole number of microseconds. Text becomes such a number once, here, with exact
arithmetic, so that no platform rounds differently.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
SECOND = MICROSECONDS["s"]
HOUR = MICROSECONDS["h"]
DAY = MICROSECONDS["d"]
LONGEST = 36_525 * DAY

_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"
_DECIMAL_COMMA = re.compile(r"([0-9]{1,18}),([0-9]{1,2})(?![0-9])")  # three digits may be thousands
_DURATION = re.compile("".join(rf"(?:({_NUMBER}){unit})?" for unit in MICROSECONDS))
_RATE = re.compile(rf"({_NUMBER})/(d|h|m|s)")
_SHARE = re.compile(rf"({_NUMBER})%")
_CLOCK = re.compile(
    r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2})[T ])?([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9](?:\.[0-9]{1,6})?))?"
)
_SPELT = re.compile(rf"({_NUMBER})\s*(d|h|m|s|ms|us)(?:ays?|ours?|rs?|in(?:ute)?s?|ec(?:ond)?s?)?", re.IGNORECASE)
_SPELT_RATE = re.compile(rf"({_NUMBER})\s*(?:/|per)\s*(?:an?\s+)?(d|h|m|s)[a-z]*", re.IGNORECASE)
_TWELVE_HOURS = re.compile(r"(0?[1-9]|1[0-2])(?::([0-5][0-9](?::[0-5][0-9])?))?\s?([AaPp])\.?[Mm]\.?")
_ONE_DIGIT_HOUR = re.compile(r"[0-9]:[0-5][0-9](?::[0-5][0-9])?")
_NIGHT = 12 * HOUR

DURATION_PATTERN = f"^(?=[0-9]){_DURATION.pattern}$"
RATE_PATTERN = f"^{_RATE.pattern}$"
SHARE_PATTERN = f"^{_SHARE.pattern}$"
CLOCK_PATTERN = f"^{_CLOCK.pattern}$"


_CONTROLS = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_INVISIBLE = re.compile(rf"[{_CONTROLS}\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return a text as it can stand in a line: what would end the line, steer a terminal, turn the direction of
    writing or be no character at all becomes a visible escape such as `\\x1b`.
    """
    return _INVISIBLE.sub(lambda match: ascii(match[0])[1:-1], text)


def count(number: int, name: str) -> str:
    """Return a number of things in words, such as `1 order` and `2,000 orders`."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def shown(value: object) -> str:
    """Return `value` as it is quoted in a message: on one line and not too long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}…{text[-15:]}"


def with_decimal_point(text: str) -> str:
    """Return a text with a decimal point where it has a decimal comma."""
    return _DECIMAL_COMMA.sub(r"\1.\2", text)


def as_meant(value: object) -> str:
    """Return a duration, a rate or a clock time as scenarios write it, where a text says one in another way."""
    text = with_decimal_point(value).strip() if isinstance(value, str) else ""
    if spelt := _SPELT.fullmatch(text):
        return f"{spelt[1]}{spelt[2].lower()}"
    if spelt := _SPELT_RATE.fullmatch(text):
        return f"{spelt[1]}/{spelt[2].lower()}"
    if twelve := _TWELVE_HOURS.fullmatch(text):
        hour = int(twelve[1]) % 12 + (0 if twelve[3] in "Aa" else 12)
        return f"{hour:02d}:{twelve[2] or '00'}"
    return f"0{text}" if _ONE_DIGIT_HOUR.fullmatch(text) else text


def parse_duration(value: object) -> int:
    """Return a duration such as `1h30m`, `1.5m` or `250ms` in whole microseconds.

    Raises:
        ValueError: it has no unit, is no duration, or is longer than 36525d.

    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < 0:
            raise ValueError(f"{shown(value)} is negative and has no unit; write a duration such as 10s, 10m or 10ms")
        number = shown(value)
        if number in ("nan", "inf") or "e" in number:
            raise ValueError(f"{number} is not a duration; write 10s, 1m30s, 250ms or 2h")
        raise ValueError(f"{number} has no unit; write {number}s, {number}m or {number}ms")
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        text = shown(value)
        if isinstance(value, str) and re.fullmatch(_NUMBER, value):
            raise ValueError(f"{text} has no unit; write {value[:20]}s, {value[:20]}m or {value[:20]}ms")
        if isinstance(value, str) and value.startswith("-"):
            raise ValueError(f"{text} is negative; write 0s or a longer duration")
        if _SPELT.fullmatch(meant := as_meant(value)):
            raise ValueError(f"{text} is not a duration; write {meant}")
        raise ValueError(f"{text} is not a duration; write 10s, 1m30s, 250ms or 2h (units d, h, m, s, ms, us)")
    parts = zip(match.groups(), MICROSECONDS.values(), strict=True)
    total = round(sum((Fraction(number) * unit for number, unit in parts if number), Fraction(0)))
    if total > LONGEST:
        raise ValueError(f"{shown(value)} is too long; the longest duration is {LONGEST // DAY}d")
    return total


def format_duration(microseconds: int, places: int = 3) -> str:
    """Return a duration as `1h2m3.5s`, rounded half up to `places` decimals of a second (0 to 6)."""
    grain = 10 ** (6 - places)
    rounded = (microseconds + grain // 2) // grain * grain
    hours, remainder = divmod(rounded, HOUR)
    minutes, remainder = divmod(remainder, MICROSECONDS["m"])
    full_seconds, part = divmod(remainder, SECOND)
    seconds = f"{full_seconds}.{part:06d}".rstrip("0").rstrip(".")
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    return text + (f"{seconds}s" if remainder or not text else "")


def parse_rate(value: object) -> float:
    """Return a rate such as `12/h` or `0.5/s` in events per second.

    Raises:
        ValueError: it has no unit or is no rate.

    """
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(
                f"{shown(value)} has no unit; write a rate such as {value:g}/h, {value:g}/m or {value:g}/s"
            )
        cure = meant if _RATE.fullmatch(meant := as_meant(value)) else "12/h, 3/m or 0.5/s"
        raise ValueError(f"{shown(value)} is not a rate; write {cure}")
    return float(Fraction(match[1]) * SECOND / MICROSECONDS[match[2]])


def parse_share(value: object) -> Fraction:
    """Return a share such as `85%` as an exact fraction from 0 to 1.

    Raises:
        ValueError: it has no `%`, is no share, or is more than 100%.

    """
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            percent = value * 100 if 0 < value < 1 else value
            percentage = f"{percent:g}%" if 0 <= percent <= 100 else "a share such as 85%"
            raise ValueError(f"{shown(value)} has no unit; write {percentage}")
        meant = with_decimal_point(value) if isinstance(value, str) else ""
        cure = meant if _SHARE.fullmatch(meant) else "a percentage such as 85%"
        raise ValueError(f"{shown(value)} is not a share; write {cure}")
    share = Fraction(match[1]) / 100
    if share > 1:
        raise ValueError(f"{shown(value)} is more than 100%; write at most 100%")
    return share


class ClockTime(int):
    """An instant in microseconds since the start, which was written as a clock time and is to be shown as one."""


class OutsideRunError(ValueError):
    """An instant that a run does not have: before its start, or after its end."""


def _clock_advice(value: object) -> str:
    """Return what to write in place of something that is no clock time."""
    meant = as_meant(value)
    if not _CLOCK.fullmatch(meant):
        return 'write "11:30:00" or "2026-03-01T11:30:00"'
    is_of_twelve_hours = isinstance(value, str) and _TWELVE_HOURS.fullmatch(value)
    return f"write {meant}, as a clock of 24 hours reads" if is_of_twelve_hours else f"write {meant}"


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clock reads at simulated time 0: microseconds since midnight, and the date where one is given."""

    start: int = 0
    day: date | None = None

    @classmethod
    def parse(cls, value: object) -> "Clock":
        """Return the clock of a text such as `11:30:00` or `2026-03-01T11:30:00`.

        Raises:
            ValueError: the text is neither.

        """
        match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"{shown(value)} is not a clock time; {_clock_advice(value)}")
        try:
            day = date.fromisoformat(match[1]) if match[1] else None
        except ValueError:
            raise ValueError(f"{shown(value)} names a day that the calendar does not have; write another") from None
        hours, minutes, seconds = int(match[2]), int(match[3]), Fraction(match[4] or 0)
        return cls(hours * HOUR + minutes * MICROSECONDS["m"] + round(seconds * SECOND), day)

    def instant(self, value: object) -> int:
        """Return a duration from the start or a clock time in microseconds since the start.

        A clock time before the start means the next day.

        Raises:
            ValueError: it is neither, or a date-time that this clock cannot place.

        """
        if not (isinstance(value, str) and (":" in value or _TWELVE_HOURS.fullmatch(value))):
            try:
                return parse_duration(value)
            except ValueError as error:
                raise ValueError(f'{error}, or a clock time "11:30:00"') from None
        then = Clock.parse(value)
        if then.day is None:
            return (then.start - self.start) % DAY
        if self.day is None:
            raise ValueError(f"{shown(value)} has a date but clock.start has none; write clock.start as a date-time")
        since = (then.day - self.day).days * DAY + then.start - self.start
        if since < 0:
            raise OutsideRunError(f"{shown(value)} is before clock.start; write a later instant")
        if since > LONGEST:
            raise ValueError(f"{shown(value)} is too far from clock.start; the longest span is {LONGEST // DAY}d")
        return since

    def instant_of_run(self, value: object, horizon: int | None) -> int:
        """Return an instant of a run that ends at `horizon` (None: drained), in microseconds since the start.

        A clock time before the start means the next day up to the horizon, or up to 12 hours from the start.

        Raises:
            OutsideRunError: the run does not have it.
            ValueError: it is no instant.

        """
        instant = self.instant(value)
        if instant <= (_NIGHT if horizon is None else horizon):
            return instant
        into = f"{format_duration(instant, 6)} into the run"
        ends = "" if horizon is None else f", which ends after {format_duration(horizon, 6)}"
        if self.is_next_day(value):
            cure = f"write a later time, or {format_duration(instant, 6)}" if horizon is None else "write a later time"
            text = f"{shown(value)} is before clock.start {self.reading(0)} and would mean the next day, {into}{ends}"
            raise OutsideRunError(f"{text}; {cure}")
        if horizon is None:
            return instant
        problem = (
            f"would be {into}{ends}"
            if ":" in str(value)
            else f"is later than clock.until, {format_duration(horizon, 6)}"
        )
        raise OutsideRunError(f"{shown(value)} {problem}; write an earlier instant, or a later clock.until")

    def is_next_day(self, value: object) -> bool:
        """Whether an instant is a clock time before the start, which has no date and means the next day."""
        if not (isinstance(value, str) and ":" in value):
            return False
        then = Clock.parse(value)
        return then.day is None and then.start < self.start

    def second(self, time: int) -> int:
        """Return the whole seconds since the first midnight at simulated `time` (microseconds), rounded down."""
        return (self.start + time) // SECOND

    def reading(self, time: int) -> str:
        """Return what the clock reads at simulated `time` (microseconds): `HH:MM:SS`, rounded down."""
        minutes, seconds = divmod(self.second(time), 60)
        return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{seconds:02d}"

    def exact_reading(self, time: int) -> str:
        """Return what the clock reads at simulated `time` (microseconds), to the microsecond: `HH:MM:SS` with decimals
        where there are some, and on later days than the first with the date, or with the number of the day.
        """
        fraction = f"{(self.start + time) % SECOND:06d}".rstrip("0")
        text = self.reading(time) + (f".{fraction}" if fraction else "")
        days = (self.start + time) // DAY
        if not days:
            return text
        return f"{text} on day {days + 1}" if self.day is None else f"{self.day + timedelta(days)}T{text}"
