"""CSV files."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO, get_args

from numpy.typing import NDArray

from sim.experiment import Run, TableName
from sim.experiment.frames import bound_word
from sim.model import NONE, Coded, Table
from sim.units import printable

if TYPE_CHECKING:
    from sim.experiment import Replications

_CHUNK = 50_000


def tables(run: Run) -> dict[str, Table]:
    """Return the tables of a run by the names of their files, without `.csv`."""
    return {name: run.columns(name) for name in get_args(TableName)}


def write_csv(table: Table, file: TextIO) -> None:
    """Write a table with a header; what is unknown or does not apply is empty."""
    file.write(",".join(table) + "\n")
    line = ",".join("%s" for _ in table) + "\n"  # three times as fast as csv, and there may be millions
    rows = max(len(column.codes if isinstance(column, Coded) else column) for column in table.values())
    for start in range(0, rows, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        file.writelines([line % row for row in zip(*(_cells(column, chunk) for column in table.values()), strict=True)])


def guarded(value: Any) -> Any:
    """Return what stands for a value in a CSV file: no text that a spreadsheet would take for a formula, or that would
    steer the terminal on which the file is shown.
    """
    if not isinstance(value, str):
        return value
    mark = "'" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else ""
    return f"{mark}{printable(value)}"


def _cells(column: NDArray[Any] | Coded | list[str], chunk: slice) -> Iterable[object]:
    if isinstance(column, list):
        return column[chunk]
    if isinstance(column, Coded):
        words = (*map(_quoted, map(guarded, column.names)), "")  # NONE is -1, the last
        return [words[code] for code in column.codes[chunk].tolist()]
    return ["" if value == NONE else value for value in column[chunk].tolist()]


def _quoted(word: str) -> str:
    """Return a word as csv writes it among others."""
    text = StringIO()
    csv.writer(text, lineterminator="").writerow([word, ""])
    return text.getvalue().removesuffix(",")


def write_values(replications: "Replications", file: TextIO) -> None:
    """Write a row for each replication and metric: replication, metric, value, bound; the value is empty where nothing
    was observed, the bound where it is none.
    """
    file.write("replication,metric,value,bound\n")
    columns, names = replications.columns, replications.metric_names
    without_bounds = _lines(names, [False] * len(names))
    for number, values, bounds in zip(columns.numbers, columns.rows(), columns.bounds, strict=True):
        lines = _lines(names, bounds.tolist()) if bounds.any() else without_bounds
        cells = tuple("" if value is None else value for value in values)
        file.write(lines.replace("#", str(number)) % cells)


def _lines(names: Sequence[str], bounds: Sequence[bool]) -> str:
    """Return the lines of a replication without its number and its values: to format all of them at once is some times
    as fast as csv, and there may be millions.
    """
    return "".join(f"#,{name},%s,{bound_word(is_bound)}\n" for name, is_bound in zip(names, bounds, strict=True))
