"""Tables as pandas DataFrames: fresh ones, with times as in the CSV files, as timedeltas or on the clock."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sim.model import NONE, Coded, Ints, Table
from sim.statistics import Interval
from sim.units import DAY, Clock
from sim.verdicts import ThresholdVerdict, Verdict

if TYPE_CHECKING:
    import pandas as pd

Times = Literal["microseconds", "timedelta", "clock"]
_SUFFIX = "_us"
_DURATIONS = ("wait_us", "flow_us", "final_wait_us")  # all other columns of times are instants
_NOT_A_TIME = np.iinfo(np.int64).min
_NUMBERS = ("mean", "low", "high")


class Verdicts(tuple[Verdict, ...]):
    """What became of each `expect` entry, in the order of the file. A notebook shows `to_frame()`."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return frame_html(self.to_frame())

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each entry: file, line, expected, got, held."""
        import pandas as pd

        rows = [
            (verdict.place.file, verdict.place.line, verdict.expected, verdict.got, verdict.held) for verdict in self
        ]
        return pd.DataFrame(rows, columns=["file", "line", "expected", "got", "held"])


class ThresholdVerdicts(tuple[ThresholdVerdict, ...]):
    """What became of each condition of the thresholds, in the order of the file. A notebook shows `to_frame()`."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return frame_html(self.to_frame())

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each condition: metric, condition, severity, judgement, mean, low, high, n, note, bound.

        `mean` with its 95% interval is in the unit of the metric, NA without replications that tell; where a slot may
        fail, the interval is the longer one that the note names. `bound` is "lower"
        where it counts orders so far.
        """
        rows = [
            (
                verdict.threshold.metric,
                verdict.threshold.condition.text,
                verdict.threshold.severity,
                str(verdict.judgement),
                *interval_cells(verdict.estimate),
                verdict.note,
                bound_word(verdict.is_bound),
            )
            for verdict in self
        ]
        columns = ["metric", "condition", "severity", "judgement", "mean", "low", "high", "n", "note", "bound"]
        return frame_of_rows(rows, columns)


def frame_html(frame: "pd.DataFrame") -> str:
    """Return what a notebook shows of a DataFrame."""
    html: str = frame._repr_html_()  # type: ignore[operator]  # pandas-stubs do not know it
    return html


def bound_word(is_bound: bool) -> str:
    """Return what tables say of a value: `lower` where it is a lower bound, since orders were not over at the last."""
    return "lower" if is_bound else ""


def interval_cells(estimate: Interval | None) -> tuple[float | None, float | None, float | None, int]:
    """Return what an estimate writes into the columns mean, low, high, n; an end at infinity is none."""
    if estimate is None:
        return None, None, None, 0
    return estimate._replace(high=None) if estimate.high == inf else estimate


def frame_of_rows(
    rows: Sequence[tuple[object, ...]], columns: list[str], numbers: Sequence[str] = _NUMBERS
) -> "pd.DataFrame":
    """Return rows as a DataFrame in which columns of `numbers` may have NA, and `n` counts."""
    import pandas as pd

    return pd.DataFrame(rows, columns=columns).astype({**dict.fromkeys(numbers, "Float64"), "n": "Int64"})


def frame_of(table: Table, clock: Clock, times: Times) -> "pd.DataFrame":
    """Return a new DataFrame of a table's columns, with NA (NaT for times) where a value is unknown.

    With `timedelta`, columns of times are timedeltas and lose their ending `_us`. With `clock`, instants are what
    `clock` reads as datetimes, and durations are timedeltas; the first day of a clock without a date is 1970-01-01.

    Raises:
        ValueError: there is no such kind of times.

    """
    import pandas as pd

    if times not in get_args(Times):
        raise ValueError(f"unknown times {times!r}; give {', '.join(get_args(Times))}")
    columns: dict[str, Any] = {}
    for name, column in table.items():
        if isinstance(column, Coded):
            columns[name] = pd.Categorical.from_codes(column.codes.astype(np.int64), pd.Index(column.names))
        elif isinstance(column, list):
            columns[name] = column
        elif times == "microseconds" or not name.endswith(_SUFFIX):
            columns[name] = pd.arrays.IntegerArray(column.astype(np.int64), column == NONE)
        elif times == "timedelta" or name in _DURATIONS:
            columns[name.removesuffix(_SUFFIX)] = _with_unknown(column, 0, "timedelta64[us]")
        else:
            columns[name.removesuffix(_SUFFIX)] = _with_unknown(column, _first_instant(clock), "datetime64[us]")
    return pd.DataFrame(columns)


def _with_unknown(column: Ints, start: int, kind: str) -> "np.ndarray[Any, Any]":
    """Return microseconds, counted from `start`, as times, NaT where they are unknown."""
    return np.where(column == NONE, _NOT_A_TIME, column.astype(np.int64) + start).view(kind)


def _first_instant(clock: Clock) -> int:
    """Return the microseconds from 1970 to what the clock reads at the start."""
    days = 0 if clock.day is None else int(np.datetime64(clock.day, "D").astype(np.int64))
    return days * DAY + clock.start
