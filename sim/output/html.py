"""Lines and tables as HTML."""

from collections.abc import Iterable, Sequence
from html import escape

from sim.output.layout import Row


def html_lines(lines: Iterable[str]) -> str:
    """Return lines of text as HTML."""
    return "".join(f"<div>{escape(line)}</div>" for line in lines)


def html_table(rows: Sequence[Row]) -> str:
    """Return an HTML table of rows, the first of which has the headings."""
    return f"<table>{_row('th', rows[0])}{''.join(_row('td', row) for row in rows[1:])}</table>"


def _row(tag: str, row: Row) -> str:
    cells = "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in row)
    return f"<tr>{cells}</tr>"
