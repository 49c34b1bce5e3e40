"""Text in lines: paragraphs folded between words, tables whose columns stand under each other; and both as HTML."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import zip_longest
from textwrap import TextWrapper
from typing import NamedTuple

from sim.units import printable

WIDTH = 80  # signs in a line of what is no terminal

Row = tuple[str, ...]

_GLUE = "\N{NO-BREAK SPACE}"
_SIGN = re.compile(r"([≥<>=]) (?=\S)")
_INTERVAL = re.compile(r"\([^()]* to [^()]*\)")


def folded(text: str, width: int | None, indent: int = 0, hanging: int = 0) -> Iterator[str]:
    """Yield a text as lines of at most `width` signs, broken between words; those after the first are indented by
    `hanging` more. A longer word has a line of its own.
    """
    lines = [text] if width is None else _wrapped(_glued(text), width - indent - hanging, hanging)
    for number, line in enumerate(lines):
        yield " " * (indent if number == 0 else indent + hanging) + line


def aligned(rows: Sequence[Row], width: int | None = None, indent: str = "  ") -> Iterator[str]:
    """Yield rows as indented lines whose columns stand under each other; a row of one cell stands alone.

    To keep to `width` signs, cells are folded between words, where there is room with intervals in one piece. Where
    that is not enough, each row becomes a list of its cells, with the headings of the first row.
    """
    columns = [column for column in zip(*(row for row in rows if len(row) > 1), strict=True) if any(column)]
    if width is None:
        cells, widths = columns, [max(map(len, column)) for column in columns]
    else:
        cells, widths = _fitting(columns, width - 2 * len(columns))
        if rows and not widths:
            yield from _listed(rows, width)
            return
    cells_of_rows = zip(*cells, strict=True)
    for row in rows:
        if len(row) == 1:
            yield from _alone(row[0], width)
            continue
        folded_cells = [_wrapped(cell, size) for cell, size in zip(next(cells_of_rows), widths, strict=True)]
        for line in zip_longest(*folded_cells, fillvalue=""):
            yield indent + "  ".join(part.ljust(size) for part, size in zip(line, widths, strict=True)).rstrip()


def _fitting(columns: Sequence[Row], room: int) -> tuple[list[Row], list[int]]:
    """Return the cells of columns that have so much room together, glued where they must not be folded, and their
    widths; nothing where they have not enough.
    """
    for keeps_intervals in (True, False):
        glued = [tuple(_glued(cell, keeps_intervals) for cell in column) for column in columns]
        widths = _widths(glued, room)
        if widths:
            return glued, widths
    return [], []


def _listed(rows: Sequence[Row], width: int) -> Iterator[str]:
    """Yield rows as lists: their first two cells, and the others below each other."""
    headings = rows[0]
    for row in rows[1:]:
        if len(row) == 1:
            yield from _alone(row[0], width)
            continue
        yield from folded("  ".join(filter(None, row[:2])), width, indent=2, hanging=4)
        cells = zip(headings[2:], row[2:], strict=True)
        yield from (f"    {line}" for line in aligned([cell for cell in cells if cell[1]], width - 4))


def _alone(cell: str, width: int | None) -> Iterator[str]:
    """Yield a row of one cell, indented by two more than the cell is."""
    text = cell.lstrip()
    yield from folded(text, width, indent=2 + len(cell) - len(text))


def _widths(columns: Sequence[Row], room: int) -> list[int]:
    """Return how wide columns are that have so much room together, the widest narrowed first, but none to less than
    its longest word; nothing where they have not enough.
    """
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
    if room < sum(least):
        return []
    for _ in range(sum(widths) - room):
        _, widest = max((size, index) for index, size in enumerate(widths) if size > least[index])
        widths[widest] -= 1
    return widths


def _glued(text: str, keeps_intervals: bool = True) -> str:
    """Return a text in which a sign such as `≥` stays with its number, and an interval, if wanted, is one piece."""
    text = _SIGN.sub(rf"\1{_GLUE}", text)
    if not keeps_intervals:
        return text
    return _INTERVAL.sub(lambda interval: interval[0].replace(" ", _GLUE), text)


def _wrapped(text: str, width: int, hanging: int = 0) -> list[str]:
    """Return the lines of a glued text; the first has room for `hanging` signs more."""
    wrapper = TextWrapper(
        width + hanging, subsequent_indent=" " * hanging, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_GLUE, " ").strip() for line in wrapper.wrap(printable(text))] or [""]


def html_lines(lines: Iterable[str]) -> str:
    """Return lines of text as HTML."""
    return "".join(f"<div>{escape(line)}</div>" for line in lines)


def html_table(rows: Sequence[Row]) -> str:
    """Return an HTML table of rows, the first of which has the headings."""
    return f"<table>{_html_row('th', rows[0])}{''.join(_html_row('td', row) for row in rows[1:])}</table>"


def _html_row(tag: str, row: Row) -> str:
    cells = "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in row)
    return f"<tr>{cells}</tr>"


class Report(NamedTuple):
    """A table with what is said before and after it; its first row has the headings, a row of one cell is a title."""

    head: list[str]
    rows: list[Row]
    notes: list[str]

    def lines(self, width: int = WIDTH) -> Iterator[str]:
        """Yield it as text of at most `width` signs in a line."""
        for line in self.head:
            yield from folded(line, width)
        yield from aligned(self.rows, width)
        for line in self.notes:
            yield from folded(line, width)

    def html(self) -> str:
        """Return it as notebooks show it."""
        return html_lines(self.head) + html_table(self.rows) + html_lines(self.notes)
