"""What each of the days had to which a scenario was fitted: the file that `sim fit` writes beside it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from sim.errors import Fault, few_of_a_kind
from sim.scenario.mapping import WrongValueError
from sim.scenario.parts import Context
from sim.scenario.tables import rows_of
from sim.scenario.tree import Place
from sim.units import shown

_COLUMN = re.compile(r"arrivals\.[A-Za-z0-9_-]+\.[0-9]+|service\.(VIP|NORMAL)\.(orders|seconds)")


class FittedDays(NamedTuple):
    """Days with their dates, and a column of numbers for each thing that was counted on them."""

    dates: tuple[date, ...]
    columns: dict[str, NDArray[np.float64]]


def _read(value: object, info: ValidationInfo) -> FittedDays:
    context = cast(Context, info.context)
    faults: list[Fault] = []
    rows = rows_of(value, context, faults)
    place, header = next(rows, (Place(f"{context.label}{value}"), []))
    dates: list[date] = []
    numbers: list[list[float]] = []
    if not faults and (header[:1] != ["date"] or not all(_COLUMN.fullmatch(name) for name in header[1:])):
        problem = f"the header is {shown(','.join(header))}; leave this file as sim fit wrote it"
        faults.append(place.fault("", problem))
    elif not faults:
        faults += few_of_a_kind(_add_days(rows, len(header), dates, numbers))
    if faults:
        raise WrongValueError(*(((), fault) for fault in faults))
    if not dates:
        raise ValueError(f"{shown(value)} has no days; fit the scenario again")
    table = np.array(numbers, float).reshape(len(dates), len(header) - 1)
    return FittedDays(tuple(dates), dict(zip(header[1:], table.T, strict=True)))


def _add_days(
    rows: Iterator[tuple[Place, list[str]]], width: int, dates: list[date], numbers: list[list[float]]
) -> Iterator[Fault]:
    """Add the date and the numbers of each row, and yield what is wrong with the row."""
    for place, row in rows:
        try:
            day, counts = date.fromisoformat(row[0]), [float(text) for text in row[1:]]
            if len(row) != width or not all(0 <= number < np.inf for number in counts):
                raise ValueError  # noqa: TRY301 - one message for all that is wrong
        except ValueError:
            yield place.fault("", "is not a date with numbers; leave this file as sim fit wrote it")
            continue
        dates.append(day)
        numbers.append(counts)


UncertaintyTable = Annotated[
    FittedDays,
    PlainValidator(_read),
    WithJsonSchema({"type": "string", "description": "the CSV file of days that sim fit wrote"}),
]
