"""From the bytes of an export to its cells: encoding, separator and rows are told by looking."""

import csv
from io import StringIO
from typing import NamedTuple

from sim.errors import Fault
from sim.scenario.tree import Place
from sim.units import shown

_SEPARATORS = ";\t,|"
_SAMPLE = 20  # lines by which the separator is told
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Sheet(NamedTuple):
    """The cells of a file: a list of texts for each column, and the line on which each row stands."""

    file: str
    separator: str
    columns: dict[str, list[str]]
    lines: list[int]
    faults: list[Fault]

    def fault(self, row: int, column: str, message: str) -> Fault:
        """Return what is wrong with a cell, at its place."""
        names = list(self.columns)
        preceding = [self.columns[name][row] for name in names[: names.index(column)]]
        return Place(self.file, self.lines[row], 1 + sum(len(text) + 1 for text in preceding)).fault(column, message)

    def without(self, rows: set[int]) -> "Sheet":
        """Return this sheet without some of its rows."""
        chosen = [row for row in range(len(self.lines)) if row not in rows]
        columns = {name: [cells[row] for row in chosen] for name, cells in self.columns.items()}
        return self._replace(columns=columns, lines=[self.lines[row] for row in chosen])


def text_of(data: bytes) -> str:
    """Return the text of a file: UTF-16 by its byte order mark, UTF-8 where it is that, else cp1252 as Windows has it.

    Files of UTF-16 without a mark are told by the NUL in each of their first letters.
    """
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    if data[:200:2].count(0) > 40 or data[1:200:2].count(0) > 40:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_sheet(data: bytes, file: str) -> Sheet:
    """Return the cells of a CSV file; `file` names it in faults.

    A header that stands more than once is told. A row of another width is a fault, and is no row of the sheet.

    Raises:
        ValueError: the file has no header, or no row below it.

    """
    text = text_of(data)
    separator = _separator(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[Fault] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = _distinct([cell.strip() for cell in row])
            elif len(row) == len(header):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
            else:
                message = f"holds {len(row)} values, and the header {len(header)}; correct this row"
                faults.append(Place(file, reader.line_num).fault("", message))
    except csv.Error as error:
        faults.append(Place(file, reader.line_num).fault("", f"is not valid CSV: {error}; correct this line"))
    if not header:
        raise ValueError("is empty; export it again, with a header")
    if not rows:
        reason = f": {faults[0].message}" if faults else ""
        raise ValueError(f"has no row below its header {shown(separator.join(header))}{reason}; export it again")
    columns = {name: list(cells) for name, cells in zip(header, zip(*rows, strict=True), strict=True)}
    return Sheet(file, separator, columns, lines, faults)


def _separator(text: str) -> str:
    """Return what separates the cells: the sign that each of the first lines has equally often, the more the better."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:_SAMPLE]
    counts = {sign: [_outside_quotes(line, sign) for line in lines] for sign in _SEPARATORS}
    regular = {sign: in_line[0] for sign, in_line in counts.items() if in_line and min(in_line) == max(in_line)}
    likely = regular if any(regular.values()) else {sign: min(in_line) for sign, in_line in counts.items() if in_line}
    return max(likely, key=lambda sign: likely[sign]) if any(likely.values()) else ","


def _outside_quotes(line: str, sign: str) -> int:
    return sum(part.count(sign) for part in line.split('"')[::2])


def _distinct(names: list[str]) -> list[str]:
    """Return the names of columns, numbered where they have none or one stands twice."""
    distinct: list[str] = []
    for number, name in enumerate(names, 1):
        free = name or f"column {number}"
        distinct.append(f"{free} (column {number})" if free in distinct else free)
    return distinct
