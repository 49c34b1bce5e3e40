"""The names of metrics, as a scenario writes them and looked up in its windows."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, cast

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from sim.model import FAMILIES, STANDARD, Metric, parse_metric
from sim.scenario.hints import closest, did_you_mean
from sim.scenario.mapping import Finding, WrongValueError
from sim.scenario.parts import CLASS_NAMES, Context
from sim.scenario.windows import NAME_PATTERN
from sim.units import DAY, DURATION_PATTERN, MICROSECONDS, as_meant, format_duration, parse_duration, shown

WindowNames = Mapping[str, tuple[str, ...]]
"""What each name behind an `@` stands for: a window, or all slots of a regular one."""

_NO_WINDOWS: WindowNames = {}
_MOST_METRICS = 10_000
_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?(?:\+([0-9]{1,5})d)?"


def metric_of(text: object, windows: WindowNames | None = _NO_WINDOWS) -> str:
    """Return the full name of a metric of the whole run or of one window; the first statistic is the default.

    Without `windows` its window is not looked up.

    Raises:
        ValueError: there is no such metric, or it names each slot of a regular window.

    """
    metric, slots = _looked_up(text, windows)
    if slots:
        cure = f"write the name of one, such as {metric._replace(window=slots[0]).name}"
        raise ValueError(f"{shown(text)} stands for each slot, and one metric is asked for; {cure}")
    return metric.name


def metric_in(text: object, context: Context) -> tuple[str, tuple[str, ...]]:
    """Return the full name of a metric, and all slots where it names a regular window.

    Raises:
        ValueError: there is no such metric, or the scenario has too many of them.

    """
    metric, slots = _looked_up(text, context.windows)
    context.metrics += max(1, len(slots))
    if context.metrics > _MOST_METRICS:
        raise ValueError(f"brings the file to more than {_MOST_METRICS:,} metrics, slot by slot; name fewer")
    return metric.name, slots


def in_slots(name: str, slots: tuple[str, ...]) -> tuple[str, ...]:
    """Return the metrics of single windows that a metric is about: of each of its slots, or itself if it has none."""
    return tuple(f"{name.partition('@')[0]}@{slot}" for slot in slots) or (name,)


def _looked_up(text: object, windows: WindowNames | None) -> tuple[Metric, tuple[str, ...]]:
    """Return a metric, and all slots of the regular window that it names."""
    if not isinstance(text, str):
        raise ValueError(_unknown_metric(text))
    try:
        metric = parse_metric(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)}: {error}" if str(error) else _unknown_metric(text)) from None
    window = _in_short(metric.window)
    metric = metric._replace(window=window)
    if not window or windows is None:
        return metric, ()
    if window not in windows:
        raise ValueError(_unknown_window(window, windows))
    slots = windows[window]
    return metric, () if slots == (window,) else slots


def _in_short(window: str) -> str:
    """Return the name of a slot in the form in which it is shown, without seconds and days that are 0."""
    if not (time := re.fullmatch(_TIME, window)):
        return window
    hours, minutes, seconds, days = time.groups()
    seconds = f":{seconds}" if int(seconds or 0) else ""
    return f"{hours}:{minutes}{seconds}" + (f"+{int(days)}d" if int(days or 0) else "")


def closest_metric(text: str) -> str | None:
    """Return the metric that is most like a text that is none, if any is like it."""
    base, _, window = text.partition("@")
    base = re.sub(r"\.p100$", ".max", re.sub(r"\.p0$", ".min", base))
    close = closest(base, [*_NAMES, *_meant(base)])
    return f"{close}@{window}" if close and window else close


def _unknown_metric(text: object) -> str:
    if isinstance(text, str) and (close := closest_metric(text)):
        return f"unknown metric {shown(text)}; did you mean {close!r}?"
    cure = "write one such as wait.VIP.p95, wait.NORMAL.within(5m), queue.max, orders.completed or utilisation"
    return f"unknown metric {shown(text)}; {cure}"


def _meant(text: str) -> list[str]:
    """Return names with a percentile, or a limit, like that in a text that is no name."""
    statistics = []
    if percentile := re.search(r"p([0-9]{1,3}(?:\.[0-9]{1,9})?)", text, re.IGNORECASE):
        share = min(max(round(float(percentile[1]), 1), 0.1), 99.9)
        statistics += [f"p{share:g}", f"p{share:g}.daily"]
    if service_level := re.search(r"within\(?([^()]*)", text, re.IGNORECASE):
        limit = "5m"
        with suppress(ValueError):
            limit = format_duration(parse_duration(as_meant(service_level[1])), 6)
        statistics.append(f"within({limit})")
    families = [family for family in FAMILIES.values() if family.is_of_durations]
    return [
        Metric(family, order_class, statistic).name
        for statistic in statistics
        for family in families
        for order_class in family.classes
    ]


def _unknown_window(window: str, windows: WindowNames) -> str:
    """Return that there is no such window, and which was probably meant, or how to have it."""
    meant = _in_short(as_meant(window))
    slots = [name for name in windows if name[0].isdigit()]
    is_slot = re.fullmatch(_TIME, meant) is not None
    if not windows or (is_slot and not slots):
        example = window if re.fullmatch(NAME_PATTERN, window) else "lunch"
        span = "slots: {every: 30m}" if is_slot else f"{example}: {{from: …, until: …}}"
        return f"unknown window {shown(window)}; write windows: {{{span}}} at the top of the file"
    if not is_slot:
        return f"unknown window {shown(window)}{did_you_mean(window, [name for name in windows if name not in slots])}"
    if meant in slots:
        return f"unknown window {shown(window)}; did you mean {meant!r}?"
    first_day = meant.partition("+")[0]
    if first_day in slots:
        return f"no slot starts at {window}; write {first_day}, which stands for all days where its window is daily"
    nearest = min(slots, key=lambda slot: abs(_instant(slot) - _instant(meant)))
    return f"no slot starts at {window}; write {nearest}, the nearest of {slots[0]} to {slots[-1]}"


def _instant(slot: str) -> int:
    """Return when a slot starts, in microseconds since midnight."""
    time = re.fullmatch(_TIME, slot)
    assert time is not None
    hours, minutes, seconds, days = (int(number or 0) for number in time.groups())
    minutes += 60 * hours
    return days * DAY + minutes * MICROSECONDS["m"] + seconds * MICROSECONDS["s"]


def _read_metrics(data: object, info: ValidationInfo) -> tuple[str, ...]:
    """Return the metrics of a list, slot by slot."""
    if not isinstance(data, list) or not data:
        problem = "is empty" if data == [] else f"{shown(data)} is not a list"
        raise ValueError(f"{problem}; write metrics such as [wait.NORMAL.p98, queue.max]")
    metrics, findings = list[str](), list[Finding]()
    for index, text in enumerate(data):
        try:
            metrics += in_slots(*metric_in(text, cast(Context, info.context)))
        except ValueError as error:
            findings.append(((index,), str(error)))
    if findings:
        raise WrongValueError(*findings)
    return tuple(metrics)


def _pattern() -> str:
    """Return the pattern of all metrics that have names."""
    percentile = r"p(?:[1-9][0-9]?(?:\.[0-9])?|0\.[1-9])(?:\.daily)?"
    families = []
    for family in FAMILIES.values():
        name, *fate = family.name.split(".")
        statistics = [statistic for statistic in family.statistics if statistic]
        if family.is_of_durations:
            statistics += [percentile, rf"within\({DURATION_PATTERN[1:-1]}\)"]
        elif len(statistics) < len(family.statistics):
            statistics.append("count" if family.unit == "orders" else "value")
        classes = rf"(?:\.(?:{'|'.join(CLASS_NAMES)}))?" if family.by_class else ""
        families.append(name + classes + "".join(rf"\.{word}" for word in fate) + rf"(?:\.(?:{'|'.join(statistics)}))?")
    return rf"^(?:{'|'.join(families)})(?:@(?:{NAME_PATTERN[1:-1]}|{_TIME}))?$"


_STANDARD = [metric.name for metric in STANDARD]
_NAMES = sorted(
    {name for full in _STANDARD for name in (full, full.removesuffix(".mean"))}
    | {f"{full}.count" for full in _STANDARD if full.startswith("orders.") and not full.endswith(".rate")}
)
NAMES_SCHEMA = {"anyOf": [{"enum": _NAMES}, {"type": "string", "pattern": _pattern()}]}


def _single(text: object, info: ValidationInfo) -> str:
    return metric_of(text, cast(Context, info.context).windows)


MetricName = Annotated[str, BeforeValidator(_single), WithJsonSchema(NAMES_SCHEMA)]
"""A metric of the whole run or of one window, by its full name."""
Metrics = Annotated[
    tuple[str, ...],
    PlainValidator(_read_metrics),
    WithJsonSchema({"type": "array", "items": NAMES_SCHEMA, "minItems": 1}),
]
